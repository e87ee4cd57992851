#!/bin/sh
# The committed tree in a minimal Debian 12: git and make, then what a newcomer types. As root; needs debootstrap and
# the network. $1: a folder for it (made, and kept; the system inside is made once); MIRROR: of Debian.
set -eu
root=$1
mirror=${MIRROR:-$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\) bookworm .*/\2/p; s/^URIs: *\(http[^ ]*debian\)\/\{0,1\} *$/\1/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)}
[ "$(id -u)" -eq 0 ] || { echo "release-check makes a system of its own: it needs root" >&2; exit 1; }
mkdir -p "$root"
if [ ! -e "$root/made" ]; then
    debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$root/debian" "${mirror:-http://deb.debian.org/debian}"
    touch "$root/made"
fi
debian=$root/debian
# names, proxies and package sources of this machine
cp /etc/resolv.conf "$debian/etc/" 2>/dev/null || true
cp /etc/apt/apt.conf.d/*proxy* "$debian/etc/apt/apt.conf.d/" 2>/dev/null || true
for d in proc sys dev; do mountpoint -q "$debian/$d" || mount --rbind --make-rslave "/$d" "$debian/$d"; done
trap 'for d in proc sys dev; do umount -R -l "$debian/$d"; done' EXIT
trap 'exit 1' INT TERM
rm -rf "$debian/psmon"
git clone -q --no-hardlinks . "$debian/psmon"
inside() {
    echo "== $*"
    chroot "$debian" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb ${http_proxy:+http_proxy="$http_proxy"} \
        ${https_proxy:+https_proxy="$https_proxy"} sh -ec "cd /psmon && $*"
}
inside make deps
inside make
inside make install DESTDIR=/tmp/psmon-installed
inside /tmp/psmon-installed/usr/local/bin/psmon version
inside make quick
echo "release-check: deps, build, install and quick pass in a minimal Debian"
