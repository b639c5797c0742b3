# gluster.sh - settle on GlusterFS, where a file's ctime moves a second after its writer has gone
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A replica takes its note "dirty" off a file (an extended attribute, hence the ctime) one second after
# the last write (cluster.post-op-delay-secs), or at a close or fsync that comes earlier.

rounds=20
stable=2.5

# Up to 1.34 tar compares ctimes, later ones mtime, size and mode instead.
need_tar_of_ctime() {
    case $(tar --version | head -n 1) in
    'tar (GNU tar) 1.'[0-9] | 'tar (GNU tar) 1.'[0-9].* | 'tar (GNU tar) 1.'[12]* | \
        'tar (GNU tar) 1.3'[0-4]*) ;;
    *) skip "needs GNU tar up to 1.34, which compares ctimes (here: $(tar --version | head -n 1))" ;;
    esac
}

# Runs all rounds of variant $1, each a make in a folder of its own, five at a time; more arguments are
# make's.  Counts the ones that pass in $passed, those that fail with tar's complaint in $failed.
contest() {
    need_tar_of_ctime
    printf '#!/bin/sh\nsleep 1.5\nexec cat\n' >slow
    chmod +x slow
    variant=$1 passed=0 failed=0 round=0
    shift
    while test $round -lt $rounds; do
        round=$((round + 1))
        mkdir "mnt/$round"
        mk -s -C "mnt/$round" -f "$SRC/tests/fs/gluster.mk" SLOW="$PWD/slow" \
            WRITER="$BUILD/tests/mmapwrite" "$@" "$variant.tar" >$round.log 2>&1 &
        test $((round % 5)) != 0 || wait
    done
    wait
    for round in $(seq $rounds); do
        if test -e "mnt/$round/$variant.tar"; then
            passed=$((passed + 1))
        elif grep -q "^tar: $variant: file changed as we read it\$" "$round.log"; then
            failed=$((failed + 1))
        fi
    done
    test -z "${SCORES-}" || echo "$variant: $passed passed, $failed failed" >>"$SCORES"
}

topic_bare_fails() {
    contest bare
    test "$failed:$passed" = $rounds:0 || fail "$failed failed, $passed passed: $(cat ./*.log)"
}

# The transaction of fsync itself moves the ctime, a few milliseconds after the call has returned, and
# what a client says is up to two seconds old (performance.md-cache-timeout, and the kernel's).
topic_fsync_alone_fails() {
    contest hook SETTLE_STABLE=0
    if test "$failed" = 0 || test $((failed + passed)) != $rounds; then
        fail "$failed failed, $passed passed: $(cat ./*.log)"
    fi
}

topic_hook_passes() {
    contest hook SETTLE_STABLE=$stable
    test "$failed:$passed" = 0:$rounds || fail "$failed failed, $passed passed: $(cat ./*.log)"
}

# A file at rest, which is fsynced once more: by the function, after the hook.
topic_hook_and_function_pass() {
    contest both SETTLE_STABLE=$stable
    test "$failed:$passed" = 0:$rounds || fail "$failed failed, $passed passed: $(cat ./*.log)"
}

topic_function_passes() {
    contest function SETTLE_STABLE=$stable
    test "$failed:$passed" = 0:$rounds || fail "$failed failed, $passed passed: $(cat ./*.log)"
}

# Looks every tenth of a second for $1 seconds at mnt/file; prints each ctime that it sees.
ctimes() {
    looks=0
    while test $looks -lt "${1}0"; do
        stat -c %.Z mnt/file
        looks=$((looks + 1))
        sleep 0.1
    done | uniq
}

topic_ctime_moves_unless_settled() {
    "$BUILD/tests/mmapwrite" --size=1M --close-first mnt/file
    ctimes 3 >bare
    rm mnt/file
    "$BUILD/tests/mmapwrite" --size=1M --close-first mnt/file
    "$BUILD/plugin/settle" --stable=$stable mnt/file || fail "settle failed"
    ctimes 3 >settled
    test "$(wc -l <bare)" = 2 || fail "bare: $(cat bare)"
    awk 'NR == 1 { first = $1 } NR == 2 { exit !($1 - first > 0.5 && $1 - first < 2) }' bare ||
        fail "moved at another time: $(cat bare)"
    test "$(wc -l <settled)" = 1 || fail "settled: $(cat settled)"
}

test_ctime_moves_unless_settled() { on gluster ctime_moves_unless_settled; }
test_bare_fails() { on gluster bare_fails; }
test_hook_passes() { on gluster hook_passes; }
test_fsync_alone_fails() { on gluster fsync_alone_fails; }
test_hook_and_function_pass() { on gluster hook_and_function_pass; }
test_function_passes() { on gluster function_passes; }

. "$SRC/tests/lib.sh"
. "$SRC/tests/fs/rig.sh"
run_rig "$@"
