/* From a daily frame to a forecast: one outlook for each horizon, of rows and of bytes; times of
 * crossing from the chances; alerts; and the scores of the same forecasts at past origins. */
#include "pipeline/forecast.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pipeline/jobs.h"
#include "stats/stats.h"

#define YOUNG          14
#define COURSE_DAYS    365
#define COURSE_COLUMNS 20
#define SHORT_DAYS     20
#define SCORED_MOST    26    /* origins that are scored */
#define SCORED_CELLS   40000 /* partitions of them */
#define SCORED_LEAST   4

typedef struct forecasting {
    const pgs_frame *frame;
    const pgs_forecast_options *options;
    pgs_stock rows, bytes; /* bytes: zeroed where sizes were not observed */
    pgs_outlook by_rows[PGS_MAX_HORIZONS], by_bytes[PGS_MAX_HORIZONS];
    pgs_forecast *out;
} forecasting;

/* Horizon i of rows, or of bytes. */
static pgs_status look_ahead(void *context, size_t i, pgs_err *err) {
    forecasting *f = context;
    size_t h = i / 2, days = (size_t)f->options->horizon_days[h], origin = f->frame->n_times - 1;
    if (i % 2 == 0)
        return pgs_outlook_make(&f->rows, origin, days, true, &f->by_rows[h], err);
    if (f->bytes.n_days == 0)
        return PGS_OK;
    return pgs_outlook_make(&f->bytes, origin, days, false, &f->by_bytes[h], err);
}

/* ---- partitions ---- */

static pgs_forecast_point point_of(const forecasting *f, size_t h, size_t p) {
    static const pgs_forecast_point UNKNOWN = {NAN, NAN, NAN, NAN, NAN,
                                               NAN, NAN, NAN, NAN, {NAN, NAN, NAN}};
    const pgs_outlook *rows = &f->by_rows[h], *bytes = &f->by_bytes[h];
    pgs_forecast_point point = UNKNOWN;
    size_t n = f->rows.n_parts;
    if (rows->known) {
        point.chunk_count = rows->count[p];
        point.low80 = rows->low[0][p];
        point.high80 = rows->high[0][p];
        point.low95 = rows->low[1][p];
        point.high95 = rows->high[1][p];
        point.signed_skew = rows->share[p] * f->rows.n_live[f->rows.n_days - 1] - 1;
        for (size_t l = 0; l < PGS_THRESHOLD_COUNT; l++)
            point.p_beyond[l] = rows->p[l * n + p];
    }
    if (bytes->known) {
        point.size_bytes = bytes->count[p];
        point.size_low80 = bytes->low[0][p];
        point.size_high80 = bytes->high[0][p];
    }
    return point;
}

static pgs_forecast_note note_of(const forecasting *f, size_t p) {
    size_t n_days = f->out->n_days, last = f->options->n_horizons - 1;
    if (isnan(pgs_stock_row(&f->rows, f->rows.n_days - 1)[p]))
        return PGS_NOTE_ABSENT;
    if (!f->by_rows[last].known)
        return (size_t)f->options->horizon_days[last] < f->rows.usual_days ? PGS_NOTE_COARSE
                                                                           : PGS_NOTE_INSUFFICIENT;
    if (!f->by_rows[0].known)
        return PGS_NOTE_COARSE;
    if (f->rows.born[p] > 0 && f->rows.n_days - f->rows.born[p] <= YOUNG)
        return PGS_NOTE_NEW;
    bool far = (size_t)f->options->horizon_days[last] > 2 * n_days;
    return n_days < SHORT_DAYS || far ? PGS_NOTE_SHORT : PGS_NOTE_NONE;
}

/* A column of a partition's points. */
static void column(const pgs_forecast_point *at, size_t n, size_t where, double *out) {
    for (size_t h = 0; h < n; h++)
        memcpy(&out[h], (const char *)&at[h] + where, sizeof out[h]);
}

static void set_crossings(const forecasting *f, size_t p, pgs_forecast_partition *part) {
    size_t n = f->options->n_horizons, day = f->rows.n_days - 1;
    double x[PGS_MAX_HORIZONS], low[PGS_MAX_HORIZONS], high[PGS_MAX_HORIZONS];
    const int *days = f->options->horizon_days;
    for (size_t l = 0; l < PGS_THRESHOLD_COUNT; l++) {
        column(part->at, n, offsetof(pgs_forecast_point, p_beyond) + l * sizeof *x, x);
        part->crossing[l] =
            pgs_crossing_of(pgs_stock_is_beyond(&f->rows, day, p, 3 + (int)l), n, days, x);
    }
    column(part->at, n, offsetof(pgs_forecast_point, size_bytes), x);
    column(part->at, n, offsetof(pgs_forecast_point, size_low80), low);
    column(part->at, n, offsetof(pgs_forecast_point, size_high80), high);
    part->limit = pgs_limit_of(f->options->limit_bytes, part->size_bytes, n, days, low, x, high);
}

/* The worse of the statuses by chunks and by sizes. */
static pgs_health_status worse(pgs_health_status a, pgs_health_status b) {
    if (a == PGS_UNMEASURED || b == PGS_UNMEASURED)
        return a == PGS_UNMEASURED ? b : a;
    return a == PGS_UNBALANCED || b == PGS_UNBALANCED ? PGS_UNBALANCED
           : a == PGS_WARNING || b == PGS_WARNING     ? PGS_WARNING
                                                      : PGS_HEALTHY;
}

static pgs_status set_statuses(const forecasting *f, pgs_err *err) {
    size_t n = f->rows.n_parts, day = f->rows.n_days - 1;
    double *skew = pgs_alloc(n, sizeof *skew);
    pgs_health_status *status = pgs_alloc(2 * n, sizeof *status);
    bool enough = skew && status;
    if (enough) {
        pgs_skew_column(pgs_stock_row(&f->rows, day), n, skew, status);
        for (size_t p = 0; p < n; p++)
            status[n + p] = PGS_UNMEASURED;
        if (f->bytes.n_days > 0)
            pgs_skew_column(pgs_stock_row(&f->bytes, day), n, skew, status + n);
        for (size_t p = 0; p < n; p++)
            f->out->partition[p].status = worse(status[p], status[n + p]);
    }
    pgs_free(skew);
    pgs_free(status);
    return enough ? PGS_OK : pgs_no_memory(err);
}

/* The partition's share of the rows, day by day up to the origin; false without memory. */
static bool draw_course(const forecasting *f, size_t p, pgs_forecast_partition *part) {
    size_t n = f->rows.n_days < COURSE_DAYS ? f->rows.n_days : COURSE_DAYS, n_seen = 0;
    double share[COURSE_DAYS];
    for (size_t i = 0; i < n; i++) {
        share[i] = pgs_stock_share(&f->rows, f->rows.n_days - n + i, p);
        if (!isnan(share[i]))
            n_seen++;
    }
    if (n_seen == 0)
        return true;
    pgs_buf drawing = {0};
    pgs_spark(&drawing, share, n, COURSE_COLUMNS);
    part->course = pgs_arena_text(f->out->arena, pgs_buf_view(&drawing));
    bool good = part->course && !drawing.failed;
    pgs_buf_reset(&drawing);
    return good;
}

static pgs_status fill_partitions(const forecasting *f, pgs_err *err) {
    size_t n = f->rows.n_parts, n_horizons = f->options->n_horizons, day = f->rows.n_days - 1;
    pgs_forecast *out = f->out;
    pgs_forecast_point *point = pgs_arena_alloc(out->arena, n * n_horizons, sizeof *point);
    out->partition = pgs_arena_alloc(out->arena, n, sizeof *out->partition);
    if (!point || !out->partition)
        return pgs_no_memory(err);
    out->n_partitions = n;
    for (size_t p = 0; p < n; p++) {
        pgs_forecast_partition *part = &out->partition[p];
        part->num = f->frame->part_num[p];
        part->name = f->frame->part[p];
        part->chunk_count = pgs_stock_row(&f->rows, day)[p];
        part->size_bytes = f->bytes.n_days > 0 ? pgs_stock_row(&f->bytes, day)[p] : NAN;
        part->signed_skew = pgs_stock_share(&f->rows, day, p) * f->rows.n_live[day] - 1;
        part->note = note_of(f, p);
        for (size_t h = 0; h < n_horizons; h++)
            point[p * n_horizons + h] = point_of(f, h, p);
        part->at = point + p * n_horizons;
        set_crossings(f, p, part);
        if (!draw_course(f, p, part))
            return pgs_no_memory(err);
    }
    return set_statuses(f, err);
}

/* ---- all together ---- */

static double sum_of_chances(const pgs_outlook *rows, size_t n, size_t level) {
    double sum = 0;
    for (size_t p = 0; p < n; p++)
        sum += isnan(rows->p[level * n + p]) ? 0 : rows->p[level * n + p];
    return sum;
}

/* Whether any partition of it was there: the total of none is not known, not zero. */
static bool is_there(const pgs_stock *k) {
    return k->n_days > 0 && k->n_live[k->n_days - 1] > 0;
}

static void fill_totals(const forecasting *f) {
    size_t n = f->options->n_horizons, day = f->rows.n_days - 1;
    double size[PGS_MAX_HORIZONS], low[PGS_MAX_HORIZONS], high[PGS_MAX_HORIZONS];
    bool counted = is_there(&f->rows), sized = is_there(&f->bytes);
    pgs_forecast *out = f->out;
    out->total_chunks = counted ? f->rows.total[day] : NAN;
    out->total_bytes = sized ? f->bytes.total[day] : NAN;
    for (size_t h = 0; h < n; h++) {
        const pgs_outlook *rows = &f->by_rows[h], *bytes = &f->by_bytes[h];
        bool rows_known = rows->known && counted, bytes_known = bytes->known && sized;
        pgs_forecast_total *total = &out->total[h];
        total->chunk_count = rows_known ? rows->total : NAN;
        total->low80 = rows_known ? rows->total_low[0] : NAN;
        total->high80 = rows_known ? rows->total_high[0] : NAN;
        total->size_bytes = size[h] = bytes_known ? bytes->total : NAN;
        total->size_low80 = low[h] = bytes_known ? bytes->total_low[0] : NAN;
        total->size_high80 = high[h] = bytes_known ? bytes->total_high[0] : NAN;
        for (size_t l = 0; l < PGS_THRESHOLD_COUNT; l++)
            total->expected[l] = rows_known ? sum_of_chances(rows, f->rows.n_parts, l) : NAN;
    }
    out->total_limit = pgs_limit_of(f->options->limit_bytes, out->total_bytes, n,
                                    f->options->horizon_days, low, size, high);
}

/* Scores of some recent origins; of many partitions, fewer are enough. */
static pgs_status back_up(const forecasting *f, pgs_err *err) {
    pgs_forecast_options options = *f->options;
    size_t n = f->rows.n_parts > 0 ? SCORED_CELLS / f->rows.n_parts : 0;
    n = n < SCORED_LEAST ? SCORED_LEAST : n > SCORED_MOST ? SCORED_MOST : n;
    options.n_origins = options.n_origins > 0 ? options.n_origins : n;
    return pgs_backtest_stock(&f->rows, &options, &f->out->backtest, err);
}

pgs_status pgs_forecast_clean(const pgs_frame *frame, pgs_clean *out, pgs_err *err) {
    pgs_status st = pgs_clean_run(frame, out, err);
    for (size_t i = 0; st == PGS_OK && i < out->n_cleanings; i++)
        out->cleaning[i].action = pgs_cleaning_action_of_forecast(out->cleaning[i].kind);
    return st;
}

static pgs_status build(forecasting *f, pgs_err *err) {
    const pgs_clean *clean = &f->out->clean;
    pgs_status st = pgs_forecast_clean(f->frame, &f->out->clean, err);
    if (st == PGS_OK)
        st = pgs_stock_build(f->frame, clean, PGS_BY_CHUNKS, &f->rows, err);
    if (st == PGS_OK && f->frame->metric[PGS_SIZE_BYTES])
        st = pgs_stock_build(f->frame, clean, PGS_BY_SIZE, &f->bytes, err);
    return st;
}

static pgs_status run(forecasting *f, pgs_err *err) {
    size_t n_jobs = 2 * f->options->n_horizons;
    f->out->n_days = f->rows.n_days - 1;
    pgs_status st = pgs_jobs_run(n_jobs, f->options->n_threads, look_ahead, f, err);
    if (st == PGS_OK)
        st = fill_partitions(f, err);
    if (st == PGS_OK)
        fill_totals(f);
    if (st == PGS_OK)
        st = pgs_forecast_alerts(f->out, err);
    return st == PGS_OK ? back_up(f, err) : st;
}

pgs_status pgs_forecast_run(const pgs_frame *frame, const pgs_forecast_options *options,
                            pgs_forecast *out, pgs_err *err) {
    forecasting *f = pgs_alloc(1, sizeof *f);
    pgs_forecast_reset(out);
    out->arena = pgs_arena_new();
    if (!f || !out->arena || frame->n_times == 0) {
        pgs_free(f);
        pgs_forecast_reset(out);
        return frame->n_times == 0 ? pgs_fail(err, PGS_E_BUG, "a forecast of no moment")
                                   : pgs_no_memory(err);
    }
    *f = (forecasting){.frame = frame, .options = options, .out = out};
    out->table = frame->table;
    out->taken_us = frame->taken_us[frame->n_times - 1];
    out->limit_bytes = options->limit_bytes;
    out->n_horizons = options->n_horizons;
    memcpy(out->horizon_days, options->horizon_days, sizeof out->horizon_days);
    memcpy(out->horizon_name, options->horizon_name, sizeof out->horizon_name);
    pgs_status st = build(f, err);
    if (st == PGS_OK)
        st = run(f, err);
    for (size_t h = 0; h < PGS_MAX_HORIZONS; h++) {
        pgs_outlook_reset(&f->by_rows[h]);
        pgs_outlook_reset(&f->by_bytes[h]);
    }
    pgs_stock_reset(&f->rows);
    pgs_stock_reset(&f->bytes);
    pgs_free(f);
    if (st != PGS_OK)
        pgs_forecast_reset(out);
    return st;
}
