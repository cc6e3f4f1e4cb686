/* The work of a scan: what is known before the values are read, partition groups of either measure
 * over threads, and putting the parts together in an order that does not depend on who computed
 * them. */
#include "pgskew/analyze.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/base.h"
#include "pipeline/scan.h"
#include "stats/stats.h"

#define DAY_US 86400e6

/* Everything that one call of pgs_scan_run() needs; freed as one. */
typedef struct scanning {
    const pgs_series *series;
    const pgs_scan_options *options;
    pgs_scan_plan plan;
    pgs_scan_day *day;
    size_t n_moments, n_groups, n_threads;
    double step_us;
    bool keep_moments;
    double *squares;       /* [n_groups][n_moments] */
    pgs_scan_lines *lines; /* [n_lanes] */
    struct thread {
        struct scanning *all;
        pgs_scan_worker worker;
        pthread_t id;
        size_t number;
        pgs_status status;
        pgs_err err;
        size_t failed_part;
        bool started;
    } * thread;
    pgs_arena *arena;
} scanning;

/* ---- before ---- */

/* The largest step that all times are whole multiples of: x is then a small whole number. */
static double step_of(const pgs_series *series, size_t first, size_t end) {
    int64_t step = 0;
    for (size_t t = first + 1; t < end; t++) {
        int64_t a = series->moment[t].taken_us - series->moment[t - 1].taken_us;
        while (a != 0) {
            int64_t rest = step % a;
            step = a;
            a = rest;
        }
    }
    return step > 0 ? (double)step : 1;
}

static void set_bounds(const pgs_moment *moment, pgs_measure k, pgs_row_bounds *out) {
    static const int TENTHS[2] = {3, 5};
    for (int i = 0; i < 2; i++) {
        out->middle[i] = 0;
        out->reach[i] = INFINITY;
        if (moment->n_seen[k] == 0 || moment->total[k] <= 0)
            continue;
        int64_t low, high;
        pgs_skew_limits(moment->n_seen[k], moment->total[k], TENTHS[i], &low, &high);
        out->middle[i] = ((double)low + (double)high) / 2;
        out->reach[i] = ((double)high - (double)low) / 2;
    }
}

static void set_day(const scanning *s, size_t t, pgs_scan_day *out) {
    const pgs_moment *moment = &s->series->moment[t];
    int64_t total = moment->total[PGS_BY_CHUNKS];
    size_t seen = moment->n_seen[PGS_BY_CHUNKS];
    out->x = (double)(moment->taken_us - s->series->moment[s->plan.first].taken_us) / s->step_us;
    out->weight = total > 0 ? 1 / (double)total : 0;
    out->about = seen > 0 ? (double)(total / (int64_t)seen) : 0;
    for (pgs_measure k = 0; k < PGS_MEASURE_COUNT; k++)
        set_bounds(moment, k, &out->bounds[k]);
}

static pgs_status make_room(scanning *s, pgs_err *err) {
    size_t n = s->n_moments, n_lanes = s->series->n_lanes;
    s->arena = pgs_arena_new();
    if (!s->arena)
        return pgs_no_memory(err);
    s->day = pgs_arena_alloc(s->arena, n, sizeof *s->day);
    s->squares = pgs_arena_alloc(s->arena, n * s->n_groups, sizeof *s->squares);
    s->lines = pgs_arena_alloc(s->arena, n_lanes, sizeof *s->lines);
    s->thread = pgs_arena_alloc(s->arena, s->n_threads, sizeof *s->thread);
    if (!s->day || !s->squares || !s->lines || !s->thread)
        return pgs_no_memory(err);
    for (size_t i = 0; i < s->n_threads; i++) {
        struct thread *thread = &s->thread[i];
        pgs_scan_worker *w = &thread->worker;
        *thread = (struct thread){.all = s, .number = i, .worker = {.plan = &s->plan, .reader = i}};
        w->room = pgs_arena_alloc(s->arena, 1, pgs_scan_room_bytes());
        for (int k = 0; k < PGS_MEASURE_COUNT; k++)
            w->sums[k] = pgs_arena_alloc(s->arena, n, sizeof *w->sums[k]);
        if (!w->room || !w->sums[0] || !w->sums[1])
            return pgs_no_memory(err);
    }
    return PGS_OK;
}

static pgs_status prepare(scanning *s, pgs_err *err) {
    pgs_status st = make_room(s, err);
    if (st != PGS_OK)
        return st;
    s->step_us = step_of(s->series, s->plan.first, s->plan.end);
    for (size_t t = 0; t < s->n_moments; t++)
        set_day(s, s->plan.first + t, &s->day[t]);
    for (size_t i = 0; i < s->series->n_lanes; i++)
        s->lines[i] = (pgs_scan_lines){.first = NAN, .last = NAN, .min = NAN, .max = NAN};
    s->plan.day = s->day;
    return PGS_OK;
}

/* ---- the pass ---- */

/* Part i is group i by chunks, or behind those, by size. */
static size_t count_parts(const scanning *s) {
    return PGS_MEASURE_COUNT * s->n_groups;
}

static pgs_status scan_part(struct thread *thread, size_t part, pgs_err *err) {
    scanning *s = thread->all;
    size_t group = part % s->n_groups, lane = group * PGS_TILE_LANES;
    size_t n = s->series->n_lanes - lane;
    if (n > PGS_TILE_LANES)
        n = PGS_TILE_LANES;
    if (part >= s->n_groups)
        return pgs_scan_group(&thread->worker, PGS_BY_SIZE, group, n, NULL, NULL, err);
    return pgs_scan_group(&thread->worker, PGS_BY_CHUNKS, group, n,
                          s->squares + group * s->n_moments, s->lines + lane, err);
}

/* Every n-th part, so that each thread finds the failure of its lowest one. */
static void *run(void *context) {
    struct thread *thread = context;
    const scanning *s = thread->all;
    for (size_t i = thread->number; i < count_parts(s) && thread->status == PGS_OK;
         i += s->n_threads) {
        thread->status = scan_part(thread, i, &thread->err);
        thread->failed_part = i;
        if (thread->number == 0 && s->options->step)
            s->options->step(s->options->context, i + 1, count_parts(s));
    }
    return NULL;
}

/* The calling thread is the first; one that cannot be started is run here afterwards. */
static pgs_status run_all(scanning *s, pgs_err *err) {
    size_t lowest = SIZE_MAX;
    pgs_status st = PGS_OK;
    for (size_t i = 1; i < s->n_threads; i++)
        s->thread[i].started = pthread_create(&s->thread[i].id, NULL, run, &s->thread[i]) == 0;
    run(&s->thread[0]);
    for (size_t i = 1; i < s->n_threads; i++) {
        if (s->thread[i].started)
            pthread_join(s->thread[i].id, NULL);
        else
            run(&s->thread[i]);
    }
    for (size_t i = 0; i < s->n_threads; i++) {
        const struct thread *thread = &s->thread[i];
        if (thread->status == PGS_OK || thread->failed_part >= lowest)
            continue;
        lowest = thread->failed_part;
        st = thread->status;
        if (err)
            *err = thread->err;
    }
    return st;
}

/* ---- after ---- */

/* The total is -1, which none is, where it is beyond 2^63. */
static pgs_scan_sums sums_of(const scanning *s, pgs_measure k, size_t t) {
    pgs_scan_sums all = {.min = INFINITY, .max = -INFINITY};
    for (size_t i = 0; i < s->n_threads; i++) {
        const pgs_scan_sums *part = &s->thread[i].worker.sums[k][t];
        if (part->n_seen == 0)
            continue;
        if (all.total < 0 || __builtin_add_overflow(all.total, part->total, &all.total))
            all.total = -1;
        all.min = part->min < all.min ? part->min : all.min;
        all.max = part->max > all.max ? part->max : all.max;
        all.n_seen += part->n_seen;
        all.beyond[0] += part->beyond[0];
        all.beyond[1] += part->beyond[1];
    }
    return all;
}

static double skew_of(double x, size_t n_seen, int64_t total) {
    __int128 off = (__int128)(int64_t)x * (__int128)n_seen - total;
    return (double)(off < 0 ? -off : off) / (double)total;
}

static void finish_measure(const pgs_scan_sums *sums, pgs_scan_measure *out) {
    *out = (pgs_scan_measure){.n_seen = sums->n_seen, .total = sums->total};
    out->mean = out->stddev = out->cv = out->min = out->max = out->max_skew = NAN;
    out->n_unbalanced = sums->beyond[1];
    out->n_warning = sums->beyond[0] - sums->beyond[1];
    if (sums->n_seen == 0)
        return;
    out->mean = (double)sums->total / (double)sums->n_seen;
    out->min = sums->min;
    out->max = sums->max;
    out->max_skew = sums->total == 0 ? 0
                                     : pgs_larger(skew_of(sums->min, sums->n_seen, sums->total),
                                                  skew_of(sums->max, sums->n_seen, sums->total));
}

/* From squares about a whole number near the mean: exact integers up to the last division wherever
 * they fit a double. Groups are added in their order. */
static void finish_stddev(const scanning *s, size_t t, pgs_scan_measure *out) {
    if (out->n_seen < 2)
        return;
    double squares = 0, n = (double)out->n_seen;
    for (size_t g = 0; g < s->n_groups; g++)
        squares += s->squares[g * s->n_moments + t];
    double rest = (double)(out->total - (int64_t)s->day[t].about * (int64_t)out->n_seen);
    double about_mean = squares - rest * rest / n;
    out->stddev = sqrt(about_mean > 0 ? about_mean / (n - 1) : 0);
    out->cv = out->mean > 0 ? out->stddev / out->mean : NAN;
}

static pgs_status disagree(const pgs_moment *moment, pgs_measure k, int64_t sum, pgs_err *err) {
    char text[PGS_TIME_TEXT_MAX];
    const char *at = pgs_time_format(moment->taken_us, text);
    const char *key = pgs_metric_get(pgs_measure_metric(k))->key;
    long long kept = moment->total[k];
    pgs_status st =
        sum < 0 ? pgs_fail(err, PGS_E_DATA, "at %s the tiles of %s add up to over 2^63", at, key)
                : pgs_fail(err, PGS_E_DATA, "at %s the tiles of %s add up to %lld, not to %lld", at,
                           key, (long long)sum, kept);
    pgs_hint(err, "pgskew verify tells what else is wrong with the history");
    return st;
}

static pgs_status finish_moment(const scanning *s, size_t t, pgs_scan_moment *out, pgs_err *err) {
    const pgs_moment *moment = &s->series->moment[s->plan.first + t];
    out->taken_us = moment->taken_us;
    out->n_parts = moment->n_parts;
    for (pgs_measure k = 0; k < PGS_MEASURE_COUNT; k++) {
        pgs_scan_sums sums = sums_of(s, k, t);
        if (sums.total != moment->total[k] || sums.n_seen != moment->n_seen[k])
            return disagree(moment, k, sums.total, err);
        finish_measure(&sums, &out->by[k]);
    }
    finish_stddev(s, t, &out->by[PGS_BY_CHUNKS]);
    return PGS_OK;
}

static pgs_scan_line finish_line(const scanning *s, const pgs_line *line) {
    return (pgs_scan_line){.slope_per_day = pgs_line_slope(line) * (DAY_US / s->step_us),
                           .r2 = pgs_line_r2(line)};
}

static void finish_lanes(const scanning *s, pgs_scan *out) {
    for (size_t i = 0; i < out->n_lanes; i++) {
        const pgs_scan_lines *from = &s->lines[i];
        out->lane[i] = (pgs_scan_lane){
            .num = s->series->lane[i].num,
            .name = s->series->lane[i].name,
            .n_seen = (size_t)from->count.n,
            .first = from->first,
            .last = from->last,
            .min = from->min,
            .max = from->max,
            .count = finish_line(s, &from->count),
            .share = finish_line(s, &from->share),
        };
    }
}

static void add_moment(const pgs_scan_moment *moment, bool first, pgs_scan_total *out) {
    for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
        const pgs_scan_measure *m = &moment->by[k];
        out->n_values += m->n_seen;
        out->n_warning[k] += m->n_warning;
        out->n_unbalanced[k] += m->n_unbalanced;
        out->max_skew[k] = pgs_larger(m->max_skew, out->max_skew[k]);
        if (first || m->total < out->min_total[k])
            out->min_total[k] = m->total;
        if (first || m->total > out->max_total[k])
            out->max_total[k] = m->total;
    }
    out->max_stddev = pgs_larger(moment->by[PGS_BY_CHUNKS].stddev, out->max_stddev);
}

static pgs_status finish_moments(const scanning *s, pgs_scan *out, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t t = 0; st == PGS_OK && t < s->n_moments; t++) {
        pgs_scan_moment one, *moment = out->moment ? &out->moment[t] : &one;
        st = finish_moment(s, t, moment, err);
        if (st == PGS_OK)
            add_moment(moment, t == 0, &out->total);
    }
    return st;
}

static void finish_total(const scanning *s, pgs_scan *out) {
    const pgs_moment *moment = s->series->moment;
    pgs_scan_total *total = &out->total;
    total->n_moments = out->n_moments;
    total->n_lanes = out->n_lanes;
    total->first_us = total->last_us = PGS_TIME_NONE;
    if (out->n_moments > 0) {
        total->first_us = moment[s->plan.first].taken_us;
        total->last_us = moment[s->plan.end - 1].taken_us;
    }
    for (size_t i = 0; i < out->n_lanes; i++) {
        const pgs_scan_lane *lane = &out->lane[i];
        if (!isnan(lane->count.slope_per_day))
            total->sum_of_slopes += lane->count.slope_per_day;
        total->n_growing += lane->count.slope_per_day > 0;
        total->n_shrinking += lane->count.slope_per_day < 0;
        total->max_count_r2 = pgs_larger(lane->count.r2, total->max_count_r2);
        total->max_share_r2 = pgs_larger(lane->share.r2, total->max_share_r2);
    }
}

static pgs_status finish(const scanning *s, pgs_scan *out, pgs_err *err) {
    out->arena = pgs_arena_new();
    if (!out->arena)
        return pgs_no_memory(err);
    out->table = s->series->head.table_name;
    out->n_moments = s->n_moments;
    out->n_lanes = s->series->n_lanes;
    if (s->keep_moments)
        out->moment = pgs_arena_alloc(out->arena, out->n_moments, sizeof *out->moment);
    out->lane = pgs_arena_alloc(out->arena, out->n_lanes, sizeof *out->lane);
    if ((s->keep_moments && !out->moment) || !out->lane)
        return pgs_no_memory(err);
    pgs_status st = finish_moments(s, out, err);
    if (st == PGS_OK) {
        finish_lanes(s, out);
        finish_total(s, out);
    }
    return st;
}

pgs_status pgs_scan_run(const pgs_series *series, const pgs_tile_source *source,
                        const pgs_scan_options *options, pgs_scan *out, pgs_err *err) {
    scanning s = {
        .series = series,
        .options = options,
        .n_moments = options->end - options->first,
        .n_groups = (series->n_lanes + PGS_TILE_LANES - 1) / PGS_TILE_LANES,
        .keep_moments = options->moments,
        .plan = {.source = source,
                 .kernels = pgs_kernels_get(),
                 .first = options->first,
                 .end = options->end,
                 .extremes = options->extremes},
    };
    s.n_threads = options->n_threads > 0 && options->n_threads < source->n_readers
                      ? options->n_threads
                      : source->n_readers;
    if (s.n_threads > s.n_groups) /* half a group is done before another core has woken up */
        s.n_threads = s.n_groups > 0 ? s.n_groups : 1;
    pgs_status st = prepare(&s, err);
    if (st == PGS_OK)
        st = run_all(&s, err);
    if (st == PGS_OK)
        st = finish(&s, out, err);
    if (st != PGS_OK)
        pgs_scan_reset(out);
    pgs_arena_free(s.arena);
    return st;
}
