/* src/model/trend*.c: growth is what was added, a crossing comes on the day it was foretold when
 * things go on as they did, drifts are found and noise is not, and what came, went or was truncated
 * bends nothing. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "pgskew/trend.h"
#include "support/days.h"
#include "support/no_leaks.h"
#include "support/random.h"

TestSuite(trend, .fini = pgs_test_no_leaks);

static const pgs_trend_options SHOW = {.now = NULL, .all = false};

static void run(const pgs_frame *f, pgs_trend *out) {
    pgs_trend_init(out);
    cr_assert_eq(pgs_trend_run(f, &SHOW, out, NULL), PGS_OK);
}

static void forget(pgs_frame *f, pgs_trend *trend) {
    pgs_trend_reset(trend);
    pgs_frame_reset(f);
}

static const pgs_trend_partition *part(const pgs_trend *trend, size_t p) {
    for (size_t i = 0; i < trend->n_partitions; i++)
        if (trend->partition[i].p == p)
            return &trend->partition[i];
    return NULL;
}

/* Partition p has begin[p] rows and gains rate[p] a day, without noise. */
static void line(pgs_frame *f, size_t n_days, size_t n, const double *begin, const double *rate) {
    days_make(f, n_days, n);
    for (size_t t = 0; t < n_days; t++)
        for (size_t p = 0; p < n; p++) {
            double rows = begin[p] + rate[p] * (double)t;
            *days_cell(f, PGS_CHUNK_COUNT, t, p) = rows;
            *days_cell(f, PGS_SIZE_BYTES, t, p) = 1000 * rows;
        }
}

/* ---- growth and course ---- */

enum { LINES = 4, LONG = 60 };

static const struct {
    const char *name;
    double begin[LINES], rate[LINES];
} LINE[] = {
    {"one runs away", {1000, 1000, 1000, 1000}, {10, 10, 10, 25}},
    {"one stands still", {1000, 1000, 1000, 1000}, {10, 10, 10, 0}},
    {"one empties", {1000, 1000, 1000, 1000}, {1, 1, 1, -2}},
    {"all shrink, one faster", {9000, 9000, 9000, 9000}, {-10, -10, -10, -60}},
    {"nothing moves", {1000, 1000, 1000, 5000}, {0, 0, 0, 0}},
    {"back into balance", {1000, 1000, 1000, 9000}, {10, 10, 10, 10}},
    {"both ways at once", {1000, 1000, 1000, 1000}, {0, 0, 30, 30}},
};

static double skew_after(const pgs_trend *trend, size_t p, double days) {
    double total = 0, own = 0;
    for (size_t i = 0; i < LINES; i++) {
        const pgs_trend_partition *other = part(trend, i);
        double rows = other->stock[0] + days * other->growth[0].per_day;
        total += rows > 0 ? rows : 0;
        own = i == p ? rows > 0 ? rows : 0 : own;
    }
    return total == 0 ? NAN : LINES * own / total - 1;
}

/* Walks on, an eighth of a day a step, and looks when the threshold is passed. */
static void expect_crossing(const char *name, const pgs_trend *trend, size_t p, pgs_threshold t) {
    static const double THRESHOLD[] = {0.3, 0.4, 0.5};
    double told = part(trend, p)->days_to[t], came = NAN;
    for (int step = 0; step <= 8 * 2000 && isnan(came); step++)
        if (fabs(skew_after(trend, p, step / 8.0)) >= THRESHOLD[t] - 1e-12)
            came = step / 8.0;
    if (isnan(came))
        cr_expect(isnan(told) || told > 1999, "%s: partition %zu, %d: %g, but it never comes", name,
                  p, t, told);
    else
        cr_expect(told <= came + 1e-6 && told > came - 0.1251,
                  "%s: partition %zu, %d: %g, but it comes in %g", name, p, t, told, came);
}

Test(trend, a_crossing_comes_when_it_was_foretold) {
    for (size_t i = 0; i < PGS_COUNT_OF(LINE); i++) {
        pgs_frame f;
        pgs_trend trend;
        line(&f, LONG, LINES, LINE[i].begin, LINE[i].rate);
        run(&f, &trend);
        for (size_t p = 0; p < LINES; p++) {
            const pgs_trend_partition *got = part(&trend, p);
            double rate = LINE[i].rate[p];
            cr_expect(fabs(got->growth[0].per_day - rate) < 1e-9, "%s: %g", LINE[i].name,
                      got->growth[0].per_day);
            cr_expect(fabs(got->growth[1].low95 - 1000 * rate) < 1e-6);
            cr_expect_eq(got->growth[0].n_days, LONG - 1);
            cr_expect(fabs(got->robust.chunks_per_day - rate) < 1e-9);
            cr_expect(got->sufficient);
            for (pgs_threshold t = 0; t < PGS_THRESHOLD_COUNT; t++)
                expect_crossing(LINE[i].name, &trend, p, t);
        }
        forget(&f, &trend);
    }
}

Test(trend, the_most_urgent_comes_first) {
    pgs_frame f;
    pgs_trend trend;
    line(&f, LONG, LINES, LINE[0].begin, LINE[0].rate);
    run(&f, &trend);
    cr_expect_eq(trend.partition[0].p, 3);
    cr_expect_eq(trend.partition[0].next, PGS_THRESHOLD_REBALANCE);
    for (size_t i = 1; i < trend.n_partitions; i++)
        cr_expect(isnan(trend.partition[i].next_days) ||
                  trend.partition[i - 1].next_days <= trend.partition[i].next_days);
    cr_expect(fabs(trend.partition[0].limit_skew - (LINES * 25.0 / 55 - 1)) < 1e-9);
    cr_expect(fabs(trend.growth[0].per_day - 55) < 1e-9);
    cr_expect_eq(trend.total[0], 4000 + 59 * 55);
    forget(&f, &trend);
}

/* Half believed: 7 of 14 parts its own 100 a day, the rest the mean of the others, 10. */
Test(trend, a_young_partition_is_half_believed) {
    static const double BEGIN[] = {1000, 1000, 1000, 0}, RATE[] = {10, 10, 10, 100};
    pgs_frame f;
    pgs_trend trend;
    line(&f, LONG, LINES, BEGIN, RATE);
    days_unseen(&f, 3, 0, LONG - 9);
    for (size_t t = LONG - 8; t < LONG; t++)
        *days_cell(&f, PGS_CHUNK_COUNT, t, 3) = 100 * (double)(t - (LONG - 8));
    run(&f, &trend);
    const pgs_trend_partition *young = part(&trend, 3);
    cr_expect_eq(young->growth[0].n_days, 7);
    cr_expect_eq(young->growth[0].per_day, 100);
    cr_expect(!young->sufficient && isnan(young->growth[0].low95) && isnan(young->drift[0].p));
    cr_expect(isnan(young->days_to[0]) && isnan(young->limit_skew));
    double flow = 0.5 * 100 + 0.5 * 10;
    cr_expect(fabs(part(&trend, 0)->limit_skew - (LINES * 10 / (30 + flow) - 1)) < 1e-9);
    forget(&f, &trend);
}

/* ---- drift ---- */

/* Every partition gains 100 a day and noise; `fast` gains `more` besides. */
static void noisy(pgs_frame *f, size_t n_days, size_t n_parts, random_state *r, size_t fast,
                  double more) {
    days_make(f, n_days, n_parts);
    for (size_t p = 0; p < n_parts; p++) {
        double rows = 30000;
        for (size_t t = 0; t < n_days; t++) {
            rows += 50 + (double)random_below(r, 101) + (p == fast ? more : 0);
            *days_cell(f, PGS_CHUNK_COUNT, t, p) = rows;
            *days_cell(f, PGS_SIZE_BYTES, t, p) = 100 * rows;
        }
    }
}

Test(trend, noise_is_rarely_a_drift) {
    random_state r = {21};
    int with_findings = 0;
    for (int trial = 0; trial < 200; trial++) {
        pgs_frame f;
        pgs_trend trend;
        noisy(&f, 90, 20, &r, SIZE_MAX, 0);
        run(&f, &trend);
        cr_expect_eq(trend.n_tested[0], 20);
        with_findings += trend.n_drifting[0] > 0;
        forget(&f, &trend);
    }
    cr_expect_leq(with_findings, 20, "%d of 200 tables", with_findings);
}

Test(trend, a_drift_is_found) {
    random_state r = {22};
    for (int trial = 0; trial < 20; trial++) {
        pgs_frame f;
        pgs_trend trend;
        noisy(&f, 90, 20, &r, 7, 60);
        run(&f, &trend);
        const pgs_trend_partition *got = part(&trend, 7);
        cr_expect(got->drift[0].found && got->drift[0].per_day > 0, "trial %d: p %g", trial,
                  got->drift[0].p_adjusted);
        cr_expect(got->drift[1].found && got->robust.skew_per_day > 0);
        cr_expect(got->drift[0].p <= got->drift[0].p_adjusted);
        forget(&f, &trend);
    }
}

/* ---- what happens to a table bends nothing ---- */

static void a_partition_comes(pgs_frame *f) {
    days_unseen(f, 0, 0, 40);
    for (size_t t = 41; t < f->n_times; t++)
        *days_cell(f, PGS_CHUNK_COUNT, t, 0) -= 30000;
}
static void a_partition_goes(pgs_frame *f) {
    days_unseen(f, 0, 40, f->n_times - 1);
    f->there[0] = false;
}
static void one_is_truncated(pgs_frame *f) {
    days_add(f, 0, 40, -30000, -3000000);
}
static void one_is_locked_for_a_week(pgs_frame *f) {
    days_unseen(f, 0, 40, 46);
}
static void a_total_is_misread(pgs_frame *f) {
    for (size_t p = 0; p < f->n_parts; p++)
        *days_cell(f, PGS_CHUNK_COUNT, 40, p) *= p % 2 ? 3 : 2;
}
static void counted_another_way(pgs_frame *f) {
    for (size_t t = 40; t < f->n_times; t++) {
        f->counts[t] = PGS_COUNTS_ESTIMATE;
        for (size_t p = 0; p < f->n_parts; p++)
            *days_cell(f, PGS_CHUNK_COUNT, t, p) *= p % 2 ? 1.5 : 1;
    }
}
static void nobody_looked(pgs_frame *f) {
    days_gap(f, 30, 50);
}

Test(trend, what_happens_to_a_table_bends_nothing) {
    static const struct {
        const char *name;
        void (*tell)(pgs_frame *);
    } STORY[] = {
        {"a partition comes", a_partition_comes},
        {"a partition goes", a_partition_goes},
        {"one is truncated", one_is_truncated},
        {"one is locked for a week", one_is_locked_for_a_week},
        {"a total is misread", a_total_is_misread},
        {"counted another way", counted_another_way},
        {"nobody looked", nobody_looked},
    };
    for (size_t i = 0; i < PGS_COUNT_OF(STORY); i++) {
        pgs_frame f;
        pgs_trend trend;
        random_state r = {33};
        noisy(&f, 90, 10, &r, SIZE_MAX, 0);
        STORY[i].tell(&f);
        run(&f, &trend);
        for (size_t p = 1; p < 10; p++) {
            const pgs_trend_partition *got = part(&trend, p);
            double rate = STORY[i].tell == counted_another_way && p % 2 ? 125 : 100;
            cr_expect(fabs(got->growth[0].per_day - rate) < 15, "%s: partition %zu gains %g",
                      STORY[i].name, p, got->growth[0].per_day);
            cr_expect(fabs(got->drift[0].per_day) < 3e-4, "%s: partition %zu drifts %g",
                      STORY[i].name, p, got->drift[0].per_day);
        }
        cr_expect_gt(trend.clean.n_cleanings, 0);
        forget(&f, &trend);
    }
}

/* ---- seasons ---- */

/* 2020-09-13T12:26:40Z, a Sunday: the row's 24 hours lie mostly in Sunday. */
/* Only the day of the truncation itself lacks what came into that partition. */
Test(trend, a_truncated_partition_takes_no_growth_out_of_the_total) {
    static const double BEGIN[LINES] = {1000, 1000, 1000, 1000}, RATE[LINES] = {10, 10, 10, 10};
    pgs_frame f;
    pgs_trend trend;
    line(&f, LONG, LINES, BEGIN, RATE);
    days_add(&f, 0, 30, -1200, -1200000);
    run(&f, &trend);
    cr_expect(fabs(trend.growth[0].per_day - 40) <= 10.0 / (LONG - 1) + 1e-9, "%g",
              trend.growth[0].per_day);
    cr_expect(trend.growth[0].low95 <= 40 && trend.growth[0].high95 >= 40, "%g to %g",
              trend.growth[0].low95, trend.growth[0].high95);
    forget(&f, &trend);
}

/* A table that began anew grows as it did since. */
Test(trend, a_reset_table_is_as_old_as_its_reset) {
    static const double BEGIN[LINES] = {9000, 9000, 9000, 9000}, RATE[LINES] = {10, 10, 10, 10};
    pgs_frame f;
    pgs_trend trend;
    line(&f, LONG, LINES, BEGIN, RATE);
    for (size_t p = 0; p < LINES; p++)
        days_add(&f, p, 30, -9290, -9290000);
    run(&f, &trend);
    cr_expect(fabs(trend.growth[0].per_day - 40) < 1e-9, "%g", trend.growth[0].per_day);
    cr_expect_eq(trend.growth[0].n_days, LONG - 1 - 30, "%zu", trend.growth[0].n_days);
    forget(&f, &trend);
}

Test(trend, the_day_of_the_week_is_found) {
    pgs_frame f;
    pgs_trend trend;
    days_make(&f, 71, 2);
    double rows = 1000;
    for (size_t t = 0; t < 71; t++) {
        size_t day = (6 + 7 * 20 - (70 - t)) % 7; /* Monday is 0 */
        rows += day == 1 ? 300 : day >= 5 ? 10 : 100;
        for (size_t p = 0; p < 2; p++)
            *days_cell(&f, PGS_CHUNK_COUNT, t, p) = rows;
    }
    run(&f, &trend);
    cr_expect(trend.weekly.tested && trend.weekly.found);
    for (size_t i = 0; i < 7; i++) {
        double want = 7 * (i == 1 ? 300.0 : i >= 5 ? 10 : 100) / 720;
        cr_expect(fabs(trend.weekly.profile[i] - want) < 1e-9, "day %zu: %g", i,
                  trend.weekly.profile[i]);
    }
    cr_expect(!trend.daily.tested);
    forget(&f, &trend);
}

Test(trend, the_hour_of_the_day_is_found) {
    pgs_frame f;
    pgs_trend trend;
    days_make(&f, 15, 2);
    cr_assert_eq(pgs_frame_set_moments(&f, 14 * 24 + 1, NULL), PGS_OK);
    double rows = 1000;
    for (size_t i = 0; i < f.n_moments; i++) {
        f.moment[i].taken_us = DAYS_LAST - (int64_t)(f.n_moments - 1 - i) * (PGS_DAY_US / 24);
        /* taken at 26:40 past the hour: most of what it adds came in the hour before */
        size_t hour = (size_t)(f.moment[i].taken_us / (PGS_DAY_US / 24) + 23) % 24;
        rows += hour == 9 ? 500 : hour < 6 ? 10 : 100;
        f.moment[i].chunks = i == 200 ? NAN : rows;
        f.moment[i].n_seen = i == 200 ? 1 : 2; /* one could not be measured */
    }
    run(&f, &trend);
    cr_expect(trend.daily.tested && trend.daily.found);
    for (size_t i = 0; i < 24; i++) {
        double want = 24 * (i == 9 ? 500.0 : i < 6 ? 10 : 100) / (500 + 60 + 1700);
        cr_expect(fabs(trend.daily.profile[i] - want) < 1e-9, "hour %zu: %g", i,
                  trend.daily.profile[i]);
    }
    forget(&f, &trend);
}

/* ---- little, and nothing ---- */

Test(trend, of_a_few_days_nothing_is_concluded) {
    for (size_t n_days = 0; n_days <= 9; n_days++) {
        pgs_frame f;
        pgs_trend trend;
        days_make(&f, n_days, 3);
        run(&f, &trend);
        for (size_t i = 0; i < trend.n_partitions; i++) {
            const pgs_trend_partition *got = &trend.partition[i];
            cr_expect_eq(isnan(got->growth[0].per_day), n_days < 2);
            cr_expect_eq(isnan(got->drift[0].p), n_days < 9, "%zu days", n_days);
            cr_expect_eq(isnan(got->limit_skew), n_days < 9, "%zu days", n_days);
            cr_expect_eq(isnan(got->stock[0]), n_days == 0);
        }
        forget(&f, &trend);
    }
}

Test(trend, an_empty_table_has_no_course) {
    static const double NONE[LINES] = {0};
    pgs_frame f;
    pgs_trend trend;
    line(&f, 30, LINES, NONE, NONE);
    run(&f, &trend);
    for (size_t p = 0; p < LINES; p++) {
        const pgs_trend_partition *got = part(&trend, p);
        cr_expect(got->signed_skew[0] == 0 && isnan(got->days_to[2]) && got->drift[0].p == 1);
    }
    forget(&f, &trend);
    days_make(&f, 30, 0);
    run(&f, &trend);
    cr_expect_eq(trend.n_partitions, 0);
    forget(&f, &trend);
}

Test(trend, without_memory_it_says_so) {
    bool done = false;
    for (size_t nth = 1; !done; nth++) {
        pgs_frame f;
        pgs_trend trend;
        days_make(&f, 30, 3);
        pgs_trend_init(&trend);
        pgs_mem_fail_at(nth);
        done = pgs_trend_run(&f, &SHOW, &trend, NULL) == PGS_OK;
        pgs_mem_fail_at(0);
        cr_expect(done || !trend.arena, "failing at %zu", nth);
        cr_assert_lt(nth, 1000);
        forget(&f, &trend);
    }
}
