/* --dry-run: the statements of a run, written down in the order they are sent. It is the run itself
 * that writes them, so the script cannot differ from what a run does; only the statements that
 * would read rows are not sent. What comes out is a script for psql. */
#include <stdarg.h>
#include <string.h>

#include "source/postgres.h"

void pgs_pg_remark(pgs_pg *pg, const char *fmt, ...) {
    if (!pg->script)
        return;
    pgs_buf text = {0};
    char line[4096];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    pgs_text_escape(&text, line); /* a name with a line end must not end the comment */
    pgs_buf_format(pg->script, "-- %s\n", pgs_buf_view(&text));
    pg->script->failed |= text.failed;
    pgs_buf_reset(&text);
}

/* The value of "$1" at `text`, quoted; false: that is no parameter. */
static bool write_parameter(pgs_pg *pg, const pgs_pg_question *question, const char *text) {
    int n = text[0] == '$' ? text[1] - '0' : 0;
    if (n < 1 || n > question->n_params)
        return false;
    if (question->param[n - 1])
        pgs_pg_quote_literal(pg, question->param[n - 1], pg->script);
    else
        pgs_buf_text(pg->script, "NULL");
    return true;
}

/* Parameters are written in place, except in comments, where they are only spoken of. */
void pgs_pg_record(pgs_pg *pg, const pgs_pg_question *question) {
    if (!pg->script)
        return;
    pgs_pg_remark(pg, "%s%s", question->what, question->reads_rows ? " (not run)" : "");
    const char *line = question->sql;
    for (const char *s = line; *s; s++) {
        if (s > line && s[-1] == '\n')
            line = s;
        bool is_comment = strncmp(line, "--", 2) == 0;
        if (!is_comment && write_parameter(pg, question, s))
            s++;
        else
            pgs_buf_bytes(pg->script, s, 1);
    }
    while (pg->script->n > 0 && pg->script->data[pg->script->n - 1] == '\n')
        pg->script->data[--pg->script->n] = '\0';
    pgs_buf_text(pg->script, ";\n\n");
}
