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

static pgs_status scan(const pgs_parsed *p, pgs_history *history, pgs_err *err) {
    const pgs_series *series;
    pgs_scan out;
    pgs_scan_init(&out);
    pgs_scan_options options = {.extremes = kind_of(p) == PGS_REPORT_SCAN_PARTITION};
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_status st = pgs_history_series(history, &series, err);
    if (st == PGS_OK)
        st = pgs_range_from(p, series, &options.first, &options.end, err);
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
