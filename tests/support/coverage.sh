#!/bin/sh
# gcovr's text on standard input: the lines of each folder run through, and what runs least.
awk '
    /^(base|features|detectors|archive|alerts|monitor)\// && NF >= 4 {
        folder = $1; sub(/\/[^\/]*$/, "", folder)
        lines[folder] += $2; run[folder] += $3
        if ($3 < $2) least[++n] = sprintf("%4d of %4d lines not run: %s", $2 - $3, $2, $1)
    }
    /^(lines|branches):/ { summary = summary "\n" $0 }
    END {
        for (f in lines) printf "%-24s %5.1f %% of %5d lines\n", f, 100 * run[f] / lines[f], lines[f] | "sort"
        close("sort")
        print "least:"
        for (i = 1; i <= n; i++) print least[i] | "sort -rn | head -n 10"
        close("sort -rn | head -n 10")
        print substr(summary, 2)
    }'
