/* The counting statement: one arm for each leaf of a batch, tagged with a number, all of them
 * counted together (schemas/pg_count.sql). Leaves are named one by one because a SELECT over the
 * parent would lock every leaf and fail as a whole. */
#include <libpq-fe.h>
#include <math.h>
#include <string.h>

#include "embedded_sql.h"
#include "source/postgres.h"

/* What a column of the table is called in the statement. */
static const char *const ALIAS[PGS_COLUMN_COUNT] = {
    [PGS_COLUMN_COLLECTION] = "collection",
    [PGS_COLUMN_DOCUMENT] = "document",
    [PGS_COLUMN_TOKENS] = "tokens",
    [PGS_COLUMN_CREATED] = "created",
};

static void write_arm(const pgs_reading *reading, const pgs_leaf *leaf, size_t tag, pgs_buf *out) {
    pgs_buf_format(out, "%sSELECT %zu AS leaf", tag ? "\n    UNION ALL " : "", tag);
    for (size_t i = 0; i < PGS_COLUMN_COUNT; i++) {
        pgs_buf_text(out, ", ");
        pgs_buf_text(out, pgs_pg_column(reading, (pgs_column_use)i));
        pgs_buf_text(out, " AS ");
        pgs_buf_text(out, ALIAS[i]);
    }
    pgs_buf_text(out, " FROM ONLY ");
    pgs_buf_text(out, leaf->sql);
}

/* (0, 'public.chunks_part_00'::regclass::oid): what the name stands for when the statement runs. */
static void write_wanted(pgs_pg *pg, const pgs_leaf *leaf, size_t tag, pgs_buf *out) {
    pgs_buf_format(out, "%s(%zu, ", tag ? ", " : "", tag);
    pgs_pg_quote_literal(pg, leaf->sql, out);
    pgs_buf_text(out, "::regclass::oid)");
}

static void write_time(pgs_pg *pg, const char *time, pgs_buf *out) {
    pgs_pg_quote_literal(pg, time, out);
    pgs_buf_text(out, "::timestamptz");
}

pgs_status pgs_pg_count_sql(pgs_pg *pg, const pgs_reading *reading, const size_t *index, size_t n,
                            char **sql, pgs_err *err) {
    enum { ARMS, WANTED, HOUR, DAY, WEEK, N_BUFS };
    pgs_buf buf[N_BUFS] = {{0}};
    for (size_t i = 0; i < n; i++) {
        write_arm(reading, &reading->leaf[index[i]], i, &buf[ARMS]);
        write_wanted(pg, &reading->leaf[index[i]], i, &buf[WANTED]);
    }
    write_time(pg, reading->hour, &buf[HOUR]);
    write_time(pg, reading->day, &buf[DAY]);
    write_time(pg, reading->week, &buf[WEEK]);
    char max_documents[PGS_NUM_TEXT_MAX], row_bytes[PGS_NUM_TEXT_MAX], max_bytes[PGS_NUM_TEXT_MAX];
    double room = PGS_MAX_COLLECTION_BYTES - reading->collection_bytes;
    const pgs_pg_fill fill[] = {
        {"arms", pgs_buf_view(&buf[ARMS])},
        {"leaves", pgs_buf_view(&buf[WANTED])},
        {"hour", pgs_buf_view(&buf[HOUR])},
        {"day", pgs_buf_view(&buf[DAY])},
        {"week", pgs_buf_view(&buf[WEEK])},
        {"table", reading->oid},
        {"collections", pg->options->collections ? "true" : "false"},
        {"document_text", reading->document_text ? reading->document_text : "NULL"},
        {"max_documents", pgs_int_format(PGS_MAX_DOCUMENTS, max_documents)},
        {"row_bytes", pgs_int_format(PGS_COLLECTION_ROW_BYTES, row_bytes)},
        {"max_bytes", pgs_int_format((int64_t)room, max_bytes)},
    };
    bool failed = false;
    for (size_t i = 0; i < N_BUFS; i++)
        failed |= buf[i].failed;
    pgs_status st = failed ? pgs_no_memory(err)
                           : pgs_pg_template(pgs_sql_pg_count, fill, PGS_COUNT_OF(fill), sql, err);
    for (size_t i = 0; i < N_BUFS; i++)
        pgs_buf_reset(&buf[i]);
    return st;
}

/* ---- the answer ---- */

/* Which column of the table a metric comes from; a table without it gives NaN. */
static void forget_absent(const pgs_reading *reading, pgs_leaf *leaf) {
    static const struct {
        pgs_metric metric;
        pgs_column_use use;
    } SOURCE[] = {
        {PGS_DOCUMENT_COUNT, PGS_COLUMN_DOCUMENT}, {PGS_COLLECTION_COUNT, PGS_COLUMN_COLLECTION},
        {PGS_AVG_TOKENS, PGS_COLUMN_TOKENS},       {PGS_CHUNKS_LAST_HOUR, PGS_COLUMN_CREATED},
        {PGS_CHUNKS_LAST_DAY, PGS_COLUMN_CREATED}, {PGS_CHUNKS_LAST_WEEK, PGS_COLUMN_CREATED},
    };
    for (size_t i = 0; i < PGS_COUNT_OF(SOURCE); i++)
        if (!reading->column[SOURCE[i].use])
            leaf->metric[SOURCE[i].metric] = NAN;
}

static void take_leaf_row(pgs_reading *reading, pgs_leaf *leaf, pgs_pg_row *row) {
    static const pgs_metric COUNT[] = {PGS_CHUNK_COUNT, PGS_DOCUMENT_COUNT, PGS_COLLECTION_COUNT};
    static const pgs_metric WINDOW[] = {PGS_CHUNKS_LAST_HOUR, PGS_CHUNKS_LAST_DAY,
                                        PGS_CHUNKS_LAST_WEEK};
    const char *relid = pgs_pg_next_text(row), *filenode = pgs_pg_next_text(row);
    int64_t oid = -1, stored = -1;
    bool same = relid && filenode && pgs_int_parse(relid, 0, INT64_MAX, &oid) &&
                pgs_int_parse(filenode, 0, INT64_MAX, &stored) && oid == leaf->oid &&
                stored == leaf->filenode;
    if (!same) {
        leaf->state = PGS_LEAF_CHANGED;
        return;
    }
    for (size_t i = 0; i < PGS_COUNT_OF(COUNT); i++) {
        leaf->metric[COUNT[i]] = pgs_pg_next_count(row);
        row->bad |= isnan(leaf->metric[COUNT[i]]);
    }
    double average = pgs_pg_next_number(row);
    bool odd = average < 0 || average > PGS_MAX_INTEGER;
    reading->n_odd_averages += odd && leaf->num >= 0;
    leaf->metric[PGS_AVG_TOKENS] = odd ? NAN : average;
    for (size_t i = 0; i < PGS_COUNT_OF(WINDOW); i++) {
        leaf->metric[WINDOW[i]] = pgs_pg_next_count(row);
        row->bad |= isnan(leaf->metric[WINDOW[i]]);
    }
    leaf->metric[PGS_OLDEST_CREATED_AT] = pgs_pg_next_time(row, &reading->n_odd_times);
    leaf->metric[PGS_LAST_CREATED_AT] = pgs_pg_next_time(row, &reading->n_odd_times);
    forget_absent(reading, leaf);
    leaf->state = PGS_LEAF_MEASURED;
}

static pgs_collection_row *new_collection_row(pgs_reading *reading) {
    if (reading->n_collection_rows == reading->collection_room) {
        size_t room = reading->collection_room ? 2 * reading->collection_room : 256;
        pgs_collection_row *grown = pgs_alloc(room, sizeof *grown);
        if (!grown)
            return NULL;
        if (reading->n_collection_rows > 0)
            memcpy(grown, reading->collection_row, reading->n_collection_rows * sizeof *grown);
        pgs_free(reading->collection_row);
        reading->collection_row = grown;
        reading->collection_room = room;
    }
    return &reading->collection_row[reading->n_collection_rows++];
}

/* No token column and no token counted are no sum either, but nothing odd. */
static void take_tokens(pgs_collection_row *out, pgs_pg_row *row) {
    bool is_null = PQgetisnull(row->result, row->row, row->column);
    out->token_sum = pgs_pg_next_number(row);
    out->token_chunk_count = pgs_pg_next_count(row);
    bool whole = out->token_sum >= 0 && out->token_sum <= PGS_MAX_INTEGER &&
                 out->token_sum == floor(out->token_sum);
    if (!whole)
        out->token_sum = out->token_chunk_count = NAN;
    out->odd_tokens = !whole && !is_null;
}

/* Those of strays are not added up. */
static pgs_status take_documents(pgs_reading *reading, pgs_collection_row *out, pgs_pg_row *row,
                                 pgs_err *err) {
    pgs_documents *all = &reading->documents;
    const char *hashes = pgs_pg_next_text(row);
    if (!reading->column[PGS_COLUMN_DOCUMENT])
        out->document_count = NAN;
    if (isnan(out->document_count) || reading->leaf[out->leaf].num < 0)
        return PGS_OK;
    size_t n = (size_t)out->document_count;
    pgs_status st = pgs_documents_add(all, hashes, n, PGS_MAX_DOCUMENTS, err);
    if (!st && !all->unknown) {
        out->n_documents = n;
        out->first_document = all->n - n;
    }
    return st;
}

static pgs_status take_collection_row(pgs_reading *reading, size_t leaf, pgs_pg_row *row,
                                      pgs_err *err) {
    pgs_collection_row *out = new_collection_row(reading);
    if (!out)
        return pgs_no_memory(err);
    size_t n_odd = 0; /* counted with the leaf already */
    *out = (pgs_collection_row){.leaf = leaf};
    row->column += 2;
    out->chunk_count = pgs_pg_next_count(row);
    out->document_count = pgs_pg_next_count(row);
    row->column += 6;
    out->last_created_at = pgs_pg_next_time(row, &n_odd);
    out->id = pgs_arena_text(reading->arena, pgs_pg_next_needed(row));
    reading->collection_bytes += out->id ? PGS_COLLECTION_ROW_BYTES + (double)strlen(out->id) : 0;
    const char *hash = pgs_pg_next_needed(row);
    row->bad |= !pgs_int_parse(hash, INT32_MIN, INT32_MAX, &out->key_hash);
    take_tokens(out, row);
    row->bad |= isnan(out->chunk_count);
    pgs_status st = out->id ? PGS_OK : pgs_no_memory(err);
    return st ? st : take_documents(reading, out, row, err);
}

static pgs_status too_many_collections(pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_DATA,
                             "the collections have more than %.0f MiB of rows, about a million",
                             PGS_MAX_COLLECTION_BYTES / 1048576);
    pgs_hint(err, "leave out --collections");
    return st;
}

pgs_status pgs_pg_count_answer(pgs_pg *pg, pgs_reading *reading, const size_t *index, size_t n,
                               const PGresult *answer, pgs_err *err) {
    size_t n_seen = 0;
    pgs_status st = PGS_OK;
    bool bad = false;
    for (int i = 0; !st && !bad && i < PQntuples(answer); i++) {
        pgs_pg_row row = {.result = answer, .row = i};
        const char *row_of = pgs_pg_next_needed(&row);
        bool is_leaf = strcmp(row_of, "leaf") == 0;
        size_t tag = (size_t)pgs_pg_next_int(&row);
        bad = row.bad || tag >= n || (!is_leaf && !pg->options->collections);
        if (bad)
            break;
        pgs_leaf *leaf = &reading->leaf[index[tag]];
        bad = is_leaf && leaf->state != PGS_LEAF_SIZED; /* twice */
        if (is_leaf && !bad)
            take_leaf_row(reading, leaf, &row);
        else if (!bad && strcmp(row_of, "too many") == 0)
            st = too_many_collections(err);
        else if (!bad)
            st = take_collection_row(reading, index[tag], &row, err);
        n_seen += is_leaf;
        bad |= row.bad;
    }
    if (!st && (bad || n_seen != n))
        st = pgs_pg_nonsense("count the rows", err);
    return st;
}
