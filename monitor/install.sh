#!/bin/sh
# make install, make uninstall: where what belongs to an installed psmon goes. $1: install or uninstall.
# PSMON: the binary; PREFIX; DESTDIR: a root to put it under, for packages. /etc/psmon is never overwritten, and only
# what is as it was installed is removed from there.
set -eu
psmon=${PSMON:?the path of psmon}
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}
cd "$(dirname "$0")/.."
to=$root$prefix
etc=$root/etc/psmon
doc=$to/share/doc/psmon
bash=$to/share/bash-completion/completions/psmon
zsh=$to/share/zsh/site-functions/_psmon

put() { install -D -m 644 "$1" "$2"; }
# only where there is none yet
offer() { [ -e "$3" ] || install -D -m "$1" "$2" "$3"; }

install_all() {
    install -D -m 755 "$psmon" "$to/bin/psmon"
    put monitor/psmon.1 "$to/share/man/man1/psmon.1"
    put monitor/psmon.yaml "$doc/psmon.yaml"
    for file in monitor/samples/*.csv docs/*.md; do put "$file" "$doc/$(basename "$file")"; done
    offer 640 monitor/psmon.yaml "$etc/psmon.yaml" # it will hold secrets
    offer 644 monitor/samples/fleet.csv "$etc/fleet.csv"
    put monitor/psmon.sysusers "$to/lib/sysusers.d/psmon.conf"
    put monitor/psmon.tmpfiles "$to/lib/tmpfiles.d/psmon.conf"
    install -d "$to/lib/systemd/system" "$(dirname "$bash")" "$(dirname "$zsh")"
    sed "s|@PREFIX@|$prefix|g" monitor/psmon.service > "$to/lib/systemd/system/psmon.service"
    "$psmon" completion bash > "$bash"
    "$psmon" completion zsh > "$zsh"
    [ -n "$root" ] || cat <<X
psmon is installed. Next, as root:
  systemd-sysusers && systemd-tmpfiles --create psmon.conf && systemctl daemon-reload
  edit /etc/psmon/psmon.yaml and /etc/psmon/fleet.csv ($doc/site.md says what they hold)
  psmon check-config
  psmon train --from ... --to ...     a known-good period
  systemctl enable --now psmon
X
}

uninstall_all() {
    rm -f "$to/bin/psmon" "$to/share/man/man1/psmon.1" "$to/lib/systemd/system/psmon.service" \
        "$to/lib/sysusers.d/psmon.conf" "$to/lib/tmpfiles.d/psmon.conf" "$bash" "$zsh"
    for file in monitor/psmon.yaml monitor/samples/*.csv docs/*.md; do rm -f "$doc/$(basename "$file")"; done
    ! cmp -s monitor/psmon.yaml "$etc/psmon.yaml" || rm "$etc/psmon.yaml"
    ! cmp -s monitor/samples/fleet.csv "$etc/fleet.csv" || rm "$etc/fleet.csv"
    [ ! -d "$doc" ] || rmdir --ignore-fail-on-non-empty "$doc"
    [ ! -d "$etc" ] || rmdir --ignore-fail-on-non-empty "$etc"
    [ ! -d "$etc" ] || echo "$etc stays: it was edited"
    [ -n "$root" ] || [ ! -d /var/lib/psmon ] || echo "/var/lib/psmon stays: models and history"
}

case ${1:-} in
install) install_all ;;
uninstall) uninstall_all ;;
*) echo "usage: install.sh install | uninstall" >&2; exit 2 ;;
esac
