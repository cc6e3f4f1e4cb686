/* Snapshot files: plain rows of one moment in one SQLite file (schemas/snapshot_001.sql). */
#ifndef PGSKEW_STORE_H
#define PGSKEW_STORE_H

#include "pgskew/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_SCHEMA_VERSION          "1.0"
#define PGS_SNAPSHOT_APPLICATION_ID 0x50475353 /* "PGSS" */

/* Write `snap`, derived metrics included, as a new file at `path`, mode 0600. The file is
 * complete or absent at every instant and nothing is overwritten.
 * PGS_E_EXISTS: something is there already, or the directory does not allow a new file;
 * PGS_E_IO: writing failed. */
pgs_status pgs_snapshot_write(const pgs_snapshot *snap, const char *path, pgs_err *err) PGS_CHECK;

/* The file name a snapshot gets in a directory:
 * <database>.<schema>.<table>-<YYYYMMDDTHHMMSS[.ffffff]Z>.db, other bytes as %XX; the source's
 * label stands in for a database that was not observed. The caller frees it with pgs_free(). */
pgs_status pgs_snapshot_file_name(const pgs_snapshot_head *head, char **out,
                                  pgs_err *err) PGS_CHECK;

/* Read a snapshot file that may come from anyone: nothing in it is run, every value is checked.
 * `out` must be initialised. PGS_E_NO_INPUT: no such file; PGS_E_DATA: not a snapshot of ours,
 * damaged, from a newer major version, or holding a bad value; PGS_E_RETRY: an interrupted
 * change lies beside it. */
pgs_status pgs_snapshot_read(const char *path, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* Whether the file at `path` begins like a snapshot. False also where it cannot be read. */
bool pgs_snapshot_is_one(const char *path);

/* What to read of a snapshot: a bit per metric, and the collections or not. What is left out is
 * as if it had not been observed. PGS_METRICS_JUDGED is what health needs, and always read. */
typedef struct pgs_selection {
    uint64_t metrics; /* 1 << pgs_metric */
    bool collections;
    bool numbers_only; /* of who a partition is, its number and name alone matter */
} pgs_selection;

extern const pgs_selection pgs_everything;

#define PGS_METRICS_JUDGED                                                                         \
    (PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_SIZE_BYTES) |                            \
     PGS_METRIC_BIT(PGS_CHUNKS_LAST_HOUR) | PGS_METRIC_BIT(PGS_CHUNK_PERCENTAGE) |                 \
     PGS_METRIC_BIT(PGS_SIZE_PERCENTAGE) | PGS_METRIC_BIT(PGS_HOUR_PERCENTAGE) |                   \
     PGS_METRIC_BIT(PGS_CHUNK_SKEW) | PGS_METRIC_BIT(PGS_SIZE_SKEW) |                              \
     PGS_METRIC_BIT(PGS_TOTAL_SIZE_MB) | PGS_METRIC_BIT(PGS_AVG_CHUNK_SIZE_KB))

/* pgs_snapshot_read() of a part. */
pgs_status pgs_snapshot_read_part(const char *path, const pgs_selection *selection,
                                  pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* Tell SQLite, process-wide and before anything else here, to do without what a program of ours
 * never uses: memory statistics, connection locks, a cache ahead of need. For a main(); a library
 * that shares its process with other users of SQLite leaves it alone. */
void pgs_store_tune(void);

/* Many snapshot files, by time. */
typedef struct pgs_catalog {
    size_t n_heads;
    pgs_snapshot_head *head; /* by table, database, system, source, then taken_us */
    size_t n_foreign;        /* files in directories that are not ours */
    char *first_foreign;     /* path of one of them */
    void (*step)(void *context, size_t done, size_t total); /* after each entry of a directory;
                                                               NULL: nobody asks */
    void *context;
    struct pgs_arena *arena;
} pgs_catalog;

/* What to keep of a catalog; NULL and PGS_TIME_NONE: no limit. */
typedef struct pgs_filter {
    const char *table; /* "public.chunks" or "chunks" */
    const char *source;
    int64_t since_us, until_us; /* both inclusive */
} pgs_filter;

void pgs_catalog_init(pgs_catalog *catalog);
void pgs_catalog_reset(pgs_catalog *catalog);

/* Add the snapshot at `path`, or every snapshot in the directory at `path` (not below it), that
 * passes `filter`. A file that is named must be ours; in a directory others are counted and
 * passed over. PGS_E_NO_INPUT: no such path. */
pgs_status pgs_catalog_add(pgs_catalog *catalog, const char *path, const pgs_filter *filter,
                           pgs_err *err) PGS_CHECK;

/* Add one more that passes `filter`; its text is copied. */
pgs_status pgs_catalog_append(pgs_catalog *catalog, const pgs_snapshot_head *head,
                              const pgs_filter *filter, pgs_err *err) PGS_CHECK;

/* The newest snapshot taken at or before `at_us` (PGS_TIME_NONE: the newest of all), borrowed.
 * PGS_E_NO_INPUT: there is none; PGS_E_USAGE: there is more than one series, the message lists
 * them. */
pgs_status pgs_catalog_pick(const pgs_catalog *catalog, int64_t at_us,
                            const pgs_snapshot_head **out, pgs_err *err) PGS_CHECK;

#ifdef __cplusplus
}
#endif
#endif
