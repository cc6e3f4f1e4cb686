/* The recorded exports of the reference system: every value of every file arrives, read here a
 * second time by the simplest means, and the derived files find nothing to contradict. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <time.h>

#include "base/base.h"
#include "pgskew/analyze.h"
#include "pgskew/source.h"
#include "support/csv_directory.h"

#define CASES FIXTURES "/reference/cases/"
#define TAKEN INT64_C(1760955300000000) /* 2025-10-20T10:15:00Z */

static const char *const CASE[] = {
    "balanced-100",
    "empty-100",
    "hot-writes-100",
    "mixed-warning-100",
    "p1-single",
    "p10-one-zero",
    "p100-all-in-one",
    "p100-all-zero",
    "p100-exact-boundaries",
    "p100-healthy",
    "p100-hot-eighth",
    "p100-huge",
    "p100-medium",
    "p100-near-boundaries",
    "p100-null-created",
    "p100-size-only",
    "p100-stray-rows",
    "p100-ties",
    "p100-warning-only",
    "p1000-uniform",
    "p128-zipf",
    "p16-chunks-without-size",
    "p16-size-without-chunks",
    "p2-uneven",
    "p3-half-exact",
    "p3-threshold-03",
    "p4-all-in-one",
    "p64-lognormal",
    "p7-exact-boundaries",
    "zipf-skewed-100",
};

/* The values of one file, and the metric each column is to become. */
static const struct {
    const char *file, *header;
    int metric[7]; /* by column; -1: none */
} FILE_OF[] = {
    {"partition_chunk_distribution.csv",
     "partition_num,chunk_count,document_count,collection_count,avg_tokens,chunk_percentage",
     {-1, PGS_CHUNK_COUNT, PGS_DOCUMENT_COUNT, PGS_COLLECTION_COUNT, PGS_AVG_TOKENS,
      PGS_CHUNK_PERCENTAGE, -1}},
    {"partition_size_distribution.csv",
     "partition_num,size_bytes,size_pretty,size_percentage,row_estimate",
     {-1, PGS_SIZE_BYTES, -1, PGS_SIZE_PERCENTAGE, PGS_ROW_ESTIMATE, -1, -1}},
    {"partition_hot_spots.csv",
     "partition_num,chunks_last_hour,chunks_last_day,chunks_last_week,hour_percentage,"
     "day_percentage,week_percentage",
     {-1, PGS_CHUNKS_LAST_HOUR, PGS_CHUNKS_LAST_DAY, PGS_CHUNKS_LAST_WEEK, PGS_HOUR_PERCENTAGE,
      PGS_DAY_PERCENTAGE, PGS_WEEK_PERCENTAGE}},
    {"partition_stats.csv",
     "partition_num,chunk_count,total_size_mb,avg_chunk_size_kb,created_at",
     {-1, PGS_CHUNK_COUNT, -1, -1, PGS_LAST_CREATED_AT, -1, -1}},
};

static pgs_csv_options options;
static pgs_snapshot snap;
static pgs_result result;
static pgs_err err;
static csv_directory dir;
static char heard[8000], path[400];

static void hear(void *context, const char *sentence) {
    (void)context;
    strncat(heard, sentence, sizeof heard - strlen(heard) - 1);
    strncat(heard, "\n", sizeof heard - strlen(heard) - 1);
}

static const pgs_listener LISTENER = {.say = hear};

static void start(void) {
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    options =
        (pgs_csv_options){.directory = path, .taken_us = TAKEN, .naive_offset_us = PGS_TIME_NONE};
}

static void finish(void) {
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    csv_directory_remove(&dir);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(csv_cases, .init = start, .fini = finish);

static void read_case(const char *name) {
    snprintf(path, sizeof path, CASES "%s", name);
    pgs_status st = pgs_csv_read(&options, &LISTENER, &snap, &err);
    cr_assert_eq(st, PGS_OK, "%s: %s", name, err.msg);
}

/* psql's "2026-11-05 00:42:19.75+00" in microseconds, by the C library. */
static double psql_time(const char *text) {
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    cr_assert(rest, "%s", text);
    double fraction = *rest == '.' ? strtod(rest, NULL) : 0;
    cr_assert(strstr(rest, "+00"), "%s", text);
    return (double)timegm(&tm) * 1e6 + round(fraction * 1e6);
}

static size_t place_of(long num) {
    for (size_t p = 0; p < snap.head.n_parts; p++)
        if (snap.part[p].num == num)
            return p;
    cr_assert(false, "partition %ld is not there", num);
    return 0;
}

static void expect_value(const char *file, pgs_metric metric, size_t p, const char *text) {
    double got = snap.metric[metric][p];
    const char *key = pgs_metric_get(metric)->key;
    if (!*text || (metric == PGS_ROW_ESTIMATE && strcmp(text, "-1") == 0))
        cr_expect(isnan(got), "%s: %s of place %zu is %.17g, not NULL", file, key, p, got);
    else {
        double want = metric == PGS_LAST_CREATED_AT ? psql_time(text) : strtod(text, NULL);
        cr_expect_eq(got, want, "%s: %s of place %zu is %.17g, not %s", file, key, p, got, text);
    }
}

/* Every row of a file whose values need no quotes. */
static size_t expect_file(size_t f) {
    char name[512], line[512];
    size_t n_rows = 0;
    snprintf(name, sizeof name, "%s/%s", path, FILE_OF[f].file);
    FILE *file = fopen(name, "r");
    cr_assert(file, "%s", name);
    cr_assert(fgets(line, sizeof line, file));
    line[strcspn(line, "\n")] = '\0';
    cr_assert_str_eq(line, FILE_OF[f].header);
    for (; fgets(line, sizeof line, file); n_rows++) {
        char *rest = line, *text;
        line[strcspn(line, "\n")] = '\0';
        size_t p = place_of(strtol(strsep(&rest, ","), NULL, 10));
        for (size_t c = 1; (text = strsep(&rest, ",")); c++)
            if (FILE_OF[f].metric[c] >= 0)
                expect_value(name, (pgs_metric)FILE_OF[f].metric[c], p, text);
    }
    fclose(file);
    return n_rows;
}

ParameterizedTestParameters(csv_cases, every_value_arrives) {
    static size_t index[PGS_COUNT_OF(CASE)];
    for (size_t i = 0; i < PGS_COUNT_OF(CASE); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, PGS_COUNT_OF(CASE));
}

ParameterizedTest(const size_t *i, csv_cases, every_value_arrives) {
    read_case(CASE[*i]);
    cr_expect_str_empty(heard);
    cr_expect_null(snap.notes);
    for (size_t f = 0; f < PGS_COUNT_OF(FILE_OF); f++)
        cr_expect_eq(expect_file(f), snap.head.n_parts, "%s: %s", CASE[*i], FILE_OF[f].file);
    for (size_t p = 0; p < snap.head.n_parts; p++)
        cr_expect(snap.part[p].measured);
}

ParameterizedTestParameters(csv_cases, derived_files_agree) {
    static size_t index[PGS_COUNT_OF(CASE)];
    for (size_t i = 0; i < PGS_COUNT_OF(CASE); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, PGS_COUNT_OF(CASE));
}

static void derive(void) {
    cr_assert_eq(pgs_snapshot_derive(&snap, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(pgs_partition_skew_analyze(&snap, &result, &err), PGS_OK, "%s", err.msg);
}

ParameterizedTest(const size_t *i, csv_cases, derived_files_agree) {
    read_case(CASE[*i]);
    derive();
    pgs_status st = pgs_csv_cross_check(&options, &LISTENER, &snap, &result, &err);
    cr_expect_eq(st, PGS_OK, "%s", err.msg);
    cr_expect_str_empty(heard, "%s: %s", CASE[*i], heard);
}

Test(csv_cases, collections_with_odd_names) {
    read_case("mixed-warning-100");
    cr_expect_eq(snap.n_collections, 26);
    static const struct {
        const char *id, *name;
        double documents, chunks, tokens;
        const char *last;
    } ODD[] = {
        /* fixtures/reference/cases/mixed-warning-100/collection_chunking_stats.csv */
        {"aaf2f899-9237-9705-dac8-44c0a2a1d45f", "The \"big\" one", 2036, 2082, 231.22,
         "2026-11-22 03:22:22.149006+00"},
        {"ae7be26c-daa7-42ca-1480-68d5ac90eaca", "Contracts, 2024", 2042, 2082, 231.01,
         "2026-11-22 03:22:32.15599+00"},
        {"fd6b6fc9-220b-72d2-1683-ae8e4f50a210", "two\nlines", 2042, 2082, 231.10,
         "2026-11-22 03:36:49.013486+00"},
    };
    for (size_t k = 0; k < PGS_COUNT_OF(ODD); k++) {
        size_t i = 0;
        while (i < snap.n_collections && strcmp(snap.collection[i].id, ODD[k].id) != 0)
            i++;
        cr_assert_lt(i, snap.n_collections, "%s is not there", ODD[k].id);
        const pgs_collection_stat *stat = &snap.collection_stat[i];
        cr_expect_eq(stat->collection, i);
        cr_expect_str_eq(snap.collection[i].name, ODD[k].name);
        cr_expect_eq(stat->document_count, ODD[k].documents);
        cr_expect_eq(stat->chunk_count, ODD[k].chunks);
        cr_expect_eq(stat->avg_tokens, ODD[k].tokens);
        cr_expect_eq(stat->last_created_at, psql_time(ODD[k].last));
        cr_expect_eq(stat->partition_num, -1);
        cr_expect_eq(stat->key_hash, PGS_TIME_NONE);
    }
}

/* ---- what a derived file that is wrong is told ---- */

static void put(const char *file, const char *text) {
    cr_assert(csv_directory_write(&dir, file, text, strlen(text)));
}

/* Two partitions of 1 and 3: shares 1/4 and 3/4, expected 1/2, so both skews are 0.5. */
static void two_parts(void) {
    cr_assert(csv_directory_make(&dir));
    options.directory = dir.path;
    put("partition_chunk_distribution.csv", "partition_num,chunk_count\n0,1\n1,3\n");
    cr_assert_eq(pgs_csv_read(&options, &LISTENER, &snap, &err), PGS_OK, "%s", err.msg);
    derive();
}

static pgs_status cross_check(void) {
    return pgs_csv_cross_check(&options, &LISTENER, &snap, &result, &err);
}

Test(csv_cases, differences_are_warnings) {
    two_parts();
    put("partition_health_summary.csv",
        "partition_num,chunk_count,total_chunks,chunk_skew,size_skew,health_status,recommendation\n"
        "0,1,4,0.5000,0.1000,WARNING,\n"
        "5,1,4,0,0,HEALTHY,\n");
    put("analyze_partition_skew.csv", "metric,value,status,details\n"
                                      "chunk_distribution,0.4999,WARNING,x\n"
                                      "partition_health,2,CRITICAL,y\n"
                                      "moon_phase,1,NORMAL,z\n");
    cr_expect_eq(cross_check(), PGS_OK, "%s", err.msg);
    cr_expect_str_eq(
        heard,
        "partition_health_summary.csv line 2: health_status of partition 0 is WARNING, but "
        "UNBALANCED by the other files\n"
        "partition_health_summary.csv line 3: partition 5 is not in "
        "partition_chunk_distribution.csv\n"
        "partition_health_summary.csv has only 1 of the 2 partitions\n"
        "analyze_partition_skew.csv line 2: value of chunk_distribution is 0.4999, but 0.5 by the "
        "other files\n"
        "analyze_partition_skew.csv line 2: status of chunk_distribution is WARNING, but CRITICAL "
        "by the other files\n"
        "analyze_partition_skew.csv line 4: we have no metric moon_phase\n");
}

static const struct {
    const char *file, *text, *says;
} BAD[] = {
    {"partition_health_summary.csv", "partition_num,chunk_skew\n0,much\n",
     "partition_health_summary.csv line 2, column \"chunk_skew\": \"much\""},
    {"partition_health_summary.csv", "partition_num,mood\n0,good\n",
     "partition_health_summary.csv line 1: column \"mood\" is not known"},
    {"partition_health_summary.csv", "partition_num\n0\n1\n0\n",
     "line 4, column \"partition_num\": \"0\" is there already, on line 2"},
    {"analyze_partition_skew.csv", "metric,value\nchunk_distribution,x\n",
     "analyze_partition_skew.csv line 2, column \"value\": \"x\""},
    {"analyze_partition_skew.csv", "value\n1\n", "column \"metric\" is missing"},
};

Test(csv_cases, bad_derived_files_are_bad_data) {
    for (size_t i = 0; i < PGS_COUNT_OF(BAD); i++) {
        two_parts();
        put(BAD[i].file, BAD[i].text);
        cr_expect_eq(cross_check(), PGS_E_DATA, "%s", BAD[i].text);
        cr_expect(strstr(err.msg, BAD[i].says), "%s", err.msg);
        csv_directory_remove(&dir);
        pgs_snapshot_reset(&snap);
    }
}

Test(csv_cases, cross_check_says_when_memory_is_gone) {
    two_parts();
    put("partition_health_summary.csv", "partition_num,chunk_skew\n0,0.5\n");
    put("analyze_partition_skew.csv", "metric,value\nchunk_distribution,0.5\n");
    size_t before = pgs_mem_live(), nth = 1;
    for (bool done = false; !done; nth++) {
        pgs_mem_fail_at(nth);
        pgs_status st = cross_check();
        void *probe = pgs_alloc(1, 1);
        done = !probe;
        pgs_free(probe);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "allocation %zu: status %d", nth, (int)st);
        cr_assert_eq(pgs_mem_live(), before);
    }
    cr_expect_geq(nth, 8);
}
