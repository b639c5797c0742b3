# stable.sh - SETTLE_STABLE: attributes that move on their own are waited for, counted and told
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

# A ctime that moves once more some time after fsync, as on GlusterFS with features.ctime off.
mount_moving() {
    mount_latefs "$PWD/mnt" after_fsync,delay="$1"
}

# Changes the file $1 every now and then in the background until the test ends.
keep_changing() {
    (while test ! -e "$1.stop"; do echo x >>"$1"; sleep 0.1; done) &
    at_exit "touch '$PWD/$1.stop'; wait $!"
}

test_without_it_the_ctime_moves_afterwards() {
    mount_moving 1
    echo made >mnt/file
    settle mnt/file
    stat -c %z mnt/file >before
    sleep 2
    ! stat -c %z mnt/file | diff before - || fail "nothing moves here: the other tests show nothing"
}

test_waits_until_it_has_moved() {
    mount_moving 0.7
    for face in command function hook; do
        echo made >mnt/file
        cat >Makefile <<'MAKE'
load $(PLUGIN)
function:
	@echo $(settle mnt/file)
hook: private SETTLE = mnt/file
hook:
	@echo more >>mnt/file
.PHONY: function hook
MAKE
        case $face in
        command) settle -s 1.5 -v mnt/file ;;
        *) run mk $face SETTLE_STABLE=1.5 SETTLE_VERBOSE=1 ;;
        esac
        stat -c '%z %y %s %b' mnt/file >before
        test "$status" = 0 || fail "$face: status $status: $(cat out)"
        grep -q '^settle: mnt/file: settled, .*; ctime +' out || fail "$face: $(cat out)"
        sleep 1.5
        stat -c '%z %y %s %b' mnt/file | diff before - || fail "$face: it moved afterwards"
    done
}

test_counts_what_moved_when_time_is_up() {
    echo made >file
    keep_changing file
    settle -s 1 -t 2 file
    test "$status" = 1 || fail "status $status: $(cat out)"
    sed 's/[0-9][0-9]* time[s]*/N times/g; s/, blocks N times//' out >got
    expect got <<'EXPECTED'
settle: file: does not stand still: moved ctime N times, mtime N times, size N times
EXPECTED
    times=$(sed 's/.* size \([0-9]*\) time.*/\1/' out)
    test "$times" -ge 2 || fail "$(cat out)"
}

test_the_hook_and_the_function_tell_the_same() {
    echo made >file
    keep_changing file
    printf '%s\n' 'load $(PLUGIN)' 'hook: private SETTLE = file' 'hook: ; @:; touch ran' \
        'function: ; @echo $(settle file)' >Makefile
    # no mark: with it, the next make would make the file again
    run mk hook SETTLE_STABLE=1 SETTLE_TIMEOUT=1 SETTLE_DIR=
    grep -q '^settle: file: does not stand still: moved ctime [0-9]* times*, ' out || fail "$(cat out)"
    tail -n 1 out | grep -q '^make: \*\*\* \[Makefile:3: hook\] Error 125$' || fail "$(cat out)"
    test -e file || fail "removed, though nothing is lost"
    run mk function SETTLE_STABLE=1 SETTLE_TIMEOUT=1
    grep -q '^Makefile:4: \*\*\* settle: file: does not stand still: moved .* times*\.  Stop\.$' out ||
        fail "$(cat out)"
}

# Two replicas that disagree: each look at the same name may be answered by another one.  Here they are two
# folders, and a link that leads to the one or the other.
test_attributes_that_flap_are_told_as_such() {
    mkdir one two
    echo one >one/file
    echo other >two/file
    ln -s one now
    (while test ! -e stop; do
        for replica in two one; do
            ln -s $replica next
            mv -T next now
            sleep 0.2
        done
    done) &
    at_exit "touch '$PWD/stop'; wait $!"
    settle -s 1.5 -t 4 now/file
    test "$status" = 1 || fail "status $status: $(cat out)"
    grep -q '^settle: now/file: does not stand still: moved .*size [0-9]* times.*; it flaps between two states (replicas that disagree?)$' out ||
        fail "$(cat out)"
}

# Sizes that alternate, but times that only go on: that is a writer, not replicas.
test_a_writer_that_alternates_sizes_does_not_flap() {
    echo made >file
    (while test ! -e stop; do
        truncate -s 4096 file
        sleep 0.1
        truncate -s 8192 file
        sleep 0.1
    done) &
    at_exit "touch '$PWD/stop'; wait $!"
    settle -s 1 -t 2 file
    test "$status" = 1 || fail "status $status: $(cat out)"
    grep -q '^settle: file: does not stand still: moved ctime [0-9]* times, .*size [0-9]* times' out ||
        fail "$(cat out)"
    ! grep flaps out || fail "$(cat out)"
}

# settle with the arguments from $3 on must say that $1, by which the one is set, conflicts with $2.
conflict() {
    stable=$1 timeout=$2
    shift 2
    settle "$@"
    test "$status" = 2 || fail "settle $*: status $status: $(cat out)"
    expect out <<EXPECTED
settle: the time to stand still ($stable) is longer than the timeout ($timeout)
Try 'settle --help' for more information.
EXPECTED
}

test_longer_than_the_timeout_is_wrong_usage() {
    touch file
    conflict --stable --timeout -s 2 -t 1 file
    SETTLE_TIMEOUT=20 conflict --stable --timeout -s 2 -t 1 file
    conflict --stable --timeout -s 11 file
    SETTLE_STABLE=11 SETTLE_TIMEOUT='' conflict SETTLE_STABLE --timeout file
    SETTLE_STABLE=3 SETTLE_TIMEOUT=2 conflict SETTLE_STABLE SETTLE_TIMEOUT file
    SETTLE_STABLE=1 SETTLE_TIMEOUT=2 conflict --stable SETTLE_TIMEOUT -s 3 file
    printf '%s\n' 'load $(PLUGIN)' 'SETTLE_STABLE = 2' 'SETTLE_TIMEOUT = 1' \
        'hook: private SETTLE = file' 'hook: ; @:; touch ran' 'function: ; @echo $(settle file)' >Makefile
    for goal in hook function; do
        run mk $goal
        test "$status" = 2 || fail "$goal: status $status: $(cat out)"
        grep -q '^\(Makefile:[0-9]*\|make\): \*\*\* settle: the time to stand still (SETTLE_STABLE) is longer than the timeout (SETTLE_TIMEOUT)\.  Stop\.$' out ||
            fail "$goal: $(cat out)"
        test ! -e ran || fail "$goal: the recipe ran"
    done
}

test_values_that_are_no_seconds() {
    touch file
    for value in -1 1e3 abc 1,5 . 0x10 inf nan 99999999999; do
        settle "--stable=$value" file
        test "$status" = 2 || fail "$value: status $status: $(cat out)"
        head -n 1 out >got
        expect got <<EXPECTED
settle: --stable: '$value' is not a number of seconds
EXPECTED
    done
}

# Sleeping, not spinning: two seconds of waiting, for stability and for a writer, take some milliseconds.
test_waiting_takes_no_processor_time() {
    touch file held
    sleep 60 3>>held &
    at_exit "kill $!"
    "$BUILD/tests/usage" used "$BUILD/plugin/settle" -s 2 file
    test "$(cut -d ' ' -f 2 used)" -lt 500 || fail "stable: KiB and milliseconds: $(cat used)"
    ! "$BUILD/tests/usage" used "$BUILD/plugin/settle" -t 2 held 2>out || fail "not held"
    test "$(cut -d ' ' -f 2 used)" -lt 700 || fail "held: KiB and milliseconds: $(cat used)"
}

# Each look asks anew, and there are some eight looks in the time asked for, no more.
test_few_looks() {
    touch file
    PRELOAD='' TRACE=statx,clock_nanosleep,nanosleep traced log "$BUILD/plugin/settle" -s 1 file
    looks=$(grep -c 'AT_STATX_FORCE_SYNC' log) || skip "needs statx(2)"
    { test "$looks" -ge 4 && test "$looks" -le 16; } || fail "$looks looks"
}

test_a_file_that_is_removed_while_it_is_watched() {
    touch file
    (sleep 0.7; rm file) &
    settle -s 2 -t 4 file
    wait
    test "$status" = 1 || fail "status $status"
    expect out <<'EXPECTED'
settle: file: No such file or directory
EXPECTED
    printf '%s\n' 'load $(PLUGIN)' 'hook: private SETTLE = file' \
        'hook: ; @touch file; (sleep 0.7; rm file) & exec 2>&1' >Makefile
    run mk hook SETTLE_STABLE=2 SETTLE_VERBOSE=1
    test "$status" = 0 || fail "status $status: $(cat out)"
    expect out <<'EXPECTED'
settle: file: not there (yet), nothing to settle
EXPECTED
}

# What is written by a writer that comes back is written back as well, before all is told to be settled.
test_what_a_writer_adds_meanwhile_is_settled_as_well() {
    pages=$("$BUILD/tests/cachestat" "$SRC/README.md" 2>&1) || skip "needs cachestat(2), Linux 6.5: $pages"
    echo made >file
    (sleep 0.5; "$BUILD/tests/mmapwrite" --size=1M file) &
    settle -s 1.5 -t 5 -v file
    wait
    test "$status" = 0 || fail "status $status: $(cat out)"
    grep -q '; size 5 -> 1048576' out || fail "$(cat out)"
    pages=$("$BUILD/tests/cachestat" file)
    test "${pages#*: * }" = "0 0" || fail "dirty or in writeback: $pages"
}

# A file that takes the place of a settled one is settled in its turn.
test_what_replaces_a_file_meanwhile_is_settled_as_well() {
    mkdir folder
    echo made >folder/file
    (sleep 0.7; echo another >folder/other; mv folder/other folder/file) &
    PRELOAD='' TRACE=fsync traced log -y "$BUILD/plugin/settle" -s 1.5 -t 5 folder/file
    wait
    test "$(cat folder/file)" = another || fail "not replaced"
    sed -n 's|.* fsync([0-9]*<.*/\([^/>]*\)>.*|\1|p' log >got
    expect got <<'EXPECTED'
file
folder
file
folder
EXPECTED
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
