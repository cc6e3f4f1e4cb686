/* What the analyzer concluded about one snapshot: the guide's structures.
 *
 * Texts that are `const char *` live as long as the program; names point into the snapshot that
 * was analyzed, which must outlive the result. NaN is "not observed" (null in JSON). */
#ifndef PGSKEW_RESULT_H
#define PGSKEW_RESULT_H

#include "pgskew/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Skew factor at or above which ... */
#define PGS_SKEW_WARNING_THRESHOLD  0.3  /* ... a partition is in WARNING */
#define PGS_REBALANCE_THRESHOLD     0.4  /* ... rebalancing is recommended */
#define PGS_SKEW_CRITICAL_THRESHOLD 0.5  /* ... a partition is UNBALANCED */
#define PGS_HOT_PERCENTAGE          12.5 /* share of the last hour's chunks that makes a hot spot */
#define PGS_NOISE_ALPHA             0.01 /* what the noise floor may err by */

/* The guide's PartitionHealth. */
typedef struct pgs_partition_health {
    int64_t partition_num;
    const char *partition_name; /* NULL: not observed */
    double chunk_count;
    double total_chunks;
    double chunk_percentage;
    double size_bytes;
    double size_percentage;
    pgs_health_status health_status;
    double chunk_skew; /* published, 4 decimals */
    double size_skew;
    const char *recommendation; /* NULL: healthy or unmeasured */
} pgs_partition_health;

typedef enum pgs_alert_kind {
    PGS_ALERT_UNBALANCED, /* details: the partitions */
    PGS_ALERT_WARNING,    /* no details */
    PGS_ALERT_UNMEASURED, /* details: partition number and name */
    PGS_ALERT_STRAY,      /* details: relation name, chunks, bytes */
    PGS_ALERT_KIND_COUNT
} pgs_alert_kind;

typedef struct pgs_alert_detail {
    int64_t partition_num; /* -1 for a stray */
    const char *name;
    double chunk_count;
    double size_bytes;
    double chunk_percentage;
    double size_percentage;
    const char *recommendation;
} pgs_alert_detail;

typedef struct pgs_alert {
    pgs_alert_kind kind;
    const char *level; /* "ERROR" or "WARNING" */
    char message[96];
    const char *action;
    size_t n_details;
    pgs_alert_detail *detail;
} pgs_alert;

typedef enum pgs_priority {
    PGS_PRIORITY_MEDIUM,
    PGS_PRIORITY_HIGH,
    PGS_PRIORITY_COUNT
} pgs_priority;

/* "MEDIUM" or "HIGH". */
const char *pgs_priority_name(pgs_priority priority);

typedef struct pgs_recommendation {
    int64_t partition_num;
    const char *partition_name; /* NULL: not observed */
    const char *reason;
    double current_skew;
    const char *action;
    pgs_priority priority;
} pgs_recommendation;

/* Statistics over all partitions. */
typedef struct pgs_statistics {
    size_t partition_count;
    double total_chunks;
    double total_size_mb;
    double avg_chunks_per_partition;
    double chunk_count_stddev; /* sample standard deviation */
} pgs_statistics;

/* Statistics of one partition. */
typedef struct pgs_partition_statistics {
    int64_t partition_num;
    double chunk_count;
    double total_size_mb;
    double avg_chunk_size_kb;
    double created_at; /* newest chunk, microseconds since 1970 UTC */
} pgs_partition_statistics;

/* One collection over all partitions: the guide's collection_chunking_stats. */
typedef struct pgs_collection_total {
    const char *id;
    const char *name;
    double chunked_documents;
    double total_chunks;
    double avg_tokens_per_chunk;
    double last_chunk_created;
    size_t n_partitions; /* partitions it has chunks in; 0: not observed */
} pgs_collection_total;

/* How unevenly one column (rows or bytes) of one moment is spread over the partitions. x is the
 * column's n_seen observed values, T their sum, m = T/n_seen. NaN, null in JSON: not defined,
 * which is everything but n_seen where nothing was observed, and everything but the variance (0)
 * and the signed skews (0) where T is 0. */
typedef struct pgs_measures {
    size_t n_seen;
    double variance;             /* population variance, sum (x-m)^2 / n_seen */
    double cv;                   /* coefficient of variation, sqrt(variance)/m */
    double gini;                 /* 0 even .. 1 - 1/n_seen, all in one */
    double normalized_entropy;   /* of the shares, over its largest; 1 even .. 0; NaN for one */
    double hhi;                  /* Herfindahl-Hirschman, sum of squared shares; 1/n_seen .. 1 */
    double effective_partitions; /* 1/hhi: as many even ones would be as concentrated */
    double jain;                 /* Jain's fairness index; 1 even .. 1/n_seen */
    double max_over_mean;        /* 1 and more */
    double dispersion_index;     /* T cv^2/(n_seen - 1); about 1 where rows are independent.
                                    Of rows only: NaN for bytes; NaN for one partition */
    double equal_keys;           /* (n_seen - 1)/cv^2: random placement of so many keys of equal
                                    size is as uneven; NaN where all values are equal */
    double signed_skew_max;      /* x/m - 1 of the fullest */
    double signed_skew_min;      /* and of the emptiest */
} pgs_measures;

/* What measures are of. */
typedef enum pgs_measured {
    PGS_MEASURED_CHUNKS,
    PGS_MEASURED_SIZES,
    PGS_MEASURED_COUNT
} pgs_measured;

/* How it is known what moves together from partition to partition. */
typedef enum pgs_design {
    PGS_DESIGN_UNKNOWN,
    PGS_DESIGN_INDEPENDENT, /* taken for granted: too few partitions to tell */
    PGS_DESIGN_COLLECTIONS, /* from the sizes of collections, each in one partition */
    PGS_DESIGN_SPREAD,      /* estimated from the bulk of the partitions */
    PGS_DESIGN_COUNT
} pgs_design;

/* "independent", "collections", "spread"; NULL for PGS_DESIGN_UNKNOWN. */
const char *pgs_design_name(pgs_design design);

/* The noise floor: how much skew chance alone explains. Arrays are [partitions of the snapshot], in
 * its order. */
typedef struct pgs_noise {
    double alpha; /* at most so likely is a balanced table to have any skew at or above its floor;
                     NaN: nobody asked, and nothing else is there */
    pgs_design design;
    double design_effect; /* rows that move as one, 1 and more; NaN: unknown */
    double chunk_floor;   /* smallest chunk skew that is not chance; INFINITY: none is;
                             NaN: nothing to judge */
    double size_floor;
    bool *
        chunk_above; /* whether its skew counts: it is at or above the floor, or, where nobody knows
                          that (NaN), it is any; false where not observed */
    bool *size_above;
    pgs_health_status *status; /* health, with every skew below its floor taken for none */
    bool suppressing;          /* the rules go by `status` and what is above */
    size_t suppressed;         /* partitions that are healthy only because of that; 0 otherwise */
} pgs_noise;

/* Whether a skew of partition `p` is more than chance explains. An unknown floor is not an exceeded
 * one. */
bool pgs_noise_is_exceeded(const pgs_noise *noise, size_t p);

/* The guide's MonitoringResult with everything the other service methods return. */
typedef struct pgs_result {
    int64_t taken_us;
    size_t total_partitions;
    size_t unbalanced_count;
    size_t warning_count;
    size_t healthy_count;
    size_t unmeasured_count;
    double health_percentage; /* healthy / total * 100; NaN without partitions */
    pgs_partition_health
        *health; /* [total_partitions] by chunk_skew descending, then number; NaN last */
    pgs_skew_metric skew[PGS_SKEW_KIND_COUNT];
    size_t n_alerts;
    pgs_alert alert[PGS_ALERT_KIND_COUNT];
    size_t n_recommendations;
    pgs_recommendation *recommendation; /* by current_skew descending, then number */
    pgs_statistics statistics;
    pgs_measures measures[PGS_MEASURED_COUNT];
    double *signed_skew; /* [partitions of the snapshot] published chunk skew, negative below an
                            even share; NULL: nobody asked */
    pgs_noise noise;
    size_t n_collections;
    pgs_collection_total *collection; /* by total_chunks descending, then id */

    struct pgs_arena *arena; /* owns the arrays */
} pgs_result;

/* An empty result. Cannot fail. */
void pgs_result_init(pgs_result *result);

/* Free everything inside. NULL and zeroed structs are fine. */
void pgs_result_reset(pgs_result *result);

#ifdef __cplusplus
}
#endif
#endif
