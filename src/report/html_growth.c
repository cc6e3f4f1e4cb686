/* Growth: rows and bytes of the whole table over time, and what they are expected to become, with
 * the band that holds four outcomes of five. */
#include <math.h>

#include "report/html.h"

#define FORECAST_POINTS (PGS_MAX_HORIZONS + 1)

/* From the newest moment on. */
typedef struct future {
    size_t n;
    double x[FORECAST_POINTS], middle[FORECAST_POINTS], low[FORECAST_POINTS], high[FORECAST_POINTS];
} future;

static double largest(const double *y, size_t n) {
    double top = 0;
    for (size_t i = 0; i < n; i++)
        top = y[i] > top ? y[i] : top;
    return top;
}

static bool any_seen(const double *y, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isnan(y[i]))
            return true;
    return false;
}

static void add_point(future *out, double x, double middle, double low, double high) {
    if (isnan(middle))
        return;
    out->x[out->n] = x;
    out->middle[out->n] = middle;
    out->low[out->n] = low;
    out->high[out->n++] = high;
}

static future future_of(const pgs_forecast *f, pgs_measure measure) {
    future out = {0};
    if (!pgs_html_is_foretold(f))
        return out;
    double now = measure == PGS_BY_CHUNKS ? f->total_chunks : f->total_bytes;
    add_point(&out, (double)f->taken_us, now, now, now);
    for (size_t k = 0; k < f->n_horizons; k++) {
        const pgs_forecast_total *t = &f->total[k];
        double x = (double)(f->taken_us + f->horizon_days[k] * PGS_DAY_US);
        if (measure == PGS_BY_CHUNKS)
            add_point(&out, x, t->chunk_count, t->low80, t->high80);
        else
            add_point(&out, x, t->size_bytes, t->size_low80, t->size_high80);
    }
    return out;
}

static void put_total(pgs_html *h, pgs_measure measure, const double *x) {
    static const struct {
        const char *heading, *label;
        pgs_look look;
    } WORDS[PGS_MEASURE_COUNT] = {
        [PGS_BY_CHUNKS] = {"Chunks", "Chunks of the whole table over time", PGS_AS_COUNT},
        [PGS_BY_SIZE] = {"Size", "Bytes of the whole table over time", PGS_AS_BYTES},
    };
    const pgs_overview *o = h->input->overview;
    const double *y = o->total[measure];
    if (!any_seen(y, o->n_columns))
        return;
    future f = future_of(h->input->forecast, measure);
    double past = largest(y, o->n_columns), later = largest(f.high, f.n);
    double top = past > later ? past : later;
    pgs_chart chart = {.h = h, .height = 160, .x_min = x[0], .x_max = x[o->n_columns - 1]};
    chart.x_max = f.n > 1 ? f.x[f.n - 1] : chart.x_max;
    chart.y_max = measure == PGS_BY_CHUNKS ? pgs_chart_ceiling(top) : top;
    pgs_html_format(h, "<div><h3>%s</h3>\n", WORDS[measure].heading);
    pgs_chart_begin(&chart, WORDS[measure].label);
    pgs_chart_band(&chart, "band", f.x, f.low, f.high, f.n);
    if (f.n > 1)
        pgs_chart_upright(&chart, "limit", f.x[0]);
    pgs_chart_line(&chart, "guess", f.x, f.middle, f.n);
    pgs_chart_line(&chart, "curve", x, y, o->n_columns);
    pgs_chart_end(&chart, WORDS[measure].look, NULL, NULL);
    pgs_html_put(h, "</div>\n");
}

/* ---- the same in numbers ---- */

static void put_between(pgs_html *h, pgs_look look, double value, double low, double high) {
    pgs_html_put(h, "<td class=\"n\">");
    pgs_html_number(h, look, value);
    pgs_html_put(h, "</td><td class=\"n\">");
    pgs_html_number(h, look, low);
    if (!isnan(low)) {
        pgs_html_put(h, " to ");
        pgs_html_number(h, look, high);
    }
    pgs_html_put(h, "</td>");
}

static void put_numbers(pgs_html *h) {
    const pgs_forecast *f = h->input->forecast;
    pgs_html_put(
        h, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">in</th>"
           "<th scope=\"col\" class=\"n\">chunks</th><th scope=\"col\" class=\"n\">four in five "
           "between"
           "</th><th scope=\"col\" class=\"n\">size</th><th scope=\"col\" class=\"n\">four in five "
           "between</th><th scope=\"col\" class=\"n\">unbalanced</th></tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < f->n_horizons; k++) {
        const pgs_forecast_total *t = &f->total[k];
        if (isnan(t->chunk_count))
            continue;
        pgs_html_put(h, "<tr><td>");
        pgs_html_count(h, f->horizon_days[k], "day");
        pgs_html_put(h, "</td>");
        put_between(h, PGS_AS_COUNT, t->chunk_count, t->low80, t->high80);
        put_between(h, PGS_AS_BYTES, t->size_bytes, t->size_low80, t->size_high80);
        pgs_html_put(h, "<td class=\"n\">");
        pgs_html_number(h, PGS_AS_REAL, t->expected[PGS_THRESHOLD_UNBALANCED]);
        pgs_html_put(h, "</td></tr>\n");
    }
    pgs_html_put(
        h,
        "</tbody></table></div>\n<p class=\"note\">Unbalanced: how many partitions are expected to "
        "be, by their chunks, as the sum of their probabilities.</p>\n");
}

void pgs_html_growth(pgs_html *h) {
    bool foretold = pgs_html_is_foretold(h->input->forecast);
    double *x = pgs_chart_times(h);
    if (!x)
        return;
    if (foretold)
        pgs_html_put(
            h, "<p>Solid: observed. Dashed: expected. The band holds four outcomes of five.</p>\n");
    pgs_html_put(h, "<div class=\"pair\">\n");
    put_total(h, PGS_BY_CHUNKS, x);
    put_total(h, PGS_BY_SIZE, x);
    pgs_html_put(h, "</div>\n");
    pgs_free(x);
    if (foretold)
        put_numbers(h);
}
