/* pgskew trend: what has been going on. */
#include "cli/pgskew.h"
#include "pgskew/analyze.h"

#define METRICS (PGS_METRIC_BIT(PGS_CHUNK_COUNT) | PGS_METRIC_BIT(PGS_SIZE_BYTES))

static const pgs_selection NEEDS = {.metrics = 0, .collections = false};

static pgs_status think(const pgs_parsed *p, const pgs_frame *frame, const pgs_snapshot *now,
                        pgs_trend *trend, pgs_result *result, pgs_err *err) {
    pgs_trend_options options = {.now = now, .all = pgs_has(p, OPT_ALL)};
    pgs_status st = pgs_analyze(now, result, err);
    return st == PGS_OK ? pgs_trend_run(frame, &options, trend, err) : st;
}

int pgs_run_trend(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_frame frame;
    pgs_snapshot now;
    pgs_result result;
    pgs_trend trend;
    pgs_frame_init(&frame);
    pgs_snapshot_init(&now);
    pgs_result_init(&result);
    pgs_trend_init(&trend);
    pgs_status st = pgs_load_frame(p, PGS_TRUST_MANY, METRICS, &frame, &NEEDS, &now, &err);
    if (st == PGS_OK)
        st = think(p, &frame, &now, &trend, &result, &err);
    pgs_report_input input = {.snapshot = &now, .result = &result, .trend = &trend};
    if (st == PGS_OK)
        st = pgs_write_report(p, PGS_REPORT_TREND, &input, &err);
    int code = st == PGS_OK ? pgs_fail_on(p, &result) : pgs_complain(st, &err);
    pgs_trend_reset(&trend);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&now);
    pgs_frame_reset(&frame);
    return code;
}
