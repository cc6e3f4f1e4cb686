/* Snapshots for tests, built from columns of numbers. */
#ifndef PGSKEW_TESTS_MAKE_H
#define PGSKEW_TESTS_MAKE_H

#include <criterion/criterion.h>
#include <math.h>

#include "pgskew/analyze.h"

#define MAKE_TAKEN INT64_C(1760955300000000) /* 2025-10-20T10:15:00Z */

static inline void make_text(pgs_snapshot *snap, char **field, const char *text) {
    cr_assert_eq(pgs_snapshot_text(snap, field, text, NULL), PGS_OK);
}

/* Partitions 0 .. n-1 of public.chunks, measured where a count or a size is given. NULL: none of
 * that metric. Nothing is derived. */
static inline void make_snapshot(pgs_snapshot *snap, size_t n, const double *chunks,
                                 const double *bytes) {
    pgs_snapshot_init(snap);
    cr_assert_eq(pgs_snapshot_set_parts(snap, n, NULL), PGS_OK);
    make_text(snap, &snap->head.table_name, "public.chunks");
    make_text(snap, &snap->head.source, "test");
    snap->head.taken_us = MAKE_TAKEN;
    for (size_t p = 0; p < n; p++) {
        snap->part[p].num = (int64_t)p;
        snap->metric[PGS_CHUNK_COUNT][p] = chunks ? chunks[p] : NAN;
        snap->metric[PGS_SIZE_BYTES][p] = bytes ? bytes[p] : NAN;
        snap->part[p].measured = (chunks && !isnan(chunks[p])) || (bytes && !isnan(bytes[p]));
    }
}

static inline void make_derived(pgs_snapshot *snap, size_t n, const double *chunks,
                                const double *bytes) {
    make_snapshot(snap, n, chunks, bytes);
    cr_assert_eq(pgs_snapshot_derive(snap, NULL), PGS_OK);
}

/* The same observation: equal, or both not observed. */
static inline bool make_same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

#endif
