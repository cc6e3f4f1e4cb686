/* pgskew scan: the full-resolution pass. */
#include <errno.h>
#include <stdlib.h>
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
    pgs_progress progress = {.what = "scanning"};
    pgs_scan_options options = {.extremes = kind_of(p) == PGS_REPORT_SCAN_PARTITION,
                                .moments = kind_of(p) == PGS_REPORT_SCAN_MOMENT,
                                .step = pgs_progress_of,
                                .context = &progress};
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_status st = pgs_history_series(history, &series, err);
    if (st == PGS_OK)
        st = pgs_range_from(p, series, &options.first, &options.end, err);
    if (st == PGS_OK)
        st = pgs_scan_run(series, &tiles, &options, &out, err);
    pgs_progress_end(&progress);
    pgs_report_input input = {.scan = &out};
    if (st == PGS_OK)
        st = pgs_write_report(p, kind_of(p), &input, err);
    pgs_scan_reset(&out);
    return st;
}

/* ---- snapshot files: packed first, into a file that nobody sees ---- */

static bool is_one_history(const pgs_catalog *catalog) {
    for (size_t i = 1; i < catalog->n_heads; i++)
        if (strcmp(catalog->head[i].path, catalog->head[0].path) != 0)
            return false;
    return pgs_history_is_one(catalog->head[0].path);
}

/* The file that is scanned, and the directory that was made for it; NULL: none was. */
typedef struct scanned {
    pgs_history *history;
    pgs_buf directory, path;
} scanned;

static pgs_status new_directory(scanned *s, pgs_err *err) {
    const char *parent = getenv("TMPDIR");
    pgs_buf_format(&s->directory, "%s/pgskew-XXXXXX", parent && *parent ? parent : "/tmp");
    if (s->directory.failed)
        return pgs_no_memory(err);
    if (mkdtemp(s->directory.data)) {
        pgs_buf_format(&s->path, "%s/history.db", s->directory.data);
        return s->path.failed ? pgs_no_memory(err) : PGS_OK;
    }
    pgs_status st = pgs_fail(err, PGS_E_EXISTS, "cannot create the directory \"%s\": %s",
                             s->directory.data, strerror(errno));
    pgs_hint(err, "set TMPDIR, or make a history with pgskew pack and scan that");
    pgs_buf_reset(&s->directory);
    return st;
}

static pgs_status open_packed(const pgs_catalog *catalog, size_t n_readers, scanned *s,
                              pgs_err *err) {
    pgs_status st = new_directory(s, err);
    if (st == PGS_OK)
        st = pgs_pack_catalog(catalog, s->path.data, err);
    return st == PGS_OK ? pgs_history_open(s->path.data, n_readers, &s->history, err) : st;
}

static pgs_status open_any(const pgs_parsed *p, size_t n_readers, scanned *s, pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *newest;
    pgs_catalog catalog;
    bool filtered = pgs_has(p, OPT_TABLE) || pgs_has(p, OPT_SOURCE);
    if (p->n_arguments == 1 && !filtered && pgs_history_is_one(p->argument[0]))
        return pgs_history_open(p->argument[0], n_readers, &s->history, err);
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    filter.since_us = PGS_TIME_NONE; /* the span is one of the history that all of them make */
    filter.until_us = PGS_TIME_NONE;
    if (st == PGS_OK)
        st = pgs_pick(p, &filter, at_us, &catalog, &newest, err);
    if (st == PGS_OK)
        st = is_one_history(&catalog) ? pgs_history_open(newest->path, n_readers, &s->history, err)
                                      : open_packed(&catalog, n_readers, s, err);
    pgs_catalog_reset(&catalog);
    return st;
}

static void put_away(scanned *s) {
    pgs_history_close(s->history);
    if (s->path.data)
        unlink(s->path.data);
    if (s->directory.data)
        rmdir(s->directory.data);
    pgs_buf_reset(&s->path);
    pgs_buf_reset(&s->directory);
}

int pgs_run_scan(const pgs_parsed *p) {
    pgs_err err = {0};
    scanned s = {0};
    int64_t n_threads = 1;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    pgs_status st = pgs_opts_int("threads", p->value[OPT_THREADS], 1, 1024,
                                 n_cores > 0 ? n_cores : 1, &n_threads, &err);
    if (st == PGS_OK)
        st = open_any(p, (size_t)n_threads, &s, &err);
    if (st == PGS_OK && pgs_history_warning(s.history))
        fprintf(stderr, "pgskew: %s\n", pgs_history_warning(s.history));
    if (st == PGS_OK)
        st = scan(p, s.history, &err);
    put_away(&s);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
