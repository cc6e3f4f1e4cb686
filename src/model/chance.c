/* How likely the skew of a partition is at or beyond a threshold. No single model knows: four are
 * stacked, with the weights that would have had the least Brier score at the origins whose outcome is known.
 *   urn      the pooled residuals of the last year, in units of the urn (misses.c), about the forecast
 *   load     residuals of load over all history, as they are
 *   stays    what is beyond now will be, and nothing else
 *   distance a logistic in the distance from the forecast to the threshold, whose scale grows with the
 *            square root of the horizon and is at most a third of the table's own mean change
 * What the point forecast does not say is never called more likely than not.
 * One observation's weight says "distance", which is what a history too short to tell leans on. */
#include <math.h>

#include "base/special.h"
#include "model/forecaster.h"

#define STACKED   52    /* origins that decide the weights */
#define CELLS     65536 /* and at most so many partitions of them */
#define PRIOR     1
#define SCALE     0.01 /* of "distance", a day */
#define OF_CHANGE 0.3
#define LEAST     1e-6
#define SHORT_OF  0.499 /* at most, where the point forecast falls short of the threshold */
#define N         PGS_CHANCE_MODELS
#define DISTANCE  3

typedef struct odds {
    const pgs_stock *k;
    pgs_share_rule rule;
    const pgs_misses *misses;
    double stretch; /* from the horizon whose outcomes are known to the one asked */
    double scale;   /* of the logistic */
} odds;

static odds odds_for(const pgs_stock *k, pgs_share_rule rule, const pgs_misses *misses,
                     size_t days) {
    odds o = {.k = k, .rule = rule, .misses = misses};
    o.stretch = sqrt((double)days / (double)misses->days);
    double widest = OF_CHANGE * misses->change * o.stretch;
    o.scale = SCALE * sqrt((double)days);
    o.scale = o.scale < widest ? o.scale : widest;
    o.scale = o.scale > LEAST ? o.scale : LEAST;
    return o;
}

/* What the models say about partition p `days` after `day`, where `share` is foretold. */
static void ask(const odds *o, size_t day, size_t p, double share, double arrivals, int tenths,
                double says[N]) {
    double n = o->k->n_live[day], theta = tenths / 10.0, load = share * n;
    double sd = pgs_scale_share(o->k, day, p, arrivals);
    double high = (1 + theta) / n - share, low = (1 - theta) / n - share;
    says[0] =
        pgs_pool_above(&o->misses->share, high / sd) + pgs_pool_below(&o->misses->share, low / sd);
    says[1] = pgs_pool_above(&o->misses->load, n * high / o->stretch) +
              pgs_pool_below(&o->misses->load, n * low / o->stretch);
    says[2] = pgs_stock_is_beyond(o->k, day, p, tenths);
    says[DISTANCE] = 1 / (1 + pgs_exp(-(fabs(load - 1) - theta) / o->scale));
    for (size_t i = 0; i < N; i++)
        says[i] = says[i] > 1 ? 1 : says[i];
}

/* ---- the weights ---- */

/* Solve the n x n system a x = b by elimination; false where it is singular. Both are lost. */
static bool solve(size_t n, double a[N + 1][N + 1], double b[N + 1]) {
    for (size_t c = 0; c < n; c++) {
        size_t best = c;
        for (size_t r = c + 1; r < n; r++)
            best = fabs(a[r][c]) > fabs(a[best][c]) ? r : best;
        if (!(fabs(a[best][c]) > 1e-300))
            return false;
        for (size_t i = 0; i < n; i++) {
            double x = a[c][i];
            a[c][i] = a[best][i];
            a[best][i] = x;
        }
        double x = b[c];
        b[c] = b[best];
        b[best] = x;
        for (size_t r = 0; r < n; r++) {
            double f = r == c ? 0 : a[r][c] / a[c][c];
            for (size_t i = 0; f != 0 && i < n; i++)
                a[r][i] -= f * a[c][i];
            b[r] -= f * b[c];
        }
    }
    for (size_t c = 0; c < n; c++)
        b[c] /= a[c][c];
    return true;
}

/* The best weights of the models in `set`, a bit each, that add up to 1: false where one is negative. */
static bool try_set(size_t n, const double *g, const double *b, unsigned set, double *w) {
    double a[N + 1][N + 1] = {{0}}, x[N + 1] = {0};
    size_t member[N], m = 0;
    for (size_t i = 0; i < n; i++) {
        w[i] = 0;
        if (set >> i & 1)
            member[m++] = i;
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < m; j++)
            a[i][j] = g[member[i] * n + member[j]];
        a[i][m] = a[m][i] = 1;
        x[i] = b[member[i]];
    }
    x[m] = 1;
    bool fine = solve(m + 1, a, x);
    for (size_t i = 0; i < m; i++) {
        w[member[i]] = x[i];
        fine &= x[i] >= 0;
    }
    return fine;
}

void pgs_simplex_least(size_t n, const double *g, const double *b, double *w) {
    double least = INFINITY, x[N];
    for (unsigned set = 1; set < 1U << n; set++) {
        double cost = 0;
        if (!try_set(n, g, b, set, x))
            continue;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                cost += x[i] * g[i * n + j] * x[j] / 2;
        for (size_t i = 0; i < n; i++)
            cost -= b[i] * x[i];
        if (cost < least) {
            least = cost;
            for (size_t i = 0; i < n; i++)
                w[i] = x[i];
        }
    }
}

/* Sums over past forecasts: what the models said, times each other and times what came. */
typedef struct record {
    double g[PGS_LEVELS][N * N], b[PGS_LEVELS][N];
} record;

static void remember(const odds *o, size_t day, size_t first, size_t every, const double *share,
                     record *r) {
    size_t days = o->misses->days;
    double arrivals = pgs_stock_arrivals(o->k, day, days);
    for (size_t p = first; p < o->k->n_parts; p += every) {
        if (isnan(share[p]) || isnan(pgs_stock_row(o->k, day + days)[p]))
            continue;
        for (int l = 0; l < PGS_LEVELS; l++) {
            double says[N], came = pgs_stock_is_beyond(o->k, day + days, p, 3 + l);
            ask(o, day, p, share[p], arrivals, 3 + l, says);
            for (size_t i = 0; i < N; i++) {
                r->b[l][i] += says[i] * came * (double)every;
                for (size_t j = 0; j < N; j++)
                    r->g[l][i * N + j] += says[i] * says[j] * (double)every;
            }
        }
    }
}

/* Weights by level. `room` [n_parts]. */
static void weigh(const odds *o, size_t origin, double *room, double w[PGS_LEVELS][N]) {
    size_t day[STACKED], n, every;
    record r = {0};
    n = pgs_stock_origins(o->k, origin, o->misses->days, 7, STACKED, day);
    every = (n * o->k->n_parts + CELLS - 1) / CELLS;
    for (size_t i = 0; i < n; i++) {
        pgs_share_foretell(o->k, day[i], o->misses->days, o->rule, room);
        remember(o, day[i], i % every, every, room, &r);
    }
    for (size_t l = 0; l < PGS_LEVELS; l++) {
        for (size_t i = 0; i < N; i++)
            r.g[l][i * N + i] += PRIOR;
        r.b[l][DISTANCE] += PRIOR;
        pgs_simplex_least(N, r.g[l], r.b[l], w[l]);
    }
}

pgs_status pgs_chance_foretell(const pgs_stock *k, size_t origin, size_t days, pgs_share_rule rule,
                               const pgs_misses *misses, const double *share, double *p,
                               pgs_err *err) {
    double w[PGS_LEVELS][N], *room = pgs_alloc(k->n_parts, sizeof *room);
    if (!room)
        return pgs_no_memory(err);
    odds known = odds_for(k, rule, misses, misses->days), o = odds_for(k, rule, misses, days);
    weigh(&known, origin, room, w);
    double arrivals = pgs_stock_arrivals(k, origin, days);
    for (size_t i = 0; i < k->n_parts; i++)
        for (int l = PGS_LEVELS; l-- > 0;) {
            double says[N], sum = 0, *out = &p[(size_t)l * k->n_parts + i];
            if (isnan(share[i])) {
                *out = NAN;
                continue;
            }
            ask(&o, origin, i, share[i], arrivals, 3 + l, says);
            for (size_t m = 0; m < N; m++)
                sum += w[l][m] * says[m];
            sum = sum < 0 ? 0 : sum > 1 ? 1 : sum;
            if (sum > SHORT_OF && fabs(share[i] * k->n_live[origin] - 1) * 10 < 3 + l)
                sum = SHORT_OF;
            /* beyond a threshold is beyond every lower one */
            *out = l + 1 < PGS_LEVELS && sum < out[k->n_parts] ? out[k->n_parts] : sum;
        }
    pgs_free(room);
    return PGS_OK;
}
