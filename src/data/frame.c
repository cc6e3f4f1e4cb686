/* The shape of a history in memory. */
#include "pgskew/frame.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define LANES ((size_t)8) /* rows start on a cache line */

void pgs_frame_init(pgs_frame *frame) {
    *frame = (pgs_frame){0};
}

void pgs_frame_reset(pgs_frame *frame) {
    if (!frame)
        return;
    pgs_arena_free(frame->arena);
    pgs_frame_init(frame);
}

static bool fill_shape(pgs_frame *frame, const char *table) {
    frame->arena = pgs_arena_new();
    if (!frame->arena)
        return false;
    frame->table = pgs_arena_text(frame->arena, table);
    frame->taken_us = pgs_arena_alloc(frame->arena, frame->n_times, sizeof(int64_t));
    frame->part = pgs_arena_alloc(frame->arena, frame->n_parts, sizeof(char *));
    frame->part_num = pgs_arena_alloc(frame->arena, frame->n_parts, sizeof(int64_t));
    frame->counts = pgs_arena_alloc(frame->arena, frame->n_times, sizeof *frame->counts);
    frame->there = pgs_arena_alloc(frame->arena, frame->n_parts, sizeof *frame->there);
    if (!frame->table || !frame->taken_us || !frame->part || !frame->part_num || !frame->counts ||
        !frame->there)
        return false;
    memset(frame->counts, PGS_COUNTS_COUNT, frame->n_times);
    for (size_t p = 0; p < frame->n_parts; p++)
        frame->part_num[p] = (int64_t)p;
    return true;
}

pgs_status pgs_frame_set_shape(pgs_frame *frame, const char *table, size_t n_times, size_t n_parts,
                               pgs_err *err) {
    assert(!frame->arena);
    if (n_parts > PGS_MAX_PARTITIONS)
        return pgs_fail(err, PGS_E_DATA, "table \"%s\" has %zu partitions, at most %zu are allowed",
                        table, n_parts, PGS_MAX_PARTITIONS);
    frame->n_times = n_times;
    frame->n_parts = n_parts;
    frame->stride = (n_parts + LANES - 1) / LANES * LANES;
    if (fill_shape(frame, table))
        return PGS_OK;
    pgs_frame_reset(frame);
    return pgs_no_memory(err);
}

pgs_status pgs_frame_add_metric(pgs_frame *frame, pgs_metric metric, pgs_err *err) {
    if (frame->metric[metric])
        return PGS_OK;
    size_t n = frame->n_times * frame->stride;
    double *cells = pgs_arena_alloc(frame->arena, n, sizeof *cells);
    if (!cells)
        return pgs_no_memory(err);
    for (size_t i = 0; i < n; i++)
        cells[i] = NAN;
    frame->metric[metric] = cells;
    return PGS_OK;
}

pgs_status pgs_frame_set_name(pgs_frame *frame, size_t p, const char *name, pgs_err *err) {
    if (!name)
        return PGS_OK;
    frame->part[p] = pgs_arena_text(frame->arena, name);
    return frame->part[p] ? PGS_OK : pgs_no_memory(err);
}

static int by_row_and_part(const void *a, const void *b) {
    const pgs_refiled *x = a, *y = b;
    int order = (x->t > y->t) - (x->t < y->t);
    return order != 0 ? order : (x->p > y->p) - (x->p < y->p);
}

pgs_status pgs_frame_set_refiled(pgs_frame *frame, const pgs_refiled *refiled, size_t n,
                                 pgs_err *err) {
    frame->refiled = pgs_arena_alloc(frame->arena, n, sizeof *refiled);
    if (!frame->refiled)
        return pgs_no_memory(err);
    frame->n_refiled = n;
    if (n > 0) {
        memcpy(frame->refiled, refiled, n * sizeof *refiled);
        qsort(frame->refiled, n, sizeof *refiled, by_row_and_part);
    }
    return PGS_OK;
}

pgs_status pgs_frame_set_astray(pgs_frame *frame, const pgs_frame_astray *astray, size_t n,
                                pgs_err *err) {
    frame->astray = pgs_arena_alloc(frame->arena, n, sizeof *astray);
    frame->n_astray = frame->astray ? n : 0;
    if (frame->n_astray > 0)
        memcpy(frame->astray, astray, n * sizeof *astray);
    return frame->astray ? PGS_OK : pgs_no_memory(err);
}

pgs_status pgs_frame_set_moments(pgs_frame *frame, size_t n, pgs_err *err) {
    frame->moment = pgs_arena_alloc(frame->arena, n, sizeof *frame->moment);
    frame->n_moments = frame->moment ? n : 0;
    return frame->moment ? PGS_OK : pgs_no_memory(err);
}

/* ---- arranging ---- */

typedef struct lane {
    int64_t num;
    char *name;
    bool there;
    size_t from; /* where it was */
} lane;

static int by_number_and_name(const void *a, const void *b) {
    const lane *x = a, *y = b;
    int order = (x->num > y->num) - (x->num < y->num);
    if (order == 0)
        order = strcmp(x->name ? x->name : "", y->name ? y->name : "");
    return order != 0 ? order : (x->from > y->from) - (x->from < y->from);
}

static bool is_observed(const pgs_frame *frame, size_t p, size_t before) {
    for (size_t m = 0; m < PGS_METRIC_COUNT; m++)
        for (size_t t = 0; frame->metric[m] && t < before; t++)
            if (!isnan(frame->metric[m][t * frame->stride + p]))
                return true;
    return false;
}

/* The lanes that stay, in their order; returns how many. */
static size_t choose(const pgs_frame *frame, lane *out) {
    size_t n = 0;
    for (size_t p = 0; p < frame->n_parts; p++)
        if (frame->there[p] || is_observed(frame, p, frame->n_times))
            out[n++] = (lane){frame->part_num[p], frame->part[p], frame->there[p], p};
    qsort(out, n, sizeof *out, by_number_and_name);
    return n;
}

static void move_cells(const pgs_frame *frame, const lane *to, size_t n, double *row) {
    for (size_t m = 0; m < PGS_METRIC_COUNT; m++)
        for (size_t t = 0; frame->metric[m] && t < frame->n_times; t++) {
            double *cell = frame->metric[m] + t * frame->stride;
            for (size_t p = 0; p < frame->n_parts; p++)
                row[p] = p < n ? cell[to[p].from] : NAN;
            memcpy(cell, row, frame->n_parts * sizeof *row);
        }
}

/* What was not seen before a row cannot have changed there. The cells are still where they were. */
static void move_refiled(pgs_frame *frame, const lane *to, size_t n, size_t *place) {
    size_t kept = 0;
    for (size_t p = 0; p < n; p++)
        place[to[p].from] = p;
    for (size_t i = 0; i < frame->n_refiled; i++) {
        pgs_refiled r = frame->refiled[i];
        if (is_observed(frame, r.p, r.t))
            frame->refiled[kept++] = (pgs_refiled){r.t, place[r.p]};
    }
    frame->n_refiled = kept;
    if (kept > 0)
        qsort(frame->refiled, kept, sizeof *frame->refiled, by_row_and_part);
}

pgs_status pgs_frame_arrange(pgs_frame *frame, pgs_err *err) {
    lane *to = pgs_alloc(frame->n_parts, sizeof *to);
    double *row = pgs_alloc(frame->n_parts, sizeof *row);
    size_t *place = pgs_alloc(frame->n_parts, sizeof *place);
    pgs_status st = to && row && place ? PGS_OK : pgs_no_memory(err);
    if (st == PGS_OK) {
        size_t n = choose(frame, to);
        move_refiled(frame, to, n, place);
        move_cells(frame, to, n, row);
        for (size_t p = 0; p < n; p++) {
            frame->part_num[p] = to[p].num;
            frame->part[p] = to[p].name;
            frame->there[p] = to[p].there;
        }
        frame->n_parts = n;
    }
    pgs_free(to);
    pgs_free(row);
    pgs_free(place);
    return st;
}

size_t pgs_frame_day(int64_t taken_us, int64_t last_us) {
    assert(taken_us <= last_us);
    return (size_t)((last_us - taken_us) / PGS_DAY_US);
}
