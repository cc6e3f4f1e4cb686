/* Does a flow repeat itself, and how? The test is the M4 competition's (autocorrelation at the period against
 * Bartlett's limit, 90 %); the profile is a median over periods, so one burst does not make a pattern. */
#include <math.h>

#include "base/base.h"
#include "model/estimate.h"

void pgs_acf(const double *x, size_t n, size_t n_lags, double *out) {
    double sum = 0, mean, square = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] - x[0];
    mean = n > 0 ? x[0] + sum / (double)n : NAN;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    for (size_t l = 0; l <= n_lags; l++) {
        double product = 0;
        for (size_t i = 0; i + l < n; i++)
            product += (x[i] - mean) * (x[i + l] - mean);
        out[l] = l == 0 ? 1 : square > 0 ? product / square : 0;
    }
}

/* Each phase's share of its period, times the number of phases; only whole periods in which something
 * flows. */
static void fill_profile(const double *x, size_t n, double *share, pgs_season *out) {
    size_t m = out->period, n_periods = n / m;
    double total = 0;
    for (size_t phase = 0; phase < m; phase++) {
        size_t n_shares = 0;
        for (size_t k = 0; k < n_periods; k++) {
            double sum = 0;
            for (size_t i = 0; i < m; i++)
                sum += x[k * m + i];
            if (sum > 0)
                share[n_shares++] = x[k * m + phase] / (sum / (double)m);
        }
        out->profile[phase] = n_shares >= 3 ? pgs_median(share, n_shares) : NAN;
        total += out->profile[phase];
    }
    for (size_t phase = 0; phase < m; phase++)
        out->profile[phase] = total > 0 ? out->profile[phase] / (total / (double)m) : NAN;
}

bool pgs_season_of(const double *x, size_t n, size_t period, pgs_season *out) {
    double acf[PGS_MAX_PERIOD + 1], squares = 0;
    *out = (pgs_season){.period = period, .tested = n >= 3 * period, .acf = NAN, .limit = NAN};
    for (size_t i = 0; i < PGS_MAX_PERIOD; i++)
        out->profile[i] = NAN;
    if (!out->tested)
        return true;
    pgs_acf(x, n, period, acf);
    for (size_t l = 1; l < period; l++)
        squares += acf[l] * acf[l];
    out->acf = acf[period];
    out->limit = 1.645 * sqrt((1 + 2 * squares) / (double)n);
    out->found = out->acf > out->limit;
    double *share = pgs_alloc(n / period, sizeof *share);
    if (share)
        fill_profile(x, n, share, out);
    pgs_free(share);
    return share != NULL;
}
