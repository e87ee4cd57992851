#!/bin/sh
# A source is one file and one line: JSON lines, beside the appliance and the folder of CSV, read by a replay.
. "$(dirname "$0")/../support/e2e.sh"
. "$(dirname "$0")/../support/additions.sh"

try "the tree is copied" copy_tree
try "a source is one file and one line of the table" add source_jsonl.c archive archive/sources.c \
    "    source(csvdir)      \\" "    source(jsonl) \\"
try "and nothing else is edited" only_added
try "which builds without a warning" build_copy

config=$work/psmon.yaml
python3 - "$work" <<'X'
import datetime, json, sys
work = sys.argv[1]
signals = ["current", "voltage"]
with open(work + "/fleet.csv", "w") as f:
    print("supply,family,sector,signal,pv,unit", file=f)
    for i in (1, 2):
        for s in signals:
            print("S01:Q%d,quadrupole,S01,%s,S01:Q%d:%s,A" % (i, s, i, s), file=f)
start = datetime.datetime(2026, 3, 2)
with open(work + "/ring.jsonl", "w") as f:
    for m in reversed(range(180)): # in any order
        for i in (1, 2):
            for k, s in enumerate(signals):
                t = start + datetime.timedelta(minutes=m, seconds=-7)
                print(json.dumps({"pv": "S01:Q%d:%s" % (i, s), "t": t.isoformat() + "Z", "v": m + i + k / 4,
                                  "severity": 3 if m == 100 else 0}), file=f)
X
printf 'fleet: fleet.csv\narchiver:\n  url: jsonl://%s/ring.jsonl\nstate_dir: %s/state\n' "$work" "$work" > "$config"
exits 2 "psmon without it refuses the address" "$PSMON" check-config -c "$config"
says "is not http://HOST:PORT or file:///DIR" "and says which there are"
try "psmon with it takes it" "$added" check-config -c "$config"
PSMON=$added
try "and replays it" "$PSMON" replay -c "$config" --from 2026-03-02T01:30:00Z --to 2026-03-02T02:00:00Z --run lines
q readings --run lines --supply S01:Q2 --signal voltage --format csv > "$work/last"
[ "$(column value < "$work/last" | tr '\n' ' ')" = "$(python3 -c 'print("".join(
    "%s " % ("" if m == 100 else m + 2.25) for m in range(90, 120)))')" ]
ok $? "every reading of it is there, and none where the severity is INVALID"
sed -i 's/"t": "2026-03-02T01:00:53Z"/"t": "yesterday"/' "$work/ring.jsonl"
exits 1 "a line that is wrong is refused" "$PSMON" replay -c "$config" --from 2026-03-02T01:30:00Z \
    --to 2026-03-02T02:00:00Z --run wrong
says "ring.jsonl:" "by file and line"
plan
[ $failed -eq 0 ]
