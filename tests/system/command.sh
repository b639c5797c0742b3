# command.sh - the program settle
# SPDX-License-Identifier: GPL-3.0-or-later

usage_hint="Try 'settle --help' for more information."

# Runs settle with its status in $status, and in out what it printed, on both.
run_settle() {
    status=0
    "$BUILD/plugin/settle" "$@" >out 2>&1 || status=$?
}

# settle must end with status $1.
settle_ends() {
    expected=$1
    shift
    run_settle "$@"
    test "$status" = "$expected" || fail "settle $*: status $status: $(cat out)"
}

# settle under strace, which must end with status $1; the calls on files below this folder in the
# file calls, in their order.
trace_settle() {
    expected=$1
    shift
    status=0
    PRELOAD='' TRACE='%desc,sync,?unlink,unlinkat,?rename,utimensat,?chmod,truncate' traced log -y \
        "$BUILD/plugin/settle" "$@" >out 2>&1 || status=$?
    test "$status" = "$expected" || fail "settle $*: status $status: $(cat out)"
    here=$(pwd -P)
    sed -n -e "s|^[0-9]* *\\([a-z_]*\\)([0-9]*<$here/*\\([^>]*\\)>.*|\\1 \\2|p" \
        -e 's/^[0-9]* *\(sync\|unlink\|rename\|utimensat\|chmod\|truncate\)(.*/\1/p' log |
        grep -v '^\(fstat\|newfstatat\|statx\|close\|write\|fstatfs\|openat\|ioctl out\) \{0,1\}' >calls || :
}

test_help() {
    settle_ends 0 --help
    head -n 1 out >got
    expect got <<'EOF'
Usage: settle [OPTION]... FILE...
EOF
    for word in --mode= --files-from= --null --verbose --plugin-path --help --version SETTLE_MODE \
        SETTLE_VERBOSE 'Exit status'; do
        grep -q -e "$word" out || fail "$word is missing: $(cat out)"
    done
    "$BUILD/plugin/settle" --help >/dev/null 2>errors
    expect errors </dev/null
}

test_help_to_a_full_device_fails() {
    test -c /dev/full || skip "needs /dev/full"
    status=0
    "$BUILD/plugin/settle" --help >/dev/full 2>out || status=$?
    test "$status" = 1 || fail "status $status"
    expect out <<'EOF'
settle: standard output: No space left on device
EOF
}

test_version() {
    settle_ends 0 --version
    head -n 1 out >got
    echo "settle $(sed -n 's/^#define PACKAGE_VERSION "\(.*\)"/\1/p' "$BUILD/config.h")" | diff - got ||
        fail "another version"
    grep -q '^License GPLv3+' out || fail "$(cat out)"
}

test_plugin_path() {
    settle_ends 0 --plugin-path
    test "$(cat out)" = "$(realpath "$PLUGIN")" || fail "$(cat out)"
    ln -s "$BUILD/plugin/settle" settle
    test "$(./settle --plugin-path)" = "$(cat out)" || fail "by a link: $(./settle --plugin-path)"
}

test_plugin_path_where_there_is_none() {
    cp "$BUILD/plugin/settle" settle
    status=0
    ./settle --plugin-path >out 2>got || status=$?
    test "$status" != 0 || skip "settle is installed where it was configured for"
    test "$status" = 1 || fail "status $status"
    grep -q '^settle: settle.so is neither beside this program nor in /' got || fail "$(cat got)"
    test ! -s out
}

test_only_the_calls_that_are_needed() {
    mkdir one two
    touch one/a one/b two/c
    trace_settle 0 one/a two/c one/b
    expect calls <<'EOF'
sync_file_range one/a
fcntl one/a
fcntl one/a
fcntl one/a
sync_file_range two/c
fcntl two/c
fcntl two/c
fcntl two/c
sync_file_range one/b
fcntl one/b
fcntl one/b
fcntl one/b
fsync one/a
fsync two/c
fsync one/b
fsync one
fsync two
EOF
    ! grep -w 'O_WRONLY\|O_RDWR\|O_CREAT\|O_TRUNC' log || fail "opened for writing"
    expect out </dev/null
}

test_a_name_given_twice() {
    mkdir one
    touch one/a
    ln one/a one/b
    trace_settle 0 one/a one/b ./one/a
    expect calls <<'EOF'
fcntl one/a
fcntl one/a
fcntl one/a
fsync one/a
fsync one
EOF
}

test_mode_writeback() {
    touch file
    for option in '-m writeback' '-mwriteback' '--mode=writeback' '--mode writeback'; do
        # shellcheck disable=SC2086
        trace_settle 0 $option -v file
        ! grep -w fsync calls || fail "$option: fsync"
        grep -q 'sync_file_range file\|fdatasync file\|ioctl file' calls || fail "$option: nothing done"
        grep -q '^settle: file: settled, 0 bytes in 0\.[0-9]* s' out || fail "$option: $(cat out)"
    done
}

test_mode_off() {
    touch file
    trace_settle 0 -m off -v file nothere
    expect calls </dev/null
    expect out </dev/null
}

test_the_last_mode_counts() {
    touch file
    trace_settle 0 -m off --mode=fsync file
    grep -qx 'fsync file' calls || fail "$(cat calls)"
}

test_verbose() {
    echo 12345 >file
    mkfifo fifo
    for option in -v --verbose; do
        settle_ends 0 $option file fifo .
        sed 's/bytes in 0\.[0-9]\{6\} s.*/bytes/; s/\.: settled, .*/.: settled/' out >got
        expect got <<'EOF'
settle: file: settled, 6 bytes
settle: fifo: neither a file nor a directory, left alone
settle: .: settled
EOF
    done
    settle_ends 0 file fifo .
    expect out </dev/null
}

test_goes_on_after_a_failure() {
    touch first last
    ln -s loop loop
    trace_settle 1 first nothere '' loop first/file last
    expect out <<'EOF'
settle: nothere: No such file or directory
settle: '': No such file or directory
settle: loop: Too many levels of symbolic links
settle: first/file: Not a directory
EOF
    grep fsync calls >got
    expect got <<'EOF'
fsync first
fsync last
fsync 
EOF
}

test_lost_data_fails_and_removes_nothing() {
    mount_latefs "$PWD/mnt" fsync_errno=EIO
    touch mnt/file
    settle_ends 1 mnt/file
    head -n 1 out >got
    expect got <<'EOF'
settle: mnt/file: Input/output error; what was written to it is lost
EOF
    test -e mnt/file || fail "removed"
}

test_a_file_that_may_only_be_written() {
    test "$(id -u)" != 0 || skip "root may read any file"
    touch written none
    chmod 200 written
    chmod 000 none
    settle_ends 1 written none
    expect out <<'EOF'
settle: none: Permission denied
EOF
}

test_wrong_usage() {
    touch file
    settle_ends 2 --nonsense file
    tail -n 1 out | grep -qxF "$usage_hint" || fail "$(cat out)"
    settle_ends 2 -x file
    tail -n 1 out | grep -qxF "$usage_hint" || fail "$(cat out)"
    settle_ends 2 file --mode
    settle_ends 2 --mode=sometimes file
    expect out <<EOF
settle: --mode: 'sometimes' is not fsync, writeback, deferred or off
$usage_hint
EOF
    settle_ends 2
    expect out <<EOF
settle: no file named
$usage_hint
EOF
    settle_ends 2 -v -m off
    settle_ends 2 --
}

test_names_that_look_like_options() {
    touch ./-v ./--help
    settle_ends 0 -v -- -v --help
    sed 's/: settled.*//' out >got
    expect got <<'EOF'
settle: -v
settle: --help
EOF
}

# Settles what the options $@ name, and prints the names.
names_settled() {
    settle_ends 0 -v "$@"
    sed 's/^settle: \(.*\): settled, .*/\1/' out >got
}

test_files_from_a_file() {
    touch 'with  blank' plain last ' edge '
    printf 'with  blank\n\nplain\n edge ' >list
    names_settled --files-from=list last
    expect got <<'EOF'
with  blank
plain
 edge 
last
EOF
}

test_files_from_stdin() {
    touch a b c
    printf 'a\nb\n' >list
    names_settled --files-from=- c <list
    expect got <<'EOF'
a
b
c
EOF
}

test_names_that_end_with_nul() {
    touch a 'two
lines' c
    printf 'a\0two\nlines\0\0c' >list
    for option in -0 --null; do
        names_settled $option --files-from list
        expect got <<'EOF'
a
two\012lines
c
EOF
    done
}

# Whoever leaves out the option, as in "find -print0 | settle -0 file", would believe that the list is read.
test_null_without_a_list_is_wrong_usage() {
    touch file
    for option in -0 --null; do
        settle_ends 2 $option file
        expect out <<EOF
settle: --null goes with --files-from
$usage_hint
EOF
    done
}

test_a_list_for_what_takes_a_folder_is_wrong_usage() {
    touch list
    for option in --probe --status --recover; do
        settle_ends 2 $option --files-from=list
        expect out <<EOF
settle: --files-from goes without --probe, --status and --recover
$usage_hint
EOF
    done
}

test_an_empty_list_is_no_error() {
    settle_ends 0 --files-from=/dev/null
    expect out </dev/null
}

test_lists_that_cannot_be_read() {
    settle_ends 1 --files-from=nolist
    expect out <<'EOF'
settle: nolist: No such file or directory
EOF
    settle_ends 1 --files-from=.
    expect out <<'EOF'
settle: .: Is a directory
EOF
    printf 'a\0b\n' >list
    settle_ends 1 --files-from=list
    expect out <<'EOF'
settle: list: Invalid argument
EOF
}

test_defaults_from_the_environment() {
    touch file
    export SETTLE_VERBOSE=1
    settle_ends 0 file
    grep -q '^settle: file: settled' out || fail "$(cat out)"
    export SETTLE_MODE=off
    settle_ends 0 file
    expect out </dev/null
    settle_ends 0 -m fsync file
    grep -q '^settle: file: settled' out || fail "$(cat out)"
    SETTLE_MODE=deferred trace_settle 0 file
    grep -qx 'fsync file' calls || fail "nobody comes later: $(cat calls)"
    export SETTLE_VERBOSE='' SETTLE_MODE=''
    trace_settle 0 file
    grep -qx 'fsync file' calls || fail "$(cat calls)"
    expect out </dev/null
}

test_defaults_are_of_no_concern_to_what_settles_nothing() {
    export SETTLE_MODE=sometimes
    for option in --help --version --plugin-path --status --recover; do
        settle_ends 0 $option
    done
    unset SETTLE_MODE
    export SETTLE_STABLE=20
    settle_ends 0 --status
}

test_invalid_defaults_in_the_environment() {
    touch file
    export SETTLE_MODE=sometimes
    settle_ends 2 file
    expect out <<'EOF'
settle: SETTLE_MODE: 'sometimes' is not fsync, writeback, deferred or off
EOF
    unset SETTLE_MODE
    export SETTLE_VERBOSE=2
    settle_ends 2 file
    expect out <<'EOF'
settle: SETTLE_VERBOSE: '2' is not 0 or 1
EOF
}

test_content_and_mtime_are_not_touched() {
    echo 12345 >file
    touch -d '2001-02-03 04:05:06.789' file
    stat -c '%y %s %i' file >before
    settle_ends 0 file
    stat -c '%y %s %i' file | diff before - || fail "touched"
}

. "$SRC/tests/lib.sh"
run_tests "$@"
