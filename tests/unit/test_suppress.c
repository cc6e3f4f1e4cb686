/* pipeline/analyze.c and health/rules.c: what is left of the guide's findings without those that
 * chance explains. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"

#define N 100

static pgs_snapshot snap;
static pgs_result result;

static void tear_down(void) {
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(suppress, .fini = tear_down);

static void analyze(bool suppressing) {
    pgs_result_init(&result);
    cr_assert_eq(pgs_distribution_measure(&snap, &result, NULL), PGS_OK);
    if (suppressing)
        pgs_noise_suppress(&snap, &result);
    cr_assert_eq(pgs_analyze(&snap, &result, NULL), PGS_OK);
}

/* A hundred partitions of about 30 chunks and 30 times as many bytes, the first few as given. */
static void make_table(size_t n_first, const double *first) {
    double chunks[N], bytes[N];
    for (size_t p = 0; p < N; p++) {
        chunks[p] = p < n_first ? first[p] : (double)(24 + p * 7 % 13);
        bytes[p] = 8192 * chunks[p];
    }
    make_derived(&snap, N, chunks, bytes);
}

Test(suppress, six_rows_prove_nothing) {
    static const double CHUNKS[] = {3, 2, 1}, BYTES[] = {49152, 32768, 16384};
    make_derived(&snap, 3, CHUNKS, BYTES);
    analyze(true);
    cr_expect_eq(result.noise.suppressed, 2u);
    cr_expect(result.healthy_count == 3 && result.n_alerts == 0 && result.n_recommendations == 0);
    cr_expect_eq(result.health_percentage, 100);
    for (int k = 0; k < PGS_SKEW_HOT_PARTITIONS; k++)
        cr_expect_eq(result.skew[k].status, PGS_SKEW_NORMAL);
    cr_expect_eq(result.skew[PGS_SKEW_DISTRIBUTION_VARIANCE].status, PGS_SKEW_NORMAL);
    cr_expect_eq(result.skew[PGS_SKEW_CHUNK_DISTRIBUTION].value, 0.5, "the value stays");
    cr_expect_str_eq(result.skew[PGS_SKEW_CHUNK_DISTRIBUTION].details,
                     "Chunk distribution within expected range");
    cr_expect_null(result.health[0].recommendation);
}

/* How many rows move as one is not known: no size is above a floor that nobody knows, nor excused
 * by it. */
Test(suppress, sizes_without_counts_are_neither_chance_nor_more) {
    static const double BYTES[] = {409600, 8192, 8192};
    make_derived(&snap, 3, NULL, BYTES);
    analyze(true);
    cr_expect(isnan(result.noise.chunk_floor) && isnan(result.noise.size_floor));
    for (size_t p = 0; p < 3; p++)
        cr_expect(!pgs_noise_is_exceeded(&result.noise, p), "partition %zu", p);
    cr_expect_eq(result.noise.suppressed, 0u);
    cr_expect_eq(result.unbalanced_count, 3u);
}

Test(suppress, measuring_alone_changes_no_answer) {
    static const double CHUNKS[] = {3, 2, 1}, BYTES[] = {49152, 32768, 16384};
    make_derived(&snap, 3, CHUNKS, BYTES);
    analyze(false);
    cr_expect(result.unbalanced_count == 1 && result.warning_count == 1 && result.n_alerts == 2);
    cr_expect(result.n_recommendations == 2 && result.noise.suppressed == 0);
    cr_expect(result.noise.design == PGS_DESIGN_INDEPENDENT && result.noise.design_effect == 1);
    cr_expect_eq(result.measures[PGS_MEASURED_CHUNKS].gini, 2.0 / 9);
    cr_expect(result.signed_skew[0] == 0.5 && result.signed_skew[2] == -0.5);
}

Test(suppress, a_hot_partition_is_what_is_left) {
    static const double FIRST[] = {90, 45, 16}; /* real, and two that are chance */
    make_table(3, FIRST);
    analyze(true);
    cr_expect_eq(result.noise.design, PGS_DESIGN_SPREAD);
    cr_expect_eq(result.noise.suppressed, 2u);
    cr_expect(result.unbalanced_count == 1 && result.warning_count == 0);
    cr_expect_eq(result.health[0].partition_num, 0);
    cr_expect_eq(result.health[0].health_status, PGS_UNBALANCED);
    cr_expect(result.n_alerts == 1 && result.alert[0].n_details == 1);
    cr_assert_eq(result.n_recommendations, 1u);
    cr_expect_eq(result.recommendation[0].partition_num, 0);
    cr_expect_eq(result.skew[PGS_SKEW_CHUNK_DISTRIBUTION].status, PGS_SKEW_CRITICAL);
    cr_expect_eq(result.skew[PGS_SKEW_PARTITION_HEALTH].value, 1);
    cr_expect(result.noise.chunk_above[0] && result.noise.size_above[0]);
    cr_expect(!result.noise.chunk_above[1] && !result.noise.size_above[2]);
}

/* Its rows are within chance and its bytes are not: what is left is about bytes. */
Test(suppress, the_column_that_is_noise_is_no_reason) {
    static const double FIRST[] = {45};
    make_table(1, FIRST);
    snap.metric[PGS_SIZE_BYTES][0] *= 2;
    cr_assert_eq(pgs_snapshot_derive(&snap, NULL), PGS_OK);
    analyze(true);
    cr_expect(!result.noise.chunk_above[0] && result.noise.size_above[0]);
    cr_assert_eq(result.n_recommendations, 1u);
    cr_expect_str_eq(result.recommendation[0].reason, "High size skew");
    cr_expect_eq(result.skew[PGS_SKEW_CHUNK_DISTRIBUTION].status, PGS_SKEW_NORMAL);
    cr_expect_eq(result.skew[PGS_SKEW_SIZE_DISTRIBUTION].status, PGS_SKEW_CRITICAL);
}

Test(suppress, what_was_not_measured_stays_so) {
    static const double FIRST[] = {NAN, 45};
    make_table(2, FIRST);
    analyze(true);
    cr_expect(result.unmeasured_count == 1 && result.healthy_count == N - 1);
    cr_expect(result.noise.suppressed == 1 && isnan(result.signed_skew[0]));
    cr_expect(!result.noise.chunk_above[0]);
}

/* Three sizes and no rows: nobody knows how many units that are. */
Test(suppress, where_nothing_can_be_told_the_guide_is_right) {
    static const double BYTES[] = {49152, 32768, 16384};
    make_derived(&snap, 3, NULL, BYTES);
    analyze(true);
    cr_expect(isnan(result.noise.size_floor) && isnan(result.noise.chunk_floor));
    cr_expect(result.noise.suppressed == 0 && result.unbalanced_count == 1);
    cr_expect_eq(result.skew[PGS_SKEW_SIZE_DISTRIBUTION].status, PGS_SKEW_CRITICAL);
    cr_expect_eq(result.skew[PGS_SKEW_CHUNK_DISTRIBUTION].status, PGS_SKEW_UNKNOWN);
}

Test(suppress, empty_tables_and_single_partitions_are_quiet) {
    static const double NONE[] = {0, 0, 0}, ALONE[] = {12};
    make_derived(&snap, 3, NONE, NONE);
    analyze(true);
    cr_expect(result.healthy_count == 3 && isnan(result.noise.chunk_floor));
    tear_down();
    make_derived(&snap, 1, ALONE, ALONE);
    analyze(true);
    cr_expect(result.healthy_count == 1 && result.noise.suppressed == 0);
    tear_down();
    make_snapshot(&snap, 0, NULL, NULL);
    analyze(true);
    cr_expect_eq(result.total_partitions, 0u);
}

Test(suppress, suppressing_without_measuring_does_nothing) {
    static const double CHUNKS[] = {3, 2, 1};
    make_derived(&snap, 3, CHUNKS, NULL);
    pgs_result_init(&result);
    pgs_noise_suppress(&snap, &result);
    cr_assert_eq(pgs_analyze(&snap, &result, NULL), PGS_OK);
    cr_expect(!result.noise.suppressing && result.unbalanced_count == 1);
}

Test(suppress, no_memory_is_an_error_and_leaks_nothing) {
    static const double CHUNKS[] = {3, 2, 1};
    make_derived(&snap, 3, CHUNKS, NULL);
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK; nth++) {
        pgs_result_init(&result);
        pgs_mem_fail_at(nth);
        st = pgs_distribution_measure(&snap, &result, NULL);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || isnan(result.noise.alpha));
        pgs_result_reset(&result);
        cr_assert(nth < 100);
    }
}
