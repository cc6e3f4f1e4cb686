/* Ordinary least squares by parts. Each part is summed about a point of its own, so no digits are
 * lost to a large offset, and parts are joined by the
 * distance of those points, which is exact, and of the means from them. */
#include "stats/line.h"

#include <math.h>

pgs_line pgs_line_from_sums(double n, double at_x, double x, double x_x, double at_y, double y,
                            double x_y, double y_y) {
    double mean_x = x / n, mean_y = y / n;
    return (pgs_line){
        .n = n,
        .at_x = at_x,
        .at_y = at_y,
        .mean_x = mean_x,
        .mean_y = mean_y,
        .xx = x_x - x * mean_x,
        .xy = x_y - x * mean_y,
        .yy = y_y - y * mean_y,
    };
}

void pgs_line_join(pgs_line *line, const pgs_line *later) {
    if (later->n == 0)
        return;
    if (line->n == 0) {
        *line = *later;
        return;
    }
    double n = line->n + later->n, part = later->n / n, weight = line->n * part;
    double dx = later->at_x - line->at_x + (later->mean_x - line->mean_x);
    double dy = later->at_y - line->at_y + (later->mean_y - line->mean_y);
    line->xx += later->xx + dx * dx * weight;
    line->xy += later->xy + dx * dy * weight;
    line->yy += later->yy + dy * dy * weight;
    line->mean_x += dx * part;
    line->mean_y += dy * part;
    line->n = n;
}

double pgs_line_slope(const pgs_line *line) {
    return line->n >= 2 && line->xx > 0 ? line->xy / line->xx : NAN;
}

double pgs_line_r2(const pgs_line *line) {
    if (!(line->n >= 2 && line->xx > 0 && line->yy > 0))
        return NAN;
    double r2 = line->xy / line->xx * (line->xy / line->yy);
    return r2 > 1 ? 1 : r2;
}
