/* The document of a diff. */
#include "report/json.h"

static void put_moment(pgs_json *j, const char *key, const pgs_snapshot_head *head) {
    pgs_json_open(j, key, '{');
    pgs_json_time(j, "taken_at", head->taken_us);
    pgs_json_text(j, "source", head->source);
    pgs_json_text(j, "counts", head->counts == PGS_COUNTS_ESTIMATE ? "estimate" : "exact");
    pgs_json_size(j, "partition_count", head->n_parts);
    pgs_json_close(j, '}');
}

/* The rows of a grid under the text in their first column. */
static void put_named_rows(pgs_json *j, const char *key, const pgs_grid *grid) {
    pgs_json_open(j, key, '{');
    for (size_t r = 0; r < grid->n_rows; r++)
        pgs_json_row(j, pgs_grid_cell(grid, r, 0).text, grid, r, 1);
    pgs_json_close(j, '}');
}

/* Findings stand in the order of their news. */
static void put_findings(pgs_json *j, const pgs_diff *diff) {
    pgs_grid grid = pgs_grid_of_diff(PGS_DIFF_VIEW_FINDINGS, diff);
    pgs_json_open(j, "findings", '{');
    for (int news = 0; news < PGS_NEWS_COUNT; news++) {
        grid.n_rows = diff->n_news[news];
        pgs_json_rows(j, pgs_news_name((pgs_news)news), &grid);
        grid.base += grid.n_rows * grid.stride;
    }
    pgs_json_close(j, '}');
}

static const char *either(const char *after, const char *before) {
    return after ? after : before;
}

void pgs_json_diff(pgs_json *j, const pgs_diff *diff) {
    const pgs_snapshot_head *before = &diff->snapshot[PGS_BEFORE]->head;
    const pgs_snapshot_head *after = &diff->snapshot[PGS_AFTER]->head;
    pgs_grid totals = pgs_grid_of_diff(PGS_DIFF_VIEW_TOTALS, diff);
    pgs_grid skews = pgs_grid_of_diff(PGS_DIFF_VIEW_SKEW, diff);
    pgs_grid parts = pgs_grid_of_diff(PGS_DIFF_VIEW_PARTITIONS, diff);
    pgs_json_open(j, NULL, '{');
    pgs_json_text(j, "table_name", either(after->table_name, before->table_name));
    pgs_json_text(j, "database", either(after->database, before->database));
    pgs_json_text(j, "system_identifier",
                  either(after->system_identifier, before->system_identifier));
    put_moment(j, "before", before);
    put_moment(j, "after", after);
    pgs_json_real(j, "days", diff->days);
    pgs_json_text(j, "verdict", pgs_severity_name(diff->verdict));
    put_named_rows(j, "totals", &totals);
    put_named_rows(j, "skew_metrics", &skews);
    put_findings(j, diff);
    pgs_json_rows(j, "partitions", &parts);
    pgs_json_close(j, '}');
}
