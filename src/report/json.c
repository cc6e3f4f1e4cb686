/* JSON for machines, streamed: the frame of a document is written as it goes, and each row is a
 * cJSON object that lives for one line. So a million partitions need the memory of one, and the
 * file reads well: two spaces a level, one row a line.
 *
 * Numbers are spelled by us and handed to cJSON raw: its own printing loses digits and writes
 * 15000.0 as 15000. cJSON keeps its own allocator, because its hooks belong to the whole process
 * and so to whoever linked us. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>

#include "report/page.h"

typedef struct json {
    FILE *out;
    int depth;
    bool empty; /* nothing yet since the last opening bracket */
    bool no_memory;
} json;

/* ---- the frame ---- */

/* Begin a value: the comma after its elder sibling, a line of its own, its key. */
static void begin(json *j, const char *key) {
    if (j->depth > 0)
        fprintf(j->out, "%s\n%*s", j->empty ? "" : ",", 2 * j->depth, "");
    if (key)
        fprintf(j->out, "\"%s\": ", key);
    j->empty = false;
}

static void open_bracket(json *j, const char *key, char bracket) {
    begin(j, key);
    putc(bracket, j->out);
    j->depth++;
    j->empty = true;
}

static void close_bracket(json *j, char bracket) {
    j->depth--;
    if (!j->empty)
        fprintf(j->out, "\n%*s", 2 * j->depth, "");
    putc(bracket, j->out);
    j->empty = false;
}

static void put_raw(json *j, const char *key, const char *raw) {
    begin(j, key);
    fputs(raw, j->out);
}

/* cJSON escapes control characters below U+0020 only. Those from U+0080 to U+009F and the ones that
 * reorder text mean something to a terminal too; as \u they mean the same to a parser. */
static void put_printed(FILE *out, const char *text) {
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        bool c1 = s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F;
        bool bidi = s[0] == 0xE2 && ((s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE) ||
                                     (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9));
        if (c1)
            fprintf(out, "\\u%04x", s[1]);
        else if (bidi)
            fprintf(out, "\\u%04x", 0x2000U | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU));
        else
            putc(*s, out);
        s += c1 ? 1 : bidi ? 2 : 0;
    }
}

/* Print and free `item`, which may be NULL for want of memory. */
static void put_item(json *j, const char *key, cJSON *item) {
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    cJSON_Delete(item);
    if (!text)
        j->no_memory = true;
    begin(j, key);
    put_printed(j->out, text ? text : "null");
    cJSON_free(text);
}

/* JSON is UTF-8. Names in snapshots are; the path of a file need not be, and is shown escaped. */
static cJSON *item_of_text(const char *text) {
    if (pgs_text_is_utf8(text))
        return cJSON_CreateString(text);
    pgs_buf shown = {0};
    pgs_text_escape(&shown, text);
    cJSON *item = shown.failed ? NULL : cJSON_CreateString(pgs_buf_view(&shown));
    pgs_buf_reset(&shown);
    return item;
}

static void put_text(json *j, const char *key, const char *text) {
    if (text)
        put_item(j, key, item_of_text(text));
    else
        put_raw(j, key, "null");
}

static void put_size(json *j, const char *key, size_t n) {
    char text[PGS_CELL_TEXT_MAX];
    snprintf(text, sizeof text, "%zu", n);
    put_raw(j, key, text);
}

static void put_real(json *j, const char *key, double value) {
    char text[PGS_NUM_TEXT_MAX];
    put_raw(j, key, isfinite(value) ? pgs_num_format(value, text) : "null");
}

static void put_time(json *j, const char *key, int64_t us) {
    char text[PGS_TIME_TEXT_MAX];
    put_text(j, key, us == PGS_TIME_NONE ? NULL : pgs_time_format(us, text));
}

/* ---- rows ---- */

static cJSON *item_of_cell(const pgs_cell *cell) {
    char scratch[PGS_CELL_TEXT_MAX];
    const char *text = pgs_cell_exact(cell, scratch);
    if (!text)
        return cJSON_CreateNull();
    return pgs_look_is_text(cell->look) ? item_of_text(text) : cJSON_CreateRaw(text);
}

/* A row as an object, from column `first` on; NULL without memory. */
static cJSON *item_of_row(const pgs_grid *grid, size_t row, size_t first) {
    cJSON *object = cJSON_CreateObject();
    for (size_t c = first; object && c < grid->n_columns; c++) {
        pgs_cell cell = pgs_grid_cell(grid, row, c);
        cJSON *item = item_of_cell(&cell);
        if (!cJSON_AddItemToObjectCS(object, grid->column[c].key, item)) {
            cJSON_Delete(item);
            cJSON_Delete(object);
            object = NULL;
        }
    }
    return object;
}

static void put_rows(json *j, const char *key, const pgs_grid *grid) {
    open_bracket(j, key, '[');
    for (size_t r = 0; r < grid->n_rows && !ferror(j->out); r++)
        put_item(j, NULL, item_of_row(grid, r, 0));
    close_bracket(j, ']');
}

static void put_grid(json *j, const char *key, pgs_grid_kind kind, const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of(kind, input);
    put_rows(j, key, &grid);
}

/* ---- documents ---- */

static void put_alert(json *j, const pgs_alert *alert) {
    pgs_grid details = pgs_grid_of_alert(alert);
    open_bracket(j, NULL, '{');
    put_text(j, "level", alert->level);
    put_text(j, "message", alert->message);
    if (details.n_rows > 0)
        put_rows(j, "details", &details);
    put_text(j, "action", alert->action);
    close_bracket(j, '}');
}

static void put_skew_metrics(json *j, const pgs_report_input *input) {
    pgs_grid skew = pgs_grid_of(PGS_GRID_SKEW, input);
    open_bracket(j, "skew_metrics", '{');
    for (size_t r = 0; r < skew.n_rows; r++)
        put_item(j, input->result->skew[r].metric, item_of_row(&skew, r, 1));
    close_bracket(j, '}');
}

/* Measures of rows and of bytes. */
static void put_measures(json *j, const pgs_report_input *input) {
    static const char *const KEY[PGS_MEASURED_COUNT] = {"chunks", "sizes"};
    pgs_grid measures = pgs_grid_of(PGS_GRID_MEASURES, input);
    open_bracket(j, "distribution_measures", '{');
    for (size_t r = 0; r < PGS_MEASURED_COUNT; r++)
        put_item(j, KEY[r], item_of_row(&measures, r, 0));
    close_bracket(j, '}');
}

static void put_noise_floor(json *j, const pgs_report_input *input) {
    const pgs_noise *noise = &input->result->noise;
    open_bracket(j, "noise_floor", '{');
    put_real(j, "alpha", noise->alpha);
    put_text(j, "design", pgs_design_name(noise->design));
    put_real(j, "design_effect", noise->design_effect);
    put_real(j, "chunk_floor", noise->chunk_floor);
    put_real(j, "size_floor", noise->size_floor);
    put_size(j, "suppressed", noise->suppressed);
    pgs_buf above = {0};
    for (size_t p = 0; p < input->snapshot->head.n_parts; p++)
        if (noise->chunk_above[p] || noise->size_above[p])
            pgs_buf_format(&above, "%s%" PRId64, above.n > 0 ? "," : "",
                           input->snapshot->part[p].num);
    j->no_memory |= above.failed;
    begin(j, "above");
    fprintf(j->out, "[%s]", pgs_buf_view(&above));
    pgs_buf_reset(&above);
    close_bracket(j, '}');
}

/* What a full report has in its metrics beyond those of a health check. */
static void put_all_views(json *j, const pgs_report_input *input) {
    pgs_grid statistics = pgs_grid_of(PGS_GRID_STATISTICS, input);
    put_item(j, "statistics", item_of_row(&statistics, 0, 0));
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

static void document_health(json *j, pgs_report_kind kind, const pgs_report_input *input) {
    const pgs_result *r = input->result;
    open_bracket(j, NULL, '{');
    put_text(j, "status", "success");
    put_time(j, "timestamp", r->taken_us);
    open_bracket(j, "alerts", '[');
    for (size_t i = 0; i < r->n_alerts; i++)
        put_alert(j, &r->alert[i]);
    close_bracket(j, ']');
    open_bracket(j, "metrics", '{');
    put_size(j, "total_partitions", r->total_partitions);
    put_size(j, "unbalanced_count", r->unbalanced_count);
    put_size(j, "warning_count", r->warning_count);
    put_size(j, "healthy_count", r->healthy_count);
    if (r->unmeasured_count > 0)
        put_size(j, "unmeasured_count", r->unmeasured_count);
    put_skew_metrics(j, input);
    if (kind == PGS_REPORT_FULL)
        put_all_views(j, input);
    else if (r->noise.suppressing)
        put_noise_floor(j, input);
    close_bracket(j, '}');
    put_raw(j, "error", "null");
    close_bracket(j, '}');
}

static void document_view(json *j, pgs_report_kind kind, const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of_report(kind, input);
    put_rows(j, NULL, &grid);
}

static void document_statistics(json *j, pgs_report_kind kind, const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of_report(kind, input);
    char number[PGS_CELL_TEXT_MAX];
    open_bracket(j, NULL, '{');
    if (input->partition)
        snprintf(number, sizeof number, "%" PRId64, input->partition->partition_num);
    put_raw(j, "partition_num", input->partition ? number : "null");
    put_item(j, "statistics", item_of_row(&grid, 0, 0));
    close_bracket(j, '}');
}

static void document_recommendations(json *j, pgs_report_kind kind, const pgs_report_input *input) {
    pgs_grid grid = pgs_grid_of_report(kind, input);
    open_bracket(j, NULL, '{');
    put_size(j, "count", grid.n_rows);
    put_rows(j, "recommendations", &grid);
    if (input->result->noise.suppressing)
        put_noise_floor(j, input);
    close_bracket(j, '}');
}

static void document_summary(json *j, pgs_report_kind kind, const pgs_report_input *input) {
    (void)kind;
    const pgs_result *r = input->result;
    open_bracket(j, NULL, '{');
    put_size(j, "total_partitions", r->total_partitions);
    put_size(j, "healthy_count", r->healthy_count);
    put_size(j, "warning_count", r->warning_count);
    put_size(j, "unbalanced_count", r->unbalanced_count);
    if (r->unmeasured_count > 0)
        put_size(j, "unmeasured_count", r->unmeasured_count);
    put_real(j, "health_percentage", r->health_percentage);
    put_grid(j, "partitions", PGS_GRID_SUMMARY, input);
    close_bracket(j, '}');
}

/* End the document, and say whether memory lasted. */
static pgs_status finish(json *j, pgs_err *err) {
    putc('\n', j->out);
    return j->no_memory ? pgs_no_memory(err) : PGS_OK;
}

pgs_status pgs_json_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                          const pgs_report_style *style, pgs_err *err) {
    static void (*const DOCUMENT[PGS_REPORT_KIND_COUNT])(json *, pgs_report_kind,
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
    };
    (void)style;
    json j = {.out = out};
    DOCUMENT[kind](&j, kind, input);
    return finish(&j, err);
}

pgs_status pgs_report_failure(FILE *out, int64_t taken_us, const char *message, pgs_err *err) {
    json j = {.out = out};
    open_bracket(&j, NULL, '{');
    put_text(&j, "status", "failed");
    put_time(&j, "timestamp", taken_us);
    open_bracket(&j, "alerts", '[');
    close_bracket(&j, ']');
    open_bracket(&j, "metrics", '{');
    close_bracket(&j, '}');
    put_text(&j, "error", message);
    close_bracket(&j, '}');
    pgs_status st = finish(&j, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}

pgs_status pgs_report_detail(FILE *out, const char *message, pgs_err *err) {
    json j = {.out = out};
    open_bracket(&j, NULL, '{');
    put_text(&j, "detail", message);
    close_bracket(&j, '}');
    pgs_status st = finish(&j, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}
