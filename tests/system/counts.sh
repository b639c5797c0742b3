# counts.sh - how many system calls a file costs, and that nothing but the files is written: no clock needed
# SPDX-License-Identifier: GPL-3.0-or-later

need_journal() {
    case $(stat -f -c %T .) in
    ext2/ext3 | xfs) ;;
    *) skip "needs TMPDIR on ext4 or xfs, which the counts are of" ;;
    esac
    test -z "$PRELOAD" || skip "a sanitizer makes calls of its own"
}

make_files() {
    rm -rf tree
    mkdir tree
    number=0
    while test $number -lt "$1"; do
        echo x >tree/$number
        number=$((number + 1))
    done
}

# Runs settle under strace: the calls by name in the file calls, "NUMBER NAME" a line.
count_calls() {
    PRELOAD='' TRACE=all traced log "$BUILD/plugin/settle" "$@" || fail "settle failed"
    # "PID name(...": neither "<... resumed>", signals nor ends
    sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' log | sort | uniq -c >calls
}

calls_of() {
    awk -v name="^($1)\$" '$2 ~ name { sum += $1 } END { print sum + 0 }' calls
}

# All calls but those that start a thread, which are as many as there are threads.
total() {
    all=$(calls_of '.*')
    threads=$(calls_of 'clone3?|exit|rt_sigprocmask|madvise|rseq|set_robust_list|mprotect|mmap|munmap|futex|brk')
    echo $((all - threads))
}

start_only() {
    PRELOAD='' count_calls --files-from=/dev/null
    total
}

# at_most_ten FILES: what settling the tree "tree" costs beyond the program's start and the listing, which
# takes a look at each entry.  Twenty calls are for the three folders: its own, its parent, their syncs.
at_most_ten() {
    base=$(start_only)
    count_calls tree/
    listing=$(calls_of 'getdents64|newfstatat|fstatat64')
    all=$(total)
    test $((all - base - listing)) -le $(($1 * 10 + 20)) ||
        fail "$1 files: $all calls, $base of them the start, $listing the listing: $(cat calls)"
    test "$(calls_of 'fsync|syncfs')" -gt 0 || fail "nothing synced"
    test "$(calls_of sync)" = 0 || fail "sync"
}

test_at_most_ten_calls_a_file() {
    need_journal
    for files in 1 10 300; do
        make_files $files
        at_most_ten $files
    done
}

test_at_most_ten_calls_a_file_beside_unrelated_dirty_data() {
    need_journal
    make_files 300
    dd if=/dev/zero of=unrelated bs=1M count=64 2>/dev/null
    at_most_ten 300
    test "$(calls_of syncfs)" = 0 || fail "syncfs, which writes unrelated data: $(cat calls)"
    test "$(calls_of fsync)" = 302 || fail "$(cat calls)"
}

test_at_most_ten_calls_a_named_file() {
    need_journal
    for files in 1 10 300; do
        make_files $files
        base=$(start_only)
        count_calls tree/*
        test $(($(total) - base)) -le $((files * 10 + 10)) || fail "$files files, $base at the start: $(cat calls)"
    done
}

test_no_sync_in_any_mode() {
    make_files 20
    for mode in fsync writeback; do
        for name in tree/ tree tree/1; do
            PRELOAD='' TRACE=sync,syncfs traced log "$BUILD/plugin/settle" -m $mode $name
            ! grep 'sync(\|syncfs(' log || fail "$mode $name"
        done
    done
}

# In make's process nothing stays open, whichever way the files were synced: on a machine where little else
# is dirty, 90 MB are for syncfs.
test_no_descriptor_stays_open() {
    make_files 300
    for file in tree/*; do
        head -c 300000 /dev/zero >"$file"
    done
    cat >Makefile <<'MAKE'
load $(PLUGIN)
# make may, or may not, have closed its end of the pipe by then
count = $(shell readlink /proc/$$PPID/fd/* | grep -vc pipe:)
before := $(count)
$(if $(settle tree/),)
$(if $(settle $(wildcard tree/*)),)
after := $(count)
all:
	@echo $(before) $(after)
MAKE
    for mode in fsync writeback; do
        mk SETTLE_MODE=$mode >out
        read -r before after <out
        # fewer: what of make was open beside the first count
        test "$after" -le "$before" || fail "$mode: $before descriptors before, $after after"
    done
}

# However many names a file has.
test_hard_links_once() {
    make_files 1
    ln tree/0 tree/a
    ln tree/0 tree/b
    PRELOAD='' TRACE=fsync,fdatasync,syncfs traced log -y "$BUILD/plugin/settle" tree/ tree/a tree/b
    test "$(grep -c '/tree/[0ab]>' log)" = 1 || fail "$(cat log)"
}

# The check for writers where all is well: three fcntl(2) calls a file, no look through /proc.
test_the_check_for_writers_is_three_calls() {
    need_journal
    make_files 10
    count_calls tree/
    files=$(grep -c 'F_SETLEASE, F_RDLCK' log)
    test "$files" = 10 || fail "$files leases"
    test "$(grep -c 'F_SETLEASE, F_UNLCK' log)" = 10 || fail "not given back"
    ! grep '"/proc"' log || fail "looked through /proc"
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
