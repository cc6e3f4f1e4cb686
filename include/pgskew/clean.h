/* A daily frame, cleaned: what may be concluded from, and every decision that was taken.
 *
 * The frame stays as it is. Stocks are what was there, flows are what came or went per day. A flow
 * that says nothing about how the table is used (a rewrite, a truncation, another way of counting)
 * is not known; so is what was before a partition was truncated. Growth that is merely large
 * stays. */
#ifndef PGSKEW_CLEAN_H
#define PGSKEW_CLEAN_H

#include "pgskew/frame.h"
#include "pgskew/series.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pgs_cleaning_kind {
    PGS_CLEANED_CLOCK,     /* moments that are years from the others: they are left out */
    PGS_CLEANED_GAP,       /* nobody looked for longer than usual: the change is spread over it */
    PGS_CLEANED_MISREAD,   /* a total contradicts the ones before and after: the row is left out */
    PGS_CLEANED_METHOD,    /* exact counts became estimates, or back: that flow is left out */
    PGS_CLEANED_RESET,     /* most partitions were truncated at once: everything begins anew */
    PGS_CLEANED_BORN,      /* a partition came later than the table */
    PGS_CLEANED_DROPPED,   /* a partition left */
    PGS_CLEANED_UNSEEN,    /* a partition was not measured: the change is spread over it */
    PGS_CLEANED_TRUNCATED, /* rows fell by a fifth or more, far beyond the usual: it begins anew */
    PGS_CLEANED_REWRITTEN, /* bytes changed without rows: that flow is left out */
    PGS_CLEANED_LOADED,    /* rows rose by a fifth or more, far beyond the usual: kept */
    PGS_CLEANED_COUNT
} pgs_cleaning_kind;

/* "clock", "gap", "misread", "method", "reset", "born", "dropped", "unseen", "truncated",
 * "rewritten", "loaded". */
const char *pgs_cleaning_name(pgs_cleaning_kind kind);

/* In a few words what was done about it. A forecast has no flow of a day: where nobody looked, the
 * last stock stands, and what is left out is left out of growth only. */
const char *pgs_cleaning_action(pgs_cleaning_kind kind);
const char *pgs_cleaning_action_of_forecast(pgs_cleaning_kind kind);

#define PGS_WHOLE_TABLE SIZE_MAX

typedef struct pgs_cleaning {
    pgs_cleaning_kind kind;
    pgs_measure measure;  /* what before and after are of */
    size_t p;             /* index of the partition; PGS_WHOLE_TABLE */
    size_t from, to;      /* rows of the frame: the last before it, and the first after */
    double before, after; /* rows or bytes; NaN: nothing was there */
    const char *action;   /* what was done about it, in a few words */

    int64_t num;      /* of the partition; -1: the whole table */
    const char *name; /* borrowed from the frame; NULL: not observed */
    int64_t from_us, to_us;
} pgs_cleaning;

/* Cell (measure, t, p) is at [t * frame->stride + p], as in the frame. */
typedef struct pgs_clean {
    const pgs_frame *frame; /* borrowed */
    bool *looked;           /* [n_times] somebody looked at the table */
    size_t usual_days;      /* the usual distance of rows in which somebody looked; 1 and more */

    /* stock: as observed, but for misreads; where nobody looked, the last value for at most 2 rows.
     * flow: change per day up to the row. NaN: not known, or left out. start: the first row of what
     * still goes on, n_times where nothing was observed. All NULL where the frame has no such
     * metric. */
    double *stock[PGS_MEASURE_COUNT], *flow[PGS_MEASURE_COUNT];
    size_t *start[PGS_MEASURE_COUNT]; /* [n_parts] */
    size_t n_cleanings;
    pgs_cleaning *cleaning; /* [n_cleanings] by row, then partition; the whole table first */
    struct pgs_arena *arena;
} pgs_clean;

void pgs_clean_init(pgs_clean *clean);
void pgs_clean_reset(pgs_clean *clean); /* NULL and zeroed structs are fine */

/* Clean PGS_CHUNK_COUNT and PGS_SIZE_BYTES of a daily frame, which outlives `out`, initialised.
 * PGS_E_BUG without memory. */
pgs_status pgs_clean_run(const pgs_frame *frame, pgs_clean *out, pgs_err *err) PGS_CHECK;

#ifdef __cplusplus
}
#endif
#endif
