#!/bin/sh
# Fails when a file includes what tests/lint/layers.txt does not allow it.
set -eu
cd "$(dirname "$0")/../.."
bad=0
complain() {
    echo "$1: $2"
    bad=1
}
list=tests/lint/layers.txt
for file in $(find base features detectors archive alerts monitor -name '*.[ch]' | sort); do
    layer=${file%%/*}
    allowed=$(sed -n "s/^layer $layer: *//p" $list)
    headers=$(sed -n 's/^ *# *include *"\([^" ]*\)".*/\1/p' "$file")
    for header in $headers; do
        of=${header%%/*}
        case " $allowed " in
        *" $of "*) ;;
        *) complain "$file" "includes $header, but $layer may use only: $allowed" ;;
        esac
    done
done
# third-party headers: every includer must match a pattern of the header's line
sed -n 's/^header //p' $list > "${TMPDIR:-/tmp}/psmon-headers.$$"
while IFS= read -r line; do
    names=${line%%: *}
    patterns=${line#*: }
    for name in $names; do
        for file in $(grep -rlE "^ *# *include *[<\"]$name" --include='*.[ch]' base features detectors archive alerts monitor tests || true); do
            ok=
            set -f
            for pattern in $patterns tests/unit/* tests/bench/* tests/fuzz/* tests/virtual/*; do
                # shellcheck disable=SC2254
                case $file in $pattern) ok=1 ;; esac
            done
            set +f
            [ -n "$ok" ] || complain "$file" "includes $name, which only these may: $patterns"
        done
    done
done < "${TMPDIR:-/tmp}/psmon-headers.$$"
rm -f "${TMPDIR:-/tmp}/psmon-headers.$$"
[ $bad -eq 0 ] && echo "includes: every layer keeps to its list"
exit $bad
