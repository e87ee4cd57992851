#!/bin/sh
# Another model under a running monitor: taken over between two ticks, named by every row from then on; a model trained
# again under its own name too; what cannot be loaded leaves the old one in force.
. "$(dirname "$0")/../support/e2e.sh"
SUPPLIES=66

live() { curl -s "http://$page/api/ring" | grep -q '"phase": *"live'; }
ticks() { curl -s "http://$page/metrics" | awk '/^psmon_last_cycle_timestamp_seconds/ {printf "%d", $2}'; }
ticks_after() { [ "$(ticks)" -gt "$1" ]; }
loaded() { grep -c 'module=model name=' "$log"; }
loaded_more() { [ "$(loaded)" -gt "$1" ]; }
sql() { # a statement of the history, on standard output
    if [ "$(id -u)" -eq 0 ]; then set -- runuser -u psmon -- psql -qAt -h "$work/state/postgres/socket" -U psmon psmon -c "$1"
    else set -- psql -qAt -h "$work/state/postgres/socket" -U psmon psmon -c "$1"; fi
    (cd / && "$@")
}
newest_tick_by() { # MODEL: made the newest stored tick
    [ "$(sql "SELECT v.model FROM ticks JOIN revisions v USING (run, revision) ORDER BY t DESC LIMIT 1")" = "$1" ]
}
train() { # NAME TO
    "$PSMON" train -c "$config" --from $FROM --to "$2" --name "$1" --candidate > "$work/train.log" 2>&1
}

ring 2026-01-28T00:00:00Z 120
listen_on
model && train other 2026-01-22T00:00:00Z
ok $? "there are two models"
begin run "$PSMON" run -c "$config" --since 2026-01-27T12:00:00Z
monitor=$pid
log=$work/run.log
await 60 live && await 60 newest_tick_by good
ok $? "ticks are made by the first"

# ---- a window or period that the model was not made for ----
for wrong in "window: 24 h" "period: 30 s"; do
    sed "/^window:/d; /^period:/d" "$config" > "$work/wrong.yaml"
    echo "$wrong" >> "$work/wrong.yaml"
    for command in check-config "replay --from 2026-01-27T00:00:00Z --to 2026-01-27T01:00:00Z" "model activate other"; do
        # shellcheck disable=SC2086
        exits 2 "$wrong: psmon ${command%% *} refuses" "$PSMON" ${command%% *} -c "$work/wrong.yaml" ${command#"${command%% *}"}
        says "${wrong%%:*} is" "and says what differs"
    done
done

# ---- another is activated ----
n0=$(loaded)
try "the other is activated" "$PSMON" model -c "$config" activate other
await 60 loaded_more "$n0" && await 60 newest_tick_by other
ok $? "and ticks are made by it"
[ "$(sql "SELECT string_agg(model, ',' ORDER BY revision) FROM revisions")" = good,other ]
ok $? "the run has a revision for each"
[ "$(sql "SELECT model FROM runs WHERE name = 'live'")" = other ]
ok $? "and names the newest"
[ "$(sql "SELECT count(*) FROM ticks WHERE revision IS NULL")" = 0 ]
ok $? "no tick is without one"

# ---- trained again under its own name ----
n1=$(loaded) before=$(sql "SELECT model_hash FROM runs WHERE name = 'live'")
train other 2026-01-23T00:00:00Z
ok $? "the model is trained again under its name"
await 60 loaded_more "$n1"
ok $? "and the log says that it is loaded"
other_hash() { [ "$(sql "SELECT model || model_hash FROM runs WHERE name = 'live'")" != "other$before" ]; }
await 30 other_hash && [ "$(sql "SELECT model FROM runs WHERE name = 'live'")" = other ]
ok $? "and the run names its content"

# ---- a file that is written again as it was, and one that is no model ----
n2=$(loaded)
await 60 live
cp "$work/state/models/other.model" "$work/other.model"
touch "$work/state/models/other.model"
await 60 grep -q 'its content has not' "$log" && [ "$(loaded)" -eq "$n2" ]
ok $? "the same content is not taken over again"
echo "no model" > "$work/state/models/other.model"
await 60 grep -q "module=model 'other' cannot be used" "$log"
ok $? "what cannot be loaded is said"
now=$(ticks)
await 60 ticks_after $((now + 120)) && newest_tick_by other
ok $? "and the old one stays in force"

# ---- the list names the model that ranked it ----
cat >> "$config" <<X
report:
  day: $(date -u -d "@$(ticks)" +%A | tr '[:upper:]' '[:lower:]')
  time: "$(date -u -d "@$(($(ticks) + 1200))" +%H:%M)"
X
kill -HUP $monitor
issued() { [ "$(sql 'SELECT count(*) FROM reports')" -gt 0 ]; }
await 60 issued
ok $? "a list is issued"
[ "$(sql "SELECT DISTINCT model || ' ' || (document->'model'->>'name') || ' ' || (v.model_hash = r.model_hash) FROM reports r
    JOIN revisions v USING (run, revision, model)")" = "other other true" ]
ok $? "its row, its document and its revision name the same model"

now=$(ticks)
kill -TERM $monitor
wait $monitor
ok $? "SIGTERM ends it with exit status 0"

# ---- fleet.csv is edited: a supply more, a supply less, before the next start ----
again() { # NAME: the next life, until its ticks go on
    begin "$1" "$PSMON" run -c "$config"
    monitor=$pid
    log=$work/$1.log
    await 60 live && await 60 ticks_after $((now + 60))
}
model_says() { curl -s "http://$page/health" | grep -qF -- "$1"; }
alarm_says() { curl -s "http://$page/api/alarms" | grep -qF -- "$1"; }
cp "$work/other.model" "$work/state/models/other.model"
gone=$(tail -n 1 "$work/fleet.csv" | cut -d, -f1)
head -n 1 "$work/fleet.csv" > "$work/edited.csv"
echo "NEW,quad,SNEW,voltage,NEW:V,V" | awk -v n="$(head -n 1 "$work/fleet.csv" | tr ',' '\n' | wc -l)" \
    '{k = split($0, f, ","); for (i = k; i < n; i++) $0 = $0 ","; print}' >> "$work/edited.csv"
tail -n +2 "$work/fleet.csv" | grep -v "^$gone," >> "$work/edited.csv"
cp "$work/edited.csv" "$work/fleet.csv"
try "check-config reads the edited fleet" "$PSMON" check-config -c "$config"
says "the model does not know 1 of $SUPPLIES supplies, which are not scored: NEW (new)" "and says whom the model does not know"
again edited
ok $? "the monitor starts with it and ticks go on"
[ "$(curl -s "http://$page/metrics" | awk '/^psmon_supplies\{state="no_model"\}/ {print $2}')" = 1 ] && ! curl -s "http://$page/metrics" | grep -q '^psmon_supplies{state="scored"} 0$'
ok $? "the others are scored"
model_says "train again (psmon train): the model does not know 1 of $SUPPLIES supplies"
ok $? "/health says what to do"
await 30 alarm_says "train again (psmon train): the model does not know 1 of $SUPPLIES"
ok $? "and an alarm of its own"
now=$(ticks)
kill -TERM $monitor
wait $monitor

# ---- the model in force is damaged before the next start ----
echo "no model" > "$work/state/models/other.model"
exits 1 "check-config says that the model is damaged" "$PSMON" check-config -c "$config"
says "other.model" "and names it"
again damaged
ok $? "the monitor starts without it and ticks go on"
model_says "since 'other' cannot be used"
ok $? "/health says why nothing is scored"
await 30 alarm_says "activate an earlier one"
ok $? "and the alarm what to do"
try "an earlier one is activated" "$PSMON" model -c "$config" activate good
await 60 newest_tick_by good
ok $? "and ticks are made by it"
! model_says "cannot be used"
ok $? "and the trouble is over"
kill -TERM $monitor
wait $monitor
ok $? "SIGTERM ends it with exit status 0"
plan
