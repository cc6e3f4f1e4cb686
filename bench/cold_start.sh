#!/bin/sh
# How long does one answer take, from nothing? `pgskew health` on a snapshot of 100 partitions
# against a Python script that only reads the same file with sqlite3 and prints it as JSON. Fails
# below 15 times faster.
#
#   cold_start.sh BINDIR
set -eu
bin=$(cd "$1" && pwd)
fixtures=$(cd "$(dirname "$0")/../fixtures" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$bin/pgskew-collect" import --taken-at 2026-11-20T06:00:00Z -o "$scratch/snap.db" \
    "$fixtures/zipf_skewed/export"
cat >"$scratch/read.py" <<'END'
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.row_factory = sqlite3.Row
rows = [dict(row) for row in db.execute("SELECT * FROM partition_stat")]
print(json.dumps(rows))
END
python=/usr/bin/python3
[ -x $python ] || python=python3

hyperfine --shell=none --warmup 5 --min-runs 50 --style basic --export-csv "$scratch/times.csv" \
    -n pgskew "$bin/pgskew health -f json $scratch/snap.db" \
    -n python "$python $scratch/read.py $scratch/snap.db"
awk -F, '
    NR > 1 { median[$1] = $4 }
    END {
        ratio = median["python"] / median["pgskew"]
        printf "health %.2f ms, python %.2f ms: %.1f times faster (promised: 15)\n",
            median["pgskew"] * 1000, median["python"] * 1000, ratio
        exit ratio < 15
    }' "$scratch/times.csv"
