# plot.gp - draws bench/results.tsv
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: gnuplot -e "data='results.tsv'; image='results.svg'" plot.gp    (or image='results.png')
# One panel for each series of cases that differ in one number (contests 1 and 2: medians, min to max,
# both axes logarithmic but for the dirty data), one for each other case (medians as bars).

if (!exists("data")) data = "results.tsv"
if (!exists("image")) image = "results.svg"

# The rows of a panel: those whose contest and case without its varying number are "TITLE".
# panel(WHAT) gives awk's program; "|" in a case stands for the number.
split_case = "function key() { k = $2; if ($1 == 1) sub(/beside [0-9]+/, \"beside |\", k); " \
    . "else if ($1 == 2 && k !~ /beside/) sub(/^[0-9]+/, \"|\", k); return $1 \": \" k \", \" $11 } "
rows(what) = "< awk -F '\\t' '" . split_case . "!/^#/ && key() == \"" . what . "\"' '" . data . "'"
who_rows(what, who) = "< awk -F '\\t' '" . split_case . "!/^#/ && key() == \"" . what \
    . "\" && $4 == \"" . who . "\"' '" . data . "'"

panels = system("awk -F '\\t' '" . split_case . "!/^#/ && !(key() in seen) { seen[key()]; gsub(/ /, \"~\", k); " \
    . "u = $11; gsub(/ /, \"~\", u); printf \"%s \", $1 \":~\" k \",~\" u }' '" . data . "'")
count = words(panels)
plain(text) = system("echo '" . text . "' | tr '~' ' '")
columns = count < 3 ? count : 3
lines = (count + 2) / 3

if (count == 0) {
    print "nothing was measured: no plot"
    exit
}
if (image[strlen(image) - 3:] eq ".png") {
    set terminal pngcairo size 560 * columns, 420 * lines font ",9"
} else {
    set terminal svg size 560 * columns, 420 * lines font "sans,10" background "white"
}
set output image
set datafile separator "\t"
set multiplot layout lines, columns
set grid y
set style fill solid 0.6
set boxwidth 0.6
set errorbars linecolor "black"

do for [i = 1:count] {
    what = plain(word(panels, i))
    series = strstrt(what, "|") > 0
    set title system("echo '" . what . "' | sed 's/| MiB/unrelated dirty data/; s/|/100.../; s/, s$//'") noenhanced
    unset logscale
    set xrange [*:*]
    set yrange [*:*]
    if (series) {
        names = system("awk -F '\\t' '" . split_case . "!/^#/ && key() == \"" . what \
            . "\" && !($4 in seen) { seen[$4]; gsub(/ /, \"~\", $4); printf \"%s \", $4 }' '" . data . "'")
        set logscale y
        set key top left noenhanced
        unset xtics
        if (what[1:1] eq "1") {
            set xlabel "MiB of unrelated dirty data"
            set xtics auto
            set xrange [-100:*]
        } else {
            set xlabel "files"
            set logscale x
            set xtics auto
        }
        set ylabel "seconds"
        plot for [j = 1:words(names)] who_rows(what, plain(word(names, j))) \
            using 3:6:7:10 with yerrorlines linewidth 1.5 pointtype j title plain(word(names, j))
    } else {
        unset key
        unset xlabel
        set ylabel (what[strlen(what) - 2:] eq ", s" ? "seconds" : "")
        set xtics rotate by -20 noenhanced
        set yrange [0:*]
        set xrange [-0.6:system("awk -F '\\t' '" . split_case . "key() == \"" . what \
            . "\" { n++ } END { print n - 0.4 }' '" . data . "'")]
        plot rows(what) using 0:6:7:10:(0.6):xticlabels(4) with boxerrorbars
    }
}
unset multiplot
