#!/usr/bin/env python3
"""Names are data: what is hostile in one comes out inert in every format of every command. Which commands there are,
and which formats each has, is asked of --help: a format that this test does not know fails it. How well each name is
kept is in check_names.py; this is about breadth.

    check_hostile.py --bin DIR
"""
import argparse
import csv
import io
import json
import pathlib
import re
import sqlite3
import sys
import tempfile
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import grids  # noqa: E402
import openmetrics  # noqa: E402
from check_pages import commands_of, options_of  # noqa: E402
from programs import Programs, Tally  # noqa: E402

HOSTILE = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><a href='javascript:alert(1)'>x</a>", "]]><b>", "&lt;b&gt;",
    "\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "\u202eright to left", "a|b | c", "two\nlines", "carriage\rreturn", "\ttab",
    "=cmd()", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "[link](javascript:x)", "![](http://x/y.png)", "`code`",
    "'; DROP TABLE x; --", "quo\"te", "ba\\ck", "%s%n", "$(id)", "http://example.org/", "ends\\",
]
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ELEMENTS = set(("html head meta title style body header main nav section article footer h1 h2 h3 h4 p b i em strong small span"
                " div ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td a code pre time details summary"
                " svg g path rect line polyline polygon circle text tspan desc defs pattern use br hr figure figcaption"
                " abbr").split())


# ---- what inert means, for each format: a list of what is wrong ----

def terminal(text):
    found = CONTROL.search(text)
    return ["control character %r" % found.group()] if found else []


def as_json(text):
    json.loads(text)
    return terminal(text)


def as_csv(text):
    rows = list(csv.reader(io.StringIO(text, newline="")))
    wrong = ["%d cells, not %d" % (len(row), len(rows[0])) for row in rows if len(row) != len(rows[0])]
    number = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
    return wrong + ["a formula: %r" % cell for row in rows for cell in row
                    if cell[:1] in tuple("=+-@\t\r") and not number.fullmatch(cell)]


def as_markdown(text):
    wrong = terminal(text)
    wrong += ["HTML: %s" % m.group() for m in re.finditer(r"(?<!\\)<[a-z/!]", text, re.I)]
    wrong += ["a link: %s" % m.group() for m in re.finditer(r"(?<!\\)\]\(|(?<!\\)://|(?<!\\)`", text)]
    cells = None
    for line in text.split("\n"):
        bars = len(re.findall(r"(?<!\\)\|", line.replace("\\\\", "")))
        if line.startswith("|"):
            if cells is not None and bars != cells:
                wrong.append("cells of %r" % line)
            cells = bars
        else:
            cells = None
    return wrong


def as_openmetrics(text):
    openmetrics.parse(text.encode("utf-8"))
    return terminal(text)


def as_html(text):
    page = grids.Page(text)
    wrong = terminal(text)
    for tag, attributes in page.elements:
        if tag not in ELEMENTS:
            wrong.append("element %s" % tag)
        for name, value in attributes.items():
            if name.startswith("on") or name in ("src", "srcset", "action", "formaction", "xlink:href"):
                wrong.append("attribute %s=%r" % (name, value))
            if name == "href" and not (value or "").startswith("#"):
                wrong.append("a link to %r" % value)
            if name == "style" and re.search(r"url|import|expression", value or ""):
                wrong.append("style %r" % value)
    if "<script>alert(1)</script>" not in page.text:
        wrong.append("the script is not there to read")
    return wrong


def as_nagios(text):
    line, *rest = text.split("\n")
    wrong = terminal(text)
    words, bar, data = line.partition("|")
    if rest != [""] or not bar or "|" in data or "<" in words:
        wrong.append("line %r" % text)
    item = r"('(?:[^'=]|'')+'|[^\s'=]+)=(-?[\d.]+|U)[a-zA-Z%]*(;[^\s;]*){0,4}"
    if not re.fullmatch(r"%s(\s+%s)*\s*" % (item, item), data.strip()):
        wrong.append("performance data %r" % data)
    return wrong


def as_xml(text):
    xml.etree.ElementTree.fromstring(text)
    return terminal(text)


FORMATS = {
    "table": terminal, "json": as_json, "csv": as_csv, "markdown": as_markdown, "openmetrics": as_openmetrics,
    "html": as_html, "nagios": as_nagios, "junit": as_xml, "sarif": as_json,
    "snapshot": None,  # SQLite: names are kept, not shown
}
# What each judge must not let pass.
BAD = {
    "table": ["\x1b[31mred\n", "a\x9bb\n", "a\u202eb\n"], "json": ["{", '{"a": "\u202e"}'],
    "csv": ["a,b\n=cmd(),1\n", "a,b\n1,2,3\n", "a\n@x\n"],
    "markdown": ["<script>", "[x](y)", "| a |\n| - |\n| x | y |\n", "`x`", "http://x"],
    "openmetrics": ['# HELP a b\na{b="\n"} 1\n# EOF\n', '# TYPE a gauge\n# HELP a b\na{b="c"} 1\n'],
    "html": ["<script>alert(1)</script>", "<p onclick='x'>&lt;script>alert(1)&lt;/script>", "<a href='//x'>&lt;script>alert(1)&lt;/script></a>",
             "<img src=x>&lt;script>alert(1)&lt;/script>", "<p>nothing</p>"],
    "nagios": ["OK | a=1 | b=2\n", "OK\n", "OK | a=1\nmore\n", "OK | a b=1\n", "<b> | a=1\n"],
    "junit": ["<a><b></a>"], "sarif": ["{"],
}
# Commands that have no --format have one all the same, or print no names of partitions.
IMPLIED = {"report": ["html"]}
WITHOUT = {"pack", "verify", "prune"}
# The table of check is a line for monitors.
SPECIAL = {("check", "table"): "nagios"}


# ---- a snapshot and a history full of such names ----

def quoted(text):
    return '"%s"' % text.replace('"', '""')


def make(programs, tally, scratch):
    lines, days = ["taken_at,partition_num,partition_name,chunk_count,size_bytes,chunks_last_hour"], 40
    for day in range(days):
        for p, name in enumerate(HOSTILE):
            when = "2026-%02d-%02dT06:00:00Z" % (9 + day // 28, 1 + day % 28)
            seen = day < days - 1 or p % 5 != 1  # some are not measured at last
            values = "%d,%d,%d" % (100 + 100 * p + 3 * day, 8192 * (10 + p + day), p % 7) if seen else ",,"
            lines.append("%s,%d,%s,%s" % (when, p, quoted("'" + name if name[0] in "=+-@\t\r" else name), values))
    (scratch / "long.csv").write_bytes("\n".join(lines + [""]).encode("utf-8"))
    lines = ["collection_id,hashtext,partition_num,chunk_count,document_count,size_bytes"]
    lines += ["%s,%d,%d,10,1,8192" % (quoted(name), i, i) for i, name in enumerate(HOSTILE) if i % 5 != 1]
    (scratch / "collections.csv").write_bytes("\n".join(lines + [""]).encode("utf-8"))
    history, snapshot = scratch / "history.db", scratch / "snapshot.db"
    hostile = HOSTILE[0] + "\x1b[31m|\n=cmd()"
    got = programs.collect("import-history", "-q", "--table", hostile, "--source", hostile, "--collections",
                           scratch / "collections.csv", "-o", history, scratch / "long.csv")
    tally.expect(got.code == 0, "hostile names are imported", got)
    got = programs.pgskew("export", "-f", "snapshot", "-o", snapshot, history)
    tally.expect(got.code == 0, "and are a snapshot", got)
    connection = sqlite3.connect(snapshot)
    connection.execute("UPDATE snapshot SET database = ?, notes = ?, server_version = ?, system_identifier = ?", [hostile] * 4)
    connection.execute("UPDATE partition_stat SET bounds = ?", [hostile])
    connection.commit()
    connection.close()
    return history, snapshot


def cases_of(programs, command):
    """Every format of a command, with how to ask for it."""
    if command in IMPLIED:
        return [(form, []) for form in IMPLIED[command]]
    text = programs.pgskew(command, "--help").out.decode("utf-8")
    return [(SPECIAL.get((command, form), form), ["-f", form])
            for _, name, _, forms in options_of(text) if name == "format" for form in forms]


def paths_of(command, form, history, snapshot):
    if command in ("scan", "export") and form != "openmetrics":
        return [[history]]
    return [[history], [snapshot]] if command != "diff" else [[history], [snapshot, history]]


def check(tally, programs, command, form, options, paths):
    what = "%s as %s of %s" % (command, form, " ".join(path.name for path in paths))
    if not tally.expect(form in FORMATS, "%s: this test knows the format" % what) or FORMATS[form] is None:
        return 0
    got = programs.pgskew(command, *options, *paths)
    if not tally.expect(got.code == 0 or (command == "check" and got.code in (1, 2)) or
                        (got.code == 65 and "need" in got.err), what + ": is answered", got):
        return 0
    tally.expect(not CONTROL.search(got.err) and got.err.count("\n") <= 1, what + ": stderr is plain", got)
    tally.expect_none(judged(form, got.out.decode("utf-8")), what + ": is inert")
    return 1


def judged(form, text):
    try:
        return FORMATS[form](text)
    except (ValueError, xml.etree.ElementTree.ParseError) as error:
        return ["cannot be read: %s" % error]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    programs, tally = Programs(parser.parse_args().bin), Tally()
    n, seen = 0, set()
    for form, texts in BAD.items():
        for text in texts:
            tally.expect(judged(form, text), "the judge of %s refuses %r" % (form, text))
    with tempfile.TemporaryDirectory() as directory:
        history, snapshot = make(programs, tally, pathlib.Path(directory))
        for command in commands_of(programs.pgskew("--help").out.decode("utf-8")):
            cases = cases_of(programs, command)
            tally.expect(bool(cases) != (command in WITHOUT), "the formats of %s are known" % command)
            for form, options in cases:
                seen.add(form)
                for paths in paths_of(command, form, history, snapshot):
                    n += check(tally, programs, command, form, options, paths)
        for color in ("always", "never"):
            out = programs.pgskew("full", "--color", color, snapshot).out.decode("utf-8")
            tally.expect_none(terminal(re.sub("\x1b\\[(?:[0-9]{1,2})?m", "", out)), "our own colours are all (%s)" % color)
            tally.expect("\x1b[31mred" not in out, "a name colours nothing (%s)" % color)
    print("%d documents in %s" % (n, ", ".join(sorted(seen))))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
