/* pgskew forecast and backtest: what will be, and how often that was right. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"

#define METRICS      (PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_SIZE_BYTES))
#define HORIZON_TEXT 8 /* "87600h" */

/* The options, and the text that they borrow. */
typedef struct asked {
    pgs_forecast_options options;
    char name[PGS_MAX_HORIZONS][HORIZON_TEXT];
} asked;

/* ---- --horizon ---- */

static pgs_status bad_horizon(const char *text, const char *why, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--horizon \"%.100s\": %s", text, why);
    pgs_hint(err, "for example --horizon 1d,7d,30d; up to %d of them, of 1 to %d days",
             PGS_MAX_HORIZONS, PGS_MAX_HORIZON_DAYS);
    return st;
}

/* "7d", "2w" or "48h" in days; 0: none of them. */
static int days_of(const char *text, size_t n) {
    char digits[HORIZON_TEXT];
    int64_t value;
    if (n < 2 || n >= sizeof digits)
        return 0;
    memcpy(digits, text, n - 1);
    digits[n - 1] = '\0';
    if (!pgs_int_parse(digits, 1, 24 * PGS_MAX_HORIZON_DAYS, &value))
        return 0;
    char unit = text[n - 1];
    value = unit == 'w'                      ? value * 7
            : unit == 'd'                    ? value
            : unit == 'h' && value % 24 == 0 ? value / 24
                                             : 0;
    return value <= PGS_MAX_HORIZON_DAYS ? (int)value : 0;
}

/* Keep them in order, whatever the order they came in. */
static bool insert(asked *a, const char *text, size_t n, int days) {
    size_t i = a->options.n_horizons;
    for (; i > 0 && a->options.horizon_days[i - 1] >= days; i--) {
        if (a->options.horizon_days[i - 1] == days)
            return false;
        a->options.horizon_days[i] = a->options.horizon_days[i - 1];
        memcpy(a->name[i], a->name[i - 1], HORIZON_TEXT);
    }
    a->options.horizon_days[i] = days;
    memcpy(a->name[i], text, n);
    a->name[i][n] = '\0';
    a->options.n_horizons++;
    return true;
}

static pgs_status set_horizons(const char *text, asked *a, pgs_err *err) {
    for (const char *s = text;;) {
        size_t n = strcspn(s, ",");
        int days = days_of(s, n);
        if (days == 0)
            return bad_horizon(text, "a horizon is whole days, like 7d, 2w or 48h", err);
        if (a->options.n_horizons == PGS_MAX_HORIZONS)
            return bad_horizon(text, "too many horizons", err);
        if (!insert(a, s, n, days))
            return bad_horizon(text, "one horizon is there twice", err);
        if (s[n] == '\0')
            break;
        s += n + 1;
    }
    for (size_t h = 0; h < a->options.n_horizons; h++)
        a->options.horizon_name[h] = a->name[h];
    return PGS_OK;
}

/* ---- --limit ---- */

static pgs_status set_limit(const char *text, double *bytes, pgs_err *err) {
    static const struct {
        const char *unit;
        double bytes;
    } UNIT[] = {
        {"", 1},
        {"B", 1},
        {"kB", 1e3},
        {"KB", 1e3},
        {"MB", 1e6},
        {"GB", 1e9},
        {"TB", 1e12},
        {"KiB", 1024},
        {"MiB", 1048576},
        {"GiB", 1073741824.0},
        {"TiB", 1099511627776.0},
    };
    char digits[32];
    double value = 0;
    *bytes = NAN;
    if (!text)
        return PGS_OK;
    size_t n = strspn(text, "0123456789."), u = 0;
    while (u < PGS_COUNT_OF(UNIT) && strcmp(text + n, UNIT[u].unit) != 0)
        u++;
    if (u < PGS_COUNT_OF(UNIT) && n > 0 && n < sizeof digits) {
        memcpy(digits, text, n);
        digits[n] = '\0';
        if (pgs_real_parse(digits, &value))
            value *= UNIT[u].bytes;
    }
    if (value >= 1 && value <= 9007199254740992.0) {
        *bytes = value;
        return PGS_OK;
    }
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--limit \"%.100s\" is no size", text);
    pgs_hint(err, "for example --limit 50GiB");
    return st;
}

static pgs_status read_options(const pgs_parsed *p, asked *a, pgs_err *err) {
    int64_t n_threads = 1;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    const char *horizons = p->value[OPT_HORIZON] ? p->value[OPT_HORIZON] : "1d,7d,30d";
    *a = (asked){0};
    pgs_status st = pgs_opts_int("threads", p->value[OPT_THREADS], 1, 1024,
                                 n_cores > 0 ? n_cores : 1, &n_threads, err);
    a->options.n_threads = (size_t)n_threads;
    if (st == PGS_OK)
        st = set_horizons(horizons, a, err);
    return st == PGS_OK ? set_limit(p->value[OPT_LIMIT], &a->options.limit_bytes, err) : st;
}

/* ---- the commands ---- */

static pgs_status think(const pgs_parsed *p, pgs_frame *frame, pgs_snapshot *now,
                        pgs_result *result, pgs_forecast *forecast, pgs_err *err) {
    static const pgs_selection NEEDS = {.metrics = 0};
    asked a;
    pgs_status st = read_options(p, &a, err);
    if (st == PGS_OK)
        st = pgs_load_frame(p, PGS_TRUST_MANY, METRICS, frame, &NEEDS, now, err);
    if (st == PGS_OK)
        st = pgs_analyze(now, result, err);
    if (st == PGS_OK)
        st = pgs_forecast_run(frame, &a.options, forecast, err);
    pgs_report_input input = {.snapshot = now, .result = result, .forecast = forecast};
    return st == PGS_OK ? pgs_write_report(p, PGS_REPORT_FORECAST, &input, err) : st;
}

int pgs_run_forecast(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_frame frame;
    pgs_snapshot now;
    pgs_result result;
    pgs_forecast forecast;
    pgs_frame_init(&frame);
    pgs_snapshot_init(&now);
    pgs_result_init(&result);
    pgs_forecast_init(&forecast);
    pgs_status st = think(p, &frame, &now, &result, &forecast, &err);
    int code = st == PGS_OK ? pgs_fail_on(p, &result) : pgs_complain(st, &err);
    if (code == 0 && forecast.n_alerts > 0 && pgs_has_value(p, OPT_FAIL_ON, "warning"))
        code = 1;
    pgs_forecast_reset(&forecast);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&now);
    pgs_frame_reset(&frame);
    return code;
}

int pgs_run_backtest(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_frame frame;
    pgs_backtest backtest;
    asked a;
    pgs_frame_init(&frame);
    pgs_backtest_init(&backtest);
    pgs_status st = read_options(p, &a, &err);
    if (st == PGS_OK)
        st = pgs_load_frame(p, PGS_TRUST_MANY, METRICS, &frame, NULL, NULL, &err);
    if (st == PGS_OK)
        st = pgs_backtest_run(&frame, &a.options, &backtest, &err);
    pgs_report_input input = {.backtest = &backtest};
    if (st == PGS_OK)
        st = pgs_write_report(p, PGS_REPORT_BACKTEST, &input, &err);
    pgs_backtest_reset(&backtest);
    pgs_frame_reset(&frame);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
