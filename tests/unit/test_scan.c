/* src/pipeline/scan*.c over tiles made by hand: what only a stranger's history holds, or one that
 * begins before the moments that are asked about. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "pgskew/analyze.h"

enum { LANES = 8, MOMENTS = 5 };

/* Tiles of chunk_count; sizes were not observed. Rows are of 8-byte deltas. */
typedef struct made {
    int64_t base[PGS_TILE_LANES], delta[MOMENTS - 1][LANES];
    uint8_t width[MOMENTS], present[MOMENTS];
    pgs_tile tile;
    pgs_moment moment[MOMENTS];
    pgs_lane lane[16 * PGS_TILE_LANES];
    pgs_series series;
} made;

static made m;

static pgs_status read_made(void *context, size_t reader, pgs_metric metric, size_t group,
                            size_t block, pgs_tile *out, pgs_err *err) {
    (void)context, (void)reader, (void)group, (void)block, (void)err;
    *out = metric == PGS_CHUNK_COUNT ? m.tile : (pgs_tile){0};
    return PGS_OK;
}

/* Two lanes. A cell below 0 is absent, and what is in it is the number without its sign. */
static void make(const int64_t cell[MOMENTS][2]) {
    memset(&m, 0, sizeof m);
    for (size_t t = 0; t < MOMENTS; t++) {
        m.moment[t] = (pgs_moment){.taken_us = (int64_t)t * 3600000000, .n_parts = 2};
        for (size_t i = 0; i < 2; i++) {
            bool seen = cell[t][i] >= 0;
            int64_t before = t > 0 ? llabs(cell[t - 1][i]) : 0;
            if (t == 0)
                m.base[i] = llabs(cell[t][i]);
            else
                m.delta[t - 1][i] = llabs(cell[t][i]) - before;
            m.present[t] |= (uint8_t)(seen << i);
            m.moment[t].n_seen[PGS_BY_CHUNKS] += seen;
            m.moment[t].total[PGS_BY_CHUNKS] += seen ? cell[t][i] : 0;
        }
        m.width[t] = t > 0 ? 8 : 0;
    }
    m.tile = (pgs_tile){.n_moments = MOMENTS,
                        .n_lanes = 2,
                        .stride = LANES,
                        .width = m.width,
                        .present = m.present,
                        .base = m.base,
                        .deltas = (const uint8_t *)m.delta};
    m.series = (pgs_series){.n_moments = MOMENTS, .moment = m.moment, .n_lanes = 2, .lane = m.lane};
}

static pgs_status scan(size_t first, size_t end, size_t n_readers, pgs_scan *out, pgs_err *err) {
    pgs_tile_source source = {.n_readers = n_readers, .read = read_made};
    pgs_scan_options options = {.first = first, .end = end, .extremes = true};
    pgs_scan_init(out);
    return pgs_scan_run(&m.series, &source, &options, out, err);
}

/* The first partition has 20 throughout. */
static void make_second(const int64_t second[MOMENTS]) {
    int64_t cell[MOMENTS][2];
    for (size_t t = 0; t < MOMENTS; t++)
        memcpy(cell[t], (int64_t[]){20, second[t]}, sizeof cell[t]);
    make(cell);
}

/* ---- absent cells ---- */

static const struct {
    const char *name;
    int64_t cell[MOMENTS]; /* of the second partition; below 0: absent */
    double n, first, last, min, max, slope_per_hour;
} ABSENT[] = {
    {"before the span, and where it begins", {1000, -1000, 5, 6, 7}, 3, 5, 7, 5, 7, 1},
    {"where it begins, less", {1, -1, 5, 6, 7}, 3, 5, 7, 5, 7, 1},
    {"inside, another number", {1, 3, -9000, 5, 6}, 3, 3, 6, 3, 6, 1},
    {"at its end, another number", {1, 4, 3, 2, -90}, 3, 4, 2, 2, 4, -1},
};

Test(scan, what_is_in_absent_cells_is_never_told) {
    for (size_t k = 0; k < sizeof ABSENT / sizeof *ABSENT; k++) {
        make_second(ABSENT[k].cell);
        pgs_scan out;
        pgs_err err;
        cr_assert_eq(scan(1, MOMENTS, 1, &out, &err), PGS_OK, "%s", err.msg);
        const pgs_scan_lane *lane = &out.lane[1];
        cr_expect(lane->n_seen == ABSENT[k].n && lane->first == ABSENT[k].first &&
                      lane->last == ABSENT[k].last && lane->min == ABSENT[k].min &&
                      lane->max == ABSENT[k].max,
                  "%s: %g to %g, %g to %g", ABSENT[k].name, lane->first, lane->last, lane->min,
                  lane->max);
        cr_expect_float_eq(lane->count.slope_per_day, 24 * ABSENT[k].slope_per_hour, 1e-9, "%s",
                           ABSENT[k].name);
        pgs_scan_reset(&out);
    }
}

/* Shares are at most 1, whatever the total was while the partition was away. */
Test(scan, the_share_of_who_was_away_is_exact) {
    make((const int64_t[MOMENTS][2]){
        {20, 0}, {20, -2000000000}, {20, 2000000000}, {20, 3000000000}, {20, 4000000000}});
    long double y[3], mean = 0, xy = 0;
    for (int t = 0; t < 3; t++) {
        long double v = m.moment[2 + t].total[PGS_BY_CHUNKS];
        mean += (y[t] = (v - 20) / v) / 3;
    }
    for (int t = 0; t < 3; t++)
        xy += (t - 1) * (y[t] - mean);
    double want = (double)(xy / 2 * 24);
    pgs_scan out;
    pgs_err err;
    cr_assert_eq(scan(1, MOMENTS, 1, &out, &err), PGS_OK, "%s", err.msg);
    cr_expect_float_eq(out.lane[1].share.slope_per_day, want, 1e-4 * want, "%g, not %g",
                       out.lane[1].share.slope_per_day, want);
    pgs_scan_reset(&out);
}

/* ---- what cannot be ---- */

/* Beyond 2^53 a difference from the row above is not exact any more. */
static const struct {
    const char *name;
    int64_t cell[MOMENTS];
} BEYOND[] = {
    {"in an absent cell", {7, 7, -(INT64_C(1) << 60) - 1, 7, 7}},
    {"in a row before the span", {(INT64_C(1) << 60) + 1, 7, 7, 7, 7}},
};

Test(scan, what_cannot_be_is_refused_also_where_nobody_asked) {
    for (size_t k = 0; k < sizeof BEYOND / sizeof *BEYOND; k++) {
        make_second(BEYOND[k].cell);
        pgs_scan out;
        pgs_err err = {0};
        cr_expect_eq(scan(1, MOMENTS, 1, &out, &err), PGS_E_DATA, "%s", BEYOND[k].name);
        cr_expect(strstr(err.msg, "impossible values"), "%s: %s", BEYOND[k].name, err.msg);
    }
}

/* 2,048 times 2^53 is 2^64: where sums wrapped, it would be nothing. */
Test(scan, a_total_that_64_bits_cannot_hold_is_refused) {
    for (size_t n_groups = 4; n_groups <= 16; n_groups += 4)
        for (size_t n_readers = 1; n_readers <= 4; n_readers++) {
            make((const int64_t[MOMENTS][2]){{0}});
            for (size_t i = 0; i < PGS_TILE_LANES; i++)
                m.base[i] = INT64_C(1) << 53;
            m.tile.n_moments = 1;
            m.tile.n_lanes = m.tile.stride = PGS_TILE_LANES;
            m.tile.present = NULL;
            m.series.n_moments = 1;
            m.series.n_lanes = m.moment[0].n_parts = m.moment[0].n_seen[PGS_BY_CHUNKS] =
                n_groups * PGS_TILE_LANES;
            pgs_scan out;
            pgs_err err;
            cr_expect_eq(scan(0, 1, n_readers, &out, &err), PGS_E_DATA, "%zu groups, %zu readers",
                         n_groups, n_readers);
        }
}

/* ---- exceptions ---- */

/* 2^53 - 20 + 21 is no double; less 512, it is one. */
Test(scan, a_delta_and_its_exception_are_added_up_first) {
    static const struct {
        int8_t delta[LANES];
        uint8_t exceptions[8]; /* one, of lane 0: 2 * 256 less */
    } ROW = {.delta = {21}, .exceptions = {1, 0, 0xFE, 0xFF}};
    int64_t high = (INT64_C(1) << 53) - 20, low = high + 21 - 512;
    make((const int64_t[MOMENTS][2]){{high, 0}, {low, 0}});
    m.tile.n_moments = m.series.n_moments = 2;
    m.tile.present = NULL;
    m.width[1] = 1 | PGS_TILE_EXCEPTIONS;
    m.tile.deltas = (const uint8_t *)&ROW;
    pgs_scan out;
    pgs_err err;
    cr_assert_eq(scan(0, 2, 1, &out, &err), PGS_OK, "%s", err.msg);
    cr_expect(out.lane[0].last == (double)low && out.lane[0].min == (double)low, "%.0f",
              out.lane[0].last);
    pgs_scan_reset(&out);
}
