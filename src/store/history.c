/* A packed history, opened for reading: one read-only connection per thread, all inside one read
 * transaction each. Once the first holds its lock nobody can commit, so the others, opened after
 * it, see the same state. */
#include "pgskew/history.h"

#include <string.h>

#include "store/history_rows.h"
#include "store/snapshot_read.h"

typedef struct reader {
    pgs_database d;
    sqlite3_blob *block;
    void *buffer; /* of PGS_BLOCK_MAX_BYTES */
} reader;

struct pgs_history {
    char *path;
    reader *reader;
    size_t n_readers;
    pgs_snapshot version; /* holds the warning */
    pgs_series series;
    bool has_series;
};

bool pgs_history_is_one(const char *path) {
    return pgs_database_is_ours(path, PGS_HISTORY_APPLICATION_ID);
}

static pgs_status open_reader(reader *r, const char *path, pgs_err *err) {
    r->buffer = pgs_alloc(PGS_BLOCK_MAX_BYTES, 1);
    return r->buffer ? pgs_database_open_file(&r->d, path, PGS_HISTORY_APPLICATION_ID, err)
                     : pgs_no_memory(err);
}

static pgs_status open_all(pgs_history *h, const char *path, size_t n_readers, pgs_err *err) {
    h->path = pgs_strdup(path);
    h->reader = pgs_alloc(n_readers, sizeof *h->reader);
    if (!h->path || !h->reader)
        return pgs_no_memory(err);
    h->n_readers = n_readers;
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < n_readers; i++)
        st = open_reader(&h->reader[i], h->path, err);
    return st == PGS_OK ? pgs_read_version(&h->reader[0].d, &h->version, err) : st;
}

pgs_status pgs_history_open(const char *path, size_t n_readers, pgs_history **out, pgs_err *err) {
    pgs_history *h = pgs_alloc(1, sizeof *h);
    *out = NULL;
    if (!h)
        return pgs_no_memory(err);
    pgs_series_init(&h->series);
    pgs_snapshot_init(&h->version);
    pgs_status st = open_all(h, path, n_readers, err);
    if (st == PGS_OK)
        *out = h;
    else
        pgs_history_close(h);
    return st;
}

void pgs_history_close(pgs_history *h) {
    if (!h)
        return;
    for (size_t i = 0; i < h->n_readers; i++) {
        sqlite3_blob_close(h->reader[i].block);
        pgs_database_close(&h->reader[i].d);
        pgs_free(h->reader[i].buffer);
    }
    pgs_series_reset(&h->series);
    pgs_snapshot_reset(&h->version);
    pgs_free(h->reader);
    pgs_free(h->path);
    pgs_free(h);
}

const char *pgs_history_warning(const pgs_history *h) {
    return h->version.warning;
}

pgs_status pgs_history_series(pgs_history *h, const pgs_series **out, pgs_err *err) {
    pgs_status st = PGS_OK;
    *out = &h->series;
    if (h->has_series)
        return PGS_OK;
    st = pgs_series_load(&h->reader[0].d, &h->series, err);
    if (st == PGS_OK && h->series.n_moments > 0) {
        st = pgs_read_head(&h->reader[0].d, (int64_t)h->series.n_moments, &h->version, err);
        h->series.head = h->version.head; /* lives as long as h */
        h->series.head.path = h->path;
    }
    h->has_series = st == PGS_OK;
    return st;
}

/* One whole number, or -1 for NULL and no row. */
static pgs_status ask(pgs_history *h, const char *sql, int64_t parameter, int64_t *out,
                      pgs_err *err) {
    sqlite3_stmt *stmt;
    bool row = false;
    pgs_status st = pgs_database_prepare(&h->reader[0].d, sql, &stmt, err);
    if (st == PGS_OK) {
        sqlite3_bind_int64(stmt, 1, parameter);
        st = pgs_database_step(&h->reader[0].d, stmt, &row, err);
    }
    *out = row && sqlite3_column_type(stmt, 0) != SQLITE_NULL ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return st;
}

pgs_status pgs_history_find(pgs_history *h, int64_t at_us, size_t *moment, pgs_err *err) {
    int64_t id, last, first_us;
    pgs_status st =
        ask(h, "SELECT max(snapshot_id) FROM main.snapshot WHERE ? >= 0", 0, &last, err);
    if (st == PGS_OK)
        st = ask(h,
                 "SELECT snapshot_id FROM main.snapshot WHERE taken_at_us <= ? "
                 "ORDER BY taken_at_us DESC LIMIT 1",
                 at_us == PGS_TIME_NONE ? INT64_MAX : at_us, &id, err);
    if (st != PGS_OK)
        return st;
    if (id >= 1 && id <= last && last <= 1 << 24) {
        *moment = (size_t)id - 1;
        return PGS_OK;
    }
    st = ask(h, "SELECT min(taken_at_us) FROM main.snapshot WHERE ? >= 0", 0, &first_us, err);
    if (st != PGS_OK)
        return st;
    char text[PGS_TIME_TEXT_MAX];
    if (first_us < 0 || at_us == PGS_TIME_NONE)
        return pgs_fail(err, PGS_E_NO_INPUT, "\"%s\" holds no snapshot", h->path);
    st = pgs_fail(err, PGS_E_NO_INPUT, "no snapshot was taken at or before %s",
                  pgs_time_format(at_us, text));
    pgs_hint(err, "the first is of %s", pgs_time_format(first_us, text));
    return st;
}

pgs_status pgs_history_hash(pgs_history *h, size_t moment, int64_t *out, pgs_err *err) {
    return ask(h, "SELECT content_hash FROM main.snapshot WHERE snapshot_id = ?",
               (int64_t)moment + 1, out, err);
}

/* ---- tiles ---- */

static pgs_status read_tile(void *context, size_t i, pgs_metric metric, size_t group, size_t block,
                            pgs_tile *out, pgs_err *err) {
    pgs_history *h = context;
    reader *r = &h->reader[i];
    return pgs_block_read(&r->d, &r->block, pgs_block_id((unsigned)metric, group, block), r->buffer,
                          out, err);
}

pgs_tile_source pgs_history_tiles(pgs_history *h) {
    return (pgs_tile_source){.context = h, .n_readers = h->n_readers, .read = read_tile};
}

pgs_status pgs_history_catalog(pgs_history *h, const pgs_filter *filter, pgs_catalog *catalog,
                               pgs_err *err) {
    const pgs_series *series;
    pgs_status st = pgs_history_series(h, &series, err);
    for (size_t t = 0; st == PGS_OK && t < series->n_moments; t++) {
        pgs_snapshot_head head = series->head;
        head.taken_us = series->moment[t].taken_us;
        head.n_parts = series->moment[t].n_parts;
        st = pgs_catalog_append(catalog, &head, filter, err);
    }
    return st;
}

/* ---- one moment ---- */

static const char *const CHANGE[] = {"lane",  "partition_num", "partition_name",
                                     "relid", "relfilenode",   "bounds"};

/* Which lanes are there at the moment: index of the part of each lane, or SIZE_MAX. */
typedef struct placing {
    size_t *part;
    size_t n_lanes, n_parts;
    size_t t; /* the moment's row in its tiles */
    size_t block;
} placing;

static pgs_status place_lanes(pgs_history *h, pgs_snapshot *out, placing *at, pgs_err *err) {
    double state[PGS_TILE_LANES];
    pgs_status st = PGS_OK;
    for (size_t first = 0; st == PGS_OK && first < at->n_lanes; first += PGS_TILE_LANES) {
        pgs_tile tile;
        st = read_tile(h, 0, (pgs_metric)PGS_STATE_METRIC, first / PGS_TILE_LANES, at->block, &tile,
                       err);
        for (size_t i = 0; i < PGS_TILE_LANES && first + i < at->n_lanes; i++)
            at->part[first + i] = SIZE_MAX;
        if (st != PGS_OK || at->t >= tile.n_moments)
            continue;
        pgs_tile_row(&tile, at->t, state);
        for (size_t i = 0; i < tile.n_lanes && first + i < at->n_lanes; i++) {
            if (!(state[i] > 0) || at->n_parts == out->head.n_parts)
                continue;
            out->part[at->n_parts].measured = state[i] == PGS_STATE_MEASURED;
            at->part[first + i] = at->n_parts++;
        }
    }
    if (st == PGS_OK && at->n_parts != out->head.n_parts)
        st = pgs_database_damaged(&h->reader[0].d, err, "a moment has %zu of its %zu partitions",
                                  at->n_parts, out->head.n_parts);
    return st;
}

static pgs_status name_part(const pgs_cells *c, const placing *at, pgs_snapshot *out,
                            pgs_err *err) {
    int64_t lane = -1;
    pgs_status st = pgs_cell_int(c, 0, -1, &lane, err);
    if (st != PGS_OK || lane < 0 || (uint64_t)lane >= at->n_lanes || at->part[lane] == SIZE_MAX)
        return st;
    pgs_partition *part = &out->part[at->part[lane]];
    st = pgs_cell_int(c, 1, -1, &part->num, err);
    if (st == PGS_OK)
        st = pgs_keep_text(c, 2, out, &part->name, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 3, 0, &part->relid, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 4, 0, &part->relfilenode, err);
    return st == PGS_OK ? pgs_keep_text(c, 5, out, &part->bounds, err) : st;
}

/* The last change of each lane up to the moment; rows come by lane, then time. */
static pgs_status name_parts(pgs_history *h, size_t moment, const placing *at, pgs_snapshot *out,
                             pgs_err *err) {
    char suffix[100];
    snprintf(suffix, sizeof suffix, "WHERE snapshot_id <= %zu ORDER BY lane, snapshot_id",
             moment + 1);
    pgs_cells c = {.d = &h->reader[0].d, .what = "partition_change", .column = CHANGE};
    pgs_status st = pgs_database_select(&h->reader[0].d, "partition_change", CHANGE,
                                        PGS_COUNT_OF(CHANGE), suffix, &c.stmt, err);
    for (bool row = c.stmt != NULL; st == PGS_OK && row;) {
        st = pgs_database_step(&h->reader[0].d, c.stmt, &row, err);
        if (st == PGS_OK && row)
            st = name_part(&c, at, out, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static pgs_status read_metric(pgs_history *h, pgs_metric m, const placing *at, pgs_snapshot *out,
                              pgs_err *err) {
    double row[PGS_TILE_LANES];
    pgs_status st = PGS_OK;
    for (size_t first = 0; st == PGS_OK && first < at->n_lanes; first += PGS_TILE_LANES) {
        pgs_tile tile;
        st = read_tile(h, 0, m, first / PGS_TILE_LANES, at->block, &tile, err);
        if (st != PGS_OK || at->t >= tile.n_moments)
            continue;
        pgs_tile_row(&tile, at->t, row);
        for (size_t i = 0; i < tile.n_lanes && first + i < at->n_lanes; i++)
            if (at->part[first + i] != SIZE_MAX)
                out->metric[m][at->part[first + i]] = row[i];
    }
    return st;
}

static pgs_status read_metrics(pgs_history *h, size_t moment, uint64_t wanted, const placing *at,
                               pgs_snapshot *out, pgs_err *err) {
    int64_t given;
    pgs_status st = ask(h, "SELECT given_metrics FROM main.snapshot WHERE snapshot_id = ?",
                        (int64_t)moment + 1, &given, err);
    uint64_t packed = (PGS_METRIC_BIT(PGS_FIRST_DERIVED) - 1) | (given > 0 ? (uint64_t)given : 0);
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++)
        if ((wanted | PGS_METRICS_JUDGED) & packed & PGS_METRIC_BIT(m))
            st = read_metric(h, m, at, out, err);
    return st;
}

static pgs_status read_parts(pgs_history *h, size_t moment, const pgs_selection *selection,
                             pgs_snapshot *out, pgs_err *err) {
    int64_t n_lanes;
    pgs_status st =
        ask(h, "SELECT max(lane) + 1 FROM main.partition WHERE ? >= 0", 0, &n_lanes, err);
    if (st == PGS_OK && (n_lanes < 0 || n_lanes > (int64_t)PGS_MAX_PARTITIONS))
        n_lanes = 0;
    placing at = {.n_lanes = (size_t)n_lanes,
                  .t = moment % PGS_TILE_MOMENTS,
                  .block = moment / PGS_TILE_MOMENTS};
    if (st == PGS_OK)
        st = pgs_snapshot_set_parts(out, out->head.n_parts, err);
    if (st == PGS_OK && !(at.part = pgs_alloc(at.n_lanes, sizeof *at.part)))
        st = pgs_no_memory(err);
    if (st == PGS_OK)
        st = place_lanes(h, out, &at, err);
    if (st == PGS_OK)
        st = name_parts(h, moment, &at, out, err);
    if (st == PGS_OK)
        st = read_metrics(h, moment, selection->metrics, &at, out, err);
    pgs_free(at.part);
    return st;
}

pgs_status pgs_history_read(pgs_history *h, size_t moment, const pgs_selection *selection,
                            pgs_snapshot *out, pgs_err *err) {
    pgs_database *d = &h->reader[0].d;
    int64_t id = (int64_t)moment + 1;
    pgs_status st = pgs_read_head(d, id, out, err);
    if (st == PGS_OK)
        st = read_parts(h, moment, selection, out, err);
    if (st == PGS_OK)
        st = pgs_read_strays(d, id, out, err);
    if (st == PGS_OK && selection->collections)
        st = pgs_read_collections(d, id, out, err);
    if (st == PGS_OK)
        st = pgs_read_check(d, out, err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(out, &out->head.path, h->path, err);
    if (st != PGS_OK)
        pgs_snapshot_reset(out);
    return st;
}
