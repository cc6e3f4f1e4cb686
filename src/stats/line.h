/* Straight lines through values over time, from sums that can be joined. */
#ifndef PGSKEW_STATS_LINE_H
#define PGSKEW_STATS_LINE_H

#include <stddef.h>

/* Count, means as distances from (at_x, at_y), and sums of squares and products of deviations.
 * Zeroed: nothing seen. */
typedef struct pgs_line {
    double n, at_x, at_y, mean_x, mean_y, xx, xy, yy;
} pgs_line;

/* The same from plain sums of n >= 1 values x - at_x and y - at_y. */
pgs_line pgs_line_from_sums(double n, double at_x, double x, double x_x, double at_y, double y,
                            double x_y, double y_y);

/* Join two parts of one series, the earlier first (Chan, Golub, LeVeque 1983; Pebay 2008). */
void pgs_line_join(pgs_line *line, const pgs_line *later);

/* dy/dx, NaN for fewer than two different x; and the share of y's variance that the line explains,
 * NaN also where y does not vary. */
double pgs_line_slope(const pgs_line *line);
double pgs_line_r2(const pgs_line *line);

#endif
