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

static pgs_status new_directory(pgs_buf *path, pgs_err *err) {
    const char *parent = getenv("TMPDIR");
    pgs_buf_format(path, "%s/pgskew-XXXXXX", parent && *parent ? parent : "/tmp");
    if (path->failed)
        return pgs_no_memory(err);
    if (mkdtemp(path->data))
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_EXISTS, "cannot create the directory \"%s\": %s",
                             path->data, strerror(errno));
    pgs_hint(err, "set TMPDIR, or make a history with pgskew pack and scan that");
    return st;
}

/* The history that is packed is open and has no name any more, so that a second reader, which opens it
 * by its name, could not find it: one reads all. */
static pgs_status open_packed(const pgs_catalog *catalog, pgs_history **out, pgs_err *err) {
    pgs_buf directory = {0}, path = {0};
    pgs_status st = new_directory(&directory, err);
    if (st == PGS_OK) {
        pgs_buf_format(&path, "%s/history.db", directory.data);
        st = path.failed ? pgs_no_memory(err) : pgs_pack_catalog(catalog, path.data, err);
        if (st == PGS_OK)
            st = pgs_history_open(path.data, 1, out, err);
        unlink(pgs_buf_view(&path));
        rmdir(directory.data);
    }
    pgs_buf_reset(&path);
    pgs_buf_reset(&directory);
    return st;
}

static pgs_status open_any(const pgs_parsed *p, size_t n_readers, pgs_history **out, pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *newest;
    pgs_catalog catalog;
    bool filtered = pgs_has(p, OPT_TABLE) || pgs_has(p, OPT_SOURCE);
    if (p->n_arguments == 1 && !filtered && pgs_history_is_one(p->argument[0]))
        return pgs_history_open(p->argument[0], n_readers, out, err);
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    filter.since_us = filter.until_us =
        PGS_TIME_NONE; /* a span of the history that all of them make */
    if (st == PGS_OK)
        st = pgs_pick(p, &filter, at_us, &catalog, &newest, err);
    if (st == PGS_OK)
        st = is_one_history(&catalog) ? pgs_history_open(newest->path, n_readers, out, err)
                                      : open_packed(&catalog, out, err);
    pgs_catalog_reset(&catalog);
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
        st = open_any(p, (size_t)n_threads, &history, &err);
    if (st == PGS_OK)
        st = scan(p, history, &err);
    pgs_history_close(history);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
