#!/usr/bin/env python3
"""check as a monitor and a CI job use it: one line, strict performance data, and an exit code as promised.

    check_gate.py --bin DIR --fixtures DIR
"""
import datetime
import os
import re
import shutil
import sys

sys.dont_write_bytecode = True
from gate import NOW, TAKEN, alerts, run_gate  # noqa: E402
from programs import SANITIZERS  # noqa: E402
from reference import parse_json  # noqa: E402

OK, WARNING, CRITICAL, UNKNOWN = range(4)
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


# ---- a fixture repository ----

def make_repository(gate):
    """Snapshots in folders, as somebody would commit them."""
    root = gate.fresh("repository")
    for name, counts in (("healthy", [100] * 100), ("warning", [100] * 99 + [135]), ("critical", [100] * 99 + [170])):
        (root / name).mkdir()
        gate.snapshot(counts, path=root / name / "snapshot.db")
    for name in ("damaged", "newer", "minor", "empty", "foreign"):
        (root / name).mkdir()
    for name in ("damaged", "newer", "minor"):
        shutil.copyfile(root / "healthy" / "snapshot.db", root / name / "snapshot.db")
    whole = (root / "damaged" / "snapshot.db").read_bytes()
    (root / "damaged" / "snapshot.db").write_bytes(whole[:5000])
    gate.spoil(root / "newer" / "snapshot.db", "UPDATE meta SET value = '2.0' WHERE key = 'schema_version'")
    gate.spoil(root / "minor" / "snapshot.db", "UPDATE meta SET value = '1.7' WHERE key = 'schema_version'")
    (root / "foreign" / "snapshot.db").write_text("no snapshot of anybody\n")
    return root


def check_repository(gate):
    root = make_repository(gate)
    for args, code, says in [
        (("healthy",), OK, ("public.chunks", "100 partitions")),
        (("healthy/snapshot.db",), OK, ()),
        (("warning",), WARNING, ("partition 99",)),
        (("critical",), CRITICAL, ("partition 99",)),
        (("-w", "skew=0.4", "warning"), OK, ()),
        (("-c", "skew=0.3", "warning"), CRITICAL, ()),
        (("-c", "skew=1", "critical"), WARNING, ()),
        (("-c", "staleness=26h", "healthy"), OK, ()),
        (("-w", "staleness=30m", "healthy"), WARNING, ("the snapshot is 1 h 0 min old",)),
        (("-c", "staleness=30m", "healthy"), CRITICAL, ()),
        (("-c", "staleness=30m", "warning"), CRITICAL, ("partition 99", "old")),
        (("damaged/snapshot.db",), UNKNOWN, ("damaged/snapshot.db",)),
        (("newer/snapshot.db",), UNKNOWN, ("2.0", "newer/snapshot.db")),
        (("newer",), UNKNOWN, ()),
        (("empty",), UNKNOWN, ()),
        (("foreign/snapshot.db",), UNKNOWN, ()),
        (("absent.db",), UNKNOWN, ("absent.db",)),
        ((".",), UNKNOWN, ()),
        (("--at", "2020-01-01T00:00:00Z", "healthy"), UNKNOWN, ()),
        (("--table", "public.other", "healthy"), UNKNOWN, ("public.other",)),
    ]:
        gate.check("check " + " ".join(args), *args, code=code, says=says, cwd=root)
    got, _ = gate.check("a newer minor version", "minor", code=OK, cwd=root)
    gate.tally.expect(got.err.count("\n") == 1 and "1.7" in got.err, "a newer minor version is warned of", got)
    os.chmod(root / "warning" / "snapshot.db", 0)
    if os.geteuid() != 0:
        gate.check("a file that may not be read", "warning/snapshot.db", code=UNKNOWN, cwd=root)


def check_failures(gate):
    """Whatever goes wrong is one line on stdout and exit 3."""
    good = gate.snapshot([10, 10])
    for args in [("--frobnicate",), ("-f", "yaml", good), ("-w",), ("-w", "skew"), ("-w", "skew=", good),
                 ("-w", "0.3", good), ("-w", "skew=a:b", good), ("-w", "skew=5:3", good), ("-w", "skew=1e3", good),
                 ("-w", "skew=0.3h", good), ("-c", "share=1", good), ("-c", "beauty=3", good), ("-w", "skew=:3", good),
                 ("-w", "skew=nan", good), ("-w", "skew=0.3 ", good), ("-w", "skew=@", good),
                 ("--now", "soon", good), ("--threads", "0", good), ("--baseline", "absent.json", good),
                 ("--baseline", good, good), ("--state", "x", good), ("--notify", "true", good),
                 ("--notify", "true", "--state", good, good), ("--write-baseline", good, good),
                 ("--write-baseline", "/nonexistent/b.json", good), ("-o", good, good),
                 ("-o", "/nonexistent/x", good), ("--fail-on", "critical", good), (b"/absent\xff\x1b[31m|\n.db",)]:
        got, _ = gate.check("check %s" % (args,), *args, code=UNKNOWN, now=None)
        gate.tally.expect(got.err == "", "and nothing on stderr", got)
    got = gate.programs.pgskew("--frobnicate", "check", good)
    gate.tally.expect(got.code == UNKNOWN and got.out.startswith(b"PGSKEW UNKNOWN: "), "an option before the command", got)
    got = gate.programs.pgskew("check", good, env={"PGSKEW_SIMD": "v9"})
    gate.tally.expect(got.code == UNKNOWN and got.out.startswith(b"PGSKEW UNKNOWN: "), "a bad PGSKEW_SIMD", got)
    secret = "postgresql://u:hunter2SECRET@127.0.0.1:1/db"
    for args in [(secret,), ("--table", secret, good.parent), ("-w", secret, good)]:
        got, _ = gate.check("a misplaced URI", *args, code=UNKNOWN)
        gate.tally.expect(b"hunter2" not in got.out and "hunter2" not in got.err, "keeps the secret", got)
    if os.path.exists("/dev/full"):
        got = gate.programs.pgskew("check", "-o", "/dev/full", good)
        gate.tally.expect(got.code == UNKNOWN and got.out.count(b"\n") == 1, "a full device", got)


def check_readme(gate):
    """The example of README.md is what it prints."""
    readme = (gate.fixtures.parent / "README.md").read_text()
    block = readme.split("## A gate")[1].split("```console\n$ ")[1].split("```")[0].split("\n")
    got = gate.programs.pgskew(*block[0].split()[1:], cwd=gate.fixtures.parent)
    gate.tally.expect(got.out.decode() == block[1] + "\n" and str(got.code) == block[3], "README's example", got.out)


# ---- verdicts ----

def check_presets(gate):
    """Without ranges the verdict is that of the guide: what `health --fail-on` says."""
    paths = sorted(gate.fixtures.glob("*/snapshot.db"))
    for case in sorted((gate.fixtures / "reference" / "cases").iterdir()):
        path = gate.fresh("case") / "x.db"
        gate.programs.collect("import", "-q", "--taken-at", TAKEN, "-o", path, case)
        paths.append(path)
    seen = set()
    for path in paths:
        for noise in ((), ("--noise-floor",)):
            warning = gate.programs.pgskew("health", "--fail-on", "warning", *noise, path).code
            got, _ = gate.check("presets of %s %s" % (path, noise), *noise, path, code=warning)
            seen.add(got.code)
            judged = parse_json(gate.programs.pgskew("check", "--now", NOW, "-f", "json", *noise, path).out.decode())
            found = {f.get("partition_num"): f.get("verdict") for f in judged.get("metrics").get("check").get("findings")
                     if f.get("rule") == "skew"}
            if noise:
                continue
            rows = parse_json(gate.programs.pgskew("health-summary", "-f", "json", path).out.decode()).get("partitions")
            want = {row.get("partition_num"): {"UNBALANCED": "CRITICAL", "WARNING": "WARNING"}[row.get("health_status")]
                    for row in rows if row.get("health_status") in ("UNBALANCED", "WARNING")}
            more = {num for num in found if num not in want}  # rounded up to 0.3
            gate.tally.expect({num: found[num] for num in found if num in want} == want and
                              all(found[num] == "WARNING" for num in more), "findings of %s are its statuses" % path, (found, want))
    gate.tally.expect(seen == {OK, WARNING, CRITICAL}, "fixtures of every verdict", seen)


def check_ranges(gate):
    """Every form of a range on many ages, by a second reading of the guidelines."""
    snapshot = gate.snapshot([100] * 10)
    taken = datetime.datetime.fromisoformat(TAKEN.replace("Z", "+00:00"))
    ranges = ["10", "10:", "~:10", "10:20", "@10:20", "@10", "@10:", "@~:10", "0", "@0", "0:", "20:20", "@20:20",
              "9.5:10.5", "-5:5", "~:-1", "@~:-400", "~:"]
    for seconds in (0, 5, 9, 10, 10.5, 15, 20, 20.25, 21, 1000, -400, -1000):
        now = (taken + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for text in ranges:
            want = CRITICAL if alerts(text, seconds) else OK
            _, line = gate.check("staleness=%s at %s s" % (text, seconds), "-c", "staleness=" + text, snapshot,
                                 now=now, code=want)
            datum = line[2].get("staleness")
            gate.tally.expect(datum and float(datum["value"]) == seconds and datum["unit"] == "s" and
                              datum["critical"] == text, "and is shown as it was given", datum)
    for text, seconds in (("90s", 90), ("2m", 120), ("26h", 93600), ("1.5d", 129600), ("2w", 1209600)):
        _, line = gate.check("staleness=" + text, "-w", "staleness=~:" + text, snapshot)
        gate.tally.expect(line[2]["staleness"]["warning"] == "~:%d" % seconds, text + " in seconds", line)
    _, line = gate.check("the last of two ranges counts", "-w", "skew=9", "-w", "skew=8", snapshot)
    gate.tally.expect(line[2]["skew"]["warning"] == "8", "the last of two ranges counts", line)
    for seconds, want in ((120, 0), (299, 0), (301, -301)):
        now = (taken - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        _, line = gate.check("%d s before it was taken" % seconds, snapshot, now=now)
        gate.tally.expect(float(line[2]["staleness"]["value"]) == want, "clocks that differ a little", line)
    got, _ = gate.check("a snapshot from tomorrow", "-w", "staleness=26h", snapshot, code=WARNING,
                        now=(taken - datetime.timedelta(hours=23, minutes=37)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    gate.tally.expect(b"the snapshot is 23 h 37 min ahead of the clock" in got.out, "is told in words", got.out)
    got, _ = gate.check("a format that is none", "-f", "xml", snapshot, code=UNKNOWN)
    gate.tally.expect(b"one of table, json, csv, markdown, junit, sarif" in got.out, "lists them readably", got.out)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    fresh = gate.snapshot([100] * 10, taken=now)
    gate.check("the clock is read", "-c", "staleness=600", fresh, now=None, code=OK)
    gate.check("the clock is read", "-c", "staleness=600", snapshot, now=None, code=CRITICAL)


def check_counts(gate):
    hot = gate.snapshot([100] * 8, hour=[50, 50, 0, 0, 0, 0, 0, 0])
    gate.check("hot partitions", hot, code=WARNING, says=("2 hot partitions (partition 0, partition 1)",))
    gate.check("as many as are allowed", "-w", "hot=2", hot, code=OK)
    gate.check("more than are allowed", "-w", "hot=3", "-c", "hot=1", hot, code=CRITICAL)
    uneven = gate.snapshot([100] * 97 + [135, 140, 170])
    for args, code in ((("-c", "unbalanced=1"), CRITICAL), (("-w", "skew=~:", "-c", "skew=~:"), OK),
                       (("-w", "skew=~:", "-c", "skew=~:", "-c", "unbalanced=0"), CRITICAL),
                       (("-w", "skew=~:", "-c", "skew=~:", "-w", "warning=1"), WARNING),
                       (("-w", "skew=~:", "-c", "skew=~:", "-w", "variance=0.001"), WARNING)):
        gate.check("check %s" % (args,), *args, uneven, code=code)
    _, line = gate.check("a metric nobody knows", "-w", "days-to-threshold=14:", uneven, code=CRITICAL,
                         says=("days to threshold are not known",))
    gate.tally.expect("days-to-threshold" not in line[2], "is absent from the performance data", line)
    gate.check("is no error either", "-w", "days-to-threshold=14:", gate.snapshot([100] * 4), code=OK,
               says=("days to threshold are not known",))
    gate.check("a table without rows", gate.snapshot([0, 0, 0]), code=OK)
    blind = gate.spoil(gate.snapshot([5, 5]), "UPDATE partition_stat SET " + ", ".join(
        name + " = NULL" for name in ("chunk_count", "chunk_percentage", "chunk_skew", "health_status")),
        "UPDATE partition_stat SET measured = 0")
    got, _ = gate.check("a table of which nothing was measured", blind)
    gate.tally.expect(got.code != OK, "is not OK", got)


def history(gate, days, grow, step=1):
    """A history of counts every `step` days: partition 0 gains `grow` rows a day more than the other nine."""
    rows = ["taken_at,partition_num,chunk_count"]
    for day in range(0, days, step):
        taken = datetime.datetime(2025, 1, 1, 6) + datetime.timedelta(days=day)
        rows += ["%sZ,%d,%d" % (taken.isoformat(), p, 10000 + 100 * day + (grow * day if p == 0 else 0) + (day * (7 + p)) % 5)
                 for p in range(10)]
    path = gate.fresh("history")
    (path / "long.csv").write_text("\n".join(rows + [""]))
    got = gate.programs.collect("import-history", "-q", "-o", path / "h.db", path / "long.csv")
    gate.tally.expect(got.code == 0, "import of a history to judge", got)
    return path / "h.db"


def check_days(gate):
    now = "2025-03-01T06:00:00Z"
    drifting = history(gate, 60, 80)  # a skew of 0.26 after 60 days: 0.3 is weeks away
    told = ("-w", "days-to-threshold=~:")
    _, line = gate.check("where nobody asks", drifting, now=now, code=OK)
    gate.tally.expect("days-to-threshold" not in line[2] and "days" not in line[1], "nothing is foretold", line)
    _, line = gate.check("a partition that drifts", *told, drifting, now=now, code=OK)
    days = float(line[2]["days-to-threshold"]["value"]) if "days-to-threshold" in line[2] else None
    gate.tally.expect(days and 15 < days < 120, "is expected to be at 0.3 in some weeks", line)
    for args, code in ((("-w", "days-to-threshold=365:"), WARNING), (("-c", "days-to-threshold=365:"), CRITICAL),
                       (("-w", "days-to-threshold=%g:" % (days or 1)), OK), (("-w", "days-to-threshold=1:"), OK)):
        got, _ = gate.check("%s" % (args,), *args, drifting, now=now, code=code)
        if code == WARNING:
            gate.tally.expect(b"days to the next threshold (partition 0)" in got.out, "and names it", got.out)
    files = gate.fresh("files")
    gate.programs.pgskew("export", "-f", "snapshot", "-o", files, drifting)
    _, again = gate.check("snapshot files, where somebody asks", "-w", "days-to-threshold=1:", files, now=now, code=OK)
    gate.tally.expect(again[2]["days-to-threshold"]["value"] == line[2]["days-to-threshold"]["value"],
                      "foretell the same", again)
    _, line = gate.check("and nothing where nobody does", files, now=now, code=OK)
    gate.tally.expect("days-to-threshold" not in line[2], "foretell nothing", line)
    _, line = gate.check("a steady table", "-w", "days-to-threshold=14:", history(gate, 60, 0), now=now, code=OK)
    gate.tally.expect("days-to-threshold" not in line[2] and "not known" not in line[1], "never gets there", line)
    rare = history(gate, 120, 55, step=3)
    _, line = gate.check("snapshots every three days", *told, rare, now="2025-05-01T06:00:00Z", code=OK)
    rarely = float(line[2]["days-to-threshold"]["value"]) if "days-to-threshold" in line[2] else None
    gate.tally.expect(rarely and 15 < rarely < 120, "foretell, though not the next day", line)
    short = history(gate, 4, 40)
    for args in (told, ("-w", "days-to-threshold=14:")):
        _, line = gate.check("a short history", *args, short, now=now, code=OK,
                             says=("days to threshold are not known: insufficient",))
        gate.tally.expect("days-to-threshold" not in line[2], "has no such number", line)


def check_numbers(gate):
    """The same numbers in every format."""
    for path in sorted(gate.fixtures.glob("*/snapshot.db")):
        _, line = gate.check("numbers of %s" % path, path)
        got = gate.programs.pgskew("check", "--now", NOW, "-f", "json", path)
        health = parse_json(gate.programs.pgskew("health", "-f", "json", path).out.decode())
        body = parse_json(got.out.decode())
        gauges = {row.get("metric"): row for row in body.get("metrics").get("check").get("gauges")}
        shown = {name: float(row.get("value").text) for name, row in gauges.items() if row.get("value") is not None}
        data = {name: float(datum["value"]) for name, datum in line[2].items()}
        gate.tally.expect(data == shown, "%s: performance data and JSON" % path, (data, shown))
        rows = gate.programs.pgskew("check", "--now", NOW, "-f", "csv", path).out.decode().splitlines()
        cells = {row.split(",")[0]: row.split(",")[1] for row in rows[1:]}
        gate.tally.expect({k: float(v) for k, v in cells.items() if v} == shown, "%s: CSV and JSON" % path, cells)
        for key in ("status", "timestamp", "alerts", "error"):
            gate.tally.expect(body.get(key) == health.get(key), "%s: %s as health has it" % (path, key))
        skews = health.get("metrics").get("skew_metrics")
        largest = max(float(skews.get(k).get("value").text) for k in ("chunk_distribution", "size_distribution")
                      if skews.get(k).get("value") is not None)
        gate.tally.expect(shown["skew"] == largest, "%s: the largest skew" % path, (shown["skew"], largest))


# ---- names ----

def check_names(gate):
    """Names are inert in the line: no bar, no second line, nothing for a terminal, nothing for a shell."""
    names = ["pipe|=1;2;3", "two\nlines", "back\\nslash", "'quote'=5", "\x1b[31mred", "right\u202eleft", "tab\there",
             "<script>alert(1)</script>", "=cmd()", "$(touch x)`id`", "x" * 3000, "\u6587" * 200]
    table = 'public."t|\n\x1b[31m=1;;"'
    path = gate.snapshot([1000 + 100 * i for i in range(len(names))], names=names, table=table)
    for first in range(0, len(names)):
        counts = [100] * len(names)
        counts[first] = 900
        path = gate.snapshot(counts, names=names, table=table)
        got, line = gate.check("name %r" % names[first][:20], path, code=CRITICAL)
        gate.tally.expect(got.out.count(b"|") == 1 and got.out.count(b"\n") == 1, "one bar, one line", got.out[:200])
        gate.tally.expect(not CONTROL.search(got.out.decode()), "no control character", got.out[:200])
        gate.tally.expect(len(got.out) < 2000, "a line that monitors keep whole", len(got.out))
        gate.tally.expect(set(line[2]) == {"skew", "unbalanced", "warning", "unmeasured", "strays", "variance",
                                           "staleness"}, "no label from a name", set(line[2]))


if __name__ == "__main__":
    assert "exitcode" in "".join(SANITIZERS.values())
    sys.exit(run_gate(__doc__, (check_repository, check_failures, check_readme, check_presets, check_ranges, check_counts, check_days,
                                check_numbers, check_names)))
