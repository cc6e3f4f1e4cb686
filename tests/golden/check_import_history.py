#!/usr/bin/env python3
"""A long CSV becomes a history and comes out again, byte for byte: at once, piece by piece, and by way
of snapshot files; and what the histories' own makers computed of them is what pgskew answers.

    check_import_history.py --bin DIR --histories DIR
"""
import argparse
import decimal
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402

USAGE, DATA, NO_INPUT, CANT_CREATE = 64, 65, 66, 73
HEADER = "taken_at,partition_num,partition_name,chunk_count,avg_tokens,chunk_percentage\n"


def at(day):
    return "2025-01-%02dT00:00:00Z" % day


class LongCsv:
    def __init__(self, programs, tally, histories, scratch):
        self.programs, self.tally = programs, tally
        self.histories, self.scratch = pathlib.Path(histories), pathlib.Path(scratch)
        self.n_made = 0

    def path(self, name):
        self.n_made += 1
        return self.scratch / ("%03d-%s" % (self.n_made, name))

    def csv(self, text, name="long.csv"):
        path = self.path(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def load(self, what, history, csv, *options, code=0):
        done = self.programs.collect("import-history", "-o", history, *options, csv)
        self.tally.expect(done.code == code, "%s: exit %d" % (what, code), done)
        return done

    def export(self, what, history, *options, code=0):
        done = self.programs.pgskew("export", *options, history)
        self.tally.expect(done.code == code, "%s: exit %d" % (what, code), done)
        return done.out

    def same(self, what, got, want):
        if isinstance(want, str):
            want = want.encode()
        lines = [pair for pair in zip(want.splitlines(), got.splitlines()) if pair[0] != pair[1]]
        self.tally.expect(got == want, what, lines[0] if lines else "%d bytes, not %d" % (len(got), len(want)))

    def refused(self, what, history, csv, code, *mentions, options=()):
        before = history.read_bytes() if history.exists() else None
        done = self.load(what, history, csv, *options, code=code)
        self.tally.expect(done.err.count("\n") == 1 and not done.out, what + ": one sentence", done)
        for mention in mentions:
            self.tally.expect(str(mention) in done.err, "%s: names %s" % (what, mention), done.err)
        after = history.read_bytes() if history.exists() else None
        self.tally.expect(before == after, what + ": nothing was changed")

    # ---- the public histories ----

    def there_and_back(self):
        for source in sorted(self.histories.glob("*.csv.gz")):
            if ".collections." in source.name:
                continue
            name, text = source.name.split(".")[0], gzip.decompress(source.read_bytes())
            history, csv = self.path(name + ".db"), self.csv(text, name + ".csv")
            collections = source.with_name(name + ".collections.csv.gz")
            options = []
            if collections.exists():
                options = ["--collections", self.csv(gzip.decompress(collections.read_bytes()))]
            self.load(name, history, csv, *options)
            self.same(name + " comes back", self.export(name, history), text)
            self.by_pieces(name, text)
            self.by_snapshots(name, history, text)
            self.spans(name, history, text)
            self.checks(name, history, source.with_name(name + ".json"))

    def by_pieces(self, name, text):
        """The first third, then two thirds, then all: what is known is skipped."""
        history, lines = self.path("pieces.db"), text.splitlines(keepends=True)
        moments = sorted({line.split(b",")[0] for line in lines[1:]})
        for part in (len(moments) // 3, 2 * len(moments) // 3, len(moments)):
            chosen = set(moments[:part])
            some = [line for line in lines[1:] if line.split(b",")[0] in chosen]
            self.load(name + " in pieces", history, self.csv(lines[0] + b"".join(some)))
        self.same(name + " in pieces comes back", self.export(name, history), text)
        again = self.load(name + " once more", history, self.csv(text))
        self.tally.expect(b" 0 added, %d known already" % len(moments) in again.out,
                          name + " once more adds nothing", again.out)

    def by_snapshots(self, name, history, text):
        """Out as snapshot files, and packed again; each answers as the history does."""
        directory, packed = self.path("snapshots"), self.path("packed.db")
        directory.mkdir()
        since = text.splitlines()[-1].split(b",")[0].decode()[:10] + "T00:00:00Z"
        done = self.programs.pgskew("export", "-f", "snapshot", "--since", since, "-o", directory, history)
        self.tally.expect(done.code == 0, name + " as snapshots", done)
        files = sorted(directory.iterdir())
        done = self.programs.pgskew("pack", "-o", packed, directory)
        self.tally.expect(done.code == 0 and files, name + " is packed again", done)
        self.same(name + " as snapshots comes back", self.export(name, packed),
                  self.export(name, history, "--since", since))
        for command in ("full", "health", "collections"):
            for form in ("json", "csv"):
                one = self.programs.pgskew(command, "-f", form, files[-1])
                two = self.programs.pgskew(command, "-f", form, history)
                self.same("%s %s -f %s of a snapshot" % (name, command, form), one.out, two.out)

    def spans(self, name, history, text):
        lines = text.splitlines(keepends=True)
        moments = sorted({line.split(b",")[0] for line in lines[1:]})
        a, b = moments[len(moments) // 4], moments[len(moments) // 2]

        def of(first, last):
            return lines[0] + b"".join(x for x in lines[1:] if first <= x.split(b",")[0] <= last)
        for options, want in (
                (("--since", a.decode(), "--until", b.decode()), of(a, b)),
                (("--since", b.decode()), of(b, moments[-1])),
                (("--at", a.decode().replace(":00Z", ":01Z")), of(a, a)),
                (("--at", "2999-01-01T00:00:00Z"), of(moments[-1], moments[-1]))):
            self.same("%s %s" % (name, " ".join(options)), self.export(name, history, *options), want)
        out = self.path("out.csv")
        self.programs.pgskew("export", "-o", out, history)
        self.same(name + " -o", out.read_bytes(), text)
        self.export(name + " before all", history, "--until", "1999-01-01T00:00:00Z", code=NO_INPUT)

    def checks(self, name, history, path):
        if not path.exists():
            return
        checks = json.loads(path.read_text())["checks"]
        for want in [checks["last_snapshot"]] + checks["ten_snapshots"]:
            got = json.loads(self.programs.pgskew("full", "-f", "json", "--at", want["taken_at"],
                                                  history).out)["metrics"]
            what = "%s at %s" % (name, want["taken_at"])
            counts = (got["statistics"]["total_chunks"], sum(s["size_bytes"] for s in got["sizes"]),
                      got["warning_count"], got["unbalanced_count"])
            self.tally.expect(counts == (want["total_chunks"], want["total_size_bytes"],
                                         want["warning"], want["unbalanced"]), what, counts)
        last = self.programs.pgskew("scan", "--by", "moment", "-f", "json", history)
        row = json.loads(last.out, parse_float=decimal.Decimal)[-1]
        want = checks["last_snapshot"]
        for got, key in ((row["max_chunk_skew"], "max_chunk_skew"), (row["max_size_skew"], "max_size_skew")):
            self.tally.expect(abs(got / decimal.Decimal(want[key]["decimal"]) - 1) < decimal.Decimal("1e-11"),
                              "%s %s" % (name, key), got)

    # ---- what else a file can hold ----

    def names_and_gaps(self):
        """Names of all kinds, partitions that come and go, reals, percentages, nothing observed."""
        text = HEADER + "".join((
            '%s,0,plain,1,1.5,10.0\n' % at(1), '%s,3,"a, ""b""",2,,20.0\n' % at(1),
            '%s,7,"two\nlines",0,0.25,70.0\n' % at(1),
            "%s,1,'=sum,5,2.0,\n" % at(2), "%s,2,''@x,5,2.0,\n" % at(2), "%s,3,'-y,,,\n" % at(2),
            '%s,0,plain,1,1.5,33.34\n' % at(3), '%s,9,,1,,33.33\n' % at(3), '%s,11,"",1,,33.33\n' % at(3)))
        history = self.path("names.db")
        self.load("names", history, self.csv(text))
        self.same("names come back", self.export("names", history), text)
        got = self.programs.pgskew("health", "-f", "json", "--at", at(2), history)
        rows = json.loads(self.programs.pgskew("health-summary", "-f", "json", "--at", at(2), history).out)
        self.tally.expect(rows["unmeasured_count"] == 1, "a row of nothing is unmeasured", got.out)
        self.tally.expect(b'"=sum"' in self.programs.pgskew("sizes", "-f", "json", "--at", at(2), history).out or
                          b"=sum" in self.programs.pgskew("full", "--at", at(2), history).out,
                          "a name loses the apostrophe that export gives it")

    def order_of_columns(self):
        history = self.path("order.db")
        self.load("columns in any order", history, self.csv(
            "last_created_at,chunk_count,partition_num,taken_at\n"
            "2025-01-01 01:00:00+01,5,4,2025-01-01 00:00:00+00\n"))
        self.same("columns in the order of the metrics", self.export("order", history),
                  "taken_at,partition_num,chunk_count,last_created\n%s,4,5,%s\n" % (at(1), at(1)))

    def from_a_pipe(self):
        text = "taken_at,partition_num,chunk_count\n%s,1,2\n" % at(1)
        history = self.path("pipe.db")
        done = subprocess.run([str(self.programs.directory / "pgskew-collect"), "import-history", "-o",
                               str(history), "-"], input=text.encode(), capture_output=True, check=False)
        self.tally.expect(done.returncode == 0, "a pipe is read", done.stderr)
        self.same("a pipe comes back", self.export("pipe", history), text)

    # ---- what is refused ----

    def conflicts(self):
        head = "taken_at,partition_num,chunk_count\n"
        row = "%s,1,%d\n"
        history = self.path("conflict.db")
        self.load("two moments", history, self.csv(head + row % (at(2), 2) + row % (at(4), 4)))
        self.refused("a moment that differs", history, self.csv(head + row % (at(2), 3)), DATA,
                     history, "differ about " + at(2))
        self.refused("a moment between", history, self.csv(head + row % (at(3), 3)), DATA, history, at(3))
        self.refused("a moment before", history, self.csv(head + row % (at(1), 3)), DATA, at(1), at(4))
        self.refused("another series", history, self.csv(head + row % (at(5), 5)), USAGE, "another series",
                     options=("--table", "app.other"))
        self.refused("another series, of a moment we know", history, self.csv(head + row % (at(2), 2)), USAGE,
                     "another series", options=("--table", "app.other"))
        later = self.csv(head + row % (at(5), 5) + row % (at(4), 4))
        self.refused("moments that are not in order", history, later, DATA, later, "line 3", "taken_at")
        self.refused("a bad last line", history, self.csv(head + row % (at(5), 5) + at(6) + ",x,1\n"), DATA,
                     "line 3", "partition_num")
        snapshot = self.path("snapshot.db")
        self.programs.pgskew("export", "-f", "snapshot", "-o", snapshot, history)
        self.refused("a snapshot", snapshot, later, CANT_CREATE, snapshot)
        self.refused("no such file", self.path("none.db"), self.scratch / "none.csv", NO_INPUT, "none.csv")
        self.refused("no such directory", self.scratch / "none" / "h.db", later, CANT_CREATE, "none")
        done = self.programs.collect("import-history", later)
        self.tally.expect(done.code == USAGE and "-o HISTORY.db" in done.err, "no -o", done)

    def collections_move_on(self):
        """A growing file is imported every night, each time with the collections of its last moment."""
        head, row = "taken_at,partition_num,chunk_count\n", "%s,1,%d\n"
        collections = self.csv("collection_id,partition_num,chunk_count\na,1,2\n")
        history, csv = self.path("nightly.db"), head
        for day in (1, 2, 3):
            csv += row % (at(day), day)
            done = self.load("night %d" % day, history, self.csv(csv), "--collections", collections)
            self.tally.expect(b"1 added" in done.out, "night %d adds one" % day, done)

    def export_refuses(self):
        history, text = self.path("one.db"), "taken_at,partition_num,chunk_count\n%s,1,2\n" % at(1)
        self.load("one moment", history, self.csv(text))
        done = self.programs.pgskew("export", "-f", "snapshot", history)
        self.tally.expect(done.code == USAGE and "-o DIR" in done.err, "snapshots to nowhere", done)
        file = self.path("file.db")
        for code in (0, CANT_CREATE):
            done = self.programs.pgskew("export", "-f", "snapshot", "-o", file, history)
            self.tally.expect(done.code == code, "a snapshot is written once: exit %d" % code, done)
        done = self.programs.pgskew("-f", "csv", "export", history)
        self.same("-f before the command", done.out, text)
        done = self.programs.pgskew("export", "-f", "json", history)
        self.tally.expect(done.code == USAGE and "csv, snapshot" in done.err, "a format of others", done)
        done = self.programs.pgskew("export", file)
        self.tally.expect(done.code == DATA and "is a snapshot, and no history" in done.err and "pgskew pack" in done.err,
                          "a snapshot is no history", done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--histories", required=True, help="*.csv.gz, *.collections.csv.gz, *.json")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        check = LongCsv(Programs(options.bin), tally, options.histories, scratch)
        check.there_and_back()
        check.names_and_gaps()
        check.order_of_columns()
        check.from_a_pipe()
        check.conflicts()
        check.collections_move_on()
        check.export_refuses()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
