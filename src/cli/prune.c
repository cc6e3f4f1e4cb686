/* pgskew prune: snapshot files that a verified history holds may go. A file is deleted only where
 * the moment that is read back from the history has the same hash as the file; everything that
 * cannot be read, is newer, unknown or different stays. Nothing is deleted without --yes. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

/* A snapshot file that is old enough, as it was when it was found. */
typedef struct candidate {
    char *path;
    int64_t taken_us;
    struct stat info;
} candidate;

typedef struct pruning {
    const char *path; /* of the history */
    int64_t keep_us;
    bool yes;
    pgs_history *history;
    const pgs_series *series;
    candidate *file;
    size_t n_files, capacity;
    size_t n_snapshots; /* all that were found */
    size_t n_unknown, n_different, n_unreadable, n_pruned;
    uint64_t n_bytes;
    pgs_progress progress;
} pruning;

/* ---- which files there are ---- */

static pgs_status remember(pruning *k, const char *path, const struct stat *info, pgs_err *err) {
    if (k->n_files == k->capacity) {
        size_t capacity = k->capacity == 0 ? 256 : 2 * k->capacity;
        candidate *more = pgs_alloc(capacity, sizeof *more);
        if (!more)
            return pgs_no_memory(err);
        if (k->n_files > 0)
            memcpy(more, k->file, k->n_files * sizeof *more);
        pgs_free(k->file);
        k->file = more;
        k->capacity = capacity;
    }
    char *copy = pgs_strdup(path);
    if (!copy)
        return pgs_no_memory(err);
    k->file[k->n_files++] = (candidate){.path = copy, .info = *info};
    return PGS_OK;
}

/* Links are not followed: what they point to may be needed elsewhere. */
static pgs_status consider(pruning *k, const char *directory, const char *name, pgs_err *err) {
    struct stat info;
    pgs_buf path = {0};
    pgs_status st = PGS_OK;
    pgs_buf_format(&path, "%s%s%s", directory, directory[strlen(directory) - 1] == '/' ? "" : "/",
                   name);
    if (path.failed)
        return pgs_no_memory(err);
    if (lstat(path.data, &info) == 0 && S_ISREG(info.st_mode) && pgs_snapshot_is_one(path.data))
        st = remember(k, path.data, &info, err);
    pgs_buf_reset(&path);
    return st;
}

static pgs_status list_directory(pruning *k, const char *directory, pgs_err *err) {
    struct dirent **entry;
    struct stat info;
    if (stat(directory, &info) != 0)
        return pgs_fail(err, PGS_E_NO_INPUT, "cannot read \"%s\": %s", directory, strerror(errno));
    if (!S_ISDIR(info.st_mode)) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "\"%s\" is not a directory", directory);
        pgs_hint(err, "prune looks at directories of snapshot files");
        return st;
    }
    int n = scandir(directory, &entry, NULL, alphasort);
    pgs_status st = n >= 0 ? PGS_OK
                           : pgs_fail(err, PGS_E_IO, "cannot read directory \"%s\": %s", directory,
                                      strerror(errno));
    for (int i = 0; i < n; i++) {
        if (st == PGS_OK && entry[i]->d_name[0] != '.')
            st = consider(k, directory, entry[i]->d_name, err);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    return st;
}

/* Whether that directory was named before, perhaps by another name. */
static bool is_repeated(char *const *directory, int i) {
    struct stat one, other;
    for (int k = 0; k < i; k++)
        if (stat(directory[i], &one) == 0 && stat(directory[k], &other) == 0 &&
            one.st_ino == other.st_ino && one.st_dev == other.st_dev)
            return true;
    return false;
}

/* ---- what the history knows of them ---- */

/* Say why a file stays, where somebody should look at it. */
static void stay(pruning *k, const candidate *file, const char *why, size_t *n) {
    pgs_buf line = {0};
    (*n)++;
    pgs_progress_end(&k->progress);
    pgs_text_escape(&line, file->path);
    fprintf(stderr, "pgskew: \"%s\" stays: %s\n", pgs_buf_view(&line), why);
    pgs_buf_reset(&line);
}

/* Read the file; false: it cannot be read, and that was said. */
static bool read_file(pruning *k, const candidate *file, pgs_snapshot *out) {
    pgs_err why = {0};
    pgs_status st = pgs_snapshot_read(file->path, out, &why);
    if (st == PGS_OK)
        st = pgs_snapshot_verify(out, &why);
    if (st != PGS_OK)
        stay(k, file, why.msg, &k->n_unreadable);
    return st == PGS_OK;
}

/* The hash of a moment as it is read back now. */
static pgs_status hash_of_moment(pruning *k, size_t t, int64_t *out, pgs_err *err) {
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_read(k->history, t, &pgs_everything, &snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, err);
    *out = st == PGS_OK ? pgs_snapshot_hash(&snap) : 0;
    pgs_snapshot_reset(&snap);
    return st;
}

static bool is_unchanged(const candidate *file) {
    struct stat now;
    const struct stat *then = &file->info;
    return lstat(file->path, &now) == 0 && now.st_ino == then->st_ino &&
           now.st_dev == then->st_dev && now.st_size == then->st_size &&
           now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

static pgs_status prune_file(pruning *k, const candidate *file, pgs_err *err) {
    char time[PGS_TIME_TEXT_MAX];
    pgs_buf line = {0};
    if (!is_unchanged(file)) {
        stay(k, file, "it was changed while we looked", &k->n_unreadable);
        return PGS_OK;
    }
    pgs_progress_end(&k->progress);
    if (k->yes && unlink(file->path) != 0)
        return pgs_fail(err, PGS_E_IO, "cannot delete \"%s\": %s", file->path, strerror(errno));
    k->n_pruned++;
    k->n_bytes += (uint64_t)file->info.st_size;
    pgs_text_escape(&line, file->path);
    printf("%s %s, %s, %lld bytes\n", k->yes ? "deleted" : "would delete", pgs_buf_view(&line),
           pgs_time_format(file->taken_us, time), (long long)file->info.st_size);
    pgs_buf_reset(&line);
    return PGS_OK;
}

static pgs_status judge(pruning *k, const candidate *file, pgs_err *err) {
    pgs_snapshot snap;
    int64_t hash = 0;
    pgs_snapshot_init(&snap);
    size_t t = pgs_series_find(k->series, file->taken_us);
    bool known = t < k->series->n_moments && k->series->moment[t].taken_us == file->taken_us;
    pgs_status st = PGS_OK;
    if (!known)
        k->n_unknown++;
    else if (read_file(k, file, &snap)) {
        st = hash_of_moment(k, t, &hash, err);
        if (st == PGS_OK &&
            (snap.head.taken_us != file->taken_us || hash != pgs_snapshot_hash(&snap)))
            stay(k, file, "the history says otherwise of that moment", &k->n_different);
        else if (st == PGS_OK)
            st = prune_file(k, file, err);
    }
    pgs_snapshot_reset(&snap);
    return st;
}

/* ---- old enough, in the order of time ---- */

static int by_time(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->taken_us != y->taken_us)
        return x->taken_us < y->taken_us ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* Leave out what is not older than --keep, counted back from the newest moment of the history. */
static pgs_status keep_newer(pruning *k, pgs_err *err) {
    static const pgs_filter ALL = {.since_us = PGS_TIME_NONE, .until_us = PGS_TIME_NONE};
    int64_t limit_us = k->series->moment[k->series->n_moments - 1].taken_us - k->keep_us;
    pgs_err why = {0};
    size_t n = 0;
    for (size_t i = 0; i < k->n_files; i++) {
        candidate file = k->file[i];
        pgs_catalog one;
        pgs_catalog_init(&one);
        pgs_status st = pgs_catalog_add(&one, file.path, &ALL, &why);
        if (st == PGS_E_BUG) {
            pgs_catalog_reset(&one);
            return pgs_no_memory(err);
        }
        if (st != PGS_OK || one.n_heads != 1)
            stay(k, &file, why.msg, &k->n_unreadable);
        else
            file.taken_us = one.head[0].taken_us;
        bool old = st == PGS_OK && one.n_heads == 1 && file.taken_us < limit_us;
        pgs_catalog_reset(&one);
        candidate *other = &k->file[n];
        k->file[i] = *other;
        *other = file;
        n += old;
        pgs_progress_step(&k->progress, i + 1, k->n_files);
    }
    k->n_snapshots = k->n_files;
    if (n > 1)
        qsort(k->file, n, sizeof *k->file, by_time);
    for (size_t i = n; i < k->n_files; i++)
        pgs_free(k->file[i].path);
    k->n_files = n;
    return PGS_OK;
}

static pgs_status prune(pruning *k, pgs_err *err) {
    pgs_status st = pgs_history_open(k->path, 1, &k->history, err);
    if (st == PGS_OK)
        st = pgs_history_series(k->history, &k->series, err);
    if (st != PGS_OK || k->series->n_moments == 0)
        return st;
    pgs_history_keep(k->history);
    k->progress.what = "reading snapshots";
    st = keep_newer(k, err);
    pgs_progress_end(&k->progress);
    k->progress.what = "comparing snapshots";
    for (size_t i = 0; st == PGS_OK && i < k->n_files; i++) {
        st = judge(k, &k->file[i], err);
        pgs_progress_step(&k->progress, i + 1, k->n_files);
    }
    pgs_progress_end(&k->progress);
    return st;
}

/* ---- the command ---- */

static pgs_status keep_from(const char *text, int64_t *out_us, pgs_err *err) {
    static const struct {
        char unit;
        int64_t hours;
    } UNIT[] = {{'h', 1}, {'d', 24}, {'w', 168}};
    char number[16];
    size_t n = text ? strlen(text) : 0;
    int64_t count;
    for (size_t i = 0; n > 1 && n <= sizeof number && i < PGS_COUNT_OF(UNIT); i++) {
        snprintf(number, sizeof number, "%.*s", (int)n - 1, text);
        if (text[n - 1] != UNIT[i].unit || !pgs_int_parse(number, 0, 1000000, &count))
            continue;
        *out_us = count * UNIT[i].hours * INT64_C(3600000000);
        return PGS_OK;
    }
    pgs_status st = text ? pgs_fail(err, PGS_E_USAGE, "--keep cannot be \"%.60s\"", text)
                         : pgs_fail(err, PGS_E_USAGE, "prune must know what to keep");
    pgs_hint(err,
             "--keep 90d keeps what is at most 90 days older than the history's newest moment; "
             "h, d and w are understood");
    return st;
}

static pgs_status options_from(const pgs_parsed *p, pruning *k, pgs_err *err) {
    if (!pgs_has(p, OPT_HISTORY)) {
        pgs_status st =
            pgs_fail(err, PGS_E_USAGE, "prune needs the history that holds the snapshots");
        pgs_hint(err, "pgskew prune --history HISTORY.db --keep 90d DIR...");
        return st;
    }
    k->path = p->value[OPT_HISTORY];
    k->yes = pgs_has(p, OPT_YES);
    return keep_from(p->value[OPT_KEEP], &k->keep_us, err);
}

static void say_what_was_done(const pruning *k) {
    printf("%zu of %zu %s, %llu bytes, %s", k->n_pruned, k->n_snapshots,
           k->n_snapshots == 1 ? "snapshot" : "snapshots", (unsigned long long)k->n_bytes,
           k->yes ? "deleted" : "would be deleted");
    if (k->n_unknown > 0)
        printf("; %zu old ones are not in the history", k->n_unknown);
    if (k->n_different + k->n_unreadable > 0)
        printf("; %zu need a look", k->n_different + k->n_unreadable);
    printf(!k->yes && k->n_pruned > 0 ? "; --yes deletes\n" : "\n");
}

int pgs_run_prune(const pgs_parsed *p) {
    pgs_err err = {0};
    pruning k = {0};
    pgs_status st = options_from(p, &k, &err);
    /* Directories come first: while the history is open, no file that may be it is opened. */
    for (int i = 0; st == PGS_OK && i < p->n_arguments; i++)
        if (!is_repeated(p->argument, i))
            st = list_directory(&k, p->argument[i], &err);
    if (st == PGS_OK && !pgs_history_is_one(k.path) && pgs_snapshot_is_one(k.path))
        st = pgs_fail(&err, PGS_E_DATA, "\"%s\" is a snapshot, not a history", k.path);
    if (st == PGS_OK)
        st = pgs_verify(k.path, &err);
    if (st == PGS_OK)
        st = prune(&k, &err);
    if (st == PGS_OK)
        say_what_was_done(&k);
    pgs_history_close(k.history);
    for (size_t i = 0; i < k.n_files; i++)
        pgs_free(k.file[i].path);
    pgs_free(k.file);
    fflush(stdout);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
