#!/usr/bin/env python3
"""Every call by which a file comes to be fails in its turn: with EIO, with ENOSPC, by a kill just
before it; and real disks are full. The destination is absent or complete, whatever happens.

    check_calls.py --bin DIR --fixtures DIR --preload fail_io.so [--full]

Without PGSKEW_TEST_PG the live snapshot is SKIPPED; without the right to mount, the full disk.
"""
import argparse
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from writers import EXISTS, IO, PATHS, Where, all_writers, litter, stop_state
from programs import Tally

CALLS = ["opendir", "tmpfile", "mkostemps", "fchmod", "flock", "write", "fflush", "fsync",
         "linkat", "link", "unlink", "rename", "close"]
OLD = b"what was there before"


class Calls:
    def __init__(self, where, tally, full):
        self.where, self.tally, self.full = where, tally, full
        self.n_faults = 0

    def judge(self, writer, what, destination, code, said, before):
        """Absent (or as before) or complete; the exit code and the words fit."""
        expect = self.tally.expect
        there = destination.exists()
        untouched = there and before is not None and destination.read_bytes() == before
        wrong = writer.complete(destination) if there and not untouched else ""
        expect(not wrong, what + ": absent or complete", wrong)
        if code == 0:
            expect(there and not untouched, what + ": exit 0 means a file", said)
            expect(not said, what + ": exit 0 is silent", said)
        elif code > 0:
            expect(code in (EXISTS, IO), what + ": exit 73 or 74", (code, said))
            expect(len(said) == 1, what + ": one sentence", said)
        excused = any(word in line for line in said for word in ("cannot say so", "is complete"))
        expect(code == 0 or code < 0 or not there or untouched or excused,
               what + ": an error leaves nothing", said)

    def next_run(self, writer, what, directory, destination):
        """A good run in the same place: succeeds, and nothing but its file is left."""
        after = directory / "after"
        code, said = writer.run(after)
        self.tally.expect(code == 0, what + ": the next run works", said)
        left = litter(directory, destination, after)
        self.tally.expect(not left, what + ": the next run leaves no litter", left)

    def one_fault(self, writer, faults, what, before=None):
        """Whether the fault came to be."""
        directory = self.where.empty_directory()
        destination, mark = directory / "destination", directory.with_suffix(".mark")
        if before is not None:
            destination.write_bytes(before)
        code, said = writer.run(destination, faults, mark)
        if not mark.exists():
            return False
        self.n_faults += 1
        mark.unlink()
        self.judge(writer, what, destination, code, said, before)
        self.next_run(writer, what, directory, destination)
        return True

    def walk(self, writer, base, call, error, before=None):
        """Fail the first, the second ... call until there is none left."""
        for nth in range(1, 1000):
            rule = "%s:%d:%s" % (call, nth, error)
            faults = rule + ("," + base if base and call != "tmpfile" else "")
            if not self.one_fault(writer, faults, "%s %s" % (writer.name, faults), before):
                return

    def every_call(self, writer):
        for base in PATHS.values() if writer.unnamed else [""]:
            for call in CALLS:
                for error in ("EIO", "ENOSPC", "KILL") if self.full or writer.is_quick else ("EIO",):
                    self.walk(writer, base, call, error)
                    if not writer.unnamed:
                        self.walk(writer, base, call, error, OLD)

    def odd_file_systems(self, writer):
        """No links, no locks, no unlink after all: still a file or an error, never a half."""
        by_name = PATHS["by name"]
        for faults in ("link:1:EPERM," + by_name, "flock:1:ENOLCK," + by_name,
                       "linkat:1:EPERM,opendir:9:EIO", "fsync:2:EIO,unlink:1+:EIO",
                       "fsync:2:EIO,unlink:1+:EIO," + by_name):
            self.one_fault(writer, faults, "%s %s" % (writer.name, faults))

    # ---- real limits ----

    def limited(self, writer, base, limit):
        """ulimit -f: an error like any other, not a death."""
        directory = self.where.empty_directory()
        destination = directory / "destination"
        code, said = writer.run(destination, base, limit=limit)
        what = "%s with at most %d bytes a file, %s" % (writer.name, limit, base or "unnamed")
        self.judge(writer, what, destination, code, said, None)
        self.tally.expect(not litter(directory, destination), what + ": leaves nothing",
                          litter(directory, destination))
        return code == 0

    def file_size_limits(self, writer, steps):
        complete = self.where.empty_directory() / "complete"
        writer.run(complete)
        size = complete.stat().st_size
        for base in PATHS.values() if writer.unnamed else [""]:
            for i in range(steps):
                self.limited(writer, base, size * i // steps)
            self.limited(writer, base, size - 1)
            what = "%s with just enough" % writer.name
            self.tally.expect(self.limited(writer, base, size + 65536), what)

    def full_disk(self, writer, mounted):
        """A file system with ever more space left, until the file fits."""
        worked = False
        filler = mounted / "filler"
        for free_pages in range(0, 25, 1 if self.full else 6):
            filler.unlink(missing_ok=True)
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
            os.truncate(filler, max(0, filler.stat().st_size - 4096 * free_pages))
            destination = mounted / "destination"
            code, said = writer.run(destination)
            what = "%s with %d pages free" % (writer.name, free_pages)
            self.judge(writer, what, destination, code, said, None)
            left = litter(mounted, destination, filler)
            self.tally.expect(not left, what + ": leaves nothing", left)
            worked |= code == 0
            destination.unlink(missing_ok=True)
        self.tally.expect(worked, writer.name + ": fits in the end")


@contextlib.contextmanager
def small_disk(scratch, tally):
    """A tmpfs of 256 kB, or None where nobody may mount one."""
    mounted = pathlib.Path(scratch) / "small"
    mounted.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(argv, capture_output=True, check=False).returncode:
        tally.skip("full disk", "mounting a tmpfs needs root")
        yield None
        return
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)


# ---- two writers ----

def stop_before(writer, call, destination):
    """A writer that has stopped just before this call."""
    process = writer.start(destination, "%s:1:STOP,%s" % (call, PATHS["by name"]))
    while stop_state(process.pid) not in "TZ":
        time.sleep(0.001)
    return process


def check_living_writer(where, tally, writer):
    """A stopped writer's temporary file is no leftover; it finishes when it goes on."""
    directory = where.empty_directory()
    slow, other = directory / "slow", directory / "other"
    process = stop_before(writer, "link" if writer.unnamed else "rename", slow)
    what = "%s beside a living one" % writer.name
    tally.expect(len(litter(directory)) == 1, what + ": is under way", litter(directory))
    code, said = writer.run(other, PATHS["by name"])
    tally.expect(code == 0, what + ": works", said)
    tally.expect(len(litter(directory, other)) == 1, what + ": the living one keeps its file")
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    tally.expect(process.returncode == 0 and not writer.complete(slow), what + ": both end well", err)
    tally.expect(not litter(directory, slow, other), what + ": no litter", litter(directory))


def check_same_destination(where, tally, writer, rounds):
    """Of writers to one name exactly one wins; to two names in one directory, both."""
    for base in PATHS.values():
        for i in range(rounds):
            directory = where.empty_directory()
            names = [directory / "same"] * 4 + [directory / "one", directory / "two"]
            running = [writer.start(name, base) for name in names]
            codes = []
            for process in running:
                process.communicate(timeout=60)
                codes.append(process.returncode)
            what = "%s, six at once, %s, round %d" % (writer.name, base or "unnamed", i)
            wanted = [0, EXISTS, EXISTS, EXISTS] if writer.unnamed else [0, 0, 0, 0]
            tally.expect(sorted(codes[:4]) == wanted, what + ": one wins", codes)
            tally.expect(codes[4:] == [0, 0], what + ": other names are not in the way", codes)
            wrong = [writer.complete(name) for name in set(names)]
            tally.expect(not any(wrong), what + ": all complete", wrong)
            tally.expect(not litter(directory, *names), what + ": no litter", litter(directory))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--fixtures", "--preload"):
        parser.add_argument(name, required=True)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="pgskew-faults-") as scratch:
        where = Where(options, scratch)
        calls = Calls(where, tally, options.full)
        with all_writers(where, tally) as writers, small_disk(scratch, tally) as mounted:
            for writer in writers:
                calls.every_call(writer)
                if writer.unnamed:
                    calls.odd_file_systems(writer)
                check_living_writer(where, tally, writer)
                check_same_destination(where, tally, writer, 50 if options.full else 2)
                calls.file_size_limits(writer, 64 if options.full else 2)
                if mounted:
                    calls.full_disk(writer, mounted)
        tally.expect(calls.n_faults > 50, "faults came to be", calls.n_faults)
        print("%d faults of single calls" % calls.n_faults)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
