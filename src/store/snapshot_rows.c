/* A snapshot as rows of the tables of schemas/snapshot_001.sql. */
#include "store/snapshot_rows.h"

#include <string.h>

#include "pgskew/store.h"
#include "store/layout.h"
#include "store/rows.h"

pgs_status pgs_write_meta(pgs_database *d, const char *writer, pgs_err *err) {
    static const char *const COLUMN[] = {"key", "value"};
    const char *const META[][2] = {{"schema_version", PGS_SCHEMA_VERSION},
                                   {"writer", writer},
                                   {"writer_version", PGSKEW_VERSION}};
    pgs_rows r = {0};
    pgs_status st = pgs_rows_begin(d, "", "meta", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(META); i++) {
        pgs_row_text(&r, 0, META[i][0]);
        pgs_row_text(&r, 1, META[i][1]);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

void pgs_put_head(pgs_rows *r, const pgs_snapshot *snap, int64_t id) {
    const pgs_snapshot_head *head = &snap->head;
    pgs_row_int(r, HEAD_ID, id, 0);
    pgs_row_time(r, HEAD_TAKEN_AT, head->taken_us);
    pgs_row_int(r, HEAD_TAKEN_AT_US, head->taken_us, PGS_TIME_NONE);
    pgs_row_text(r, HEAD_SYSTEM_IDENTIFIER, head->system_identifier);
    pgs_row_text(r, HEAD_DATABASE, head->database);
    pgs_row_text(r, HEAD_TABLE_NAME, head->table_name);
    pgs_row_int(r, HEAD_TABLE_RELID, snap->table_relid, 0);
    pgs_row_text(r, HEAD_SOURCE, head->source);
    pgs_row_text(r, HEAD_SERVER_VERSION, snap->server_version);
    pgs_row_int(r, HEAD_IN_RECOVERY, snap->in_recovery, -1);
    pgs_row_time(r, HEAD_STATS_RESET, snap->stats_reset_us);
    pgs_row_int(r, HEAD_PARTITION_COUNT, (int64_t)head->n_parts, -1);
    pgs_row_text(r, HEAD_COUNTS, head->counts == PGS_COUNTS_EXACT ? "exact" : "estimate");
    pgs_row_value(r, HEAD_STRAY_CHUNKS, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNK_COUNT]);
    pgs_row_value(r, HEAD_STRAY_BYTES, PGS_UNIT_BYTES, snap->stray_metric[PGS_SIZE_BYTES]);
    pgs_row_value(r, HEAD_STRAY_HOUR, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNKS_LAST_HOUR]);
    pgs_row_value(r, HEAD_STRAY_DAY, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNKS_LAST_DAY]);
    pgs_row_value(r, HEAD_STRAY_WEEK, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNKS_LAST_WEEK]);
    pgs_row_value(r, HEAD_COLLECT_MS, PGS_UNIT_REAL, snap->collect_ms);
    pgs_row_text(r, HEAD_NOTES, snap->notes);
    pgs_row_value(r, HEAD_VARIANCE, PGS_UNIT_REAL, snap->distribution_variance);
    pgs_row_text(r, HEAD_VARIANCE_STATUS, pgs_skew_status_name(snap->distribution_status));
}

pgs_status pgs_write_head(pgs_database *d, const pgs_snapshot *snap, int64_t id, pgs_err *err) {
    pgs_rows r = {0};
    pgs_status st = pgs_rows_begin(d, "", "snapshot", pgs_head_column, HEAD_COLUMNS, &r, err);
    if (st == PGS_OK) {
        pgs_put_head(&r, snap, id);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

pgs_status pgs_write_parts(pgs_database *d, const pgs_snapshot *snap, int64_t id, pgs_err *err) {
    const char *column[PART_COLUMNS + 1];
    pgs_part_columns(column);
    column[PART_COLUMNS] = "snapshot_id";
    pgs_rows r = {0};
    pgs_status st = pgs_rows_begin(d, "", "partition_stat", column, PGS_COUNT_OF(column), &r, err);
    for (size_t p = 0; st == PGS_OK && p < snap->head.n_parts; p++) {
        const pgs_partition *part = &snap->part[p];
        pgs_row_int(&r, PART_COLUMNS, id, 0);
        pgs_row_int(&r, PART_NUM, part->num, -1);
        pgs_row_text(&r, PART_NAME, part->name);
        pgs_row_int(&r, PART_RELID, part->relid, 0);
        pgs_row_int(&r, PART_RELFILENODE, part->relfilenode, 0);
        pgs_row_text(&r, PART_BOUNDS, part->bounds);
        pgs_row_int(&r, PART_MEASURED, part->measured, -1);
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
            pgs_row_value(&r, PART_FIRST_METRIC + (int)m, pgs_metric_get(m)->unit,
                          snap->metric[m][p]);
        pgs_row_text(&r, PART_HEALTH, pgs_health_status_name(snap->health[p]));
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

pgs_status pgs_write_skew(pgs_database *d, const pgs_snapshot *snap, int64_t id, pgs_err *err) {
    static const char *const COLUMN[] = {"position", "metric",  "value",
                                         "status",   "details", "snapshot_id"};
    pgs_rows r = {0};
    pgs_status st = pgs_rows_begin(d, "", "skew_metric", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (int k = 0; st == PGS_OK && k < PGS_SKEW_KIND_COUNT; k++) {
        const pgs_skew_metric *m = &snap->skew[k];
        if (!m->metric) /* never derived */
            continue;
        pgs_row_int(&r, 0, k, -1);
        pgs_row_text(&r, 1, m->metric);
        pgs_row_value(&r, 2, PGS_UNIT_REAL, m->value);
        pgs_row_text(&r, 3, pgs_skew_status_name(m->status));
        pgs_row_text(&r, 4, m->details);
        pgs_row_int(&r, 5, id, 0);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

pgs_status pgs_write_strays(pgs_database *d, const pgs_snapshot *snap, int64_t id, pgs_err *err) {
    static const char *const COLUMN[] = {"partition_name", "chunk_count", "size_bytes",
                                         "snapshot_id"};
    pgs_rows r = {0};
    pgs_status st = pgs_rows_begin(d, "", "stray", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_strays; i++) {
        pgs_row_text(&r, 0, snap->stray[i].name);
        pgs_row_value(&r, 1, PGS_UNIT_ROWS, snap->stray[i].chunk_count);
        pgs_row_value(&r, 2, PGS_UNIT_BYTES, snap->stray[i].size_bytes);
        pgs_row_int(&r, 3, id, 0);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

pgs_status pgs_write_collections(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                                 pgs_err *err) {
    static const char *const COLUMN[] = {"collection_id", "name"};
    pgs_rows r = {0};
    (void)id; /* a collection is of no moment; its newest name stays */
    pgs_status st =
        pgs_rows_begin(d, "OR REPLACE", "collection", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_collections; i++) {
        pgs_row_text(&r, 0, snap->collection[i].id);
        pgs_row_text(&r, 1, snap->collection[i].name);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

pgs_status pgs_write_collection_stats(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                                      pgs_err *err) {
    const char *column[STAT_COLUMNS + 1];
    memcpy(column, pgs_stat_column, sizeof pgs_stat_column);
    column[STAT_COLUMNS] = "snapshot_id";
    pgs_rows r = {0};
    pgs_status st = pgs_rows_begin(d, "", "collection_stat", column, PGS_COUNT_OF(column), &r, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_collection_stats; i++) {
        const pgs_collection_stat *s = &snap->collection_stat[i];
        pgs_row_int(&r, STAT_COLUMNS, id, 0);
        pgs_row_text(&r, STAT_COLLECTION_ID, snap->collection[s->collection].id);
        pgs_row_int(&r, STAT_PARTITION_NUM, s->partition_num, -1);
        pgs_row_int(&r, STAT_KEY_HASH, s->key_hash, PGS_TIME_NONE);
        pgs_row_value(&r, STAT_CHUNK_COUNT, PGS_UNIT_ROWS, s->chunk_count);
        pgs_row_value(&r, STAT_DOCUMENT_COUNT, PGS_UNIT_ROWS, s->document_count);
        pgs_row_value(&r, STAT_TOKEN_SUM, PGS_UNIT_ROWS, s->token_sum);
        pgs_row_value(&r, STAT_TOKEN_CHUNK_COUNT, PGS_UNIT_ROWS, s->token_chunk_count);
        pgs_row_value(&r, STAT_AVG_TOKENS, PGS_UNIT_REAL, s->avg_tokens);
        pgs_row_value(&r, STAT_SIZE_BYTES, PGS_UNIT_BYTES, s->size_bytes);
        pgs_row_value(&r, STAT_LAST_CREATED_AT, PGS_UNIT_TIME, s->last_created_at);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}
