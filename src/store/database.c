/* A file from strangers is read whole into memory and opened from there: no journal, lock or
 * memory map of anyone else's can interfere, and a file that changes meanwhile changes nothing.
 * SQLite is then told to trust nothing: no triggers, no views, no functions in the schema,
 * every cell's size checked, every limit lowered, and a budget of virtual machine instructions
 * in place of a clock. */
#include "store/database.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pgskew/history.h"
#include "pgskew/store.h"

#define MAX_FILE_BYTES ((size_t)1 << 30)
#define OPS_PER_CALL   10000
#define OPS_BASE       UINT64_C(20000000)
#define OPS_PER_BYTE   64

void pgs_store_tune(void) {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    /* No page cache ahead of need: it is touched page by page as a connection opens. */
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

static uint32_t big_endian_32(const char *bytes) {
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool has_magic(const char *bytes, size_t n) {
    return n >= PGS_DATABASE_HEADER_BYTES && memcmp(bytes, "SQLite format 3", 16) == 0;
}

bool pgs_database_is_ours(const char *path, uint32_t application_id) {
    char header[PGS_DATABASE_HEADER_BYTES];
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a pipe has no header */
    if (fd < 0)
        return false;
    bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    ssize_t n = regular ? pread(fd, header, sizeof header, 0) : -1;
    close(fd);
    return n > 0 && has_magic(header, (size_t)n) && big_endian_32(header + 68) == application_id;
}

/* A journal beside the file means a change that was begun by someone and not finished. */
static pgs_status refuse_journal(const char *path, pgs_err *err) {
    static const char *const SUFFIX[] = {"-journal", "-wal"};
    pgs_status st = PGS_OK;
    for (size_t i = 0; i < PGS_COUNT_OF(SUFFIX) && st == PGS_OK; i++) {
        pgs_buf beside = {0};
        pgs_buf_format(&beside, "%s%s", path, SUFFIX[i]);
        struct stat info;
        if (beside.failed) {
            st = pgs_no_memory(err);
        } else if (stat(beside.data, &info) == 0 && info.st_size > 0) {
            st = pgs_fail(err, PGS_E_RETRY, "\"%s\" has an unfinished change beside it (%s)", path,
                          SUFFIX[i]);
            pgs_hint(err, "let whoever changes it finish, or roll back: sqlite3 FILE 'SELECT 1'");
        }
        pgs_buf_reset(&beside);
    }
    return st;
}

static pgs_status is_foreign(const char *path, const char *what, pgs_err *err) {
    pgs_status st =
        pgs_fail(err, PGS_E_DATA, "\"%s\" is neither a snapshot nor a history: %s", path, what);
    pgs_hint(err, "pgskew-collect makes snapshots, from a server or from CSV exports");
    return st;
}

static pgs_status is_no_history(const char *path, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" is a snapshot, and no history", path);
    pgs_hint(err, "pgskew pack -o HISTORY makes one of snapshots");
    return st;
}

pgs_status pgs_database_check_kind(const char *path, const char *bytes, size_t n,
                                   uint32_t application_id, pgs_err *err) {
    if (!has_magic(bytes, n))
        return is_foreign(path, "not a SQLite file", err);
    uint32_t found = big_endian_32(bytes + 68);
    if (application_id == PGS_HISTORY_APPLICATION_ID && found == PGS_SNAPSHOT_APPLICATION_ID)
        return is_no_history(path, err);
    if (found != application_id)
        return is_foreign(path, "a SQLite file of another application", err);
    if (bytes[18] != 1 || bytes[19] != 1) {
        pgs_status st =
            pgs_fail(err, PGS_E_DATA, "\"%s\" was switched to another journal mode", path);
        pgs_hint(err, "sqlite3 FILE 'PRAGMA journal_mode=delete' switches it back");
        return st;
    }
    return PGS_OK;
}

pgs_status pgs_database_check_size(const char *path, const char *bytes, size_t n, pgs_err *err) {
    size_t page_bytes = big_endian_32(bytes + 14) & 0xFFFF; /* a 2-byte field; 1 stands for 64 kB */
    uint64_t promised =
        (uint64_t)(page_bytes == 1 ? 65536 : page_bytes) * big_endian_32(bytes + 28);
    if (promised == n)
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: it has %zu of its %llu bytes",
                             path, n, (unsigned long long)promised);
    pgs_hint(err, "copy it again, or take the snapshot again");
    return st;
}

static int spend(void *context) {
    pgs_database *d = context;
    if (d->ops_left < OPS_PER_CALL)
        return 1;
    d->ops_left -= OPS_PER_CALL;
    return 0;
}

void pgs_database_distrust(pgs_database *d, uint64_t file_bytes) {
    static const struct {
        int option, value;
    } CONFIG[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                  {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                  {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                  {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                  {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
    static const struct {
        int limit, value;
    } LIMIT[] = {{SQLITE_LIMIT_LENGTH, 1 << 24},
                 {SQLITE_LIMIT_SQL_LENGTH, 1 << 17},
                 {SQLITE_LIMIT_COLUMN, 200},
                 {SQLITE_LIMIT_EXPR_DEPTH, 100},
                 {SQLITE_LIMIT_COMPOUND_SELECT, 10},
                 {SQLITE_LIMIT_VDBE_OP, 100000},
                 {SQLITE_LIMIT_FUNCTION_ARG, 8},
                 {SQLITE_LIMIT_ATTACHED, 0},
                 {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
                 {SQLITE_LIMIT_WORKER_THREADS, 0},
                 {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100}};
    for (size_t i = 0; i < PGS_COUNT_OF(CONFIG); i++)
        sqlite3_db_config(d->db, CONFIG[i].option, CONFIG[i].value, NULL);
    for (size_t i = 0; i < PGS_COUNT_OF(LIMIT); i++)
        sqlite3_limit(d->db, LIMIT[i].limit, LIMIT[i].value);
    d->ops_left = OPS_BASE + file_bytes * OPS_PER_BYTE;
    sqlite3_progress_handler(d->db, OPS_PER_CALL, spend, d);
}

pgs_status pgs_database_damaged(const pgs_database *d, pgs_err *err, const char *why, ...) {
    char text[200];
    va_list args;
    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: %s", d->path, text);
    pgs_hint(err, "restore it from a copy, or take the snapshot again");
    return st;
}

pgs_status pgs_database_error(pgs_database *d, pgs_err *err) {
    int rc = d->db ? sqlite3_errcode(d->db) : SQLITE_NOMEM;
    if (rc == SQLITE_NOMEM)
        return pgs_no_memory(err);
    if (rc == SQLITE_INTERRUPT)
        return pgs_database_damaged(d, err, "reading it takes longer than a snapshot can need");
    if (d->on_disk)
        return pgs_database_file_error(d, rc, err);
    if (!d->bytes)
        return pgs_fail(err, PGS_E_BUG, "cannot build \"%s\": %s", d->path, sqlite3_errmsg(d->db));
    return pgs_database_damaged(d, err, "%s", sqlite3_errmsg(d->db));
}

static pgs_status check_integrity(pgs_database *d, bool thorough, pgs_err *err) {
    /* The types that CHECK constraints promise are checked by the reader, cell by cell. A size of
     * mmap lets SQLite read the pages where they lie, in our own copy, rather than copy each again;
     * no file is mapped. */
    pgs_status st = pgs_database_exec(d,
                                      "PRAGMA cell_size_check = ON;"
                                      "PRAGMA ignore_check_constraints = ON;"
                                      "PRAGMA mmap_size = 1073741824",
                                      err);
    if (st != PGS_OK || !thorough)
        return st;
    sqlite3_stmt *check;
    bool row = false;
    st = pgs_database_prepare(d, "PRAGMA quick_check(1)", &check, err);
    if (st == PGS_OK)
        st = pgs_database_step(d, check, &row, err);
    const char *verdict = row ? (const char *)sqlite3_column_text(check, 0) : NULL;
    if (st == PGS_OK && (!verdict || strcmp(verdict, "ok") != 0))
        st = pgs_database_damaged(d, err, "%s", verdict ? verdict : "no verdict");
    sqlite3_finalize(check);
    return st;
}

pgs_status pgs_database_open(pgs_database *d, const char *path, uint32_t application_id,
                             bool thorough, pgs_err *err) {
    *d = (pgs_database){.path = path};
    size_t n = 0;
    pgs_status st = pgs_file_read(path, MAX_FILE_BYTES, &d->bytes, &n, err);
    d->n_bytes = n;
    if (st == PGS_OK)
        st = pgs_database_check_kind(path, d->bytes, n, application_id, err);
    if (st == PGS_OK)
        st = pgs_database_check_size(path, d->bytes, n, err);
    if (st == PGS_OK)
        st = refuse_journal(path, err);
    if (st == PGS_OK &&
        sqlite3_open_v2(":memory:", &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK)
        st = pgs_database_error(d, err);
    if (st == PGS_OK) {
        pgs_database_distrust(d, n);
        if (sqlite3_deserialize(d->db, "main", (unsigned char *)d->bytes, (sqlite3_int64)n,
                                (sqlite3_int64)n, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
            st = pgs_database_error(d, err);
    }
    if (st == PGS_OK)
        st = check_integrity(d, thorough, err);
    if (st != PGS_OK)
        pgs_database_close(d);
    return st;
}

pgs_status pgs_database_new(pgs_database *d, const char *path, uint32_t application_id,
                            const char *schema, pgs_err *err) {
    *d = (pgs_database){.path = path};
    char pragmas[120];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA page_size = 1024; PRAGMA application_id = %u; PRAGMA user_version = 1",
             application_id);
    pgs_status st = PGS_OK;
    if (sqlite3_open_v2(":memory:", &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        st = pgs_database_error(d, err);
    if (st == PGS_OK)
        st = pgs_database_exec(d, pragmas, err);
    if (st == PGS_OK)
        st = pgs_database_exec(d, "BEGIN", err);
    if (st == PGS_OK)
        st = pgs_database_exec(d, schema, err);
    if (st != PGS_OK)
        pgs_database_close(d);
    return st;
}

pgs_status pgs_database_save(pgs_database *d, pgs_err *err) {
    pgs_status st = pgs_database_exec(d, "COMMIT", err);
    if (st != PGS_OK)
        return st;
    sqlite3_int64 n = 0;
    unsigned char *bytes = sqlite3_serialize(d->db, "main", &n, 0);
    if (!bytes)
        return pgs_no_memory(err);
    st = pgs_file_create(d->path, bytes, (size_t)n, err);
    sqlite3_free(bytes);
    return st;
}

void pgs_database_close(pgs_database *d) {
    sqlite3_close(d->db);
    pgs_free(d->bytes);
    d->db = NULL;
    d->bytes = NULL;
}

pgs_status pgs_database_exec(pgs_database *d, const char *sql, pgs_err *err) {
    return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK ? PGS_OK
                                                                   : pgs_database_error(d, err);
}

pgs_status pgs_database_prepare(pgs_database *d, const char *sql, sqlite3_stmt **stmt,
                                pgs_err *err) {
    *stmt = NULL;
    return sqlite3_prepare_v2(d->db, sql, -1, stmt, NULL) == SQLITE_OK ? PGS_OK
                                                                       : pgs_database_error(d, err);
}

pgs_status pgs_database_step(pgs_database *d, sqlite3_stmt *stmt, bool *row, pgs_err *err) {
    int rc = sqlite3_step(stmt);
    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? PGS_OK : pgs_database_error(d, err);
}

/* Views and virtual tables have no columns here: only ordinary tables are ever read. */
static bool has_column(pgs_database *d, const char *table, const char *column) {
    return sqlite3_table_column_metadata(d->db, "main", table, column, NULL, NULL, NULL, NULL,
                                         NULL) == SQLITE_OK;
}

pgs_status pgs_database_select(pgs_database *d, const char *table, const char *const *column,
                               size_t n, const char *suffix, sqlite3_stmt **stmt, pgs_err *err) {
    pgs_buf sql = {0};
    bool any = false;
    *stmt = NULL;
    for (size_t i = 0; i < n; i++) {
        bool has = has_column(d, table, column[i]);
        pgs_buf_format(&sql, has ? "%s\"%s\"" : "%sNULL", i == 0 ? "SELECT " : ", ", column[i]);
        any |= has;
    }
    pgs_buf_format(&sql, " FROM main.\"%s\" %s", table, suffix);
    pgs_status st = PGS_OK;
    if (sql.failed)
        st = pgs_no_memory(err);
    else if (any)
        st = pgs_database_prepare(d, sql.data, stmt, err);
    pgs_buf_reset(&sql);
    return st;
}
