/* Whatever the bytes of an export are, reading it ends in a status: never a crash, never a value
 * out of range. The first byte picks the file that the rest becomes; its companions are sound. */

#include "base/base.h"
#include "fuzz/fuzz.h"
#include "pgskew/source.h"
#include "support/csv_directory.h"

static const char *const FILE_NAME[] = {
    "partition_chunk_distribution.csv", "partition_size_distribution.csv",
    "partition_hot_spots.csv",          "partition_stats.csv",
    "collection_chunking_stats.csv",    "partition_health_summary.csv",
    "analyze_partition_skew.csv",
};

static const char SOUND[] = "partition_num,chunk_count\n0,10\n1,20\n";

static void one_import(const char *directory) {
    pgs_csv_options options = {
        .directory = directory, .taken_us = 1, .naive_offset_us = PGS_TIME_NONE};
    pgs_snapshot snap;
    pgs_result result;
    pgs_err err = {0};
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    pgs_status st = pgs_csv_read(&options, NULL, &snap, &err);
    require(st == PGS_OK || err.msg[0] != '\0');
    if (st == PGS_OK) {
        require(pgs_snapshot_check(&snap, &err) == PGS_OK);
        st = pgs_csv_cross_check(&options, NULL, &snap, &result, &err);
    }
    require(st == PGS_OK || st == PGS_E_DATA);
    require(pgs_text_is_utf8(err.msg) && pgs_text_is_utf8(err.hint));
    pgs_snapshot_reset(&snap);
    pgs_result_reset(&result);
    require(pgs_mem_live() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    csv_directory dir;
    if (n == 0)
        return 0;
    require(csv_directory_make(&dir));
    require(csv_directory_write(&dir, FILE_NAME[0], SOUND, sizeof SOUND - 1));
    const char *file = FILE_NAME[data[0] % PGS_COUNT_OF(FILE_NAME)];
    require(csv_directory_write(&dir, file, data + 1, n - 1));
    one_import(dir.path);
    csv_directory_remove(&dir);
    return 0;
}
