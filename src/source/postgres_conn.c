/* One connection: opening it, asking it, interrupting it, and what its failures mean.
 *
 * Asking goes through PQsendQuery and its like rather than PQexec, which would wait for a server
 * that has fallen silent for ever.
 *
 * Connecting goes through PQconnectPoll rather than PQconnectdb for two reasons: the verbose form
 * of messages, which carries the SQLSTATE (libpq has no other way to tell a wrong password from a
 * missing database, and the words are in the server's language), and a signal can end the wait.
 * Failures are looked up by SQLSTATE in one table. */
#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "source/postgres.h"

/* ---- interruption ---- */

static PGcancel *volatile cancel_handle;
static volatile sig_atomic_t cancelled;

bool pgs_pg_cancel(void) {
    char ignored[256];
    int saved = errno;
    bool connected = cancel_handle;
    cancelled = 1;
    if (connected)
        PQcancel(cancel_handle, ignored, sizeof ignored);
    errno = saved;
    return connected;
}

static pgs_status interrupted(pgs_err *err) {
    return pgs_fail(err, PGS_E_RETRY, "interrupted");
}

/* ---- words ---- */

void pgs_pg_say(const pgs_listener *listener, const char *fmt, ...) {
    if (!listener || !listener->say)
        return;
    char sentence[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    listener->say(listener->context, sentence);
}

double pgs_pg_clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- what a SQLSTATE means ---- */

static const struct {
    const char *prefix; /* of the SQLSTATE; the first that fits wins */
    pgs_status status;
    const char *hint;
} MEANING[] = {
    {"28", PGS_E_DENIED, "check user and password, or the server's pg_hba.conf"},
    {"42501", PGS_E_DENIED, "grant the role what the README lists under GRANTs"},
    {"3D000", PGS_E_UNAVAILABLE, "check the database name"},
    {"3F000", PGS_E_NO_INPUT, "check the schema name"},
    {"42P01", PGS_E_NO_INPUT, "check the table name"},
    {"42602", PGS_E_USAGE, "write the table as schema.table"},
    {"42710", PGS_E_EXISTS,
     "choose another schema with --schema, or drop that with its own --table"},
    {"42P07", PGS_E_EXISTS, "choose another schema with --schema"},
    {"2BP01", PGS_E_EXISTS, "drop first what depends on it"},
    {"57014", PGS_E_RETRY, "try again later, or with a longer --statement-timeout"},
    {"55P03", PGS_E_RETRY, "try again later, or with a longer --lock-timeout"},
    {"40", PGS_E_RETRY, "try again later"},
    {"53300", PGS_E_UNAVAILABLE, "the server has no connection left; try again later"},
    {"53", PGS_E_RETRY, "the server is short of resources; try again later"},
    {"57", PGS_E_UNAVAILABLE, "try again when the server is back"},
    {"58", PGS_E_UNAVAILABLE, "look at the server's log"},
    {"XX", PGS_E_UNAVAILABLE, "look at the server's log"},
    {"08", PGS_E_UNAVAILABLE, "check that the server is running and can be reached"},
    {"25P03", PGS_E_RETRY, "the server ended an idle transaction; try again later"},
    {"25P04", PGS_E_RETRY, "the server ended a long transaction; try again later"},
    {"25006", PGS_E_UNAVAILABLE, "this server takes no changes; connect to the primary"},
    {"", PGS_E_DATA, "look at the server's log"},
};

static pgs_status meaning_of(const char *sqlstate, const char **hint) {
    size_t i = 0;
    while (strncmp(sqlstate, MEANING[i].prefix, strlen(MEANING[i].prefix)) != 0)
        i++;
    *hint = MEANING[i].hint;
    return MEANING[i].status;
}

static bool is_sqlstate(const char *s) {
    for (int i = 0; i < 5; i++)
        if (!isdigit((unsigned char)s[i]) && !isupper((unsigned char)s[i]))
            return false;
    return true;
}

/* Fail with libpq's words, redacted. Empty words say that the connection is gone. */
static pgs_status fail_with(const pgs_pg *pg, pgs_status status, const char *doing,
                            const char *words, const char *hint, pgs_err *err) {
    pgs_buf clean = {0};
    pgs_pg_redact(&pg->info, *words ? words : "the connection is lost", &clean);
    while (clean.n > 0 && clean.data[clean.n - 1] == ' ')
        clean.data[--clean.n] = '\0';
    pgs_status st = clean.failed ? pgs_no_memory(err)
                                 : pgs_fail(err, status, "cannot %s: %s", doing, clean.data);
    pgs_hint(err, "%s", hint);
    pgs_buf_reset(&clean);
    return st;
}

/* ---- connecting ---- */

/* Verbose messages read "FATAL:  28P01: words\nLOCATION:  ...", once for each host that was tried.
 * Remember the first SQLSTATE, keep the words. */
static void take_sqlstate(pgs_pg *pg, char *words) {
    for (char *s = words; (s = strstr(s, "\nLOCATION:"));) {
        size_t n = 1 + strcspn(s + 1, "\n");
        memmove(s, s + n, strlen(s + n) + 1);
    }
    for (char *s = words; (s = strstr(s, ":  ")); s++) {
        if (strlen(s) < 10 || !is_sqlstate(s + 3) || s[8] != ':')
            continue;
        if (!pg->sqlstate[0])
            memcpy(pg->sqlstate, s + 3, 5);
        memmove(s + 1, s + 9, strlen(s + 9) + 1);
    }
}

/* Of what libpq says without having tried to connect. */
static const char *const MISUSE[] = {"invalid ", "could not match "};

/* Whether it was given something that it cannot use: a port that is none, a service that nobody
 * defined. Then it does not even know a user, or says so. */
static bool is_misuse(const pgs_pg *pg, const char *words) {
    bool found = !PQuser(pg->conn);
    for (size_t i = 0; i < PGS_COUNT_OF(MISUSE); i++)
        found |= strncmp(words, MISUSE[i], strlen(MISUSE[i])) == 0;
    return found;
}

static pgs_status connect_failed(pgs_pg *pg, pgs_err *err) {
    if (cancelled)
        return interrupted(err);
    if (PQconnectionNeedsPassword(pg->conn))
        return fail_with(pg, PGS_E_DENIED, "connect", "the server asks for a password",
                         "set PGPASSWORD, or write it to ~/.pgpass", err);
    char *words = pgs_strdup(PQerrorMessage(pg->conn));
    if (!words)
        return pgs_no_memory(err);
    take_sqlstate(pg, words);
    const char *hint = "check that the server is running and can be reached";
    pgs_status status = PGS_E_UNAVAILABLE;
    if (pg->sqlstate[0] && meaning_of(pg->sqlstate, &hint) == PGS_E_DENIED) {
        status = PGS_E_DENIED;
    } else if (!pg->sqlstate[0] && is_misuse(pg, words)) {
        status = PGS_E_USAGE;
        hint = "look at the options, the connection string, PG... variables and service file";
    }
    pgs_status st = fail_with(pg, status, "connect", words, hint, err);
    pgs_free(words);
    return st;
}

/* Wait until the socket is ready for what `next` asks. */
static pgs_status wait_for(pgs_pg *pg, PostgresPollingStatusType next, double deadline_ms,
                           pgs_err *err) {
    struct pollfd socket = {.fd = PQsocket(pg->conn),
                            .events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT};
    for (;;) {
        double left = deadline_ms - pgs_pg_clock_ms();
        if (cancelled)
            return interrupted(err);
        if (pg->info.timeout_s > 0 && left <= 0)
            return fail_with(pg, PGS_E_UNAVAILABLE, "connect", "the server does not answer in time",
                             "check host and port, or set connect_timeout", err);
        int timeout = pg->info.timeout_s > 0 && left < 1000 ? (int)left + 1 : 1000;
        int n = poll(&socket, 1, timeout);
        if (n > 0 || (n < 0 && errno != EINTR))
            return PGS_OK;
    }
}

static pgs_status finish_connecting(pgs_pg *pg, pgs_err *err) {
    double deadline_ms = pgs_pg_clock_ms() + 1000.0 * pg->info.timeout_s;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
        pgs_status st = wait_for(pg, next, deadline_ms, err);
        if (st)
            return st;
        next = PQconnectPoll(pg->conn);
    }
    return next == PGRES_POLLING_OK ? PGS_OK : connect_failed(pg, err);
}

static void ignore_notice(void *context, const PGresult *notice) {
    (void)context;
    (void)notice;
}

pgs_status pgs_pg_open(pgs_pg *pg, const pgs_pg_options *options, const pgs_listener *listener,
                       pgs_err *err) {
    *pg = (pgs_pg){.options = options, .listener = listener};
    pgs_status st = pgs_pg_conninfo_read(options->conninfo, listener, &pg->info, err);
    if (st)
        return st;
    /* What stands before dbname is a default. A server that is gone without a word is noticed
     * within two minutes rather than hours, however long its answers may take. */
    const char *keyword[] = {"fallback_application_name",
                             "keepalives_idle",
                             "keepalives_interval",
                             "keepalives_count",
                             "dbname",
                             "client_encoding",
                             NULL};
    const char *value[] = {"pgskew-collect", "60", "10", "6", pg->info.text, "UTF8", NULL};
    pg->conn = PQconnectStartParams(keyword, value, 1);
    if (!pg->conn) {
        st = pgs_no_memory(err);
    } else {
        PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
        PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
        st = PQstatus(pg->conn) == CONNECTION_BAD ? connect_failed(pg, err)
                                                  : finish_connecting(pg, err);
    }
    if (!st && PQsetnonblocking(pg->conn, 1) != 0)
        st = pgs_no_memory(err);
    if (st)
        pgs_pg_close(pg);
    else
        cancel_handle = PQgetCancel(pg->conn);
    return st;
}

void pgs_pg_close(pgs_pg *pg) {
    PGcancel *handle = cancel_handle;
    cancel_handle = NULL;
    PQfreeCancel(handle);
    PQfinish(pg->conn);
    pg->conn = NULL;
    pgs_pg_conninfo_reset(&pg->info);
    cancelled = 0;
}

/* ---- asking ---- */

/* The server ends a statement by itself when its time is over. A wire that delivers nothing long
 * after that is dead, though both ends still hold it: a pooler that hangs, a message that
 * announces more than will ever come. */
typedef struct patience {
    double heard_ms, limit_ms; /* of silence; 0: none */
    bool is_over;
} patience;

/* Wait until the next result can be taken without waiting, or there is a failure to take. */
static void await_result(pgs_pg *pg, patience *p) {
    for (int unsent; (unsent = PQflush(pg->conn)) > 0 || (unsent == 0 && PQisBusy(pg->conn));) {
        struct pollfd socket = {.fd = PQsocket(pg->conn), .events = POLLIN};
        socket.events |= unsent ? POLLOUT : 0;
        double left_ms = p->heard_ms + p->limit_ms - pgs_pg_clock_ms();
        bool is_near = p->limit_ms > 0 && left_ms < 1000;
        int n = poll(&socket, 1, !is_near ? 1000 : left_ms > 0 ? (int)left_ms + 1 : 0);
        p->is_over = n == 0 && is_near && left_ms <= 0;
        bool failed = n < 0 && errno != EINTR;
        if (p->is_over || failed || (n > 0 && !PQconsumeInput(pg->conn)))
            return;
        if (n > 0)
            p->heard_ms = pgs_pg_clock_ms();
    }
}

/* The last result of what was sent, as PQexec() gives it, but not after any silence whatever.
 * NULL: there is none, and pg->is_silent says whether that is why. */
static PGresult *finish_asking(pgs_pg *pg, int sent) {
    double limit_ms = pg->statement_ms > 0 ? pg->statement_ms + pg->options->patience_ms : 0;
    patience p = {.heard_ms = pgs_pg_clock_ms(), .limit_ms = limit_ms};
    PGresult *last = NULL;
    for (bool more = sent; more;) {
        await_result(pg, &p);
        PGresult *next = p.is_over ? NULL : PQgetResult(pg->conn);
        more = next && PQresultStatus(next) != PGRES_COPY_OUT &&
               PQresultStatus(next) != PGRES_COPY_IN && PQstatus(pg->conn) != CONNECTION_BAD;
        if (next || p.is_over) {
            PQclear(last);
            last = next;
        }
    }
    pg->is_silent = p.is_over;
    return last;
}

static PGresult *exec_simple(pgs_pg *pg, const char *sql) {
    return finish_asking(pg, PQsendQuery(pg->conn, sql));
}

static PGresult *exec_params(pgs_pg *pg, const pgs_pg_question *question) {
    return finish_asking(pg, PQsendQueryParams(pg->conn, question->sql, question->n_params, NULL,
                                               question->param, NULL, NULL, 0));
}

static PGresult *prepare(pgs_pg *pg, const char *sql) {
    return finish_asking(pg, PQsendPrepare(pg->conn, "", sql, 0, NULL));
}

static PGresult *exec_prepared(pgs_pg *pg) {
    return finish_asking(pg, PQsendQueryPrepared(pg->conn, "", 0, NULL, NULL, NULL, 0));
}

/* The server may have said why before it closed the connection: a standby ends a session whose
 * savepoint is in the way of recovery, where without savepoints it would end the query. */
static pgs_status connection_lost(pgs_pg *pg, const char *what, pgs_err *err) {
    const char *hint = "try again when the server is back";
    pgs_status status = PGS_E_UNAVAILABLE;
    char *words = pgs_strdup(PQerrorMessage(pg->conn));
    if (!words)
        return pgs_no_memory(err);
    take_sqlstate(pg, words);
    if (pg->sqlstate[0])
        status = meaning_of(pg->sqlstate, &hint);
    words[strcspn(words, "\n")] = '\0'; /* what follows is libpq's surprise, and its guesses */
    pgs_status st = fail_with(pg, status, what, words, hint, err);
    pgs_free(words);
    return st;
}

static pgs_status ask_failed(pgs_pg *pg, const char *what, const PGresult *result, pgs_err *err) {
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    pg->sqlstate[0] = '\0';
    if (state && strlen(state) == 5)
        memcpy(pg->sqlstate, state, 6);
    if (cancelled)
        return interrupted(err);
    if (pg->is_silent)
        return fail_with(pg, PGS_E_UNAVAILABLE, what, "the server does not answer any more",
                         "try again when the server is back", err);
    if (state) {
        const char *hint;
        pgs_status status = meaning_of(pg->sqlstate, &hint);
        return fail_with(pg, status, what, words ? words : state, hint, err);
    }
    return PQstatus(pg->conn) == CONNECTION_BAD ? connection_lost(pg, what, err)
                                                : pgs_pg_nonsense(what, err);
}

pgs_status pgs_pg_nonsense(const char *what, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_DATA,
                             "cannot %s: the server's answer is not of the form "
                             "that was asked for",
                             what);
    pgs_hint(err, "is this PostgreSQL 13 or newer?");
    return st;
}

pgs_status pgs_pg_run(pgs_pg *pg, const char *what, const char *sql, pgs_err *err) {
    if (cancelled)
        return interrupted(err);
    pgs_pg_record(pg, &(pgs_pg_question){.what = what, .sql = sql});
    PGresult *result = exec_simple(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    pgs_status st = done ? PGS_OK : ask_failed(pg, what, result, err);
    PQclear(result);
    return st;
}

/* Keep `result` if it is of the form that was asked for. */
static pgs_status take_answer(pgs_pg *pg, const pgs_pg_question *question, PGresult *result,
                              PGresult **out, pgs_err *err) {
    pgs_status st = PGS_OK;
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        st = ask_failed(pg, question->what, result, err);
    else if (PQnfields(result) != question->n_columns)
        st = pgs_pg_nonsense(question->what, err);
    if (st)
        PQclear(result);
    else
        *out = result;
    return st;
}

pgs_status pgs_pg_ask(pgs_pg *pg, const pgs_pg_question *question, PGresult **out, pgs_err *err) {
    *out = NULL;
    if (cancelled)
        return interrupted(err);
    pgs_pg_record(pg, question);
    if (pg->script && question->reads_rows)
        return PGS_OK;
    return take_answer(pg, question, exec_params(pg, question), out, err);
}

/* Prepare the statement without a name: a pooler in transaction mode lets that pass. */
static pgs_status prepare_timed(pgs_pg *pg, const pgs_pg_question *question, double *took_ms,
                                pgs_err *err) {
    if (cancelled)
        return interrupted(err);
    double start_ms = pgs_pg_clock_ms();
    PGresult *prepared = prepare(pg, question->sql);
    *took_ms = pgs_pg_clock_ms() - start_ms;
    bool ready = PQresultStatus(prepared) == PGRES_COMMAND_OK;
    pgs_status st = ready ? PGS_OK : ask_failed(pg, question->what, prepared, err);
    PQclear(prepared);
    return st;
}

/* Preparing takes the locks; once they are held it takes as long as without a wait. */
pgs_status pgs_pg_ask_locking(pgs_pg *pg, const pgs_pg_question *question, double *waited_ms,
                              PGresult **out, pgs_err *err) {
    *out = NULL;
    *waited_ms = 0;
    if (cancelled)
        return interrupted(err);
    pgs_pg_record(pg, question);
    if (pg->script && question->reads_rows)
        return PGS_OK;
    double locking_ms, working_ms;
    pgs_status st = prepare_timed(pg, question, &locking_ms, err);
    if (!st)
        st = prepare_timed(pg, question, &working_ms, err);
    if (st)
        return st;
    *waited_ms = locking_ms > working_ms ? locking_ms - working_ms : 0;
    if (cancelled)
        return interrupted(err);
    return take_answer(pg, question, exec_prepared(pg), out, err);
}

pgs_status pgs_pg_pass_on(pgs_status status, const pgs_err *from, pgs_err *err) {
    if (err)
        *err = *from;
    return status;
}

pgs_status pgs_pg_try(pgs_pg *pg, const pgs_pg_question *question, const char *begin,
                      PGresult **out, pgs_err *why, pgs_err *err) {
    *out = NULL;
    pgs_status st = pgs_pg_run(pg, question->what, begin ? begin : "SAVEPOINT pgskew", err);
    if (st)
        return st;
    pgs_err refused;
    pg->sqlstate[0] = '\0';
    st = pgs_pg_ask(pg, question, out, &refused);
    if (st && (cancelled || !pg->sqlstate[0] || PQstatus(pg->conn) == CONNECTION_BAD))
        return pgs_pg_pass_on(st, &refused, err);
    if (st && why)
        *why = refused;
    st = pgs_pg_run(pg, question->what, "ROLLBACK TO SAVEPOINT pgskew; RELEASE SAVEPOINT pgskew",
                    err);
    if (st) {
        PQclear(*out);
        *out = NULL;
    }
    return st;
}
