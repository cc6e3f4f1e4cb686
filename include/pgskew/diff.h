/* What changed between two moments of one table. pgs_diff_make() of pgskew/analyze.h makes it.
 *
 * NaN, and PGS_TIME_NONE in whole numbers, is "not observed", null in JSON: what was not observed
 * at one of the moments has no change. Names and texts point into the snapshots, which outlive the
 * diff. */
#ifndef PGSKEW_DIFF_H
#define PGSKEW_DIFF_H

#include "pgskew/result.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pgs_side { PGS_BEFORE, PGS_AFTER, PGS_SIDE_COUNT } pgs_side;

/* One value at both moments. */
typedef struct pgs_change {
    double before, after;
    double change;   /* after - before */
    double relative; /* change / before, a ratio: 0.1 is a tenth more; NaN where before is 0 */
    double per_day;  /* change a day; NaN where both moments are the same */
} pgs_change;

/* The same of a whole number that may be beyond 2^53. */
typedef struct pgs_total_change {
    const char *metric; /* "chunk_count", ... */
    int64_t before, after, change;
    double relative, per_day;
} pgs_total_change;

typedef enum pgs_diff_total {
    PGS_DIFF_CHUNKS, /* sums over the partitions that were observed; they have a change where all were, ... */
    PGS_DIFF_BYTES, /* ... at both moments */
    PGS_DIFF_PARTITIONS,
    PGS_DIFF_HEALTHY,
    PGS_DIFF_WARNING,
    PGS_DIFF_UNBALANCED,
    PGS_DIFF_UNMEASURED,
    PGS_DIFF_TOTAL_COUNT
} pgs_diff_total;

/* One of the five skew metrics of the table. */
typedef struct pgs_skew_change {
    const char *metric; /* "chunk_distribution", ... */
    pgs_skew_status status[PGS_SIDE_COUNT];
    pgs_change value;
} pgs_skew_change;

/* What became of a partition. It is the same one by its relation name, where neither moment has
 * names by its number; an equal OID under a new name is a rename. */
typedef enum pgs_fate {
    PGS_FATE_KEPT,
    PGS_FATE_RENAMED,
    PGS_FATE_CAME, /* not there before */
    PGS_FATE_WENT, /* not there any more */
    PGS_FATE_COUNT
} pgs_fate;

/* "kept", "renamed", "came", "went". */
const char *pgs_fate_name(pgs_fate fate);

typedef struct pgs_partition_change {
    int64_t partition_num;      /* as after; as before where it went */
    const char *partition_name; /* likewise; NULL: not observed */
    const char *name_before;    /* RENAMED: what it was called; else NULL */
    pgs_fate fate;
    bool rewritten;               /* its file is another one: rewritten or truncated */
    size_t index[PGS_SIDE_COUNT]; /* into the snapshot's partitions; SIZE_MAX: not there */
    pgs_health_status status[PGS_SIDE_COUNT]; /* UNMEASURED also where it was not there */
    pgs_change chunk_count, size_bytes;       /* rows, bytes */
    pgs_change chunk_skew, size_skew;         /* published, 4 decimals, changes too */
} pgs_partition_change;

/* How bad a finding is. NONE: it was looked for and was not there. */
typedef enum pgs_severity {
    PGS_SEVERITY_UNKNOWN, /* nobody could look */
    PGS_SEVERITY_NONE,
    PGS_SEVERITY_WARNING,
    PGS_SEVERITY_CRITICAL,
    PGS_SEVERITY_COUNT
} pgs_severity;

/* "NONE", "WARNING", "CRITICAL"; NULL for PGS_SEVERITY_UNKNOWN. */
const char *pgs_severity_name(pgs_severity severity);

typedef enum pgs_finding_kind {
    PGS_FINDING_STATUS,     /* a partition is WARNING or UNBALANCED; value: its larger skew */
    PGS_FINDING_REBALANCE,  /* recommended for a partition; CRITICAL is HIGH; value: its skew */
    PGS_FINDING_HOT_SPOT,   /* a partition; value: its percentage of the last hour's chunks */
    PGS_FINDING_UNMEASURED, /* a partition; no value */
    PGS_FINDING_STRAY,      /* a relation outside the numbered partitions; value: its chunks */
    PGS_FINDING_CHUNKS,     /* chunk_distribution of the table; value: as published */
    PGS_FINDING_SIZES,      /* size_distribution */
    PGS_FINDING_VARIANCE,   /* distribution_variance */
    PGS_FINDING_KIND_COUNT
} pgs_finding_kind;

/* "partition_status", "recommendation", "hot_spot", "unmeasured", "stray", "chunk_distribution",
 * ... */
const char *pgs_finding_kind_name(pgs_finding_kind kind);

/* A finding that was there before and cannot be looked for now persists. */
typedef enum pgs_news { PGS_NEW, PGS_RESOLVED, PGS_PERSISTING, PGS_NEWS_COUNT } pgs_news;

/* "new", "resolved", "persisting". */
const char *pgs_news_name(pgs_news news);

typedef struct pgs_finding {
    pgs_news news;
    pgs_finding_kind kind;
    int64_t partition_num; /* PGS_TIME_NONE: of no partition */
    const char *name;      /* of the partition or stray relation; NULL: none, or not observed */
    pgs_severity severity[PGS_SIDE_COUNT];
    double value[PGS_SIDE_COUNT];
    const char *text; /* of the later moment that has it */
} pgs_finding;

typedef struct pgs_diff {
    const pgs_snapshot *snapshot[PGS_SIDE_COUNT]; /* borrowed; NULL: nothing was compared yet */
    pgs_result result[PGS_SIDE_COUNT];            /* of pgs_analyze() */
    double days;                                  /* from the one moment to the other */
    pgs_total_change total[PGS_DIFF_TOTAL_COUNT];
    pgs_skew_change skew[PGS_SKEW_KIND_COUNT];
    size_t n_parts;
    pgs_partition_change *part; /* [n_parts] by number; then those that went, by number */
    size_t n_fate[PGS_FATE_COUNT], n_rewritten;
    size_t n_findings;
    pgs_finding *
        finding; /* [n_findings] by news, then what is graver than it was, then the gravest, then kind, then
                             partition */
    size_t n_news[PGS_NEWS_COUNT];
    size_t n_worse;       /* of the persisting: those that are graver than before */
    pgs_severity verdict; /* the gravest that is new or worse; NONE: nothing is */
    struct pgs_arena *arena;
} pgs_diff;

/* An empty diff. Cannot fail. */
void pgs_diff_init(pgs_diff *diff);

/* Free everything inside. NULL and zeroed structs are fine. */
void pgs_diff_reset(pgs_diff *diff);

#ifdef __cplusplus
}
#endif
#endif
