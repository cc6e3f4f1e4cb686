/* The derived columns of a snapshot: computed once, by its writer, and computed again by its
 * reader, who believes nobody. Skews are over the measured partitions; percentages also count
 * stray rows in their denominator. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "health/health.h"
#include "pgskew/analyze.h"
#include "stats/stats.h"

static const struct {
    pgs_metric percentage, of;
} PERCENTAGE[] = {
    {PGS_CHUNK_PERCENTAGE, PGS_CHUNK_COUNT},     {PGS_SIZE_PERCENTAGE, PGS_SIZE_BYTES},
    {PGS_HOUR_PERCENTAGE, PGS_CHUNKS_LAST_HOUR}, {PGS_DAY_PERCENTAGE, PGS_CHUNKS_LAST_DAY},
    {PGS_WEEK_PERCENTAGE, PGS_CHUNKS_LAST_WEEK},
};

static bool any_seen(const double *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            return true;
    return false;
}

/* What the percentages of `of` are shares of. */
static int64_t total_of(const pgs_snapshot *snap, pgs_metric of) {
    double stray = snap->stray_metric[of];
    int64_t total = isnan(stray) ? 0 : (int64_t)stray;
    for (size_t p = 0; p < snap->head.n_parts; p++)
        if (!isnan(snap->metric[of][p]))
            total += (int64_t)snap->metric[of][p];
    return total;
}

/* Percentages that came with the source know of rows that we do not see: they stay. */
static void derive_percentages(pgs_snapshot *snap) {
    size_t n = snap->head.n_parts;
    for (size_t k = 0; k < PGS_COUNT_OF(PERCENTAGE); k++) {
        const double *x = snap->metric[PERCENTAGE[k].of];
        double *out = snap->metric[PERCENTAGE[k].percentage];
        if (any_seen(out, n) || !any_seen(x, n))
            continue;
        int64_t total = total_of(snap, PERCENTAGE[k].of);
        for (size_t p = 0; p < n; p++)
            out[p] = pgs_percentage(x[p], total);
    }
}

/* What counts and sizes alone decide. Rows of `column`: chunk skew, size skew, MB, kB. */
typedef struct derived {
    double *column[4];
    pgs_health_status *health;
    double variance;
    pgs_skew_status variance_status;
} derived;

static const pgs_metric DERIVED[] = {PGS_CHUNK_SKEW, PGS_SIZE_SKEW, PGS_TOTAL_SIZE_MB,
                                     PGS_AVG_CHUNK_SIZE_KB};

static pgs_status derive(const pgs_snapshot *snap, derived *out, pgs_err *err) {
    size_t n = snap->head.n_parts;
    const double *chunks = snap->metric[PGS_CHUNK_COUNT], *bytes = snap->metric[PGS_SIZE_BYTES];
    pgs_health_status *by_size = pgs_alloc(n, sizeof *by_size);
    if (!by_size)
        return pgs_no_memory(err);
    pgs_skew_column(chunks, n, out->column[0], out->health);
    pgs_skew_column(bytes, n, out->column[1], by_size);
    for (size_t p = 0; p < n; p++) {
        /* The worse of the two; where only one was observed, that one. */
        if (out->health[p] == PGS_UNMEASURED ||
            (by_size[p] != PGS_UNMEASURED && by_size[p] > out->health[p]))
            out->health[p] = by_size[p];
        out->column[2][p] = pgs_size_mb(bytes[p]);
        out->column[3][p] = pgs_chunk_size_kb(bytes[p], chunks[p]);
    }
    out->variance = pgs_skew_variance(chunks, n, &out->variance_status);
    pgs_free(by_size);
    return PGS_OK;
}

/* The metrics of the whole table, for whoever reads the file without us. */
static void derive_skew(pgs_snapshot *snap) {
    pgs_result result;
    pgs_result_init(&result);
    pgs_health_skew(snap, &result);
    memcpy(snap->skew, result.skew, sizeof snap->skew);
}

pgs_status pgs_snapshot_derive(pgs_snapshot *snap, pgs_err *err) {
    derived out = {.health = snap->health};
    for (size_t k = 0; k < PGS_COUNT_OF(DERIVED); k++)
        out.column[k] = snap->metric[DERIVED[k]];
    pgs_status st = derive(snap, &out, err);
    if (st != PGS_OK)
        return st;
    derive_percentages(snap);
    snap->distribution_variance = out.variance;
    snap->distribution_status = out.variance_status;
    derive_skew(snap);
    return PGS_OK;
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static pgs_status differs(const pgs_snapshot *snap, size_t p, const char *what, pgs_err *err) {
    pgs_status st =
        pgs_fail(err, PGS_E_DATA, "the %s of partition %lld is not what its counts and sizes give",
                 what, (long long)snap->part[p].num);
    pgs_hint(err, "the snapshot was changed after it was written; take it again");
    return st;
}

static pgs_status compare(const pgs_snapshot *snap, const derived *now, pgs_err *err) {
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        for (size_t k = 0; k < PGS_COUNT_OF(DERIVED); k++)
            if (!same(snap->metric[DERIVED[k]][p], now->column[k][p]))
                return differs(snap, p, pgs_metric_get(DERIVED[k])->key, err);
        if (snap->health[p] != now->health[p])
            return differs(snap, p, "health_status", err);
    }
    if (!same(snap->distribution_variance, now->variance) ||
        snap->distribution_status != now->variance_status)
        return pgs_fail(err, PGS_E_DATA,
                        "the distribution variance is not what the snapshot's counts give");
    return PGS_OK;
}

/* Where the stray rows are known, so is every percentage. An import's are taken as exported, and
 * metrics that were not read are not judged. */
static pgs_status compare_percentages(const pgs_snapshot *snap, pgs_err *err) {
    for (size_t k = 0; k < PGS_COUNT_OF(PERCENTAGE); k++) {
        const double *x = snap->metric[PERCENTAGE[k].of];
        const double *percentage = snap->metric[PERCENTAGE[k].percentage];
        if (isnan(snap->stray_metric[PERCENTAGE[k].of]) || !any_seen(x, snap->head.n_parts))
            continue;
        int64_t total = total_of(snap, PERCENTAGE[k].of);
        for (size_t p = 0; p < snap->head.n_parts; p++)
            if (!same(percentage[p], pgs_percentage(x[p], total)))
                return differs(snap, p, pgs_metric_get(PERCENTAGE[k].percentage)->key, err);
    }
    return PGS_OK;
}

static void summarize(const pgs_snapshot *snap, pgs_measure measure, uint64_t *room,
                      pgs_summary *out) {
    static const pgs_metric SKEW[PGS_MEASURE_COUNT] = {PGS_CHUNK_SKEW, PGS_SIZE_SKEW};
    const double *x = snap->metric[pgs_measure_metric(measure)],
                 *skew = snap->metric[SKEW[measure]];
    double max = NAN;
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        if (isnan(x[p]))
            continue;
        out->moment.total[measure] += (int64_t)x[p];
        out->moment.n_seen[measure]++;
        max = isnan(max) || skew[p] > max ? skew[p] : max;
    }
    out->max_skew[measure] = max;
    out->stddev[measure] = pgs_stddev_of(x, snap->head.n_parts);
    out->gini[measure] = pgs_gini(x, snap->head.n_parts, room);
}

/* Whether some percentage is not the one that would be computed again. */
static bool is_given(const pgs_snapshot *snap, pgs_metric percentage, pgs_metric of) {
    int64_t total = total_of(snap, of);
    for (size_t p = 0; p < snap->head.n_parts; p++)
        if (!same(snap->metric[percentage][p], pgs_percentage(snap->metric[of][p], total)))
            return true;
    return false;
}

pgs_status pgs_summary_of(const pgs_snapshot *snap, pgs_summary *out, uint64_t *given,
                          pgs_err *err) {
    uint64_t *room = pgs_alloc(2 * snap->head.n_parts, sizeof *room);
    if (!room)
        return pgs_no_memory(err);
    *out =
        (pgs_summary){.moment = {.taken_us = snap->head.taken_us, .n_parts = snap->head.n_parts}};
    for (pgs_measure k = 0; k < PGS_MEASURE_COUNT; k++)
        summarize(snap, k, room, out);
    for (size_t p = 0; p < snap->head.n_parts; p++)
        out->n_health[snap->health[p]]++;
    *given = 0;
    for (size_t k = 0; k < PGS_COUNT_OF(PERCENTAGE); k++)
        if (is_given(snap, PERCENTAGE[k].percentage, PERCENTAGE[k].of))
            *given |= UINT64_C(1) << PERCENTAGE[k].percentage;
    pgs_free(room);
    return PGS_OK;
}

pgs_status pgs_snapshot_verify(const pgs_snapshot *snap, pgs_err *err) {
    size_t n = snap->head.n_parts;
    double *cells = pgs_alloc(n * PGS_COUNT_OF(DERIVED), sizeof *cells);
    derived now = {.health = pgs_alloc(n, sizeof *now.health)};
    pgs_status st = PGS_OK;
    if (!cells || !now.health)
        st = pgs_no_memory(err);
    for (size_t k = 0; st == PGS_OK && k < PGS_COUNT_OF(DERIVED); k++)
        now.column[k] = cells + k * n;
    if (st == PGS_OK)
        st = derive(snap, &now, err);
    if (st == PGS_OK)
        st = compare(snap, &now, err);
    if (st == PGS_OK)
        st = compare_percentages(snap, err);
    pgs_free(cells);
    pgs_free(now.health);
    return st;
}
