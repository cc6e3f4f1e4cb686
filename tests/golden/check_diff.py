#!/usr/bin/env python3
"""`pgskew diff` on pairs of recorded cases, held to their CSVs: what changed is computed here from the exports, in
decimals, and not by us. Then its ways of naming two moments, its exit codes, its schema.

    check_diff.py --bin DIR --cases DIR --schemas DIR
"""
import argparse
import csv
import datetime
import json
import pathlib
import sqlite3
import sys
import tempfile
from decimal import Decimal

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402
from validate import complaint, load_schema  # noqa: E402

USAGE, NO_INPUT = 64, 66
FIRST = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc)
STEP = datetime.timedelta(hours=36)  # a day and a half, so that a rate is no change
CASES = ["p100-healthy", "p100-warning-only", "p100-ties", "p100-hot-eighth", "mixed-warning-100", "p10-one-zero",
         "p16-chunks-without-size", "p100-all-zero", "p100-stray-rows", "p3-half-exact"]
GRAVITY = {"WARNING": "WARNING", "UNBALANCED": "CRITICAL"}


def moment(i):
    return (FIRST + i * STEP).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def case_of(directory):
    """What the export of a case says, by partition."""
    parts = {}
    for row in read(directory / "partition_health_summary.csv"):
        parts[int(row["partition_num"])] = {"health_status": row["health_status"]}
        for key in ("chunk_count", "chunk_skew", "size_skew"):
            parts[int(row["partition_num"])][key] = Decimal(row[key]) if row[key] else None
    for row in read(directory / "partition_size_distribution.csv"):
        parts[int(row["partition_num"])]["size_bytes"] = Decimal(row["size_bytes"])
    for row in read(directory / "partition_hot_spots.csv"):
        parts[int(row["partition_num"])]["hour"] = (Decimal(row["chunks_last_hour"]),
                                                    Decimal(row["hour_percentage"] or 0))
    return parts


def severity_of(kind, part):
    """How grave the finding of that kind is in one partition, by the guide's rules."""
    if part is None:
        return "NONE"
    skew = max(part["chunk_skew"], part["size_skew"])
    if kind == "partition_status":
        return GRAVITY.get(part["health_status"], "NONE")
    if kind == "recommendation":
        return "CRITICAL" if skew >= Decimal("0.5") else "WARNING" if skew >= Decimal("0.4") else "NONE"
    return "WARNING" if part["hour"][0] > 0 and part["hour"][1] >= Decimal("12.5") else "NONE"


def expected_findings(before, after):
    found = set()
    for num in before.keys() | after.keys():
        for kind in ("partition_status", "recommendation", "hot_spot"):
            was, now = severity_of(kind, before.get(num)), severity_of(kind, after.get(num))
            if was != "NONE" or now != "NONE":
                news = "new" if was == "NONE" else "resolved" if now == "NONE" else "persisting"
                found.add((news, kind, num, was, now))
    return found


def close(got, want):
    """Our double is the one nearest to the exact value, or its neighbour (a quotient of two doubles)."""
    return got is None if want is None else got is not None and abs(Decimal(got) - want) <= abs(want) * Decimal(2) ** -51


def wrong_change(row, key, before, after, days):
    """Which of the five values of one metric is wrong, or None."""
    was, now = before and before.get(key), after and after.get(key)
    change = None if was is None or now is None else now - was
    relative = None if change is None or was == 0 else change / was
    per_day = None if change is None else change / days
    for name, want in (("before", was), ("after", now), ("change", change), ("relative", relative), ("per_day", per_day)):
        got = row["%s_%s" % (key, name)]
        exact = name not in ("relative", "per_day")
        if not (close(got, want) and (not exact or got is None or Decimal(repr(got)) == want)):
            return "%s_%s is %s, not %s" % (key, name, got, want)
    return None


class Diff:
    def __init__(self, programs, tally, cases, schemas, scratch):
        self.programs, self.tally, self.cases = programs, tally, pathlib.Path(cases)
        self.schema = load_schema(pathlib.Path(schemas) / "diff.schema.json")
        self.scratch = pathlib.Path(scratch)
        self.directory = self.scratch / "snapshots"
        self.directory.mkdir()
        self.files = []
        for i, name in enumerate(CASES):
            path = self.directory / ("%d.db" % i)
            done = programs.collect("import", "-q", "--taken-at", moment(i), "-o", path, self.cases / name)
            tally.expect(done.code == 0, "import " + name, done)
            self.files.append(path)

    def diff(self, *words, code=0):
        done = self.programs.pgskew("diff", "-f", "json", *words)
        self.tally.expect(done.code == code, "diff %s: exit %d" % (" ".join(map(str, words)), code), done)
        if code <= 2:
            self.tally.expect_none([why for why in [complaint(self.schema, done.out)] if why], "the schema of a diff")
        return done

    def check_pair(self, i, j):
        what = "from %s to %s" % (CASES[i], CASES[j])
        before, after = case_of(self.cases / CASES[i]), case_of(self.cases / CASES[j])
        got = json.loads(self.diff(self.files[i], self.files[j]).out)
        days = Decimal(3 * (j - i)) / 2
        self.tally.expect(Decimal(repr(got["days"])) == days, what + ": days", got["days"])
        bad = []
        rows = {row["partition_num"]: row for row in got["partitions"]}
        for num in before.keys() | after.keys():
            row, old, new = rows.pop(num, None), before.get(num), after.get(num)
            if not row:
                bad.append("partition %d is not there" % num)
                continue
            fate = "came" if not old else "went" if not new else "kept"
            bad += [] if row["fate"] == fate else ["partition %d: %s" % (num, row["fate"])]
            for side, part in (("before", old), ("after", new)):
                if row["status_" + side] != (part and part["health_status"]):
                    bad.append("partition %d was %s %s" % (num, row["status_" + side], side))
            bad += filter(None, (wrong_change(row, key, old, new, days)
                                 for key in ("chunk_count", "size_bytes", "chunk_skew", "size_skew")))
        self.tally.expect_none(bad + ["partition %d" % num for num in rows], what)
        self.check_totals(what, got, before, after)
        self.check_findings(what, got, before, after)

    def check_totals(self, what, got, before, after):
        for key in ("chunk_count", "size_bytes"):
            was, now = (sum(part[key] for part in side.values()) for side in (before, after))
            total = got["totals"][key]
            self.tally.expect((total["before"], total["after"], total["change"]) == (was, now, now - was),
                              "%s: total %s" % (what, key), total)
        for key, status in (("warning_count", "WARNING"), ("unbalanced_count", "UNBALANCED")):
            counts = [sum(part["health_status"] == status for part in side.values()) for side in (before, after)]
            total = got["totals"][key]
            self.tally.expect([total["before"], total["after"]] == counts, "%s: %s" % (what, key), total)

    def check_findings(self, what, got, before, after):
        listed = [row for rows in got["findings"].values() for row in rows]
        self.tally.expect(all(row["news"] == news for news, rows in got["findings"].items() for row in rows),
                          what + ": each finding is listed with its own")
        found = {(row["news"], row["kind"], row["partition_num"], row["severity_before"], row["severity_after"])
                 for row in listed if row["kind"] in ("partition_status", "recommendation", "hot_spot")}
        want = expected_findings(before, after)
        self.tally.expect(found == want, what + ": findings", sorted(found ^ want)[:3])
        order = ["NONE", "WARNING", "CRITICAL"]
        fresh = [row["severity_after"] for row in listed if row["news"] == "new" or (
            row["news"] == "persisting" and order.index(row["severity_after"]) > order.index(row["severity_before"]))]
        verdict = max(fresh, key=order.index, default="NONE")
        self.tally.expect(got["verdict"] == verdict, what + ": verdict", got["verdict"])

    # ---- naming two moments ----

    def same(self, what, want, *words):
        for form in ("json", "table", "csv", "markdown"):
            a = self.programs.pgskew("diff", "-f", form, *want)
            b = self.programs.pgskew("diff", "-f", form, *words)
            self.tally.expect(a.code == 0 and (a.out, b.code, b.err) == (b.out, 0, ""), "%s -f %s" % (what, form), b)

    def check_ways(self):
        history = self.scratch / "history.db"
        done = self.programs.pgskew("pack", "-o", history, self.directory)
        self.tally.expect(done.code == 0, "pack", done)
        both = self.scratch / "both"
        both.mkdir()
        for path in self.files:
            (both / path.name).symlink_to(path)
        (both / "history.db").symlink_to(history)
        last, files = len(CASES) - 1, self.files
        self.same("the other way round", (files[0], files[3]), files[3], files[0])
        for path in (history, self.directory, both):
            name = path.name
            self.same("the newest and the one before: " + name, (files[last - 1], files[last]), path)
            self.same("--at: " + name, (files[2], files[3]), "--at", moment(3), path)
            self.same("--since: " + name, (files[4], files[last]), "--since", moment(4), path)
            self.same("--since --until: " + name, (files[1], files[6]), "--since", moment(1), "--until", moment(6), path)
            self.same("a file and the newest: " + name, (files[0], files[last]), files[0], path)

    # ---- what it may end with ----

    def check_exits(self):
        order = sorted(range(len(CASES)), key=lambda i: i)
        healthy, warning = order[0], order[1]
        self.diff("--fail-on", "critical", self.files[healthy], self.files[warning])
        self.diff("--fail-on", "warning", self.files[healthy], self.files[warning], code=1)
        self.diff("--fail-on", "warning", self.files[healthy], self.files[healthy])
        self.diff("--fail-on", "critical", self.files[healthy], self.files[CASES.index("mixed-warning-100")], code=2)
        for what, code, words, mentions in (
                ("one file alone", NO_INPUT, [self.files[0]], [moment(0)]),
                ("nothing before", NO_INPUT, ["--at", moment(0), self.directory], [moment(0)]),
                ("one in the span", NO_INPUT, ["--since", moment(9), self.directory], [moment(9)]),
                ("none in the span", NO_INPUT, ["--since", "2031-01-01T00:00:00Z", self.directory], ["span"]),
                ("three paths", USAGE, self.files[:3], ["too many"]),
                ("no such file", NO_INPUT, [self.files[0], "absent.db"], ["absent.db"])):
            done = self.diff(*words, code=code)
            self.tally.expect(all(mention in done.err for mention in mentions) and done.err.count("\n") == 1,
                              what + " is told", done.err)
        other = self.scratch / "other.db"
        self.programs.collect("import", "-q", "--taken-at", moment(1), "--table", "app.events", "-o", other,
                              self.cases / CASES[0])
        done = self.diff(self.files[0], other, code=USAGE)
        self.tally.expect("public.chunks" in done.err and "app.events" in done.err, "both series are named", done.err)

    def check_fates(self):
        """Names, OIDs and files of partitions, as a collector would have seen them."""
        paths = [self.scratch / "names-before.db", self.scratch / "names-after.db"]
        for i, path in enumerate(paths):
            self.programs.collect("import", "-q", "--taken-at", moment(i), "-o", path, self.cases / "p10-one-zero")
            connection = sqlite3.connect(path)
            connection.execute("UPDATE partition_stat SET partition_name = 'chunks_part_' || partition_num, "
                               "relid = 16400 + partition_num, relfilenode = 16400 + partition_num")
            if i == 1:
                connection.execute("UPDATE partition_stat SET partition_name = 'archive' WHERE partition_num = 3")
                connection.execute("UPDATE partition_stat SET relfilenode = 99999 WHERE partition_num = 4")
                connection.execute("UPDATE partition_stat SET partition_name = 'fresh', relid = 20000 "
                                   "WHERE partition_num = 5")
            connection.commit()
            connection.close()
        rows = json.loads(self.diff(*paths).out)["partitions"]
        told = [(row["partition_num"], row["fate"], row["rewritten"]) for row in rows
                if row["fate"] != "kept" or row["rewritten"]]
        self.tally.expect(told == [(3, "renamed", 0), (4, "kept", 1), (5, "came", 0), (5, "went", 0)], "fates", told)
        self.tally.expect([row["name_before"] for row in rows if row["fate"] == "renamed"] == ["chunks_part_3"],
                          "what it was called")
        table = self.programs.pgskew("diff", *paths).out.decode()
        self.tally.expect("PARTITIONS: 1 came, 1 went, 1 renamed, 1 rewritten or truncated\n" in table, "the sentence", table[:400])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("bin", "cases", "schemas"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        diff = Diff(Programs(options.bin), tally, options.cases, options.schemas, scratch)
        for i, j in [(i, i + 1) for i in range(len(CASES) - 1)] + [(0, 4), (4, 7), (2, 9)]:
            diff.check_pair(i, j)
        diff.check_ways()
        diff.check_exits()
        diff.check_fates()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
