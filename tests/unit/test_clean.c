/* src/model/clean.c: what happened to a table is found, told once, and does not bend what is
 * concluded. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "pgskew/clean.h"
#include "support/days.h"
#include "support/no_leaks.h"
#include "support/random.h"

TestSuite(clean, .fini = pgs_test_no_leaks);

enum { DAYS = 40, PARTS = 4 };

/* ---- stories: what was done to an even table, and the only decisions that may follow ---- */

static void nothing(pgs_frame *f) {
    (void)f;
}
static void gap(pgs_frame *f) {
    days_gap(f, 10, 14);
}
static void weekly(pgs_frame *f) {
    for (size_t t = 0; t < f->n_times; t++)
        if (t % 7 != (DAYS - 1) % 7)
            days_gap(f, t, t);
}
static void weekly_with_a_gap(pgs_frame *f) {
    weekly(f);
    days_gap(f, 18, 18);
}
static void misread(pgs_frame *f) {
    for (size_t p = 0; p < PARTS; p++)
        *days_cell(f, PGS_CHUNK_COUNT, 20, p) *= 2;
}
static void a_lasting_rise(pgs_frame *f) {
    for (size_t p = 0; p < PARTS; p++)
        days_add(f, p, 20, 600, 60000);
}
static void method(pgs_frame *f) {
    for (size_t t = 25; t < DAYS; t++) {
        f->counts[t] = PGS_COUNTS_ESTIMATE;
        for (size_t p = 0; p < PARTS; p++)
            *days_cell(f, PGS_CHUNK_COUNT, t, p) *= 1.1;
    }
}
static void born(pgs_frame *f) {
    days_unseen(f, 1, 0, 11);
}
static void dropped(pgs_frame *f) {
    days_unseen(f, 2, 30, DAYS - 1);
    f->there[2] = false;
}
static void dropped_today(pgs_frame *f) {
    f->there[2] = false;
}
static void locked(pgs_frame *f) {
    days_unseen(f, 3, 5, 7);
}
static void locked_now(pgs_frame *f) {
    days_unseen(f, 3, DAYS - 1, DAYS - 1);
}
static void truncated(pgs_frame *f) {
    days_add(f, 1, 15, -2200, -220000);
}
static void rewritten(pgs_frame *f) {
    days_add(f, 1, 15, 0, -100000);
}
static void refiled(pgs_frame *f) { /* a smaller rewrite, told by its relfilenode */
    static const pgs_refiled REFILED[] = {{15, 1}};
    days_add(f, 1, 15, 0, -10000);
    cr_assert_eq(pgs_frame_set_refiled(f, REFILED, 1, NULL), PGS_OK);
}
static void loaded(pgs_frame *f) {
    days_add(f, 0, 15, 5000, 500000);
}
static void reset(pgs_frame *f) {
    for (size_t p = 0; p < PARTS; p++)
        days_add(f, p, 15, -1000 * (double)(p + 1), -100000 * (double)(p + 1));
}

typedef struct decision {
    pgs_cleaning_kind kind;
    pgs_measure measure;
    size_t p, from, to;
} decision;

#define WHOLE PGS_WHOLE_TABLE

static const struct {
    const char *name;
    void (*tell)(pgs_frame *);
    size_t usual_days, n;
    decision want[2];
} STORIES[] = {
    {"nothing", nothing, 1, 0, {{0}}},
    {"nobody looked for days", gap, 1, 1, {{PGS_CLEANED_GAP, 0, WHOLE, 9, 15}}},
    {"a look a week is no gap", weekly, 7, 0, {{0}}},
    {"a week left out is", weekly_with_a_gap, 7, 1, {{PGS_CLEANED_GAP, 0, WHOLE, 11, 25}}},
    {"a misread total", misread, 1, 1, {{PGS_CLEANED_MISREAD, 0, WHOLE, 19, 20}}},
    {"a rise that lasts is no misreading",
     a_lasting_rise,
     1,
     2,
     {{PGS_CLEANED_LOADED, 0, 0, 19, 20}, {PGS_CLEANED_LOADED, 0, 1, 19, 20}}},
    {"another way of counting", method, 1, 1, {{PGS_CLEANED_METHOD, 0, WHOLE, 24, 25}}},
    {"born", born, 1, 1, {{PGS_CLEANED_BORN, 0, 1, 11, 12}}},
    {"dropped", dropped, 1, 1, {{PGS_CLEANED_DROPPED, 0, 2, 29, 30}}},
    {"dropped today", dropped_today, 1, 1, {{PGS_CLEANED_DROPPED, 0, 2, 39, 39}}},
    {"locked for days", locked, 1, 1, {{PGS_CLEANED_UNSEEN, 0, 3, 4, 8}}},
    {"locked now", locked_now, 1, 1, {{PGS_CLEANED_UNSEEN, 0, 3, 38, 39}}},
    {"truncated", truncated, 1, 1, {{PGS_CLEANED_TRUNCATED, 0, 1, 14, 15}}},
    {"rewritten", rewritten, 1, 1, {{PGS_CLEANED_REWRITTEN, PGS_BY_SIZE, 1, 14, 15}}},
    {"rewritten, as its relfilenode says",
     refiled,
     1,
     1,
     {{PGS_CLEANED_REWRITTEN, PGS_BY_SIZE, 1, 14, 15}}},
    {"loaded", loaded, 1, 1, {{PGS_CLEANED_LOADED, 0, 0, 14, 15}}},
    {"everything anew", reset, 1, 1, {{PGS_CLEANED_RESET, 0, WHOLE, 14, 15}}},
};

static void clean_story(size_t i, pgs_frame *f, pgs_clean *c) {
    days_make(f, DAYS, PARTS);
    STORIES[i].tell(f);
    pgs_clean_init(c);
    cr_assert_eq(pgs_clean_run(f, c, NULL), PGS_OK);
}

static void forget(pgs_frame *f, pgs_clean *c) {
    pgs_clean_reset(c);
    pgs_frame_reset(f);
}

Test(clean, every_story_is_told_once) {
    for (size_t i = 0; i < PGS_COUNT_OF(STORIES); i++) {
        pgs_frame f;
        pgs_clean c;
        clean_story(i, &f, &c);
        cr_expect_eq(c.usual_days, STORIES[i].usual_days, "%s", STORIES[i].name);
        cr_expect_eq(c.n_cleanings, STORIES[i].n, "%s: %zu decisions", STORIES[i].name,
                     c.n_cleanings);
        for (size_t k = 0; k < c.n_cleanings && k < STORIES[i].n; k++) {
            const pgs_cleaning *got = &c.cleaning[k];
            const decision *want = &STORIES[i].want[k];
            cr_expect(got->kind == want->kind && got->measure == want->measure &&
                          got->p == want->p && got->from == want->from && got->to == want->to,
                      "%s: %s of %zd, rows %zu to %zu", STORIES[i].name,
                      pgs_cleaning_name(got->kind), (ssize_t)got->p, got->from, got->to);
        }
        forget(&f, &c);
    }
}

/* Whatever happened, what is known of flows is near what the table does: 10 (p + 1) a day. The load
 * is the exception: it is growth. */
Test(clean, flows_are_what_the_table_does) {
    for (size_t i = 0; i < PGS_COUNT_OF(STORIES); i++) {
        pgs_frame f;
        pgs_clean c;
        if (STORIES[i].tell == loaded || STORIES[i].tell == a_lasting_rise ||
            STORIES[i].tell == method)
            continue;
        clean_story(i, &f, &c);
        for (size_t t = 0; t < DAYS; t++)
            for (size_t p = 0; p < PARTS; p++) {
                double usual = 10 * (double)(p + 1), rows = c.flow[0][t * f.stride + p];
                double bytes = c.flow[1][t * f.stride + p];
                cr_expect(isnan(rows) || fabs(rows - usual) <= 4, "%s: day %zu, partition %zu: %g",
                          STORIES[i].name, t, p, rows);
                cr_expect(isnan(bytes) || fabs(bytes - 100 * usual) <= 400,
                          "%s: day %zu, partition %zu: %g", STORIES[i].name, t, p, bytes);
            }
        forget(&f, &c);
    }
}

static size_t story(void (*tell)(pgs_frame *)) {
    size_t i = 0;
    while (STORIES[i].tell != tell)
        i++;
    return i;
}

Test(clean, a_gap_is_spread_and_stocks_are_carried_two_days) {
    pgs_frame f;
    pgs_clean c;
    clean_story(story(gap), &f, &c);
    double before = *days_cell(&f, PGS_CHUNK_COUNT, 9, 1);
    double after = *days_cell(&f, PGS_CHUNK_COUNT, 15, 1);
    for (size_t t = 10; t <= 15; t++)
        cr_expect_eq(c.flow[0][t * f.stride + 1], (after - before) / 6);
    cr_expect_eq(c.stock[0][11 * f.stride + 1], before);
    cr_expect(isnan(c.stock[0][12 * f.stride + 1]));
    double sum = 0;
    for (size_t p = 0; p < PARTS; p++)
        sum += *days_cell(&f, PGS_CHUNK_COUNT, 9, p);
    cr_expect_eq(c.cleaning[0].before, sum);
    forget(&f, &c);
}

Test(clean, what_begins_anew_begins_there) {
    pgs_frame f;
    pgs_clean c;
    clean_story(story(truncated), &f, &c);
    cr_expect_eq(c.start[0][1], 15);
    cr_expect_eq(c.start[1][1], 15);
    cr_expect_eq(c.start[0][0], 0);
    cr_expect(isnan(c.flow[0][15 * f.stride + 1]) && isnan(c.flow[1][15 * f.stride + 1]));
    cr_expect(!isnan(c.flow[0][16 * f.stride + 1]));
    forget(&f, &c);
    clean_story(story(reset), &f, &c);
    for (size_t p = 0; p < PARTS; p++)
        cr_expect_eq(c.start[0][p], 15);
    forget(&f, &c);
    clean_story(story(born), &f, &c);
    cr_expect_eq(c.start[0][1], 12);
    cr_expect(isnan(c.flow[0][12 * f.stride + 1]));
    forget(&f, &c);
}

Test(clean, what_is_left_out_leaves_what_was_before) {
    pgs_frame f;
    pgs_clean c;
    clean_story(story(rewritten), &f, &c);
    cr_expect_eq(c.start[1][1], 0);
    cr_expect(isnan(c.flow[1][15 * f.stride + 1]) && !isnan(c.flow[0][15 * f.stride + 1]));
    forget(&f, &c);
    clean_story(story(method), &f, &c);
    for (size_t p = 0; p < PARTS; p++) {
        cr_expect_eq(c.start[0][p], 0);
        cr_expect(isnan(c.flow[0][25 * f.stride + p]) && !isnan(c.flow[1][25 * f.stride + p]));
    }
    forget(&f, &c);
    clean_story(story(misread), &f, &c);
    cr_expect_eq(c.stock[0][20 * f.stride], c.stock[0][19 * f.stride]);
    forget(&f, &c);
    clean_story(story(dropped_today), &f, &c);
    cr_expect(isnan(c.stock[0][39 * f.stride + 2]) && !isnan(c.stock[0][38 * f.stride + 2]));
    forget(&f, &c);
}

Test(clean, sizes_or_rows_alone_are_cleaned_too) {
    pgs_frame f;
    pgs_clean c;
    days_make(&f, DAYS, PARTS);
    truncated(&f);
    f.metric[PGS_SIZE_BYTES] = NULL;
    pgs_clean_init(&c);
    cr_assert_eq(pgs_clean_run(&f, &c, NULL), PGS_OK);
    cr_expect_null(c.flow[1]);
    cr_expect_eq(c.n_cleanings, 1);
    forget(&f, &c);
    days_make(&f, DAYS, PARTS);
    truncated(&f);
    f.metric[PGS_CHUNK_COUNT] = NULL;
    pgs_clean_init(&c);
    cr_assert_eq(pgs_clean_run(&f, &c, NULL), PGS_OK);
    cr_expect_null(c.flow[0]);
    cr_expect_eq(c.n_cleanings, 1); /* as a rewrite: who knows */
    forget(&f, &c);
}

/* Bursts, deletions and zeros of all kinds: never a decision without a cell, never a crash. */
Test(clean, anything_can_be_cleaned) {
    random_state r = {5};
    for (int trial = 0; trial < 300; trial++) {
        pgs_frame f;
        pgs_clean c;
        days_make(&f, 1 + (size_t)random_below(&r, 60), (size_t)random_below(&r, 7));
        for (size_t t = 0; t < f.n_times; t++)
            for (size_t p = 0; p < f.n_parts; p++) {
                if (random_below(&r, 3) == 0)
                    *days_cell(&f, PGS_CHUNK_COUNT, t, p) = (double)random_below(&r, 5000);
                if (random_below(&r, 5) == 0)
                    *days_cell(&f, PGS_SIZE_BYTES, t, p) = NAN;
                if (random_below(&r, 9) == 0)
                    days_unseen(&f, p, t, t);
            }
        pgs_clean_init(&c);
        cr_assert_eq(pgs_clean_run(&f, &c, NULL), PGS_OK);
        for (size_t i = 0; i < c.n_cleanings; i++) {
            cr_expect_leq(c.cleaning[i].from, c.cleaning[i].to);
            cr_expect_lt(c.cleaning[i].to, f.n_times);
            cr_expect(c.cleaning[i].p < f.n_parts || c.cleaning[i].p == WHOLE);
            cr_expect(i == 0 || c.cleaning[i - 1].to <= c.cleaning[i].to);
        }
        forget(&f, &c);
    }
}

Test(clean, without_memory_it_says_so) {
    bool done = false;
    for (size_t nth = 1; !done; nth++) {
        pgs_frame f;
        pgs_clean c;
        days_make(&f, DAYS, PARTS);
        truncated(&f);
        pgs_clean_init(&c);
        pgs_mem_fail_at(nth);
        done = pgs_clean_run(&f, &c, NULL) == PGS_OK;
        pgs_mem_fail_at(0);
        cr_expect(done || !c.arena, "failing at %zu", nth);
        cr_assert_lt(nth, 1000);
        forget(&f, &c);
    }
}
