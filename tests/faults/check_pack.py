#!/usr/bin/env python3
"""Packing a history while everything goes wrong: kills at random moments, each call that writes failing
in its turn, flipped bytes. The history is what it was or what it was to become, and packing again
completes it.

    check_pack.py --bin DIR --fixtures DIR --preload fail_io.so [--full] [--seed N]

--full: 200 SIGKILLs for each way to pack, and every call with every error.
"""
import argparse
import datetime
import json
import pathlib
import random
import shutil
import signal
import sqlite3
import struct
import sys
import tempfile
import time

from writers import EXISTS, IO, Where, Writer, end_of, litter
from programs import Programs, Tally

DATA, RETRY = 65, 75
CALLS = ["mkostemps", "fchmod", "open64", "pwrite", "ftruncate", "fdatasync", "fsync", "link", "rename",
         "unlink", "opendir", "flock", "close"]
CASES = ["balanced-100", "p4-all-in-one", "zipf-skewed-100", "p100-null-created", "hot-writes-100"]
STATE = 0x100  # the number of the tiles that say which partition was there
MOMENTS = 0x101  # of those that hold the moments themselves
CONTENTS = 0x102  # of those that say which others there are


def content(path):
    """Every row of every table."""
    connection = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    tables = [name for name, in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    rows = [(name, sorted(connection.execute('SELECT * FROM "%s"' % name), key=repr)) for name in tables]
    connection.close()
    return rows


class Pack(Writer):
    """`how`: what the history at the destination is before, and what is packed into it."""

    program = "pgskew"

    def __init__(self, where, how, old, paths):
        super().__init__(where)
        self.name, self.old, self.paths = how, old, paths

    def args(self, destination):
        return ["pack", "-o", destination] + self.paths

    def prepare(self, directory):
        destination = directory / "history.db"
        if self.old:
            shutil.copyfile(self.old, destination)
        return destination


class World:
    """Snapshots of one series, what a history of the first half looks like, and of all."""

    def __init__(self, where, n):
        self.where, self.programs = where, Programs(where.bin)
        self.directory = where.empty_directory()
        self.early, self.late, self.all = (where.empty_directory() for _ in range(3))
        self.moments = []
        first = datetime.datetime(2025, 1, 1)
        for i in range(n):
            at = (first + datetime.timedelta(hours=i)).strftime("%Y-%m-%dT%H:%M:%SZ")
            case = where.fixtures / "reference" / "cases" / CASES[i % len(CASES)]
            path = self.all / ("%05d.db" % i)
            self.must(self.programs.collect("import", "-q", "--taken-at", at, "-o", path, case))
            shutil.copyfile(path, (self.early if i < n // 2 else self.late) / path.name)
            self.moments.append((at, path))
        self.half = self.packed("half.db", self.early)
        self.half_late = self.packed("half-late.db", self.late)
        self.whole = self.packed("whole.db", self.all)
        self.want = content(self.whole)
        self.n_half = n // 2

    def must(self, done):
        if done.code:
            raise RuntimeError(str(done))

    def packed(self, name, *paths):
        path = self.directory / name
        self.must(self.programs.pgskew("pack", "-o", path, *paths))
        return path

    def writers(self):
        return [Pack(self.where, "a new history", None, [self.all]),
                Pack(self.where, "extending", self.half, [self.all]),
                Pack(self.where, "rebuilding", self.half_late, [self.all])]


class Judge:
    def __init__(self, world, tally, seed):
        self.world, self.tally, self.where = world, tally, world.where
        self.random = random.Random(seed)
        self.old = {}

    def old_content(self, writer):
        if writer.old not in self.old:
            self.old[writer.old] = content(writer.old) if writer.old else None
        return self.old[writer.old]

    def answers(self, what, writer, destination):
        """What was there before answers as before, first of all through pgskew itself."""
        if not destination.exists():
            return self.tally.expect(not writer.old, what + ": the old history is there")
        n, half = len(self.world.moments), self.world.n_half
        known = {None: range(n), self.world.half: range(half)}.get(writer.old, range(half, n))
        at, snapshot = self.world.moments[self.random.choice(known)]
        want = self.world.programs.pgskew("health", "-f", "json", snapshot)
        got = self.world.programs.pgskew("health", "-f", "json", "--at", at, destination)
        self.tally.expect((got.code, got.out, got.err) == (0, want.out, ""), what + ": it answers", got)
        now = content(destination)
        old = now == self.old_content(writer)
        return self.tally.expect(old or now == self.world.want, what + ": old or complete") and old

    def again(self, what, writer, directory, destination, excused=False):
        code, said = writer.run(destination)
        self.tally.expect(code == 0 and not said, what + ": packing again works", (code, said))
        self.tally.expect(content(destination) == self.world.want, what + ": and completes it")
        left = litter(directory, destination)
        self.tally.expect(not left or excused, what + ": and leaves no litter", left)

    # ---- kills ----

    def duration(self, writer):
        seconds = []
        for _ in range(5):
            directory = self.where.empty_directory()
            began = time.monotonic()
            end_of(writer.start(writer.prepare(directory)))
            seconds.append(time.monotonic() - began)
            shutil.rmtree(directory)
        return sorted(seconds)[2]

    def kills(self, writer, times):
        n_runs = n_hit = n_old = n_journal = n_aside = 0
        while n_hit < times and n_runs < 5 * times:
            if n_runs % 50 == 0:  # other work on this machine comes and goes
                duration = self.duration(writer)
            directory = self.where.empty_directory()
            destination = writer.prepare(directory)
            delay = duration * self.random.random()
            process = writer.start(destination)
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            code = end_of(process)
            what = "%s, killed after %.1f ms" % (writer.name, 1e3 * delay)
            self.tally.expect(code in (0, -signal.SIGKILL), what + ": ends so", code)
            left = litter(directory, destination)
            n_journal += any(name.endswith("-journal") for name in left)
            n_aside += any(name.startswith(".pgskew-") for name in left)
            n_old += bool(self.answers(what, writer, destination)) and destination.exists()
            self.again(what, writer, directory, destination)
            shutil.rmtree(directory)
            n_hit += code != 0
            n_runs += 1
        self.tally.expect(n_hit == times, writer.name + ": enough hits", n_hit)
        print("%s: %d runs of %.0f ms, %d hit, %d old, %d journals, %d temporary files" % (
            writer.name, n_runs, 1e3 * duration, n_hit, n_old, n_journal, n_aside))

    # ---- calls that fail ----

    def one_fault(self, writer, faults):
        """Whether the fault came to be."""
        directory = self.where.empty_directory()
        destination, mark = writer.prepare(directory), directory.with_suffix(".mark")
        code, said = writer.run(destination, faults, mark)
        if not mark.exists():
            shutil.rmtree(directory)
            return False
        mark.unlink()
        what = "%s with %s" % (writer.name, faults)
        if code > 0:
            self.tally.expect(code in (EXISTS, IO), what + ": exit 73 or 74", (code, said))
            self.tally.expect(len(said) == 1, what + ": one sentence", said)
        if code == 0:
            self.tally.expect(not said, what + ": exit 0 is silent", said)
        old = self.answers(what, writer, destination)
        new = destination.exists() and not old
        excused = any("is complete" in line or "may not outlive" in line for line in said)
        self.tally.expect(code != 0 or new, what + ": exit 0 means a complete history", said)
        self.tally.expect(code <= 0 or not new or excused, what + ": an error changes nothing", said)
        # Extending makes no temporary file, and looks for none that could not be removed.
        self.again(what, writer, directory, destination, faults.startswith("unlink"))
        shutil.rmtree(directory)
        return True

    def faults(self, writer, full):
        n = 0
        for call in CALLS:
            for error in ("EIO", "ENOSPC", "KILL") if full else ("EIO",):
                nth = 1
                while self.one_fault(writer, "%s:%d:%s" % (call, nth, error)):
                    n += 1
                    # the first three, then ever fewer; of what ends a change every one
                    nth += 1 if full or nth < 3 or call == "fdatasync" else nth
        self.tally.expect(n > 15, writer.name + ": faults came to be", n)
        print("%s: %d faults" % (writer.name, n))


# ---- flipped bytes ----

class Flips:
    """One byte of one block is wrong: whoever reads that block says so, and nobody else."""

    READS = {  # what a command reads of a block: its metric's number, and its exit code then
        "chunk_count": ("health", "statistics", "full", "distribution", "skew", "sizes"),
        "size_bytes": ("health", "statistics", "full", "sizes", "skew"),
        "chunks_last_hour": ("health", "hot", "full", "skew"),
        "presence": ("health", "statistics", "full", "distribution", "sizes", "hot", "skew",
                     "recommendations", "health-summary"),
        "dead_tuples": (),
        "last_vacuum": (),
    }
    SPARED = {"dead_tuples": ("health", "sizes", "hot", "skew", "recommendations", "health-summary"),
              "document_count": ("health", "sizes", "hot", "skew", "recommendations")}

    def __init__(self, world, tally, seed):
        self.world, self.tally = world, tally
        self.random = random.Random(seed)
        self.good = world.whole.read_bytes()
        self.path = world.directory / "flipped.db"
        connection = sqlite3.connect("file:%s?mode=ro" % world.whole, uri=True)
        self.blocks = connection.execute("SELECT id, data FROM block ORDER BY id").fetchall()
        connection.close()

    def pieces(self, data):
        """Where the bytes of a block lie in the file; a long one has overflow pages."""
        at, found = 0, []
        page = struct.unpack(">H", self.good[16:18])[0] or 65536
        page = 65536 if page == 1 else page
        while at < len(data):
            piece = data[at:at + 40]
            place = self.good.find(piece)
            if place < 0 or (len(piece) < 16 and at > 0):
                at += 40
                continue
            room = page - place % page
            n = 0
            while n < room and at + n < len(data) and self.good[place + n] == data[at + n]:
                n += 1
            found.append((place, n))
            at += n
        return found

    def name_of(self, block):
        number = block >> 48
        return {STATE: "presence", MOMENTS: "moments", CONTENTS: "contents"}.get(number) or self.metrics()[number]

    def metrics(self):
        """Names in the order of their numbers: that of the columns of partition_stat."""
        connection = sqlite3.connect("file:%s?mode=ro" % self.world.whole, uri=True)
        columns = [row[1] for row in connection.execute("PRAGMA table_info(partition_stat)")]
        connection.close()
        return columns[columns.index("chunk_count"):]

    def flip(self, place):
        bad = bytearray(self.good)
        bad[place] ^= 1 << self.random.randrange(8)
        self.path.write_bytes(bad)

    def expect_refused(self, what, got, name):
        self.tally.expect(got.code == DATA, what + ": exit 65", got)
        said = got.err.splitlines()
        self.tally.expect(len(said) == 1 and "block " in got.err and name in got.err,
                          what + ": names the block", got)
        numbers = got.out and json.loads(got.out)
        failed = isinstance(numbers, dict) and numbers.get("status") == "failed"
        self.tally.expect(not numbers or (failed and numbers["metrics"] == {}),
                          what + ": no number", got.out[:80])

    def one_block(self, block, data, n_flips):
        name, programs = self.name_of(block), self.world.programs
        time_block = block & 0xFFFFFF
        at, snapshot = self.world.moments[min(256 * time_block + 100, len(self.world.moments) - 1)]
        pieces = self.pieces(data)
        for _ in range(n_flips if pieces else 0):
            place, n = self.random.choice(pieces)
            place += self.random.randrange(n)
            self.flip(place)
            what = "byte %d of %s" % (place, name)
            for command in self.READS.get(name, ()):
                got = programs.pgskew(command, "-f", "json", "--at", at, self.path)
                self.expect_refused("%s, %s" % (command, what), got, name)
            for command in self.SPARED.get(name, ()):
                want = programs.pgskew(command, "-f", "json", snapshot)
                got = programs.pgskew(command, "-f", "json", "--at", at, self.path)
                self.tally.expect((got.code, got.out) == (0, want.out),
                                  "%s does not read %s" % (command, name), got)
        return bool(pieces)

    def another_time(self, block, data):
        """A moment of another time block does not read it either."""
        place, _ = self.pieces(data)[0]
        self.flip(place + 30)
        at, snapshot = self.world.moments[-1 if block & 0xFFFFFF == 0 else 0]
        want = self.world.programs.pgskew("full", "-f", "json", snapshot)
        got = self.world.programs.pgskew("full", "-f", "json", "--at", at, self.path)
        self.tally.expect((got.code, got.out) == (0, want.out), "another time block is spared", got)

    def scan(self, block, data):
        """The scan sees every block of counts and sizes."""
        place, n = self.random.choice(self.pieces(data))
        self.flip(place + self.random.randrange(n))
        for by in ("total", "moment", "partition"):
            got = self.world.programs.pgskew("scan", "--by", by, "-f", "csv", self.path)
            self.tally.expect(got.code == DATA and not got.out and "block " in got.err,
                              "scan --by %s of a flipped %s" % (by, self.name_of(block)), got)

    def all(self, n_flips):
        n = 0
        for block, data in self.blocks:
            name = self.name_of(block)
            if name in self.READS or name in self.SPARED:
                n += self.one_block(block, data, n_flips)
            if name in ("chunk_count", "size_bytes"):
                self.scan(block, data)
            if name == "chunk_count" and len(self.world.moments) > 256:
                self.another_time(block, data)
        self.tally.expect(n >= 5, "blocks were found in the file", n)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--fixtures", "--preload"):
        parser.add_argument(name, required=True)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seed", type=int, default=20251020)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="pgskew-faults-") as scratch:
        world = World(Where(options, scratch), 300 if options.full else 12)
        judge = Judge(world, tally, options.seed)
        small = world if not options.full else World(world.where, 12)
        for writer in world.writers():
            judge.kills(writer, 200 if options.full else 8)
        for writer in small.writers():
            Judge(small, tally, options.seed).faults(writer, options.full)
        Flips(world, tally, options.seed).all(20 if options.full else 2)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
