# kill.sh - SIGKILL at random moments of a build, and what the next make makes of it
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: sh kill.sh KILLS MODE SEED    in a build tree (or with BUILD set); MODE as in run.sh
# Environment: POWERCUT_FIRST, POWERCUT_VERBOSE as in run.sh
#
# The victims, in turn: make; the processes that make started (settle-sh); what those started (the
# recipe); all of the process group.  The next make begins at once, and has itself to wait for what the dead left
# running; without marks, a race that nobody can win, this script does.  In every fourth round another make builds other
# targets in the same folder all the while; it must not notice.
#
# Prints a line: kill MODE kills looked-at broken violations removed most-removed needless differ
# besides disturbed.  Exit status as run.sh's.

set -eu
# shellcheck source=tests/powercut/lib.sh
. "$(dirname "$0")/lib.sh"
test $# = 3 || give_up "Usage: kill.sh KILLS MODE SEED"
kills=$1 mode=$2 seed=$3
choose_mode "$mode"
: "${POWERCUT_FIRST:=0}" "${POWERCUT_VERBOSE:=0}"
divisor=4 versions=3
need ps procps

work=$(mktemp -d "${TMPDIR:-/tmp}/settle-kill.XXXXXX")
at_exit "rm -rf '$work'"
use_references "$work/references"
mkdir -p "$work/notes" "$work/tmp"
export TMPDIR="$work/tmp"  # for what killed compilers leave
folder=$work/project

# The living processes of session $1 as lines "PID PPID".
session() {
    ps -e -o sid=,stat=,pid=,ppid= | awk -v session="$1" '$1 == session && $2 !~ /^Z/ { print $3, $4 }'
}

# Starts make with the arguments $2... in a session of its own, its output in the file $1; $started
# is its process and session.
start() {
    log=$1
    shift
    ( cd "$folder" && exec setsid "$MAKE" --no-print-directory SETTLE_SO="$library" CC="$CC" "$@" \
        >"$log" 2>&1 ) &
    started=$!
    at_exit "kill -s KILL -- -$started 2>/dev/null || :"
}

# The processes to kill of the build $make, in the manner number $1.
victims() {
    case $1 in
    0) echo "$make" ;;
    1) session "$make" | awk -v make="$make" '$2 == make { print $1 }' ;;
    2) session "$make" | awk -v make="$make" '$1 != make && $2 != make { print $1 }' ;;
    3) echo "-$make" ;;
    esac
}

# Kills as $1 says, some time after the build $make began; fails where there was nothing to kill.
kill_some() {
    between 5 350
    nap "$random"
    for _ in 1 2 3 4 5; do
        kill -s 0 "$make" 2>/dev/null || return 1
        # shellcheck disable=SC2046 # numbers
        set -- "$1" $(victims "$1")
        if test $# -gt 1; then
            manner=$1 killed=no
            shift
            # one by one: of several, kill fails where only one is gone by now
            for victim; do
                ! kill -s KILL -- "$victim" 2>/dev/null || killed=yes
            done
            test $killed = no || return 0
            set -- "$manner"
        fi
        nap 3
    done
    return 1
}

# Waits until nothing of the session $1 is left, half a minute at most.
wait_for_session() {
    for _ in $(seq 600); do
        test -n "$(session "$1")" || return 0
        nap 50
    done
    give_up "processes of the killed build are still there: $(session "$1")"
}

# The make beside the others has come to its end, and nobody has touched its targets.
check_beside() {
    besides=$((besides + 1)) bad=''
    wait "$beside" || bad="it failed: $(tail -n 3 "$work/beside.log")"
    for file in 1 2 3 4 5 6; do
        cat "$folder/in/beside$file" "$folder/in/beside$file" |
            cmp -s - "$folder/out/beside$file" || bad="$bad out/beside$file is wrong"
    done
    ! grep -h 'settle: .*beside' "$work/build.log" "$work/notes/recovery" "$work/notes/log" ||
        bad="$bad another make spoke of its targets"
    test -z "$bad" || {
        say "the make beside was disturbed: $bad"
        disturbed=$((disturbed + 1))
    }
    test ! -e "$folder/.settle" || {
        say "all builds are finished, and there is still .settle"
        disturbed=$((disturbed + 1))
    }
}

# Round number $round: a build, a kill, the next make.
one_round() {
    version=$((round % versions)) real=yes
    test $version != 0 || rm -rf "$folder"
    need_reference $version $divisor
    nap 20  # the sources that now change must be newer than what was made of the old ones
    sh "$tests/generate.sh" "$folder" $version $divisor
    rm -f "$folder"/out/beside*
    if test $((round / 4 % 4)) = $((round % 4)); then
        real=shared
        start "$work/beside.log" -j2 beside
        beside=$started
    fi
    PAUSE_MS=12 start "$work/build.log" -j4 all
    make=$started hit=yes
    kill_some $((round % 4)) || hit=no
    wait "$make" 2>/dev/null || :
    test $protected = yes || wait_for_session "$make"
    sh "$tests/check.sh" "$folder" "$reference" "$work/notes" $real >"$work/result" \
        2>"$work/messages" || give_up "the check failed: $(cat "$work/messages")"
    if test $hit = yes; then
        cat "$work/result" >>"$work/results"
    elif test -s "$work/notes/differ"; then
        give_up "nothing was killed, and there is $(head -n 1 "$work/messages")"
    fi
    test $real = yes || check_beside
    ! test -s "$work/notes/differ" || rm -rf "$folder"  # each violation counts once
    if test "$POWERCUT_VERBOSE" = 1 || test $protected = yes; then
        sed "s/^/kill $mode, round $round: /" "$work/messages" >&2
    fi
}

round=0 rounds_done=0 besides=0 disturbed=0
: >"$work/results"
while test "$rounds_done" -lt "$kills"; do
    test $round -lt $((kills * 4 + 20)) || give_up "the builds end before they can be killed"
    one_round
    # what at_exit remembers of processes that are gone must not hit others later
    at_exit_commands="rm -rf '$work'"
    round=$((round + 1))
    rounds_done=$(wc -l <"$work/results")
    test "$POWERCUT_FIRST" = 0 || ! awk '$3 { exit 1 }' "$work/results" || continue
    test "$POWERCUT_FIRST" = 0 || break
done

sums=$(awk '
    {
        looked += $1; broken += $2; violations += $3; removed += $4; needless += $5; differ += $6
        if ($4 > most)
            most = $4
    }
    END { print NR, looked, broken + 0, violations + 0, removed + 0, most + 0, needless + 0,
        differ + 0 }' "$work/results")
echo "kill $mode $sums $besides $disturbed"
# shellcheck disable=SC2086 # eight numbers
set -- $sums
test $disturbed = 0 && is_as_promised "$4" "$8" "$6"
