/* Does the noise floor keep its word? Tables are drawn at random from a seed, and the findings in
 * them counted: balanced ones must have hardly any, a doubled partition must be found.
 *
 *   noise TABLES    how many tables of each kind; the fewer, the more leeway
 *
 * Prints one line per kind; exit 1 where a promise is broken. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/draw.h"

#define ALPHA     0.01
#define MAX_PARTS 1000
#define MAX_KEYS  50000

static double x[MAX_PARTS], skew[MAX_PARTS], sorted[MAX_KEYS];
static int caused[MAX_PARTS]; /* has a collection that alone makes it UNBALANCED */
static int failed;

/* ---- drawing ---- */

/* `rows` rows, one by one, the first partition with `weight` times the share of the others. */
static void draw_rows(size_t n_parts, double rows, double weight) {
    double left = rows, weights = (double)(n_parts - 1) + weight;
    for (size_t p = 0; p < n_parts; p++) {
        double w = p == 0 ? weight : 1;
        x[p] = draw_binomial(left, p + 1 == n_parts ? 1 : w / weights);
        left -= x[p];
        weights -= w;
    }
}

/* Collections of log-normal size, each in one partition; *units is what their sizes say. */
static void draw_keys(size_t n_parts, size_t n_keys, double sigma, double hot, pgs_snapshot *snap) {
    double total = 0;
    memset(x, 0, sizeof x);
    memset(caused, 0, sizeof caused);
    for (size_t k = 0; k < n_keys; k++) {
        double size = fmax(1, round(100 * exp(sigma * draw_normal())));
        if (k == 0 && hot > 0)
            size = hot;
        size_t p = (size_t)random_below(&draw_state, (int64_t)n_parts);
        snap->collection_stat[k] = (pgs_collection_stat){
            .collection = k, .partition_num = (int64_t)p, .chunk_count = size};
        x[p] += size;
        if (k == 0 && hot > 0 && p > 0) { /* the hot one is where we look for it */
            x[p] -= size;
            x[0] += size;
        }
        total += size;
    }
    for (size_t k = 0; k < n_keys; k++)
        if (snap->collection_stat[k].chunk_count > 1.5 * total / (double)n_parts)
            caused[snap->collection_stat[k].partition_num] = 1;
}

/* ---- judging ---- */

/* Findings in x: any, or the first partition only. */
static int finds(size_t n_parts, pgs_units units, int first_only) {
    double least = pgs_noise_floor(x, n_parts, units, ALPHA);
    pgs_noise_skews(x, n_parts, skew);
    for (size_t p = 0; p < (first_only ? 1 : n_parts); p++)
        if (skew[p] >= least && (first_only || !caused[p]))
            return 1;
    return 0;
}

/* `found` of `tables` against a promised rate: at 10,000 tables to the letter, below that with
 * four standard errors of leeway. */
static void report(const char *what, int found, int tables, double limit, int at_least) {
    double rate = (double)found / tables;
    double leeway = tables >= 10000 ? 0 : 4 * sqrt(limit * (1 - limit) / tables);
    int broken = at_least ? rate < limit - leeway : rate > limit + leeway;
    printf("%-58s %7.4f  %s %.4f%s\n", what, rate, at_least ? ">=" : "<=", limit,
           broken ? "  BROKEN" : "");
    failed |= broken;
}

static pgs_units spread_of(size_t n_parts) {
    return pgs_units_of_spread(x, n_parts, pgs_units_independent(), ALPHA, sorted);
}

/* ---- the kinds ---- */

static void balanced(int tables) {
    static const size_t PARTS[] = {2, 10, 100, 1000};
    static const double MEAN[] = {1, 10, 100, 10000};
    for (size_t i = 0; i < PGS_COUNT_OF(PARTS); i++)
        for (size_t j = 0; j < PGS_COUNT_OF(MEAN); j++) {
            int found = 0, alone = 0;
            char what[80];
            for (int t = 0; t < tables; t++) {
                draw_rows(PARTS[i], (double)PARTS[i] * MEAN[j], 1);
                found += finds(PARTS[i], spread_of(PARTS[i]), 0);
                alone += finds(PARTS[i], pgs_units_independent(), 0);
            }
            snprintf(what, sizeof what, "balanced, %zu partitions of %g rows", PARTS[i], MEAN[j]);
            report(what, found, tables, 0.0125, 0);
            snprintf(what, sizeof what, "  rows known to be independent");
            report(what, alone, tables, 0.0125, 0);
        }
}

static void doubled(int tables) {
    int found = 0, alone = 0;
    for (int t = 0; t < tables; t++) {
        draw_rows(100, 10000, 2);
        found += finds(100, spread_of(100), 1);
        alone += finds(100, pgs_units_independent(), 1);
    }
    report("twice its share, 100 partitions of 100 rows: found", found, tables, 0.99, 1);
    report("  rows known to be independent", alone, tables, 0.99, 1);
}

static const struct {
    size_t n_parts, keys_per_part;
    double sigma, known, estimated; /* promised rates; 1: none */
} CLUSTERED[] = {
    {2, 50, 0, 0.0125, 1},      {10, 3, 0, 0.0125, 0.05},    {10, 50, 0.5, 0.0125, 0.02},
    {100, 1, 0, 0.0125, 0.02},  {100, 3, 0.5, 0.02, 0.05},   {100, 10, 0, 0.0125, 0.02},
    {100, 10, 0.5, 0.02, 0.02}, {100, 50, 0.5, 0.02, 0.02},  {100, 10, 1.5, 0.02, 1},
    {100, 50, 2, 0.02, 1},      {1000, 10, 0.5, 0.03, 0.05},
};

static void clustered(int tables) {
    double counts[MAX_PARTS];
    pgs_snapshot snap = {.collection_stat = calloc(MAX_KEYS, sizeof *snap.collection_stat)};
    snap.metric[PGS_CHUNK_COUNT] = x;
    snap.metric[PGS_COLLECTION_COUNT] = counts;
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < PGS_COUNT_OF(CLUSTERED); i++) {
        size_t n_parts = CLUSTERED[i].n_parts, n_keys = n_parts * CLUSTERED[i].keys_per_part;
        int known = 0, estimated = 0;
        char what[80];
        snap.head.n_parts = n_parts;
        snap.n_collections = snap.n_collection_stats = n_keys;
        for (int t = 0; t < tables; t++) {
            draw_keys(n_parts, n_keys, CLUSTERED[i].sigma, 0, &snap);
            known += finds(n_parts, pgs_units_of_collections(&snap, ALPHA, sorted), 0);
            estimated += finds(n_parts, spread_of(n_parts), 0);
        }
        snprintf(what, sizeof what, "%zu collections, sigma %g, in %zu partitions", n_keys,
                 CLUSTERED[i].sigma, n_parts);
        report(what, known, tables, CLUSTERED[i].known, 0);
        report("  sizes not known", estimated, tables, CLUSTERED[i].estimated, 0);
    }
    free(snap.collection_stat);
}

/* One collection five times an even share, among a thousand: its partition must not hide. */
static void hot(int tables) {
    double counts[MAX_PARTS] = {0};
    pgs_snapshot snap = {.collection_stat = calloc(MAX_KEYS, sizeof *snap.collection_stat)};
    snap.metric[PGS_CHUNK_COUNT] = x;
    snap.metric[PGS_COLLECTION_COUNT] = counts;
    snap.head.n_parts = 100;
    snap.n_collections = snap.n_collection_stats = 1000;
    int known = 0, estimated = 0;
    for (int t = 0; t < tables; t++) {
        draw_keys(100, 1000, 0.5, 5000, &snap);
        known += finds(100, pgs_units_of_collections(&snap, ALPHA, sorted), 1);
        estimated += finds(100, spread_of(100), 1);
    }
    report("a hot collection, five shares: its partition is found", known, tables, 0.99, 1);
    report("  sizes not known", estimated, tables, 0.99, 1);
    free(snap.collection_stat);
}

int main(int argc, char **argv) {
    int tables = argc > 1 ? atoi(argv[1]) : 0;
    if (tables < 1) {
        fprintf(stderr, "usage: noise TABLES\n");
        return 64;
    }
    balanced(tables);
    doubled(tables);
    clustered(tables >= 1000 ? 1000 : tables);
    hot(tables);
    return failed;
}
