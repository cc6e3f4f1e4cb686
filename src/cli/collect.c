/* pgskew-collect: reads a server or its CSV exports once and writes one snapshot file. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/collect.h"
#include "pgskew/analyze.h"
#include "pgskew/source.h"
#include "pgskew/store.h"

static const pgs_option OPTION[OPT_COUNT] = {
    /* clang-format off */
    [OPT_DBNAME] = {"dbname", 'd', "CONNINFO", "database name, conninfo or URI; default $DATABASE_URL, then libpq's environment", NULL, 0},
    [OPT_DB_URL] = {"db-url", 0, "URL", "the same as --dbname", NULL, OPT_DBNAME + 1},
    [OPT_HOST] = {"host", 'h', "HOST", "server host or socket directory", NULL, 0},
    [OPT_PORT] = {"port", 'p', "PORT", "server port", NULL, 0},
    [OPT_USERNAME] = {"username", 'U', "NAME", "role to connect as", NULL, 0},
    [OPT_TABLE] = {"table", 0, "NAME", "partitioned table (default public.chunks)", NULL, 0},
    [OPT_SOURCE] = {"source", 0, "LABEL", "label that tells this source from others", NULL, 0},
    [OPT_COUNTS] = {"counts", 0, "HOW", "count every row, or use the planner's estimates and read none", "exact|estimate", 0},
    [OPT_COLLECTIONS] = {"collections", 0, NULL, "also one row per collection and partition", NULL, 0},
    [OPT_COLLECTIONS_FILE] = {"collections", 0, "FILE", "rows of the last moment's collections", NULL, 0},
    [OPT_ALLOW_PARTIAL] = {"allow-partial", 0, NULL, "write a snapshot even when some partitions stay locked", NULL, 0},
    [OPT_OUTPUT] = {"output", 'o', "DIR|FILE", "existing directory, or name of the new snapshot file", NULL, 0},
    [OPT_HISTORY] = {"output", 'o', "HISTORY.db", "history to begin or to extend", NULL, 0},
    [OPT_TAKEN_AT] = {"taken-at", 0, "TIME", "the moment the exports show", NULL, 0},
    [OPT_NAIVE_TZ] = {"naive-tz", 0, "OFFSET", "offset of times that have none: UTC or +02:00", NULL, 0},
    [OPT_COLLECTION_COLUMN] = {"collection-column", 0, "NAME", "instead of collection_id", NULL, 0},
    [OPT_DOCUMENT_COLUMN] = {"document-column", 0, "NAME", "instead of document_id", NULL, 0},
    [OPT_TOKEN_COLUMN] = {"token-column", 0, "NAME", "instead of token_count", NULL, 0},
    [OPT_CREATED_COLUMN] = {"created-column", 0, "NAME", "instead of created_at", NULL, 0},
    [OPT_LOCK_TIMEOUT] = {"lock-timeout", 0, "MS", "longest wait for one lock (default 100)", NULL, 0},
    [OPT_STATEMENT_TIMEOUT] = {"statement-timeout", 0, "S", "longest statement (default 30, and 30 more per GiB it reads)", NULL, 0},
    [OPT_PARALLEL] = {"parallel", 0, "N", "parallel workers the server may use (default: its setting)", NULL, 0},
    [OPT_SNAPSHOT] = {"snapshot", 0, "ID", "read at a moment that another session exported, as pg_dump does; at most 1,000 partitions", NULL, 0},
    [OPT_DRY_RUN] = {"dry-run", 0, NULL, "print the SQL and what it would read; read no row, write no file", NULL, 0},
    [OPT_SCHEMA] = {"schema", 0, "NAME", "schema of the live views (default: the table's)", NULL, 0},
    [OPT_APPLY] = {"apply", 0, NULL, "make the views, or replace them, in one transaction", NULL, 0},
    [OPT_DROP] = {"drop", 0, NULL, "drop what --apply made, and nothing else", NULL, 0},
    [OPT_QUIET] = {"quiet", 'q', NULL, "no progress on stderr; warnings stay", NULL, 0},
    /* clang-format on */
};

#define CONNECTION                                                                                 \
    (PGS_OPT(OPT_DBNAME) | PGS_OPT(OPT_DB_URL) | PGS_OPT(OPT_HOST) | PGS_OPT(OPT_PORT) |           \
     PGS_OPT(OPT_USERNAME) | PGS_OPT(OPT_QUIET) | PGS_OPT(OPT_STATEMENT_TIMEOUT))
#define COLUMNS                                                                                    \
    (PGS_OPT(OPT_COLLECTION_COLUMN) | PGS_OPT(OPT_DOCUMENT_COLUMN) | PGS_OPT(OPT_TOKEN_COLUMN) |   \
     PGS_OPT(OPT_CREATED_COLUMN))
#define LIVE                                                                                       \
    (PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) | PGS_OPT(OPT_COUNTS) | PGS_OPT(OPT_COLLECTIONS) |   \
     PGS_OPT(OPT_ALLOW_PARTIAL) | PGS_OPT(OPT_OUTPUT) | COLUMNS | PGS_OPT(OPT_LOCK_TIMEOUT) |      \
     PGS_OPT(OPT_PARALLEL) | PGS_OPT(OPT_SNAPSHOT) | PGS_OPT(OPT_DRY_RUN))
#define VIEWS (PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SCHEMA) | PGS_OPT(OPT_LOCK_TIMEOUT))
#define FILES                                                                                      \
    (PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) | PGS_OPT(OPT_TAKEN_AT) | PGS_OPT(OPT_NAIVE_TZ) |    \
     PGS_OPT(OPT_OUTPUT) | PGS_OPT(OPT_QUIET))

#define LONG_FILE                                                                                  \
    (PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) | PGS_OPT(OPT_NAIVE_TZ) |                            \
     PGS_OPT(OPT_COLLECTIONS_FILE) | PGS_OPT(OPT_HISTORY) | PGS_OPT(OPT_QUIET))

enum {
    COMMAND_SNAPSHOT,
    COMMAND_IMPORT,
    COMMAND_IMPORT_HISTORY,
    COMMAND_REFRESH,
    COMMAND_VIEWS,
    COMMAND_COUNT
};

static const pgs_command COMMAND[COMMAND_COUNT] = {
    [COMMAND_SNAPSHOT] = {"snapshot", "", "read a live server once, gently, and write a snapshot",
                          CONNECTION | LIVE, 0, 0},
    [COMMAND_IMPORT] = {"import", "CSVDIR", "make a snapshot from CSV exports of the guide's views",
                        FILES, 1, 1},
    [COMMAND_IMPORT_HISTORY] = {"import-history", "FILE.csv|-",
                                "pack a long CSV, one row a moment and partition, into a history",
                                LONG_FILE, 1, 1},
    [COMMAND_REFRESH] = {"refresh", "", "refresh the collection_chunking_stats of a live server",
                         CONNECTION | VIEWS, 0, 0},
    [COMMAND_VIEWS] = {"views", "", "print the SQL of the guide's live views, or apply or drop it",
                       CONNECTION | VIEWS | COLUMNS | PGS_OPT(OPT_APPLY) | PGS_OPT(OPT_DROP), 0, 0},
};

static const pgs_term EXIT_STATUS[] = {
    {"0", "the file is written, or what was asked is done"},
    PGS_FAILURES,
    {0},
};

static const pgs_term ENVIRONMENT[] = {
    {"DATABASE_URL", "conninfo or URI, where no -d is given; postgresql+driver:// is understood"},
    {"PGHOST, PGPORT, PGUSER, PGDATABASE, PGSERVICE, PGPASSFILE, ...",
     "as for every program of libpq"},
    {"PGPASSWORD", "the password; ~/.pgpass or a service file keep it better"},
    {0},
};

static const pgs_term FILES_READ[] = {
    {"~/.pgpass", "passwords by host, port, database and role"},
    {"~/.pg_service.conf", "connections by name: -d service=NAME"},
    {"DIR/<database>.<schema>.<table>-<time>.db", "a snapshot that `-o DIR` wrote, mode 0600"},
    {0},
};

static const pgs_program PROGRAM = {
    .name = "pgskew-collect",
    .purpose =
        "pgskew-collect reads a partitioned PostgreSQL table once and writes a snapshot file",
    .command = COMMAND,
    .n_commands = COMMAND_COUNT,
    .option = OPTION,
    .n_options = OPT_COUNT,
    .examples =
        "pgskew-collect snapshot -d postgresql://monitor@db1/app --collections -o snapshots/\n"
        "pgskew-collect import --taken-at 2025-10-20T10:15:00Z -o snapshots/ exports/\n"
        "zcat sizes.csv.gz | pgskew-collect import-history -o history.db -\n"
        "pgskew-collect refresh -d postgresql://owner@db1/app\n"
        "pgskew-collect views -d postgresql://owner@db1/app --apply",
    .notes =
        "A password belongs in ~/.pgpass, a service file or PGPASSWORD, not on the command line.\n"
        "The role needs CONNECT, USAGE on the schema, pg_read_all_stats, and for exact counts\n"
        "SELECT on the partitions. The name of the new file is printed on stdout.",
    .exit_status = EXIT_STATUS,
    .environment = ENVIRONMENT,
    .files = FILES_READ,
    .see_also = "pgskew(1), psql(1), pg_dump(1)",
};

static bool has(const pgs_parsed *p, int option) {
    return p->value[option] != NULL;
}

static void say(void *quiet, const char *sentence) {
    if (*(const bool *)quiet)
        return;
    pgs_buf line = {0};
    pgs_text_escape(&line, sentence);
    fprintf(stderr, "pgskew-collect: %s\n", pgs_buf_view(&line));
    pgs_buf_reset(&line);
}

/* ---- where the snapshot goes ---- */

static bool is_directory(const char *path) {
    struct stat info;
    size_t n = strlen(path);
    return (n > 0 && path[n - 1] == '/') || (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

/* The directory a new file would be in must be there and writable. */
static pgs_status check_parent(const char *path, pgs_err *err) {
    char *parent = pgs_strdup(path);
    if (!parent)
        return pgs_no_memory(err);
    char *slash = strrchr(parent, '/');
    if (slash)
        slash[slash == parent] = '\0'; /* the root keeps its slash */
    const char *directory = slash ? parent : ".";
    struct stat info = {0};
    pgs_status st = PGS_OK;
    if (stat(directory, &info) != 0 || access(directory, W_OK | X_OK) != 0 ||
        !S_ISDIR(info.st_mode)) {
        int why = S_ISDIR(info.st_mode) || errno == ENOENT ? errno : ENOTDIR;
        st = pgs_fail(err, PGS_E_EXISTS, "cannot create \"%s\": %s", path, strerror(why));
        pgs_hint(err, why == ENOENT ? "create the directory first"
                                    : "choose a directory you may write to");
    }
    pgs_free(parent);
    return st;
}

static pgs_status check_directory(const char *path, pgs_err *err) {
    if (access(path, W_OK | X_OK) == 0)
        return PGS_OK;
    int why = errno;
    pgs_status st =
        pgs_fail(err, PGS_E_EXISTS, "cannot write to directory \"%s\": %s", path, strerror(why));
    pgs_hint(err, why == ENOENT ? "create it first" : "choose one you may write to");
    return st;
}

/* Before anything is read: would there be a place to write? */
static pgs_status check_destination(const pgs_parsed *p, pgs_err *err) {
    const char *path = p->value[OPT_OUTPUT];
    struct stat info;
    pgs_status st;
    if (!path || !*path) {
        st = pgs_fail(err, PGS_E_USAGE, "a snapshot needs a file or a directory to go to");
        pgs_hint(err, "-o DIR for a file named after table and time, or -o FILE.db");
        return st;
    }
    if (is_directory(path))
        return check_directory(path, err);
    bool there = lstat(path, &info) == 0;
    if (!there && errno != ENAMETOOLONG)
        return check_parent(path, err);
    st = pgs_fail(err, PGS_E_EXISTS,
                  there ? "\"%s\" is there already" : "the file name \"%s\" is too long", path);
    pgs_hint(err, there ? "nothing is overwritten: remove it first or choose another name"
                        : "choose a shorter name");
    return st;
}

static pgs_status destination(const pgs_parsed *p, const pgs_snapshot_head *head, char **out,
                              pgs_err *err) {
    const char *path = p->value[OPT_OUTPUT];
    if (!is_directory(path))
        return (*out = pgs_strdup(path)) ? PGS_OK : pgs_no_memory(err);
    char *name = NULL;
    pgs_status st = pgs_snapshot_file_name(head, &name, err);
    if (st != PGS_OK)
        return st;
    pgs_buf full = {0};
    pgs_buf_format(&full, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", name);
    pgs_free(name);
    if (full.failed) {
        pgs_buf_reset(&full);
        return pgs_no_memory(err);
    }
    *out = full.data;
    return PGS_OK;
}

/* Derive, write, and print the name of the new file. */
static pgs_status finish(const pgs_parsed *p, pgs_snapshot *snap, pgs_err *err) {
    char *path = NULL;
    pgs_status st = destination(p, &snap->head, &path, err);
    if (st == PGS_OK)
        st = pgs_snapshot_write(snap, path, err);
    if (st == PGS_OK && (printf("%s\n", path) < 0 || fflush(stdout) != 0))
        st = pgs_fail(err, PGS_E_IO, "wrote \"%s\", but cannot say so on stdout", path);
    pgs_free(path);
    return st;
}

/* ---- import ---- */

pgs_status pgs_naive_offset(const char *text, int64_t *out_us, pgs_err *err) {
    if (pgs_offset_parse(text, out_us))
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--naive-tz cannot be \"%.60s\"", text);
    pgs_hint(err, "give UTC or an offset like +02:00");
    return st;
}

static pgs_status import_options(const pgs_parsed *p, pgs_csv_options *options, pgs_err *err) {
    *options = (pgs_csv_options){
        .directory = p->argument[0],
        .table = p->value[OPT_TABLE],
        .source = p->value[OPT_SOURCE],
        .naive_offset_us = PGS_TIME_NONE,
    };
    if (!has(p, OPT_TAKEN_AT)) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "import needs --taken-at");
        pgs_hint(err,
                 "CSV exports do not say when they were made: --taken-at 2025-10-20T10:15:00Z");
        return st;
    }
    pgs_status st = PGS_OK;
    if (has(p, OPT_NAIVE_TZ))
        st = pgs_naive_offset(p->value[OPT_NAIVE_TZ], &options->naive_offset_us, err);
    const char *taken_at = p->value[OPT_TAKEN_AT];
    if (st == PGS_OK && !pgs_time_parse(taken_at, options->naive_offset_us, &options->taken_us))
        st = pgs_opts_time("taken-at", taken_at, &options->taken_us, err);
    return st;
}

/* The exports may hold the guide's own conclusions: differences from ours are worth a word. */
static pgs_status cross_check(const pgs_csv_options *options, const pgs_listener *listener,
                              const pgs_snapshot *snap, pgs_err *err) {
    pgs_result result;
    pgs_result_init(&result);
    pgs_status st = pgs_partition_skew_analyze(snap, &result, err);
    if (st == PGS_OK)
        st = pgs_csv_cross_check(options, listener, snap, &result, err);
    pgs_result_reset(&result);
    return st;
}

static pgs_status run_import(const pgs_parsed *p, const pgs_listener *listener, pgs_err *err) {
    bool quiet = false; /* an import says only what is odd */
    const pgs_listener loud = {.say = say, .context = &quiet};
    pgs_csv_options options;
    pgs_snapshot snap;
    pgs_snapshot_init(&snap);
    (void)listener;
    pgs_status st = import_options(p, &options, err);
    if (st == PGS_OK)
        st = check_destination(p, err);
    if (st == PGS_OK)
        st = pgs_csv_read(&options, &loud, &snap, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, err);
    if (st == PGS_OK)
        st = cross_check(&options, &loud, &snap, err);
    if (st == PGS_OK)
        st = finish(p, &snap, err);
    pgs_snapshot_reset(&snap);
    return st;
}

/* ---- live ---- */

/* psql lets a conninfo override its letters; libpq's environment has just that rank. */
static pgs_status set_environment(const pgs_parsed *p, pgs_err *err) {
    static const struct {
        int option;
        const char *variable;
    } LETTER[] = {{OPT_HOST, "PGHOST"}, {OPT_PORT, "PGPORT"}, {OPT_USERNAME, "PGUSER"}};
    for (size_t i = 0; i < PGS_COUNT_OF(LETTER); i++)
        if (has(p, LETTER[i].option) && setenv(LETTER[i].variable, p->value[LETTER[i].option], 1))
            return pgs_no_memory(err);
    return PGS_OK;
}

/* Everybody on this machine can read a command line. */
static void warn_of_password(const char *given) {
    const char *colon = given ? strstr(given, "://") : NULL;
    const char *at = colon ? strchr(colon, '@') : NULL;
    if (given &&
        (strstr(given, "password") || (at && memchr(colon + 3, ':', (size_t)(at - colon)))))
        fputs("pgskew-collect: others on this machine can see a password on the command line; "
              "keep it in ~/.pgpass or a service file\n",
              stderr);
}

/* A word that only looks like a URI would be sent to the server as a database name. */
static pgs_status check_dbname(const char *given, pgs_err *err) {
    if (!given || strstr(given, "://") || strchr(given, '=') || !strchr(given, '@'))
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--dbname is not a URI, though it has an \"@\"");
    pgs_hint(err, "a URI begins with postgresql://");
    return st;
}

pgs_status pgs_live_options(const pgs_parsed *p, pgs_pg_options *options, pgs_err *err) {
    const char *url = getenv("DATABASE_URL");
    int64_t lock_ms, statement_s, workers;
    *options = (pgs_pg_options)PGS_PG_OPTIONS_DEFAULT;
    options->conninfo = has(p, OPT_DBNAME) ? p->value[OPT_DBNAME] : url && *url ? url : NULL;
    options->table = p->value[OPT_TABLE];
    options->schema = p->value[OPT_SCHEMA];
    options->source = p->value[OPT_SOURCE];
    options->counts = has(p, OPT_COUNTS) && strcmp(p->value[OPT_COUNTS], "estimate") == 0
                          ? PGS_COUNTS_ESTIMATE
                          : PGS_COUNTS_EXACT;
    options->collections = has(p, OPT_COLLECTIONS);
    options->allow_partial = has(p, OPT_ALLOW_PARTIAL);
    options->collection_column = p->value[OPT_COLLECTION_COLUMN];
    options->document_column = p->value[OPT_DOCUMENT_COLUMN];
    options->token_column = p->value[OPT_TOKEN_COLUMN];
    options->created_column = p->value[OPT_CREATED_COLUMN];
    options->snapshot_id = p->value[OPT_SNAPSHOT];
    pgs_status st = check_dbname(options->conninfo, err);
    if (st == PGS_OK && options->snapshot_id && !*options->snapshot_id) {
        st = pgs_fail(err, PGS_E_USAGE, "--snapshot is empty");
        pgs_hint(err, "it is what pg_export_snapshot() returned in the other session");
    }
    if (st == PGS_OK)
        st = pgs_opts_int("lock-timeout", p->value[OPT_LOCK_TIMEOUT], 1, 60000,
                          options->lock_timeout_ms, &lock_ms, err);
    if (st == PGS_OK)
        st = pgs_opts_int("statement-timeout", p->value[OPT_STATEMENT_TIMEOUT], 1, 1000000, 0,
                          &statement_s, err);
    if (st == PGS_OK)
        st = pgs_opts_int("parallel", p->value[OPT_PARALLEL], 0, 1024, -1, &workers, err);
    if (st != PGS_OK)
        return st;
    options->lock_timeout_ms = (int)lock_ms;
    options->statement_timeout_ms = (int)statement_s * 1000;
    options->parallel_workers = (int)workers;
    return set_environment(p, err);
}

static pgs_status print_script(const pgs_pg_options *options, const pgs_listener *listener,
                               pgs_err *err) {
    char *script = NULL;
    pgs_status st = pgs_pg_dry_run(options, listener, &script, err);
    if (st == PGS_OK && (fputs(script, stdout) < 0 || fflush(stdout) != 0))
        st = pgs_fail(err, PGS_E_IO, "cannot print the statements: %s", strerror(errno));
    pgs_free(script);
    return st;
}

/* --quiet mutes progress. That something is missing is no progress. */
static void warn_of_unmeasured(const pgs_snapshot *snap) {
    bool quiet = false;
    size_t n = 0;
    for (size_t i = 0; i < snap->head.n_parts; i++)
        if (!snap->part[i].measured)
            n++;
    if (n > 0 && snap->notes)
        say(&quiet, snap->notes);
}

static pgs_status run_snapshot(const pgs_parsed *p, const pgs_listener *listener, pgs_err *err) {
    pgs_pg_options options;
    pgs_snapshot snap;
    pgs_status st = pgs_live_options(p, &options, err);
    if (st == PGS_OK && has(p, OPT_DRY_RUN))
        return print_script(&options, listener, err);
    pgs_snapshot_init(&snap);
    if (st == PGS_OK)
        st = check_destination(p, err);
    if (st == PGS_OK)
        st = pgs_pg_snapshot(&options, listener, &snap, err);
    if (st == PGS_OK && has(p, OPT_QUIET))
        warn_of_unmeasured(&snap);
    if (st == PGS_OK) /* an error keeps the one sentence it has */
        warn_of_password(p->value[OPT_DBNAME]);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&snap, err);
    if (st == PGS_OK)
        st = finish(p, &snap, err);
    pgs_snapshot_reset(&snap);
    return st;
}

static pgs_status run_refresh(const pgs_parsed *p, const pgs_listener *listener, pgs_err *err) {
    pgs_pg_options options;
    pgs_status st = pgs_live_options(p, &options, err);
    return st == PGS_OK ? pgs_pg_refresh(&options, listener, err) : st;
}

enum { PATIENCE_S = 5 };

/* A cancellation that reaches the server between two statements is lost, hence once more after a
 * second. A server that has fallen silent keeps nobody: no file is begun while one is asked. */
static void on_signal(int signal_number) {
    static const char GIVEN_UP[] = "pgskew-collect: interrupted; the server does not answer\n";
    static volatile sig_atomic_t n_seconds, busy;
    n_seconds += signal_number == SIGALRM;
    if (n_seconds >= PATIENCE_S) {
        ssize_t ignored = write(STDERR_FILENO, GIVEN_UP, sizeof GIVEN_UP - 1);
        (void)ignored;
        _exit(pgs_status_exit_code(PGS_E_RETRY));
    }
    alarm(1);
    if (busy) /* asking may take for ever, too: the alarm came in between */
        return;
    busy = 1;
    if (!pgs_pg_cancel())
        alarm(0);
    busy = 0;
}

/* Only where a server may be at work for us: everything else may die at any instant and leaves
 * nothing behind. */
static void watch_signals(const pgs_command *command) {
    static const int SIGNAL[] = {SIGINT, SIGTERM, SIGALRM, SIGHUP};
    struct sigaction before,
        action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGHUP);
    bool is_live = (command->options & PGS_OPT(OPT_DBNAME)) != 0;
    for (size_t i = 0; i < PGS_COUNT_OF(SIGNAL) && is_live; i++) {
        bool ignored = sigaction(SIGNAL[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN;
        if (SIGNAL[i] != SIGHUP || !ignored) /* nohup asks for a run that outlives its terminal */
            sigaction(SIGNAL[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to tell, not a death */
}

int main(int argc, char **argv) {
    static pgs_status (*const RUN[COMMAND_COUNT])(const pgs_parsed *, const pgs_listener *,
                                                  pgs_err *) = {
        [COMMAND_SNAPSHOT] = run_snapshot,
        [COMMAND_IMPORT] = run_import,
        [COMMAND_IMPORT_HISTORY] = pgs_run_import_history,
        [COMMAND_REFRESH] = run_refresh,
        [COMMAND_VIEWS] = pgs_run_views,
    };
    pgs_parsed parsed;
    pgs_err err = {0};
    pgs_standard_files_hold();
    pgs_store_tune();
    pgs_status st = pgs_opts_parse(&PROGRAM, argc, argv, &parsed, &err);
    if (st != PGS_OK)
        return pgs_opts_complain(&PROGRAM, st, &err);
    if (parsed.version)
        return printf("pgskew-collect %s, writes snapshots of schema version %s\n", PGSKEW_VERSION,
                      PGS_SCHEMA_VERSION) < 0;
    if (pgs_opts_explain(&PROGRAM, &parsed, stdout))
        return 0;
    bool quiet = has(&parsed, OPT_QUIET);
    pgs_listener listener = {.say = say, .context = &quiet};
    watch_signals(parsed.command);
    st = RUN[parsed.command - COMMAND](&parsed, &listener, &err);
    return st == PGS_OK ? 0 : pgs_opts_complain(&PROGRAM, st, &err);
}
