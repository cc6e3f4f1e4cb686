/* A verdict in words, for the line that a monitor shows and for everything that quotes it. */
#include <math.h>
#include <string.h>

#include "report/check.h"

#define MAX_NAMES      3
#define MAX_NAME_BYTES 80

/* Words around the number of a gauge; where there is one of them, and where there are more. */
static const struct {
    const char *before, *one, *many;
} WORDS[PGS_RULE_COUNT] = {
    [PGS_RULE_SKEW] = {"largest skew ", "", ""},
    [PGS_RULE_UNBALANCED] = {"", " partition UNBALANCED", " partitions UNBALANCED"},
    [PGS_RULE_WARNING] = {"", " partition in WARNING", " partitions in WARNING"},
    [PGS_RULE_HOT] = {"", " hot partition", " hot partitions"},
    [PGS_RULE_UNMEASURED] = {"", " partition not measured", " partitions not measured"},
    [PGS_RULE_STRAYS] = {"", " relation outside the numbered partitions",
                         " relations outside the numbered partitions"},
    [PGS_RULE_VARIANCE] = {"distribution variance ", "", ""},
    [PGS_RULE_DAYS] = {"", " day to the next threshold", " days to the next threshold"},
    [PGS_RULE_STALENESS] = {"the snapshot is ", " old", " old"},
    [PGS_RULE_NEW] = {"", " new finding", " new findings"},
    [PGS_RULE_NEW_CRITICAL] = {"", " of them critical", " of them critical"},
};

bool pgs_gauge_is_judged(const pgs_gauge *gauge) {
    return (gauge->warning.given || gauge->critical.given) && !isnan(gauge->value);
}

bool pgs_finding_is_of(const pgs_check_finding *finding, pgs_rule rule) {
    return rule == PGS_RULE_NEW ? finding->is_new
           : rule == PGS_RULE_NEW_CRITICAL
               ? finding->is_new && finding->verdict == PGS_VERDICT_CRITICAL
               : finding->rule == rule;
}

/* At most MAX_NAME_BYTES of a name, whole characters. */
static void put_name(pgs_buf *out, const char *name) {
    size_t n = strlen(name);
    if (n <= MAX_NAME_BYTES) {
        pgs_buf_text(out, name);
        return;
    }
    for (n = MAX_NAME_BYTES; n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80;)
        n--;
    pgs_buf_bytes(out, name, n);
    pgs_buf_text(out, "...");
}

void pgs_put_subject(pgs_buf *out, const pgs_check *check, const pgs_check_finding *finding) {
    if (finding->name)
        put_name(out, finding->name);
    else if (finding->partition_num != PGS_TIME_NONE)
        pgs_buf_format(out, "partition %lld", (long long)finding->partition_num);
    else
        put_name(out, check->table);
}

/* The first few that a gauge is about. */
static void put_subjects(pgs_buf *out, const pgs_check *check, pgs_rule rule) {
    size_t n = 0;
    for (size_t i = 0; i < check->n_findings; i++) {
        const pgs_check_finding *finding = &check->finding[i];
        bool is_table = !finding->name && finding->partition_num == PGS_TIME_NONE;
        if (is_table || !pgs_finding_is_of(finding, rule) || n++ >= MAX_NAMES)
            continue;
        pgs_buf_text(out, n == 1 ? " (" : ", ");
        pgs_put_subject(out, check, finding);
    }
    if (n > MAX_NAMES)
        pgs_buf_format(out, " and %zu more", n - MAX_NAMES);
    pgs_buf_text(out, n > 0 ? ")" : "");
}

void pgs_put_gauge(pgs_buf *out, const pgs_check *check, pgs_rule rule) {
    double value = check->gauge[rule].value;
    char scratch[PGS_CELL_TEXT_MAX];
    bool is_age = rule == PGS_RULE_STALENESS, ahead = is_age && value < 0;
    pgs_cell cell = {.look = PGS_AS_SECONDS, .observed = true, .number = fabs(value)};
    pgs_buf_format(out, "%s%s%s", WORDS[rule].before,
                   isinf(value) ? "no"
                   : is_age     ? pgs_cell_plain(&cell, scratch)
                                : pgs_num_plain(value, scratch),
                   ahead        ? " ahead of the clock"
                   : value == 1 ? WORDS[rule].one
                                : WORDS[rule].many);
    if (rule != PGS_RULE_NEW_CRITICAL)
        put_subjects(out, check, rule);
}

static void put_alerts(pgs_buf *out, const pgs_check *check) {
    const char *between = "";
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        if (check->gauge[r].verdict == PGS_VERDICT_OK)
            continue;
        pgs_buf_text(out, between);
        pgs_put_gauge(out, check, (pgs_rule)r);
        between = "; ";
    }
}

static void put_calm(pgs_buf *out, const pgs_check *check) {
    if (check->verdict == PGS_VERDICT_UNKNOWN) {
        pgs_buf_text(out, "no partition was measured");
        return;
    }
    pgs_buf_format(out, "%zu partition%s, ", check->n_parts, check->n_parts == 1 ? "" : "s");
    pgs_put_gauge(out, check, PGS_RULE_SKEW);
    if (check->compared)
        pgs_buf_text(out, ", nothing new");
}

void pgs_put_verdict(pgs_buf *out, const pgs_check *check) {
    put_name(out, check->table);
    pgs_buf_text(out, ": ");
    if (check->verdict == PGS_VERDICT_WARNING || check->verdict == PGS_VERDICT_CRITICAL)
        put_alerts(out, check);
    else
        put_calm(out, check);
    if (check->n_within_chance > 0)
        pgs_buf_format(out, "; %zu change%s within chance", check->n_within_chance,
                       check->n_within_chance == 1 ? "" : "s");
    if (check->n_improved > 0)
        pgs_buf_format(out, "; %zu share%s nearer to even", check->n_improved,
                       check->n_improved == 1 ? "" : "s");
    if (check->days_note)
        pgs_buf_format(out, "; days to threshold are not known: %s", check->days_note);
}
