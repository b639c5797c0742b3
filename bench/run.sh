#!/bin/sh
# run.sh - "make bench": settle and its rivals, side by side
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Run by make, which sets SRC and BUILD (source and build tree, absolute) and MAKE.  The environment, or
# make's command line, may say more: see bench/README.md.  Prints tables, and leaves them in the build
# tree: bench/results.txt, bench/results.tsv and, where gnuplot is there, bench/results.svg.
#
# Exit status 1 where something could not be measured that should have been.  Speed decides nothing.

: "${SRC:?run by make bench}" "${BUILD:?run by make bench}" "${MAKE:=make}"
: "${BENCH:=1 2 3 4 5}" "${ROUNDS:=7}" "${BENCH_DIR:=${TMPDIR:-/tmp}}"
: "${BENCH_SIZES:=1 16 256}" "${BENCH_DIRTY:=0 512 1024 2048}" "${BENCH_TREES:=100 1000 10000 100000}"
: "${BENCH_FS:=ext4 xfs btrfs tmpfs}" "${BENCH_CODE:=usual short}" "${BENCH_DISK:=125}"
: "${BENCH_LINES:=500}" "${BENCH_TARGETS:=10000}" "${BENCH_BUILD:=2000}"
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS MAKEFILES MAKE_TERMOUT MAKE_TERMERR
unset SETTLE SETTLE_MODE SETTLE_VERBOSE SETTLE_STABLE SETTLE_TIMEOUT SETTLE_DIR SETTLE_RECOVER
LC_ALL=C
export LC_ALL SRC BUILD MAKE

umask 022
WORK=$(mktemp -d "$BENCH_DIR/settle-bench.XXXXXX") || exit 1
: >"$WORK/kernel-settings"
: >"$WORK/folders"
mkfifo "$WORK/alive" || exit 1
TEXT=$BUILD/bench/results.txt
DATA=$BUILD/bench/results.tsv

# In a session of its own, out of Ctrl-C's reach; and what holds descriptor 9 is waited for.
setsid sh "$SRC/bench/cleanup.sh" "$WORK" <"$WORK/alive" &
cleanup=$!
exec 9>"$WORK/alive"

# shellcheck disable=SC2317 # by the trap
clean_up() {
    status=$?
    trap '' HUP INT TERM
    cd /
    test -z "$clock" || kill "$clock" 2>/dev/null
    exec 9>&-
    wait $cleanup || status=1
    exit $status
}
clock=
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# shellcheck source=bench/lib.sh
. "$SRC/bench/lib.sh"
for file in one trees lines idle marks; do
    # shellcheck source=/dev/null
    . "$SRC/bench/$file.sh"
done

{
    echo "settle's speed: $("$COMMAND" --version | head -n 1), Linux $(uname -r), $(nproc) processors"
    echo "$(date -u +%Y-%m-%d), $ROUNDS rounds, in $BENCH_DIR ($(type_of "$WORK"))"
} | tee "$TEXT"
sed 's/^/# /' "$TEXT" >"$DATA"
printf '# contest\tcase\tx\twho\tn\tmedian\tmin\tq1\tq3\tmax\tunit\tsubject\tratio\taim\n' >>"$DATA"

# Each word of $2 must be one of $3: $1.
need_words() {
    for word in $2; do
        case " $3 " in
        *" $word "*) ;;
        *)
            echo "bench: $1: '$word' is none of $3" >&2
            exit 2
            ;;
        esac
    done
}
need_words BENCH_FS "$BENCH_FS" "ext4 xfs btrfs tmpfs"
need_words BENCH_CODE "$BENCH_CODE" "usual short"

for wanted in $BENCH; do
    case $wanted in
    1) contest_one ;;
    2) contest_trees ;;
    3) contest_lines ;;
    4) contest_idle ;;
    5) contest_marks ;;
    *)
        echo "bench: there is no contest $wanted" >&2
        exit 2
        ;;
    esac
done

echo
if command -v gnuplot >/dev/null; then
    gnuplot -e "data='$DATA'; image='$BUILD/bench/results.svg'" "$SRC/bench/plot.gp" &&
        echo "plot: bench/results.svg"
else
    echo "no plot: needs gnuplot (Debian package: gnuplot-nox)"
fi
echo "data: bench/results.tsv"
test $failures = 0
