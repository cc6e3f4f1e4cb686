/* What the files of the trend share. Internal to model/. */
#ifndef PGSKEW_MODEL_TRENDER_H
#define PGSKEW_MODEL_TRENDER_H

#include "base/base.h"
#include "model/estimate.h"
#include "pgskew/trend.h"

/* All partitions together in a row in which somebody looked. */
typedef struct pgs_trend_row {
    size_t t;
    double total;
    size_t n_parts;  /* whose stock is known */
    bool comparable; /* with the row before it: nobody came or went, hardly anything was left out */
} pgs_trend_row;

typedef struct pgs_trender {
    const pgs_frame *frame;
    const pgs_clean *clean;
    pgs_trend *out;
    size_t first; /* the first row of the window */

    size_t n_rows;
    pgs_trend_row *row[PGS_MEASURE_COUNT]; /* [n_rows]; NULL: no such metric */
    double *series, *times;                /* [n_times] room */
    pgs_cosines of_growth, of_drift;
} pgs_trender;

/* ---- trend_rows.c ---- */

/* Fill the rows of both measures. PGS_E_BUG without memory. */
pgs_status pgs_trend_look(pgs_trender *k, pgs_err *err) PGS_CHECK;

/* Growth and seasons of the total; false without memory. */
bool pgs_trend_total(pgs_trender *k);

/* ---- trend_partition.c: growth, drift and place of one partition; false without memory ---- */
bool pgs_trend_partition_fill(pgs_trender *k, pgs_trend_partition *out);

/* The course of its chunk skew, as a drawing. */
bool pgs_trend_partition_draw(pgs_trender *k, pgs_trend_partition *out);

/* Its robust slopes. */
bool pgs_trend_partition_robust(pgs_trender *k, pgs_trend_partition *out);

#endif
