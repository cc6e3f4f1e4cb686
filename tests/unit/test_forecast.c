/* model/: stocks without holes, which rule, chances, crossings; and forecasts without memory. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "model/score.h"
#include "pgskew/analyze.h"
#include "support/days.h"
#include "support/no_leaks.h"
#include "support/stocks.h"

TestSuite(forecast, .fini = pgs_test_no_leaks);

/* ---- stocks ---- */

/* Partition 0 grows by one a day; 1 is born on day 3; 2 leaves after day 4; 3 is skipped on day 5;
 * nobody looked on day 6. */
static double with_holes(size_t day, size_t p) {
    bool there = p == 1 ? day >= 3 : p == 2 ? day <= 4 : p == 3 ? day != 5 : true;
    return there && day != 6 ? (double)(10 * p + day) : NAN;
}

Test(forecast, a_stock_has_no_holes_but_before_birth_and_after_the_end) {
    pgs_stock k;
    stocks_make(9, 4, with_holes, &k);
    cr_expect_eq(pgs_stock_row(&k, 6)[0], 5, "where nobody looked, the last value stands");
    cr_expect_eq(pgs_stock_row(&k, 5)[3], 34, "and where one was skipped");
    cr_expect(isnan(pgs_stock_row(&k, 2)[1]));
    cr_expect_eq(k.born[1], 3);
    cr_expect(isnan(pgs_stock_row(&k, 5)[2]), "what is not seen again has left");
    cr_expect_eq(k.n_live[4], 4);
    cr_expect_eq(k.n_live[8], 3);
    cr_expect_eq(k.total[4], 4 + 14 + 24 + 34);
    cr_expect_eq(k.seen[6], 5);
    cr_expect_eq(k.usual_days, 1);
    pgs_stock_reset(&k);
}

static double mondays(size_t day, size_t p) {
    return day % 7 == 0 ? (double)(day + p) : NAN;
}

Test(forecast, origins_are_days_in_which_somebody_looked_and_whose_outcome_is_known) {
    pgs_stock k;
    size_t day[9];
    stocks_make(71, 2, mondays, &k);
    cr_expect_eq(k.usual_days, 7);
    size_t n = pgs_stock_origins(&k, 70, 10, 7, 9, day);
    cr_assert_geq(n, 6);
    cr_expect_eq(day[0], 56, "the last Monday 10 days before");
    for (size_t i = 0; i < n; i++)
        cr_expect(day[i] % 7 == 0 && day[i] + 10 <= 70 && day[i] >= 8);
    pgs_stock_reset(&k);
}

/* Nobody looked for 50 days. */
static double with_a_hole(size_t day, size_t p) {
    return day >= 40 && day < 90 ? NAN : (double)(day + p);
}

Test(forecast, what_nobody_looked_at_is_no_outcome) {
    pgs_stock k;
    size_t day[9];
    stocks_make(131, 2, with_a_hole, &k);
    size_t n = pgs_stock_origins(&k, 130, 30, 7, 9, day);
    cr_assert_geq(n, 3, "before the hole and after");
    for (size_t i = 0; i < n; i++)
        cr_expect_geq(pgs_stock_row(&k, day[i] + 30)[0], (double)(day[i] + 30 - 14),
                      "day %zu: no more than two weeks before", day[i]);
    cr_expect_lt(day[n - 1], 40);
    n = pgs_stock_origins(&k, 130, 1, 1, 9, day);
    cr_expect_eq(n, 9);
    n = pgs_stock_origins(&k, 95, 20, 1, 9, day);
    cr_expect_eq(n, 9);
    cr_expect_eq(day[0], 33, "its outcome, of day 53, was seen on day 39");
    pgs_stock_reset(&k);
}

Test(forecast, what_came_in_a_hole_came_each_day) {
    pgs_stock k;
    stocks_make(131, 2, with_a_hole, &k);
    for (size_t day = 90; day < 131; day++) {
        cr_expect_float_eq(pgs_stock_arrivals(&k, day, 1), 2, 1e-9, "day %zu", day);
        cr_expect_float_eq(pgs_stock_arrivals(&k, day, 30), 60, 1e-9, "day %zu", day);
    }
    cr_expect_eq(pgs_stock_arrivals(&k, 60, 7), pgs_stock_arrivals(&k, 39, 7),
                 "in the hole nobody knows");
    pgs_stock_reset(&k);
}

/* Looks that jitter around midnight: days 0, 1, 3, 5, 6, 8, 10, 11, ... */
static double jittery(size_t day, size_t p) {
    return day % 5 == 0 || day % 5 == 1 || day % 5 == 3 ? (double)(day + p) : NAN;
}

Test(forecast, looks_that_jitter_are_daily) {
    pgs_stock k;
    stocks_make(71, 2, jittery, &k);
    cr_expect_eq(k.usual_days, 1);
    pgs_stock_reset(&k);
}

static double looked_thrice(size_t day, size_t p) {
    return day >= 3 && day < 180 ? NAN : (double)(1000 + 5 * day + 7 * p);
}

static double looked_for_nine_days(size_t day, size_t p) {
    return day >= 9 && day < 180 ? NAN : (double)(1000 + 5 * day + 7 * p);
}

static double looked_for_twenty_days(size_t day, size_t p) {
    return day >= 20 && day < 180 ? NAN : (double)(1000 + 5 * day + 7 * p);
}

static bool is_foretold(stocks_value *value, size_t day, size_t days) {
    pgs_stock k;
    pgs_outlook outlook;
    stocks_make(day + 1, 2, value, &k);
    cr_assert_eq(pgs_outlook_make(&k, day, days, true, &outlook, NULL), PGS_OK);
    bool known = outlook.known;
    pgs_outlook_reset(&outlook);
    pgs_stock_reset(&k);
    return known;
}

Test(forecast, a_long_hole_is_no_long_history) {
    for (size_t days = 1; days <= 30; days += 29) {
        cr_expect(!is_foretold(looked_thrice, 180, days), "three steps");
        cr_expect(!is_foretold(looked_for_nine_days, 180, days), "nine, but no three outcomes");
        cr_expect(is_foretold(looked_for_twenty_days, 180, days));
    }
    cr_expect(is_foretold(mondays, 56, 7), "eight steps of a week");
    cr_expect(!is_foretold(mondays, 49, 7));
    cr_expect(is_foretold(jittery, 60, 1));
}

/* Two partitions gain 3 and 7 a day; one comes with 1,000 rows on day 20 and gains 5 a day; one of
 * 400 leaves after day 29. */
static double coming_and_going(size_t day, size_t p) {
    switch (p) {
    case 0:
        return 100 + 3 * (double)day;
    case 1:
        return 200 + 7 * (double)day;
    case 2:
        return day >= 20 ? 1000 + 5 * (double)(day - 20) : NAN;
    default:
        return day < 30 ? 400 : NAN;
    }
}

Test(forecast, rows_that_come_or_leave_with_a_partition_are_no_growth) {
    pgs_stock k;
    stocks_make(40, 4, coming_and_going, &k);
    cr_expect_eq(pgs_stock_total_growth(&k, 10, 19), 9 * 10);
    cr_expect_eq(pgs_stock_total_growth(&k, 19, 20), 10, "1,000 came");
    cr_expect_eq(pgs_stock_total_growth(&k, 29, 30), 15, "400 left");
    cr_expect_eq(pgs_stock_total_growth(&k, 10, 39), 29 * 10 + 19 * 5);
    cr_expect_eq(pgs_stock_total_of(&k, 10, 39), k.total[10] + 29 * 10 + 19 * 5);
    cr_expect_eq(pgs_stock_total_of(&k, 31, 39), k.total[39]);
    cr_expect_eq(pgs_stock_kept(&k, 10, 39, pgs_stock_row(&k, 39)), 100 + 3 * 39 + 200 + 7 * 39);
    cr_expect_eq(pgs_stock_kept(&k, 20, 29, pgs_stock_row(&k, 20)), k.total[20]);
    pgs_stock_reset(&k);
}

/* Seven times as much for partition 0 as for the others, and nothing on every seventh day. */
static double no_sundays(size_t day, size_t p) {
    double workdays = (double)(day - day / 7);
    return 1000 + (p == 0 ? 70 : 10) * workdays;
}

Test(forecast, shares_stay_on_a_day_on_which_nothing_comes) {
    static const pgs_share_rule FOLLOW = {.weight = 1, .window = 28};
    pgs_stock k;
    double share[3];
    stocks_make(120, 3, no_sundays, &k);
    for (size_t day = 90; day < 110; day++) {
        pgs_share_foretell(&k, day, 1, FOLLOW, share);
        double then = pgs_stock_share(&k, day + 1, 0);
        cr_expect_float_eq(share[0], then, 2e-4, "day %zu: %f, not %f", day, share[0], then);
        pgs_share_foretell(&k, day, 7, FOLLOW, share);
        cr_expect_float_eq(share[0], pgs_stock_share(&k, day + 7, 0), 2e-4);
    }
    pgs_stock_reset(&k);
}

/* ---- what was no growth ---- */

enum { DAY = 60 }; /* of stories of 100 days: 3 partitions gain about 10, 20 and 30 a day */

static void truncated(pgs_frame *f) {
    days_add(f, 1, DAY, -3000, -300000);
}
static void rewritten(pgs_frame *f) {
    days_add(f, 1, DAY, 0, -150000);
}
static void reset(pgs_frame *f) {
    for (size_t p = 0; p < 3; p++)
        days_add(f, p, DAY, -1500 * (double)(p + 1), -150000 * (double)(p + 1));
}
static void estimated(pgs_frame *f) {
    for (size_t t = DAY; t < f->n_times; t++) {
        f->counts[t] = PGS_COUNTS_ESTIMATE;
        for (size_t p = 0; p < 3; p++)
            *days_cell(f, PGS_CHUNK_COUNT, t, p) -= 200;
    }
}
static void misread(pgs_frame *f) {
    for (size_t p = 0; p < 3; p++)
        *days_cell(f, PGS_CHUNK_COUNT, DAY, p) *= 3;
}
static void loaded(pgs_frame *f) {
    days_add(f, 1, DAY, 3000, 300000);
}

/* What partition 1 gained in the 50 days before the last, by how many of them that is known, and
 * what the table gained; but for the few rows more or less of each day. */
static const struct {
    const char *name;
    void (*tell)(pgs_frame *);
    pgs_measure measure;
    double own, days, all;
} STORIES[] = {
    {"a truncation", truncated, PGS_BY_CHUNKS, 20 * 39, 39, 60 * 50},
    {"and its bytes", truncated, PGS_BY_SIZE, 2000 * 39, 39, 6000 * 50},
    {"a rewrite moves no rows", rewritten, PGS_BY_CHUNKS, 20 * 50, 50, 60 * 50},
    {"but bytes", rewritten, PGS_BY_SIZE, 2000 * 50, 50, 6000 * 50},
    {"everything anew", reset, PGS_BY_CHUNKS, 20 * 39, 39, 60 * 50},
    {"another way of counting", estimated, PGS_BY_CHUNKS, 20 * 50, 50, 60 * 50},
    {"a misread total", misread, PGS_BY_CHUNKS, 20 * 50, 50, 60 * 50},
    {"a load is growth", loaded, PGS_BY_CHUNKS, 20 * 50 + 3000, 50, 60 * 50 + 3000},
};

Test(forecast, growth_leaves_out_what_is_none) {
    for (size_t i = 0; i < PGS_COUNT_OF(STORIES); i++) {
        pgs_frame f;
        pgs_clean clean;
        pgs_stock k;
        size_t from = 49;
        double slack = STORIES[i].measure == PGS_BY_SIZE ? 2500 : 85;
        days_make(&f, 100, 3);
        STORIES[i].tell(&f);
        pgs_clean_init(&clean);
        cr_assert_eq(pgs_clean_run(&f, &clean, NULL), PGS_OK);
        cr_assert_eq(pgs_stock_build(&f, &clean, STORIES[i].measure, &k, NULL), PGS_OK);
        double own = pgs_stock_growth(&k, 99, 1, &from), all = pgs_stock_total_growth(&k, 49, 99);
        cr_expect_float_eq(own, STORIES[i].own, slack, "%s: %g", STORIES[i].name, own);
        cr_expect_eq(99 - from, STORIES[i].days, "%s: %zu days", STORIES[i].name, 99 - from);
        cr_expect_float_eq(all, STORIES[i].all, slack, "%s: all %g", STORIES[i].name, all);
        from = 29; /* before it happened nobody knew */
        own = pgs_stock_growth(&k, DAY - 1, 1, &from);
        cr_expect(from == 29 && own > 500, "%s: before, %g", STORIES[i].name, own);
        pgs_stock_reset(&k);
        pgs_clean_reset(&clean);
        pgs_frame_reset(&f);
    }
}

/* ---- which rule ---- */

static double steady(size_t day, size_t p) {
    return 1000 + (double)((p + 1) * day);
}

static double walking(size_t day, size_t p) {
    double x = 1000;
    for (size_t t = 0; t < day; t++)
        x += 40 * (stocks_noise(t, p) - 0.5);
    return floor(x);
}

Test(forecast, shares_follow_a_steady_inflow_and_stay_where_there_is_none) {
    pgs_stock k;
    double room[8], share[8], total = 0;
    stocks_make(200, 4, steady, &k);
    pgs_share_rule rule = pgs_share_choose(&k, 199, 30, room);
    cr_expect_eq(rule.weight, 1);
    pgs_share_foretell(&k, 199, 30, rule, share);
    for (size_t p = 0; p < 4; p++)
        total += steady(229, p);
    for (size_t p = 0; p < 4; p++)
        cr_expect(fabs(share[p] - steady(229, p) / total) < 1e-12, "%zu: %.17g", p, share[p]);
    cr_expect(fabs(pgs_total_foretell(&k, 199, 30, pgs_total_choose(&k, 199, 30)) - total) < 1e-6);
    pgs_stock_reset(&k);
    stocks_make(200, 8, walking, &k);
    cr_expect_eq(pgs_share_choose(&k, 199, 30, room).weight, 0);
    pgs_stock_reset(&k);
}

/* Four rows a day to each of two partitions; none on days 20 and 21, and none from day 60 to 69. */
static double silent(size_t day, size_t p) {
    size_t none = day > 69    ? 12
                  : day >= 60 ? 2 + (day - 59)
                  : day > 21  ? 2
                  : day >= 20 ? day - 19
                              : 0;
    return (double)(100 * p + 4 * (day - none));
}

Test(forecast, a_silence_without_precedent_lasts_as_long_again) {
    pgs_stock k;
    const pgs_total_rule rule = {4, false};
    double least, most;
    stocks_make(100, 2, silent, &k);
    cr_expect_eq(k.quiet[19], 0);
    cr_expect_eq(k.quiet[21], 2);
    cr_expect_eq(k.quiet[22], 0);
    cr_expect_eq(k.quiet[61], 0, "two days: that has been before");
    cr_expect_eq(k.quiet[69], 8);
    cr_expect_eq(k.quiet[70], 0);
    /* 8 a day in four weeks of which 10 days brought nothing; 8 more are silent of the next 14 */
    double growth = 2 * 4.0 * 18 / 28 * 14, total = k.total[69];
    double foretold = pgs_total_foretell(&k, 69, 14, rule);
    cr_expect(fabs(foretold - (total + growth * 6 / 14)) < 1e-9, "%g of %g", foretold, total);
    /* it ends within t days with t/(8 + t): 0.1 in 8/9 of a day, 0.9 in 72 */
    pgs_total_bound(&k, 69, 14, rule, 5, &least, &most);
    cr_expect_eq(least, total);
    cr_expect(fabs(most - (total + growth * (14 - 8 / 9.0) / 14)) < 1e-9, "%g", most);
    pgs_total_bound(&k, 99, 14, rule, 5, &least, &most);
    cr_expect(least == most && most == pgs_total_foretell(&k, 99, 14, rule));
    pgs_stock_reset(&k);
}

/* Loaded day by day, emptied every week. */
static double emptied(size_t day, size_t p) {
    return (double)((100 + 10 * p) * (day % 7 + 1)) + floor(9 * stocks_noise(day, p));
}

Test(forecast, what_is_emptied_every_week_will_be) {
    pgs_frame f;
    pgs_clean clean;
    pgs_stock k;
    stocks_frame(140, 4, emptied, &f);
    pgs_clean_init(&clean);
    cr_assert_eq(pgs_clean_run(&f, &clean, NULL), PGS_OK);
    cr_assert_eq(pgs_stock_build(&f, &clean, PGS_BY_CHUNKS, &k, NULL), PGS_OK);
    for (size_t day = 125; day < 139; day++) {
        pgs_total_rule rule = pgs_total_choose(&k, day, 1);
        double miss = pgs_total_foretell(&k, day, 1, rule) - k.total[day + 1];
        cr_expect(rule.again && fabs(miss) < 60, "day %zu: %g of %g", day, miss, k.total[day + 1]);
    }
    cr_expect_gt(k.begun[133], k.begun[126], "the whole table began anew");
    cr_expect_eq(pgs_stock_arrivals(&k, 133, 1), pgs_stock_arrivals(&k, 132, 1),
                 "on that day, the day before is all that is known");
    pgs_stock_reset(&k);
    pgs_clean_reset(&clean);
    pgs_frame_reset(&f);
}

/* ---- how many outcomes ---- */

static double summed(size_t day, size_t stream) {
    double x = 1000;
    for (size_t t = 0; t < day; t++)
        x += floor(20 * stocks_noise(t, stream));
    return x;
}

static double apart(size_t day, size_t p) {
    return summed(day, p + 1);
}

static double alike(size_t day, size_t p) {
    (void)p;
    return summed(day, 1);
}

static double freedom(size_t n_parts, stocks_value *value) {
    pgs_stock k;
    pgs_misses misses;
    stocks_make(400, n_parts, value, &k);
    cr_assert_eq(pgs_misses_measure(&k, 399, 30, (pgs_share_rule){0, 14},
                                    (pgs_total_rule){13, false}, true, &misses, NULL),
                 PGS_OK);
    cr_expect_eq(misses.n_origins, 26, "the younger half of 52");
    double found = misses.freedom;
    pgs_misses_reset(&misses);
    pgs_stock_reset(&k);
    return found;
}

Test(forecast, partitions_that_miss_apart_are_many_outcomes_and_alike_one) {
    double spans = 26 * 7 / 30.0, granted = 2;
    cr_expect(fabs(freedom(2, apart) - (spans + granted)) < 1e-12, "one is the other's rest");
    cr_expect(fabs(freedom(20, alike) - (spans + granted)) < 1e-6, "%g", freedom(20, alike));
    double many = freedom(20, apart);
    cr_expect(many > 3 * spans + granted && many <= 19 * spans + granted, "%g", many);
}

/* ---- weights and crossings ---- */

Test(forecast, the_best_of_weights_lies_in_the_simplex) {
    double w[2];
    pgs_simplex_least(2, (double[]){1, 0, 0, 1}, (double[]){0.75, 0.25}, w); /* inside */
    cr_expect(fabs(w[0] - 0.75) < 1e-12 && fabs(w[1] - 0.25) < 1e-12);
    pgs_simplex_least(2, (double[]){1, 0, 0, 1}, (double[]){3, 0}, w); /* at a corner */
    cr_expect(w[0] == 1 && w[1] == 0);
    pgs_simplex_least(2, (double[]){1, 1, 1, 1}, (double[]){1, 1}, w); /* alike: any will do */
    cr_expect(fabs(w[0] + w[1] - 1) < 1e-12);
}

Test(forecast, crossings_follow_from_chances) {
    const int days[] = {1, 4, 9};
    pgs_crossing c = pgs_crossing_of(false, 3, days, (double[]){0.1, 0.5, 0.7});
    cr_expect_eq(c.p10, 1);
    cr_expect_eq(c.median, 4);
    cr_expect(isnan(c.p90));
    c = pgs_crossing_of(false, 3, days, (double[]){0, 0, 1});
    cr_expect(fabs(c.median - 6.25) < 1e-12, "half way from 2 to 3 in the root: %g", c.median);
    c = pgs_crossing_of(true, 3, days, (double[]){1, 1, 1});
    cr_expect(c.p10 == 0 && c.p90 == 0);
    c = pgs_limit_of(100, 80, 3, days, (double[]){80, 84, 90}, (double[]){82, 88, 108},
                     (double[]){84, 100, 130});
    cr_expect_eq(c.p10, 4);
    cr_expect(fabs(c.median - 7) < 1e-12, "%g", c.median);
    cr_expect(isnan(c.p90));
    c = pgs_limit_of(NAN, 80, 3, days, (double[]){1, 1, 1}, (double[]){1, 1, 1},
                     (double[]){1, 1, 1});
    cr_expect(isnan(c.p10), "no limit is never reached");
}

/* ---- without memory ---- */

Test(forecast, without_memory_it_stays_empty) {
    static const char *const NAME[] = {"1d", "7d"};
    pgs_forecast_options options = {.n_horizons = 2, .horizon_days = {1, 7}, .limit_bytes = NAN};
    options.horizon_name[0] = NAME[0];
    options.horizon_name[1] = NAME[1];
    pgs_frame frame;
    pgs_status st = PGS_E_BUG;
    stocks_frame(75, 5, walking, &frame);
    for (size_t nth = 1; nth < 3000 && st != PGS_OK; nth++) {
        pgs_forecast forecast;
        pgs_forecast_init(&forecast);
        pgs_mem_fail_at(nth);
        st = pgs_forecast_run(&frame, &options, &forecast, NULL);
        pgs_mem_fail_at(0);
        cr_expect(st == PGS_OK || (!forecast.arena && !forecast.partition), "failing at %zu", nth);
        pgs_forecast_reset(&forecast);
    }
    cr_expect_eq(st, PGS_OK);
    pgs_frame_reset(&frame);
}
