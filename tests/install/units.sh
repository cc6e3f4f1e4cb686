#!/bin/sh
# The installed systemd units: systemd finds nothing wrong with them, they are as closed as they
# claim, and the line that logs a verdict logs it as grave as it is.
#
#   units.sh SOURCE_DIR BUILD_DIR      the last needs no systemd; the rest says SKIPPED without it
set -eu
source=$1 build=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() { echo "FAIL $*" && exit 1; }

cmake --install "$build" --prefix "$root/usr" >/dev/null
units=$root/usr/lib/systemd/system
[ -s "$root/usr/lib/sysusers.d/pgskew.conf" ] || fail "no user for the units"

# ---- the verdict: the unit's own command, with a pgskew that answers what it is told to ----
mkdir "$root/fake"
cat >"$root/fake/pgskew" <<'END'
#!/bin/sh
[ "$*" = "check -w 0.4 /var/lib/pgskew/a b" ] || echo "arguments: $*"
echo "PGSKEW verdict & more | skew=0.1"
[ "$VERDICT" = 0 ] || echo "a warning" >&2
exit "$VERDICT"
END
chmod +x "$root/fake/pgskew"
unit_command() { # OPTIONS DIRECTORY
    sed -n '/^ExecStart=/,/[^\\]$/p' "$units/pgskew-check@.service" |
        sed -e 's/^ExecStart=//' -e 's/\\$//' -e 's/\$\$/$/g' \
            -e "s,\\\$PGSKEW_CHECK_OPTIONS,$1," -e "s,%S/pgskew/%i,\"$2\","
}
command=$(unit_command "-w 0.4" "/var/lib/pgskew/a b")
for expected in 0:6 1:4 2:3 3:3 70:3; do
    verdict=${expected%:*} level=${expected#*:} code=0
    said=$(VERDICT=$verdict PATH=$root/fake:$PATH sh -c "$command") || code=$?
    [ "$code" = "$verdict" ] || fail "verdict $verdict became exit $code"
    [ "$(echo "$said" | head -n 1)" = "<$level>PGSKEW verdict & more | skew=0.1" ] ||
        fail "verdict $verdict is logged as: $said"
    [ -z "$(echo "$said" | grep -v "^<$level>")" ] || fail "verdict $verdict has other levels: $said"
done

# The same with what was installed and the unit's own options: a snapshot of long ago is critical.
mkdir "$root/old"
cp "$source/fixtures/balanced/snapshot.db" "$root/old"
options=$(sed -n 's/^Environment="PGSKEW_CHECK_OPTIONS=\(.*\)"$/\1/p' "$units/pgskew-check@.service")
command=$(unit_command "$options" "$root/old")
code=0
said=$(PATH=$root/usr/bin:$PATH sh -c "$command") || code=$?
case $code$said in "2<3>PGSKEW CRITICAL: "*staleness=*) ;; *) fail "a stale snapshot: exit $code, $said" ;; esac

# ---- what systemd says ----
if ! command -v systemd-analyze >/dev/null; then
    echo "SKIPPED: systemd-analyze is not installed; the log levels are right"
    exit 77
fi
mkdir -p "$root/bin" "$root/etc"
cp /bin/sh "$root/bin/"
cp /lib/systemd/system/*.target /lib/systemd/system/*.slice /lib/systemd/system/*.socket "$units/"

verify() {
    systemd-analyze verify --root="$root" --man=no "$@" 2>&1
}
set --
for name in collect refresh check; do
    [ -e "$units/pgskew-$name@.timer" ] || continue # without PGSKEW_COLLECT there is only one
    set -- "$@" "pgskew-$name@app.service" "pgskew-$name@app.timer"
done
said=$(verify "$@") && [ -z "$said" ] || fail "systemd-analyze verify: $said"
sed -i 's/^NoNewPrivileges/NoNewPrivilege/' "$units/pgskew-check@.service"
[ -n "$(verify pgskew-check@app.service)" ] || fail "systemd-analyze verify sees no mistake at all"
sed -i 's/^NoNewPrivilege/&s/' "$units/pgskew-check@.service"

# From 0, nothing to fear, to 10; only what needs no network may not have one.
for name in collect:15 refresh:15 check:5; do
    unit=pgskew-${name%:*}@app.service
    [ -e "$units/pgskew-${name%:*}@.service" ] || continue
    systemd-analyze security --no-pager --offline=true --root="$root" --threshold="${name#*:}" "$unit" \
        >"$root/said.txt" 2>&1 || { cat "$root/said.txt" && fail "$unit is more open than it was"; }
done
