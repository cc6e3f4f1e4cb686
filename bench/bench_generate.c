/* Writes a generated history for others to read:
 *
 *   bench_generate csv PARTITIONS [MOMENTS [SEED]]
 *       the long CSV that `pgskew-collect import-history` reads, to stdout
 *   bench_generate raw DIR PARTITIONS [MOMENTS [SEED]]
 *       DIR/<metric>.i64, moment after moment, and DIR/taken_us.i64: little-endian int64
 *   bench_generate rows FILE.db PARTITIONS [MOMENTS [SEED]]
 *       a SQLite database with one row per partition and moment, and nothing else to save space on
 *   bench_generate widths PARTITIONS [MOMENTS [SEED]]
 *       what the deltas of each metric would take, in bytes per value, packed in rows of 256
 *       partitions whose widest delta decides (1, 2, 4 or 8 bytes)
 *
 * MOMENTS is 8760, SEED is 1 unless given. */
#include "generate.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "raw files are little-endian"
#endif

enum { GROUP = 256, PATH_SIZE = 4096, DIGITS = 24 };

typedef struct job {
    const char *path;
    size_t n_parts, n_moments;
    uint64_t seed;
} job;

static int failed(const char *what) {
    fprintf(stderr, "bench_generate: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

/* ---- csv ---- */

static char *put_digits(char *out, uint64_t x) {
    char digits[DIGITS], *first = digits + DIGITS;
    do
        *--first = (char)('0' + x % 10);
    while (x /= 10);
    size_t n = (size_t)(digits + DIGITS - first);
    memcpy(out, first, n);
    return out + n;
}

static void put_row(const char *time, size_t p, const bench_moment *moment) {
    char line[(BENCH_METRIC_COUNT + 2) * DIGITS], *end = line;
    size_t n = strlen(time);
    memcpy(end, time, n);
    end = put_digits(end + n, p);
    for (int m = 0; m < BENCH_METRIC_COUNT; m++) {
        *end++ = ',';
        end = put_digits(end, (uint64_t)moment->value[m][p]);
    }
    *end++ = '\n';
    fwrite_unlocked(line, 1, (size_t)(end - line), stdout);
}

static int write_csv(const job *j, bench_generator *g) {
    printf("taken_at,partition_num");
    for (int m = 0; m < BENCH_METRIC_COUNT; m++)
        printf(",%s", bench_metric_names[m]);
    printf("\n");
    for (size_t t = 0; t < j->n_moments; t++) {
        const bench_moment *moment = bench_generator_next(g);
        time_t seconds = (time_t)(moment->taken_us / 1000000);
        struct tm utc;
        char time[DIGITS];
        strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ,", gmtime_r(&seconds, &utc));
        for (size_t p = 0; p < j->n_parts; p++)
            put_row(time, p, moment);
    }
    return fflush(stdout) || ferror(stdout) ? failed("stdout") : EXIT_SUCCESS;
}

/* ---- raw ---- */

static FILE *create_column(const job *j, const char *name) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s.i64", j->path, name);
    return fopen(path, "wb");
}

static void put_column(FILE *file, const double *value, size_t n) {
    int64_t row[GROUP];
    for (size_t p = 0; p < n; p += GROUP) {
        size_t m = n - p < GROUP ? n - p : GROUP;
        for (size_t i = 0; i < m; i++)
            row[i] = (int64_t)value[p + i];
        fwrite(row, sizeof *row, m, file);
    }
}

static int write_raw(const job *j, bench_generator *g) {
    FILE *file[BENCH_METRIC_COUNT + 1];
    for (int m = 0; m <= BENCH_METRIC_COUNT; m++) {
        file[m] = create_column(j, m < BENCH_METRIC_COUNT ? bench_metric_names[m] : "taken_us");
        if (!file[m])
            return failed(j->path);
    }
    for (size_t t = 0; t < j->n_moments; t++) {
        const bench_moment *moment = bench_generator_next(g);
        for (int m = 0; m < BENCH_METRIC_COUNT; m++)
            put_column(file[m], moment->value[m], j->n_parts);
        fwrite(&moment->taken_us, sizeof moment->taken_us, 1, file[BENCH_METRIC_COUNT]);
    }
    int status = EXIT_SUCCESS;
    for (int m = 0; m <= BENCH_METRIC_COUNT; m++)
        if (ferror(file[m]) | fclose(file[m]))
            status = failed(j->path);
    return status;
}

/* ---- rows ---- */

static const char *const ROWS_SCHEMA =
    "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA page_size = 4096;"
    "CREATE TABLE moments_taken(moment INTEGER PRIMARY KEY, taken_us INTEGER);"
    "CREATE TABLE history(moment INTEGER, partition_num INTEGER, chunk_count INTEGER,"
    "  document_count INTEGER, size_bytes INTEGER, chunks_last_hour INTEGER,"
    "  chunks_last_day INTEGER, PRIMARY KEY(moment, partition_num)) WITHOUT ROWID;"
    "BEGIN";

/* Bind, run, and be ready again. */
static bool insert(sqlite3_stmt *into, const int64_t *value, int n) {
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(into, i + 1, value[i]);
    return sqlite3_step(into) == SQLITE_DONE && sqlite3_reset(into) == SQLITE_OK;
}

static bool insert_moment(sqlite3_stmt *moments, sqlite3_stmt *history, size_t t, size_t n_parts,
                          const bench_moment *moment) {
    bool ok = insert(moments, (int64_t[]){(int64_t)t, moment->taken_us}, 2);
    for (size_t p = 0; ok && p < n_parts; p++) {
        int64_t row[2 + BENCH_METRIC_COUNT] = {(int64_t)t, (int64_t)p};
        for (int m = 0; m < BENCH_METRIC_COUNT; m++)
            row[2 + m] = (int64_t)moment->value[m][p];
        ok = insert(history, row, 2 + BENCH_METRIC_COUNT);
    }
    return ok;
}

static int write_rows(const job *j, bench_generator *g) {
    sqlite3 *db = NULL;
    sqlite3_stmt *moments = NULL, *history = NULL;
    bool ok = sqlite3_open(j->path, &db) == SQLITE_OK &&
              sqlite3_exec(db, ROWS_SCHEMA, NULL, NULL, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "INSERT INTO moments_taken VALUES(?, ?)", -1, &moments,
                                 NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(db, "INSERT INTO history VALUES(?, ?, ?, ?, ?, ?, ?)", -1,
                                 &history, NULL) == SQLITE_OK;
    for (size_t t = 0; ok && t < j->n_moments; t++)
        ok = insert_moment(moments, history, t, j->n_parts, bench_generator_next(g));
    ok = ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok)
        fprintf(stderr, "bench_generate: %s: %s\n", j->path, sqlite3_errmsg(db));
    sqlite3_finalize(moments);
    sqlite3_finalize(history);
    sqlite3_close(db);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- widths ---- */

/* Bytes that the widest of n deltas needs, as a signed integer, after unit is taken out. */
static size_t width_of(const double *now, const double *before, size_t n, double unit) {
    double low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        double delta = (now[i] - before[i]) / unit;
        low = delta < low ? delta : low;
        high = delta > high ? delta : high;
    }
    return low >= -128 && high <= 127        ? 1
           : low >= -32768 && high <= 32767  ? 2
           : low >= -0x1p31 && high < 0x1p31 ? 4
                                             : 8;
}

static int print_widths(const job *j, bench_generator *g) {
    double bytes[BENCH_METRIC_COUNT] = {0};
    double *before = calloc(j->n_parts * BENCH_METRIC_COUNT, sizeof *before);
    if (!before)
        return failed("memory");
    for (size_t t = 0; t < j->n_moments; t++) {
        const bench_moment *moment = bench_generator_next(g);
        for (int m = 0; m < BENCH_METRIC_COUNT; m++) {
            double *old = before + (size_t)m * j->n_parts;
            for (size_t p = 0; t > 0 && p < j->n_parts; p += GROUP) {
                size_t n = j->n_parts - p < GROUP ? j->n_parts - p : GROUP;
                double unit = m == BENCH_SIZE_BYTES ? 8192 : 1;
                bytes[m] += (double)(n * width_of(moment->value[m] + p, old + p, n, unit));
            }
            memcpy(old, moment->value[m], j->n_parts * sizeof *old);
        }
    }
    for (int m = 0; m < BENCH_METRIC_COUNT; m++)
        printf("%-17s %.2f\n", bench_metric_names[m],
               bytes[m] / (double)(j->n_parts * (j->n_moments - 1)));
    free(before);
    return EXIT_SUCCESS;
}

/* ---- the command line ---- */

static const struct {
    const char *name;
    int (*run)(const job *j, bench_generator *g);
} FORMS[] = {
    {"csv", write_csv}, {"raw", write_raw}, {"rows", write_rows}, {"widths", print_widths}};

static uint64_t number(int argc, char **argv, int i, uint64_t otherwise) {
    return i < argc ? strtoull(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    for (size_t f = 0; argc > 2 && f < sizeof FORMS / sizeof *FORMS; f++) {
        if (strcmp(argv[1], FORMS[f].name) != 0)
            continue;
        int first = FORMS[f].run == write_raw || FORMS[f].run == write_rows ? 3 : 2;
        job j = {.path = argv[2],
                 .n_parts = number(argc, argv, first, 0),
                 .n_moments = number(argc, argv, first + 1, BENCH_YEAR),
                 .seed = number(argc, argv, first + 2, 1)};
        if (j.n_parts == 0 || j.n_moments == 0)
            break;
        bench_generator *g = bench_generator_open(j.seed, j.n_parts);
        if (!g)
            return failed("memory");
        int status = FORMS[f].run(&j, g);
        bench_generator_close(g);
        return status;
    }
    fprintf(stderr, "usage: bench_generate csv|widths PARTITIONS [MOMENTS [SEED]]\n"
                    "       bench_generate raw DIR | rows FILE.db PARTITIONS [MOMENTS [SEED]]\n");
    return 64;
}
