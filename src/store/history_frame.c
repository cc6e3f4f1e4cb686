/* A packed history as a daily frame: what trends and forecasts think with. Each tile is decoded
 * once, and only the last observation of every 24 hours is kept. */
#include <math.h>
#include <string.h>

#include "pgskew/frame.h"
#include "store/history_reader.h"

typedef struct filling {
    pgs_history *history;
    const pgs_series *series;
    pgs_tile_source tiles;
    size_t first, last; /* the moments that the frame begins and ends with */
    double *rows;       /* of one tile */
    pgs_moment *sum;    /* [last - first + 1] of what was read */
    pgs_frame *frame;
} filling;

/* The row of the frame that a moment belongs to. */
static size_t day_of(const filling *f, size_t moment) {
    return f->frame->n_times - 1 -
           pgs_frame_day(f->series->moment[moment].taken_us, f->series->moment[f->last].taken_us);
}

/* ---- cells ---- */

/* PGS_MEASURE_COUNT: it is none. */
static pgs_measure measure_of(pgs_metric m) {
    pgs_measure k = 0;
    while (k < PGS_MEASURE_COUNT && pgs_measure_metric(k) != m)
        k++;
    return k;
}

static void keep_rows(const filling *f, const pgs_tile *tile, pgs_metric m, size_t group,
                      size_t start) {
    const pgs_frame *frame = f->frame;
    pgs_measure measure = measure_of(m);
    size_t left = frame->n_parts - group * PGS_TILE_LANES;
    size_t n = left < tile->n_lanes ? left : tile->n_lanes;
    for (size_t t = 0; t < tile->n_moments && start + t <= f->last; t++) {
        if (start + t < f->first)
            continue;
        double *cell =
            frame->metric[m] + day_of(f, start + t) * frame->stride + group * PGS_TILE_LANES;
        const double *row = f->rows + t * PGS_TILE_LANES;
        for (size_t i = 0; i < n; i++)
            cell[i] = isnan(row[i]) ? cell[i] : row[i];
        if (measure < PGS_MEASURE_COUNT)
            pgs_moment_add(&f->sum[start + t - f->first], measure, row, n);
    }
}

/* What was read of a measure is what was kept of each moment. */
static pgs_status check_sums(const filling *f, pgs_metric m, pgs_err *err) {
    pgs_measure measure = measure_of(m);
    pgs_status st = PGS_OK;
    for (size_t t = f->first; st == PGS_OK && t <= f->last && measure < PGS_MEASURE_COUNT; t++)
        st = pgs_history_agree(f->history, &f->series->moment[t], &f->sum[t - f->first], measure,
                               err);
    return st;
}

static pgs_status fill_metric(filling *f, pgs_metric m, pgs_err *err) {
    size_t n_groups = (f->frame->n_parts + PGS_TILE_LANES - 1) / PGS_TILE_LANES;
    pgs_status st = pgs_frame_add_metric(f->frame, m, err);
    for (size_t g = 0; g < n_groups; g++)
        for (size_t b = f->first / PGS_TILE_MOMENTS;
             st == PGS_OK && b <= f->last / PGS_TILE_MOMENTS; b++) {
            pgs_tile tile;
            st = f->tiles.read(f->tiles.context, 0, m, g, b, &tile, err);
            if (st != PGS_OK)
                break;
            pgs_tile_rows(&tile, f->rows);
            keep_rows(f, &tile, m, g, b * PGS_TILE_MOMENTS);
        }
    return st == PGS_OK ? check_sums(f, m, err) : st;
}

/* ---- partitions ---- */

static pgs_status fill_there(filling *f, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t p = 0; st == PGS_OK && p < f->frame->n_parts; p += PGS_TILE_LANES) {
        pgs_tile tile;
        size_t t = f->last % PGS_TILE_MOMENTS;
        st = f->tiles.read(f->tiles.context, 0, PGS_PRESENCE, p / PGS_TILE_LANES,
                           f->last / PGS_TILE_MOMENTS, &tile, err);
        if (st != PGS_OK || t >= tile.n_moments)
            continue;
        pgs_tile_row(&tile, t, f->rows);
        for (size_t i = 0; i < tile.n_lanes && p + i < f->frame->n_parts; i++)
            f->frame->there[p + i] = f->rows[i] > 0;
    }
    return st;
}

/* `now` is the newest change of its lane so far, `before` the one before it, or NULL. */
static pgs_status apply_change(const filling *f, const pgs_lane_change *now,
                               const pgs_lane_change *before, pgs_buf *refiled, pgs_err *err) {
    f->frame->part_num[now->lane] = now->num;
    f->frame->part[now->lane] = NULL;
    if (before && before->relfilenode != 0 && now->relfilenode != 0 &&
        before->relfilenode != now->relfilenode && now->moment > f->first) {
        pgs_refiled one = {day_of(f, now->moment), now->lane};
        pgs_buf_bytes(refiled, &one, sizeof one);
    }
    return refiled->failed ? pgs_no_memory(err)
                           : pgs_frame_set_name(f->frame, now->lane, now->name, err);
}

/* What was true of the partitions at the last moment. */
static pgs_status fill_facts(const filling *f, pgs_err *err) {
    const pgs_lane_change *change;
    size_t n;
    pgs_buf refiled = {0};
    pgs_status st = pgs_history_changes(f->history, &change, &n, err);
    for (size_t i = 0; st == PGS_OK && i < n; i++)
        if (change[i].lane < f->frame->n_parts && change[i].moment <= f->last)
            st = apply_change(f, &change[i],
                              i > 0 && change[i - 1].lane == change[i].lane ? &change[i - 1] : NULL,
                              &refiled, err);
    if (st == PGS_OK)
        st = pgs_frame_set_refiled(f->frame, (const pgs_refiled *)(const void *)refiled.data,
                                   refiled.n / sizeof(pgs_refiled), err);
    pgs_buf_reset(&refiled);
    return st;
}

/* ---- moments ---- */

static pgs_status fill_counts(const filling *f, pgs_err *err) {
    static const char *const COLUMN[] = {"snapshot_id", "counts"};
    pgs_database *d = &f->history->reader[0].d;
    pgs_cells c = {.d = d, .what = "snapshot", .column = COLUMN};
    pgs_status st = pgs_database_select(d, "snapshot", COLUMN, PGS_COUNT_OF(COLUMN),
                                        "ORDER BY snapshot_id", &c.stmt, err);
    bool row = c.stmt != NULL;
    for (size_t t = 0; st == PGS_OK && row && t <= f->last; t++) {
        const char *text = NULL;
        int64_t id = 0;
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st == PGS_OK && row)
            st = pgs_cell_int(&c, 0, 0, &id, err);
        if (st == PGS_OK && row)
            st = pgs_cell_text(&c, 1, &text, err);
        if (st == PGS_OK && id != (int64_t)t + 1)
            st = pgs_database_damaged(d, err, "its moments are not numbered 1, 2, ...");
        if (st == PGS_OK && row && t >= f->first)
            f->frame->counts[day_of(f, t)] =
                text && strcmp(text, "estimate") == 0 ? PGS_COUNTS_ESTIMATE : PGS_COUNTS_EXACT;
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static pgs_status fill_moments(const filling *f, pgs_err *err) {
    pgs_status st = pgs_frame_set_moments(f->frame, f->last - f->first + 1, err);
    for (size_t i = 0; st == PGS_OK && i < f->frame->n_moments; i++) {
        const pgs_moment *moment = &f->series->moment[f->first + i];
        f->frame->moment[i] = (pgs_frame_moment){.taken_us = moment->taken_us,
                                                 .chunks = (double)moment->total[PGS_BY_CHUNKS],
                                                 .n_seen = moment->n_seen[PGS_BY_CHUNKS]};
    }
    return st;
}

/* Lanes are in the order of their birth: those of later moments are the last ones. */
static size_t born_by(const pgs_series *series, size_t last) {
    size_t n = series->n_lanes;
    while (n > 0 && series->lane[n - 1].first > last)
        n--;
    return n;
}

static pgs_status shape(const filling *f, pgs_err *err) {
    const pgs_series *series = f->series;
    int64_t last_us = series->moment[f->last].taken_us;
    size_t n_days = pgs_frame_day(series->moment[f->first].taken_us, last_us) + 1;
    pgs_status st = pgs_frame_set_shape(f->frame, series->head.table_name, n_days,
                                        born_by(series, f->last), err);
    for (size_t t = 0; st == PGS_OK && t < n_days; t++)
        f->frame->taken_us[t] = last_us - (int64_t)(n_days - 1 - t) * PGS_DAY_US;
    return st;
}

static pgs_status fill(filling *f, uint64_t metrics, pgs_err *err) {
    pgs_status st = shape(f, err);
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++)
        if (metrics & PGS_METRIC_BIT(m))
            st = fill_metric(f, m, err);
    if (st == PGS_OK)
        st = fill_there(f, err);
    if (st == PGS_OK)
        st = fill_facts(f, err);
    if (st == PGS_OK)
        st = fill_counts(f, err);
    if (st == PGS_OK)
        st = fill_moments(f, err);
    return st == PGS_OK ? pgs_frame_arrange(f->frame, err) : st;
}

pgs_status pgs_history_frame(pgs_history *history, size_t first, size_t last, uint64_t metrics,
                             pgs_frame *out, pgs_err *err) {
    filling f = {.history = history, .first = first, .last = last, .frame = out};
    pgs_status st = pgs_history_series(history, &f.series, err);
    if (st != PGS_OK)
        return st;
    f.tiles = pgs_history_tiles(history);
    f.rows = pgs_alloc(PGS_TILE_MOMENTS * PGS_TILE_LANES, sizeof *f.rows);
    f.sum = pgs_alloc(last - first + 1, sizeof *f.sum);
    st = f.rows && f.sum ? fill(&f, metrics, err) : pgs_no_memory(err);
    pgs_free(f.rows);
    pgs_free(f.sum);
    if (st != PGS_OK)
        pgs_frame_reset(out);
    return st;
}
