# table.awk - prints the rows of stats.awk that belong to one contest as a table
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Variables: contest: which; rounds: how many there should have been.

BEGIN {
    FS = "\t"
}

$1 == contest {
    if ($12 != subject) {
        subject = $12
        printf "    %-30s %2s %14s %14s .. %-14s %-8s %s\n", "", "n", "median", "min", "max",
            "ratio", "(" subject " / this one; aim)"
    }
    if ($2 != title) {
        title = $2
        print "  " title ($11 == "s" ? ", seconds" : ", " $11)
    }
    few = few || ($5 < rounds && $11 == "s")
    printf "    %-30s %2d %14s %14s .. %-14s %-8s %s\n", $4, $5, short($6), short($7), short($10),
        $13, $14 == "-" ? "" : "<= " $14
}

END {
    if (few)
        print "  (n below " rounds ": the slow ones sit out the later rounds)"
}

function short(number) {
    return number ~ /\./ ? sprintf("%.4f", number) : number
}
