/* data/frame.c: the shape of a history in memory. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/frame.h"
#include "support/no_leaks.h"

TestSuite(frame, .fini = pgs_test_no_leaks);

Test(frame, rows_start_on_a_cache_line_and_nothing_is_observed) {
    pgs_frame f;
    pgs_frame_init(&f);
    cr_assert_eq(pgs_frame_set_shape(&f, "public.chunks", 3, 9, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(&f, PGS_CHUNK_COUNT, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_set_name(&f, 8, "chunks_part_08", NULL), PGS_OK);
    cr_expect_eq(f.stride, 16);
    cr_expect_eq((uintptr_t)f.metric[PGS_CHUNK_COUNT] % 64, 0);
    for (size_t i = 0; i < 3 * 16; i++)
        cr_expect(isnan(f.metric[PGS_CHUNK_COUNT][i]));
    cr_expect_null(f.metric[PGS_SIZE_BYTES]);
    cr_expect_eq(f.part_num[8], 8);
    cr_expect_str_eq(f.part[8], "chunks_part_08");
    cr_expect_str_eq(f.table, "public.chunks");
    pgs_frame_reset(&f);
}

Test(frame, a_metric_is_added_once) {
    pgs_frame f;
    pgs_frame_init(&f);
    cr_assert_eq(pgs_frame_set_shape(&f, "t", 1, 1, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(&f, PGS_CHUNK_COUNT, NULL), PGS_OK);
    f.metric[PGS_CHUNK_COUNT][0] = 7;
    cr_assert_eq(pgs_frame_add_metric(&f, PGS_CHUNK_COUNT, NULL), PGS_OK);
    cr_expect_eq(f.metric[PGS_CHUNK_COUNT][0], 7);
    pgs_frame_reset(&f);
}

Test(frame, without_memory_it_stays_empty) {
    for (size_t nth = 1; nth <= 3; nth++) {
        pgs_frame f;
        pgs_frame_init(&f);
        pgs_mem_fail_at(nth);
        pgs_status status = pgs_frame_set_shape(&f, "t", 4000, 10, NULL);
        pgs_mem_fail_at(0);
        cr_expect(status == PGS_OK || f.arena == NULL, "failing at %zu", nth);
        pgs_frame_reset(&f);
    }
}

static const struct {
    const char *name;
    int64_t before_us; /* how long before the last moment */
    size_t day;
} DAYS[] = {
    {"the last moment itself", 0, 0},
    {"a microsecond less than a day before", PGS_DAY_US - 1, 0},
    {"a day before", PGS_DAY_US, 1},
    {"a year before", 365 * PGS_DAY_US, 365},
};

Test(frame, days_are_counted_back_from_the_last_moment) {
    for (size_t i = 0; i < PGS_COUNT_OF(DAYS); i++) {
        int64_t last_us = 1577880000000000;
        cr_expect_eq(pgs_frame_day(last_us - DAYS[i].before_us, last_us), DAYS[i].day, "%s",
                     DAYS[i].name);
    }
}

Test(frame, arranged_it_is_in_the_order_of_numbers_without_those_that_never_were) {
    static const struct {
        int64_t num;
        const char *name;
        double count; /* on the second day */
        bool there;
    } PART[] = {
        {7, "b", 70, true}, {3, "x", NAN, false}, {7, "a", 71, false}, {1, NULL, NAN, true}};
    const pgs_refiled refiled[] = {{1, 1}, {1, 0}, {1, 2}, {0, 2}};
    pgs_frame f;
    pgs_frame_init(&f);
    cr_assert_eq(pgs_frame_set_shape(&f, "t", 2, 4, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(&f, PGS_CHUNK_COUNT, NULL), PGS_OK);
    for (size_t p = 0; p < 4; p++) {
        f.part_num[p] = PART[p].num;
        f.there[p] = PART[p].there;
        f.metric[PGS_CHUNK_COUNT][f.stride + p] = PART[p].count;
        f.metric[PGS_CHUNK_COUNT][p] = p == 2 ? 5 : NAN;
        cr_assert_eq(pgs_frame_set_name(&f, p, PART[p].name, NULL), PGS_OK);
    }
    cr_assert_eq(pgs_frame_set_refiled(&f, refiled, 4, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_arrange(&f, NULL), PGS_OK);
    cr_assert_eq(f.n_parts, 3);
    cr_expect_eq(f.part_num[0], 1);
    cr_expect_str_eq(f.part[1], "a");
    cr_expect_str_eq(f.part[2], "b");
    cr_expect(f.there[0] && !f.there[1] && f.there[2]);
    cr_expect(isnan(f.metric[PGS_CHUNK_COUNT][f.stride]));
    cr_expect_eq(f.metric[PGS_CHUNK_COUNT][f.stride + 1], 71);
    cr_expect_eq(f.metric[PGS_CHUNK_COUNT][f.stride + 2], 70);
    cr_expect(isnan(f.metric[PGS_CHUNK_COUNT][f.stride + 3]));
    cr_assert_eq(f.n_refiled, 1); /* the others were not seen before */
    cr_expect(f.refiled[0].t == 1 && f.refiled[0].p == 1);
    cr_expect_eq(f.counts[0], PGS_COUNTS_COUNT);
    pgs_frame_reset(&f);
}
