/* SQLite, opened the two ways we trust it: a snapshot's bytes in memory, a history where it lies;
 * defensive, with limits. Internal to store/. */
#ifndef PGSKEW_STORE_DATABASE_H
#define PGSKEW_STORE_DATABASE_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/base.h"

typedef struct pgs_database {
    sqlite3 *db;
    size_t n_bytes;
    char *bytes;       /* the file; NULL for a database that is being written */
    const char *path;  /* for messages; borrowed */
    uint64_t ops_left; /* virtual machine instructions it may still use */
    bool on_disk;      /* a history, read or written in place */
} pgs_database;

/* Whether a file begins like a SQLite database with this application_id. False also when it
 * cannot be read. Costs one read of 100 bytes. */
bool pgs_database_is_ours(const char *path, uint32_t application_id);

#define PGS_DATABASE_HEADER_BYTES 100

/* Whether a file of `n` bytes that begins with `bytes` (PGS_DATABASE_HEADER_BYTES of them) is a
 * database of ours; and whether it is whole. */
pgs_status pgs_database_check_kind(const char *path, const char *bytes, size_t n,
                                   uint32_t application_id, pgs_err *err) PGS_CHECK;
pgs_status pgs_database_check_size(const char *path, const char *bytes, size_t n,
                                   pgs_err *err) PGS_CHECK;

/* Trust nothing in a file of that size: no triggers, no views, limits, a budget of instructions. */
void pgs_database_distrust(pgs_database *d, uint64_t file_bytes);

/* Whether a change lies beside `path` that somebody began and did not finish. */
bool pgs_database_has_journal(const char *path);

/* Whether `path` still names the file that it named `before`. */
bool pgs_database_is_at(const char *path, const struct stat *before);

/* Open a history where it lies; database_file.c. A change that a killed program left beside it is
 * rolled back first. PGS_E_RETRY: somebody is changing it, or it cannot be rolled back here. */
pgs_status pgs_database_open_file(pgs_database *d, const char *path, uint32_t application_id,
                                  pgs_err *err) PGS_CHECK;

/* The same for changing it: its lock is taken, and a transaction begun. */
pgs_status pgs_database_open_writable(pgs_database *d, const char *path, uint32_t application_id,
                                      pgs_err *err) PGS_CHECK;

/* An empty database in the empty file `aside`, a transaction begun. Durable only once the caller
 * has flushed the file. */
pgs_status pgs_database_new_file(pgs_database *d, const char *path, const char *aside,
                                 uint32_t application_id, const char *schema,
                                 pgs_err *err) PGS_CHECK;

/* What SQLite's `rc` means for a database on disk. */
pgs_status pgs_database_file_error(pgs_database *d, int rc, pgs_err *err) PGS_CHECK;

/* Read and open a file from strangers. `thorough` runs quick_check over all of it. */
pgs_status pgs_database_open(pgs_database *d, const char *path, uint32_t application_id,
                             bool thorough, pgs_err *err) PGS_CHECK;

/* An empty database in memory with `schema` and the two pragmas set. */
pgs_status pgs_database_new(pgs_database *d, const char *path, uint32_t application_id,
                            const char *schema, pgs_err *err) PGS_CHECK;

/* Create the file at d->path from what is in memory. */
pgs_status pgs_database_save(pgs_database *d, pgs_err *err) PGS_CHECK;

void pgs_database_close(pgs_database *d);

/* Run SQL without results. */
pgs_status pgs_database_exec(pgs_database *d, const char *sql, pgs_err *err) PGS_CHECK;

/* Finalize *stmt with sqlite3_finalize(). */
pgs_status pgs_database_prepare(pgs_database *d, const char *sql, sqlite3_stmt **stmt,
                                pgs_err *err) PGS_CHECK;

/* SELECT these columns of `table`, in this order, followed by `suffix` (WHERE, ORDER BY). A column
 * that the table lacks is NULL: that is how an older file is read. *stmt stays NULL where there
 * is no ordinary table of that name with any of them. */
pgs_status pgs_database_select(pgs_database *d, const char *table, const char *const *column,
                               size_t n, const char *suffix, sqlite3_stmt **stmt,
                               pgs_err *err) PGS_CHECK;

/* SQLITE_ROW or SQLITE_DONE as true/false in *row; anything else is an error. */
pgs_status pgs_database_step(pgs_database *d, sqlite3_stmt *stmt, bool *row,
                             pgs_err *err) PGS_CHECK;

/* The bytes do not hold what they should: PGS_E_DATA naming the file and `why`. */
pgs_status pgs_database_damaged(const pgs_database *d, pgs_err *err, const char *why, ...)
    PGS_PRINTF(3, 4) PGS_CHECK;

/* Turn SQLite's last error into ours. */
pgs_status pgs_database_error(pgs_database *d, pgs_err *err) PGS_CHECK;

#endif
