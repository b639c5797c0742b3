# lib.sh - what the contests share
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   note TEXT                  goes into the table and, as a comment, into the data
#   leave_out WHAT WHY         what is not measured here, said aloud
#   contest NUMBER TITLE SUBJECT
#                              names the contest; ratios are of SUBJECT to each of the others
#   aim "OTHER<=RATIO;..."     what the project wants of these ratios, from here on
#   measure CASE X ARGUMENT... runs clock with these arguments; X is where a plot puts the case
#   record CASE X UNIT         the same for lines "LABEL<tab>VALUE" on stdin
#   mount_fs TYPE              a new file system, in $PLACE; unmount_fs TYPE ends it
#   limit_writes RATE          lets the disk below $PLACE write RATE MB/s at most; 0: what it can (root)
#   keep_dirty                 makes the kernel leave dirty data alone (root)

# Of run.sh: SRC, BUILD, MAKE, ROUNDS, WORK (the folder for all data), TEXT and DATA (the results).
TOOLS=$BUILD/bench
# shellcheck disable=SC2034 # for the contests
COMMAND=$BUILD/plugin/settle
# shellcheck disable=SC2034
PLUGIN=$BUILD/plugin/settle.so
failures=0
clock=

note() {
    printf '  %s\n' "$*" | tee -a "$TEXT"
    printf '# contest %s: %s\n' "$number" "$*" >>"$DATA"
}

leave_out() {
    note "$1: skipped: $2"
}

contest() {
    number=$1 subject=$3 aims=
    printf '\n%s. %s\n' "$number" "$2" | tee -a "$TEXT"
}

aim() {
    aims=$1
}

contest_end() {
    awk -f "$SRC/bench/table.awk" -v contest="$number" -v rounds="$ROUNDS" "$DATA" | tee -a "$TEXT"
}

record() {
    awk -f "$SRC/bench/stats.awk" -v contest="$number" -v title="$1" -v x="$2" -v unit="$3" \
        -v subject="$subject" -v aims="$aims" >>"$DATA"
}

# In the background, since a shell looks at signals only between two commands.
measure() {
    title=$1 x=$2
    shift 2
    test ! -t 2 || printf '  ... %s\n' "$title" >&2
    "$TOOLS/clock" -r "$ROUNDS" "$@" >"$WORK/times" &
    clock=$!
    if wait $clock; then
        clock=
        record "$title" "$x" s <"$WORK/times"
    else
        clock=
        failures=$((failures + 1))
        note "$title: FAILED: see the message on stderr"
    fi
}

is_root() {
    test "$(id -u)" = 0
}

type_of() {
    df --output=fstype "$1" | tail -n 1
}

# Whether the file system of the folder $1 has room for $2 MiB.
has_room() {
    test "$(df --output=avail -B 1M "$1" | tail -n 1)" -ge "$2"
}

# Makes the sparse image $2 of a file system of type $1.  ext4: without background work after the mount.
# btrfs: 100 KiB and more of free space are reserved for each fresh file's metadata until it is written;
# of a small file system that is too much for 10,000 files, so that btrfs (Linux 6.18) writes them, and
# all other dirty data, while the tree is still being made.
make_image() {
    case $1 in
    ext4)
        truncate -s 6G "$2" && mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$2"
        ;;
    xfs) truncate -s 6G "$2" && mkfs.xfs -q -f "$2" ;;
    btrfs) truncate -s 1T "$2" && mkfs.btrfs -q -f "$2" ;;
    esac >"$WORK/mkfs.log" 2>&1 || {
        cat "$WORK/mkfs.log" >&2
        return 1
    }
}

# Attaches the image $1; prints the device.  Direct I/O where the folder below can: no second cache.
attach() {
    losetup --find --show --direct-io=on "$1" 2>/dev/null || losetup --find --show "$1"
}

mount_fs() {
    PLACE=$WORK/fs-$1
    case $1 in ext4) package=e2fsprogs ;; xfs) package=xfsprogs ;; *) package=$1-progs ;; esac
    if ! is_root; then
        leave_out "$1" "needs root, to mount a new file system"
        return 1
    fi
    mkdir -p "$PLACE"
    if test "$1" = tmpfs; then
        mount -t tmpfs -o size=3g settle-bench "$PLACE" && return 0
    elif ! command -v "mkfs.$1" >/dev/null; then
        leave_out "$1" "needs mkfs.$1 (Debian package: $package)"
        return 1
    elif ! has_room "$WORK" 4096; then
        leave_out "$1" "needs 4 GiB below $WORK: name another folder in BENCH_DIR"
        return 1
    else
        # A loop device says that it rotates, and then btrfs lets each fsync of several processes wait for a tick
        # or two (btrfs_sync_log): 8 ms for 1.
        test "$1" = btrfs && option=ssd || option=defaults
        make_image "$1" "$PLACE.img" && device=$(attach "$PLACE.img") &&
            mount -t "$1" -o "$option" "$device" "$PLACE" &&
            # detached when it is unmounted
            losetup -d "$device" && return 0
    fi
    leave_out "$1" "this kernel can't mount a new one here (loop devices, $1)"
    return 1
}

unmount_fs() {
    umount "$WORK/fs-$1"
    rm -f "$WORK/fs-$1.img"
}

# Calls "$1 FOLDER TYPE", FOLDER in $PLACE as well, on a new file system of each other argument that is in $BENCH_FS; where
# none can be mounted, on this folder's.
on_file_systems() {
    each=$1
    shift
    if ! is_root; then
        leave_out "$*" "needs root, to mount new file systems: measured is this folder's"
        PLACE=$WORK/own
        mkdir -p "$PLACE"
        "$each" "$PLACE" "$(type_of "$WORK")"
        return
    fi
    for type; do
        case " $BENCH_FS " in
        *" $type "*)
            if mount_fs "$type"; then
                "$each" "$PLACE" "$type"
                unmount_fs "$type"
            fi
            ;;
        *) leave_out "$type" "not in BENCH_FS" ;;
        esac
    done
}

# Notes the value of the kernel setting $1, for cleanup.sh, and sets it to $2.  Of a pair FOO_bytes,
# FOO_ratio one is 0, and setting the other back makes it so.
set_kernel() {
    file=/proc/sys/vm/$1
    old=$(cat "$file") || return 1
    case $1.$old in *_bytes.0)
        file=/proc/sys/vm/${1%_bytes}_ratio
        old=$(cat "$file") || return 1
        ;;
    esac
    echo "$file $old" >>"$WORK/kernel-settings"
    echo "$2" >"/proc/sys/vm/$1"
}

# By cgroup v1's blkio controller: to version 2 what a journal writes is nobody's, and nobody's isn't limited.
limit_writes() {
    file=/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device
    test -w "$file" || return 1
    disk=$((0x$(stat -c %t "$device"))):$((0x$(stat -c %T "$device")))
    echo "$file $disk 0" >>"$WORK/kernel-settings"
    echo "$disk ${1}000000" >"$file"
}

# Up to 6 GiB may be dirty, and none of it is written for its age.
keep_dirty() {
    test ! -s "$WORK/kernel-settings" || return 0
    is_root || return 0
    { set_kernel dirty_bytes 6442450944 && set_kernel dirty_background_bytes 5368709120 &&
        set_kernel dirty_expire_centisecs 360000 && set_kernel dirty_writeback_centisecs 0; } \
        2>/dev/null || :
}
