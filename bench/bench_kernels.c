/* How fast each kernel is at each instruction level of this CPU, next to a memcpy and a bare sum of
 * the same values:
 *
 *     bench_kernels [--json]
 *
 * Values are doubles in rows of PGS_ROW_LANES, as many as fit half of L1, L2 and L3, and four times
 * L3. GB/s counts 8 bytes a value, whatever else is touched. A figure is the median of 11 runs
 * after one that warms up, and the spread what half of them stay within. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "kernel/kernel.h"

enum { RUNS = 11, MIN_RUN_NS = 2000000, CACHES = 4, LANES = PGS_ROW_LANES, ROWS_AT_ONCE = 256 };

static const char *const LEVEL[] = {"base", "v3", "v4"};

/* What the loops read and write. */
typedef struct arena {
    size_t n; /* values, whole rows */
    double *rows, *copy;
    uint8_t *deltas;
    double lane[5][LANES]; /* sums, origins, extremes */
    double x[ROWS_AT_ONCE], scale[ROWS_AT_ONCE];
    double check; /* of everything that was computed */
} arena;

typedef void run_fn(arena *a, const pgs_kernels *k, unsigned width);

/* ---- what is measured: each goes over all values once ---- */

static void run_memcpy(arena *a, const pgs_kernels *k, unsigned width) {
    (void)k, (void)width;
    memcpy(a->copy, a->rows, a->n * sizeof *a->rows);
    a->check += a->copy[a->n / 2];
}

static void run_sum(arena *a, const pgs_kernels *k, unsigned width) {
    double sum[32] = {0}, all = 0;
    (void)k, (void)width;
    for (size_t i = 0; i < a->n; i += PGS_COUNT_OF(sum))
        for (size_t j = 0; j < PGS_COUNT_OF(sum); j++)
            sum[j] += a->rows[i + j];
    for (size_t j = 0; j < PGS_COUNT_OF(sum); j++)
        all += sum[j];
    a->check += all;
}

static void run_advance(arena *a, const pgs_kernels *k, unsigned width) {
    const double *row = a->lane[0];
    double *next = a->lane[1];
    for (size_t i = 0; i < a->n; i += LANES) {
        k->advance(row, a->deltas + i * width, width, LANES, next);
        row = next;
        next = next == a->lane[1] ? a->lane[2] : a->lane[1];
    }
    a->check += row[7];
}

/* A block's worth at a time. */
static void run_hash(arena *a, const pgs_kernels *k, unsigned width) {
    size_t most = (size_t)256 * LANES;
    (void)width;
    for (size_t i = 0; i < a->n; i += most)
        a->check += (double)(k->hash(a->rows + i,
                                     (a->n - i < most ? a->n - i : most) * sizeof *a->rows, 0) >>
                             12);
}

static void run_row_squares(arena *a, const pgs_kernels *k, unsigned width) {
    (void)width;
    for (size_t i = 0; i < a->n; i += LANES)
        a->check += k->row_squares(a->rows + i, LANES, 15000);
}

/* Eight rows at a time, as a scan does. */
static void run_sift(arena *a, const pgs_kernels *k, unsigned width) {
    static const pgs_sieve SIEVE = {{10500, 7500}, {19500, 22500}, {10500, 7500}, {19500, 22500}, 0,
                                    30000};
    uint8_t open[LANES];
    uint32_t beyond[2];
    (void)width;
    for (size_t i = 0; i < a->n; i += 8 * LANES) {
        size_t n_rows = (a->n - i) / LANES < 8 ? (a->n - i) / LANES : 8;
        k->lane_range(a->rows + i, n_rows, LANES, a->lane[3], a->lane[4]);
        k->sift(a->lane[3], a->lane[4], LANES, &SIEVE, open, beyond);
        a->check += beyond[0] + beyond[1] + open[7];
    }
}

static void run_line_rows(arena *a, const pgs_kernels *k, unsigned width) {
    const pgs_line_sums sums = {a->lane[0], a->lane[1], a->lane[2], a->lane[3]};
    size_t n_rows = a->n / LANES;
    (void)width;
    for (size_t r = 0; r < n_rows; r += ROWS_AT_ONCE) {
        size_t n = n_rows - r < ROWS_AT_ONCE ? n_rows - r : ROWS_AT_ONCE;
        k->line_rows(&sums, a->rows + r * LANES, n, a->x, a->scale, LANES);
    }
    a->check += a->lane[2][7];
}

static const struct {
    const char *name;
    run_fn *run;
    unsigned width; /* of deltas */
    bool has_levels;
} KERNEL[] = {
    {"memcpy", run_memcpy, 0, false},    {"sum", run_sum, 0, false},
    {"advance_1", run_advance, 1, true}, {"advance_2", run_advance, 2, true},
    {"advance_4", run_advance, 4, true}, {"advance_8", run_advance, 8, true},
    {"hash", run_hash, 0, true},         {"row_squares", run_row_squares, 0, true},
    {"sift", run_sift, 0, true},         {"line_rows", run_line_rows, 0, true},
};

/* ---- how long it takes ---- */

typedef struct figure {
    double ns, spread; /* per value; as a ratio */
} figure;

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* what others do to the machine is not ours */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Lanes as they were, so that sums neither grow from run to run nor become subnormal. */
static void fill_lanes(arena *a) {
    for (size_t j = 0; j < PGS_COUNT_OF(a->lane); j++)
        for (size_t i = 0; i < LANES; i++)
            a->lane[j][i] = 15000;
}

static double time_of(arena *a, size_t kernel, const pgs_kernels *k, size_t times) {
    fill_lanes(a);
    double began = now_ns();
    for (size_t i = 0; i < times; i++)
        KERNEL[kernel].run(a, k, KERNEL[kernel].width);
    return now_ns() - began;
}

static figure measure(arena *a, size_t kernel, const pgs_kernels *k) {
    double ns[RUNS];
    size_t times = 1;
    while (time_of(a, kernel, k, times) < MIN_RUN_NS)
        times *= 2;
    for (size_t i = 0; i < RUNS; i++)
        ns[i] = time_of(a, kernel, k, times) / (double)(times * a->n);
    qsort(ns, RUNS, sizeof *ns, by_size);
    return (figure){ns[RUNS / 2], (ns[RUNS * 3 / 4] - ns[RUNS / 4]) / 2 / ns[RUNS / 2]};
}

/* ---- sizes and values ---- */

static size_t cache_bytes(int name, size_t otherwise) {
    long bytes = sysconf(name);
    return bytes > 0 ? (size_t)bytes : otherwise;
}

static size_t values_in(size_t bytes) {
    size_t rows = bytes / sizeof(double) / LANES;
    return (rows > 0 ? rows : 1) * LANES;
}

/* Numbers around 15,000 and small deltas, the same ones every time. */
static void fill(arena *a) {
    uint64_t state = 20251020;
    for (size_t i = 0; i < a->n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        a->rows[i] = (double)(10000 + (state >> 33) % 10000);
    }
    memset(a->deltas, 0, a->n * sizeof(double));
    for (size_t i = 0; i < a->n * sizeof(double); i += sizeof(double)) /* 0 or 1, at any width */
        a->deltas[i] = (uint8_t)(i / sizeof(double) % 3 == 0);
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) {
        a->x[r] = (double)r - ROWS_AT_ONCE / 2;
        a->scale[r] = 1;
    }
}

static bool arena_make(arena *a, size_t n) {
    *a = (arena){.n = n, .rows = pgs_alloc(n, sizeof *a->rows)};
    a->copy = pgs_alloc(n, sizeof *a->copy);
    a->deltas = pgs_alloc(n, sizeof(double));
    if (!a->rows || !a->copy || !a->deltas)
        return false;
    fill(a);
    return true;
}

static void arena_free(arena *a) {
    pgs_free(a->rows);
    pgs_free(a->copy);
    pgs_free(a->deltas);
}

/* ---- what is printed ---- */

static void print_line(bool json, size_t kernel, const char *level, const char *cache, size_t n,
                       figure f, double base_ns) {
    static bool begun;
    if (json)
        printf("%s\n  {\"kernel\": \"%s\", \"level\": \"%s\", \"cache\": \"%s\", \"n\": %zu, "
               "\"ns_per_value\": %.4f, \"gb_per_s\": %.2f, \"spread\": %.4f}",
               begun ? "," : "[", KERNEL[kernel].name, level, cache, n, f.ns, 8 / f.ns, f.spread);
    else
        printf("%-13s  %-4s  %-4s  n=%-9zu  %6.3f ns/value  %6.1f GB/s  +-%.0f%%",
               KERNEL[kernel].name, level, cache, n, f.ns, 8 / f.ns, f.spread * 100);
    if (!json && base_ns > 0)
        printf("  (base %.3f)", base_ns);
    if (!json)
        printf("\n");
    begun = true;
    fflush(stdout);
}

static void bench_kernel(bool json, arena *a, size_t kernel, const char *cache) {
    double base_ns = 0;
    if (!KERNEL[kernel].has_levels) {
        print_line(json, kernel, "-", cache, a->n, measure(a, kernel, NULL), 0);
        return;
    }
    for (size_t i = 0; i < PGS_COUNT_OF(LEVEL); i++) {
        const pgs_kernels *k = pgs_kernels_find(LEVEL[i]);
        if (!k)
            continue;
        figure f = measure(a, kernel, k);
        print_line(json, kernel, k->name, cache, a->n, f, base_ns);
        base_ns = i == 0 ? f.ns : base_ns;
    }
}

int main(int argc, char **argv) {
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    size_t l3 = cache_bytes(_SC_LEVEL3_CACHE_SIZE, (size_t)16 << 20);
    l3 = l3 > (size_t)64 << 20 ? (size_t)64 << 20
                               : l3; /* one core's share of more is not all of it */
    const struct {
        const char *name;
        size_t bytes;
    } CACHE[CACHES] = {{"L1", cache_bytes(_SC_LEVEL1_DCACHE_SIZE, (size_t)32 << 10) / 2},
                       {"L2", cache_bytes(_SC_LEVEL2_CACHE_SIZE, (size_t)1 << 20) / 2},
                       {"L3", l3 / 2},
                       {"none", 4 * l3}};
    double check = 0;
    for (size_t c = 0; c < CACHES; c++) {
        arena *a = pgs_alloc(1, sizeof *a);
        if (!a || !arena_make(a, values_in(CACHE[c].bytes))) {
            fprintf(stderr, "bench_kernels: no memory\n");
            return 70;
        }
        for (size_t kernel = 0; kernel < PGS_COUNT_OF(KERNEL); kernel++)
            bench_kernel(json, a, kernel, CACHE[c].name);
        check += a->check;
        arena_free(a);
        pgs_free(a);
    }
    if (json)
        printf("\n]\n");
    fprintf(stderr, "checksum %.17g\n", check);
    return isfinite(check) ? 0 : 1;
}
