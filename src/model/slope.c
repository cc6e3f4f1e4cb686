/* Theil and Sen's slope: the median of the slopes of all pairs (Sen, JASA 63, 1968), and Mann and Kendall's
 * test, with the variance that dependent values have (Hamed and Rao, J. Hydrology 204, 1998). Both are
 * by the definition, O(n^2): days are few. */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/special.h"
#include "model/estimate.h"

/* ---- slopes ---- */

static size_t pair_slopes(const double *t, const double *y, size_t n, double *out) {
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            double dt = t ? t[j] - t[i] : (double)(j - i);
            if (dt != 0)
                out[n_pairs++] = (y[j] - y[i]) / dt;
        }
    return n_pairs;
}

/* To the nearest whole number, halves to the even one. */
static double round_even(double x) {
    double down = floor(x), rest = x - down;
    bool odd = down / 2 != floor(down / 2);
    return rest > 0.5 || (rest == 0.5 && odd) ? down + 1 : down;
}

/* Sum of u (u - 1)(2u + 5) over the groups of equal values of sorted x. */
static double ties(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && x[j] == x[i];)
            j++;
        double u = (double)(j - i);
        sum += u * (u - 1) * (2 * u + 5);
    }
    return sum;
}

static double untied(size_t n) {
    double m = (double)n;
    return m * (m - 1) * (2 * m + 5);
}

/* The order statistics that bound the median with 95 % (Sen 1968; ranks as scipy takes them). */
static void bound(double *slope, size_t n_pairs, double variance, pgs_slope *out) {
    double half = -pgs_normal_quantile(0.025) * sqrt(variance), pairs = (double)n_pairs;
    double low = round_even((pairs - half) / 2) - 1, high = round_even((pairs + half) / 2);
    out->low95 = pgs_ranked(slope, n_pairs, low > 0 ? (size_t)low : 0);
    out->high95 = pgs_ranked(slope, n_pairs, high < pairs - 1 ? (size_t)high : n_pairs - 1);
}

/* ---- dependence ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mean ranks of x[n] into rank. */
static void rank_all(const double *x, size_t n, double *rank) {
    for (size_t i = 0; i < n; i++) {
        size_t below = 0, equal = 0;
        for (size_t j = 0; j < n; j++) {
            below += x[j] < x[i];
            equal += x[j] == x[i];
        }
        rank[i] = (double)below + ((double)equal + 1) / 2;
    }
}

/* n/n* from the ranks of what the slope leaves. `room` holds 3 n numbers. */
static double variance_ratio(const double *y, size_t n, double slope, double *room) {
    double *rest = room, *rank = room + n, *acf = room + 2 * n, m = (double)n, sum = 0;
    double limit = -pgs_normal_quantile(0.025) / sqrt(m);
    for (size_t i = 0; i < n; i++)
        rest[i] = y[i] - slope * (double)(i + 1);
    rank_all(rest, n, rank);
    pgs_acf(rank, n, n - 1, acf);
    for (size_t l = 1; l < n; l++) {
        double k = m - (double)l;
        if (fabs(acf[l]) > limit)
            sum += k * (k - 1) * (k - 2) * acf[l];
    }
    return 1 + 2 / (m * (m - 1) * (m - 2)) * sum;
}

static double kendall_s(const double *y, size_t n) {
    double s = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            s += (double)((y[j] > y[i]) - (y[j] < y[i]));
    return s;
}

/* Two-sided, with the correction for continuity. */
static double p_of(double s, double variance) {
    double z = s == 0 || variance == 0 ? 0 : (fabs(s) - 1) / sqrt(variance);
    return 2 * pgs_normal_cdf(-z);
}

/* ---- all of it ---- */

static void estimate(const double *t, const double *y, size_t n, double *slope, double *room,
                     pgs_slope *out) {
    double tied_y, tied_t = 0, *sorted = room;
    for (size_t i = 0; i < n; i++)
        sorted[i] = y[i];
    qsort(sorted, n, sizeof *sorted, by_value);
    tied_y = ties(sorted, n);
    out->s = kendall_s(y, n);
    out->variance = (untied(n) - tied_y) / 18;
    out->p = p_of(out->s, out->variance);
    size_t n_pairs = pair_slopes(NULL, y, n, slope);
    out->step_slope = pgs_median(slope, n_pairs);
    if (t) {
        tied_t = ties(t, n);
        n_pairs = pair_slopes(t, y, n, slope);
    }
    out->value = pgs_median(slope, n_pairs);
    if (n_pairs > 0)
        bound(slope, n_pairs, (untied(n) - tied_y - tied_t) / 18, out);
    out->variance_ratio = n > 2 ? variance_ratio(y, n, out->step_slope, room) : 1;
    double ratio = out->variance_ratio > 1 ? out->variance_ratio : 1;
    out->p_dependent = p_of(out->s, out->variance * ratio);
}

bool pgs_slope_of(const double *t, const double *y, size_t n, pgs_slope *out) {
    *out = (pgs_slope){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (n < 2)
        return true;
    double *slope = pgs_alloc(n * (n - 1) / 2, sizeof *slope);
    double *room = pgs_alloc(3 * n, sizeof *room);
    if (slope && room)
        estimate(t, y, n, slope, room, out);
    pgs_free(slope);
    pgs_free(room);
    return slope && room;
}
