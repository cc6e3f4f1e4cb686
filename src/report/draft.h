/* Inside the report room: a page while it is written. */
#ifndef PGSKEW_REPORT_DRAFT_H
#define PGSKEW_REPORT_DRAFT_H

#include "report/page.h"

typedef struct pgs_draft {
    pgs_page *page;
    const pgs_report_input *input;
    pgs_report_kind kind;
    bool full;      /* a full report: lists are cut to the top */
    bool no_memory; /* checked once, at the end */
} pgs_draft;

pgs_block *pgs_draft_block(pgs_draft *d, pgs_block_kind kind);

/* A line whose text moves from `text` into the page; a label goes before a sentence, NULL: none. */
void pgs_draft_line(pgs_draft *d, pgs_block_kind kind, pgs_tone tone, const char *label,
                    pgs_buf *text);
void pgs_draft_text(pgs_draft *d, pgs_block_kind kind, const char *text);

/* A grid; nothing where it has no rows. */
void pgs_draft_grid(pgs_draft *d, const pgs_grid *grid);

/* "1,500 partitions", "1 partition", "unknown chunks". */
void pgs_put_count(pgs_buf *buf, double count, const char *thing);

/* Room for a choice among the grid's rows, or NULL where nothing is to be chosen. */
size_t *pgs_draft_choice(pgs_draft *d, pgs_grid *grid);

/* Say how many rows were left out and where they are. */
void pgs_draft_rest(pgs_draft *d, size_t n_left_out, const char *things, const char *command);

/* ---- pages that have a file of their own ---- */

void pgs_page_diff(pgs_draft *d);
void pgs_page_trend(pgs_draft *d);

/* What was cleaned, the newest of it; page_trend.c. `command` shows all of it with -f json. */
void pgs_draft_cleaning(pgs_draft *d, const pgs_clean *clean, const char *command);
void pgs_page_check(pgs_draft *d); /* page_check.c */
void pgs_page_forecast(pgs_draft *d);
void pgs_page_backtest(pgs_draft *d);

#endif
