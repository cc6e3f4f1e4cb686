/* Grids: the columns of a view over the rows it is about. Nothing is copied: a grid is a window on
 * the snapshot and the result, so a million rows cost no more than one. */
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"

static void set_rows(pgs_grid *grid, const void *base, size_t stride, size_t n_rows) {
    grid->base = base;
    grid->stride = stride;
    grid->n_rows = n_rows;
}

static void bind_rows(pgs_grid *grid, pgs_row_source source, const pgs_report_input *input) {
    const pgs_result *result = input->result;
    switch (source) {
    case PGS_OF_PARTS:
        set_rows(grid, input->snapshot->part, sizeof(pgs_partition), input->snapshot->head.n_parts);
        break;
    case PGS_OF_HEALTH:
        set_rows(grid, result->health, sizeof *result->health, result->total_partitions);
        break;
    case PGS_OF_SKEW:
        set_rows(grid, result->skew, sizeof *result->skew, PGS_SKEW_KIND_COUNT);
        break;
    case PGS_OF_COLLECTIONS:
        set_rows(grid, result->collection, sizeof *result->collection, result->n_collections);
        break;
    case PGS_OF_STATISTICS:
        set_rows(grid, &result->statistics, sizeof result->statistics, 1);
        break;
    case PGS_OF_PARTITION:
        set_rows(grid, input->partition, sizeof *input->partition, 1);
        break;
    case PGS_OF_ADVICE:
        set_rows(grid, result->recommendation, sizeof *result->recommendation,
                 result->n_recommendations);
        break;
    case PGS_OF_HEADS:
        set_rows(grid, input->head, sizeof *input->head, input->n_heads);
        break;
    case PGS_OF_MEASURED:
        set_rows(grid, result->measures, sizeof *result->measures, PGS_MEASURED_COUNT);
        break;
    case PGS_OF_MEASURES:
        set_rows(grid, NULL, 0, pgs_shape_of(PGS_GRID_MEASURES).n_columns);
        break;
    case PGS_OF_DETAILS:
        break;
    }
}

bool pgs_names_matter(const pgs_snapshot *snapshot) {
    for (size_t p = 0; snapshot && p < snapshot->head.n_parts; p++) {
        const char *name = snapshot->part[p].name;
        const char *number = name ? strstr(name, "_part_") : NULL;
        if (name && (!number || strtoll(number + 6, NULL, 10) != snapshot->part[p].num))
            return true;
    }
    return false;
}

/* Names come first, where they say anything. */
static void drop_names(pgs_grid *grid) {
    if (strcmp(grid->column[0].key, "partition_name") != 0 || pgs_names_matter(grid->snapshot))
        return;
    grid->column++;
    grid->n_columns--;
}

pgs_grid pgs_grid_of(pgs_grid_kind kind, const pgs_report_input *input) {
    pgs_shape shape = pgs_shape_of(kind);
    pgs_grid grid = {
        .column = shape.column,
        .n_columns = shape.n_columns,
        .snapshot = input->snapshot,
        .result = input->result,
    };
    bind_rows(&grid, shape.source, input);
    if (kind >= PGS_GRID_HEALTH_READ && kind < PGS_GRID_UNBALANCED)
        drop_names(&grid);
    return grid;
}

pgs_grid pgs_grid_rows(const pgs_column *column, size_t n_columns, const void *base, size_t stride,
                       size_t n_rows) {
    pgs_grid grid = {.column = column, .n_columns = n_columns};
    set_rows(&grid, base, stride, n_rows);
    return grid;
}

pgs_grid pgs_grid_over(const pgs_report_input *input, const pgs_column *column, size_t n_columns,
                       const void *base, size_t stride, size_t n_rows) {
    pgs_grid grid = pgs_grid_rows(column, n_columns, base, stride, n_rows);
    grid.snapshot = input->snapshot;
    grid.result = input->result;
    drop_names(&grid);
    return grid;
}

pgs_grid pgs_grid_of_alert(const pgs_alert *alert) {
    static const pgs_grid_kind DETAILS[PGS_ALERT_KIND_COUNT] = {
        [PGS_ALERT_UNBALANCED] = PGS_GRID_UNBALANCED,
        [PGS_ALERT_WARNING] = PGS_GRID_UNBALANCED, /* never has any */
        [PGS_ALERT_UNMEASURED] = PGS_GRID_UNMEASURED,
        [PGS_ALERT_STRAY] = PGS_GRID_STRAYS,
    };
    pgs_shape shape = pgs_shape_of(DETAILS[alert->kind]);
    return pgs_grid_rows(shape.column, shape.n_columns, alert->detail, sizeof *alert->detail,
                         alert->n_details);
}

pgs_cell pgs_grid_cell(const pgs_grid *grid, size_t row, size_t column) {
    const pgs_column *c = &grid->column[column];
    pgs_cell cell = {.look = c->look};
    c->get(grid, c, grid->row ? grid->row[row] : row, &cell);
    return cell;
}
