# prepare.sh - installs what is missing and builds; for examples/run and tests/run
# SPDX-License-Identifier: GPL-3.0-or-later

say() {
    printf '%s\n' "$*"
}

# The words of $1, "PROGRAM-OR-HEADER:PACKAGE" each, of which the first part is missing here: prints
# the second parts.
missing_packages() {
    for pair in $1; do
        wanted=${pair%%:*}
        case $wanted in
        *.h) test -e "/usr/include/$wanted" || test -e "/usr/local/include/$wanted" ||
            say "${pair#*:}" ;;
        *) command -v "$wanted" >/dev/null || say "${pair#*:}" ;;
        esac
    done | sort -u
}

apt() {
    if test "$(id -u)" = 0; then
        DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive apt-get "$@"
    fi
}

can_install() {
    command -v apt-get >/dev/null &&
        { test "$(id -u)" = 0 || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }
}

# Installs the packages of $1 (as missing_packages takes it) where that can be done, else says which
# they are.  What stays missing is for the caller, and configure, to notice.
install_missing() {
    packages=$(missing_packages "$1" | tr '\n' ' ')
    test -n "$packages" || return 0
    if can_install; then
        say "installing $packages"
        # one by one if not all at once: a package that this release lacks must not stop the others
        # shellcheck disable=SC2086
        { apt update -qq && apt install -qq -y --no-install-recommends $packages; } \
            >/dev/null 2>&1 ||
            for package in $packages; do
                apt install -qq -y --no-install-recommends "$package" >/dev/null 2>&1 ||
                    say "could not install $package"
            done
    else
        say "missing (Debian's names; install them for a complete run): $packages"
    fi
}

# shellcheck disable=SC2034 # for who reads this file
needed_to_build='gcc:gcc make:make stdio.h:libc6-dev gnumake.h:make musl-gcc:musl-tools cmocka.h:libcmocka-dev
    gelf.h:libelf-dev fuse3/fuse.h:libfuse3-dev pkg-config:pkg-config fusermount3:fuse3
    ld.lld:lld mold:mold ld.gold:binutils realpath:coreutils'

# Configures and builds the tree $1 in the folder $2, with the arguments $3... for configure.
build() {
    tree=$1
    folder=$2
    shift 2
    mkdir -p "$folder"
    ( cd "$folder" && "$tree/configure" -q "$@" && make -s -j2 all ) || {
        say "the build in $folder failed"
        return 1
    }
}
