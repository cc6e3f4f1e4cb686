/* One partition: how it grows, whether its skew drifts.
 *
 * The level of a skew wanders like any sum of steps, so a line through it "finds" a trend in noise. The
 * question that has an answer is whether the mean step differs from 0, by the steps' long-run variance. */
#include <math.h>

#include "model/trender.h"

/* ---- growth ---- */

static bool fill_growth(pgs_trender *k, pgs_measure m, pgs_trend_partition *out) {
    const pgs_frame *f = k->frame;
    size_t n = 0, n_steps = 0;
    pgs_mean mean;
    for (size_t i = 1; i < k->n_rows; i++) {
        size_t t = k->row[m][i].t;
        double flow = k->clean->flow[m][t * f->stride + out->p];
        if (isnan(flow) || t <= k->clean->start[m][out->p])
            continue;
        for (size_t days = t - k->row[m][i - 1].t; days > 0; days--)
            k->series[n++] = flow;
        n_steps++;
    }
    if (!pgs_mean_of(&k->of_growth, k->series, n, n_steps, &mean))
        return false;
    bool enough = n_steps >= PGS_TREND_MIN_STEPS;
    out->growth[m] = (pgs_growth){.per_day = mean.value,
                                  .low95 = enough ? mean.low95 : NAN,
                                  .high95 = enough ? mean.high95 : NAN,
                                  .n_days = n};
    if (m == PGS_BY_CHUNKS)
        out->sufficient = enough;
    return true;
}

/* ---- skew ---- */

static double skew_at(const pgs_trender *k, pgs_measure m, size_t i, size_t p) {
    const pgs_trend_row *row = &k->row[m][i];
    double stock = k->clean->stock[m][row->t * k->frame->stride + p];
    if (isnan(stock) || row->total == 0)
        return isnan(stock) ? NAN : 0;
    return (double)row->n_parts * stock / row->total - 1;
}

static bool fill_drift(pgs_trender *k, pgs_measure m, pgs_trend_partition *out) {
    size_t n = 0, n_steps = 0, start = k->clean->start[m][out->p];
    pgs_mean mean;
    for (size_t i = 1; i < k->n_rows; i++) {
        const pgs_trend_row *row = &k->row[m][i];
        if (!row->comparable || row[-1].t < start ||
            isnan(k->clean->flow[m][row->t * k->frame->stride + out->p]))
            continue;
        double step = skew_at(k, m, i, out->p) - skew_at(k, m, i - 1, out->p);
        size_t days = row->t - row[-1].t;
        if (isnan(step))
            continue;
        for (size_t day = 0; day < days; day++)
            k->series[n++] = step / (double)days;
        n_steps++;
    }
    if (!pgs_mean_of(&k->of_drift, k->series, n, n_steps, &mean))
        return false;
    bool enough = n_steps >= PGS_TREND_MIN_STEPS;
    out->drift[m] = (pgs_drift){.per_day = mean.value,
                                .low95 = enough ? mean.low95 : NAN,
                                .high95 = enough ? mean.high95 : NAN,
                                .p = enough ? mean.p : NAN,
                                .p_adjusted = NAN};
    return true;
}

bool pgs_trend_partition_fill(pgs_trender *k, pgs_trend_partition *out) {
    const pgs_frame *f = k->frame;
    out->num = f->part_num[out->p];
    out->name = f->part[out->p];
    for (int m = 0; m < PGS_MEASURE_COUNT; m++) {
        out->stock[m] = out->signed_skew[m] = NAN;
        out->growth[m] = (pgs_growth){NAN, NAN, NAN, 0};
        out->drift[m] = (pgs_drift){NAN, NAN, NAN, NAN, NAN, false};
        if (!k->row[m] || k->n_rows == 0)
            continue;
        out->stock[m] = k->clean->stock[m][(f->n_times - 1) * f->stride + out->p];
        out->signed_skew[m] = skew_at(k, (pgs_measure)m, k->n_rows - 1, out->p);
        if (!fill_growth(k, (pgs_measure)m, out) || !fill_drift(k, (pgs_measure)m, out))
            return false;
    }
    return true;
}

/* ---- to look at ---- */

/* Days in which nobody looked, or it was not there, are gaps. */
bool pgs_trend_partition_draw(pgs_trender *k, pgs_trend_partition *out) {
    const size_t start = k->clean->start[PGS_BY_CHUNKS][out->p], n = k->frame->n_times - k->first;
    pgs_buf drawing = {0};
    size_t n_seen = 0;
    for (size_t day = 0; day < n; day++)
        k->series[day] = NAN;
    for (size_t i = 0; k->row[PGS_BY_CHUNKS] && i < k->n_rows; i++) {
        size_t t = k->row[PGS_BY_CHUNKS][i].t;
        if (t >= start)
            k->series[t - k->first] = skew_at(k, PGS_BY_CHUNKS, i, out->p);
        n_seen += t >= start && !isnan(k->series[t - k->first]);
    }
    if (n_seen == 0)
        return true;
    pgs_spark(&drawing, k->series, n, PGS_TREND_COURSE);
    out->course = pgs_arena_text(k->out->arena, pgs_buf_view(&drawing));
    bool good = out->course && !drawing.failed;
    pgs_buf_reset(&drawing);
    return good;
}

/* ---- robust slopes ---- */

/* Rows or skews since the partition's beginning into k->times and k->series. */
static size_t levels(pgs_trender *k, size_t p, bool skews) {
    size_t n = 0, start = k->clean->start[PGS_BY_CHUNKS][p];
    for (size_t i = 0; i < k->n_rows; i++) {
        size_t t = k->row[PGS_BY_CHUNKS][i].t;
        double level = skews ? skew_at(k, PGS_BY_CHUNKS, i, p)
                             : k->clean->stock[PGS_BY_CHUNKS][t * k->frame->stride + p];
        if (t < start || isnan(level))
            continue;
        k->times[n] = (double)(t - k->first);
        k->series[n++] = level;
    }
    return n;
}

/* The slope of what levels() left; days that follow each other need no times. */
static bool slope_of(const pgs_trender *k, size_t n, pgs_slope *out) {
    bool even = n > 0 && k->times[n - 1] - k->times[0] == (double)(n - 1);
    return pgs_slope_of(even ? NULL : k->times, k->series, n, out);
}

bool pgs_trend_partition_robust(pgs_trender *k, pgs_trend_partition *out) {
    pgs_slope rows, skew;
    out->robust = (pgs_robust){true, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (!k->row[PGS_BY_CHUNKS] || !out->sufficient)
        return true;
    size_t n = levels(k, out->p, false);
    if (!slope_of(k, n, &rows))
        return false;
    n = levels(k, out->p, true);
    if (!slope_of(k, n, &skew))
        return false;
    out->robust = (pgs_robust){true,       rows.value, rows.low95,  rows.high95,
                               skew.value, skew.low95, skew.high95, skew.p_dependent};
    return true;
}
