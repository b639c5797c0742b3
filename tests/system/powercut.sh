# powercut.sh - a power cut or a kill in the middle of a build: what the next make takes for up to date is whole
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
