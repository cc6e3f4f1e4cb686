/* One CSV file as rows of named values that know their line. Internal to src/source.
 *
 * The file's header decides which column is where; a reader asks by position in its own layout,
 * whatever the order in the file was. */
#ifndef PGSKEW_SOURCE_CSV_READER_H
#define PGSKEW_SOURCE_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pgskew/err.h"

enum { PGS_CSV_MAX_COLUMNS = 64 };

/* The columns a file may have. */
typedef struct pgs_csv_layout {
    const char *file;          /* its name, as messages say it */
    const char *const *column; /* [n_columns] names, at most PGS_CSV_MAX_COLUMNS */
    size_t n_columns;
    size_t n_needed;   /* the first so many must be there */
    const char *usual; /* the columns people will expect, for hints */
} pgs_csv_layout;

typedef struct pgs_csv_row {
    const pgs_csv_layout *layout;
    size_t line; /* of the file as an editor shows it, the one the row starts on */
    /* [layout->n_columns] UTF-8; NULL: NULL in the file, or no such column. Valid for the call. */
    const char *value[PGS_CSV_MAX_COLUMNS];
} pgs_csv_row;

typedef pgs_status (*pgs_csv_take)(void *context, const pgs_csv_row *row, pgs_err *err);

/* The bytes of `file` in `directory`, freed with pgs_free(), a NUL after the last. PGS_E_NO_INPUT
 * where it is not there, else the statuses of pgs_file_read(). */
pgs_status pgs_csv_load(const char *directory, const char *file, char **bytes, size_t *n,
                        pgs_err *err) PGS_CHECK;

/* The same for a file that need not be there; then *bytes is NULL. */
pgs_status pgs_csv_load_optional(const char *directory, const char *file, char **bytes, size_t *n,
                                 pgs_err *err) PGS_CHECK;

/* Hand every row after the header to `take`, in order; stop at the first that it refuses and
 * return its status. `bytes` needs a NUL after the n-th. NULL is an empty field without quotes;
 * "" is empty text. Blank lines are skipped, quoted line breaks and blanks around values kept, a
 * byte order mark, LF and CRLF accepted.
 * PGS_E_DATA: empty, unknown, repeated or missing column, wrong number of fields, a stray or open
 * quote, NUL, not UTF-8, a value above 1 MiB. PGS_E_BUG: no memory. */
pgs_status pgs_csv_scan(const pgs_csv_layout *layout, const char *bytes, size_t n,
                        pgs_csv_take take, void *context, pgs_err *err) PGS_CHECK;

/* ---- csv_value.c: what one value says ---- */

/* `text` as a message can show it: escaped, cut at about 40 bytes. Returns `out`. */
#define PGS_CSV_SHOWN_MAX 200
const char *pgs_csv_shown(const char *text, char out[PGS_CSV_SHOWN_MAX]);

/* Times and reals that no snapshot can hold are left out and counted. */
typedef struct pgs_csv_left_out {
    size_t times;    /* infinite or outside 1970-2255 */
    size_t infinite; /* other infinite values */
} pgs_csv_left_out;

/* PGS_E_DATA: `file line N, column "C": "value" why`, the value escaped and cut. */
pgs_status pgs_csv_refuse(const pgs_csv_row *row, size_t column, const char *why,
                          pgs_err *err) PGS_CHECK;

/* A whole number in [0, max]; `*out` is left alone where the value is NULL. */
pgs_status pgs_csv_integer(const pgs_csv_row *row, size_t column, int64_t max, int64_t *out,
                           pgs_err *err) PGS_CHECK;

/* The same for [0, 2^53] as a double; NULL is NaN. */
pgs_status pgs_csv_count(const pgs_csv_row *row, size_t column, double *out,
                         pgs_err *err) PGS_CHECK;

/* A decimal number in [0, max]; NULL is NaN, "Infinity" is left out. */
pgs_status pgs_csv_real(const pgs_csv_row *row, size_t column, double max,
                        pgs_csv_left_out *left_out, double *out, pgs_err *err) PGS_CHECK;

/* Microseconds since 1970 UTC; NULL is NaN. A time without an offset is `naive_offset_us` east
 * of Greenwich, or refused where that is PGS_TIME_NONE. */
pgs_status pgs_csv_time(const pgs_csv_row *row, size_t column, int64_t naive_offset_us,
                        pgs_csv_left_out *left_out, double *out, pgs_err *err) PGS_CHECK;

#endif
