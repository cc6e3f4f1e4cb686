/* Charts: shapes in a box that stretches to the width of the page, and words around it in HTML,
 * which do not stretch. So a chart is as readable on a phone as on paper. Coordinates are half
 * pixels. */
#include <math.h>

#include "report/html.h"

#define FINE 2 /* units of a pixel of height */

double *pgs_chart_times(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    double *x = pgs_alloc(o->n_columns, sizeof *x);
    for (size_t c = 0; x && c < o->n_columns; c++)
        x[c] = (double)o->taken_us[c];
    if (!x)
        h->status = pgs_no_memory(h->err);
    return x;
}

static int place(double value, double min, double max, int size) {
    double at = max > min ? (value - min) / (max - min) : 0.5;
    at = at < 0 ? 0 : at > 1 ? 1 : at;
    return (int)(at * size + 0.5);
}

static int x_of(const pgs_chart *chart, double x) {
    return place(x, chart->x_min, chart->x_max, PGS_CHART_WIDTH);
}

static int y_of(const pgs_chart *chart, double y) {
    return chart->height * FINE - place(y, chart->y_min, chart->y_max, chart->height * FINE);
}

void pgs_chart_begin(pgs_chart *chart, const char *label) {
    pgs_html_format(chart->h,
                    "<div class=\"chart\"><svg role=\"img\" aria-label=\"%s\" height=\"%d\" "
                    "viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\">\n",
                    label, chart->height, PGS_CHART_WIDTH, chart->height * FINE);
}

static void put_day(pgs_chart *chart, double at) {
    pgs_html_put(chart->h, "<span>");
    pgs_html_day(chart->h, (int64_t)at);
    pgs_html_put(chart->h, "</span>");
}

void pgs_chart_end(pgs_chart *chart, pgs_look y_look, const char *left, const char *right) {
    pgs_html *h = chart->h;
    pgs_html_put(h, "</svg>\n<div class=\"y\"><span>");
    pgs_html_number(h, y_look, chart->y_max);
    pgs_html_put(h, "</span><span>");
    pgs_html_number(h, y_look, chart->y_min);
    pgs_html_put(h, "</span></div>\n<div class=\"x\">");
    if (left) {
        pgs_html_format(h, "<span>%s</span><span>%s</span>", left, right);
    } else {
        put_day(chart, chart->x_min);
        put_day(chart, chart->x_min + (chart->x_max - chart->x_min) / 2);
        put_day(chart, chart->x_max);
    }
    pgs_html_put(h, "</div></div>\n");
}

static void put_point(pgs_chart *chart, bool first, double x, double y) {
    pgs_html_format(chart->h, "%s%d %d", first ? "M" : " ", x_of(chart, x), y_of(chart, y));
}

void pgs_chart_line(pgs_chart *chart, const char *class_name, const double *x, const double *y,
                    size_t n) {
    bool begun = false;
    for (size_t i = 0; i < n; i++) {
        if (isnan(y[i]))
            continue;
        if (!begun)
            pgs_html_format(chart->h, "<path class=\"%s\" d=\"", class_name);
        put_point(chart, !begun, x[i], y[i]);
        begun = true;
    }
    if (begun)
        pgs_html_put(chart->h, "\"/>\n");
}

void pgs_chart_band(pgs_chart *chart, const char *class_name, const double *x, const double *low,
                    const double *high, size_t n) {
    bool begun = false;
    for (size_t i = 0; i < 2 * n; i++) {
        size_t k = i < n ? i : 2 * n - 1 - i;
        if (isnan(low[k]) || isnan(high[k]))
            continue;
        if (!begun)
            pgs_html_format(chart->h, "<path class=\"%s\" d=\"", class_name);
        put_point(chart, !begun, x[k], i < n ? high[k] : low[k]);
        begun = true;
    }
    if (begun)
        pgs_html_put(chart->h, "z\"/>\n");
}

void pgs_chart_box(pgs_chart *chart, const char *class_name, double low, double high) {
    int top = y_of(chart, high), bottom = y_of(chart, low);
    pgs_html_format(chart->h, "<path class=\"%s\" d=\"M0 %dH%dV%dH0z\"/>\n", class_name, top,
                    PGS_CHART_WIDTH, bottom);
}

void pgs_chart_level(pgs_chart *chart, const char *class_name, double y) {
    pgs_html_format(chart->h, "<path class=\"%s\" d=\"M0 %dH%d\"/>\n", class_name, y_of(chart, y),
                    PGS_CHART_WIDTH);
}

void pgs_chart_upright(pgs_chart *chart, const char *class_name, double x) {
    pgs_html_format(chart->h, "<path class=\"%s\" d=\"M%d 0V%d\"/>\n", class_name, x_of(chart, x),
                    chart->height * FINE);
}

void pgs_chart_bar(pgs_chart *chart, double from, double to, double low, double high) {
    int left = x_of(chart, from), right = x_of(chart, to);
    int top = y_of(chart, high), bottom = y_of(chart, low);
    if (bottom == top) /* nothing to see would say that nothing is there */
        bottom++;
    pgs_html_format(chart->h, "M%d %dH%dV%dH%dz", left, top, right, bottom, left);
}

double pgs_chart_ceiling(double largest) {
    static const double STEP[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
    double unit = 1;
    if (!(largest > 0) || !(largest < 1e15))
        return largest > 0 ? largest : 1;
    while (unit * 10 < largest)
        unit *= 10;
    size_t i = 0;
    while (STEP[i] * unit < largest && i + 1 < PGS_COUNT_OF(STEP))
        i++;
    return STEP[i] * unit;
}
