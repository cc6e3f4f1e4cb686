/* What the files of the forecast share. Internal to model/ and its recipe.
 *
 * A forecast thinks in shares: the count of a partition is its share of the total, so parts always add up
 * to their sum, and a threshold of skew is a threshold of load, share over even share. */
#ifndef PGSKEW_MODEL_FORECASTER_H
#define PGSKEW_MODEL_FORECASTER_H

#include "base/base.h"
#include "pgskew/clean.h"

#define PGS_ENOUGH_STEPS    8 /* daily steps without which nothing is foretold */
#define PGS_ENOUGH_OUTCOMES 3 /* of past forecasts, without which nothing is either */
#define PGS_LEVELS          3 /* thresholds: 3, 4 and 5 tenths of skew */
#define PGS_TAILS           2 /* intervals of 80 % and 95 % */

extern const size_t PGS_ONE_IN[PGS_TAILS]; /* misses them: 5, 20 */

/* ---- stock.c: one measure of a daily frame, without holes ---- */

/* A change that says nothing of growth: a truncation, a rewrite, another way of counting. */
typedef struct pgs_stock_break {
    size_t day;    /* in whose row it shows */
    double change; /* from the row before */
    bool anew;     /* nor does what was before */
} pgs_stock_break;

typedef struct pgs_stock {
    size_t n_days, n_parts, stride;
    double *x;      /* [n_days * stride] what was seen last; NaN: not born yet, or gone for good */
    double *total;  /* [n_days] */
    double *n_live; /* [n_days] partitions that were there */
    double *moved; /* [n_days] rows that came or went up to that day, added up over partitions; in a
                       hole by equal parts, which the look after it tells */
    size_t *quiet; /* [n_days] days in which nothing came or went, beyond any silence before */
    size_t *born;  /* [n_parts] first row in which it was seen; n_days: never */
    size_t *seen;  /* [n_days] the last row up to that day in which somebody looked */
    size_t *steps; /* [n_days] from one such row to the next, up to that day */
    size_t usual_days;   /* the usual distance of such rows; 1 and more */
    size_t *first_break; /* [n_parts + 2] those of p are first_break[p] .. first_break[p + 1] - 1 */
    pgs_stock_break *breaks; /* by partition, then day */
    double *joined; /* [n_days] rows of what came, less those of what left, up to that day */
    double *broken; /* [n_days] changes that are no growth up to that day: breaks', and `joined` */
    size_t *begun;  /* [n_days] when the growth of the whole table last began anew; or 0 */
    struct pgs_arena *arena;
} pgs_stock;

/* With what was decided about the frame; NULL: nothing. PGS_E_BUG without memory. pgs_stock_reset()
 * frees it; zeroed structs are fine. */
pgs_status pgs_stock_build(const pgs_frame *frame, const pgs_clean *clean, pgs_measure measure,
                           pgs_stock *out, pgs_err *err) PGS_CHECK;
void pgs_stock_reset(pgs_stock *stock);

static inline const double *pgs_stock_row(const pgs_stock *k, size_t day) {
    return k->x + day * k->stride;
}

/* Its share of the total; even where that is 0; NaN where it is not there. */
double pgs_stock_share(const pgs_stock *k, size_t day, size_t p);

/* Whether its skew is at or beyond tenths/10. */
bool pgs_stock_is_beyond(const pgs_stock *k, size_t day, size_t p, int tenths);

/* Growth of p since `from`, or since it was born or began anew, which *from then is. NaN where it
 * is not there. */
double pgs_stock_growth(const pgs_stock *k, size_t day, size_t p, size_t *from);

/* Growth of the total from one day to another. */
static inline double pgs_stock_total_growth(const pgs_stock *k, size_t from, size_t to) {
    return k->total[to] - k->total[from] - (k->broken[to] - k->broken[from]);
}

/* The total of `later` as it were if nothing had come or left since `day`: without the rows that a
 * partition had when it came, with those that another had when it left. */
static inline double pgs_stock_total_of(const pgs_stock *k, size_t day, size_t later) {
    return k->total[later] - (k->joined[later] - k->joined[day]);
}

/* value[n_parts] added up over the partitions that are there on both days. */
double pgs_stock_kept(const pgs_stock *k, size_t day, size_t later, const double *value);

/* Rows that are expected to come or go in `days`, all partitions together; at least 1. */
double pgs_stock_arrivals(const pgs_stock *k, size_t day, size_t days);

/* Whether what was there on `day` is known: what was seen last stands for two weeks, or for two
 * usual distances, not for a hole of months. */
static inline bool pgs_stock_is_known(const pgs_stock *k, size_t day) {
    size_t since = day - k->seen[day];
    return since <= 14 || since <= 2 * k->usual_days;
}

/* Rows at which one could have looked `days` ahead and knows what came by `origin`: the newest first, every
 * `every` days, at most `max`. Returns how many. */
size_t pgs_stock_origins(const pgs_stock *k, size_t origin, size_t days, size_t every, size_t max,
                         size_t *out);

/* ---- level.c: which point forecast ---- */

/* Shares stay (weight 0), or move by `weight` towards where the flow of the last `window` days leads. */
typedef struct pgs_share_rule {
    double weight;
    size_t window;
} pgs_share_rule;

/* The total grows as in the last weeks, the same weekdays first; 0: stays; a year's: by the mean
 * day. Or what was no growth comes again too, as where a table is emptied every week. */
typedef struct pgs_total_rule {
    size_t weeks;
    bool again;
} pgs_total_rule;

/* The rules with the least error at the origins whose outcome is known; staying as it is is
 * favoured. `room` [2 n_parts]. */
pgs_share_rule pgs_share_choose(const pgs_stock *k, size_t origin, size_t days, double *room);
pgs_total_rule pgs_total_choose(const pgs_stock *k, size_t origin, size_t days);

/* Shares [n_parts] and total, `days` after `day`. */
void pgs_share_foretell(const pgs_stock *k, size_t day, size_t days, pgs_share_rule rule,
                        double *share);
double pgs_total_foretell(const pgs_stock *k, size_t day, size_t days, pgs_total_rule rule);

/* The least and the most that it may be for all that is known of a silence, but for 1/one_in; both
 * what is foretold where there is none. */
void pgs_total_bound(const pgs_stock *k, size_t day, size_t days, pgs_total_rule rule,
                     size_t one_in, double *least, double *most);

/* ---- misses.c: how far from it the truth has been ---- */

/* Residuals, sorted. */
typedef struct pgs_pool {
    double *r;
    size_t n;
} pgs_pool;

/* Shares of the residuals at or above x, and at or below it; 0 of none. */
double pgs_pool_above(const pgs_pool *pool, double x);
double pgs_pool_below(const pgs_pool *pool, double x);

typedef struct pgs_misses {
    size_t days;           /* ahead; less than asked where too few outcomes are known */
    size_t n_origins;      /* that were looked at */
    double freedom;        /* about as many independent ones */
    pgs_pool count, share; /* in standard deviations of pgs_scale */
    pgs_pool load;         /* of all history, as they are */
    double change;         /* mean |change| of load */
    double low[PGS_TAILS], high[PGS_TAILS];             /* of counts, in standard deviations */
    double total_low[PGS_TAILS], total_high[PGS_TAILS]; /* of the total, in expected arrivals */
    double *room;                                       /* for the pools */
} pgs_misses;

/* The ranks, from 1, of the ordered residuals r of n between which one more lies with probability
 * 1 - 1/one_in: two-sided, and of |r| alone. 0 and n + 1: beyond them all. */
typedef struct pgs_ranks {
    size_t low, high, either;
} pgs_ranks;
pgs_ranks pgs_conformal_ranks(size_t n, size_t one_in);

/* Standard deviation of shares that random arrivals would give each partition, but for a factor. */
double pgs_scale_share(const pgs_stock *k, size_t day, size_t p, double arrivals);
double pgs_scale_count(const pgs_stock *k, size_t day, size_t p, double arrivals);

pgs_status pgs_misses_measure(const pgs_stock *k, size_t origin, size_t days, pgs_share_rule share,
                              pgs_total_rule total, bool of_shares, pgs_misses *out,
                              pgs_err *err) PGS_CHECK;
void pgs_misses_reset(pgs_misses *misses);

/* ---- chance.c: how likely a skew is at or beyond a threshold ---- */

#define PGS_CHANCE_MODELS 4

/* Fill p[level * n_parts + i]; NaN where it is not there. */
pgs_status pgs_chance_foretell(const pgs_stock *k, size_t origin, size_t days, pgs_share_rule rule,
                               const pgs_misses *misses, const double *share, double *p,
                               pgs_err *err) PGS_CHECK;

/* w >= 0, sum 1, least w'Gw/2 - b'w; n <= PGS_CHANCE_MODELS, G row by row. */
void pgs_simplex_least(size_t n, const double *g, const double *b, double *w);

/* ---- outlook.c: one horizon from one origin ---- */

typedef struct pgs_outlook {
    bool known; /* false: too little history, and nothing else is there */
    size_t days;
    double total, total_low[PGS_TAILS], total_high[PGS_TAILS];
    double *share, *count;                    /* [n_parts]; NaN where it is not there */
    double *low[PGS_TAILS], *high[PGS_TAILS]; /* [n_parts] whole counts */
    double *p;                                /* [PGS_LEVELS * n_parts]; NULL: nobody asked */
    struct pgs_arena *arena;
} pgs_outlook;

pgs_status pgs_outlook_make(const pgs_stock *k, size_t origin, size_t days, bool chances,
                            pgs_outlook *out, pgs_err *err) PGS_CHECK;
void pgs_outlook_reset(pgs_outlook *outlook);

#endif
