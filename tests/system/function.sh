# function.sh - $(settle file...) in real makefiles
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

# make under strace, with the calls that matter here in the file log, descriptors with their paths.
trace_make() {
    TRACE=execve,openat,fsync,fdatasync,msync,sync,syncfs traced log -y \
        "$MAKE" --no-print-directory "$@" >out 2>&1 || fail "$(cat out)"
}

# What was synced, in this order: paths below the test's folder.
synced() {
    here=$(pwd -P)
    sed -n -e "s|.* \\([a-z]*sync[a-z]*\\)([0-9]*<$here/*\\([^>]*\\)>.*|\\1 \\2|p" \
        -e 's/^[0-9]* *\(sync\|syncfs\)(.*/\1/p' log
}

# A makefile whose only recipe prints what $(settle $(files)) expands to, in brackets; the variable
# comes from stdin.
print_settled() {
    cat >Makefile
    cat >>Makefile <<'EOF'
load $(PLUGIN)
all:
	@echo "[$(settle $(files))]"
.PHONY: all
EOF
}

test_expands_to_the_same_names() {
    touch a b,c
    printf 'blank = $()\nfiles = $(blank)  a \t b,c   \n' | print_settled
    make_works
    expect out <<'EOF'
[a b,c]
EOF
}

test_expands_to_nothing_for_nothing() {
    echo 'files = $() ' | print_settled
    make_works
    expect out <<'EOF'
[]
EOF
}

test_a_name_given_twice_is_settled_once_and_kept() {
    mkdir folder
    touch folder/a folder/b
    echo 'files = folder/a folder/b ./folder/a folder/a' | print_settled
    trace_make
    expect out <<'EOF'
[folder/a folder/b ./folder/a folder/a]
EOF
    synced >got
    expect got <<'EOF'
fsync folder/a
fsync folder/b
fsync folder
EOF
}

test_settles_before_the_consumer_starts_and_nothing_else() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/copy: folder/input
	@cp $(settle $^) $@
folder/input:
	@touch $@ folder/other
EOF
    trace_make
    sed -n -e 's|.* execve("\([^"]*/\)*\([^"/]*\)".* = 0$|run \2|p' \
        -e 's|.* \([a-z]*sync[a-z]*\)([0-9]*<[^>]*/\([^>/]*\)>.*|\1 \2|p' \
        -e 's/^[0-9]* *\(sync\|syncfs\)(.*/\1/p' log | sed 1d >got
    expect got <<'EOF'
run touch
fsync input
fsync folder
run cp
EOF
}

test_missing_file_is_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all:
	@echo $(settle nothere)
EOF
    make_fails
    expect out <<'EOF'
Makefile:3: *** settle: nothere: No such file or directory.  Stop.
EOF
}

test_all_failures_are_named() {
    touch there
    ln -s loop loop
    cat >Makefile <<'EOF'
load $(PLUGIN)
all:
	@echo $(settle nothere there loop there/file)
EOF
    make_fails
    expect out <<'EOF'
settle: nothere: No such file or directory
settle: loop: Too many levels of symbolic links
Makefile:3: *** settle: there/file: Not a directory.  Stop.
EOF
}

# The place is the one that make's own $(error) names, whichever that is.
test_errors_name_the_place_as_make_does() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
fail = $(if $(OWN),$(error settle: nothere: No such file or directory),$(settle nothere))
first:
	@true; \
	true
	@echo $(fail)
second: $(if $(filter second,$(MAKECMDGOALS)),$(fail))
third:
	@true
	$(fail)
EOF
    for goal in first second third; do
        make_fails $goal OWN=yes
        mv out own
        make_fails $goal
        diff own out || fail "$goal: another place"
        grep -q '^Makefile:[0-9]' out || fail "$goal: no place"
    done
}

test_keep_going_does_not_go_on_after_a_fatal_error() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: first second
first:
	@echo $(settle nothere)
second:
	@touch $@
EOF
    make_fails -k
    test ! -e second || fail "went on, which make doesn't after a fatal error"
}

dry_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
$(info at parse time: $(settle there nothere))
all: target
	cat $(settle there nothere $@)
target:
	@echo $(settle there nothere)
EOF
    touch there
}

test_dry_runs_touch_nothing() {
    dry_makefile
    for flags in -n -q -t -nk '-k -n' '-n --warn-undefined-variables' '-n FOO=1' '-j8 -Otarget -n'; do
        rm -f target all
        status=0
        # shellcheck disable=SC2086
        TRACE=openat,execve,fsync,fdatasync,sync_file_range,sync,syncfs traced log \
            "$MAKE" --no-print-directory $flags >out 2>&1 || status=$?
        case $flags in
        -q) test "$status" = 1 || fail "$flags: status $status: $(cat out)" ;;
        *) test "$status" = 0 || fail "$flags: status $status: $(cat out)" ;;
        esac
        grep -qx 'at parse time: there nothere' out || fail "$flags: $(cat out)"
        ! grep 'sync\|"there"' log || fail "$flags: touched"
    done
    make_works -n
    grep -qx 'cat there nothere all' out || fail "$(cat out)"
}

test_other_flags_are_not_dry() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
X := $(if $(parsed),$(settle nothere))
all:
	@echo $(settle nothere)
EOF
    mkdir qnt
    for flags in FOO=n '-k FOO=q' -Iqnt '-k -Iqnt' -Otarget '-j2 -Otarget' '-j2 -k' -l99 -w -s \
        '--eval=X=n' --trace --warn-undefined-variables -rR -oqnt '-i parsed=n' 'n=1 t=2 q=3 -e'; do
        # shellcheck disable=SC2086
        make_fails $flags
        grep -q 'Makefile:4: \*\*\* settle: nothere: No such file or directory' out ||
            test "$flags" = '-i parsed=n' || fail "$flags: $(cat out)"
        # shellcheck disable=SC2086
        make_fails $flags parsed=q
        grep -q 'Makefile:2: \*\*\* settle: nothere: No such file or directory' out ||
            fail "$flags: $(cat out)"
    done
}

test_own_output_is_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output:
	@echo made >$@
	@cat $(settle $@)
EOF
    make_fails
    expect out <<'EOF'
Makefile:4: *** settle: $(settle output) in the recipe that makes 'output' runs before that recipe; to settle it afterwards, write instead of it the line 'output: private SETTLE = $@'.  Stop.
EOF
    test ! -e output || fail "the recipe has run"
    # that of an earlier run is not it either
    touch -d 2001-01-01 output
    make_fails -B
    grep -q 'runs before that recipe' out || fail "$(cat out)"
}

test_own_output_by_another_spelling_is_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
plain:
	@echo $(settle there .//./plain)
.//./dotted/file:
	@echo $(settle dotted/file)
EOF
    touch there
    make_fails plain
    expect out <<'EOF'
Makefile:3: *** settle: $(settle .//./plain) in the recipe that makes 'plain' runs before that recipe; to settle it afterwards, write instead of it the line 'plain: private SETTLE = $@'.  Stop.
EOF
    make_fails .//./dotted/file
    grep -q 'settle: $(settle dotted/file) in the recipe that makes' out || fail "$(cat out)"
}

test_own_directory_is_fatal() {
    printf '%s\n' 'load $(PLUGIN)' 'tree: ; mkdir $(settle $@/)' >Makefile
    make_fails
    grep -q 'settle: $(settle tree/) in the recipe that makes' out || fail "$(cat out)"
}

test_own_output_is_nothing_to_mode_off() {
    printf '%s\n' 'load $(PLUGIN)' 'output: ; @echo $(settle $@)' >Makefile
    make_works SETTLE_MODE=off
    expect out <<'EOF'
output
EOF
}

test_own_output_with_a_blank_is_fatal() {
    printf 'load $(PLUGIN)\nwith\\ blank:\n\t@echo $(settle $@)\n' >Makefile
    make_fails 'with blank'
    grep -q '(settle with blank) in the recipe that makes' out || fail "$(cat out)"
}

special_names() {
    cat <<'EOF'
a$b
$(c)
d)
(e
#f
'g'
"h"
%i
j:k
*
{l}
m\n
%s%n
o=p
~q
EOF
}

test_names_with_special_characters() {
    special_names >names
    tr '\n' '\0' <names | xargs -0 touch --
    cat >Makefile <<'EOF'
load $(PLUGIN)
$(info $(settle $(value NAMES)))
all:
	@echo $(if $(settle $(value NAMES)),in a recipe as well)
EOF
    NAMES=$(tr '\n' ' ' <names)
    export NAMES
    make_works SETTLE_VERBOSE=1
    sed '/^settle: /d' out >got
    { paste -sd' ' names; echo in a recipe as well; } | diff - got || fail "other names"
    sed -n 's/^settle: \(.*\): settled, .*/\1/p' out >got
    cat names names | diff - got || fail "settled other files"
}

test_special_characters_in_error_messages() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
$(settle $(value NAMES))
EOF
    special_names >names
    while read -r name; do
        export NAMES="$name"
        make_fails
        printf 'Makefile:2: *** settle: %s: No such file or directory.  Stop.\n' "$name" |
            diff - out || fail "another message"
    done <names
}

test_control_characters_in_messages_are_spelled() {
    printf 'load $(PLUGIN)\nall:\n\t@echo $(settle no\001name there)\n' >Makefile
    make_fails
    head -n 1 out >got
    expect got <<'EOF'
settle: no\001name: No such file or directory
EOF
}

test_a_target_with_a_blank() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: with\ blank
	@cat "$(settle $<)"
with\ blank:
	@echo made >"$@"
EOF
    make_works SETTLE_VERBOSE=1
    sed 's/ in [0-9.]* s.*//' out >got
    expect got <<'EOF'
settle: with blank: settled, 5 bytes
made
EOF
}

test_two_files_are_not_one_with_a_blank() {
    touch with blank
    echo 'files = with blank' | print_settled
    make_works SETTLE_VERBOSE=1
    sed 's/: settled.*/: settled/' out >got
    expect got <<'EOF'
settle: with: settled
settle: blank: settled
[with blank]
EOF
}

test_at_parse_time() {
    mkdir folder
    touch folder/file
    cat >Makefile <<'EOF'
load $(PLUGIN)
X := $(settle folder/file)
all:
	@echo "[$(X)]"
EOF
    trace_make
    expect out <<'EOF'
[folder/file]
EOF
    synced >got
    expect got <<'EOF'
fsync folder/file
fsync folder
EOF
    rm folder/file
    make_fails
    expect out <<'EOF'
Makefile:2: *** settle: folder/file: No such file or directory.  Stop.
EOF
}

test_through_call() {
    touch a b,c
    cat >Makefile <<'EOF'
load $(PLUGIN)
both = a b,c
all:
	@echo "[$(call settle,$(both))]"
EOF
    make_works SETTLE_VERBOSE=1
    sed 's/: settled.*/: settled/' out >got
    expect got <<'EOF'
settle: a: settled
settle: b,c: settled
[a b,c]
EOF
}

test_a_symbolic_link_stands_for_its_file() {
    mkdir links middle real
    touch real/file
    ln -s ../middle/link links/link
    ln -s ../real/file middle/link
    echo 'files = links/link' | print_settled
    trace_make
    expect out <<'EOF'
[links/link]
EOF
    synced >got
    expect got <<'EOF'
fsync real/file
fsync links
fsync middle
fsync real
EOF
    rm real/file
    make_fails
    expect out <<'EOF'
Makefile:4: *** settle: links/link: No such file or directory.  Stop.
EOF
}

test_a_folder_stands_for_itself() {
    mkdir -p parent/folder
    touch parent/folder/file
    echo 'files = parent/folder' | print_settled
    trace_make
    synced >got
    expect got <<'EOF'
fsync parent/folder
fsync parent
EOF
}

test_a_folder_with_a_slash_is_all_below_it() {
    mkdir -p folder/sub
    touch folder/a folder/sub/b
    ln -s /nowhere folder/link
    echo 'files = folder/' | print_settled
    make_works SETTLE_VERBOSE=1
    sed -n 's/^settle: \(.*\): settled,.*/\1/p' out | sort >got
    expect got <<'EOF'
folder/
folder/a
folder/sub/b
EOF
    grep -qxF '[folder/]' out || fail "$(cat out)"
}

test_devices_and_fifos_are_left_alone_without_blocking() {
    mkfifo fifo
    echo 'files = /dev/null fifo' | print_settled
    timeout 20 env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" SETTLE_VERBOSE=1 >out 2>&1 ||
        fail "status $?: $(cat out)"
    expect out <<'EOF'
settle: /dev/null: neither a file nor a directory, left alone
settle: fifo: neither a file nor a directory, left alone
[/dev/null fifo]
EOF
    trace_make
    ! grep '"fifo"\|sync(' log || fail "opened or synced"
}

test_more_files_than_descriptors() {
    mkdir folder
    (cd folder && seq 300 | xargs touch)
    echo 'files = $(wildcard folder/*)' | print_settled
    # shellcheck disable=SC3045 # dash has -n, and so has every other sh of today
    ulimit -n 40
    make_works SETTLE_VERBOSE=1
    test "$(grep -c '^settle: folder/[0-9]*: settled, 0 bytes' out)" = 300 || fail "$(head out)"
}

test_mode_by_target() {
    mkdir folder
    touch folder/synced folder/written folder/deferred folder/off
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: synced written deferred off
written: SETTLE_MODE = writeback
deferred: SETTLE_MODE = deferred
off: SETTLE_MODE = off
synced written deferred off:
	@echo $(settle folder/$@)
EOF
    trace_make SETTLE_VERBOSE=1
    synced | grep -v fdatasync >got
    expect got <<'EOF'
fsync folder/synced
fsync folder
EOF
    sed 's/ in [0-9.]* s.*//' out >got
    expect got <<'EOF'
settle: folder/synced: settled, 0 bytes
folder/synced
settle: folder/written: settled, 0 bytes
folder/written
settle: folder/deferred: settled, 0 bytes
folder/deferred
folder/off
EOF
}

test_no_warning_of_an_undefined_variable() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
$(info [$(settle Makefile)])
all:
	@echo "[$(settle Makefile)]"
EOF
    make_works --warn-undefined-variables
    expect out <<'EOF'
[Makefile]
[Makefile]
EOF
}

test_invalid_settings_are_fatal() {
    echo 'files = Makefile' | print_settled
    make_fails SETTLE_MODE=sometimes
    expect out <<'EOF'
Makefile:4: *** settle: SETTLE_MODE: 'sometimes' is not fsync, writeback, deferred or off.  Stop.
EOF
    make_fails SETTLE_VERBOSE=yes
    expect out <<'EOF'
Makefile:4: *** settle: SETTLE_VERBOSE: 'yes' is not 0 or 1.  Stop.
EOF
    make_works SETTLE_MODE=' fsync ' SETTLE_VERBOSE=
}

test_verbose() {
    echo 12345 >file
    echo 'files = file' | print_settled
    make_works SETTLE_VERBOSE=1
    grep -q '^settle: file: settled, 6 bytes in 0\.[0-9]\{6\} s' out || fail "$(cat out)"
    make_works SETTLE_VERBOSE=0
    expect out <<'EOF'
[file]
EOF
}

test_content_and_mtime_are_not_touched() {
    echo 12345 >file
    touch -d '2001-02-03 04:05:06.789' file
    stat -c '%y %s %i' file >before
    echo 'files = file' | print_settled
    make_works
    stat -c '%y %s %i' file | diff before - || fail "touched"
}

test_lost_data_is_a_fatal_error_and_removes_nothing() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    echo made >mnt/output
    echo 'files = mnt/output' | print_settled
    make_fails
    expect out <<'EOF'
Makefile:4: *** settle: mnt/output: Input/output error; what was written to it is lost; remove it, or the next make takes it for up to date.  Stop.
EOF
    test -e mnt/output || fail "removed"
}

. "$SRC/tests/lib.sh"
run_tests "$@"
