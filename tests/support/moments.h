/* Stories of several moments, each a snapshot that is a function of the story and the time alone;
 * and packing them as `pgskew pack` does. */
#ifndef PGSKEW_TESTS_MOMENTS_H
#define PGSKEW_TESTS_MOMENTS_H

#include "pgskew/history.h"
#include "support/full.h"
#include "support/random.h"

typedef enum moments_story {
    MOMENTS_FULL,        /* every field has a value, and others the next time */
    MOMENTS_COME_AND_GO, /* partitions are created, dropped, recreated, renamed, renumbered */
    MOMENTS_NUMBERS,     /* imports without names */
    MOMENTS_UNMEASURED,  /* some partitions could not be read, once none of them */
    MOMENTS_COLLECTIONS, /* collections come, go, and change their names */
    MOMENTS_GIVEN,       /* percentages of which we do not know the denominator, at some moments */
    MOMENTS_HUGE,        /* values up to 2^53 */
    MOMENTS_LONG,        /* more moments than a tile has */
    MOMENTS_WIDE,        /* more partitions than a tile has, and ever more of them */
    MOMENTS_EMPTY,       /* no partitions, no rows */
    MOMENTS_STORIES
} moments_story;

static const struct {
    const char *name;
    size_t n;
} MOMENTS[MOMENTS_STORIES] = {
    [MOMENTS_FULL] = {"full", 5},
    [MOMENTS_COME_AND_GO] = {"come and go", 40},
    [MOMENTS_NUMBERS] = {"numbers", 12},
    [MOMENTS_UNMEASURED] = {"unmeasured", 12},
    [MOMENTS_COLLECTIONS] = {"collections", 9},
    [MOMENTS_GIVEN] = {"given", 8},
    [MOMENTS_HUGE] = {"huge", 6},
    [MOMENTS_LONG] = {"long", 600},
    [MOMENTS_WIDE] = {"wide", 7},
    [MOMENTS_EMPTY] = {"empty", 4},
};

static inline int64_t moments_time(size_t t) {
    return MAKE_TAKEN + (int64_t)t * INT64_C(3600250000) + (t % 2 ? 1 : 0);
}

/* `n` named partitions of which every observed metric is a random number below `below`. */
static inline void moments_parts(pgs_snapshot *snap, size_t n, int64_t below, random_state *r) {
    double *chunks = calloc(n + 1, sizeof *chunks);
    make_snapshot(snap, n, chunks, chunks);
    free(chunks);
    for (size_t p = 0; p < n; p++) {
        char name[40];
        snprintf(name, sizeof name, "chunks_part_%03zu", p);
        make_text(snap, &snap->part[p].name, name);
        snap->part[p].relid = 20000 + (int64_t)p;
        for (pgs_metric m = 0; m < PGS_FIRST_DERIVED; m++)
            snap->metric[m][p] = (double)random_below(r, below) / (m == PGS_AVG_TOKENS ? 100 : 1);
    }
}

/* Forget partition `p`; the later ones move up. */
static inline void moments_drop(pgs_snapshot *snap, size_t p) {
    size_t last = --snap->head.n_parts;
    for (size_t i = p; i < last; i++) {
        snap->part[i] = snap->part[i + 1];
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
            snap->metric[m][i] = snap->metric[m][i + 1];
    }
}

static inline void moments_come_and_go(pgs_snapshot *snap, size_t t, random_state *r) {
    moments_parts(snap, 30, 1000000, r);
    for (size_t p = 0; p < 30; p++) {
        char text[60];
        if (p % 7 == 3) { /* renamed every tenth moment */
            snprintf(text, sizeof text, "renamed_%zu_%zu", p, t / 10);
            make_text(snap, &snap->part[p].name, text);
        }
        if (p % 7 == 4) /* recreated every eighth */
            snap->part[p].relid += 1000 * (int64_t)(t / 8);
        if (p % 7 == 5) /* other bounds every fifth, and now and then none */
            snprintf(text, sizeof text, "FOR VALUES IN (%zu)", t / 5);
        make_text(snap, &snap->part[p].bounds, p % 7 == 5 && t / 5 % 3 != 2 ? text : NULL);
        snap->part[p].num = (int64_t)(p + 100 * (t / 20)); /* renumbered halfway */
        snap->part[p].relfilenode = p % 2 ? 500 + (int64_t)(t / 3) : 0;
    }
    for (size_t p = 30; p-- > 0;)
        if (p % 3 == 0 && (p + t) % 9 < 4)
            moments_drop(snap, p);
}

static inline void moments_unmeasured(pgs_snapshot *snap, size_t t, random_state *r) {
    moments_parts(snap, 9, 5000, r);
    for (size_t p = 0; p < 9; p++) {
        snap->part[p].measured = t != 5 && (p + t) % 4 != 0;
        for (pgs_metric m = 0; m < PGS_FIRST_DERIVED; m++)
            if (!snap->part[p].measured || (p + t) % 5 == (size_t)m % 5)
                snap->metric[m][p] = NAN;
    }
}

static inline void moments_collections(pgs_snapshot *snap, size_t t, random_state *r) {
    moments_parts(snap, 3, 1000, r);
    if (t % 4 == 3)
        return;
    full_collections(snap);
    char name[40];
    snprintf(name, sizeof name, "Papers, edition %zu", t / 2);
    make_text(snap, &snap->collection[0].name, t % 5 == 2 ? NULL : name);
    snap->collection_stat[0].chunk_count = (double)(10 + t);
    if (t % 2) { /* only the first */
        snap->n_collections = 1;
        snap->n_collection_stats = 2;
    }
}

static inline void moments_given(pgs_snapshot *snap, size_t t, random_state *r) {
    moments_parts(snap, 4, 1000, r);
    for (size_t p = 0; p < 4 && t % 3 != 1; p++) {
        snap->metric[PGS_CHUNK_PERCENTAGE][p] = (double)random_below(r, 2500) / 100;
        snap->metric[PGS_HOUR_PERCENTAGE][p] = p == 2 ? NAN : (double)random_below(r, 2500) / 100;
    }
}

static inline void moments_fill(moments_story story, size_t t, pgs_snapshot *snap) {
    random_state r = {100 * (uint64_t)story + t};
    switch (story) {
    case MOMENTS_FULL:
        full_snapshot(snap);
        snap->metric[PGS_CHUNK_COUNT][t % 3] += (double)t;
        snap->metric[PGS_AVG_TOKENS][0] = 1.0 / (3 + (double)t);
        make_text(snap, &snap->server_version, t % 2 ? "16.1" : NULL);
        snap->head.counts = (pgs_counts)(t % 2);
        snap->in_recovery = (int)(t % 3) - 1;
        snap->n_strays = t % 3;
        snap->stray_metric[PGS_CHUNK_COUNT] = t == 2 ? NAN : (double)(7 * t);
        break;
    case MOMENTS_COME_AND_GO:
        moments_come_and_go(snap, t, &r);
        break;
    case MOMENTS_NUMBERS:
        moments_parts(snap, 20, 100000, &r);
        for (size_t p = 20; p-- > 0;) {
            snap->part[p].name = NULL;
            snap->part[p].relid = 0;
            if ((p + t) % 5 == 0)
                moments_drop(snap, p);
        }
        break;
    case MOMENTS_UNMEASURED:
        moments_unmeasured(snap, t, &r);
        break;
    case MOMENTS_COLLECTIONS:
        moments_collections(snap, t, &r);
        break;
    case MOMENTS_GIVEN:
        moments_given(snap, t, &r);
        break;
    case MOMENTS_HUGE:
        moments_parts(snap, 3, INT64_C(1) << 51, &r);
        break;
    case MOMENTS_WIDE:
        moments_parts(snap, 200 + 90 * t, 1000, &r);
        break;
    case MOMENTS_EMPTY:
        moments_parts(snap, t == 1 ? 2 : 0, 1, &r);
        break;
    default:
        moments_parts(snap, 3, 1000 + (int64_t)t, &r);
    }
}

/* Moment `t` of the story as a source would give it, checked and derived. */
static inline void moments_make(moments_story story, size_t t, pgs_snapshot *snap) {
    pgs_err err = {0};
    moments_fill(story, t, snap);
    snap->head.taken_us = moments_time(t);
    for (pgs_metric m = PGS_FIRST_DERIVED; m < PGS_METRIC_COUNT; m++)
        if (story == MOMENTS_FULL)
            for (size_t p = 0; p < snap->head.n_parts; p++)
                snap->metric[m][p] = NAN;
    cr_assert_eq(pgs_snapshot_check(snap, &err), PGS_OK, "%s: %s", MOMENTS[story].name, err.msg);
    cr_assert_eq(pgs_snapshot_derive(snap, &err), PGS_OK, "%s", err.msg);
}

/* Add moments first .. last - 1 and commit. PGS_OK, or the first failure. */
static inline pgs_status moments_pack(const char *path, moments_story story, size_t first,
                                      size_t last, pgs_pack_mode mode, pgs_err *err) {
    pgs_packer *packer;
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_packer_open(path, mode, &packer, err);
    for (size_t t = first; st == PGS_OK && t < last; t++) {
        pgs_summary moment;
        uint64_t given;
        pgs_snapshot_reset(&snap);
        moments_make(story, t, &snap);
        st = pgs_summary_of(&snap, &moment, &given, err);
        if (st == PGS_OK)
            st = pgs_packer_add(packer, &snap, &moment, given, err);
    }
    if (st == PGS_OK)
        st = pgs_packer_commit(packer, first < last ? &snap : NULL, err);
    pgs_packer_close(packer);
    pgs_snapshot_reset(&snap);
    return st;
}

#endif
