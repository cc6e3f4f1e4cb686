"""Compares what the programs answer about one snapshot file with one reference.Case."""
import csv
import io
import sqlite3

from reference import TIMES, VIEWS, Pairs, differences, parse_json, time_us

VIEW_COMMANDS = (("distribution", "partition_chunk_distribution"),
                 ("sizes", "partition_size_distribution"),
                 ("hot", "partition_hot_spots"),
                 ("skew", "analyze_partition_skew"),
                 ("collections", "collection_chunking_stats"))


def key_of(view):
    return {"analyze_partition_skew": "metric", "collection_chunking_stats": "id"}.get(
        view, "partition_num")


def variance_row(exports):
    return Pairs([("metric", "distribution_variance")] + list(exports.distribution_variance()))


def expected_rows(exports, view):
    """Typed rows of a view; the skew analysis ends with the row that is ours."""
    rows = exports.typed(view)
    return rows + [variance_row(exports)] if view == "analyze_partition_skew" else rows


def json_answer(tally, programs, what, *args, code=0):
    """Parse the one JSON document that a command prints; None (and a failure) otherwise."""
    got = programs.pgskew(*args)
    if not tally.expect(got.code == code, what + " exit code", got):
        return None
    if code == 0:
        tally.expect(got.err == "", what + " says nothing on stderr", got)
    try:
        body = parse_json(got.out.decode("utf-8"))
    except ValueError as error:
        tally.expect(False, what + " is JSON", error)
        return None
    tally.expect(got.out.endswith(b"\n") and not got.out.endswith(b"\n\n"), what + " ends its line")
    return body


def without(pairs, *keys):
    return Pairs((k, v) for k, v in pairs if k not in keys)


def check_bodies(tally, programs, case, snapshot, live=False):
    """The API bodies. A live snapshot has its own moment, so `timestamp` is left out there."""
    for body in ("health", "statistics", "recommendations", "health-summary"):
        what = "%s %s" % (case.name, body)
        got = json_answer(tally, programs, what, body, "-f", "json", snapshot)
        if got is None:
            continue
        want = case.expected(body)
        if live and body == "health":
            tally.expect("timestamp" in got.keys(), what + " has a timestamp")
            want, got = without(want, "timestamp"), without(got, "timestamp")
        tally.expect_none(differences(want, got), what)
    for partition, http_status in case.single_partitions():
        check_single(tally, programs, case, snapshot, partition, http_status)


def check_single(tally, programs, case, snapshot, partition, http_status):
    what = "%s statistics --partition %d" % (case.name, partition)
    code = 0 if http_status == 200 else 66
    args = ("statistics", "--partition", partition, "-f", "json", snapshot)
    got = json_answer(tally, programs, what, *args, code=code)
    if got is not None:
        tally.expect_none(differences(case.expected("statistics_%d" % partition), got), what)
    if code == 66:
        err = programs.pgskew(*args).err
        tally.expect(err.count("\n") == 1 and "artition %d not found" % partition in err,
                     what + " says one sentence", repr(err))


def leading_columns(row, columns):
    """The columns a view shares with its export; more may follow, none may come before."""
    return Pairs(row[:len(columns)])


def check_view_commands(tally, programs, exports, snapshot, name):
    for command, view in VIEW_COMMANDS:
        if view not in exports.rows:
            continue
        what = "%s %s" % (name, command)
        got = json_answer(tally, programs, what, command, "-f", "json", snapshot)
        if got is None or not tally.expect(isinstance(got, list), what + " is an array"):
            continue
        columns = list(exports.rows[view][0])
        want = {row.get(key_of(view)): row for row in expected_rows(exports, view)}
        found = {row.get(key_of(view)): leading_columns(row, columns) for row in got}
        tally.expect(len(found) == len(got) and found.keys() == want.keys(), what + " rows",
                     "expected %d, got %d" % (len(want), len(got)))
        lines = [line for key in want if key in found
                 for line in differences(want[key], found[key], "%s %s" % (view, key))]
        tally.expect_none(lines, what)
        if view == "collection_chunking_stats":
            tally.expect([r.get("id") for r in got] == [r["id"] for r in exports.rows[view]],
                         what + " order")
        elif view != "analyze_partition_skew":
            numbers = [row.get("partition_num") for row in got]
            tally.expect(numbers == sorted(numbers), what + " is in partition order")
        check_csv_answer(tally, programs, what, command, snapshot, got)


def check_csv_answer(tally, programs, what, command, snapshot, rows):
    """-f csv holds the very values of -f json, under the same names, in the same order."""
    out = programs.pgskew(command, "-f", "csv", snapshot).out.decode("utf-8")
    header, *lines = csv.reader(io.StringIO(out, newline=""))
    tally.expect(all(row.keys() == header for row in rows), what + " csv columns", header)
    want = [["" if v is None else v.text if isinstance(v, float) else str(v) for _, v in row]
            for row in rows]
    tally.expect(lines == want, what + " csv values",
                 next((str(pair) for pair in zip(want, lines) if pair[0] != pair[1]), len(lines)))


def stored_fault(column, want, got):
    """Why a value of a SQL view is not the exported one; None when it is."""
    if want is None or got is None:
        return None if want is None and got is None else "expected %r, got %r" % (want, got)
    if column in TIMES:
        good = isinstance(got, str) and time_us(got) == time_us(want)
    elif isinstance(want, float):
        good = isinstance(got, (int, float)) and float(got) == want
    else:
        good = type(got) is type(want) and got == want
    return None if good else "expected %r, got %r" % (want, got)


def check_sql_views(tally, exports, snapshot, name):
    """SELECT * FROM each view, with a SQLite that has never heard of us."""
    connection = sqlite3.connect("file:%s?mode=ro" % snapshot, uri=True)
    for view in VIEWS:
        what = "%s SELECT * FROM %s" % (name, view)
        try:
            cursor = connection.execute("SELECT * FROM " + view)
            columns, rows = [c[0] for c in cursor.description], cursor.fetchall()
        except sqlite3.Error as error:
            tally.expect(False, what, error)
            continue
        want = expected_rows(exports, view)
        wanted_columns = list(exports.rows[view][0])
        if not tally.expect(columns[:len(wanted_columns)] == wanted_columns, what + " columns", columns):
            continue
        found = {row[0]: row for row in rows}
        tally.expect(len(rows) == len(want) and len(found) == len(want), what + " row count",
                     "expected %d, got %d" % (len(want), len(rows)))
        tally.expect_none(list(view_faults(want, found, columns)), what)
    connection.close()


def view_faults(want, found, columns):
    for row in want:
        got = found.get(row[0][1])
        if got is None:
            yield "no row %r" % (row[0][1],)
            continue
        for (column, value), stored in zip(row, got):
            fault = stored_fault(column, value, stored)
            if fault:
                yield "%s of %r: %s" % (column, row[0][1], fault)


