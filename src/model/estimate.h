/* What can be said of one series of numbers: medians, a mean with its interval, a robust slope, a test for
 * a trend, for a season. No domain words, no NaN in any input unless a line says so. */
#ifndef PGSKEW_MODEL_ESTIMATE_H
#define PGSKEW_MODEL_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "pgskew/trend.h"

/* ---- order.c ---- */

/* The value of rank `k` (0 is the smallest) of x[n]; reorders x. k < n. */
double pgs_ranked(double *x, size_t n, size_t k);

/* The median; reorders x. NaN for n == 0. */
double pgs_median(double *x, size_t n);

/* Median, and the median absolute deviation as a standard deviation: 1.4826 times as large. x is lost. */
typedef struct pgs_spread {
    double median, sd;
} pgs_spread;
pgs_spread pgs_spread_of(double *x, size_t n);

/* ---- mean.c ---- */

/* Cosines for series of one length. Zeroed: none yet. */
typedef struct pgs_cosines {
    size_t n;
    double *at;      /* [4 n] cos(pi k / 2n) */
    size_t freedom;  /* degrees of freedom of ... */
    double quantile; /* ... the last quantile of Student's t at 97.5 % that was asked for */
} pgs_cosines;

void pgs_cosines_reset(pgs_cosines *cosines);

/* The mean of a series whose values depend on their neighbours. */
typedef struct pgs_mean {
    size_t n;
    double value; /* NaN: no value */
    double se;    /* NaN for fewer than 2, as what follows */
    double low95, high95;
    double p;     /* that the true mean is 0; 1 where all values are 0 */
    double omega; /* long-run variance of one step */
} pgs_mean;

/* The standard error comes from the long-run variance of `z` [n], the mean square of its first
 * B = max(1, 0.4 m^(2/3)) cosine projections; test and interval are Student's with B degrees of freedom
 * (Lazarus, Lewis, Stock, Watson 2018). m <= n: how many of the n steps were observed; the others are
 * spread evenly over gaps. False without memory. */
bool pgs_mean_of(pgs_cosines *cosines, const double *z, size_t n, size_t m, pgs_mean *out);

/* ---- slope.c ---- */

/* Theil and Sen's slope with its 95 % interval, Mann and Kendall's test for a trend. */
typedef struct pgs_slope {
    double value; /* median of the slopes of all pairs; NaN: no two different times */
    double low95, high95;
    double step_slope;     /* the same with the index for time */
    double s, variance, p; /* Kendall's S, its variance, and what it says for independent values */
    double variance_ratio; /* n/n*, Hamed and Rao 1998: how much larger dependence makes it; may be
                              below 1 */
    double p_dependent;    /* with the variance times max(1, n/n*) */
} pgs_slope;

/* Of y[n] at times t[n], rising; t NULL: the index. False without memory (n (n - 1) / 2 numbers). */
bool pgs_slope_of(const double *t, const double *y, size_t n, pgs_slope *out);

/* ---- season.c ---- */

/* Autocorrelations 0..n_lags of x[n] into out; divisor n. All 0 but the first for a constant. */
void pgs_acf(const double *x, size_t n, size_t n_lags, double *out);

/* Test x[n], and the median over the periods of each phase's share of its period. period <=
 * PGS_MAX_PERIOD. x[0] is of phase 0. False without memory. */
bool pgs_season_of(const double *x, size_t n, size_t period, pgs_season *out);

/* ---- adjust.c ---- */

/* Benjamini and Hochberg's adjusted p-values of p[n]; NaN stays, and takes no part. False without
 * memory. */
bool pgs_adjust(const double *p, size_t n, double *out);

#endif
