/* How good forecasts were, and the simple methods that they have to beat. */
#ifndef PGSKEW_MODEL_SCORE_H
#define PGSKEW_MODEL_SCORE_H

#include "model/forecaster.h"
#include "pgskew/forecast.h"

/* ---- score.c ---- */

typedef struct pgs_case {
    double p;
    bool came;
} pgs_case;

/* Pairs of one case that came and one that did not, in which the first had the higher p; equal ones
 * count half: AUC = won / pairs. Reorders the cases. */
typedef struct pgs_pairs {
    double won, pairs;
} pgs_pairs;
pgs_pairs pgs_auc_pairs(pgs_case *cases, size_t n);

/* What one method said of one moment, [n_parts]; NaN where it is not there. */
typedef struct pgs_said {
    const double *count, *unbalanced;
    const double *low[PGS_TAILS], *high[PGS_TAILS]; /* NULL: it has no intervals */
} pgs_said;

/* Sums over partitions and origins. */
typedef struct pgs_tally {
    double mase, n_mase; /* error of counts over their mean daily |change| of 28 days, by origin */
    double load_error, brier;
    double n, n_inside[PGS_TAILS], n_intervals;
    double true_onsets, false_onsets, missed_onsets;
    pgs_pairs onsets;
} pgs_tally;

/* Add what was said at `day` of `days` later; the outcome is in the stock. PGS_E_BUG without memory. */
pgs_status pgs_tally_add(const pgs_stock *k, size_t day, size_t days, const pgs_said *said,
                         pgs_tally *tally, pgs_err *err) PGS_CHECK;
void pgs_tally_join(pgs_tally *all, const pgs_tally *part);
pgs_score pgs_tally_score(const pgs_tally *tally);

/* ---- baseline.c ---- */

/* The least squares line through (t, y), at `ahead` after the last t: PromQL's predict_linear. The
 * last y where all t are the same; NaN for n == 0. */
double pgs_predict_linear(const double *t, const double *y, size_t n, double ahead);

/* Fill count[n_parts] by a method, and the probabilities of UNBALANCED, 0 or 1, that follow. */
void pgs_baseline_foretell(const pgs_stock *k, size_t day, size_t days, pgs_method method,
                           double *count, double *unbalanced);

/* ---- crossing.c ---- */

/* When: p[i] is the probability that it is so days[i] from now, days rising. */
pgs_crossing pgs_crossing_of(bool now, size_t n, const int *days, const double *p);

/* When a value reaches `limit`, whose 80 % intervals and middle are given at `days`. */
pgs_crossing pgs_limit_of(double limit, double now, size_t n, const int *days, const double *low,
                          const double *middle, const double *high);

#endif
