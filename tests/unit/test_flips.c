/* Blocks whose bytes changed: every byte of every block of a small history is flipped in turn. The
 * check always finds it; whoever reads the block says so, and never makes a number of it. So it is
 * with a block that was removed. And a block of a newer version, sound by its checksum, is
 * refused. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"
#include "pgskew/report.h"
#include "support/moments.h"
#include "support/no_leaks.h"
#include "support/scratch.h"

enum { CSV = 1, SCAN = 2, MOMENT = 4, CHECK = 8 };
enum { N_MOMENTS = 12, MOMENT_METRIC = 0x101, CONTENTS_METRIC = 0x102 };
enum { HASHED = 16, HEADER = 24, MAX_BLOCKS = 80 };

static scratch dir;
static char path[256];
static pgs_err err;
static sqlite3 *db;
static sqlite3_blob *blob;

static void set_up(void) {
    char *bytes;
    size_t n;
    cr_assert(scratch_make(&dir));
    snprintf(path, sizeof path, "%s", scratch_name(&dir, "history.db"));
    cr_assert_eq(pgs_file_read(FIXTURES "/fuzz/history/come-and-go.db", 1 << 20, &bytes, &n, &err),
                 PGS_OK);
    cr_assert_eq(pgs_file_create(path, bytes, n, &err), PGS_OK);
    pgs_free(bytes);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", NULL, NULL, NULL);
}

static void tear_down(void) {
    sqlite3_blob_close(blob);
    blob = NULL;
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(flips, .init = set_up, .fini = tear_down, .timeout = 600);

/* ---- what is asked: the answer as bytes, or who refused ---- */

static pgs_status ask_csv(pgs_history *h, const pgs_series *series, FILE *out) {
    pgs_tile_source tiles = pgs_history_tiles(h);
    pgs_long_csv csv = {.series = series, .tiles = &tiles, .end = series->n_moments};
    pgs_status st = pgs_history_changes(h, &csv.change, &csv.n_changes, &err);
    if (st == PGS_OK)
        st = pgs_history_metrics(h, &csv.metrics, &err);
    return st == PGS_OK ? pgs_long_csv_write(out, &csv, &err) : st;
}

static pgs_status ask_scan(pgs_history *h, const pgs_series *series, FILE *out) {
    pgs_scan scan;
    pgs_scan_init(&scan);
    pgs_tile_source tiles = pgs_history_tiles(h);
    pgs_scan_options options = {.end = series->n_moments, .extremes = true, .moments = true};
    pgs_status st = pgs_scan_run(series, &tiles, &options, &scan, &err);
    pgs_report_input input = {.scan = &scan};
    for (int kind = PGS_REPORT_SCAN_TOTAL; st == PGS_OK && kind <= PGS_REPORT_SCAN_PARTITION;
         kind++)
        st = pgs_report_write(out, (pgs_report_kind)kind, PGS_FORMAT_CSV, &input, NULL, &err);
    pgs_scan_reset(&scan);
    return st;
}

static pgs_status ask_moment(pgs_history *h, FILE *out) {
    pgs_snapshot snap;
    pgs_result result;
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    pgs_status st = pgs_history_read(h, N_MOMENTS / 2, &pgs_everything, &snap, &err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, &err);
    if (st == PGS_OK)
        st = pgs_analyze(&snap, &result, &err);
    pgs_report_input input = {.snapshot = &snap, .result = &result};
    if (st == PGS_OK)
        st = pgs_report_write(out, PGS_REPORT_FULL, PGS_FORMAT_JSON, &input, NULL, &err);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    return st;
}

static void count_fault(void *context, const char *sentence) {
    *(size_t *)context += strstr(sentence, "block ") != NULL;
}

static void no_step(void *context, size_t done, size_t total) {
    (void)context, (void)done, (void)total;
}

/* How many blocks the check complains of. */
static size_t ask_check(pgs_history *h) {
    bool sound[1];
    size_t n_faults = 0, n_blocks;
    pgs_history_watcher watcher = {count_fault, no_step, &n_faults};
    cr_assert_eq(pgs_history_check(h, &watcher, sound, &n_blocks, &err), PGS_OK, "%s", err.msg);
    return n_faults;
}

/* Which of them refuse; the answer of `which` goes to *text, for the caller to free(). */
static int ask(int which, char **text) {
    pgs_history *h;
    const pgs_series *series;
    size_t n = 0;
    FILE *out = open_memstream(text, &n);
    cr_assert_eq(pgs_history_open(path, 1, &h, &err), PGS_OK, "%s", err.msg);
    pgs_status known = pgs_history_series(h, &series, &err), st = known;
    if (known == PGS_OK)
        st = which == CSV    ? ask_csv(h, series, out)
             : which == SCAN ? ask_scan(h, series, out)
                             : ask_moment(h, out);
    int refused = st != PGS_OK ? which : 0;
    cr_assert(st == PGS_OK || (st == PGS_E_DATA && strstr(err.msg, "block ")), "%s", err.msg);
    refused |=
        known != PGS_OK || ask_check(h) == 1 ? CHECK : 0; /* without moments nothing is sound */
    pgs_history_close(h);
    fclose(out);
    return refused;
}

/* ---- blocks ---- */

static size_t blocks_of(int64_t id[MAX_BLOCKS]) {
    sqlite3_stmt *stmt;
    size_t n = 0;
    cr_assert_eq(sqlite3_prepare_v2(db, "SELECT id FROM block", -1, &stmt, NULL), SQLITE_OK);
    while (n < MAX_BLOCKS && sqlite3_step(stmt) == SQLITE_ROW)
        id[n++] = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static uint8_t *read_block(int64_t id, int *n) {
    sqlite3_blob_close(blob);
    cr_assert_eq(sqlite3_blob_open(db, "main", "block", "data", id, 1, &blob), SQLITE_OK);
    *n = sqlite3_blob_bytes(blob);
    uint8_t *data = malloc((size_t)*n);
    cr_assert(data && sqlite3_blob_read(blob, data, *n, 0) == SQLITE_OK);
    return data;
}

/* Who must refuse a block: what it reads of each metric. */
static int must_refuse(int64_t id, int which) {
    int64_t metric = id >> 48;
    if (metric == CONTENTS_METRIC)
        return 0;
    if (metric == MOMENT_METRIC)
        return which & SCAN;
    bool scanned = metric == PGS_CHUNK_COUNT || metric == PGS_SIZE_BYTES;
    return which == SCAN ? (scanned ? SCAN : 0) : which;
}

Test(flips, no_flipped_byte_becomes_a_number) {
    static const int WHICH[] = {CSV, SCAN, MOMENT};
    int64_t id[MAX_BLOCKS];
    char *want[3];
    size_t n_blocks = blocks_of(id), n_flipped = 0;
    for (size_t k = 0; k < 3; k++)
        cr_assert_eq(ask(WHICH[k], &want[k]), 0, "the history is sound");
    for (size_t b = 0; b < n_blocks; b++) {
        int n;
        uint8_t *data = read_block(id[b], &n);
        for (int i = 0; i < n; i++) {
            uint8_t flipped = (uint8_t)(data[i] ^ 1 << i % 8);
            int which = WHICH[i % 3];
            char *got;
            cr_assert_eq(sqlite3_blob_write(blob, &flipped, 1, i), SQLITE_OK);
            sqlite3_blob_close(blob); /* releases its lock */
            blob = NULL;
            int refused = ask(which, &got);
            cr_assert(refused & CHECK, "byte %d of block %zu is not found", i, b);
            cr_assert_eq(must_refuse(id[b], which) & ~refused, 0, "byte %d of block %zu", i, b);
            if (!(refused & which))
                cr_assert(strcmp(got, want[i % 3]) == 0, "byte %d of block %zu", i, b);
            free(got);
            cr_assert_eq(sqlite3_blob_open(db, "main", "block", "data", id[b], 1, &blob),
                         SQLITE_OK);
            cr_assert_eq(sqlite3_blob_write(blob, &data[i], 1, i), SQLITE_OK);
            n_flipped++;
        }
        free(data);
    }
    for (size_t k = 0; k < 3; k++)
        free(want[k]);
    cr_expect(n_blocks == 8 && n_flipped > 1000, "%zu bytes", n_flipped);
}

Test(flips, a_newer_block_is_refused) {
    int64_t id[MAX_BLOCKS];
    size_t n_blocks = blocks_of(id);
    for (size_t b = 0; b < n_blocks; b++) {
        int n;
        char *got;
        uint8_t *data = read_block(id[b], &n), *newer = malloc((size_t)n);
        memcpy(newer, data, (size_t)n);
        newer[0]++;
        uint64_t hash = pgs_hash(newer + HEADER, (size_t)n - HEADER, pgs_hash(newer, HASHED, 0));
        memcpy(newer + HASHED, &hash, sizeof hash);
        cr_assert_eq(sqlite3_blob_write(blob, newer, n, 0), SQLITE_OK);
        sqlite3_blob_close(blob);
        blob = NULL;
        int which = id[b] >> 48 == MOMENT_METRIC ? SCAN : MOMENT;
        cr_expect_eq(ask(which, &got), which | CHECK);
        free(got);
        free(read_block(id[b], &n));
        cr_assert_eq(sqlite3_blob_write(blob, data, n, 0), SQLITE_OK);
        free(data);
        free(newer);
    }
    cr_expect_eq(n_blocks, 8u);
}

/* ---- removed blocks ---- */

static void run_sql(const char *format, long long id) {
    char sql[120];
    snprintf(sql, sizeof sql, format, id);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
}

/* Each block is put away in its turn, and put back. */
static void expect_missed(moments_story story, size_t n_expected) {
    static const int WHICH[] = {CSV, SCAN, MOMENT};
    int64_t id[MAX_BLOCKS];
    char *want[3], *got;
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    remove(path);
    cr_assert_eq(moments_pack(path, story, 0, MOMENTS[story].n, PGS_PACK_EXTEND, &err), PGS_OK);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    size_t n_blocks = blocks_of(id);
    for (size_t k = 0; k < 3; k++)
        cr_assert_eq(ask(WHICH[k], &want[k]), 0, "the history is sound");
    run_sql("CREATE TABLE away (id INTEGER PRIMARY KEY, data BLOB)", 0);
    for (size_t b = 0; b < n_blocks; b++) {
        run_sql("INSERT INTO away SELECT * FROM block WHERE id = %lld", id[b]);
        run_sql("DELETE FROM block WHERE id = %lld", id[b]);
        for (size_t k = 0; k < 3; k++) {
            int refused = ask(WHICH[k], &got);
            cr_expect(refused & CHECK, "%s: the check misses block %zu", MOMENTS[story].name, b);
            cr_expect_eq(must_refuse(id[b], WHICH[k]) & ~refused, 0, "%s: block %zu, question %zu",
                         MOMENTS[story].name, b, k);
            cr_expect((refused & WHICH[k]) || strcmp(got, want[k]) == 0, "%s: block %zu",
                      MOMENTS[story].name, b);
            free(got);
        }
        run_sql("INSERT INTO block SELECT * FROM away WHERE id = %lld", id[b]);
        run_sql("DELETE FROM away WHERE id = %lld", id[b]);
    }
    for (size_t k = 0; k < 3; k++)
        free(want[k]);
    cr_expect_eq(n_blocks, n_expected, "%zu blocks", n_blocks);
}

Test(flips, no_removed_block_passes_for_values_never_observed) {
    expect_missed(MOMENTS_COME_AND_GO, PGS_FIRST_DERIVED + 3);
    expect_missed(MOMENTS_WIDE, 3 * (PGS_FIRST_DERIVED + 1) + 2);
}

Test(flips, a_history_of_the_first_step_is_read_without_its_contents) {
    static const int WHICH[] = {CSV, SCAN, MOMENT};
    int64_t id[MAX_BLOCKS];
    for (size_t b = blocks_of(id); b-- > 0;)
        cr_expect_neq(id[b] >> 48, CONTENTS_METRIC, "the fixture is of the first step");
    for (size_t k = 0; k < 3; k++) {
        char *got;
        cr_expect_eq(ask(WHICH[k], &got), 0);
        free(got);
    }
}
