#!/bin/sh
# The page as a person sees it: headless Chromium on a running monitor, wide and on a phone; then without the archiver.
. "$(dirname "$0")/../support/e2e.sh"
SUPPLIES=132
chromium=$(command -v chromium || command -v chromium-browser) || { echo "1..0 # SKIP no chromium"; exit 0; }
browse() { # browse URL OPTION...: the document after its script has run
    url=$1
    shift
    timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
        --user-data-dir="$work/chromium" --virtual-time-budget=8000 "$@" --dump-dom "$url" 2> "$work/chromium.log"
}

ring 2026-01-26T12:00:00Z 60
ok $? "the simulated ring answers"
listen_on
model
ok $? "a model is trained"
begin run "$PSMON" run -c "$config"
run=$pid
await 60 sh -c "curl -fs http://$page/api/ring | grep -q '\"phase\":\"live\"'"
ok $? "the monitor follows"

browse "http://$page/" --window-size=1400,1000 > "$work/last"
[ "$(grep -o 'data-i="' "$work/last" | wc -l)" -eq $SUPPLIES ]
ok $? "the map has a cell for each supply"
[ "$(grep -o 'role="gridcell" tabindex="0"' "$work/last" | wc -l)" -eq 1 ]
ok $? "one of which the keyboard reaches, and the arrows from there the others"
[ "$(grep -oE 'aria-label="S[0-9]+:[A-Z]+[0-9]+: [^"]+"' "$work/last" | wc -l)" -eq $SUPPLIES ]
ok $? "each says what it shows"
grep -qE "of $SUPPLIES supplies scored" "$work/last"
ok $? "the ledger is told"
grep -qE 'class="rank">1<|stands out; best of the rest' "$work/last"
ok $? "the list of what to inspect first is there"
grep -qE 'id="banner"[^>]*hidden' "$work/last"
ok $? "nothing is the matter"

await 20 curl -fso "$work/audit.json" "http://$page/api/audit"
ok $? "whether the stated chance held was asked"

name=$(grep -oE 'aria-label="S[0-9]+:[A-Z]+[0-9]+' "$work/last" | head -n 1 | cut -d'"' -f2)
browse "http://$page/#$name" --window-size=500,900 > "$work/last"
[ "$(grep -o '<article class="signal' "$work/last" | wc -l)" -eq 6 ]
ok $? "a supply shows its six signals"
[ "$(grep -o 'class="chart value"' "$work/last" | wc -l)" -eq 6 ] && grep -q 'class="chart residual"' "$work/last" &&
    grep -q 'class="chart hist"' "$work/last"
ok $? "with residuals, and the reference against now"
grep -qE '<a id="audit" href="audit">. (no day is over yet|the stated chance) ' "$work/last"
ok $? "and stands at the foot"
grep -q 'class="narrow"' "$work/last"
ok $? "on a phone a line is a sector"
! grep -iE 'content security policy|refused' "$work/chromium.log" > "$work/last"
ok $? "the browser refused nothing"

curl -sI "http://$page/" > "$work/last"
says "default-src 'self'" "nothing from elsewhere may be loaded"
for method in POST PUT DELETE; do
    [ "$(curl -s -o "$work/last" -w '%{http_code}' -X $method "http://$page/api/ring")" = 405 ]
    ok $? "$method is refused"
done

kill -STOP "$simulator"
await 60 sh -c "curl -s http://$page/health | grep -q 'archiver away'"
ok $? "without the archiver /health says why"
await 60 sh -c "curl -s http://$page/api/ring | grep -q 'archiver away'"
browse "http://$page/" --window-size=1400,1000 > "$work/last"
grep -qE 'class="banner (warn|bad)"[^>]*>[^<]*rchiver away' "$work/last"
ok $? "and so does the page"
kill -CONT "$simulator"
kill -TERM "$run"
wait "$run"
ok $? "the monitor stops when asked"
plan
[ $failed -eq 0 ]
