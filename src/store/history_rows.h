/* What reader and packer of a history both know about its tables. Internal to store/. */
#ifndef PGSKEW_STORE_HISTORY_ROWS_H
#define PGSKEW_STORE_HISTORY_ROWS_H

#include "pgskew/series.h"
#include "store/block.h"
#include "store/database.h"

/* The number of the tiles of presence. */
#define PGS_STATE_METRIC   ((unsigned)PGS_PRESENCE)
#define PGS_STATE_MEASURED 1.0
#define PGS_STATE_MISSED   2.0

/* The number of the tiles whose lanes are a pgs_moment: one group, a row for each moment. */
#define PGS_MOMENT_METRIC 0x101u
enum {
    PGS_AT_TAKEN,
    PGS_AT_PARTS,
    PGS_AT_TOTAL, /* the low 32 bits; a total may be larger than what a cell holds exactly */
    PGS_AT_TOTAL_HIGH = PGS_AT_TOTAL + PGS_MEASURE_COUNT,
    PGS_AT_SEEN = PGS_AT_TOTAL_HIGH + PGS_MEASURE_COUNT,
    PGS_MOMENT_LANES = PGS_AT_SEEN + PGS_MEASURE_COUNT
};

/* Why a tile cannot be one of those, or NULL. */
const char *pgs_moment_misfit(const pgs_tile *tile);

/* Moments and lanes of the history in `d` into an empty `out`. */
pgs_status pgs_series_load(pgs_database *d, pgs_series *out, pgs_err *err) PGS_CHECK;

/* The columns of table snapshot that hold a pgs_summary beside time and partition_count. */
#define PGS_SUMMARY_COLUMNS 14
extern const char *const pgs_summary_column[PGS_SUMMARY_COLUMNS];

/* Read a block into `buffer` (PGS_BLOCK_MAX_BYTES, 8-byte aligned) and view it as a tile; n_moments
 * is 0 where there is none. *blob is opened on first use; close it with sqlite3_blob_close(). */
pgs_status pgs_block_read(pgs_database *d, sqlite3_blob **blob, int64_t id, void *buffer,
                          pgs_tile *out, pgs_err *err) PGS_CHECK;

/* PGS_E_DATA: which block, and why. */
pgs_status pgs_block_damaged(pgs_database *d, int64_t id, const char *why, pgs_err *err) PGS_CHECK;

#endif
