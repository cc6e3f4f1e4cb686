/* What the recipes of forecast and backtest share. Internal to pipeline/. */
#ifndef PGSKEW_PIPELINE_FORECAST_H
#define PGSKEW_PIPELINE_FORECAST_H

#include "model/score.h"
#include "pgskew/analyze.h"

/* Score the methods on a stock that is built; the names are the caller's to set. */
pgs_status pgs_backtest_stock(const pgs_stock *k, const pgs_forecast_options *options,
                              pgs_backtest *out, pgs_err *err) PGS_CHECK;

/* Clean a frame, and say of each decision what a forecast makes of it. */
pgs_status pgs_forecast_clean(const pgs_frame *frame, pgs_clean *out, pgs_err *err) PGS_CHECK;

/* Alerts of a forecast whose partitions are filled. */
pgs_status pgs_forecast_alerts(pgs_forecast *out, pgs_err *err) PGS_CHECK;

#endif
