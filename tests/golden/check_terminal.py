#!/usr/bin/env python3
"""What a person at a terminal sees that no file gets: width, colours, progress. A pseudo-terminal stands for both.

    check_terminal.py --bin DIR --fixtures DIR
"""
import argparse
import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading

sys.dont_write_bytecode = True
import grids  # noqa: E402
from programs import CLEAN, SANITIZERS, Programs, Tally, has_terminals  # noqa: E402

END = b"\x04the program has ended"  # what no program prints
COLOUR = re.compile("\x1b\\[[0-9;]*m")


class Terminal:
    def __init__(self, directory):
        self.program = pathlib.Path(directory).resolve() / "pgskew"

    def run(self, *args, width=0, env=None, only=None):
        """What arrives at a terminal of so many columns; `only`: "stdout" or "stderr", the other goes nowhere."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        ends = {name: follower if only in (None, name) else subprocess.DEVNULL for name in ("stdout", "stderr")}
        process = subprocess.Popen([self.program, *args], stdin=subprocess.DEVNULL, **ends,
                                   env={**CLEAN, **SANITIZERS, "TERM": "xterm", **(env or {})})
        threading.Thread(target=Terminal.end, args=(process, follower)).start()
        seen = b""
        while not seen.endswith(END):
            seen += os.read(leader, 65536)
        os.close(leader)
        os.close(follower)
        return seen[:-len(END)].decode("utf-8").replace("\r\n", "\n")

    @staticmethod
    def end(process, follower):
        """A terminal that nobody holds may lose what was last written to it: so it stays open, and says when all is said."""
        process.wait()
        os.write(follower, END)


def widest_of_tables(text):
    """Of the lines that belong to tables, which begin below a heading and end with an empty line."""
    lines, widest, inside = COLOUR.sub("", text).split("\n"), 0, False
    for line, after in zip(lines, lines[1:] + [""]):
        inside = line != "" and not line.startswith("... and ") and (inside or bool(re.fullmatch(r"-+(  -+)*", after)))
        widest = max(widest, len(line)) if inside else widest
    return widest


def check_width(tally, programs, terminal, snapshot):
    def unlimited(command):
        return programs.pgskew(command, snapshot).out.decode("utf-8")

    free = widest_of_tables(unlimited("recommendations"))
    tally.expect(free > 80, "the table is wider than what it is given", free)
    for width in (80, 70, 61):
        for how, options in (("the terminal", {"width": width}),
                             ("COLUMNS", {"width": 200, "env": {"COLUMNS": str(width)}}),
                             ("COLUMNS of a terminal that does not know", {"env": {"COLUMNS": str(width)}})):
            text = terminal.run("recommendations", snapshot, only="stdout", **options)
            tally.expect(widest_of_tables(text) <= width, "%d columns, by %s" % (width, how), widest_of_tables(text))
            tally.expect("..." in text and COLOUR.sub("", text).count("\n") == unlimited("recommendations").count("\n"),
                         "%d columns, by %s: texts are cut, no line is lost" % (width, how))
    for what, options in (("a wide terminal", {"width": 300}), ("one that does not know its width", {}),
                          ("COLUMNS that is no number", {"env": {"COLUMNS": "wide"}}),
                          ("COLUMNS of 0", {"env": {"COLUMNS": "0"}})):
        text = terminal.run("recommendations", snapshot, only="stdout", **options)
        tally.expect(COLOUR.sub("", text) == unlimited("recommendations"), "nothing is cut on " + what)
    # numbers never give way, however narrow it is
    narrow = COLOUR.sub("", terminal.run("statistics", snapshot, only="stdout", width=20))
    tally.expect(narrow == unlimited("statistics"), "numbers are not cut")
    for form in ("json", "csv", "markdown"):
        text = terminal.run("recommendations", "-f", form, snapshot, only="stdout", width=40)
        tally.expect(text.encode("utf-8") == programs.pgskew("recommendations", "-f", form, snapshot).out,
                     "%s is the same on a terminal" % form)


def check_elsewhere(tally, programs, terminal, snapshot, scratch):
    """A file or a pipe gets the same bytes, whatever the environment says of terminals."""
    plain = programs.pgskew("full", snapshot).out
    for env in ({"COLUMNS": "40"}, {"TERM": "xterm-256color"}, {"LC_ALL": "C"}, {"LANG": "C", "LC_ALL": ""}, {"NO_COLOR": "1"}):
        tally.expect(programs.pgskew("full", snapshot, env=env).out == plain, "a pipe with %s" % env)
    path = scratch / "answer.txt"
    terminal.run("full", "-o", str(path), snapshot, width=40)
    tally.expect(path.read_bytes() == plain, "a file, from a narrow terminal")


def check_colours(tally, terminal, snapshot):
    for what, coloured, args, env in (
            ("a terminal", True, (), {}), ("NO_COLOR", False, (), {"NO_COLOR": "1"}),
            ("NO_COLOR=0, which is set too", False, (), {"NO_COLOR": "0"}), ("an empty NO_COLOR", True, (), {"NO_COLOR": ""}),
            ("TERM=dumb", False, (), {"TERM": "dumb"}), ("--color never", False, ("--color", "never"), {}),
            ("--color auto and NO_COLOR", False, ("--color", "auto"), {"NO_COLOR": "1"}),
            ("--color always, which was asked for, and NO_COLOR", True, ("--color", "always"), {"NO_COLOR": "1"})):
        text = terminal.run("health", *args, snapshot, only="stdout", env=env)
        tally.expect(("\x1b[31mUNBALANCED\x1b[0m" in text) == coloured and bool(COLOUR.search(text)) == coloured,
                     "colours on %s: %s" % (what, coloured))


def check_sparklines(tally, programs, terminal, scratch):
    """A partition's course is its skew, day by day; a terminal without UTF-8 gets ASCII, a file never does."""
    days = [(None, 600), (None, 640), (400, 700), (440, 720), (500, 730), (560, 740), (580, 800), (600, 860), (680, 880),
            (740, 900)]
    lines = ["taken_at,partition_num,chunk_count,size_bytes"]
    for i, counts in enumerate(days):
        lines += ["2026-03-%02dT00:00:00Z,%d,%d,8192" % (i + 1, p, n) for p, n in enumerate(counts) if n is not None]
    (scratch / "course.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    history = scratch / "course.db"
    got = programs.collect("import-history", "-q", "-o", history, scratch / "course.csv")
    tally.expect(got.code == 0, "a history to draw", got)
    skews = [[sum(n is not None for n in counts) * counts[p] / sum(n or 0 for n in counts) - 1
              if counts[p] is not None else None for counts in days] for p in (0, 1)]

    def drawn(values, blocks):
        seen = [value for value in values if value is not None]
        low, high = min(seen), max(seen)
        return "".join(" " if value is None else blocks[int((value - low) / (high - low) * 7 + 0.5)] for value in values)

    def cells(text):
        return {int(row["partition"]): row["its course"].rjust(len(days)) for grid in grids.of_text(COLOUR.sub("", text))
                for row in grid if "its course" in row}

    blocks, ascii_blocks = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588", "_.:-=+*#"
    for what, text, of in (
            ("a file", programs.pgskew("trend", history).out.decode("utf-8"), blocks),
            ("a file, in the C locale", programs.pgskew("trend", history, env={"LC_ALL": "C"}).out.decode("utf-8"), blocks),
            ("a terminal", terminal.run("trend", str(history), only="stdout"), blocks),
            ("a terminal by LANG", terminal.run("trend", str(history), only="stdout",
                                                env={"LC_ALL": "", "LANG": "de_DE.utf8"}), blocks),
            ("a terminal in the C locale", terminal.run("trend", str(history), only="stdout", env={"LC_ALL": "C"}), ascii_blocks),
            ("a terminal of which nothing is said", terminal.run("trend", str(history), only="stdout",
                                                                 env={"LC_ALL": "", "LANG": "", "LC_CTYPE": ""}), ascii_blocks)):
        want = {p: drawn(skews[p], of) for p in (0, 1)}
        tally.expect(cells(text) == want, "sparklines of %s" % what, "%s, not %s in %r" % (cells(text), want, text))


def check_progress(tally, terminal, snapshot, scratch):
    """Work of more than a second has a bar at a terminal, which is gone at the end, and nothing elsewhere."""
    folder = scratch / "many"
    folder.mkdir()
    first = folder / "00000.db"
    first.write_bytes(snapshot.read_bytes())
    n, text = 1, ""
    while "\r" not in text and n < 100000:
        more = 4 * n if n > 1 else 4000
        for i in range(n, more):
            os.link(first, folder / ("%05d.db" % i))
        n = more
        text = terminal.run("list", "-f", "csv", str(folder), only="stderr")
    bars = re.findall(r"\rlooking at files \[(#*)(\.*)\] (\d+) of (\d+), \d+ s left \x1b\[K", text)
    tally.expect(bars, "a bar of %d files" % n, text[:200])
    done = [int(bar[2]) for bar in bars]
    tally.expect(done == sorted(set(done)) and all(int(bar[3]) == n and len(bar[0] + bar[1]) == 30 for bar in bars),
                 "it grows", bars[:3])
    tally.expect(text.endswith("\r\x1b[K"), "and is gone at the end", text[-80:])
    tally.expect("\r" not in terminal.run("list", "-f", "csv", str(folder), only="stdout"), "stdout gets none of it")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True, type=pathlib.Path)
    options = parser.parse_args()
    if not has_terminals():
        print("SKIPPED: this machine gives no pseudo-terminals")
        return 77
    programs, terminal, tally = Programs(options.bin), Terminal(options.bin), Tally()
    snapshot = options.fixtures / "warning" / "snapshot.db"
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        check_width(tally, programs, terminal, snapshot)
        check_elsewhere(tally, programs, terminal, snapshot, scratch)
        check_colours(tally, terminal, snapshot)
        check_sparklines(tally, programs, terminal, scratch)
        check_progress(tally, terminal, options.fixtures / "three_partitions" / "snapshot.db", scratch)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
