/* From a snapshot to a verdict: numbers, comparison with a baseline, findings, and the worst of
 * it. */
#include <assert.h>
#include <math.h>

#include "base/base.h"
#include "health/health.h"
#include "pgskew/analyze.h"
#include "stats/stats.h"

#define PAGE_BYTES 8192.0

/* Room for the columns of a comparison, in the diff's order of partitions. */
typedef struct bench {
    double *before, *now, *room;
    bool *changed[3];
} bench;

static void leave(bench *b) {
    pgs_free(b->before);
    pgs_free(b->now);
    pgs_free(b->room);
    for (size_t k = 0; k < PGS_COUNT_OF(b->changed); k++)
        pgs_free(b->changed[k]);
}

static pgs_status enter(bench *b, size_t n, pgs_err *err) {
    *b = (bench){pgs_alloc(n, sizeof *b->before),
                 pgs_alloc(n, sizeof *b->now),
                 pgs_alloc(n, sizeof *b->room),
                 {NULL}};
    bool there = b->before && b->now && b->room;
    for (size_t k = 0; k < PGS_COUNT_OF(b->changed); k++)
        there &= (b->changed[k] = pgs_alloc(n, sizeof(bool))) != NULL;
    return there ? PGS_OK : pgs_no_memory(err);
}

static void fill(const pgs_diff *diff, pgs_side side, pgs_metric metric, double *out) {
    for (size_t i = 0; i < diff->n_parts; i++) {
        size_t p = diff->part[i].index[side];
        out[i] = p == SIZE_MAX ? NAN : diff->snapshot[side]->metric[metric][p];
    }
}

/* Bytes of a row, by both moments; a page's where nobody knows. */
static double row_bytes(const pgs_diff *diff) {
    double rows = 0, bytes = 0;
    for (size_t i = 0; i < diff->n_parts; i++) {
        const pgs_partition_change *part = &diff->part[i];
        bool seen = !isnan(part->chunk_count.before + part->chunk_count.after +
                           part->size_bytes.before + part->size_bytes.after);
        rows += seen ? part->chunk_count.before + part->chunk_count.after : 0;
        bytes += seen ? part->size_bytes.before + part->size_bytes.after : 0;
    }
    return rows > 0 && bytes > rows ? bytes / rows : PAGE_BYTES;
}

/* Against a moment without any row the column is held against an even one. */
static void compare_with_even(const double *now, size_t n, double *room, bool *changed) {
    double least = pgs_noise_floor(now, n, pgs_units_independent(), PGS_CHANGE_ALPHA);
    pgs_noise_skews(now, n, room);
    for (size_t i = 0; i < n; i++)
        changed[i] = room[i] >= least;
}

static void compare_columns(const pgs_diff *diff, bench *b) {
    const struct {
        pgs_metric metric;
        double row;
    } COLUMN[] = {
        {PGS_CHUNK_COUNT, 1}, {PGS_SIZE_BYTES, row_bytes(diff)}, {PGS_CHUNKS_LAST_HOUR, 1}};
    for (size_t k = 0; k < PGS_COUNT_OF(COLUMN); k++) {
        fill(diff, PGS_BEFORE, COLUMN[k].metric, b->before);
        fill(diff, PGS_AFTER, COLUMN[k].metric, b->now);
        if (!pgs_change_beyond_chance(b->before, b->now, diff->n_parts, COLUMN[k].row,
                                      PGS_CHANGE_ALPHA, b->room, b->changed[k]))
            compare_with_even(b->now, diff->n_parts, b->room, b->changed[k]);
    }
}

static pgs_status find_against_baseline(const pgs_snapshot *snap, const pgs_result *result,
                                        const pgs_check_options *options, pgs_check *out,
                                        pgs_err *err) {
    assert(options->baseline);
    pgs_diff diff;
    bench b = {0};
    pgs_diff_init(&diff);
    pgs_snapshot baseline = *options->baseline; /* a fixture may be older than what was accepted */
    if (baseline.head.taken_us > snap->head.taken_us)
        baseline.head.taken_us = snap->head.taken_us;
    pgs_status st = pgs_diff_make(&baseline, snap, &diff, err);
    if (st == PGS_OK)
        st = enter(&b, diff.n_parts, err);
    if (st == PGS_OK) {
        compare_columns(&diff, &b);
        pgs_changed changed = {b.changed[0], b.changed[1], b.changed[2]};
        st = pgs_health_find(snap, result, options, &diff, &changed, out, err);
    }
    leave(&b);
    pgs_diff_reset(&diff);
    return st;
}

pgs_status pgs_check_run(const pgs_snapshot *snap, const pgs_result *result,
                         const pgs_check_options *options, pgs_check *out, pgs_err *err) {
    pgs_check_reset(out);
    out->table = snap->head.table_name;
    out->taken_us = snap->head.taken_us;
    out->now_us = options->now_us;
    out->n_parts = snap->head.n_parts;
    out->compared = options->baseline != NULL;
    out->baseline_us = options->baseline ? options->baseline->head.taken_us : PGS_TIME_NONE;
    out->arena = pgs_arena_new();
    if (!out->arena)
        return pgs_no_memory(err);
    pgs_health_gauge(snap, result, options, out);
    pgs_health_judge(out);
    pgs_status st = out->compared ? find_against_baseline(snap, result, options, out, err)
                                  : pgs_health_find(snap, result, options, NULL, NULL, out, err);
    pgs_health_judge(out);
    return st;
}
