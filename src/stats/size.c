/* Sizes in the units the guide publishes. */
#include <math.h>

#include "base/decimal.h"
#include "stats/stats.h"

/* x / y, or x / y / z where z is not 0, each division at its own numeric scale; 4 decimals. */
static double quotient(double x, double y, int64_t z) {
    double out;
    if (pgs_settle(x / y / (z != 0 ? (double)z : 1), 4, &out))
        return out;
    pgs_decimal a, b;
    pgs_decimal_init(&a);
    pgs_decimal_init(&b);
    pgs_decimal_set_int(&a, (int64_t)x);
    pgs_decimal_set_int(&b, (int64_t)y);
    pgs_decimal_div(&a, &a, &b);
    if (z != 0) {
        pgs_decimal_set_int(&b, z);
        pgs_decimal_div(&a, &a, &b);
    }
    pgs_decimal_round(&a, 4);
    out = pgs_decimal_to_double(&a);
    pgs_decimal_reset(&a);
    pgs_decimal_reset(&b);
    return out;
}

double pgs_size_mb(double bytes) {
    return isnan(bytes) ? NAN : quotient(bytes, 1048576, 0);
}

double pgs_chunk_size_kb(double bytes, double chunks) {
    if (isnan(bytes) || isnan(chunks))
        return NAN;
    return chunks == 0 ? 0 : quotient(bytes, chunks, 1024);
}
