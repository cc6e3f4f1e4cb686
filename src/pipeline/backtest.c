/* The scoreboard: at origins of the past, what would have been said, against what came. An origin knows
 * nothing later than itself, because every model reads rows up to its origin only. */
#include "pipeline/forecast.h"

#include <string.h>

#include "pipeline/jobs.h"

#define WARM_UP   60 /* days before the first origin */
#define EVERY     7
#define THRESHOLD 5 /* tenths */

typedef struct part {
    pgs_tally tally[PGS_METHOD_COUNT];
    double n, n_changes, n_onsets;
    bool known;
} part;

typedef struct backtesting {
    const pgs_stock *k;
    const pgs_forecast_options *options;
    size_t first; /* day of the first origin */
    part *part;   /* [origins][n_horizons] */
} backtesting;

static void count_changes(const pgs_stock *k, size_t day, size_t days, part *out) {
    for (size_t p = 0; p < k->n_parts; p++) {
        double now = pgs_stock_row(k, day)[p], later = pgs_stock_row(k, day + days)[p];
        if (now != now || later != later)
            continue;
        bool was = pgs_stock_is_beyond(k, day, p, THRESHOLD);
        bool is = pgs_stock_is_beyond(k, day + days, p, THRESHOLD);
        out->n++;
        out->n_changes += was != is;
        out->n_onsets += is && !was;
    }
}

/* The simple methods. */
static pgs_status try_others(const pgs_stock *k, size_t day, size_t days, part *out, pgs_err *err) {
    double *room = pgs_alloc(2 * k->n_parts, sizeof *room);
    pgs_status st = room ? PGS_OK : pgs_no_memory(err);
    for (pgs_method m = PGS_METHOD_PERSISTENCE; st == PGS_OK && m < PGS_METHOD_COUNT; m++) {
        pgs_said said = {.count = room, .unbalanced = room + k->n_parts};
        pgs_baseline_foretell(k, day, days, m, room, room + k->n_parts);
        st = pgs_tally_add(k, day, days, &said, &out->tally[m], err);
    }
    pgs_free(room);
    return st;
}

static pgs_status try_horizon(const pgs_stock *k, size_t day, size_t days, part *out,
                              pgs_err *err) {
    pgs_outlook outlook;
    pgs_status st = pgs_outlook_make(k, day, days, true, &outlook, err);
    if (st != PGS_OK || !outlook.known)
        return st;
    pgs_said said = {.count = outlook.count,
                     .unbalanced = outlook.p + PGS_THRESHOLD_UNBALANCED * k->n_parts,
                     .low = {outlook.low[0], outlook.low[1]},
                     .high = {outlook.high[0], outlook.high[1]}};
    st = pgs_tally_add(k, day, days, &said, &out->tally[PGS_METHOD_PGSKEW], err);
    pgs_outlook_reset(&outlook);
    if (st == PGS_OK)
        st = try_others(k, day, days, out, err);
    if (st == PGS_OK)
        count_changes(k, day, days, out);
    out->known = st == PGS_OK;
    return st;
}

static pgs_status try_origin(void *context, size_t i, pgs_err *err) {
    const backtesting *b = context;
    size_t n = b->options->n_horizons, day = b->first + i * EVERY;
    pgs_status st = PGS_OK;
    for (size_t h = 0; st == PGS_OK && h < n; h++) {
        size_t days = (size_t)b->options->horizon_days[h];
        if (day + days < b->k->n_days)
            st = try_horizon(b->k, day, days, &b->part[i * n + h], err);
    }
    return st;
}

static void add_up(const backtesting *b, size_t n_origins, pgs_backtest *out) {
    size_t n = b->options->n_horizons;
    for (size_t h = 0; h < n; h++) {
        part all = {0};
        pgs_backtest_horizon *horizon = &out->horizon[h];
        for (size_t i = 0; i < n_origins; i++) {
            const part *one = &b->part[i * n + h];
            horizon->n_origins += one->known;
            all.n += one->n;
            all.n_changes += one->n_changes;
            all.n_onsets += one->n_onsets;
            for (size_t m = 0; m < PGS_METHOD_COUNT; m++)
                pgs_tally_join(&all.tally[m], &one->tally[m]);
        }
        horizon->n = (size_t)all.n;
        horizon->n_changes = (size_t)all.n_changes;
        horizon->n_onsets = (size_t)all.n_onsets;
        for (size_t m = 0; m < PGS_METHOD_COUNT; m++)
            horizon->score[m] = pgs_tally_score(&all.tally[m]);
    }
}

/* Every origin, from the first that has an outcome at the nearest horizon. */
pgs_status pgs_backtest_stock(const pgs_stock *k, const pgs_forecast_options *options,
                              pgs_backtest *out, pgs_err *err) {
    backtesting b = {.k = k, .options = options, .first = WARM_UP};
    size_t nearest = (size_t)options->horizon_days[0], n = 0;
    if (k->n_days > WARM_UP + nearest)
        n = (k->n_days - 1 - nearest - WARM_UP) / EVERY + 1;
    if (options->n_origins > 0 && n > options->n_origins) {
        b.first += (n - options->n_origins) * EVERY;
        n = options->n_origins;
    }
    out->n_horizons = options->n_horizons;
    memcpy(out->horizon_days, options->horizon_days, sizeof out->horizon_days);
    memcpy(out->horizon_name, options->horizon_name, sizeof out->horizon_name);
    out->first_day = n > 0 ? b.first : 0;
    out->n_origins = n;
    b.part = pgs_alloc(n * options->n_horizons, sizeof *b.part);
    if (!b.part)
        return pgs_no_memory(err);
    pgs_status st = pgs_jobs_run(n, options->n_threads, try_origin, &b, err);
    if (st == PGS_OK)
        add_up(&b, n, out);
    pgs_free(b.part);
    return st;
}

pgs_status pgs_backtest_run(const pgs_frame *frame, const pgs_forecast_options *options,
                            pgs_backtest *out, pgs_err *err) {
    pgs_stock stock;
    *out = (pgs_backtest){.table = frame->table};
    pgs_status st = pgs_stock_build(frame, PGS_CHUNK_COUNT, &stock, err);
    if (st == PGS_OK)
        st = pgs_backtest_stock(&stock, options, out, err);
    pgs_stock_reset(&stock);
    return st;
}
