/* store/history_frame.c and store/framer.c: a daily frame is the same from a history and from the
 * snapshots it was packed from, and nothing that comes later is in it. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "support/moments.h"
#include "support/no_leaks.h"
#include "support/scratch.h"

#define METRICS (PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_AVG_TOKENS))

static scratch dir;
static pgs_err err;
static char path[256];

static void set_up(void) {
    cr_assert(scratch_make(&dir));
    snprintf(path, sizeof path, "%s", scratch_name(&dir, "history.db"));
}

static void tear_down(void) {
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(framer, .init = set_up, .fini = tear_down);

static void from_history(size_t first, size_t last, pgs_frame *out) {
    pgs_history *h;
    pgs_frame_init(out);
    cr_assert_eq(pgs_history_open(path, 1, &h, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(pgs_history_frame(h, first, last, METRICS, out, &err), PGS_OK, "%s", err.msg);
    pgs_history_close(h);
}

static void from_snapshots(moments_story story, size_t first, size_t last, pgs_frame *out) {
    pgs_framer *framer;
    pgs_frame_init(out);
    cr_assert_eq(pgs_framer_open(moments_time(first), moments_time(last), METRICS, &framer, &err),
                 PGS_OK);
    for (size_t t = first; t <= last; t++) {
        pgs_snapshot snap;
        moments_make(story, t, &snap);
        cr_assert_eq(pgs_framer_add(framer, &snap, &err), PGS_OK, "%s", err.msg);
        pgs_snapshot_reset(&snap);
    }
    cr_assert_eq(pgs_framer_finish(framer, out, &err), PGS_OK, "%s", err.msg);
    pgs_framer_close(framer);
}

static void expect_same(const pgs_frame *a, const pgs_frame *b, const char *name) {
    cr_expect_str_eq(a->table, b->table);
    cr_assert_eq(a->n_times, b->n_times, "%s", name);
    cr_assert_eq(a->n_parts, b->n_parts, "%s: %zu and %zu partitions", name, a->n_parts,
                 b->n_parts);
    cr_assert_eq(a->n_refiled, b->n_refiled, "%s: %zu and %zu refiled", name, a->n_refiled,
                 b->n_refiled);
    for (size_t i = 0; i < a->n_refiled; i++)
        cr_expect(a->refiled[i].t == b->refiled[i].t && a->refiled[i].p == b->refiled[i].p);
    cr_assert_eq(a->n_moments, b->n_moments, "%s", name);
    for (size_t i = 0; i < a->n_moments; i++)
        cr_expect(a->moment[i].taken_us == b->moment[i].taken_us &&
                      a->moment[i].chunks == b->moment[i].chunks &&
                      a->moment[i].n_seen == b->moment[i].n_seen,
                  "%s: moment %zu", name, i);
    for (size_t t = 0; t < a->n_times; t++)
        cr_expect(a->taken_us[t] == b->taken_us[t] && a->counts[t] == b->counts[t], "%s", name);
    for (size_t p = 0; p < a->n_parts; p++) {
        cr_expect_eq(a->part_num[p], b->part_num[p], "%s", name);
        cr_expect_eq(a->there[p], b->there[p], "%s", name);
        cr_expect((!a->part[p] && !b->part[p]) ||
                      (a->part[p] && b->part[p] && strcmp(a->part[p], b->part[p]) == 0),
                  "%s", name);
        for (size_t t = 0; t < a->n_times; t++)
            for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
                cr_expect(!a->metric[m] || make_same(a->metric[m][t * a->stride + p],
                                                     b->metric[m][t * b->stride + p]),
                          "%s: day %zu, partition %zu", name, t, p);
    }
}

Test(framer, history_and_snapshots_give_the_same_frame) {
    for (moments_story s = 0; s < MOMENTS_STORIES; s++) {
        pgs_frame a, b;
        size_t last = MOMENTS[s].n - 1;
        cr_assert_eq(moments_pack(path, s, 0, last + 1, PGS_PACK_EXTEND, &err), PGS_OK);
        from_history(0, last, &a);
        from_snapshots(s, 0, last, &b);
        expect_same(&a, &b, MOMENTS[s].name);
        pgs_frame_reset(&a);
        pgs_frame_reset(&b);
        remove(path);
    }
}

Test(framer, and_from_a_later_beginning) {
    static const moments_story STORY[] = {MOMENTS_COME_AND_GO, MOMENTS_NUMBERS, MOMENTS_LONG,
                                          MOMENTS_WIDE, MOMENTS_UNMEASURED};
    for (size_t i = 0; i < PGS_COUNT_OF(STORY); i++) {
        pgs_frame a, b;
        size_t last = MOMENTS[STORY[i]].n - 2, first = last / 2;
        cr_assert_eq(moments_pack(path, STORY[i], 0, last + 2, PGS_PACK_EXTEND, &err), PGS_OK);
        from_history(first, last, &a);
        from_snapshots(STORY[i], first, last, &b);
        expect_same(&a, &b, MOMENTS[STORY[i]].name);
        pgs_frame_reset(&a);
        pgs_frame_reset(&b);
        remove(path);
    }
}

Test(framer, what_comes_later_is_not_in_it) {
    for (moments_story s = 0; s < MOMENTS_STORIES; s++) {
        pgs_frame a, b;
        size_t last = MOMENTS[s].n / 2;
        cr_assert_eq(moments_pack(path, s, 0, MOMENTS[s].n, PGS_PACK_EXTEND, &err), PGS_OK);
        from_history(0, last, &a);
        remove(path);
        cr_assert_eq(moments_pack(path, s, 0, last + 1, PGS_PACK_EXTEND, &err), PGS_OK);
        from_history(0, last, &b);
        expect_same(&a, &b, MOMENTS[s].name);
        pgs_frame_reset(&a);
        pgs_frame_reset(&b);
        remove(path);
    }
}

/* Moments are an hour and a bit apart: 600 of them are 25 days and some. */
Test(framer, a_cell_is_the_last_observation_of_its_24_hours) {
    pgs_frame f;
    from_snapshots(MOMENTS_UNMEASURED, 0, 11, &f);
    cr_assert_eq(f.n_times, 1);
    for (size_t p = 0; p < f.n_parts; p++) {
        double want = NAN;
        for (size_t t = 0; t < 12; t++) {
            pgs_snapshot snap;
            moments_make(MOMENTS_UNMEASURED, t, &snap);
            double value = snap.metric[PGS_CHUNK_COUNT][p];
            want = isnan(value) ? want : value;
            pgs_snapshot_reset(&snap);
        }
        cr_expect(make_same(f.metric[PGS_CHUNK_COUNT][p], want), "partition %zu", p);
    }
    pgs_frame_reset(&f);

    from_snapshots(MOMENTS_LONG, 0, 599, &f);
    cr_assert_eq(f.n_times, 25);
    cr_expect_eq(f.taken_us[24], moments_time(599));
    for (size_t day = 0; day < 25; day++) {
        size_t t = 599;
        while (moments_time(t) > f.taken_us[day])
            t--;
        pgs_snapshot snap;
        moments_make(MOMENTS_LONG, t, &snap);
        for (size_t p = 0; p < 3; p++)
            cr_expect_eq(f.metric[PGS_CHUNK_COUNT][day * f.stride + p],
                         snap.metric[PGS_CHUNK_COUNT][p], "day %zu", day);
        pgs_snapshot_reset(&snap);
    }
    pgs_frame_reset(&f);
}

Test(framer, a_new_relfilenode_is_told_once) {
    pgs_frame f;
    from_snapshots(MOMENTS_COME_AND_GO, 0, 39, &f);
    cr_expect_gt(f.n_refiled, 0);
    for (size_t i = 0; i < f.n_refiled; i++) {
        cr_expect_lt(f.refiled[i].t, f.n_times);
        cr_expect_lt(f.refiled[i].p, f.n_parts);
    }
    pgs_frame_reset(&f);
}

/* Each allocation fails once. */
Test(framer, without_memory_it_says_so) {
    pgs_snapshot snap;
    bool done = false;
    moments_make(MOMENTS_COME_AND_GO, 0, &snap);
    for (size_t nth = 1; !done; nth++) {
        pgs_frame f;
        pgs_framer *framer;
        pgs_frame_init(&f);
        pgs_mem_fail_at(nth);
        pgs_status st =
            pgs_framer_open(snap.head.taken_us, snap.head.taken_us, METRICS, &framer, &err);
        if (st == PGS_OK)
            st = pgs_framer_add(framer, &snap, &err);
        if (st == PGS_OK)
            st = pgs_framer_finish(framer, &f, &err);
        pgs_mem_fail_at(0);
        done = st == PGS_OK;
        cr_expect(done || !f.arena, "failing at %zu", nth);
        pgs_framer_close(framer);
        pgs_frame_reset(&f);
        cr_assert_lt(nth, 2000);
    }
    pgs_snapshot_reset(&snap);
}
