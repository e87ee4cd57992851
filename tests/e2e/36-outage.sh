#!/bin/sh
# An outage is the same to all: to the monitor that lives through it, to one that is started in it, to replays that end
# inside it while it lasts and after it. Every second supply loses its connection for an hour.
. "$(dirname "$0")/../support/e2e.sh"

page=127.0.0.1:$(free_port)
late=127.0.0.1:$(free_port)
# at T: the archive's time has come there
at() { curl -s "http://$page/metrics" | awk -v t="$(date -u -d "$1" +%s)" '/^psmon_clock_seconds / {past = $2 >= t} END {exit !past}'; }
# what CONFIG RUN FILE: readings of the minutes from $from to 00:45
what() {
    "$PSMON" query -c "$1" readings --run "$2" --from "$from" --to 2026-03-02T00:45:00Z --format csv | cut -d, -f1-4 > "$3"
}
# same FILE DESCRIPTION: as what the first monitor said of these minutes
same() {
    what "$work/psmon.yaml" live "$work/lived"
    diff "$work/lived" "$1" > "$work/last" 2>&1 && [ "$(wc -l < "$1")" -gt 300 ]
    ok $? "$2"
}

begin moving python3 tests/support/moving.py --dir "$work" --speed 120 \
    --outage 2026-03-02T00:20:00Z/2026-03-02T01:20:00Z
await 10 grep -q port "$work/moving.log"
ok $? "the archiver lives"
sed "s|^state_dir:.*|state_dir: $work/late|" "$work/psmon.yaml" > "$work/late.yaml"
printf 'http:\n  listen: %s\n' "$page" >> "$work/psmon.yaml"
printf 'http:\n  listen: %s\n' "$late" >> "$work/late.yaml"
begin run "$PSMON" run -c "$work/psmon.yaml"
await 60 at 2026-03-02T00:40:00Z
ok $? "a monitor lives through the begin of the outage"
begin late "$PSMON" run -c "$work/late.yaml" --since 2026-03-02T00:30:00Z
await 60 at 2026-03-02T00:50:00Z
ok $? "another is started in it"

from=2026-03-02T00:15:00Z
try "a replay ends inside it while it lasts" \
    "$PSMON" replay -c "$work/psmon.yaml" --from $from --to 2026-03-02T00:45:00Z --run inside
what "$work/psmon.yaml" inside "$work/inside"
same "$work/inside" "and says what the monitor said"
[ "$(grep -cE '00:4[0-9]:00Z,S01:Q[13],.*,$' "$work/inside")" -eq 60 ] && ! grep -E 'S01:Q[24],.*,$' "$work/inside"
ok $? "which is that nothing is known of the supplies that are away, dead-band or not"
from=2026-03-02T00:30:00Z
what "$work/late.yaml" live "$work/started"
same "$work/started" "the monitor that was started in it says what the other says"

await 60 at 2026-03-02T01:30:00Z
ok $? "the outage is over"
from=2026-03-02T00:15:00Z
try "a replay ends inside it afterwards" \
    "$PSMON" replay -c "$work/psmon.yaml" --from $from --to 2026-03-02T00:45:00Z --run after
what "$work/psmon.yaml" after "$work/after"
same "$work/after" "and says the same"
try "a replay goes beyond it" \
    "$PSMON" replay -c "$work/psmon.yaml" --from $from --to 2026-03-02T01:25:00Z --run beyond
what "$work/psmon.yaml" beyond "$work/beyond"
same "$work/beyond" "and says the same"
plan
[ $failed -eq 0 ]
