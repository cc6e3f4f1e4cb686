#!/bin/sh
# What does one snapshot cost the server? Collecting 2,000,000 chunks and asking for their health,
# against a plain psql that runs the three aggregates of the guide's views, which is what one
# health call used to cost. Both in turn, five times; medians. Fails above 0.45 of psql.
#
#   PGSKEW_TEST_PG="host=... user=..." collect.sh BINDIR [ROWS]
set -eu
bin=$(cd "$1" && pwd) rows=${2:-2000000}
load=$(cd "$(dirname "$0")/../fixtures/reference/live" && pwd)/zipf-skewed-100.sql
[ -n "${PGSKEW_TEST_PG:-}" ] || { echo "SKIPPED: PGSKEW_TEST_PG is not set" && exit 77; }

database=pgskew_bench_$$
db="$PGSKEW_TEST_PG dbname=$database"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; psql -qXd "$PGSKEW_TEST_PG" -c "DROP DATABASE $database"' EXIT
psql -qXd "$PGSKEW_TEST_PG" -c "CREATE DATABASE $database"
echo "loading $rows chunks"
psql -qX -v rows="$rows" -d "$db" -f "$load" >/dev/null
psql -qXd "$db" -c "VACUUM" -c "CHECKPOINT"

aggregates() {
    psql -qXAt -d "$db" <<'END'
SELECT partition_key, count(*), count(DISTINCT document_id), count(DISTINCT collection_id),
       avg(token_count)
FROM chunks GROUP BY partition_key;
SELECT partition_key, count(*) FILTER (WHERE created_at >= now() - interval '1 hour'),
       count(*) FILTER (WHERE created_at >= now() - interval '1 day'),
       count(*) FILTER (WHERE created_at >= now() - interval '7 days')
FROM chunks GROUP BY partition_key;
SELECT partition_key, max(created_at) FROM chunks GROUP BY partition_key;
END
}

collect_and_ask() {
    rm -f "$scratch/snap.db"
    "$bin/pgskew-collect" snapshot -d "$db" -o "$scratch/snap.db" 2>/dev/null
    "$bin/pgskew" health "$scratch/snap.db"
}

# time_of NAME: append its milliseconds to a file of that name
time_of() {
    began=$(date +%s%N)
    "$1" >/dev/null
    echo $((($(date +%s%N) - began) / 1000000)) >>"$scratch/$1"
}

median() {
    sort -n "$scratch/$1" | sed -n 3p
}

aggregates >/dev/null # warm: both find the table in memory
for round in 1 2 3 4 5; do
    time_of aggregates
    time_of collect_and_ask
done
theirs=$(median aggregates) ours=$(median collect_and_ask)
awk -v ours="$ours" -v theirs="$theirs" 'BEGIN {
    printf "collect and health %d ms, three aggregates %d ms: %.2f of it (promised: 0.45)\n",
        ours, theirs, ours / theirs
    exit ours > 0.45 * theirs
}'
