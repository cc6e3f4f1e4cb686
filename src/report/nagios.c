/* The line that a monitoring plugin prints: words, a bar, and performance data by the letter of the
 * Monitoring Plugins Development Guidelines: label=value[unit];warning;critical;minimum;maximum,
 * numbers of digits and one point, ranges as they were given, nothing for what is not known. A name
 * may hold anything, so a bar in it, a backslash, which monitors take for the beginning of a line
 * break, and brackets, which their pages take for HTML, are written as codes. */
#include <math.h>
#include <string.h>

#include "report/check.h"

/* Text from anywhere as part of the one line. False: there was no memory for it. */
static bool put_inert(FILE *out, const pgs_buf *text) {
    pgs_buf coded = {0}, shown = {0};
    for (const char *s = pgs_buf_view(text); *s; s++)
        if (strchr("|\\<>", *s))
            pgs_buf_format(&coded, "\\x%02x", (unsigned)*s);
        else
            pgs_buf_bytes(&coded, s, 1);
    pgs_text_escape(&shown, pgs_buf_view(&coded));
    bool there = !text->failed && !coded.failed && !shown.failed;
    fputs(there ? pgs_buf_view(&shown) : "no memory left", out);
    pgs_buf_reset(&coded);
    pgs_buf_reset(&shown);
    return there;
}

static bool is_count_of_partitions(pgs_rule rule) {
    return rule == PGS_RULE_UNBALANCED || rule == PGS_RULE_WARNING || rule == PGS_RULE_HOT ||
           rule == PGS_RULE_UNMEASURED;
}

static void put_datum(FILE *out, const pgs_check *check, pgs_rule rule) {
    const pgs_gauge *gauge = &check->gauge[rule];
    const pgs_rule_info *info = pgs_rule_get(rule);
    char number[PGS_NUM_TEXT_MAX];
    fprintf(out, " %s=%s%s;%s;%s;0", info->name, pgs_num_plain(gauge->value, number), info->unit,
            gauge->warning.given ? gauge->warning.text : "",
            gauge->critical.given ? gauge->critical.text : "");
    if (is_count_of_partitions(rule))
        fprintf(out, ";%zu", check->n_parts);
}

pgs_status pgs_nagios_write(FILE *out, const pgs_check *check, pgs_err *err) {
    pgs_buf text = {0};
    pgs_put_verdict(&text, check);
    fprintf(out, "PGSKEW %s: ", pgs_verdict_name(check->verdict));
    bool there = put_inert(out, &text);
    const char *bar = " |";
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        if (!isfinite(check->gauge[r].value))
            continue;
        fputs(bar, out);
        put_datum(out, check, (pgs_rule)r);
        bar = "";
    }
    putc('\n', out);
    pgs_buf_reset(&text);
    return there ? PGS_OK : pgs_no_memory(err);
}

void pgs_check_unknown(FILE *out, const pgs_err *why) {
    pgs_buf text = {0};
    pgs_buf_text(&text, why->msg);
    if (why->hint[0])
        pgs_buf_format(&text, "; %s", why->hint);
    fputs("PGSKEW UNKNOWN: ", out);
    (void)put_inert(out, &text);
    putc('\n', out);
    pgs_buf_reset(&text);
}
