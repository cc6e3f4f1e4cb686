/* Gini of one column. Packing wants it once for every moment, so it sorts by digits: whole numbers
 * of a few million take two or three passes, some thirty times less than comparing. */
#include <math.h>
#include <string.h>

#include "stats/stats.h"

#define DIGIT_BITS 11
#define DIGITS     ((size_t)1 << DIGIT_BITS)

/* Sort by one digit, from `from` into `to`. */
static void pass(const uint64_t *from, size_t n, unsigned shift, uint64_t *to) {
    size_t start[DIGITS + 1] = {0};
    for (size_t i = 0; i < n; i++)
        start[(from[i] >> shift & (DIGITS - 1)) + 1]++;
    for (size_t d = 1; d < DIGITS; d++)
        start[d] += start[d - 1];
    for (size_t i = 0; i < n; i++)
        to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

double pgs_gini(const double *x, size_t n, uint64_t *room) {
    uint64_t *from = room, *to = room + n, any = 0;
    size_t seen = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            any |= from[seen++] = (uint64_t)x[i];
    for (unsigned shift = 0; shift < 64 && any >> shift != 0; shift += DIGIT_BITS) {
        pass(from, seen, shift, to);
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    __int128 weighted = 0, sum = 0;
    for (size_t i = 0; i < seen; i++) {
        weighted += (2 * (__int128)i + 1 - (__int128)seen) * (__int128)from[i];
        sum += (__int128)from[i];
    }
    return sum == 0 ? NAN : (double)weighted / ((double)seen * (double)sum);
}
