/* The daily frame that trends and forecasts think with, from a history or from snapshot files. */
#include <string.h>

#include "cli/pgskew.h"
#include "pgskew/history.h"

/* Whether everything up to `last` lies in one history. */
static bool is_one_history(const pgs_catalog *catalog, const pgs_snapshot_head *last) {
    for (const pgs_snapshot_head *head = catalog->head; head < last; head++)
        if (strcmp(head->path, last->path) != 0)
            return false;
    return pgs_history_is_one(last->path);
}

static pgs_status from_history(const pgs_snapshot_head *from, const pgs_snapshot_head *to,
                               uint64_t metrics, pgs_frame *out, pgs_err *err) {
    pgs_history *history;
    const pgs_series *series;
    pgs_status st = pgs_history_open(to->path, 1, &history, err);
    if (st == PGS_OK && pgs_history_warning(history))
        fprintf(stderr, "pgskew: %s\n", pgs_history_warning(history));
    if (st == PGS_OK)
        st = pgs_history_series(history, &series, err);
    if (st == PGS_OK) {
        size_t first = pgs_series_find(series, from->taken_us);
        size_t last = pgs_series_find(series, to->taken_us);
        st = last < series->n_moments
                 ? pgs_history_frame(history, first, last, metrics, out, err)
                 : pgs_fail(err, PGS_E_RETRY, "\"%s\" is being replaced", to->path);
    }
    pgs_history_close(history);
    return st;
}

/* ---- files ---- */

/* A moment that was told before: once is enough, if both say the same. */
static pgs_status compare(const pgs_snapshot_head *a, const pgs_snapshot_head *b, pgs_err *err) {
    static const pgs_selection EVERYTHING = {PGS_METRICS_ALL, true};
    pgs_snapshot x, y;
    char text[PGS_TIME_TEXT_MAX];
    pgs_snapshot_init(&x);
    pgs_snapshot_init(&y);
    pgs_status st = pgs_fetch(a, &EVERYTHING, &x, err);
    if (st == PGS_OK)
        st = pgs_fetch(b, &EVERYTHING, &y, err);
    if (st == PGS_OK && pgs_snapshot_hash(&x) != pgs_snapshot_hash(&y)) {
        st = pgs_fail(err, PGS_E_DATA, "\"%s\" and \"%s\" differ about %s", a->path, b->path,
                      pgs_time_format(a->taken_us, text));
        pgs_hint(err, "remove the wrong one, or pick a source with --source");
    }
    pgs_snapshot_reset(&x);
    pgs_snapshot_reset(&y);
    return st;
}

static pgs_status add_files(const pgs_snapshot_head *from, const pgs_snapshot_head *to,
                            uint64_t metrics, pgs_framer *framer, pgs_err *err) {
    const pgs_selection needs = {.metrics = metrics};
    size_t n_again = 0;
    pgs_progress progress = {.what = "reading snapshots"};
    pgs_status st = PGS_OK;
    for (const pgs_snapshot_head *head = from; st == PGS_OK && head <= to; head++) {
        pgs_progress_step(&progress, (size_t)(head - from), (size_t)(to - from) + 1);
        if (head > from && head->taken_us == head[-1].taken_us) {
            st = compare(head - 1, head, err);
            n_again++;
            continue;
        }
        pgs_snapshot snap;
        pgs_snapshot_init(&snap);
        st = pgs_fetch(head, &needs, &snap, err);
        if (st == PGS_OK)
            st = pgs_framer_add(framer, &snap, err);
        pgs_snapshot_reset(&snap);
    }
    pgs_progress_end(&progress);
    if (st == PGS_OK && n_again > 0)
        fprintf(stderr, "pgskew: %zu %s there twice with the same content, and counted once\n",
                n_again, n_again == 1 ? "moment is" : "moments are");
    return st;
}

static pgs_status from_files(const pgs_snapshot_head *from, const pgs_snapshot_head *to,
                             uint64_t metrics, pgs_frame *out, pgs_err *err) {
    pgs_framer *framer;
    pgs_status st = pgs_framer_open(from->taken_us, to->taken_us, metrics, &framer, err);
    if (st == PGS_OK)
        st = add_files(from, to, metrics, framer, err);
    if (st == PGS_OK)
        st = pgs_framer_finish(framer, out, err);
    pgs_framer_close(framer);
    return st;
}

/* The first moment that is near enough to the last: a clock that was once decades off must not make a frame
 * of as many days. */
static const pgs_snapshot_head *first_of(const pgs_catalog *catalog,
                                         const pgs_snapshot_head *last) {
    const pgs_snapshot_head *first = catalog->head;
    while (first < last && last->taken_us - first->taken_us > PGS_FRAME_MAX_DAYS * PGS_DAY_US)
        first++;
    size_t n = (size_t)(first - catalog->head);
    if (n > 0)
        fprintf(stderr, "pgskew: %zu %s than 20 years before the last, and left out\n", n,
                n == 1 ? "moment is more" : "moments are more");
    return first;
}

pgs_status pgs_frame_of(const pgs_catalog *catalog, const pgs_snapshot_head *last, uint64_t metrics,
                        pgs_frame *out, pgs_err *err) {
    const pgs_snapshot_head *first = first_of(catalog, last);
    return is_one_history(catalog, last) ? from_history(first, last, metrics, out, err)
                                         : from_files(first, last, metrics, out, err);
}

pgs_status pgs_load_frame(const pgs_parsed *p, uint64_t metrics, pgs_frame *out,
                          const pgs_selection *needs, pgs_snapshot *now, pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *last;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    if (st == PGS_OK)
        st = pgs_pick(p, &filter, at_us, &catalog, &last, err);
    if (st == PGS_OK && now)
        st = pgs_fetch(last, needs, now, err);
    if (st == PGS_OK)
        st = pgs_frame_of(&catalog, last, metrics, out, err);
    pgs_catalog_reset(&catalog);
    if (st != PGS_OK && now)
        pgs_snapshot_reset(now);
    return st;
}
