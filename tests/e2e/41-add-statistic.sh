#!/bin/sh
# A statistic is one new file and one line of a table, nothing else: done here in a copy of the tree. It is trained,
# kept in the model, scored, carries findings, and its figure is stored and asked for.
. "$(dirname "$0")/../support/e2e.sh"
. "$(dirname "$0")/../support/additions.sh"
SUPPLIES=66
FAULTS=60

try "a copy of the tree" copy_tree
try "gets a file and a line" add statistic_hour_mean.c detectors/statistics detectors/statistics/statistics.c \
    "    statistic(level)          \\" "    statistic(hour_mean)      \\"
try "and nothing else" only_added
try "it builds" build_copy
plain=$PSMON
PSMON=$added

ring 2026-02-08T00:00:00Z 1
ok $? "the simulated ring answers"
try "a model is trained" "$PSMON" train -c "$config" --from $FROM --to $LEARNED --name more
says "hour_mean 1 h" "which names it among its windows"
grep -aq 'hour_mean\.1\.tail' "$work/state/models/more.model"
ok $? "and holds what it was calibrated to"
try "three days are replayed" "$PSMON" replay -c "$config" --from $LEARNED --to 2026-01-27T00:00:00Z --run three
try "findings can be asked for" q findings --run three --format csv
column detector < "$work/last" | grep -qx hour_mean
ok $? "some are carried by it"
try "so can its figure" q figures --run three --from 2026-01-26T00:00:00Z --to 2026-01-26T00:01:00Z --format csv
grep -q ',voltage,hour_mean,-\{0,1\}[0-9].*,V$' "$work/last"
ok $? "with a value of each channel, in its unit"
exits 1 "a psmon without it refuses the model" "$plain" replay -c "$config" --from $LEARNED --to 2026-01-25T00:00:00Z
says "other statistics" "and says why"
plan
