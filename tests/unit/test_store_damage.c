/* store/ on files that are damaged, foreign or made to deceive: always a status, never a crash,
 * and never other counts than were written. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "pgskew/store.h"
#include "support/full.h"
#include "support/no_leaks.h"
#include "support/random.h"
#include "support/scratch.h"

static scratch dir;
static pgs_snapshot written, back;
static pgs_err err;
static char path[256];

static void set_up(void) {
    cr_assert(scratch_make(&dir));
    snprintf(path, sizeof path, "%s", scratch_name(&dir, "snapshot.db"));
    pgs_snapshot_init(&back);
    full_snapshot(&written);
    cr_assert_eq(pgs_snapshot_write(&written, path, &err), PGS_OK, "%s", err.msg);
}

static void tear_down(void) {
    pgs_snapshot_reset(&written);
    pgs_snapshot_reset(&back);
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(store_damage, .init = set_up, .fini = tear_down);

/* ---- changes with stock SQLite ---- */

#define DROP_VIEWS                                                                                 \
    "DROP VIEW partition_size_distribution; DROP VIEW partition_chunk_distribution;"               \
    "DROP VIEW partition_hot_spots; DROP VIEW partition_stats;"                                    \
    "DROP VIEW partition_health_summary; DROP VIEW analyze_partition_skew;"
#define VERSION(text) "UPDATE meta SET value = '" text "' WHERE key = 'schema_version'"
#define PART(change)  "UPDATE partition_stat SET " change " WHERE partition_num = 1"
#define HEAD(change)  "UPDATE snapshot SET " change
#define DEFINITION(from, to)                                                                       \
    "PRAGMA writable_schema = ON;"                                                                 \
    "UPDATE sqlite_master SET sql = replace(sql, '" from "', '" to "');"                           \
    "PRAGMA writable_schema = RESET"
#define STAT(change) "UPDATE collection_stat SET " change " WHERE partition_num = 2"

static const struct {
    const char *name, *sql, *said;
} REFUSED[] = {
    {"no version", "DELETE FROM meta WHERE key = 'schema_version'", "schema version"},
    {"no meta", "DROP TABLE meta", "schema version"},
    {"a newer major", VERSION("2.0"), "newer"},
    {"a much newer major", VERSION("10.3"), "newer"},
    {"a version that is none", VERSION("x"), "schema version"},
    {"half a version", VERSION("1"), "schema version"},
    {"a version with more", VERSION("1.0.1"), "schema version"},
    {"a negative version", VERSION("1.-1"), "schema version"},
    {"a version before the first", VERSION("0.9"), "schema version"},
    {"a version that is a blob", "UPDATE meta SET value = x'312E30'", ""},
    {"another application", "PRAGMA application_id = 1", "another application"},
    {"no application", "PRAGMA application_id = 0", "another application"},
    {"no partitions' table", DROP_VIEWS "DROP TABLE partition_stat", "partition_stat"},
    {"a view for a table",
     DROP_VIEWS "ALTER TABLE partition_stat RENAME TO other;"
                "CREATE VIEW partition_stat AS SELECT * FROM other",
     "partition_stat"},
    {"a view for the head",
     DROP_VIEWS "ALTER TABLE snapshot RENAME TO other;"
                "CREATE VIEW snapshot AS SELECT * FROM other",
     "snapshot"},
    {"a torn view",
     "PRAGMA writable_schema = ON;"
     "UPDATE sqlite_master SET sql = substr(sql, 1, length(sql) - 9) || char(0, 0, 0, 0, 0, 0, 0, "
     "0, 0)"
     " WHERE name = 'partition_stats';"
     "PRAGMA writable_schema = RESET",
     "partition_stats"},
    {"a changed letter of a column", DEFINITION("server_version    TEXT", "server_versiom    TEXT"),
     "table snapshot"},
    {"a table that is no longer one piece", DEFINITION("INTEGER", "INTEGER /**/"), "table"},
    {"a virtual table",
     DROP_VIEWS "DROP TABLE partition_stat;"
                "CREATE VIRTUAL TABLE partition_stat USING fts5(partition_num)",
     "partition_stat"},
    {"no snapshot", "DELETE FROM snapshot", "snapshot"},
    {"two snapshots",
     "INSERT INTO snapshot SELECT 2, taken_at, taken_at_us, system_identifier, \"database\","
     "table_name, table_relid, source, server_version, in_recovery, stats_reset, partition_count,"
     "counts, stray_chunks, stray_bytes, stray_last_hour, stray_last_day, stray_last_week, "
     "collect_ms, notes, distribution_variance,"
     "distribution_variance_status FROM snapshot",
     "more than one"},
    {"fewer partitions than promised", "DELETE FROM partition_stat WHERE partition_num = 2",
     "3 of"},
    {"more partitions than promised", HEAD("partition_count = 3"), "more than"},
    {"a promise of very many", HEAD("partition_count = 1000000000000"), ""},
    {"a negative promise", HEAD("partition_count = -1"), ""},
    {"a promise in words", HEAD("partition_count = 'four'"), "partition_count"},
    {"no moment", HEAD("taken_at = 'today'"), "taken_at"},
    {"two moments", HEAD("taken_at_us = 5"), "taken_at"},
    {"a moment before 1970", HEAD("taken_at = '1969-12-31T23:59:59Z', taken_at_us = -1000000"),
     "1970"},
    {"no table name", HEAD("table_name = ''"), "table"},
    {"a table name in Latin-1", HEAD("table_name = CAST(x'67F6' AS TEXT)"), "UTF-8"},
    {"a NUL in a name", HEAD("source = CAST(x'610062' AS TEXT)"), "source"},
    {"a name that is a blob", HEAD("source = x'6162'"), "source"},
    {"counts of another kind", HEAD("counts = 'guessed'"), "counts"},
    {"an unknown variance status", HEAD("distribution_variance_status = 'FINE'"), "status"},
    {"a variance in words", HEAD("distribution_variance = 'much'"), "distribution_variance"},
    {"strays over 2^53", HEAD("stray_chunks = 9007199254740993"), "stray_chunks"},
    {"text in a number", PART("chunk_count = 'ten'"), "chunk_count"},
    {"digits as text in a number", PART("chunk_count = CAST(x'3130' AS BLOB)"), "chunk_count"},
    {"a fraction in an integer", PART("size_bytes = 8192.5"), "size_bytes"},
    {"a negative count", PART("chunk_count = -1"), "chunk_count"},
    {"a count over 2^53", PART("chunk_count = 9007199254740993"), "chunk_count"},
    {"infinity", PART("avg_tokens = 9e999"), "avg_tokens"},
    {"a negative average", PART("avg_tokens = -1.0"), "avg_tokens"},
    {"a sum over 2^53", PART("row_estimate = 9007199254740992"), "row_estimate"},
    {"a time that is none", PART("last_vacuum = 'never'"), "last_vacuum"},
    {"a time that is a number", PART("last_created_at = 5"), "last_created_at"},
    {"a time after 2255", PART("last_created_at = '2300-01-01T00:00:00Z'"), "last_created_at"},
    {"an unknown status", PART("health_status = 'FINE'"), "health_status"},
    {"a negative number", PART("partition_num = -5"), "partition_num"},
    {"a number twice", PART("partition_num = 2, snapshot_id = 9"), "twice"},
    {"a number in words", PART("partition_num = 'one'"), "partition_num"},
    {"no number", "UPDATE partition_stat SET partition_num = x'' WHERE partition_num = 1",
     "partition_num"},
    {"unmeasured with values", PART("measured = 0"), "unmeasured"},
    {"a name with half a character", PART("partition_name = CAST(x'61E282' AS TEXT)"), "UTF-8"},
    {"a stray of negative size", "UPDATE stray SET size_bytes = -1", "size_bytes"},
    {"a stray with a blob for a name",
     "UPDATE stray SET partition_name = x'6162' WHERE chunk_count = 7", "partition_name"},
    {"a row of no collection", STAT("collection_id = 'nobody'"), "collection"},
    {"a collection count in words", STAT("chunk_count = 'x'"), "chunk_count"},
    {"a negative token sum", STAT("token_sum = -1"), "token_sum"},
    {"a hash in words", STAT("key_hash = 'x'"), "key_hash"},
    {"a collection that is a blob",
     "UPDATE collection SET collection_id = x'00' WHERE name IS NULL", ""},
};

Test(store_damage, every_altered_file_is_refused_and_says_why) {
    char *bytes;
    size_t n;
    cr_assert_eq(pgs_file_read(path, 1 << 24, &bytes, &n, &err), PGS_OK);
    for (size_t i = 0; i < PGS_COUNT_OF(REFUSED); i++) {
        remove(path);
        cr_assert_eq(pgs_file_create(path, bytes, n, &err), PGS_OK);
        full_sql(path, REFUSED[i].sql);
        cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_DATA, "%s", REFUSED[i].name);
        cr_expect_not_null(strstr(err.msg, REFUSED[i].said), "%s: %s", REFUSED[i].name, err.msg);
        cr_expect_not_null(strstr(err.msg, "snapshot.db"), "%s: %s", REFUSED[i].name, err.msg);
        cr_expect(strlen(err.hint) > 0, "%s: no hint", REFUSED[i].name);
        cr_expect(!back.arena && !back.part, "%s: not as init left it", REFUSED[i].name);
        pgs_snapshot_reset(&back);
    }
    pgs_free(bytes);
}

Test(store_damage, a_trigger_or_a_view_is_never_run) {
    full_sql(path, DROP_VIEWS "CREATE VIEW partition_health_summary AS WITH RECURSIVE x(i) AS"
                              " (SELECT 1 UNION ALL SELECT i + 1 FROM x) SELECT sum(i) FROM x");
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    full_expect_same(&back, &written);
}

/* ---- other files ---- */

static void put(const char *name, const void *bytes, size_t n) {
    cr_assert_eq(pgs_file_create(scratch_name(&dir, name), bytes, n, &err), PGS_OK, "%s", err.msg);
}

Test(store_damage, what_is_no_snapshot_at_all) {
    static const char *const NAME[] = {"empty", "text", "magic"};
    put("empty", "", 0);
    put("text", "partition_num,chunk_count\n0,1\n", 30);
    put("magic", "SQLite format 3", 16);
    for (size_t i = 0; i < PGS_COUNT_OF(NAME); i++) {
        cr_expect_eq(pgs_snapshot_read(scratch_name(&dir, NAME[i]), &back, &err), PGS_E_DATA, "%s",
                     NAME[i]);
        cr_expect_not_null(strstr(err.msg, NAME[i]), "%s", err.msg);
    }
    cr_expect_eq(pgs_snapshot_read(scratch_name(&dir, "missing"), &back, &err), PGS_E_NO_INPUT);
    cr_expect_eq(pgs_snapshot_read(dir.path, &back, &err), PGS_E_DATA);
}

Test(store_damage, an_unfinished_change_beside_it_means_try_again) {
    put("snapshot.db-journal", "", 0); /* an empty one is a finished one */
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    pgs_snapshot_reset(&back);
    remove(scratch_name(&dir, "snapshot.db-journal"));
    put("snapshot.db-journal", "\xd9\xd5\x05\xf9", 4);
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_RETRY);
    cr_expect_not_null(strstr(err.msg, "-journal"), "%s", err.msg);
    remove(scratch_name(&dir, "snapshot.db-journal"));
    put("snapshot.db-wal", "x", 1);
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_RETRY);
    cr_expect_not_null(strstr(err.msg, "-wal"), "%s", err.msg);
}

Test(store_damage, another_journal_mode_is_refused) {
    full_sql(path, "PRAGMA journal_mode = wal");
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "journal mode"), "%s", err.msg);
    cr_expect_not_null(strstr(err.hint, "journal_mode"), "%s", err.hint);
}

/* ---- bytes ---- */

static char *bytes;
static size_t n_bytes;

static void rewrite(size_t n) {
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void load_bytes(void) {
    cr_assert_eq(pgs_file_read(path, 1 << 24, &bytes, &n_bytes, &err), PGS_OK);
}

Test(store_damage, cut_anywhere_it_is_refused) {
    load_bytes();
    for (size_t n = 0; n < n_bytes; n += 512) {
        rewrite(n);
        cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_DATA, "%zu bytes", n);
        pgs_snapshot_reset(&back);
    }
    rewrite(n_bytes - 1);
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_DATA);
    pgs_free(bytes);
}

Test(store_damage, with_something_behind_it_it_is_refused) {
    load_bytes();
    rewrite(n_bytes);
    FILE *f = fopen(path, "ab");
    cr_assert(f && fputc(0, f) == 0 && fclose(f) == 0);
    cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_E_DATA);
    pgs_free(bytes);
}

/* Read the changed file. Names may have changed unseen, for there is no checksum over text; but
 * what is accepted and verified has the counts, sizes, skews and statuses that were written. */
static bool read_changed(const char *what, size_t where) {
    pgs_status st = pgs_snapshot_read(path, &back, &err);
    cr_assert(st == PGS_OK || st == PGS_E_DATA, "%s at %zu: status %d, %s", what, where, (int)st,
              err.msg);
    if (st == PGS_OK) {
        cr_assert_eq(pgs_snapshot_check(&back, &err), PGS_OK, "%s at %zu: %s", what, where,
                     err.msg);
        st = pgs_snapshot_verify(&back, &err);
    }
    if (st == PGS_OK) {
        static const pgs_metric JUDGED[] = {PGS_CHUNK_COUNT,   PGS_SIZE_BYTES,
                                            PGS_CHUNK_SKEW,    PGS_SIZE_SKEW,
                                            PGS_TOTAL_SIZE_MB, PGS_AVG_CHUNK_SIZE_KB};
        for (size_t p = 0; p < written.head.n_parts; p++) {
            for (size_t k = 0; k < PGS_COUNT_OF(JUDGED); k++)
                cr_assert(make_same(back.metric[JUDGED[k]][p], written.metric[JUDGED[k]][p]),
                          "%s at %zu: %s of %zu", what, where, pgs_metric_get(JUDGED[k])->key, p);
            cr_assert_eq(back.health[p], written.health[p], "%s at %zu", what, where);
        }
    }
    pgs_snapshot_reset(&back);
    return st == PGS_OK;
}

Test(store_damage, one_bit_anywhere) {
    load_bytes();
    size_t n_accepted = 0, n_flips = 0;
    for (size_t bit = 0; bit < n_bytes * 8; bit += 97, n_flips++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        rewrite(n_bytes);
        n_accepted += read_changed("bit", bit);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    }
    cr_expect_lt(n_accepted, n_flips);
    pgs_free(bytes);
}

Test(store_damage, every_bit_of_the_header) {
    load_bytes();
    for (size_t bit = 0; bit < 100 * 8; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        rewrite(n_bytes);
        read_changed("header bit", bit);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    }
    pgs_free(bytes);
}

Test(store_damage, random_bytes_over_it) {
    load_bytes();
    random_state r = {31};
    char *good = pgs_alloc(n_bytes, 1);
    memcpy(good, bytes, n_bytes);
    for (size_t round = 0; round < 400; round++) {
        memcpy(bytes, good, n_bytes);
        size_t at = 100 + (size_t)random_below(&r, (int64_t)n_bytes - 200);
        for (size_t i = 0; i < 1 + round % 64; i++)
            bytes[at + i] = (char)random_bits(&r);
        rewrite(n_bytes);
        read_changed("bytes", at);
    }
    pgs_free(good);
    pgs_free(bytes);
}
