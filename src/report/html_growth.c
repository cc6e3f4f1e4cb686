/* Growth: rows and bytes over time. */
#include <math.h>

#include "report/html.h"

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
    double top = largest(y, o->n_columns);
    pgs_chart chart = {.h = h, .height = 150, .x_min = x[0], .x_max = x[o->n_columns - 1]};
    chart.y_max = measure == PGS_BY_CHUNKS ? pgs_chart_ceiling(top) : top;
    pgs_html_format(h, "<div><h3>%s</h3>\n", WORDS[measure].heading);
    pgs_chart_begin(&chart, WORDS[measure].label);
    pgs_chart_line(&chart, "curve", x, y, o->n_columns);
    pgs_chart_end(&chart, WORDS[measure].look, NULL, NULL);
    pgs_html_put(h, "</div>\n");
}

void pgs_html_growth(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    double *x = pgs_alloc(o->n_columns, sizeof *x);
    if (!x) {
        h->status = pgs_no_memory(h->err);
        return;
    }
    for (size_t c = 0; c < o->n_columns; c++)
        x[c] = (double)o->taken_us[c];
    pgs_html_put(h, "<div class=\"pair\">\n");
    put_total(h, PGS_BY_CHUNKS, x);
    put_total(h, PGS_BY_SIZE, x);
    pgs_html_put(h, "</div>\n");
    pgs_free(x);
}
