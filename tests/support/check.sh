#!/bin/sh
# The whole check: lint; unit tests plain, under ASAN and UBSAN, and those that meet threads under TSAN; end to
# end. The last lines sum up what ran. $1: make.
set -eu
make=${1:-make}
jobs=$(nproc 2>/dev/null || echo 2)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() {
    echo "== $*"
    "$@" 2>&1 | tee -a "$log"
}
# a pipe hides the exit status: prove's own result lines decide
set -o pipefail 2>/dev/null || true

run "$make" --no-print-directory -j"$jobs" all || exit 1
run "$make" --no-print-directory lint || exit 1
run "$make" --no-print-directory -j"$jobs" unit || exit 1
run "$make" --no-print-directory -j"$jobs" unit SAN=address,undefined || exit 1
run "$make" --no-print-directory e2e || exit 1

tests=$(sed -n 's/^Files=.*Tests=\([0-9]*\).*/\1/p' "$log" | awk '{n+=$1} END {print n+0}')
failed=$(grep -c '^Result: FAIL' "$log" || true)
skipped=$(grep -c 'skipped:' "$log" || true)
grep 'skipped:' "$log" || true
if [ -n "${CI:-}" ] && [ "$skipped" -gt 0 ]; then
    echo "tests were skipped, and CI expects none to be"
    failed=$((failed + 1))
fi
echo "$tests passed, $failed failed"
[ "$failed" -eq 0 ]
