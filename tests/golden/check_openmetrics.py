#!/usr/bin/env python3
"""pgskew export -f openmetrics: what a snapshot holds, as Prometheus and node_exporter take it.

    check_openmetrics.py --bin DIR --fixtures DIR [--dashboard FILE]
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from decimal import Decimal

sys.dont_write_bytecode = True
import openmetrics  # noqa: E402
from programs import Programs, Tally  # noqa: E402

# A sample for each partition: column of partition_stat -> metric and label.
COLUMNS = {
    "chunk_count": ("pgskew_partition_chunks", {}),
    "document_count": ("pgskew_partition_documents", {}),
    "collection_count": ("pgskew_partition_collections", {}),
    "size_bytes": ("pgskew_partition_size_bytes", {}),
    "table_bytes": ("pgskew_partition_part_size_bytes", {"part": "table"}),
    "index_bytes": ("pgskew_partition_part_size_bytes", {"part": "indexes"}),
    "toast_bytes": ("pgskew_partition_part_size_bytes", {"part": "toast"}),
    "chunks_last_hour": ("pgskew_partition_recent_chunks", {"window": "1h"}),
    "chunks_last_day": ("pgskew_partition_recent_chunks", {"window": "1d"}),
    "chunks_last_week": ("pgskew_partition_recent_chunks", {"window": "7d"}),
    "live_tuples": ("pgskew_partition_tuples", {"state": "live"}),
    "dead_tuples": ("pgskew_partition_tuples", {"state": "dead"}),
    "tuples_inserted": ("pgskew_partition_written_tuples_total", {"kind": "inserted"}),
    "tuples_updated": ("pgskew_partition_written_tuples_total", {"kind": "updated"}),
    "tuples_deleted": ("pgskew_partition_written_tuples_total", {"kind": "deleted"}),
    "chunk_skew": ("pgskew_partition_skew_ratio", {"metric": "chunk"}),
    "size_skew": ("pgskew_partition_skew_ratio", {"metric": "size"}),
    "last_created_at": ("pgskew_partition_newest_chunk_timestamp_seconds", {}),
    "last_vacuum": ("pgskew_partition_last_vacuum_timestamp_seconds", {}),
    "last_autovacuum": ("pgskew_partition_last_autovacuum_timestamp_seconds", {}),
    "last_analyze": ("pgskew_partition_last_analyze_timestamp_seconds", {}),
    "health_status": ("pgskew_partition_status", {}),
}
STATUS = {"HEALTHY": 0, "WARNING": 1, "UNBALANCED": 2}
HOSTILE = ["<script>alert(1)</script>", "\x1b[31mred", "a|b", "two\nlines", "=cmd()", 'quo"te', "back\\slash",
           '"} 1\npgskew_chunks{evil="', "\u202eright", "ends\\"]


class Bench:
    def __init__(self, programs, tally, scratch, fixtures):
        self.programs, self.tally, self.scratch, self.fixtures = programs, tally, scratch, fixtures
        self.snapshots = sorted(fixtures.glob("*/snapshot.db"))

    def export(self, what, *args):
        got = self.programs.pgskew("export", "-f", "openmetrics", *args)
        if not self.tally.expect(got.code == 0 and not got.err, what + " is exported", got):
            return None
        try:
            return got.out, openmetrics.parse(got.out)
        except ValueError as error:
            self.tally.expect(False, what + " can be read", error)
            return None

    def copy(self, name, *statements):
        """A copy of three_partitions after these statements."""
        path = self.scratch / name
        shutil.copyfile(self.fixtures / "three_partitions" / "snapshot.db", path)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement, *values in statements:
            connection.execute(statement, values)
        connection.commit()
        connection.close()
        return path


def rows_of(path):
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute("SELECT * FROM partition_stat ORDER BY partition_num")]
    head = dict(connection.execute("SELECT * FROM snapshot").fetchone())
    connection.close()
    return head, rows


def number(column, value):
    if column == "health_status":
        return Decimal(STATUS[value])
    if column.startswith("last_"):  # PostgreSQL's and ours: whole or six decimals, UTC
        seconds, decimals = re.fullmatch(r"(.{19})(\.\d+)?Z", value).groups()
        return Decimal(sqlite3.connect(":memory:").execute(
            "SELECT strftime('%s', ?)", (seconds,)).fetchone()[0] + (decimals or ""))
    return Decimal(repr(value))


def check_values(bench, path, samples):
    """Every cell of the snapshot has its sample with its value, and NULL has none."""
    head, rows = rows_of(path)
    common = {name: head[column] for name, column in
              (("database", "database"), ("table", "table_name"), ("source", "source")) if head[column] is not None}
    named = all(row["partition_name"] for row in rows)
    wrong = []
    expected = {}
    for row in rows:
        label = row["partition_name"] if named else str(row["partition_num"])
        for column, (metric, labels) in COLUMNS.items():
            if row[column] is not None:
                key = frozenset({**common, "partition": label, **labels}.items())
                expected.setdefault(metric, {})[key] = number(column, row[column])
    for metric in {metric for metric, _ in COLUMNS.values()}:
        if samples.get(metric, {}) != expected.get(metric, {}):
            wrong.append("%s: %s" % (metric, sorted(
                map(str, set(samples.get(metric, {}).items()) ^ set(expected.get(metric, {}).items())))[:2]))
    bench.tally.expect_none(wrong, "every number of %s, and only those" % path.parent.name)
    for metric, values in samples.items():
        bench.tally.expect(all(set(common.items()) <= key for key in values), "%s has the common labels" % metric)
    taken = samples["pgskew_snapshot_timestamp_seconds"][frozenset(common.items())]
    bench.tally.expect(taken * 1000000 == head["taken_at_us"], "the time of %s" % path.parent.name, taken)


def check_promtool(bench, what, text):
    if not shutil.which("promtool"):
        bench.tally.skip("promtool on %s" % what, "promtool is not installed")
        return
    got = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    bench.tally.expect(got.returncode == 0 and not got.stdout and not got.stderr, "promtool on %s" % what,
                       got.stdout + got.stderr)


def check_python_client(bench, what, text, samples):
    """The parsers of the Python client, of both formats, find what ours finds."""
    try:
        from prometheus_client import openmetrics as _  # noqa: F401
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as new
        from prometheus_client.parser import text_string_to_metric_families as old
    except ImportError:
        bench.tally.skip("prometheus_client on %s" % what, "python3-prometheus-client is not installed")
        return
    for form, parser in (("OpenMetrics", new), ("text", old)):
        found = {}
        try:
            for family in parser(text.decode("utf-8")):
                for sample in family.samples:
                    found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
        except ValueError as error:
            found = error
        want = {name: {key: float(value) for key, value in values.items()} for name, values in samples.items()}
        bench.tally.expect(found == want, "prometheus_client reads %s as %s" % (what, form),
                           found if isinstance(found, ValueError) else "")


def check_fixtures(bench):
    for path in bench.snapshots:
        got = bench.export(path.parent.name, path)
        if got:
            check_values(bench, path, got[1][0])
            check_promtool(bench, path.parent.name, got[0])
            check_python_client(bench, path.parent.name, got[0], got[1][0])


def imported(bench, name, csv):
    """A history of what a long CSV says."""
    source, history = bench.scratch / (name + ".csv"), bench.scratch / (name + ".db")
    source.write_text(csv, encoding="ascii")
    got = bench.programs.collect("import-history", "-q", "-o", history, source)
    bench.tally.expect(got.code == 0, "%s is imported" % name, got)
    return history


def check_missing(bench):
    """What was not observed is not there: a column, a partition, a cell."""
    head = "taken_at,partition_num,chunk_count,dead_tuples,tuples_inserted,last_vacuum\n"
    rows = "2026-11-20T06:00:00Z,%d,%s\n"
    path = imported(bench, "some", head + "".join(rows % row for row in (
        (0, "5,0,9,2026-11-01T00:00:00.5Z"), (1, ",,,"), (2, "7,,9,"))))
    got = bench.export("a snapshot with gaps", path)
    if not got:
        return
    samples = got[1][0]
    seen = {name: {tuple(dict(key).get(label) for label in ("partition", "metric", "state", "kind")): str(value)
                   for key, value in values.items()} for name, values in samples.items() if "_partition_" in name}
    for name, want in (
            ("pgskew_partition_chunks", {("0", None, None, None): "5", ("2", None, None, None): "7"}),
            ("pgskew_partition_tuples", {("0", None, "dead", None): "0"}),
            ("pgskew_partition_written_tuples_total", {("0", None, None, "inserted"): "9", ("2", None, None, "inserted"): "9"}),
            ("pgskew_partition_last_vacuum_timestamp_seconds", {("0", None, None, None): "1793491200.500000"}),
            ("pgskew_partition_skew_ratio", {("0", "chunk", None, None): "0.1667", ("2", "chunk", None, None): "0.1667"}),
            ("pgskew_partition_status", {("0", None, None, None): "0", ("2", None, None, None): "0"}),
            ("pgskew_partition_size_bytes", None), ("pgskew_partition_documents", None)):
        bench.tally.expect(seen.get(name) == want, "%s with gaps" % name, seen.get(name))
    bench.tally.expect([value for key, value in samples["pgskew_partitions"].items()
                        if ("status", "unmeasured") in key] == [1], "what could not be measured is counted")
    bench.tally.expect(not any("size" in name for name in samples), "no sizes, no samples of them",
                       [name for name in samples if "size" in name])
    check_promtool(bench, "a snapshot with gaps", got[0])
    check_python_client(bench, "a snapshot with gaps", *(got[0], samples))


def check_hostile(bench):
    for i, name in enumerate(HOSTILE):
        path = bench.copy("hostile-%d.db" % i, ("UPDATE snapshot SET table_name = ?, source = ?, database = ?", name, name,
                                                name), ("UPDATE partition_stat SET partition_name = partition_num || ?", name))
        got = bench.export("names like %r" % name, path)
        if not got:
            continue
        text, (samples, about) = got
        bench.tally.expect(set(samples) <= set(bench.export("x", bench.snapshots[0])[1][0]) | {
            "pgskew_partition_tuples"}, "%r begins no metric" % name, set(samples))
        shown = text.decode("utf-8")
        bench.tally.expect(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown),
                           "%r obeys no terminal" % name)
        tables = {dict(key)["table"] for key in samples["pgskew_chunks"]}
        plain = not re.search("[\x00-\x1f\u202e]", name)
        bench.tally.expect(not plain or tables == {name}, "%r is kept" % name, tables)
        partitions = {dict(key)["partition"] for key in samples["pgskew_partition_chunks"]}
        bench.tally.expect(partitions == ({str(i) + name for i in range(3)} if plain else {"0", "1", "2"}),
                           "partitions called %r are told apart" % name, partitions)
        check_promtool(bench, "names like %r" % name, text)
        check_python_client(bench, "names like %r" % name, text, samples)


def check_paths(bench):
    """A file, a directory, a history, --at: one moment is the same from wherever it comes."""
    tally, programs, folder = bench.tally, bench.programs, bench.scratch / "moments"
    folder.mkdir()
    export = bench.fixtures / "three_partitions" / "export"
    for taken in ("2026-11-20T06:00:00Z", "2026-11-21T06:00:00.25Z"):
        got = programs.collect("import", "--taken-at", taken, "--table", "public.t", "-o", folder, export)
        tally.expect(got.code == 0, "import", got)
    old, new = sorted(folder.iterdir())
    history = bench.scratch / "history.db"
    tally.expect(programs.pgskew("pack", "-o", history, folder).code == 0, "pack")
    text = {path: bench.export(str(path), path)[0] for path in (old, new)}
    tally.expect(text[old] != text[new], "two moments are two documents")
    for what, args, want in (("a directory", [folder], new), ("a history", [history], new),
                             ("a directory --at", ["--at", "2026-11-20T23:00:00Z", folder], old),
                             ("a history --at", ["--at", "2026-11-20T23:00:00Z", history], old),
                             ("a table", ["--table", "public.t", folder], new),
                             ("many threads are no option, but again is the same:", [new], new)):
        got = bench.export(what, *args)
        tally.expect(got and got[0] == text[want], what + " gives the moment's document")
    check_output(bench, new, text[new])
    programs.collect("import", "--taken-at", "2026-11-22T06:00:00Z", "--table", "public.u", "-o", folder, export)
    for what, code, args in (
            ("two tables", 64, ["-f", "openmetrics", folder]), ("no such file", 66, ["-f", "openmetrics", folder / "no.db"]),
            ("no such time", 66, ["-f", "openmetrics", "--at", "2020-01-01T00:00:00Z", history]),
            ("a CSV of no history", 64, []), ("a CSV of two", 64, [history, history]),
            ("a CSV of a table", 64, ["--table", "public.t", history]),
            ("snapshots of a source", 64, ["-f", "snapshot", "--source", "x", "-o", folder, history])):
        got = programs.pgskew("export", *args)
        tally.expect(got.code == code and not got.out and got.err.count("\n") == 1, "%s: exit %d" % (what, code), got)


def check_output(bench, snapshot, text):
    """-o is complete or as it was, readable as the umask says, and nothing is beside it."""
    folder = bench.scratch / "textfile"
    folder.mkdir()
    target = folder / "pgskew.prom"
    target.write_bytes(b"old\n")
    before = os.stat(target).st_ino
    old_umask = os.umask(0o022)
    got = bench.programs.pgskew("export", "-f", "openmetrics", "-o", target, snapshot)
    os.umask(old_umask)
    bench.tally.expect(got.code == 0 and not got.out and target.read_bytes() == text, "-o replaces the file", got)
    bench.tally.expect(os.stat(target).st_ino != before, "by renaming another one over it")
    bench.tally.expect(os.stat(target).st_mode & 0o777 == 0o644, "which node_exporter may read")
    bench.tally.expect([path.name for path in folder.iterdir()] == ["pgskew.prom"], "nothing is left beside it")
    got = bench.programs.pgskew("export", "-f", "openmetrics", "-o", target, bench.scratch / "none.db")
    bench.tally.expect(got.code == 66 and target.read_bytes() == text, "a failure leaves the file as it was", got)


def check_node_exporter(bench):
    """The textfile collector itself."""
    if not shutil.which("prometheus-node-exporter"):
        bench.tally.skip("node_exporter", "prometheus-node-exporter is not installed")
        return
    folder = bench.scratch / "collected"
    folder.mkdir()
    for path in bench.snapshots:
        copy = bench.scratch / (path.parent.name + ".db")
        shutil.copyfile(path, copy)
        connection = sqlite3.connect(copy)
        connection.execute("UPDATE snapshot SET source = ?", (path.parent.name,))
        connection.commit()
        connection.close()
        bench.programs.pgskew("export", "-f", "openmetrics", "-o", folder / (path.parent.name + ".prom"), copy)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % s.getsockname()[1]
    exporter = subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                                 "--collector.textfile.directory=%s" % folder, "--web.listen-address=" + address],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = ""
    try:
        for _ in range(100):
            try:
                text = urllib.request.urlopen("http://%s/metrics" % address, timeout=10).read().decode("utf-8")
                break
            except OSError:
                time.sleep(0.1)
    finally:
        exporter.terminate()
        exporter.wait()
    bench.tally.expect("node_textfile_scrape_error 0\n" in text, "node_exporter has no error", text[:200])
    wanted = sum(len(values) for path in bench.snapshots for values in bench.export("x", path)[1][0].values())
    served = len(re.findall("^pgskew_", text, re.M))
    bench.tally.expect(served == wanted, "node_exporter serves every sample", "%d, not %d" % (served, wanted))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True, type=pathlib.Path)
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Programs(options.bin), tally, pathlib.Path(directory), options.fixtures)
        tally.expect(len(bench.snapshots) >= 7, "there are fixtures")
        for check in (check_fixtures, check_missing, check_hostile, check_paths, check_node_exporter):
            check(bench)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
