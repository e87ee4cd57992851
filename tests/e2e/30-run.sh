#!/bin/sh
# The resident monitor against a ring that lives 60 times faster: catching up, following, webhooks, and what it does
# when it is killed or when database, archiver or receiver go away.
. "$(dirname "$0")/../support/e2e.sh"

hook_port=$(free_port)
HOOK=http://127.0.0.1:$hook_port/
SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
receiver() {
    begin "receive$1" "$PSMON" receive --listen 127.0.0.1:"$hook_port" --secret-file "$(secret_file)"
    receiver=$pid
}
# what systemd would hear, a line each
python3 -u - "$work/notify" > "$work/notified" 2>&1 <<'X' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
while True:
    print(s.recv(4096).decode().replace("\n", " "))
X
pids="$! $pids"
# the watchdog of a site's drop-in, for which a word every ten seconds would come too late
export NOTIFY_SOCKET="$work/notify" WATCHDOG_USEC=900000
pings() { [ "$(grep -c WATCHDOG=1 "$work/notified")" -ge "$1" ]; }
monitor() {
    begin "run$1" "$PSMON" run -c "$config" --since 2026-01-29T00:00:00Z
    monitor=$pid
}
live() { curl -s "http://$page/api/ring" | grep -q '"phase": *"live"'; }
# health CHECK STATE: what /health says of one thing
health() {
    curl -s "http://$page/health" | python3 -c 'import json, sys
checks = {c["check"]: c["state"] for c in json.load(sys.stdin)["checks"]}
sys.exit(checks[sys.argv[1]] != sys.argv[2])' "$1" "$2"
}

ring 2026-01-30T00:00:00Z 60
ok $? "the simulated ring answers"
listen_on
model
ok $? "there is a model"
receiver 1
monitor 1
await 120 live
ok $? "the monitor catches up a day and is ready"
await 5 pings 12
ok $? "systemd's watchdog hears from it as often as it asks"
exits 1 "a second one on the same state_dir does not start" "$PSMON" run -c "$config"
says "already running (pid $(cat "$work/state/run.pid"))" "and says who runs"
await 60 grep -q 'psmon.alarm.raised' "$work/receive1.log"
ok $? "a webhook was received"
! grep -qi 'bad signature' "$work/receive1.log"
ok $? "and its signature is right"
try "/health" curl -fs "http://$page/health"
try "/metrics" curl -fs "http://$page/metrics"
says "psmon_last_cycle_timestamp_seconds" "has the last cycle"
try "/api/ring" curl -fs "http://$page/api/ring"
try "the page" curl -fs "http://$page/"
curl -s -o /dev/null -w '%{http_code}' -X POST "http://$page/api/ring" | grep -q 405
ok $? "is read-only"
audited() { curl -fs "http://$page/api/audit" | grep -q '"supply_days":[1-9]'; }
await 30 audited
ok $? "what was stated of the day that was caught up is audited"

# ---- killed: the hole is filled, nothing is lost or doubled ----
kill -KILL $monitor
sleep 3
monitor 2
await 120 live
ok $? "after kill -9 it comes back"
q alarms --format csv > "$work/alarms.csv"
[ "$(wc -l < "$work/alarms.csv")" -gt 1 ] && [ -z "$(column occurrence < "$work/alarms.csv" | sort | uniq -d)" ]
ok $? "no alarm is doubled"

# ---- the receiver away: later delivery, no tick is late ----
kill -KILL $receiver
"$PSMON" alarm -c "$config" list > "$work/last" 2>&1
ok $? "alarms are listed"
grep -qE 'too many alarms to tell one by one|that were not told one by one' "$work/last" &&
    [ "$(grep -c psmon.alarm.raised "$work/receive1.log")" -lt "$(column occurrence < "$work/alarms.csv" | wc -l)" ]
ok $? "of the many that a day caught up leaves few are told, and one of them of the others"
id=$(told_alarm)
try "an alarm is acknowledged" "$PSMON" alarm -c "$config" ack "$id" --by tester --note "seen, goes on the list"
exits 1 "a test alarm says that nobody answers" "$PSMON" alarm -c "$config" test
receiver 2
await 90 grep -q 'psmon.alarm.acknowledged' "$work/receive2.log"
ok $? "what was sent meanwhile arrives when the receiver is back"
try "a test alarm is delivered" "$PSMON" alarm -c "$config" test

# ---- the archiver away: blind, said so, and the hole is filled ----
kill -KILL $simulator
await 60 health archiver degraded
ok $? "without the archiver it says so"
await 60 health archiver failing
ok $? "and after ten minutes that it is blind"
kill -0 $monitor
ok $? "and lives"
begin simulate2 "$PSMON" simulate --serve "$archiver" --supplies $SUPPLIES --days 60 --healthy-days 14 --from $FROM \
    --start "$(curl -s "http://$page/api/ring" | python3 -c 'import json, sys; print(json.load(sys.stdin)["now"])')" \
    --seed $SEED --speed 60 --faults-per-week 40 --fault-size medium
simulator=$pid
await 120 live
ok $? "it follows again when the archiver is back"

# ---- the database away: ticks go on, scores are recomputed ----
postgres=$(head -n 1 "$work/state/postgres/postmaster.pid" 2>/dev/null || find "$work/state" -name postmaster.pid -exec head -n 1 {} \; | head -n 1)
before=$(curl -s "http://$page/metrics" | awk '/^psmon_last_cycle_timestamp_seconds/ {printf "%d", $2}')
kill -STOP "$postgres"
sleep 5
after=$(curl -s "http://$page/metrics" | awk '/^psmon_last_cycle_timestamp_seconds/ {printf "%d", $2}')
kill -CONT "$postgres"
echo "last tick $before, then $after" > "$work/last"
[ "$after" -gt "$before" ]
ok $? "ticks go on while the database hangs"
await 60 live
ok $? "and it is ready again"

# ---- and killed ----
kill -KILL "$postgres"
await 20 health database degraded
ok $? "a private server that is killed is missed"
await 60 health database ok
ok $? "and started again"
await 60 grep -q 'scores recomputed' "$work/run2.log"
ok $? "scores that it missed are computed again"

# ---- after all that, no minute is missing and none is there twice ----
supply=$(awk -F, 'NR == 2 {print $1}' "$work/fleet.csv")
await 30 sh -c "'$PSMON' query -c '$config' scores --supply '$supply' --from 2026-01-29T00:00:00Z --format csv > '$work/scores.csv'"
column time < "$work/scores.csv" > "$work/times"
python3 - "$work/times" > "$work/last" 2>&1 <<'X'
import datetime, sys
t = [datetime.datetime.fromisoformat(x.strip().replace("Z", "+00:00")) for x in open(sys.argv[1])]
gaps = [(a.isoformat(), b.isoformat()) for a, b in zip(t, t[1:]) if (b - a).total_seconds() != 60]
print("%d ticks from %s to %s, steps that are not a minute:" % (len(t), t[0], t[-1]), gaps)
assert len(t) > 1000 and not gaps
X
ok $? "every minute was scored once"
sed 's/^/# /' "$work/last"
# (a minute or two of a ring that runs 60 times too fast may pass between a span and the first poll; the holes are
# of ten minutes and more)
column reason < "$work/scores.csv" | sort | uniq -c > "$work/last"
[ "$(column reason < "$work/scores.csv" | grep -cE 'stale|missing')" -le 5 ]
ok $? "and the holes were filled with what the archiver holds"

kill -TERM $monitor
wait $monitor
ok $? "SIGTERM ends it with exit status 0"
await 20 sh -c "! pgrep -u psmon -f 'postgres.*$work/state'"
ok $? "and the private database with it"
plan
