/* Snapshot to result: the guide's service methods as functions.
 *
 * Each fills its part of `out`, which must come from pgs_result_init() or an earlier call; the
 * snapshot must outlive it. They fail only without memory (PGS_E_BUG), except where a line says
 * more. On failure the part they fill is empty.
 *
 *     guide                            here
 *     get_partition_health_summary()   pgs_partition_health_summary()
 *     analyze_partition_skew()         pgs_partition_skew_analyze()
 *     check_partition_health()         pgs_partition_health_check()
 *     get_partition_statistics()       pgs_partition_statistics_get()
 *     get_partition_statistics(n)      pgs_partition_statistics_one()
 *     get_rebalancing_recommendations()  pgs_rebalancing_recommend()
 */
#ifndef PGSKEW_ANALYZE_H
#define PGSKEW_ANALYZE_H

#include "pgskew/check.h"
#include "pgskew/diff.h"
#include "pgskew/forecast.h"
#include "pgskew/overview.h"
#include "pgskew/result.h"
#include "pgskew/scan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Compute the derived metrics, statuses and the distribution variance of a freshly observed
 * snapshot, by PostgreSQL's numeric arithmetic. Percentages that the source already gave are
 * kept, everything else is computed. For whoever writes a snapshot; a snapshot that was read
 * from a file has them. */
pgs_status pgs_snapshot_derive(pgs_snapshot *snap, pgs_err *err) PGS_CHECK;

/* Check that the derived values of a snapshot that was read from a file are the ones its counts and
 * sizes give; the percentages of an import, which may know of rows it does not list, excepted.
 * PGS_E_DATA names the first partition and metric that are not. */
pgs_status pgs_snapshot_verify(const pgs_snapshot *snap, pgs_err *err) PGS_CHECK;

/* Health of every partition, by chunk skew descending, then number; the counts per status. */
pgs_status pgs_partition_health_summary(const pgs_snapshot *snap, pgs_result *out,
                                        pgs_err *err) PGS_CHECK;

/* The five skew metrics of the whole table. */
pgs_status pgs_partition_skew_analyze(const pgs_snapshot *snap, pgs_result *out,
                                      pgs_err *err) PGS_CHECK;

/* Health summary, skew metrics, and the alerts that follow. */
pgs_status pgs_partition_health_check(const pgs_snapshot *snap, pgs_result *out,
                                      pgs_err *err) PGS_CHECK;

/* Totals, mean and sample standard deviation over the measured partitions. */
pgs_status pgs_partition_statistics_get(const pgs_snapshot *snap, pgs_result *out,
                                        pgs_err *err) PGS_CHECK;

/* Statistics of one partition; PGS_E_NO_INPUT "Partition 5 not found" where there is none. */
pgs_status pgs_partition_statistics_one(const pgs_snapshot *snap, int64_t partition_num,
                                        pgs_partition_statistics *out, pgs_err *err) PGS_CHECK;

/* Every partition whose published skew factor is at or beyond the rebalancing threshold. */
pgs_status pgs_rebalancing_recommend(const pgs_snapshot *snap, pgs_result *out,
                                     pgs_err *err) PGS_CHECK;

/* Collections over all partitions. Empty where none were observed. */
pgs_status pgs_collections_total(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* What a history keeps of a derived snapshot beside its values, and in *given a bit for each
 * derived percentage that is not what its counts and sizes give: an import's, that knows of rows it
 * does not list. */
pgs_status pgs_summary_of(const pgs_snapshot *snap, pgs_summary *out, uint64_t *given,
                          pgs_err *err) PGS_CHECK;

/* Measures of rows and bytes, signed skews and the noise floor. The design effect is known only
 * where the collections and PGS_COLLECTION_COUNT were read; else it is estimated. */
pgs_status pgs_distribution_measure(const pgs_snapshot *snap, pgs_result *out,
                                    pgs_err *err) PGS_CHECK;

/* From here on leave out of `out` what is noise: a skew below its floor is no finding. After
 * pgs_distribution_measure(), before the functions above. */
void pgs_noise_suppress(const pgs_snapshot *snap, pgs_result *out);

/* Everything but the last two: the guide's answers. */
pgs_status pgs_analyze(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* ---- two moments ---- */

/* What changed from `before` to `after`, derived snapshots that outlive `out`, which is
 * initialised. PGS_E_USAGE: they are known to be of different series (system identifier, database,
 * table), which the message names, or `before` is the later one. */
pgs_status pgs_diff_make(const pgs_snapshot *before, const pgs_snapshot *after, pgs_diff *out,
                         pgs_err *err) PGS_CHECK;

/* What pictures show of a snapshot that was measured, and of the daily frame that ends with it
 * (NULL: there is none). `out` must be initialised; the frame must outlive it. */
pgs_status pgs_overview_make(const pgs_snapshot *snap, const pgs_result *result,
                             const pgs_frame *frame, pgs_overview *out, pgs_err *err) PGS_CHECK;

/* Judge a snapshot. `result` is of it, from pgs_analyze(); with the options' baseline and forecast,
 * both outlive `out`, which must be initialised. The presets are the guide's thresholds; with a
 * baseline, that nothing is new. PGS_E_USAGE: the baseline is of another table; PGS_E_BUG without
 * memory. */
pgs_status pgs_check_run(const pgs_snapshot *snap, const pgs_result *result,
                         const pgs_check_options *options, pgs_check *out, pgs_err *err) PGS_CHECK;

/* ---- whole histories ---- */

typedef struct pgs_scan_options {
    size_t first, end; /* moments [first, end) of the series */
    size_t n_threads;  /* at most the source's n_readers; 0: all of them */
    bool extremes;     /* min and max of each partition, which nothing else needs */
    bool moments;      /* keep a row for each moment */
    void (*step)(void *context, size_t done,
                 size_t total); /* how far the calling thread is; NULL: nobody asks */
    void *context;
} pgs_scan_options;

/* Read every tile of both metrics and fill `out`, initialised. PGS_E_DATA: a tile is damaged, or
 * the tiles do not add up to what the series says. */
pgs_status pgs_scan_run(const pgs_series *series, const pgs_tile_source *source,
                        const pgs_scan_options *options, pgs_scan *out, pgs_err *err) PGS_CHECK;

/* ---- what will be ---- */

/* Fill `out`, initialised, from a daily frame with PGS_CHUNK_COUNT and, where there,
 * PGS_SIZE_BYTES; the frame and the options outlive it. A history that is too short is no failure:
 * notes say so. PGS_E_BUG without memory. */
pgs_status pgs_forecast_run(const pgs_frame *frame, const pgs_forecast_options *options,
                            pgs_forecast *out, pgs_err *err) PGS_CHECK;

/* Fill `out`, initialised: score the methods at origins every 7 days from day 60 of the frame, the
 * last `n_origins` of them; the frame and the options outlive it. PGS_E_BUG without memory. */
pgs_status pgs_backtest_run(const pgs_frame *frame, const pgs_forecast_options *options,
                            pgs_backtest *out, pgs_err *err) PGS_CHECK;

#ifdef __cplusplus
}
#endif
#endif
