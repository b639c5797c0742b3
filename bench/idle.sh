# idle.sh - contest 4: what the plugin costs targets that have nothing to do with it
# SPDX-License-Identifier: GPL-3.0-or-later

contest_idle() {
    contest 4 "$BENCH_TARGETS targets without SETTLE" "plugin loaded"
    aim "no plugin<=1.02"
    mkdir -p "$WORK/own"
    idle_contest ":" "no process"
    idle_contest "true" "a process each"
    count_instructions
    contest_end
}

idle_contest() {
    measure "$BENCH_TARGETS targets, $2" "$BENCH_TARGETS" \
        :: "plugin loaded" "$MAKE" -s -C "$WORK/own" -f "$SRC/bench/idle.mk" \
        COUNT="$BENCH_TARGETS" RUN="$1" SETTLE_SO="$PLUGIN" \
        :: "no plugin" "$MAKE" -s -C "$WORK/own" -f "$SRC/bench/idle.mk" \
        COUNT="$BENCH_TARGETS" RUN="$1"
}

# Instructions don't depend on what else the machine does: one round.
count_instructions() {
    if command -v valgrind >/dev/null; then
        how="valgrind --tool=callgrind"
        instructions() {
            valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
                sed -n 's/.* Collected : //p'
        }
    elif command -v perf >/dev/null && perf stat -e instructions:u true >/dev/null 2>&1; then
        how="perf stat"
        instructions() {
            perf stat -x , -e instructions:u "$@" 2>&1 >/dev/null | sed -n 's/,.*instructions.*//p'
        }
    else
        leave_out "instructions" "needs valgrind, or perf and a processor that lets it count"
        return
    fi
    test ! -t 2 || echo "  ... instructions" >&2
    for who in "plugin loaded" "no plugin"; do
        test "$who" = "no plugin" && so="" || so=$PLUGIN
        printf '%s\t%s\n' "$who" "$(instructions "$MAKE" -s -C "$WORK/own" \
            -f "$SRC/bench/idle.mk" COUNT="$BENCH_TARGETS" ${so:+SETTLE_SO="$so"})"
    done | record "$BENCH_TARGETS targets, no process, $how" "$BENCH_TARGETS" "instructions of make"
}
