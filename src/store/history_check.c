/* Is a history what was written? SQLite looks at its pages, and every block is read: one that
 * nobody asks for any more, or that could not be there at all, is as wrong as one whose bytes
 * changed. */
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

/* How many groups there are tiles of that number for. */
static size_t groups_with(const checking *k, unsigned number) {
    size_t n_groups = groups_of(k->series->n_lanes, PGS_TILE_LANES);
    return number == PGS_MOMENT_METRIC                     ? 1
           : number == PGS_CONTENTS_METRIC && n_groups > 0 ? groups_of(n_groups, PGS_TILE_MOMENTS)
           : number == PGS_CONTENTS_METRIC                 ? 1
                                                           : n_groups;
}

/* Why there cannot be a block of that number, or NULL. */
static const char *why_impossible(const checking *k, uint64_t id) {
    unsigned metric = (unsigned)(id >> 48);
    size_t group = id >> 24 & 0xFFFFFF, block = id & 0xFFFFFF;
    if (id > INT64_MAX)
        return "nobody knows its metric";
    if (group >= groups_with(k, metric))
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
    if (id >> 48 == PGS_CONTENTS_METRIC)
        return tile->encoding == PGS_ENCODING_INTEGER ? NULL : "it is not about tiles";
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
           metric != PGS_MOMENT_METRIC && metric != PGS_CONTENTS_METRIC;
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

/* ---- contents ---- */

static pgs_status there_is(const checking *k, int64_t id, bool *out, pgs_err *err) {
    int64_t found;
    pgs_status st =
        pgs_history_ask(k->h, "SELECT id FROM main.block WHERE id = ?", id, &found, err);
    *out = found == id;
    return st;
}

static void say_removed(checking *k, int64_t id) {
    pgs_err fault = {0};
    pgs_status bad = pgs_block_damaged(&k->h->reader[0].d, id, "it was removed", &fault);
    (void)bad;
    k->sound[id & 0xFFFFFF] = false;
    say(k, &fault);
}

/* Tiles of a group that the contents name and that are not there. */
static pgs_status check_named(checking *k, const double *row, size_t n_lanes, size_t group,
                              size_t block, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (unsigned number = 0; st == PGS_OK && number <= PGS_STATE_METRIC; number++) {
        size_t lane = pgs_contents_lane(number);
        bool there;
        if (lane >= n_lanes || !(row[lane] > 0))
            continue;
        st = there_is(k, pgs_block_id(number, group, block), &there, err);
        if (st == PGS_OK && !there)
            say_removed(k, pgs_block_id(number, group, block));
    }
    return st;
}

/* The contents of a time block, which are there from schema step 2 on. */
static pgs_status check_contents(checking *k, size_t block, bool must, pgs_err *err) {
    pgs_history_reader *r = &k->h->reader[0];
    double row[PGS_TILE_LANES];
    pgs_status st = PGS_OK;
    for (size_t g = 0; st == PGS_OK && g < groups_with(k, PGS_CONTENTS_METRIC); g++) {
        int64_t id = pgs_block_id(PGS_CONTENTS_METRIC, g, block);
        pgs_tile tile;
        st = pgs_block_read(&r->d, &r->block, id, r->buffer, &tile, err);
        if (st == PGS_OK && tile.n_moments == 0 && g == 0 && must)
            say_removed(k, id);
        for (size_t t = 0; st == PGS_OK && t < tile.n_moments; t++) {
            pgs_tile_row(&tile, t, row);
            st = check_named(k, row, tile.n_lanes, g * PGS_TILE_MOMENTS + t, block, err);
        }
    }
    return st == PGS_E_DATA ? PGS_OK : st; /* what is damaged of them was said */
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
    int64_t step = 0;
    if (st == PGS_OK)
        st = pgs_history_ask(h, "PRAGMA user_version", 0, &step, err);
    for (size_t b = 0; st == PGS_OK && b < groups_of(k.series->n_moments, PGS_TILE_MOMENTS); b++)
        st = check_contents(&k, b, step >= PGS_CONTENTS_STEP, err);
    return st;
}
