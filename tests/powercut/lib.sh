# lib.sh - what the power-cut rig and the kill tests share
# SPDX-License-Identifier: GPL-3.0-or-later
#
# From the environment: BUILD (build tree; default: the current folder), MAKE, CC, POWERCUT_REFERENCES
# (a folder in which the clean builds' checksums are kept from one run to the next), POWERCUT_BATCH
# (SETTLE_BATCH_FILES; where it is set, how many targets mode deferred builds again is looked at).

# shellcheck disable=SC2034 # variables for who reads this file

LC_ALL=C
export LC_ALL
umask 022
tests=$(cd "$(dirname "$0")" && pwd)
: "${MAKE:=make}" "${CC:=cc}" "${BUILD:=$PWD}"
library=$BUILD/plugin/settle.so
# Nothing of the make, or of the user, that started this.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS MAKEFILES MAKE_TERMOUT MAKE_TERMERR
for variable in $(env | sed -n 's/^\(SETTLE[A-Z_]*\)=.*/\1/p'); do
    unset "$variable"
done

say() {
    printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
}

give_up() {
    say "$*"
    exit 2
}

# The same where it is this machine that can't: the tests skip.
cannot() {
    say "$*"
    exit 77
}

test -r "$library" || give_up "no $library: run it from the build tree, or set BUILD"

# at_exit COMMAND    to be done when the script ends, however it ends; last one first
at_exit_commands=
at_exit() {
    at_exit_commands="$1
$at_exit_commands"
}
trap 'trap "" HUP INT TERM; cd / && eval "$at_exit_commands"' EXIT
trap 'exit 2' HUP INT TERM

# The next pseudo-random number from $1 up to but not including $2, as $random, from $seed.
between() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    random=$(($1 + seed / 256 % ($2 - $1)))
}

# Sleeps $1 milliseconds.
nap() {
    sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

# need PROGRAM PACKAGE
need() {
    command -v "$1" >/dev/null || cannot "needs $1 (Debian package: $2)"
}

# Leaves where this build has no marks, or not the mode $1: what they promise can't be looked at.
need_mode() {
    case $1 in
    fsync)
        "$BUILD/plugin/settle" --help | grep -q -e --recover || cannot "needs a settle with marks"
        ;;
    deferred)
        "$BUILD/plugin/settle" --mode=deferred --version >/dev/null 2>&1 ||
            cannot "needs a settle with mode deferred"
        ;;
    esac
}

# What stands behind each mode's name in the environment of make.
choose_mode() {
    case $1 in
    nothing) export SETTLE_MODE=off ;;
    unmarked) export SETTLE_MODE=fsync SETTLE_DIR= ;;
    fsync) export SETTLE_MODE=fsync ;;
    deferred) export SETTLE_MODE=deferred SETTLE_BATCH_FILES="${POWERCUT_BATCH:-256}" ;;
    *) give_up "$1: no such mode (nothing, unmarked, fsync, deferred)" ;;
    esac
    need_mode "$1"
    case $1 in fsync | deferred) protected=yes ;; *) protected=no ;; esac
    # What a crash may cost, in targets: the four of -j4 that were being built, and as many that had
    # just been finished, of whose marks' end the disk does not know yet; and a batch that is being made
    # durable, or has been without the disk's knowing that its marks are gone, while the next one gathers,
    # and more where its job takes long.
    case $1 in
    deferred) most_allowed=${POWERCUT_BATCH:+$((3 * POWERCUT_BATCH + 8))} ;;
    *) most_allowed=8 ;;
    esac
}

# make in the project in the current folder.
project() {
    "$MAKE" --no-print-directory SETTLE_SO="$library" CC="$CC" "$@"
}

# The project's targets, one a line.
list_targets() {
    SETTLE_MODE=off SETTLE_DIR='' project -s list
}

# Checksum and name of those of the files named in file $1 that exist.
checksums() {
    # what is missing has no line, and that is how the reader knows
    xargs sha256sum <"$1" 2>/dev/null || :
}

# Where the clean builds' checksums are: $POWERCUT_REFERENCES or the folder $1.
use_references() {
    references=${POWERCUT_REFERENCES:-$1}
    mkdir -p "$references"
}

# Sets reference to the file that has what a clean build of the sources of version $1, divisor $2,
# gives; builds where that is not known yet.  Beside it, the clean build's tool "fill".
need_reference() {
    reference=$references/$1.$2
    test ! -e "$reference" || return 0
    clean=$references/clean.$$
    sh "$tests/generate.sh" "$clean" "$1" "$2"
    (
        cd "$clean" || exit 2
        SETTLE_MODE=off SETTLE_DIR='' PAUSE_MS=0 project -j2 all >log 2>&1 ||
            give_up "the clean build fails: $(tail -n 5 log)"
        list_targets >targets
        checksums targets >sums
        test "$(wc -l <targets)" = "$(wc -l <sums)" ||
            give_up "the clean build has not made all of its targets"
    )
    mv "$clean/sums" "$reference"
    mv "$clean/fill" "$references/fill"
    rm -rf "$clean"
}

# Whether the mode has kept its promise: $1 violations, $2 files that differ after the next make, $3
# targets removed after one crash at most; or, where it makes none, whether it was seen to break.
is_as_promised() {
    if test "$protected" = no; then
        test "$1" -gt 0
        return
    fi
    test "$1" = 0 && test "$2" = 0 || return 1
    test "$3" -le "${most_allowed:-$3}" || {
        say "$3 targets were removed after one crash, of $most_allowed that may be"
        return 1
    }
}
