/* Five of these measures are one number, the squared coefficient of variation: with P partitions
 *     HHI = (1 + CV^2)/P, Jain = 1/(1 + CV^2), dispersion = T CV^2/(P - 1), keys = (P - 1)/CV^2,
 * and the variance of the signed skew is CV^2 itself. It is computed once, in two passes about the
 * mean, so that a large common offset costs no digits; skews and Gini come from exact integers.
 *
 * Sources: Cowell, Measuring Inequality (Gini, entropy); Jain, Chiu and Hawe 1984; Agresti,
 * Categorical Data Analysis (dispersion). */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/special.h"
#include "stats/stats.h"

/* A sum that carries what its additions lose (Neumaier). */
typedef struct tally {
    double sum, lost;
} tally;

static void add(tally *t, double x) {
    double sum = t->sum + x;
    t->lost += fabs(t->sum) >= fabs(x) ? (t->sum - sum) + x : (x - sum) + t->sum;
    t->sum = sum;
}

static double total(const tally *t) {
    return t->sum + t->lost;
}

pgs_moments pgs_moments_of(const double *x, size_t n) {
    pgs_moments m = {.sum = NAN, .mean = NAN, .min = INFINITY, .max = -INFINITY, .variance = NAN};
    tally sum = {0}, deviation = {0}, square = {0};
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        m.n_seen++;
        add(&sum, x[i]);
        m.min = x[i] < m.min ? x[i] : m.min;
        m.max = x[i] > m.max ? x[i] : m.max;
    }
    if (m.n_seen == 0) {
        m.min = m.max = NAN;
        return m;
    }
    m.sum = total(&sum);
    m.mean = m.sum / (double)m.n_seen;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        add(&deviation, x[i] - m.mean); /* what the rounded mean left over */
        add(&square, (x[i] - m.mean) * (x[i] - m.mean));
    }
    double rest = total(&deviation) / (double)m.n_seen;
    m.variance = total(&square) / (double)m.n_seen - rest * rest;
    return m;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The observed values, ascending; returns how many. */
static size_t sort_seen(const double *x, size_t n, double *sorted) {
    size_t seen = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            sorted[seen++] = x[i];
    if (seen > 1)
        qsort(sorted, seen, sizeof *sorted, by_value);
    return seen;
}

/* sum over i from 1 of (2i - P - 1) x_(i), over P T: exact up to the division. */
static double gini_of(const double *sorted, size_t n, __int128 sum) {
    __int128 weighted = 0;
    for (size_t i = 0; i < n; i++)
        weighted += (2 * (__int128)i + 1 - (__int128)n) * (__int128)sorted[i];
    return (double)weighted / ((double)n * (double)sum);
}

/* 1 less Theil's index over log P; r = x/m, and 0 log 0 = 0. */
static double normalized_entropy(const double *sorted, size_t n, double mean) {
    tally theil = {0};
    for (size_t i = 0; i < n; i++)
        if (sorted[i] > 0)
            add(&theil, sorted[i] / mean * pgs_log(sorted[i] / mean));
    double entropy = 1 - total(&theil) / (double)n / pgs_log((double)n);
    return n < 2 ? NAN : entropy < 0 ? 0 : entropy > 1 ? 1 : entropy;
}

static double signed_skew(double x, size_t n, __int128 sum) {
    return (double)((__int128)x * (__int128)n - sum) / (double)sum;
}

pgs_measures pgs_measures_of(const double *x, size_t n, bool is_rows, double *sorted) {
    pgs_measures out = {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    pgs_moments m = pgs_moments_of(x, n);
    size_t seen = out.n_seen = sort_seen(x, n, sorted);
    out.variance = m.variance;
    __int128 sum = 0;
    for (size_t i = 0; i < seen; i++)
        sum += (__int128)sorted[i];
    if (seen == 0 || sum == 0) {
        out.signed_skew_max = out.signed_skew_min = seen == 0 ? NAN : 0;
        return out;
    }
    double cv2 = m.variance / (m.mean * m.mean), parts = (double)seen;
    out.cv = sqrt(cv2);
    out.gini = gini_of(sorted, seen, sum);
    out.normalized_entropy = normalized_entropy(sorted, seen, m.mean);
    out.hhi = (1 + cv2) / parts;
    out.effective_partitions = parts / (1 + cv2);
    out.jain = 1 / (1 + cv2);
    out.signed_skew_max = signed_skew(sorted[seen - 1], seen, sum);
    out.signed_skew_min = signed_skew(sorted[0], seen, sum);
    out.max_over_mean = 1 + out.signed_skew_max;
    if (is_rows && seen > 1)
        out.dispersion_index = m.sum * cv2 / (parts - 1);
    if (cv2 > 0)
        out.equal_keys = (parts - 1) / cv2;
    return out;
}

void pgs_signed_skew(const double *x, const double *skew, size_t n, double *out) {
    __int128 sum = 0, seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        sum += (__int128)x[i];
        seen++;
    }
    for (size_t i = 0; i < n; i++) {
        bool below = !isnan(x[i]) && skew[i] > 0 && (__int128)x[i] * seen < sum;
        out[i] = isnan(x[i]) ? NAN : below ? -skew[i] : skew[i];
    }
}
