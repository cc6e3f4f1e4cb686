#!/usr/bin/env python3
"""Do the schemas take what the monitoring guide shows, and nothing that is obviously wrong?

test_schemas.py SCHEMAS-DIRECTORY. The good documents are the guide's own examples, completed by
hand. Each mutation changes one thing in a good document and must be refused.
"""
import copy
import json
import os
import sys

import validate

METRIC = {"value": 0.35, "status": "WARNING", "details": "Chunk distribution exceeds warning threshold"}
NORMAL = {"value": 0.0, "status": "NORMAL", "details": "No abnormal recent write activity detected"}
STATISTICS = {"partition_count": 100, "total_chunks": 1500000, "total_size_mb": 2048.5,
              "avg_chunks_per_partition": 15000.0, "chunk_count_stddev": 150.5}
ADVICE = {"partition": 15, "reason": "High chunk skew", "current_skew": 0.45,
          "action": "Consider data redistribution", "priority": "MEDIUM"}
DISTRIBUTION = {"partition_num": 0, "chunk_count": 373, "document_count": 20, "collection_count": 2,
                "avg_tokens": 271.4343163538874, "chunk_percentage": 0.19,
                "oldest_chunk_at": "2025-10-19T10:15:00Z",
                "newest_chunk_at": "2025-10-20T10:14:59.750000Z",
                "oldest_age_seconds": 86400.0, "newest_age_seconds": 0.25,
                "signed_skew": -0.8135, "above_noise_floor": 1}
MEASURES = {"variance": 0.6666666666666666, "cv": 0.408248290463863, "gini": 0.2222222222222222,
            "normalized_entropy": 0.9206198357143052, "hhi": 0.3888888888888889,
            "effective_partitions": 2.571428571428571, "jain": 0.8571428571428571,
            "max_over_mean": 1.5, "dispersion_index": 0.5, "equal_keys": 12.0,
            "signed_skew_max": 0.5, "signed_skew_min": -0.5}
NOISE = {"alpha": 0.01, "design": "spread", "design_effect": 4.9, "chunk_floor": 0.37,
         "size_floor": None, "suppressed": 1, "above": [7, 33]}
SIZE = {"partition_num": 0, "size_bytes": 163840, "size_pretty": "160 kB", "size_percentage": 0.26,
        "row_estimate": None, "partition_name": "chunks_part_00", "table_bytes": 98304,
        "index_bytes": 65536, "toast_bytes": 0}
HOT = {"partition_num": 0, "chunks_last_hour": 0, "chunks_last_day": 18, "chunks_last_week": 94,
       "hour_percentage": 0.0, "day_percentage": 0.16, "week_percentage": 0.17}
COLLECTION = {"id": "e-1", "name": "two\nlines", "chunked_documents": 2129, "total_chunks": 42563,
              "avg_tokens_per_chunk": 270.58, "last_chunk_created": None, "partitions": 1}
HEALTH = {
    "status": "success", "timestamp": "2025-10-20T10:15:00Z",
    "alerts": [
        {"level": "ERROR", "message": "1 partitions are severely unbalanced",
         "details": [{"partition": 0, "chunk_percentage": 50.0, "size_percentage": None,
                      "recommendation": "Consider rebalancing affected partitions"}],
         "action": "Consider rebalancing or adjusting partition strategy"},
        {"level": "WARNING", "message": "2 partitions showing early signs of imbalance",
         "action": "Monitor closely and plan preventive maintenance"}],
    "metrics": {"total_partitions": 100, "unbalanced_count": 1, "warning_count": 2,
                "healthy_count": 97,
                "skew_metrics": {"chunk_distribution": METRIC, "size_distribution": METRIC,
                                 "partition_health": METRIC, "hot_partitions": NORMAL,
                                 "distribution_variance": NORMAL}},
    "error": None}
FULL = copy.deepcopy(HEALTH)
FULL["metrics"].update(statistics=STATISTICS, recommendations=[ADVICE], distribution=[DISTRIBUTION],
                       sizes=[SIZE], hot_spots=[HOT], collections=[COLLECTION],
                       distribution_measures={"chunks": MEASURES,
                                              "sizes": dict(MEASURES, dispersion_index=None)},
                       noise_floor=NOISE)
GAUGE = {"metric": "skew", "value": 0.35, "unit": None, "warning": "@0.3:", "critical": "@0.5:", "verdict": "WARNING"}
CHECKED = copy.deepcopy(HEALTH)
CHECKED["metrics"]["check"] = {
    "verdict": "WARNING", "exit_code": 1, "table": "public.chunks", "baseline_taken_at": None, "within_chance": 0,
    "improved": 0, "days_note": None, "gauges": [GAUGE] * 11,
    "findings": [{"rule": "skew", "verdict": "WARNING", "partition_num": 7, "name": None, "value": 0.35, "before": None,
                  "baseline_state": None, "message": "chunk skew is 0.35"}]}
BASELINE = {"format": "pgskew baseline", "version": 1, "table": "public.chunks", "taken_at": "2025-10-20T10:15:00Z",
            "strays": ["chunks_default"],
            "partitions": [{"partition": "chunks_part_00", "partition_num": 0, "measured": 1, "chunk_count": 100,
                            "size_bytes": 8192, "chunks_last_hour": None, "hour_percentage": None,
                            "health_status": "HEALTHY"}]}
QUIET = {"count": 1, "recommendations": [ADVICE], "noise_floor": NOISE}
FAILED = {"status": "failed", "timestamp": None, "alerts": [], "metrics": {},
          "error": "cannot open \"x.db\": no such file"}
ONE = {"partition_num": 42,
       "statistics": {"partition_num": 42, "chunk_count": 15200, "total_size_mb": 20.5,
                      "avg_chunk_size_kb": 1.38, "created_at": "2025-10-19T14:30:00Z"}}
SUMMARY = {"total_partitions": 100, "healthy_count": 95, "warning_count": 4, "unbalanced_count": 1,
           "health_percentage": 95.0,
           "partitions": [{"partition_num": 0, "health_status": "HEALTHY", "chunk_percentage": 1.02,
                           "chunk_skew": 0.02}]}
SKEW = [dict(NORMAL, metric=name) for name in HEALTH["metrics"]["skew_metrics"]]
LIST = [{"path": "a.db", "table_name": "public.chunks", "database": None, "system_identifier": None,
         "source": "import", "taken_at": "2025-10-20T10:15:00Z", "partition_count": 100,
         "counts": "exact"}]
AT = {"taken_at": "2025-10-20T10:15:00Z", "source": "import", "counts": "exact", "partition_count": 1}
CHANGE = {"before": 100, "after": 150, "change": 50, "relative": 0.5, "per_day": 25.0}
NO_CHANGE = dict.fromkeys(CHANGE)
FINDING = {"news": "new", "kind": "partition_status", "partition_num": 7, "name": None, "severity_before": "NONE",
           "severity_after": "CRITICAL", "value_before": 0.1, "value_after": 0.6,
           "text": "Consider rebalancing affected partitions"}
DIFF = {"table_name": "public.chunks", "database": None, "system_identifier": None, "before": AT, "after": AT,
        "days": 2.0, "verdict": "CRITICAL",
        "totals": {name: CHANGE for name in ("chunk_count", "size_bytes", "partition_count", "healthy_count",
                                             "warning_count", "unbalanced_count", "unmeasured_count")},
        "skew_metrics": {name: dict(NO_CHANGE, status_before="NORMAL", status_after=None)
                         for name in HEALTH["metrics"]["skew_metrics"]},
        "findings": {"new": [FINDING], "resolved": [],
                     "persisting": [dict(FINDING, news="persisting", severity_after=None, value_after=None)]},
        "partitions": [{"partition_num": 7, "partition_name": "b", "name_before": "a", "fate": "renamed", "rewritten": 0,
                        "status_before": "HEALTHY", "status_after": None,
                        **{"%s_%s" % (metric, name): value for metric in ("chunk_count", "size_bytes")
                           for name, value in CHANGE.items()},
                        **{"%s_%s" % (metric, name): None for metric in ("chunk_skew", "size_skew") for name in CHANGE}}]}

CROSSING = {"p10": 3.5, "median": 12.25, "p90": None}
POINT = {"horizon": "30d", "at": "2025-11-19T10:15:00Z", "chunk_count": 15200.5, "low80": 15100, "high80": 15300, "low95": 15000,
         "high95": 15400, "size_bytes": 15728640, "signed_skew": -0.25, "p_warning": 0.4, "p_rebalance": 0.1,
         "p_unbalanced": 0.0}
SCORE = {"horizon": "30d", "method": "persistence", "origins": 22, "forecasts": 2200, "status_changes": 7, "onsets": 3,
         "pooled_mase": 31.1, "load_error": 0.007, "brier": 0.003, "auc": 0.5, "coverage80": None, "coverage95": None,
         "true_onsets": 0, "false_onsets": 0, "missed_onsets": 3, "onset_precision": None, "onset_recall": 0.0}
TOTAL = {"horizon": "30d", "at": "2025-11-19T10:15:00Z", "chunk_count": 1520000.5, "low80": 1510000, "high80": 1530000,
         "size_bytes": None, "size_low80": None, "size_high80": None, "expected_warning": 4.5, "expected_rebalance": 2.0,
         "expected_unbalanced": 0.25}
CLEANING = {"kind": "truncated", "metric": "chunk_count", "partition_num": 7, "partition_name": None,
            "from": "2025-10-01T10:15:00Z", "at": "2025-10-02T10:15:00Z", "before": 15200, "after": 100,
            "action": "its growth counts from here on"}
FORECAST = dict(HEALTH, alerts=[{"level": "WARNING", "message": "1 partition is predicted to become UNBALANCED within 30 days",
                                 "details": [{"partition_num": 7, "signed_skew": 0.4, "days": CROSSING}],
                                 "action": "Plan rebalancing"}],
                metrics=dict(HEALTH["metrics"], forecast={
                    "history_days": 90, "totals": [TOTAL], "limit": {"size_bytes": 1073741824, "total": CROSSING},
                    "partitions": [{"partition_num": 7, "status": "WARNING", "chunk_count": 15200, "signed_skew": -0.3, "note": None,
                                    "forecast": [POINT], "limit": CROSSING,
                                    "crossing": dict.fromkeys(("warning", "rebalance", "unbalanced"), CROSSING)}],
                    "backtest": {"origins": 26, "scores": [SCORE]}, "cleaning": [CLEANING]}))
BACKTEST = {"table_name": "public.chunks", "origins": 26, "scores": [SCORE], "cleaning": []}

GOOD = [
    ("monitoring_result", HEALTH), ("monitoring_result", FULL), ("monitoring_result", FAILED),
    ("statistics", {"partition_num": None, "statistics": STATISTICS}), ("statistics", ONE),
    ("recommendations", {"count": 1, "recommendations": [ADVICE]}),
    ("recommendations", {"count": 0, "recommendations": []}),
    ("health_summary", SUMMARY), ("detail", {"detail": "Partition 7 not found"}),
    ("distribution", [DISTRIBUTION]), ("sizes", [SIZE]), ("hot_spots", [HOT]), ("skew", SKEW),
    ("collections", [COLLECTION]), ("collections", []), ("list", LIST), ("recommendations", QUIET),
    ("diff", DIFF), ("monitoring_result", CHECKED), ("baseline", BASELINE),
    ("forecast", FORECAST), ("monitoring_result", FORECAST), ("backtest", BACKTEST),
]

GONE = object()

# (schema, good document, path into it, what to put there)
MUTATIONS = [
    ("monitoring_result", HEALTH, "status", "ok"),
    ("monitoring_result", HEALTH, "status", "failed"),
    ("monitoring_result", HEALTH, "error", "but it worked"),
    ("monitoring_result", HEALTH, "timestamp", "2025-10-20 10:15:00+00"),
    ("monitoring_result", HEALTH, "timestamp", "2025-10-20T10:15:00.25Z"),
    ("monitoring_result", HEALTH, "metrics/healthy_count", -1),
    ("monitoring_result", HEALTH, "metrics/healthy_count", 96.5),
    ("monitoring_result", HEALTH, "metrics/total_partitions", "100"),
    ("monitoring_result", HEALTH, "metrics/unmeasured_count", 0),
    ("monitoring_result", HEALTH, "metrics/skew_metrics/distribution_variance", GONE),
    ("monitoring_result", HEALTH, "metrics/skew_metrics/hot_partitions/status", "HEALTHY"),
    ("monitoring_result", HEALTH, "metrics/skew_metrics/hot_partitions/value", -0.1),
    ("monitoring_result", HEALTH, "alerts/0/level", "CRITICAL"),
    ("monitoring_result", HEALTH, "alerts/0/action", GONE),
    ("monitoring_result", HEALTH, "alerts/0/details/0/partition", -1),
    ("monitoring_result", HEALTH, "alerts/0/details/0/chunk_percentage", 100.01),
    ("monitoring_result", HEALTH, "alerts/0/details/0/recommendation", GONE),
    ("monitoring_result", HEALTH, "alerts/0/details", []),
    ("monitoring_result", HEALTH, "surprise", 1),
    ("monitoring_result", FULL, "metrics/sizes/0/size_bytes", -1),
    ("monitoring_result", FULL, "metrics/statistics/total_chunks", "1500000"),
    ("monitoring_result", FULL, "metrics/hot_spots", None),
    ("monitoring_result", FULL, "metrics/distribution_measures/chunks/gini", 1.5),
    ("monitoring_result", FULL, "metrics/distribution_measures/sizes", GONE),
    ("monitoring_result", FULL, "metrics/noise_floor/above/0", -7),
    ("monitoring_result", FULL, "metrics/noise_floor/design_effect", 0.5),
    ("monitoring_result", FULL, "metrics/distribution/0/above_noise_floor", "yes"),
    ("recommendations", QUIET, "noise_floor/suppressed", GONE),
    ("recommendations", QUIET, "noise_floor/chunk_floor", 0),
    ("monitoring_result", FAILED, "error", None),
    ("monitoring_result", FAILED, "metrics/total_partitions", 100),
    ("statistics", ONE, "partition_num", None),
    ("statistics", ONE, "statistics/created_at", ""),
    ("statistics", ONE, "statistics", STATISTICS),
    ("recommendations", GOOD[5][1], "recommendations/0/priority", "LOW"),
    ("recommendations", GOOD[5][1], "recommendations/0/current_skew", 0.39),
    ("recommendations", GOOD[5][1], "count", GONE),
    ("health_summary", SUMMARY, "partitions/0/health_status", "UNMEASURED"),
    ("health_summary", SUMMARY, "health_percentage", 101),
    ("detail", GOOD[8][1], "detail", None),
    ("distribution", [DISTRIBUTION], "0/chunk_count", 1.5),
    ("distribution", [DISTRIBUTION], "0/avg_tokens", GONE),
    ("distribution", [DISTRIBUTION], "0/oldest_chunk_at", "yesterday"),
    ("sizes", [SIZE], "0/row_estimate", -1),
    ("sizes", [SIZE], "0/size_pretty", "160kB"),
    ("hot_spots", [HOT], "0/hour_percentage", GONE),
    ("skew", SKEW, "0/metric", "skewness"),
    ("skew", SKEW, "0", GONE),
    ("collections", [COLLECTION], "0/partitions", 0),
    ("collections", [COLLECTION], "0/id", 1),
    ("list", LIST, "0/counts", "guess"),
    ("forecast", FORECAST, "metrics/forecast/partitions/0/forecast/0/p_warning", 1.5),
    ("forecast", FORECAST, "metrics/forecast/partitions/0/forecast/0/low80", 15100.5),
    ("forecast", FORECAST, "metrics/forecast/partitions/0/forecast/0/horizon", "soon"),
    ("forecast", FORECAST, "metrics/forecast/partitions/0/crossing/unbalanced", GONE),
    ("forecast", FORECAST, "metrics/forecast/partitions/0/status", "FINE"),
    ("forecast", FORECAST, "metrics/forecast/backtest", GONE),
    ("forecast", FORECAST, "metrics/forecast/cleaning", GONE),
    ("forecast", FORECAST, "metrics/forecast/cleaning/0/kind", "lost"),
    ("forecast", FORECAST, "metrics/forecast/cleaning/0/action", GONE),
    ("monitoring_result", FORECAST, "alerts/0/details/0/days", None),
    ("backtest", BACKTEST, "scores/0/method", "guess"),
    ("backtest", BACKTEST, "cleaning", GONE),
    ("diff", DIFF, "verdict", None),
    ("diff", DIFF, "days", -1),
    ("diff", DIFF, "totals/size_bytes", GONE),
    ("diff", DIFF, "totals/chunk_count/change", 0.5),
    ("diff", DIFF, "totals/chunk_count/relative", -1.5),
    ("diff", DIFF, "skew_metrics/hot_partitions/status_after", "HEALTHY"),
    ("diff", DIFF, "findings/new/0/kind", "rumour"),
    ("diff", DIFF, "findings/new/0/text", None),
    ("diff", DIFF, "partitions/0/fate", "lost"),
    ("diff", DIFF, "partitions/0/chunk_count_change", 0.5),
    ("diff", DIFF, "partitions/0/size_skew_per_day", GONE),
    ("list", LIST, "0/taken_at", None),
    ("monitoring_result", CHECKED, "metrics/check/verdict", "BAD"),
    ("monitoring_result", CHECKED, "metrics/check/gauges/0/warning", "0.3 and more"),
    ("monitoring_result", CHECKED, "metrics/check/gauges/0/verdict", "UNKNOWN"),
    ("monitoring_result", CHECKED, "metrics/check/findings/0/rule", "skewness"),
    ("monitoring_result", CHECKED, "metrics/check/findings/0/message", GONE),
    ("baseline", BASELINE, "version", 2),
    ("baseline", BASELINE, "partitions/0/chunk_count", 1.5),
    ("baseline", BASELINE, "partitions/0/measured", None),
    ("baseline", BASELINE, "strays", None),
]


def mutate(document, path, value):
    document = copy.deepcopy(document)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = document
    for step in way:
        place = place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def check_shared(schemas):
    """A definition means the same in every schema that has it."""
    first = {}
    for name, validator in sorted(schemas.items()):
        for key, body in validator.schema.get("definitions", {}).items():
            seen_in, seen = first.setdefault(key, (name, body))
            if seen != body:
                yield "definition %s differs between %s and %s" % (key, seen_in, name)


def main(directory):
    suffix = ".schema.json"
    schemas = {file[:-len(suffix)]: validate.load_schema(os.path.join(directory, file))
               for file in os.listdir(directory) if file.endswith(suffix)}
    faults = list(check_shared(schemas))
    faults += ["%s: no example" % name for name in schemas if name not in dict(GOOD)]
    for name, document in GOOD:
        why = validate.complaint(schemas[name], json.dumps(document).encode())
        if why:
            faults.append("%s: refuses a good document %s" % (name, why))
    for name, document, path, value in MUTATIONS:
        bad = json.dumps(mutate(document, path, value)).encode()
        if validate.complaint(schemas[name], bad) is None:
            faults.append("%s: takes %s at %s" % (name, "nothing" if value is GONE else value, path))
    for text in (b'{"detail": "a", "detail": "b"}', b'{"detail": NaN}', b'{"detail": "\xff"}', b""):
        if validate.complaint(schemas["detail"], text) is None:
            faults.append("validate.py takes %r" % text)
    print("\n".join(faults) or "%d schemas, %d good documents, %d mutations refused"
          % (len(schemas), len(GOOD), len(MUTATIONS)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
