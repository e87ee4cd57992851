#!/bin/sh
# What a tick says depends on readings and model alone, not on when psmon was started. Two replays that begin at
# different times agree in every minute they share, to the last bit; so do a resident monitor that is killed and
# stopped three times and a replay of the same hours. With references of 14 days (windows of a day) and of 31
# (windows of three days too).
. "$(dirname "$0")/../support/e2e.sh"
SUPPLIES=33
FROM=2026-01-01T00:00:00Z
FAULTS=20
same="score chance mode reason reconstruction jsd"

# agree COLUMNS A B: two CSV files of scores have the same minutes and say the same in these columns
agree() {
    python3 - "$@" <<'X'
import csv, sys
columns = sys.argv[1].split()
a, b = ({(r["time"], r["supply"]): r for r in csv.DictReader(open(f))} for f in sys.argv[2:])
odd = [(k, c) for k in sorted(a.keys() & b.keys()) for c in columns if a[k][c] != b[k][c]]
print("%d and %d supply-minutes, %d values differ" % (len(a), len(b), len(odd)))
for k, c in odd[:10]:
    print(*k, c, a[k][c], "and", b[k][c])
assert a and a.keys() == b.keys() and not odd
X
}
# findings_to RUN FILE: those of the last day
findings_to() {
    q findings --run "$1" --from 2026-02-06T00:00:00Z --format csv > "$2"
    [ "$(wc -l < "$2")" -gt 1 ]
}
# renewed_to RUN FILE: where supplies stand after work, and there are some
renewed_to() {
    q renewed --run "$1" --format csv > "$2"
    grep -q 'swap: another unit' "$2"
}
# scores_to RUN FILE FROM TO
scores_to() { q scores --run "$1" --from "$3" --to "$4" --format csv > "$2"; }
replay() { "$PSMON" replay -c "$config" --run "$1" --from "$2" --to "$3" > "$work/last" 2>&1; }

# ring START SPEED
ring() {
    archiver=127.0.0.1:$(free_port)
    config=$work/psmon.yaml
    rm -f "$config"
    begin "simulate$2" "$PSMON" simulate --serve "$archiver" --supplies $SUPPLIES --days 60 --healthy-days 31 \
        --from $FROM --start "$1" --seed 11 --speed "$2" --faults-per-week $FAULTS --fault-size medium --contexts swap,calibration \
        --config-out "$config" --state-dir "$work/state"
    await 20 test -s "$config" && await 20 curl -fs "http://$archiver/retrieval/bpl/getVersion" || return 1
    # where it stands after this is still being learned when the monitors below are stopped
    echo S01:Q2,2026-02-05T14:00:00Z,2026-02-05T14:30:00Z,inspected >> "$work/maintenance.csv"
}

ring 2026-02-08T00:00:00Z 1
ok $? "the simulated ring answers"
for days in 14 31; do
    learn=$(date -u -d "2026-02-01 - $days days" +%Y-%m-%dT00:00:00Z)
    try "a model is trained on $days days" \
        "$PSMON" train -c "$config" --from "$learn" --to 2026-02-01T00:00:00Z --name "days$days"
    replay "early$days" 2026-02-01T00:00:00Z 2026-02-07T00:00:00Z
    ok $? "six days are replayed"
    replay "late$days" 2026-02-06T00:00:00Z 2026-02-07T00:00:00Z
    ok $? "and the last of them alone"
    for run in early late; do
        scores_to $run$days "$work/$run.csv" 2026-02-06T00:00:00Z 2026-02-07T00:00:00Z
    done
    try "both say the same of the shared minutes" agree "$same" "$work/early.csv" "$work/late.csv"
    sed 's/^/# /' "$work/last"
    findings_to early$days "$work/early.csv" && findings_to late$days "$work/late.csv"
    ok $? "there are findings"
    try "the same, with their ids, onsets and chances" diff "$work/early.csv" "$work/late.csv"
    renewed_to early$days "$work/early.csv" && renewed_to late$days "$work/late.csv"
    ok $? "the unit that was swapped is counted from where it stands"
    try "and stands there in both" diff "$work/early.csv" "$work/late.csv"
done

# ---- a resident monitor, four lives of some 25 minutes, at 300 times real time ----
live() { curl -s "http://$page/api/ring" | grep -q '"phase": *"live"'; }
# passed TIME: the last live tick is that late
passed() {
    curl -s "http://$page/metrics" | awk -v t="$(date -u -d "$1" +%s)" \
        '/^psmon_last_cycle_timestamp_seconds/ {if ($2 >= t) found = 1} END {exit !found}'
}
# the ring's time in 25 minutes, by the clock of its configuration
in_a_while() {
    python3 - "$config" <<'X'
import datetime, re, sys, time
def of(key):
    text = re.search(key + r': "([^"]*)"', open(sys.argv[1]).read())[1]
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
now = of("start") + 300 * (time.time() - of("wall"))
print(datetime.datetime.fromtimestamp(now + 1500, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:00Z"))
X
}
ring 2026-02-06T00:00:00Z 300
ok $? "the ring lives faster"
listen_on
for life in KILL TERM KILL TERM; do
    begin "run$life" "$PSMON" run -c "$config" --since 2026-02-06T00:00:00Z
    until=$(in_a_while)
    await 60 live && await 60 passed "$until"
    ok $? "it follows until $until"
    kill -$life "$pid"
    wait "$pid"
done
replay undisturbed 2026-02-06T00:00:00Z "$until"
ok $? "the same hours are replayed"
scores_to live "$work/live.csv" 2026-02-06T00:00:00Z "$until"
scores_to undisturbed "$work/undisturbed.csv" 2026-02-06T00:00:00Z "$until"
try "live said the same, restarts or not" agree "$same" "$work/live.csv" "$work/undisturbed.csv"
sed 's/^/# /' "$work/last"
q ledger --run live --format csv > "$work/ledger.csv"
try "a supply was waited for after work" grep -q ',after work,' "$work/ledger.csv"
renewed_to live "$work/live.csv" && renewed_to undisturbed "$work/undisturbed.csv"
ok $? "live counts the unit that was swapped from where it stands"
try "and from the same, restarts or not" diff "$work/live.csv" "$work/undisturbed.csv"
plan
