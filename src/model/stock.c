/* One measure of a daily frame as stocks without holes: where nobody looked, or a partition was skipped, the
 * last value stands until the next. What is not seen again before the frame ends is gone. A misread total is
 * as if nobody had looked. Truncations, rewrites and other ways of counting stay in the stocks, because
 * that is what was there, and what past forecasts missed; growth leaves them out. */
#include <math.h>
#include <stdlib.h>

#include "model/forecaster.h"

#define MEMORY_WEEKS 13 /* over which arrivals are averaged */

static pgs_status make_room(const pgs_frame *frame, pgs_stock *out, pgs_err *err) {
    size_t n = frame->n_times;
    *out = (pgs_stock){.n_days = n, .n_parts = frame->n_parts, .stride = frame->stride};
    out->usual_days = 1;
    out->arena = pgs_arena_new();
    if (!out->arena)
        return pgs_no_memory(err);
    out->x = pgs_arena_alloc(out->arena, n * frame->stride, sizeof *out->x);
    out->total = pgs_arena_alloc(out->arena, n, sizeof *out->total);
    out->n_live = pgs_arena_alloc(out->arena, n, sizeof *out->n_live);
    out->moved = pgs_arena_alloc(out->arena, n, sizeof *out->moved);
    out->seen = pgs_arena_alloc(out->arena, n, sizeof *out->seen);
    out->steps = pgs_arena_alloc(out->arena, n, sizeof *out->steps);
    out->quiet = pgs_arena_alloc(out->arena, n, sizeof *out->quiet);
    out->born = pgs_arena_alloc(out->arena, frame->n_parts, sizeof *out->born);
    out->broken = pgs_arena_alloc(out->arena, n, sizeof *out->broken);
    out->joined = pgs_arena_alloc(out->arena, n, sizeof *out->joined);
    out->begun = pgs_arena_alloc(out->arena, n, sizeof *out->begun);
    out->first_break = pgs_arena_alloc(out->arena, frame->n_parts + 2, sizeof *out->first_break);
    bool enough = out->x && out->total && out->n_live && out->moved && out->seen && out->born &&
                  out->joined && out->broken && out->begun && out->first_break && out->quiet &&
                  out->steps;
    return enough ? PGS_OK : pgs_no_memory(err);
}

/* ---- what was there ---- */

/* A misread row is never the last one. */
static void mark_misread(const pgs_clean *clean, pgs_measure measure, bool *misread) {
    for (size_t i = 0; clean && i < clean->n_cleanings; i++)
        if (clean->cleaning[i].kind == PGS_CLEANED_MISREAD && clean->cleaning[i].measure == measure)
            misread[clean->cleaning[i].to] = true;
}

static bool is_seen(const double *row, size_t n) {
    for (size_t p = 0; p < n; p++)
        if (!isnan(row[p]))
            return true;
    return false;
}

static void fill(const pgs_frame *frame, const double *from, const bool *misread, pgs_stock *out) {
    size_t n = out->n_parts;
    for (size_t p = 0; p < n; p++)
        out->born[p] = out->n_days;
    bool any = false;
    for (size_t t = 0; t < out->n_days; t++) {
        const double *row = from + t * frame->stride;
        double *x = out->x + t * out->stride;
        const double *before = t > 0 ? x - out->stride : row;
        bool seen = !misread[t] && is_seen(row, n);
        out->seen[t] = seen ? t : t > 0 ? out->seen[t - 1] : 0;
        out->steps[t] = (t > 0 ? out->steps[t - 1] : 0) + (any && seen);
        any |= seen;
        for (size_t p = 0; p < n; p++) {
            x[p] = isnan(row[p]) || misread[t] ? before[p] : row[p];
            if (!isnan(x[p]) && out->born[p] == out->n_days)
                out->born[p] = t;
        }
    }
}

/* What is not in the last row that somebody looked at left after it was seen last. */
static void bury(const pgs_frame *frame, const double *from, pgs_stock *out) {
    if (out->n_days == 0)
        return;
    size_t last = out->seen[out->n_days - 1];
    for (size_t p = 0; p < out->n_parts; p++) {
        if (!isnan(from[last * frame->stride + p]))
            continue;
        for (size_t t = out->n_days; t-- > 0 && isnan(from[t * frame->stride + p]);)
            out->x[t * out->stride + p] = NAN;
    }
}

/* ---- what was no growth ---- */

static bool is_break(const pgs_cleaning *c, pgs_measure measure) {
    switch (c->kind) {
    case PGS_CLEANED_METHOD:
        return measure == PGS_BY_CHUNKS;
    case PGS_CLEANED_REWRITTEN:
        return c->measure == measure;
    default:
        return c->kind == PGS_CLEANED_RESET || c->kind == PGS_CLEANED_TRUNCATED;
    }
}

/* Where the breaks of each partition begin, at [p + 1]; returns how many there are. */
static size_t count_breaks(const pgs_clean *clean, pgs_measure measure, pgs_stock *out) {
    size_t *first = out->first_break, n = out->n_parts;
    for (size_t i = 0; i < clean->n_cleanings; i++) {
        const pgs_cleaning *c = &clean->cleaning[i];
        bool whole = c->p == PGS_WHOLE_TABLE;
        for (size_t p = whole ? 0 : c->p; is_break(c, measure) && p < (whole ? n : c->p + 1); p++)
            first[p + 2]++;
    }
    for (size_t p = 0; p < n; p++)
        first[p + 2] += first[p + 1];
    return first[n + 1];
}

/* Of two decisions about one row the first has the change. */
static void add_break(pgs_stock *out, size_t p, size_t day, bool anew) {
    const double *x = pgs_stock_row(out, day);
    size_t i = out->first_break[p + 1]++;
    double change = day > 0 ? x[p] - (x - out->stride)[p] : 0;
    bool again = i > out->first_break[p] && out->breaks[i - 1].day == day;
    change = again || isnan(change) ? 0 : change;
    out->breaks[i] = (pgs_stock_break){day, change, anew};
    out->broken[day] += change;
    out->moved[day] -= anew ? 0 : fabs(change); /* nothing came or went */
}

/* Decisions are in the order of days, and so are each partition's breaks. */
static pgs_status set_breaks(const pgs_clean *clean, pgs_measure measure, pgs_stock *out,
                             pgs_err *err) {
    size_t n = count_breaks(clean, measure, out);
    out->breaks = pgs_arena_alloc(out->arena, n, sizeof *out->breaks);
    if (!out->breaks)
        return pgs_no_memory(err);
    for (size_t i = 0; i < clean->n_cleanings; i++) {
        const pgs_cleaning *c = &clean->cleaning[i];
        bool whole = c->p == PGS_WHOLE_TABLE, anew = c->kind != PGS_CLEANED_METHOD;
        if (!is_break(c, measure))
            continue;
        anew &= c->kind != PGS_CLEANED_REWRITTEN;
        for (size_t p = whole ? 0 : c->p; p < (whole ? out->n_parts : c->p + 1); p++)
            add_break(out, p, c->to, anew);
        out->begun[c->to] = c->kind == PGS_CLEANED_RESET ? c->to : out->begun[c->to];
    }
    return PGS_OK;
}

static void add_up(pgs_stock *out) {
    for (size_t t = 0; t < out->n_days; t++) {
        const double *x = pgs_stock_row(out, t), *before = t > 0 ? x - out->stride : x;
        out->moved[t] += t > 0 ? out->moved[t - 1] : 0;
        out->broken[t] += t > 0 ? out->broken[t - 1] : 0;
        out->begun[t] = out->begun[t] > 0 || t == 0 ? out->begun[t] : out->begun[t - 1];
        double joined = 0;
        for (size_t p = 0; p < out->n_parts; p++) {
            joined += isnan(before[p]) && !isnan(x[p]) ? x[p] : 0;
            joined -= isnan(x[p]) && !isnan(before[p]) ? before[p] : 0;
            if (isnan(x[p]))
                continue;
            out->total[t] += x[p];
            out->n_live[t]++;
            if (!isnan(before[p]))
                out->moved[t] += fabs(x[p] - before[p]);
        }
        out->joined[t] = joined + (t > 0 ? out->joined[t - 1] : 0);
        out->broken[t] += joined;
    }
}

/* A silence is as long as somebody has looked and seen no change. */
static void set_quiet(pgs_stock *out) {
    size_t moved = 0, silence = 0, longest = 0;
    for (size_t t = 1; t < out->n_days; t++) {
        if (out->moved[t] > out->moved[t - 1]) {
            longest = silence > longest ? silence : longest;
            moved = t;
            silence = 0;
        } else if (out->seen[t] == t) {
            silence = t - moved;
        }
        out->quiet[t] = silence > longest ? silence - longest : 0;
    }
}

/* What came or went while nobody looked came by equal parts each day. */
static void spread(pgs_stock *out) {
    for (size_t t = 1, looked = 0; t < out->n_days; t++) {
        if (out->seen[t] != t)
            continue;
        double a_day = (out->moved[t] - out->moved[looked]) / (double)(t - looked);
        for (size_t u = looked + 1; u < t; u++)
            out->moved[u] = out->moved[looked] + a_day * (double)(u - looked);
        looked = t;
    }
}

/* ---- how often somebody looked ---- */

static int by_size(const void *a, const void *b) {
    const size_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The lower quartile of the distances of rows in which somebody looked: gaps only make them longer, and
 * where daily looks jitter around midnight, half of them may seem to be two days apart. */
static pgs_status set_usual(pgs_stock *out, pgs_err *err) {
    size_t n = 0, *gap = pgs_alloc(out->n_days, sizeof *gap);
    if (!gap)
        return pgs_no_memory(err);
    for (size_t t = 1; t < out->n_days; t++)
        if (out->seen[t] == t)
            gap[n++] = t - out->seen[t - 1];
    if (n > 0) {
        qsort(gap, n, sizeof *gap, by_size);
        out->usual_days = gap[n / 4];
    }
    pgs_free(gap);
    return PGS_OK;
}

static pgs_status build(const pgs_frame *frame, const pgs_clean *clean, pgs_measure measure,
                        bool *misread, pgs_stock *out, pgs_err *err) {
    const double *from = frame->metric[pgs_measure_metric(measure)];
    pgs_status st = make_room(frame, out, err);
    if (st != PGS_OK)
        return st;
    mark_misread(clean, measure, misread);
    fill(frame, from, misread, out);
    bury(frame, from, out);
    if (clean)
        st = set_breaks(clean, measure, out, err);
    add_up(out);
    set_quiet(out);
    spread(out);
    return st == PGS_OK ? set_usual(out, err) : st;
}

pgs_status pgs_stock_build(const pgs_frame *frame, const pgs_clean *clean, pgs_measure measure,
                           pgs_stock *out, pgs_err *err) {
    *out = (pgs_stock){0};
    bool *misread = pgs_alloc(frame->n_times, sizeof *misread);
    pgs_status st = misread ? build(frame, clean, measure, misread, out, err) : pgs_no_memory(err);
    pgs_free(misread);
    if (st != PGS_OK)
        pgs_stock_reset(out);
    return st;
}

void pgs_stock_reset(pgs_stock *stock) {
    pgs_arena_free(stock->arena);
    *stock = (pgs_stock){0};
}

double pgs_stock_share(const pgs_stock *k, size_t day, size_t p) {
    double x = pgs_stock_row(k, day)[p];
    if (isnan(x))
        return NAN;
    return k->total[day] > 0 ? x / k->total[day] : 1 / k->n_live[day];
}

bool pgs_stock_is_beyond(const pgs_stock *k, size_t day, size_t p, int tenths) {
    double x = pgs_stock_row(k, day)[p], total = k->total[day];
    return total > 0 && fabs(k->n_live[day] * x - total) * 10 >= tenths * total;
}

double pgs_stock_kept(const pgs_stock *k, size_t day, size_t later, const double *value) {
    const double *now = pgs_stock_row(k, day), *then = pgs_stock_row(k, later);
    double sum = 0;
    for (size_t p = 0; p < k->n_parts; p++)
        sum += isnan(now[p]) || isnan(then[p]) ? 0 : value[p];
    return sum;
}

double pgs_stock_growth(const pgs_stock *k, size_t day, size_t p, size_t *from) {
    double x = pgs_stock_row(k, day)[p], no_growth = 0;
    *from = k->born[p] > *from ? k->born[p] : *from;
    for (size_t i = k->first_break[p + 1]; i-- > k->first_break[p] && k->breaks[i].day > *from;) {
        if (k->breaks[i].day > day)
            continue;
        if (k->breaks[i].anew) {
            *from = k->breaks[i].day;
            break;
        }
        no_growth += k->breaks[i].change;
    }
    *from = *from < day ? *from : day;
    return x - pgs_stock_row(k, *from)[p] - no_growth;
}

/* The mean week of the last quarter, and of what is left of a week the same weekdays of it: what
 * comes on a Sunday says little about Mondays. On a day on which all began anew only what was
 * before is known; and of days on which nobody looked, what was seen last. */
double pgs_stock_arrivals(const pgs_stock *k, size_t day, size_t days) {
    while (day > 0 && day == k->begun[day])
        day--;
    day = k->seen[day];
    size_t begun = k->begun[day], weeks = (day - begun) / 7;
    size_t n = weeks < MEMORY_WEEKS ? weeks : MEMORY_WEEKS, rest = days % 7;
    double moved = 0;
    if (n > 0)
        moved = (k->moved[day] - k->moved[day - 7 * n]) * (double)(days / 7);
    else if (day > begun)
        moved = (k->moved[day] - k->moved[begun]) / (double)(day - begun) * (double)days;
    for (size_t i = 1; rest > 0 && i <= n; i++)
        moved += k->moved[day - 7 * i + rest] - k->moved[day - 7 * i];
    moved /= n > 0 ? (double)n : 1;
    return moved > 1 ? moved : 1;
}

size_t pgs_stock_origins(const pgs_stock *k, size_t origin, size_t days, size_t every, size_t max,
                         size_t *out) {
    size_t least = origin / 2 < PGS_ENOUGH_STEPS ? origin / 2 : PGS_ENOUGH_STEPS, n = 0;
    for (size_t back = days; n < max && back <= origin && origin - back >= least; back += every) {
        size_t day = k->seen[origin - back];
        if (day < least || (n > 0 && day == out[n - 1]))
            continue;
        if (pgs_stock_is_known(k, day + days))
            out[n++] = day;
    }
    return n;
}
