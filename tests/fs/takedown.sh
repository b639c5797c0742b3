# takedown.sh - however a test on a file system of its own ends, nothing of it is left
# SPDX-License-Identifier: GPL-3.0-or-later

# A test that runs until it is ended, with a process that has a file open and mapped.
topic_stays() {
    "$BUILD/tests/mmapwrite" --size=1M --linger=300 mnt/held
    : >ready
    sleep 300
}

stay() { on "$STAY_ON" stays; }

# What there is of a test in the folder $1: loop devices, processes and their mounts.
left_of() {
    losetup -a | grep -F "$1/" || :
    # processes come and go
    find /proc/[0-9]*/cwd /proc/[0-9]*/fd /proc/[0-9]*/map_files -lname "$1/*" 2>/dev/null || :
    find /proc/[0-9]*/cwd -lname "$1" 2>/dev/null || :
    grep -sF "$1/" /proc/[0-9]*/mounts || :
}

# What of these a test must have.
traces='loop /cwd /map_files/ /mounts'

# Starts a test on a file system of kind $1 with a time limit: timeout's OPTIONS... and seconds.
# Its process is $pid, its folder $folder.
start_staying() {
    STAY_ON=$1
    shift
    need_root "makes mount and PID namespaces"
    mkdir tmp
    # what is in the background has SIGINT ignored, which the shell of a test hasn't
    STAY_ON=$STAY_ON TMPDIR=$PWD/tmp \
        env --default-signal=INT timeout "$@" sh "$THIS" stay >output 2>&1 &
    pid=$!
    at_exit "kill -KILL $pid 2>/dev/null || :"
    until test -e tmp/*/ready; do
        test -d /proc/$pid || wait $pid || { status=$?; cat output; exit $status; }
        sleep 0.1
    done
    folder=$(echo "$PWD"/tmp/*)
    # the proof that it would be seen
    for trace in $traces; do
        left_of "$folder" | grep -q "$trace" || fail "$trace: nothing was there to be seen"
    done
}

# It has ended, and within 10 seconds nothing is left.
nothing_is_left() {
    status=0
    wait "$pid" || status=$?
    test $status != 0 || fail "it came to its end"
    waited=0
    while test -n "$(left_of "$folder")"; do
        test $waited -lt 100 || fail "left: $(left_of "$folder")"
        waited=$((waited + 1))
        sleep 0.1
    done
}

# ended_by SIGNAL [KIND]: ended by a signal, it removes its folder as well.
ended_by() {
    start_staying "${2:-overlay_on_ext4}" 100
    kill -s "$1" "$pid"
    nothing_is_left
    test -z "$(ls tmp)" || fail "its folder is left"
}

test_SIGHUP_takes_down() { ended_by HUP; }
test_SIGINT_takes_down() { ended_by INT; }
test_SIGTERM_takes_down() { ended_by TERM; }

test_a_time_out_takes_down() {
    start_staying overlay_on_ext4 8
    nothing_is_left
    test -z "$(ls tmp)" || fail "its folder is left"
}

test_SIGKILL_takes_down() {
    start_staying overlay_on_ext4 -s KILL 8
    nothing_is_left
}

test_SIGTERM_takes_gluster_down() {
    need_root "makes mount and PID namespaces"
    find /var/lib/glusterd /var/log/glusterfs /run/gluster >before 2>&1 || :
    traces='/cwd /map_files/ /mounts'
    ended_by TERM gluster
    find /var/lib/glusterd /var/log/glusterfs /run/gluster >after 2>&1 || :
    diff before after || fail "it left files"
}

# Of the test alone, not of what it started.
test_SIGKILL_of_the_shell_takes_down() {
    start_staying overlay_on_ext4 100
    kill -KILL "$(cat "/proc/$pid/task/$pid/children")"
    nothing_is_left
}

. "$SRC/tests/lib.sh"
. "$SRC/tests/fs/rig.sh"
run_rig "$@"
