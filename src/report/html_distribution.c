/* One moment: every partition's skew in order, over what chance alone explains, and the measures of
 * the whole. With more partitions than the page has pixels, every k-th is drawn. */
#include <math.h>

#include "report/html.h"

#define MOST_BARS 400
#define CEILING   2.0 /* bars above are cut: one partition must not flatten the others */

static double skew_at(const pgs_report_input *input, size_t rank) {
    return input->result->signed_skew[input->overview->by_skew[rank]];
}

/* The rank that bar i of n shows: the first and the last are the extremes. */
static size_t rank_of(const pgs_overview *o, size_t i, size_t n) {
    return n > 1 ? i * (o->n_seen - 1) / (n - 1) : 0;
}

static void put_bars(pgs_html *h, pgs_chart *chart, size_t n_bars) {
    const pgs_overview *o = h->input->overview;
    for (int k = 0; k < PGS_SKEW_CLASSES; k++) {
        pgs_html_format(h, "<path class=\"s%d%s\" d=\"", k, k == PGS_SKEW_EVEN ? " bar-even" : "");
        for (size_t i = 0; i < n_bars; i++) {
            double skew = skew_at(h->input, rank_of(o, i, n_bars));
            if (pgs_skew_class(skew) == k)
                pgs_chart_bar(chart, (double)i + 0.08, (double)i + 0.92, skew < 0 ? skew : 0,
                              skew < 0 ? 0 : skew);
        }
        pgs_html_put(h, "\"/>\n");
    }
}

static void put_extreme(pgs_html *h, const char *word, size_t rank) {
    size_t part = h->input->overview->by_skew[rank];
    const pgs_partition *p = &h->input->snapshot->part[part];
    pgs_html_format(h, "The %s, ", word);
    pgs_html_partition(h, p->name, p->num);
    pgs_html_put(h, ", is at ");
    pgs_html_signed(h, PGS_AS_FINE, h->input->result->signed_skew[part]);
    pgs_html_put(h, ". ");
}

static void put_beyond(pgs_html *h, size_t n) {
    if (n == 0) {
        pgs_html_put(
            h, "No partition is beyond it: pieces this large land this unevenly by themselves.");
        return;
    }
    pgs_html_count(h, (double)n, "partition");
    pgs_html_put(h, n == 1 ? " is beyond it and has a cause that is worth looking for."
                           : " are beyond it and have a cause that is worth looking for.");
}

static void put_chance(pgs_html *h) {
    const pgs_noise *noise = &h->input->result->noise;
    const pgs_overview *o = h->input->overview;
    if (isnan(noise->chunk_floor))
        return;
    pgs_html_put(h, "<p>");
    if (isinf(noise->chunk_floor)) {
        pgs_html_put(
            h,
            "There are too few, too large pieces for so many partitions: any placement of them is "
            "uneven, and no skew here is more than chance. Moving one partition will not "
            "help.");
    } else {
        pgs_html_put(h, "Chance alone explains chunk skews below <b>");
        pgs_html_number(h, PGS_AS_FINE, noise->chunk_floor);
        pgs_html_put(h, "</b> (the shaded band). ");
        put_beyond(h, o->n_above[PGS_BY_CHUNKS]);
    }
    pgs_html_put(h, "</p>\n");
}

static void put_chart(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    const pgs_noise *noise = &h->input->result->noise;
    size_t n_bars = o->n_seen < MOST_BARS ? o->n_seen : MOST_BARS;
    double fullest = skew_at(h->input, 0);
    pgs_chart chart = {.h = h, .height = 220, .x_max = (double)n_bars, .y_min = -1};
    chart.y_max = fullest > 1 ? CEILING : 1;
    pgs_chart_begin(&chart, "Signed skew of every partition, from the fullest to the emptiest");
    if (!isnan(noise->chunk_floor))
        pgs_chart_box(&chart, "chance", -noise->chunk_floor, noise->chunk_floor);
    put_bars(h, &chart, n_bars);
    pgs_chart_level(&chart, "zero", 0);
    pgs_chart_level(&chart, "limit", PGS_SKEW_CRITICAL_THRESHOLD);
    pgs_chart_level(&chart, "limit", -PGS_SKEW_CRITICAL_THRESHOLD);
    pgs_chart_end(&chart, PGS_AS_REAL, "fullest", "emptiest");
    pgs_html_put(h,
                 "<p class=\"note\">Dotted: the skew of 0.5 at which a partition is unbalanced. ");
    if (fullest > CEILING)
        pgs_html_put(h, "Bars are cut at +2. ");
    put_extreme(h, "fullest", 0);
    if (o->n_seen > 1)
        put_extreme(h, "emptiest", o->n_seen - 1);
    if (n_bars < o->n_seen) {
        pgs_html_format(h, "%zu bars stand for ", n_bars);
        pgs_html_count(h, (double)o->n_seen, "partition");
        pgs_html_put(h, ", evenly chosen by rank.");
    }
    pgs_html_put(h, "</p>\n");
}

static void put_measures(pgs_html *h) {
    pgs_grid metrics = pgs_grid_of(PGS_GRID_SKEW, h->input);
    pgs_grid measures = pgs_grid_of(PGS_GRID_MEASURES_READ, h->input);
    pgs_html_put(h, "<h3>The table as a whole</h3>\n");
    pgs_html_grid(h, &metrics, metrics.n_rows, "metrics", "skew");
    pgs_html_put(h, "<details><summary>Measures of unevenness</summary>\n");
    pgs_html_grid(h, &measures, measures.n_rows, "measures", "skew");
    pgs_html_put(h, "</details>\n");
}

void pgs_html_distribution(pgs_html *h) {
    put_chance(h);
    put_chart(h);
    pgs_html_skew_legend(h);
    put_measures(h);
}
