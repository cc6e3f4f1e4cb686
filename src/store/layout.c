/* Column names of schemas/snapshot_001.sql, in the order of layout.h. */
#include "store/layout.h"

const char *const pgs_head_column[HEAD_COLUMNS] = {
    [HEAD_ID] = "snapshot_id",
    [HEAD_TAKEN_AT] = "taken_at",
    [HEAD_TAKEN_AT_US] = "taken_at_us",
    [HEAD_SYSTEM_IDENTIFIER] = "system_identifier",
    [HEAD_DATABASE] = "database",
    [HEAD_TABLE_NAME] = "table_name",
    [HEAD_TABLE_RELID] = "table_relid",
    [HEAD_SOURCE] = "source",
    [HEAD_SERVER_VERSION] = "server_version",
    [HEAD_IN_RECOVERY] = "in_recovery",
    [HEAD_STATS_RESET] = "stats_reset",
    [HEAD_PARTITION_COUNT] = "partition_count",
    [HEAD_COUNTS] = "counts",
    [HEAD_STRAY_CHUNKS] = "stray_chunks",
    [HEAD_STRAY_BYTES] = "stray_bytes",
    [HEAD_STRAY_HOUR] = "stray_last_hour",
    [HEAD_STRAY_DAY] = "stray_last_day",
    [HEAD_STRAY_WEEK] = "stray_last_week",
    [HEAD_COLLECT_MS] = "collect_ms",
    [HEAD_NOTES] = "notes",
    [HEAD_VARIANCE] = "distribution_variance",
    [HEAD_VARIANCE_STATUS] = "distribution_variance_status",
};

const char *const pgs_stat_column[STAT_COLUMNS] = {
    [STAT_COLLECTION_ID] = "collection_id",
    [STAT_PARTITION_NUM] = "partition_num",
    [STAT_KEY_HASH] = "key_hash",
    [STAT_CHUNK_COUNT] = "chunk_count",
    [STAT_DOCUMENT_COUNT] = "document_count",
    [STAT_TOKEN_SUM] = "token_sum",
    [STAT_TOKEN_CHUNK_COUNT] = "token_chunk_count",
    [STAT_AVG_TOKENS] = "avg_tokens",
    [STAT_SIZE_BYTES] = "size_bytes",
    [STAT_LAST_CREATED_AT] = "last_created_at",
};

void pgs_part_columns(const char *column[PART_COLUMNS]) {
    column[PART_NUM] = "partition_num";
    column[PART_NAME] = "partition_name";
    column[PART_RELID] = "relid";
    column[PART_RELFILENODE] = "relfilenode";
    column[PART_BOUNDS] = "bounds";
    column[PART_MEASURED] = "measured";
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        column[PART_FIRST_METRIC + (int)m] = pgs_metric_get(m)->key;
    column[PART_HEALTH] = "health_status";
}
