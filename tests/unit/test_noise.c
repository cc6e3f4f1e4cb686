/* stats/units.c and stats/noise.c against tails added up by hand, and on what must not hide. How
 * often the floor errs is counted by tests/simulation/noise.c. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/make.h"
#include "support/no_leaks.h"

#define ALPHA 0.01

TestSuite(noise, .fini = pgs_test_no_leaks);

static double x[1000], room[1000], skew[1000];

/* ---- the floor ---- */

/* P(X <= k) and P(X >= k) of n trials at 1/parts, from probabilities added up. */
static void tails(int k_low, int k_high, int n, int parts, double *low, double *high) {
    double p = 1.0 / parts, probability = pow(1 - p, n);
    *low = *high = 0;
    for (int k = 0; k <= n; k++) {
        *low += k <= k_low ? probability : 0;
        *high += k >= k_high ? probability : 0;
        probability *= (n - k) / (k + 1.0) * p / (1 - p);
    }
}

/* The floor, by trying every deviation that a count can have, from the smallest on. */
static double floor_by_hand(int n, int parts) {
    for (int d = 1; d <= n * (parts - 1); d++) {
        int above = (n + d + parts - 1) / parts, below = d > n ? -1 : (n - d) / parts;
        if (parts * above - n != d && (below < 0 || n - parts * below != d))
            continue;
        double low, high;
        tails(below, above, n, parts, &low, &high);
        if ((parts == 2 ? 1 : parts) * (low + high) <= ALPHA * (1 + 1e-9)) /* 3 of 10: exactly */
            return (double)d / n;
    }
    return INFINITY;
}

static double floor_of(int n, int parts, pgs_units units) {
    memset(x, 0, sizeof x);
    x[0] = n;
    return pgs_noise_floor(x, (size_t)parts, units, ALPHA);
}

Test(noise, floors_by_hand) {
    static const int ROWS[] = {1, 2, 3, 7, 20, 101, 400}, PARTS[] = {2, 3, 7, 10, 100};
    for (size_t i = 0; i < PGS_COUNT_OF(ROWS); i++)
        for (size_t j = 0; j < PGS_COUNT_OF(PARTS); j++) {
            double got = floor_of(ROWS[i], PARTS[j], pgs_units_independent());
            double want = floor_by_hand(ROWS[i], PARTS[j]);
            cr_expect(got == want, "%d rows in %d partitions: %.17g, not %.17g", ROWS[i], PARTS[j],
                      got, want);
        }
}

Test(noise, nothing_to_judge) {
    pgs_units one = pgs_units_independent(),
              unknown = {PGS_DESIGN_UNKNOWN, NAN, NAN, NAN, NAN, INFINITY};
    static const double NOTHING[] = {NAN, NAN}, EMPTY[] = {0, 0, 0}, ALONE[] = {7, NAN};
    cr_expect(isnan(pgs_noise_floor(NULL, 0, one, ALPHA)));
    cr_expect(isnan(pgs_noise_floor(NOTHING, 2, one, ALPHA)));
    cr_expect(isnan(pgs_noise_floor(EMPTY, 3, one, ALPHA)));
    cr_expect(isnan(pgs_noise_floor(ALONE, 2, one, ALPHA)));
    cr_expect(isnan(floor_of(1000, 10, unknown)));
    cr_expect(isinf(floor_of(1, 100, one)), "one row must lie somewhere");
}

/* Units of 7 rows are a table a seventh as large; a heavier upper side can only raise the floor. */
Test(noise, larger_units_are_fewer_rows) {
    pgs_units seven = {PGS_DESIGN_COLLECTIONS, 7, 7, 7, 1, INFINITY},
              uneven = {PGS_DESIGN_COLLECTIONS, 7, 7, 20, 1, INFINITY};
    double few = floor_of(1000, 10, pgs_units_independent()), same = floor_of(7000, 10, seven);
    cr_expect(same <= few && same > few - 0.02, "%g and %g", same, few);
    cr_expect(floor_of(7000, 10, uneven) > same);
}

Test(noise, large_tables_have_low_floors) {
    x[0] = 4503599627370496;
    x[1] = 4503599627370496;
    double two = pgs_noise_floor(x, 2, pgs_units_independent(), ALPHA);
    cr_expect(fabs(two / (2.5758293035489 / sqrt(9007199254740992.0)) - 1) < 1e-6, "%g", two);
}

Test(noise, skews_are_not_rounded) {
    static const double X[] = {100001, 99999, NAN}, EMPTY[] = {0, NAN};
    pgs_noise_skews(X, 3, skew);
    cr_expect(skew[0] == 1e-5 && skew[1] == 1e-5 && isnan(skew[2]));
    pgs_noise_skews(EMPTY, 2, skew);
    cr_expect(skew[0] == 0 && isnan(skew[1]));
}

/* ---- units from the spread ---- */

/* Values whose quantiles are the normal's, so that the bulk's variance is known. */
static void even_spread(size_t n, double mean, double variance) {
    static const double Z[] = {-1.6448536269514722, -1.0364333894937898, -0.6744897501960817,
                               -0.3853204664075676, -0.1256613468550740};
    for (size_t i = 0; i < n; i++) {
        double z = Z[i % 5];
        x[i] = round(mean + sqrt(variance) * (i % 10 < 5 ? z : -z));
    }
}

Test(noise, the_bulk_tells_the_design_effect) {
    even_spread(100, 10000, 40000);
    pgs_units units = pgs_units_of_spread(x, 100, pgs_units_independent(), ALPHA, room);
    cr_expect_eq(units.design, PGS_DESIGN_SPREAD);
    cr_expect(units.effect > 3 && units.effect < 5, "%g", units.effect);
    cr_expect(units.unit > units.effect, "an estimate pays for its own error");
}

Test(noise, hot_partitions_do_not_hide_themselves) {
    even_spread(100, 10000, 10000);
    double before = pgs_units_of_spread(x, 100, pgs_units_independent(), ALPHA, room).unit;
    for (int i = 0; i < 20; i++)
        x[5 * i] = 40000;
    pgs_units units = pgs_units_of_spread(x, 100, pgs_units_independent(), ALPHA, room);
    cr_expect(units.unit < 2 * before, "%g after %g", units.unit, before);
    pgs_noise_skews(x, 100, skew);
    cr_expect(skew[0] > pgs_noise_floor(x, 100, units, ALPHA));
}

Test(noise, without_a_bulk_the_least_is_the_answer) {
    pgs_units one = pgs_units_independent(),
              unknown = {PGS_DESIGN_UNKNOWN, NAN, NAN, NAN, NAN, INFINITY};
    even_spread(9, 10000, 1e6);
    cr_expect_eq(pgs_units_of_spread(x, 9, one, ALPHA, room).design, PGS_DESIGN_INDEPENDENT);
    cr_expect_eq(pgs_units_of_spread(x, 9, unknown, ALPHA, room).design, PGS_DESIGN_UNKNOWN);
    memset(x, 0, sizeof x);
    x[3] = 1000; /* most partitions are empty: all in one is no noise */
    pgs_units units = pgs_units_of_spread(x, 100, one, ALPHA, room);
    cr_expect(units.unit == 1 && pgs_noise_floor(x, 100, units, ALPHA) < 99);
}

Test(noise, an_even_spread_is_never_less_than_the_least) {
    even_spread(100, 10000, 100);
    pgs_units units = pgs_units_of_spread(x, 100, pgs_units_independent(), ALPHA, room);
    cr_expect(units.effect == 1 && units.unit == 1 && units.large_unit == 1);
    pgs_units unknown = {PGS_DESIGN_UNKNOWN, NAN, NAN, NAN, NAN, INFINITY};
    units = pgs_units_of_spread(x, 100, unknown, ALPHA, room);
    cr_expect(units.design == PGS_DESIGN_SPREAD && units.unit == 1);
}

/* ---- units from collections ---- */

static pgs_snapshot snap;

/* Collections of these sizes, the k-th in partition k % parts, which say how many they hold. */
static void with_collections(size_t n, const double *sizes, size_t parts) {
    memset(x, 0, sizeof x);
    for (size_t k = 0; k < n; k++)
        x[k % parts] += sizes[k];
    make_snapshot(&snap, parts, x, NULL);
    cr_assert_eq(pgs_snapshot_set_collections(&snap, n, n, NULL), PGS_OK);
    for (size_t p = 0; p < parts; p++)
        snap.metric[PGS_COLLECTION_COUNT][p] = 0;
    for (size_t k = 0; k < n; k++) {
        snap.collection_stat[k].collection = k;
        snap.collection_stat[k].partition_num = (int64_t)(k % parts);
        snap.collection_stat[k].chunk_count = sizes[k];
        snap.metric[PGS_COLLECTION_COUNT][k % parts]++;
    }
}

static pgs_units units_of_collections(void) {
    pgs_units units = pgs_units_of_collections(&snap, ALPHA, room);
    pgs_snapshot_reset(&snap);
    return units;
}

Test(noise, collections_tell_the_design_effect) {
    static const double SIZES[] = {1, 2, 3, 4, 1, 2, 3, 4};
    with_collections(8, SIZES, 4);
    pgs_units units = units_of_collections();
    cr_expect_eq(units.design, PGS_DESIGN_COLLECTIONS);
    cr_expect(units.effect == 60.0 / 20 && units.unit == units.effect);
    cr_expect(units.large_unit == 200.0 / 60);
}

Test(noise, a_hot_collection_is_a_cause) {
    double sizes[400];
    for (size_t k = 0; k < 400; k++)
        sizes[k] = 10;
    sizes[7] = 4000;
    sizes[12] = 4000;
    with_collections(400, sizes, 20);
    pgs_units units = units_of_collections();
    cr_expect(units.effect == 10 && units.large_unit == 10, "%g", units.effect);
}

/* Sizes that fall off as 1/k: each is only a little larger than the next, but those that fill one
 * and a half even shares alone make a partition UNBALANCED wherever they lie. */
Test(noise, what_is_too_large_alone_is_a_cause) {
    double sizes[1000], total = 0, ordinary = 0, squares = 0;
    for (size_t k = 0; k < 1000; k++)
        total += sizes[k] = floor(50000 / (double)(k + 1));
    for (size_t k = 0; k < 1000; k++)
        if (sizes[k] <= 1.5 * total / 100) {
            ordinary += sizes[k];
            squares += sizes[k] * sizes[k];
        }
    with_collections(1000, sizes, 100);
    pgs_units units = pgs_units_of_collections(&snap, ALPHA, room);
    cr_expect(fabs(units.effect / (squares / ordinary) - 1) < 1e-12, "%g", units.effect);
    cr_expect(fabs(units.share / (ordinary / total) - 1) < 1e-12, "%g", units.share);
    pgs_noise_skews(x, 100, skew);
    double least = pgs_noise_floor(x, 100, units, ALPHA);
    cr_expect(skew[0] > least && skew[1] > least && skew[2] > least, "floor %g", least);
    bool above[100] = {false};
    pgs_units_mark_causes(&snap, units.cause, above);
    for (size_t k = 0; k < 100; k++)
        cr_expect_eq(above[k], sizes[k] > 1.5 * total / 100, "partition %zu", k);
    pgs_snapshot_reset(&snap);
}

/* As many as one collection for two partitions: large beside an even share, but all alike. */
Test(noise, few_equal_collections_are_chance) {
    double sizes[50];
    for (size_t k = 0; k < 50; k++)
        sizes[k] = 1000;
    with_collections(50, sizes, 100);
    pgs_units units = units_of_collections();
    cr_expect(units.effect == 1000 && units.large_unit == 1000 && units.share == 1);
    cr_expect(isinf(units.cause));
}

Test(noise, collections_in_several_partitions_are_no_units) {
    static const double SIZES[] = {10, 10, 10, 10};
    with_collections(4, SIZES, 2);
    snap.collection_stat[1].collection = 0; /* a quarter of the rows */
    cr_expect_eq(units_of_collections().design, PGS_DESIGN_UNKNOWN);
}

Test(noise, totals_of_collections_are_units_where_none_is_spread) {
    static const double SIZES[] = {1, 2, 3, 4, 1, 2, 3, 4};
    with_collections(8, SIZES, 4);
    for (size_t k = 0; k < 8; k++)
        snap.collection_stat[k].partition_num = -1;
    cr_expect_eq(units_of_collections().effect, 3);
    with_collections(8, SIZES, 4);
    for (size_t k = 0; k < 8; k++)
        snap.collection_stat[k].partition_num = -1;
    snap.metric[PGS_COLLECTION_COUNT][2]++; /* one is in two partitions, or the export is old */
    cr_expect_eq(units_of_collections().design, PGS_DESIGN_UNKNOWN);
}

Test(noise, collections_that_miss_rows_are_no_units) {
    static const double SIZES[] = {10, 10, 10, 10};
    with_collections(4, SIZES, 2);
    snap.metric[PGS_CHUNK_COUNT][0] = 30;
    cr_expect_eq(units_of_collections().design, PGS_DESIGN_UNKNOWN);
    make_snapshot(&snap, 3, SIZES, NULL);
    cr_expect_eq(units_of_collections().design, PGS_DESIGN_UNKNOWN, "none were observed");
}
