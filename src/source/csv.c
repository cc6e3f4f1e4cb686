/* Exports of the guide's views, as psql --csv writes them, become one snapshot.
 *
 * partition_chunk_distribution.csv says which partitions there are; it is read twice, first for
 * the numbers, then for the values like its companions. Every column that is a metric is taken
 * where it is first met; a later file that says otherwise is a warning, not a choice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "source/csv_parts.h"

enum { CHUNK_COUNT_COLUMN = 1 + PGS_CHUNK_COUNT }; /* after partition_num */

typedef struct import {
    const pgs_csv_options *options;
    pgs_snapshot *snap;
    pgs_csv_parts parts;
    size_t *seen; /* [n_parts] the line of the current file that has it, or 0 */
    pgs_csv_left_out left_out;
    pgs_csv_differences differences;
} import;

typedef struct export_file {
    const char *file;
    size_t n_needed;
    const char *usual;
} export_file;

static const export_file EXPORT[] = {
    {"partition_chunk_distribution.csv", 2,
     "partition_num, chunk_count, document_count, collection_count, avg_tokens, chunk_percentage"},
    {"partition_size_distribution.csv", 1,
     "partition_num, size_bytes, size_pretty, size_percentage, row_estimate"},
    {"partition_hot_spots.csv", 1,
     "partition_num, chunks_last_hour, chunks_last_day, chunks_last_week, hour_percentage, "
     "day_percentage, week_percentage"},
    {"partition_stats.csv", 1,
     "partition_num, chunk_count, total_size_mb, avg_chunk_size_kb, created_at"},
};

static pgs_csv_layout layout_of(const import *in, const export_file *file) {
    return (pgs_csv_layout){.file = file->file,
                            .column = in->parts.name,
                            .n_columns = in->parts.n_observed,
                            .n_needed = file->n_needed,
                            .usual = file->usual};
}

/* ---- which partitions there are ---- */

static pgs_status take_number(void *context, const pgs_csv_row *row, pgs_err *err) {
    pgs_buf *nums = context;
    int64_t num = -1;
    pgs_status st = pgs_csv_integer(row, 0, INT32_MAX, &num, err);
    if (st != PGS_OK)
        return st;
    if (num < 0)
        return pgs_csv_refuse(row, 0, "is no partition number", err);
    if (!row->value[CHUNK_COUNT_COLUMN])
        return pgs_csv_refuse(row, CHUNK_COUNT_COLUMN, "is no count, and each partition needs one",
                              err);
    pgs_buf_bytes(nums, &num, sizeof num);
    return nums->failed ? pgs_no_memory(err) : PGS_OK;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Number the snapshot's partitions, ascending. One that is there twice is found when its second
 * row is read; here it counts once. */
static pgs_status number_partitions(import *in, pgs_buf *nums, pgs_err *err) {
    int64_t *num = (int64_t *)(void *)nums->data;
    size_t n = nums->n / sizeof *num, n_parts = 0;
    if (n == 0) {
        pgs_status empty = pgs_fail(err, PGS_E_DATA, "%s has a header, but no row", EXPORT[0].file);
        pgs_hint(err, "export it from the database that holds the table");
        return empty;
    }
    qsort(num, n, sizeof *num, by_value);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || num[i] != num[n_parts - 1])
            num[n_parts++] = num[i];
    pgs_status st = pgs_snapshot_set_parts(in->snap, n_parts, err);
    if (st != PGS_OK)
        return st;
    in->seen = pgs_alloc(n_parts, sizeof *in->seen);
    if (!in->seen)
        return pgs_no_memory(err);
    for (size_t p = 0; p < n_parts; p++)
        in->snap->part[p] = (pgs_partition){.num = num[p], .measured = true};
    return PGS_OK;
}

/* ---- values ---- */

static pgs_status take_metric(import *in, const pgs_csv_row *row, size_t column, size_t place,
                              pgs_err *err) {
    pgs_metric metric = in->parts.column[column].metric;
    double x, *cell = &in->snap->metric[metric][place];
    pgs_status st = pgs_csv_parts_value(row, column, metric, in->options->naive_offset_us,
                                        &in->left_out, &x, err);
    if (st != PGS_OK || isnan(x) || !pgs_csv_is_kept(metric))
        return st;
    if (isnan(*cell))
        *cell = x;
    else if (*cell != x)
        pgs_csv_differ_value(&in->differences, row, in->snap->part[place].num, metric, x,
                             "in a file or column before it", *cell);
    return PGS_OK;
}

static pgs_status take_text(import *in, char **field, const char *text, pgs_err *err) {
    return *field || !text ? PGS_OK : pgs_snapshot_text(in->snap, field, text, err);
}

static pgs_status take_partition(void *context, const pgs_csv_row *row, pgs_err *err) {
    import *in = context;
    int64_t num;
    size_t place;
    pgs_status st = pgs_csv_parts_find(row, in->snap, in->seen, &num, &place, err);
    if (st == PGS_OK && place == SIZE_MAX)
        st = pgs_csv_refuse(row, 0, "is not in partition_chunk_distribution.csv", err);
    for (size_t c = 1; st == PGS_OK && c < row->layout->n_columns; c++) {
        pgs_csv_role role = in->parts.column[c].role;
        if (role == PGS_CSV_METRIC)
            st = take_metric(in, row, c, place, err);
        else if (role == PGS_CSV_NAME)
            st = take_text(in, &in->snap->part[place].name, row->value[c], err);
        else if (role == PGS_CSV_BOUNDS)
            st = take_text(in, &in->snap->part[place].bounds, row->value[c], err);
    }
    return st;
}

static pgs_status scan_partitions(import *in, const pgs_csv_layout *layout, const char *bytes,
                                  size_t n, pgs_err *err) {
    memset(in->seen, 0, in->snap->head.n_parts * sizeof *in->seen);
    return pgs_csv_scan(layout, bytes, n, take_partition, in, err);
}

static pgs_status read_distribution(import *in, pgs_err *err) {
    pgs_csv_layout layout = layout_of(in, &EXPORT[0]);
    char *bytes = NULL, shown[PGS_CSV_SHOWN_MAX];
    size_t n = 0;
    pgs_buf nums = {0};
    pgs_status st = pgs_csv_load(in->options->directory, layout.file, &bytes, &n, err);
    if (st == PGS_E_NO_INPUT) {
        st = pgs_fail(err, PGS_E_NO_INPUT, "\"%s\" holds no %s",
                      pgs_csv_shown(in->options->directory, shown), layout.file);
        pgs_hint(err, "psql --csv -c 'SELECT * FROM partition_chunk_distribution' > %s",
                 layout.file);
        return st;
    }
    if (st == PGS_OK)
        st = pgs_csv_scan(&layout, bytes, n, take_number, &nums, err);
    if (st == PGS_OK)
        st = number_partitions(in, &nums, err);
    if (st == PGS_OK)
        st = scan_partitions(in, &layout, bytes, n, err);
    pgs_buf_reset(&nums);
    pgs_free(bytes);
    return st;
}

static pgs_status read_companion(import *in, const export_file *file, pgs_err *err) {
    pgs_csv_layout layout = layout_of(in, file);
    char *bytes = NULL;
    size_t n = 0;
    pgs_status st = pgs_csv_load_optional(in->options->directory, layout.file, &bytes, &n, err);
    if (st == PGS_OK && bytes)
        st = scan_partitions(in, &layout, bytes, n, err);
    pgs_free(bytes);
    return st;
}

/* ---- collections ---- */

enum {
    ID,
    NAME,
    CHUNKED_DOCUMENTS,
    TOTAL_CHUNKS,
    AVG_TOKENS,
    LAST_CREATED,
    PARTITIONS, /* in our own exports; of no use without saying which */
    N_COLLECTION_COLUMNS
};

static const char *const COLLECTION_COLUMN[N_COLLECTION_COLUMNS] = {
    "id",
    "name",
    "chunked_documents",
    "total_chunks",
    "avg_tokens_per_chunk",
    "last_chunk_created",
    "partitions",
};

static const pgs_csv_layout COLLECTIONS = {
    .file = "collection_chunking_stats.csv",
    .column = COLLECTION_COLUMN,
    .n_columns = N_COLLECTION_COLUMNS,
    .n_needed = 1,
    .usual = "id, name, chunked_documents, total_chunks, avg_tokens_per_chunk, last_chunk_created",
};

typedef struct met_id {
    const char *id;
    size_t line;
} met_id;

typedef struct collections {
    import *in;
    size_t n;    /* rows so far */
    met_id *met; /* [n_collections] */
} collections;

static pgs_status count_row(void *context, const pgs_csv_row *row, pgs_err *err) {
    size_t *n = context;
    (*n)++;
    return row->value[ID] ? PGS_OK : pgs_csv_refuse(row, ID, "is no id of a collection", err);
}

static pgs_status take_collection(void *context, const pgs_csv_row *row, pgs_err *err) {
    collections *all = context;
    import *in = all->in;
    pgs_collection *collection = &in->snap->collection[all->n];
    pgs_collection_stat *stat = &in->snap->collection_stat[all->n];
    stat->collection = all->n;
    pgs_status st = pgs_snapshot_text(in->snap, &collection->id, row->value[ID], err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(in->snap, &collection->name, row->value[NAME], err);
    if (st == PGS_OK)
        st = pgs_csv_count(row, CHUNKED_DOCUMENTS, &stat->document_count, err);
    if (st == PGS_OK)
        st = pgs_csv_count(row, TOTAL_CHUNKS, &stat->chunk_count, err);
    if (st == PGS_OK)
        st = pgs_csv_real(row, AVG_TOKENS, INFINITY, &in->left_out, &stat->avg_tokens, err);
    if (st == PGS_OK)
        st = pgs_csv_time(row, LAST_CREATED, in->options->naive_offset_us, &in->left_out,
                          &stat->last_created_at, err);
    all->met[all->n++] = (met_id){collection->id, row->line};
    return st;
}

static int by_id(const void *a, const void *b) {
    const met_id *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static pgs_status refuse_repeated(collections *all, pgs_err *err) {
    char shown[PGS_CSV_SHOWN_MAX];
    if (all->n > 0)
        qsort(all->met, all->n, sizeof *all->met, by_id);
    for (size_t i = 1; i < all->n; i++)
        if (strcmp(all->met[i].id, all->met[i - 1].id) == 0)
            return pgs_fail(err, PGS_E_DATA,
                            "%s line %zu, column \"id\": \"%s\" is there already, on line %zu",
                            COLLECTIONS.file, all->met[i].line,
                            pgs_csv_shown(all->met[i].id, shown), all->met[i - 1].line);
    return PGS_OK;
}

static pgs_status scan_collections(import *in, const char *bytes, size_t n, pgs_err *err) {
    size_t n_rows = 0;
    pgs_status st = pgs_csv_scan(&COLLECTIONS, bytes, n, count_row, &n_rows, err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_collections(in->snap, n_rows, n_rows, err);
    if (st != PGS_OK)
        return st;
    collections all = {.in = in, .met = pgs_alloc(n_rows, sizeof *all.met)};
    st = all.met ? pgs_csv_scan(&COLLECTIONS, bytes, n, take_collection, &all, err)
                 : pgs_no_memory(err);
    if (st == PGS_OK)
        st = refuse_repeated(&all, err);
    pgs_free(all.met);
    return st;
}

static pgs_status read_collections(import *in, pgs_err *err) {
    char *bytes = NULL;
    size_t n = 0;
    pgs_status st =
        pgs_csv_load_optional(in->options->directory, COLLECTIONS.file, &bytes, &n, err);
    if (st == PGS_OK && bytes)
        st = scan_collections(in, bytes, n, err);
    pgs_free(bytes);
    return st;
}

/* ---- the whole ---- */

static pgs_status check_directory(const char *directory, pgs_err *err) {
    struct stat info;
    char shown[PGS_CSV_SHOWN_MAX];
    bool there = stat(directory, &info) == 0;
    if (there && S_ISDIR(info.st_mode))
        return PGS_OK;
    pgs_status st = pgs_fail(
        err, PGS_E_NO_INPUT, "%s \"%s\"",
        there ? "not a directory:" : "no such directory:", pgs_csv_shown(directory, shown));
    pgs_hint(err, "give the directory that holds %s", EXPORT[0].file);
    return st;
}

static pgs_status note_left_out(import *in, pgs_err *err) {
    pgs_buf sentence = {0};
    pgs_csv_left_out_tell(&in->left_out, &sentence);
    pgs_status st = sentence.failed  ? pgs_no_memory(err)
                    : sentence.n > 0 ? pgs_snapshot_note(in->snap, err, "%s", sentence.data)
                                     : PGS_OK;
    pgs_buf_reset(&sentence);
    return st;
}

static pgs_status read_all(import *in, pgs_err *err) {
    pgs_status st = check_directory(in->options->directory, err);
    if (st == PGS_OK)
        st = pgs_csv_name_series(in->snap, in->options->table, in->options->source, err);
    in->snap->head.taken_us = in->options->taken_us;
    if (st == PGS_OK)
        st = read_distribution(in, err);
    for (size_t i = 1; st == PGS_OK && i < PGS_COUNT_OF(EXPORT); i++)
        st = read_companion(in, &EXPORT[i], err);
    if (st == PGS_OK)
        st = read_collections(in, err);
    if (st == PGS_OK)
        st = note_left_out(in, err);
    if (st != PGS_OK)
        return st;
    pgs_csv_differences_end(&in->differences);
    return pgs_snapshot_check(in->snap, err);
}

pgs_status pgs_csv_read(const pgs_csv_options *options, const pgs_listener *listener,
                        pgs_snapshot *out, pgs_err *err) {
import in = {.options = options, .snap = out, .differences = {.listener = listener } };
    pgs_csv_parts_init(&in.parts);
    pgs_status st = read_all(&in, err);
    pgs_free(in.seen);
    if (st != PGS_OK)
        pgs_snapshot_reset(out);
    return st;
}
