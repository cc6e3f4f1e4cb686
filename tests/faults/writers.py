"""What writes a file, seen from outside: a command line, and how to tell a complete result."""
import contextlib
import json
import os
import pathlib
import resource
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
from check_live import Server  # noqa: E402  (puts ../golden on the path)
from programs import CLEAN, SANITIZERS, Programs  # noqa: E402

EXISTS, IO, RETRY = 73, 74, 75
TAKEN_AT = "2025-10-20T10:15:00Z"
# O_TMPFILE leaves no name behind; without it a temporary name has to be cleaned up.
PATHS = {"unnamed": "", "by name": "tmpfile:1+:EOPNOTSUPP"}


class Writer:
    """`args(destination)` is its command line; `complete(path)` says what is wrong with a file."""

    program, environment = "pgskew-collect", {}
    unnamed = True  # it needs no temporary name where the file system has O_TMPFILE
    is_quick = True

    def __init__(self, where):
        self.where = where

    def start(self, destination, faults="", mark=None, limit=None):
        env = {**CLEAN, **SANITIZERS, **self.environment}
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        if faults:
            env.update(LD_PRELOAD=str(self.where.preload), PGSKEW_FAIL=faults)
        if mark:
            env["PGSKEW_FAIL_MARK"] = str(mark)
        argv = [str(self.where.bin / self.program)] + [str(arg) for arg in self.args(destination)]
        limited = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit,) * 2)
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=limited)

    def run(self, destination, *args, **options):
        """(exit code, sentences on stderr)"""
        process = self.start(destination, *args, **options)
        _, err = process.communicate(timeout=120)
        return process.returncode, err.decode("utf-8", "backslashreplace").splitlines()


class Import(Writer):
    name = "import"

    def __init__(self, where):
        super().__init__(where)
        self.good = None
        self.good = self.reference()

    def reference(self):
        path = self.where.scratch / "import.good"
        code, said = self.run(path)
        if code:
            raise RuntimeError("import: exit %d, %s" % (code, said))
        return path.read_bytes()

    def args(self, destination):
        return ["import", "-q", "--taken-at", TAKEN_AT, "-o", destination,
                self.where.fixtures / "three_partitions" / "export"]

    def complete(self, path):
        return "" if path.read_bytes() == self.good else "other bytes"


class Report(Writer):
    """pgskew -o FILE: replaces, and always by way of a temporary name."""

    name, program, unnamed = "health -o", "pgskew", False

    def __init__(self, where):
        super().__init__(where)
        path = where.scratch / "health.good"
        code, said = self.run(path)
        if code:
            raise RuntimeError("health: exit %d, %s" % (code, said))
        self.good = path.read_bytes()

    def args(self, destination):
        return ["health", "-f", "json", "-o", destination,
                self.where.fixtures / "zipf_skewed" / "snapshot.db"]

    def complete(self, path):
        return "" if path.read_bytes() == self.good else "other bytes"


class Snapshot(Writer):
    """Of a live table: the moment differs from run to run, the answers do not."""

    name, is_quick = "snapshot", False

    def __init__(self, where, server, database):
        super().__init__(where)
        self.environment = server.settings
        self.database = database
        path = where.scratch / "snapshot.good"
        code, said = self.run(path)
        if code:
            raise RuntimeError("snapshot: exit %d, %s" % (code, said))
        self.good = self.answers(path)

    def args(self, destination):
        return ["snapshot", "-q", "-d", "dbname=" + self.database, "--table", "app.readings",
                "--collections", "-o", destination]

    def answers(self, path):
        """What neither time nor autovacuum changes."""
        programs = Programs(self.where.bin)
        got = [programs.pgskew(command, "-f", "json", path)
               for command in ("distribution", "collections")]
        if got[0].code or got[1].code:
            return str(got[0]) + str(got[1])
        return [[row.get("chunk_count", row.get("total_chunks")) for row in json.loads(one.out)]
                for one in got]

    def complete(self, path):
        got = self.answers(path)
        return "" if got == self.good else "other answers: %s" % str(got)[:300]


class Where:
    def __init__(self, options, scratch):
        self.bin = pathlib.Path(options.bin).resolve()
        self.fixtures = pathlib.Path(options.fixtures).resolve()
        self.preload = pathlib.Path(options.preload).resolve()
        self.scratch = pathlib.Path(scratch)
        self.n_made = 0

    def empty_directory(self):
        self.n_made += 1
        path = self.scratch / ("%05d" % self.n_made)
        path.mkdir()
        return path


@contextlib.contextmanager
def all_writers(where, tally):
    writers = [Import(where), Report(where)]
    conninfo = os.environ.get("PGSKEW_TEST_PG")
    if not conninfo:
        tally.skip("snapshot", "PGSKEW_TEST_PG is not set")
        yield writers
        return
    server = Server(conninfo)
    script = where.fixtures / "nested_range" / "load.sql"
    with server.database("faults", script) as database:
        yield writers + [Snapshot(where, server, database)]


def litter(directory, *known):
    """Names in `directory` that nobody asked for."""
    return sorted(path.name for path in directory.iterdir() if path not in known)


def end_of(process):
    """Collect a process that was killed; its exit code, negative for a signal."""
    process.communicate(timeout=120)
    return process.returncode


def stop_state(pid):
    return pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]

