/* Reading only what tells one snapshot from another. Internal to store/. */
#ifndef PGSKEW_STORE_SNAPSHOT_READ_H
#define PGSKEW_STORE_SNAPSHOT_READ_H

#include "pgskew/store.h"

/* As pgs_snapshot_read(), but without partitions and collections and without checking pages
 * that hold them. out->head is complete. */
pgs_status pgs_snapshot_read_head(const char *path, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

#endif
