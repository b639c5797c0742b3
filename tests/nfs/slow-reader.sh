# slow-reader.sh - copies its input, as slowly as it takes the server to get the content of file $1
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A compressor or a line that is slower than the writeback, made independent of the machine's speed: it
# takes the beginning, waits until there is something in FILE (for a minute at most) and takes the rest.

dd bs=10240 count=1 2>/dev/null
tries=60
until test "$(head -c 1 "$1" | tr -d '\0' | wc -c)" = 1 || test $tries = 0; do
    sleep 1
    tries=$((tries - 1))
done
cat
