/* Databases that are too large to be read into memory first: histories. They are opened where they
 * lie, with the same distrust; what SQLite itself does not check, the blocks' checksums do.
 *
 * A writer that was killed leaves a journal beside the file. SQLite rolls it back when the file is
 * next opened for writing, so that is done once before a file with a journal is read. */
#include "store/database.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS   5000
#define CACHE_KIB "-512" /* a block is read once: keeping its pages would only cost faults */

/* Whether a file could not be opened because we may not: SQLite says the same when the disk
 * fails. */
static bool is_denied(pgs_database *d, int rc) {
    int why = d->db ? sqlite3_system_errno(d->db) : 0;
    bool directory = d->db && sqlite3_extended_errcode(d->db) == SQLITE_READONLY_DIRECTORY;
    if (rc == SQLITE_READONLY)
        return directory || (access(d->path, W_OK) != 0 && errno != ENOENT);
    return why == 0 || why == EACCES || why == EPERM || why == EROFS;
}

/* The journal was deleted, which ends the change, and only then did the disk fail. */
static pgs_status not_flushed(const pgs_database *d, pgs_err *err) {
    pgs_status st =
        pgs_fail(err, PGS_E_IO, "cannot flush the directory of \"%s\" to disk", d->path);
    pgs_hint(err, "the file is complete but may not outlive a crash: look at the disk");
    return st;
}

pgs_status pgs_database_file_error(pgs_database *d, int rc, pgs_err *err) {
    pgs_status st;
    const char *why = d->db ? sqlite3_errmsg(d->db) : sqlite3_errstr(rc);
    int kind = rc & 0xFF;
    bool opening = kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN || kind == SQLITE_PERM;
    switch (opening && !is_denied(d, kind) ? SQLITE_IOERR : kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        st = pgs_fail(err, PGS_E_RETRY, "\"%s\" is being changed by another program", d->path);
        pgs_hint(err, "run again when it has finished");
        return st;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        if (d->db && sqlite3_extended_errcode(d->db) == SQLITE_IOERR_DIR_FSYNC)
            return not_flushed(d, err);
        st = pgs_fail(err, PGS_E_IO, "cannot read or write \"%s\": %s", d->path, why);
        pgs_hint(err, "look at the disk and the system's log, then run again; nothing was changed");
        return st;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        st = pgs_fail(err, PGS_E_DENIED, "cannot open \"%s\": %s", d->path, why);
        pgs_hint(err,
                 "it needs permission to read it, and to write it and its directory to change it");
        return st;
    default:
        st = pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: %s", d->path, why);
        pgs_hint(err, "restore it from a copy, or pack the snapshots again");
        return st;
    }
}

static pgs_status open_at(pgs_database *d, const char *file, int flags, pgs_err *err) {
    if (sqlite3_open_v2(file, &d->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK)
        return pgs_database_error(d, err);
    sqlite3_busy_timeout(d->db, BUSY_MS);
    sqlite3_extended_result_codes(d->db, 0);
    return PGS_OK;
}

/* ---- before reading ---- */

/* Looked at, not opened: closing any descriptor of a file drops every lock that the process has on
 * it, those of SQLite's connections included. */
static pgs_status check_place(const char *path, pgs_err *err) {
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        bool directory = S_ISDIR(info.st_mode);
        pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" is %s", path,
                                 directory ? "a directory, not a history" : "not a regular file");
        if (directory)
            pgs_hint(err, "name a file in it");
        return st;
    }
    if (access(path, R_OK) == 0)
        return PGS_OK;
    int why = errno;
    return pgs_fail(err,
                    why == ENOENT || why == ENOTDIR ? PGS_E_NO_INPUT
                    : why == EACCES                 ? PGS_E_DENIED
                                                    : PGS_E_IO,
                    "cannot read \"%s\": %s", path, strerror(why));
}

typedef struct file_header {
    char bytes[PGS_DATABASE_HEADER_BYTES];
    size_t n_bytes; /* of the file */
} file_header;

/* Through SQLite's own descriptor. */
static pgs_status read_header(pgs_database *d, file_header *out, pgs_err *err) {
    sqlite3_file *file = NULL;
    sqlite3_int64 n = 0;
    *out = (file_header){0};
    int rc = sqlite3_file_control(d->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xFileSize(file, &n);
    if (rc == SQLITE_OK && n >= PGS_DATABASE_HEADER_BYTES)
        rc = file->pMethods->xRead(file, out->bytes, PGS_DATABASE_HEADER_BYTES, 0);
    out->n_bytes = (size_t)n;
    return rc == SQLITE_OK ? PGS_OK : pgs_database_file_error(d, rc, err);
}

/* Begin a transaction with `sql`. What the file is does not change, so that is asked before SQLite
 * is let into it; its size does, so that is asked under the lock. */
static pgs_status begin(pgs_database *d, uint32_t application_id, const char *sql, pgs_err *err) {
    file_header header;
    pgs_status st = read_header(d, &header, err);
    if (st == PGS_OK)
        st = pgs_database_check_kind(d->path, header.bytes, header.n_bytes, application_id, err);
    if (st == PGS_OK)
        st = pgs_database_exec(d, sql, err);
    if (st == PGS_OK)
        st = read_header(d, &header, err);
    d->n_bytes = header.n_bytes;
    return st == PGS_OK ? pgs_database_check_size(d->path, header.bytes, header.n_bytes, err) : st;
}

bool pgs_database_has_journal(const char *path) {
    pgs_buf name = {0};
    struct stat info;
    pgs_buf_format(&name, "%s-journal", path);
    bool has = !name.failed && stat(name.data, &info) == 0 && info.st_size > 0;
    pgs_buf_reset(&name);
    return has;
}

bool pgs_database_is_at(const char *path, const struct stat *before) {
    struct stat now;
    return stat(path, &now) == 0 && now.st_ino == before->st_ino && now.st_dev == before->st_dev;
}

/* Opening for writing is what makes SQLite look at a journal. */
static pgs_status roll_back(const char *path, pgs_err *err) {
    pgs_database d = {.path = path, .on_disk = true};
    pgs_status st = open_at(&d, path, SQLITE_OPEN_READWRITE, err);
    if (st == PGS_OK)
        st = pgs_database_exec(&d, "SELECT 1 FROM sqlite_master", err);
    sqlite3_close(d.db);
    if (st == PGS_OK || (st != PGS_E_DENIED && access(path, W_OK) == 0))
        return st;
    st = pgs_fail(err, PGS_E_RETRY, "\"%s\" has an unfinished change beside it (-journal)", path);
    pgs_hint(err, "its owner can roll it back: pgskew verify FILE");
    return st;
}

static pgs_status open_old(pgs_database *d, const char *path, int flags, pgs_err *err) {
    *d = (pgs_database){.path = path, .on_disk = true};
    pgs_status st = check_place(path, err);
    if (st == PGS_OK && pgs_database_has_journal(path))
        st = roll_back(path, err);
    return st == PGS_OK ? open_at(d, path, flags, err) : st;
}

pgs_status pgs_database_open_file(pgs_database *d, const char *path, uint32_t application_id,
                                  pgs_err *err) {
    pgs_status st = open_old(d, path, SQLITE_OPEN_READONLY, err);
    if (st == PGS_OK) {
        pgs_database_distrust(d, 0);
        st = begin(d, application_id,
                   "PRAGMA cell_size_check = ON; PRAGMA cache_size = " CACHE_KIB
                   "; BEGIN; SELECT 1 FROM sqlite_master",
                   err);
    }
    if (st == PGS_OK)
        pgs_database_distrust(d, d->n_bytes);
    else
        pgs_database_close(d);
    return st;
}

/* ---- writing ---- */

pgs_status pgs_database_open_writable(pgs_database *d, const char *path, uint32_t application_id,
                                      pgs_err *err) {
    pgs_status st = open_old(d, path, SQLITE_OPEN_READWRITE, err);
    if (st == PGS_OK)
        st = begin(d, application_id,
                   "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                   "PRAGMA synchronous = EXTRA; PRAGMA cache_size = -32768; BEGIN IMMEDIATE",
                   err);
    if (st != PGS_OK)
        pgs_database_close(d);
    return st;
}

pgs_status pgs_database_new_file(pgs_database *d, const char *path, const char *aside,
                                 uint32_t application_id, const char *schema, pgs_err *err) {
    *d = (pgs_database){.path = path, .on_disk = true};
    char pragmas[200];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;"
             "PRAGMA page_size = 65536; PRAGMA application_id = %u; PRAGMA user_version = 1;"
             "BEGIN IMMEDIATE",
             application_id);
    pgs_status st = open_at(d, aside, SQLITE_OPEN_READWRITE, err);
    if (st == PGS_OK)
        st = pgs_database_exec(d, pragmas, err);
    if (st == PGS_OK)
        st = pgs_database_exec(d, schema, err);
    if (st != PGS_OK)
        pgs_database_close(d);
    return st;
}
