#!/usr/bin/env python3
"""Bad files: each kind has its exit code, one sentence on stderr, and leaves nothing behind.

    check_bad_input.py --bin DIR --cases DIR

No server is needed; what needs one is in tests/live/check_live.py.
"""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
from bench import (  # noqa: E402
    BIG, CANT_CREATE, CHUNKS, COLLECTIONS, DATA, HOT, IO_ERROR, NO_INPUT, RETRY, SIZES, STATS,
    TAKEN, run_checks)
from reference import parse_json  # noqa: E402


# ---- CSV ----

def chunks_csv(*rows, header="partition_num,chunk_count"):
    return "\n".join((header,) + rows).encode() + b"\n"


CHUNK_ONLY = {SIZES: None, HOT: None, STATS: None, "partition_health_summary.csv": None,
              "analyze_partition_skew.csv": None}

# (what, files that differ from a good export, exit code, what stderr must mention)
BAD_CSV = [
    ("unknown column", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,1,2", header="partition_num,chunk_count,bogus")},
     DATA, (CHUNKS, "bogus")),
    ("unknown column in sizes", {SIZES: b"partition_num,size_bytes,surprise\n0,1,2\n1,1,2\n2,1,2\n"},
     DATA, (SIZES, "surprise")),
    ("missing chunk_count column", {**CHUNK_ONLY, CHUNKS: b"partition_num\n0\n"}, DATA,
     (CHUNKS, "chunk_count")),
    ("missing partition_num column", {**CHUNK_ONLY, CHUNKS: b"chunk_count\n0\n"}, DATA,
     (CHUNKS, "partition_num")),
    ("column twice", {**CHUNK_ONLY, CHUNKS: b"partition_num,chunk_count,chunk_count\n0,1,1\n"}, DATA,
     (CHUNKS, "chunk_count")),
    ("missing file", {CHUNKS: None}, NO_INPUT, (CHUNKS,)),
    ("empty file", {CHUNKS: b""}, DATA, (CHUNKS,)),
    ("text in a number", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,many", "2,1")}, DATA,
     (CHUNKS, "3", "chunk_count")),
    ("a number and text", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,2x")}, DATA, ("chunk_count",)),
    ("a decimal count", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,2.5")}, DATA, ("chunk_count",)),
    ("hexadecimal count", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,0x10")}, DATA, ("chunk_count",)),
    ("NaN as average", {**CHUNK_ONLY, CHUNKS: chunks_csv(
        "0,3,NaN", header="partition_num,chunk_count,avg_tokens")}, DATA, ("avg_tokens",)),
    ("negative count", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,-2")}, DATA,
     (CHUNKS, "3", "chunk_count")),
    ("negative partition", {**CHUNK_ONLY, CHUNKS: chunks_csv("-1,3")}, DATA, ("partition_num",)),
    ("negative size", {SIZES: b"partition_num,size_bytes\n0,-1\n1,1\n2,1\n"}, DATA,
     (SIZES, "size_bytes")),
    ("value over 2^53", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,%d" % (BIG + 1), "1,2")}, DATA,
     (CHUNKS, "2", "chunk_count")),
    ("value over 2^64", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,99999999999999999999999")}, DATA,
     ("chunk_count",)),
    ("sum over 2^53", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,%d" % BIG, "1,1")}, DATA, ("chunk_count",)),
    ("duplicate partition", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,2", "1,2")}, DATA, (CHUNKS, "1")),
    ("duplicate partition in sizes", {SIZES: b"partition_num,size_bytes\n0,1\n0,1\n1,1\n2,1\n"}, DATA,
     (SIZES, "0")),
    ("too few fields", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1")}, DATA, (CHUNKS, "3")),
    ("too many fields", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,2,9")}, DATA, (CHUNKS, "3")),
    ("no count", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,3", "1,")}, DATA, (CHUNKS, "chunk_count")),
    ("unclosed quote", {**CHUNK_ONLY, CHUNKS: chunks_csv('0,"3')}, DATA, (CHUNKS,)),
    ("only a header", {**CHUNK_ONLY, CHUNKS: chunks_csv()}, DATA, (CHUNKS,)),
    ("non-UTF-8 name", {COLLECTIONS: b"id,name,chunked_documents,total_chunks,avg_tokens_per_chunk,"
                        b"last_chunk_created\nc1,caf\xe9,1,6,10.00,2025-10-19 10:00:00+00\n"},
     DATA, (COLLECTIONS, "UTF-8")),
    ("NUL byte", {**CHUNK_ONLY, CHUNKS: b"partition_num,chunk_count\n0,3\0\n"}, DATA, (CHUNKS,)),
    ("time that does not exist", {STATS: b"partition_num,chunk_count,created_at\n"
                                  b"0,3,2025-02-30 00:00:00+00\n1,2,\n2,1,\n"}, DATA, (STATS, "created_at")),
    ("time without an offset", {STATS: b"partition_num,chunk_count,created_at\n"
                                b"0,3,2025-02-20 00:00:00\n1,2,\n2,1,\n"}, DATA, (STATS, "created_at")),
]

GOOD_CSV = [
    ("columns in another order", {**CHUNK_ONLY, CHUNKS: b"chunk_count,partition_num\n3,0\n2,1\n1,2\n"}),
    ("CRLF line ends", {**CHUNK_ONLY, CHUNKS: b"partition_num,chunk_count\r\n0,3\r\n1,2\r\n2,1\r\n"}),
    ("byte order mark", {**CHUNK_ONLY, CHUNKS: b"\xef\xbb\xbfpartition_num,chunk_count\n0,3\n1,2\n2,1\n"}),
    ("quoted numbers", {**CHUNK_ONLY, CHUNKS: b'"partition_num","chunk_count"\n"0","3"\n1,2\n2,1\n'}),
    ("no final line end", {**CHUNK_ONLY, CHUNKS: b"partition_num,chunk_count\n0,3\n1,2\n2,1"}),
    ("exactly 2^53", {**CHUNK_ONLY, CHUNKS: chunks_csv("0,%d" % BIG, "1,0")}),
]


def check_csv(bench):
    for what, files, code, mentions in BAD_CSV:
        base = {k: v for k, v in files.items() if v is not None or (bench.good_export / k).exists()}
        bench.import_fails("import: " + what, bench.export(base), code, *mentions)
    for what, files in GOOD_CSV:
        outdir = bench.fresh("out")
        got = bench.programs.collect("import", "--taken-at", TAKEN, "-o", outdir, bench.export(files))
        bench.tally.expect(got.code == 0 and len(list(outdir.iterdir())) == 1,
                           "import: %s is fine" % what, got)
    bench.import_fails("import: no such directory", bench.scratch / "absent", NO_INPUT, "absent")
    bench.import_fails("import: empty directory", bench.fresh("empty"), NO_INPUT, CHUNKS)


def check_without_sizes(bench):
    """Without sizes the size fields are null, and the status comes from the chunks."""
    programs, tally = bench.programs, bench.tally
    path = bench.fresh("out") / "x.db"
    export = bench.export({**CHUNK_ONLY, CHUNKS: chunks_csv("0,10", "1,20", "2,30", "3,20")})
    got = programs.collect("import", "--taken-at", TAKEN, "-o", path, export)
    tally.expect(got.code == 0, "import: chunks alone", got)
    body = parse_json(programs.pgskew("health", "-f", "json", path).out.decode())
    alert = body.get("alerts")[0]
    tally.expect(alert.get("level") == "ERROR" and [
        (d.get("partition"), d.get("chunk_percentage"), d.get("size_percentage"))
        for d in alert.get("details")] == [(0, 12.5, None), (2, 37.5, None)], "without sizes: health", alert)
    skew = body.get("metrics").get("skew_metrics")
    tally.expect(skew.get("size_distribution").get("value") is None and
                 skew.get("chunk_distribution").get("value") == 0.5, "without sizes: skew metrics", skew)
    body = parse_json(programs.pgskew("statistics", "-f", "json", path).out.decode()).get("statistics")
    tally.expect((body.get("total_chunks"), body.get("total_size_mb")) == (80, None),
                 "without sizes: statistics", body)
    body = parse_json(programs.pgskew("recommendations", "-f", "json", path).out.decode())
    tally.expect([(r.get("partition"), r.get("reason"), r.get("current_skew"))
                  for r in body.get("recommendations")] ==
                 [(0, "High chunk skew", 0.5), (2, "High chunk skew", 0.5)],
                 "without sizes: recommendations", body)


def check_cross_check(bench):
    """A derived export that says something else is a warning, never an answer."""
    programs, tally = bench.programs, bench.tally
    want = programs.pgskew("full", "-f", "json", bench.good_snapshot).out
    for name, old, new in (("partition_health_summary.csv", b"HEALTHY", b"WARNING"),
                           ("partition_health_summary.csv", b"0.0000", b"0.0001"),
                           ("analyze_partition_skew.csv", b"NORMAL", b"CRITICAL")):
        path = bench.fresh("out") / "x.db"
        export = bench.export({name: bench.good(name).replace(old, new, 1)})
        got = programs.collect("import", "--taken-at", TAKEN, "-o", path, export)
        tally.expect(got.code == 0 and name in got.err and got.err.count("\n") == 1,
                     "import: %s with %s for %s is a warning" % (name, new.decode(), old.decode()), got)
        tally.expect(programs.pgskew("full", "-f", "json", path).out == want,
                     "import: %s changes no answer" % name)


def check_naive_times(bench):
    programs, tally = bench.programs, bench.tally
    export = bench.export({STATS: b"partition_num,chunk_count,created_at\n"
                           b"0,3,2025-02-20 12:00:00\n1,2,\n2,1,\n"})
    for zone, want in (("UTC", "2025-02-20T12:00:00Z"), ("+02:00", "2025-02-20T10:00:00Z")):
        path = bench.fresh("out") / "x.db"
        got = programs.collect("import", "--taken-at", TAKEN, "--naive-tz", zone, "-o", path, export)
        tally.expect(got.code == 0, "import --naive-tz " + zone, got)
        out = programs.pgskew("statistics", "--partition", "0", "-f", "json", path).out
        tally.expect(want.encode() in out, "--naive-tz %s moves times" % zone, out[-200:])


def check_line_numbers(bench):
    """Lines are counted in raw bytes: a quoted line break counts."""
    rows = (b"id,name,chunked_documents,total_chunks,avg_tokens_per_chunk,last_chunk_created\n"
            b'c1,"two\nlines",1,2,10.00,\n' b"c2,plain,1,x,10.00,\n")
    bench.import_fails("import: error after a quoted line break", bench.export({COLLECTIONS: rows}),
                       DATA, COLLECTIONS, "4", "total_chunks")


def check_outputs(bench):
    programs, tally = bench.programs, bench.tally
    outdir = bench.fresh("out")
    (outdir / "x.db").write_bytes(b"precious")
    got = programs.collect("import", "--taken-at", TAKEN, "-o", outdir / "x.db", bench.good_export)
    bench.fails("import onto an existing file", got, CANT_CREATE, "x.db")
    tally.expect((outdir / "x.db").read_bytes() == b"precious", "an existing file is not touched")
    tally.expect(len(list(outdir.iterdir())) == 1, "nothing is left beside an existing file")

    outdir = bench.fresh("out")
    first = programs.collect("import", "--taken-at", TAKEN, "-o", outdir, bench.good_export)
    names = [path.name for path in outdir.iterdir()]
    tally.expect(first.code == 0 and len(names) == 1, "import into a directory", first)
    tally.expect(names and names[0].endswith("public.chunks-20251020T101500Z.db"), "its file name", names)
    tally.expect(names and (outdir / names[0]).stat().st_mode & 0o777 == 0o600, "its mode is 0600")
    again = programs.collect("import", "--taken-at", TAKEN, "-o", outdir, bench.good_export)
    bench.fails("the same moment again", again, CANT_CREATE, "20251020T101500Z")
    tally.expect(len(list(outdir.iterdir())) == 1, "the same moment again leaves one file")

    outdir = bench.fresh("out")
    (outdir / "x.db").symlink_to(outdir / "elsewhere.db")
    got = programs.collect("import", "--taken-at", TAKEN, "-o", outdir / "x.db", bench.good_export)
    bench.fails("import onto a dangling link", got, CANT_CREATE, "x.db")
    tally.expect(len(list(outdir.iterdir())) == 1, "a dangling link is not followed")

    outdir = bench.fresh("out")
    (outdir / "x.json").write_bytes(b"old")
    got = programs.pgskew("health", "-f", "json", "-o", outdir / "x.json", bench.scratch / "absent.db")
    tally.expect(got.code == NO_INPUT and len(list(outdir.iterdir())) == 1, "a failed answer leaves nothing "
                 "aside", got)
    got = programs.pgskew("statistics", "-f", "json", "-o", outdir / "x.json", bench.good_snapshot)
    want = programs.pgskew("statistics", "-f", "json", bench.good_snapshot).out
    tally.expect(got.code == 0 and got.out == b"" and (outdir / "x.json").read_bytes() == want and
                 len(list(outdir.iterdir())) == 1, "an answer replaces a file", got)

    got = programs.collect("import", "--taken-at", TAKEN, "-o", bench.scratch / "no" / "dir" / "x.db",
                           bench.good_export)
    bench.fails("output in a directory that is not there", got, CANT_CREATE, "x.db")
    got = programs.pgskew("statistics", "-f", "json", "-o", bench.scratch / "no" / "x.json",
                          bench.good_snapshot)
    bench.fails("answer into a directory that is not there", got, CANT_CREATE, "x.json")
    got = programs.pgskew("statistics", "-f", "json", "-o", "/dev/full", bench.good_snapshot)
    bench.fails("answer onto a full device", got, IO_ERROR, "/dev/full")


# ---- snapshot files ----

def check_damaged(bench):
    good = bench.good_snapshot.read_bytes()
    for size in (0, 1, 50, 100, 1000, 4096, len(good) // 2, len(good) - 1, len(good) - 4096):
        path = bench.fresh("cut") / "cut.db"
        path.write_bytes(good[:size])
        bench.read_fails("truncated to %d bytes" % size, path, DATA, "cut.db")
    for name, content in (("text.db", b"hello, this is not a database\n" * 100),
                          ("zeros.db", b"\0" * 8192)):
        path = bench.fresh("foreign") / name
        path.write_bytes(content)
        bench.read_fails("not SQLite: " + name, path, DATA, name)


def bit_flips(bench):
    """Every flip ends in a refusal or in a whole answer. (A flip inside a text or an average can
    be noticed by nobody, so the answer may be another one.)"""
    programs, tally = bench.programs, bench.tally
    good = bench.good_snapshot.read_bytes()
    path = bench.fresh("flip") / "flip.db"
    step = max(1, len(good) * 8 // 400)
    wrong, refused = [], 0
    for bit in range(0, len(good) * 8, step):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        got = programs.pgskew("full", "-f", "json", path, timeout=60)
        refused += got.code == DATA
        if got.code not in (0, DATA, RETRY):
            wrong.append("bit %d: %s" % (bit, got))
        elif got.code != 0 and got.err.count("\n") != 1:
            wrong.append("bit %d: %d lines on stderr" % (bit, got.err.count("\n")))
        elif got.code == 0:
            try:
                parse_json(got.out.decode("utf-8"))
            except ValueError as error:
                wrong.append("bit %d: exit 0 and not JSON, %s" % (bit, error))
    tally.expect_none(wrong, "bit-flipped snapshots")
    tally.expect(refused > 0, "some flips are noticed")


def check_foreign(bench):
    path = bench.fresh("foreign") / "notes.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id = 12345")
    connection.execute("CREATE TABLE note (text)")
    connection.commit()
    connection.close()
    bench.read_fails("SQLite of another application", path, DATA, "notes.db")
    path = bench.fresh("foreign") / "plain.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE snapshot (x)")
    connection.commit()
    connection.close()
    bench.read_fails("SQLite without an application", path, DATA, "plain.db")
    bench.read_fails("our tables under another application id",
                     bench.spoiled("id.db", "PRAGMA application_id = 7"), DATA, "id.db")
    bench.read_fails("no such file", bench.scratch / "nowhere.db", NO_INPUT, "nowhere.db")


def check_odd_files(bench):
    """Files that never end or never begin must not hold us up."""
    fifo = bench.fresh("odd") / "pipe.db"
    os.mkfifo(fifo)
    for path in (fifo, pathlib.Path("/dev/zero"), pathlib.Path("/dev/null")):
        try:
            got = bench.programs.pgskew("statistics", path, timeout=20)
        except subprocess.TimeoutExpired:
            bench.tally.expect(False, "reading %s ends" % path.name)
            continue
        bench.tally.expect(got.code in (DATA, NO_INPUT) and got.err.count("\n") == 1,
                           "reading %s is refused" % path.name, got)
    shutil.copyfile(bench.good_snapshot, fifo.parent / "good.db")
    try:
        got = bench.programs.pgskew("statistics", fifo.parent, timeout=20)
        bench.tally.expect(got.code == 0, "a pipe in a directory is passed over", got)
    except subprocess.TimeoutExpired:
        bench.tally.expect(False, "reading a directory that holds a pipe ends")


def check_versions(bench):
    programs, tally = bench.programs, bench.tally
    set_version = "UPDATE meta SET value = '%s' WHERE key = 'schema_version'"
    for version in ("2.0", "10.0"):
        path = bench.spoiled("newer.db", set_version % version)
        bench.read_fails("version " + version, path, DATA, "newer.db", version)
    for what, statement in (("missing version", "DELETE FROM meta WHERE key = 'schema_version'"),
                            ("empty version", set_version % ""), ("half a version", set_version % "2"),
                            ("senseless version", set_version % "x.y"),
                            ("no meta table", "DROP TABLE meta")):
        bench.read_fails(what, bench.spoiled("odd.db", statement), DATA, "odd.db")
    want = programs.pgskew("full", "-f", "json", bench.good_snapshot)
    path = bench.spoiled("minor.db", set_version % "1.7",
                         "ALTER TABLE partition_stat ADD COLUMN from_the_future INTEGER",
                         "ALTER TABLE snapshot ADD COLUMN more TEXT")
    got = programs.pgskew("full", "-f", "json", path)
    tally.expect(got.code == 0 and got.out == want.out, "a newer minor version is read", got)
    tally.expect(got.err.count("\n") == 1 and "1.7" in got.err and "minor.db" in got.err,
                 "a newer minor version gets one warning", got)


# (what, SQL that spoils a good snapshot)
HOSTILE_VALUES = [
    ("text in a count", "UPDATE partition_stat SET chunk_count = 'many' WHERE partition_num = 1"),
    ("a blob in a count", "UPDATE partition_stat SET chunk_count = x'00ff' WHERE partition_num = 1"),
    ("a real in a count", "UPDATE partition_stat SET chunk_count = 1.5 WHERE partition_num = 1"),
    ("a negative count", "UPDATE partition_stat SET chunk_count = -1 WHERE partition_num = 1"),
    ("a count over 2^53", "UPDATE partition_stat SET chunk_count = 9007199254740993 WHERE partition_num = 1"),
    ("a huge count", "UPDATE partition_stat SET chunk_count = 9223372036854775807 WHERE partition_num = 1"),
    ("counts that sum over 2^53", "UPDATE partition_stat SET chunk_count = 9007199254740992"),
    ("infinity as skew", "UPDATE partition_stat SET chunk_skew = 9e999 WHERE partition_num = 1"),
    ("a negative skew", "UPDATE partition_stat SET chunk_skew = -0.1 WHERE partition_num = 1"),
    ("another skew than the counts give",
     "UPDATE partition_stat SET chunk_skew = 0.0123 WHERE partition_num = 0"),
    ("another status than the counts give",
     "UPDATE partition_stat SET health_status = 'HEALTHY' WHERE partition_num = 0"),
    ("an unknown status", "UPDATE partition_stat SET health_status = 'SUPERB' WHERE partition_num = 1"),
    ("text as partition number", "UPDATE partition_stat SET partition_num = 'x' WHERE partition_num = 1"),
    ("a name that is not UTF-8",
     "UPDATE partition_stat SET partition_name = CAST(x'ff41' AS TEXT) WHERE partition_num = 1"),
    ("a table name that is not UTF-8", "UPDATE snapshot SET table_name = CAST(x'ff41' AS TEXT)"),
    ("text as time", "UPDATE snapshot SET taken_at_us = 'yesterday'"),
    ("another number of partitions", "UPDATE snapshot SET partition_count = 4"),
    ("no snapshot row", "DELETE FROM snapshot"),
    ("no partition rows", "DELETE FROM partition_stat"),
]

# Each replaces the table by something that computes, loops or lies.
HOSTILE_SCHEMAS = [
    ("a view in place of a table", [
        "ALTER TABLE partition_stat RENAME TO real_stat",
        "CREATE VIEW partition_stat AS SELECT * FROM real_stat"]),
    ("an endless recursive view in place of a table", [
        "ALTER TABLE partition_stat RENAME TO real_stat",
        "CREATE VIEW partition_stat AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT r.* FROM n, real_stat r"]),
    ("a view in place of meta", [
        "ALTER TABLE meta RENAME TO real_meta",
        "CREATE VIEW meta AS SELECT * FROM real_meta"]),
    ("a column that computes", [
        "ALTER TABLE partition_stat RENAME TO real_stat",
        "CREATE TABLE partition_stat (snapshot_id INTEGER, partition_num INTEGER, "
        "chunk_count INTEGER GENERATED ALWAYS AS (length(zeroblob(100000000))) VIRTUAL)"]),
]


def drop_views(path):
    """Views of ours would stop a table from being renamed."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        connection.execute('DROP VIEW "%s"' % name)
    connection.commit()
    connection.close()


def check_hostile(bench):
    programs, tally = bench.programs, bench.tally
    for what, statement in HOSTILE_VALUES:
        try:
            path = bench.spoiled("hostile.db", statement)
        except sqlite3.IntegrityError as error:
            tally.skip("hostile: " + what, "the schema itself refuses it (%s)" % error)
            continue
        bench.read_fails("hostile: " + what, path, DATA, "hostile.db", command=("full",))
    for what, statements in HOSTILE_SCHEMAS:
        path = bench.spoiled("hostile.db")
        drop_views(path)
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        bench.read_fails("hostile: " + what, path, DATA, "hostile.db", command=("full",))
    check_ignored_schema(bench)


def check_ignored_schema(bench):
    """Triggers, views and tables that are not ours change nothing and are never run."""
    programs, tally = bench.programs, bench.tally
    want = programs.pgskew("full", "-f", "json", bench.good_snapshot)
    path = bench.spoiled("extra.db")
    drop_views(path)
    connection = sqlite3.connect(path)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    for statement in ("CREATE VIEW partition_health_summary AS " + endless,
                      "CREATE VIEW analyze_partition_skew AS SELECT load_extension('/tmp/evil')",
                      "CREATE TABLE evil (x)", "CREATE INDEX evil_index ON evil (x)",
                      "CREATE TRIGGER boom AFTER UPDATE ON snapshot BEGIN SELECT raise(ABORT, 'x'); END"):
        connection.execute(statement)
    connection.commit()
    connection.close()
    before = path.read_bytes()
    got = programs.pgskew("full", "-f", "json", path, timeout=60)
    tally.expect(got.code == 0 and got.out == want.out, "hostile: foreign schema objects are ignored", got)
    tally.expect(path.read_bytes() == before, "hostile: the file is not changed by reading")
    tally.expect(len(list(path.parent.iterdir())) == 1, "hostile: reading leaves nothing beside the file")


if __name__ == "__main__":
    sys.exit(run_checks(__doc__, (check_csv, check_without_sizes, check_cross_check, check_naive_times, check_line_numbers, check_outputs, check_damaged, bit_flips, check_foreign, check_odd_files, check_versions, check_hostile)))
