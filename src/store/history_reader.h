/* An open history, as the files of store/ that read it know it. Internal to store/. */
#ifndef PGSKEW_STORE_HISTORY_READER_H
#define PGSKEW_STORE_HISTORY_READER_H

#include <sys/stat.h>

#include "pgskew/history.h"
#include "store/history_rows.h"
#include "store/snapshot_read.h"
#include "store/tiles.h"

typedef struct pgs_history_reader {
    pgs_database d;
    sqlite3_blob *block;
    void *buffer; /* of PGS_BLOCK_MAX_BYTES */
} pgs_history_reader;

struct pgs_history {
    char *path;
    struct stat file; /* which file that was */
    pgs_history_reader *reader;
    size_t n_readers;
    pgs_snapshot version; /* holds the warning */
    pgs_series series;
    bool has_series;

    /* pgs_history_keep() */
    bool keeps;
    pgs_tiles kept;
    size_t kept_block; /* which time block they are; SIZE_MAX: none */

    pgs_buf changes; /* of pgs_lane_change, all of them, once somebody asked */
    bool has_changes;
    pgs_arena *arena; /* their text */
};

/* One whole number, or -1 for NULL and no row. */
pgs_status pgs_history_ask(pgs_history *h, const char *sql, int64_t parameter, int64_t *out,
                           pgs_err *err) PGS_CHECK;

/* PGS_E_DATA: `sum`, of what was read of a measure, is not what was kept of the moment. */
pgs_status pgs_history_agree(pgs_history *h, const pgs_moment *kept, const pgs_moment *sum,
                             pgs_measure m, pgs_err *err) PGS_CHECK;

/* PGS_E_DATA: the moment's counts and sizes are not as many, or do not add up to what, table
 * snapshot says; or that is not what the tile of moments says, its time included. */
pgs_status pgs_history_check_totals(pgs_history *h, size_t moment, const pgs_snapshot *snap,
                                    pgs_err *err) PGS_CHECK;

#endif
