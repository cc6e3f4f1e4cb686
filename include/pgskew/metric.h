/* The one table of metrics: everything that is known about one partition at one moment.
 *
 * The order of the enum is the order of the columns in the snapshot file. Observed metrics come
 * from the source; derived ones are computed from them once, by whoever writes the snapshot. */
#ifndef PGSKEW_METRIC_H
#define PGSKEW_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pgs_metric {
    PGS_CHUNK_COUNT,
    PGS_DOCUMENT_COUNT,
    PGS_COLLECTION_COUNT,
    PGS_AVG_TOKENS,
    PGS_SIZE_BYTES,
    PGS_TABLE_BYTES,
    PGS_INDEX_BYTES,
    PGS_TOAST_BYTES,
    PGS_ROW_ESTIMATE,
    PGS_CHUNKS_LAST_HOUR,
    PGS_CHUNKS_LAST_DAY,
    PGS_CHUNKS_LAST_WEEK,
    PGS_OLDEST_CREATED_AT,
    PGS_LAST_CREATED_AT,
    PGS_LIVE_TUPLES,
    PGS_DEAD_TUPLES,
    PGS_TUPLES_INSERTED,
    PGS_TUPLES_UPDATED,
    PGS_TUPLES_DELETED,
    PGS_LAST_VACUUM,
    PGS_LAST_AUTOVACUUM,
    PGS_LAST_ANALYZE,
    PGS_CHUNK_PERCENTAGE, /* the first derived metric */
    PGS_SIZE_PERCENTAGE,
    PGS_HOUR_PERCENTAGE,
    PGS_DAY_PERCENTAGE,
    PGS_WEEK_PERCENTAGE,
    PGS_CHUNK_SKEW,
    PGS_SIZE_SKEW,
    PGS_TOTAL_SIZE_MB,
    PGS_AVG_CHUNK_SIZE_KB,
    PGS_METRIC_COUNT
} pgs_metric;

#define PGS_FIRST_DERIVED PGS_CHUNK_PERCENTAGE

#define PGS_METRIC_BIT(metric) (UINT64_C(1) << (metric)) /* in sets of metrics */
#define PGS_METRICS_ALL        (PGS_METRIC_BIT(PGS_METRIC_COUNT) - 1)

typedef enum pgs_unit {
    PGS_UNIT_ROWS,    /* integer, 0 .. 2^53 */
    PGS_UNIT_BYTES,   /* integer, 0 .. 2^53 */
    PGS_UNIT_TIME,    /* integer microseconds since 1970 UTC, 0 .. 2^53 (the year 2255) */
    PGS_UNIT_REAL,    /* 0 .. 2^53 */
    PGS_UNIT_PERCENT, /* 0 .. 100, published with 2 decimals */
    PGS_UNIT_SKEW,    /* 0 .. 2^53, published with 4 decimals */
    PGS_UNIT_COUNT
} pgs_unit;

typedef struct pgs_metric_info {
    const char *key; /* column name in files, key in JSON */
    pgs_unit unit;
    const char *label; /* column heading for people */
} pgs_metric_info;

/* Facts about `metric`, never NULL; asserts that it is in range. */
const pgs_metric_info *pgs_metric_get(pgs_metric metric);

/* Whether values of `unit` are whole numbers. */
bool pgs_unit_is_integer(pgs_unit unit);

#ifdef __cplusplus
}
#endif
#endif
