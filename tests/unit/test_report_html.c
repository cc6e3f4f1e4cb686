/* report/html_next.c, html_change.c: what the first screen says of the past week and of what will
 * come. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/story.h"

static pgs_report_input input;
static char *text;

static void start(void) {
    fill_snapshot();
    fill_result();
    input = (pgs_report_input){.snapshot = &snap, .result = &result};
    fill_page(&input);
}

static void finish(void) {
    free(text);
    result = (pgs_result){0}; /* its arrays are ours */
    pgs_snapshot_reset(&snap);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(report_html, .init = start, .fini = finish);

static void write_page(void) {
    size_t n;
    FILE *out = open_memstream(&text, &n);
    cr_assert_not_null(out);
    cr_assert_eq(pgs_report_write(out, PGS_REPORT_FULL, PGS_FORMAT_HTML, &input, NULL, &err),
                 PGS_OK);
    fclose(out);
}

static void expect_in(const char *words) {
    cr_expect_not_null(strstr(text, words), "%s", words);
}

/* ---- what will come ---- */

/* Two horizons, three partitions: partition 0 is unbalanced, 1 and 2 have these chances. */
typedef struct outlook {
    double median[2], p10[2], p90[2]; /* of partitions 1 and 2, days */
    double chance[2][2];              /* of partitions 1 and 2, at both horizons */
    int days[2];
    const char *expected[2];
} outlook;

static const outlook OUTLOOKS[] = {
    {{12, 25},
     {4, 20},
     {29, NAN},
     {{0.31, 0.714}, {0.1, 0.55}},
     {7, 30},
     {"In about 12&#160;days, partition 1 will probably be unbalanced.",
      "Probability <b>71&#160;%</b> in 30&#160;days; one chance in ten within 4&#160;days, nine in "
      "ten within "
      "29&#160;days."}},
    {{25, 6.5},
     {20, 0.5},
     {NAN, NAN},
     {{0.1, 0.6}, {0.999, 1}},
     {7, 30},
     {"In about 6&#160;days, partition 2 will probably be unbalanced.",
      "Probability <b>&gt;&#160;99&#160;%</b> in 7&#160;days; one chance in ten within a day."}},
    {{NAN, NAN},
     {NAN, NAN},
     {NAN, NAN},
     {{0, 0.004}, {0, 0.002}},
     {7, 30},
     {"Nothing is expected to cross within 30&#160;days.",
      "The likeliest to become unbalanced is partition 1. Probability <b>&lt;&#160;1&#160;%</b> in "
      "30&#160;days."}},
    {{NAN, NAN},
     {NAN, NAN},
     {NAN, NAN},
     {{0.2, 0.29}, {0.21, 0.22}},
     {30, 365},
     {"Nothing is expected to cross within 365&#160;days.",
      "The likeliest to become unbalanced is partition 1. Probability <b>29&#160;%</b> in "
      "365&#160;days."}},
    {{NAN, NAN},
     {NAN, NAN},
     {NAN, NAN},
     {{NAN, NAN}, {NAN, NAN}},
     {7, 30},
     {"No forecast yet.", "at least 9 days"}},
};

static pgs_forecast_point points[3][2];
static pgs_forecast_partition partitions[3];
static pgs_forecast forecast;

static const pgs_forecast *forecast_of(const outlook *o) {
    for (size_t i = 0; i < 3; i++) {
        partitions[i] =
            (pgs_forecast_partition){.num = (int64_t)i, .chunk_count = 2, .at = points[i]};
        for (int k = 0; k < PGS_THRESHOLD_COUNT; k++)
            partitions[i].crossing[k] = (pgs_crossing){0, 0, 0};
        for (size_t h = 0; h < 2; h++)
            points[i][h] = (pgs_forecast_point){.chunk_count = 3,
                                                .low80 = 2,
                                                .high80 = 4,
                                                .low95 = 1,
                                                .high95 = 5,
                                                .size_bytes = NAN};
        for (size_t h = 0; h < 2; h++)
            points[i][h].p_beyond[PGS_THRESHOLD_UNBALANCED] = i > 0 ? o->chance[i - 1][h] : 1;
        if (i > 0)
            partitions[i].crossing[PGS_THRESHOLD_UNBALANCED] =
                (pgs_crossing){o->p10[i - 1], o->median[i - 1], o->p90[i - 1]};
    }
    if (isnan(o->chance[0][0]))
        for (size_t h = 0; h < 2; h++)
            points[0][h].p_beyond[PGS_THRESHOLD_UNBALANCED] = NAN;
    forecast = (pgs_forecast){.taken_us = TAKEN,
                              .n_days = 40,
                              .n_horizons = 2,
                              .horizon_days = {o->days[0], o->days[1]},
                              .n_partitions = 3,
                              .partition = partitions,
                              .total_chunks = 6,
                              .total_bytes = NAN};
    for (size_t h = 0; h < 2; h++)
        forecast.total[h] = (pgs_forecast_total){.chunk_count = 9,
                                                 .low80 = 6,
                                                 .high80 = 12,
                                                 .size_bytes = NAN,
                                                 .size_low80 = NAN,
                                                 .size_high80 = NAN};
    return &forecast;
}

ParameterizedTestParameters(report_html, the_first_screen_says_what_will_cross) {
    static int index[PGS_COUNT_OF(OUTLOOKS)];
    for (size_t i = 0; i < PGS_COUNT_OF(OUTLOOKS); i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, PGS_COUNT_OF(OUTLOOKS));
}

ParameterizedTest(int *i, report_html, the_first_screen_says_what_will_cross) {
    input.forecast = forecast_of(&OUTLOOKS[*i]);
    write_page();
    expect_in(OUTLOOKS[*i].expected[0]);
    expect_in(OUTLOOKS[*i].expected[1]);
}

Test(report_html, the_likeliest_come_first_and_growth_has_a_band) {
    input.forecast = forecast_of(&OUTLOOKS[0]);
    write_page();
    expect_in(
        "<tr><td class=\"n\">1</td><td class=\"n\">0.0000</td><td class=\"n\">31&#160;%</td><td "
        "class=\"n\">71&#160;%</td><td>12&#160;days</td></tr>\n<tr><td class=\"n\">2</td>");
    expect_in("<tr><td>30&#160;days</td><td class=\"n\">9</td><td class=\"n\">6 to 12</td>");
    cr_expect_null(
        strstr(text, "<td class=\"n\">0</td><td class=\"n\">0.0000</td><td class=\"n\">100&#160;%"),
        "what is unbalanced already cannot become so");
}

/* ---- the week ---- */

Test(report_html, the_first_screen_says_what_changed) {
    static pgs_finding finding[] = {
        {.news = PGS_NEW,
         .kind = PGS_FINDING_STATUS,
         .partition_num = 0,
         .severity = {PGS_SEVERITY_NONE, PGS_SEVERITY_CRITICAL},
         .text = "new"},
        {.news = PGS_RESOLVED,
         .kind = PGS_FINDING_STATUS,
         .partition_num = 1,
         .severity = {PGS_SEVERITY_WARNING, PGS_SEVERITY_NONE},
         .text = "old"},
    };
    static pgs_diff diff;
    pgs_snapshot before;
    pgs_snapshot_init(&before);
    before.head.taken_us = TAKEN - 7 * PGS_DAY_US;
    diff =
        (pgs_diff){.snapshot = {&before, &snap}, .days = 7.04, .n_findings = 2, .finding = finding};
    diff.n_news[PGS_NEW] = diff.n_news[PGS_RESOLVED] = 1;
    diff.total[PGS_DIFF_UNBALANCED] = (pgs_total_change){"unbalanced_count", 0, 1, 1, NAN, 0};
    diff.total[PGS_DIFF_WARNING] = (pgs_total_change){"warning_count", 1, 1, 0, 0, 0};
    diff.total[PGS_DIFF_CHUNKS] = (pgs_total_change){"chunk_count", 8, 6, -2, -0.25, 0};
    diff.total[PGS_DIFF_BYTES].change = PGS_TIME_NONE;
    input.diff = &diff;
    write_page();
    expect_in("<h2>Since last week, <time "
              "datetime=\"2026-10-11T06:00:00.250000Z\">2026-10-11</time></h2>");
    expect_in("Unbalanced: 0, now 1. In warning: still 1. ");
    expect_in("New: partition 0 is unbalanced. Healthy again: partition 1. -2 chunks "
              "(-25.00&#160;%)</p>");
}
