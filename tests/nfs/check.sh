# check.sh - settle on NFS, v3 and v4.2: real client, server and make in an emulated machine
# SPDX-License-Identifier: GPL-3.0-or-later
#
# "make check-nfs" runs it, by way of tests/suite: it speaks TAP.  Needs no root.  The guest is made of
# Debian's packages (packages.sh, image.sh), which stay in tests/nfs.cache of the build tree; without
# them, or without qemu, all is skipped.  It is emulated (TCG), so that it runs where there is no KVM.

set -u
: "${SRC:?run by make check-nfs}" "${BUILD:?run by make check-nfs}"
here=$SRC/tests/nfs
cache=$BUILD/tests/nfs.cache
time_limit=220  # seconds for the guest; it takes about 100
guest=
LC_ALL=C
export LC_ALL

# shellcheck source=tests/nfs/packages.sh
. "$here/packages.sh"
# shellcheck source=tests/nfs/image.sh
. "$here/image.sh"

skip_all() {
    echo "ok 1 - nfs # SKIP $*"
    echo "1..1"
    exit 0
}

# Ends as failed, with the end of the log $2 as explanation.
fail_all() {
    echo "not ok 1 - nfs: $1"
    tail -n 40 "$2" | tr -d '\r' | sed 's/^/# /'
    echo "1..1"
    exit 1
}

need() {
    command -v "$1" >/dev/null || skip_all "needs $1 (Debian package: $2)"
}

# The guest, with its two serial lines in the files console and tap.
run_guest() {
    timeout -k 5 $time_limit qemu-system-x86_64 -accel tcg -cpu max -m 768 -nodefaults -no-user-config \
        -display none -no-reboot -kernel "$(find "$cache/root" -name 'vmlinuz-*')" -initrd initramfs \
        -append 'console=ttyS0 panic=-1 loglevel=4' -serial file:console -serial file:tap \
        </dev/null >qemu.log 2>&1 &
    guest=$!
    wait $guest
    status=$?
    guest=
}

clean_up() {
    if test -n "$guest"; then
        kill "$guest"
        wait "$guest"
    fi
    cd / && rm -rf "$work"
}

# Prints the guest's TAP, and adds a failure where it ends too soon.
report() {
    tr -d '\r' <tap >results
    if ! grep -q '^1\.\.[0-9]' results; then
        done=$(grep -c '^\(not \)*ok ' results)
        panic=$(grep -o 'Kernel panic.*' console | tr -d '\r' | head -n 1)
        {
            echo "not ok $((done + 1)) - nfs: the guest did not get to its end: ${panic:-"qemu's status $status"}"
            echo "1..$((done + 1))"
        } >>results
    fi
    cat results
    ! grep -q '^not ok' results || {
        echo "# the end of the guest's console:"
        cat qemu.log console | tr -d '\r' | tail -n 40 | sed 's/^/# /'
        exit 1
    }
}

test "$(uname -m)" = x86_64 || skip_all "needs an x86-64 machine: its programs run in the guest"
test -z "${PRELOAD-}" || skip_all "needs a build without sanitizers"
need qemu-system-x86_64 qemu-system-x86
need apt-get apt
need dpkg-deb dpkg
need readelf binutils
need timeout coreutils

work=$(mktemp -d "${TMPDIR:-/tmp}/settle-nfs.XXXXXX") || exit 1
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$cache" && cd "$cache" || exit 1
packages_ready "$here/packages.sh" >"$work/log" 2>&1 ||
    skip_all "needs Debian's packages $guest_packages linux-image-amd64 by apt-get download:" \
        "$(tail -n 1 "$work/log")"
image_make "$BUILD" "$here" "$work" >"$work/log" 2>&1 ||
    fail_all "the guest's image could not be made ($(cat missing))" "$work/log"
cd "$work" || exit 1
run_guest
report
