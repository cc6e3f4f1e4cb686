#!/usr/bin/env python3
"""Ten thousand partitions on a server with the usual lock table, two collectors at once.

    PGSKEW_TEST_PG="host=... port=... user=..." check_many.py --bin DIR [--leaves N] [--slack X]

Estimates within 2 s, exact counts of empty partitions within 20 s (times --slack), alone and with a
second collector beside, and never more than 1,000 relations locked. Heavy. Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import argparse
import contextlib
import os
import pathlib
import sqlite3
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_live import Live, Server  # noqa: E402  (puts ../golden on the path)
from check_consistency import Session  # noqa: E402
from programs import Programs, Tally  # noqa: E402

USAGE = 64
ESTIMATE_S, EXACT_S = 2, 20
PER_BRANCH = 500  # making a partition costs time for each that is there already, hence two levels
TABLE = """
CREATE TABLE chunks (collection_id text, document_id text, token_count int, created_at timestamptz, k int)
  PARTITION BY RANGE (k)
"""
BRANCH = """
DO $$ BEGIN
  CREATE TABLE branch_%(n)d PARTITION OF chunks FOR VALUES FROM (%(first)d) TO (%(end)d) PARTITION BY LIST (k);
  FOR i IN %(first)d..%(end)d - 1 LOOP
    EXECUTE format('CREATE TABLE chunks_part_%%s PARTITION OF branch_%(n)d FOR VALUES IN (%%s)', lpad(i::text, 5, '0'), i);
  END LOOP;
END $$
"""
HELD = ("SELECT count(DISTINCT l.relation) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE a.application_name = 'pgskew-collect' AND a.datname = current_database() GROUP BY l.pid")


class Watch:
    """The most relations that one collector has locked, looked at again and again."""

    def __init__(self, server, database):
        self.server, self.database, self.most, self.over = server, database, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.05):
            lines = self.server.psql(self.database, sql=HELD).split()
            self.most = max([self.most] + [int(n) for n in lines])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def timed(live, what, database, *args):
    began = time.monotonic()
    path = live.succeeds(what, database, *args)
    return time.monotonic() - began, path


def check(live, database, n, slack):
    tally = live.tally
    for mode, limit in (("estimate", ESTIMATE_S), ("exact", EXACT_S)):
        seconds, path = timed(live, mode, database, "--counts", mode)
        print("%s: %.2f s" % (mode, seconds))
        tally.expect(seconds <= limit * slack, "%s of %d partitions within %d s" % (mode, n, limit), seconds)
        if path:
            with contextlib.closing(sqlite3.connect(path)) as db:
                seen = db.execute("SELECT count(*), sum(measured), sum(chunk_count) FROM partition_stat").fetchone()
            tally.expect(seen == (n, n, 0), mode + ": all of them, all empty", seen)
    with Watch(live.server, database) as watch:
        together(live, database)
    print("most relations locked by one collector: %d" % watch.most)
    tally.expect(0 < watch.most <= 1000, "at most 1,000 relations are locked", watch.most)
    check_too_many(live, database)


def check_too_many(live, database):
    """One exported moment is one transaction, and one transaction is 1,000 partitions."""
    session = Session(live.server, database)
    name = session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();")[0]
    live.fails("--snapshot of too many", database, USAGE, "--snapshot", name, mentions=["at most 1000"])
    session.close()


def together(live, database):
    """Two collectors side by side: the lock table has room for both."""
    took = {}

    def one(i):
        began = time.monotonic()
        took[i] = (live.collect(database, output=live.scratch / ("together%d.db" % i))[0], time.monotonic() - began)

    threads = [threading.Thread(target=one, args=(i,)) for i in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, (got, seconds) in took.items():
        print("exact, %d of 2 at once: %.2f s" % (i, seconds))
        live.tally.expect(got.code == 0, "two at once: %d" % i, got)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--leaves", type=int, default=10000)
    parser.add_argument("--slack", type=float, default=1)
    options = parser.parse_args()
    conninfo = os.environ.get("PGSKEW_TEST_PG")
    if not conninfo:
        print("SKIPPED: PGSKEW_TEST_PG is not set")
        return 77
    tally, server = Tally(), Server(conninfo)
    print("max_locks_per_transaction = " + server.psql("postgres", sql="SHOW max_locks_per_transaction"))
    with tempfile.TemporaryDirectory() as scratch, server.database("many", sql=TABLE) as database:
        for n, first in enumerate(range(0, options.leaves, PER_BRANCH)):
            server.psql(database, sql=BRANCH % {
                "n": n, "first": first, "end": min(first + PER_BRANCH, options.leaves)})
        check(Live(Programs(options.bin), tally, server, scratch), database, options.leaves, options.slack)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
