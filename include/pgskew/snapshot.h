/* One moment of one partitioned table: what a source reads, what a snapshot file holds, and what
 * the analyzer thinks about.
 *
 * Values are doubles. Counts, bytes and times are whole numbers of at most 2^53, so they are
 * exact. NaN is the only "not observed": in files it is NULL, in JSON null. Zero means zero.
 * Text is UTF-8 and NULL where it was not observed; all of it lives in the snapshot's arena. */
#ifndef PGSKEW_SNAPSHOT_H
#define PGSKEW_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pgskew/err.h"
#include "pgskew/metric.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_MAX_INTEGER    9007199254740992.0 /* 2^53: the largest count, size or time we accept */
#define PGS_TIME_NONE      INT64_MIN          /* a moment that was not observed */
#define PGS_MAX_PARTITIONS ((size_t)1000000)

/* The guide's health of one partition. UNMEASURED is ours: NULL in files and JSON. */
typedef enum pgs_health_status {
    PGS_HEALTHY,
    PGS_WARNING,
    PGS_UNBALANCED,
    PGS_CRITICAL, /* in the guide's enum; no rule gives it to a partition */
    PGS_UNMEASURED,
    PGS_HEALTH_STATUS_COUNT
} pgs_health_status;

/* "HEALTHY", "WARNING", "UNBALANCED", "CRITICAL"; NULL for PGS_UNMEASURED. */
const char *pgs_health_status_name(pgs_health_status status);

/* The guide's status of a skew metric. UNKNOWN is ours: what it speaks of was not observed. */
typedef enum pgs_skew_status {
    PGS_SKEW_NORMAL,
    PGS_SKEW_WARNING,
    PGS_SKEW_CRITICAL,
    PGS_SKEW_UNKNOWN,
    PGS_SKEW_STATUS_COUNT
} pgs_skew_status;

/* "NORMAL", "WARNING", "CRITICAL"; NULL for PGS_SKEW_UNKNOWN. */
const char *pgs_skew_status_name(pgs_skew_status status);

/* The guide's SkewMetric. */
typedef enum pgs_skew_kind {
    PGS_SKEW_CHUNK_DISTRIBUTION,
    PGS_SKEW_SIZE_DISTRIBUTION,
    PGS_SKEW_PARTITION_HEALTH,
    PGS_SKEW_HOT_PARTITIONS,
    PGS_SKEW_DISTRIBUTION_VARIANCE,
    PGS_SKEW_KIND_COUNT
} pgs_skew_kind;

typedef struct pgs_skew_metric {
    const char *metric; /* "chunk_distribution", ... */
    double value;
    pgs_skew_status status;
    char details[96];
} pgs_skew_metric;

typedef enum pgs_counts {
    PGS_COUNTS_EXACT,    /* every row was counted */
    PGS_COUNTS_ESTIMATE, /* from the planner's statistics; no row was read */
    PGS_COUNTS_COUNT
} pgs_counts;

typedef struct pgs_partition {
    int64_t num;         /* partition_num, >= 0, unique in the snapshot */
    char *name;          /* relation name, with its schema where that is not the table's */
    char *bounds;        /* as PostgreSQL prints it: FOR VALUES IN (7) */
    int64_t relid;       /* PostgreSQL OID; 0: not observed */
    int64_t relfilenode; /* changes when the partition is rewritten or truncated; 0: not observed */
    bool measured;       /* false: it could not be read; its metrics are NaN */
} pgs_partition;

/* A leaf outside the numbered partitions, for example the default partition. */
typedef struct pgs_stray {
    char *name;
    double chunk_count; /* rows; NaN: not measured */
    double size_bytes;
} pgs_stray;

typedef struct pgs_collection {
    char *id;
    char *name;
} pgs_collection;

/* What one collection has in one partition; partition_num -1: in all partitions together. That
 * row is there for a collection in several partitions, because its distinct documents are not the
 * sum, and alone where the source does not say where (an export of collection_chunking_stats). */
typedef struct pgs_collection_stat {
    size_t collection; /* index into pgs_snapshot.collection */
    int64_t partition_num;
    int64_t key_hash;         /* hashtext(collection_id); PGS_TIME_NONE: not observed */
    double chunk_count;       /* rows */
    double document_count;    /* distinct documents */
    double token_sum;         /* over the chunks that have a token count */
    double token_chunk_count; /* how many those are */
    double avg_tokens;        /* 2 decimals, as exported; NaN: it is token_sum/token_chunk_count */
    double size_bytes;        /* the partition's bytes by share of chunks */
    double last_created_at;   /* microseconds since 1970 UTC */
} pgs_collection_stat;

/* What tells one snapshot from another without reading its partitions. */
typedef struct pgs_snapshot_head {
    char *path;              /* file it was read from; NULL before it is written */
    char *system_identifier; /* of the PostgreSQL cluster */
    char *database;
    char *table_name; /* schema-qualified, quoted as PostgreSQL would: public.chunks */
    char *source;     /* a label: "postgresql", "import", or what --source said */
    int64_t taken_us; /* microseconds since 1970 UTC */
    pgs_counts counts;
    size_t n_parts;
} pgs_snapshot_head;

typedef struct pgs_snapshot {
    pgs_snapshot_head head;
    int64_t table_relid;    /* 0: not observed */
    char *server_version;   /* "15.18" */
    int in_recovery;        /* 1 standby, 0 primary, -1 not observed */
    int64_t stats_reset_us; /* PGS_TIME_NONE: never or not observed */
    double collect_ms;      /* how long collecting took; NaN: not observed */
    char *notes;            /* what the collector had to say; NULL: nothing */
    char *warning;          /* what the reader has to say of the file; never stored */

    /* Rows outside the numbered partitions. They are in the percentages' denominators only. */
    double stray_metric
        [PGS_METRIC_COUNT]; /* sums; NaN: not observed. Count, bytes and windows are stored */
    size_t n_strays;
    pgs_stray *stray;

    /* [head.n_parts], ascending by num */
    pgs_partition *part;
    uint64_t columns; /* bits of the metrics that have a column of their own; the others */
    double *metric[PGS_METRIC_COUNT]; /* share one of NaN, which nobody writes */
    pgs_health_status *health;
    double distribution_variance;        /* published, 4 decimals; NaN: not observed */
    pgs_skew_status distribution_status; /* decided before rounding */

    pgs_skew_metric skew[PGS_SKEW_KIND_COUNT]; /* derived; not read back, because it can be again */

    size_t n_collections; /* ascending by id */
    pgs_collection *collection;
    size_t n_collection_stats; /* ascending by (collection, partition_num) */
    pgs_collection_stat *collection_stat;

    struct pgs_arena *arena; /* owns every string and array above */
} pgs_snapshot;

/* An empty snapshot: no partitions, nothing observed. Cannot fail. */
void pgs_snapshot_init(pgs_snapshot *snap);

/* Free everything inside. NULL and zeroed structs are fine. */
void pgs_snapshot_reset(pgs_snapshot *snap);

/* Make room for `n_parts` partitions, unnumbered and unmeasured, every metric NaN. Once per
 * snapshot. PGS_E_DATA above PGS_MAX_PARTITIONS, PGS_E_BUG without memory. */
pgs_status pgs_snapshot_set_parts(pgs_snapshot *snap, size_t n_parts, pgs_err *err) PGS_CHECK;

/* The same with columns for these metrics alone, a bit each. The others stay NaN: do not write
 * them. */
pgs_status pgs_snapshot_set_columns(pgs_snapshot *snap, size_t n_parts, uint64_t metrics,
                                    pgs_err *err) PGS_CHECK;

/* The index of the partition of that number; SIZE_MAX: there is none. Partitions are in the order
 * of their numbers. */
size_t pgs_snapshot_find(const pgs_snapshot *snap, int64_t num);

/* Room for collections, their rows, and strays; zeroed, metrics NaN. Each once per snapshot. */
pgs_status pgs_snapshot_set_collections(pgs_snapshot *snap, size_t n_collections, size_t n_stats,
                                        pgs_err *err) PGS_CHECK;
pgs_status pgs_snapshot_set_strays(pgs_snapshot *snap, size_t n_strays, pgs_err *err) PGS_CHECK;

/* Copy `text` (NULL stays NULL) into the snapshot's arena and point `*field` at the copy. */
pgs_status pgs_snapshot_text(pgs_snapshot *snap, char **field, const char *text,
                             pgs_err *err) PGS_CHECK;

/* Append a sentence to the notes. */
pgs_status pgs_snapshot_note(pgs_snapshot *snap, pgs_err *err, const char *fmt, ...)
    PGS_PRINTF(3, 4) PGS_CHECK;

/* A hash of everything that was observed, and of the percentages: equal for equal content,
 * whichever file it lies in. The snapshot was read whole. */
int64_t pgs_snapshot_hash(const pgs_snapshot *snap);

/* Check what section 5 of the promise asks of every snapshot, whoever made it: numbers unique and
 * >= 0, every value in its unit's range, the sums of counts at most 2^53 and of the bytes
 * less than 2^63, text valid UTF-8, unmeasured partitions without values. PGS_E_DATA names
 * the partition and the metric. Sorts partitions, collections and their rows on the way. */
pgs_status pgs_snapshot_check(pgs_snapshot *snap, pgs_err *err) PGS_CHECK;

#ifdef __cplusplus
}
#endif
#endif
