/* One horizon from one origin: shares and total, intervals from past misses, chances. */
#include <math.h>

#include "model/forecaster.h"

/* Steps of the usual distance, up to the origin: a hole is one, however long. */
static size_t n_steps(const pgs_stock *k, size_t origin) {
    size_t most = origin / k->usual_days, steps = k->steps[origin];
    return steps < most ? steps : most;
}

static pgs_status make_room(const pgs_stock *k, bool chances, pgs_outlook *out, pgs_err *err) {
    size_t n = k->n_parts;
    out->arena = pgs_arena_new();
    if (!out->arena)
        return pgs_no_memory(err);
    double *room = pgs_arena_alloc(out->arena, n * (2 + 2 * PGS_TAILS + PGS_LEVELS), sizeof *room);
    if (!room)
        return pgs_no_memory(err);
    out->share = room;
    out->count = room + n;
    for (size_t i = 0; i < PGS_TAILS; i++) {
        out->low[i] = room + (2 + 2 * i) * n;
        out->high[i] = room + (3 + 2 * i) * n;
    }
    out->p = chances ? room + (2 + 2 * PGS_TAILS) * n : NULL;
    return PGS_OK;
}

static double whole(double x) {
    return x > 0 ? floor(x + 0.5) : 0;
}

/* Intervals have whole ends, and hold what is expected. */
static double low_end(double x, double expected) {
    double end = whole(x), least = floor(expected);
    return end < least ? end : least;
}

static double high_end(double x, double expected) {
    double end = whole(x), most = ceil(expected);
    return end > most ? end : most;
}

/* Intervals of tail i, about what is foretold; `least` and `most` are how much that may be. */
static void set_tail(const pgs_stock *k, size_t origin, const pgs_misses *misses, size_t i,
                     double least, double most, pgs_outlook *out) {
    double arrivals = pgs_stock_arrivals(k, origin, out->days);
    for (size_t p = 0; p < k->n_parts; p++) {
        double share = out->share[p], count = out->count[p];
        bool there = !isnan(share);
        double sd = there ? pgs_scale_count(k, origin, p, arrivals) : NAN;
        out->low[i][p] = there ? low_end(share * least + misses->low[i] * sd, count) : NAN;
        out->high[i][p] = there ? high_end(share * most + misses->high[i] * sd, count) : NAN;
    }
    out->total_low[i] = low_end(least + misses->total_low[i] * arrivals, out->total);
    out->total_high[i] = high_end(most + misses->total_high[i] * arrivals, out->total);
}

static void set_counts(const pgs_stock *k, size_t origin, const pgs_misses *misses,
                       pgs_total_rule growth, pgs_outlook *out) {
    for (size_t p = 0; p < k->n_parts; p++)
        out->count[p] = out->share[p] * out->total;
    for (size_t i = 0; i < PGS_TAILS; i++) {
        double least, most;
        pgs_total_bound(k, origin, out->days, growth, PGS_ONE_IN[i], &least, &most);
        set_tail(k, origin, misses, i, least, most, out);
    }
}

static pgs_status foretell(const pgs_stock *k, size_t origin, double *room, pgs_outlook *out,
                           pgs_err *err) {
    pgs_misses misses = {0};
    size_t days = out->days;
    pgs_share_rule rule = pgs_share_choose(k, origin, days, room);
    pgs_total_rule growth = pgs_total_choose(k, origin, days);
    pgs_share_foretell(k, origin, days, rule, out->share);
    out->total = pgs_total_foretell(k, origin, days, growth);
    pgs_status st = pgs_misses_measure(k, origin, days, rule, growth, out->p != NULL, &misses, err);
    out->known = misses.n_origins >= PGS_ENOUGH_OUTCOMES;
    if (st == PGS_OK)
        set_counts(k, origin, &misses, growth, out);
    if (st == PGS_OK && out->p)
        st = pgs_chance_foretell(k, origin, days, rule, &misses, out->share, out->p, err);
    pgs_misses_reset(&misses);
    return st;
}

pgs_status pgs_outlook_make(const pgs_stock *k, size_t origin, size_t days, bool chances,
                            pgs_outlook *out, pgs_err *err) {
    *out = (pgs_outlook){.days = days};
    if (k->n_days == 0 || n_steps(k, origin) < PGS_ENOUGH_STEPS || days < k->usual_days)
        return PGS_OK;
    double *room = pgs_alloc(k->n_parts, sizeof *room);
    pgs_status st = room ? make_room(k, chances, out, err) : pgs_no_memory(err);
    if (st == PGS_OK)
        st = foretell(k, origin, room, out, err);
    pgs_free(room);
    if (st != PGS_OK || !out->known)
        pgs_outlook_reset(out);
    return st;
}

void pgs_outlook_reset(pgs_outlook *outlook) {
    pgs_arena_free(outlook->arena);
    *outlook = (pgs_outlook){0};
}
