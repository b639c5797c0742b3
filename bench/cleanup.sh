#!/bin/sh
# cleanup.sh - undoes what a benchmark did, however it ended
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: cleanup.sh WORK <PIPE    waits until nobody holds the other end of PIPE: then run.sh and all that
#                                 it started are gone, be it by kill -9.  Undoes what is noted, mounted
#                                 or attached in the folder WORK, and removes it.

work=${1:?usage: cleanup.sh WORK}
trap '' HUP INT TERM PIPE
cat >/dev/null

cd / || exit 1
status=0
# lines "FILE VALUE"
while read -r file value; do
    echo "$value" >"$file" || status=1
done <"$work/kernel-settings"

for dir in "$work"/fs-*; do
    tries=0
    while mountpoint -q "$dir" && ! umount "$dir"; do
        tries=$((tries + 1))
        test $tries -lt 20 || { status=1 && break; }
        sleep 0.5
    done
done

# A device that was never mounted; one that was is detached by umount.
for image in "$work"/*.img; do
    test ! -e "$image" || losetup -n -O NAME -j "$image" | while read -r device; do
        losetup -d "$device"
    done
done

# Folders of ours elsewhere.
while read -r dir; do
    rm -rf "$dir" || status=1
done <"$work/folders"

rm -rf --one-file-system "$work" || status=1
test $status = 0 || echo "bench: could not undo all that was done: see $work" >&2
exit $status
