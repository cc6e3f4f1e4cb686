/* Many moments of one partitioned table, small enough to be in memory: what a model thinks with.
 *
 * A daily frame is the one that trends and forecasts take: its last row is the moment asked about,
 * row n_times - 1 - k the state exactly k * 24 hours before it, and a cell the partition's last
 * observation in the 24 hours that end there (pgs_frame_day() says which row a moment belongs to).
 * A day nobody looked is a row of NaN. So every step is 24 hours, whatever hour the table was
 * looked at. */
#ifndef PGSKEW_FRAME_H
#define PGSKEW_FRAME_H

#include "pgskew/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_DAY_US ((int64_t)86400 * 1000000)

/* A partition got another relfilenode, so it was rewritten or truncated: after row t - 1, by row
 * t. */
typedef struct pgs_refiled {
    size_t t, p;
} pgs_refiled;

/* Moments, one or several, that are so far from the others that their clock must have been
 * wrong. */
typedef struct pgs_frame_astray {
    int64_t first_us, last_us;
} pgs_frame_astray;

/* All partitions together at one moment: how the table moves within a day. */
typedef struct pgs_frame_moment {
    int64_t taken_us;
    double chunks; /* rows */
    size_t n_seen; /* partitions whose rows were observed */
} pgs_frame_moment;

/* T moments of one partitioned table, P partitions wide.
 * Cell (m, t, p) is metric[m][t * stride + p]. NaN means "not observed": not born yet, dropped,
 * locked. Counts are whole numbers of at most 2^53, so sums and comparisons are exact. */
typedef struct pgs_frame {
    char *table; /* schema-qualified, UTF-8 */
    size_t n_times, n_parts;
    size_t stride;                    /* >= n_parts, a multiple of 8 */
    int64_t *taken_us;                /* [n_times], UTC since 1970, strictly rising */
    char **part;                      /* [n_parts], in partition order; NULL: no name observed */
    int64_t *part_num;                /* [n_parts] */
    double *metric[PGS_METRIC_COUNT]; /* [n_times * stride], 64-byte aligned, pad NaN; NULL: none */

    uint8_t *counts; /* [n_times] pgs_counts, how the row's last moment was counted;
                        PGS_COUNTS_COUNT: nobody looked */
    bool *there;     /* [n_parts] part of the table at the last moment, measured or not */
    size_t n_refiled;
    pgs_refiled *refiled; /* [n_refiled] by row, then partition */
    size_t n_moments;
    pgs_frame_moment *moment; /* [n_moments] every one, in the order of time */
    size_t n_astray;
    pgs_frame_astray *astray; /* [n_astray] what was left out of it, in the order of time */

    struct pgs_arena *arena; /* owns the strings and arrays */
} pgs_frame;

/* An empty frame. Cannot fail. */
void pgs_frame_init(pgs_frame *frame);

/* Free everything inside. NULL and zeroed structs are fine. */
void pgs_frame_reset(pgs_frame *frame);

/* Make room in an empty frame: names NULL, numbers 0, 1, ..., times 0, no metric yet, nobody
 * looked, no partition there. PGS_E_DATA above PGS_MAX_PARTITIONS, PGS_E_BUG without memory. */
pgs_status pgs_frame_set_shape(pgs_frame *frame, const char *table, size_t n_times, size_t n_parts,
                               pgs_err *err) PGS_CHECK;

/* Make room for `metric`, every cell NaN; nothing to do where it is there. PGS_E_BUG without
 * memory. */
pgs_status pgs_frame_add_metric(pgs_frame *frame, pgs_metric metric, pgs_err *err) PGS_CHECK;

/* Give partition `p` a copy of `name`; NULL is allowed. PGS_E_BUG without memory. */
pgs_status pgs_frame_set_name(pgs_frame *frame, size_t p, const char *name, pgs_err *err) PGS_CHECK;

/* Keep a copy of the `n` rows of `refiled` in the frame. PGS_E_BUG without memory. */
pgs_status pgs_frame_set_refiled(pgs_frame *frame, const pgs_refiled *refiled, size_t n,
                                 pgs_err *err) PGS_CHECK;

/* Keep a copy of the `n` of `astray` in the frame. PGS_E_BUG without memory. */
pgs_status pgs_frame_set_astray(pgs_frame *frame, const pgs_frame_astray *astray, size_t n,
                                pgs_err *err) PGS_CHECK;

/* Make room for `n` moments, zeroed. PGS_E_BUG without memory. */
pgs_status pgs_frame_set_moments(pgs_frame *frame, size_t n, pgs_err *err) PGS_CHECK;

/* Put the partitions in the order of number, then name, and leave out those that were never
 * observed and are not there, and new relfilenodes of what was not observed in an earlier row: then
 * a frame does not depend on where its values came from. PGS_E_BUG without memory. */
pgs_status pgs_frame_arrange(pgs_frame *frame, pgs_err *err) PGS_CHECK;

/* How many rows before its last one a daily frame that ends at `last_us` holds the moment
 * `taken_us` <= `last_us`: 0 for the 24 hours that end with `last_us`. */
size_t pgs_frame_day(int64_t taken_us, int64_t last_us);

#ifdef __cplusplus
}
#endif
#endif
