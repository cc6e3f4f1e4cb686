/* Signed skews as colours, and the heat map: a row for a partition, a column for a day. All cells
 * of a colour are one path, neighbours in time joined, so that a map of 18,000 cells is a few tens
 * of kilobytes. */
#include <math.h>

#include "report/html.h"

#define ROW_PIXELS   7
#define LABEL_PIXELS 14 /* the least distance of two labels */
#define TALL_ROW     16 /* where there are few partitions, each has a label */

/* Colours begin where statuses do. */
static const struct {
    double from;
    const char *words;
} CLASS[PGS_SKEW_CLASSES] = {
    {-1, "-0.5 and emptier"}, {-0.5, "-0.5 to -0.3"}, {-0.3, "-0.3 to -0.1"},
    {-0.1, "about even"},     {0.1, "+0.1 to +0.3"},  {0.3, "+0.3 to +0.5"},
    {0.5, "+0.5 to +1"},      {1, "+1 to +3"},        {3, "+3 and fuller"},
};

int pgs_skew_class(double signed_skew) {
    if (isnan(signed_skew))
        return -1;
    int c = PGS_SKEW_CLASSES - 1;
    /* below an even share the threshold itself belongs to the emptier side */
    while (c > 0 && (signed_skew < 0 ? signed_skew <= CLASS[c].from : signed_skew < CLASS[c].from))
        c--;
    return c;
}

void pgs_html_skew_legend(pgs_html *h) {
    pgs_html_put(h, "<ul class=\"key\">");
    for (int c = 0; c < PGS_SKEW_CLASSES; c++)
        pgs_html_format(h, "<li><i class=\"s%d\"></i>%s</li>", c, CLASS[c].words);
    pgs_html_put(h, "</ul>\n");
}

static int row_pixels(const pgs_overview *o) {
    return o->n_rows <= 30 ? TALL_ROW : ROW_PIXELS;
}

static void put_run(pgs_html *h, size_t row, size_t from, size_t to, int height) {
    pgs_html_format(h, "M%zu %zuH%zuv%dH%zuz", from, row * (size_t)height, to, height, from);
}

static void put_class(pgs_html *h, int class_of) {
    const pgs_overview *o = h->input->overview;
    pgs_html_format(h, "<path class=\"s%d\" d=\"", class_of);
    for (size_t r = 0; r < o->n_rows; r++) {
        const double *skew = o->row[r].signed_skew;
        for (size_t c = 0, begin; c < o->n_columns;) {
            begin = c;
            while (c < o->n_columns && pgs_skew_class(skew[c]) == class_of)
                c++;
            if (c > begin)
                put_run(h, r, begin, c, row_pixels(o));
            else
                c++;
        }
    }
    pgs_html_put(h, "\"/>\n");
}

/* What each row is, for whoever points at it. */
static void put_names(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    int height = row_pixels(o);
    for (size_t r = 0; r < o->n_rows; r++) {
        double now = o->row[r].signed_skew[o->n_columns - 1];
        pgs_html_format(h, "<path class=\"hit\" d=\"M0 %zuH%zuv%dH0z\"><title>", r * (size_t)height,
                        o->n_columns, height);
        pgs_html_partition(h, o->row[r].name, o->row[r].num);
        pgs_html_put(h, isnan(now) ? ": gone" : ": skew now ");
        if (!isnan(now))
            pgs_html_number(h, PGS_AS_FINE, now);
        pgs_html_put(h, "</title></path>\n");
    }
}

/* A label for every so many rows, as high as those. */
static void put_labels(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    int height = row_pixels(o);
    size_t step = (LABEL_PIXELS + (size_t)height - 1) / (size_t)height;
    bool named = pgs_names_matter(h->input->snapshot);
    char digits[PGS_NUM_TEXT_MAX];
    pgs_html_put(h, "<div class=\"rows\">");
    for (size_t r = 0; r < o->n_rows; r += step) {
        size_t n = o->n_rows - r < step ? o->n_rows - r : step;
        pgs_html_format(h, "<span style=\"height:%zupx\">", n * (size_t)height);
        if (named && o->row[r].name)
            pgs_html_text(h, o->row[r].name);
        else
            pgs_html_put(h, pgs_int_format(o->row[r].num, digits));
        pgs_html_put(h, "</span>");
    }
    pgs_html_put(h, "</div>\n");
}

static void put_map(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    size_t height = o->n_rows * (size_t)row_pixels(o);
    pgs_html_format(
        h,
        "<div class=\"chart heat\"><svg role=\"img\" aria-label=\"Heat map: signed skew of "
        "%zu partitions on %zu days\" height=\"%zu\" viewBox=\"0 0 %zu %zu\" "
        "preserveAspectRatio=\"none\">\n",
        o->n_rows, o->n_columns, height, o->n_columns, height);
    for (int c = 0; c < PGS_SKEW_CLASSES; c++)
        put_class(h, c);
    put_names(h);
    pgs_html_put(h, "</svg>\n");
    put_labels(h);
    pgs_html_put(h, "<div class=\"x\">");
    const size_t shown[] = {0, o->n_columns / 2, o->n_columns - 1};
    for (size_t i = 0; i < PGS_COUNT_OF(shown); i++) {
        if (i > 0 && shown[i] == shown[i - 1])
            continue;
        pgs_html_put(h, "<span>");
        pgs_html_day(h, o->taken_us[shown[i]]);
        pgs_html_put(h, "</span>");
    }
    pgs_html_put(h, "</div></div>\n");
}

void pgs_html_heat(pgs_html *h) {
    const pgs_overview *o = h->input->overview;
    pgs_html_put(
        h,
        "<p>A row is a partition, the fullest now on top, the emptiest at the bottom; time runs to "
        "the right. Grey is an even share, red is more, blue is less, and nothing is not "
        "observed. ");
    if (o->days_per_column == 1)
        pgs_html_put(h, "A column is a day.");
    else
        pgs_html_format(h, "A column is the last day observed of every %zu days.",
                        o->days_per_column);
    pgs_html_put(h, "</p>\n");
    pgs_html_skew_legend(h);
    put_map(h);
    if (o->n_left_out == 0)
        return;
    pgs_html_put(h, "<p class=\"rest\">Left out here: ");
    pgs_html_count(h, (double)o->n_left_out, "partition");
    pgs_html_format(
        h, " less skewed than these %zu. <code>pgskew scan --by partition</code> shows all.</p>\n",
        o->n_rows);
}
