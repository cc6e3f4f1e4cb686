/* The guide's rules: from measures to findings with a severity and a sentence. Every function
 * fills its part of `out`; arrays come from out->arena, which must be there. */
#ifndef PGSKEW_HEALTH_H
#define PGSKEW_HEALTH_H

#include "pgskew/check.h"
#include "pgskew/diff.h"

/* Health of every partition by chunk skew descending, then number; counts per status. */
pgs_status pgs_health_rank(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* The five skew metrics. */
void pgs_health_skew(const pgs_snapshot *snap, pgs_result *out);

/* Alerts; after pgs_health_rank(). */
pgs_status pgs_health_alert(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* Recommendations by current_skew descending, then number. */
pgs_status pgs_health_recommend(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* What to do about a partition of this status; NULL: nothing. */
const char *pgs_health_action(pgs_health_status status);

/* The recommendation for partition `p` into *out; false: none. */
bool pgs_health_advise(const pgs_snapshot *snap, const pgs_noise *noise, size_t p,
                       pgs_recommendation *out);

/* Whether partition `p` took at least PGS_HOT_PERCENTAGE of the last hour's chunks. */
bool pgs_health_is_hot(const pgs_snapshot *snap, size_t p);

/* The findings of a diff whose snapshots, results and partitions are there. */
pgs_status pgs_health_compare(pgs_diff *diff, pgs_err *err) PGS_CHECK;

/* ---- verdict.c ---- */

/* Every number of a check and its ranges, but those that a baseline decides. */
void pgs_health_gauge(const pgs_snapshot *snap, const pgs_result *result,
                      const pgs_check_options *options, pgs_check *out);

/* Days until a partition of a forecast is at the *next of the thresholds WARNING and UNBALANCED
 * that it is not at yet. 0: it is beyond both; infinite: later than is foretold; NaN: not known. */
double pgs_health_days(const pgs_forecast *forecast, size_t partition, pgs_threshold *next);

/* The worst of its gauges; UNKNOWN where nothing alerts and no partition was measured. */
void pgs_health_judge(pgs_check *check);

/* Which partitions of a diff have changed beyond chance; [n_parts] each. */
typedef struct pgs_changed {
    const bool *chunks, *sizes, *hour;
} pgs_changed;

/* What is out of its range, and with a diff (else NULL) everything that it and a changed share
 * tell, into out->finding, and the numbers of new ones. After pgs_health_gauge(). */
pgs_status pgs_health_find(const pgs_snapshot *snap, const pgs_result *result,
                           const pgs_check_options *options, const pgs_diff *diff,
                           const pgs_changed *changed, pgs_check *out, pgs_err *err) PGS_CHECK;

#endif
