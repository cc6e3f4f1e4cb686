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

/* sum (z_s - mean) cos(pi j (s - 1/2) / n), s = 1..n, for j and the WIDE - 1 after it: side by side, because
 * each sum by itself would wait for its last addition. */
#define WIDE ((size_t)4)

static void project(const pgs_cosines *c, const double *z, double about, size_t j,
                    double sum[WIDE]) {
    size_t turn = 4 * c->n, at[WIDE], step[WIDE];
    for (size_t k = 0; k < WIDE; k++) {
        at[k] = (j + k) % turn;
        step[k] = 2 * (j + k) % turn;
        sum[k] = 0;
    }
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < WIDE; k++) {
            sum[k] += (z[i] - about) * c->at[at[k]];
            at[k] += step[k];
            at[k] -= at[k] >= turn ? turn : 0;
        }
}

/* The mean square of projections 1..b, each times sqrt(2/n). */
static double mean_square(const pgs_cosines *c, const double *z, double about, size_t b) {
    double squares = 0, scale = sqrt(2 / (double)c->n), sum[WIDE];
    for (size_t j = 1; j <= b; j += WIDE) {
        project(c, z, about, j, sum);
        for (size_t k = 0; k < WIDE && j + k <= b; k++)
            squares += sum[k] * scale * (sum[k] * scale);
    }
    return squares / (double)b;
}

static double quantile(pgs_cosines *c, size_t freedom) {
    if (c->freedom != freedom)
        c->quantile = pgs_student_quantile(0.975, (double)freedom);
    c->freedom = freedom;
    return c->quantile;
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
    out->omega = mean_square(cosines, z, out->value, b);
    out->se = sqrt(out->omega / (double)n);
    double reach = out->se * quantile(cosines, b);
    out->low95 = out->value - reach;
    out->high95 = out->value + reach;
    double t = fabs(out->value) / out->se;
    out->p = out->value == 0 ? 1 : 2 * pgs_student_cdf(-t, (double)b);
    return true;
}
