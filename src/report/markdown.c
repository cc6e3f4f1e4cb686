/* The page as GitHub Markdown. Names are data: every character that could begin markup in one is
 * escaped, so that a collection called "[red]markup[/red]" reads exactly so. Control characters
 * and line breaks are already visible escapes before that (a name is one line on every device).
 * Tables are padded, so that the source reads as well as what is made of it. */
#include <string.h>
#include <strings.h>

#include "report/page.h"

typedef struct sheet {
    FILE *out;
    pgs_buf buf;
} sheet;

static void escape(pgs_buf *out, const char *text) {
    pgs_buf shown = {0};
    pgs_text_escape(&shown, text);
    for (const char *c = pgs_buf_view(&shown); *c; c++) {
        if (*c == '<')
            pgs_buf_text(out, "&lt;");
        else if (*c == '>')
            pgs_buf_text(out, "&gt;");
        else if (*c == '&')
            pgs_buf_text(out, "&amp;");
        else if (strchr("\\`*_{}[]|~$#!@", *c) || (*c == ':' && c[1] == '/') ||
                 (*c == '.' && c >= shown.data + 3 && strncasecmp(c - 3, "www", 3) == 0))
            pgs_buf_format(out, "\\%c", *c);
        else
            pgs_buf_bytes(out, c, 1);
    }
    out->failed |= shown.failed;
    pgs_buf_reset(&shown);
}

static void put_repeated(FILE *out, char c, int n) {
    while (n-- > 0)
        putc(c, out);
}

static void put_padded(FILE *out, const char *text, int width, bool right) {
    int padding = width - pgs_text_width(text);
    put_repeated(out, ' ', right ? padding : 0);
    fputs(text, out);
    put_repeated(out, ' ', right ? 0 : padding);
}

static void put_heading_row(sheet *s, const pgs_grid *grid, const int *width) {
    for (size_t c = 0; c < grid->n_columns; c++) {
        fputs(c > 0 ? " | " : "| ", s->out);
        put_padded(s->out, grid->column[c].heading, width[c],
                   pgs_look_is_right(grid->column[c].look));
    }
    fputs(" |\n", s->out);
    for (size_t c = 0; c < grid->n_columns; c++) {
        bool right = pgs_look_is_right(grid->column[c].look);
        fputs("| ", s->out);
        put_repeated(s->out, '-', width[c] - right);
        fputs(right ? ": " : " ", s->out);
    }
    fputs("|\n", s->out);
}

static void put_grid(sheet *s, const pgs_grid *grid) {
    int width[PGS_MAX_COLUMNS];
    pgs_grid_measure(grid, escape, &s->buf, width);
    put_heading_row(s, grid, width);
    for (size_t r = 0; r < grid->n_rows && !ferror(s->out); r++) {
        for (size_t c = 0; c < grid->n_columns; c++) {
            pgs_cell cell = pgs_grid_cell(grid, r, c);
            pgs_cell_spell(&cell, escape, &s->buf);
            fputs(c > 0 ? " | " : "| ", s->out);
            put_padded(s->out, pgs_buf_view(&s->buf), width[c], pgs_look_is_right(cell.look));
        }
        fputs(" |\n", s->out);
    }
}

static void put_block(sheet *s, const pgs_block *block) {
    static const char *const LEAD[] = {
        [PGS_BLOCK_TITLE] = "# ",
        [PGS_BLOCK_HEADING] = "## ",
        [PGS_BLOCK_SENTENCE] = "",
    };
    if (block->kind == PGS_BLOCK_GRID) {
        put_grid(s, &block->grid);
        return;
    }
    pgs_cell cell = {.look = PGS_AS_TEXT, .observed = true, .text = block->text};
    pgs_cell_spell(&cell, escape, &s->buf);
    fputs(LEAD[block->kind], s->out);
    if (block->label)
        fprintf(s->out, "**%s**: ", block->label);
    fprintf(s->out, "%s\n", pgs_buf_view(&s->buf));
}

pgs_status pgs_markdown_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                              const pgs_report_style *style, pgs_err *err) {
    (void)style;
    pgs_page page = {0};
    pgs_status st = pgs_page_build(kind, input, &page, err);
    sheet s = {.out = out};
    for (size_t i = 0; i < page.n_blocks; i++) {
        if (i > 0)
            putc('\n', out);
        put_block(&s, &page.block[i]);
    }
    if (st == PGS_OK && s.buf.failed)
        st = pgs_no_memory(err);
    pgs_buf_reset(&s.buf);
    pgs_page_reset(&page);
    return st;
}
