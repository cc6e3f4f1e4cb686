/* The shape of a verdict, and the ranges of monitoring plugins: numbers of digits and one point,
 * because that is all that performance data may hold. */
#include "pgskew/check.h"

#include <math.h>
#include <string.h>

#include "base/base.h"

const char *pgs_verdict_name(pgs_verdict verdict) {
    static const char *const NAME[PGS_VERDICT_COUNT] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return NAME[verdict];
}

pgs_verdict pgs_verdict_find(const char *name) {
    int v = 0;
    while (v < PGS_VERDICT_COUNT && strcmp(pgs_verdict_name((pgs_verdict)v), name) != 0)
        v++;
    return (pgs_verdict)v;
}

static const pgs_rule_info RULE[PGS_RULE_COUNT] = {
    [PGS_RULE_SKEW] = {"skew", "", "The largest chunk or size skew of a partition"},
    [PGS_RULE_UNBALANCED] = {"unbalanced", "", "Partitions that are UNBALANCED"},
    [PGS_RULE_WARNING] = {"warning", "", "Partitions in WARNING"},
    [PGS_RULE_HOT] = {"hot", "",
                      "Partitions that took an eighth of the last hour's chunks or more"},
    [PGS_RULE_UNMEASURED] = {"unmeasured", "", "Partitions that could not be measured"},
    [PGS_RULE_STRAYS] = {"strays", "", "Relations that hold rows outside the numbered partitions"},
    [PGS_RULE_VARIANCE] = {"variance", "", "Distribution variance of the chunk counts"},
    [PGS_RULE_DAYS] = {"days-to-threshold", "",
                       "Days until a partition is expected to reach its next skew threshold"},
    [PGS_RULE_STALENESS] = {"staleness", "s", "Age of the newest snapshot"},
    [PGS_RULE_NEW] = {"new", "", "Findings that the baseline does not have"},
    [PGS_RULE_NEW_CRITICAL] = {"new-critical", "",
                               "Critical findings that the baseline does not have"},
    [PGS_RULE_SHARE] = {"share", "",
                        "A partition's share is not that of the baseline, and not by chance"},
};

const pgs_rule_info *pgs_rule_get(pgs_rule rule) {
    return &RULE[rule];
}

pgs_rule pgs_rule_find(const char *name) {
    int r = 0;
    while (r < PGS_RULE_SHARE && strcmp(RULE[r].name, name) != 0)
        r++;
    return r < PGS_RULE_SHARE ? (pgs_rule)r : PGS_RULE_COUNT;
}

/* ---- ranges ---- */

/* The number that `text` of `n` bytes is: digits, one point, a sign, and of times a unit. */
static bool parse_number(pgs_rule rule, const char *text, size_t n, double *out) {
    static const struct {
        char letter;
        double seconds;
    } UNIT[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char digits[PGS_RANGE_TEXT_MAX];
    double scale = 1;
    for (size_t i = 0; rule == PGS_RULE_STALENESS && n > 1 && i < PGS_COUNT_OF(UNIT); i++)
        if (text[n - 1] == UNIT[i].letter) {
            scale = UNIT[i].seconds;
            n--;
            break;
        }
    if (n == 0 || n >= 16)
        return false;
    snprintf(digits, sizeof digits, "%.*s", (int)n, text);
    if (digits[strspn(digits, "-0123456789.")] || !pgs_real_parse(digits, out))
        return false;
    *out *= scale;
    return true;
}

static void spell_range(pgs_range *range) {
    char low[PGS_NUM_TEXT_MAX], high[PGS_NUM_TEXT_MAX];
    const char *start = isinf(range->low) ? "~" : pgs_num_plain(range->low, low);
    const char *end = isinf(range->high) ? "" : pgs_num_plain(range->high, high);
    bool short_form = range->low == 0 && *end;
    snprintf(range->text, sizeof range->text, "%s%.24s%s%.24s", range->inverted ? "@" : "",
             short_form ? "" : start, short_form ? "" : ":", end);
}

bool pgs_range_parse(pgs_rule rule, const char *text, pgs_range *out) {
    pgs_range range = {.given = true, .inverted = *text == '@', .low = 0, .high = INFINITY};
    text += range.inverted;
    const char *colon = strchr(text, ':');
    size_t n_low = colon ? (size_t)(colon - text) : 0;
    const char *high = colon ? colon + 1 : text;
    if (n_low == 1 && *text == '~')
        range.low = -INFINITY;
    else if (n_low > 0 && !parse_number(rule, text, n_low, &range.low))
        return false;
    if (*high && !parse_number(rule, high, strlen(high), &range.high))
        return false;
    if ((!*high && !colon) || (colon && n_low == 0) || range.low > range.high)
        return false;
    spell_range(&range);
    *out = range;
    return true;
}

bool pgs_range_alerts(const pgs_range *range, double value) {
    if (!range->given || isnan(value))
        return false;
    bool inside = value >= range->low && value <= range->high;
    return inside == range->inverted;
}

pgs_verdict pgs_gauge_verdict(const pgs_gauge *gauge, double value) {
    return pgs_range_alerts(&gauge->critical, value)  ? PGS_VERDICT_CRITICAL
           : pgs_range_alerts(&gauge->warning, value) ? PGS_VERDICT_WARNING
                                                      : PGS_VERDICT_OK;
}

/* ---- shapes ---- */

void pgs_check_init(pgs_check *check) {
    *check = (pgs_check){
        .taken_us = PGS_TIME_NONE, .now_us = PGS_TIME_NONE, .baseline_us = PGS_TIME_NONE};
    for (int r = 0; r < PGS_RULE_COUNT; r++)
        check->gauge[r].value = NAN;
}

void pgs_check_reset(pgs_check *check) {
    if (!check)
        return;
    pgs_arena_free(check->arena);
    pgs_check_init(check);
}
