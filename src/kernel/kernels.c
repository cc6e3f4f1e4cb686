/* Compiled once per instruction level with PGS_LEVEL set to its name: the compiler vectorises these
 * loops, and because the order of every rounding sum is written out, to the same bits. Contraction
 * of a * b + c is off, so the levels that have fused multiply-add do not use it. */
#include <math.h>
#include <string.h>

#include "kernel/kernel.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b)  JOIN_(a, b)
#define STRING_(a)  #a
#define STRING(a)   STRING_(a)

#define LANES 32 /* accumulators of a row: enough to hide the latency of an addition */

/* ---- decoding ---- */

#define ADVANCE(type)                                                                              \
    do {                                                                                           \
        const type *restrict d = delta;                                                            \
        for (size_t i = 0; i < n; i++)                                                             \
            next[i] = row[i] + scale * (double)d[i];                                               \
    } while (0)

static void advance(const double *restrict row, const void *restrict delta, unsigned width,
                    double scale, size_t n, double *restrict next) {
    switch (width) {
    case 1:
        ADVANCE(int8_t);
        break;
    case 2:
        ADVANCE(int16_t);
        break;
    case 4:
        ADVANCE(int32_t);
        break;
    case 8:
        ADVANCE(int64_t);
        break;
    default:
        memcpy(next, row, n * sizeof *next);
        break;
    }
}

/* ---- one row ---- */

typedef struct row_lanes {
    double sum[LANES], squares[LANES], min[LANES], max[LANES];
} row_lanes;

/* Add `n_blocks` (a constant) times 32 lanes: accumulators are touched once, not once a block. */
static inline void add_blocks(row_lanes *restrict acc, const double *restrict v, size_t n_blocks,
                              double about) {
    for (size_t i = 0; i < LANES; i++) {
        double sum = acc->sum[i], squares = acc->squares[i], min = acc->min[i], max = acc->max[i];
#pragma GCC unroll 8
        for (size_t k = 0; k < n_blocks; k++) {
            double x = v[i + k * LANES], d = x - about;
            sum += x;
            squares += d * d;
            min = x < min ? x : min;
            max = x > max ? x : max;
        }
        acc->sum[i] = sum;
        acc->squares[i] = squares;
        acc->min[i] = min;
        acc->max[i] = max;
    }
}

static inline void add_rest(row_lanes *restrict acc, const double *restrict v, size_t n,
                            double about) {
    for (size_t i = 0; i < n; i++) {
        double x = v[i], d = x - about;
        acc->sum[i] += x;
        acc->squares[i] += d * d;
        acc->min[i] = x < acc->min[i] ? x : acc->min[i];
        acc->max[i] = x > acc->max[i] ? x : acc->max[i];
    }
}

/* Add the upper half (a constant number of lanes) to the lower. */
static inline void fold(row_lanes *restrict acc, size_t half) {
    for (size_t i = 0; i < half; i++) {
        acc->sum[i] += acc->sum[i + half];
        acc->squares[i] += acc->squares[i + half];
        acc->min[i] = acc->min[i + half] < acc->min[i] ? acc->min[i + half] : acc->min[i];
        acc->max[i] = acc->max[i + half] > acc->max[i] ? acc->max[i + half] : acc->max[i];
    }
}

static void row_stats(const double *row, size_t n, double about, pgs_row_stats *out) {
    row_lanes acc;
    for (size_t i = 0; i < LANES; i++) {
        acc.sum[i] = acc.squares[i] = 0;
        acc.min[i] = acc.max[i] = row[0];
    }
    size_t i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        add_blocks(&acc, row + i, 8, about);
    for (; i + LANES <= n; i += LANES)
        add_blocks(&acc, row + i, 1, about);
    add_rest(&acc, row + i, n - i, about);
    fold(&acc, 16);
    fold(&acc, 8);
    fold(&acc, 4);
    fold(&acc, 2);
    fold(&acc, 1);
    *out = (pgs_row_stats){
        .sum = acc.sum[0], .min = acc.min[0], .max = acc.max[0], .squares = acc.squares[0]};
}

static void count_beyond(const double *restrict row, size_t n, const pgs_row_bounds *bounds,
                         uint32_t beyond[2]) {
    int64_t near = 0, far = 0;
    const double middle0 = bounds->middle[0], middle1 = bounds->middle[1];
    const double reach0 = bounds->reach[0], reach1 = bounds->reach[1];
    for (size_t i = 0; i < n; i++) {
        near += fabs(row[i] - middle0) >= reach0;
        far += fabs(row[i] - middle1) >= reach1;
    }
    beyond[0] = (uint32_t)near;
    beyond[1] = (uint32_t)far;
}

/* ---- lines ---- */

static inline void line_row(const pgs_line_sums *sums, const double *restrict v, double x,
                            double scale, size_t n) {
    double *restrict sy = sums->y, *restrict sxy = sums->xy, *restrict syy = sums->yy;
    const double *restrict origin = sums->origin;
    for (size_t i = 0; i < n; i++) {
        double y = v[i] * scale - origin[i];
        sy[i] += y;
        sxy[i] += x * y;
        syy[i] += y * y;
    }
}

/* Four rows at once: the sums are loaded and stored once, and still added row by row. */
static inline void line_four(const pgs_line_sums *sums, const double *restrict v, const double *x,
                             const double *scale, size_t n) {
    double *restrict sy = sums->y, *restrict sxy = sums->xy, *restrict syy = sums->yy;
    const double *restrict origin = sums->origin;
    const double x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
    const double c0 = scale[0], c1 = scale[1], c2 = scale[2], c3 = scale[3];
    for (size_t i = 0; i < n; i++) {
        double y0 = v[i] * c0 - origin[i];
        double y1 = v[i + PGS_ROW_LANES] * c1 - origin[i];
        double y2 = v[i + 2 * PGS_ROW_LANES] * c2 - origin[i];
        double y3 = v[i + 3 * PGS_ROW_LANES] * c3 - origin[i];
        sy[i] = (((sy[i] + y0) + y1) + y2) + y3;
        sxy[i] = (((sxy[i] + x0 * y0) + x1 * y1) + x2 * y2) + x3 * y3;
        syy[i] = (((syy[i] + y0 * y0) + y1 * y1) + y2 * y2) + y3 * y3;
    }
}

static void line_rows(const pgs_line_sums *sums, const double *rows, size_t n_rows, const double *x,
                      const double *scale, size_t n) {
    size_t r = 0;
    for (; r + 4 <= n_rows; r += 4)
        line_four(sums, rows + r * PGS_ROW_LANES, x + r, scale + r, n);
    for (; r < n_rows; r++)
        line_row(sums, rows + r * PGS_ROW_LANES, x[r], scale[r], n);
}

static void lane_extremes(double *restrict low, double *restrict high, const double *restrict row,
                          size_t n) {
    for (size_t i = 0; i < n; i++) {
        low[i] = row[i] < low[i] ? row[i] : low[i];
        high[i] = row[i] > high[i] ? row[i] : high[i];
    }
}

extern const pgs_kernels JOIN(pgs_kernels, PGS_LEVEL);

const pgs_kernels JOIN(pgs_kernels, PGS_LEVEL) = {
    .name = STRING(PGS_LEVEL),
    .advance = advance,
    .row_stats = row_stats,
    .count_beyond = count_beyond,
    .line_rows = line_rows,
    .lane_extremes = lane_extremes,
};
