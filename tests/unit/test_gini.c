/* stats/gini.c against exact fractions (fixtures/reference/stats), and against the definition that
 * needs no sorting: the mean of all differences, halved, over the mean. */
#include <criterion/criterion.h>

#include "stats/stats.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/vectors.h"

#define MAX_N 10000

TestSuite(gini, .fini = pgs_test_no_leaks);

static double x[MAX_N];
static uint64_t room[2 * MAX_N];

Test(gini, as_the_reference) {
    cJSON *document = vectors_read("partition_distribution.json");
    const cJSON *c;
    int compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *item;
        size_t n = 0;
        bool fits = true; /* counts beyond 2^53 are refused where they enter */
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "counts")) {
            x[n] = vectors_number(item, NULL);
            fits = fits && x[n++] <= 0x1p53;
        }
        double want = vectors_number(cJSON_GetObjectItem(c, "expected"), "gini");
        if (!fits)
            continue;
        double got = pgs_gini(x, n, room);
        cr_expect(vectors_near(got, want, 1e-12), "%s: %.17g, not %.17g",
                  cJSON_GetObjectItem(c, "id")->valuestring, got, want);
        compared++;
    }
    cr_expect_geq(compared, 15);
    cJSON_Delete(document);
}

/* sum |x_i - x_j| / (2 n^2 mean), whole numbers throughout. */
static double by_definition(size_t n) {
    __int128 differences = 0, sum = 0;
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        seen++;
        sum += (__int128)x[i];
        for (size_t j = 0; j < n; j++)
            if (!isnan(x[j]))
                differences += (__int128)fabs(x[i] - x[j]);
    }
    return sum == 0 ? NAN : (double)differences / (2 * (double)seen * (double)sum);
}

static const struct {
    const char *name;
    size_t n;
    int64_t below;
    int holes; /* one in so many is absent; 0: none */
} RANDOM[] = {
    {"two", 2, 1000, 0},
    {"small numbers, many equal", 300, 5, 0},
    {"one digit of the sort", 500, 2048, 0},
    {"just over one digit", 500, 2050, 0},
    {"counts", 1000, 10000000, 0},
    {"sizes", 257, INT64_C(1) << 44, 3},
    {"up to 2^53", 700, (INT64_C(1) << 53) + 1, 0},
    {"mostly absent", 700, 100000, 2},
};

Test(gini, by_the_definition_without_sorting) {
    random_state r = {3};
    for (size_t k = 0; k < PGS_COUNT_OF(RANDOM); k++)
        for (int round = 0; round < 5; round++) {
            for (size_t i = 0; i < RANDOM[k].n; i++) {
                bool hole = RANDOM[k].holes && random_below(&r, RANDOM[k].holes) == 0;
                x[i] = hole ? NAN : (double)random_below(&r, RANDOM[k].below);
            }
            double got = pgs_gini(x, RANDOM[k].n, room), want = by_definition(RANDOM[k].n);
            cr_expect(vectors_near(got, want, 4e-16), "%s: %.17g, not %.17g", RANDOM[k].name, got,
                      want);
        }
}

static const struct {
    const char *name;
    size_t n;
    double x[4], gini;
} CASES[] = {
    {"nothing", 0, {0}, NAN},
    {"nothing observed", 2, {NAN, NAN}, NAN},
    {"a total of zero", 3, {0, 0, 0}, NAN},
    {"one", 1, {7}, 0},
    {"all equal", 4, {5, 5, 5, 5}, 0},
    {"all equal at 2^53", 4, {0x1p53, 0x1p53, 0x1p53, 0x1p53}, 0},
    {"one has all of four", 4, {0, 0, 12, 0}, 0.75},
    {"one of 2^53 has all", 2, {0x1p53, 0}, 0.5},
    {"absent ones do not count", 4, {NAN, 3, NAN, 1}, 0.25},
};

Test(gini, by_hand) {
    for (size_t k = 0; k < PGS_COUNT_OF(CASES); k++) {
        double got = pgs_gini(CASES[k].x, CASES[k].n, room);
        cr_expect(vectors_near(got, CASES[k].gini, 0), "%s: %.17g", CASES[k].name, got);
    }
}

Test(gini, the_order_does_not_matter) {
    random_state r = {4};
    for (size_t i = 0; i < MAX_N; i++)
        x[i] = (double)random_below(&r, 1 << 30);
    double before = pgs_gini(x, MAX_N, room);
    for (size_t i = MAX_N - 1; i > 0; i--) {
        size_t j = (size_t)random_below(&r, (int64_t)i + 1);
        double swap = x[i];
        x[i] = x[j];
        x[j] = swap;
    }
    cr_expect_eq(pgs_gini(x, MAX_N, room), before);
}
