/* A long CSV, as years of measurements are kept elsewhere: one row a moment and partition, sorted
 * by both. There may be a hundred million of them, so nothing is kept but the moment that is being
 * read: one snapshot, filled again for each. A value becomes a number while it still lies in the
 * parser's buffer; the usual ones, digits and nothing else, without any other call. */
#include "source/csv_history.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "source/csv_input.h"
#include "source/csv_parts.h"

#define FIRST_CAPACITY ((size_t)128)
#define TEXT_MAX       64 /* of a time that is kept to be compared */

enum { TAKEN_AT, PARTITION_NUM, PARTITION_NAME, LAST_CREATED, FIRST_METRIC };
enum { N_COLUMNS = FIRST_METRIC + PGS_METRIC_COUNT };

/* The row that is being read. */
typedef struct row {
    char taken_at[TEXT_MAX];
    size_t n_taken_at;
    bool has_taken_at, same_time;
    int64_t taken_us;
    int64_t num;
    pgs_buf name;
    bool has_name;
    bool any;                       /* some metric was observed */
    double value[PGS_METRIC_COUNT]; /* of those the file has */
    pgs_csv_left_out left_out;
} row;

struct pgs_csv_history {
    const pgs_csv_history_options *options;
    const char *column[N_COLUMNS];
    pgs_csv_layout layout;
    pgs_csv_input input;
    pgs_csv_parser *parser;
    bool input_ended;

    pgs_metric metric[PGS_METRIC_COUNT]; /* [n_metrics] that are the file's, or derived */
    size_t n_metrics;
    row row;
    bool pending;  /* row is the first of the next moment */
    size_t line;   /* where it began */
    size_t n_rows; /* of the whole file */

    char taken_at[TEXT_MAX]; /* of the moment, as it was written */
    size_t n_taken_at;

    pgs_snapshot snap; /* its arrays have room for `capacity` partitions */
    size_t capacity;
    char **name; /* [capacity] of the partition in that place last time, owned */
    pgs_csv_left_out left_out;
    pgs_buf notes;
};

/* ---- values ---- */

static pgs_metric metric_of(size_t column) {
    return column == LAST_CREATED ? PGS_LAST_CREATED_AT : (pgs_metric)(column - FIRST_METRIC);
}

/* `file line N, column "C": "value" why` */
static pgs_status refuse(const pgs_csv_history *h, size_t line, size_t column, const char *value,
                         const char *why, pgs_err *err) {
    pgs_csv_row at = {.layout = &h->layout, .line = line};
    at.value[column] = value;
    return pgs_csv_refuse(&at, column, why, err);
}

/* At most 15 digits, and nothing else. */
static bool digits(const char *text, size_t n, int64_t *out) {
    int64_t value = 0;
    if (n == 0 || n > 15)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static pgs_status take_metric(pgs_csv_history *h, size_t column, const char *value, size_t n,
                              pgs_err *err) {
    pgs_metric metric = metric_of(column);
    pgs_unit unit = pgs_metric_get(metric)->unit;
    double *out = &h->row.value[metric];
    int64_t whole;
    if ((unit == PGS_UNIT_ROWS || unit == PGS_UNIT_BYTES) && digits(value, n, &whole)) {
        *out = (double)whole;
    } else if (unit == PGS_UNIT_TIME && pgs_time_parse(value, PGS_TIME_NONE, &whole) &&
               whole >= 0 && whole <= (int64_t)PGS_MAX_INTEGER) {
        *out = (double)whole;
    } else {
        pgs_csv_row at = {.layout = &h->layout, .line = pgs_csv_parser_line(h->parser)};
        at.value[column] = value;
        pgs_status st = pgs_csv_parts_value(&at, column, metric, h->options->naive_offset_us,
                                            &h->row.left_out, out, err);
        if (st != PGS_OK)
            return st;
    }
    if (!pgs_csv_is_kept(metric))
        *out = NAN;
    h->row.any |= !isnan(*out);
    return PGS_OK;
}

/* Most rows are of the moment of the row before, in the same spelling. */
static pgs_status take_time(pgs_csv_history *h, const char *value, size_t n, pgs_err *err) {
    row *r = &h->row;
    double us = NAN;
    r->has_taken_at = true;
    r->same_time = n == h->n_taken_at && memcmp(value, h->taken_at, n) == 0;
    if (r->same_time)
        return PGS_OK;
    pgs_csv_row at = {.layout = &h->layout, .line = pgs_csv_parser_line(h->parser)};
    at.value[TAKEN_AT] = value;
    pgs_csv_left_out outside = {0};
    pgs_status st = pgs_csv_time(&at, TAKEN_AT, h->options->naive_offset_us, &outside, &us, err);
    if (st == PGS_OK && (isnan(us) || n >= TEXT_MAX))
        st = pgs_csv_refuse(&at, TAKEN_AT, "is outside 1970-2255", err);
    if (st != PGS_OK)
        return st;
    r->taken_us = (int64_t)us;
    r->n_taken_at = n;
    memcpy(r->taken_at, value, n + 1);
    return PGS_OK;
}

static pgs_status take_number(pgs_csv_history *h, const char *value, size_t n, pgs_err *err) {
    pgs_csv_row at = {.layout = &h->layout, .line = pgs_csv_parser_line(h->parser)};
    if (digits(value, n, &h->row.num) && h->row.num <= INT32_MAX)
        return PGS_OK;
    at.value[PARTITION_NUM] = value;
    return pgs_csv_integer(&at, PARTITION_NUM, INT32_MAX, &h->row.num, err);
}

/* pgskew export puts an apostrophe before what a spreadsheet would take for a formula. */
static bool has_apostrophe(const char *name) {
    size_t n = strspn(name, "'");
    return n > 0 && name[n] && strchr("=+-@\t\r\n", name[n]);
}

static pgs_status take_name(pgs_csv_history *h, const char *value, size_t n, pgs_err *err) {
    if (!pgs_text_is_utf8(value))
        return pgs_fail(err, PGS_E_DATA, "%s line %zu, column \"%s\": not valid UTF-8",
                        h->layout.file, pgs_csv_parser_line(h->parser), h->column[PARTITION_NAME]);
    bool skip = has_apostrophe(value);
    h->row.name.n = 0;
    pgs_buf_bytes(&h->row.name, value + skip, n + 1 - skip);
    h->row.has_name = true;
    return h->row.name.failed ? pgs_no_memory(err) : PGS_OK;
}

static pgs_status take_field(void *context, size_t column, const char *value, size_t n,
                             pgs_err *err) {
    pgs_csv_history *h = context;
    if (!value)
        return PGS_OK;
    switch (column) {
    case TAKEN_AT:
        return take_time(h, value, n, err);
    case PARTITION_NUM:
        return take_number(h, value, n, err);
    case PARTITION_NAME:
        return take_name(h, value, n, err);
    default:
        return take_metric(h, column, value, n, err);
    }
}

/* ---- rows ---- */

static void begin_row(pgs_csv_history *h) {
    row *r = &h->row;
    r->has_taken_at = r->same_time = r->has_name = r->any = false;
    r->num = -1;
    r->left_out = (pgs_csv_left_out){0};
    for (size_t i = 0; i < h->n_metrics; i++)
        r->value[h->metric[i]] = NAN;
}

/* Make room for more partitions; what is there stays. */
static pgs_status grow(pgs_csv_history *h, pgs_err *err) {
    size_t n = h->snap.head.n_parts, capacity = n == 0 ? FIRST_CAPACITY : 2 * n;
    if (capacity > PGS_MAX_PARTITIONS && n < PGS_MAX_PARTITIONS)
        capacity = PGS_MAX_PARTITIONS;
    pgs_snapshot more;
    pgs_snapshot_init(&more);
    char **name = pgs_alloc(capacity, sizeof *name);
    pgs_status st = name ? PGS_OK : pgs_no_memory(err);
    if (st == PGS_OK)
        st = pgs_csv_name_series(&more, h->options->table, h->options->source, err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_parts(&more, capacity, err);
    if (st != PGS_OK) {
        pgs_free(name);
        pgs_snapshot_reset(&more);
        return st;
    }
    more.head.taken_us = h->snap.head.taken_us;
    more.head.n_parts = n;
    if (n > 0) {
        memcpy(name, h->name, n * sizeof *name);
        memcpy(more.part, h->snap.part, n * sizeof *more.part);
        for (size_t m = 0; m < PGS_METRIC_COUNT; m++)
            memcpy(more.metric[m], h->snap.metric[m], n * sizeof **more.metric);
    }
    pgs_snapshot_reset(&h->snap);
    pgs_free(h->name);
    h->snap = more;
    h->name = name;
    h->capacity = capacity;
    return PGS_OK;
}

/* The name of partition p, from last time where it is the same. */
static pgs_status name_part(pgs_csv_history *h, size_t p, pgs_err *err) {
    const row *r = &h->row;
    h->snap.part[p].name = NULL;
    if (!r->has_name)
        return PGS_OK;
    const char *name = pgs_buf_view(&r->name);
    if (!h->name[p] || strcmp(h->name[p], name) != 0) {
        pgs_free(h->name[p]);
        h->name[p] = pgs_strdup(name);
    }
    h->snap.part[p].name = h->name[p];
    return h->name[p] ? PGS_OK : pgs_no_memory(err);
}

static pgs_status check_number(const pgs_csv_history *h, pgs_err *err) {
    size_t n = h->snap.head.n_parts;
    int64_t num = h->row.num;
    if (num < 0)
        return refuse(h, h->line, PARTITION_NUM, NULL, "is no partition number", err);
    if (n == 0 || num > h->snap.part[n - 1].num)
        return PGS_OK;
    char text[PGS_NUM_TEXT_MAX], why[100];
    bool twice = num == h->snap.part[n - 1].num;
    snprintf(why, sizeof why, twice ? "is there already" : "comes after %lld",
             (long long)h->snap.part[n - 1].num);
    pgs_status st = refuse(h, h->line, PARTITION_NUM, pgs_int_format(num, text), why, err);
    if (!twice)
        pgs_hint(err, "sort the rows by taken_at, then partition_num");
    return st;
}

/* The row becomes the moment's next partition. */
static pgs_status place(pgs_csv_history *h, pgs_err *err) {
    row *r = &h->row;
    size_t p = h->snap.head.n_parts;
    pgs_status st = check_number(h, err);
    if (st == PGS_OK && p == h->capacity)
        st = grow(h, err);
    if (st != PGS_OK)
        return st;
    h->snap.head.n_parts = p + 1;
    h->snap.part[p] = (pgs_partition){.num = r->num, .measured = r->any};
    for (size_t i = 0; i < h->n_metrics; i++)
        h->snap.metric[h->metric[i]][p] = r->value[h->metric[i]];
    h->left_out.times += r->left_out.times;
    h->left_out.infinite += r->left_out.infinite;
    h->n_rows++;
    st = name_part(h, p, err);
    begin_row(h);
    return st;
}

static pgs_status take_row(void *context, pgs_err *err) {
    pgs_csv_history *h = context;
    const row *r = &h->row;
    h->line = pgs_csv_parser_line(h->parser);
    if (!r->has_taken_at)
        return refuse(h, h->line, TAKEN_AT, NULL, "is no time, and each row needs one", err);
    if (r->same_time || r->taken_us == h->snap.head.taken_us)
        return place(h, err);
    if (r->taken_us < h->snap.head.taken_us) {
        pgs_status st =
            refuse(h, h->line, TAKEN_AT, r->taken_at, "is earlier than the row before", err);
        pgs_hint(err, "sort the rows by taken_at, then partition_num");
        return st;
    }
    h->pending = true;
    return PGS_OK;
}

/* ---- moments ---- */

static void begin_moment(pgs_csv_history *h) {
    memcpy(h->taken_at, h->row.taken_at, h->row.n_taken_at);
    h->n_taken_at = h->row.n_taken_at;
    h->snap.head.taken_us = h->row.taken_us;
    h->snap.head.n_parts = 0;
    h->snap.notes = NULL;
    h->notes.n = 0;
    h->left_out = (pgs_csv_left_out){0};
}

static pgs_status feed(pgs_csv_history *h, pgs_err *err) {
    pgs_status st = PGS_OK;
    while (st == PGS_OK && !h->pending && !h->input_ended) {
        st = pgs_csv_input_feed(&h->input, h->parser, &h->input_ended, err);
        if (st == PGS_OK && h->input_ended)
            st = pgs_csv_parser_end(h->parser, err);
    }
    return st;
}

/* What is derived after a moment was handed out must be forgotten before the next. */
static void list_metrics(pgs_csv_history *h) {
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        bool named = pgs_csv_parser_has(h->parser, FIRST_METRIC + (size_t)m) ||
                     (m == PGS_LAST_CREATED_AT && pgs_csv_parser_has(h->parser, LAST_CREATED));
        if (named || m >= PGS_FIRST_DERIVED)
            h->metric[h->n_metrics++] = m;
    }
}

static pgs_status check_header(const pgs_csv_history *h, pgs_err *err) {
    if (!pgs_csv_parser_has(h->parser, LAST_CREATED) ||
        !pgs_csv_parser_has(h->parser, FIRST_METRIC + PGS_LAST_CREATED_AT))
        return PGS_OK;
    pgs_status st =
        pgs_fail(err, PGS_E_DATA, "%s has both last_created and last_created_at", h->layout.file);
    pgs_hint(err, "they mean the same: leave one out");
    return st;
}

/* Say what was left out, hold the moment to what every snapshot must keep, and where it ends. */
static pgs_status end_moment(pgs_csv_history *h, pgs_err *err) {
    pgs_err inner;
    char text[PGS_TIME_TEXT_MAX];
    bool last = h->input_ended && !h->pending;
    pgs_status st = PGS_OK;
    if (last && h->options->collections)
        st = pgs_csv_history_collections(h->options, &h->snap, &h->left_out, err);
    pgs_csv_left_out_tell(&h->left_out, &h->notes);
    if (st == PGS_OK && h->notes.failed)
        st = pgs_no_memory(err);
    if (st != PGS_OK)
        return st;
    h->snap.notes = h->notes.n > 0 ? h->notes.data : NULL;
    st = pgs_snapshot_check(&h->snap, &inner);
    return st == PGS_OK ? PGS_OK
                        : pgs_fail(err, st, "%s, moment %s: %s", h->layout.file,
                                   pgs_time_format(h->snap.head.taken_us, text), inner.msg);
}

pgs_status pgs_csv_history_next(pgs_csv_history *h, pgs_snapshot **out, pgs_err *err) {
    bool first = h->n_rows == 0;
    *out = NULL;
    pgs_status st = first ? feed(h, err) : PGS_OK; /* the first row is pending */
    if (st == PGS_OK && first)
        st = check_header(h, err);
    if (st == PGS_OK && first)
        list_metrics(h);
    if (st == PGS_OK && first && !h->pending) {
        st = pgs_fail(err, PGS_E_DATA, "%s has a header, but no row", h->layout.file);
        pgs_hint(err, "export it from the database that holds the measurements");
    }
    if (st != PGS_OK || !h->pending)
        return st;
    begin_moment(h);
    h->pending = false;
    st = place(h, err);
    if (st == PGS_OK)
        st = feed(h, err);
    if (st == PGS_OK)
        st = end_moment(h, err);
    if (st == PGS_OK)
        *out = &h->snap;
    return st;
}

void pgs_csv_history_progress(const pgs_csv_history *h, uint64_t *done, uint64_t *total) {
    *done = h->input.n_fed;
    *total = h->input.n_bytes;
}

/* ---- opening ---- */

static void lay_out(pgs_csv_history *h) {
    h->column[TAKEN_AT] = "taken_at";
    h->column[PARTITION_NUM] = "partition_num";
    h->column[PARTITION_NAME] = "partition_name";
    h->column[LAST_CREATED] = "last_created";
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        h->column[FIRST_METRIC + (int)m] = pgs_metric_get(m)->key;
    h->layout = (pgs_csv_layout){
        .file = h->input.path,
        .column = h->column,
        .n_columns = N_COLUMNS,
        .n_needed = PARTITION_NUM + 1,
        .usual = "taken_at, partition_num, chunk_count, size_bytes, last_created and every other "
                 "metric of a snapshot",
    };
}

static pgs_status open_all(pgs_csv_history *h, pgs_err *err) {
    const pgs_csv_sink sink = {take_field, take_row, h};
    pgs_status st = pgs_csv_input_open(&h->input, h->options->path, err);
    lay_out(h);
    for (int m = 0; m < PGS_METRIC_COUNT; m++)
        h->row.value[m] = NAN;
    begin_row(h);
    if (st == PGS_OK)
        st = pgs_csv_parser_new(&h->layout, &sink, PGS_CSV_MAX_VALUE_BYTES, &h->parser, err);
    return st == PGS_OK ? grow(h, err) : st;
}

pgs_status pgs_csv_history_open(const pgs_csv_history_options *options, pgs_csv_history **out,
                                pgs_err *err) {
    pgs_csv_history *h = pgs_alloc(1, sizeof *h);
    *out = NULL;
    if (!h)
        return pgs_no_memory(err);
    h->options = options;
    pgs_snapshot_init(&h->snap);
    pgs_status st = open_all(h, err);
    if (st == PGS_OK)
        *out = h;
    else
        pgs_csv_history_close(h);
    return st;
}

void pgs_csv_history_close(pgs_csv_history *h) {
    if (!h)
        return;
    for (size_t p = 0; p < h->capacity; p++)
        pgs_free(h->name[p]);
    pgs_free(h->name);
    pgs_snapshot_reset(&h->snap);
    pgs_csv_parser_free(h->parser);
    pgs_csv_input_close(&h->input);
    pgs_buf_reset(&h->row.name);
    pgs_buf_reset(&h->notes);
    pgs_free(h);
}
