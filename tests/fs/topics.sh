# topics.sh - what settle promises, as topics (see rig.sh) for every file system that is mounted at mnt
# SPDX-License-Identifier: GPL-3.0-or-later

linkers() {
    for linker in bfd gold lld mold; do
        case $linker in mold) name=mold ;; *) name=ld.$linker ;; esac
        ! command -v $name >/dev/null || echo $linker
    done
}

# True where COMMAND is, at one of five tries: for the proofs that something is seen without settle, of
# which a loaded machine may come too late for one.
in_five_tries() {
    for try in 1 2 3 4 5; do
        ! "$@" || return 0
    done
    return 1
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

pipeline_gives() {
    expected=$1
    shift
    outcome=$(run_pipeline "$@")
    case " $expected " in
    *" $outcome "*) ;;
    *) return 1 ;;
    esac
}

# expect_pipeline OUTCOMES VARIANT LINKER ARGUMENT...
expect_pipeline() {
    pipeline_gives "$@" || fail "pipeline $* on $KIND: $outcome"
}

# The same where tar has to come in time to see the file move.
expect_tar() {
    in_five_tries pipeline_gives tar "$@" || fail "pipeline $* on $KIND: tar saw nothing: $outcome"
}

topic_pipeline() {
    test "${have_libelf:-yes}" = yes || skip "needs libelf (Debian package: libelf-dev)"
    for linker in $(linkers); do
        # what is bare may pass where nothing is late, but need not
        if test -n "$LATE"; then
            expect_tar bare "$linker"
        else
            expect_pipeline 'passes tar' bare "$linker"
        fi
        for variant in hook function; do
            test "$STABLE" = 0 || test "$linker" != bfd ||
                expect_tar $variant "$linker" SETTLE_STABLE=0
            expect_pipeline passes $variant "$linker" SETTLE_STABLE="$STABLE"
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

# What it saw of the file: when "written", "settled" and "later".
runtest_looks() {
    eval "wait \$${1}_pid" || fail "runtest: $(cat "$1.log")"
    grep ': size 1048576, ' "$1.log" >"$1.looks"
    test "$(wc -l <"$1.looks")" = 3 || fail "runtest: $(cat "$1.log")"
}

# The proofs that moves and runtest would see something.
runtest_moves_when_off() {
    start_runtest "off$try" SETTLE_MODE=off PAUSE=1
    runtest_looks "off$try"
    test "$(uniq "off$try.looks" | wc -l)" != 1
}

bare_moves() {
    write_files "bare$try" bare "$note"
    moves "bare$try"
}

moves_without_stable() {
    write_files "plain$try" hook "$note" SETTLE_STABLE=0
    moves "plain$try"
}

# All at once, for the sake of the 3 seconds.
topic_nothing_moves() {
    note="stat -c '$attributes'"
    start_runtest settled SETTLE_STABLE="$STABLE"
    for mode in fsync writeback; do
        write_files $mode-hook hook "$note" SETTLE_MODE=$mode SETTLE_STABLE="$STABLE"
        write_files $mode-function function "$note" SETTLE_MODE=$mode SETTLE_STABLE="$STABLE"
    done
    ! moves fsync-hook fsync-function writeback-hook writeback-function ||
        fail "moved on $KIND: $(cat moved)"
    runtest_looks settled
    test "$(tail -n 2 settled.looks | uniq | wc -l)" = 1 ||
        fail "runtest moved on $KIND: $(cat settled.log)"
    test -z "$LATE" || {
        in_five_tries runtest_moves_when_off || fail "runtest saw nothing on $KIND: $(cat off5.log)"
        in_five_tries bare_moves || fail "nothing moved on $KIND: $(cat noted)"
    }
    test "$STABLE" = 0 || in_five_tries moves_without_stable ||
        fail "nothing moved on $KIND without SETTLE_STABLE: $(cat noted)"
}

dirty_files() {
    awk '$3 + $4 > 0' "$1.notes"
}

# The kernel may begin to write at any time, of itself, some of it.
bare_is_dirty() {
    write_files "bare$try" bare "sh '$SRC/tests/fs/pages.sh' '$PWD' '$PAGES/bare$try' ''"
    test -n "$(dirty_files "bare$try")"
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
    in_five_tries bare_is_dirty || fail "not dirty on $KIND: $(cat bare5.notes)"
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
        make_held 1.5 "$option" SETTLE_STABLE="$STABLE"
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
