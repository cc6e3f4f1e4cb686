/* One moment from somewhere: a live PostgreSQL, or CSV exports of one. Part of the collector
 * only; the library and the analyzer cannot reach a network. */
#ifndef PGSKEW_SOURCE_H
#define PGSKEW_SOURCE_H

#include "pgskew/result.h"

/* Sentences for the person at the terminal, one a call, without a line end: progress, warnings.
 * NULL: nobody listens. */
typedef void (*pgs_say)(void *context, const char *sentence);

typedef struct pgs_listener {
    pgs_say say;
    void *context;
} pgs_listener;

/* ---- CSV exports: csv.c ---- */

typedef struct pgs_csv_options {
    const char *directory; /* holds partition_chunk_distribution.csv and its companions */
    const char *table;     /* NULL: public.chunks */
    const char *source;    /* NULL: "import" */
    int64_t taken_us;
    int64_t
        naive_offset_us; /* what to add to UTC for times without an offset; PGS_TIME_NONE: refuse */
} pgs_csv_options;

/* Read the exports of one moment into `out` (initialised). Derived percentages are taken as
 * exported; the rest is for pgs_snapshot_derive().
 * PGS_E_NO_INPUT: the directory or partition_chunk_distribution.csv is not there; PGS_E_DATA:
 * unknown or missing column, bad value, duplicate partition; names file, line and column. */
pgs_status pgs_csv_read(const pgs_csv_options *options, const pgs_listener *listener,
                        pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* After pgs_snapshot_derive() and pgs_partition_skew_analyze(): compare `snap` with
 * partition_health_summary.csv, and the skew metrics of `result` with analyze_partition_skew.csv,
 * where those are present. Each of the first ten differences is said to the listener, then how
 * many more there are; a value that is missing on one side is no difference.
 * PGS_E_DATA: a file that cannot be read as CSV, or a bad value in one. */
pgs_status pgs_csv_cross_check(const pgs_csv_options *options, const pgs_listener *listener,
                               const pgs_snapshot *snap, const pgs_result *result,
                               pgs_err *err) PGS_CHECK;

/* ---- a long CSV, one row a moment and partition: csv_history.c ---- */

typedef struct pgs_csv_history_options {
    const char *path;        /* taken_at,partition_num,... by both; "-": standard input */
    const char *collections; /* rows of the last moment's collections; NULL: none */
    const char *table;       /* NULL: public.chunks */
    const char *source;      /* NULL: "import" */
    int64_t naive_offset_us; /* as in pgs_csv_options */
} pgs_csv_history_options;

typedef struct pgs_csv_history pgs_csv_history;

/* Begin to read; `options` is borrowed until it is closed. PGS_E_NO_INPUT, PGS_E_DENIED or PGS_E_IO
 * where the file cannot be read. */
pgs_status pgs_csv_history_open(const pgs_csv_history_options *options, pgs_csv_history **out,
                                pgs_err *err) PGS_CHECK;

/* The next moment, checked and ready for pgs_snapshot_derive(); NULL after the last. It is the
 * reader's, which fills it again for the next: valid until the next call, the last one until the
 * reader is closed. A partition of which nothing was observed is unmeasured. PGS_E_DATA: unknown or
 * missing column, bad value, rows that are not in the order of taken_at, then partition_num; names
 * file, line and column. */
pgs_status pgs_csv_history_next(pgs_csv_history *reader, pgs_snapshot **out,
                                pgs_err *err) PGS_CHECK;

/* How much of the file was read, in bytes; *total is 0 where that is not known. */
void pgs_csv_history_progress(const pgs_csv_history *reader, uint64_t *done, uint64_t *total);

void pgs_csv_history_close(pgs_csv_history *reader); /* NULL is fine */

/* ---- live PostgreSQL: postgres.c ---- */

typedef struct pgs_pg_options {
    const char *conninfo; /* libpq conninfo or URI, also postgresql+driver://; NULL: environment */
    const char *table;    /* NULL: public.chunks */
    const char *schema;   /* of the live views, unquoted; NULL: the table's */
    const char *source;   /* NULL: "postgresql" */
    pgs_counts counts;
    bool collections;   /* per-collection rows */
    bool allow_partial; /* leaves that stay locked become unmeasured instead of an error */
    const char *collection_column, *document_column, *token_column,
        *created_column;      /* NULL: the guide's names */
    int lock_timeout_ms;      /* one lock wait; default 100 */
    int statement_timeout_ms; /* 0: 30 s plus 30 s per GiB a batch reads */
    int patience_ms;          /* beyond that without a word the server is gone; default 10 s */
    int parallel_workers;     /* -1: the server's own setting */
    const char *snapshot_id;  /* from pg_export_snapshot(): read at that moment; NULL: now */
} pgs_pg_options;

#define PGS_PG_OPTIONS_DEFAULT                                                                     \
    { .lock_timeout_ms = 100, .patience_ms = 10000, .parallel_workers = -1 }

/* Read one moment of one partitioned table into `out` (initialised), in one read-only
 * repeatable-read transaction, every row at most once (exact) or none (estimate).
 * PGS_E_UNAVAILABLE: no connection; PGS_E_DENIED: password or privilege; PGS_E_NO_INPUT: no such
 * table; PGS_E_DATA: not partitioned, or a bad value; PGS_E_RETRY: a lock, a timeout or a
 * conflict. No message ever holds a secret. */
pgs_status pgs_pg_snapshot(const pgs_pg_options *options, const pgs_listener *listener,
                           pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* What pgs_pg_snapshot() would send to the server, as a script for psql with remarks on how many
 * bytes of which partitions each statement reads. Connects, lists and sizes; reads no row. *script
 * is pgs_free()d by the caller. Statuses as above. */
pgs_status pgs_pg_dry_run(const pgs_pg_options *options, const pgs_listener *listener,
                          char **script, pgs_err *err) PGS_CHECK;

/* Refresh collection_chunking_stats in `schema`: by the database's own refresh function where it
 * has one, else REFRESH MATERIALIZED VIEW, CONCURRENTLY where a unique index allows. */
pgs_status pgs_pg_refresh(const pgs_pg_options *options, const pgs_listener *listener,
                          pgs_err *err) PGS_CHECK;

/* The guide's live views of one table as one script, which makes or replaces all of them in one
 * transaction and waits no longer than lock_timeout_ms for a lock. It refuses to touch what has the
 * name of a view and was not made so for this table: what was, says so in its comment. */
typedef enum pgs_pg_views_action {
    PGS_PG_VIEWS_PRINT, /* *script, pgs_free()d by the caller; reads the catalog, makes nothing */
    PGS_PG_VIEWS_APPLY, /* run it */
    PGS_PG_VIEWS_DROP   /* drop what is there of what it makes; the table may be gone */
} pgs_pg_views_action;

/* *script is NULL except for PRINT. PGS_E_EXISTS: something else has a view's name, or depends on
 * one that is to be dropped; PGS_E_NO_INPUT: no such table or schema. Other statuses as above. */
pgs_status pgs_pg_views(const pgs_pg_options *options, pgs_pg_views_action action,
                        const pgs_listener *listener, char **script, pgs_err *err) PGS_CHECK;

/* Interrupt the call that is running: the server is told to give up its query, and the call
 * returns PGS_E_RETRY "interrupted". Whether there was a server to tell. May be called from a
 * signal handler. */
bool pgs_pg_cancel(void);

#endif
