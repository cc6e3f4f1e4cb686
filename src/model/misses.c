/* How far from the forecast the truth has been, at past origins whose outcome is known, and what
 * follows for the next one: split conformal prediction (Vovk et al.), pooled over partitions.
 *
 * A small partition moves by more of itself than a large one, and a young table by more than an old one.
 * Were arrivals drawn like balls from an urn that gets each back twice, a share s of T rows would after a
 * more have the variance s a/(T (T + a)): in these units the residuals of all partitions and ages are
 * alike enough to be pooled. Tables settle, so only the younger half of the origins counts, and
 * at most a year. They overlap: the span of the origins holds only as many independent ones as the
 * horizon fits into it, and where partitions share their shocks an origin is one outcome, not many.
 * For so few, intervals are widened like Student's t.
 * Signed quantiles see a bias, symmetric ones are steadier: the mean of both is taken. */
#include <math.h>
#include <stdlib.h>

#include "base/special.h"
#include "model/forecaster.h"

#define YEAR      365
#define POOL_MOST 65536 /* residuals; of larger tables every k-th partition counts */
#define ALL_MOST  4096  /* origins of all history */
#define SPARE     2     /* independent outcomes that are granted to any history */

const size_t PGS_ONE_IN[PGS_TAILS] = {5, 20};

/* ---- ranks ---- */

pgs_ranks pgs_conformal_ranks(size_t n, size_t one_in) {
    pgs_ranks ranks = {.low = (n + 1) / (2 * one_in), .either = n + 1 - (n + 1) / one_in};
    ranks.high = n + 1 - ranks.low;
    return ranks;
}

/* The value of rank `k`, from 1, the nearest there is. */
static double ranked(const pgs_pool *pool, size_t k) {
    if (pool->n == 0)
        return 0;
    return pool->r[k == 0 ? 0 : k > pool->n ? pool->n - 1 : k - 1];
}

/* How many are below x, or at it too. */
static size_t count_below(const pgs_pool *pool, double x, bool or_at) {
    size_t low = 0, high = pool->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (pool->r[middle] < x || (or_at && pool->r[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double pgs_pool_above(const pgs_pool *pool, double x) {
    return pool->n > 0 ? (double)(pool->n - count_below(pool, x, false)) / (double)pool->n : 0;
}

double pgs_pool_below(const pgs_pool *pool, double x) {
    return pool->n > 0 ? (double)count_below(pool, x, true) / (double)pool->n : 0;
}

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void sort(pgs_pool *pool) {
    qsort(pool->r, pool->n, sizeof *pool->r, by_value);
}

/* ---- units ---- */

double pgs_scale_share(const pgs_stock *k, size_t day, size_t p, double arrivals) {
    double total = k->total[day] > 1 ? k->total[day] : 1;
    double share = (pgs_stock_row(k, day)[p] + 0.5) / (k->total[day] + 0.5 * k->n_live[day]);
    return sqrt(share * arrivals / (total * (total + arrivals)));
}

double pgs_scale_count(const pgs_stock *k, size_t day, size_t p, double arrivals) {
    double total = k->total[day] > 1 ? k->total[day] : 1;
    return pgs_scale_share(k, day, p, arrivals) * (total + arrivals);
}

/* ---- residuals ---- */

typedef struct looking_back {
    const pgs_stock *k;
    size_t days;
    pgs_share_rule share;
    pgs_total_rule total;
    pgs_misses *out;
    double *foretold; /* [n_parts] */
    double *room;     /* for a pool, and twice the origins */
    size_t every; /* which partitions count: every so many-th, another first one at each origin */
    /* sums over origins: of the square of their mean residual; of their mean square, and squared */
    double mean2, square, square2;
} looking_back;

/* What one origin adds to the pools of counts and shares. */
static void look_back(looking_back *b, size_t i, size_t day) {
    const pgs_stock *k = b->k;
    double arrivals = pgs_stock_arrivals(k, day, b->days);
    double total = pgs_total_foretell(k, day, b->days, b->total);
    const double *then = pgs_stock_row(k, day + b->days);
    pgs_share_foretell(k, day, b->days, b->share, b->foretold);
    double kept = pgs_stock_kept(k, day, day + b->days, then);
    double whole = pgs_stock_kept(k, day, day + b->days, b->foretold);
    double sum = 0, squares = 0, n = 0;
    for (size_t p = i % b->every; p < k->n_parts; p += b->every) {
        if (isnan(b->foretold[p]) || isnan(then[p]))
            continue;
        double miss = (then[p] - b->foretold[p] * total) / pgs_scale_count(k, day, p, arrivals);
        b->out->count.r[b->out->count.n++] = miss;
        sum += miss;
        squares += miss * miss;
        n++;
        miss = kept > 0 && whole > 0 ? then[p] / kept - b->foretold[p] / whole : 0;
        b->out->share.r[b->out->share.n++] = miss / pgs_scale_share(k, day, p, arrivals);
    }
    if (n == 0)
        return;
    b->mean2 += sum / n * (sum / n);
    b->square += squares / n;
    b->square2 += squares / n * (squares / n);
}

/* How many independent outcomes `spans` of n origins are worth to the residuals of counts. A span
 * is worth its partitions over 1 + (partitions - 1) shared (Kish, Survey Sampling, 1965), where
 * `shared`, their correlation within an origin, is taken at its upper bound of 95 % by Fisher's z
 * (Statistical Methods, 1925; the mean is known, it is 0); no more than the spread of the origins'
 * mean squares says (Satterthwaite, Biometrics 2, 1946); one partition less: shares add up. */
static double freedom_of(const looking_back *b, double spans, double n) {
    double parts = (double)b->out->count.n / n, square = b->square / n, others = parts - 1;
    if (!(others > 1) || !(spans > 1) || !(square > 0))
        return spans + SPARE;
    double shared = (b->mean2 / n / square * parts - 1) / others;
    shared = shared > 0 ? shared : 0;
    double error = sqrt(parts / (2 * others * (spans - 1)));
    double up = pgs_exp(-2 * pgs_normal_quantile(0.95) * error); /* z = log(1/ratio) / 2 */
    double ratio = up * (1 - shared) / (1 + others * shared);
    shared = (1 - ratio) / (1 + others * ratio);
    double each = 1 / (shared + (1 - shared) / others);
    double variance = b->square2 / n - square * square, steady = 2 * square * square;
    each = each * variance < steady ? each : steady / variance;
    return spans * (each > 1 ? each : 1) + SPARE;
}

static size_t thin(const pgs_stock *k, size_t n_origins) {
    return (n_origins * k->n_parts + POOL_MOST - 1) / POOL_MOST + (n_origins * k->n_parts == 0);
}

/* The pool of load over all history, and the mean change of load over the last year. */
static void look_far_back(looking_back *b, const size_t *day, size_t n) {
    const pgs_stock *k = b->k;
    double change = 0, seen = 0;
    b->every = thin(k, n);
    for (size_t i = 0; i < n; i++) {
        size_t then = day[i] + b->days;
        pgs_share_foretell(k, day[i], b->days, b->share, b->foretold);
        for (size_t p = i % b->every; p < k->n_parts; p += b->every) {
            double share = pgs_stock_share(k, then, p), now = pgs_stock_share(k, day[i], p);
            if (isnan(share) || isnan(now))
                continue;
            b->out->load.r[b->out->load.n++] = (share - b->foretold[p]) * k->n_live[day[i]];
            if (i * 7 < YEAR) {
                change += fabs(share * k->n_live[then] - now * k->n_live[day[i]]);
                seen++;
            }
        }
    }
    b->out->change = seen > 0 ? change / seen : 0;
}

/* ---- intervals ---- */

/* The widest of what `pool` says, its signs regarded or not, times `wider`. */
static void set_interval(const pgs_pool *pool, const pgs_pool *either, size_t one_in, double wider,
                         double *low, double *high) {
    pgs_ranks ranks = pgs_conformal_ranks(pool->n, one_in);
    double half = ranked(either, ranks.either);
    double below = (ranked(pool, ranks.low) - half) / 2,
           above = (ranked(pool, ranks.high) + half) / 2;
    *low = below < 0 ? below * wider : 0;
    *high = above > 0 ? above * wider : 0;
}

static void set_intervals(pgs_pool *pool, double freedom, double *room, double *low, double *high) {
    pgs_pool either = {room, pool->n};
    for (size_t i = 0; i < pool->n; i++)
        room[i] = fabs(pool->r[i]);
    sort(pool);
    sort(&either);
    for (size_t i = 0; i < PGS_TAILS; i++) {
        double tail = 1 - 0.5 / (double)PGS_ONE_IN[i];
        double wider = pgs_student_quantile(tail, freedom) / pgs_normal_quantile(tail);
        set_interval(pool, &either, PGS_ONE_IN[i], wider, &low[i], &high[i]);
    }
}

/* Of the total, in expected arrivals. */
static void measure_total(const looking_back *b, const size_t *day, size_t n, double freedom) {
    pgs_pool pool = {b->room, 0};
    for (size_t i = 0; i < n; i++) {
        double foretold = pgs_total_foretell(b->k, day[i], b->days, b->total);
        pool.r[pool.n++] = (pgs_stock_total_of(b->k, day[i], day[i] + b->days) - foretold) /
                           pgs_stock_arrivals(b->k, day[i], b->days);
    }
    set_intervals(&pool, freedom, b->room + n, b->out->total_low, b->out->total_high);
}

/* ---- which origins ---- */

/* The farthest horizon up to the one asked of which enough outcomes are known. */
static size_t known_days(const pgs_stock *k, size_t origin, size_t days) {
    size_t few[PGS_ENOUGH_OUTCOMES];
    while (days > 1 && pgs_stock_origins(k, origin, days, days < 7 ? 1 : 7, PGS_ENOUGH_OUTCOMES,
                                         few) < PGS_ENOUGH_OUTCOMES)
        days--;
    return days;
}

/* The younger half, and at most a year. */
static size_t younger(const size_t *day, size_t n) {
    size_t half = (n + 1) / 2 > PGS_ENOUGH_OUTCOMES ? (n + 1) / 2 : PGS_ENOUGH_OUTCOMES, kept = 0;
    while (kept < n && kept < half && day[0] - day[kept] < YEAR)
        kept++;
    return kept;
}

static pgs_status make_room(looking_back *b, size_t n_near, size_t n_far, pgs_err *err) {
    size_t n = b->k->n_parts, near = n_near * (n / thin(b->k, n_near) + 1);
    size_t far = n_far * (n / thin(b->k, n_far) + 1), room = near > 2 * n_near ? near : 2 * n_near;
    double *r = pgs_alloc(2 * near + far + room + n, sizeof *r);
    if (!r)
        return pgs_no_memory(err);
    b->out->room = r;
    b->out->count.r = r;
    b->out->share.r = r + near;
    b->out->load.r = r + 2 * near;
    b->room = r + 2 * near + far;
    b->foretold = b->room + room;
    return PGS_OK;
}

pgs_status pgs_misses_measure(const pgs_stock *k, size_t origin, size_t days, pgs_share_rule share,
                              pgs_total_rule total, bool of_shares, pgs_misses *out, pgs_err *err) {
    static const size_t ROOM = ALL_MOST;
    *out = (pgs_misses){.days = known_days(k, origin, days)};
    size_t *day = pgs_alloc(2 * ROOM, sizeof *day), *week = day + ROOM;
    if (!day)
        return pgs_no_memory(err);
    size_t every = out->days < 7 ? 1 : 7;
    size_t n = pgs_stock_origins(k, origin, out->days, every, ROOM, day);
    size_t n_far = of_shares ? pgs_stock_origins(k, origin, out->days, 7, ROOM, week) : 0;
    n = younger(day, n);
    looking_back b = {.k = k, .days = out->days, .share = share, .total = total, .out = out};
    pgs_status st = make_room(&b, n, n_far, err);
    if (st == PGS_OK && n > 0) {
        double spans = (double)(day[0] - day[n - 1] + every) / (double)days;
        out->n_origins = n;
        b.every = thin(k, n);
        for (size_t i = 0; i < n; i++)
            look_back(&b, i, day[i]);
        out->freedom = freedom_of(&b, spans, (double)n);
        set_intervals(&out->count, out->freedom, b.room, out->low, out->high);
        sort(&out->share);
        measure_total(&b, day, n, spans + SPARE);
        look_far_back(&b, week, n_far);
        sort(&out->load);
    }
    pgs_free(day);
    if (st != PGS_OK)
        pgs_misses_reset(out);
    return st;
}

void pgs_misses_reset(pgs_misses *misses) {
    pgs_free(misses->room);
    *misses = (pgs_misses){0};
}
