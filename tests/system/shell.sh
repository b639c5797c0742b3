# shell.sh - settle-sh under the real make: statuses, signals, what is left behind, overlayfs
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2009,SC2016,SC3045 # ps tells the state, $ is for make and the inner shell, dash has ulimit -c

# Starts make in the background in a session and process group of its own, with the signals' default
# dispositions (a shell ignores INT and QUIT for what it starts in the background), and its pid in
# $make_pid.  Both are over when it has exited: wait_make.
start_session() {
    # shellcheck disable=SC2086
    env --default-signal=INT,QUIT ${PRELOAD:+LD_PRELOAD="$PRELOAD"} \
        setsid "$MAKE" --no-print-directory "$@" >make.out 2>&1 &
    make_pid=$!
    at_exit "kill -s KILL -- -$make_pid 2>/dev/null || :"
}

wait_make() {
    status=0
    wait "$make_pid" || status=$?
}

# The processes of the session of make, itself not counted, nor what has ended and waits for init to
# take notice.
processes_left() {
    ps -o pid=,stat=,args= -s "$make_pid" | grep -v '^ *[0-9]* Z' || :
}

test_every_exit_status_arrives() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: $(addprefix exit.,$(shell seq 0 255))
exit.%: SETTLE = $@
exit.%:
	@exit $*
EOF
    mk -k 2>&1 | sed -n 's/^g*make: \*\*\* \[Makefile:5: exit\.\([0-9]*\)\] Error \([0-9]*\)$/\1 \2/p' >out
    seq 1 255 | sed 's/.*/& &/' >expected
    diff expected out || fail "a status differs"
}

# Run without a shell or with one (for the quotes), what can't be run is told of in the same words.
test_a_plain_line_fails_as_in_the_shell() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE = $@
missing: ; @no-such-command $Qx$Q
nowhere: ; @./no/such/command $Qx$Q
denied: ; @./not-executable $Qx$Q
folder: ; @/ $Qx$Q
builtin: ; @local $Qx$Q
run: ; @./script $Qx$Q
EOF
    echo 'no program' >not-executable
    echo 'echo "run with $1"; exit 7' >script
    chmod 755 script
    mk -k missing nowhere denied folder builtin run >plain 2>&1 || :
    mk -k Q=\' missing nowhere denied folder builtin run >quoted 2>&1 || :
    diff quoted plain || fail "the texts differ"
    grep -c 'Error 12[67]$' plain >got
    grep -x 'run with x' plain >>got
    grep -c 'run\] Error 7$' plain >>got
    printf '%s\n' 4 'run with x' 1 >expected
    diff expected got || fail "$(cat plain)"
}

test_every_signal_arrives() {
    cat >settled.mk <<'EOF'
load $(PLUGIN)
%: SETTLE = $@
include plain.mk
EOF
    # 6 and 8 may say "(core dumped)" without settle-sh, which leaves the recipe's core alone
    cat >plain.mk <<'EOF'
all: $(addprefix signal.,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
signal.%:
	@kill -$* $$$$
.PHONY: all
EOF
    ulimit -c 0
    mk -k -f plain.mk >plain 2>&1 || :
    mk -k -f settled.mk >settled 2>&1 || :
    diff plain settled || fail "a signal differs"
    test "$(grep -c 'make: \*\*\* \[plain.mk:3: signal' settled)" = 15 || fail "$(cat settled)"
}

test_sigterm_to_make_leaves_no_process() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: simple compound
%: SETTLE = $@
simple:
	touch started.simple; sleep 300
compound:
	sleep 300 & (sleep 300; true) | cat; touch never
EOF
    start_session -j2
    await started.simple
    sleep 0.2
    kill -TERM "$make_pid"
    wait_make
    test "$status" = 143 || fail "make ended with $status"
    test -z "$(processes_left)" || fail "left: $(processes_left)"
    test ! -e never || fail "the recipe went on"
}

test_sigterm_leaves_no_process_in_a_nested_make() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: private SETTLE = $@
all:
	+$(MAKE) -f inner.mk
EOF
    cat >inner.mk <<'EOF'
load $(PLUGIN)
inner: SETTLE = $@
inner:
	touch started; sleep 300
EOF
    start_session
    await started
    kill -TERM "$make_pid"
    wait_make
    test "$status" = 143 || fail "make ended with $status"
    test -z "$(processes_left)" || fail "left: $(processes_left)"
}

test_a_daemon_outlives_make() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
all: SETTLE = $@
all:
	setsid sh -c 'echo $$$$ >daemon; exec sleep 300' & while ! test -s daemon; do sleep 0.1; done
	touch started; sleep 300
EOF
    start_session
    await started
    daemon=$(cat daemon)
    at_exit "kill $daemon 2>/dev/null || :"
    kill -TERM "$make_pid"
    wait_make
    kill -0 "$daemon" || fail "the daemon was ended, too"
}

# A recipe that counts the signal of the target's name.
counting_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
count: SETTLE = $@
count:
	@trap 'echo got >>log' $(SIGNAL); touch started; i=0; \
	while test $$i -lt 15; do sleep 0.1; i=$$((i + 1)); done; touch ended
EOF
}

test_a_group_signal_reaches_the_recipe_once() {
    for signal in INT HUP QUIT; do
        rm -f log started ended
        counting_makefile
        start_session SIGNAL=$signal
        await started
        kill -s $signal -- "-$make_pid"
        wait_make
        test "$(cat log)" = got || fail "$signal: $(cat log)"
        test -e ended || fail "$signal: the recipe did not go on"
    done
}

test_a_signal_to_settle_sh_reaches_the_recipe_once() {
    for signal in INT HUP QUIT TERM USR1 USR2; do
        rm -f log started ended count
        counting_makefile
        start_session SIGNAL=$signal
        await started
        shell_pid=$(ps -o pid= --ppid "$make_pid")
        # shellcheck disable=SC2086 # the blanks before the number
        kill -$signal $shell_pid
        wait_make
        test "$(cat log)" = got || fail "$signal: $(cat log)"
        test "$status" = 0 || fail "$signal: make ended with $status: $(cat make.out)"
    done
}

test_sigterm_from_make_reaches_the_recipe_once() {
    counting_makefile
    start_session SIGNAL=TERM
    await started
    kill -TERM "$make_pid"
    wait_make
    test "$(cat log)" = got || fail "$(cat log)"
}

test_ctrl_c_at_a_terminal() {
    need script bsdutils
    counting_makefile
    { while ! test -e started; do sleep 0.1; done; printf '\003'; sleep 2; } |
        script -qec "env ${PRELOAD:+LD_PRELOAD=$PRELOAD} $MAKE SIGNAL=INT" out >/dev/null || :
    test "$(cat log)" = got || fail "$(cat log): $(cat out)"
    grep -q 'count.*Interrupt' out || test -e ended || fail "$(cat out)"
}

test_ctrl_z_stops_and_fg_continues() {
    need script bsdutils
    need bash bash
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: SETTLE = $@
output:
	@touch started; i=0; while test $$i -lt 10; do sleep 0.1; i=$$((i + 1)); done; echo a >$@
EOF
    cat >session <<'EOF'
set -m
$MAKE
test ! -e output && echo "stopped: $?"
jobs
fg
EOF
    { while ! test -e started; do sleep 0.1; done; printf '\032'; sleep 3; } |
        MAKE="env ${PRELOAD:+LD_PRELOAD=$PRELOAD} $MAKE" script -qec "bash session" out >/dev/null || :
    grep -q 'stopped: 0' out || fail "did not stop: $(cat out)"
    test -e output || fail "did not go on: $(cat out)"
}

test_stdin_descriptors_umask_and_folder_are_the_same() {
    cat >lines.mk <<'EOF'
all:
	@cat; umask; pwd; ls /proc/self/fd | wc -l; echo to3 >&3
EOF
    printf 'load %s\nall: SETTLE = $@\ninclude lines.mk\n' "$PLUGIN" >settled.mk
    umask 027
    echo input | mk -f lines.mk >plain 3>three
    echo input | mk -f settled.mk >settled 3>three
    diff plain settled || fail "the recipe sees a difference"
    test "$(cat three)" = to3
}

test_a_shell_that_is_not_there() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SHELL = /no/such/shell
all: SETTLE = $@
all:
	@true
EOF
    mk 2>&1 | sed 's/^gmake:/make:/' >out
    expect out <<'EOF'
settle: /no/such/shell: No such file or directory
make: *** [Makefile:5: all] Error 127
EOF
    touch file
    sed -i 's|/no/such/shell|./file|' Makefile
    mk 2>&1 | sed 's/^gmake:/make:/' >out
    expect out <<'EOF'
settle: ./file: Permission denied
make: *** [Makefile:5: all] Error 126
EOF
    ln -s loop loop  # musl has other words for it than the rest of the system
    sed -i 's|./file|./loop|' Makefile
    ! mk 2>out || fail "a loop is a shell"
    said=$(LC_ALL=C cat ./loop 2>&1) || :
    grep -qx "settle: ./loop: ${said##*: }" out || fail "$(cat out), rather than $said"
}

# As in make: /bin/sh runs it.
test_a_shell_that_is_a_script_of_nobody_s() {
    # shellcheck disable=SC2016
    echo 'echo "$@" >>said; shift; eval "$@"' >script
    chmod +x script
    cat >Makefile <<'EOF'
load $(PLUGIN)
SHELL = ./script
all: private SETTLE = $@
all: plain
	@echo "all of it" >$@
plain: ; @echo "plain" >$@
EOF
    mk >out 2>&1 || fail "$(cat out)"
    test "$(cat all)" = "all of it" || fail "$(cat all)"
    test "$(grep -c 'all of it' said)" = 1 || fail "$(cat said)"
}

test_run_by_hand_it_is_a_shell() {
    echo 'echo "$1 $#"; exit 7' >script
    status=0
    "$BUILD/plugin/settle-sh" script one two >out || status=$?
    test $status = 7
    expect out <<'EOF'
one 2
EOF
    SETTLE_SHELL='/usr/bin/env bash' "$BUILD/plugin/settle-sh" -c 'echo $BASH_VERSION $0' zero >out
    grep -q '^[0-9].* zero$' out
    SETTLE_SHELL="$BUILD/plugin/settle-sh" "$BUILD/plugin/settle-sh" -c 'echo $0' >out
    expect out <<'EOF'
/bin/sh
EOF
}

# Must hold 5: on overlayfs sync_file_range does nothing.
overlay_writeback() {
    need_root "to mount overlayfs"
    mkdir lower merged
    mount -t overlay overlay -o "lowerdir=lower,upperdir=$1,workdir=$2" merged ||
        skip "no overlayfs on this file system"
    at_exit "umount '$PWD/merged'"
    "$BUILD/tests/cachestat" /dev/null >/dev/null || skip "needs cachestat(2), Linux 6.5"
    cat >Makefile <<'EOF'
load $(PLUGIN)
merged/output: SETTLE = $@
merged/output:
	@$(BUILD)/tests/mmapwrite --size=4M $@
EOF
    mk SETTLE_MODE=off
    "$BUILD/tests/cachestat" "$1/output" >before
    rm merged/output
    TRACE=fsync,fdatasync,sync,syncfs,msync traced log "$MAKE" SETTLE_MODE=writeback
    "$BUILD/tests/cachestat" "$1/output" >after
}

test_overlayfs_writeback_leaves_no_dirty_page() {
    mkdir upper workdir
    overlay_writeback upper workdir
    expect before <<'EOF'
upper/output: 1024 1024 0
EOF
    expect after <<'EOF'
upper/output: 1024 0 0
EOF
    ! grep sync log || fail "a commit or a flush of the device"
}

test_overlayfs_over_tmpfs() {
    need_root "to mount tmpfs"
    mkdir memory
    mount -t tmpfs tmpfs memory
    at_exit "umount '$PWD/memory'"
    mkdir memory/upper memory/workdir
    overlay_writeback memory/upper memory/workdir
    test -s merged/output
}

# A seccomp filter may deny what settle-sh waits with: it must not try for ever.
test_sigwaitinfo_is_denied() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output: ; @echo text >$@; exit $(STATUS)
EOF
    for status in 3 0; do
        rm -f output
        expected=$((status == 0 ? 0 : 2)) got=0
        TRACE=rt_sigtimedwait traced trace -e inject=rt_sigtimedwait:error=EPERM timeout 60 \
            "$MAKE" --no-print-directory STATUS=$status >out 2>&1 || got=$?
        grep -q INJECTED trace || fail "nothing was denied"
        test $got = $expected || fail "status $got: $(cat out)"
    done
}

# A background command is given a moment to open its files; a line that leaves none doesn't pay for that.
test_a_command_left_in_the_background() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
output: private SETTLE = $@
output:
	@echo text >$@; $(LEFT)
EOF
    for left in : 'sleep 1 &'; do
        rm -f output
        TRACE=nanosleep,clock_nanosleep traced trace "$MAKE" LEFT="$left" >out 2>&1 || fail "$(cat out)"
        naps=$(grep -c 'nanosleep(.*tv_nsec=20000000' trace || :)
        test "$naps" = $((${#left} > 1)) || fail "$left: $naps naps: $(cat trace)"
    done
}

. "$SRC/tests/lib.sh"
run_tests "$@"
