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

#define NOWHERE SIZE_MAX

struct pgs_csv_parser {
    const pgs_csv_layout *layout;
    pgs_csv_sink sink;
    struct csv_parser csv;
    size_t max_value_bytes;
    pgs_err *err;      /* of the call that is running */
    pgs_status status; /* the first failure; everything after is ignored */

    size_t line;        /* physical line being fed */
    size_t record_line; /* the line the current record starts on */
    bool line_ended;    /* libcsv reported a line end during this call */

    bool begun, has_header;
    size_t n_header;                    /* columns of the file */
    size_t target[PGS_CSV_MAX_COLUMNS]; /* [n_header] file column -> layout column */
    bool named[PGS_CSV_MAX_COLUMNS];    /* [layout column] is in the file */
    size_t n_fields;                    /* of the current record, so far */
};

/* ---- the header ---- */

static size_t find_column(const pgs_csv_layout *layout, const char *name) {
    for (size_t c = 0; c < layout->n_columns; c++)
        if (strcmp(layout->column[c], name) == 0)
            return c;
    return NOWHERE;
}

static pgs_status refuse_column(const pgs_csv_parser *p, const char *name, const char *why) {
    char shown[PGS_CSV_SHOWN_MAX];
    pgs_status status = pgs_fail(p->err, PGS_E_DATA, "%s line %zu: column \"%s\" %s",
                                 p->layout->file, p->record_line, pgs_csv_shown(name, shown), why);
    pgs_hint(p->err, "known columns: %s", p->layout->usual);
    return status;
}

static void take_name(pgs_csv_parser *p, const char *name) {
    size_t column = find_column(p->layout, name);
    if (column == NOWHERE)
        p->status = refuse_column(p, name, "is not known");
    else if (p->named[column])
        p->status = refuse_column(p, name, "is there twice");
    else {
        p->named[column] = true;
        p->target[p->n_fields++] = column;
    }
}

static void end_header(pgs_csv_parser *p) {
    for (size_t c = 0; c < p->layout->n_needed; c++) {
        if (!p->named[c]) {
            p->status = refuse_column(p, p->layout->column[c], "is missing");
            return;
        }
    }
    p->n_header = p->n_fields;
    p->has_header = true;
}

/* ---- libcsv's side ---- */

static void on_field(void *value, size_t n, void *context) {
    pgs_csv_parser *p = context;
    if (p->status != PGS_OK)
        return;
    if (!p->has_header)
        take_name(p, value ? value : "");
    else if (p->n_fields < p->n_header)
        p->status = p->sink.field(p->sink.context, p->target[p->n_fields++], value, n, p->err);
    else
        p->n_fields++; /* counted, and refused at the end of the record */
}

static void end_row(pgs_csv_parser *p) {
    if (p->n_fields == p->n_header)
        p->status = p->sink.row(p->sink.context, p->err);
    else
        p->status = pgs_fail(p->err, PGS_E_DATA, "%s line %zu has %zu fields, the header has %zu",
                             p->layout->file, p->record_line, p->n_fields, p->n_header);
}

static void on_line_end(int terminator, void *context) {
    (void)terminator;
    pgs_csv_parser *p = context;
    p->line_ended = true;
    if (p->status != PGS_OK || p->n_fields == 0)
        return;
    if (p->has_header)
        end_row(p);
    else
        end_header(p);
    p->n_fields = 0;
}

static int no_space(unsigned char c) {
    (void)c;
    return 0;
}

static void *first_buffer(void *old, size_t n) {
    return old ? NULL : pgs_alloc(n, 1);
}

static pgs_status explain(pgs_csv_parser *p) {
    int why = csv_error(&p->csv);
    if (why == CSV_ENOMEM && csv_get_buffer_size(&p->csv) < p->max_value_bytes)
        return pgs_no_memory(p->err);
    const char *what = why == CSV_EPARSE ? "a quote is where none may be, or is never closed"
                                         : "a value is longer than 1 MiB";
    if (!p->has_header || p->n_fields >= p->n_header)
        return pgs_fail(p->err, PGS_E_DATA, "%s line %zu, field %zu: %s", p->layout->file,
                        p->record_line, p->n_fields + 1, what);
    return pgs_fail(p->err, PGS_E_DATA, "%s line %zu, column \"%s\": %s", p->layout->file,
                    p->record_line, p->layout->column[p->target[p->n_fields]], what);
}

/* ---- a piece at a time ---- */

pgs_status pgs_csv_parser_new(const pgs_csv_layout *layout, const pgs_csv_sink *sink,
                              size_t max_value_bytes, pgs_csv_parser **out, pgs_err *err) {
    pgs_csv_parser *p = pgs_alloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return pgs_no_memory(err);
    *p = (pgs_csv_parser){.layout = layout,
                          .sink = *sink,
                          .max_value_bytes = max_value_bytes + 1,
                          .line = 1,
                          .record_line = 1};
    if (csv_init(&p->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL |
                              CSV_EMPTY_IS_NULL) != 0) {
        pgs_free(p);
        return pgs_fail(err, PGS_E_BUG, "libcsv refused its options");
    }
    csv_set_space_func(&p->csv, no_space);
    csv_set_realloc_func(&p->csv, first_buffer);
    csv_set_free_func(&p->csv, pgs_free);
    csv_set_blk_size(&p->csv, p->max_value_bytes);
    *out = p;
    return PGS_OK;
}

void pgs_csv_parser_free(pgs_csv_parser *p) {
    if (p)
        csv_free(&p->csv);
    pgs_free(p);
}

size_t pgs_csv_parser_line(const pgs_csv_parser *p) {
    return p->record_line;
}

bool pgs_csv_parser_has(const pgs_csv_parser *p, size_t column) {
    return p->named[column];
}

pgs_status pgs_csv_refuse_nul(const pgs_csv_parser *p, pgs_err *err) {
    pgs_status status =
        pgs_fail(err, PGS_E_DATA, "%s line %zu holds a NUL byte", p->layout->file, p->line);
    pgs_hint(err, "export as UTF-8 text, as psql --csv does");
    return status;
}

/* A CR that is not before LF is a line of its own only where it ends a record. */
static void count_line(pgs_csv_parser *p, char last) {
    if (last == '\n' || (last == '\r' && p->line_ended))
        p->line++;
    if (p->line_ended)
        p->record_line = p->line;
}

pgs_status pgs_csv_parser_feed(pgs_csv_parser *p, const char *s, size_t n, pgs_err *err) {
    if (!p->begun && n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        s += 3;
        n -= 3;
    }
    p->begun = true;
    p->err = err;
    p->line_ended = false;
    size_t fed = csv_parse(&p->csv, s, n, on_field, on_line_end, p);
    if (fed != n && p->status == PGS_OK)
        p->status = explain(p);
    if (n > 0)
        count_line(p, s[n - 1]);
    return p->status;
}

pgs_status pgs_csv_parser_end(pgs_csv_parser *p, pgs_err *err) {
    p->err = err;
    if (p->status == PGS_OK && csv_fini(&p->csv, on_field, on_line_end, p) != 0)
        p->status = explain(p);
    if (p->status == PGS_OK && !p->has_header) {
        p->status =
            pgs_fail(err, PGS_E_DATA, "%s is empty: not even a header is there", p->layout->file);
        pgs_hint(err, "export it again with its header, as psql --csv does");
    }
    return p->status;
}

size_t pgs_csv_physical_line(const char *s, size_t n) {
    const char *lf = memchr(s, '\n', n);
    size_t to_lf = lf ? (size_t)(lf - s) + 1 : n;
    const char *cr = memchr(s, '\r', to_lf);
    if (!cr || (lf && cr + 1 == lf))
        return to_lf;
    return (size_t)(cr - s) + 1;
}
