/* The recipe: measures, then rules. Each public function is one step of it. */
#include "pgskew/analyze.h"

#include <math.h>

#include "base/base.h"
#include "health/health.h"
#include "stats/stats.h"

static pgs_status begin(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    out->taken_us = snap->head.taken_us;
    if (!out->arena)
        out->arena = pgs_arena_new();
    return out->arena ? PGS_OK : pgs_no_memory(err);
}

pgs_status pgs_partition_health_summary(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = begin(snap, out, err);
    return st == PGS_OK ? pgs_health_rank(snap, out, err) : st;
}

pgs_status pgs_partition_skew_analyze(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = begin(snap, out, err);
    if (st == PGS_OK)
        pgs_health_skew(snap, out);
    return st;
}

pgs_status pgs_partition_health_check(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = pgs_partition_health_summary(snap, out, err);
    if (st == PGS_OK)
        st = pgs_partition_skew_analyze(snap, out, err);
    return st == PGS_OK ? pgs_health_alert(snap, out, err) : st;
}

pgs_status pgs_partition_statistics_get(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = begin(snap, out, err);
    if (st == PGS_OK)
        pgs_statistics_of(snap, &out->statistics);
    return st;
}

pgs_status pgs_partition_statistics_one(const pgs_snapshot *snap, int64_t partition_num,
                                        pgs_partition_statistics *out, pgs_err *err) {
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        if (snap->part[p].num != partition_num)
            continue;
        *out = (pgs_partition_statistics){
            .partition_num = partition_num,
            .chunk_count = snap->metric[PGS_CHUNK_COUNT][p],
            .total_size_mb = snap->metric[PGS_TOTAL_SIZE_MB][p],
            .avg_chunk_size_kb = snap->metric[PGS_AVG_CHUNK_SIZE_KB][p],
            .created_at = snap->metric[PGS_LAST_CREATED_AT][p],
        };
        return PGS_OK;
    }
    pgs_status st =
        pgs_fail(err, PGS_E_NO_INPUT, "Partition %lld not found", (long long)partition_num);
    if (snap->head.n_parts > 0)
        pgs_hint(err, "the snapshot has partitions %lld to %lld", (long long)snap->part[0].num,
                 (long long)snap->part[snap->head.n_parts - 1].num);
    return st;
}

pgs_status pgs_rebalancing_recommend(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = begin(snap, out, err);
    return st == PGS_OK ? pgs_health_recommend(snap, out, err) : st;
}

pgs_status pgs_collections_total(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = begin(snap, out, err);
    if (st != PGS_OK)
        return st;
    out->n_collections = 0; /* of an earlier call */
    out->collection = pgs_arena_alloc(out->arena, snap->n_collections, sizeof *out->collection);
    if (!out->collection)
        return pgs_no_memory(err);
    pgs_collection_totals(snap, out->collection);
    out->n_collections = snap->n_collections;
    return PGS_OK;
}

/* ---- measures and the noise floor ---- */

/* Room that measuring needs for a while. */
typedef struct workshop {
    double *sort, *skew;
    pgs_health_status *status;
} workshop;

static void leave_workshop(workshop *w) {
    pgs_free(w->sort);
    pgs_free(w->skew);
    pgs_free(w->status);
}

static pgs_status enter_workshop(const pgs_snapshot *snap, workshop *w, pgs_err *err) {
    size_t n = snap->head.n_parts, n_sort = n > snap->n_collections ? n : snap->n_collections;
    *w = (workshop){pgs_alloc(n_sort, sizeof *w->sort), pgs_alloc(n, sizeof *w->skew),
                    pgs_alloc(n, sizeof *w->status)};
    if (w->sort && w->skew && w->status)
        return PGS_OK;
    leave_workshop(w);
    return pgs_no_memory(err);
}

static pgs_status results_room(size_t n, pgs_result *out, pgs_err *err) {
    out->signed_skew = pgs_arena_alloc(out->arena, n, sizeof *out->signed_skew);
    out->noise.chunk_above = pgs_arena_alloc(out->arena, n, sizeof *out->noise.chunk_above);
    out->noise.size_above = pgs_arena_alloc(out->arena, n, sizeof *out->noise.size_above);
    out->noise.status = pgs_arena_alloc(out->arena, n, sizeof *out->noise.status);
    bool there = out->signed_skew && out->noise.chunk_above && out->noise.size_above;
    return there && out->noise.status ? PGS_OK : pgs_no_memory(err);
}

static void mark_above(const double *x, size_t n, double least, workshop *w, bool *above) {
    pgs_noise_skews(x, n, w->skew);
    for (size_t p = 0; p < n; p++)
        above[p] = isnan(least) ? w->skew[p] > 0 : w->skew[p] >= least; /* NaN never is */
}

/* Floors of both columns. Bytes move with their rows, so their units are at least those. */
static void find_floors(const pgs_snapshot *snap, workshop *w, pgs_noise *out) {
    size_t n = snap->head.n_parts;
    const double *chunks = snap->metric[PGS_CHUNK_COUNT], *bytes = snap->metric[PGS_SIZE_BYTES];
    pgs_units rows = pgs_units_of_collections(snap, out->alpha, w->sort);
    if (rows.design == PGS_DESIGN_UNKNOWN)
        rows = pgs_units_of_spread(chunks, n, pgs_units_independent(), out->alpha, w->sort);
    double row_bytes = pgs_moments_of(bytes, n).mean / pgs_moments_of(chunks, n).mean;
    pgs_units stored =
        pgs_units_of_spread(bytes, n, pgs_units_scaled(rows, row_bytes), out->alpha, w->sort);
    out->design = rows.design;
    out->design_effect = rows.effect;
    out->chunk_floor = pgs_noise_floor(chunks, n, rows, out->alpha);
    out->size_floor = pgs_noise_floor(bytes, n, stored, out->alpha);
    mark_above(chunks, n, out->chunk_floor, w, out->chunk_above);
    mark_above(bytes, n, out->size_floor, w, out->size_above);
    pgs_units_mark_causes(snap, rows.cause, out->chunk_above);
    pgs_units_mark_causes(snap, rows.cause, out->size_above);
}

/* The worse status of the two columns, as pgs_snapshot_derive() has it, of what is above. */
static void judge_above(const pgs_snapshot *snap, workshop *w, pgs_noise *out) {
    const struct {
        const double *x;
        const bool *above;
    } COLUMN[] = {{snap->metric[PGS_CHUNK_COUNT], out->chunk_above},
                  {snap->metric[PGS_SIZE_BYTES], out->size_above}};
    size_t n = snap->head.n_parts;
    for (size_t p = 0; p < n; p++)
        out->status[p] = PGS_UNMEASURED;
    for (size_t k = 0; k < PGS_COUNT_OF(COLUMN); k++) {
        pgs_skew_column(COLUMN[k].x, n, w->skew, w->status);
        for (size_t p = 0; p < n; p++) {
            pgs_health_status status = w->status[p];
            if (status != PGS_UNMEASURED && !COLUMN[k].above[p])
                status = PGS_HEALTHY;
            if (out->status[p] == PGS_UNMEASURED ||
                (status != PGS_UNMEASURED && status > out->status[p]))
                out->status[p] = status;
        }
    }
}

pgs_status pgs_distribution_measure(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    size_t n = snap->head.n_parts;
    const double *chunks = snap->metric[PGS_CHUNK_COUNT], *bytes = snap->metric[PGS_SIZE_BYTES];
    workshop w;
    pgs_status st = begin(snap, out, err);
    if (st == PGS_OK)
        st = enter_workshop(snap, &w, err);
    if (st != PGS_OK)
        return st;
    st = results_room(n, out, err);
    if (st == PGS_OK) {
        out->measures[PGS_MEASURED_CHUNKS] = pgs_measures_of(chunks, n, true, w.sort);
        out->measures[PGS_MEASURED_SIZES] = pgs_measures_of(bytes, n, false, w.sort);
        pgs_signed_skew(chunks, snap->metric[PGS_CHUNK_SKEW], n, out->signed_skew);
        out->noise.alpha = PGS_NOISE_ALPHA;
        find_floors(snap, &w, &out->noise);
        judge_above(snap, &w, &out->noise);
    } else {
        out->signed_skew = NULL;
    }
    leave_workshop(&w);
    return st;
}

void pgs_noise_suppress(const pgs_snapshot *snap, pgs_result *out) {
    out->noise.suppressing = !isnan(out->noise.alpha);
    out->noise.suppressed = 0;
    for (size_t p = 0; out->noise.suppressing && p < snap->head.n_parts; p++)
        out->noise.suppressed += out->noise.status[p] != snap->health[p];
}

pgs_status pgs_analyze(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = pgs_partition_health_check(snap, out, err);
    if (st == PGS_OK)
        st = pgs_partition_statistics_get(snap, out, err);
    if (st == PGS_OK)
        st = pgs_rebalancing_recommend(snap, out, err);
    return st == PGS_OK ? pgs_collections_total(snap, out, err) : st;
}
