#!/usr/bin/env python3
"""Random tables, answers from a second implementation of PostgreSQL's numeric division.

    check_random.py --bin DIR --reference DIR [--rounds N] [--seed N]

The implementation in numeric.py is Python integers, here first held to the recorded
numeric-skew.csv, then used to state what `pgskew` must answer for tables that nobody recorded: any
number of partitions, counts and sizes that sit on thresholds and on the half steps of rounding.
"""
import argparse
import pathlib
import random
import sys
import tempfile

sys.dont_write_bytecode = True
from answers import json_answer  # noqa: E402
from numeric import Num, root  # noqa: E402
from programs import Programs, Tally  # noqa: E402
from reference import Exports, differences, load_csv  # noqa: E402


def skew(count, total, n_parts):
    if total == 0:
        return Num(0)
    fair = Num(10, 1) / Num(n_parts)
    return (Num(count) / Num(total)).distance(fair) / fair


def status_of(worst):
    if worst >= Num(5, 1):
        return "UNBALANCED"
    return "WARNING" if worst >= Num(3, 1) else "HEALTHY"


def stddev(counts):
    n = len(counts)
    top = n * sum(c * c for c in counts) - sum(counts) ** 2
    if top <= 0:
        return 0.0
    variance = Num(top) / Num(n * (n - 1))
    return float(str(root(variance, variance.scale)))


RECOMMENDATION = {"UNBALANCED": "Consider rebalancing affected partitions",
                  "WARNING": "Monitor partition growth", "HEALTHY": None}


def level(value, high, middle):
    return "CRITICAL" if value >= high else "WARNING" if value >= middle else "NORMAL"


class RandomTable(Exports):
    """The exports of a table that was made up."""

    def __init__(self, counts, sizes, recent):
        self.shift_us, self.counts, self.sizes, self.recent = 0, counts, sizes, recent
        n, total, size_total = len(counts), sum(counts), sum(sizes)
        self.health, stats = {}, []
        for p, (count, size) in enumerate(zip(counts, sizes)):
            by_chunks, by_size = skew(count, total, n), skew(size, size_total, n)
            status = status_of(by_chunks if by_chunks >= by_size else by_size)
            megabytes = (Num(size) / Num(10485760, 1)).rounded(4)
            kilobytes = (Num(size) / Num(count) / Num(1024)).rounded(4) if count else Num(0)
            self.health[p] = {
                "partition_num": str(p), "chunk_count": str(count), "total_chunks": str(total),
                "chunk_percentage": str(percentage(count, total)),
                "size_percentage": str(percentage(size, size_total)), "health_status": status,
                "chunk_skew": str(by_chunks.rounded(4)), "size_skew": str(by_size.rounded(4)),
                "recommendation": RECOMMENDATION[status]}
            stats.append({"partition_num": str(p), "chunk_count": str(count), "total_size_mb": str(megabytes),
                          "avg_chunk_size_kb": str(kilobytes), "created_at": None})
        self.rows = {"partition_stats": stats, "analyze_partition_skew": self.analysis()}

    def analysis(self):
        rows = []
        for metric, subject, column in (("chunk_distribution", "Chunk distribution", "chunk_skew"),
                                        ("size_distribution", "Partition size skew", "size_skew")):
            value = max((row[column] for row in self.health.values()), key=float)
            status = level(float(value), 0.5, 0.3)
            rows.append((metric, value, status, subject + {
                "CRITICAL": " exceeds critical threshold", "WARNING": " exceeds warning threshold",
                "NORMAL": " within expected range"}[status]))
        statuses = [row["health_status"] for row in self.health.values()]
        unbalanced, warning = statuses.count("UNBALANCED"), statuses.count("WARNING")
        if unbalanced:
            rows.append(("partition_health", str(unbalanced), "CRITICAL",
                         "%d partitions require rebalancing" % unbalanced))
        elif warning:
            rows.append(("partition_health", str(warning), "WARNING",
                         "%d partitions show early warnings" % warning))
        else:
            rows.append(("partition_health", "0", "NORMAL", "All partitions report healthy status"))
        hot = sum(r > 0 and percentage(r, sum(self.recent)) >= Num(125, 1) for r in self.recent)
        rows.append(("hot_partitions", str(hot), "WARNING" if hot else "NORMAL",
                     "High recent write activity detected" if hot
                     else "No abnormal recent write activity detected"))
        return [dict(zip(("metric", "value", "status", "details"), row)) for row in rows]

    def write(self, directory):
        """The three base exports, without percentages: all of them are to be computed."""
        for name, column, values in (("partition_chunk_distribution", "chunk_count", self.counts),
                                     ("partition_size_distribution", "size_bytes", self.sizes),
                                     ("partition_hot_spots", "chunks_last_hour", self.recent)):
            lines = ["partition_num," + column] + ["%d,%d" % item for item in enumerate(values)]
            (directory / (name + ".csv")).write_text("\n".join(lines) + "\n", encoding="ascii")


def percentage(part, total):
    return (Num(part * 1000, 1) / Num(total)).rounded(2) if total else Num(0)


def make_table(rng):
    n = rng.choice([1, 2, 3, 5, 6, 7, 9, 11, 12, 13, 21, 30, 64, 97, 99, 100, 101, 300])
    recent = [rng.choice([0, 0, 1, 2, 7]) for _ in range(n)]
    return RandomTable(values(rng, n), values(rng, n, 8192), recent)


def values(rng, n, unit=1):
    """Counts around an average, many of them exactly on a threshold or one step off."""
    average = rng.choice([0, 1, 10, 1000, 10 ** 4, 99999, 10 ** 6, 3 * 10 ** 9]) if n > 1 else 12345
    found = []
    while len(found) + 1 < n:
        step = rng.choice([0, 0, 0, 3, 4, 5, 10]) * rng.choice([-1, 1])
        off = average * step // 10 + rng.choice([0, 0, 0, -1, 1])
        if rng.random() < 0.2:
            off = rng.randint(-average, average)
        found += [max(0, average + off), max(0, average - off)]  # pairs keep the average exact
    found = (found + [average] * n)[:n]
    rng.shuffle(found)
    return [value * unit for value in found]


def check_table(tally, programs, table, name, directory):
    export = directory / "export"
    export.mkdir()
    table.write(export)
    snapshot = directory / "x.db"
    got = programs.collect("import", "--taken-at", "2025-10-20T10:15:00Z", "-o", snapshot, export)
    if not tally.expect(got.code == 0, name + " import", got):
        return
    deviation = stddev(table.counts) if len(table.counts) > 1 else 0.0
    for body, want in (("health", table.health_body(1760955300000000)),
                       ("statistics", table.statistics_body(deviation)),
                       ("recommendations", table.recommendations()),
                       ("health-summary", table.health_summary_body())):
        body_got = json_answer(tally, programs, name + " " + body, body, "-f", "json", snapshot)
        if body_got is not None:
            tally.expect_none(differences(want, body_got), name + " " + body)
    p = len(table.counts) // 2
    single = json_answer(tally, programs, name, "statistics", "--partition", p, "-f", "json", snapshot)
    if single is not None:
        tally.expect_none(differences(table.partition_statistics_body(p), single), name + " one partition")


def check_numeric(tally, reference):
    """The arithmetic of this file against PostgreSQL's own results."""
    wrong = []
    for row in load_csv(reference / "numeric-skew.csv"):
        found = skew(int(row["count"]), int(row["total"]), int(row["partitions"]))
        if (str(found), str(found.rounded(4)), status_of(found)) != (
                row["skew"], row["skew_rounded"], row["status"]):
            wrong.append("%s: %s" % (row, found))
    tally.expect_none(wrong, "numeric-skew.csv")
    wrong = []
    for row in load_csv(reference / "numeric-aggregate.csv"):
        counts = [int(text) for text in row["values"].split()]
        found = stddev(counts) if len(counts) > 1 else 0.0
        if found != float(row["stddev_json"]):
            wrong.append("%s: %r" % (row["values"][:60], found))
    tally.expect_none(wrong, "numeric-aggregate.csv")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--reference", required=True, help="directory of the recorded numeric-*.csv")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20251020)
    options = parser.parse_args()
    programs, tally, rng = Programs(options.bin), Tally(), random.Random(options.seed)
    check_numeric(tally, pathlib.Path(options.reference))
    for i in range(options.rounds):
        table = make_table(rng)
        name = "random table %d (seed %d, %d partitions)" % (i, options.seed, len(table.counts))
        with tempfile.TemporaryDirectory() as directory:
            check_table(tally, programs, table, name, pathlib.Path(directory))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
