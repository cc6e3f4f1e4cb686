/* Does the comparison with a baseline keep its word? Pairs of tables are drawn at random from a
 * seed: of two that were loaded alike nothing may be found, a partition that grew by a fifth must
 * be.
 *
 *   change PAIRS    how many pairs of each kind
 *
 * Prints one line per kind; exit 1 where a promise is broken. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/draw.h"

#define ALPHA     1e-5
#define MAX_PARTS 1000

static double before[MAX_PARTS], now[MAX_PARTS], weight[MAX_PARTS], room[MAX_PARTS];
static bool changed[MAX_PARTS];
static int failed;

/* ---- drawing ---- */

static void even(size_t n) {
    for (size_t p = 0; p < n; p++)
        weight[p] = 1;
}

/* The k-th partition has 1/k of the first. */
static void zipf(size_t n) {
    for (size_t p = 0; p < n; p++)
        weight[p] = 1 / (double)(p + 1);
}

/* `rows` more rows, one by one, or in units of `unit` of them. */
static void add_rows(double *x, size_t n, double rows, double unit) {
    double left = round(rows / unit), weights = 0;
    for (size_t p = 0; p < n; p++)
        weights += weight[p];
    for (size_t p = 0; p < n; p++) {
        double k = draw_binomial(left, p + 1 == n ? 1 : fmin(1, weight[p] / weights));
        x[p] += unit * k;
        left -= k;
        weights -= weight[p];
    }
}

static void clear(double *x, size_t n) {
    memset(x, 0, n * sizeof *x);
}

/* ---- judging ---- */

static int finds(size_t n) {
    pgs_change_beyond_chance(before, now, n, 1, ALPHA, room, changed);
    int found = 0;
    for (size_t p = 0; p < n; p++)
        found += changed[p];
    return found;
}

/* How many of `pairs` have a finding, against how many may or must. */
static void report(const char *what, int found, int pairs, int least, int most) {
    int broken = found < least || found > most;
    printf("%-66s %5d of %5d, %5d to %5d allowed%s\n", what, found, pairs, least, most,
           broken ? "  BROKEN" : "");
    failed |= broken;
}

/* ---- the kinds ---- */

/* Two tables that were loaded alike, independently of each other, the second `growth` times as
 * large. */
static void loaded_alike(const char *name, void (*weigh)(size_t), double unit, double growth,
                         int pairs) {
    static const size_t PARTS[] = {2, 3, 10, 30, 100, 1000};
    static const double MEAN[] = {1, 3, 10, 100, 1000, 10000};
    for (size_t i = 0; i < PGS_COUNT_OF(PARTS); i++)
        for (size_t j = 0; j < PGS_COUNT_OF(MEAN); j++) {
            size_t n = PARTS[i];
            int found = 0;
            if (unit > 1 && n < 4)
                continue; /* nothing tells how many rows are one */
            weigh(n);
            for (int k = 0; k < pairs; k++) {
                clear(before, n);
                clear(now, n);
                add_rows(before, n, (double)n * MEAN[j] * unit, unit);
                add_rows(now, n, (double)n * MEAN[j] * unit * growth, unit);
                found += finds(n) > 0;
            }
            char what[120];
            snprintf(what, sizeof what, "%s, x%g: %zu partitions of %g", name, growth, n, MEAN[j]);
            report(what, found, pairs, 0, pairs / 10000);
        }
}

/* A table that keeps its rows and gets more of the same kind. */
static void grown_alike(void (*weigh)(size_t), double growth, int pairs) {
    static const double MEAN[] = {1, 10, 100, 1000, 10000};
    for (size_t j = 0; j < PGS_COUNT_OF(MEAN); j++) {
        int found = 0;
        weigh(100);
        for (int k = 0; k < pairs; k++) {
            clear(before, 100);
            add_rows(before, 100, 100 * MEAN[j], 1);
            memcpy(now, before, sizeof now);
            add_rows(now, 100, 100 * MEAN[j] * (growth - 1), 1);
            found += finds(100) > 0;
        }
        char what[120];
        snprintf(what, sizeof what, "the same table, x%g of %g rows a partition", growth, MEAN[j]);
        report(what, found, pairs, 0, pairs / 10000);
    }
}

/* One of 100 partitions of 1,000 rows has grown by a fifth, and only that one is found. */
static void grown_by_a_fifth(double growth, int pairs, int least) {
    int found = 0, alone = 0;
    even(100);
    for (int k = 0; k < pairs; k++) {
        size_t p = (size_t)k % 100;
        clear(before, 100);
        add_rows(before, 100, 100000, 1);
        memcpy(now, before, sizeof now);
        add_rows(now, 100, 100000 * (growth - 1), 1);
        now[p] = round(now[p] * 1.2);
        int n = finds(100);
        found += changed[p];
        alone += changed[p] && n == 1;
    }
    char what[120];
    snprintf(what, sizeof what, "one of 100 partitions of 1,000 grew by a fifth, all by x%g",
             growth);
    report(what, found, pairs, least, pairs);
    report("  and no other is found", alone, pairs, least, pairs);
}

/* The same between two tables that were loaded independently: no promise, but this is what to
 * expect. */
static void loaded_by_a_fifth(int pairs) {
    int found = 0;
    even(100);
    for (int k = 0; k < pairs; k++) {
        clear(before, 100);
        clear(now, 100);
        add_rows(before, 100, 100000, 1);
        add_rows(now, 100, 100000, 1);
        now[0] = round(now[0] * 1.2);
        found += finds(100) > 0 && changed[0];
    }
    report("of two that were loaded independently", found, pairs, 0, pairs);
}

int main(int argc, char **argv) {
    int pairs = argc > 1 ? atoi(argv[1]) : 100;
    loaded_alike("loaded alike", even, 1, 1, pairs);
    loaded_alike("loaded alike", even, 1, 2.5, pairs);
    loaded_alike("skewed alike", zipf, 1, 1, pairs);
    loaded_alike("ten rows as one", even, 10, 1, pairs);
    grown_alike(even, 1, pairs);
    grown_alike(even, 1.001, pairs);
    grown_alike(even, 1.5, pairs);
    grown_alike(zipf, 1.1, pairs);
    grown_by_a_fifth(1, pairs, pairs);
    grown_by_a_fifth(1.01, pairs, pairs);
    grown_by_a_fifth(1.3, pairs, pairs);
    loaded_by_a_fifth(pairs);
    return failed;
}
