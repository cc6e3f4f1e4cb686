/* Rows of one tile measured: per moment the total, the extremes, the squares and how many
 * partitions are beyond each bound. Bounds and values hardly move from one row to the next, so a
 * few rows are sifted together: the range of each lane over all of them settles on which side of
 * the bounds it is, and that it is neither row's extreme, for nearly all lanes at once. Only the
 * others are looked at row by row. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pipeline/scan.h"

/* ---- one row ---- */

/* In units of the tile: a power of two, so nothing is rounded. */
static pgs_row_bounds bounds_of(const pgs_scan_rows *all, size_t t) {
    const pgs_row_bounds *b = &all->day[t].bounds[all->measure];
    double scale = 1 / all->unit;
    return (pgs_row_bounds){.middle = {b->middle[0] * scale, b->middle[1] * scale},
                            .reach = {b->reach[0] * scale, b->reach[1] * scale}};
}

/* What the open lanes of a row have: its extremes, and all beyond a bound that are not settled. */
typedef struct few {
    double min, max;
    uint32_t beyond[2];
} few;

static few look_at(const pgs_scan_rows *all, const pgs_row_bounds *b, const double *row,
                   size_t n_open, pgs_scan_scratch *scratch) {
    few out = {.min = INFINITY, .max = -INFINITY};
    for (size_t i = 0; i < n_open; i++) {
        double x = row[scratch->lane[i]];
        if (x < out.min)
            out.min = x, scratch->min_lane = scratch->lane[i];
        if (x > out.max)
            out.max = x, scratch->max_lane = scratch->lane[i];
        out.beyond[0] += fabs(x - b->middle[0]) >= b->reach[0];
        out.beyond[1] += fabs(x - b->middle[1]) >= b->reach[1];
    }
    out.min *= all->unit;
    out.max *= all->unit;
    return out;
}

static bool can_be(const few *seen) {
    return seen->min >= 0 && seen->max <= PGS_MAX_INTEGER;
}

/* Row t of `n` observed values that can be, which add up to `sum` units. False: the moment's total
 * is beyond 2^63. */
static bool add_row(const pgs_scan_rows *all, size_t t, const double *row, size_t n, uint64_t sum,
                    const few *of_few, const uint32_t settled[2]) {
    pgs_scan_sums *sums = &all->sums[t];
    bool first = sums->n_seen == 0;
    sums->min = first || of_few->min < sums->min ? of_few->min : sums->min;
    sums->max = first || of_few->max > sums->max ? of_few->max : sums->max;
    sums->n_seen += (uint32_t)n;
    for (int i = 0; i < 2; i++)
        sums->beyond[i] += settled[i] + of_few->beyond[i];
    if (all->squares)
        all->squares[t] = all->kernels->row_squares(row, n, all->day[t].about / all->unit) *
                          all->unit * all->unit;
    int64_t total = (int64_t)(sum * (uint64_t)all->unit); /* at most 256 * 2^53 */
    return !__builtin_add_overflow(sums->total, total, &sums->total);
}

/* ---- absent cells ---- */

static bool measure_sparse(const pgs_scan_rows *all, size_t t, const double *row,
                           pgs_scan_scratch *scratch) {
    size_t n = 0;
    for (size_t i = 0; i < all->n_lanes; i++)
        if (pgs_tile_has(all->tile, t, i)) {
            scratch->lane[n] = (uint8_t)i;
            scratch->seen[n++] = row[i];
        }
    pgs_row_bounds bounds = bounds_of(all, t);
    few seen = look_at(all, &bounds, row, n, scratch);
    if (n == 0 || !can_be(&seen))
        return n == 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)scratch->seen[i];
    return add_row(all, t, scratch->seen, n, sum, &seen, (uint32_t[2]){0, 0});
}

/* ---- rows together ---- */

/* The lanes that were the extremes of the row before tell how far the others must stay away. */
static pgs_sieve sieve_for(const pgs_scan_rows *all, const pgs_row_bounds *bounds, size_t n_rows,
                           const pgs_scan_scratch *scratch) {
    pgs_sieve s = {.out_low = {INFINITY, INFINITY},
                   .out_high = {-INFINITY, -INFINITY},
                   .in_low = {-INFINITY, -INFINITY},
                   .in_high = {INFINITY, INFINITY},
                   .floor = scratch->high[scratch->min_lane % all->n_lanes],
                   .ceiling = scratch->low[scratch->max_lane % all->n_lanes]};
    for (size_t r = 0; r < n_rows; r++) {
        const pgs_row_bounds *b = &bounds[r];
        for (int k = 0; k < 2; k++) {
            double low = b->middle[k] - b->reach[k], high = b->middle[k] + b->reach[k];
            s.out_low[k] = pgs_smaller(low, s.out_low[k]);
            s.out_high[k] = pgs_larger(high, s.out_high[k]);
            s.in_low[k] = pgs_larger(low, s.in_low[k]);
            s.in_high[k] = pgs_smaller(high, s.in_high[k]);
        }
    }
    return s;
}

/* Lists the lanes whose flag is up, eight at a time where none is; returns how many. */
static size_t list_open(const uint8_t *open, size_t n_lanes, uint8_t *lane) {
    size_t n = 0;
    for (size_t i = 0; i < n_lanes; i += 8) {
        uint64_t any;
        memcpy(&any, open + i, sizeof any);
        for (size_t k = i; any != 0 && k < i + 8 && k < n_lanes; k++)
            if (open[k])
                lane[n++] = (uint8_t)k;
    }
    return n;
}

static bool measure_whole(const pgs_scan_rows *all, size_t t, size_t n_rows, const double *rows,
                          const uint64_t *sum, pgs_scan_scratch *scratch) {
    uint32_t settled[2];
    pgs_row_bounds bounds[PGS_SCAN_ROWS];
    for (size_t r = 0; r < n_rows; r++)
        bounds[r] = bounds_of(all, t + r);
    all->kernels->lane_range(rows, n_rows, all->n_lanes, scratch->low, scratch->high);
    pgs_sieve sieve = sieve_for(all, bounds, n_rows, scratch);
    all->kernels->sift(scratch->low, scratch->high, all->n_lanes, &sieve, scratch->open, settled);
    size_t n_open = list_open(scratch->open, all->n_lanes, scratch->lane);
    for (size_t r = 0; r < n_rows; r++) {
        const double *row = rows + r * PGS_ROW_LANES;
        few open = look_at(all, &bounds[r], row, n_open, scratch);
        if (!can_be(&open) || !add_row(all, t + r, row, all->n_lanes, sum[r], &open, settled))
            return false;
    }
    return true;
}

bool pgs_scan_measure_rows(const pgs_scan_rows *all, size_t t, size_t n_rows, const double *rows,
                           const uint64_t *sum, pgs_scan_scratch *scratch) {
    if (all->whole)
        return measure_whole(all, t, n_rows, rows, sum, scratch);
    for (size_t r = 0; r < n_rows; r++)
        if (!measure_sparse(all, t + r, rows + r * PGS_ROW_LANES, scratch))
            return false;
    return true;
}
