#!/usr/bin/env python3
"""scan against exact fractions, and the same bytes at every instruction level and thread count.

    check_scan.py --bin DIR --histories DIR

The made histories have partitions that come, go and are not measured, moments without a chunk, gaps in
time, more than one block and more than one partition group. Expected values share nothing with pgskew:
sums and lines are fractions, statuses PostgreSQL's numeric division in Python integers.
"""
import argparse
import csv
import datetime
import gzip
import io
import math
import pathlib
import random
import sys
import tempfile
from fractions import Fraction

sys.dont_write_bytecode = True
from numeric import Num  # noqa: E402
from programs import Programs, Tally  # noqa: E402

START = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
LEVELS, THREADS, USAGE = ("base", "v3", "v4"), (1, 2, 7), 64


def skew(x, seen, total):
    even = Num(10, 1) / Num(seen)
    return (Num(x) / Num(total)).distance(even) / even


def made(seed, parts, moments):
    """(taken_at, partition_num, chunk_count, size_bytes) rows; None: not observed."""
    rng = random.Random(seed)
    chunks, sizes = [rng.randrange(500) for _ in range(parts)], [rng.randrange(1 << 33) for _ in range(parts)]
    born = [0 if p % 7 else rng.randrange(moments) for p in range(parts)]
    gone = [moments if p % 11 else rng.randrange(moments) for p in range(parts)]
    hour = 0
    for t in range(moments):
        hour += rng.choice((1, 1, 1, 5))
        at = (START + datetime.timedelta(hours=hour)).isoformat().replace("+00:00", "Z")
        for p in range(parts):
            chunks[p] = max(0, chunks[p] + rng.randrange(-9, 12) + (rng.randrange(90000) if rng.random() < .01 else 0))
            sizes[p] += 8192 * rng.randrange(3)
            if born[p] <= t < max(gone[p], born[p] + 1) or p == 0:
                silent = rng.random() < .02 and p
                yield at, p, None if silent else 0 if t % 50 == 3 else chunks[p], sizes[p]


def line(points):
    """Slope per day and R2 of [(seconds, y)], exactly; None where there is none."""
    n = len(points)
    if n < 2:
        return None, None
    x0 = points[0][0]
    xs, ys = [Fraction(x - x0, 86400) for x, _ in points], [Fraction(y) for _, y in points]
    mx, my = sum(xs) / n, sum(ys) / n
    xx = sum((x - mx) ** 2 for x in xs)
    xy = sum((x - mx) * (y - my) for x, y in zip(xs, ys))
    yy = sum((y - my) ** 2 for y in ys)
    return (xy / xx if xx else None), (xy * xy / (xx * yy) if xx and yy else None)


class Scan:
    def __init__(self, programs, tally, scratch):
        self.programs, self.tally, self.scratch = programs, tally, pathlib.Path(scratch)

    def pack(self, name, rows):
        path = self.scratch / (name + ".csv")
        with path.open("w") as out:
            out.write("taken_at,partition_num,chunk_count,size_bytes\n")
            for at, p, chunks, size in rows:
                out.write("%s,%d,%s,%d\n" % (at, p, "" if chunks is None else chunks, size))
        done = self.programs.collect("import-history", "-q", "-o", self.scratch / (name + ".db"), path)
        self.tally.expect(done.code == 0, "%s is packed" % name, done)
        return self.scratch / (name + ".db")

    def ask(self, history, by, level=None, threads=None, form="csv", span=()):
        done = self.programs.pgskew("scan", "--by", by, "-f", form, history, *span,
                                    *(("--threads", threads) if threads else ()),
                                    env={"PGSKEW_SIMD": level} if level else {})
        if level and done.code == USAGE and "no instruction level" in done.err:
            return None
        self.tally.expect(done.code == 0, "scan --by %s" % by, done)
        return done.out

    def near(self, what, got, want):
        if want is None:
            good = got == ""
        else:
            good = got != "" and abs(Fraction(float(got)) - want) <= abs(want) * Fraction(1, 10 ** 10) + Fraction(1, 10 ** 15)
        self.tally.expect(good, what, "%s, not %s" % (got, None if want is None else float(want)))

    def check_moment(self, row, cells):
        at = row["taken_at"]
        for key, total_key, index in (("chunk", "total_chunks", 2), ("size", "total_size_bytes", 3)):
            seen = [c[index] for c in cells if c[index] is not None]
            total, n = sum(seen), len(seen)
            self.tally.expect(int(row[total_key]) == total, "%s at %s" % (total_key, at), row[total_key])
            if not n:
                continue
            skews = [skew(x, n, total) for x in seen] if total else []
            far = sum(s >= Num(5, 1) for s in skews)
            near = sum(s >= Num(3, 1) for s in skews) - far
            self.tally.expect((int(row[key + "_warning_count"]), int(row[key + "_unbalanced_count"])) == (near, far),
                              "%s statuses at %s" % (key, at), (near, far))
            self.near("max_%s_skew at %s" % (key, at), row["max_%s_skew" % key],
                      max(abs(Fraction(x * n, total) - 1) for x in seen) if total else Fraction(0))
            if key == "chunk" and n > 1:
                mean = Fraction(total, n)
                variance = sum((x - mean) ** 2 for x in seen) / (n - 1)
                self.near("mean at " + at, row["avg_chunks_per_partition"], mean)
                self.near("stddev at " + at, row["chunk_count_stddev"], Fraction(math.sqrt(variance)))
                self.tally.expect((int(float(row["min_chunk_count"])), int(float(row["max_chunk_count"]))) ==
                                  (min(seen), max(seen)), "extremes at " + at)

    def check_partition(self, row, points, totals):
        p = row["partition_num"]
        values = [y for _, y, _ in points]
        self.tally.expect(int(row["n"]) == len(values), "n of %s" % p, row["n"])
        if not values:
            return
        want = [values[0], values[-1], min(values), max(values)]
        got = [int(row[k + "_chunk_count"]) for k in ("first", "last", "min", "max")]
        self.tally.expect(got == want, "first, last, min, max of %s" % p, (got, want))
        slope, r2 = line([(x, y) for x, y, _ in points])
        self.near("slope of %s" % p, row["chunk_slope_per_day"], slope)
        self.near("R2 of %s" % p, row["chunk_r2"], r2)
        slope, r2 = line([(x, Fraction(y, totals[at])) for x, y, at in points if totals[at]])
        self.near("share slope of %s" % p, row["share_slope_per_day"], slope)
        self.near("share R2 of %s" % p, row["share_r2"], r2)

    def check_values(self, history, rows, span=()):
        moments, partitions = {}, {p: [] for _, p, _, _ in rows}
        rows = [cell for cell in rows if not span or span[1] <= cell[0] <= span[3]]
        for cell in rows:
            moments.setdefault(cell[0], []).append(cell)
        totals = {at: sum(c[2] or 0 for c in cells) for at, cells in moments.items()}
        for at, p, chunks, _ in rows:
            seconds = int(datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp())
            if chunks is not None:
                partitions[p].append((seconds, chunks, at))
        by_moment = list(csv.DictReader(io.StringIO(self.ask(history, "moment", span=span).decode())))
        self.tally.expect([r["taken_at"] for r in by_moment] == list(moments), "a row for each moment")
        for row in by_moment:
            self.check_moment(row, moments[row["taken_at"]])
        by_partition = list(csv.DictReader(io.StringIO(self.ask(history, "partition", span=span).decode())))
        self.tally.expect({int(r["partition_num"]) for r in by_partition} == set(partitions), "a row for each partition")
        for row in by_partition:
            self.check_partition(row, partitions[int(row["partition_num"])], totals)

    def check_spans(self, history, rows, n=10):
        """Wherever a span begins, a partition may just then be away."""
        moments, rng = sorted({cell[0] for cell in rows}), random.Random(len(rows))
        for _ in range(n):
            since, until = sorted(rng.choices(moments, k=2))
            self.check_values(history, rows, ("--since", since, "--until", until))

    def check_same(self, history):
        for by in ("total", "moment", "partition"):
            for form in ("csv", "json", "table", "markdown"):
                want = self.ask(history, by, form=form)
                for level in LEVELS:
                    for threads in THREADS:
                        got = self.ask(history, by, level, threads, form)
                        self.tally.expect(got is None or got == want, "%s as %s: the same bytes at %s with %d threads"
                                          % (by, form, level, threads))


def recorded(path):
    with gzip.open(path, "rt") as lines:
        return [(r["taken_at"], int(r["partition_num"]), int(r["chunk_count"]), int(r["size_bytes"]))
                for r in csv.DictReader(lines)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--histories", required=True)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        scan = Scan(Programs(options.bin), tally, scratch)
        cases = {"two_blocks": list(made(1, 9, 300)), "two_groups": list(made(2, 300, 30)),
                 "one": list(made(3, 1, 2)), "flights": recorded(pathlib.Path(options.histories) / "flights.csv.gz")}
        for name, rows in cases.items():
            history = scan.pack(name, rows)
            scan.check_values(history, rows)
            if name.startswith("two"):
                scan.check_spans(history, rows)
                scan.check_same(history)
        refused = scan.programs.pgskew("scan", history, env={"PGSKEW_SIMD": "v9"})
        tally.expect(refused.code == USAGE and "v9" in refused.err, "an unknown level is an error", refused)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
