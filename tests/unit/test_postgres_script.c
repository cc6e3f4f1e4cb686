/* The dry run, the exported moment, the patience with locks and the server's version and last
 * words, against a scripted libpq. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/source.h"
#include "support/fake_pq.h"

static pgs_pg_options options;
static pgs_err err;
static char *script;

static void begin(void) {
    memset(&fake, 0, sizeof fake);
    options = (pgs_pg_options)PGS_PG_OPTIONS_DEFAULT;
    script = NULL;
}

static void end(void) {
    pgs_free(script);
    cr_assert_eq(fake.n_open, 0, "a connection was left open");
    cr_assert_eq(fake.n_results, 0, "%d results were not cleared", fake.n_results);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(postgres_script, .init = begin, .fini = end);

static pgs_status dry_run(void) {
    pgs_free(script);
    script = NULL;
    return pgs_pg_dry_run(&options, NULL, &script, &err);
}

static pgs_status take(void) {
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_pg_snapshot(&options, NULL, &snap, &err);
    pgs_snapshot_reset(&snap);
    return st;
}

/* How often `needle` stands in `text`. */
static int n_of(const char *text, const char *needle) {
    int n = 0;
    for (const char *s = text; (s = strstr(s, needle)); s += strlen(needle))
        n++;
    return n;
}

Test(postgres_script, a_dry_run_writes_the_count_and_does_not_send_it) {
    options.collections = true;
    cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
    cr_expect_eq(n_of(script, "WITH chunk AS"), 1);
    cr_expect_eq(n_of(script, "SELECT id::text AS id, name::text AS name FROM public.collections"),
                 1);
    cr_expect_eq(n_of(fake.log, "Count a batch"), 0, "%s", fake.log);
    cr_expect_eq(n_of(fake.log, "SELECT id::text"), 0, "%s", fake.log);
    cr_expect(strstr(script, "-- the next reads 32768 bytes of 4 partitions: chunks_default, "
                             "chunks_part_00, chunks_part_01, chunks_part_02\n"),
              "%s", script);
    cr_expect(strstr(script, "from here on rows are read: 32768 bytes (0.0 MiB) of 4 partitions"));
}

Test(postgres_script, what_is_written_is_what_a_run_sends) {
    static char written[65536];
    cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
    snprintf(written, sizeof written, "%s", script);
    int n_sent = fake.n_statements, n_written = n_of(written, ";\n\n");
    fake.n_statements = 0;
    cr_assert_eq(take(), PGS_OK, "%s", err.msg);
    cr_expect_eq(fake.n_statements, n_written + 2, "the count is prepared twice, then run");
    cr_expect_eq(n_sent, n_written - 1, "all but the count");
}

Test(postgres_script, parameters_are_written_in_place_but_not_in_comments) {
    options.table = "public.\"Chunks $1\"";
    cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
    cr_expect(strstr(script, "to_regclass('public.\"Chunks $1\"')"), "%s", script);
    cr_expect(strstr(script, "-- The table called $1, the server"));
    cr_expect(strstr(script, "'{904,901,902,903}'::oid[]"));
    cr_expect_null(strstr(script, "$5)"));
}

Test(postgres_script, a_name_with_a_line_end_stays_in_its_comment) {
    fake.answer[FAKE_LEAVES] = "901|a; DROP\rTABLE b|public|public.\"a; DROP\rTABLE b\"|r|901|2|9|"
                               "1|0|0|0|0|0|\\N|\\N|\\N";
    cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
    const char *remark = strstr(script, "-- the next reads");
    cr_assert_not_null(remark);
    cr_expect_null(memchr(remark, '\r', strcspn(remark, "\n")));
}

Test(postgres_script, a_dry_run_of_estimates_reads_nothing_at_all) {
    options.counts = PGS_COUNTS_ESTIMATE;
    cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
    cr_expect_eq(n_of(script, "(not run)"), 0, "%s", script);
}

Test(postgres_script, a_dry_run_out_of_memory_leaves_nothing) {
    for (size_t nth = 1;; nth++) {
        pgs_mem_fail_at(nth);
        pgs_status st = dry_run();
        pgs_mem_fail_at(0);
        if (st == PGS_OK)
            break;
        cr_assert_eq(st, PGS_E_BUG, "allocation %zu: %s", nth, err.msg);
        cr_assert_lt(nth, 2000);
    }
}

/* ---- an exported moment ---- */

Test(postgres_script, the_moment_is_taken_before_anything_is_asked) {
    options.snapshot_id = "00000003-0000001B-1'";
    cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
    const char *taken = strstr(script, "SET TRANSACTION SNAPSHOT '00000003-0000001B-1'''");
    cr_assert_not_null(taken);
    cr_expect_lt(strstr(script, "BEGIN ISOLATION"), taken);
    cr_expect_lt(taken, strstr(script, "SELECT c.oid, c.relkind"));
}

Test(postgres_script, a_moment_that_is_gone_is_bad_data_with_a_hint) {
    options.snapshot_id = "00000003-0000001B-1";
    fake.refuse_at = 2;
    fake.sqlstate = "22023";
    cr_expect_eq(take(), PGS_E_DATA);
    cr_expect(strstr(err.msg, "cannot take the exported snapshot"), "%s", err.msg);
    cr_expect(strstr(err.hint, "still be in its transaction"), "%s", err.hint);
}

/* ---- last words ---- */

#define SURPRISE "server closed the connection unexpectedly\n\tThis probably means the server ...\n"

static const struct {
    const char *words;
    pgs_status status;
    const char *says;
} LAST_WORDS[] = {
    {"FATAL:  40001: terminating connection due to conflict with recovery\nDETAIL:  User query "
     "might "
     "have needed ...\nLOCATION:  ProcessInterrupts, postgres.c:3190\n" SURPRISE,
     PGS_E_RETRY,
     "cannot begin to read: FATAL: terminating connection due to conflict with recovery"},
    {"FATAL:  57P01: terminating connection due to administrator command\n" SURPRISE,
     PGS_E_UNAVAILABLE,
     "cannot begin to read: FATAL: terminating connection due to administrator command"},
    {"FATAL:  25P04: terminating connection due to transaction timeout\n", PGS_E_RETRY,
     "cannot begin to read: FATAL: terminating connection due to transaction timeout"},
    {"SSL SYSCALL error: EOF detected\n", PGS_E_UNAVAILABLE,
     "cannot begin to read: SSL SYSCALL error: EOF detected"},
    {SURPRISE, PGS_E_UNAVAILABLE,
     "cannot begin to read: server closed the connection unexpectedly"},
};

Test(postgres_script, what_the_server_says_before_it_hangs_up_counts) {
    fake.drop_at = 1;
    for (size_t i = 0; i < PGS_COUNT_OF(LAST_WORDS); i++) {
        fake.n_statements = 0;
        fake.last_words = LAST_WORDS[i].words;
        cr_expect_eq(take(), LAST_WORDS[i].status, "%s", err.msg);
        cr_expect_str_eq(err.msg, LAST_WORDS[i].says);
    }
}

/* ---- waiting ---- */

#define FOUR_LARGE(done)                                                                           \
    "901|900000000|0|0|0|b|100\n902|900000000|0|0|0|b|200\n"                                       \
    "903|900000000|0|0|0|b|300\n904|900000000|0|0|0|b|" done

/* Four leaves, counted in batches of their own. What waits leave of the second is what the last
 * batch may take. */
static const struct {
    const char *name;
    int slow_ms; /* each of the batches */
    const char *sizes;
    int least_ms, most_ms;
} WAIT[] = {
    {"no wait", 0, FOUR_LARGE("400"), 900, 1000},
    {"three short ones", 5, FOUR_LARGE("400"), 500, 986},
    {"three longer ones", 20, FOUR_LARGE("400"), 500, 941},
    {"almost all of it", 320, FOUR_LARGE("400"), 1, 41},
    {"more than that", 500, FOUR_LARGE("400"), 1, 1},
    {"one leaf's size", 0, FOUR_LARGE("400300"), 500, 601},
    {"both", 20, FOUR_LARGE("400300"), 400, 541},
    {"a leaf that takes a little more", 0, FOUR_LARGE("1300"), 900, 1000},
};

Test(postgres_script, locks_that_are_granted_late_use_up_the_patience_too) {
    for (size_t i = 0; i < PGS_COUNT_OF(WAIT); i++) {
        options.lock_timeout_ms = 1000;
        fake.answer[FAKE_SIZES] = WAIT[i].sizes;
        fake.slow_ms = WAIT[i].slow_ms;
        cr_assert_eq(take(), PGS_OK, "%s", err.msg);
        cr_expect(fake.lock_timeout_ms >= WAIT[i].least_ms &&
                      fake.lock_timeout_ms <= WAIT[i].most_ms,
                  "%s: %d", WAIT[i].name, fake.lock_timeout_ms);
    }
}

/* ---- versions ---- */

static const struct {
    const char *version, *number;
    bool detaching; /* whether the listing knows of partitions that are being detached */
} VERSION[] = {
    {"13.0", "130000", false}, {"13.23", "130023", false}, {"14beta1", "140000", true},
    {"15.18", "150018", true}, {"17.2", "170002", true},   {"18.0", "180000", true},
};

Test(postgres_script, the_server_s_version_picks_its_sql) {
    for (size_t i = 0; i < PGS_COUNT_OF(VERSION); i++) {
        char answer[512];
        snprintf(answer, sizeof answer,
                 "900|p|public|chunks|public.chunks|2025-10-20 10:15:00+00|2025-10-20 09:15:00+00|"
                 "2025-10-19 10:15:00+00|2025-10-13 10:15:00+00|app|monitor|%s|%s|8192|0|1|\\N",
                 VERSION[i].version, VERSION[i].number);
        fake.answer[FAKE_TABLE] = answer;
        cr_assert_eq(dry_run(), PGS_OK, "%s", err.msg);
        cr_expect_eq(strstr(script, "i.inhdetachpending") != NULL, VERSION[i].detaching, "%s",
                     VERSION[i].version);
        cr_expect_eq(n_of(script, "WITH RECURSIVE tree"), 1);
    }
}
