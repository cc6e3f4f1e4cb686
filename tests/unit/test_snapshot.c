/* data/snapshot.c: the shape of one moment, and what every snapshot is held to. */
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

TestSuite(snapshot, .fini = tear_down);

static const double COUNTS[] = {10, 20, 30};
static const double BYTES[] = {8192, 16384, 24576};

/* Three partitions, two strays' sums, two collections with a row each. */
static void make(void) {
    make_snapshot(&snap, 3, COUNTS, BYTES);
    cr_assert_eq(pgs_snapshot_set_strays(&snap, 1, NULL), PGS_OK);
    make_text(&snap, &snap.stray[0].name, "chunks_default");
    cr_assert_eq(pgs_snapshot_set_collections(&snap, 2, 2, NULL), PGS_OK);
    make_text(&snap, &snap.collection[0].id, "a");
    make_text(&snap, &snap.collection[1].id, "b");
    for (size_t i = 0; i < 2; i++) {
        snap.collection_stat[i].collection = i;
        snap.collection_stat[i].partition_num = 1;
        snap.collection_stat[i].chunk_count = 5;
    }
}

Test(snapshot, a_new_one_has_observed_nothing) {
    pgs_snapshot_init(&snap);
    cr_expect_eq(snap.head.taken_us, PGS_TIME_NONE);
    cr_expect_eq(snap.stats_reset_us, PGS_TIME_NONE);
    cr_expect_eq(snap.in_recovery, -1);
    cr_expect(isnan(snap.collect_ms) && isnan(snap.distribution_variance));
    cr_expect_eq(snap.distribution_status, PGS_SKEW_UNKNOWN);
    for (int m = 0; m < PGS_METRIC_COUNT; m++)
        cr_expect(isnan(snap.stray_metric[m]));
    cr_assert_eq(pgs_snapshot_set_parts(&snap, 2, &err), PGS_OK);
    for (size_t p = 0; p < 2; p++) {
        cr_expect(snap.part[p].num == -1 && !snap.part[p].measured && !snap.part[p].name);
        cr_expect_eq(snap.health[p], PGS_UNMEASURED);
        for (int m = 0; m < PGS_METRIC_COUNT; m++)
            cr_expect(isnan(snap.metric[m][p]));
    }
}

Test(snapshot, resetting_nothing_is_fine) {
    static pgs_snapshot zeroed;
    pgs_snapshot_reset(NULL);
    pgs_snapshot_reset(&zeroed);
    pgs_snapshot_init(&snap);
    pgs_snapshot_reset(&snap);
    pgs_snapshot_reset(&snap);
}

Test(snapshot, no_partition_is_a_snapshot_too) {
    make_snapshot(&snap, 0, NULL, NULL);
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
}

Test(snapshot, a_partition_is_found_by_its_number) {
    cr_assert_eq(pgs_snapshot_set_parts(&snap, 5, NULL), PGS_OK);
    cr_expect_eq(pgs_snapshot_find(&snap, 0), SIZE_MAX, "none is numbered yet");
    for (size_t p = 0; p < 5; p++)
        snap.part[p].num = 3 * (int64_t)p;
    for (int64_t num = -1; num < 16; num++)
        cr_expect_eq(pgs_snapshot_find(&snap, num),
                     num >= 0 && num < 15 && num % 3 == 0 ? (size_t)num / 3 : SIZE_MAX, "%d",
                     (int)num);
}

Test(snapshot, a_million_partitions_and_no_more) {
    pgs_snapshot_init(&snap);
    cr_assert_eq(pgs_snapshot_set_parts(&snap, PGS_MAX_PARTITIONS + 1, &err), PGS_E_DATA);
    cr_expect_eq(snap.head.n_parts, 0u);
}

/* ---- what is refused: one change to a good snapshot each ---- */

static void same_number(void) {
    snap.part[2].num = 0;
}
static void negative_number(void) {
    snap.part[1].num = -1;
}
static void negative_count(void) {
    snap.metric[PGS_CHUNK_COUNT][1] = -1;
}
static void negative_average(void) {
    snap.metric[PGS_AVG_TOKENS][1] = -0.5;
}
static void fraction_of_a_row(void) {
    snap.metric[PGS_CHUNK_COUNT][1] = 1.5;
}
static void fraction_of_a_byte(void) {
    snap.metric[PGS_TOAST_BYTES][2] = 0.25;
}
static void fraction_of_a_microsecond(void) {
    snap.metric[PGS_LAST_CREATED_AT][0] = 1e15 + 0.5;
}
static void over_2_53(void) {
    snap.metric[PGS_INDEX_BYTES][0] = PGS_MAX_INTEGER + 2;
}
static void infinite(void) {
    snap.metric[PGS_AVG_TOKENS][0] = INFINITY;
}
static void rows_sum_over_2_53(void) {
    snap.metric[PGS_CHUNK_COUNT][0] = PGS_MAX_INTEGER - 20;
}
static void other_rows_sum_over_2_53(void) {
    snap.metric[PGS_ROW_ESTIMATE][0] = PGS_MAX_INTEGER;
    snap.metric[PGS_ROW_ESTIMATE][1] = 1;
}
static void rows_and_strays_sum_over_2_53(void) {
    snap.stray_metric[PGS_CHUNK_COUNT] = PGS_MAX_INTEGER;
}
static void unmeasured_with_a_value(void) {
    snap.part[1].measured = false;
}
static void latin_1_partition(void) {
    make_text(&snap, &snap.part[2].name,
              "gr\xF6\xDF"
              "e");
}
static void overlong_bounds(void) {
    make_text(&snap, &snap.part[2].bounds, "FOR VALUES IN ('\xC0\xAF')");
}
static void surrogate_table(void) {
    make_text(&snap, &snap.head.table_name, "public.\xED\xA0\x80");
}
static void truncated_database(void) {
    make_text(&snap, &snap.head.database, "db\xE2\x82");
}
static void bad_notes(void) {
    make_text(&snap, &snap.notes, "\xFF");
}
static void no_table(void) {
    snap.head.table_name = NULL;
}
static void no_source(void) {
    snap.head.source = NULL;
}
static void empty_table(void) {
    make_text(&snap, &snap.head.table_name, "");
}
static void before_1970(void) {
    snap.head.taken_us = -1;
}
static void no_moment(void) {
    snap.head.taken_us = PGS_TIME_NONE;
}
static void after_2255(void) {
    snap.head.taken_us = (INT64_C(1) << 53) + 1;
}
static void stray_without_name(void) {
    snap.stray[0].name = NULL;
}
static void negative_stray(void) {
    snap.stray[0].size_bytes = -8192;
}
static void bad_stray_name(void) {
    make_text(&snap, &snap.stray[0].name, "\x80");
}
static void negative_stray_sum(void) {
    snap.stray_metric[PGS_SIZE_BYTES] = -1;
}
static void same_collection(void) {
    make_text(&snap, &snap.collection[1].id, "a");
    snap.collection_stat[1].partition_num = 2;
}
static void collection_without_id(void) {
    snap.collection[0].id = NULL;
}
static void bad_collection_name(void) {
    make_text(&snap, &snap.collection[0].name, "\xC3");
}
static void row_of_no_collection(void) {
    snap.collection_stat[1].collection = 2;
}
static void collection_twice_in_a_partition(void) {
    snap.collection_stat[1].collection = 0;
}
static void more_than_all(void) {
    snap.metric[PGS_WEEK_PERCENTAGE][1] = 100.01;
}

static void beyond_all_reason(void) {
    snap.metric[PGS_CHUNK_SKEW][1] = 1e301;
}

static void endless_collecting(void) {
    snap.collect_ms = INFINITY;
}

static void impossible_identity(void) {
    snap.part[1].relid = -1;
}

static void negative_tokens(void) {
    snap.collection_stat[1].token_sum = -1;
}
static void half_a_document(void) {
    snap.collection_stat[1].document_count = 0.5;
}
static void collections_sum_over_2_53(void) {
    snap.collection_stat[0].token_sum = PGS_MAX_INTEGER;
    snap.collection_stat[1].token_sum = 1;
}

static const struct {
    const char *name;
    void (*change)(void);
    const char *said[2]; /* words of the message */
} REFUSED[] = {
    {"a number twice", same_number, {"partition 0", "twice"}},
    {"a negative number", negative_number, {"partition_num -1", "negative"}},
    {"a negative count", negative_count, {"partition 1", "chunk_count"}},
    {"a negative average", negative_average, {"partition 1", "avg_tokens"}},
    {"a fraction of a row", fraction_of_a_row, {"partition 1", "chunk_count"}},
    {"a fraction of a byte", fraction_of_a_byte, {"partition 2", "toast_bytes"}},
    {"a fraction of a microsecond", fraction_of_a_microsecond, {"partition 0", "last_created_at"}},
    {"more than 2^53", over_2_53, {"partition 0", "index_bytes"}},
    {"infinity", infinite, {"partition 0", "avg_tokens"}},
    {"rows over 2^53 together", rows_sum_over_2_53, {"chunk_count", "2^53"}},
    {"estimates over 2^53 together", other_rows_sum_over_2_53, {"row_estimate", "2^53"}},
    {"rows and strays over 2^53", rows_and_strays_sum_over_2_53, {"chunk_count", "2^53"}},
    {"an unmeasured partition with a value",
     unmeasured_with_a_value,
     {"partition 1", "unmeasured"}},
    {"a name in Latin-1", latin_1_partition, {"partition", "UTF-8"}},
    {"overlong bounds", overlong_bounds, {"bounds", "UTF-8"}},
    {"a surrogate in the table", surrogate_table, {"table", "UTF-8"}},
    {"a truncated database name", truncated_database, {"database", "UTF-8"}},
    {"notes that are not UTF-8", bad_notes, {"notes", "UTF-8"}},
    {"no table", no_table, {"table", ""}},
    {"no source", no_source, {"source", ""}},
    {"an empty table name", empty_table, {"table", ""}},
    {"a moment before 1970", before_1970, {"1970-2255", ""}},
    {"no moment", no_moment, {"1970-2255", ""}},
    {"a moment after 2255", after_2255, {"1970-2255", ""}},
    {"a stray without a name", stray_without_name, {"stray", ""}},
    {"a stray of negative size", negative_stray, {"stray", ""}},
    {"a stray name that is not UTF-8", bad_stray_name, {"stray", "UTF-8"}},
    {"a negative sum of strays", negative_stray_sum, {"stray", "size_bytes"}},
    {"a collection twice", same_collection, {"\"a\"", "twice"}},
    {"a collection without an id", collection_without_id, {"collection", "id"}},
    {"a collection name that is not UTF-8", bad_collection_name, {"collection", "UTF-8"}},
    {"more than 100 percent", more_than_all, {"partition 1", "week_percentage is 100.01"}},
    {"a skew that overflows", beyond_all_reason, {"partition 1", "chunk_skew"}},
    {"it took for ever", endless_collecting, {"about the snapshot", ""}},
    {"an identity below zero", impossible_identity, {"partition 1", "identity"}},
    {"a row of no collection", row_of_no_collection, {"collection", ""}},
    {"a collection twice in a partition", collection_twice_in_a_partition, {"\"a\"", "twice"}},
    {"a negative number of tokens", negative_tokens, {"\"b\"", "-1"}},
    {"half a document", half_a_document, {"\"b\"", "0.5"}},
    {"tokens over 2^53 together", collections_sum_over_2_53, {"token", "2^53"}},
};

Test(snapshot, a_row_for_all_partitions_is_not_added_to_its_parts) {
    make();
    snap.collection_stat[1].collection = 0;
    snap.collection_stat[1].partition_num = -1;
    snap.collection_stat[0].token_sum = snap.collection_stat[1].token_sum = PGS_MAX_INTEGER;
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
    cr_expect_eq(snap.collection_stat[0].partition_num, -1);
}

Test(snapshot, every_bad_value_is_refused_and_named) {
    for (size_t i = 0; i < PGS_COUNT_OF(REFUSED); i++) {
        make();
        cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
        REFUSED[i].change();
        cr_expect_eq(pgs_snapshot_check(&snap, &err), PGS_E_DATA, "%s", REFUSED[i].name);
        for (size_t k = 0; k < 2; k++)
            cr_expect_not_null(strstr(err.msg, REFUSED[i].said[k]), "%s: %s", REFUSED[i].name,
                               err.msg);
        pgs_snapshot_reset(&snap);
    }
}

Test(snapshot, the_largest_values_are_taken) {
    double counts[] = {PGS_MAX_INTEGER, 0, 0}, bytes[3];
    for (size_t p = 0; p < 3; p++)
        bytes[p] = PGS_MAX_INTEGER; /* together over 2^53, under 2^63 */
    make_snapshot(&snap, 3, counts, bytes);
    snap.head.taken_us = INT64_C(1) << 53;
    snap.metric[PGS_LAST_CREATED_AT][0] = PGS_MAX_INTEGER;
    snap.metric[PGS_OLDEST_CREATED_AT][0] = 0;
    snap.metric[PGS_AVG_TOKENS][0] = PGS_MAX_INTEGER;
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
}

Test(snapshot, bytes_over_2_63_together_are_refused) {
    static double bytes[1024];
    for (size_t p = 0; p < 1024; p++)
        bytes[p] = PGS_MAX_INTEGER; /* 2^53 * 2^10 */
    make_snapshot(&snap, 1024, NULL, bytes);
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "size_bytes"), "%s", err.msg);
    snap.metric[PGS_SIZE_BYTES][1023] -= 1;
    cr_expect_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
}

/* ---- order ---- */

/* A value of its own for each cell; a share of 100 where it must be. */
static double value_of(int64_t num, int m) {
    bool is_share = pgs_metric_get((pgs_metric)m)->unit == PGS_UNIT_PERCENT;
    double value = (double)(num * 100 + m);
    return num % 2 == 0 ? NAN : is_share ? value / 200 : value;
}

Test(snapshot, partitions_are_sorted_with_everything_they_have) {
    enum { N = 50 };
    pgs_snapshot_init(&snap);
    cr_assert_eq(pgs_snapshot_set_parts(&snap, N, &err), PGS_OK);
    make_text(&snap, &snap.head.table_name, "t");
    make_text(&snap, &snap.head.source, "s");
    snap.head.taken_us = 0;
    for (size_t p = 0; p < N; p++) {
        int64_t num = (int64_t)((p * 37 + 11) % N) * 3;
        char name[20];
        snprintf(name, sizeof name, "part_%lld", (long long)num);
        snap.part[p] = (pgs_partition){.num = num, .measured = num % 2, .relid = num + 1};
        make_text(&snap, &snap.part[p].name, name);
        snap.health[p] = num % 2 ? PGS_WARNING : PGS_UNMEASURED;
        for (int m = 0; m < PGS_METRIC_COUNT; m++)
            snap.metric[m][p] = value_of(num, m);
    }
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
    for (size_t p = 0; p < N; p++) {
        int64_t num = (int64_t)p * 3;
        char name[20];
        snprintf(name, sizeof name, "part_%lld", (long long)num);
        cr_assert_eq(snap.part[p].num, num);
        cr_expect_eq(snap.part[p].relid, num + 1);
        cr_expect_str_eq(snap.part[p].name, name);
        cr_expect_eq(snap.part[p].measured, num % 2 == 1);
        cr_expect_eq(snap.health[p], num % 2 ? PGS_WARNING : PGS_UNMEASURED);
        for (int m = 0; m < PGS_METRIC_COUNT; m++)
            cr_expect(make_same(snap.metric[m][p], value_of(num, m)));
    }
}

Test(snapshot, collections_are_sorted_and_keep_their_rows) {
    static const char *const ID[] = {"pear", "apple", "fig"};
    static const struct {
        size_t collection;
        int64_t partition_num;
    } ROW[] = {{0, 7}, {2, 1}, {0, -1}, {1, 3}, {0, 2}};
    static const struct {
        const char *id;
        int64_t partition_num;
        double chunks;
    } SORTED[] = {{"apple", 3, 3}, {"fig", 1, 1}, {"pear", -1, 2}, {"pear", 2, 4}, {"pear", 7, 0}};
    make_snapshot(&snap, 0, NULL, NULL);
    cr_assert_eq(pgs_snapshot_set_collections(&snap, 3, 5, &err), PGS_OK);
    for (size_t i = 0; i < 3; i++)
        make_text(&snap, &snap.collection[i].id, ID[i]);
    for (size_t i = 0; i < 5; i++) {
        snap.collection_stat[i].collection = ROW[i].collection;
        snap.collection_stat[i].partition_num = ROW[i].partition_num;
        snap.collection_stat[i].chunk_count = (double)i;
    }
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_OK, "%s", err.msg);
    for (size_t i = 0; i < 5; i++) {
        const pgs_collection_stat *row = &snap.collection_stat[i];
        cr_expect_str_eq(snap.collection[row->collection].id, SORTED[i].id);
        cr_expect_eq(row->partition_num, SORTED[i].partition_num);
        cr_expect_eq(row->chunk_count, SORTED[i].chunks);
    }
}

/* ---- text and notes ---- */

Test(snapshot, notes_are_sentences_in_a_row) {
    pgs_snapshot_init(&snap);
    cr_assert_eq(pgs_snapshot_note(&snap, &err, "%d rows", 7), PGS_OK);
    cr_expect_str_eq(snap.notes, "7 rows");
    cr_assert_eq(pgs_snapshot_note(&snap, &err, "more"), PGS_OK);
    cr_expect_str_eq(snap.notes, "7 rows; more");
}

Test(snapshot, text_is_copied_and_null_stays_null) {
    char text[] = "original";
    char *field = text;
    pgs_snapshot_init(&snap);
    cr_assert_eq(pgs_snapshot_text(&snap, &field, text, &err), PGS_OK);
    text[0] = 'X';
    cr_expect_str_eq(field, "original");
    cr_assert_eq(pgs_snapshot_text(&snap, &field, NULL, &err), PGS_OK);
    cr_expect_null(field);
}

/* ---- without memory ---- */

static pgs_status build_and_check(void) {
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_snapshot_set_parts(&snap, 3, &err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(&snap, &snap.head.table_name, "t", &err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(&snap, &snap.head.source, "s", &err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_strays(&snap, 1, &err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(&snap, &snap.stray[0].name, "s", &err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_collections(&snap, 1, 1, &err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(&snap, &snap.collection[0].id, "c", &err);
    if (st == PGS_OK)
        st = pgs_snapshot_note(&snap, &err, "a note");
    for (size_t p = 0; st == PGS_OK && p < 3; p++)
        snap.part[p].num = (int64_t)(2 - p); /* so that it has to sort */
    snap.head.taken_us = 0;
    return st == PGS_OK ? pgs_snapshot_check(&snap, &err) : st;
}

Test(snapshot, every_failing_allocation_is_said) {
    pgs_status st = PGS_E_BUG;
    size_t nth = 1;
    for (; st != PGS_OK && nth < 50; nth++) {
        pgs_mem_fail_at(nth);
        st = build_and_check();
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
        pgs_snapshot_reset(&snap);
    }
    cr_expect_eq(st, PGS_OK);
    cr_expect_gt(nth, 5u);
}

/* ---- words ---- */

Test(snapshot, statuses_have_the_guide_s_names) {
    static const char *const HEALTH[] = {"HEALTHY", "WARNING", "UNBALANCED", "CRITICAL"};
    static const char *const SKEW[] = {"NORMAL", "WARNING", "CRITICAL"};
    for (int i = 0; i < 4; i++)
        cr_expect_str_eq(pgs_health_status_name((pgs_health_status)i), HEALTH[i]);
    for (int i = 0; i < 3; i++)
        cr_expect_str_eq(pgs_skew_status_name((pgs_skew_status)i), SKEW[i]);
    cr_expect_null(pgs_health_status_name(PGS_UNMEASURED));
    cr_expect_null(pgs_health_status_name(PGS_HEALTH_STATUS_COUNT));
    cr_expect_null(pgs_skew_status_name(PGS_SKEW_UNKNOWN));
}

Test(snapshot, two_partitions_cannot_share_a_name) {
    double counts[] = {1, 2, 3};
    make_snapshot(&snap, 3, counts, counts);
    cr_assert_eq(pgs_snapshot_text(&snap, &snap.part[0].name, "chunks_part_00", &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_text(&snap, &snap.part[2].name, "chunks_part_00", &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_check(&snap, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "chunks_part_00"));
}
