/* When something comes. The chance that it is so at a horizon, or was at a nearer one, is the
 * distribution of that time; between horizons it runs straight in the square root of time, as a walk
 * does. A first passage of Brownian motion promises far too much: partitions move more smoothly. */
#include <math.h>

#include "model/score.h"

static const double POINT[] = {0.1, 0.5, 0.9};

/* Where a line from (a, y) to (b, z) in sqrt(time) is at `level`. */
static double between(double a, double y, double b, double z, double level) {
    double root = sqrt(a) + (sqrt(b) - sqrt(a)) * (level - y) / (z - y);
    return root * root;
}

static double reach(size_t n, const int *days, const double *p, double level) {
    double before = 0, day = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= level)) {
            before = p[i] > before ? p[i] : before;
            day = days[i];
            continue;
        }
        return between(day, before, days[i], p[i], level);
    }
    return NAN;
}

pgs_crossing pgs_crossing_of(bool now, size_t n, const int *days, const double *p) {
    if (now)
        return (pgs_crossing){0, 0, 0};
    return (pgs_crossing){reach(n, days, p, POINT[0]), reach(n, days, p, POINT[1]),
                          reach(n, days, p, POINT[2])};
}

/* The first time that a path through `value` reaches the limit. */
static double climb(double limit, double now, size_t n, const int *days, const double *value) {
    double before = now, day = 0;
    if (now >= limit)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (value[i] >= limit)
            return day + (days[i] - day) * (limit - before) / (value[i] - before);
        if (isnan(value[i]))
            continue;
        before = value[i];
        day = days[i];
    }
    return NAN;
}

pgs_crossing pgs_limit_of(double limit, double now, size_t n, const int *days, const double *low,
                          const double *middle, const double *high) {
    return (pgs_crossing){climb(limit, now, n, days, high), climb(limit, now, n, days, middle),
                          climb(limit, now, n, days, low)};
}
