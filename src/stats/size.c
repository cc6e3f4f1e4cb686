/* Sizes in the units the guide publishes. */
#include <math.h>

#include "base/decimal.h"
#include "stats/stats.h"

/* x / y / z, each division at its own numeric scale; 4 decimals. */
static double quotient(double x, double y, int64_t z) {
    double out;
    if (pgs_settle(x / y / (double)z, 4, &out))
        return out;
    pgs_decimal a, b;
    pgs_decimal_init(&a);
    pgs_decimal_init(&b);
    pgs_decimal_set_int(&a, (int64_t)x);
    pgs_decimal_set_int(&b, (int64_t)y);
    pgs_decimal_div(&a, &a, &b);
    pgs_decimal_set_int(&b, z);
    pgs_decimal_div(&a, &a, &b);
    pgs_decimal_round(&a, 4);
    out = pgs_decimal_to_double(&a);
    pgs_decimal_reset(&a);
    pgs_decimal_reset(&b);
    return out;
}

/* A power of two divides exactly, so whole ten-thousandths are exact too: half goes up, as
 * numeric's 16 digits would have it. Sizes in 8 kB pages fall on halves all the time. */
double pgs_size_mb(double bytes) {
    if (isnan(bytes))
        return NAN;
    unsigned __int128 scaled = (unsigned __int128)bytes * 10000 + (1 << 19);
    return (double)(uint64_t)(scaled >> 20) / 10000;
}

double pgs_chunk_size_kb(double bytes, double chunks) {
    if (isnan(bytes) || isnan(chunks))
        return NAN;
    return chunks == 0 ? 0 : quotient(bytes, chunks, 1024);
}
