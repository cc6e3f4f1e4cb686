#!/usr/bin/env python3
"""The same number is the same in every format: table, Markdown and HTML to the decimals they show, JSON, CSV,
OpenMetrics and Nagios to the last digit. A new format is a reader here, and a line in FORMATS.

    check_same_number.py --bin DIR --fixtures DIR
"""
import argparse
import csv
import io
import json
import pathlib
import re
import sys
import tempfile
from decimal import Decimal

sys.dont_write_bytecode = True
import grids  # noqa: E402
import openmetrics  # noqa: E402
from programs import Programs, Tally  # noqa: E402

# A reader gives {(what, partition or None): (value, what it may be off by)}; 0: every digit counts.
MEASURES = {"Gini coefficient": "gini", "coefficient of variation": "cv", "effective partitions": "effective_partitions",
            "max/mean": "max_over_mean"}
UNITS = {"B": 0, "kB": 1, "MB": 2, "GB": 3, "TB": 4}
OF_PARTITION = {"chunks": "chunk_count", "size": "size_bytes", "chunk %": "chunk_percentage", "size %": "size_percentage",
                "chunk skew": "chunk_skew", "size skew": "size_skew", "last hour": "chunks_last_hour",
                "last day": "chunks_last_day", "last week": "chunks_last_week", "hour %": "hour_percentage"}
STATISTICS = {"partitions": "partition_count", "chunks": "total_chunks", "size in MB": "total_size_mb",
              "chunks/partition": "avg_chunks_per_partition", "std. deviation": "chunk_count_stddev"}


# ---- what people read ----

def shown(text):
    """1,234.50 or 288.0 kB: the value, and half of its last decimal; None where there is none."""
    match = re.fullmatch(r"(-?[\d,]+(?:\.(\d+))?)(?: (B|kB|MB|GB|TB))?", text)
    if not match:
        return None
    factor = Decimal(1024) ** UNITS[match.group(3) or "B"]
    exact = not match.group(2) and not match.group(3)
    half = Decimal(0) if exact else Decimal(5) * Decimal(10) ** (-len(match.group(2) or "") - 1)
    return Decimal(match.group(1).replace(",", "")) * factor, half * factor


def put(found, key, text):
    value = shown(text)
    if value is not None:
        found[key] = value


def of_grids(found, pages):
    for grid in pages:
        for row in grid:
            if "metric" in row and "value" in row:
                put(found, (row["metric"].replace("\\", ""), None), row["value"])
            elif "measure" in row and row["measure"] in MEASURES:
                put(found, (MEASURES[row["measure"]] + " of chunks", None), row["chunks"])
                put(found, (MEASURES[row["measure"]] + " of sizes", None), row["bytes"])
            elif "std. deviation" in row:
                for heading, what in STATISTICS.items():
                    put(found, (what, None), row[heading])
            elif "partition" in row and "priority" not in row:
                for heading in set(OF_PARTITION) & set(row):
                    put(found, (OF_PARTITION[heading], int(row["partition"])), row[heading])
                if "above noise" in row:
                    put(found, ("signed_skew", int(row["partition"])), row["skew"])


def of_words(found, text):
    for n, what in re.findall(r"([\d,]+) (unbalanced|in warning|healthy)(?=,| of|$|\W)", text):
        put(found, ({"in warning": "warning"}.get(what, what) + "_count", None), n)
    for what, floor in re.findall(r"(chunk|size) skews below ([\d,.]*\d)", text):
        put(found, (what + "_floor", None), floor)


def read_pages(form, parse):
    def read(programs, snapshot, scratch):
        found = {}
        for command in ("health-summary", "distribution", "sizes", "hot", "skew", "statistics"):
            text = answer(programs, command, "-f", form, snapshot)
            of_grids(found, parse(text))
            of_words(found, text)
        return found
    return read


def read_html(programs, snapshot, scratch):
    page, found = grids.Page(answer(programs, "report", snapshot)), {}
    of_grids(found, page.grids)
    of_words(found, page.text)
    return found


# ---- what machines read ----

def answer(programs, *args):
    got = programs.pgskew(*args)
    assert got.code == 0, got
    return got.out.decode("utf-8")


def exact(found, key, value):
    if value is not None and value != "":
        found[key] = (Decimal(value), Decimal(0))


def read_json(programs, snapshot, scratch):
    metrics = json.loads(answer(programs, "full", "-f", "json", snapshot), parse_float=Decimal)["metrics"]
    summary = json.loads(answer(programs, "health-summary", "-f", "json", snapshot), parse_float=Decimal)
    found = {}
    for what in ("unbalanced_count", "warning_count", "healthy_count"):
        exact(found, (what, None), metrics[what])
    exact(found, ("unmeasured_count", None), metrics.get("unmeasured_count", 0))
    skews = [metrics["skew_metrics"][what]["value"] for what in ("chunk_distribution", "size_distribution")]
    exact(found, ("largest_skew", None), max((skew for skew in skews if skew is not None), default=None))
    for what, metric in metrics["skew_metrics"].items():
        exact(found, (what, None), metric["value"])
    for what, value in metrics["statistics"].items():
        exact(found, (what, None), value)
    for kind, measures in metrics["distribution_measures"].items():
        for what in MEASURES.values():
            exact(found, ("%s of %s" % (what, kind), None), measures[what])
    for what in ("chunk_floor", "size_floor"):
        exact(found, (what, None), metrics["noise_floor"][what])
    for rows in (metrics["distribution"], metrics["sizes"], metrics["hot_spots"], summary["partitions"]):
        for row in rows:
            for what in set(OF_PARTITION.values()) & set(row):
                exact(found, (what, row["partition_num"]), row[what])
            if "signed_skew" in row:
                exact(found, ("signed_skew", row["partition_num"]), row["signed_skew"])
    return found


def read_csv(programs, snapshot, scratch):
    found = {}
    for command in ("health", "distribution", "sizes", "hot"):
        for row in csv.DictReader(io.StringIO(answer(programs, command, "-f", "csv", snapshot))):
            for what in (set(OF_PARTITION.values()) | {"signed_skew"}) & set(row):
                exact(found, (what, int(row["partition_num"])), row[what])
    for row in csv.DictReader(io.StringIO(answer(programs, "statistics", "-f", "csv", snapshot))):
        for what, value in row.items():
            exact(found, (what, None), value)
    for row in csv.DictReader(io.StringIO(answer(programs, "skew", "-f", "csv", snapshot))):
        exact(found, (row["metric"], None), row["value"])
    return found


METRICS = {  # name -> (a label that tells its samples apart, what they are)
    "pgskew_partitions": ("status", {"unbalanced": "unbalanced_count", "warning": "warning_count", "healthy": "healthy_count",
                                     "unmeasured": "unmeasured_count"}),
    "pgskew_chunks": (None, "total_chunks"), "pgskew_chunks_per_partition": (None, "avg_chunks_per_partition"),
    "pgskew_chunks_per_partition_stddev": (None, "chunk_count_stddev"),
    "pgskew_skew_max_ratio": ("metric", {"chunk": "chunk_distribution", "size": "size_distribution"}),
    "pgskew_distribution_variance": (None, "distribution_variance"), "pgskew_hot_partitions": (None, "hot_partitions"),
    "pgskew_gini_ratio": ("metric", {"chunk": "gini of chunks", "size": "gini of sizes"}),
    "pgskew_variation_ratio": ("metric", {"chunk": "cv of chunks", "size": "cv of sizes"}),
    "pgskew_max_over_mean_ratio": ("metric", {"chunk": "max_over_mean of chunks", "size": "max_over_mean of sizes"}),
    "pgskew_effective_partitions": ("metric", {"chunk": "effective_partitions of chunks",
                                               "size": "effective_partitions of sizes"}),
    "pgskew_noise_floor_ratio": ("metric", {"chunk": "chunk_floor", "size": "size_floor"}),
    "pgskew_partition_skew_ratio": ("metric", {"chunk": "chunk_skew", "size": "size_skew"}),
    "pgskew_partition_signed_skew_ratio": (None, "signed_skew"), "pgskew_partition_chunks": (None, "chunk_count"),
    "pgskew_partition_size_bytes": (None, "size_bytes"),
    "pgskew_partition_recent_chunks": ("window", {"1h": "chunks_last_hour", "1d": "chunks_last_day",
                                                  "7d": "chunks_last_week"}),
}


def read_openmetrics(programs, snapshot, scratch):
    samples, _ = openmetrics.parse(programs.pgskew("export", "-f", "openmetrics", snapshot).out)
    numbers = {dict(key)["partition"]: int(dict(key)["number"]) for key in samples.get("pgskew_partition_info", {})}
    found = {}
    for name, (label, what) in METRICS.items():
        for key, value in samples.get(name, {}).items():
            labels = dict(key)
            partition = numbers[labels["partition"]] if "partition" in labels else None
            found[(what[labels[label]] if label else what, partition)] = (value, Decimal(0))
    return found


def read_nagios(programs, snapshot, scratch):
    """The performance data of a check: label=value[unit];..."""
    got = programs.pgskew("check", "--now", "2027-01-01T00:00:00Z", snapshot)
    assert got.code in (0, 1, 2) and got.out.count(b"\n") == 1, got
    found = {}
    for item in got.out.decode("utf-8").split("|")[1].split():
        label, value = item.split(";")[0].split("=")
        if label in GAUGES:
            exact(found, (GAUGES[label], None), value)
    return found


GAUGES = {"skew": "largest_skew", "unbalanced": "unbalanced_count", "warning": "warning_count", "hot": "hot_partitions",
          "unmeasured": "unmeasured_count", "variance": "distribution_variance"}
FORMATS = {
    "json": read_json,
    "csv": read_csv,
    "openmetrics": read_openmetrics,
    "table": read_pages("table", grids.of_text),
    "markdown": read_pages("markdown", grids.of_markdown),
    "html": read_html,
    "nagios": read_nagios,
}
# What a format has to show where JSON has it; of what it shows beyond, every number is compared too.
TABLE_LEVEL = {"unbalanced_count", "warning_count", "healthy_count", "total_chunks", "avg_chunks_per_partition",
               "chunk_count_stddev", "chunk_distribution", "size_distribution", "distribution_variance", "hot_partitions"}
MEASURED = {"gini of chunks", "gini of sizes", "cv of chunks", "cv of sizes", "effective_partitions of chunks",
            "max_over_mean of sizes", "chunk_floor", "size_floor"}
PARTITIONS = {"chunk_count", "size_bytes", "chunk_skew", "signed_skew", "chunks_last_hour", "chunks_last_week"}
SHOWS = {
    "csv": (TABLE_LEVEL - {"unbalanced_count", "warning_count", "healthy_count"}) | PARTITIONS,
    "openmetrics": TABLE_LEVEL | MEASURED | PARTITIONS,
    "table": TABLE_LEVEL | MEASURED | PARTITIONS,
    "markdown": TABLE_LEVEL | MEASURED | PARTITIONS,
    "nagios": set(GAUGES.values()),
    "html": {"gini of chunks", "cv of chunks", "effective_partitions of sizes", "unbalanced_count", "warning_count",
             "healthy_count", "chunk_distribution", "size_distribution",
             "distribution_variance", "hot_partitions"},
}


def check(tally, name, found):
    truth = found["json"]
    tally.expect(len(truth) > 20, "%s has numbers" % name, len(truth))
    for form, numbers in found.items():
        wrong = []
        for key, (value, off) in numbers.items():
            if key in truth and abs(truth[key][0] - value) > off:
                wrong.append("%s of partition %s is %s, not %s" % (key + (value, truth[key][0])))
            # the size of a skew is in no JSON body: every other format is held to CSV's
            elif key not in truth and key in found["csv"] and abs(found["csv"][key][0] - value) > off:
                wrong.append("%s of partition %s is %s, not %s" % (key + (value, found["csv"][key][0])))
            elif key not in truth and key not in found["csv"]:
                wrong.append("%s of partition %s is %s, and nowhere else" % (key + (value,)))
        tally.expect_none(wrong, "%s as %s: every number is JSON's (%d compared)" % (name, form, len(numbers)))
        absent = sorted(str(key) for key in truth if key[0] in SHOWS.get(form, ()) and key not in numbers and
                        not (form == "html" and key[0].endswith("_count") and not truth[key][0]))  # a word there
        tally.expect_none(absent, "%s as %s: no number is missing" % (name, form))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True, type=pathlib.Path)
    options = parser.parse_args()
    programs, tally, n = Programs(options.bin), Tally(), dict.fromkeys(FORMATS, 0)
    with tempfile.TemporaryDirectory() as directory:
        for snapshot in sorted(options.fixtures.glob("*/snapshot.db")):
            found = {form: read(programs, snapshot, pathlib.Path(directory)) for form, read in FORMATS.items()}
            check(tally, snapshot.parent.name, found)
            for form, numbers in found.items():
                n[form] += len(numbers)
    print("%d numbers: %s" % (sum(n.values()), ", ".join("%d in %s" % (n[form], form) for form in FORMATS)))
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
