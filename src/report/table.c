/* The page for a terminal: aligned columns, a rule of dashes, colour where the style allows it.
 * Columns are measured first and printed second; nothing is kept between. Where the terminal is
 * too narrow, text columns give way, the last one first; numbers never do. */
#include <string.h>

#include "report/page.h"

#define GAP       2 /* columns between columns */
#define NARROWEST 8 /* what a text column keeps when it gives way */
#define ELLIPSIS  "..."
#define MAX_UTF8  4

typedef struct sheet {
    FILE *out;
    const pgs_report_style *style;
    pgs_buf buf; /* the cell at hand */
} sheet;

static const char *const TONE[PGS_TONE_COUNT] = {
    [PGS_TONE_PLAIN] = "",
    [PGS_TONE_GOOD] = "\033[32m",
    [PGS_TONE_WARNING] = "\033[33m",
    [PGS_TONE_BAD] = "\033[31m",
};
static const char BOLD[] = "\033[1m";
static const char PLAIN[] = "\033[0m";

static void put_tinted_bytes(const sheet *s, const char *tint, const char *text, size_t n) {
    bool tinted = s->style->color && *tint && n > 0;
    if (tinted)
        fputs_unlocked(tint, s->out);
    fwrite_unlocked(text, 1, n, s->out);
    if (tinted)
        fputs_unlocked(PLAIN, s->out);
}

static void put_tinted(const sheet *s, const char *tint, const char *text) {
    put_tinted_bytes(s, tint, text, strlen(text));
}

static void put_spaces(FILE *out, int n) {
    for (; n > 0; n--)
        putc_unlocked(' ', out);
}

static void put_escaped(sheet *s, const char *tint, const char *text) {
    pgs_cell cell = {.look = PGS_AS_TEXT, .observed = true, .text = text};
    pgs_cell_spell(&cell, pgs_text_escape, &s->buf);
    put_tinted(s, tint, pgs_buf_view(&s->buf));
}

/* Cut `text` in place to `width` columns, between characters. Returns its width. */
static int cut(char *text, int width) {
    int whole = pgs_text_width(text);
    if (whole <= width)
        return whole;
    int used = 0;
    char *at = text;
    for (;;) {
        char one[MAX_UTF8 + 1] = {0};
        size_t n = 1;
        while (n < MAX_UTF8 && ((unsigned char)at[n] & 0xC0) == 0x80)
            n++;
        memcpy(one, at, n);
        int w = pgs_text_width(one);
        if (used + w > width - (int)strlen(ELLIPSIS))
            break;
        used += w;
        at += n;
    }
    strcpy(at, ELLIPSIS); /* fits: what is cut off is wider, so at least as long */
    return used + (int)strlen(ELLIPSIS);
}

static void put_cell(sheet *s, const pgs_grid *grid, size_t row, size_t column, int width) {
    pgs_cell cell = pgs_grid_cell(grid, row, column);
    pgs_cell_spell(&cell, pgs_text_escape, &s->buf);
    char none[1] = "";
    char *text = s->buf.data ? s->buf.data : none;
    if (cell.look == PGS_AS_SPARK && s->style->ascii)
        pgs_spark_ascii(text);
    bool is_number = cell.look != PGS_AS_TEXT && cell.look != PGS_AS_SPARK; /* never cut, ASCII */
    int padding = width - (is_number ? (int)s->buf.n : cut(text, width));
    bool last = column + 1 == grid->n_columns;
    bool right = pgs_look_is_right(cell.look);
    put_spaces(s->out, right ? padding : 0);
    put_tinted_bytes(s, TONE[cell.tone], text, is_number ? s->buf.n : strlen(text));
    put_spaces(s->out, right || last ? 0 : padding);
    put_spaces(s->out, last ? 0 : GAP);
}

static void put_heading_row(sheet *s, const pgs_grid *grid, const int *width) {
    for (size_t c = 0; c < grid->n_columns; c++) {
        const pgs_column *column = &grid->column[c];
        int padding = width[c] - pgs_text_width(column->heading);
        bool last = c + 1 == grid->n_columns;
        bool right = pgs_look_is_right(column->look);
        put_spaces(s->out, right ? padding : 0);
        put_tinted(s, BOLD, column->heading);
        put_spaces(s->out, last ? 0 : GAP + (right ? 0 : padding));
    }
    putc('\n', s->out);
    for (size_t c = 0; c < grid->n_columns; c++) {
        for (int i = 0; i < width[c]; i++)
            putc('-', s->out);
        put_spaces(s->out, c + 1 == grid->n_columns ? 0 : GAP);
    }
    putc('\n', s->out);
}

/* Narrow text columns, the last first, until the grid fits. */
static void fit(const pgs_grid *grid, int width, int *columns) {
    int total = GAP * ((int)grid->n_columns - 1);
    for (size_t c = 0; c < grid->n_columns; c++)
        total += columns[c];
    for (size_t c = grid->n_columns; width > 0 && total > width && c-- > 0;) {
        if (grid->column[c].look != PGS_AS_TEXT)
            continue;
        int least = pgs_text_width(grid->column[c].heading);
        if (least < NARROWEST)
            least = NARROWEST;
        int wanted = columns[c] - (total - width);
        int given = wanted > least ? wanted : least < columns[c] ? least : columns[c];
        total -= columns[c] - given;
        columns[c] = given;
    }
}

static void put_grid(sheet *s, const pgs_grid *grid) {
    int width[PGS_MAX_COLUMNS];
    pgs_grid_measure(grid, pgs_text_escape, &s->buf, width);
    fit(grid, s->style->width, width);
    put_heading_row(s, grid, width);
    for (size_t r = 0; r < grid->n_rows && !ferror(s->out); r++) {
        for (size_t c = 0; c < grid->n_columns; c++)
            put_cell(s, grid, r, c, width[c]);
        putc_unlocked('\n', s->out);
    }
}

static void put_block(sheet *s, const pgs_block *block, const pgs_block *before) {
    bool joined = !before || before->kind == PGS_BLOCK_HEADING ||
                  (block->kind == PGS_BLOCK_SENTENCE && before->kind != PGS_BLOCK_TITLE);
    if (!joined)
        putc('\n', s->out);
    switch (block->kind) {
    case PGS_BLOCK_TITLE:
    case PGS_BLOCK_HEADING:
        put_escaped(s, BOLD, block->text);
        break;
    case PGS_BLOCK_SENTENCE:
        if (block->label) {
            put_tinted(s, TONE[block->tone], block->label);
            fputs(": ", s->out);
        }
        put_escaped(s, "", block->text);
        break;
    case PGS_BLOCK_GRID:
        put_grid(s, &block->grid);
        return;
    }
    putc('\n', s->out);
}

pgs_status pgs_table_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                           const pgs_report_style *style, pgs_err *err) {
    pgs_page page = {0};
    pgs_status st = pgs_page_build(kind, input, &page, err);
    sheet s = {.out = out, .style = style};
    for (size_t i = 0; i < page.n_blocks; i++)
        put_block(&s, &page.block[i], i > 0 ? &page.block[i - 1] : NULL);
    if (st == PGS_OK && s.buf.failed)
        st = pgs_no_memory(err);
    pgs_buf_reset(&s.buf);
    pgs_page_reset(&page);
    return st;
}
