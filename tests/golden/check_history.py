#!/usr/bin/env python3
"""A moment of a packed history answers with the same bytes as its snapshot file, and as a directory of
such files; however, and in whatever order, the history was packed.

    check_history.py --bin DIR --fixtures DIR
"""
import argparse
import datetime
import json
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402

COMMANDS = [("health",), ("distribution",), ("sizes",), ("hot",), ("skew",), ("collections",),
            ("statistics",), ("statistics", "--partition", "1"), ("statistics", "--partition", "9999"),
            ("recommendations",), ("health-summary",), ("full",)]
FORMATS = ("json", "table", "csv", "markdown")
USAGE, DATA, NO_INPUT, CANT_CREATE = 64, 65, 66, 73
FIRST = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)


def moment(i):
    """Times of all kinds: whole seconds, microseconds, days apart."""
    at = FIRST + datetime.timedelta(hours=7 * i, microseconds=250001 * (i % 3))
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content(path):
    """Every row of every table, so that two histories can be compared."""
    connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    tables = [name for name, in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    rows = {name: sorted(connection.execute('SELECT * FROM "%s"' % name), key=repr) for name in tables}
    connection.close()
    return rows


class History:
    def __init__(self, programs, tally, fixtures, scratch):
        self.programs, self.tally = programs, tally
        self.fixtures, self.scratch = pathlib.Path(fixtures), pathlib.Path(scratch)
        self.cases = sorted((self.fixtures / "reference" / "cases").iterdir())
        self.directory = self.scratch / "snapshots"
        self.directory.mkdir()
        self.snapshots = []  # (time, path)

    def import_cases(self):
        """Every recorded case becomes one moment of one series: it could hardly change more."""
        for i, case in enumerate(self.cases):
            path = self.directory / ("%s.db" % case.name)
            done = self.programs.collect("import", "-q", "--taken-at", moment(i), "-o", path, case)
            self.tally.expect(done.code == 0, "import " + case.name, done)
            self.snapshots.append((moment(i), path))

    def pack(self, what, history, *paths, code=0):
        done = self.programs.pgskew("pack", "-o", history, *paths)
        self.tally.expect(done.code == code, "%s: exit %d" % (what, code), done)
        return done

    def refused(self, what, code, history, paths, *mentions):
        """One sentence that names things, and the history as it was."""
        before = history.read_bytes() if history.is_file() else None
        done = self.pack(what, history, *paths, code=code)
        lines = done.err.splitlines()
        self.tally.expect(len(lines) == 1 and not done.out, what + ": one sentence", done)
        for mention in mentions:
            self.tally.expect(str(mention) in done.err, "%s: names %s" % (what, mention), done.err)
        after = history.read_bytes() if history.is_file() else None
        self.tally.expect(before == after, what + ": nothing was changed")
        litter = [path.name for path in history.parent.iterdir() if path.name.startswith(".")]
        self.tally.expect(not litter, what + ": no litter", litter)

    # ---- the same answers ----

    def same(self, what, want, command):
        got = self.programs.pgskew(*command)
        self.tally.expect((got.code, got.out, got.err) == (want.code, want.out, want.err), what, got)

    def same_answers(self, snapshot, at, others, formats):
        for command in COMMANDS:
            for format_ in formats if command != ("full",) else FORMATS:
                want = self.programs.pgskew(*command, "-f", format_, snapshot)
                for other in others:
                    what = "%s -f %s of %s in %s" % (" ".join(command), format_, snapshot.name,
                                                     other.name)
                    self.same(what, want, [*command, "-f", format_, *at, other])

    def check_all_moments(self, history):
        for i, (at, snapshot) in enumerate(self.snapshots):
            others = (history,) if i % 4 else (history, self.directory)
            self.same_answers(snapshot, ("--at", at), others, ("json",))
            want = self.programs.pgskew("health", "--fail-on", "warning", snapshot)
            self.same("--fail-on warning of " + snapshot.name, want,
                      ["health", "--fail-on", "warning", "--at", at, history])

    def check_fixtures(self):
        """Each alone in a history, in every format, without --at."""
        for path in sorted(self.fixtures.glob("*/snapshot.db")):
            history = self.scratch / (path.parent.name + ".history.db")
            self.pack("pack " + path.parent.name, history, path)
            self.same_answers(path, (), (history,), FORMATS)

    def check_between_moments(self, history):
        """--at takes the newest moment at or before; before the first there is none."""
        late = "2031-01-01T00:00:00Z"
        for path in (history, self.directory):
            done = self.programs.pgskew("health", "--at", "2024-12-31T23:59:59.999999Z", path)
            self.tally.expect(done.code == NO_INPUT and "2025-01-01T00:00:00Z" in done.err,
                              "before the first moment of " + path.name, done)
        newest = self.programs.pgskew("full", "-f", "json", self.snapshots[-1][1])
        for at in ((), ("--at", late)):
            self.same("full of the newest moment", newest, ["full", "-f", "json", *at, history])
        second = self.programs.pgskew("full", "-f", "json", self.snapshots[1][1])
        self.same("full just before the third moment", second,
                  ["full", "-f", "json", "--at", "2025-01-01T13:59:59Z", history])

    def check_list(self, history):
        """Times and counts of both lists agree; only the paths differ."""
        def rows(path):
            done = self.programs.pgskew("list", "-f", "json", path)
            return [[value for key, value in row.items() if key not in ("path", "file")]
                    for row in json.loads(done.out)]
        self.tally.expect(rows(history) == rows(self.directory), "list says the same of both")

    def check_scan(self, history):
        """scan reads snapshot files, in any order, and histories beside them, as it reads their history; and it
        leaves nothing behind."""
        place = self.scratch / "tmp"
        place.mkdir()
        files = [path for _, path in self.snapshots]
        half = self.scratch / "half.db"
        self.pack("pack half", half, "--until", self.snapshots[9][0], self.directory)
        for by in ("total", "moment", "partition"):
            for format_ in FORMATS:
                want = self.programs.pgskew("scan", "--by", by, "-f", format_, history)
                self.tally.expect(want.code == 0, "scan --by " + by, want)
                for paths in ([self.directory], files[::-1], [half, self.directory], ["--table", "chunks", history]):
                    got = self.programs.pgskew("scan", "--by", by, "-f", format_, *paths, env={"TMPDIR": str(place)})
                    self.tally.expect((got.code, got.out, got.err) == (0, want.out, ""),
                                      "scan --by %s -f %s of files" % (by, format_), got)
        span = ("--since", self.snapshots[3][0], "--until", self.snapshots[8][0])
        want = self.programs.pgskew("scan", *span, history)
        got = self.programs.pgskew("scan", *span, env={"TMPDIR": str(place), "PGSKEW_PATH": str(self.directory)})
        self.tally.expect((got.code, got.out) == (0, want.out), "scan of a span of files", got)
        got = self.programs.pgskew("scan", "--since", "2031-01-01T00:00:00Z", self.directory)
        self.tally.expect(got.code == NO_INPUT and str(self.directory) in got.err, "scan of no moment", got)
        self.tally.expect(not list(place.iterdir()), "scan leaves nothing behind", list(place.iterdir()))
        got = self.programs.pgskew("scan", self.directory, env={"TMPDIR": str(place / "absent")})
        self.tally.expect(got.code == CANT_CREATE and "absent" in got.err, "scan without a place to pack", got)

    # ---- however it was packed ----

    def check_orders(self, history):
        want, order = content(history), random.Random(20251020)
        for how in ("backwards", "in threes"):
            other = self.scratch / ("%s.db" % how.replace(" ", "-"))
            paths = [path for _, path in self.snapshots]
            if how == "backwards":
                paths.reverse()
            if how == "in threes":
                order.shuffle(paths)
            step = 3 if how == "in threes" else 1
            for i in range(0, len(paths), step):
                self.pack("pack %s, %d" % (how, i), other, *paths[i:i + step])
            self.tally.expect(content(other) == want, "packed %s, it is the same history" % how)
            self.tally.expect(not pathlib.Path(str(other) + "-journal").exists(), how + ": no journal")

    def check_views(self, history):
        """The guide's six views answer for the newest moment, with stock SQLite."""
        def views(path):
            connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            names = [name for name, in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")]
            rows = {name: connection.execute("SELECT * FROM " + name).fetchall() for name in names}
            connection.close()
            return rows
        want, got = views(self.snapshots[-1][1]), views(history)
        self.tally.expect(len(want) == 6, "six views", list(want))
        for name in want:
            self.tally.expect(want[name] and got.get(name) == want[name], "view " + name,
                              (want[name][:1], got.get(name, [])[:1]))

    def check_from_histories(self, history):
        """A history can be packed from histories, also overlapping ones, and from a mixture."""
        middle = self.snapshots[15][0]
        first, rest, mixed = (self.scratch / name for name in ("first.db", "rest.db", "mixed.db"))
        self.pack("pack --until", first, "--until", middle, history)
        self.pack("pack --since", rest, "--since", self.snapshots[12][0], self.directory)
        self.pack("pack two overlapping histories", mixed, first, rest)
        self.tally.expect(content(mixed) == content(history), "two halves are the whole")
        self.pack("pack a history into itself", mixed, mixed, self.directory)
        self.tally.expect(content(mixed) == content(history), "itself adds nothing")

    def check_overlap(self, history):
        before = history.read_bytes()
        done = self.pack("pack again", history, self.directory)
        self.tally.expect(b"0 added, %d known already" % len(self.snapshots) in done.out,
                          "pack again says what it did", done.out)
        self.tally.expect(history.read_bytes() == before, "packing again changes no byte")
        twice = self.scratch / "twice"
        twice.mkdir()
        for _, path in self.snapshots[:3]:
            for copy in ("a-", "b-"):
                shutil.copyfile(path, twice / (copy + path.name))
        other = self.scratch / "twice.db"
        done = self.pack("pack copies", other, twice)
        self.tally.expect(b"3 moments, 3 added, 3 known already" in done.out, "copies count once",
                          done.out)

    # ---- what is refused ----

    def conflicting(self, i, name):
        """Another case under the time of moment `i`."""
        path = self.scratch / name
        case = self.cases[(i + 5) % len(self.cases)]
        self.programs.collect("import", "-q", "--taken-at", moment(i), "-o", path, case)
        return path

    def check_conflicts(self, history):
        for i in (0, 3, len(self.snapshots) - 1):
            path = self.conflicting(i, "conflict-%d.db" % i)
            self.refused("a conflict about moment %d" % i, DATA, history, [path], path, history)
            late = self.scratch / "late.db"
            if not late.exists():
                self.programs.collect("import", "-q", "--taken-at", "2026-01-01T00:00:00Z", "-o", late,
                                      self.cases[0])
            self.refused("a conflict beside good ones", DATA, history, [late, path], path, history)
        a, b = self.snapshots[3][1], self.conflicting(3, "other-3.db")
        self.refused("two files about one moment", DATA, self.scratch / "none.db", [a, b], a, b)

    def check_other_series(self, history):
        other = self.scratch / "other-series.db"
        self.programs.collect("import", "-q", "--taken-at", "2026-03-01T00:00:00Z", "--table",
                              "public.other", "-o", other, self.cases[0])
        self.refused("another series", USAGE, history, [other], other, history)
        for what, time in (("older than all", "2020-03-01T00:00:00Z"), ("of a moment we know", moment(0))):
            path = self.scratch / "other-series-early.db"
            path.unlink(missing_ok=True)
            self.programs.collect("import", "-q", "--taken-at", time, "--table", "public.other", "-o", path,
                                  self.cases[0])
            self.refused("another series, " + what, USAGE, history, [path],
                         '"%s" is of another series than the history "%s"' % (path, history))
        self.refused("two series", USAGE, self.scratch / "none.db", [self.directory, other],
                     "public.other", "public.chunks")
        picked = self.scratch / "picked.db"
        self.pack("--table picks one", picked, "--table", "chunks", self.directory, other)
        self.tally.expect(content(picked) == content(history), "--table leaves the other out")

    def check_bad_places(self, history):
        empty = self.scratch / "empty-directory"
        empty.mkdir()
        self.refused("nothing to pack", NO_INPUT, self.scratch / "none.db", [empty])
        self.refused("no such path", NO_INPUT, self.scratch / "none.db", [empty / "x.db"])
        self.refused("a snapshot as the history", CANT_CREATE, self.snapshots[0][1], [self.directory])
        text = self.scratch / "text.db"
        text.write_text("no history")
        self.refused("a text as the history", CANT_CREATE, text, [self.directory], text)
        directory = self.scratch / "a-directory"
        directory.mkdir()
        self.refused("a directory as the history", CANT_CREATE, directory, [self.directory], "is a directory", directory)
        for path, says in ((directory, "is a directory"), (self.snapshots[0][1], "is a snapshot, and no history"),
                           (text, "is neither a snapshot nor a history")):
            done = self.programs.pgskew("export", path)
            self.tally.expect(done.code == DATA and says in done.err and done.err.count("\n") == 1 and not done.out,
                              "export of what %s" % says, done)
        done = self.programs.pgskew("pack", self.directory)
        self.tally.expect(done.code == USAGE and "-o" in done.err, "pack without -o", done)
        done = self.pack("no such directory", empty / "no" / "h.db", self.directory, code=CANT_CREATE)
        self.tally.expect(len(done.err.splitlines()) == 1, "no such directory: one sentence", done)
        torn = self.scratch / "torn.db"
        torn.write_bytes(history.read_bytes()[:-1000])
        self.refused("a torn history", DATA, torn, [self.directory], torn)

    def check_levels(self, history):
        """PGSKEW_SIMD takes a name of this CPU's, or says which."""
        want = self.programs.pgskew("full", "-f", "json", history)
        for level in ("base", "v3", "v4"):
            got = self.programs.pgskew("full", "-f", "json", history, env={"PGSKEW_SIMD": level})
            lacks = got.code == USAGE and "no instruction level" in got.err
            self.tally.expect(lacks or got.out == want.out, "PGSKEW_SIMD=" + level, got)
        for level in ("v5", "avx2", "BASE"):
            got = self.programs.pgskew("health", history, env={"PGSKEW_SIMD": level})
            self.tally.expect(got.code == USAGE and level in got.err and not got.out,
                              "PGSKEW_SIMD=" + level, got)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    options = parser.parse_args()
    tally = Tally()
    memory = "/dev/shm"  # hundreds of packs: no test of a disk
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pgskew-history-", dir=place) as scratch:
        check = History(Programs(options.bin), tally, options.fixtures, scratch)
        check.import_cases()
        history = check.scratch / "history.db"
        check.pack("pack all cases", history, check.directory)
        for one in (check.check_all_moments, check.check_between_moments, check.check_list, check.check_scan,
                    check.check_views,
                    check.check_orders, check.check_from_histories, check.check_overlap,
                    check.check_conflicts, check.check_other_series, check.check_bad_places,
                    check.check_levels):
            one(history)
        check.check_fixtures()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
