/* The page: what everybody wants to know first, then section by section what stands behind it. A
 * section that has nothing to say is not there. */
#include <string.h>

#include "embedded_css.h"
#include "report/html.h"

#define POLICY "default-src 'none'; style-src 'unsafe-inline'"

typedef struct section {
    const char *id, *heading;
    void (*put)(pgs_html *h);
    bool (*has)(const pgs_report_input *input); /* NULL: always */
} section;

static bool has_history(const pgs_report_input *input) {
    return input->overview->n_columns > 0;
}

static bool has_outlook(const pgs_report_input *input) {
    return pgs_html_is_foretold(input->forecast);
}

static bool has_backtest(const pgs_report_input *input) {
    return input->forecast && input->forecast->backtest.n_origins > 0;
}

static bool has_trend(const pgs_report_input *input) {
    return input->trend && has_history(input);
}

static bool has_change(const pgs_report_input *input) {
    return input->diff != NULL;
}

static bool has_attention(const pgs_report_input *input) {
    return input->result->healthy_count < input->result->total_partitions;
}

static bool has_parts(const pgs_report_input *input) {
    return input->overview->n_seen > 0;
}

static const section SECTION[] = {
    {"attention", "Partitions that need attention", pgs_html_attention, has_attention},
    {"change", "What has changed", pgs_html_change, has_change},
    {"heat", "Skew over time", pgs_html_heat, has_history},
    {"trend", "Drift", pgs_html_trend, has_trend},
    {"growth", "Growth", pgs_html_growth, has_history},
    {"outlook", "What may come", pgs_html_outlook, has_outlook},
    {"distribution", "Distribution against chance", pgs_html_distribution, has_parts},
    {"hot", "Hot spots", pgs_html_hot, has_parts},
    {"collections", "Collections", pgs_html_collections, NULL},
    {"advice", "What to do", pgs_html_advice, NULL},
    {"cleaning", "What was cleaned", pgs_html_cleaning, has_trend},
    {"backtest", "How right forecasts have been", pgs_html_backtest, has_backtest},
    {"provenance", "Where these numbers come from", pgs_html_provenance, NULL},
};

static void put_head(pgs_html *h) {
    pgs_html_put(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\"/>\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                    "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
                    "<meta name=\"generator\" content=\"pgskew " PGSKEW_VERSION "\"/>\n<title>");
    pgs_html_text(h, h->input->snapshot->head.table_name);
    pgs_html_put(h, ": partition balance</title>\n<style>\n");
    pgs_html_put(h, pgs_css_report);
    pgs_html_put(h, "</style>\n</head>\n<body>\n");
}

static void put_contents(pgs_html *h) {
    pgs_html_put(h, "<nav aria-label=\"Sections\">\n");
    for (size_t i = 0; i < PGS_COUNT_OF(SECTION); i++)
        if (!SECTION[i].has || SECTION[i].has(h->input))
            pgs_html_format(h, "<a href=\"#%s\">%s</a>\n", SECTION[i].id, SECTION[i].heading);
    pgs_html_put(h, "</nav>\n");
}

pgs_status pgs_html_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                          const pgs_report_style *style, pgs_err *err) {
    (void)kind;
    (void)style;
    pgs_html h = {.out = out, .input = input, .err = err};
    put_head(&h);
    pgs_html_first_screen(&h);
    put_contents(&h);
    pgs_html_put(&h, "<main>\n");
    for (size_t i = 0; i < PGS_COUNT_OF(SECTION) && h.status == PGS_OK; i++) {
        if (SECTION[i].has && !SECTION[i].has(input))
            continue;
        pgs_html_format(&h, "<section id=\"%s\">\n<h2>%s</h2>\n", SECTION[i].id,
                        SECTION[i].heading);
        SECTION[i].put(&h);
        pgs_html_put(&h, "</section>\n");
    }
    pgs_html_put(&h, "</main>\n</body>\n</html>\n");
    if (h.status == PGS_OK && h.buf.failed)
        h.status = pgs_no_memory(err);
    pgs_buf_reset(&h.buf);
    return h.status;
}
