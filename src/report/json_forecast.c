/* What a forecast adds to the document of a health check, and the document of a backtest. */
#include <inttypes.h>
#include <math.h>

#include "report/json.h"

/* ---- one partition, on one line ---- */

static void put_key(pgs_buf *buf, const char *key) {
    bool first = buf->n == 0 || buf->data[buf->n - 1] == '{';
    pgs_buf_format(buf, "%s\"%s\":", first ? "" : ",", key);
}

static void put_real(pgs_buf *buf, const char *key, double x) {
    char text[PGS_NUM_TEXT_MAX];
    put_key(buf, key);
    pgs_buf_text(buf, isfinite(x) ? pgs_num_format(x, text) : "null");
}

/* What no count can be is not known. */
static void put_whole(pgs_buf *buf, const char *key, double x) {
    char text[PGS_NUM_TEXT_MAX];
    bool fits = fabs(x) < 9e18;
    put_key(buf, key);
    pgs_buf_text(buf, fits ? pgs_int_format((int64_t)floor(x + 0.5), text) : "null");
}

/* Text of ours, in which nothing is to be escaped. */
static void put_word(pgs_buf *buf, const char *key, const char *word) {
    put_key(buf, key);
    pgs_buf_format(buf, word ? "\"%s\"" : "null", word);
}

static void put_crossing(pgs_buf *buf, const char *key, const pgs_crossing *crossing) {
    put_key(buf, key);
    pgs_buf_text(buf, "{");
    put_real(buf, "p10", crossing->p10);
    put_real(buf, "median", crossing->median);
    put_real(buf, "p90", crossing->p90);
    pgs_buf_text(buf, "}");
}

static void put_horizon(pgs_buf *buf, const pgs_forecast *f, size_t h) {
    char text[PGS_TIME_TEXT_MAX];
    put_word(buf, "horizon", f->horizon_name[h]);
    put_word(buf, "at", pgs_time_format(f->taken_us + f->horizon_days[h] * PGS_DAY_US, text));
}

static void put_point(pgs_buf *buf, const pgs_forecast *f, size_t h, const pgs_forecast_point *at) {
    pgs_buf_text(buf, h == 0 ? "{" : ",{");
    put_horizon(buf, f, h);
    put_real(buf, "chunk_count", at->chunk_count);
    put_whole(buf, "low80", at->low80);
    put_whole(buf, "high80", at->high80);
    put_whole(buf, "low95", at->low95);
    put_whole(buf, "high95", at->high95);
    put_whole(buf, "size_bytes", at->size_bytes);
    put_real(buf, "signed_skew", at->signed_skew);
    put_real(buf, "p_warning", at->p_beyond[PGS_THRESHOLD_WARNING]);
    put_real(buf, "p_rebalance", at->p_beyond[PGS_THRESHOLD_REBALANCE]);
    put_real(buf, "p_unbalanced", at->p_beyond[PGS_THRESHOLD_UNBALANCED]);
    pgs_buf_text(buf, "}");
}

static void put_partition(pgs_json *j, const pgs_forecast *f, const pgs_forecast_partition *part) {
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "{\"partition_num\":%" PRId64, part->num);
    put_word(&buf, "status", pgs_health_status_name(part->status));
    put_whole(&buf, "chunk_count", part->chunk_count);
    put_real(&buf, "signed_skew", part->signed_skew);
    put_word(&buf, "note", pgs_forecast_note_text(part->note));
    put_key(&buf, "forecast");
    pgs_buf_text(&buf, "[");
    for (size_t h = 0; h < f->n_horizons; h++)
        put_point(&buf, f, h, &part->at[h]);
    pgs_buf_text(&buf, "]");
    put_key(&buf, "crossing");
    pgs_buf_text(&buf, "{");
    for (pgs_threshold l = 0; l < PGS_THRESHOLD_COUNT; l++)
        put_crossing(&buf, pgs_threshold_name(l), &part->crossing[l]);
    pgs_buf_text(&buf, "}");
    if (!isnan(f->limit_bytes))
        put_crossing(&buf, "limit", &part->limit);
    pgs_buf_text(&buf, "}");
    j->no_memory |= buf.failed;
    pgs_json_raw(j, NULL, buf.failed ? "null" : pgs_buf_view(&buf));
    pgs_buf_reset(&buf);
}

/* ---- scores ---- */

static void put_scores(pgs_json *j, const pgs_backtest *backtest) {
    pgs_grid scores = pgs_grid_of_backtest(backtest);
    pgs_json_size(j, "origins", backtest->n_origins);
    pgs_json_rows(j, "scores", &scores);
}

void pgs_json_backtest(pgs_json *j, const pgs_backtest *backtest) {
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "table_name", backtest->table);
    put_scores(j, backtest);
    pgs_json_cleaning(j, &backtest->clean);
    pgs_json_close(j, '}');
}

/* ---- the parts of a MonitoringResult ---- */

static const pgs_crossing *coming(const pgs_forecast_alert *alert,
                                  const pgs_forecast_partition *part) {
    return alert->threshold < PGS_THRESHOLD_COUNT ? &part->crossing[alert->threshold]
                                                  : &part->limit;
}

void pgs_json_forecast_alerts(pgs_json *j, const pgs_forecast *f) {
    for (size_t i = 0; i < f->n_alerts; i++) {
        const pgs_forecast_alert *alert = &f->alert[i];
        pgs_json_open(j, NULL, '{');
        pgs_json_text(j, "level", alert->level);
        pgs_json_text(j, "message", alert->message);
        pgs_json_open(j, "details", '[');
        for (size_t k = 0; k < alert->n_details; k++) {
            const pgs_forecast_partition *part = &f->partition[alert->detail[k]];
            pgs_buf buf = {0};
            pgs_buf_format(&buf, "{\"partition_num\":%" PRId64, part->num);
            put_real(&buf, "signed_skew", part->signed_skew);
            put_crossing(&buf, "days", coming(alert, part));
            pgs_buf_text(&buf, "}");
            j->no_memory |= buf.failed;
            pgs_json_raw(j, NULL, buf.failed ? "null" : pgs_buf_view(&buf));
            pgs_buf_reset(&buf);
        }
        pgs_json_close(j, ']');
        pgs_json_text(j, "action", alert->action);
        pgs_json_close(j, '}');
    }
}

static void put_limit(pgs_json *j, const pgs_forecast *f) {
    char text[PGS_NUM_TEXT_MAX];
    pgs_buf buf = {0};
    pgs_json_open(j, "limit", '{');
    pgs_json_raw(j, "size_bytes", pgs_int_format((int64_t)f->limit_bytes, text));
    pgs_buf_text(&buf, "{");
    put_real(&buf, "p10", f->total_limit.p10);
    put_real(&buf, "median", f->total_limit.median);
    put_real(&buf, "p90", f->total_limit.p90);
    pgs_buf_text(&buf, "}");
    pgs_json_raw(j, "total", pgs_buf_view(&buf));
    j->no_memory |= buf.failed;
    pgs_buf_reset(&buf);
    pgs_json_close(j, '}');
}

void pgs_json_forecast(pgs_json *j, const pgs_forecast *f) {
    pgs_grid totals = pgs_grid_of_forecast(PGS_FORECAST_VIEW_TOTALS, f);
    pgs_json_open(j, "forecast", '{');
    pgs_json_size(j, "history_days", f->n_days);
    pgs_json_rows(j, "totals", &totals);
    if (!isnan(f->limit_bytes))
        put_limit(j, f);
    pgs_json_open(j, "partitions", '[');
    for (size_t p = 0; p < f->n_partitions && !ferror(j->out); p++)
        put_partition(j, f, &f->partition[p]);
    pgs_json_close(j, ']');
    pgs_json_open(j, "backtest", '{');
    put_scores(j, &f->backtest);
    pgs_json_close(j, '}');
    pgs_json_cleaning(j, &f->clean);
    pgs_json_close(j, '}');
}
