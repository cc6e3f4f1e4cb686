/* Shortest digits: the fewest that read back to the same double, and of those the nearest. A
 * double has at most 17 significant digits; 15 always survive the trip from text, so there are
 * three lengths to try. (Below DBL_MIN precision fades, down to one digit at 5e-324: there every
 * length is tried.) At 16, where the gaps below and above a power of two differ, the
 * correctly rounded text may miss while its neighbour hits; both neighbours are tried.
 *
 * printf and strtod obey the locale's decimal point. Here digits and exponent are taken apart
 * and put together without one. */
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

typedef struct digits {
    char digit[20]; /* '0'..'9', no leading or trailing zeros, NUL-terminated */
    int exponent;   /* of the first digit: 1.5 is "15", 0 */
} digits;

static digits take_digits(double magnitude, int n) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", n - 1, magnitude);
    digits d = {{0}, 0};
    const char *e = strchr(text, 'e');
    size_t k = 0;
    for (const char *s = text; s < e; s++)
        if (*s >= '0' && *s <= '9')
            d.digit[k++] = *s;
    d.exponent = (int)strtol(e + 1, NULL, 10);
    return d;
}

static bool reads_back(const digits *d, double magnitude) {
    char text[40];
    int n = (int)strlen(d->digit);
    snprintf(text, sizeof text, "%se%d", d->digit, d->exponent - (n - 1));
    return strtod(text, NULL) == magnitude;
}

/* The neighbour one unit away in the last of the digits; false where it would carry out. */
static bool nudge(digits *d, int by) {
    for (size_t i = strlen(d->digit); i-- > 0; d->digit[i] = by > 0 ? '0' : '9') {
        if (d->digit[i] != (by > 0 ? '9' : '0')) {
            d->digit[i] = (char)(d->digit[i] + by);
            return d->digit[0] != '0';
        }
    }
    return false;
}

/* Most numbers have four decimals at most: n / 10^k with n below 10^15. The division is correctly
 * rounded, as reading the text is, and no other text of at most 15 digits reads back to the same
 * double: where it gives the magnitude again, n has the digits, and the search below is spared. */
static bool few_decimals(double magnitude, digits *d) {
    static const double TEN[] = {1, 10, 100, 1000, 10000};
    char text[PGS_NUM_TEXT_MAX];
    for (size_t k = 0; k < PGS_COUNT_OF(TEN) && magnitude * TEN[k] < 1e15; k++) {
        int64_t n = (int64_t)(magnitude * TEN[k] + 0.5);
        if ((double)n / TEN[k] != magnitude)
            continue;
        strcpy(d->digit, pgs_int_format(n, text));
        d->exponent = (int)strlen(text) - 1 - (int)k;
        return true;
    }
    return false;
}

static digits shortest(double magnitude) {
    digits few;
    if (few_decimals(magnitude, &few))
        return few;
    for (int n = magnitude < DBL_MIN ? 1 : DBL_DIG; n < 17; n++) {
        digits d = take_digits(magnitude, n), up = d, down = d;
        if (reads_back(&d, magnitude))
            return d;
        if (nudge(&up, 1) && reads_back(&up, magnitude))
            return up;
        if (nudge(&down, -1) && reads_back(&down, magnitude))
            return down;
    }
    return take_digits(magnitude, 17);
}

/* The shortest, without the zeros at its end. */
static digits fewest(double magnitude) {
    digits d = shortest(magnitude);
    for (size_t n = strlen(d.digit); n > 1 && d.digit[n - 1] == '0';)
        d.digit[--n] = '\0';
    return d;
}

/* ddd.ddd or d.ddde+XX, by the magnitude's exponent. */
static void lay_out(const digits *d, char *out, size_t size) {
    int n = (int)strlen(d->digit), point = d->exponent + 1;
    if (d->exponent < -4 || d->exponent >= 16)
        snprintf(out, size, "%c%s%se%+03d", d->digit[0], n > 1 ? "." : "", d->digit + 1,
                 d->exponent);
    else if (point <= 0)
        snprintf(out, size, "0.%.*s%s", -point, "0000", d->digit);
    else if (point >= n)
        snprintf(out, size, "%s%.*s.0", d->digit, point - n, "0000000000000000");
    else
        snprintf(out, size, "%.*s.%s", point, d->digit, d->digit + point);
}

const char *pgs_num_format(double value, char out[PGS_NUM_TEXT_MAX]) {
    if (value == 0)
        return strcpy(out, signbit(value) ? "-0.0" : "0.0");
    digits d = fewest(fabs(value));
    out[0] = '-';
    lay_out(&d, out + (value < 0), PGS_NUM_TEXT_MAX - (value < 0));
    return out;
}

const char *pgs_num_plain(double value, char out[PGS_NUM_TEXT_MAX]) {
    static const char ZEROS[] = "00000000000000000000";
    if (value == 0)
        return strcpy(out, "0");
    digits d = fewest(fabs(value));
    int n = (int)strlen(d.digit), point = d.exponent + 1;
    const char *sign = value < 0 ? "-" : "";
    if (point < -18 || point > 21)
        return pgs_num_format(value, out);
    if (point <= 0)
        snprintf(out, PGS_NUM_TEXT_MAX, "%s0.%.*s%.17s", sign, -point, ZEROS, d.digit);
    else if (point >= n)
        snprintf(out, PGS_NUM_TEXT_MAX, "%s%.17s%.*s", sign, d.digit, point - n, ZEROS);
    else
        snprintf(out, PGS_NUM_TEXT_MAX, "%s%.*s.%s", sign, point, d.digit, d.digit + point);
    return out;
}

const char *pgs_int_format(int64_t value, char out[PGS_NUM_TEXT_MAX]) {
    char backwards[20];
    size_t n = 0;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        backwards[n++] = (char)('0' + left % 10);
    while (left /= 10);
    char *to = out;
    if (value < 0)
        *to++ = '-';
    while (n > 0)
        *to++ = backwards[--n];
    *to = '\0';
    return out;
}

bool pgs_int_parse(const char *text, int64_t min, int64_t max, int64_t *out) {
    const char *s = text + (*text == '-');
    if (*s < '0' || *s > '9' || s[strspn(s, "0123456789")] != '\0')
        return false;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno != 0 || value < min || value > max)
        return false;
    *out = value;
    return true;
}

/* Sign, digits with at most one point, optional exponent: what every exporter writes, and not
 * what strtod takes besides (hexadecimal, "nan", "inf", blanks). */
static bool looks_like_number(const char *s) {
    s += *s == '-' || *s == '+';
    size_t whole = strspn(s, "0123456789"), decimals = 0;
    s += whole;
    if (*s == '.') {
        decimals = strspn(++s, "0123456789");
        s += decimals;
    }
    if (whole + decimals == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        if (*s < '0' || *s > '9')
            return false;
        s += strspn(s, "0123456789");
    }
    return *s == '\0';
}

bool pgs_real_parse(const char *text, double *out) {
    /* Not strtod(): where the locale has a decimal comma it reads "1.5" as 1. */
    locale_t plain = looks_like_number(text) ? newlocale(LC_ALL_MASK, "C", (locale_t)0) : NULL;
    if (!plain)
        return false;
    double value = strtod_l(text, NULL, plain);
    freelocale(plain);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}
