#!/usr/bin/env python3
"""Build the recorded live cases on a real PostgreSQL, collect, ask, compare; then the failures that
only a server can give.

    PGSKEW_TEST_PG="host=... port=... user=... password=..." check_live.py --bin DIR --fixtures DIR

The user must be able to create databases and roles. Everything made here has a name that begins
with pgskew_test_ and is dropped again. Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import argparse
import contextlib
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from answers import check_bodies, check_sql_views, check_view_commands, json_answer  # noqa: E402
from programs import CLEAN, Programs, Tally  # noqa: E402
from reference import Case, Exports, Pairs, differences, load_csv, time_us  # noqa: E402

DATA, NO_INPUT, UNAVAILABLE, DENIED = 65, 66, 69, 77
SECRET = "hunter2SECRET"


def connection_settings(conninfo):
    """PG* variables, so that no password stands on a command line."""
    if "://" in conninfo:
        parts = urllib.parse.urlsplit(conninfo)
        query = dict(urllib.parse.parse_qsl(parts.query))
        found = {"host": parts.hostname, "port": parts.port, "user": parts.username,
                 "password": parts.password, **query}
    else:
        found = dict(word.split("=", 1) for word in shlex.split(conninfo))
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    return {names[key]: urllib.parse.unquote(str(value)) for key, value in found.items()
            if key in names and value is not None}


class Server:
    def __init__(self, conninfo):
        self.settings = connection_settings(conninfo)
        self.env = {**CLEAN, **self.settings}
        self.prefix = "pgskew_test_%d_" % os.getpid()

    def psql(self, database, *args, sql=None):
        argv = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "dbname=" + database, *map(str, args)]
        if sql is not None:
            argv += ["-c", sql]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError("%s: %s" % (" ".join(argv), done.stderr))
        return done.stdout.strip()

    @contextlib.contextmanager
    def database(self, name, *scripts, sql=None):
        """A fresh database, built by these scripts and statements."""
        full = self.prefix + name
        self.psql("postgres", sql="CREATE DATABASE %s ENCODING 'UTF8' TEMPLATE template0" % full)
        try:
            for script in scripts:
                self.psql(full, "-f", script)
            if sql:
                self.psql(full, sql=sql)
            yield full
        finally:
            self.psql("postgres", sql="DROP DATABASE %s WITH (FORCE)" % full)

    @contextlib.contextmanager
    def role(self, name):
        full = self.prefix + name
        self.psql("postgres", sql="CREATE ROLE %s LOGIN PASSWORD '%s'" % (full, SECRET))
        try:
            yield full
        finally:
            self.psql("postgres", sql="DROP ROLE " + full)

    def tuples_read(self, database):
        """(by sequential scans, through indexes) since the start, once every session has reported."""
        deadline = time.monotonic() + 30
        while self.psql("postgres", sql="SELECT count(*) FROM pg_stat_activity "
                        "WHERE datname = '%s'" % database) != "0":
            if time.monotonic() > deadline:
                raise RuntimeError("a session of %s does not end" % database)
            time.sleep(0.02)
        row = self.psql(database, sql="SELECT sum(s.seq_tup_read), sum(COALESCE(s.idx_tup_fetch, 0)) "
                        "FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid "
                        "WHERE c.relispartition")
        return tuple(map(int, row.split("|")))


class Live:
    def __init__(self, programs, tally, server, scratch):
        self.programs, self.tally, self.server = programs, tally, server
        self.scratch = pathlib.Path(scratch)
        self.n_made = 0

    def collect(self, database, *args, env=None, output=None):
        """One snapshot into a fresh file; (outcome, path)."""
        self.n_made += 1
        path = output or self.scratch / ("%03d.db" % self.n_made)
        got = self.programs.collect("snapshot", "-d", "dbname=" + database, *args, "-o", path,
                                    env={**self.server.settings, **(env or {})})
        return got, path

    def succeeds(self, what, database, *args, env=None):
        got, path = self.collect(database, *args, env=env)
        if self.tally.expect(got.code == 0 and path.is_file(), what, got):
            self.tally.expect(got.out.decode() == "%s\n" % path, what + ": prints the path", got.out[:80])
            self.tally.expect(not list(self.scratch.glob("*-journal")), what + ": no journal left")
            return path
        return None

    def fails(self, what, database, code, *args, mentions=(), env=None):
        outdir = self.scratch / ("out%03d" % self.n_made)
        outdir.mkdir()
        got, _ = self.collect(database, *args, env=env, output=outdir)
        self.tally.expect(got.code == code, "%s: exit %d" % (what, code), got)
        lines = [line for line in got.err.splitlines() if "warning" not in line.lower()]
        self.tally.expect(len(lines) == 1, what + ": one sentence", got)
        for mention in mentions:
            self.tally.expect(mention in got.err, "%s: mentions %s" % (what, mention), got)
        self.tally.expect(SECRET not in got.err, what + ": keeps the secret", got)
        self.tally.expect(not list(outdir.iterdir()), what + ": leaves nothing")

    def json(self, what, *args):
        return json_answer(self.tally, self.programs, what, *args)


# ---- the recorded cases ----

def check_case(live, script, case_directory):
    tally, server = live.tally, live.server
    name = script.stem
    with server.database(name.replace("-", "_"), script) as database:
        loaded_us = time_us(server.psql(
            database, sql="SET timezone = 'UTC'; SELECT loaded_at FROM case_clock"))
        recorded_us = time_us(Case(case_directory).meta["loaded_at"])
        case = Case(case_directory, shift_us=loaded_us - recorded_us)
        total = sum(int(row["chunk_count"]) for row in case.rows["partition_stats"])

        before = server.tuples_read(database)
        path = live.succeeds(name + " snapshot", database, "--collections")
        after = server.tuples_read(database)
        if path is None:
            return
        tally.expect(after[0] - before[0] <= total, name + " reads each row at most once",
                     "%d rows, %d tuples read" % (total, after[0] - before[0]))
        tally.expect(after[1] == before[1], name + " fetches nothing through indexes", (before, after))

        check_bodies(tally, live.programs, case, path, live=True)
        check_moment(live, name, database, path, loaded_us)
        check_sql_views(tally, case, path, name)
        check_view_commands(tally, live.programs, case, path, name)
        check_estimate(live, case, database)


def check_moment(live, name, database, path, loaded_us):
    body = live.json(name + " health", "health", "-f", "json", path)
    if body is None:
        return
    now_us = time_us(live.server.psql(database, sql="SET timezone = 'UTC'; SELECT now()"))
    live.tally.expect(loaded_us <= time_us(body.get("timestamp")) <= now_us,
                      name + " has the server's moment", body.get("timestamp"))


def check_estimate(live, case, database):
    """Estimates come from the planner's statistics, and no table is read."""
    tally, name = live.tally, case.name + " estimate"
    before = live.server.tuples_read(database)
    path = live.succeeds(name, database, "--counts", "estimate")
    tally.expect(live.server.tuples_read(database) == before, name + " reads no table")
    rows = live.json(name + " distribution", "distribution", "-f", "json", path) if path else None
    if rows is None:
        return
    # Never analyzed is not observed, but a partition without a page has no row either way.
    want = {r.get("partition_num"): r.get("row_estimate") or 0
            for r in case.typed("partition_size_distribution")}
    got = {r.get("partition_num"): r.get("chunk_count") for r in rows}
    tally.expect(got == want, name + " counts are reltuples", sorted(got.items())[:3])


def check_nested(live, fixtures):
    directory, tally, name = fixtures / "nested_range", live.tally, "nested_range live"
    recorded = load_csv(directory / "recorded.csv")[0]
    with live.server.database("nested", directory / "load.sql") as database:
        loaded_us = time_us(live.server.psql(
            database, sql="SET timezone = 'UTC'; SELECT loaded_at FROM case_clock"))
        exports = Exports(directory / "export", loaded_us - time_us(recorded["loaded_at"]))
        before = live.server.tuples_read(database)
        path = live.succeeds(name, database, "--table", "app.readings", "--collections")
        after = live.server.tuples_read(database)
        if path is None:
            return
        tally.expect(after[0] - before[0] <= 7000 and after[1] == before[1],
                     name + " reads each row at most once", (before, after))
        check_sql_views(tally, exports, path, name)
        check_view_commands(tally, live.programs, exports, path, name)
        for body, want in (("health", exports.health_body(0)),
                           ("statistics", exports.statistics_body(float(recorded["chunk_count_stddev"]))),
                           ("recommendations", exports.recommendations()),
                           ("health-summary", exports.health_summary_body())):
            got = live.json("%s %s" % (name, body), body, "-f", "json", path)
            if got is not None:
                tally.expect_none(differences(
                    Pairs(p for p in want if p[0] != "timestamp"),
                    Pairs(p for p in got if p[0] != "timestamp")), "%s %s" % (name, body))
        names = stored_names(path)
        tally.expect(names == ["readings_ap_1", "readings_ap_2_high", "readings_ap_2_low", "readings_eu_10",
                               "readings_eu_9", "readings_us", "readings_us_late"],
                     name + " numbers leaves in name order", names)


def query(path, sql):
    return subprocess.run(["sqlite3", str(path), sql], capture_output=True, text=True, check=True).stdout.strip()


def stored_names(path):
    names = query(path, "SELECT partition_name FROM partition_stat ORDER BY partition_num")
    return [line.split(".")[-1] for line in names.splitlines()]


# ---- any partitioned table ----

STRAYS = """
CREATE TABLE chunks (id bigint, collection_id text, document_id text, partition_key int,
                     token_count int, created_at timestamptz) PARTITION BY LIST (partition_key);
CREATE TABLE chunks_part_00 PARTITION OF chunks FOR VALUES IN (0);
CREATE TABLE chunks_part_01 PARTITION OF chunks FOR VALUES IN (1);
CREATE TABLE chunks_part_02 PARTITION OF chunks FOR VALUES IN (2);
CREATE TABLE chunks_stray PARTITION OF chunks DEFAULT;
INSERT INTO chunks SELECT i, 'c', 'd', CASE WHEN i <= 100 THEN 0 WHEN i <= 180 THEN 1
                                            WHEN i <= 300 THEN 2 ELSE 9 END, 5, now() - interval '3 hours'
FROM generate_series(1, 400) i;
"""


def check_strays(live):
    """100, 80 and 120 rows in the numbered partitions, 100 in the default one."""
    tally = live.tally
    with live.server.database("strays", sql=STRAYS) as database:
        path = live.succeeds("strays", database)
        body = live.json("strays health", "health", "-f", "json", path) if path else None
        if body is None:
            return
        tally.expect(body.get("metrics").get("total_partitions") == 3, "strays are not partitions")
        alerts = str(body.get("alerts"))
        tally.expect("chunks_stray" in alerts, "an alert names the stray", alerts)
        rows = live.json("strays distribution", "distribution", "-f", "json", path)
        tally.expect([r.get("chunk_percentage") for r in rows or []] == [25.0, 20.0, 30.0],
                     "strays are in the denominator of the percentages", rows)
        body = live.json("strays statistics", "statistics", "-f", "json", path)
        tally.expect(body and body.get("statistics").get("total_chunks") == 300, "strays are not in totals")
        body = live.json("strays health-summary", "health-summary", "-f", "json", path)
        skews = [(r.get("partition_num"), r.get("chunk_skew")) for r in body.get("partitions")]
        tally.expect(skews == [(1, 0.2), (2, 0.2), (0, 0.0)], "strays are not in skews", skews)


HASHED = """
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Ta""ble" (k int, v text) PARTITION BY HASH (k);
DO $$ BEGIN FOR i IN 0..3 LOOP EXECUTE format(
  'CREATE TABLE "Odd Schema".%I PARTITION OF "Odd Schema"."Ta""ble" FOR VALUES WITH (MODULUS 4, REMAINDER %s)',
  (ARRAY['a "quoted" one', E'b two\\nlines', 'c; DROP TABLE x', 'd ''文書'])[i + 1], i); END LOOP; END $$;
INSERT INTO "Odd Schema"."Ta""ble" SELECT i, 'x' FROM generate_series(1, 1000) i;
"""


def check_odd_names(live):
    """HASH partitions, hostile names, and none of the columns of the guide."""
    tally = live.tally
    with live.server.database("odd", sql=HASHED) as database:
        path = live.succeeds("odd names", database, "--table", '"Odd Schema"."Ta""ble"', "--collections")
        body = live.json("odd names statistics", "statistics", "-f", "json", path) if path else None
        if body is None:
            return
        tally.expect(body.get("statistics").get("total_chunks") == 1000, "odd names total", body)
        for row in live.json("odd names distribution", "distribution", "-f", "json", path) or []:
            tally.expect(all(row.get(c) is None for c in ("document_count", "collection_count", "avg_tokens")),
                         "columns that are not there are null", row)
        for row in live.json("odd names hot", "hot", "-f", "json", path) or []:
            tally.expect(row.get("chunks_last_hour") is None, "windows without created_at are null", row)


# A collection in three partitions; "d1" is in all of them, under two spellings where there are two.
SPREAD = """
CREATE TYPE pair AS (a int, b json);
CREATE TYPE colour AS ENUM ('red');
CREATE DOMAIN inner_time AS timestamptz;
CREATE DOMAIN outer_time AS inner_time;
CREATE TABLE chunks (k int, collection_id text, document_id %s, token_count int, created_at outer_time)
  PARTITION BY LIST (k);
CREATE TABLE chunks_part_00 PARTITION OF chunks FOR VALUES IN (0);
CREATE TABLE chunks_part_01 PARTITION OF chunks FOR VALUES IN (1);
CREATE TABLE chunks_part_02 PARTITION OF chunks FOR VALUES IN (2);
CREATE TABLE chunks_stray PARTITION OF chunks DEFAULT;
INSERT INTO chunks VALUES (0, 'c', %s, -5, now()), (1, 'c', %s, 6, now()), (1, 'c', NULL, 1, now()),
  (2, 'c', %s, 8, now()), (2, 'alone', %s, 9, now()), (9, 'c', %s, 1000, now());
"""
SPREADS = (  # type, the five documents of the collections and one of a stray, how many c has
    ("text", "'1' '1' '2' '3' '9'", 2), ("uuid", None, 2), ("int", "1 1 2 3 9", 2),
    ("numeric", "1.0 1.00 2 3 9", 2), ("int[]", "'{1}' '{1}' '{2}' '{3}' '{9}'", 2),
    ("varchar(9)", "'1' '1' '2' '3' '9'", 2), ("name", "'1' '1' '2' '3' '9'", 2),
    ("int4range", "'[1,2)' '[1,1]' '[2,3)' '[3,4)' '[9,10)'", 2), ("colour", "'red' 'red' 'red' 'red' 'red'", 1),
    ("colour[]", "'{red}' '{red}' '{}' '{}' '{}'", 2), ("bit(1)", "'1' '1' '0' '0' '0'", 2),
    ("json", "'1' '1' '2' '3' '9'", None), ("json[]", "'{1}' '{1}' '{2}' '{3}' '{9}'", None),
    ("point", "'(1,1)' '(1,1)' '(2,2)' '(3,3)' '(9,9)'", None), ("pair", "'(1,1)' '(1,1)' '(2,2)' '(3,3)' '(9,9)'", None),
    ("xml", "'1' '1' '2' '3' '9'", None),
)


def check_spread_documents(live):
    """A document of several partitions counts once; ids without equality are not observed."""
    for kind, values, want in SPREADS:
        values = values.split() if values else ["md5('%s')::uuid" % v for v in "11239"]
        with live.server.database("spread", sql=SPREAD % (kind, *values)) as database:
            path = live.succeeds("documents: " + kind, database, "--collections")
            rows = live.json("documents: " + kind, "collections", "-f", "json", path) if path else None
            if rows is None:
                continue
            alone = None if want is None else 1
            got = [(r.get("id"), r.get("chunked_documents"), r.get("total_chunks")) for r in rows]
            live.tally.expect(got == [("c", want, 4), ("alone", alone, 1)], "documents of type " + kind, got)
            live.tally.expect([r.get("avg_tokens_per_chunk") for r in rows] == [None, 9.0],
                              kind + ": a negative sum of tokens is not observed", rows)
            notes = query(path, "SELECT notes FROM snapshot")
            live.tally.expect(("no column document_id that can be used" in notes) == (want is None),
                              kind + ": is noted", notes)
            live.tally.expect("1 partitions have a negative" in notes and "created_at" not in notes,
                              kind + ": a negative average is noted, a time is a time", notes)
            stored = query(path, "SELECT group_concat(coalesce(avg_tokens, 'none')) FROM partition_stat")
            live.tally.expect(stored == "none,3.5,8.5", kind + ": averages", stored)
    sql = SPREAD.replace("collection_id text", "collection_id point").replace("'c'", "'(1,1)'")
    with live.server.database("points", sql=sql.replace("'alone'", "'(2,2)'") % ("int", 1, 1, 2, 3, 9)) as database:
        path = live.succeeds("collections of points", database, "--collections")
        stored = path and query(path, "SELECT count(collection_count), sum(document_count) FROM partition_stat")
        live.tally.expect(stored == "0|4", "collections of points are not observed", stored)


def check_no_partitions(live):
    with live.server.database("bare", sql="CREATE TABLE chunks (k int) PARTITION BY LIST (k)") as database:
        got, _ = live.collect(database)
        live.tally.expect(got.code in (0, DATA, NO_INPUT), "a partitioned table without partitions", got)


# ---- privileges and refusals ----

def check_refusals(live):
    server = live.server
    sql = STRAYS + "CREATE TABLE plain (x int); CREATE VIEW seen AS SELECT 1;"
    with server.role("reader") as role, server.database("refusals", sql=sql) as database:
        try:
            live.fails("no such table", database, NO_INPUT, "--table", "public.absent",
                       mentions=["public.absent"])
            live.fails("no such schema", database, NO_INPUT, "--table", "absent.chunks",
                       mentions=["absent.chunks"])
            live.fails("not partitioned", database, DATA, "--table", "public.plain", mentions=["public.plain"])
            live.fails("a view", database, DATA, "--table", "public.seen", mentions=["public.seen"])
            live.fails("no such database", server.prefix + "absent", UNAVAILABLE, mentions=["absent"])
            as_reader = {"PGUSER": role, "PGPASSWORD": SECRET}
            live.fails("no privilege", database, DENIED, env=as_reader)
            check_wrong_password(live, database, role)
            for grant in ("CONNECT ON DATABASE " + database, "USAGE ON SCHEMA public", "pg_read_all_stats"):
                server.psql(database, sql="GRANT %s TO %s" % (grant, role))
            for leaf in ("chunks_part_00", "chunks_part_01", "chunks_part_02", "chunks_stray"):
                server.psql(database, sql="GRANT SELECT ON %s TO %s" % (leaf, role))
            live.succeeds("with the documented grants", database, env=as_reader)
            live.succeeds("estimates with the documented grants", database, "--counts", "estimate",
                          env=as_reader)
        finally:
            server.psql(database, sql="DROP OWNED BY " + role)


def check_wrong_password(live, database, role):
    host = live.server.settings.get("PGHOST", "")
    tcp = "127.0.0.1" if host.startswith("/") or not host else host
    env = {"PGHOST": tcp, "PGUSER": role, "PGPASSWORD": "not-" + SECRET}
    probe = subprocess.run(["psql", "-Xqw", "-d", "dbname=" + database, "-c", "SELECT 1"],
                           env={**live.server.env, **env}, capture_output=True, text=True, check=False)
    if probe.returncode == 0 or "password" not in probe.stderr:
        live.tally.skip("wrong password", "this server asks for none over TCP")
        return
    live.fails("wrong password", database, DENIED, env=env)
    live.fails("no password", database, DENIED, env={**env, "PGPASSWORD": ""})
    for conninfo in ("postgresql+asyncpg://%s:%s@%s:%s/%s", "postgresql://%s:%s@%s:%s/%s"):
        uri = conninfo % (role, "not-" + SECRET, tcp, live.server.settings.get("PGPORT", 5432), database)
        outdir = live.scratch / ("uri%d" % len(conninfo))
        outdir.mkdir()
        got = live.programs.collect("snapshot", "-d", uri, "-o", outdir)
        live.tally.expect(got.code == DENIED, "wrong password in a URI: exit 77", got)
        live.tally.expect(SECRET not in got.err and SECRET.encode() not in got.out,
                          "wrong password in a URI stays secret", got)
        uri = uri.replace("not-", "")
        got = live.programs.collect("snapshot", "-d", uri, "--counts", "estimate", "-o", outdir)
        live.tally.expect(SECRET not in got.err, "right password in a URI stays secret", got)


# ---- refresh ----

REFRESHABLE = STRAYS + """
CREATE MATERIALIZED VIEW collection_chunking_stats AS
  SELECT collection_id AS id, count(*) AS total_chunks FROM chunks GROUP BY 1;
INSERT INTO chunks SELECT i, 'new', 'd', 0, 5, now() FROM generate_series(1, 7) i;
"""
COUNT_NEW = "SELECT total_chunks FROM collection_chunking_stats WHERE id = 'new'"


def check_refresh(live):
    tally, server = live.tally, live.server
    function = ("CREATE TABLE called (at timestamptz); CREATE FUNCTION refresh_collection_chunking_stats() "
                "RETURNS void LANGUAGE sql AS $$ REFRESH MATERIALIZED VIEW collection_chunking_stats; "
                "INSERT INTO called VALUES (now()) $$;")
    for what, extra in (("plain", ""), ("function", function), (
            "concurrently", "CREATE UNIQUE INDEX ON collection_chunking_stats (id);")):
        with server.database("refresh_" + what, sql=REFRESHABLE + extra) as database:
            got = live.programs.collect("refresh", "-d", "dbname=" + database, env=server.settings)
            tally.expect(got.code == 0, "refresh (%s)" % what, got)
            tally.expect(server.psql(database, sql=COUNT_NEW) == "7", "refresh (%s) refreshes" % what)
            if what == "function":
                tally.expect(server.psql(database, sql="SELECT count(*) FROM called") == "1",
                             "refresh calls the database's own function once")
    with server.database("refresh_none", sql=STRAYS) as database:
        got = live.programs.collect("refresh", "-d", "dbname=" + database, env=server.settings)
        tally.expect(got.code == NO_INPUT and "collection_chunking_stats" in got.err and
                     got.err.count("\n") == 1, "refresh without the view: exit 66", got)


def run_live(about, check):
    """The main program of a test that asks a live server: `check(live, fixtures)`."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    options = parser.parse_args()
    conninfo = os.environ.get("PGSKEW_TEST_PG")
    if not conninfo:
        print("SKIPPED: PGSKEW_TEST_PG is not set")
        return 77
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch:
        check(Live(Programs(options.bin), tally, Server(conninfo), scratch), pathlib.Path(options.fixtures).resolve())
    return tally.finish()


def check_all(live, fixtures):
    for script in sorted((fixtures / "reference" / "live").glob("*.sql")):
        check_case(live, script, fixtures / "reference" / "cases" / script.stem)
    check_nested(live, fixtures)
    for check in (check_strays, check_odd_names, check_spread_documents, check_no_partitions, check_refusals, check_refresh):
        check(live)


if __name__ == "__main__":
    sys.exit(run_live(__doc__, check_all))
