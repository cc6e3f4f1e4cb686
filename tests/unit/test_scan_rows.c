/* src/pipeline/scan_rows.c: what sifting says of some rows is what looking at each value in turn
 * says, whether values creep, jump or lie on the bounds, at every level. */
#include <criterion/criterion.h>
#include <math.h>

#include "pipeline/scan.h"
#include "support/random.h"

enum { N = PGS_ROW_LANES, ROWS = PGS_SCAN_ROWS };

typedef enum manner { EQUAL, CREEPING, JUMPING, ON_BOUNDS, MANNERS } manner;

static random_state r = {20261126};
static _Alignas(64) double rows[ROWS][N];
static pgs_scan_day day[ROWS];
static uint8_t present[ROWS * N / 8];

/* Halves, the nearer pair within the farther, moving a little from row to row; sometimes none. */
static void make_bounds(double unit) {
    bool none = random_below(&r, 8) == 0;
    for (int t = 0; t < ROWS; t++)
        for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
            double middle = 20000 + (double)random_below(&r, 5) / 2;
            pgs_row_bounds *b = &day[t].bounds[k];
            *b = (pgs_row_bounds){{middle * unit, middle * unit},
                                  {6000 * unit, (10000 + (double)(t % 2) / 2) * unit}};
            if (none)
                b->reach[0] = b->reach[1] = INFINITY;
            day[t].about = floor(middle) * unit;
        }
}

static double first_value(manner how) {
    static const double BOUND[] = {9999, 10000, 14000, 14001, 26000, 30000, 30001, 0};
    if (how == ON_BOUNDS)
        return BOUND[random_below(&r, 8)] + (double)random_below(&r, 3);
    return how == EQUAL ? 20000 : (double)random_below(&r, 50000);
}

static void make_rows(manner how, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double x = first_value(how);
        for (int t = 0; t < ROWS; t++) {
            rows[t][i] = x;
            x = how == JUMPING ? first_value(how)
                : how == EQUAL ? x
                               : x + (double)random_below(&r, 3);
        }
    }
    for (size_t i = 0; i < sizeof present; i++)
        present[i] = (uint8_t)random_bits(&r);
}

/* One moment, value by value, in whole halves of a unit. */
static pgs_scan_sums by_the_book(const pgs_scan_rows *all, size_t t, double *squares) {
    const pgs_row_bounds *b = &day[t].bounds[all->measure];
    pgs_scan_sums out = {.min = INFINITY, .max = -INFINITY};
    *squares = 0;
    for (size_t i = 0; i < all->n_lanes; i++) {
        if (!pgs_tile_has(all->tile, t, i))
            continue;
        double x = rows[t][i] * all->unit, d = x - day[t].about;
        out.n_seen++;
        out.total += (int64_t)x;
        out.min = fmin(out.min, x);
        out.max = fmax(out.max, x);
        *squares += d * d;
        for (int k = 0; k < 2 && !isinf(b->reach[k]); k++)
            out.beyond[k] +=
                llabs(2 * (int64_t)x - (int64_t)(2 * b->middle[k])) >= (int64_t)(2 * b->reach[k]);
    }
    return out;
}

static const uint64_t *sums_of_rows(size_t n) {
    static uint64_t sum[ROWS];
    for (int t = 0; t < ROWS; t++) {
        sum[t] = 0;
        for (size_t i = 0; i < n; i++)
            sum[t] += (uint64_t)(int64_t)rows[t][i];
    }
    return sum;
}

static void expect_same(const pgs_scan_rows *all, size_t n_rows, const char *level, manner how) {
    for (size_t t = 0; t < n_rows; t++) {
        double squares;
        pgs_scan_sums want = by_the_book(all, t, &squares);
        const pgs_scan_sums *got = &all->sums[t];
        cr_assert(got->n_seen == want.n_seen && got->total == want.total &&
                      got->beyond[0] == want.beyond[0] && got->beyond[1] == want.beyond[1],
                  "%s, manner %d, %zu lanes, row %zu", level, how, all->n_lanes, t);
        cr_assert(want.n_seen == 0 || (got->min == want.min && got->max == want.max),
                  "%s, manner %d, %zu lanes, row %zu", level, how, all->n_lanes, t);
        if (want.n_seen > 0)
            cr_assert_eq(all->squares[t], squares, "%s, manner %d, row %zu", level, how, t);
    }
}

static void measure(const char *level, manner how, size_t n, size_t n_rows, bool whole) {
    static pgs_scan_scratch scratch; /* what an earlier tile left there must not matter */
    pgs_scan_sums sums[ROWS] = {0};
    double squares[ROWS] = {0};
    pgs_tile tile = {.n_lanes = n, .stride = (n + 7) / 8 * 8, .present = whole ? NULL : present};
    pgs_scan_rows all = {.kernels = pgs_kernels_find(level),
                         .tile = &tile,
                         .n_lanes = n,
                         .measure = (pgs_measure)random_below(&r, PGS_MEASURE_COUNT),
                         .unit = random_below(&r, 2) ? 1 : 8192,
                         .whole = whole,
                         .day = day,
                         .sums = sums,
                         .squares = squares};
    make_bounds(all.unit);
    make_rows(how, n);
    cr_assert(pgs_scan_measure_rows(&all, 0, n_rows, rows[0], sums_of_rows(n), &scratch));
    expect_same(&all, n_rows, level, how);
}

Test(scan_rows, are_measured_as_if_value_by_value) {
    static const char *const LEVEL[] = {"base", "v3", "v4"};
    for (size_t l = 0; l < 3; l++)
        for (size_t n = 1; n <= N && pgs_kernels_find(LEVEL[l]); n += n < 20 || n > 240 ? 1 : 7)
            for (int how = 0; how < MANNERS; how++)
                for (int whole = 0; whole < 2; whole++) {
                    measure(LEVEL[l], (manner)how, n, ROWS, whole);
                    measure(LEVEL[l], (manner)how, n, 1 + n % ROWS, whole);
                }
}

Test(scan_rows, of_several_groups_add_up) {
    pgs_scan_sums sums[1] = {{0}};
    pgs_scan_scratch scratch = {0};
    pgs_tile tile = {.n_lanes = 4, .stride = 8};
    pgs_scan_rows all = {.kernels = pgs_kernels_get(),
                         .tile = &tile,
                         .n_lanes = 4,
                         .unit = 1,
                         .whole = true,
                         .day = day,
                         .sums = sums};
    make_bounds(1);
    day[0].bounds[0].reach[0] = 6000;
    day[0].bounds[0].reach[1] = 10000;
    memcpy(rows[0], (double[]){20000, 1, 50000, 25000}, 4 * sizeof(double));
    cr_assert(pgs_scan_measure_rows(&all, 0, 1, rows[0], sums_of_rows(4), &scratch));
    memcpy(rows[0], (double[]){20000, 0, 14000, 25000}, 4 * sizeof(double));
    cr_assert(pgs_scan_measure_rows(&all, 0, 1, rows[0], sums_of_rows(4), &scratch));
    cr_assert(sums[0].beyond[0] == 4 && sums[0].beyond[1] == 3);
    cr_assert(sums[0].total == 154001 && sums[0].n_seen == 8 && sums[0].min == 0 &&
              sums[0].max == 50000);
}

Test(scan_rows, a_value_that_cannot_be_is_refused) {
    static const double WRONG[] = {-1, 0x1p53 + 2};
    for (size_t w = 0; w < 2; w++)
        for (size_t n = 1; n < 40; n++)
            for (int whole = 0; whole < 2; whole++) {
                pgs_scan_sums sums[ROWS] = {0};
                pgs_scan_scratch scratch = {0};
                pgs_tile tile = {.n_lanes = n, .stride = 40, .present = whole ? NULL : present};
                pgs_scan_rows all = {.kernels = pgs_kernels_get(),
                                     .tile = &tile,
                                     .n_lanes = n,
                                     .unit = 1,
                                     .whole = whole,
                                     .day = day,
                                     .sums = sums};
                make_bounds(1);
                make_rows(CREEPING, n);
                memset(present, 255, sizeof present);
                rows[3][n / 2] = WRONG[w];
                cr_assert(!pgs_scan_measure_rows(&all, 0, 4, rows[0], sums_of_rows(n), &scratch));
            }
}
