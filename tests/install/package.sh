#!/bin/sh
# The Debian package: lintian has no error to report of it, it holds what runs and nothing else, and in
# a Debian 12 that has nothing but a shell and man it installs with what it depends on, answers, has
# manual pages and completion, and goes without a trace.
#
#   package.sh SOURCE_DIR        as root; needs lintian, dpkg-dev and debootstrap; says SKIPPED otherwise
set -eu
source=$1
for program in lintian dpkg-shlibdeps debootstrap; do
    if [ "$(id -u)" != 0 ] || ! command -v $program >/dev/null; then
        echo "SKIPPED: needs root, and $program"
        exit 77
    fi
done

fail() {
    echo "FAIL $*"
    exit 1
}

scratch=$(mktemp -d)
chmod 755 "$scratch"
trap 'rm -rf --one-file-system "$scratch"' EXIT

cmake -S "$source" --preset package -B "$scratch/build" >"$scratch/log" 2>&1 || { cat "$scratch/log" && exit 1; }
cmake --build "$scratch/build" >"$scratch/log" 2>&1 || { cat "$scratch/log" && exit 1; }
(cd "$scratch/build" && cpack >"$scratch/log" 2>&1) || { cat "$scratch/log" && exit 1; }
deb=$(ls "$scratch"/build/*.deb)

# ---- what it holds ----
said=$(lintian --allow-root --fail-on error "$deb" 2>&1) || fail "lintian: $said"
echo "lintian: ${said:-nothing to say}"
dpkg-deb -c "$deb" >"$scratch/files"
for path in usr/bin/pgskew usr/bin/pgskew-collect usr/share/man/man1/pgskew.1.gz usr/share/doc/pgskew/copyright \
    usr/share/man/man1/pgskew-collect.1.gz usr/share/bash-completion/completions/pgskew \
    usr/share/doc/pgskew/changelog.Debian.gz usr/share/doc/pgskew/changelog.gz \
    usr/share/pgskew/grafana-pgskew.json usr/share/pgskew/schemas/snapshot_001.sql; do
    grep -q " \./$path\$" "$scratch/files" || fail "the package has no $path"
done
for unit in "$source"/src/dist/systemd/*.service "$source"/src/dist/systemd/*.timer; do
    [ ! -e "$unit" ] || grep -q "/systemd/system/$(basename "$unit")\$" "$scratch/files" || fail "no $(basename "$unit")"
done
! grep -E '\.(a|h|pc)$' "$scratch/files" || fail "the package holds what only a compiler needs"
depends=$(dpkg-deb -f "$deb" Depends)
for library in libc6 libcjson1 libcsv3 libgmp10 libpq5 libsqlite3-0 libxxhash0; do
    case $depends in *"$library "*) ;; *) fail "it does not depend on $library: $depends" ;; esac
done
dpkg-deb -x "$deb" "$scratch/tree"
! objdump -p "$scratch/tree/usr/bin/pgskew" | grep -q "NEEDED.*libpq" || fail "the analyzer links libpq"

# ---- where nothing is ----
bare=$scratch/bare
debootstrap --variant=minbase --include=man-db,bash-completion bookworm "$bare" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log" && exit 1; }
cp /etc/apt/apt.conf.d/99* "$bare/etc/apt/apt.conf.d/" 2>/dev/null || : # how this machine reaches Debian
cp "$deb" "$bare/pgskew.deb"
cp -r "$source/fixtures/three_partitions" "$bare/three_partitions"
inside() {
    chroot "$bare" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}
inside apt-get -qq -y --no-install-recommends install /pgskew.deb >"$scratch/log" 2>&1 || { cat "$scratch/log" && exit 1; }

for program in pgskew pgskew-collect; do
    inside $program --version
    inside man -w $program
    inside man $program | grep -q "EXIT STATUS" || fail "man $program"
done
inside pgskew-collect import --taken-at 2026-11-20T06:00:00.25Z -o /snap.db /three_partitions/export
inside pgskew health -f json /snap.db | diff - "$source/fixtures/three_partitions/expected/health.json" ||
    fail "the installed program answers otherwise"
offered=$(inside bash -c 'source /usr/share/bash-completion/bash_completion; _completion_loader pgskew
    COMP_WORDS=(pgskew health --col) COMP_CWORD=2; _pgskew; echo "${COMPREPLY[*]}"')
[ "$offered" = --color ] || fail "completion offers \"$offered\""

inside apt-get -qq -y purge pgskew >"$scratch/log" 2>&1 || { cat "$scratch/log" && exit 1; }
left=$(find "$bare/usr" "$bare/etc" "$bare/lib" "$bare/var/lib" -name '*pgskew*')
[ -z "$left" ] || fail "left after purging: $left"
echo "installed, used and purged in a bare Debian"
