/* What will cross a threshold next, when, and how sure that is: the card for the first screen. It
 * picks from the forecast, and computes nothing. */
#include <math.h>

#include "report/html.h"

/* One partition and one threshold. */
typedef struct candidate {
    const pgs_forecast_partition *partition; /* NULL: none */
    pgs_threshold threshold;
} candidate;

static const char *const WORD[PGS_THRESHOLD_COUNT] = {
    [PGS_THRESHOLD_WARNING] = "in warning",
    [PGS_THRESHOLD_REBALANCE] = "due for rebalancing",
    [PGS_THRESHOLD_UNBALANCED] = "unbalanced",
};

static double median_of(candidate c) {
    return c.partition->crossing[c.threshold].median;
}

/* The earliest that comes rather than not. */
static candidate find_earliest(const pgs_forecast *f, pgs_threshold threshold) {
    candidate best = {NULL, threshold};
    for (size_t i = 0; i < f->n_partitions; i++) {
        candidate c = {&f->partition[i], threshold};
        if (median_of(c) > 0 && (!best.partition || median_of(c) < median_of(best)))
            best = c;
    }
    return best;
}

/* The likeliest at a horizon among those that are not there yet. */
static candidate find_likeliest(const pgs_forecast *f, pgs_threshold threshold, size_t horizon) {
    candidate best = {NULL, threshold};
    for (size_t i = 0; i < f->n_partitions; i++) {
        candidate c = {&f->partition[i], threshold};
        double p = c.partition->at[horizon].p_beyond[threshold];
        if (isnan(p) || c.partition->crossing[threshold].p10 == 0)
            continue;
        if (!best.partition || p > best.partition->at[horizon].p_beyond[threshold])
            best = c;
    }
    return best;
}

size_t pgs_html_horizon(const pgs_forecast *f, double days) {
    size_t k = 0;
    while (k + 1 < f->n_horizons && f->horizon_days[k] < days)
        k++;
    return k;
}

static void put_chance_of(pgs_html *h, const pgs_forecast *f, candidate c, size_t horizon) {
    pgs_html_put(h, "Probability <b>");
    pgs_html_number(h, PGS_AS_CHANCE, c.partition->at[horizon].p_beyond[c.threshold]);
    pgs_html_put(h, "</b> in ");
    pgs_html_count(h, f->horizon_days[horizon], "day");
}

void pgs_html_days(pgs_html *h, double days, const pgs_forecast *f) {
    if (isnan(days)) {
        pgs_html_put(h, "more than ");
        pgs_html_count(h, f->horizon_days[f->n_horizons - 1], "day");
    } else if (days < 1) {
        pgs_html_put(h, "a day");
    } else {
        pgs_html_count(h, (double)(int64_t)days, "day");
    }
}

static void put_by(pgs_html *h, const pgs_forecast *f, const char *words, double days) {
    if (isnan(days))
        return;
    pgs_html_put(h, words);
    pgs_html_days(h, days, f);
}

static void put_crossing(pgs_html *h, const pgs_forecast *f, candidate c) {
    const pgs_crossing *when = &c.partition->crossing[c.threshold];
    pgs_html_put(h, "<p class=\"big\">In about ");
    pgs_html_days(h, when->median, f);
    pgs_html_put(h, ", ");
    pgs_html_partition(h, c.partition->name, c.partition->num);
    pgs_html_format(h, " will probably be %s.</p>\n<p class=\"note\">", WORD[c.threshold]);
    put_chance_of(h, f, c, pgs_html_horizon(f, when->median));
    put_by(h, f, "; one chance in ten within ", when->p10);
    put_by(h, f, ", nine in ten within ", when->p90);
    pgs_html_put(h, ".</p>\n");
}

static void put_quiet(pgs_html *h, const pgs_forecast *f) {
    size_t farthest = f->n_horizons - 1;
    candidate c = find_likeliest(f, PGS_THRESHOLD_UNBALANCED, farthest);
    pgs_html_put(h, "<p class=\"big\">Nothing is expected to cross within ");
    pgs_html_count(h, f->horizon_days[farthest], "day");
    pgs_html_put(h, ".</p>\n<p class=\"note\">");
    if (c.partition) {
        pgs_html_format(h, "The likeliest to become %s is ", WORD[c.threshold]);
        pgs_html_partition(h, c.partition->name, c.partition->num);
        pgs_html_put(h, ". ");
        put_chance_of(h, f, c, farthest);
        pgs_html_put(h, ".");
    }
    pgs_html_put(h, "</p>\n");
}

static void put_none(pgs_html *h) {
    pgs_html_put(
        h, "<p class=\"big\">No forecast yet.</p>\n<p class=\"note\">One needs at least 9 days of "
           "history; from 20 days on it can be relied on.</p>\n");
}

bool pgs_html_is_foretold(const pgs_forecast *f) {
    for (size_t i = 0; f && f->n_horizons > 0 && i < f->n_partitions; i++)
        if (!isnan(f->partition[i].at[f->n_horizons - 1].p_beyond[PGS_THRESHOLD_UNBALANCED]))
            return true;
    return false;
}

void pgs_html_next(pgs_html *h) {
    const pgs_forecast *f = h->input->forecast;
    pgs_html_put(h, "<div class=\"card\" id=\"next\">\n<h2>What will cross next</h2>\n");
    if (!pgs_html_is_foretold(f)) {
        put_none(h);
    } else {
        candidate next = find_earliest(f, PGS_THRESHOLD_UNBALANCED);
        if (!next.partition)
            next = find_earliest(f, PGS_THRESHOLD_WARNING);
        if (next.partition)
            put_crossing(h, f, next);
        else
            put_quiet(h, f);
    }
    pgs_html_put(h, "</div>\n");
}
