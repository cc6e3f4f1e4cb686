/* data/series.c: moments of a series. (Its tiles are tested with their codec, in test_block.c.) */
#include "pgskew/series.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "support/no_leaks.h"

TestSuite(series, .fini = pgs_test_no_leaks);

static const struct {
    const char *name;
    int64_t at_us;
    size_t n_moments, found;
} FIND[] = {
    {"none at all", 5, 0, 0},
    {"none at all, the last", PGS_TIME_NONE, 0, 0},
    {"before the first", 99, 5, 5},
    {"the first", 100, 5, 0},
    {"after the first", 101, 5, 0},
    {"before the second", 199, 5, 0},
    {"in the middle", 300, 5, 2},
    {"before the last", 499, 5, 3},
    {"the last", 500, 5, 4},
    {"after the last", 501, 5, 4},
    {"long after the last", INT64_MAX, 5, 4},
    {"long before the first", INT64_MIN + 1, 5, 5},
    {"the last, whenever it was", PGS_TIME_NONE, 5, 4},
    {"one moment, before", 99, 1, 1},
    {"one moment, then", 100, 1, 0},
};

Test(series, the_last_moment_at_or_before) {
    pgs_moment moment[5];
    for (size_t t = 0; t < 5; t++)
        moment[t] = (pgs_moment){.taken_us = 100 * ((int64_t)t + 1)};
    for (size_t i = 0; i < PGS_COUNT_OF(FIND); i++) {
        pgs_series series = {.moment = moment, .n_moments = FIND[i].n_moments};
        cr_expect_eq(pgs_series_find(&series, FIND[i].at_us), FIND[i].found, "%s", FIND[i].name);
    }
}

Test(series, reset_leaves_it_as_init_did) {
    pgs_series series;
    pgs_series_init(&series);
    cr_expect_eq(series.head.taken_us, PGS_TIME_NONE);
    series.arena = pgs_arena_new();
    series.moment = pgs_arena_alloc(series.arena, 3, sizeof *series.moment);
    series.n_moments = 3;
    pgs_series_reset(&series);
    cr_expect(!series.arena && !series.moment && series.n_moments == 0);
    pgs_series_reset(&series);
    pgs_series_reset(NULL);
}

Test(series, skew_is_about_counts_and_sizes) {
    cr_expect_eq(pgs_measure_metric(PGS_BY_CHUNKS), PGS_CHUNK_COUNT);
    cr_expect_eq(pgs_measure_metric(PGS_BY_SIZE), PGS_SIZE_BYTES);
}

/* ---- sums ---- */

static const struct {
    const char *name;
    double x[4];
    int64_t total;
    size_t n_seen;
} SUMS[] = {
    {"counts", {1, 2, 0, 4}, 7, 4},
    {"absent is not zero", {NAN, 2, NAN, 4}, 6, 2},
    {"none", {NAN, NAN, NAN, NAN}, 0, 0},
    {"the largest", {0x1p53, 0x1p53, 0x1p53, 0x1p53}, INT64_C(1) << 55, 4},
    {"less than nothing", {1, -1, 2, 3}, -1, 4},
    {"too large", {1, 0x1p53 + 2, 2, 3}, -1, 4},
    {"far too large", {1, 1e300, -1e300, 3}, -1, 4},
    {"infinite", {INFINITY, 1, 1, 1}, -1, 4},
};

Test(series, moments_are_summed_up) {
    for (size_t k = 0; k < PGS_COUNT_OF(SUMS); k++) {
        pgs_moment sum = {0};
        pgs_moment_add(&sum, PGS_BY_SIZE, SUMS[k].x, 2);
        pgs_moment_add(&sum, PGS_BY_SIZE, SUMS[k].x + 2, 2);
        cr_expect(sum.total[PGS_BY_SIZE] == SUMS[k].total &&
                      sum.n_seen[PGS_BY_SIZE] == SUMS[k].n_seen,
                  "%s", SUMS[k].name);
        cr_expect(sum.total[PGS_BY_CHUNKS] == 0 && sum.n_seen[PGS_BY_CHUNKS] == 0);
    }
}

Test(series, a_sum_that_64_bits_cannot_hold_is_none) {
    pgs_moment sum = {0};
    double x = 0x1p53;
    for (int i = 0; i < 1023; i++)
        pgs_moment_add(&sum, PGS_BY_CHUNKS, &x, 1);
    cr_expect_eq(sum.total[PGS_BY_CHUNKS], INT64_C(1023) << 53);
    for (int i = 1023; i < 2049; i++) {
        pgs_moment_add(&sum, PGS_BY_CHUNKS, &x, 1);
        cr_assert_eq(sum.total[PGS_BY_CHUNKS], -1);
    }
}
