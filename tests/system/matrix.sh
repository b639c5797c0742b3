# matrix.sh - a makefile gives the same with the plugin as without it, whatever make is told to do
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

# Each test runs one makefile in the folders "without" and "with": $before, a line that loads the
# plugin (or, without it, an empty one), $after, and the file rules.  Where the plugin is not there,
# $(settle ...) is what stands in it.
before='' after=''

# Writes the makefile $2 for the folder $1 from stdin.
make_variant() {
    if test "$1" = with; then
        cat >"$2"
    else
        sed -e 's/^load .*//' -e 's/\$(settle \([^)]*\))/\1/' >"$2"
    fi
}

make_folders() {
    for folder in without with; do
        mkdir "$folder"
        { echo "$before"; echo 'load $(PLUGIN)'; echo "$after"; cat rules; } |
            make_variant $folder $folder/Makefile
        if test -e sub_rules; then
            mkdir $folder/sub
            make_variant $folder $folder/sub/Makefile <sub_rules
        fi
    done
}

# same SETTLED ARGUMENT...: runs "make ARGUMENT..." in both folders, which must print the same (in any
# order with -j), end with the same status (left in $status) and leave the same files, and the plugin
# must have settled what SETTLED names, in any order.
same() {
    expected=$1
    shift
    test -d with || make_folders
    for folder in without with; do
        status=0
        (cd $folder && SETTLE_VERBOSE=1 mk "$@") >$folder.all 2>&1 || status=$?
        echo $status >$folder.status
        grep -v '^settle: .*: \(settled, \|not there\)' $folder.all >$folder.out || :
        case " $* " in
        *' -j'*) sort -o $folder.out $folder.out ;;
        esac
    done
    diff -u without.out with.out || fail "make $*: other output"
    diff without.status with.status || fail "make $*: other status"
    diff -r -x Makefile without with || fail "make $*: other files"
    sed -n 's/^settle: \(.*\): settled, .*/\1/p' with.all | sort >settled
    for name in $expected; do echo "$name"; done | sort | diff - settled ||
        fail "make $*: settled other files"
}

# What a serial run of these rules settles: after each line that succeeded, and twice $(settle $^).
all_settled='part1 part1 part2 note side part1 part2'

rules() {
    cat >rules <<'EOF'
all: archive note $(extra)
part1 part2: private SETTLE = $@
note: private SETTLE = $@ side
bad: private SETTLE = $@
part1:
	@echo begin $@ $${BASH_VERSION:+bash} $(undefined)
	printf 'one\n' >$@
	@printf "two $$(echo three) \\n" >>$@; \
	echo 'end' "$@"
part2: part1
	@sed s/one/four/ part1 >$@
archive: part1 part2
	@cat $(settle $^) >$@
	@echo archive of $^
note:
	-@test -e /nothing
	+@echo note >$@; touch side
bad:
	@echo begun >$@
	exit 3
after_bad: bad
	@echo after
.PHONY: all
EOF
}

test_no_option() {
    rules
    same "$all_settled"
    test "$status" = 0 || fail "status $status"
}

test_jobs() {
    rules
    same "$all_settled" -j8
}

test_jobs_and_keep_going() {
    rules
    same "$all_settled bad" -j8 -k extra=after_bad
    test "$status" = 2 || fail "status $status"
}

test_keep_going() {
    rules
    same "$all_settled bad" -k extra=after_bad
    test "$status" = 2 || fail "status $status"
}

test_ignore_errors() {
    rules
    same "$all_settled bad" -i extra=after_bad
    test "$status" = 0 || fail "status $status"
    grep -qx after with.out || fail "$(cat with.out)"
}

test_output_sync() {
    rules
    same "$all_settled" -O
    rm -r with without
    same "$all_settled" -j8 -Otarget
    rm -r with without
    same "$all_settled" -j8 -Oline
    rm -r with without
    same "$all_settled" -j8 -Orecurse
}

test_output_sync_keeps_our_lines_with_the_target() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
names = a b c d
all: $(names)
$(names): private SETTLE = $@
$(names):
	@echo $@ begins >$@; cat $@; sleep 0.2
	@echo $@ ends
EOF
    mk -j8 -Otarget SETTLE_VERBOSE=1 >out 2>&1
    sed -n 's/^settle: \([a-z]*\): settled.*/\1 settled/p; /begins/p; /ends/p' out >got
    sed -n 's/ begins//p' got | while read -r name; do
        printf '%s\n' "$name begins" "$name settled" "$name ends" "$name settled"
    done | diff - got || fail "mixed: $(cat out)"
    test "$(wc -l <got)" = 16 || fail "$(cat out)"
}

test_dry_run() {
    rules
    # a line with + runs all the same
    same '' -n
    grep -qx "printf 'one\\\\n' >part1" with.out || fail "$(cat with.out)"
    test -e with/note || fail "the line with + has not run"
    test ! -e with/part1 || fail "part1 was made"
}

test_question() {
    rules
    same '' -q
    test "$status" = 1 || fail "status $status"
}

test_touch() {
    rules
    same '' -t
    test -e with/part1 || fail "not touched"
}

test_silent() {
    rules
    same "$all_settled" -s
}

test_always_make() {
    rules
    same "$all_settled"
    # part1 is there when its first line has run
    same "$all_settled part1" -B
}

test_trace() {
    rules
    same "$all_settled" --trace
}

test_environment_overrides() {
    rules
    export SHELL=/bin/false undefined=from-outside
    same "$all_settled" -e
    grep -q from-outside with.out || fail "$(cat with.out)"
}

test_no_builtin_variables() {
    rules
    same "$all_settled" -rR
}

test_warn_undefined_variables() {
    rules
    same "$all_settled" --warn-undefined-variables
    grep -q "warning: undefined variable 'undefined'" with.out || fail "$(cat with.out)"
}

test_warn_undefined_variables_without_annotations() {
    printf 'all: other\n\t@echo $(undefined)\n\t@true; true\n' >rules
    printf 'other: SHELL = /bin/sh\nother:\n\t@echo $@\n' >>rules
    same '' --warn-undefined-variables
    same '' --warn-undefined-variables -n
}

test_oneshell() {
    rules
    after='.ONESHELL:'
    same 'part1 part2 note side part1 part2'
}

test_oneshell_with_flags() {
    need bash bash
    rules
    before='SHELL = /bin/bash'
    after='.ONESHELL:
.SHELLFLAGS = -e -c'
    # "note" ends at its first line
    same 'part1 part2 part1 part2'
    grep -qx 'begin part1 bash' with.out || fail "$(cat with.out)"
}

test_posix() {
    rules
    after='.POSIX:'
    same "$all_settled"
}

test_delete_on_error() {
    rules
    after='.DELETE_ON_ERROR:'
    same "$all_settled bad" extra=after_bad
    test "$status" = 2 || fail "status $status"
    grep -q "Deleting file 'bad'" with.out || fail "$(cat with.out)"
    test ! -e with/bad || fail "not deleted"
}

test_delete_on_error_where_settling_fails() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
.DELETE_ON_ERROR:
output: private SETTLE = $@ loop
output:
	@echo made >$@
EOF
    ln -s loop loop
    status=0
    mk 2>out || status=$?
    test "$status" = 2 || fail "status $status"
    test ! -e output || fail "not deleted: $(cat out)"
}

same_with_bash() {
    need bash bash
    rules
    same "$all_settled" "$@"
    grep -qx 'begin part1 bash' with.out || fail "$(cat with.out)"
}

test_bash_before_load() {
    before='SHELL = /bin/bash'
    same_with_bash
}

test_bash_after_load() {
    after='SHELL := /bin/bash'
    same_with_bash
}

test_bash_on_the_command_line() {
    after='SHELL = /bin/false'
    same_with_bash SHELL=/bin/bash
}

test_bash_with_override() {
    after='override SHELL = /bin/bash'
    same_with_bash
}

test_shell_with_arguments() {
    before='SHELL = /usr/bin/env bash'
    same_with_bash
}

test_recursive_shell() {
    before='SHELL = $(chosen)'
    after='chosen = /bin/$(kind)sh
kind = ba'
    same_with_bash
}

test_shell_that_differs_by_target() {
    before='SHELL = $(if $(filter part1,$@),/bin/bash,/bin/sh)'
    same_with_bash
}

test_shell_that_a_target_appends_to() {
    rules
    after='part1 note archive: SHELL += -x'
    same "$all_settled"
    grep -qx '+ touch side' with.out || fail "$(cat with.out)"
}

test_shell_with_flags() {
    after='.SHELLFLAGS = -x -c'
    rules
    same "$all_settled"
    grep -q '^+ ' with.out || fail "$(cat with.out)"
}

test_shell_handed_on_to_a_nested_make_on_the_command_line() {
    after='all: nested
nested:; @$(MAKE) -f ../nested.mk'
    printf 'all:\n\t@echo nested $${BASH_VERSION:+bash}; :\n' >nested.mk
    same_with_bash SHELL=/bin/bash
    grep -qx 'nested bash' with.out || fail "$(cat with.out)"
}

need_python() {
    test -x /usr/bin/python3 || skip "needs /usr/bin/python3 (Debian package: python3)"
    before='SHELL = /usr/bin/python3
.SHELLFLAGS = -c'
}

test_python() {
    need_python
    cat >rules <<'EOF'
all: copy bad
output bad: private SETTLE = $@
output:
	@print("first"); open("$@", "w").write("made by python\n") and None
	@import sys; print(len(sys.argv), repr('a  b'))
copy: output
	@open('$@', 'w').write(open('$(settle $<)').read()) and None
bad:
	raise SystemExit(5)
EOF
    same 'output output output' -k
    grep -q '\[Makefile:.*: bad\] Error 5' with.out || fail "$(cat with.out)"
    test "$(cat with/copy)" = 'made by python' || fail "$(cat with/copy)"
}

# The inner @ is python's: make must not take the shell for a Bourne shell and strip it.
test_python_with_oneshell() {
    need_python
    after='.ONESHELL:'
    cat >rules <<'EOF'
output: private SETTLE = $@
output:
	@def twice(function):
	    return lambda: (function(), function())
	@twice
	def write():
	    print("twice")
	write()
	open("$@", "w").close()
EOF
    same output
    test "$(grep -cx twice with.out)" = 2 || fail "$(cat with.out)"
}

nested_rules() {
    cat >rules <<'EOF'
all: done other
done other: private SETTLE = $@
done:
	@$(MAKE) -C sub
	@touch $@
other:
	@+$(MAKE) -C sub other OTHER=other; touch $@
EOF
}

sub_rules() {
    cat >>sub_rules <<'EOF'
all: a b c d
a b c d $(OTHER): private SETTLE = $@
a b c d:
	@echo sub $@ >$@
	@cat $@
other:
	@touch $@
EOF
}

test_nested_make() {
    nested_rules
    echo 'load $(PLUGIN)' >sub_rules
    sub_rules
    same 'done other other a a b b c c d d'
    rm -r with without
    same 'done other other a a b b c c d d' -j8
    rm -r with without
    same 'done other other a a b b c c d d' -j8 -k -O
}

test_nested_make_without_the_plugin() {
    nested_rules
    sub_rules
    same 'done other'
    rm -r with without
    same 'done other' -j8
}

test_nested_make_in_a_make_without_the_plugin() {
    nested_rules
    echo 'load $(PLUGIN)' >sub_rules
    sub_rules
    sed 's/^load.*//' rules >rules.without
    make_folders
    sed 's/^load.*//' with/Makefile >Makefile
    mv Makefile with/Makefile
    same 'other a a b b c c d d' -j8
}

test_nested_make_that_fails() {
    nested_rules
    echo 'load $(PLUGIN)' >sub_rules
    sub_rules
    printf 'all: bad\nbad: SETTLE = $@\nbad:\n\t@echo >$@\n\texit 6\n' >>sub_rules
    same 'other other a a b b c c d d bad' -k
    test "$status" = 2 || fail "status $status"
    grep -q 'bad\] Error 6' with.out || fail "$(cat with.out)"
}

# Two targets that wait for each other: they end only where both run at once.
waiting_rules() {
    cat <<'EOF'
all: left right
left: other = right
right: other = left
left right: private SETTLE = $@
left right:
	@touch $@; n=0; until test -e $(other); do sleep 0.05; n=$$((n + 1)); test $$n -lt 200 || exit 1; done
EOF
}

test_jobs_run_at_the_same_time() {
    waiting_rules >rules
    same 'left right' -j2
    test "$status" = 0 || fail "$(cat with.all)"
}

test_jobs_of_a_nested_make_run_at_the_same_time() {
    printf 'all: SETTLE = done\nall:\n\t@$(MAKE) -C sub\n\t@touch done\n' >rules
    { echo 'load $(PLUGIN)'; waiting_rules; } >sub_rules
    same 'done left right' -j2
    test "$status" = 0 || fail "$(cat with.all)"
}

test_remade_makefiles() {
    rules
    after='.DEFAULT_GOAL := all
include made.mk
made.mk: private SETTLE = $@
made.mk:; echo "extra = from_made" >$@
from_made:; @echo $@'
    same "$all_settled made.mk"
    grep -qx from_made with.out || fail "$(cat with.out)"
    # there, and out of date
    after="$after
made.mk: Makefile"
    rm -r with without
    make_folders
    touch -d '2001-01-01' with/made.mk without/made.mk
    same "$all_settled made.mk" -j8
    grep -qx from_made with.out || fail "$(cat with.out)"
}

test_several_outputs_of_one_recipe() {
    cat >rules <<'EOF'
all: x.left x.right y.left
%.left %.right: private SETTLE = $*.left $*.right
%.left %.right:
	@touch $*.left $*.right
EOF
    same 'x.left x.right y.left y.right'
}

test_double_colon_rules() {
    cat >rules <<'EOF'
all: log
log: SETTLE = $@
log::
	@echo one >>$@
log::
	@echo two >>$@
EOF
    same 'log log'
}

. "$SRC/tests/lib.sh"
run_tests "$@"
