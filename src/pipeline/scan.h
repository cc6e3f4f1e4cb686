/* The scan of one partition group, and what the groups share. Internal to pipeline/. */
#ifndef PGSKEW_PIPELINE_SCAN_H
#define PGSKEW_PIPELINE_SCAN_H

#include "kernel/kernel.h"
#include "pgskew/scan.h"
#include "stats/line.h"

/* What is known of a moment before its values are read. */
typedef struct pgs_scan_day {
    double x;      /* time since the first moment, in steps */
    double weight; /* 1 / total count; 0 where the total is 0 */
    double about;  /* a whole number near the mean count */
    pgs_row_bounds bounds[PGS_MEASURE_COUNT];
} pgs_scan_day;

/* Exact sums over the groups of one thread: any order gives the same. */
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
