#!/usr/bin/env python3
"""`pgskew trend` on recorded and made histories: the same bytes from a history and from its snapshots, for
every thread count and instruction level, and at a moment whatever came later; growth and crossings against
sums made here; schema, formats and errors.

    check_trend.py --bin DIR --histories DIR --schemas DIR
"""
import argparse
import csv
import datetime
import gzip
import io
import json
import math
import pathlib
import random
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402
from validate import complaint, load_schema  # noqa: E402

START = datetime.datetime(2025, 1, 6, 5, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
FORMATS, NO_INPUT, USAGE = ("table", "json", "csv", "markdown"), 66, 64


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def made(seed, parts, days, per_day=1, events=True):
    """{time: {partition: (rows, bytes)}}: even growth and noise; one partition runs away; with `events` one
    comes, one goes, one is truncated, one loaded, and three days are missing."""
    rng = random.Random(seed)
    rows = {p: 20000 + 500 * p for p in range(parts)}
    out = {}
    for step in range(days * per_day):
        at = START + step * DAY / per_day
        day = step // per_day
        for p in rows:
            rows[p] += rng.randrange(20, 60) + (80 if p == 1 else 0)
        if events and step == 30 * per_day:
            rows[2] = 100
        if events and step == 35 * per_day:
            rows[3] += 15000
        if events and 40 <= day < 43:
            continue
        out[at] = {p: (n, 120 * n + 8192) for p, n in rows.items()
                   if not (events and ((p == 4 and day < 20) or (p == 5 and day >= 50)))}
    return out


def text_of(history, names=None):
    lines = ["taken_at,partition_num,partition_name,chunk_count,size_bytes"]
    for at, parts in history.items():
        for p, (rows, size) in sorted(parts.items()):
            name = names(at, p) if names else "chunks_part_%02d" % p
            lines.append("%s,%d,%s,%d,%d" % (stamp(at), p, name, rows, size))
    return "\n".join(lines) + "\n"


class Trends:
    def __init__(self, programs, tally, scratch, schemas):
        self.programs, self.tally, self.scratch = programs, tally, pathlib.Path(scratch)
        self.schema = load_schema(schemas / "monitoring_result.schema.json")

    def imported(self, name, text):
        source, target = self.scratch / (name + ".csv"), self.scratch / (name + ".db")
        source.write_text(text)
        done = self.programs.collect("import-history", "-q", "--source", "made", "-o", target, source)
        self.tally.expect(done.code == 0, "import " + name, done)
        return target

    def answer(self, *args, env=None):
        got = self.programs.pgskew("trend", *args, env=env)
        self.tally.expect(got.code == 0 and got.err == "", "trend of %s" % args[-1], got)
        return got.out

    def document(self, *args):
        out = self.answer("-f", "json", *args)
        self.tally.expect(complaint(self.schema, out) is None, "schema", complaint(self.schema, out))
        return json.loads(out)["metrics"]["trend"]

    def same(self, what, one, other, *options, formats=FORMATS, env=None):
        for form in formats:
            a = self.answer("-f", form, *options, one)
            b = self.answer("-f", form, *options, other, env=env)
            self.tally.expect(a == b, "%s, %s: the same bytes" % (what, form))

    def directory(self, name, history, *options):
        target = self.scratch / name
        target.mkdir()
        done = self.programs.pgskew("export", "-f", "snapshot", "-o", target, *options, history)
        self.tally.expect(done.code == 0, "export " + name, done)
        return target

    def growth(self, what, history, target):
        """Where nothing happened, growth is the sum of daily steps, and a crossing is where the margin is 0."""
        trend = self.document("--all", target)
        times = sorted(history)
        n, last = len(times) - 1, history[times[-1]]
        total, parts = sum(r for r, _ in last.values()), len(last)
        flow = {p: (last[p][0] - history[times[0]][p][0]) / n for p in last}
        self.tally.expect(trend["days"] == n and trend["total"]["chunk_count"] == total, what + ": days and total")
        bad = []
        for row in trend["partitions"]:
            p = row["partition_num"]
            want = [flow[p], parts * last[p][0] / total - 1]
            got = [row["chunks_per_day"], row["signed_skew"]]
            for key, threshold in (("days_to_warning", .3), ("days_to_rebalance", .4), ("days_to_unbalanced", .5)):
                days = [self.crossing(parts * last[p][0] - rho * total, parts * flow[p] - rho * sum(flow.values()), sign)
                        for rho, sign in ((1 + threshold, 1), (1 - threshold, -1))]
                want.append(min(days))
                got.append(math.inf if row[key] is None else row[key])
            bad += ["partition %d: %s, not %s" % (p, got, want) for a, b in zip(got, want)
                    if not (a == b or abs(a - b) <= 1e-9 * max(1, abs(b)))]
        self.tally.expect_none(bad, what + ": growth and crossings")
        drifting = {row["partition_num"] for row in trend["partitions"] if row["skew_drifts"]}
        self.tally.expect(1 in drifting, what + ": the one that runs away drifts", drifting)
        self.tally.expect(trend["cleaning"] == [], what + ": nothing was cleaned", trend["cleaning"])

    @staticmethod
    def crossing(margin, gain, sign):
        margin, gain = sign * margin, sign * gain
        return 0 if margin >= 0 else -margin / gain if gain > 0 else math.inf

    def events(self, target):
        rows = self.document(target)["cleaning"]
        told = [(row["kind"], row["partition_num"]) for row in rows]
        self.tally.expect(told == [("born", 4), ("truncated", 2), ("loaded", 3), ("gap", None), ("dropped", 5)],
                          "every event is told once", told)

    def no_leak(self, history):
        """At a moment nothing later counts: not its counts, not its names, not that it is there."""
        times = sorted(history)
        at = times[len(times) * 2 // 3]
        whole = self.imported("whole", text_of(history))
        cut = self.imported("cut", text_of({t: v for t, v in history.items() if t <= at}))
        other = {t: v if t <= at else {p + (90 if p % 2 else 0): (3 * r + 7, 5 * s) for p, (r, s) in v.items()}
                 for t, v in history.items()}
        changed = self.imported("changed", text_of(other, lambda t, p: "other_%d" % p if t > at and p == 0 else
                                                   "chunks_part_%02d" % (p % 90)))
        files = self.directory("whole-files", whole)
        for i, path in enumerate(sorted(files.iterdir())[-20:]):
            path.unlink()
            if i % 2:
                path.write_bytes(b"was a snapshot once")
        got = self.programs.pgskew("trend", "-f", "json", "--at", stamp(at), files)
        self.tally.expect(got.code == 0 and got.out == self.answer("-f", "json", "--at", stamp(at), cut),
                          "later files removed and altered: the same bytes", got)
        for name, path in (("removed", cut), ("altered", changed)):
            self.same("later moments " + name, whole, path, "--at", stamp(at + datetime.timedelta(minutes=5)))

    def sources(self, name, history, *span):
        """--since and --until mean the same on a history and on snapshots; so do levels and threads."""
        files = self.directory(name + "-files", history)
        self.same(name, history, files)
        self.same(name + ", a span", history, files, *span)
        for threads in ("1", "7"):
            self.same(name + ", threads", history, history, "--all", "--threads", threads, formats=["json"])
        for level in ("base", "v3", "v4"):
            if self.programs.pgskew("--version", env={"PGSKEW_SIMD": level}).code == 0 and \
                    self.programs.pgskew("list", history, env={"PGSKEW_SIMD": level}).code == 0:
                self.same(name + ", level " + level, history, history, formats=["json"], env={"PGSKEW_SIMD": level})

    def ancient(self, history):
        """A snapshot from a clock that stood at 1971 is left out, and said to be."""
        old = datetime.datetime(1971, 1, 1, tzinfo=datetime.timezone.utc)
        path = self.imported("ancient", text_of({old: {1: (5, 8192)}, **history}))
        got = self.programs.pgskew("trend", "-f", "json", path)
        trend = json.loads(got.out)["metrics"]["trend"]
        self.tally.expect(got.code == 0 and got.err == "" and trend["days"] < 100, "a moment of 1971 is no part of it", got)
        first = trend["cleaning"][0]
        self.tally.expect((first["kind"], first["from"], first["at"]) == ("clock", stamp(old), stamp(old)), "and told", first)

    def future(self, history):
        """A moment from a clock that ran years ahead is left out of what the others say, and said to be; --at asks for it
        nevertheless. A pause of a year is none, nor are looks that are always years apart."""
        last = max(history)
        plain = self.imported("plain", text_of(history))
        for name, at in (("next decade", last + 4000 * DAY), ("next century", last + 30000 * DAY)):
            strange = {at: {p: (3 * n, s) for p, (n, s) in history[last].items()}}
            path = self.imported(name.replace(" ", "-"), text_of({**history, **strange}))
            for target in (path, self.directory(name.replace(" ", "-") + "-files", path)):
                for command, metrics in (("trend", "trend"), ("forecast", "forecast")):
                    got = self.programs.pgskew(command, "-f", "json", target)
                    want = json.loads(self.programs.pgskew(command, "-f", "json", plain).out)
                    body = json.loads(got.out)
                    told = body["metrics"][metrics]["cleaning"].pop()
                    self.tally.expect(body == want and got.err == "", "%s: %s of the others" % (name, command), got.err)
                    self.tally.expect((told["kind"], told["from"], told["at"], told["partition_num"]) ==
                                      ("clock", stamp(at), stamp(at), None), name + " is told", told)
                    asked = json.loads(self.programs.pgskew(command, "-f", "json", "--at", stamp(at), target).out)
                    self.tally.expect(asked["timestamp"] == stamp(at), "--at asks for it", asked["timestamp"])
                    before = self.programs.pgskew(command, "-f", "json", "--at", stamp(last), target).out
                    self.tally.expect(json.loads(before) == want, "--at the last of the others knows nothing of it")
        for name, times in (("a pause", [last + 400 * DAY]), ("a new life", [last + 4000 * DAY + i * DAY for i in range(8)])):
            path = self.imported(name.replace(" ", "-"), text_of({**history, **{t: history[last] for t in times}}))
            self.tally.expect(json.loads(self.answer("-f", "json", path))["timestamp"] == stamp(times[-1]), name + " is believed")
        rare = self.imported("rare", text_of({START + i * 1500 * DAY: {1: (i, i)} for i in range(4)}))
        self.tally.expect(json.loads(self.answer("-f", "json", rare))["metrics"]["trend"]["days"] == 4500, "years apart")

    def sentences(self):
        """A pattern is told where it shows, and a table that began anew is not one of a single day."""
        def steady(monday, last_day=1):
            rows = {START + d * DAY: {p: (10000 + 700 * p + 50 * d + monday * (d // 7), 8192) for p in range(6)}
                    for d in range(71)}
            rows[START + 70 * DAY] = {p: (int(r * last_day), size) for p, (r, size) in rows[START + 70 * DAY].items()}
            return rows
        for name, history, word, told in (("strong", steady(50), "PATTERN: writes follow the day of the week", True),
                                          ("faint", steady(2), "PATTERN", False),
                                          ("anew", steady(0, .1), "the table began anew that day", True),
                                          ("anew", steady(0, .1), "one day is no trend", False)):
            table = self.answer(self.imported("%s %s" % (name, word[:3]), text_of(history))).decode()
            self.tally.expect((word in table) == told, "%s: %s" % (name, word), table[:600])

    def formats(self, target):
        trend = self.document(target)
        self.tally.expect(len(trend["partitions"]) == 20 and trend["partition_count"] == 30, "20 of 30 are shown")
        self.tally.expect(len(self.document("--all", target)["partitions"]) == 30, "--all shows all")
        rows = list(csv.DictReader(io.StringIO(self.answer("-f", "csv", target).decode())))
        self.tally.expect([list(rows[0])] == [list(trend["partitions"][0])], "CSV and JSON have the same columns")
        for got, want in zip(rows, trend["partitions"]):
            values = ["" if v is None else v for v in want.values()]
            self.tally.expect(all(g == w or float(g) == w for g, w in zip(got.values(), values)), "CSV and JSON agree")
        table = self.answer(target).decode()
        for word in ("GROWTH: the table gains", "DRIFT: the chunk skew of", "COURSE: if all goes on", "chunks_part_"):
            self.tally.expect(word in table or word == "chunks_part_", "the table says " + word, table[:300])
        got = self.programs.pgskew("trend", "--fail-on", "critical", target)
        self.tally.expect(got.code in (0, 2) and got.out == self.answer(target), "--fail-on", got)
        for code, args in ((NO_INPUT, ("--at", "1999-01-01T00:00:00Z", target)), (NO_INPUT, ("/nowhere",)),
                           (USAGE, ("--horizon", "7", target))):
            got = self.programs.pgskew("trend", *args)
            self.tally.expect(got.code == code and got.out == b"" and got.err.count("\n") == 1, "trend %s" % (args,), got)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--histories", "--schemas"):
        parser.add_argument(name, required=True, type=pathlib.Path)
    args = parser.parse_args()
    tally, programs = Tally(), Programs(args.bin)
    with tempfile.TemporaryDirectory() as scratch:
        trends = Trends(programs, tally, scratch, args.schemas)
        even = made(1, 30, 70, events=False)
        path = trends.imported("even", text_of(even))
        trends.growth("even", even, path)
        trends.formats(path)
        eventful = made(2, 8, 60, per_day=4)
        path = trends.imported("eventful", text_of(eventful))
        trends.events(path)
        trends.sources("eventful", path, "--since", stamp(START + 10 * DAY), "--until", stamp(START + 55 * DAY))
        trends.no_leak(eventful)
        trends.ancient(eventful)
        trends.future(eventful)
        trends.sentences()
        for name in ("packages", "flights"):
            text = gzip.decompress((args.histories / (name + ".csv.gz")).read_bytes()).decode()
            path = trends.imported(name, text)
            trends.document("--all", path)
            trends.sources(name, path, "--since", "2019-01-01T00:00:00Z" if name == "packages" else "2013-11-01T00:00:00Z")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
