/* Skew as the guide's views compute it. e and T are the same for a whole column, so a column is
 * one call: e = 1.0/P, fraction = x/T, skew = |fraction - e| / e, each a numeric division with
 * its own scale, compared with the thresholds before it is rounded for publication. That is done in
 * decimals only where a tie or a threshold is near; elsewhere doubles give the same digits.
 *
 * The variance is new to pgskew, has no numeric history to match, and is therefore computed as
 * the exact fraction (P * sum(x^2) - T^2) / T^2. */
#include <math.h>

#include "base/decimal.h"
#include "stats/stats.h"

typedef struct threshold {
    int64_t digits;
    unsigned long scale;
} threshold;

static bool at_least(const pgs_decimal *value, threshold t) {
    pgs_decimal limit;
    pgs_decimal_init(&limit);
    pgs_decimal_set_ratio(&limit, t.digits, t.scale);
    bool yes = pgs_decimal_cmp(value, &limit) >= 0;
    pgs_decimal_reset(&limit);
    return yes;
}

/* Number and exact sum of the observed values. */
static size_t observed(const double *x, size_t n, int64_t *total) {
    size_t seen = 0;
    *total = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        *total += (int64_t)x[i];
        seen++;
    }
    return seen;
}

static pgs_health_status skew_status(const pgs_decimal *skew) {
    if (at_least(skew, (threshold){5, 1}))
        return PGS_UNBALANCED;
    return at_least(skew, (threshold){3, 1}) ? PGS_WARNING : PGS_HEALTHY;
}

/* Where doubles can tell both the status and the fourth decimal. */
static bool skew_settled(double x, double n_seen, double total, double *published,
                         pgs_health_status *status) {
    double skew = fabs(x * n_seen / total - 1);
    if (fabs(skew - 0.3) < 1e-6 || fabs(skew - 0.5) < 1e-6 || !pgs_settle(skew, 4, published))
        return false;
    *status = skew > 0.5 ? PGS_UNBALANCED : skew > 0.3 ? PGS_WARNING : PGS_HEALTHY;
    return true;
}

/* even = 1.0 / P */
static void set_even_share(pgs_decimal *even, size_t n_seen) {
    pgs_decimal p;
    pgs_decimal_init(&p);
    pgs_decimal_set_int(&p, (int64_t)n_seen);
    pgs_decimal_set_ratio(even, 10, 1);
    pgs_decimal_div(even, even, &p);
    pgs_decimal_reset(&p);
}

/* skew = |x/total - even| / even */
static double skew_exact(double x, int64_t total, const pgs_decimal *even,
                         pgs_health_status *status) {
    pgs_decimal skew, sum;
    pgs_decimal_init(&skew);
    pgs_decimal_init(&sum);
    pgs_decimal_set_int(&skew, (int64_t)x);
    pgs_decimal_set_int(&sum, total);
    pgs_decimal_div(&skew, &skew, &sum);
    pgs_decimal_sub(&skew, &skew, even);
    pgs_decimal_abs(&skew);
    pgs_decimal_div(&skew, &skew, even);
    *status = skew_status(&skew);
    pgs_decimal_round(&skew, 4);
    double published = pgs_decimal_to_double(&skew);
    pgs_decimal_reset(&skew);
    pgs_decimal_reset(&sum);
    return published;
}

void pgs_skew_column(const double *x, size_t n, double *published, pgs_health_status *status) {
    int64_t total;
    size_t seen = observed(x, n, &total);
    pgs_decimal even;
    pgs_decimal_init(&even);
    if (seen > 0)
        set_even_share(&even, seen);
    for (size_t i = 0; i < n; i++) {
        published[i] = isnan(x[i]) ? NAN : 0;
        status[i] = isnan(x[i]) ? PGS_UNMEASURED : PGS_HEALTHY;
        if (isnan(x[i]) || total == 0)
            continue;
        if (!skew_settled(x[i], (double)seen, (double)total, &published[i], &status[i]))
            published[i] = skew_exact(x[i], total, &even, &status[i]);
    }
    pgs_decimal_reset(&even);
}

/* ---- where a status begins ---- */

/* Whether the skew of x is at least tenths/10: by exact fractions where the difference is larger
 * than numeric's rounding can be, else by numeric. */
static bool reaches(int64_t x, size_t n_seen, int64_t total, int tenths) {
    __int128 scaled = (__int128)10 * x * (__int128)n_seen, even = (__int128)10 * total;
    __int128 off = scaled > even ? scaled - even : even - scaled;
    double beyond = (double)(off - (__int128)tenths * total) / (10.0 * (double)total);
    if (fabs(beyond) > (double)n_seen * 1e-15)
        return beyond > 0;
    pgs_decimal share;
    pgs_health_status status;
    pgs_decimal_init(&share);
    set_even_share(&share, n_seen);
    skew_exact((double)x, total, &share, &status);
    pgs_decimal_reset(&share);
    return status == PGS_UNBALANCED || (tenths == 3 && status == PGS_WARNING);
}

/* (10 + tenths) * total / (10 * n_seen), and what is left of it. */
static int64_t share_of(size_t n_seen, int64_t total, int tenths, int64_t *rest) {
    int64_t whole = 10 * (int64_t)n_seen, times = 10 + tenths;
    if (total <= INT64_MAX / 20) { /* __int128 divides five times slower */
        *rest = times * total % whole;
        return times * total / whole;
    }
    *rest = (int64_t)((__int128)times * total % whole);
    return (int64_t)((__int128)times * total / whole);
}

/* Which side of a boundary the whole numbers beside it are on, where that needs no decimals. */
typedef enum side { SIDE_CLEAR, SIDE_TIE, SIDE_UNKNOWN } side;

/* CLEAR: numeric's rounding, below n_seen * 1e-15 of the total, cannot reach the boundary. TIE: the
 * whole number is the boundary, and numeric divides without a rest there: share and even share have
 * at most 16 decimals. */
static side side_of(int64_t rest, size_t n_seen, int64_t total) {
    double rounding = (double)n_seen * 1e-15 * (10.0 * (double)total);
    int64_t n = (int64_t)n_seen;
    if ((double)(10 * n - rest) <= rounding)
        return SIDE_UNKNOWN;
    if (rest == 0 && INT64_C(1000000000000000) % n == 0)
        return SIDE_TIE;
    return (double)rest > rounding ? SIDE_CLEAR : SIDE_UNKNOWN;
}

void pgs_skew_limits(size_t n_seen, int64_t total, int tenths, int64_t *low, int64_t *high) {
    __int128 whole = (__int128)10 * (__int128)n_seen;
    int64_t rest;
    *low = share_of(n_seen, total, -tenths, &rest);
    if (side_of(rest, n_seen, total) == SIDE_UNKNOWN) {
        while (reaches(*low + 1, n_seen, total, tenths) &&
               (__int128)(*low + 1) * whole < (__int128)10 * total)
            (*low)++;
        while (*low >= 0 && !reaches(*low, n_seen, total, tenths))
            (*low)--;
    }
    *high = share_of(n_seen, total, tenths, &rest);
    side at = side_of(rest, n_seen, total);
    if (at != SIDE_UNKNOWN) {
        *high += at == SIDE_CLEAR;
        return;
    }
    while (reaches(*high - 1, n_seen, total, tenths) &&
           (__int128)(*high - 1) * whole > (__int128)10 * total)
        (*high)--;
    while (!reaches(*high, n_seen, total, tenths))
        (*high)++;
}

/* ---- variance ---- */

/* out = P * sum(x^2) - T^2, t2 = T^2. A square is at most 2^106 and there are at most 10^6 of
 * them, so 128 bits hold their sum. */
static void excess(const double *x, size_t n, size_t seen, int64_t sum, pgs_decimal *out,
                   pgs_decimal *t2) {
    unsigned __int128 squares = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            squares += (unsigned __int128)x[i] * (unsigned __int128)x[i];
    pgs_decimal p;
    pgs_decimal_init(&p);
    pgs_decimal_set_int(&p, (int64_t)seen);
    pgs_decimal_set_wide(out, squares);
    pgs_decimal_mul(out, out, &p);
    pgs_decimal_set_int(t2, sum);
    pgs_decimal_mul(t2, t2, t2);
    pgs_decimal_sub(out, out, t2);
    pgs_decimal_reset(&p);
}

/* Whether numerator/denominator >= t, without dividing. */
static bool ratio_at_least(const pgs_decimal *numerator, const pgs_decimal *denominator,
                           threshold t) {
    pgs_decimal limit;
    pgs_decimal_init(&limit);
    pgs_decimal_set_ratio(&limit, t.digits, t.scale);
    pgs_decimal_mul(&limit, &limit, denominator);
    bool yes = pgs_decimal_cmp(numerator, &limit) >= 0;
    pgs_decimal_reset(&limit);
    return yes;
}

double pgs_skew_variance(const double *x, size_t n, pgs_skew_status *status) {
    int64_t sum;
    size_t seen = observed(x, n, &sum);
    *status = seen > 0 ? PGS_SKEW_NORMAL : PGS_SKEW_UNKNOWN;
    if (seen == 0 || sum == 0)
        return seen == 0 ? NAN : 0;
    pgs_decimal numerator, denominator;
    pgs_decimal_init(&numerator);
    pgs_decimal_init(&denominator);
    excess(x, n, seen, sum, &numerator, &denominator);
    if (ratio_at_least(&numerator, &denominator, (threshold){25, 2}))
        *status = PGS_SKEW_CRITICAL;
    else if (ratio_at_least(&numerator, &denominator, (threshold){9, 2}))
        *status = PGS_SKEW_WARNING;
    pgs_decimal_div_to(&numerator, &numerator, &denominator, 4);
    double variance = pgs_decimal_to_double(&numerator);
    pgs_decimal_reset(&numerator);
    pgs_decimal_reset(&denominator);
    return variance;
}

double pgs_percentage(double part, int64_t total) {
    if (isnan(part))
        return NAN;
    double percentage = 0;
    if (total == 0 || pgs_settle(part * 100 / (double)total, 2, &percentage))
        return percentage;
    pgs_decimal a, b;
    pgs_decimal_init(&a);
    pgs_decimal_init(&b);
    pgs_decimal_set_int(&a, (int64_t)part);
    pgs_decimal_set_ratio(&b, 1000, 1); /* 100.0 */
    pgs_decimal_mul(&a, &a, &b);
    pgs_decimal_set_int(&b, total);
    pgs_decimal_div(&a, &a, &b);
    pgs_decimal_round(&a, 2);
    percentage = pgs_decimal_to_double(&a);
    pgs_decimal_reset(&a);
    pgs_decimal_reset(&b);
    return percentage;
}
