/* How far the work has come. */
#ifndef PGSKEW_CLI_PROGRESS_H
#define PGSKEW_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

/* A progress line on stderr, where that is a terminal: done of total, and how long it will take.
 * Nothing for work that takes less than a second. Zeroed: not begun. */
typedef struct pgs_progress {
    const char *what;
    double began_s, said_s;
    bool shown;
} pgs_progress;

void pgs_progress_step(pgs_progress *progress, size_t done, size_t total);
void pgs_progress_of(void *progress, size_t done,
                     size_t total); /* the same, for a library to call */
void pgs_progress_end(pgs_progress *progress);

#endif
