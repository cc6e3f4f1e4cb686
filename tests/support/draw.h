/* Numbers drawn from distributions, from one seed. */
#ifndef PGSKEW_TESTS_DRAW_H
#define PGSKEW_TESTS_DRAW_H

#include <math.h>

#include "support/random.h"

static random_state draw_state = {20261120};

static inline double draw_uniform(void) {
    return ((double)(random_bits(&draw_state) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double draw_normal(void) {
    return sqrt(-2 * log(draw_uniform())) * cos(6.283185307179586 * draw_uniform());
}

/* By adding up probabilities; for small means. */
static inline double draw_binomial_by_sum(double n, double p) {
    double k = 0, probability = pow(1 - p, n), left = draw_uniform();
    while (left > probability && k < n) {
        left -= probability;
        probability *= (n - k) / (k + 1) * p / (1 - p);
        k++;
    }
    return k;
}

/* Transformed rejection with squeeze (Hoermann 1993), for n p >= 10 and p <= 1/2. */
static inline double draw_binomial_by_rejection(double n, double p) {
    double spread = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread;
    double a = -0.0873 + 0.0248 * b + 0.01 * p, mode = floor((n + 1) * p);
    double h = lgamma(mode + 1) + lgamma(n - mode + 1);
    for (;;) {
        double u = draw_uniform() - 0.5, v = draw_uniform(), us = 0.5 - fabs(u);
        double k = floor((2 * a / us + b) * u + n * p + 0.5);
        if (us >= 0.07 && v <= 0.92 - 4.2 / b)
            return k;
        if (k < 0 || k > n)
            continue;
        v = log(v * (2.83 + 5.1 / b) * spread / (a / (us * us) + b));
        if (v <= h - lgamma(k + 1) - lgamma(n - k + 1) + (k - mode) * log(p / (1 - p)))
            return k;
    }
}

static inline double draw_binomial(double n, double p) {
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - draw_binomial(n, 1 - p);
    return n * p < 10 ? draw_binomial_by_sum(n, p) : draw_binomial_by_rejection(n, p);
}

#endif
