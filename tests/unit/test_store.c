/* store/: what is written is read back, field by field; older, newer and altered files are judged
 * as promised. Damaged ones are in test_store_damage.c. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "pgskew/store.h"
#include "support/full.h"
#include "support/no_leaks.h"
#include "support/scratch.h"

static scratch dir;
static pgs_snapshot written, back;
static pgs_err err;
static char path[256];

static void set_up(void) {
    cr_assert(scratch_make(&dir));
    snprintf(path, sizeof path, "%s", scratch_name(&dir, "snapshot.db"));
    pgs_snapshot_init(&back);
}

static void tear_down(void) {
    pgs_snapshot_reset(&written);
    pgs_snapshot_reset(&back);
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(store, .init = set_up, .fini = tear_down);

static size_t n_entries(void) {
    DIR *d = opendir(dir.path);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return n;
}

static void write_full(void) {
    full_snapshot(&written);
    cr_assert_eq(pgs_snapshot_write(&written, path, &err), PGS_OK, "%s", err.msg);
}

/* ---- there and back ---- */

Test(store, every_field_comes_back) {
    write_full();
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    full_expect_same(&back, &written);
    cr_expect_str_eq(back.head.path, path);
    cr_expect_null(back.warning);
    cr_expect_eq(pgs_snapshot_verify(&back, &err), PGS_OK, "%s", err.msg);
}

Test(store, what_was_not_observed_comes_back_as_that) {
    static const double CHUNKS[] = {5, NAN};
    make_derived(&written, 2, CHUNKS, NULL);
    cr_assert_eq(pgs_snapshot_write(&written, path, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    full_expect_same(&back, &written);
    cr_expect(isnan(back.collect_ms) && back.in_recovery == -1);
    cr_expect_null(back.head.database);
}

Test(store, no_partitions_come_back) {
    make_derived(&written, 0, NULL, NULL);
    cr_assert_eq(pgs_snapshot_write(&written, path, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    full_expect_same(&back, &written);
}

Test(store, the_largest_values_come_back) {
    double counts[] = {PGS_MAX_INTEGER, 0}, bytes[] = {PGS_MAX_INTEGER, PGS_MAX_INTEGER};
    make_snapshot(&written, 2, counts, bytes);
    written.metric[PGS_LAST_CREATED_AT][0] = PGS_MAX_INTEGER;
    written.metric[PGS_OLDEST_CREATED_AT][0] = 0;
    written.metric[PGS_AVG_TOKENS][0] = 0.1 + 0.2;
    cr_assert_eq(pgs_snapshot_derive(&written, &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_write(&written, path, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    full_expect_same(&back, &written);
}

Test(store, the_file_is_private_alone_and_never_overwritten) {
    write_full();
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600u);
    cr_expect_eq(n_entries(), 1u);
    cr_expect_eq(pgs_snapshot_write(&written, path, &err), PGS_E_EXISTS);
    cr_expect_not_null(strstr(err.msg, "snapshot.db"));
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK);
    full_expect_same(&back, &written);
    cr_expect_eq(n_entries(), 1u);
}

Test(store, the_same_snapshot_is_the_same_bytes) {
    write_full();
    const char *twin = scratch_name(&dir, "twin.db");
    cr_assert_eq(pgs_snapshot_write(&written, twin, &err), PGS_OK);
    char *a, *b;
    size_t n, k;
    cr_assert_eq(pgs_file_read(path, 1 << 24, &a, &n, &err), PGS_OK);
    cr_assert_eq(pgs_file_read(twin, 1 << 24, &b, &k, &err), PGS_OK);
    cr_expect(n == k && memcmp(a, b, n) == 0);
    pgs_free(a);
    pgs_free(b);
}

Test(store, only_what_is_asked_for_is_read) {
    static const pgs_selection TOKENS = {.metrics = PGS_METRIC_BIT(PGS_AVG_TOKENS)};
    write_full();
    cr_assert_eq(pgs_snapshot_read_part(path, &TOKENS, &back, &err), PGS_OK, "%s", err.msg);
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        bool asked = (PGS_METRICS_JUDGED | TOKENS.metrics) >> m & 1;
        cr_expect(make_same(back.metric[m][0], asked ? written.metric[m][0] : NAN), "%s",
                  pgs_metric_get(m)->key);
    }
    cr_expect(back.n_collections == 0 && back.n_strays == 2);
    cr_expect_eq(pgs_snapshot_verify(&back, &err), PGS_OK, "%s", err.msg);
}

/* ---- file names ---- */

static const struct {
    const char *database, *table, *source;
    int64_t us;
    const char *name;
} NAME[] = {
    {"app", "public.chunks", "s", MAKE_TAKEN, "app.public.chunks-20251020T101500Z.db"},
    {"app", "public.chunks", "s", MAKE_TAKEN + 250000,
     "app.public.chunks-20251020T101500.250000Z.db"},
    {NULL, "public.chunks", "import", MAKE_TAKEN, "import.public.chunks-20251020T101500Z.db"},
    {"a/b", "public.\"my table\"", "s", 0, "a%2Fb.public.%22my%20table%22-19700101T000000Z.db"},
    {"..", "public.chunks", "s", 0, "%2E%2E.public.chunks-19700101T000000Z.db"},
    {"gr\xC3\xB6", "a.b", "s", 0, "gr%C3%B6.a.b-19700101T000000Z.db"},
    {"a.b", "c-d_e.f", "s", 0, "a%2Eb.c-d_e.f-19700101T000000Z.db"},
};

Test(store, file_names_are_safe_and_tell_everything) {
    for (size_t i = 0; i < PGS_COUNT_OF(NAME); i++) {
        char *name = NULL;
        make_snapshot(&written, 0, NULL, NULL);
        written.head.database = NULL;
        make_text(&written, &written.head.database, NAME[i].database);
        make_text(&written, &written.head.table_name, NAME[i].table);
        make_text(&written, &written.head.source, NAME[i].source);
        written.head.taken_us = NAME[i].us;
        cr_assert_eq(pgs_snapshot_file_name(&written.head, &name, &err), PGS_OK);
        cr_expect_str_eq(name, NAME[i].name);
        pgs_free(name);
        pgs_snapshot_reset(&written);
    }
}

/* ---- versions and files that somebody changed ---- */

#define DROP_VIEWS                                                                                 \
    "DROP VIEW IF EXISTS partition_size_distribution;"                                             \
    "DROP VIEW IF EXISTS partition_chunk_distribution;"                                            \
    "DROP VIEW IF EXISTS partition_hot_spots; DROP VIEW IF EXISTS partition_stats;"                \
    "DROP VIEW IF EXISTS partition_health_summary; DROP VIEW IF EXISTS analyze_partition_skew;"

static const struct {
    const char *name, *sql;
} ACCEPTED[] = {
    {"an extra column", "ALTER TABLE partition_stat ADD COLUMN mood TEXT DEFAULT 'fine'"},
    {"two extra columns",
     "ALTER TABLE stray ADD COLUMN a; ALTER TABLE stray ADD COLUMN b TEXT DEFAULT 'x'"},
    {"an extra table", "CREATE TABLE extra (x); INSERT INTO extra VALUES (1)"},
    {"an index", "CREATE INDEX faster ON partition_stat (chunk_count)"},
    {"a view on top", "CREATE VIEW mine AS SELECT * FROM partition_stat"},
    {"a view that does not work", "CREATE VIEW broken AS SELECT no_such()"},
    {"a trigger", "CREATE TRIGGER t AFTER INSERT ON meta BEGIN SELECT RAISE(ABORT, 'no'); END"},
    {"views removed", DROP_VIEWS},
    {"a view made again as it was",
     "DROP VIEW analyze_partition_skew; CREATE VIEW analyze_partition_skew AS\n"
     "SELECT metric, value, status, details FROM skew_metric ORDER BY position"},
    {"vacuumed", "VACUUM"},
    {"other pages", "PRAGMA page_size = 4096; VACUUM"},
    {"more meta", "INSERT INTO meta VALUES ('mood', 'fine')"},
    {"another writer", "UPDATE meta SET value = 'someone' WHERE key = 'writer'"},
};

Test(store, what_is_not_ours_in_the_file_is_not_read) {
    for (size_t i = 0; i < PGS_COUNT_OF(ACCEPTED); i++) {
        write_full();
        full_sql(path, ACCEPTED[i].sql);
        cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s: %s", ACCEPTED[i].name,
                     err.msg);
        if (back.part)
            full_expect_same(&back, &written);
        cr_expect_null(back.warning, "%s", ACCEPTED[i].name);
        pgs_snapshot_reset(&back);
        pgs_snapshot_reset(&written);
        remove(path);
    }
}

Test(store, a_newer_minor_version_is_read_with_a_warning) {
    write_full();
    full_sql(path, "UPDATE meta SET value = '1.7' WHERE key = 'schema_version';"
                   "DROP VIEW partition_stats; CREATE VIEW partition_stats AS SELECT 7");
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    cr_assert_not_null(back.warning);
    cr_expect_not_null(strstr(back.warning, "1.7"), "%s", back.warning);
    full_expect_same(&back, &written);
}

/* A column that is missing is not observed: that is how an older file looks. */
Test(store, every_missing_column_is_null) {
    static const char *const KEPT[] = {"chunk_count"}; /* one has to stay */
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        const char *key = pgs_metric_get(m)->key;
        char sql[1000];
        if (strcmp(key, KEPT[0]) == 0)
            continue;
        write_full();
        snprintf(sql, sizeof sql, DROP_VIEWS "ALTER TABLE partition_stat DROP COLUMN %s", key);
        full_sql(path, sql);
        cr_expect_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s: %s", key, err.msg);
        for (size_t p = 0; back.part && p < 4; p++)
            for (pgs_metric k = 0; k < PGS_METRIC_COUNT; k++)
                cr_expect(make_same(back.metric[k][p], k == m ? NAN : written.metric[k][p]),
                          "without %s: %s", key, pgs_metric_get(k)->key);
        pgs_snapshot_reset(&back);
        pgs_snapshot_reset(&written);
        remove(path);
    }
}

Test(store, tables_that_may_be_missing) {
    write_full();
    full_sql(path, "DROP TABLE stray; DROP TABLE collection_stat; DROP TABLE collection");
    cr_assert_eq(pgs_snapshot_read(path, &back, &err), PGS_OK, "%s", err.msg);
    cr_expect(back.n_strays == 0 && back.n_collections == 0 && back.n_collection_stats == 0);
    full_expect_parts(&back, &written);
}

/* ---- without memory ---- */

Test(store, failing_memory_is_said_by_the_writer) {
    full_snapshot(&written);
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK && nth < 500; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_snapshot_write(&written, path, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
        cr_assert_eq(n_entries(), st == PGS_OK, "call %zu", nth);
    }
    cr_assert_eq(st, PGS_OK);
    char *name = NULL;
    pgs_mem_fail_at(1);
    cr_expect_eq(pgs_snapshot_file_name(&written.head, &name, &err), PGS_E_BUG);
    cr_expect_null(name);
}

Test(store, failing_memory_is_said_by_the_reader) {
    write_full();
    pgs_status st = PGS_E_BUG;
    size_t nth = 1;
    for (; st != PGS_OK && nth < 1000; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_snapshot_read(path, &back, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
        cr_assert(st == PGS_OK || (!back.arena && !back.part), "as init left it");
    }
    cr_assert(st == PGS_OK && nth > 10);
    full_expect_same(&back, &written);
}
