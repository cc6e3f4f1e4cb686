/* What the files of the PostgreSQL source share. libpq's own header stays in the .c files.
 *
 *     postgres.c           the recipe: connect, list, size, count, fill the snapshot; refresh
 *     postgres_conninfo.c  connection strings: rewriting, secrets, the redactor
 *     postgres_conn.c      connecting, asking, cancelling, what failures mean
 *     postgres_script.c    a dry run's list of statements
 *     postgres_text.c      templates, quoting, reading the cells of an answer
 *     postgres_leaves.c    the table, its leaves, their numbers
 *     postgres_batch.c     leaves in batches, under savepoints: sizes, and who waits for locks
 *     postgres_count.c     the counting statement and its answers
 *     postgres_documents.c the documents of a collection that lies in several partitions
 *     postgres_fill.c      what was read becomes a pgs_snapshot
 *     postgres_views.c     the guide's live views: a script that makes or drops them */
#ifndef PGSKEW_SOURCE_POSTGRES_H
#define PGSKEW_SOURCE_POSTGRES_H

#include "base/base.h"
#include "pgskew/source.h"

struct pg_conn;
struct pg_result;

/* ---- postgres_conninfo.c ---- */

enum { PGS_PG_MAX_SECRETS = 8 };

/* A connection string libpq understands, and what must never be shown of it. */
typedef struct pgs_pg_conninfo {
    char *text;    /* for libpq; NULL: its environment */
    int timeout_s; /* to connect to one host; 0: no limit */
    size_t n_secrets;
    char *secret[PGS_PG_MAX_SECRETS];
} pgs_pg_conninfo;

/* Understand `given` (NULL: the environment). PGS_E_USAGE: it cannot be understood; the message
 * does not quote it. */
pgs_status pgs_pg_conninfo_read(const char *given, const pgs_listener *listener,
                                pgs_pg_conninfo *out, pgs_err *err) PGS_CHECK;
void pgs_pg_conninfo_reset(pgs_pg_conninfo *info);

/* Append `text` on one line, without the secrets and without anything that looks like one. */
void pgs_pg_redact(const pgs_pg_conninfo *info, const char *text, pgs_buf *out);

/* ---- postgres_conn.c ---- */

typedef struct pgs_pg {
    const pgs_pg_options *options;
    const pgs_listener *listener;
    pgs_pg_conninfo info;
    struct pg_conn *conn;
    char sqlstate[6];    /* of the last failure; "" when the server gave none */
    double statement_ms; /* when the server ends a statement; 0: it does not */
    bool is_silent;      /* it has not even done that */
    pgs_buf *script;     /* dry run: statements are written here, those that read rows not sent */
} pgs_pg;

/* Connect as `options` say. On failure nothing is left open. */
pgs_status pgs_pg_open(pgs_pg *pg, const pgs_pg_options *options, const pgs_listener *listener,
                       pgs_err *err) PGS_CHECK;
void pgs_pg_close(pgs_pg *pg);

/* Run statements that give no rows. `what` names them in a message: "begin". */
pgs_status pgs_pg_run(pgs_pg *pg, const char *what, const char *sql, pgs_err *err) PGS_CHECK;

/* Ask one question that gives `n_columns` columns. *out is PQclear()ed by the caller. */
typedef struct pgs_pg_question {
    const char *what; /* names it in a message: "list the partitions" */
    const char *sql;
    int n_params;
    const char *const *param; /* text, or NULL for NULL */
    int n_columns;
    bool reads_rows; /* in a dry run the answer is NULL */
} pgs_pg_question;

pgs_status pgs_pg_ask(pgs_pg *pg, const pgs_pg_question *question, struct pg_result **out,
                      pgs_err *err) PGS_CHECK;

/* The same for a question without parameters, in two steps: first the server takes the locks of the
 * tables, for which it waits *waited_ms, then it reads. */
pgs_status pgs_pg_ask_locking(pgs_pg *pg, const pgs_pg_question *question, double *waited_ms,
                              struct pg_result **out, pgs_err *err) PGS_CHECK;

/* The same for a question that may be refused, in a savepoint that `begin` opens (NULL: one that
 * sets nothing). The server's refusal is no failure: *out is NULL, and *why (initialised by the
 * caller, or NULL) says what it was. */
pgs_status pgs_pg_try(pgs_pg *pg, const pgs_pg_question *question, const char *begin,
                      struct pg_result **out, pgs_err *why, pgs_err *err) PGS_CHECK;

/* ---- postgres_script.c: nothing happens but in a dry run ---- */

/* Write down a statement that is about to be sent; a remark of one line. */
void pgs_pg_record(pgs_pg *pg, const pgs_pg_question *question);
void pgs_pg_remark(pgs_pg *pg, const char *fmt, ...) PGS_PRINTF(2, 3);

/* ---- postgres_text.c ---- */

/* Append `identifier` or `literal`, quoted. */
void pgs_pg_quote_identifier(pgs_pg *pg, const char *identifier, pgs_buf *out);
void pgs_pg_quote_literal(pgs_pg *pg, const char *literal, pgs_buf *out);

/* `sql` with every {{key}} replaced; the keys are all known, or that is a bug. */
typedef struct pgs_pg_fill {
    const char *key, *text;
} pgs_pg_fill;

pgs_status pgs_pg_template(const char *sql, const pgs_pg_fill *fill, size_t n_fills, char **out,
                           pgs_err *err) PGS_CHECK;

/* Hand on a failure that might have been none. Returns `status`. */
pgs_status pgs_pg_pass_on(pgs_status status, const pgs_err *from, pgs_err *err) PGS_CHECK;

void pgs_pg_say(const pgs_listener *listener, const char *fmt, ...) PGS_PRINTF(2, 3);
double pgs_pg_clock_ms(void); /* monotonic */

/* One row of an answer, read from left to right. Whatever is not what it should be sets `bad`,
 * so that one look at the end is enough. */
typedef struct pgs_pg_row {
    const struct pg_result *result;
    int row, column;
    bool bad;
} pgs_pg_row;

const char *pgs_pg_next_text(pgs_pg_row *row);   /* NULL: NULL */
const char *pgs_pg_next_needed(pgs_pg_row *row); /* "" and bad: NULL */
int64_t pgs_pg_next_int(pgs_pg_row *row);        /* >= 0; NULL is bad */
double pgs_pg_next_number(pgs_pg_row *row);      /* NaN: NULL, infinite or not a number */
double pgs_pg_next_count(pgs_pg_row *row);       /* a whole number 0 .. 2^53; NaN: NULL */

/* Microseconds since 1970; NaN: NULL, infinite, or outside 1970-2255 (then *n_odd grows). */
double pgs_pg_next_time(pgs_pg_row *row, size_t *n_odd);

/* PGS_E_DATA: the answer to `what` is not of the form that was asked for. */
pgs_status pgs_pg_nonsense(const char *what, pgs_err *err) PGS_CHECK;

/* ---- postgres_leaves.c ---- */

typedef enum pgs_leaf_state {
    PGS_LEAF_LISTED,   /* known from the catalog */
    PGS_LEAF_SIZED,    /* sizes and bounds are known */
    PGS_LEAF_MEASURED, /* rows are counted or estimated */
    PGS_LEAF_LOCKED,   /* could not be locked in time */
    PGS_LEAF_CHANGED, /* detached, dropped, truncated or rewritten after the moment of the snapshot */
    PGS_LEAF_FOREIGN, /* a foreign table */
    PGS_LEAF_UNKNOWN, /* estimate mode: the planner has no statistics */
    PGS_LEAF_STATE_COUNT
} pgs_leaf_state;

typedef struct pgs_leaf {
    char *name; /* relation name, with its schema where that is not the table's */
    char *schema, *relation;
    char *sql; /* quoted and qualified */
    char *bounds;
    int64_t oid, filenode;
    int64_t num; /* partition_num; -1: a stray */
    bool readable;
    pgs_leaf_state state;
    double pages, heap_bytes;
    double metric[PGS_METRIC_COUNT];
} pgs_leaf;

typedef enum pgs_column_use {
    PGS_COLUMN_COLLECTION,
    PGS_COLUMN_DOCUMENT,
    PGS_COLUMN_TOKENS,
    PGS_COLUMN_CREATED,
    PGS_COLUMN_COUNT
} pgs_column_use;

/* Rows of one collection in one leaf. */
typedef struct pgs_collection_row {
    char *id;
    size_t leaf;
    int64_t key_hash;
    size_t first_document, n_documents; /* its part of pgs_documents.hash */
    bool odd_tokens;                    /* their sum is negative, or not a whole number */
    double chunk_count, document_count, token_sum, token_chunk_count, last_created_at;
} pgs_collection_row;

/* Hashes of the documents of every row of every collection. */
typedef struct pgs_documents {
    int64_t *hash; /* pgs_alloc'ed */
    size_t n, room;
    bool unknown; /* there are too many; none is kept */
} pgs_documents;

/* Everything that is read of one table. */
typedef struct pgs_reading {
    pgs_arena *arena; /* owns all text and the leaves */
    char oid[24];     /* of the table, as text */
    int64_t relid;
    char *schema, *relation, *table_name; /* quoted; bare; quoted and qualified */
    char *database, *user, *version, *system_identifier;
    char *hour, *day, *week; /* where the windows begin, as the server writes times */
    int64_t taken_us, stats_reset_us, version_num, block_bytes;
    bool in_recovery, has_counters;
    const char *wanted[PGS_COLUMN_COUNT]; /* names of columns */
    char *column[PGS_COLUMN_COUNT];       /* an expression, or NULL: the table does not have it */
    const char *document_text;            /* an expression: equal documents, equal texts */
    size_t n_leaves;
    pgs_leaf *leaf;
    pgs_leaf **by_oid; /* the same leaves, sorted */
    size_t n_collection_rows, collection_room;
    pgs_collection_row *collection_row; /* pgs_alloc'ed */
    pgs_documents documents;
    size_t n_names;
    pgs_collection *name; /* collections by their table, in no order */
    const char *no_names; /* why there are none, where there should be some; NULL */
    size_t n_odd_times;
    size_t n_odd_averages, n_odd_sums; /* of tokens, in partitions and in collections' rows */
    size_t n_moments;                  /* transactions that rows were read in */
    double waited_ms;                  /* for locks, all together */
    double collection_bytes;           /* of memory that rows of collections need */
} pgs_reading;

/* Find the table and its leaves, number them, and read everything that the catalog knows. */
pgs_status pgs_pg_find_table(pgs_pg *pg, pgs_reading *reading, pgs_err *err) PGS_CHECK;
pgs_status pgs_pg_list_leaves(pgs_pg *pg, pgs_reading *reading, pgs_err *err) PGS_CHECK;

/* What a column is in a statement: its name, or a NULL of its type where the table has none. */
const char *pgs_pg_column(const pgs_reading *reading, pgs_column_use use);

/* The leaf with this oid, or NULL. */
pgs_leaf *pgs_pg_leaf_of(const pgs_reading *reading, int64_t oid);

/* "chunks" is public.chunks; everything else as PostgreSQL reads it. PGS_E_USAGE. */
pgs_status pgs_pg_table_text(const char *given, char **out, pgs_err *err) PGS_CHECK;

/* ---- postgres_batch.c ---- */

/* The longest list of leaves of one statement that reads rows, of one transaction. */
enum { PGS_BATCH_LEAVES = 25, PGS_TRANSACTION_LEAVES = 1000 };

/* Begin the one transaction, or the next of several. */
pgs_status pgs_pg_begin(pgs_pg *pg, pgs_err *err) PGS_CHECK;

/* Sizes and bounds of all leaves; in estimate mode their rows too. Then rows and groups. Leaves
 * that cannot be locked are marked so. */
pgs_status pgs_pg_measure(pgs_pg *pg, pgs_reading *reading, pgs_err *err) PGS_CHECK;

/* Ask as pgs_pg_try() does, and wait for locks no longer than is left for all of them. */
pgs_status pgs_pg_try_in_time(pgs_pg *pg, const pgs_reading *reading,
                              const pgs_pg_question *question, struct pg_result **out, pgs_err *why,
                              pgs_err *err) PGS_CHECK;

/* ---- postgres_count.c ---- */

/* What the rows of collections may need of the collector's memory, their names as well: about a
 * million rows. COLLECTION_ROW_BYTES is for one without its text. */
#define PGS_MAX_COLLECTION_BYTES 268435456.0
enum { PGS_COLLECTION_ROW_BYTES = 200 };

/* The statement that counts leaf[index[0 .. n-1]] into *sql, freed with pgs_free(); and its
 * answer. */
pgs_status pgs_pg_count_sql(pgs_pg *pg, const pgs_reading *reading, const size_t *index, size_t n,
                            char **sql, pgs_err *err) PGS_CHECK;
pgs_status pgs_pg_count_answer(pgs_pg *pg, pgs_reading *reading, const size_t *index, size_t n,
                               const struct pg_result *answer, pgs_err *err) PGS_CHECK;
enum { PGS_COUNT_COLUMNS = 18 };

/* ---- postgres_documents.c ---- */

/* All of a table's together; beyond, a collection's documents are known by partition only. */
enum { PGS_MAX_DOCUMENTS = 1 << 22 };

/* Add what `text` lists, "{-5,17}", to `all`, of which `limit` are too many. PGS_E_DATA: it is no
 * such list, or not one of `n`. NULL: there are too many. */
pgs_status pgs_documents_add(pgs_documents *all, const char *text, size_t n, size_t limit,
                             pgs_err *err) PGS_CHECK;

/* How many different documents `n` rows of one collection have together; NaN: not known. */
pgs_status pgs_documents_count(const pgs_documents *all, const pgs_collection_row *row, size_t n,
                               double *out, pgs_err *err) PGS_CHECK;
void pgs_documents_reset(pgs_documents *all);

/* ---- postgres_fill.c ---- */

/* The table beside this one that names the collections; NULL: there is none that we may read. */
pgs_status pgs_pg_find_names(pgs_pg *pg, const pgs_reading *reading, char **table,
                             pgs_err *err) PGS_CHECK;

/* Names of the collections, when there is such a table. */
pgs_status pgs_pg_read_names(pgs_pg *pg, pgs_reading *reading, pgs_err *err) PGS_CHECK;

pgs_status pgs_pg_fill_snapshot(const pgs_pg *pg, pgs_reading *reading, pgs_snapshot *out,
                                pgs_err *err) PGS_CHECK;

/* ---- postgres_views.c ---- */

/* Where the live views are, and of which table: names that are quoted already. */
typedef struct pgs_pg_place {
    const char *schema, *table;
} pgs_pg_place;

pgs_status pgs_pg_find_place(pgs_pg *pg, pgs_arena *arena, pgs_pg_place *out,
                             pgs_err *err) PGS_CHECK;

#endif
