/* A trend in the metrics of a MonitoringResult, and the list of what was cleaned. */
#include <math.h>

#include "report/json.h"

void pgs_json_cleaning(pgs_json *j, const pgs_clean *clean) {
    pgs_grid grid = pgs_grid_of_cleaning(clean);
    pgs_json_rows(j, "cleaning", &grid);
}

static void put_growth(pgs_json *j, const char *key, const pgs_growth *growth) {
    pgs_json_open(j, key, '{');
    pgs_json_real(j, "mean", growth->per_day);
    pgs_json_real(j, "low95", growth->low95);
    pgs_json_real(j, "high95", growth->high95);
    pgs_json_close(j, '}');
}

/* Sums of whole numbers are whole. */
static void put_whole(pgs_json *j, const char *key, double value) {
    char text[PGS_CELL_TEXT_MAX];
    bool fits = fabs(value) < 9e18;
    pgs_json_raw(j, key, fits ? pgs_int_format((int64_t)value, text) : "null");
}

static void put_total(pgs_json *j, const pgs_trend *trend) {
    pgs_json_open(j, "total", '{');
    put_whole(j, "chunk_count", trend->total[PGS_BY_CHUNKS]);
    put_growth(j, "chunks_per_day", &trend->growth[PGS_BY_CHUNKS]);
    put_whole(j, "size_bytes", trend->total[PGS_BY_SIZE]);
    put_growth(j, "bytes_per_day", &trend->growth[PGS_BY_SIZE]);
    pgs_json_close(j, '}');
}

static void put_season(pgs_json *j, const char *key, const pgs_season *season) {
    pgs_json_open(j, key, '{');
    pgs_json_raw(j, "found", season->tested ? season->found ? "true" : "false" : "null");
    pgs_json_real(j, "autocorrelation", season->acf);
    pgs_json_real(j, "limit", season->limit);
    pgs_json_open(j, "profile", '[');
    for (size_t i = 0; i < season->period && season->tested; i++)
        pgs_json_real(j, NULL, season->profile[i]);
    pgs_json_close(j, ']');
    pgs_json_close(j, '}');
}

static void put_drifting(pgs_json *j, const pgs_trend *trend) {
    static const char *const KEY[PGS_MEASURE_COUNT] = {"chunk_skew", "size_skew"};
    pgs_json_open(j, "drifts", '{');
    pgs_json_real(j, "false_discovery_rate", PGS_TREND_FDR);
    for (int m = 0; m < PGS_MEASURE_COUNT; m++) {
        pgs_json_open(j, KEY[m], '{');
        pgs_json_size(j, "tested", trend->n_tested[m]);
        pgs_json_size(j, "found", trend->n_drifting[m]);
        pgs_json_close(j, '}');
    }
    pgs_json_close(j, '}');
}

void pgs_json_trend(pgs_json *j, const pgs_trend *trend) {
    pgs_grid grid = pgs_grid_of_trend(trend);
    pgs_json_open(j, "trend", '{');
    pgs_json_time(j, "from", trend->from_us);
    pgs_json_size(j, "days", trend->n_days);
    put_total(j, trend);
    pgs_json_open(j, "seasons", '{');
    put_season(j, "hour_of_day", &trend->daily);
    put_season(j, "day_of_week", &trend->weekly);
    pgs_json_close(j, '}');
    put_drifting(j, trend);
    pgs_json_size(j, "unbalanced_within_30d", trend->n_soon);
    pgs_json_size(j, "partition_count", trend->n_partitions);
    pgs_json_rows(j, "partitions", &grid);
    pgs_json_cleaning(j, &trend->clean);
    pgs_json_close(j, '}');
}
