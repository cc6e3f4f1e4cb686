/* What the commands of pgskew share: the options, finding snapshots, writing answers. */
#ifndef PGSKEW_CLI_PGSKEW_H
#define PGSKEW_CLI_PGSKEW_H

#include "base/base.h"
#include "cli/opts.h"
#include "cli/progress.h"
#include "pgskew/frame.h"
#include "pgskew/report.h"
#include "pgskew/series.h"
#include "pgskew/store.h"

enum {
    OPT_FORMAT,
    OPT_EXPORT_FORMAT,
    OPT_OUTPUT,
    OPT_TABLE,
    OPT_SOURCE,
    OPT_AT,
    OPT_SINCE,
    OPT_UNTIL,
    OPT_PARTITION,
    OPT_FAIL_ON,
    OPT_NOISE_FLOOR,
    OPT_THREADS,
    OPT_COLOR,
    OPT_BY,
    OPT_HISTORY,
    OPT_KEEP,
    OPT_YES,
    OPT_ALL,
    OPT_CHECK_FORMAT,
    OPT_WARNING,
    OPT_CRITICAL,
    OPT_NOW,
    OPT_BASELINE,
    OPT_WRITE_BASELINE,
    OPT_NOTIFY,
    OPT_STATE,
    OPT_NOTIFY_TIMEOUT,
    OPT_HORIZON,
    OPT_LIMIT,
    OPT_COUNT
};

/* Commands after the answers about one moment, which come first, in the order of
 * pgs_report_kind. */
enum {
    CMD_SCAN = PGS_REPORT_LIST + 1,
    CMD_PACK,
    CMD_EXPORT,
    CMD_VERIFY,
    CMD_PRUNE,
    CMD_DIFF,
    CMD_REPORT,
    CMD_TREND,
    CMD_CHECK,
    CMD_FORECAST,
    CMD_BACKTEST,
    CMD_COUNT
};

bool pgs_has(const pgs_parsed *p, int option);
bool pgs_has_value(const pgs_parsed *p, int option, const char *value);

/* The index of the command that was given. */
int pgs_command_of(const pgs_parsed *p);

/* Say why, and give the exit code. */
int pgs_complain(pgs_status status, pgs_err *err);

/* ---- input.c ---- */

/* --table, --source, --since, --until and --at. */
pgs_status pgs_filter_from(const pgs_parsed *p, pgs_filter *filter, int64_t *at_us,
                           pgs_err *err) PGS_CHECK;

/* Moments [first, end) of a history, from --since to --until, or the one that --at names.
 * PGS_E_NO_INPUT: there is none. */
pgs_status pgs_range_from(const pgs_parsed *p, const pgs_series *series, size_t *first, size_t *end,
                          pgs_err *err) PGS_CHECK;

/* The snapshots of the paths given (else $PGSKEW_PATH, else "."); says once what was skipped. */
pgs_status pgs_gather(const pgs_parsed *p, const pgs_filter *filter, pgs_catalog *catalog,
                      pgs_err *err) PGS_CHECK;

/* Gather, and pick the newest at or before `at_us`. Its series is the only one; the heads before it
 * in the catalog are its past. */
pgs_status pgs_pick(const pgs_parsed *p, const pgs_filter *filter, int64_t at_us,
                    pgs_catalog *catalog, const pgs_snapshot_head **out, pgs_err *err) PGS_CHECK;

/* Read what `needs` says of the snapshot `head` names, from its file or from the history that holds
 * it; derived values are there and right. */
pgs_status pgs_fetch(const pgs_snapshot_head *head, const pgs_selection *needs, pgs_snapshot *out,
                     pgs_err *err) PGS_CHECK;

/* The one snapshot that paths, filter and --at name. */
pgs_status pgs_fetch_one(const pgs_parsed *p, const pgs_selection *needs, pgs_snapshot *out,
                         pgs_err *err) PGS_CHECK;

/* ---- frame.c ---- */

#define PGS_FRAME_MAX_DAYS 7305 /* 20 years */

/* A clock that was years off makes a moment that is no part of the others' history. Which is
 * believed: PGS_TRUST_MANY: the newest 8 moments or more without such a hole, else the most; --at
 * asks for its moment nevertheless. */
typedef enum pgs_trust { PGS_TRUST_NEWEST, PGS_TRUST_MANY } pgs_trust;

/* pgs_pick(), and the last moment that is believed. */
pgs_status pgs_pick_believed(const pgs_parsed *p, const pgs_filter *filter, int64_t at_us,
                             pgs_catalog *catalog, const pgs_snapshot_head **newest,
                             const pgs_snapshot_head **last, pgs_err *err) PGS_CHECK;

/* The daily frame (pgskew/frame.h) of what paths, filter and --at name; `metrics` has a bit for
 * each metric wanted. And in `now` the snapshot that it ends with, as `needs` says; both NULL:
 * nobody asks. The same frame from a history and from the snapshots it was packed from. Both outs
 * must be initialised. */
pgs_status pgs_load_frame(const pgs_parsed *p, pgs_trust trust, uint64_t metrics, pgs_frame *out,
                          const pgs_selection *needs, pgs_snapshot *now, pgs_err *err) PGS_CHECK;

/* The same of what was picked already; `newest` is the last moment that may be known of. */
pgs_status pgs_frame_of(const pgs_catalog *catalog, const pgs_snapshot_head *newest,
                        const pgs_snapshot_head *last, uint64_t metrics, pgs_frame *out,
                        pgs_err *err) PGS_CHECK;

/* ---- output.c ---- */

pgs_report_style pgs_style_from(const pgs_parsed *p);
pgs_format pgs_format_from(const pgs_parsed *p);

/* Write the report to --output or stdout. */
pgs_status pgs_write_report(const pgs_parsed *p, pgs_report_kind kind,
                            const pgs_report_input *input, pgs_err *err) PGS_CHECK;

/* ---- pack.c ---- */

/* Pack what a catalog holds, which is one series, into the history at `path`. */
pgs_status pgs_pack_catalog(const pgs_catalog *catalog, const char *path, pgs_err *err) PGS_CHECK;

/* ---- notify.c ---- */

/* Who is told of a verdict that is another one than the last. */
typedef struct pgs_notice {
    const char *command, *state; /* for the shell; the file that remembers */
    int64_t timeout_s;
    pgs_verdict verdict;
    pgs_status (*write)(FILE *out, const void *context, pgs_err *err); /* the MonitoringResult */
    const void *context;
} pgs_notice;

/* Whether the file at `path`, if it is there, is a state of ours. PGS_E_DATA: it is something
 * else. */
pgs_status pgs_state_check(const char *path, pgs_err *err) PGS_CHECK;

/* Run the command if the verdict has changed, and remember it. The command has the document on its
 * standard input, and its output goes to stderr. PGS_E_RETRY: it failed, or another run had the
 * state; the next run tries again. PGS_E_IO: the state cannot be kept. */
pgs_status pgs_notify(const pgs_notice *notice, pgs_err *err) PGS_CHECK;

/* ---- check.c ---- */

/* Say on stdout why there is no verdict; returns 3. */
int pgs_check_complain(const pgs_parsed *p, pgs_err *err);

/* ---- verify.c ---- */

/* Verify a history, a snapshot, or what a directory holds, and say what is wrong, or that nothing
 * is, on stdout. PGS_E_DATA: something is. */
pgs_status pgs_verify(const char *path, pgs_err *err) PGS_CHECK;

/* ---- answer.c ---- */

/* 0, or with --fail-on 1 for warnings and 2 for critical findings. */
int pgs_fail_on(const pgs_parsed *p, const pgs_result *result);

/* ---- the commands; each returns the exit code ---- */

int pgs_run_answer(const pgs_parsed *p); /* answer.c */
int pgs_run_list(const pgs_parsed *p);
int pgs_run_trend(const pgs_parsed *p);    /* trend.c */
int pgs_run_check(const pgs_parsed *p);    /* check.c */
int pgs_run_diff(const pgs_parsed *p);     /* diff.c */
int pgs_run_forecast(const pgs_parsed *p); /* forecast.c */
int pgs_run_backtest(const pgs_parsed *p);
int pgs_run_scan(const pgs_parsed *p);   /* scan.c */
int pgs_run_pack(const pgs_parsed *p);   /* pack.c */
int pgs_run_export(const pgs_parsed *p); /* export.c */
int pgs_run_verify(const pgs_parsed *p); /* verify.c */
int pgs_run_prune(const pgs_parsed *p);  /* prune.c */
int pgs_run_report(const pgs_parsed *p); /* report.c */

#endif
