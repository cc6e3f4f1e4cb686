/* Inside the stats room: partitions as tickets of a lottery, shared by noise.c and units.c. */
#ifndef PGSKEW_STATS_NOISE_H
#define PGSKEW_STATS_NOISE_H

#include "stats/stats.h"

/* A table: `total` (the ordinary share of it) placed in `n_parts` partitions, in such units. */
typedef struct pgs_lottery {
    double total, n_parts;
    pgs_units units;
} pgs_lottery;

/* Chance that one given partition gets x or more. */
double pgs_lottery_upper(const pgs_lottery *l, double x);

/* At most so likely is it that any partition does what one does with `chance`. Of two partitions
 * each does what the other does. */
double pgs_lottery_any(const pgs_lottery *l, double chance);

#endif
