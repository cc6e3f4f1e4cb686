/* A verdict as JUnit XML: a test case for every number that is judged, so that a CI system shows
 * the same cases run after run and draws their history. It fails where the number is out of its
 * range; its text says which partitions. Understood by Jenkins' schema and by Ant's, which asks for
 * more and forbids all else.
 *
 * XML cannot hold most control characters, not even as references: they become visible escapes, as
 * everywhere. So do the two characters that are valid UTF-8 and no XML. */
#include <string.h>

#include "report/check.h"

#define MAX_LINES 50 /* findings that a test case lists */

static void put_escaped(FILE *out, const char *text) {
    static const struct {
        char byte;
        const char *entity;
    } ENTITY[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
    for (const char *s = text; *s; s++) {
        size_t e = 0;
        while (e < PGS_COUNT_OF(ENTITY) && ENTITY[e].byte != *s)
            e++;
        bool no_xml = strncmp(s, "\xEF\xBF\xBE", 3) == 0 || strncmp(s, "\xEF\xBF\xBF", 3) == 0;
        if (e < PGS_COUNT_OF(ENTITY))
            fputs(ENTITY[e].entity, out);
        else if (no_xml)
            fprintf(out, "\\u{ff%02x}", (unsigned char)s[2] + 0x40);
        else
            putc(*s, out);
        s += no_xml ? 2 : 0;
    }
}

/* What a buffer holds, as text or in an attribute; empties it. */
static void put_text(FILE *out, pgs_buf *text, bool *no_memory) {
    pgs_buf shown = {0};
    pgs_text_escape(&shown, pgs_buf_view(text));
    put_escaped(out, pgs_buf_view(&shown));
    *no_memory |= text->failed || shown.failed;
    pgs_buf_reset(&shown);
    pgs_buf_reset(text);
}

static void put_property(FILE *out, const char *name, const char *value, bool *no_memory) {
    pgs_buf text = {0};
    pgs_buf_text(&text, value);
    fprintf(out, "      <property name=\"%s\" value=\"", name);
    put_text(out, &text, no_memory);
    fputs("\"/>\n", out);
}

/* Ant's schema wants whole seconds without a zone; they are UTC. */
static void open_suite(FILE *out, const char *table, int64_t taken_us, int n_tests, int n_failures,
                       int n_errors, bool *no_memory) {
    char time[PGS_TIME_TEXT_MAX];
    pgs_buf name = {0};
    pgs_buf_format(&name, "pgskew check%s%s", table ? " " : "", table ? table : "");
    pgs_time_format(taken_us == PGS_TIME_NONE ? 0 : taken_us, time);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", out);
    put_text(out, &name, no_memory);
    fprintf(out,
            "\" package=\"pgskew\" id=\"0\" timestamp=\"%.19s\" hostname=\"localhost\" "
            "tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"0\">\n    <properties>\n",
            time, n_tests, n_failures, n_errors);
    put_property(out, "pgskew", PGSKEW_VERSION, no_memory);
}

static void close_suite(FILE *out, const char *verdict, pgs_buf *line, bool *no_memory) {
    fprintf(out, "    <system-out>PGSKEW %s: ", verdict);
    put_text(out, line, no_memory);
    fputs("</system-out>\n    <system-err></system-err>\n  </testsuite>\n</testsuites>\n", out);
}

static void put_findings(FILE *out, const pgs_check *check, pgs_rule rule, bool *no_memory) {
    size_t n = 0;
    for (size_t i = 0; i < check->n_findings; i++) {
        const pgs_check_finding *finding = &check->finding[i];
        if (!pgs_finding_is_of(finding, rule) || n++ >= MAX_LINES)
            continue;
        pgs_buf line = {0};
        pgs_put_subject(&line, check, finding);
        pgs_buf_format(&line, ": %s", finding->text);
        put_text(out, &line, no_memory);
        putc('\n', out);
    }
    if (n > MAX_LINES)
        fprintf(out, "and %zu more\n", n - MAX_LINES);
}

static void put_case(FILE *out, const pgs_check *check, pgs_rule rule, bool *no_memory) {
    const pgs_gauge *gauge = &check->gauge[rule];
    fprintf(out, "    <testcase name=\"%s\" classname=\"pgskew.check\" time=\"0\"",
            pgs_rule_get(rule)->name);
    if (gauge->verdict == PGS_VERDICT_OK) {
        fputs("/>\n", out);
        return;
    }
    pgs_buf message = {0};
    pgs_put_gauge(&message, check, rule);
    fprintf(out, ">\n      <failure type=\"%s\" message=\"", pgs_verdict_name(gauge->verdict));
    put_text(out, &message, no_memory);
    fputs("\">", out);
    put_findings(out, check, rule, no_memory);
    fputs("</failure>\n    </testcase>\n", out);
}

static void put_error(FILE *out, const char *message, bool *no_memory) {
    pgs_buf text = {0};
    pgs_buf_text(&text, message);
    fputs("    <testcase name=\"check\" classname=\"pgskew.check\" time=\"0\">\n"
          "      <error type=\"UNKNOWN\" message=\"",
          out);
    put_text(out, &text, no_memory);
    fputs("\"></error>\n    </testcase>\n", out);
}

pgs_status pgs_junit_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                           const pgs_report_style *style, pgs_err *err) {
    (void)kind, (void)style;
    const pgs_check *check = input->check;
    int n_tests = 0, n_failures = 0, n_errors = check->verdict == PGS_VERDICT_UNKNOWN;
    char time[PGS_TIME_TEXT_MAX];
    bool no_memory = false;
    pgs_buf line = {0};
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        n_tests += pgs_gauge_is_judged(&check->gauge[r]);
        n_failures += check->gauge[r].verdict != PGS_VERDICT_OK;
    }
    open_suite(out, check->table, check->taken_us, n_tests + n_errors, n_failures, n_errors,
               &no_memory);
    put_property(out, "table", check->table, &no_memory);
    put_property(out, "taken_at", pgs_time_format(check->taken_us, time), &no_memory);
    fputs("    </properties>\n", out);
    for (int r = 0; r < PGS_RULE_COUNT; r++)
        if (pgs_gauge_is_judged(&check->gauge[r]))
            put_case(out, check, (pgs_rule)r, &no_memory);
    if (n_errors > 0)
        put_error(out, "no partition was measured", &no_memory);
    pgs_put_verdict(&line, check);
    close_suite(out, pgs_verdict_name(check->verdict), &line, &no_memory);
    return no_memory ? pgs_no_memory(err) : PGS_OK;
}

pgs_status pgs_junit_failure(FILE *out, int64_t taken_us, const char *message, pgs_err *err) {
    bool no_memory = false;
    pgs_buf line = {0};
    pgs_buf_text(&line, message);
    open_suite(out, NULL, taken_us, 1, 0, 1, &no_memory);
    fputs("    </properties>\n", out);
    put_error(out, message, &no_memory);
    close_suite(out, "UNKNOWN", &line, &no_memory);
    return no_memory ? pgs_no_memory(err) : PGS_OK;
}
