/* What reading a long CSV and its collections share. Internal to src/source. */
#ifndef PGSKEW_SOURCE_CSV_HISTORY_H
#define PGSKEW_SOURCE_CSV_HISTORY_H

#include "pgskew/source.h"
#include "source/csv_reader.h"

/* Read the collections of `snap`, whose partitions are there and in order, from
 * options->collections. PGS_E_DATA: also where a row names a partition that the moment does not
 * have, or a collection is in a partition twice. */
pgs_status pgs_csv_history_collections(const pgs_csv_history_options *options, pgs_snapshot *snap,
                                       pgs_csv_left_out *left_out, pgs_err *err) PGS_CHECK;

#endif
