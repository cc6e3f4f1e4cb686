/* The shape of a forecast, and its words. */
#include "pgskew/forecast.h"

#include "base/base.h"

const char *pgs_threshold_name(pgs_threshold threshold) {
    static const char *const NAME[PGS_THRESHOLD_COUNT] = {"warning", "rebalance", "unbalanced"};
    return NAME[threshold];
}

const char *pgs_method_name(pgs_method method) {
    static const char *const NAME[PGS_METHOD_COUNT] = {"pgskew", "persistence", "predict_linear_7d",
                                                       "predict_linear_30d", "seasonal_naive"};
    return NAME[method];
}

const char *pgs_forecast_note_text(pgs_forecast_note note) {
    static const char *const TEXT[PGS_NOTE_COUNT] = {
        [PGS_NOTE_SHORT] = "low confidence: the history is short for this horizon",
        [PGS_NOTE_INSUFFICIENT] =
            "insufficient: fewer than 8 steps of history, or 3 known outcomes",
        [PGS_NOTE_COARSE] =
            "insufficient: a horizon is shorter than the usual distance of snapshots",
        [PGS_NOTE_NEW] = "low confidence: the partition is younger than 14 days",
        [PGS_NOTE_ABSENT] = "insufficient: not measured at that moment",
    };
    return TEXT[note];
}

void pgs_forecast_init(pgs_forecast *forecast) {
    *forecast = (pgs_forecast){0};
}

void pgs_forecast_reset(pgs_forecast *forecast) {
    if (!forecast)
        return;
    pgs_arena_free(forecast->arena);
    pgs_clean_reset(&forecast->clean);
    pgs_forecast_init(forecast);
}

void pgs_backtest_init(pgs_backtest *backtest) {
    *backtest = (pgs_backtest){0};
}

void pgs_backtest_reset(pgs_backtest *backtest) {
    if (!backtest)
        return;
    pgs_clean_reset(&backtest->clean);
    pgs_backtest_init(backtest);
}
