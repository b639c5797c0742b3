# check.sh - what the next make takes for up to date must be what a clean build gives
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: sh check.sh FOLDER REFERENCE WORK REAL
#
# FOLDER: the project as the crash left it; REFERENCE: the clean build's checksums, beside its tool "fill";
# WORK: a folder for notes; REAL: yes to run the next make to its end as well, shared for the same while another make is at
# work there, which may have marks.  SETTLE_MODE and SETTLE_DIR are those of the build.
#
# Prints a line of numbers:
#   looked at    targets that would look up to date if there were no marks
#   broken       those of them whose content is not the clean build's
#   violations   targets that are still up to date once the plugin has been loaded, with wrong content
#   removed      outputs that the plugin said it removed
#   needless     those of them that were whole (and would not be built again without marks)
#   differ       files that differ from the clean build's after the next make, where it was run; a make
#                that fails, or leaves a folder of marks, counts as one
# and the names of violations and files that differ to stderr.

set -eu
# shellcheck source=tests/powercut/lib.sh
. "$(dirname "$0")/lib.sh"
folder=$1 clean=$2 work=$3 real=$4
cd "$folder"

# The targets that make would remake.  "Must remake" is what --debug=b says for each (remake.c).
would_remake() {
    project -n --debug=b all 2>"$work/errors" >"$work/out" || {
        cat "$work/errors" >&2
        say "make -n fails"
    }
    sed -n "s/^ *Must remake target '\(.*\)'\.\$/\1/p" "$work/out"
}

# The targets of file $1 that are not in the list $2 and not as in the reference, with the checksums of
# file $3; the first line is the number of those not in the list.
wrong() {
    awk 'FILENAME == ARGV[1] { want[$2] = $1; next }
        FILENAME == ARGV[2] { remade[$0]; next }
        { have[$2] = $1 }
        END {
            for (name in want)
                if (!(name in remade)) {
                    looked++
                    if (have[name] != want[name])
                        print name
                }
            print looked + 0 >"/dev/stderr"
        }' "$reference" "$1" "$2" 2>"$work/looked"
}

# Sets $reference to what is right for this image.  What is written over in place follows from the source as the cut has
# left it; or from its last edit, where that is lost and what was made of it is not: on btrfs nothing orders the one
# before the other.
refer_to_image() {
    rm -rf "$work/expected"
    mkdir -p "$work/expected/out"
    for source in in/overwritten*; do
        test -e "$source" || continue  # so new that it is gone
        target=out/${source#in/}
        for version in "edit/${source#in/}" "$source"; do
            PAUSE_MS=0 "${clean%/*}/fill" "$version" over "$work/expected/$target"
            ! cmp -s "$target" "$work/expected/$target" || break
        done
    done
    reference=$work/reference
    grep -v ' out/overwritten' "$clean" >"$reference"
    ( cd "$work/expected" && find out -type f -exec sha256sum {} + ) >>"$reference"
}

refer_to_image
sed 's/^[^ ]* *//' "$reference" >"$work/targets"
checksums "$work/targets" >"$work/before"
SETTLE_MODE=off SETTLE_DIR='' would_remake >"$work/remade"
wrong "$work/remade" "$work/before" >"$work/broken"
looked=$(cat "$work/looked")

# Loading the plugin is what recovers; then make is asked again.
project nothing >"$work/recovery" 2>&1 || say "make fails: $(cat "$work/recovery")"
sed -n 's/^settle: \(.*\): its recipe was cut short; removed.*/\1/p' "$work/recovery" |
    sort >"$work/removed"
checksums "$work/targets" >"$work/after"
would_remake >"$work/remade.now"
wrong "$work/remade.now" "$work/after" >"$work/violations"

# Removed, though make would have been right to leave it.
sort "$work/remade" "$work/broken" | comm -13 - "$work/removed" >"$work/needless"

differ=0
if test "$real" != no; then
    project -j2 all >"$work/log" 2>&1 || {
        differ=1
        tail -n 3 "$work/log" >&2
    }
    checksums "$work/targets" >"$work/end"
    refer_to_image
    : >"$work/none"
    wrong "$work/none" "$work/end" >"$work/differ"
    differ=$((differ + $(wc -l <"$work/differ")))
    if test "$real" = yes && test -e .settle; then
        say "after a finished build there is still .settle with $(find .settle -type l | wc -l) marks"
        differ=$((differ + 1))
    fi
    sed 's/^/differs after the next make: /' "$work/differ" >&2
fi
sed 's/^/violation: /' "$work/violations" >&2
count() {
    wc -l <"$work/$1"
}
echo "$looked $(count broken) $(count violations) $(count removed) $(count needless) $differ"
