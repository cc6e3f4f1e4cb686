/* The page of a diff: the news first, then what changed, in total and in the partitions that
 * changed most. */
#include <math.h>
#include <stdlib.h>

#include "report/draft.h"

#define MAX_FINDINGS 40 /* rows of findings; the news come first */
#define MAX_CHANGED                                                                                \
    40         /* partitions that came, went, were renamed, rewritten, or have another status */
#define TOP 10 /* others, those whose chunks changed most */

static const char *when(int64_t us, char text[PGS_TIME_TEXT_MAX]) {
    return us == PGS_TIME_NONE ? "an unknown time" : pgs_time_format(us, text);
}

static void add_title(pgs_draft *d, const pgs_diff *diff) {
    const pgs_snapshot_head *before = &diff->snapshot[PGS_BEFORE]->head;
    const pgs_snapshot_head *after = &diff->snapshot[PGS_AFTER]->head;
    const char *table = after->table_name ? after->table_name : before->table_name;
    char from[PGS_TIME_TEXT_MAX], to[PGS_TIME_TEXT_MAX], scratch[PGS_CELL_TEXT_MAX];
    pgs_cell span = {.look = PGS_AS_SECONDS,
                     .observed = !isnan(diff->days),
                     .number = (double)(after->taken_us - before->taken_us) / 1e6};
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "%s from %s to %s: %s, ", table ? table : "a table",
                   when(before->taken_us, from), when(after->taken_us, to),
                   pgs_cell_plain(&span, scratch));
    pgs_put_count(&buf, (double)after->n_parts, "partition");
    pgs_draft_line(d, PGS_BLOCK_TITLE, PGS_TONE_PLAIN, NULL, &buf);
}

static void add_verdict(pgs_draft *d, const pgs_diff *diff) {
    static const struct {
        const char *label;
        pgs_tone tone;
    } VERDICT[PGS_SEVERITY_COUNT] = {
        [PGS_SEVERITY_NONE] = {"NOTHING NEW", PGS_TONE_GOOD},
        [PGS_SEVERITY_WARNING] = {"WARNING", PGS_TONE_WARNING},
        [PGS_SEVERITY_CRITICAL] = {"CRITICAL", PGS_TONE_BAD},
    };
    pgs_buf buf = {0};
    pgs_put_count(&buf, (double)diff->n_news[PGS_NEW], "new finding");
    pgs_buf_format(&buf, ", %zu resolved, %zu persisting", diff->n_news[PGS_RESOLVED],
                   diff->n_news[PGS_PERSISTING]);
    if (diff->n_worse > 0)
        pgs_buf_format(&buf, " of which %zu graver than before", diff->n_worse);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, VERDICT[diff->verdict].tone, VERDICT[diff->verdict].label,
                   &buf);
}

/* "1 came, 2 went", or nothing. */
static void add_fates(pgs_draft *d, const pgs_diff *diff) {
    const struct {
        size_t n;
        const char *what;
    } FATE[] = {
        {diff->n_fate[PGS_FATE_CAME], "came"},
        {diff->n_fate[PGS_FATE_WENT], "went"},
        {diff->n_fate[PGS_FATE_RENAMED], "renamed"},
        {diff->n_rewritten, "rewritten or truncated"},
    };
    pgs_buf buf = {0};
    for (size_t i = 0; i < PGS_COUNT_OF(FATE); i++)
        if (FATE[i].n > 0)
            pgs_buf_format(&buf, "%s%zu %s", buf.n > 0 ? ", " : "", FATE[i].n, FATE[i].what);
    if (buf.n > 0)
        pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "PARTITIONS", &buf);
    else
        pgs_buf_reset(&buf);
}

static void add_note(pgs_draft *d, const char *text) {
    pgs_buf buf = {0};
    pgs_buf_text(&buf, text);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "NOTE", &buf);
}

static void add_notes(pgs_draft *d, const pgs_diff *diff) {
    bool missing = false;
    for (int k = PGS_DIFF_CHUNKS; k <= PGS_DIFF_BYTES; k++) {
        const pgs_total_change *total = &diff->total[k];
        missing |= total->before != PGS_TIME_NONE && total->after != PGS_TIME_NONE &&
                   total->change == PGS_TIME_NONE;
    }
    if (missing)
        add_note(d, "not every partition was measured at both moments, so their totals cannot be "
                    "compared");
    bool before = diff->snapshot[PGS_BEFORE]->head.counts == PGS_COUNTS_ESTIMATE;
    bool after = diff->snapshot[PGS_AFTER]->head.counts == PGS_COUNTS_ESTIMATE;
    if (before || after)
        add_note(d, before && after ? "counts are estimates"
                    : before        ? "counts before are estimates, counts after are exact"
                                    : "counts before are exact, counts after are estimates");
}

/* What was not there at either moment needs no row. */
static void add_totals(pgs_draft *d, const pgs_diff *diff) {
    pgs_grid grid = pgs_grid_of_diff(PGS_DIFF_VIEW_TOTALS_READ, diff);
    size_t *row = pgs_draft_choice(d, &grid), n = 0;
    for (size_t i = 0; row && i < PGS_DIFF_TOTAL_COUNT; i++)
        if (i != PGS_DIFF_UNMEASURED || diff->total[i].before > 0 || diff->total[i].after > 0)
            row[n++] = i;
    grid.n_rows = row ? n : grid.n_rows;
    pgs_draft_grid(d, &grid);
}

static void add_findings(pgs_draft *d, const pgs_diff *diff) {
    pgs_grid grid = pgs_grid_of_diff(PGS_DIFF_VIEW_FINDINGS_READ, diff);
    if (diff->n_findings == 0)
        return;
    if (grid.n_rows > MAX_FINDINGS)
        grid.n_rows = MAX_FINDINGS;
    pgs_draft_text(d, PGS_BLOCK_HEADING, "Findings");
    pgs_draft_grid(d, &grid);
    pgs_draft_rest(d, diff->n_findings - grid.n_rows, "findings", "diff -f json");
}

/* ---- partitions ---- */

typedef struct ranked {
    bool changed;  /* it is not what it was */
    double change; /* of its chunks, without sign; -1: unknown */
    size_t row;
} ranked;

static int by_change(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->changed != y->changed)
        return x->changed ? -1 : 1;
    if (x->change != y->change)
        return x->change > y->change ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static ranked rank_of(const pgs_diff *diff, size_t row) {
    const pgs_partition_change *part = &diff->part[row];
    double change = fabs(part->chunk_count.change);
    return (ranked){.changed = part->fate != PGS_FATE_KEPT || part->rewritten ||
                               part->status[PGS_BEFORE] != part->status[PGS_AFTER],
                    .change = isnan(change) ? -1 : change,
                    .row = row};
}

/* The rows to show into row[], those that ask for attention first. */
static size_t choose(pgs_draft *d, const pgs_diff *diff, size_t *row) {
    size_t n = 0, n_changed = 0, n_others = 0;
    ranked *rank = pgs_alloc(diff->n_parts, sizeof *rank);
    if (!rank) {
        d->no_memory = true;
        return 0;
    }
    for (size_t i = 0; i < diff->n_parts; i++)
        rank[i] = rank_of(diff, i);
    qsort(rank, diff->n_parts, sizeof *rank, by_change);
    for (size_t i = 0; i < diff->n_parts; i++)
        if (rank[i].changed ? n_changed++ < MAX_CHANGED : n_others++ < TOP)
            row[n++] = rank[i].row;
    pgs_free(rank);
    return n;
}

static void add_partitions(pgs_draft *d, const pgs_diff *diff) {
    pgs_grid grid = pgs_grid_of_diff(PGS_DIFF_VIEW_PARTITIONS_READ, diff);
    size_t *row = pgs_draft_choice(d, &grid);
    if (!row)
        return;
    grid.n_rows = choose(d, diff, row);
    pgs_draft_text(d, PGS_BLOCK_HEADING, "Partitions");
    pgs_draft_grid(d, &grid);
    pgs_draft_rest(d, diff->n_parts - grid.n_rows, "partitions", "diff -f csv");
}

void pgs_page_diff(pgs_draft *d) {
    const pgs_diff *diff = d->input->diff;
    pgs_grid skew = pgs_grid_of_diff(PGS_DIFF_VIEW_SKEW, diff);
    add_title(d, diff);
    add_verdict(d, diff);
    add_fates(d, diff);
    add_notes(d, diff);
    add_totals(d, diff);
    pgs_draft_text(d, PGS_BLOCK_HEADING, "Skew");
    pgs_draft_grid(d, &skew);
    add_findings(d, diff);
    add_partitions(d, diff);
}
