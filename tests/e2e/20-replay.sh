#!/bin/sh
# Train on 14 healthy days of 264 supplies, replay nine days with planted faults, and look at everything that came
# of it: findings against labels, rankings, report, history.
. "$(dirname "$0")/../support/e2e.sh"

ring 2026-02-08T00:00:00Z 1
ok $? "the simulated ring answers"
model
ok $? "a model is trained over the archiver's API"
try "the model is listed" "$PSMON" model -c "$config" list
says "* good" "and in force"
try "nine days are replayed" "$PSMON" replay -c "$config" --from $LEARNED --to 2026-02-02T12:00:00Z --run nine
exits 2 "an existing run name is refused" "$PSMON" replay -c "$config" --from $LEARNED --to 2026-01-25T00:00:00Z --run nine
says "nine" "and named"

# breaks off PID: waits until the command holds the signal back, sends it; its exit status
watches() { grep -q '^SigBlk:.*[2367abef]$' "/proc/$1/status"; }
break_off() {
    await 60 watches "$1" || return 1
    kill -INT "$1"
    wait "$1"
}
begin train "$PSMON" train -c "$config" --from $FROM --to $LEARNED --name broken
break_off "$pid"
[ $? -eq 130 ]
ok $? "train is broken off by Ctrl-C"
try "and says what stays, in one line" grep -qx 'psmon: stopped: no model was made, and the one in force stays; .*' "$work/train.log"
try "no other word of it" sh -c '! grep -v "^psmon: stopped\|^reading the archive\|^[a-z ]*: " "$0"' "$work/train.log"
begin train "$PSMON" train -c "$config" --from $FROM --to $LEARNED --name broken
kept() { [ "$(tail -c 1584 "$work/state/training" | tr -d '\0' | wc -c)" -gt 100 ]; }
await 60 kept
kill -KILL "$pid"
! wait "$pid"
ok $? "train is killed when it has read some of a month"
begin train "$PSMON" train -c "$config" --from $FROM --to $LEARNED --name broken
await 30 grep -q '^goes on: [1-9][0-9]* of 1584 channels were read before' "$work/train.log"
ok $? "and goes on from there"
break_off "$pid"
begin replay "$PSMON" replay -c "$config" --from $LEARNED --to 2026-02-02T12:00:00Z --run broken
break_off "$pid"
[ $? -eq 130 ]
ok $? "replay is broken off by Ctrl-C"
try "and says what stays" grep -q "^psmon: stopped: run 'broken' keeps" "$work/replay.log"
exits 2 "a mistyped model" "$PSMON" model -c "$config" activate godo
says "there is no model 'godo' in $work/state/models (did you mean 'good'?)" "comes with the one that was meant"
exits 0 "a mistyped signal" q readings --signal igbt_temp --run nine
says "no channel of the fleet has signal 'igbt_temp' (did you mean 'igbt_temperature'?)" "too"
says "none" "and nothing found is told as none"
# seven days before the ring's clock (8 February), not before this machine's
exits 0 "relative times are those of the configured clock" q readings --supply S01:Q1 --signal current --run nine --from -7d --to now-165h --format csv
try "three hours of it" test "$(grep -c '^2026-02-01T' "$work/last")" -ge 170
exits 0 "a supply that there is not" q findings --supply 'Z9*' --run nine
says "no supply or sector of the fleet fits 'Z9*'" "is told"

# ---- one that is killed half way goes on, and says what it says in one piece ----
begin cut "$PSMON" replay -c "$config" --from $LEARNED --to 2026-01-27T00:00:00Z --run cut
cut=$pid
begun() { q scores --run cut --supply S01:Q1 --from 2026-01-25T00:00:00Z --format csv | sed -n 2p | grep -q .; }
await 60 begun
kill -KILL "$cut"
! wait "$cut"
ok $? "a replay is killed half way"
try "runs are listed" "$PSMON" runs -c "$config" list
says "stands at 2026-01-2" "with where it stands"
try "without --run" q supplies --format csv
says "this is replay 'nine'" "what was broken off is not the latest replay"
try "it goes on" "$PSMON" replay -c "$config" --run cut --resume
q scores --run cut --format csv > "$work/cut.csv"
q scores --run nine --to 2026-01-27T00:00:00Z --format csv > "$work/whole.csv"
[ "$(wc -l < "$work/cut.csv")" -gt 100000 ] && cmp "$work/cut.csv" "$work/whole.csv" > "$work/last" 2>&1
ok $? "every score is that of a replay in one piece"
even() { "$PSMON" audit -c "$config" --run "$1" --to 2026-01-26 --format json | python3 -c '
import json, sys
a = json.load(sys.stdin)
print(a["supply_days"], a["uniform"][-1])'; }
even cut > "$work/cut.txt" && even nine > "$work/whole.txt" && grep -q '^[1-9]' "$work/cut.txt" && cmp "$work/cut.txt" "$work/whole.txt"
ok $? "and every supply-day"
exits 2 "a second --resume has nothing to do" "$PSMON" replay -c "$config" --run cut --resume
try "it is removed" "$PSMON" runs -c "$config" remove cut
"$PSMON" runs -c "$config" list > "$work/last" 2>&1
! grep -q '^cut ' "$work/last" && grep -q '^nine .*complete' "$work/last"
ok $? "and the other stays"

try "findings can be asked for" q findings --run nine --format csv
cp "$work/last" "$work/findings.csv"
head -n 1 "$work/findings.csv" | grep -q '^supply,detector,class,signal,onset,first_seen,last_seen,chance,size,unit,direction'
ok $? "with the promised columns"
python3 - "$work/findings.csv" > "$work/last" <<'X'
import csv, sys
said = [float(f["chance"]) for f in csv.DictReader(open(sys.argv[1])) if f["chance"]]
print(sorted(said)[:5])
# of 14 days of 264 supplies; a floor of base/text/words.h
assert len(said) > 10 and any(abs(min(said) * n - 1) < 1e-6 for n in (10, 30, 100, 300)), said
X
ok $? "no chance is said below what the calibration can state"
sed 's/^/# /' "$work/last"
try "findings against labels" "$PSMON" evaluate -c "$config" --labels "$work/labels.csv" --run nine --tables-out "$work/judged.csv"
grep -q '^false findings,none of these,budget 1,' "$work/judged.csv" && grep -q '^delay and lead,3,found,' "$work/judged.csv"
ok $? "by what went on, delay and lead"
sed 's/^/# /' "$work/last"
# a fault whose onset lies in the last two days may not be found yet: it is not counted
python3 - "$work/labels.csv" "$work/findings.csv" > "$work/last" <<'X'
import csv, sys
labels = list(csv.DictReader(open(sys.argv[1])))
findings = list(csv.DictReader(open(sys.argv[2])))
modes = ("3", "7", "10", "12", "16")
due = [l for l in labels if l["mode"] in modes and "2026-01-24" <= l["onset"] < "2026-01-31T12"]
found = [l for l in due if any(f["supply"] == l["supply"] and f["class"] != "data" and
                               f["first_seen"] >= l["onset"] for f in findings)]
false = [f for f in findings if f["class"] != "data" and not any(
    f["supply"] in (l["supply"], l["supply"].split(":")[0]) for l in labels)]
print("due %d, found %d, findings %d, on supplies without a fault %d" % (len(due), len(found), len(findings), len(false)))
for l in due:
    if l not in found:
        print("missed:", l)
for f in false:
    print("false:", dict(f))
assert len(due) >= 10
assert len(found) >= 0.7 * len(due)
assert len(false) <= 4
X
ok $? "at least 70 % of the medium faults are found, with few false ones"
sed 's/^/# /' "$work/last" | head -n 3

try "the weekly lists can be asked for" q rankings --run nine --format csv
[ "$(cut -d, -f1 "$work/last" | tail -n +2 | sort -u | wc -l)" -ge 1 ]
ok $? "and one was issued on the way"
for format in text html csv json; do
    try "the report as $format" "$PSMON" report -c "$config" --run nine --week 2026-01-26 --format $format -o "$work/report.$format"
    [ -s "$work/report.$format" ]
    ok $? "is written"
done
grep -q '<svg' "$work/report.html" && ! grep -qE '(src|href)="https?://' "$work/report.html"
ok $? "the HTML report is self-contained, with charts"
try "query models" q models --format csv
says "good,true" "shows the one in force"
try "readings of a signal" q readings --run nine --supply 'S01:Q1' --signal voltage --from 2026-01-30T00:00:00Z \
    --to 2026-01-30T02:00:00Z --format csv
awk -F, 'NR == 1 {exit $8 != "reconstruction"}' "$work/last" && awk -F, 'NR > 1 && $8 != "" && $6 != "" {n++} END {exit n < 60}' "$work/last"
ok $? "have divergence and reconstruction error, minute by minute"
q findings --run nine --format csv > "$work/said"
try "findings of a larger budget" q findings --run nine --chance 10 --format csv
awk -F, 'FNR == 1 && $NF != "said" {bad = 1} END {exit bad}' "$work/said" && ! grep -q 'false$' "$work/said"
ok $? "stand apart from those that were said"
try "what was stated is audited" "$PSMON" audit -c "$config" --run nine
says "the stated chance does not hold" "as long as nobody says that faults were found"
try "as JSON" "$PSMON" audit -c "$config" --run nine --weeks 1 --format json
python3 - "$work/last" << 'X'
import json, sys
a = json.load(open(sys.argv[1]))
all = [r for r in a["rows"] if r["context"] == "all" and r["kind"] == "supply-days"]
print([(r["chance"], r["seen"], r["stated"]) for r in all])
assert [r["chance"] for r in all] == [1, 3, 10, 100]
assert 1000 < a["supply_days"] <= 7 * 264 and a["models"][0]["model"] == "good"
assert abs(all[3]["stated"] - 100 * a["supply_days"] / (7 * 264)) < 1
assert all[0]["seen"] >= 3 # the faults that were planted, nobody having said that they are true
X
ok $? "has the numbers"
try "a list that is made now" "$PSMON" report -c "$config" --run nine --week 2026-02-02T08:00:00Z
says "The stated chance " "says it too"
exits 2 "of no weeks" "$PSMON" audit -c "$config" --weeks 0
exits 2 "of a run that there is not" "$PSMON" audit -c "$config" --run none
says "there is no run 'none'" "is told"
python3 - "$work/labels.csv" > "$work/inspected.csv" << 'X'
import csv, sys
print("week,supply,outcome,note")
for supply in sorted({l["supply"] for l in csv.DictReader(open(sys.argv[1])) if ":" in l["supply"]}):
    for week in ("2026-01-19", "2026-01-26"):
        print("%s,%s,fault_found,planted" % (week, supply))
X
try "inspections that found them" "$PSMON" import -c "$config" --outcomes "$work/inspected.csv"
try "are known to the next" "$PSMON" audit -c "$config" --run nine
sed 's/^/# /' "$work/last"
! grep -q 'does not hold' "$work/last" && grep -q '^Left out: [1-9]' "$work/last"
ok $? "which leaves these days out, and is not contradicted by the others"
for what in supplies scores readings alarms ledger; do
    try "query $what" q $what --run nine --from 2026-01-30T00:00:00Z --to 2026-01-30T02:00:00Z --format csv
    [ "$(wc -l < "$work/last")" -ge 2 ]
    ok $? "query $what has rows"
done
q alarms --run nine --format csv > "$work/alarms.csv"
try "the alarms are listed with their findings" "$PSMON" alarm -c "$config" list --children --run nine
python3 - "$work/alarms.csv" "$work/said" "$work/last" > "$work/judged" 2>&1 <<'X'
import csv, datetime, sys
alarms, findings = (list(csv.DictReader(open(p))) for p in sys.argv[1:3])
listed = open(sys.argv[3]).read()
by_itself = sorted(datetime.datetime.fromisoformat(a["raised_at"][:19]) for a in alarms if not a["flood"] and not a["folded_into"])
worst = max(sum(0 <= (u - t).total_seconds() < 600 for u in by_itself) for t in by_itself)
print("worst ten minutes: %d alarms; %d alarms of %d findings" % (worst, len(alarms), sum(int(a["findings"]) for a in alarms)))
assert worst <= 10
rows = sum(line.startswith("    ") for line in listed.splitlines())
open_events = [a for a in alarms if a["state"] != "NORMAL" and int(a["findings"]) > 1]
assert rows == sum(int(a["findings"]) for a in open_events)
assert all(a["finding"] in {f["id"] for f in findings} for a in alarms if a["class"] != "monitor")
X
ok $? "an event is listed once, and no ten minutes have more than ten alarms"
sed 's/^/# /' "$work/judged" | head -n 5
most=$(python3 -c 'import csv, sys; print(max(csv.DictReader(open(sys.argv[1])), key=lambda a: int(a["findings"]))["occurrence"])' "$work/alarms.csv")
try "what became of an alarm" "$PSMON" alarm -c "$config" show "$most" --run nine
says "raised" "is told"
try "the ledger as JSON" q ledger --run nine --from 2026-01-30T00:00:00Z --to 2026-01-30T00:10:00Z --format json
python3 -c 'import json, sys; rows = json.load(open(sys.argv[1])); assert rows' "$work/last"
ok $? "is JSON"
samples=$(dirname "$0")/../../monitor/samples
try "the samples of trips and outcomes are taken" "$PSMON" import -c "$config" "$samples/trips.csv" "$samples/outcomes.csv"
says "trips: 1 new" "the one"
says "outcomes: 2 new" "and the other"
printf 'supply,time,cause\nS01:Q1,10/08/2026 10:17:42 PM,IGBT overtemperature\n' > "$work/trips-us.csv"
exits 2 "times that do not tell what they are" "$PSMON" import -c "$config" "$work/trips-us.csv"
says "trips-us.csv:2: time: '10/08/2026 10:17:42 PM' is not a time" "are refused at their line"
try "a format and a zone" "$PSMON" import -c "$config" --time-format '%m/%d/%Y %I:%M:%S %p' --timezone America/Chicago "$work/trips-us.csv"
says "trips: 0 new, 0 changed, 1 as before" "make it the same trip"

# ---- a folder of CSV with bad rows: they cost themselves, and the training summary counts them ----
"$PSMON" simulate --supplies 33 --days 4 --healthy-days 4 --faults-per-week 0 --from 2026-01-05 --csv "$work/data" \
    --config-out "$work/csv.yaml" --state-dir "$work/state" > "$work/last" 2>&1
ok $? "a ring as a folder of CSV"
sed -i '2001s/,[^,]*/,high/; 3001s/.*/later/' "$work/data/S01:Q1.csv"
try "is learned from" "$PSMON" train -c "$work/csv.yaml" --from 2026-01-05 --to 2026-01-09 --name csv --candidate
says "33 of 33 supplies have a model" "all of it"
says "2 rows were left out in whole or in part, the first: $work/data/S01:Q1.csv:2001: " "but for two rows, which are counted"
plan
