#!/bin/sh
# Installs the Debian packages named on the command line that are missing, and makes the unprivileged
# user that psmon becomes when started as root. Does nothing, and asks no network, when all is there.
set -eu
missing=
for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
need_user=
[ "$(id -u)" -ne 0 ] || id psmon >/dev/null 2>&1 || need_user=1
[ -n "$missing$need_user" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        sudo=sudo
    else
        echo "psmon needs packages that are not installed; as root, run:" >&2
        echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
        exit 1
    fi
fi
if [ -n "$missing" ]; then
    echo "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends -o Dpkg::Options::=--force-confold"
    $sudo apt-get -q update
    # PostgreSQL's packages start a cluster of their own unless told otherwise first
    case $missing in *postgresql*)
        $apt install postgresql-common
        conf=/etc/postgresql-common/createcluster.conf
        if ! grep -q '^create_main_cluster *= *false' $conf 2>/dev/null; then
            $sudo sed -i '/^#* *create_main_cluster/d' $conf
            echo 'create_main_cluster = false' | $sudo tee -a $conf >/dev/null
        fi ;;
    esac
    # shellcheck disable=SC2086
    $apt install $missing || {
        echo "these packages could not be installed:$missing" >&2
        echo "(apt's reason stands above; without a network, bring them and run make again)" >&2
        exit 1
    }
fi
if [ -n "$need_user" ]; then
    useradd --system --user-group --home-dir /var/lib/psmon --shell /usr/sbin/nologin psmon
fi
