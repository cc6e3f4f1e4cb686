/* pgskew pack: snapshot files into one history. What the history holds already is skipped where it
 * is the same, and an error where it is not; what is older than its newest moment makes it be built
 * anew beside the old one. */
#include <string.h>
#include <sys/stat.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

typedef struct packing {
    const char *path;
    pgs_catalog catalog;  /* what is to be packed */
    pgs_history *history; /* what is there; NULL: nothing */
    const pgs_series *series;
    size_t n_old;
    pgs_packer *packer;
    pgs_snapshot newest;
    pgs_progress progress;
    size_t n_added, n_known, n_done;
} packing;

/* ---- what is there already ---- */

/* The moment of the history that was taken at that time, or n_moments. */
static size_t known_moment(const packing *k, int64_t taken_us) {
    if (!k->series)
        return 0;
    size_t t = pgs_series_find(k->series, taken_us);
    return t < k->n_old && k->series->moment[t].taken_us == taken_us ? t : k->n_old;
}

static pgs_status conflict(const packing *k, const char *path, int64_t taken_us, pgs_err *err) {
    char text[PGS_TIME_TEXT_MAX];
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" and \"%s\" differ about %s", path, k->path,
                             pgs_time_format(taken_us, text));
    pgs_hint(err, "one of them was changed: remove the wrong one, or pack into another history");
    return st;
}

/* ---- adding ---- */

static pgs_status add(packing *k, pgs_snapshot *snap, pgs_err *err) {
    pgs_summary summary;
    uint64_t given;
    pgs_status st = pgs_summary_of(snap, &summary, &given, err);
    if (st == PGS_OK)
        st = pgs_packer_add(k->packer, snap, &summary, given, err);
    if (st != PGS_OK)
        return st;
    pgs_snapshot_reset(&k->newest);
    k->newest = *snap;
    pgs_snapshot_init(snap);
    return PGS_OK;
}

static pgs_status add_old(packing *k, size_t moment, pgs_err *err) {
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_read(k->history, moment, &pgs_everything, &snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, err);
    if (st == PGS_OK)
        st = add(k, &snap, err);
    pgs_snapshot_reset(&snap);
    return st;
}

/* The same moment twice: once is enough, if both say the same. */
static pgs_status compare(packing *k, const pgs_snapshot *snap, size_t moment, pgs_err *err) {
    const pgs_snapshot_head *head = &snap->head;
    if (k->n_added > 0 && k->newest.head.taken_us == head->taken_us) {
        if (pgs_snapshot_hash(&k->newest) == pgs_snapshot_hash(snap))
            return PGS_OK;
        char text[PGS_TIME_TEXT_MAX];
        pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" and \"%s\" differ about %s", head->path,
                                 k->newest.head.path, pgs_time_format(head->taken_us, text));
        pgs_hint(err, "remove the wrong one, or pick a source with --source");
        return st;
    }
    int64_t hash = 0;
    pgs_status st = pgs_history_hash(k->history, moment, &hash, err);
    return st != PGS_OK || hash == pgs_snapshot_hash(snap)
               ? st
               : conflict(k, head->path, head->taken_us, err);
}

/* The history itself, among what is to be packed. It is not opened once more: looking into a file
 * by name and closing it drops the locks that we hold on it. */
static bool is_itself(const packing *k, const pgs_snapshot_head *head) {
    struct stat own, other;
    return k->n_old > 0 && stat(k->path, &own) == 0 && stat(head->path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static pgs_status add_file(packing *k, const pgs_snapshot_head *head, pgs_err *err) {
    if (is_itself(k, head)) {
        k->n_known++;
        k->n_done++;
        return PGS_OK;
    }
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    size_t moment = known_moment(k, head->taken_us);
    bool again = moment < k->n_old || (k->n_added > 0 && k->newest.head.taken_us == head->taken_us);
    pgs_status st = pgs_fetch(head, &pgs_everything, &snap, err);
    if (st == PGS_OK && again) {
        st = compare(k, &snap, moment, err);
        k->n_known++;
    } else if (st == PGS_OK) {
        st = add(k, &snap, err);
        k->n_added++;
    }
    pgs_snapshot_reset(&snap);
    pgs_progress_step(&k->progress, ++k->n_done, k->catalog.n_heads);
    return st;
}

/* ---- in the order of time ---- */

static pgs_status merge(packing *k, pgs_err *err) {
    size_t old = 0;
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < k->catalog.n_heads; i++) {
        const pgs_snapshot_head *head = &k->catalog.head[i];
        for (; st == PGS_OK && old < k->n_old && k->series->moment[old].taken_us <= head->taken_us;
             old++)
            st = add_old(k, old, err);
        if (st == PGS_OK)
            st = add_file(k, head, err);
    }
    for (; st == PGS_OK && old < k->n_old; old++)
        st = add_old(k, old, err);
    return st;
}

static pgs_status extend(packing *k, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < k->catalog.n_heads; i++)
        st = add_file(k, &k->catalog.head[i], err);
    return st;
}

/* Whether something new is older than the newest moment packed. */
static bool reaches_back(const packing *k) {
    for (size_t i = 0; i < k->catalog.n_heads && k->n_old > 0; i++) {
        int64_t taken_us = k->catalog.head[i].taken_us;
        if (taken_us < k->series->moment[k->n_old - 1].taken_us &&
            known_moment(k, taken_us) == k->n_old)
            return true;
    }
    return false;
}

static pgs_status one_series(const pgs_catalog *catalog, pgs_err *err) {
    const pgs_snapshot_head *any;
    return pgs_catalog_pick(catalog, PGS_TIME_NONE, &any, err);
}

static pgs_status open_old(packing *k, pgs_err *err) {
    pgs_status st = pgs_history_open_if_there(k->path, &k->history, &k->series, err);
    k->n_old = k->series ? k->series->n_moments : 0;
    return st;
}

/* A snapshot file's skew metrics are not read back; the views of the history show them. */
static pgs_status commit(packing *k, pgs_err *err) {
    if (k->n_added == 0)
        return pgs_packer_commit(k->packer, NULL, err);
    pgs_status st = pgs_snapshot_derive(&k->newest, err);
    return st == PGS_OK ? pgs_packer_commit(k->packer, &k->newest, err) : st;
}

static pgs_status pack(packing *k, pgs_err *err) {
    pgs_status st = one_series(&k->catalog, err);
    if (st == PGS_OK)
        st = open_old(k, err);
    if (st == PGS_OK && k->n_old > 0) /* before a moment of theirs is taken for one of ours */
        st = pgs_history_accepts(k->path, &k->series->head, &k->catalog.head[0], err);
    bool rebuild = st == PGS_OK && reaches_back(k);
    if (rebuild)
        pgs_history_keep(k->history);
    if (st == PGS_OK)
        st =
            pgs_packer_open(k->path, rebuild ? PGS_PACK_REBUILD : PGS_PACK_EXTEND, &k->packer, err);
    if (st == PGS_OK)
        st = rebuild ? merge(k, err) : extend(k, err);
    pgs_progress_end(&k->progress);
    pgs_history_close(k->history); /* its lock would keep a commit waiting */
    k->history = NULL;
    return st == PGS_OK ? commit(k, err) : st;
}

static void say_what_was_done(const packing *k) {
    size_t n = pgs_packer_series(k->packer)->n_moments;
    printf("%s: %zu %s, %zu added", k->path, n, n == 1 ? "moment" : "moments", k->n_added);
    if (k->n_known > 0)
        printf(", %zu known already", k->n_known);
    printf("\n");
}

pgs_status pgs_pack_catalog(const pgs_catalog *catalog, const char *path, pgs_err *err) {
    packing k = {.path = path, .catalog = *catalog, .progress = {.what = "packing"}};
    pgs_snapshot_init(&k.newest);
    pgs_status st = pack(&k, err);
    pgs_packer_close(k.packer);
    pgs_history_close(k.history);
    pgs_snapshot_reset(&k.newest);
    return st;
}

int pgs_run_pack(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_filter filter;
    int64_t at_us;
    packing k = {.path = p->value[OPT_OUTPUT], .progress = {.what = "packing"}};
    pgs_catalog_init(&k.catalog);
    pgs_snapshot_init(&k.newest);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, &err);
    if (st == PGS_OK && !k.path) {
        st = pgs_fail(&err, PGS_E_USAGE, "pack needs a history to write");
        pgs_hint(&err, "pgskew pack -o HISTORY.db PATH...");
    }
    if (st == PGS_OK)
        st = pgs_opts_history(k.path, &err);
    if (st == PGS_OK)
        st = pgs_gather(p, &filter, &k.catalog, &err);
    if (st == PGS_OK)
        st = pack(&k, &err);
    if (st == PGS_OK)
        say_what_was_done(&k);
    pgs_packer_close(k.packer);
    pgs_history_close(k.history);
    pgs_snapshot_reset(&k.newest);
    pgs_catalog_reset(&k.catalog);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
