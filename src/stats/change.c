/* Has a partition's share changed since a baseline, by more than chance?
 *
 * Of the m rows that a partition has at both moments together, the second has Binomial(m, q), where
 * q is the second moment's part of the bulk's rows: the exact comparison of two counts
 * (Przyborowski and Wilenski 1940). It needs no expected share, so a table may be as skewed as it
 * likes; and the bulk decides how much a table has grown, so one partition that grows does not make
 * all others shrink.
 *
 * How many rows come as one is told by the changes themselves. A table that is looked at twice
 * keeps its rows, and the bulk of its partitions hardly changes its share: then little is chance.
 * Two tables loaded alike differ in every partition: then much is. Asked is the bulk only (the
 * three quarters that changed least), as in units.c, and the same allowance is made for what is
 * estimated. At least a quarter of a row moves as one, so that a few rows are never a change, and a
 * whole row where the bulk has few of them. */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/special.h"
#include "stats/stats.h"

#define LEAST_PARTS 4    /* from which a bulk can be told from the rest */
#define BULK        0.75 /* share of partitions that make it */
#define FREEDOM     0.57 /* degrees of freedom of its variance, per partition; as in units.c */
#define SOME_ROWS   5    /* a partition of the bulk has, and ... */
#define ALL_ROWS    200  /* ... all have, where a bulk can be told from the rest at all */
#define MANY_ROWS   100  /* a partition of the bulk has, where ... */
#define LEAST_ROWS  0.25 /* ... so few may move as one; 1 elsewhere */
#define ROUNDS      8    /* until the bulk is settled */

/* The two columns without the pairs that lack one. */
typedef struct pairs {
    const double *before, *now;
    size_t n;      /* of the columns */
    size_t n_seen; /* pairs */
    double *room;
} pairs;

/* Whether there is something to compare; NaN is not. */
static bool is_pair(const pairs *c, size_t p) {
    return c->before[p] + c->now[p] > 0;
}

/* (x - q m)^2 / (m q (1 - q)): 1 on average where rows move alone. */
static double change_of(const pairs *c, size_t p, double q) {
    double m = c->before[p] + c->now[p], d = c->now[p] - q * m;
    return d * d / (m * q * (1 - q));
}

/* The second moment's part of what both have, over pairs whose change is at most `limit`. */
static double part_of_now(const pairs *c, double q, double limit) {
    double before = 0, now = 0;
    for (size_t p = 0; p < c->n; p++) {
        if (!is_pair(c, p) || !(isinf(limit) || change_of(c, p, q) <= limit))
            continue;
        before += c->before[p];
        now += c->now[p];
    }
    return now / (before + now);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Changes of all pairs into room, smallest first; returns how many make the bulk. */
static size_t sort_changes(const pairs *c, double q) {
    size_t n = 0;
    for (size_t p = 0; p < c->n; p++)
        if (is_pair(c, p))
            c->room[n++] = change_of(c, p, q);
    qsort(c->room, n, sizeof *c->room, by_value);
    return (size_t)(BULK * (double)n + 0.999999);
}

/* Whether at least half of the partitions have, in the mean of both moments, that many. */
static bool most_have(const pairs *c, double least) {
    size_t n = 0;
    for (size_t p = 0; p < c->n; p++)
        n += is_pair(c, p) && c->before[p] + c->now[p] >= 2 * least;
    return 2 * n >= c->n_seen;
}

/* What all have at both moments together. */
static double rows_of(const pairs *c) {
    double sum = 0;
    for (size_t p = 0; p < c->n; p++)
        sum += is_pair(c, p) ? c->before[p] + c->now[p] : 0;
    return sum;
}

/* The median of all pairs' parts of now. */
static double middle_part(const pairs *c) {
    size_t n = 0;
    for (size_t p = 0; p < c->n; p++)
        if (is_pair(c, p))
            c->room[n++] = c->now[p] / (c->before[p] + c->now[p]);
    qsort(c->room, n, sizeof *c->room, by_value);
    return (c->room[(n - 1) / 2] + c->room[n / 2]) / 2;
}

/* The bulk's part of now: from the median on, those that changed least, until they are the same.
 * Few rows are too coarse for that: there all decide. */
static double settle(const pairs *c, double row) {
    bool some = most_have(c, SOME_ROWS * row) && rows_of(c) >= ALL_ROWS * row;
    double all = part_of_now(c, 0.5, INFINITY), q = some ? middle_part(c) : all;
    for (int round = 0; some && round < ROUNDS && q > 0 && q < 1; round++) {
        size_t n_bulk = sort_changes(c, q);
        double next = part_of_now(c, q, c->room[n_bulk - 1]);
        if (next == q)
            break;
        q = next;
    }
    return all > 0 && all < 1 ? q : all;
}

/* What moves as one, in the columns' unit. */
static double unit_of(const pairs *c, double q, double row, double alpha) {
    if (c->n_seen < LEAST_PARTS)
        return row;
    double parts = (double)c->n_seen, sum = 0;
    double least = most_have(c, MANY_ROWS * row) ? LEAST_ROWS * row : row;
    size_t n_bulk = sort_changes(c, q);
    for (size_t i = 0; i < n_bulk; i++)
        sum += c->room[i];
    double share = (double)n_bulk / parts, z = pgs_normal_quantile((1 + share) / 2);
    double effect = sum / (double)n_bulk / (1 - 2 * z * pgs_normal_pdf(z) / share);
    double tail = alpha / (2 * parts);
    double allowance =
        pgs_student_quantile(tail, FREEDOM * (parts - 1)) / pgs_normal_quantile(tail);
    return pgs_larger(effect * allowance * allowance, least);
}

static double chance_of(const pairs *c, size_t p, double q, double unit) {
    double m = (c->before[p] + c->now[p]) / unit, x = c->now[p] / unit;
    return x > q * m ? pgs_binomial_upper(x, m, 1 / q) : pgs_binomial_lower(x, m, 1 / q);
}

bool pgs_change_beyond_chance(const double *before, const double *now, size_t n, double row,
                              double alpha, double *room, bool *changed) {
    pairs c = {before, now, n, 0, room};
    for (size_t p = 0; p < n; p++) {
        changed[p] = false;
        c.n_seen += is_pair(&c, p);
    }
    double q = c.n_seen > 0 ? settle(&c, row) : NAN;
    if (!(q > 0 && q < 1))
        return false;
    double unit = unit_of(&c, q, row, alpha);
    for (size_t p = 0; p < n; p++)
        changed[p] = is_pair(&c, p) && 2 * (double)c.n_seen * chance_of(&c, p, q, unit) <= alpha;
    return true;
}
