/* One row of a table, cell by cell, every type checked. PGS_E_DATA names the file, the table and
 * the column. Internal to store/. */
#ifndef PGSKEW_STORE_CELLS_H
#define PGSKEW_STORE_CELLS_H

#include "pgskew/metric.h"
#include "store/database.h"

typedef struct pgs_cells {
    const pgs_database *d;
    sqlite3_stmt *stmt;
    const char *what; /* the table, for messages */
    const char *const *column;
} pgs_cells;

/* The cell is not what was `wanted`: "an integer". */
pgs_status pgs_cell_bad(const pgs_cells *c, int i, const char *wanted, pgs_err *err) PGS_CHECK;

/* `none` where the cell is NULL. */
pgs_status pgs_cell_int(const pgs_cells *c, int i, int64_t none, int64_t *out,
                        pgs_err *err) PGS_CHECK;

/* Borrowed until the next step; NULL where the cell is NULL. */
pgs_status pgs_cell_text(const pgs_cells *c, int i, const char **out, pgs_err *err) PGS_CHECK;

/* PGS_TIME_NONE where the cell is NULL. */
pgs_status pgs_cell_time(const pgs_cells *c, int i, int64_t *us, pgs_err *err) PGS_CHECK;

/* A metric's value, in its unit's range where that is whole numbers; NaN where it is NULL. */
pgs_status pgs_cell_value(const pgs_cells *c, int i, pgs_unit unit, double *out,
                          pgs_err *err) PGS_CHECK;

/* The index of the cell's text among `n` names; `n` where it is NULL. */
pgs_status pgs_cell_choice(const pgs_cells *c, int i, const char *(*name)(int), int n, int *out,
                           pgs_err *err) PGS_CHECK;

#endif
