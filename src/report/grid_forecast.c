/* The columns of forecasts and of their scores, as data. A row is a partition at a horizon, a
 * horizon, or a method at a horizon. */
#include <math.h>
#include <string.h>

#include "report/page.h"

#define OF(field)    offsetof(pgs_forecast_point, field)
#define PART(field)  offsetof(pgs_forecast_partition, field)
#define TOTAL(field) offsetof(pgs_forecast_total, field)
#define SCORE(field) offsetof(pgs_score, field)

static const pgs_forecast *forecast_of(const pgs_grid *grid) {
    return (const pgs_forecast *)(const void *)grid->base;
}

/* A double into a cell of any look that is a number; what no count can be is not known. */
static void set_number(pgs_cell *out, double x) {
    out->observed = fabs(x) < 9e18;
    out->number = x;
    if (out->observed)
        out->integer = (int64_t)floor(x + 0.5);
}

static double double_at(const void *base, size_t where) {
    double x;
    memcpy(&x, (const char *)base + where, sizeof x);
    return x;
}

/* ---- a partition: at a horizon (grids whose stride is 0), or at the farthest ---- */

static size_t horizons_per_row(const pgs_grid *grid) {
    return grid->stride == 0 ? forecast_of(grid)->n_horizons : 1;
}

static size_t horizon_at(const pgs_grid *grid, size_t row) {
    size_t n = horizons_per_row(grid);
    return n > 1 || grid->stride == 0 ? row % n : forecast_of(grid)->n_horizons - 1;
}

static const pgs_forecast_partition *partition_at(const pgs_grid *grid, size_t row) {
    return &forecast_of(grid)->partition[row / horizons_per_row(grid)];
}

static void get_num(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->integer = partition_at(grid, row)->num;
}

static void get_name(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->text = partition_at(grid, row)->name;
    out->observed = out->text != NULL;
}

static void get_status(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    static const pgs_tone TONE[PGS_HEALTH_STATUS_COUNT] = {[PGS_HEALTHY] = PGS_TONE_GOOD,
                                                           [PGS_WARNING] = PGS_TONE_WARNING,
                                                           [PGS_UNBALANCED] = PGS_TONE_BAD};
    (void)column;
    pgs_health_status status = partition_at(grid, row)->status;
    out->text = pgs_health_status_name(status);
    out->observed = out->text != NULL;
    out->tone = TONE[status];
}

static void get_note(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->text = pgs_forecast_note_text(partition_at(grid, row)->note);
    out->observed = out->text != NULL;
}

static void get_course(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->text = partition_at(grid, row)->course;
    out->observed = out->text != NULL;
}

static void get_part(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    set_number(out, double_at(partition_at(grid, row), column->where));
}

static void get_point(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    set_number(out, double_at(&partition_at(grid, row)->at[horizon_at(grid, row)], column->where));
}

/* Days, which people read as a span. */
static void get_days(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    set_number(out, double_at(partition_at(grid, row), column->where) * 86400);
}

/* ---- a horizon ---- */

static void get_horizon(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->text = forecast_of(grid)->horizon_name[horizon_at(grid, row)];
}

static void get_at(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    const pgs_forecast *f = forecast_of(grid);
    out->observed = true;
    out->integer = f->taken_us + f->horizon_days[horizon_at(grid, row)] * PGS_DAY_US;
}

static void get_total(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    set_number(out, double_at(&forecast_of(grid)->total[row], column->where));
}

/* clang-format off */
static const pgs_column POINT[] = {
    {"partition_num", "partition", PGS_AS_ID, get_num, 0},
    {"partition_name", "name", PGS_AS_TEXT, get_name, 0},
    {"status", "status", PGS_AS_TEXT, get_status, 0},
    {"horizon", "horizon", PGS_AS_TEXT, get_horizon, 0},
    {"at", "at", PGS_AS_TIME, get_at, 0},
    {"chunk_count", "chunks", PGS_AS_REAL, get_point, OF(chunk_count)},
    {"low80", "80 % from", PGS_AS_COUNT, get_point, OF(low80)},
    {"high80", "to", PGS_AS_COUNT, get_point, OF(high80)},
    {"low95", "95 % from", PGS_AS_COUNT, get_point, OF(low95)},
    {"high95", "to", PGS_AS_COUNT, get_point, OF(high95)},
    {"size_bytes", "size", PGS_AS_BYTES, get_point, OF(size_bytes)},
    {"signed_skew", "skew", PGS_AS_FINE, get_point, OF(signed_skew)},
    {"p_warning", "p(0.3)", PGS_AS_FINE, get_point, OF(p_beyond[PGS_THRESHOLD_WARNING])},
    {"p_rebalance", "p(0.4)", PGS_AS_FINE, get_point, OF(p_beyond[PGS_THRESHOLD_REBALANCE])},
    {"p_unbalanced", "p(0.5)", PGS_AS_FINE, get_point, OF(p_beyond[PGS_THRESHOLD_UNBALANCED])},
    {"note", "note", PGS_AS_TEXT, get_note, 0},
};
/* for people: the farthest horizon alone */
static const pgs_column PARTITION[] = {
    {"", "partition", PGS_AS_ID, get_num, 0},
    {"", "status", PGS_AS_TEXT, get_status, 0},
    {"", "chunks", PGS_AS_WHOLE, get_part, PART(chunk_count)},
    {"", "then", PGS_AS_WHOLE, get_point, OF(chunk_count)},
    {"", "80 % from", PGS_AS_COUNT, get_point, OF(low80)},
    {"", "to", PGS_AS_COUNT, get_point, OF(high80)},
    {"", "skew", PGS_AS_FINE, get_part, PART(signed_skew)},
    {"", "its course", PGS_AS_SPARK, get_course, 0},
    {"", "then", PGS_AS_FINE, get_point, OF(signed_skew)},
    {"", "p(0.3)", PGS_AS_REAL, get_point, OF(p_beyond[PGS_THRESHOLD_WARNING])},
    {"", "p(0.5)", PGS_AS_REAL, get_point, OF(p_beyond[PGS_THRESHOLD_UNBALANCED])},
    {"", "0.5 in (median)", PGS_AS_SECONDS, get_days, PART(crossing[PGS_THRESHOLD_UNBALANCED].median)},
    {"", "size", PGS_AS_BYTES, get_part, PART(size_bytes)},
    {"", "then", PGS_AS_BYTES, get_point, OF(size_bytes)},
    {"", "limit in (median)", PGS_AS_SECONDS, get_days, PART(limit.median)},
};
static const pgs_column TOTALS[] = {
    {"horizon", "horizon", PGS_AS_TEXT, get_horizon, 0},
    {"at", "at", PGS_AS_TIME, get_at, 0},
    {"chunk_count", "chunks", PGS_AS_WHOLE, get_total, TOTAL(chunk_count)},
    {"low80", "80 % from", PGS_AS_COUNT, get_total, TOTAL(low80)},
    {"high80", "to", PGS_AS_COUNT, get_total, TOTAL(high80)},
    {"size_bytes", "size", PGS_AS_BYTES, get_total, TOTAL(size_bytes)},
    {"size_low80", "80 % from", PGS_AS_BYTES, get_total, TOTAL(size_low80)},
    {"size_high80", "to", PGS_AS_BYTES, get_total, TOTAL(size_high80)},
    {"expected_warning", "at 0.3 or more", PGS_AS_REAL, get_total, TOTAL(expected[PGS_THRESHOLD_WARNING])},
    {"expected_rebalance", "0.4", PGS_AS_REAL, get_total, TOTAL(expected[PGS_THRESHOLD_REBALANCE])},
    {"expected_unbalanced", "0.5", PGS_AS_REAL, get_total, TOTAL(expected[PGS_THRESHOLD_UNBALANCED])},
};
/* clang-format on */

/* ---- scores ---- */

static const pgs_backtest *backtest_of(const pgs_grid *grid) {
    return (const pgs_backtest *)(const void *)grid->base;
}

static void get_scored(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->text = backtest_of(grid)->horizon_name[row / PGS_METHOD_COUNT];
}

static void get_method(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)grid;
    (void)column;
    out->observed = true;
    out->text = pgs_method_name((pgs_method)(row % PGS_METHOD_COUNT));
}

static void get_tried(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    size_t n;
    const void *base = &backtest_of(grid)->horizon[row / PGS_METHOD_COUNT];
    memcpy(&n, (const char *)base + column->where, sizeof n);
    out->observed = true;
    out->integer = (int64_t)n;
}

static const void *score_at(const pgs_grid *grid, size_t row) {
    return &backtest_of(grid)->horizon[row / PGS_METHOD_COUNT].score[row % PGS_METHOD_COUNT];
}

static void get_score(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    set_number(out, double_at(score_at(grid, row), column->where));
}

static void get_onsets(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    size_t n;
    memcpy(&n, (const char *)score_at(grid, row) + column->where, sizeof n);
    out->observed = true;
    out->integer = (int64_t)n;
}

/* clang-format off */
static const pgs_column SCORES[] = {
    {"horizon", "horizon", PGS_AS_TEXT, get_scored, 0},
    {"method", "method", PGS_AS_TEXT, get_method, 0},
    {"origins", "origins", PGS_AS_COUNT, get_tried, offsetof(pgs_backtest_horizon, n_origins)},
    {"forecasts", "forecasts", PGS_AS_COUNT, get_tried, offsetof(pgs_backtest_horizon, n)},
    {"status_changes", "changes", PGS_AS_COUNT, get_tried, offsetof(pgs_backtest_horizon, n_changes)},
    {"onsets", "onsets", PGS_AS_COUNT, get_tried, offsetof(pgs_backtest_horizon, n_onsets)},
    {"pooled_mase", "MASE", PGS_AS_FINE, get_score, SCORE(pooled_mase)},
    {"load_error", "load error", PGS_AS_FINE, get_score, SCORE(load_error)},
    {"brier", "Brier", PGS_AS_FINE, get_score, SCORE(brier)},
    {"auc", "AUC", PGS_AS_FINE, get_score, SCORE(auc)},
    {"coverage80", "80 % holds", PGS_AS_FINE, get_score, SCORE(coverage80)},
    {"coverage95", "95 % holds", PGS_AS_FINE, get_score, SCORE(coverage95)},
    {"true_onsets", "right", PGS_AS_COUNT, get_onsets, SCORE(true_onsets)},
    {"false_onsets", "false", PGS_AS_COUNT, get_onsets, SCORE(false_onsets)},
    {"missed_onsets", "missed", PGS_AS_COUNT, get_onsets, SCORE(missed_onsets)},
    {"onset_precision", "precision", PGS_AS_FINE, get_score, SCORE(onset_precision)},
    {"onset_recall", "recall", PGS_AS_FINE, get_score, SCORE(onset_recall)},
};
/* clang-format on */

pgs_grid pgs_grid_of_forecast(pgs_forecast_view view, const pgs_forecast *f) {
    switch (view) {
    case PGS_FORECAST_VIEW_TOTALS:
        return pgs_grid_rows(PGS_COLUMNS(TOTALS), f, 0, f->n_horizons);
    case PGS_FORECAST_VIEW_PARTITIONS_READ:
        return pgs_grid_rows(PGS_COLUMNS(PARTITION), f, 1, f->n_partitions);
    default:
        return pgs_grid_rows(PGS_COLUMNS(POINT), f, 0, f->n_partitions * f->n_horizons);
    }
}

pgs_grid pgs_grid_of_backtest(const pgs_backtest *backtest) {
    return pgs_grid_rows(PGS_COLUMNS(SCORES), backtest, 0, backtest->n_horizons * PGS_METHOD_COUNT);
}
