/* What the files of the cleaning share. Internal to model/. */
#ifndef PGSKEW_MODEL_CLEANER_H
#define PGSKEW_MODEL_CLEANER_H

#include "base/base.h"
#include "model/estimate.h"
#include "pgskew/clean.h"

typedef struct pgs_cleaner {
    const pgs_frame *frame;
    pgs_clean *out;
    bool *misread[PGS_MEASURE_COUNT]; /* [n_times] */
    bool *renewed;      /* [n_parts * n_times] another relfilenode, a partition a row */
    size_t first, last; /* rows in which somebody looked */
    pgs_buf cleanings;  /* of pgs_cleaning */

    /* by row, over all partitions: observed before and at it; and truncated there */
    size_t *n_followed, *n_truncated;

    /* of one partition and measure */
    size_t n;      /* observed rows */
    size_t *row;   /* [n] */
    double *value; /* [n] */
    double *rate;  /* [n] change per day up to each; [0] means nothing */
    double *room;  /* [n_times] */
    bool *anew;    /* [n_times] truncated by chunks */
} pgs_cleaner;

/* How far from the usual a change per day is, in standard deviations that are robust and not too small. */
typedef struct pgs_usual {
    double median, sd;
} pgs_usual;

/* Of `rate` [n], which is lost; `least` is the smallest sd. */
pgs_usual pgs_usual_of(double *rate, size_t n, double least);

void pgs_cleaner_note(pgs_cleaner *k, const pgs_cleaning *cleaning);

/* ---- clean_partition.c: stocks, flows and starts of one partition, both measures ---- */
void pgs_clean_partition(pgs_cleaner *k, size_t p);

#endif
