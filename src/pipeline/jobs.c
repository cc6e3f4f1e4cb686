/* Whoever is free takes the next piece. What comes out does not depend on who that was. */
#include "pipeline/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define MOST 64

typedef struct jobs {
    pgs_job *job;
    void *context;
    size_t n;
    atomic_size_t next;
} jobs;

typedef struct worker {
    jobs *all;
    pthread_t id;
    bool started;
    size_t failed; /* the lowest that failed here */
    pgs_status status;
    pgs_err err;
} worker;

static void *work(void *context) {
    worker *w = context;
    for (size_t i; (i = atomic_fetch_add(&w->all->next, 1)) < w->all->n;) {
        pgs_err err = {0};
        pgs_status st = w->all->job(w->all->context, i, &err);
        if (st == PGS_OK || w->status != PGS_OK)
            continue;
        w->status = st;
        w->failed = i;
        w->err = err;
    }
    return NULL;
}

pgs_status pgs_jobs_run(size_t n, size_t n_threads, pgs_job *job, void *context, pgs_err *err) {
    jobs all = {.job = job, .context = context, .n = n};
    worker workers[MOST] = {{0}};
    size_t n_workers = n_threads < 1 ? 1 : n_threads > MOST ? MOST : n_threads;
    n_workers = n_workers > n && n > 0 ? n : n_workers;
    const worker *first = NULL;
    for (size_t i = 0; i < n_workers; i++)
        workers[i].all = &all;
    for (size_t i = 1; i < n_workers; i++)
        workers[i].started = pthread_create(&workers[i].id, NULL, work, &workers[i]) == 0;
    work(&workers[0]);
    for (size_t i = 0; i < n_workers; i++) {
        if (workers[i].started)
            pthread_join(workers[i].id, NULL);
        if (workers[i].status != PGS_OK && (!first || workers[i].failed < first->failed))
            first = &workers[i];
    }
    if (!first)
        return PGS_OK;
    if (err)
        *err = first->err;
    return first->status;
}
