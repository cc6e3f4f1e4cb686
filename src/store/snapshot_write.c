/* Writing a snapshot: the database is built in memory, serialized, and put in its place as one
 * file, so that a snapshot file is complete or absent. */
#include <math.h>
#include <string.h>

#include "embedded_sql.h"
#include "pgskew/store.h"
#include "store/database.h"
#include "store/layout.h"

/* A statement being filled; remembers the first failure. */
typedef struct row {
    pgs_database *d;
    sqlite3_stmt *stmt;
    int rc;
} row;

static void put_text(row *r, int column, const char *text) {
    if (r->rc == SQLITE_OK && text)
        r->rc = sqlite3_bind_text(r->stmt, column + 1, text, -1, SQLITE_TRANSIENT);
}

static void put_int(row *r, int column, int64_t value, int64_t none) {
    if (r->rc == SQLITE_OK && value != none)
        r->rc = sqlite3_bind_int64(r->stmt, column + 1, value);
}

static void put_time(row *r, int column, int64_t us) {
    char text[PGS_TIME_TEXT_MAX];
    if (us != PGS_TIME_NONE)
        put_text(r, column, pgs_time_format(us, text));
}

static void put_value(row *r, int column, pgs_unit unit, double x) {
    if (isnan(x) || r->rc != SQLITE_OK)
        return;
    if (unit == PGS_UNIT_TIME)
        put_time(r, column, (int64_t)x);
    else if (pgs_unit_is_integer(unit))
        r->rc = sqlite3_bind_int64(r->stmt, column + 1, (int64_t)x);
    else
        r->rc = sqlite3_bind_double(r->stmt, column + 1, x);
}

static pgs_status begin_rows(pgs_database *d, const char *table, const char *const *column,
                             size_t n, row *out, pgs_err *err) {
    pgs_buf sql = {0};
    pgs_buf_format(&sql, "INSERT INTO %s (", table);
    for (size_t i = 0; i < n; i++)
        pgs_buf_format(&sql, "%s\"%s\"", i == 0 ? "" : ", ", column[i]);
    for (size_t i = 0; i < n; i++)
        pgs_buf_text(&sql, i == 0 ? ") VALUES (?" : ", ?");
    pgs_buf_text(&sql, ")");
    *out = (row){.d = d, .rc = SQLITE_OK};
    pgs_status st =
        sql.failed ? pgs_no_memory(err) : pgs_database_prepare(d, sql.data, &out->stmt, err);
    pgs_buf_reset(&sql);
    return st;
}

static pgs_status add_row(row *r, pgs_err *err) {
    bool more;
    if (r->rc != SQLITE_OK)
        return pgs_no_memory(err); /* binding fails for no other reason */
    pgs_status st = pgs_database_step(r->d, r->stmt, &more, err);
    sqlite3_reset(r->stmt);
    sqlite3_clear_bindings(r->stmt);
    return st;
}

static pgs_status write_meta(pgs_database *d, pgs_err *err) {
    static const char *const COLUMN[] = {"key", "value"};
    static const char *const META[][2] = {{"schema_version", PGS_SCHEMA_VERSION},
                                          {"writer", "pgskew-collect"},
                                          {"writer_version", PGSKEW_VERSION}};
    row r;
    pgs_status st = begin_rows(d, "meta", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(META); i++) {
        put_text(&r, 0, META[i][0]);
        put_text(&r, 1, META[i][1]);
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static pgs_status write_head(pgs_database *d, const pgs_snapshot *snap, pgs_err *err) {
    row r;
    pgs_status st = begin_rows(d, "snapshot", pgs_head_column, HEAD_COLUMNS, &r, err);
    if (st == PGS_OK) {
        const pgs_snapshot_head *head = &snap->head;
        put_int(&r, HEAD_ID, 1, 0);
        put_time(&r, HEAD_TAKEN_AT, head->taken_us);
        put_int(&r, HEAD_TAKEN_AT_US, head->taken_us, PGS_TIME_NONE);
        put_text(&r, HEAD_SYSTEM_IDENTIFIER, head->system_identifier);
        put_text(&r, HEAD_DATABASE, head->database);
        put_text(&r, HEAD_TABLE_NAME, head->table_name);
        put_int(&r, HEAD_TABLE_RELID, snap->table_relid, 0);
        put_text(&r, HEAD_SOURCE, head->source);
        put_text(&r, HEAD_SERVER_VERSION, snap->server_version);
        put_int(&r, HEAD_IN_RECOVERY, snap->in_recovery, -1);
        put_time(&r, HEAD_STATS_RESET, snap->stats_reset_us);
        put_int(&r, HEAD_PARTITION_COUNT, (int64_t)head->n_parts, -1);
        put_text(&r, HEAD_COUNTS, head->counts == PGS_COUNTS_EXACT ? "exact" : "estimate");
        put_value(&r, HEAD_STRAY_CHUNKS, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNK_COUNT]);
        put_value(&r, HEAD_STRAY_BYTES, PGS_UNIT_BYTES, snap->stray_metric[PGS_SIZE_BYTES]);
        put_value(&r, HEAD_STRAY_HOUR, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNKS_LAST_HOUR]);
        put_value(&r, HEAD_STRAY_DAY, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNKS_LAST_DAY]);
        put_value(&r, HEAD_STRAY_WEEK, PGS_UNIT_ROWS, snap->stray_metric[PGS_CHUNKS_LAST_WEEK]);
        put_value(&r, HEAD_COLLECT_MS, PGS_UNIT_REAL, snap->collect_ms);
        put_text(&r, HEAD_NOTES, snap->notes);
        put_value(&r, HEAD_VARIANCE, PGS_UNIT_REAL, snap->distribution_variance);
        put_text(&r, HEAD_VARIANCE_STATUS, pgs_skew_status_name(snap->distribution_status));
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static pgs_status write_parts(pgs_database *d, const pgs_snapshot *snap, pgs_err *err) {
    const char *column[PART_COLUMNS + 1];
    pgs_part_columns(column);
    column[PART_COLUMNS] = "snapshot_id";
    row r;
    pgs_status st = begin_rows(d, "partition_stat", column, PGS_COUNT_OF(column), &r, err);
    for (size_t p = 0; st == PGS_OK && p < snap->head.n_parts; p++) {
        const pgs_partition *part = &snap->part[p];
        put_int(&r, PART_COLUMNS, 1, 0);
        put_int(&r, PART_NUM, part->num, -1);
        put_text(&r, PART_NAME, part->name);
        put_int(&r, PART_RELID, part->relid, 0);
        put_int(&r, PART_RELFILENODE, part->relfilenode, 0);
        put_text(&r, PART_BOUNDS, part->bounds);
        put_int(&r, PART_MEASURED, part->measured, -1);
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
            put_value(&r, PART_FIRST_METRIC + (int)m, pgs_metric_get(m)->unit, snap->metric[m][p]);
        put_text(&r, PART_HEALTH, pgs_health_status_name(snap->health[p]));
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static pgs_status write_skew(pgs_database *d, const pgs_snapshot *snap, pgs_err *err) {
    static const char *const COLUMN[] = {"position", "metric",  "value",
                                         "status",   "details", "snapshot_id"};
    row r;
    pgs_status st = begin_rows(d, "skew_metric", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (int k = 0; st == PGS_OK && k < PGS_SKEW_KIND_COUNT; k++) {
        const pgs_skew_metric *m = &snap->skew[k];
        if (!m->metric) /* never derived */
            continue;
        put_int(&r, 0, k, -1);
        put_text(&r, 1, m->metric);
        put_value(&r, 2, PGS_UNIT_REAL, m->value);
        put_text(&r, 3, pgs_skew_status_name(m->status));
        put_text(&r, 4, m->details);
        put_int(&r, 5, 1, 0);
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static pgs_status write_strays(pgs_database *d, const pgs_snapshot *snap, pgs_err *err) {
    static const char *const COLUMN[] = {"partition_name", "chunk_count", "size_bytes",
                                         "snapshot_id"};
    row r;
    pgs_status st = begin_rows(d, "stray", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_strays; i++) {
        put_text(&r, 0, snap->stray[i].name);
        put_value(&r, 1, PGS_UNIT_ROWS, snap->stray[i].chunk_count);
        put_value(&r, 2, PGS_UNIT_BYTES, snap->stray[i].size_bytes);
        put_int(&r, 3, 1, 0);
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static pgs_status write_collections(pgs_database *d, const pgs_snapshot *snap, pgs_err *err) {
    static const char *const COLUMN[] = {"collection_id", "name"};
    row r;
    pgs_status st = begin_rows(d, "collection", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_collections; i++) {
        put_text(&r, 0, snap->collection[i].id);
        put_text(&r, 1, snap->collection[i].name);
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static pgs_status write_collection_stats(pgs_database *d, const pgs_snapshot *snap, pgs_err *err) {
    const char *column[STAT_COLUMNS + 1];
    memcpy(column, pgs_stat_column, sizeof pgs_stat_column);
    column[STAT_COLUMNS] = "snapshot_id";
    row r;
    pgs_status st = begin_rows(d, "collection_stat", column, PGS_COUNT_OF(column), &r, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_collection_stats; i++) {
        const pgs_collection_stat *s = &snap->collection_stat[i];
        put_int(&r, STAT_COLUMNS, 1, 0);
        put_text(&r, STAT_COLLECTION_ID, snap->collection[s->collection].id);
        put_int(&r, STAT_PARTITION_NUM, s->partition_num, -1);
        put_int(&r, STAT_KEY_HASH, s->key_hash, PGS_TIME_NONE);
        put_value(&r, STAT_CHUNK_COUNT, PGS_UNIT_ROWS, s->chunk_count);
        put_value(&r, STAT_DOCUMENT_COUNT, PGS_UNIT_ROWS, s->document_count);
        put_value(&r, STAT_TOKEN_SUM, PGS_UNIT_ROWS, s->token_sum);
        put_value(&r, STAT_TOKEN_CHUNK_COUNT, PGS_UNIT_ROWS, s->token_chunk_count);
        put_value(&r, STAT_AVG_TOKENS, PGS_UNIT_REAL, s->avg_tokens);
        put_value(&r, STAT_SIZE_BYTES, PGS_UNIT_BYTES, s->size_bytes);
        put_value(&r, STAT_LAST_CREATED_AT, PGS_UNIT_TIME, s->last_created_at);
        st = add_row(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

pgs_status pgs_snapshot_write(const pgs_snapshot *snap, const char *path, pgs_err *err) {
    static pgs_status (*const PART[])(pgs_database *, const pgs_snapshot *, pgs_err *) = {
        write_head,   write_parts,       write_skew,
        write_strays, write_collections, write_collection_stats};
    pgs_database d;
    pgs_status st =
        pgs_database_new(&d, path, PGS_SNAPSHOT_APPLICATION_ID, pgs_sql_snapshot_001, err);
    if (st != PGS_OK)
        return st;
    st = write_meta(&d, err);
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(PART); i++)
        st = PART[i](&d, snap, err);
    if (st == PGS_OK)
        st = pgs_database_save(&d, err);
    pgs_database_close(&d);
    return st;
}

/* Bytes that a file name keeps; everything else becomes %XX. */
static void put_name(pgs_buf *out, const char *text, const char *keep) {
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr(keep, *s);
        pgs_buf_format(out, plain ? "%c" : "%%%02X", *s);
    }
}

pgs_status pgs_snapshot_file_name(const pgs_snapshot_head *head, char **out, pgs_err *err) {
    char time[PGS_TIME_TEXT_MAX];
    pgs_buf name = {0};
    put_name(&name, head->database ? head->database : head->source, "_-");
    pgs_buf_text(&name, ".");
    put_name(&name, head->table_name, "_-.");
    pgs_buf_format(&name, "-%s.db", pgs_time_compact(head->taken_us, time));
    if (name.failed) {
        pgs_buf_reset(&name);
        return pgs_no_memory(err);
    }
    *out = name.data;
    return PGS_OK;
}
