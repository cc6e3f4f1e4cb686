/* One metric of a daily frame as stocks without holes: where nobody looked, or a partition was skipped, the
 * last value stands until the next. What is not seen again before the frame ends is gone. */
#include <math.h>
#include <stdlib.h>

#include "model/forecaster.h"

#define MEMORY_WEEKS 13 /* over which arrivals are averaged */

static pgs_status make_room(const pgs_frame *frame, pgs_stock *out, pgs_err *err) {
    size_t n = frame->n_times;
    *out = (pgs_stock){.n_days = n, .n_parts = frame->n_parts, .stride = frame->stride};
    out->usual_days = 1;
    out->arena = pgs_arena_new();
    if (!out->arena)
        return pgs_no_memory(err);
    out->x = pgs_arena_alloc(out->arena, n * frame->stride, sizeof *out->x);
    out->total = pgs_arena_alloc(out->arena, n, sizeof *out->total);
    out->n_live = pgs_arena_alloc(out->arena, n, sizeof *out->n_live);
    out->moved = pgs_arena_alloc(out->arena, n, sizeof *out->moved);
    out->seen = pgs_arena_alloc(out->arena, n, sizeof *out->seen);
    out->born = pgs_arena_alloc(out->arena, frame->n_parts, sizeof *out->born);
    bool enough = out->x && out->total && out->n_live && out->moved && out->seen && out->born;
    return enough ? PGS_OK : pgs_no_memory(err);
}

static bool is_seen(const double *row, size_t n) {
    for (size_t p = 0; p < n; p++)
        if (!isnan(row[p]))
            return true;
    return false;
}

static void fill(const pgs_frame *frame, const double *from, pgs_stock *out) {
    size_t n = out->n_parts;
    for (size_t p = 0; p < n; p++)
        out->born[p] = out->n_days;
    for (size_t t = 0; t < out->n_days; t++) {
        const double *row = from + t * frame->stride;
        double *x = out->x + t * out->stride;
        const double *before = t > 0 ? x - out->stride : row;
        bool seen = is_seen(row, n);
        out->seen[t] = seen ? t : t > 0 ? out->seen[t - 1] : 0;
        for (size_t p = 0; p < n; p++) {
            x[p] = isnan(row[p]) ? before[p] : row[p];
            if (!isnan(row[p]) && out->born[p] == out->n_days)
                out->born[p] = t;
        }
    }
}

/* What is not in the last row that somebody looked at left after it was seen last. */
static void bury(const pgs_frame *frame, const double *from, pgs_stock *out) {
    if (out->n_days == 0)
        return;
    size_t last = out->seen[out->n_days - 1];
    for (size_t p = 0; p < out->n_parts; p++) {
        if (!isnan(from[last * frame->stride + p]))
            continue;
        for (size_t t = out->n_days; t-- > 0 && isnan(from[t * frame->stride + p]);)
            out->x[t * out->stride + p] = NAN;
    }
}

static void add_up(pgs_stock *out) {
    for (size_t t = 0; t < out->n_days; t++) {
        const double *x = pgs_stock_row(out, t), *before = t > 0 ? x - out->stride : x;
        out->moved[t] = t > 0 ? out->moved[t - 1] : 0;
        for (size_t p = 0; p < out->n_parts; p++) {
            if (isnan(x[p]))
                continue;
            out->total[t] += x[p];
            out->n_live[t]++;
            if (!isnan(before[p]))
                out->moved[t] += fabs(x[p] - before[p]);
        }
    }
}

static int by_size(const void *a, const void *b) {
    const size_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The median distance of rows in which somebody looked. */
static pgs_status set_usual(pgs_stock *out, pgs_err *err) {
    size_t n = 0, *gap = pgs_alloc(out->n_days, sizeof *gap);
    if (!gap)
        return pgs_no_memory(err);
    for (size_t t = 1; t < out->n_days; t++)
        if (out->seen[t] == t)
            gap[n++] = t - out->seen[t - 1];
    if (n > 0) {
        qsort(gap, n, sizeof *gap, by_size);
        out->usual_days = gap[n / 2];
    }
    pgs_free(gap);
    return PGS_OK;
}

pgs_status pgs_stock_build(const pgs_frame *frame, pgs_metric metric, pgs_stock *out,
                           pgs_err *err) {
    pgs_status st = make_room(frame, out, err);
    if (st == PGS_OK) {
        fill(frame, frame->metric[metric], out);
        bury(frame, frame->metric[metric], out);
        add_up(out);
        st = set_usual(out, err);
    }
    if (st != PGS_OK)
        pgs_stock_reset(out);
    return st;
}

void pgs_stock_reset(pgs_stock *stock) {
    pgs_arena_free(stock->arena);
    *stock = (pgs_stock){0};
}

double pgs_stock_share(const pgs_stock *k, size_t day, size_t p) {
    double x = pgs_stock_row(k, day)[p];
    if (isnan(x))
        return NAN;
    return k->total[day] > 0 ? x / k->total[day] : 1 / k->n_live[day];
}

bool pgs_stock_is_beyond(const pgs_stock *k, size_t day, size_t p, int tenths) {
    double x = pgs_stock_row(k, day)[p], total = k->total[day];
    return total > 0 && fabs(k->n_live[day] * x - total) * 10 >= tenths * total;
}

/* The mean week of the last quarter, and of what is left of a week the same weekdays of it: what comes on a
 * Sunday says little about Mondays. */
double pgs_stock_arrivals(const pgs_stock *k, size_t day, size_t days) {
    size_t n = day / 7 < MEMORY_WEEKS ? day / 7 : MEMORY_WEEKS, rest = days % 7;
    double moved = 0;
    if (n > 0)
        moved = (k->moved[day] - k->moved[day - 7 * n]) * (double)(days / 7);
    else if (day > 0)
        moved = k->moved[day] / (double)day * (double)days;
    for (size_t i = 1; rest > 0 && i <= n; i++)
        moved += k->moved[day - 7 * i + rest] - k->moved[day - 7 * i];
    moved /= n > 0 ? (double)n : 1;
    return moved > 1 ? moved : 1;
}

size_t pgs_stock_origins(const pgs_stock *k, size_t origin, size_t days, size_t every, size_t max,
                         size_t *out) {
    size_t least = origin / 2 < PGS_ENOUGH_STEPS ? origin / 2 : PGS_ENOUGH_STEPS, n = 0;
    for (size_t back = days; n < max && back <= origin && origin - back >= least; back += every) {
        size_t day = k->seen[origin - back];
        if (day >= least && (n == 0 || day != out[n - 1]))
            out[n++] = day;
    }
    return n;
}
