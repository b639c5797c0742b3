# marks.sh - marks: there while a recipe runs, gone afterwards, and what they say after a crash
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

no_marks() {
    test ! -e "${1:-.settle}" || fail "there are still marks: $(ls -la "${1:-.settle}")"
}

# The marks' names without their makers, in one line.
marks() {
    find .settle -type l -printf '%f\n' 2>/dev/null | sed 's/@.*//' | sort | tr '\n' ' '
}

# Waits until the process $1 is gone.
await_end() {
    for _ in $(seq 300); do
        kill -s 0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    fail "process $1 doesn't end"
}

# "whole" is made, then "cut", whose recipe with HOLD=1 stops half-way.  make itself leaves what was cut short.
cut_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
.PRECIOUS: cut
SETTLE = $@
all: private SETTLE =
all: cut
whole:
	@echo making $@; echo whole >$@
cut: whole
	@echo making $@; echo half >$@; $(if $(HOLD),echo $$$$ >recipe; echo $$PPID >shell; touch ready; exec sleep 100)
	@echo end >>$@
EOF
}

# Kills the processes whose numbers COMMAND prints, and waits for the rest to end.
cut_short() {
    cut_makefile
    start_make HOLD=1
    await ready
    at_exit "kill -s KILL $(cat recipe) 2>/dev/null || :"
    # shellcheck disable=SC2046
    kill -s KILL $("$@") 2>/dev/null || :  # some of them may end of the others' death
    wait "$make" || :
    await_end "$(cat shell)"
    kill -s KILL "$(cat recipe)" 2>/dev/null || :
    await_end "$(cat recipe)"
    test "$(cat cut)" = half || fail "cut is not as the recipe left it"
}

expect_made_again() {
    make_works
    expect out <<'EOF'
settle: cut: its recipe was cut short; removed, will be made again
making cut
EOF
    printf 'half\nend\n' | cmp - cut || fail "cut is wrong: $(cat cut)"
    no_marks
    make_works
    grep -q 'Nothing to be done' out || fail "made once more: $(cat out)"
}

test_marks_are_there_before_the_first_line_and_between_lines() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = output other
output:
	@ls -A .settle >first; touch output other
	@ls -A .settle >second
	@readlink .settle/* >texts
EOF
    make_works
    for file in first second; do
        sed 's/@.*//' $file >names
        expect names <<'EOF'
other
output
EOF
    done
    test "$(awk '{ if (length > most) most = length } END { print most }' texts)" -le 59 ||
        fail "longer than what ext4 keeps in an inode: $(cat texts)"
    no_marks
}

many_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
targets = $(addprefix t,1 2 3 4 5 6 7 8 9)
all sub: private SETTLE =
all: $(targets) sub
$(targets):
	@echo 1 >$@
	@echo 2 >>$@
	@$(empty)
sub:
	@mkdir -p folder; $(MAKE) -C folder -f ../sub.mk
.PHONY: all sub
EOF
    cat >sub.mk <<'EOF'
load $(PLUGIN)
all: a b
a b: private SETTLE = $@
a b:
	@ls -d .settle >>../sub.seen; echo $@ >$@
EOF
}

test_nothing_is_left_after_a_finished_build() {
    many_makefile
    for mode in fsync writeback deferred; do
        for jobs in '' -j4; do
            rm -rf t? folder sub.seen
            # shellcheck disable=SC2086
            make_works $jobs SETTLE_MODE=$mode
            no_marks
            no_marks folder/.settle
            test -s sub.seen || fail "the nested make has made no marks"
            make_works -q t1 t9
        done
    done
}

test_no_marks_where_there_is_no_folder_for_them() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_DIR =
output: private SETTLE = $@
output:
	@ls -A >$@
EOF
    make_works
    expect output <<'EOF'
Makefile
out
output
EOF
}

test_marks_in_an_absolute_folder() {
    mkdir here there
    cat >here/Makefile <<'EOF'
load $(PLUGIN)
SETTLE_DIR = $(abspath ../there/marks)
output: private SETTLE = $@
output:
	@ls ../there/marks >../seen; echo half >$@; $(KILL)
EOF
    make_works -C here
    grep -q '%2fhere%2foutput@' seen || fail "no such mark: $(cat seen)"
    no_marks there/marks
    rm here/output
    make_fails -C here KILL='kill -s KILL $$PPID'
    echo half >here/output
    make_works -C here SETTLE_DIR="$PWD/there/marks"
    grep -q 'here/output: its recipe was cut short; removed' out || fail "not told: $(cat out)"
    no_marks there/marks
}

test_marks_in_memory_are_warned_of() {
    memory=$(mktemp -d /dev/shm/settle-test.XXXXXX 2>/dev/null) || skip "needs a /dev/shm to write to"
    at_exit "rm -rf '$memory'"
    test "$(stat -f -c %T "$memory")" = tmpfs || skip "needs a /dev/shm that is tmpfs"
    test "$(stat -f -c %T .)" != tmpfs || skip "needs a TMPDIR that isn't on tmpfs"
    cat >Makefile <<'EOF'
load $(PLUGIN)
a b: private SETTLE = $@
a b: ; @echo $@ >$@
EOF
    make_works a b SETTLE_DIR="$memory/marks"
    expect out <<EOF
settle: SETTLE_DIR: $memory/marks: in memory (tmpfs); after a power cut no mark there tells what was cut short
EOF
    no_marks "$memory/marks"
    rm a b
    make_works a b SETTLE_DIR="$memory/marks" SETTLE_MODE=writeback
    expect out </dev/null
    mkdir "$memory/all"
    cp Makefile "$memory/all"
    make_works -C "$memory/all" a b SETTLE_DIR="$memory/marks"
    ! grep SETTLE_DIR out || fail "warned of, though all is on tmpfs"
}

test_odd_names() {
    long=$(printf '%0200d' 0)
    mkdir -p "$long/$long"
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
all: private SETTLE =
all: .hidden ..two ~tilde a%b x@y +plus $(LONG)/$(LONG)/$(LONG) my\ file
.hidden ..two ~tilde a\%b x@y +plus $(LONG)/$(LONG)/$(LONG) my\ file:
	@echo half >'$@'
	@$(KILL)
EOF
    make_works LONG="$long"
    no_marks
    for name in .hidden ..two '~tilde' 'a%b' x@y +plus "$long/$long/$long" 'my file'; do
        rm -f -- "$name"
        run mk LONG="$long" KILL='kill -s KILL $$PPID'
        echo half >"./$name"
        make_works LONG="$long"
        grep -qF -e "settle: $name: its recipe was cut short; removed" out ||
            fail "$name: not told: $(cat out)"
        no_marks
    done
}

test_make_killed() {
    cut_short echo_make
    expect_made_again
}

echo_make() {
    echo "$make"
}

test_settle_sh_killed() {
    cut_short cat shell
    grep -q 'Killed' log || fail "make doesn't know: $(cat log)"
    expect_made_again
}

test_recipe_killed() {
    cut_short cat recipe
    expect_made_again
}

test_all_killed() {
    cut_short echo_all
    expect_made_again
}

# The shell that runs the recipe dies, and leaves a process that goes on writing.
worker_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output: source
	@$(if $(HOLD),echo $$PPID >shell; echo $$$$ >recipe; \
	sh -c "echo \$$\$$ >worker; touch ready; $(HOLD); echo stale >output; echo over >over"; echo not reached)
	@cat source >$@
EOF
    echo text >source
}

# Kills the processes that COMMAND prints, and makes again; "over" tells whether the worker has come to its end.
kill_above_worker() {
    rm -f ready over output
    worker_makefile
    start_make HOLD="$1"
    shift
    await ready
    at_exit "kill -s KILL $(cat worker) 2>/dev/null || :"
    # shellcheck disable=SC2046
    kill -s KILL $("$@") 2>/dev/null || :
    wait "$make" || :
    make_works
    cmp source output || fail "output is of a worker of the dead recipe"
    ! grep -q '^State:.[^ZX]' "/proc/$(cat worker)/status" 2>/dev/null || fail "it is still at work"
    cmp source output || fail "output is of a worker of the dead recipe"
    no_marks
}

test_what_a_killed_recipe_has_started_is_ended() {
    kill_above_worker 'sleep 20' cat recipe
    test ! -e over || fail "the worker has come to its end"
}

test_what_a_killed_settle_sh_has_started_is_waited_for() {
    kill_above_worker 'sleep 2' cat shell
    test -e over || fail "the worker was ended"
    kill_above_worker 'sleep 2' echo_shell_first
    test -e over || fail "the worker was ended"
}

# Of make's death settle-sh would end, and end what it runs.
echo_shell_first() {
    echo "$(cat shell)" "$(cat recipe)" "$make"
}

# A line of another make within the recipe has started it.
test_what_a_killed_recipe_of_a_nested_make_has_started_is_waited_for() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@$(if $(HOLD),$(MAKE) -s -f inner.mk,echo whole >$@)
EOF
    cat >inner.mk <<'EOF'
load $(PLUGIN)
SETTLE_DIR = .settle2
x: private SETTLE = $@
x:
	@echo $$PPID >shell; echo $$$$ >recipe; sh -c 'echo $$$$ >worker; touch ready; sleep 2; echo half >output; touch over'; :
EOF
    start_make HOLD=1
    await ready
    at_exit "kill -s KILL $(cat worker) 2>/dev/null || :"
    inner=$(ps -o ppid= -p "$(cat shell)" | tr -d ' ')
    outer=$(ps -o ppid= -p "$inner" | tr -d ' ')
    # none of them is to see another one's end
    kill -s STOP "$(cat shell)" "$outer" "$inner" "$make"
    kill -s KILL "$(cat shell)" "$outer" "$inner" "$make" "$(cat recipe)" 2>/dev/null || :
    wait "$make" || :
    make_works
    test "$(cat output)" = whole || fail "the next make has not waited"
    await over
    test "$(cat output)" = whole || fail "output is of a worker of the dead recipe"
}

# A line that settle-sh itself has ended has no worker: what it leaves may be a server.
test_a_server_of_a_line_that_could_not_be_settled() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output: private SETTLE_TIMEOUT = 0.2
output:
	@sleep 100 >/dev/null 2>&1 & echo $$! >server; echo whole >$@; $(if $(HOLD),{ sleep 2 & } 9>>$@)
EOF
    make_fails HOLD=1
    at_exit "kill $(cat server)"
    sleep 1
    make_works
    grep -q 'its recipe was cut short; removed' out || fail "$(cat out)"
    kill -s 0 "$(cat server)" || fail "it was ended"
    at_exit "kill $(cat server)"
    no_marks
}

test_a_worker_of_a_dead_recipe_that_does_not_end() {
    worker_makefile
    mkfifo fifo
    start_make HOLD='read nothing <fifo'
    await ready
    at_exit "kill -s KILL $(cat worker) 2>/dev/null || :"
    kill -s KILL "$(cat shell)" "$make" 2>/dev/null || :
    wait "$make" || :
    settle --status
    grep -q "^output: its recipe was begun .* ago, and still runs (process $(cat worker)); marked by process $make, " \
        out || fail "$(cat out)"
    make_fails
    grep -q "settle: output: waiting for its recipe, of a make that is gone, to end (process $(cat worker))" out ||
        fail "$(cat out)"
    grep -q "settle: output: its make is gone, but its recipe still runs (process $(cat worker))" out ||
        fail "$(cat out)"
    settle --recover
    grep -q "settle: output: waiting for its recipe, of a make that is gone, to end (process $(cat worker))" out ||
        fail "$(cat out)"
    test "$status" = 1 || fail "status $status: $(cat out)"
    grep -q "settle: output: its make is gone, but its recipe still runs (process $(cat worker))" out ||
        fail "$(cat out)"
    kill "$(cat worker)"
    make_works
    cmp source output || fail "output is wrong"
}

echo_all() {
    echo "$make" "$(cat shell)" "$(cat recipe)"
}

# What is whole stays so, however long a target without SETTLE takes after it.
test_killed_in_a_target_without_files() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: check
first second: private SETTLE = $@
first second:
	@echo making $@; echo $@ >$@
	@:
check: first second
	@$(if $(HOLD),cp -a .settle marks; echo $$$$ >recipe; touch ready; exec sleep 100,:)
	@echo checked
EOF
    start_make -j2 HOLD=1
    await ready
    at_exit "kill -s KILL $(cat recipe) 2>/dev/null || :"
    test -z "$(find marks -type l)" || fail "marks of what is over: $(ls marks)"
    kill -s KILL "$make" "$(cat recipe)" 2>/dev/null || :  # the latter may end of make's death
    await_end "$make"
    make_works
    expect out <<'EOF'
checked
EOF
    no_marks
}

# Kills the make and its recipe of half of TARGET, which is to be marked then and made again by the next make.
kill_half() {
    await ready
    at_exit "kill -s KILL $(cat recipe) 2>/dev/null || :"
    case " $(marks)" in *" $1 "*) ;; *) fail "$1 is not marked: $(marks)" ;; esac
    kill -s KILL "$make" "$(cat recipe)" 2>/dev/null || :  # the latter may end of make's death
    await_end "$make"
    await_end "$(cat recipe)"
    test "$(cat "$1")" = half || fail "$1 is not as the recipe left it: $(cat "$1")"
    shift
    make_works "$@"
    grep -q 'its recipe was cut short; removed' out || fail "not told: $(cat out)"
    no_marks
}

# Between the two recipes of "t", make builds what the second one needs.
test_killed_between_two_recipes_of_a_target() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: t u
t:: private SETTLE = $@
t:: ; @echo half >$@
t:: | $(DEP) ; @echo full >>$@
dep annotated:
	@: $(if $(HOLD),; echo $$$$ >recipe; touch ready; exec sleep 100)
	@touch $@
annotated: private SETTLE = $@
u: ; @:
EOF
    check_two_recipes_killed
    # the same by a template in one line
    sed -i -e 's/^t:: private/t: private/' \
        -e 's/^t:: ; \(.*\)/add = t:: | $(1) ; $(2)\n$(eval $(call add,,\1))/' \
        -e 's/^t:: | $(DEP) ; \(.*\)/$(eval $(call add,$(DEP),\1))/' Makefile
    sed -i 's/,@echo \(half\|full\) \(>*\)$@))$/,@echo \1 \2$$@))/' Makefile
    grep -c 'eval.*@))$' Makefile | grep -qx 2 || fail "the test is wrong: $(cat Makefile)"
    check_two_recipes_killed
}

check_two_recipes_killed() {
    for dep in dep annotated; do
        for mode in fsync deferred; do
            rm -f ready t dep annotated
            start_make DEP=$dep SETTLE_MODE=$mode HOLD=1
            kill_half t DEP=$dep SETTLE_MODE=$mode
            printf 'half\nfull\n' | cmp - t || fail "$dep, $mode: t is not whole: $(cat t)"
        done
    done
}

test_killed_between_two_recipes_of_which_one_is_from_the_command_line() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: t
t: private SETTLE = $@
dep:
	@: $(if $(HOLD),; echo $$$$ >recipe; touch ready; exec sleep 100)
	@touch $@
EOF
    set -- --eval='t:: ; @echo half >$@' --eval='t:: | dep ; @echo full >>$@'
    start_make "$@" HOLD=1 all
    kill_half t "$@" all
    printf 'half\nfull\n' | cmp - t || fail "t is not whole: $(cat t)"
}

# make starts the second line of "b" while it waits for the $(shell) in a's SETTLE.
test_killed_in_a_line_that_another_s_settle_has_started() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: a b c
b: private SETTLE = $@
b:
	@until test -e going; do sleep 0.05; done
	@echo half >$@; $(if $(HOLD),echo $$$$ >recipe; exec sleep 100,:)
	@$(if $(HOLD),,echo full >>$@)
a: private SETTLE = $(shell touch going; sleep 1)$@
a: w ; @echo a >$@
w: ; @sleep 0.1
c: a ; @until test -e recipe; do sleep 0.05; done; sleep 0.1; touch ready
EOF
    start_make -j3 HOLD=1
    kill_half b -j3
    printf 'half\nfull\n' | cmp - b || fail "b is not whole: $(cat b)"
    rm -f going a b
    make_works -j3 SETTLE_VERBOSE=1
    test "$(grep -c '^settle: b: ' out)" = 3 || fail "a line of b is not settled: $(cat out)"
}

# An error in one target's settings ends make, which then can't start the second line of the other.
test_ended_by_an_error_in_a_setting() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: b a
b: private SETTLE = b
b:
	@until test -e going; do sleep 0.05; done; sleep 0.1; echo half >$@
	@echo full >>$@
a: private SETTLE = a
a: private SETTLE_MODE = $(MODE)
a: w ; @echo a >$@
w: ; @touch going
EOF
    for mode in fsink writeback; do
        rm -f going
        case $mode in
            fsink) make_fails -j2 MODE=$mode ;;
            *) make_works -j2 MODE=$mode ;;
        esac
    done
    printf 'half\nfull\n' | cmp - b || fail "b is not whole: $(cat b)"
    no_marks
}

# Members of an archive have the same "$@".
test_members_of_an_archive_started_by_an_exported_variable() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: lib.a(y) lib.a(x)
$(foreach v,A B C D E F G H,$(eval export $v = $$(if $$(filter x,$$%),$$(if $$(wildcard going),,$$(shell touch going; sleep 0.6)))))
lib.a(y) lib.a(x): private SETTLE = $%
lib.a(y):
	@until test -e going; do sleep 0.05; done
	@echo y >y
lib.a(x): w
	@echo x >x
w: ; @sleep 0.2
.PHONY: w
EOF
    make_works -j3 SETTLE_VERBOSE=1
    grep -q '^settle: x: ' out || fail "x is not settled: $(cat out)"
    grep -q '^settle: y: ' out || fail "y is not settled: $(cat out)"
    no_marks
}

# make ends while it expands SETTLE for the second line.
test_ended_between_lines_by_an_error() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: t u
error = $(error no)
waits = $(shell touch going; until test -e ended; do sleep 0.05; done; sleep 0.2)
t: private SETTLE = $(if $(wildcard t),$($(MEANWHILE)))$@
t:
	@echo half >$@
	@echo full >>$@
u: ; @$(U)
EOF
    make_fails t MEANWHILE=error
    test "$(cat t)" = half
    test "$(marks)" = 't ' || fail "no mark: $(cat out)"
    make_works t
    test "$(tail -n 1 t)" = full || fail "t is not whole: $(cat t)"
    no_marks
    rm t
    # the other target fails meanwhile
    make_fails -j2 MEANWHILE=waits U='until test -e going; do sleep 0.05; done; touch ended; exit 1'
    test "$(cat t)" = half
    test "$(marks)" = 't ' || fail "no mark, though another has failed: $(cat out)"
    make_works -j2
    test "$(tail -n 1 t)" = full || fail "t is not whole: $(cat t)"
    no_marks
}

# "b" is among a's files as well, and a's recipe ends while b's runs: that is not the end of b's.
check_shared() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: a b d
a: private SETTLE = a b
b: private SETTLE = b $(OTHER)
c d: private SETTLE = $@
a: now ; @until grep -q half b; do sleep 0.01; done; echo a >$@
b: now ; @echo half >$@; $(if $(HOLD),sleep 100,:); echo full >>$@
c: a ; @echo c >$@
d: c ; @$(if $(HOLD),touch ready; sleep 100,echo d >$@)
EOF
    rm -f ready
    touch now
    start_make -j4 HOLD=1 "$@"
    await ready
    case $(marks) in *b*) ;; *) fail "b is not marked: $(marks)" ;; esac
    kill -s KILL "$make"
    await_end "$make"
    make_works -j4 "$@"
    grep -q '^settle: b: its recipe was cut short; removed' out || fail "not told: $(cat out)"
    test "$(tail -n 1 b)" = full || fail "b: $(cat b)"
    no_marks
}

test_a_file_of_two_recipes() {
    check_shared
    sleep 0.1
    echo old >a  # which are there already, the other time
    echo old >b
    sleep 0.1
    check_shared
}

test_a_file_of_two_recipes_that_have_the_same_files() {
    check_shared OTHER=a
    check_shared OTHER=a SETTLE_MODE=deferred SETTLE_BATCH_FILES=1
}

# The time of a mark with "!" says how its line has ended; a recipe that sets all times says nothing.
test_recipes_that_set_the_times_of_marks() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: output other
output other: private SETTLE = $@
output: ; @echo half >$@; touch -h -d @1 .settle/*; $(if $(HOLD),exit 137,echo full >>$@)
other: ; @echo other >$@
EOF
    make_fails -k HOLD=1
    test "$(cat output)" = half
    make_works
    grep -q '^settle: output: its recipe was cut short; removed' out || fail "not told: $(cat out)"
    test "$(tail -n 1 output)" = full || fail "output: $(cat output)"
    no_marks
}

# The next make comes at once: it waits for the recipe of the dead one, which the kernel tells to end.
test_the_next_make_waits_for_the_recipe_of_a_dead_one() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@$(if $(HOLD),trap 'sleep 1; echo late >$@; exit 1' TERM; echo half >$@; touch ready; sleep 100 & wait,echo good >$@)
EOF
    start_make HOLD=1
    await ready
    kill -s KILL "$make"
    make_works
    sleep 1
    test "$(cat output)" = good || fail "output: $(cat output)"
    grep -q 'output: its recipe was cut short; removed' out || fail "not told: $(cat out)"
    no_marks
}

test_dry_runs_tell_and_touch_nothing() {
    cut_short echo_make
    cp -a cut .settle ..
    at_exit "rm -rf '$PWD/../cut' '$PWD/../.settle'"
    before=$(marks)
    make_works -n
    grep -q '^settle: cut: its recipe was cut short; would be removed and made again$' out ||
        fail "not told: $(cat out)"
    grep -q 'making cut' out || fail "not taken for out of date: $(cat out)"
    ! grep -q 'making whole' out || fail "whole is taken for out of date: $(cat out)"
    run mk -q
    test $status = 1 || fail "-q: status $status"
    run mk -q whole
    test $status = 0 || fail "-q whole: status $status"
    test "$(cat cut)" = half || fail "cut was touched"
    test "$(marks)" = "$before" || fail "marks were touched"
    expect_made_again
}

test_dry_runs_take_names_beyond_ascii_for_out_of_date() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
grün: private SETTLE = $@
grün:
	@echo half >$@; $(if $(HOLD),echo $$$$ >recipe; touch ready; exec sleep 100)
EOF
    start_make HOLD=1
    await ready
    kill -s KILL "$make" "$(cat recipe)" 2>/dev/null || :  # the latter may end of make's death
    await_end "$make"
    run mk -q
    test $status = 1 || fail "-q: status $status"
    make_works -n
    grep -q '^echo half >grün' out || fail "not made: $(cat out)"
}

# The plugin is loaded before make knows a goal.
test_dry_runs_keep_the_default_goal() {
    cut_short echo_make
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: cut second
cut second:
	echo making $@
EOF
    make_works -n
    grep -q 'making second' out || fail "another goal: $(cat out)"
    make_works -n SETTLE_DIR=.other
    printf 'SETTLE_DIR = .settle\n' >>Makefile
    make_works -n SETTLE_DIR=
    sed -i 's/^SETTLE_DIR.*//; s/^load.*/&\nSETTLE_DIR = .late/' Makefile
    mv .settle .late
    make_works -n
    grep -q 'cut: its recipe was cut short' out || fail "not told: $(cat out)"
}

# What make was called with is not in MAKEFLAGS while a makefile is read that has set it.
test_dry_runs_of_a_makefile_that_sets_makeflags() {
    cut_short echo_make
    before=$(marks)
    sed '/^load/d' Makefile >rest
    for flags in --warn-undefined-variables -rR; do
        { echo "MAKEFLAGS := $flags"; echo 'load $(PLUGIN)'; cat rest; } >Makefile
        for option in -n -q -t -kn --just-print; do
            run mk $option whole
            grep -q '^settle: cut: its recipe was cut short; would be removed and made again$' out ||
                fail "$flags, $option: not told: $(cat out)"
            test "$(cat cut)" = half || fail "$flags, $option: cut was touched"
            test "$(marks)" = "$before" || fail "$flags, $option: marks were touched"
        done
    done
    mkdir nqt
    make_works -Inqt whole -j2 nqt=1
    grep -q '^settle: cut: its recipe was cut short; removed' out || fail "taken for a dry run: $(cat out)"
}

# make remakes these also in a dry run, and starts anew: what else was cut short is out of date then as well.
test_dry_runs_where_a_makefile_was_cut_short_end() {
    need timeout coreutils
    cut_short echo_make
    machine=$(readlink .settle/* | cut -d . -f 1)
    rm -r .settle
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: other ; @echo all
gen.mk src other: private SETTLE = $@
gen.mk: src ; @echo '# gen' >gen.mk
src: ; @test -e src
other: ; @echo making other
include gen.mk
EOF
    for cut in gen.mk src; do
        for option in -n -q -t; do
            touch src gen.mk other
            mkdir .settle
            ln -s "$(dead_maker)" .settle/other@1.1
            ln -s "$(dead_maker)" .settle/$cut@1.1
            sleep 0.1
            status=0
            timeout 20 env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" --no-print-directory $option >out 2>&1 || status=$?
            test $status -lt 2 || fail "$cut, $option: status $status: $(head -n 20 out)"
            test $cut = src || test $option != -n || grep -q 'making other' out ||
                fail "not out of date: $(cat out)"
            test $cut = src || test $option != -q || test $status = 1 || fail "-q: $(cat out)"
            test "$(marks)" = "$(printf '%s\n' $cut other | sort | tr '\n' ' ')" || fail "marks: $(marks)"
            rm -r .settle
        done
    done
}

# What a make of an older boot of this host has in its marks.
dead_maker() {
    printf '%s.00000001.1.1.1\n' "$machine"
}

test_keep() {
    cut_short echo_make
    make_works SETTLE_RECOVER=keep
    grep -q '^settle: cut: its recipe was cut short; kept (SETTLE_RECOVER)$' out ||
        fail "not told: $(cat out)"
    test "$(cat cut)" = half || fail "cut was touched"
    make_fails SETTLE_RECOVER=perhaps
    grep -q "SETTLE_RECOVER: 'perhaps' is not keep, or empty" out || fail "$(cat out)"
    expect_made_again
}

test_what_cannot_be_removed_is_fatal() {
    echo 'load $(PLUGIN)' >Makefile
    echo 'all:;@echo made' >>Makefile
    mkdir .settle
    ln -s 00000001.00000001.1.1.1 .settle/%2fproc%2fversion@1.1
    skip_unless_local
    make_fails
    grep -q 'settle: /proc/version: its recipe was cut short, and it can.t be removed, or its mark .*: ' out ||
        fail "$(cat out)"
    ! grep -q '^made' out || fail "make went on"
}

# What the mark of another boot means depends on who can have mounted the file system.
skip_unless_local() {
    echo probe >probe
    ln -s 00000001.00000001.1.1.1 .settle/probe@1.1
    "$BUILD/plugin/settle" --status >status
    rm .settle/probe@1.1
    ! grep -q '^probe: .* on another host' status || skip "needs a file system of this host alone"
}

test_mark_of_an_older_boot() {
    cut_short echo_make
    machine=$(readlink .settle/* | cut -d . -f 1)
    rm .settle/*
    ln -s "$machine.00000001.1.1.1" .settle/cut@1.1
    expect_made_again
}

test_a_live_make_is_left_alone() {
    cut_makefile
    printf 'second:\n\t@echo second >$@\n' >>Makefile
    start_make HOLD=1
    await ready
    make_works second
    expect out </dev/null
    "$BUILD/plugin/settle" --recover >out 2>&1 || fail "$(cat out)"
    expect out </dev/null
    test "$(marks)" = 'cut ' || fail "other marks: $(marks)"
    "$BUILD/plugin/settle" --status >out
    grep -q "^cut: its recipe was begun [0-9]* s ago; marked by process $make, which runs\$" out ||
        fail "status: $(cat out)"
    test "$(cat cut)" = half || fail "cut was touched"
    kill -s TERM "$make"
    wait "$make" || :
    no_marks .settle/@lock
}

test_status_and_recover() {
    cut_short echo_make
    "$BUILD/plugin/settle" --status >out
    grep -q "^cut: its recipe was begun [0-9]* s ago; marked by process $make, which is gone: not to be trusted\$" \
        out || fail "status: $(cat out)"
    test "$(cat cut)" = half || fail "--status touched it"
    mkdir elsewhere
    for name in "$PWD" .. ../; do
        ( cd elsewhere && "$BUILD/plugin/settle" --status "$name" >../out )
        grep -q "^${name%/}/cut: its recipe was begun" out || fail "status $name: $(cat out)"
    done
    (cd elsewhere && "$BUILD/plugin/settle" --recover .. >../out 2>&1)
    expect out <<'EOF'
settle: ../cut: its recipe was cut short; removed, will be made again
EOF
    test ! -e cut || fail "cut is there"
    no_marks
    "$BUILD/plugin/settle" --status >out
    expect out </dev/null
    ! "$BUILD/plugin/settle" --status nowhere >out 2>&1 || fail "no such folder, and no failure"
}

test_directories_are_never_removed() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder: private SETTLE = $@ $@/
folder: Makefile
	@echo making $^; mkdir -p $@; echo x >$@/x; $(if $(KILL),$(KILL);) touch $@
EOF
    make_fails KILL='kill -s KILL $$PPID'
    mkdir -p folder
    echo mine >folder/mine
    make_works
    test "$(cat folder/mine)" = mine || fail "the folder was removed"
    grep -q '^settle: folder: its recipe was cut short; a directory, not removed' out ||
        fail "not told: $(cat out)"
    grep -q '^making Makefile settle-cut-short$' out || fail "not made again, or with other prerequisites: $(cat out)"
    no_marks
    make_works
    ! grep -q settle: out || fail "told again: $(cat out)"
}

# Its time says nothing where it has no prerequisites.
test_a_directory_without_prerequisites_is_made_again() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder: private SETTLE = $@ $@/
folder:
	@echo making $@; mkdir -p $@; $(if $(KILL),$(KILL);) touch $@
nothing: ; @:
EOF
    make_fails KILL='kill -s KILL $$PPID'
    mkdir -p folder
    "$BUILD/plugin/settle" --status >out
    ! grep -q = out || fail "status: $(cat out)"
    ! "$BUILD/plugin/settle" --recover >out 2>&1 || fail "it is still there: $(cat out)"
    make_works nothing
    make_works
    grep -q '^making folder$' out || fail "not made again: $(cat out)"
    no_marks
    make_works
    grep -q 'is up to date' out || fail "made once more: $(cat out)"
}

# All below it is what the recipe makes, the target included.
test_a_target_below_a_directory_that_is_settled_is_cut_short() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
stage/stamp: private SETTLE = stage/
stage/stamp:
	@echo making $@; mkdir -p stage; echo half >$@; $(if $(KILL),$(KILL);) echo whole >$@
EOF
    make_fails KILL='kill -s KILL $$PPID'
    echo half >stage/stamp
    make_works
    grep -q '^settle: stage/stamp: its recipe was cut short; removed' out || fail "not removed: $(cat out)"
    test "$(cat stage/stamp)" = whole || fail "up to date: $(cat out)"
    no_marks
    make_works
    grep -q 'is up to date' out || fail "made once more: $(cat out)"
}

# Marks there have absolute names, which the makefile's need not be.
test_marks_in_an_absolute_directory_make_relative_targets_out_of_date() {
    cat >Makefile <<'EOF'
SETTLE_DIR = $(CURDIR)/marks
load $(PLUGIN)
all: stage obj/file
stage obj/file: private SETTLE = $@
stage:
	@echo making $@; mkdir -p $@; $(if $(KILL),$(KILL);) touch $@
obj/file:
	@echo making $@; mkdir -p obj; echo half >$@; $(if $(KILL),$(KILL);) echo whole >$@
EOF
    for target in stage obj/file; do
        make_fails KILL='kill -s KILL $$PPID' $target
        mkdir -p stage
        make_works -n $target
        grep -q "making $target" out || fail "up to date in a dry run: $(cat out)"
        make_works $target
        grep -q "^making $target\$" out || fail "up to date: $(cat out)"
        make_works $target
        grep -q 'is up to date' out || fail "made once more: $(cat out)"
    done
}

# The make that finds a directory cut short need not be the one that makes it again.
test_a_directory_cut_short_in_a_nested_make() {
    mkdir sub
    echo 'all: ; @$(MAKE) --no-print-directory -C sub' >rules.mk
    { echo 'load $(PLUGIN)'; cat rules.mk; } >Makefile
    cat >sub/Makefile <<'EOF'
load $(PLUGIN)
stage: private SETTLE = $@/
stage: $(SOURCE)
	@echo making $@; mkdir -p $@; echo half >$@/x; $(if $(KILL),$(KILL);) echo whole >$@/y
source: ; @touch $@
EOF
    export SETTLE_DIR="$PWD/.settle"
    for source in '' source; do
        rm -rf sub/stage
        make_fails SOURCE=$source KILL='kill -s KILL $$PPID'
        mkdir -p sub/stage
        make_works SOURCE=$source
        grep -q '^making stage$' out || fail "up to date: $(cat out)"
        no_marks
        make_works SOURCE=$source
        ! grep -q 'making\|cut short' out || fail "made once more: $(cat out)"
    done
}

test_a_directory_whose_name_make_code_can_not_carry() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
my\ stage a,b~c&d'^: private SETTLE = $@
my\ stage a,b~c&d'^:
	@echo making; mkdir "$@"; $(if $(KILL),$(KILL);) touch "$@"
EOF
    make_fails KILL='kill -s KILL $$PPID' 'my stage'
    for _ in 1 2; do
        make_fails 'my stage'
        grep -q '\*\*\* settle: my stage: make can.t be told to make it again: remove it' out || fail "$(cat out)"
        test -d 'my stage' || fail "it was removed"
    done
    rmdir 'my stage'
    make_works 'my stage'
    make_fails KILL='kill -s KILL $$PPID' "a,b~c&d'^"
    rmdir "a,b~c&d'^"
    mkdir "a,b~c&d'^"
    make_works -n "a,b~c&d'^"
    grep -q 'echo making' out || fail "up to date: $(cat out)"
}

# The make that finds it cut short may make something else.
test_a_directory_is_out_of_date_until_its_recipe_has_run() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
stage: private SETTLE = $@ $@/
stage:
	@echo making $@; mkdir -p $@; $(if $(KILL),$(KILL);) touch $@
other: ; @touch $@
EOF
    make_fails KILL='kill -s KILL $$PPID'
    mkdir -p stage
    for _ in 1 2; do
        make_works other
        grep -q '^settle: stage: its recipe was cut short' out || fail "not told: $(cat out)"
    done
    make_works
    grep -q '^making stage$' out || fail "not made again: $(cat out)"
    no_marks
    make_works
    grep -q 'is up to date' out || fail "made once more: $(cat out)"
}

# Starts make, its output in the file log, in a session of its own where it can be interrupted as by a terminal,
# which a shell's background jobs can't.
start_session() {
    need setsid util-linux
    env --default-signal=INT true 2>/dev/null || skip "needs an env with --default-signal (coreutils 8.31)"
    # shellcheck disable=SC2086
    ( exec setsid env --default-signal=INT ${PRELOAD:+LD_PRELOAD="$PRELOAD"} \
        "$MAKE" --no-print-directory "$@" >log 2>&1 ) &
    make=$!
    at_exit "kill -s KILL -- -$make 2>/dev/null || :"
}

# Nothing is told, and FILE is as it was.
expect_left_alone() {
    ! grep -q settle: out || fail "told: $(cat out)"
    cmp "$1" kept || fail "$1 is not as it was: $(cat "$1" 2>&1)"
    no_marks
}

test_a_script_that_its_phony_target_only_runs_stays() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
all: private SETTLE =
all: ; @echo all
.PHONY: all script
script: ; @sh ./$@
EOF
    echo 'echo $$ >recipe; touch ready; exec sleep 100' >script
    cp script kept
    for signal in KILL INT; do
        rm -f ready recipe
        start_session script
        await ready
        test "$(marks)" = 'script ' || fail "$signal: not marked: $(marks)"
        if test $signal = KILL; then
            kill -s KILL "$make"
        else
            kill -s INT -- "-$make"
        fi
        wait "$make" || :
        await_end "$(cat recipe)"
        cmp script kept || fail "$signal: script is gone before the next make: $(cat log)"
        make_works -n
        cmp script kept || fail "$signal: make -n: script is gone"
        make_works
        expect_left_alone script
    done
}

# Of "program/fast", say, as CMake has it, and of what no file can be named like.
test_a_phony_target_beside_a_file() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
long := $(subst x,0123456789,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)
all: program/fast $(long)
program/fast: private SETTLE = $@
program/fast: ; @echo >program
$(long): private SETTLE = $@
$(long): ; @echo made >>made
EOF
    for mode in fsync deferred writeback; do
        make_works SETTLE_MODE=$mode
        no_marks
        make_works SETTLE_MODE=$mode SETTLE_DIR="$PWD/marks"
        no_marks marks
    done
}

# Of a terminal pattern rule no target has two recipes: the marks of those that are over go at once.
test_a_terminal_pattern_rule() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder = made
a slow: private SETTLE = $@
slow: a ; @ls .settle >$@
a: ; @echo >$@
$(folder)/%:: source/%_shipped ; cp $< $@
EOF
    make_works slow
    test "$(wc -l <slow)" = 1 || fail "$(cat slow)"
    no_marks
}

test_a_recipe_whose_shell_is_not_there_loses_nothing() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all:
x: private SETTLE = $@
x: newer
	@echo new >$@
EOF
    echo old >x
    cp x kept
    sleep 0.1
    touch newer
    make_fails x SHELL=/nosuch
    grep -q 'x\] Error 127' out || fail "another failure: $(cat out)"
    cmp x kept || fail "make itself has removed it: $(cat out)"
    no_marks
    make_works
    expect_left_alone x
    test "$(stat -c %Y x)" -gt 1000 || fail "made old, though nothing has run"
    make_works x
    test "$(cat x)" = new || fail "not made: $(cat x)"
    no_marks
}

test_a_file_of_before_that_was_rewritten_goes() {
    echo old >./cut
    sleep 0.1
    cut_short echo_make
    expect_made_again
}

# What a recipe appends to, and had not come to: what it has of before can't be made again.
test_a_file_that_its_recipe_had_not_come_to_stays() {
    cat >Makefile <<'EOF'
late := $(if $(LATE),$(shell sleep 0.1))
load $(PLUGIN)
.PRECIOUS: x
all:
x: private SETTLE = $@ history
x:
	@echo half >$@; echo $$$$ >recipe; touch ready; $(HOLD)
	@echo more >>history
	@echo end >>$@; $(KILL)
EOF
    echo before >history
    cp history kept
    sleep 0.1
    start_make x HOLD='exec sleep 100'
    await ready
    at_exit "kill -s KILL $(cat recipe) 2>/dev/null || :"
    test "$(marks)" = 'history x ' || fail "not marked: $(marks)"
    kill -s KILL "$make"
    wait "$make" || :
    await_end "$(cat recipe)"
    make_works
    grep settle: out >told
    expect told <<'EOF'
settle: x: its recipe was cut short; removed, will be made again
EOF
    test ! -e x || fail "x is there"
    cmp history kept || fail "history is not as it was"
    no_marks
    # nor the next time, where the make that is killed has itself found it so
    for _ in 1 2; do
        rm -f ready
        start_make x HOLD='exec sleep 100' LATE=yes
        await ready
        at_exit "kill -s KILL $(cat recipe) 2>/dev/null || :"
        kill -s KILL "$make"
        wait "$make" || :
        await_end "$(cat recipe)"
    done
    make_works
    cmp history kept || fail "history is not as it was: $(cat out)"
    no_marks
    # and where an earlier line had come to it
    make_fails x KILL='kill -s KILL $$PPID'
    grep -q more history || fail "history: $(cat history)"
    make_works
    grep settle: out | sort >told
    expect told <<'EOF'
settle: history: its recipe was cut short; removed, will be made again
settle: x: its recipe was cut short; removed, will be made again
EOF
    no_marks
}

test_failed_recipes() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@echo half >$@; exit $(STATUS)
EOF
    make_fails STATUS=1
    no_marks
    # as a shell tells of a command that a signal, say the OOM killer's, has ended
    rm output
    make_fails STATUS=137
    test "$(marks)" = 'output ' || fail "no mark: $(marks)"
    make_works STATUS=0
    grep -q 'output: its recipe was cut short; removed' out || fail "not told: $(cat out)"
    no_marks
}

test_a_recipe_whose_settling_failed_keeps_its_mark() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    cat >Makefile <<'EOF'
load $(PLUGIN)
mnt/output: private SETTLE = $@
mnt/output:
	@echo text >$@
EOF
    make_fails
    test "$(marks)" = 'mnt%2foutput ' || fail "other marks: $(marks): $(cat out)"
}

test_interrupted_between_lines() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
.PRECIOUS: output
output: private SETTLE = $@
output:
	@echo half >$@; trap 'exit 0' QUIT TERM; touch ready; while :; do sleep 0.1; done
	@echo end >>$@
EOF
    need setsid util-linux
    env --default-signal=QUIT true 2>/dev/null || skip "needs an env with --default-signal (coreutils 8.31)"
    for signal in QUIT TERM; do
        rm -f ready output
        # shellcheck disable=SC2086 # a shell's background jobs ignore QUIT
        ( exec setsid env --default-signal=QUIT ${PRELOAD:+LD_PRELOAD="$PRELOAD"} \
            "$MAKE" --no-print-directory >log 2>&1 ) &
        make=$!
        at_exit "kill -s KILL -- -$make 2>/dev/null || :"
        await ready
        kill -s $signal -- "-$make"
        wait "$make" || :
        test "$(marks)" = 'output ' || fail "$signal: no mark, though a line was not run: $(cat log)"
        ! grep -q end output || fail "the second line has run"
        rm -rf .settle
    done
}

test_an_included_makefile_made_by_an_annotated_recipe() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
all: private SETTLE =
all: ; @echo $(X)
include made.mk
made.mk: Makefile
	@echo run >>runs; echo 'X = made' >$@
EOF
    for mode in fsync deferred; do
        rm -f made.mk runs
        make_works SETTLE_MODE=$mode
        expect runs <<'EOF'
run
EOF
        grep -qx made out || fail "$(cat out)"
        no_marks
    done
}

test_marks_removed_by_the_recipe() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/output: private SETTLE = $@
folder/output:
	@rm -rf .settle; echo text >$@
EOF
    make_works
    no_marks
    rm folder/output
    TRACE=fsync,fdatasync,syncfs traced trace -y "$MAKE" --no-print-directory SETTLE_MODE=deferred >out 2>&1 ||
        fail "$(cat out)"
    grep -q 'fsync(.*/folder/output>' trace || fail "nobody has made it durable: $(cat trace)"
}

# What is finished and waits for a batch is to be made durable all the same.
makes_all_durable() {
    TRACE=fsync,fdatasync,syncfs traced trace -y "$MAKE" --no-print-directory "$@" >out 2>&1 || fail "$*: $(cat out)"
    for file in *.o; do
        grep -q "fsync(.*/$file>" trace || fail "$*: $file is not durable: $(cat trace)"
    done
    no_marks
}

removing_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
SETTLE_BATCH_FILES = 4
MAKEFLAGS += -r
all: a.o removes.o
a.o removes.o b.o: private SETTLE = $@
a.o b.o: ; @echo $@ >$@
removes.o: ; @rm -rf .settle; echo $@ >$@
EOF
}

# By the batch of the job that comes next, whose failure is told of also where it is ignored.
test_marks_removed_by_another_recipe() {
    removing_makefile
    cat >>Makefile <<'EOF'
all: b.o c.o
c.o: private SETTLE = $@
c.o: ; $(ignored)@echo $@ >$@
	@echo more >>$@
EOF
    makes_all_durable
    rm ./*.o
    makes_all_durable a.o b.o removes.o  # whose own job has the batch
    rm ./*.o
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    sed -i 's!^all: a.o!all: mnt/a.o!; s!^a.o removes.o b.o:!mnt/a.o removes.o b.o:!; s!^a.o b.o:!mnt/a.o b.o:!' Makefile
    make_fails ignored=-
    grep -q 'settle: mnt/a.o: Input/output error; .*removed, will be made again' out || fail "$(cat out)"
    grep -q 'settle: mnt/a.o and 1 more, of finished targets: not known to be durable' out || fail "$(cat out)"
    case " $(marks)" in *' b.o '*) ;; *) fail "no mark of the other one: $(marks)" ;; esac
}

# The second recipe of a target has the batch.
test_marks_removed_before_a_second_recipe_of_a_target() {
    removing_makefile
    cat >>Makefile <<'EOF'
all: c.o
c.o: SETTLE = $@
c.o:: ; @echo $@ >$@
c.o:: b.o ; @echo $@ >>$@
EOF
    makes_all_durable
}

# At make's end, where make does not yet know that the recipe of first.o is over.
test_marks_removed_at_the_end() {
    removing_makefile
    cat >>Makefile <<'EOF'
first.o last.o: private SETTLE = $@
first.o: ; @until test -e began; do sleep 0.02; done; echo $$PPID >pid; echo $@ >$@
last.o:
	@touch began; until test -s pid; do sleep 0.02; done; \
	    while kill -s 0 "$$(cat pid)" 2>/dev/null; do sleep 0.02; done; rm -rf .settle; echo $@ >$@
EOF
    makes_all_durable -j2 first.o last.o
}

# Which had been waiting for the other recipe's end.
test_marks_removed_and_a_shared_file() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: removes other last
removes other: private SETTLE = $@ shared.o
removes: ; @rm -rf .settle; touch $@
other: ; @echo $@ >shared.o; touch $@
last: private SETTLE = $@
last: ; @touch $@
EOF
    for mode in fsync deferred; do
        rm -f shared.o removes other last
        makes_all_durable SETTLE_MODE=$mode
    done
}

test_another_folder_for_some_targets_is_fatal() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: a b
a b: private SETTLE = $@
b: SETTLE_DIR = .other
a b:; @touch $@
EOF
    make_fails
    grep -q 'SETTLE_DIR: .other: another folder than for the targets before' out || fail "$(cat out)"
}

# Two recipes that share a file, and an archive's members, are told apart.
test_a_shared_file_is_marked_while_one_of_its_recipes_runs() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: quick slow third
quick slow: private SETTLE = shared
quick:
	@echo 1 >>shared
slow:
	@touch began; until test -e third; do sleep 0.05; done; ls .settle >seen; echo 2 >>shared
third: private SETTLE = $@
third: quick
	@until test -e began; do sleep 0.05; done; touch $@
EOF
    make_works -j3
    grep -q '^shared@' seen || fail "not marked while a recipe with it runs: $(cat seen)"
    no_marks
}

exported_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
export NAME = $(shell sleep 0.02; echo $@)
SETTLE = $@
all: private SETTLE =
all: $(addprefix t,1 2 3 4 5 6 7 8)
t%:
	@echo $$NAME >$@
	@sleep 0.03; echo $$NAME >>$@
	@sleep 0.01; echo $$NAME >>$@
EOF
}

test_exported_variables_that_start_other_lines() {
    exported_makefile
    make_works -j4
    no_marks
    test "$(cat t? | wc -l)" = 24 || fail "$(cat t?)"
}

# The process that makes, in a trace.
trace_deferred() {
    TRACE=execve,fsync,fdatasync,syncfs traced trace -y "$MAKE" --no-print-directory \
        SETTLE_MODE=deferred "$@" >out 2>&1 || fail "$(cat out)"
    traced_make=$(sed -n 's/^\([0-9]*\) .*/\1/p;q' trace)
}

# The processes that synced files in "folder" (or the whole of a file system), "make" or "job", one a line.
syncers() {
    grep -e 'f[a-z]*sync([0-9]*<.*/folder/' -e 'syncfs(' trace | grep -v '/\.settle>' |
        awk -v make="$traced_make" '{ print $1 == make ? "make" : "job" }' | uniq
}

deferred_makefile() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
targets = $(addprefix folder/t,1 2 3 4 5 6)
all: $(targets)
$(targets): private SETTLE = $@
$(targets):
	@echo $@ >$@
EOF
}

test_deferred_makes_durable_at_the_end() {
    deferred_makefile
    trace_deferred
    syncers >got
    expect got <<'EOF'
make
EOF
    no_marks
}

test_deferred_makes_batches_in_jobs() {
    deferred_makefile
    trace_deferred SETTLE_BATCH_FILES=4
    syncers >got
    expect got <<'EOF'
job
make
EOF
    no_marks
}

# The job whose turn it is doesn't end before the batch is done.
test_deferred_batch_while_the_recipe_runs() {
    deferred_makefile
    cat >>Makefile <<'EOF'
all: waiting
waiting: private SETTLE = $@
waiting: $(targets)
	@for i in $$(seq 100); do find .settle -name '*folder*' | grep -q . || break; sleep 0.1; done; \
	find .settle -name '*folder*' >$@
EOF
    make_works SETTLE_MODE=deferred SETTLE_BATCH_FILES=12
    test ! -s waiting || fail "not durable: $(cat waiting)"
    no_marks
}

# The job whose turn it is fails: the batch is made durable all the same.
test_deferred_batch_in_a_failing_job() {
    deferred_makefile
    cat >>Makefile <<'EOF'
all: failing
failing: private SETTLE = $@
failing: $(targets)
	@exit 1
EOF
    make_fails SETTLE_MODE=deferred SETTLE_BATCH_FILES=12
    no_marks
}

# A compiler that crashes, run without a shell: what the batch has of other targets is durable all the same.
test_deferred_batch_in_a_job_that_dies() {
    deferred_makefile
    cat >>Makefile <<'EOF'
all: failing
failing: private SETTLE = $@
failing: $(targets)
	@./crash
EOF
    printf '#!/bin/sh\nkill -s SEGV $$\n' >crash
    chmod 755 crash
    make_fails SETTLE_MODE=deferred SETTLE_BATCH_FILES=12
    grep -q 'Segmentation fault' out || fail "$(cat out)"
    "$BUILD/plugin/settle" --status >marks
    ! grep -v '^failing: ' marks || fail "a mark is left"
    rm crash
    make_fails SETTLE_MODE=deferred SETTLE_BATCH_FILES=12
    ! grep 'removed, will be made again' out || fail "something is made again"
}

test_deferred_loses_what_was_pending_when_make_is_killed() {
    cut_makefile
    start_make HOLD=1 SETTLE_MODE=deferred
    await ready
    "$BUILD/plugin/settle" --status >out
    grep -q '^whole: not yet durable, its recipe has ended [0-9]* s ago; marked by process ' out || fail "status: $(cat out)"
    kill -s KILL "$make"
    wait "$make" || :
    make_works SETTLE_MODE=deferred
    sort out >sorted
    expect sorted <<'EOF'
making cut
making whole
settle: cut: its recipe was cut short; removed, will be made again
settle: whole: not yet durable, or its recipe was cut short; removed, will be made again
EOF
    no_marks
}

errors_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
all: mnt/first second
mnt/first second: private SETTLE = $@
mnt/first second:
	@echo $@ >$@
second: mnt/first
EOF
}

test_deferred_error_at_the_end() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    errors_makefile
    make_fails
    grep -q 'settle: mnt/first: Input/output error;.* removed, will be made again' out || fail "$(cat out)"
    test ! -e mnt/first || fail "taken for up to date by the next make"
    test -n "$(marks)" || fail "no mark is left"
}

test_deferred_error_in_a_job() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    errors_makefile
    make_fails SETTLE_BATCH_FILES=2
    grep -q 'settle: mnt/first: Input/output error;.* removed, will be made again' out || fail "$(cat out)"
    grep -q 'second\] Error 125' out || fail "the job has not failed: $(cat out)"
    test ! -e mnt/first || fail "taken for up to date by the next make"
}

test_a_folder_that_is_none() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@touch $@
EOF
    touch .settle
    make_fails
    grep -q '\*\*\* settle: SETTLE_DIR: .settle: Not a directory' out || fail "$(cat out)"
    make_fails SETTLE_DIR=build/.settle
    grep -q 'SETTLE_DIR: build/.settle: No such file or directory; the folder above it must be there' out ||
        fail "$(cat out)"
    test ! -e output || fail "the recipe has run"
}

test_a_folder_that_may_not_be_written_to() {
    mkdir folder
    cat >folder/Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@echo the recipe has run
EOF
    chmod 555 folder
    at_exit "chmod 755 '$PWD/folder'"
    chmod 755 .
    set -- "$MAKE" --no-print-directory -C folder
    if test "$(id -u)" = 0; then
        need setpriv util-linux
        set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
        setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$BUILD/plugin/settle-sh" ||
            skip "needs a build tree that others may read"
    fi
    ! env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$@" >out 2>&1 || fail "no failure: $(cat out)"
    grep -q 'SETTLE_DIR: .settle: Permission denied; an empty SETTLE_DIR does without marks' out || fail "$(cat out)"
    ! grep -q 'has run' out || fail "the recipe has run"
}

# make's exec after it has remade a makefile forgets the recipes: each mark has to speak for itself.
test_all_files_of_a_makefile_s_recipe() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: ; @echo $(X)
config.mk: private SETTLE = config.mk config.h
config.mk: source ; @echo whole >config.h; echo 'X = 1' >config.mk
include config.mk
EOF
    touch source
    for mode in fsync deferred; do
        rm -f config.mk
        make_works SETTLE_MODE=$mode
        expect out <<'EOF'
1
EOF
        no_marks
    done
}

test_a_file_written_through_a_link() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
libx.so: source
	@echo half >libx.so; $(if $(HOLD),touch ready; exec sleep 100)
	@echo rest >>libx.so
EOF
    touch source
    echo old >libx.so.1
    ln -s libx.so.1 libx.so
    touch -h -d '1 hour ago' libx.so
    touch -d '1 hour ago' libx.so.1
    sleep 0.1  # another make than the one that has made it
    start_make HOLD=1
    await ready
    kill -s KILL "$make"
    wait "$make" || :
    make_works
    expect out <<'EOF'
settle: libx.so: its recipe was cut short; removed, will be made again
EOF
    printf 'half\nrest\n' | cmp - libx.so.1 || fail "half-made: $(cat libx.so.1)"
    test -L libx.so || fail "the link is gone"
    no_marks
}

# The job that carries a batch fails with it, in the midst of its recipe: its own mark has to stay.
test_a_batch_that_fails_between_lines() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
SETTLE_BATCH_FILES = 2
all: x loop output
x output: private SETTLE = $@
x: ; @echo x >x
loop: ; @rm x; ln -s x x
output: source
	@echo half >output
	@echo rest >>output
EOF
    touch source
    make_fails
    grep -q 'settle: x: Too many levels of symbolic links' out || fail "$(cat out)"
    rm x
    make_works output
    printf 'half\nrest\n' | cmp - output || fail "half-made: $(cat output)"
}

# make starts anew with a makefile that was made, and knows nothing of the jobs before.
test_a_batch_that_fails_before_make_starts_anew() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
SETTLE_BATCH_FILES = 4
all: second.mk ; @echo all done
mnt/a other second.mk: private SETTLE = $@
mnt/a other: ; @echo $@ >$@
second.mk: | mnt/a other
	-@echo first
	@echo V=1 >$@
-include second.mk
EOF
    make_fails
    grep -q 'all done' out || fail "it has not started anew: $(cat out)"
    case "$(marks)" in *second.mk*) ;; *) fail "whose mark is gone may need what was removed: $(marks)" ;; esac
    grep -q '^settle: other: cut short or not made durable, will be made again by the next make' out || fail "$(cat out)"
}

# The next line has the same batch: a second try would find nothing amiss.  make ignores that the line has failed, and must
# not succeed.
test_a_batch_that_has_failed_is_made_again() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
SETTLE_BATCH_FILES = 4
all: mnt/a other second
mnt/a other second: private SETTLE = $@
mnt/a other: ; @echo $@ >$@
second: mnt/a other
	-@echo first
	@echo second >$@
EOF
    make_fails
    grep -q 'settle: mnt/a: Input/output error; .*removed, will be made again' out || fail "$(cat out)"
    grep -q 'settle: mnt/a and 1 more, of finished targets: not known to be durable, will be made again' out || fail "$(cat out)"
    case " $(marks)" in *' other '*) ;; *) fail "the other one's mark is gone: $(marks)" ;; esac
    make_works other
    grep -q 'settle: other: its recipe was cut short; removed' out || fail "not made again: $(cat out)"
    no_marks
}

test_a_recipe_ends_with_its_settle_sh() {
    cut_makefile
    start_make HOLD=1
    await ready
    at_exit "kill -s KILL $(cat recipe) 2>/dev/null || :"
    kill -s KILL "$make" "$(cat shell)" 2>/dev/null || :  # the latter may end of make's death
    wait "$make" || :
    await_end "$(cat recipe)"
    expect_made_again
}

test_a_make_that_hidepid_hides() {
    need_root "to mount /proc, and for another user's make"
    unshare -m true 2>/dev/null || skip "needs leave to mount (CAP_SYS_ADMIN)"
    setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$BUILD/plugin/settle-sh" ||
        skip "needs a build tree that others may read"
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
output:
	@echo half >output; touch ready; sleep 1.5; echo rest >>output
EOF
    chmod 777 .
    unshare -m --propagation private sh -c 'mount -t proc -o hidepid=2 proc /proc || exit 77
        umask 0
        env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" &
        while ! test -e ready; do sleep 0.1; done
        setpriv --reuid=65534 --regid=65534 --clear-groups \
            env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" >second
        wait' || skip "can't mount /proc here"
    printf 'half\nrest\n' | cmp - output || fail "the second make was at it: $(cat second output)"
}

test_a_full_disk() {
    need_root "to mount a small file system"
    unshare -m true 2>/dev/null || skip "needs leave to mount (CAP_SYS_ADMIN)"
    mkdir mnt
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@echo the recipe has run
EOF
    # an inode for the root, one for .settle, none for a mark
    ! unshare -m sh -c 'mount -t tmpfs -o nr_inodes=2 tmpfs mnt &&
        env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" --no-print-directory -C mnt -f ../Makefile' \
        >out 2>&1 || fail "no failure: $(cat out)"
    grep -q 'settle: output: can.t be marked in .settle: No space left on device' out || fail "$(cat out)"
    ! grep -q 'has run' out || fail "the recipe has run"
}

# A line that can't be marked doesn't run: the one before was not the last.
test_a_disk_that_is_full_between_two_lines() {
    mkdir mnt
    mount_or_skip -t tmpfs -o nr_inodes=40 tmpfs mnt
    cat >mnt/Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output: source
	echo half >$@; for i in $$(seq $(FILL)); do touch fill$$i 2>/dev/null || :; done
	cat source >>$@
EOF
    for old in no yes link; do
        for mode in fsync deferred; do
            rm -f mnt/output mnt/real
            test $old = no || touch -d '1 hour ago' mnt/output
            test $old != link || { mv mnt/output mnt/real; ln -s real mnt/output; touch -h -d '1 hour ago' mnt/output; }
            sleep 0.1  # another make than the one that has made it
            echo "$old $mode" >mnt/source
            make_fails -C mnt FILL=100 SETTLE_MODE=$mode
            # of an old file, the first line's end needs another link; of a new one, the second line does
            grep -q "settle: output: .* \(be marked in .settle\|in .settle can't be changed\): No space left on device" \
                out || fail "$(cat out)"
            grep -q half mnt/output || fail "the first line has not run: $(cat out)"
            rm mnt/fill*
            make_works -C mnt SETTLE_MODE=$mode
            grep -q 'settle: output: .*; removed' out || fail "taken for finished: $(cat out)"
            echo half | cat - mnt/source | cmp - mnt/output || fail "$(cat mnt/output)"
            test $old != link || test -L mnt/output || fail "the link was removed: $(cat out)"
            test ! -e mnt/.settle || fail "$(ls -la mnt/.settle)"
        done
    done
}


# Half a recipe of the target $2 in the folder $1: make is killed, and what it started ends.
cut_in() {
    start_make -C "$1" HOLD=1 "$2"
    await "$1/ready"
    kill -s KILL "$make"
    wait "$make" || :
    rm "$1/ready"
}

hold_line='echo half >$@; $(if $(HOLD),touch ready; exec sleep 100)'

# A name relative to one folder is no other folder's.
test_marks_of_two_folders_in_one_above_them() {
    mkdir a b
    for folder in a b; do
        printf '%s\n' 'SETTLE_DIR = ../.settle' 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" \
            '	@echo whole >$@' >$folder/Makefile
    done
    make_works -C b
    cut_in a x
    make_works -C b
    grep -q "^settle: $PWD/a/x: its recipe was cut short; removed" out || fail "b: $(cat out)"
    test "$(cat b/x)" = whole
    make_works -C a
    test "$(cat a/x b/x | sort -u)" = whole || fail "$(cat a/x b/x)"
    no_marks
}

# Becomes COMMAND in a PID namespace of its own, in which all ends with it.
enter_namespace() {
    # shellcheck disable=SC2086
    exec unshare -pf --kill-child --mount-proc env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$@"
}

in_namespace() {
    ( enter_namespace "$@" )
}

# The same in the background, with what it prints in the file log; $leader is the process that keeps it.
start_in_namespace() {
    ( enter_namespace "$@" >log 2>&1 ) &
    leader=$!
    at_exit "kill -s KILL $leader 2>/dev/null || :"
}

end_namespace() {
    kill -s KILL "$1"
    wait "$1" || :
}

need_namespaces() {
    need_root "to make PID namespaces"
    unshare -pf --kill-child --mount-proc true 2>/dev/null || skip "needs leave to make PID namespaces"
}

namespaces_makefile() {
    need_namespaces
    printf '%s\n' 'load $(PLUGIN)' 'x y: private SETTLE = $@' "x y: ; @$1" \
        '	@echo half >$@; $(if $(filter $@,$(HOLD)),touch ready; exec sleep 100)' '	@echo whole >$@' >Makefile
}

# As containers are that share a folder: each maker's lock is its own.
test_a_dead_make_of_another_pid_namespace() {
    namespaces_makefile :
    start_in_namespace "$MAKE" HOLD=x x
    await ready
    rm ready
    dead=$leader
    start_in_namespace "$MAKE" HOLD=y y
    await ready
    end_namespace "$dead"
    make_works x
    grep -q '^settle: x: its recipe was cut short; removed' out || fail "$(cat out)"
    test "$(cat x)" = whole
    test "$(cat y)" = half || fail "the live one's: $(cat out)"
}

# What /proc shows of their numbers are other processes.
test_pid_namespaces_with_the_proc_of_another() {
    namespaces_makefile :
    # shellcheck disable=SC2016
    cat >in_one.sh <<'EOF'
"$MAKE" HOLD=x x &
while ! test -e ready; do sleep 0.1; done
rm ready
"$MAKE" HOLD=y y &
while ! test -e ready; do sleep 0.1; done
kill -s KILL "$!"
wait "$!"
"$MAKE" y
EOF
    unshare -pf --kill-child env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} sh -u ./in_one.sh >out 2>&1 || fail "$(cat out)"
    grep -q '^settle: y: its recipe was cut short; removed' out || fail "$(cat out)"
    test "$(cat y)" = whole || fail "$(cat out)"
    test "$(cat x)" = half || fail "the live one's: $(cat out)"
}

# The make is gone, and its settle-sh with the recipe is not.
test_a_recipe_of_another_pid_namespace_is_waited_for() {
    need_namespaces
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@$(if $(HOLD),trap '' TERM; echo half >$@; echo $$PPID >shell; touch ready; sleep $(HOLD); echo late >>$@,echo whole >$@)
EOF
    cat >in_one.sh <<'EOF'
"$MAKE" HOLD="$1" &
while ! test -e ready; do sleep 0.1; done
kill -s KILL "$!"
touch killed
sleep 100
EOF
    for hold in 6 100; do
        rm -f ready killed output
        start_in_namespace sh ./in_one.sh $hold
        await killed
        run in_namespace "$BUILD/plugin/settle" --status
        grep -q '^output: its recipe was begun .* ago, and still runs (in another PID namespace); marked by' out ||
            fail "$(cat out)"
        run in_namespace "$MAKE"
        if test $hold = 6; then
            test "$status" = 0 || fail "$(cat out)"
            test "$(cat output)" = whole || fail "$(cat output out)"
        else
            test "$status" = 2 || fail "status $status: $(cat out)"
            grep -q 'output: its make is gone, but its recipe still runs (in another PID namespace)' out ||
                fail "$(cat out)"
        fi
        end_namespace "$leader"
    done
    make_works
    test "$(cat output)" = whole || fail "$(cat output out)"
}

# Two containers' makes are both the first process, and may have been started at one time: their marks are two.
test_makes_of_one_number_and_start() {
    namespaces_makefile :
    for round in 1 2 3; do
        rm -f x y
        # -B: what the one has made of x is not up to date to the other
        start_in_namespace "$MAKE" -B HOLD=x x
        first=$leader
        start_in_namespace "$MAKE" -B HOLD=x x
        for _ in $(seq 100); do
            test "$(find .settle -type l 2>/dev/null | wc -l)" != 2 || break
            sleep 0.1
        done
        test "$(find .settle -type l | wc -l)" = 2 || fail "round $round: $(ls .settle)"
        end_namespace "$first"
        end_namespace "$leader"
        rm -f ready
        make_works x
        no_marks
    done
}

# The folder that a recipe has removed is another one then, which is to be locked as well.
test_a_live_make_of_another_pid_namespace_whose_folder_was_removed() {
    namespaces_makefile 'rm -rf .settle'
    start_in_namespace "$MAKE" HOLD=y x y
    await ready
    make_works x
    test "$(cat y)" = half || fail "the live one's: $(cat out)"
    test -n "$(ls .settle)" || fail "no marks"
}

# Whether the folder of marks is fsynced before the recipe, in the file system of TYPE, made with OPTION.
syncs_folder_on() {
    need_root "to mount a file system"
    need "mkfs.$1" e2fsprogs
    rm -rf image
    truncate -s 64M image
    "mkfs.$1" -q ${2:+-O "$2"} image
    mkdir -p mnt
    mount_or_skip -o loop image mnt
    printf '%s\n' 'load $(PLUGIN)' 'x: private SETTLE = $@' 'x: ; @seq 40 | sed s/^/y/ | xargs touch' \
        '	@echo half >$@; sync $@ .; cp --sparse=always ../image ../crashed' >mnt/Makefile
    test "$lines" = 2 || sed -i 's/xargs touch$/&; \\/; s/^	@echo/	echo/' mnt/Makefile
    # inodes of their own blocks, lest another one's fsync takes the mark's along
    mkdir mnt/.settle
    (cd mnt/.settle && seq 40 | xargs touch)
    sync -f mnt
    TRACE=execve,fsync,fdatasync,syncfs traced trace -y "$MAKE" --no-print-directory -C mnt >out 2>&1 ||
        fail "$(cat out)"
    e2fsck -fy crashed >fsck 2>&1 || test $? -le 2 || fail "$(cat fsck)"
    umount mnt
    grep -q "sync\(fs\)\?([0-9]*<.*/\.settle>" trace
}

# Whether the mark of the line that was at work when the image was copied is there, and says whose it is.
has_mark() {
    debugfs -R 'ls -p /.settle' crashed 2>/dev/null | tr '/' ' ' | grep -q ' 120777 .* x@'
}

# One number stands for ext2, ext3 and ext4, but only a journal keeps the order; without, an fsync of the folder does not
# write the links' inodes.
test_an_ext_file_system_without_a_journal() {
    lines=1
    ! syncs_folder_on ext4 || fail "with a journal order is free: $(cat trace)"
    syncs_folder_on ext4 ^has_journal || fail "ext4 without one: $(cat trace)"
    has_mark || fail "ext4 without a journal: the mark is lost: $(cat fsck)"
    # a second line's, for which the first one's goes, and x gets that one's inode
    lines=2
    syncs_folder_on ext4 ^has_journal || fail "$(cat trace)"
    has_mark || fail "ext4 without a journal: the second line's mark is lost: $(cat fsck)"
    syncs_folder_on ext2 || fail "ext2: $(cat trace)"
    has_mark || fail "ext2: the mark is lost: $(cat fsck)"
}

test_deferred_needs_marks() {
    printf '%s\n' 'SETTLE_MODE = deferred' 'SETTLE_DIR =' 'load $(PLUGIN)' 'x: private SETTLE = $@' \
        'x: ; @echo made >$@' >Makefile
    make_fails
    grep -q 'SETTLE_MODE=deferred needs marks' out || fail "$(cat out)"
    test ! -e x || fail "the recipe has run"
}

# A long name's mark is in a folder of its own.
test_marks_that_can_not_be_listed() {
    long=$(printf '%0250d' 0)
    printf '%s\n' 'load $(PLUGIN)' "$long: private SETTLE = \$@" "$long: ; @$hold_line" >Makefile
    cut_in . "$long"
    folder=$(find .settle -mindepth 1 -type d)
    test -d "$folder" || fail "$(find .settle)"
    for option in --status --recover; do
        status=0
        TRACE=openat traced trace -P "$folder" -e inject=openat:error=EIO "$BUILD/plugin/settle" $option >out 2>&1 ||
            status=$?
        test "$status" = 1 || fail "$option ends with $status: $(cat out)"
        grep -q '\.settle: Input/output error$' out || fail "$option: $(cat out)"
    done
    test -e "$long" || fail "removed"
    # or looked at
    mark=$(find .settle -type l)
    ! TRACE='?lstat,?newfstatat' traced trace -P "$mark" -e 'inject=?lstat,?newfstatat:error=EIO' "$MAKE" >out 2>&1 ||
        fail "$(cat out)"
    grep -q '\.settle: Input/output error\. *Stop' out || fail "make: $(cat out)"
    test -e "$long" || fail "removed"
}

# make whose processes may not make the system CALLS ("open,openat", strace's ":when=..." after them).
make_denied() {
    calls=$1
    shift
    status=0
    TRACE=${calls%%:*} traced trace -e "inject=$calls:error=EPERM" "$MAKE" -s "$@" >out 2>&1 || status=$?
}

# Where the file was there before, that a line has ended is noted in another link, which takes the mark's place.
test_marks_that_can_not_be_changed() {
    printf '%s\n' 'load $(PLUGIN)' 'x new: private SETTLE = $@ x' 'x: FORCE' 'FORCE:' \
        'x new: ; $(ignored)@echo half >$@; $(end)' '	@echo whole >$@; touch x' >Makefile
    for mode in fsync deferred; do
        rm -f new
        echo old >x
        make_denied rename,renameat,renameat2 new SETTLE_MODE=$mode
        test "$status" = 2 || fail "$mode: ends with $status: $(cat out)"
        make_works new
        test "$(cat new)" = whole || fail "$mode: half a recipe is taken for a whole one: $(cat out)"
        no_marks
        make_denied rename,renameat,renameat2 SETTLE_MODE=$mode
        test "$status" = 2 || fail "$mode: ends with $status: $(cat out)"
        grep -q "^settle: x: its marks in .settle can't be changed: Operation not permitted" out || fail "$mode: $(cat out)"
        make_works
        no_marks
        make_denied rename,renameat,renameat2:when=1 SETTLE_MODE=$mode ignored=- end=false
        grep -q "^settle: x: its marks in .settle can't be changed: Operation not permitted" out || fail "$mode: $(cat out)"
        make_works
        no_marks
    done
}

# A seccomp filter, or a file system that has become read-only: nothing is lost, and it isn't silent.
test_marks_that_can_not_be_removed() {
    printf '%s\n' 'load $(PLUGIN)' 'x y z: private SETTLE = $@' 'x y z: ; @echo $@ >$@' >Makefile
    for mode in fsync deferred; do
        rm -rf x y z .settle
        make_denied unlink,unlinkat x y z SETTLE_MODE=$mode
        test "$status" = 2 || fail "$mode: ends with $status: $(cat out)"
        expect out <<'EOF'
settle: .settle: marks can't be removed (Operation not permitted): what is finished will be made again
EOF
        test "$(find .settle -type l | wc -l)" = 3 || fail "$mode: $(find .settle)"
        make_denied unlink,unlinkat x y z SETTLE_MODE=$mode
        test "$status" = 2 || fail "$mode: ends with $status: $(cat out)"
        grep -q "its recipe was cut short, and it can't be removed, or its mark .*: Operation not permitted" out ||
            fail "$mode: $(cat out)"
        make_works x y z
        sed -E 's/(: .): .*;/\1:/' out | sort >got
        expect got <<'EOF'
settle: x: removed, will be made again
settle: y: removed, will be made again
settle: z: removed, will be made again
EOF
        no_marks
    done
    rm x y z
    make_denied unlink,unlinkat x y z SETTLE_MODE=deferred SETTLE_BATCH_FILES=2
    test "$status" = 2 || fail "ends with $status: $(cat out)"
    grep -q "marks can't be removed (Operation not permitted)" out || fail "$(cat out)"
    grep -q 'settle: x, of a finished target: not known to be durable, will be made again' out || fail "$(cat out)"
    make_works x y z
    no_marks
}

test_without_proc_nobody_knows_whose_marks_they_are() {
    printf '%s\n' 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" >Makefile
    cut_in . x
    for command in "$BUILD/plugin/settle --recover" "$BUILD/plugin/settle --status" "$MAKE"; do
        without_proc "$command"
        test "$status" != 0 || fail "$command: $(cat out)"
        grep -q "\.settle: there are marks, and without /proc it can't be told whose they are" out ||
            fail "$command: $(cat out)"
    done
    test "$(cat x)" = half
    make_works
    grep -q '^settle: x: its recipe was cut short; removed' out || fail "$(cat out)"
}

# By the makefile above, to which the folder is .settle, and by one below, which has its path.
test_one_folder_of_marks_by_two_names() {
    mkdir below
    for folder in . below; do
        printf '%s\n' 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" '	@echo whole >$@' >$folder/Makefile
    done
    make_works -C below
    cut_in . x
    make_works -C below SETTLE_DIR="$PWD/.settle"
    grep -q 'cut short' out && fail "below: $(cat out)"
    make_works SETTLE_DIR="$PWD/.settle"
    grep -q "x: its recipe was cut short; removed" out || fail "above: $(cat out)"
    test "$(cat x below/x | sort -u)" = whole || fail "$(cat x below/x)"
    no_marks
}

# By the makefile below, which has its path, and by the one above, to which it is below/.settle: x is each one's own.
test_one_folder_of_marks_below_by_two_names() {
    mkdir below
    for folder in . below; do
        printf '%s\n' 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" '	@echo whole >$@' >$folder/Makefile
    done
    make_works
    start_make -C below HOLD=1 x SETTLE_DIR="$PWD/below/.settle"
    await below/ready
    kill -s KILL "$make"
    wait "$make" || :
    make_works SETTLE_DIR=below/.settle
    grep -q '^settle: below/x: its recipe was cut short; removed' out || fail "$(cat out)"
    test ! -e below/x || fail "still there: $(cat out)"
    test "$(cat x)" = whole || fail "$(cat out)"
    no_marks below/.settle
}

test_a_tree_that_is_moved_after_a_crash() {
    mkdir -p tree/below
    printf '%s\n' 'SETTLE_DIR := $(abspath ..)/.settle' 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" \
        '	@echo whole >$@' >tree/below/Makefile
    cut_in tree/below x
    mv tree moved
    make_works -C moved/below
    grep -q "^settle: $PWD/moved/below/x: its recipe was cut short; removed" out || fail "$(cat out)"
    test "$(cat moved/below/x)" = whole || fail "$(cat moved/below/x)"
    no_marks moved/.settle
}

# What is not there may be somewhere else: its file system isn't mounted, say.
test_a_mark_of_a_folder_that_is_not_there() {
    mkdir tree marks
    printf '%s\n' "SETTLE_DIR = $PWD/marks/here" 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" \
        '	@echo whole >$@' >tree/Makefile
    cut_in tree x
    mkdir other
    mv tree other
    printf '%s\n' "SETTLE_DIR = $PWD/marks/here" 'load $(PLUGIN)' 'all: ;' >Makefile
    make_works
    mv other/tree .
    make_works -C tree
    grep -q 'its recipe was cut short; removed' out || fail "$(cat out)"
    no_marks marks/here
}

# Made again while its mark was kept: the good one is not removed by the make after that.
test_a_mark_that_was_kept_goes_with_the_next_recipe() {
    mkdir tree
    printf '%s\n' 'SETTLE_DIR := $(CURDIR)/.settle' 'load $(PLUGIN)' 'tree/x: private SETTLE = $@' 'tree/x:' \
        "	@mkdir -p tree; $hold_line" '	@echo whole >$@' >Makefile
    cut_in . tree/x
    rm -r tree
    for _ in 1 2; do
        make_works
        grep -q 'cut short' out && fail "$(cat out)"
    done
    grep -q 'is up to date' out || fail "$(cat out)"
    no_marks
}

# A recipe that finds nothing to change leaves its target as it is: that must not be of 1970 for ever.
test_an_untouched_output_that_stays_the_same() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
user: header ; @cp header $@
header: private SETTLE = ./$@
header: source
	@$(if $(HOLD),touch ready; exec sleep 100)
	@cmp -s source $@ || cp source $@
EOF
    echo content >source
    make_works
    touch -d '1 minute' source
    cut_in . header
    make_works
    test "$(date -r header +%Y)" -gt 1970 || fail "$(ls -l header)"
    cmp header source || fail "it is gone"
    no_marks
}

# What was made old stays so while a recipe fails by itself: nothing has made it.
test_a_recipe_that_fails_after_recovery() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
header: private SETTLE = $@
folder: private SETTLE = $@/ $@
header folder: source
	@$(if $(HOLD),touch ready; exec sleep 100)
	@exit $(or $(STATUS),0)
	@$(if $(filter folder,$@),mkdir -p $@; cp source $@/file,cp source $@)
EOF
    for mode in fsync deferred; do
        for target in header folder; do
            echo old >source
            make_works $target
            echo new >source
            touch -d '1 minute' source
            cut_in . $target
            touch -d '1 minute ago' source
            make_fails SETTLE_MODE=$mode STATUS=1 $target
            make_works $target
            grep -q 'is up to date' out && fail "$mode, $target: $(cat out)"
            test "$(cat header)" = "$(cat source)" || test $target = folder || fail "$mode: $(cat header)"
        done
    done
    cmp folder/file source || fail "$(cat folder/file)"
    make_works header folder
    no_marks
}

# make takes a target for made whose last line has failed with a "-" before it.
test_an_ignored_failure_is_made_durable() {
    mkdir folder
    cat >Makefile <<'EOF'
load $(PLUGIN)
folder/output: private SETTLE = $@
folder/output:
	-@echo text >$@; exit 1
EOF
    TRACE=execve,fsync,fdatasync,syncfs traced trace -y "$MAKE" --no-print-directory >out 2>&1 || fail "$(cat out)"
    traced_make=$(sed -n 's/^\([0-9]*\) .*/\1/p;q' trace)
    syncers >got
    expect got <<'EOF'
make
EOF
    no_marks
}

test_a_fifo_is_left_alone() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
fifo link: private SETTLE = $@
fifo link: FORCE
	@touch $@; $(if $(HOLD),touch ready; exec sleep 100,echo text >$@ & cat fifo >text)
FORCE:
EOF
    mkfifo fifo
    ln -s fifo link
    for target in fifo link; do
        cut_in . $target
        make_works $target
        { test -p fifo && test -L link; } || fail "$target: $(ls -l; cat out)"
    done
    no_marks
}

# The mark of the recipe that this make is of itself says nothing about who else makes the file.
test_a_make_of_the_same_file_within_its_recipe() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@$(if $(INNER),echo half >$@; $(if $(HOLD),read x x x make x </proc/$$PPID/stat; kill -9 $$make $$PPID; sleep 9;) echo whole >$@,\
		$(MAKE) INNER=1 HOLD=1; $(MAKE) INNER=1)
EOF
    make_works
    grep -q 'output: its recipe was cut short; removed' out || fail "$(cat out)"
    test "$(cat output)" = whole || fail "$(cat output)"
    no_marks
}

# Of a recipe that was cut short some files are removed: it has to run again, though its target has not been touched, or
# is none of them.
test_a_recipe_is_run_again_whose_target_is_untouched() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
both: private SETTLE = both side
both: source
	@echo half >side; $(if $(HOLD),touch ready; exec sleep 100)
	@echo whole >side; echo whole >both
tree: private SETTLE = tree folder/
tree: source
	@mkdir -p folder; echo half >folder/file; $(if $(HOLD),touch ready; exec sleep 100)
	@echo whole >folder/file; echo whole >tree
other: private SETTLE = side2
other: source
	@touch other
	@echo half >side2; $(if $(HOLD),touch ready; exec sleep 100)
	@echo whole >side2
EOF
    touch source
    make_works both tree other
    for target in both tree other; do
        touch -d '1 minute' source  # make -B, in short
        cut_in . $target
        touch -d '1 minute ago' source
        make_works $target
        test "$(cat side folder/file side2 | sort -u)" = whole || fail "$target: $(cat out side folder/file side2)"
        make_works $target
        grep -q 'is up to date' out || fail "once more: $(cat out)"
    done
    no_marks
}

# A kill between the removal of two marks.
test_the_target_s_mark_goes_last() {
    printf '%s\n' 'load $(PLUGIN)' 'target: private SETTLE = target side' 'target: source' \
        '	@echo whole >side; echo whole >target' >Makefile
    touch source
    need strace strace
    for mode in fsync deferred; do
        for number in 1 2; do
            rm -f target side
            TRACE=unlink,unlinkat traced /dev/null -e inject=unlink,unlinkat:signal=KILL:when=$number \
                "$MAKE" SETTLE_MODE=$mode >out 2>&1 || :
            make_works
            test "$(cat side)$(cat target)" = wholewhole || fail "$mode $number: $(cat out)"
        done
    done
    no_marks
}

# Its mark, by which the next make runs the recipe again that made the removed file.
test_a_target_outside_its_settle_is_pending() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
all: stamp slow
stamp: private SETTLE = lib.a
stamp: source ; @echo whole >lib.a; touch $@
slow: private SETTLE = $@
slow: stamp ; @touch $@; $(if $(HOLD),touch ready; exec sleep 100)
EOF
    touch source
    cut_in . all
    case " $(marks)" in *=stamp\ *lib.a\ *) ;; *) fail "stamp isn't doubted: $(marks)" ;; esac
    make_works
    test "$(cat lib.a)" = whole || fail "not made again: $(cat out)"
    no_marks
}

# A target that its user may not make old must not be taken for up to date.
test_a_target_outside_its_settle_that_can_not_be_made_old() {
    need strace strace
    cat >Makefile <<'EOF'
load $(PLUGIN)
stamp: private SETTLE = lib.a
stamp: source
	@echo half >lib.a; touch $@; $(if $(HOLD),touch ready; exec sleep 100)
	@echo whole >lib.a
EOF
    touch source
    cut_in . stamp
    ! TRACE=utimensat traced /dev/null -e inject=utimensat:error=EPERM "$MAKE" >out 2>&1 || fail "$(cat out)"
    grep -q 'settle: stamp: its recipe was cut short, and .*: Operation not permitted' out || fail "$(cat out)"
    make_works
    test "$(cat lib.a)" = whole || fail "not made again: $(cat out)"
    no_marks
}

# All of a recipe's files are in one batch, be it that of make's end: one that fails leaves the target's mark, too.
test_a_recipe_with_more_files_than_a_job_can_take() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
SETTLE_BATCH_FILES = 4
names := $(shell seq -f %030.0f 2300)
all: stamp a b c d
stamp a b c d: private SETTLE = $@
stamp: private SETTLE = mnt/bad $(names) $@
stamp: ; @touch $(names) $@; echo made >mnt/bad
a b c d: ; @touch $@
EOF
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    make_fails
    marks | tr ' ' '\n' | grep -qx stamp || fail "the target's mark is gone: $(cat out)"
    case " $(marks)" in *' a '* | *' b '*) fail "and those of what a job has settled are not: $(cat out)" ;; esac
}

test_a_folder_of_marks_with_files_of_others() {
    mkdir build
    echo precious >build/lock
    echo precious >build/ledger-1.1
    printf '%s\n' 'SETTLE_DIR = build' 'load $(PLUGIN)' 'x: private SETTLE = $@' "x: ; @$hold_line" \
        '	@echo whole >$@' >Makefile
    cut_in . x
    make_works
    grep -q 'its recipe was cut short; removed' out || fail "$(cat out)"
    test "$(cat build/lock build/ledger-1.1)" = "$(printf 'precious\nprecious')" || fail "$(ls -l build)"
    test "$(find build -type f | wc -l)" = 2 || fail "$(ls -l build)"
    test "$(find build | wc -l)" = 3 || fail "$(ls -l build)"
}

test_a_link_to_a_directory_that_was_cut_short() {
    mkdir real
    ln -s real link
    printf '%s\n' 'load $(PLUGIN)' 'link: private SETTLE = $@' 'link: source' \
        '	@touch link/file; $(if $(HOLD),touch ready; exec sleep 100)' '	@echo made >>made' >Makefile
    touch -d '1 minute' source
    cut_in . link
    touch -d '1 minute ago' source
    make_works
    grep -q '^settle: link: its recipe was cut short; a directory, not removed' out || fail "$(cat out)"
    test "$(cat made)" = made || fail "not made again"
    make_works
    grep -q 'is up to date' out || fail "once more: $(cat out)"
    no_marks
}

# Another rule for it, with one colon, would be an error of make's.
test_a_double_colon_target_that_was_cut_short() {
    printf '%s\n' 'load $(PLUGIN)' 'file folder: private SETTLE = $@' "file:: ; @$hold_line" \
        'file:: ; @echo whole >$@' 'folder:: source' \
        '	@mkdir -p $@; $(if $(HOLD),touch ready; exec sleep 100)' '	@echo made >>made' >Makefile
    cut_in . file
    make_works -n
    grep -q '^settle: file: its recipe was cut short; would be removed' out || fail "$(cat out)"
    make_works
    test "$(cat file)" = whole || fail "$(cat out)"
    touch source
    cut_in . folder
    make_works folder
    test "$(cat made)" = made || fail "$(cat out)"
    no_marks
}

# The name that a mark has for a moment while another text takes its place.
test_a_folder_of_marks_with_a_long_path() {
    here=$PWD
    for length in 120 150 160 170 180 190 200 250; do
        part=$(printf "%0$((length - ${#here} - 10))d" 0 | sed 's,.\{50\},&/,g')
        mkdir -p "$part"
        printf '%s\n' 'SETTLE_DIR := $(CURDIR)/.settle' 'load $(PLUGIN)' 'x: private SETTLE = $@' 'x: source' \
            '	@echo first >$@' '	@echo second >>$@' >"$part/Makefile"
        for _ in 1 2; do
            touch "$part/source"
            make_works -C "$part"
            test "$(cat "$part/x")" = "$(printf 'first\nsecond')" || fail "$length: $(cat out)"
            no_marks "$part/.settle"
        done
    done
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
