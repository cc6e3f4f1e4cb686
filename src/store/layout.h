/* The columns of a snapshot file as reader and writer both go through them. Internal to store/. */
#ifndef PGSKEW_STORE_LAYOUT_H
#define PGSKEW_STORE_LAYOUT_H

#include "pgskew/metric.h"

/* partition_stat: these, then every metric by its key. */
enum {
    PART_NUM,
    PART_NAME,
    PART_RELID,
    PART_RELFILENODE,
    PART_BOUNDS,
    PART_MEASURED,
    PART_HEALTH,
    PART_FIRST_METRIC,
    PART_COLUMNS = PART_FIRST_METRIC + PGS_METRIC_COUNT
};

/* snapshot */
enum {
    HEAD_ID,
    HEAD_TAKEN_AT,
    HEAD_TAKEN_AT_US,
    HEAD_SYSTEM_IDENTIFIER,
    HEAD_DATABASE,
    HEAD_TABLE_NAME,
    HEAD_TABLE_RELID,
    HEAD_SOURCE,
    HEAD_SERVER_VERSION,
    HEAD_IN_RECOVERY,
    HEAD_STATS_RESET,
    HEAD_PARTITION_COUNT,
    HEAD_COUNTS,
    HEAD_STRAY_CHUNKS,
    HEAD_STRAY_BYTES,
    HEAD_STRAY_HOUR,
    HEAD_STRAY_DAY,
    HEAD_STRAY_WEEK,
    HEAD_COLLECT_MS,
    HEAD_NOTES,
    HEAD_VARIANCE,
    HEAD_VARIANCE_STATUS,
    HEAD_COLUMNS
};

/* collection_stat */
enum {
    STAT_COLLECTION_ID,
    STAT_PARTITION_NUM,
    STAT_KEY_HASH,
    STAT_CHUNK_COUNT,
    STAT_DOCUMENT_COUNT,
    STAT_TOKEN_SUM,
    STAT_TOKEN_CHUNK_COUNT,
    STAT_AVG_TOKENS,
    STAT_SIZE_BYTES,
    STAT_LAST_CREATED_AT,
    STAT_COLUMNS
};

extern const char *const pgs_head_column[HEAD_COLUMNS];
extern const char *const pgs_stat_column[STAT_COLUMNS];

/* Fill the column names of partition_stat, in order. */
void pgs_part_columns(const char *column[PART_COLUMNS]);

#endif
