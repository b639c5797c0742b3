# hook.sh - SETTLE: what the hook settles, when, and that nothing else is different
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

# make under strace, the calls that matter here in the file log, descriptors with their paths.
trace_make() {
    TRACE=execve,write,fsync,fdatasync,msync,sync,syncfs traced log -y -s 200 \
        "$MAKE" --no-print-directory "$@" >out 2>&1 || fail "$(cat out)"
}

# The programs that were started, and the writes and syncs of files in the folder "folder", but for the marks'.
events() {
    sed -n -e '/sync[fs]*([0-9]*<[^>]*\/\.settle>/d' -e 's|.* execve("\([^"]*/\)*\([^"/]*\)".* = 0$|run \2|p' \
        -e 's|.* \([a-z]*\)([0-9]*<[^>]*/folder>.*|\1 folder|p' \
        -e 's|.* \([a-z]*\)([0-9]*<[^>]*/folder/\([^>/]*\)>.*|\1 \2|p' \
        -e 's/^[0-9]* *\(sync\|syncfs\)(.*/\1/p' log | sed 1d
}

# The names that out says were settled, in the order of the lines.
settled() {
    sed -n 's/^settle: \(.*\): settled, .*/\1/p' out
}

expect_settled() {
    settled >settled.out
    printf '%s\n' "$@" >settled.expected
    diff -u settled.expected settled.out || fail "settled other files: $(cat out)"
}

expect_none_settled() {
    test -z "$(settled)" || fail "settled: $(cat out)"
}

test_fsync_comes_after_the_last_write_and_before_the_consumer() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
copy: folder/output
	@cp folder/output copy
folder/output: private SETTLE = $@
folder/output:
	@printf one >$@; printf two >>$@
EOF
    trace_make
    events >got
    expect got <<'EOF'
run sh
run sh
write output
write output
fsync output
fsync folder
run cp
EOF
}

test_unannotated_targets_are_run_directly_and_not_synced() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: folder/plain folder/annotated
folder/plain:
	@touch $@
folder/annotated: SETTLE = $@
folder/annotated:
	@touch $@
EOF
    trace_make folder/plain
    events >got
    expect got <<'EOF'
run touch
EOF
    trace_make
    events >got
    expect got <<'EOF'
run sh
run touch
fsync annotated
fsync folder
EOF
}

# The first sh is settle-sh; the shell itself is left out where make, too, would have left it out.
test_a_line_that_needs_a_shell_gets_one() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
all: plain quoted flags
plain:
	@touch -d 2001-02-03 $@
quoted:
	@touch -d '2001-02-03' $@
flags: private .SHELLFLAGS = -fc
flags:
	@touch -d 2001-02-03 $@
EOF
    trace_make
    events | grep '^run' >got
    expect got <<'EOF'
run sh
run touch
run sh
run sh
run touch
run sh
run sh
run touch
EOF
}

test_an_empty_settle_costs_nothing() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/output: SETTLE = $() $(nothing) $()
folder/output:
	@touch $@
EOF
    trace_make
    events >got
    expect got <<'EOF'
run touch
EOF
}

test_mode_off_costs_nothing() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/output: SETTLE = $@
folder/output:
	@touch $@
EOF
    trace_make SETTLE_MODE=off
    events >got
    expect got <<'EOF'
run touch
EOF
}

test_mode_writeback_makes_no_fsync() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/output: SETTLE = $@
folder/output: SETTLE_MODE = writeback
folder/output:
	@echo made >$@
EOF
    trace_make SETTLE_VERBOSE=1
    events | sed 's/fdatasync/writeback/' | grep -v writeback >got
    expect got <<'EOF'
run sh
run sh
write output
EOF
    expect_settled folder/output
}

test_an_invalid_mode_is_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: SETTLE = $@
output: SETTLE_MODE = sometimes
output:
	@touch $@
EOF
    make_fails
    sed 's/^[^:]*:[0-9]*: //' out >text
    expect text <<'EOF'
*** settle: SETTLE_MODE: 'sometimes' is not fsync, writeback, deferred or off.  Stop.
EOF
    test ! -e output || fail "the recipe has run"
}

# A chain of three targets with SETTLE of the last one only: $1 "private" or nothing
make_chain() {
    cat >Makefile <<EOF
load \$(PLUGIN)
last: $1 SETTLE = \$@
last: middle
middle: first
last middle first:
	@touch \$@
EOF
    make_works SETTLE_VERBOSE=1
}

test_private_is_for_the_target_alone() {
    make_chain private
    expect_settled last
}

test_without_private_the_prerequisites_inherit() {
    make_chain ''
    expect_settled first middle last
}

test_pattern_specific() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: a.o b.o c.x
.PHONY: all
%.o: private SETTLE = $@ $*.also
%.o:
	@touch $@ $*.also
c.x:
	@touch $@
EOF
    make_works SETTLE_VERBOSE=1
    expect_settled a.o a.also b.o b.also
}

global_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: a b
a b:
	@touch $@
.PHONY: all
EOF
}

test_global() {
    global_makefile
    echo 'SETTLE = $@' >>Makefile
    make_works SETTLE_VERBOSE=1
    expect_settled a b
}

test_global_before_load() {
    global_makefile
    printf 'SETTLE = $@\nSETTLE_MODE = writeback\nSETTLE_VERBOSE = 1\n' >before
    cat Makefile >>before
    make_works -f before
    expect_settled a b
}

test_on_the_command_line() {
    global_makefile
    make_works SETTLE_VERBOSE=1 SETTLE='$@'
    expect_settled a b
}

test_from_the_environment() {
    global_makefile
    export SETTLE='$@' SETTLE_VERBOSE=1
    make_works
    expect_settled a b
}

test_each_line_is_settled() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
one two: SETTLE = one two
one two:
	@echo 1 >one
	@echo 1 >two
	@echo 2 >>one
EOF
    make_works one SETTLE_VERBOSE=1
    grep '^settle: ' out | sed 's/ in [0-9.]* s.*//' >got
    expect got <<'EOF'
settle: one: settled, 2 bytes
settle: two: not there (yet), nothing to settle
settle: one: settled, 2 bytes
settle: two: settled, 2 bytes
settle: one: settled, 4 bytes
settle: two: settled, 2 bytes
EOF
}

test_a_file_that_is_not_there_is_no_error() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: SETTLE = $@ gone nofolder/gone
output:
	@echo made >$@
EOF
    make_works
    expect out </dev/null
}

test_a_failed_recipe_is_not_settled() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/output: SETTLE = $@
folder/output:
	@echo made >$@; exit 7
	@echo never
EOF
    make_fails SETTLE_VERBOSE=1
    expect out <<'EOF'
make: *** [Makefile:4: folder/output] Error 7
EOF
    test -s folder/output
    trace_make -i
    ! events | grep sync || fail "synced"
}

test_where_settling_fails_the_recipe_fails_with_125() {
    ln -s loop loop
    cat >Makefile <<'EOF'
load $(PLUGIN)
consumer: output
	@touch consumer
output: private SETTLE = loop $@
output:
	@echo made >$@
	@echo never
EOF
    make_fails SETTLE_VERBOSE=1
    sed 's/, 5 bytes.*//' out >got
    expect got <<'EOF'
settle: loop: Too many levels of symbolic links
settle: output: settled
make: *** [Makefile:6: output] Error 125
EOF
    test ! -e consumer || fail "the consumer was run"
    test -s output || fail "the output was removed"
}

test_a_folder_without_leave_to_search() {
    test "$(id -u)" != 0 || skip "root may search any folder"
    mkdir closed
    chmod 000 closed
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: SETTLE = closed/file
all:
	@true
EOF
    make_fails
    chmod 700 closed
    expect out <<'EOF'
settle: closed/file: Permission denied
make: *** [Makefile:4: all] Error 125
EOF
}

test_a_failure_that_make_ignores() {
    ln -s loop loop
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: SETTLE = loop
all:
	-@true
	@echo second
EOF
    make_fails
    expect out <<'EOF'
settle: loop: Too many levels of symbolic links
make: [Makefile:4: all] Error 125 (ignored)
second
settle: loop: Too many levels of symbolic links
make: *** [Makefile:5: all] Error 125
EOF
}

test_lost_output_is_removed_and_made_again() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    cat >Makefile <<'EOF'
load $(PLUGIN)
mnt/output: SETTLE = $@
mnt/output:
	@echo run >>runs; echo made >$@
EOF
    for run in 1 2; do
        make_fails
        expect out <<'EOF'
settle: mnt/output: Input/output error; what was written to it is lost; removed, will be made again
make: *** [Makefile:4: mnt/output] Error 125
EOF
        test ! -e mnt/output || fail "the output is still there"
        test "$(wc -l <runs)" = $run || fail "not made again"
    done
    make_works SETTLE_MODE=off
    test -s mnt/output
}

test_lost_output_is_removed_with_no_space() {
    mount_latefs "$PWD/mnt" fsync_errno=ENOSPC
    cat >Makefile <<'EOF'
load $(PLUGIN)
mnt/output: SETTLE = $@
mnt/output:
	@echo made >$@
EOF
    make_fails
    expect out <<'EOF'
settle: mnt/output: No space left on device; what was written to it is lost; removed, will be made again
make: *** [Makefile:4: mnt/output] Error 125
EOF
    test ! -e mnt/output || fail "the output is still there"
}

# SHELL: where it stands and what it is.  Each makefile's recipe prints the shell it runs in.

print_shell='@readlink /proc/$$$$/exe | sed "s|.*/||"; touch $@'

test_shell_before_load() {
    need bash bash
    printf '%s\n' 'SHELL := /bin/bash' 'load $(PLUGIN)' 'output: SETTLE = $@' \
        "output:; $print_shell" >Makefile
    make_works SETTLE_VERBOSE=1
    test "$(head -n 1 out)" = bash || fail "$(cat out)"
    expect_settled output
}

test_shell_after_load() {
    need bash bash
    printf '%s\n' 'load $(PLUGIN)' 'output: SETTLE = $@' "output:; $print_shell" \
        'SHELL := /bin/bash' >Makefile
    make_works SETTLE_VERBOSE=1
    test "$(head -n 1 out)" = bash || fail "$(cat out)"
    expect_settled output
}

test_shell_of_the_target_and_settle_are_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: SETTLE = $@
output: SHELL = /bin/sh
output:
	@touch $@
EOF
    make_fails
    sed 's/^[^:]*:[0-9]*: //' out >text
    expect text <<'EOF'
*** settle: target 'output' has both SETTLE and a SHELL of its own, and make takes the latter: set SHELL for the whole makefile, or run that shell in the recipe.  Stop.
EOF
    test ! -e output || fail "the recipe has run"
}

test_inherited_shell_and_settle_are_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: SHELL = /bin/sh
all: first output
first output:
	@touch $@
output: private SETTLE = $@
EOF
    make_fails
    sed 's/^[^:]*:[0-9]*: //' out >text
    expect text <<'EOF'
*** settle: target 'output' has both SETTLE and a SHELL of its own, and make takes the latter: set SHELL for the whole makefile, or run that shell in the recipe.  Stop.
EOF
    test -e first || fail "the other target should have been made"
    test ! -e output || fail "the recipe has run"
}

test_shell_of_a_target_without_settle_works() {
    need bash bash
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: output other
output: SETTLE = $@
output:
	@touch $@
other: SHELL = /bin/bash
other:
	@echo $${BASH_VERSION:+bash}
EOF
    make_works SETTLE_VERBOSE=1
    expect_settled output
    grep -qx bash out || fail "$(cat out)"
}

# A SHELL that says each time it is expanded.
test_a_tracing_shell_is_expanded_as_often_as_without() {
    cat >rules.mk <<'EOF'
SHELL = $(warning SHELL for $@)/bin/sh
all: annotated plain
annotated plain:
	@echo $@ one
	@echo $@ two; true
	@echo $(shell echo three)
annotated: private SETTLE = $@
EOF
    make_works -f rules.mk
    mv out out.without
    { cat rules.mk; echo 'load $(PLUGIN)'; } >settled.mk
    make_works -f settled.mk
    sed 's/settled\.mk/rules.mk/' out >got
    diff -u out.without got || fail "not expanded as without the plugin"
    test "$(grep -c 'SHELL for annotated' out)" -ge 3 || fail "$(cat out)"
}

test_gpath_set_after_load_is_fatal_for_annotated_targets() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: plain output
GPATH = sources
output: private SETTLE = $@
plain output:
	@touch $@
EOF
    make_fails
    sed 's/^[^:]*:[0-9]*: //' out >text
    expect text <<'EOF'
*** settle: target 'output' has SETTLE, but GPATH was set after settle.so was loaded, which removed its hook: set GPATH before.  Stop.
EOF
    test -e plain || fail "a target without SETTLE doesn't care"
    test ! -e output || fail "the recipe has run"
}

# GPATH at work: a file found in $sources through VPATH that is out of date is remade where it was
# found.  The makefile's first lines are those of stdin.
sources=sources
gpath_works() {
    mkdir "$sources"
    cat >Makefile
    cat >>Makefile <<'EOF'
VPATH = $(firstword $(wildcard sources*))
found: private SETTLE = $@
found: newer
	@echo made >'$@'
EOF
    touch -d '2001-01-01' "$sources/found"
    touch newer
    make_works SETTLE_VERBOSE=1 "$@"
    test -s "$sources/found" || fail "GPATH had no effect"
    test ! -e found || fail "GPATH had no effect"
    expect_settled "$sources/found"
}

test_gpath_before_load() {
    gpath_works <<'EOF'
GPATH = sources
load $(PLUGIN)
EOF
}

test_recursive_gpath_before_load() {
    gpath_works <<'EOF'
GPATH = $(where)
load $(PLUGIN)
where = sources
EOF
}

test_gpath_with_a_dollar_before_load() {
    sources='sources$$'
    gpath_works <<'EOF'
GPATH := sources$$$$
load $(PLUGIN)
EOF
}

test_gpath_appended_after_load() {
    gpath_works <<'EOF'
GPATH := elsewhere
load $(PLUGIN)
GPATH += sources
EOF
}

test_gpath_on_the_command_line() {
    gpath_works GPATH=sources <<'EOF'
load $(PLUGIN)
GPATH = elsewhere
EOF
}

test_gpath_from_the_environment() {
    export GPATH=sources
    gpath_works <<'EOF'
load $(PLUGIN)
EOF
}

test_gpath_from_an_environment_that_overrides() {
    export GPATH=sources
    gpath_works -e <<'EOF'
load $(PLUGIN)
GPATH = elsewhere
EOF
}

# Loading: the makefile's first lines are those of stdin.
loads() {
    cat >Makefile
    cat >>Makefile <<'EOF'
output: SETTLE = $@
output:
	@echo $(settle input) >$@
EOF
    rm -f output
    touch input
    make_works SETTLE_VERBOSE=1
    expect_settled input output
    test "$(cat output)" = input || fail "output holds $(cat output)"
}

test_loaded_twice() {
    loads <<'EOF'
load $(PLUGIN)
load $(PLUGIN)
EOF
}

test_loaded_by_a_symbolic_link_as_well() {
    ln -s "$PLUGIN" settle.so
    loads <<'EOF'
load $(PLUGIN)
load ./settle.so
EOF
    loads <<'EOF'
load ./settle.so
load $(PLUGIN)
EOF
}

test_loaded_by_a_hard_link_as_well() {
    cp -R "$BUILD/plugin" plugin
    ln plugin/settle.so plugin/other.so
    loads <<'EOF'
load plugin/settle.so
load plugin/other.so(settle_gmk_setup)
EOF
}

test_loaded_as_a_copy_as_well() {
    cp "$PLUGIN" copy.so
    loads <<'EOF'
load $(PLUGIN)
load ./copy.so(settle_gmk_setup)
EOF
    loads <<'EOF'
load $(PLUGIN)
GPATH += nowhere
load ./copy.so(settle_gmk_setup)
EOF
}

test_loaded_by_a_relative_path() {
    ln -s "$BUILD/plugin" plugin
    loads <<'EOF'
load plugin/settle.so
EOF
    loads <<'EOF'
load ./plugin/settle.so
EOF
}

test_loaded_from_another_folder() {
    mkdir sub
    cp -R "$BUILD/plugin" plugin
    cd sub
    loads <<'EOF'
load ../plugin/settle.so
EOF
    rm output
    cd ..
    make_works -C sub SETTLE_VERBOSE=1
    expect_settled input output
}

test_without_settle_sh_annotated_targets_are_fatal() {
    cp "$PLUGIN" settle.so
    cat >Makefile <<'EOF'
load ./settle.so
all: plain output
output: private SETTLE = $@
plain output:
	@touch $@
EOF
    run mk
    test "$status" = 2 || skip "settle is installed where it was configured for"
    grep -qF "settle-sh is neither beside settle.so ($PWD) nor in " out || fail "$(cat out)"
    test -e plain || fail "a target without SETTLE doesn't care"
    test ! -e output || fail "the recipe has run"
}

test_a_folder_that_make_cannot_run_a_shell_from_is_fatal() {
    mkdir 'dollar$'
    cp -R "$BUILD/plugin/." 'dollar$'
    cat >Makefile <<'EOF'
load dollar$$/settle.so
output: SETTLE = $@
output:
	@touch $@
EOF
    make_fails
    grep -qF "settle: $PWD/dollar\$/settle-sh: make can't run a shell with such a name" out ||
        fail "$(cat out)"
    test ! -e output || fail "the recipe has run"
}

test_only_three_symbols_are_exported() {
    need nm binutils
    nm -D --defined-only "$PLUGIN" | sed 's/.* //' | grep -v '^__\(asan\|ubsan\|odr_asan\)' | sort >got
    expect got <<'EOF'
plugin_is_GPL_compatible
settle_gmk_setup
settle_gmk_unload
EOF
}

# The recipe's environment.  The variable that stays is for a settle-sh that the recipe runs as
# $(SHELL): job.h.
environment_lines() {
    cat <<'EOF'
all: annotated plain
annotated: private SETTLE = $@
annotated plain:
	@env | grep -v '^_=' | LC_ALL=C sort
EOF
}

# By the dynamic linker, as in /usr/lib: make then wants to remake a file of that name.
test_loaded_by_its_name_alone() {
    printf 'load settle.so\noutput: private SETTLE = $@\noutput: ; @echo hi >$@\n' >Makefile
    export LD_LIBRARY_PATH="$BUILD/plugin"
    make_works SETTLE_VERBOSE=1
    grep -q '^settle: output: settled' out || fail "$(cat out)"
    make_works -q
    make_works -B
    printf 'settle.so: ; @echo ours\n' >>Makefile
    touch settle.so
    make_works
    ! grep overriding out || fail "$(cat out)"
}

# make puts the recipe's environment together once, and the job is in it.  To end make between the lines would leave the
# target half-made.
test_files_that_are_named_after_the_first_line_only() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
.SECONDEXPANSION:
fine late: private SETTLE = $(if $(filter fine,$@),,$(shell ls $@ 2>/dev/null))
fine late:
	@echo first >$@
	@echo second >>$@
double:: private SETTLE = $(shell ls $@ 2>/dev/null)
double:: ; @echo first >$@
double:: ; @echo second >>$@
early: private SETTLE = $(wildcard $@)
early:
	@$(shell echo 0 >early) echo first >$@
	@echo second >>$@
%.x: private SETTLE = $(if $^,$@)
%.x: $$(shell echo $$*.in)
	@cat $^ >$@
	@echo second >>$@
a.in: ; @echo >$@
EOF
    make_works fine double early a.x
    make_works late SETTLE_MODE=off
    rm late
    make_fails late
    grep -q "^settle: target 'late': SETTLE was empty when its recipe began, and is 'late' now" out || fail "$(cat out)"
    printf 'first\nsecond\n' | cmp - late || fail "half-made: $(cat out)"
}

test_a_failure_is_not_forgotten_when_make_starts_anew() {
    cat >Makefile <<'EOF'
all: ; @echo $@ $${SETTLE_FAILED-none}
load $(PLUGIN)
included.mk: private SETTLE = $(wildcard side)
included.mk:
	@echo >side
	@echo >$@
-include included.mk
EOF
    make_fails
    grep -q "^settle: target 'included.mk': SETTLE was empty" out || fail "$(cat out)"
    grep -qx 'all none' out || fail "$(cat out)"
    make_works
}

test_the_recipe_sees_nothing_else_of_ours() {
    environment_lines >rules.mk
    { echo 'load $(PLUGIN)'; cat rules.mk; } >settled.mk
    make_works -f rules.mk annotated
    mv out out.without
    make_works -f settled.mk annotated
    for variable in SHELL LINE; do
        grep "^SETTLE_$variable=" out || fail "where is it?"
    done
    grep -v -e '^SETTLE_SHELL=' -e '^SETTLE_LINE=' out >got
    diff out.without got || fail "a recipe sees another environment"
}

test_an_exported_shell_is_the_projects() {
    need bash bash
    environment_lines >rules.mk
    export SHELL=/usr/bin/from-outside
    for line in 'export SHELL' '.EXPORT_ALL_VARIABLES:' 'export SHELL = /bin/bash' 'unexport SHELL' ''; do
        { echo 'SHELL = /bin/sh'; cat rules.mk; echo "$line"; } >plain.mk
        { echo 'load $(PLUGIN)'; cat plain.mk; } >settled.mk
        make_works -f plain.mk
        grep '^SHELL=' out >out.without || :
        make_works -f settled.mk
        grep '^SHELL=' out >got || :
        diff out.without got || fail "$line: SHELL differs"
    done
}

test_all_variables_exported_settle_once() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
.EXPORT_ALL_VARIABLES:
# with a blank behind it
output: private SETTLE = $@ $()
output:
	@touch $@; $(MAKE) -f inner.mk
EOF
    cat >inner.mk <<'EOF'
load $(PLUGIN)
inner:
	@touch $@
	@echo second
EOF
    make_works SETTLE_VERBOSE=1
    expect_settled output
}

test_shell_function_runs_the_projects_shell() {
    need bash bash
    cat >Makefile <<'EOF'
SHELL = /bin/bash
load $(PLUGIN)
parsed := $(shell echo $${BASH_VERSION:+bash} $${SETTLE_JOB-none})
all: SETTLE = output
all:
	@touch output; echo $(parsed) $(shell echo $${BASH_VERSION:+bash})
EOF
    make_works SETTLE_VERBOSE=1
    grep -qx 'bash none bash' out || fail "$(cat out)"
    expect_settled output
}

test_shell_function_in_settle() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: SETTLE = $(shell echo $@)
output:
	@touch $@
EOF
    make_works SETTLE_VERBOSE=1
    expect_settled output
}

test_each_setting_may_come_from_the_shell() {
    for setting in 'MODE fsync' 'STABLE 0' 'TIMEOUT 9' 'VERBOSE 1' 'DIR .marks'; do
        rm -f output
        printf '%s\n' 'load $(PLUGIN)' 'SETTLE_VERBOSE = 1' \
            "SETTLE_${setting% *} = \$(shell echo ${setting#* })" 'output: SETTLE = $@' 'output: ; @touch $@' >Makefile
        make_works
        expect_settled output
    done
    for setting in FILES BYTES SECONDS; do
        rm -f output
        printf '%s\n' 'load $(PLUGIN)' 'SETTLE_MODE = deferred' "SETTLE_BATCH_$setting = \$(shell echo 7)" \
            'output: SETTLE = $@' 'output: ; @touch $@' >Makefile
        make_works
        expect out </dev/null
    done
}

test_a_blank_in_an_option_is_no_dry_run() {
    printf '%s\n' 'load $(PLUGIN)' 'output: private SETTLE = $@' 'output:; @touch $@' >Makefile
    for option in --eval='FLAGS += -nostdinc' --eval='X = -DNDEBUG -q' '-Ia -t'; do
        rm -f output
        make_works SETTLE_VERBOSE=1 "$option"
        expect_settled output
    done
    rm output
    make_works --eval='FLAGS += -g' -n
    expect out <<'EOF'
touch output
EOF
    make_works SETTLE_VERBOSE=1 -- -n=1  # a variable of that name
    expect_settled output
}

test_shell_function_in_a_variable_that_the_recipe_uses_too() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
outputs = $(shell echo one two)
both: private SETTLE = $(outputs)
both:
	@touch $(outputs)
	@echo $(outputs) $(SETTLE)
EOF
    make_works SETTLE_VERBOSE=1
    grep -qx 'one two one two' out || fail "$(cat out)"
    expect_settled one two one two
    echo '.EXPORT_ALL_VARIABLES:' >>Makefile
    make_works SETTLE_VERBOSE=1
    expect_settled one two one two
}

test_shell_function_in_the_settings() {
    cat >Makefile <<'EOF'
SETTLE_DIR = $(shell pwd)/marks
load $(PLUGIN)
SETTLE_MODE = $(shell echo $(mode))
SETTLE_VERBOSE = $(shell echo 1)
SHELL = /bin/bash
all: output plain
output: private SETTLE = $@
output:
	@touch $@; ls -d marks 2>&1; echo $${SETTLE_JOB-none}
plain: output
	@echo plain $${BASH_VERSION:+bash}
EOF
    need bash bash
    make_works mode=fsync
    grep -qx 'plain bash' out || fail "$(cat out)"
    grep -qx marks out || fail "$(cat out)"
    grep -qx none out || fail "$(cat out)"
    expect_settled output
    rm output
    make_works mode=off
    grep -q '^settle' out && fail "$(cat out)"
    rm output
    make_fails mode=nonsense
    grep -q "SETTLE_MODE: 'nonsense' is not" out || fail "$(cat out)"
}

test_shell_function_that_finds_nothing_to_settle() {
    need bash bash
    cat >Makefile <<'EOF'
load $(PLUGIN)
SHELL = /bin/bash
SETTLE = $(shell :)
all:
	@echo $${BASH_VERSION:+bash} $${SETTLE_JOB-none}
	@echo $${BASH_VERSION:+bash} $${SETTLE_JOB-none}
EOF
    make_works SETTLE_VERBOSE=1
    expect out <<'EOF'
bash none
bash none
EOF
}

test_shell_variable_in_a_recipe_is_the_projects_shell() {
    need bash bash
    echo 'echo script $1 ${BASH_VERSION:+bash}' >script
    cat >Makefile <<'EOF'
load $(PLUGIN)
SHELL = /bin/bash
output: SETTLE = $@
output:
	@$(SHELL) -c 'echo $$0 $$1 $${BASH_VERSION:+bash}; touch output' zero one
	@$(SHELL) ./script argument
	@echo 'echo from stdin $${BASH_VERSION:+bash}' | $(SHELL)
	@$(SHELL) -c 'exit 9'
EOF
    make_fails SETTLE_VERBOSE=1
    grep -v '^settle: output: settled' out >got
    expect got <<'EOF'
zero one bash
script argument bash
from stdin bash
make: *** [Makefile:8: output] Error 9
EOF
    # after each of the three lines, and not by the shell inside
    expect_settled output output output
}

# The inner makefile's first lines are those of stdin.
nested_shell() {
    need bash bash
    cat >inner.mk
    cat >Makefile <<'EOF'
load $(PLUGIN)
SHELL = /bin/bash
outer: private SETTLE = $@
outer:
	@touch $@; $(MAKE) -f inner.mk SHELL=$(SHELL)
EOF
    cat >>inner.mk <<'EOF'
all: inner plain
inner: private SETTLE = $@
inner:
	@touch $@; echo $@ $${BASH_VERSION:+bash}
plain:
	@echo $@ $${BASH_VERSION:+bash}; $(MAKE) -f innermost.mk SHELL=$(SHELL)
EOF
    printf 'load $(PLUGIN)\ninnermost: SETTLE = $@\n' >innermost.mk
    printf 'innermost:\n\t@touch $@; echo $@ $${BASH_VERSION:+bash}\n' >>innermost.mk
    make_works SETTLE_VERBOSE=1
    grep -v '^settle: ' out >got
    expect got <<'EOF'
inner bash
plain bash
innermost bash
EOF
}

test_shell_handed_to_a_nested_make_with_the_plugin() {
    echo 'load $(PLUGIN)' | nested_shell
    expect_settled inner innermost outer
}

test_shell_handed_to_a_nested_make_without_the_plugin() {
    nested_shell </dev/null
    expect_settled innermost outer
}

test_the_longest_settle_works_and_a_longer_one_is_fatal() {
    awk 'BEGIN { printf "files := output"; n = 130978 - 6; for (i = 0; i < n; i += 2) printf " y"
        print "" }' >files.mk
    cat >Makefile <<'EOF'
load $(PLUGIN)
include files.mk
output: SETTLE = $(files)$(longer)
output:
	@touch $@
EOF
    make_works SETTLE_DIR=
    rm output
    make_fails SETTLE_DIR= longer=yy
    sed 's/^[^:]*:[0-9]*: //' out >text
    expect text <<'EOF'
*** settle: target 'output': SETTLE is 130980 bytes long, and with 81 bytes of settings more than the 131072 that the kernel hands on to a new process; name fewer files.  Stop.
EOF
    test ! -e output || fail "the recipe has run"
    make_works longer=y SETTLE_MODE=off
}

test_names_with_special_characters() {
    cat >names <<'EOF'
"e"
#f
%g
'd'
(c)
*k
a$b
a,b
EOF
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
all: a,b a$$b (c) 'd' "e" \#f %g *k
.PHONY: all
a,b a$$b (c) 'd' "e" \#f \%g *k:
	@touch '$(subst ','\'',$@)'
EOF
    make_works SETTLE_VERBOSE=1
    settled | sort >got
    diff -u names got || fail "settled other names: $(cat out)"
}

test_a_target_with_a_blank() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: with\ blank
with\ blank: private SETTLE = $@
with\ blank:
	@touch "$@"
EOF
    make_works SETTLE_VERBOSE=1
    expect_settled 'with blank'
}

. "$SRC/tests/lib.sh"
run_tests "$@"
