/* Exact decimals that divide as PostgreSQL's numeric does.
 *
 * Published numbers must equal the guide's, and the guide's came out of numeric: a quotient is
 * cut at a scale that depends on its operands, rounded half away from zero, and compared to the
 * thresholds like that. Doubles and exact fractions both give other statuses on boundaries. */
#ifndef PGSKEW_DECIMAL_H
#define PGSKEW_DECIMAL_H

#include <gmp.h>
#include <stdbool.h>
#include <stdint.h>

/* unscaled / 10^scale */
typedef struct pgs_decimal {
    mpz_t unscaled;
    unsigned long scale; /* decimal digits after the point */
} pgs_decimal;

void pgs_decimal_init(pgs_decimal *d); /* 0, scale 0 */
void pgs_decimal_reset(pgs_decimal *d);

/* `value` is a whole number of magnitude at most 2^63. */
void pgs_decimal_set_int(pgs_decimal *d, int64_t value);

/* A sum of squares: up to 2^127. */
void pgs_decimal_set_wide(pgs_decimal *d, unsigned __int128 value);

/* digits/10^scale, for constants: 0.3 is (3, 1). */
void pgs_decimal_set_ratio(pgs_decimal *d, int64_t digits, unsigned long scale);

/* Results may be one of the operands. */
void pgs_decimal_sub(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b);
void pgs_decimal_mul(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b);
void pgs_decimal_abs(pgs_decimal *d);

/* a / b as PostgreSQL 15 does it: kept to
 *     max(16 - 4q, scale(a), scale(b), 0)
 * decimals, q = w1 - w2 (less 1 where f1 <= f2) from the base-10000 weights w and leading
 * base-10000 digits f of both; rounded half away from zero. b is not 0. */
void pgs_decimal_div(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b);

/* a / b rounded half away from zero to `scale` decimals, whatever PostgreSQL would keep. */
void pgs_decimal_div_to(pgs_decimal *out, const pgs_decimal *a, const pgs_decimal *b,
                        unsigned long scale);

/* Square root of d >= 0, rounded half away from zero to `scale` decimals. */
void pgs_decimal_sqrt(pgs_decimal *out, const pgs_decimal *d, unsigned long scale);

/* Round half away from zero to `scale` decimals. */
void pgs_decimal_round(pgs_decimal *d, unsigned long scale);

int pgs_decimal_cmp(const pgs_decimal *a, const pgs_decimal *b); /* <0, 0, >0 */

/* The nearest double, ties to even; the value's magnitude is below 1e300. */
double pgs_decimal_to_double(const pgs_decimal *d);

#endif
