/* Daily frames by hand: partitions that grow evenly, one row a day, and what a story does to
 * them. */
#ifndef PGSKEW_TESTS_DAYS_H
#define PGSKEW_TESTS_DAYS_H

#include <criterion/criterion.h>

#include "pgskew/frame.h"

#define DAYS_LAST 1600000000000000

/* Partition p begins with 1000 (p + 1) rows and gains 10 (p + 1) a day, and a few more or less from
 * day to day; a row is 100 bytes. All are there. */
static inline void days_make(pgs_frame *f, size_t n_days, size_t n_parts) {
    pgs_frame_init(f);
    cr_assert_eq(pgs_frame_set_shape(f, "public.chunks", n_days, n_parts, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(f, PGS_CHUNK_COUNT, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(f, PGS_SIZE_BYTES, NULL), PGS_OK);
    for (size_t t = 0; t < n_days; t++) {
        f->taken_us[t] = DAYS_LAST - (int64_t)(n_days - 1 - t) * PGS_DAY_US;
        f->counts[t] = PGS_COUNTS_EXACT;
        for (size_t p = 0; p < n_parts; p++) {
            double rows = (double)((p + 1) * (1000 + 10 * t) + (t * t + 3 * p) % 5);
            f->metric[PGS_CHUNK_COUNT][t * f->stride + p] = rows;
            f->metric[PGS_SIZE_BYTES][t * f->stride + p] = 100 * rows;
        }
    }
    for (size_t p = 0; p < n_parts; p++)
        f->there[p] = true;
}

static inline double *days_cell(const pgs_frame *f, pgs_metric m, size_t t, size_t p) {
    return &f->metric[m][t * f->stride + p];
}

/* Nobody looked from day `from` to day `to`, both inclusive. */
static inline void days_gap(pgs_frame *f, size_t from, size_t to) {
    for (size_t t = from; t <= to; t++) {
        f->counts[t] = PGS_COUNTS_COUNT;
        for (size_t p = 0; p < f->n_parts; p++)
            *days_cell(f, PGS_CHUNK_COUNT, t, p) = *days_cell(f, PGS_SIZE_BYTES, t, p) = NAN;
    }
}

/* The partition was not seen from day `from` to day `to`. */
static inline void days_unseen(pgs_frame *f, size_t p, size_t from, size_t to) {
    for (size_t t = from; t <= to; t++)
        *days_cell(f, PGS_CHUNK_COUNT, t, p) = *days_cell(f, PGS_SIZE_BYTES, t, p) = NAN;
}

/* From day `from` on the partition has `more` rows than it would (or fewer), and `bytes` bytes. */
static inline void days_add(pgs_frame *f, size_t p, size_t from, double more, double bytes) {
    for (size_t t = from; t < f->n_times; t++) {
        *days_cell(f, PGS_CHUNK_COUNT, t, p) += more;
        *days_cell(f, PGS_SIZE_BYTES, t, p) += bytes;
    }
}

#endif
