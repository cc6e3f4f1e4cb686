/* What may come: the partitions that are likeliest to become unbalanced, with their chances at
 * every horizon, and how the first of them are expected to grow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"

#define MOST_ROWS       10
#define MOST_CHARTS     4
#define FORECAST_POINTS (PGS_MAX_HORIZONS + 1)
#define CROSSING        PGS_THRESHOLD_UNBALANCED

typedef struct ranked {
    const pgs_forecast_partition *partition;
    double soon, late; /* probabilities */
} ranked;

static int by_chance(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->soon != y->soon)
        return x->soon < y->soon ? 1 : -1;
    if (x->late != y->late)
        return x->late < y->late ? 1 : -1;
    return x->partition < y->partition ? -1 : x->partition > y->partition;
}

/* Those that are not unbalanced yet, the likeliest within a month first. */
static size_t rank(const pgs_forecast *f, ranked *out) {
    size_t month = pgs_html_horizon(f, 30), last = f->n_horizons - 1, n = 0;
    for (size_t i = 0; i < f->n_partitions; i++) {
        const pgs_forecast_partition *p = &f->partition[i];
        double soon = p->at[month].p_beyond[CROSSING], late = p->at[last].p_beyond[CROSSING];
        if (p->crossing[CROSSING].p10 != 0 && !isnan(late))
            out[n++] = (ranked){p, isnan(soon) ? 0 : soon, late};
    }
    qsort(out, n, sizeof *out, by_chance);
    return n;
}

/* ---- chances ---- */

static void put_row(pgs_html *h, const pgs_forecast *f, const pgs_forecast_partition *p) {
    pgs_html_put(h, "<tr>");
    pgs_html_partition_cell(h, p->name, p->num);
    pgs_html_put(h, "<td class=\"n\">");
    pgs_html_number(h, PGS_AS_FINE, p->signed_skew);
    pgs_html_put(h, "</td>");
    for (size_t k = 0; k < f->n_horizons; k++) {
        pgs_html_put(h, "<td class=\"n\">");
        pgs_html_number(h, PGS_AS_CHANCE, p->at[k].p_beyond[CROSSING]);
        pgs_html_put(h, "</td>");
    }
    pgs_html_put(h, "<td>");
    pgs_html_days(h, p->crossing[CROSSING].median, f);
    pgs_html_put(h, "</td></tr>\n");
}

static void put_chances(pgs_html *h, const ranked *row, size_t n) {
    const pgs_forecast *f = h->input->forecast;
    size_t n_rows = n < MOST_ROWS ? n : MOST_ROWS;
    pgs_html_format(
        h,
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\"%s>partition</th>"
        "<th scope=\"col\" class=\"n\">skew now</th>",
        pgs_names_matter(h->input->snapshot) ? "" : " class=\"n\"");
    for (size_t k = 0; k < f->n_horizons; k++) {
        pgs_html_put(h, "<th scope=\"col\" class=\"n\">in ");
        pgs_html_count(h, f->horizon_days[k], "day");
        pgs_html_put(h, "</th>");
    }
    pgs_html_put(h, "<th scope=\"col\">even chance in</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n_rows; i++)
        put_row(h, f, row[i].partition);
    pgs_html_put(h, "</tbody></table></div>\n");
    if (n_rows == n)
        return;
    pgs_html_put(h, "<p class=\"rest\">Left out here: ");
    pgs_html_number(h, PGS_AS_COUNT, (double)(n - n_rows));
    pgs_html_put(h, " more partitions, less likely. <code>pgskew forecast</code> shows all.</p>\n");
}

/* ---- how they grow ---- */

static const pgs_heat_row *history_of(const pgs_overview *o, const pgs_forecast_partition *p) {
    for (size_t r = 0; r < o->n_rows; r++) {
        const pgs_heat_row *row = &o->row[r];
        bool same_name = pgs_text_same(row->name, p->name);
        if (row->num == p->num && same_name)
            return row;
    }
    return NULL;
}

typedef struct future {
    size_t n;
    double x[FORECAST_POINTS], middle[FORECAST_POINTS], low[FORECAST_POINTS], high[FORECAST_POINTS],
        wide_low[FORECAST_POINTS], wide_high[FORECAST_POINTS];
} future;

static future future_of(const pgs_forecast *f, const pgs_forecast_partition *p) {
    future out = {.n = 1, .x = {(double)f->taken_us}};
    out.middle[0] = out.low[0] = out.high[0] = out.wide_low[0] = out.wide_high[0] = p->chunk_count;
    for (size_t k = 0; k < f->n_horizons; k++) {
        const pgs_forecast_point *at = &p->at[k];
        if (isnan(at->chunk_count))
            continue;
        out.x[out.n] = (double)(f->taken_us + f->horizon_days[k] * PGS_DAY_US);
        out.middle[out.n] = at->chunk_count;
        out.low[out.n] = at->low80;
        out.high[out.n] = at->high80;
        out.wide_low[out.n] = at->low95;
        out.wide_high[out.n++] = at->high95;
    }
    return out;
}

static void put_chart(pgs_html *h, const double *x, const pgs_forecast_partition *p) {
    const pgs_overview *o = h->input->overview;
    const pgs_heat_row *past = history_of(o, p);
    future f = future_of(h->input->forecast, p);
    double top = 0;
    for (size_t i = 0; i < f.n; i++)
        top = f.wide_high[i] > top ? f.wide_high[i] : top;
    for (size_t c = 0; past && c < o->n_columns; c++)
        top = past->chunk_count[c] > top ? past->chunk_count[c] : top;
    pgs_chart chart = {.h = h, .height = 120, .x_min = past ? x[0] : f.x[0], .x_max = f.x[f.n - 1]};
    chart.y_max = pgs_chart_ceiling(top);
    pgs_html_put(h, "<div><h3>");
    pgs_html_partition(h, p->name, p->num);
    pgs_html_put(h, "</h3>\n");
    pgs_chart_begin(&chart, "Chunks of this partition over time, and what is expected");
    pgs_chart_band(&chart, "wide", f.x, f.wide_low, f.wide_high, f.n);
    pgs_chart_band(&chart, "band", f.x, f.low, f.high, f.n);
    pgs_chart_upright(&chart, "limit", f.x[0]);
    pgs_chart_line(&chart, "guess", f.x, f.middle, f.n);
    if (past)
        pgs_chart_line(&chart, "curve", x, past->chunk_count, o->n_columns);
    pgs_chart_end(&chart, PGS_AS_COUNT, NULL, NULL);
    pgs_html_put(h, "</div>\n");
}

static void put_charts(pgs_html *h, const ranked *row, size_t n) {
    double *x = pgs_chart_times(h);
    if (!x)
        return;
    pgs_html_put(h, "<p>Chunks of the likeliest, with the bands that hold 80 % and 95 % of the "
                    "outcomes:</p>\n<div class=\"pair\">\n");
    for (size_t i = 0; i < n && i < MOST_CHARTS; i++)
        put_chart(h, x, row[i].partition);
    pgs_html_put(h, "</div>\n");
    pgs_free(x);
}

/* What is to be said of the forecasts themselves: each note once. */
static void put_notes(pgs_html *h) {
    const pgs_forecast *f = h->input->forecast;
    size_t n[PGS_NOTE_COUNT] = {0};
    for (size_t i = 0; i < f->n_partitions; i++)
        n[f->partition[i].note]++;
    for (int k = PGS_NOTE_NONE + 1; k < PGS_NOTE_COUNT; k++) {
        if (n[k] == 0)
            continue;
        pgs_html_put(h, "<p class=\"note\">");
        pgs_html_text(h, pgs_forecast_note_text((pgs_forecast_note)k));
        pgs_html_put(h, " (");
        pgs_html_count(h, (double)n[k], "partition");
        pgs_html_put(h, ")</p>\n");
    }
}

void pgs_html_outlook(pgs_html *h) {
    const pgs_forecast *f = h->input->forecast;
    ranked *row = pgs_alloc(f->n_partitions, sizeof *row);
    if (!row) {
        h->status = pgs_no_memory(h->err);
        return;
    }
    size_t n = rank(f, row);
    pgs_html_put(h, "<p>From ");
    pgs_html_count(h, (double)f->n_days, "day");
    pgs_html_put(h, " of history: how probable it is that a partition that is not unbalanced by "
                    "its chunks will be "
                    "then.</p>\n");
    if (n > 0) {
        put_chances(h, row, n);
        put_charts(h, row, n);
    }
    put_notes(h);
    pgs_free(row);
}
