#!/bin/sh
# SIGHUP on a running monitor with open findings, in each of its phases: it lives, takes over what it can, says what
# needs a restart, and reads recorded time again only when that is what changed.
. "$(dirname "$0")/../support/e2e.sh"
SUPPLIES=66
SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
HOOK=http://127.0.0.1:$(free_port)/

monitor() {
    begin "run$1" "$PSMON" run -c "$config" --since 2026-01-27T12:00:00Z
    monitor=$pid
    log=$work/run$1.log
}
live() { curl -s "http://$page/api/ring" | grep -q '"phase": *"live"'; }
ticks() { curl -s "http://$page/metrics" | awk '/^psmon_last_cycle_timestamp_seconds/ {printf "%d", $2}'; }
ticks_after() { [ "$(ticks)" -gt "$1" ]; }
lines() { grep -c -- "$1" "$log"; }
more_lines() { [ "$(lines "$1")" -gt "$2" ]; }
# reload DESCRIPTION: HUP, then the answer in the log, then two more ticks
reload() {
    answers=$(lines reload)
    kill -HUP $monitor
    await 20 more_lines reload "$answers"
    ok $? "$1: it answers"
    now=$(ticks)
    await 60 ticks_after $((now + 60)) && kill -0 $monitor
    ok $? "and ticks go on"
}
sql() { # a statement of the history, on standard output
    (cd / && runuser -u psmon -- psql -qAt -h "$work/state/postgres/socket" -U psmon psmon -c "$1")
}
reason_of() { curl -s "http://$page/api/supply?name=$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["reason"])'; }
in_maintenance() { [ "$(reason_of "$1")" = maintenance ]; }
# at MINUTES: the ring's time so many minutes from its last tick
at() { date -u -d "@$(($(ticks) + $1 * 60))" +%Y-%m-%dT%H:%M:%SZ; }
# set_key SECTION KEY VALUE: in the configuration, which is JSON-free YAML of two levels
set_key() {
    python3 - "$config" "$1" "$2" "$3" <<'X'
import re, sys
path, section, key, value = sys.argv[1:]
text = open(path).read()
text = re.sub(r"(?m)^%s:\n(  .*\n)*" % re.escape(section), "", text)
open(path, "w").write(text + "%s:\n  %s: %s\n" % (section, key, value))
X
}

ring 2026-01-28T00:00:00Z 120
listen_on
model
ok $? "there is a model"
maintenance=$(sed -n 's/^maintenance: *//p' "$config")
[ -n "$maintenance" ] || {
    maintenance=$work/maintenance.csv
    echo "supply,start,end,work" > "$maintenance"
    echo "maintenance: $maintenance" >> "$config"
}
case $maintenance in /*) ;; *) maintenance=$work/$maintenance ;; esac

# ---- while catching up ----
monitor 1
await 60 grep -q 'catching up' "$log"
kill -HUP $monitor
await 60 live && kill -0 $monitor
ok $? "SIGHUP while catching up: it comes to follow"
await 60 sh -c "'$PSMON' query -c '$config' findings --format csv | tail -n +2 | grep -q ,"
ok $? "there are findings"

# ---- nothing changed, and what needs no past ----
reload "SIGHUP with findings open"
spans=$(lines 'catching up')
set_key report size 7
reload "a new report.size"
[ "$(lines 'catching up')" -eq "$spans" ]
ok $? "and nothing is read again"

# ---- maintenance from now on: in force at once, and in the history ----
supply=$(awk -F, 'NR == 2 {print $1}' "$work/fleet.csv")
echo "$supply,$(at 10),,fan replaced by tester" >> "$maintenance"
reload "a maintenance period that begins soon"
await 60 in_maintenance "$supply"
ok $? "and it is in force"
[ "$(lines 'catching up')" -eq "$spans" ]
ok $? "and nothing is read again"
await 20 sh -c "[ \"\$(cd / && runuser -u psmon -- psql -qAt -h '$work/state/postgres/socket' -U psmon psmon \
    -c \"SELECT count(*) FROM maintenance WHERE work = 'fan replaced by tester'\")\" = 1 ]"
ok $? "and in SQL"

# ---- maintenance in the windows' past: what they hold is read again ----
from=$(at -600) to=$(at -540)
echo "$supply,$from,$to,filter cleaned by tester" >> "$maintenance"
reload "a maintenance period ten hours ago"
[ "$(lines 'catching up')" -eq $((spans + 1)) ]
ok $? "and recorded time is read again"
await 120 live
ok $? "and it follows again"
computed_again() { # SUPPLY FROM TO: every stored tick of the time is in maintenance, and its hours say so
    [ "$(sql "SELECT count(*) FILTER (WHERE reason = 'maintenance') > 30 AND bool_and(reason = 'maintenance') FROM scores
        WHERE run = 'live' AND supply = '$1' AND t > '$2' AND t < '$3'")" = t ]
}
await 60 computed_again "$supply" "$from" "$to"
ok $? "and what was stored of that time is computed again"
[ "$(sql "SELECT count(DISTINCT k.revision) > 1 FROM ticks k JOIN revisions v USING (run, revision)
    WHERE v.maintenance IS NOT NULL")" = t ]
ok $? "under a revision of its own"

# ---- imported maintenance counts like the file's, without a signal ----
circuit=$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "water") c = i} NR == 2 {print $c}' "$work/fleet.csv")
cooled=$(sql "SELECT supply FROM supplies WHERE water = '$circuit' AND supply <> '$supply' LIMIT 1")
from=$(at -480) to=$(at -420)
printf 'supply,start,end,work\nwater:%s,%s,%s,flushed by tester\n' "$circuit" "$from" "$to" > "$work/import.csv"
try "maintenance of a water circuit is imported" "$PSMON" import -c "$config" --maintenance "$work/import.csv"
await 30 grep -q 'module=maintenance imported periods have changed' "$log"
ok $? "the monitor takes it by itself"
await 90 computed_again "$cooled" "$from" "$to"
ok $? "and computes the supplies of that water again"
try "query shows it" "$PSMON" query -c "$config" maintenance --supply 'water:*'
says "flushed by tester" "with its work"
try "it is taken back" "$PSMON" import -c "$config" --withdraw "$work/import.csv"
says "1 taken back" "by supply and start"
scored_again() { [ "$(sql "SELECT bool_or(reason = 'maintenance') FROM scores WHERE run = 'live' AND supply = '$cooled'
    AND t > '$from' AND t < '$to'")" = f ]; }
await 90 scored_again
ok $? "and the time is scored after all"
await 60 live
ok $? "and it follows again"

# ---- what a tick is made of: windows are read again, and the next ticks are made so ----
voltage_is() { # QUALITY of a supply's reading
    curl -s "http://$page/api/supply?name=$watched" | python3 -c 'import json, sys
print({c["signal"]: c["quality"] for c in json.load(sys.stdin)["signals"]}["voltage"])' > "$work/last"
    grep -qx "$1" "$work/last"
}
watched=$(awk -F, '$4 == "voltage" && $1 != "'"$supply"'" {print $1; exit}' "$work/fleet.csv")
await 20 voltage_is ok
ok $? "a voltage counts"
cp "$config" "$work/good.yaml"
sed -i '/^max_age:/d' "$config"
printf 'max_age:\n  default: 5 min\n  voltage: 1 s\n' >> "$config"
reload "another max_age.SIGNAL"
await 60 voltage_is stale
ok $? "and readings of that signal are stale after a second"
cp "$work/good.yaml" "$config"
reload "and back"
await 120 live && await 20 voltage_is ok
ok $? "and they count again"

# ---- another webhook: what happens from now on goes there ----
other=127.0.0.1:$(free_port)
begin receive "$PSMON" receive --listen "$other" --secret-file "$(secret_file)"
sed -i "s|url: $HOOK|url: http://$other/|" "$config"
reload "another webhook"
alarm=$(told_alarm)
try "an alarm is acknowledged" "$PSMON" alarm -c "$config" ack "$alarm" --by tester
await 20 grep -q psmon.alarm.acknowledged "$work/receive.log"
ok $? "and the new webhook hears of it"
"$PSMON" alarm -c "$config" resend --since 2026-01-01T00:00:00Z > "$work/last" 2>&1
says "dead letters are in the outbox again" "what waited for the old one can be sent again"

# ---- what needs a restart says so ----
set_key alarm on_delay "6 min"
reload "another alarm.on_delay"
grep 'key=alarm.on_delay' "$log" | grep -q restart
ok $? "and the log names it and says that it needs a restart"

# ---- what is wrong is refused as a whole ----
cp "$config" "$work/good.yaml"
echo "no_such_key: 1" >> "$config"
reload "a configuration with a mistake"
grep 'reload refused' "$log" | grep -q no_such_key
ok $? "and it is refused by name"
cp "$work/good.yaml" "$config"

# ---- in a repair ----
postgres=$(head -n 1 "$work/state/postgres/data/postmaster.pid")
kill -KILL "$postgres"
await 90 grep -q 'database is back' "$log"
await 60 grep -q 'module=repair begins' "$log"
reload "SIGHUP in a repair"
await 120 grep -q 'scores recomputed' "$log"
ok $? "and the repair comes to its end"

# ---- while a list is issued ----
set_key report day "$(date -u -d "@$(ticks)" +%A | tr '[:upper:]' '[:lower:]')"
python3 - "$config" "$(date -u -d "@$(($(ticks) + 600))" +%H:%M)" <<'X'
import sys
text = open(sys.argv[1]).read()
open(sys.argv[1], "w").write(text.replace("report:\n", "report:\n  time: \"%s\"\n" % sys.argv[2]))
X
reload "another report.time"
await 60 grep -q 'module=report issued' "$log"
kill -HUP $monitor
await 30 sh -c "curl -fs 'http://$page/api/report' | grep -q psmon_report"
ok $? "SIGHUP while a list is made: the list comes"
now=$(ticks)
await 60 ticks_after "$now" && kill -0 $monitor
ok $? "and ticks go on"

kill -TERM $monitor
wait $monitor
ok $? "SIGTERM ends it with exit status 0"
plan
