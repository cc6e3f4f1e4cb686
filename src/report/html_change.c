/* What has changed since a week ago: a card for the first screen, and a section. */
#include <math.h>

#include "report/html.h"

#define NAMED        2  /* partitions that the card names */
#define MOST_CHANGES 15 /* rows of findings in the section */

/* ---- the card ---- */

static bool is_known(int64_t value) {
    return value != PGS_TIME_NONE;
}

/* "Unbalanced: 6, now 7." */
static void put_status(pgs_html *h, const char *word, const pgs_total_change *total) {
    if (!is_known(total->before) || !is_known(total->after) ||
        (total->before == 0 && total->after == 0))
        return;
    pgs_html_format(h, "%s: ", word);
    if (total->change == 0) {
        pgs_html_put(h, "still ");
    } else {
        pgs_html_number(h, PGS_AS_COUNT, (double)total->before);
        pgs_html_put(h, ", now ");
    }
    pgs_html_number(h, PGS_AS_COUNT, (double)total->after);
    pgs_html_put(h, ". ");
}

static void put_statuses(pgs_html *h, const pgs_diff *diff) {
    const pgs_total_change *unbalanced = &diff->total[PGS_DIFF_UNBALANCED];
    const pgs_total_change *warning = &diff->total[PGS_DIFF_WARNING];
    pgs_html_put(h, "<p class=\"big\">");
    if (unbalanced->before + unbalanced->after + warning->before + warning->after == 0)
        pgs_html_put(h, "Nothing got out of balance.");
    put_status(h, "Unbalanced", unbalanced);
    put_status(h, "In warning", warning);
    pgs_html_put(h, "</p>\n");
}

static void put_total(pgs_html *h, const pgs_total_change *total, pgs_look look,
                      const char *thing) {
    if (!is_known(total->change))
        return;
    pgs_html_signed(h, look, (double)total->change);
    pgs_html_put(h, thing);
    if (isfinite(total->relative)) {
        pgs_html_put(h, " (");
        pgs_html_number(h, PGS_AS_RATIO, total->relative);
        pgs_html_put(h, ")");
    }
}

/* The first of the partitions whose status is new, or resolved. */
static void put_names(pgs_html *h, const pgs_diff *diff, pgs_news news, const char *word) {
    size_t n = 0;
    for (size_t i = 0; i < diff->n_findings; i++) {
        const pgs_finding *f = &diff->finding[i];
        if (f->news != news || f->kind != PGS_FINDING_STATUS)
            continue;
        if (n++ == NAMED)
            pgs_html_put(h, " and more");
        if (n > NAMED)
            break;
        pgs_html_format(h, "%s", n == 1 ? word : ", ");
        pgs_html_partition(h, f->name, f->partition_num);
        if (news == PGS_NEW)
            pgs_html_format(h, " is %s",
                            f->severity[PGS_AFTER] == PGS_SEVERITY_CRITICAL ? "unbalanced"
                                                                            : "in warning");
    }
    if (n > 0)
        pgs_html_put(h, ". ");
}

static void put_since(pgs_html *h, const pgs_diff *diff) {
    bool is_week = diff->days >= 7 && diff->days < 8;
    pgs_html_put(h, is_week ? "Since last week, " : "Since ");
    pgs_html_day(h, diff->snapshot[PGS_BEFORE]->head.taken_us);
    if (!is_week) {
        pgs_html_put(h, ", ");
        if (diff->days < 1)
            pgs_html_put(h, "less than a day");
        else
            pgs_html_count(h, (double)(int64_t)diff->days, "day");
        pgs_html_put(h, " before");
    }
}

void pgs_html_week(pgs_html *h) {
    const pgs_diff *diff = h->input->diff;
    if (!diff) {
        pgs_html_put(
            h,
            "<div class=\"card\" id=\"week\">\n<h2>Since last week</h2>\n"
            "<p class=\"big\">Nothing to compare with yet.</p>\n<p class=\"note\">This is the only "
            "moment there is. Take one a day, <code>pgskew-collect snapshot -o DIR</code>, and "
            "report on the directory.</p>\n</div>\n");
        return;
    }
    pgs_html_put(h, "<div class=\"card\" id=\"week\">\n<h2>");
    put_since(h, diff);
    pgs_html_put(h, "</h2>\n");
    put_statuses(h, diff);
    pgs_html_put(h, "<p class=\"note\">");
    put_names(h, diff, PGS_NEW, "New: ");
    put_names(h, diff, PGS_RESOLVED, "Healthy again: ");
    put_total(h, &diff->total[PGS_DIFF_CHUNKS], PGS_AS_COUNT, " chunks");
    if (is_known(diff->total[PGS_DIFF_CHUNKS].change) &&
        is_known(diff->total[PGS_DIFF_BYTES].change))
        pgs_html_put(h, ", ");
    put_total(h, &diff->total[PGS_DIFF_BYTES], PGS_AS_BYTES, "");
    pgs_html_put(h, "</p>\n</div>\n");
}

/* ---- the section ---- */

static void put_findings(pgs_html *h, const pgs_diff *diff, pgs_news news, const char *heading) {
    pgs_grid grid = pgs_grid_of_diff(PGS_DIFF_VIEW_FINDINGS_READ, diff);
    if (diff->n_news[news] == 0)
        return;
    size_t *row = pgs_alloc(diff->n_findings, sizeof *row);
    if (!row) {
        h->status = pgs_no_memory(h->err);
        return;
    }
    grid.row = row;
    grid.n_rows = 0;
    for (size_t i = 0; i < diff->n_findings; i++)
        if (diff->finding[i].news == news)
            row[grid.n_rows++] = i;
    pgs_html_format(h, "<h3>%s</h3>\n", heading);
    pgs_html_grid(h, &grid, MOST_CHANGES, "findings", "diff");
    pgs_free(row);
}

void pgs_html_change(pgs_html *h) {
    const pgs_diff *diff = h->input->diff;
    pgs_grid totals = pgs_grid_of_diff(PGS_DIFF_VIEW_TOTALS_READ, diff);
    pgs_html_put(h, "<p>From ");
    pgs_html_time(h, diff->snapshot[PGS_BEFORE]->head.taken_us);
    pgs_html_put(h, " to ");
    pgs_html_time(h, diff->snapshot[PGS_AFTER]->head.taken_us);
    pgs_html_put(h, ": ");
    pgs_html_count(h, (double)diff->n_news[PGS_NEW], "new finding");
    pgs_html_format(h, ", %zu resolved, %zu persisting, of which %zu got worse.</p>\n",
                    diff->n_news[PGS_RESOLVED], diff->n_news[PGS_PERSISTING], diff->n_worse);
    pgs_html_grid(h, &totals, totals.n_rows, "totals", "diff");
    put_findings(h, diff, PGS_NEW, "New");
    put_findings(h, diff, PGS_RESOLVED, "Resolved");
}
