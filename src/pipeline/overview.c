/* What pictures show. A history of thousands of days is cut into columns of equally many days each,
 * and a column is the state of one day, not a mean: so every skew in it is one that was published,
 * by the same arithmetic as everywhere (stats/skew.c). */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "pgskew/analyze.h"
#include "stats/stats.h"

/* ---- the order of the partitions ---- */

typedef struct ranked {
    double key; /* NaN: unknown */
    size_t part;
} ranked;

/* Largest first, unknown last, else as they were. */
static int falling(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (isnan(x->key) || isnan(y->key)) {
        if (isnan(x->key) != isnan(y->key))
            return isnan(x->key) ? 1 : -1;
    } else if (x->key != y->key) {
        return x->key < y->key ? 1 : -1;
    }
    return (x->part > y->part) - (x->part < y->part);
}

static void rank(const double *key, size_t n, bool by_size, ranked *out) {
    for (size_t p = 0; p < n; p++)
        out[p] = (ranked){by_size ? fabs(key[p]) : key[p], p};
    qsort(out, n, sizeof *out, falling);
}

static pgs_status order_parts(const pgs_snapshot *snap, const pgs_result *result, pgs_overview *out,
                              pgs_err *err) {
    size_t n = snap->head.n_parts;
    ranked *order = pgs_alloc(n, sizeof *order);
    out->by_skew = pgs_arena_alloc(out->arena, n, sizeof *out->by_skew);
    if (!order || !out->by_skew) {
        pgs_free(order);
        return pgs_no_memory(err);
    }
    const pgs_noise *noise = &result->noise;
    out->n_parts = n;
    rank(result->signed_skew, n, false, order);
    for (size_t i = 0; i < n; i++) {
        out->by_skew[i] = order[i].part;
        out->n_seen += isnan(order[i].key) ? 0 : 1;
        out->n_above[PGS_BY_CHUNKS] += isnan(noise->chunk_floor) ? 0 : noise->chunk_above[i];
        out->n_above[PGS_BY_SIZE] += isnan(noise->size_floor) ? 0 : noise->size_above[i];
    }
    pgs_free(order);
    return PGS_OK;
}

/* ---- columns ---- */

typedef struct picture {
    const pgs_frame *frame;
    pgs_overview *out;
    size_t *day;               /* [n_columns] the frame's row that a column shows */
    size_t *first, *last;      /* [n_parts] days between which a partition was there */
    double *skew, *signed_now; /* [n_parts] */
    pgs_health_status *status; /* [n_parts] */
    ranked *order;             /* [n_parts] */
} picture;

static const double *day_of(const picture *p, pgs_metric metric, size_t t) {
    return p->frame->metric[metric] + t * p->frame->stride;
}

static bool is_empty(const picture *p, size_t t) {
    const double *chunks = day_of(p, PGS_CHUNK_COUNT, t);
    for (size_t i = 0; i < p->frame->n_parts; i++)
        if (!isnan(chunks[i]))
            return false;
    return true;
}

/* The last day of each column on which something was observed; columns without one are left out. */
static void choose_days(picture *p) {
    size_t n = p->frame->n_times, step = (n + PGS_HEAT_MAX_COLUMNS - 1) / PGS_HEAT_MAX_COLUMNS;
    size_t n_columns = 0, past = n % step;
    p->out->days_per_column = step;
    for (size_t end = past > 0 ? past : step; end <= n; end += step) {
        size_t begin = end < step ? 0 : end - step, t = end;
        while (t > begin && is_empty(p, t - 1))
            t--;
        if (t > begin)
            p->day[n_columns++] = t - 1;
    }
    p->out->n_columns = n_columns;
}

static void find_lives(picture *p) {
    size_t n = p->frame->n_parts;
    for (size_t i = 0; i < n; i++)
        p->first[i] = SIZE_MAX;
    for (size_t t = 0; t < p->frame->n_times; t++) {
        const double *chunks = day_of(p, PGS_CHUNK_COUNT, t);
        for (size_t i = 0; i < n; i++) {
            if (isnan(chunks[i]))
                continue;
            p->first[i] = p->first[i] == SIZE_MAX ? t : p->first[i];
            p->last[i] = t;
        }
    }
}

static double total_of(const picture *p, const double *x, size_t t) {
    double total = 0;
    for (size_t i = 0; i < p->frame->n_parts; i++) {
        bool was_there = p->first[i] != SIZE_MAX && p->first[i] <= t && t <= p->last[i];
        if (was_there && isnan(x[i]))
            return NAN;
        total += isnan(x[i]) ? 0 : x[i];
    }
    return total;
}

static pgs_status fill_totals(picture *p, pgs_err *err) {
    pgs_overview *out = p->out;
    out->taken_us = pgs_arena_alloc(out->arena, out->n_columns, sizeof *out->taken_us);
    if (!out->taken_us)
        return pgs_no_memory(err);
    for (size_t c = 0; c < out->n_columns; c++)
        out->taken_us[c] = p->frame->taken_us[p->day[c]];
    for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
        pgs_metric metric = pgs_measure_metric((pgs_measure)k);
        out->total[k] = pgs_arena_alloc(out->arena, out->n_columns, sizeof *out->total[k]);
        if (!out->total[k])
            return pgs_no_memory(err);
        for (size_t c = 0; c < out->n_columns; c++)
            out->total[k][c] = p->frame->metric[metric]
                                   ? total_of(p, day_of(p, metric, p->day[c]), p->day[c])
                                   : NAN;
    }
    return PGS_OK;
}

/* ---- the heat map ---- */

static void skews_of_column(picture *p, size_t c) {
    const double *chunks = day_of(p, PGS_CHUNK_COUNT, p->day[c]);
    pgs_skew_column(chunks, p->frame->n_parts, p->skew, p->status);
    pgs_signed_skew(chunks, p->skew, p->frame->n_parts, p->signed_now);
}

/* The most skewed partitions of the last column, then those in the order of their skew. */
static void choose_rows(picture *p) {
    size_t n = p->frame->n_parts, n_rows = n < PGS_HEAT_MAX_ROWS ? n : PGS_HEAT_MAX_ROWS;
    skews_of_column(p, p->out->n_columns - 1);
    rank(p->signed_now, n, true, p->order);
    for (size_t i = 0; i < n_rows; i++)
        p->order[i].key = p->signed_now[p->order[i].part];
    qsort(p->order, n_rows, sizeof *p->order, falling);
    p->out->n_rows = n_rows;
    p->out->n_left_out = n - n_rows;
}

static pgs_status fill_rows(picture *p, pgs_err *err) {
    pgs_overview *out = p->out;
    size_t n_cells = out->n_rows * out->n_columns;
    double *skews = pgs_arena_alloc(out->arena, n_cells, sizeof *skews);
    double *counts = pgs_arena_alloc(out->arena, n_cells, sizeof *counts);
    out->row = pgs_arena_alloc(out->arena, out->n_rows, sizeof *out->row);
    if (!skews || !counts || !out->row)
        return pgs_no_memory(err);
    for (size_t r = 0; r < out->n_rows; r++) {
        size_t part = p->order[r].part;
        out->row[r] = (pgs_heat_row){p->frame->part_num[part], p->frame->part[part],
                                     skews + r * out->n_columns, counts + r * out->n_columns};
    }
    for (size_t c = 0; c < out->n_columns; c++) {
        const double *chunks = day_of(p, PGS_CHUNK_COUNT, p->day[c]);
        skews_of_column(p, c);
        for (size_t r = 0; r < out->n_rows; r++) {
            skews[r * out->n_columns + c] = p->signed_now[p->order[r].part];
            counts[r * out->n_columns + c] = chunks[p->order[r].part];
        }
    }
    return PGS_OK;
}

static pgs_status paint(picture *p, pgs_err *err) {
    choose_days(p);
    if (p->out->n_columns == 0)
        return PGS_OK;
    find_lives(p);
    pgs_status st = fill_totals(p, err);
    if (st != PGS_OK)
        return st;
    choose_rows(p);
    return fill_rows(p, err);
}

static pgs_status draw(const pgs_frame *frame, pgs_overview *out, pgs_err *err) {
    size_t n = frame->n_parts;
    picture p = {
        .frame = frame,
        .out = out,
        .day = pgs_alloc(PGS_HEAT_MAX_COLUMNS, sizeof *p.day),
        .first = pgs_alloc(n, sizeof *p.first),
        .last = pgs_alloc(n, sizeof *p.last),
        .skew = pgs_alloc(n, sizeof *p.skew),
        .signed_now = pgs_alloc(n, sizeof *p.signed_now),
        .status = pgs_alloc(n, sizeof *p.status),
        .order = pgs_alloc(n, sizeof *p.order),
    };
    bool there = p.day && p.first && p.last && p.skew && p.signed_now && p.status && p.order;
    pgs_status st = there ? paint(&p, err) : pgs_no_memory(err);
    void *room[] = {p.day, p.first, p.last, p.skew, p.signed_now, p.status, p.order};
    for (size_t i = 0; i < PGS_COUNT_OF(room); i++)
        pgs_free(room[i]);
    return st;
}

pgs_status pgs_overview_make(const pgs_snapshot *snap, const pgs_result *result,
                             const pgs_frame *frame, pgs_overview *out, pgs_err *err) {
    bool has_history = frame && frame->n_times > 1 && frame->metric[PGS_CHUNK_COUNT];
    out->arena = pgs_arena_new();
    pgs_status st = out->arena ? order_parts(snap, result, out, err) : pgs_no_memory(err);
    if (st == PGS_OK && has_history)
        st = draw(frame, out, err);
    if (st != PGS_OK)
        pgs_overview_reset(out);
    return st;
}
