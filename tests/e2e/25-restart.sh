#!/bin/sh
# What a tick says depends on readings and model alone, not on when psmon was started. Two replays that begin at
# different times agree in every minute they share, to the last bit; so do a resident monitor that is killed and
# stopped three times and a replay of the same hours. With references of 14 days (windows of a day) and of 31
# (windows of three days too).
. "$(dirname "$0")/../support/e2e.sh"
SUPPLIES=33
FROM=2026-01-01T00:00:00Z
FAULTS=20

# same COLUMNS A B: two CSV files of scores agree in these columns of all minutes that both have
same() {
    python3 - "$@" <<'X'
import csv, sys
columns = sys.argv[1].split()
a, b = ({(r["time"], r["supply"]): r for r in csv.DictReader(open(f))} for f in sys.argv[2:])
shared = sorted(a.keys() & b.keys())
odd = [(k, c) for k in shared for c in columns if a[k][c] != b[k][c]]
print("%d supply-minutes, %d of %d values differ" % (len(shared), len(odd), len(shared) * len(columns)))
for k, c in odd[:10]:
    print(*k, c, a[k][c], "and", b[k][c])
assert shared and len(shared) == min(len(a), len(b)) and not odd
X
}
# scores_to RUN FILE FROM TO
scores_to() { q scores --run "$1" --from "$3" --to "$4" --format csv > "$2"; }
replay() { "$PSMON" replay -c "$config" --run "$1" --from "$2" --to "$3" > "$work/last" 2>&1; }

ring() {
    archiver=127.0.0.1:$(free_port)
    config=$work/psmon.yaml
    begin simulate "$PSMON" simulate --serve "$archiver" --supplies $SUPPLIES --days 60 --healthy-days 31 \
        --from $FROM --start 2026-02-08T00:00:00Z --seed 11 --speed "$1" --faults-per-week $FAULTS \
        --fault-size medium --config-out "$config" --state-dir "$work/state"
    await 20 test -s "$config" && await 20 curl -fs "http://$archiver/retrieval/bpl/getVersion"
}

ring 1
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
    try "both say the same of the shared minutes" \
        same "mode reason reconstruction" "$work/early.csv" "$work/late.csv"
    sed 's/^/# /' "$work/last"
done
plan
