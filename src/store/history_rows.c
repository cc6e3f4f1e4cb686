/* Reading the plain tables of a history: its moments, its lanes, and single blocks. */
#include "store/history_rows.h"

#include <math.h>
#include <string.h>

#include "store/cells.h"

const char *const pgs_moment_column[PGS_MOMENT_COLUMNS] = {
    "total_chunks",       "total_size_bytes",  "chunks_seen",   "sizes_seen",
    "chunk_count_stddev", "size_bytes_stddev", "chunk_gini",    "size_gini",
    "max_chunk_skew",     "max_size_skew",     "healthy_count", "warning_count",
    "unbalanced_count",   "unmeasured_count",
};

enum { AT_US, PARTITION_COUNT, FIRST_SUMMARY, MOMENT_COLUMNS = FIRST_SUMMARY + PGS_MOMENT_COLUMNS };

/* ---- moments ---- */

static pgs_status read_moment(const pgs_cells *c, pgs_moment *out, pgs_err *err) {
    int64_t n_parts = 0, whole[4] = {0}, health[4] = {0};
    static const pgs_health_status HEALTH[] = {PGS_HEALTHY, PGS_WARNING, PGS_UNBALANCED,
                                               PGS_UNMEASURED};
    double *const real[] = {&out->stddev[0], &out->stddev[1],   &out->gini[0],
                            &out->gini[1],   &out->max_skew[0], &out->max_skew[1]};
    pgs_status st = pgs_cell_int(c, AT_US, PGS_TIME_NONE, &out->taken_us, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PARTITION_COUNT, -1, &n_parts, err);
    for (int k = 0; st == PGS_OK && k < 4; k++)
        st = pgs_cell_int(c, FIRST_SUMMARY + k, 0, &whole[k], err);
    for (int k = 0; st == PGS_OK && k < 6; k++)
        st = pgs_cell_value(c, FIRST_SUMMARY + 4 + k, PGS_UNIT_REAL, real[k], err);
    for (int k = 0; st == PGS_OK && k < 4; k++)
        st = pgs_cell_int(c, FIRST_SUMMARY + 10 + k, 0, &health[k], err);
    if (st != PGS_OK)
        return st;
    if (n_parts < 0 || n_parts > (int64_t)PGS_MAX_PARTITIONS || whole[0] < 0 || whole[1] < 0 ||
        whole[2] < 0 || whole[2] > n_parts || whole[3] < 0 || whole[3] > n_parts)
        return pgs_database_damaged(c->d, err, "a row of table snapshot makes no sense");
    out->n_parts = (size_t)n_parts;
    for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
        out->total[k] = whole[k];
        out->n_seen[k] = (size_t)whole[2 + k];
    }
    for (size_t k = 0; k < PGS_COUNT_OF(HEALTH); k++)
        out->n_health[HEALTH[k]] = (size_t)health[k];
    return PGS_OK;
}

static pgs_status count(pgs_database *d, const char *sql, size_t limit, size_t *out, pgs_err *err) {
    sqlite3_stmt *stmt;
    bool row = false;
    pgs_status st = pgs_database_prepare(d, sql, &stmt, err);
    if (st == PGS_OK)
        st = pgs_database_step(d, stmt, &row, err);
    int64_t n = row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    if (st == PGS_OK && (n < 0 || (uint64_t)n > limit || (uint64_t)n > d->n_bytes))
        st = pgs_database_damaged(d, err, "it promises %lld rows", (long long)n);
    *out = st == PGS_OK ? (size_t)n : 0;
    return st;
}

static pgs_status load_moments(pgs_database *d, pgs_series *out, pgs_err *err) {
    const char *column[MOMENT_COLUMNS] = {"taken_at_us", "partition_count"};
    memcpy(column + FIRST_SUMMARY, pgs_moment_column, sizeof pgs_moment_column);
    pgs_cells c = {.d = d, .what = "snapshot", .column = column};
    size_t n = 0;
    pgs_status st = count(d, "SELECT max(snapshot_id) FROM main.snapshot", 1 << 24, &n, err);
    if (st == PGS_OK && !(out->moment = pgs_arena_alloc(out->arena, n, sizeof *out->moment)))
        st = pgs_no_memory(err);
    if (st == PGS_OK)
        st = pgs_database_select(d, "snapshot", column, MOMENT_COLUMNS, "ORDER BY snapshot_id",
                                 &c.stmt, err);
    for (bool row = false; st == PGS_OK && c.stmt;) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st != PGS_OK || !row)
            break;
        pgs_moment *moment = &out->moment[out->n_moments];
        if (out->n_moments == n)
            st = pgs_database_damaged(d, err, "its moments are not numbered 1, 2, ...");
        else
            st = read_moment(&c, moment, err);
        if (st == PGS_OK && out->n_moments > 0 && moment->taken_us <= moment[-1].taken_us)
            st = pgs_database_damaged(d, err, "its moments are not in the order of time");
        out->n_moments++;
    }
    if (st == PGS_OK && out->n_moments != n)
        st = pgs_database_damaged(d, err, "its moments are not numbered 1, 2, ...");
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- lanes ---- */

static pgs_status read_lane(const pgs_cells *c, pgs_series *series, size_t lane, pgs_err *err) {
    pgs_lane *out = &series->lane[lane];
    int64_t id = -1, first = 0, last = 0;
    const char *name = NULL;
    pgs_status st = pgs_cell_int(c, 0, -1, &id, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 1, -1, &out->num, err);
    if (st == PGS_OK)
        st = pgs_cell_text(c, 2, &name, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 3, 0, &out->relid, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 4, 0, &first, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 5, 0, &last, err);
    if (st != PGS_OK)
        return st;
    if (id != (int64_t)lane || out->num < 0 || first < 1 || last < first ||
        last > (int64_t)series->n_moments || (name && !pgs_text_is_utf8(name)))
        return pgs_database_damaged(c->d, err, "lane %zu makes no sense", lane);
    out->first = (size_t)first - 1;
    out->last = (size_t)last - 1;
    if (name && !(out->name = pgs_arena_text(series->arena, name)))
        return pgs_no_memory(err);
    return PGS_OK;
}

static pgs_status load_lanes(pgs_database *d, pgs_series *out, pgs_err *err) {
    static const char *const COLUMN[] = {"lane",  "partition_num", "partition_name",
                                         "relid", "first_moment",  "last_moment"};
    pgs_cells c = {.d = d, .what = "partition", .column = COLUMN};
    size_t n = 0;
    pgs_status st = count(d, "SELECT count(*) FROM main.partition", PGS_MAX_PARTITIONS, &n, err);
    if (st == PGS_OK && !(out->lane = pgs_arena_alloc(out->arena, n, sizeof *out->lane)))
        st = pgs_no_memory(err);
    if (st == PGS_OK)
        st = pgs_database_select(d, "partition", COLUMN, PGS_COUNT_OF(COLUMN), "ORDER BY lane",
                                 &c.stmt, err);
    bool row = true;
    for (; st == PGS_OK && out->n_lanes < n; out->n_lanes++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK)
            st = row ? read_lane(&c, out, out->n_lanes, err)
                     : pgs_database_damaged(d, err, "a lane is missing");
    }
    sqlite3_finalize(c.stmt);
    return st;
}

pgs_status pgs_series_load(pgs_database *d, pgs_series *out, pgs_err *err) {
    out->arena = pgs_arena_new();
    if (!out->arena)
        return pgs_no_memory(err);
    pgs_status st = load_moments(d, out, err);
    if (st == PGS_OK)
        st = load_lanes(d, out, err);
    if (st != PGS_OK)
        pgs_series_reset(out);
    return st;
}

/* ---- blocks ---- */

pgs_status pgs_block_damaged(pgs_database *d, int64_t id, const char *why, pgs_err *err) {
    uint64_t key = (uint64_t)id;
    unsigned metric = (unsigned)(key >> 48);
    const char *name = metric < PGS_METRIC_COUNT    ? pgs_metric_get((pgs_metric)metric)->key
                       : metric == PGS_STATE_METRIC ? "presence"
                                                    : "an unknown metric";
    return pgs_database_damaged(d, err, "block %lld (%s, partition group %u, time block %u): %s",
                                (long long)id, name, (unsigned)(key >> 24 & 0xFFFFFF),
                                (unsigned)(key & 0xFFFFFF), why);
}

/* Point the handle at the row; *there is false where there is none. */
static pgs_status seek(pgs_database *d, sqlite3_blob **blob, int64_t id, bool *there,
                       pgs_err *err) {
    int rc = *blob ? sqlite3_blob_reopen(*blob, id)
                   : sqlite3_blob_open(d->db, "main", "block", "data", id, 0, blob);
    *there = rc == SQLITE_OK;
    if (rc == SQLITE_OK)
        return PGS_OK;
    sqlite3_blob_close(*blob); /* of no use any more */
    *blob = NULL;
    return rc == SQLITE_ERROR ? PGS_OK : pgs_database_error(d, err);
}

pgs_status pgs_block_read(pgs_database *d, sqlite3_blob **blob, int64_t id, void *buffer,
                          pgs_tile *out, pgs_err *err) {
    bool there;
    *out = (pgs_tile){0};
    pgs_status st = seek(d, blob, id, &there, err);
    if (st != PGS_OK || !there)
        return st;
    int n = sqlite3_blob_bytes(*blob);
    if (n < 0 || (size_t)n > PGS_BLOCK_MAX_BYTES)
        return pgs_block_damaged(d, id, "it has an impossible length", err);
    if (sqlite3_blob_read(*blob, buffer, n, 0) != SQLITE_OK)
        return pgs_database_error(d, err);
    const char *why = pgs_block_view(buffer, (size_t)n, id, out);
    if (!why)
        return PGS_OK;
    *out = (pgs_tile){0};
    return pgs_block_damaged(d, id, why, err);
}
