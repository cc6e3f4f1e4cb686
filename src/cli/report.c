/* pgskew report: everything in one HTML page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

/* ---- where the numbers come from ---- */

static int by_path(const void *a, const void *b) {
    const pgs_report_file *x = a, *y = b;
    int names = strcmp(x->path, y->path);
    return names ? names : (x->first_us > y->first_us) - (x->first_us < y->first_us);
}

static int by_age(const void *a, const void *b) {
    const pgs_report_file *x = a, *y = b;
    return x->last_us != y->last_us ? (x->last_us > y->last_us) - (x->last_us < y->last_us)
                                    : strcmp(x->path, y->path);
}

/* One entry per file, in place; how many. */
static size_t merge(pgs_report_file *file, size_t n) {
    size_t n_files = 0;
    qsort(file, n, sizeof *file, by_path);
    for (size_t i = 0; i < n; i++) {
        if (n_files > 0 && strcmp(file[n_files - 1].path, file[i].path) == 0) {
            file[n_files - 1].n_moments++;
            file[n_files - 1].last_us = file[i].last_us;
        } else {
            file[n_files++] = file[i];
        }
    }
    qsort(file, n_files, sizeof *file, by_age);
    return n_files;
}

static pgs_status trace(const pgs_catalog *catalog, const pgs_snapshot_head *last,
                        pgs_report_file **out, size_t *n_files, pgs_err *err) {
    size_t n = (size_t)(last - catalog->head) + 1;
    pgs_report_file *file = pgs_alloc(n, sizeof *file);
    *out = file;
    if (!file)
        return pgs_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const pgs_snapshot_head *head = &catalog->head[i];
        file[i] = (pgs_report_file){.path = head->path,
                                    .n_moments = 1,
                                    .first_us = head->taken_us,
                                    .last_us = head->taken_us};
    }
    *n_files = merge(file, n);
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < *n_files; i++) {
        file[i].is_history = pgs_history_is_one(file[i].path);
        st = pgs_file_hash(file[i].path, &file[i].n_bytes, &file[i].hash, err);
    }
    return st;
}

/* ---- the page ---- */

typedef struct report {
    pgs_catalog catalog;
    pgs_snapshot snap, week_ago;
    pgs_result result;
    bool has_week;
    pgs_diff diff;
    pgs_frame frame;
    pgs_overview overview;
    pgs_forecast forecast;
    pgs_trend trend;
    pgs_report_file *file;
    pgs_provenance provenance;
} report;

static void init(report *r) {
    *r = (report){0};
    pgs_catalog_init(&r->catalog);
    pgs_snapshot_init(&r->snap);
    pgs_snapshot_init(&r->week_ago);
    pgs_diff_init(&r->diff);
    pgs_result_init(&r->result);
    pgs_frame_init(&r->frame);
    pgs_overview_init(&r->overview);
    pgs_forecast_init(&r->forecast);
    pgs_trend_init(&r->trend);
}

static void reset(report *r) {
    pgs_trend_reset(&r->trend);
    pgs_forecast_reset(&r->forecast);
    pgs_overview_reset(&r->overview);
    pgs_frame_reset(&r->frame);
    pgs_diff_reset(&r->diff);
    pgs_result_reset(&r->result);
    pgs_snapshot_reset(&r->week_ago);
    pgs_snapshot_reset(&r->snap);
    pgs_catalog_reset(&r->catalog);
    pgs_free(r->file);
}

/* The newest moment that is a week older, else the oldest; NULL: there is no other. */
static const pgs_snapshot_head *week_before(const pgs_catalog *catalog,
                                            const pgs_snapshot_head *last) {
    const pgs_snapshot_head *head = last;
    while (head > catalog->head && last->taken_us - head->taken_us < 7 * PGS_DAY_US)
        head--;
    return head->taken_us < last->taken_us ? head : NULL;
}

static pgs_status read_all(const pgs_parsed *p, report *r, pgs_err *err) {
    static const pgs_selection JUDGED = {.metrics = PGS_METRICS_JUDGED};
    static const uint64_t OVER_TIME =
        PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_SIZE_BYTES);
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *newest = NULL, *last = NULL;
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    if (st == PGS_OK)
        st = pgs_pick_believed(p, &filter, at_us, &r->catalog, &newest, &last, err);
    if (st == PGS_OK)
        st = pgs_fetch(last, &pgs_everything, &r->snap, err);
    const pgs_snapshot_head *before = st == PGS_OK ? week_before(&r->catalog, last) : NULL;
    if (before)
        st = pgs_fetch(before, &JUDGED, &r->week_ago, err);
    r->has_week = before != NULL;
    if (st == PGS_OK)
        st = pgs_frame_of(&r->catalog, newest, last, OVER_TIME, &r->frame, err);
    if (st == PGS_OK)
        st = trace(&r->catalog, last, &r->file, &r->provenance.n_files, err);
    r->provenance.file = r->file;
    r->provenance.content = (uint64_t)pgs_snapshot_hash(&r->snap);
    return st;
}

static const pgs_forecast_options HORIZONS = {
    .n_horizons = 5,
    .horizon_days = {1, 7, 30, 90, 365},
    .horizon_name = {"1d", "7d", "30d", "90d", "365d"},
    .limit_bytes = NAN,
};

static pgs_status think(const pgs_parsed *p, report *r, pgs_err *err) {
    int64_t n_threads = 1;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    pgs_forecast_options horizons = HORIZONS;
    pgs_status st = pgs_opts_int("threads", p->value[OPT_THREADS], 1, 1024,
                                 n_cores > 0 ? n_cores : 1, &n_threads, err);
    horizons.n_threads = (size_t)n_threads;
    if (st == PGS_OK)
        st = pgs_distribution_measure(&r->snap, &r->result, err);
    if (st == PGS_OK)
        st = pgs_analyze(&r->snap, &r->result, err);
    if (st == PGS_OK && r->has_week)
        st = pgs_diff_make(&r->week_ago, &r->snap, &r->diff, err);
    if (st == PGS_OK)
        st = pgs_overview_make(&r->snap, &r->result, &r->frame, &r->overview, err);
    if (st == PGS_OK)
        st = pgs_forecast_run(&r->frame, &horizons, &r->forecast, err);
    pgs_trend_options options = {.now = &r->snap};
    return st == PGS_OK ? pgs_trend_run(&r->frame, &options, &r->trend, err) : st;
}

int pgs_run_report(const pgs_parsed *p) {
    pgs_err err = {0};
    report r;
    init(&r);
    pgs_status st = read_all(p, &r, &err);
    if (st == PGS_OK)
        st = think(p, &r, &err);
    pgs_report_input input = {
        .snapshot = &r.snap,
        .result = &r.result,
        .diff = r.has_week ? &r.diff : NULL,
        .overview = &r.overview,
        .forecast = &r.forecast,
        .trend = &r.trend,
        .provenance = &r.provenance,
    };
    if (st == PGS_OK)
        st = pgs_write_report(p, PGS_REPORT_FULL, &input, &err);
    int code = st == PGS_OK ? pgs_fail_on(p, &r.result) : pgs_complain(st, &err);
    reset(&r);
    return code;
}
