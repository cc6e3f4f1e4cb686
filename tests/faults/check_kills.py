#!/usr/bin/env python3
"""Kills at random moments, spread over the time a run takes: the destination is absent or complete,
no command accepts anything else, and the next run leaves no litter.

    check_kills.py --bin DIR --fixtures DIR --preload fail_io.so [--full] [--seed N]

--full: 1,000 SIGKILLs for each writer and each way to write. Without PGSKEW_TEST_PG the live
snapshot is SKIPPED.
"""
import argparse
import random
import shutil
import signal
import sys
import tempfile
import time

from writers import PATHS, RETRY, Where, all_writers, end_of, litter
from programs import Programs, Tally


class Kills:
    def __init__(self, where, tally, seed):
        self.where, self.tally = where, tally
        self.random = random.Random(seed)

    def duration(self, writer, base):
        """Median seconds of a run that nobody disturbs."""
        directory, seconds = self.where.empty_directory(), []
        for i in range(9):
            began = time.monotonic()
            process = writer.start(directory / str(i), base)
            process.wait()
            seconds.append(time.monotonic() - began)
            end_of(process)
        return sorted(seconds)[len(seconds) // 2]

    def one_kill(self, writer, base, number, delay):
        """(exit code, destination, directory)"""
        directory = self.where.empty_directory()
        destination = directory / "destination"
        process = writer.start(destination, base)
        time.sleep(delay)
        process.send_signal(number)
        return end_of(process), destination, directory

    def judge(self, writer, what, code, destination, directory, number):
        expect = self.tally.expect
        there = destination.exists()
        wrong = writer.complete(destination) if there else ""
        expect(not wrong, what + ": absent or complete", wrong)
        # After its file stands, a run may die still; before, it may not end well.
        expect(code in (0, -number, RETRY), what + ": ends in 0, 75 or the signal", code)
        expect(there or code != 0, what + ": exit 0 means a file", code)
        expect(not there or code != RETRY, what + ": exit 75 means none", code)
        known = [destination]
        if number != signal.SIGKILL and code != -number:
            expect(not litter(directory, *known), what + ": cleans up", litter(directory, *known))
        return there

    def loop(self, writer, base, number, times):
        """Signal runs until `times` of them did not end of themselves."""
        what = "%s, %s, %s" % (signal.Signals(number).name, writer.name, base or "unnamed")
        n_runs = n_hit = n_there = n_litter = 0
        while n_hit < times and n_runs < 5 * times:
            if n_runs % 100 == 0:  # other work on this machine comes and goes
                duration = self.duration(writer, base)
            delay = duration * self.random.random()
            code, destination, directory = self.one_kill(writer, base, number, delay)
            n_there += self.judge(writer, "%s after %.2f ms" % (what, delay * 1e3), code,
                                  destination, directory, number)
            left = litter(directory, destination)
            n_hit += code != 0
            n_litter += len(left)
            self.nobody_accepts(what, [directory / name for name in left])
            if left or n_runs % 10 == 0:
                self.next_run(writer, base, what, directory, destination)
            shutil.rmtree(directory)
            n_runs += 1
        self.tally.expect(n_hit == times, what + ": enough hits", n_hit)
        print("%s: %d runs of %.1f ms, %d hit, %d files complete, %d absent, %d leftovers cleaned by "
              "the next run" % (what, n_runs, 1e3 * duration, n_hit, n_there, n_runs - n_there, n_litter))

    def next_run(self, writer, base, what, directory, destination):
        after = directory / "after"
        code, said = writer.run(after, base)
        self.tally.expect(code == 0, what + ": the next run works", said)
        left = litter(directory, destination, after)
        self.tally.expect(not left, what + ": the next run leaves no litter", left)

    def nobody_accepts(self, what, leftovers):
        """In a directory a temporary file is not seen."""
        for path in leftovers:
            got = Programs(self.where.bin).pgskew("list", "-f", "csv", path.parent)
            self.tally.expect(path.name not in got.out.decode(), what + ": leftovers are not listed")


def check_truncations(where, tally, writer, steps):
    """A half file, however it came to be, is refused by every command that reads files."""
    good, half = writer.good, where.empty_directory() / "half.db"
    programs = Programs(where.bin)
    for i in range(steps):
        n = len(good) * i // steps
        half.write_bytes(good[:n])
        for command in ("health", "statistics", "list", "full"):
            got = programs.pgskew(command, half)
            tally.expect(got.code == 65 and not got.out, "%s of %d bytes" % (command, n), got)
        for start in (n, len(good) - 1 - 7 * i):
            torn = good[:start] + bytes(len(good) - start)
            half.write_bytes(torn)
            got = programs.pgskew("full", half)
            tally.expect(got.code == 65 and not got.out or torn == good, "full, zeros from byte %d on" % start, got)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--fixtures", "--preload"):
        parser.add_argument(name, required=True)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seed", type=int, default=20251020)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="pgskew-faults-") as scratch:
        where = Where(options, scratch)
        kills = Kills(where, tally, options.seed)
        with all_writers(where, tally) as writers:
            check_truncations(where, tally, writers[0], 500 if options.full else 12)
            for writer in writers:
                for base in PATHS.values() if writer.unnamed else [""]:
                    kills.loop(writer, base, signal.SIGKILL, 1000 if options.full else 40)
                    for number in (signal.SIGTERM, signal.SIGINT):
                        kills.loop(writer, base, number, 200 if options.full else 12)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
