# marks.sh - contest 5: what it costs that an interrupted build leaves nothing half-made
# SPDX-License-Identifier: GPL-3.0-or-later

# Seconds after which a build sits out, lest a slow machine takes all night: seven of half a minute fit in.
BUILD_LIMIT=240

contest_marks() {
    contest 5 "Crash-safe builds: marks" "marks"
    mkdir -p "$WORK/own"
    if knows_marks; then
        on_file_systems mark_contest ext4 xfs btrfs
    else
        leave_out "marks" "this settle makes none"
    fi
    contest_end

    contest 5b "Crash-safe builds: $BENCH_BUILD small C files" "deferred"
    aim "bare<=1.03;fsync<=1"
    if ! knows_deferred; then
        leave_out "deferred" "this settle doesn't know SETTLE_MODE=deferred"
        return
    fi
    for code in $BENCH_CODE; do
        on_file_systems build_contest ext4 xfs btrfs
    done
    contest_end
}

# Whether a mark is there while a recipe runs.
knows_marks() {
    "$MAKE" -s -C "$WORK/own" -f "$SRC/bench/lines.mk" COUNT=0 HOW=settle SETTLE_SO="$PLUGIN" marks \
        >/dev/null 2>&1
    test -s "$WORK/own/marks"
    set -- $?
    rm -f "$WORK/own/marks"
    return "$1"
}

knows_deferred() {
    "$MAKE" -s -C "$WORK/own" -f "$SRC/bench/lines.mk" COUNT=0 HOW=settle SETTLE_SO="$PLUGIN" \
        SETTLE_MODE=deferred memory >/dev/null 2>&1
    set -- $?
    rm -f "$WORK/own/memory"
    return "$1"
}

mark_contest() {
    measure "$BENCH_LINES lines, $2" "$BENCH_LINES" \
        -p "cd '$1' && rm -rf out && mkdir out && sync -f ." \
        :: "marks" "$MAKE" -s -C "$1" -f "$SRC/bench/lines.mk" COUNT="$BENCH_LINES" HOW=settle \
        SETTLE_SO="$PLUGIN" \
        :: "no marks" "$MAKE" -s -C "$1" -f "$SRC/bench/lines.mk" COUNT="$BENCH_LINES" HOW=settle \
        SETTLE_SO="$PLUGIN" SETTLE_DIR=
    rm -rf "$1/out"
}

# In the folder $1, $PLACE, on a file system of type $2.  With two jobs for each processor, since one of them that waits for
# the disk is none.
build_contest() {
    jobs=$(($(nproc) * 2))
    title="$BENCH_BUILD $code C files, make -j$jobs, $2"
    set -- "$MAKE" -s "-j$jobs" -C "$PLACE" -f "$SRC/bench/build.mk" COUNT="$BENCH_BUILD" CODE="$code"
    "$@" sources || return
    measure "$title" "$BENCH_BUILD" -l "$BUILD_LIMIT" \
        -p "cd '$PLACE' && rm -rf object && mkdir object && sync -f ." \
        :: "deferred" "$@" SETTLE_SO="$PLUGIN" SETTLE_MODE=deferred \
        :: "bare" "$@" \
        :: "fsync" "$@" SETTLE_SO="$PLUGIN" SETTLE_MODE=fsync
    rm -rf "$PLACE/source" "$PLACE/object"
}
