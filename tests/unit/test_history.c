/* store/history.c and store/history_write.c: every moment comes back as it was packed, however many
 * runs it took; and until a run commits, nothing has changed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "support/moments.h"
#include "support/no_leaks.h"
#include "support/scratch.h"

static scratch dir;
static pgs_err err;
static char path[256], other[256];

static void set_up(void) {
    cr_assert(scratch_make(&dir));
    snprintf(path, sizeof path, "%s", scratch_name(&dir, "history.db"));
    snprintf(other, sizeof other, "%s", scratch_name(&dir, "other.db"));
}

static void tear_down(void) {
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(history, .init = set_up, .fini = tear_down);

static void pack(const char *to, moments_story story, size_t first, size_t last) {
    pgs_status st = moments_pack(to, story, first, last, PGS_PACK_EXTEND, &err);
    cr_assert_eq(st, PGS_OK, "%s: %s", MOMENTS[story].name, err.msg);
}

static pgs_history *open_history(const char *from) {
    pgs_history *h;
    cr_assert_eq(pgs_history_open(from, 1, &h, &err), PGS_OK, "%s", err.msg);
    return h;
}

/* ---- there and back ---- */

static void expect_moment(pgs_history *h, moments_story story, size_t t) {
    pgs_snapshot want, got;
    int64_t hash = 0;
    pgs_snapshot_init(&got);
    moments_make(story, t, &want);
    cr_assert_eq(pgs_history_read(h, t, &pgs_everything, &got, &err), PGS_OK, "%s, moment %zu: %s",
                 MOMENTS[story].name, t, err.msg);
    cr_assert_eq(pgs_snapshot_derive(&got, &err), PGS_OK);
    full_expect_same(&got, &want);
    cr_assert_eq(pgs_history_hash(h, t, &hash, &err), PGS_OK);
    cr_expect_eq(hash, pgs_snapshot_hash(&want), "%s, moment %zu", MOMENTS[story].name, t);
    cr_expect_eq(hash, pgs_snapshot_hash(&got), "%s, moment %zu", MOMENTS[story].name, t);
    pgs_snapshot_reset(&want);
    pgs_snapshot_reset(&got);
}

static void expect_summary(const pgs_moment *known, const pgs_summary *got, moments_story story,
                           size_t t) {
    pgs_snapshot snap;
    pgs_summary want;
    uint64_t given;
    moments_make(story, t, &snap);
    cr_assert_eq(pgs_summary_of(&snap, &want, &given, &err), PGS_OK);
    cr_expect_eq(known->taken_us, snap.head.taken_us);
    cr_expect_eq(known->n_parts, snap.head.n_parts);
    cr_expect_eq(got->moment.taken_us, snap.head.taken_us);
    cr_expect_eq(got->moment.n_parts, snap.head.n_parts);
    for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
        cr_expect_eq(known->total[k], want.moment.total[k]);
        cr_expect_eq(known->n_seen[k], want.moment.n_seen[k]);
        cr_expect_eq(got->moment.total[k], want.moment.total[k]);
        cr_expect_eq(got->moment.n_seen[k], want.moment.n_seen[k]);
        cr_expect(make_same(got->stddev[k], want.stddev[k]));
        cr_expect(make_same(got->gini[k], want.gini[k]));
        cr_expect(make_same(got->max_skew[k], want.max_skew[k]));
    }
    for (int k = 0; k < PGS_HEALTH_STATUS_COUNT; k++)
        cr_expect_eq(got->n_health[k], want.n_health[k]);
    pgs_snapshot_reset(&snap);
}

static void expect_story(const char *from, moments_story story, size_t n) {
    pgs_history *h = open_history(from);
    const pgs_series *series;
    cr_assert_eq(pgs_history_series(h, &series, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(series->n_moments, n);
    cr_expect_null(pgs_history_warning(h));
    pgs_summary *kept = pgs_alloc(n, sizeof *kept);
    cr_assert_eq(pgs_history_summaries(h, kept, &err), PGS_OK, "%s", err.msg);
    for (size_t t = 0; t < n; t++) {
        if (n > 100 && t % 50 != 0 && t % 256 != 255)
            continue;
        expect_moment(h, story, t);
        expect_summary(&series->moment[t], &kept[t], story, t);
    }
    pgs_free(kept);
    pgs_history_close(h);
}

Test(history, every_moment_comes_back) {
    for (moments_story s = 0; s < MOMENTS_STORIES; s++) {
        pack(path, s, 0, MOMENTS[s].n);
        expect_story(path, s, MOMENTS[s].n);
        remove(path);
    }
}

/* ---- many runs are one ---- */

static int rows_that_differ(sqlite3 *db, const char *table) {
    char sql[300];
    sqlite3_stmt *stmt;
    snprintf(sql, sizeof sql,
             "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM b.%s)) +"
             " (SELECT count(*) FROM (SELECT * FROM b.%s EXCEPT SELECT * FROM main.%s))",
             table, table, table, table);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
    int n = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

/* Row by row and byte by byte, as stock SQLite sees the two files. */
static void expect_same_files(const char *a, const char *b, const char *what) {
    static const char *const TABLE[] = {
        "meta",           "snapshot",    "partition_stat", "collection", "collection_stat",
        "stray",          "skew_metric", "partition",      "block",      "partition_change",
        "collection_name"};
    sqlite3 *db;
    char sql[400];
    cr_assert_eq(sqlite3_open(a, &db), SQLITE_OK);
    snprintf(sql, sizeof sql, "ATTACH '%s' AS b", b);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < PGS_COUNT_OF(TABLE); i++)
        cr_expect_eq(rows_that_differ(db, TABLE[i]), 0, "%s: table %s differs", what, TABLE[i]);
    sqlite3_close(db);
}

/* Runs of 1, 2, 3, ... moments, or of 255, 1, 1, 255, ... where there are many. */
static size_t next_run(size_t n, size_t i) {
    static const size_t LONG_RUN[] = {255, 1, 1, 254, 2, 87};
    return n > 100 ? LONG_RUN[i % PGS_COUNT_OF(LONG_RUN)] : i + 1;
}

/* Derived columns are computed again; what was not asked for is as if nobody had looked. */
static void expect_part_of_it(pgs_history *h, const pgs_snapshot *whole, size_t t) {
    static const pgs_selection FEW = {.metrics = PGS_METRIC_BIT(PGS_TABLE_BYTES),
                                      .numbers_only = true};
    pgs_snapshot got;
    pgs_snapshot_init(&got);
    cr_assert_eq(pgs_history_read(h, t, &FEW, &got, &err), PGS_OK, "%s", err.msg);
    cr_assert_eq(pgs_snapshot_derive(&got, &err), PGS_OK);
    cr_assert_eq(got.head.n_parts, whole->head.n_parts);
    for (size_t p = 0; p < got.head.n_parts; p++) {
        cr_expect_eq(got.part[p].num, whole->part[p].num);
        cr_expect_str_eq(got.part[p].name, whole->part[p].name);
        cr_expect(got.part[p].relid == 0 && got.part[p].relfilenode == 0 && !got.part[p].bounds);
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
            bool asked = (PGS_METRICS_JUDGED | FEW.metrics) & PGS_METRIC_BIT(m);
            cr_expect(make_same(got.metric[m][p], asked ? whole->metric[m][p] : NAN), "%s",
                      pgs_metric_get(m)->key);
        }
    }
    pgs_snapshot_reset(&got);
}

Test(history, only_what_is_asked_for_is_read) {
    pack(path, MOMENTS_FULL, 0, MOMENTS[MOMENTS_FULL].n);
    pgs_history *h = open_history(path);
    bool any_relid = false;
    for (size_t t = 0; t < MOMENTS[MOMENTS_FULL].n; t++) {
        pgs_snapshot whole;
        moments_make(MOMENTS_FULL, t, &whole);
        for (size_t p = 0; p < whole.head.n_parts; p++)
            any_relid |= whole.part[p].relid != 0;
        expect_part_of_it(h, &whole, t);
        pgs_snapshot_reset(&whole);
    }
    cr_expect(any_relid);
    pgs_history_close(h);
}

Test(history, many_runs_are_one) {
    for (moments_story s = 0; s < MOMENTS_STORIES; s++) {
        size_t n = MOMENTS[s].n;
        for (size_t first = 0, i = 0; first < n; i++) {
            size_t last = first + next_run(n, i) < n ? first + next_run(n, i) : n;
            pack(path, s, first, last);
            first = last;
        }
        pack(other, s, 0, n);
        expect_same_files(path, other, MOMENTS[s].name);
        expect_story(path, s, n);
        remove(path);
        remove(other);
    }
}

Test(history, rebuilding_gives_the_same_file) {
    pack(path, MOMENTS_COME_AND_GO, 0, 10);
    pack(other, MOMENTS_COME_AND_GO, 0, 40);
    cr_assert_eq(moments_pack(path, MOMENTS_COME_AND_GO, 0, 40, PGS_PACK_REBUILD, &err), PGS_OK,
                 "%s", err.msg);
    expect_same_files(path, other, "rebuilt");
}

/* ---- lanes ---- */

Test(history, a_lane_says_from_when_to_when) {
    pgs_history *h;
    const pgs_series *series;
    pack(path, MOMENTS_WIDE, 0, 7);
    h = open_history(path);
    cr_assert_eq(pgs_history_series(h, &series, &err), PGS_OK);
    cr_assert_eq(series->n_lanes, 200 + 90 * 6);
    cr_expect_eq(series->lane[0].first, 0);
    cr_expect_eq(series->lane[739].first, 6);
    cr_expect_eq(series->lane[739].last, 6);
    cr_expect_eq(series->lane[739].num, 739);
    cr_expect_str_eq(series->lane[739].name, "chunks_part_739");
    cr_expect_eq(series->head.taken_us, moments_time(6));
    pgs_history_close(h);
}

/* ---- finding a moment ---- */

static const struct {
    const char *name;
    int64_t after_us; /* the time of moment `at`; PGS_TIME_NONE: no time */
    size_t at;
    pgs_status status;
    size_t found;
} FIND[] = {
    {"the newest", PGS_TIME_NONE, 0, PGS_OK, 4},          {"the first", 0, 0, PGS_OK, 0},
    {"just before the first", -1, 0, PGS_E_NO_INPUT, 0},  {"just after the first", 1, 0, PGS_OK, 0},
    {"just before the third", -1, 2, PGS_OK, 1},          {"the last", 0, 4, PGS_OK, 4},
    {"long after", INT64_C(1000000000000), 4, PGS_OK, 4},
};

Test(history, the_last_moment_at_or_before) {
    pack(path, MOMENTS_FULL, 0, 5);
    pgs_history *h = open_history(path);
    for (size_t i = 0; i < PGS_COUNT_OF(FIND); i++) {
        size_t moment = 99;
        int64_t at = FIND[i].after_us == PGS_TIME_NONE
                         ? PGS_TIME_NONE
                         : moments_time(FIND[i].at) + FIND[i].after_us;
        cr_expect_eq(pgs_history_find(h, at, &moment, &err), FIND[i].status, "%s", FIND[i].name);
        cr_expect(FIND[i].status != PGS_OK || moment == FIND[i].found, "%s: %zu", FIND[i].name,
                  moment);
    }
    pgs_history_close(h);
}

/* ---- locks ---- */

/* SQLite's lock bytes: a writer takes the first, a reader some of the 510. */
enum { RESERVED_BYTE = 0x40000001, SHARED_BYTES = 0x40000002 };

/* Whether another process may lock these bytes. (It asks the kernel: SQLite's own idea of what is
 * locked would be inherited, or wrong.) */
static bool another_may_lock(off_t first, off_t n) {
    pid_t child = fork();
    if (child == 0) {
        struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = n};
        int fd = open(path, O_RDWR | O_CLOEXEC);
        _exit(fd < 0 ? 2 : fcntl(fd, F_SETLK, &all) == 0);
    }
    int status;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    cr_assert_lt(WEXITSTATUS(status), 2);
    return WEXITSTATUS(status);
}

Test(history, while_it_is_read_nobody_can_commit) {
    pgs_history *h;
    pack(path, MOMENTS_FULL, 0, 3);
    cr_assert_eq(pgs_history_open(path, 3, &h, &err), PGS_OK);
    cr_expect_not(another_may_lock(SHARED_BYTES, 510), "three readers hold no lock");
    pgs_history_close(h);
    cr_expect(another_may_lock(SHARED_BYTES, 510));
}

Test(history, while_it_is_packed_nobody_else_can_change_it) {
    for (int mode = 0; mode < 2; mode++) {
        pgs_packer *packer;
        pgs_history *h;
        pack(path, MOMENTS_FULL, 0, 3);
        cr_assert_eq(pgs_packer_open(path, (pgs_pack_mode)mode, &packer, &err), PGS_OK);
        cr_expect_not(another_may_lock(RESERVED_BYTE, 1), "the packer holds no lock");
        cr_assert_eq(pgs_history_open(path, 1, &h, &err), PGS_OK);
        cr_expect_not(another_may_lock(RESERVED_BYTE, 1), "a reader dropped it");
        pgs_history_close(h);
        cr_expect_not(another_may_lock(RESERVED_BYTE, 1), "closing dropped it");
        pgs_packer_close(packer);
        cr_expect(another_may_lock(RESERVED_BYTE, 1));
        remove(path);
    }
}

/* ---- what is refused ---- */

static pgs_status add_one(pgs_packer *packer, pgs_snapshot *snap) {
    pgs_summary moment;
    uint64_t given;
    cr_assert_eq(pgs_summary_of(snap, &moment, &given, &err), PGS_OK);
    return pgs_packer_add(packer, snap, &moment, given, &err);
}

static const struct {
    const char *name, *table, *source, *database, *system;
} OTHER_SERIES[] = {
    {"another table", "public.other", "test", NULL, NULL},
    {"another source", "public.chunks", "live", NULL, NULL},
    {"another database", "public.chunks", "test", "app", NULL},
    {"another cluster", "public.chunks", "test", NULL, "7312345678901234567"},
};

Test(history, another_series_is_refused) {
    pgs_packer *packer;
    pack(path, MOMENTS_LONG, 0, 2);
    cr_assert_eq(pgs_packer_open(path, PGS_PACK_EXTEND, &packer, &err), PGS_OK, "%s", err.msg);
    for (size_t i = 0; i < PGS_COUNT_OF(OTHER_SERIES); i++) {
        pgs_snapshot snap;
        moments_make(MOMENTS_LONG, 2, &snap);
        make_text(&snap, &snap.head.table_name, OTHER_SERIES[i].table);
        make_text(&snap, &snap.head.source, OTHER_SERIES[i].source);
        make_text(&snap, &snap.head.database, OTHER_SERIES[i].database);
        make_text(&snap, &snap.head.system_identifier, OTHER_SERIES[i].system);
        cr_expect_eq(add_one(packer, &snap), PGS_E_USAGE, "%s", OTHER_SERIES[i].name);
        cr_expect_not_null(strstr(err.msg, "series"), "%s", err.msg);
        pgs_snapshot_reset(&snap);
    }
    pgs_packer_close(packer);
    expect_story(path, MOMENTS_LONG, 2);
}

Test(history, moments_only_go_forward) {
    pgs_packer *packer;
    pack(path, MOMENTS_LONG, 0, 3);
    cr_assert_eq(pgs_packer_open(path, PGS_PACK_EXTEND, &packer, &err), PGS_OK, "%s", err.msg);
    for (size_t t = 0; t < 3; t++) {
        pgs_snapshot snap;
        moments_make(MOMENTS_LONG, t, &snap);
        cr_expect_eq(add_one(packer, &snap), PGS_E_DATA);
        pgs_snapshot_reset(&snap);
    }
    pgs_packer_close(packer);
    expect_story(path, MOMENTS_LONG, 3);
}

Test(history, other_files_are_no_histories) {
    pgs_history *h;
    pgs_snapshot snap;
    moments_make(MOMENTS_FULL, 0, &snap);
    cr_assert_eq(pgs_snapshot_write(&snap, other, &err), PGS_OK);
    pgs_snapshot_reset(&snap);
    cr_expect_eq(pgs_history_open(other, 1, &h, &err), PGS_E_DATA);
    cr_expect_eq(pgs_history_open(scratch_name(&dir, "none"), 1, &h, &err), PGS_E_NO_INPUT);
    cr_expect_eq(pgs_history_open(dir.path, 1, &h, &err), PGS_E_DATA);
    cr_expect_null(h);
    cr_expect_not(pgs_history_is_one(other));
    cr_expect_eq(moments_pack(other, MOMENTS_FULL, 0, 1, PGS_PACK_EXTEND, &err), PGS_E_DATA);
    cr_expect_eq(moments_pack(other, MOMENTS_FULL, 0, 1, PGS_PACK_REBUILD, &err), PGS_E_DATA);
    cr_expect(pgs_snapshot_is_one(other), "it was not overwritten");
}

/* ---- all or nothing ---- */

static void expect_no_litter(size_t n_files) {
    char command[300];
    snprintf(command, sizeof command, "test $(ls -A '%s' | wc -l) -eq %zu", dir.path, n_files);
    cr_expect_eq(system(command), 0, "something was left in the directory");
}

Test(history, without_a_commit_nothing_has_happened) {
    for (int exists = 0; exists < 2; exists++)
        for (int mode = 0; mode < 2; mode++) {
            pgs_packer *packer;
            pgs_snapshot snap;
            cr_assert_eq(pgs_packer_open(path, (pgs_pack_mode)mode, &packer, &err), PGS_OK, "%s",
                         err.msg);
            moments_make(MOMENTS_LONG, 3, &snap);
            cr_assert_eq(add_one(packer, &snap), PGS_OK);
            pgs_snapshot_reset(&snap);
            pgs_packer_close(packer);
            expect_no_litter((size_t)exists);
            if (exists)
                expect_story(path, MOMENTS_LONG, 3);
            else if (mode == 1)
                pack(path, MOMENTS_LONG, 0, 3);
        }
}

Test(history, who_comes_second_may_add_to_what_the_first_made) {
    pgs_packer *packer;
    pgs_snapshot snap;
    cr_assert_eq(pgs_packer_open(path, PGS_PACK_EXTEND, &packer, &err), PGS_OK, "%s", err.msg);
    moments_make(MOMENTS_LONG, 3, &snap);
    cr_assert_eq(add_one(packer, &snap), PGS_OK);
    pack(path, MOMENTS_LONG, 0, 3);
    cr_expect_eq(pgs_packer_commit(packer, &snap, &err), PGS_E_RETRY);
    cr_expect(strstr(err.msg, path) && strstr(err.hint, "again"), "%s; %s", err.msg, err.hint);
    pgs_snapshot_reset(&snap);
    pgs_packer_close(packer);
    expect_no_litter(1);
    expect_story(path, MOMENTS_LONG, 3);
}

Test(history, committing_nothing_changes_nothing) {
    struct stat before, after;
    cr_assert_eq(moments_pack(path, MOMENTS_LONG, 0, 0, PGS_PACK_EXTEND, &err), PGS_OK);
    expect_no_litter(0);
    pack(path, MOMENTS_LONG, 0, 3);
    cr_assert_eq(stat(path, &before), 0);
    cr_expect_eq(before.st_mode & 0777, 0600);
    pack(path, MOMENTS_LONG, 3, 3);
    cr_assert_eq(stat(path, &after), 0);
    cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    cr_expect_eq(before.st_ino, after.st_ino);
    expect_no_litter(1);
}

/* ---- a journal beside it ---- */

/* As a packer that is killed after SQLite has begun to write. */
static void die_in_the_middle(void) {
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db;
        sqlite3_open(path, &db);
        sqlite3_exec(db,
                     "PRAGMA cache_size = 1; BEGIN; DELETE FROM block; DELETE FROM partition;"
                     "UPDATE snapshot SET partition_count = 1",
                     NULL, NULL, NULL);
        sqlite3_exec(db, "CREATE TABLE more (x); INSERT INTO more VALUES (randomblob(4000000))",
                     NULL, NULL, NULL);
        _exit(0);
    }
    int status;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    char journal[300];
    struct stat info;
    snprintf(journal, sizeof journal, "%s-journal", path);
    cr_assert(stat(journal, &info) == 0 && info.st_size > 0, "the journal was not left");
}

Test(history, a_killed_change_is_rolled_back) {
    pack(path, MOMENTS_COME_AND_GO, 0, 9);
    pack(other, MOMENTS_COME_AND_GO, 0, 9);
    die_in_the_middle();
    expect_story(path, MOMENTS_COME_AND_GO, 9);
    expect_same_files(path, other, "rolled back by a reader");
    die_in_the_middle();
    pack(path, MOMENTS_COME_AND_GO, 9, 20);
    expect_story(path, MOMENTS_COME_AND_GO, 20);
    expect_no_litter(2);
}

Test(history, a_journal_without_its_history_is_in_the_way) {
    pgs_history *h;
    pack(path, MOMENTS_COME_AND_GO, 0, 9);
    die_in_the_middle();
    remove(path);
    cr_expect_eq(pgs_history_open(path, 1, &h, &err), PGS_E_NO_INPUT);
    cr_expect_eq(moments_pack(path, MOMENTS_LONG, 0, 3, PGS_PACK_EXTEND, &err), PGS_E_EXISTS);
    cr_expect_not_null(strstr(err.hint, "history.db-journal"), "%s", err.hint);
    expect_no_litter(1);
}

typedef pgs_status action(void);

/* The status of `act` in the hands of somebody who owns nothing: root may write anywhere. */
static pgs_status as_nobody(action *act) {
    pid_t child = fork();
    if (child == 0) {
        bool fine =
            geteuid() != 0 || (setgroups(0, NULL) == 0 && setresuid(65534, 65534, 65534) == 0);
        _exit(fine ? (int)act() : 99);
    }
    int status;
    cr_assert(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return (pgs_status)WEXITSTATUS(status);
}

static pgs_status read_newest(void) {
    pgs_history *h;
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_history_open(path, 1, &h, &err);
    if (st == PGS_OK)
        st = pgs_history_read(h, 8, &pgs_everything, &snap, &err);
    pgs_snapshot_reset(&snap);
    pgs_history_close(h);
    return st;
}

static pgs_status extend_it(void) {
    return moments_pack(path, MOMENTS_COME_AND_GO, 9, 10, PGS_PACK_EXTEND, &err);
}

static pgs_status rebuild_it(void) {
    return moments_pack(path, MOMENTS_COME_AND_GO, 0, 10, PGS_PACK_REBUILD, &err);
}

static pgs_status begin_another(void) {
    return moments_pack(scratch_name(&dir, "new.db"), MOMENTS_LONG, 0, 1, PGS_PACK_EXTEND, &err);
}

static const struct {
    const char *name;
    mode_t file, directory;
    bool journal;
    action *act;
    pgs_status status;
} ALLOWED[] = {
    {"reading a read-only file", 0444, 0555, false, read_newest, PGS_OK},
    {"reading beside a journal that is not ours", 0444, 0555, true, read_newest, PGS_E_RETRY},
    {"reading a file we may write, but not its directory", 0666, 0555, true, read_newest,
     PGS_E_RETRY},
    {"extending a file beside such a journal", 0666, 0555, true, extend_it, PGS_E_RETRY},
    {"extending a read-only file", 0444, 0777, false, extend_it, PGS_E_DENIED},
    {"extending in a read-only directory", 0666, 0555, false, extend_it, PGS_E_DENIED},
    {"rebuilding in a read-only directory", 0666, 0555, false, rebuild_it, PGS_E_EXISTS},
    {"a new one in a read-only directory", 0666, 0555, false, begin_another, PGS_E_EXISTS},
    {"reading a file nobody else may read", 0600, 0555, false, read_newest, PGS_E_DENIED},
};

Test(history, what_is_not_allowed_is_said_and_changes_nothing) {
    for (size_t i = 0; i < PGS_COUNT_OF(ALLOWED); i++) {
        pack(path, MOMENTS_COME_AND_GO, 0, 9);
        if (ALLOWED[i].journal)
            die_in_the_middle();
        cr_assert(chmod(path, ALLOWED[i].file) == 0 && chmod(dir.path, ALLOWED[i].directory) == 0);
        pgs_status st = as_nobody(ALLOWED[i].act);
        cr_expect_eq(st, ALLOWED[i].status, "%s: %d", ALLOWED[i].name, st);
        cr_assert(chmod(path, 0600) == 0 && chmod(dir.path, 0700) == 0);
        expect_story(path, MOMENTS_COME_AND_GO, 9);
        expect_no_litter(1);
        remove(path);
    }
}

/* ---- memory ---- */

/* Every allocation while packing fails in its turn: a status, no leak, and the file as before. */
static void starve_packing(bool exists) {
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK; nth += nth < 50 ? 1 : 5) {
        pgs_packer *packer;
        pgs_snapshot snap;
        moments_make(MOMENTS_COLLECTIONS, 2, &snap);
        size_t live = pgs_mem_live();
        pgs_summary moment;
        uint64_t given;
        pgs_mem_fail_at(nth);
        st = pgs_packer_open(path, PGS_PACK_EXTEND, &packer, &err);
        if (st == PGS_OK)
            st = pgs_summary_of(&snap, &moment, &given, &err);
        if (st == PGS_OK)
            st = pgs_packer_add(packer, &snap, &moment, given, &err);
        if (st == PGS_OK)
            st = pgs_packer_commit(packer, &snap, &err);
        pgs_packer_close(packer);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "failing at %zu: %s", nth, err.msg);
        cr_assert_eq(pgs_mem_live(), live, "failing at %zu leaks", nth);
        pgs_snapshot_reset(&snap);
        cr_assert(st == PGS_OK || (access(path, F_OK) == 0) == exists, "failing at %zu", nth);
        cr_assert_lt(nth, 2000);
    }
}

Test(history, without_memory_packing_leaves_no_trace) {
    starve_packing(false);
    remove(path);
    pack(path, MOMENTS_COLLECTIONS, 0, 2);
    starve_packing(true);
    expect_story(path, MOMENTS_COLLECTIONS, 3);
    expect_no_litter(1);
}

static pgs_status read_everything(const char *from) {
    pgs_history *h;
    const pgs_series *series;
    pgs_catalog catalog;
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_history_open(from, 2, &h, &err);
    if (st == PGS_OK)
        st = pgs_history_series(h, &series, &err);
    if (st == PGS_OK)
        st = pgs_history_catalog(
            h, &(pgs_filter){.since_us = PGS_TIME_NONE, .until_us = PGS_TIME_NONE}, &catalog, &err);
    if (st == PGS_OK)
        st = pgs_history_read(h, 2, &pgs_everything, &snap, &err);
    pgs_snapshot_reset(&snap);
    pgs_catalog_reset(&catalog);
    pgs_history_close(h);
    return st;
}

Test(history, without_memory_reading_fails_cleanly) {
    pgs_status st = PGS_E_BUG;
    pack(path, MOMENTS_COLLECTIONS, 0, 3);
    for (size_t nth = 1; st != PGS_OK; nth++) {
        pgs_mem_fail_at(nth);
        st = read_everything(path);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "failing at %zu: %s", nth, err.msg);
        cr_assert_eq(pgs_mem_live(), 0, "failing at %zu leaks", nth);
        cr_assert_lt(nth, 2000);
    }
}
