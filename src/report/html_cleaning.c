/* What has been going on, and what was cleaned before anything was concluded from it. */
#include <math.h>
#include <string.h>

#include "report/html.h"

#define MOST_DRIFTS    12
#define MOST_DECISIONS 12

/* What fits on paper; the rest is in pgskew trend. */
static size_t choose_columns(const pgs_grid *grid, pgs_column *chosen) {
    static const char *const KEY[] = {
        "partition_name", "partition_num", "health_status", "signed_skew", "course",
        "limit_skew",     "next",          "in_days",       "skew_drifts", "chunks_per_day",
    };
    size_t n = 0;
    for (size_t c = 0; c < grid->n_columns; c++)
        for (size_t k = 0; k < PGS_COUNT_OF(KEY); k++)
            if (strcmp(grid->column[c].key, KEY[k]) == 0)
                chosen[n++] = grid->column[c];
    return n;
}

void pgs_html_trend(pgs_html *h) {
    const pgs_trend *trend = h->input->trend;
    pgs_grid grid = pgs_grid_of_trend_read(trend, pgs_names_matter(h->input->snapshot));
    pgs_html_sentences(h, PGS_REPORT_TREND);
    pgs_column chosen[PGS_MAX_COLUMNS];
    grid.n_columns = choose_columns(&grid, chosen);
    grid.column = chosen;
    pgs_html_put(h, "<p class=\"note\">Heads for: the skew that a partition's share of all growth "
                    "leads to. Beyond "
                    "chance: its skew drifts, at a share of 5&#160;% false finds.</p>\n");
    grid.n_rows = trend->n_shown < MOST_DRIFTS ? trend->n_shown : MOST_DRIFTS;
    pgs_html_grid(h, &grid, grid.n_rows, "partitions", "trend");
    pgs_html_rest(h, trend->n_partitions - grid.n_rows, "partitions", "trend --all");
}

void pgs_html_cleaning(pgs_html *h) {
    const pgs_clean *clean = &h->input->trend->clean;
    pgs_grid grid = pgs_grid_of_cleaning_read(clean);
    size_t newest_first[MOST_DECISIONS], n = clean->n_cleanings;
    if (n == 0) {
        pgs_html_put(
            h, "<p>Nothing: no gap, no misread, no truncation, no rewrite in this history.</p>\n");
        return;
    }
    pgs_html_put(h,
                 "<p>Not every change is growth. These were recognised, the newest first:</p>\n");
    grid.n_rows = n < MOST_DECISIONS ? n : MOST_DECISIONS;
    for (size_t i = 0; i < grid.n_rows; i++)
        newest_first[i] = n - 1 - i;
    grid.row = newest_first;
    pgs_html_grid(h, &grid, grid.n_rows, "decisions", "trend");
    pgs_html_rest(h, n - grid.n_rows, "decisions", "trend -f json");
}
