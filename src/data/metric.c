/* The one table of metrics. */
#include "pgskew/metric.h"

#include <assert.h>

static const pgs_metric_info METRIC[PGS_METRIC_COUNT] = {
    /* clang-format off */
    [PGS_CHUNK_COUNT]       = {"chunk_count",       PGS_UNIT_ROWS,    "chunks"},
    [PGS_DOCUMENT_COUNT]    = {"document_count",    PGS_UNIT_ROWS,    "documents"},
    [PGS_COLLECTION_COUNT]  = {"collection_count",  PGS_UNIT_ROWS,    "collections"},
    [PGS_AVG_TOKENS]        = {"avg_tokens",        PGS_UNIT_REAL,    "avg tokens"},
    [PGS_SIZE_BYTES]        = {"size_bytes",        PGS_UNIT_BYTES,   "size"},
    [PGS_TABLE_BYTES]       = {"table_bytes",       PGS_UNIT_BYTES,   "table"},
    [PGS_INDEX_BYTES]       = {"index_bytes",       PGS_UNIT_BYTES,   "indexes"},
    [PGS_TOAST_BYTES]       = {"toast_bytes",       PGS_UNIT_BYTES,   "toast"},
    [PGS_ROW_ESTIMATE]      = {"row_estimate",      PGS_UNIT_ROWS,    "estimated rows"},
    [PGS_CHUNKS_LAST_HOUR]  = {"chunks_last_hour",  PGS_UNIT_ROWS,    "last hour"},
    [PGS_CHUNKS_LAST_DAY]   = {"chunks_last_day",   PGS_UNIT_ROWS,    "last day"},
    [PGS_CHUNKS_LAST_WEEK]  = {"chunks_last_week",  PGS_UNIT_ROWS,    "last week"},
    [PGS_OLDEST_CREATED_AT] = {"oldest_created_at", PGS_UNIT_TIME,    "oldest chunk"},
    [PGS_LAST_CREATED_AT]   = {"last_created_at",   PGS_UNIT_TIME,    "newest chunk"},
    [PGS_LIVE_TUPLES]       = {"live_tuples",       PGS_UNIT_ROWS,    "live tuples"},
    [PGS_DEAD_TUPLES]       = {"dead_tuples",       PGS_UNIT_ROWS,    "dead tuples"},
    [PGS_TUPLES_INSERTED]   = {"tuples_inserted",   PGS_UNIT_ROWS,    "inserted"},
    [PGS_TUPLES_UPDATED]    = {"tuples_updated",    PGS_UNIT_ROWS,    "updated"},
    [PGS_TUPLES_DELETED]    = {"tuples_deleted",    PGS_UNIT_ROWS,    "deleted"},
    [PGS_LAST_VACUUM]       = {"last_vacuum",       PGS_UNIT_TIME,    "last vacuum"},
    [PGS_LAST_AUTOVACUUM]   = {"last_autovacuum",   PGS_UNIT_TIME,    "last autovacuum"},
    [PGS_LAST_ANALYZE]      = {"last_analyze",      PGS_UNIT_TIME,    "last analyze"},
    [PGS_CHUNK_PERCENTAGE]  = {"chunk_percentage",  PGS_UNIT_PERCENT, "chunk %"},
    [PGS_SIZE_PERCENTAGE]   = {"size_percentage",   PGS_UNIT_PERCENT, "size %"},
    [PGS_HOUR_PERCENTAGE]   = {"hour_percentage",   PGS_UNIT_PERCENT, "hour %"},
    [PGS_DAY_PERCENTAGE]    = {"day_percentage",    PGS_UNIT_PERCENT, "day %"},
    [PGS_WEEK_PERCENTAGE]   = {"week_percentage",   PGS_UNIT_PERCENT, "week %"},
    [PGS_CHUNK_SKEW]        = {"chunk_skew",        PGS_UNIT_SKEW,    "chunk skew"},
    [PGS_SIZE_SKEW]         = {"size_skew",         PGS_UNIT_SKEW,    "size skew"},
    [PGS_TOTAL_SIZE_MB]     = {"total_size_mb",     PGS_UNIT_REAL,    "size MB"},
    [PGS_AVG_CHUNK_SIZE_KB] = {"avg_chunk_size_kb", PGS_UNIT_REAL,    "kB per chunk"},
    /* clang-format on */
};

const pgs_metric_info *pgs_metric_get(pgs_metric metric) {
    assert((unsigned)metric < PGS_METRIC_COUNT);
    return &METRIC[metric];
}

bool pgs_unit_is_integer(pgs_unit unit) {
    return unit == PGS_UNIT_ROWS || unit == PGS_UNIT_BYTES || unit == PGS_UNIT_TIME;
}
