/* store/catalog.c: which snapshots are there, in which order, and which one is meant. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "pgskew/store.h"
#include "support/full.h"
#include "support/no_leaks.h"
#include "support/scratch.h"

static scratch dir;
static pgs_catalog catalog;
static pgs_err err;

static const pgs_filter ALL = {.since_us = PGS_TIME_NONE, .until_us = PGS_TIME_NONE};

static void set_up(void) {
    cr_assert(scratch_make(&dir));
    pgs_catalog_init(&catalog);
}

static void tear_down(void) {
    pgs_catalog_reset(&catalog);
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(catalog, .init = set_up, .fini = tear_down);

/* A snapshot of `table` in the directory, taken `day` days after the first. */
static void put(const char *file, const char *table, const char *source, int day) {
    static const double CHUNKS[] = {1, 2};
    pgs_snapshot snap;
    make_derived(&snap, 2, CHUNKS, NULL);
    make_text(&snap, &snap.head.table_name, table);
    make_text(&snap, &snap.head.source, source);
    make_text(&snap, &snap.head.database, "app");
    snap.head.taken_us += day * INT64_C(86400000000);
    cr_assert_eq(pgs_snapshot_write(&snap, scratch_name(&dir, file), &err), PGS_OK, "%s", err.msg);
    pgs_snapshot_reset(&snap);
}

static int64_t day(int n) {
    return MAKE_TAKEN + n * INT64_C(86400000000);
}

static const char *file_of(const pgs_snapshot_head *head) {
    return strrchr(head->path, '/') + 1;
}

static void expect_files(const char *const *file, size_t n) {
    cr_assert_eq(catalog.n_heads, n);
    for (size_t i = 0; i < n; i++)
        cr_expect_str_eq(file_of(&catalog.head[i]), file[i], "place %zu", i);
}

/* ---- order ---- */

Test(catalog, a_new_one_is_empty) {
    const pgs_snapshot_head *head = (const pgs_snapshot_head *)&dir;
    cr_expect(catalog.n_heads == 0 && catalog.n_foreign == 0);
    cr_expect_eq(pgs_catalog_pick(&catalog, PGS_TIME_NONE, &head, &err), PGS_E_NO_INPUT);
    cr_expect_null(head);
    pgs_catalog_reset(NULL);
}

Test(catalog, snapshots_are_in_order_of_time_whatever_their_names) {
    put("b.db", "public.chunks", "s", 0);
    put("c.db", "public.chunks", "s", 2);
    put("a.db", "public.chunks", "s", 1);
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK, "%s", err.msg);
    expect_files((const char *[]){"b.db", "a.db", "c.db"}, 3);
    const pgs_snapshot_head *head = &catalog.head[1];
    cr_expect_str_eq(head->table_name, "public.chunks");
    cr_expect_str_eq(head->database, "app");
    cr_expect_str_eq(head->source, "s");
    cr_expect(head->taken_us == day(1) && head->n_parts == 2);
    cr_expect_eq(head->counts, PGS_COUNTS_EXACT);
}

Test(catalog, series_stand_together) {
    put("1.db", "public.chunks", "b", 0);
    put("2.db", "public.chunks", "a", 1);
    put("3.db", "other.chunks", "z", 5);
    put("4.db", "public.chunks", "b", 2);
    put("5.db", "public.chunks", "a", 0);
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK);
    expect_files((const char *[]){"3.db", "5.db", "2.db", "1.db", "4.db"}, 5);
}

Test(catalog, paths_add_up) {
    put("a.db", "public.chunks", "s", 3);
    put("b.db", "public.chunks", "s", 1);
    cr_assert_eq(pgs_catalog_add(&catalog, scratch_name(&dir, "a.db"), &ALL, &err), PGS_OK);
    cr_assert_eq(pgs_catalog_add(&catalog, scratch_name(&dir, "b.db"), &ALL, &err), PGS_OK);
    expect_files((const char *[]){"b.db", "a.db"}, 2);
}

Test(catalog, many_are_held) {
    for (int i = 0; i < 70; i++) {
        char name[20];
        snprintf(name, sizeof name, "%02d.db", i * 37 % 70);
        put(name, "public.chunks", "s", i);
    }
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK);
    cr_assert_eq(catalog.n_heads, 70u);
    for (int i = 0; i < 70; i++)
        cr_expect_eq(catalog.head[i].taken_us, day(i));
}

/* ---- what is passed over ---- */

Test(catalog, files_that_are_not_ours_are_counted) {
    put("ours.db", "public.chunks", "s", 0);
    cr_assert_eq(pgs_file_create(scratch_name(&dir, "notes.txt"), "x", 1, &err), PGS_OK);
    cr_assert_eq(pgs_file_create(scratch_name(&dir, "empty"), "", 0, &err), PGS_OK);
    full_sql(scratch_name(&dir, "other.sqlite"), "CREATE TABLE t (x)");
    cr_assert_eq(mkdir(scratch_name(&dir, "below"), 0700), 0);
    cr_assert_eq(pgs_file_create(scratch_name(&dir, "below/x"), "x", 1, &err), PGS_OK);
    cr_assert_eq(mkfifo(scratch_name(&dir, "fifo"), 0600), 0);
    cr_assert_eq(symlink("nowhere", scratch_name(&dir, "dangling")), 0);
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK, "%s", err.msg);
    expect_files((const char *[]){"ours.db"}, 1);
    cr_expect_eq(catalog.n_foreign, 3u);
    cr_assert_not_null(catalog.first_foreign);
    cr_expect_not_null(strstr(catalog.first_foreign, dir.path));
}

Test(catalog, a_file_that_is_named_must_be_ours) {
    cr_assert_eq(pgs_file_create(scratch_name(&dir, "notes.txt"), "x", 1, &err), PGS_OK);
    cr_expect_eq(pgs_catalog_add(&catalog, scratch_name(&dir, "notes.txt"), &ALL, &err),
                 PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "notes.txt"));
    cr_expect_eq(pgs_catalog_add(&catalog, scratch_name(&dir, "missing.db"), &ALL, &err),
                 PGS_E_NO_INPUT);
    cr_expect_not_null(strstr(err.msg, "missing.db"));
    cr_expect_eq(catalog.n_heads, 0u);
}

Test(catalog, one_of_ours_that_is_damaged_is_not_passed_over) {
    put("ours.db", "public.chunks", "s", 0);
    full_sql(scratch_name(&dir, "ours.db"), "DELETE FROM meta");
    cr_expect_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_E_DATA);
    cr_expect_not_null(strstr(err.msg, "ours.db"), "%s", err.msg);
}

/* ---- filters ---- */

static const struct {
    const char *name;
    const char *table, *source;
    int since, until; /* days; -9: no limit */
    const char *file[5];
} FILTER[] = {
    {"everything", NULL, NULL, -9, -9, {"o.db", "p0.db", "p1.db", "q.db"}},
    {"a table by its full name", "public.chunks", NULL, -9, -9, {"p0.db", "p1.db"}},
    {"a table without its schema", "chunks", NULL, -9, -9, {"o.db", "p0.db", "p1.db"}},
    {"a table with its database", "app.public.chunks", NULL, -9, -9, {"p0.db", "p1.db"}},
    {"a table of another database", "abc.public.chunks", NULL, -9, -9, {NULL}},
    {"the end of a table's name", "unks", NULL, -9, -9, {NULL}},
    {"no name", "", NULL, -9, -9, {NULL}},
    {"another table", "my_chunks", NULL, -9, -9, {"q.db"}},
    {"a source", NULL, "b", -9, -9, {"o.db", "q.db"}},
    {"part of a source", NULL, "", -9, -9, {NULL}},
    {"since, inclusive", NULL, NULL, 1, -9, {"p1.db", "q.db"}},
    {"until, inclusive", NULL, NULL, -9, 1, {"o.db", "p0.db", "p1.db"}},
    {"between", "chunks", NULL, 1, 1, {"p1.db"}},
    {"an empty span", NULL, NULL, 2, 1, {NULL}},
};

Test(catalog, filters_let_through_what_they_say) {
    put("o.db", "other.chunks", "b", 0);
    put("p0.db", "public.chunks", "a", 0);
    put("p1.db", "public.chunks", "a", 1);
    put("q.db", "public.my_chunks", "b", 2);
    for (size_t i = 0; i < PGS_COUNT_OF(FILTER); i++) {
        pgs_filter filter = {
            .table = FILTER[i].table,
            .source = FILTER[i].source,
            .since_us = FILTER[i].since == -9 ? PGS_TIME_NONE : day(FILTER[i].since),
            .until_us = FILTER[i].until == -9 ? PGS_TIME_NONE : day(FILTER[i].until),
        };
        cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &filter, &err), PGS_OK);
        size_t n = 0;
        while (n < 5 && FILTER[i].file[n])
            n++;
        cr_expect_eq(catalog.n_heads, n, "%s: %zu", FILTER[i].name, catalog.n_heads);
        for (size_t k = 0; k < n && k < catalog.n_heads; k++)
            cr_expect_str_eq(file_of(&catalog.head[k]), FILTER[i].file[k], "%s", FILTER[i].name);
        pgs_catalog_reset(&catalog);
    }
}

/* ---- picking ---- */

Test(catalog, the_newest_at_or_before_a_moment) {
    put("a.db", "public.chunks", "s", 0);
    put("b.db", "public.chunks", "s", 2);
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK);
    const struct {
        int64_t at;
        const char *file; /* NULL: none */
    } CASES[] = {{PGS_TIME_NONE, "b.db"}, {day(5), "b.db"}, {day(2), "b.db"},
                 {day(2) - 1, "a.db"},    {day(0), "a.db"}, {day(0) - 1, NULL}};
    for (size_t i = 0; i < PGS_COUNT_OF(CASES); i++) {
        const pgs_snapshot_head *head = NULL;
        pgs_status st = pgs_catalog_pick(&catalog, CASES[i].at, &head, &err);
        cr_expect_eq(st, CASES[i].file ? PGS_OK : PGS_E_NO_INPUT, "case %zu", i);
        if (head && CASES[i].file)
            cr_expect_str_eq(file_of(head), CASES[i].file, "case %zu", i);
    }
    cr_expect_not_null(strstr(err.hint, "2025-10-20T10:15:00Z"), "%s", err.hint);
}

Test(catalog, more_than_one_series_is_an_error_that_lists_them) {
    const pgs_snapshot_head *head;
    put("a.db", "public.chunks", "one", 0);
    put("b.db", "public.chunks", "one", 1);
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK);
    cr_assert_eq(pgs_catalog_pick(&catalog, PGS_TIME_NONE, &head, &err), PGS_OK);
    put("c.db", "public.events", "two", 1);
    cr_assert_eq(pgs_catalog_add(&catalog, scratch_name(&dir, "c.db"), &ALL, &err), PGS_OK);
    cr_assert_eq(pgs_catalog_pick(&catalog, PGS_TIME_NONE, &head, &err), PGS_E_USAGE);
    static const char *const WORDS[] = {"2 series", "public.chunks", "public.events", "one", "two"};
    for (size_t i = 0; i < PGS_COUNT_OF(WORDS); i++)
        cr_expect_not_null(strstr(err.msg, WORDS[i]), "%s is not in: %s", WORDS[i], err.msg);
    cr_expect_not_null(strstr(err.hint, "--table"), "%s", err.hint);
}

Test(catalog, a_table_of_the_same_name_in_another_cluster_is_another_series) {
    const pgs_snapshot_head *head;
    put("a.db", "public.chunks", "s", 0);
    put("b.db", "public.chunks", "s", 1);
    full_sql(scratch_name(&dir, "b.db"), "UPDATE snapshot SET system_identifier = '7'");
    cr_assert_eq(pgs_catalog_add(&catalog, dir.path, &ALL, &err), PGS_OK);
    cr_expect_eq(pgs_catalog_pick(&catalog, PGS_TIME_NONE, &head, &err), PGS_E_USAGE);
}

/* ---- without memory ---- */

Test(catalog, failing_memory_is_said) {
    put("a.db", "public.chunks", "s", 0);
    put("b.db", "public.chunks", "s", 1);
    cr_assert_eq(pgs_file_create(scratch_name(&dir, "x"), "x", 1, &err), PGS_OK);
    pgs_status st = PGS_E_BUG;
    size_t nth = 1;
    for (; st != PGS_OK && nth < 300; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_catalog_add(&catalog, dir.path, &ALL, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
        if (st != PGS_OK)
            pgs_catalog_reset(&catalog);
    }
    cr_assert(st == PGS_OK && nth > 5);
    cr_expect_eq(catalog.n_heads, 2u);
}
