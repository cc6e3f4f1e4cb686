#!/usr/bin/env python3
"""What --dry-run prints can be run and reads nothing itself; --snapshot, --parallel 0, and signals at
inconvenient moments.

    PGSKEW_TEST_PG="host=... port=... user=... password=..." check_dry_run.py --bin DIR --fixtures DIR
                                                                              --schemas DIR

Same conventions as check_live.py. Exit 77 (SKIPPED) without PGSKEW_TEST_PG.
"""
import argparse
import contextlib
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from check_live import Live, Server  # noqa: E402  (puts ../golden on the path)
from programs import CLEAN, Programs, Tally  # noqa: E402

DATA, NO_INPUT, RETRY = 65, 66, 75


def rows_of(path, sql):
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True)) as db:
        return db.execute(sql).fetchall()


LISTED = """
CREATE TABLE t (k int) PARTITION BY RANGE (k);
CREATE TABLE t_part_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE TABLE t_sub PARTITION OF t FOR VALUES FROM (10) TO (20) PARTITION BY LIST (k);
CREATE TABLE t_part_2 PARTITION OF t_sub DEFAULT;
INSERT INTO t SELECT i % 20 FROM generate_series(1, 1000) i;
"""


# ---- the dry run ----

def check_dry_run(live, fixtures):
    tally, server = live.tally, live.server
    with server.database("dry", fixtures / "reference" / "live" / "balanced-100.sql") as database:
        before = server.tuples_read(database)
        got = live.programs.collect("snapshot", "-d", "dbname=" + database, "--dry-run", "--collections",
                                    env=server.settings, cwd=live.scratch)
        if not tally.expect(got.code == 0 and not list(live.scratch.glob("*.db")),
                            "dry run: exit 0 and no file, without -o", got):
            return
        tally.expect(server.tuples_read(database) == before, "dry run: reads no row")
        check_script(live, database, got.out.decode("utf-8"))
        exact = live.succeeds("after a dry run", database)
        estimate = live.programs.collect("snapshot", "-d", "dbname=" + database, "--dry-run", "--counts",
                                         "estimate", env=server.settings)
        tally.expect(estimate.code == 0 and b"(not run)" not in estimate.out and b"Count a batch" not in estimate.out,
                     "dry run of estimates: counts nothing")
        check_parallel(live, database, exact)
        missing = live.programs.collect("snapshot", "-d", "dbname=" + database, "--dry-run", "--table", "nothing",
                                        env=server.settings)
        tally.expect(missing.code == NO_INPUT and missing.out == b"", "dry run: fails as a run does", missing)


def check_script(live, database, script):
    """The bytes and partitions it names are the table's, and psql runs it to the same counts."""
    tally, server = live.tally, live.server
    want = server.psql(database, sql="SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits "
                       "WHERE inhparent = 'chunks'::regclass")
    said = re.search(r"^-- from here on rows are read: (\d+) bytes .* of (\d+) partitions$", script, re.M)
    tally.expect(said and said.groups() == (want, "100"), "dry run: says how much", said and said.group())
    each = re.findall(r"^-- the next reads (\d+) bytes of (\d+) partitions: (.*)$", script, re.M)
    tally.expect(sum(int(b) for b, _, _ in each) == int(want), "dry run: bytes of the batches add up", each)
    names = sorted(name for _, _, line in each for name in line.split(", "))
    tally.expect(names == ["chunks_part_%02d" % i for i in range(100)], "dry run: names each partition once", names)
    path = live.scratch / "dry.sql"
    path.write_text(script, encoding="utf-8")
    answers = server.psql(database, "-f", path).splitlines()
    path.write_text("CREATE TEMP VIEW pg_class AS SELECT * FROM pg_class WHERE false;\n" + script, encoding="utf-8")
    tally.expect(len(server.psql(database, "-f", path).splitlines()) == len(answers),
                 "dry run: a session's temporary pg_class is not the catalog's")
    rows = [line.split("|") for line in answers]
    counted = sum(int(row[4]) for row in rows if row[0] == "leaf")
    total = int(server.psql(database, sql="SELECT count(*) FROM chunks"))
    tally.expect(counted == total, "dry run: psql runs the script and counts the same", (counted, total))


def check_parallel(live, database, usual):
    """Even where the server would rather use workers, --parallel 0 uses none and changes no number."""
    live.server.psql("postgres", sql="ALTER DATABASE %s SET parallel_setup_cost = 0" % database)
    live.server.psql("postgres", sql="ALTER DATABASE %s SET min_parallel_table_scan_size = 0" % database)
    path = live.succeeds("--parallel 0", database, "--parallel", "0")
    counted = "SELECT partition_name, chunk_count, document_count, avg_tokens FROM partition_stat ORDER BY 1"
    if path and usual:
        live.tally.expect(rows_of(path, counted) == rows_of(usual, counted), "--parallel 0: same numbers")
    for n, want in (("0", "Gather"), ("2", None)):
        got = live.programs.collect("snapshot", "-d", "dbname=" + database, "--dry-run", "--parallel", n,
                                    env=live.server.settings)
        plan = explain(live, database, got.out.decode("utf-8"))
        good = "Gather" not in plan if want else "Gather" in plan
        live.tally.expect(good, "--parallel %s: workers in the plan" % n, plan[:300])


def explain(live, database, script):
    """The plan of the first count, under the settings of the script."""
    count = script.index("WITH chunk AS")
    path = live.scratch / "explain.sql"
    path.write_text(script[:count] + "EXPLAIN " + script[count:script.index(";\n\n", count)] + ";", encoding="utf-8")
    return live.server.psql(database, "-f", path)


# ---- another session's moment ----

def check_snapshot(live):
    tally, server = live.tally, live.server
    with server.database("moment", sql=LISTED) as database:
        before = int(server.psql(database, sql="SELECT count(*) FROM t"))
        psql = subprocess.Popen(["psql", "-XAtq", "-d", "dbname=" + database], env=server.env, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        psql.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();\n")
        psql.stdin.flush()
        name = psql.stdout.readline().strip()
        server.psql(database, sql="INSERT INTO t SELECT i FROM generate_series(0, 9) i")
        then = live.succeeds("--snapshot", database, "--table", "t", "--snapshot", name)
        now = live.succeeds("without --snapshot", database, "--table", "t")
        psql.stdin.close()
        psql.wait()
        for what, path, want in (("then", then, before), ("now", now, before + 10)):
            if path:
                total = rows_of(path, "SELECT sum(chunk_count) FROM partition_stat")[0][0]
                tally.expect(total == want, "--snapshot: %s" % what, (total, want))
        if then:
            notes = rows_of(then, "SELECT notes FROM snapshot")[0][0]
            tally.expect("exported snapshot" in (notes or ""), "--snapshot: noted", notes)
        live.fails("a moment that is over", database, DATA, "--snapshot", name, mentions=["exported snapshot"])
        live.fails("no moment at all", database, DATA, "--snapshot", "it's", "--table", "t", mentions=["exported snapshot"])


# ---- every range of versions has its SQL; all of it runs on newer ones too ----

def check_listings(live, schemas):
    with live.server.database("listings", sql=LISTED) as database:
        live.server.psql(database, sql="ANALYZE t_part_1")
        oid = live.server.psql(database, sql="SELECT 't'::regclass::oid")
        answers = {path.name: sorted(live.server.psql(
            database, sql=path.read_text(encoding="utf-8").replace("$1", "'%s'" % oid)).splitlines())
            for path in sorted(schemas.glob("pg_leaves*.sql"))}
        live.tally.expect(len(answers) >= 2 and all(len(rows) == 2 for rows in answers.values()),
                          "every listing finds both leaves", answers)
        live.tally.expect(len({tuple(rows) for rows in answers.values()}) == 1, "listings agree", answers)


# ---- signals ----

def start(live, env, outdir, *args):
    return subprocess.Popen([str(live.programs.directory / "pgskew-collect"), *map(str, args), "-o", str(outdir)],
                            env={**CLEAN, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_signal_while_connecting(live):
    """A server that accepts and then says nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        outdir = live.scratch / ("connecting%d" % number)
        outdir.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            process = start(live, {}, outdir, "snapshot", "-d", "host=127.0.0.1 port=%d" % deaf.getsockname()[1])
            connection, _ = deaf.accept()
            connection.recv(1)
            process.send_signal(number)
            began = time.monotonic()
            err = process.communicate(timeout=30)[1]
            connection.close()
        live.tally.expect(process.returncode == RETRY and err == "pgskew-collect: interrupted\n",
                          "signal %d while connecting: exit 75 in one sentence" % number, (process.returncode, err))
        live.tally.expect(time.monotonic() - began < 3, "signal %d while connecting: at once" % number)
        live.tally.expect(not list(outdir.iterdir()), "signal %d while connecting: leaves nothing" % number)


def check_signal_while_importing(live):
    """An export that never ends: the reader is killed and nothing is left."""
    for number in (signal.SIGINT, signal.SIGTERM):
        exports, outdir = live.scratch / ("exports%d" % number), live.scratch / ("imported%d" % number)
        exports.mkdir()
        outdir.mkdir()
        with open(exports / "partition_chunk_distribution.csv", "w", encoding="ascii") as f:
            f.write("partition_num,chunk_count\n")
            f.writelines("%d,%d\n" % (i, i % 1000) for i in range(400000))
        process = start(live, {}, outdir, "import", "--taken-at", "2026-01-01T00:00:00Z", exports)
        time.sleep(0.15)
        process.send_signal(number)
        process.communicate(timeout=60)
        live.tally.expect(process.returncode in (-number, 0), "signal %d during import ends it" % number,
                          process.returncode)
        live.tally.expect(process.returncode == 0 or not list(outdir.iterdir()),
                          "signal %d during import leaves nothing" % number, list(outdir.iterdir()))


MANY_SIGNALS = 25


def check_signals_anywhere(live, fixtures):
    """At whatever moment the signal comes: a whole file and exit 0, or no file and exit 75; nothing of
    ours runs on the server afterwards."""
    tally, server = live.tally, live.server
    ended = {0: 0, RETRY: 0}
    with server.database("signals", fixtures / "reference" / "live" / "balanced-100.sql") as database:
        began = time.monotonic()
        live.succeeds("undisturbed", database)
        whole_s = time.monotonic() - began
        for i in range(MANY_SIGNALS):
            outdir = live.scratch / ("anywhere%d" % i)
            outdir.mkdir()
            process = start(live, server.settings, outdir, "snapshot", "-q", "-d", "dbname=" + database)
            time.sleep(0.02 + whole_s * i / MANY_SIGNALS)
            process.send_signal(signal.SIGTERM if i % 2 else signal.SIGINT)
            out, err = process.communicate(timeout=60)
            if process.returncode == -(signal.SIGTERM if i % 2 else signal.SIGINT):
                continue  # before main() could arrange otherwise
            files = [str(path) for path in outdir.iterdir()]
            good = {0: out.split() == files and not err,
                    RETRY: not files and err == "pgskew-collect: interrupted\n"}.get(process.returncode, False)
            tally.expect(good, "signal %d of %d" % (i, MANY_SIGNALS), (process.returncode, err, files))
            ended[process.returncode] = ended.get(process.returncode, 0) + 1
            left = server.psql("postgres", sql="SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
                               "datname = '%s' AND application_name = 'pgskew-collect'" % database)
            tally.expect(left == "0", "signal %d leaves no query" % i, left)
    tally.expect(ended[RETRY] > 0, "some signals came in time", ended)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--schemas", required=True)
    options = parser.parse_args()
    conninfo = os.environ.get("PGSKEW_TEST_PG")
    if not conninfo:
        print("SKIPPED: PGSKEW_TEST_PG is not set")
        return 77
    fixtures, tally = pathlib.Path(options.fixtures).resolve(), Tally()
    with tempfile.TemporaryDirectory() as scratch:
        live = Live(Programs(options.bin), tally, Server(conninfo), scratch)
        check_dry_run(live, fixtures)
        check_snapshot(live)
        check_listings(live, pathlib.Path(options.schemas))
        check_signal_while_connecting(live)
        check_signal_while_importing(live)
        check_signals_anywhere(live, fixtures)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
