/* A generated year straight into a packed history, as `pgskew-collect import-history` would, without
 * the reading of text: how fast packing is, how large the file, and what one more moment costs.
 *
 *     bench_pack PARTITIONS MOMENTS HISTORY.db */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "generate.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

static const pgs_metric METRIC[BENCH_METRIC_COUNT] = {
    [BENCH_CHUNK_COUNT] = PGS_CHUNK_COUNT,
    [BENCH_DOCUMENT_COUNT] = PGS_DOCUMENT_COUNT,
    [BENCH_SIZE_BYTES] = PGS_SIZE_BYTES,
    [BENCH_CHUNKS_LAST_HOUR] = PGS_CHUNKS_LAST_HOUR,
    [BENCH_CHUNKS_LAST_DAY] = PGS_CHUNKS_LAST_DAY,
};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static pgs_status fill(const bench_moment *from, size_t n_parts, pgs_snapshot *snap, pgs_err *err) {
    pgs_snapshot_init(snap);
    snap->head.taken_us = from->taken_us;
    pgs_status st = pgs_snapshot_text(snap, &snap->head.table_name, "public.chunks", err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(snap, &snap->head.source, "import", err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_parts(snap, n_parts, err);
    for (size_t p = 0; st == PGS_OK && p < n_parts; p++) {
        snap->part[p].num = (int64_t)p;
        snap->part[p].measured = true;
        for (int m = 0; m < BENCH_METRIC_COUNT; m++)
            snap->metric[METRIC[m]][p] = from->value[m][p];
    }
    if (st == PGS_OK)
        st = pgs_snapshot_check(snap, err);
    return st == PGS_OK ? pgs_snapshot_derive(snap, err) : st;
}

static pgs_status add(pgs_packer *packer, const pgs_snapshot *snap, pgs_err *err) {
    pgs_moment moment;
    uint64_t given;
    pgs_status st = pgs_moment_of(snap, &moment, &given, err);
    return st == PGS_OK ? pgs_packer_add(packer, snap, &moment, given, err) : st;
}

static pgs_status pack(bench_generator *g, size_t n_parts, size_t n_moments, const char *path,
                       pgs_err *err) {
    pgs_packer *packer;
    pgs_snapshot snap, newest;
    pgs_snapshot_init(&newest);
    pgs_status st = pgs_packer_open(path, PGS_PACK_EXTEND, &packer, err);
    for (size_t t = 0; st == PGS_OK && t < n_moments; t++) {
        st = fill(bench_generator_next(g), n_parts, &snap, err);
        if (st == PGS_OK)
            st = add(packer, &snap, err);
        pgs_snapshot_reset(&newest);
        newest = snap;
    }
    if (st == PGS_OK)
        st = pgs_packer_commit(packer, &newest, err);
    pgs_packer_close(packer);
    pgs_snapshot_reset(&newest);
    return st;
}

int main(int argc, char **argv) {
    pgs_err err = {0};
    size_t n_parts = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
    size_t n_moments = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    bench_generator *g = n_parts > 0 ? bench_generator_open(1, n_parts) : NULL;
    if (!g || n_moments < 2)
        return fprintf(stderr, "usage: bench_pack PARTITIONS MOMENTS HISTORY.db\n"), 64;
    double start = now_s();
    pgs_status st = pack(g, n_parts, n_moments - 1, argv[3], &err);
    double middle = now_s();
    if (st == PGS_OK)
        st = pack(g, n_parts, 1, argv[3], &err);
    double end = now_s();
    bench_generator_close(g);
    struct stat file;
    struct rusage usage;
    if (st != PGS_OK || stat(argv[3], &file) != 0)
        return fprintf(stderr, "bench_pack: %s\n", err.msg), pgs_status_exit_code(st);
    getrusage(RUSAGE_SELF, &usage);
    printf("packed %zu moments of %zu partitions in %.2f s, one more in %.1f ms; %.1f MiB, peak RSS %.1f MiB\n",
           n_moments - 1, n_parts, middle - start, (end - middle) * 1e3,
           (double)file.st_size / 1048576, (double)usage.ru_maxrss / 1024);
    return 0;
}
