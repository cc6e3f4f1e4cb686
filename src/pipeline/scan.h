/* The scan of one partition group, and what the groups share. Internal to pipeline/. */
#ifndef PGSKEW_PIPELINE_SCAN_H
#define PGSKEW_PIPELINE_SCAN_H

#include "kernel/kernel.h"
#include "pgskew/scan.h"
#include "stats/line.h"

/* What counts as far off: values whose distance from `middle` is at least `reach`; [0] the nearer
 * and [1] the farther pair. An infinite reach never matches. Middles and reaches are halves of
 * whole numbers, and reaches at most 2^51, so that the comparison is exact. */
typedef struct pgs_row_bounds {
    double middle[2], reach[2];
} pgs_row_bounds;

/* What is known of a moment before its values are read. */
typedef struct pgs_scan_day {
    double x;      /* time since the first moment, in steps */
    double weight; /* 1 / total count; 0 where the total is 0 */
    double about;  /* a whole number near the mean count */
    pgs_row_bounds bounds[PGS_MEASURE_COUNT];
} pgs_scan_day;

/* Exact sums over the groups of one thread: any order gives the same. Zeroed: nothing seen. */
typedef struct pgs_scan_sums {
    int64_t total;
    double min, max;
    uint32_t n_seen, beyond[2];
} pgs_scan_sums;

/* Lines of one lane, by chunk_count. */
typedef struct pgs_scan_lines {
    pgs_line count, share;
    double first, last, min, max;
} pgs_scan_lines;

typedef struct pgs_scan_plan {
    const pgs_tile_source *source;
    const pgs_kernels *kernels;
    size_t first, end; /* moments */
    bool extremes;
    const pgs_scan_day *day; /* [end - first] */
} pgs_scan_plan;

#define PGS_SCAN_ROWS 8 /* decoded and measured together */

/* The rows of one tile and where their measures go; days, sums and squares are of its row 0. Rows
 * are in units of the tile: values are these times `unit`, 2^shift. */
typedef struct pgs_scan_rows {
    const pgs_kernels *kernels;
    const pgs_tile *tile;
    size_t n_lanes;
    pgs_measure measure;
    double unit;
    bool whole; /* every cell is there */
    const pgs_scan_day *day;
    pgs_scan_sums *sums;
    double *squares; /* of the distances from `about`; NULL: not wanted */
} pgs_scan_rows;

typedef struct pgs_scan_scratch {
    _Alignas(64) double low[PGS_ROW_LANES];
    double high[PGS_ROW_LANES], seen[PGS_ROW_LANES];
    uint8_t open[PGS_ROW_LANES], lane[PGS_ROW_LANES];
    uint8_t min_lane, max_lane; /* of the row measured last */
} pgs_scan_scratch;

/* Add the rows t .. t + n_rows - 1, at most PGS_SCAN_ROWS, decoded at `rows`. sum[r] is what row t
 * + r of a whole tile adds up to, in units and modulo 2^64. False: a value that cannot be. */
bool pgs_scan_measure_rows(const pgs_scan_rows *all, size_t t, size_t n_rows, const double *rows,
                           const uint64_t *sum, pgs_scan_scratch *scratch);

/* One thread's part: a reader of the source, and room. */
typedef struct pgs_scan_worker {
    const pgs_scan_plan *plan;
    size_t reader;
    pgs_scan_sums *sums[PGS_MEASURE_COUNT]; /* [end - first] */
    struct pgs_scan_room *room;
} pgs_scan_worker;

size_t pgs_scan_room_bytes(void);

/* Scan `n_lanes` lanes of partition group `group` of one measure. For PGS_BY_CHUNKS also
 *   squares  [end - first] sums of squared distances from `about`
 *   lines    [n_lanes] */
pgs_status pgs_scan_group(pgs_scan_worker *worker, pgs_measure measure, size_t group,
                          size_t n_lanes, double *squares, pgs_scan_lines *lines,
                          pgs_err *err) PGS_CHECK;

#endif
