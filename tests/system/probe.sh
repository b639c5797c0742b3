# probe.sh - settle --probe, on file systems that behave differently
# SPDX-License-Identifier: GPL-3.0-or-later

PROBE=$BUILD/plugin/settle
usage_hint="Try 'settle --help' for more information."

# Probes the folder $1 as JSON into report.json and in words into report, at the same time.
probe() {
    "$PROBE" --probe --json "$1" >report.json &
    json=$!
    "$PROBE" --probe "$1" >report || fail "status $?: $(cat report)"
    wait $json || fail "status $? with --json: $(cat report.json)"
    for left in "$1"/.settle-probe*; do
        test ! -e "$left" || fail "left behind: $left"
    done
}

# value EXPRESSION: what the report, the Python object r, has to say
value() {
    need python3 python3
    python3 -c 'import json, sys
with open("report.json", "rb") as file: r = json.loads(file.read().decode("utf-8"))
trials = r["trials"]
def moved(fsync, stat=True):
    return [t["moved"] for t in trials if t["fsync"] == fsync and t["stat"] == stat]
print(eval(sys.argv[1]))' "$1"
}

# holds EXPRESSION...: each must be true of the report
holds() {
    for expression; do
        test "$(value "$expression")" = True || fail "not so: $expression: $(cat report.json)"
    done
}

says() {
    for text; do
        tr '\n' ' ' <report | tr -s ' ' | grep -q -F -e "$text" ||
            fail "'$text' is missing: $(cat report)"
    done
}

# Mounts a new ext4 of its own on the folder $1.
mount_ext4() {
    need_root "mounts a file system"
    need mkfs.ext4 e2fsprogs
    mkdir "$1"
    truncate -s 64M "$1.image"
    mkfs.ext4 -q "$1.image"
    mount -o loop "$1.image" "$1" 2>mount.errors || skip "no loop device: $(cat mount.errors)"
    at_exit "umount '$PWD/$1'"
}

test_ext4() {
    mount_ext4 disk
    probe disk
    says ": ext4 (statfs: 0xef53 ext2/ext3/ext4) from /dev/loop" "Nothing moves here"
    test "$(tail -n 1 report)" = SETTLE_STABLE=0 || fail "$(cat report)"
    here=$(pwd -P)
    holds 'r["verdict"] == "still" and not r["settle_needed"]' 'r["SETTLE_STABLE"] == 0' \
        'r["filesystem"]["type"] == "ext4"' 'r["filesystem"]["magic"] == "0xef53"' \
        "r['filesystem']['mount_point'] == '$here/disk'" \
        'r["lease"]["granted"] and r["lease"]["descriptor"] == r["lease"]["mapping"] == "seen"' \
        'r["fsync"]["files"] == 16' \
        'r["fsync"]["max_ms"] >= r["fsync"]["median_ms"] >= r["fsync"]["min_ms"] > 0'
}

test_cachestat_and_sync_file_range_on_ext4() {
    mount_ext4 disk
    probe disk
    test "$(value 'r["cachestat"]["error"]')" != 'Function not implemented' ||
        skip "needs cachestat(2): Linux 6.5 or later"
    holds 'r["cachestat"]["result"] == "works"' 'r["sync_file_range"]["result"] == "works"' \
        'r["sync_file_range"]["dirty_before"] == 16' 'r["sync_file_range"]["dirty_after"] == 0'
}

test_overlayfs() {
    mount_ext4 disk
    mkdir lower disk/upper disk/work merged
    mount -t overlay -o lowerdir=lower,upperdir=disk/upper,workdir=disk/work overlay merged \
        2>mount.errors || skip "no overlayfs: $(cat mount.errors)"
    at_exit "umount '$PWD/merged'"
    probe merged
    says ": overlay (statfs: 0x794c7630 overlayfs) from overlay" "Nothing moves here" \
        "does not see a shared mapping" "A lease does not see shared mappings here"
    holds 'r["verdict"] == "still"' 'r["SETTLE_STABLE"] == 0' \
        'r["lease"]["descriptor"] == "seen"' 'r["lease"]["mapping"] == "unseen"'
    test "$(value 'r["cachestat"]["error"]')" != 'Function not implemented' ||
        skip "needs cachestat(2) for sync_file_range: Linux 6.5 or later"
    says "sync_file_range writes nothing here"
    holds 'r["sync_file_range"]["result"] == "nothing"' 'r["cachestat"]["result"] == "nothing"'
}

test_latefs_moves_without_fsync() {
    mount_latefs "$PWD/late" delay=1
    probe late
    says ": fuse.latefs (statfs: 0x65735546 fuse) from latefs" "Files move up to" \
        "After an fsync nothing moves: settle is needed here"
    test "$(tail -n 1 report)" = SETTLE_STABLE=0 || fail "$(cat report)"
    holds 'r["verdict"] == "fsync-settles" and r["settle_needed"]' 'r["SETTLE_STABLE"] == 0' \
        'moved(True) == [0, 0, 0, 0]' 'moved(False) == [4, 4, 4, 4]' 'not r["stat_settles"]' \
        'all(t["last_move"] >= t["longest_still"] > 0 for t in trials if t["moved"])' \
        'all(t["attributes"] == ["ctime", "blocks"] for t in trials if t["moved"])'
}

test_latefs_moves_after_fsync() {
    mount_latefs "$PWD/late" delay=0.7,after_fsync
    probe late
    says "An fsync does not end it"
    holds 'r["verdict"] == "moves-after-fsync" and r["settle_needed"]' 'r["SETTLE_STABLE"] > 0.7' \
        'moved(True) == [4, 4, 4, 4]' 'not r["fsync_touches"]'
    tail -n 1 report | awk -F = '$1 != "SETTLE_STABLE" || $2 <= 0.7 { exit 1 }' ||
        fail "$(cat report)"
}

test_latefs_moves_later_than_it_is_watched() {
    mount_latefs "$PWD/late" delay=20
    probe late
    says "Files stand still for 5 s after their writer's exit, but move when"
    holds 'r["verdict"] == "fsync-settles"' 'moved(False) == [0, 0, 0, 0]' \
        '[t["unsettled"] for t in trials if not t["fsync"] and t["stat"]] == [4, 4, 4, 4]'
}

test_fsync_fails() {
    mount_latefs "$PWD/late" fsync_errno=EIO
    probe late
    says "fsync fails here" "Input/output error"
    ! grep SETTLE_STABLE report || fail "a value for where nothing helps"
    holds 'r["verdict"] == "fsync-fails"' 'r["SETTLE_STABLE"] is None' 'r["fsync"] is None'
}

# The device is full: nothing to watch.
test_no_space() {
    need_root "mounts a tmpfs"
    mkdir small
    mount -t tmpfs -o size=64k tmpfs small 2>mount.errors || skip "no tmpfs: $(cat mount.errors)"
    at_exit "umount '$PWD/small'"
    ! yes >small/file 2>/dev/null || fail "it does not get full"
    status=0
    "$PROBE" --probe small >report 2>errors || status=$?
    test "$status" = 1 || fail "status $status"
    says "No file could be written and watched here" "No space left on device"
    expect errors <<'END'
settle: small: No space left on device
END
    test "$(ls -A small)" = file || fail "left behind: $(ls -A small)"
}

test_json_is_valid_whatever_the_folder_is_called() {
    need python3 python3
    odd=$(printf 'a"b\\c\td \303\244 \377')
    mkdir "$odd"
    probe "$odd"
    python3 -c 'import json, os
with open("report.json", "rb") as file: r = json.loads(file.read().decode("utf-8"))
name = r["directory"].encode("utf-8", "surrogateescape")
assert name == b"a\"b\\c\td \xc3\xa4 \xff", name
documented = "directory kernel filesystem watched trials fsync lease sync_file_range cachestat " \
    "verdict settle_needed stat_settles fsync_touches SETTLE_STABLE SETTLE_TIMEOUT"
assert list(r) == documented.split(), list(r)'
    sed '1,/^\.SS JSON/d; /^\.SH/,$d' "$SRC/doc/settle.1" |
        sed -n 's/^\.BR* //p' | tr -d ' ;.,' >documented
    for key in $(value '" ".join(set(k for o in trials + [r, r["lease"], r["filesystem"],
        r["fsync"], r["sync_file_range"], r["cachestat"]] for k in o))'); do
        grep -q -x "$key" documented || fail "settle.1 does not document $key"
    done
}

# interrupted SIGNAL SECONDS: what is left of a probe that gets SIGNAL after SECONDS
interrupted() {
    "$PROBE" --probe . >report 2>errors &
    pid=$!
    sleep "$2"
    ls -A . >during
    kill -s "$1" $pid
    status=0
    wait $pid || status=$?
    test "$(kill -l $status)" = "$1" || fail "status $status"
    grep -q '^\.settle-probe\.' during || fail "it was not at work: $(cat during errors)"
    test "$(echo .settle-probe*)" = '.settle-probe*' || fail "left behind: $(ls -A)"
    ! test -s report || fail "$(cat report)"
    expect errors </dev/null
}

test_interrupted() {
    interrupted TERM 1
    interrupted HUP 0.3
}

# A shell starts what is in the background with SIGINT ignored.
test_interrupted_from_the_keyboard() {
    need python3 python3
    python3 -c 'import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
probe = subprocess.Popen([sys.argv[1], "--probe", "."], start_new_session=True)
time.sleep(1)
os.killpg(probe.pid, signal.SIGINT)
status = probe.wait()
assert status == -signal.SIGINT, status
assert not [name for name in os.listdir(".") if name.startswith(".settle")], os.listdir(".")
try:
    os.killpg(probe.pid, 0)
    sys.exit("a process is left")
except ProcessLookupError:
    pass' "$PROBE"
}

test_ignored_signals_stay_ignored() {
    (
        trap '' HUP
        exec "$PROBE" --probe .
    ) >report 2>errors &
    pid=$!
    sleep 1
    kill -s HUP $pid
    wait $pid || fail "status $?: $(cat errors)"
    says SETTLE_STABLE=
}

# bad STATUS ARGUMENT... <<errors
bad() {
    expected=$1
    shift
    status=0
    "$PROBE" "$@" >out 2>errors || status=$?
    test "$status" = "$expected" || fail "$*: status $status"
    expect out </dev/null
    cat >expected.errors
    diff -u expected.errors errors || fail "settle $*"
}

test_errors() {
    bad 1 --probe nowhere <<'END'
settle: nowhere: No such file or directory
END
    : >file
    bad 1 --probe file <<'END'
settle: file: Not a directory
END
    bad 2 --probe . . <<END
settle: one directory only: .
$usage_hint
END
    bad 2 --status --recover <<END
settle: only one of --probe, --status and --recover
$usage_hint
END
    bad 2 --json file <<END
settle: --json goes with --probe
$usage_hint
END
}

test_folder_that_is_not_writable() {
    mkdir readonly
    if test "$(id -u)" = 0; then
        mount -t tmpfs -o ro tmpfs readonly 2>mount.errors || skip "no tmpfs: $(cat mount.errors)"
        at_exit "umount '$PWD/readonly'"
        reason='Read-only file system'
    else
        chmod a-w readonly
        reason='Permission denied'
    fi
    bad 1 --probe readonly <<END
settle: readonly: $reason
END
}

test_output_that_fails() {
    test -c /dev/full || skip "needs /dev/full"
    status=0
    "$PROBE" --probe >/dev/full 2>errors || status=$?
    test "$status" = 1 || fail "status $status"
    expect errors <<'END'
settle: standard output: No space left on device
END
    test "$(echo .settle-probe*)" = '.settle-probe*' || fail "left behind: $(ls -A)"
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
