#!/usr/bin/env python3
"""Exact snapshots equal count(*) at the same moment, while everything around them changes.

    PGSKEW_TEST_PG="host=... port=... user=..." check_consistency.py --bin DIR [--rounds N] [--leaves N ...]

pgbench and others insert, move and delete rows; other sessions create, fill, attach, detach, re-attach,
rewrite and truncate partitions. Each round exports a moment, counts there, and lets the collector read at
it. The rounds are dealt out over tables of so many partitions as --leaves says.

count(*) over a partitioned table is itself not of one moment: rows are those of the snapshot, but the
list of partitions is today's (PostgreSQL reads it past the snapshot), and TRUNCATE empties a partition
for everybody. So the truth of a round is counted while nobody can change the list: SHARE UPDATE
EXCLUSIVE on the parent and ACCESS SHARE on the partitions are taken before the snapshot is. In every
other round these locks are given back before the collector starts, so that it meets all the changes
(a partition changed after the moment must end the run in 75, and the round is repeated).

Every fourth round also counts as anyone would, without those locks. Where that count(*) differs from
ours, it must be explained to the row: the partitions that it read (its locks say which) and that the
moment does not list, or the other way round, hold exactly the difference.
"""
import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import pathlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cluster  # noqa: E402
from check_live import Live, Server  # noqa: E402  (puts ../golden on the path)
from programs import Programs, Tally  # noqa: E402

RETRY = 75
MOVING = 4  # partitions that come and go; all others stay

SETUP = """
CREATE TABLE chunks (k int NOT NULL, collection_id text, document_id text, token_count int,
                     created_at timestamptz DEFAULT now()) PARTITION BY LIST (k);
DO $$ BEGIN FOR i IN 0..%(n)d - 1 LOOP
  EXECUTE format('CREATE TABLE chunks_part_%%s PARTITION OF chunks FOR VALUES IN (%%s)', to_char(i, 'FM900'), i);
END LOOP; END $$;
INSERT INTO chunks SELECT i %% %(n)d, 'c' || i %% 7, 'd' || i %% 50, i %% 100 FROM generate_series(1, 3000) i;
CREATE TABLE written (d int);
"""

# One transaction of pgbench: rows come, move and go in more than one partition at once.
PGBENCH = """
\\set k random(0, :fixed - 1)
\\set other random(0, :fixed - 1)
\\set d random(0, 49)
BEGIN;
INSERT INTO chunks SELECT :k, 'b', 'd' || :d, 1 FROM generate_series(1, 5);
INSERT INTO chunks VALUES (:other, 'b', 'd' || :d, 1);
UPDATE chunks SET k = :other WHERE k = :k AND document_id = 'd' || :d;
DELETE FROM chunks WHERE k = :other AND random() < 0.2;
INSERT INTO written VALUES (:d);
END;
"""


class Session:
    """A psql that stays. One statement, one answer: the lines before a mark."""

    def __init__(self, server, database):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-d", "dbname=" + database], env=server.env, text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        """Deadlocks and failed attaches are part of the game; a full pipe is not."""
        for _ in self.psql.stderr:
            pass

    def ask(self, sql):
        self.psql.stdin.write(sql + "\n\\echo ---\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "---\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("psql is gone while it was asked: " + sql)

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


# ---- what goes on meanwhile ----

def pgbench():
    """Its path; None: not here. Debian keeps it beside initdb."""
    return shutil.which("pgbench") or cluster.programs() and shutil.which("pgbench", path=cluster.programs())


def write(draw, n_fixed):
    k = draw.randrange(n_fixed)
    return draw.choice([
        "INSERT INTO chunks SELECT %d, 'n', 'd', 1 FROM generate_series(1, %d);" % (k, draw.randrange(1, 20)),
        "INSERT INTO chunks SELECT i %% %d, 'n', 'd', 1 FROM generate_series(1, 10) i;" % n_fixed,
        "DELETE FROM chunks_part_%02d WHERE ctid IN (SELECT ctid FROM chunks_part_%02d LIMIT 20);" % (k, k),
        "DELETE FROM chunks_part_%02d WHERE random() < 0.1;" % k,
        "UPDATE chunks SET k = %d WHERE k = %d AND document_id = 'd%d';" % (
            draw.randrange(n_fixed), k, draw.randrange(50)),
    ])


def reshape(draw, n):
    """One change of partition `n`, which belongs to one such session alone."""
    name = "chunks_part_%02d" % n
    fill = "INSERT INTO %s SELECT %d, 'm', 'd', 1 FROM generate_series(1, %d);" % (name, n, draw.randrange(1, 60))
    return draw.choice([
        "CREATE TABLE %s (LIKE chunks INCLUDING ALL); %s" % (name, fill),
        "ALTER TABLE chunks ATTACH PARTITION %s FOR VALUES IN (%d);" % (name, n),
        "ALTER TABLE chunks ATTACH PARTITION %s FOR VALUES IN (%d);" % (name, n),
        "CREATE TABLE %s PARTITION OF chunks FOR VALUES IN (%d); %s" % (name, n, fill),
        "ALTER TABLE chunks DETACH PARTITION %s;" % name,
        "ALTER TABLE chunks DETACH PARTITION %s; ALTER TABLE chunks ATTACH PARTITION %s FOR VALUES IN (%d);" % (
            name, name, n),
        "ALTER TABLE chunks DETACH PARTITION %s CONCURRENTLY;" % name,
        "DROP TABLE %s;" % name,
        "BEGIN; DROP TABLE %s; CREATE TABLE %s PARTITION OF chunks FOR VALUES IN (%d); %s COMMIT;" % (
            name, name, n, fill),
        "TRUNCATE %s; %s" % (name, fill), "BEGIN; TRUNCATE %s; %s COMMIT;" % (name, fill),
        "TRUNCATE %s;" % name, "VACUUM FULL %s;" % name, fill,
    ])


class Bustle:
    """pgbench and sessions that change the table until told to stop."""

    def __init__(self, server, database, seed, n_fixed):
        self.server, self.database = server, database
        self.over, self.n_done, self.threads = threading.Event(), {write: 0, reshape: 0}, []
        self.script = tempfile.NamedTemporaryFile("w", suffix=".sql")
        self.script.write(PGBENCH)
        self.script.flush()
        self.pgbench = subprocess.Popen(
            [pgbench(), "-n", "-c", "2", "-R", "200", "-T", "86400", "--max-tries", "1000", "-D", "fixed=%d" % n_fixed,
             "-f", self.script.name, "--random-seed", str(seed), database],
            env=server.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        calm = 0.0008 * (n_fixed + MOVING)  # more to read takes longer, and must not meet changes only
        jobs = [(write, (n_fixed,), 0.002)] * 2 + [(reshape, (n_fixed + i,), calm) for i in range(MOVING)]
        for i, (what, args, pause) in enumerate(jobs):
            thread = threading.Thread(target=self.work, daemon=True, args=(
                Session(server, database), random.Random("%d %d" % (seed, i)), what, args, pause))
            thread.start()
            self.threads.append(thread)

    def work(self, session, draw, what, args, pause):
        session.ask("SET lock_timeout = '2s';")
        while not self.over.is_set():
            session.ask("ROLLBACK; " + what(draw, *args))
            self.n_done[what] += 1
            time.sleep(draw.random() * 2 * pause)
        session.close()

    def stop(self, tally):
        tally.expect(self.pgbench.poll() is None, "pgbench writes until the end",
                     self.pgbench.poll() is not None and self.pgbench.stdout.read()[-500:])
        self.pgbench.terminate()
        self.pgbench.communicate()
        self.script.close()
        self.n_transactions = self.server.psql(self.database, sql="SELECT count(*) FROM written")
        tally.expect(self.n_transactions != "0", "pgbench has written")
        self.over.set()
        for thread in self.threads:
            thread.join()


# ---- one round ----

def collected(path):
    with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
        return db.execute("SELECT sum(chunk_count), count(*) FROM partition_stat WHERE measured = 1").fetchone()


def count_with_the_list_held(session, held):
    """Begin a transaction; (the snapshot's name, its count(*)), counted while the list stood still."""
    session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT counting;"
                "LOCK TABLE ONLY chunks IN SHARE UPDATE EXCLUSIVE MODE; LOCK TABLE chunks IN ACCESS SHARE MODE;")
    count = session.ask("SELECT count(*) FROM chunks;")
    session.ask("RELEASE SAVEPOINT counting;" if held else "ROLLBACK TO SAVEPOINT counting; RELEASE SAVEPOINT counting;")
    name = session.ask("SELECT pg_export_snapshot();")
    return (name[0], int(count[0])) if name and count else (None, None)


READ_BY_COUNT = """SELECT c.oid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
  WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessShareLock' AND c.relkind = 'r' AND c.relname LIKE 'chunks%';"""
LISTED = "SELECT inhrelid FROM pg_inherits WHERE inhparent = 'chunks'::regclass AND NOT inhdetachpending;"


def count_as_anyone(session):
    """(the snapshot's name, its count(*), rows that count(*) read in partitions the moment does not list
    less those that it left out), or Nones where a partition it needs is gone."""
    name = session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();")
    time.sleep(0.01)
    count = session.ask("SELECT count(*) FROM chunks;")
    read = set(session.ask(READ_BY_COUNT))
    listed = set(session.ask(LISTED))
    if not (name and count and listed):
        return None, None, None
    surplus = 0
    for sign, oids in ((1, read - listed), (-1, listed - read)):
        for oid in oids:
            rows = session.ask("SELECT count(*) FROM ONLY %s;" % relation(session, oid))
            if not rows:
                return None, None, None
            surplus += sign * int(rows[0])
    return name[0], int(count[0]), surplus


def relation(session, oid):
    return (session.ask("SELECT %s::regclass;" % oid) or [oid])[0]


class Rounds:
    def __init__(self, live, database):
        self.live, self.database, self.tally = live, database, live.tally
        self.session = Session(live.server, database)
        self.n_equal = self.n_repeated = self.n_plain = self.n_explained = self.n_partial = 0

    def collect(self, name, *args):
        """(outcome, sum, partitions) of one run at the exported moment `name`."""
        got, path = self.live.collect(self.database, "--snapshot", name, *args)
        if got.code:
            self.tally.expect(got.code == RETRY and not path.exists(), "the only failure is 75, without a file", got)
            return got, None, None
        total, n = collected(path)
        path.unlink()
        return got, total, n

    def equal(self, i):
        held = i % 2 == 0
        name, count = count_with_the_list_held(self.session, held)
        if name is None:
            return False
        got, total, n = self.collect(name)
        if got.code:
            return False
        self.n_equal += total == count
        self.tally.expect(total == count, "round %d (%s): sum is count(*)" % (i, "held" if held else "free"),
                          "%s of %s partitions, count(*) %s" % (total, n, count))
        return True

    def plain(self, i):
        name, count, surplus = count_as_anyone(self.session)
        if name is None:
            return False
        got, total, _ = self.collect(name)
        if got.code:
            return False
        self.n_plain += 1
        self.n_explained += total != count
        self.tally.expect(total + surplus == count, "round %d: what plain count(*) differs by is explained" % i,
                          "ours %s, count(*) %s, partitions of another list hold %s" % (total, count, surplus))
        return True

    def partial(self, i):
        """With --allow-partial what was measured is true, and only that: count those partitions alone."""
        self.session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ;")
        name = self.session.ask("SELECT pg_export_snapshot();")
        time.sleep(0.02)
        got, path = self.live.collect(self.database, "--snapshot", name[0], "--allow-partial")
        if not self.tally.expect(got.code == 0, "partial round %d: exit 0" % i, got):
            return True
        with sqlite3.connect("file:%s?mode=ro" % path, uri=True) as db:
            rows = db.execute("SELECT partition_name, relid, relfilenode, measured, chunk_count "
                              "FROM partition_stat").fetchall()
        path.unlink()
        self.n_partial += any(not row[3] for row in rows)
        for leaf, relid, filenode, measured, chunks in rows:
            if not measured:
                self.tally.expect(chunks is None, "partial round %d: unmeasured has no count" % i, (leaf, chunks))
                continue
            # Lock, then see whether it still is the file that was listed; else nobody can count it now.
            now = self.session.ask("SAVEPOINT s; LOCK TABLE ONLY %s IN ACCESS SHARE MODE;"
                                   "SELECT %d = '%s'::regclass::oid AND pg_relation_filenode(%d) = %d;" % (
                                       leaf, relid, leaf, relid, filenode))
            if now == ["t"]:
                want = self.session.ask("SELECT count(*) FROM ONLY %s;" % leaf)
                self.tally.expect(want == [str(chunks)], "partial round %d: %s" % (i, leaf), (chunks, want))
            self.session.ask("ROLLBACK TO SAVEPOINT s;")
        return True

    def run(self, n):
        for i in range(n):
            for kind in [self.equal] + [self.plain] * (i % 4 == 0) + [self.partial] * (i % 10 == 0):
                deadline = time.monotonic() + 600
                while not kind(i):
                    self.n_repeated += 1
                    self.session.ask("ROLLBACK;")
                    if not self.tally.expect(time.monotonic() < deadline, "round %d ends" % i):
                        return
                self.session.ask("ROLLBACK;")
            if i % 100 == 99:
                print("%d of %d rounds equal count(*) so far" % (self.n_equal, i + 1), flush=True)


def run_rounds(live, server, n_leaves, n_rounds, seed):
    """The rounds of a table of `n_leaves` partitions."""
    n_fixed = n_leaves - MOVING
    with server.database("consistency", sql=SETUP % {"n": n_fixed}) as database:
        rounds, began = Rounds(live, database), time.monotonic()
        bustle = Bustle(server, database, seed, n_fixed)
        try:
            rounds.run(n_rounds)
        finally:
            bustle.stop(live.tally)
            rounds.session.close()
        print("%d partitions: %d of %d rounds equal count(*); %d runs ended in 75 and were repeated; plain count(*) "
              "read another list in %d of %d, explained to the row; %d partial snapshots had unmeasured partitions; "
              "%d changes of partitions, %d writes and %s transactions of pgbench meanwhile, %.0f s" % (
                  n_leaves, rounds.n_equal, n_rounds, rounds.n_repeated, rounds.n_explained, rounds.n_plain,
                  rounds.n_partial, bustle.n_done[reshape], bustle.n_done[write], bustle.n_transactions,
                  time.monotonic() - began), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--leaves", type=int, nargs="+", default=[16], help="partitions of each table, at most 1000")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    conninfo = os.environ.get("PGSKEW_TEST_PG")
    if not conninfo or not pgbench():
        print("SKIPPED: " + ("there is no pgbench" if conninfo else "PGSKEW_TEST_PG is not set"))
        return 77
    tally, server = Tally(), Server(conninfo)
    with tempfile.TemporaryDirectory() as scratch:
        live = Live(Programs(options.bin), tally, server, scratch)
        for i, n_leaves in enumerate(options.leaves):
            share = (options.rounds + len(options.leaves) - 1 - i) // len(options.leaves)
            run_rounds(live, server, n_leaves, share, options.seed)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
