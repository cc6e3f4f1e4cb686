/* base/special.c and base/beta.c on values that mpmath computed with 50 digits or more, and on what
 * must hold between them. */
#include <criterion/criterion.h>

#include "base/special.h"
#include "support/no_leaks.h"
#include "support/vectors.h"

TestSuite(special, .fini = pgs_test_no_leaks);

static double normal_cdf(double x, double unused) {
    (void)unused;
    return pgs_normal_cdf(x);
}

static double normal_quantile(double p, double unused) {
    (void)unused;
    return pgs_normal_quantile(p);
}

static const struct {
    const char *key;
    double (*function)(double, double);
    int n_arguments;
} REFERENCE[] = {
    {"norm_cdf", normal_cdf, 1},
    {"norm_quantile", normal_quantile, 1},
    {"t_cdf", pgs_student_cdf, 2},
    {"t_quantile", pgs_student_quantile, 2},
};

Test(special, as_the_reference) {
    cJSON *document = vectors_read("special_functions.json");
    for (size_t i = 0; i < PGS_COUNT_OF(REFERENCE); i++) {
        const cJSON *row, *rows = cJSON_GetObjectItem(document, REFERENCE[i].key);
        cr_assert(cJSON_GetArraySize(rows) > 10, "%s", REFERENCE[i].key);
        cJSON_ArrayForEach(row, rows) {
            int n = REFERENCE[i].n_arguments;
            double a = cJSON_GetArrayItem(row, 0)->valuedouble;
            double b = cJSON_GetArrayItem(row, 1)->valuedouble;
            double want = cJSON_GetArrayItem(row, n)->valuedouble;
            double got = REFERENCE[i].function(a, b);
            cr_expect(vectors_near(got, want, 1e-12) || (want < 1e-300 && want >= 0 && got == 0),
                      "%s(%.17g, %.17g) is %.17g, not %.17g", REFERENCE[i].key, a, b, got, want);
        }
    }
    cJSON_Delete(document);
}

/* ---- exp, log, log1p ---- */

static const struct {
    const char *name;
    double (*function)(double);
    double x, want;
} PLAIN[] = {
    {"exp 0", pgs_exp, 0, 1},
    {"exp 1", pgs_exp, 1, 2.718281828459045},
    {"exp -1", pgs_exp, -1, 0.36787944117144233},
    {"exp of next to nothing", pgs_exp, 1e-20, 1},
    {"exp, near the largest", pgs_exp, 709.7, 1.6549840276802642e+308},
    {"exp, too large", pgs_exp, 710, INFINITY},
    {"exp, the last normal number", pgs_exp, -708, 3.307553003638408e-308},
    {"exp, too small", pgs_exp, -750, 0},
    {"exp -infinity", pgs_exp, -INFINITY, 0},
    {"exp NaN", pgs_exp, NAN, NAN},
    {"log 1", pgs_log, 1, 0},
    {"log 2", pgs_log, 2, 0.6931471805599453},
    {"log 10", pgs_log, 10, 2.302585092994046},
    {"log just above 1", pgs_log, 1.0000000000000002, 2.220446049250313e-16},
    {"log just below 1", pgs_log, 0.9999999999999999, -1.1102230246251565e-16},
    {"log of the smallest", pgs_log, 5e-324, -744.4400719213812},
    {"log 0", pgs_log, 0, -INFINITY},
    {"log -1", pgs_log, -1, NAN},
    {"log infinity", pgs_log, INFINITY, INFINITY},
    {"log NaN", pgs_log, NAN, NAN},
    {"log1p 1e-10", pgs_log1p, 1e-10, 9.9999999995e-11},
    {"log1p 1e-300", pgs_log1p, 1e-300, 1e-300},
    {"log1p -0.5", pgs_log1p, -0.5, -0.6931471805599453},
    {"log1p -1", pgs_log1p, -1, -INFINITY},
    {"log1p -2", pgs_log1p, -2, NAN},
    {"cos 0", pgs_cos_pi, 0, 1},
    {"cos pi/6", pgs_cos_pi, 1.0 / 6, 0.8660254037844386},
    {"cos pi/4", pgs_cos_pi, 0.25, 0.7071067811865476},
    {"cos pi/3", pgs_cos_pi, 1.0 / 3, 0.5},
    {"cos pi/2", pgs_cos_pi, 0.5, 0},
    {"cos 2/3 pi", pgs_cos_pi, 2.0 / 3, -0.5},
    {"cos pi", pgs_cos_pi, -1, -1},
    {"cos 2.1 pi", pgs_cos_pi, 2.1, 0.9510565162951534},
    {"cos 1e9 pi + pi/8", pgs_cos_pi, 1000000000.125, 0.9238795325112867},
};

Test(special, exp_and_log) {
    for (size_t i = 0; i < PGS_COUNT_OF(PLAIN); i++) {
        double got = PLAIN[i].function(PLAIN[i].x);
        cr_expect(vectors_near(got, PLAIN[i].want, 5e-16), "%s: %.17g, not %.17g", PLAIN[i].name,
                  got, PLAIN[i].want);
    }
}

/* log must undo exp, which an error of either would show; and every step must go up. */
Test(special, log_undoes_exp) {
    double before = 0;
    for (int i = -7000; i <= 7000; i++) {
        double x = i / 10.0, e = pgs_exp(x);
        cr_assert(vectors_near(pgs_log(e), x, 1e-15) || fabs(pgs_log(e) - x) < 4e-16, "%g", x);
        cr_assert(e > before, "%g", x);
        before = e;
    }
}

/* ---- quantiles undo distributions ---- */

Test(special, quantiles_undo_distributions) {
    static const double DF[] = {0.5, 1, 2.5, 3, 7, 40, 999.5};
    for (double p = 1e-12; p < 0.5; p *= 1.7) {
        cr_assert(vectors_near(pgs_normal_cdf(pgs_normal_quantile(p)), p, 1e-13), "%g", p);
        for (size_t i = 0; i < PGS_COUNT_OF(DF); i++) {
            double t = pgs_student_quantile(p, DF[i]);
            cr_assert(vectors_near(pgs_student_cdf(t, DF[i]), p, 1e-12), "%g, df %g", p, DF[i]);
            cr_assert(t < 0 && vectors_near(pgs_student_quantile(1 - p, DF[i]), -t, 1e-3));
        }
    }
}

Test(special, ends_and_nonsense) {
    cr_expect(pgs_normal_quantile(0) == -INFINITY && pgs_normal_quantile(1) == INFINITY);
    cr_expect(isnan(pgs_normal_quantile(-0.1)) && isnan(pgs_normal_quantile(NAN)));
    cr_expect(pgs_normal_cdf(INFINITY) == 1 && pgs_normal_cdf(-INFINITY) == 0);
    cr_expect(isnan(pgs_normal_cdf(NAN)));
    cr_expect(pgs_student_quantile(0.5, 3) == 0 && pgs_student_cdf(0, 3) == 0.5);
    cr_expect(pgs_student_quantile(0, 3) == -INFINITY && pgs_student_quantile(1, 3) == INFINITY);
    cr_expect(isnan(pgs_student_quantile(0.3, 0)) && isnan(pgs_student_quantile(1.5, 3)));
    cr_expect(pgs_student_cdf(-INFINITY, 3) == 0 && pgs_student_cdf(INFINITY, 3) == 1);
    cr_expect(isnan(pgs_student_cdf(NAN, 3)));
    cr_expect(pgs_student_quantile(1e-300, 1) == -INFINITY);
}

/* ---- the binomial's tails ---- */

/* P(X >= k) by adding probabilities, each from the one before: slow and exact enough. */
static double upper_by_hand(int k, int n, double p) {
    double probability = pow(1 - p, n), tail = 0;
    for (int j = 0; j <= n; j++) {
        if (j >= k)
            tail += probability;
        probability *= (n - j) / (j + 1.0) * p / (1 - p);
    }
    return tail;
}

Test(special, binomial_tails_by_hand) {
    static const int N[] = {1, 2, 7, 40, 300}, P_INVERSE[] = {2, 3, 10, 100};
    for (size_t i = 0; i < PGS_COUNT_OF(N); i++)
        for (size_t j = 0; j < PGS_COUNT_OF(P_INVERSE); j++)
            for (int k = 0; k <= N[i]; k++) {
                double p = 1.0 / P_INVERSE[j], want = upper_by_hand(k, N[i], p);
                double got = pgs_binomial_upper(k, N[i], P_INVERSE[j]);
                cr_assert(want < 1e-290 || vectors_near(got, want, 1e-11), "%d of %d, 1/%d: %g", k,
                          N[i], P_INVERSE[j], got);
                cr_assert(
                    vectors_near(pgs_binomial_lower(k - 1, N[i], P_INVERSE[j]), 1 - got, 1e-12) ||
                        fabs(pgs_binomial_lower(k - 1, N[i], P_INVERSE[j]) - (1 - got)) < 1e-13,
                    "%d of %d, 1/%d", k, N[i], P_INVERSE[j]);
            }
}

/* mpmath, sums of 30-digit probabilities. */
static const struct {
    double k, n, p_inverse, want;
} LARGE[] = {
    {2002800, 1e8, 50, 0.022787930294492338},   {2005600, 1e8, 50, 3.194928779497541e-05},
    {2009800, 1e8, 50, 1.3341781106683442e-12}, {2015400, 1e8, 50, 2.2319935309361187e-28},
    {4007071, 8e6, 2, 2.8724723298192787e-07},  {2008481, 2e9, 1000, 1.0142456768247606e-09},
    {500008, 1e6, 2, 0.49401609068994804},
};

Test(special, binomial_tails_of_large_tables) {
    for (size_t i = 0; i < PGS_COUNT_OF(LARGE); i++) {
        double got = pgs_binomial_upper(LARGE[i].k, LARGE[i].n, LARGE[i].p_inverse);
        cr_expect(vectors_near(got, LARGE[i].want, 1e-9), "%g of %g: %.17g", LARGE[i].k, LARGE[i].n,
                  got);
    }
}

Test(special, binomial_tails_run_smoothly_between_whole_numbers) {
    double before = 1;
    for (double k = -1.5; k < 9.5; k += 0.125) {
        double tail = pgs_binomial_upper(k, 8, 4);
        cr_assert(tail <= before && tail >= 0, "%g", k);
        cr_assert(k <= 0 ? tail == 1 : k >= 9 ? tail == 0 : tail > 0 && tail < 1, "%g", k);
        before = tail;
    }
    cr_expect(pgs_binomial_lower(-1, 8, 4) == 0 && pgs_binomial_lower(8, 8, 4) == 1);
    cr_expect(pgs_binomial_upper(3, 8, 1) == 1, "certain when there is one place to go");
}
