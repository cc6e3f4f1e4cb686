/* The point forecast. Shares are near a random walk: "they stay" is hard to beat, and a line through the last
 * days loses badly. Two other rules have ever earned their place, shares that follow the inflow of the last
 * two weeks (young tenants) or of the last year (steady growth), whole or by half. Which one is decided by
 * the mean error of load at the last 26 origins whose outcome is known; that shares stay is favoured by 2 %.
 * The total follows the last weeks, weekday by weekday, or the last year, by the same trial. */
#include <math.h>

#include "model/forecaster.h"

#define TRIALS       26   /* origins of a trial */
#define FEWEST       4    /* of them, without which shares stay */
#define FAVOUR       0.98 /* what a rule's error must be below, of persistence's */
#define YEAR         365
#define ALL_WEEKS    53 /* of a year, mean day by mean day */
#define YOUNG        14 /* days before which a partition has no flow of its own ... */
#define YOUNG_WEIGHT 7  /* ... but n days of it against this many of the others' */

static const size_t WINDOW[] = {14, YEAR};
static const double WEIGHT[] = {0.5, 1};

/* Whether its growth began, or began anew, less than two weeks ago, while the table is older; and how
 * many days ago. */
static bool is_young(const pgs_stock *k, size_t day, size_t p, size_t *age) {
    size_t start = day > YOUNG ? day - YOUNG : 0, least = start;
    if (k->born[p] == 0 && k->first_break[p] == k->first_break[p + 1])
        return false;
    (void)pgs_stock_growth(k, day, p, &start);
    *age = day - start;
    return start > least;
}

/* Rows a day, of those of the window that count. */
static double flow_of(const pgs_stock *k, size_t day, size_t p, size_t window) {
    size_t start = day > window ? day - window : 0;
    double growth = pgs_stock_growth(k, day, p, &start);
    return day > start ? growth / (double)(day - start) : growth;
}

/* The share of the next days in which rows come, where a silence without precedent ends no later
 * than with the probability `by`. What has lasted for q days lasts for t more with q/(q + t):
 * nothing else is known of it (Gott, Nature 363, 1993). */
static double waking(const pgs_stock *k, size_t day, size_t days, double by) {
    double silent = (double)k->quiet[day] * by / (1 - by);
    return silent < (double)days ? 1 - silent / (double)days : 0;
}

/* `days` in days of mean flow: a Sunday may bring a tenth of what a Monday does. */
static double span_of(const pgs_stock *k, size_t day, size_t days) {
    double week = pgs_stock_arrivals(k, day, 7), span = pgs_stock_arrivals(k, day, days);
    return (day >= 7 && week > 7 ? 7 * span / week : (double)days) * waking(k, day, days, 0.5);
}

/* What the flow of the window leads to, as shares. */
static void follow(const pgs_stock *k, size_t day, size_t days, size_t window, double *share) {
    const double *x = pgs_stock_row(k, day);
    double sum = 0, n = 0, total = 0, span = span_of(k, day, days);
    size_t age;
    for (size_t p = 0; p < k->n_parts; p++) {
        share[p] = flow_of(k, day, p, window);
        if (!isnan(share[p]) && !is_young(k, day, p, &age)) {
            sum += share[p];
            n++;
        }
    }
    for (size_t p = 0; p < k->n_parts; p++) {
        double flow = share[p];
        if (isnan(x[p]))
            continue;
        if (n > 0 && is_young(k, day, p, &age)) {
            double own = (double)age / (double)(age + YOUNG_WEIGHT);
            flow = own * flow + (1 - own) * sum / n;
        }
        double then = x[p] + flow * span;
        share[p] = then > 0 ? then : 0;
        total += share[p];
    }
    for (size_t p = 0; p < k->n_parts; p++)
        share[p] = total > 0 ? share[p] / total : pgs_stock_share(k, day, p);
}

void pgs_share_foretell(const pgs_stock *k, size_t day, size_t days, pgs_share_rule rule,
                        double *share) {
    if (rule.weight > 0)
        follow(k, day, days, rule.window, share);
    for (size_t p = 0; p < k->n_parts; p++) {
        double now = pgs_stock_share(k, day, p);
        share[p] = rule.weight > 0 ? (1 - rule.weight) * now + rule.weight * share[p] : now;
    }
}

static double between(double now, const double *led, size_t p, double weight) {
    return led ? (1 - weight) * now + weight * led[p] : now;
}

/* Error of load where shares move by `weight` from those of `day` towards `led`: among partitions that
 * are there on both days, `kept` rows then, because nobody foretells which will come. */
static double error_of(const pgs_stock *k, size_t day, size_t days, double kept, double weight,
                       const double *led) {
    const double *then = pgs_stock_row(k, day + days);
    double sum = 0, whole = 0;
    for (size_t p = 0; p < k->n_parts; p++) {
        double now = pgs_stock_share(k, day, p);
        whole += isnan(now) || isnan(then[p]) ? 0 : between(now, led, p, weight);
    }
    for (size_t p = 0; p < k->n_parts && kept > 0 && whole > 0; p++) {
        double now = pgs_stock_share(k, day, p);
        if (!isnan(now) && !isnan(then[p]))
            sum += fabs(then[p] / kept - between(now, led, p, weight) / whole);
    }
    return sum;
}

pgs_share_rule pgs_share_choose(const pgs_stock *k, size_t origin, size_t days, double *room) {
    size_t day[TRIALS];
    size_t n = pgs_stock_origins(k, origin, days, 7, TRIALS, day);
    double stay = 0, error[PGS_COUNT_OF(WINDOW)][PGS_COUNT_OF(WEIGHT)] = {{0}};
    pgs_share_rule best = {0, YEAR};
    for (size_t i = 0; i < n; i++) {
        double kept = pgs_stock_kept(k, day[i], day[i] + days, pgs_stock_row(k, day[i] + days));
        stay += error_of(k, day[i], days, kept, 0, NULL);
        for (size_t w = 0; w < PGS_COUNT_OF(WINDOW); w++) {
            follow(k, day[i], days, WINDOW[w], room);
            for (size_t a = 0; a < PGS_COUNT_OF(WEIGHT); a++)
                error[w][a] += error_of(k, day[i], days, kept, WEIGHT[a], room);
        }
    }
    double least = FAVOUR * stay;
    for (size_t w = 0; n >= FEWEST && w < PGS_COUNT_OF(WINDOW); w++)
        for (size_t a = 0; a < PGS_COUNT_OF(WEIGHT); a++)
            if (error[w][a] < least) {
                least = error[w][a];
                best = (pgs_share_rule){WEIGHT[a], WINDOW[w]};
            }
    return best;
}

/* ---- the total ---- */

static double growth_of(const pgs_stock *k, size_t from, size_t to, bool again) {
    return again ? pgs_stock_total_of(k, from, to) - k->total[from]
                 : pgs_stock_total_growth(k, from, to);
}

/* The mean week of the last `weeks`, and of what is left of a week the same weekdays of them. */
static double weekly_growth(const pgs_stock *k, size_t day, size_t days, pgs_total_rule rule) {
    size_t known = (day - (rule.again ? 0 : k->begun[day])) / 7, rest = days % 7;
    size_t n = known < rule.weeks ? known : rule.weeks;
    if (n == 0)
        return 0;
    double growth = growth_of(k, day - 7 * n, day, rule.again) * (double)(days / 7), sum = 0;
    for (size_t i = 1; rest > 0 && i <= n; i++)
        sum += growth_of(k, day - 7 * i, day - 7 * i + rest, rule.again);
    return (growth + sum) / (double)n;
}

static double mean_growth(const pgs_stock *k, size_t day, size_t days) {
    size_t known = day - k->begun[day], n = known < YEAR ? known : YEAR;
    return n > 0 ? pgs_stock_total_growth(k, day - n, day) * (double)days / (double)n : 0;
}

static double total_of(const pgs_stock *k, size_t day, size_t days, pgs_total_rule rule,
                       double by) {
    double growth =
        rule.weeks < ALL_WEEKS ? weekly_growth(k, day, days, rule) : mean_growth(k, day, days);
    double then = k->total[day] + growth * waking(k, day, days, by);
    return then > 0 ? then : 0;
}

double pgs_total_foretell(const pgs_stock *k, size_t day, size_t days, pgs_total_rule rule) {
    return total_of(k, day, days, rule, 0.5);
}

void pgs_total_bound(const pgs_stock *k, size_t day, size_t days, pgs_total_rule rule,
                     size_t one_in, double *least, double *most) {
    double tail = 0.5 / (double)one_in;
    double early = total_of(k, day, days, rule, tail),
           late = total_of(k, day, days, rule, 1 - tail);
    *least = early < late ? early : late;
    *most = early < late ? late : early;
}

pgs_total_rule pgs_total_choose(const pgs_stock *k, size_t origin, size_t days) {
    static const pgs_total_rule RULE[] = {{0, false},  {2, false},         {4, false},
                                          {13, false}, {ALL_WEEKS, false}, {4, true}};
    /* from a week on, the weekdays of past outcomes are not those of the one asked for */
    size_t n_rules = PGS_COUNT_OF(RULE) - (days < 7 ? 0 : 1);
    size_t day[7 * TRIALS], every = days < 7 ? 1 : 7;
    size_t n = pgs_stock_origins(k, origin, days, every, days < 7 ? 7 * TRIALS : TRIALS, day);
    pgs_total_rule best = {ALL_WEEKS, false};
    double least = INFINITY;
    for (size_t r = 0; n > 0 && r < n_rules; r++) {
        double error = 0;
        for (size_t i = 0; i < n; i++)
            error += fabs(pgs_stock_total_of(k, day[i], day[i] + days) -
                          pgs_total_foretell(k, day[i], days, RULE[r]));
        error *= RULE[r].weeks == 0 ? FAVOUR : 1;
        if (error < least) {
            least = error;
            best = RULE[r];
        }
    }
    return best;
}
