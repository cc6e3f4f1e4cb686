/* A CSV file as rows of text: for files of one moment, which are small. */
#include <string.h>

#include "base/base.h"
#include "source/csv_input.h"
#include "source/csv_reader.h"

#define MAX_FILE_BYTES ((size_t)1 << 30)
#define NOWHERE        SIZE_MAX

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

typedef struct texts {
    const pgs_csv_layout *layout;
    const pgs_csv_parser *parser;
    pgs_csv_take take;
    void *context;
    pgs_buf text;                       /* values of the current record, each NUL-terminated */
    size_t offset[PGS_CSV_MAX_COLUMNS]; /* [layout column] into text, or NOWHERE */
} texts;

static pgs_status keep_text(void *context, size_t column, const char *value, size_t n,
                            pgs_err *err) {
    texts *t = context;
    t->offset[column] = value ? t->text.n : NOWHERE;
    if (!value)
        return PGS_OK;
    if (!pgs_text_is_utf8(value))
        return pgs_fail(err, PGS_E_DATA, "%s line %zu, column \"%s\": not valid UTF-8",
                        t->layout->file, pgs_csv_parser_line(t->parser), t->layout->column[column]);
    pgs_buf_bytes(&t->text, value, n + 1);
    return t->text.failed ? pgs_no_memory(err) : PGS_OK;
}

static pgs_status take_texts(void *context, pgs_err *err) {
    texts *t = context;
    pgs_csv_row row = {.layout = t->layout, .line = pgs_csv_parser_line(t->parser)};
    for (size_t c = 0; c < t->layout->n_columns; c++) {
        row.value[c] = t->offset[c] == NOWHERE ? NULL : t->text.data + t->offset[c];
        t->offset[c] = NOWHERE;
    }
    pgs_status st = t->take(t->context, &row, err);
    t->text.n = 0;
    return st;
}

typedef pgs_status feeder(pgs_csv_parser *parser, const void *from, pgs_err *err);

static pgs_status scan(const pgs_csv_layout *layout, size_t max_value_bytes, feeder *feed,
                       const void *from, pgs_csv_take take, void *context, pgs_err *err) {
    texts t = {.layout = layout, .take = take, .context = context};
    const pgs_csv_sink sink = {keep_text, take_texts, &t};
    pgs_csv_parser *parser;
    memset(t.offset, 0xFF, sizeof t.offset);
    pgs_status st = pgs_csv_parser_new(layout, &sink, max_value_bytes, &parser, err);
    t.parser = parser;
    if (st == PGS_OK)
        st = feed(parser, from, err);
    if (st == PGS_OK)
        st = pgs_csv_parser_end(parser, err);
    pgs_csv_parser_free(parser);
    pgs_buf_reset(&t.text);
    return st;
}

typedef struct span {
    const char *bytes;
    size_t n;
} span;

static pgs_status feed_span(pgs_csv_parser *parser, const void *from, pgs_err *err) {
    span left = *(const span *)from;
    const char *nul = memchr(left.bytes, '\0', left.n);
    pgs_status st = PGS_OK;
    while (st == PGS_OK && left.n > 0) {
        size_t n = pgs_csv_physical_line(left.bytes, left.n);
        if (nul && nul < left.bytes + n)
            return pgs_csv_refuse_nul(parser, err);
        st = pgs_csv_parser_feed(parser, left.bytes, n, err);
        left.bytes += n;
        left.n -= n;
    }
    return st;
}

static pgs_status feed_file(pgs_csv_parser *parser, const void *from, pgs_err *err) {
    pgs_csv_input in;
    bool end = false;
    pgs_status st = pgs_csv_input_open(&in, from, err);
    while (st == PGS_OK && !end)
        st = pgs_csv_input_feed(&in, parser, &end, err);
    pgs_csv_input_close(&in);
    return st;
}

pgs_status pgs_csv_scan_file(const pgs_csv_layout *layout, const char *path, pgs_csv_take take,
                             void *context, pgs_err *err) {
    return scan(layout, PGS_CSV_MAX_VALUE_BYTES, feed_file, path, take, context, err);
}

pgs_status pgs_csv_scan(const pgs_csv_layout *layout, const char *bytes, size_t n,
                        pgs_csv_take take, void *context, pgs_err *err) {
    const span all = {bytes, n};
    size_t max = n < PGS_CSV_MAX_VALUE_BYTES ? n + 1 : PGS_CSV_MAX_VALUE_BYTES;
    return scan(layout, max, feed_span, &all, take, context, err);
}
