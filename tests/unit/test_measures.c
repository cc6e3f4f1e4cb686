/* stats/measures.c against exact fractions (fixtures/reference/stats), against each measure's own
 * definition, and on the moments that have none. */
#include <criterion/criterion.h>

#include "base/special.h"
#include "stats/stats.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/vectors.h"

#define MAX_N 10000

TestSuite(measures, .fini = pgs_test_no_leaks);

static double x[MAX_N], sorted[MAX_N], share[MAX_N];

/* ---- the reference ---- */

static const struct {
    const char *key;
    size_t where;
} KEY[] = {
    {"var_pop", offsetof(pgs_measures, variance)},
    {"cv_pop", offsetof(pgs_measures, cv)},
    {"gini", offsetof(pgs_measures, gini)},
    {"entropy_normalized", offsetof(pgs_measures, normalized_entropy)},
    {"hhi", offsetof(pgs_measures, hhi)},
    {"effective_partitions", offsetof(pgs_measures, effective_partitions)},
    {"jain", offsetof(pgs_measures, jain)},
    {"max_over_mean", offsetof(pgs_measures, max_over_mean)},
    {"signed_skew_max", offsetof(pgs_measures, signed_skew_max)},
    {"signed_skew_min", offsetof(pgs_measures, signed_skew_min)},
};

static double value(const pgs_measures *m, size_t where) {
    double out;
    memcpy(&out, (const char *)m + where, sizeof out);
    return out;
}

static void compare(const char *id, const cJSON *expected, const pgs_measures *got) {
    for (size_t k = 0; k < PGS_COUNT_OF(KEY); k++) {
        double want = vectors_number(expected, KEY[k].key), have = value(got, KEY[k].where);
        cr_expect(vectors_near(have, want, 1e-12), "%s: %s is %.17g, not %.17g", id, KEY[k].key,
                  have, want);
    }
    double dispersion = vectors_number(expected, "dispersion_index");
    cr_expect(got->n_seen == 1 || vectors_near(got->dispersion_index, dispersion, 1e-12),
              "%s: dispersion is %.17g", id, got->dispersion_index);
}

Test(measures, as_the_reference) {
    cJSON *document = vectors_read("partition_distribution.json");
    const cJSON *c;
    int compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *item, *expected = cJSON_GetObjectItem(c, "expected");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        size_t n = 0;
        bool fits = true; /* counts beyond 2^53 are refused where they enter */
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "counts")) {
            x[n] = vectors_number(item, NULL);
            fits = fits && x[n++] <= PGS_MAX_INTEGER;
        }
        pgs_measures got = pgs_measures_of(x, n, true, sorted);
        if (!fits || !cJSON_IsTrue(cJSON_GetObjectItem(expected, "defined")))
            continue;
        compare(id, expected, &got);
        compared++;
    }
    cr_expect_geq(compared, 15);
    cJSON_Delete(document);
}

/* ---- moments: offsets, tiny values, missing ones ---- */

static size_t series(const cJSON *c) {
    const cJSON *item, *repeat = cJSON_GetObjectItem(c, "repeat");
    const char *digits = cJSON_GetStringValue(cJSON_GetObjectItem(c, "digits"));
    size_t n = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "y")) x[n++] = vectors_number(item, NULL);
    for (; digits && digits[n]; n++)
        x[n] = digits[n] - '0';
    if (cJSON_IsObject(repeat)) {
        x[n++] = vectors_number(repeat, "head");
        for (int i = 0; i < vectors_number(repeat, "cycles"); i++)
            cJSON_ArrayForEach(item, cJSON_GetObjectItem(repeat, "cycle")) x[n++] =
                item->valuedouble;
    }
    return n;
}

Test(measures, moments_as_the_reference) {
    cJSON *document = vectors_read("moments.json");
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *expected = cJSON_GetObjectItem(c, "expected");
        const char *id = cJSON_GetObjectItem(c, "id")->valuestring;
        pgs_moments m = pgs_moments_of(x, series(c));
        cr_expect_eq((double)m.n_seen, vectors_number(expected, "n"), "%s: n", id);
        cr_expect(vectors_near(m.mean, vectors_number(expected, "mean"), 1e-15),
                  "%s: mean is %.17g", id, m.mean);
        cr_expect(vectors_near(m.variance, vectors_number(expected, "var_pop"), 1e-13),
                  "%s: variance is %.17g", id, m.variance);
        cr_expect_eq(m.min, vectors_number(expected, "min"), "%s: min", id);
        cr_expect_eq(m.max, vectors_number(expected, "max"), "%s: max", id);
    }
    cJSON_Delete(document);
}

/* ---- definitions ---- */

/* Each measure by its own formula from the shares, none of them by way of the variance. */
static void by_definition(size_t n, const pgs_measures *m) {
    double sum = 0, hhi = 0, entropy = 0, gini = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    for (size_t i = 0; i < n; i++)
        share[i] = x[i] / sum;
    for (size_t i = 0; i < n; i++) {
        hhi += share[i] * share[i];
        entropy -= share[i] > 0 ? share[i] * log(share[i]) : 0;
        for (size_t j = 0; j < n; j++)
            gini += fabs(share[i] - share[j]);
    }
    double parts = (double)n;
    cr_assert(vectors_near(m->hhi, hhi, 1e-10));
    cr_assert(vectors_near(m->effective_partitions, 1 / hhi, 1e-10));
    cr_assert(vectors_near(m->jain, 1 / (parts * hhi), 1e-10));
    cr_assert(vectors_near(m->normalized_entropy, entropy / log(parts), 1e-10));
    cr_assert(fabs(m->gini - gini / (2 * parts)) < 1e-10);
    if (parts * hhi - 1 < 1e-6) /* the plain formula has no digits left */
        return;
    cr_assert(vectors_near(m->equal_keys, (parts - 1) / (parts * hhi - 1), 1e-6));
    cr_assert(vectors_near(m->dispersion_index, sum * (parts * hhi - 1) / (parts - 1), 1e-6));
}

Test(measures, by_their_definitions) {
    random_state r = {7};
    for (int round = 0; round < 200; round++) {
        size_t n = 2 + (size_t)random_below(&r, 60);
        for (size_t i = 0; i < n; i++)
            x[i] = (double)random_below(&r, round % 2 ? 20 : 1000000);
        x[0] += 1;
        pgs_measures m = pgs_measures_of(x, n, true, sorted);
        by_definition(n, &m);
    }
}

/* ---- edges ---- */

static const struct {
    const char *name;
    size_t n;
    double x[4];
    pgs_measures want; /* in the order of the struct */
} EDGE[] = {
    {"nothing", 0, {0}, {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}},
    {"nothing observed",
     2,
     {NAN, NAN},
     {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}},
    {"no rows", 3, {0, 0, 0}, {3, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 0}},
    {"one alone", 1, {9}, {1, 0, 0, 0, NAN, 1, 1, 1, 1, NAN, NAN, 0, 0}},
    {"all equal", 4, {5, 5, 5, 5}, {4, 0, 0, 0, 1, 0.25, 4, 1, 1, 0, NAN, 0, 0}},
    {"all in one",
     4,
     {8, 0, 0, 0},
     {4, 12, 1.7320508075688772, 0.75, 0, 1, 1, 0.25, 4, 8, 1, 3, -1}},
    {"what was not observed takes no part",
     4,
     {3, NAN, 1, NAN},
     {2, 1, 0.5, 0.25, 0.8112781244591328, 0.625, 1.6, 0.8, 1.5, 1, 4, 0.5, -0.5}},
    {"2^53 in one",
     2,
     {9007199254740992, 0},
     {2, 2.0282409603651670e31, 1, 0.5, 0, 1, 1, 0.5, 2, 9007199254740992, 1, 1, -1}},
};

Test(measures, edges_by_hand) {
    for (size_t i = 0; i < PGS_COUNT_OF(EDGE); i++) {
        pgs_measures got = pgs_measures_of(EDGE[i].x, EDGE[i].n, true, sorted);
        cr_expect_eq(got.n_seen, EDGE[i].want.n_seen, "%s", EDGE[i].name);
        for (size_t at = offsetof(pgs_measures, variance); at < sizeof got; at += sizeof(double))
            cr_expect(vectors_near(value(&got, at), value(&EDGE[i].want, at), 1e-14),
                      "%s: at %zu %.17g", EDGE[i].name, at, value(&got, at));
        got = pgs_measures_of(EDGE[i].x, EDGE[i].n, false, sorted);
        cr_expect(isnan(got.dispersion_index), "%s: bytes have none", EDGE[i].name);
    }
}

Test(measures, signed_skews_by_hand) {
    static const double X[] = {30, 10, NAN, 20}, SKEW[] = {0.5, 0.5, NAN, 0};
    static const double WANT[] = {0.5, -0.5, NAN, 0};
    double got[4];
    pgs_signed_skew(X, SKEW, 4, got);
    for (size_t i = 0; i < 4; i++)
        cr_expect(vectors_near(got[i], WANT[i], 0) && !(got[i] == 0 && signbit(got[i])), "%zu", i);
    /* A skew that was rounded to nothing has no sign either. */
    static const double NEAR[] = {1000001, 999999}, NONE[] = {0, 0};
    pgs_signed_skew(NEAR, NONE, 2, got);
    cr_expect(got[0] == 0 && got[1] == 0 && !signbit(got[1]));
}
