"""What the programs must answer, worked out from recorded CSV exports and bodies alone.

Imported by check_cases.py, check_live.py and check_fixtures.py. Nothing in here runs pgskew or
knows how it computes: bodies come from the recorded JSON, after exactly the deviations that the
project states (order of ties, form of times, recommendations, distribution_variance), and from
the exported CSV files by exact fractions. JSON objects are lists of (key, value) pairs
throughout, so that the order of keys is part of every comparison.
"""
import csv
import datetime
import json
import pathlib
import re
from decimal import Decimal
from fractions import Fraction

from numeric import Num

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|\+00(?::?00)?)$")

INTEGERS = {
    "partition_num", "chunk_count", "document_count", "collection_count", "total_chunks",
    "size_bytes", "row_estimate", "chunks_last_hour", "chunks_last_day", "chunks_last_week",
    "chunked_documents",
}
TEXTS = {"health_status", "recommendation", "size_pretty", "metric", "status", "details", "id", "name"}
TIMES = {"created_at", "last_chunk_created", "oldest_created_at", "last_created_at"}

VIEWS = ("partition_chunk_distribution", "partition_size_distribution", "partition_hot_spots",
         "partition_stats", "partition_health_summary", "analyze_partition_skew")


class Pairs(list):
    """A JSON object: [(key, value), ...] in order."""

    def get(self, key):
        return next(value for k, value in self if k == key)

    def keys(self):
        return [k for k, _ in self]


class Float(float):
    """A JSON number that was written with a point or an exponent, and how."""

    def __new__(cls, text):
        self = super().__new__(cls, text)
        self.text = text
        return self


def parse_json(text):
    def refuse(word):
        raise ValueError("not JSON: " + word)

    return json.loads(text, object_pairs_hook=Pairs, parse_float=Float, parse_constant=refuse)


def load_json(path):
    return parse_json(pathlib.Path(path).read_text(encoding="utf-8"))


def load_csv(path):
    """Rows of a `psql --csv` export as dictionaries of text; the empty field is None."""
    with open(path, encoding="utf-8", newline="") as file:
        return [{k: v if v != "" else None for k, v in row.items()} for row in csv.DictReader(file)]


def time_us(text):
    match = TIME.match(text)
    if not match:
        raise ValueError("not a time in UTC: " + text)
    *whole, decimals = match.groups()
    moment = datetime.datetime(*map(int, whole), tzinfo=datetime.timezone.utc)
    return (moment - EPOCH) // datetime.timedelta(microseconds=1) + int((decimals or "").ljust(6, "0"))


def time_text(us):
    """The guide's form: 2025-10-20T10:15:00Z, six decimals only when not whole seconds."""
    moment = EPOCH + datetime.timedelta(microseconds=us)
    decimals = ".%06d" % moment.microsecond if moment.microsecond else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + decimals + "Z"


def cell(column, text, shift_us=0):
    """The typed value of one exported field."""
    if text is None or (column == "row_estimate" and text == "-1"):
        return None
    if column in INTEGERS:
        return int(text)
    if column in TEXTS:
        return text
    if column in TIMES:
        return time_text(time_us(text) + shift_us)
    return float(text)


# ---- differences ----

def digits(text):
    mantissa = re.split("[eE]", text.lstrip("-"))[0].replace(".", "")
    return mantissa.strip("0")


def number_form_fault(number):
    """What is wrong with the way a float was written; None when nothing is."""
    if not isinstance(number, Float):
        return None
    if digits(number.text) != digits(repr(float(number))):
        return "%s is not the shortest text of its double, %r" % (number.text, float(number))
    return None


def kind(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "float"
    if isinstance(value, Pairs):
        return "object"
    return {int: "integer", str: "string", list: "array"}[type(value)]


def differences(want, got, where="$"):
    """One line for each way in which `got` is not `want`: kinds, keys, their order, values."""
    if kind(want) != kind(got):
        return ["%s: expected %s %r, got %s %r" % (where, kind(want), want, kind(got), got)]
    if isinstance(want, Pairs):
        if want.keys() != got.keys():
            return ["%s: expected keys %s, got %s" % (where, want.keys(), got.keys())]
        return [line for (key, a), (_, b) in zip(want, got)
                for line in differences(a, b, where + "." + key)]
    if isinstance(want, list):
        if len(want) != len(got):
            return ["%s: expected %d items, got %d" % (where, len(want), len(got))]
        return [line for i, (a, b) in enumerate(zip(want, got))
                for line in differences(a, b, "%s[%d]" % (where, i))]
    fault = number_form_fault(got)
    if fault:
        return ["%s: %s" % (where, fault)]
    return [] if want == got else ["%s: expected %r, got %r" % (where, want, got)]


# ---- one directory of exports ----

def published(text):
    return Decimal(text) if text is not None else None


class Exports:
    """The CSV files of one moment. `shift_us` moves every time (a live case loaded again)."""

    def __init__(self, directory, shift_us=0):
        self.directory = pathlib.Path(directory)
        self.shift_us = shift_us
        self.rows = {path.stem: load_csv(path) for path in self.directory.glob("*.csv")}
        self.health = {int(row["partition_num"]): row for row in self.rows["partition_health_summary"]}

    def typed(self, view):
        return [Pairs((c, cell(c, text, self.shift_us)) for c, text in row.items())
                for row in self.rows[view]]

    def chunk_skew_order(self, partition):
        return -published(self.health[partition]["chunk_skew"]), partition

    def partitions_in_order(self):
        """(published chunk skew descending, partition ascending)"""
        return sorted(self.health, key=self.chunk_skew_order)

    def recommendations(self):
        found = []
        for partition, row in self.health.items():
            chunk, size = published(row["chunk_skew"]), published(row["size_skew"])
            skew = max(chunk, size)
            if skew < Decimal("0.4"):
                continue
            high = skew >= Decimal("0.5")
            found.append((-skew, partition, Pairs([
                ("partition", partition),
                ("reason", "High chunk skew" if chunk >= size else "High size skew"),
                ("current_skew", float(skew)),
                ("action", "Consider rebalancing affected partitions" if high
                 else "Consider data redistribution"),
                ("priority", "HIGH" if high else "MEDIUM"),
            ])))
        found.sort(key=lambda item: item[:2])
        return Pairs([("count", len(found)), ("recommendations", [body for _, _, body in found])])

    def distribution_variance(self):
        """Population variance of count/expected, exactly, then to 4 digits half away from zero."""
        counts = [int(row["chunk_count"]) for row in self.health.values()]
        total, n = sum(counts), len(counts)
        variance = Fraction(0)
        if total:
            variance = sum((Fraction(c * n, total) - 1) ** 2 for c in counts) / n
        ten_thousandths = (variance * 20000 + 1) // 2
        status, details = "NORMAL", "Distribution variance within expected range"
        if variance >= Fraction(25, 100):
            status, details = "CRITICAL", "Distribution variance exceeds critical threshold"
        elif variance >= Fraction(9, 100):
            status, details = "WARNING", "Distribution variance exceeds warning threshold"
        value = float(Fraction(ten_thousandths, 10000))
        return Pairs([("value", value), ("status", status), ("details", details)])

    # Bodies from the exports alone, for situations that have no recorded bodies.

    def health_body(self, taken_us):
        by_status = {"HEALTHY": [], "WARNING": [], "UNBALANCED": []}
        for partition in self.partitions_in_order():
            by_status[self.health[partition]["health_status"]].append(partition)
        unbalanced, warning = by_status["UNBALANCED"], by_status["WARNING"]
        alerts = []
        if unbalanced:
            alerts.append(Pairs([
                ("level", "ERROR"),
                ("message", "%d partitions are severely unbalanced" % len(unbalanced)),
                ("details", [Pairs([
                    ("partition", p),
                    ("chunk_percentage", float(self.health[p]["chunk_percentage"])),
                    ("size_percentage", float(self.health[p]["size_percentage"])),
                    ("recommendation", self.health[p]["recommendation"]),
                ]) for p in unbalanced]),
                ("action", "Consider rebalancing or adjusting partition strategy"),
            ]))
        if warning:
            alerts.append(Pairs([
                ("level", "WARNING"),
                ("message", "%d partitions showing early signs of imbalance" % len(warning)),
                ("action", "Monitor closely and plan preventive maintenance"),
            ]))
        skew = Pairs((row["metric"], Pairs([("value", float(row["value"])), ("status", row["status"]),
                                            ("details", row["details"])]))
                     for row in self.rows["analyze_partition_skew"])
        skew.append(("distribution_variance", self.distribution_variance()))
        return Pairs([
            ("status", "success"), ("timestamp", time_text(taken_us)), ("alerts", alerts),
            ("metrics", Pairs([
                ("total_partitions", len(self.health)), ("unbalanced_count", len(unbalanced)),
                ("warning_count", len(warning)), ("healthy_count", len(by_status["HEALTHY"])),
                ("skew_metrics", skew)])),
            ("error", None)])

    def health_summary_body(self):
        statuses = [row["health_status"] for row in self.health.values()]
        healthy = statuses.count("HEALTHY")
        return Pairs([
            ("total_partitions", len(statuses)), ("healthy_count", healthy),
            ("warning_count", statuses.count("WARNING")),
            ("unbalanced_count", statuses.count("UNBALANCED")),
            ("health_percentage", healthy / len(statuses) * 100),
            ("partitions", [Pairs([
                ("partition_num", p), ("health_status", self.health[p]["health_status"]),
                ("chunk_percentage", float(self.health[p]["chunk_percentage"])),
                ("chunk_skew", float(self.health[p]["chunk_skew"]))])
                for p in self.partitions_in_order()])])

    def statistics_body(self, stddev):
        """`stddev`: the float of the server's stddev(), which no short recipe of ours replaces."""
        rows = self.rows["partition_stats"]
        counts = [int(row["chunk_count"]) for row in rows]
        megabytes = sum(Decimal(row["total_size_mb"]) for row in rows)
        return Pairs([("partition_num", None), ("statistics", Pairs([
            ("partition_count", len(rows)), ("total_chunks", sum(counts)),
            ("total_size_mb", float(megabytes)),
            ("avg_chunks_per_partition", float(str(Num(sum(counts)) / Num(len(counts))))),
            ("chunk_count_stddev", stddev)]))])

    def partition_statistics_body(self, partition):
        row = next(r for r in self.typed("partition_stats") if r.get("partition_num") == partition)
        return Pairs([("partition_num", partition), ("statistics", row)])


# ---- one recorded case ----

class Case(Exports):
    """A folder of recorded answers: case.json, the exports, expected/*.json."""

    def __init__(self, directory, shift_us=0):
        super().__init__(directory, shift_us)
        self.meta = json.loads((self.directory / "case.json").read_text(encoding="utf-8"))
        self.name = self.meta["name"]
        self.taken_us = time_us(self.meta["taken_at"])

    def recorded(self, body):
        return load_json(self.directory / "expected" / (body + ".json"))

    def single_partitions(self):
        """(number, HTTP status) of every recorded statistics_<n> body."""
        statuses = self.meta.get("http_status", {})
        stems = [path.stem for path in sorted((self.directory / "expected").glob("statistics_*.json"))]
        return [(int(stem.split("_")[1]), statuses.get(stem, 200)) for stem in stems]

    def expected(self, body):
        """The recorded body after the stated deviations."""
        if body == "recommendations":
            return self.recommendations()
        want = self.recorded(body)
        if body == "health":
            self._deviate_health(want)
        elif body == "health-summary":
            want.get("partitions").sort(key=lambda row: self.chunk_skew_order(row.get("partition_num")))
        elif body.startswith("statistics_") and "statistics" in want.keys():
            self._restate_time(want.get("statistics"), "created_at", self.shift_us)
        return want

    def _restate_time(self, pairs, key, shift_us):
        at = pairs.keys().index(key)
        if pairs[at][1] is not None:
            pairs[at] = (key, time_text(time_us(pairs[at][1]) + shift_us))

    def _deviate_health(self, want):
        self._restate_time(want, "timestamp", 0)
        for alert in want.get("alerts"):
            if "details" in alert.keys():
                alert.get("details").sort(key=lambda row: self.chunk_skew_order(row.get("partition")))
        skew = want.get("metrics").get("skew_metrics")
        skew.append(("distribution_variance", self.distribution_variance()))

    def self_check(self):
        """The bodies worked out from the exports must be the recorded ones: checks this file."""
        stddev = float(self.recorded("statistics").get("statistics").get("chunk_count_stddev"))
        lines = []
        for body, derived in (("health", self.health_body(self.taken_us)),
                              ("health-summary", self.health_summary_body()),
                              ("statistics", self.statistics_body(stddev))):
            lines += differences(self.expected(body), derived, "derived " + body)
        for partition, http_status in self.single_partitions():
            if http_status == 200:
                name = "statistics_%d" % partition
                lines += differences(self.expected(name), self.partition_statistics_body(partition),
                                     "derived " + name)
        return lines
