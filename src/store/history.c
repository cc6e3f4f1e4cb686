/* A packed history, opened for reading: one read-only connection per thread, all inside one read
 * transaction each. Once the first holds its lock nobody can commit, so the others, opened by their
 * threads when they first read, see the same state. */
#include "pgskew/history.h"

#include <string.h>

#include "store/definitions.h"
#include "store/history_reader.h"

bool pgs_history_is_one(const char *path) {
    return pgs_database_is_ours(path, PGS_HISTORY_APPLICATION_ID);
}

/* No other file may have been put in its place since the first was opened. */
static pgs_status open_reader(const pgs_history *h, pgs_history_reader *r, pgs_err *err) {
    r->buffer = pgs_alloc(PGS_BLOCK_MAX_BYTES, 1);
    pgs_status st = r->buffer
                        ? pgs_database_open_file(&r->d, h->path, PGS_HISTORY_APPLICATION_ID, err)
                        : pgs_no_memory(err);
    if (st != PGS_OK || pgs_database_is_at(h->path, &h->file))
        return st;
    st = pgs_fail(err, PGS_E_RETRY, "\"%s\" was replaced by another program", h->path);
    pgs_hint(err, "run again");
    return st;
}

static pgs_status next_block(pgs_history *h, int64_t from, int64_t *id, pgs_err *err) {
    return pgs_history_ask(h, "SELECT min(id) FROM main.block WHERE id >= ?", from, id, err);
}

/* A metric of a later version is left out, and whoever asks is told. Ids are in the order of
 * metrics: unknown ones lie between ours and presence, or behind the contents. */
static pgs_status look_for_unknown(pgs_history *h, pgs_err *err) {
    static const uint64_t FROM[] = {PGS_METRIC_COUNT, PGS_CONTENTS_METRIC + 1};
    static const uint64_t BEFORE[] = {PGS_STATE_METRIC, (uint64_t)INT64_MAX >> 48};
    bool found = false;
    for (size_t i = 0; i < PGS_COUNT_OF(FROM); i++) {
        int64_t id;
        pgs_status st = next_block(h, (int64_t)(FROM[i] << 48), &id, err);
        if (st != PGS_OK)
            return st;
        found |= id >= 0 && (uint64_t)id >> 48 < BEFORE[i];
    }
    if (!found || h->version.warning)
        return PGS_OK;
    char text[600];
    snprintf(text, sizeof text, "\"%.400s\" holds a metric that is unknown here: it is left out",
             h->path);
    return pgs_snapshot_text(&h->version, &h->version.warning, text, err);
}

static pgs_status open_all(pgs_history *h, const char *path, size_t n_readers, pgs_err *err) {
    h->path = pgs_strdup(path);
    h->reader = pgs_alloc(n_readers, sizeof *h->reader);
    if (!h->path || !h->reader)
        return pgs_no_memory(err);
    h->n_readers = n_readers;
    (void)stat(path, &h->file); /* if it fails, so does what follows, and says why */
    pgs_status st = open_reader(h, &h->reader[0], err);
    if (st == PGS_OK)
        st = pgs_read_version(&h->reader[0].d, &h->version, err);
    if (st == PGS_OK && !h->version.warning)
        st = pgs_definitions_check(&h->reader[0].d, err);
    return st == PGS_OK ? look_for_unknown(h, err) : st;
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

pgs_status pgs_history_open_if_there(const char *path, pgs_history **out, const pgs_series **series,
                                     pgs_err *err) {
    struct stat info;
    *out = NULL;
    *series = NULL;
    if (stat(path, &info) != 0)
        return PGS_OK;
    pgs_status st = pgs_history_open(path, 1, out, err);
    return st == PGS_OK ? pgs_history_series(*out, series, err) : st;
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
    pgs_tiles_reset(&h->kept);
    pgs_arena_free(h->arena);
    pgs_buf_reset(&h->changes);
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

pgs_status pgs_history_ask(pgs_history *h, const char *sql, int64_t parameter, int64_t *out,
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
    pgs_status st = pgs_history_ask(h, "SELECT max(snapshot_id) FROM main.snapshot WHERE ? >= 0", 0,
                                    &last, err);
    if (st == PGS_OK)
        st = pgs_history_ask(h,
                             "SELECT snapshot_id FROM main.snapshot WHERE taken_at_us <= ? "
                             "ORDER BY taken_at_us DESC LIMIT 1",
                             at_us == PGS_TIME_NONE ? INT64_MAX : at_us, &id, err);
    if (st != PGS_OK)
        return st;
    if (id >= 1 && id <= last && last <= 1 << 24) {
        *moment = (size_t)id - 1;
        return PGS_OK;
    }
    st = pgs_history_ask(h, "SELECT min(taken_at_us) FROM main.snapshot WHERE ? >= 0", 0, &first_us,
                         err);
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

pgs_status pgs_history_given(pgs_history *h, size_t moment, uint64_t *out, pgs_err *err) {
    int64_t given;
    pgs_status st =
        pgs_history_ask(h, "SELECT given_metrics FROM main.snapshot WHERE snapshot_id = ?",
                        (int64_t)moment + 1, &given, err);
    *out = given > 0 ? (uint64_t)given : 0;
    return st;
}

/* What the contents say: of a metric that was removed there may be no block left to find. */
static pgs_status add_contents(pgs_history *h, uint64_t *out, pgs_err *err) {
    pgs_history_reader *r = &h->reader[0];
    double row[PGS_TILE_LANES];
    int64_t id = pgs_contents_id(0, 0), end = pgs_block_id(PGS_CONTENTS_METRIC + 1, 0, 0);
    pgs_status st = next_block(h, id, &id, err);
    while (st == PGS_OK && id >= 0 && id < end) {
        pgs_tile tile;
        st = pgs_block_read(&r->d, &r->block, id, r->buffer, &tile, err);
        for (size_t t = 0; st == PGS_OK && t < tile.n_moments; t++) {
            pgs_tile_row(&tile, t, row);
            for (pgs_metric m = 0; m < PGS_METRIC_COUNT && 1 + m < tile.n_lanes; m++)
                *out |= row[1 + m] > 0 ? PGS_METRIC_BIT(m) : 0;
        }
        if (st == PGS_OK)
            st = next_block(h, id + 1, &id, err);
    }
    return st;
}

/* The first block of each metric is looked for; to list all of them would read far more. */
pgs_status pgs_history_metrics(pgs_history *h, uint64_t *out, pgs_err *err) {
    pgs_status st = PGS_OK;
    *out = 0;
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++) {
        int64_t id;
        st = next_block(h, pgs_block_id((unsigned)m, 0, 0), &id, err);
        if (st == PGS_OK && id >= 0 && id < pgs_block_id((unsigned)m + 1, 0, 0))
            *out |= PGS_METRIC_BIT(m);
    }
    return st == PGS_OK ? add_contents(h, out, err) : st;
}

pgs_status pgs_history_hash(pgs_history *h, size_t moment, int64_t *out, pgs_err *err) {
    return pgs_history_ask(h, "SELECT content_hash FROM main.snapshot WHERE snapshot_id = ?",
                           (int64_t)moment + 1, out, err);
}

/* ---- tiles ---- */

static pgs_status read_tile(void *context, size_t i, pgs_metric metric, size_t group, size_t block,
                            pgs_tile *out, pgs_err *err) {
    pgs_history *h = context;
    pgs_history_reader *r = &h->reader[i];
    pgs_status st = r->buffer ? PGS_OK : open_reader(h, r, err);
    if (st != PGS_OK)
        return st;
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
