/* What moves as one from partition to partition, and how large it is: told by the collections, or
 * else by how uneven the bulk of the partitions is. */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/special.h"
#include "stats/noise.h"

#define LEAST_COVERED 0.95 /* share of the rows in collections that lie in one partition */
#define CAUSE         1e-3 /* of alpha: from which a collection is a cause; many are looked at */
#define ALONE         (1 + PGS_SKEW_CRITICAL_THRESHOLD) /* even shares that one collection may have */
#define LEAST_PARTS   10   /* from which a bulk can be told from the rest */
#define BULK          0.75 /* share of partitions that make it */
#define FREEDOM       0.57 /* degrees of freedom of its variance, per partition; by simulation */

pgs_units pgs_units_independent(void) {
    return (pgs_units){PGS_DESIGN_INDEPENDENT, 1, 1, 1, 1, INFINITY};
}

pgs_units pgs_units_scaled(pgs_units units, double factor) {
    if (!isfinite(factor))
        return (pgs_units){PGS_DESIGN_UNKNOWN, NAN, NAN, NAN, NAN, INFINITY};
    return (pgs_units){units.design,        units.effect * factor,
                       units.unit * factor, units.large_unit * factor,
                       units.share,         units.cause};
}

/* ---- from collections ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Whether every collection lies in one partition, told from the partitions' counts of them. */
static bool none_is_spread(const pgs_snapshot *snap) {
    double cells = 0;
    for (size_t p = 0; p < snap->head.n_parts; p++)
        cells += snap->metric[PGS_COLLECTION_COUNT][p];
    return cells == (double)snap->n_collections;
}

/* Rows of the collection whose rows of collection_stat begin at i; *next is the collection after
 * it. The row for all partitions together comes first, where there is one. */
static double rows_of(const pgs_snapshot *snap, size_t i, size_t *next) {
    const pgs_collection_stat *stat = snap->collection_stat;
    bool has_total = stat[i].partition_num < 0;
    double rows = 0;
    size_t k = i;
    for (; k < snap->n_collection_stats && stat[k].collection == stat[i].collection; k++)
        if ((k == i || !has_total) && stat[k].chunk_count > 0)
            rows += stat[k].chunk_count;
    *next = k;
    return rows;
}

/* Sizes of the collections that lie in one partition; returns how many. *other: rows of those
 * that do not, or nobody knows. */
static size_t whole_collections(const pgs_snapshot *snap, double *sizes, double *other) {
    bool none_spread = none_is_spread(snap);
    size_t n = 0;
    *other = 0;
    for (size_t i = 0, next; i < snap->n_collection_stats; i = next) {
        double rows = rows_of(snap, i, &next);
        bool whole = next - i == 1 && (snap->collection_stat[i].partition_num >= 0 || none_spread);
        if (whole && rows > 0)
            sizes[n++] = rows;
        else
            *other += rows;
    }
    return n;
}

typedef struct powers {
    double s1, s2, s3;
} powers;

static void take_power(powers *s, double size) {
    s->s1 += size;
    s->s2 += size * size;
    s->s3 += size * size * size;
}

static pgs_units units_of(const powers *s, double total, double cause) {
    double unit = s->s2 / s->s1;
    return (pgs_units){PGS_DESIGN_COLLECTIONS, unit, unit, s->s3 / s->s2, s->s1 / total, cause};
}

/* The units of sizes [n], ascending, without those that are causes: the first among the largest
 * that makes its partition UNBALANCED alone, wherever chance puts it, or that all smaller ones
 * together would not pile up like in any partition by chance; and what is larger still. At most a
 * quarter are looked at: more are no exceptions. */
static pgs_units ordinary_units(const double *sizes, size_t n, double n_parts, double alpha) {
    powers s = {0};
    double total = 0;
    for (size_t i = 0; i < n; i++)
        total += sizes[i];
    size_t giant = n; /* the first that is too large by itself */
    while (giant > 0 && sizes[giant - 1] > ALONE * total / n_parts)
        giant--;
    double few = (1 - BULK) * ((double)n < n_parts ? (double)n : n_parts);
    size_t n_candidates = few > 1 ? (size_t)few : 1;
    size_t i = 0;
    for (; i < n; i++) {
        bool candidate = i > 0 && i + n_candidates >= n;
        if (candidate && i == giant)
            break;
        if (candidate && sizes[i] > s.s1 / n_parts) {
            pgs_lottery rest = {s.s1, n_parts, units_of(&s, s.s1, INFINITY)};
            if (pgs_lottery_any(&rest, pgs_lottery_upper(&rest, sizes[i])) <= CAUSE * alpha)
                break;
        }
        take_power(&s, sizes[i]);
    }
    return units_of(&s, total, i < n ? sizes[i] : INFINITY);
}

pgs_units pgs_units_of_collections(const pgs_snapshot *snap, double alpha, double *sizes) {
    pgs_moments rows = pgs_moments_of(snap->metric[PGS_CHUNK_COUNT], snap->head.n_parts);
    double other, whole = 0;
    size_t n = whole_collections(snap, sizes, &other);
    for (size_t i = 0; i < n; i++)
        whole += sizes[i];
    if (n == 0 || !(whole >= LEAST_COVERED * pgs_larger(whole + other, rows.sum)))
        return (pgs_units){PGS_DESIGN_UNKNOWN, NAN, NAN, NAN, NAN, INFINITY};
    qsort(sizes, n, sizeof *sizes, by_value);
    return ordinary_units(sizes, n, (double)rows.n_seen, alpha);
}

void pgs_units_mark_causes(const pgs_snapshot *snap, double cause, bool *above) {
    for (size_t i = 0, next; i < snap->n_collection_stats; i = next) {
        double rows = rows_of(snap, i, &next);
        size_t p = pgs_snapshot_find(snap, snap->collection_stat[i].partition_num);
        if (next - i == 1 && rows >= cause && p != SIZE_MAX)
            above[p] = true;
    }
}

/* ---- from the spread ---- */

/* Variance of the bulk about the median, as the normal's whole would be; NaN without a bulk. */
static double bulk_variance(double *sorted, size_t n) {
    qsort(sorted, n, sizeof *sorted, by_value);
    double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sum = 0;
    if (median == 0)
        return NAN;
    for (size_t i = 0; i < n; i++)
        sorted[i] = fabs(sorted[i] - median);
    qsort(sorted, n, sizeof *sorted, by_value);
    size_t n_bulk = (size_t)(BULK * (double)n + 0.999999);
    for (size_t i = 0; i < n_bulk; i++)
        sum += sorted[i] * sorted[i];
    double share = (double)n_bulk / (double)n, z = pgs_normal_quantile((1 + share) / 2);
    return sum / (double)n_bulk / (1 - 2 * z * pgs_normal_pdf(z) / share);
}

pgs_units pgs_units_of_spread(const double *x, size_t n, pgs_units least, double alpha,
                              double *sorted) {
    size_t seen = 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            sum += sorted[seen++] = x[i];
    if (seen < LEAST_PARTS || sum == 0)
        return least;
    double parts = (double)seen, variance = bulk_variance(sorted, seen);
    double effect = variance / (sum / parts * (1 - 1 / parts));
    double tail = alpha / (2 * parts);
    double allowance =
        pgs_student_quantile(tail, FREEDOM * (parts - 1)) / pgs_normal_quantile(tail);
    double unit = effect * allowance * allowance;
    if (isnan(unit))
        return least;
    if (least.design == PGS_DESIGN_UNKNOWN)
        least = pgs_units_independent();    /* nothing is smaller than one row, or one byte */
    if (unit <= least.unit * least.share) { /* the bulk is no more uneven than that */
        least.design = PGS_DESIGN_SPREAD;
        least.effect = pgs_larger(effect, least.effect);
        return least;
    }
    return (pgs_units){PGS_DESIGN_SPREAD,
                       pgs_larger(effect, least.effect),
                       unit,
                       pgs_larger(unit, least.large_unit),
                       1,
                       least.cause};
}
