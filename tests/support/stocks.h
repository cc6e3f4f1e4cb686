/* Daily frames and stocks from a function of day and partition. */
#ifndef PGSKEW_TESTS_STOCKS_H
#define PGSKEW_TESTS_STOCKS_H

#include <criterion/criterion.h>
#include <math.h>

#include "model/forecaster.h"

typedef double stocks_value(size_t day, size_t p);

/* A frame of chunk_count; NaN: not observed. */
static inline void stocks_frame(size_t n_days, size_t n_parts, stocks_value *value,
                                pgs_frame *out) {
    pgs_frame_init(out);
    cr_assert_eq(pgs_frame_set_shape(out, "public.chunks", n_days, n_parts, NULL), PGS_OK);
    cr_assert_eq(pgs_frame_add_metric(out, PGS_CHUNK_COUNT, NULL), PGS_OK);
    for (size_t t = 0; t < n_days; t++) {
        out->taken_us[t] = (int64_t)t * PGS_DAY_US;
        for (size_t p = 0; p < n_parts; p++)
            out->metric[PGS_CHUNK_COUNT][t * out->stride + p] = value(t, p);
    }
}

static inline void stocks_make(size_t n_days, size_t n_parts, stocks_value *value, pgs_stock *out) {
    pgs_frame frame;
    stocks_frame(n_days, n_parts, value, &frame);
    cr_assert_eq(pgs_stock_build(&frame, NULL, PGS_BY_CHUNKS, out, NULL), PGS_OK);
    pgs_frame_reset(&frame);
}

/* A number in 0 .. 1 that only depends on its arguments. */
static inline double stocks_noise(size_t a, size_t b) {
    uint64_t x = (a * UINT64_C(0x9E3779B97F4A7C15)) ^ (b * UINT64_C(0xC2B2AE3D27D4EB4F));
    x = (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 32) * UINT64_C(0x94D049BB133111EB);
    return (double)((x ^ x >> 29) >> 11) / 9007199254740992.0;
}

#endif
