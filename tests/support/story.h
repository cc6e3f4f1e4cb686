/* Three partitions with exact skews of one half, and names as nasty as names get: a snapshot and
 * its result, filled by hand. For one test program: everything in it is static. */
#ifndef PGSKEW_TESTS_STORY_H
#define PGSKEW_TESTS_STORY_H

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/report.h"

#define TAKEN     INT64_C(1792303200250000) /* 2026-10-18T06:00:00.25Z */
#define REBALANCE "Consider rebalancing affected partitions"

static pgs_snapshot snap;
static pgs_result result;
static pgs_partition_health health[60];
static pgs_recommendation advice[2];
static pgs_collection_total collections[2];
static pgs_alert_detail unbalanced;
static pgs_err err;

/* ---- the moment ---- */

static void fill_partition(size_t p, double chunks, double bytes, double percentage, double skew) {
    snap.part[p].num = (int64_t)p;
    snap.part[p].measured = true;
    snap.metric[PGS_CHUNK_COUNT][p] = chunks;
    snap.metric[PGS_SIZE_BYTES][p] = bytes;
    snap.metric[PGS_CHUNK_PERCENTAGE][p] = percentage;
    snap.metric[PGS_SIZE_PERCENTAGE][p] = percentage;
    snap.metric[PGS_CHUNK_SKEW][p] = skew;
    snap.metric[PGS_CHUNKS_LAST_HOUR][p] = (double)p;
}

static void fill_snapshot(void) {
    pgs_snapshot_init(&snap);
    cr_assert_eq(pgs_snapshot_set_parts(&snap, 3, &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_text(&snap, &snap.head.table_name, "public.chunks", &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_text(&snap, &snap.head.source, "=import", &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_text(&snap, &snap.part[1].name, "a,\"b\"\n\033[31m_part_1", &err),
                 PGS_OK);
    snap.head.taken_us = TAKEN;
    fill_partition(0, 3, 49152, 50, 0.5);
    fill_partition(1, 2, 32768, 33.33, 0);
    fill_partition(2, 1, 16384, 16.67, 0.5);
    snap.metric[PGS_AVG_TOKENS][0] = 314.3333333333333;
    snap.metric[PGS_OLDEST_CREATED_AT][0] = (double)(TAKEN - INT64_C(90061000001));
    snap.metric[PGS_LAST_CREATED_AT][0] = (double)(TAKEN + 250000);
    snap.metric[PGS_ROW_ESTIMATE][2] = 1;
}

static pgs_partition_health health_of(int64_t num, double chunks, double bytes, double percentage,
                                      pgs_health_status status, double skew) {
    return (pgs_partition_health){
        .partition_num = num,
        .chunk_count = chunks,
        .total_chunks = 6,
        .chunk_percentage = percentage,
        .size_bytes = bytes,
        .size_percentage = percentage,
        .health_status = status,
        .chunk_skew = skew,
        .size_skew = skew,
        .recommendation = status == PGS_UNBALANCED ? REBALANCE
                          : status == PGS_WARNING  ? "Monitor partition growth"
                                                   : NULL,
    };
}

static void fill_skew(void) {
    static const pgs_skew_metric SKEW[PGS_SKEW_KIND_COUNT] = {
        {"chunk_distribution", 0.5, PGS_SKEW_CRITICAL,
         "Chunk distribution exceeds critical threshold"},
        {"size_distribution", NAN, PGS_SKEW_UNKNOWN, "Partition sizes were not observed"},
        {"partition_health", 1, PGS_SKEW_CRITICAL, "1 partitions require rebalancing"},
        {"hot_partitions", 0, PGS_SKEW_NORMAL, "No abnormal recent write activity detected"},
        {"distribution_variance", 0.1667, PGS_SKEW_WARNING,
         "Distribution variance exceeds warning threshold"},
    };
    memcpy(result.skew, SKEW, sizeof SKEW);
}

static void fill_result(void) {
    pgs_result_init(&result);
    result.taken_us = TAKEN;
    result.total_partitions = 3;
    result.unbalanced_count = result.warning_count = result.healthy_count = 1;
    result.health_percentage = 1.0 / 3.0 * 100;
    health[0] = health_of(0, 3, 49152, 50, PGS_UNBALANCED, 0.5);
    health[1] = health_of(2, 1, 16384, 16.67, PGS_WARNING, 0.5);
    health[2] = health_of(1, 2, 32768, 33.33, PGS_HEALTHY, 0);
    result.health = health;
    fill_skew();
    unbalanced = (pgs_alert_detail){0, NULL, NAN, NAN, 50, 50, REBALANCE};
    result.n_alerts = 1;
    result.alert[0] = (pgs_alert){PGS_ALERT_UNBALANCED,
                                  "ERROR",
                                  "1 partitions are severely unbalanced",
                                  "Consider rebalancing or adjusting partition strategy",
                                  1,
                                  &unbalanced};
    advice[0] = (pgs_recommendation){0, NULL, "High chunk skew", 0.5, REBALANCE, PGS_PRIORITY_HIGH};
    advice[1] = (pgs_recommendation){
        2, NULL, "High size skew", 0.45, "Consider data redistribution", PGS_PRIORITY_MEDIUM};
    result.n_recommendations = 2;
    result.recommendation = advice;
    result.statistics = (pgs_statistics){3, 6, 0.0938, 2, 1};
    collections[0] = (pgs_collection_total){"c-1", "[red]markup[/red]", 1084, 5420, 247, NAN, 0};
    collections[1] = (pgs_collection_total){"+1", "two\nlines", 1, 1, NAN, (double)TAKEN, 2};
    result.n_collections = 2;
    result.collection = collections;
}

/* What a page shows besides: two days of three partitions, and the file it came from. */
static inline void fill_page(pgs_report_input *in) {
    static double signed_skew[] = {0.5, 0, -0.5}, chunks[] = {5, 6}, bytes[] = {NAN, NAN};
    static const double SKEWS[3][2] = {{0.2, 0.5}, {NAN, 0}, {-0.4, -0.5}}, COUNTS[2] = {1, 2};
    static size_t by_skew[] = {0, 1, 2};
    static int64_t taken_us[] = {TAKEN - PGS_DAY_US, TAKEN};
    static pgs_heat_row row[] = {
        {0, NULL, SKEWS[0], COUNTS}, {1, "<b>", SKEWS[1], COUNTS}, {2, NULL, SKEWS[2], COUNTS}};
    static const pgs_overview OVERVIEW = {.n_parts = 3,
                                          .n_seen = 3,
                                          .by_skew = by_skew,
                                          .days_per_column = 1,
                                          .n_columns = 2,
                                          .taken_us = taken_us,
                                          .total = {chunks, bytes},
                                          .n_rows = 3,
                                          .row = row,
                                          .n_left_out = 7};
    static const pgs_report_file FILES[] = {{"a&b.db", false, 1, TAKEN, TAKEN, 12288, 255}};
    static const pgs_provenance PROVENANCE = {1, FILES, 4095};
    result.signed_skew = signed_skew;
    in->overview = &OVERVIEW;
    in->provenance = &PROVENANCE;
}

#endif
