/* Independent pieces of work on several threads. Internal to pipeline/. */
#ifndef PGSKEW_PIPELINE_JOBS_H
#define PGSKEW_PIPELINE_JOBS_H

#include <stddef.h>

#include "pgskew/err.h"

typedef pgs_status pgs_job(void *context, size_t i, pgs_err *err);

/* Run job(context, i) for i < n on at most `n_threads` threads, this one among them. The jobs share
 * nothing that they write. The failure is that of the lowest i that failed. */
pgs_status pgs_jobs_run(size_t n, size_t n_threads, pgs_job *job, void *context,
                        pgs_err *err) PGS_CHECK;

#endif
