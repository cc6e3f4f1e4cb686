#!/usr/bin/env python3
"""A role with exactly the README's GRANTs, on a primary, on a streaming standby, and through a pooler
in transaction mode. All three are made here and gone afterwards.

    check_standby.py --bin DIR --readme README.md

Needs PostgreSQL's server programs, as root (then they run as user postgres) or anybody else; exit 77
(SKIPPED) where they are missing. Without pgbouncer that part alone is SKIPPED, out loud.
"""
import argparse
import contextlib
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cluster  # noqa: E402
from check_live import Live, Server  # noqa: E402  (puts ../golden on the path)
from programs import CLEAN, Programs, Tally  # noqa: E402

RETRY, DENIED = 75, 77
TABLE = """
REVOKE ALL ON DATABASE app FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE TABLE chunks (collection_id text, document_id text, token_count int, created_at timestamptz, k int)
  PARTITION BY LIST (k);
DO $$ BEGIN FOR i IN 0..9 LOOP
  EXECUTE format('CREATE TABLE chunks_part_%s PARTITION OF chunks FOR VALUES IN (%s)', lpad(i::text, 2, '0'), i);
END LOOP; END $$;
INSERT INTO chunks SELECT 'c' || i % 5, 'd' || i % 99, i % 50, now() - i * interval '1 minute', i % 9
  FROM generate_series(1, 9000) i;
CREATE TABLE collections (id text, name text);
INSERT INTO collections SELECT 'c' || i, 'name ' || i FROM generate_series(0, 4) i;
"""
BIG = "INSERT INTO chunks SELECT md5(i::text), md5((i + 1)::text), 1, now(), 9 FROM generate_series(1, 500000) i;"
LOCAL = ["live_tuples", "dead_tuples", "tuples_inserted", "tuples_updated", "tuples_deleted", "last_vacuum",
         "last_autovacuum", "last_analyze"]


def readme_grants(path):
    """The statements of the README, as they stand there."""
    section = pathlib.Path(path).read_text(encoding="utf-8").split("## A guest in production")[1]
    return re.search(r"```sql\n(.*?)```", section, re.S).group(1)


def rows_of(path, sql):
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True)) as db:
        return db.execute(sql).fetchall()


def wait_for_count(server, tally, what, process=None):
    """Until the collector counts; False: it never did."""
    deadline = time.monotonic() + 30
    while server.psql("postgres", sql="SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                      "AND backend_type = 'client backend' AND query LIKE '%Count a batch%' "
                      "AND pid <> pg_backend_pid()") == "0":
        if time.monotonic() > deadline or (process and process.poll() is not None):
            return tally.expect(False, what + ": it counts", process and process.communicate())
        time.sleep(0.005)
    return True


COUNTED = "SELECT partition_name, chunk_count, document_count, avg_tokens, size_bytes FROM partition_stat ORDER BY 1"


def check_role(live, what, in_recovery):
    """Everything works, and the snapshot knows where it was taken; the path of the exact one."""
    tally = live.tally
    exact = live.succeeds(what + ", exact", "app", "--collections")
    estimate = live.succeeds(what + ", estimate", "app", "--counts", "estimate")
    if not (exact and estimate):
        return None
    for path in (exact, estimate):
        tally.expect(rows_of(path, "SELECT in_recovery, partition_count FROM snapshot") == [(in_recovery, 10)],
                     what + ": knows the kind of server", rows_of(path, "SELECT * FROM snapshot"))
        seen = rows_of(path, "SELECT %s FROM partition_stat" % ", ".join("count(%s)" % c for c in LOCAL))[0]
        good = not any(seen) if in_recovery else all(seen[:5])
        tally.expect(good, what + ": local counters", dict(zip(LOCAL, seen)))
    system = live.server.psql("app", sql="SELECT system_identifier FROM pg_control_system()")
    tally.expect(str(rows_of(exact, "SELECT system_identifier FROM snapshot")[0][0]) == system,
                 what + ": knows the cluster")
    tally.expect(rows_of(exact, "SELECT count(*) FROM collection WHERE name LIKE 'name %'")[0][0] == 5,
                 what + ": names of collections")
    tally.expect(rows_of(exact, "SELECT sum(chunk_count) FROM partition_stat")[0][0] == 9000, what + ": counts")
    total = rows_of(estimate, "SELECT sum(chunk_count) FROM partition_stat")[0][0]
    tally.expect(total == 9000, what + ": estimates after ANALYZE", total)
    return exact


def check_without_select(live, primary):
    """Without the line that is "only for exact counts", exact is refused and estimates still work."""
    primary.server.psql("app", sql="CREATE ROLE watcher LOGIN; GRANT CONNECT ON DATABASE app TO watcher;"
                        "GRANT USAGE ON SCHEMA public TO watcher; GRANT pg_read_all_stats TO watcher")
    live.server = primary.as_role("watcher")
    live.succeeds("no SELECT, estimate", "app", "--counts", "estimate")
    live.fails("no SELECT, exact", "app", DENIED, mentions=["may not read", "GRANT"])


CONFLICTS = {
    "rows removed": "DELETE FROM chunks_part_01; VACUUM chunks_part_01",
    "partition truncated": "TRUNCATE chunks_part_09",
}


def check_conflicts(live, primary, standby):
    """The primary removes what the standby still reads; the standby does not wait, and we say 75."""
    for what, sql in CONFLICTS.items():
        outdir = live.scratch / what.replace(" ", "_")
        outdir.mkdir()
        process = subprocess.Popen(
            [str(live.programs.directory / "pgskew-collect"), "snapshot", "-q", "-d", "dbname=app", "-o", str(outdir)],
            env={**CLEAN, **live.server.settings}, stderr=subprocess.PIPE, text=True)
        if not wait_for_count(standby.server, live.tally, what, process):
            continue
        for statement in sql.split("; "):
            primary.server.psql("app", sql=statement)
        err = process.communicate(timeout=60)[1]
        live.tally.expect(process.returncode == RETRY and "conflict with recovery" in err and err.count("\n") == 1,
                          what + ": exit 75 in one sentence", (process.returncode, err))
        live.tally.expect(not list(outdir.iterdir()), what + ": leaves nothing")


# ---- the pooler ----

POOLER = """[databases]
app = host=%(host)s port=%(port)d dbname=app
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %(listen)d
unix_socket_dir =
auth_type = trust
auth_file = %(host)s/users.txt
pool_mode = transaction
default_pool_size = 1
logfile = %(host)s/pgbouncer.log
"""


@contextlib.contextmanager
def pooler(primary):
    """pgbouncer in transaction mode, with one connection to the server for everybody."""
    listen = cluster.free_port()
    ini = primary.directory / "pgbouncer.ini"
    ini.write_text(POOLER % {"host": primary.directory, "port": primary.port, "listen": listen}, encoding="ascii")
    (primary.directory / "users.txt").write_text('"monitor" ""\n', encoding="ascii")
    process = subprocess.Popen(cluster.as_server_user(shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"), "-q", ini),
                               cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = Server("host=127.0.0.1 port=%d user=monitor" % listen)
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(RuntimeError):
                server.psql("app", sql="SELECT 1")
                break
            if time.monotonic() > deadline:
                raise RuntimeError("pgbouncer does not answer")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait()


SHARED = ("SELECT current_setting('search_path'), current_setting('lock_timeout'), current_setting('statement_timeout'), "
          "current_setting('jit'), current_setting('row_security'), current_setting('work_mem'), "
          "current_setting('default_transaction_read_only'), (SELECT count(*) FROM pg_prepared_statements)")


def check_pooler(live, primary, direct):
    tally = live.tally
    if not shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"):
        tally.skip("pooler", "pgbouncer is not installed")
        return
    with pooler(primary) as server:
        live.server = server
        before = server.psql("app", sql=SHARED)
        path = live.succeeds("through a pooler, exact", "app", "--collections")
        live.succeeds("through a pooler, estimate", "app", "--counts", "estimate")
        if path and direct:
            tally.expect(rows_of(path, COUNTED) == rows_of(direct, COUNTED), "a pooler changes no number")
        tally.expect(server.psql("app", sql=SHARED) == before, "the shared connection is as it was",
                     (before, server.psql("app", sql=SHARED)))
        check_signal_through(live, primary)


def check_signal_through(live, primary):
    primary.server.psql("app", sql=BIG)
    outdir = live.scratch / "pooled"
    outdir.mkdir()
    process = subprocess.Popen(
        [str(live.programs.directory / "pgskew-collect"), "snapshot", "-q", "-d", "dbname=app", "-o", str(outdir)],
        env={**CLEAN, **live.server.settings}, stderr=subprocess.PIPE, text=True)
    if not wait_for_count(primary.server, live.tally, "signal through a pooler", process):
        return
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=30)[1]
    live.tally.expect(process.returncode == RETRY and "interrupted" in err, "signal through a pooler: exit 75",
                      (process.returncode, err))
    left = primary.server.psql("postgres", sql="SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                               "AND query LIKE '%Count a batch%' AND pid <> pg_backend_pid()")
    live.tally.expect(left == "0" and not list(outdir.iterdir()), "signal through a pooler: nothing is left", left)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--readme", required=True)
    options = parser.parse_args()
    if not cluster.programs():
        print("SKIPPED: PostgreSQL's server programs are not installed")
        return 77
    tally, programs = Tally(), Programs(options.bin)
    with cluster.Ground() as ground, tempfile.TemporaryDirectory() as scratch:
        primary = ground.primary("wal_level = replica\nautovacuum = off\n")
        primary.server.psql("postgres", sql="CREATE DATABASE app")
        primary.server.psql("app", sql=TABLE + readme_grants(options.readme))
        primary.server.psql("app", sql="VACUUM ANALYZE chunks")
        live = Live(programs, tally, primary.as_role("monitor"), scratch)
        direct = check_role(live, "primary", 0)
        standby = ground.standby(primary, "max_standby_streaming_delay = 0\nmax_standby_archive_delay = 0\n"
                                          "hot_standby_feedback = off\n")
        standby.catch_up(primary)
        live.server = standby.as_role("monitor")
        there = check_role(live, "standby", 1)
        if direct and there:
            tally.expect(rows_of(there, COUNTED) == rows_of(direct, COUNTED), "both servers say the same")
        check_without_select(live, primary)
        check_pooler(live, primary, direct)
        if not shutil.which("pgbouncer", path="/usr/sbin:/usr/bin"):
            primary.server.psql("app", sql=BIG)
        standby.catch_up(primary)
        live.server = standby.as_role("monitor")
        check_conflicts(live, primary, standby)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
