#!/usr/bin/env python3
"""forecast and backtest from outside: no leak from the future, the same bytes on every machine, honest about too
little history, documents as their schemas say, and numbers that fit together.

    check_forecast.py --bin DIR --histories DIR --schemas DIR
"""
import argparse
import csv
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

LEVELS, THREADS, USAGE = ("base", "v3", "v4"), (1, 2, 5), 64
DAY = 86400


def iso(day, hour=6):
    """Noon-free ISO time of the day-th day of 2025, months as datetime gives them."""
    import datetime
    at = datetime.datetime(2025, 1, 1, hour) + datetime.timedelta(days=day)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def made(seed, parts, days, grow=True):
    """(taken_at, partition_num, chunk_count, size_bytes): steady inflow by partition, one that runs away, one born
    late, one that is dropped, one unmeasured now and then."""
    rng = random.Random(seed)
    rate = [rng.uniform(1, 9) for _ in range(parts)]
    chunks = [rng.randrange(200, 900) for _ in range(parts)]
    for day in range(days):
        for p in range(parts):
            if grow:
                chunks[p] += round(rng.gauss(rate[p] * (6 if p == 1 else 1), 2))
            if (p == 2 and day < days - 9) or (p == 3 and day > days // 2):
                continue
            count = "" if p == 4 and day % 5 == 2 else max(0, chunks[p])
            yield iso(day), p, count, max(0, chunks[p]) * 1000


class Forecasts:
    def __init__(self, programs, tally, schemas, scratch):
        self.programs, self.tally, self.scratch = programs, tally, pathlib.Path(scratch)
        self.schema = {name: load_schema(schemas / (name + ".schema.json"))
                       for name in ("forecast", "backtest", "monitoring_result")}
        self.made = 0

    def history(self, rows):
        """A history of these rows."""
        self.made += 1
        path, out = self.scratch / ("%d.csv" % self.made), self.scratch / ("%d.db" % self.made)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("taken_at", "partition_num", "chunk_count", "size_bytes"))
        writer.writerows(rows)
        path.write_text(text.getvalue())
        done = self.programs.collect("import-history", "--table", "public.chunks", "-o", out, path)
        self.tally.expect(done.code == 0, "a made history", done)
        return out

    def forecast(self, *words, code=0, env=None):
        done = self.programs.pgskew("forecast", "-f", "json", *words, env=env)
        if not self.tally.expect(done.code == code, "forecast %s: exit %d" % (words, code), done):
            return None
        for name in ("forecast", "monitoring_result"):
            why = complaint(self.schema[name], done.out)
            self.tally.expect(not why, "forecast %s, schema %s" % (words, name), why)
        return json.loads(done.out)

    def check_leak(self, rows, days):
        """Whatever came after the origin, altered or removed, the answer is the same bytes."""
        rng = random.Random(5)
        whole = self.history(rows)
        for day in days:
            at = iso(day)
            cut = self.history([row for row in rows if row[0] <= at])
            altered = self.history([row if row[0] <= at else
                                    (row[0], row[1], rng.randrange(10 ** 6), rng.randrange(10 ** 9)) for row in rows])
            for form in ("json", "csv", "table"):
                said = [self.programs.pgskew("forecast", "-f", form, "--at", at, path).out
                        for path in (whole, cut, altered)]
                self.tally.expect(said[0] and said[0] == said[1] == said[2], "nothing of the future, %s %s" % (at, form))

    def check_machines(self, history):
        for words in (("forecast", "-f", "json", "--limit", "1MB"), ("backtest", "-f", "csv", "--horizon", "1d,10d")):
            first = self.programs.pgskew(*words, "--threads", 1, history).out
            self.tally.expect(len(first) > 1000, "%s says something" % words[0])
            for n in THREADS:
                said = self.programs.pgskew(*words, "--threads", n, history).out
                self.tally.expect(said == first, "%s on %d threads" % (words[0], n))
            for level in LEVELS:
                done = self.programs.pgskew(*words, history, env={"PGSKEW_SIMD": level})
                self.tally.expect(done.code == USAGE or done.out == first, "%s at %s" % (words[0], level), done.err)

    def check_numbers(self, history):
        """Parts add up, intervals nest, probabilities fall with the threshold, crossings follow from them."""
        body = self.forecast("--horizon", "1d,7d,30d,60d", "--limit", "1.5MB", history)
        metrics = body["metrics"]["forecast"]
        for h, total in enumerate(metrics["totals"]):
            points = [p["forecast"][h] for p in metrics["partitions"] if p["forecast"][h]["chunk_count"] is not None]
            self.tally.expect(math.isclose(sum(p["chunk_count"] for p in points), total["chunk_count"], rel_tol=1e-9),
                              "the total of " + total["horizon"])
            live = len(points)
            self.tally.expect(abs(sum(p["signed_skew"] for p in points)) < 1e-9 * live, "signed skews cancel")
            for p in points:
                self.tally.expect(p["low95"] <= p["low80"] <= p["chunk_count"] <= p["high80"] <= p["high95"],
                                  "intervals nest", p)
                self.tally.expect(1 >= p["p_warning"] >= p["p_rebalance"] >= p["p_unbalanced"] >= 0, "chances fall", p)
        for part in metrics["partitions"]:
            for name, key in (("warning", "p_warning"), ("rebalance", "p_rebalance"), ("unbalanced", "p_unbalanced")):
                crossing, chances = part["crossing"][name], [p[key] for p in part["forecast"]]
                if None in chances or crossing["median"] == 0:
                    continue
                for level, at in ((.1, "p10"), (.5, "median"), (.9, "p90")):
                    reached = max(chances) >= level
                    self.tally.expect((crossing[at] is not None) == reached and (not reached or 0 < crossing[at] <= 60),
                                      "crossing %s %s" % (name, at), (crossing, chances))
        return metrics

    def check_made(self, rows, days):
        """The partition that runs away is foretold to; the one that left is not; the new one has its note."""
        history = self.history(rows)
        metrics = self.check_numbers(history)
        by = {p["partition_num"]: p for p in metrics["partitions"]}
        self.tally.expect(by[1]["forecast"][2]["signed_skew"] > by[1]["signed_skew"] + .05, "it runs away", by[1])
        self.tally.expect(by[3]["forecast"][0]["chunk_count"] is None and "not measured" in by[3]["note"], "it left")
        self.tally.expect("younger" in by[2]["note"], "it is new", by[2]["note"])
        early = self.forecast("--at", iso(100), history)
        coming = [a for a in early["alerts"] if "predicted to become UNBALANCED within 30 days" in a["message"]]
        self.tally.expect(all(a["level"] == "WARNING" and a["action"] for a in coming), "an alert is complete")
        if coming:
            self.tally.expect(self.programs.pgskew("forecast", "--fail-on", "warning", "--at", iso(100), history).code in (1, 2),
                              "--fail-on warning counts it")
        self.check_machines(history)
        self.check_leak(rows, days)

    def check_short(self, rows):
        """Fewer than 8 steps: no number at all. From there on some, with a note while it is short."""
        history = self.history(rows)
        for day in (0, 3, 7):
            body = self.forecast("--at", iso(day), history)
            for part in body["metrics"]["forecast"]["partitions"]:
                known = [v for p in part["forecast"] for k, v in p.items() if k not in ("horizon", "at") and v is not None]
                self.tally.expect(not known and part["note"].startswith("insufficient"), "day %d" % day, part)
        for day in range(8, 60):
            body = self.forecast("--at", iso(day), history)
            for part in body["metrics"]["forecast"]["partitions"]:
                missing = [k for p in part["forecast"] for k, v in p.items() if v is None and part["chunk_count"] is not None]
                self.tally.expect(not missing, "day %d: all of it" % day, part)
                note = part["note"] or ""
                self.tally.expect(day >= 20 or part["chunk_count"] is None or "low confidence" in note, "day %d" % day, note)

    def check_strange(self):
        """Tables that stand still, are empty, have one partition, or were looked at once a week or once."""
        still = self.history(list(made(1, 5, 120, grow=False)))
        self.forecast(still)
        empty = self.history([(iso(d), p, 0, 0) for d in range(90) for p in range(4)])
        for part in self.forecast(empty)["metrics"]["forecast"]["partitions"]:
            self.tally.expect(part["forecast"][0]["p_unbalanced"] < .01 and part["signed_skew"] == 0, "empty", part)
        self.forecast(self.history([(iso(d), 0, d * d, d) for d in range(90)]))
        weekly = self.forecast(self.history([row for row in made(2, 6, 200) if int(row[0][8:10]) % 7 == 1]))
        ahead = weekly["metrics"]["forecast"]["partitions"][0]
        self.tally.expect("shorter" in (ahead["note"] or ""), "a day ahead of weekly snapshots", ahead["note"])
        self.forecast(self.history([(iso(0), p, 5, 5) for p in range(3)]))
        self.forecast(self.history([(iso(d), p, 2 ** 53 // 8 - d, 2 ** 53 // 8) for d in range(40) for p in range(4)]))

    def check_cleaning(self):
        """What happened is told by both commands, and what is no growth is not foretold to go on."""
        def rows(what):
            for day in range(120):
                if what == "gap" and 60 <= day < 64:
                    continue
                for p in range(8):
                    count = 20000 + 500 * p + day * (40 + p) + (day * 7 + p * 3) % 5
                    count -= 19000 if what == "truncated" and p == 3 and day >= 110 else 0
                    count *= 2 if what == "misread" and day == 100 else 1
                    if what == "born" and p == 2 and day < 30 or what == "dropped" and p == 5 and day >= 90:
                        continue
                    yield iso(day), p, count, (50 if what == "rewritten" and p == 1 and day >= 100 else 100) * count
        told = {"nothing": [], "gap": [("gap", None)], "born": [("born", 2)], "dropped": [("dropped", 5)],
                "truncated": [("truncated", 3)], "rewritten": [("rewritten", 1)], "misread": [("misread", None), ("misread", None)]}
        usual = None
        for what, want in told.items():
            history = self.history(list(rows(what)))
            metrics = self.forecast(history)["metrics"]["forecast"]
            self.tally.expect([(row["kind"], row["partition_num"]) for row in metrics["cleaning"]] == want, what, metrics["cleaning"])
            done = self.programs.pgskew("backtest", "-f", "json", history)
            self.tally.expect(json.loads(done.out)["cleaning"] == metrics["cleaning"], what + ": backtest tells the same")
            trend = json.loads(self.programs.pgskew("trend", "-f", "json", history).out)["metrics"]["trend"]["cleaning"]
            without = [[{k: v for k, v in row.items() if k != "action"} for row in rows] for rows in (trend, metrics["cleaning"])]
            self.tally.expect(without[0] == without[1], what + ": so does trend, but for what was done", without)
            for command in ("forecast", "backtest"):
                for form in ("table", "markdown"):
                    page = self.programs.pgskew(command, "-f", form, history).out.decode()
                    missing = [row["action"] for row in metrics["cleaning"] if row["action"] not in page]
                    self.tally.expect(not missing and ("What happened" in page) == bool(want), "%s: %s as %s" % (what, command, form), missing)
            month, now = metrics["totals"][2], [p["chunk_count"] for p in metrics["partitions"] if p["chunk_count"] is not None]
            size = sum(p["forecast"][2]["size_bytes"] or 0 for p in metrics["partitions"])
            growth = month["chunk_count"] - sum(now)
            usual = usual or growth
            if what in ("truncated", "misread", "rewritten", "gap"):
                self.tally.expect(abs(growth / usual - 1) < .1, what + ": the table grows as it did", (growth, usual))
            if what == "rewritten":
                self.tally.expect(size > 100 * sum(now) - 50 * max(now), "a rewrite is no loss of bytes a month", size)

    def check_extremes(self):
        """Growth that no count can follow, and counts never seen: not known, in every form, and no number made up."""
        racing = self.history([(iso(d), p, int(1.43 ** d) if p == 0 else 1, int(1.43 ** d)) for d in range(100) for p in range(2)])
        unseen = self.history([(iso(d), p, "", 5000 + d) for d in range(100) for p in range(3)])
        for history in (racing, unseen):
            self.forecast("--horizon", "30d,365d,3650d", history)
            for form in ("table", "csv", "markdown"):
                done = self.programs.pgskew("forecast", "-f", form, "--horizon", "30d,365d,3650d", history)
                self.tally.expect(done.code == 0 and b"nan" not in done.out and b"-9" not in done.out, form, done)
        unsized = self.history([(iso(d), p, 500 + d, "") for d in range(100) for p in range(3)])
        for history, of_what in ((unseen, "chunk"), (unsized, "size")):
            for total in self.forecast(history)["metrics"]["forecast"]["totals"]:
                said = {k: v for k, v in total.items() if k not in ("horizon", "at")}
                missing = {k for k in said if k.startswith("size") == (of_what == "size")}
                self.tally.expect({k for k, v in said.items() if v is None} == missing, "the total of an unknown " + of_what, said)

    def check_usage(self, history):
        for words in (("--horizon", "7"), ("--horizon", ""), ("--horizon", "0d"), ("--horizon", "7d,7d"),
                      ("--horizon", "1w,7d"), ("--horizon", "5h"), ("--horizon", "3651d"), ("--horizon", "1d,"),
                      ("--horizon", ",".join("%dd" % d for d in range(1, 18))), ("--limit", "much"), ("--limit", "0"),
                      ("--limit", "5XB"), ("--limit", "-1")):
            done = self.programs.pgskew("forecast", *words, history)
            self.tally.expect(done.code == USAGE and words[1][:10] in done.err, "usage of " + " ".join(words), done)
        names = [p["horizon"] for p in
                 self.forecast("--horizon", "2w,48h,1d", history)["metrics"]["forecast"]["partitions"][0]["forecast"]]
        self.tally.expect(names == ["1d", "48h", "2w"], "horizons as asked, in order", names)

    def check_backtest(self, history):
        done = self.programs.pgskew("backtest", "-f", "json", history)
        why = complaint(self.schema["backtest"], done.out)
        self.tally.expect(done.code == 0 and not why, "backtest", why or done)
        body = json.loads(done.out)
        self.tally.expect(len(body["scores"]) == 15 and body["origins"] > 5, "three horizons of five methods")
        stay = [s for s in body["scores"] if s["method"] == "persistence"]
        for s in stay:
            share = s["status_changes"] / s["forecasts"]
            self.tally.expect(math.isclose(s["brier"], share, abs_tol=1e-12), "who stays errs at every change", s)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bin", "histories", "schemas"):
        parser.add_argument("--" + name, type=pathlib.Path, required=True)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        forecasts = Forecasts(Programs(options.bin), tally, options.schemas, scratch)
        rows = list(made(7, 12, 160))
        forecasts.check_made(rows, (40, 99, 158))
        forecasts.check_short(list(made(3, 5, 60)))
        forecasts.check_strange()
        forecasts.check_cleaning()
        forecasts.check_extremes()
        history = forecasts.history(rows)
        forecasts.check_usage(history)
        forecasts.check_backtest(history)
        for path in sorted(options.histories.glob("*.csv.gz")):
            if "collections" in path.name:
                continue
            text = gzip.decompress(path.read_bytes())
            source = pathlib.Path(scratch) / (path.name + ".csv")
            source.write_bytes(text)
            out = pathlib.Path(scratch) / (path.name + ".db")
            forecasts.programs.collect("import-history", "-o", out, source)
            forecasts.forecast(out)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
