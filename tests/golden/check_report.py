#!/usr/bin/env python3
"""The HTML report without a browser: harmless, complete, small, and its numbers those of the JSON.

    check_report.py --bin DIR --fixtures DIR
"""
import argparse
import csv
import datetime
import fractions
import gzip
import io
import json
import pathlib
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import check_names  # noqa: E402
from page import Page, faults  # noqa: E402
from programs import Programs, Tally  # noqa: E402

SITUATIONS = ("balanced", "warning", "zipf_skewed", "hot_writes", "empty", "three_partitions", "nested_range")
HISTORIES = ("packages", "flights")
EDGES = [fractions.Fraction(n, 10) for n in (-5, -3, -1, 1, 3, 5, 10, 30)]
DAY = datetime.timedelta(days=1)


def report(tally, programs, what, *paths):
    got = programs.pgskew("report", *paths)
    if not tally.expect(got.code == 0 and not got.err, what, got):
        return None
    if not tally.expect_none(faults(got.out), what):
        return None
    return Page(got.out)


def colour_of(skew):
    """0 (emptiest) .. 8, from the exact signed skew, published with 4 decimals."""
    published = fractions.Fraction(round_half_away(abs(skew) * 10000), 10000) * (1 if skew > 0 else -1)
    if skew < 0:
        return sum(published > edge for edge in EDGES)
    return sum(published >= edge for edge in EDGES)


def round_half_away(value):
    return int(value + fractions.Fraction(1, 2))


# ---- against the JSON ----

def check_health(tally, programs, page, path, what):
    body = json.loads(programs.pgskew("health", "-f", "json", path).out)
    metrics = body["metrics"]
    verdict, key = page.text("verdict"), " ".join(page.root.find(".//ul[@class='key']").itertext()) \
        if page.root.find(".//ul[@class='key']") is not None else ""
    for count, word in ((metrics["unbalanced_count"], "unbalanced"), (metrics["warning_count"], "in warning"),
                        (metrics["healthy_count"], "healthy")):
        tally.expect(("%d %s" % (count, word) in key) == (count > 0), "%s: %d %s" % (what, count, word), key)
    quiet = json.loads(programs.pgskew("health", "--noise-floor", "-f", "json", path).out)["metrics"]
    chance = not quiet["unbalanced_count"] and not quiet["warning_count"]
    word = ("" if not metrics["unbalanced_count"] and not metrics["warning_count"] else "Uneven by chance:" if chance
            else "Unbalanced:" if metrics["unbalanced_count"] else "Warning:")
    tally.expect(verdict.startswith(word) and len(verdict.split(". ")) == 1, what + ": verdict", verdict)
    alarms = [span for span in page.by_id("verdict").iter("span") if span.get("class") in ("bad", "warn")]
    tally.expect(bool(alarms) == (word in ("Unbalanced:", "Warning:") or verdict.startswith("Incomplete:")),
                 what + ": the verdict alarms where there is a reason", verdict)
    tally.expect(("more than chance explains" in verdict) == (word == "Uneven by chance:"), what + ": verdict and chance", verdict)
    rows = csv.DictReader(io.StringIO(programs.pgskew("health", "-f", "csv", path).out.decode()))
    ill = [row for row in rows if row["health_status"] != "HEALTHY"]
    ill.sort(key=lambda row: (["UNBALANCED", "WARNING", ""].index(row["health_status"]),
                              -max(float(row[skew] or -1) for skew in ("chunk_skew", "size_skew"))))
    if not ill:
        tally.expect(page.by_id("attention") is None, what + ": nothing needs attention")
        return
    rows = page.table("attention")
    shown = [dict(zip(rows[0], row)) for row in rows[1:]]
    tally.expect(len(shown) == min(len(ill), 20), what + ": rows that need attention", len(shown))
    for want, row in zip(ill, shown):
        tally.expect((want["partition_num"], want["health_status"], "%.4f" % float(want["chunk_skew"])) ==
                     (row["partition"], row["status"], row["chunk skew"]), what + ": attention", row)
    if len(ill) > 20:
        tally.expect("Left out here: %d more partitions" % (len(ill) - 20) in page.text("attention"),
                     what + ": says what it left out")


def check_floor(tally, programs, page, path, what):
    floor = json.loads(programs.pgskew("full", "-f", "json", path).out)["metrics"]["noise_floor"]["chunk_floor"]
    if floor is not None and page.by_id("distribution") is not None:
        tally.expect("below %.4f " % floor in page.text("distribution"), what + ": noise floor", floor)


def check_situations(tally, programs, fixtures):
    for situation in SITUATIONS:
        path = fixtures / situation / "snapshot.db"
        page = report(tally, programs, situation, path)
        if not page:
            continue
        check_health(tally, programs, page, path, situation)
        check_floor(tally, programs, page, path, situation)
        tally.expect("Nothing to compare with yet" in page.text("week") and "No forecast yet" in page.text("next"),
                     situation + ": a single moment has no past")
        tally.expect(page.by_id("heat") is None and page.by_id("growth") is None,
                     situation + ": no picture of a history that is not there")
        again = programs.pgskew("report", path, env={"TZ": "Asia/Tokyo", "LC_ALL": "C"})
        tally.expect(again.out.decode() == page.raw, situation + ": the same bytes again")


# ---- against the long CSV ----

def read_history(path):
    """{moment: {partition: chunks}}"""
    moments = {}
    with gzip.open(path, "rt", encoding="ascii") as file:
        for row in csv.DictReader(file):
            at = datetime.datetime.fromisoformat(row["taken_at"].replace("Z", "+00:00"))
            moments.setdefault(at, {})[int(row["partition_num"])] = int(row["chunk_count"])
    return moments


def expected_columns(moments, n_columns):
    """The state of the last day observed of every so many, counted back from the newest moment."""
    last = max(moments)
    days = {}
    for at in sorted(moments):
        days[(last - at) // DAY] = moments[at]
    step = -(-(max(days) + 1) // n_columns)
    columns = {}
    for age in sorted(days, reverse=True):
        columns[age // step] = days[age]
    return [columns[age] for age in sorted(columns, reverse=True)]


def check_heat(tally, page, moments, what):
    columns = expected_columns(moments, 180)
    rows, n_columns, cells = page.heat()
    tally.expect(n_columns == len(columns), what + ": columns of the heat map", (n_columns, len(columns)))
    numbers = [int(re.match(r"partition (\d+): ", name).group(1)) for name in page.heat_names()]
    tally.expect(sorted(numbers) == sorted(columns[-1]), what + ": a row for every partition")
    wrong = 0
    for c, state in enumerate(columns):
        total = sum(state.values())
        for r, number in enumerate(numbers):
            skew = fractions.Fraction(state[number] * len(state), total) - 1
            wrong += cells.get((r, c)) != colour_of(skew)
    tally.expect(wrong == 0, what + ": colours", "%d of %d cells" % (wrong, rows * n_columns))
    now = columns[-1]
    tally.expect(numbers == sorted(now, key=lambda p: (-now[p], p)), what + ": the fullest on top", numbers[:5])


def check_histories(tally, programs, fixtures, scratch):
    for name in HISTORIES:
        source, history = fixtures / "histories" / (name + ".csv.gz"), scratch / (name + ".db")
        text = scratch / (name + ".csv")
        with gzip.open(source) as packed, open(text, "wb") as out:
            shutil.copyfileobj(packed, out)
        got = programs.collect("import-history", "-q", "-o", history, text)
        page = got.code == 0 and report(tally, programs, name, history)
        if tally.expect(bool(page), name + " is reported", got):
            check_health(tally, programs, page, history, name)
            check_heat(tally, page, read_history(source), name)
            for threads in (1, 3):
                again = programs.pgskew("report", "--threads", threads, history)
                tally.expect(again.out.decode() == page.raw, "%s: the same bytes with %d threads" % (name, threads))
            check_week(tally, programs, history, page, name)
            tally.expect(str(history) in page.text("provenance"), name + ": names its file")


# ---- since last week ----

def check_week(tally, programs, history, page, what):
    """The card says what pgskew diff says of the moment a week ago, or of the one before that."""
    moments = [row["taken_at"] for row in json.loads(programs.pgskew("list", "-f", "json", history).out)]
    at = [datetime.datetime.fromisoformat(m.replace("Z", "+00:00")) for m in moments]
    before = max(t for t in at if at[-1] - t >= 7 * DAY)
    got = programs.pgskew("diff", "-f", "json", "--since", before.isoformat().replace("+00:00", "Z"), history)
    card, totals = page.text("week"), {}
    if tally.expect(got.code == 0, what + ": diff", got):
        totals = json.loads(got.out)["totals"]
    tally.expect(str(before.date()) in card, what + ": which moment it compares with", card)
    for metric, word in (("unbalanced_count", "Unbalanced"), ("warning_count", "In warning")):
        row = totals.get(metric, {})
        if row.get("before") == row.get("after") == 0:
            continue
        sentence = "%s: still %s." % (word, row.get("after")) if row.get("change") == 0 else \
            "%s: %s, now %s." % (word, row.get("before"), row.get("after"))
        tally.expect(sentence in card, what + ": " + sentence, card)
    calm = not any(totals[metric][side] for metric in ("unbalanced_count", "warning_count") for side in ("before", "after"))
    tally.expect(("Nothing got out of balance." in card) == calm, what + ": nothing happened", card)
    change = totals.get("chunk_count", {}).get("change", 0)
    tally.expect("{:+,} chunks".format(change) in card, what + ": chunks since then", card)


# ---- snapshot files instead of a history ----

def check_directory(tally, programs, scratch):
    """The snapshots of a history give its page: all but where it comes from."""
    history, directory = scratch / "packages.db", scratch / "snapshots"
    directory.mkdir()
    got = programs.pgskew("export", "-f", "snapshot", "-o", directory, history)
    if not tally.expect(got.code == 0, "packages as snapshot files", got):
        return
    one, other = report(tally, programs, "packages", history), report(tally, programs, "its files", directory)
    if one and other:
        pages = [re.sub(r'<section id="provenance">.*', "", page.raw, flags=re.S) for page in (one, other)]
        tally.expect(pages[0] == pages[1], "the same page from snapshot files")
        tally.expect("Left out here: 20 older files" in other.text("provenance"), "files that are not listed",
                     other.text("provenance"))


# ---- hostile names, many partitions ----

def check_hostile(tally, programs, scratch):
    export, snapshot = scratch / "export", scratch / "hostile.db"
    export.mkdir()
    check_names.write_export(export)
    shown = ["<script>alert(1)</script>", "&amp;", "=cmd|' /C calc'!A0", "[link](http://x)", "quote\"s", "'single'"]
    names = shown + [name for name in check_names.NAMES if name not in shown]
    with open(export / "partition_chunk_distribution.csv", "w", encoding="utf-8") as out:
        out.write("partition_num,chunk_count\n" + "".join("%d,%d\n" % (i, 1000 - 20 * i) for i in range(len(names))))
    with open(export / "partition_size_distribution.csv", "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(["partition_num", "partition_name", "size_bytes"])
        for i, name in enumerate(names):
            writer.writerow([i, name, 1000 - 20 * i])
    table = 'public."</title><script>alert(1)</script>"'
    got = programs.collect("import", "--taken-at", check_names.TAKEN, "--table", table, "--source",
                           "\"><img src=x onerror=alert(1)>", "-o", snapshot, export)
    page = got.code == 0 and report(tally, programs, "hostile names", snapshot)
    if not tally.expect(bool(page), "hostile names are reported", got):
        return
    tally.expect(table in page.text("verdict") or table in "".join(page.root.itertext()), "the table's name is text")
    words = "".join(page.root.itertext())
    for name in shown:
        tally.expect(name in words, "%r is text" % name)
    tally.expect("<script" not in page.raw and "<img" not in page.raw, "no element comes from a name")


def check_many(tally, programs, scratch):
    """10,000 partitions, two thirds of them unbalanced, over 60 days."""
    text = io.StringIO()
    text.write("taken_at,partition_num,chunk_count,size_bytes\n")
    for day in range(60):
        at = (datetime.date(2026, 1, 1) + DAY * day).isoformat()
        for p in range(10000):
            count = (p * 7919 % 10000) // 10 + day * (p % 13)
            text.write("%sT00:00:00Z,%d,%d,%d\n" % (at, p, count, count * 1000))
    path, history = scratch / "many.csv", scratch / "many.db"
    path.write_text(text.getvalue(), encoding="ascii")
    got = programs.collect("import-history", "-q", "-o", history, path)
    page = got.code == 0 and report(tally, programs, "10,000 partitions", history)
    if not tally.expect(bool(page), "10,000 partitions are reported", got):
        return
    print("10,000 partitions: %d bytes" % len(page.raw.encode()))
    tally.expect(page.heat()[0] == 100, "a heat map of 100 rows")
    tally.expect("Left out here: 9,900 partitions" in page.text("heat"), "says how many have no row")
    for section in ("attention", "hot"):
        tally.expect(re.search(r"Left out here: [0-9,]{4,}|and [0-9,]{4,} more", page.text(section) or ""),
                     section + " says what it left out")
    tally.expect("10,000 partitions" in page.text("distribution"), "says for how many the bars stand")


def check_refusals(tally, programs, scratch, fixtures):
    got = programs.pgskew("report", scratch / "absent.db")
    tally.expect(got.code == 66 and not got.out, "nothing to report", got)
    got = programs.pgskew("report", "-f", "json", fixtures / "balanced" / "snapshot.db")
    tally.expect(got.code == 64, "a report has one format", got)
    got = programs.pgskew("report", "--fail-on", "critical", "-o", scratch / "r.html",
                          fixtures / "zipf_skewed" / "snapshot.db")
    tally.expect(got.code == 2 and (scratch / "r.html").stat().st_size > 10000, "a verdict and a page", got)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    options = parser.parse_args()
    programs, tally, fixtures = Programs(options.bin), Tally(), pathlib.Path(options.fixtures).resolve()
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        check_situations(tally, programs, fixtures)
        check_histories(tally, programs, fixtures, scratch)
        check_directory(tally, programs, scratch)
        check_hostile(tally, programs, scratch)
        check_many(tally, programs, scratch)
        check_refusals(tally, programs, scratch, fixtures)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
