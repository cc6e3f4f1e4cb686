/* report/: a verdict in every format: what hostile names become, and what can fail. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/report.h"
#include "support/make.h"
#include "support/no_leaks.h"

static pgs_snapshot snap;
static pgs_result result;
static pgs_check check;
static pgs_check_finding finding;
static pgs_report_input input;
static pgs_err err;
static char *text;
static size_t n;

static void set_up(void) {
    static const double CHUNKS[] = {3, 2, 1};
    make_derived(&snap, 3, CHUNKS, CHUNKS);
    pgs_result_init(&result);
    pgs_check_init(&check);
    check.table = "public.chunks";
    check.taken_us = check.now_us = 1760955300000000;
    check.n_parts = 3;
    check.verdict = PGS_VERDICT_CRITICAL;
    pgs_gauge *skew = &check.gauge[PGS_RULE_SKEW];
    *skew = (pgs_gauge){.value = 0.5, .verdict = PGS_VERDICT_CRITICAL};
    cr_assert(pgs_range_parse(PGS_RULE_SKEW, "@0.5:", &skew->critical));
    finding = (pgs_check_finding){.rule = PGS_RULE_SKEW,
                                  .verdict = PGS_VERDICT_CRITICAL,
                                  .partition_num = 7,
                                  .name = "p7",
                                  .value = 0.5,
                                  .before = NAN,
                                  .text = "chunk skew is 0.5"};
    check.finding = &finding;
    check.n_findings = 1;
    input = (pgs_report_input){.snapshot = &snap, .result = &result, .check = &check};
}

static void tear_down(void) {
    free(text);
    text = NULL;
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(report_check, .init = set_up, .fini = tear_down);

static const char *write_as(pgs_format format) {
    free(text);
    FILE *out = open_memstream(&text, &n);
    cr_assert_not_null(out);
    cr_assert_eq(pgs_report_write(out, PGS_REPORT_CHECK, format, &input, NULL, &err), PGS_OK);
    fclose(out);
    return text;
}

static const struct {
    const char *name, *nagios, *junit, *sarif;
} NAMES[] = {
    {"a|b", "(a\\x7cb)", "\"largest skew 0.5 (a|b)\"", "\"text\": \"a|b: "},
    {"a\\nb", "(a\\x5cnb)", "(a\\nb)\"", "\"text\": \"a\\\\nb: "},
    {"a\nb", "(a\\x0ab)", "(a\\x0ab)\"", "\"text\": \"a\\\\x0ab: "},
    {"<b>&\"'", "(\\x3cb\\x3e&\"')", "(&lt;b&gt;&amp;&quot;&apos;)\"", "\"text\": \"<b>&\\\"': "},
    {"\x1b[31m", "(\\x1b[31m)", "(\\x1b[31m)\"", "\"text\": \"\\\\x1b\\\\[31m: "},
    {"\xEF\xBF\xBE\xEF\xBF\xBF", "(\xEF\xBF\xBE\xEF\xBF\xBF)", "(\\u{fffe}\\u{ffff})\"",
     "\"text\": \"\xEF\xBF\xBE\xEF\xBF\xBF: "},
    {"{0} [x](1)", "({0} [x](1))", "({0} [x](1))\"", "\"text\": \"{{0}} \\\\[x\\\\](1): "},
    {"]]>", "(]]\\x3e)", "(]]&gt;)\"", "\"text\": \"\\\\]\\\\]>: "},
};

Test(report_check, hostile_names_are_inert) {
    for (size_t i = 0; i < PGS_COUNT_OF(NAMES); i++) {
        finding.name = NAMES[i].name;
        cr_expect_not_null(strstr(write_as(PGS_FORMAT_TABLE), NAMES[i].nagios), "%s", text);
        cr_expect_not_null(strstr(write_as(PGS_FORMAT_JUNIT), NAMES[i].junit), "%s", text);
        cr_expect_not_null(strstr(write_as(PGS_FORMAT_SARIF), NAMES[i].sarif), "%s", text);
    }
}

Test(report_check, a_path_becomes_a_reference) {
    static const struct {
        const char *path, *uri;
    } PATHS[] = {{"snapshots/a b.db", "\"uri\": \"snapshots/a%20b.db\""},
                 {"/var/x.db", "\"uri\": \"file:///var/x.db\""},
                 {"c:d%\xff\n.db", "\"uri\": \"c%3Ad%25%FF%0A.db\""}};
    for (size_t i = 0; i < PGS_COUNT_OF(PATHS); i++) {
        snap.head.path = (char *)PATHS[i].path;
        cr_expect_not_null(strstr(write_as(PGS_FORMAT_SARIF), PATHS[i].uri), "%s", text);
    }
}

Test(report_check, fingerprints_are_of_table_rule_and_partition_alone) {
    char first[64], *found = strstr(write_as(PGS_FORMAT_SARIF), "pgskew/v1");
    cr_assert_not_null(found);
    snprintf(first, sizeof first, "%.30s", found);
    finding.value = 7;
    finding.text = "anything else";
    finding.verdict = PGS_VERDICT_WARNING;
    finding.partition_num = 8;
    cr_expect_not_null(strstr(write_as(PGS_FORMAT_SARIF), first));
    finding.name = "p8";
    cr_expect_null(strstr(write_as(PGS_FORMAT_SARIF), first));
    finding.name = "p7";
    finding.rule = PGS_RULE_HOT;
    cr_expect_null(strstr(write_as(PGS_FORMAT_SARIF), first));
    finding.rule = PGS_RULE_SKEW;
    check.table = "public.others";
    cr_expect_null(strstr(write_as(PGS_FORMAT_SARIF), first));
}

Test(report_check, what_is_not_known_is_not_in_the_performance_data) {
    check.gauge[PGS_RULE_DAYS].value = INFINITY;
    check.days_note = "there is too little history";
    cr_expect_str_eq(write_as(PGS_FORMAT_TABLE),
                     "PGSKEW CRITICAL: public.chunks: largest skew 0.5 (p7); days to threshold are "
                     "not known: there is too little history | skew=0.5;;@0.5:;0\n");
}

/* ---- what can fail ---- */

static pgs_status write_failed(FILE *out, int f) {
    return f < PGS_FORMAT_COUNT
               ? pgs_report_write(out, PGS_REPORT_CHECK, (pgs_format)f, &input, NULL, &err)
               : pgs_check_failure(out, (pgs_format)(f - PGS_FORMAT_COUNT), 0, "why\x1b", &err);
}

static bool is_written(int f) {
    int format = f % PGS_FORMAT_COUNT;
    return format != PGS_FORMAT_HTML &&
           (f < PGS_FORMAT_COUNT || format == PGS_FORMAT_JSON || format >= PGS_FORMAT_JUNIT);
}

Test(report_check, a_full_disk_is_an_error) {
    for (int f = 0; f < 2 * PGS_FORMAT_COUNT; f++) {
        if (!is_written(f))
            continue;
        FILE *out = fopen("/dev/full", "w");
        cr_assert_not_null(out);
        cr_expect_eq(write_failed(out, f), PGS_E_IO, "format %d", f);
        fclose(out);
    }
}

Test(report_check, no_memory_is_an_error_and_leaks_nothing) {
    const size_t live = pgs_mem_live();
    for (int f = 0; f < 2 * PGS_FORMAT_COUNT; f++) {
        pgs_status st = is_written(f) ? PGS_E_BUG : PGS_OK;
        for (size_t nth = 1; nth < 10000 && st != PGS_OK; nth++) {
            FILE *out = fopen("/dev/null", "w");
            cr_assert_not_null(out);
            pgs_mem_fail_at(nth);
            st = write_failed(out, f);
            pgs_mem_fail_at(0);
            fclose(out);
            cr_assert(st == PGS_OK || st == PGS_E_BUG);
            cr_assert_eq(pgs_mem_live(), live, "format %d, allocation %zu", f, nth);
        }
        cr_expect_eq(st, PGS_OK);
    }
}
