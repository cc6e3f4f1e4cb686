/* stats/change.c: what it finds where the answer is known without arithmetic; how often it errs is
 * counted in tests/simulation/change.c. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "stats/stats.h"
#include "support/no_leaks.h"

TestSuite(change, .fini = pgs_test_no_leaks);

#define N     100
#define ALPHA 1e-5

static double before[N], now[N], room[N];
static bool changed[N];

/* Counts around `mean` that a seed would not make more even: a fixed pattern of width 7 %. */
static void fill(double mean) {
    for (size_t p = 0; p < N; p++)
        before[p] = now[p] = round(mean * (1 + 0.07 * ((double)(p * 37 % 101) / 50 - 1)));
}

static size_t count(double row) {
    pgs_change_beyond_chance(before, now, N, row, ALPHA, room, changed);
    size_t n = 0;
    for (size_t p = 0; p < N; p++)
        n += changed[p];
    return n;
}

Test(change, the_same_table_has_not_changed) {
    for (double mean = 1; mean < 1e13; mean *= 10) {
        fill(mean);
        cr_expect_eq(count(1), 0, "mean %g", mean);
    }
}

Test(change, a_table_that_grew_everywhere_alike_has_not_changed) {
    static const double FACTOR[] = {0.25, 0.5, 1.01, 2, 3, 1000};
    for (size_t k = 0; k < sizeof FACTOR / sizeof *FACTOR; k++) {
        fill(1000);
        for (size_t p = 0; p < N; p++)
            now[p] = round(before[p] * FACTOR[k]);
        cr_expect_eq(count(1), 0, "factor %g", FACTOR[k]);
    }
}

Test(change, any_partition_that_grew_or_shrank_by_a_fifth_is_found_alone) {
    for (size_t p = 0; p < N; p++)
        for (int sign = -1; sign <= 1; sign += 2) {
            fill(1000);
            now[p] = round(now[p] * (1 + 0.2 * sign));
            cr_expect_eq(count(1), 1, "partition %zu", p);
            cr_expect(changed[p], "partition %zu", p);
        }
}

Test(change, one_that_swallows_the_table_does_not_make_the_others_change) {
    fill(1000);
    now[7] = 1e9;
    cr_expect_eq(count(1), 1);
    cr_expect(changed[7]);
}

Test(change, a_few_rows_are_no_change) {
    fill(10);
    now[3] += 5;
    cr_expect_eq(count(1), 0);
    fill(1000);
    now[3] += 20;
    cr_expect_eq(count(1), 0);
}

Test(change, bytes_are_judged_in_rows) {
    fill(1000);
    for (size_t p = 0; p < N; p++) {
        before[p] *= 500;
        now[p] *= 500;
    }
    now[3] += 10 * 500;
    cr_expect_eq(count(500), 0);
    now[3] += 200 * 500;
    cr_expect_eq(count(500), 1);
}

Test(change, what_was_not_observed_has_not_changed) {
    fill(1000);
    now[1] = NAN;
    before[2] = NAN;
    now[3] = NAN;
    before[3] = NAN;
    now[4] *= 2;
    cr_expect_eq(count(1), 1);
    cr_expect(changed[4]);
}

Test(change, without_rows_there_are_no_shares) {
    fill(1000);
    memset(before, 0, sizeof before);
    cr_expect_not(pgs_change_beyond_chance(before, now, N, 1, ALPHA, room, changed));
    cr_expect_not(pgs_change_beyond_chance(now, before, N, 1, ALPHA, room, changed));
    cr_expect_not(pgs_change_beyond_chance(now, before, 0, 1, ALPHA, room, changed));
    for (size_t p = 0; p < N; p++)
        now[p] = NAN;
    cr_expect_not(pgs_change_beyond_chance(before, now, N, 1, ALPHA, room, changed));
}

Test(change, two_and_three_partitions_can_be_compared) {
    static double x[] = {1000, 1000, 1000}, y[] = {1000, 2000, 1000}, r[3];
    bool c[3];
    cr_expect(pgs_change_beyond_chance(x, y, 3, 1, ALPHA, r, c));
    cr_expect(c[1]);
    cr_expect(pgs_change_beyond_chance(x, y, 2, 1, ALPHA, r, c));
    cr_expect(c[0] && c[1]);
    cr_expect(pgs_change_beyond_chance(x, x, 3, 1, ALPHA, r, c));
    cr_expect(!c[0] && !c[1] && !c[2]);
}
