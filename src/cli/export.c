/* pgskew export: what was packed comes out again, as one long CSV or as snapshot files; and one
 * moment, of whatever holds it, for Prometheus. */
#include <string.h>
#include <sys/stat.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

/* ---- one long CSV ---- */

static pgs_status write_csv(const pgs_parsed *p, pgs_long_csv *csv, pgs_err *err) {
    pgs_output out;
    pgs_status st = pgs_output_open(&out, p->value[OPT_OUTPUT], err);
    if (st != PGS_OK)
        return st;
    st = pgs_long_csv_write(out.file, csv, err);
    if (st == PGS_OK)
        return pgs_output_commit(&out, err);
    pgs_output_abandon(&out);
    return st;
}

static pgs_status export_csv(const pgs_parsed *p, pgs_history *history, const pgs_series *series,
                             size_t first, size_t end, pgs_err *err) {
    pgs_progress progress = {.what = "exporting"};
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_long_csv csv = {.series = series,
                        .tiles = &tiles,
                        .first = first,
                        .end = end,
                        .step = pgs_progress_of,
                        .context = &progress};
    pgs_status st = pgs_history_metrics(history, &csv.metrics, err);
    if (st == PGS_OK)
        st = pgs_history_changes(history, &csv.change, &csv.n_changes, err);
    if (st == PGS_OK)
        st = write_csv(p, &csv, err);
    pgs_progress_end(&progress);
    return st;
}

/* ---- snapshot files ---- */

static bool is_directory(const char *path) {
    struct stat info;
    size_t n = strlen(path);
    return (n > 0 && path[n - 1] == '/') || (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

/* `path`, or in the directory `path` the name that a collector would give. */
static pgs_status name_file(const char *path, const pgs_snapshot_head *head, pgs_buf *out,
                            pgs_err *err) {
    char *name = NULL;
    out->n = 0;
    pgs_status st = PGS_OK;
    if (is_directory(path))
        st = pgs_snapshot_file_name(head, &name, err);
    if (st == PGS_OK)
        pgs_buf_format(out, "%s%s%s", path, name && path[strlen(path) - 1] != '/' ? "/" : "",
                       name ? name : "");
    pgs_free(name);
    return st == PGS_OK && out->failed ? pgs_no_memory(err) : st;
}

static pgs_status export_moment(const char *path, pgs_history *history, size_t moment,
                                pgs_err *err) {
    pgs_snapshot snap;
    pgs_buf file = {0};
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_read(history, moment, &pgs_everything, &snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, err);
    if (st == PGS_OK)
        st = name_file(path, &snap.head, &file, err);
    if (st == PGS_OK)
        st = pgs_snapshot_write(&snap, file.data, err);
    pgs_buf_reset(&file);
    pgs_snapshot_reset(&snap);
    return st;
}

static pgs_status export_snapshots(const pgs_parsed *p, pgs_history *history, size_t first,
                                   size_t end, pgs_err *err) {
    const char *path = p->value[OPT_OUTPUT];
    pgs_progress progress = {.what = "exporting"};
    pgs_status st = PGS_OK;
    if (!path) {
        st = pgs_fail(err, PGS_E_USAGE, "snapshots need a file or a directory to go to");
        pgs_hint(err, "pgskew export -f snapshot -o DIR HISTORY");
        return st;
    }
    if (!is_directory(path)) /* a file holds one moment: the newest */
        first = end - 1;
    if (end - first > 1)
        pgs_history_keep(history);
    for (size_t t = first; st == PGS_OK && t < end; t++) {
        st = export_moment(path, history, t, err);
        pgs_progress_step(&progress, t + 1 - first, end - first);
    }
    pgs_progress_end(&progress);
    if (st == PGS_OK)
        printf("%s: %zu %s written\n", path, end - first,
               end - first == 1 ? "snapshot" : "snapshots");
    return st;
}

/* ---- one moment for Prometheus ---- */

static pgs_status write_openmetrics(const pgs_parsed *p, const pgs_report_input *input,
                                    pgs_err *err) {
    pgs_output out;
    pgs_status st = pgs_output_open(&out, p->value[OPT_OUTPUT], err);
    if (st != PGS_OK)
        return st;
    st = pgs_openmetrics_write(out.file, input, err);
    if (st == PGS_OK)
        return pgs_output_commit(&out, err);
    pgs_output_abandon(&out);
    return st;
}

static pgs_status export_openmetrics(const pgs_parsed *p, pgs_err *err) {
    pgs_snapshot snap;
    pgs_result result;
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    pgs_report_input input = {.snapshot = &snap, .result = &result};
    pgs_status st = pgs_fetch_one(p, &pgs_everything, &snap, err);
    if (st == PGS_OK)
        st = pgs_distribution_measure(&snap, &result, err);
    if (st == PGS_OK)
        st = pgs_analyze(&snap, &result, err);
    if (st == PGS_OK)
        st = write_openmetrics(p, &input, err);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    return st;
}

/* ---- the command ---- */

/* A history is named, and is of one table: there is nothing to pick from. */
static pgs_status check_one_history(const pgs_parsed *p, pgs_err *err) {
    if (p->n_arguments == 1 && !pgs_has(p, OPT_TABLE) && !pgs_has(p, OPT_SOURCE))
        return PGS_OK;
    pgs_status st =
        pgs_fail(err, PGS_E_USAGE, "a CSV or snapshots are made of one history, which %s",
                 p->n_arguments == 1 ? "is of one table and source" : "must be named");
    pgs_hint(err, "pgskew export [-f csv|snapshot] HISTORY");
    return st;
}

static pgs_status export_history(const pgs_parsed *p, pgs_err *err) {
    pgs_history *history = NULL;
    const pgs_series *series = NULL;
    size_t first, end;
    pgs_status st = check_one_history(p, err);
    if (st == PGS_OK)
        st = pgs_history_open(p->argument[0], 1, &history, err);
    if (st == PGS_OK && pgs_history_warning(history))
        fprintf(stderr, "pgskew: %s\n", pgs_history_warning(history));
    if (st == PGS_OK)
        st = pgs_history_series(history, &series, err);
    if (st == PGS_OK)
        st = pgs_range_from(p, series, &first, &end, err);
    if (st == PGS_OK)
        st = pgs_has_value(p, OPT_EXPORT_FORMAT, "snapshot")
                 ? export_snapshots(p, history, first, end, err)
                 : export_csv(p, history, series, first, end, err);
    pgs_history_close(history);
    return st;
}

int pgs_run_export(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_status st = pgs_has_value(p, OPT_EXPORT_FORMAT, "openmetrics") ? export_openmetrics(p, &err)
                                                                       : export_history(p, &err);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
