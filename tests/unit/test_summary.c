/* stats/summary.c: totals, means and deviations of a whole table, and of its collections. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/make.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/rows.h"

static pgs_snapshot snap;

static void tear_down(void) {
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(summary, .fini = tear_down);

/* ---- over partitions ---- */

Test(summary, every_recorded_aggregate) {
    enum { VALUES, SUM, AVG, STDDEV, AVG_JSON, STDDEV_JSON };
    static rows r;
    int n_rows = 0;
    cr_assert(rows_open(&r, FIXTURES "/reference/numeric-aggregate.csv"));
    for (; rows_next(&r); n_rows++) {
        double x[256];
        size_t n = 0;
        char *end;
        for (char *w = strtok_r(r.cell[VALUES], " ", &end); w; w = strtok_r(NULL, " ", &end))
            x[n++] = strtod(w, NULL);
        make_snapshot(&snap, n, x, NULL);
        pgs_statistics s;
        pgs_statistics_of(&snap, &s);
        cr_expect_eq(s.partition_count, n, "line %d", r.number);
        cr_expect_eq(s.total_chunks, strtod(r.cell[SUM], NULL), "line %d", r.number);
        cr_expect_eq(s.avg_chunks_per_partition, strtod(r.cell[AVG_JSON], NULL), "line %d",
                     r.number);
        cr_expect_eq(s.chunk_count_stddev, strtod(r.cell[STDDEV_JSON], NULL), "line %d", r.number);
        pgs_snapshot_reset(&snap);
    }
    cr_assert_eq(n_rows, 160);
}

/* 4/2 keeps 16 decimals, so its root does: not the double nearest to the root itself. */
#define ROOT_2 1.4142135623730950

static const struct {
    const char *name;
    size_t n;
    double chunks[3], bytes[3];
    pgs_statistics is;
} STATISTICS[] = {
    {"as recorded in p3-half-exact", 3, {3, 2, 1}, {49152, 32768, 16384}, {3, 6, 0.0938, 2, 1}},
    {"one partition", 1, {5}, {1048576}, {1, 5, 1, 5, 0}},
    {"all alike", 2, {5, 5}, {0, 0}, {2, 10, 0, 5, 0}},
    {"one not observed", 3, {4, NAN, 2}, {1048576, NAN, 0}, {2, 6, 1, 3, ROOT_2}},
    {"counts without sizes", 2, {1, 3}, {NAN, NAN}, {2, 4, NAN, 2, ROOT_2}},
    {"sizes without counts", 2, {NAN, NAN}, {1048576, 0}, {0, NAN, 1, NAN, NAN}},
    {"nothing observed", 2, {NAN, NAN}, {NAN, NAN}, {0, NAN, NAN, NAN, NAN}},
    {"no partitions", 0, {0}, {0}, {0, NAN, NAN, NAN, NAN}},
};

Test(summary, statistics_by_hand) {
    for (size_t i = 0; i < PGS_COUNT_OF(STATISTICS); i++) {
        const pgs_statistics *is = &STATISTICS[i].is;
        make_derived(&snap, STATISTICS[i].n, STATISTICS[i].chunks, STATISTICS[i].bytes);
        pgs_statistics s;
        pgs_statistics_of(&snap, &s);
        cr_expect_eq(s.partition_count, is->partition_count, "%s", STATISTICS[i].name);
        cr_expect(make_same(s.total_chunks, is->total_chunks), "%s", STATISTICS[i].name);
        cr_expect(make_same(s.total_size_mb, is->total_size_mb), "%s: %.17g MB", STATISTICS[i].name,
                  s.total_size_mb);
        cr_expect(make_same(s.avg_chunks_per_partition, is->avg_chunks_per_partition), "%s",
                  STATISTICS[i].name);
        cr_expect(make_same(s.chunk_count_stddev, is->chunk_count_stddev), "%s: stddev %.17g",
                  STATISTICS[i].name, s.chunk_count_stddev);
        pgs_snapshot_reset(&snap);
    }
}

Test(summary, megabytes_are_added_as_decimals) {
    enum { N = 1000 };
    static double bytes[N];
    random_state r = {21};
    for (int bits = 14; bits <= 53; bits += 3) {
        for (size_t p = 0; p < N; p++)
            bytes[p] = (double)random_below(&r, INT64_C(1) << bits);
        make_derived(&snap, N, NULL, bytes);
        int64_t ten_thousandths = 0; /* each MB has 4 decimals: 0.0313 is 313 of them */
        for (size_t p = 0; p < N; p++)
            ten_thousandths += (int64_t)(snap.metric[PGS_TOTAL_SIZE_MB][p] * 10000 + 0.25);
        char text[40];
        snprintf(text, sizeof text, "%llde-4", (long long)ten_thousandths);
        pgs_statistics s;
        pgs_statistics_of(&snap, &s);
        cr_expect_eq(s.total_size_mb, strtod(text, NULL), "%s MB: %.17g", text, s.total_size_mb);
        pgs_snapshot_reset(&snap);
    }
}

/* ---- collections ---- */

typedef struct row {
    size_t collection;
    int64_t partition_num;
    double chunks, documents, tokens, token_chunks, avg, last;
} row;

static void make_collections(size_t n, const char *const *id, size_t n_rows, const row *given) {
    make_snapshot(&snap, 0, NULL, NULL);
    cr_assert_eq(pgs_snapshot_set_collections(&snap, n, n_rows, NULL), PGS_OK);
    for (size_t i = 0; i < n; i++)
        make_text(&snap, &snap.collection[i].id, id[i]);
    for (size_t i = 0; i < n_rows; i++)
        snap.collection_stat[i] = (pgs_collection_stat){
            .collection = given[i].collection,
            .partition_num = given[i].partition_num,
            .chunk_count = given[i].chunks,
            .document_count = given[i].documents,
            .token_sum = given[i].tokens,
            .token_chunk_count = given[i].token_chunks,
            .avg_tokens = given[i].avg,
            .last_created_at = given[i].last,
        };
}

Test(summary, rows_of_a_collection_are_added_up) {
    static const char *const ID[] = {"a", "b", "c", "d"};
    static const row ROWS[] = {{0, 1, 10, 2, 1000, 8, NAN, 500},
                               {0, 2, 5, 1, 1, 1, NAN, 900},
                               {0, 3, 0, 0, NAN, NAN, NAN, NAN},
                               {1, -1, 40, 4, NAN, NAN, 123.45, 700},
                               {3, 1, NAN, NAN, NAN, NAN, NAN, NAN}};
    make_collections(4, ID, PGS_COUNT_OF(ROWS), ROWS);
    pgs_collection_total out[4];
    pgs_collection_totals(&snap, out);
    /* by chunks descending: b 40, a 15, c without rows has none, d was not observed */
    cr_expect_str_eq(out[0].id, "b");
    cr_expect(out[0].total_chunks == 40 && out[0].chunked_documents == 4);
    cr_expect_eq(out[0].avg_tokens_per_chunk, 123.45); /* as the source gave it */
    cr_expect_eq(out[0].n_partitions, 0u);             /* the source did not say */
    cr_expect_str_eq(out[1].id, "a");
    cr_expect(out[1].total_chunks == 15 && out[1].chunked_documents == 3);
    cr_expect_eq(out[1].avg_tokens_per_chunk, 111.22); /* 1001 / 9 = 111.2222 */
    cr_expect_eq(out[1].last_chunk_created, 900);
    cr_expect_eq(out[1].n_partitions, 2u); /* not the one where it has no chunks */
    const pgs_collection_total *c = &out[2], *d = &out[3];
    cr_expect_str_eq(c->id, "c");
    cr_expect(c->total_chunks == 0 && c->chunked_documents == 0 && isnan(c->avg_tokens_per_chunk));
    cr_expect_str_eq(d->id, "d");
    cr_expect(isnan(d->total_chunks) && isnan(d->chunked_documents));
    cr_expect(isnan(d->last_chunk_created) && d->n_partitions == 0);
}

Test(summary, a_row_for_all_partitions_tells_the_totals) {
    static const char *const ID[] = {"a", "b"};
    static const row ROWS[] = {{0, -1, 15, 2, 1001, 9, NAN, 900}, {0, 1, 10, 2, 1000, 8, NAN, 500},
                               {0, 2, 5, 1, 1, 1, NAN, 900},      {0, 3, 0, 0, NAN, NAN, NAN, NAN},
                               {1, -1, 6, NAN, 9, 9, 2.5, 7},     {1, 1, 3, 1, 1, 1, NAN, 7},
                               {1, 2, 3, 1, 1, 1, NAN, 3}};
    make_collections(2, ID, PGS_COUNT_OF(ROWS), ROWS);
    pgs_collection_total out[2];
    pgs_collection_totals(&snap, out);
    cr_expect(out[0].total_chunks == 15 && out[0].chunked_documents == 2);
    cr_expect_eq(out[0].avg_tokens_per_chunk, 111.22); /* 1001 / 9 */
    cr_expect_eq(out[0].last_chunk_created, 900);
    cr_expect_eq(out[0].n_partitions, 2u);
    cr_expect(out[1].total_chunks == 6 && isnan(out[1].chunked_documents), "not known, not 2");
    cr_expect_eq(out[1].avg_tokens_per_chunk, 2.5);
    cr_expect_eq(out[1].n_partitions, 2u);
}

Test(summary, an_average_tie_goes_up) {
    static const char *const ID[] = {"a"};
    static const row ROWS[] = {{0, 1, 200, 1, 201, 200, NAN, NAN}}; /* 1.005 */
    make_collections(1, ID, 1, ROWS);
    pgs_collection_total out;
    pgs_collection_totals(&snap, &out);
    cr_expect_eq(out.avg_tokens_per_chunk, 1.01);
}

Test(summary, collections_of_equal_size_are_in_order_of_their_id) {
    static const char *const ID[] = {"a", "b", "c", "d", "e"};
    static const row ROWS[] = {{0, 1, 5, 1, 0, 0, NAN, NAN},
                               {1, 1, 7, 1, 0, 0, NAN, NAN},
                               {2, 1, 5, 1, 0, 0, NAN, NAN},
                               {3, 1, 7, 1, 0, 0, NAN, NAN},
                               {4, 1, 5, 1, 0, 0, NAN, NAN}};
    static const char *const ORDER[] = {"b", "d", "a", "c", "e"};
    make_collections(5, ID, 5, ROWS);
    pgs_collection_total out[5];
    pgs_collection_totals(&snap, out);
    for (size_t i = 0; i < 5; i++)
        cr_expect_str_eq(out[i].id, ORDER[i]);
}

Test(summary, collections_that_were_not_counted_come_last_whatever_the_order) {
    static const char *const ID[] = {"a", "b", "c", "d", "e", "f"};
    static const row ROWS[] = {{0, 1, NAN, 1, 0, 0, NAN, NAN}, {1, 1, 1, 1, 0, 0, NAN, NAN},
                               {2, 1, NAN, 1, 0, 0, NAN, NAN}, {3, 1, 3, 1, 0, 0, NAN, NAN},
                               {4, 1, NAN, 1, 0, 0, NAN, NAN}, {5, 1, 2, 1, 0, 0, NAN, NAN}};
    static const char *const ORDER[] = {"d", "f", "b", "a", "c", "e"};
    make_collections(6, ID, 6, ROWS);
    pgs_collection_total out[6];
    pgs_collection_totals(&snap, out);
    for (size_t i = 0; i < 6; i++)
        cr_expect_str_eq(out[i].id, ORDER[i], "place %zu has %s", i, out[i].id);
}
