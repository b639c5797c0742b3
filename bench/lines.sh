# lines.sh - contest 3: what an annotated recipe line costs
# SPDX-License-Identifier: GPL-3.0-or-later

contest_lines() {
    contest 3 "$BENCH_LINES recipe lines that make a small file each" "SETTLE = \$@"
    aim "second line: sync \$@<=0.8;&& sync \$@<=0.8"
    mkdir -p "$WORK/own"
    on_file_systems line_contest ext4 xfs btrfs
    if test "$(type_of /dev/shm 2>/dev/null)" = tmpfs && test -w /dev/shm; then
        # no I/O: what is left is the processes
        shm=/dev/shm/$(basename "$WORK")
        echo "$shm" >>"$WORK/folders"
        mkdir "$shm" && line_contest "$shm" "tmpfs (no I/O)"
    else
        leave_out "tmpfs" "needs a tmpfs in /dev/shm that one may write to"
    fi
    shell_memory
    contest_end
}

# In the folder $1, called $2 in the table.
line_contest() {
    measure "$BENCH_LINES lines, $2" "$BENCH_LINES" \
        -p "cd '$1' && rm -rf out && mkdir out && sync -f ." \
        :: "SETTLE = \$@" "$MAKE" -s -C "$1" -f "$SRC/bench/lines.mk" COUNT="$BENCH_LINES" \
        HOW=settle SETTLE_SO="$PLUGIN" \
        :: "second line: sync \$@" "$MAKE" -s -C "$1" -f "$SRC/bench/lines.mk" \
        COUNT="$BENCH_LINES" HOW=line \
        :: "&& sync \$@" "$MAKE" -s -C "$1" -f "$SRC/bench/lines.mk" COUNT="$BENCH_LINES" HOW=and \
        :: "no settling" "$MAKE" -s -C "$1" -f "$SRC/bench/lines.mk" COUNT="$BENCH_LINES" HOW=bare
    rm -rf "$1/out"
}

shell_memory() {
    for _ in $(seq "$ROUNDS"); do
        "$MAKE" -s -C "$WORK/own" -f "$SRC/bench/lines.mk" COUNT=0 HOW=settle SETTLE_SO="$PLUGIN" memory &&
            awk '/^VmHWM:.*kB$/ { print "settle-sh\t" $2 }' "$WORK/own/memory"
    done | record "settle-sh while it waits (aim: below 2048)" 1 KiB
    rm -f "$WORK/own/memory"
}
