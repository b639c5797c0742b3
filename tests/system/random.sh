# random.sh - makefiles made at random: with the plugin, make does what it does without
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Environment: RANDOM_COUNT, how many (30); RANDOM_SEED, the first one's seed (1).  What they print, their exit statuses
# and all files are compared.  To see a makefile that failed: RANDOM_COUNT=1 RANDOM_SEED=N.

# shellcheck disable=SC2016 # what stands in single quotes is for make

: "${RANDOM_COUNT:=30}" "${RANDOM_SEED:=1}"

recipe_lines() {
    cat <<'EOF'
echo line >>$@
echo new >$@
cat $^ /dev/null >$@
echo "quoted $(@F)" '$@' >>$@
touch $@
cp sub.mk $@
rm -f $@
mv $@ $@.tmp && mv $@.tmp $@
printf "%%s\n" $$0 $$# >>$@
echo $(shell echo from shell) >>$@
(echo subshell; exit 0) >>$@
{ echo a; echo b; } | sort -r >>$@
x=5; echo $$x >>$@
if test -f $@; then echo there >>$@; else echo not there >$@; fi
echo $$FOR_ALL $$FOR_ONE >>$@
echo $? $(words $^) $< >>$@
$(info info of $@)echo $@
$(MAKE) -s -f sub.mk who=$(@F) >>$@
echo error $@ >&2
cd / && pwd
sh -c "echo nested >>$@"
$(SHELL) -c "echo by the shell >>$@"
echo $$MAKEFLAGS $$MAKELEVEL >>$@
(sleep .02; true) & wait
ulimit -n >>$@
umask >>$@
exec echo exec >>$@
trap "echo trap >>$@" EXIT; true
ls /proc/self/fd | wc -l >>$@
cat <&- 2>/dev/null; true
/bin/echo plain $@
echo "a;b" c\ d >>$@
echo `echo back quotes` >>$@
false || echo or >>$@
false; echo after >>$@
set -e; false; echo never >>$@
test -s $@
false
exit 3
true
:
: >>$@

EOF
}

# Runs make on a makefile of seed $1 in a new folder that becomes $2; $3 is the plugin to load, if any.
build() {
    mkdir build build/d
    recipe_lines | awk -v seed="$1" -v plugin="$3" -f "$SRC/tests/random.awk" >build/Makefile
    printf 'all:\n\t@echo nested $(who) $(MAKELEVEL)\n' >build/sub.mk
    sed -n 's/^# run //p' build/Makefile >runs
    SETTLE_MODE=$(sed -n 's/^# mode //p' build/Makefile)
    export SETTLE_MODE
    while read -r arguments; do
        status=0
        # shellcheck disable=SC2086 # words
        mk -C build $arguments </dev/null >out 2>err || status=$?
        # what -j prints may come in another order; $(SHELL) is settle-sh, which is no secret
        for file in out err; do
            sed 's,/usr/bin/env sh,SHELL,g; s,[^ ]*/\(settle-sh\|bourne/sh\|bash\|dash\|sh\)\b,SHELL,g' $file | sort >>build/$file.made
        done
        echo "$arguments: $status" >>build/statuses.made
    done <runs
    sed -i 's/^# load.*/load/; s/^load .*/load/' build/Makefile
    rm -rf "$2"
    mv build "$2"
}

# Where two files are made within a tick of the clock, what make finds up to date may differ from run to run: only a
# difference that comes thrice is one.
compare() {
    for _ in 1 2 3; do
        build "$1" without ""
        build "$1" with "$PLUGIN"
        ! diff -r without with >differences || return 0
    done
    cat differences with/Makefile
    fail "seed $1"
}

test_with_the_plugin_make_does_what_it_does_without() {
    for seed in $(seq "$RANDOM_SEED" $((RANDOM_SEED + RANDOM_COUNT - 1))); do
        compare "$seed"
    done
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
