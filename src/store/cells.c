/* Cells of a file from strangers: each is held to the type it must have. */
#include "store/cells.h"

#include <math.h>
#include <string.h>

#include "pgskew/snapshot.h"

pgs_status pgs_cell_bad(const pgs_cells *c, int i, const char *wanted, pgs_err *err) {
    return pgs_database_damaged(c->d, err, "%s.%s is not %s", c->what, c->column[i], wanted);
}

pgs_status pgs_cell_int(const pgs_cells *c, int i, int64_t none, int64_t *out, pgs_err *err) {
    int type = sqlite3_column_type(c->stmt, i);
    if (type != SQLITE_NULL && type != SQLITE_INTEGER)
        return pgs_cell_bad(c, i, "an integer", err);
    *out = type == SQLITE_NULL ? none : sqlite3_column_int64(c->stmt, i);
    return PGS_OK;
}

pgs_status pgs_cell_text(const pgs_cells *c, int i, const char **out, pgs_err *err) {
    int type = sqlite3_column_type(c->stmt, i);
    if (type != SQLITE_NULL && type != SQLITE_TEXT)
        return pgs_cell_bad(c, i, "text", err);
    *out = type == SQLITE_NULL ? NULL : (const char *)sqlite3_column_text(c->stmt, i);
    if (*out && strlen(*out) != (size_t)sqlite3_column_bytes(c->stmt, i))
        return pgs_cell_bad(c, i, "text without NUL bytes", err);
    return type == SQLITE_TEXT && !*out ? pgs_no_memory(err) : PGS_OK;
}

pgs_status pgs_cell_time(const pgs_cells *c, int i, int64_t *us, pgs_err *err) {
    const char *text = NULL;
    pgs_status st = pgs_cell_text(c, i, &text, err);
    *us = PGS_TIME_NONE;
    if (st == PGS_OK && text && !pgs_time_parse(text, INT64_MIN, us))
        return pgs_cell_bad(c, i, "a time", err);
    return st;
}

pgs_status pgs_cell_value(const pgs_cells *c, int i, pgs_unit unit, double *out, pgs_err *err) {
    int type = sqlite3_column_type(c->stmt, i);
    *out = NAN;
    if (type == SQLITE_NULL)
        return PGS_OK;
    if (unit == PGS_UNIT_TIME) {
        int64_t us = PGS_TIME_NONE;
        pgs_status st = pgs_cell_time(c, i, &us, err);
        *out = (double)us;
        return st;
    }
    if (type == SQLITE_INTEGER) {
        int64_t whole = sqlite3_column_int64(c->stmt, i);
        *out = (double)whole;
        return whole >= 0 && whole <= (int64_t)PGS_MAX_INTEGER
                   ? PGS_OK
                   : pgs_cell_bad(c, i, "between 0 and 2^53", err);
    }
    if (type != SQLITE_FLOAT || pgs_unit_is_integer(unit))
        return pgs_cell_bad(c, i, pgs_unit_is_integer(unit) ? "an integer" : "a number", err);
    *out = sqlite3_column_double(c->stmt, i);
    return PGS_OK;
}

pgs_status pgs_cell_choice(const pgs_cells *c, int i, const char *(*name)(int), int n, int *out,
                           pgs_err *err) {
    const char *text = NULL;
    pgs_status st = pgs_cell_text(c, i, &text, err);
    *out = n;
    if (st != PGS_OK || !text)
        return st;
    for (int k = 0; k < n; k++) {
        if (strcmp(name(k), text) == 0) {
            *out = k;
            return PGS_OK;
        }
    }
    return pgs_cell_bad(c, i, "a word we know", err);
}
