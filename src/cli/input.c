/* Finding and reading snapshots: files, directories of them, histories. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

pgs_status pgs_filter_from(const pgs_parsed *p, pgs_filter *filter, int64_t *at_us, pgs_err *err) {
    *filter = (pgs_filter){.table = p->value[OPT_TABLE], .source = p->value[OPT_SOURCE]};
    pgs_status st = pgs_opts_time("at", p->value[OPT_AT], at_us, err);
    if (st == PGS_OK)
        st = pgs_opts_time("since", p->value[OPT_SINCE], &filter->since_us, err);
    return st == PGS_OK ? pgs_opts_time("until", p->value[OPT_UNTIL], &filter->until_us, err) : st;
}

pgs_status pgs_range_from(const pgs_parsed *p, const pgs_series *series, size_t *first, size_t *end,
                          pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    *first = *end = 0;
    if (st != PGS_OK)
        return st;
    bool one = at_us != PGS_TIME_NONE;
    int64_t until_us = one && (filter.until_us == PGS_TIME_NONE || at_us < filter.until_us)
                           ? at_us
                           : filter.until_us;
    while (filter.since_us != PGS_TIME_NONE && *first < series->n_moments &&
           series->moment[*first].taken_us < filter.since_us)
        (*first)++;
    size_t last = pgs_series_find(series, until_us);
    *end = last < series->n_moments ? last + 1 : 0;
    if (*first < *end) {
        *first = one ? *end - 1 : *first;
        return PGS_OK;
    }
    st = p->n_arguments == 1
             ? pgs_fail(err, PGS_E_NO_INPUT, "\"%s\" holds no moment in that span of time",
                        p->argument[0])
             : pgs_fail(err, PGS_E_NO_INPUT, "there is no moment in that span of time");
    pgs_hint(err, "pgskew list shows what is there");
    return st;
}

pgs_status pgs_gather(const pgs_parsed *p, const pgs_filter *filter, pgs_catalog *catalog,
                      pgs_err *err) {
    const char *fallback = getenv("PGSKEW_PATH");
    char *preset[] = {(char *)(fallback && *fallback ? fallback : ".")};
    char **path = p->n_arguments > 0 ? p->argument : preset;
    int n = p->n_arguments > 0 ? p->n_arguments : 1;
    pgs_progress progress = {.what = "looking at files"};
    pgs_status st = PGS_OK;
    catalog->step = pgs_progress_of;
    catalog->context = &progress;
    for (int i = 0; st == PGS_OK && i < n; i++)
        st = pgs_catalog_add(catalog, path[i], filter, err);
    pgs_progress_end(&progress);
    catalog->step = NULL;
    if (st == PGS_OK && catalog->n_foreign > 0) {
        pgs_buf line = {0};
        pgs_text_escape(&line, catalog->first_foreign);
        fprintf(stderr, "pgskew: skipped %zu %s that %s no snapshot, for example \"%s\"\n",
                catalog->n_foreign, catalog->n_foreign == 1 ? "file" : "files",
                catalog->n_foreign == 1 ? "is" : "are", pgs_buf_view(&line));
        pgs_buf_reset(&line);
    }
    return st;
}

/* Nothing passed the filter: name what was asked for. */
static pgs_status nothing_of(const pgs_filter *filter, pgs_err *err) {
    const char *what = filter->table ? " of table \"" : filter->source ? " of source \"" : "";
    const char *name = filter->table ? filter->table : filter->source ? filter->source : "";
    bool span = filter->since_us != PGS_TIME_NONE || filter->until_us != PGS_TIME_NONE;
    pgs_status st = pgs_fail(err, PGS_E_NO_INPUT, "no snapshot%s%.100s%s%s found", what, name,
                             *what ? "\"" : "", span ? " in that span of time" : "");
    pgs_hint(err, "pgskew list shows what is there");
    return st;
}

/* ---- one snapshot ---- */

static pgs_status fetch_file(const char *path, const pgs_selection *needs, pgs_snapshot *out,
                             pgs_err *err) {
    pgs_err inner;
    pgs_status st = pgs_snapshot_read_part(path, needs, out, err);
    if (st != PGS_OK)
        return st;
    if (out->warning)
        fprintf(stderr, "pgskew: %s\n", out->warning);
    st = pgs_snapshot_verify(out, &inner);
    if (st != PGS_OK) {
        st = pgs_fail(err, st, "\"%s\" is not to be trusted: %s", path, inner.msg);
        pgs_hint(err, "%s", inner.hint);
    }
    return st;
}

/* The newest moment of a history at or before at_us. */
static pgs_status fetch_moment(const char *path, int64_t at_us, const pgs_selection *needs,
                               pgs_snapshot *out, pgs_err *err) {
    pgs_history *history;
    size_t moment = 0;
    pgs_status st = pgs_history_open(path, 1, &history, err);
    if (st == PGS_OK && pgs_history_warning(history))
        fprintf(stderr, "pgskew: %s\n", pgs_history_warning(history));
    if (st == PGS_OK)
        st = pgs_history_find(history, at_us, &moment, err);
    if (st == PGS_OK)
        st = pgs_history_read(history, moment, needs, out, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(out, err);
    pgs_history_close(history);
    return st;
}

pgs_status pgs_fetch(const pgs_snapshot_head *head, const pgs_selection *needs, pgs_snapshot *out,
                     pgs_err *err) {
    return pgs_history_is_one(head->path)
               ? fetch_moment(head->path, head->taken_us, needs, out, err)
               : fetch_file(head->path, needs, out, err);
}

/* One named file needs no catalog: this is the path that must be fast. */
static bool is_single_file(const pgs_parsed *p) {
    struct stat info;
    return p->n_arguments == 1 && !pgs_has(p, OPT_TABLE) && !pgs_has(p, OPT_SOURCE) &&
           !pgs_has(p, OPT_SINCE) && !pgs_has(p, OPT_UNTIL) && stat(p->argument[0], &info) == 0 &&
           !S_ISDIR(info.st_mode);
}

pgs_status pgs_pick(const pgs_parsed *p, const pgs_filter *filter, int64_t at_us,
                    pgs_catalog *catalog, const pgs_snapshot_head **out, pgs_err *err) {
    pgs_status st = pgs_gather(p, filter, catalog, err);
    bool filtered = filter->table || filter->source || filter->since_us != PGS_TIME_NONE ||
                    filter->until_us != PGS_TIME_NONE;
    if (st == PGS_OK && catalog->n_heads == 0 && filtered)
        st = nothing_of(filter, err);
    return st == PGS_OK ? pgs_catalog_pick(catalog, at_us, out, err) : st;
}

static pgs_status fetch_picked(const pgs_parsed *p, const pgs_filter *filter, int64_t at_us,
                               const pgs_selection *needs, pgs_snapshot *out, pgs_err *err) {
    const pgs_snapshot_head *head;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_pick(p, filter, at_us, &catalog, &head, err);
    if (st == PGS_OK)
        st = pgs_fetch(head, needs, out, err);
    pgs_catalog_reset(&catalog);
    return st;
}

pgs_status pgs_fetch_one(const pgs_parsed *p, const pgs_selection *needs, pgs_snapshot *out,
                         pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    if (st != PGS_OK)
        return st;
    if (is_single_file(p) && pgs_history_is_one(p->argument[0]))
        return fetch_moment(p->argument[0], at_us, needs, out, err);
    if (is_single_file(p) && at_us == PGS_TIME_NONE)
        return fetch_file(p->argument[0], needs, out, err);
    return fetch_picked(p, &filter, at_us, needs, out, err);
}
