#!/bin/sh
# The demo: exit status 0 is for a monitor that was live and stayed so; what stands in its way is named beforehand.
. "$(dirname "$0")/../support/e2e.sh"
here=$(cd "$(dirname "$0")/../.." && pwd)
real=$PSMON
listener() { # on $taken, until it is killed
    taken=127.0.0.1:$(free_port)
    begin listener python3 -m http.server --bind 127.0.0.1 "${taken#*:}"
    await 20 curl -s "http://$taken/"
}
# demo ASSIGNMENT...: of 4 supplies, on addresses of its own
demo() {
    env PSMON="$real" DEMO_SUPPLIES=4 DEMO_S=600 DEMO_STATE="$work/demo" DEMO_ARCHIVER="127.0.0.1:$(free_port)" \
        DEMO_HOOK="127.0.0.1:$(free_port)" DEMO_PAGE="127.0.0.1:$(free_port)" "$@" sh "$here/monitor/demo.sh"
}
no_live() { ! grep -q 'Live after' "$work/last"; }

try "another program listens" listener
for variable in DEMO_ARCHIVER DEMO_HOOK DEMO_PAGE; do
    exits 1 "$variable is taken: the demo fails" demo "$variable=$taken"
    says "$taken is taken by another program; $variable=" "and says so, and what to do"
done
mkdir "$work/mine"
echo keep > "$work/mine/letter"
exits 1 "a folder that is no demo's is refused" demo DEMO_STATE="$work/mine"
try "and left alone" test -s "$work/mine/letter"

# a monitor that dies, before and after it was live
cat > "$work/dies" <<'X'
#!/bin/sh
[ "$1 $AFTER" != "train " ] || exit 0 # for a monitor that does not start
[ "$1" = run ] || exec "$REAL" "$@"
[ -n "$AFTER" ] || exec "$REAL" run --frobnicate
"$REAL" "$@" &
until curl --noproxy '*' -s "http://$AFTER/health" | grep -q '"phase":"live"'; do sleep 0.2; done
sleep 2
kill $!
wait $!
X
chmod 755 "$work/dies"
exits 1 "a monitor that does not start is a failed demo" demo PSMON="$work/dies" REAL="$real" AFTER=
says "unknown option --frobnicate" "its own words are there"
says "The demo failed: the monitor ended with exit status 2" "and how it ended"
try "it was never live" no_live
page=127.0.0.1:$(free_port)
exits 1 "a monitor that ends while it is watched, too" demo PSMON="$work/dies" REAL="$real" AFTER="$page" DEMO_PAGE="$page"
says "The demo failed: the monitor ended" "and is told"
exits 0 "one that lives is a success" demo DEMO_S=1
cp "$work/last" "$work/told"
try "and says live when it is" awk '/module=run live/ { live = NR } /Live after/ { told = NR }
    END { exit !(live && live < told) }' "$work/told"
plan
