/* The guide's live views, as one script (schemas/postgresql/): five views over one that measures
 * each partition once, analyze_partition_skew(), and collection_chunking_stats with its refresh.
 *
 * The script is made of constant text and of names, which only ever stand in it quoted: as
 * identifiers, or as literals that its anonymous blocks read from settings. What it makes it marks
 * by a comment that names the table, and whatever else has one of the names makes it stop, so that
 * what is printed is as careful as what is applied. */
#include <libpq-fe.h>
#include <string.h>

#include "embedded_sql.h"
#include "source/postgres.h"

enum { STATEMENT_MS = 30000 };

/* ---- where ---- */

static pgs_status no_such_schema(const pgs_pg *pg, const char *table, pgs_err *err) {
    pgs_status st;
    if (pg->options->schema)
        st = pgs_fail(err, PGS_E_NO_INPUT, "there is no schema \"%s\" in this database",
                      pg->options->schema);
    else
        st = pgs_fail(err, PGS_E_NO_INPUT, "there is no schema for table %s in this database",
                      table);
    pgs_hint(err, "create the schema first, or name another");
    return st;
}

pgs_status pgs_pg_find_place(pgs_pg *pg, pgs_arena *arena, pgs_pg_place *out, pgs_err *err) {
    char *table;
    pgs_status st = pgs_pg_table_text(pg->options->table, &table, err);
    if (st)
        return st;
    const char *param[] = {table, pg->options->schema};
    pgs_pg_question question = {"look up the schema", pgs_sql_pg_place, 2, param, 2, false};
    PGresult *answer;
    st = pgs_pg_ask(pg, &question, &answer, err);
    if (!st && PQntuples(answer) == 0) {
        st = no_such_schema(pg, table, err);
    } else if (!st && PQntuples(answer) > 1) {
        st = pgs_pg_nonsense(question.what, err);
    } else if (!st) {
        pgs_pg_row row = {.result = answer};
        out->schema = pgs_arena_text(arena, pgs_pg_next_needed(&row));
        out->table = pgs_arena_text(arena, pgs_pg_next_needed(&row));
        st = out->schema && out->table ? PGS_OK : pgs_no_memory(err);
    }
    PQclear(answer);
    pgs_free(table);
    return st;
}

/* ---- what ---- */

/* A script in the making. */
typedef struct making {
    pgs_pg *pg;
    pgs_arena *arena;
    pgs_pg_place place;
    pgs_reading reading; /* empty for a drop */
    pgs_buf script;
} making;

static const char *literal(making *k, const char *text) {
    pgs_buf quoted = {0};
    pgs_pg_quote_literal(k->pg, text, &quoted);
    const char *kept = quoted.failed ? NULL : pgs_arena_text(k->arena, quoted.data);
    pgs_buf_reset(&quoted);
    return kept;
}

/* Append a part of the script; without memory a value is NULL. */
static pgs_status add(making *k, const char *sql, const pgs_pg_fill *fill, size_t n, pgs_err *err) {
    char *text;
    for (size_t i = 0; i < n; i++)
        if (!fill[i].text)
            return pgs_no_memory(err);
    pgs_status st = pgs_pg_template(sql, fill, n, &text, err);
    if (st)
        return st;
    pgs_buf_text(&k->script, text);
    pgs_free(text);
    return k->script.failed ? pgs_no_memory(err) : PGS_OK;
}

static int statement_ms(const pgs_pg *pg) {
    int given = pg->options->statement_timeout_ms;
    return given > 0 ? given : STATEMENT_MS;
}

static pgs_status add_begin(making *k, pgs_err *err) {
    char lock_timeout[PGS_NUM_TEXT_MAX], statement_timeout[PGS_NUM_TEXT_MAX];
    pgs_buf mark = {0};
    pgs_buf_format(&mark, "Made by pgskew-collect views for %s.", k->place.table);
    const pgs_pg_fill fill[] = {
        {"lock_timeout", pgs_int_format(k->pg->options->lock_timeout_ms, lock_timeout)},
        {"statement_timeout", pgs_int_format(statement_ms(k->pg), statement_timeout)},
        {"schema_text", literal(k, k->place.schema)},
        {"table_text", literal(k, k->place.table)},
        {"mark_text", mark.failed ? NULL : literal(k, mark.data)},
        {"made", pgs_sql_views_made},
    };
    pgs_buf_reset(&mark);
    return add(k, pgs_sql_views_begin, fill, PGS_COUNT_OF(fill), err);
}

static bool has_collections(const making *k) {
    return k->reading.column[PGS_COLUMN_COLLECTION];
}

static const char *has(const making *k, pgs_column_use use) {
    return k->reading.column[use] ? "true" : "false";
}

/* Where the ids are of one type, so is that of the view; else all are compared as text. */
static pgs_status id_cast(making *k, const char *names_table, const char **out, pgs_err *err) {
    const char *param[] = {k->reading.oid, k->reading.wanted[PGS_COLUMN_COLLECTION], names_table};
    pgs_pg_question question = {
        "compare the types of ids", pgs_sql_pg_same_type, 3, param, 1, false};
    PGresult *answer;
    pgs_status st = pgs_pg_ask(k->pg, &question, &answer, err);
    if (!st && PQntuples(answer) != 1)
        st = pgs_pg_nonsense(question.what, err);
    else if (!st)
        *out = strcmp(PQgetvalue(answer, 0, 0), "t") == 0 ? "" : "::text";
    PQclear(answer);
    return st;
}

/* The collections by their own table, where there is one: *names, pgs_free()d by the caller. */
static pgs_status find_names(making *k, const char **cast, char **names, pgs_err *err) {
    char *table;
    *cast = "";
    pgs_status st = pgs_pg_find_names(k->pg, &k->reading, &table, err);
    if (!st && table)
        st = id_cast(k, table, cast, err);
    if (st)
        return st;
    const pgs_pg_fill fill[] = {
        {"table", table ? table : k->reading.table_name},
        {"id_cast", *cast},
        {"collection", pgs_pg_column(&k->reading, PGS_COLUMN_COLLECTION)},
    };
    return pgs_pg_template(table ? pgs_sql_views_names : pgs_sql_views_no_names, fill,
                           PGS_COUNT_OF(fill), names, err);
}

static pgs_status add_views(making *k, pgs_err *err) {
    const pgs_reading *r = &k->reading;
    const char *cast;
    char *names = NULL;
    pgs_status st = find_names(k, &cast, &names, err);
    const pgs_pg_fill fill[] = {
        {"schema", k->place.schema},
        {"table", r->table_name},
        {"table_text", literal(k, r->table_name)},
        {"collection", pgs_pg_column(r, PGS_COLUMN_COLLECTION)},
        {"document", pgs_pg_column(r, PGS_COLUMN_DOCUMENT)},
        {"tokens", pgs_pg_column(r, PGS_COLUMN_TOKENS)},
        {"created", pgs_pg_column(r, PGS_COLUMN_CREATED)},
        {"has_collection", has(k, PGS_COLUMN_COLLECTION)},
        {"has_document", has(k, PGS_COLUMN_DOCUMENT)},
        {"has_tokens", has(k, PGS_COLUMN_TOKENS)},
        {"has_created", has(k, PGS_COLUMN_CREATED)},
        {"id_cast", cast},
        {"names", names},
    };
    if (!st)
        st = add(k, pgs_sql_views_partitions, fill, PGS_COUNT_OF(fill), err);
    if (!st)
        st = add(k, pgs_sql_views_guide, fill, PGS_COUNT_OF(fill), err);
    if (!st)
        st = add(k, has_collections(k) ? pgs_sql_views_collections : pgs_sql_views_no_collections,
                 fill, PGS_COUNT_OF(fill), err);
    pgs_free(names);
    return st;
}

static pgs_status add_end(making *k, const char *sql, pgs_err *err) {
    const pgs_pg_fill fill[] = {{"made", pgs_sql_views_made}};
    return add(k, sql, fill, PGS_COUNT_OF(fill), err);
}

/* ---- how ---- */

/* Look at the table, in a transaction that can only read. */
static pgs_status write_script(making *k, pgs_err *err) {
    pgs_status st = pgs_pg_begin(k->pg, err);
    if (!st)
        st = pgs_pg_find_table(k->pg, &k->reading, err);
    if (!st)
        st = pgs_pg_find_place(k->pg, k->arena, &k->place, err);
    if (!st)
        k->place.table = k->reading.table_name;
    if (!st)
        st = add_begin(k, err);
    if (!st)
        st = add_views(k, err);
    if (!st)
        st = add_end(k, pgs_sql_views_end, err);
    if (!st)
        st = pgs_pg_run(k->pg, "end the transaction", "COMMIT", err);
    return st;
}

static void say_without_collections(const making *k) {
    if (!has_collections(k))
        pgs_pg_say(k->pg->listener,
                   "there is no column %s that can be used, hence no collection_chunking_stats",
                   k->reading.wanted[PGS_COLUMN_COLLECTION]);
}

static pgs_status print(making *k, pgs_err *err) {
    pgs_status st = write_script(k, err);
    if (!st)
        say_without_collections(k);
    return st;
}

static pgs_status apply(making *k, pgs_err *err) {
    pgs_status st = write_script(k, err);
    if (!st)
        st = pgs_pg_run(k->pg, "make the live views", k->script.data, err);
    if (st)
        return st;
    pgs_pg_say(k->pg->listener, "schema %s has the live views of %s now", k->place.schema,
               k->place.table);
    say_without_collections(k);
    return PGS_OK;
}

static pgs_status drop(making *k, pgs_err *err) {
    pgs_status st = pgs_pg_find_place(k->pg, k->arena, &k->place, err);
    if (!st)
        st = add_begin(k, err);
    if (!st)
        st = add_end(k, pgs_sql_views_drop, err);
    if (!st)
        st = pgs_pg_run(k->pg, "drop the live views", k->script.data, err);
    if (!st)
        pgs_pg_say(k->pg->listener, "schema %s has no live views of %s any more", k->place.schema,
                   k->place.table);
    return st;
}

pgs_status pgs_pg_views(const pgs_pg_options *options, pgs_pg_views_action action,
                        const pgs_listener *listener, char **script, pgs_err *err) {
    static pgs_status (*const DO[])(making *, pgs_err *) = {
        [PGS_PG_VIEWS_PRINT] = print,
        [PGS_PG_VIEWS_APPLY] = apply,
        [PGS_PG_VIEWS_DROP] = drop,
    };
    pgs_pg pg;
    making k = {.pg = &pg, .arena = pgs_arena_new()};
    *script = NULL;
    if (!k.arena)
        return pgs_no_memory(err);
    k.reading.arena = k.arena;
    pgs_status st = pgs_pg_open(&pg, options, listener, err);
    pg.statement_ms = statement_ms(&pg);
    if (!st)
        st = DO[action](&k, err);
    if (!st && action == PGS_PG_VIEWS_PRINT)
        *script = k.script.data;
    else
        pgs_buf_reset(&k.script);
    pgs_pg_close(&pg);
    pgs_arena_free(k.arena);
    return st;
}
