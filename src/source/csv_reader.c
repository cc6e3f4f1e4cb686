/* libcsv takes the quoting apart; this file adds what it does not know: lines, names, limits.
 *
 * Lines. libcsv reports none, so it is fed one physical line a call. With CSV_REPALL_NL it
 * reports every line end outside quotes, blank lines too: when a call has reported one, the next
 * line starts a record, and when it has not, the line break was inside quotes.
 *
 * Blanks. libcsv drops blanks around values, which would change names; a space function that
 * knows no space keeps them.
 *
 * Memory. libcsv grows its buffer by a fixed step, copying each time. The step is set to the
 * longest value there can be, so it allocates once, and a longer value is an error. */
#include "source/csv_reader.h"

#include <csv.h>
#include <string.h>

#include "base/base.h"

#define MAX_FILE_BYTES  ((size_t)1 << 30)
#define MAX_VALUE_BYTES ((size_t)1 << 20)
#define NOWHERE         SIZE_MAX

typedef struct reader {
    const pgs_csv_layout *layout;
    pgs_csv_take take;
    void *context;
    pgs_err *err;
    pgs_status status; /* the first failure; everything after is ignored */

    size_t line;        /* physical line being fed */
    size_t record_line; /* the line the current record starts on */
    bool line_ended;    /* libcsv reported a line end during this call */

    bool has_header;
    size_t n_header;                    /* columns of the file */
    size_t target[PGS_CSV_MAX_COLUMNS]; /* [n_header] file column -> layout column */
    size_t n_fields;                    /* of the current record, so far */
    pgs_buf text;                       /* values of the current record, each NUL-terminated */
    size_t offset[PGS_CSV_MAX_COLUMNS]; /* [layout column] into text, or NOWHERE */
} reader;

pgs_status pgs_csv_load(const char *directory, const char *file, char **bytes, size_t *n,
                        pgs_err *err) {
    pgs_buf path = {0};
    pgs_buf_format(&path, "%s/%s", directory, file);
    pgs_status status =
        path.failed ? pgs_no_memory(err) : pgs_file_read(path.data, MAX_FILE_BYTES, bytes, n, err);
    pgs_buf_reset(&path);
    return status;
}

pgs_status pgs_csv_load_optional(const char *directory, const char *file, char **bytes, size_t *n,
                                 pgs_err *err) {
    pgs_err why;
    *bytes = NULL;
    pgs_status status = pgs_csv_load(directory, file, bytes, n, &why);
    if (status == PGS_E_NO_INPUT)
        return PGS_OK;
    if (status != PGS_OK && err)
        *err = why;
    return status;
}

/* ---- the header ---- */

static size_t find_column(const pgs_csv_layout *layout, const char *name) {
    for (size_t c = 0; c < layout->n_columns; c++)
        if (strcmp(layout->column[c], name) == 0)
            return c;
    return NOWHERE;
}

static pgs_status refuse_column(reader *r, const char *name, const char *why) {
    char shown[PGS_CSV_SHOWN_MAX];
    pgs_status status = pgs_fail(r->err, PGS_E_DATA, "%s line %zu: column \"%s\" %s",
                                 r->layout->file, r->record_line, pgs_csv_shown(name, shown), why);
    pgs_hint(r->err, "known columns: %s", r->layout->usual);
    return status;
}

static void take_name(reader *r, const char *name) {
    size_t column = find_column(r->layout, name);
    if (column == NOWHERE)
        r->status = refuse_column(r, name, "is not known");
    else if (r->offset[column] != NOWHERE)
        r->status = refuse_column(r, name, "is there twice");
    else {
        r->offset[column] = 0; /* seen; values follow with the rows */
        r->target[r->n_fields++] = column;
    }
}

static void end_header(reader *r) {
    for (size_t c = 0; c < r->layout->n_needed; c++) {
        if (r->offset[c] == NOWHERE) {
            r->status = refuse_column(r, r->layout->column[c], "is missing");
            return;
        }
    }
    r->n_header = r->n_fields;
    r->has_header = true;
}

/* ---- rows ---- */

static void take_value(reader *r, const char *value, size_t n) {
    size_t k = r->n_fields++;
    if (k >= r->n_header)
        return; /* counted, and refused at the end of the record */
    size_t column = r->target[k];
    r->offset[column] = value ? r->text.n : NOWHERE;
    if (!value)
        return;
    if (!pgs_text_is_utf8(value))
        r->status = pgs_fail(r->err, PGS_E_DATA, "%s line %zu, column \"%s\": not valid UTF-8",
                             r->layout->file, r->record_line, r->layout->column[column]);
    pgs_buf_bytes(&r->text, value, n + 1);
    if (r->text.failed)
        r->status = pgs_no_memory(r->err);
}

static void end_row(reader *r) {
    if (r->n_fields != r->n_header) {
        r->status = pgs_fail(r->err, PGS_E_DATA, "%s line %zu has %zu fields, the header has %zu",
                             r->layout->file, r->record_line, r->n_fields, r->n_header);
        return;
    }
    pgs_csv_row row = {.layout = r->layout, .line = r->record_line};
    for (size_t c = 0; c < r->layout->n_columns; c++)
        row.value[c] = r->offset[c] == NOWHERE ? NULL : r->text.data + r->offset[c];
    r->status = r->take(r->context, &row, r->err);
}

/* ---- libcsv's side ---- */

static void on_field(void *value, size_t n, void *context) {
    reader *r = context;
    if (r->status != PGS_OK)
        return;
    if (r->has_header)
        take_value(r, value, n);
    else
        take_name(r, value ? value : "");
}

static void on_line_end(int terminator, void *context) {
    (void)terminator;
    reader *r = context;
    r->line_ended = true;
    if (r->status != PGS_OK || r->n_fields == 0)
        return;
    if (r->has_header)
        end_row(r);
    else
        end_header(r);
    r->n_fields = 0;
    r->text.n = 0;
    for (size_t c = 0; c < r->layout->n_columns; c++)
        r->offset[c] = NOWHERE;
}

static int no_space(unsigned char c) {
    (void)c;
    return 0;
}

static void *first_buffer(void *old, size_t n) {
    return old ? NULL : pgs_alloc(n, 1);
}

/* Bytes up to and with the next line end: LF, CRLF, or CR alone. */
static size_t physical_line(const char *s) {
    size_t n = strcspn(s, "\r\n");
    if (s[n] == '\r' && s[n + 1] == '\n')
        return n + 2;
    return n + (s[n] != '\0');
}

static pgs_status explain(const reader *r, struct csv_parser *parser, size_t buffer_bytes) {
    int why = csv_error(parser);
    if (why == CSV_ENOMEM && csv_get_buffer_size(parser) < buffer_bytes)
        return pgs_no_memory(r->err);
    const char *what = why == CSV_EPARSE ? "a quote is where none may be, or is never closed"
                                         : "a value is longer than 1 MiB";
    if (!r->has_header || r->n_fields >= r->n_header)
        return pgs_fail(r->err, PGS_E_DATA, "%s line %zu, field %zu: %s", r->layout->file,
                        r->record_line, r->n_fields + 1, what);
    return pgs_fail(r->err, PGS_E_DATA, "%s line %zu, column \"%s\": %s", r->layout->file,
                    r->record_line, r->layout->column[r->target[r->n_fields]], what);
}

/* A CR that is not before LF is a line of its own only where it ends a record. */
static void count_line(reader *r, char last) {
    if (last == '\n' || (last == '\r' && r->line_ended))
        r->line++;
    if (r->line_ended)
        r->record_line = r->line;
}

static void feed(reader *r, struct csv_parser *parser, const char *s, const char *end) {
    size_t buffer_bytes =
        ((size_t)(end - s) < MAX_VALUE_BYTES ? (size_t)(end - s) + 1 : MAX_VALUE_BYTES) + 1;
    csv_set_blk_size(parser, buffer_bytes);
    while (s < end && r->status == PGS_OK) {
        size_t n = physical_line(s);
        r->line_ended = false;
        size_t fed = csv_parse(parser, s, n, on_field, on_line_end, r);
        if (fed != n && r->status == PGS_OK)
            r->status = explain(r, parser, buffer_bytes);
        s += n;
        count_line(r, s[-1]);
    }
    if (r->status == PGS_OK && csv_fini(parser, on_field, on_line_end, r) != 0)
        r->status = explain(r, parser, buffer_bytes);
}

static pgs_status refuse_nul(const reader *r, const char *bytes, const char *nul) {
    size_t line = 1;
    for (const char *s = bytes; s < nul; s++)
        line += *s == '\n';
    pgs_status status =
        pgs_fail(r->err, PGS_E_DATA, "%s line %zu holds a NUL byte", r->layout->file, line);
    pgs_hint(r->err, "export as UTF-8 text, as psql --csv does");
    return status;
}

pgs_status pgs_csv_scan(const pgs_csv_layout *layout, const char *bytes, size_t n,
                        pgs_csv_take take, void *context, pgs_err *err) {
    static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";
    reader r = {.layout = layout,
                .take = take,
                .context = context,
                .err = err,
                .line = 1,
                .record_line = 1};
    memset(r.offset, 0xFF, sizeof r.offset);
    const char *nul = memchr(bytes, '\0', n);
    if (nul)
        return refuse_nul(&r, bytes, nul);
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL |
                              CSV_EMPTY_IS_NULL) != 0)
        return pgs_fail(err, PGS_E_BUG, "libcsv refused its options");
    csv_set_space_func(&parser, no_space);
    csv_set_realloc_func(&parser, first_buffer);
    csv_set_free_func(&parser, pgs_free);
    size_t mark = strncmp(bytes, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0;
    feed(&r, &parser, bytes + mark, bytes + n);
    csv_free(&parser);
    pgs_buf_reset(&r.text);
    if (r.status == PGS_OK && !r.has_header) {
        r.status =
            pgs_fail(err, PGS_E_DATA, "%s is empty: not even a header is there", layout->file);
        pgs_hint(err, "export it again with its header, as psql --csv does");
    }
    return r.status;
}
