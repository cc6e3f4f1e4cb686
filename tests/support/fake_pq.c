/* See fake_pq.h. Only what src/source/postgres*.c calls is here. */
#include "support/fake_pq.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pgskew/source.h"

enum { MAX_ROWS = 64, MAX_COLUMNS = 20 };

struct pg_result {
    ExecStatusType status;
    char sqlstate[6];
    const char *words;
    int n_rows, n_columns;
    char *cell[MAX_ROWS][MAX_COLUMNS]; /* into text; NULL: NULL */
    char text[16384];
};

struct pg_conn {
    ConnStatusType status;
    int socket, pipe_end;
    PGresult *pending; /* what PQgetResult gives next */
};

fake_server fake;

/* ---- the usual answers ---- */

static const char *const USUAL[FAKE_ANSWER_COUNT] = {
    [FAKE_TABLE] = "900|p|public|chunks|public.chunks|2025-10-20 10:15:00+00|"
                   "2025-10-20 09:15:00+00|2025-10-19 10:15:00+00|2025-10-13 10:15:00+00|app|"
                   "monitor|15.18 (Debian 15.18-0+deb12u1)|150018|8192|0|1|"
                   "2025-01-01 00:00:00+00",
    [FAKE_COLUMNS] = "0|text\n1|text\n2|int4\n3|timestamptz",
    [FAKE_SYSTEM] = "7300000000000000001",
    [FAKE_LEAVES] =
        "901|chunks_part_00|public|public.chunks_part_00|r|901|2|100|1|100|0|100|0|0|\\N|\\N|"
        "2025-10-20 01:00:00+00\n"
        "902|chunks_part_01|public|public.chunks_part_01|r|902|1|50|1|50|2|52|1|2|\\N|\\N|\\N\n"
        "903|chunks_part_02|public|public.chunks_part_02|r|903|0|\\N|1|0|0|0|0|0|\\N|\\N|\\N\n"
        "904|chunks_default|public|public.chunks_default|r|904|1|7|1|7|0|7|0|0|\\N|\\N|\\N",
    [FAKE_SIZES] = "901|16384|24576|8192|8192|FOR VALUES IN (0)|200\n"
                   "902|8192|8192|8192|8192|FOR VALUES IN (1)|300\n"
                   "903|0|0|8192|8192|FOR VALUES IN (2)|390\n"
                   "904|8192|8192|8192|0|DEFAULT|500",
    [FAKE_COUNTS] = "901|901|100|20|2|271.4343163538873995|1|2|3|2025-10-01 00:00:00+00|"
                    "2025-10-20 10:00:00.5+00\n"
                    "902|902|50|10|1|3.5|0|0|5|2025-10-14 00:00:00+00|2025-10-15 00:00:00+00\n"
                    "903|903|0|0|0|0|0|0|0|\\N|\\N\n"
                    "904|904|7|1|1|1|0|0|7|2025-10-14 00:00:00+00|infinity",
    [FAKE_NAMES_TABLE] = "public.collections",
    [FAKE_NAMES] = "700|a|First\n700|b|\\N\n700|z|Never chunked",
    [FAKE_REFRESH] = "f|t|t",
    [FAKE_SCHEMA] = "public|public.chunks",
    [FAKE_SAME_TYPE] = "t",
};

static const struct {
    const char *mark; /* in the statement */
    fake_table answer;
} ASKED[] = {
    {"WITH chunk AS", FAKE_COUNTS},        {"WITH RECURSIVE tree", FAKE_LEAVES},
    {"to_regclass($1)", FAKE_TABLE},       {"(VALUES (0, $2)", FAKE_COLUMNS},
    {"pg_relation_size", FAKE_SIZES},      {"pg_control_system", FAKE_SYSTEM},
    {"= 'collections'", FAKE_NAMES_TABLE}, {"SELECT id::text", FAKE_NAMES},
    {"to_regproc($1", FAKE_REFRESH},       {"parse_ident", FAKE_SCHEMA},
    {"DISTINCT atttypid", FAKE_SAME_TYPE},
};

static fake_table asked_for(const char *sql) {
    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++)
        if (strstr(sql, ASKED[i].mark))
            return ASKED[i].answer;
    return FAKE_ANSWER_COUNT;
}

/* ---- results ---- */

static PGresult *new_result(ExecStatusType status) {
    PGresult *result = calloc(1, sizeof *result);
    result->status = status;
    fake.n_results++;
    return result;
}

/* Split "a|b\nc|d" into cells. */
static void split(PGresult *result, const char *text) {
    snprintf(result->text, sizeof result->text, "%s", text);
    char *line_end, *cell_end;
    for (char *line = strtok_r(result->text, "\n", &line_end); line;
         line = strtok_r(NULL, "\n", &line_end)) {
        int c = 0;
        for (char *cell = strtok_r(line, "|", &cell_end); cell && c < MAX_COLUMNS;
             cell = strtok_r(NULL, "|", &cell_end))
            result->cell[result->n_rows][c++] = strcmp(cell, "\\N") == 0 ? NULL : cell;
        result->n_columns = c > result->n_columns ? c : result->n_columns;
        result->n_rows++;
    }
}

/* Keep the rows of leaves whose oid stands in `wanted`, in its order. */
static void keep_wanted(PGresult *result, const char *wanted) {
    int n = 0;
    for (int r = 0; r < result->n_rows; r++)
        if (result->cell[r][0] && strstr(wanted, result->cell[r][0]))
            memcpy(result->cell[n++], result->cell[r], sizeof result->cell[r]);
    result->n_rows = n;
}

static const char *const LEAF_NAME[] = {"chunks_part_00", "chunks_part_01", "chunks_part_02",
                                        "chunks_default"};

/* Where the statement's list has this leaf, its tag; false: it was not asked for. */
static bool find_tag(const char *sql, int leaf, char tag[8]) {
    char name[64];
    snprintf(name, sizeof name, "'public.%s'::regclass", LEAF_NAME[leaf % 4]);
    const char *open = strstr(sql, name);
    if (!open)
        return false;
    while (*open != '(')
        open--;
    snprintf(tag, 8, "%.*s", (int)strcspn(open + 1, ","), open + 1);
    return true;
}

/* After the leaves: 'collection', tag, ..., from fake.collections. */
static void add_collections(PGresult *result, const char *sql) {
    static PGresult given; /* its text outlives the call */
    static char tag[MAX_ROWS][8], word[] = "collection";
    static const int PLACE[] = {4, 5, 12, 13, 14, 15, 16, 17};
    memset(&given, 0, sizeof given);
    split(&given, fake.collections);
    for (int r = 0; r < given.n_rows; r++) {
        if (!find_tag(sql, atoi(given.cell[r][0]) - 901, tag[r]))
            continue;
        char **cell = result->cell[result->n_rows++];
        memset(cell, 0, sizeof result->cell[0]);
        cell[0] = word;
        cell[1] = tag[r];
        for (int c = 0; c < 8; c++)
            cell[PLACE[c]] = given.cell[r][1 + c];
    }
}

/* The statement names its leaves as (tag, 'name'::regclass::oid): make the rows it asks for out
 * of "oid|filenode|counts ...": 'leaf', tag, ..., no collection. */
static void shape_counts(PGresult *result, const char *sql) {
    static char tag[MAX_ROWS][8];
    static char leaf_word[] = "leaf";
    const PGresult given = *result;
    int n = 0;
    for (int r = 0; r < given.n_rows; r++) {
        if (!find_tag(sql, r, tag[n]))
            continue;
        memset(result->cell[n], 0, sizeof result->cell[n]);
        result->cell[n][0] = leaf_word;
        result->cell[n][1] = tag[n];
        for (int c = 0; c < 11; c++) /* cells point into *result's own text */
            result->cell[n][2 + c] = given.cell[r][c];
        n++;
    }
    result->n_rows = n;
    result->n_columns = 18;
    if (fake.collections)
        add_collections(result, sql);
}

static void spoil(PGresult *result, fake_table which) {
    if (fake.extra_in == 0 || fake.extra_in == 1 + (int)which)
        result->n_columns += fake.extra_columns;
    int n = fake.repeat_in == 1 + (int)which ? result->n_rows : 0;
    for (int r = 0; r < n && result->n_rows < MAX_ROWS; r++)
        memcpy(result->cell[result->n_rows++], result->cell[r], sizeof result->cell[r]);
    if (!fake.spoiled_cell || fake.spoiled != which || fake.spoiled_row >= result->n_rows)
        return;
    static char cell[4096];
    snprintf(cell, sizeof cell, "%s", fake.spoiled_cell);
    result->cell[fake.spoiled_row][fake.spoiled_column] =
        strcmp(fake.spoiled_cell, "\\N") == 0 ? NULL : cell;
}

static PGresult *refuse(const char *sqlstate, const char *words) {
    PGresult *result = new_result(PGRES_FATAL_ERROR);
    snprintf(result->sqlstate, sizeof result->sqlstate, "%s", sqlstate);
    result->words = words ? words : "refused";
    return result;
}

static PGresult *statement(PGconn *conn, const char *sql, const char *param) {
    fake.n_statements++;
    fake.holds &= !strstr(sql, "SAVEPOINT");
    snprintf(fake.last_sql, sizeof fake.last_sql, "%s", sql);
    const char *lock_timeout = strstr(sql, "lock_timeout = ");
    if (lock_timeout)
        fake.lock_timeout_ms = atoi(strchr(lock_timeout, '=') + 1);
    size_t used = strlen(fake.log);
    snprintf(fake.log + used, sizeof fake.log - used, "%.60s\n", sql);
    if (fake.cancel_at == fake.n_statements) {
        pgs_pg_cancel();
        return refuse("57014", "canceling statement due to user request");
    }
    if (fake.drop_at && fake.n_statements >= fake.drop_at) {
        conn->status = CONNECTION_BAD;
        return NULL;
    }
    if (fake.silent_at == fake.n_statements)
        return NULL;
    if (fake.other_at == fake.n_statements)
        return new_result(PGRES_COPY_OUT);
    if (fake.refuse_at == fake.n_statements) {
        snprintf(fake.refused_sql, sizeof fake.refused_sql, "%s", sql);
        return refuse(fake.sqlstate, fake.words);
    }
    if (fake.refuse_always && strstr(sql, fake.refuse_always))
        return refuse(fake.sqlstate, fake.words);
    fake_table which = asked_for(sql);
    if (which == FAKE_ANSWER_COUNT)
        return new_result(PGRES_COMMAND_OK);
    fake.asked[which] = true;
    bool touches = which == FAKE_COUNTS || which == FAKE_SIZES;
    const char *leaves = which == FAKE_COUNTS ? sql : param;
    if (touches && fake.locked && leaves && strstr(leaves, fake.locked))
        return refuse("55P03", "canceling statement due to lock timeout");
    PGresult *result = new_result(PGRES_TUPLES_OK);
    split(result, USUAL[which]); /* for the number of columns */
    result->n_rows = 0;
    split(result, fake.answer[which] ? fake.answer[which] : USUAL[which]);
    if (which == FAKE_SIZES && param)
        keep_wanted(result, param);
    if (which == FAKE_COUNTS)
        shape_counts(result, sql);
    spoil(result, which);
    return result;
}

static int send(PGconn *conn, const char *sql, const char *param) {
    conn->pending = statement(conn, sql, param);
    return 1;
}

int PQsendQuery(PGconn *conn, const char *query) {
    return send(conn, query, NULL);
}

int PQsendQueryParams(PGconn *conn, const char *command, int n, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats,
                      int format) {
    (void)types, (void)lengths, (void)formats, (void)format;
    return send(conn, command, n > 0 ? values[0] : NULL);
}

/* Preparing takes locks, so it can be refused like the statement itself. */
static char prepared[65536];

int PQsendPrepare(PGconn *conn, const char *name, const char *query, int n, const Oid *types) {
    (void)name, (void)n, (void)types;
    snprintf(prepared, sizeof prepared, "%s", query);
    if (fake.slow_ms > 0 && !fake.holds)
        usleep((useconds_t)fake.slow_ms * 1000);
    send(conn, query, NULL);
    fake.holds = true;
    if (conn->pending && conn->pending->status == PGRES_TUPLES_OK)
        conn->pending->status = PGRES_COMMAND_OK;
    return 1;
}

int PQsendQueryPrepared(PGconn *conn, const char *name, int n, const char *const *values,
                        const int *lengths, const int *formats, int format) {
    (void)name, (void)n, (void)values, (void)lengths, (void)formats, (void)format;
    return send(conn, prepared, NULL);
}

int PQsetnonblocking(PGconn *conn, int is_nonblocking) {
    (void)conn, (void)is_nonblocking;
    return 0;
}

int PQflush(PGconn *conn) {
    (void)conn;
    return 0;
}

int PQisBusy(PGconn *conn) {
    (void)conn;
    return fake.mute_at && fake.n_statements >= fake.mute_at;
}

int PQconsumeInput(PGconn *conn) {
    (void)conn;
    return 1;
}

PGresult *PQgetResult(PGconn *conn) {
    PGresult *result = conn->pending;
    conn->pending = NULL;
    return result;
}

ExecStatusType PQresultStatus(const PGresult *res) {
    return res ? res->status : PGRES_FATAL_ERROR;
}

char *PQresultErrorField(const PGresult *res, int code) {
    if (!res->words)
        return NULL;
    if (code == PG_DIAG_SQLSTATE)
        return res->sqlstate[0] ? (char *)res->sqlstate : NULL;
    return code == PG_DIAG_MESSAGE_PRIMARY ? (char *)res->words : NULL;
}

int PQntuples(const PGresult *res) {
    return res ? res->n_rows : 0;
}

int PQnfields(const PGresult *res) {
    return res ? res->n_columns : 0;
}

int PQgetisnull(const PGresult *res, int row, int column) {
    return row >= res->n_rows || column >= MAX_COLUMNS || !res->cell[row][column];
}

char *PQgetvalue(const PGresult *res, int row, int column) {
    static char empty[] = "";
    return PQgetisnull(res, row, column) ? empty : res->cell[row][column];
}

void PQclear(PGresult *res) {
    fake.n_results -= res != NULL;
    free(res);
}

/* ---- connections ---- */

PGconn *PQconnectStartParams(const char *const *keywords, const char *const *values, int expand) {
    (void)expand;
    PGconn *conn = calloc(1, sizeof *conn);
    int ends[2] = {-1, -1};
    for (size_t i = 0; keywords[i]; i++)
        if (strcmp(keywords[i], "dbname") == 0)
            snprintf(fake.conninfo, sizeof fake.conninfo, "%s", values[i] ? values[i] : "");
    if (fake.never_answers && pipe(ends) == 0) {
        conn->socket = ends[0];
        conn->pipe_end = ends[1];
    } else {
        conn->socket = open("/dev/null", O_RDWR);
        conn->pipe_end = -1;
    }
    conn->status = CONNECTION_STARTED;
    fake.n_open++;
    return conn;
}

PostgresPollingStatusType PQconnectPoll(PGconn *conn) {
    if (fake.never_answers)
        return PGRES_POLLING_READING;
    bool fails = fake.connect_error || fake.needs_password;
    conn->status = fails ? CONNECTION_BAD : CONNECTION_OK;
    return fails ? PGRES_POLLING_FAILED : PGRES_POLLING_OK;
}

ConnStatusType PQstatus(const PGconn *conn) {
    return conn->status;
}

char *PQerrorMessage(const PGconn *conn) {
    static char text[1024];
    snprintf(text, sizeof text, "%s",
             fake.connect_error                                  ? fake.connect_error
             : conn->status == CONNECTION_BAD && fake.last_words ? fake.last_words
             : conn->status == CONNECTION_BAD && fake.lost_words ? fake.lost_words
             : conn->status == CONNECTION_BAD ? "server closed the connection unexpectedly\n"
                                              : "");
    return text;
}

char *PQuser(const PGconn *conn) {
    static char user[] = "me";
    (void)conn;
    return fake.no_user ? NULL : user;
}

int PQsocket(const PGconn *conn) {
    return PQisBusy((PGconn *)conn) ? -1 : conn->socket; /* poll() never hears of -1 */
}

int PQconnectionNeedsPassword(const PGconn *conn) {
    (void)conn;
    return fake.needs_password;
}

PGVerbosity PQsetErrorVerbosity(PGconn *conn, PGVerbosity verbosity) {
    (void)conn;
    return verbosity;
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *conn, PQnoticeReceiver receiver, void *arg) {
    (void)conn, (void)receiver, (void)arg;
    return NULL;
}

PGcancel *PQgetCancel(PGconn *conn) {
    (void)conn;
    return NULL;
}

void PQfreeCancel(PGcancel *cancel) {
    (void)cancel;
}

void PQfinish(PGconn *conn) {
    if (!conn)
        return;
    PQclear(conn->pending);
    close(conn->socket);
    if (conn->pipe_end >= 0)
        close(conn->pipe_end);
    fake.n_open--;
    free(conn);
}

/* ---- quoting ---- */

static char *quoted(const char *text, size_t n, char mark) {
    char *out = malloc(2 * n + 3), *s = out;
    *s++ = mark;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == mark)
            *s++ = mark;
        *s++ = text[i];
    }
    *s++ = mark;
    *s = '\0';
    return out;
}

char *PQescapeLiteral(PGconn *conn, const char *str, size_t len) {
    (void)conn;
    return quoted(str, len, '\'');
}

char *PQescapeIdentifier(PGconn *conn, const char *str, size_t len) {
    (void)conn;
    return quoted(str, len, '"');
}
