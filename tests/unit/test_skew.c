/* stats/skew.c by hand and by the reference's recorded answers; test_settle.c compares it with
 * the decimals on many more. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/no_leaks.h"
#include "support/random.h"

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

/* ---- where a status begins ---- */

static random_state r = {7};

/* The status of x among n partitions that add up to total: the others are one and zeros. */
static pgs_health_status status_of(int64_t x, size_t n, int64_t total) {
    static double column[1001], published[1001];
    static pgs_health_status status[1001];
    memset(column, 0, sizeof column);
    column[0] = (double)x;
    column[1] = (double)(total - x);
    pgs_skew_column(column, n, published, status);
    return status[0];
}

/* A limit is the last (first) number that has the status; the next one towards the even share has
 * not. */
static void expect_limits(size_t n, int64_t total) {
    for (int tenths = 3; tenths <= 5; tenths += 2) {
        pgs_health_status at_least = tenths == 3 ? W : U;
        int64_t low, high;
        pgs_skew_limits(n, total, tenths, &low, &high);
        cr_assert_geq(high, low);
        cr_expect(low < 0 || status_of(low, n, total) >= at_least, "%zu, %lld: %d low", n,
                  (long long)total, tenths);
        cr_expect(status_of(low + 1, n, total) < at_least || low + 1 >= high,
                  "%zu, %lld: %d above low", n, (long long)total, tenths);
        if (high <= total)
            cr_expect(status_of(high, n, total) >= at_least, "%zu, %lld: %d high", n,
                      (long long)total, tenths);
        cr_expect(high - 1 > total || status_of(high - 1, n, total) < at_least || high - 1 <= low,
                  "%zu, %lld: %d below high", n, (long long)total, tenths);
    }
}

Test(skew, limits_are_where_the_status_of_a_column_changes) {
    static const size_t PARTS[] = {2, 3, 7, 10, 16, 99, 100, 128, 997, 1000, 1001};
    for (size_t i = 0; i < PGS_COUNT_OF(PARTS); i++)
        for (int k = 0; k < 400; k++) {
            int64_t n = (int64_t)PARTS[i], bits = random_below(&r, 49);
            int64_t total = 1 + random_below(&r, (int64_t)1 << (bits + 3));
            expect_limits(PARTS[i], total);
            expect_limits(PARTS[i], total / (10 * n) * 10 * n + 10 * n); /* both sides tie */
        }
}

Test(skew, limits_of_totals_near_the_largest) {
    for (int64_t below = 0; below < 300; below++)
        expect_limits(100, ((int64_t)1 << 53) - below);
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
