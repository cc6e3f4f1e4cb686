/* The mean of a dependent series, and how sure it is: the equal-weighted cosine estimator of the long-run
 * variance with fixed-b critical values (Lazarus, Lewis, Stock, Watson, JBES 36, 2018). Only the lowest
 * frequencies are looked at, so what happens within a few steps does not matter. */
#include <math.h>

#include "base/base.h"
#include "base/special.h"
#include "model/estimate.h"

void pgs_cosines_reset(pgs_cosines *cosines) {
    pgs_free(cosines->at);
    *cosines = (pgs_cosines){0};
}

/* cos(pi k / 2n) for a whole turn, from the first eighth. */
static bool prepare(pgs_cosines *c, size_t n) {
    if (c->n == n)
        return true;
    pgs_cosines_reset(c);
    c->at = pgs_alloc(4 * n, sizeof *c->at);
    if (!c->at)
        return false;
    c->n = n;
    for (size_t k = 0; k < 4 * n; k++)
        c->at[k] = pgs_cos_pi((double)k / (2 * (double)n));
    return true;
}

/* floor(0.4 m^(2/3)) without a power: b^3 <= 0.064 m^2. */
static size_t projections(size_t m) {
    double bound = 0.064 * (double)m * (double)m;
    size_t b = 1;
    while ((double)(b + 1) * (double)(b + 1) * (double)(b + 1) <= bound)
        b++;
    return b;
}

static double mean(const double *z, size_t n) {
    double first = z[0], sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += z[i] - first;
    return first + sum / (double)n;
}

/* sqrt(2/n) sum (z_s - mean) cos(pi j (s - 1/2) / n), s = 1..n */
static double project(const pgs_cosines *c, const double *z, double about, size_t j) {
    size_t turn = 4 * c->n, at = j % turn, step = 2 * j % turn;
    double sum = 0;
    for (size_t i = 0; i < c->n; i++) {
        sum += (z[i] - about) * c->at[at];
        at += step;
        at -= at >= turn ? turn : 0;
    }
    return sum * sqrt(2 / (double)c->n);
}

bool pgs_mean_of(pgs_cosines *cosines, const double *z, size_t n, size_t m, pgs_mean *out) {
    *out = (pgs_mean){
        .n = n, .value = NAN, .se = NAN, .low95 = NAN, .high95 = NAN, .p = NAN, .omega = NAN};
    if (n > 0)
        out->value = mean(z, n);
    if (n < 2 || m < 2)
        return true;
    if (!prepare(cosines, n))
        return false;
    size_t b = projections(m);
    double sum = 0;
    for (size_t j = 1; j <= b; j++) {
        double l = project(cosines, z, out->value, j);
        sum += l * l;
    }
    out->omega = sum / (double)b;
    out->se = sqrt(out->omega / (double)n);
    double reach = out->se * pgs_student_quantile(0.975, (double)b);
    out->low95 = out->value - reach;
    out->high95 = out->value + reach;
    double t = fabs(out->value) / out->se;
    out->p = out->value == 0 ? 1 : 2 * pgs_student_cdf(-t, (double)b);
    return true;
}
