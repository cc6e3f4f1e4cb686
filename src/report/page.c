/* What people read. A page is blocks in reading order: first whose numbers these are, then the
 * verdict in words, then the grids. It is the same page in the terminal and in Markdown; only
 * the spelling differs. Long lists are cut to what asks for attention, and say so. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/draft.h"

#define MAX_HEALTHY 40 /* with more healthy partitions than this, health shows only the ... */
#define MOST_SKEWED 10 /* ... most skewed of them */
#define TOP         10 /* rows of each further list in a full report */
#define MAX_NAMES   5  /* partitions that a sentence names */

/* ---- words ---- */

static void put_size(pgs_buf *buf, const pgs_snapshot *snap) {
    char scratch[PGS_CELL_TEXT_MAX];
    pgs_cell cell = {.look = PGS_AS_BYTES};
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        double bytes = snap->metric[PGS_SIZE_BYTES][p];
        if (isnan(bytes))
            continue;
        cell.observed = true;
        cell.integer += (int64_t)bytes;
    }
    pgs_buf_text(buf, cell.observed ? pgs_cell_plain(&cell, scratch) : "size unknown");
}

static void add_title(pgs_draft *d) {
    const pgs_snapshot_head *head = &d->input->snapshot->head;
    const pgs_statistics *statistics = &d->input->result->statistics;
    char when[PGS_TIME_TEXT_MAX] = "an unknown time";
    pgs_buf buf = {0};
    if (head->taken_us != PGS_TIME_NONE)
        pgs_time_format(head->taken_us, when);
    pgs_buf_format(&buf, "%s at %s: ", head->table_name ? head->table_name : "a table", when);
    pgs_put_count(&buf, (double)head->n_parts, "partition");
    pgs_buf_text(&buf, ", ");
    pgs_put_count(&buf, statistics->total_chunks, "chunk");
    pgs_buf_text(&buf, ", ");
    put_size(&buf, d->input->snapshot);
    if (head->counts == PGS_COUNTS_ESTIMATE)
        pgs_buf_text(&buf, " (counts are estimates)");
    pgs_draft_line(d, PGS_BLOCK_TITLE, PGS_TONE_PLAIN, NULL, &buf);
}

static void add_verdict(pgs_draft *d) {
    static const struct {
        const char *label;
        pgs_tone tone;
    } VERDICT[] = {
        {"HEALTHY", PGS_TONE_GOOD},
        {"UNMEASURED", PGS_TONE_WARNING},
        {"WARNING", PGS_TONE_WARNING},
        {"UNBALANCED", PGS_TONE_BAD},
    };
    const pgs_result *r = d->input->result;
    size_t worst = r->unbalanced_count ? 3 : r->warning_count ? 2 : r->unmeasured_count ? 1 : 0;
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "%zu unbalanced, %zu in warning, %zu healthy", r->unbalanced_count,
                   r->warning_count, r->healthy_count);
    if (r->unmeasured_count)
        pgs_buf_format(&buf, ", %zu not measured", r->unmeasured_count);
    pgs_buf_format(&buf, " of %zu partition%s", r->total_partitions,
                   r->total_partitions == 1 ? "" : "s");
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, VERDICT[worst].tone, VERDICT[worst].label, &buf);
}

/* The partitions an alert is about, where no grid below shows them. */
static void put_names(pgs_buf *buf, const pgs_alert *alert) {
    if (alert->kind != PGS_ALERT_UNMEASURED && alert->kind != PGS_ALERT_STRAY)
        return;
    for (size_t i = 0; i < alert->n_details && i < MAX_NAMES; i++) {
        const pgs_alert_detail *detail = &alert->detail[i];
        pgs_buf_text(buf, i == 0 ? " (" : ", ");
        if (detail->name)
            pgs_buf_text(buf, detail->name);
        else
            pgs_buf_format(buf, "%" PRId64, detail->partition_num);
    }
    if (alert->n_details > 0)
        pgs_buf_text(buf, alert->n_details > MAX_NAMES ? ", ...)" : ")");
}

static void add_alerts(pgs_draft *d) {
    const pgs_result *r = d->input->result;
    for (size_t i = 0; i < r->n_alerts; i++) {
        const pgs_alert *alert = &r->alert[i];
        pgs_tone tone = strcmp(alert->level, "ERROR") == 0 ? PGS_TONE_BAD : PGS_TONE_WARNING;
        pgs_buf buf = {0};
        pgs_buf_text(&buf, alert->message);
        put_names(&buf, alert);
        pgs_buf_format(&buf, ". %s", alert->action);
        pgs_draft_line(d, PGS_BLOCK_SENTENCE, tone, alert->level, &buf);
    }
    const pgs_skew_metric *hot = &r->skew[PGS_SKEW_HOT_PARTITIONS];
    if (hot->status == PGS_SKEW_WARNING || hot->status == PGS_SKEW_CRITICAL) {
        pgs_buf buf = {0};
        pgs_buf_text(&buf, hot->details);
        pgs_draft_line(d, PGS_BLOCK_SENTENCE,
                       hot->status == PGS_SKEW_CRITICAL ? PGS_TONE_BAD : PGS_TONE_WARNING, "HOT",
                       &buf);
    }
}

/* "chunk skews below 0.4100" */
static void put_floor(pgs_buf *buf, const char *what, double least) {
    char scratch[PGS_CELL_TEXT_MAX];
    pgs_cell cell = {.look = PGS_AS_FINE, .observed = true, .number = least};
    if (isinf(least))
        pgs_buf_format(buf, "any %s skew", what);
    else
        pgs_buf_format(buf, "%s skews below %s", what, pgs_cell_plain(&cell, scratch));
}

/* What chance alone explains. */
static void add_noise_floor(pgs_draft *d) {
    static const char *const BASIS[PGS_DESIGN_COUNT] = {
        [PGS_DESIGN_INDEPENDENT] = "taking rows for independent",
        [PGS_DESIGN_COLLECTIONS] = "from the sizes of collections",
        [PGS_DESIGN_SPREAD] = "estimated from the bulk of the partitions",
    };
    const pgs_noise *noise = &d->input->result->noise;
    bool chunks = !isnan(noise->chunk_floor), sizes = !isnan(noise->size_floor);
    char scratch[PGS_CELL_TEXT_MAX];
    pgs_cell effect = {.look = PGS_AS_REAL, .observed = true, .number = noise->design_effect};
    if (isnan(noise->alpha) || (!chunks && !sizes))
        return;
    pgs_buf buf = {0};
    pgs_buf_text(&buf, "chance alone explains ");
    if (chunks)
        put_floor(&buf, "chunk", noise->chunk_floor);
    if (chunks && sizes)
        pgs_buf_text(&buf, " and ");
    if (sizes)
        put_floor(&buf, "size", noise->size_floor);
    if (chunks)
        pgs_buf_format(&buf, " (design effect %s, %s)", pgs_cell_plain(&effect, scratch),
                       BASIS[noise->design]);
    if (chunks && noise->design_effect > d->input->result->statistics.avg_chunks_per_partition)
        pgs_buf_text(&buf, ". What moves as one is larger than an even share: any placement is "
                           "uneven");
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "NOISE", &buf);
}

/* How many findings are left out, and for what. */
static void add_suppressed(pgs_draft *d) {
    const pgs_noise *noise = &d->input->result->noise;
    if (!noise->suppressing)
        return;
    add_noise_floor(d);
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "%zu finding%s within chance and not shown", noise->suppressed,
                   noise->suppressed == 1 ? " is" : "s are");
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "NOISE", &buf);
}

static void add_notes(pgs_draft *d) {
    if (!d->input->snapshot->notes)
        return;
    pgs_buf buf = {0};
    pgs_buf_text(&buf, d->input->snapshot->notes);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "NOTE", &buf);
}

/* ---- which rows ---- */

static void add_health_grid(pgs_draft *d) {
    const pgs_result *r = d->input->result;
    pgs_grid grid = pgs_grid_of(PGS_GRID_HEALTH_READ, d->input);
    size_t n_left_out = 0;
    size_t *row = r->healthy_count > MAX_HEALTHY ? pgs_draft_choice(d, &grid) : NULL;
    if (row) {
        size_t n = 0, n_healthy = 0;
        for (size_t i = 0; i < r->total_partitions; i++)
            if (r->health[i].health_status != PGS_HEALTHY || n_healthy++ < MOST_SKEWED)
                row[n++] = i;
        n_left_out = r->total_partitions - n;
        grid.n_rows = n;
    }
    pgs_draft_grid(d, &grid);
    pgs_draft_rest(d, n_left_out, "healthy partitions", "distribution");
}

#define MAX_KEYS 3

typedef struct ranked {
    double key[MAX_KEYS]; /* -1: not observed, or no such key */
    size_t row;
} ranked;

/* Largest keys first, what was not observed last, else as the rows were. */
static int by_keys_falling(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    for (size_t k = 0; k < MAX_KEYS; k++)
        if (x->key[k] != y->key[k])
            return x->key[k] < y->key[k] ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Order the partitions by metrics that are never negative, the largest first. */
static void rank_rows(pgs_draft *d, const pgs_metric *metric, size_t n_metrics, size_t n_rows,
                      size_t *row) {
    ranked *rank = pgs_alloc(n_rows, sizeof *rank);
    if (!rank) {
        d->no_memory = true;
        return;
    }
    for (size_t i = 0; i < n_rows; i++) {
        rank[i] = (ranked){.key = {-1, -1, -1}, .row = i};
        for (size_t k = 0; k < n_metrics; k++) {
            double value = d->input->snapshot->metric[metric[k]][i];
            rank[i].key[k] = isnan(value) ? -1 : value;
        }
    }
    qsort(rank, n_rows, sizeof *rank, by_keys_falling);
    for (size_t i = 0; i < n_rows; i++)
        row[i] = rank[i].row;
    pgs_free(rank);
}

/* A grid of partitions, ranked; the first TOP of them in a full report. */
static void add_ranking(pgs_draft *d, pgs_grid_kind kind, const pgs_metric *metric,
                        size_t n_metrics, const char *command) {
    pgs_grid grid = pgs_grid_of(kind, d->input);
    size_t n_rows = grid.n_rows;
    size_t *row = pgs_draft_choice(d, &grid);
    if (row)
        rank_rows(d, metric, n_metrics, n_rows, row);
    if (d->full && n_rows > TOP)
        grid.n_rows = TOP;
    pgs_draft_grid(d, &grid);
    pgs_draft_rest(d, n_rows - grid.n_rows, "partitions", command);
}

/* A grid that has its order already; the first TOP rows in a full report. */
static void add_list(pgs_draft *d, pgs_grid_kind kind, const char *things, const char *command) {
    pgs_grid grid = pgs_grid_of(kind, d->input);
    size_t n_rows = grid.n_rows;
    if (d->full && n_rows > TOP)
        grid.n_rows = TOP;
    pgs_draft_grid(d, &grid);
    pgs_draft_rest(d, n_rows - grid.n_rows, things, command);
}

/* ---- one page per report ---- */

static void page_health(pgs_draft *d) {
    add_verdict(d);
    add_alerts(d);
    add_suppressed(d);
    add_notes(d);
    add_health_grid(d);
}

static void page_distribution(pgs_draft *d) {
    add_list(d, PGS_GRID_DISTRIBUTION_READ, "partitions", "distribution");
}

static void page_sizes(pgs_draft *d) {
    static const pgs_metric KEY[] = {PGS_SIZE_BYTES};
    add_ranking(d, PGS_GRID_SIZES_READ, KEY, PGS_COUNT_OF(KEY), "sizes");
}

static void page_hot(pgs_draft *d) {
    static const pgs_metric KEY[MAX_KEYS] = {
        PGS_CHUNKS_LAST_HOUR,
        PGS_CHUNKS_LAST_DAY,
        PGS_CHUNKS_LAST_WEEK,
    };
    add_ranking(d, PGS_GRID_HOT_READ, KEY, PGS_COUNT_OF(KEY), "hot");
}

static void page_skew(pgs_draft *d) {
    add_list(d, PGS_GRID_SKEW, "metrics", "skew");
    if (!isnan(d->input->result->noise.alpha))
        add_list(d, PGS_GRID_MEASURES_READ, "measures", "skew");
    if (d->full || !d->input->result->noise.suppressing)
        add_noise_floor(d);
    else
        add_suppressed(d);
}

static void page_collections(pgs_draft *d) {
    if (d->input->result->n_collections == 0)
        pgs_draft_text(d, PGS_BLOCK_SENTENCE,
                       "no collections were observed; pgskew-collect snapshot --collections does");
    add_list(d, PGS_GRID_COLLECTIONS_READ, "collections", "collections");
}

static void page_statistics(pgs_draft *d) {
    add_list(d, d->input->partition ? PGS_GRID_PARTITION : PGS_GRID_STATISTICS, "rows",
             "statistics");
}

static void page_recommendations(pgs_draft *d) {
    size_t n = d->input->result->n_recommendations;
    char threshold[PGS_NUM_TEXT_MAX];
    pgs_buf buf = {0};
    pgs_put_count(&buf, (double)n, "partition");
    pgs_buf_format(&buf, " at or above the rebalancing threshold (skew %s)",
                   pgs_num_format(PGS_REBALANCE_THRESHOLD, threshold));
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, NULL, &buf);
    if (!d->full)
        add_suppressed(d);
    add_list(d, PGS_GRID_RECOMMENDATIONS_READ, "recommendations", "recommendations");
}

static void page_health_summary(pgs_draft *d) {
    add_verdict(d);
    add_list(d, PGS_GRID_SUMMARY_READ, "partitions", "health-summary");
}

static void page_full(pgs_draft *d) {
    static const struct {
        const char *heading;
        void (*section)(pgs_draft *);
    } SECTION[] = {
        {"Skew", page_skew},
        {"Statistics", page_statistics},
        {"Recommendations", page_recommendations},
        {"Hot spots", page_hot},
        {"Largest partitions", page_sizes},
        {"Largest collections", page_collections},
    };
    d->full = true;
    page_health(d);
    for (size_t i = 0; i < PGS_COUNT_OF(SECTION); i++) {
        pgs_draft_text(d, PGS_BLOCK_HEADING, SECTION[i].heading);
        SECTION[i].section(d);
    }
}

static void page_list(pgs_draft *d) {
    pgs_buf buf = {0};
    pgs_put_count(&buf, (double)d->input->n_heads, "snapshot");
    pgs_draft_line(d, PGS_BLOCK_TITLE, PGS_TONE_PLAIN, NULL, &buf);
    add_list(d, PGS_GRID_LIST_READ, "snapshots", "list");
}

static void page_scan(pgs_draft *d) {
    char from[PGS_TIME_TEXT_MAX], to[PGS_TIME_TEXT_MAX];
    const pgs_scan *scan = d->input->scan;
    pgs_grid grid = pgs_grid_of_scan(d->kind, scan);
    pgs_buf title = {0};
    pgs_buf_format(&title, "%s from %s to %s: ", scan->table,
                   pgs_time_format(scan->total.first_us, from),
                   pgs_time_format(scan->total.last_us, to));
    pgs_put_count(&title, (double)scan->n_moments, "moment");
    pgs_buf_text(&title, ", ");
    pgs_put_count(&title, (double)scan->n_lanes, "partition");
    pgs_draft_line(d, PGS_BLOCK_TITLE, PGS_TONE_PLAIN, NULL, &title);
    pgs_draft_grid(d, &grid);
}

static pgs_status build(pgs_draft *d, pgs_err *err) {
    static void (*const PAGE[PGS_REPORT_KIND_COUNT])(pgs_draft *) = {
        [PGS_REPORT_HEALTH] = page_health,
        [PGS_REPORT_DISTRIBUTION] = page_distribution,
        [PGS_REPORT_SIZES] = page_sizes,
        [PGS_REPORT_HOT] = page_hot,
        [PGS_REPORT_SKEW] = page_skew,
        [PGS_REPORT_COLLECTIONS] = page_collections,
        [PGS_REPORT_STATISTICS] = page_statistics,
        [PGS_REPORT_RECOMMENDATIONS] = page_recommendations,
        [PGS_REPORT_HEALTH_SUMMARY] = page_health_summary,
        [PGS_REPORT_FULL] = page_full,
        [PGS_REPORT_LIST] = page_list,
        [PGS_REPORT_SCAN_TOTAL] = page_scan,
        [PGS_REPORT_SCAN_MOMENT] = page_scan,
        [PGS_REPORT_SCAN_PARTITION] = page_scan,
        [PGS_REPORT_DIFF] = pgs_page_diff,
        [PGS_REPORT_TREND] = pgs_page_trend,
        [PGS_REPORT_CHECK] = pgs_page_check,
        [PGS_REPORT_FORECAST] = pgs_page_forecast,
        [PGS_REPORT_BACKTEST] = pgs_page_backtest,
    };
    d->page->arena = pgs_arena_new();
    if (!d->page->arena)
        return pgs_no_memory(err);
    if (d->input->snapshot && !d->full)
        add_title(d);
    PAGE[d->kind](d);
    if (!d->no_memory)
        return PGS_OK;
    pgs_page_reset(d->page);
    return pgs_no_memory(err);
}

pgs_status pgs_page_build(pgs_report_kind kind, const pgs_report_input *input, pgs_page *page,
                          pgs_err *err) {
    pgs_draft d = {.page = page, .input = input, .kind = kind};
    return build(&d, err);
}

pgs_status pgs_page_excerpt(pgs_report_kind kind, const pgs_report_input *input, pgs_page *page,
                            pgs_err *err) {
    pgs_draft d = {.page = page, .input = input, .kind = kind, .full = true};
    return build(&d, err);
}

void pgs_page_reset(pgs_page *page) {
    pgs_arena_free(page->arena);
    *page = (pgs_page){0};
}
