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

pgs_status pgs_analyze(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    pgs_status st = pgs_partition_health_check(snap, out, err);
    if (st == PGS_OK)
        st = pgs_partition_statistics_get(snap, out, err);
    if (st == PGS_OK)
        st = pgs_rebalancing_recommend(snap, out, err);
    return st == PGS_OK ? pgs_collections_total(snap, out, err) : st;
}
