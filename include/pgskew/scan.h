/* What the full-resolution pass over a history found: every value of chunk_count and size_bytes,
 * once. pgs_scan_run() of pgskew/analyze.h makes it.
 *
 * The series outlives the result. Results are the same bits for every number of threads and every
 * instruction level. */
#ifndef PGSKEW_SCAN_H
#define PGSKEW_SCAN_H

#include "pgskew/series.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One moment over all partitions whose value was observed. NaN where none was. */
typedef struct pgs_scan_measure {
    size_t n_seen;
    int64_t total;
    double mean, stddev,
        cv; /* of the sample; NaN for fewer than two partitions, cv for a mean of 0 */
    double min, max;
    double max_skew;                /* unrounded; 0 where the total is 0 */
    size_t n_warning, n_unbalanced; /* by the skew of this measure alone */
} pgs_scan_measure;

typedef struct pgs_scan_moment {
    int64_t taken_us;
    size_t n_parts;
    pgs_scan_measure by[PGS_MEASURE_COUNT]; /* stddev and cv of PGS_BY_CHUNKS only */
} pgs_scan_moment;

/* Ordinary least squares against time. NaN where fewer than two moments were seen; r2 also where
 * the values are all the same. */
typedef struct pgs_scan_line {
    double slope_per_day;
    double r2; /* 0..1 */
} pgs_scan_line;

/* One partition over time, by chunk_count. */
typedef struct pgs_scan_lane {
    int64_t num;      /* the newest partition_num */
    const char *name; /* borrowed from the series; NULL: not observed */
    size_t n_seen;
    double first, last, min, max; /* rows; NaN: never observed */
    pgs_scan_line count;          /* rows a day */
    pgs_scan_line share;          /* of the total; moments with a total of 0 take no part */
} pgs_scan_lane;

/* Everything in one row. */
typedef struct pgs_scan_total {
    size_t n_moments, n_lanes;
    int64_t first_us, last_us; /* PGS_TIME_NONE: no moment */
    size_t n_values;           /* observed chunk counts and sizes */
    int64_t min_total[PGS_MEASURE_COUNT], max_total[PGS_MEASURE_COUNT];
    double max_stddev; /* of chunk counts */
    double max_skew[PGS_MEASURE_COUNT];
    size_t n_warning[PGS_MEASURE_COUNT], n_unbalanced[PGS_MEASURE_COUNT];
    double sum_of_slopes; /* rows a day */
    double max_count_r2, max_share_r2;
    size_t n_growing, n_shrinking; /* partitions by the sign of their slope */
} pgs_scan_total;

typedef struct pgs_scan {
    const char *table; /* borrowed from the series */
    size_t n_moments;
    pgs_scan_moment *moment; /* [n_moments]; NULL: not asked for */
    size_t n_lanes;
    pgs_scan_lane *lane; /* [n_lanes] */
    pgs_scan_total total;
    struct pgs_arena *arena;
} pgs_scan;

void pgs_scan_init(pgs_scan *scan);
void pgs_scan_reset(pgs_scan *scan); /* NULL and zeroed structs are fine */

#ifdef __cplusplus
}
#endif
#endif
