#!/bin/sh
# The whole check: lint; unit tests plain, under ASAN and UBSAN, and those that meet threads under TSAN; end to
# end, also under ASAN and UBSAN (the resident monitor meets them only there); what breaks readers of foreign bytes is
# looked for among the same inputs each time: `make fuzz` goes on from there. The last line sums up what ran. $1: make.
set -u
make=${1:-make}
jobs=$(nproc 2>/dev/null || echo 2)
log=$(mktemp)
status=$(mktemp)
trap 'rm -f "$log" "$status"' EXIT
broken=0
# a pipe hides the exit status: it goes through a file
run() {
    printf '\n== make %s\n' "$*"
    { "$make" --no-print-directory -j"$jobs" "$@" 2>&1; echo $? > "$status"; } | tee -a "$log"
    [ "$(cat "$status")" -eq 0 ] || broken=$((broken + 1))
}
run all
[ $broken -eq 0 ] || exit 1
run lint
run unit
run unit SAN=address,undefined
run unit-threads SAN=thread
run e2e virtual # beside one another
run e2e SAN=address,undefined
run fuzz FUZZ_S=20 FUZZ_RUNS=60000 FUZZ_SEED=1

tests=$(sed -n 's/^Files=.*Tests=\([0-9]*\).*/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
bad=$(grep -cE '^ *(not ok|Failed test|Parse errors)' "$log")
[ "$bad" -gt 0 ] || bad=$broken
skipped=$(grep -c 'skipped:' "$log")
grep 'skipped:' "$log"
if [ -n "${CI:-}" ] && [ "$skipped" -gt 0 ]; then
    echo "tests were skipped, and none is expected to be"
    bad=$((bad + 1))
fi
echo "$((tests - bad)) passed, $bad failed, $skipped skipped"
[ "$bad" -eq 0 ] && [ $broken -eq 0 ]
