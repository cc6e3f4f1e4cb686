/* pgskew scan: the full-resolution pass. */
#include <string.h>
#include <unistd.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

static pgs_report_kind kind_of(const pgs_parsed *p) {
    return pgs_has_value(p, OPT_BY, "moment")      ? PGS_REPORT_SCAN_MOMENT
           : pgs_has_value(p, OPT_BY, "partition") ? PGS_REPORT_SCAN_PARTITION
                                                   : PGS_REPORT_SCAN_TOTAL;
}

/* Moments from --since to --until. */
static pgs_status range_of(const pgs_parsed *p, const pgs_series *series, pgs_scan_options *out,
                           pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    if (st != PGS_OK)
        return st;
    out->first = 0;
    while (filter.since_us != PGS_TIME_NONE && out->first < series->n_moments &&
           series->moment[out->first].taken_us < filter.since_us)
        out->first++;
    size_t last = pgs_series_find(series, filter.until_us);
    out->end = last < series->n_moments ? last + 1 : 0;
    if (out->first < out->end)
        return PGS_OK;
    st = pgs_fail(err, PGS_E_NO_INPUT, "\"%s\" holds no moment in that span of time",
                  series->head.path ? series->head.path : p->argument[0]);
    pgs_hint(err, "pgskew list shows what is there");
    return st;
}

static pgs_status scan(const pgs_parsed *p, pgs_history *history, pgs_err *err) {
    const pgs_series *series;
    pgs_scan out;
    pgs_scan_init(&out);
    pgs_scan_options options = {.extremes = kind_of(p) == PGS_REPORT_SCAN_PARTITION};
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_status st = pgs_history_series(history, &series, err);
    if (st == PGS_OK)
        st = range_of(p, series, &options, err);
    if (st == PGS_OK)
        st = pgs_scan_run(series, &tiles, &options, &out, err);
    pgs_report_input input = {.scan = &out};
    if (st == PGS_OK)
        st = pgs_write_report(p, kind_of(p), &input, err);
    pgs_scan_reset(&out);
    return st;
}

int pgs_run_scan(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_history *history = NULL;
    int64_t n_threads = 1;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    pgs_status st = pgs_opts_int("threads", p->value[OPT_THREADS], 1, 1024,
                                 n_cores > 0 ? n_cores : 1, &n_threads, &err);
    if (st == PGS_OK)
        st = pgs_history_open(p->argument[0], (size_t)n_threads, &history, &err);
    if (st == PGS_OK)
        st = scan(p, history, &err);
    pgs_history_close(history);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
