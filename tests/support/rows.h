/* Lines of a recorded CSV without quotes, cut into cells in place. */
#ifndef PGSKEW_TESTS_ROWS_H
#define PGSKEW_TESTS_ROWS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_CELLS 10

typedef struct rows {
    FILE *file;
    char line[1 << 16];
    char *cell[ROW_CELLS];
    int n_cells, number; /* of the line, from 1 */
} rows;

/* Opens and skips the header line. */
static inline bool rows_open(rows *r, const char *path) {
    r->file = fopen(path, "r");
    r->number = 1;
    return r->file && fgets(r->line, sizeof r->line, r->file);
}

/* False, and the file closed, at the end. */
static inline bool rows_next(rows *r) {
    if (!fgets(r->line, sizeof r->line, r->file)) {
        fclose(r->file);
        return false;
    }
    r->line[strcspn(r->line, "\r\n")] = '\0';
    r->number++;
    r->n_cells = 0;
    for (char *s = r->line; s && r->n_cells < ROW_CELLS;) {
        r->cell[r->n_cells++] = s;
        s = strchr(s, ',');
        if (s)
            *s++ = '\0';
    }
    return true;
}

#endif
