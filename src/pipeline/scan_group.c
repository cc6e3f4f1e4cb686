/* One partition group, tile by tile. Rows are decoded a few at a time into a buffer that stays in the
 * nearest cache, measured one by one, and added to the lanes' regression sums together; at the end of
 * a tile those sums join what the lanes had before. A tile with absent cells takes the slow road: the
 * observed values of a row are gathered before they are measured, and each lane keeps its own count
 * and times. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pipeline/scan.h"

#define LANES      PGS_ROW_LANES
#define CHUNK_ROWS 4

_Static_assert(PGS_TILE_LANES == PGS_ROW_LANES, "a tile's row is a kernel's row");

/* Regression sums of one tile: y is value * scale - origin. */
typedef struct tile_sums {
    double y[LANES], xy[LANES], yy[LANES], origin[LANES];
    double n[LANES], x[LANES], xx[LANES]; /* where lanes differ in what was observed */
} tile_sums;

struct pgs_scan_room {
    _Alignas(64) double rows[CHUNK_ROWS][LANES];
    double seen[LANES]; /* observed values of one row */
    tile_sums count, share;
    double low[LANES], high[LANES];
};

size_t pgs_scan_room_bytes(void) {
    return sizeof(struct pgs_scan_room);
}

/* The tile that is being read. */
typedef struct progress {
    pgs_scan_worker *worker;
    const pgs_kernels *k;
    pgs_measure measure;
    const pgs_tile *tile;
    const pgs_scan_day *day; /* of the tile's row 0; valid from row `first` on */
    size_t first, end;       /* rows of the tile that are wanted */
    size_t n_lanes;          /* of the tile */
    const uint8_t *delta;
    double scale, at_x;
    bool whole;      /* every cell is there */
    bool no_total;   /* some moment has a total of 0, so no shares */
    double *squares; /* of row 0 */
} progress;

/* ---- measuring a row ---- */

static bool row_is_whole(const pgs_tile *tile, size_t t) {
    const uint8_t *bits = tile->present + t * (tile->stride / 8);
    size_t n = 0;
    for (size_t i = 0; i < tile->stride / 8; i++)
        n += (size_t)__builtin_popcount(bits[i]);
    return n == tile->n_lanes;
}

static size_t gather(const pgs_tile *tile, size_t t, const double *row, size_t n, double *seen) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (pgs_tile_has(tile, t, i))
            seen[k++] = row[i];
    return k;
}

static bool beyond_any(const pgs_row_bounds *b, const pgs_row_stats *s) {
    return fabs(s->min - b->middle[0]) >= b->reach[0] || fabs(s->max - b->middle[0]) >= b->reach[0];
}

/* A sum that doubles may not hold: bytes of very large partitions. */
static int64_t exact_sum(const double *row, size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)row[i];
    return (int64_t)sum;
}

/* False: a value that cannot be. */
static bool measure_row(progress *at, size_t t, const double *row, size_t n) {
    struct pgs_scan_room *room = at->worker->room;
    const pgs_scan_day *day = at->day + t;
    pgs_scan_sums *sums = at->worker->sums[at->measure] + (day - at->worker->plan->day);
    if (!at->whole && !row_is_whole(at->tile, t)) {
        n = gather(at->tile, t, row, n, room->seen);
        row = room->seen;
    }
    if (n == 0)
        return true;
    pgs_row_stats s;
    at->k->row_stats(row, n, day->about, &s);
    if (!(s.min >= 0 && s.max <= PGS_MAX_INTEGER))
        return false;
    sums->total += s.max * (double)n < PGS_MAX_INTEGER ? (int64_t)s.sum : exact_sum(row, n);
    sums->min = s.min < sums->min ? s.min : sums->min;
    sums->max = s.max > sums->max ? s.max : sums->max;
    sums->n_seen += (uint32_t)n;
    if (at->squares)
        at->squares[t] = s.squares;
    const pgs_row_bounds *bounds = &day->bounds[at->measure];
    if (beyond_any(bounds, &s)) {
        uint32_t beyond[2];
        at->k->count_beyond(row, n, bounds, beyond);
        sums->beyond[0] += beyond[0];
        sums->beyond[1] += beyond[1];
    }
    return true;
}

/* ---- lines ---- */

static void add_sparse(const progress *at, size_t t, const double *row, double x, double scale,
                       tile_sums *s) {
    for (size_t i = 0; i < at->n_lanes; i++) {
        if (!pgs_tile_has(at->tile, t, i))
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
    at->k->line_rows(&sums, rows, n, x, scale, at->n_lanes);
}

/* Rows t .. t + n - 1, decoded one after the other at `rows`. */
static void add_rows(progress *at, size_t t, size_t n, const double *rows) {
    struct pgs_scan_room *room = at->worker->room;
    double x[CHUNK_ROWS], one[CHUNK_ROWS], weight[CHUNK_ROWS];
    for (size_t r = 0; r < n; r++) {
        x[r] = at->day[t + r].x - at->at_x;
        one[r] = 1;
        weight[r] = at->day[t + r].weight;
    }
    if (at->whole)
        add_dense(at, rows, n, x, one, &room->count);
    if (at->whole && !at->no_total)
        add_dense(at, rows, n, x, weight, &room->share);
    for (size_t r = 0; r < n; r++) {
        const double *row = rows + r * LANES;
        if (!at->whole)
            add_sparse(at, t + r, row, x[r], 1, &room->count);
        if ((!at->whole || at->no_total) && weight[r] > 0)
            add_sparse(at, t + r, row, x[r], weight[r], &room->share);
        if (at->worker->plan->extremes)
            at->k->lane_extremes(room->low, room->high, row, at->n_lanes);
    }
}

/* ---- a tile ---- */

static double first_weight(const progress *at) {
    for (size_t t = at->first; t < at->end; t++)
        if (at->day[t].weight > 0)
            return at->day[t].weight;
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
        double d = at->day[t].x - at->at_x;
        n += 1;
        x += d;
        xx += d * d;
    }
    for (size_t i = 0; i < at->n_lanes; i++) {
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

static void join_lines(progress *at, const double *last, pgs_scan_lines *lines) {
    struct pgs_scan_room *room = at->worker->room;
    if (at->whole)
        fill_times(at, &room->count);
    if (at->whole && !at->no_total)
        fill_times(at, &room->share);
    for (size_t i = 0; i < at->n_lanes; i++) {
        pgs_scan_lines *lane = &lines[i];
        if (room->count.n[i] == 0)
            continue;
        join_lane(at, &room->count, i, &lane->count);
        join_lane(at, &room->share, i, &lane->share);
        if (isnan(lane->first))
            lane->first = room->count.origin[i];
        lane->last = last[i];
        if (at->worker->plan->extremes) {
            lane->min = !(room->low[i] >= lane->min) ? room->low[i] : lane->min;
            lane->max = !(room->high[i] <= lane->max) ? room->high[i] : lane->max;
        }
    }
}

static void start_lines(progress *at, const double *row) {
    struct pgs_scan_room *room = at->worker->room;
    at->no_total = false;
    for (size_t t = at->first; t < at->end; t++)
        at->no_total |= at->day[t].weight == 0;
    at->at_x = at->day[at->first].x;
    clear_sums(&room->count, row, 1, at->n_lanes);
    clear_sums(&room->share, row, first_weight(at), at->n_lanes);
    memcpy(room->low, row, sizeof room->low);
    memcpy(room->high, row, sizeof room->high);
}

/* Decode row t into the next place of the buffer; returns it. */
static double *next_row(progress *at, size_t t, const double *row, double *to) {
    const pgs_tile *tile = at->tile;
    unsigned width = tile->width[t] & PGS_TILE_WIDTH;
    at->k->advance(row, at->delta, width, at->scale, at->n_lanes, to);
    at->delta += tile->stride * width;
    if (tile->width[t] & PGS_TILE_EXCEPTIONS) {
        for (size_t i = 0; i < at->delta[0]; i++) {
            size_t lane;
            double high = (double)pgs_tile_exception(at->delta, i, width, &lane);
            to[lane] += at->scale * high;
        }
        at->delta += pgs_tile_exception_bytes(at->delta);
    }
    return to;
}

static bool scan_rows(progress *at, pgs_scan_lines *lines) {
    double(*rows)[LANES] = at->worker->room->rows;
    double *row = rows[CHUNK_ROWS - 1];
    for (size_t i = 0; i < at->n_lanes; i++)
        row[i] = (double)at->tile->base[i] * at->scale;
    for (size_t t = 1; t <= at->first; t++) {
        double *skipped = row == rows[0] ? rows[1] : rows[0];
        row = next_row(at, t, row, skipped);
    }
    if (lines)
        start_lines(at, row);
    for (size_t t = at->first; t < at->end; t += CHUNK_ROWS) {
        size_t n = at->end - t < CHUNK_ROWS ? at->end - t : CHUNK_ROWS;
        for (size_t r = 0; r < n; r++) {
            if (t + r > at->first)
                row = next_row(at, t + r, row, rows[r]);
            else if (row != rows[0])
                row = memcpy(rows[0], row, sizeof rows[0]);
            if (!measure_row(at, t + r, row, at->n_lanes))
                return false;
        }
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
            progress at = {
                .worker = worker,
                .k = plan->kernels,
                .measure = measure,
                .tile = &tile,
                .day = plan->day + (ptrdiff_t)(start - plan->first),
                .first = t - start,
                .end = rows,
                .n_lanes = tile.n_lanes < n_lanes ? tile.n_lanes : n_lanes,
                .delta = tile.deltas,
                .scale = (double)(UINT64_C(1) << tile.shift),
                .whole = !tile.present,
                .squares = squares ? squares + (ptrdiff_t)(start - plan->first) : NULL,
            };
            if (tile.encoding != PGS_ENCODING_INTEGER || !scan_rows(&at, lines))
                st = impossible(&tile, measure, group, block, err);
        }
        t = end;
    }
    return st;
}
