/* Rows of a table, written one by one. Internal to store/. */
#ifndef PGSKEW_STORE_ROWS_H
#define PGSKEW_STORE_ROWS_H

#include "pgskew/metric.h"
#include "store/database.h"

/* A row being filled; remembers the first failure until it is added. Zeroed: nothing to
 * finalize. */
typedef struct pgs_rows {
    pgs_database *d;
    sqlite3_stmt *stmt;
    int rc;
} pgs_rows;

/* INSERT into these columns of `table`, `conflict` being "" or "OR REPLACE" or the like; finalize
 * out->stmt with sqlite3_finalize(). */
pgs_status pgs_rows_begin(pgs_database *d, const char *conflict, const char *table,
                          const char *const *column, size_t n, pgs_rows *out,
                          pgs_err *err) PGS_CHECK;

/* Set one column of the row; a NULL text, `none` and NaN leave it NULL. */
void pgs_row_text(pgs_rows *r, int column, const char *text);
void pgs_row_int(pgs_rows *r, int column, int64_t value, int64_t none);
void pgs_row_time(pgs_rows *r, int column, int64_t us);
void pgs_row_value(pgs_rows *r, int column, pgs_unit unit, double x);

/* Borrowed until the row is added. */
void pgs_row_blob(pgs_rows *r, int column, const void *bytes, size_t n);

/* Add the row and begin the next, all NULL. */
pgs_status pgs_rows_add(pgs_rows *r, pgs_err *err) PGS_CHECK;

#endif
