/* A packed history as a daily frame: what trends and forecasts think with. Each tile is decoded once,
 * and only the last observation of every 24 hours is kept. */
#include <math.h>

#include "base/base.h"
#include "pgskew/frame.h"
#include "pgskew/history.h"

typedef struct filling {
    const pgs_series *series;
    const pgs_tile_source *tiles;
    size_t last;  /* the moment that the frame ends with */
    double *rows; /* of one tile */
    pgs_frame *frame;
} filling;

static void keep_rows(const filling *f, const pgs_tile *tile, pgs_metric m, size_t group,
                      size_t start) {
    const pgs_frame *frame = f->frame;
    int64_t last_us = f->series->moment[f->last].taken_us;
    for (size_t t = 0; t < tile->n_moments && start + t <= f->last; t++) {
        size_t day =
            frame->n_times - 1 - pgs_frame_day(f->series->moment[start + t].taken_us, last_us);
        double *cell = frame->metric[m] + day * frame->stride + group * PGS_TILE_LANES;
        const double *row = f->rows + t * PGS_TILE_LANES;
        for (size_t i = 0; i < tile->n_lanes && group * PGS_TILE_LANES + i < frame->n_parts; i++)
            cell[i] = isnan(row[i]) ? cell[i] : row[i];
    }
}

static pgs_status fill_metric(const filling *f, pgs_metric m, pgs_err *err) {
    size_t n_groups = (f->frame->n_parts + PGS_TILE_LANES - 1) / PGS_TILE_LANES;
    pgs_status st = pgs_frame_add_metric(f->frame, m, err);
    for (size_t g = 0; g < n_groups; g++)
        for (size_t start = 0; st == PGS_OK && start <= f->last; start += PGS_TILE_MOMENTS) {
            pgs_tile tile;
            st = f->tiles->read(f->tiles->context, 0, m, g, start / PGS_TILE_MOMENTS, &tile, err);
            if (st != PGS_OK)
                break;
            pgs_tile_rows(&tile, f->rows);
            keep_rows(f, &tile, m, g, start);
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

static pgs_status shape(const pgs_series *series, size_t last, pgs_frame *out, pgs_err *err) {
    int64_t last_us = series->moment[last].taken_us;
    size_t n_days = pgs_frame_day(series->moment[0].taken_us, last_us) + 1;
    size_t n_lanes = born_by(series, last);
    pgs_status st = pgs_frame_set_shape(out, series->head.table_name, n_days, n_lanes, err);
    for (size_t t = 0; st == PGS_OK && t < n_days; t++)
        out->taken_us[t] = last_us - (int64_t)(n_days - 1 - t) * PGS_DAY_US;
    for (size_t i = 0; st == PGS_OK && i < n_lanes; i++) {
        out->part_num[i] = series->lane[i].num;
        st = pgs_frame_set_name(out, i, series->lane[i].name, err);
    }
    return st;
}

pgs_status pgs_history_frame(pgs_history *history, size_t moment, uint64_t metrics, pgs_frame *out,
                             pgs_err *err) {
    const pgs_series *series;
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_status st = pgs_history_series(history, &series, err);
    if (st != PGS_OK)
        return st;
    filling f = {.series = series, .tiles = &tiles, .last = moment, .frame = out};
    f.rows = pgs_alloc(PGS_TILE_MOMENTS * PGS_TILE_LANES, sizeof *f.rows);
    st = f.rows ? shape(series, moment, out, err) : pgs_no_memory(err);
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++)
        if (metrics & PGS_METRIC_BIT(m))
            st = fill_metric(&f, m, err);
    pgs_free(f.rows);
    if (st != PGS_OK)
        pgs_frame_reset(out);
    return st;
}
