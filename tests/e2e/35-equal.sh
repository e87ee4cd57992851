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
times = sorted({k[0] for k in live})[:int(sys.argv[3]) if len(sys.argv) > 3 else None]
both = [k for k in live if k[0] <= times[-1] and k in replay]
other = [k for k in both if live[k] != replay[k]]
print("%d readings of %d minutes from %s, %d differ" % (len(both), len(times), times[0], len(other)))
for s in sorted({k[2] for k in other}):
    print("  %s: %d of %d" % (s, sum(k[2] == s for k in other), sum(k[2] == s for k in both)))
for k in other[:8]:
    print("  %s %s %s: live %s, replay %s" % (*k, live[k], replay[k]))
sys.exit(len(both) < 1000 or len(other) > 0)
X

# follow N [TEXT]: a monitor makes N live ticks of what the archiver has from now on, then is stopped; the same minutes are
# replayed: $work/live.csv, $work/again.csv, and $corrected, the readings that the monitor found to have come late
follow() {
    listen_on
    begin run "$PSMON" run -c "$config"
    monitor=$pid
    await 120 live
    ok $? "the monitor follows it"
    await 180 ticks "$1"
    ok $? "for $1 minutes"
    # what is said after the minutes are over
    [ -z "${2:-}" ] || await 120 grep -q "$2" "$work/run.log"
    corrected=$(curl -s "http://$page/metrics" | awk '/^psmon_readings_corrected_total/ {print $2}')
    kill -TERM $monitor
    wait $monitor
    readings live
    first=$(sed -n 2p "$work/live.csv" | cut -d, -f1)
    last=$(tail -n 1 "$work/live.csv" | cut -d, -f1)
    try "the same minutes are replayed" "$PSMON" replay -c "$config" --from "$first" --to "$last" --run again
    readings again
}

begin moving python3 tests/support/moving.py --dir "$work" --speed 120
moving=$pid
await 10 grep -q port "$work/moving.log"
ok $? "the archiver lives"
follow 60
python3 "$work/compare.py" "$work/live.csv" "$work/again.csv" > "$work/last" 2>&1
ok $? "every reading is the same"
sed 's/^/# /' "$work/last"
[ "$corrected" = 0 ]
ok $? "and none was found to be late"
kill -KILL $moving

# ---- some samples reach the archive after their tick: nobody can have them in time, but they are counted ----
mkdir "$work/late"
chmod 777 "$work/late"
begin late python3 tests/support/moving.py --dir "$work/late" --speed 120 --late 0.2
await 10 grep -q port "$work/late.log"
ok $? "another archiver lives, with samples that come late"
config=$work/late/psmon.yaml
follow 80 module=audit
# an hour is looked at afterwards, ten minutes later at the soonest
differ() { python3 "$work/compare.py" "$work/live.csv" "$work/again.csv" "$1" | sed -n 's/.*, \([0-9]*\) differ/\1/p'; }
all=$(differ 1000) hour=$(differ 60)
python3 "$work/compare.py" "$work/live.csv" "$work/again.csv" > "$work/last"
echo "corrected $corrected, differ $all, in the first hour $hour" >> "$work/last"
! grep -E '(current|voltage|magnet_temperature):' "$work/last" && [ "$hour" -gt 0 ]
ok $? "only readings whose samples came late differ"
[ "$corrected" -ge "$hour" ] && [ "$corrected" -le "$all" ]
ok $? "and /metrics counts them"
sed 's/^/# /' "$work/last"
grep -q 'module=audit' "$work/run.log"
ok $? "as the log says"
plan
[ $failed -eq 0 ]
