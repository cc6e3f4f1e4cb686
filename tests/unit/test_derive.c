/* pipeline/derive.c: the columns a writer adds, and the reader who believes nobody. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"

static pgs_snapshot snap;
static pgs_err err;

static void tear_down(void) {
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(derive, .fini = tear_down);

static const double CHUNKS[] = {3, 2, 1}, BYTES[] = {49152, 32768, 16384};

static void expect_column(pgs_metric m, const double *is) {
    for (size_t p = 0; p < snap.head.n_parts; p++)
        cr_expect(make_same(snap.metric[m][p], is[p]), "%s of %zu is %.17g", pgs_metric_get(m)->key,
                  p, snap.metric[m][p]);
}

static void expect_health(const pgs_health_status *is) {
    for (size_t p = 0; p < snap.head.n_parts; p++)
        cr_expect_eq(snap.health[p], is[p], "partition %zu", p);
}

Test(derive, what_the_reference_recorded_for_p3_half_exact) {
    static const double PERCENTAGE[] = {50, 33.33, 16.67}, SKEW[] = {0.5, 0, 0.5},
                        MB[] = {0.0469, 0.0313, 0.0156}, KB[] = {16, 16, 16};
    static const pgs_health_status HEALTH[] = {PGS_UNBALANCED, PGS_HEALTHY, PGS_WARNING};
    make_derived(&snap, 3, CHUNKS, BYTES);
    expect_column(PGS_CHUNK_PERCENTAGE, PERCENTAGE);
    expect_column(PGS_SIZE_PERCENTAGE, PERCENTAGE);
    expect_column(PGS_CHUNK_SKEW, SKEW);
    expect_column(PGS_SIZE_SKEW, SKEW);
    expect_column(PGS_TOTAL_SIZE_MB, MB);
    expect_column(PGS_AVG_CHUNK_SIZE_KB, KB);
    expect_health(HEALTH);
    cr_expect_eq(snap.distribution_variance, 0.1667);
    cr_expect_eq(snap.distribution_status, PGS_SKEW_WARNING);
}

Test(derive, the_worse_of_two_skews_decides) {
    static const double CHUNK[] = {10, 10, 13, 7}, SIZE[] = {15, 5, 10, 10};
    static const pgs_health_status HEALTH[] = {PGS_UNBALANCED, PGS_UNBALANCED, PGS_WARNING,
                                               PGS_WARNING};
    make_derived(&snap, 4, CHUNK, SIZE);
    expect_health(HEALTH);
}

Test(derive, without_sizes_status_comes_from_chunks) {
    static const double NOTHING[] = {NAN, NAN, NAN};
    static const pgs_health_status HEALTH[] = {PGS_UNBALANCED, PGS_HEALTHY, PGS_WARNING};
    make_derived(&snap, 3, CHUNKS, NULL);
    expect_health(HEALTH);
    expect_column(PGS_SIZE_SKEW, NOTHING);
    expect_column(PGS_SIZE_PERCENTAGE, NOTHING);
    expect_column(PGS_TOTAL_SIZE_MB, NOTHING);
    expect_column(PGS_AVG_CHUNK_SIZE_KB, NOTHING);
}

Test(derive, without_counts_status_comes_from_sizes) {
    static const pgs_health_status HEALTH[] = {PGS_UNBALANCED, PGS_HEALTHY, PGS_WARNING};
    make_derived(&snap, 3, NULL, BYTES);
    expect_health(HEALTH);
    cr_expect(isnan(snap.distribution_variance));
    cr_expect_eq(snap.distribution_status, PGS_SKEW_UNKNOWN);
}

Test(derive, an_unmeasured_partition_is_in_no_one_s_way) {
    static const double CHUNK[] = {10, NAN, 10}, SIZE[] = {8192, NAN, 8192};
    static const double PERCENTAGE[] = {50, NAN, 50}, SKEW[] = {0, NAN, 0};
    static const pgs_health_status HEALTH[] = {PGS_HEALTHY, PGS_UNMEASURED, PGS_HEALTHY};
    make_derived(&snap, 3, CHUNK, SIZE);
    expect_column(PGS_CHUNK_PERCENTAGE, PERCENTAGE);
    expect_column(PGS_CHUNK_SKEW, SKEW);
    expect_health(HEALTH);
}

Test(derive, strays_are_in_the_percentages_and_in_nothing_else) {
    static const double PERCENTAGE[] = {25, 16.67, 8.33}, SIZES[] = {50, 33.33, 16.67},
                        SKEW[] = {0.5, 0, 0.5};
    make_snapshot(&snap, 3, CHUNKS, BYTES);
    snap.stray_metric[PGS_CHUNK_COUNT] = 6;
    cr_assert_eq(pgs_snapshot_derive(&snap, &err), PGS_OK);
    expect_column(PGS_CHUNK_PERCENTAGE, PERCENTAGE);
    expect_column(PGS_SIZE_PERCENTAGE, SIZES);
    expect_column(PGS_CHUNK_SKEW, SKEW);
}

Test(derive, recent_chunks_have_percentages_too) {
    static const double HOUR[] = {1, 0, 7}, DAY[] = {0, 0, 0}, WEEK[] = {NAN, 5, 5};
    static const double HOURS[] = {12.5, 0, 87.5}, DAYS[] = {0, 0, 0}, WEEKS[] = {NAN, 50, 50};
    make_snapshot(&snap, 3, CHUNKS, NULL);
    memcpy(snap.metric[PGS_CHUNKS_LAST_HOUR], HOUR, sizeof HOUR);
    memcpy(snap.metric[PGS_CHUNKS_LAST_DAY], DAY, sizeof DAY);
    memcpy(snap.metric[PGS_CHUNKS_LAST_WEEK], WEEK, sizeof WEEK);
    cr_assert_eq(pgs_snapshot_derive(&snap, &err), PGS_OK);
    expect_column(PGS_HOUR_PERCENTAGE, HOURS);
    expect_column(PGS_DAY_PERCENTAGE, DAYS);
    expect_column(PGS_WEEK_PERCENTAGE, WEEKS);
}

Test(derive, percentages_of_the_source_are_kept) {
    static const double EXPORTED[] = {40, NAN, 13.33};
    make_snapshot(&snap, 3, CHUNKS, NULL);
    memcpy(snap.metric[PGS_CHUNK_PERCENTAGE], EXPORTED, sizeof EXPORTED);
    cr_assert_eq(pgs_snapshot_derive(&snap, &err), PGS_OK);
    expect_column(PGS_CHUNK_PERCENTAGE, EXPORTED);
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_OK, "%s", err.msg);
}

Test(derive, no_partition_derives_nothing) {
    make_derived(&snap, 0, NULL, NULL);
    cr_expect(isnan(snap.distribution_variance));
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_OK);
}

/* ---- verify ---- */

Test(derive, what_was_derived_is_verified) {
    make_derived(&snap, 3, CHUNKS, BYTES);
    cr_assert_eq(pgs_snapshot_verify(&snap, &err), PGS_OK, "%s", err.msg);
}

/* Change one value of a good snapshot: whatever it is computed from, or what comes of it. */
static const struct {
    pgs_metric metric;
    double by;
} ALTERED[] = {
    {PGS_CHUNK_SKEW, 0.0001},   {PGS_SIZE_SKEW, 0.0001}, {PGS_TOTAL_SIZE_MB, 0.0001},
    {PGS_CHUNK_SKEW, NAN},      {PGS_SIZE_SKEW, NAN},    {PGS_TOTAL_SIZE_MB, 1e300},
    {PGS_AVG_CHUNK_SIZE_KB, 1}, {PGS_CHUNK_COUNT, 1},    {PGS_SIZE_BYTES, 8192},
};

Test(derive, every_altered_column_is_found) {
    for (size_t i = 0; i < PGS_COUNT_OF(ALTERED); i++)
        for (size_t p = 0; p < 3; p++) {
            make_derived(&snap, 3, CHUNKS, BYTES);
            snap.metric[ALTERED[i].metric][p] += ALTERED[i].by;
            cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_E_DATA, "%s of %zu",
                         pgs_metric_get(ALTERED[i].metric)->key, p);
            cr_expect_not_null(strstr(err.msg, "partition "), "%s", err.msg);
            cr_expect_gt(strlen(err.hint), 0u);
            pgs_snapshot_reset(&snap);
        }
}

Test(derive, altered_percentages_are_found_where_the_strays_are_known) {
    make_snapshot(&snap, 3, CHUNKS, BYTES);
    snap.stray_metric[PGS_CHUNK_COUNT] = 6;
    cr_assert_eq(pgs_snapshot_derive(&snap, &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_verify(&snap, &err), PGS_OK, "%s", err.msg);
    snap.metric[PGS_CHUNK_PERCENTAGE][1] += 0.01;
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "chunk_percentage of partition 1"), "%s", err.msg);
    snap.stray_metric[PGS_CHUNK_COUNT] = NAN; /* an import may know of more rows than we do */
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_OK);
}

Test(derive, an_altered_status_or_variance_is_found) {
    make_derived(&snap, 3, CHUNKS, BYTES);
    snap.health[2] = PGS_HEALTHY;
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "health_status of partition 2"), "%s", err.msg);
    snap.health[2] = PGS_WARNING;
    snap.distribution_variance = 0.1666;
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "variance"), "%s", err.msg);
    snap.distribution_variance = 0.1667;
    snap.distribution_status = PGS_SKEW_NORMAL;
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_E_DATA);
    snap.distribution_status = PGS_SKEW_WARNING;
    cr_expect_eq(pgs_snapshot_verify(&snap, &err), PGS_OK, "%s", err.msg);
}

/* ---- without memory ---- */

Test(derive, failing_memory_is_said) {
    make_snapshot(&snap, 3, CHUNKS, BYTES);
    pgs_mem_fail_at(1);
    cr_expect_eq(pgs_snapshot_derive(&snap, &err), PGS_E_BUG);
    cr_assert_eq(pgs_snapshot_derive(&snap, &err), PGS_OK);
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK && nth < 20; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_snapshot_verify(&snap, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
    }
    cr_expect_eq(st, PGS_OK);
}
