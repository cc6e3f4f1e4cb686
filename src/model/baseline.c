/* What people do today: nothing, a line through the last days, last week again. */
#include <math.h>

#include "model/score.h"

#define WEEK     7
#define LONGEST  30 /* days of a line */
#define CRITICAL 5  /* tenths */

double pgs_predict_linear(const double *t, const double *y, size_t n, double ahead) {
    double mean_t = 0, mean_y = 0, tt = 0, ty = 0;
    if (n == 0)
        return NAN;
    for (size_t i = 0; i < n; i++) {
        mean_t += (t[i] - t[0]) / (double)n;
        mean_y += (y[i] - y[0]) / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double d = t[i] - t[0] - mean_t;
        tt += d * d;
        ty += d * (y[i] - y[0] - mean_y);
    }
    if (!(tt > 0))
        return y[n - 1];
    return y[0] + mean_y + ty / tt * (t[n - 1] - t[0] - mean_t + ahead);
}

static double line(const pgs_stock *k, size_t day, size_t days, size_t p, size_t samples) {
    double t[LONGEST], y[LONGEST];
    size_t n = 0;
    for (size_t back = samples; back-- > 0;) {
        double x = back <= day ? pgs_stock_row(k, day - back)[p] : NAN;
        if (isnan(x))
            continue;
        t[n] = -(double)back;
        y[n++] = x;
    }
    double then = pgs_predict_linear(t, y, n, (double)days);
    return then < 0 ? 0 : then;
}

static double last_week(const pgs_stock *k, size_t day, size_t days, size_t p) {
    double now = pgs_stock_row(k, day)[p];
    if (day < WEEK || isnan(pgs_stock_row(k, day - WEEK)[p]))
        return now;
    double before = pgs_stock_row(k, day - WEEK)[p];
    double rest = pgs_stock_row(k, day - WEEK + days % WEEK)[p] - before;
    double then = now + (double)(days / WEEK) * (now - before) + rest;
    return then < 0 ? 0 : then;
}

static double by_method(const pgs_stock *k, size_t day, size_t days, pgs_method method, size_t p) {
    double now = pgs_stock_row(k, day)[p];
    if (isnan(now))
        return NAN;
    switch (method) {
    case PGS_METHOD_LINEAR_7D:
        return line(k, day, days, p, WEEK);
    case PGS_METHOD_LINEAR_30D:
        return line(k, day, days, p, LONGEST);
    case PGS_METHOD_SEASONAL_NAIVE:
        return last_week(k, day, days, p);
    default:
        return now;
    }
}

void pgs_baseline_foretell(const pgs_stock *k, size_t day, size_t days, pgs_method method,
                           double *count, double *unbalanced) {
    double total = 0, n = k->n_live[day];
    for (size_t p = 0; p < k->n_parts; p++) {
        count[p] = by_method(k, day, days, method, p);
        total += isnan(count[p]) ? 0 : count[p];
    }
    for (size_t p = 0; p < k->n_parts; p++)
        unbalanced[p] = isnan(count[p])
                            ? NAN
                            : total > 0 && fabs(n * count[p] - total) * 10 >= CRITICAL * total;
}
