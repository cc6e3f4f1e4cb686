/* base/decimal.c against PostgreSQL's own numeric: every recorded quotient, digit by digit. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/base.h"
#include "base/decimal.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/rows.h"

static char text[2048];

/* "-0.0301" for -301 with scale 4: as numeric prints. */
static const char *print(const pgs_decimal *d) {
    char digits[1024];
    cr_assert_lt(mpz_sizeinbase(d->unscaled, 10), sizeof digits - 2);
    cr_assert_lt(d->scale, 900UL);
    mpz_t magnitude;
    mpz_init(magnitude);
    mpz_abs(magnitude, d->unscaled);
    mpz_get_str(digits, 10, magnitude);
    mpz_clear(magnitude);
    size_t n = strlen(digits), whole = n > d->scale ? n - d->scale : 0;
    char *s = text;
    if (mpz_sgn(d->unscaled) < 0)
        *s++ = '-';
    s += sprintf(s, "%.*s", (int)whole, whole ? digits : "");
    if (whole == 0)
        *s++ = '0';
    if (d->scale > 0)
        sprintf(s, ".%0*d%s", (int)(d->scale - (n - whole)), 0, digits + whole);
    if (d->scale > 0 && d->scale == n - whole) /* "%0*d" prints one 0 for width 0 */
        sprintf(s, ".%s", digits + whole);
    return text;
}

/* Read "12.50" into 1250, scale 2. */
static void scan(pgs_decimal *d, const char *number) {
    char digits[256];
    const char *point = strchr(number, '.');
    size_t whole = point ? (size_t)(point - number) : strlen(number);
    snprintf(digits, sizeof digits, "%.*s%s", (int)whole, number, point ? point + 1 : "");
    cr_assert_eq(mpz_set_str(d->unscaled, digits, 10), 0, "%s", number);
    d->scale = point ? strlen(point + 1) : 0;
}

static pgs_decimal a, b, c, d;

static void set_up(void) {
    pgs_decimal_init(&a);
    pgs_decimal_init(&b);
    pgs_decimal_init(&c);
    pgs_decimal_init(&d);
}

static void tear_down(void) {
    pgs_decimal_reset(&a);
    pgs_decimal_reset(&b);
    pgs_decimal_reset(&c);
    pgs_decimal_reset(&d);
    pgs_test_no_leaks();
}

TestSuite(numeric, .init = set_up, .fini = tear_down);

/* ---- recorded quotients ---- */

static int64_t whole(const char *cell) {
    return strtoll(cell, NULL, 10);
}

static const char *status_of(const pgs_decimal *skew) {
    pgs_decimal_set_ratio(&d, 5, 1);
    if (pgs_decimal_cmp(skew, &d) >= 0)
        return "UNBALANCED";
    pgs_decimal_set_ratio(&d, 3, 1);
    return pgs_decimal_cmp(skew, &d) >= 0 ? "WARNING" : "HEALTHY";
}

Test(numeric, every_recorded_skew_has_the_same_digits) {
    enum { PARTITIONS, COUNT, TOTAL, EVEN, FRACTION, SKEW, ROUNDED, STATUS };
    static rows r;
    int n = 0;
    cr_assert(rows_open(&r, FIXTURES "/reference/numeric-skew.csv"));
    for (; rows_next(&r); n++) {
        int64_t total = whole(r.cell[TOTAL]);
        pgs_decimal_set_int(&b, whole(r.cell[PARTITIONS]));
        pgs_decimal_set_ratio(&a, 10, 1);
        pgs_decimal_div(&a, &a, &b); /* a: 1.0/P */
        cr_expect_str_eq(print(&a), r.cell[EVEN], "line %d", r.number);
        pgs_decimal_set_int(&c, 0); /* without rows the skew is 0 */
        if (total != 0) {
            pgs_decimal_set_int(&c, whole(r.cell[COUNT]));
            pgs_decimal_set_int(&b, total);
            pgs_decimal_div(&c, &c, &b); /* c: count/T */
            cr_expect_str_eq(print(&c), r.cell[FRACTION], "line %d", r.number);
            pgs_decimal_sub(&c, &c, &a);
            pgs_decimal_abs(&c);
            pgs_decimal_div(&c, &c, &a);
        }
        cr_expect_str_eq(print(&c), r.cell[SKEW], "line %d", r.number);
        cr_expect_str_eq(status_of(&c), r.cell[STATUS], "line %d", r.number);
        pgs_decimal_round(&c, 4);
        cr_expect_str_eq(print(&c), r.cell[ROUNDED], "line %d", r.number);
        cr_expect_eq(pgs_decimal_to_double(&c), strtod(r.cell[ROUNDED], NULL), "line %d", r.number);
    }
    cr_assert_eq(n, 1089);
}

/* sum in a, sum of squares in b, number in *n */
static void add_values(char *values, int64_t *n) {
    __int128 sum = 0, squares = 0;
    char *end;
    *n = 0;
    for (char *word = strtok_r(values, " ", &end); word; word = strtok_r(NULL, " ", &end)) {
        __int128 x = whole(word);
        sum += x;
        squares += x * x;
        ++*n;
    }
    cr_assert(sum >= 0 && sum <= INT64_MAX);
    pgs_decimal_set_int(&a, (int64_t)sum);
    pgs_decimal_set_wide(&b, (unsigned __int128)squares);
}

/* c: the sample variance's root at the variance's scale; 0 without variance. */
static void make_stddev(int64_t n) {
    pgs_decimal_set_int(&d, n);
    pgs_decimal_mul(&b, &b, &d);
    pgs_decimal_mul(&c, &a, &a);
    pgs_decimal_sub(&c, &b, &c);
    pgs_decimal_set_int(&d, n * (n - 1));
    if (mpz_sgn(c.unscaled) <= 0 || n < 2) {
        pgs_decimal_set_int(&c, 0);
        return;
    }
    pgs_decimal_div(&c, &c, &d);
    pgs_decimal_sqrt(&c, &c, c.scale);
}

Test(numeric, every_recorded_aggregate_has_the_same_digits) {
    enum { VALUES, SUM, AVG, STDDEV, AVG_JSON, STDDEV_JSON };
    static rows r;
    int n_rows = 0;
    cr_assert(rows_open(&r, FIXTURES "/reference/numeric-aggregate.csv"));
    for (; rows_next(&r); n_rows++) {
        int64_t n;
        add_values(r.cell[VALUES], &n);
        cr_expect_str_eq(print(&a), r.cell[SUM], "line %d", r.number);
        make_stddev(n);
        if (*r.cell[STDDEV]) /* one value has none */
            cr_expect_str_eq(print(&c), r.cell[STDDEV], "line %d", r.number);
        cr_expect_eq(pgs_decimal_to_double(&c), strtod(r.cell[STDDEV_JSON], NULL), "line %d",
                     r.number);
        pgs_decimal_set_int(&d, n);
        pgs_decimal_div(&a, &a, &d);
        cr_expect_str_eq(print(&a), r.cell[AVG], "line %d", r.number);
        cr_expect_eq(pgs_decimal_to_double(&a), strtod(r.cell[AVG_JSON], NULL), "line %d",
                     r.number);
    }
    cr_assert_eq(n_rows, 160);
}

/* ---- rounding, by hand ---- */

static const struct {
    const char *name, *value;
    unsigned long scale;
    const char *rounded;
} ROUND[] = {
    {"half goes away from zero", "0.5", 0, "1"},
    {"half goes away from zero below it too", "-0.5", 0, "-1"},
    {"just under a half", "0.49999999999999999999", 0, "0"},
    {"an even digit is no excuse", "2.5", 0, "3"},
    {"four decimals", "0.29995", 4, "0.3000"},
    {"just under four decimals", "0.29994999", 4, "0.2999"},
    {"a carry through every digit", "9.99995", 4, "10.0000"},
    {"a longer scale adds zeros", "1.5", 3, "1.500"},
    {"the same scale keeps it", "1.25", 2, "1.25"},
    {"zero stays zero", "0.00", 1, "0.0"},
};

Test(numeric, rounding_goes_by_the_table) {
    for (size_t i = 0; i < PGS_COUNT_OF(ROUND); i++) {
        scan(&a, ROUND[i].value);
        pgs_decimal_round(&a, ROUND[i].scale);
        cr_expect_str_eq(print(&a), ROUND[i].rounded, "%s", ROUND[i].name);
    }
}

/* Scales by the rule of PostgreSQL's documentation of numeric division, worked out by hand:
 * weights and first base-10000 digits of both operands in the comments. */
static const struct {
    const char *name, *a, *b, *quotient;
} DIVIDE[] = {
    {"1/3: w 0-0, f 1 <= 3, q -1", "1", "3", "0.33333333333333333333"},
    {"3/1: w 0-0, f 3 > 1, q 0", "3", "1", "3.0000000000000000"},
    {"equal first digits count as smaller, q -1", "2", "2", "1.00000000000000000000"},
    {"10000/3: w 1-0, f 1 <= 3, q 0", "10000", "3", "3333.3333333333333333"},
    {"90000/3: w 1-0, f 9 > 3, q 1", "90000", "3", "30000.000000000000"},
    {"1/30000: w 0-1, f 1 <= 3, q -2", "1", "30000", "0.000033333333333333333333"},
    {"the dividend's scale is a floor", "1.000000000000000000000000", "3",
     "0.333333333333333333333333"},
    {"the divisor's scale is a floor", "90000000000000000", "1.0", "90000000000000000.0"},
    {"zero has weight 0 and digit 0, q -1", "0", "7", "0.00000000000000000000"},
    {"a negative tie goes away from zero", "-1", "3", "-0.33333333333333333333"},
    {"both negative", "-2", "-3", "0.66666666666666666667"},
    {"0.0001 has weight -1", "0.0001", "3", "0.000033333333333333333333"},
    {"0.01 is the digit 100 of weight -1", "0.01", "3", "0.00333333333333333333"},
};

Test(numeric, quotients_keep_the_scale_of_the_rule) {
    for (size_t i = 0; i < PGS_COUNT_OF(DIVIDE); i++) {
        scan(&a, DIVIDE[i].a);
        scan(&b, DIVIDE[i].b);
        pgs_decimal_div(&a, &a, &b);
        cr_expect_str_eq(print(&a), DIVIDE[i].quotient, "%s", DIVIDE[i].name);
    }
}

Test(numeric, results_may_be_an_operand) {
    pgs_decimal_set_ratio(&a, 15, 1);
    pgs_decimal_set_ratio(&b, 25, 2);
    pgs_decimal_sub(&a, &a, &b);
    cr_assert_str_eq(print(&a), "1.25");
    pgs_decimal_sub(&b, &a, &b);
    cr_assert_str_eq(print(&b), "1.00");
    pgs_decimal_mul(&a, &a, &a);
    cr_assert_str_eq(print(&a), "1.5625");
    pgs_decimal_sub(&a, &a, &a);
    cr_assert_str_eq(print(&a), "0.0000");
    pgs_decimal_div_to(&b, &b, &b, 3);
    cr_assert_str_eq(print(&b), "1.000");
}

Test(numeric, comparing_ignores_the_scale) {
    pgs_decimal_set_ratio(&a, 300, 3);
    pgs_decimal_set_ratio(&b, 3, 1);
    cr_assert_eq(pgs_decimal_cmp(&a, &b), 0);
    pgs_decimal_set_ratio(&a, 29999999, 8);
    cr_assert_lt(pgs_decimal_cmp(&a, &b), 0);
    cr_assert_gt(pgs_decimal_cmp(&b, &a), 0);
    pgs_decimal_set_ratio(&a, -3, 1);
    cr_assert_lt(pgs_decimal_cmp(&a, &b), 0);
}

Test(numeric, whole_numbers_reach_to_both_ends_of_64_bits) {
    pgs_decimal_set_int(&a, INT64_MAX);
    cr_assert_str_eq(print(&a), "9223372036854775807");
    pgs_decimal_set_int(&a, INT64_MIN);
    cr_assert_str_eq(print(&a), "-9223372036854775808");
}

/* ---- roots ---- */

static const struct {
    const char *name, *square;
    unsigned long scale;
    const char *root;
} ROOT[] = {
    {"a square number", "144", 0, "12"},
    {"two", "2", 20, "1.41421356237309504880"},
    {"a half is rounded up", "6.25", 0, "3"},
    {"just under a half", "6.2499999999", 0, "2"},
    {"more decimals than the root keeps", "2.0000000000000001", 2, "1.41"},
    {"zero", "0", 4, "0.0000"},
    {"smaller than the last digit", "0.00000001", 2, "0.00"},
};

Test(numeric, roots_go_by_the_table) {
    for (size_t i = 0; i < PGS_COUNT_OF(ROOT); i++) {
        scan(&a, ROOT[i].square);
        pgs_decimal_sqrt(&b, &a, ROOT[i].scale);
        cr_expect_str_eq(print(&b), ROOT[i].root, "%s", ROOT[i].name);
    }
}

/* ---- to doubles ---- */

Test(numeric, the_nearest_double_and_ties_to_even) {
    scan(&a, "9007199254740993"); /* between two doubles */
    cr_assert_eq(pgs_decimal_to_double(&a), 9007199254740992.0);
    scan(&a, "9007199254740993.00000000000000000001");
    cr_assert_eq(pgs_decimal_to_double(&a), 9007199254740994.0);
    scan(&a, "9007199254740995");
    cr_assert_eq(pgs_decimal_to_double(&a), 9007199254740996.0);
    scan(&a, "0.1");
    cr_assert_eq(pgs_decimal_to_double(&a), 0.1);
    scan(&a, "-0.30000000000000000000");
    cr_assert_eq(pgs_decimal_to_double(&a), -0.3);
}

Test(numeric, the_nearest_double_of_random_decimals) {
    random_state r = {1};
    for (int i = 0; i < 20000; i++) {
        pgs_decimal_set_ratio(&a, (int64_t)random_bits(&r), (unsigned long)random_below(&r, 30));
        cr_assert_eq(pgs_decimal_to_double(&a), strtod(print(&a), NULL), "%s", print(&a));
    }
}
