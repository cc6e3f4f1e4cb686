/* Reading a snapshot that may come from anyone. Only our tables are read, by name; every cell's
 * type is checked here and every value by pgs_snapshot_check(). A column that is missing is
 * NULL: that is how a file of an older minor version looks. */
#include "store/snapshot_read.h"

#include <math.h>
#include <string.h>

#include "store/cells.h"
#include "store/layout.h"

static pgs_status keep_text(const pgs_cells *c, int i, pgs_snapshot *out, char **field,
                            pgs_err *err) {
    const char *text = NULL;
    pgs_status st = pgs_cell_text(c, i, &text, err);
    return st == PGS_OK ? pgs_snapshot_text(out, field, text, err) : st;
}

static const char *health_name(int k) {
    return pgs_health_status_name((pgs_health_status)k);
}

static const char *skew_name(int k) {
    return pgs_skew_status_name((pgs_skew_status)k);
}

static const char *counts_name(int k) {
    return k == PGS_COUNTS_EXACT ? "exact" : "estimate";
}

/* ---- version ---- */

static pgs_status judge_version(pgs_database *d, const char *version, pgs_snapshot *out,
                                pgs_err *err) {
    int major = -1, minor = -1, end = 0;
    if (version)
        sscanf(version, "%9d.%9d%n", &major, &minor, &end);
    if (!version || end == 0 || version[end] != '\0' || major < 1 || minor < 0) {
        pgs_status st =
            pgs_fail(err, PGS_E_DATA, "\"%s\" does not say which schema version it has", d->path);
        pgs_hint(err, "take the snapshot again with this version of pgskew-collect");
        return st;
    }
    if (major > 1) {
        pgs_status st =
            pgs_fail(err, PGS_E_DATA, "\"%s\" has schema version %d.%d, newer than the %s we read",
                     d->path, major, minor, PGS_SCHEMA_VERSION);
        pgs_hint(err, "read it with a newer pgskew");
        return st;
    }
    if (minor == 0)
        return PGS_OK;
    char text[600];
    snprintf(text, sizeof text,
             "\"%.400s\" has schema version %d.%d, newer than %s: what is new in it is left out",
             d->path, major, minor, PGS_SCHEMA_VERSION);
    return pgs_snapshot_text(out, &out->warning, text, err);
}

static pgs_status read_version(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    static const char *const COLUMN[] = {"value"};
    pgs_cells c = {.d = d, .what = "meta", .column = COLUMN};
    pgs_status st =
        pgs_database_select(d, "meta", COLUMN, 1, "WHERE key = 'schema_version'", &c.stmt, err);
    bool row = false;
    const char *version = NULL;
    if (st == PGS_OK && c.stmt)
        st = pgs_database_step(d, c.stmt, &row, err);
    if (st == PGS_OK && row)
        st = pgs_cell_text(&c, 0, &version, err);
    if (st == PGS_OK)
        st = judge_version(d, version, out, err);
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- the row that says what it is ---- */

static pgs_status head_texts(const pgs_cells *c, pgs_snapshot *out, pgs_err *err) {
    const struct {
        int column;
        char **field;
    } TEXT[] = {{HEAD_SYSTEM_IDENTIFIER, &out->head.system_identifier},
                {HEAD_DATABASE, &out->head.database},
                {HEAD_TABLE_NAME, &out->head.table_name},
                {HEAD_SOURCE, &out->head.source},
                {HEAD_SERVER_VERSION, &out->server_version},
                {HEAD_NOTES, &out->notes}};
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(TEXT); i++)
        st = keep_text(c, TEXT[i].column, out, TEXT[i].field, err);
    return st;
}

static pgs_status head_moment(const pgs_cells *c, pgs_snapshot *out, pgs_err *err) {
    int64_t as_text = PGS_TIME_NONE;
    pgs_status st = pgs_cell_time(c, HEAD_TAKEN_AT, &as_text, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, HEAD_TAKEN_AT_US, as_text, &out->head.taken_us, err);
    if (st == PGS_OK && as_text != out->head.taken_us)
        return pgs_database_damaged(c->d, err, "taken_at and taken_at_us are different moments");
    return st == PGS_OK ? pgs_cell_time(c, HEAD_STATS_RESET, &out->stats_reset_us, err) : st;
}

static pgs_status head_numbers(const pgs_cells *c, pgs_snapshot *out, pgs_err *err) {
    int64_t n_parts = -1, in_recovery = -1;
    int counts = PGS_COUNTS_COUNT, status = PGS_SKEW_UNKNOWN;
    pgs_status st = pgs_cell_int(c, HEAD_PARTITION_COUNT, -1, &n_parts, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, HEAD_IN_RECOVERY, -1, &in_recovery, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, HEAD_TABLE_RELID, 0, &out->table_relid, err);
    if (st == PGS_OK)
        st = pgs_cell_choice(c, HEAD_COUNTS, counts_name, PGS_COUNTS_COUNT, &counts, err);
    if (st == PGS_OK)
        st = pgs_cell_choice(c, HEAD_VARIANCE_STATUS, skew_name, PGS_SKEW_UNKNOWN, &status, err);
    if (st != PGS_OK)
        return st;
    /* a row takes more than 8 bytes: a promise that the file cannot hold gets no memory */
    if (n_parts < 0 || n_parts > (int64_t)PGS_MAX_PARTITIONS || counts == PGS_COUNTS_COUNT ||
        (uint64_t)n_parts > c->d->n_bytes / 8)
        return pgs_database_damaged(c->d, err, "its row in table snapshot is incomplete");
    out->head.n_parts = (size_t)n_parts;
    out->head.counts = (pgs_counts)counts;
    out->in_recovery = in_recovery < 0 ? -1 : in_recovery != 0;
    out->distribution_status = (pgs_skew_status)status;
    const struct {
        int column;
        pgs_unit unit;
        double *to;
    } VALUE[] = {
        {HEAD_STRAY_CHUNKS, PGS_UNIT_ROWS, &out->stray_metric[PGS_CHUNK_COUNT]},
        {HEAD_STRAY_BYTES, PGS_UNIT_BYTES, &out->stray_metric[PGS_SIZE_BYTES]},
        {HEAD_STRAY_HOUR, PGS_UNIT_ROWS, &out->stray_metric[PGS_CHUNKS_LAST_HOUR]},
        {HEAD_STRAY_DAY, PGS_UNIT_ROWS, &out->stray_metric[PGS_CHUNKS_LAST_DAY]},
        {HEAD_STRAY_WEEK, PGS_UNIT_ROWS, &out->stray_metric[PGS_CHUNKS_LAST_WEEK]},
        {HEAD_COLLECT_MS, PGS_UNIT_REAL, &out->collect_ms},
        {HEAD_VARIANCE, PGS_UNIT_REAL, &out->distribution_variance},
    };
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(VALUE); i++)
        st = pgs_cell_value(c, VALUE[i].column, VALUE[i].unit, VALUE[i].to, err);
    return st;
}

static pgs_status read_head(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    pgs_cells c = {.d = d, .what = "snapshot", .column = pgs_head_column};
    pgs_status st =
        pgs_database_select(d, "snapshot", pgs_head_column, HEAD_COLUMNS, "LIMIT 2", &c.stmt, err);
    bool row = false;
    if (st == PGS_OK && c.stmt)
        st = pgs_database_step(d, c.stmt, &row, err);
    if (st == PGS_OK && !row)
        st = pgs_database_damaged(d, err, "table snapshot is missing or empty");
    if (st == PGS_OK)
        st = head_texts(&c, out, err);
    if (st == PGS_OK)
        st = head_moment(&c, out, err);
    if (st == PGS_OK)
        st = head_numbers(&c, out, err);
    if (st == PGS_OK)
        st = pgs_database_step(d, c.stmt, &row, err);
    if (st == PGS_OK && row)
        st = pgs_database_damaged(d, err, "it holds more than one snapshot");
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- partitions ---- */

/* The columns that are read: who a partition is, its health, and the metrics chosen. */
typedef struct part_columns {
    const char *name[PART_COLUMNS];
    pgs_metric metric[PGS_METRIC_COUNT]; /* of column PART_FIRST_METRIC + i */
    int n_metrics;
} part_columns;

static void choose_columns(uint64_t metrics, part_columns *out) {
    const char *all[PART_COLUMNS];
    pgs_part_columns(all);
    memcpy(out->name, all, PART_FIRST_METRIC * sizeof *all);
    out->n_metrics = 0;
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        if (!(metrics & PGS_METRIC_BIT(m)))
            continue;
        out->name[PART_FIRST_METRIC + out->n_metrics] = all[PART_FIRST_METRIC + (int)m];
        out->metric[out->n_metrics++] = m;
    }
}

static pgs_status read_part(const pgs_cells *c, const part_columns *columns, pgs_snapshot *out,
                            size_t p, pgs_err *err) {
    pgs_partition *part = &out->part[p];
    int64_t measured = 0;
    int health = PGS_UNMEASURED;
    pgs_status st = pgs_cell_int(c, PART_NUM, -1, &part->num, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PART_RELID, 0, &part->relid, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PART_RELFILENODE, 0, &part->relfilenode, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PART_MEASURED, 0, &measured, err);
    if (st == PGS_OK)
        st = keep_text(c, PART_NAME, out, &part->name, err);
    if (st == PGS_OK)
        st = keep_text(c, PART_BOUNDS, out, &part->bounds, err);
    if (st == PGS_OK)
        st = pgs_cell_choice(c, PART_HEALTH, health_name, PGS_UNMEASURED, &health, err);
    if (st != PGS_OK)
        return st;
    part->measured = measured != 0;
    out->health[p] = (pgs_health_status)health;
    for (int i = 0; st == PGS_OK && i < columns->n_metrics; i++) {
        pgs_metric m = columns->metric[i];
        st = pgs_cell_value(c, PART_FIRST_METRIC + i, pgs_metric_get(m)->unit, &out->metric[m][p],
                            err);
    }
    return st;
}

static pgs_status read_parts(pgs_database *d, uint64_t metrics, pgs_snapshot *out, pgs_err *err) {
    part_columns columns;
    choose_columns(metrics | PGS_METRICS_JUDGED, &columns);
    size_t promised = out->head.n_parts, n = 0;
    pgs_cells c = {.d = d, .what = "partition_stat", .column = columns.name};
    pgs_status st = pgs_database_select(d, "partition_stat", columns.name,
                                        (size_t)(PART_FIRST_METRIC + columns.n_metrics),
                                        "ORDER BY snapshot_id, partition_num", &c.stmt, err);
    if (st == PGS_OK && !c.stmt)
        st = pgs_database_damaged(d, err, "table partition_stat is missing");
    if (st == PGS_OK)
        st = pgs_snapshot_set_parts(out, promised, err);
    for (bool row; st == PGS_OK; n++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st != PGS_OK || !row)
            break;
        if (n == promised)
            st = pgs_database_damaged(d, err, "it has more than the %zu partitions it promises",
                                      promised);
        else
            st = read_part(&c, &columns, out, n, err);
    }
    if (st == PGS_OK && n < promised)
        st = pgs_database_damaged(d, err, "it has %zu of the %zu partitions it promises", n,
                                  promised);
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- tables that may be missing or empty ---- */

/* Rows of `table`; 0 where it is missing. Every row of it has `column`. */
static pgs_status count_rows(pgs_database *d, const char *table, const char *column, size_t *n,
                             pgs_err *err) {
    sqlite3_stmt *stmt;
    bool row = true;
    pgs_status st = pgs_database_select(d, table, &column, 1, "", &stmt, err);
    for (*n = 0; st == PGS_OK && stmt && row; *n += row)
        st = pgs_database_step(d, stmt, &row, err);
    sqlite3_finalize(stmt);
    return st;
}

static pgs_status read_strays(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    static const char *const COLUMN[] = {"partition_name", "chunk_count", "size_bytes"};
    size_t n;
    pgs_cells c = {.d = d, .what = "stray", .column = COLUMN};
    pgs_status st = count_rows(d, "stray", "snapshot_id", &n, err);
    if (st != PGS_OK || n == 0)
        return st;
    st = pgs_database_select(d, "stray", COLUMN, 3, "ORDER BY snapshot_id, partition_name", &c.stmt,
                             err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_strays(out, n, err);
    bool row = false;
    for (size_t i = 0; st == PGS_OK && i < n; i++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = keep_text(&c, 0, out, &out->stray[i].name, err);
        if (st == PGS_OK)
            st = pgs_cell_value(&c, 1, PGS_UNIT_ROWS, &out->stray[i].chunk_count, err);
        if (st == PGS_OK)
            st = pgs_cell_value(&c, 2, PGS_UNIT_BYTES, &out->stray[i].size_bytes, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static pgs_status read_collection_ids(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    static const char *const COLUMN[] = {"collection_id", "name"};
    pgs_cells c = {.d = d, .what = "collection", .column = COLUMN};
    pgs_status st =
        pgs_database_select(d, "collection", COLUMN, 2, "ORDER BY collection_id", &c.stmt, err);
    bool row = false;
    for (size_t i = 0; st == PGS_OK && i < out->n_collections; i++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = keep_text(&c, 0, out, &out->collection[i].id, err);
        if (st == PGS_OK)
            st = keep_text(&c, 1, out, &out->collection[i].name, err);
        if (st == PGS_OK && !out->collection[i].id)
            st = pgs_cell_bad(&c, 0, "text", err);
        if (st == PGS_OK && i > 0 && strcmp(out->collection[i - 1].id, out->collection[i].id) >= 0)
            st = pgs_database_damaged(d, err, "a collection is there twice");
    }
    sqlite3_finalize(c.stmt);
    return st;
}

/* Both lists are read in the order of the id, so the collection of a row is this one or a later. */
static pgs_status read_stat(const pgs_cells *c, pgs_snapshot *out, size_t i, size_t *collection,
                            pgs_err *err) {
    pgs_collection_stat *s = &out->collection_stat[i];
    const char *id = NULL;
    pgs_status st = pgs_cell_text(c, STAT_COLLECTION_ID, &id, err);
    if (st != PGS_OK)
        return st;
    while (id && *collection < out->n_collections &&
           strcmp(out->collection[*collection].id, id) < 0)
        (*collection)++;
    if (!id || *collection == out->n_collections ||
        strcmp(out->collection[*collection].id, id) != 0)
        return pgs_database_damaged(c->d, err, "collection_stat has a row of no collection");
    s->collection = *collection;
    st = pgs_cell_int(c, STAT_PARTITION_NUM, -1, &s->partition_num, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, STAT_KEY_HASH, PGS_TIME_NONE, &s->key_hash, err);
    const struct {
        int column;
        pgs_unit unit;
        double *to;
    } VALUE[] = {
        {STAT_CHUNK_COUNT, PGS_UNIT_ROWS, &s->chunk_count},
        {STAT_DOCUMENT_COUNT, PGS_UNIT_ROWS, &s->document_count},
        {STAT_TOKEN_SUM, PGS_UNIT_ROWS, &s->token_sum},
        {STAT_TOKEN_CHUNK_COUNT, PGS_UNIT_ROWS, &s->token_chunk_count},
        {STAT_AVG_TOKENS, PGS_UNIT_REAL, &s->avg_tokens},
        {STAT_SIZE_BYTES, PGS_UNIT_BYTES, &s->size_bytes},
        {STAT_LAST_CREATED_AT, PGS_UNIT_TIME, &s->last_created_at},
    };
    for (size_t k = 0; st == PGS_OK && k < PGS_COUNT_OF(VALUE); k++)
        st = pgs_cell_value(c, VALUE[k].column, VALUE[k].unit, VALUE[k].to, err);
    return st;
}

static pgs_status read_collections(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    size_t n_collections, n_stats, collection = 0;
    pgs_status st = count_rows(d, "collection", "collection_id", &n_collections, err);
    if (st == PGS_OK)
        st = count_rows(d, "collection_stat", "snapshot_id", &n_stats, err);
    if (st != PGS_OK || n_collections == 0)
        return st;
    pgs_cells c = {.d = d, .what = "collection_stat", .column = pgs_stat_column};
    st = pgs_snapshot_set_collections(out, n_collections, n_stats, err);
    if (st == PGS_OK)
        st = read_collection_ids(d, out, err);
    if (st == PGS_OK)
        st = pgs_database_select(d, "collection_stat", pgs_stat_column, STAT_COLUMNS,
                                 "ORDER BY collection_id, partition_num", &c.stmt, err);
    bool row = false;
    for (size_t i = 0; st == PGS_OK && i < n_stats; i++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = read_stat(&c, out, i, &collection, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- all of it ---- */

/* Messages of pgs_snapshot_check() name the value; here they get the file's name. */
static pgs_status check_values(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    pgs_err inner;
    pgs_status st = pgs_snapshot_check(out, &inner);
    return st == PGS_E_DATA ? pgs_database_damaged(d, err, "%s", inner.msg)
           : st == PGS_OK   ? PGS_OK
                            : pgs_fail(err, st, "%s", inner.msg);
}

static pgs_status read_body(pgs_database *d, const pgs_selection *selection, pgs_snapshot *out,
                            pgs_err *err) {
    pgs_status st = read_parts(d, selection->metrics, out, err);
    if (st == PGS_OK)
        st = read_strays(d, out, err);
    if (st == PGS_OK && selection->collections)
        st = read_collections(d, out, err);
    return st == PGS_OK ? check_values(d, out, err) : st;
}

/* `selection` NULL: only the head. */
static pgs_status read_into(const char *path, const pgs_selection *selection, pgs_snapshot *out,
                            pgs_err *err) {
    pgs_database d;
    pgs_status st =
        pgs_database_open(&d, path, PGS_SNAPSHOT_APPLICATION_ID, selection != NULL, err);
    if (st != PGS_OK)
        return st;
    st = read_version(&d, out, err);
    if (st == PGS_OK)
        st = read_head(&d, out, err);
    if (st == PGS_OK && selection)
        st = read_body(&d, selection, out, err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(out, &out->head.path, path, err);
    pgs_database_close(&d);
    if (st != PGS_OK)
        pgs_snapshot_reset(out);
    return st;
}

bool pgs_snapshot_is_one(const char *path) {
    return pgs_database_is_ours(path, PGS_SNAPSHOT_APPLICATION_ID);
}

pgs_status pgs_snapshot_read(const char *path, pgs_snapshot *out, pgs_err *err) {
    static const pgs_selection ALL = {PGS_METRICS_ALL, true};
    return read_into(path, &ALL, out, err);
}

pgs_status pgs_snapshot_read_part(const char *path, const pgs_selection *selection,
                                  pgs_snapshot *out, pgs_err *err) {
    return read_into(path, selection, out, err);
}

pgs_status pgs_snapshot_read_head(const char *path, pgs_snapshot *out, pgs_err *err) {
    return read_into(path, NULL, out, err);
}
