/* Snapshots, one after the other, into a daily frame: what packing them and reading the history
 * would give, without the file. Partitions become lanes as they do there. */
#include <math.h>
#include <string.h>

#include "pgskew/history.h"
#include "store/lanes.h"

struct pgs_framer {
    pgs_lanes lanes;
    uint64_t metrics;
    int64_t last_us;
    size_t n_days, n_moments;
    size_t capacity;                /* lanes of a row */
    double *cell[PGS_METRIC_COUNT]; /* [n_days * capacity] */
    uint8_t *counts;                /* [n_days] */
    bool *there;                    /* [capacity] */
    pgs_buf refiled;                /* of pgs_refiled */
    pgs_buf moments;                /* of pgs_frame_moment */
    char *table;
};

pgs_status pgs_framer_open(int64_t first_us, int64_t last_us, uint64_t metrics, pgs_framer **out,
                           pgs_err *err) {
    pgs_framer *f = pgs_alloc(1, sizeof *f);
    *out = f;
    if (!f)
        return pgs_no_memory(err);
    f->metrics = metrics;
    f->last_us = last_us;
    f->n_days = pgs_frame_day(first_us, last_us) + 1;
    f->counts = pgs_alloc(f->n_days, sizeof *f->counts);
    if (!f->counts) {
        pgs_framer_close(f);
        *out = NULL;
        return pgs_no_memory(err);
    }
    memset(f->counts, PGS_COUNTS_COUNT, f->n_days);
    return PGS_OK;
}

void pgs_framer_close(pgs_framer *f) {
    if (!f)
        return;
    pgs_lanes_reset(&f->lanes);
    for (size_t m = 0; m < PGS_METRIC_COUNT; m++)
        pgs_free(f->cell[m]);
    pgs_free(f->counts);
    pgs_free(f->there);
    pgs_buf_reset(&f->refiled);
    pgs_buf_reset(&f->moments);
    pgs_free(f->table);
    pgs_free(f);
}

/* ---- room ---- */

static pgs_status widen(pgs_framer *f, double **cells, size_t capacity, pgs_err *err) {
    double *more = pgs_alloc(f->n_days * capacity, sizeof *more);
    if (!more)
        return pgs_no_memory(err);
    for (size_t t = 0; t < f->n_days; t++)
        for (size_t p = 0; p < capacity; p++)
            more[t * capacity + p] = p < f->capacity ? (*cells)[t * f->capacity + p] : NAN;
    pgs_free(*cells);
    *cells = more;
    return PGS_OK;
}

static pgs_status reserve(pgs_framer *f, size_t n_lanes, pgs_err *err) {
    size_t capacity = 2 * f->capacity > n_lanes ? 2 * f->capacity : n_lanes;
    pgs_status st = PGS_OK;
    if (n_lanes <= f->capacity)
        return PGS_OK;
    bool *there = pgs_alloc(capacity, sizeof *there);
    if (!there)
        return pgs_no_memory(err);
    pgs_free(f->there);
    f->there = there;
    for (size_t m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++)
        if (f->metrics & PGS_METRIC_BIT(m))
            st = widen(f, &f->cell[m], capacity, err);
    f->capacity = capacity;
    return st;
}

/* ---- adding ---- */

static pgs_status add_part(pgs_framer *f, const pgs_snapshot *snap, size_t p, size_t day,
                           pgs_err *err) {
    size_t lane = f->lanes.of_part[p];
    int64_t before = f->lanes.facts[lane].relfilenode, now = snap->part[p].relfilenode;
    bool changed;
    for (size_t m = 0; m < PGS_METRIC_COUNT; m++)
        if (f->cell[m] && !isnan(snap->metric[m][p]))
            f->cell[m][day * f->capacity + lane] = snap->metric[m][p];
    f->there[lane] = true;
    if (before != 0 && now != 0 && before != now) {
        pgs_refiled one = {day, lane};
        pgs_buf_bytes(&f->refiled, &one, sizeof one);
    }
    return f->refiled.failed
               ? pgs_no_memory(err)
               : pgs_lanes_note(&f->lanes, lane, &snap->part[p], f->n_moments, &changed, err);
}

static pgs_status add_moment(pgs_framer *f, const pgs_snapshot *snap, pgs_err *err) {
    pgs_frame_moment moment = {.taken_us = snap->head.taken_us};
    for (size_t p = 0; p < snap->head.n_parts; p++)
        if (!isnan(snap->metric[PGS_CHUNK_COUNT][p])) {
            moment.chunks += snap->metric[PGS_CHUNK_COUNT][p];
            moment.n_seen++;
        }
    pgs_buf_bytes(&f->moments, &moment, sizeof moment);
    return f->moments.failed ? pgs_no_memory(err) : PGS_OK;
}

pgs_status pgs_framer_add(pgs_framer *f, const pgs_snapshot *snap, pgs_err *err) {
    size_t day = f->n_days - 1 - pgs_frame_day(snap->head.taken_us, f->last_us);
    if (!f->table && !(f->table = pgs_strdup(snap->head.table_name)))
        return pgs_no_memory(err);
    pgs_status st = pgs_lanes_match(&f->lanes, snap, f->n_moments, err);
    if (st == PGS_OK)
        st = reserve(f, f->lanes.n, err);
    if (st != PGS_OK)
        return st;
    for (size_t i = 0; i < f->capacity; i++)
        f->there[i] = false;
    f->counts[day] = (uint8_t)snap->head.counts;
    for (size_t p = 0; st == PGS_OK && p < snap->head.n_parts; p++)
        st = add_part(f, snap, p, day, err);
    f->n_moments++;
    return st == PGS_OK ? add_moment(f, snap, err) : st;
}

/* ---- the frame ---- */

static pgs_status fill(const pgs_framer *f, pgs_frame *out, pgs_err *err) {
    pgs_status st = pgs_frame_set_shape(out, f->table ? f->table : "", f->n_days, f->lanes.n, err);
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++) {
        if (f->metrics & PGS_METRIC_BIT(m))
            st = pgs_frame_add_metric(out, m, err);
        for (size_t t = 0; st == PGS_OK && f->cell[m] && t < f->n_days; t++)
            memcpy(out->metric[m] + t * out->stride, f->cell[m] + t * f->capacity,
                   f->lanes.n * sizeof(double));
    }
    for (size_t t = 0; st == PGS_OK && t < f->n_days; t++) {
        out->taken_us[t] = f->last_us - (int64_t)(f->n_days - 1 - t) * PGS_DAY_US;
        out->counts[t] = f->counts[t];
    }
    for (size_t p = 0; st == PGS_OK && p < f->lanes.n; p++) {
        out->part_num[p] = f->lanes.lane[p].num;
        out->there[p] = f->there[p];
        st = pgs_frame_set_name(out, p, f->lanes.lane[p].name, err);
    }
    if (st == PGS_OK)
        st = pgs_frame_set_moments(out, f->n_moments, err);
    if (st == PGS_OK && f->n_moments > 0)
        memcpy(out->moment, f->moments.data, f->moments.n);
    return st;
}

pgs_status pgs_framer_finish(pgs_framer *f, pgs_frame *out, pgs_err *err) {
    pgs_status st = fill(f, out, err);
    if (st == PGS_OK)
        st = pgs_frame_set_refiled(out, (const pgs_refiled *)(const void *)f->refiled.data,
                                   f->refiled.n / sizeof(pgs_refiled), err);
    if (st == PGS_OK)
        st = pgs_frame_arrange(out, err);
    if (st != PGS_OK)
        pgs_frame_reset(out);
    return st;
}
