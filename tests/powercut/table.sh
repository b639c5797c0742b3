# table.sh - the long run of power-cut rig and kill tests; prints tables for the documentation
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: make check-powercut    as root; most of an hour
# Environment: POWERCUT_IMAGES   images a mode, over the file systems (default 600)
#              POWERCUT_KILLS    kills a mode (default 200)
#              POWERCUT_MODES    which (default "nothing unmarked fsync deferred")
#              POWERCUT_SEED     where the random moments begin (default 1)
# and those of run.sh and kill.sh.  Exit status: 0 if every mode is as it must be, else 1.

set -u
tests=$(cd "$(dirname "$0")" && pwd)
: "${POWERCUT_IMAGES:=600}" "${POWERCUT_KILLS:=200}" "${POWERCUT_SEED:=1}"
: "${POWERCUT_MODES:=nothing unmarked fsync deferred}"
systems='ext4 ext4-writeback ext4-nodelalloc xfs btrfs'
work=$(mktemp -d "${TMPDIR:-/tmp}/settle-table.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export POWERCUT_REFERENCES="${POWERCUT_REFERENCES:-$work/references}"
failed=0

# Runs the script $1 with the arguments $2...; its line goes to the file results, too.
one() {
    script=$1
    shift
    status=0
    sh "$tests/$script.sh" "$@" >"$work/line" || status=$?
    cat "$work/line" >>"$work/results"
    sed 's/^/# /' "$work/line" >&2
    case $status in
    0) return ;;
    1) echo "# $script.sh $*: NOT as promised" >&2 ;;
    *) echo "# $script.sh $*: could not be run" >&2 ;;
    esac
    failed=1
}

: >"$work/results"
for mode in $POWERCUT_MODES; do
    for system in $systems; do
        # half of the images from a disk that loses and tears what it was not told to flush
        for disk in plain volatile; do
            export POWERCUT_DISK=$disk POWERCUT_BATCH=
            # small batches are fsynced file by file, and with them the log of btrfs
            test $disk = plain || POWERCUT_BATCH=20
            one run "$system" "$mode" $((POWERCUT_IMAGES / 10)) "$POWERCUT_SEED"
        done
    done
done
unset POWERCUT_BATCH
for mode in $POWERCUT_MODES; do
    one kill "$POWERCUT_KILLS" "$mode" "$POWERCUT_SEED"
done

awk '
    function name(mode) { return mode == "unmarked" ? "fsync without marks" : mode }
    BEGIN {
        print "| mode | file system | images | looked at | broken | violations | removed |" \
            " most in an image | needlessly | next makes, files that differ | built a second |"
        print "|---|---|---|---|---|---|---|---|---|---|---|"
    }
    $1 != "kill" {
        row = $2 " " $1
        if (!(row in most)) {
            order[++count] = row
            most[row] = 0
        }
        if ($8 > most[row])
            most[row] = $8
        for (i = 3; i <= NF; i++) {
            sum[row, i] += $i
            total[$2, i] += $i
        }
    }
    $1 == "kill" {
        kills[++rows] = sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d, %d |", name($2),
            $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    }
    END {
        for (i = 1; i <= count; i++) {
            row = order[i]
            split(row, key, " ")
            printf "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d, %d | %.0f |\n", name(key[1]),
                key[2], sum[row, 3], sum[row, 4], sum[row, 5], sum[row, 6], sum[row, 7], most[row],
                sum[row, 9], sum[row, 10], sum[row, 11], sum[row, 12] * 1000 / sum[row, 13]
        }
        print "\n| mode | images | looked at | broken | violations |\n|---|---|---|---|---|"
        count = split("nothing unmarked fsync deferred", mode)
        for (i = 1; i <= count; i++)
            if ((mode[i], 3) in total)
                printf "| %s | %d | %d | %d | %d |\n", name(mode[i]), total[mode[i], 3],
                    total[mode[i], 4], total[mode[i], 5], total[mode[i], 6]
        print "\n| mode | kills | looked at | broken | violations | removed | most after a kill |" \
            " needlessly | files that differ after the next make | makes beside, disturbed |"
        print "|---|---|---|---|---|---|---|---|---|---|"
        for (i = 1; i <= rows; i++)
            print kills[i]
    }' "$work/results"
exit $failed
