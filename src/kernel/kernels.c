/* Compiled once per instruction level with PGS_LEVEL set to its name: the compiler vectorises these
 * loops, and because the order of every rounding sum is written out, to the same bits. Contraction
 * of a * b + c is off, so the levels that have fused multiply-add do not use it. */
#define XXH_INLINE_ALL /* compiled here, for this level */

#include <string.h>
#include <xxhash.h>

#include "kernel/kernel.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b)  JOIN_(a, b)
#define STRING_(a)  #a
#define STRING(a)   STRING_(a)

/* Sums are kept in 16 lanes: enough to hide the latency of an addition, and few enough for the
 * registers of every level. */
#define LANES 16
#ifdef __AVX__
#define VEC_LANES 4
#else
#define VEC_LANES 2
#endif
#define N_VECS (LANES / VEC_LANES)

typedef double vec __attribute__((vector_size(8 * VEC_LANES), may_alias));

/* ---- decoding ---- */

/* `wide` holds the sum of PGS_ROW_LANES of them; that of 64 bits wraps. */
#define ADVANCE(type, wide)                                                                        \
    do {                                                                                           \
        const type *restrict d = delta;                                                            \
        wide sum = 0;                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            next[i] = row[i] + (double)d[i];                                                       \
            sum += (wide)d[i];                                                                     \
        }                                                                                          \
        return (uint64_t)sum;                                                                      \
    } while (0)

static uint64_t advance(const double *restrict row, const void *restrict delta, unsigned width,
                        size_t n, double *restrict next) {
    switch (width) {
    case 1:
        ADVANCE(int8_t, int32_t);
    case 2:
        ADVANCE(int16_t, int32_t);
    case 4:
        ADVANCE(int32_t, int64_t);
    case 8:
        ADVANCE(int64_t, uint64_t);
    default:
        memcpy(next, row, n * sizeof *next);
        return 0;
    }
}

/* ---- checksums ---- */

static uint64_t hash(const void *bytes, size_t n, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, n, seed);
}

/* ---- one row ---- */

/* Accumulators 8 apart are added, then 4, 2 and 1 apart. */
static inline double sum_of(vec acc[N_VECS]) {
#pragma GCC unroll 8
    for (size_t half = N_VECS / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++)
            acc[k] += acc[k + half];
    vec v = acc[0];
#if VEC_LANES == 4
    return (v[0] + v[2]) + (v[1] + v[3]);
#else
    return v[0] + v[1];
#endif
}

/* What is behind the last whole 16 lanes, and `neutral` where there is nothing. */
static const vec *rest_of(const double *row, size_t n, double neutral, double rest[LANES]) {
    for (size_t i = 0; i < LANES; i++)
        rest[i] = i < n ? row[i] : neutral;
    return (const vec *)rest;
}

static inline void add_squares(vec acc[N_VECS], const vec *v, double about) {
    for (size_t k = 0; k < N_VECS; k++) {
        vec d = v[k] - about;
        acc[k] += d * d;
    }
}

static double row_squares(const double *row, size_t n, double about) {
    vec acc[N_VECS] = {{0}};
    _Alignas(64) double rest[LANES];
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        add_squares(acc, (const vec *)(row + i), about);
    if (i < n)
        add_squares(acc, rest_of(row + i, n - i, about, rest), about);
    return sum_of(acc);
}

/* ---- some rows at once ---- */

/* `n_rows` is a constant: the lanes' extremes are touched once. */
static inline void range_of(const double *restrict rows, size_t n_rows, size_t n,
                            double *restrict low, double *restrict high) {
    for (size_t i = 0; i < n; i++) {
        double min = rows[i], max = rows[i];
#pragma GCC unroll 8
        for (size_t k = 1; k < n_rows; k++) {
            double x = rows[i + k * PGS_ROW_LANES];
            min = x < min ? x : min;
            max = x > max ? x : max;
        }
        low[i] = min;
        high[i] = max;
    }
}

static void lane_range(const double *restrict rows, size_t n_rows, size_t n, double *restrict low,
                       double *restrict high) {
    if (n_rows == 8) {
        range_of(rows, 8, n, low, high);
        return;
    }
    range_of(rows, 1, n, low, high);
    for (size_t r = 1; r < n_rows; r++) {
        const double *restrict v = rows + r * PGS_ROW_LANES;
        for (size_t i = 0; i < n; i++) {
            low[i] = v[i] < low[i] ? v[i] : low[i];
            high[i] = v[i] > high[i] ? v[i] : high[i];
        }
    }
}

static void sift(const double *restrict low, const double *restrict high, size_t n,
                 const pgs_sieve *sieve, uint8_t *restrict open, uint32_t beyond[2]) {
    const pgs_sieve s = *sieve;
    int64_t near = 0, far = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t out0 = (high[i] <= s.out_low[0]) | (low[i] >= s.out_high[0]);
        int64_t out1 = (high[i] <= s.out_low[1]) | (low[i] >= s.out_high[1]);
        int64_t in0 = (low[i] > s.in_low[0]) & (high[i] < s.in_high[0]);
        int64_t in1 = (low[i] > s.in_low[1]) & (high[i] < s.in_high[1]);
        int64_t closed = (out0 | in0) & (out1 | in1) & (low[i] > s.floor) & (high[i] < s.ceiling);
        near += out0 & closed;
        far += out1 & closed;
        open[i] = (uint8_t)(closed ^ 1);
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

extern const pgs_kernels JOIN(pgs_kernels, PGS_LEVEL);

const pgs_kernels JOIN(pgs_kernels, PGS_LEVEL) = {
    .name = STRING(PGS_LEVEL),
    .advance = advance,
    .hash = hash,
    .row_squares = row_squares,
    .lane_range = lane_range,
    .sift = sift,
    .line_rows = line_rows,
};
