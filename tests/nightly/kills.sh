#!/bin/sh
# make nightly: psmon, the postmaster and its backends are killed (-9) at random instants, KILLS times, while a ring
# lives 120 times faster and a receiver now and then refuses. No alarm is lost, none is told under two identifiers, and
# a library that is not ours finds every signature right. KILLS_SEED: the same victims and delays again.
. "$(dirname "$0")/../support/e2e.sh"
SUPPLIES=132
FAULTS=600
SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
hook_port=$(free_port)
HOOK=http://127.0.0.1:$hook_port/
PYTHONPATH=${NIGHTLY_PYTHON:-}
export PYTHONPATH

try "the library that judges signatures is there" python3 -c 'import standardwebhooks'
[ $failed -eq 0 ] || { plan; exit 1; }
ring 2026-01-30T00:00:00Z 120
ok $? "the simulated ring answers"
listen_on
printf 'alarm: {on_delay: 1 min, off_delay: 3 min, heartbeat: 1 min}\n' >> "$config"
model
ok $? "there is a model"
python3 tests/nightly/kills.py --psmon "$PSMON" --config "$config" --page "$page" --hook-port "$hook_port" \
    --secret-file "$(secret_file)" --state "$work/state" --log "$work/run.log" --since 2026-01-29T12:00:00Z \
    --kills "${KILLS:-1000}" --seed "${KILLS_SEED:-$(date +%j)}" > "$work/kills.log" 2>&1
status=$?
sed 's/^/# /' "$work/kills.log"
for what in signatures told doubled outbox truth stopped; do
    grep -qx "ok $what" "$work/kills.log"
    ok $? "$what: $(sed -n "s/^figures $what: //p" "$work/kills.log")"
done
[ $status -eq 0 ]
ok $? "and it came to its end"
plan
[ $failed -eq 0 ]
