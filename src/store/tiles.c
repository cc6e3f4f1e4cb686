/* A time block under construction. Tiles are as they will be packed, but in doubles, and only those
 * that hold a value exist: ten thousand partitions with five metrics take 100 MB, not 500. */
#include "store/tiles.h"

#include <math.h>
#include <string.h>

#include "store/rows.h"

#define TILE_CELLS (PGS_TILE_MOMENTS * PGS_TILE_LANES)

static unsigned number_of(int row) {
    return row == PGS_STATE_TILE    ? PGS_STATE_METRIC
           : row == PGS_MOMENT_TILE ? PGS_MOMENT_METRIC
                                    : (unsigned)row;
}

static pgs_unit unit_of(int row) {
    return row < PGS_METRIC_COUNT ? pgs_metric_get((pgs_metric)row)->unit : PGS_UNIT_ROWS;
}

/* How many lanes of the group a tile has. */
static size_t lanes_of(int row, size_t group, size_t n_lanes) {
    if (row == PGS_MOMENT_TILE)
        return PGS_MOMENT_LANES;
    size_t n = n_lanes - group * PGS_TILE_LANES;
    return n < PGS_TILE_LANES ? n : PGS_TILE_LANES;
}

pgs_status pgs_tiles_reserve(pgs_tiles *tiles, size_t n_lanes, pgs_err *err) {
    size_t n_groups = n_lanes > 0 ? (n_lanes + PGS_TILE_LANES - 1) / PGS_TILE_LANES : 1;
    if (n_groups <= tiles->n_groups)
        return PGS_OK;
    double **cells = pgs_alloc(PGS_TILE_ROWS * n_groups, sizeof(double *));
    if (!cells)
        return pgs_no_memory(err);
    for (size_t m = 0; m < PGS_TILE_ROWS && tiles->n_groups > 0; m++)
        memcpy(cells + m * n_groups, tiles->cells + m * tiles->n_groups,
               tiles->n_groups * sizeof *cells);
    pgs_free(tiles->cells);
    tiles->cells = cells;
    tiles->n_groups = n_groups;
    return PGS_OK;
}

static void forget(double *cells) {
    for (size_t i = 0; i < TILE_CELLS; i++)
        cells[i] = NAN;
}

static double *tile_for(pgs_tiles *tiles, int metric, size_t group) {
    double **cells = &tiles->cells[(size_t)metric * tiles->n_groups + group];
    if (!*cells) {
        *cells = pgs_alloc(TILE_CELLS, sizeof **cells);
        if (*cells)
            forget(*cells);
    }
    return *cells;
}

pgs_status pgs_tiles_put(pgs_tiles *tiles, int metric, size_t t, size_t lane, double x,
                         pgs_err *err) {
    if (isnan(x))
        return PGS_OK;
    double *cells = tile_for(tiles, metric, lane / PGS_TILE_LANES);
    if (!cells)
        return pgs_no_memory(err);
    cells[t * PGS_TILE_LANES + lane % PGS_TILE_LANES] = x;
    return PGS_OK;
}

pgs_status pgs_tiles_load(pgs_tiles *tiles, pgs_database *d, size_t block, size_t n_lanes,
                          pgs_err *err) {
    sqlite3_blob *blob = NULL;
    void *buffer = pgs_alloc(PGS_BLOCK_MAX_BYTES, 1);
    pgs_status st = buffer ? pgs_tiles_reserve(tiles, n_lanes, err) : pgs_no_memory(err);
    for (int m = 0; m < PGS_TILE_ROWS; m++)
        for (size_t g = 0; st == PGS_OK && g < tiles->n_groups; g++) {
            pgs_tile tile;
            st = pgs_block_read(d, &blob, pgs_block_id(number_of(m), g, block), buffer, &tile, err);
            double *cells = st == PGS_OK && tile.n_moments > 0 ? tile_for(tiles, m, g) : NULL;
            if (cells)
                pgs_tile_rows(&tile, cells);
            else if (st == PGS_OK && tile.n_moments > 0)
                st = pgs_no_memory(err);
        }
    sqlite3_blob_close(blob);
    pgs_free(buffer);
    return st;
}

/* bytes->n is 0 where every cell is absent: then there is no such block. */
static pgs_status save_tile(pgs_rows *r, const double *cells, size_t n_moments, size_t n_lanes,
                            pgs_unit unit, int64_t id, pgs_buf *bytes, pgs_err *err) {
    bytes->n = 0;
    pgs_block_encode(cells, n_moments, n_lanes, unit, id, bytes);
    if (bytes->failed)
        return pgs_no_memory(err);
    if (bytes->n == 0)
        return PGS_OK;
    pgs_row_int(r, 0, id, -1);
    pgs_row_blob(r, 1, bytes->data, bytes->n);
    return pgs_rows_add(r, err);
}

/* contents[group * PGS_TILE_LANES + lane]: 1 where there is such a tile. */
static pgs_status save_contents(pgs_rows *r, const double *contents, size_t n_groups, size_t block,
                                pgs_buf *bytes, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t g = 0; st == PGS_OK && g < n_groups; g += PGS_TILE_MOMENTS) {
        size_t n = n_groups - g < PGS_TILE_MOMENTS ? n_groups - g : PGS_TILE_MOMENTS;
        st = save_tile(r, contents + g * PGS_TILE_LANES, n, PGS_CONTENTS_LANES, PGS_UNIT_ROWS,
                       pgs_contents_id(g, block), bytes, err);
    }
    return st;
}

static pgs_status save_tiles(const pgs_tiles *tiles, pgs_rows *r, size_t block, size_t n_moments,
                             size_t n_lanes, double *contents, pgs_buf *bytes, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (int m = 0; m < PGS_TILE_ROWS; m++) {
        size_t lane = pgs_contents_lane(number_of(m));
        for (size_t g = 0; st == PGS_OK && g < tiles->n_groups; g++) {
            const double *cells = tiles->cells[(size_t)m * tiles->n_groups + g];
            if (!cells)
                continue;
            st = save_tile(r, cells, n_moments, lanes_of(m, g, n_lanes), unit_of(m),
                           pgs_block_id(number_of(m), g, block), bytes, err);
            if (lane < PGS_CONTENTS_LANES)
                contents[g * PGS_TILE_LANES + lane] = bytes->n > 0;
        }
    }
    return st == PGS_OK ? save_contents(r, contents, tiles->n_groups, block, bytes, err) : st;
}

pgs_status pgs_tiles_save(const pgs_tiles *tiles, pgs_database *d, size_t block, size_t n_moments,
                          size_t n_lanes, pgs_err *err) {
    static const char *const COLUMN[] = {"id", "data"};
    pgs_buf bytes = {0};
    pgs_rows r = {0};
    double *contents = pgs_alloc(tiles->n_groups * PGS_TILE_LANES, sizeof *contents);
    pgs_status st = contents ? pgs_rows_begin(d, "OR REPLACE", "block", COLUMN, 2, &r, err)
                             : pgs_no_memory(err);
    if (st == PGS_OK)
        st = save_tiles(tiles, &r, block, n_moments, n_lanes, contents, &bytes, err);
    sqlite3_finalize(r.stmt);
    pgs_buf_reset(&bytes);
    pgs_free(contents);
    return st;
}

void pgs_tiles_clear(pgs_tiles *tiles) {
    for (size_t i = 0; i < PGS_TILE_ROWS * tiles->n_groups; i++)
        if (tiles->cells[i])
            forget(tiles->cells[i]);
}

void pgs_tiles_reset(pgs_tiles *tiles) {
    for (size_t i = 0; i < PGS_TILE_ROWS * tiles->n_groups; i++)
        pgs_free(tiles->cells[i]);
    pgs_free(tiles->cells);
    *tiles = (pgs_tiles){0};
}
