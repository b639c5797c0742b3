# ledger.sh - where order is that of writes in place (btrfs): marks in a ledger instead of an fsync for each target
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

on_btrfs() {
    test "$(stat -f -c %T .)" != btrfs || return 0
    need_root "to mount btrfs (or TMPDIR on it)"
    need mkfs.btrfs btrfs-progs
    truncate -s 256M image
    mkfs.btrfs -q image >mkfs.log 2>&1 || fail "$(cat mkfs.log)"
    mkdir mnt
    mount_or_skip -o loop image mnt
    cd mnt
}

# COUNT targets, one after the other, each with the line $(LINE) in its recipe.
ledger_makefile() {
    cat >Makefile <<'EOF'
load $(PLUGIN)
SETTLE_MODE = deferred
targets := $(shell seq -f t%g $(COUNT))
all: $(targets)
$(targets): private SETTLE = $@
$(targets):
	@$(LINE)
	@echo $@ >$@; $(if $(filter $(HOLD),$@),touch ready; exec sleep 100)
EOF
}

trace_make() {
    TRACE=fsync,fdatasync,pwrite64 traced trace -y "$MAKE" --no-print-directory "$@" >out 2>&1 || fail "$(cat out)"
}

folder_syncs() {
    grep -c 'sync([0-9]*<.*/\.settle>' trace || :
}

pages_written() {
    grep -c 'pwrite64([0-9]*<.*/\.settle/@ledger-[^>]*>, "[0-9a-f][^"]*"[.]*, 4096,' trace || :
}

# How many FSYNCS of the folder there were, and PAGES written.
expect_calls() {
    test "$(folder_syncs)" = "$1" || fail "$(folder_syncs) fsyncs of .settle: $(cat trace)"
    test "$(pages_written)" = "$2" || fail "$(pages_written) pages written: $(cat trace)"
}

# The first three are not worth one; then the ledger's own fsync.
test_no_fsync_of_the_folder_from_the_fourth_on() {
    on_btrfs
    ledger_makefile
    trace_make COUNT=9
    expect_calls 4 6
    test ! -e .settle || fail "left: $(ls -l .settle)"
    rm t?
    trace_make COUNT=9 SETTLE_MODE=fsync
    expect_calls 9 0
}

# Old files are written elsewhere, too, unless they are without copy-on-write.
test_an_fsync_of_the_folder_for_each_file_that_is_written_over_in_place() {
    on_btrfs
    ledger_makefile
    make_works COUNT=9
    for file in 2 4 6 8; do
        rm t$file
        touch t$file
        chattr +C t$file
        echo old >t$file
    done
    touch -d 2000-01-01 t?
    touch newer
    echo '$(targets): newer' >>Makefile
    trace_make COUNT=9
    expect_calls 7 3  # t1 to t3; one with the ledger; t4, t6 and t8
}

# Pages of a batch that is done are emptied and taken again; its marks are gone on the disk, too.
test_pages_are_taken_again() {
    on_btrfs
    ledger_makefile
    trace_make COUNT=200 SETTLE_BATCH_FILES=8
    test "$(pages_written)" = 197 || fail "$(pages_written) pages written"
    sed -n 's/.*pwrite64(.*"[0-9a-f]\{16\} .*, 4096, \([0-9]*\)).*/\1/p' trace | sort -u >offsets
    test "$(wc -l <offsets)" -le 24 || fail "$(cat offsets)"
    # but when it is made, and at the end
    emptied=$(awk '/@ledger-[^>]*>, "[0-9a-f]/ { counted = now; began = 1 } /@ledger-[^>]*>, "\\0/ { now += began }
        END { print counted + 0 }' trace)
    test "$emptied" -ge 20 || fail "emptied $emptied times: $(cat trace)"
    test "$(folder_syncs)" -ge 28 || fail "$(folder_syncs) fsyncs of .settle: $(cat trace)"
}

# Copies of it share its extents: what is written then goes elsewhere, and is not there after a power cut.
test_a_ledger_that_is_cloned_is_not_relied_upon() {
    on_btrfs
    ledger_makefile
    touch clone
    chattr +C clone
    trace_make COUNT=9 LINE='test $@ != t6 || cp --reflink=always .settle/@ledger-* clone'
    # t7, t8 and t9 as well
    expect_calls 7 6
}

test_a_ledger_that_is_removed_is_done_without() {
    on_btrfs
    ledger_makefile
    trace_make COUNT=9 LINE='test $@ != t6 || rm .settle/@ledger-*'
    expect_calls 7 3
    test ! -e .settle || fail "left: $(ls -l .settle)"
}

# That of the other one may not be durable yet.
test_another_recipe_of_a_target_gets_no_page() {
    on_btrfs
    ledger_makefile
    cat >>Makefile <<'EOF'
all: u
u:: SETTLE = $<.out
u:: t9 ; @echo $@ >$<.out
u:: t8 ; @echo $@ >$<.out
EOF
    trace_make COUNT=9
    expect_calls 5 7
}

# Its device has a cache of its own.
test_a_link_to_another_file_system_gets_no_page() {
    on_btrfs
    other=$(mktemp /dev/shm/settle-test.XXXXXX) || skip "needs /dev/shm"
    at_exit "rm '$other'"
    ledger_makefile
    ln -s "$other" t6
    touch -h -d '1 hour ago' t6
    touch -d '1 hour ago' "$other" .
    sed -i 's/^\$(targets):$/$(targets): FORCE/' Makefile
    echo FORCE: >>Makefile
    trace_make COUNT=9
    expect_calls 5 5
}

# No compression for the ledger, then: the attribute excludes the other.
test_in_a_folder_that_is_compressed() {
    on_btrfs
    chattr +c .
    ledger_makefile
    trace_make COUNT=9
    expect_calls 4 6
}

# Where there is no room for one, say.
test_where_there_can_be_none() {
    on_btrfs
    ledger_makefile
    trace_make COUNT=9 LINE='test $@ != t1 || mkdir .settle/@ledger-$$(ls .settle | sed -n s/^t1@//p)'
    expect_calls 9 0
}

# A make that has made t1 to t7 and is at t8: $make.
hold_make() {
    ledger_makefile
    start_make COUNT=9 HOLD=t8
    await ready
}

# It may be all that a power cut has left.
test_without_proc_it_stays() {
    on_btrfs
    hold_make
    kill -s KILL "$make"
    wait "$make" || :
    find .settle -type l -delete
    for command in "$BUILD/plugin/settle --status" "$MAKE COUNT=9"; do
        without_proc "$command"
        test "$status" != 0 || fail "$command: $(cat out)"
        grep -q "\.settle: there are marks, and without /proc it can't be told whose they are" out ||
            fail "$command: $(cat out)"
        test "$(find .settle -name '@ledger-*' | wc -l)" = 1 || fail "$command: the ledger is gone"
    done
    make_works COUNT=9
    grep -q '^settle: t8: its recipe was cut short; removed' out || fail "$(cat out)"
    test "$(cat t8)" = t8 || fail "$(cat t8)"
}

test_of_a_make_that_was_killed() {
    on_btrfs
    hold_make
    kill -s KILL "$make"
    wait "$make" || :
    test "$(find .settle -name '@ledger-*' | wc -l)" = 1 || fail "no ledger is left"
    make_works -n COUNT=9
    grep -q 't8: its recipe was cut short; would be removed' out || fail "$(cat out)"
    make_works COUNT=9
    grep -q 't8: its recipe was cut short; removed' out || fail "$(cat out)"
    test ! -e .settle || fail "left: $(ls -l .settle)"
}

test_of_a_make_that_lives() {
    on_btrfs
    hold_make
    "$BUILD/plugin/settle" --recover >out
    "$BUILD/plugin/settle" --status >out
    grep -q '^t8: ' out || fail "$(cat out)"
    ledger=$(echo .settle/@ledger-*)
    test -f "$ledger" || fail "it is gone"
    make_works COUNT=7
    test "$(echo .settle/@ledger-*)" = "$ledger" || fail "left: $(ls -l .settle)"
    kill -s TERM "$make"
    wait "$make" || :
    # make itself removes t8
    make_works COUNT=9
    test ! -e .settle || fail "left: $(ls -l .settle)"
}

# May look, and not touch.
test_another_user_s() {
    on_btrfs
    need_root "for another user's make"
    nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
    $nobody test -x "$BUILD/plugin/settle" || skip "needs a build tree that others may read"
    chmod 755 . ..
    hold_make
    $nobody "$BUILD/plugin/settle" --status >out
    grep -q '^t8: .* which runs' out || fail "$(cat out)"
    kill -s KILL "$make"
    wait "$make" || :
    $nobody "$BUILD/plugin/settle" --status >out
    grep -q '^t8: .* which is gone' out || fail "$(cat out)"
    test -e "$(echo .settle/@ledger-*)" || fail "it is gone"
    make_works COUNT=9
    test ! -e .settle || fail "left: $(ls -l .settle)"
}

# shellcheck source=tests/lib.sh
. "$SRC/tests/lib.sh"
run_tests "$@"
