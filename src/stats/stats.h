/* Measures of one moment, to the last digit of PostgreSQL's numeric arithmetic (base/decimal.h).
 * Values are whole numbers held in doubles; NaN is "not observed" and takes no part. */
#ifndef PGSKEW_STATS_H
#define PGSKEW_STATS_H

#include "pgskew/result.h"

/* ---- settle.c ---- */

/* Round to `digits` decimals where plain doubles are good enough to tell: true, and *rounded is
 * the nearest double to the rounded decimal, where `approx` is at least a thousandth of the last
 * digit away from every tie. Its error must be far below that; on a tie or near one: false. */
bool pgs_settle(double approx, int digits, double *rounded);

/* ---- skew.c: one column of one moment ---- */

/* How far each partition's share is from an even share: |x/T - e| / e with e = 1.0/P, P and T
 * over the observed values; 0 where T is 0.
 *   x          [n] rows or bytes; NaN: not observed
 *   published  [n] skew rounded to 4 decimals; NaN where x is
 *   status     [n] by the skew before rounding: WARNING from 0.3, UNBALANCED from 0.5;
 *              UNMEASURED where x is NaN */
void pgs_skew_column(const double *x, size_t n, double *published, pgs_health_status *status);

/* Where among `n_seen` >= 1 partitions with `total` > 0 the status begins whose threshold is
 * tenths/10 (3: WARNING, 5: UNBALANCED): values at or below *low, or at or above *high, have it.
 * Exact, ties as numeric decides them. *low is -1 where none is low enough. */
void pgs_skew_limits(size_t n_seen, int64_t total, int tenths, int64_t *low, int64_t *high);

/* Population variance of x over its mean, P * sum(x^2)/T^2 - 1, by exact fractions: WARNING
 * from 0.09, CRITICAL from 0.25, then rounded to 4 decimals. 0 where T is 0; NaN and UNKNOWN
 * where nothing was observed. */
double pgs_skew_variance(const double *x, size_t n, pgs_skew_status *status);

/* part * 100.0 / total to 2 decimals; 0 where total is 0; NaN where part is NaN. The total is an
 * integer, because bytes may add up to more than a double holds. */
double pgs_percentage(double part, int64_t total);

/* ---- size.c ---- */

/* bytes/1048576 to 4 decimals. */
double pgs_size_mb(double bytes);

/* bytes/chunks/1024, two divisions, to 4 decimals; 0 without chunks. */
double pgs_chunk_size_kb(double bytes, double chunks);

/* ---- measures.c: how uneven, in one number each ---- */

/* Count, sum, mean, extremes and population variance of the values that are not NaN; any finite
 * values, whole or not. All but n_seen is NaN where nothing was seen. */
typedef struct pgs_moments {
    size_t n_seen;
    double sum, mean, min, max, variance;
} pgs_moments;

pgs_moments pgs_moments_of(const double *x, size_t n);

/* pgs_measures of one column.
 *   x        [n] rows or bytes; NaN: not observed
 *   is_rows  whether they are rows, which a dispersion index is defined for
 *   sorted   [n] room to sort in */
pgs_measures pgs_measures_of(const double *x, size_t n, bool is_rows, double *sorted);

/* Published skews (of pgs_skew_column) with their signs: negative below an even share.
 *   x, skew, out  [n]; NaN where x is */
void pgs_signed_skew(const double *x, const double *skew, size_t n, double *out);

/* ---- gini.c ---- */

/* sum over i from 1 of (2i - P - 1) x_(i), over P T; NaN where nothing was observed or T is 0.
 *   x     [n] whole numbers >= 0; NaN: not observed
 *   room  [2n] to sort in */
double pgs_gini(const double *x, size_t n, uint64_t *room);

/* ---- units.c, noise.c: what chance alone does to a column ---- */

/* What is placed at random. A column's values are sums over units, and every unit lands in any
 * partition with the same probability. Sizes are in the column's own unit, rows or bytes. */
typedef struct pgs_units {
    pgs_design design; /* how the sizes are known */
    double effect;     /* sum of squared sizes over their sum: the design effect, for rows */
    double unit;       /* the same, with what an estimate may be wrong by added */
    double large_unit; /* sum of cubes over sum of squares: the size that large deviations see */
    double share;      /* of the column that is such units, 0..1: the rest lies where it does for a
                          cause */
    double cause;      /* rows from which a collection is one; INFINITY: none is */
} pgs_units;

/* Each row on its own. */
pgs_units pgs_units_independent(void);

/* The same units where every row weighs `factor`; UNKNOWN where that is not finite. */
pgs_units pgs_units_scaled(pgs_units units, double factor);

/* Units of rows where they are whole collections: those that lie in one partition hold at least 95
 * % of the rows. A collection is a cause, not chance, and takes no part, where it alone makes its
 * partition UNBALANCED, or the smaller ones would not pile up like that in any partition by chance
 * (at alpha/1000); at most a quarter of them are. UNKNOWN where collections were not observed, or
 * are no units.
 *   sizes  [snap->n_collections] room */
pgs_units pgs_units_of_collections(const pgs_snapshot *snap, double alpha, double *sizes);

/* Set above[p] for each partition that is known to hold a collection of `cause` rows or more.
 *   above  [partitions of the snapshot] */
void pgs_units_mark_causes(const pgs_snapshot *snap, double cause, bool *above);

/* Units that explain the bulk of x: from the spread of the three quarters of values that lie
 * nearest to the median, so that hot partitions do not hide themselves. Never below `least`
 * (UNKNOWN: 1). With fewer than 10 values, or a median of 0, there is no bulk: `least` is the
 * answer.
 *   x       [n] rows or bytes; NaN: not observed
 *   sorted  [n] room to sort in */
pgs_units pgs_units_of_spread(const double *x, size_t n, pgs_units least, double alpha,
                              double *sorted);

/* The smallest skew |P x/T - 1| that a column of integers can have and that any of its P partitions
 * would reach by chance with a probability of at most alpha: exact binomial tails of both sides,
 * added over the partitions. INFINITY: no skew would be too much. NaN where T is 0, P is less than
 * 2 or the units are UNKNOWN. */
double pgs_noise_floor(const double *x, size_t n, pgs_units units, double alpha);

/* |P x/T - 1| of every value, to compare with the floor: not rounded. NaN where x is; 0 where T
 * is 0. */
void pgs_noise_skews(const double *x, size_t n, double *out);

/* ---- change.c: two moments of a column ---- */

/* Which partitions have another share of the column now than before, where chance gives any of them
 * so much of a change with a probability of at most alpha.
 *   before, now  [n] rows or bytes of the same partitions; NaN: not observed
 *   row          what a row is in the columns' unit: 1 for rows
 *   room         [n] to sort in
 *   changed      [n]
 * False, and nothing has changed: one of the columns has no rows at all, so shares say nothing. */
bool pgs_change_beyond_chance(const double *before, const double *now, size_t n, double row,
                              double alpha, double *room, bool *changed);

/* ---- summary.c: over all partitions ---- */

/* Count, totals, mean and sample standard deviation over the observed partitions; stddev 0 for
 * one. Everything NaN where nothing was observed. */
void pgs_statistics_of(const pgs_snapshot *snap, pgs_statistics *out);

/* Sample standard deviation of the observed values, as PostgreSQL's numeric gives it; 0 for one,
 * NaN for none. */
double pgs_stddev_of(const double *x, size_t n);

/* Rows of collection_stat added up per collection, or the one for all partitions together where
 * there is one; by total_chunks descending, then id; those that were not counted last.
 * out  [snap->n_collections] */
void pgs_collection_totals(const pgs_snapshot *snap, pgs_collection_total *out);

#endif
