/* stats/skew.c by hand and by the reference's recorded answers; test_settle.c compares it with
 * the decimals on many more. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/no_leaks.h"

TestSuite(skew, .fini = pgs_test_no_leaks);

#define H PGS_HEALTHY
#define W PGS_WARNING
#define U PGS_UNBALANCED
#define N PGS_UNMEASURED

/* ---- skews ---- */

static const struct {
    const char *name;
    size_t n;
    double x[10], published[10];
    pgs_health_status status[10];
} COLUMN[] = {
    {"all equal", 4, {5, 5, 5, 5}, {0, 0, 0, 0}, {H, H, H, H}},
    {"one does it all", 4, {8, 0, 0, 0}, {3, 1, 1, 1}, {U, U, U, U}},
    {"one alone", 1, {7}, {0}, {H}},
    {"one alone without rows", 1, {0}, {0}, {H}},
    {"no rows at all", 3, {0, 0, 0}, {0, 0, 0}, {H, H, H}},
    {"exact halves of three, as recorded in p3-half-exact", 3, {3, 2, 1}, {0.5, 0, 0.5}, {U, H, W}},
    {"every threshold exactly",
     10,
     {13, 7, 15, 5, 14, 6, 12, 8, 10, 10},
     {0.3, 0.3, 0.5, 0.5, 0.4, 0.4, 0.2, 0.2, 0, 0},
     {W, W, U, U, W, W, H, H, H, H}},
    {"just inside: published as the threshold, judged before rounding",
     10,
     {129999, 70001, 149999, 50001, 100000, 100000, 100000, 100000, 100000, 100000},
     {0.3, 0.3, 0.5, 0.5, 0, 0, 0, 0, 0, 0},
     {H, H, W, W, H, H, H, H, H, H}},
    {"a tie of the fifth decimal goes up", 2, {100005, 99995}, {0.0001, 0.0001}, {H, H}},
    {"what was not observed takes no part", 4, {10, NAN, 10, NAN}, {0, NAN, 0, NAN}, {H, N, H, N}},
    {"one of three not observed", 3, {30, 10, NAN}, {0.5, 0.5, NAN}, {U, U, N}},
    {"nothing observed", 2, {NAN, NAN}, {NAN, NAN}, {N, N}},
    {"2^53 in one", 2, {9007199254740992, 0}, {1, 1}, {U, U}},
};

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

Test(skew, columns_by_hand) {
    for (size_t i = 0; i < PGS_COUNT_OF(COLUMN); i++) {
        double published[10];
        pgs_health_status status[10];
        pgs_skew_column(COLUMN[i].x, COLUMN[i].n, published, status);
        for (size_t p = 0; p < COLUMN[i].n; p++) {
            cr_expect(same(published[p], COLUMN[i].published[p]), "%s: %zu has %.17g",
                      COLUMN[i].name, p, published[p]);
            cr_expect_eq(status[p], COLUMN[i].status[p], "%s: status of %zu", COLUMN[i].name, p);
        }
    }
}

Test(skew, no_partitions_is_no_work) {
    double published = 77;
    pgs_health_status status = U;
    pgs_skew_column(NULL, 0, &published, &status);
    cr_assert(published == 77 && status == U);
}

/* ---- variance of count/expected ---- */

static const struct {
    const char *name;
    size_t n;
    double x[4];
    double variance;
    pgs_skew_status status;
} VARIANCE[] = {
    {"all equal", 3, {7, 7, 7}, 0, PGS_SKEW_NORMAL},
    {"one alone", 1, {7}, 0, PGS_SKEW_NORMAL},
    {"no rows", 2, {0, 0}, 0, PGS_SKEW_NORMAL},
    {"nothing observed", 2, {NAN, NAN}, NAN, PGS_SKEW_UNKNOWN},
    {"no partitions", 0, {0}, NAN, PGS_SKEW_UNKNOWN},
    {"1.3 and 0.7: exactly 0.09", 2, {13, 7}, 0.09, PGS_SKEW_WARNING},
    {"1.5 and 0.5: exactly 0.25", 2, {15, 5}, 0.25, PGS_SKEW_CRITICAL},
    {"0.0899940001", 2, {129999, 70001}, 0.09, PGS_SKEW_NORMAL},
    {"0.2499900001", 2, {149999, 50001}, 0.25, PGS_SKEW_WARNING},
    {"3, 2, 1: 1/6", 3, {3, 2, 1}, 0.1667, PGS_SKEW_WARNING},
    {"a tie, 0.00005, goes up", 4, {101, 100, 100, 99}, 0.0001, PGS_SKEW_NORMAL},
    {"a tie, 0.00045, goes away from zero, not to even",
     4,
     {103, 100, 100, 97},
     0.0005,
     PGS_SKEW_NORMAL},
    {"all in one of four", 4, {5, 0, 0, 0}, 3, PGS_SKEW_CRITICAL},
    {"what was not observed takes no part", 4, {13, NAN, 7, NAN}, 0.09, PGS_SKEW_WARNING},
    {"2^53 in one", 2, {9007199254740992, 0}, 1, PGS_SKEW_CRITICAL},
    {"one row of 2^53 moved", 2, {4503599627370497, 4503599627370495}, 0, PGS_SKEW_NORMAL},
};

Test(skew, variances_by_hand) {
    for (size_t i = 0; i < PGS_COUNT_OF(VARIANCE); i++) {
        pgs_skew_status status = PGS_SKEW_STATUS_COUNT;
        double variance = pgs_skew_variance(VARIANCE[i].x, VARIANCE[i].n, &status);
        cr_expect(same(variance, VARIANCE[i].variance), "%s: %.17g", VARIANCE[i].name, variance);
        cr_expect_eq(status, VARIANCE[i].status, "%s", VARIANCE[i].name);
    }
}

/* ---- percentages ---- */

static const struct {
    const char *name;
    double part;
    int64_t total;
    double percentage;
} PERCENTAGE[] = {
    {"a third", 1, 3, 33.33},
    {"two thirds", 2, 3, 66.67},
    {"everything", 7, 7, 100},
    {"nothing of something", 0, 7, 0},
    {"nothing of nothing", 0, 0, 0},
    {"not observed", NAN, 7, NAN},
    {"not observed of nothing", NAN, 0, NAN},
    {"the hot boundary", 1, 8, 12.5},
    {"a tie, 0.005 %, goes up", 1, 20000, 0.01},
    {"a tie, 0.125 %, goes away from zero, not to even", 1, 800, 0.13},
    {"a tie, 2.675 %, that doubles would round down", 107, 4000, 2.68},
    {"just under a tie", 249999, 5000000, 5},
    {"a total beyond 2^53", 4611686018427387904, INT64_MAX, 50},
};

Test(skew, percentages_by_hand) {
    for (size_t i = 0; i < PGS_COUNT_OF(PERCENTAGE); i++) {
        double percentage = pgs_percentage(PERCENTAGE[i].part, PERCENTAGE[i].total);
        cr_expect(same(percentage, PERCENTAGE[i].percentage), "%s: %.17g", PERCENTAGE[i].name,
                  percentage);
    }
}
