/* The grids of a verdict. */
#include "report/check.h"

static void put_text(const char *text, pgs_cell *out) {
    out->observed = text != NULL;
    out->text = text;
}

static const pgs_gauge *gauge_of(const pgs_grid *grid, size_t row) {
    return (const pgs_gauge *)(const void *)grid->base + row;
}

static const pgs_check_finding *finding_of(const pgs_grid *grid, size_t row) {
    return (const pgs_check_finding *)(const void *)grid->base + row;
}

static void get_rule(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)grid, (void)column;
    put_text(pgs_rule_get((pgs_rule)row)->name, out);
}

static void get_unit(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)grid, (void)column;
    const char *unit = pgs_rule_get((pgs_rule)row)->unit;
    put_text(*unit ? unit : NULL, out);
}

static void get_warning(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    const pgs_range *range = &gauge_of(grid, row)->warning;
    put_text(range->given ? range->text : NULL, out);
}

static void get_critical(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    (void)column;
    const pgs_range *range = &gauge_of(grid, row)->critical;
    put_text(range->given ? range->text : NULL, out);
}

/* The verdict of what is judged; nothing of what is only shown. */
static void get_verdict(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    static const pgs_tone TONE[PGS_VERDICT_COUNT] = {PGS_TONE_GOOD, PGS_TONE_WARNING, PGS_TONE_BAD,
                                                     PGS_TONE_WARNING};
    (void)column;
    const pgs_gauge *gauge = gauge_of(grid, row);
    put_text(pgs_gauge_is_judged(gauge) ? pgs_verdict_name(gauge->verdict) : NULL, out);
    out->tone = TONE[gauge->verdict];
}

static void get_finding_rule(const pgs_grid *grid, const pgs_column *column, size_t row,
                             pgs_cell *out) {
    (void)column;
    put_text(pgs_rule_get(finding_of(grid, row)->rule)->name, out);
}

static void get_finding_verdict(const pgs_grid *grid, const pgs_column *column, size_t row,
                                pgs_cell *out) {
    (void)column;
    const pgs_check_finding *finding = finding_of(grid, row);
    put_text(pgs_verdict_name(finding->verdict), out);
    out->tone = finding->verdict == PGS_VERDICT_CRITICAL ? PGS_TONE_BAD : PGS_TONE_WARNING;
}

static void get_state(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    const pgs_check_finding *finding = finding_of(grid, row);
    put_text(!finding->compared ? NULL : finding->is_new ? "new" : "unchanged", out);
}

#define GAUGE(field)   offsetof(pgs_gauge, field)
#define FINDING(field) offsetof(pgs_check_finding, field)

/* clang-format off */
static const pgs_column GAUGES[] = {
    {"metric", "metric", PGS_AS_TEXT, get_rule, 0},
    {"value", "value", PGS_AS_FINE, pgs_get_double, GAUGE(value)},
    {"unit", "unit", PGS_AS_TEXT, get_unit, 0},
    {"warning", "warning", PGS_AS_TEXT, get_warning, 0},
    {"critical", "critical", PGS_AS_TEXT, get_critical, 0},
    {"verdict", "verdict", PGS_AS_TEXT, get_verdict, 0},
};

static const pgs_column FINDINGS[] = {
    {"rule", "rule", PGS_AS_TEXT, get_finding_rule, 0},
    {"verdict", "verdict", PGS_AS_TEXT, get_finding_verdict, 0},
    {"partition_num", "partition", PGS_AS_ID, pgs_get_int64, FINDING(partition_num)},
    {"name", "name", PGS_AS_TEXT, pgs_get_text, FINDING(name)},
    {"value", "value", PGS_AS_FINE, pgs_get_double, FINDING(value)},
    {"before", "before", PGS_AS_FINE, pgs_get_double, FINDING(before)},
    {"baseline_state", "baseline", PGS_AS_TEXT, get_state, 0},
    {"message", "message", PGS_AS_TEXT, pgs_get_text, FINDING(text)},
};
/* clang-format on */

pgs_grid pgs_grid_of_gauges(const pgs_check *check) {
    return pgs_grid_rows(PGS_COLUMNS(GAUGES), check->gauge, sizeof *check->gauge, PGS_RULE_SHARE);
}

pgs_grid pgs_grid_of_findings(const pgs_check *check) {
    return pgs_grid_rows(PGS_COLUMNS(FINDINGS), check->finding, sizeof *check->finding,
                         check->n_findings);
}
