/* Inside the report room: one self-contained HTML page. html_write.c knows elements and escaping,
 * html_chart.c coordinates, each section a file of its own what it says; html.c puts them in order.
 * Nothing is computed: numbers come from the structures of the input, spelled as everywhere
 * (cell.c).
 *
 * The page works where nothing but inline styles is allowed: no script, no address, no picture that
 * is not drawn inline. Colours are classes, because they are others in the dark and on paper. */
#ifndef PGSKEW_REPORT_HTML_H
#define PGSKEW_REPORT_HTML_H

#include "report/page.h"

typedef struct pgs_html {
    FILE *out;
    const pgs_report_input *input;
    pgs_buf buf;       /* the text at hand */
    pgs_status status; /* the first failure; what is written after it does not matter */
    pgs_err *err;
} pgs_html;

/* ---- html_write.c: elements, escaping, numbers, tables ---- */

/* Markup of ours, with words and whole numbers of ours. */
void pgs_html_put(pgs_html *h, const char *markup);
void pgs_html_format(pgs_html *h, const char *fmt, ...) PGS_PRINTF(2, 3);

/* Text that came from anywhere, as text or inside a quoted attribute. */
void pgs_html_text(pgs_html *h, const char *text);

/* One value for people; `look` decides how. A NaN is a dash. */
void pgs_html_number(pgs_html *h, pgs_look look, double value);

/* A count with its noun: "1 partition", "2,000 partitions". */
void pgs_html_count(pgs_html *h, double count, const char *thing);

/* A moment: its day, or its day and time. */
void pgs_html_day(pgs_html *h, int64_t taken_us);
void pgs_html_time(pgs_html *h, int64_t taken_us);

/* A number with its sign, unless it is 0. */
void pgs_html_signed(pgs_html *h, pgs_look look, double value);

/* A partition by name, else by number. */
void pgs_html_partition(pgs_html *h, const char *name, int64_t num);

/* The same as a cell of a table, whose heading says what it is. */
void pgs_html_partition_cell(pgs_html *h, const char *name, int64_t num);

/* The first `max_rows` rows of a grid as a table, and how many more there are. `things` and
 * `command` say of what and where. Nothing for an empty grid. */
void pgs_html_grid(pgs_html *h, const pgs_grid *grid, size_t max_rows, const char *things,
                   const char *command);

/* How many rows were left out; nothing for none. */
void pgs_html_rest(pgs_html *h, size_t n_left_out, const char *things, const char *command);

/* What a report says of `kind`: its sentences and the top of its lists; the sentences before the
 * first list alone. */
void pgs_html_excerpt(pgs_html *h, pgs_report_kind kind);
void pgs_html_sentences(pgs_html *h, pgs_report_kind kind);

/* ---- html_chart.c: shapes in a box that is stretched to the page, words around it ---- */

typedef struct pgs_chart {
    pgs_html *h;
    int height;                        /* pixels */
    double x_min, x_max, y_min, y_max; /* what lies at the edges; what lies beyond is moved there */
} pgs_chart;

#define PGS_CHART_WIDTH 2000

/* The times of the overview's columns; for pgs_free(). NULL without memory, which `h` remembers. */
double *pgs_chart_times(pgs_html *h);

/* A round number at or above `largest`, for the upper edge of counts. */
double pgs_chart_ceiling(double largest);

/* Begin; `label` is what it shows, for those who hear it. */
void pgs_chart_begin(pgs_chart *chart, const char *label);

/* End the shapes, and put the words: the y edges, and `left` and `right` below, or three days where
 * those are NULL and x is times. */
void pgs_chart_end(pgs_chart *chart, pgs_look y_look, const char *left, const char *right);

/* A line through the points whose y is not NaN. */
void pgs_chart_line(pgs_chart *chart, const char *class_name, const double *x, const double *y,
                    size_t n);

/* The area between two lines; between two levels. */
void pgs_chart_band(pgs_chart *chart, const char *class_name, const double *x, const double *low,
                    const double *high, size_t n);
void pgs_chart_box(pgs_chart *chart, const char *class_name, double low, double high);

/* A level line across, and an upright one. */
void pgs_chart_level(pgs_chart *chart, const char *class_name, double y);
void pgs_chart_upright(pgs_chart *chart, const char *class_name, double x);

/* A rectangle, as a part of a path that was begun. */
void pgs_chart_bar(pgs_chart *chart, double from, double to, double low, double high);

/* ---- skews as colours; html_heat.c ---- */

#define PGS_SKEW_CLASSES 9
#define PGS_SKEW_EVEN    3 /* the one around 0 */

/* Which of the colours of signed skews, 0 (emptiest) to PGS_SKEW_CLASSES - 1; -1: not observed. */
int pgs_skew_class(double signed_skew);

/* The legend of them. */
void pgs_html_skew_legend(pgs_html *h);

/* ---- html_next.c: what forecasts share ---- */

/* Whether anything is foretold; NULL: nothing. */
bool pgs_html_is_foretold(const pgs_forecast *forecast);

/* The first horizon at or after so many days, or the last. */
size_t pgs_html_horizon(const pgs_forecast *forecast, double days);

/* "53 days"; NaN is beyond the farthest horizon. */
void pgs_html_days(pgs_html *h, double days, const pgs_forecast *forecast);

/* ---- html_advice.c ---- */

/* Whether partitions are in WARNING or UNBALANCED, and none is by more than chance explains. */
bool pgs_html_is_chance(const pgs_report_input *input);

/* ---- sections ---- */

void pgs_html_first_screen(pgs_html *h); /* html_first.c */
void pgs_html_week(pgs_html *h);         /* html_change.c: its card */
void pgs_html_change(pgs_html *h);       /* and its section */
void pgs_html_next(pgs_html *h);         /* html_next.c: the card of what will cross */
void pgs_html_attention(pgs_html *h);    /* html_lists.c */
void pgs_html_heat(pgs_html *h);         /* html_heat.c */
void pgs_html_growth(pgs_html *h);       /* html_growth.c */
void pgs_html_outlook(pgs_html *h);      /* html_outlook.c */
void pgs_html_backtest(pgs_html *h);     /* html_backtest.c */
void pgs_html_trend(pgs_html *h);        /* html_cleaning.c */
void pgs_html_cleaning(pgs_html *h);
void pgs_html_distribution(pgs_html *h); /* html_distribution.c */
void pgs_html_hot(pgs_html *h);          /* html_lists.c */
void pgs_html_collections(pgs_html *h);
void pgs_html_advice(pgs_html *h);     /* html_advice.c */
void pgs_html_provenance(pgs_html *h); /* html_provenance.c */

#endif
