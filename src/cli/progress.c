/* A bar for whoever waits at a terminal; nothing for anybody else, and nothing in the first
 * second. */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 1.0
#define REDRAW_S   0.1

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void draw(pgs_progress *progress, double elapsed_s, size_t done, size_t total) {
    static const char BAR[] = "##############################";
    static const char GAP[] = "..............................";
    int width = (int)sizeof BAR - 1, full = (int)((size_t)width * done / total);
    double left_s = elapsed_s * (double)(total - done) / (double)done;
    fprintf(stderr, "\r%s [%.*s%.*s] %zu of %zu, %.0f s left \033[K", progress->what, full, BAR,
            width - full, GAP, done, total, left_s);
    progress->shown = true;
}

void pgs_progress_step(pgs_progress *progress, size_t done, size_t total) {
    double now = now_s();
    if (progress->began_s == 0)
        progress->began_s = now;
    if (done == 0 || total == 0 || now - progress->began_s < PATIENCE_S ||
        now - progress->said_s < REDRAW_S || !isatty(STDERR_FILENO))
        return;
    progress->said_s = now;
    draw(progress, now - progress->began_s, done, total);
}

void pgs_progress_of(void *progress, size_t done, size_t total) {
    pgs_progress_step(progress, done, total);
}

void pgs_progress_end(pgs_progress *progress) {
    if (progress->shown)
        fputs("\r\033[K", stderr);
    *progress = (pgs_progress){0};
}
