"""Snapshots made to be judged, and what a monitor reads of a verdict, for the check_gate*.py."""
import argparse
import csv
import pathlib
import re
import sqlite3
import tempfile

from programs import Programs, Tally

TAKEN = "2025-10-20T10:15:00Z"
NOW = "2025-10-20T11:15:00Z"

# Monitoring Plugins Development Guidelines, "Performance data" and "Threshold and ranges", by the letter.
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
RANGE = r"@?(?:(?:~|%s):)?(?:%s)?" % (NUMBER, NUMBER)
DATUM = re.compile(r"(?P<label>'(?:[^'=]|'')+'|[^ '=]+)=(?P<value>%s|U)(?P<unit>s|us|ms|%%|[KMGT]?B|c)?"
                   r"(?:;(?P<warning>%s)?)?(?:;(?P<critical>%s)?)?(?:;(?P<min>%s)?)?(?:;(?P<max>%s)?)?"
                   % (NUMBER, RANGE, RANGE, NUMBER, NUMBER))
LINE = re.compile(rb"PGSKEW (OK|WARNING|CRITICAL|UNKNOWN): ([^|\n]+)(?: \| ([^|\n]+))?\n")
VERDICTS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


def alerts(text, value):
    """Whether a range alerts, as the guidelines' table of examples has it."""
    inside = text.startswith("@")
    start, colon, end = text.lstrip("@").rpartition(":")
    low = float("-inf") if start == "~" else float(start) if start else 0.0
    high = float(end) if end else float("inf")
    return (low <= value <= high) == inside


def parse_line(out):
    """(verdict, words, {label: match}) of one plugin line; None where it is none."""
    match = LINE.fullmatch(out)
    if not match:
        return None
    verdict, words, data = (part.decode("utf-8") if part is not None else None for part in match.groups())
    found = {}
    for datum in (data or "").split(" "):
        one = DATUM.fullmatch(datum)
        if data and (not one or one["label"] in found):
            return None
        if data:
            found[one["label"]] = one
    return verdict, words, found


class Gate:
    def __init__(self, programs, tally, fixtures, scratch):
        self.programs, self.tally = programs, tally
        self.fixtures, self.scratch = pathlib.Path(fixtures).resolve(), pathlib.Path(scratch)
        self.n_made = 0

    def fresh(self, name):
        self.n_made += 1
        path = self.scratch / ("%03d-%s" % (self.n_made, name))
        path.mkdir()
        return path

    def snapshot(self, counts, names=None, hour=None, sizes=None, taken=TAKEN, table="public.chunks", path=None):
        """A snapshot of partitions with so many chunks; None: not measured is not what an import knows."""
        export = self.fresh("export")
        self.write(export / "partition_chunk_distribution.csv", ("partition_num", "chunk_count"), enumerate(counts))
        if names or sizes:
            sizes = sizes or [8192 * (1 + count // 50) for count in counts]
            columns = ("partition_num", "size_bytes") + (("partition_name",) if names else ())
            self.write(export / "partition_size_distribution.csv", columns,
                       [(i, size) + ((names[i],) if names else ()) for i, size in enumerate(sizes)])
        if hour:
            self.write(export / "partition_hot_spots.csv", ("partition_num", "chunks_last_hour"), enumerate(hour))
        path = path or export / "x.db"
        got = self.programs.collect("import", "-q", "--taken-at", taken, "--table", table, "-o", path, export)
        self.tally.expect(got.code == 0, "import of a snapshot to judge", got)
        return path

    def write(self, path, columns, rows):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)

    def spoil(self, path, *statements):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return path

    def check(self, what, *args, code=None, says=(), now=NOW, **options):
        """Run it; the line is one, its words and its exit code agree, and `code` and `says` are met."""
        clock = ("--now", now) if now else ()
        got = self.programs.pgskew("check", *clock, *args, **options)
        line = parse_line(got.out)
        if not self.tally.expect(line is not None, what + ": a plugin's line", repr(got.out[:300])):
            return got, ("", "", {})
        self.tally.expect(VERDICTS.index(line[0]) == got.code, what + ": word and exit code agree", got)
        if code is not None:
            self.tally.expect(got.code == code, "%s: exit %d" % (what, code), "%s %r" % (got, got.out))
        for word in says:
            self.tally.expect(word in line[1], "%s: says %r" % (what, word), line[1])
        return got, line


def run_gate(doc, checks):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        gate = Gate(Programs(options.bin), tally, options.fixtures, scratch)
        for check in checks:
            check(gate)
    return tally.finish()
