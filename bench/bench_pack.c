/* What packing costs, through the library:
 *
 *   bench_pack history FILE.db PARTITIONS [MOMENTS [SEED]]
 *       a generated history, all but its last moments packed at once and those one by one, each
 *       opened, added and committed by itself; prints the seconds as one JSON object
 *   bench_pack snapshots DIR PARTITIONS [MOMENTS [SEED]]
 *       the same moments as snapshot files
 *
 * MOMENTS is 8760, SEED is 1 unless given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "generate.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

enum { ONE_BY_ONE = 11, NAME_SIZE = 40, PATH_SIZE = 4096 };

static const pgs_metric METRIC[BENCH_METRIC_COUNT] = {
    PGS_CHUNK_COUNT, PGS_DOCUMENT_COUNT, PGS_SIZE_BYTES, PGS_CHUNKS_LAST_HOUR, PGS_CHUNKS_LAST_DAY};

typedef struct job {
    const char *path;
    size_t n_parts, n_moments;
    bench_generator *generator;
    double derive_s, add_s, commit_s, append_s[ONE_BY_ONE];
} job;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- a moment as a snapshot ---- */

static pgs_status set_head(pgs_snapshot *snap, pgs_err *err) {
    pgs_status st = pgs_snapshot_text(snap, &snap->head.table_name, "public.chunks", err);
    return st == PGS_OK ? pgs_snapshot_text(snap, &snap->head.source, "import", err) : st;
}

static pgs_status set_partition(pgs_snapshot *snap, size_t p, const bench_moment *moment,
                                pgs_err *err) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "chunks_part_%02zu", p);
    snap->part[p].num = (int64_t)p;
    snap->part[p].measured = true;
    for (int m = 0; m < BENCH_METRIC_COUNT; m++)
        snap->metric[METRIC[m]][p] = moment->value[m][p];
    return pgs_snapshot_text(snap, &snap->part[p].name, name, err);
}

/* The next moment of the generator, checked. */
static pgs_status observe(job *j, pgs_snapshot *snap, pgs_err *err) {
    const bench_moment *moment = bench_generator_next(j->generator);
    pgs_snapshot_init(snap);
    pgs_status st = set_head(snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_set_parts(snap, j->n_parts, err);
    snap->head.taken_us = moment->taken_us;
    for (size_t p = 0; st == PGS_OK && p < j->n_parts; p++)
        st = set_partition(snap, p, moment, err);
    if (st == PGS_OK)
        st = pgs_snapshot_check(snap, err);
    double began = seconds();
    if (st == PGS_OK)
        st = pgs_snapshot_derive(snap, err);
    j->derive_s += seconds() - began;
    return st;
}

/* ---- history ---- */

static pgs_status add(job *j, pgs_packer *packer, pgs_snapshot *snap, pgs_err *err) {
    pgs_summary moment;
    uint64_t given;
    double began = seconds();
    pgs_status st = pgs_summary_of(snap, &moment, &given, err);
    j->derive_s += seconds() - began;
    began = seconds();
    if (st == PGS_OK)
        st = pgs_packer_add(packer, snap, &moment, given, err);
    j->add_s += seconds() - began;
    return st;
}

static pgs_status pack_many(job *j, size_t n, pgs_err *err) {
    pgs_packer *packer = NULL;
    pgs_snapshot newest;
    pgs_snapshot_init(&newest);
    pgs_status st = pgs_packer_open(j->path, PGS_PACK_EXTEND, &packer, err);
    for (size_t t = 0; st == PGS_OK && t < n; t++) {
        pgs_snapshot_reset(&newest);
        st = observe(j, &newest, err);
        if (st == PGS_OK)
            st = add(j, packer, &newest, err);
    }
    double began = seconds();
    if (st == PGS_OK)
        st = pgs_packer_commit(packer, &newest, err);
    j->commit_s = seconds() - began;
    pgs_packer_close(packer);
    pgs_snapshot_reset(&newest);
    return st;
}

static pgs_status append_one(job *j, double *took, pgs_err *err) {
    pgs_packer *packer = NULL;
    pgs_snapshot snap;
    pgs_summary moment;
    uint64_t given = 0;
    pgs_status st = observe(j, &snap, err);
    double began = seconds();
    if (st == PGS_OK)
        st = pgs_summary_of(&snap, &moment, &given, err);
    if (st == PGS_OK)
        st = pgs_packer_open(j->path, PGS_PACK_EXTEND, &packer, err);
    if (st == PGS_OK)
        st = pgs_packer_add(packer, &snap, &moment, given, err);
    if (st == PGS_OK)
        st = pgs_packer_commit(packer, &snap, err);
    pgs_packer_close(packer);
    *took = seconds() - began;
    pgs_snapshot_reset(&snap);
    return st;
}

static pgs_status pack_history(job *j, pgs_err *err) {
    if (j->n_moments <= ONE_BY_ONE)
        return pgs_fail(err, PGS_E_USAGE, "more than %d moments are needed", ONE_BY_ONE);
    pgs_status st = pack_many(j, j->n_moments - ONE_BY_ONE, err);
    double derive_s = j->derive_s;
    for (int i = 0; st == PGS_OK && i < ONE_BY_ONE; i++)
        st = append_one(j, &j->append_s[i], err);
    if (st != PGS_OK)
        return st;
    printf("{\"derive_s\": %.6f, \"pack_s\": %.6f, \"commit_s\": %.6f, \"append_s\": [", derive_s,
           j->add_s + j->commit_s, j->commit_s);
    for (int i = 0; i < ONE_BY_ONE; i++)
        printf("%s%.6f", i ? ", " : "", j->append_s[i]);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("], \"pack_peak_kib\": %ld}\n", usage.ru_maxrss);
    return PGS_OK;
}

/* ---- snapshots ---- */

static pgs_status write_snapshots(job *j, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t t = 0; st == PGS_OK && t < j->n_moments; t++) {
        pgs_snapshot snap;
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%06zu.db", j->path, t);
        st = observe(j, &snap, err);
        if (st == PGS_OK)
            st = pgs_snapshot_write(&snap, path, err);
        pgs_snapshot_reset(&snap);
    }
    return st;
}

/* ---- the command line ---- */

int main(int argc, char **argv) {
    bool history = argc > 3 && strcmp(argv[1], "history") == 0;
    if (argc < 4 || (!history && strcmp(argv[1], "snapshots") != 0)) {
        fprintf(stderr, "usage: bench_pack history FILE.db PARTITIONS [MOMENTS [SEED]]\n"
                        "       bench_pack snapshots DIR PARTITIONS [MOMENTS [SEED]]\n");
        return 64;
    }
    job j = {.path = argv[2],
             .n_parts = strtoull(argv[3], NULL, 10),
             .n_moments = argc > 4 ? strtoull(argv[4], NULL, 10) : BENCH_YEAR};
    pgs_err err = {0};
    pgs_store_tune();
    j.generator = bench_generator_open(argc > 5 ? strtoull(argv[5], NULL, 10) : 1, j.n_parts);
    pgs_status st = j.generator ? PGS_OK : pgs_fail(&err, PGS_E_BUG, "no memory");
    if (st == PGS_OK)
        st = history ? pack_history(&j, &err) : write_snapshots(&j, &err);
    bench_generator_close(j.generator);
    if (st != PGS_OK)
        fprintf(stderr, "bench_pack: %s\n", err.msg);
    return st == PGS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
