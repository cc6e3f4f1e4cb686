/* The table as a whole, row by row: totals to compare partitions with, and how the total flows. */
#include <math.h>

#include "model/trender.h"

#define LEFT_OUT 0.01 /* of the total: a larger change left out bends every skew */

/* ---- rows ---- */

static void fill_row(const pgs_trender *k, pgs_measure m, const pgs_trend_row *before,
                     pgs_trend_row *row) {
    const pgs_frame *f = k->frame;
    const double *stock = k->clean->stock[m] + row->t * f->stride;
    const double *flow = k->clean->flow[m] + row->t * f->stride;
    const double *old = before ? k->clean->stock[m] + before->t * f->stride : stock;
    double left_out = 0;
    row->comparable = before != NULL;
    for (size_t p = 0; p < f->n_parts; p++) {
        bool is = !isnan(stock[p]), was = !isnan(old[p]);
        row->total += is ? stock[p] : 0;
        row->n_parts += is;
        row->comparable &= is == was;
        left_out += is && was && isnan(flow[p]) ? fabs(stock[p] - old[p]) : 0;
    }
    row->comparable &= left_out <= LEFT_OUT * row->total;
}

pgs_status pgs_trend_look(pgs_trender *k, pgs_err *err) {
    size_t n = k->frame->n_times;
    size_t *t = pgs_alloc(n, sizeof *t);
    if (!t)
        return pgs_no_memory(err);
    for (size_t i = k->first; i < n; i++)
        if (k->clean->looked[i])
            t[k->n_rows++] = i;
    pgs_status st = PGS_OK;
    for (int m = 0; st == PGS_OK && m < PGS_MEASURE_COUNT; m++) {
        if (!k->clean->stock[m])
            continue;
        k->row[m] = pgs_alloc(k->n_rows, sizeof *k->row[m]);
        for (size_t i = 0; k->row[m] && i < k->n_rows; i++) {
            k->row[m][i].t = t[i];
            fill_row(k, (pgs_measure)m, i > 0 ? &k->row[m][i - 1] : NULL, &k->row[m][i]);
        }
        st = k->row[m] ? PGS_OK : pgs_no_memory(err);
    }
    pgs_free(t);
    return st;
}

/* ---- the total ---- */

/* The first row of what still goes on for the table: one partition that was truncated begins anew, the
 * others' rows before it count. */
static size_t table_start(const pgs_trender *k, pgs_measure m) {
    size_t first = k->frame->n_times;
    for (size_t p = 0; p < k->frame->n_parts; p++)
        if (k->frame->there[p] && k->clean->start[m][p] < first)
            first = k->clean->start[m][p];
    return first;
}

/* What came in per day up to row t over the partitions that are there; NaN where nothing is known, or
 * it is not later than the row `start`. */
static double total_flow(const pgs_trender *k, pgs_measure m, size_t start, size_t t) {
    const pgs_frame *f = k->frame;
    double sum = NAN;
    for (size_t p = 0; p < f->n_parts && t > start; p++) {
        double flow = k->clean->flow[m][t * f->stride + p];
        if (f->there[p] && !isnan(flow))
            sum = isnan(sum) ? flow : sum + flow;
    }
    return sum;
}

static bool total_growth(pgs_trender *k, pgs_measure m) {
    size_t n = 0, n_steps = 0, start = table_start(k, m);
    pgs_mean mean;
    for (size_t i = 1; i < k->n_rows; i++) {
        size_t t = k->row[m][i].t;
        double flow = total_flow(k, m, start, t);
        for (size_t days = t - k->row[m][i - 1].t; days > 0 && !isnan(flow); days--)
            k->series[n++] = flow;
        n_steps += isnan(flow) ? 0 : 1;
    }
    if (!pgs_mean_of(&k->of_growth, k->series, n, n_steps, &mean))
        return false;
    bool enough = n_steps >= PGS_TREND_MIN_STEPS;
    k->out->growth[m] = (pgs_growth){.per_day = mean.value,
                                     .low95 = enough ? mean.low95 : NAN,
                                     .high95 = enough ? mean.high95 : NAN,
                                     .n_days = n};
    return true;
}

/* ---- seasons ---- */

/* What is missing becomes the mean, what is far out comes to the edge: one load is no season. */
static void settle(double *x, size_t n, double *room) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            room[m++] = x[i];
    if (m == 0)
        return;
    pgs_spread s = pgs_spread_of(room, m);
    double low = s.median - 8 * s.sd, high = s.median + 8 * s.sd;
    for (size_t i = 0; i < n && s.sd > 0; i++)
        x[i] = x[i] < low ? low : x[i] > high ? high : x[i];
    for (size_t i = 0; i < n; i++)
        x[i] = isnan(x[i]) ? s.median : x[i];
}

/* Monday is 0; a row's 24 hours lie mostly in the day of their middle. 1970 began on a Thursday. */
static size_t weekday(int64_t taken_us) {
    return (size_t)(((taken_us - PGS_DAY_US / 2) / PGS_DAY_US + 3) % 7);
}

static bool weekly_season(pgs_trender *k) {
    size_t n = 0;
    double *room = k->times;
    bool begun = false, daily = k->clean->usual_days == 1 && k->row[PGS_BY_CHUNKS];
    size_t start = daily ? table_start(k, PGS_BY_CHUNKS) : 0;
    if (daily)
        for (size_t t = k->first + 1; t < k->frame->n_times; t++) {
            begun |= weekday(k->frame->taken_us[t]) == 0;
            if (begun)
                k->series[n++] = total_flow(k, PGS_BY_CHUNKS, start, t);
        }
    settle(k->series, n, room);
    return pgs_season_of(k->series, n, 7, &k->out->weekly);
}

#define HOUR_US  (PGS_DAY_US / 24)
#define HOURS    ((size_t)28 * 24) /* how far back hours are looked at */
#define MOST     0.8               /* of them must have been looked at */
#define HOUR_MIN ((size_t)3 * 24)

/* flow[HOURS - h] is the change of the total up to h - 1 hours before the last moment, over an hour; NaN
 * where nobody looked, or partitions came or went. Returns how many of the hours were looked at. */
static size_t hourly_flow(const pgs_frame *f, double *flow) {
    size_t seen = 0, i = f->n_moments;
    int64_t last_us = f->moment[i - 1].taken_us;
    const pgs_frame_moment *later = NULL;
    for (size_t h = 0; h < HOURS; h++) {
        const pgs_frame_moment *now = NULL; /* the last of those nearest to h hours before */
        while (i > 0 &&
               (last_us - f->moment[i - 1].taken_us + HOUR_US / 2) / HOUR_US <= (int64_t)h) {
            now = now ? now : &f->moment[i - 1];
            i--;
        }
        if (h > 0)
            flow[HOURS - h] =
                now && later && now->n_seen == later->n_seen ? later->chunks - now->chunks : NAN;
        seen += now ? 1 : 0;
        later = now;
    }
    return seen;
}

/* The hour of the day in which most of the hour before a moment lies. */
static size_t hour_of(int64_t taken_us) {
    return (size_t)((taken_us - HOUR_US / 2) / HOUR_US % 24);
}

static bool daily_season(pgs_trender *k) {
    const pgs_frame *f = k->frame;
    bool ok = pgs_season_of(k->series, 0, 24, &k->out->daily);
    if (!ok || f->n_moments < HOUR_MIN)
        return ok;
    int64_t last_us = f->moment[f->n_moments - 1].taken_us;
    int64_t span = (last_us - f->moment[0].taken_us) / HOUR_US;
    size_t n = span < (int64_t)HOURS ? (size_t)span : HOURS - 1;
    double *flow = pgs_alloc(HOURS, sizeof *flow), *room = pgs_alloc(HOURS, sizeof *room);
    ok = flow && room;
    if (ok && (double)hourly_flow(f, flow) >= MOST * (double)n && n >= HOUR_MIN) {
        size_t phase = (hour_of(last_us) + 24 * HOURS - (n - 1)) % 24; /* of the first of n */
        size_t skip = (24 - phase) % 24, from = HOURS - n + skip;
        settle(flow + from, n - skip, room);
        ok = pgs_season_of(flow + from, n - skip, 24, &k->out->daily);
    }
    pgs_free(flow);
    pgs_free(room);
    return ok;
}

bool pgs_trend_total(pgs_trender *k) {
    for (int m = 0; m < PGS_MEASURE_COUNT; m++) {
        k->out->total[m] = NAN;
        k->out->growth[m] = (pgs_growth){NAN, NAN, NAN, 0};
        if (!k->row[m] || k->n_rows == 0)
            continue;
        const pgs_trend_row *last = &k->row[m][k->n_rows - 1];
        k->out->total[m] = last->n_parts > 0 ? last->total : NAN;
        if (!total_growth(k, (pgs_measure)m))
            return false;
    }
    return weekly_season(k) && daily_season(k);
}
