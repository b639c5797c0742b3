# examples.sh - the examples do what they say, here and on a file system that lags behind
# SPDX-License-Identifier: GPL-3.0-or-later

# shellcheck disable=SC2016 # what stands in single quotes is for make

LATE=delay=0.3,hold_reads=65536

need_libelf() {
    test "${have_libelf:-no}" = yes || skip "needs libelf (Debian package: libelf-dev)"
}

# mold doesn't run with the sanitizer's runtime in it.
linkers() {
    for linker in bfd gold lld mold; do
        case $linker in mold) name=mold ;; *) name=ld.$linker ;; esac
        if test $linker = mold && test -n "$PRELOAD"; then
            echo "without mold: it can't run with a sanitizer" >&2
        elif command -v $name >/dev/null; then
            echo $linker
        fi
    done
}

# pipeline VARIANT FOLDER ARGUMENT...: the example in the folder, a new one, output in $PWD/out
pipeline() {
    variant=$1 folder=$2
    shift 2
    rm -rf "$folder"
    mkdir "$folder"
    mk -C "$folder" -f "$SRC/examples/pipeline/$variant.mk" SETTLE_SO="$PLUGIN" CC="$CC" \
        SIZE_MIB=1 "$@" all check >out 2>&1
}

# All variants with all linkers, in the folder $1, a new one in it each.  $2: what bare does.
pipelines() {
    for linker in $(linkers); do
        echo "linker $linker"
        for variant in hook function; do
            pipeline "$variant" "$1/run" LINKER="$linker" || fail "$variant, $linker: $(cat out)"
        done
        pipeline bare "$1/run" LINKER="$linker" && bare=passes || bare=fails
        test "$bare" = "$2" || fail "bare, $linker, $bare: $(cat out)"
        test "$bare" = passes || grep -q 'tar: output: file changed as we read it' out ||
            fail "bare, $linker: $(cat out)"
    done
}

test_pipeline_here() {
    need_libelf
    pipelines . passes
}

test_pipeline_on_latefs() {
    need_libelf
    mount_latefs "$PWD/mnt" "$LATE"
    pipelines mnt fails
}

test_pipeline_settles_the_output_alone() {
    need_libelf
    for variant in hook function; do
        pipeline "$variant" run SETTLE_VERBOSE=1
        sed -n 's/^settle: \(.*\): settled, .*/\1/p' out >got
        case $variant in
        hook) printf '%s\n' output output ;;  # after each line of its recipe
        function) echo output ;;
        esac >expected
        diff -u expected got || fail "$variant: $(cat out)"
    done
}

test_pipeline_where_ctime_moves_even_after_fsync() {
    need_libelf
    mount_latefs "$PWD/mnt" "$LATE,after_fsync"
    for variant in hook function; do
        ! pipeline "$variant" mnt/run SETTLE_STABLE=0 || fail "$variant passes: $(cat out)"
        grep -q 'tar: output: file changed as we read it' out || fail "$variant: $(cat out)"
        pipeline "$variant" mnt/run SETTLE_STABLE=0.5 || fail "$variant: $(cat out)"
    done
}

runtest() {
    mk -f "$SRC/examples/runtest/Makefile" SETTLE_SO="$PLUGIN" CC="$CC" SIZE=1M PAUSE=0.5 "$@" \
        >log 2>&1 || fail "$(cat log)"
    sed -n "s|^$DIR/out: ||p" log >looks
    test "$(wc -l <looks)" = 3 || fail "$(cat log)"
    # settled, and later
    test "$(sed -n 2p looks)" = "$(sed -n 3p looks)" && still=yes || still=no
}

test_runtest_here() {
    DIR=.
    runtest
    test "$still" = yes || fail "$(cat log)"
}

test_runtest_on_latefs() {
    DIR=mnt
    mount_latefs "$PWD/mnt" delay=0.4
    runtest DIR=mnt
    test "$still" = yes || fail "$(cat log)"
    test "$(sed -n 1p looks)" != "$(sed -n 2p looks)" || fail "nothing moved: $(cat log)"
    runtest DIR=mnt SETTLE_MODE=off
    test "$still" = no || fail "without settle: $(cat log)"
}

test_mmapwrite_ends_in_all_ways() {
    writer=$BUILD/tests/mmapwrite
    for options in '' --close-first --no-unmap '--close-first --no-unmap'; do
        rm -f file
        # shellcheck disable=SC2086
        "$writer" $options --size=8K file
        test "$(wc -c <file)" = 8192
        test "$(tr -d '\000' <file | od -An -tx1)" = ' 01 01' || fail "$options"
    done
    "$writer" --linger=0.3 --size=4K file
    test "$(tr -d '\000' <file | od -An -tx1)" = ' 01'
    sleep 0.8
    test "$(tr -d '\000' <file | od -An -tx1)" = ' 02' || fail "nobody lingered"
    for wrong in --size=x --size=4T --linger=-1 --none; do
        status=0
        "$writer" $wrong file 2>err || status=$?
        test $status = 2 || fail "$wrong: $status"
    done
}

. "$SRC/tests/lib.sh"
run_tests "$@"
