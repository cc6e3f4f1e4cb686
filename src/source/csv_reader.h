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

/* The same for the file at `path`, a pipe or "-", standard input, which may be of any length.
 * PGS_E_NO_INPUT, PGS_E_DENIED or PGS_E_IO where it cannot be read. */
pgs_status pgs_csv_scan_file(const pgs_csv_layout *layout, const char *path, pgs_csv_take take,
                             void *context, pgs_err *err) PGS_CHECK;

/* ---- csv_reader.c: a piece at a time, for files larger than memory ---- */

#define PGS_CSV_MAX_VALUE_BYTES ((size_t)1 << 20)

/* Where values go, as they come. */
typedef struct pgs_csv_sink {
    /* A value of the current row: the layout's `column`, `n` bytes and a NUL; NULL: NULL. Valid for
     * the call. */
    pgs_status (*field)(void *context, size_t column, const char *value, size_t n, pgs_err *err);
    pgs_status (*row)(void *context, pgs_err *err); /* the row has had all its values */
    void *context;
} pgs_csv_sink;

typedef struct pgs_csv_parser pgs_csv_parser;

/* `layout` must outlive the parser. Freed with pgs_csv_parser_free(), for which NULL is fine. */
pgs_status pgs_csv_parser_new(const pgs_csv_layout *layout, const pgs_csv_sink *sink,
                              size_t max_value_bytes, pgs_csv_parser **out, pgs_err *err) PGS_CHECK;
void pgs_csv_parser_free(pgs_csv_parser *parser);

/* Take the next `n` bytes: a physical line with its end, or a part of one. The sink gets no row
 * that begins after them. After a failure it fails again. PGS_E_DATA as of pgs_csv_scan(). */
pgs_status pgs_csv_parser_feed(pgs_csv_parser *parser, const char *bytes, size_t n,
                               pgs_err *err) PGS_CHECK;

/* There is no more; the sink may get one last row. */
pgs_status pgs_csv_parser_end(pgs_csv_parser *parser, pgs_err *err) PGS_CHECK;

/* The line the current row began on, and whether the header names a column of the layout. */
size_t pgs_csv_parser_line(const pgs_csv_parser *parser);
bool pgs_csv_parser_has(const pgs_csv_parser *parser, size_t column);

/* Bytes of `n` > 0 up to and with the first line end: LF, CRLF, or CR alone; `n` where there is
 * none. */
size_t pgs_csv_physical_line(const char *bytes, size_t n);

/* The line to be fed holds a NUL byte. */
pgs_status pgs_csv_refuse_nul(const pgs_csv_parser *parser, pgs_err *err) PGS_CHECK;

/* ---- csv_value.c: what one value says ---- */

/* `text` as a message can show it: escaped, cut at about 40 bytes. Returns `out`. */
#define PGS_CSV_SHOWN_MAX 200
const char *pgs_csv_shown(const char *text, char out[PGS_CSV_SHOWN_MAX]);

/* Times and reals that no snapshot can hold are left out and counted. */
typedef struct pgs_csv_left_out {
    size_t times;    /* infinite or outside 1970-2255 */
    size_t infinite; /* other infinite values */
} pgs_csv_left_out;

/* A sentence about what was left out; nothing where nothing was. */
struct pgs_buf;
void pgs_csv_left_out_tell(const pgs_csv_left_out *left_out, struct pgs_buf *out);

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
