#!/bin/sh
# Fails on a systemd unit that systemd does not read as it stands, or that gives more than it needs. Without
# systemd-analyze nothing is said.
set -eu
cd "$(dirname "$0")/../.."
EXPOSURE=14 # tenths, of `systemd-analyze security`
command -v systemd-analyze > /dev/null || { echo "service: systemd-analyze is not here, the unit was not looked at"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
printf '#!/bin/sh\n' > "$work/bin/psmon" # verify asks only whether it can be run
chmod 755 "$work/bin/psmon"
sed "s,@PREFIX@,$work,; /^Documentation=man:/d" monitor/psmon.service > "$work/psmon.service"
bad=0
systemd-analyze verify --man=no "$work/psmon.service" > "$work/said" 2>&1 || bad=1
[ ! -s "$work/said" ] || bad=1
if ! systemd-analyze security --offline=true --threshold=$EXPOSURE --no-pager "$work/psmon.service" > "$work/exposure" 2>&1; then
    grep -E '✗|Overall' "$work/exposure" || cat "$work/exposure"
    bad=1
fi
grep -q '^KillMode=mixed$' monitor/psmon.service || { echo "monitor/psmon.service: SIGTERM would go to PostgreSQL's processes too"; bad=1; }
cat "$work/said"
[ $bad -ne 0 ] || echo "service: exposure $(grep -oE 'level.*: [0-9.]+' "$work/exposure" | sed 's/.*: //'), 1.4 at most"
exit $bad
