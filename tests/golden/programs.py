"""Runs pgskew and pgskew-collect the way a stranger would: by name, arguments and environment."""
import os
import pathlib
import pty
import subprocess

# A time zone that is not UTC and no variable of ours, so that no answer can depend on either.
CLEAN = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "America/New_York", "LC_ALL": "C.UTF-8"}
# A sanitizer's complaint must not look like exit 1 or 2, which are verdicts.
SANITIZERS = {name: os.environ.get(name, "") + ":exitcode=99"
              for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")}


def has_terminals():
    """Whether this machine gives pseudo-terminals: a chroot may not."""
    try:
        for fd in pty.openpty():
            os.close(fd)
    except OSError:
        return False
    return True


class Outcome:
    """Exit code, stdout as bytes, stderr as text."""

    def __init__(self, argv, code, out, err):
        self.argv, self.code, self.out = argv, code, out
        self.err = err.decode("utf-8", "backslashreplace")

    def __str__(self):
        return "`%s` exit %d, stderr %r" % (" ".join(self.argv), self.code, self.err[:400])


class Programs:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()

    def run(self, program, *args, env=None, cwd=None, timeout=300):
        argv = [program] + [os.fsdecode(arg) if isinstance(arg, bytes) else str(arg) for arg in args]
        full = {**CLEAN, **SANITIZERS, **(env or {})}
        raw = [os.fsencode(str(self.directory / program))] + [os.fsencode(arg) for arg in argv[1:]]
        done = subprocess.run(raw, env=full, cwd=cwd, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)
        return Outcome(argv, done.returncode, done.stdout, done.stderr)

    def pgskew(self, *args, **options):
        return self.run("pgskew", *args, **options)

    def collect(self, *args, **options):
        return self.run("pgskew-collect", *args, **options)


class Tally:
    """Counts comparisons and prints one line for each that failed."""

    def __init__(self):
        self.compared = self.failed = self.skipped = 0

    def expect(self, good, what, why=""):
        self.compared += 1
        if not good:
            self.failed += 1
            print("FAIL %s%s" % (what, ": " + str(why) if why else ""))
        return bool(good)

    def expect_none(self, lines, what):
        """`lines`: what is wrong; at most three are shown."""
        shown = "; ".join(lines[:3]) + (" (and %d more)" % (len(lines) - 3) if len(lines) > 3 else "")
        return self.expect(not lines, what, shown)

    def skip(self, what, why):
        self.skipped += 1
        print("SKIPPED %s: %s" % (what, why))

    def finish(self):
        print("%d comparisons, %d failed%s" % (
            self.compared, self.failed, ", %d SKIPPED" % self.skipped if self.skipped else ""))
        return 1 if self.failed or not self.compared else 0
