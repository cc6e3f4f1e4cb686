/* A scripted libpq: a server with one table of a few partitions that can be told to fail at any
 * message and to answer anything. Linked instead of the real functions that talk to a server;
 * parsing connection strings stays libpq's own. */
#ifndef PGSKEW_TESTS_FAKE_PQ_H
#define PGSKEW_TESTS_FAKE_PQ_H

#include <stdbool.h>
#include <stddef.h>

typedef enum fake_table { /* the answers a test can change */
                          FAKE_TABLE,
                          FAKE_COLUMNS,
                          FAKE_SYSTEM,
                          FAKE_LEAVES,
                          FAKE_SIZES,
                          FAKE_COUNTS,
                          FAKE_NAMES_TABLE,
                          FAKE_NAMES,
                          FAKE_REFRESH,
                          FAKE_SCHEMA,
                          FAKE_SAME_TYPE,
                          FAKE_ANSWER_COUNT
} fake_table;

typedef struct fake_server {
    /* rows by line, cells by '|', NULL is \N; sizes and counts: one line a leaf, and only those
     * that were asked for are given. NULL: the usual answer. */
    const char *answer[FAKE_ANSWER_COUNT];

    /* rows of collections that the counts end with, for leaves that were asked for: oid, chunks,
     * documents, newest, id, hash of the id, tokens, chunks with tokens, hashes of documents */
    const char *collections;

    const char *connect_error; /* what PQerrorMessage says when connecting fails; NULL: works */
    bool needs_password;
    bool no_user;              /* libpq could make nothing of what it was given */
    bool never_answers;        /* connecting waits for ever */
    int drop_at;               /* the nth statement finds the connection closed; 0: none ... */
    const char *last_words;    /* ... and libpq says this; NULL: that it was unexpected */
    int refuse_at;             /* the nth statement is refused with ... */
    const char *sqlstate;      /* ... this */
    const char *words;         /* ... in these words; NULL: "refused" */
    const char *refuse_always; /* and so is every statement that has this in it */
    const char *locked;        /* statements that touch this leaf are refused with 55P03 */
    int slow_ms;               /* a batch's locks are granted after so long */
    int cancel_at;             /* a signal comes while the nth statement runs */
    fake_table spoiled;        /* change one cell of this answer ... */
    int spoiled_row, spoiled_column;
    const char *spoiled_cell; /* ... to this; NULL: no cell */
    int extra_columns;        /* added to every answer; -1: one fewer */
    int extra_in;             /* ... to this one only: 1 + fake_table; 0: every */
    int repeat_in;            /* every row of this answer comes twice: 1 + fake_table; 0: none */
    int silent_at;            /* libpq has no answer to the nth statement, for want of memory */
    int mute_at;              /* from the nth statement on, not a byte comes */
    int other_at;             /* the answer to the nth statement is not of the kind asked for */
    const char *lost_words;   /* what PQerrorMessage says of a lost connection; NULL: usual */

    /* what happened */
    int n_statements, n_open, n_results;
    int lock_timeout_ms; /* as it was set last */
    bool holds;          /* the locks of a batch */
    char conninfo[256];
    char last_sql[16384];
    char refused_sql[16384];
    bool asked[FAKE_ANSWER_COUNT]; /* for this answer; the test clears it */
    char log[65536];               /* the beginning of every statement, a line each */
} fake_server;

extern fake_server fake;

#endif
