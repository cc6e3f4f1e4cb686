/* The shape of a history in memory. */
#include "pgskew/frame.h"

#include <assert.h>
#include <math.h>

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
    if (!frame->table || !frame->taken_us || !frame->part || !frame->part_num)
        return false;
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

size_t pgs_frame_day(int64_t taken_us, int64_t last_us) {
    assert(taken_us <= last_us);
    return (size_t)((last_us - taken_us) / PGS_DAY_US);
}
