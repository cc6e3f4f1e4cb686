/* A perfectly hashed table is not even: with a mean of 100 rows, one of 100 partitions is 40 % off
 * in one snapshot of a hundred. The floor is the skew from which that excuse no longer holds.
 *
 * One partition's rows are binomial, T trials at 1/P; the P of them together are bounded by the sum
 * of their tails, which for a maximum of skews is all but exact. Rows do not come alone, though: a
 * collection moves as a whole, and T rows in collections are as uneven as fewer, larger units.
 *
 *   lower side   units of u = S2/S1 (Sk: sum of n^k over the sizes n), N = T/u of them: Kish's design
 *                effect. It has the variance of the sum, and a heavier lower tail.
 *   upper side   units of v = S3/S2, N = T u/v^2, shifted by (1 - u/v) T/P: mean, variance and third
 *                moment of the sum. Without the third, sizes as uneven as real collections' raise false
 *                alarms in a third of the tables.
 *
 * Equal sizes make both exact. Where sizes are not known, u is estimated from the unevenness
 * itself; that must not excuse a hot partition, so only the bulk is asked (a trimmed variance about
 * the median), and the estimate's own error is paid for by the quantile of Student's t in place of
 * the normal's.
 *
 * Sources: Kish, Survey Sampling 1965; Rao and Scott 1981 (design effect); Rousseeuw and Leroy 1987
 * (trimmed scale). */
#include <math.h>

#include "base/special.h"
#include "stats/noise.h"

#define ROUNDING (1 + 1e-9) /* a tail that is alpha to the last digit is not above it */

/* ---- tails ---- */

double pgs_lottery_upper(const pgs_lottery *l, double x) {
    double u = l->units.unit, v = l->units.large_unit;
    double shift = (1 - u / v) * l->total / l->n_parts;
    return pgs_binomial_upper((x - shift) / v, l->total * u / (v * v), l->n_parts);
}

static double lower_tail(const pgs_lottery *l, double x) {
    return x < 0 ? 0 : pgs_binomial_lower(x / l->units.unit, l->total / l->units.unit, l->n_parts);
}

double pgs_lottery_any(const pgs_lottery *l, double chance) {
    return (l->n_parts == 2 ? 1 : l->n_parts) * chance;
}

/* ---- the floor ---- */

typedef struct column {
    __int128 total, n_seen;
} column;

static column column_of(const double *x, size_t n) {
    column c = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        c.total += (__int128)x[i];
        c.n_seen++;
    }
    return c;
}

/* The nearest values at or beyond a deviation d: P x - T >= d, and T - P x >= d. */
static __int128 value_above(column c, __int128 d) {
    return (c.total + d + c.n_seen - 1) / c.n_seen;
}

static __int128 value_below(column c, __int128 d) {
    return d > c.total ? -1 : (c.total - d) / c.n_seen;
}

/* Whether some partition deviates by d or more with a probability above alpha. */
static bool is_chance(column c, const pgs_lottery *l, __int128 d, double alpha) {
    double tails =
        pgs_lottery_upper(l, (double)value_above(c, d)) + lower_tail(l, (double)value_below(c, d));
    return pgs_lottery_any(l, tails) > alpha * ROUNDING;
}

/* The smallest deviation that a value has and that is at least d. */
static __int128 attained(column c, __int128 d) {
    __int128 above = c.n_seen * value_above(c, d) - c.total, below = value_below(c, d);
    return below >= 0 && c.total - c.n_seen * below < above ? c.total - c.n_seen * below : above;
}

double pgs_noise_floor(const double *x, size_t n, pgs_units units, double alpha) {
    column c = column_of(x, n);
    if (c.n_seen < 2 || c.total == 0 || units.design == PGS_DESIGN_UNKNOWN)
        return NAN;
    pgs_lottery l = {(double)c.total * units.share, (double)c.n_seen, units};
    __int128 most = c.total * (c.n_seen - 1), low = 0; /* `low` is chance, `high` is not */
    if (is_chance(c, &l, most, alpha))
        return INFINITY;
    double spread = 4 * sqrt(l.total * l.units.unit * l.n_parts);
    __int128 high = spread < (double)most ? (__int128)spread + 1 : most;
    while (high < most && is_chance(c, &l, high, alpha)) {
        low = high;
        high = high * 2 < most ? high * 2 : most;
    }
    while (high - low > 1) {
        __int128 middle = low + (high - low) / 2;
        if (is_chance(c, &l, middle, alpha))
            low = middle;
        else
            high = middle;
    }
    return (double)attained(c, high) / (double)c.total;
}

void pgs_noise_skews(const double *x, size_t n, double *out) {
    column c = column_of(x, n);
    for (size_t i = 0; i < n; i++) {
        __int128 d = isnan(x[i]) ? 0 : c.n_seen * (__int128)x[i] - c.total;
        out[i] = isnan(x[i]) ? NAN : c.total == 0 ? 0 : (double)(d < 0 ? -d : d) / (double)c.total;
    }
}
