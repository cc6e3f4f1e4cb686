/* The table, its columns, and its leaves, from the catalog alone: nothing here locks a leaf.
 *
 * Numbers: where a leaf is called <table>_part_<digits>, the digits are the partition's number and
 * every other leaf is a stray (a default partition, say). Where none is, leaves are numbered in
 * the order of their names. */
#include <libpq-fe.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "embedded_sql.h"
#include "source/postgres.h"

/* ---- the table's name, as the user wrote it ---- */

/* Count the names in a.b.c, minding quotes; 0: a quote is not closed. */
static int n_names(const char *text) {
    int n = 1;
    bool quoted = false;
    for (const char *s = text; *s; s++) {
        quoted ^= *s == '"';
        n += *s == '.' && !quoted;
    }
    return quoted ? 0 : n;
}

pgs_status pgs_pg_table_text(const char *given, char **out, pgs_err *err) {
    const char *text = given ? given : "public.chunks";
    int names = n_names(text);
    if (*text == '\0' || names < 1 || names > 2) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "\"%s\" is not the name of a table", text);
        pgs_hint(err, "write it as table, schema.table or '\"Schema\".\"Table\"'");
        return st;
    }
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "%s%s", names == 1 ? "public." : "", text);
    *out = buf.failed ? NULL : pgs_strdup(buf.data);
    pgs_buf_reset(&buf);
    return *out ? PGS_OK : pgs_no_memory(err);
}

/* ---- the table ---- */

/* The one statement that differs between servers, newest first. */
static const struct {
    int64_t from_version;
    const char *sql;
} LEAVES[] = {{140000, pgs_sql_pg_leaves}, {130000, pgs_sql_pg_leaves_13}};

/* NULL: the server is older than all of them. */
static const char *leaves_sql(const pgs_reading *reading) {
    for (size_t i = 0; i < PGS_COUNT_OF(LEAVES); i++)
        if (reading->version_num >= LEAVES[i].from_version)
            return LEAVES[i].sql;
    return NULL;
}

static char *keep(pgs_reading *reading, const char *text) {
    return pgs_arena_text(reading->arena, text);
}

static pgs_status no_such_table(const char *table, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_NO_INPUT, "there is no table %s in this database", table);
    pgs_hint(err, "check --table and the database; names with capitals need double quotes");
    return st;
}

static pgs_status not_partitioned(const pgs_reading *reading, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_DATA, "%s is not partitioned", reading->table_name);
    pgs_hint(err, "name the partitioned table itself, not one of its partitions");
    return st;
}

static bool keep_next(pgs_reading *reading, pgs_pg_row *row, char **field) {
    *field = keep(reading, pgs_pg_next_needed(row));
    return *field;
}

static pgs_status take_table(pgs_reading *reading, const PGresult *answer, char *kind,
                             pgs_err *err) {
    pgs_pg_row row = {.result = answer};
    reading->relid = pgs_pg_next_int(&row);
    snprintf(reading->oid, sizeof reading->oid, "%lld", (long long)reading->relid);
    *kind = *pgs_pg_next_needed(&row);
    bool kept = keep_next(reading, &row, &reading->schema) &&
                keep_next(reading, &row, &reading->relation) &&
                keep_next(reading, &row, &reading->table_name);
    size_t n_odd = 0;
    double now = pgs_pg_next_time(&row, &n_odd);
    kept = kept && keep_next(reading, &row, &reading->hour) &&
           keep_next(reading, &row, &reading->day) && keep_next(reading, &row, &reading->week) &&
           keep_next(reading, &row, &reading->database) &&
           keep_next(reading, &row, &reading->user) && keep_next(reading, &row, &reading->version);
    if (!kept)
        return pgs_no_memory(err);
    reading->version[strcspn(reading->version, " ")] = '\0'; /* "15.18 (Debian ...)" */
    reading->version_num = pgs_pg_next_int(&row);
    reading->block_bytes = pgs_pg_next_int(&row);
    reading->in_recovery = pgs_pg_next_int(&row) != 0;
    reading->has_counters = pgs_pg_next_int(&row) != 0;
    double reset = pgs_pg_next_time(&row, &n_odd);
    reading->stats_reset_us = isnan(reset) ? PGS_TIME_NONE : (int64_t)reset;
    if (row.bad || isnan(now) || reading->block_bytes == 0)
        return pgs_pg_nonsense("look up the table", err);
    reading->taken_us = (int64_t)now;
    return PGS_OK;
}

/* ---- its columns ---- */

/* What a column must be to be of use, and how it is turned into that. NULL stands for every type.
 * PostgreSQL calls oid and money numeric, too, but they give no sum, or none without a currency. */
static const struct {
    pgs_column_use use;
    const char *type;
    const char *cast;
} COLUMN_TYPE[] = {
    {PGS_COLUMN_COLLECTION, NULL, ""},
    {PGS_COLUMN_DOCUMENT, NULL, ""},
    {PGS_COLUMN_TOKENS, "int2", ""},
    {PGS_COLUMN_TOKENS, "int4", ""},
    {PGS_COLUMN_TOKENS, "int8", ""},
    {PGS_COLUMN_TOKENS, "numeric", ""},
    {PGS_COLUMN_TOKENS, "float4", ""},
    {PGS_COLUMN_TOKENS, "float8", ""},
    {PGS_COLUMN_CREATED, "timestamptz", ""},
    {PGS_COLUMN_CREATED, "timestamp", " AT TIME ZONE 'UTC'"},
    {PGS_COLUMN_CREATED, "date", "::timestamp AT TIME ZONE 'UTC'"},
};

/* Types of which equal values can have different texts: 1.0 and 1.00. */
static const struct {
    const char *type, *document_text;
} NOT_BY_TEXT[] = {
    {"numeric", "trim_scale(document)::text"},
    {"citext", "lower(document::text)"},
};

static const char *document_text(const char *type) {
    for (size_t i = 0; i < PGS_COUNT_OF(NOT_BY_TEXT); i++)
        if (strcmp(NOT_BY_TEXT[i].type, type) == 0)
            return NOT_BY_TEXT[i].document_text;
    return "document::text";
}

static pgs_status take_column(pgs_pg *pg, pgs_reading *reading, const PGresult *answer, int n,
                              pgs_err *err) {
    pgs_pg_row row = {.result = answer, .row = n};
    int64_t use = pgs_pg_next_int(&row);
    const char *type = pgs_pg_next_needed(&row);
    if (row.bad || use >= PGS_COLUMN_COUNT)
        return pgs_pg_nonsense("look up the columns", err);
    for (size_t i = 0; i < PGS_COUNT_OF(COLUMN_TYPE); i++) {
        bool fits = COLUMN_TYPE[i].use == (pgs_column_use)use &&
                    (!COLUMN_TYPE[i].type || strcmp(COLUMN_TYPE[i].type, type) == 0);
        if (!fits)
            continue;
        pgs_buf buf = {0};
        pgs_pg_quote_identifier(pg, reading->wanted[use], &buf);
        pgs_buf_text(&buf, COLUMN_TYPE[i].cast);
        reading->column[use] = buf.failed ? NULL : keep(reading, buf.data);
        pgs_buf_reset(&buf);
        if (use == PGS_COLUMN_DOCUMENT)
            reading->document_text = document_text(type);
        return reading->column[use] ? PGS_OK : pgs_no_memory(err);
    }
    return PGS_OK; /* of a type that has no use: as if it were not there */
}

const char *pgs_pg_column(const pgs_reading *reading, pgs_column_use use) {
    static const char *const ABSENT[PGS_COLUMN_COUNT] = {
        [PGS_COLUMN_COLLECTION] = "NULL::text",
        [PGS_COLUMN_DOCUMENT] = "NULL::text",
        [PGS_COLUMN_TOKENS] = "NULL::int",
        [PGS_COLUMN_CREATED] = "NULL::timestamptz",
    };
    return reading->column[use] ? reading->column[use] : ABSENT[use];
}

static pgs_status find_columns(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    const pgs_pg_options *o = pg->options;
    const char **name = reading->wanted;
    name[PGS_COLUMN_COLLECTION] = o->collection_column ? o->collection_column : "collection_id";
    name[PGS_COLUMN_DOCUMENT] = o->document_column ? o->document_column : "document_id";
    name[PGS_COLUMN_TOKENS] = o->token_column ? o->token_column : "token_count";
    name[PGS_COLUMN_CREATED] = o->created_column ? o->created_column : "created_at";
    const char *param[] = {reading->oid, name[0], name[1], name[2], name[3]};
    pgs_pg_question question = {"look up the columns", pgs_sql_pg_columns, 5, param, 2, false};
    PGresult *answer;
    pgs_status st = pgs_pg_ask(pg, &question, &answer, err);
    for (int i = 0; !st && i < PQntuples(answer); i++)
        st = take_column(pg, reading, answer, i, err);
    PQclear(answer);
    return st;
}

pgs_status pgs_pg_find_table(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    char *table, kind = 0;
    pgs_status st = pgs_pg_table_text(pg->options->table, &table, err);
    if (st)
        return st;
    const char *param[] = {table};
    pgs_pg_question question = {"look up the table", pgs_sql_pg_table, 1, param, 17, false};
    PGresult *answer;
    st = pgs_pg_ask(pg, &question, &answer, err);
    if (!st && PQntuples(answer) == 0)
        st = no_such_table(table, err);
    else if (!st)
        st = take_table(reading, answer, &kind, err);
    PQclear(answer);
    pgs_free(table);
    if (!st && !leaves_sql(reading)) {
        st = pgs_fail(err, PGS_E_DATA, "PostgreSQL %s is not supported", reading->version);
        pgs_hint(err, "pgskew reads PostgreSQL 13 and newer");
    }
    if (!st && kind != 'p')
        st = not_partitioned(reading, err);
    return st ? st : find_columns(pg, reading, err);
}

/* ---- its leaves ---- */

/* The counters and times are local to a server: a standby has none of the primary's. */
static void take_counters(pgs_reading *reading, pgs_leaf *leaf, pgs_pg_row *row) {
    static const pgs_metric COUNTER[] = {PGS_LIVE_TUPLES, PGS_DEAD_TUPLES, PGS_TUPLES_INSERTED,
                                         PGS_TUPLES_UPDATED, PGS_TUPLES_DELETED};
    static const pgs_metric TIME[] = {PGS_LAST_VACUUM, PGS_LAST_AUTOVACUUM, PGS_LAST_ANALYZE};
    for (size_t i = 0; i < PGS_COUNT_OF(COUNTER); i++) {
        double value = pgs_pg_next_count(row);
        leaf->metric[COUNTER[i]] = reading->has_counters ? value : NAN;
    }
    for (size_t i = 0; i < PGS_COUNT_OF(TIME); i++) {
        double value = pgs_pg_next_time(row, &reading->n_odd_times);
        leaf->metric[TIME[i]] = reading->has_counters ? value : NAN;
    }
}

/* The relation's name, with its schema where that is not the table's. */
static char *display_name(const pgs_reading *reading, const pgs_leaf *leaf) {
    return strcmp(leaf->schema, reading->schema) == 0 ? leaf->relation : leaf->sql;
}

static pgs_status take_leaf(pgs_reading *reading, const PGresult *answer, size_t i, pgs_err *err) {
    pgs_leaf *leaf = &reading->leaf[i];
    pgs_pg_row row = {.result = answer, .row = (int)i};
    for (size_t m = 0; m < PGS_METRIC_COUNT; m++)
        leaf->metric[m] = NAN;
    leaf->oid = pgs_pg_next_int(&row);
    leaf->relation = keep(reading, pgs_pg_next_needed(&row));
    leaf->schema = keep(reading, pgs_pg_next_needed(&row));
    leaf->sql = keep(reading, pgs_pg_next_needed(&row));
    leaf->state = *pgs_pg_next_needed(&row) == 'f' ? PGS_LEAF_FOREIGN : PGS_LEAF_LISTED;
    leaf->filenode = pgs_pg_next_int(&row);
    leaf->pages = pgs_pg_next_count(&row);
    leaf->metric[PGS_ROW_ESTIMATE] = pgs_pg_next_count(&row);
    leaf->readable = pgs_pg_next_int(&row) != 0;
    take_counters(reading, leaf, &row);
    if (row.bad)
        return pgs_pg_nonsense("list the partitions", err);
    if (!leaf->relation || !leaf->schema || !leaf->sql)
        return pgs_no_memory(err);
    leaf->name = display_name(reading, leaf);
    return PGS_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const pgs_leaf *)a)->name, ((const pgs_leaf *)b)->name);
}

static int by_number(const void *a, const void *b) {
    int64_t x = (*(pgs_leaf *const *)a)->num, y = (*(pgs_leaf *const *)b)->num;
    return (x > y) - (x < y);
}

/* The digits of <table>_part_<digits>; -1: called otherwise. */
static int64_t number_of(const pgs_reading *reading, const pgs_leaf *leaf) {
    size_t n = strlen(reading->relation);
    int64_t num;
    if (strncmp(leaf->relation, reading->relation, n) != 0 ||
        strncmp(leaf->relation + n, "_part_", 6) != 0 ||
        !pgs_int_parse(leaf->relation + n + 6, 0, (int64_t)PGS_MAX_INTEGER, &num))
        return -1;
    return num;
}

static int by_oid(const void *a, const void *b) {
    int64_t x = (*(pgs_leaf *const *)a)->oid, y = (*(pgs_leaf *const *)b)->oid;
    return (x > y) - (x < y);
}

static pgs_status sort_by_oid(pgs_reading *reading, pgs_err *err) {
    reading->by_oid = pgs_arena_alloc(reading->arena, reading->n_leaves, sizeof(pgs_leaf *));
    if (!reading->by_oid)
        return pgs_no_memory(err);
    for (size_t i = 0; i < reading->n_leaves; i++)
        reading->by_oid[i] = &reading->leaf[i];
    qsort(reading->by_oid, reading->n_leaves, sizeof(pgs_leaf *), by_oid);
    return PGS_OK;
}

pgs_leaf *pgs_pg_leaf_of(const pgs_reading *reading, int64_t oid) {
    pgs_leaf wanted = {.oid = oid}, *key = &wanted;
    pgs_leaf **found =
        bsearch(&key, reading->by_oid, reading->n_leaves, sizeof(pgs_leaf *), by_oid);
    return found ? *found : NULL;
}

static pgs_status check_numbers(const pgs_reading *reading, pgs_err *err) {
    pgs_leaf **sorted = pgs_alloc(reading->n_leaves, sizeof(pgs_leaf *));
    if (!sorted)
        return pgs_no_memory(err);
    for (size_t i = 0; i < reading->n_leaves; i++)
        sorted[i] = &reading->leaf[i];
    qsort(sorted, reading->n_leaves, sizeof(pgs_leaf *), by_number);
    pgs_status st = PGS_OK;
    for (size_t i = 1; !st && i < reading->n_leaves; i++)
        if (sorted[i]->num >= 0 && sorted[i]->num == sorted[i - 1]->num)
            st = pgs_fail(err, PGS_E_DATA, "partitions %s and %s have the same number",
                          sorted[i - 1]->name, sorted[i]->name);
    pgs_free(sorted);
    return st;
}

static pgs_status number_leaves(pgs_reading *reading, pgs_err *err) {
    bool numbered = false;
    qsort(reading->leaf, reading->n_leaves, sizeof(pgs_leaf), by_name);
    for (size_t i = 0; i < reading->n_leaves; i++) {
        reading->leaf[i].num = number_of(reading, &reading->leaf[i]);
        numbered |= reading->leaf[i].num >= 0;
    }
    for (size_t i = 0; !numbered && i < reading->n_leaves; i++)
        reading->leaf[i].num = (int64_t)i;
    return check_numbers(reading, err);
}

/* Rather now, by name, than after half of the table was read. */
static pgs_status check_privileges(const pgs_pg *pg, const pgs_reading *reading, pgs_err *err) {
    if (pg->options->counts == PGS_COUNTS_ESTIMATE)
        return PGS_OK;
    for (size_t i = 0; i < reading->n_leaves; i++) {
        const pgs_leaf *leaf = &reading->leaf[i];
        if (leaf->readable || leaf->state == PGS_LEAF_FOREIGN)
            continue;
        pgs_status st = pgs_fail(err, PGS_E_DENIED, "role %s may not read partition %s",
                                 reading->user, leaf->sql);
        pgs_hint(err, "GRANT USAGE ON SCHEMA %s and SELECT ON every partition, or pg_read_all_data",
                 leaf->schema);
        return st;
    }
    return PGS_OK;
}

pgs_status pgs_pg_list_leaves(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    const char *param[] = {reading->oid};
    pgs_pg_question question = {"list the partitions", leaves_sql(reading), 1, param, 17, false};
    PGresult *answer;
    pgs_status st = pgs_pg_ask(pg, &question, &answer, err);
    if (st)
        return st;
    reading->n_leaves = (size_t)PQntuples(answer);
    reading->leaf = pgs_arena_alloc(reading->arena, reading->n_leaves, sizeof(pgs_leaf));
    if (!reading->leaf)
        st = pgs_no_memory(err);
    for (size_t i = 0; !st && i < reading->n_leaves; i++)
        st = take_leaf(reading, answer, i, err);
    PQclear(answer);
    if (!st && reading->n_leaves == 0) {
        st = pgs_fail(err, PGS_E_DATA, "%s has no partitions", reading->table_name);
        pgs_hint(err, "create one with CREATE TABLE ... PARTITION OF %s", reading->table_name);
    }
    if (!st)
        st = number_leaves(reading, err);
    if (!st)
        st = sort_by_oid(reading, err);
    return st ? st : check_privileges(pg, reading, err);
}
