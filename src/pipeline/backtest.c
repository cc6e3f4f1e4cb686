/* The scoreboard: at origins of the past, what would have been said, against what came. An origin
 * knows nothing later than itself, because every model reads rows up to its origin only. What was
 * cleaned is known from all rows, though: that a total was misread shows in the next one. */
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
    struct tried {
        size_t first; /* day of the first origin */
        size_t n;
        part *part; /* [n] */
    } horizon[PGS_MAX_HORIZONS];
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
    if (!pgs_stock_is_known(k, day + days))
        return PGS_OK;
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

/* Job i: the origins of all horizons, one horizon after the other. */
static pgs_status try_origin(void *context, size_t i, pgs_err *err) {
    const backtesting *b = context;
    size_t h = 0;
    for (; i >= b->horizon[h].n; h++)
        i -= b->horizon[h].n;
    return try_horizon(b->k, b->horizon[h].first + i * EVERY, (size_t)b->options->horizon_days[h],
                       &b->horizon[h].part[i], err);
}

static void add_up(const backtesting *b, pgs_backtest *out) {
    for (size_t h = 0; h < b->options->n_horizons; h++) {
        part all = {0};
        pgs_backtest_horizon *horizon = &out->horizon[h];
        for (size_t i = 0; i < b->horizon[h].n; i++) {
            const part *one = &b->horizon[h].part[i];
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

/* The origins of a horizon: all whose outcome is known, or the last of them. Returns how many. */
static size_t choose(const pgs_stock *k, size_t days, size_t most, struct tried *out) {
    size_t n = k->n_days > WARM_UP + days ? (k->n_days - 1 - days - WARM_UP) / EVERY + 1 : 0;
    out->n = most > 0 && n > most ? most : n;
    out->first = WARM_UP + (n - out->n) * EVERY;
    return out->n;
}

pgs_status pgs_backtest_stock(const pgs_stock *k, const pgs_forecast_options *options,
                              pgs_backtest *out, pgs_err *err) {
    backtesting b = {.k = k, .options = options};
    size_t n = 0;
    for (size_t h = 0; h < options->n_horizons; h++)
        n += choose(k, (size_t)options->horizon_days[h], options->n_origins, &b.horizon[h]);
    part *room = pgs_alloc(n, sizeof *room);
    if (!room)
        return pgs_no_memory(err);
    b.horizon[0].part = room;
    for (size_t h = 1; h < options->n_horizons; h++)
        b.horizon[h].part = b.horizon[h - 1].part + b.horizon[h - 1].n;
    out->n_horizons = options->n_horizons;
    memcpy(out->horizon_days, options->horizon_days, sizeof out->horizon_days);
    memcpy(out->horizon_name, options->horizon_name, sizeof out->horizon_name);
    out->n_origins = b.horizon[0].n;
    pgs_status st = pgs_jobs_run(n, options->n_threads, try_origin, &b, err);
    if (st == PGS_OK)
        add_up(&b, out);
    pgs_free(room);
    return st;
}

pgs_status pgs_backtest_run(const pgs_frame *frame, const pgs_forecast_options *options,
                            pgs_backtest *out, pgs_err *err) {
    pgs_stock stock = {0};
    pgs_backtest_reset(out);
    out->table = frame->table;
    pgs_status st = pgs_forecast_clean(frame, &out->clean, err);
    if (st == PGS_OK)
        st = pgs_stock_build(frame, &out->clean, PGS_BY_CHUNKS, &stock, err);
    if (st == PGS_OK)
        st = pgs_backtest_stock(&stock, options, out, err);
    pgs_stock_reset(&stock);
    if (st != PGS_OK)
        pgs_backtest_reset(out);
    return st;
}
