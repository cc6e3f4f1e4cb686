/* What a table is expected to become: counts, sizes and statuses of every partition at some
 * horizons, how sure that is, and how often such statements have been right on this very table.
 * pgs_forecast_run() and pgs_backtest_run() of pgskew/analyze.h make them from a daily frame, whose
 * last row is the origin: nothing later is known. Results are the same bits for every number of
 * threads and every instruction level.
 *
 * NaN, null in JSON, is "not known": too little history, or a partition that is not there. */
#ifndef PGSKEW_FORECAST_H
#define PGSKEW_FORECAST_H

#include "pgskew/clean.h"
#include "pgskew/result.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_MAX_HORIZONS     16
#define PGS_MAX_HORIZON_DAYS 3650

/* Chunk skews that are foretold: 0.3, 0.4 and 0.5. */
typedef enum pgs_threshold {
    PGS_THRESHOLD_WARNING,
    PGS_THRESHOLD_REBALANCE,
    PGS_THRESHOLD_UNBALANCED,
    PGS_THRESHOLD_COUNT
} pgs_threshold;

/* "warning", "rebalance", "unbalanced". */
const char *pgs_threshold_name(pgs_threshold threshold);

/* When something comes, in days from the origin. 0: it is so already; NaN: later than the farthest
 * horizon, or not known. It has come by `p10` with a probability of one tenth, and so on. */
typedef struct pgs_crossing {
    double p10, median, p90;
} pgs_crossing;

/* One partition at one horizon. Interval ends are whole counts. */
typedef struct pgs_forecast_point {
    double chunk_count;                  /* rows */
    double low80, high80, low95, high95; /* of chunk_count */
    double size_bytes;                   /* NaN also where sizes were not observed */
    double size_low80, size_high80;
    double signed_skew; /* of chunk_count: its share over the even share, less 1 */
    double
        p_beyond[PGS_THRESHOLD_COUNT]; /* probability that the chunk skew is at or beyond it then */
} pgs_forecast_point;

/* How much history stands behind what is said of a partition. */
typedef enum pgs_forecast_note {
    PGS_NOTE_NONE,
    PGS_NOTE_SHORT,        /* less than 20 days, or a horizon of more than twice the history */
    PGS_NOTE_INSUFFICIENT, /* fewer than 8 daily steps, or 3 known outcomes: no forecast */
    PGS_NOTE_COARSE, /* some horizon is shorter than the usual distance of snapshots: nothing is said of it */
    PGS_NOTE_NEW,    /* the partition is younger than 14 days */
    PGS_NOTE_ABSENT, /* the partition is not there, or was not measured, at the origin */
    PGS_NOTE_COUNT
} pgs_forecast_note;

/* A sentence, or NULL for PGS_NOTE_NONE. */
const char *pgs_forecast_note_text(pgs_forecast_note note);

typedef struct pgs_forecast_partition {
    int64_t num;
    const char *name;                            /* borrowed from the frame; NULL: not observed */
    pgs_health_status status;                    /* at the origin, by chunks and sizes */
    double chunk_count, size_bytes, signed_skew; /* at the origin */
    pgs_forecast_note note;
    const pgs_forecast_point *at; /* [n_horizons] */
    pgs_crossing crossing[PGS_THRESHOLD_COUNT];
    pgs_crossing limit; /* when its size reaches the limit; NaN without one */
    const char *
        course; /* its share of the rows in the days before the origin, drawn; NULL: not observed */
} pgs_forecast_partition;

/* All partitions together at one horizon. */
typedef struct pgs_forecast_total {
    double chunk_count, low80, high80;
    double size_bytes, size_low80, size_high80;
    double expected[PGS_THRESHOLD_COUNT]; /* partitions at or beyond it: the sum of probabilities */
} pgs_forecast_total;

/* The methods that a backtest compares. */
typedef enum pgs_method {
    PGS_METHOD_PGSKEW,
    PGS_METHOD_PERSISTENCE,    /* nothing changes */
    PGS_METHOD_LINEAR_7D,      /* PromQL's predict_linear over the last 7 days, */
    PGS_METHOD_LINEAR_30D,     /* and over 30 */
    PGS_METHOD_SEASONAL_NAIVE, /* last week's increments again */
    PGS_METHOD_COUNT
} pgs_method;

/* "pgskew", "persistence", "predict_linear_7d", ... */
const char *pgs_method_name(pgs_method method);

/* How one method did at one horizon, over all origins whose outcome is known. NaN: nothing to
 * divide by, or the method has none. */
typedef struct pgs_score {
    double
        pooled_mase; /* sum of |error| of counts over that of mean daily |changes|; mean of origins */
    double load_error;                               /* mean |error| of share / even share */
    double brier;                                    /* of UNBALANCED at the horizon */
    size_t true_onsets, false_onsets, missed_onsets; /* at probability one half, of partitions that
                                                        were not UNBALANCED at the origin */
    double onset_precision, onset_recall;
    double auc;                    /* of onsets, within the same origin */
    double coverage80, coverage95; /* interval ends included */
} pgs_score;

typedef struct pgs_backtest_horizon {
    size_t n_origins;
    size_t n;         /* partitions x origins that were scored */
    size_t n_changes; /* of them, whose UNBALANCED at the horizon is not that of the origin */
    size_t n_onsets;
    pgs_score score[PGS_METHOD_COUNT];
} pgs_backtest_horizon;

typedef struct pgs_backtest {
    const char *table; /* borrowed from the frame */
    size_t
        n_origins; /* of the nearest horizon; every 7 days from the 60th on, or the last of them */
    size_t n_horizons;
    int horizon_days[PGS_MAX_HORIZONS];
    const char *horizon_name[PGS_MAX_HORIZONS]; /* as asked; borrowed from the options */
    pgs_backtest_horizon horizon[PGS_MAX_HORIZONS];
    pgs_clean
        clean; /* what was decided about the frame; empty inside a forecast, which has its own */
} pgs_backtest;

void pgs_backtest_init(pgs_backtest *backtest);
void pgs_backtest_reset(pgs_backtest *backtest); /* NULL and zeroed structs are fine */

/* A predicted alert: partitions that are not there yet and more likely than not will be by the
 * farthest horizon. */
typedef struct pgs_forecast_alert {
    pgs_threshold threshold; /* PGS_THRESHOLD_COUNT: the limit */
    const char *level;       /* "WARNING" */
    char message[96];
    const char *action;
    size_t n_details;
    const size_t *detail; /* [n_details] indexes of partitions, the first to come first */
} pgs_forecast_alert;

typedef struct pgs_forecast {
    const char *table; /* borrowed from the frame */
    int64_t taken_us;  /* the origin */
    size_t n_days;     /* of history, from its first observation to the origin */
    size_t n_horizons;
    int horizon_days[PGS_MAX_HORIZONS];
    const char *horizon_name[PGS_MAX_HORIZONS]; /* as asked; borrowed from the options */
    double limit_bytes;                         /* NaN: nobody asked */
    size_t n_partitions;
    pgs_forecast_partition *partition; /* [n_partitions] in the frame's order */
    double total_chunks, total_bytes;  /* at the origin */
    pgs_forecast_total total[PGS_MAX_HORIZONS];
    pgs_crossing total_limit; /* when all together reach the limit */
    size_t n_alerts;
    pgs_forecast_alert alert[PGS_THRESHOLD_COUNT]; /* UNBALANCED, WARNING, the limit */
    pgs_backtest
        backtest; /* what backs it: recent origins of this table; few where it has many partitions */
    pgs_clean clean; /* what was decided about the frame */

    struct pgs_arena *arena;
} pgs_forecast;

typedef struct pgs_forecast_options {
    size_t n_horizons;                  /* 1 .. PGS_MAX_HORIZONS */
    int horizon_days[PGS_MAX_HORIZONS]; /* rising, 1 .. PGS_MAX_HORIZON_DAYS */
    const char *horizon_name[PGS_MAX_HORIZONS];
    double limit_bytes; /* NaN: none */
    size_t n_threads;   /* 0: one */
    size_t n_origins;   /* how many origins the backtest may take; 0: as many as there are */
} pgs_forecast_options;

void pgs_forecast_init(pgs_forecast *forecast);
void pgs_forecast_reset(pgs_forecast *forecast); /* NULL and zeroed structs are fine */

#ifdef __cplusplus
}
#endif
#endif
