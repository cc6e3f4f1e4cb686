/* Reading the plain tables of a history: its moments, its lanes, and single blocks. */
#include "store/history_rows.h"

#include <math.h>
#include <string.h>

#include "store/cells.h"

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

/* ---- moments ---- */

static size_t blocks_of(size_t n_moments) {
    return (n_moments + PGS_TILE_MOMENTS - 1) / PGS_TILE_MOMENTS;
}

const char *pgs_moment_misfit(const pgs_tile *tile) {
    if (tile->n_lanes != PGS_MOMENT_LANES || tile->encoding != PGS_ENCODING_INTEGER)
        return "it is not about moments";
    for (size_t t = 0; t < tile->n_moments; t++)
        for (size_t i = 0; i < PGS_MOMENT_LANES; i++)
            if (!pgs_tile_has(tile, t, i))
                return "it lacks a value";
    return NULL;
}

/* Why such a row cannot be, or NULL. `before` is NULL for the first. */
static const char *take_moment(const double *row, const pgs_moment *before, pgs_moment *out) {
    for (size_t i = 0; i < PGS_MOMENT_LANES; i++)
        if (!(row[i] >= 0 && row[i] <= PGS_MAX_INTEGER))
            return "a number of it is impossible";
    out->taken_us = (int64_t)row[PGS_AT_TAKEN];
    out->n_parts = (size_t)row[PGS_AT_PARTS];
    for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
        int64_t high = (int64_t)row[PGS_AT_TOTAL_HIGH + k], low = (int64_t)row[PGS_AT_TOTAL + k];
        if (high > INT32_MAX || low > UINT32_MAX)
            return "a total of it is impossible";
        out->total[k] = high << 32 | low;
        out->n_seen[k] = (size_t)row[PGS_AT_SEEN + k];
        if (out->n_seen[k] > out->n_parts)
            return "more was observed than there is";
    }
    if (out->n_parts > PGS_MAX_PARTITIONS)
        return "there are too many partitions";
    return before && out->taken_us <= before->taken_us ? "its moments are not in the order of time"
                                                       : NULL;
}

/* The moments of one time block, `n` of them. */
static pgs_status load_block(pgs_database *d, const pgs_tile *tile, double *rows, size_t block,
                             size_t n, pgs_series *out, pgs_err *err) {
    const char *why = tile->n_moments != n ? "it has another number of moments than there are"
                                           : pgs_moment_misfit(tile);
    if (!why)
        pgs_tile_rows(tile, rows);
    for (size_t t = 0; t < n && !why; t++) {
        pgs_moment *moment = &out->moment[out->n_moments];
        why =
            take_moment(rows + t * PGS_TILE_LANES, out->n_moments > 0 ? moment - 1 : NULL, moment);
        out->n_moments++;
    }
    return why ? pgs_block_damaged(d, pgs_block_id(PGS_MOMENT_METRIC, 0, block), why, err) : PGS_OK;
}

static pgs_status load_blocks(pgs_database *d, size_t n, void *buffer, double *rows,
                              pgs_series *out, pgs_err *err) {
    sqlite3_blob *blob = NULL;
    pgs_status st = PGS_OK;
    for (size_t b = 0; st == PGS_OK && b < blocks_of(n); b++) {
        pgs_tile tile;
        size_t left = n - b * PGS_TILE_MOMENTS;
        st = pgs_block_read(d, &blob, pgs_block_id(PGS_MOMENT_METRIC, 0, b), buffer, &tile, err);
        if (st == PGS_OK)
            st = load_block(d, &tile, rows, b, left < PGS_TILE_MOMENTS ? left : PGS_TILE_MOMENTS,
                            out, err);
    }
    sqlite3_blob_close(blob);
    return st;
}

static pgs_status load_moments(pgs_database *d, pgs_series *out, pgs_err *err) {
    size_t n = 0;
    pgs_status st = count(d, "SELECT max(snapshot_id) FROM main.snapshot", 1 << 24, &n, err);
    if (st != PGS_OK)
        return st;
    void *buffer = pgs_alloc(PGS_BLOCK_MAX_BYTES, 1);
    double *rows = pgs_alloc(PGS_TILE_MOMENTS * PGS_TILE_LANES, sizeof *rows);
    out->moment = pgs_arena_alloc(out->arena, n, sizeof *out->moment);
    st = buffer && rows && out->moment ? load_blocks(d, n, buffer, rows, out, err)
                                       : pgs_no_memory(err);
    pgs_free(rows);
    pgs_free(buffer);
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
    const char *name = metric < PGS_METRIC_COUNT       ? pgs_metric_get((pgs_metric)metric)->key
                       : metric == PGS_STATE_METRIC    ? "presence"
                       : metric == PGS_MOMENT_METRIC   ? "moments"
                       : metric == PGS_CONTENTS_METRIC ? "contents"
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

static pgs_status read_block(pgs_database *d, sqlite3_blob **blob, int64_t id, void *buffer,
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

size_t pgs_contents_lane(unsigned number) {
    return number < PGS_METRIC_COUNT    ? 1 + (size_t)number
           : number == PGS_STATE_METRIC ? 0
                                        : SIZE_MAX;
}

int64_t pgs_contents_id(size_t group, size_t block) {
    return pgs_block_id(PGS_CONTENTS_METRIC, group / PGS_TILE_MOMENTS, block);
}

/* A tile that is not there was never packed, or somebody removed it. */
static pgs_status expect_none(pgs_database *d, sqlite3_blob **blob, int64_t id, void *buffer,
                              pgs_err *err) {
    uint64_t key = (uint64_t)id;
    size_t group = key >> 24 & 0xFFFFFF, lane = pgs_contents_lane((unsigned)(key >> 48));
    double row[PGS_TILE_LANES];
    pgs_tile contents;
    if (lane == SIZE_MAX)
        return PGS_OK;
    pgs_status st =
        read_block(d, blob, pgs_contents_id(group, key & 0xFFFFFF), buffer, &contents, err);
    if (st != PGS_OK || group % PGS_TILE_MOMENTS >= contents.n_moments || lane >= contents.n_lanes)
        return st;
    pgs_tile_row(&contents, group % PGS_TILE_MOMENTS, row);
    return row[lane] > 0 ? pgs_block_damaged(d, id, "it was removed", err) : PGS_OK;
}

pgs_status pgs_block_read(pgs_database *d, sqlite3_blob **blob, int64_t id, void *buffer,
                          pgs_tile *out, pgs_err *err) {
    pgs_status st = read_block(d, blob, id, buffer, out, err);
    return st == PGS_OK && out->n_moments == 0 ? expect_none(d, blob, id, buffer, err) : st;
}

pgs_status pgs_moment_read(pgs_database *d, sqlite3_blob **blob, size_t moment, void *buffer,
                           pgs_moment *out, pgs_err *err) {
    int64_t id = pgs_block_id(PGS_MOMENT_METRIC, 0, moment / PGS_TILE_MOMENTS);
    double row[PGS_TILE_LANES];
    size_t t = moment % PGS_TILE_MOMENTS;
    pgs_tile tile;
    pgs_status st = pgs_block_read(d, blob, id, buffer, &tile, err);
    if (st != PGS_OK)
        return st;
    const char *why = t < tile.n_moments ? pgs_moment_misfit(&tile)
                                         : "it has another number of moments than there are";
    if (!why) {
        pgs_tile_row(&tile, t, row);
        why = take_moment(row, NULL, out);
    }
    return why ? pgs_block_damaged(d, id, why, err) : PGS_OK;
}
