/* What pictures show of a table and of its history: partitions in the order of their skew, and a
 * heat map and totals over time with no more rows and columns than a page can hold.
 *
 * NaN is "not observed". */
#ifndef PGSKEW_OVERVIEW_H
#define PGSKEW_OVERVIEW_H

#include "pgskew/frame.h"
#include "pgskew/result.h"
#include "pgskew/series.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_HEAT_MAX_ROWS    ((size_t)100)
#define PGS_HEAT_MAX_COLUMNS ((size_t)180)

/* One partition over time. */
typedef struct pgs_heat_row {
    int64_t num;
    const char *name;          /* borrowed from the frame; NULL: not observed */
    const double *signed_skew; /* [n_columns] published chunk skew with its sign */
    const double *chunk_count; /* [n_columns] rows */
} pgs_heat_row;

typedef struct pgs_overview {
    size_t n_parts;  /* of the snapshot */
    size_t n_seen;   /* whose signed skew is known */
    size_t *by_skew; /* [n_parts] partitions, the fullest first; unknown ones last */
    size_t n_above[PGS_MEASURE_COUNT]; /* partitions at or above their noise floor */

    /* Over time; n_columns is 0 where there is no history. A column is the last day of
     * `days_per_column` on which anything was observed, as it was that day. */
    size_t days_per_column;
    size_t n_columns;
    int64_t *taken_us;                /* [n_columns] */
    double *total[PGS_MEASURE_COUNT]; /* [n_columns] rows, bytes; NaN also where a partition that
                                         was there before and after was not observed */
    size_t n_rows;                    /* the most skewed partitions of the last column ... */
    pgs_heat_row *row;                /* ... the fullest first, those that are gone last */
    size_t n_left_out;                /* partitions that have no row */

    struct pgs_arena *arena;
} pgs_overview;

void pgs_overview_init(pgs_overview *overview);
void pgs_overview_reset(pgs_overview *overview); /* NULL and zeroed structs are fine */

#ifdef __cplusplus
}
#endif
#endif
