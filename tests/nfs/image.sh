# image.sh - puts the guest's initramfs together
# SPDX-License-Identifier: GPL-3.0-or-later
#
# It is a folder "image" in the current folder, with /bin for busybox, /usr/bin and /usr/sbin for the
# real programs (first in PATH), /lib for all libraries and the kernel's modules, and /settle.

guest_modules='nfsd nfsv3 nfsv4'

# Copies the module $1, those that it depends on before it, and notes them in this order.
module_copy() {
    ! grep -qx "$1" image/lib/modules/order || return 0
    file=$(find root -name "$1.ko" -o -name "$1.ko.xz")
    case $file in
    '') echo "no module $1" >&2; return 1 ;;
    *.xz) xz -dc "$file" >"image/lib/modules/$1.ko" ;;
    *) cp "$file" "image/lib/modules/$1.ko" ;;
    esac || return 1
    for depends in $(tr '\0' '\n' <"image/lib/modules/$1.ko" | sed -n 's/^depends=//p' | tr , ' '); do
        # in a process of its own: sh has no local variables
        ( module_copy "$depends" ) || return 1
    done
    echo "$1" >>image/lib/modules/order
}

image_settings() {
    printf '%s\n' 'root:x:0:0::/:/bin/sh' '_rpc:x:100:65534::/:/bin/false' \
        'statd:x:101:65534::/:/bin/false' 'nobody:x:65534:65534::/:/bin/false' >image/etc/passwd
    printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >image/etc/group
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files' 'services: files' \
        'protocols: files' 'rpc: files' >image/etc/nsswitch.conf
    echo '127.0.0.1 localhost guest' >image/etc/hosts
    # rpc.nfsd asks for the port by name
    printf '%s\n' 'sunrpc 111/tcp' 'sunrpc 111/udp' 'nfs 2049/tcp' 'nfs 2049/udp' >image/etc/services
    printf '%s\n' 'ip 0 IP' 'tcp 6 TCP' 'udp 17 UDP' >image/etc/protocols
    printf '%s\n' 'portmapper 100000' 'nfs 100003' 'mountd 100005' >image/etc/rpc
    printf '%s\n' 'udp tpi_clts v inet udp - -' 'tcp tpi_cots_ord v inet tcp - -' \
        'local tpi_cots_ord - loopback - - -' >image/etc/netconfig
    echo '/export *(rw,no_root_squash,no_subtree_check,insecure,async,fsid=0)' >image/etc/exports
}

image_folders() {
    for folder in bin dev etc export lib/modules lib64 proc run settle/bourne sys tmp usr/bin usr/sbin \
        var/lib/nfs/v4recovery; do
        mkdir -p "image/$folder" || return 1
    done
}

image_programs() {
    # shellcheck disable=SC2046 # paths below the current folder, of Debian's names
    cp $(guest_program_files) image/usr/bin && cp "$(find root -path '*bin/busybox')" image/bin &&
        cp "$1/plugin/settle.so" "$1/plugin/settle-sh" "$1/plugin/settle" "$1/tests/mmapwrite" \
            image/settle && ln -s ../settle-sh image/settle/bourne/sh || return 1
    libraries_list image/usr/bin/* image/settle/settle* image/settle/mmapwrite
    test ! -s missing && xargs cp -L -t image/lib <libraries &&
        ln -s ../lib/ld-linux-x86-64.so.2 image/lib64
}

# Writes the image to initramfs in the folder $3: with settle from the build tree $1, and the guest's
# part of the tests from the folder $2.
image_make() {
    rm -rf image
    image_folders || return 1
    : >image/lib/modules/order
    for module in $guest_modules; do
        module_copy "$module" || return 1
    done
    image_programs "$1" && image_settings && cp "$2"/*.mk "$2"/*.sh image &&
        mv image/init.sh image/init && chmod 755 image/init &&
        ( cd image && find . | ./bin/busybox cpio -o -H newc -R 0:0 ) >"$3/initramfs" &&
        rm -rf image
}
