/* health/rules.c: the guide's thresholds and sentences, where the promise's table settles what
 * guide and code disagree on. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "health/health.h"
#include "support/make.h"
#include "support/no_leaks.h"

static pgs_snapshot snap;
static pgs_result result;
static pgs_err err;

static void set_up(void) {
    pgs_result_init(&result);
    result.arena = pgs_arena_new();
}

static void tear_down(void) {
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(rules, .init = set_up, .fini = tear_down);

#define REBALANCE    "Consider rebalancing affected partitions"
#define MONITOR      "Monitor partition growth"
#define REDISTRIBUTE "Consider data redistribution"

/* Partitions of which only these published values matter. */
static void make_skews(size_t n, const double *chunk, const double *size,
                       const pgs_health_status *status) {
    make_snapshot(&snap, n, NULL, NULL);
    for (size_t p = 0; p < n; p++) {
        snap.metric[PGS_CHUNK_SKEW][p] = chunk ? chunk[p] : NAN;
        snap.metric[PGS_SIZE_SKEW][p] = size ? size[p] : NAN;
        snap.health[p] = status ? status[p] : PGS_HEALTHY;
    }
}

/* ---- the ranking ---- */

Test(rules, partitions_are_ranked_by_skew_then_number_and_unmeasured_last) {
    static const double CHUNK[] = {0.1, 0.9, NAN, 0.1, 0.3, NAN, 0.9};
    static const int64_t ORDER[] = {1, 6, 4, 0, 3, 2, 5};
    make_skews(7, CHUNK, NULL, NULL);
    cr_assert_eq(pgs_health_rank(&snap, &result, &err), PGS_OK);
    for (size_t i = 0; i < 7; i++)
        cr_expect_eq(result.health[i].partition_num, ORDER[i], "place %zu", i);
}

Test(rules, a_partition_s_health_has_everything_the_guide_lists) {
    static const double CHUNKS[] = {3, 2, 1}, BYTES[] = {49152, 32768, 16384};
    make_derived(&snap, 3, CHUNKS, BYTES);
    make_text(&snap, &snap.part[0].name, "chunks_part_00");
    cr_assert_eq(pgs_health_rank(&snap, &result, &err), PGS_OK);
    static const pgs_partition_health IS[] = {
        {0, "chunks_part_00", 3, 6, 50, 49152, 50, PGS_UNBALANCED, 0.5, 0.5, REBALANCE},
        {2, NULL, 1, 6, 16.67, 16384, 16.67, PGS_WARNING, 0.5, 0.5, MONITOR},
        {1, NULL, 2, 6, 33.33, 32768, 33.33, PGS_HEALTHY, 0, 0, NULL},
    };
    for (size_t i = 0; i < 3; i++) {
        const pgs_partition_health *h = &result.health[i];
        cr_expect_eq(h->partition_num, IS[i].partition_num);
        cr_expect(h->chunk_count == IS[i].chunk_count && h->total_chunks == 6);
        cr_expect_eq(h->chunk_percentage, IS[i].chunk_percentage);
        cr_expect_eq(h->size_bytes, IS[i].size_bytes);
        cr_expect_eq(h->size_percentage, IS[i].size_percentage);
        cr_expect_eq(h->health_status, IS[i].health_status);
        cr_expect(h->chunk_skew == IS[i].chunk_skew && h->size_skew == IS[i].size_skew);
        cr_expect_eq(!h->recommendation, !IS[i].recommendation);
        if (h->recommendation && IS[i].recommendation)
            cr_expect_str_eq(h->recommendation, IS[i].recommendation);
    }
    cr_expect_str_eq(result.health[0].partition_name, "chunks_part_00");
}

Test(rules, statuses_are_counted) {
    static const pgs_health_status STATUS[] = {PGS_HEALTHY, PGS_WARNING,    PGS_UNBALANCED,
                                               PGS_WARNING, PGS_UNMEASURED, PGS_HEALTHY,
                                               PGS_HEALTHY};
    make_skews(7, NULL, NULL, STATUS);
    cr_assert_eq(pgs_health_rank(&snap, &result, &err), PGS_OK);
    cr_expect_eq(result.total_partitions, 7u);
    cr_expect(result.healthy_count == 3 && result.warning_count == 2);
    cr_expect(result.unbalanced_count == 1 && result.unmeasured_count == 1);
    cr_expect_eq(result.health_percentage, 3.0 / 7 * 100);
}

Test(rules, no_partition_has_no_health_percentage) {
    make_snapshot(&snap, 0, NULL, NULL);
    cr_assert_eq(pgs_health_rank(&snap, &result, &err), PGS_OK);
    cr_expect_eq(result.total_partitions, 0u);
    cr_expect(isnan(result.health_percentage));
}

/* ---- the five metrics ---- */

static const struct {
    const char *name;
    double chunk, size; /* the largest published skews */
    pgs_skew_status chunk_status, size_status;
    const char *chunk_details, *size_details;
} DISTRIBUTION[] = {
    {"even", 0, 0, PGS_SKEW_NORMAL, PGS_SKEW_NORMAL, "Chunk distribution within expected range",
     "Partition size skew within expected range"},
    {"just below both thresholds", 0.2999, 0.4999, PGS_SKEW_NORMAL, PGS_SKEW_WARNING,
     "Chunk distribution within expected range", "Partition size skew exceeds warning threshold"},
    {"at both thresholds", 0.3, 0.5, PGS_SKEW_WARNING, PGS_SKEW_CRITICAL,
     "Chunk distribution exceeds warning threshold",
     "Partition size skew exceeds critical threshold"},
    {"the other way round", 0.5, 0.3, PGS_SKEW_CRITICAL, PGS_SKEW_WARNING,
     "Chunk distribution exceeds critical threshold",
     "Partition size skew exceeds warning threshold"},
    {"without sizes", 99, NAN, PGS_SKEW_CRITICAL, PGS_SKEW_UNKNOWN,
     "Chunk distribution exceeds critical threshold", "Partition sizes were not observed"},
    {"without counts", NAN, 0.1, PGS_SKEW_UNKNOWN, PGS_SKEW_NORMAL,
     "Chunk counts were not observed", "Partition size skew within expected range"},
};

static void expect_metric(pgs_skew_kind kind, const char *metric, double value,
                          pgs_skew_status status, const char *details, const char *name) {
    const pgs_skew_metric *m = &result.skew[kind];
    cr_expect_str_eq(m->metric, metric);
    cr_expect(make_same(m->value, value), "%s: %s is %.17g", name, metric, m->value);
    cr_expect_eq(m->status, status, "%s: %s", name, metric);
    cr_expect_str_eq(m->details, details, "%s: %s", name, m->details);
}

Test(rules, distributions_go_by_the_largest_published_skew) {
    for (size_t i = 0; i < PGS_COUNT_OF(DISTRIBUTION); i++) {
        double chunk[] = {NAN, DISTRIBUTION[i].chunk, DISTRIBUTION[i].chunk / 2, NAN};
        double size[] = {DISTRIBUTION[i].size / 2, NAN, DISTRIBUTION[i].size, NAN};
        make_skews(4, chunk, size, NULL);
        pgs_health_skew(&snap, &result);
        expect_metric(PGS_SKEW_CHUNK_DISTRIBUTION, "chunk_distribution", DISTRIBUTION[i].chunk,
                      DISTRIBUTION[i].chunk_status, DISTRIBUTION[i].chunk_details,
                      DISTRIBUTION[i].name);
        expect_metric(PGS_SKEW_SIZE_DISTRIBUTION, "size_distribution", DISTRIBUTION[i].size,
                      DISTRIBUTION[i].size_status, DISTRIBUTION[i].size_details,
                      DISTRIBUTION[i].name);
        pgs_snapshot_reset(&snap);
    }
}

#define H PGS_HEALTHY
#define W PGS_WARNING
#define U PGS_UNBALANCED
#define N PGS_UNMEASURED

static const struct {
    const char *name;
    pgs_health_status status[4];
    double value;
    pgs_skew_status is;
    const char *details;
} HEALTH[] = {
    {"all healthy", {H, H, H, H}, 0, PGS_SKEW_NORMAL, "All partitions report healthy status"},
    {"healthy where measured",
     {H, N, H, N},
     0,
     PGS_SKEW_NORMAL,
     "All partitions report healthy status"},
    {"one warning", {H, W, H, H}, 1, PGS_SKEW_WARNING, "1 partitions show early warnings"},
    {"three warnings", {W, W, H, W}, 3, PGS_SKEW_WARNING, "3 partitions show early warnings"},
    {"unbalanced hides warnings",
     {U, W, W, U},
     2,
     PGS_SKEW_CRITICAL,
     "2 partitions require rebalancing"},
    {"nothing measured", {N, N, N, N}, NAN, PGS_SKEW_UNKNOWN, "No partition was measured"},
};

Test(rules, partition_health_counts_the_worst_status) {
    for (size_t i = 0; i < PGS_COUNT_OF(HEALTH); i++) {
        make_skews(4, NULL, NULL, HEALTH[i].status);
        pgs_health_skew(&snap, &result);
        expect_metric(PGS_SKEW_PARTITION_HEALTH, "partition_health", HEALTH[i].value, HEALTH[i].is,
                      HEALTH[i].details, HEALTH[i].name);
        pgs_snapshot_reset(&snap);
    }
}

#define HOT  "High recent write activity detected"
#define COLD "No abnormal recent write activity detected"

static const struct {
    const char *name;
    double chunks[3], percentage[3];
    double value;
    pgs_skew_status status;
    const char *details;
} HOT_SPOT[] = {
    {"exactly an eighth is hot", {1, 7, 0}, {12.5, 12.49, 0}, 1, PGS_SKEW_WARNING, HOT},
    {"just below an eighth is not", {1, 1, 1}, {12.49, 12.49, 12.49}, 0, PGS_SKEW_NORMAL, COLD},
    {"a share without chunks is not", {0, 0, 0}, {100, 12.5, 0}, 0, PGS_SKEW_NORMAL, COLD},
    {"three at once", {5, 5, 5}, {33.33, 33.33, 33.33}, 3, PGS_SKEW_WARNING, HOT},
    {"what was not observed is not",
     {NAN, 9, NAN},
     {50, NAN, NAN},
     NAN,
     PGS_SKEW_UNKNOWN,
     "Recent write activity was not observed"},
    {"one observed is enough to tell", {NAN, 9, NAN}, {NAN, 100, NAN}, 1, PGS_SKEW_WARNING, HOT},
};

Test(rules, a_hot_partition_has_an_eighth_of_the_hour) {
    for (size_t i = 0; i < PGS_COUNT_OF(HOT_SPOT); i++) {
        make_skews(3, NULL, NULL, NULL);
        memcpy(snap.metric[PGS_CHUNKS_LAST_HOUR], HOT_SPOT[i].chunks, sizeof HOT_SPOT[i].chunks);
        memcpy(snap.metric[PGS_HOUR_PERCENTAGE], HOT_SPOT[i].percentage,
               sizeof HOT_SPOT[i].percentage);
        pgs_health_skew(&snap, &result);
        expect_metric(PGS_SKEW_HOT_PARTITIONS, "hot_partitions", HOT_SPOT[i].value,
                      HOT_SPOT[i].status, HOT_SPOT[i].details, HOT_SPOT[i].name);
        pgs_snapshot_reset(&snap);
    }
}

static const struct {
    pgs_skew_status status;
    const char *details;
} VARIANCE[] = {
    {PGS_SKEW_NORMAL, "Distribution variance within expected range"},
    {PGS_SKEW_WARNING, "Distribution variance exceeds warning threshold"},
    {PGS_SKEW_CRITICAL, "Distribution variance exceeds critical threshold"},
    {PGS_SKEW_UNKNOWN, "Chunk counts were not observed"},
};

Test(rules, the_variance_s_status_was_decided_before_rounding) {
    for (size_t i = 0; i < PGS_COUNT_OF(VARIANCE); i++) {
        make_skews(1, NULL, NULL, NULL);
        snap.distribution_variance = 0.25; /* says nothing about the status */
        snap.distribution_status = VARIANCE[i].status;
        pgs_health_skew(&snap, &result);
        expect_metric(PGS_SKEW_DISTRIBUTION_VARIANCE, "distribution_variance", 0.25,
                      VARIANCE[i].status, VARIANCE[i].details, "variance");
        pgs_snapshot_reset(&snap);
    }
}

Test(rules, published_at_the_threshold_but_judged_below_it) {
    static const double CHUNKS[] = {1299999, 700001,  1000000, 1000000, 1000000,
                                    1000000, 1000000, 1000000, 1000000, 1000000};
    make_derived(&snap, 10, CHUNKS, NULL);
    pgs_health_skew(&snap, &result);
    expect_metric(PGS_SKEW_CHUNK_DISTRIBUTION, "chunk_distribution", 0.3, PGS_SKEW_WARNING,
                  "Chunk distribution exceeds warning threshold", "0.299999");
    expect_metric(PGS_SKEW_PARTITION_HEALTH, "partition_health", 0, PGS_SKEW_NORMAL,
                  "All partitions report healthy status", "0.299999");
}

/* ---- alerts ---- */

static pgs_status alerts(void) {
    pgs_status st = pgs_health_rank(&snap, &result, &err);
    return st == PGS_OK ? pgs_health_alert(&snap, &result, &err) : st;
}

Test(rules, a_healthy_table_alerts_nobody) {
    make_skews(3, NULL, NULL, NULL);
    cr_assert_eq(alerts(), PGS_OK);
    cr_expect_eq(result.n_alerts, 0u);
}

Test(rules, alerts_of_every_kind_in_their_order) {
    static const pgs_health_status STATUS[] = {U, N, W, U, W, H, W};
    static const double CHUNK[] = {0.6, NAN, 0.3, 0.9, 0.4, 0, 0.3};
    make_skews(7, CHUNK, NULL, STATUS);
    make_text(&snap, &snap.part[1].name, "chunks_part_01");
    cr_assert_eq(pgs_snapshot_set_strays(&snap, 1, &err), PGS_OK);
    make_text(&snap, &snap.stray[0].name, "chunks_default");
    snap.stray[0].chunk_count = 12;
    cr_assert_eq(alerts(), PGS_OK);
    cr_assert_eq(result.n_alerts, 4u);

    const pgs_alert *a = &result.alert[0];
    cr_expect_eq(a->kind, PGS_ALERT_UNBALANCED);
    cr_expect_str_eq(a->level, "ERROR");
    cr_expect_str_eq(a->message, "2 partitions are severely unbalanced");
    cr_expect_str_eq(a->action, "Consider rebalancing or adjusting partition strategy");
    cr_assert_eq(a->n_details, 2u);
    cr_expect(a->detail[0].partition_num == 3 && a->detail[1].partition_num == 0); /* ranked */
    cr_expect_str_eq(a->detail[0].recommendation, REBALANCE);

    a = &result.alert[1];
    cr_expect_eq(a->kind, PGS_ALERT_WARNING);
    cr_expect_str_eq(a->level, "WARNING");
    cr_expect_str_eq(a->message, "3 partitions showing early signs of imbalance");
    cr_expect_str_eq(a->action, "Monitor closely and plan preventive maintenance");
    cr_expect_eq(a->n_details, 0u);

    a = &result.alert[2];
    cr_expect_eq(a->kind, PGS_ALERT_UNMEASURED);
    cr_expect_str_eq(a->level, "WARNING");
    cr_expect_not_null(strstr(a->message, "1 partition"));
    cr_assert_eq(a->n_details, 1u);
    cr_expect_eq(a->detail[0].partition_num, 1);
    cr_expect_str_eq(a->detail[0].name, "chunks_part_01");
    /* not "unlocked": foreign tables are never read */
    cr_expect_str_eq(a->action, "Collect again when they can be read");

    a = &result.alert[3];
    cr_expect_eq(a->kind, PGS_ALERT_STRAY);
    cr_expect_str_eq(a->level, "WARNING");
    cr_assert_eq(a->n_details, 1u);
    cr_expect_eq(a->detail[0].partition_num, -1);
    cr_expect_str_eq(a->detail[0].name, "chunks_default");
    cr_expect(a->detail[0].chunk_count == 12 && isnan(a->detail[0].size_bytes));
}

Test(rules, alerts_are_of_the_latest_question_only) {
    static const pgs_health_status STATUS[] = {U, W};
    make_skews(2, NULL, NULL, STATUS);
    cr_assert_eq(alerts(), PGS_OK);
    cr_assert_eq(alerts(), PGS_OK);
    cr_expect_eq(result.n_alerts, 2u);
    cr_expect_eq(result.alert[0].n_details, 1u);
}

/* ---- recommendations ---- */

static const struct {
    const char *name;
    double chunk, size;
    const char *reason; /* NULL: none */
    double current_skew;
    const char *action;
    pgs_priority priority;
} ADVICE[] = {
    {"even", 0, 0, NULL, 0, NULL, 0},
    {"just below the threshold", 0.3999, 0.3999, NULL, 0, NULL, 0},
    {"at the threshold", 0.4, 0, "High chunk skew", 0.4, REDISTRIBUTE, PGS_PRIORITY_MEDIUM},
    {"size at the threshold", 0, 0.4, "High size skew", 0.4, REDISTRIBUTE, PGS_PRIORITY_MEDIUM},
    {"the larger is named", 0.45, 0.46, "High size skew", 0.46, REDISTRIBUTE, PGS_PRIORITY_MEDIUM},
    {"a tie is the chunks'", 0.45, 0.45, "High chunk skew", 0.45, REDISTRIBUTE,
     PGS_PRIORITY_MEDIUM},
    {"just below high", 0.4999, 0, "High chunk skew", 0.4999, REDISTRIBUTE, PGS_PRIORITY_MEDIUM},
    {"high", 0.5, 0.1, "High chunk skew", 0.5, REBALANCE, PGS_PRIORITY_HIGH},
    {"high by size", 0.45, 3, "High size skew", 3, REBALANCE, PGS_PRIORITY_HIGH},
    {"sizes not observed", 0.7, NAN, "High chunk skew", 0.7, REBALANCE, PGS_PRIORITY_HIGH},
    {"chunks not observed", NAN, 0.7, "High size skew", 0.7, REBALANCE, PGS_PRIORITY_HIGH},
    {"nothing observed", NAN, NAN, NULL, 0, NULL, 0},
};

Test(rules, what_is_recommended_and_why) {
    for (size_t i = 0; i < PGS_COUNT_OF(ADVICE); i++) {
        make_skews(1, &ADVICE[i].chunk, &ADVICE[i].size, NULL);
        cr_assert_eq(pgs_health_recommend(&snap, &result, &err), PGS_OK);
        cr_expect_eq(result.n_recommendations, ADVICE[i].reason != NULL, "%s", ADVICE[i].name);
        if (result.n_recommendations == 1 && ADVICE[i].reason) {
            const pgs_recommendation *r = &result.recommendation[0];
            cr_expect_str_eq(r->reason, ADVICE[i].reason, "%s", ADVICE[i].name);
            cr_expect_eq(r->current_skew, ADVICE[i].current_skew, "%s", ADVICE[i].name);
            cr_expect_str_eq(r->action, ADVICE[i].action, "%s", ADVICE[i].name);
            cr_expect_eq(r->priority, ADVICE[i].priority, "%s", ADVICE[i].name);
        }
        pgs_snapshot_reset(&snap);
    }
}

Test(rules, recommendations_by_current_skew_then_number) {
    static const double CHUNK[] = {0.5, 0.1, 0.9, 0.5, 0.2, 0.5}, SIZE[] = {0, 0.9, 0, 0, 0.4, 0};
    static const int64_t ORDER[] = {1, 2, 0, 3, 5, 4};
    make_skews(6, CHUNK, SIZE, NULL);
    cr_assert_eq(pgs_health_recommend(&snap, &result, &err), PGS_OK);
    cr_assert_eq(result.n_recommendations, 6u);
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(result.recommendation[i].partition_num, ORDER[i], "place %zu", i);
}

Test(rules, priorities_have_the_guide_s_names) {
    cr_expect_str_eq(pgs_priority_name(PGS_PRIORITY_MEDIUM), "MEDIUM");
    cr_expect_str_eq(pgs_priority_name(PGS_PRIORITY_HIGH), "HIGH");
}
