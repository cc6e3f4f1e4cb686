/* A row of numbers as one line of text: eight blocks of rising height, one for each number, or for
 * each bin of neighbours where there are more numbers than columns. The lowest of what is drawn
 * stands at the bottom, the highest at the top; what was not observed is a space, never a low
 * block. It is a drawing: whoever wants the numbers finds them beside it. */
#include <math.h>
#include <string.h>

#include "base/base.h"

#define LEVELS      8
#define BLOCK_BYTES 3 /* of a block in UTF-8 */

/* U+2581 to U+2588, and what stands for them where there is only ASCII. */
static const char BLOCK[LEVELS][BLOCK_BYTES + 1] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                                    "\u2585", "\u2586", "\u2587", "\u2588"};
static const char ASCII[] = "_.:-=+*#";

/* The mean of what was observed of x[first..end), halved so that no difference overflows; NaN:
 * nothing was. */
static double bin_half(const double *x, size_t first, size_t end) {
    double mean = 0, n = 0;
    for (size_t i = first; i < end; i++)
        if (isfinite(x[i]))
            mean += (x[i] / 2 - mean) / ++n;
    return n > 0 ? mean : NAN;
}

static int level_of(double value, double low, double high) {
    if (!(high > low))
        return LEVELS / 2 - 1;
    return (int)((value - low) / (high - low) * (LEVELS - 1) + 0.5);
}

void pgs_spark(pgs_buf *out, const double *x, size_t n, size_t width) {
    size_t columns = n < width ? n : width;
    double low = INFINITY, high = -INFINITY;
    for (size_t c = 0; c < columns; c++) {
        double value = bin_half(x, c * n / columns, (c + 1) * n / columns);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    for (size_t c = 0; c < columns; c++) {
        double value = bin_half(x, c * n / columns, (c + 1) * n / columns);
        pgs_buf_text(out, isnan(value) ? " " : BLOCK[level_of(value, low, high)]);
    }
}

void pgs_spark_ascii(char *text) {
    char *to = text;
    for (const char *s = text; *s;) {
        size_t level = 0;
        while (level < LEVELS && strncmp(s, BLOCK[level], BLOCK_BYTES) != 0)
            level++;
        *to++ = level < LEVELS ? ASCII[level] : *s;
        s += level < LEVELS ? BLOCK_BYTES : 1;
    }
    *to = '\0';
}
