/* src/kernel: every instruction level of this CPU gives the bits of the base level, for every
 * length a row can have, and touches nothing beyond it; the base level gives what the definitions
 * in kernel.h say, worked out in 128-bit integers and long doubles. */
#include "kernel/kernel.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "support/guard.h"
#include "support/random.h"

#define N PGS_ROW_LANES

static const char *const LEVEL[] = {"base", "v3", "v4"};
static const pgs_kernels *base;
static guard row_guard, delta_guard, y_guard, xy_guard, yy_guard, origin_guard, rows_guard;
static random_state r;

static void set_up(void) {
    base = pgs_kernels_find("base");
    row_guard = guard_make(N * sizeof(double));
    delta_guard = guard_make(N * sizeof(double) + 64);
    y_guard = guard_make(N * sizeof(double));
    xy_guard = guard_make(N * sizeof(double));
    yy_guard = guard_make(N * sizeof(double));
    origin_guard = guard_make(N * sizeof(double));
    rows_guard = guard_make(9 * N * sizeof(double));
    r = (random_state){20251020};
}

TestSuite(kernels, .init = set_up);

/* `n` doubles, 64-byte aligned, with as little as that allows between their end and the guard. */
static double *row_of(const guard *g, size_t n) {
    size_t bytes = n * sizeof(double);
    return guard_last(g, bytes, (64 - bytes % 64) % 64);
}

/* ---- what rows are like ---- */

typedef enum kind { RANDOM, EQUAL, LARGEST, TINY, AROUND_2_32, KINDS } kind;

static const char *const KIND[KINDS] = {"random", "equal", "up to 2^53", "0 and 1", "around 2^32"};

static double value(kind k) {
    switch (k) {
    case EQUAL:
        return 15000;
    case LARGEST:
        return (double)random_below(&r, (INT64_C(1) << 53) + 1);
    case TINY:
        return (double)random_below(&r, 2);
    case AROUND_2_32:
        return 0x1p32 + (double)random_below(&r, 7) - 3;
    default:
        return (double)random_below(&r, 10000000);
    }
}

static void fill(double *row, size_t n, kind k) {
    for (size_t i = 0; i < n; i++)
        row[i] = value(k);
}

static bool same_bits(const void *a, const void *b, size_t n) {
    return n == 0 || memcmp(a, b, n) == 0;
}

/* ---- advance ---- */

static void fill_deltas(uint8_t *delta, unsigned width, size_t n, bool negative) {
    for (size_t i = 0; i < n; i++) {
        unsigned unused = width == 8 ? 12 : 64 - 8 * width; /* bits; of width 0 there is nothing */
        int64_t d = width > 0 ? (int64_t)(random_bits(&r) >> unused) : 0, sign = -1;
        d = negative ? sign * d : random_below(&r, 2) ? d : sign * d;
        memcpy(delta + i * width, &d, width); /* the low bytes: any pattern of this width */
    }
}

static int64_t delta_at(const uint8_t *delta, unsigned width, size_t i) {
    int64_t d = 0;
    memcpy(&d, delta + i * width, width);
    unsigned unused = 64 - 8 * width;
    return unused == 0 ? d : (int64_t)((uint64_t)d << unused) >> unused;
}

static void expect_advance(const double *row, const uint8_t *delta, unsigned width, size_t n) {
    double want[N] = {0}, *next = row_of(&y_guard, n);
    uint64_t all = 0;
    base->advance(row, delta, width, n, want);
    for (size_t i = 0; i < n; i++) {
        int64_t d = width == 0 ? 0 : delta_at(delta, width, i);
        all += (uint64_t)d;
        __int128 sum = (__int128)row[i] + d;
        if (sum >= -(INT64_C(1) << 53) && sum <= INT64_C(1) << 53)
            cr_assert_eq(want[i], (double)sum, "width %u, lane %zu of %zu", width, i, n);
    }
    for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
        const pgs_kernels *k = pgs_kernels_find(LEVEL[l]);
        if (!k)
            continue;
        fill(next, n, EQUAL);
        cr_assert_eq(k->advance(row, delta, width, n, next), all, "%s: width %u, n %zu", LEVEL[l],
                     width, n);
        cr_assert(same_bits(next, want, n * sizeof *row), "%s: width %u, n %zu", LEVEL[l], width,
                  n);
    }
}

Test(kernels, advance_adds_every_width_of_delta) {
    static const unsigned WIDTH[] = {0, 1, 2, 4, 8};
    for (size_t w = 0; w < PGS_COUNT_OF(WIDTH); w++)
        for (size_t n = 0; n <= N; n++)
            for (size_t pad = 0; pad < 64; pad += 8)
                for (int negative = 0; negative < 2; negative++) {
                    uint8_t *delta = guard_last(&delta_guard, n * WIDTH[w], pad);
                    double *row = row_of(&row_guard, n);
                    fill_deltas(delta, WIDTH[w], n, negative);
                    fill(row, n, (kind)(random_bits(&r) % KINDS));
                    expect_advance(row, delta, WIDTH[w], n);
                }
}

/* ---- checksums ---- */

/* pgs_hash() is the library as it was built, these are its header as each level compiles it. */
Test(kernels, every_level_hashes_as_the_library_does) {
    enum { MOST = 9 * N * sizeof(double) };
    for (size_t n = 0; n <= MOST; n += n < 600 ? 1 : 977)
        for (size_t pad = 0; pad < 2; pad++) {
            uint8_t *bytes = guard_last(&rows_guard, n, pad);
            uint64_t seed = random_bits(&r);
            for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)random_bits(&r);
            for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
                const pgs_kernels *k = pgs_kernels_find(LEVEL[l]);
                cr_assert(!k || k->hash(bytes, n, seed) == pgs_hash(bytes, n, seed),
                          "%s: %zu bytes", LEVEL[l], n);
            }
        }
}

/* ---- squares of a row ---- */

/* The order of kernel.h, written as it is said there. */
static double squares_by_the_book(const double *row, size_t n, double about) {
    double acc[16] = {0};
    for (size_t i = 0; i < n; i++) {
        volatile double d = row[i] - about, square = d * d; /* volatile: each step rounds */
        acc[i % 16] += square;
    }
    for (size_t apart = 8; apart > 0; apart /= 2)
        for (size_t i = 0; i < apart; i++)
            acc[i] += acc[i + apart];
    return acc[0];
}

static void expect_squares(const double *row, size_t n, double about, kind k) {
    long double squares = 0;
    for (size_t i = 0; i < n; i++) {
        long double d = (long double)row[i] - (long double)about;
        squares += d * d;
    }
    double want = squares_by_the_book(row, n, about);
    cr_assert(fabsl(want - squares) <= 1e-13L * squares, "%s, n %zu", KIND[k], n);
    for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
        const pgs_kernels *level = pgs_kernels_find(LEVEL[l]);
        if (!level)
            continue;
        double got = level->row_squares(row, n, about);
        cr_assert(same_bits(&got, &want, sizeof want), "%s: %s, n %zu", LEVEL[l], KIND[k], n);
    }
}

Test(kernels, squares_have_the_order_of_their_definition) {
    for (kind k = 0; k < KINDS; k++)
        for (size_t n = 0; n <= N; n++) {
            double *row = row_of(&row_guard, n);
            fill(row, n, k);
            double mean = 0;
            for (size_t i = 0; i < n; i++)
                mean += row[i] / (double)n;
            expect_squares(row, n, mean, k);
            expect_squares(row, n, 0, k);
        }
}

/* ---- ranges, and what they settle ---- */

Test(kernels, a_lanes_range_is_its_least_and_largest_value) {
    for (size_t n_rows = 1; n_rows <= 9; n_rows++)
        for (size_t n = 0; n <= N; n++)
            for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
                const pgs_kernels *level = pgs_kernels_find(LEVEL[l]);
                size_t bytes = ((n_rows - 1) * N + n) * sizeof(double);
                double *rows = guard_last(&rows_guard, bytes, (64 - bytes % 64) % 64);
                double *low = row_of(&y_guard, n), *high = row_of(&xy_guard, n);
                if (!level)
                    continue;
                for (size_t t = 0; t < n_rows; t++)
                    fill(rows + t * N, n, (kind)((n + n_rows) % KINDS));
                level->lane_range(rows, n_rows, n, low, high);
                for (size_t i = 0; i < n; i++) {
                    double min = rows[i], max = rows[i];
                    for (size_t t = 1; t < n_rows; t++) {
                        min = fmin(min, rows[t * N + i]);
                        max = fmax(max, rows[t * N + i]);
                    }
                    cr_assert(low[i] == min && high[i] == max, "%s: n %zu, %zu rows, lane %zu",
                              LEVEL[l], n, n_rows, i);
                }
            }
}

/* On a bound, or one beside it. */
static double near(double bound) {
    return isinf(bound) ? value(RANDOM) : floor(bound) + (double)random_below(&r, 3) - 1;
}

static pgs_sieve random_sieve(void) {
    pgs_sieve s;
    for (int k = 0; k < 2; k++) {
        bool none = random_below(&r, 4) == 0;
        s.out_low[k] = none ? -INFINITY : value(RANDOM);
        s.in_low[k] = s.out_low[k] + (double)random_below(&r, 100);
        s.out_high[k] = none ? INFINITY : s.in_low[k] + value(RANDOM);
        s.in_high[k] = none ? INFINITY : s.out_high[k] - (double)random_below(&r, 100);
    }
    s.floor = value(RANDOM) / 16;
    s.ceiling = value(RANDOM) + 5e6;
    return s;
}

/* One lane by the words of kernel.h. */
static bool stays_open(const pgs_sieve *s, double low, double high, uint32_t beyond[2]) {
    bool open = low <= s->floor || high >= s->ceiling, out[2];
    for (int k = 0; k < 2; k++) {
        out[k] = high <= s->out_low[k] || low >= s->out_high[k];
        open |= !out[k] && !(low > s->in_low[k] && high < s->in_high[k]);
    }
    for (int k = 0; k < 2 && !open; k++)
        beyond[k] += out[k];
    return open;
}

Test(kernels, sift_settles_what_a_range_tells_and_leaves_the_rest_open) {
    static double low[N], high[N];
    for (size_t round = 0; round < 8; round++)
        for (size_t n = 0; n <= N; n++) {
            pgs_sieve s = random_sieve();
            const double bound[] = {s.out_low[0], s.in_low[0],  s.out_high[0], s.in_high[0],
                                    s.out_low[1], s.in_high[1], s.out_high[1], s.in_low[1],
                                    s.floor,      s.ceiling,    s.floor,       s.ceiling};
            uint8_t want[N] = {0};
            uint32_t beyond[2] = {0, 0};
            size_t n_open = 0;
            for (size_t i = 0; i < n; i++) {
                double a = value(RANDOM), b = near(bound[random_below(&r, 12)]);
                low[i] = fmin(a, b);
                high[i] = random_below(&r, 2) ? low[i] + (double)random_below(&r, 3) : fmax(a, b);
                want[i] = stays_open(&s, low[i], high[i], beyond);
                n_open += want[i];
            }
            for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
                const pgs_kernels *level = pgs_kernels_find(LEVEL[l]);
                uint8_t *open = guard_last(&delta_guard, n, 0);
                uint32_t got[2] = {9999, 9999};
                if (!level)
                    continue;
                level->sift(low, high, n, &s, open, got);
                cr_assert(n == 0 || memcmp(open, want, n) == 0, "%s: n %zu", LEVEL[l], n);
                cr_assert(got[0] == beyond[0] && got[1] == beyond[1], "%s: n %zu", LEVEL[l], n);
            }
            cr_assert(n < 100 || (n_open > 0 && n_open < n));
        }
}

/* ---- lines ---- */

typedef struct line_case {
    size_t n, n_rows;
    double x[9], scale[9], origin[N];
    double *rows;
} line_case;

static void make_lines(line_case *c, kind k, size_t n, size_t n_rows) {
    /* The last row ends at the guard; rows are PGS_ROW_LANES apart. */
    size_t bytes = n_rows == 0 ? 0 : ((n_rows - 1) * N + n) * sizeof(double);
    c->n = n;
    c->n_rows = n_rows;
    c->rows = guard_last(&rows_guard, bytes, (64 - bytes % 64) % 64);
    for (size_t t = 0; t < n_rows; t++) {
        fill(c->rows + t * N, n, k);
        c->x[t] = (double)random_below(&r, 20001) / 2 - 5000;
        c->scale[t] = random_below(&r, 2) ? 1 : 1 / (1 + (double)random_below(&r, 1 << 30));
    }
    for (size_t i = 0; i < n; i++)
        c->origin[i] = n_rows > 0 ? c->rows[i] * c->scale[0] : 0;
}

/* y, xy and yy of one lane, row by row, each step rounded. */
static void line_by_the_book(const line_case *c, size_t i, double sums[3]) {
    for (size_t t = 0; t < c->n_rows; t++) {
        volatile double y = c->rows[t * N + i] * c->scale[t];
        y = y - c->origin[i];
        volatile double xy = c->x[t] * y, yy = y * y;
        sums[0] += y;
        sums[1] += xy;
        sums[2] += yy;
    }
}

static pgs_line_sums run_lines(const pgs_kernels *level, const line_case *c) {
    double *origin = row_of(&origin_guard, c->n);
    pgs_line_sums sums = {row_of(&y_guard, c->n), row_of(&xy_guard, c->n), row_of(&yy_guard, c->n),
                          origin};
    memcpy(origin, c->origin, c->n * sizeof *origin);
    for (size_t i = 0; i < c->n; i++) {
        sums.y[i] = (double)i;
        sums.xy[i] = -(double)i / 3;
        sums.yy[i] = 1e10;
    }
    level->line_rows(&sums, c->rows, c->n_rows, c->x, c->scale, c->n);
    return sums;
}

static void expect_lines(const line_case *c) {
    for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
        const pgs_kernels *level = pgs_kernels_find(LEVEL[l]);
        if (!level)
            continue;
        pgs_line_sums got = run_lines(level, c);
        for (size_t i = 0; i < c->n; i++) {
            double want[3] = {(double)i, -(double)i / 3, 1e10};
            double have[3] = {got.y[i], got.xy[i], got.yy[i]};
            line_by_the_book(c, i, want);
            cr_assert(same_bits(have, want, sizeof want), "%s: n %zu, %zu rows, lane %zu", LEVEL[l],
                      c->n, c->n_rows, i);
        }
    }
}

Test(kernels, lines_are_summed_row_by_row) {
    static line_case c;
    for (size_t n = 0; n <= N; n += n < 70 ? 1 : 31)
        for (size_t n_rows = 0; n_rows <= 9; n_rows++) {
            make_lines(&c, (kind)((n + n_rows) % KINDS), n, n_rows);
            expect_lines(&c);
        }
}

/* ---- the choice ---- */

Test(kernels, base_is_always_there_and_the_default_is_the_best) {
    const pgs_kernels *best = base;
    cr_assert_not_null(base);
    for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
        const pgs_kernels *found = pgs_kernels_find(LEVEL[l]);
        cr_expect(!found || strcmp(found->name, LEVEL[l]) == 0);
        best = found ? found : best;
    }
    cr_expect_eq(pgs_kernels_get(), best);
    cr_expect_str_eq(pgs_simd_name(), best->name);
    cr_expect_eq(pgs_kernels_find(NULL), best);
}

Test(kernels, a_level_can_be_chosen_by_name) {
    pgs_err err = {0};
    for (size_t l = 0; l < PGS_COUNT_OF(LEVEL); l++) {
        if (!pgs_kernels_find(LEVEL[l]))
            continue;
        cr_assert_eq(pgs_simd_choose(LEVEL[l], &err), PGS_OK, "%s", err.msg);
        cr_expect_str_eq(pgs_simd_name(), LEVEL[l]);
        cr_expect_str_eq(pgs_kernels_get()->name, LEVEL[l]);
    }
    cr_assert_eq(pgs_simd_choose(NULL, &err), PGS_OK);
    cr_expect_eq(pgs_kernels_get(), pgs_kernels_find(NULL));
}

Test(kernels, another_name_is_an_error_and_changes_nothing) {
    static const char *const NAME[] = {"", "v5", "V3", "v3 ", "avx2", "auto", "best"};
    cr_assert_eq(pgs_simd_choose("base", NULL), PGS_OK);
    for (size_t i = 0; i < PGS_COUNT_OF(NAME); i++) {
        pgs_err err = {0};
        cr_expect_eq(pgs_simd_choose(NAME[i], &err), PGS_E_USAGE, "\"%s\"", NAME[i]);
        cr_expect_not_null(strstr(err.hint, "base, v3 or v4"), "%s", err.hint);
        cr_expect_str_eq(pgs_simd_name(), "base");
    }
}
