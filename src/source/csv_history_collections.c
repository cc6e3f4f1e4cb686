/* The collections of a long CSV's last moment: a file of its own, one row a collection and
 * partition. A row without a partition number speaks of all partitions together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "source/csv_history.h"

enum {
    ID,
    PARTITION_NUM,
    NAME,
    HASHTEXT,
    KEY_HASH,
    CHUNK_COUNT,
    DOCUMENT_COUNT,
    TOKEN_SUM,
    TOKEN_CHUNK_COUNT,
    AVG_TOKENS,
    SIZE_BYTES,
    LAST_CREATED,
    LAST_CREATED_AT,
    N_COLUMNS
};

static const char *const COLUMN[N_COLUMNS] = {
    "collection_id",     "partition_num", "name",           "hashtext",
    "key_hash",          "chunk_count",   "document_count", "token_sum",
    "token_chunk_count", "avg_tokens",    "size_bytes",     "last_created",
    "last_created_at",
};

typedef struct line {
    size_t id, name; /* offsets into text; name SIZE_MAX: none */
    size_t number;   /* of its line in the file */
    pgs_collection_stat stat;
} line;

typedef struct reading {
    const pgs_csv_history_options *options;
    const pgs_snapshot *snap;
    pgs_buf lines; /* of struct line */
    pgs_buf text;
    pgs_csv_left_out left_out;
} reading;

/* ---- rows ---- */

static size_t keep(pgs_buf *text, const char *value) {
    size_t at = text->n;
    if (!value)
        return SIZE_MAX;
    pgs_buf_bytes(text, value, strlen(value) + 1);
    return at;
}

static int by_num(const void *key, const void *item) {
    int64_t num = *(const int64_t *)key;
    const pgs_partition *part = item;
    return (num > part->num) - (num < part->num);
}

static pgs_status take_partition(const reading *in, const pgs_csv_row *row, int64_t *num,
                                 pgs_err *err) {
    *num = -1;
    pgs_status st = pgs_csv_integer(row, PARTITION_NUM, INT32_MAX, num, err);
    if (st == PGS_OK && *num >= 0 &&
        !bsearch(num, in->snap->part, in->snap->head.n_parts, sizeof *in->snap->part, by_num))
        st = pgs_csv_refuse(row, PARTITION_NUM, "is no partition of the last moment", err);
    return st;
}

/* hashtext() is a signed number of 32 bits. */
static pgs_status take_hash(const pgs_csv_row *row, int64_t *out, pgs_err *err) {
    for (size_t c = HASHTEXT; c <= KEY_HASH; c++)
        if (row->value[c] && !pgs_int_parse(row->value[c], INT32_MIN, INT32_MAX, out))
            return pgs_csv_refuse(row, c, "is no hash: a whole number of 32 bits", err);
    return PGS_OK;
}

static pgs_status take_counts(const pgs_csv_row *row, pgs_collection_stat *stat, pgs_err *err) {
    const struct {
        size_t column;
        double *to;
    } COUNT[] = {{CHUNK_COUNT, &stat->chunk_count},
                 {DOCUMENT_COUNT, &stat->document_count},
                 {TOKEN_SUM, &stat->token_sum},
                 {TOKEN_CHUNK_COUNT, &stat->token_chunk_count},
                 {SIZE_BYTES, &stat->size_bytes}};
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(COUNT); i++)
        st = pgs_csv_count(row, COUNT[i].column, COUNT[i].to, err);
    return st;
}

static pgs_status take_line(void *context, const pgs_csv_row *row, pgs_err *err) {
    reading *in = context;
    if (!row->value[ID])
        return pgs_csv_refuse(row, ID, "is no id of a collection", err);
    line l = {.number = row->line, .stat = {.key_hash = PGS_TIME_NONE}};
    l.id = keep(&in->text, row->value[ID]);
    l.name = keep(&in->text, row->value[NAME]);
    size_t last = row->value[LAST_CREATED] ? LAST_CREATED : LAST_CREATED_AT;
    pgs_status st = take_partition(in, row, &l.stat.partition_num, err);
    if (st == PGS_OK)
        st = take_hash(row, &l.stat.key_hash, err);
    if (st == PGS_OK)
        st = take_counts(row, &l.stat, err);
    if (st == PGS_OK)
        st = pgs_csv_real(row, AVG_TOKENS, INFINITY, &in->left_out, &l.stat.avg_tokens, err);
    if (st == PGS_OK)
        st = pgs_csv_time(row, last, in->options->naive_offset_us, &in->left_out,
                          &l.stat.last_created_at, err);
    pgs_buf_bytes(&in->lines, &l, sizeof l);
    return st == PGS_OK && (in->lines.failed || in->text.failed) ? pgs_no_memory(err) : st;
}

/* ---- into the snapshot ---- */

static int by_collection(const void *a, const void *b, void *text) {
    const line *x = a, *y = b;
    int order = strcmp((const char *)text + x->id, (const char *)text + y->id);
    if (order != 0)
        return order;
    if (x->stat.partition_num != y->stat.partition_num)
        return x->stat.partition_num < y->stat.partition_num ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static pgs_status refuse_repeated(const reading *in, const line *all, size_t n, pgs_err *err) {
    char shown[PGS_CSV_SHOWN_MAX];
    for (size_t i = 1; i < n; i++)
        if (strcmp(in->text.data + all[i].id, in->text.data + all[i - 1].id) == 0 &&
            all[i].stat.partition_num == all[i - 1].stat.partition_num)
            return pgs_fail(err, PGS_E_DATA,
                            "%s line %zu, column \"%s\": \"%s\" is in that partition already, on "
                            "line %zu",
                            in->options->collections, all[i].number, COLUMN[ID],
                            pgs_csv_shown(in->text.data + all[i].id, shown), all[i - 1].number);
    return PGS_OK;
}

static size_t count_ids(const reading *in, const line *all, size_t n) {
    size_t n_ids = n > 0;
    for (size_t i = 1; i < n; i++)
        n_ids += strcmp(in->text.data + all[i].id, in->text.data + all[i - 1].id) != 0;
    return n_ids;
}

static pgs_status fill(const reading *in, const line *all, size_t n, pgs_snapshot *snap,
                       pgs_err *err) {
    size_t c = 0;
    pgs_status st = pgs_snapshot_set_collections(snap, count_ids(in, all, n), n, err);
    for (size_t i = 0; st == PGS_OK && i < n; i++) {
        const char *id = in->text.data + all[i].id;
        c += i > 0 && strcmp(id, in->text.data + all[i - 1].id) != 0;
        snap->collection_stat[i] = all[i].stat;
        snap->collection_stat[i].collection = c;
        if (!snap->collection[c].id)
            st = pgs_snapshot_text(snap, &snap->collection[c].id, id, err);
        if (st == PGS_OK && all[i].name != SIZE_MAX && !snap->collection[c].name)
            st = pgs_snapshot_text(snap, &snap->collection[c].name, in->text.data + all[i].name,
                                   err);
    }
    return st;
}

pgs_status pgs_csv_history_collections(const pgs_csv_history_options *options, pgs_snapshot *snap,
                                       pgs_csv_left_out *left_out, pgs_err *err) {
    const pgs_csv_layout layout = {
        .file = options->collections,
        .column = COLUMN,
        .n_columns = N_COLUMNS,
        .n_needed = PARTITION_NUM + 1,
        .usual = "collection_id, hashtext, partition_num, chunk_count, document_count, size_bytes, "
                 "last_created",
    };
    reading in = {.options = options, .snap = snap};
    pgs_status st = pgs_csv_scan_file(&layout, options->collections, take_line, &in, err);
    line *all = (line *)(void *)in.lines.data;
    size_t n = in.lines.n / sizeof *all;
    if (st == PGS_OK && n > 1)
        qsort_r(all, n, sizeof *all, by_collection, in.text.data);
    if (st == PGS_OK)
        st = refuse_repeated(&in, all, n, err);
    if (st == PGS_OK)
        st = fill(&in, all, n, snap, err);
    left_out->times += in.left_out.times;
    left_out->infinite += in.left_out.infinite;
    pgs_buf_reset(&in.lines);
    pgs_buf_reset(&in.text);
    return st;
}
