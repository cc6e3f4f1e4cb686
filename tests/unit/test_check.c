/* data/check.c: the ranges of monitoring plugins. Expected alerts are the table of examples of the
 * plugin guidelines, and its reading of the other forms. */
#include <criterion/criterion.h>
#include <math.h>

#include "pgskew/check.h"
#include "support/no_leaks.h"

TestSuite(check, .fini = pgs_test_no_leaks);

static const struct {
    const char *text, *spelled;
    double value[4];
    bool alerts[4];
} RANGES[] = {
    {"10", "10", {-0.1, 0, 10, 10.1}, {true, false, false, true}},
    {"10:", "10:", {9.9, 10, 1e9, INFINITY}, {true, false, false, false}},
    {"~:10", "~:10", {-1e9, 10, 10.1, INFINITY}, {false, false, true, true}},
    {"10:20", "10:20", {9.9, 10, 20, 20.1}, {true, false, false, true}},
    {"@10:20", "@10:20", {9.9, 10, 20, 20.1}, {false, true, true, false}},
    {"@0.3:", "@0.3:", {0.2999, 0.3, 5, NAN}, {false, true, true, false}},
    {"0:10", "10", {-0.1, 0, 10, 10.1}, {true, false, false, true}},
    {"0", "0", {0, 0.0001, -0.0001, NAN}, {false, true, true, false}},
    {"0:", "0:", {0, -1, 1, NAN}, {false, true, false, false}},
    {"-5:-1", "-5:-1", {-5, -1, 0, -6}, {false, false, true, true}},
    {"~:", "~:", {-1e300, 0, 1e300, NAN}, {false, false, false, false}},
    {"00.50", "0.5", {0, 0.5, 0.51, NAN}, {false, false, true, false}},
    {"0.000001", "0.000001", {0, 0.000001, 0.000002, NAN}, {false, false, true, false}},
};

Test(check, ranges_alert_as_the_guidelines_have_it) {
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++) {
        pgs_range range;
        cr_assert(pgs_range_parse(PGS_RULE_SKEW, RANGES[i].text, &range), "%s", RANGES[i].text);
        cr_expect_str_eq(range.text, RANGES[i].spelled);
        for (size_t k = 0; k < 4; k++)
            cr_expect_eq(pgs_range_alerts(&range, RANGES[i].value[k]), RANGES[i].alerts[k],
                         "%s of %g", RANGES[i].text, RANGES[i].value[k]);
    }
}

Test(check, what_is_no_range_is_refused_and_nothing_is_changed) {
    static const char *const BAD[] = {"",     "@",    ":",     ":10",   "@:10",
                                      "a",    "10:a", "1e3",   "20:10", "~",
                                      "10:~", "@@1",  "1:2:3", "0x10",  "nan",
                                      "inf",  " 10",  "10 ",   "1,5",   "26h",
                                      "--1",  "+1",   "1.2.3", "~~:1",  "12345678901234567890"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        pgs_range range = {.given = false, .low = 7};
        cr_expect_not(pgs_range_parse(PGS_RULE_SKEW, BAD[i], &range), "%s", BAD[i]);
        cr_expect(!range.given && range.low == 7);
    }
}

Test(check, ages_have_units) {
    static const struct {
        const char *text, *spelled;
    } AGES[] = {{"26h", "93600"},           {"90s", "90"},       {"1.5m", "90"},
                {"2d:1w", "172800:604800"}, {"~:1d", "~:86400"}, {"@1m:", "@60:"}};
    pgs_range range;
    for (size_t i = 0; i < sizeof AGES / sizeof *AGES; i++) {
        cr_assert(pgs_range_parse(PGS_RULE_STALENESS, AGES[i].text, &range), "%s", AGES[i].text);
        cr_expect_str_eq(range.text, AGES[i].spelled);
    }
    cr_expect_not(pgs_range_parse(PGS_RULE_STALENESS, "h", &range));
    cr_expect_not(pgs_range_parse(PGS_RULE_STALENESS, "1hh", &range));
    cr_expect_not(pgs_range_parse(PGS_RULE_STALENESS, "1y", &range));
}

Test(check, the_worse_of_both_ranges_counts) {
    pgs_gauge gauge = {0};
    cr_assert(pgs_range_parse(PGS_RULE_HOT, "1", &gauge.warning));
    cr_assert(pgs_range_parse(PGS_RULE_HOT, "3", &gauge.critical));
    cr_expect_eq(pgs_gauge_verdict(&gauge, 1), PGS_VERDICT_OK);
    cr_expect_eq(pgs_gauge_verdict(&gauge, 2), PGS_VERDICT_WARNING);
    cr_expect_eq(pgs_gauge_verdict(&gauge, 4), PGS_VERDICT_CRITICAL);
    cr_expect_eq(pgs_gauge_verdict(&gauge, NAN), PGS_VERDICT_OK);
    gauge.warning.given = gauge.critical.given = false;
    cr_expect_eq(pgs_gauge_verdict(&gauge, 4), PGS_VERDICT_OK);
}

Test(check, names_are_found_and_a_share_is_no_number) {
    for (int r = 0; r < PGS_RULE_SHARE; r++)
        cr_expect_eq(pgs_rule_find(pgs_rule_get((pgs_rule)r)->name), (pgs_rule)r);
    cr_expect_eq(pgs_rule_find("share"), PGS_RULE_COUNT);
    cr_expect_eq(pgs_rule_find(""), PGS_RULE_COUNT);
    for (int v = 0; v < PGS_VERDICT_COUNT; v++)
        cr_expect_eq(pgs_verdict_find(pgs_verdict_name((pgs_verdict)v)), (pgs_verdict)v);
    cr_expect_eq(pgs_verdict_find("ok"), PGS_VERDICT_COUNT);
}
