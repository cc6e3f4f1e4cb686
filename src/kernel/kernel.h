/* The loops that see every value of a history: plain C over rows of doubles, compiled once per
 * instruction level and reached through one table. No domain words, no allocation, no failure.
 *
 * A row is `n` lanes of one moment, 64-byte aligned, n at most PGS_ROW_LANES. Values are whole
 * numbers of magnitude at most 2^53, so sums below 2^53, minima, maxima and counts are exact in any
 * order. Only `squares` rounds, so its order is the definition: lane i of a row is added to
 * accumulator i mod 32, in rising order of i, and the 32 are then added pairwise: 16 apart, 8, 4, 2,
 * 1. The regression sums of a lane are added row by row. Whoever joins rows of several groups adds
 * them in group order. So every level and every number of threads gives the same bits. */
#ifndef PGSKEW_KERNEL_H
#define PGSKEW_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "pgskew/simd.h"

#define PGS_ROW_LANES 256

typedef struct pgs_row_stats {
    double sum, min, max;
    double squares; /* of the distances from `about` */
} pgs_row_stats;

/* What counts as far off: values whose distance from `middle` is at least `reach`; [0] the nearer
 * and [1] the farther pair. An infinite reach never matches. Middles and reaches are halves of whole
 * numbers, and reaches at most 2^51, so that the comparison is exact. */
typedef struct pgs_row_bounds {
    double middle[2], reach[2];
} pgs_row_bounds;

/* Sums of y = value * scale - origin over rows, per lane, and of x * y and y * y. */
typedef struct pgs_line_sums {
    double *y, *xy, *yy;  /* [n] each, 64-byte aligned */
    const double *origin; /* [n] */
} pgs_line_sums;

typedef struct pgs_kernels {
    const char *name;

    /* next[i] = row[i] + scale * delta[i]; `delta` are n signed little-endian integers of `width`
     * bytes: 1, 2, 4 or 8; with width 0 there are none, and next is a copy. Exact where the sums are
     * below 2^53. */
    void (*advance)(const double *row, const void *delta, unsigned width, double scale, size_t n,
                    double *next);

    /* Sum, extremes, and squares of value - about. n > 0. */
    void (*row_stats)(const double *row, size_t n, double about, pgs_row_stats *out);

    /* How many lanes are beyond each pair of bounds. */
    void (*count_beyond)(const double *row, size_t n, const pgs_row_bounds *bounds,
                         uint32_t beyond[2]);

    /* Add `n_rows` rows to the sums: row r starts at rows + r * PGS_ROW_LANES, with x[r] and
     * scale[r]. */
    void (*line_rows)(const pgs_line_sums *sums, const double *rows, size_t n_rows, const double *x,
                      const double *scale, size_t n);

    /* low[i] = min, high[i] = max of both and the row. */
    void (*lane_extremes)(double *low, double *high, const double *row, size_t n);
} pgs_kernels;

/* The kernels in use. */
const pgs_kernels *pgs_kernels_get(void);

/* The table entry called `name` that this CPU can run; NULL: there is none. For tests and benches. */
const pgs_kernels *pgs_kernels_find(const char *name);

#endif
