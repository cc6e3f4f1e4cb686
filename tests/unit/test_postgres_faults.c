/* The PostgreSQL source against a scripted libpq that fails in every way at every message: the
 * right status, one sentence with a next step, no secret in anything that is said, nothing left
 * open. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/source.h"
#include "support/fake_pq.h"
#include "support/no_leaks.h"

#define SECRET   "Hu5h!swordfish"
#define URI_FORM "Hu5h%21swordfish"

/* Whatever a server may quote back at us. */
#define INDISCREET                                                                                 \
    "no: \"postgresql://me:" URI_FORM "@h/d\" and password=" SECRET " and " SECRET "\nDETAIL:  "   \
    "passWORD = '" SECRET "' \x1b[31m\xff"

typedef struct run {
    const char *name;
    pgs_status (*go)(pgs_err *err);
} run;

static pgs_pg_options options;
static char said[8192];

static void hear(void *context, const char *sentence) {
    size_t used = strlen(context);
    snprintf((char *)context + used, sizeof said - used, "%s\n", sentence);
}

static const pgs_listener LISTENER = {hear, said};

static pgs_status snapshot(pgs_err *err) {
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    pgs_status st = pgs_pg_snapshot(&options, &LISTENER, &snap, err);
    cr_assert_eq(st == PGS_OK, snap.head.n_parts > 0);
    if (st == PGS_OK)
        cr_assert_eq(pgs_snapshot_check(&snap, NULL), PGS_OK);
    pgs_snapshot_reset(&snap);
    return st;
}

static pgs_status partial_snapshot(pgs_err *err) {
    options.allow_partial = true;
    fake.locked = "chunks_part_01"; /* so that leaves are repeated one by one */
    return snapshot(err);
}

static pgs_status estimate(pgs_err *err) {
    options.counts = PGS_COUNTS_ESTIMATE;
    return snapshot(err);
}

static pgs_status dry_run(pgs_err *err) {
    char *script = NULL;
    pgs_status st = pgs_pg_dry_run(&options, &LISTENER, &script, err);
    cr_assert_eq(st == PGS_OK, script != NULL);
    pgs_free(script);
    return st;
}

static pgs_status refresh(pgs_err *err) {
    return pgs_pg_refresh(&options, &LISTENER, err);
}

static pgs_status views(pgs_pg_views_action action, pgs_err *err) {
    char *script = NULL;
    pgs_status st = pgs_pg_views(&options, action, &LISTENER, &script, err);
    cr_assert_eq(script != NULL, st == PGS_OK && action == PGS_PG_VIEWS_PRINT);
    pgs_free(script);
    return st;
}

static pgs_status print_views(pgs_err *err) {
    return views(PGS_PG_VIEWS_PRINT, err);
}

static pgs_status apply_views(pgs_err *err) {
    return views(PGS_PG_VIEWS_APPLY, err);
}

static pgs_status drop_views(pgs_err *err) {
    return views(PGS_PG_VIEWS_DROP, err);
}

static const run RUN[] = {
    {"snapshot", snapshot},       {"partial snapshot", partial_snapshot},
    {"estimate", estimate},       {"dry run", dry_run},
    {"print views", print_views}, {"apply views", apply_views},
    {"drop views", drop_views},   {"refresh", refresh},
};
enum { REFRESH = PGS_COUNT_OF(RUN) - 1 };

/* ---- one run, and what must hold however it ends ---- */

static pgs_err err;

static void expect_discreet(const char *text, const char *what) {
    cr_expect_null(strstr(text, "swordfish"), "%s: %s", what, text);
}

static pgs_status go(const run *r, const char *what) {
    options = (pgs_pg_options)PGS_PG_OPTIONS_DEFAULT;
    options.conninfo = "postgresql://me:" URI_FORM "@h/d";
    options.collections = true;
    options.statement_timeout_ms = 5;
    options.patience_ms = 5;
    fake.locked = NULL;
    fake.n_statements = 0;
    said[0] = '\0';
    memset(&err, 0, sizeof err);
    pgs_status st = r->go(&err);
    cr_assert_eq(fake.n_open, 0, "%s, %s: a connection was left open", r->name, what);
    cr_assert_eq(fake.n_results, 0, "%s, %s: %d results left", r->name, what, fake.n_results);
    cr_assert_eq(pgs_mem_live(), 0, "%s, %s: blocks left", r->name, what);
    cr_expect_neq(st, PGS_E_BUG, "%s, %s: %s", r->name, what, err.msg);
    cr_expect_eq(st == PGS_OK, err.msg[0] == '\0', "%s, %s: \"%s\"", r->name, what, err.msg);
    bool asked_for = strcmp(err.msg, "interrupted") == 0;
    cr_expect(st == PGS_OK || st == PGS_E_DATA || asked_for || err.hint[0],
              "%s, %s: no next step after \"%s\"", r->name, what, err.msg);
    cr_expect_null(strpbrk(err.msg, "\n\x1b"), "%s: %s", what, err.msg);
    expect_discreet(err.msg, what);
    expect_discreet(err.hint, what);
    expect_discreet(said, what);
    return st;
}

static int n_statements(const run *r) {
    cr_assert_eq(go(r, "undisturbed"), PGS_OK, "%s: %s", r->name, err.msg);
    return fake.n_statements;
}

static void begin(void) {
    memset(&fake, 0, sizeof fake);
    fake.lost_words = fake.words = INDISCREET;
    unsetenv("PGPASSWORD");
    unsetenv("PGCONNECT_TIMEOUT");
}

TestSuite(postgres_faults, .init = begin, .fini = pgs_test_no_leaks, .timeout = 600);

/* ---- refusals ---- */

static const struct {
    const char *sqlstate;
    pgs_status status;
} REFUSAL[] = {
    {"57014", PGS_E_RETRY},       {"55P03", PGS_E_RETRY},       {"40001", PGS_E_RETRY},
    {"40P01", PGS_E_RETRY},       {"42501", PGS_E_DENIED},      {"28P01", PGS_E_DENIED},
    {"28000", PGS_E_DENIED},      {"3D000", PGS_E_UNAVAILABLE}, {"42P01", PGS_E_NO_INPUT},
    {"53200", PGS_E_RETRY},       {"53300", PGS_E_UNAVAILABLE}, {"57P01", PGS_E_UNAVAILABLE},
    {"57P03", PGS_E_UNAVAILABLE}, {"08006", PGS_E_UNAVAILABLE}, {"XX000", PGS_E_UNAVAILABLE},
    {"22P02", PGS_E_DATA},        {"0A000", PGS_E_DATA},        {"?!", PGS_E_DATA},
};

/* Some refusals a run can live with: the server's identity and names are extras, and a leaf that
 * was refused once in a batch is read alone. */
static bool can_go_on(const char *sqlstate) {
    static const char *const EXTRA[] = {"pg_control_system", "= 'collections'", "SELECT id::text"};
    bool leaf = strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "42P01") == 0;
    bool batch =
        strstr(fake.refused_sql, "WITH chunk AS") || strstr(fake.refused_sql, "relation_size");
    for (size_t i = 0; i < PGS_COUNT_OF(EXTRA); i++)
        if (strstr(fake.refused_sql, EXTRA[i]))
            return true;
    return leaf && batch;
}

Test(postgres_faults, every_refusal_at_every_statement) {
    for (size_t r = 0; r < PGS_COUNT_OF(RUN); r++) {
        fake.refuse_at = 0;
        int n = n_statements(&RUN[r]);
        for (int k = 1; k <= n; k++)
            for (size_t i = 0; i < PGS_COUNT_OF(REFUSAL); i++) {
                fake.refuse_at = k;
                fake.sqlstate = REFUSAL[i].sqlstate;
                pgs_status st = go(&RUN[r], REFUSAL[i].sqlstate);
                bool lived = (st == PGS_OK || st == PGS_E_RETRY) && can_go_on(fake.sqlstate);
                cr_expect(st == REFUSAL[i].status || lived, "%s: %s at %d, %.60s: status %d, %s",
                          RUN[r].name, fake.sqlstate, k, fake.refused_sql, st, err.msg);
            }
    }
}

/* ---- silence ---- */

Test(postgres_faults, a_connection_lost_at_every_statement) {
    for (size_t r = 0; r < PGS_COUNT_OF(RUN); r++) {
        fake.drop_at = 0;
        int n = n_statements(&RUN[r]);
        for (int k = 1; k <= n; k++) {
            fake.drop_at = k;
            cr_expect_eq(go(&RUN[r], "lost"), PGS_E_UNAVAILABLE, "%s at %d: %s", RUN[r].name, k,
                         err.msg);
        }
    }
}

Test(postgres_faults, no_answer_or_another_at_every_statement) {
    int *const WHEN[] = {&fake.silent_at, &fake.other_at};
    for (size_t r = 0; r < PGS_COUNT_OF(RUN); r++)
        for (size_t i = 0; i < PGS_COUNT_OF(WHEN); i++) {
            *WHEN[i] = 0;
            int n = n_statements(&RUN[r]);
            for (int k = 1; k <= n; k++) {
                *WHEN[i] = k;
                pgs_status st = go(&RUN[r], i == 0 ? "silent" : "another kind");
                cr_expect_eq(st, PGS_E_DATA, "%s at %d: %s", RUN[r].name, k, err.msg);
            }
            *WHEN[i] = 0;
        }
}

Test(postgres_faults, a_server_that_falls_silent_at_every_statement) {
    for (size_t r = 0; r < REFRESH; r++) { /* a refresh may take hours */
        fake.mute_at = 0;
        int n = n_statements(&RUN[r]);
        for (int k = 1; k <= n; k++) {
            fake.mute_at = k;
            cr_expect_eq(go(&RUN[r], "mute"), PGS_E_UNAVAILABLE, "%s at %d: %s", RUN[r].name, k,
                         err.msg);
            cr_expect(strstr(err.msg, "does not answer any more"), "%s", err.msg);
        }
    }
}

Test(postgres_faults, an_interruption_at_every_statement) {
    for (size_t r = 0; r < PGS_COUNT_OF(RUN); r++) {
        fake.cancel_at = 0;
        int n = n_statements(&RUN[r]);
        for (int k = 1; k <= n; k++) {
            fake.cancel_at = k;
            cr_expect_eq(go(&RUN[r], "interrupted"), PGS_E_RETRY, "%s at %d: %s", RUN[r].name, k,
                         err.msg);
        }
    }
}

/* ---- garbage ---- */

Test(postgres_faults, a_wrong_number_of_columns_in_any_answer) {
    static const int EXTRA[] = {-1, 1};
    for (int which = 0; which < FAKE_ANSWER_COUNT; which++)
        for (size_t i = 0; i < PGS_COUNT_OF(EXTRA); i++)
            for (size_t r = 0; r < PGS_COUNT_OF(RUN); r++) {
                fake.asked[which] = false;
                fake.extra_columns = EXTRA[i];
                fake.extra_in = 1 + which;
                pgs_status st = go(&RUN[r], "columns");
                cr_expect_eq(st, fake.asked[which] ? PGS_E_DATA : PGS_OK, "%s, answer %d: %s",
                             RUN[r].name, which, err.msg);
            }
}

Test(postgres_faults, no_row_or_every_row_twice_in_any_answer) {
    for (int which = 0; which < FAKE_ANSWER_COUNT; which++)
        for (size_t r = 0; r < PGS_COUNT_OF(RUN); r++) {
            fake.answer[which] = "";
            pgs_status none = go(&RUN[r], "no row");
            cr_expect(none == PGS_OK || none == PGS_E_DATA || none == PGS_E_NO_INPUT ||
                          none == PGS_E_RETRY,
                      "%s, answer %d: %s", RUN[r].name, which, err.msg);
            fake.answer[which] = NULL;
            fake.repeat_in = 1 + which;
            pgs_status twice = go(&RUN[r], "rows twice");
            cr_expect(twice == PGS_OK || twice == PGS_E_DATA, "%s, answer %d: %s", RUN[r].name,
                      which, err.msg);
            fake.repeat_in = 0;
        }
}

/* What is accepted passes the snapshot's own check: snapshot() asserts it. */
Test(postgres_faults, garbage_in_every_cell) {
    static char too_long[4000];
    memset(too_long, 'x', sizeof too_long - 1);
    const char *const CELL[] = {"\\N",
                                "-1",
                                "9007199254740993",
                                "18446744073709551616",
                                "1 000",
                                "0x10",
                                "1.5e3",
                                "NaN",
                                "-infinity",
                                "\xc3(\xff",
                                "\x1b]0;title\a",
                                "{901,902}",
                                "294277-01-01 00:00:00+00",
                                "0044-03-15 12:00:00+00 BC",
                                too_long};
    static const size_t WHICH_RUN[] = {0, 2, 5, REFRESH}; /* snapshot, estimate, views, refresh */
    for (int which = 0; which < FAKE_ANSWER_COUNT; which++)
        for (int row = 0; row < 4; row++)
            for (int column = 0; column < 18; column++)
                for (size_t i = 0; i < PGS_COUNT_OF(CELL); i++)
                    for (size_t r = 0; r < PGS_COUNT_OF(WHICH_RUN); r++) {
                        fake.spoiled = (fake_table)which;
                        fake.spoiled_row = row;
                        fake.spoiled_column = column;
                        fake.spoiled_cell = CELL[i];
                        go(&RUN[WHICH_RUN[r]], CELL[i]);
                    }
}

/* ---- secrets ---- */

static const struct {
    const char *name, *conninfo, *environment;
} HIDING[] = {
    {"a URI", "postgresql://me:" URI_FORM "@h/d", NULL},
    {"a driver's URI", "postgresql+asyncpg://me:" URI_FORM "@h/d", NULL},
    {"a parameter of a URI", "postgresql://me@h/d?password=" URI_FORM, NULL},
    {"a conninfo", "host=h password=" SECRET, NULL},
    {"a quoted conninfo", "host=h password = '" SECRET "'", NULL},
    {"the environment", "host=h", SECRET},
    {"a key's password", "host=h sslpassword=" SECRET, NULL},
};

Test(postgres_faults, a_secret_is_known_wherever_it_was_given) {
    for (size_t i = 0; i < PGS_COUNT_OF(HIDING); i++) {
        memset(&fake, 0, sizeof fake);
        fake.connect_error = "I was told " SECRET ", or \"" SECRET "\", and nothing else\n";
        options = (pgs_pg_options)PGS_PG_OPTIONS_DEFAULT;
        options.conninfo = HIDING[i].conninfo;
        if (HIDING[i].environment)
            setenv("PGPASSWORD", HIDING[i].environment, 1);
        said[0] = '\0';
        pgs_snapshot snap;
        pgs_snapshot_init(&snap);
        cr_expect_eq(pgs_pg_snapshot(&options, &LISTENER, &snap, &err), PGS_E_UNAVAILABLE);
        pgs_snapshot_reset(&snap);
        unsetenv("PGPASSWORD");
        expect_discreet(err.msg, HIDING[i].name);
        expect_discreet(said, HIDING[i].name);
        cr_expect(strstr(err.msg, "I was told ***"), "%s: %s", HIDING[i].name, err.msg);
    }
}
