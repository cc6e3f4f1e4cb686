#!/usr/bin/env python3
"""The live views: what they show of the recorded cases, what they read, and that making and dropping
them leaves everything else alone.

    PGSKEW_TEST_PG="host=... port=... user=... password=..." check_views.py --bin DIR --fixtures DIR

Same conventions as check_live.py. Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import csv
import io
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_guest import Session  # noqa: E402
from check_live import (DENIED, DATA, HASHED, NO_INPUT, SECRET, SPREAD, STRAYS, UNAVAILABLE, run_live,  # noqa: E402
                        Live, Server)
from answers import check_sql_views, check_view_commands  # noqa: E402
from reference import Case, Exports, time_text, time_us  # noqa: E402

USAGE, EXISTS, RETRY = 64, 73, 75
GUIDE = ("partition_size_distribution", "partition_chunk_distribution", "partition_hot_spots",
         "partition_stats", "partition_health_summary")
SKEW = "analyze_partition_skew"
COLLECTIONS = "collection_chunking_stats"
ORDER = {COLLECTIONS: " ORDER BY total_chunks DESC, id", SKEW: "()"}
TIMES = ("created_at", "last_chunk_created")
ADDED = {
    "partition_size_distribution": ["partition_name", "table_bytes", "index_bytes", "toast_bytes"],
    "partition_chunk_distribution": ["oldest_chunk_at", "newest_chunk_at", "oldest_age_seconds",
                                     "newest_age_seconds"],
}


class Views:
    """One database whose live views are made, asked and dropped."""

    def __init__(self, live, database, *options):
        self.live, self.database, self.options = live, database, options
        self.tally, self.server = live.tally, live.server

    def collect(self, command, *args, env=None):
        return self.live.programs.collect(command, "-d", "dbname=" + self.database, *self.options, *args,
                                          env={**self.server.settings, **(env or {})})

    def succeeds(self, what, command, *args, env=None):
        got = self.collect(command, *args, env=env)
        return got if self.tally.expect(got.code == 0, what, got) else None

    def fails(self, what, code, command, *args, mentions=(), env=None):
        before = self.schema()
        got = self.collect(command, "-q", *args, env=env)
        self.tally.expect(got.code == code, "%s: exit %d" % (what, code), got)
        self.tally.expect(got.err.count("\n") == 1 and got.out == b"", what + ": one sentence", got)
        for mention in mentions:
            self.tally.expect(mention in got.err, "%s: mentions %s" % (what, mention), got)
        self.tally.expect(SECRET not in got.err, what + ": keeps the secret", got)
        self.tally.expect(self.schema() == before, what + ": changes nothing")

    def sql(self, text):
        return self.server.psql(self.database, sql=text)

    def rows(self, query, env=None):
        """(columns, rows) as `psql --csv` exports them."""
        done = subprocess.run(["psql", "-Xq", "--csv", "-v", "ON_ERROR_STOP=1", "-d", "dbname=" + self.database,
                               "-c", "SET timezone = 'UTC'", "-c", query],
                              env={**self.server.env, **(env or {})}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError("%s: %s" % (query, done.stderr))
        header, *rows = csv.reader(io.StringIO(done.stdout, newline=""))
        return header, rows

    def view(self, name, schema="public"):
        header, rows = self.rows("SELECT * FROM %s.%s%s" % (schema, name, ORDER.get(name, "")))
        return [dict(zip(header, row)) for row in rows]

    def schema(self):
        """All of the database but rows, as pg_dump sees it."""
        done = subprocess.run(["pg_dump", "-s", "-d", "dbname=" + self.database], env=self.server.env,
                              capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]

    def export(self, schema="public", collections=True):
        """Directory with the columns of the guide, as a stranger would export them."""
        self.live.n_made += 1
        directory = self.live.scratch / ("views%03d" % self.live.n_made)
        directory.mkdir()
        for name in GUIDE + (SKEW,) + ((COLLECTIONS,) if collections else ()):
            header, rows = self.rows("SELECT * FROM %s.%s%s" % (schema, name, ORDER.get(name, "")))
            n = len(header) - len(ADDED.get(name, []))
            with open(directory / (name + ".csv"), "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(
                    row[:n] for row in [header] + rows if row[0] != "distribution_variance")
        return Exports(directory)


# ---- the recorded cases ----

def recorded_rows(case, name):
    """Text for text, but for when it was loaded and what never analyzed means."""
    rows = []
    for row in case.rows[name]:
        text = {c: "" if v is None else v for c, v in row.items()}
        for column in TIMES:
            if text.get(column):
                text[column] = time_text(time_us(text[column]) + case.shift_us)
        if text.get("row_estimate") == "-1":
            text["row_estimate"] = ""
        rows.append(text)
    if name == SKEW:
        found = case.distribution_variance()
        value = "%.4f" % found.get("value") if case.has_rows else "0"
        rows.append({"metric": "distribution_variance", "value": value, "status": found.get("status"),
                     "details": found.get("details")})
    return rows


def live_rows(views, name, columns):
    rows = views.view(name)
    for row in rows:
        for column in TIMES:
            if row.get(column):
                row[column] = time_text(time_us(row[column]))
    added = list(rows[0])[len(columns):]
    views.tally.expect(added == ADDED.get(name, []), name + ": columns are added at the end only", added)
    return [{c: row[c] for c in columns} for row in rows]


def check_reads(views, name, total):
    """How often rows are read for one query; nothing is fetched through an index."""
    server, what = views.server, "%s " % views.database
    wanted = {"partition_size_distribution": 0}
    for view in GUIDE + (SKEW,):
        before = server.tuples_read(views.database)
        views.view(view)
        after = server.tuples_read(views.database)
        views.tally.expect(after[0] - before[0] == wanted.get(view, total) and after[1] == before[1],
                           "%s: %s reads each row once" % (name, view), what + str((total, before, after)))
    before = server.tuples_read(views.database)
    views.succeeds(name + ": a later refresh", "refresh")
    after = server.tuples_read(views.database)
    views.tally.expect(after[0] - before[0] == total, name + ": a refresh reads each row once", (before, after))


def check_ages(views, name):
    """The age columns, from the rows themselves."""
    header, rows = views.rows(
        "SELECT tableoid::regclass AS leaf, min(created_at) AS oldest, max(created_at) AS newest, "
        "extract(epoch FROM now() - min(created_at)) AS age, extract(epoch FROM now() - max(created_at)) AS young "
        "FROM chunks GROUP BY 1")
    want = {row[0]: dict(zip(header, row)) for row in rows}
    names = {row["partition_num"]: row["partition_name"] for row in views.view("partition_size_distribution")}
    for row in views.view("partition_chunk_distribution"):
        of_it = want.get(names[row["partition_num"]])
        if of_it is None:
            good = not any(row[c] for c in ADDED["partition_chunk_distribution"])
        else:
            good = (row["oldest_chunk_at"], row["newest_chunk_at"]) == (of_it["oldest"], of_it["newest"]) and \
                0 <= float(row["oldest_age_seconds"]) - float(of_it["age"]) < 60 and \
                0 <= float(row["newest_age_seconds"]) - float(of_it["young"]) < 60
        views.tally.expect(good, name + ": ages", (row, of_it))


def check_pieces(views, name):
    """Table, indexes and toast make up the size."""
    header, rows = views.rows(
        "SELECT relname, pg_table_size(c.oid) - coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0), "
        "pg_indexes_size(c.oid), coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0) "
        "FROM pg_class AS c WHERE relispartition AND relkind = 'r' ORDER BY relname")
    found = sorted([row[c] for c in ADDED["partition_size_distribution"]]
                   for row in views.view("partition_size_distribution"))
    views.tally.expect(found == sorted(rows), name + ": pieces of the size", found[:2])


def check_case(live, script, case_directory):
    server, name = live.server, script.stem + " live views"
    with server.database("views_" + script.stem.replace("-", "_"), script) as database:
        views = Views(live, database)
        loaded_us = time_us(views.sql("SET timezone = 'UTC'; SELECT loaded_at FROM case_clock"))
        case = Case(case_directory, loaded_us - time_us(Case(case_directory).meta["loaded_at"]))
        total = sum(int(row["chunk_count"]) for row in case.rows["partition_stats"])
        case.has_rows = total > 0
        before = views.schema()
        if not views.succeeds(name + ": apply", "views", "--apply") or \
                not views.succeeds(name + ": refresh", "refresh"):
            return
        for view in GUIDE + (SKEW, COLLECTIONS):
            want = recorded_rows(case, view)
            found = live_rows(views, view, list(want[0]))
            wrong = ["expected %s, got %s" % pair for pair in zip(want, found) if pair[0] != pair[1]]
            live.tally.expect(len(found) == len(want), "%s: %s rows" % (name, view), len(found))
            live.tally.expect_none(wrong, "%s: %s" % (name, view))
        check_reads(views, name, total)
        check_ages(views, name)
        check_pieces(views, name)
        check_snapshot(views, name)
        views.succeeds(name + ": drop", "views", "--drop")
        live.tally.expect(views.schema() == before, name + ": drop leaves the database as it was")


def check_snapshot(views, name, *args, schema="public", collections=True):
    """The answers of a snapshot are the rows of the live views."""
    path = views.live.succeeds(name + ": snapshot", views.database, "--collections", *args)
    if path is None:
        return
    exports = views.export(schema, collections)
    check_sql_views(views.tally, exports, path, name)
    check_view_commands(views.tally, views.live.programs, exports, path, name)


# ---- any partitioned table ----

HOSTILE_SCHEMA, HOSTILE_TABLE = "it's %s; $$ -- {{made}}\n\"\\文書", "ta\"b'le\\ $pgskew$ */ :x"
HOSTILE_COLUMN = ("c'o\"l $1", "d\n-- oc", "tok{{tokens}}", "when\\")
HOSTILE_COLUMNS = [word for pair in zip(
    ("--collection-column", "--document-column", "--token-column", "--created-column"), HOSTILE_COLUMN)
    for word in pair]


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def hostile_table():
    """SQL that makes it, and its qualified name."""
    schema, columns = quoted(HOSTILE_SCHEMA), [quoted(c) for c in HOSTILE_COLUMN]
    table = "%s.%s" % (schema, quoted(HOSTILE_TABLE))
    sql = ["CREATE SCHEMA " + schema,
           "CREATE TABLE %s (k int, %s int, %s text, %s int, %s date) PARTITION BY LIST (k)" % (table, *columns)]
    sql += ["CREATE TABLE %s.%s PARTITION OF %s FOR VALUES IN (%d)" % (
        schema, quoted("%s_part_%d" % (HOSTILE_TABLE, i)), table, i) for i in range(4)]
    sql.append("INSERT INTO %s SELECT i %% 3, i %% 5, 'd' || i %% 10, i, current_date - i "
               "FROM generate_series(1, 100) i" % table)
    return "; ".join(sql), table


def check_hostile_names(live):
    sql, table = hostile_table()
    with live.server.database("views_hostile", sql=sql) as database:
        views = Views(live, database, "--table", table)
        before = views.schema()
        printed = views.succeeds("hostile names: print", "views", *HOSTILE_COLUMNS)
        live.tally.expect(views.schema() == before, "hostile names: printing changes nothing")
        if not printed or not views.succeeds("hostile names: apply", "views", "--apply", *HOSTILE_COLUMNS):
            return
        applied = views.schema()
        views.succeeds("hostile names: refresh", "refresh")
        check_snapshot(views, "hostile names", *views.options, *HOSTILE_COLUMNS, schema=quoted(HOSTILE_SCHEMA))
        total = views.sql("SELECT sum(total_chunks) FROM %s.%s" % (quoted(HOSTILE_SCHEMA), COLLECTIONS))
        live.tally.expect(total == "100", "hostile names: collections", total)
        views.succeeds("hostile names: drop", "views", "--drop")
        live.tally.expect(views.schema() == before, "hostile names: drop leaves the database as it was")
        script = live.scratch / "hostile.sql"
        script.write_bytes(printed.out)
        live.server.psql(database, "-f", script)
        live.tally.expect(views.schema() == applied, "hostile names: what is printed is what is applied")
        views.succeeds("hostile names: drop what psql made", "views", "--drop")
        live.tally.expect(views.schema() == before, "hostile names: dropped again")


def check_other_tables(live, fixtures):
    """Several levels, another schema, columns that are missing, strays."""
    with live.server.database("views_nested", fixtures / "nested_range" / "load.sql") as database:
        views = Views(live, database, "--table", "app.readings")
        views.succeeds("nested: apply", "views", "--apply")
        views.succeeds("nested: refresh", "refresh")
        check_snapshot(views, "nested", "--table", "app.readings", schema="app")
        views.sql('CREATE SCHEMA "Watch"')
        views.succeeds("another schema: apply", "views", "--apply", "--schema", "Watch")
        views.succeeds("another schema: refresh", "refresh", "--schema", "Watch")
        check_snapshot(views, "another schema", "--table", "app.readings", schema='"Watch"')
        views.sql("ALTER TABLE app.readings RENAME TO moved")
        live.tally.expect(views.sql("SELECT count(*), sum(chunk_count) FROM app.partition_stats") == "7|7000",
                          "a renamed table keeps its views")
    with live.server.database("views_odd", sql=HASHED) as database:
        table = '"Odd Schema"."Ta""ble"'
        views = Views(live, database, "--table", table)
        got = views.succeeds("no columns: apply", "views", "--apply")
        live.tally.expect(got and "no collection_chunking_stats" in got.err, "no columns: says what there is not", got)
        got = views.succeeds("no columns: print", "views", "-q")
        live.tally.expect(got and b"\n-- No column of the table" in got.out, "no columns: the script says so", got)
        check_snapshot(views, "no columns", "--table", table, schema='"Odd Schema"', collections=False)
        for row in views.view("partition_chunk_distribution", '"Odd Schema"'):
            live.tally.expect(int(row["chunk_count"]) > 0 and not any(
                row[c] for c in ("document_count", "collection_count", "avg_tokens", "oldest_chunk_at")),
                "no columns: not observed", row)
        views.fails("no columns: refresh", NO_INPUT, "refresh", mentions=[COLLECTIONS])
    with live.server.database("views_strays", sql=STRAYS) as database:
        views = Views(live, database)
        views.succeeds("strays: apply", "views", "--apply")
        views.succeeds("strays: refresh", "refresh")
        check_snapshot(views, "strays", collections=False)
        found = [row["chunk_percentage"] for row in views.view("partition_chunk_distribution")]
        live.tally.expect(found == ["25.00", "20.00", "30.00"], "strays: are in the percentages", found)
        views.sql("DROP TABLE chunks_stray; CREATE TABLE chunks_part_3 PARTITION OF chunks DEFAULT")
        found = [row["partition_num"] for row in views.view("partition_stats")]
        live.tally.expect(found == list("0123"), "a new partition is seen at once", found)


FOREIGN = """
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE chunks (k int, created_at %s, collection_id %s) PARTITION BY LIST (k);
CREATE TABLE chunks_a PARTITION OF chunks FOR VALUES IN (1);
CREATE TABLE chunks_b PARTITION OF chunks FOR VALUES IN (2);
CREATE FOREIGN TABLE chunks_c PARTITION OF chunks FOR VALUES IN (3) SERVER files OPTIONS (filename '/dev/null');
INSERT INTO chunks SELECT 1, now() AT TIME ZONE 'UTC' - i * interval '1 minute', %s FROM generate_series(1, 90) i;
INSERT INTO chunks VALUES (2, 'infinity', NULL), (2, '-infinity', NULL);
"""


def check_kinds(live):
    """Foreign leaves, infinite times, times without a zone, and ids of many types."""
    with live.server.database("views_foreign", sql=FOREIGN % ("timestamp", "int", "7")) as database:
        views = Views(live, database)
        views.succeeds("foreign: apply", "views", "--apply")
        views.succeeds("foreign: refresh", "refresh")
        check_snapshot_partial(views)
        views.sql("ALTER DATABASE %s SET timezone = 'America/New_York'" % database)
        found = [row["chunks_last_hour"] for row in views.view("partition_hot_spots")]
        live.tally.expect(found == ["59", "1", ""], "times without a zone are UTC", found)
        stats = views.view("partition_stats")
        live.tally.expect([row["chunk_count"] for row in stats] == ["90", "2", ""], "foreign: is not observed", stats)
        live.tally.expect(stats[1]["created_at"] == "", "an infinite time is not observed", stats)
    for kind, value, named in (("uuid", "md5('a')::uuid", "uuid"), ("int", "7", "text"), ("text", "'a'", "text"),
                               ("varchar(9)", "'a'", "varchar(9)"), ("int[]", "'{7}'", "int[]")):
        sql = SPREAD.replace("collection_id text", "collection_id " + kind).replace("'c'", value)
        sql = sql.replace("'alone'", "NULL") % ("int", 1, 1, 2, 3, 9) + \
            "CREATE TABLE collections (id %s, name text); INSERT INTO collections VALUES (%s, 'named')" % (named, value)
        with live.server.database("views_kind", sql=sql) as database:
            views = Views(live, database)
            views.succeeds(kind + ": apply", "views", "--apply")
            views.succeeds(kind + ": refresh", "refresh")
            found = [(row["name"], row["chunked_documents"], row["total_chunks"]) for row in views.view(COLLECTIONS)]
            live.tally.expect(found == [("named", "3", "5")], "collections of type " + kind, found)
            same = views.sql("SELECT pg_typeof(id) = '%s'::regtype FROM %s" % (kind.split("(")[0], COLLECTIONS))
            live.tally.expect(same == ("t" if kind == named else "f"), "the view's id of type " + kind, same)


def check_snapshot_partial(views):
    path = views.live.succeeds("foreign: snapshot", views.database, "--allow-partial")
    if path is not None:
        exports = views.export(collections=False)
        del exports.rows[SKEW]  # whose variance the exports give, where all of them are measured
        check_view_commands(views.tally, views.live.programs, exports, path, "foreign")


# ---- what is ours and what is not ----

def check_again(live):
    """Applied twice, applied for other columns, in the way of others and others in the way."""
    with live.server.database("views_again", sql=STRAYS) as database:
        views = Views(live, database)
        views.succeeds("apply", "views", "--apply")
        populated = "SELECT relispopulated FROM pg_class WHERE relname = '%s'" % COLLECTIONS
        live.tally.expect(views.sql(populated) == "f", "making the views reads no row")
        views.succeeds("refresh", "refresh")
        views.sql("GRANT SELECT ON partition_stats, %s TO PUBLIC" % COLLECTIONS)
        granted = views.schema()
        views.succeeds("apply twice", "views", "--apply")
        live.tally.expect(views.schema() == granted, "apply twice: the same views, with their grants")
        live.tally.expect(views.view(COLLECTIONS) == [
            {"id": "c", "name": "", "chunked_documents": "1", "total_chunks": "400", "avg_tokens_per_chunk": "5.00",
             "last_chunk_created": views.sql("SET timezone = 'UTC'; SELECT max(created_at) FROM chunks")}],
            "apply twice: the collections keep their rows", views.view(COLLECTIONS))
        views.succeeds("apply for another column", "views", "--apply", "--document-column", "id")
        live.tally.expect(views.sql(populated) == "f", "apply for another column: the collections are made anew")
        views.succeeds("refresh", "refresh")
        live.tally.expect(views.view(COLLECTIONS)[0]["chunked_documents"] == "400", "apply for another column")
        views.sql("CREATE VIEW mine AS SELECT * FROM partition_stats")
        views.fails("drop under a view of others", EXISTS, "views", "--drop", mentions=["depend"])
        views.sql("DROP VIEW mine")
        views.sql("CREATE TABLE events (k int) PARTITION BY LIST (k)")
        for action in ("--apply", "--drop"):
            views.fails("another table's views " + action, EXISTS, "views", action, "--table", "events",
                        mentions=["public.pgskew_leaves", "--table"])
        views.sql("DROP TABLE events; DROP TABLE chunks CASCADE")
        live.tally.expect(views.sql("SELECT count(*) FROM pg_proc WHERE proname = '%s'" % SKEW) == "1",
                          "functions outlive the table")
        views.succeeds("drop without the table", "views", "--drop")
        left = views.sql("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        live.tally.expect(left == "0", "drop without the table: drops the functions", left)


def check_not_ours(live):
    """Whatever else has one of the names is left alone, of which kind it may be."""
    taken = ("CREATE VIEW partition_stats AS SELECT 1 AS x", "CREATE TABLE partition_hot_spots (x int)",
             "CREATE FUNCTION analyze_partition_skew() RETURNS int LANGUAGE sql AS 'SELECT 1'",
             "CREATE TABLE x (y int); CREATE INDEX collection_chunking_stats_id ON x (y)",
             "CREATE SEQUENCE collection_chunking_stats; COMMENT ON SEQUENCE collection_chunking_stats IS "
             "'Made by pgskew-collect views for public.others.'",
             "CREATE VIEW pgskew_partitions AS SELECT 1 AS x; COMMENT ON VIEW pgskew_partitions IS 'mine'")
    for sql in taken:
        with live.server.database("views_taken", sql=STRAYS + sql) as database:
            views = Views(live, database)
            for action in ("--apply", "--drop"):
                views.fails("%s, then %s" % (sql, action), EXISTS, "views", action, mentions=["is there already"])
            views.sql("CREATE SCHEMA watch")
            views.succeeds("beside it: apply", "views", "--apply", "--schema", "watch")
            views.succeeds("beside it: drop", "views", "--drop", "--schema", "watch")
    other = STRAYS + "CREATE FUNCTION analyze_partition_skew(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    with live.server.database("views_beside", sql=other) as database:
        views = Views(live, database)
        before = views.schema()
        views.succeeds("a function of other arguments: apply", "views", "--apply")
        views.succeeds("a function of other arguments: drop", "views", "--drop")
        live.tally.expect(views.schema() == before, "a function of other arguments stays")


# ---- privileges and refusals ----

def check_refusals(live):
    server = live.server
    sql = STRAYS + "CREATE TABLE plain (x int); REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    with server.role("views") as role, server.database("views_refused", sql=sql) as database:
        views, as_role = Views(live, database), {"PGUSER": role, "PGPASSWORD": SECRET}
        try:
            for action in ([], ["--apply"]):
                views.fails("no such table", NO_INPUT, "views", "--table", "absent", *action, mentions=["absent"])
                views.fails("not partitioned", DATA, "views", "--table", "plain", *action, mentions=["plain"])
            for command in (["views"], ["views", "--apply"], ["views", "--drop"], ["refresh"]):
                views.fails("no such schema: " + " ".join(command), NO_INPUT, *command, "--schema", "ab\"sent",
                            mentions=["ab\"sent"])
            views.fails("no schema of the table", NO_INPUT, "views", "--drop", "--table", "absent.chunks")
            views.fails("apply and drop", USAGE, "views", "--apply", "--drop")
            got = live.programs.collect("views", "-d", "host=/nonexistent")
            live.tally.expect(got.code == UNAVAILABLE, "views without a server: exit 69", got)
            views.fails("may not make anything", DENIED, "views", "--apply", env=as_role)
            views.sql("GRANT CREATE ON SCHEMA public TO " + role)
            views.fails("may not read the table", DENIED, "views", "--apply", mentions=["chunks"], env=as_role)
            views.succeeds("may print", "views", env=as_role)
            views.sql("GRANT SELECT ON chunks TO " + role)
            views.succeeds("may read and make", "views", "--apply", env=as_role)
            views.succeeds("may refresh its own", "refresh", env=as_role)
            views.succeeds("may drop its own", "views", "--drop", env=as_role)
            check_grants(views, role, as_role)
            check_locked(views)
        finally:
            server.psql(database, sql="DROP OWNED BY " + role)


def check_grants(views, role, as_role):
    """What the README grants a role that only looks."""
    views.sql("REVOKE ALL ON chunks FROM %s; REVOKE CREATE ON SCHEMA public FROM %s" % (role, role))
    views.succeeds("apply by the owner", "views", "--apply")
    views.fails("another's views: drop", DENIED, "views", "--drop", env=as_role)
    views.fails("another's refresh", DENIED, "refresh", env=as_role)
    views.sql("GRANT EXECUTE ON FUNCTION refresh_collection_chunking_stats() TO %s" % role)
    views.sql("GRANT SELECT ON pgskew_partitions, %s, %s TO %s" % (", ".join(GUIDE), COLLECTIONS, role))
    views.succeeds("another's refresh when granted", "refresh", env=as_role)
    _, rows = views.rows("SELECT sum(value) FROM analyze_partition_skew()", env=as_role)
    views.tally.expect(rows[0][0] != "", "the views read the table for those who may not", rows)


def check_locked(views):
    """A lock is waited for no longer than it says."""
    holder = Session(views.server, views.database)
    try:
        holder.ask("BEGIN; LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE; SELECT 1;")
        started = time.monotonic()
        got = views.collect("views", "--apply")
        views.tally.expect(got.code == RETRY and time.monotonic() - started < 5, "a locked table: exit 75", got)
        got = views.collect("refresh", "--lock-timeout", "200")
        views.tally.expect(got.code == RETRY and time.monotonic() - started < 10, "refresh waits no longer", got)
    finally:
        holder.say("ROLLBACK;")
        holder.close()


def check_all(live, fixtures):
    for script in sorted((fixtures / "reference" / "live").glob("*.sql")):
        check_case(live, script, fixtures / "reference" / "cases" / script.stem)
    check_other_tables(live, fixtures)
    for check in (check_hostile_names, check_kinds, check_again, check_not_ours, check_refusals):
        check(live)


if __name__ == "__main__":
    sys.exit(run_live(__doc__, check_all))
