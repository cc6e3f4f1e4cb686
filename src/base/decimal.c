/* An integer and a power of ten, with PostgreSQL's choice of how many decimals a quotient keeps
 * (select_div_scale in its numeric.c: at least 16 significant digits, counted in groups of four).
 * GMP holds the integers: n * sum(x^2) of a thousand partitions does not fit 128 bits. */
#include "base/decimal.h"

#include <stdlib.h>

#include "base/base.h"

#define GROUP_DIGITS    4  /* PostgreSQL's numeric digits are base 10000 */
#define MIN_SIGNIFICANT 16 /* decimal digits a quotient keeps at least */

void pgs_decimal_init(pgs_decimal *d) {
    mpz_init(d->unscaled);
    d->scale = 0;
}

void pgs_decimal_reset(pgs_decimal *d) {
    mpz_clear(d->unscaled);
}

void pgs_decimal_set_int(pgs_decimal *d, int64_t value) {
    pgs_decimal_set_ratio(d, value, 0);
}

void pgs_decimal_set_wide(pgs_decimal *d, unsigned __int128 value) {
    mpz_set_ui(d->unscaled, (unsigned long)(value >> 64));
    mpz_mul_2exp(d->unscaled, d->unscaled, 64);
    mpz_add_ui(d->unscaled, d->unscaled, (unsigned long)value);
    d->scale = 0;
}

void pgs_decimal_set_ratio(pgs_decimal *d, int64_t digits, unsigned long scale) {
    _Static_assert(sizeof(long) == sizeof(int64_t), "GMP's long holds an int64_t");
    mpz_set_si(d->unscaled, digits);
    d->scale = scale;
}

static void mul_power_of_10(mpz_t out, const mpz_t a, unsigned long n) {
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, n);
    mpz_mul(out, a, power);
    mpz_clear(power);
}

/* Quotient rounded half away from zero; `b` > 0 is not required, but not 0. */
static void div_rounded(mpz_t out, const mpz_t a, const mpz_t b) {
    mpz_t rest;
    mpz_init(rest);
    int sign = mpz_sgn(a) * mpz_sgn(b);
    mpz_tdiv_qr(out, rest, a, b);
    mpz_mul_2exp(rest, rest, 1);
    if (mpz_cmpabs(rest, b) >= 0) {
        if (sign < 0)
            mpz_sub_ui(out, out, 1);
        else
            mpz_add_ui(out, out, 1);
    }
    mpz_clear(rest);
}

/* Bring copies of both to the larger scale. */
static unsigned long align(mpz_t x, mpz_t y, const pgs_decimal *a, const pgs_decimal *b) {
    unsigned long scale = a->scale > b->scale ? a->scale : b->scale;
    mul_power_of_10(x, a->unscaled, scale - a->scale);
    mul_power_of_10(y, b->unscaled, scale - b->scale);
    return scale;
}

void pgs_decimal_sub(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    unsigned long scale = align(x, y, a, b);
    mpz_sub(out->unscaled, x, y);
    out->scale = scale;
    mpz_clears(x, y, NULL);
}

void pgs_decimal_mul(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b) {
    unsigned long scale = a->scale + b->scale;
    mpz_mul(out->unscaled, a->unscaled, b->unscaled);
    out->scale = scale;
}

void pgs_decimal_abs(pgs_decimal *d) {
    mpz_abs(d->unscaled, d->unscaled);
}

/* The base-10000 weight of the value and its leading base-10000 digit: 12345.6 is 1 2345.6000,
 * weight 1, first digit 1. Zero has both 0. */
typedef struct leading {
    long weight;
    unsigned long digit;
} leading;

static leading leading_group(const pgs_decimal *d) {
    leading lead = {0, 0};
    if (mpz_sgn(d->unscaled) == 0)
        return lead;
    mpz_t digits;
    mpz_init(digits);
    mpz_abs(digits, d->unscaled);
    /* Pad, so that the decimals are whole groups of four. */
    unsigned long pad = (GROUP_DIGITS - d->scale % GROUP_DIGITS) % GROUP_DIGITS;
    mul_power_of_10(digits, digits, pad);
    long groups = 0;
    for (; mpz_cmp_ui(digits, 9999) > 0; groups++)
        mpz_tdiv_q_ui(digits, digits, 10000);
    lead.digit = mpz_get_ui(digits);
    lead.weight = groups - (long)((d->scale + pad) / GROUP_DIGITS);
    mpz_clear(digits);
    return lead;
}

static unsigned long quotient_scale(const pgs_decimal *a, const pgs_decimal *b) {
    leading x = leading_group(a), y = leading_group(b);
    long q = x.weight - y.weight - (x.digit <= y.digit);
    long scale = MIN_SIGNIFICANT - q * GROUP_DIGITS;
    if (scale < (long)a->scale)
        scale = (long)a->scale;
    if (scale < (long)b->scale)
        scale = (long)b->scale;
    return scale > 0 ? (unsigned long)scale : 0;
}

void pgs_decimal_div(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b) {
    pgs_decimal_div_to(out, a, b, quotient_scale(a, b));
}

void pgs_decimal_div_to(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b,
                        unsigned long scale) {
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    /* a/10^sa / (b/10^sb) * 10^scale = a * 10^(scale + sb) / (b * 10^sa) */
    mul_power_of_10(x, a->unscaled, scale + b->scale);
    mul_power_of_10(y, b->unscaled, a->scale);
    div_rounded(out->unscaled, x, y);
    out->scale = scale;
    mpz_clears(x, y, NULL);
}

void pgs_decimal_sqrt(pgs_decimal *out, const pgs_decimal *d, unsigned long scale) {
    mpz_t radicand, rest;
    mpz_inits(radicand, rest, NULL);
    /* floor(sqrt(d) * 10^(scale + 1)), then one digit is rounded away. Digits that the floor
     * cut off can only make it larger, and half rounds up anyway. */
    unsigned long wanted = 2 * (scale + 1);
    if (wanted >= d->scale) {
        mul_power_of_10(radicand, d->unscaled, wanted - d->scale);
    } else {
        mpz_ui_pow_ui(rest, 10, d->scale - wanted);
        mpz_tdiv_q(radicand, d->unscaled, rest);
    }
    mpz_sqrt(out->unscaled, radicand);
    out->scale = scale + 1;
    mpz_clears(radicand, rest, NULL);
    pgs_decimal_round(out, scale);
}

void pgs_decimal_round(pgs_decimal *d, unsigned long scale) {
    mpz_t power;
    mpz_init(power);
    if (scale >= d->scale) {
        mul_power_of_10(d->unscaled, d->unscaled, scale - d->scale);
    } else {
        mpz_ui_pow_ui(power, 10, d->scale - scale);
        div_rounded(d->unscaled, d->unscaled, power);
    }
    d->scale = scale;
    mpz_clear(power);
}

int pgs_decimal_cmp(const pgs_decimal *a, const pgs_decimal *b) {
    if (a->scale == b->scale)
        return mpz_cmp(a->unscaled, b->unscaled);
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    (void)align(x, y, a, b);
    int order = mpz_cmp(x, y);
    mpz_clears(x, y, NULL);
    return order;
}

double pgs_decimal_to_double(const pgs_decimal *d) {
    /* "digits e -scale" needs no decimal point, so no locale can spoil it; strtod rounds
     * correctly. 2^63 squared times the scales in use stays well below this many digits. */
    char text[400];
    if (mpz_sizeinbase(d->unscaled, 10) + 32 > sizeof text)
        return mpz_get_d(d->unscaled);
    mpz_get_str(text, 10, d->unscaled);
    size_t n = 0;
    while (text[n])
        n++;
    snprintf(text + n, sizeof text - n, "e-%lu", d->scale);
    return strtod(text, NULL);
}
