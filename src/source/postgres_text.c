/* Text to the server and text from it: templates, quoting, and reading the cells of an answer.
 *
 * Answers are read as if a stranger had written them. A row is read from left to right; whatever
 * is missing or not what it should be marks the row as bad, and the caller looks once. */
#include <libpq-fe.h>
#include <math.h>
#include <string.h>

#include "source/postgres.h"

static void quote(pgs_buf *out, char *quoted) {
    if (quoted)
        pgs_buf_text(out, quoted);
    else
        out->failed = true;
    PQfreemem(quoted);
}

void pgs_pg_quote_identifier(pgs_pg *pg, const char *identifier, pgs_buf *out) {
    quote(out, PQescapeIdentifier(pg->conn, identifier, strlen(identifier)));
}

void pgs_pg_quote_literal(pgs_pg *pg, const char *literal, pgs_buf *out) {
    quote(out, PQescapeLiteral(pg->conn, literal, strlen(literal)));
}

pgs_status pgs_pg_template(const char *sql, const pgs_pg_fill *fill, size_t n_fills, char **out,
                           pgs_err *err) {
    pgs_buf buf = {0};
    const char *s = sql;
    for (const char *open; (open = strstr(s, "{{")); s = strstr(open, "}}") + 2) {
        pgs_buf_bytes(&buf, s, (size_t)(open - s));
        size_t n = (size_t)(strstr(open, "}}") - open) - 2;
        for (size_t i = 0; i < n_fills; i++)
            if (strlen(fill[i].key) == n && strncmp(fill[i].key, open + 2, n) == 0)
                pgs_buf_text(&buf, fill[i].text);
    }
    pgs_buf_text(&buf, s);
    if (!buf.failed)
        *out = pgs_strdup(pgs_buf_view(&buf));
    bool failed = buf.failed || !*out;
    pgs_buf_reset(&buf);
    return failed ? pgs_no_memory(err) : PGS_OK;
}

const char *pgs_pg_next_text(pgs_pg_row *row) {
    int column = row->column++;
    if (PQgetisnull(row->result, row->row, column))
        return NULL;
    return PQgetvalue(row->result, row->row, column);
}

const char *pgs_pg_next_needed(pgs_pg_row *row) {
    const char *text = pgs_pg_next_text(row);
    row->bad |= !text;
    return text ? text : "";
}

int64_t pgs_pg_next_int(pgs_pg_row *row) {
    int64_t value = 0;
    row->bad |= !pgs_int_parse(pgs_pg_next_needed(row), 0, INT64_MAX, &value);
    return value;
}

double pgs_pg_next_number(pgs_pg_row *row) {
    static const char *const NOT_FINITE[] = {"NaN", "Infinity", "-Infinity"};
    const char *text = pgs_pg_next_text(row);
    double value = NAN;
    for (size_t i = 0; text && i < PGS_COUNT_OF(NOT_FINITE); i++)
        if (strcmp(text, NOT_FINITE[i]) == 0)
            return NAN;
    row->bad |= text && !pgs_real_parse(text, &value);
    return value;
}

double pgs_pg_next_count(pgs_pg_row *row) {
    const char *text = pgs_pg_next_text(row);
    int64_t value = 0;
    if (!text)
        return NAN;
    row->bad |= !pgs_int_parse(text, 0, (int64_t)PGS_MAX_INTEGER, &value);
    return (double)value;
}

/* Years beyond 9999 and before Christ have a form of their own, and "infinity" is no time. */
double pgs_pg_next_time(pgs_pg_row *row, size_t *n_odd) {
    const char *text = pgs_pg_next_text(row);
    int64_t us = 0;
    if (!text)
        return NAN;
    if (pgs_time_parse(text, INT64_MIN, &us) && us >= 0 && (double)us <= PGS_MAX_INTEGER)
        return (double)us;
    bool is_time = strstr(text, "infinity") || (text[0] >= '0' && text[0] <= '9');
    row->bad |= !is_time;
    *n_odd += is_time;
    return NAN;
}
