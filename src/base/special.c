/* exp and log by range reduction and series; the normal distribution through one Chebyshev
 * expansion of (1 + 2x) exp(x^2) erfc(x), which is smooth and nearly constant on [0, infinity)
 * (the form is Shepherd and Laframboise's, Math. Comp. 36, 1981; the coefficients were computed
 * for this file with 50 digits). Quantiles invert by Halley's method. */
#include "base/special.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"

/* ln 2 in two pieces; the first has trailing zero bits, so that small multiples are exact. */
#define LN2_HIGH 0.6931471803691238
#define LN2_LOW  1.9082149292705877e-10

/* 2^k, k a normal exponent. */
static double power_of_two(int k) {
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

/* x = k ln 2 + r with |r| <= ln 2 / 2: exp(x) = 2^k exp(r). */
double pgs_exp(double x) {
    static const double TERM[] = {
        /* 1/13! .. 1/2! */
        1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08, 2.755731922398589e-07,
        2.7557319223985893e-06, 2.48015873015873e-05, 0.0001984126984126984, 0.001388888888888889,
        0.008333333333333333,   0.041666666666666664, 0.16666666666666666,   0.5};
    if (isnan(x))
        return x;
    if (x > 709.79)
        return INFINITY;
    if (x < -746)
        return 0;
    int k = (int)(x / (LN2_HIGH + LN2_LOW) + (x < 0 ? -0.5 : 0.5));
    double high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low;
    double sum = 0;
    for (size_t i = 0; i < PGS_COUNT_OF(TERM); i++)
        sum = sum * r + TERM[i];
    double out = 1 + (high - (low - sum * r * r));
    int half = k / 2; /* in two steps, because 2^k alone may be no normal number */
    return out * power_of_two(half) * power_of_two(k - half);
}

/* Series in t = pi y, 0 <= y <= 1/4. */
static double near_zero(double y, bool sine) {
    static const double COS[] = {
        /* signs alternate: 1/16! .. 1/2! */
        4.779477332387385e-14, 1.1470745597729725e-11, 2.08767569878681e-09, 2.755731922398589e-07,
        2.48015873015873e-05,  0.001388888888888889,   0.041666666666666664, 0.5};
    static const double SIN[] = {/* 1/17! .. 1/3! */
                                 2.8114572543455206e-15, 7.647163731819816e-13,
                                 1.6059043836821613e-10, 2.505210838544172e-08,
                                 2.7557319223985893e-06, 0.0001984126984126984,
                                 0.008333333333333333,   0.16666666666666666};
    double t = 3.141592653589793 * y, t2 = t * t, sum = 0;
    for (size_t i = 0; i < PGS_COUNT_OF(COS); i++)
        sum = (sine ? SIN[i] : COS[i]) - sum * t2;
    return sine ? t - t * t2 * sum : 1 - t2 * sum;
}

double pgs_cos_pi(double x) {
    double y = fabs(x);
    y -= 2 * floor(y / 2); /* exact, as all that follows */
    y = y > 1 ? 2 - y : y;
    double sign = y > 0.5 ? -1 : 1;
    y = y > 0.5 ? 1 - y : y;
    return sign * (y > 0.25 ? near_zero(0.5 - y, true) : near_zero(y, false));
}

/* x = 2^k m with m near 1, f = m - 1, s = f/(2 + f): log m = 2 atanh(s) = 2s + s R(s^2), and
 * 2s = f - s f leaves only small terms to be rounded. */
double pgs_log(double x) {
    static const double TERM[] = {/* 2/23 .. 2/3 */
                                  0.08695652173913043, 0.09523809523809523,
                                  0.10526315789473684, 0.11764705882352941,
                                  0.13333333333333333, 0.15384615384615385,
                                  0.18181818181818182, 0.2222222222222222,
                                  0.2857142857142857,  0.4,
                                  0.6666666666666666};
    if (!(x > 0) || isinf(x))
        return x == 0 ? -INFINITY : x > 0 ? x : NAN;
    int k = 0;
    if (x < 2.2250738585072014e-308) { /* no normal number */
        x *= power_of_two(54);
        k = -54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    k += (int)(bits >> 52) - 1023;
    bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m /= 2;
        k++;
    }
    double f = m - 1, s = f / (2 + f), s2 = s * s, series = 0;
    for (size_t i = 0; i < PGS_COUNT_OF(TERM); i++)
        series = series * s2 + TERM[i];
    return k * LN2_HIGH + (f - (s * (f - s2 * series) - k * LN2_LOW));
}

/* The rounding of 1 + x is put back by the derivative. */
double pgs_log1p(double x) {
    double sum = 1 + x;
    if (!(x > -1) || isinf(x) || sum == 1)
        return sum == 1 ? x : pgs_log(sum);
    return pgs_log(sum) + (x - (sum - 1)) / sum;
}

/* ---- the normal distribution ---- */

/* exp(-x^2/2) with the square's lost digits put back (Dekker's product). */
static double gauss(double x) {
    if (fabs(x) > 40)
        return 0;
    double big = x * 134217729.0, high = big - (big - x), low = x - high;
    double square = x * x, lost = ((high * high - square) + 2 * high * low) + low * low;
    return pgs_exp(-square / 2) * (1 - lost / 2);
}

double pgs_normal_pdf(double x) {
    return 0.3989422804014327 * gauss(x);
}

/* P(X < -z), z >= 0: Clenshaw's recurrence in t = (u - 3.75)/(u + 3.75), u = z/sqrt(2). */
static double lower_tail(double z) {
    static const double CHEBYSHEV[] = {
        -2.2370566594359995e-18, 5.068148904796111e-17,  7.418235256624044e-17,
        -1.2507950530688648e-15, -1.864562880419313e-15, 3.3478119482868056e-14,
        3.25254814814874e-14,    -9.65469674843344e-13,  1.9455868545777347e-13,
        2.86879501093067e-11,    -6.318088340886684e-11, -7.754400208831351e-10,
        4.521959811218287e-09,   1.076499946567091e-08,  -2.1886401049234397e-07,
        7.74038306619849e-07,    4.13902798607301e-06,   -6.916973302501207e-05,
        0.0004907758365258086,   -0.002413163540417608,  0.009074997670705265,
        -0.026658668435305753,   0.05920993999819189,    -0.08424913336651792,
        -0.004590054580646478};
    if (isinf(z))
        return 0;
    double u = z / 1.4142135623730951, t = (u - 3.75) / (u + 3.75), one = 0, two = 0;
    for (size_t i = 0; i < PGS_COUNT_OF(CHEBYSHEV); i++) {
        double next = 2 * t * one - two + CHEBYSHEV[i];
        two = one;
        one = next;
    }
    return 0.5 * gauss(z) * (1.1775789345674017 + (t * one - two)) / (1 + 2 * u);
}

double pgs_normal_cdf(double x) {
    return x > 0 ? 1 - lower_tail(x) : lower_tail(-x);
}

/* A rational start of the tail's own shape, then Halley: each step triples the digits. */
double pgs_normal_quantile(double p) {
    if (!(p >= 0 && p <= 1))
        return NAN;
    double tail = p < 0.5 ? p : 1 - p;
    if (tail == 0 || tail == 0.5)
        return tail == 0.5 ? 0 : p < 0.5 ? -INFINITY : INFINITY;
    double w = sqrt(-2 * pgs_log(tail));
    double z = w - (2.3 + 0.27 * w) / (1 + w * (0.99 + 0.045 * w));
    for (int i = 0; i < 4; i++) {
        double error = (pgs_normal_cdf(-z) - tail) / pgs_normal_pdf(z);
        z += error / (1 + z * error / 2);
    }
    return p < 0.5 ? -z : z;
}
