# Sourced by tests/e2e/*.sh: TAP, a folder that goes away, programs that are stopped, the trained ring they share.
# shellcheck shell=sh
set -u
: "${PSMON:?the path of psmon}" "${BUILD_DIR:?the build folder}"
n=0
failed=0
pids=
work=$(mktemp -d /var/tmp/psmon-e2e-XXXXXX)
chmod 755 "$work"
# a sanitizer's report ends in a file, whoever's output is thrown away; psmon may have become another user by then
mkdir -m 1777 "$work/sanitizer"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$work/sanitizer/report"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:log_path=$work/sanitizer/report"

finish() {
    status=$?
    for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done
    for pid in $pids; do wait "$pid" 2>/dev/null; done
    if [ -n "$(ls "$work/sanitizer")" ]; then
        echo "# the sanitizers complain"
        sed 's/^/# /' "$work"/sanitizer/* | head -n 60
        status=1
    fi
    [ -n "${KEEP:-}" ] || rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM

# ok STATUS DESCRIPTION: one TAP line
ok() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        failed=$((failed + 1))
        [ ! -s "$work/last" ] || sed 's/^/# /' "$work/last" | tail -n 15
    fi
}
# try DESCRIPTION COMMAND...: ok when the command succeeds; its output is shown when not
try() {
    what=$1
    shift
    "$@" > "$work/last" 2>&1
    ok $? "$what"
}
# exits STATUS DESCRIPTION COMMAND...
exits() {
    want=$1 what=$2
    shift 2
    "$@" > "$work/last" 2>&1
    got=$?
    echo "exit status $got, want $want" >> "$work/last"
    [ $got -eq "$want" ]
    ok $? "$what"
}
says() { # says TEXT DESCRIPTION: of the last try's output
    grep -qF -- "$1" "$work/last"
    ok $? "$2"
}
plan() { echo "1..$n"; }

# begin NAME COMMAND...: in the background, its output in $work/NAME.log, its pid in $pid
begin() {
    name=$1
    shift
    "$@" > "$work/$name.log" 2>&1 &
    pid=$!
    pids="$pid $pids"
}
# await SECONDS COMMAND...: until it succeeds
await() {
    left=$(($1 * 5))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.2
    done
}
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ---- the ring of 264 supplies that the tests share: 14 healthy days, then faults ----
FROM=2026-01-10T00:00:00Z
LEARNED=2026-01-24T00:00:00Z
SUPPLIES=264
SEED=11

secret_file() { # a file that holds $SECRET
    (umask 077 && echo "$SECRET" > "$work/secret")
    echo "$work/secret"
}

# ring START SPEED: starts the simulator; $config is its configuration, $archiver its address
ring() {
    port=${archiver_port:-$(free_port)}
    archiver_port=$port
    archiver=127.0.0.1:$port
    config=$work/psmon.yaml
    begin simulate "$PSMON" simulate --serve "$archiver" --supplies $SUPPLIES --days 60 --healthy-days 14 \
        --from $FROM --start "$1" --seed $SEED --speed "$2" --faults-per-week "${FAULTS:-40}" \
        --fault-size medium --config-out "$config" --labels-out "$work/labels.csv" \
        --state-dir "$work/state" ${HOOK:+--webhook "$HOOK"} ${SECRET:+--webhook-secret-file "$(secret_file)"}
    # shellcheck disable=SC2034 # the tests stop and kill it
    simulator=$pid
    await 20 test -s "$config" && await 20 curl -fs "http://$archiver/retrieval/bpl/getVersion"
}
listen_on() { # adds the page's address to the configuration
    page=127.0.0.1:$(free_port)
    printf 'http:\n  listen: %s\n' "$page" >> "$config"
}
# model: trains once for all tests of this build, then hands out copies
model() {
    shared=$BUILD_DIR/e2e/model-$SUPPLIES-$SEED
    mkdir -p "$BUILD_DIR/e2e"
    exec 8> "$shared.lock" # tests run side by side: one trains, the other waits
    flock 8
    model_locked
    status=$?
    exec 8>&-
    return $status
}
model_locked() {
    if [ -z "$(find "$shared/good.model" -size +0 -newer "$PSMON" 2>/dev/null)" ]; then
        "$PSMON" train -c "$config" --from $FROM --to $LEARNED --name good > "$work/train.log" 2>&1 || {
            sed 's/^/# /' "$work/train.log"
            return 1
        }
        mkdir -p "$shared"
        cp "$work/state/models/good.model" "$shared/"
    else
        mkdir -p "$work/state/models"
        cp "$shared/good.model" "$work/state/models/"
        [ "$(id -u)" -ne 0 ] || chown -R psmon:psmon "$work/state"
        "$PSMON" model -c "$config" activate good > "$work/train.log" 2>&1
    fi
}
q() { "$PSMON" query -c "$config" "$@"; }
# told_alarm: the oldest that nobody has acknowledged and that was told by itself, not left to a flood's alarm
told_alarm() {
    q alarms --format csv | python3 -c 'import csv, sys
print(next(a["occurrence"] for a in csv.DictReader(sys.stdin) if a["state"] == "UNACK" and not a["flood"]))'
}
# column NAME: that column of a CSV table on standard input, without its header
column() {
    python3 -c 'import csv, sys
for row in csv.DictReader(sys.stdin): print(row[sys.argv[1]])' "$1"
}
