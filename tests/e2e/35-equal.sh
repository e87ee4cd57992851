#!/bin/sh
# What live says is what replay says: a monitor follows an archiver whose channels move while it is asked (every
# second, every 10 s and every minute with jitter, on change only; every sample arrives some time after it was taken),
# then the same hours are replayed.
. "$(dirname "$0")/../support/e2e.sh"

config=$work/psmon.yaml
live() { curl -s "http://$page/api/ring" | grep -q '"phase": *"live'; }
# ticks N: so many live ticks were made
ticks() { [ "$(curl -s "http://$page/metrics" | awk '/^psmon_live_ticks_total|^psmon_cycles_total/ {print int($2)}' | head -n 1)" -ge "$1" ]; }
# readings RUN: every reading of a run, sorted
readings() {
    q readings --run "$1" --format csv > "$work/$1.csv"
}
cat > "$work/compare.py" <<'X'
import csv, sys
live, replay = ({(r["time"], r["supply"], r["signal"]): r["value"] for r in csv.DictReader(open(f))} for f in sys.argv[1:3])
skip = int(sys.argv[3])
times = sorted({k[0] for k in live})[skip:]
both = [k for k in live if k[0] >= times[0] and k in replay]
other = [k for k in both if live[k] != replay[k]]
print("%d readings of %d minutes from %s, %d differ" % (len(both), len(times), times[0], len(other)))
for s in sorted({k[2] for k in other}):
    print("  %s: %d of %d" % (s, sum(k[2] == s for k in other), sum(k[2] == s for k in both)))
for k in other[:8]:
    print("  %s %s %s: live %s, replay %s" % (*k, live[k], replay[k]))
sys.exit(len(both) < 1000 or len(other) > 0)
X

begin moving python3 tests/support/moving.py --dir "$work" --speed 120
await 10 grep -q port "$work/moving.log"
ok $? "the archiver lives"
listen_on
begin run "$PSMON" run -c "$config"
monitor=$pid
await 120 live
ok $? "the monitor follows it"
await 120 ticks 60
ok $? "for an hour"
kill -TERM $monitor
wait $monitor
readings live
first=$(sed -n 2p "$work/live.csv" | cut -d, -f1)
last=$(tail -n 1 "$work/live.csv" | cut -d, -f1)
try "the same hour is replayed" "$PSMON" replay -c "$config" --from "$first" --to "$last" --run again
readings again
python3 "$work/compare.py" "$work/live.csv" "$work/again.csv" 0 > "$work/last" 2>&1
ok $? "every reading is the same"
sed 's/^/# /' "$work/last"
plan
