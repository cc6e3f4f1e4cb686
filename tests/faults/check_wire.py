#!/usr/bin/env python3
"""A wire that breaks: between the collector and a real server stands a proxy that cuts, spoils or
holds back the nth message. The right exit code, one sentence, no secret, no file.

    PGSKEW_TEST_PG="host=... port=... user=... password=..." \\
    check_wire.py --bin DIR --fixtures DIR --preload fail_io.so [--full]

Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import argparse
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


class Wire:
    """Forwards one connection message by message; further ones (cancellations) as they are."""

    def __init__(self, host, port):
        self.target = "/".join([host, ".s.PGSQL.%s" % port]) if host.startswith("/") else (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.fault = self.nth = None
        self.random = random.Random(7)
        self.n_messages, self.n_connections = 0, 0
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, fault, nth):
        self.fault, self.nth, self.n_messages, self.n_connections = fault, nth, 0, 0
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
    def __init__(self, where, tally, server, database):
        self.where, self.tally = where, tally
        self.server, self.database = server, database
        self.wire = Wire(server.settings["PGHOST"], server.settings["PGPORT"])

    def start(self, directory):
        env = {**CLEAN, **SANITIZERS, **self.server.settings, "PGPORT": str(self.wire.port),
               "PGHOST": "127.0.0.1", "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}
        argv = [str(self.where.bin / "pgskew-collect"), "snapshot", "-q", "-d", "dbname=" + self.database,
                "--table", "app.readings", "--collections", "-o", str(directory / "destination")]
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

    def hold(self, nth):
        """A server that does not go on answering: a signal still ends the run."""
        directory = self.where.empty_directory()
        self.wire.arm("hold", nth)
        process = self.start(directory)
        if not self.wire.held.wait(20):
            process.kill()
            return
        process.send_signal(signal.SIGTERM)
        began, what = time.monotonic(), "held at message %d" % nth
        self.judge(what, process, directory, {75})
        self.tally.expect(time.monotonic() - began < 10, what + ": ends soon")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--fixtures", "--preload"):
        parser.add_argument(name, required=True)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    if not os.environ.get("PGSKEW_TEST_PG"):
        print("SKIPPED: PGSKEW_TEST_PG is not set")
        return 77
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="pgskew-wire-") as scratch:
        where = Where(options, scratch)
        server = Server(os.environ["PGSKEW_TEST_PG"])
        with server.database("wire", where.fixtures / "nested_range" / "load.sql") as database:
            runs = Runs(where, tally, server, database)
            n = runs.undisturbed()
            step = 1 if options.full else max(1, n // 6)
            for fault in ("cut", "cut inside", "garbage", "garbled"):
                for nth in range(1, n + 1, step):
                    runs.fault(fault, nth, n)
            for nth in range(20, n - 3, max(1, n // (20 if options.full else 2))):
                runs.hold(nth)
            print("%d messages a run" % n)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
