/* Rows of a table, written one by one. */
#include "store/rows.h"

#include <math.h>

#include "pgskew/snapshot.h"

void pgs_row_text(pgs_rows *r, int column, const char *text) {
    if (r->rc == SQLITE_OK && text)
        r->rc = sqlite3_bind_text(r->stmt, column + 1, text, -1, SQLITE_TRANSIENT);
}

void pgs_row_int(pgs_rows *r, int column, int64_t value, int64_t none) {
    if (r->rc == SQLITE_OK && value != none)
        r->rc = sqlite3_bind_int64(r->stmt, column + 1, value);
}

void pgs_row_time(pgs_rows *r, int column, int64_t us) {
    char text[PGS_TIME_TEXT_MAX];
    if (us != PGS_TIME_NONE)
        pgs_row_text(r, column, pgs_time_format(us, text));
}

void pgs_row_value(pgs_rows *r, int column, pgs_unit unit, double x) {
    if (isnan(x) || r->rc != SQLITE_OK)
        return;
    if (unit == PGS_UNIT_TIME)
        pgs_row_time(r, column, (int64_t)x);
    else if (pgs_unit_is_integer(unit))
        r->rc = sqlite3_bind_int64(r->stmt, column + 1, (int64_t)x);
    else
        r->rc = sqlite3_bind_double(r->stmt, column + 1, x);
}

void pgs_row_blob(pgs_rows *r, int column, const void *bytes, size_t n) {
    if (r->rc == SQLITE_OK)
        r->rc = sqlite3_bind_blob64(r->stmt, column + 1, bytes, n, SQLITE_STATIC);
}

pgs_status pgs_rows_begin(pgs_database *d, const char *conflict, const char *table,
                          const char *const *column, size_t n, pgs_rows *out, pgs_err *err) {
    pgs_buf sql = {0};
    pgs_buf_format(&sql, "INSERT %s INTO main.%s (", conflict, table);
    for (size_t i = 0; i < n; i++)
        pgs_buf_format(&sql, "%s\"%s\"", i == 0 ? "" : ", ", column[i]);
    for (size_t i = 0; i < n; i++)
        pgs_buf_text(&sql, i == 0 ? ") VALUES (?" : ", ?");
    pgs_buf_text(&sql, ")");
    *out = (pgs_rows){.d = d, .rc = SQLITE_OK};
    pgs_status st =
        sql.failed ? pgs_no_memory(err) : pgs_database_prepare(d, sql.data, &out->stmt, err);
    pgs_buf_reset(&sql);
    return st;
}

pgs_status pgs_rows_add(pgs_rows *r, pgs_err *err) {
    bool more;
    if (r->rc != SQLITE_OK)
        return pgs_no_memory(err); /* binding fails for no other reason */
    pgs_status st = pgs_database_step(r->d, r->stmt, &more, err);
    sqlite3_reset(r->stmt);
    sqlite3_clear_bindings(r->stmt);
    return st;
}
