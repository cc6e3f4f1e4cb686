"""Do two programs agree on the work W?

    compare.py DIR OTHER_DIR      moments.csv and partitions.csv of both

Integers and times must be equal, decimals to 1e-9 of their scale: of the value itself, of 1 for an
R2, and for a slope of what it would be with an R2 of 1, because a slope of pure noise has no digits
of its own. Columns that only one of them has do not matter.
"""
import csv
import math
import pathlib
import sys

TOLERANCE = 1e-9
EXACT = {
    "moments": ["taken_at", "partition_count", "total_chunks", "chunk_warning_count",
                "chunk_unbalanced_count", "total_size_bytes", "size_warning_count",
                "size_unbalanced_count"],
    "partitions": ["partition_num", "n", "last_chunk_count"],
}
DECIMAL = {
    "moments": ["avg_chunks_per_partition", "chunk_count_stddev", "max_chunk_skew", "max_size_skew"],
    "partitions": ["chunk_slope_per_day", "chunk_r2", "share_slope_per_day", "share_r2"],
}


def read(directory, table):
    with open(pathlib.Path(directory) / (table + ".csv"), newline="") as file:
        return list(csv.DictReader(file))


def scale(row, column):
    if column.endswith("_r2"):
        return 1.0
    value = abs(float(row[column]))
    r2 = row.get(column.replace("slope_per_day", "r2"), "") if "slope" in column else ""
    return value / math.sqrt(float(r2)) if r2 and float(r2) > 0 else value


def off(row, other, column):
    """By how much of its scale a decimal differs; empty is equal to empty only."""
    a, b = row[column], other[column]
    if a == b:
        return 0.0
    if "" in (a, b) or not math.isfinite(float(a)) or not math.isfinite(float(b)):
        return math.inf
    return abs(float(a) - float(b)) / max(scale(row, column), scale(other, column))


def differences(table, rows, others):
    """Sentences, at most one per column, and how far the decimals are apart at most."""
    said, worst = [], 0.0
    if len(rows) != len(others):
        return [f"{table}: {len(rows)} rows and {len(others)}"], math.inf
    for column in EXACT[table]:
        wrong = [(a[column], b[column], i) for i, (a, b) in enumerate(zip(rows, others))
                 if a[column] != b[column]]
        if wrong:
            said.append("%s.%s: %s is not %s in row %d, and %d more" %
                        (table, column, *wrong[0], len(wrong) - 1))
    for column in DECIMAL[table]:
        error, i = max((off(a, b, column), i) for i, (a, b) in enumerate(zip(rows, others)))
        worst = max(worst, error)
        if error > TOLERANCE:
            said.append("%s.%s: %s and %s are %.1e apart in row %d" %
                        (table, column, rows[i][column], others[i][column], error, i))
    return said, worst


def compare(directory, other):
    said, worst = [], 0.0
    for table in EXACT:
        found, error = differences(table, read(directory, table), read(other, table))
        said += found
        worst = max(worst, error)
    return said, worst


if __name__ == "__main__":
    sentences, apart = compare(*sys.argv[1:])
    print("\n".join(sentences) if sentences else "equal; decimals at most %.1e apart" % apart)
    sys.exit(bool(sentences))
