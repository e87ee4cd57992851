#!/bin/sh
# Lets libFuzzer look for inputs that break a target, FUZZ_S seconds or FUZZ_RUNS inputs, from what is kept in
# tests/fuzz/corpus and what earlier runs found (FUZZ_DIR/corpus). An input that breaks it is put into FUZZ_DIR/broken.
# What it tries depends on the seed and on addresses: with these always the same, one seed tries the same inputs again,
# however fast the machine is. $1: the program.
set -u
: "${FUZZ_S:?}" "${FUZZ_RUNS:?}" "${FUZZ_SEED:?}" "${FUZZ_DIR:?}"
name=$(basename "$1")
mkdir -p "$FUZZ_DIR/corpus/$name" "$FUZZ_DIR/broken"
log=$FUZZ_DIR/$name.log
still=
setarch -R true 2> /dev/null && still='setarch -R'
# a loop without end is a fault too; inputs longer than 8 kB find nothing that shorter ones do not
$still "$1" -seed="$FUZZ_SEED" -runs="$FUZZ_RUNS" -max_total_time="$FUZZ_S" -reload=0 -timeout=10 -rss_limit_mb=2048 \
    -max_len=8192 -print_final_stats=1 -close_fd_mask=1 -artifact_prefix="$FUZZ_DIR/broken/$name-" \
    "$FUZZ_DIR/corpus/$name" "tests/fuzz/corpus/$name" > "$log" 2>&1
status=$?
tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
if [ $status -eq 0 ]; then
    echo "ok 1 - $name: ${tried:-0} inputs tried, none breaks it"
else
    echo "not ok 1 - $name"
    grep -E 'ERROR|SUMMARY|runtime error|Assertion|^    #[0-9]+ .* in [a-z_]+ [^ ]*/(base|features|detectors|archive|alerts|monitor|tests)/|Test unit written' "$log" |
        sed 's/^/# /' | head -n 25
fi
echo 1..1
