/* Moments of a history as snapshots. One is put together from a row of each tile of its time block;
 * whoever wants many in order has the whole block decoded once. */
#include <math.h>
#include <string.h>

#include "store/history_reader.h"

void pgs_history_keep(pgs_history *h) {
    h->keeps = true;
    h->kept_block = SIZE_MAX;
}

/* ---- names ---- */

static const char *const CHANGE[] = {"lane",  "snapshot_id", "partition_num", "partition_name",
                                     "relid", "relfilenode", "bounds"};

enum { ALL_FACTS = PGS_COUNT_OF(CHANGE), NUMBER_AND_NAME = 4 };

/* The first `n_facts` columns of one. Text is borrowed until the next step. */
static pgs_status read_change(const pgs_cells *c, size_t n_facts, pgs_lane_change *out,
                              pgs_err *err) {
    bool all = n_facts == ALL_FACTS;
    int64_t lane = -1, id = 0;
    *out = (pgs_lane_change){0};
    pgs_status st = pgs_cell_int(c, 0, -1, &lane, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 1, 0, &id, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, 2, -1, &out->num, err);
    if (st == PGS_OK)
        st = pgs_cell_text(c, 3, &out->name, err);
    if (st == PGS_OK && all)
        st = pgs_cell_int(c, 4, 0, &out->relid, err);
    if (st == PGS_OK && all)
        st = pgs_cell_int(c, 5, 0, &out->relfilenode, err);
    if (st == PGS_OK && all)
        st = pgs_cell_text(c, 6, &out->bounds, err);
    out->lane = lane < 0 || id < 1 ? SIZE_MAX : (size_t)lane; /* the check of presence misses it */
    out->moment = (size_t)id - 1;
    return st;
}

typedef pgs_status taking(void *context, const pgs_lane_change *change, pgs_err *err);

/* Changes up to a moment, by lane, then time, each to `take`. */
static pgs_status load_changes(pgs_history *h, size_t last, size_t n_facts, taking *take,
                               void *context, pgs_err *err) {
    char suffix[100];
    snprintf(suffix, sizeof suffix, "WHERE snapshot_id <= %zu ORDER BY lane, snapshot_id",
             last + 1);
    pgs_cells c = {.d = &h->reader[0].d, .what = "partition_change", .column = CHANGE};
    pgs_status st = pgs_database_select(&h->reader[0].d, "partition_change", CHANGE, n_facts,
                                        suffix, &c.stmt, err);
    for (bool row = c.stmt != NULL; st == PGS_OK && row;) {
        pgs_lane_change change;
        st = pgs_database_step(&h->reader[0].d, c.stmt, &row, err);
        if (st == PGS_OK && row)
            st = read_change(&c, n_facts, &change, err);
        if (st == PGS_OK && row && change.lane != SIZE_MAX)
            st = take(context, &change, err);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- every change ---- */

static const char *keep_text(pgs_history *h, const char *text, bool *failed) {
    const char *copy = text ? pgs_arena_text(h->arena, text) : NULL;
    *failed |= text && !copy;
    return copy;
}

static pgs_status keep_change(void *context, const pgs_lane_change *change, pgs_err *err) {
    pgs_history *h = context;
    bool failed = false;
    pgs_lane_change own = *change;
    own.name = keep_text(h, change->name, &failed);
    own.bounds = keep_text(h, change->bounds, &failed);
    pgs_buf_bytes(&h->changes, &own, sizeof own);
    return failed || h->changes.failed ? pgs_no_memory(err) : PGS_OK;
}

pgs_status pgs_history_changes(pgs_history *h, const pgs_lane_change **out, size_t *n,
                               pgs_err *err) {
    enum { ALL_MOMENTS = (1 << 24) - 1 };
    pgs_status st = PGS_OK;
    *out = NULL;
    *n = 0;
    if (!h->has_changes && !h->arena && !(h->arena = pgs_arena_new()))
        return pgs_no_memory(err);
    if (!h->has_changes) {
        h->changes.n = 0;
        st = load_changes(h, ALL_MOMENTS, ALL_FACTS, keep_change, h, err);
    }
    h->has_changes = st == PGS_OK;
    *out = (const pgs_lane_change *)(const void *)h->changes.data;
    *n = st == PGS_OK ? h->changes.n / sizeof **out : 0;
    return st;
}

/* ---- one moment ---- */

/* Which lanes are there at the moment: index of the part of each lane, or SIZE_MAX. */
typedef struct placing {
    size_t *part;
    size_t n_lanes, n_parts;
    size_t moment;
} placing;

/* The moment's row of one tile; *n lanes of it are there. */
static pgs_status read_row(pgs_history *h, int metric, size_t group, const placing *at,
                           double row[PGS_TILE_LANES], size_t *n, pgs_err *err) {
    size_t t = at->moment % PGS_TILE_MOMENTS, left = at->n_lanes - group * PGS_TILE_LANES;
    *n = 0;
    if (h->keeps) {
        const double *cells = h->kept.cells[(size_t)metric * h->kept.n_groups + group];
        *n = !cells ? 0 : left < PGS_TILE_LANES ? left : PGS_TILE_LANES;
        if (cells)
            memcpy(row, cells + t * PGS_TILE_LANES, *n * sizeof *row);
        return PGS_OK;
    }
    pgs_tile tile;
    pgs_tile_source tiles = pgs_history_tiles(h);
    pgs_status st = tiles.read(h, 0, metric == PGS_STATE_TILE ? PGS_PRESENCE : (pgs_metric)metric,
                               group, at->moment / PGS_TILE_MOMENTS, &tile, err);
    if (st != PGS_OK || t >= tile.n_moments)
        return st;
    pgs_tile_row(&tile, t, row);
    *n = left < tile.n_lanes ? left : tile.n_lanes;
    return PGS_OK;
}

static pgs_status keep_block(pgs_history *h, const placing *at, pgs_err *err) {
    size_t block = at->moment / PGS_TILE_MOMENTS;
    if (!h->keeps || h->kept_block == block)
        return PGS_OK;
    h->kept_block = SIZE_MAX;
    pgs_tiles_clear(&h->kept);
    pgs_status st = pgs_tiles_load(&h->kept, &h->reader[0].d, block, at->n_lanes, err);
    if (st == PGS_OK)
        h->kept_block = block;
    return st;
}

static pgs_status place_lanes(pgs_history *h, pgs_snapshot *out, placing *at, pgs_err *err) {
    double state[PGS_TILE_LANES];
    pgs_status st = PGS_OK;
    for (size_t i = 0; i < at->n_lanes; i++)
        at->part[i] = SIZE_MAX;
    for (size_t first = 0; st == PGS_OK && first < at->n_lanes; first += PGS_TILE_LANES) {
        size_t n;
        st = read_row(h, PGS_STATE_TILE, first / PGS_TILE_LANES, at, state, &n, err);
        for (size_t i = 0; st == PGS_OK && i < n; i++) {
            if (!(state[i] > 0))
                continue;
            if (at->n_parts < out->head.n_parts) {
                out->part[at->n_parts].measured = state[i] == PGS_STATE_MEASURED;
                at->part[first + i] = at->n_parts;
            }
            at->n_parts++;
        }
    }
    if (st == PGS_OK && at->n_parts != out->head.n_parts)
        st = pgs_database_damaged(&h->reader[0].d, err, "a moment has %zu of its %zu partitions",
                                  at->n_parts, out->head.n_parts);
    return st;
}

/* A snapshot whose partitions are being named. */
typedef struct naming {
    const placing *at;
    pgs_snapshot *out;
} naming;

static pgs_status set_text(pgs_snapshot *out, char **field, const char *text, pgs_err *err) {
    bool same = *field && text && strcmp(*field, text) == 0;
    return same ? PGS_OK : pgs_snapshot_text(out, field, text, err);
}

/* Changes come in the order of time: the last one up to the moment stays. */
static pgs_status name_part(void *context, const pgs_lane_change *change, pgs_err *err) {
    const naming *n = context;
    if (change->lane >= n->at->n_lanes || n->at->part[change->lane] == SIZE_MAX ||
        change->moment > n->at->moment)
        return PGS_OK;
    pgs_partition *part = &n->out->part[n->at->part[change->lane]];
    part->num = change->num;
    part->relid = change->relid;
    part->relfilenode = change->relfilenode;
    pgs_status st = set_text(n->out, &part->name, change->name, err);
    return st == PGS_OK ? set_text(n->out, &part->bounds, change->bounds, err) : st;
}

static pgs_status name_parts(pgs_history *h, const placing *at, bool numbers_only,
                             pgs_snapshot *out, pgs_err *err) {
    const pgs_lane_change *change = NULL;
    size_t n = 0;
    naming who = {at, out};
    if (!h->keeps)
        return load_changes(h, at->moment, numbers_only ? NUMBER_AND_NAME : ALL_FACTS, name_part,
                            &who, err);
    pgs_status st = pgs_history_changes(h, &change, &n, err);
    for (size_t i = 0; st == PGS_OK && i < n; i++)
        st = name_part(&who, &change[i], err);
    return st;
}

static pgs_status read_metric(pgs_history *h, pgs_metric m, const placing *at, pgs_snapshot *out,
                              pgs_err *err) {
    double row[PGS_TILE_LANES];
    pgs_status st = PGS_OK;
    for (size_t first = 0; st == PGS_OK && first < at->n_lanes; first += PGS_TILE_LANES) {
        size_t n;
        st = read_row(h, (int)m, first / PGS_TILE_LANES, at, row, &n, err);
        for (size_t i = 0; st == PGS_OK && i < n; i++)
            if (at->part[first + i] != SIZE_MAX)
                out->metric[m][at->part[first + i]] = row[i];
    }
    return st;
}

static pgs_status read_metrics(pgs_history *h, uint64_t wanted, const placing *at,
                               pgs_snapshot *out, pgs_err *err) {
    uint64_t given;
    pgs_status st = pgs_history_given(h, at->moment, &given, err);
    uint64_t packed = (PGS_METRIC_BIT(PGS_FIRST_DERIVED) - 1) | given;
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++)
        if ((wanted | PGS_METRICS_JUDGED) & packed & PGS_METRIC_BIT(m))
            st = read_metric(h, m, at, out, err);
    return st;
}

static pgs_status read_parts(pgs_history *h, size_t moment, const pgs_selection *selection,
                             pgs_snapshot *out, pgs_err *err) {
    int64_t n_lanes;
    pgs_status st = pgs_history_ask(h, "SELECT max(lane) + 1 FROM main.partition WHERE ? >= 0", 0,
                                    &n_lanes, err);
    if (st == PGS_OK && (n_lanes < 0 || n_lanes > (int64_t)PGS_MAX_PARTITIONS))
        n_lanes = 0;
    placing at = {.n_lanes = (size_t)n_lanes, .moment = moment};
    if (st == PGS_OK)
        st = pgs_snapshot_set_columns(out, out->head.n_parts,
                                      selection->metrics | PGS_METRICS_JUDGED, err);
    if (st == PGS_OK && !(at.part = pgs_alloc(at.n_lanes, sizeof *at.part)))
        st = pgs_no_memory(err);
    if (st == PGS_OK)
        st = keep_block(h, &at, err);
    if (st == PGS_OK)
        st = place_lanes(h, out, &at, err);
    if (st == PGS_OK)
        st = name_parts(h, &at, selection->numbers_only, out, err);
    if (st == PGS_OK)
        st = read_metrics(h, selection->metrics, &at, out, err);
    if (st == PGS_OK)
        st = pgs_history_check_totals(h, moment, out, err);
    pgs_free(at.part);
    return st;
}

static pgs_status end_reading(pgs_history *h, pgs_status st, pgs_snapshot *out, pgs_err *err) {
    if (st == PGS_OK)
        st = pgs_read_check(&h->reader[0].d, out, err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(out, &out->head.path, h->path, err);
    if (st != PGS_OK)
        pgs_snapshot_reset(out);
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
    return end_reading(h, st, out, err);
}

pgs_status pgs_history_read_rows(pgs_history *h, pgs_snapshot *out, pgs_err *err) {
    pgs_database *d = &h->reader[0].d;
    size_t moment = 0;
    pgs_status st = pgs_history_find(h, PGS_TIME_NONE, &moment, err);
    int64_t id = (int64_t)moment + 1;
    if (st == PGS_OK)
        st = pgs_read_head(d, id, out, err);
    if (st == PGS_OK)
        st = pgs_read_parts(d, PGS_METRICS_ALL, out, err);
    if (st == PGS_OK)
        st = pgs_read_strays(d, id, out, err);
    if (st == PGS_OK)
        st = pgs_read_collections(d, id, out, err);
    return end_reading(h, st, out, err);
}
