#!/bin/sh
# A delivery shape is one file and one line: plain text, beside the JSON of the default, from a live monitor.
. "$(dirname "$0")/../support/e2e.sh"
. "$(dirname "$0")/../support/additions.sh"

try "the tree is copied" copy_tree
try "a shape is one file and one line of the table" add shape_text.c alerts/shapes alerts/shapes/shapes.c \
    "    shape(psmon)                                         \\" "    shape(text) \\"
try "and nothing else is edited" only_added
try "which builds without a warning" build_copy

SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
json_port=$(free_port)
HOOK=http://127.0.0.1:$json_port/json
begin json "$PSMON" receive --listen 127.0.0.1:"$json_port" --secret-file "$(secret_file)"
text_port=$(free_port)
begin text "$PSMON" receive --listen 127.0.0.1:"$text_port" --secret-file "$(secret_file)"
ring 2026-01-30T00:00:00Z 60
ok $? "the simulated ring answers"
printf '  - url: http://127.0.0.1:%s/text\n    secret: %s\n    shape: text\n' "$text_port" $SECRET > "$work/hook"
sed -i "/secret: $SECRET/r $work/hook" "$config"
listen_on
exits 2 "psmon without it refuses the name" "$PSMON" check-config -c "$config"
says "webhooks.shape: 'text' is not one of: psmon" "and says which there are"
try "psmon with it takes it" "$added" check-config -c "$config"
PSMON=$added
try "there is a model" model

try "a test message is delivered in both shapes" "$PSMON" alarm -c "$config" test
grep -qx '    test psmon (monitor): TEST: sent by psmon alarm test; .*' "$work/text.log"
ok $? "as a line of text"
grep -q '    {"type":"psmon.alarm.test",' "$work/json.log"
ok $? "and as JSON"

begin run "$PSMON" run -c "$config" --since 2026-01-29T00:00:00Z
run=$pid
await 180 grep -q '^    raised S[0-9]*:[A-Z0-9]* ([a-z]*): .*; by chance .* over the ring$' "$work/text.log"
ok $? "an alarm of the running monitor arrives as text"
await 20 grep -q '"type":"psmon.alarm.raised"' "$work/json.log"
ok $? "and as JSON elsewhere"
grep -q '^    heartbeat$' "$work/text.log"
ok $? "so does the sign of life"
grep -oE 'msg_[0-9a-f]+ signature verified' "$work/text.log" | sort -u > "$work/ids"
grep -c . "$work/ids" > "$work/last"
[ -s "$work/ids" ] && ! grep -q REFUSED "$work/text.log"
ok $? "every body is signed as it was sent"
kill -TERM "$run"
wait "$run"
ok $? "the monitor stops when asked"
plan
[ $failed -eq 0 ]
