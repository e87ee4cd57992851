#!/bin/sh
# make demo: psmon's whole job on a simulated ring of 1,320 supplies. A simulator answers as an Archiver Appliance,
# a receiver prints the webhooks; psmon learns 14 healthy days, catches up three days with faults, then follows at
# 60 times real time. Ctrl-C stops everything; DEMO_S=120 ends it by itself after so many seconds of following.
# Exit status 0 only when the monitor was live and stayed so to the end (130: Ctrl-C); else the last line says why.
set -eu
psmon=${PSMON:?the path of psmon}
state=${DEMO_STATE:-/var/tmp/psmon-demo-$(id -u)}
supplies=${DEMO_SUPPLIES:-1320}
archiver=${DEMO_ARCHIVER:-127.0.0.1:17665}
hook=${DEMO_HOOK:-127.0.0.1:8089}
page=${DEMO_PAGE:-127.0.0.1:8088}
from=2026-01-10T00:00:00Z  # a Saturday: the weekly list of Monday 06:00 falls into the three days
learned=2026-01-24T00:00:00Z
start=2026-01-27T00:00:00Z

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
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
    printf '\n\033[1mThe demo failed: %s\033[0m\n' "$*" >&2
    exit 1
}
begin() { # command...; its pid in $pid
    "$@" &
    pid=$!
    pids="$pid $pids"
}
lives() { kill -0 "$1" 2>/dev/null; }
live_or_fail() { # pid, what it is
    lives "$1" && return
    status=0
    wait "$1" || status=$?
    fail "$2 ended with exit status $status; what it said last stands above"
}
fetch() { curl --noproxy '*' -fsS "http://$1" >/dev/null 2>&1; }
seconds() { date +%s; }
begun=$(seconds)
# answers PID WHAT ADDRESS/PATH: once what the process WHAT serves is there; a minute is many times enough
answers() {
    late=$(($(seconds) + 60))
    until fetch "$3"; do
        live_or_fail "$1" "$2"
        [ "$(seconds)" -lt $late ] || fail "$2 runs, and http://$3 does not answer: is the loopback interface up (ip link)?"
        sleep 0.2
    done
}

# ---- what would only show itself later, in the words of something else ----
[ -x "$psmon" ] || fail "there is no $psmon: run make first"
command -v curl >/dev/null || fail "curl is missing, by which the page is awaited; as root: apt-get install curl"
if [ "$(id -u)" -eq 0 ] && ! id psmon >/dev/null 2>&1; then
    fail "as root psmon becomes the user psmon, whom there is not; make deps makes one, or run the demo as yourself"
fi
free_or_fail() { # address, variable that names another
    status=0
    curl --noproxy '*' -s -o /dev/null --max-time 2 "http://$1/" || status=$?
    # 7: nobody listens there
    [ $status -eq 7 ] || fail "$1 is taken by another program; $2=ADDRESS:PORT make demo takes another"
}
if [ -s "$state/pid" ] && grep -qs demo.sh "/proc/$(cat "$state/pid")/cmdline"; then
    fail "a demo is running in $state already (pid $(cat "$state/pid")); DEMO_STATE=DIR takes another folder"
fi
free_or_fail "$archiver" DEMO_ARCHIVER
free_or_fail "$hook" DEMO_HOOK
free_or_fail "$page" DEMO_PAGE
if [ -d "$state" ] && [ ! -e "$state/pid" ] && [ ! -e "$state/labels.csv" ] && [ -n "$(ls -A "$state")" ]; then
    fail "$state is there and no demo's: it would be emptied; DEMO_STATE=DIR takes another folder"
fi
rm -rf "$state" || fail "$state could not be emptied; DEMO_STATE=DIR takes another folder"
mkdir -p "$(dirname "$state")" || fail "$state could not be made; DEMO_STATE=DIR takes another folder"
mkdir "$state" || fail "$state could not be made; DEMO_STATE=DIR takes another folder"
chmod 755 "$state" # as root: psmon's user must get in, whatever the umask
echo $$ > "$state/pid" || fail "$state could not be written"
need=$((100 + supplies * 6 / 5)) # MB: 1.5 GB for the ring's days and PostgreSQL's log
room=$(df -Pm "$state" | awk 'NR == 2 { print $4 }')
[ "$room" -ge "$need" ] || fail "$state has room for $room MB, the demo needs $need; DEMO_STATE=DIR takes another folder"
(umask 077 && printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" > "$state/secret")

say "A ring of $supplies supplies, behind the Archiver Appliance's API at http://$archiver"
begin "$psmon" simulate --serve "$archiver" --supplies "$supplies" --days 60 --healthy-days 14 --from $from \
    --start $start --seed 7 --speed 60 --config-out "$state/psmon.yaml" --labels-out "$state/labels.csv" \
    --state-dir "$state/state" --listen "$page" --webhook "http://$hook/" --webhook-secret-file "$state/secret"
simulator=$pid
begin "$psmon" receive --listen "$hook" --secret-file "$state/secret"
receiver=$pid
answers "$simulator" "the simulator" "$archiver/retrieval/bpl/getVersion"
until [ -s "$state/psmon.yaml" ]; do
    live_or_fail "$simulator" "the simulator"
    sleep 0.1
done
live_or_fail "$receiver" "the receiver of webhooks"

say "Learning from 14 healthy days"
begin "$psmon" train -c "$state/psmon.yaml" --from $from --to $learned
wait "$pid" || fail "psmon train ended with exit status $?; what it said last stands above"

say "Catching up three days with faults, then following at 60 times real time"
begin "$psmon" run -c "$state/psmon.yaml" --since $learned
run=$pid
answers "$run" "the monitor" "$page/livez"
say "Watch:  http://$page/           the ring, alarms, every supply
        http://$page/report     the weekly list (issued when its Monday is reached)
        http://$page/metrics    for Prometheus
Ask:    $psmon query -c $state/psmon.yaml findings
Truth:  $state/labels.csv    the planted faults"
# ready it is before: what is being caught up is served meanwhile
until curl --noproxy '*' -s "http://$page/health" | grep -q '"phase":"live"'; do
    live_or_fail "$run" "the monitor"
    sleep 1
done
live_or_fail "$run" "the monitor"
say "Live after $(($(seconds) - begun)) s. Ctrl-C stops everything."
end=$(($(seconds) + ${DEMO_S:-2000000000}))
while [ "$(seconds)" -lt $end ]; do
    live_or_fail "$run" "the monitor"
    live_or_fail "$simulator" "the simulator"
    live_or_fail "$receiver" "the receiver of webhooks"
    sleep 1
done
say "What was found, and what was planted:"
"$psmon" query -c "$state/psmon.yaml" findings || fail "the findings could not be read"
head -n 40 "$state/labels.csv"
