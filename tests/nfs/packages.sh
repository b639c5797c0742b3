# packages.sh - fetches and unpacks the Debian packages of which the guest is made
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Nothing is installed: "apt-get download" and "dpkg-deb" work as an ordinary user too.  All functions
# work in the current folder, the cache: what is unpacked lies in its folder root.

# The programs of the guest.
guest_packages='busybox-static make tar rpcbind nfs-kernel-server'

# Where the guest's dynamically linked programs were unpacked: Debian moves programs to /usr.
guest_program_files() {
    for program in make tar rpcbind rpc.mountd rpc.nfsd exportfs; do
        find root/bin root/sbin root/usr/bin root/usr/sbin -name $program 2>/dev/null | head -n 1
    done
}

# Downloads the package $1 and unpacks it, or what of it the patterns $2... say.
package_unpack() {
    package=$1
    shift
    echo "fetching $package"
    rm -rf download
    mkdir -p download root
    # APT::Sandbox::User: the user as which root's apt downloads may not write here
    ( cd download && timeout 120 apt-get -q -o APT::Sandbox::User=root download "$package" ) &&
        dpkg-deb --fsys-tarfile download/*.deb >download/tar &&
        tar xf download/tar -C root --wildcards "$@"
    status=$?
    rm -rf download
    return $status
}

# The kernel, and of its 400 MB the modules of NFS's client and server.
kernel_unpack() {
    kernel=$(package_depends linux-image- linux-image-amd64 | head -n 1)
    test -n "$kernel" || return 1
    package_unpack "$kernel" '*/vmlinuz-*' '*/fs/nfs/*' '*/fs/nfsd/*' '*/fs/nfs_common/*' \
        '*/fs/lockd/*' '*/fs/fscache/*' '*/fs/netfs/*' '*/net/sunrpc/*' '*/net/dns_resolver/*'
}

# The packages, of those whose names begin with $1, that each of the packages $2... depends on.
package_depends() {
    prefix=$1
    shift
    apt-cache depends --important "$@" | sed -n "s/^ *\(Pre\)*Depends: \($prefix.*\)/\2/p"
}

# Where the library $1 is: the system's, or one that was unpacked; nothing if there is none.
library_find() {
    {
        PATH=$PATH:/sbin ldconfig -p | sed -n "s/^[[:space:]]*$1 (.*x86-64.*) => //p"
        find "$PWD/root" -name "$1"
    } | head -n 1
}

# Writes the libraries that the programs and libraries $@ need, and the ones that these need, to the
# file libraries, and the names of those that are nowhere to be found to missing.
libraries_list() {
    : >libraries
    : >missing
    while test $# -gt 0; do
        for name in $(readelf -d "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
            path=$(library_find "$name")
            if test -z "$path"; then
                echo "$name"
            elif ! grep -qxF "$path" libraries; then
                echo "$path" >>libraries
                echo "$path" >>further
            fi
        done >>missing
        # shellcheck disable=SC2046 # our own names and Debian's: no blanks
        set -- $(cat further 2>/dev/null)
        rm -f further
    done
}

installed() {
    test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed
}

# What the guest's programs $@ need beyond what this system has, one level of dependencies after
# another.
libraries_unpack() {
    level=$guest_packages
    tried=
    libraries_list "$@"
    while test -s missing; do
        next=
        # shellcheck disable=SC2086
        for package in $(package_depends lib $level | sort -u); do
            case " $tried " in
            *" $package "*) ;;
            *) next="$next $package" ;;
            esac
        done
        test -n "$next" || return 1
        for package in $next; do
            installed "$package" || package_unpack "$package" '*' || return 1
        done
        tried="$tried $next"
        level=$next
        libraries_list "$@"
    done
}

# Fresh lists of packages, our own: the system's may be missing, as in a new container, or so old that
# what they name is gone.
own_lists() {
    echo "fetching lists of packages"
    mkdir -p apt/lists/partial apt/cache/archives/partial
    printf '%s\n' "Dir::State::Lists \"$PWD/apt/lists\";" "Dir::Cache \"$PWD/apt/cache\";" \
        'APT::Sandbox::User "root";' >apt/conf
    APT_CONFIG=$PWD/apt/conf
    export APT_CONFIG
    timeout 120 apt-get -q update
}

packages_unpack() {
    rm -rf root
    for package in $guest_packages; do
        package_unpack "$package" '*' || return 1
    done
    # shellcheck disable=SC2046 # paths below the current folder, of Debian's names
    kernel_unpack && libraries_unpack $(guest_program_files)
}

# All of it, unless it is there already, put there by the same file $1: this one.
packages_ready() {
    ! cmp -s "$1" complete || return 0
    rm -f complete
    packages_unpack || { own_lists && packages_unpack; } && cp "$1" complete
    status=$?
    rm -rf apt
    return $status
}
