/* The ground floor: memory, text, time, numbers, files. Includes nothing of ours but err.h.
 *
 * exact decimals are in decimal.h, because only the arithmetic of skews needs GMP. */
#ifndef PGSKEW_BASE_H
#define PGSKEW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pgskew/err.h"

#define PGS_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- mem.c: all memory; 64-byte aligned, counted, able to fail on the nth call ---- */

/* Zeroed memory for `n` items of `size` bytes, or NULL. Zero bytes give a valid pointer. */
void *pgs_alloc(size_t n, size_t size);
void pgs_free(void *block);                       /* NULL is fine */
char *pgs_strdup(const char *text);               /* NULL without memory */
pgs_status pgs_no_memory(pgs_err *err) PGS_CHECK; /* the one way to say so */
size_t pgs_mem_live(void);                        /* blocks not yet freed */
void pgs_mem_fail_at(size_t nth);                 /* the nth call from now returns NULL; 0: never */

/* An arena: many small things that die together. */
typedef struct pgs_arena pgs_arena;

pgs_arena *pgs_arena_new(void); /* NULL without memory */
void pgs_arena_free(pgs_arena *arena);
void *pgs_arena_alloc(pgs_arena *arena, size_t n, size_t size); /* zeroed, 64-byte aligned */
char *pgs_arena_text(pgs_arena *arena, const char *text);       /* copies; NULL without memory */

/* ---- buf.c: growing text ---- */

typedef struct pgs_buf {
    char *data; /* NUL-terminated whenever not NULL */
    size_t n, capacity;
    bool failed; /* memory ran out; everything after is ignored. Check once, at the end */
} pgs_buf;

void pgs_buf_reset(pgs_buf *buf);
void pgs_buf_bytes(pgs_buf *buf, const void *bytes, size_t n);
void pgs_buf_text(pgs_buf *buf, const char *text);
void pgs_buf_format(pgs_buf *buf, const char *fmt, ...) PGS_PRINTF(2, 3);
const char *pgs_buf_view(const pgs_buf *buf); /* "" when empty */

/* ---- text.c: names are data ---- */

bool pgs_text_is_utf8(const char *text);

/* Equal, or both NULL. */
bool pgs_text_same(const char *a, const char *b);

/* Append `text` so that a terminal shows it on one line and obeys nothing in it: control
 * characters, bidirectional overrides and bytes that are not UTF-8 become \xNN or \u{NNNN}. */
void pgs_text_escape(pgs_buf *out, const char *text);

/* Columns a terminal gives to UTF-8 `text` (wide characters count two, combining ones none). */
int pgs_text_width(const char *text);

/* ---- spark.c: a row of numbers as one line of text ---- */

/* Append a sparkline of x[0..n): "▁" for the lowest to "█" for the highest, "▄" where all are the
 * same, a space for what is not finite. At most `width` columns; where n is more, each is the mean
 * of its share of neighbours. Nothing where n or `width` is 0. */
void pgs_spark(pgs_buf *out, const double *x, size_t n, size_t width);

/* Replace in place every block by one of "_.:-=+*#", for a terminal without UTF-8. */
void pgs_spark_ascii(char *text);

/* ---- time.c: ISO 8601 and microseconds since 1970 UTC ---- */

#define PGS_TIME_TEXT_MAX 32

/* Parse "2025-10-20T10:15:00Z": T or a space, 0 to 6 decimals, then Z, +00, +00:00 or +0000.
 * Without an offset: `naive_offset_us` is subtracted, or false where it is INT64_MIN. False also
 * for any other form and for dates that do not exist. Any year 0001-9999. */
bool pgs_time_parse(const char *text, int64_t naive_offset_us, int64_t *out_us);

/* "2025-10-20T10:15:00Z", six decimals only when not whole seconds. Returns `out`. */
const char *pgs_time_format(int64_t us, char out[PGS_TIME_TEXT_MAX]);

/* The same as a file name can hold it: "20251020T101500Z", "20251020T101500.250000Z". */
const char *pgs_time_compact(int64_t us, char out[PGS_TIME_TEXT_MAX]);

/* Parse "UTC", "Z" or "+02:00" into microseconds east of Greenwich. */
bool pgs_offset_parse(const char *text, int64_t *out_us);

/* ---- num.c: shortest digits, and numbers from text ---- */

#define PGS_NUM_TEXT_MAX 40

/* The shortest decimal text that reads back to the same finite double, always with a point or
 * an exponent ("0.3", "15000.0", "1e+22"), whatever the locale. Returns `out`. */
const char *pgs_num_format(double value, char out[PGS_NUM_TEXT_MAX]);

/* The same digits without an exponent, and without a point where the number is whole ("0.00012",
 * "93600"), from 1e-18 to 1e21. Returns `out`. */
const char *pgs_num_plain(double value, char out[PGS_NUM_TEXT_MAX]);

/* A whole number in decimal. Returns `out`. */
const char *pgs_int_format(int64_t value, char out[PGS_NUM_TEXT_MAX]);

/* The larger, the smaller of both, or the one that is not NaN; of equals the first. libm's may
 * differ from machine to machine in the sign of a zero. */
static inline double pgs_larger(double a, double b) {
    return b > a || a != a ? b : a;
}

static inline double pgs_smaller(double a, double b) {
    return b < a || a != a ? b : a;
}

/* Whole text is a decimal integer in [min, max]. */
bool pgs_int_parse(const char *text, int64_t min, int64_t max, int64_t *out);

/* Whole text is a finite decimal number. */
bool pgs_real_parse(const char *text, double *out);

/* ---- hash.c: has a block of bytes changed? ---- */

/* XXH3 with 64 bits. Chain calls by passing the last result as `seed`. */
uint64_t pgs_hash(const void *bytes, size_t n, uint64_t seed);

/* The same of all bytes of a file, of any size, with seed 0: what `xxhsum -H3` prints.
 * PGS_E_NO_INPUT or PGS_E_IO. */
pgs_status pgs_file_hash(const char *path, uint64_t *n_bytes, uint64_t *hash,
                         pgs_err *err) PGS_CHECK;

/* ---- file.c: complete or absent ---- */

/* Call first in main(). Where stdin, stdout or stderr is closed, no file and no connection takes
 * its number, and with it what is meant for the user; using it stays an error. */
void pgs_standard_files_hold(void);

/* Create `path` with these bytes, mode 0600: written aside, fsynced, linked into place without
 * overwriting. PGS_E_EXISTS or PGS_E_IO. */
pgs_status pgs_file_create(const char *path, const void *bytes, size_t n, pgs_err *err) PGS_CHECK;

/* A file that somebody else fills under a temporary name before it takes its own. A run that is
 * killed leaves it to the next run, which knows it by its name and lock, and removes it. */
typedef struct pgs_aside {
    char *name;
    int fd; /* holds the lock; -1: nothing was begun */
} pgs_aside;

/* An empty file beside `path`, mode 0600. */
pgs_status pgs_aside_begin(pgs_aside *aside, const char *path, pgs_err *err) PGS_CHECK;

/* Flush it and give it its name: over what is there, or PGS_E_EXISTS. Then, or where that fails,
 * nothing is left aside. PGS_E_IO also where it has replaced another file but may not outlive a
 * crash; the hint says so. */
pgs_status pgs_aside_finish(pgs_aside *aside, const char *path, bool replace,
                            pgs_err *err) PGS_CHECK;
void pgs_aside_abandon(pgs_aside *aside); /* fine after finishing */

/* Remove what killed runs left beside `path`; beginning does it too. */
void pgs_aside_clean(const char *path);

/* Read all of a regular file of at most `max_bytes`. *out is freed with pgs_free() and has
 * PGS_FILE_PADDING zeros after its `*n` bytes: a NUL for text, room for SQLite, which may look a
 * few bytes beyond a damaged page. PGS_E_NO_INPUT, PGS_E_DENIED, PGS_E_DATA (too large),
 * PGS_E_IO. */
enum { PGS_FILE_PADDING = 256 };
pgs_status pgs_file_read(const char *path, size_t max_bytes, char **out, size_t *n,
                         pgs_err *err) PGS_CHECK;

/* An output that replaces `path` when it is finished, or writes through where `path` is a
 * device, pipe or NULL (stdout). Stays where it was opened: `file` points to it. */
typedef struct pgs_output {
    FILE *file;
    char *path, *aside; /* aside: NULL when writing through */
    int fd, why;        /* under `file`, but for stdout; why a write to it failed */
} pgs_output;

pgs_status pgs_output_open(pgs_output *out, const char *path, pgs_err *err) PGS_CHECK;
pgs_status pgs_output_commit(pgs_output *out,
                             pgs_err *err) PGS_CHECK; /* PGS_E_IO if a byte was lost */
void pgs_output_abandon(pgs_output *out); /* removes what was begun; fine after a commit */

#endif
