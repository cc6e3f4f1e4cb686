#!/usr/bin/env python3
"""The collector as a guest: locked partitions, interruptions, timeouts, what it holds meanwhile.

    PGSKEW_TEST_PG="host=... port=... user=... password=..." check_guest.py --bin DIR --fixtures DIR

Same conventions as check_live.py. Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import contextlib
import pathlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_live import run_live  # noqa: E402  (puts ../golden on the path)
from programs import CLEAN  # noqa: E402

RETRY, UNAVAILABLE = 75, 69
LOCKED = ["chunks_part_07", "chunks_part_42", "chunks_part_43"]


def rows_of(path, sql):
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True)) as db:
        return db.execute(sql).fetchall()


class Session:
    """A psql that stays, so that it can hold locks."""

    def __init__(self, server, database):
        self.psql = subprocess.Popen(["psql", "-XAtq", "-d", "dbname=" + database], env=server.env,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, sql):
        self.psql.stdin.write(sql + "\n")
        self.psql.stdin.flush()

    def ask(self, sql):
        self.say(sql)
        return self.psql.stdout.readline().strip()

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


@contextlib.contextmanager
def locked(server, database):
    """ACCESS EXCLUSIVE on three leaves, and one session that waits for a fourth of ours."""
    holder, waiter = Session(server, database), Session(server, database)
    try:
        holder.ask("BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE; SELECT 1;" % ", ".join(LOCKED))
        waiter.say("BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE;" % LOCKED[1])
        while server.psql(database, sql="SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                          "WHERE NOT granted AND datname = current_database()") == "0":
            time.sleep(0.01)
        yield
    finally:
        holder.close()
        waiter.close()


def check_locked(live, fixtures):
    tally, server = live.tally, live.server
    with server.database("locked", fixtures / "reference" / "live" / "balanced-100.sql") as database:
        began = time.monotonic()
        free = live.succeeds("unlocked", database)
        unlocked_s = time.monotonic() - began
        with locked(server, database):
            began = time.monotonic()
            live.fails("locked partitions", database, RETRY, mentions=[LOCKED[0], "--allow-partial"])
            refused_s = time.monotonic() - began - unlocked_s
            tally.expect(refused_s < 2, "giving up costs less than 2 s", refused_s)
            began = time.monotonic()
            partial = live.succeeds("locked partitions, partial", database, "--allow-partial")
            partial_s = time.monotonic() - began - unlocked_s
            tally.expect(partial_s < 2, "locks cost less than 2 s", partial_s)
            live.fails("estimates of locked partitions", database, RETRY, "--counts", "estimate")
        print("100 partitions, 3 of them locked: %.2f s unlocked, refused %+.2f s, partial %+.2f s" % (
            unlocked_s, refused_s, partial_s))
        if not (free and partial):
            return
        unmeasured = [name for (name,) in rows_of(
            partial, "SELECT partition_name FROM partition_stat WHERE measured = 0 ORDER BY 1")]
        tally.expect(unmeasured == LOCKED, "exactly the locked ones are unmeasured", unmeasured)
        columns = ("SELECT partition_name, chunk_count, document_count, collection_count, avg_tokens, "
                   "size_bytes, chunks_last_week, last_created_at, bounds FROM partition_stat ")
        want = [row for row in rows_of(free, columns) if row[0] not in LOCKED]
        tally.expect(rows_of(partial, columns + "WHERE measured = 1") == want,
                     "every other number is an unlocked run's")
        values = rows_of(partial, "SELECT * FROM partition_stat WHERE partition_name = '%s'" % LOCKED[0])[0]
        tally.expect(sum(isinstance(v, float) for v in values) == 0, "an unmeasured one has no value", values)


# What may be seen of us, and nothing else. The last one is no lock of ours: whoever connects holds it
# on the database, and gives it back before the first statement, so that nobody can drop the database
# under a session that begins.
WATCH = """
DO $$ DECLARE n int; most int := 0; bad text; worse text; BEGIN
  CREATE TABLE seen (most int, bad text);
  FOR i IN 1..%d LOOP
    SELECT count(DISTINCT l.relation), string_agg(concat_ws(' ', l.mode, l.locktype, l.relation::regclass), ', ')
           FILTER (WHERE (l.locktype, l.mode) NOT IN (('relation', 'AccessShareLock'), ('virtualxid', 'ExclusiveLock'))
           AND (l.locktype, l.mode, l.classid, l.objid)
               IS DISTINCT FROM ('object', 'RowExclusiveLock', 'pg_database'::regclass::oid, a.datid))
      INTO n, worse
      FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE a.application_name = 'pgskew-collect' AND a.datname = current_database();
    most := greatest(most, n); bad := coalesce(bad, worse);
    PERFORM pg_stat_clear_snapshot(), pg_sleep(0.002);
  END LOOP;
  INSERT INTO seen VALUES (most, bad);
END $$;
"""


def watch(server, database, times, meanwhile):
    """The most relations that sessions called pgskew-collect held at once, and what they should not."""
    watcher = threading.Thread(target=server.psql, args=(database,), kwargs={"sql": WATCH % times})
    watcher.start()
    while watcher.is_alive():
        meanwhile()
    watcher.join()
    most, bad = server.psql(database, sql="SELECT most, bad FROM seen; DROP TABLE seen").split("|")
    return int(most), bad


def check_what_it_holds(live, fixtures):
    tally, server = live.tally, live.server
    with server.database("holds", fixtures / "reference" / "live" / "balanced-100.sql") as database:
        most, bad = watch(server, database, 400, lambda: live.succeeds("watched", database))
        # A batch is 25 partitions, each with an index, a TOAST table and that one's index; the
        # catalog's own tables come on top. All 100 partitions together would be 400 and more.
        tally.expect(0 < most <= 25 * 4 + 50, "locks are given back after each batch", most)
        tally.expect(not bad, "nothing above ACCESS SHARE", bad)
        for lock in ("LOCK TABLE chunks_part_07 IN ROW SHARE MODE", "SELECT pg_advisory_lock_shared(1)"):
            session = Session(server, database)
            session.ask("SET application_name = 'pgskew-collect'; BEGIN; %s; SELECT 1;" % lock)
            _, bad = watch(server, database, 5, lambda: time.sleep(0.01))
            tally.expect(bad, "would be seen: " + lock)
            session.close()


SLOW = """
CREATE TABLE chunks (collection_id text, document_id text, partition_key int) PARTITION BY LIST (partition_key);
CREATE TABLE chunks_part_00 PARTITION OF chunks FOR VALUES IN (0);
INSERT INTO chunks SELECT md5(i::text), md5((i + 1)::text), 0 FROM generate_series(1, 2500000) i;
"""


def counting(live, database, outdir, begin=None):
    """A snapshot that the server is counting rows for."""
    process = subprocess.Popen(
        [str(live.programs.directory / "pgskew-collect"), "snapshot", "-d", "dbname=" + database,
         "-o", str(outdir)], env={**CLEAN, **live.server.settings}, stderr=subprocess.PIPE, text=True,
        preexec_fn=begin)
    while process.poll() is None and live.server.psql(
            database, sql="SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() "
            "AND application_name = 'pgskew-collect' AND query LIKE '%piece%'") == "0":
        time.sleep(0.005)
    return process


def check_interruption(live):
    tally, server = live.tally, live.server
    with server.database("slow", sql=SLOW) as database:
        got, path = live.collect(database, "--statement-timeout", "1")
        tally.expect(got.code == RETRY and "statement timeout" in got.err and not path.exists(),
                     "statement timeout: exit 75 and no file", got)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            outdir = live.scratch / ("signal%d" % number)
            outdir.mkdir()
            process = counting(live, database, outdir)
            process.send_signal(number)
            err = process.communicate(timeout=30)[1]
            tally.expect(process.returncode == RETRY and "interrupted" in err,
                         "signal %d: exit 75" % number, (process.returncode, err))
            tally.expect(not list(outdir.iterdir()), "signal %d leaves nothing" % number)
            left = server.psql(database, sql="SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                               "AND datname = current_database() AND application_name = 'pgskew-collect'")
            tally.expect(left == "0", "signal %d ends the query on the server" % number, left)
        outdir = live.scratch / "nohup"
        outdir.mkdir()
        process = counting(live, database, outdir, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        tally.expect(process.poll() is None, "under nohup SIGHUP ends nothing", process.returncode)
        process.terminate()
        process.communicate(timeout=30)


def check_closed_stderr(live):
    """Words for a stderr that is closed do not land in the connection."""
    tally, server = live.tally, live.server
    with server.database("closed", sql=TYPES % "date") as database:
        path = live.scratch / "closed.db"
        collect = [str(live.programs.directory / "pgskew-collect"), "snapshot", "-d", "dbname=" + database,
                   "--table", "app.chunks", "-o", str(path)]
        got = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *collect], env={**CLEAN, **server.settings},
                             stdout=subprocess.PIPE, check=False)
        tally.expect(got.returncode == 0 and path.exists(), "stderr is closed: a snapshot as ever", got)


TOKENS = """
CREATE TABLE chunks (token_count %s, k int) PARTITION BY LIST (k);
CREATE TABLE chunks_part_0 PARTITION OF chunks FOR VALUES IN (0);
INSERT INTO chunks VALUES ('7', 0), ('8', 0);
"""


def check_token_types(live):
    """What PostgreSQL calls numeric but cannot be summed up to a number is not observed."""
    for kind, want in (("int2", 7.5), ("numeric", 7.5), ("real", 7.5), ("oid", None), ("money", None),
                       ("regclass", None), ("text", None)):
        with live.server.database("tokens", sql=TOKENS % kind) as database:
            path = live.succeeds("token_count %s" % kind, database, "--collections")
            seen = path and rows_of(path, "SELECT chunk_count, avg_tokens FROM partition_stat")
            live.tally.expect(seen == [(2, want)], "token_count %s: average" % kind, seen)


TYPES = """
CREATE SCHEMA app;
CREATE TABLE app.chunks (collection_id int, document_id uuid, token_count numeric, created_at %s, k int)
  PARTITION BY RANGE (k);
CREATE TABLE app.chunks_part_1 PARTITION OF app.chunks FOR VALUES FROM (0) TO (10);
CREATE TABLE app.chunks_part_2 PARTITION OF app.chunks FOR VALUES FROM (10) TO (20);
INSERT INTO app.chunks SELECT NULLIF(i %% 3, 0), CASE WHEN i %% 5 > 0 THEN md5((i %% 7)::text)::uuid END,
  CASE WHEN i %% 2 = 0 THEN i END, (now() AT TIME ZONE 'UTC') - i * interval '90 minutes', i %% 10
  FROM generate_series(1, 200) i;
INSERT INTO app.chunks VALUES (1, NULL, 1, 'infinity', 15);
"""
WANT = """
SELECT count(*), count(DISTINCT document_id), count(DISTINCT collection_id),
       count(*) FILTER (WHERE created_at::timestamptz >= now() - interval '1 hour'),
       count(*) FILTER (WHERE created_at::timestamptz >= now() - interval '1 day'),
       count(*) FILTER (WHERE created_at::timestamptz >= now() - interval '7 days'),
       (extract(epoch FROM min(created_at)::timestamptz) * 1000000)::bigint
FROM app.chunks_part_1
"""


def check_types(live):
    """created_at of three types in a session of another time zone; NULL ids; an infinite time."""
    for kind in ("timestamptz", "timestamp", "date"):
        with live.server.database("types", sql=TYPES % kind) as database:
            live.server.psql("postgres", sql="ALTER DATABASE %s SET timezone = 'Asia/Tokyo'" % database)
            path = live.succeeds("created_at %s" % kind, database, "--table", "app.chunks")
            if path is None:
                continue
            zone = "" if kind == "timestamptz" else "SET timezone = 'UTC'; "
            want = live.server.psql(database, sql=zone + WANT).replace("|", " ").split()
            got = rows_of(path, "SELECT chunk_count, document_count, collection_count, chunks_last_hour, "
                          "chunks_last_day, chunks_last_week, oldest_created_at, last_created_at, avg_tokens "
                          "FROM partition_stat ORDER BY partition_num")
            live.tally.expect(list(map(str, got[0][:6])) == want[:6], kind + ": counted as SQL counts",
                              (got[0], want))
            live.tally.expect(got[0][8] == 50.5, kind + ": tokens over all chunks", got[0][8])
            live.tally.expect(got[1][7] is None, kind + ": infinity is no time", got[1])
            notes = rows_of(path, "SELECT notes FROM snapshot")[0][0]
            live.tally.expect("infinite" in (notes or ""), kind + ": and is noted", notes)


NAMED = """
CREATE TABLE chunks (k int, collection_id int, document_id int) PARTITION BY LIST (k);
CREATE TABLE chunks_part_0 PARTITION OF chunks FOR VALUES IN (0);
INSERT INTO chunks VALUES (0, 1, 1), (0, 2, 1);
CREATE TABLE collections (id int, name text);
INSERT INTO collections VALUES (1, 'first'), (3, 'third'), (NULL, 'none');
"""
NAMES = "SELECT coalesce(name, '-') FROM collection ORDER BY collection_id"


def check_names(live):
    """A locked table of names costs the names, a note, and no more time than any lock."""
    tally, server = live.tally, live.server
    with server.database("names", sql=NAMED) as database:
        path = live.succeeds("names", database, "--collections")
        tally.expect(path and sorted(rows_of(path, NAMES)) == [("-",), ("first",), ("third",)], "names are read",
                     path and rows_of(path, NAMES))
        holder = Session(server, database)
        holder.ask("BEGIN; LOCK TABLE collections IN ACCESS EXCLUSIVE MODE; SELECT 1;")
        began = time.monotonic()
        path = live.succeeds("locked names", database, "--collections")
        seconds = time.monotonic() - began
        holder.close()
        if path:
            tally.expect(rows_of(path, NAMES) == [("-",), ("-",)], "locked names are unknown", rows_of(path, NAMES))
            notes = rows_of(path, "SELECT notes FROM snapshot")[0][0]
            tally.expect("no names: their table is locked" in (notes or ""), "locked names are noted", notes)
        tally.expect(seconds < 2, "locked names cost less than 2 s", seconds)


# Everything that a table's owner could have the collector run as the role that collects. Whatever of it
# runs raises an error.
OWN_CODE = """
CREATE FUNCTION run_as_you() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'ran as %%', current_user; END $$;
CREATE TYPE own AS ENUM ('a');
CREATE FUNCTION own_text(own) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN run_as_you(); END $$;
CREATE CAST (own AS text) WITH FUNCTION own_text(own);
CREATE DOMAIN domain_of_own AS own;
CREATE TYPE timestamptz AS ENUM ('2025-10-20');
CREATE FUNCTION own_time(public.timestamptz) RETURNS pg_catalog.timestamptz LANGUAGE plpgsql AS
  $$ BEGIN PERFORM run_as_you(); RETURN now(); END $$;
CREATE CAST (public.timestamptz AS pg_catalog.timestamptz) WITH FUNCTION own_time(public.timestamptz) AS IMPLICIT;
CREATE TABLE chunks (k int, collection_id %s, document_id %s, created_at %s) PARTITION BY LIST (k);
CREATE TABLE chunks_part_0 PARTITION OF chunks FOR VALUES IN (0);
INSERT INTO chunks VALUES (0, 'a', 'a', '2025-10-20'), (0, 'a', 'a', '2025-10-20');
"""
OWN_NAMES = ("CREATE VIEW collections AS SELECT 'a'::text AS id, run_as_you() AS name",
             "CREATE TABLE collections (id text, name domain_of_own); INSERT INTO collections VALUES ('a', 'a')",
             "CREATE TABLE collections (id own, name text); INSERT INTO collections VALUES ('a', 'a')")


def check_own_code(live):
    """Views beside the table, casts of its types and names that look like others' run nothing of ours."""
    columns = ("text", "text", "pg_catalog.timestamptz")
    cases = [(columns, names) for names in OWN_NAMES]
    cases += [(columns[:i] + (kind,) + columns[i + 1:], "") for i, kind in (
        (0, "own"), (0, "domain_of_own"), (1, "own"), (1, "domain_of_own"), (2, "public.timestamptz"))]
    for kinds, names in cases:
        what = "own code: %s, %s" % (" ".join(kinds), names[:30])
        with live.server.database("own", sql=OWN_CODE % kinds + names) as database:
            path = live.succeeds(what, database, "--collections")
            if not path:
                continue
            seen = rows_of(path, "SELECT chunk_count, collection_count, document_count, chunks_last_week "
                           "FROM partition_stat")[0]
            want = tuple(None if kind.split(".")[0] in ("own", "domain_of_own", "public") else n
                         for kind, n in zip(kinds, (1, 1, 0)))
            live.tally.expect(seen == (2,) + want, what + ": is not observed", seen)
            found = rows_of(path, "SELECT name FROM collection")
            notes = rows_of(path, "SELECT notes FROM snapshot")[0][0] or ""
            live.tally.expect(found in ([], [(None,)]) and "refused" not in notes, what + ": no names are asked for",
                              (found, notes))


def check_unreachable(live):
    live.fails("unreachable", "postgres", UNAVAILABLE, env={"PGHOST": "localhost", "PGPORT": "1"})


def check_all(live, fixtures):
    check_locked(live, fixtures)
    check_what_it_holds(live, fixtures)
    for check in (check_interruption, check_closed_stderr, check_types, check_token_types, check_names,
                  check_own_code, check_unreachable):
        check(live)


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a run under nohup ignores it, and so would its children
    sys.exit(run_live(__doc__, check_all))
