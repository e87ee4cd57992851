#!/bin/sh
# The command line: help, versions, exit codes, errors that name what is wrong.
. "$(dirname "$0")/../support/e2e.sh"

for command in run train model replay report query alarm import score evaluate simulate receive check-config; do
    exits 0 "$command --help" "$PSMON" $command --help
done
exits 0 "version" "$PSMON" version
exits 2 "no command is wrong use" "$PSMON"
exits 2 "an unknown command is wrong use" "$PSMON" frobnicate
exits 2 "an unknown option is wrong use" "$PSMON" run --frobnicate
exits 2 "a missing option is wrong use" "$PSMON" train --from 2026-01-01
exits 2 "a bad time is wrong use" "$PSMON" train -c x --from yesterday --to today
says "'yesterday' is not a time" "and is named"

cat > "$work/fleet.csv" <<'X'
supply,family,sector,signal,pv,unit
Q1,quad,S1,current,Q1:I,A
Q1,quad,S1,voltage,Q1:V,V
X
write() { printf 'fleet: fleet.csv\narchiver: {url: "http://127.0.0.1:1"}\nstate_dir: %s/state\n%s\n' "$work" "$1" > "$work/c.yaml"; }
write ""
exits 0 "a small configuration is valid" "$PSMON" check-config -c "$work/c.yaml"
says "budget: 1" "and its defaults are printed"
write "colour: red"
exits 2 "an unknown key is refused" "$PSMON" check-config -c "$work/c.yaml"
says "c.yaml:4: colour: unknown key" "with file, line and key"
write ""
echo 'Q1,quad,S1,dac,Q1:I,1' >> "$work/fleet.csv"
exits 2 "a PV twice is refused" "$PSMON" check-config -c "$work/c.yaml"
says "fleet.csv:4: pv: twice: 'Q1:I'" "with file, line and PV"
sed -i '$d' "$work/fleet.csv"
echo 'Q1,sext,S1,dac,Q1:D,1' >> "$work/fleet.csv"
exits 2 "a supply that disagrees with itself is refused" "$PSMON" check-config -c "$work/c.yaml"
says "fleet.csv:4: family:" "with file, line and column"
sed -i '$d' "$work/fleet.csv"
"$PSMON" check-config --sample > "$work/sample.yaml"
cp "$work/fleet.csv" "$work/sample-fleet.csv"
sed -i "s|^fleet: .*|fleet: $work/fleet.csv|" "$work/sample.yaml"
exits 0 "the sample file is valid" "$PSMON" check-config -c "$work/sample.yaml"
plan
