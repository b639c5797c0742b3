# rig.sh - makes and mounts a file system of each kind, for a test in namespaces of its own
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A test that calls "on KIND TOPIC" runs the function topic_TOPIC in a new folder, with a file system
# of that KIND mounted at mnt.  Its file ends with ". rig.sh" and run_rig "$@".  There is then:
#
#   KIND    the kind, as in make_KIND below
#   PAGES   the folder whose files hold the pages: mnt, or what is below an overlay (facts of the page
#           cache, such as cachestat(2), are told of those only)
#   BEHIND  of a FUSE file system, the folder that it shows; else empty
#   STABLE  what SETTLE_STABLE has to be for this kind, in seconds
#   LATE    yes where a file moves after its writer has gone, by construction
#
# As root, all this happens in a mount and a PID namespace.  However the test ends, killed or out of
# time, the kernel ends every process and takes every mount down with it, and frees the loop devices,
# which mount(8) sets to go with their mount.  An ordinary user can have the FUSE kinds only; what he
# mounts is unmounted by at_exit.

# shellcheck disable=SC2034 # for who reads this file
# The settings of who started the tests.
unset SETTLE_STABLE SETTLE_TIMEOUT SETTLE_DIR SETTLE_RECOVER

THIS=$SRC/tests/fs/${0##*/}
PAGES=mnt BEHIND='' STABLE=0 LATE=''

# What the FUSE kinds lag by, and how much of a late file can be read: see latefs --help.
LATE_DELAY=0.3
LATE_OPTIONS=delay=$LATE_DELAY,hold_reads=65536

# need_kernel TYPE: skips unless the kernel knows file systems of that type.
need_kernel() {
    grep -qw "$1" /proc/filesystems || modprobe -q "$1" 2>/dev/null ||
        skip "needs a kernel with $1"
}

# mount_image TYPE MIB OPTIONS MOUNTPOINT MKFS...: on a loop device, over a sparse file of MIB MiB.
mount_image() {
    type=$1 mib=$2 options=$3 mountpoint=$4
    shift 4
    need_kernel "$type"
    test -e /dev/loop-control || skip "needs loop devices (/dev/loop-control)"
    truncate -s "${mib}M" "$type.img"
    "$@" "$type.img" >mkfs.log 2>&1 || fail "$*: $(cat mkfs.log)"
    mkdir -p "$mountpoint"
    mount -t "$type" -o "loop$options" "$type.img" "$mountpoint" || fail "mount of $type"
}

make_ext2() { need mkfs.ext2 e2fsprogs; mount_image ext2 64 '' mnt mkfs.ext2 -q -F; }
make_ext3() { need mkfs.ext3 e2fsprogs; mount_image ext3 64 '' mnt mkfs.ext3 -q -F; }
make_ext4() { need mkfs.ext4 e2fsprogs; mount_image ext4 64 '' "${1:-mnt}" mkfs.ext4 -q -F; }
make_ext4_data_journal() {
    need mkfs.ext4 e2fsprogs
    mount_image ext4 64 ,data=journal mnt mkfs.ext4 -q -F
}
make_ext4_nodelalloc() {
    need mkfs.ext4 e2fsprogs
    mount_image ext4 64 ,nodelalloc mnt mkfs.ext4 -q -F
}
# 300 MiB is the least that mkfs.xfs takes, 109 MiB is mkfs.btrfs's.
make_xfs() { need mkfs.xfs xfsprogs; mount_image xfs 320 '' mnt mkfs.xfs -q; }
make_btrfs() { need mkfs.btrfs btrfs-progs; mount_image btrfs 256 '' mnt mkfs.btrfs -q; }
make_btrfs_zstd() {
    need mkfs.btrfs btrfs-progs
    mount_image btrfs 256 ,compress=zstd mnt mkfs.btrfs -q
}

make_tmpfs() {
    need_kernel tmpfs
    mkdir -p "${1:-mnt}"
    mount -t tmpfs -o size=64m settle-test "${1:-mnt}"
}

# Over what is mounted at below.
make_overlay() {
    need_kernel overlay
    mkdir mnt below/lower below/upper below/work
    mount -t overlay -o lowerdir=below/lower,upperdir=below/upper,workdir=below/work settle-test mnt
    PAGES=below/upper
}
make_overlay_on_ext4() { make_ext4 below; make_overlay; }
make_overlay_on_tmpfs() { make_tmpfs below; make_overlay; }

make_latefs() {
    mount_latefs "$PWD/mnt" "$LATE_OPTIONS"
    BEHIND=mnt.behind LATE=yes
}
# STABLE: slightly above the delay.
make_latefs_after_fsync() {
    mount_latefs "$PWD/mnt" "$LATE_OPTIONS,after_fsync"
    BEHIND=mnt.behind LATE=yes STABLE=0.5
}

make_cachefs() {
    need_fuse
    mkdir mnt behind
    "$BUILD/tests/fs/cachefs" "$PWD/behind" "$PWD/mnt" -o fsname=cachefs,default_permissions
    at_exit "fusermount3 -u -z '$PWD/mnt'"
    BEHIND=behind
}

# A server and a client in a network of their own, with an address (of RFC 5737; gluster refuses
# loopback) on one of a pair of devices.  Tmpfs hides the folders that gluster has no option for.
make_gluster() {
    ip link set lo up
    ip link add settle0 type veth peer name settle1 2>ip.log ||
        skip "needs virtual network devices (veth): $(cat ip.log)"
    ip addr add 192.0.2.1/24 dev settle0
    ip link set settle0 up
    ip link set settle1 up
    mkdir bricks mnt
    for hidden in /var/lib/glusterd /var/log/glusterfs /run "$PWD/bricks"; do
        mount -t tmpfs settle-test "$hidden"
    done
    mkdir /run/gluster
    glusterd
    ask_gluster volume create settled replica 2 "192.0.2.1:$PWD/bricks/1" "192.0.2.1:$PWD/bricks/2" force
    ask_gluster volume set settled features.ctime off
    ask_gluster volume start settled
    mount -t glusterfs 192.0.2.1:/settled mnt || fail "mount of gluster: $(cat /var/log/glusterfs/*.log)"
    # the first to be asked for a file waits for the client to have found all bricks
    waited=0
    until : >mnt/first && test -e bricks/1/first && test -e bricks/2/first; do
        test $waited -lt 300 || fail "the bricks did not come: $(gluster volume status)"
        waited=$((waited + 1))
        sleep 0.1
    done
}

# The same command again while glusterd is not up yet.
ask_gluster() {
    tries=0
    until gluster --mode=script --timeout=30 "$@" >gluster.log 2>&1; do
        if test $tries = 100 || ! grep -q 'Is glusterd running' gluster.log; then
            fail "gluster $*: $(cat gluster.log)"
        fi
        tries=$((tries + 1))
        sleep 0.1
    done
}

# Runs COMMAND in namespaces of its own, made with unshare(1) and more OPTIONS of it, as a background
# process, so that a signal finds this shell free to end it: isolated OPTIONS COMMAND...
isolated() {
    need unshare util-linux
    need setpriv util-linux
    # shellcheck disable=SC2086 # options
    unshare $1 --mount --pid --fork --mount-proc true 2>/dev/null ||
        skip "needs leave to make mount and PID namespaces (CAP_SYS_ADMIN)"
    options=$1
    shift
    # pdeathsig, kill-child: nobody is left even if this shell is killed
    # shellcheck disable=SC2086
    setpriv --pdeathsig KILL unshare $options --mount --pid --fork --kill-child --mount-proc "$@" &
    at_exit "kill -KILL $! 2>/dev/null; wait $! || :"
    wait $!
}

on() {
    case $1:$(id -u) in
    latefs*:0 | cachefs:0) need_fuse ;;
    latefs*:* | cachefs:*)
        sh "$THIS" --inside "$1" "$2"
        return
        ;;
    esac
    need_root "makes mount and PID namespaces"
    network=
    case $1 in
    gluster)
        need ip iproute2
        need glusterd glusterfs-server
        need mount.glusterfs glusterfs-client
        test -w /dev/fuse || skip "needs /dev/fuse"
        network=--net
        ;;
    esac
    isolated "$network" sh "$THIS" --inside "$1" "$2"
}

# In the namespaces, and in the folder of the test.
inside() {
    trap 'cd / && eval "$AT_EXIT"' EXIT
    trap 'exit 1' HUP INT TERM
    set -eu
    KIND=$1
    "make_$1"
    "topic_$2"
}

run_rig() {
    if test "${1-}" = --inside; then
        shift
        inside "$@"
    else
        run_tests "$@"
    fi
}
