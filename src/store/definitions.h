/* Are the tables and views of a file those that were made? Internal to store/. */
#ifndef PGSKEW_STORE_DEFINITIONS_H
#define PGSKEW_STORE_DEFINITIONS_H

#include "store/database.h"

/* PGS_E_DATA when something with one of our names is defined otherwise. Not for files of a newer
 * version, which may define more. */
pgs_status pgs_definitions_check(pgs_database *d, pgs_err *err) PGS_CHECK;

#endif
