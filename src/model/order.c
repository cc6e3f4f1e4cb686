/* Order statistics by selection (Hoare's quickselect, the pivot the median of three). */
#include <math.h>

#include "model/estimate.h"

static void swap(double *a, double *b) {
    double c = *a;
    *a = *b;
    *b = c;
}

/* A pivot in the middle of three, so that sorted input is no worst case. */
static double pivot_of(double *x, size_t low, size_t high) {
    size_t middle = low + (high - low) / 2;
    if (x[middle] < x[low])
        swap(&x[middle], &x[low]);
    if (x[high] < x[low])
        swap(&x[high], &x[low]);
    if (x[high] < x[middle])
        swap(&x[high], &x[middle]);
    return x[middle];
}

double pgs_ranked(double *x, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        double pivot = pivot_of(x, low, high);
        size_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i <= j) {
                swap(&x[i], &x[j]);
                i++;
                if (j == 0)
                    break;
                j--;
            }
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return x[k];
}

double pgs_median(double *x, size_t n) {
    if (n == 0)
        return NAN;
    double upper = pgs_ranked(x, n, n / 2);
    if (n % 2 == 1)
        return upper;
    double lower = x[0]; /* the largest of those below */
    for (size_t i = 1; i < n / 2; i++)
        lower = x[i] > lower ? x[i] : lower;
    return lower + (upper - lower) / 2;
}

pgs_spread pgs_spread_of(double *x, size_t n) {
    pgs_spread out = {.median = pgs_median(x, n)};
    for (size_t i = 0; i < n; i++)
        x[i] = fabs(x[i] - out.median);
    out.sd = 1.4826022185056018 * pgs_median(x, n);
    return out;
}
