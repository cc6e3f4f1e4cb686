/* Which lane a partition has. Internal to store/. */
#ifndef PGSKEW_STORE_LANES_H
#define PGSKEW_STORE_LANES_H

#include "pgskew/series.h"
#include "store/database.h"

/* What rows, not tiles, remember of a lane; compared to see whether it changed. */
typedef struct pgs_lane_facts {
    char *bounds;
    int64_t relfilenode;
    bool noted; /* false: a new lane, nothing was written of it yet */
} pgs_lane_facts;

/* Zeroed: none. Names and bounds are owned. */
typedef struct pgs_lanes {
    size_t n, capacity;
    pgs_lane *lane;
    pgs_lane_facts *facts; /* [n] */
    size_t *seen;          /* [n] the moment + 1 that took the lane last */
    size_t *slot;          /* [n_slots] lane + 1 by identity, open addressing; a power of two */
    size_t n_slots;
    size_t *of_part; /* [n_of_part] the lane of each partition of the last match */
    size_t n_of_part;
} pgs_lanes;

/* Copy `lane` to the end. */
pgs_status pgs_lanes_append(pgs_lanes *lanes, const pgs_lane *lane, pgs_err *err) PGS_CHECK;

/* Read what was last noted of each lane from table partition_change. */
pgs_status pgs_lanes_load_facts(pgs_lanes *lanes, pgs_database *d, pgs_err *err) PGS_CHECK;

/* Fill lanes->of_part. A partition is known by its relation name, or its number where it has none;
 * an unknown name with a known relid is a rename; everything else gets a new lane. */
pgs_status pgs_lanes_match(pgs_lanes *lanes, const pgs_snapshot *snap, size_t moment,
                           pgs_err *err) PGS_CHECK;

/* The partition of `lane` at `moment`. *changed: something is not as it was noted last. */
pgs_status pgs_lanes_note(pgs_lanes *lanes, size_t lane, const pgs_partition *part, size_t moment,
                          bool *changed, pgs_err *err) PGS_CHECK;

void pgs_lanes_reset(pgs_lanes *lanes);

#endif
