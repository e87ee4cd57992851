#!/bin/sh
# make demo: psmon's whole job on a simulated ring of 1,320 supplies. A simulator answers as an Archiver Appliance,
# a receiver prints the webhooks; psmon learns 14 healthy days, catches up three days with faults, then follows at
# 60 times real time. Ctrl-C stops everything; DEMO_S=120 ends it by itself after so many seconds of following.
set -eu
psmon=${PSMON:?the path of psmon}
state=${DEMO_STATE:-/var/tmp/psmon-demo-$(id -u)}
supplies=${DEMO_SUPPLIES:-1320}
archiver=${DEMO_ARCHIVER:-127.0.0.1:17665}
hook=${DEMO_HOOK:-127.0.0.1:8089}
from=2026-01-10T00:00:00Z  # a Saturday: the weekly list of Monday 06:00 falls into the three days
learned=2026-01-24T00:00:00Z
start=2026-01-27T00:00:00Z
secret=whsec_$(head -c 32 /dev/urandom | base64 | tr -d '\n')

pids=
stop() {
    trap - EXIT INT TERM
    # in reverse order of starting: the monitor first, so that it can say good-bye
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}
trap 'stop; exit 130' INT TERM
trap stop EXIT
begin() { # log-prefix command...
    "$@" &
    pids="$! $pids"
}
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
seconds() { date +%s; }
begun=$(seconds)

rm -rf "$state"
mkdir -p "$state"
say "A ring of $supplies supplies, behind the Archiver Appliance's API at http://$archiver"
begin "$psmon" simulate --serve "$archiver" --supplies "$supplies" --days 60 --healthy-days 14 --from $from \
    --start $start --seed 7 --speed 60 --config-out "$state/psmon.yaml" --labels-out "$state/labels.csv" \
    --state-dir "$state/state" --webhook "http://$hook/" --webhook-secret "$secret"
begin "$psmon" receive --listen "$hook" --secret "$secret"
tries=0
until [ -s "$state/psmon.yaml" ] && "$psmon" check-config -c "$state/psmon.yaml" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "the simulator did not start" >&2; exit 1; }
    sleep 0.1
done

say "Learning from 14 healthy days"
"$psmon" train -c "$state/psmon.yaml" --from $from --to $learned &
pids="$! $pids"
wait $!

say "Catching up three days with faults, then following at 60 times real time"
"$psmon" run -c "$state/psmon.yaml" --since $learned &
run=$!
pids="$run $pids"
page=http://127.0.0.1:8088
tries=0
until curl -fsS "$page/livez" >/dev/null 2>&1 || ! kill -0 "$run" 2>/dev/null; do sleep 0.5; done
say "Watch:  $page/           the ring, alarms, every supply
        $page/report     the weekly list (issued when its Monday is reached)
        $page/metrics    for Prometheus
Ask:    $psmon query -c $state/psmon.yaml findings
Truth:  $state/labels.csv    the planted faults"
while ! curl -fsS "$page/readyz" >/dev/null 2>&1 && kill -0 "$run" 2>/dev/null; do sleep 1; done
say "Live after $(($(seconds) - begun)) s. Ctrl-C stops everything."
if [ -n "${DEMO_S:-}" ]; then
    end=$(($(seconds) + DEMO_S))
    while [ "$(seconds)" -lt $end ] && kill -0 "$run" 2>/dev/null; do sleep 1; done
    say "What was found, and what was planted:"
    "$psmon" query -c "$state/psmon.yaml" findings || true
    head -n 40 "$state/labels.csv"
else
    wait "$run"
fi
