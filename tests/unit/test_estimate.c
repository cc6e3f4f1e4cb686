/* src/model/order.c, mean.c, slope.c, season.c and adjust.c against what R, scipy, pyMannKendall
 * and exact arithmetic say of the same series (fixtures/reference/stats), and on the series that
 * have no answer. */
#include <criterion/criterion.h>

#include "model/estimate.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/vectors.h"

#define MAX_N 600

TestSuite(estimate, .fini = pgs_test_no_leaks);

static double y[MAX_N], t[MAX_N], out[MAX_N];

/* The case's values without its nulls, and their times; whether times are given. */
static size_t values_of(const cJSON *c, const char *key, bool *timed) {
    const cJSON *item, *times = cJSON_GetObjectItem(c, "t");
    size_t n = 0;
    int i = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, key)) {
        double at = times ? vectors_number(cJSON_GetArrayItem(times, i), NULL) : i;
        i++;
        if (cJSON_IsNull(item))
            continue;
        y[n] = vectors_number(item, NULL);
        t[n++] = at;
    }
    *timed = times || n < (size_t)i;
    return n;
}

#define EXPECT(name, got, want, tolerance)                                                         \
    cr_expect(vectors_near(got, want, tolerance), "%s: %s is %.17g, not %.17g", id, name, got, want)

/* ---- order ---- */

Test(estimate, ranks_are_those_of_the_sorted_series) {
    random_state r = {7};
    for (size_t n = 1; n < 60; n++)
        for (int64_t below = 1; below < 200; below = 3 * below + 1)
            for (size_t k = 0; k < n; k++) {
                size_t less = 0, equal = 0;
                for (size_t i = 0; i < n; i++)
                    y[i] = t[i] = (double)random_below(&r, below);
                double got = pgs_ranked(y, n, k);
                for (size_t i = 0; i < n; i++) {
                    less += t[i] < got;
                    equal += t[i] == got;
                }
                cr_assert(less <= k && k < less + equal, "rank %zu of %zu", k, n);
            }
    cr_expect(isnan(pgs_median(y, 0)));
}

Test(estimate, spread_as_the_reference) {
    cJSON *document = vectors_read("changepoints.json");
    const cJSON *c;
    int compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *expected = cJSON_GetObjectItem(c, "expected");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        bool timed;
        size_t n = values_of(c, "y", &timed);
        for (size_t i = 0; i + 1 < n; i++)
            out[i] = y[i + 1] - y[i];
        EXPECT("sigma_mad_diff", pgs_spread_of(out, n - 1).sd / sqrt(2),
               vectors_number(expected, "sigma_mad_diff"), 1e-5); /* its 1.4826 has 4 decimals */
        if (!cJSON_HasObjectItem(expected, "robust_z_max"))
            continue;
        memcpy(out, y, n * sizeof *y);
        pgs_spread s = pgs_spread_of(out, n);
        double most = 0;
        for (size_t i = 0; i < n; i++)
            most = fmax(most, fabs(y[i] - s.median) / s.sd);
        EXPECT("robust_z_max", most, vectors_number(expected, "robust_z_max"), 1e-9);
        compared++;
    }
    cr_expect_eq(compared, 17);
    cJSON_Delete(document);
}

/* ---- mean ---- */

Test(estimate, mean_as_the_reference) {
    cJSON *document = vectors_read("ols_trend.json");
    const cJSON *c;
    pgs_cosines cosines = {0};
    int compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *ewc = cJSON_GetObjectItem(c, "ewc");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        pgs_mean got;
        bool timed;
        if (!ewc)
            continue;
        size_t n = values_of(c, "y", &timed);
        cr_assert(pgs_mean_of(&cosines, y, n, n, &got));
        EXPECT("mean", got.value, vectors_number(cJSON_GetObjectItem(c, "expected"), "ybar"),
               1e-12);
        EXPECT("se_mean", got.se, vectors_number(ewc, "se_mean"), 1e-8);
        compared++;
    }
    cr_expect_eq(compared, 20);
    pgs_cosines_reset(&cosines);
    cJSON_Delete(document);
}

/* Student's t with 8 degrees of freedom for 100 values: 2.306004135 at 97.5 %. */
Test(estimate, the_interval_of_a_mean_is_students) {
    pgs_cosines cosines = {0};
    pgs_mean got;
    random_state r = {3};
    for (size_t i = 0; i < 100; i++)
        y[i] = (double)random_below(&r, 1000);
    cr_assert(pgs_mean_of(&cosines, y, 100, 100, &got));
    cr_expect(vectors_near(got.high95 - got.value, 2.306004135204167 * got.se, 1e-10));
    cr_expect(vectors_near(got.value - got.low95, 2.306004135204167 * got.se, 1e-10));
    for (size_t i = 0; i < 100; i++) /* a mean on the edge of the interval has p = 0.05 */
        y[i] -= got.low95;
    cr_assert(pgs_mean_of(&cosines, y, 100, 100, &got));
    cr_expect(vectors_near(got.p, 0.05, 1e-9), "%.17g", got.p);
    pgs_cosines_reset(&cosines);
}

/* A fair test: of means of white noise, of dependent noise too, about one in twenty is "not 0". */
Test(estimate, a_mean_of_noise_is_rarely_a_finding) {
    for (int dependent = 0; dependent < 2; dependent++) {
        pgs_cosines cosines = {0};
        random_state r = {11};
        int found = 0;
        for (int trial = 0; trial < 2000; trial++) {
            double before = 0;
            for (size_t i = 0; i < 120; i++) {
                double noise = 0;
                for (int k = 0; k < 12; k++)
                    noise += (double)random_below(&r, 1 << 20) / (1 << 20) - 0.5;
                y[i] = before = noise + (dependent ? 0.5 * before : 0);
            }
            pgs_mean got;
            cr_assert(pgs_mean_of(&cosines, y, 120, 120, &got));
            found += got.p <= 0.05;
        }
        cr_expect(found >= 60 && found <= 150, "%d of 2000", found);
        pgs_cosines_reset(&cosines);
    }
}

Test(estimate, a_mean_of_hardly_anything) {
    pgs_cosines cosines = {0};
    pgs_mean got;
    cr_assert(pgs_mean_of(&cosines, y, 0, 0, &got));
    cr_expect(isnan(got.value) && isnan(got.p));
    y[0] = 7;
    cr_assert(pgs_mean_of(&cosines, y, 1, 1, &got));
    cr_expect(got.value == 7 && isnan(got.se) && isnan(got.low95) && isnan(got.p));
    y[1] = y[2] = 7;
    cr_assert(pgs_mean_of(&cosines, y, 3, 3, &got));
    cr_expect(got.se == 0 && got.low95 == 7 && got.high95 == 7 && got.p == 0);
    y[0] = y[1] = y[2] = 0;
    cr_assert(pgs_mean_of(&cosines, y, 3, 3, &got));
    cr_expect(got.value == 0 && got.p == 1);
    pgs_cosines_reset(&cosines);
}

/* ---- slope ---- */

static void compare_dependence(const char *id, const cJSON *expected, const pgs_slope *got) {
    const cJSON *hr = cJSON_GetObjectItem(expected, "hamed_rao_all_lags");
    if (!hr)
        return;
    double ratio = vectors_number(hr, "n_over_neff_signed");
    EXPECT("n/n*", got->variance_ratio, ratio, 1e-9);
    if (ratio < 1) /* pyMannKendall takes the other sign there; ours never shrinks */
        EXPECT("p_dependent", got->p_dependent, got->p, 1e-12);
    else
        EXPECT("p_dependent", got->p_dependent, vectors_number(hr, "p"), 1e-9);
}

Test(estimate, slope_as_the_reference) {
    cJSON *document = vectors_read("theilsen_mannkendall.json");
    const cJSON *c;
    int compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *expected = cJSON_GetObjectItem(c, "expected");
        const cJSON *ci = cJSON_GetObjectItem(expected, "ci95");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        bool timed;
        size_t n = values_of(c, "y", &timed);
        pgs_slope got;
        cr_assert(pgs_slope_of(timed ? t : NULL, y, n, &got));
        if (n < 2) {
            cr_expect(isnan(got.value) && isnan(got.p));
            continue;
        }
        EXPECT("sen_slope", got.value, vectors_number(expected, "sen_slope"), 1e-12);
        EXPECT("low95", got.low95, vectors_number(cJSON_GetArrayItem(ci, 0), NULL), 1e-12);
        EXPECT("high95", got.high95, vectors_number(cJSON_GetArrayItem(ci, 1), NULL), 1e-12);
        cr_expect_eq(got.s, vectors_number(expected, "S"), "%s: S is %g", id, got.s);
        EXPECT("varS", got.variance, vectors_number(expected, "varS"), 1e-14);
        EXPECT("p", got.p, vectors_number(expected, "p"), 1e-9);
        compare_dependence(id, expected, &got);
        compared++;
    }
    cr_expect_eq(compared, 29);
    cJSON_Delete(document);
}

Test(estimate, no_two_times_no_slope) {
    pgs_slope got;
    t[0] = t[1] = 5;
    y[0] = 1;
    y[1] = 2;
    cr_assert(pgs_slope_of(t, y, 2, &got));
    cr_expect(isnan(got.value) && isnan(got.low95));
}

/* ---- season ---- */

Test(estimate, acf_as_the_reference) {
    cJSON *document = vectors_read("acf.json");
    const cJSON *c;
    int compared = 0, tested = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *item, *acf = cJSON_GetObjectItem(cJSON_GetObjectItem(c, "expected"), "acf"),
                           *m4 = cJSON_GetObjectItem(c, "m4_seasonality_test");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        bool timed;
        size_t n = values_of(c, "y", &timed), lag = 0;
        pgs_acf(y, n, (size_t)cJSON_GetArraySize(acf) - 1, out);
        cJSON_ArrayForEach(item, acf) {
            double want = vectors_number(item, NULL);
            cr_expect(fabs(out[lag] - want) <= 1e-11, "%s: lag %zu is %.17g", id, lag, out[lag]);
            lag++;
        }
        compared++;
        if (!m4)
            continue;
        pgs_season season;
        cr_assert(pgs_season_of(y, n, (size_t)vectors_number(m4, "ppy"), &season));
        EXPECT("acf_m", season.acf, vectors_number(m4, "acf_m"), 1e-11);
        EXPECT("limit", season.limit, vectors_number(m4, "limit"), 1e-11);
        cr_expect_eq(season.found, cJSON_IsTrue(cJSON_GetObjectItem(m4, "seasonal")));
        tested++;
    }
    cr_expect_eq(compared, 21);
    cr_expect_eq(tested, 4);
    cJSON_Delete(document);
}

Test(estimate, a_week_has_its_profile) {
    static const double SHARE[] = {2, 1, 1, 1, 1, 0.5, 0.5};
    pgs_season season;
    for (size_t i = 0; i < 70; i++)
        y[i] = 100 * SHARE[i % 7];
    y[30] = 1e6; /* one burst */
    cr_assert(pgs_season_of(y, 70, 7, &season));
    for (size_t phase = 0; phase < 7; phase++)
        cr_expect(vectors_near(season.profile[phase], SHARE[phase], 1e-12), "phase %zu is %g",
                  phase, season.profile[phase]);
    y[30] = 100;
    cr_assert(pgs_season_of(y, 70, 7, &season));
    cr_expect(season.tested && season.found);
    cr_assert(pgs_season_of(y, 20, 7, &season));
    cr_expect(!season.tested && !season.found && isnan(season.profile[0]));
    for (size_t i = 0; i < 70; i++)
        y[i] = 0;
    cr_assert(pgs_season_of(y, 70, 7, &season));
    cr_expect(season.tested && !season.found && isnan(season.profile[0]));
}

/* ---- many tests ---- */

Test(estimate, adjusted_as_the_reference) {
    cJSON *document = vectors_read("multiple_testing.json");
    const cJSON *c;
    int compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *item, *bh = cJSON_GetObjectItem(cJSON_GetObjectItem(c, "expected"), "BH");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        size_t n = 0, i = 0;
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "p")) y[n++] = vectors_number(item, NULL);
        cr_assert(pgs_adjust(y, n, out));
        for (; i < n; i++) { /* R writes a list of one as a number */
            double want = vectors_number(n > 1 ? cJSON_GetArrayItem(bh, (int)i) : bh, NULL);
            EXPECT("BH", out[i], want, 1e-13);
        }
        compared++;
    }
    cr_expect_eq(compared, 7);
    cJSON_Delete(document);
}

/* ---- without memory ---- */

Test(estimate, without_memory_they_say_so) {
    pgs_cosines cosines = {0};
    pgs_mean mean;
    pgs_slope slope;
    pgs_season season;
    double series[50];
    for (size_t i = 0; i < 50; i++)
        series[i] = (double)(i * i % 17);
    pgs_mem_fail_at(1);
    cr_expect_not(pgs_mean_of(&cosines, series, 50, 50, &mean));
    for (size_t nth = 1; nth <= 2; nth++) {
        pgs_mem_fail_at(nth);
        cr_expect_not(pgs_slope_of(NULL, series, 50, &slope));
    }
    pgs_mem_fail_at(1);
    cr_expect_not(pgs_season_of(series, 50, 7, &season));
    pgs_mem_fail_at(1);
    cr_expect_not(pgs_adjust(series, 50, out));
    pgs_mem_fail_at(0);
}
