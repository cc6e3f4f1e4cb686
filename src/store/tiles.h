/* The tiles of the time block that is being packed. Internal to store/. */
#ifndef PGSKEW_STORE_TILES_H
#define PGSKEW_STORE_TILES_H

#include "pgskew/series.h"
#include "store/history_rows.h"

/* Two more than the metrics: whether a partition was there, and the moments themselves. */
#define PGS_TILE_ROWS   (PGS_METRIC_COUNT + 2)
#define PGS_STATE_TILE  PGS_METRIC_COUNT
#define PGS_MOMENT_TILE (PGS_METRIC_COUNT + 1)

/* cells[metric * n_groups + group] is a tile of NaN and values, or NULL where nothing was observed
 * in this time block. Zeroed: empty. */
typedef struct pgs_tiles {
    double **cells; /* [PGS_TILE_ROWS][n_groups] */
    size_t n_groups;
} pgs_tiles;

/* Make room for `n_lanes` lanes. */
pgs_status pgs_tiles_reserve(pgs_tiles *tiles, size_t n_lanes, pgs_err *err) PGS_CHECK;

/* Set one cell; NaN changes nothing. */
pgs_status pgs_tiles_put(pgs_tiles *tiles, int metric, size_t t, size_t lane, double x,
                         pgs_err *err) PGS_CHECK;

/* Read time block `block` of the history in `d`, which has `n_lanes` lanes. */
pgs_status pgs_tiles_load(pgs_tiles *tiles, pgs_database *d, size_t block, size_t n_lanes,
                          pgs_err *err) PGS_CHECK;

/* Write it: `n_moments` rows of `n_lanes` lanes as time block `block`. */
pgs_status pgs_tiles_save(const pgs_tiles *tiles, pgs_database *d, size_t block, size_t n_moments,
                          size_t n_lanes, pgs_err *err) PGS_CHECK;

/* Forget every value; the memory stays for the next time block. */
void pgs_tiles_clear(pgs_tiles *tiles);
void pgs_tiles_reset(pgs_tiles *tiles);

#endif
