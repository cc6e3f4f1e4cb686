/* One partition group, tile by tile. Rows are decoded a few at a time into a buffer that stays in
 * the nearest cache, measured, and added to the lanes' regression sums together; at the end of a
 * tile those sums join what the lanes had before. In a tile with absent cells each lane keeps its
 * own count and times. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pipeline/scan.h"

#define LANES PGS_ROW_LANES

_Static_assert(PGS_TILE_LANES == PGS_ROW_LANES, "a tile's row is a kernel's row");

/* Regression sums of one tile: y is value * scale - origin. */
typedef struct tile_sums {
    double y[LANES], xy[LANES], yy[LANES], origin[LANES];
    double n[LANES], x[LANES], xx[LANES]; /* where lanes differ in what was observed */
} tile_sums;

struct pgs_scan_room {
    _Alignas(64) double rows[PGS_SCAN_ROWS][LANES];
    tile_sums count, share;
    double low[LANES], high[LANES], last[LANES]; /* of the tile, in its units */
    pgs_scan_scratch scratch;
};

size_t pgs_scan_room_bytes(void) {
    return sizeof(struct pgs_scan_room);
}

/* The tile that is being read. */
typedef struct progress {
    pgs_scan_rows all; /* what its rows are measured with */
    struct pgs_scan_room *room;
    size_t first, end; /* rows that are wanted */
    bool extremes;     /* wanted of the lanes */
    const uint8_t *delta;
    uint64_t sum; /* of the row decoded last, in units, modulo 2^64 */
    double at_x;
    bool no_total; /* some moment has a total of 0, so no shares */
} progress;

/* ---- lines ---- */

/* What is in an absent cell may be of a moment that nobody asked about. */
static void see_sparse(progress *at, size_t t, const double *row) {
    struct pgs_scan_room *room = at->room;
    for (size_t i = 0; i < at->all.n_lanes; i++) {
        if (!pgs_tile_has(at->all.tile, t, i))
            continue;
        if (room->count.n[i] == 0) {
            room->count.origin[i] = row[i] * at->all.unit;
            room->share.origin[i] = row[i] * (at->all.day[t].weight * at->all.unit);
            room->low[i] = room->high[i] = row[i];
        }
        room->low[i] = row[i] < room->low[i] ? row[i] : room->low[i];
        room->high[i] = row[i] > room->high[i] ? row[i] : room->high[i];
        room->last[i] = row[i];
    }
}

static void add_sparse(const progress *at, size_t t, const double *row, double x, double scale,
                       tile_sums *s) {
    for (size_t i = 0; i < at->all.n_lanes; i++) {
        if (!pgs_tile_has(at->all.tile, t, i))
            continue;
        double y = row[i] * scale - s->origin[i];
        s->n[i] += 1;
        s->x[i] += x;
        s->xx[i] += x * x;
        s->y[i] += y;
        s->xy[i] += x * y;
        s->yy[i] += y * y;
    }
}

static void add_dense(const progress *at, const double *rows, size_t n, const double *x,
                      const double *scale, tile_sums *s) {
    pgs_line_sums sums = {.y = s->y, .xy = s->xy, .yy = s->yy, .origin = s->origin};
    at->all.kernels->line_rows(&sums, rows, n, x, scale, at->all.n_lanes);
}

static void add_extremes(progress *at, size_t n, const double *rows) {
    struct pgs_scan_room *room = at->room;
    double *low = room->scratch.low, *high = room->scratch.high;
    at->all.kernels->lane_range(rows, n, at->all.n_lanes, low, high);
    for (size_t i = 0; i < at->all.n_lanes; i++) {
        room->low[i] = low[i] < room->low[i] ? low[i] : room->low[i];
        room->high[i] = high[i] > room->high[i] ? high[i] : room->high[i];
    }
}

/* Rows t .. t + n - 1, decoded one after the other at `rows`. */
static void add_rows(progress *at, size_t t, size_t n, const double *rows) {
    struct pgs_scan_room *room = at->room;
    const bool whole = at->all.whole;
    double x[PGS_SCAN_ROWS], one[PGS_SCAN_ROWS], weight[PGS_SCAN_ROWS];
    for (size_t r = 0; r < n; r++) {
        const pgs_scan_day *day = &at->all.day[t + r];
        x[r] = day->x - at->at_x;
        one[r] = at->all.unit;
        weight[r] = day->weight * at->all.unit;
    }
    if (whole)
        add_dense(at, rows, n, x, one, &room->count);
    if (whole && !at->no_total)
        add_dense(at, rows, n, x, weight, &room->share);
    for (size_t r = 0; r < n && !whole; r++) {
        see_sparse(at, t + r, rows + r * LANES);
        add_sparse(at, t + r, rows + r * LANES, x[r], one[r], &room->count);
    }
    for (size_t r = 0; r < n && (!whole || at->no_total); r++)
        if (weight[r] > 0)
            add_sparse(at, t + r, rows + r * LANES, x[r], weight[r], &room->share);
    if (whole && at->extremes)
        add_extremes(at, n, rows);
}

/* ---- a tile ---- */

static double first_weight(const progress *at) {
    for (size_t t = at->first; t < at->end; t++)
        if (at->all.day[t].weight > 0)
            return at->all.day[t].weight;
    return 0;
}

static void clear_sums(tile_sums *s, const double *row, double scale, size_t n) {
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < n; i++)
        s->origin[i] = row[i] * scale;
}

/* What all lanes of a whole tile share: count, times, squares of times. */
static void fill_times(const progress *at, tile_sums *s) {
    double n = 0, x = 0, xx = 0;
    for (size_t t = at->first; t < at->end; t++) {
        double d = at->all.day[t].x - at->at_x;
        n += 1;
        x += d;
        xx += d * d;
    }
    for (size_t i = 0; i < at->all.n_lanes; i++) {
        s->n[i] = n;
        s->x[i] = x;
        s->xx[i] = xx;
    }
}

static void join_lane(const progress *at, const tile_sums *s, size_t i, pgs_line *line) {
    if (s->n[i] == 0)
        return;
    pgs_line part = pgs_line_from_sums(s->n[i], at->at_x, s->x[i], s->xx[i], s->origin[i], s->y[i],
                                       s->xy[i], s->yy[i]);
    pgs_line_join(line, &part);
}

static void join_extremes(const progress *at, size_t i, pgs_scan_lines *lane) {
    double low = at->room->low[i] * at->all.unit, high = at->room->high[i] * at->all.unit;
    lane->min = !(low >= lane->min) ? low : lane->min;
    lane->max = !(high <= lane->max) ? high : lane->max;
}

static void join_lines(progress *at, const double *last, pgs_scan_lines *lines) {
    struct pgs_scan_room *room = at->room;
    if (at->all.whole) {
        memcpy(room->last, last, sizeof room->last);
        fill_times(at, &room->count);
    }
    if (at->all.whole && !at->no_total)
        fill_times(at, &room->share);
    for (size_t i = 0; i < at->all.n_lanes; i++) {
        pgs_scan_lines *lane = &lines[i];
        if (room->count.n[i] == 0)
            continue;
        join_lane(at, &room->count, i, &lane->count);
        join_lane(at, &room->share, i, &lane->share);
        if (isnan(lane->first))
            lane->first = room->count.origin[i];
        lane->last = room->last[i] * at->all.unit;
        if (at->extremes)
            join_extremes(at, i, lane);
    }
}

static void start_lines(progress *at, const double *row) {
    struct pgs_scan_room *room = at->room;
    at->no_total = false;
    for (size_t t = at->first; t < at->end; t++)
        at->no_total |= at->all.day[t].weight == 0;
    at->at_x = at->all.day[at->first].x;
    clear_sums(&room->count, row, at->all.unit, at->all.n_lanes);
    clear_sums(&room->share, row, first_weight(at) * at->all.unit, at->all.n_lanes);
    memcpy(room->low, row, sizeof room->low);
    memcpy(room->high, row, sizeof room->high);
}

/* What an exception is added to. Where there are exceptions, 8 bytes follow the last delta. */
static int64_t delta_of(const uint8_t *delta, unsigned width, size_t lane) {
    uint64_t bytes;
    memcpy(&bytes, delta + lane * width, sizeof bytes);
    return width == 0 ? 0 : (int64_t)(bytes << (64 - 8 * width)) >> (64 - 8 * width);
}

/* Decode row t into the next place of the buffer; returns it. A delta and its exception are added
 * up first: the new value is at most 2^53, the old one with the delta alone may be beyond. */
static double *next_row(progress *at, size_t t, const double *row, double *to) {
    const pgs_tile *tile = at->all.tile;
    unsigned width = tile->width[t] & PGS_TILE_WIDTH;
    const uint8_t *delta = at->delta, *exceptions = delta + tile->stride * width;
    at->sum += at->all.kernels->advance(row, delta, width, at->all.n_lanes, to);
    at->delta = exceptions;
    if (tile->width[t] & PGS_TILE_EXCEPTIONS) {
        for (size_t i = 0; i < exceptions[0]; i++) {
            size_t lane;
            int64_t high = pgs_tile_exception(exceptions, i, width, &lane);
            to[lane] = row[lane] + (double)(delta_of(delta, width, lane) + high);
            at->sum += lane < at->all.n_lanes ? (uint64_t)high : 0;
        }
        at->delta += pgs_tile_exception_bytes(exceptions);
    }
    return to;
}

/* Whether rows that are not looked at in full can be: what follows from them is only then exact. */
static bool rows_can_be(progress *at, size_t n, const double *rows) {
    double *low = at->room->scratch.low, *high = at->room->scratch.high;
    bool can = true;
    at->all.kernels->lane_range(rows, n, at->all.n_lanes, low, high);
    for (size_t i = 0; i < at->all.n_lanes; i++)
        can &= low[i] >= 0 && high[i] * at->all.unit <= PGS_MAX_INTEGER;
    return can;
}

static bool scan_rows(progress *at, pgs_scan_lines *lines) {
    double(*rows)[LANES] = at->room->rows;
    double *row = rows[PGS_SCAN_ROWS - 1];
    for (size_t i = 0; i < at->all.n_lanes; i++) {
        row[i] = (double)at->all.tile->base[i];
        at->sum += (uint64_t)at->all.tile->base[i];
    }
    for (size_t t = 1; t <= at->first; t++) {
        double *skipped = row == rows[0] ? rows[1] : rows[0];
        if (!rows_can_be(at, 1, row))
            return false;
        row = next_row(at, t, row, skipped);
    }
    if (lines)
        start_lines(at, row);
    for (size_t t = at->first; t < at->end; t += PGS_SCAN_ROWS) {
        size_t n = at->end - t < PGS_SCAN_ROWS ? at->end - t : PGS_SCAN_ROWS;
        uint64_t sum[PGS_SCAN_ROWS];
        for (size_t r = 0; r < n; r++) {
            if (t + r > at->first)
                row = next_row(at, t + r, row, rows[r]);
            else if (row != rows[0])
                row = memcpy(rows[0], row, sizeof rows[0]);
            sum[r] = at->sum;
        }
        if ((!at->all.whole && !rows_can_be(at, n, rows[0])) ||
            !pgs_scan_measure_rows(&at->all, t, n, rows[0], sum, &at->room->scratch))
            return false;
        if (lines)
            add_rows(at, t, n, rows[0]);
    }
    if (lines)
        join_lines(at, row, lines);
    return true;
}

static pgs_status impossible(const pgs_tile *tile, pgs_measure measure, size_t group, size_t block,
                             pgs_err *err) {
    pgs_status st =
        pgs_fail(err, PGS_E_DATA, "a tile of %s (partition group %zu, time block %zu) holds %s",
                 pgs_metric_get(pgs_measure_metric(measure))->key, group, block,
                 tile->encoding == PGS_ENCODING_INTEGER ? "impossible values" : "no whole numbers");
    pgs_hint(err, "pgskew verify tells what else is wrong with the history");
    return st;
}

pgs_status pgs_scan_group(pgs_scan_worker *worker, pgs_measure measure, size_t group,
                          size_t n_lanes, double *squares, pgs_scan_lines *lines, pgs_err *err) {
    const pgs_scan_plan *plan = worker->plan;
    pgs_status st = PGS_OK;
    for (size_t t = plan->first; st == PGS_OK && t < plan->end;) {
        size_t block = t / PGS_TILE_MOMENTS, start = block * PGS_TILE_MOMENTS;
        size_t end = start + PGS_TILE_MOMENTS < plan->end ? start + PGS_TILE_MOMENTS : plan->end;
        pgs_tile tile;
        st = plan->source->read(plan->source->context, worker->reader, pgs_measure_metric(measure),
                                group, block, &tile, err);
        size_t rows = end - start < tile.n_moments ? end - start : tile.n_moments;
        if (st == PGS_OK && t - start < rows) {
            ptrdiff_t day = (ptrdiff_t)(start - plan->first); /* of the tile's first row */
            progress at = {
                .all = {.kernels = plan->kernels,
                        .tile = &tile,
                        .n_lanes = tile.n_lanes < n_lanes ? tile.n_lanes : n_lanes,
                        .measure = measure,
                        .unit = (double)(UINT64_C(1) << tile.shift),
                        .whole = !tile.present,
                        .day = plan->day + day,
                        .sums = worker->sums[measure] + day,
                        .squares = squares ? squares + day : NULL},
                .room = worker->room,
                .first = t - start,
                .end = rows,
                .extremes = plan->extremes,
                .delta = tile.deltas,
            };
            if (tile.encoding != PGS_ENCODING_INTEGER || !scan_rows(&at, lines))
                st = impossible(&tile, measure, group, block, err);
        }
        t = end;
    }
    return st;
}
