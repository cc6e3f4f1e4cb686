#!/usr/bin/env python3
"""prune deletes what the history holds and is old enough, and nothing else, whatever lies about.

    check_prune.py --bin DIR
"""
import argparse
import os
import pathlib
import shutil
import sqlite3
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import Programs, Tally  # noqa: E402

USAGE, DATA, NO_INPUT = 64, 65, 66


def at(day):
    return "2025-01-%02dT00:00:00Z" % day


class Prune:
    def __init__(self, programs, tally, scratch):
        self.programs, self.tally, self.scratch = programs, tally, pathlib.Path(scratch)
        self.n_made = 0

    def snapshot(self, directory, day, count=None, options=()):
        self.n_made += 1
        export = self.scratch / ("export%d" % self.n_made)
        export.mkdir()
        (export / "partition_chunk_distribution.csv").write_text(
            "partition_num,chunk_count,chunk_percentage\n0,%d,50.0\n1,10,50.0\n" % (day if count is None else count))
        path = directory / ("%02d.db" % day)
        done = self.programs.collect("import", "--taken-at", at(day), *options, "-o", path, export)
        self.tally.expect(done.code == 0, "day %d is imported" % day, done)
        return path

    def series(self, days=range(1, 11)):
        """A directory with a snapshot a day, and the history of all of them."""
        self.n_made += 1
        directory = self.scratch / ("snapshots%d" % self.n_made)
        directory.mkdir()
        for day in days:
            self.snapshot(directory, day)
        history = self.scratch / ("history%d.db" % self.n_made)
        done = self.programs.pgskew("pack", "-o", history, directory)
        self.tally.expect(done.code == 0, "it is packed", done)
        return directory, history

    def prune(self, what, history, *arguments, left, directory, code=0):
        done = self.programs.pgskew("prune", "--history", history, *arguments, directory)
        self.tally.expect(done.code == code, "%s: exit %d" % (what, code), done)
        names = sorted(path.name for path in directory.iterdir())
        self.tally.expect(names == sorted(left), "%s: what is left" % what, names)
        return done

    def days(self, *days):
        return ["%02d.db" % day for day in days]

    def deletes_what_is_old(self):
        directory, history = self.series()
        everything = self.days(*range(1, 11))
        size = sum((directory / name).stat().st_size for name in everything[:6])
        done = self.prune("a dry run", history, "--keep", "3d", left=everything, directory=directory)
        self.tally.expect(done.out.count(b"would delete ") == 6 and b"6 of 10 snapshots, %d bytes" % size in done.out
                          and b"--yes" in done.out, "a dry run says what", done.out)
        done = self.prune("--yes", history, "--keep", "72h", "--yes", left=everything[6:], directory=directory)
        self.tally.expect(done.out.count(b"\ndeleted ") == 6 and b"%d bytes, deleted" % size in done.out,
                          "--yes says what", done.out)
        done = self.prune("once more", history, "--keep", "3d", "--yes", left=everything[6:], directory=directory)
        self.tally.expect(b"0 of 4 snapshots, 0 bytes" in done.out, "once more deletes nothing", done.out)
        self.prune("nothing is old enough", history, "--keep", "1w", "--yes", left=everything[6:], directory=directory)
        self.prune("all but the newest", history, "--keep", "0d", "--yes", left=everything[9:], directory=directory)
        done = self.programs.pgskew("export", history)
        self.tally.expect(done.out.count(b"\n") == 21, "the history has them all", done)

    def leaves_what_it_must(self):
        directory, history = self.series()
        other = self.scratch / "other"
        other.mkdir()
        elsewhere = self.snapshot(other, 3)
        (directory / "notes.txt").write_text("not ours\n")
        shutil.copyfile(history, directory / "copy.db")
        os.symlink(elsewhere, directory / "link.db")
        (directory / "01.db").unlink()
        self.snapshot(directory, 1, count=77)  # the history says otherwise
        (directory / "02.db").unlink()
        self.snapshot(directory, 2, options=("--source", "another"))
        with sqlite3.connect(directory / "03.db") as connection:
            connection.execute("UPDATE partition_stat SET chunk_skew = 0")
        connection.close()
        whole = (directory / "04.db").read_bytes()
        (directory / "04.db").write_bytes(whole[:-4096])
        (directory / "05.db-journal").write_bytes(b"x" * 512)
        self.snapshot(directory, 11)
        (directory / "11.db").rename(directory / "unknown.db")
        with sqlite3.connect(directory / "unknown.db") as connection:
            connection.execute("UPDATE snapshot SET taken_at = '2024-12-01T00:00:00Z', "
                               "taken_at_us = 1733011200000000")
        connection.close()
        left = self.days(1, 2, 3, 4, 5, 8, 9, 10) + ["05.db-journal", "copy.db", "link.db", "notes.txt", "unknown.db"]
        done = self.prune("odd company", history, "--keep", "2d", "--yes", left=left, directory=directory)
        for name in self.days(1, 2, 3, 4, 5):
            self.tally.expect("%s\" stays: " % name in done.err, "it is said why %s stays" % name, done.err)
        self.tally.expect(b"2 of " in done.out and b"1 old ones are not in the history; 5 need a look" in done.out,
                          "the rest is counted", done.out)
        self.tally.expect(elsewhere.exists(), "links are not followed")

    def two_directories(self):
        directory, history = self.series()
        other = self.scratch / "second"
        other.mkdir()
        self.snapshot(other, 4)
        self.prune("two directories", history, "--keep", "1d", "--yes", other, directory, str(directory) + "/",
                   left=self.days(9, 10), directory=directory)
        self.tally.expect(not list(other.iterdir()), "both are pruned")

    def refuses(self):
        directory, history = self.series(range(1, 4))
        everything = self.days(1, 2, 3)

        def refused(what, code, *arguments, says):
            done = self.programs.pgskew("prune", *arguments)
            self.tally.expect(done.code == code and done.err.count("\n") == 1, "%s: exit %d" % (what, code), done)
            self.tally.expect(says in done.err, "%s: says %r" % (what, says), done.err)
            self.tally.expect(sorted(p.name for p in directory.iterdir()) == everything, what + ": all is left")
        refused("no history", USAGE, "--keep", "1d", "--yes", directory, says="--history")
        refused("no age", USAGE, "--history", history, "--yes", directory, says="--keep 90d")
        for age in ("1", "d", "1m", "-1d", "1.5d", "", "99999999d", "1d2h"):
            refused("the age %r" % age, USAGE, "--history", history, "--keep", age, "--yes", directory, says="--keep")
        refused("a file instead of a directory", USAGE, "--history", history, "--keep", "0d", "--yes",
                directory / "01.db", says="not a directory")
        refused("no such directory", NO_INPUT, "--history", history, "--keep", "0d", "--yes", self.scratch / "none",
                says="none")
        refused("a snapshot as history", DATA, "--history", directory / "01.db", "--keep", "0d", "--yes", directory,
                says="not a history")
        refused("no such history", NO_INPUT, "--history", self.scratch / "none.db", "--keep", "0d", "--yes", directory,
                says="none.db")
        with sqlite3.connect(history) as connection:
            connection.execute("UPDATE snapshot SET total_chunks = 1 WHERE snapshot_id = 3")
        connection.close()
        refused("a damaged history", DATA, "--history", history, "--keep", "0d", "--yes", directory, says="fault")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        check = Prune(Programs(options.bin), tally, scratch)
        check.deletes_what_is_old()
        check.leaves_what_it_must()
        check.two_directories()
        check.refuses()
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
