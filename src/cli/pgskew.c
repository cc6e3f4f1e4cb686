/* pgskew: reads snapshots and histories, and answers. Options, commands, and which runs what. */
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "cli/pgskew.h"
#include "pgskew/history.h"
#include "pgskew/simd.h"

static const pgs_option OPTION[OPT_COUNT] = {
    [OPT_FORMAT] = {"format", 'f', "FORMAT", "how to print the answer", "table|json|csv|markdown",
                    0},
    [OPT_EXPORT_FORMAT] = {"format", 'f', "FORMAT", "what to make of it",
                           "csv|snapshot|openmetrics", 0},
    [OPT_OUTPUT] = {"output", 'o', "FILE",
                    "write the answer here, complete or not at all; - is stdout", NULL, 0},
    [OPT_TABLE] = {"table", 0, "NAME", "only snapshots of this table", NULL, 0},
    [OPT_SOURCE] = {"source", 0, "LABEL", "only snapshots from this source", NULL, 0},
    [OPT_AT] = {"at", 0, "TIME", "the newest snapshot at or before this time", NULL, 0},
    [OPT_SINCE] = {"since", 0, "TIME", "only snapshots at or after this time", NULL, 0},
    [OPT_UNTIL] = {"until", 0, "TIME", "only snapshots at or before this time", NULL, 0},
    [OPT_PARTITION] = {"partition", 0, "N", "statistics of this partition alone", NULL, 0},
    [OPT_FAIL_ON] = {"fail-on", 0, "LEVEL", "exit 1 on warnings, 2 on critical findings",
                     "warning|critical", 0},
    [OPT_NOISE_FLOOR] = {"noise-floor", 0, NULL,
                         "leave out findings that chance explains, and say how many", NULL, 0},
    [OPT_THREADS] = {"threads", 0, "N", "threads to use at most", NULL, 0},
    [OPT_BY] = {"by", 0, "WHAT", "one row for all, or a row each", "total|moment|partition", 0},
    [OPT_HISTORY] = {"history", 0, "HISTORY", "the history that holds what is deleted", NULL, 0},
    [OPT_KEEP] = {"keep", 0, "AGE",
                  "how old a file must be, before the history's newest moment: 90d, 48h, 8w", NULL,
                  0},
    [OPT_YES] = {"yes", 0, NULL, "delete; otherwise only say what would be deleted", NULL, 0},
    [OPT_ALL] = {"all", 0, NULL, "every partition, not only the first 20", NULL, 0},
    [OPT_CHECK_FORMAT] = {"format", 'f', "FORMAT", "how to print the verdict",
                          "table|json|csv|markdown|junit|sarif", 0},
    [OPT_WARNING] = {"warning", 'w', "METRIC=RANGE",
                     "exit 1 where the metric is outside: skew=0.3, days-to-threshold=14:", NULL,
                     0},
    [OPT_CRITICAL] = {"critical", 'c', "METRIC=RANGE",
                      "exit 2 where the metric is outside: hot=3, staleness=26h", NULL, 0},
    [OPT_NOW] = {"now", 0, "TIME", "what time it is, in place of the clock", NULL, 0},
    [OPT_BASELINE] = {"baseline", 0, "FILE", "fail only on what is new since it was written", NULL,
                      0},
    [OPT_WRITE_BASELINE] = {"write-baseline", 0, "FILE", "accept the table as it is", NULL, 0},
    [OPT_NOTIFY] = {"notify", 0, "COMMAND", "run this when the verdict changes", NULL, 0},
    [OPT_STATE] = {"state", 0, "FILE", "where --notify remembers the verdict", NULL, 0},
    [OPT_NOTIFY_TIMEOUT] = {"notify-timeout", 0, "SECONDS",
                            "how long --notify may take; 10 if not given", NULL, 0},
    [OPT_HORIZON] = {"horizon", 0, "LIST", "how far ahead: 1d,7d,30d is the default", NULL, 0},
    [OPT_LIMIT] = {"limit", 0, "SIZE",
                   "say when a partition, and all together, reach this size: 50GiB", NULL, 0},
    [OPT_COLOR] = {"color", 0, "WHEN", "colour the table", "auto|always|never", 0},
};

#define EVERYWHERE                                                                                 \
    (PGS_OPT(OPT_FORMAT) | PGS_OPT(OPT_OUTPUT) | PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) |        \
     PGS_OPT(OPT_AT) | PGS_OPT(OPT_SINCE) | PGS_OPT(OPT_UNTIL) | PGS_OPT(OPT_FAIL_ON) |            \
     PGS_OPT(OPT_THREADS) | PGS_OPT(OPT_COLOR))

/* In the order of pgs_report_kind, then of CMD_. */
static const pgs_command COMMAND[CMD_COUNT] = {
    /* clang-format off */
    [PGS_REPORT_HEALTH] = {"health", "[PATH...]", "is the table in balance? status of every partition, alerts", EVERYWHERE | PGS_OPT(OPT_NOISE_FLOOR), 0, 10000},
    [PGS_REPORT_DISTRIBUTION] = {"distribution", "[PATH...]", "chunks, documents, collections and age per partition", EVERYWHERE, 0, 10000},
    [PGS_REPORT_SIZES] = {"sizes", "[PATH...]", "bytes on disk per partition", EVERYWHERE, 0, 10000},
    [PGS_REPORT_HOT] = {"hot", "[PATH...]", "where the writes of the last hour, day and week went", EVERYWHERE, 0, 10000},
    [PGS_REPORT_SKEW] = {"skew", "[PATH...]", "the skew metrics of the whole table", EVERYWHERE | PGS_OPT(OPT_NOISE_FLOOR), 0, 10000},
    [PGS_REPORT_COLLECTIONS] = {"collections", "[PATH...]", "chunks, documents and tokens per collection", EVERYWHERE, 0, 10000},
    [PGS_REPORT_STATISTICS] = {"statistics", "[PATH...]", "totals, mean and standard deviation; --partition N for one", EVERYWHERE | PGS_OPT(OPT_PARTITION), 0, 10000},
    [PGS_REPORT_RECOMMENDATIONS] = {"recommendations", "[PATH...]", "which partitions to rebalance, and how urgently", EVERYWHERE | PGS_OPT(OPT_NOISE_FLOOR), 0, 10000},
    [PGS_REPORT_HEALTH_SUMMARY] = {"health-summary", "[PATH...]", "counts per status and the skew of every partition, for dashboards", EVERYWHERE, 0, 10000},
    [PGS_REPORT_FULL] = {"full", "[PATH...]", "everything above in one report", EVERYWHERE | PGS_OPT(OPT_NOISE_FLOOR), 0, 10000},
    [PGS_REPORT_LIST] = {"list", "[PATH...]", "which snapshots are there", EVERYWHERE & ~PGS_OPT(OPT_FAIL_ON), 0, 10000},
    [CMD_SCAN] = {"scan", "[PATH...]", "every value of a history at full resolution: totals, or a row per moment or partition", (EVERYWHERE | PGS_OPT(OPT_BY)) & ~(PGS_OPT(OPT_AT) | PGS_OPT(OPT_FAIL_ON)), 0, 10000},
    [CMD_FORECAST] = {"forecast", "[PATH...]", "counts, sizes and statuses to come, with how sure that is", EVERYWHERE | PGS_OPT(OPT_HORIZON) | PGS_OPT(OPT_LIMIT), 0, 10000},
    [CMD_BACKTEST] = {"backtest", "[PATH...]", "how good forecasts of this table have been, next to simple methods", (EVERYWHERE | PGS_OPT(OPT_HORIZON)) & ~PGS_OPT(OPT_FAIL_ON), 0, 10000},
    [CMD_DIFF] = {"diff", "[PATH | BEFORE AFTER]", "what changed between two moments, and which findings are new", EVERYWHERE, 0, 2},
    [CMD_TREND] = {"trend", "[PATH...]", "which partitions grow, drift out of balance beyond chance, and where that leads", EVERYWHERE | PGS_OPT(OPT_ALL), 0, 10000},
    [CMD_CHECK] = {"check", "[PATH...]", "the verdict as one line and an exit code, for monitors, CI and cron", PGS_OPT(OPT_CHECK_FORMAT) | PGS_OPT(OPT_OUTPUT) | PGS_OPT(OPT_WARNING) | PGS_OPT(OPT_CRITICAL) | PGS_OPT(OPT_BASELINE) | PGS_OPT(OPT_WRITE_BASELINE) | PGS_OPT(OPT_NOISE_FLOOR) | PGS_OPT(OPT_NOTIFY) | PGS_OPT(OPT_STATE) | PGS_OPT(OPT_NOTIFY_TIMEOUT) | PGS_OPT(OPT_NOW) | PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) | PGS_OPT(OPT_AT) | PGS_OPT(OPT_SINCE) | PGS_OPT(OPT_UNTIL) | PGS_OPT(OPT_THREADS), 0, 10000},
    [CMD_PACK] = {"pack", "[PATH...]", "snapshot files into one history, or what is new into an old one", PGS_OPT(OPT_OUTPUT) | PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) | PGS_OPT(OPT_SINCE) | PGS_OPT(OPT_UNTIL), 0, 1000000},
    [CMD_VERIFY] = {"verify", "PATH...", "is every byte of a history, or of snapshots, what was written?", 0, 1, 1000000},
    [CMD_PRUNE] = {"prune", "DIR...", "delete old snapshot files that a history holds", PGS_OPT(OPT_HISTORY) | PGS_OPT(OPT_KEEP) | PGS_OPT(OPT_YES), 1, 10000},
    [CMD_EXPORT] = {"export", "[PATH...]", "a history as one long CSV or as snapshot files; one moment for Prometheus", PGS_OPT(OPT_EXPORT_FORMAT) | PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) | PGS_OPT(OPT_OUTPUT) | PGS_OPT(OPT_AT) | PGS_OPT(OPT_SINCE) | PGS_OPT(OPT_UNTIL), 0, 10000},
    [CMD_REPORT] = {"report", "[PATH...]", "one HTML page: verdict, heat map, growth, hot spots, what to do", EVERYWHERE & ~(PGS_OPT(OPT_FORMAT) | PGS_OPT(OPT_COLOR)), 0, 10000},
    /* clang-format on */
};

/* Everything but the answers about one moment. */
static int (*const RUN[CMD_COUNT])(const pgs_parsed *) = {
    [PGS_REPORT_LIST] = pgs_run_list,  [CMD_SCAN] = pgs_run_scan,
    [CMD_PACK] = pgs_run_pack,         [CMD_EXPORT] = pgs_run_export,
    [CMD_VERIFY] = pgs_run_verify,     [CMD_PRUNE] = pgs_run_prune,
    [CMD_DIFF] = pgs_run_diff,         [CMD_REPORT] = pgs_run_report,
    [CMD_TREND] = pgs_run_trend,       [CMD_CHECK] = pgs_run_check,
    [CMD_FORECAST] = pgs_run_forecast, [CMD_BACKTEST] = pgs_run_backtest,
};

static const pgs_term EXIT_STATUS[] = {
    {"0", "answered, whatever the answer says"},
    {"1", "only check, and with --fail-on: warnings"},
    {"2", "only check, and with --fail-on: critical findings"},
    {"3", "only check: no verdict was reached, for any of the reasons below"},
    PGS_FAILURES,
    {0},
};

static const pgs_term ENVIRONMENT[] = {
    {"PGSKEW_PATH", "where snapshots are, for a command that is given no PATH"},
    {"PGSKEW_SIMD", "force an instruction level: base, v3 or v4; the answers are the same"},
    {"NO_COLOR", "no colours, where it is not empty; TERM=dumb says so too"},
    {"COLUMNS", "width of a table on a terminal, where the terminal is not to be asked"},
    {"LC_ALL, LC_CTYPE, LANG",
     "whether a terminal shows UTF-8; nothing else depends on the locale"},
    {0},
};

static const pgs_term FILES[] = {
    {"*.db", "snapshots and histories: SQLite databases that any tool may read"},
    {"PREFIX/share/pgskew/schemas/", "the SQL of a snapshot, the JSON schemas of the answers"},
    {0},
};

static const pgs_program PROGRAM = {
    .name = "pgskew",
    .purpose = "pgskew tells from snapshot files whether the partitions of a PostgreSQL table are "
               "in balance",
    .command = COMMAND,
    .n_commands = CMD_COUNT,
    .option = OPTION,
    .n_options = OPT_COUNT,
    .examples = "pgskew health snapshots/\n"
                "pgskew full -f json --at 2025-10-20T10:15:00Z snapshots/ > report.json\n"
                "pgskew statistics --partition 42 snapshots/\n"
                "pgskew recommendations -f csv -o rebalance.csv snapshots/\n"
                "pgskew export -f openmetrics -o pgskew.prom snapshots/\n"
                "pgskew check -c staleness=26h snapshots/\n"
                "pgskew check --baseline accepted.json -f junit -o pgskew.xml snapshots/\n"
                "pgskew diff monday.db today.db\n"
                "pgskew report -o report.html snapshots/\n"
                "pgskew trend app.db\n"
                "pgskew diff --since 2025-10-13T00:00:00Z --fail-on critical app.db",
    .notes =
        "PATH is a snapshot file, a history, or a directory of them; without one, $PGSKEW_PATH or\n"
        "the current directory. TIME is ISO 8601 with an offset: 2025-10-20T10:15:00Z.\n"
        "A failure is one sentence on stderr: the thing, the cause, the next step.",
    .exit_status = EXIT_STATUS,
    .environment = ENVIRONMENT,
    .files = FILES,
    .see_also = "pgskew-collect(1), sqlite3(1)",
};

/* Words of the collector and of the guide's script that people type here. */
static const char *const NEEDS_SERVER[] = {"refresh", "snapshot", "import"};

bool pgs_has(const pgs_parsed *p, int option) {
    return p->value[option] != NULL;
}

bool pgs_has_value(const pgs_parsed *p, int option, const char *value) {
    return pgs_has(p, option) && strcmp(p->value[option], value) == 0;
}

int pgs_command_of(const pgs_parsed *p) {
    return (int)(p->command - COMMAND);
}

int pgs_complain(pgs_status status, pgs_err *err) {
    return pgs_opts_complain(&PROGRAM, status, err);
}

static pgs_status check_values(const pgs_parsed *p, pgs_err *err) {
    int64_t threads;
    const char *output = p->value[OPT_OUTPUT];
    bool is_history = output && pgs_history_is_one(output);
    if (output && (pgs_snapshot_is_one(output) || (is_history && pgs_command_of(p) != CMD_PACK))) {
        pgs_status st = pgs_fail(err, PGS_E_EXISTS, "\"%s\" is a %s, and stays one", output,
                                 is_history ? "history" : "snapshot");
        pgs_hint(err, "choose another name for the answer");
        return st;
    }
    return pgs_opts_int("threads", p->value[OPT_THREADS], 1, 1024, 1, &threads, err);
}

/* Where a word belongs to the collector, say so. */
static void point_to_collector(int argc, char **argv, pgs_err *err) {
    for (int i = 1; i < argc; i++) {
        for (size_t k = 0; k < PGS_COUNT_OF(NEEDS_SERVER); k++)
            if (strcmp(argv[i], NEEDS_SERVER[k]) == 0)
                pgs_hint(err, "pgskew reads files only: use pgskew-collect %s", NEEDS_SERVER[k]);
        if (strncmp(argv[i], "--db-url", 8) == 0 || strcmp(argv[i], "-d") == 0)
            pgs_hint(err, "pgskew reads files only: pgskew-collect snapshot -d ... -o DIR first");
    }
}

/* Whether it is `check` that fails: it says so where monitors look, even before its name was
 * read. */
static bool is_check(int argc, char **argv, const pgs_parsed *p) {
    if (p->command)
        return p->command == &COMMAND[CMD_CHECK];
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], COMMAND[CMD_CHECK].name) == 0)
            return true;
    return false;
}

/* The exit code, but where all went well and some of it was lost on its way out. Who wrote a file
 * has nothing on its way. */
static int end_with(int code) {
    if (__fpending(stdout) == 0 && !ferror(stdout))
        return code;
    pgs_err err = {0};
    pgs_output out = {.file = stdout};
    pgs_status st = pgs_output_commit(&out, &err);
    return code == 0 && st != PGS_OK ? pgs_complain(st, &err) : code;
}

int main(int argc, char **argv) {
    pgs_parsed parsed;
    pgs_err err = {0};
    pgs_standard_files_hold();
    pgs_store_tune();
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to tell, not a death */
    pgs_status st = pgs_opts_parse(&PROGRAM, argc, argv, &parsed, &err);
    if (st != PGS_OK) {
        point_to_collector(argc, argv, &err);
        return is_check(argc, argv, &parsed) ? pgs_check_complain(NULL, &err)
                                             : pgs_complain(st, &err);
    }
    if (parsed.version)
        return printf("pgskew %s, reads snapshots of schema version 1.x, kernels for %s\n",
                      PGSKEW_VERSION, pgs_simd_name()) < 0;
    if (pgs_opts_explain(&PROGRAM, &parsed, stdout))
        return 0;
    st = check_values(&parsed, &err);
    if (st == PGS_OK)
        st = pgs_simd_choose(getenv("PGSKEW_SIMD"), &err);
    int command = pgs_command_of(&parsed);
    if (st != PGS_OK)
        return command == CMD_CHECK ? pgs_check_complain(&parsed, &err) : pgs_complain(st, &err);
    return end_with(RUN[command] ? RUN[command](&parsed) : pgs_run_answer(&parsed));
}
