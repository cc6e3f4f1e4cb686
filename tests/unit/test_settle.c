/* The fast path of stats/: doubles decide where no tie is near. Here everything goes the long
 * way, in decimals, and the two must agree on ties, next to them and everywhere else. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "base/decimal.h"
#include "stats/stats.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/rows.h"

static pgs_decimal a, b, even;

static void set_up(void) {
    pgs_decimal_init(&a);
    pgs_decimal_init(&b);
    pgs_decimal_init(&even);
}

static void tear_down(void) {
    pgs_decimal_reset(&a);
    pgs_decimal_reset(&b);
    pgs_decimal_reset(&even);
    pgs_test_no_leaks();
}

TestSuite(settle, .init = set_up, .fini = tear_down);

/* ---- the long way ---- */

static double rounded(unsigned long scale) {
    pgs_decimal_round(&a, scale);
    return pgs_decimal_to_double(&a);
}

static double slow_skew(int64_t x, int64_t total, int64_t n_parts, pgs_health_status *status) {
    pgs_decimal_set_int(&b, n_parts);
    pgs_decimal_set_ratio(&even, 10, 1);
    pgs_decimal_div(&even, &even, &b);
    pgs_decimal_set_int(&a, x);
    pgs_decimal_set_int(&b, total);
    pgs_decimal_div(&a, &a, &b);
    pgs_decimal_sub(&a, &a, &even);
    pgs_decimal_abs(&a);
    pgs_decimal_div(&a, &a, &even);
    pgs_decimal_set_ratio(&b, 5, 1);
    *status = pgs_decimal_cmp(&a, &b) >= 0 ? PGS_UNBALANCED : PGS_HEALTHY;
    pgs_decimal_set_ratio(&b, 3, 1);
    if (*status == PGS_HEALTHY && pgs_decimal_cmp(&a, &b) >= 0)
        *status = PGS_WARNING;
    return rounded(4);
}

static double slow_percentage(int64_t part, int64_t total) {
    pgs_decimal_set_int(&a, part);
    pgs_decimal_set_ratio(&b, 1000, 1);
    pgs_decimal_mul(&a, &a, &b);
    pgs_decimal_set_int(&b, total);
    pgs_decimal_div(&a, &a, &b);
    return rounded(2);
}

static double slow_mb(int64_t bytes) {
    pgs_decimal_set_int(&a, bytes);
    pgs_decimal_set_int(&b, 1048576);
    pgs_decimal_div(&a, &a, &b);
    return rounded(4);
}

static double slow_kb(int64_t bytes, int64_t chunks) {
    pgs_decimal_set_int(&a, bytes);
    pgs_decimal_set_int(&b, chunks);
    pgs_decimal_div(&a, &a, &b);
    pgs_decimal_set_int(&b, 1024);
    pgs_decimal_div(&a, &a, &b);
    return rounded(4);
}

/* ---- numbers that are hard on purpose ---- */

/* A whole number of any size up to 2^53. */
static int64_t any_size(random_state *r) {
    return (int64_t)(random_bits(r) >> (11 + random_below(r, 50)));
}

static void check_column(const double *x, size_t n) {
    static double published[1024];
    static pgs_health_status status[1024];
    int64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += (int64_t)x[i];
    pgs_skew_column(x, n, published, status);
    for (size_t i = 0; i < n; i++) {
        pgs_health_status wanted = PGS_HEALTHY;
        double skew = total ? slow_skew((int64_t)x[i], total, (int64_t)n, &wanted) : 0;
        cr_assert_eq(published[i], skew, "%.0f of %lld in %zu: %.17g, not %.17g", x[i],
                     (long long)total, n, published[i], skew);
        cr_assert_eq(status[i], wanted, "%.0f of %lld in %zu", x[i], (long long)total, n);
    }
}

/* A column in which x[0]/total/even lies on `wanted` or as near as whole numbers come. */
static size_t make_column(random_state *r, double wanted, double *x) {
    size_t n = 2 + (size_t)random_below(r, 40);
    int64_t total = any_size(r) / 2 + 100;
    int64_t first = (int64_t)(wanted * (double)total / (double)n) + random_below(r, 3) - 1;
    first = first < 0 ? 0 : first > total ? total : first;
    int64_t left = total - first;
    x[0] = (double)first;
    for (size_t i = 1; i < n; i++) {
        int64_t part = i + 1 == n ? left : random_below(r, 2 * left / (int64_t)(n - i) + 1);
        part = part > left ? left : part;
        x[i] = (double)part;
        left -= part;
    }
    return n;
}

Test(settle, skews_of_random_columns_are_those_of_decimals) {
    static const double RATIO[] = {1.3, 0.7, 1.5, 0.5, 1.4, 0.6, 1, 0, 1.00005, 1.29995, 1.49995};
    random_state r = {2};
    double x[64];
    size_t n_values = 0;
    while (n_values < 60000) {
        double ratio = RATIO[random_below(&r, (int64_t)PGS_COUNT_OF(RATIO))];
        if (random_below(&r, 4) == 0) /* any tie of the fourth decimal */
            ratio = 1 + ((double)random_below(&r, 20000) - 9999.5) / 10000;
        size_t n = make_column(&r, ratio, x);
        check_column(x, n);
        n_values += n;
    }
}

Test(settle, skews_of_small_columns_are_all_the_same) {
    double x[3];
    for (int i = 0; i <= 40; i++)
        for (int j = 0; j <= 40; j++)
            for (int k = 0; k <= 8; k++) {
                x[0] = i, x[1] = j, x[2] = k;
                check_column(x, 3);
                check_column(x, 2);
            }
}

Test(settle, one_partition_with_everything_among_many) {
    static double x[1024];
    for (size_t n = 1; n <= 1024; n += 31) {
        x[0] = PGS_MAX_INTEGER;
        check_column(x, n);
        x[0] = 1;
        check_column(x, n);
    }
}

Test(settle, percentages_are_those_of_decimals) {
    random_state r = {3};
    for (int i = 0; i < 40000; i++) {
        int64_t total = any_size(&r) + 1, part = random_below(&r, total + 1);
        if (i % 2) /* k.005 % and its neighbours */
            part = (int64_t)((double)total * ((double)random_below(&r, 10000) + 0.5) / 10000) +
                   random_below(&r, 3) - 1;
        part = part < 0 ? 0 : part;
        cr_assert_eq(pgs_percentage((double)part, total), slow_percentage(part, total),
                     "%lld of %lld", (long long)part, (long long)total);
    }
    for (int64_t total = 1; total < 70; total++)
        for (int64_t part = 0; part <= total; part++)
            cr_assert_eq(pgs_percentage((double)part, total), slow_percentage(part, total));
    cr_assert_eq(pgs_percentage(PGS_MAX_INTEGER, INT64_MAX),
                 slow_percentage(INT64_C(1) << 53, INT64_MAX));
}

Test(settle, megabytes_are_those_of_decimals) {
    random_state r = {4};
    for (int i = 0; i < 40000; i++) {
        int64_t bytes = any_size(&r);
        if (i % 2) /* bytes/2^20 on k.00005 exactly, where 2^20 allows: multiples of 32768/625 */
            bytes = (2 * random_below(&r, 1 << 20) + 1) * 32768 / 625 + random_below(&r, 3) - 1;
        bytes = bytes < 0 ? 0 : bytes;
        cr_assert_eq(pgs_size_mb((double)bytes), slow_mb(bytes), "%lld", (long long)bytes);
    }
    for (int64_t k = 1; k < 64; k += 2) /* 32768 is 0.03125 MB: a tie */
        cr_assert_eq(pgs_size_mb((double)(k * 32768)), slow_mb(k * 32768));
    cr_assert_eq(pgs_size_mb(PGS_MAX_INTEGER), slow_mb(INT64_C(1) << 53));
}

Test(settle, kilobytes_per_chunk_are_those_of_decimals) {
    random_state r = {5};
    for (int i = 0; i < 40000; i++) {
        int64_t bytes = any_size(&r), chunks = any_size(&r) / 4 + 1;
        if (i % 2) { /* bytes/chunks/1024 near k.00005 */
            chunks = random_below(&r, 100000) + 1;
            double tie = ((double)random_below(&r, 100000) + 0.5) / 10000;
            bytes = (int64_t)((double)chunks * 1024 * tie) + random_below(&r, 3) - 1;
            bytes = bytes < 0 ? 0 : bytes;
        }
        cr_assert_eq(pgs_chunk_size_kb((double)bytes, (double)chunks), slow_kb(bytes, chunks),
                     "%lld / %lld", (long long)bytes, (long long)chunks);
    }
    for (int64_t chunks = 1; chunks < 4000; chunks *= 3) /* 32/1024 = 0.03125: a tie */
        cr_assert_eq(pgs_chunk_size_kb((double)(32 * chunks), (double)chunks),
                     slow_kb(32 * chunks, chunks));
    cr_assert_eq(pgs_chunk_size_kb(PGS_MAX_INTEGER, 1), slow_kb(INT64_C(1) << 53, 1));
    cr_assert_eq(pgs_chunk_size_kb(PGS_MAX_INTEGER, 3), slow_kb(INT64_C(1) << 53, 3));
    cr_assert_eq(pgs_chunk_size_kb(1, PGS_MAX_INTEGER), slow_kb(1, INT64_C(1) << 53));
}

/* ---- what settling itself promises ---- */

Test(settle, a_tie_and_its_neighbourhood_are_left_to_decimals) {
    static const struct {
        double approx;
        int digits;
    } CLOSE[] = {
        {0.5, 0},    {0.00005, 4}, {0.29995, 4},  {0.299950099, 4}, {0.299949901, 4},
        {12.345, 2}, {NAN, 4},     {INFINITY, 4}, {1e7, 4},         {9007199254740992.0, 0}};
    double out;
    for (size_t i = 0; i < PGS_COUNT_OF(CLOSE); i++)
        cr_expect_not(pgs_settle(CLOSE[i].approx, CLOSE[i].digits, &out), "%.17g", CLOSE[i].approx);
}

Test(settle, elsewhere_the_nearest_double_of_the_rounded_decimal) {
    static const struct {
        double approx;
        int digits;
        double rounded;
    } CLEAR[] = {{0, 4, 0},
                 {0.3, 4, 0.3},
                 {0.29996, 4, 0.3},
                 {0.299941, 4, 0.2999},
                 {12.3449, 2, 12.34},
                 {12.3451, 2, 12.35},
                 {99.99999, 2, 100},
                 {0.00004, 4, 0},
                 {999999.12344, 4, 999999.1234}};
    for (size_t i = 0; i < PGS_COUNT_OF(CLEAR); i++) {
        double out = -1;
        cr_expect(pgs_settle(CLEAR[i].approx, CLEAR[i].digits, &out), "%.17g", CLEAR[i].approx);
        cr_expect_eq(out, CLEAR[i].rounded, "%.17g gives %.17g", CLEAR[i].approx, out);
    }
}

/* ---- a column for every recorded skew ---- */

/* Give the rest of the total to the other partitions, unevenly but exactly. */
static void spread(double *x, size_t n, int64_t rest) {
    for (size_t i = 1; i < n; i++) {
        int64_t part = i + 1 == n ? rest : rest / (int64_t)(n - i);
        x[i] = (double)part;
        rest -= part;
    }
}

Test(settle, every_recorded_skew_comes_out_of_a_column) {
    enum { PARTITIONS, COUNT, TOTAL, EVEN, FRACTION, SKEW, ROUNDED, STATUS };
    static rows r;
    static double x[1000], published[1000];
    static pgs_health_status status[1000];
    int n_columns = 0;
    cr_assert(rows_open(&r, FIXTURES "/reference/numeric-skew.csv"));
    while (rows_next(&r)) {
        size_t n = strtoul(r.cell[PARTITIONS], NULL, 10);
        int64_t count = strtoll(r.cell[COUNT], NULL, 10);
        int64_t total = strtoll(r.cell[TOTAL], NULL, 10);
        if (n == 1 && count != total) /* no column has such a part of its own sum */
            continue;
        x[0] = (double)count;
        spread(x, n, total - count);
        pgs_skew_column(x, n, published, status);
        cr_expect_eq(published[0], strtod(r.cell[ROUNDED], NULL), "line %d", r.number);
        cr_expect_str_eq(pgs_health_status_name(status[0]), r.cell[STATUS], "line %d", r.number);
        n_columns++;
    }
    cr_assert_eq(n_columns, 1075);
}
