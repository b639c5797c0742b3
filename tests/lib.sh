# lib.sh - what the system tests share; each of them ends with ". lib.sh"'s run_tests "$@"
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A test is a shell function test_NAME.  Each runs in a process of its own, under "set -eu", in a new
# empty folder that is removed afterwards, for at most $TEST_TIMEOUT seconds.  The environment says
# where things are: SRC and BUILD (source and build tree, absolute), MAKE, CC, PRELOAD (what make
# has to be started with where the plugin is built with a sanitizer).
#
#   skip REASON         ends the test as skipped
#   need_root WHY       skips unless root
#   need_fuse           skips where latefs can't be built or mounted
#   need PROGRAM PACKAGE  skips unless PROGRAM is there
#   fail TEXT           ends the test as failed
#   expect FILE <<text  FILE must hold exactly this text
#   at_exit COMMAND     to be done when the test ends, however it ends; last one first
#   mk ARGUMENT...      runs GNU make, with the plugin's path in $(PLUGIN)
#   run COMMAND...      runs it, with its status in $status and what it printed in the file out
#   settle ARGUMENT...  the same of settle
#   make_works, make_fails ARGUMENT...  the same of make, which must end with status 0, or 2
#   start_make ARGUMENT...  starts make, with what it prints in the file log; $make is its process
#   await FILE       waits for it to be there, half a minute at most
#   without_proc "COMMAND"  the same as run, where no /proc is
#   mount_or_skip ARGUMENT...  mounts, MOUNTPOINT last, and takes it down again
#   traced FILE COMMAND...  runs COMMAND under strace with its processes, log in FILE

: "${SRC:?run by make check}" "${BUILD:?run by make check}" "${MAKE:=make}" "${CC:=cc}" "${PRELOAD=}"
PLUGIN=$BUILD/plugin/settle.so
export PLUGIN
# Nothing of the make, or of the user, that started the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS MAKEFILES MAKE_TERMOUT MAKE_TERMERR
unset SETTLE SETTLE_MODE SETTLE_STABLE SETTLE_TIMEOUT SETTLE_VERBOSE SETTLE_DIR SETTLE_JOB SETTLE_SHELL
LC_ALL=C
export LC_ALL
# A sanitizer's runtime is in all programs that make starts: what they have in hand when they exit is no leak of
# ours, and their signals are theirs.
ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0
export ASAN_OPTIONS

skip() {
    echo "$*" >"$SKIPPED"
    exit 77
}

fail() {
    echo "failed: $*" >&2
    exit 1
}

need_root() {
    test "$(id -u)" = 0 || skip "needs root: $1"
}

need() {
    command -v "$1" >/dev/null || skip "needs $1 (Debian package: $2)"
}

need_fuse() {
    test -x "$BUILD/tests/latefs" ||
        skip "needs latefs, built where libfuse3 is (Debian packages: libfuse3-dev pkg-config)"
    need fusermount3 fuse3
    { test -r /dev/fuse && test -w /dev/fuse; } || skip "needs /dev/fuse to be accessible"
}

expect() {
    cat >expected.text
    diff -u expected.text "$1" || fail "$1 is not as expected"
}

AT_EXIT=
at_exit() {
    AT_EXIT="$1
$AT_EXIT"
}

mk() {
    # shellcheck disable=SC2086 # no preload, no word
    env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" --no-print-directory "$@"
}

# Runs COMMAND with its status in $status and all that it printed in the file out; make goes by the name
# "make" there.
run() {
    status=0
    "$@" >out 2>&1 || status=$?
    sed -i 's/^g*make\(\[[0-9]*\]\)*: /make\1: /' out
}

# Runs make, which must succeed, or must fail with status 2.
make_works() {
    run mk "$@"
    test "$status" = 0 || fail "status $status: $(cat out)"
}

make_fails() {
    run mk "$@"
    test "$status" = 2 || fail "status $status: $(cat out)"
}

settle() {
    run "$BUILD/plugin/settle" "$@"
}

start_make() {
    # shellcheck disable=SC2086
    ( exec env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} "$MAKE" --no-print-directory "$@" >log 2>&1 ) &
    make=$!
    at_exit "kill -s KILL $make 2>/dev/null || :"
}

await() {
    for _ in $(seq 300); do
        ! test -e "$1" || return 0
        sleep 0.1
    done
    fail "$1 doesn't come: $(cat log make.out 2>/dev/null)"
}

mount_or_skip() {
    need_root "to mount a file system"
    mount "$@" 2>/dev/null || skip "needs leave to mount"
    for mounted; do :; done
    at_exit "! mountpoint -q '$PWD/$mounted' || umount -l '$PWD/$mounted'"
}

# COMMAND, one word, sees no /proc.
without_proc() {
    need_root "to do without /proc"
    unshare -m true 2>/dev/null || skip "needs leave to mount (CAP_SYS_ADMIN)"
    # shellcheck disable=SC2016 # for the inner shell
    run unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs /proc || exit 77
        exec env ${PRELOAD:+LD_PRELOAD="$PRELOAD"} $0' "$1"
    test "$status" != 77 || skip "can't mount over /proc here"
}

traced() {
    log=$1
    shift
    need strace strace
    strace -f -o /dev/null true 2>/dev/null || skip "needs leave to trace processes (ptrace)"
    # shellcheck disable=SC2086
    strace -f -o "$log" ${TRACE:+-e "trace=$TRACE"} ${PRELOAD:+-E LD_PRELOAD="$PRELOAD"} "$@"
}

# Mounts latefs over a new folder: mount_latefs MOUNTPOINT OPTIONS
mount_latefs() {
    need_fuse
    mkdir -p "$1" "$1.behind"
    "$BUILD/tests/latefs" "$1.behind" "$1" -o "$2"
    at_exit "fusermount3 -u -z '$1'"
}

run_one() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/settle-test.XXXXXX")
    trap 'cd / && eval "$AT_EXIT" && rm -rf "$work"' EXIT
    # timeout sends its signal twice, to its child and to its group: the second one must not end the
    # trap above
    trap 'trap "" HUP INT TERM; exit 1' HUP INT TERM
    cd "$work"
    set -eu
    "$1"
}

run_tests() {
    if test $# -gt 0; then
        run_one "$1"
        return
    fi
    suite=$(basename "$0" .sh)
    names=$(sed -n 's/^\(test_[a-zA-Z0-9_]*\)().*/\1/p' "$0")
    number=0
    SKIPPED=$(mktemp)
    output=$(mktemp)
    export SKIPPED
    trap 'rm -f "$SKIPPED" "$output"' EXIT
    for name in $names; do
        number=$((number + 1))
        : >"$SKIPPED"
        status=0
        timeout -k 10 "${TEST_TIMEOUT:-300}" sh "$0" "$name" >"$output" 2>&1 </dev/null || status=$?
        title="$suite: $(echo "${name#test_}" | tr _ ' ')"
        case $status in
        0) echo "ok $number - $title" ;;
        77) echo "ok $number - $title # SKIP $(cat "$SKIPPED")" ;;
        *)
            echo "not ok $number - $title"
            echo "# status $status"
            sed 's/^/# /' "$output"
            ;;
        esac
    done
    echo "1..$number"
}
