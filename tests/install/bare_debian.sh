#!/bin/sh
# The README's two commands on a Debian 12 that has git and a shell, and nothing else: debootstrap
# makes one, a clone of this tree goes in, and `./dev demo` and `./dev test` do the rest. Before
# that, a user who may not install packages must be told which ones, in one sentence.
#
#   bare_debian.sh SOURCE_DIR        as root; needs debootstrap; says SKIPPED otherwise
set -eu
source=$1
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo "SKIPPED: needs root and debootstrap"
    exit 77
fi

bare=$(mktemp -d)
chmod 755 "$bare" # it becomes somebody's /
trap 'rm -rf --one-file-system "$bare"' EXIT
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$bare" >"$bare.log" 2>&1 ||
    { cat "$bare.log" && exit 1; }
rm -f "$bare.log"
cp /etc/apt/apt.conf.d/99* "$bare/etc/apt/apt.conf.d/" 2>/dev/null || : # how this machine reaches Debian
git clone -q "$source" "$bare/srv/pgskew"

inside() {
    chroot "$bare" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" </dev/null
}

chroot "$bare" useradd --create-home guest
if said=$(chroot "$bare" su guest -c 'cd /srv/pgskew && ./dev demo' 2>&1); then
    echo "a guest could run ./dev demo without its packages" && exit 1
fi
echo "$said"
case $said in "dev: these packages are missing"*"apt-get install gcc "*) ;; *) exit 1 ;; esac
[ "$(echo "$said" | wc -l)" = 1 ]

inside sh -c 'cd /srv/pgskew && ./dev demo'
inside sh -c 'cd /srv/pgskew && ./dev test'
