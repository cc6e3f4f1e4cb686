/* The guide's rules: from measures to findings with a severity and a sentence. Every function
 * fills its part of `out`; arrays come from out->arena, which must be there. */
#ifndef PGSKEW_HEALTH_H
#define PGSKEW_HEALTH_H

#include "pgskew/result.h"

/* Health of every partition by chunk skew descending, then number; counts per status. */
pgs_status pgs_health_rank(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* The five skew metrics. */
void pgs_health_skew(const pgs_snapshot *snap, pgs_result *out);

/* Alerts; after pgs_health_rank(). */
pgs_status pgs_health_alert(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

/* Recommendations by current_skew descending, then number. */
pgs_status pgs_health_recommend(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) PGS_CHECK;

#endif
