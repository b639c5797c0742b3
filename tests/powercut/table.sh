# table.sh - the long run of power-cut rig and kill tests; prints the tables of doc/crash.md
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: make check-powercut    as root; about half an hour
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
        one run "$system" "$mode" $((POWERCUT_IMAGES / 5)) "$POWERCUT_SEED"
    done
done
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
        printf "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d, %d | %.0f |\n", name($2), $1,
            $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 * 1000 / $13
        images[$2] += $3; looked[$2] += $4; broken[$2] += $5; violations[$2] += $6
    }
    $1 == "kill" {
        kills[++rows] = sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d, %d |", name($2),
            $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    }
    END {
        print "\n| mode | images | looked at | broken | violations |\n|---|---|---|---|---|"
        count = split("nothing unmarked fsync deferred", mode)
        for (i = 1; i <= count; i++)
            if (images[mode[i]])
                printf "| %s | %d | %d | %d | %d |\n", name(mode[i]), images[mode[i]],
                    looked[mode[i]], broken[mode[i]], violations[mode[i]]
        print "\n| mode | kills | looked at | broken | violations | removed | most after a kill |" \
            " needlessly | files that differ after the next make | makes beside, disturbed |"
        print "|---|---|---|---|---|---|---|---|---|---|"
        for (i = 1; i <= rows; i++)
            print kills[i]
    }' "$work/results"
exit $failed
