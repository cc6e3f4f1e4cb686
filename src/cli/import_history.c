/* pgskew-collect import-history: a long CSV straight into a packed history, moment by moment. What
 * the history holds already is skipped where it is the same, and an error where it is not. */
#include <string.h>

#include "base/base.h"
#include "cli/collect.h"
#include "cli/progress.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

typedef struct importing {
    const char *path;     /* of the history */
    const char *from;     /* of the CSV */
    pgs_history *history; /* what is there; NULL: nothing */
    const pgs_series *series;
    size_t n_old;
    pgs_csv_history *reader;
    pgs_packer *packer;
    pgs_snapshot *newest; /* the reader's */
    pgs_progress progress;
    bool quiet;
    size_t n_added, n_known;
} importing;

/* ---- what is there already ---- */

static pgs_status open_old(importing *k, pgs_err *err) {
    pgs_status st = pgs_history_open_if_there(k->path, &k->history, &k->series, err);
    k->n_old = k->series ? k->series->n_moments : 0;
    return st;
}

/* The hash of a packed moment as it would be without its collections, which belong to a CSV's last
 * moment only: once more moments follow, the same file no longer has them. */
static pgs_status hash_without_collections(importing *k, size_t moment, int64_t *out,
                                           pgs_err *err) {
    static const pgs_selection PLAIN = {.metrics = PGS_METRICS_ALL};
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_read(k->history, moment, &PLAIN, &snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, err);
    if (st == PGS_OK)
        *out = pgs_snapshot_hash(&snap);
    pgs_snapshot_reset(&snap);
    return st;
}

static pgs_status compare(importing *k, const pgs_snapshot *snap, size_t moment, pgs_err *err) {
    char text[PGS_TIME_TEXT_MAX];
    int64_t hash = 0, own = pgs_snapshot_hash(snap);
    pgs_status st = pgs_history_hash(k->history, moment, &hash, err);
    if (st == PGS_OK && hash != own && snap->n_collections == 0)
        st = hash_without_collections(k, moment, &hash, err);
    if (st != PGS_OK || hash == own)
        return st;
    st = pgs_fail(err, PGS_E_DATA, "\"%s\" and \"%s\" differ about %s", k->from, k->path,
                  pgs_time_format(snap->head.taken_us, text));
    pgs_hint(err, "one of them was changed: import into another history, or remove this one");
    return st;
}

/* A moment not later than the history's last must be one of its own. */
static pgs_status skip(importing *k, const pgs_snapshot *snap, pgs_err *err) {
    char text[PGS_TIME_TEXT_MAX], last[PGS_TIME_TEXT_MAX];
    size_t t = pgs_series_find(k->series, snap->head.taken_us);
    k->n_known++;
    if (t < k->n_old && k->series->moment[t].taken_us == snap->head.taken_us)
        return compare(k, snap, t, err);
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" has a moment, %s, that \"%s\" lacks", k->from,
                             pgs_time_format(snap->head.taken_us, text), k->path);
    pgs_hint(err, "only moments after its last, %s, can be added: import all into a new history",
             pgs_time_format(k->series->moment[k->n_old - 1].taken_us, last));
    return st;
}

/* ---- adding ---- */

static pgs_status add(importing *k, pgs_snapshot *snap, pgs_err *err) {
    pgs_summary summary;
    uint64_t given;
    pgs_status st = pgs_snapshot_derive(snap, err);
    if (st == PGS_OK && k->n_old > 0)
        st = pgs_history_accepts(k->path, &k->series->head, &snap->head, err);
    if (st == PGS_OK && k->n_old > 0 &&
        snap->head.taken_us <= k->series->moment[k->n_old - 1].taken_us)
        return skip(k, snap, err);
    if (st == PGS_OK)
        st = pgs_summary_of(snap, &summary, &given, err);
    if (st == PGS_OK)
        st = pgs_packer_add(k->packer, snap, &summary, given, err);
    k->newest = snap;
    k->n_added++;
    return st;
}

static void show_progress(importing *k) {
    enum { MIB = 1 << 20 };
    uint64_t done, total;
    pgs_csv_history_progress(k->reader, &done, &total);
    if (!k->quiet)
        pgs_progress_step(&k->progress, (size_t)(done / MIB), (size_t)(total / MIB));
}

static pgs_status pack(importing *k, pgs_err *err) {
    pgs_snapshot *snap = NULL;
    pgs_status st;
    do {
        st = pgs_csv_history_next(k->reader, &snap, err);
        if (st == PGS_OK && snap)
            st = add(k, snap, err);
        show_progress(k);
    } while (st == PGS_OK && snap);
    pgs_progress_end(&k->progress);
    pgs_history_close(k->history); /* its lock would keep a commit waiting */
    k->history = NULL;
    return st == PGS_OK ? pgs_packer_commit(k->packer, k->newest, err) : st;
}

/* ---- the command ---- */

static pgs_status options_from(const pgs_parsed *p, pgs_csv_history_options *options,
                               pgs_err *err) {
    *options = (pgs_csv_history_options){
        .path = p->argument[0],
        .collections = p->value[OPT_COLLECTIONS_FILE],
        .table = p->value[OPT_TABLE],
        .source = p->value[OPT_SOURCE],
        .naive_offset_us = PGS_TIME_NONE,
    };
    if (!p->value[OPT_HISTORY]) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "import-history needs a history to write");
        pgs_hint(err, "pgskew-collect import-history -o HISTORY.db FILE.csv");
        return st;
    }
    pgs_status st = pgs_opts_history(p->value[OPT_HISTORY], err);
    return st == PGS_OK && p->value[OPT_NAIVE_TZ]
               ? pgs_naive_offset(p->value[OPT_NAIVE_TZ], &options->naive_offset_us, err)
               : st;
}

static pgs_status say_what_was_done(const importing *k, pgs_err *err) {
    size_t n = pgs_packer_series(k->packer)->n_moments;
    printf("%s: %zu %s, %zu added", k->path, n, n == 1 ? "moment" : "moments", k->n_added);
    if (k->n_known > 0)
        printf(", %zu known already", k->n_known);
    return printf("\n") < 0 || fflush(stdout) != 0
               ? pgs_fail(err, PGS_E_IO, "wrote \"%s\", but cannot say so on stdout", k->path)
               : PGS_OK;
}

pgs_status pgs_run_import_history(const pgs_parsed *p, const pgs_listener *listener, pgs_err *err) {
    pgs_csv_history_options options;
    importing k = {.path = p->value[OPT_HISTORY],
                   .from = p->argument[0],
                   .progress = {.what = "importing MiB"},
                   .quiet = p->value[OPT_QUIET] != NULL};
    (void)listener;
    pgs_status st = options_from(p, &options, err);
    if (st == PGS_OK)
        st = pgs_csv_history_open(&options, &k.reader, err);
    if (st == PGS_OK)
        st = open_old(&k, err);
    if (st == PGS_OK)
        st = pgs_packer_open(k.path, PGS_PACK_EXTEND, &k.packer, err);
    if (st == PGS_OK)
        st = pack(&k, err);
    if (st == PGS_OK)
        st = say_what_was_done(&k, err);
    pgs_packer_close(k.packer);
    pgs_history_close(k.history);
    pgs_csv_history_close(k.reader);
    return st;
}
