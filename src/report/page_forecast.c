/* Pages of a forecast and of a backtest. */
#include <math.h>
#include <stdlib.h>

#include "report/draft.h"

#define TOP 20 /* partitions shown */

/* Whether what happens to it is news: what is UNBALANCED already is told by health. */
typedef struct ranked {
    double p;
    size_t row;
} ranked;

static int by_chance(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Those most likely to be at or beyond 0.5 then and are not now, first. */
static void choose(pgs_draft *d, const pgs_forecast *f, size_t *row) {
    ranked *rank = pgs_alloc(f->n_partitions, sizeof *rank);
    if (!rank) {
        d->no_memory = true;
        return;
    }
    for (size_t p = 0; p < f->n_partitions; p++) {
        const pgs_forecast_partition *part = &f->partition[p];
        double chance = part->at[f->n_horizons - 1].p_beyond[PGS_THRESHOLD_UNBALANCED];
        bool now = part->crossing[PGS_THRESHOLD_UNBALANCED].median == 0;
        rank[p] = (ranked){isnan(chance) ? -2 : now ? chance - 2 : chance, p};
    }
    qsort(rank, f->n_partitions, sizeof *rank, by_chance);
    for (size_t p = 0; p < f->n_partitions; p++)
        row[p] = rank[p].row;
    pgs_free(rank);
}

static void add_partitions(pgs_draft *d, const pgs_forecast *f) {
    pgs_grid grid = pgs_grid_of_forecast(PGS_FORECAST_VIEW_PARTITIONS_READ, f);
    size_t *row = pgs_draft_choice(d, &grid), n_all = grid.n_rows;
    pgs_buf heading = {0};
    if (!row)
        return;
    choose(d, f, row);
    if (isnan(f->limit_bytes))
        grid.n_columns--;
    grid.n_rows = n_all < TOP ? n_all : TOP;
    pgs_buf_format(&heading, "Partitions in %s", f->horizon_name[f->n_horizons - 1]);
    pgs_draft_line(d, PGS_BLOCK_HEADING, PGS_TONE_PLAIN, NULL, &heading);
    pgs_draft_grid(d, &grid);
    pgs_draft_rest(d, n_all - grid.n_rows, "partitions", "forecast -f csv");
}

static void add_alerts(pgs_draft *d, const pgs_forecast *f) {
    for (size_t i = 0; i < f->n_alerts; i++) {
        pgs_buf buf = {0};
        pgs_buf_format(&buf, "%s. %s", f->alert[i].message, f->alert[i].action);
        pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_WARNING, f->alert[i].level, &buf);
    }
}

/* Why some or all are not foretold. */
static void add_notes(pgs_draft *d, const pgs_forecast *f) {
    size_t n[PGS_NOTE_COUNT] = {0};
    for (size_t p = 0; p < f->n_partitions; p++)
        n[f->partition[p].note]++;
    for (pgs_forecast_note k = PGS_NOTE_NONE + 1; k < PGS_NOTE_COUNT; k++) {
        pgs_buf buf = {0};
        if (n[k] == 0)
            continue;
        if (n[k] < f->n_partitions)
            pgs_buf_format(&buf, "%zu of %zu partitions: ", n[k], f->n_partitions);
        pgs_buf_text(&buf, pgs_forecast_note_text(k));
        pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_WARNING, "NOTE", &buf);
    }
}

/* How often such statements have been right. */
static void add_evidence(pgs_draft *d, const pgs_backtest *b) {
    size_t h = b->n_horizons;
    while (h > 0 && isnan(b->horizon[h - 1].score[PGS_METHOD_PGSKEW].coverage80))
        h--;
    if (h == 0)
        return;
    const pgs_backtest_horizon *horizon = &b->horizon[h - 1];
    const pgs_score *ours = &horizon->score[PGS_METHOD_PGSKEW];
    const pgs_score *stay = &horizon->score[PGS_METHOD_PERSISTENCE];
    pgs_buf buf = {0};
    pgs_buf_format(
        &buf,
        "at %zu past origins of this table, %s ahead, the 80 %% intervals held in %.0f %% of "
        "cases and the 95 %% ones in %.0f %%",
        horizon->n_origins, b->horizon_name[h - 1], ours->coverage80 * 100, ours->coverage95 * 100);
    if (stay->brier > 0)
        pgs_buf_format(&buf,
                       "; the error of the probabilities was %.2f of that of \"nothing changes\"",
                       ours->brier / stay->brier);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, "EVIDENCE", &buf);
}

void pgs_page_forecast(pgs_draft *d) {
    const pgs_forecast *f = d->input->forecast;
    pgs_grid totals = pgs_grid_of_forecast(PGS_FORECAST_VIEW_TOTALS, f);
    add_alerts(d, f);
    add_notes(d, f);
    add_evidence(d, &f->backtest);
    pgs_draft_text(d, PGS_BLOCK_HEADING, "All together");
    pgs_draft_grid(d, &totals);
    add_partitions(d, f);
    pgs_draft_cleaning(d, &f->clean, "forecast");
}

void pgs_page_backtest(pgs_draft *d) {
    const pgs_backtest *b = d->input->backtest;
    pgs_grid scores = pgs_grid_of_backtest(b);
    pgs_buf title = {0};
    pgs_buf_format(&title, "%s: forecasts at %zu origins, held against what came",
                   b->table ? b->table : "a table", b->n_origins);
    pgs_draft_line(d, PGS_BLOCK_TITLE, PGS_TONE_PLAIN, NULL, &title);
    if (b->n_origins == 0)
        pgs_draft_text(d, PGS_BLOCK_SENTENCE,
                       "insufficient: the first origin is 60 days after the first snapshot");
    else
        pgs_draft_grid(d, &scores);
    pgs_draft_cleaning(d, &b->clean, "backtest");
}
