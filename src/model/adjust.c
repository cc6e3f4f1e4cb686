/* Many tests at once: of what is called a finding at level q, at most the share q is expected to be chance
 * (Benjamini and Hochberg, JRSS B 57, 1995). */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "model/estimate.h"

typedef struct test {
    double p;
    size_t i;
} test;

static int larger_first(const void *a, const void *b) {
    const test *x = a, *y = b;
    int order = (x->p < y->p) - (x->p > y->p);
    return order != 0 ? order : (x->i < y->i) - (x->i > y->i);
}

bool pgs_adjust(const double *p, size_t n, double *out) {
    size_t m = 0;
    test *by_p = pgs_alloc(n, sizeof *by_p);
    if (!by_p)
        return false;
    for (size_t i = 0; i < n; i++) {
        out[i] = NAN;
        if (!isnan(p[i]))
            by_p[m++] = (test){p[i], i};
    }
    qsort(by_p, m, sizeof *by_p, larger_first);
    double least = 1;
    for (size_t k = 0; k < m; k++) {
        double adjusted = by_p[k].p * (double)m / (double)(m - k);
        least = adjusted < least ? adjusted : least;
        out[by_p[k].i] = least;
    }
    pgs_free(by_p);
    return true;
}
