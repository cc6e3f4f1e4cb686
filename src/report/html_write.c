/* Elements, escaping, numbers and tables of an HTML page. Names are data: whatever a partition or a
 * collection is called, it ends up as text. Control characters are visible escapes before that, as
 * everywhere. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/html.h"

void pgs_html_put(pgs_html *h, const char *markup) {
    fputs(markup, h->out);
}

void pgs_html_format(pgs_html *h, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vfprintf(h->out, fmt, args);
    va_end(args);
}

static void escape(pgs_buf *out, const char *text) {
    static const struct {
        char c;
        const char *entity;
    } ENTITY[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
    };
    pgs_buf shown = {0};
    pgs_text_escape(&shown, text);
    for (const char *c = pgs_buf_view(&shown); *c;) {
        size_t plain = strcspn(c, "&<>\"'");
        pgs_buf_bytes(out, c, plain);
        c += plain;
        for (size_t i = 0; *c && i < PGS_COUNT_OF(ENTITY); i++) {
            if (*c != ENTITY[i].c)
                continue;
            pgs_buf_text(out, ENTITY[i].entity);
            c++;
            break;
        }
    }
    out->failed |= shown.failed;
    pgs_buf_reset(&shown);
}

/* A number and its unit stay on one line. */
static void put_cell_text(pgs_html *h, const pgs_cell *cell) {
    pgs_cell_spell(cell, escape, &h->buf);
    if (cell->look == PGS_AS_TEXT) {
        fputs(pgs_buf_view(&h->buf), h->out);
        return;
    }
    for (const char *c = pgs_buf_view(&h->buf); *c; c++)
        if (*c == ' ')
            fputs("&#160;", h->out);
        else if (*c == '<' || *c == '>') /* < 1 % */
            fputs(*c == '<' ? "&lt;" : "&gt;", h->out);
        else
            putc(*c, h->out);
}

void pgs_html_text(pgs_html *h, const char *text) {
    pgs_cell cell = {.look = PGS_AS_TEXT, .observed = text != NULL, .text = text};
    put_cell_text(h, &cell);
}

void pgs_html_number(pgs_html *h, pgs_look look, double value) {
    pgs_cell cell = {.look = look, .observed = isfinite(value), .number = value};
    if (cell.observed && fabs(value) < 9.2e18)
        cell.integer = (int64_t)value; /* for the looks of whole numbers */
    put_cell_text(h, &cell);
}

void pgs_html_signed(pgs_html *h, pgs_look look, double value) {
    if (value > 0 && look != PGS_AS_RATIO) /* which has one */
        pgs_html_put(h, "+");
    pgs_html_number(h, look, value);
}

void pgs_html_count(pgs_html *h, double count, const char *thing) {
    pgs_html_number(h, PGS_AS_COUNT, count);
    pgs_html_format(h, "&#160;%s%s", thing, count == 1 ? "" : "s");
}

static void put_moment(pgs_html *h, int64_t taken_us, size_t n_date, bool with_time) {
    char text[PGS_TIME_TEXT_MAX];
    if (taken_us == PGS_TIME_NONE) {
        pgs_html_put(h, "an unknown time");
        return;
    }
    pgs_time_format(taken_us, text);
    pgs_html_format(h, "<time datetime=\"%s\">%.*s", text, (int)n_date, text);
    if (with_time)
        pgs_html_format(h, " %.*s UTC", 5, text + n_date + 1);
    pgs_html_put(h, "</time>");
}

void pgs_html_day(pgs_html *h, int64_t taken_us) {
    put_moment(h, taken_us, strlen("2025-10-20"), false);
}

void pgs_html_time(pgs_html *h, int64_t taken_us) {
    put_moment(h, taken_us, strlen("2025-10-20"), true);
}

void pgs_html_partition_cell(pgs_html *h, const char *name, int64_t num) {
    bool named = name && pgs_names_matter(h->input->snapshot);
    char digits[PGS_NUM_TEXT_MAX];
    pgs_html_put(h, named ? "<td>" : "<td class=\"n\">");
    if (named)
        pgs_html_text(h, name);
    else
        pgs_html_put(h, pgs_int_format(num, digits));
    pgs_html_put(h, "</td>");
}

void pgs_html_partition(pgs_html *h, const char *name, int64_t num) {
    char digits[PGS_NUM_TEXT_MAX];
    if (name && pgs_names_matter(h->input->snapshot))
        pgs_html_text(h, name);
    else
        pgs_html_format(h, "partition %s", pgs_int_format(num, digits));
}

/* ---- tables ---- */

static const char *const TONE[PGS_TONE_COUNT] = {
    [PGS_TONE_PLAIN] = "",
    [PGS_TONE_GOOD] = "good",
    [PGS_TONE_WARNING] = "warn",
    [PGS_TONE_BAD] = "bad",
};

static void put_heading_row(pgs_html *h, const pgs_grid *grid) {
    pgs_html_put(h, "<thead><tr>");
    for (size_t c = 0; c < grid->n_columns; c++)
        pgs_html_format(h, "<th scope=\"col\"%s>%s</th>",
                        pgs_look_is_right(grid->column[c].look) ? " class=\"n\"" : "",
                        grid->column[c].heading);
    pgs_html_put(h, "</tr></thead>\n<tbody>\n");
}

static void put_cell(pgs_html *h, const pgs_cell *cell) {
    const char *right = pgs_look_is_right(cell->look) ? "n"
                        : cell->look == PGS_AS_SPARK  ? "spark"
                                                      : "";
    const char *tone = TONE[cell->tone];
    if (*right || *tone)
        pgs_html_format(h, "<td class=\"%s%s%s\">", right, *right && *tone ? " " : "", tone);
    else
        pgs_html_put(h, "<td>");
    put_cell_text(h, cell);
    pgs_html_put(h, "</td>");
}

void pgs_html_rest(pgs_html *h, size_t n_left_out, const char *things, const char *command) {
    if (n_left_out == 0)
        return;
    pgs_html_put(h, "<p class=\"rest\">Left out here: ");
    pgs_html_number(h, PGS_AS_COUNT, (double)n_left_out);
    pgs_html_format(h, " more %s. <code>pgskew %s</code> shows all.</p>\n", things, command);
}

static void put_table(pgs_html *h, const pgs_grid *grid, size_t n_rows) {
    pgs_html_put(h, "<div class=\"scroll\" tabindex=\"0\"><table>");
    put_heading_row(h, grid);
    for (size_t r = 0; r < n_rows; r++) {
        pgs_html_put(h, "<tr>");
        for (size_t c = 0; c < grid->n_columns; c++) {
            pgs_cell cell = pgs_grid_cell(grid, r, c);
            put_cell(h, &cell);
        }
        pgs_html_put(h, "</tr>\n");
    }
    pgs_html_put(h, "</tbody></table></div>\n");
}

void pgs_html_grid(pgs_html *h, const pgs_grid *grid, size_t max_rows, const char *things,
                   const char *command) {
    size_t n_rows = grid->n_rows < max_rows ? grid->n_rows : max_rows;
    if (n_rows == 0)
        return;
    put_table(h, grid, n_rows);
    pgs_html_rest(h, grid->n_rows - n_rows, things, command);
}

static void put_sentence(pgs_html *h, const pgs_block *block) {
    pgs_html_format(h, "<p class=\"%s\">", block->rest ? "rest" : "say");
    if (block->label)
        pgs_html_format(h, "<b class=\"%s\">%s:</b> ", TONE[block->tone], block->label);
    pgs_html_text(h, block->text);
    pgs_html_put(h, "</p>\n");
}

static void put_blocks(pgs_html *h, pgs_report_kind kind, bool with_grids) {
    pgs_page page = {0};
    pgs_status st = pgs_page_excerpt(kind, h->input, &page, h->err);
    if (h->status == PGS_OK)
        h->status = st;
    for (size_t i = 0; i < page.n_blocks; i++) {
        const pgs_block *block = &page.block[i];
        if (block->kind == PGS_BLOCK_SENTENCE)
            put_sentence(h, block);
        else if (!with_grids)
            break;
        else if (block->kind == PGS_BLOCK_GRID)
            put_table(h, &block->grid, block->grid.n_rows);
    }
    pgs_page_reset(&page);
}

void pgs_html_excerpt(pgs_html *h, pgs_report_kind kind) {
    put_blocks(h, kind, true);
}

void pgs_html_sentences(pgs_html *h, pgs_report_kind kind) {
    put_blocks(h, kind, false);
}
