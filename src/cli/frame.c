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
    pgs_snapshot x, y;
    char text[PGS_TIME_TEXT_MAX];
    pgs_snapshot_init(&x);
    pgs_snapshot_init(&y);
    pgs_status st = pgs_fetch(a, &pgs_everything, &x, err);
    if (st == PGS_OK)
        st = pgs_fetch(b, &pgs_everything, &y, err);
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

/* ---- clocks ---- */

#define A_PAUSE_US (3 * 365 * PGS_DAY_US) /* more is no pause between two moments ... */
#define AS_USUAL   24                     /* ... unless they usually are that far apart */
#define ENOUGH     8                      /* moments that are believed whatever came before */

/* How far apart two moments must be, that one of their clocks was wrong: of those up to
 * `newest`. */
static int64_t hole_of(const pgs_catalog *catalog, const pgs_snapshot_head *newest) {
    int64_t sum = 0, n = 0;
    for (const pgs_snapshot_head *head = catalog->head + 1; head <= newest; head++) {
        int64_t gap = head->taken_us - head[-1].taken_us;
        sum += gap <= A_PAUSE_US ? gap : 0;
        n += gap <= A_PAUSE_US;
    }
    int64_t usual = n > 0 ? sum / n : A_PAUSE_US;
    return usual > A_PAUSE_US / AS_USUAL ? AS_USUAL * usual : A_PAUSE_US;
}

/* The first of the moments up to `last` between which there is no hole. */
static const pgs_snapshot_head *first_of(const pgs_catalog *catalog, const pgs_snapshot_head *last,
                                         int64_t hole) {
    const pgs_snapshot_head *first = last;
    while (first > catalog->head && first->taken_us - first[-1].taken_us <= hole)
        first--;
    return first;
}

/* The last moment that is believed of those up to `newest`. */
static const pgs_snapshot_head *believe(const pgs_catalog *catalog,
                                        const pgs_snapshot_head *newest) {
    int64_t hole = hole_of(catalog, newest);
    const pgs_snapshot_head *best = newest, *last = newest;
    ptrdiff_t most = 0;
    while (last >= catalog->head) {
        const pgs_snapshot_head *first = first_of(catalog, last, hole);
        if (last - first + 1 > most) {
            most = last - first + 1;
            best = last;
        }
        if (most >= ENOUGH || first == catalog->head)
            break;
        last = first - 1;
    }
    return best;
}

pgs_status pgs_pick_believed(const pgs_parsed *p, const pgs_filter *filter, int64_t at_us,
                             pgs_catalog *catalog, const pgs_snapshot_head **newest,
                             const pgs_snapshot_head **last, pgs_err *err) {
    pgs_status st = pgs_pick(p, filter, at_us, catalog, newest, err);
    if (st == PGS_OK)
        *last = at_us != PGS_TIME_NONE ? *newest : believe(catalog, *newest);
    return st;
}

/* Tell the frame of what lies beyond a hole, up to `newest`. */
static pgs_status set_astray(const pgs_catalog *catalog, const pgs_snapshot_head *newest,
                             const pgs_snapshot_head *last, pgs_frame *out, pgs_err *err) {
    int64_t hole = hole_of(catalog, newest);
    pgs_buf buf = {0};
    const pgs_snapshot_head *first = catalog->head;
    for (const pgs_snapshot_head *head = catalog->head; head <= newest; head++) {
        if (head < newest && head[1].taken_us - head->taken_us <= hole)
            continue;
        pgs_frame_astray one = {first->taken_us, head->taken_us};
        if (last < first || last > head)
            pgs_buf_bytes(&buf, &one, sizeof one);
        first = head + 1;
    }
    pgs_status st =
        buf.failed ? pgs_no_memory(err)
                   : pgs_frame_set_astray(out, (const pgs_frame_astray *)(const void *)buf.data,
                                          buf.n / sizeof(pgs_frame_astray), err);
    pgs_buf_reset(&buf);
    return st;
}

/* The first moment that is near enough to the last. */
static const pgs_snapshot_head *nearest_of(const pgs_snapshot_head *first,
                                           const pgs_snapshot_head *last) {
    const pgs_snapshot_head *near = first;
    while (near < last && last->taken_us - near->taken_us > PGS_FRAME_MAX_DAYS * PGS_DAY_US)
        near++;
    size_t n = (size_t)(near - first);
    if (n > 0)
        fprintf(stderr, "pgskew: %zu %s than 20 years before the last, and left out\n", n,
                n == 1 ? "moment is more" : "moments are more");
    return near;
}

pgs_status pgs_frame_of(const pgs_catalog *catalog, const pgs_snapshot_head *newest,
                        const pgs_snapshot_head *last, uint64_t metrics, pgs_frame *out,
                        pgs_err *err) {
    const pgs_snapshot_head *first = first_of(catalog, last, hole_of(catalog, newest));
    first = nearest_of(first, last);
    pgs_status st = is_one_history(catalog, last) ? from_history(first, last, metrics, out, err)
                                                  : from_files(first, last, metrics, out, err);
    return st == PGS_OK ? set_astray(catalog, newest, last, out, err) : st;
}

pgs_status pgs_load_frame(const pgs_parsed *p, pgs_trust trust, uint64_t metrics, pgs_frame *out,
                          const pgs_selection *needs, pgs_snapshot *now, pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *newest, *last;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    if (st == PGS_OK)
        st = pgs_pick_believed(p, &filter, at_us, &catalog, &newest, &last, err);
    if (st == PGS_OK && trust == PGS_TRUST_NEWEST)
        last = newest;
    if (st == PGS_OK && now)
        st = pgs_fetch(last, needs, now, err);
    if (st == PGS_OK)
        st = pgs_frame_of(&catalog, newest, last, metrics, out, err);
    pgs_catalog_reset(&catalog);
    if (st != PGS_OK && now)
        pgs_snapshot_reset(now);
    return st;
}
