/* A snapshot in which every field that a file can hold has a value of its own, and the comparison
 * of two snapshots field by field. */
#ifndef PGSKEW_TESTS_FULL_H
#define PGSKEW_TESTS_FULL_H

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "support/make.h"

/* Partitions 0..3, of which 3 is unmeasured, and every metric set. */
static inline void full_parts(pgs_snapshot *snap) {
    static const double CHUNKS[] = {30, 20, 10, NAN}, BYTES[] = {491520, 327680, 163840, NAN};
    make_snapshot(snap, 4, CHUNKS, BYTES);
    for (size_t p = 0; p < 4; p++) {
        char text[64];
        snprintf(text, sizeof text, "chunks_part_%02zu", p);
        make_text(snap, &snap->part[p].name, text);
        snprintf(text, sizeof text,
                 "FOR VALUES IN ('%zu', 'gr\xC3\xB6\xC3\x9F"
                 "e')",
                 p);
        make_text(snap, &snap->part[p].bounds, text);
        snap->part[p].relid = 16400 + (int64_t)p;
        snap->part[p].relfilenode = 16500 + (int64_t)p;
        for (pgs_metric m = 0; m < PGS_FIRST_DERIVED && p < 3; m++)
            if (m != PGS_CHUNK_COUNT && m != PGS_SIZE_BYTES)
                snap->metric[m][p] =
                    (pgs_metric_get(m)->unit == PGS_UNIT_TIME ? 1.7e15 + 250001 : 1) +
                    (double)((int)m * 10 + (int)p) + (m == PGS_AVG_TOKENS ? 0.1 : 0);
    }
    snap->stray_metric[PGS_CHUNK_COUNT] = 7;
    snap->stray_metric[PGS_SIZE_BYTES] = 8192;
    cr_assert_eq(pgs_snapshot_derive(snap, NULL), PGS_OK);
}

static inline void full_collections(pgs_snapshot *snap) {
    cr_assert_eq(pgs_snapshot_set_collections(snap, 2, 3, NULL), PGS_OK);
    make_text(snap, &snap->collection[0].id, "0b5c");
    make_text(snap, &snap->collection[0].name, "Papers");
    make_text(snap, &snap->collection[1].id, "ff00");
    static const int64_t PART[] = {0, 2, -1};
    for (size_t i = 0; i < 3; i++)
        snap->collection_stat[i] = (pgs_collection_stat){
            .collection = i / 2,
            .partition_num = PART[i],
            .key_hash = i == 2 ? PGS_TIME_NONE : INT64_C(-2000000000) + (int64_t)i,
            .chunk_count = 10 + (double)i,
            .document_count = 2 + (double)i,
            .token_sum = i == 1 ? NAN : 5000,
            .token_chunk_count = i == 1 ? NAN : 9,
            .avg_tokens = i == 1 ? NAN : 555.56,
            .size_bytes = 16384 + (double)i,
            .last_created_at = i == 2 ? NAN : 1.7e15 + (double)i,
        };
}

static inline void full_snapshot(pgs_snapshot *snap) {
    full_parts(snap);
    make_text(snap, &snap->head.system_identifier, "7312345678901234567");
    make_text(snap, &snap->head.database, "app \"x\"");
    make_text(snap, &snap->head.source, "production");
    make_text(snap, &snap->server_version, "15.18");
    make_text(snap, &snap->notes, "said; twice");
    snap->head.taken_us = MAKE_TAKEN + 250000;
    snap->head.counts = PGS_COUNTS_ESTIMATE;
    snap->table_relid = 16390;
    snap->in_recovery = 1;
    snap->stats_reset_us = MAKE_TAKEN - 1;
    snap->collect_ms = 12.625;
    cr_assert_eq(pgs_snapshot_set_strays(snap, 2, NULL), PGS_OK);
    make_text(snap, &snap->stray[0].name, "chunks_default");
    make_text(snap, &snap->stray[1].name, "chunks_old");
    snap->stray[0].chunk_count = 7;
    snap->stray[0].size_bytes = 8192;
    full_collections(snap);
}

static inline bool full_same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline void full_expect_parts(const pgs_snapshot *a, const pgs_snapshot *b) {
    cr_assert_eq(a->head.n_parts, b->head.n_parts);
    for (size_t p = 0; p < a->head.n_parts; p++) {
        cr_expect_eq(a->part[p].num, b->part[p].num);
        cr_expect(full_same_text(a->part[p].name, b->part[p].name));
        cr_expect(full_same_text(a->part[p].bounds, b->part[p].bounds));
        cr_expect_eq(a->part[p].relid, b->part[p].relid);
        cr_expect_eq(a->part[p].relfilenode, b->part[p].relfilenode);
        cr_expect_eq(a->part[p].measured, b->part[p].measured);
        cr_expect_eq(a->health[p], b->health[p]);
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
            cr_expect(make_same(a->metric[m][p], b->metric[m][p]), "%s of %zu: %.17g and %.17g",
                      pgs_metric_get(m)->key, p, a->metric[m][p], b->metric[m][p]);
    }
    cr_expect(make_same(a->distribution_variance, b->distribution_variance));
    cr_expect_eq(a->distribution_status, b->distribution_status);
}

static inline void full_expect_collections(const pgs_snapshot *a, const pgs_snapshot *b) {
    cr_assert_eq(a->n_collections, b->n_collections);
    for (size_t i = 0; i < a->n_collections; i++) {
        cr_expect_str_eq(a->collection[i].id, b->collection[i].id);
        cr_expect(full_same_text(a->collection[i].name, b->collection[i].name));
    }
    cr_assert_eq(a->n_collection_stats, b->n_collection_stats);
    for (size_t i = 0; i < a->n_collection_stats; i++) {
        const pgs_collection_stat *x = &a->collection_stat[i], *y = &b->collection_stat[i];
        cr_expect_eq(x->collection, y->collection);
        cr_expect_eq(x->partition_num, y->partition_num);
        cr_expect_eq(x->key_hash, y->key_hash);
        cr_expect(make_same(x->chunk_count, y->chunk_count));
        cr_expect(make_same(x->document_count, y->document_count));
        cr_expect(make_same(x->token_sum, y->token_sum));
        cr_expect(make_same(x->token_chunk_count, y->token_chunk_count));
        cr_expect(make_same(x->avg_tokens, y->avg_tokens));
        cr_expect(make_same(x->size_bytes, y->size_bytes));
        cr_expect(make_same(x->last_created_at, y->last_created_at));
    }
}

static inline void full_expect_same(const pgs_snapshot *a, const pgs_snapshot *b) {
    cr_expect(full_same_text(a->head.system_identifier, b->head.system_identifier));
    cr_expect(full_same_text(a->head.database, b->head.database));
    cr_expect(full_same_text(a->head.table_name, b->head.table_name));
    cr_expect(full_same_text(a->head.source, b->head.source));
    cr_expect_eq(a->head.taken_us, b->head.taken_us);
    cr_expect_eq(a->head.counts, b->head.counts);
    cr_expect_eq(a->table_relid, b->table_relid);
    cr_expect(full_same_text(a->server_version, b->server_version));
    cr_expect_eq(a->in_recovery, b->in_recovery);
    cr_expect_eq(a->stats_reset_us, b->stats_reset_us);
    cr_expect(make_same(a->collect_ms, b->collect_ms));
    cr_expect(full_same_text(a->notes, b->notes));
    full_expect_parts(a, b);
    full_expect_collections(a, b);
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        cr_expect(make_same(a->stray_metric[m], b->stray_metric[m]));
    cr_assert_eq(a->n_strays, b->n_strays);
    for (size_t i = 0; i < a->n_strays; i++) {
        cr_expect_str_eq(a->stray[i].name, b->stray[i].name);
        cr_expect(make_same(a->stray[i].chunk_count, b->stray[i].chunk_count));
        cr_expect(make_same(a->stray[i].size_bytes, b->stray[i].size_bytes));
    }
}

/* Change a file as somebody with stock SQLite would, constraints switched off. */
static inline void full_sql(const char *path, const char *sql) {
    sqlite3 *db;
    char *why = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA ignore_check_constraints = ON", NULL, NULL, NULL), 0);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK, "%s: %s", sql, why);
    sqlite3_close(db);
}

#endif
