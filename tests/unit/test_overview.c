/* pipeline/overview.c: which days are columns, which partitions are rows, and when a total is
 * known. */
#include <string.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"

static pgs_snapshot snap;
static pgs_result result;
static pgs_frame frame;
static pgs_overview overview;

static void set_up(void) {
    pgs_result_init(&result);
    pgs_frame_init(&frame);
    pgs_overview_init(&overview);
}

static void tear_down(void) {
    pgs_overview_reset(&overview);
    pgs_frame_reset(&frame);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(overview, .init = set_up, .fini = tear_down);

static void measure(size_t n, const double *chunks) {
    make_derived(&snap, n, chunks, NULL);
    cr_assert_eq(pgs_distribution_measure(&snap, &result, NULL), PGS_OK);
}

/* A frame of chunks, a row of `n_parts` after another. */
static void fill(size_t n_days, size_t n_parts, const double *chunks) {
    cr_assert_eq(pgs_frame_set_shape(&frame, "public.chunks", n_days, n_parts, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(&frame, PGS_CHUNK_COUNT, NULL), PGS_OK);
    for (size_t t = 0; t < n_days; t++) {
        frame.taken_us[t] = MAKE_TAKEN - (int64_t)(n_days - 1 - t) * PGS_DAY_US;
        for (size_t p = 0; p < n_parts; p++)
            frame.metric[PGS_CHUNK_COUNT][t * frame.stride + p] = chunks[t * n_parts + p];
    }
}

static void look(void) {
    cr_assert_eq(pgs_overview_make(&snap, &result, frame.n_times ? &frame : NULL, &overview, NULL),
                 PGS_OK);
}

Test(overview, one_moment_has_an_order_and_no_history) {
    static const double CHUNKS[] = {10, 40, NAN, 20, 10};
    static const size_t ORDER[] = {1, 3, 0, 4, 2};
    measure(5, CHUNKS);
    look();
    cr_expect_eq(overview.n_parts, 5);
    cr_expect_eq(overview.n_seen, 4);
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(overview.by_skew[i], ORDER[i], "rank %zu", i);
    cr_expect_eq(overview.n_columns, 0);
}

Test(overview, a_row_is_a_partition_the_fullest_on_top_and_what_is_gone_last) {
    static const double DAYS[] = {10, 10, 20, /**/ 10, NAN, 30, /**/ 10, NAN, 30}, NOW[] = {10, 30};
    measure(2, NOW);
    fill(3, 3, DAYS);
    look();
    cr_assert_eq(overview.n_columns, 3);
    cr_assert_eq(overview.n_rows, 3);
    cr_expect_eq(overview.n_left_out, 0);
    cr_expect_eq(overview.row[0].num, 2);
    cr_expect_eq(overview.row[1].num, 0);
    cr_expect_eq(overview.row[2].num, 1);
    cr_expect_eq(overview.row[0].signed_skew[0], 0.5);   /* 20 of 40 in three */
    cr_expect_eq(overview.row[0].signed_skew[2], 0.5);   /* 30 of 40 in two */
    cr_expect_eq(overview.row[1].signed_skew[1], -0.5);  /* 10 of 40 in two */
    cr_expect_eq(overview.row[2].signed_skew[0], -0.25); /* 10 of 40 in three */
    cr_expect(isnan(overview.row[2].signed_skew[2]));
    cr_expect_eq(overview.row[1].chunk_count[0], 10);
}

Test(overview, a_total_is_known_where_everybody_who_was_there_was_seen) {
    static const double DAYS[] = {1, NAN, /**/ 1, 5, /**/ NAN, 5, /**/ NAN, NAN, /**/ 2, 5};
    static const double NOW[] = {2, 5};
    measure(2, NOW);
    fill(5, 2, DAYS);
    look();
    cr_assert_eq(overview.n_columns, 4, "a day nobody looked is no column");
    cr_expect_eq(overview.total[PGS_BY_CHUNKS][0], 1, "the other one was not born yet");
    cr_expect_eq(overview.total[PGS_BY_CHUNKS][1], 6);
    cr_expect(isnan(overview.total[PGS_BY_CHUNKS][2]), "one was there and was not seen");
    cr_expect_eq(overview.total[PGS_BY_CHUNKS][3], 7);
    cr_expect(isnan(overview.total[PGS_BY_SIZE][3]), "sizes were not asked for");
    cr_expect_eq(overview.taken_us[2], MAKE_TAKEN - 2 * PGS_DAY_US);
}

Test(overview, a_long_history_has_columns_of_several_days_that_end_with_the_last) {
    enum { DAYS = 2 * PGS_HEAT_MAX_COLUMNS + 1 };
    static double days[DAYS];
    static const double NOW[] = {DAYS};
    measure(1, NOW);
    for (size_t t = 0; t < DAYS; t++)
        days[t] = (double)t + 1;
    days[DAYS - 1] = days[DAYS - 2] = NAN;
    fill(DAYS, 1, days);
    look();
    cr_expect_eq(overview.days_per_column, 3);
    cr_assert_eq(overview.n_columns, (DAYS + 2) / 3);
    size_t last = overview.n_columns - 1;
    cr_expect_eq(overview.total[PGS_BY_CHUNKS][last], DAYS - 2, "the last day that was seen");
    cr_expect_eq(overview.total[PGS_BY_CHUNKS][last - 1], DAYS - 3);
    cr_expect_eq(overview.total[PGS_BY_CHUNKS][0], 1,
                 "the first column has the days that are left");
}

Test(overview, of_many_partitions_the_most_skewed_have_rows) {
    enum { PARTS = PGS_HEAT_MAX_ROWS + 50 };
    static double days[2 * PARTS];
    for (size_t p = 0; p < PARTS; p++)
        days[p] = days[PARTS + p] = p % 3 == 0 ? 1000 : 1000 + (double)p;
    measure(PARTS, days);
    fill(2, PARTS, days);
    look();
    cr_assert_eq(overview.n_rows, PGS_HEAT_MAX_ROWS);
    cr_expect_eq(overview.n_left_out, 50);
    cr_expect_eq(overview.row[0].num, PARTS - 1, "the fullest");
    double least = 9;
    for (size_t r = 0; r < overview.n_rows; r++) {
        double skew = fabs(overview.row[r].signed_skew[1]);
        least = skew < least ? skew : least;
        cr_expect(r == 0 || overview.row[r].signed_skew[1] <= overview.row[r - 1].signed_skew[1]);
    }
    size_t n_beyond = 0;
    for (size_t p = 0; p < PARTS; p++)
        n_beyond += fabs(result.signed_skew[p]) > least;
    cr_expect(n_beyond < PGS_HEAT_MAX_ROWS, "nobody more skewed was left out");
}

Test(overview, no_memory_is_an_error_and_leaks_nothing) {
    static const double DAYS[] = {1, 5, /**/ 2, 5}, NOW[] = {2, 5};
    measure(2, NOW);
    fill(2, 2, DAYS);
    const size_t live = pgs_mem_live();
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK && nth < 1000; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_overview_make(&snap, &result, &frame, &overview, NULL);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || pgs_mem_live() == live, "after allocation %zu failed", nth);
    }
    cr_expect_eq(st, PGS_OK);
}
