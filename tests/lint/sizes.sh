#!/bin/sh
# Fails on functions of more than 80 lines or 11 parameters; tells how many take more than 7, which is more than a
# reader holds. Relies on the format (tests/lint/format.sh): a function's braces stand in the first column.
set -eu
cd "$(dirname "$0")/../.."
find base features detectors archive alerts monitor tests -name '*.c' | sort | xargs awk '
    FNR == 1 { head = ""; start = 0 }
    /^\{$/ { start = FNR; next }
    /^}$/ && start {
        n = FNR - start + 1
        name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
        list = head; sub(/^[^(]*\(/, "", list)
        p = parameters(list)
        functions++
        lines[n]++
        if (n > 80) { printf "%s:%d: %s: %d lines\n", FILENAME, start, name, n; bad = 1 }
        if (p > 11) { printf "%s:%d: %s: %d parameters\n", FILENAME, start, name, p; bad = 1 }
        if (p > 7) many++
        if (n > longest) longest = n
        if (p > most) { most = p; most_name = name }
        start = 0; head = ""
        next
    }
    /^[ \t]*$/ || /^#/ || /;$/ || /^}/ || /\*\/$/ { if (!start) head = ""; next }
    !start { head = head " " $0 }
    # commas that are not inside brackets, of the text behind the opening bracket
    function parameters(text,   depth, count, i, c) {
        if (text ~ /^ *(void)? *\)/) return 0
        depth = 1; count = 1
        for (i = 1; i <= length(text) && depth; i++) {
            c = substr(text, i, 1)
            depth += (c == "(") - (c == ")")
            count += c == "," && depth == 1
        }
        return count
    }
    END {
        for (k = 1; k <= longest && 2 * sum < functions; k++) sum += lines[k]
        printf "sizes: %d functions, median %d lines, longest %d; %d take more than 7 parameters, at most %d (%s)\n", \
            functions, k - 1, longest, many, most, most_name
        exit bad
    }'
