/* The shape of a trend. */
#include "pgskew/trend.h"

#include "base/base.h"

void pgs_trend_init(pgs_trend *trend) {
    *trend = (pgs_trend){0};
}

void pgs_trend_reset(pgs_trend *trend) {
    if (!trend)
        return;
    pgs_clean_reset(&trend->clean);
    pgs_arena_free(trend->arena);
    pgs_trend_init(trend);
}
