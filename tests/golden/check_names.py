#!/usr/bin/env python3
"""Names are data: hostile collection, table, source and file names in every format.

    check_names.py --bin DIR
"""
import argparse
import csv
import io
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
from answers import json_answer  # noqa: E402
from programs import Programs, Tally  # noqa: E402

TAKEN = "2025-10-20T10:15:00Z"
NAMES = [
    "plain", "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\ttab", "pipe | pipe", "back\\slash",
    "`code`", "*star* _under_ ~tilde~", "[link](http://x)", "<script>alert(1)</script>", "&amp;",
    "\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "two\nlines", "carriage\rreturn", "right\u202eleft", "\u2066isolate\u2069",
    "zero\u200bwidth", "\u6587\u66f8", "e\u0301", "quote\"s", "comma, comma", "'single'", "# heading",
    "ends in space ", " starts with space", "\u2028separator", "\U0001f4a9", "x" * 300, "\x7f", "%s%n%d",
]
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_export(directory):
    (directory / "partition_chunk_distribution.csv").write_text(
        "partition_num,chunk_count\n0,10\n1,10\n", encoding="ascii")
    with open(directory / "collection_chunking_stats.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "name", "chunked_documents", "total_chunks", "avg_tokens_per_chunk",
                         "last_chunk_created"])
        for i, name in enumerate(NAMES):
            writer.writerow([name, name, 1, 1000 - i, "5.00", "2025-10-20 09:15:00+00"])


def check_json(tally, programs, snapshot):
    rows = json_answer(tally, programs, "names in json", "collections", "-f", "json", snapshot)
    got = [(row.get("id"), row.get("name")) for row in rows or []]
    for want, found in zip(NAMES, got):
        tally.expect(found == (want, want), "json keeps %r" % want[:40], found)
    tally.expect(len(got) == len(NAMES), "json rows", len(got))


def check_csv(tally, programs, snapshot):
    out = programs.pgskew("collections", "-f", "csv", snapshot).out.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    tally.expect(len(rows) == len(NAMES), "csv rows", len(rows))
    for want, row in zip(NAMES, rows):
        found = row["name"]
        if want.startswith(FORMULA):
            tally.expect(not found.startswith(FORMULA) and found.endswith(want),
                         "csv disarms %r" % want[:40], found)
        else:
            tally.expect(found == want, "csv keeps %r" % want[:40], found)


def check_table(tally, programs, snapshot):
    for color in ("never", "always"):
        out = programs.pgskew("collections", "--color", color, snapshot).out.decode("utf-8")
        bare = re.sub("\x1b\\[[0-9;]*m", "", out) if color == "always" else out
        found = CONTROL.search(bare)
        tally.expect(not found, "a terminal gets no control character (%s)" % color, found)
        tally.expect("\x1b[31mred" not in out, "a name colours nothing (%s)" % color)
        lines = [line for line in out.splitlines() if " 1 h 0 min " in line]
        tally.expect(len(lines) == len(NAMES), "one line per name (%s)" % color, len(lines))


def check_markdown(tally, programs, snapshot):
    out = programs.pgskew("collections", "-f", "markdown", snapshot).out.decode("utf-8")
    tally.expect(not CONTROL.search(out), "markdown has no control character", CONTROL.search(out))
    rows = [line for line in out.split("\n") if line.startswith("|")]
    tally.expect(len(rows) == len(NAMES) + 2, "one markdown row per name", len(rows))
    bars = {len(re.findall(r"(?<!\\)\|", re.sub(r"\\\\", "", row))) for row in rows}
    tally.expect(len(bars) == 1, "every markdown row has the same cells", bars)
    tally.expect("<script" not in out, "markdown disarms HTML")
    tally.expect(not re.search(r"(?<!\\)\]\(", out), "markdown disarms links")


def check_labels(tally, programs, scratch, export):
    """Table, source and file names."""
    folder = scratch / "sp\u00e4ce \x1b[31m\nline"
    folder.mkdir()
    table, source = 'public."we|rd\x1b[31m\n=1"', "=cmd\n\x1b[31m"
    got = programs.collect("import", "--taken-at", TAKEN, "--table", table, "--source", source,
                           "-o", folder, export)
    if not tally.expect(got.code == 0, "hostile labels are imported", got):
        return
    tally.expect(not CONTROL.search(got.err), "and said plainly", got)
    names = [path.name for path in folder.iterdir()]
    tally.expect(len(names) == 1 and re.fullmatch(r"[\w.%-]+\.db", names[0], re.ASCII),
                 "a file name is plain ASCII", names)
    for command in ("list", "health", "full"):
        for form in ("table", "markdown"):
            out = programs.pgskew(command, "-f", form, folder).out.decode("utf-8")
            tally.expect(out and not CONTROL.search(out), "%s -f %s with hostile labels" % (command, form),
                         repr(out[:200]))
    row = (json_answer(tally, programs, "list with hostile labels", "list", "-f", "json", folder) or [[]])[0]
    tally.expect(row and row.get("table_name") == table and row.get("source") == source,
                 "list -f json keeps labels", row)
    got = programs.pgskew("health", folder / "absent\x1b[31m\n.db")
    tally.expect(got.code == 66 and got.err.count("\n") == 1 and not CONTROL.search(got.err),
                 "an error shows a hostile path on one line", got)
    got = programs.pgskew("health", b"/absent\xff.db")
    tally.expect(got.code == 66 and "backslash" not in got.err and got.err.count("\n") == 1,
                 "an error shows a path that is not UTF-8", got)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    programs, tally = Programs(parser.parse_args().bin), Tally()
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        export, snapshot = scratch / "export", scratch / "x.db"
        export.mkdir()
        write_export(export)
        got = programs.collect("import", "--taken-at", TAKEN, "-o", snapshot, export)
        if tally.expect(got.code == 0, "hostile names are imported", got):
            for check in (check_json, check_csv, check_table, check_markdown):
                check(tally, programs, snapshot)
        check_labels(tally, programs, scratch, export)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
