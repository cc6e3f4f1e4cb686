/* What has been going on: how each partition grows, whether it drifts out of balance beyond chance,
 * and where its present course leads. pgs_trend_run() makes it from a daily frame (pgskew/frame.h):
 * from its last 365 days, or the last 24 of them in which somebody looked, whichever reaches
 * farther back.
 *
 * NaN, null in JSON, is "not known": too little history. Results are the same bits for every
 * instruction level. */
#ifndef PGSKEW_TREND_H
#define PGSKEW_TREND_H

#include "pgskew/clean.h"
#include "pgskew/forecast.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_TREND_DAYS      365  /* how far back is looked */
#define PGS_TREND_LOOKS     24   /* or for how many looks */
#define PGS_TREND_MIN_STEPS 8    /* changes that must have been seen before anything is concluded */
#define PGS_TREND_FDR       0.05 /* share of chance among what is called a drift */
#define PGS_TREND_SHOWN     20   /* partitions that are shown when not all are asked for */
#define PGS_TREND_SOON_DAYS 30
#define PGS_TREND_COURSE    20 /* columns of a drawn course at most */

/* Mean change per day, with its 95 % interval; NaN for fewer than 8 steps, the mean for none. */
typedef struct pgs_growth {
    double per_day, low95, high95;
    size_t n_days; /* days it is the mean of */
} pgs_growth;

/* Mean change of the signed skew per day, and the test of whether it is 0: over the days in which
 * no partition came or went, by the long-run variance of the daily changes (fixed-b, Student's
 * t). */
typedef struct pgs_drift {
    double per_day, low95, high95;
    double p;          /* of this partition alone */
    double p_adjusted; /* among all partitions: Benjamini and Hochberg */
    bool found;        /* p_adjusted <= PGS_TREND_FDR */
} pgs_drift;

/* Medians of the slopes of all pairs of days (Theil, Sen): no burst moves them. */
typedef struct pgs_robust {
    bool asked;
    double chunks_per_day, chunks_low95, chunks_high95;
    double skew_per_day, skew_low95, skew_high95;
    double mann_kendall_p; /* of the signed skew's level, dependence allowed for (Hamed and Rao) */
} pgs_robust;

typedef struct pgs_trend_partition {
    size_t p; /* index in the frame */
    int64_t num;
    const char *name;         /* borrowed from the frame; NULL: not observed */
    pgs_health_status status; /* at the last moment */
    double stock[PGS_MEASURE_COUNT], signed_skew[PGS_MEASURE_COUNT];
    pgs_growth growth[PGS_MEASURE_COUNT];
    pgs_drift drift[PGS_MEASURE_COUNT];
    bool sufficient;   /* its chunks were followed for long enough */
    double limit_skew; /* signed chunk skew that its share of all growth leads to */
    double
        days_to[PGS_THRESHOLD_COUNT]; /* until the chunk skew, growing as it does, is at or beyond
                                             it; 0: it is; NaN: never, or not known */
    pgs_threshold next;               /* the lowest it is not beyond; PGS_THRESHOLD_COUNT: none */
    double next_days;                 /* to that */
    pgs_robust robust;
    const char
        *course; /* of the partitions shown: its chunk skew over what was looked at, drawn; NULL:
                           not observed */
} pgs_trend_partition;

#define PGS_MAX_PERIOD ((size_t)24)

/* Whether a flow repeats itself. */
typedef struct pgs_season {
    size_t period;     /* phases: 24 hours of the day, 7 days of the week from Monday, UTC */
    bool tested;       /* at least 3 periods were seen */
    double acf, limit; /* autocorrelation at the period, and what chance allows (the M4 rule) */
    bool found;        /* acf > limit */
    double
        profile[PGS_MAX_PERIOD]; /* flow by phase, mean 1; NaN: fewer than 3 periods, or no flow */
} pgs_season;

typedef struct pgs_trend {
    const char *table;         /* borrowed from the frame */
    int64_t from_us, taken_us; /* what was looked at */
    size_t n_days;
    double total[PGS_MEASURE_COUNT]; /* rows, bytes at the last moment */
    pgs_growth growth[PGS_MEASURE_COUNT];
    pgs_season daily, weekly; /* of the rows that come in */
    size_t n_partitions;
    pgs_trend_partition
        *partition; /* by next_days, then |signed chunk skew| falling, then number */
    size_t n_shown; /* the first of them */
    size_t n_tested[PGS_MEASURE_COUNT], n_drifting[PGS_MEASURE_COUNT];
    size_t n_soon;   /* partitions that become UNBALANCED within 30 days */
    pgs_clean clean; /* what it was concluded from */
    struct pgs_arena *arena;
} pgs_trend;

typedef struct pgs_trend_options {
    const pgs_snapshot *now; /* the frame's last moment, for statuses; NULL: they are UNMEASURED */
    bool all;                /* show every partition */
} pgs_trend_options;

void pgs_trend_init(pgs_trend *trend);
void pgs_trend_reset(pgs_trend *trend); /* NULL and zeroed structs are fine */

/* Fill `out`, initialised, from a daily frame with PGS_CHUNK_COUNT and PGS_SIZE_BYTES, either of
 * which may be unobserved; the frame outlives it. PGS_E_BUG without memory. */
pgs_status pgs_trend_run(const pgs_frame *frame, const pgs_trend_options *options, pgs_trend *out,
                         pgs_err *err) PGS_CHECK;

#ifdef __cplusplus
}
#endif
#endif
