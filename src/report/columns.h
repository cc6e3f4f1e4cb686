/* Inside the report room: the columns of every view, and which rows they are of. */
#ifndef PGSKEW_REPORT_COLUMNS_H
#define PGSKEW_REPORT_COLUMNS_H

#include "report/page.h"

typedef enum pgs_row_source {
    PGS_OF_PARTS,
    PGS_OF_HEALTH,
    PGS_OF_SKEW,
    PGS_OF_COLLECTIONS,
    PGS_OF_STATISTICS,
    PGS_OF_PARTITION,
    PGS_OF_ADVICE,
    PGS_OF_HEADS,
    PGS_OF_DETAILS,
    PGS_OF_MEASURED, /* a row for what was measured */
    PGS_OF_MEASURES, /* a row for each measure of it */
} pgs_row_source;

typedef struct pgs_shape {
    const pgs_column *column;
    size_t n_columns;
    pgs_row_source source;
} pgs_shape;

pgs_shape pgs_shape_of(pgs_grid_kind kind);

#endif
