/* The PostgreSQL source against a scripted libpq: what it reads, and that every way a server can
 * fail ends in the right status, one sentence and nothing left open. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/source.h"
#include "source/postgres.h"
#include "support/fake_pq.h"

#define SECRET "Hu5h!secret"

typedef struct taken {
    pgs_status status;
    pgs_err err;
    pgs_snapshot snap;
    char said[4096];
} taken;

static pgs_pg_options options;
static taken got;

static void hear(void *context, const char *sentence) {
    char *said = context;
    size_t used = strlen(said);
    snprintf(said + used, sizeof got.said - used, "%s\n", sentence);
}

static pgs_status take(void) {
    pgs_listener listener = {hear, got.said};
    pgs_snapshot_reset(&got.snap);
    pgs_snapshot_init(&got.snap);
    got.said[0] = got.err.msg[0] = got.err.hint[0] = '\0';
    got.status = pgs_pg_snapshot(&options, &listener, &got.snap, &got.err);
    cr_assert_eq(fake.n_open, 0, "a connection was left open");
    cr_assert_eq(fake.n_results, 0, "%d results were not cleared", fake.n_results);
    cr_assert((got.status == PGS_OK) == (got.err.msg[0] == '\0'), "status %d says \"%s\"",
              got.status, got.err.msg);
    cr_assert_null(strstr(got.err.msg, "secret"), "%s", got.err.msg);
    cr_assert_null(strchr(got.err.msg, '\n'), "%s", got.err.msg);
    if (got.status)
        cr_assert_eq(got.snap.head.n_parts, 0);
    return got.status;
}

static void begin(void) {
    memset(&fake, 0, sizeof fake);
    memset(&got, 0, sizeof got);
    pgs_snapshot_init(&got.snap);
    options = (pgs_pg_options)PGS_PG_OPTIONS_DEFAULT;
    unsetenv("PGPASSWORD");
    unsetenv("PGCONNECT_TIMEOUT");
}

static void end(void) {
    pgs_snapshot_reset(&got.snap);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(postgres, .init = begin, .fini = end);

/* ---- what is read ---- */

Test(postgres, reads_every_metric_of_a_partition) {
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    static const struct {
        pgs_metric metric;
        double value;
    } WANT[] = {
        {PGS_CHUNK_COUNT, 100},
        {PGS_DOCUMENT_COUNT, 20},
        {PGS_COLLECTION_COUNT, 2},
        {PGS_AVG_TOKENS, 271.4343163538873995},
        {PGS_SIZE_BYTES, 40960},
        {PGS_TABLE_BYTES, 24576},
        {PGS_INDEX_BYTES, 8192},
        {PGS_TOAST_BYTES, 8192},
        {PGS_ROW_ESTIMATE, 100},
        {PGS_CHUNKS_LAST_HOUR, 1},
        {PGS_CHUNKS_LAST_DAY, 2},
        {PGS_CHUNKS_LAST_WEEK, 3},
        {PGS_OLDEST_CREATED_AT, 1759276800e6},
        {PGS_LAST_CREATED_AT, 1760954400.5e6},
        {PGS_LIVE_TUPLES, 100},
        {PGS_DEAD_TUPLES, 0},
        {PGS_TUPLES_INSERTED, 100},
        {PGS_LAST_ANALYZE, 1760922000e6},
    };
    for (size_t i = 0; i < PGS_COUNT_OF(WANT); i++)
        cr_expect_eq(got.snap.metric[WANT[i].metric][0], WANT[i].value, "%s is %.17g",
                     pgs_metric_get(WANT[i].metric)->key, got.snap.metric[WANT[i].metric][0]);
    cr_expect(isnan(got.snap.metric[PGS_LAST_VACUUM][0]), "never vacuumed");
    cr_expect(isnan(got.snap.metric[PGS_ROW_ESTIMATE][2]), "never analyzed");
    cr_expect_eq(got.snap.metric[PGS_CHUNK_COUNT][2], 0, "counted, and empty");
}

Test(postgres, reads_where_and_when) {
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect_str_eq(got.snap.head.database, "app");
    cr_expect_str_eq(got.snap.head.table_name, "public.chunks");
    cr_expect_str_eq(got.snap.head.source, "postgresql");
    cr_expect_str_eq(got.snap.head.system_identifier, "7300000000000000001");
    cr_expect_str_eq(got.snap.server_version, "15.18");
    cr_expect_eq(got.snap.head.taken_us, 1760955300000000);
    cr_expect_eq(got.snap.stats_reset_us, 1735689600000000);
    cr_expect_eq(got.snap.in_recovery, 0);
    cr_expect_eq(got.snap.table_relid, 900);
    cr_expect_eq(got.snap.head.n_parts, 3);
    cr_expect_str_eq(got.snap.part[1].name, "chunks_part_01");
    cr_expect_str_eq(got.snap.part[1].bounds, "FOR VALUES IN (1)");
    cr_expect_eq(got.snap.part[1].relfilenode, 902);
    cr_expect(strstr(got.said, "reading 32768 bytes"), "%s", got.said);
}

Test(postgres, a_default_partition_is_a_stray) {
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_assert_eq(got.snap.n_strays, 1);
    cr_expect_str_eq(got.snap.stray[0].name, "chunks_default");
    cr_expect_eq(got.snap.stray[0].size_bytes, 16384);
    cr_expect_eq(got.snap.stray_metric[PGS_CHUNK_COUNT], 7);
    cr_expect_eq(got.snap.stray_metric[PGS_CHUNKS_LAST_WEEK], 7);
    cr_expect(strstr(got.snap.notes, "1 times are infinite"), "%s", got.snap.notes);
}

Test(postgres, estimate_scales_the_density_and_reads_no_row) {
    options.counts = PGS_COUNTS_ESTIMATE;
    fake.answer[FAKE_SIZES] = "901|32768|32768|0|0|b|100\n902|8192|8192|0|0|b|100\n"
                              "903|0|0|0|0|b|100\n904|8192|8192|0|0|b|100";
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect_eq(got.snap.metric[PGS_CHUNK_COUNT][0], 200, "100 rows in 2 pages, now 4 pages");
    cr_expect_eq(got.snap.metric[PGS_CHUNK_COUNT][2], 0, "no page holds no row");
    cr_expect_null(strstr(fake.log, "Count a batch"));
}

Test(postgres, estimate_without_statistics_is_unmeasured_not_zero) {
    options.counts = PGS_COUNTS_ESTIMATE;
    fake.answer[FAKE_SIZES] = "901|8192|8192|0|0|b|100\n902|8192|8192|0|0|b|100\n"
                              "903|8192|8192|0|0|b|100\n904|8192|8192|0|0|b|100";
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect_not(got.snap.part[2].measured);
    cr_expect(isnan(got.snap.metric[PGS_CHUNK_COUNT][2]));
    cr_expect(strstr(got.snap.notes, "never analyzed"), "%s", got.snap.notes);
}

/* 30 leaves are one batch of sizes; refused, they are read by 25, and only those with the locked
 * one leaf by leaf. */
static const struct {
    const char *locked;
    size_t place;
    int n_statements;
} LARGE[] = {{NULL, 0, 1}, {"1003", 3, 1 + 25 + 2}, {"1027", 27, 1 + 5 + 2}};

Test(postgres, a_large_batch_that_is_refused_is_read_in_smaller_ones) {
    pgs_buf leaves = {0}, sizes = {0};
    for (int i = 0; i < 30; i++) {
        pgs_buf_format(&leaves,
                       "%d|chunks_part_%02d|public|public.c%d|r|9|1|7|1|7|0|7|0|0|\\N|\\N|\\N\n",
                       1000 + i, i, i);
        pgs_buf_format(&sizes, "%d|8192|8192|0|0|b|%d\n", 1000 + i, i * 50);
    }
    for (size_t i = 0; i < PGS_COUNT_OF(LARGE); i++) {
        options.counts = PGS_COUNTS_ESTIMATE;
        options.allow_partial = true;
        fake.answer[FAKE_LEAVES] = leaves.data;
        fake.answer[FAKE_SIZES] = sizes.data;
        fake.locked = LARGE[i].locked;
        fake.log[0] = '\0';
        cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
        cr_assert_eq(got.snap.head.n_parts, 30);
        for (size_t p = 0; p < 30; p++)
            cr_expect_eq(got.snap.part[p].measured, !LARGE[i].locked || p != LARGE[i].place);
        int n = 0;
        for (const char *s = fake.log; (s = strstr(s, "-- Sizes and bounds")); s++)
            n++;
        cr_expect_eq(n, LARGE[i].n_statements, "%d statements", n);
        pgs_snapshot_reset(&got.snap);
    }
    pgs_buf_reset(&leaves);
    pgs_buf_reset(&sizes);
}

Test(postgres, a_standby_has_no_counters) {
    fake.answer[FAKE_TABLE] = "900|p|public|chunks|public.chunks|2025-10-20 10:15:00+00|"
                              "2025-10-20 09:15:00+00|2025-10-19 10:15:00+00|"
                              "2025-10-13 10:15:00+00|app|monitor|16.1|160001|8192|1|0|\\N";
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect_eq(got.snap.in_recovery, 1);
    cr_expect(isnan(got.snap.metric[PGS_LIVE_TUPLES][0]));
    cr_expect(isnan(got.snap.metric[PGS_LAST_ANALYZE][0]));
    cr_expect_eq(got.snap.stats_reset_us, PGS_TIME_NONE);
}

Test(postgres, a_missing_column_is_not_observed_rather_than_zero) {
    fake.answer[FAKE_COLUMNS] = "0|text";
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect_eq(got.snap.metric[PGS_COLLECTION_COUNT][0], 2);
    cr_expect(isnan(got.snap.metric[PGS_DOCUMENT_COUNT][0]));
    cr_expect(isnan(got.snap.metric[PGS_AVG_TOKENS][0]));
    cr_expect(isnan(got.snap.metric[PGS_CHUNKS_LAST_HOUR][0]));
    cr_expect(strstr(got.snap.notes, "no column created_at"), "%s", got.snap.notes);
}

Test(postgres, two_partitions_of_one_number_are_refused) {
    fake.answer[FAKE_LEAVES] =
        "901|chunks_part_7|public|public.chunks_part_7|r|1|2|9|1|0|0|0|0|0|\\N|\\N|\\N\n"
        "902|chunks_part_07|public|public.chunks_part_07|r|1|2|9|1|0|0|0|0|0|\\N|\\N|\\N";
    cr_expect_eq(take(), PGS_E_DATA);
    cr_expect(strstr(got.err.msg, "same number"), "%s", got.err.msg);
}

Test(postgres, no_partitions_and_old_servers_are_refused) {
    fake.answer[FAKE_LEAVES] = "";
    cr_expect_eq(take(), PGS_E_DATA);
    cr_expect(strstr(got.err.msg, "public.chunks has no partitions"), "%s", got.err.msg);
    fake.answer[FAKE_TABLE] = "900|p|public|chunks|public.chunks|2025-10-20 10:15:00+00|"
                              "2025-10-20 09:15:00+00|2025-10-19 10:15:00+00|"
                              "2025-10-13 10:15:00+00|app|monitor|12.9|120009|8192|0|1|\\N";
    cr_expect_eq(take(), PGS_E_DATA);
    cr_expect(strstr(got.err.msg, "PostgreSQL 12.9 is not supported"), "%s", got.err.msg);
    fake.answer[FAKE_TABLE] = "";
    cr_expect_eq(take(), PGS_E_NO_INPUT);
    cr_expect(strstr(got.err.msg, "there is no table public.chunks"), "%s", got.err.msg);
}

Test(postgres, a_partition_that_may_not_be_read_is_named) {
    fake.answer[FAKE_LEAVES] =
        "901|chunks_part_00|public|public.chunks_part_00|r|1|2|9|0|0|0|0|0|0|\\N|\\N|\\N";
    cr_expect_eq(take(), PGS_E_DENIED);
    cr_expect(strstr(got.err.msg, "chunks_part_00"), "%s", got.err.msg);
    cr_expect(strstr(got.err.hint, "GRANT"), "%s", got.err.hint);
}

/* ---- locks ---- */

Test(postgres, a_locked_partition_fails_the_run_and_is_named) {
    fake.locked = "902";
    cr_expect_eq(take(), PGS_E_RETRY);
    cr_expect(strstr(got.err.msg, "chunks_part_01"), "%s", got.err.msg);
    cr_expect(strstr(got.err.hint, "--allow-partial"), "%s", got.err.hint);
}

Test(postgres, a_locked_partition_costs_itself_only) {
    static const char *const WHERE[] = {"902", "chunks_part_01"}; /* when sized, when counted */
    for (size_t i = 0; i < PGS_COUNT_OF(WHERE); i++) {
        options.allow_partial = true;
        fake.locked = WHERE[i];
        cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
        cr_expect(got.snap.part[0].measured);
        cr_expect_not(got.snap.part[1].measured);
        cr_expect(isnan(got.snap.metric[PGS_SIZE_BYTES][1]));
        cr_expect_eq(got.snap.metric[PGS_CHUNK_COUNT][0], 100);
        cr_expect(strstr(got.snap.notes, "chunks_part_01: locked"), "%s", got.snap.notes);
    }
}

Test(postgres, a_partition_stored_elsewhere_than_listed_is_not_counted) {
    fake.answer[FAKE_COUNTS] = "901|901|100|20|2|1|1|2|3|\\N|\\N\n902|999|0|0|0|0|0|0|0|\\N|\\N\n"
                               "903|903|0|0|0|0|0|0|0|\\N|\\N\n904|904|7|1|1|1|0|0|7|\\N|\\N";
    cr_expect_eq(take(), PGS_E_RETRY);
    cr_expect(strstr(got.err.msg, "truncated or rewritten"), "%s", got.err.msg);
    options.allow_partial = true;
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect_not(got.snap.part[1].measured);
}

/* ---- failures at every message ---- */

Test(postgres, a_connection_lost_at_any_statement) {
    options.collections = true;
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    int n = fake.n_statements;
    cr_assert_gt(n, 10);
    for (int k = 1; k <= n; k++) {
        fake.n_statements = 0;
        fake.drop_at = k;
        cr_expect_eq(take(), PGS_E_UNAVAILABLE, "at %d: %s", k, got.err.msg);
    }
}

Test(postgres, an_interruption_at_any_statement) {
    options.collections = true;
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    int n = fake.n_statements;
    for (int k = 1; k <= n; k++) {
        fake.n_statements = 0;
        fake.cancel_at = k;
        cr_expect_eq(take(), PGS_E_RETRY, "at %d: %s", k, got.err.msg);
        cr_expect_str_eq(got.err.msg, "interrupted");
    }
    fake.cancel_at = 0;
    cr_expect_eq(take(), PGS_OK, "the next call starts afresh: %s", got.err.msg);
}

Test(postgres, running_out_of_memory_anywhere) {
    fake.collections = "901|100|1|\\N|a|5|1|1|{1}\n902|50|1|\\N|a|5|1|1|{1}";
    options.collections = true;
    for (size_t nth = 1;; nth++) {
        pgs_mem_fail_at(nth);
        pgs_status st = take();
        pgs_mem_fail_at(0);
        if (st == PGS_OK)
            break;
        cr_assert_eq(st, PGS_E_BUG, "allocation %zu: %s", nth, got.err.msg);
        cr_assert_lt(nth, 2000);
    }
}

static const struct {
    const char *sqlstate;
    pgs_status status;
} MEANING[] = {
    {"42501", PGS_E_DENIED},      {"28000", PGS_E_DENIED},      {"57014", PGS_E_RETRY},
    {"40001", PGS_E_RETRY},       {"40P01", PGS_E_RETRY},       {"57P01", PGS_E_UNAVAILABLE},
    {"53300", PGS_E_UNAVAILABLE}, {"3D000", PGS_E_UNAVAILABLE}, {"42883", PGS_E_DATA},
};

Test(postgres, a_refusal_means_what_its_sqlstate_says) {
    fake.words = "no, because password=" SECRET;
    for (size_t i = 0; i < PGS_COUNT_OF(MEANING); i++) {
        fake.n_statements = 0;
        fake.refuse_at = 2; /* the first question */
        fake.sqlstate = MEANING[i].sqlstate;
        cr_expect_eq(take(), MEANING[i].status, "%s: %s", MEANING[i].sqlstate, got.err.msg);
        cr_expect(strstr(got.err.msg, "no, because password=***"), "%s", got.err.msg);
    }
}

Test(postgres, a_refusal_at_any_statement_ends_in_words) {
    options.collections = true;
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    int n = fake.n_statements, n_failed = 0;
    for (int k = 1; k <= n; k++) {
        fake.n_statements = 0;
        fake.refuse_at = k;
        fake.sqlstate = "42501";
        pgs_status st = take();
        cr_expect(st == PGS_E_DENIED || st == PGS_OK, "at %d: %s", k, got.err.msg);
        n_failed += st != PGS_OK;
    }
    cr_expect_eq(n_failed, n - 2, "only the system identifier and the names are optional");
}

/* ---- names of collections ---- */

static const struct {
    const char *sqlstate, *notes;
} NAMELESS[] = {
    {"55P03", "no names: their table is locked by another session"},
    {"42703", "no names: the server refused to read their table"},
    {"57014", "no names: the server refused to read their table"},
};

Test(postgres, names_that_cannot_be_read_are_noted) {
    options.collections = true;
    fake.words = "no \xff, because password=" SECRET;
    for (size_t i = 0; i < PGS_COUNT_OF(NAMELESS); i++) {
        fake.refuse_always = "SELECT id::text";
        fake.sqlstate = NAMELESS[i].sqlstate;
        cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
        cr_expect(strstr(got.snap.notes, NAMELESS[i].notes), "%s", got.snap.notes);
        cr_expect(strstr(got.said, "cannot read the collections' names: no"), "%s", got.said);
        cr_expect_null(strstr(got.said, "secret"), "%s", got.said);
    }
}

Test(postgres, names_wait_for_locks_no_longer_than_is_left) {
    static const struct { int slow_ms, most_ms; } LEFT[] = {{0, 1000}, {700, 300}, {1100, 1}};
    for (size_t i = 0; i < PGS_COUNT_OF(LEFT); i++) {
        options.collections = true;
        options.lock_timeout_ms = 1000;
        fake.slow_ms = LEFT[i].slow_ms; /* one batch of rows, then the names */
        cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
        cr_expect_leq(fake.lock_timeout_ms, LEFT[i].most_ms, "%d ms", fake.lock_timeout_ms);
    }
}

Test(postgres, too_many_names_are_none) {
    options.collections = true;
    fake.collections = "901|100|1|\\N|a|5|1|1|{1}";
    fake.answer[FAKE_NAMES] = "268435457|\\N|\\N";
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect(strstr(got.snap.notes, "no names: they are too many"), "%s", got.snap.notes);
    cr_assert_eq(got.snap.n_collections, 1);
    cr_expect_null(got.snap.collection[0].name);
}

/* ---- collections in several partitions ---- */

Test(postgres, more_rows_of_collections_than_memory_are_refused) {
    options.collections = true;
    fake.answer[FAKE_NAMES_TABLE] = "\\N";
    fake.collections = "901|100|1|\\N|a|5|1|1|{1}";
    fake.spoiled = FAKE_COUNTS;
    fake.spoiled_row = 4;
    fake.spoiled_cell = "too many";
    cr_expect_eq(take(), PGS_E_DATA);
    cr_expect(strstr(got.err.msg, "256 MiB"), "%s", got.err.msg);
    cr_expect(strstr(got.err.hint, "--collections"), "%s", got.err.hint);
}

/* "a" has documents 1, 2, 3 and 3, -9; the stray's 7 and the chunk without a document add none. */
#define SPREAD                                                                                     \
    "901|60|3|2025-10-20 10:00:00+00|a|5|600|60|{1,2,3}\n"                                         \
    "901|40|1|2025-10-20 10:00:00+00|b|6|\\N|0|{1}\n"                                              \
    "902|50|2|2025-10-21 10:00:00+00|a|5|50|40|%s\n"                                               \
    "904|7|1|2025-10-22 10:00:00+00|a|5|7|7|{7}"

static const pgs_collection_stat *take_spread(const char *hashes, pgs_status want) {
    static char rows[1024];
    snprintf(rows, sizeof rows, SPREAD, hashes);
    fake.collections = rows;
    options.collections = true;
    cr_assert_eq(take(), want, "%s: %s", hashes, got.err.msg);
    return got.snap.collection_stat;
}

Test(postgres, documents_of_a_collection_in_two_partitions_count_once) {
    const pgs_collection_stat *stat = take_spread("{3,-9223372036854775808}", PGS_OK);
    cr_assert_eq(got.snap.n_collection_stats, 4);
    cr_expect(stat[0].partition_num == -1 && stat[1].partition_num == 0 &&
              stat[2].partition_num == 1 && stat[0].collection == 0);
    cr_expect_eq(stat[0].document_count, 4, "%g", stat[0].document_count);
    cr_expect_eq(stat[0].chunk_count, 110);
    cr_expect_eq(stat[0].token_sum, 650);
    cr_expect_eq(stat[0].token_chunk_count, 100);
    cr_expect_eq(stat[0].size_bytes, stat[1].size_bytes + stat[2].size_bytes);
    cr_expect_eq(stat[0].last_created_at, 1761040800e6); /* 2025-10-21 10:00 */
    cr_expect_eq(stat[0].key_hash, 5);
    cr_expect(isnan(stat[0].avg_tokens));
    cr_expect(stat[3].collection == 1 && stat[3].partition_num == 0, "one partition, one row");
    cr_expect(isnan(stat[3].token_sum), "no token was counted");
    cr_expect_null(strstr(got.snap.notes, "tokens"), "%s", got.snap.notes);
}

Test(postgres, documents_that_are_no_list_of_hashes_are_nonsense) {
    static const char *const HASHES[] = {
        "{}",
        "{3}",
        "{3,4,5}",
        "{3,x}",
        "{3,4",
        "3,4}",
        "{3,4}x",
        "{3,,4}",
        "{3, 4}",
        "{3,+4}",
        "{3;4}",
        "{3,NULL}",
        "{3,9223372036854775808}",
        "{{3,4}}",
        "{,3,4}",
        "{3,4.0}",
        "{-,4}",
    };
    for (size_t i = 0; i < PGS_COUNT_OF(HASHES); i++) {
        take_spread(HASHES[i], PGS_E_DATA);
        cr_expect(strstr(got.err.msg, "count the rows"), "%s: %s", HASHES[i], got.err.msg);
    }
}

Test(postgres, too_many_documents_are_not_counted_rather_than_wrong) {
    const pgs_collection_stat *stat = take_spread("\\N", PGS_OK);
    cr_assert_eq(got.snap.n_collection_stats, 4);
    cr_expect(isnan(stat[0].document_count));
    cr_expect(stat[0].chunk_count == 110 && stat[1].document_count == 3);
    cr_expect(strstr(got.snap.notes, "more than 4194304 documents"), "%s", got.snap.notes);
}

Test(postgres, a_limit_on_documents) {
    pgs_documents all = {0};
    cr_assert_eq(pgs_documents_add(&all, "{1,2}", 2, 3, NULL), PGS_OK);
    cr_assert_eq(pgs_documents_add(&all, NULL, 0, 3, NULL), PGS_OK);
    cr_assert_eq(pgs_documents_add(&all, "{2}", 1, 3, NULL), PGS_OK);
    const pgs_collection_row row[] = {{.n_documents = 2, .document_count = 2},
                                      {.n_documents = 0, .document_count = 0},
                                      {.n_documents = 1, .document_count = 1, .first_document = 2}};
    double n;
    cr_assert_eq(pgs_documents_count(&all, row, 3, &n, NULL), PGS_OK);
    cr_expect_eq(n, 2);
    cr_assert_eq(pgs_documents_add(&all, "{4}", 1, 3, NULL), PGS_OK);
    cr_expect(all.unknown && !all.hash);
    cr_assert_eq(pgs_documents_count(&all, row, 3, &n, NULL), PGS_OK);
    cr_expect(isnan(n));
    pgs_documents_reset(&all);
}

Test(postgres, a_negative_average_of_tokens_is_not_observed) {
    fake.answer[FAKE_COUNTS] = "901|901|100|20|2|-0.5|1|2|3|\\N|\\N\n"
                               "902|902|50|10|1|3.5|0|0|5|\\N|\\N\n"
                               "903|903|0|0|0|1e300|0|0|0|\\N|\\N\n"
                               "904|904|7|1|1|-1|0|0|7|\\N|\\N";
    fake.collections = "901|100|1|\\N|a|5|-50|100|{1}\n902|50|1|\\N|a|5|175|50|{1}";
    options.collections = true;
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    cr_expect(isnan(got.snap.metric[PGS_AVG_TOKENS][0]));
    cr_expect_eq(got.snap.metric[PGS_AVG_TOKENS][1], 3.5);
    cr_expect(isnan(got.snap.metric[PGS_AVG_TOKENS][2]));
    cr_expect(strstr(got.snap.notes, "2 partitions have a negative"), "%s", got.snap.notes);
    cr_expect(strstr(got.snap.notes, "1 sums of a collection's tokens"), "%s", got.snap.notes);
    const pgs_collection_stat *stat = got.snap.collection_stat;
    cr_expect(isnan(stat[0].token_sum) && isnan(stat[1].token_sum), "part of a sum is none");
    cr_expect(stat[2].token_sum == 175 && stat[0].document_count == 1);
}

/* Any cell of any answer may hold anything: a status, never a crash; and what is taken for good
 * passes the snapshot's own check. */
Test(postgres, nonsense_in_any_cell) {
    static const char *const CELL[] = {"\\N",
                                       "",
                                       "-1",
                                       "x",
                                       "99999999999999999999",
                                       "1e400",
                                       "\xff\xfe",
                                       "{{arms}}",
                                       "2025-13-45 00:00:00+00"};
    char rows[1024];
    snprintf(rows, sizeof rows, SPREAD, "{3,4}");
    fake.collections = rows;
    options.collections = true;
    for (int which = 0; which < FAKE_ANSWER_COUNT; which++)
        for (int row = 0; row < 8; row++)
            for (int column = 0; column < PGS_COUNT_COLUMNS; column++)
                for (size_t i = 0; i < PGS_COUNT_OF(CELL); i++) {
                    fake.spoiled = (fake_table)which;
                    fake.spoiled_row = row;
                    fake.spoiled_column = column;
                    fake.spoiled_cell = CELL[i];
                    pgs_status st = take();
                    cr_assert_neq(st, PGS_E_BUG, "%s", got.err.msg);
                    if (!st)
                        cr_assert_eq(pgs_snapshot_check(&got.snap, NULL), PGS_OK);
                }
}

Test(postgres, a_wrong_number_of_columns_is_refused) {
    static const int EXTRA[] = {-1, 1};
    for (size_t i = 0; i < PGS_COUNT_OF(EXTRA); i++) {
        fake.extra_columns = EXTRA[i];
        cr_expect_eq(take(), PGS_E_DATA);
    }
}

Test(postgres, what_is_gone_when_it_is_read_has_changed_meanwhile) {
    static const char *const GONE[] = {"42P01", "42703", "3F000"};
    cr_assert_eq(take(), PGS_OK, "%s", got.err.msg);
    int n = fake.n_statements;
    for (size_t i = 0; i < PGS_COUNT_OF(GONE); i++) {
        fake.n_statements = 0;
        fake.sqlstate = GONE[i];
        fake.refuse_always = "WITH chunk AS";
        cr_expect_eq(take(), PGS_E_RETRY, "%s: %s", GONE[i], got.err.msg);
        cr_expect(strstr(got.err.msg, "meanwhile"), "%s: %s", GONE[i], got.err.msg);
        cr_expect_gt(fake.n_statements, n, "each leaf was tried alone");
    }
}

Test(postgres, a_leaf_missing_from_the_counts_is_not_zero) {
    fake.answer[FAKE_COUNTS] = "901|901|100|20|2|1|1|2|3|\\N|\\N";
    cr_expect_eq(take(), PGS_E_DATA);
    cr_expect(strstr(got.err.msg, "cannot count the rows"), "%s", got.err.msg);
}

/* ---- connecting ---- */

static const struct {
    const char *name, *conninfo, *error;
    bool needs_password;
    pgs_status status;
    const char *says;
} CONNECT[] = {
    {"refused", "host=h", "connection to server at \"h\" failed: Connection refused\n", false,
     PGS_E_UNAVAILABLE, "Connection refused"},
    {"wrong password", "postgresql://u:Hu5h%21secret@h/d",
     "connection to server at \"h\" failed: FATAL:  28P01: password authentication failed for user "
     "\"u\"\nLOCATION:  auth_failed, auth.c:338\n",
     false, PGS_E_DENIED, "FATAL: password authentication failed for user \"u\""},
    {"no password", "host=h", "fe_sendauth: no password supplied\n", true, PGS_E_DENIED,
     "asks for a password"},
    {"no such database", "host=h", "FATAL:  3D000: database \"d\" does not exist\n", false,
     PGS_E_UNAVAILABLE, "database \"d\" does not exist"},
    {"too many connections", "host=h", "FATAL:  53300: sorry, too many clients already\n", false,
     PGS_E_UNAVAILABLE, "too many clients"},
    {"words in another language", "host=h", "FATALERO:  28000: malpermesita\n", false, PGS_E_DENIED,
     "malpermesita"},
    {"the password as given", "host=h password=" SECRET, "cannot log in with " SECRET "\n", false,
     PGS_E_UNAVAILABLE, "cannot log in with ***"},
    {"the password as written in a URI", "postgresql://u:Hu5h%21secret@h",
     "bad Hu5h%21secret and " SECRET "\n", false, PGS_E_UNAVAILABLE, "bad *** and ***"},
    {"anything like a password", "host=h", "x PassWord = 'a secret' y password=secret", false,
     PGS_E_UNAVAILABLE, "x PassWord = *** y password=***"},
    {"a URI in a message", "host=h", "not \"postgres://me:secret@h/d\" again", false,
     PGS_E_UNAVAILABLE, "not \"postgres://***@h/d\" again"},
    {"two hosts", "host=g,h",
     "to \"g\" failed: FATAL:  28P01: no\nLOCATION:  a, b.c:1\nto \"h\" failed: FATAL:  3D000: "
     "gone\n"
     "LOCATION:  a, b.c:2\n",
     false, PGS_E_DENIED, "to \"g\" failed: FATAL: no to \"h\" failed: FATAL: gone"},
    {"silence", "host=h", "", false, PGS_E_UNAVAILABLE, "the connection is lost"},
    {"@ in a URI's password", "postgresql://u:a@secret@h/d", NULL, false, PGS_E_USAGE, "unescaped"},
    {"/ in a URI's password", "postgresql://u:a/secret@h/d", NULL, false, PGS_E_USAGE, "unescaped"},
    {"another system's URI", "mysql://u:secret@h/d", NULL, false, PGS_E_USAGE, "malformed"},
    {"a blank in a password", "host=h password=se cret secret", NULL, false, PGS_E_USAGE,
     "malformed"},
    {"an unknown parameter", "postgresql://u:secret@h/d?secret=1", NULL, false, PGS_E_USAGE,
     "malformed"},
    {"a port that is no number", "port=x",
     "invalid integer value \"x\" for connection option \"port\"\n", false, PGS_E_USAGE,
     "option \"port\""},
    {"a port that is none", "port=0", "invalid port number: \"0\"\n", false, PGS_E_USAGE, "\"0\""},
    {"more ports than hosts", "port=1,2", "could not match 2 port numbers to 3 hosts\n", false,
     PGS_E_USAGE, "2 port numbers"},
    {"words that only look so", "host=h", "FATAL:  28000: invalid port number\nLOCATION: a\n",
     false, PGS_E_DENIED, "FATAL"},
    {"a timeout that is no number", "connect_timeout=soon", NULL, false, PGS_E_USAGE,
     "connect_timeout"},
};

Test(postgres, connecting_fails_in_words_without_secrets) {
    for (size_t i = 0; i < PGS_COUNT_OF(CONNECT); i++) {
        options.conninfo = CONNECT[i].conninfo;
        fake.connect_error = CONNECT[i].error;
        fake.needs_password = CONNECT[i].needs_password;
        cr_expect_eq(take(), CONNECT[i].status, "%s: %s", CONNECT[i].name, got.err.msg);
        cr_expect(strstr(got.err.msg, CONNECT[i].says), "%s: %s", CONNECT[i].name, got.err.msg);
    }
}

Test(postgres, a_service_that_nobody_defined_is_a_mistake_in_usage) {
    fake.no_user = true;
    fake.connect_error = "definition of service \"x\" not found\n";
    cr_expect_eq(take(), PGS_E_USAGE);
    cr_expect(strstr(got.err.msg, "service \"x\""), "%s", got.err.msg);
}

Test(postgres, the_environment_s_password_is_a_secret_too) {
    setenv("PGPASSWORD", "swordfish-secret", 1);
    fake.connect_error = "I heard swordfish-secret\n";
    cr_expect_eq(take(), PGS_E_UNAVAILABLE);
    cr_expect(strstr(got.err.msg, "I heard ***"), "%s", got.err.msg);
}

Test(postgres, a_server_that_never_answers_is_given_up) {
    options.conninfo = "host=h connect_timeout=1";
    fake.never_answers = true;
    cr_expect_eq(take(), PGS_E_UNAVAILABLE);
    cr_expect(strstr(got.err.msg, "does not answer in time"), "%s", got.err.msg);
}

static const struct {
    const char *given, *reaches_libpq, *said;
} DRIVER[] = {
    {"host=h dbname=d", "host=h dbname=d", ""},
    {"mydb", "mydb", ""},
    {"postgresql://u@h/d?sslmode=require", "postgresql://u@h/d?sslmode=require", ""},
    {"postgresql+asyncpg://u:"
     "x@h:1/d",
     "postgresql://u:x@h:1/d", ""},
    {"postgres+psycopg2://h/d", "postgresql://h/d", ""},
    {"postgresql+asyncpg://h/d?ssl=require&connect_timeout=3",
     "postgresql://h/d?sslmode=require&connect_timeout=3", ""},
    {"postgresql+asyncpg://h/d?command_timeout=secret&user=u", "postgresql://h/d?user=u",
     "the connection parameter \"command_timeout\" is unknown to libpq and ignored"},
};

Test(postgres, a_driver_s_url_is_understood) {
    for (size_t i = 0; i < PGS_COUNT_OF(DRIVER); i++) {
        options.conninfo = DRIVER[i].given;
        cr_expect_eq(take(), PGS_OK, "%s: %s", DRIVER[i].given, got.err.msg);
        cr_expect_str_eq(fake.conninfo, DRIVER[i].reaches_libpq);
        cr_expect(strstr(got.said, DRIVER[i].said), "%s", got.said);
        cr_expect_null(strstr(got.said, "secret"));
    }
}

/* ---- names ---- */

static const struct {
    const char *table;
    pgs_status status;
} TABLE[] = {
    {"chunks", PGS_OK},     {"public.chunks", PGS_OK}, {"\"My.Schema\".\"T\"\"x\"", PGS_OK},
    {"a.b.c", PGS_E_USAGE}, {"", PGS_E_USAGE},         {"\"open", PGS_E_USAGE},
};

Test(postgres, a_table_is_one_name_or_two) {
    for (size_t i = 0; i < PGS_COUNT_OF(TABLE); i++) {
        options.table = TABLE[i].table;
        cr_expect_eq(take(), TABLE[i].status, "%s: %s", TABLE[i].table, got.err.msg);
    }
}

Test(postgres, names_reach_the_server_quoted) {
    fake.answer[FAKE_LEAVES] =
        "901|x|public|public.\"x'; DROP TABLE y; --\"|r|901|2|100|1|0|0|0|0|0|"
        "\\N|\\N|\\N";
    options.created_column = "Created\"At";
    cr_expect_eq(take(), PGS_E_DATA); /* the script knows no such leaf */
    cr_expect(strstr(fake.log, "Count a batch"), "%s", fake.log);
    cr_expect(strstr(fake.last_sql, "'public.\"x''; DROP TABLE y; --\"'::regclass"), "%s",
              fake.last_sql);
    cr_expect(strstr(fake.last_sql, "\"Created\"\"At\" AS created"), "%s", fake.last_sql);
}

/* ---- refresh ---- */

static const struct {
    const char *has, *runs;
    pgs_status status;
} REFRESH[] = {
    {"t|t|t", "SELECT public.refresh_collection_chunking_stats()", PGS_OK},
    {"f|t|t", "REFRESH MATERIALIZED VIEW CONCURRENTLY public.collection_chunking_stats", PGS_OK},
    {"f|f|t", "REFRESH MATERIALIZED VIEW public.collection_chunking_stats", PGS_OK},
    {"f|f|f", "", PGS_E_NO_INPUT},
};

Test(postgres, refresh_takes_the_gentlest_way_there_is) {
    for (size_t i = 0; i < PGS_COUNT_OF(REFRESH); i++) {
        fake.answer[FAKE_REFRESH] = REFRESH[i].has;
        pgs_err err = {0};
        cr_expect_eq(pgs_pg_refresh(&options, NULL, &err), REFRESH[i].status, "%s", err.msg);
        cr_expect(strstr(fake.last_sql, REFRESH[i].runs), "%s", fake.last_sql);
    }
}

/* ---- views ---- */

static char *views_script(pgs_pg_views_action action) {
    char *script = NULL;
    pgs_err err = {0};
    pgs_status st = pgs_pg_views(&options, action, NULL, &script, &err);
    cr_assert_eq(st, PGS_OK, "%s", err.msg);
    cr_assert_eq(script != NULL, action == PGS_PG_VIEWS_PRINT);
    return script;
}

/* What is run has its last part in last_sql only when it is short, which a drop is. */
Test(postgres, views_that_are_printed_are_not_made) {
    char *script = views_script(PGS_PG_VIEWS_PRINT);
    cr_expect(strstr(script, "CREATE OR REPLACE VIEW public.partition_health_summary"));
    cr_expect(strstr(script, "CREATE MATERIALIZED VIEW public.pgskew_collections_new"));
    cr_expect_null(strstr(script, "{{"), "%s", strstr(script, "{{"));
    cr_expect_null(strstr(fake.log, "-- Live views of one"), "%s", fake.log);
    pgs_free(script);
}

Test(postgres, views_that_are_dropped_need_no_table) {
    fake.answer[FAKE_TABLE] = "";
    views_script(PGS_PG_VIEWS_DROP);
    cr_expect(strstr(fake.last_sql, "'Made by pgskew-collect views for public.chunks.'"), "%s",
              fake.last_sql);
    cr_expect(strstr(fake.last_sql, "DROP %s %s"), "%s", fake.last_sql);
}

Test(postgres, names_in_views_are_quoted) {
    options.collection_column = "c\"; DROP TABLE x; --";
    options.schema = "ours";
    fake.answer[FAKE_TABLE] =
        "900|p|\"s'\"|t|\"s'\".t|2025-10-20 10:15:00+00|2025-10-20 09:15:00+00|"
        "2025-10-19 10:15:00+00|2025-10-13 10:15:00+00|app|monitor|15.18|150018|8192|0|1|\\N";
    char *script = views_script(PGS_PG_VIEWS_PRINT);
    cr_expect(strstr(script, "pg_partition_tree('\"s''\".t'::regclass)"));
    cr_expect(strstr(script, "'Made by pgskew-collect views for \"s''\".t.'"));
    cr_expect(strstr(script, "\"c\"\"; DROP TABLE x; --\" AS collection"));
    pgs_free(script);
}

static const struct {
    const char *columns, *has, *has_not;
} LACKING[] = {
    {"1|text\n2|int4\n3|date", "NULL::text AS collection", "CREATE MATERIALIZED VIEW"},
    {"0|text\n2|oid\n3|date", "\"created_at\"::timestamp AT TIME ZONE 'UTC' AS created",
     "\"token_count\""},
    {"0|text\n3|timestamp", "\"created_at\" AT TIME ZONE 'UTC' AS created", "\"document_id\""},
    {"0|text", "is_measured AND false", "\"created_at\""},
};

Test(postgres, views_do_without_columns) {
    for (size_t i = 0; i < PGS_COUNT_OF(LACKING); i++) {
        fake.answer[FAKE_COLUMNS] = LACKING[i].columns;
        char *script = views_script(PGS_PG_VIEWS_PRINT);
        cr_expect(strstr(script, LACKING[i].has), "%zu: no %s", i, LACKING[i].has);
        cr_expect_null(strstr(script, LACKING[i].has_not), "%zu: %s", i, LACKING[i].has_not);
        pgs_free(script);
    }
}
