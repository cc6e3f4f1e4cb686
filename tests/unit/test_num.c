/* base/num.c: the fewest digits that read back, and numbers from text. The table's texts are the
 * shortest forms that the definition of repr() in other languages gives (David Gay's table and
 * Steele and White's examples); the random part needs no table at all. */
#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/scratch.h"

TestSuite(num, .fini = pgs_test_no_leaks);

static const struct {
    double value;
    const char *text;
} SHORTEST[] = {
    {0, "0.0"},
    {-0.0, "-0.0"},
    {1, "1.0"},
    {-1, "-1.0"},
    {15000, "15000.0"},
    {0.3, "0.3"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {2.0 / 3, "0.6666666666666666"},
    {100.0 / 3, "33.333333333333336"},
    {0.0001, "0.0001"},
    {0.00001, "1e-05"},
    {0.000123, "0.000123"},
    {0.0000123, "1.23e-05"},
    {1e15, "1000000000000000.0"},
    {1e16, "1e+16"},
    {1e21, "1e+21"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {1.5e300, "1.5e+300"},
    {9999999999999998, "9999999999999998.0"},
    {123456789012345680, "1.2345678901234568e+17"},
    {9007199254740991, "9007199254740991.0"},
    {9007199254740992, "9007199254740992.0"},
    {9007199254740993.0, "9007199254740992.0"},
    {9007199254740994, "9007199254740994.0"},
    {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: its 16 digits need the neighbour */
    {9.5367431640625e-07, "9.5367431640625e-07"},     /* 2^-20 */
    {2.2250738585072014e-308, "2.2250738585072014e-308"}, /* the smallest normal double */
    {2.225073858507201e-308, "2.225073858507201e-308"},   /* the largest below it */
    {5e-324, "5e-324"},
    {1e-323, "1e-323"},
    {1.5e-323, "1.5e-323"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {299792458, "299792458.0"},
    {0.8046875, "0.8046875"},
};

static const struct {
    double value;
    const char *text;
} PLAIN[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-15000, "-15000"},
    {0.3, "0.3"},
    {-0.5, "-0.5"},
    {1.0 / 3, "0.3333333333333333"},
    {361373.764923, "361373.764923"},
    {0.00001, "0.00001"},
    {1.23e-7, "0.000000123"},
    {1e-18, "0.000000000000000001"},
    {1e15, "1000000000000000"},
    {1e16, "10000000000000000"},
    {9007199254740991, "9007199254740991"},
    {123456789012345680, "123456789012345680"},
    {1e20, "100000000000000000000"},
    {1.5e300, "1.5e+300"},
};

Test(num, plain_numbers_have_no_exponent) {
    char text[PGS_NUM_TEXT_MAX];
    for (size_t i = 0; i < PGS_COUNT_OF(PLAIN); i++) {
        cr_expect_str_eq(pgs_num_plain(PLAIN[i].value, text), PLAIN[i].text);
        cr_expect_eq(strtod(text, NULL), PLAIN[i].value);
    }
}

Test(num, known_numbers_have_their_shortest_digits) {
    char text[PGS_NUM_TEXT_MAX];
    for (size_t i = 0; i < PGS_COUNT_OF(SHORTEST); i++)
        cr_expect_str_eq(pgs_num_format(SHORTEST[i].value, text), SHORTEST[i].text,
                         "%.17g gives %s, not %s", SHORTEST[i].value, text, SHORTEST[i].text);
}

/* Digits of a text, leading zeros and trailing zeros of the number not counted. */
static int n_digits(const char *text) {
    int n = 0, zeros = 0;
    for (const char *s = text; *s && *s != 'e'; s++) {
        if (*s < '0' || *s > '9' || (n == 0 && *s == '0'))
            continue;
        n++;
        zeros = *s == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

/* A shorter text exists if the nearest one of some length below n, or a neighbour of it in the
 * last place, reads back. */
static bool shorter_exists(double x, int n) {
    for (int k = 1; k < n; k++) {
        char nearest[40], *end;
        snprintf(nearest, sizeof nearest, "%.*e", k - 1, x);
        if (strtod(nearest, NULL) == x)
            return true;
        long exponent = strtol(strchr(nearest, 'e') + 1, &end, 10) - (k - 1);
        char digits[24] = {0};
        int m = 0;
        for (const char *s = nearest; *s != 'e'; s++)
            if (*s >= '0' && *s <= '9')
                digits[m++] = *s;
        for (int by = -1; by <= 1; by += 2) {
            char text[64];
            snprintf(text, sizeof text, "%llde%ld", strtoll(digits, NULL, 10) + by, exponent);
            if (strtod(text, NULL) == x)
                return true;
        }
    }
    return false;
}

static void check(double x) {
    char text[PGS_NUM_TEXT_MAX], *end;
    pgs_num_format(x, text);
    cr_assert(strtod(text, &end) == x && !*end, "%.17g does not read back from %s", x, text);
    cr_assert(strpbrk(text, ".e"), "%s looks like an integer", text);
    cr_assert_not(shorter_exists(fabs(x), n_digits(text)), "%.17g has a shorter text than %s", x,
                  text);
}

/* Up to 15 digits, up to six of them after the point, the last of them no zero: that is how they
 * are written again. */
Test(num, decimals_are_written_as_they_were_read) {
    random_state r = {10};
    for (int i = 0; i < 50000; i++) {
        char digits[20], written[24], text[PGS_NUM_TEXT_MAX];
        int decimals = 1 + (int)random_below(&r, 6);
        long long n = (long long)random_below(&r, INT64_C(1) << (8 + random_below(&r, 38)));
        int length = snprintf(digits, sizeof digits, "%0*lld", decimals + 1, n * 10 + 1 + i % 9);
        snprintf(written, sizeof written, "%.*s.%s", length - decimals, digits,
                 digits + length - decimals);
        double x = strtod(written, NULL);
        if (x >= 1e-4)
            cr_assert_str_eq(pgs_num_format(x, text), written);
    }
}

Test(num, random_bits_read_back_and_nothing_shorter_does) {
    random_state r = {7};
    for (int i = 0; i < 100000;) {
        uint64_t bits = random_bits(&r);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x) || x == 0)
            continue;
        check(x);
        i++;
    }
}

Test(num, subnormal_bits_read_back_and_nothing_shorter_does) {
    random_state r = {8};
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_bits(&r) >> (12 + random_below(&r, 51));
        double x;
        bits += bits == 0;
        memcpy(&x, &bits, sizeof x);
        check(x);
    }
}

Test(num, decimals_of_few_digits_come_back_as_they_were) {
    random_state r = {9};
    for (int i = 0; i < 50000; i++) {
        char in[40], out[PGS_NUM_TEXT_MAX];
        int decimals = 1 + (int)random_below(&r, 4);
        snprintf(in, sizeof in, "%lld.%0*lld", (long long)random_below(&r, 1000000), decimals,
                 (long long)random_below(&r, 10));
        double x = strtod(in, NULL);
        pgs_num_format(x, out);
        cr_assert_eq(strtod(out, NULL), x);
        cr_assert_leq(n_digits(out), n_digits(in), "%s became %s", in, out);
    }
    for (int exponent = -320; exponent < 308; exponent++)
        for (int digit = 1; digit < 10; digit++) {
            char in[16];
            snprintf(in, sizeof in, "%de%d", digit, exponent);
            check(strtod(in, NULL));
        }
    for (int exponent = -1074; exponent < 1024; exponent++) { /* uneven gaps on both sides */
        double power = ldexp(1, exponent);
        check(power);
        check(nextafter(power, 0) > 0 ? nextafter(power, 0) : power);
        check(nextafter(power, DBL_MAX));
    }
}

/* ---- a locale with a decimal comma ---- */

static bool comma_locale(void) {
    static const char *const NAME[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_AT.UTF-8", "es_ES.UTF-8",
                                       "pt_BR.UTF-8", "ru_RU.UTF-8", "nl_NL.UTF-8"};
    for (size_t i = 0; i < PGS_COUNT_OF(NAME); i++)
        if (setlocale(LC_ALL, NAME[i]) && *localeconv()->decimal_point == ',')
            return true;
    return false;
}

/* Compile one for this process alone. */
static bool make_comma_locale(scratch *dir) {
    char command[400];
    if (!scratch_make(dir))
        return false;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1",
             dir->path, dir->path);
    return system(command) == 0 && setenv("LOCPATH", dir->path, 1) == 0 && comma_locale();
}

Test(num, a_decimal_comma_elsewhere_changes_nothing_here) {
    scratch dir = {{0}};
    bool have = comma_locale() || make_comma_locale(&dir);
    scratch_remove(&dir);
    if (!have)
        cr_skip_test("SKIPPED: no locale with a decimal comma is installed or can be made");
    char text[PGS_NUM_TEXT_MAX];
    double value = 0;
    cr_expect_str_eq(pgs_num_format(0.30000000000000004, text), "0.30000000000000004");
    cr_expect_str_eq(pgs_num_format(1.5e300, text), "1.5e+300");
    cr_expect(pgs_real_parse("1.5", &value));
    cr_expect_eq(value, 1.5);
    cr_expect_not(pgs_real_parse("1,5", &value));
}

/* ---- integers from text ---- */

static const struct {
    const char *text;
    bool ok;
    int64_t value;
} INTEGER[] = {
    {"0", true, 0},
    {"-0", true, 0},
    {"42", true, 42},
    {"-42", true, -42},
    {"007", true, 7},
    {"9223372036854775807", true, INT64_MAX},
    {"-9223372036854775808", true, INT64_MIN},
    {"9223372036854775808", false, 0},
    {"-9223372036854775809", false, 0},
    {"99999999999999999999999", false, 0},
    {"", false, 0},
    {"-", false, 0},
    {"+1", false, 0},
    {"--1", false, 0},
    {" 1", false, 0},
    {"1 ", false, 0},
    {"1.0", false, 0},
    {"1e3", false, 0},
    {"0x10", false, 0},
    {"1,000", false, 0},
    {"\xD9\xA1", false, 0}, /* an Arabic-Indic digit */
};

Test(num, integers_from_text) {
    for (size_t i = 0; i < PGS_COUNT_OF(INTEGER); i++) {
        int64_t value = 77;
        cr_expect_eq(pgs_int_parse(INTEGER[i].text, INT64_MIN, INT64_MAX, &value), INTEGER[i].ok,
                     "\"%s\"", INTEGER[i].text);
        cr_expect_eq(value, INTEGER[i].ok ? INTEGER[i].value : 77, "\"%s\"", INTEGER[i].text);
    }
}

Test(num, an_integer_outside_its_range_is_refused) {
    int64_t value = 77;
    cr_expect(pgs_int_parse("0", 0, 9, &value) && value == 0);
    cr_expect(pgs_int_parse("9", 0, 9, &value) && value == 9);
    cr_expect_not(pgs_int_parse("-1", 0, 9, &value));
    cr_expect_not(pgs_int_parse("10", 0, 9, &value));
    cr_expect_eq(value, 9);
}

/* ---- reals from text ---- */

static const struct {
    const char *text;
    bool ok;
    double value;
} REAL[] = {
    {"0", true, 0},
    {"-0", true, -0.0},
    {"314.3333333333333333", true, 314.3333333333333333},
    {"+1.5", true, 1.5},
    {".5", true, 0.5},
    {"5.", true, 5},
    {"1e3", true, 1000},
    {"1E-3", true, 0.001},
    {"1.5e+3", true, 1500},
    {"1e-400", true, 0},
    {"1e400", false, 0},
    {"-1e400", false, 0},
    {"", false, 0},
    {".", false, 0},
    {"-", false, 0},
    {"e5", false, 0},
    {"1e", false, 0},
    {"1e+", false, 0},
    {"1.2.3", false, 0},
    {"1,5", false, 0},
    {" 1", false, 0},
    {"1 ", false, 0},
    {"0x1p3", false, 0},
    {"nan", false, 0},
    {"NaN", false, 0},
    {"inf", false, 0},
    {"Infinity", false, 0},
    {"--1", false, 0},
};

Test(num, reals_from_text) {
    for (size_t i = 0; i < PGS_COUNT_OF(REAL); i++) {
        double value = 77;
        cr_expect_eq(pgs_real_parse(REAL[i].text, &value), REAL[i].ok, "\"%s\"", REAL[i].text);
        cr_expect_eq(value, REAL[i].ok ? REAL[i].value : 77, "\"%s\"", REAL[i].text);
    }
}

static const struct {
    double a, b, larger, smaller;
} PAIR[] = {
    {1, 2, 2, 1},
    {2, 1, 2, 1},
    {-1, NAN, -1, -1},
    {NAN, -1, -1, -1},
    {NAN, NAN, NAN, NAN},
    {INFINITY, NAN, INFINITY, INFINITY},
    {-INFINITY, 3, 3, -INFINITY},
    {0.0, -0.0, 0.0, 0.0},
    {-0.0, 0.0, -0.0, -0.0},
};

Test(num, the_larger_and_the_smaller_are_the_same_bits_everywhere) {
    for (size_t i = 0; i < PGS_COUNT_OF(PAIR); i++) {
        double larger = pgs_larger(PAIR[i].a, PAIR[i].b),
               smaller = pgs_smaller(PAIR[i].a, PAIR[i].b);
        cr_expect(make_same(larger, PAIR[i].larger) && signbit(larger) == signbit(PAIR[i].larger),
                  "%g, %g: %g", PAIR[i].a, PAIR[i].b, larger);
        cr_expect(make_same(smaller, PAIR[i].smaller) &&
                      signbit(smaller) == signbit(PAIR[i].smaller),
                  "%g, %g: %g", PAIR[i].a, PAIR[i].b, smaller);
    }
}
