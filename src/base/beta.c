/* The incomplete beta function, and what it gives: Student's t and the binomial's tails.
 *
 * The factor before the continued fraction (DLMF 8.17.22) is a binomial probability. Written with
 * gamma functions it would be the difference of numbers near 10^8; Loader's form ("Fast and
 * accurate computation of binomial probabilities", 2000) has only the remainders of Stirling's
 * formula and the deviance of k from its mean, each small and computed directly. */
#include <math.h>

#include "base/base.h"
#include "base/special.h"

#define TWO_PI      6.283185307179586
#define SADDLE_FROM 1e6   /* variance of the binomial from which the saddle point will do */
#define MAX_LEVELS  20000 /* of the continued fraction; it ends far earlier */

/* log of Gamma(x + 1) over Stirling's sqrt(2 pi x) (x/e)^x, x > 0. */
static double stirling_rest(double x) {
    double product = 1, y = x;
    while (y < 16)
        product *= ++y;
    double r = 1 / (y * y);
    double rest =
        (1.0 / 12 -
         r * (1.0 / 360 -
              r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * 691.0 / 360360))))) /
        y;
    if (y == x)
        return rest;
    return rest + ((y + 0.5) * pgs_log(y) - y) - ((x + 0.5) * pgs_log(x) - x) - pgs_log(product);
}

/* k log(k/mean) - (k - mean) where excess = k - mean was computed without loss. */
static double deviance(double k, double mean, double excess) {
    double v = excess / (k + mean);
    if (fabs(v) >= 0.1)
        return k * pgs_log(k / mean) - excess;
    double sum = 0, power = v * v * v;
    for (int j = 3; j < 40; j += 2) {
        sum += power / j;
        power *= v * v;
    }
    return excess * v + 2 * k * sum;
}

/* deviance of a from (a+b)x and of b from (a+b)y */
static double deviances(double a, double b, double x, double y) {
    double n = a + b, excess = a * y - b * x;
    return deviance(a, n * x, excess) + deviance(b, n * y, -excess);
}

/* x^a y^b / (a B(a, b)) */
static double front(double a, double b, double x, double y) {
    double n = a + b;
    double exponent =
        stirling_rest(n) - stirling_rest(a) - stirling_rest(b) - deviances(a, b, x, y);
    return pgs_exp(exponent) * sqrt(b / (a * n * TWO_PI));
}

/* One level 1 + term/(...) of the continued fraction, by Lentz's method: numerator and denominator
 * each keep the quotient of their last two convergents. */
typedef struct lentz {
    double c, d, value;
} lentz;

static double step(lentz *f, double term) {
    f->c = 1 + term / f->c;
    f->d = 1 / (1 + term * f->d);
    f->value *= f->c * f->d;
    return fabs(f->c * f->d - 1);
}

/* The continued fraction of I_x(a, b), x below the mean, where no level is near zero. */
static double fraction(double a, double b, double x) {
    lentz f = {.c = 1, .d = 0, .value = 1};
    for (int m = 0; m < MAX_LEVELS; m++) {
        double even = a + 2 * m;
        double moved = step(&f, -(a + m) * (a + b + m) * x / (even * (even + 1)));
        moved += step(&f, (m + 1) * (b - m - 1) * x / ((even + 1) * (even + 2)));
        if (moved < 1e-15)
            break;
    }
    return 1 / f.value;
}

/* Lugannani and Rice's formula, the first term of Temme's expansion (DLMF 8.18.9). */
static double saddle_point(double a, double b, double x, double y) {
    double n = a + b, u = (a * y - b * x) / sqrt(a * b / n);
    double r = sqrt(2 * deviances(a, b, x, y));
    if (u < 0)
        r = -r;
    double out = pgs_normal_cdf(-r);
    return fabs(r) < 0.01 ? out : out + pgs_normal_pdf(r) * (1 / u - 1 / r);
}

double pgs_beta_cdf(double a, double b, double x, double y) {
    if (isnan(a + b + x + y))
        return NAN;
    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    if (a / (a + b) * b > SADDLE_FROM)
        return saddle_point(a, b, x, y);
    if (x * (a + b + 2) < a + 1)
        return front(a, b, x, y) * fraction(a, b, x);
    return 1 - front(b, a, y, x) * fraction(b, a, y);
}

/* ---- Student's t ---- */

/* P(T < -t), t >= 0. */
static double student_tail(double t, double df) {
    double r = t * t / df;
    if (isinf(r))
        return 0;
    return pgs_beta_cdf(df / 2, 0.5, 1 / (1 + r), r / (1 + r)) / 2;
}

double pgs_student_cdf(double t, double df) {
    return t > 0 ? 1 - student_tail(t, df) : student_tail(-t, df);
}

/* Gamma((df+1)/2) / (Gamma(df/2) sqrt(pi df)) (1 + t^2/df)^-(df+1)/2, the gammas by Stirling. */
static double student_density(double t, double df) {
    double a = df / 2;
    double exponent = a * pgs_log1p(0.5 / a) - 0.5 + stirling_rest(a + 0.5) - stirling_rest(a) -
                      (a + 0.5) * pgs_log1p(t * t / df);
    return pgs_exp(exponent) / sqrt(TWO_PI);
}

/* Newton from the left: in t where the tail is convex, in log t where log tail is concave. Both
 * are everywhere, so both always arrive; each is used where it needs few steps. */
double pgs_student_quantile(double p, double df) {
    if (!(p >= 0 && p <= 1) || !(df > 0))
        return NAN;
    double tail = p < 0.5 ? p : 1 - p;
    if (tail == 0)
        return p < 0.5 ? -INFINITY : INFINITY;
    bool far = tail < 0.2;
    double t = far ? -pgs_normal_quantile(tail) : 0;
    for (int i = 0; i < 60; i++) {
        double have = student_tail(t, df), density = student_density(t, df);
        if (have == 0 || density == 0) /* beyond 1e150 */
            return p < 0.5 ? -INFINITY : INFINITY;
        double next = far ? t * pgs_exp(pgs_log(have / tail) * have / (t * density))
                          : t + (have - tail) / density;
        bool done = fabs(next - t) <= 4e-16 * t;
        t = next;
        if (done)
            break;
    }
    return p < 0.5 ? -t : t;
}

/* ---- the binomial's tails ---- */

double pgs_binomial_upper(double k, double n, double p_inverse) {
    if (k <= 0)
        return 1;
    if (k >= n + 1)
        return 0;
    return pgs_beta_cdf(k, n - k + 1, 1 / p_inverse, (p_inverse - 1) / p_inverse);
}

double pgs_binomial_lower(double k, double n, double p_inverse) {
    if (k >= n)
        return 1;
    if (k <= -1)
        return 0;
    return pgs_beta_cdf(n - k, k + 1, (p_inverse - 1) / p_inverse, 1 / p_inverse);
}
