/* Damage may lie in the text that defines a table: all values of a column that is called otherwise
 * would pass for never observed. What has one of our names is defined as some script of schemas/
 * does it, to the letter. A table may have columns more, which ALTER TABLE puts in one piece behind
 * ours, or columns less: damage changes no length. What has other names, or is not there, is the
 * business of whoever changed the file; so are views, which are not read here, as long as their
 * text is in one piece: what was never written of a file is zeros. */
#include "store/definitions.h"

#include <string.h>

#include "embedded_sql.h"

static const char *const SCRIPT[] = {pgs_sql_snapshot_001, pgs_sql_history_001};

/* SQLite keeps a definition as it was written, from CREATE to before its semicolon. */
typedef struct kind {
    const char *type, *begins;
    bool may_be_altered;
} kind;

static const kind KIND[] = {{"table", "\nCREATE TABLE ", true},
                            {"index", "\nCREATE UNIQUE INDEX ", false}};

static const kind *kind_of(const char *type) {
    for (size_t i = 0; i < PGS_COUNT_OF(KIND); i++)
        if (strcmp(type, KIND[i].type) == 0)
            return &KIND[i];
    return NULL;
}

static bool is_same(const char *sql, size_t n, const char *ours, size_t n_ours,
                    bool may_be_altered) {
    if (n == n_ours)
        return memcmp(sql, ours, n) == 0;
    if (!may_be_altered || n < n_ours)
        return may_be_altered;
    size_t i = 0;
    while (i < n_ours && sql[i] == ours[i])
        i++;
    return memcmp(sql + n - (n_ours - i), ours + i, n_ours - i) == 0;
}

/* Where a script has `wanted`: definitions mostly come in its order. */
static const char *find(const char *script, const char **from, const char *wanted) {
    const char *found = strstr(*from, wanted);
    if (!found)
        found = strstr(script, wanted);
    if (found)
        *from = found;
    return found;
}

typedef struct definition {
    const char *type, *name, *sql;
    size_t n; /* bytes of sql */
} definition;

/* True also where no script defines anything of that name. */
static bool is_as_made(const definition *is, const char **from) {
    const kind *k = kind_of(is->type);
    char wanted[80];
    bool known = false;
    if (!k || snprintf(wanted, sizeof wanted, "%s%s ", k->begins, is->name) >= (int)sizeof wanted)
        return true;
    for (size_t i = 0; i < PGS_COUNT_OF(SCRIPT); i++) {
        const char *ours = find(SCRIPT[i], &from[i], wanted);
        if (!ours)
            continue;
        ours++; /* behind the line's end */
        known = true;
        if (is_same(is->sql, is->n, ours, (size_t)(strstr(ours, ";\n") - ours), k->may_be_altered))
            return true;
    }
    return !known;
}

pgs_status pgs_definitions_check(pgs_database *d, pgs_err *err) {
    const char *from[PGS_COUNT_OF(SCRIPT)];
    memcpy(from, SCRIPT, sizeof from);
    sqlite3_stmt *stmt;
    pgs_status st = pgs_database_prepare(
        d, "SELECT type, name, sql FROM main.sqlite_master WHERE sql NOT NULL", &stmt, err);
    for (bool row = true; st == PGS_OK && row;) {
        st = pgs_database_step(d, stmt, &row, err);
        if (st != PGS_OK || !row)
            break;
        definition is = {
            (const char *)sqlite3_column_text(stmt, 0), (const char *)sqlite3_column_text(stmt, 1),
            (const char *)sqlite3_column_text(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2)};
        if (!is.type || !is.name || !is.sql)
            st = pgs_database_damaged(d, err, "something in it has no name");
        else if (strlen(is.sql) != is.n)
            st = pgs_database_damaged(d, err, "the text of %s %s is torn", is.type, is.name);
        else if (!is_as_made(&is, from))
            st = pgs_database_damaged(d, err, "%s %s is not defined as it was made", is.type,
                                      is.name);
    }
    sqlite3_finalize(stmt);
    return st;
}
