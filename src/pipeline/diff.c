/* Two moments of one table, side by side: partitions are matched, values subtracted, findings
 * compared.
 *
 * Matching joins sorted lists, by name, then by number where one side has no name, then by OID:
 * what is left has come or gone. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "health/health.h"
#include "pgskew/analyze.h"

#define NOBODY SIZE_MAX
#define DAY_US 86400e6

/* ---- one series? ---- */

static bool may_be_same(const char *a, const char *b) {
    return !a || !b || strcmp(a, b) == 0;
}

static void describe(pgs_buf *out, const pgs_snapshot_head *head) {
    pgs_buf_text(out, head->table_name ? head->table_name : "an unnamed table");
    if (head->database)
        pgs_buf_format(out, " in %.60s", head->database);
    if (head->system_identifier)
        pgs_buf_format(out, " of cluster %.30s", head->system_identifier);
}

static pgs_status check_series(const pgs_snapshot_head *a, const pgs_snapshot_head *b,
                               pgs_err *err) {
    if (may_be_same(a->table_name, b->table_name) && may_be_same(a->database, b->database) &&
        may_be_same(a->system_identifier, b->system_identifier))
        return PGS_OK;
    pgs_buf x = {0}, y = {0};
    describe(&x, a);
    describe(&y, b);
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "these are different series: %.180s, and %.180s",
                             pgs_buf_view(&x), pgs_buf_view(&y));
    pgs_hint(err, "compare two moments of one table");
    pgs_buf_reset(&x);
    pgs_buf_reset(&y);
    return st;
}

static pgs_status check_order(int64_t before_us, int64_t after_us, pgs_err *err) {
    char x[PGS_TIME_TEXT_MAX], y[PGS_TIME_TEXT_MAX];
    if (before_us <= after_us)
        return PGS_OK;
    return pgs_fail(err, PGS_E_USAGE, "the moment before, %s, is later than the one after, %s",
                    pgs_time_format(before_us, x), pgs_time_format(after_us, y));
}

/* ---- which partition is which ---- */

typedef struct matcher {
    const pgs_snapshot *snap[PGS_SIDE_COUNT];
    size_t *partner[PGS_SIDE_COUNT];            /* [partitions] on the other side, or NOBODY */
    const pgs_partition **list[PGS_SIDE_COUNT]; /* room for those without one */
} matcher;

static int compare_name(const pgs_partition *a, const pgs_partition *b) {
    return strcmp(a->name ? a->name : "", b->name ? b->name : "");
}

static int compare_num(const pgs_partition *a, const pgs_partition *b) {
    return (a->num > b->num) - (a->num < b->num);
}

static int compare_relid(const pgs_partition *a, const pgs_partition *b) {
    return (a->relid > b->relid) - (a->relid < b->relid);
}

static bool both_named(const pgs_partition *a, const pgs_partition *b) {
    return a->name && b->name;
}

static bool one_unnamed(const pgs_partition *a, const pgs_partition *b) {
    return !a->name || !b->name;
}

static bool both_known(const pgs_partition *a, const pgs_partition *b) {
    return a->relid != 0 && b->relid != 0;
}

static int by_name(const void *a, const void *b) {
    const pgs_partition *const *x = a, *const *y = b;
    int order = compare_name(*x, *y);
    return order != 0 ? order : compare_num(*x, *y);
}

static int by_num(const void *a, const void *b) {
    return compare_num(*(const pgs_partition *const *)a, *(const pgs_partition *const *)b);
}

static int by_relid(const void *a, const void *b) {
    const pgs_partition *const *x = a, *const *y = b;
    int order = compare_relid(*x, *y);
    return order != 0 ? order : compare_num(*x, *y);
}

/* The keys, in the order in which they are tried. */
static const struct {
    int (*compare)(const pgs_partition *, const pgs_partition *);
    bool (*holds)(const pgs_partition *, const pgs_partition *);
    int (*order)(const void *, const void *);
} KEY[] = {
    {compare_name, both_named, by_name},
    {compare_num, one_unnamed, by_num},
    {compare_relid, both_known, by_relid},
};

/* List the partitions of one side that have no partner yet, in order. */
static size_t list_single(matcher *m, int side, int (*order)(const void *, const void *)) {
    size_t n = 0;
    for (size_t p = 0; p < m->snap[side]->head.n_parts; p++)
        if (m->partner[side][p] == NOBODY)
            m->list[side][n++] = &m->snap[side]->part[p];
    if (n > 1)
        qsort(m->list[side], n, sizeof(void *), order);
    return n;
}

static void join(matcher *m, size_t key) {
    size_t n = list_single(m, PGS_BEFORE, KEY[key].order);
    size_t n_after = list_single(m, PGS_AFTER, KEY[key].order);
    for (size_t i = 0, j = 0; i < n && j < n_after;) {
        const pgs_partition *a = m->list[PGS_BEFORE][i], *b = m->list[PGS_AFTER][j];
        int order = KEY[key].compare(a, b);
        i += order <= 0;
        j += order >= 0;
        if (order != 0 || !KEY[key].holds(a, b))
            continue;
        m->partner[PGS_BEFORE][a - m->snap[PGS_BEFORE]->part] =
            (size_t)(b - m->snap[PGS_AFTER]->part);
        m->partner[PGS_AFTER][b - m->snap[PGS_AFTER]->part] =
            (size_t)(a - m->snap[PGS_BEFORE]->part);
    }
}

static void matcher_reset(matcher *m) {
    for (int side = 0; side < PGS_SIDE_COUNT; side++) {
        pgs_free(m->partner[side]);
        pgs_free(m->list[side]);
    }
}

static pgs_status match(matcher *m, pgs_err *err) {
    for (int side = 0; side < PGS_SIDE_COUNT; side++) {
        size_t n = m->snap[side]->head.n_parts;
        m->partner[side] = pgs_alloc(n, sizeof *m->partner[side]);
        m->list[side] = pgs_alloc(n, sizeof(void *));
        if (!m->partner[side] || !m->list[side])
            return pgs_no_memory(err);
        for (size_t p = 0; p < n; p++)
            m->partner[side][p] = NOBODY;
    }
    for (size_t key = 0; key < PGS_COUNT_OF(KEY); key++)
        join(m, key);
    return PGS_OK;
}

/* ---- changes ---- */

static void relate(double before, double change, double days, double *relative, double *per_day) {
    *relative = before != 0 ? change / before : NAN;
    *per_day = days != 0 ? change / days : NAN;
}

/* The difference of two values that have 4 decimals, to the same decimals. */
static double subtract_published(double after, double before) {
    static const double UNIT = 1e4, LARGE = 1e11;
    if (!(after < LARGE && before < LARGE)) /* NaN too */
        return after - before;
    int64_t x = (int64_t)(after * UNIT + 0.5), y = (int64_t)(before * UNIT + 0.5);
    return (double)(x - y) / UNIT;
}

static pgs_change change_of(double before, double after, bool published, double days) {
    pgs_change out = {.before = before, .after = after};
    out.change = published ? subtract_published(after, before) : after - before;
    relate(before, out.change, days, &out.relative, &out.per_day);
    return out;
}

static pgs_total_change total_of(const char *metric, int64_t before, int64_t after, bool comparable,
                                 double days) {
    pgs_total_change out = {metric, before, after, PGS_TIME_NONE, NAN, NAN};
    if (!comparable || before == PGS_TIME_NONE || after == PGS_TIME_NONE)
        return out;
    out.change = after - before;
    relate((double)before, (double)out.change, days, &out.relative, &out.per_day);
    return out;
}

/* The sum of what was observed; *all: nothing was missing. */
static int64_t sum_of(const pgs_snapshot *snap, pgs_metric metric, bool *all) {
    int64_t sum = PGS_TIME_NONE;
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        double x = snap->metric[metric][p];
        *all &= !isnan(x);
        if (!isnan(x))
            sum = (sum == PGS_TIME_NONE ? 0 : sum) + (int64_t)x;
    }
    return sum;
}

static pgs_total_change sum_change(const pgs_diff *d, const char *name, pgs_metric metric) {
    bool all = true;
    int64_t before = sum_of(d->snapshot[PGS_BEFORE], metric, &all);
    int64_t after = sum_of(d->snapshot[PGS_AFTER], metric, &all);
    return total_of(name, before, after, all, d->days);
}

static pgs_total_change count_change(const pgs_diff *d, const char *name, size_t before,
                                     size_t after) {
    return total_of(name, (int64_t)before, (int64_t)after, true, d->days);
}

static void compare_totals(pgs_diff *d) {
    const pgs_result *x = &d->result[PGS_BEFORE], *y = &d->result[PGS_AFTER];
    d->total[PGS_DIFF_CHUNKS] = sum_change(d, "chunk_count", PGS_CHUNK_COUNT);
    d->total[PGS_DIFF_BYTES] = sum_change(d, "size_bytes", PGS_SIZE_BYTES);
    d->total[PGS_DIFF_PARTITIONS] =
        count_change(d, "partition_count", x->total_partitions, y->total_partitions);
    d->total[PGS_DIFF_HEALTHY] =
        count_change(d, "healthy_count", x->healthy_count, y->healthy_count);
    d->total[PGS_DIFF_WARNING] =
        count_change(d, "warning_count", x->warning_count, y->warning_count);
    d->total[PGS_DIFF_UNBALANCED] =
        count_change(d, "unbalanced_count", x->unbalanced_count, y->unbalanced_count);
    d->total[PGS_DIFF_UNMEASURED] =
        count_change(d, "unmeasured_count", x->unmeasured_count, y->unmeasured_count);
    for (int k = 0; k < PGS_SKEW_KIND_COUNT; k++)
        d->skew[k] = (pgs_skew_change){
            .metric = y->skew[k].metric,
            .status = {x->skew[k].status, y->skew[k].status},
            .value = change_of(x->skew[k].value, y->skew[k].value, true, d->days),
        };
}

/* ---- partitions ---- */

static double value_of(const pgs_snapshot *snap, pgs_metric metric, size_t p) {
    return p == NOBODY ? NAN : snap->metric[metric][p];
}

static pgs_change metric_change(const pgs_diff *d, const pgs_partition_change *part,
                                pgs_metric metric, bool published) {
    return change_of(value_of(d->snapshot[PGS_BEFORE], metric, part->index[PGS_BEFORE]),
                     value_of(d->snapshot[PGS_AFTER], metric, part->index[PGS_AFTER]), published,
                     d->days);
}

static pgs_fate fate_of(const pgs_partition *before, const pgs_partition *after) {
    if (!before || !after)
        return before ? PGS_FATE_WENT : PGS_FATE_CAME;
    return both_named(before, after) && strcmp(before->name, after->name) != 0 ? PGS_FATE_RENAMED
                                                                               : PGS_FATE_KEPT;
}

static void add_partition(pgs_diff *d, size_t before, size_t after) {
    const pgs_snapshot *x = d->snapshot[PGS_BEFORE], *y = d->snapshot[PGS_AFTER];
    const pgs_partition *a = before == NOBODY ? NULL : &x->part[before];
    const pgs_partition *b = after == NOBODY ? NULL : &y->part[after];
    const pgs_partition *newest = b ? b : a;
    assert(newest);
    pgs_partition_change *part = &d->part[d->n_parts++];
    *part = (pgs_partition_change){
        .partition_num = newest->num,
        .partition_name = newest->name ? newest->name
                          : a          ? a->name
                                       : NULL,
        .fate = fate_of(a, b),
        .rewritten = a && b && a->relfilenode != 0 && b->relfilenode != 0 &&
                     a->relfilenode != b->relfilenode,
        .index = {before, after},
        .status = {a ? x->health[before] : PGS_UNMEASURED, b ? y->health[after] : PGS_UNMEASURED},
    };
    part->name_before = part->fate == PGS_FATE_RENAMED ? a->name : NULL;
    part->chunk_count = metric_change(d, part, PGS_CHUNK_COUNT, false);
    part->size_bytes = metric_change(d, part, PGS_SIZE_BYTES, false);
    part->chunk_skew = metric_change(d, part, PGS_CHUNK_SKEW, true);
    part->size_skew = metric_change(d, part, PGS_SIZE_SKEW, true);
    d->n_fate[part->fate]++;
    d->n_rewritten += part->rewritten;
}

static pgs_status compare_partitions(pgs_diff *d, pgs_err *err) {
    matcher m = {.snap = {d->snapshot[PGS_BEFORE], d->snapshot[PGS_AFTER]}};
    size_t n = m.snap[PGS_BEFORE]->head.n_parts, n_after = m.snap[PGS_AFTER]->head.n_parts;
    pgs_status st = match(&m, err);
    d->part = pgs_arena_alloc(d->arena, n + n_after, sizeof *d->part);
    if (st == PGS_OK && !d->part)
        st = pgs_no_memory(err);
    for (size_t p = 0; st == PGS_OK && p < n_after; p++)
        add_partition(d, m.partner[PGS_AFTER][p], p);
    for (size_t p = 0; st == PGS_OK && p < n; p++)
        if (m.partner[PGS_BEFORE][p] == NOBODY)
            add_partition(d, p, NOBODY);
    matcher_reset(&m);
    return st;
}

/* ---- all of it ---- */

static double days_between(int64_t before_us, int64_t after_us) {
    bool known = before_us != PGS_TIME_NONE && after_us != PGS_TIME_NONE;
    return known ? (double)(after_us - before_us) / DAY_US : NAN;
}

pgs_status pgs_diff_make(const pgs_snapshot *before, const pgs_snapshot *after, pgs_diff *out,
                         pgs_err *err) {
    pgs_diff_reset(out);
    pgs_status st = check_series(&before->head, &after->head, err);
    if (st == PGS_OK)
        st = check_order(before->head.taken_us, after->head.taken_us, err);
    if (st != PGS_OK)
        return st;
    out->arena = pgs_arena_new();
    out->snapshot[PGS_BEFORE] = before;
    out->snapshot[PGS_AFTER] = after;
    out->days = days_between(before->head.taken_us, after->head.taken_us);
    st = out->arena ? PGS_OK : pgs_no_memory(err);
    for (int side = 0; st == PGS_OK && side < PGS_SIDE_COUNT; side++)
        st = pgs_analyze(out->snapshot[side], &out->result[side], err);
    if (st == PGS_OK)
        st = compare_partitions(out, err);
    if (st == PGS_OK)
        st = pgs_health_compare(out, err);
    if (st == PGS_OK)
        compare_totals(out);
    else
        pgs_diff_reset(out);
    return st;
}
