# powercut.sh - after a power cut or a kill, what the next make takes for up to date is whole
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The short version of "make check-powercut": 30 images and some tens of kills, and as many more as it
# takes to see that without marks the same rig finds what it looks for.  See tests/powercut/.

need_project() {
    test "${have_libelf:-no}" = yes || skip "needs libelf (Debian package: libelf-dev)"
    test -z "$PRELOAD" || skip "a whole project built under a sanitizer takes too long: run it on a" \
        "build without"
}

# Runs the rig's script $1 with the arguments $2...
rig() {
    need_project
    script=$1 status=0
    shift
    POWERCUT_REFERENCES=$PWD/references sh "$SRC/tests/powercut/$script.sh" "$@" \
        >result 2>messages || status=$?
    cat result messages
    test $status != 77 || skip "$(tail -n 1 messages | sed 's/^[a-z]*: //')"
    test $status = 0 || fail "$script $*: status $status"
}

# Three images on each file system, in mode $1.
cut_everywhere() {
    need_root "to mount images"
    for system in ext4 ext4-writeback ext4-nodelalloc xfs btrfs; do
        POWERCUT_REAL=3 rig run $system "$1" 3 7
    done
}

test_cutting_the_power_breaks_builds_where_nothing_is_settled() {
    need_root "to mount images"
    POWERCUT_FIRST=1 rig run ext4 nothing 60 1
}

test_cutting_the_power_breaks_builds_with_fsync_and_no_marks() {
    need_root "to mount images"
    POWERCUT_FIRST=1 rig run xfs unmarked 60 1
}

test_after_a_power_cut_all_that_is_up_to_date_is_whole() {
    cut_everywhere fsync
}

test_after_a_power_cut_all_that_is_up_to_date_is_whole_in_mode_deferred() {
    cut_everywhere deferred
    # small batches are fsynced file by file, and with them the log of btrfs
    POWERCUT_BATCH=20 rig run btrfs deferred 6 7
}

test_after_a_power_cut_all_that_is_up_to_date_is_whole_on_a_disk_with_a_cache() {
    need_root "to mount images"
    for system in ext4 xfs btrfs; do
        POWERCUT_DISK=volatile rig run $system fsync 2 5
    done
}

# The rig's own disk: what was flushed is there after a cut, and of the rest some is not.
test_the_disk_with_a_cache_loses_what_was_not_flushed_and_nothing_else() {
    need_root "to mount images"
    need_fuse
    need mkfs.xfs xfsprogs
    unshare -m true 2>/dev/null || skip "needs leave to mount (CAP_SYS_ADMIN)"
    cat >cuts <<'EOF'
set -eux
truncate -s 400M outer.img
mkfs.xfs -q -m reflink=1 outer.img
mkdir outer cache
mount -o loop outer.img outer
head -c 4M /dev/zero >outer/disk.img
"$BUILD/tests/cutdisk" outer disk.img cache &
timeout 10 sh -c 'until mountpoint -q cache; do sleep 0.1; done'
head -c 1M /dev/urandom >flushed
head -c 1M /dev/urandom >lost
dd if=flushed of=cache/disk.img bs=64k conv=notrunc,fsync status=none
dd if=lost of=cache/disk.img bs=64k seek=16 conv=notrunc status=none
for name in 1 2 3; do
    ln -s $((name / 2)) cache/cut$name.img
done
cmp cache/disk.img outer/disk.img
cmp outer/cut2.img outer/cut3.img
cmp outer/cut1.img outer/cut2.img && exit 1
cmp -n 1048576 flushed outer/cut1.img
dd if=outer/cut1.img of=rest bs=1M skip=1 count=1 status=none
# Each byte is new or what it was before, zero; about three in eight are lost.
cmp -l lost rest | awk '$3 != 0 { bad = 1 } END { exit bad || NR < 200000 || NR > 600000 }'
sync cache/disk.img
ln -s 3 cache/cut4.img
cmp outer/cut4.img outer/disk.img
umount cache
wait                                    # cutdisk holds outer's files until it has ended
umount outer
EOF
    unshare -m sh ./cuts
}

# A recipe that writes over its old output, whose data comes to the disk before the journal tells of it: fdatasync
# brings it there, as would the kernel's writeback.  "part", edited a moment ago, is no newer after the cut.
cut_while_overwriting() {
    rm -rf disk.img cut.img
    truncate -s 400M disk.img
    "mkfs.$1" -q "$2" disk.img 2>mkfs.log || fail "$(cat mkfs.log)"
    mkdir -p disk
    mount_or_skip -o "loop,$3" disk.img disk
    cat >disk/Makefile <<'EOF'
load $(PLUGIN)
disk: SETTLE = $@ other
disk: part
	dd if=part of=other bs=4k conv=notrunc,fdatasync status=none
	dd if=part of=$@ bs=4k conv=notrunc,fdatasync status=none; $(PAUSE)
	dd if=part of=$@ bs=4k seek=1 conv=notrunc,fdatasync status=none
EOF
    head -c 4096 /dev/zero >disk/part
    make_works -C disk SETTLE_MODE="$4"
    sync -f disk
    head -c 4096 /dev/zero | tr '\0' x >disk/part
    rm -f ready go
    start_make -C disk SETTLE_MODE="$4" PAUSE="touch '$PWD/ready'; until test -e '$PWD/go'; do sleep 0.1; done"
    await ready
    cp --sparse=always disk.img cut.img
    touch go
    wait "$make" || fail "$(cat log)"
    umount disk
    mount_or_skip -o loop cut.img disk
    make_works -C disk SETTLE_MODE="$4"
    cat disk/part disk/part | cmp - disk/disk || fail "disk is half-made, and up to date: $(cat out)"
    cmp disk/part disk/other || fail "other is older than disk, and up to date: $(cat out)"
    umount disk
}

test_a_power_cut_while_an_old_output_is_written_over_in_place() {
    need_root "to mount a file system"
    need mkfs.xfs xfsprogs
    for mode in fsync deferred; do
        cut_while_overwriting ext4 -F commit=60 $mode
        cut_while_overwriting xfs -f noatime $mode
    done
}

test_killing_breaks_builds_without_marks() {
    POWERCUT_FIRST=1 rig kill 60 unmarked 1
}

test_after_a_kill_all_that_is_up_to_date_is_whole() {
    rig kill 20 fsync 1
}

test_after_a_kill_all_that_is_up_to_date_is_whole_in_mode_deferred() {
    rig kill 12 deferred 1
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
