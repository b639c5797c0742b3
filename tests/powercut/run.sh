# run.sh - the power-cut rig: images of a file system at random moments of a build, and the next make
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: sh run.sh FILE-SYSTEM MODE CUTS SEED    as root, in a build tree (or with BUILD set)
#   FILE-SYSTEM  ext4, ext4-writeback (data=writeback), ext4-nodelalloc, xfs, btrfs
#   MODE         nothing (SETTLE_MODE=off), unmarked (fsync, no marks), fsync, deferred
# Environment: POWERCUT_REAL=N    run the next make to its end in every Nth image (default 16)
#              POWERCUT_DISK=volatile   the disk has a cache: see cutdisk.c
#              POWERCUT_FIRST=1   stop at the first violation
#              POWERCUT_VERBOSE=1 name each violation
#
# The project is built with -j4 on a file system in an image file, again and again: half of its
# sources change between two builds.  The image file lies on an xfs with reflink, where "cp --reflink"
# makes a point-in-time copy: what the disk would hold had the power gone at that moment.  Somebody
# else on the same file system fsyncs a file of his own now and then, as mail and log daemons do,
# and with it commits the journal.  Each copy is mounted and looked at by check.sh.
#
# Prints a line: FILE-SYSTEM MODE images looked-at broken violations removed most-removed needless
# real differ built milliseconds.  Exit status: 0, 1 for a violation where the mode promises none (or
# for none where it must have some), 77 where this machine, or this settle, can't do it, 2 for other
# trouble.

set -eu
# shellcheck source=tests/powercut/lib.sh
. "$(dirname "$0")/lib.sh"
test $# = 4 || give_up "Usage: run.sh FILE-SYSTEM MODE CUTS SEED"
kind=$1 mode=$2 cuts=$3 seed=$4
choose_mode "$mode"
: "${POWERCUT_REAL:=16}" "${POWERCUT_FIRST:=0}" "${POWERCUT_VERBOSE:=0}" "${POWERCUT_DISK:=plain}"
checkers=2

type=${kind%%-*} options=loop clone_options=loop
case $kind in
ext4) options=loop,commit=1 ;;
ext4-writeback) options=loop,commit=1,data=writeback ;;
ext4-nodelalloc) options=loop,commit=1,nodelalloc ;;
xfs) clone_options=loop,nouuid ;;
# A kernel before 6.7 can't have two file systems of one UUID mounted.
btrfs) options=loop,commit=1 checkers=1 ;;
*) give_up "$kind: no such file system" ;;
esac

test "$(id -u)" = 0 || cannot "needs root, to mount images"
need mkfs.xfs xfsprogs
need mkfs.ext4 e2fsprogs
need mkfs.btrfs btrfs-progs
test "$POWERCUT_DISK" = plain || test -x "$BUILD/tests/cutdisk" ||
    cannot "needs cutdisk, built where libfuse3 is (Debian packages: libfuse3-dev pkg-config)"

# In a mount namespace of its own nobody else's holds a copy of what is mounted here (another's
# "unshare -m" would keep it busy), and it is all gone when this ends, however that comes.
if test "${POWERCUT_NAMESPACE:-}" != $$; then
    need unshare util-linux
    unshare -m true 2>/dev/null || cannot "needs leave to mount (CAP_SYS_ADMIN)"
    export POWERCUT_NAMESPACE=$$
    exec unshare -m sh "$0" "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/settle-powercut.XXXXXX")
at_exit "rm -rf --one-file-system '$work'"
use_references "$work/references"
mkdir -p "$work/outer" "$work/disk" "$work/cache" "$work/checker0" "$work/checker1" "$work/tmp"
export TMPDIR="$work/tmp"  # for what killed compilers leave

# Unmounts.  It can take seconds until the kernel lets go of a loop device's file.
unmount() {
    for _ in $(seq 150); do
        ! mountpoint -q "$1" || umount "$1" 2>/dev/null || {
            nap 100
            continue
        }
        return 0
    done
    umount "$1"
}

# mount(8), again where another one has taken the loop device that it had found to be free.
mount_image() {
    for _ in 1 2 3 4; do
        ! mount "$@" 2>/dev/null || return 0
        nap 200
    done
    mount "$@"
}

await_mount() {
    for _ in $(seq 100); do
        ! mountpoint -q "$1" || return 0
        nap 100
    done
    return 1
}

make_disks() {
    truncate -s 12G "$work/outer.img"
    mkfs.xfs -q -m reflink=1 "$work/outer.img"
    mount_image -o loop "$work/outer.img" "$work/outer" ||
        cannot "needs leave to mount images, and a kernel with loop devices and xfs"
    at_exit "unmount '$work/outer'"
    at_exit "unmount '$work/checker0/mount'"
    at_exit "unmount '$work/checker1/mount'"
    image=$work/outer/disk.img
    truncate -s 400M "$image"
    case $type in
    ext4) mkfs.ext4 -qF "$image" ;;
    *) "mkfs.$type" -qf "$image" >"$work/mkfs.log" 2>&1 || give_up "$(cat "$work/mkfs.log")" ;;
    esac
    if test "$POWERCUT_DISK" = volatile; then
        "$BUILD/tests/cutdisk" "$work/outer" disk.img "$work/cache" &
        at_exit "unmount '$work/cache'"
        await_mount "$work/cache" || cannot "needs /dev/fuse"
        image=$work/cache/disk.img
    fi
    at_exit "unmount '$work/disk'"
    mount_image -t "$type" -o "$options" "$image" "$work/disk" || cannot "needs a kernel with $kind"
    unmount "$work/disk"
}

# What others do on the same file system.
somebody_else() {
    between 0 3
    case $random in
    0) sync -f "$work/disk" ;;
    1) date >>"$work/disk/other" && sync "$work/disk/other" ;;
    esac
    between 0 60
    nap "$random"
}

# One build, and images of it as long as it lasts and some are wanted; adds to $built and $milliseconds.
build_and_cut() {
    began=$(date +%s%N)
    ( cd "$work/disk/project" && PAUSE_MS=12 exec setsid "$MAKE" --no-print-directory --debug=b -j4 \
        SETTLE_SO="$library" CC="$CC" all >"$work/build.log" 2>&1 ) &
    make=$!
    at_exit_build="kill -s KILL -- -$make 2>/dev/null || :"
    at_exit "$at_exit_build"
    while [ $images -lt "$cuts" ]; do
        between 20 260
        nap "$random"
        # not before the first image: with the journal the last edit of the sources would be on the disk
        test $images = $before || somebody_else
        kill -s 0 $make 2>/dev/null || break
        images=$((images + 1))
        if test "$POWERCUT_DISK" = volatile; then
            ln -s "$seed" "$work/cache/cut$images.img"
        else
            cp --reflink=always "$image" "$work/outer/cut$images.img"
        fi
    done
    if [ $images = "$cuts" ]; then
        # nobody will look at what comes now
        kill -s KILL -- -$make 2>/dev/null || :
        wait $make 2>/dev/null || :
    else
        wait $make || give_up "the build fails: $(tail -n 5 "$work/build.log")"
        test ! -e "$work/disk/project/.settle" ||
            give_up "after a finished build there is still .settle"
    fi
    at_exit_commands=${at_exit_commands#"$at_exit_build"}
    milliseconds=$((milliseconds + ($(date +%s%N) - began) / 1000000))
    built=$((built + $(grep -c 'Must remake target' "$work/build.log")))
}

# Mounts the image $1 at $2.  ext4's superblock, two sectors that are written in place, may be torn on a disk with a
# cache: then as an administrator would, with one of the other superblocks.
mount_cut() {
    test "$type.$POWERCUT_DISK" = ext4.volatile || {
        mount_image -t "$type" -o "$clone_options" "$1" "$2"
        return
    }
    mount_image -t "$type" -o "$clone_options" "$1" "$2" 2>/dev/null || {
        e2fsck -y "$1" >"$work/e2fsck.log" 2>&1 || test $? = 1
        mount_image -t "$type" -o "$clone_options" "$1" "$2"
    }
}

# Mounts image number $1 on the folder of checker $2 and looks at it.
check_image() {
    place=$work/checker$2 real=no
    mkdir -p "$place/mount" "$place/notes"
    test "$type" != btrfs || btrfs device scan --forget >/dev/null 2>&1 || :
    mount_cut "$work/outer/cut$1.img" "$place/mount" || {
        say "image $1 can't be mounted"
        return 1
    }
    test $(($1 % POWERCUT_REAL)) != 0 || real=yes
    PAUSE_MS=0 sh "$tests/check.sh" "$place/mount/project" "$reference" "$place/notes" $real \
        >"$place/result" 2>"$place/messages" || echo failed >"$place/result"
    echo "$1 $real $(cat "$place/result")" >>"$place/results"
    if test "$POWERCUT_VERBOSE" = 1 || { test $protected = yes && test -s "$place/messages"; }; then
        sed "s/^/$kind $mode image $1: /" "$place/messages" >&2
    fi
    unmount "$place/mount"
    rm "$work/outer/cut$1.img"
}

# Checks the images $1...$2, those whose number modulo $checkers is $3.
checker() {
    image_number=$1
    while test "$image_number" -le "$2"; do
        test $((image_number % checkers)) != "$3" || check_image "$image_number" "$3" || return 1
        image_number=$((image_number + 1))
    done
}

check_images() {
    checker "$1" "$2" 0 & first=$!
    test $checkers = 1 || checker "$1" "$2" 1 || give_up "a check failed"
    wait $first || give_up "a check failed"
}

# The columns of all results, added up.
add_up() {
    cat "$work"/checker*/results | awk '
        NF != 8 { exit 1 }
        {
            looked += $3; broken += $4; violations += $5; removed += $6; needless += $7
            if ($6 > most)
                most = $6
            if ($2 == "yes") {
                real++
                differ += $8
            }
        }
        END { print NR, looked, broken + 0, violations + 0, removed + 0, most + 0, needless + 0,
            real + 0, differ + 0 }'
}

images=0 built=0 milliseconds=0 version=0 violations=0
make_disks
while test $images -lt "$cuts"; do
    need_reference $version 1
    mount_image -t "$type" -o "$options" "$image" "$work/disk"
    # Each fifth build begins with nothing.  The sources are safe, but for the last edit: they are not settle's affair.
    test $((version % 5)) != 0 || rm -rf "$work/disk/project"
    sh "$tests/generate.sh" "$work/disk/project" $version
    before=$images
    build_and_cut
    unmount "$work/disk"
    check_images $((before + 1)) $images
    version=$((version + 1))
    sums=$(add_up) || give_up "a check failed"
    violations=$(echo "$sums" | cut -d ' ' -f 4)
    test "$POWERCUT_FIRST" = 0 || test "$violations" = 0 || break
done

echo "$kind $mode $sums $built $milliseconds"
# shellcheck disable=SC2086 # nine numbers
set -- $sums
is_as_promised "$4" "$9" "$6"
