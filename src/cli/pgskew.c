/* pgskew: reads snapshot files and answers. Everything that touches the outside is here: the
 * command line, the environment, the terminal, stdout and the exit code. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/opts.h"
#include "pgskew/analyze.h"
#include "pgskew/report.h"
#include "pgskew/store.h"

enum {
    OPT_FORMAT,
    OPT_OUTPUT,
    OPT_TABLE,
    OPT_SOURCE,
    OPT_AT,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_PARTITION,
    OPT_FAIL_ON,
    OPT_THREADS,
    OPT_COLOR,
    OPT_COUNT
};

static const pgs_option OPTION[OPT_COUNT] = {
    [OPT_FORMAT] = {"format", 'f', "FORMAT", "how to print the answer", "table|json|csv|markdown",
                    0},
    [OPT_OUTPUT] = {"output", 'o', "FILE", "write the answer here, complete or not at all", NULL,
                    0},
    [OPT_TABLE] = {"table", 0, "NAME", "only snapshots of this table", NULL, 0},
    [OPT_SOURCE] = {"source", 0, "LABEL", "only snapshots from this source", NULL, 0},
    [OPT_AT] = {"at", 0, "TIME", "the newest snapshot at or before this time", NULL, 0},
    [OPT_SINCE] = {"since", 0, "TIME", "only snapshots at or after this time", NULL, 0},
    [OPT_UNTIL] = {"until", 0, "TIME", "only snapshots at or before this time", NULL, 0},
    [OPT_PARTITION] = {"partition", 0, "N", "statistics of this partition alone", NULL, 0},
    [OPT_FAIL_ON] = {"fail-on", 0, "LEVEL", "exit 1 on warnings, 2 on critical findings",
                     "warning|critical", 0},
    [OPT_THREADS] = {"threads", 0, "N", "threads to use at most", NULL, 0},
    [OPT_COLOR] = {"color", 0, "WHEN", "colour the table", "auto|always|never", 0},
};

#define EVERYWHERE                                                                                 \
    (PGS_OPT(OPT_FORMAT) | PGS_OPT(OPT_OUTPUT) | PGS_OPT(OPT_TABLE) | PGS_OPT(OPT_SOURCE) |        \
     PGS_OPT(OPT_AT) | PGS_OPT(OPT_SINCE) | PGS_OPT(OPT_UNTIL) | PGS_OPT(OPT_FAIL_ON) |            \
     PGS_OPT(OPT_THREADS) | PGS_OPT(OPT_COLOR))

/* In the order of pgs_report_kind. */
static const pgs_command COMMAND[PGS_REPORT_KIND_COUNT] = {
    /* clang-format off */
    [PGS_REPORT_HEALTH] = {"health", "[PATH...]", "is the table in balance? status of every partition, alerts", EVERYWHERE, 0, 10000},
    [PGS_REPORT_DISTRIBUTION] = {"distribution", "[PATH...]", "chunks, documents, collections and age per partition", EVERYWHERE, 0, 10000},
    [PGS_REPORT_SIZES] = {"sizes", "[PATH...]", "bytes on disk per partition", EVERYWHERE, 0, 10000},
    [PGS_REPORT_HOT] = {"hot", "[PATH...]", "where the writes of the last hour, day and week went", EVERYWHERE, 0, 10000},
    [PGS_REPORT_SKEW] = {"skew", "[PATH...]", "the skew metrics of the whole table", EVERYWHERE, 0, 10000},
    [PGS_REPORT_COLLECTIONS] = {"collections", "[PATH...]", "chunks, documents and tokens per collection", EVERYWHERE, 0, 10000},
    [PGS_REPORT_STATISTICS] = {"statistics", "[PATH...]", "totals, mean and standard deviation; --partition N for one", EVERYWHERE | PGS_OPT(OPT_PARTITION), 0, 10000},
    [PGS_REPORT_RECOMMENDATIONS] = {"recommendations", "[PATH...]", "which partitions to rebalance, and how urgently", EVERYWHERE, 0, 10000},
    [PGS_REPORT_HEALTH_SUMMARY] = {"health-summary", "[PATH...]", "counts per status and the skew of every partition, for dashboards", EVERYWHERE, 0, 10000},
    [PGS_REPORT_FULL] = {"full", "[PATH...]", "everything above in one report", EVERYWHERE, 0, 10000},
    [PGS_REPORT_LIST] = {"list", "[PATH...]", "which snapshots are there", EVERYWHERE & ~PGS_OPT(OPT_FAIL_ON), 0, 10000},
    /* clang-format on */
};

static const pgs_program PROGRAM = {
    .name = "pgskew",
    .purpose = "pgskew tells from snapshot files whether the partitions of a PostgreSQL table are "
               "in balance",
    .command = COMMAND,
    .n_commands = PGS_REPORT_KIND_COUNT,
    .option = OPTION,
    .n_options = OPT_COUNT,
    .examples = "pgskew health snapshots/\n"
                "pgskew full -f json --at 2025-10-20T10:15:00Z snapshots/ > report.json\n"
                "pgskew statistics --partition 42 snapshots/\n"
                "pgskew recommendations -f csv -o rebalance.csv snapshots/",
    .notes =
        "PATH is a snapshot file or a directory of them; without one, $PGSKEW_PATH or the current\n"
        "directory. TIME is ISO 8601 with an offset: 2025-10-20T10:15:00Z.\n"
        "Exit codes: 0 answered, 1 and 2 only with --fail-on, 64 usage, 65 bad data, 66 no such\n"
        "input, 69 unreachable, 70 bug, 73 cannot create output, 74 I/O error, 75 try again,\n"
        "77 no permission. NO_COLOR is honoured.",
};

/* Words of the collector and of the guide's script that people type here. */
static const char *const NEEDS_SERVER[] = {"refresh", "snapshot", "import"};

#define BIT PGS_METRIC_BIT

/* What each command reads besides what health needs. */
static const pgs_selection NEEDS[PGS_REPORT_KIND_COUNT] = {
    [PGS_REPORT_DISTRIBUTION] = {BIT(PGS_DOCUMENT_COUNT) | BIT(PGS_COLLECTION_COUNT) |
                                     BIT(PGS_AVG_TOKENS) | BIT(PGS_OLDEST_CREATED_AT) |
                                     BIT(PGS_LAST_CREATED_AT),
                                 false},
    [PGS_REPORT_SIZES] = {BIT(PGS_TABLE_BYTES) | BIT(PGS_INDEX_BYTES) | BIT(PGS_TOAST_BYTES) |
                              BIT(PGS_ROW_ESTIMATE),
                          false},
    [PGS_REPORT_HOT] = {BIT(PGS_CHUNKS_LAST_DAY) | BIT(PGS_CHUNKS_LAST_WEEK) |
                            BIT(PGS_DAY_PERCENTAGE) | BIT(PGS_WEEK_PERCENTAGE),
                        false},
    [PGS_REPORT_COLLECTIONS] = {0, true},
    [PGS_REPORT_STATISTICS] = {BIT(PGS_LAST_CREATED_AT), false},
    [PGS_REPORT_FULL] = {PGS_METRICS_ALL, true},
};

static bool has(const pgs_parsed *p, int option) {
    return p->value[option] != NULL;
}

static bool is_value(const pgs_parsed *p, int option, const char *value) {
    return has(p, option) && strcmp(p->value[option], value) == 0;
}

/* ---- reading ---- */

static pgs_status filter_from(const pgs_parsed *p, pgs_filter *filter, int64_t *at_us,
                              pgs_err *err) {
    *filter = (pgs_filter){.table = p->value[OPT_TABLE], .source = p->value[OPT_SOURCE]};
    pgs_status st = pgs_opts_time("at", p->value[OPT_AT], at_us, err);
    if (st == PGS_OK)
        st = pgs_opts_time("since", p->value[OPT_SINCE], &filter->since_us, err);
    return st == PGS_OK ? pgs_opts_time("until", p->value[OPT_UNTIL], &filter->until_us, err) : st;
}

static pgs_status gather(const pgs_parsed *p, const pgs_filter *filter, pgs_catalog *catalog,
                         pgs_err *err) {
    const char *fallback = getenv("PGSKEW_PATH");
    char *preset[] = {(char *)(fallback && *fallback ? fallback : ".")};
    char **path = p->n_arguments > 0 ? p->argument : preset;
    int n = p->n_arguments > 0 ? p->n_arguments : 1;
    pgs_status st = PGS_OK;
    for (int i = 0; st == PGS_OK && i < n; i++)
        st = pgs_catalog_add(catalog, path[i], filter, err);
    if (st == PGS_OK && catalog->n_foreign > 0) {
        pgs_buf line = {0};
        pgs_text_escape(&line, catalog->first_foreign);
        fprintf(stderr, "pgskew: skipped %zu %s that %s no snapshot, for example \"%s\"\n",
                catalog->n_foreign, catalog->n_foreign == 1 ? "file" : "files",
                catalog->n_foreign == 1 ? "is" : "are", pgs_buf_view(&line));
        pgs_buf_reset(&line);
    }
    return st;
}

/* Nothing passed the filter: name what was asked for. */
static pgs_status nothing_of(const pgs_filter *filter, pgs_err *err) {
    const char *what = filter->table ? " of table \"" : filter->source ? " of source \"" : "";
    const char *name = filter->table ? filter->table : filter->source ? filter->source : "";
    bool span = filter->since_us != PGS_TIME_NONE || filter->until_us != PGS_TIME_NONE;
    pgs_status st = pgs_fail(err, PGS_E_NO_INPUT, "no snapshot%s%.100s%s%s found", what, name,
                             *what ? "\"" : "", span ? " in that span of time" : "");
    pgs_hint(err, "pgskew list shows what is there");
    return st;
}

/* One named file needs no catalog: this is the path that must be fast. */
static bool is_single_file(const pgs_parsed *p) {
    struct stat info;
    return p->n_arguments == 1 && !has(p, OPT_TABLE) && !has(p, OPT_SOURCE) && !has(p, OPT_AT) &&
           !has(p, OPT_SINCE) && !has(p, OPT_UNTIL) && stat(p->argument[0], &info) == 0 &&
           !S_ISDIR(info.st_mode);
}

static pgs_status read_verified(const pgs_parsed *p, const char *path, pgs_snapshot *snap,
                                pgs_err *err) {
    pgs_err inner;
    pgs_status st = pgs_snapshot_read_part(path, &NEEDS[p->command - COMMAND], snap, err);
    if (st != PGS_OK)
        return st;
    if (snap->warning)
        fprintf(stderr, "pgskew: %s\n", snap->warning);
    st = pgs_snapshot_verify(snap, &inner);
    if (st != PGS_OK) {
        st = pgs_fail(err, st, "\"%s\" is not to be trusted: %s", path, inner.msg);
        pgs_hint(err, "%s", inner.hint);
    }
    return st;
}

static pgs_status load(const pgs_parsed *p, pgs_snapshot *snap, pgs_err *err) {
    if (is_single_file(p))
        return read_verified(p, p->argument[0], snap, err);
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *head;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = filter_from(p, &filter, &at_us, err);
    if (st == PGS_OK)
        st = gather(p, &filter, &catalog, err);
    bool filtered = filter.table || filter.source || filter.since_us != PGS_TIME_NONE ||
                    filter.until_us != PGS_TIME_NONE;
    if (st == PGS_OK && catalog.n_heads == 0 && filtered)
        st = nothing_of(&filter, err);
    if (st == PGS_OK)
        st = pgs_catalog_pick(&catalog, at_us, &head, err);
    if (st == PGS_OK)
        st = read_verified(p, head->path, snap, err);
    pgs_catalog_reset(&catalog);
    return st;
}

/* ---- writing ---- */

static pgs_report_style style_from(const pgs_parsed *p) {
    pgs_report_style style = {0};
    bool terminal = !has(p, OPT_OUTPUT) && isatty(STDOUT_FILENO);
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    style.color = is_value(p, OPT_COLOR, "always") ||
                  (!is_value(p, OPT_COLOR, "never") && terminal && !(no_color && *no_color) &&
                   !(term && strcmp(term, "dumb") == 0));
    struct winsize size;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        style.width = size.ws_col;
    return style;
}

static pgs_format format_from(const pgs_parsed *p) {
    return has(p, OPT_FORMAT) ? pgs_format_find(p->value[OPT_FORMAT]) : PGS_FORMAT_TABLE;
}

static pgs_status write_report(const pgs_parsed *p, const pgs_report_input *input, pgs_err *err) {
    pgs_output out;
    pgs_report_style style = style_from(p);
    pgs_report_kind kind = (pgs_report_kind)(p->command - COMMAND);
    pgs_status st = pgs_output_open(&out, p->value[OPT_OUTPUT], err);
    if (st != PGS_OK)
        return st;
    st = pgs_report_write(out.file, kind, format_from(p), input, &style, err);
    if (st == PGS_OK || st == PGS_E_IO) /* which names the file that did not take it all */
        return pgs_output_commit(&out, err);
    pgs_output_abandon(&out);
    return st;
}

/* A failure that promises a JSON body has one, beside its sentence and its exit code. */
static void write_failure(const pgs_parsed *p, const pgs_snapshot *snap, const pgs_err *why) {
    pgs_report_kind kind = (pgs_report_kind)(p->command - COMMAND);
    pgs_output out;
    pgs_status st = PGS_E_BUG;
    if (format_from(p) != PGS_FORMAT_JSON ||
        pgs_output_open(&out, p->value[OPT_OUTPUT], NULL) != PGS_OK)
        return;
    if (kind == PGS_REPORT_HEALTH || kind == PGS_REPORT_FULL)
        st = pgs_report_failure(out.file, snap->head.taken_us, why->msg, NULL);
    else if (kind == PGS_REPORT_STATISTICS && has(p, OPT_PARTITION) && snap->head.n_parts > 0)
        st = pgs_report_detail(out.file, why->msg, NULL);
    if (st == PGS_OK)
        st = pgs_output_commit(&out, NULL);
    else
        pgs_output_abandon(&out);
    (void)st; /* the failure that brought us here is the one that is told */
}

/* ---- commands ---- */

/* 0, or with --fail-on 1 for warnings and 2 for critical findings. */
static int verdict(const pgs_parsed *p, const pgs_result *result) {
    if (!has(p, OPT_FAIL_ON))
        return 0;
    bool critical = result->unbalanced_count > 0, warning = result->n_alerts > 0;
    for (int k = 0; k < PGS_SKEW_KIND_COUNT; k++) {
        critical |= result->skew[k].status == PGS_SKEW_CRITICAL;
        warning |= result->skew[k].status == PGS_SKEW_WARNING;
    }
    return critical ? 2 : warning && is_value(p, OPT_FAIL_ON, "warning") ? 1 : 0;
}

static pgs_status think(const pgs_parsed *p, const pgs_snapshot *snap, pgs_result *result,
                        pgs_partition_statistics *one, pgs_err *err) {
    int64_t num;
    pgs_status st = pgs_analyze(snap, result, err);
    if (st != PGS_OK || !has(p, OPT_PARTITION))
        return st;
    st = pgs_opts_int("partition", p->value[OPT_PARTITION], INT64_MIN, INT64_MAX, 0, &num, err);
    return st == PGS_OK ? pgs_partition_statistics_one(snap, num, one, err) : st;
}

static int run_analysis(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_snapshot snap;
    pgs_result result;
    pgs_partition_statistics one;
    pgs_report_input input = {.snapshot = &snap, .result = &result};
    input.partition = has(p, OPT_PARTITION) ? &one : NULL;
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    pgs_status st = load(p, &snap, &err);
    if (st == PGS_OK)
        st = think(p, &snap, &result, &one, &err);
    bool answered = st == PGS_OK; /* an output that fails gets no second document instead */
    if (answered)
        st = write_report(p, &input, &err);
    int code = st == PGS_OK ? verdict(p, &result) : pgs_opts_complain(&PROGRAM, st, &err);
    if (!answered)
        write_failure(p, &snap, &err);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    return code;
}

static int run_list(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_filter filter;
    int64_t at_us;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = filter_from(p, &filter, &at_us, &err);
    if (at_us != PGS_TIME_NONE && (filter.until_us == PGS_TIME_NONE || at_us < filter.until_us))
        filter.until_us = at_us;
    if (st == PGS_OK)
        st = gather(p, &filter, &catalog, &err);
    pgs_report_input input = {.head = catalog.head, .n_heads = catalog.n_heads};
    if (st == PGS_OK)
        st = write_report(p, &input, &err);
    pgs_catalog_reset(&catalog);
    return st == PGS_OK ? 0 : pgs_opts_complain(&PROGRAM, st, &err);
}

static pgs_status check_values(const pgs_parsed *p, pgs_err *err) {
    int64_t threads;
    if (has(p, OPT_OUTPUT) && pgs_snapshot_is_one(p->value[OPT_OUTPUT])) {
        pgs_status st = pgs_fail(err, PGS_E_EXISTS, "\"%s\" is a snapshot, and stays one",
                                 p->value[OPT_OUTPUT]);
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

int main(int argc, char **argv) {
    pgs_parsed parsed;
    pgs_err err = {0};
    pgs_store_tune();
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to tell, not a death */
    pgs_status st = pgs_opts_parse(&PROGRAM, argc, argv, &parsed, &err);
    if (st != PGS_OK) {
        point_to_collector(argc, argv, &err);
        return pgs_opts_complain(&PROGRAM, st, &err);
    }
    if (parsed.version)
        return printf("pgskew %s, reads snapshots of schema version 1.x\n", PGSKEW_VERSION) < 0;
    if (pgs_opts_explain(&PROGRAM, &parsed, stdout))
        return 0;
    st = check_values(&parsed, &err);
    if (st != PGS_OK)
        return pgs_opts_complain(&PROGRAM, st, &err);
    return parsed.command == &COMMAND[PGS_REPORT_LIST] ? run_list(&parsed) : run_analysis(&parsed);
}
