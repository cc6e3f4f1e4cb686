/* Scores of forecasts: pooled MASE (sum of errors over sum of scales, by origin, because a ratio per partition
 * explodes on idle ones), Brier, onsets at probability one half, AUC by mid-ranks, coverage. */
#include "model/score.h"

#include <math.h>
#include <stdlib.h>

#define SCALE_DAYS 28
#define UNBALANCED 5 /* tenths */

static int by_probability(const void *a, const void *b) {
    const pgs_case *x = a, *y = b;
    return (x->p > y->p) - (x->p < y->p);
}

pgs_pairs pgs_auc_pairs(pgs_case *cases, size_t n) {
    double below = 0, came = 0, won = 0; /* cases that did not come, below the run of equal p */
    qsort(cases, n, sizeof *cases, by_probability);
    for (size_t i = 0, end; i < n; i = end) {
        double yes = 0, no = 0;
        for (end = i; end < n && cases[end].p == cases[i].p; end++) {
            yes += cases[end].came;
            no += !cases[end].came;
        }
        won += yes * (below + no / 2);
        below += no;
        came += yes;
    }
    return (pgs_pairs){won, came * below};
}

/* ---- one origin ---- */

/* Mean |change| a day over the last four weeks. */
static double scale_of(const pgs_stock *k, size_t day, size_t p) {
    double sum = 0, n = 0;
    for (size_t t = day; t > 0 && day - t < SCALE_DAYS; t--) {
        double change = fabs(pgs_stock_row(k, t)[p] - pgs_stock_row(k, t - 1)[p]);
        if (!isnan(change)) {
            sum += change;
            n++;
        }
    }
    return n > 0 ? sum / n : 0;
}

static void add_partition(const pgs_stock *k, size_t day, size_t days, const pgs_said *said,
                          size_t p, pgs_tally *tally) {
    double then = pgs_stock_row(k, day + days)[p], says = said->unbalanced[p];
    bool came = pgs_stock_is_beyond(k, day + days, p, UNBALANCED);
    bool was = pgs_stock_is_beyond(k, day, p, UNBALANCED);
    tally->n++;
    tally->brier += (says - came) * (says - came);
    if (!was) {
        tally->true_onsets += says >= 0.5 && came;
        tally->false_onsets += says >= 0.5 && !came;
        tally->missed_onsets += says < 0.5 && came;
    }
    if (!said->low[0])
        return;
    tally->n_intervals++;
    for (size_t i = 0; i < PGS_TAILS; i++)
        tally->n_inside[i] += then >= said->low[i][p] && then <= said->high[i][p];
}

static void add_loads(const pgs_stock *k, size_t then, const pgs_said *said, pgs_tally *tally) {
    double total = 0;
    for (size_t p = 0; p < k->n_parts; p++)
        total += isnan(said->count[p]) ? 0 : said->count[p];
    for (size_t p = 0; p < k->n_parts; p++) {
        double share = total > 0 ? said->count[p] / total : 1 / k->n_live[then];
        double miss = fabs(pgs_stock_share(k, then, p) - share) * k->n_live[then];
        tally->load_error += isnan(miss) || isnan(said->count[p]) ? 0 : miss;
    }
}

pgs_status pgs_tally_add(const pgs_stock *k, size_t day, size_t days, const pgs_said *said,
                         pgs_tally *tally, pgs_err *err) {
    pgs_case *cases = pgs_alloc(k->n_parts, sizeof *cases);
    size_t n = 0;
    double error = 0, scale = 0;
    if (!cases)
        return pgs_no_memory(err);
    for (size_t p = 0; p < k->n_parts; p++) {
        if (isnan(said->count[p]) || isnan(pgs_stock_row(k, day + days)[p]))
            continue;
        add_partition(k, day, days, said, p, tally);
        error += fabs(said->count[p] - pgs_stock_row(k, day + days)[p]);
        scale += scale_of(k, day, p);
        if (!pgs_stock_is_beyond(k, day, p, UNBALANCED))
            cases[n++] =
                (pgs_case){said->unbalanced[p], pgs_stock_is_beyond(k, day + days, p, UNBALANCED)};
    }
    tally->mase += scale > 0 ? error / scale : 0;
    tally->n_mase += scale > 0;
    add_loads(k, day + days, said, tally);
    pgs_pairs pairs = pgs_auc_pairs(cases, n);
    tally->onsets.won += pairs.won;
    tally->onsets.pairs += pairs.pairs;
    pgs_free(cases);
    return PGS_OK;
}

void pgs_tally_join(pgs_tally *all, const pgs_tally *part) {
    all->mase += part->mase;
    all->n_mase += part->n_mase;
    all->load_error += part->load_error;
    all->brier += part->brier;
    all->n += part->n;
    all->n_intervals += part->n_intervals;
    for (size_t i = 0; i < PGS_TAILS; i++)
        all->n_inside[i] += part->n_inside[i];
    all->true_onsets += part->true_onsets;
    all->false_onsets += part->false_onsets;
    all->missed_onsets += part->missed_onsets;
    all->onsets.won += part->onsets.won;
    all->onsets.pairs += part->onsets.pairs;
}

/* ---- all of them ---- */

static double over(double a, double b) {
    return b > 0 ? a / b : NAN;
}

pgs_score pgs_tally_score(const pgs_tally *t) {
    return (pgs_score){
        .pooled_mase = over(t->mase, t->n_mase),
        .load_error = over(t->load_error, t->n),
        .brier = over(t->brier, t->n),
        .true_onsets = (size_t)t->true_onsets,
        .false_onsets = (size_t)t->false_onsets,
        .missed_onsets = (size_t)t->missed_onsets,
        .onset_precision = over(t->true_onsets, t->true_onsets + t->false_onsets),
        .onset_recall = over(t->true_onsets, t->true_onsets + t->missed_onsets),
        .auc = over(t->onsets.won, t->onsets.pairs),
        .coverage80 = over(t->n_inside[0], t->n_intervals),
        .coverage95 = over(t->n_inside[1], t->n_intervals),
    };
}
