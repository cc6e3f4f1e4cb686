/* A temporary directory that is gone afterwards, with everything in it. */
#ifndef PGSKEW_TESTS_SCRATCH_H
#define PGSKEW_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct scratch {
    char path[128];
} scratch;

static inline bool scratch_make(scratch *s) {
    const char *tmp = getenv("TMPDIR");
    snprintf(s->path, sizeof s->path, "%.100s/pgskew-test-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(s->path) != NULL;
}

/* "directory/name"; good for the next seven calls. */
static inline const char *scratch_name(const scratch *s, const char *name) {
    static char ring[8][400];
    static unsigned n_names;
    char *out = ring[n_names++ % 8];
    snprintf(out, sizeof ring[0], "%s/%.250s", s->path, name);
    return out;
}

static inline int scratch_remove_one(const char *path, const struct stat *info, int kind,
                                     struct FTW *where) {
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static inline void scratch_remove(scratch *s) {
    if (s->path[0])
        nftw(s->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    s->path[0] = '\0';
}

#endif
