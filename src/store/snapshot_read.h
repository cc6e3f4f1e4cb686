/* Reading the tables that snapshot files and histories share. `id` is a snapshot_id, or 0 where the
 * file holds one snapshot. Internal to store/. */
#ifndef PGSKEW_STORE_SNAPSHOT_READ_H
#define PGSKEW_STORE_SNAPSHOT_READ_H

#include "pgskew/snapshot.h"
#include "store/cells.h"

/* As pgs_snapshot_read(), but without partitions and collections and without checking pages
 * that hold them. out->head is complete. */
pgs_status pgs_snapshot_read_head(const char *path, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* PGS_E_DATA for a newer major version or none; out->warning for a newer minor one. */
pgs_status pgs_read_version(pgs_database *d, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* The row of table snapshot; rows of tables that may be missing or empty. */
pgs_status pgs_read_head(pgs_database *d, int64_t id, pgs_snapshot *out, pgs_err *err) PGS_CHECK;
pgs_status pgs_read_strays(pgs_database *d, int64_t id, pgs_snapshot *out, pgs_err *err) PGS_CHECK;
pgs_status pgs_read_collections(pgs_database *d, int64_t id, pgs_snapshot *out,
                                pgs_err *err) PGS_CHECK;

/* The rows of table partition_stat, which are of one moment, into out->head.n_parts partitions: the
 * metrics chosen and those that are judged. */
pgs_status pgs_read_parts(pgs_database *d, uint64_t metrics, pgs_snapshot *out,
                          pgs_err *err) PGS_CHECK;

/* pgs_snapshot_check(), with the file's name. */
pgs_status pgs_read_check(pgs_database *d, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* The cell's text, kept in the snapshot. */
pgs_status pgs_keep_text(const pgs_cells *c, int i, pgs_snapshot *out, char **field,
                         pgs_err *err) PGS_CHECK;

#endif
