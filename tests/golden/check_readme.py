#!/usr/bin/env python3
"""The README's sessions are what the programs print today: every `$ ` command of a console block that runs on a fixture
is run, and its output compared. `...` stands for any lines, `[9 more lines]` for so many. What needs a server or data that
is not here is SKIPPED.

    check_readme.py --bin DIR --fixtures DIR --readme FILE [--app HISTORY]

--app: the history that the README calls app.db.
"""
import argparse
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import CLEAN, SANITIZERS, Tally  # noqa: E402

SESSION = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
MORE = re.compile(r"\[(\d+) more lines\]")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def sessions(readme):
    """[(command, the lines it printed)]"""
    commands = []
    for text in SESSION.findall(readme):
        for line in text.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
    for _, lines in commands:
        while lines and not lines[-1]:
            lines.pop()
    return commands


def pattern(lines):
    """A regular expression for what `lines` stand for."""
    parts = []
    for line in lines:
        more = MORE.fullmatch(line)
        parts.append(r"(?:.*\n)*?" if line == "..." else r"(?:.*\n){%s}" % more[1] if more else re.escape(line) + r"\n")
    return re.compile("".join(parts))


def is_what(lines, printed):
    return bool(pattern(lines).fullmatch(printed))


def check_that_it_can_fail(tally):
    printed = "a\nb\nc\nd\n"
    for lines, same in ((["a", "b", "c", "d"], True), (["a", "..."], True), (["...", "c", "d"], True), (["a", "[2 more lines]", "d"], True),
                        (["a", "[1 more lines]", "d"], False), (["a", "b", "c"], False), (["...", "b"], False), (["a.", "..."], False)):
        tally.expect(is_what(lines, printed) == same, "%s for %r" % (lines, printed))


def make_ground(ground, fixtures, moment):
    """Where the commands run: the README's server holds what fixture hot_writes does, at another time."""
    (ground / "fixtures").symlink_to(fixtures)
    (ground / "snapshots").mkdir()
    path = ground / "snapshots" / "snapshot.db"
    shutil.copyfile(fixtures / "hot_writes" / "snapshot.db", path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE snapshot SET taken_at = ?, taken_at_us = CAST(strftime('%s', ?) AS INTEGER) * 1000000 + ?",
                           (moment, moment[:19], int((moment[20:-1] + "000000")[:6])))
    connection.close()


def runs_here(command, ground):
    words = command.split("|")[0].split()
    if words[0] == "echo":
        return True
    paths = [word for word in words[2:] if "/" in word or word.endswith(".db")]
    return words[0] == "pgskew" and bool(paths) and all((ground / path).exists() for path in paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--fixtures", "--readme"):
        parser.add_argument(name, required=True)
    parser.add_argument("--app")
    options = parser.parse_args()
    tally, n_run = Tally(), 0
    check_that_it_can_fail(tally)
    commands = sessions(pathlib.Path(options.readme).read_text(encoding="utf-8"))
    moment = next(TIME.search("\n".join(lines)) for command, lines in commands if command == "pgskew health snapshots/")
    environment = {**CLEAN, **SANITIZERS, "PATH": str(pathlib.Path(options.bin).resolve()) + ":" + os.environ["PATH"]}
    with tempfile.TemporaryDirectory() as scratch:
        ground, code = pathlib.Path(scratch), 0
        make_ground(ground, pathlib.Path(options.fixtures).resolve(), moment[0])
        if options.app:
            (ground / "app.db").symlink_to(pathlib.Path(options.app).resolve())
        for command, lines in commands:
            if not runs_here(command, ground):
                tally.skip(command, "needs a server, or data that is not here")
                continue
            done = subprocess.run(["sh", "-c", "(exit %d); %s" % (code, command)], cwd=ground, env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            code, n_run = done.returncode, n_run + 1
            printed = done.stdout.decode("utf-8")
            tally.expect(is_what(lines, printed), "$ " + command, "prints\n%s" % printed)
    tally.expect(n_run >= 5, "sessions are run", n_run)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
