/* What was read becomes a pgs_snapshot: partitions and strays apart, rows of collections in order,
 * and a note for everything that is not as complete as it looks. */
#include <assert.h>
#include <libpq-fe.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "embedded_sql.h"
#include "source/postgres.h"

/* ---- names of collections ---- */

pgs_status pgs_pg_find_names(pgs_pg *pg, const pgs_reading *reading, char **table, pgs_err *err) {
    const char *param[] = {reading->schema};
    pgs_pg_question question = {
        "look for the collections", pgs_sql_pg_collections_table, 1, param, 1, false};
    PGresult *answer;
    *table = NULL;
    pgs_status st = pgs_pg_ask(pg, &question, &answer, err);
    if (!st && PQntuples(answer) == 1 && !PQgetisnull(answer, 0, 0)) {
        *table = pgs_arena_text(reading->arena, PQgetvalue(answer, 0, 0));
        st = *table ? PGS_OK : pgs_no_memory(err);
    }
    PQclear(answer);
    return st;
}

static pgs_status names_sql(pgs_pg *pg, const pgs_reading *reading, char **sql, pgs_err *err) {
    char *table, row_bytes[PGS_NUM_TEXT_MAX], max_bytes[PGS_NUM_TEXT_MAX];
    pgs_status st = pgs_pg_find_names(pg, reading, &table, err);
    if (st || !table)
        return st;
    const pgs_pg_fill fill[] = {
        {"table", table},
        {"row_bytes", pgs_int_format(PGS_COLLECTION_ROW_BYTES, row_bytes)},
        {"max_bytes", pgs_int_format((int64_t)PGS_MAX_COLLECTION_BYTES, max_bytes)},
    };
    return pgs_pg_template(pgs_sql_pg_collection_names, fill, PGS_COUNT_OF(fill), sql, err);
}

static pgs_status take_name(pgs_reading *reading, pgs_pg_row *row, pgs_err *err) {
    const char *id = pgs_pg_next_needed(row), *name = pgs_pg_next_text(row);
    if (row->bad)
        return pgs_pg_nonsense("read the collections' names", err);
    pgs_collection *out = &reading->name[reading->n_names++];
    out->id = pgs_arena_text(reading->arena, id);
    out->name = name ? pgs_arena_text(reading->arena, name) : NULL;
    return out->id && (out->name || !name) ? PGS_OK : pgs_no_memory(err);
}

/* How many bytes they are comes with every row, and alone where there is none or are too many. */
static pgs_status take_names(pgs_reading *reading, const PGresult *answer, pgs_err *err) {
    size_t n = (size_t)PQntuples(answer);
    reading->name = pgs_arena_alloc(reading->arena, n, sizeof *reading->name);
    if (!reading->name)
        return pgs_no_memory(err);
    pgs_status st = PGS_OK;
    for (size_t i = 0; !st && i < n; i++) {
        pgs_pg_row row = {.result = answer, .row = (int)i};
        double bytes = pgs_pg_next_count(&row);
        if (bytes > PGS_MAX_COLLECTION_BYTES)
            reading->no_names = "they are too many";
        else if (!isnan(bytes))
            st = take_name(reading, &row, err);
    }
    return st;
}

/* Names are an extra: the snapshot does without them, and its notes say so. The server's words are
 * not for a file. */
static void do_without_names(const pgs_pg *pg, pgs_reading *reading, const pgs_err *why) {
    bool locked = strcmp(pg->sqlstate, "55P03") == 0;
    reading->no_names = locked ? "their table is locked by another session"
                               : "the server refused to read their table";
    pgs_pg_say(pg->listener, "%s", why->msg);
}

pgs_status pgs_pg_read_names(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    char *sql = NULL;
    pgs_status st = names_sql(pg, reading, &sql, err);
    if (st || !sql)
        return st;
    pgs_pg_question question = {"read the collections' names", sql, 0, NULL, 3, true};
    PGresult *answer;
    pgs_err why = {.msg = ""};
    st = pgs_pg_try_in_time(pg, reading, &question, &answer, &why, err);
    if (!st && answer)
        st = take_names(reading, answer, err);
    else if (!st && why.msg[0]) /* no answer either in a dry run */
        do_without_names(pg, reading, &why);
    PQclear(answer);
    pgs_free(sql);
    return st;
}

/* ---- notes: kept in the file, and said ---- */

PGS_PRINTF(4, 5)
static pgs_status note(const pgs_pg *pg, pgs_snapshot *out, pgs_err *err, const char *fmt, ...) {
    char sentence[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    pgs_pg_say(pg->listener, "%s", sentence);
    return pgs_snapshot_note(out, err, "%s", sentence);
}

static const char *const UNMEASURED[PGS_LEAF_STATE_COUNT] = {
    [PGS_LEAF_LOCKED] = "locked by another session",
    [PGS_LEAF_CHANGED] = "detached, dropped, truncated or rewritten meanwhile",
    [PGS_LEAF_FOREIGN] = "foreign tables, which are not read",
    [PGS_LEAF_UNKNOWN] = "never analyzed, so there is no estimate",
};

static pgs_status note_unmeasured(const pgs_pg *pg, const pgs_reading *reading, pgs_snapshot *out,
                                  pgs_err *err) {
    pgs_status st = PGS_OK;
    for (int state = 0; !st && state < PGS_LEAF_STATE_COUNT; state++) {
        size_t n = 0;
        const pgs_leaf *first = NULL;
        for (size_t i = 0; UNMEASURED[state] && i < reading->n_leaves; i++) {
            if ((int)reading->leaf[i].state != state)
                continue;
            first = first ? first : &reading->leaf[i];
            n++;
        }
        if (n > 0)
            st = note(pg, out, err, "%zu unmeasured, %s%s: %s", n, n > 1 ? "the first is " : "",
                      first->name, UNMEASURED[state]);
    }
    return st;
}

/* Values that are no time, no average and no sum, and what therefore is not known. */
static pgs_status note_odd_values(const pgs_pg *pg, const pgs_reading *reading, pgs_snapshot *out,
                                  pgs_err *err) {
    const struct {
        size_t n;
        const char *what;
    } ODD[] = {
        {reading->n_odd_times, "times are infinite or outside 1970-2255 and left out"},
        {reading->n_odd_averages,
         "partitions have a negative or too large average of tokens, which is left out"},
        {reading->n_odd_sums,
         "sums of a collection's tokens in a partition are negative, too large "
         "or no whole number and left out"},
    };
    pgs_status st = PGS_OK;
    for (size_t i = 0; !st && i < PGS_COUNT_OF(ODD); i++)
        if (ODD[i].n > 0)
            st = note(pg, out, err, "%zu %s", ODD[i].n, ODD[i].what);
    if (!st && reading->documents.unknown)
        st = note(pg, out, err,
                  "more than %d documents: how many a collection in several partitions has is "
                  "not known",
                  PGS_MAX_DOCUMENTS);
    return st;
}

static pgs_status write_notes(const pgs_pg *pg, const pgs_reading *reading, pgs_snapshot *out,
                              pgs_err *err) {
    pgs_status st = note_unmeasured(pg, reading, out, err);
    if (!st && reading->no_names)
        st = note(pg, out, err, "the collections have no names: %s", reading->no_names);
    for (size_t i = 0; !st && i < PGS_COLUMN_COUNT; i++)
        if (!reading->column[i])
            st = note(pg, out, err, "%s has no column %s that can be used", reading->table_name,
                      reading->wanted[i]);
    if (!st && reading->n_moments > 1)
        st = note(pg, out, err, "rows were read at %zu moments, up to %d partitions at each",
                  reading->n_moments, PGS_TRANSACTION_LEAVES);
    if (!st && pg->options->snapshot_id)
        st = note(pg, out, err,
                  "rows are those of an exported snapshot; the time is when they were read");
    return st ? st : note_odd_values(pg, reading, out, err);
}

/* ---- partitions and strays ---- */

static pgs_status fill_partition(pgs_snapshot *out, size_t p, const pgs_leaf *leaf, pgs_err *err) {
    pgs_partition *part = &out->part[p];
    part->num = leaf->num;
    part->relid = leaf->oid;
    part->relfilenode = leaf->filenode > 0 ? leaf->filenode : 0;
    part->measured = leaf->state == PGS_LEAF_MEASURED;
    for (size_t m = 0; part->measured && m < PGS_FIRST_DERIVED; m++)
        out->metric[m][p] = leaf->metric[m];
    pgs_status st = pgs_snapshot_text(out, &part->name, leaf->name, err);
    return st ? st : pgs_snapshot_text(out, &part->bounds, leaf->bounds, err);
}

/* What strays add to the denominators of the percentages. Unmeasured ones add nothing, as
 * unmeasured partitions do; the notes name them. */
static const pgs_metric SUMMED[] = {PGS_CHUNK_COUNT, PGS_SIZE_BYTES, PGS_CHUNKS_LAST_HOUR,
                                    PGS_CHUNKS_LAST_DAY, PGS_CHUNKS_LAST_WEEK};

static void add_stray(pgs_snapshot *out, const pgs_leaf *leaf, bool is_first) {
    for (size_t i = 0; i < PGS_COUNT_OF(SUMMED); i++) {
        double before = is_first ? 0 : out->stray_metric[SUMMED[i]];
        out->stray_metric[SUMMED[i]] = before + leaf->metric[SUMMED[i]];
    }
}

static pgs_status fill_strays(const pgs_reading *reading, size_t n_strays, pgs_snapshot *out,
                              pgs_err *err) {
    for (size_t i = 0; n_strays == 0 && i < PGS_COUNT_OF(SUMMED); i++)
        out->stray_metric[SUMMED[i]] = 0;
    if (n_strays == 0)
        return PGS_OK;
    pgs_status st = pgs_snapshot_set_strays(out, n_strays, err);
    size_t s = 0;
    bool is_first = true;
    for (size_t i = 0; !st && i < reading->n_leaves; i++) {
        const pgs_leaf *leaf = &reading->leaf[i];
        if (leaf->num >= 0)
            continue;
        pgs_stray *stray = &out->stray[s++];
        st = pgs_snapshot_text(out, &stray->name, leaf->name, err);
        if (leaf->state != PGS_LEAF_MEASURED)
            continue;
        stray->chunk_count = leaf->metric[PGS_CHUNK_COUNT];
        stray->size_bytes = leaf->metric[PGS_SIZE_BYTES];
        add_stray(out, leaf, is_first);
        is_first = false;
    }
    return st;
}

static pgs_status fill_leaves(const pgs_reading *reading, pgs_snapshot *out, pgs_err *err) {
    size_t n_parts = 0, p = 0;
    for (size_t i = 0; i < reading->n_leaves; i++)
        n_parts += reading->leaf[i].num >= 0;
    pgs_status st = pgs_snapshot_set_parts(out, n_parts, err);
    for (size_t i = 0; !st && i < reading->n_leaves; i++)
        if (reading->leaf[i].num >= 0)
            st = fill_partition(out, p++, &reading->leaf[i], err);
    return st ? st : fill_strays(reading, reading->n_leaves - n_parts, out, err);
}

/* ---- collections ---- */

static int row_by_id(const void *a, const void *b) {
    const pgs_collection_row *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

static int name_by_id(const void *a, const void *b) {
    return strcmp(((const pgs_collection *)a)->id, ((const pgs_collection *)b)->id);
}

/* The leaf's bytes by share of chunks, rounded down to whole bytes. */
static double share_of_bytes(const pgs_leaf *leaf, double chunks) {
    double total = leaf->metric[PGS_CHUNK_COUNT], bytes = leaf->metric[PGS_SIZE_BYTES];
    if (isnan(bytes) || !(total >= 1))
        return NAN;
    return (double)((unsigned __int128)bytes * (unsigned __int128)chunks /
                    (unsigned __int128)total);
}

static void fill_collection_stat(const pgs_collection_row *row, const pgs_leaf *leaf,
                                 size_t collection, pgs_collection_stat *out) {
    *out = (pgs_collection_stat){
        .collection = collection,
        .partition_num = leaf->num,
        .key_hash = row->key_hash,
        .chunk_count = row->chunk_count,
        .document_count = row->document_count,
        .token_sum = row->token_sum,
        .token_chunk_count = row->token_chunk_count,
        .avg_tokens = NAN,
        .size_bytes = share_of_bytes(leaf, row->chunk_count),
        .last_created_at = row->last_created_at,
    };
}

static double add_seen(double a, double b) {
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

/* One row for all partitions together, after the `n` rows it adds up. Documents are not added up
 * but counted anew. */
static pgs_status fill_together(const pgs_reading *reading, const pgs_collection_row *row, size_t n,
                                pgs_collection_stat *out, pgs_err *err) {
    const pgs_collection_stat *part = out - n;
    bool odd_tokens = false;
    *out = part[0];
    out->partition_num = -1;
    for (size_t i = 0; i < n; i++)
        odd_tokens |= row[i].odd_tokens;
    for (size_t i = 1; i < n; i++) {
        out->chunk_count += part[i].chunk_count;
        out->size_bytes = add_seen(out->size_bytes, part[i].size_bytes);
        out->token_sum = add_seen(out->token_sum, part[i].token_sum);
        out->token_chunk_count = add_seen(out->token_chunk_count, part[i].token_chunk_count);
        out->last_created_at = pgs_larger(out->last_created_at, part[i].last_created_at);
    }
    if (odd_tokens)
        out->token_sum = out->token_chunk_count = NAN;
    return pgs_documents_count(&reading->documents, row, n, &out->document_count, err);
}

/* The rows of one collection, and the one for all where there are several. With out == NULL only
 * count. */
static pgs_status fill_rows(const pgs_reading *reading, size_t first, size_t end, size_t collection,
                            pgs_snapshot *out, size_t *n_stats, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t r = first; r < end; r++, ++*n_stats) {
        const pgs_collection_row *row = &reading->collection_row[r];
        if (out)
            fill_collection_stat(row, &reading->leaf[row->leaf], collection,
                                 &out->collection_stat[*n_stats]);
    }
    if (end - first < 2)
        return PGS_OK;
    if (out)
        st = fill_together(reading, &reading->collection_row[first], end - first,
                           &out->collection_stat[*n_stats], err);
    ++*n_stats;
    return st;
}

static size_t end_of_rows(const pgs_reading *reading, size_t first) {
    const pgs_collection_row *row = reading->collection_row;
    size_t end = first + 1;
    while (end < reading->n_collection_rows && strcmp(row[end].id, row[first].id) == 0)
        end++;
    return end;
}

/* Rows of strays and of leaves that turned out to be unmeasured do not count. */
static size_t drop_rows(pgs_reading *reading) {
    size_t n = 0;
    for (size_t i = 0; i < reading->n_collection_rows; i++) {
        const pgs_leaf *leaf = &reading->leaf[reading->collection_row[i].leaf];
        if (leaf->num < 0 || leaf->state != PGS_LEAF_MEASURED)
            continue;
        reading->n_odd_sums += reading->collection_row[i].odd_tokens;
        reading->collection_row[n++] = reading->collection_row[i];
    }
    return n;
}

/* Walk names and rows, both sorted by id, side by side. With out == NULL only count. */
static pgs_status merge_collections(const pgs_reading *reading, pgs_snapshot *out, size_t *n_out,
                                    size_t *n_stats, pgs_err *err) {
    size_t r = 0, k = 0, n = 0;
    *n_stats = 0;
    pgs_status st = PGS_OK;
    while (!st && (r < reading->n_collection_rows || k < reading->n_names)) {
        const char *row = r < reading->n_collection_rows ? reading->collection_row[r].id : NULL;
        const char *named = k < reading->n_names ? reading->name[k].id : NULL;
        int order = !row ? 1 : !named ? -1 : strcmp(row, named);
        const char *id = order <= 0 ? row : named,
                   *name = order >= 0 ? reading->name[k].name : NULL;
        assert(id); /* one of the two is not at its end */
        if (out)
            st = pgs_snapshot_text(out, &out->collection[n].id, id, err);
        if (out && !st)
            st = pgs_snapshot_text(out, &out->collection[n].name, name, err);
        size_t end = order <= 0 ? end_of_rows(reading, r) : r;
        if (!st)
            st = fill_rows(reading, r, end, n, out, n_stats, err);
        r = end;
        while (named && k < reading->n_names && strcmp(reading->name[k].id, id) == 0)
            k++;
        n++;
    }
    *n_out = n;
    return st;
}

static pgs_status fill_collections(pgs_reading *reading, pgs_snapshot *out, pgs_err *err) {
    size_t n, n_stats;
    reading->n_collection_rows = drop_rows(reading);
    if (reading->n_collection_rows > 0)
        qsort(reading->collection_row, reading->n_collection_rows, sizeof(pgs_collection_row),
              row_by_id);
    if (reading->n_names > 0)
        qsort(reading->name, reading->n_names, sizeof(pgs_collection), name_by_id);
    pgs_status st = merge_collections(reading, NULL, &n, &n_stats, err);
    if (!st)
        st = pgs_snapshot_set_collections(out, n, n_stats, err);
    return st ? st : merge_collections(reading, out, &n, &n_stats, err);
}

/* ---- the whole ---- */

pgs_status pgs_pg_fill_snapshot(const pgs_pg *pg, pgs_reading *reading, pgs_snapshot *out,
                                pgs_err *err) {
    const char *source = pg->options->source ? pg->options->source : "postgresql";
    out->head.taken_us = reading->taken_us;
    out->head.counts = pg->options->counts;
    out->table_relid = reading->relid;
    out->in_recovery = reading->in_recovery;
    out->stats_reset_us = reading->stats_reset_us;
    const struct {
        char **field;
        const char *text;
    } TEXT[] = {
        {&out->head.source, source},
        {&out->head.database, reading->database},
        {&out->head.table_name, reading->table_name},
        {&out->head.system_identifier, reading->system_identifier},
        {&out->server_version, reading->version},
    };
    pgs_status st = PGS_OK;
    for (size_t i = 0; !st && i < PGS_COUNT_OF(TEXT); i++)
        st = pgs_snapshot_text(out, TEXT[i].field, TEXT[i].text, err);
    if (!st)
        st = fill_leaves(reading, out, err);
    if (!st && pg->options->collections)
        st = fill_collections(reading, out, err);
    if (!st)
        st = write_notes(pg, reading, out, err);
    return st ? st : pgs_snapshot_check(out, err);
}
