/* What a whole table adds up to: AVG, STDDEV and SUM as PostgreSQL's numeric gives them.
 *
 * STDDEV is the sample one: n = N*sum(x^2) - (sum x)^2 over d = N(N-1), divided at numeric's
 * scale, and the root rounded to that same scale. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/decimal.h"
#include "stats/stats.h"

typedef struct sums {
    pgs_decimal n, x, x2;
} sums;

/* A square is at most 2^106 and there are at most 10^6 of them: 128 bits hold the sum. */
static void sums_of(const double *x, size_t n, sums *out) {
    unsigned __int128 sum = 0, squares = 0;
    int64_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        unsigned __int128 value = (unsigned __int128)x[i];
        sum += value;
        squares += value * value;
        seen++;
    }
    pgs_decimal_set_int(&out->n, seen);
    pgs_decimal_set_wide(&out->x, sum);
    pgs_decimal_set_wide(&out->x2, squares);
}

static double mean_of(const sums *s) {
    pgs_decimal mean;
    pgs_decimal_init(&mean);
    pgs_decimal_div(&mean, &s->x, &s->n);
    double out = pgs_decimal_to_double(&mean);
    pgs_decimal_reset(&mean);
    return out;
}

static double stddev_of(const sums *s) {
    pgs_decimal num, den, one;
    pgs_decimal_init(&num);
    pgs_decimal_init(&den);
    pgs_decimal_init(&one);
    pgs_decimal_set_int(&one, 1);
    pgs_decimal_mul(&num, &s->n, &s->x2);
    pgs_decimal_mul(&den, &s->x, &s->x);
    pgs_decimal_sub(&num, &num, &den);
    pgs_decimal_sub(&den, &s->n, &one);
    pgs_decimal_mul(&den, &den, &s->n);
    double out = 0;
    pgs_decimal_sub(&one, &one, &one); /* now zero */
    if (pgs_decimal_cmp(&num, &one) > 0 && pgs_decimal_cmp(&den, &one) > 0) {
        pgs_decimal_div(&num, &num, &den);
        pgs_decimal_sqrt(&num, &num, num.scale);
        out = pgs_decimal_to_double(&num);
    }
    pgs_decimal_reset(&num);
    pgs_decimal_reset(&den);
    pgs_decimal_reset(&one);
    return out;
}

/* Published sizes have 4 decimals; they are added as decimals, not as doubles. */
static double total_mb(const double *mb, size_t n) {
    int64_t ten_thousandths = 0;
    bool seen = false;
    for (size_t i = 0; i < n; i++) {
        if (isnan(mb[i]))
            continue;
        ten_thousandths += llround(mb[i] * 10000);
        seen = true;
    }
    if (!seen)
        return NAN;
    pgs_decimal sum;
    pgs_decimal_init(&sum);
    pgs_decimal_set_ratio(&sum, ten_thousandths, 4);
    double out = pgs_decimal_to_double(&sum);
    pgs_decimal_reset(&sum);
    return out;
}

static size_t n_seen(const double *x, size_t n) {
    size_t seen = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            seen++;
    return seen;
}

static void sums_init(sums *s) {
    pgs_decimal_init(&s->n);
    pgs_decimal_init(&s->x);
    pgs_decimal_init(&s->x2);
}

static void sums_reset(sums *s) {
    pgs_decimal_reset(&s->n);
    pgs_decimal_reset(&s->x);
    pgs_decimal_reset(&s->x2);
}

double pgs_stddev_of(const double *x, size_t n) {
    sums s;
    if (n_seen(x, n) == 0)
        return NAN;
    sums_init(&s);
    sums_of(x, n, &s);
    double out = stddev_of(&s);
    sums_reset(&s);
    return out;
}

void pgs_statistics_of(const pgs_snapshot *snap, pgs_statistics *out) {
    size_t n = snap->head.n_parts;
    const double *counts = snap->metric[PGS_CHUNK_COUNT];
    *out = (pgs_statistics){
        .partition_count = n_seen(counts, n),
        .total_chunks = NAN,
        .total_size_mb = total_mb(snap->metric[PGS_TOTAL_SIZE_MB], n),
        .avg_chunks_per_partition = NAN,
        .chunk_count_stddev = NAN,
    };
    if (out->partition_count == 0)
        return;
    sums s;
    sums_init(&s);
    sums_of(counts, n, &s);
    out->total_chunks = pgs_decimal_to_double(&s.x);
    out->avg_chunks_per_partition = mean_of(&s);
    out->chunk_count_stddev = stddev_of(&s);
    sums_reset(&s);
}

/* ---- collections ---- */

/* a + b where NaN is "not observed": what was seen is kept. */
static double add_seen(double a, double b) {
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static double avg_2_decimals(double sum, double n) {
    if (isnan(sum) || isnan(n) || n == 0)
        return NAN;
    pgs_decimal a, b;
    pgs_decimal_init(&a);
    pgs_decimal_init(&b);
    pgs_decimal_set_int(&a, (int64_t)sum);
    pgs_decimal_set_int(&b, (int64_t)n);
    pgs_decimal_div(&a, &a, &b);
    pgs_decimal_round(&a, 2);
    double out = pgs_decimal_to_double(&a);
    pgs_decimal_reset(&a);
    pgs_decimal_reset(&b);
    return out;
}

static int by_chunks_descending(const void *a, const void *b) {
    const pgs_collection_total *x = a, *y = b;
    bool x_seen = !isnan(x->total_chunks), y_seen = !isnan(y->total_chunks);
    if (x_seen != y_seen)
        return x_seen ? -1 : 1;
    if (x_seen && x->total_chunks != y->total_chunks)
        return x->total_chunks > y->total_chunks ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* Rows first..end of collection_stat are those of one collection. Where the first of them is for
 * all partitions together it alone tells the totals: what is distinct cannot be added up. */
static void total_one(const pgs_snapshot *snap, size_t first, size_t end,
                      pgs_collection_total *out) {
    double token_sum = NAN, token_chunks = NAN, given_avg = NAN;
    bool together = first < end && snap->collection_stat[first].partition_num < 0;
    for (size_t i = first; i < end; i++) {
        const pgs_collection_stat *row = &snap->collection_stat[i];
        out->n_partitions += row->partition_num >= 0 && row->chunk_count > 0;
        if (together && i > first)
            continue;
        out->total_chunks = add_seen(out->total_chunks, row->chunk_count);
        out->chunked_documents = add_seen(out->chunked_documents, row->document_count);
        token_sum = add_seen(token_sum, row->token_sum);
        token_chunks = add_seen(token_chunks, row->token_chunk_count);
        out->last_chunk_created = pgs_larger(out->last_chunk_created, row->last_created_at);
        given_avg = together ? row->avg_tokens : NAN;
    }
    out->avg_tokens_per_chunk =
        isnan(given_avg) ? avg_2_decimals(token_sum, token_chunks) : given_avg;
}

void pgs_collection_totals(const pgs_snapshot *snap, pgs_collection_total *out) {
    size_t i = 0;
    for (size_t c = 0; c < snap->n_collections; c++) {
        size_t first = i;
        while (i < snap->n_collection_stats && snap->collection_stat[i].collection == c)
            i++;
        double none = first == i ? 0 : NAN; /* listed without rows: it has no chunk */
        out[c] = (pgs_collection_total){
            .id = snap->collection[c].id,
            .name = snap->collection[c].name,
            .chunked_documents = none,
            .total_chunks = none,
            .avg_tokens_per_chunk = NAN,
            .last_chunk_created = NAN,
        };
        total_one(snap, first, i, &out[c]);
    }
    if (snap->n_collections > 1)
        qsort(out, snap->n_collections, sizeof *out, by_chunks_descending);
}
