/* One CSV table per report, as `psql --csv` writes them: a header, LF line ends, quotes only
 * where RFC 4180 needs them, NULL as nothing. One thing more: text that a spreadsheet would take
 * for a formula gets a leading apostrophe. */
#include <string.h>

#include "report/page.h"

static void put_text(FILE *out, const char *text) {
    /* strchr() also finds the NUL of an empty text, which is no formula */
    const char *apostrophe = *text && strchr("=+-@\t\r\n", *text) ? "'" : "";
    if (!text[strcspn(text, ",\"\r\n")] && strcmp(text, "\\.") != 0) {
        fprintf(out, "%s%s", apostrophe, text);
        return;
    }
    fprintf(out, "\"%s", apostrophe);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc_unlocked(*text, out);
    }
    putc('"', out);
}

static void put_row(FILE *out, const pgs_grid *grid, size_t row) {
    char scratch[PGS_CELL_TEXT_MAX];
    for (size_t c = 0; c < grid->n_columns; c++) {
        pgs_cell cell = pgs_grid_cell(grid, row, c);
        const char *text = pgs_cell_exact(&cell, scratch);
        if (c > 0)
            putc(',', out);
        if (text && pgs_look_is_text(cell.look))
            put_text(out, text);
        else if (text)
            fputs(text, out);
    }
    putc('\n', out);
}

pgs_status pgs_csv_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                         const pgs_report_style *style, pgs_err *err) {
    (void)style;
    (void)err; /* write errors stay with `out`; whoever called us asks it */
    pgs_grid grid = pgs_grid_of_report(kind, input);
    for (size_t c = 0; c < grid.n_columns; c++)
        fprintf(out, "%s%s", c > 0 ? "," : "", grid.column[c].key);
    putc('\n', out);
    for (size_t r = 0; r < grid.n_rows && !ferror(out); r++)
        put_row(out, &grid, r);
    return PGS_OK;
}
