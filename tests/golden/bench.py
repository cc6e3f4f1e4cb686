"""A scratch directory to be mean in, for the check_bad_*.py."""
import argparse
import os
import pathlib
import shutil
import sqlite3
import tempfile

from programs import Programs, Tally

TAKEN = "2025-10-20T10:15:00Z"
USAGE, DATA, NO_INPUT, UNAVAILABLE, CANT_CREATE, IO_ERROR, RETRY = 64, 65, 66, 69, 73, 74, 75
CHUNKS = "partition_chunk_distribution.csv"
SIZES = "partition_size_distribution.csv"
HOT = "partition_hot_spots.csv"
STATS = "partition_stats.csv"
COLLECTIONS = "collection_chunking_stats.csv"
BIG = 2 ** 53


class Bench:
    """A scratch directory with a good export and a good snapshot to spoil."""

    def __init__(self, programs, tally, cases, scratch):
        self.programs, self.tally, self.scratch = programs, tally, pathlib.Path(scratch)
        self.good_export = pathlib.Path(cases) / "p3-half-exact"
        self.n_made = 0
        self.good_snapshot = self.scratch / "good.db"
        done = programs.collect("import", "--taken-at", TAKEN, "-o", self.good_snapshot, self.good_export)
        tally.expect(done.code == 0, "the good export is imported", done)

    def fresh(self, name):
        self.n_made += 1
        path = self.scratch / ("%03d-%s" % (self.n_made, name))
        path.mkdir()
        return path

    def export(self, files):
        """A copy of the good export in which `files` (name -> bytes, None: absent) are others."""
        path = self.fresh("export")
        for source in self.good_export.glob("*.csv"):
            shutil.copyfile(source, path / source.name)
        for name, content in files.items():
            if content is None:
                (path / name).unlink()
            else:
                (path / name).write_bytes(content)
        return path

    def good(self, name):
        return (self.good_export / name).read_bytes()

    def fails(self, what, got, code, *mentions, secret=None):
        """The exit code, one sentence that mentions things, no secret, no answer on stdout."""
        tally = self.tally
        tally.expect(got.code == code, "%s: exit %d" % (what, code), got)
        lines = [line for line in got.err.splitlines() if "skipped" not in line]
        tally.expect(len(lines) == 1 and got.err.endswith("\n"), what + ": one line on stderr", got)
        for mention in mentions:
            tally.expect(mention.lower() in got.err.lower(), "%s: mentions %r" % (what, mention), got)
        if secret:
            tally.expect(secret not in got.err and secret.encode() not in got.out,
                         what + ": keeps the secret", got)
        tally.expect(not got.err.rstrip().endswith("..") and "\x1b" not in got.err,
                     what + ": plain text", got)

    def import_fails(self, what, export, code, *mentions):
        outdir = self.fresh("out")
        got = self.programs.collect("import", "--taken-at", TAKEN, "-o", outdir, export)
        self.fails(what, got, code, *mentions)
        self.tally.expect(got.out == b"", what + ": no data on stdout", got.out[:80])
        left = sorted(path.name for path in outdir.iterdir())
        self.tally.expect(not left, what + ": nothing left in the output directory", left)
        self.import_to_file_leaves_nothing(what, export)

    def import_to_file_leaves_nothing(self, what, export):
        outdir = self.fresh("out")
        self.programs.collect("import", "--taken-at", TAKEN, "-o", outdir / "x.db", export)
        left = sorted(path.name for path in outdir.iterdir())
        self.tally.expect(not left, what + ": nothing left beside the output file", left)

    def read_fails(self, what, path, code, *mentions, command=("statistics",)):
        got = self.programs.pgskew(*command, path)
        self.fails(what, got, code, *mentions)
        self.tally.expect(got.out == b"", what + ": no data on stdout", got.out[:80])
        return got

    def spoiled(self, name, *statements):
        """A copy of the good snapshot after these SQL statements."""
        path = self.fresh("snapshot") / name
        shutil.copyfile(self.good_snapshot, path)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        os.chmod(path, 0o600)
        return path


def run_checks(doc, checks):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--cases", required=True, help="directory of recorded cases")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Programs(options.bin), tally, options.cases, scratch)
        if bench.good_snapshot.is_file():
            for check in checks:
                check(bench)
    return tally.finish()
