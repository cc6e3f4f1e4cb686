/* The shape of one moment: build it, free it, find a partition in it. */
#include "pgskew/snapshot.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/base.h"

const char *pgs_health_status_name(pgs_health_status status) {
    static const char *const NAME[PGS_HEALTH_STATUS_COUNT] = {
        [PGS_HEALTHY] = "HEALTHY",
        [PGS_WARNING] = "WARNING",
        [PGS_UNBALANCED] = "UNBALANCED",
        [PGS_CRITICAL] = "CRITICAL",
    };
    return (unsigned)status < PGS_HEALTH_STATUS_COUNT ? NAME[status] : NULL;
}

const char *pgs_skew_status_name(pgs_skew_status status) {
    static const char *const NAME[PGS_SKEW_STATUS_COUNT] = {
        [PGS_SKEW_NORMAL] = "NORMAL",
        [PGS_SKEW_WARNING] = "WARNING",
        [PGS_SKEW_CRITICAL] = "CRITICAL",
    };
    return (unsigned)status < PGS_SKEW_STATUS_COUNT ? NAME[status] : NULL;
}

/* ---- build and free ---- */

void pgs_snapshot_init(pgs_snapshot *snap) {
    *snap = (pgs_snapshot){
        .head.taken_us = PGS_TIME_NONE,
        .in_recovery = -1,
        .stats_reset_us = PGS_TIME_NONE,
        .collect_ms = NAN,
        .distribution_variance = NAN,
        .distribution_status = PGS_SKEW_UNKNOWN,
    };
    for (int m = 0; m < PGS_METRIC_COUNT; m++)
        snap->stray_metric[m] = NAN;
}

void pgs_snapshot_reset(pgs_snapshot *snap) {
    if (!snap)
        return;
    pgs_arena_free(snap->arena);
    pgs_snapshot_init(snap);
}

/* Memory that lives as long as the snapshot; NULL when there is none. */
static void *room(pgs_snapshot *snap, size_t n, size_t size) {
    if (!snap->arena)
        snap->arena = pgs_arena_new();
    return snap->arena ? pgs_arena_alloc(snap->arena, n, size) : NULL;
}

static void fill_nan(double *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
}

pgs_status pgs_snapshot_set_columns(pgs_snapshot *snap, size_t n_parts, uint64_t metrics,
                                    pgs_err *err) {
    if (n_parts > PGS_MAX_PARTITIONS)
        return pgs_fail(err, PGS_E_DATA, "%zu partitions are more than the %zu we take", n_parts,
                        PGS_MAX_PARTITIONS);
    size_t n_columns = 1; /* the first one is shared */
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        n_columns += metrics & PGS_METRIC_BIT(m) ? 1 : 0;
    snap->part = room(snap, n_parts, sizeof *snap->part);
    snap->health = room(snap, n_parts, sizeof *snap->health);
    double *cells = room(snap, n_parts * n_columns, sizeof *cells);
    if (!snap->part || !snap->health || !cells)
        return pgs_no_memory(err);
    fill_nan(cells, n_parts * n_columns);
    size_t column = 1;
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        snap->metric[m] = cells + (metrics & PGS_METRIC_BIT(m) ? column++ : 0) * n_parts;
    for (size_t p = 0; p < n_parts; p++) {
        snap->part[p].num = -1;
        snap->health[p] = PGS_UNMEASURED;
    }
    snap->columns = metrics;
    snap->head.n_parts = n_parts;
    return PGS_OK;
}

pgs_status pgs_snapshot_set_parts(pgs_snapshot *snap, size_t n_parts, pgs_err *err) {
    return pgs_snapshot_set_columns(snap, n_parts, PGS_METRICS_ALL, err);
}

pgs_status pgs_snapshot_set_collections(pgs_snapshot *snap, size_t n_collections, size_t n_stats,
                                        pgs_err *err) {
    snap->collection = room(snap, n_collections, sizeof *snap->collection);
    snap->collection_stat = room(snap, n_stats, sizeof *snap->collection_stat);
    if (!snap->collection || !snap->collection_stat)
        return pgs_no_memory(err);
    for (size_t i = 0; i < n_stats; i++)
        snap->collection_stat[i] = (pgs_collection_stat){
            .partition_num = -1,
            .key_hash = PGS_TIME_NONE,
            .chunk_count = NAN,
            .document_count = NAN,
            .token_sum = NAN,
            .token_chunk_count = NAN,
            .avg_tokens = NAN,
            .size_bytes = NAN,
            .last_created_at = NAN,
        };
    snap->n_collections = n_collections;
    snap->n_collection_stats = n_stats;
    return PGS_OK;
}

pgs_status pgs_snapshot_set_strays(pgs_snapshot *snap, size_t n_strays, pgs_err *err) {
    snap->stray = room(snap, n_strays, sizeof *snap->stray);
    if (!snap->stray)
        return pgs_no_memory(err);
    for (size_t i = 0; i < n_strays; i++)
        snap->stray[i] = (pgs_stray){.chunk_count = NAN, .size_bytes = NAN};
    snap->n_strays = n_strays;
    return PGS_OK;
}

pgs_status pgs_snapshot_text(pgs_snapshot *snap, char **field, const char *text, pgs_err *err) {
    *field = NULL;
    if (!text)
        return PGS_OK;
    if (!snap->arena)
        snap->arena = pgs_arena_new();
    if (!snap->arena || !(*field = pgs_arena_text(snap->arena, text)))
        return pgs_no_memory(err);
    return PGS_OK;
}

pgs_status pgs_snapshot_note(pgs_snapshot *snap, pgs_err *err, const char *fmt, ...) {
    char sentence[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    pgs_buf all = {0};
    pgs_buf_format(&all, "%s%s%s", snap->notes ? snap->notes : "", snap->notes ? "; " : "",
                   sentence);
    pgs_status st = all.failed ? pgs_no_memory(err)
                               : pgs_snapshot_text(snap, &snap->notes, pgs_buf_view(&all), err);
    pgs_buf_reset(&all);
    return st;
}

/* ---- find ---- */

size_t pgs_snapshot_find(const pgs_snapshot *snap, int64_t num) {
    size_t low = 0, high = snap->head.n_parts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (snap->part[middle].num < num)
            low = middle + 1;
        else
            high = middle;
    }
    return low < snap->head.n_parts && snap->part[low].num == num ? low : SIZE_MAX;
}
