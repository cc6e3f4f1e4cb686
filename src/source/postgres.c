/* A live PostgreSQL, one moment of one table: connect, find the table, list its leaves, read their
 * sizes, count their rows, leave. What each step does to the server is told in its own file. */
#include <libpq-fe.h>
#include <string.h>

#include "embedded_sql.h"
#include "source/postgres.h"

/* ---- one snapshot ---- */

/* Not everyone may ask, and some services hide it. */
static pgs_status find_system(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    pgs_pg_question question = {"identify the server", pgs_sql_pg_system, 0, NULL, 1, false};
    PGresult *answer;
    pgs_status st = pgs_pg_try(pg, &question, NULL, &answer, NULL, err);
    if (!st && answer && PQntuples(answer) == 1 && !PQgetisnull(answer, 0, 0)) {
        reading->system_identifier = pgs_arena_text(reading->arena, PQgetvalue(answer, 0, 0));
        st = reading->system_identifier ? PGS_OK : pgs_no_memory(err);
    }
    PQclear(answer);
    return st;
}

/* Take the moment of another session, which must still be in its transaction. */
static pgs_status join_moment(pgs_pg *pg, pgs_err *err) {
    if (!pg->options->snapshot_id)
        return PGS_OK;
    pgs_buf sql = {0};
    pgs_buf_text(&sql, "SET TRANSACTION SNAPSHOT ");
    pgs_pg_quote_literal(pg, pg->options->snapshot_id, &sql);
    pgs_status st = sql.failed ? pgs_no_memory(err)
                               : pgs_pg_run(pg, "take the exported snapshot", sql.data, err);
    pgs_buf_reset(&sql);
    if (st == PGS_E_DATA)
        pgs_hint(err, "the session that exported it must still be in its transaction, in the same "
                      "database");
    return st;
}

/* An exported snapshot can be taken once; more leaves need further transactions. */
static pgs_status check_one_moment(const pgs_pg *pg, const pgs_reading *reading, pgs_err *err) {
    if (!pg->options->snapshot_id || reading->n_leaves <= PGS_TRANSACTION_LEAVES)
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_USAGE,
                             "%s has %zu partitions, and an exported snapshot serves at most %d",
                             reading->table_name, reading->n_leaves, PGS_TRANSACTION_LEAVES);
    pgs_hint(err, "leave out --snapshot");
    return st;
}

static pgs_status read_table(pgs_pg *pg, pgs_reading *reading, pgs_err *err) {
    pgs_status st = pgs_pg_begin(pg, err);
    if (!st)
        st = join_moment(pg, err);
    if (!st)
        st = pgs_pg_find_table(pg, reading, err);
    if (!st)
        st = find_system(pg, reading, err);
    if (!st)
        st = pgs_pg_list_leaves(pg, reading, err);
    if (!st)
        st = check_one_moment(pg, reading, err);
    if (!st)
        st = pgs_pg_measure(pg, reading, err);
    if (!st && pg->options->collections && pg->options->counts == PGS_COUNTS_EXACT)
        st = pgs_pg_read_names(pg, reading, err);
    return st ? st : pgs_pg_run(pg, "end the transaction", "COMMIT", err);
}

pgs_status pgs_pg_snapshot(const pgs_pg_options *options, const pgs_listener *listener,
                           pgs_snapshot *out, pgs_err *err) {
    pgs_pg pg;
    pgs_reading reading = {.arena = pgs_arena_new()};
    double start_ms = pgs_pg_clock_ms();
    if (!reading.arena)
        return pgs_no_memory(err);
    pgs_status st = pgs_pg_open(&pg, options, listener, err);
    if (!st)
        st = read_table(&pg, &reading, err);
    if (!st)
        st = pgs_pg_fill_snapshot(&pg, &reading, out, err);
    if (st) {
        pgs_snapshot_reset(out);
        pgs_snapshot_init(out);
    }
    out->collect_ms = st ? out->collect_ms : pgs_pg_clock_ms() - start_ms;
    pgs_pg_close(&pg);
    pgs_free(reading.collection_row);
    pgs_documents_reset(&reading.documents);
    pgs_arena_free(reading.arena);
    return st;
}

pgs_status pgs_pg_dry_run(const pgs_pg_options *options, const pgs_listener *listener,
                          char **script, pgs_err *err) {
    pgs_pg pg;
    pgs_buf out = {0};
    pgs_reading reading = {.arena = pgs_arena_new()};
    if (!reading.arena)
        return pgs_no_memory(err);
    pgs_status st = pgs_pg_open(&pg, options, listener, err);
    if (!st) {
        pg.script = &out;
        pgs_pg_remark(&pg, "what pgskew-collect snapshot sends, in order; psql can run it");
        st = read_table(&pg, &reading, err);
    }
    if (!st && out.failed)
        st = pgs_no_memory(err);
    if (st)
        pgs_buf_reset(&out);
    else
        *script = out.data;
    pgs_pg_close(&pg);
    pgs_free(reading.collection_row);
    pgs_documents_reset(&reading.documents);
    pgs_arena_free(reading.arena);
    return st;
}

/* ---- refresh ---- */

/* What refreshes, best first; row `choice` of the answer's columns. */
static const struct {
    const char *verb, *object;
} REFRESH[] = {
    {"SELECT", "refresh_collection_chunking_stats()"},
    {"REFRESH MATERIALIZED VIEW CONCURRENTLY", "collection_chunking_stats"},
    {"REFRESH MATERIALIZED VIEW", "collection_chunking_stats"},
};

/* *choice: the first of REFRESH that the database has; or its length. */
static pgs_status choose_refresh(pgs_pg *pg, const char *schema, size_t *choice, pgs_err *err) {
    const char *param[] = {schema};
    pgs_pg_question question = {"look for collection_chunking_stats",
                                pgs_sql_pg_refresh,
                                1,
                                param,
                                PGS_COUNT_OF(REFRESH),
                                false};
    PGresult *answer;
    pgs_status st = pgs_pg_ask(pg, &question, &answer, err);
    if (!st && PQntuples(answer) != 1)
        st = pgs_pg_nonsense(question.what, err);
    for (*choice = 0; !st && *choice < PGS_COUNT_OF(REFRESH); ++*choice)
        if (strcmp(PQgetvalue(answer, 0, (int)*choice), "t") == 0)
            break;
    PQclear(answer);
    return st;
}

/* The function's own statements may name the view without its schema. */
static pgs_status run_refresh(pgs_pg *pg, const char *schema, size_t choice, pgs_err *err) {
    pgs_buf sql = {0};
    pgs_buf_text(&sql, "BEGIN; SELECT set_config('search_path', ");
    pgs_pg_quote_literal(pg, schema, &sql);
    pgs_buf_format(&sql,
                   " || ', ' || current_setting('search_path'), true); "
                   "SET LOCAL lock_timeout = %d; ",
                   pg->options->lock_timeout_ms);
    if (pg->options->statement_timeout_ms > 0)
        pgs_buf_format(&sql, "SET LOCAL statement_timeout = %d; ",
                       pg->options->statement_timeout_ms);
    pgs_buf_format(&sql, "%s %s.%s; COMMIT", REFRESH[choice].verb, schema, REFRESH[choice].object);
    pgs_pg_say(pg->listener, "%s %s.%s", REFRESH[choice].verb, schema, REFRESH[choice].object);
    pgs_status st = sql.failed ? pgs_no_memory(err)
                               : pgs_pg_run(pg, "refresh collection_chunking_stats", sql.data, err);
    pgs_buf_reset(&sql);
    return st;
}

static pgs_status refresh(pgs_pg *pg, const char *schema, pgs_err *err) {
    size_t choice;
    pgs_status st = choose_refresh(pg, schema, &choice, err);
    if (st)
        return st;
    if (choice < PGS_COUNT_OF(REFRESH))
        return run_refresh(pg, schema, choice, err);
    st = pgs_fail(err, PGS_E_NO_INPUT,
                  "there is no materialized view collection_chunking_stats in schema %s", schema);
    pgs_hint(err, "name the schema that has it with --schema, or make it: pgskew-collect views");
    return st;
}

pgs_status pgs_pg_refresh(const pgs_pg_options *options, const pgs_listener *listener,
                          pgs_err *err) {
    pgs_pg pg;
    pgs_pg_place place;
    pgs_arena *arena = pgs_arena_new();
    if (!arena)
        return pgs_no_memory(err);
    pgs_status st = pgs_pg_open(&pg, options, listener, err);
    if (!st)
        st = pgs_pg_find_place(&pg, arena, &place, err);
    if (!st)
        st = refresh(&pg, place.schema, err);
    pgs_pg_close(&pg);
    pgs_arena_free(arena);
    return st;
}
