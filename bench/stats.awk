# stats.awk - from lines "LABEL<tab>VALUE" to one row of statistics for each label
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Variables: contest, title, x, unit: what goes into the row as it is; subject: the label that the ratios
# are of; aims: "LABEL<=NUMBER;..." for the ratio of subject to LABEL.
# A row, tab-separated: contest, case, x, who, n, median, min, first quartile, third quartile, max, unit,
# subject, median of subject / median, aim (or "-").

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
    # kept in order as they come
    for (i = ++n[$1]; i > 1 && value[$1, i - 1] > $2 + 0; i--)
        value[$1, i] = value[$1, i - 1]
    value[$1, i] = $2 + 0
}

# The value below which the part SHARE of WHO's values lies, between two of them by proportion.
function quantile(who, share,    place, below) {
    place = 1 + (n[who] - 1) * share
    below = int(place)
    if (below == n[who])
        return value[who, below]
    return value[who, below] + (place - below) * (value[who, below + 1] - value[who, below])
}

END {
    for (i = 1; i <= labels; i++) {
        who = label[i]
        median = quantile(who, 0.5)
        ratio = subject in n && median > 0 ? sprintf("%.4g", quantile(subject, 0.5) / median) : "-"
        print contest, title, x, who, n[who], number(median), number(value[who, 1]),
            number(quantile(who, 0.25)), number(quantile(who, 0.75)), number(value[who, n[who]]),
            unit, subject, ratio, (who in aim ? aim[who] : "-")
    }
}

# In full: "%.6g" would round instruction counts.
function number(what) {
    return sprintf(unit == "s" ? "%.6f" : "%.0f", what)
}
