/* JSON for machines, streamed: a document is written as it goes, cell by cell. So a million
 * partitions need the memory of one, and the file reads well: two spaces a level, one row a line.
 *
 * Texts are quoted by cJSON. Numbers are spelled by us: its own printing loses digits and writes
 * 15000.0 as 15000. cJSON keeps its own allocator, because its hooks belong to the whole process
 * and so to whoever linked us. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/json.h"

/* ---- the frame ---- */

void pgs_json_begin(pgs_json *j, const char *key) {
    if (j->depth > 0)
        fprintf(j->out, "%s\n%*s", j->empty ? "" : ",", 2 * j->depth, "");
    if (key)
        fprintf(j->out, "\"%s\": ", key);
    j->empty = false;
}

void pgs_json_open(pgs_json *j, const char *key, char bracket) {
    pgs_json_begin(j, key);
    putc(bracket, j->out);
    j->depth++;
    j->empty = true;
}

void pgs_json_close(pgs_json *j, char bracket) {
    j->depth--;
    if (!j->empty)
        fprintf(j->out, "\n%*s", 2 * j->depth, "");
    putc(bracket, j->out);
    j->empty = false;
}

void pgs_json_raw(pgs_json *j, const char *key, const char *raw) {
    pgs_json_begin(j, key);
    fputs(raw, j->out);
}

/* cJSON escapes control characters below U+0020 only. Those from U+0080 to U+009F and the ones that
 * reorder text mean something to a terminal too; as \u they mean the same to a parser. */
static void put_printed(FILE *out, const char *text) {
    for (const char *plain = text;; plain = text) {
        text += strcspn(text, "\xC2\xE2"); /* what they begin with */
        fwrite(plain, 1, (size_t)(text - plain), out);
        if (!*text)
            return;
        const unsigned char *s = (const unsigned char *)text;
        bool c1 = s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F;
        bool bidi = s[0] == 0xE2 && ((s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE) ||
                                     (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9));
        if (c1)
            fprintf(out, "\\u%04x", s[1]);
        else if (bidi)
            fprintf(out, "\\u%04x", 0x2000U | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU));
        else
            putc_unlocked(*s, out);
        text += c1 ? 2 : bidi ? 3 : 1;
    }
}

static void put_quoted(pgs_json *j, const char *text) {
    char usual[256]; /* cJSON asks for five bytes more than it needs */
    cJSON item = {.type = cJSON_String, .valuestring = (char *)text};
    bool fits = cJSON_PrintPreallocated(&item, usual, sizeof usual, false);
    char *printed = fits ? usual : cJSON_PrintUnformatted(&item);
    j->no_memory |= !printed;
    put_printed(j->out, printed ? printed : "null");
    if (!fits)
        cJSON_free(printed);
}

/* JSON is UTF-8. Names in snapshots are; the path of a file need not be, and is shown escaped. */
static void put_text(pgs_json *j, const char *text) {
    pgs_buf shown = {0};
    bool plain = pgs_text_is_utf8(text);
    if (!plain)
        pgs_text_escape(&shown, text);
    j->no_memory |= shown.failed;
    put_quoted(j, plain ? text : pgs_buf_view(&shown));
    pgs_buf_reset(&shown);
}

void pgs_json_text(pgs_json *j, const char *key, const char *text) {
    pgs_json_begin(j, key);
    if (text)
        put_text(j, text);
    else
        fputs("null", j->out);
}

void pgs_json_size(pgs_json *j, const char *key, size_t n) {
    char text[PGS_CELL_TEXT_MAX];
    snprintf(text, sizeof text, "%zu", n);
    pgs_json_raw(j, key, text);
}

void pgs_json_real(pgs_json *j, const char *key, double value) {
    char text[PGS_NUM_TEXT_MAX];
    pgs_json_raw(j, key, isfinite(value) ? pgs_num_format(value, text) : "null");
}

void pgs_json_time(pgs_json *j, const char *key, int64_t us) {
    char text[PGS_TIME_TEXT_MAX];
    pgs_json_text(j, key, us == PGS_TIME_NONE ? NULL : pgs_time_format(us, text));
}

/* ---- rows ---- */

static void put_cell(pgs_json *j, const pgs_cell *cell) {
    char scratch[PGS_CELL_TEXT_MAX];
    const char *text = pgs_cell_exact(cell, scratch);
    if (text && pgs_look_is_text(cell->look))
        put_text(j, text);
    else
        fputs(text ? text : "null", j->out);
}

void pgs_json_row(pgs_json *j, const char *key, const pgs_grid *grid, size_t row, size_t first) {
    pgs_json_begin(j, key);
    putc('{', j->out);
    for (size_t c = first; c < grid->n_columns; c++) {
        pgs_cell cell = pgs_grid_cell(grid, row, c);
        fputs(c == first ? "\"" : ",\"", j->out);
        fputs(grid->column[c].key, j->out);
        fputs("\":", j->out);
        put_cell(j, &cell);
    }
    putc('}', j->out);
}

void pgs_json_rows(pgs_json *j, const char *key, const pgs_grid *grid) {
    pgs_json_open(j, key, '[');
    for (size_t r = 0; r < grid->n_rows && !ferror(j->out); r++)
        pgs_json_row(j, NULL, grid, r, 0);
    pgs_json_close(j, ']');
}

pgs_status pgs_json_finish(pgs_json *j, pgs_err *err) {
    putc('\n', j->out);
    return j->no_memory ? pgs_no_memory(err) : PGS_OK;
}
