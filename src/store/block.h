/* A tile as bytes: what a row of table block holds. Internal to store/.
 *
 *     offset 0   version (1), encoding, shift, flags (1: presence bits follow)
 *            4   moments and lanes, 16 bits each
 *            8   the block's id, so that a block in the wrong place is noticed
 *           16   XXH3 of the first 16 bytes and of everything from 24 on
 *           24   presence bits, if any: stride / 8 bytes a moment, padded to 8
 *                width[moments], padded to 8
 *                base[stride], 64 bits each, then the rows' deltas and exceptions
 *
 * All little-endian. pgskew/series.h says what the parts mean. */
#ifndef PGSKEW_STORE_BLOCK_H
#define PGSKEW_STORE_BLOCK_H

#include "base/base.h"
#include "pgskew/series.h"

#define PGS_BLOCK_VERSION 1
/* More than any block needs: header, presence bits, widths, and 256 rows of 8-byte cells. */
#define PGS_BLOCK_MAX_BYTES ((size_t)24 + 8192 + 256 + 256 * 256 * 8)

/* Which block: metric, partition group (lanes g*256..), time block (moments b*256..). */
int64_t pgs_block_id(unsigned metric, size_t group, size_t block);

/* Encode cells[n_moments * PGS_TILE_LANES], NaN: absent. `unit` chooses the encoding. Appends to
 * `out`; nothing where every cell is absent. */
void pgs_block_encode(const double *cells, size_t n_moments, size_t n_lanes, pgs_unit unit,
                      int64_t id, pgs_buf *out);

/* View the `n` bytes at `bytes`, 8-byte aligned, as a tile. NULL, or why they are not the block
 * `id`: "its checksum is wrong". */
const char *pgs_block_view(const void *bytes, size_t n, int64_t id, pgs_tile *out);

#endif
