/* pgskew check: a verdict for monitors, CI and cron. The only command that reads the clock, and the
 * only one whose every failure is exit 3 and a line on stdout: that is where monitors look. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"
#include "pgskew/history.h"

typedef struct judgement {
    const pgs_parsed *p;
    pgs_snapshot snap, baseline;
    pgs_result result;
    pgs_frame frame;
    pgs_forecast forecast;
    pgs_check_options options;
    pgs_check check;
} judgement;

/* Times between these are put between them by the forecast. */
static const pgs_forecast_options HORIZONS = {
    .n_horizons = 7,
    .horizon_days = {1, 7, 14, 30, 60, 90, 365},
    .horizon_name = {"1d", "7d", "14d", "30d", "60d", "90d", "365d"},
    .limit_bytes = NAN,
    .n_origins = 1, /* scores are for `forecast` */
};

/* ---- options ---- */

static pgs_status bad_range(const char *option, const char *text, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--%s cannot be \"%.60s\"", option, text);
    pgs_hint(err, "METRIC=RANGE, as skew=0.3, hot=3, days-to-threshold=14: or staleness=26h");
    return st;
}

static pgs_status unknown_metric(const char *option, const char *name, pgs_err *err) {
    char known[160] = "";
    for (int r = 0; r < PGS_RULE_SHARE; r++) {
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s%s", r > 0 ? ", " : "",
                 pgs_rule_get((pgs_rule)r)->name);
    }
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--%s knows no metric \"%.40s\"", option, name);
    pgs_hint(err, "metrics are %s", known);
    return st;
}

/* skew=0.3 into ranges[PGS_RULE_SKEW]. */
static pgs_status take_range(const char *option, const char *text, pgs_range *ranges,
                             pgs_err *err) {
    char name[32];
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : 0;
    if (n == 0 || n >= sizeof name)
        return bad_range(option, text, err);
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    pgs_rule rule = pgs_rule_find(name);
    if (rule == PGS_RULE_COUNT)
        return unknown_metric(option, name, err);
    return pgs_range_parse(rule, equals + 1, &ranges[rule]) ? PGS_OK : bad_range(option, text, err);
}

static pgs_status take_ranges(const pgs_parsed *p, pgs_check_options *options, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < p->n_given; i++) {
        const pgs_given *given = &p->given[i];
        if (given->option == OPT_WARNING)
            st = take_range("warning", given->value, options->warning, err);
        else if (given->option == OPT_CRITICAL)
            st = take_range("critical", given->value, options->critical, err);
    }
    return st;
}

static int64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static pgs_status check_notify(const pgs_parsed *p, pgs_err *err) {
    if (pgs_has(p, OPT_NOTIFY) != pgs_has(p, OPT_STATE)) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "--notify and --state need each other");
        pgs_hint(err, "--notify COMMAND --state FILE, which remembers the last verdict");
        return st;
    }
    int64_t timeout_s;
    pgs_status st =
        pgs_opts_int("notify-timeout", p->value[OPT_NOTIFY_TIMEOUT], 1, 3600, 10, &timeout_s, err);
    return st == PGS_OK && pgs_has(p, OPT_STATE) ? pgs_state_check(p->value[OPT_STATE], err) : st;
}

/* A file that is written must not be what is judged. */
static pgs_status check_targets(const pgs_parsed *p, pgs_err *err) {
    const char *path = p->value[OPT_WRITE_BASELINE];
    if (!path || !(pgs_snapshot_is_one(path) || pgs_history_is_one(path)))
        return PGS_OK;
    pgs_status st =
        pgs_fail(err, PGS_E_EXISTS, "\"%s\" is no baseline, and stays what it is", path);
    pgs_hint(err, "choose another name for the baseline");
    return st;
}

static pgs_status read_options(judgement *j, pgs_err *err) {
    pgs_status st = pgs_opts_time("now", j->p->value[OPT_NOW], &j->options.now_us, err);
    if (st == PGS_OK && j->options.now_us == PGS_TIME_NONE)
        j->options.now_us = clock_us();
    if (st == PGS_OK)
        st = take_ranges(j->p, &j->options, err);
    if (st == PGS_OK)
        st = check_targets(j->p, err);
    return st == PGS_OK ? check_notify(j->p, err) : st;
}

/* ---- judging ---- */

/* A forecast needs every day, and takes longer than all else: only where somebody asks. */
static bool wants_forecast(const judgement *j) {
    return j->options.warning[PGS_RULE_DAYS].given || j->options.critical[PGS_RULE_DAYS].given;
}

static pgs_status foretell(judgement *j, const pgs_selection *needs, pgs_err *err) {
    static const uint64_t METRICS =
        PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_SIZE_BYTES);
    pgs_forecast_options options = HORIZONS;
    int64_t n_threads;
    pgs_status st = pgs_opts_int("threads", j->p->value[OPT_THREADS], 1, 1024, 1, &n_threads, err);
    if (st == PGS_OK)
        st = pgs_load_frame(j->p, PGS_TRUST_NEWEST, METRICS, &j->frame, needs, &j->snap, err);
    options.n_threads = (size_t)n_threads;
    if (st == PGS_OK)
        st = pgs_forecast_run(&j->frame, &options, &j->forecast, err);
    j->options.forecast = &j->forecast;
    return st;
}

static pgs_status load(judgement *j, pgs_err *err) {
    bool noise = pgs_has(j->p, OPT_NOISE_FLOOR);
    pgs_selection needs = {.metrics = noise ? PGS_METRIC_BIT(PGS_COLLECTION_COUNT) : 0,
                           .collections = noise};
    pgs_status st =
        wants_forecast(j) ? foretell(j, &needs, err) : pgs_fetch_one(j->p, &needs, &j->snap, err);
    if (st == PGS_OK && noise) {
        st = pgs_distribution_measure(&j->snap, &j->result, err);
        if (st == PGS_OK)
            pgs_noise_suppress(&j->snap, &j->result);
    }
    return st == PGS_OK ? pgs_analyze(&j->snap, &j->result, err) : st;
}

static pgs_status load_baseline(judgement *j, pgs_err *err) {
    if (!pgs_has(j->p, OPT_BASELINE))
        return PGS_OK;
    pgs_status st = pgs_baseline_read(j->p->value[OPT_BASELINE], &j->baseline, err);
    if (st == PGS_OK)
        st = pgs_snapshot_derive(&j->baseline, err);
    j->options.baseline = &j->baseline;
    return st;
}

static pgs_status write_baseline(judgement *j, pgs_err *err) {
    pgs_output out;
    pgs_status st = pgs_output_open(&out, j->p->value[OPT_WRITE_BASELINE], err);
    if (st != PGS_OK)
        return st;
    st = pgs_baseline_write(out.file, &j->snap, err);
    if (st == PGS_OK || st == PGS_E_IO)
        return pgs_output_commit(&out, err);
    pgs_output_abandon(&out);
    return st;
}

static pgs_status judge(judgement *j, pgs_err *err) {
    pgs_status st = read_options(j, err);
    if (st == PGS_OK)
        st = load(j, err);
    if (st == PGS_OK)
        st = load_baseline(j, err);
    if (st == PGS_OK && pgs_has(j->p, OPT_WRITE_BASELINE)) {
        st = write_baseline(j, err);
        if (!j->options.baseline) /* what is accepted from now on is not new */
            j->options.baseline = &j->snap;
    }
    return st == PGS_OK ? pgs_check_run(&j->snap, &j->result, &j->options, &j->check, err) : st;
}

/* ---- answers ---- */

static pgs_report_input input_of(const judgement *j) {
    return (pgs_report_input){.snapshot = &j->snap, .result = &j->result, .check = &j->check};
}

static pgs_format format_of(const pgs_parsed *p) {
    return p && pgs_has(p, OPT_CHECK_FORMAT) ? pgs_format_find(p->value[OPT_CHECK_FORMAT])
                                             : PGS_FORMAT_TABLE;
}

/* The document to --output or stdout; and where it went to a file, the line to stdout as well. */
static pgs_status answer(const judgement *j, pgs_err *err) {
    pgs_output out;
    pgs_report_input input = input_of(j);
    pgs_format format = format_of(j->p);
    pgs_status st = pgs_output_open(&out, j->p->value[OPT_OUTPUT], err);
    if (st != PGS_OK)
        return st;
    st = pgs_report_write(out.file, PGS_REPORT_CHECK, format, &input, NULL, err);
    if (st == PGS_OK || st == PGS_E_IO)
        st = pgs_output_commit(&out, err);
    else
        pgs_output_abandon(&out);
    return st == PGS_OK && pgs_has(j->p, OPT_OUTPUT)
               ? pgs_report_write(stdout, PGS_REPORT_CHECK, PGS_FORMAT_TABLE, &input, NULL, err)
               : st;
}

/* The failure as a document; false: none was written. */
static bool answer_failure(const pgs_parsed *p, int64_t taken_us, const char *message) {
    pgs_output out;
    pgs_format format = format_of(p);
    if (format != PGS_FORMAT_JSON && format != PGS_FORMAT_JUNIT && format != PGS_FORMAT_SARIF)
        return false;
    if (pgs_output_open(&out, p->value[OPT_OUTPUT], NULL) != PGS_OK)
        return false;
    if (pgs_check_failure(out.file, format, taken_us, message, NULL) == PGS_OK)
        return pgs_output_commit(&out, NULL) == PGS_OK;
    pgs_output_abandon(&out);
    return false;
}

/* Whoever asked for a document on stdout gets nothing else there: then the line goes to stderr. */
static int complain(const pgs_parsed *p, int64_t taken_us, pgs_err *err) {
    pgs_opts_redact(err->msg);
    pgs_opts_redact(err->hint);
    bool written = answer_failure(p, taken_us, err->msg);
    pgs_check_unknown(written && !pgs_has(p, OPT_OUTPUT) ? stderr : stdout, err);
    fflush(stdout);
    return PGS_VERDICT_UNKNOWN;
}

int pgs_check_complain(const pgs_parsed *p, pgs_err *err) {
    return complain(p, PGS_TIME_NONE, err);
}

/* ---- telling ---- */

static pgs_status write_verdict(FILE *out, const void *context, pgs_err *err) {
    pgs_report_input input = input_of(context);
    return pgs_report_write(out, PGS_REPORT_CHECK, PGS_FORMAT_JSON, &input, NULL, err);
}

typedef struct failure {
    int64_t taken_us;
    const char *message;
} failure;

static pgs_status write_failure(FILE *out, const void *context, pgs_err *err) {
    const failure *f = context;
    return pgs_report_failure(out, f->taken_us, f->message, err);
}

/* Tell of a verdict, or of a failure. The verdict is out already: what goes wrong here is said on
 * stderr. */
static void tell(const judgement *j, pgs_verdict verdict, const failure *why) {
    pgs_err err = {0};
    int64_t timeout_s;
    pgs_notice notice = {.command = j->p->value[OPT_NOTIFY],
                         .state = j->p->value[OPT_STATE],
                         .verdict = verdict,
                         .write = why ? write_failure : write_verdict,
                         .context = why ? (const void *)why : j};
    pgs_status st = pgs_opts_int("notify-timeout", j->p->value[OPT_NOTIFY_TIMEOUT], 1, 3600, 10,
                                 &timeout_s, &err);
    notice.timeout_s = timeout_s;
    if (st == PGS_OK)
        st = pgs_notify(&notice, &err);
    if (st != PGS_OK)
        (void)pgs_complain(st, &err);
}

int pgs_run_check(const pgs_parsed *p) {
    pgs_err err = {0}, unusable = {0};
    judgement j = {.p = p};
    pgs_snapshot_init(&j.snap);
    pgs_snapshot_init(&j.baseline);
    pgs_result_init(&j.result);
    pgs_frame_init(&j.frame);
    pgs_forecast_init(&j.forecast);
    pgs_check_init(&j.check);
    pgs_status st = judge(&j, &err);
    if (st == PGS_OK)
        st = answer(&j, &err);
    int code = st == PGS_OK ? (int)j.check.verdict : complain(p, j.snap.head.taken_us, &err);
    failure why = {j.snap.head.taken_us, err.msg};
    if (pgs_has(p, OPT_NOTIFY) && pgs_has(p, OPT_STATE) && check_notify(p, &unusable) == PGS_OK)
        tell(&j, (pgs_verdict)code, st == PGS_OK ? NULL : &why);
    pgs_check_reset(&j.check);
    pgs_forecast_reset(&j.forecast);
    pgs_frame_reset(&j.frame);
    pgs_result_reset(&j.result);
    pgs_snapshot_reset(&j.baseline);
    pgs_snapshot_reset(&j.snap);
    return code;
}
