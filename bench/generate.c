/* Everything random comes from one splitmix64 stream, and everything not whole is made by
 * + - * / sqrt on doubles, which IEEE 754 rounds the same everywhere; exp is our own. Poisson
 * numbers are found by inversion up to a mean of 24 and are rounded normal ones above. The rare
 * events (a partition turns hot, a batch is deleted) are drawn once per moment, not per cell. */
#include "generate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_US INT64_C(1735689600000000) /* 2025-01-01T00:00:00Z, a Wednesday */
#define HOUR_US  INT64_C(3600000000)

enum { PAGE_BYTES = 8192, DAY = 24, WEEK = 7 * DAY, POISSON_MOST = 255 };

static const double MEDIAN_DOCUMENTS = 10; /* arriving per hour in the median partition */
static const double RATE_SIGMA = 0.5;      /* of the logarithm of the rate */
static const double DRIFT_SIGMA = 0.3;     /* of the logarithm of a year's growth of the rate */
static const double FURTHER_CHUNKS = 9;    /* of a document, beyond its first */
static const double EXPIRING = 0.2;        /* documents that expire, of those that arrive */
static const double CHUNK_BYTES = 1100;    /* of the median partition, indexes included */
static const double HOT_ONE_IN = 3600;     /* a partition turns hot once in so many hours */
static const double DELETES_ONE_IN = 600;  /* likewise for a batch of deletions */
static const double WEEKEND = 0.5;

static const double HOUR_OF_DAY[DAY] = {0.45, 0.35, 0.30, 0.25, 0.25, 0.30, 0.45, 0.75,
                                        1.10, 1.40, 1.60, 1.70, 1.60, 1.55, 1.65, 1.70,
                                        1.60, 1.45, 1.25, 1.05, 0.95, 0.85, 0.75, 0.60};

const char *const bench_metric_names[BENCH_METRIC_COUNT] = {
    "chunk_count", "document_count", "size_bytes", "chunks_last_hour", "chunks_last_day"};

typedef struct partition {
    double rate;        /* documents per hour, before the hour of the day and heat */
    double drift;       /* what rate is multiplied by every hour */
    double heat;        /* 1, and more while hot */
    int64_t hot_until;  /* the first hour in which it is not hot any more */
    double page_share;  /* pages per chunk */
    double most_chunks; /* that were ever there */
} partition;

struct bench_generator {
    uint64_t state;
    size_t n_parts;
    int64_t hour; /* moments given out so far */
    partition *part;
    double *value[BENCH_METRIC_COUNT];
    double *arrived[DAY]; /* chunks per partition, the hour modulo 24 */
    double reciprocal[POISSON_MOST + 1];
    bench_moment moment;
};

/* ---- random numbers ---- */

static uint64_t bits(bench_generator *g) {
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In [0, 1), a multiple of 2^-53. */
static double uniform(bench_generator *g) {
    return (double)(bits(g) >> 11) * 0x1p-53;
}

static size_t one_of(bench_generator *g, size_t n) {
    return (size_t)(uniform(g) * (double)n);
}

/* Mean 0, variance 1: twelve uniform numbers of 16 bits each. */
static double normal(bench_generator *g) {
    uint64_t sum = 0;
    for (int i = 0; i < 3; i++) {
        uint64_t b = bits(g);
        sum += (b & 0xffff) + (b >> 16 & 0xffff) + (b >> 32 & 0xffff) + (b >> 48);
    }
    return (double)sum / 65536 - 6 + 6.0 / 65536;
}

/* e^x for |x| <= 64: the series for a 128th of it, then seven squarings. */
static double exponential(double x) {
    double step = x / 128, term = 1, sum = 1;
    for (int i = 1; i <= 12; i++) {
        term *= step / i;
        sum += term;
    }
    for (int i = 0; i < 7; i++)
        sum *= sum;
    return sum;
}

static double lognormal(bench_generator *g, double median, double sigma) {
    return median * exponential(sigma * normal(g));
}

/* The first k at which u is below the sum of the probabilities of 0..k. */
static double poisson(bench_generator *g, double mean) {
    if (mean > 24) {
        double k = floor(mean + sqrt(mean) * normal(g) + 0.5);
        return k > 0 ? k : 0;
    }
    double u = uniform(g), p = exponential(-mean);
    int k = 0;
    while (u >= p && k < POISSON_MOST) {
        u -= p;
        p *= mean * g->reciprocal[++k];
    }
    return k;
}

/* ---- the life of a partition ---- */

static void start_partition(bench_generator *g, size_t p) {
    partition *part = &g->part[p];
    part->rate = lognormal(g, MEDIAN_DOCUMENTS, RATE_SIGMA);
    part->drift = 1 + DRIFT_SIGMA * normal(g) / BENCH_YEAR;
    part->heat = 1;
    part->page_share = lognormal(g, CHUNK_BYTES, 0.2) / PAGE_BYTES;
    double age = 60 * DAY + 120 * DAY * uniform(g);
    g->value[BENCH_DOCUMENT_COUNT][p] = floor(part->rate * age);
    g->value[BENCH_CHUNK_COUNT][p] = floor(part->rate * age * (1 + FURTHER_CHUNKS));
    part->most_chunks = g->value[BENCH_CHUNK_COUNT][p];
    for (int h = 0; h < DAY; h++) {
        g->arrived[h][p] = floor(part->rate * HOUR_OF_DAY[h] * (1 + FURTHER_CHUNKS));
        g->value[BENCH_CHUNKS_LAST_DAY][p] += g->arrived[h][p];
    }
}

static void remove_documents(bench_generator *g, size_t p, double documents) {
    double *document_count = &g->value[BENCH_DOCUMENT_COUNT][p];
    double *chunk_count = &g->value[BENCH_CHUNK_COUNT][p];
    if (documents <= 0 || documents >= *document_count)
        return;
    *chunk_count -= floor(*chunk_count * documents / *document_count);
    *document_count -= documents;
}

static void turn_hot(bench_generator *g) {
    for (int n = (int)poisson(g, (double)g->n_parts / HOT_ONE_IN); n > 0; n--) {
        partition *part = &g->part[one_of(g, g->n_parts)];
        part->heat = 4 + 8 * uniform(g);
        part->hot_until = g->hour + 6 + (int64_t)one_of(g, 42);
    }
}

static void delete_batches(bench_generator *g) {
    for (int n = (int)poisson(g, (double)g->n_parts / DELETES_ONE_IN); n > 0; n--) {
        size_t p = one_of(g, g->n_parts);
        double share = 0.002 + 0.03 * uniform(g);
        remove_documents(g, p, floor(g->value[BENCH_DOCUMENT_COUNT][p] * share));
    }
}

static void live_an_hour(bench_generator *g, size_t p, double season, double *arrived) {
    partition *part = &g->part[p];
    if (part->hot_until <= g->hour)
        part->heat = 1;
    part->rate *= part->drift;
    double mean = part->rate * season * part->heat;
    double documents = poisson(g, mean);
    double chunks = documents + poisson(g, documents * FURTHER_CHUNKS);
    g->value[BENCH_DOCUMENT_COUNT][p] += documents;
    g->value[BENCH_CHUNK_COUNT][p] += chunks;
    remove_documents(g, p, poisson(g, part->rate * EXPIRING));
    if (part->most_chunks < g->value[BENCH_CHUNK_COUNT][p])
        part->most_chunks = g->value[BENCH_CHUNK_COUNT][p];
    g->value[BENCH_SIZE_BYTES][p] = PAGE_BYTES * (2 + floor(part->most_chunks * part->page_share));
    g->value[BENCH_CHUNKS_LAST_HOUR][p] = chunks;
    g->value[BENCH_CHUNKS_LAST_DAY][p] += chunks - arrived[p];
    arrived[p] = chunks;
}

/* ---- the generator ---- */

static bool get_memory(bench_generator *g) {
    bool ok = (g->part = calloc(g->n_parts, sizeof *g->part)) != NULL;
    for (int m = 0; m < BENCH_METRIC_COUNT; m++)
        ok = ok && (g->value[m] = calloc(g->n_parts, sizeof(double))) != NULL;
    for (int h = 0; h < DAY; h++)
        ok = ok && (g->arrived[h] = calloc(g->n_parts, sizeof(double))) != NULL;
    return ok;
}

bench_generator *bench_generator_open(uint64_t seed, size_t n_parts) {
    bench_generator *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->state = seed;
    g->n_parts = n_parts;
    if (!get_memory(g)) {
        bench_generator_close(g);
        return NULL;
    }
    for (int k = 1; k <= POISSON_MOST; k++)
        g->reciprocal[k] = 1.0 / k;
    for (size_t p = 0; p < n_parts; p++)
        start_partition(g, p);
    for (int m = 0; m < BENCH_METRIC_COUNT; m++)
        g->moment.value[m] = g->value[m];
    return g;
}

const bench_moment *bench_generator_next(bench_generator *g) {
    int64_t hour_of_week = (g->hour + 2 * DAY) % WEEK; /* since Monday, 00:00 */
    double season = HOUR_OF_DAY[g->hour % DAY] * (hour_of_week >= 5 * DAY ? WEEKEND : 1);
    turn_hot(g);
    delete_batches(g);
    for (size_t p = 0; p < g->n_parts; p++)
        live_an_hour(g, p, season, g->arrived[g->hour % DAY]);
    g->moment.taken_us = FIRST_US + g->hour * HOUR_US;
    g->hour++;
    return &g->moment;
}

void bench_generator_close(bench_generator *g) {
    if (!g)
        return;
    for (int m = 0; m < BENCH_METRIC_COUNT; m++)
        free(g->value[m]);
    for (int h = 0; h < DAY; h++)
        free(g->arrived[h]);
    free(g->part);
    free(g);
}
