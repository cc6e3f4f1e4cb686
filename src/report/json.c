/* The documents: which keys, in which order, from which grids. */
#include <inttypes.h>
#include <math.h>

#include "report/check.h"
#include "report/json.h"

static void put_grid(pgs_json *j, const char *key, pgs_grid_kind kind,
                     const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of(kind, input);
    pgs_json_rows(j, key, &grid);
}

static void put_alert(pgs_json *j, const pgs_alert *alert) {
    pgs_grid details = pgs_grid_of_alert(alert);
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "level", alert->level);
    pgs_json_text(j, "message", alert->message);
    if (details.n_rows > 0)
        pgs_json_rows(j, "details", &details);
    pgs_json_text(j, "action", alert->action);
    pgs_json_close(j, '}');
}

static void put_skew_metrics(pgs_json *j, const pgs_report_input *input) {
    pgs_grid skew = pgs_grid_of(PGS_GRID_SKEW, input);
    pgs_json_open(j, "skew_metrics", '{');
    for (size_t r = 0; r < skew.n_rows; r++)
        pgs_json_row(j, input->result->skew[r].metric, &skew, r, 1);
    pgs_json_close(j, '}');
}

/* Measures of rows and of bytes. */
static void put_measures(pgs_json *j, const pgs_report_input *input) {
    static const char *const KEY[PGS_MEASURED_COUNT] = {"chunks", "sizes"};
    pgs_grid measures = pgs_grid_of(PGS_GRID_MEASURES, input);
    pgs_json_open(j, "distribution_measures", '{');
    for (size_t r = 0; r < PGS_MEASURED_COUNT; r++)
        pgs_json_row(j, KEY[r], &measures, r, 0);
    pgs_json_close(j, '}');
}

static void put_noise_floor(pgs_json *j, const pgs_report_input *input) {
    const pgs_noise *noise = &input->result->noise;
    pgs_json_open(j, "noise_floor", '{');
    pgs_json_real(j, "alpha", noise->alpha);
    pgs_json_text(j, "design", pgs_design_name(noise->design));
    pgs_json_real(j, "design_effect", noise->design_effect);
    pgs_json_real(j, "chunk_floor", noise->chunk_floor);
    pgs_json_real(j, "size_floor", noise->size_floor);
    pgs_json_size(j, "suppressed", noise->suppressed);
    pgs_buf above = {0};
    for (size_t p = 0; p < input->snapshot->head.n_parts; p++)
        if (pgs_noise_is_exceeded(noise, p))
            pgs_buf_format(&above, "%s%" PRId64, above.n > 0 ? "," : "",
                           input->snapshot->part[p].num);
    j->no_memory |= above.failed;
    pgs_json_begin(j, "above");
    fprintf(j->out, "[%s]", pgs_buf_view(&above));
    pgs_buf_reset(&above);
    pgs_json_close(j, '}');
}

/* What a full report has in its metrics beyond those of a health check. */
static void put_all_views(pgs_json *j, const pgs_report_input *input) {
    pgs_grid statistics = pgs_grid_of(PGS_GRID_STATISTICS, input);
    pgs_json_row(j, "statistics", &statistics, 0, 0);
    put_grid(j, "recommendations", PGS_GRID_RECOMMENDATIONS, input);
    put_grid(j, "distribution", PGS_GRID_DISTRIBUTION, input);
    put_grid(j, "sizes", PGS_GRID_SIZES, input);
    put_grid(j, "hot_spots", PGS_GRID_HOT, input);
    if (input->result->n_collections > 0)
        put_grid(j, "collections", PGS_GRID_COLLECTIONS, input);
    if (isnan(input->result->noise.alpha))
        return;
    put_measures(j, input);
    put_noise_floor(j, input);
}

/* What a check adds to the metrics of a health check. */
static void put_check(pgs_json *j, const pgs_check *check) {
    pgs_grid gauges = pgs_grid_of_gauges(check), findings = pgs_grid_of_findings(check);
    pgs_json_open(j, "check", '{');
    pgs_json_text(j, "verdict", pgs_verdict_name(check->verdict));
    pgs_json_size(j, "exit_code", (size_t)check->verdict);
    pgs_json_text(j, "table", check->table);
    pgs_json_time(j, "baseline_taken_at", check->baseline_us);
    pgs_json_size(j, "within_chance", check->n_within_chance);
    pgs_json_size(j, "improved", check->n_improved);
    pgs_json_text(j, "days_note", check->days_note);
    pgs_json_rows(j, "gauges", &gauges);
    pgs_json_rows(j, "findings", &findings);
    pgs_json_close(j, '}');
}

static void document_health(pgs_json *j, pgs_report_kind kind, const pgs_report_input *input) {
    const pgs_result *r = input->result;
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "status", "success");
    pgs_json_time(j, "timestamp", r->taken_us);
    pgs_json_open(j, "alerts", '[');
    for (size_t i = 0; i < r->n_alerts; i++)
        put_alert(j, &r->alert[i]);
    if (kind == PGS_REPORT_FORECAST)
        pgs_json_forecast_alerts(j, input->forecast);
    pgs_json_close(j, ']');
    pgs_json_open(j, "metrics", '{');
    pgs_json_size(j, "total_partitions", r->total_partitions);
    pgs_json_size(j, "unbalanced_count", r->unbalanced_count);
    pgs_json_size(j, "warning_count", r->warning_count);
    pgs_json_size(j, "healthy_count", r->healthy_count);
    if (r->unmeasured_count > 0)
        pgs_json_size(j, "unmeasured_count", r->unmeasured_count);
    put_skew_metrics(j, input);
    if (kind == PGS_REPORT_FULL)
        put_all_views(j, input);
    else if (kind == PGS_REPORT_FORECAST)
        pgs_json_forecast(j, input->forecast);
    else if (r->noise.suppressing)
        put_noise_floor(j, input);
    if (kind == PGS_REPORT_TREND)
        pgs_json_trend(j, input->trend);
    if (kind == PGS_REPORT_CHECK)
        put_check(j, input->check);
    pgs_json_close(j, '}');
    pgs_json_raw(j, "error", "null");
    pgs_json_close(j, '}');
}

static void document_view(pgs_json *j, pgs_report_kind kind, const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of_report(kind, input);
    pgs_json_rows(j, NULL, &grid);
}

static void document_statistics(pgs_json *j, pgs_report_kind kind, const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of_report(kind, input);
    char number[PGS_CELL_TEXT_MAX];
    pgs_json_open(j, NULL, '{');
    if (input->partition)
        snprintf(number, sizeof number, "%" PRId64, input->partition->partition_num);
    pgs_json_raw(j, "partition_num", input->partition ? number : "null");
    pgs_json_row(j, "statistics", &grid, 0, 0);
    pgs_json_close(j, '}');
}

static void document_recommendations(pgs_json *j, pgs_report_kind kind,
                                     const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of_report(kind, input);
    pgs_json_open(j, NULL, '{');
    pgs_json_size(j, "count", grid.n_rows);
    pgs_json_rows(j, "recommendations", &grid);
    if (input->result->noise.suppressing)
        put_noise_floor(j, input);
    pgs_json_close(j, '}');
}

static void document_summary(pgs_json *j, pgs_report_kind kind, const pgs_report_input *input) {
    (void)kind;
    const pgs_result *r = input->result;
    pgs_json_open(j, NULL, '{');
    pgs_json_size(j, "total_partitions", r->total_partitions);
    pgs_json_size(j, "healthy_count", r->healthy_count);
    pgs_json_size(j, "warning_count", r->warning_count);
    pgs_json_size(j, "unbalanced_count", r->unbalanced_count);
    if (r->unmeasured_count > 0)
        pgs_json_size(j, "unmeasured_count", r->unmeasured_count);
    pgs_json_real(j, "health_percentage", r->health_percentage);
    put_grid(j, "partitions", PGS_GRID_SUMMARY, input);
    pgs_json_close(j, '}');
}

static void document_backtest(pgs_json *j, pgs_report_kind kind, const pgs_report_input *input) {
    (void)kind;
    pgs_json_backtest(j, input->backtest);
}

static void document_diff(pgs_json *j, pgs_report_kind kind, const pgs_report_input *input) {
    (void)kind;
    pgs_json_diff(j, input->diff);
}

pgs_status pgs_json_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                          const pgs_report_style *style, pgs_err *err) {
    static void (*const DOCUMENT[PGS_REPORT_KIND_COUNT])(pgs_json *, pgs_report_kind,
                                                         const pgs_report_input *) = {
        [PGS_REPORT_HEALTH] = document_health,
        [PGS_REPORT_DISTRIBUTION] = document_view,
        [PGS_REPORT_SIZES] = document_view,
        [PGS_REPORT_HOT] = document_view,
        [PGS_REPORT_SKEW] = document_view,
        [PGS_REPORT_COLLECTIONS] = document_view,
        [PGS_REPORT_STATISTICS] = document_statistics,
        [PGS_REPORT_RECOMMENDATIONS] = document_recommendations,
        [PGS_REPORT_HEALTH_SUMMARY] = document_summary,
        [PGS_REPORT_FULL] = document_health,
        [PGS_REPORT_LIST] = document_view,
        [PGS_REPORT_SCAN_TOTAL] = document_view,
        [PGS_REPORT_SCAN_MOMENT] = document_view,
        [PGS_REPORT_SCAN_PARTITION] = document_view,
        [PGS_REPORT_DIFF] = document_diff,
        [PGS_REPORT_TREND] = document_health,
        [PGS_REPORT_CHECK] = document_health,
        [PGS_REPORT_FORECAST] = document_health,
        [PGS_REPORT_BACKTEST] = document_backtest,
    };
    (void)style;
    pgs_json j = {.out = out};
    DOCUMENT[kind](&j, kind, input);
    return pgs_json_finish(&j, err);
}

pgs_status pgs_report_failure(FILE *out, int64_t taken_us, const char *message, pgs_err *err) {
    pgs_json j = {.out = out};
    pgs_json_open(&j, NULL, '{');
    pgs_json_text(&j, "status", "failed");
    pgs_json_time(&j, "timestamp", taken_us);
    pgs_json_open(&j, "alerts", '[');
    pgs_json_close(&j, ']');
    pgs_json_open(&j, "metrics", '{');
    pgs_json_close(&j, '}');
    pgs_json_text(&j, "error", message);
    pgs_json_close(&j, '}');
    pgs_status st = pgs_json_finish(&j, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}

pgs_status pgs_report_detail(FILE *out, const char *message, pgs_err *err) {
    pgs_json j = {.out = out};
    pgs_json_open(&j, NULL, '{');
    pgs_json_text(&j, "detail", message);
    pgs_json_close(&j, '}');
    pgs_status st = pgs_json_finish(&j, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}
