/* How right forecasts have been on this very table: the same method, asked in the past and compared
 * with what came. */
#include <math.h>

#include "report/html.h"

static void put_number(pgs_html *h, pgs_look look, double value) {
    pgs_html_put(h, "<td class=\"n\">");
    pgs_html_number(h, look, value);
    pgs_html_put(h, "</td>");
}

static void put_row(pgs_html *h, const pgs_backtest *b, size_t k) {
    const pgs_backtest_horizon *at = &b->horizon[k];
    const pgs_score *ours = &at->score[PGS_METHOD_PGSKEW];
    const pgs_score *still = &at->score[PGS_METHOD_PERSISTENCE];
    const pgs_score *line = &at->score[PGS_METHOD_LINEAR_30D];
    pgs_html_put(h, "<tr><td>");
    pgs_html_count(h, b->horizon_days[k], "day");
    pgs_html_put(h, "</td>");
    put_number(h, PGS_AS_COUNT, (double)at->n_origins);
    put_number(h, PGS_AS_FINE, ours->load_error);
    put_number(h, PGS_AS_FINE, still->load_error);
    put_number(h, PGS_AS_FINE, line->load_error);
    put_number(h, PGS_AS_FINE, ours->brier);
    put_number(h, PGS_AS_FINE, still->brier);
    put_number(h, PGS_AS_CHANCE, ours->coverage80);
    put_number(h, PGS_AS_CHANCE, ours->coverage95);
    put_number(h, PGS_AS_COUNT, (double)at->n_onsets);
    put_number(h, PGS_AS_COUNT, (double)ours->true_onsets);
    put_number(h, PGS_AS_COUNT, (double)ours->false_onsets);
    pgs_html_put(h, "</tr>\n");
}

void pgs_html_backtest(pgs_html *h) {
    static const char *const HEADING[] = {
        "origins",          "error",      "error, no change", "error, line", "Brier",
        "Brier, no change", "80 % holds", "95 % holds",       "onsets",      "foretold",
        "false alarms",
    };
    const pgs_backtest *b = &h->input->forecast->backtest;
    pgs_html_put(
        h,
        "<p>The same forecasts, made from the past of this table and compared with what came. "
        "Error is "
        "the mean distance of a partition's share from the forecast, in even shares; Brier that of "
        "the probability of being unbalanced; both are better when smaller. <i>Holds</i> is how "
        "often "
        "the outcome lay within the band. An onset is a partition that became unbalanced. No "
        "change and line are what simpler methods "
        "reach.</p>\n"
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">in</th>");
    for (size_t i = 0; i < PGS_COUNT_OF(HEADING); i++)
        pgs_html_format(h, "<th scope=\"col\" class=\"n\">%s</th>", HEADING[i]);
    pgs_html_put(h, "</tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < b->n_horizons; k++)
        if (b->horizon[k].n > 0)
            put_row(h, b, k);
    pgs_html_put(h, "</tbody></table></div>\n<p class=\"note\">An origin is a day from which a "
                    "forecast was made. "
                    "<code>pgskew backtest</code> takes all of them.</p>\n");
}
