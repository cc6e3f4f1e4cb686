/* The tables of a snapshot file that a history shares: what was true of one moment. A column that
 * is missing is NULL: that is how a file of an older minor version looks. */
#include "store/snapshot_read.h"

#include <string.h>

#include "store/layout.h"

pgs_status pgs_keep_text(const pgs_cells *c, int i, pgs_snapshot *out, char **field, pgs_err *err) {
    const char *text = NULL;
    pgs_status st = pgs_cell_text(c, i, &text, err);
    return st == PGS_OK ? pgs_snapshot_text(out, field, text, err) : st;
}

static const char *skew_name(int k) {
    return pgs_skew_status_name((pgs_skew_status)k);
}

static const char *counts_name(int k) {
    return k == PGS_COUNTS_EXACT ? "exact" : "estimate";
}

/* "WHERE it is of that moment" and an order; `id` 0: the file holds one moment. */
static const char *of_moment(char out[120], int64_t id, const char *order) {
    if (id == 0)
        snprintf(out, 120, "%s", order);
    else
        snprintf(out, 120, "WHERE snapshot_id = %lld %s", (long long)id, order);
    return out;
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
        st = pgs_keep_text(c, TEXT[i].column, out, TEXT[i].field, err);
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

pgs_status pgs_read_head(pgs_database *d, int64_t id, pgs_snapshot *out, pgs_err *err) {
    char where[120];
    pgs_cells c = {.d = d, .what = "snapshot", .column = pgs_head_column};
    pgs_status st = pgs_database_select(d, "snapshot", pgs_head_column, HEAD_COLUMNS,
                                        of_moment(where, id, "LIMIT 2"), &c.stmt, err);
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

/* ---- tables that may be missing or empty ---- */

/* Rows of `table`; 0 where it is missing. Every row of it has `column`. */
static pgs_status count_rows(pgs_database *d, const char *table, const char *column,
                             const char *suffix, size_t *n, pgs_err *err) {
    sqlite3_stmt *stmt;
    bool row = true;
    pgs_status st = pgs_database_select(d, table, &column, 1, suffix, &stmt, err);
    for (*n = 0; st == PGS_OK && stmt && row; *n += row)
        st = pgs_database_step(d, stmt, &row, err);
    sqlite3_finalize(stmt);
    return st;
}

pgs_status pgs_read_strays(pgs_database *d, int64_t id, pgs_snapshot *out, pgs_err *err) {
    char where[120];
    static const char *const COLUMN[] = {"partition_name", "chunk_count", "size_bytes"};
    size_t n;
    pgs_cells c = {.d = d, .what = "stray", .column = COLUMN};
    pgs_status st = count_rows(d, "stray", "snapshot_id", of_moment(where, id, ""), &n, err);
    if (st != PGS_OK || n == 0)
        return st;
    st = pgs_database_select(d, "stray", COLUMN, 3, of_moment(where, id, "ORDER BY partition_name"),
                             &c.stmt, err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_strays(out, n, err);
    bool row = false;
    for (size_t i = 0; st == PGS_OK && i < n; i++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = pgs_keep_text(&c, 0, out, &out->stray[i].name, err);
        if (st == PGS_OK)
            st = pgs_cell_value(&c, 1, PGS_UNIT_ROWS, &out->stray[i].chunk_count, err);
        if (st == PGS_OK)
            st = pgs_cell_value(&c, 2, PGS_UNIT_BYTES, &out->stray[i].size_bytes, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

/* Which collections have rows, and what they were called. A history remembers every name. */
static void collection_source(int64_t id, const char **table, pgs_buf *suffix) {
    *table = id == 0 ? "collection" : "collection_name";
    if (id != 0)
        pgs_buf_format(
            suffix,
            "WHERE snapshot_id = (SELECT max(snapshot_id) FROM main.collection_name AS c "
            "WHERE c.collection_id = collection_name.collection_id AND "
            "c.snapshot_id <= %lld) AND collection_id IN (SELECT collection_id "
            "FROM main.collection_stat WHERE snapshot_id = %lld) ",
            (long long)id, (long long)id);
    pgs_buf_text(suffix, "ORDER BY collection_id");
}

static pgs_status read_collection_ids(pgs_database *d, const char *table, const char *suffix,
                                      pgs_snapshot *out, pgs_err *err) {
    static const char *const COLUMN[] = {"collection_id", "name"};
    pgs_cells c = {.d = d, .what = table, .column = COLUMN};
    pgs_status st = pgs_database_select(d, table, COLUMN, 2, suffix, &c.stmt, err);
    bool row = false;
    for (size_t i = 0; st == PGS_OK && i < out->n_collections; i++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = pgs_keep_text(&c, 0, out, &out->collection[i].id, err);
        if (st == PGS_OK)
            st = pgs_keep_text(&c, 1, out, &out->collection[i].name, err);
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

static pgs_status count_collections(pgs_database *d, int64_t id, const char *table,
                                    const char *suffix, size_t *n_collections, size_t *n_stats,
                                    pgs_err *err) {
    char where[120];
    pgs_status st = count_rows(d, table, "collection_id", suffix, n_collections, err);
    return st == PGS_OK ? count_rows(d, "collection_stat", "snapshot_id", of_moment(where, id, ""),
                                     n_stats, err)
                        : st;
}

static pgs_status read_stats(pgs_database *d, int64_t id, size_t n_stats, pgs_snapshot *out,
                             pgs_err *err) {
    char where[120];
    size_t collection = 0;
    bool row = false;
    pgs_cells c = {.d = d, .what = "collection_stat", .column = pgs_stat_column};
    pgs_status st = pgs_database_select(
        d, "collection_stat", pgs_stat_column, STAT_COLUMNS,
        of_moment(where, id, "ORDER BY collection_id, partition_num"), &c.stmt, err);
    for (size_t i = 0; st == PGS_OK && i < n_stats; i++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = read_stat(&c, out, i, &collection, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

pgs_status pgs_read_collections(pgs_database *d, int64_t id, pgs_snapshot *out, pgs_err *err) {
    size_t n_collections = 0, n_stats = 0;
    const char *table;
    pgs_buf suffix = {0};
    collection_source(id, &table, &suffix);
    pgs_status st =
        suffix.failed ? pgs_no_memory(err)
                      : count_collections(d, id, table, suffix.data, &n_collections, &n_stats, err);
    if (st == PGS_OK && n_collections > 0) {
        st = pgs_snapshot_set_collections(out, n_collections, n_stats, err);
        if (st == PGS_OK)
            st = read_collection_ids(d, table, suffix.data, out, err);
        if (st == PGS_OK)
            st = read_stats(d, id, n_stats, out, err);
    }
    pgs_buf_reset(&suffix);
    return st;
}
