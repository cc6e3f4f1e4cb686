/* A snapshot as rows of the tables of schemas/snapshot_001.sql, under the snapshot_id `id`.
 * Internal to store/. */
#ifndef PGSKEW_STORE_SNAPSHOT_ROWS_H
#define PGSKEW_STORE_SNAPSHOT_ROWS_H

#include "pgskew/snapshot.h"
#include "store/rows.h"

/* Fill the first HEAD_COLUMNS (layout.h) of a row of table snapshot. */
void pgs_put_head(pgs_rows *r, const pgs_snapshot *snap, int64_t id);

pgs_status pgs_write_head(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                          pgs_err *err) PGS_CHECK;
pgs_status pgs_write_parts(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                           pgs_err *err) PGS_CHECK;
pgs_status pgs_write_skew(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                          pgs_err *err) PGS_CHECK;
pgs_status pgs_write_strays(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                            pgs_err *err) PGS_CHECK;
pgs_status pgs_write_collections(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                                 pgs_err *err) PGS_CHECK;
pgs_status pgs_write_collection_stats(pgs_database *d, const pgs_snapshot *snap, int64_t id,
                                      pgs_err *err) PGS_CHECK;

/* Who wrote the file: table meta. */
pgs_status pgs_write_meta(pgs_database *d, const char *writer, pgs_err *err) PGS_CHECK;

#endif
