# stats.awk - from lines "LABEL<tab>VALUE" to one row of statistics for each label
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Variables: contest, title, x, unit: what goes into the row as it is; subject: the label that the ratios
# are of; aims: "LABEL<=NUMBER;..." for the ratio of subject to LABEL.
# A row, tab-separated: contest, case, x, who, n, median, min, first quartile, third quartile, max, unit,
# subject, ratio, aim (or "-").  The ratio is the median of the rounds' own ratios, of subject to the other, which have
# run side by side: a machine that grows slower in the course of the rounds, or faster, changes both.

BEGIN {
    FS = OFS = "\t"
    count = split(aims, part, ";")
    for (i = 1; i <= count; i++) {
        at = index(part[i], "<=")
        aim[substr(part[i], 1, at - 1)] = substr(part[i], at + 2)
    }
}

{
    if (!($1 in n))
        label[++labels] = $1
    in_round[$1, ++n[$1]] = $2 + 0
    sort_in($1, n[$1], $2 + 0)
}

# Adds ONE to WHO's values, which are in order and now COUNT.
function sort_in(who, count, one,    i) {
    for (i = count; i > 1 && value[who, i - 1] > one; i--)
        value[who, i] = value[who, i - 1]
    value[who, i] = one
}

# The value below which the part SHARE of WHO's values lies, between two of them by proportion.
function quantile(who, share,    place, below) {
    place = 1 + (n[who] - 1) * share
    below = int(place)
    if (below == n[who])
        return value[who, below]
    return value[who, below] + (place - below) * (value[who, below + 1] - value[who, below])
}

# The median of the ratios of subject to WHO, of the rounds that both were in, or "-".
function ratio_to(who,    round, pairs) {
    for (round = 1; round <= n[subject] && round <= n[who]; round++)
        if (in_round[who, round] > 0)
            sort_in("ratio to " who, ++pairs, in_round[subject, round] / in_round[who, round])
    if (!pairs)
        return "-"
    n["ratio to " who] = pairs
    return sprintf("%.4g", quantile("ratio to " who, 0.5))
}

END {
    for (i = 1; i <= labels; i++) {
        who = label[i]
        print contest, title, x, who, n[who], number(quantile(who, 0.5)), number(value[who, 1]),
            number(quantile(who, 0.25)), number(quantile(who, 0.75)), number(value[who, n[who]]),
            unit, subject, subject in n ? ratio_to(who) : "-", (who in aim ? aim[who] : "-")
    }
}

# In full: "%.6g" would round instruction counts.
function number(what) {
    return sprintf(unit == "s" ? "%.6f" : "%.0f", what)
}
