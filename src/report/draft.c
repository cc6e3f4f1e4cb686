/* The tools of a page's author: blocks, words, choices among rows. Memory that runs out is
 * remembered and told once, at the end. */
#include "report/draft.h"

#include <math.h>

/* ---- blocks ---- */

pgs_block *pgs_draft_block(pgs_draft *d, pgs_block_kind kind) {
    pgs_page *page = d->page;
    if (page->n_blocks == PGS_MAX_BLOCKS) /* far more than any report has */
        page->n_blocks--;
    pgs_block *block = &page->block[page->n_blocks++];
    *block = (pgs_block){.kind = kind, .text = ""};
    return block;
}

/* Move the text of `buf` into the page. */
static const char *keep(pgs_draft *d, pgs_buf *buf) {
    const char *text = buf->failed ? NULL : pgs_arena_text(d->page->arena, pgs_buf_view(buf));
    pgs_buf_reset(buf);
    if (!text)
        d->no_memory = true;
    return text ? text : "";
}

void pgs_draft_line(pgs_draft *d, pgs_block_kind kind, pgs_tone tone, const char *label,
                    pgs_buf *text) {
    pgs_block *block = pgs_draft_block(d, kind);
    block->tone = tone;
    block->label = label;
    block->text = keep(d, text);
}

void pgs_draft_text(pgs_draft *d, pgs_block_kind kind, const char *text) {
    pgs_buf buf = {0};
    pgs_buf_text(&buf, text);
    pgs_draft_line(d, kind, PGS_TONE_PLAIN, NULL, &buf);
}

void pgs_draft_grid(pgs_draft *d, const pgs_grid *grid) {
    if (grid->n_rows > 0)
        pgs_draft_block(d, PGS_BLOCK_GRID)->grid = *grid;
}

/* ---- words ---- */

void pgs_put_count(pgs_buf *buf, double count, const char *thing) {
    char scratch[PGS_CELL_TEXT_MAX];
    pgs_cell cell = {.look = PGS_AS_COUNT, .observed = isfinite(count)};
    if (cell.observed)
        cell.integer = (int64_t)count;
    pgs_buf_format(buf, "%s %s%s", cell.observed ? pgs_cell_plain(&cell, scratch) : "unknown",
                   thing, count == 1 ? "" : "s");
}

/* ---- which rows ---- */

size_t *pgs_draft_choice(pgs_draft *d, pgs_grid *grid) {
    if (grid->n_rows == 0)
        return NULL;
    size_t *row = pgs_arena_alloc(d->page->arena, grid->n_rows, sizeof *row);
    if (!row)
        d->no_memory = true;
    grid->row = row;
    return row;
}

void pgs_draft_rest(pgs_draft *d, size_t n_left_out, const char *things, const char *command) {
    if (n_left_out == 0)
        return;
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "... and %zu more %s (pgskew %s shows all)", n_left_out, things, command);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, PGS_TONE_PLAIN, NULL, &buf);
    d->page->block[d->page->n_blocks - 1].rest = true;
}

/* ---- spelling, for the writers that align columns ---- */

void pgs_cell_spell(const pgs_cell *cell, pgs_escape escape, pgs_buf *buf) {
    char scratch[PGS_CELL_TEXT_MAX];
    buf->n = 0;
    if (buf->data)
        buf->data[0] = '\0';
    const char *text = pgs_cell_plain(cell, scratch);
    if (cell->observed && cell->look == PGS_AS_TEXT)
        escape(buf, text);
    else
        pgs_buf_text(buf, text);
}

/* What was spelled in a column: the text above, the smallest and the largest number. */
typedef struct spelled {
    const char *text;
    double low, high;
} spelled;

/* Whether the cell cannot be wider than what was spelled: the same text, or a number in between. */
static bool is_no_wider(const pgs_cell *cell, spelled *before) {
    double x;
    if (cell->look == PGS_AS_TEXT && cell->observed) {
        bool same = cell->text == before->text;
        before->text = cell->text;
        return same;
    }
    if (!pgs_cell_order(cell, &x))
        return false;
    if (x >= before->low && x <= before->high)
        return true;
    before->low = x < before->low ? x : before->low;
    before->high = x > before->high ? x : before->high;
    return false;
}

void pgs_grid_measure(const pgs_grid *grid, pgs_escape escape, pgs_buf *buf,
                      int width[PGS_MAX_COLUMNS]) {
    spelled before[PGS_MAX_COLUMNS];
    for (size_t c = 0; c < grid->n_columns; c++) {
        width[c] = pgs_text_width(grid->column[c].heading);
        before[c] = (spelled){NULL, INFINITY, -INFINITY};
    }
    for (size_t r = 0; r < grid->n_rows; r++) {
        for (size_t c = 0; c < grid->n_columns; c++) {
            pgs_cell cell = pgs_grid_cell(grid, r, c);
            if (is_no_wider(&cell, &before[c]))
                continue;
            pgs_cell_spell(&cell, escape, buf);
            int w = pgs_text_width(pgs_buf_view(buf));
            if (w > width[c])
                width[c] = w;
        }
    }
}
