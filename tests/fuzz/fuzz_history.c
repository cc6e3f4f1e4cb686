/* Whatever the bytes of a history are, reading it ends in a status: never a crash, and what is read
 * is a snapshot that passes its own check.
 *
 * Bytes are tried as they are, then with a sound header, then with sound checksums in their blocks
 * too: a block whose content was chosen by somebody who knows how is the worst that can come. Seeds
 * have small pages, which history_seeds.py sees to. */
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/base.h"
#include "fuzz/fuzz.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"
#include "pgskew/report.h"

enum { PAGE_BYTES = 512, MAX_BYTES = 1 << 20, BLOCK_HEADER = 24, BLOCK_HASHED = 16, READERS = 2 };
enum { MAX_BLOCKS = 200, MAX_TILES = 3, MAX_MOMENTS = 1000, MAX_LANES = 2000 };

/* What a reading function may end in, here where nobody else changes the file. */
static bool is_fine(pgs_status status, const pgs_err *err) {
    require(status == PGS_OK || status == PGS_E_DATA || status == PGS_E_NO_INPUT);
    require(status == PGS_OK || err->msg[0] != '\0');
    return status == PGS_OK;
}

/* ---- what is asked of a history ---- */

static void nothing_said(void *context, const char *sentence) {
    *(size_t *)context += sentence[0] != '\0';
}

static void nothing_drawn(void *context, size_t done, size_t total) {
    (void)context;
    require(done <= total);
}

static void ask_verify(pgs_history *history, size_t n_moments) {
    size_t n_faults = 0, n_blocks;
    pgs_err err = {0};
    pgs_history_watcher watcher = {nothing_said, nothing_drawn, &n_faults};
    bool *sound = calloc(n_moments / PGS_TILE_MOMENTS + 1, sizeof *sound);
    require(sound);
    (void)is_fine(pgs_history_check(history, &watcher, sound, &n_blocks, &err), &err);
    free(sound);
}

static void ask_tiles(pgs_history *history, const pgs_series *series) {
    static double cells[PGS_TILE_MOMENTS * PGS_TILE_LANES];
    pgs_tile_source tiles = pgs_history_tiles(history);
    size_t groups = series->n_lanes / PGS_TILE_LANES + 1;
    size_t blocks = series->n_moments / PGS_TILE_MOMENTS + 1;
    for (size_t b = 0; b < blocks && b < MAX_TILES; b++)
        for (size_t g = 0; g < groups && g < MAX_TILES; g++)
            for (int m = 0; m <= PGS_METRIC_COUNT; m++) {
                pgs_tile tile;
                pgs_err err = {0};
                pgs_metric metric = m == PGS_METRIC_COUNT ? PGS_PRESENCE : (pgs_metric)m;
                if (!is_fine(
                        tiles.read(tiles.context, (size_t)m % READERS, metric, g, b, &tile, &err),
                        &err) ||
                    tile.n_moments == 0)
                    continue;
                require(tile.n_moments <= PGS_TILE_MOMENTS && tile.n_lanes <= PGS_TILE_LANES);
                pgs_tile_rows(&tile, cells);
            }
}

static void ask_scan(pgs_history *history, const pgs_series *series) {
    pgs_scan scan;
    pgs_err err = {0};
    pgs_scan_init(&scan);
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_scan_options options = {.end = series->n_moments, .extremes = true, .moments = true};
    (void)is_fine(pgs_scan_run(series, &tiles, &options, &scan, &err), &err);
    pgs_scan_reset(&scan);
}

static void ask_moment(pgs_history *history, size_t moment) {
    pgs_snapshot snap;
    pgs_result result;
    pgs_err err = {0};
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    if (is_fine(pgs_history_read(history, moment, &pgs_everything, &snap, &err), &err)) {
        require(pgs_snapshot_check(&snap, &err) == PGS_OK);
        require(pgs_snapshot_derive(&snap, &err) == PGS_OK);
        require(pgs_analyze(&snap, &result, &err) == PGS_OK);
    }
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
}

static void ask_newest(pgs_history *history) {
    pgs_snapshot snap;
    pgs_err err = {0};
    pgs_snapshot_init(&snap);
    (void)is_fine(pgs_history_read_rows(history, &snap, &err), &err);
    pgs_snapshot_reset(&snap);
}

static void ask_frame(pgs_history *history, size_t last) {
    pgs_frame frame;
    pgs_err err = {0};
    pgs_frame_init(&frame);
    uint64_t metrics = PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_SIZE_BYTES);
    (void)is_fine(pgs_history_frame(history, 0, last, metrics, &frame, &err), &err);
    pgs_frame_reset(&frame);
}

static void ask_csv(pgs_history *history, const pgs_series *series) {
    char *text = NULL;
    size_t n = 0;
    pgs_err err = {0};
    FILE *out = open_memstream(&text, &n);
    pgs_tile_source tiles = pgs_history_tiles(history);
    pgs_long_csv csv = {.series = series, .tiles = &tiles, .end = series->n_moments};
    require(out);
    bool known = is_fine(pgs_history_changes(history, &csv.change, &csv.n_changes, &err), &err) &&
                 is_fine(pgs_history_metrics(history, &csv.metrics, &err), &err);
    if (known)
        (void)is_fine(pgs_long_csv_write(out, &csv, &err), &err);
    fclose(out);
    free(text);
}

static void ask_rows(pgs_history *history, size_t n_moments) {
    pgs_catalog catalog;
    pgs_err err = {0};
    int64_t hash;
    uint64_t given;
    const pgs_filter filter = {.since_us = PGS_TIME_NONE, .until_us = PGS_TIME_NONE};
    pgs_summary *summary = calloc(n_moments, sizeof *summary);
    require(summary);
    pgs_catalog_init(&catalog);
    (void)is_fine(pgs_history_catalog(history, &filter, &catalog, &err), &err);
    pgs_catalog_reset(&catalog);
    (void)is_fine(pgs_history_summaries(history, summary, &err), &err);
    (void)is_fine(pgs_history_hash(history, n_moments - 1, &hash, &err), &err);
    (void)is_fine(pgs_history_given(history, n_moments - 1, &given, &err), &err);
    free(summary);
}

static void ask_all(pgs_history *history, const pgs_series *series) {
    size_t n = series->n_moments;
    require(n > 0 && series->moment[n - 1].taken_us >= series->moment[0].taken_us);
    ask_tiles(history, series);
    ask_rows(history, n);
    ask_verify(history, n);
    ask_newest(history);
    if (n > MAX_MOMENTS || series->n_lanes > MAX_LANES) /* sound, and slow */
        return;
    ask_scan(history, series);
    ask_frame(history, n - 1);
    ask_csv(history, series);
    ask_moment(history, 0);
    ask_moment(history, n / 2);
    pgs_history_keep(history);
    ask_moment(history, n - 1);
}

/* ---- one file ---- */

static const char *write_file(const uint8_t *data, size_t n) {
    static char path[64];
    snprintf(path, sizeof path, "/dev/shm/pgskew-fuzz-%d.db", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    require(fd >= 0 && write(fd, data, n) == (ssize_t)n && close(fd) == 0);
    return path;
}

static bool try_bytes(const uint8_t *data, size_t n) {
    const char *path = write_file(data, n);
    pgs_history *history = NULL;
    const pgs_series *series;
    size_t moment;
    pgs_err err = {0};
    bool opened = is_fine(pgs_history_open(path, READERS, &history, &err), &err);
    require(opened == (history != NULL));
    if (opened)
        (void)is_fine(pgs_history_find(history, PGS_TIME_NONE, &moment, &err), &err);
    if (opened && is_fine(pgs_history_series(history, &series, &err), &err) && series->n_moments)
        ask_all(history, series);
    pgs_history_close(history);
    unlink(path);
    require(pgs_mem_live() == 0);
    return opened;
}

/* ---- sound headers ---- */

/* ---- sound checksums ---- */

static void mend_block(uint8_t *data, size_t n) {
    uint64_t hash = pgs_hash(data, BLOCK_HASHED, 0);
    hash = pgs_hash(data + BLOCK_HEADER, n - BLOCK_HEADER, hash);
    memcpy(data + BLOCK_HASHED, &hash, sizeof hash);
}

static void mend_blocks(sqlite3 *db) {
    sqlite3_stmt *read = NULL, *write = NULL;
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    if (sqlite3_prepare_v2(db, "SELECT id, data FROM block", -1, &read, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "UPDATE block SET data = ?1 WHERE id = ?2", -1, &write, NULL) ==
            SQLITE_OK)
        for (int i = 0; i < MAX_BLOCKS && sqlite3_step(read) == SQLITE_ROW; i++) {
            int n = sqlite3_column_bytes(read, 1);
            const void *data = sqlite3_column_blob(read, 1);
            if (!data || n < BLOCK_HEADER)
                continue;
            uint8_t *mended = malloc((size_t)n);
            require(mended);
            memcpy(mended, data, (size_t)n);
            mend_block(mended, (size_t)n);
            sqlite3_bind_blob(write, 1, mended, n, free);
            sqlite3_bind_int64(write, 2, sqlite3_column_int64(read, 0));
            sqlite3_step(write);
            sqlite3_reset(write);
        }
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
}

/* The same history, every block with the checksum of what it holds now. */
static void try_mended_blocks(const uint8_t *data, size_t n) {
    sqlite3 *db = NULL;
    unsigned char *bytes = sqlite3_malloc64(n);
    require(bytes && sqlite3_open(":memory:", &db) == SQLITE_OK);
    memcpy(bytes, data, n);
    int rc = sqlite3_deserialize(db, "main", bytes, (sqlite3_int64)n, (sqlite3_int64)n,
                                 SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    sqlite3_int64 size = 0;
    if (rc == SQLITE_OK)
        mend_blocks(db);
    unsigned char *mended = rc == SQLITE_OK ? sqlite3_serialize(db, "main", &size, 0) : NULL;
    sqlite3_close(db);
    if (mended && size > 0)
        try_bytes(mended, (size_t)size);
    sqlite3_free(mended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n > MAX_BYTES)
        return 0;
    bool opened = try_bytes(data, n);
    if (n < PAGE_BYTES)
        return 0;
    uint8_t *mended = malloc(n);
    require(mended);
    memcpy(mended, data, n);
    if (!opened) {
        n -= n % PAGE_BYTES;
        fuzz_mend_header(mended, n, PAGE_BYTES, PGS_HISTORY_APPLICATION_ID);
        opened = try_bytes(mended, n);
    }
    if (opened)
        try_mended_blocks(mended, n);
    free(mended);
    return 0;
}
