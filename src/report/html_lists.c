/* The lists: partitions that need attention, hot spots, collections. */
#include <math.h>
#include <stdlib.h>

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

typedef struct patient {
    pgs_health_status status;
    double skew; /* the one that it has its status for: the larger */
    size_t row;
} patient;

/* The gravest first, then the most skewed; the unmeasured last. */
static int by_gravity(const void *a, const void *b) {
    static const int GRAVITY[PGS_HEALTH_STATUS_COUNT] = {
        [PGS_WARNING] = 1, [PGS_UNBALANCED] = 2, [PGS_CRITICAL] = 3};
    const patient *x = a, *y = b;
    if (GRAVITY[x->status] != GRAVITY[y->status])
        return GRAVITY[y->status] - GRAVITY[x->status];
    if (x->skew != y->skew && !isnan(x->skew) && !isnan(y->skew))
        return x->skew > y->skew ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Which rows are not healthy, in that order; returns how many. */
static size_t find_patients(const pgs_result *r, patient *room, size_t *row) {
    size_t n = 0;
    for (size_t i = 0; i < r->total_partitions; i++) {
        const pgs_partition_health *p = &r->health[i];
        if (p->health_status != PGS_HEALTHY)
            room[n++] = (patient){p->health_status, pgs_larger(p->chunk_skew, p->size_skew), i};
    }
    if (n > 1)
        qsort(room, n, sizeof *room, by_gravity);
    for (size_t i = 0; i < n; i++)
        row[i] = room[i].row;
    return n;
}

void pgs_html_attention(pgs_html *h) {
    const pgs_result *r = h->input->result;
    pgs_grid grid = pgs_grid_over(h->input, ATTENTION, PGS_COUNT_OF(ATTENTION), r->health,
                                  sizeof *r->health, r->total_partitions);
    size_t *row = pgs_alloc(grid.n_rows, sizeof *row);
    patient *room = pgs_alloc(grid.n_rows, sizeof *room);
    if (row && room) {
        grid.row = row;
        grid.n_rows = find_patients(r, room, row);
        pgs_html_grid(h, &grid, MOST_ATTENTION, "partitions, less skewed", "health");
    } else {
        h->status = pgs_no_memory(h->err);
    }
    pgs_free(room);
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
