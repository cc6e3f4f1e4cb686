/* pipeline/analyze.c: the guide's service methods as functions, on the recorded case
 * p3-half-exact and on questions that have no answer. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"

static pgs_snapshot snap;
static pgs_result result;
static pgs_err err;

/* p3-half-exact: two partitions of exact skew 1/2, one UNBALANCED and the other WARNING. */
static void set_up(void) {
    static const double CHUNKS[] = {3, 2, 1}, BYTES[] = {49152, 32768, 16384};
    make_snapshot(&snap, 3, CHUNKS, BYTES);
    for (size_t p = 0; p < 3; p++) {
        snap.metric[PGS_CHUNKS_LAST_HOUR][p] = 0;
        snap.metric[PGS_LAST_CREATED_AT][p] = 1e15 + (double)p;
    }
    cr_assert_eq(pgs_snapshot_derive(&snap, NULL), PGS_OK);
    pgs_result_init(&result);
}

static void tear_down(void) {
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(analyze, .init = set_up, .fini = tear_down);

Test(analyze, a_new_result_knows_nothing) {
    cr_expect_eq(result.taken_us, PGS_TIME_NONE);
    cr_expect(result.total_partitions == 0 && result.n_alerts == 0 && result.n_collections == 0);
    cr_expect(isnan(result.health_percentage) && isnan(result.statistics.total_chunks));
    for (int k = 0; k < PGS_SKEW_KIND_COUNT; k++)
        cr_expect(isnan(result.skew[k].value) && result.skew[k].status == PGS_SKEW_UNKNOWN);
    pgs_result_reset(NULL);
    static pgs_result zeroed;
    pgs_result_reset(&zeroed);
}

Test(analyze, health_summary_as_recorded) {
    static const struct {
        int64_t num;
        pgs_health_status status;
        double chunk_percentage, chunk_skew;
    } IS[] = {
        {0, PGS_UNBALANCED, 50, 0.5}, {2, PGS_WARNING, 16.67, 0.5}, {1, PGS_HEALTHY, 33.33, 0}};
    cr_assert_eq(pgs_partition_health_summary(&snap, &result, &err), PGS_OK);
    cr_expect_eq(result.taken_us, MAKE_TAKEN);
    cr_expect_eq(result.total_partitions, 3u);
    cr_expect(result.healthy_count == 1 && result.warning_count == 1);
    cr_expect_eq(result.unbalanced_count, 1u);
    cr_expect_eq(result.health_percentage, 33.33333333333333);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(result.health[i].partition_num, IS[i].num);
        cr_expect_eq(result.health[i].health_status, IS[i].status);
        cr_expect_eq(result.health[i].chunk_percentage, IS[i].chunk_percentage);
        cr_expect_eq(result.health[i].chunk_skew, IS[i].chunk_skew);
    }
}

Test(analyze, skew_metrics_as_recorded_and_the_variance) {
    static const struct {
        const char *metric;
        double value;
        pgs_skew_status status;
        const char *details;
    } IS[] = {{"chunk_distribution", 0.5, PGS_SKEW_CRITICAL,
               "Chunk distribution exceeds critical threshold"},
              {"size_distribution", 0.5, PGS_SKEW_CRITICAL,
               "Partition size skew exceeds critical threshold"},
              {"partition_health", 1, PGS_SKEW_CRITICAL, "1 partitions require rebalancing"},
              {"hot_partitions", 0, PGS_SKEW_NORMAL, "No abnormal recent write activity detected"},
              {"distribution_variance", 0.1667, PGS_SKEW_WARNING,
               "Distribution variance exceeds warning threshold"}};
    cr_assert_eq(pgs_partition_skew_analyze(&snap, &result, &err), PGS_OK);
    for (size_t k = 0; k < PGS_SKEW_KIND_COUNT; k++) {
        cr_expect_str_eq(result.skew[k].metric, IS[k].metric);
        cr_expect_eq(result.skew[k].value, IS[k].value, "%s", IS[k].metric);
        cr_expect_eq(result.skew[k].status, IS[k].status, "%s", IS[k].metric);
        cr_expect_str_eq(result.skew[k].details, IS[k].details);
    }
}

Test(analyze, a_health_check_adds_the_alerts) {
    cr_assert_eq(pgs_partition_health_check(&snap, &result, &err), PGS_OK);
    cr_expect(result.total_partitions == 3 && result.skew[0].value == 0.5);
    cr_assert_eq(result.n_alerts, 2u);
    cr_expect_str_eq(result.alert[0].message, "1 partitions are severely unbalanced");
    cr_expect_str_eq(result.alert[1].message, "1 partitions showing early signs of imbalance");
    cr_assert_eq(result.alert[0].n_details, 1u);
    cr_expect_eq(result.alert[0].detail[0].partition_num, 0);
    cr_expect_eq(result.alert[0].detail[0].chunk_percentage, 50);
}

Test(analyze, statistics_as_recorded) {
    cr_assert_eq(pgs_partition_statistics_get(&snap, &result, &err), PGS_OK);
    cr_expect_eq(result.statistics.partition_count, 3u);
    cr_expect_eq(result.statistics.total_chunks, 6);
    cr_expect_eq(result.statistics.total_size_mb, 0.0938);
    cr_expect_eq(result.statistics.avg_chunks_per_partition, 2);
    cr_expect_eq(result.statistics.chunk_count_stddev, 1);
}

Test(analyze, statistics_of_one_as_recorded) {
    pgs_partition_statistics one;
    cr_assert_eq(pgs_partition_statistics_one(&snap, 1, &one, &err), PGS_OK);
    cr_expect(one.partition_num == 1 && one.chunk_count == 2);
    cr_expect(one.total_size_mb == 0.0313 && one.avg_chunk_size_kb == 16);
    cr_expect_eq(one.created_at, 1e15 + 1);
}

Test(analyze, a_partition_that_is_not_there_is_named) {
    pgs_partition_statistics one;
    static const int64_t NUM[] = {3, -1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < PGS_COUNT_OF(NUM); i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "Partition %lld not found", (long long)NUM[i]);
        cr_expect_eq(pgs_partition_statistics_one(&snap, NUM[i], &one, &err), PGS_E_NO_INPUT);
        cr_expect_str_eq(err.msg, wanted);
    }
    cr_expect_not_null(strstr(err.hint, "0 to 2"), "%s", err.hint);
    snap.head.n_parts = 0;
    cr_expect_eq(pgs_partition_statistics_one(&snap, 0, &one, &err), PGS_E_NO_INPUT);
}

Test(analyze, recommendations_by_the_guide) {
    cr_assert_eq(pgs_rebalancing_recommend(&snap, &result, &err), PGS_OK);
    cr_assert_eq(result.n_recommendations, 2u);
    static const int64_t ORDER[] = {0, 2};
    for (size_t i = 0; i < 2; i++) {
        const pgs_recommendation *r = &result.recommendation[i];
        cr_expect_eq(r->partition_num, ORDER[i]);
        cr_expect_str_eq(r->reason, "High chunk skew");
        cr_expect_eq(r->current_skew, 0.5);
        cr_expect_str_eq(r->action, "Consider rebalancing affected partitions");
        cr_expect_eq(r->priority, PGS_PRIORITY_HIGH);
    }
}

Test(analyze, collections_empty_and_not) {
    cr_assert_eq(pgs_collections_total(&snap, &result, &err), PGS_OK);
    cr_expect_eq(result.n_collections, 0u);
    cr_assert_eq(pgs_snapshot_set_collections(&snap, 1, 1, &err), PGS_OK);
    make_text(&snap, &snap.collection[0].id, "a");
    snap.collection_stat[0].chunk_count = 6;
    cr_assert_eq(pgs_collections_total(&snap, &result, &err), PGS_OK);
    cr_assert_eq(result.n_collections, 1u);
    cr_expect(result.collection[0].total_chunks == 6);
}

Test(analyze, everything_at_once_and_again) {
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(pgs_analyze(&snap, &result, &err), PGS_OK);
        cr_expect(result.total_partitions == 3 && result.n_alerts == 2);
        cr_expect(result.n_recommendations == 2 && result.statistics.total_chunks == 6);
    }
}

Test(analyze, no_partitions_is_an_answer_too) {
    pgs_snapshot none;
    make_derived(&none, 0, NULL, NULL);
    cr_assert_eq(pgs_analyze(&none, &result, &err), PGS_OK);
    cr_expect(result.total_partitions == 0 && result.n_alerts == 0);
    cr_expect(result.n_recommendations == 0 && isnan(result.statistics.total_chunks));
    for (int k = 0; k < PGS_SKEW_KIND_COUNT; k++)
        cr_expect_eq(result.skew[k].status, PGS_SKEW_UNKNOWN);
    pgs_snapshot_reset(&none);
}

Test(analyze, a_skew_analysis_ranks_nobody) {
    cr_assert_eq(pgs_partition_skew_analyze(&snap, &result, &err), PGS_OK);
    cr_expect(result.health || result.total_partitions == 0, "a length without its array");
}

/* Every array is there for as many as its length says. */
static void expect_consistent(size_t nth) {
    cr_expect(result.total_partitions == 0 || result.health, "call %zu", nth);
    cr_expect(result.n_recommendations == 0 || result.recommendation, "call %zu", nth);
    cr_expect(result.n_collections == 0 || result.collection, "call %zu", nth);
    for (size_t i = 0; i < result.n_alerts; i++)
        cr_expect(result.alert[i].n_details == 0 || result.alert[i].detail, "call %zu", nth);
}

Test(analyze, failing_memory_leaves_no_half_an_answer) {
    cr_assert_eq(pgs_snapshot_set_strays(&snap, 1, &err), PGS_OK);
    make_text(&snap, &snap.stray[0].name, "s");
    snap.part[1].measured = false;
    snap.health[1] = PGS_UNMEASURED;
    pgs_status st = PGS_E_BUG;
    size_t nth = 1;
    for (; st != PGS_OK && nth < 30; nth++) { /* fresh each time */
        pgs_result_reset(&result);
        pgs_mem_fail_at(nth);
        st = pgs_analyze(&snap, &result, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu", nth);
        expect_consistent(nth);
    }
    cr_expect(st == PGS_OK && nth > 2);
}

Test(analyze, failing_memory_forgets_the_earlier_answer) {
    static double chunks[3000], bytes[3000]; /* enough that each array needs memory of its own */
    for (size_t p = 0; p < 3000; p++)
        chunks[p] = (double)(p * p), bytes[p] = (double)(p % 7);
    pgs_snapshot_reset(&snap);
    make_derived(&snap, 3000, chunks, bytes);
    cr_assert_eq(pgs_snapshot_set_collections(&snap, 3000, 0, &err), PGS_OK);
    for (size_t i = 0; i < 3000; i++)
        make_text(&snap, &snap.collection[i].id, "c");
    cr_assert_eq(pgs_analyze(&snap, &result, &err), PGS_OK);
    static pgs_status (*const METHOD[])(const pgs_snapshot *, pgs_result *, pgs_err *) = {
        pgs_partition_health_summary, pgs_partition_health_check, pgs_rebalancing_recommend,
        pgs_collections_total};
    for (size_t i = 0; i < PGS_COUNT_OF(METHOD); i++)
        for (size_t nth = 1; nth < 4; nth++) {
            pgs_mem_fail_at(nth);
            pgs_status st = METHOD[i](&snap, &result, &err);
            pgs_mem_fail_at(0);
            cr_expect(nth > 1 || st == PGS_E_BUG, "method %zu", i);
            expect_consistent(nth);
            cr_assert_eq(METHOD[i](&snap, &result, &err), PGS_OK);
        }
    pgs_mem_fail_at(3); /* after the ranking, which takes two */
    cr_assert_eq(pgs_partition_health_check(&snap, &result, &err), PGS_E_BUG);
    cr_expect_eq(result.n_alerts, 0u);
}
