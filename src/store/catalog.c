/* Many snapshot files: which are there, of which table, taken when. A series is one table of one
 * database of one cluster, as one source saw it. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "pgskew/history.h"
#include "store/database.h"
#include "store/snapshot_read.h"

void pgs_catalog_init(pgs_catalog *catalog) {
    *catalog = (pgs_catalog){0};
}

void pgs_catalog_reset(pgs_catalog *catalog) {
    if (!catalog)
        return;
    pgs_arena_free(catalog->arena);
    pgs_free(catalog->head);
    pgs_catalog_init(catalog);
}

/* ---- what a filter lets through ---- */

static bool ends_with_part(const char *whole, const char *part) {
    size_t n = strlen(whole), k = strlen(part);
    return n >= k && strcmp(whole + n - k, part) == 0 && (n == k || whole[n - k - 1] == '.');
}

/* "chunks", "public.chunks" and "mydb.public.chunks" all name public.chunks of mydb. */
static bool is_table(const pgs_snapshot_head *head, const char *name) {
    size_t n = head->database ? strlen(head->database) : 0;
    if (n > 0 && strncmp(name, head->database, n) == 0 && name[n] == '.' &&
        strcmp(name + n + 1, head->table_name) == 0)
        return true;
    return *name && ends_with_part(head->table_name, name);
}

static bool passes(const pgs_snapshot_head *head, const pgs_filter *filter) {
    if (filter->table && !is_table(head, filter->table))
        return false;
    if (filter->source && (!head->source || strcmp(head->source, filter->source) != 0))
        return false;
    if (filter->since_us != PGS_TIME_NONE && head->taken_us < filter->since_us)
        return false;
    return filter->until_us == PGS_TIME_NONE || head->taken_us <= filter->until_us;
}

/* ---- adding ---- */

static pgs_status keep(pgs_catalog *catalog, const char *text, char **out, pgs_err *err) {
    *out = NULL;
    if (!catalog->arena)
        catalog->arena = pgs_arena_new();
    if (!catalog->arena || (text && !(*out = pgs_arena_text(catalog->arena, text))))
        return pgs_no_memory(err);
    return PGS_OK;
}

/* Room for one more; capacity is the next power of two. */
static pgs_status grow(pgs_catalog *catalog, pgs_err *err) {
    size_t n = catalog->n_heads;
    if (n & (n - 1) || n == SIZE_MAX / 2 + 1)
        return PGS_OK;
    pgs_snapshot_head *more = pgs_alloc(n == 0 ? 1 : 2 * n, sizeof *more);
    if (!more)
        return pgs_no_memory(err);
    if (n > 0)
        memcpy(more, catalog->head, n * sizeof *more);
    pgs_free(catalog->head);
    catalog->head = more;
    return PGS_OK;
}

static pgs_status append(pgs_catalog *catalog, const pgs_snapshot_head *head, pgs_err *err) {
    pgs_status st = grow(catalog, err);
    if (st != PGS_OK)
        return st;
    pgs_snapshot_head copy = *head;
    const struct {
        const char *from;
        char **to;
    } TEXT[] = {{head->path, &copy.path},
                {head->system_identifier, &copy.system_identifier},
                {head->database, &copy.database},
                {head->table_name, &copy.table_name},
                {head->source, &copy.source}};
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(TEXT); i++)
        st = keep(catalog, TEXT[i].from, TEXT[i].to, err);
    if (st == PGS_OK)
        catalog->head[catalog->n_heads++] = copy;
    return st;
}

pgs_status pgs_catalog_append(pgs_catalog *catalog, const pgs_snapshot_head *head,
                              const pgs_filter *filter, pgs_err *err) {
    return passes(head, filter) ? append(catalog, head, err) : PGS_OK;
}

static pgs_status add_history(pgs_catalog *catalog, const char *path, const pgs_filter *filter,
                              pgs_err *err) {
    pgs_history *history;
    pgs_status st = pgs_history_open(path, 1, &history, err);
    if (st == PGS_OK)
        st = pgs_history_catalog(history, filter, catalog, err);
    pgs_history_close(history);
    return st;
}

static pgs_status add_file(pgs_catalog *catalog, const char *path, const pgs_filter *filter,
                           pgs_err *err) {
    if (pgs_history_is_one(path))
        return add_history(catalog, path, filter, err);
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_snapshot_read_head(path, &snap, err);
    if (st == PGS_OK && !snap.head.table_name)
        st = pgs_fail(err, PGS_E_DATA, "\"%s\" does not name its table", path);
    if (st == PGS_OK)
        st = pgs_catalog_append(catalog, &snap.head, filter, err);
    pgs_snapshot_reset(&snap);
    return st;
}

static int not_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static pgs_status add_entry(pgs_catalog *catalog, const char *path, const pgs_filter *filter,
                            pgs_err *err) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return PGS_OK;
    if (access(path, R_OK) != 0) { /* it could be the newest: nobody may answer without it */
        pgs_status st = pgs_fail(err, errno == EACCES ? PGS_E_DENIED : PGS_E_IO,
                                 "cannot read \"%s\": %s", path, strerror(errno));
        pgs_hint(err, "ask its owner for read permission, or move it out of the directory");
        return st;
    }
    if (pgs_snapshot_is_one(path) || pgs_history_is_one(path))
        return add_file(catalog, path, filter, err);
    catalog->n_foreign++;
    return catalog->first_foreign ? PGS_OK : keep(catalog, path, &catalog->first_foreign, err);
}

static pgs_status add_directory(pgs_catalog *catalog, const char *path, const pgs_filter *filter,
                                pgs_err *err) {
    struct dirent **entry;
    int n = scandir(path, &entry, not_hidden, by_name);
    if (n < 0)
        return pgs_fail(err, errno == EACCES ? PGS_E_DENIED : PGS_E_IO,
                        "cannot read directory \"%s\": %s", path, strerror(errno));
    const char *slash = path[0] && path[strlen(path) - 1] == '/' ? "" : "/";
    pgs_status st = PGS_OK;
    for (int i = 0; i < n; i++) {
        pgs_buf full = {0};
        pgs_buf_format(&full, "%s%s%s", path, slash, entry[i]->d_name);
        if (st == PGS_OK)
            st = full.failed ? pgs_no_memory(err) : add_entry(catalog, full.data, filter, err);
        pgs_buf_reset(&full);
        free(entry[i]);
        if (catalog->step)
            catalog->step(catalog->context, (size_t)i + 1, (size_t)n);
    }
    free(entry);
    return st;
}

/* ---- order ---- */

static int compare_text(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_series(const pgs_snapshot_head *x, const pgs_snapshot_head *y) {
    int order = compare_text(x->table_name, y->table_name);
    if (order == 0)
        order = compare_text(x->database, y->database);
    if (order == 0)
        order = compare_text(x->system_identifier, y->system_identifier);
    return order != 0 ? order : compare_text(x->source, y->source);
}

static int by_series_and_time(const void *a, const void *b) {
    const pgs_snapshot_head *x = a, *y = b;
    int order = compare_series(x, y);
    if (order == 0)
        order = (x->taken_us > y->taken_us) - (x->taken_us < y->taken_us);
    return order != 0 ? order : compare_text(x->path, y->path);
}

pgs_status pgs_catalog_add(pgs_catalog *catalog, const char *path, const pgs_filter *filter,
                           pgs_err *err) {
    struct stat info;
    if (stat(path, &info) != 0) {
        pgs_status st = pgs_fail(err, errno == EACCES ? PGS_E_DENIED : PGS_E_NO_INPUT,
                                 "cannot read \"%s\": %s", path, strerror(errno));
        pgs_hint(err, "give a snapshot file, or a directory of them");
        return st;
    }
    pgs_status st = S_ISDIR(info.st_mode) ? add_directory(catalog, path, filter, err)
                                          : add_file(catalog, path, filter, err);
    if (catalog->n_heads > 1)
        qsort(catalog->head, catalog->n_heads, sizeof *catalog->head, by_series_and_time);
    return st;
}

/* ---- picking ---- */

static void describe_series(const pgs_snapshot_head *head, pgs_buf *out) {
    pgs_text_escape(out, head->table_name);
    if (head->database) {
        pgs_buf_text(out, " in ");
        pgs_text_escape(out, head->database);
    }
    if (head->system_identifier) {
        pgs_buf_text(out, " of cluster ");
        pgs_text_escape(out, head->system_identifier);
    }
    pgs_buf_text(out, " from ");
    pgs_text_escape(out, head->source ? head->source : "?");
}

static pgs_status more_than_one(const pgs_catalog *catalog, size_t n_series, pgs_err *err) {
    pgs_buf list = {0};
    for (size_t i = 0; i < catalog->n_heads; i++) {
        if (i > 0 && compare_series(&catalog->head[i - 1], &catalog->head[i]) == 0)
            continue;
        pgs_buf_text(&list, i > 0 ? ", " : "");
        describe_series(&catalog->head[i], &list);
    }
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "the snapshots are of %zu series: %s", n_series,
                             pgs_buf_view(&list));
    pgs_hint(err, "pick one with --table or --source, or name its files");
    pgs_buf_reset(&list);
    return st;
}

pgs_status pgs_catalog_pick(const pgs_catalog *catalog, int64_t at_us,
                            const pgs_snapshot_head **out, pgs_err *err) {
    size_t n_series = 0;
    *out = NULL;
    assert(catalog->head || catalog->n_heads == 0);
    for (size_t i = 0; i < catalog->n_heads; i++) {
        const pgs_snapshot_head *head = &catalog->head[i];
        if (i == 0 || compare_series(head - 1, head) != 0)
            n_series++;
        if (at_us == PGS_TIME_NONE || head->taken_us <= at_us)
            *out = head;
    }
    if (n_series > 1)
        return more_than_one(catalog, n_series, err);
    if (*out)
        return PGS_OK;
    pgs_status st = PGS_E_NO_INPUT;
    if (catalog->n_heads > 0) {
        char text[PGS_TIME_TEXT_MAX];
        st = pgs_fail(err, st, "no snapshot was taken at or before %s",
                      pgs_time_format(at_us, text));
        pgs_hint(err, "the first is of %s", pgs_time_format(catalog->head[0].taken_us, text));
    } else {
        st = pgs_fail(err, st, "no snapshot found");
        pgs_hint(err, "make one with pgskew-collect, or name the directory that holds them");
    }
    return st;
}
