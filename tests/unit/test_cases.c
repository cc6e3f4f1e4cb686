/* The library alone on every recorded case: counts and sizes in, the reference's own skews,
 * statuses, sentences and totals out. (tests/golden does the same through the programs.) */
#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"
#include "support/rows.h"

#define CASES FIXTURES "/reference/cases/"

static const char *name; /* of the case */
static pgs_snapshot snap;
static pgs_result result;
static rows r;

static void tear_down(void) {
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(cases, .fini = tear_down);

static const char *path_of(const char *file) {
    static char path[512];
    snprintf(path, sizeof path, CASES "%.100s/%s", name, file);
    return path;
}

static double number(const char *cell) {
    return *cell ? strtod(cell, NULL) : NAN;
}

/* Fill metrics from the columns of a file whose first column is partition_num. */
static void fill(const char *file, const pgs_metric *metric, int n_metrics) {
    cr_assert(rows_open(&r, path_of(file)), "%s", path_of(file));
    for (size_t p = 0; rows_next(&r); p++) {
        cr_assert_lt(p, snap.head.n_parts, "%s", path_of(file));
        for (int k = 0; k < n_metrics; k++)
            if (metric[k] != PGS_METRIC_COUNT)
                snap.metric[metric[k]][p] = number(r.cell[k + 1]);
    }
}

static size_t n_rows(const char *file) {
    size_t n = 0;
    cr_assert(rows_open(&r, path_of(file)), "%s", path_of(file));
    while (rows_next(&r))
        n++;
    return n;
}

static void load(void) {
    static const pgs_metric CHUNKS[] = {PGS_CHUNK_COUNT},
                            SIZES[] = {PGS_SIZE_BYTES, PGS_METRIC_COUNT, PGS_SIZE_PERCENTAGE},
                            RECENT[] = {PGS_CHUNKS_LAST_HOUR, PGS_CHUNKS_LAST_DAY,
                                        PGS_CHUNKS_LAST_WEEK};
    static const pgs_metric EXPORTED[] = {PGS_CHUNK_COUNT, PGS_METRIC_COUNT, PGS_METRIC_COUNT,
                                          PGS_METRIC_COUNT, PGS_CHUNK_PERCENTAGE};
    bool strays = strstr(name, "stray"); /* rows that the exports do not show */
    make_snapshot(&snap, n_rows("partition_chunk_distribution.csv"), NULL, NULL);
    fill("partition_chunk_distribution.csv", strays ? EXPORTED : CHUNKS, strays ? 5 : 1);
    fill("partition_size_distribution.csv", SIZES, strays ? 3 : 1);
    fill("partition_hot_spots.csv", RECENT, 3);
    for (size_t p = 0; p < snap.head.n_parts; p++)
        snap.part[p].measured = true;
    cr_assert_eq(pgs_snapshot_check(&snap, NULL), PGS_OK, "%s", name);
    cr_assert_eq(pgs_snapshot_derive(&snap, NULL), PGS_OK, "%s", name);
    cr_assert_eq(pgs_snapshot_verify(&snap, NULL), PGS_OK, "%s", name);
    pgs_result_init(&result);
    cr_assert_eq(pgs_analyze(&snap, &result, NULL), PGS_OK, "%s", name);
}

/* ---- what was recorded ---- */

static void expect_cell(size_t p, pgs_metric m, const char *recorded) {
    cr_expect(make_same(snap.metric[m][p], number(recorded)), "%s: %s of %zu is %.17g, not %s",
              name, pgs_metric_get(m)->key, p, snap.metric[m][p], recorded);
}

static const pgs_partition_health *health_of(int64_t num) {
    for (size_t i = 0; i < result.total_partitions; i++)
        if (result.health[i].partition_num == num)
            return &result.health[i];
    return NULL;
}

static void expect_health_summary(void) {
    enum { NUM, COUNT, TOTAL, CHUNK_PCT, SIZE_PCT, STATUS, CHUNK_SKEW, SIZE_SKEW, ADVICE };
    cr_assert(rows_open(&r, path_of("partition_health_summary.csv")));
    for (size_t p = 0; rows_next(&r); p++) {
        const pgs_partition_health *h = health_of((int64_t)p);
        cr_assert_not_null(h, "%s: %zu", name, p);
        expect_cell(p, PGS_CHUNK_PERCENTAGE, r.cell[CHUNK_PCT]);
        expect_cell(p, PGS_SIZE_PERCENTAGE, r.cell[SIZE_PCT]);
        expect_cell(p, PGS_CHUNK_SKEW, r.cell[CHUNK_SKEW]);
        expect_cell(p, PGS_SIZE_SKEW, r.cell[SIZE_SKEW]);
        cr_expect_eq(h->total_chunks, number(r.cell[TOTAL]), "%s", name);
        cr_expect_str_eq(pgs_health_status_name(h->health_status), r.cell[STATUS], "%s: %zu", name,
                         p);
        cr_expect_str_eq(h->recommendation ? h->recommendation : "", r.cell[ADVICE], "%s: %zu",
                         name, p);
    }
}

static void expect_stats(void) {
    enum { NUM, COUNT, MB, KB };
    cr_assert(rows_open(&r, path_of("partition_stats.csv")));
    for (size_t p = 0; rows_next(&r); p++) {
        pgs_partition_statistics one;
        cr_assert_eq(pgs_partition_statistics_one(&snap, (int64_t)p, &one, NULL), PGS_OK);
        cr_expect_eq(one.chunk_count, number(r.cell[COUNT]), "%s: %zu", name, p);
        cr_expect_eq(one.total_size_mb, number(r.cell[MB]), "%s: %zu", name, p);
        cr_expect_eq(one.avg_chunk_size_kb, number(r.cell[KB]), "%s: %zu", name, p);
    }
}

static void expect_recent(void) {
    enum { NUM, HOUR, DAY, WEEK, HOUR_PCT, DAY_PCT, WEEK_PCT };
    cr_assert(rows_open(&r, path_of("partition_hot_spots.csv")));
    for (size_t p = 0; rows_next(&r); p++) {
        expect_cell(p, PGS_HOUR_PERCENTAGE, r.cell[HOUR_PCT]);
        expect_cell(p, PGS_DAY_PERCENTAGE, r.cell[DAY_PCT]);
        expect_cell(p, PGS_WEEK_PERCENTAGE, r.cell[WEEK_PCT]);
    }
}

static void expect_skew_metrics(void) {
    enum { METRIC, VALUE, STATUS, DETAILS };
    cr_assert(rows_open(&r, path_of("analyze_partition_skew.csv")));
    size_t k = 0;
    for (; rows_next(&r); k++) {
        const pgs_skew_metric *m = &result.skew[k];
        cr_expect_str_eq(m->metric, r.cell[METRIC], "%s", name);
        cr_expect_eq(m->value, number(r.cell[VALUE]), "%s: %s", name, m->metric);
        cr_expect_str_eq(pgs_skew_status_name(m->status), r.cell[STATUS], "%s: %s", name,
                         m->metric);
        cr_expect_str_eq(m->details, r.cell[DETAILS], "%s: %s", name, m->metric);
    }
    cr_expect_eq(k, 4u, "%s", name); /* the fifth, the variance, is ours */
}

/* The number after "key": in a recorded body. */
static double recorded(const char *body, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(body, quoted);
    cr_assert_not_null(found, "%s: %s", name, key);
    return strtod(found + strlen(quoted), NULL);
}

static void expect_bodies(void) {
    char *body;
    size_t n;
    const pgs_statistics *s = &result.statistics;
    cr_assert_eq(pgs_file_read(path_of("expected/statistics.json"), 1 << 20, &body, &n, NULL), 0);
    cr_expect_eq(s->partition_count, recorded(body, "partition_count"), "%s", name);
    cr_expect_eq(s->total_chunks, recorded(body, "total_chunks"), "%s", name);
    cr_expect_eq(s->total_size_mb, recorded(body, "total_size_mb"), "%s", name);
    cr_expect_eq(s->avg_chunks_per_partition, recorded(body, "avg_chunks_per_partition"), "%s",
                 name);
    cr_expect_eq(s->chunk_count_stddev, recorded(body, "chunk_count_stddev"), "%s", name);
    pgs_free(body);
    cr_assert_eq(pgs_file_read(path_of("expected/health-summary.json"), 1 << 20, &body, &n, NULL),
                 0);
    cr_expect_eq(result.total_partitions, recorded(body, "total_partitions"), "%s", name);
    cr_expect_eq(result.healthy_count, recorded(body, "healthy_count"), "%s", name);
    cr_expect_eq(result.warning_count, recorded(body, "warning_count"), "%s", name);
    cr_expect_eq(result.unbalanced_count, recorded(body, "unbalanced_count"), "%s", name);
    cr_expect_eq(result.health_percentage, recorded(body, "health_percentage"), "%s", name);
    pgs_free(body);
}

Test(cases, every_recorded_case_comes_out_as_recorded) {
    DIR *dir = opendir(CASES);
    cr_assert_not_null(dir);
    int n_cases = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        name = entry->d_name;
        load();
        expect_health_summary();
        expect_stats();
        expect_recent();
        expect_skew_metrics();
        expect_bodies();
        pgs_result_reset(&result);
        pgs_snapshot_reset(&snap);
        n_cases++;
    }
    closedir(dir);
    cr_assert_eq(n_cases, 30);
}
