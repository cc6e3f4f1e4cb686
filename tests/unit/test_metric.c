/* data/metric.c: the one table of metrics. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/metric.h"
#include "support/no_leaks.h"

TestSuite(metric, .fini = pgs_test_no_leaks);

/* The columns of partition_stat as the promise lists them, and the two of partition_stats. */
static const char *const PROMISED[] = {
    "chunk_count",       "document_count",   "collection_count",  "avg_tokens",
    "size_bytes",        "table_bytes",      "index_bytes",       "toast_bytes",
    "row_estimate",      "chunks_last_hour", "chunks_last_day",   "chunks_last_week",
    "oldest_created_at", "last_created_at",  "live_tuples",       "dead_tuples",
    "tuples_inserted",   "tuples_updated",   "tuples_deleted",    "last_vacuum",
    "last_autovacuum",   "last_analyze",     "chunk_percentage",  "size_percentage",
    "hour_percentage",   "day_percentage",   "week_percentage",   "chunk_skew",
    "size_skew",         "total_size_mb",    "avg_chunk_size_kb",
};

Test(metric, keys_are_the_promised_columns_in_order) {
    cr_assert_eq(PGS_COUNT_OF(PROMISED), PGS_METRIC_COUNT);
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        cr_expect_str_eq(pgs_metric_get(m)->key, PROMISED[m]);
        cr_expect(pgs_metric_get(m)->label && *pgs_metric_get(m)->label, "%s", PROMISED[m]);
    }
}

Test(metric, units_follow_from_the_names) {
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        const pgs_metric_info *info = pgs_metric_get(m);
        pgs_unit unit = strstr(info->key, "_bytes")                               ? PGS_UNIT_BYTES
                        : strstr(info->key, "_percentage")                        ? PGS_UNIT_PERCENT
                        : strstr(info->key, "_skew")                              ? PGS_UNIT_SKEW
                        : strstr(info->key, "_at") || strstr(info->key, "vacuum") ? PGS_UNIT_TIME
                        : strcmp(info->key, "last_analyze") == 0                  ? PGS_UNIT_TIME
                        : strstr(info->key, "avg_") || strstr(info->key, "_mb")   ? PGS_UNIT_REAL
                                                                                  : PGS_UNIT_ROWS;
        cr_expect_eq(info->unit, unit, "%s", info->key);
        cr_expect_eq(pgs_unit_is_integer(unit), m < PGS_FIRST_DERIVED && m != PGS_AVG_TOKENS, "%s",
                     info->key);
    }
}
