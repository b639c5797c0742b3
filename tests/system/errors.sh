# errors.sh - real errors: no room, a broken device, quotas, and files that change while they are settled
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

# As root, what runs a command as an ordinary user.
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

lost='No space left on device; what was written to it is lost'

# each_face FAILURE WRITE: mnt/output is made by the command WRITE, and can't be written back: what the
# hook, the command and the function make of it.
each_face() {
    cat >Makefile <<MAKE
load \$(PLUGIN)
hooked: private SETTLE = mnt/output
hooked:
	@$2
plain:
	@$2
function: plain
	@echo \$(settle mnt/output)
.PHONY: hooked plain function
MAKE
    run mk hooked
    expect out <<EXPECTED
settle: mnt/output: $1; removed, will be made again
make: *** [Makefile:4: hooked] Error 125
EXPECTED
    test "$status" = 2 || fail "status $status"
    test ! -e mnt/output || fail "the output is still there"

    run mk plain
    test "$status" = 0 || fail "the recipe itself failed: $(cat out)"
    settle mnt/output
    expect out <<EXPECTED
settle: mnt/output: $1
EXPECTED
    test "$status" = 1 || fail "status $status"
    rm mnt/output

    run mk function
    expect out <<EXPECTED
Makefile:8: *** settle: mnt/output: $1; remove it, or the next make takes it for up to date.  Stop.
EXPECTED
    test "$status" = 2 || fail "status $status"
    test -e mnt/output || fail "removed, though the function didn't make it"
}

# A device that has promised more room than it has: the image is sparse, and what it lies on is full.
test_a_device_that_runs_full_at_writeback() {
    need mkfs.ext4 e2fsprogs
    mkdir outer mnt
    mount_or_skip -t tmpfs -o size=16M tmpfs outer
    truncate -s 128M outer/image
    mkfs.ext4 -q -O ^has_journal -m 0 outer/image
    mount_or_skip -o loop outer/image mnt
    # pages of zeros would be blocks all the same: each is written
    each_face "$lost" "$BUILD/tests/mmapwrite --size=24M --close-first mnt/output"
}

# ext4 reserves room for a page when it is dirtied, but not for the two indirect blocks that it needs besides where
# it lies alone: 2,000 free blocks have room for 900 such pages, but not for the 2,700 blocks that these take.  Where less than twice the dirty pages is
# left, ext4 starts writeback in the background as well (ext4_nonda_switch), and if that comes first, Linux 6.18 drops
# the pages ("This should not happen!! Data will be lost" in its log), and fsync(2) then succeeds: no program can see
# that.  So there is more than twice left here; but the flusher may come for its own reasons, so the test tries again.
test_a_full_ext4() {
    need mkfs.ext4 e2fsprogs
    mkdir mnt
    truncate -s 64M image
    mkfs.ext4 -q -O ^has_journal,^extent,^64bit -m 0 -b 4096 image
    mount_or_skip -t ext4 -o loop image mnt
    free=$(stat -f -c %a mnt)
    dd if=/dev/zero of=mnt/fill bs=4096 count=$((free - 2000)) 2>/dev/null
    sync -f mnt
    cat >Makefile <<MAKE
load \$(PLUGIN)
output: private SETTLE = mnt/output
output:
	@$BUILD/tests/thinwrite mnt/output 900 4294967296
MAKE
    for try in 1 2 3 4 5 6 7 8; do
        run mk
        test "$status" = 0 || break
        echo "try $try: the kernel told nobody"
        rm mnt/output
        sync -f mnt
    done
    expect out <<EXPECTED
settle: mnt/output: $lost; removed, will be made again
make: *** [Makefile:4: output] Error 125
EXPECTED
    test ! -e mnt/output || fail "the output is still there"
}

# What only the writeback of the pages tells.  fsync(2) then knows EIO and ENOSPC alone (mapping_set_error in
# include/linux/pagemap.h has two bits).
test_an_input_output_error_at_writeback() {
    mount_latefs "$PWD/mnt" write_errno=EIO
    each_face 'Input/output error; what was written to it is lost' \
        "$BUILD/tests/mmapwrite --size=64K --close-first mnt/output"
}

test_no_space_at_writeback() {
    mount_latefs "$PWD/mnt" write_errno=ENOSPC
    each_face "$lost" "$BUILD/tests/mmapwrite --size=64K --close-first mnt/output"
}

test_a_quota_at_writeback() {
    mount_latefs "$PWD/mnt" write_errno=EDQUOT
    each_face 'Input/output error; what was written to it is lost' \
        "$BUILD/tests/mmapwrite --size=64K --close-first mnt/output"
}

test_a_quota_at_fsync() {
    mount_latefs "$PWD/mnt" fsync_errno=EDQUOT
    each_face 'Disk quota exceeded; what was written to it is lost' 'echo made >mnt/output'
}

test_an_error_of_fsync_that_is_no_loss() {
    mount_latefs "$PWD/mnt" fsync_errno=EROFS
    printf '%s\n' 'load $(PLUGIN)' 'all: private SETTLE = mnt/output' 'all: ; @echo made >mnt/output' >Makefile
    run mk
    expect out <<'EXPECTED'
settle: mnt/output: Read-only file system
make: *** [Makefile:3: all] Error 125
EXPECTED
    test -e mnt/output || fail "removed, though nothing is lost"
}

test_a_folder_that_cannot_be_synced() {
    mount_latefs "$PWD/mnt" fsyncdir_errno=EIO
    mkdir mnt/folder
    echo made >mnt/folder/file
    settle mnt/folder/file
    expect out <<'EXPECTED'
settle: mnt/folder: Input/output error
EXPECTED
    test "$status" = 1 || fail "status $status"
    printf '%s\n' 'load $(PLUGIN)' 'all: private SETTLE = mnt/folder/file' \
        'all: ; @echo made >mnt/folder/file' >Makefile
    run mk
    test "$status" = 2 || fail "status $status"
    grep -q 'Error 125' out || fail "$(cat out)"
    test -e mnt/folder/file || fail "removed, though nothing of it is lost"
}

# A user's quota is checked when a page is dirtied or written, so it is the recipe that is told, and fails by
# itself; settle must not hide that, nor settle what failed.
test_a_quota() {
    need mkfs.ext4 e2fsprogs
    need setquota quota
    need_root "to set a quota"
    need setpriv util-linux
    mkdir mnt
    truncate -s 64M image
    mkfs.ext4 -q -O quota -E quotatype=usrquota -m 0 image
    mount -o loop,usrquota image mnt 2>/dev/null ||
        skip "needs ext4 quotas in the kernel (CONFIG_QFMT_V2), and leave to mount"
    at_exit "umount -l '$PWD/mnt'"
    chmod 777 mnt
    setquota -u 65534 0 2048 0 0 mnt
    printf '%s\n' 'load $(PLUGIN)' 'all: private SETTLE = mnt/output' \
        "all: ; @$as_nobody dd if=/dev/zero of=mnt/output bs=1M count=4 2>&1 | grep -o 'Disk quota exceeded'; test \`stat -c %s mnt/output\` = 4194304" >Makefile
    run mk SETTLE_VERBOSE=1
    expect out <<'EXPECTED'
Disk quota exceeded
make: *** [Makefile:3: all] Error 1
EXPECTED
}

# Files that change under settle's hands.  It is stopped at a system call of our choice: stop_at CALL
# runs settle on the arguments and returns when it has come to the first such call; go_on lets it end.

stop_at() {
    call=$1
    shift
    need strace strace
    strace -f -o /dev/null true 2>/dev/null || skip "needs leave to trace processes (ptrace)"
    rm -f stop.log
    # shellcheck disable=SC2086
    strace -f -y -o stop.log -e trace="$call",fsync -e inject="$call":signal=STOP:when=1 \
        $user "${SETTLE_PROGRAM:-$BUILD/plugin/settle}" "$@" >out 2>&1 &
    tracer=$!
    tries=0
    until grep -q 'stopped by SIGSTOP' stop.log 2>/dev/null; do
        tries=$((tries + 1))
        test $tries -lt 200 || fail "has not stopped: $(cat stop.log out)"
        sleep 0.05
    done
    stopped=$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' stop.log | head -n 1)
    at_exit "kill -s CONT $stopped 2>/dev/null; kill $stopped 2>/dev/null || :"
}
user=

go_on() {
    kill -s CONT "$stopped"
    status=0
    wait "$tracer" || status=$?
}

# settled_after CHANGE: "file" is changed when it was found, but not yet opened: the other one's writeback
# has just been started.
changed_before_it_is_opened() {
    rm -rf file
    echo first >first
    echo content >file
    stop_at sync_file_range first file
    eval "$1"
    go_on
}

test_removed_before_it_is_opened() {
    changed_before_it_is_opened 'rm file'
    expect out <<'EXPECTED'
settle: file: No such file or directory
EXPECTED
    test "$status" = 1 || fail "status $status"
}

test_replaced_before_it_is_opened() {
    # by another file: what is there now is settled
    changed_before_it_is_opened 'echo another >other; mv other file'
    test "$status" = 0 || fail "status $status: $(cat out)"
    grep -q 'fsync([0-9]*<[^>]*/file>)' stop.log || fail "$(cat stop.log)"
    # by a folder: so is that
    changed_before_it_is_opened 'rm file; mkdir file'
    test "$status" = 0 || fail "a folder: status $status: $(cat out)"
    grep -q 'fsync([0-9]*<[^>]*/file>)' stop.log || fail "$(cat stop.log)"
    # by what can't be settled: no waiting for a writer at its other end
    changed_before_it_is_opened 'rm file; mkfifo file'
    test "$status" = 1 || fail "a FIFO: status $status: $(cat out)"
    grep -q '^settle: file: ' out || fail "a FIFO: $(cat out)"
    # by a link that leads nowhere, or to itself
    changed_before_it_is_opened 'rm file; ln -s nowhere file'
    test "$status $(cat out)" = '1 settle: file: No such file or directory' || fail "$(cat out)"
    changed_before_it_is_opened 'rm file; ln -s file file'
    test "$status $(cat out)" = '1 settle: file: Too many levels of symbolic links' || fail "$(cat out)"
}

test_truncated_before_it_is_opened() {
    changed_before_it_is_opened ': >file'
    test "$status" = 0 || fail "status $status: $(cat out)"
    test ! -s file
}

test_made_unreadable_before_it_is_opened() {
    if test "$(id -u)" = 0; then
        need setpriv util-linux
        cp "$BUILD/plugin/settle" .
        chmod 777 .
        chmod 755 settle
        user=$as_nobody SETTLE_PROGRAM=./settle
        $user ./settle --version >/dev/null 2>&1 || skip "needs a TMPDIR that other users can reach"
    fi
    changed_before_it_is_opened 'chmod 0 file'
    expect out <<'EXPECTED'
settle: file: Permission denied
EXPECTED
    test "$status" = 1 || fail "status $status"
}

# When it is open, its fate is that of the file that is open: its removal or replacement is a new event, which
# SETTLE_STABLE would see.
test_changed_when_it_is_open() {
    for change in 'rm file' ': >file' 'chmod 0 file' 'mv file elsewhere' 'echo another >other; mv other file'; do
        rm -f file elsewhere
        echo first >first
        echo content >file
        stop_at fsync first file
        eval "$change"
        go_on
        test "$status" = 0 || fail "$change: status $status: $(cat out)"
        test "$(grep -c 'fsync(' stop.log)" -ge 3 || fail "$change: $(cat stop.log)"
    done
}

test_its_folder_is_removed_meanwhile() {
    mkdir folder
    echo content >folder/file
    stop_at fsync folder/file
    rm -r folder
    go_on
    expect out <<'EXPECTED'
settle: folder: No such file or directory
EXPECTED
    test "$status" = 1 || fail "status $status"
}

# The hook takes a file that is gone for one that isn't made (yet).
test_removed_under_the_hook() {
    need strace strace
    strace -f -o /dev/null true 2>/dev/null || skip "needs leave to trace processes (ptrace)"
    printf '%s\n' 'load $(PLUGIN)' 'all: private SETTLE = first file' 'all: ; @echo >first; echo >file' >Makefile
    # shellcheck disable=SC2086
    strace -f -o stop.log -e trace=sync_file_range -e inject=sync_file_range:signal=STOP:when=1 \
        ${PRELOAD:+-E LD_PRELOAD="$PRELOAD"} "$MAKE" --no-print-directory SETTLE_VERBOSE=1 >out 2>&1 &
    tracer=$!
    tries=0
    until grep -q 'stopped by SIGSTOP' stop.log 2>/dev/null; do
        tries=$((tries + 1))
        test $tries -lt 200 || fail "has not stopped: $(cat stop.log out)"
        sleep 0.05
    done
    stopped=$(sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' stop.log | head -n 1)
    at_exit "kill -s CONT $stopped 2>/dev/null; kill $stopped 2>/dev/null || :"
    rm file
    go_on
    test "$status" = 0 || fail "status $status: $(cat out)"
    tail -n 1 out >got
    expect got <<'EXPECTED'
settle: file: not there (yet), nothing to settle
EXPECTED
}

# Few descriptors.

many_files() {
    mkdir tree
    "$BUILD/tests/maketree" tree 4096 512
    find tree -type f >list
}

test_four_thousand_files_and_few_descriptors() {
    many_files
    for limit in 64 24; do
        for names in tree/ --files-from=list; do
            # shellcheck disable=SC3045
            (ulimit -n $limit && exec "$BUILD/plugin/settle" -v $names) >out 2>&1 ||
                fail "$limit, $names: $(tail -n 3 out)"
            test "$(grep -c '/file[0-9]*: settled, 1 bytes' out)" = 4096 ||
                fail "$limit, $names: $(wc -l <out) lines: $(tail -n 3 out)"
        done
    done
}

test_four_thousand_files_in_make_and_few_descriptors() {
    many_files
    printf '%s\n' 'load $(PLUGIN)' 'all:' '	@echo $(words $(settle tree/ $(file <list)))' \
        'hook: private SETTLE = tree/' 'hook:' '	@:; true' >Makefile
    for goal in all hook; do
        # shellcheck disable=SC3045
        (ulimit -n 64 && mk $goal) >out 2>&1 || fail "$goal: $(tail -n 3 out)"
    done
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
