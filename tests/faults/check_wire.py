#!/usr/bin/env python3
"""A wire that breaks: between the collector and a real server stands a proxy that cuts, spoils or
holds back the nth message. The right exit code, one sentence, no secret, no file.

    PGSKEW_TEST_PG="host=... port=... user=... password=..." \\
    check_wire.py --bin DIR --fixtures DIR --preload fail_io.so [--full]

A garbled length can announce bytes that never come: then the collector gives up when its patience is
over. So several runs go on at once, each with a wire of its own, and their limits are short.
Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import argparse
import concurrent.futures
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from writers import Where, litter
from check_live import SECRET, Server
from programs import CLEAN, SANITIZERS, Tally

FAILURES = {65, 69, 75, 77}
AT_ONCE = 8  # most of them wait
STATEMENT_S, PATIENCE_S, CONNECT_S = 2, 10, 3


class Wire:
    """Forwards one connection message by message; further ones (cancellations) as they are."""

    def __init__(self, host, port):
        self.target = "/".join([host, ".s.PGSQL.%s" % port]) if host.startswith("/") else (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.fault = self.nth = None
        self.n_messages, self.n_connections = 0, 0
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, fault, nth):
        self.fault, self.nth, self.n_messages, self.n_connections = fault, nth, 0, 0
        self.random = random.Random("%s at %s" % (fault, nth))
        self.held = threading.Event()

    def connect(self):
        if isinstance(self.target, str):
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            return server
        return socket.create_connection(self.target)

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            self.n_connections += 1
            server = self.connect()
            for one in (client, server):  # an answer is many small messages: do not collect them
                if one.family != socket.AF_UNIX:
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            first = self.n_connections == 1
            threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
            threading.Thread(target=self.messages if first else self.pump, args=(server, client),
                             daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        self.close(source, sink)

    def close(self, *sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def messages(self, server, client):
        try:
            with server.makefile("rb") as stream:
                while len(head := stream.read(5)) == 5:
                    body = stream.read(int.from_bytes(head[1:], "big") - 4)
                    self.n_messages += 1
                    if self.n_messages == self.nth and not self.spoil(client, head, body):
                        break
                    if self.n_messages != self.nth:
                        client.sendall(head + body)
        except OSError:
            pass
        self.close(server, client)

    def spoil(self, client, head, body):
        """Do to this message what was asked; False: that was the end."""
        if self.fault == "cut":
            return False
        if self.fault == "cut inside":
            client.sendall(head + body[:len(body) // 2])
            return False
        if self.fault == "garbage":
            client.sendall(self.random.randbytes(len(head) + len(body)))
        elif self.fault == "garbled":
            client.sendall(head + self.random.randbytes(len(body)))
        elif self.fault == "hold":
            self.held.set()
            time.sleep(60)
        return True


class Runs:
    """What one thread does: its own wire, its own directories; the tally is everybody's."""

    def __init__(self, where, tally, server, database):
        self.where, self.tally = where, tally
        self.server, self.database = server, database
        self.wire = Wire(server.settings["PGHOST"], server.settings["PGPORT"])

    def start(self, directory):
        env = {**CLEAN, **SANITIZERS, **self.server.settings, "PGPORT": str(self.wire.port),
               "PGHOST": "127.0.0.1", "PGSSLMODE": "disable", "PGGSSENCMODE": "disable",
               "PGCONNECT_TIMEOUT": str(CONNECT_S)}
        argv = [str(self.where.bin / "pgskew-collect"), "snapshot", "-q", "-d", "dbname=" + self.database,
                "--table", "app.readings", "--collections", "--statement-timeout", str(STATEMENT_S),
                "-o", str(directory / "destination")]
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def judge(self, what, process, directory, codes):
        expect = self.tally.expect
        try:
            _, err = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            return expect(False, what + ": ends", "still there after 30 s")
        said = err.decode("utf-8", "backslashreplace")
        expect(process.returncode in codes, what + ": exit code", (process.returncode, said))
        if process.returncode:
            expect(said.count("\n") == 1, what + ": one sentence", said)
            expect(not litter(directory), what + ": no file", litter(directory))
        secrets = [SECRET, self.server.settings.get("PGPASSWORD") or SECRET]
        return expect(not any(one in said for one in secrets), what + ": no secret", said)

    def undisturbed(self):
        """How many messages a run gets."""
        directory = self.where.empty_directory()
        self.wire.arm(None, None)
        self.judge("undisturbed", self.start(directory), directory, {0})
        return self.wire.n_messages

    def fault(self, fault, nth, n):
        directory = self.where.empty_directory()
        self.wire.arm(fault, nth)
        what = "%s at message %d" % (fault, nth)
        # Garbled text can still be text of the right form, and the last words may be missed.
        codes = FAILURES | ({0, 74} if fault.startswith("gar") or nth >= n - 2 else set())
        self.judge(what, self.start(directory), directory, codes)

    def hold(self, _, nth, n):
        """A server that does not go on answering: a signal still ends the run."""
        directory = self.where.empty_directory()
        self.wire.arm("hold", nth)
        process = self.start(directory)
        what = "held at message %d" % nth
        if not self.tally.expect(self.wire.held.wait(20), what + ": comes so far", "of %d" % n):
            process.kill()
            process.communicate()
            return
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        self.judge(what, process, directory, {75})
        self.tally.expect(time.monotonic() - began < 10, what + ": ends soon")

    def silence(self, _, nth, n):
        """The same, and nobody sends a signal."""
        directory = self.where.empty_directory()
        self.wire.arm("hold", nth)
        began, what = time.monotonic(), "silence at message %d of %d" % (nth, n)
        self.judge(what, self.start(directory), directory, {69})
        took = time.monotonic() - began
        self.tally.expect(took < STATEMENT_S + PATIENCE_S + 10, what + ": ends when it should", took)


class SharedTally(Tally):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def expect(self, good, what, why=""):
        with self.lock:
            return super().expect(good, what, why)


class SharedWhere(Where):
    lock = threading.Lock()

    def empty_directory(self):
        with self.lock:
            return super().empty_directory()


def all_jobs(n, full):
    """(method of Runs, fault, message): what takes longest goes first."""
    step = 1 if full else max(1, n // 6)
    held = range(20, n - 3, max(1, n // (20 if full else 2)))
    jobs = [(work, None, nth) for nth in held for work in (Runs.silence, Runs.hold)]
    return jobs + [(Runs.fault, fault, nth) for fault in ("garbage", "garbled", "cut", "cut inside")
                   for nth in range(1, n + 1, step)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--fixtures", "--preload"):
        parser.add_argument(name, required=True)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    if not os.environ.get("PGSKEW_TEST_PG"):
        print("SKIPPED: PGSKEW_TEST_PG is not set")
        return 77
    tally = SharedTally()
    with tempfile.TemporaryDirectory(prefix="pgskew-wire-") as scratch:
        where = SharedWhere(options, scratch)
        server = Server(os.environ["PGSKEW_TEST_PG"])
        with server.database("wire", where.fixtures / "nested_range" / "load.sql") as database:
            n = Runs(where, tally, server, database).undisturbed()
            jobs = all_jobs(n, options.full)
            mine = threading.local()
            began = time.monotonic()

            def do(job):
                if not hasattr(mine, "runs"):
                    mine.runs = Runs(where, tally, server, database)
                work, fault, nth = job
                work(mine.runs, fault, nth, n)

            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(do, jobs))  # an exception comes out here
            print("%d messages a run, %d faults, %.0f s" % (n, len(jobs), time.monotonic() - began))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
