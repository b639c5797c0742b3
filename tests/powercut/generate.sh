# generate.sh - the sources of the project that the power-cut rig builds, in any version
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: sh generate.sh FOLDER VERSION [DIVISOR]
#
# The sources follow from VERSION (0, 1, ...) alone.  From one version to the next every other source
# changes, and only those are written.  About 380 targets; DIVISOR makes them fewer.  All of it is on the disk then, but
# for the edit of in/overwritten*: that is a moment old, and a power cut may take it.

set -eu
folder=$1 version=$2 divisor=${3:-1}
tests=$(cd "$(dirname "$0")" && pwd)

# Sets changed to the version in which source number $1 has last changed.
last_change() {
    changed=$((version - (version + $1) % 2))
    test $changed -ge 0 || changed=0
}

# Source number $1 is file $2 with the lines $3..., unless it is that already: its first line has
# number and version.
source_file() {
    last_change "$1"
    first="/* $1 $changed */"
    file=$2
    if test -e "$file" && read -r line <"$file" && test "$line" = "$first"; then
        return 0
    fi
    shift 2
    printf '%s\n' "$first" "$@" >"$file"
}

# $1: kind, $2: how many; in the folder $3
inputs() {
    i=0
    while test $i -lt $(($2 / divisor)); do
        number=$((number + 1)) i=$((i + 1))
        last_change $number
        source_file $number "$3/$1$i" "$1 $i $changed" "deadbeef $((number * 7919 + changed))" \
            "a face $((changed * 104729 + i))" "cab $i" "bed $changed" "fade $number" "dad" "beef $i"
    done
}

# Numbers that look random, as $values.
some_values() {
    values='' seed=$1
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        seed=$(((seed * 1103515245 + 12345) % 2147483648))
        values="$values $seed,"
    done
}

# Program $1: its own file, and $2 objects of its library.
program() {
    calls='' declarations='' j=0
    while test $j -lt "$2"; do
        number=$((number + 1)) name=$1$j j=$((j + 1))
        last_change $number
        some_values $((number * 31 + changed))
        declarations="$declarations int f$name(int);" calls="$calls + f$name(n)"
        source_file $number "src/m$name.c" \
            "static const unsigned table[512] = {$values};" "char data${name}[6000] = \"$values\";" \
            "int f$name(int x)" "{" \
            "    for (int i = 0; i < 16; i++)" "        x = (int)((unsigned)x * 3 + table[i]);" \
            "    return x + data${name}[x & 4095];" "}"
    done
    source_file 0 "src/p$1.c" '#include <stdio.h>' '#include "version.h"' "$declarations" \
        'int main(int n, char *argv[])' '{' \
        "    printf(\"%s %d %d\\n\", argv[0], VERSION, 0$calls);" '    return 0;' '}'
}

mkdir -p "$folder" && cd "$folder" && mkdir -p in src out obj lib bin edit
for file in "$tests/project.mk" "$tests/fill.c" "$tests/../../examples/pipeline/postprocess.c"; do
    target=${file##*/}
    test "$target" != project.mk || target=Makefile
    test -e "$target" || cp "$file" "$target"
done
number=0
inputs direct 80 in
inputs lines 48 in
inputs renamed 48 in
inputs edited 40 in
for p in 1 2 3 4 5 6; do
    program $p $((10 / divisor))
done
define="#define VERSION $version"
read -r line 2>/dev/null <src/version.h && test "$line" = "$define" || echo "$define" >src/version.h
inputs overwritten 40 edit
for i in 1 2 3 4 5 6; do
    test -e in/beside$i || echo "beside $i" >in/beside$i
done
for file in edit/*; do
    cmp -s "$file" "in/${file#edit/}" || cp "$file" "in/.${file#edit/}"
done
# ext4's fdatasync would commit the journal for an inode that was read after the edit (ext4_iget)
ls -l out >/dev/null
sync -f .
for file in in/.overwritten*; do
    test ! -e "$file" || mv "$file" "in/${file#in/.}"
done
