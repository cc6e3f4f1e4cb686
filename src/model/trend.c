/* Trends of all partitions: each by itself first, then against each other (many tests at once), then where
 * the present course leads.
 *
 * A partition's chunk skew is at or beyond a threshold when P c - rho T is at or beyond 0, rho one plus or
 * minus the threshold. That margin grows by a constant amount a day where counts do, so the day of the
 * crossing is exact; a line through the skew itself would be wrong, because skews level off. */
#include "pgskew/trend.h"

#include <math.h>
#include <stdlib.h>

#include "model/trender.h"
#include "pgskew/result.h"

#define A_ROW      0.5 /* of a total: less is nothing */
#define OWN_DAYS   14  /* from so many days on a partition's growth is its own ... */
#define OWN_WEIGHT 7.0 /* ... before, n days weigh n/(n + 7) against the mean of the others */

static const double THRESHOLD[PGS_THRESHOLD_COUNT] = {
    PGS_SKEW_WARNING_THRESHOLD, PGS_REBALANCE_THRESHOLD, PGS_SKEW_CRITICAL_THRESHOLD};

/* ---- many tests at once ---- */

static bool adjust(pgs_trend *out, pgs_measure m) {
    size_t n = out->n_partitions;
    double *p = pgs_alloc(n, sizeof *p), *adjusted = pgs_alloc(n, sizeof *adjusted);
    bool ok = p && adjusted;
    for (size_t i = 0; ok && i < n; i++) {
        p[i] = out->partition[i].drift[m].p;
        out->n_tested[m] += isnan(p[i]) ? 0 : 1;
    }
    ok = ok && pgs_adjust(p, n, adjusted);
    for (size_t i = 0; ok && i < n; i++) {
        pgs_drift *drift = &out->partition[i].drift[m];
        drift->p_adjusted = adjusted[i];
        drift->found = adjusted[i] <= PGS_TREND_FDR;
        out->n_drifting[m] += drift->found;
    }
    pgs_free(p);
    pgs_free(adjusted);
    return ok;
}

/* ---- where it leads ---- */

/* From `at` days on, until the next leg: one partition more is empty, and stays so. */
typedef struct leg {
    double at, total, flow;
} leg;

/* The whole table, if all goes on as it does. */
typedef struct course {
    double n_parts;
    double others;  /* mean flow of partitions that are old enough; NaN: none is */
    double growing; /* flow of those that grow */
    size_t n_legs;
    leg *leg;   /* [n_legs] */
    double end; /* when nothing is left; INFINITY: never */
} course;

/* What a partition adds in a day: a young one is half believed. */
static double flow_of(const pgs_trend_partition *part, double others) {
    const pgs_growth *g = &part->growth[PGS_BY_CHUNKS];
    if (g->n_days >= OWN_DAYS || isnan(others))
        return isnan(g->per_day) ? 0 : g->per_day;
    double weight = (double)g->n_days / ((double)g->n_days + OWN_WEIGHT);
    return (g->n_days > 0 ? weight * g->per_day : 0) + (1 - weight) * others;
}

static double mean_flow_of_the_old(const pgs_trend *out) {
    double sum = 0;
    size_t n_old = 0;
    for (size_t i = 0; i < out->n_partitions; i++) {
        const pgs_growth *g = &out->partition[i].growth[PGS_BY_CHUNKS];
        n_old += g->n_days >= OWN_DAYS;
        sum += g->n_days >= OWN_DAYS ? g->per_day : 0;
    }
    return n_old > 0 ? sum / (double)n_old : NAN;
}

static int by_time(const void *a, const void *b) {
    const leg *x = a, *y = b;
    int order = (x->at > y->at) - (x->at < y->at);
    return order != 0 ? order : (x->flow > y->flow) - (x->flow < y->flow);
}

/* Each leg that empties a partition takes its flow out of the total's. */
static void join_legs(course *c) {
    qsort(c->leg + 1, c->n_legs - 1, sizeof *c->leg, by_time);
    c->end = INFINITY;
    for (size_t i = 1; i < c->n_legs; i++) {
        leg *now = &c->leg[i], *before = now - 1;
        now->total = before->total + (now->at - before->at) * before->flow;
        now->flow = before->flow - now->flow;
    }
    if ((double)(c->n_legs - 1) < c->n_parts)
        return;
    c->end = c->leg[--c->n_legs].at; /* the last one is empty then */
}

static bool make_course(const pgs_trend *out, course *c) {
    *c = (course){.others = mean_flow_of_the_old(out), .n_legs = 1};
    c->leg = pgs_alloc(out->n_partitions + 1, sizeof *c->leg);
    for (size_t i = 0; c->leg && i < out->n_partitions; i++) {
        const pgs_trend_partition *part = &out->partition[i];
        double stock = part->stock[PGS_BY_CHUNKS], flow = flow_of(part, c->others);
        if (isnan(stock))
            continue;
        c->n_parts++;
        c->leg[0].total += stock;
        c->leg[0].flow += flow;
        c->growing += flow > 0 ? flow : 0;
        if (flow < 0)
            c->leg[c->n_legs++] = (leg){.at = -stock / flow, .flow = flow};
    }
    if (c->leg)
        join_legs(c);
    return c->leg != NULL;
}

/* Days until `sign` times (P c - rho T) is not negative; c is `stock` and gains `flow` a day. */
static double days_until(const course *c, double stock, double flow, double rho, double sign) {
    for (size_t i = 0; i < c->n_legs && c->leg[i].total >= A_ROW; i++) {
        const leg *l = &c->leg[i];
        double end = i + 1 < c->n_legs ? l[1].at : c->end;
        double own = stock + flow * l->at;
        double margin = sign * (c->n_parts * own - rho * l->total);
        double gain = sign * (c->n_parts * flow - rho * l->flow);
        if (margin >= 0)
            return l->at;
        double days = gain > 0 ? -margin / gain : INFINITY;
        if (l->at + days <= end && l->total + days * l->flow >= A_ROW)
            return l->at + days;
        if (own <= 0 &&
            i > 0) /* empty: it is beyond every threshold below, and comes to none above */
            return NAN;
    }
    return NAN;
}

static double days_to(const course *c, double stock, double flow, double threshold) {
    double over = days_until(c, stock, flow, 1 + threshold, 1);
    double under = days_until(c, stock, flow, 1 - threshold, -1);
    return isnan(over) || under < over ? under : over;
}

static void lead(const course *c, pgs_trend_partition *part) {
    double stock = part->stock[PGS_BY_CHUNKS], flow = flow_of(part, c->others);
    bool known = part->sufficient && !isnan(stock) && c->leg[0].total > 0;
    double lasting = flow > 0 ? flow : 0;
    part->limit_skew = known && c->growing > 0 ? c->n_parts * lasting / c->growing - 1 : NAN;
    part->next = PGS_THRESHOLD_COUNT;
    part->next_days = NAN;
    for (int i = PGS_THRESHOLD_COUNT - 1; i >= 0; i--) {
        part->days_to[i] = known ? days_to(c, stock, flow, THRESHOLD[i]) : NAN;
        if (part->days_to[i] != 0) {
            part->next = (pgs_threshold)i;
            part->next_days = part->days_to[i];
        }
    }
}

/* ---- order ---- */

static int falling(double x, double y) {
    return (x < y) - (x > y);
}

static int by_urgency(const void *a, const void *b) {
    const pgs_trend_partition *x = a, *y = b;
    bool known[2] = {!isnan(x->next_days), !isnan(y->next_days)};
    double skew[2] = {fabs(x->signed_skew[PGS_BY_CHUNKS]), fabs(y->signed_skew[PGS_BY_CHUNKS])};
    int order = known[1] - known[0];
    if (order == 0 && known[0])
        order = falling(y->next_days, x->next_days);
    if (order == 0)
        order = falling(isnan(skew[0]) ? -1 : skew[0], isnan(skew[1]) ? -1 : skew[1]);
    if (order == 0)
        order = (x->num > y->num) - (x->num < y->num);
    return order != 0 ? order : (x->p > y->p) - (x->p < y->p);
}

static pgs_health_status status_of(const pgs_snapshot *now, int64_t num) {
    size_t p = now ? pgs_snapshot_find(now, num) : SIZE_MAX;
    return p != SIZE_MAX ? now->health[p] : PGS_UNMEASURED;
}

/* ---- all of it ---- */

static pgs_status fill_partitions(pgs_trender *k, const pgs_snapshot *now, pgs_err *err) {
    pgs_trend *out = k->out;
    out->partition = pgs_arena_alloc(out->arena, k->frame->n_parts, sizeof *out->partition);
    if (!out->partition)
        return pgs_no_memory(err);
    for (size_t p = 0; p < k->frame->n_parts; p++) {
        if (!k->frame->there[p])
            continue;
        pgs_trend_partition *part = &out->partition[out->n_partitions++];
        part->p = p;
        if (!pgs_trend_partition_fill(k, part))
            return pgs_no_memory(err);
        part->status = status_of(now, part->num);
    }
    return adjust(out, PGS_BY_CHUNKS) && adjust(out, PGS_BY_SIZE) ? PGS_OK : pgs_no_memory(err);
}

static bool rank(pgs_trend *out, bool all) {
    course c;
    if (!make_course(out, &c))
        return false;
    for (size_t i = 0; i < out->n_partitions; i++) {
        lead(&c, &out->partition[i]);
        double days = out->partition[i].days_to[PGS_THRESHOLD_UNBALANCED];
        out->n_soon += days > 0 && days <= PGS_TREND_SOON_DAYS;
    }
    qsort(out->partition, out->n_partitions, sizeof *out->partition, by_urgency);
    out->n_shown = all || out->n_partitions < PGS_TREND_SHOWN ? out->n_partitions : PGS_TREND_SHOWN;
    pgs_free(c.leg);
    return true;
}

static pgs_status fill(pgs_trender *k, const pgs_trend_options *options, pgs_err *err) {
    k->series = pgs_alloc(k->frame->n_times, sizeof *k->series);
    k->times = pgs_alloc(k->frame->n_times, sizeof *k->times);
    pgs_status st = k->series && k->times ? pgs_trend_look(k, err) : pgs_no_memory(err);
    if (st == PGS_OK && !pgs_trend_total(k))
        st = pgs_no_memory(err);
    if (st == PGS_OK)
        st = fill_partitions(k, options->now, err);
    if (st != PGS_OK)
        return st;
    if (!rank(k->out, options->all))
        return pgs_no_memory(err);
    for (size_t i = 0; i < k->out->n_shown; i++)
        if (!pgs_trend_partition_robust(k, &k->out->partition[i]) ||
            !pgs_trend_partition_draw(k, &k->out->partition[i]))
            return pgs_no_memory(err);
    return PGS_OK;
}

static size_t first_row(const pgs_clean *clean) {
    size_t t = clean->frame->n_times, n_looks = 0, n_days = 0;
    while (t > 0 && (n_days <= PGS_TREND_DAYS || n_looks <= PGS_TREND_LOOKS)) {
        n_looks += clean->looked[--t];
        n_days++;
    }
    return t;
}

pgs_status pgs_trend_run(const pgs_frame *frame, const pgs_trend_options *options, pgs_trend *out,
                         pgs_err *err) {
    size_t n = frame->n_times;
    pgs_trender k = {.frame = frame, .clean = &out->clean, .out = out};
    out->arena = pgs_arena_new();
    pgs_status st = out->arena ? pgs_clean_run(frame, &out->clean, err) : pgs_no_memory(err);
    if (st == PGS_OK)
        k.first = first_row(&out->clean);
    out->table = frame->table;
    out->from_us = n > 0 ? frame->taken_us[k.first] : PGS_TIME_NONE;
    out->taken_us = n > 0 ? frame->taken_us[n - 1] : PGS_TIME_NONE;
    out->n_days = n > 0 ? n - 1 - k.first : 0;
    if (st == PGS_OK)
        st = fill(&k, options, err);
    for (int m = 0; m < PGS_MEASURE_COUNT; m++)
        pgs_free(k.row[m]);
    pgs_free(k.series);
    pgs_free(k.times);
    pgs_cosines_reset(&k.of_growth);
    pgs_cosines_reset(&k.of_drift);
    if (st != PGS_OK)
        pgs_trend_reset(out);
    return st;
}
