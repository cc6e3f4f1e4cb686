#!/bin/sh
# Rebuild fixtures/*/snapshot.db and fixtures/*/expected/*.json from fixtures/*/export/.
#     make_fixtures.sh BINDIR            rewrite them in place
#     make_fixtures.sh BINDIR --check    rebuild aside; exit 1 unless every byte is the same
set -eu
bin=$(cd "$1" && pwd)
fixtures=$(cd "$(dirname "$0")/../../fixtures" && pwd)

# situation, table, moment
situations='balanced public.chunks 2026-11-22T06:37:06.235077Z
warning public.chunks 2026-11-22T06:37:08.990873Z
zipf_skewed public.chunks 2026-11-22T06:37:12.833084Z
hot_writes public.chunks 2026-11-22T06:37:17.393464Z
empty public.chunks 2026-11-22T06:37:19.448171Z
three_partitions public.chunks 2026-11-20T06:00:00.250000Z'
situations="$situations
nested_range app.readings $(sed -n '2s/,.*//p' "$fixtures/nested_range/recorded.csv")"

# build SITUATION TABLE MOMENT INTO: everything is made aside first, so a failure leaves the old.
build() {
    work=$(mktemp -d "$4/.making.XXXXXX")
    "$bin/pgskew-collect" import --table "$2" --taken-at "$3" -o "$work/snapshot.db" \
        "$fixtures/$1/export"
    mkdir "$work/expected"
    for body in health statistics recommendations health-summary; do
        "$bin/pgskew" $body -f json -o "$work/expected/$body.json" "$work/snapshot.db"
    done
    chmod 644 "$work/snapshot.db" "$work"/expected/*.json
    mkdir -p "$4/$1/expected"
    mv -f "$work/snapshot.db" "$4/$1/snapshot.db"
    mv -f "$work"/expected/*.json "$4/$1/expected/"
    rmdir "$work/expected" "$work"
}

into=$fixtures
if [ "${2:-}" = --check ]; then
    into=$(mktemp -d)
    trap 'rm -rf "$into"' EXIT
fi
echo "$situations" | while read -r situation table moment; do
    build "$situation" "$table" "$moment" "$into"
done
[ "$into" != "$fixtures" ] || exit 0

differing=0
for built in "$into"/*/snapshot.db "$into"/*/expected/*.json; do
    name=${built#"$into"/}
    cmp -s "$built" "$fixtures/$name" || { echo "differs: fixtures/$name"; differing=1; }
done
exit $differing
