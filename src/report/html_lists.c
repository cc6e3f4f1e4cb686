/* The lists: partitions that need attention, hot spots, collections. */
#include "report/html.h"

#define MOST_ATTENTION 20

#define HEALTH(member) offsetof(pgs_partition_health, member)

/* clang-format off */
static const pgs_column ATTENTION[] = {
    {"partition_name",   "name",       PGS_AS_TEXT,  pgs_get_text,        HEALTH(partition_name)},
    {"partition_num",    "partition",  PGS_AS_ID,    pgs_get_int64,       HEALTH(partition_num)},
    {"health_status",    "status",     PGS_AS_TEXT,  pgs_get_health_word, HEALTH(health_status)},
    {"chunk_skew",       "chunk skew", PGS_AS_FINE,  pgs_get_double,      HEALTH(chunk_skew)},
    {"size_skew",        "size skew",  PGS_AS_FINE,  pgs_get_double,      HEALTH(size_skew)},
    {"chunk_count",      "chunks",     PGS_AS_COUNT, pgs_get_double,      HEALTH(chunk_count)},
    {"chunk_percentage", "chunk %",    PGS_AS_REAL,  pgs_get_double,      HEALTH(chunk_percentage)},
    {"size_bytes",       "size",       PGS_AS_BYTES, pgs_get_double,      HEALTH(size_bytes)},
    {"size_percentage",  "size %",     PGS_AS_REAL,  pgs_get_double,      HEALTH(size_percentage)},
};
/* clang-format on */

void pgs_html_attention(pgs_html *h) {
    const pgs_result *r = h->input->result;
    pgs_grid grid = pgs_grid_over(h->input, ATTENTION, PGS_COUNT_OF(ATTENTION), r->health,
                                  sizeof *r->health, r->total_partitions);
    size_t *row = pgs_alloc(grid.n_rows, sizeof *row);
    if (!row) {
        h->status = pgs_no_memory(h->err);
        return;
    }
    grid.row = row;
    grid.n_rows = 0;
    for (size_t i = 0; i < r->total_partitions; i++)
        if (r->health[i].health_status != PGS_HEALTHY)
            row[grid.n_rows++] = i;
    pgs_html_grid(h, &grid, MOST_ATTENTION, "partitions, less skewed", "health");
    pgs_free(row);
}

void pgs_html_hot(pgs_html *h) {
    const pgs_skew_metric *hot = &h->input->result->skew[PGS_SKEW_HOT_PARTITIONS];
    pgs_html_put(h, "<p>Where the writes of the last hour, day and week went. ");
    pgs_html_text(h, hot->details);
    pgs_html_put(h, ".</p>\n");
    pgs_html_excerpt(h, PGS_REPORT_HOT);
}

void pgs_html_collections(pgs_html *h) {
    pgs_html_excerpt(h, PGS_REPORT_COLLECTIONS);
}
