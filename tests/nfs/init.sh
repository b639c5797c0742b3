#!/bin/busybox sh
# init.sh - the guest's first process: NFS server, two hosts for each version, the contests, the end
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Says on the first serial line what goes wrong, and on the second one, TAP, what came out.

/bin/busybox --install -s /bin
export PATH=/usr/bin:/usr/sbin:/bin LC_ALL=C

filesystems() {
    mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev &&
        mount -t tmpfs run /run && mkdir /run/rpcbind && ln -s /run /var/run &&
        mount -t tmpfs tmp /tmp && mount -t tmpfs export /export
}

modules() {
    while read -r module; do
        insmod "/lib/modules/$module.ko" || return 1
    done </lib/modules/order
}

server() {
    ip link set lo up && modules && mount -t nfsd nfsd /proc/fs/nfsd && rpcbind &&
        touch /var/lib/nfs/etab /var/lib/nfs/rmtab && exportfs -a && rpc.nfsd 4 &&
        rpc.mountd -p 20048 || return 1
    # or each open waits 90 s for clients of the server's life before, to reclaim their locks
    echo Y >/proc/fs/nfsd/v4_end_grace
}

# Without nosharecache the second mount would be the first one's superblock, hence the same cache.
# -i: without mount.nfs, which would be one more program; the kernel knows these options.
mount_host() {
    case $1 in
    v3) mount -i -t nfs -o "vers=3,addr=127.0.0.1,proto=tcp,port=2049,mountaddr=127.0.0.1,\
mountproto=tcp,mountport=20048,nolock,nosharecache" 127.0.0.1:/export "$2" ;;
    v4.2) mount -i -t nfs4 -o "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1,nosharecache" \
        127.0.0.1:/ "$2" ;;
    esac
}

hosts() {
    for version in v3 v4.2; do
        for host in host1 host2; do
            mkdir -p "/$version/$host" && mount_host $version "/$version/$host" &&
                grep " /$version/$host .*,vers=${version#v}," /proc/mounts || return 1
        done
        test "$(stat -c %d "/$version/host1")" != "$(stat -c %d "/$version/host2")" || return 1
    done
}

prepare() {
    server && hosts &&
        # dirty pages go out when they are 10 s old, not 30: bare contests are to end soon, and yet a
        # slow machine is to start its tar before that
        echo 1000 >/proc/sys/vm/dirty_expire_centisecs
}

filesystems
exec 3>/dev/ttyS1
# shellcheck source=tests/nfs/contests.sh
. /contests.sh
prepare
result $? "server and two mounts each of v3 and v4.2"
if test $failed = 0; then
    for version in v3 v4.2; do
        contests /$version $version
    done
fi
echo "1..$number" >&3
# closing it waits until all of it is out
exec 3>&-
poweroff -f
