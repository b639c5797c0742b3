# local.sh - settle on the file systems that one machine can have: does it hold what it promises
# SPDX-License-Identifier: GPL-3.0-or-later

# LeakSanitizer: what a program has in hand when it exits is no leak, and the linkers have much.
export ASAN_OPTIONS=detect_leaks=0

linkers() {
    for linker in bfd gold lld mold; do
        case $linker in mold) name=mold ;; *) name=ld.$linker ;; esac
        ! command -v $name >/dev/null || echo $linker
    done
}

# CC: mold, which has an allocator of its own, dies where a sanitizer's runtime is preloaded for make.
# Builds output and tarball of the pipeline's variant $1 with linker $2 anew, the rest of make's
# arguments following; prints what became of it: "passes", "tar" for tar's complaint, or more.
run_pipeline() {
    variant=$1 linker=$2
    shift 2
    rm -rf mnt/output mnt/tarball.tgz mnt/unpacked
    if mk -C mnt -f "$SRC/examples/pipeline/$variant.mk" LINKER="$linker" SIZE_MIB=1 \
        SETTLE_SO="$PLUGIN" CC="env -u LD_PRELOAD $CC" "$@" all check >pipeline.log 2>&1; then
        echo passes
    elif grep -q '^tar: output: file changed as we read it$' pipeline.log; then
        echo tar
    else
        cat pipeline.log
    fi
}

expect_pipeline() {
    expected=$1
    shift
    outcome=$(run_pipeline "$@")
    case " $expected " in
    *" $outcome "*) ;;
    *) fail "pipeline $* on $KIND: expected $expected, got $outcome" ;;
    esac
}

topic_pipeline() {
    test "${have_libelf:-yes}" = yes || skip "needs libelf (Debian package: libelf-dev)"
    # what is bare may pass where nothing is late, but need not
    bare='passes tar'
    test -z "$LATE" || bare=tar
    for linker in $(linkers); do
        expect_pipeline "$bare" bare "$linker"
        for variant in hook function; do
            test $STABLE = 0 || test "$linker" != bfd ||
                expect_pipeline tar $variant "$linker" SETTLE_STABLE=0
            expect_pipeline passes $variant "$linker" SETTLE_STABLE=$STABLE
        done
    done
}

# Builds GOAL of writers.mk in the new folder mnt/$1, with note's lines in $1.notes:
# write_files FOLDER GOAL NOTE ARGUMENT...
write_files() {
    folder=$1 goal=$2 note=$3
    shift 3
    mkdir "mnt/$folder"
    : >"$folder.notes"
    mk -s -j5 -C "mnt/$folder" -f "$SRC/tests/fs/writers.mk" WRITER="$BUILD/tests/mmapwrite" \
        NOTE="$note >>$PWD/$folder.notes" "$@" "$goal" || fail "writers on $KIND: $folder"
}

attributes='%n: size %s, blocks %b, modified %.Y, changed %.Z'

# True where a file below mnt is not, or at one look in the next 3 seconds is not any more, as the
# notes $1... say; what moved is in moved.
moves() {
    for folder; do
        sed "s|^|$folder/|" "$folder.notes"
    done >noted
    looks=0
    while test $looks -lt 6; do
        sleep 0.5
        looks=$((looks + 1))
        # shellcheck disable=SC2046 # plain names
        (cd mnt && stat -c "$attributes" $(sed 's/: .*//' ../noted)) >look
        diff noted look >moved && continue
        echo "after $looks half seconds" >>moved
        return 0
    done
    return 1
}

# The report's reproducer, in folders of its own, as background processes: starts_runtest NAME
# ARGUMENT...
start_runtest() {
    name=$1
    shift
    mkdir "$name.build" "mnt/$name"
    cp "$BUILD/tests/mmapwrite" "$name.build"
    mk -C "$name.build" -f "$SRC/examples/runtest/Makefile" SETTLE_SO="$PLUGIN" SIZE=1M PAUSE=3 \
        DIR="$PWD/mnt/$name" "$@" >"$name.log" 2>&1 &
    eval "${name}_pid=$!"
}

# True where it saw something move after "settled".
runtest_moves() {
    eval "wait \$${1}_pid" || fail "runtest: $(cat "$1.log")"
    test "$(grep -c ': size 1048576, ' "$1.log")" = 3 || fail "runtest: $(cat "$1.log")"
    test "$(grep -A 1 '^settled:$' "$1.log" | tail -n 1)" != "$(tail -n 1 "$1.log")"
}

# All at once, for the sake of the 3 seconds.
topic_nothing_moves() {
    note="stat -c '$attributes'"
    start_runtest settled SETTLE_STABLE=$STABLE
    test -z "$LATE" || start_runtest off SETTLE_MODE=off
    for mode in fsync writeback; do
        write_files $mode-hook hook "$note" SETTLE_MODE=$mode SETTLE_STABLE=$STABLE
        write_files $mode-function function "$note" SETTLE_MODE=$mode SETTLE_STABLE=$STABLE
    done
    ! moves fsync-hook fsync-function writeback-hook writeback-function ||
        fail "moved on $KIND: $(cat moved)"
    ! runtest_moves settled || fail "runtest moved on $KIND: $(cat settled.log)"
    # the proof that it would have been seen
    if test -n "$LATE"; then
        runtest_moves off || fail "nothing moved on $KIND: $(cat off.log)"
        write_files bare bare "$note"
        moves bare || fail "nothing moved on $KIND: $(cat noted)"
    fi
    test $STABLE = 0 || {
        write_files plain hook "$note" SETTLE_STABLE=0
        moves plain || fail "nothing moved on $KIND without SETTLE_STABLE: $(cat noted)"
    }
}

dirty_files() {
    awk '$3 + $4 > 0' "$1.notes"
}

topic_no_dirty_page() {
    "$BUILD/tests/cachestat" . >/dev/null 2>&1 || test $? != 77 ||
        skip "needs a kernel with cachestat(2) (6.5)"
    for mode in fsync writeback; do
        for face in hook function; do
            folder=$mode-$face
            write_files $folder $face \
                "sh '$SRC/tests/fs/pages.sh' '$PWD' '$PAGES/$folder' '${BEHIND:+$BEHIND/$folder}'" \
                SETTLE_MODE=$mode
            test "$(wc -l <"$folder.notes")" = 5 || fail "on $KIND: $(cat "$folder.notes")"
            test -z "$(dirty_files "$folder")" ||
                fail "dirty pages on $KIND, $folder: $(dirty_files "$folder")"
        done
    done
    # the proof that they would have been seen
    case $KIND in
    # has none
    *tmpfs | latefs*) return ;;
    # the kernel writes them when a descriptor is closed or a mapping goes
    cachefs)
        mkfifo feed
        dd if=feed of=mnt/held status=none &
        exec 3>feed
        cat "$BUILD/tests/mmapwrite" >&3
        tries=0
        until "$BUILD/tests/cachestat" mnt/held >held.notes && test -n "$(dirty_files held)"; do
            test $tries -lt 50 || fail "not dirty on $KIND: $(cat held.notes)"
            tries=$((tries + 1))
            sleep 0.1
        done
        exec 3>&-
        wait $!
        return
        ;;
    esac
    write_files bare bare "sh '$SRC/tests/fs/pages.sh' '$PWD' '$PAGES/bare' ''"
    test "$(dirty_files bare | wc -l)" = 5 || fail "not dirty on $KIND: $(cat bare.notes)"
}

# make of one target that leaves a process behind, which holds it for $1 seconds; $2 an option of
# mmapwrite's.  Status in $status, what was said in out.
make_held() {
    hold=$1 option=$2
    shift 2
    cat >held.mk <<'MK'
load $(PLUGIN)
held: private SETTLE = $@
held:
	$(WRITER) --size=1M --linger=$(HOLD) $(OPTION) $@
MK
    status=0
    rm -f mnt/held
    mk -s -C mnt -f ../held.mk WRITER="$BUILD/tests/mmapwrite" HOLD="$hold" OPTION="$option" "$@" \
        >out 2>&1 || status=$?
}

topic_waits_for_a_writer() {
    # the child dirties every page once more before it goes
    for option in '' --close-first; do
        start=$(date +%s%N)
        make_held 1.5 "$option" SETTLE_STABLE=$STABLE
        test $status = 0 || fail "on $KIND: $(cat out)"
        stat -c "held: $attributes" mnt/held >before
        test $(($(date +%s%N) - start)) -ge 1500000000 || fail "did not wait on $KIND for $option"
        test "$(tr -d '\002\000' <mnt/held | wc -c)" = 0 || fail "settled too early on $KIND"
        sleep 0.5
        stat -c "held: $attributes" mnt/held | diff before - || fail "moved on $KIND"
    done
}

topic_gives_up_on_a_writer() {
    for option in '' --close-first; do
        make_held 20 "$option" SETTLE_TIMEOUT=0.5
        pid=$(sed -n 's/^settle: .*for writing by process \([0-9]*\) .*/\1/p' out)
        test -n "$pid" || fail "on $KIND: no writer found: $(cat out)"
        expect out <<EOT
settle: held: still open for writing by process $pid (mmapwrite)
make: *** [../held.mk:4: held] Error 125
EOT
        test $status = 2 || fail "on $KIND: status $status"
        kill "$pid"
    done
}

test_ext2_pipeline() { on ext2 pipeline; }
test_ext2_nothing_moves() { on ext2 nothing_moves; }
test_ext2_no_dirty_page() { on ext2 no_dirty_page; }
test_ext2_waits_for_a_writer() { on ext2 waits_for_a_writer; }
test_ext2_gives_up_on_a_writer() { on ext2 gives_up_on_a_writer; }

test_ext3_pipeline() { on ext3 pipeline; }
test_ext3_nothing_moves() { on ext3 nothing_moves; }
test_ext3_no_dirty_page() { on ext3 no_dirty_page; }
test_ext3_waits_for_a_writer() { on ext3 waits_for_a_writer; }
test_ext3_gives_up_on_a_writer() { on ext3 gives_up_on_a_writer; }

test_ext4_pipeline() { on ext4 pipeline; }
test_ext4_nothing_moves() { on ext4 nothing_moves; }
test_ext4_no_dirty_page() { on ext4 no_dirty_page; }
test_ext4_waits_for_a_writer() { on ext4 waits_for_a_writer; }
test_ext4_gives_up_on_a_writer() { on ext4 gives_up_on_a_writer; }

test_ext4_data_journal_pipeline() { on ext4_data_journal pipeline; }
test_ext4_data_journal_nothing_moves() { on ext4_data_journal nothing_moves; }
test_ext4_data_journal_no_dirty_page() { on ext4_data_journal no_dirty_page; }
test_ext4_data_journal_waits_for_a_writer() { on ext4_data_journal waits_for_a_writer; }
test_ext4_data_journal_gives_up_on_a_writer() { on ext4_data_journal gives_up_on_a_writer; }

test_ext4_nodelalloc_pipeline() { on ext4_nodelalloc pipeline; }
test_ext4_nodelalloc_nothing_moves() { on ext4_nodelalloc nothing_moves; }
test_ext4_nodelalloc_no_dirty_page() { on ext4_nodelalloc no_dirty_page; }
test_ext4_nodelalloc_waits_for_a_writer() { on ext4_nodelalloc waits_for_a_writer; }
test_ext4_nodelalloc_gives_up_on_a_writer() { on ext4_nodelalloc gives_up_on_a_writer; }

test_xfs_pipeline() { on xfs pipeline; }
test_xfs_nothing_moves() { on xfs nothing_moves; }
test_xfs_no_dirty_page() { on xfs no_dirty_page; }
test_xfs_waits_for_a_writer() { on xfs waits_for_a_writer; }
test_xfs_gives_up_on_a_writer() { on xfs gives_up_on_a_writer; }

test_btrfs_pipeline() { on btrfs pipeline; }
test_btrfs_nothing_moves() { on btrfs nothing_moves; }
test_btrfs_no_dirty_page() { on btrfs no_dirty_page; }
test_btrfs_waits_for_a_writer() { on btrfs waits_for_a_writer; }
test_btrfs_gives_up_on_a_writer() { on btrfs gives_up_on_a_writer; }

test_btrfs_zstd_pipeline() { on btrfs_zstd pipeline; }
test_btrfs_zstd_nothing_moves() { on btrfs_zstd nothing_moves; }
test_btrfs_zstd_no_dirty_page() { on btrfs_zstd no_dirty_page; }
test_btrfs_zstd_waits_for_a_writer() { on btrfs_zstd waits_for_a_writer; }
test_btrfs_zstd_gives_up_on_a_writer() { on btrfs_zstd gives_up_on_a_writer; }

test_tmpfs_pipeline() { on tmpfs pipeline; }
test_tmpfs_nothing_moves() { on tmpfs nothing_moves; }
test_tmpfs_no_dirty_page() { on tmpfs no_dirty_page; }
test_tmpfs_waits_for_a_writer() { on tmpfs waits_for_a_writer; }
test_tmpfs_gives_up_on_a_writer() { on tmpfs gives_up_on_a_writer; }

test_overlay_on_ext4_pipeline() { on overlay_on_ext4 pipeline; }
test_overlay_on_ext4_nothing_moves() { on overlay_on_ext4 nothing_moves; }
test_overlay_on_ext4_no_dirty_page() { on overlay_on_ext4 no_dirty_page; }
test_overlay_on_ext4_waits_for_a_writer() { on overlay_on_ext4 waits_for_a_writer; }
test_overlay_on_ext4_gives_up_on_a_writer() { on overlay_on_ext4 gives_up_on_a_writer; }

test_overlay_on_tmpfs_pipeline() { on overlay_on_tmpfs pipeline; }
test_overlay_on_tmpfs_nothing_moves() { on overlay_on_tmpfs nothing_moves; }
test_overlay_on_tmpfs_no_dirty_page() { on overlay_on_tmpfs no_dirty_page; }
test_overlay_on_tmpfs_waits_for_a_writer() { on overlay_on_tmpfs waits_for_a_writer; }
test_overlay_on_tmpfs_gives_up_on_a_writer() { on overlay_on_tmpfs gives_up_on_a_writer; }

test_latefs_pipeline() { on latefs pipeline; }
test_latefs_nothing_moves() { on latefs nothing_moves; }
test_latefs_no_dirty_page() { on latefs no_dirty_page; }
test_latefs_waits_for_a_writer() { on latefs waits_for_a_writer; }
test_latefs_gives_up_on_a_writer() { on latefs gives_up_on_a_writer; }

test_latefs_after_fsync_pipeline() { on latefs_after_fsync pipeline; }
test_latefs_after_fsync_nothing_moves() { on latefs_after_fsync nothing_moves; }
test_latefs_after_fsync_no_dirty_page() { on latefs_after_fsync no_dirty_page; }
test_latefs_after_fsync_waits_for_a_writer() { on latefs_after_fsync waits_for_a_writer; }
test_latefs_after_fsync_gives_up_on_a_writer() { on latefs_after_fsync gives_up_on_a_writer; }

test_cachefs_pipeline() { on cachefs pipeline; }
test_cachefs_nothing_moves() { on cachefs nothing_moves; }
test_cachefs_no_dirty_page() { on cachefs no_dirty_page; }
test_cachefs_waits_for_a_writer() { on cachefs waits_for_a_writer; }
test_cachefs_gives_up_on_a_writer() { on cachefs gives_up_on_a_writer; }

. "$SRC/tests/lib.sh"
. "$SRC/tests/fs/rig.sh"
run_rig "$@"
