/* What was cleaned before anything was concluded from the history: every decision, the newest first. */
#include <math.h>

#include "report/html.h"

#define MOST_DECISIONS 15

static void put_decision(pgs_html *h, const pgs_clean *clean, const pgs_cleaning *c) {
    const pgs_frame *frame = clean->frame;
    pgs_look look = c->measure == PGS_BY_CHUNKS ? PGS_AS_COUNT : PGS_AS_BYTES;
    pgs_html_put(h, "<tr><td>");
    pgs_html_day(h, frame->taken_us[c->to]);
    pgs_html_put(h, "</td><td>");
    if (c->p == PGS_WHOLE_TABLE)
        pgs_html_put(h, "the whole table");
    else
        pgs_html_partition(h, frame->part[c->p], frame->part_num[c->p]);
    pgs_html_format(h, "</td><td>%s</td><td class=\"n\">", pgs_cleaning_name(c->kind));
    pgs_html_number(h, look, c->before);
    pgs_html_put(h, "</td><td class=\"n\">");
    pgs_html_number(h, look, c->after);
    pgs_html_format(h, "</td><td>%s</td></tr>\n", pgs_cleaning_action(c->kind));
}

void pgs_html_cleaning(pgs_html *h) {
    const pgs_clean *clean = h->input->clean;
    size_t n = clean->n_cleanings, n_rows = n < MOST_DECISIONS ? n : MOST_DECISIONS;
    if (n == 0) {
        pgs_html_put(
            h, "<p>Nothing: no gap, no misread, no truncation, no rewrite in this history.</p>\n");
        return;
    }
    pgs_html_put(
        h,
        "<p>Not every change is growth. These were recognised, and what was done about each:</p>\n"
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">day</th><th "
        "scope=\"col\">of</th><th scope=\"col\">what</th><th scope=\"col\" "
        "class=\"n\">before</th><th "
        "scope=\"col\" class=\"n\">after</th><th scope=\"col\">what was "
        "done</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n_rows; i++)
        put_decision(h, clean, &clean->cleaning[n - 1 - i]);
    pgs_html_put(h, "</tbody></table></div>\n");
    if (n_rows == n)
        return;
    pgs_html_put(h, "<p class=\"rest\">Left out here: ");
    pgs_html_count(h, (double)(n - n_rows), "older decision");
    pgs_html_put(h, ". <code>pgskew trend -f json</code> has all.</p>\n");
}
