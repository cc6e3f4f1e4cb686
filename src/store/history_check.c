/* Is a history what was written? SQLite looks at its pages, and every block is read: one that nobody
 * asks for any more, or that could not be there at all, is as wrong as one whose bytes changed. */
#include <string.h>

#include "store/history_reader.h"

typedef struct checking {
    pgs_history *h;
    const pgs_history_watcher *watcher;
    const pgs_series *series;
    bool *sound;
    size_t n_done, n_blocks;
} checking;

static void say(const checking *k, const pgs_err *fault) {
    k->watcher->fault(k->watcher->context, fault->msg);
}

/* ---- pages ---- */

static pgs_status check_pages(const checking *k, pgs_err *err) {
    pgs_database *d = &k->h->reader[0].d;
    sqlite3_stmt *stmt;
    pgs_err fault;
    pgs_status st = pgs_database_prepare(d, "PRAGMA quick_check(20)", &stmt, err);
    for (bool row = true; st == PGS_OK && row;) {
        st = pgs_database_step(d, stmt, &row, err);
        const char *text = row ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
        if (st != PGS_OK || !text || strcmp(text, "ok") == 0)
            continue;
        pgs_status bad = pgs_database_damaged(d, &fault, "%s", text);
        (void)bad;
        say(k, &fault);
    }
    sqlite3_finalize(stmt);
    return st;
}

/* ---- blocks ---- */

static size_t groups_of(size_t n, size_t of) {
    return (n + of - 1) / of;
}

/* Why there cannot be a block of that number, or NULL. */
static const char *why_impossible(const checking *k, uint64_t id) {
    unsigned metric = (unsigned)(id >> 48);
    size_t group = id >> 24 & 0xFFFFFF, block = id & 0xFFFFFF;
    if (id > INT64_MAX)
        return "nobody knows its metric";
    if (group >= (metric == PGS_MOMENT_METRIC ? 1 : groups_of(k->series->n_lanes, PGS_TILE_LANES)))
        return "there are no partitions for it";
    return block < groups_of(k->series->n_moments, PGS_TILE_MOMENTS)
               ? NULL
               : "there are no moments for it";
}

/* Why a tile that holds does not fit its place, or NULL. */
static const char *why_misfit(const checking *k, uint64_t id, const pgs_tile *tile) {
    size_t first_lane = (id >> 24 & 0xFFFFFF) * PGS_TILE_LANES;
    size_t first_moment = (id & 0xFFFFFF) * PGS_TILE_MOMENTS;
    size_t moments = k->series->n_moments - first_moment;
    if (id >> 48 == PGS_MOMENT_METRIC) {
        const char *why = pgs_moment_misfit(tile);
        if (why)
            return why;
    } else if (tile->n_lanes > k->series->n_lanes - first_lane) {
        return "it has more partitions than there are";
    }
    return tile->n_moments == (moments < PGS_TILE_MOMENTS ? moments : PGS_TILE_MOMENTS)
               ? NULL
               : "it has another number of moments than there are";
}

/* Of a metric of a later version, which the warning is about. */
static bool is_unknown(int64_t id) {
    uint64_t metric = (uint64_t)id >> 48;
    return id >= 0 && metric >= PGS_METRIC_COUNT && metric != PGS_STATE_METRIC &&
           metric != PGS_MOMENT_METRIC;
}

static pgs_status check_block(checking *k, int64_t id, pgs_err *err) {
    if (is_unknown(id))
        return PGS_OK;
    pgs_history_reader *r = &k->h->reader[0];
    pgs_err fault = {0};
    pgs_tile tile;
    uint64_t key = (uint64_t)id;
    const char *why = why_impossible(k, key);
    bool placed = !why;
    pgs_status st = PGS_OK;
    if (placed) {
        st = pgs_block_read(&r->d, &r->block, id, r->buffer, &tile, &fault);
        if (st == PGS_OK)
            why = why_misfit(k, key, &tile);
    }
    if (why)
        st = pgs_block_damaged(&r->d, id, why, &fault);
    if (st == PGS_OK)
        return PGS_OK;
    if (st != PGS_E_DATA) {
        if (err)
            *err = fault;
        return st;
    }
    if (placed)
        k->sound[key & 0xFFFFFF] = false;
    say(k, &fault);
    return PGS_OK;
}

static pgs_status check_blocks(checking *k, pgs_err *err) {
    pgs_database *d = &k->h->reader[0].d;
    sqlite3_stmt *stmt;
    int64_t n;
    pgs_status st =
        pgs_history_ask(k->h, "SELECT count(*) FROM main.block WHERE ? >= 0", 0, &n, err);
    if (st != PGS_OK)
        return st;
    k->n_blocks = n > 0 ? (size_t)n : 0;
    st = pgs_database_prepare(d, "SELECT id FROM main.block ORDER BY id", &stmt, err);
    for (bool row = true; st == PGS_OK && row;) {
        st = pgs_database_step(d, stmt, &row, err);
        if (st != PGS_OK || !row)
            break;
        st = check_block(k, sqlite3_column_int64(stmt, 0), err);
        k->watcher->step(k->watcher->context, ++k->n_done, k->n_blocks);
    }
    sqlite3_finalize(stmt);
    return st;
}

pgs_status pgs_history_check(pgs_history *h, const pgs_history_watcher *watcher, bool *sound,
                             size_t *n_blocks, pgs_err *err) {
    checking k = {.h = h, .watcher = watcher, .sound = sound};
    pgs_status st = pgs_history_series(h, &k.series, err);
    if (st != PGS_OK)
        return st;
    for (size_t b = 0; b < groups_of(k.series->n_moments, PGS_TILE_MOMENTS); b++)
        sound[b] = true;
    st = check_pages(&k, err);
    if (st == PGS_OK)
        st = check_blocks(&k, err);
    *n_blocks = k.n_done;
    return st;
}
