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

/* The number of the tiles that say which tiles a time block has, or a removed one would look like
 * values that were never observed. A row for each partition group, 256 of them in a tile; lane 0 is
 * presence, lane 1 + m is metric m; 1 where there is such a tile, else 0. Histories of an
 * earlier step than PGS_CONTENTS_STEP (PRAGMA user_version) lack them. */
#define PGS_CONTENTS_METRIC 0x102u
#define PGS_CONTENTS_STEP   2
#define PGS_CONTENTS_LANES  ((size_t)1 + PGS_METRIC_COUNT)

/* The lane of the contents that is about tiles of that number; SIZE_MAX: none is. */
size_t pgs_contents_lane(unsigned number);

/* The contents that are about a partition group at a time block. */
int64_t pgs_contents_id(size_t group, size_t block);

/* Moments and lanes of the history in `d` into an empty `out`. */
pgs_status pgs_series_load(pgs_database *d, pgs_series *out, pgs_err *err) PGS_CHECK;

/* The columns of table snapshot that hold a pgs_summary beside time and partition_count. */
#define PGS_SUMMARY_COLUMNS 14
extern const char *const pgs_summary_column[PGS_SUMMARY_COLUMNS];

/* Read a block into `buffer` (PGS_BLOCK_MAX_BYTES, 8-byte aligned) and view it as a tile; n_moments
 * is 0 where there never was one. *blob is opened on first use; close it with sqlite3_blob_close().
 * PGS_E_DATA: it is damaged, or was removed. */
pgs_status pgs_block_read(pgs_database *d, sqlite3_blob **blob, int64_t id, void *buffer,
                          pgs_tile *out, pgs_err *err) PGS_CHECK;

/* What the tiles of moments say of one. PGS_E_DATA: they do not, or nothing that can be. */
pgs_status pgs_moment_read(pgs_database *d, sqlite3_blob **blob, size_t moment, void *buffer,
                           pgs_moment *out, pgs_err *err) PGS_CHECK;

/* PGS_E_DATA: which block, and why. */
pgs_status pgs_block_damaged(pgs_database *d, int64_t id, const char *why, pgs_err *err) PGS_CHECK;

#endif
