#!/usr/bin/env python3
"""What is sound is called sound; what somebody changed in a history or a snapshot is found, wherever it
is, by verify and by every command that reads it, and is never turned into a number.

    check_verify.py --bin DIR --fixtures DIR [--seed N]
"""
import argparse
import gzip
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402

DATA, NO_INPUT, IO_ERROR = 65, 66, 74
METRICS = {0: "chunk_count", 4: "size_bytes", 0x100: "presence"}

# Every command that answers about one moment, and every one that answers about all of them.
ANSWERS = [("health",), ("distribution",), ("sizes",), ("hot",), ("skew",), ("collections",), ("statistics",),
           ("recommendations",), ("health-summary",), ("full", "-f", "json"), ("health", "--noise-floor"),
           ("check", "--now", "2026-01-01T00:00:00Z"), ("diff",), ("export", "-f", "openmetrics")]
SERIES = [("list",), ("scan",), ("scan", "--by", "moment"), ("scan", "--by", "partition"), ("export",), ("trend",),
          ("forecast",), ("backtest",), ("report",), ("verify",)]


class Verify:
    def __init__(self, programs, tally, fixtures, scratch, seed):
        self.programs, self.tally = programs, tally
        self.fixtures, self.scratch = pathlib.Path(fixtures), pathlib.Path(scratch)
        self.random = random.Random(seed)
        self.n_made = 0
        self.good = self.scratch / "good.db"
        csv = self.scratch / "flights.csv"
        csv.write_bytes(gzip.decompress((self.fixtures / "histories" / "flights.csv.gz").read_bytes()))
        lines = csv.read_text().splitlines()
        self.first, self.last = lines[1].split(",")[0], lines[-1].split(",")[0]
        done = programs.collect("import-history", "-o", self.good, csv)
        tally.expect(done.code == 0, "the good history is made", done)

    def copy(self):
        self.n_made += 1
        path = self.scratch / ("%03d.db" % self.n_made)
        shutil.copyfile(self.good, path)
        return path

    def sound(self, what, path, *mentions):
        done = self.programs.pgskew("verify", path)
        self.tally.expect(done.code == 0 and done.err == "" and done.out.count(b"\n") == 1 and b"sound" in done.out,
                          what + " is sound", done)
        for mention in mentions:
            self.tally.expect(mention.encode() in done.out, "%s: says %s" % (what, mention), done.out)

    def damaged(self, what, path, *mentions):
        """One line a fault on stdout, one sentence on stderr."""
        done = self.programs.pgskew("verify", path)
        self.tally.expect(done.code == DATA, what + " is found", done)
        self.tally.expect(done.err.count("\n") == 1 and str(path) in done.err, what + ": one sentence", done.err)
        for mention in mentions:
            self.tally.expect(mention in done.out.decode(), "%s: says %r" % (what, mention), done.out)
        return done.out.decode().splitlines()

    def altered(self, what, sql, *mentions, parameters=()):
        path = self.copy()
        connection = sqlite3.connect(path)
        with connection:
            connection.executescript(sql) if not parameters else connection.execute(sql, parameters)
        connection.close()
        return self.damaged(what, path, *mentions), path

    # ---- bytes ----

    def flip(self, ident):
        """Change one byte of a block where it lies in the file; None: no part of it was found there."""
        connection = sqlite3.connect(self.good)
        data = connection.execute("SELECT data FROM block WHERE id = ?", (ident,)).fetchone()[0]
        connection.close()
        path = self.copy()
        whole = bytearray(path.read_bytes())
        for _ in range(40):
            start = self.random.randrange(0, max(1, len(data) - 32))
            part = data[start:start + 32]
            if whole.count(part) == 1:
                at = whole.index(part) + self.random.randrange(len(part))
                whole[at] ^= 1 << self.random.randrange(8)
                path.write_bytes(whole)
                return path
        return None

    def flipped_bytes(self):
        connection = sqlite3.connect(self.good)
        idents = [ident for ident, in connection.execute("SELECT id FROM block")]
        connection.close()
        n_flipped = 0
        for ident in idents * 3:
            metric, block = ident >> 48, ident & 0xFFFFFF
            path = self.flip(ident)
            if path is None:
                continue
            n_flipped += 1
            what = "a flipped byte in block %d" % ident
            lines = self.damaged(what, path, "block %d (" % ident)
            self.tally.expect(len(lines) == 1, what + " is one fault", lines)
            self.readers(what, path, metric, self.last if block else self.first)
            path.unlink()
        self.tally.expect(n_flipped > len(idents), "bytes were flipped", n_flipped)

    def readers(self, what, path, metric, time):
        commands = [("export",)]
        if metric in (0, 4):
            commands.append(("scan",))
        if metric in METRICS:
            commands.append(("health", "-f", "json", "--at", time))
        for command in commands:
            done = self.programs.pgskew(*command, path)
            self.tally.expect(done.code == DATA and "block" in done.err, "%s stops %s" % (what, command[0]), done)
            if command[0] != "export":
                self.tally.expect(not done.out or b'"failed"' in done.out, "%s: no number" % what, done.out[:80])

    # ---- rows ----

    def altered_rows(self):
        self.altered("a changed total", "UPDATE snapshot SET total_chunks = total_chunks + 1 WHERE snapshot_id = 7",
                     "total_chunks of ")
        self.altered("a changed sum of bytes", "UPDATE snapshot SET total_size_bytes = 1 WHERE snapshot_id = 280",
                     "total_size_bytes of " + self.last)
        self.altered("a changed deviation", "UPDATE snapshot SET size_bytes_stddev = 1.5 WHERE snapshot_id = 3",
                     "size_bytes_stddev")
        self.altered("a changed Gini", "UPDATE snapshot SET chunk_gini = 0.5 WHERE snapshot_id = 3", "chunk_gini")
        self.altered("a changed skew", "UPDATE snapshot SET max_chunk_skew = 9 WHERE snapshot_id = 3", "max_chunk_skew")
        self.altered("a changed count of statuses", "UPDATE snapshot SET warning_count = 16 WHERE snapshot_id = 3",
                     "statuses")
        self.altered("a changed number seen", "UPDATE snapshot SET chunks_seen = 15 WHERE snapshot_id = 3", "chunks_seen")
        self.altered("another number of partitions", "UPDATE snapshot SET partition_count = 17 WHERE snapshot_id = 3",
                     "16 of its 17 partitions")
        self.altered("a changed hash", "UPDATE snapshot SET content_hash = 1 WHERE snapshot_id = 9", "what was packed")
        path = self.altered("a changed time", "UPDATE snapshot SET taken_at_us = taken_at_us + 1, "
                            "taken_at = replace(taken_at, 'Z', '.000001Z') WHERE snapshot_id = 280", "what was packed")[1]
        done = self.programs.pgskew("health", path)
        self.tally.expect(done.code == DATA and "what was packed" in done.err, "health sees that, too", done)
        self.altered("a changed note", "UPDATE snapshot SET notes = 'all is well' WHERE snapshot_id = 9", "what was packed")
        self.altered("a changed number of a partition", "UPDATE partition_change SET partition_num = 99 WHERE lane = 3",
                     "what was packed")
        self.altered("a plain row that differs", "UPDATE partition_stat SET chunk_count = chunk_count + 1 "
                     "WHERE partition_num = 5")
        self.altered("a plain row that is derived otherwise", "UPDATE partition_stat SET chunk_skew = 0 "
                     "WHERE partition_num = 5", "chunk_skew of partition 5")
        self.altered("a plain row less", "DELETE FROM partition_stat WHERE partition_num = 5", "15 of the 16 partitions")
        for change in ("partition_num = 99", "partition_name = 'x'", "relid = 7"):
            self.altered("a lane with another " + change, "UPDATE partition SET %s WHERE lane = 4" % change,
                         "lane 4 is not what its last change says")
        for change in ("first_moment = 2", "last_moment = 279"):
            self.altered("a lane with another " + change, "UPDATE partition SET %s WHERE lane = 4" % change,
                         "lane 4 is not there from when to when it says")
        path = self.altered("a moment less", "DELETE FROM snapshot WHERE snapshot_id = 4", "moments are not numbered")[1]
        done = self.programs.pgskew("trend", path)
        self.tally.expect(done.code == DATA and "not numbered" in done.err, "trend sees that, too", done)
        self.altered("a lane less", "DELETE FROM partition WHERE lane = 4")
        self.altered_definitions()

    def altered_definitions(self):
        """Tables and indexes of our names are as we made them; views and more columns are somebody's own."""
        renamed = ("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, '%s', '%s');"
                   "PRAGMA writable_schema = RESET")
        for what, sql in (("table partition_change", renamed % ("bounds         TEXT,", "boundz         TEXT,")),
                          ("index snapshot_time", "DROP INDEX snapshot_time; CREATE UNIQUE INDEX snapshot_time ON "
                                                  "snapshot (taken_at_us, snapshot_id)")):
            path = self.altered("another " + what, sql, what)[1]
            done = self.programs.pgskew("health", path)
            self.tally.expect(done.code == DATA and what in done.err, "another %s stops health" % what, done)
        path = self.copy()
        connection = sqlite3.connect(path)
        connection.executescript("CREATE VIEW mine AS SELECT * FROM snapshot; DROP VIEW partition_hot_spots;"
                                 "DROP VIEW partition_stats; CREATE VIEW partition_stats AS SELECT 1;"
                                 "ALTER TABLE partition_stat ADD COLUMN mood TEXT; CREATE INDEX mine_too ON block (data)")
        connection.close()
        self.sound("a history with own views, columns and indexes", path, "280 moments of 16 partitions")

    def unknown_metric(self, insert, row):
        """A metric of a later version is left out, with one warning, by everybody."""
        path = self.copy()
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(insert, row)
        connection.close()
        for command in (("verify",), ("scan",), ("health",), ("export",), ("full", "-f", "json", "--at", self.first)):
            want, got = self.programs.pgskew(*command, self.good), self.programs.pgskew(*command, path)
            same = want.out.replace(str(self.good).encode(), b"") == got.out.replace(str(path).encode(), b"")
            if command == ("verify",):
                same = b"sound" in got.out and got.out.count(b"\n") == 1
            self.tally.expect(got.code == 0 and same, "an unknown metric is left out by " + command[0], got)
            self.tally.expect(got.err.count("\n") == 1 and "unknown" in got.err and str(path) in got.err,
                              "an unknown metric is told by " + command[0], got.err)

    def altered_blocks(self):
        connection = sqlite3.connect(self.good)
        ident, data = connection.execute("SELECT id, data FROM block WHERE id < 1 << 24").fetchone()
        connection.close()
        insert = "INSERT INTO block VALUES (?, ?)"
        for metric in (0x70, 0x1ff, 0x7ffe):
            self.unknown_metric(insert, (metric << 48, data))
        self.altered("a block with a negative number", insert, "nobody knows its metric", parameters=(-5, data))
        self.altered("a block of partitions that are not there", insert, "no partitions for it",
                     parameters=(9 << 24, data))
        self.altered("a block of moments that are not there", insert, "no moments for it", parameters=(9, data))
        self.altered("a block in the wrong place", "UPDATE block SET data = ? WHERE id = ?", "it belongs elsewhere",
                     parameters=(data, ident + 1))
        self.altered("an empty block", "UPDATE block SET data = x'' WHERE id = ?", "it is too short", parameters=(ident,))
        self.altered("a short block", "UPDATE block SET data = substr(data, 1, 100) WHERE id = ?", "its checksum is wrong",
                     parameters=(ident,))

    def foreign_blocks(self):
        """A block of another history is sound, and belongs there; but its values are not those that were packed."""
        rows = self.programs.pgskew("export", self.good).out.decode().splitlines()
        cells = rows[100 * 16].split(",")
        for key, ident in (("chunk_count", 0), ("size_bytes", 4 << 48)):
            column = rows[0].split(",").index(key)
            more = [*cells[:column], str(int(cells[column] or 0) + 5), *cells[column + 1:]]
            other, made = self.scratch / (key + ".db"), self.scratch / (key + ".csv")
            made.write_text("\n".join([*rows[:100 * 16], ",".join(more), *rows[100 * 16 + 1:], ""]))
            done = self.programs.collect("import-history", "-o", other, made)
            self.tally.expect(done.code == 0, "another history is made", done)
            connection = sqlite3.connect(other)
            data = connection.execute("SELECT data FROM block WHERE id = ?", (ident,)).fetchone()[0]
            connection.close()
            path = self.altered("another's %s" % key, "UPDATE block SET data = ? WHERE id = ?", cells[0],
                                parameters=(data, ident))[1]
            for command in (("scan",), ("export",), ("trend",), ("forecast",), ("backtest",), ("report",),
                            ("health", "--at", cells[0])):
                done = self.programs.pgskew(*command, path)
                self.tally.expect(done.code == DATA and cells[0] in done.err, "another's %s stops %s" % (key, command[0]),
                                  done)

    def many_faults(self):
        lines, _ = self.altered("every sum changed", "UPDATE snapshot SET total_chunks = total_chunks + 1",
                                "and 260 more")
        self.tally.expect(len(lines) == 21, "twenty faults are said, and how many more", len(lines))

    # ---- removed blocks ----

    def every_answer(self, path, new, at):
        """What every command says of a history, by command; `new` is a snapshot that it lacks."""
        answers = {command: self.programs.pgskew(*command, "--at", at, path) for command in ANSWERS}
        answers.update({command: self.programs.pgskew(*command, path) for command in SERIES})
        elsewhere = self.first if at == self.last else self.last
        answers["elsewhere"] = self.programs.pgskew("full", "-f", "json", "--at", elsewhere, path)
        out = self.scratch / "exported"
        out.mkdir()
        answers["snapshots"] = self.programs.pgskew("export", "-f", "snapshot", "-o", out, path)
        shutil.rmtree(out)
        more = self.scratch / "more.db"
        shutil.copyfile(path, more)
        answers["pack"] = self.programs.pgskew("pack", "-o", more, new)
        if answers["pack"].code == 0:
            answers["packed"] = self.programs.pgskew("full", "-f", "json", more)
        return answers

    @staticmethod
    def refused(command, done):
        if command[0] == "check":  # whose failures are one line on stdout and exit 3
            return done.code == 3 and b"block " in done.out and done.out.count(b"\n") == 1
        named = done.out.decode() if command == ("verify",) else done.err
        return done.code == DATA and done.err.count("\n") == 1 and "block " in named and b'"metrics":{"' not in done.out

    @staticmethod
    def said(done):
        """Without the hash of the file itself, which the report tells."""
        return done.code, re.sub(rb"<code>[0-9a-f]{16}</code>", b"", done.out), done.err

    def removed_blocks(self):
        """Each block in turn: whoever reads it refuses, and everybody else answers as of the whole file."""
        path, new = self.scratch / "removed.db", self.scratch / "new.db"
        shutil.copyfile(self.good, path)
        done = self.programs.pgskew("export", "-f", "snapshot", "--at", self.last, "-o", new, path)
        self.tally.expect(done.code == 0, "a snapshot is taken out", done)
        later = "2031-01-01T00:00:00"
        connection = sqlite3.connect(new)
        with connection:
            connection.execute("UPDATE snapshot SET taken_at = '%sZ', taken_at_us = strftime('%%s', '%s') * 1000000"
                               % (later, later))
        connection.close()
        want = [self.every_answer(path, new, at) for at in (self.first, self.last)]
        for command, done in want[1].items():
            self.tally.expect(done.code in (0, 1, 2), "%s of the whole file" % (command,), done)
        connection = sqlite3.connect(path)
        blocks = connection.execute("SELECT id, data FROM block").fetchall()
        connection.close()
        for ident, data in blocks:
            self.one_removed(path, new, ident, want[ident & 0xFFFFFF])
            connection = sqlite3.connect(path)
            with connection:
                connection.execute("INSERT INTO block VALUES (?, ?)", (ident, data))
            connection.close()
        self.tally.expect(len(blocks) == 22, "blocks of eight metrics, presence, moments and contents", len(blocks))

    def one_removed(self, path, new, ident, want):
        metric, time_block = ident >> 48, ident & 0xFFFFFF
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("DELETE FROM block WHERE id = %d" % ident)
        connection.close()
        got = self.every_answer(path, new, self.last if time_block else self.first)
        for command, done in got.items():
            self.tally.expect(self.said(done) == self.said(want[command]) or self.refused(command, done),
                              "%s without block %d is refused, or the same" % (command, ident), done)
        must = {("verify",)}
        if metric <= 0x101:  # all but the contents
            must |= {("export",), "snapshots"} | ({"pack"} if time_block else set())
        if metric <= 0x100:
            must |= {("full", "-f", "json")}
        if metric in METRICS:
            must |= {("health",), ("health-summary",), ("statistics",)}
        if metric in (0, 4):
            must |= {("scan",), ("trend",), ("forecast",)}
        missed = {command for command in must if got[command].code != DATA}
        self.tally.expect(not missed, "block %d is missed" % ident, missed)

    # ---- everything else ----

    def other_paths(self):
        self.sound("the good history", self.good, "280 moments of 16 partitions")
        snapshot = self.fixtures / "warning" / "snapshot.db"
        self.sound("a snapshot", snapshot, "1 snapshot")
        directory = self.scratch / "directory"
        directory.mkdir()
        (directory / "notes.txt").write_text("not ours\n")
        done = self.programs.pgskew("verify", directory)
        self.tally.expect(done.code == NO_INPUT and "holds no snapshot" in done.err and not done.out,
                          "a directory without anything of ours", done)
        for name in ("balanced", "warning", "empty"):
            shutil.copyfile(self.fixtures / name / "snapshot.db", directory / (name + ".db"))
        self.sound("a directory", directory, "3 snapshots")
        connection = sqlite3.connect(directory / "warning.db")
        with connection:
            connection.execute("UPDATE partition_stat SET chunk_skew = 0")
        connection.close()
        self.damaged("a directory with a changed snapshot", directory, "warning.db", "chunk_skew")
        whole = (directory / "empty.db").read_bytes()
        (directory / "empty.db").write_bytes(whole[:-4096])
        lines = self.damaged("a directory with a cut snapshot", directory, "empty.db")
        self.tally.expect(len(lines) == 2, "both are found", lines)
        done = self.programs.pgskew("verify", self.scratch / "none.db")
        self.tally.expect(done.code == NO_INPUT and "none.db" in done.err, "a file that is not there", done)
        done = self.programs.pgskew("verify", self.good, self.scratch / "none.db", snapshot)
        self.tally.expect(done.code == NO_INPUT and done.out.count(b"sound") == 2, "the others are verified", done)
        foreign = self.scratch / "foreign.db"
        connection = sqlite3.connect(foreign)
        with connection:
            connection.execute("CREATE TABLE snapshot (x)")
        connection.close()
        for path, what in ((directory / "notes.txt", "not a SQLite file"), (foreign, "another application"),
                           (pathlib.Path("/dev/null"), "not a regular file")):
            done = self.programs.pgskew("verify", path)
            self.tally.expect(done.code == DATA and not done.out and done.err.count("\n") == 1 and str(path) in done.err and
                              what in done.err and "damaged" not in done.err, "a file that is not ours", done)
        cut = self.copy()
        cut.write_bytes(cut.read_bytes()[:-65536])
        self.damaged("a cut history", cut)


    def full_stdout(self):
        """What nobody could read was not told."""
        full = pathlib.Path("/dev/full")
        for command in (("verify", self.good), ("pack", "-o", self.copy(), self.good),
                        ("prune", "--history", self.good, "--keep", "1d", self.fixtures / "warning")):
            if not full.exists():
                return
            with full.open("wb") as stdout:
                done = subprocess.run([self.programs.directory / "pgskew", *command], stdout=stdout,
                                      stderr=subprocess.PIPE, check=False)
            self.tally.expect(done.returncode == IO_ERROR and b"standard output" in done.stderr,
                              "%s onto a full device" % command[0], done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        check = Verify(Programs(options.bin), tally, options.fixtures, scratch, options.seed)
        check.other_paths()
        check.flipped_bytes()
        check.altered_rows()
        check.altered_blocks()
        check.full_stdout()
        check.foreign_blocks()
        check.many_faults()
        check.removed_blocks()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
