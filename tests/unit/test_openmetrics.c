/* report/openmetrics.c: what tests/golden/check_openmetrics.py cannot arrange. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/story.h"

static pgs_report_input input;
static char *text;

static void start(void) {
    fill_snapshot();
    fill_result();
    result.noise.alpha = NAN; /* nobody asked */
    input = (pgs_report_input){.snapshot = &snap, .result = &result};
}

static void finish(void) {
    free(text);
    result = (pgs_result){0}; /* its arrays are ours */
    pgs_snapshot_reset(&snap);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(openmetrics, .init = start, .fini = finish);

static const char *written(void) {
    size_t n;
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &n);
    cr_assert_not_null(out);
    cr_assert_eq(pgs_openmetrics_write(out, &input, &err), PGS_OK, "%s", err.msg);
    fclose(out);
    return text;
}

Test(openmetrics, what_nobody_asked_for_is_not_there) {
    written();
    cr_expect_null(strstr(text, "noise"));
    cr_expect_null(strstr(text, "design_effect"));
    cr_expect_null(strstr(text, "signed_skew"));
}

Test(openmetrics, a_floor_that_no_skew_reaches_is_infinite) {
    static bool above[3];
    result.noise = (pgs_noise){.alpha = 0.01,
                               .design_effect = NAN,
                               .chunk_floor = INFINITY,
                               .size_floor = NAN,
                               .chunk_above = above,
                               .size_above = above};
    written();
    const char *floor = strstr(text, "pgskew_noise_floor_ratio{");
    cr_assert_not_null(floor);
    cr_expect_not_null(strstr(floor, "metric=\"chunk\"} +Inf\n"));
    cr_expect_null(strstr(floor, "metric=\"size\"} +Inf"));
    cr_expect_null(strstr(text, "pgskew_design_effect{"));
}

Test(openmetrics, labels_are_escaped_once) {
    snap.head.table_name = "a\\b\"c\nd";
    written();
    cr_expect_not_null(strstr(text, "table=\"a\\\\b\\\"c\\\\x0ad\""), "%.400s", text);
}

Test(openmetrics, a_snapshot_without_labels_or_partitions) {
    snap.head.table_name = snap.head.database = snap.head.source = NULL;
    snap.head.n_parts = 0;
    written();
    cr_expect_null(strstr(text, "pgskew_partition_"), "%s", text);
    cr_expect_not_null(strstr(text, "\npgskew_alerts{} "), "%s", text);
}

Test(openmetrics, a_full_disk_stays_with_the_file) {
    FILE *out = fopen("/dev/full", "w");
    cr_assert_not_null(out);
    cr_expect_eq(pgs_openmetrics_write(out, &input, &err), PGS_OK);
    cr_expect_neq(fclose(out), 0);
}

Test(openmetrics, no_memory_is_an_error_and_leaks_nothing) {
    const size_t live = pgs_mem_live();
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; nth < 10000 && st != PGS_OK; nth++) {
        FILE *out = fopen("/dev/null", "w");
        cr_assert_not_null(out);
        pgs_mem_fail_at(nth);
        st = pgs_openmetrics_write(out, &input, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG);
        cr_assert_eq(pgs_mem_live(), live, "after allocation %zu failed", nth);
        fclose(out);
    }
    cr_expect_eq(st, PGS_OK);
}
