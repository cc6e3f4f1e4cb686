/* The loops that see every value of a history: plain C over rows of doubles, compiled once per
 * instruction level and reached through one table. No domain words, no allocation, no failure.
 *
 * A row is `n` lanes of one moment, 64-byte aligned, n at most PGS_ROW_LANES. Values are whole
 * numbers of magnitude at most 2^53, so sums below 2^53, minima, maxima and counts are exact in any
 * order. Only sums of squares round, so their order is the definition: lane i of a row is added to
 * accumulator i mod 16, in rising order of i, and the 16 are then added pairwise: 8 apart, 4, 2, 1.
 * The regression sums of a lane are added row by row. Whoever joins rows of several groups adds
 * them in group order. So every level and every number of threads gives the same bits. */
#ifndef PGSKEW_KERNEL_H
#define PGSKEW_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "pgskew/simd.h"

#define PGS_ROW_LANES 256

/* What a lane's range over some rows tells of all of them at once: it is beyond pair k of bounds in
 * each row if it stays at or below out_low[k] or at or above out_high[k], and within it in each if
 * it stays between in_low[k] and in_high[k]. It is no row's minimum if it stays above `floor`, and
 * no row's maximum if it stays below `ceiling`. */
typedef struct pgs_sieve {
    double out_low[2], out_high[2], in_low[2], in_high[2];
    double floor, ceiling;
} pgs_sieve;

/* Sums of y = value * scale - origin over rows, per lane, and of x * y and y * y. */
typedef struct pgs_line_sums {
    double *y, *xy, *yy;  /* [n] each, 64-byte aligned */
    const double *origin; /* [n] */
} pgs_line_sums;

typedef struct pgs_kernels {
    const char *name;

    /* next[i] = row[i] + delta[i]; `delta` are n signed little-endian integers of `width` bytes: 1,
     * 2, 4 or 8; with width 0 there are none, and next is a copy. Exact where the sums are below
     * 2^53. Returns what all deltas add up to, modulo 2^64: whoever knows the sum of `row` knows
     * that of `next`, without looking at it. */
    uint64_t (*advance)(const double *row, const void *delta, unsigned width, size_t n,
                        double *next);

    /* XXH3 with 64 bits, as pgs_hash(): the same number at every level. */
    uint64_t (*hash)(const void *bytes, size_t n, uint64_t seed);

    /* The sum of squares of value - about. */
    double (*row_squares)(const double *row, size_t n, double about);

    /* Each lane's extremes over `n_rows` > 0 rows: row r starts at rows + r * PGS_ROW_LANES. */
    void (*lane_range)(const double *rows, size_t n_rows, size_t n, double *low, double *high);

    /* open[i] is 1 where lane i's range leaves anything open, else 0; beyond[k]: how many of the
     * others are beyond pair k in every row. */
    void (*sift)(const double *low, const double *high, size_t n, const pgs_sieve *sieve,
                 uint8_t *open, uint32_t beyond[2]);

    /* Add `n_rows` rows to the sums: with x[r] and scale[r] for row r. */
    void (*line_rows)(const pgs_line_sums *sums, const double *rows, size_t n_rows, const double *x,
                      const double *scale, size_t n);
} pgs_kernels;

/* The kernels in use. */
const pgs_kernels *pgs_kernels_get(void);

/* The table entry called `name` that this CPU can run; NULL: there is none. For tests and
 * benches. */
const pgs_kernels *pgs_kernels_find(const char *name);

#endif
