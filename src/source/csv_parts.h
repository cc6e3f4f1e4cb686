/* The files that have one row a partition, and what their columns mean. Internal to src/source. */
#ifndef PGSKEW_SOURCE_CSV_PARTS_H
#define PGSKEW_SOURCE_CSV_PARTS_H

#include "pgskew/source.h"
#include "source/csv_reader.h"

typedef enum pgs_csv_role {
    PGS_CSV_NUM,    /* partition_num */
    PGS_CSV_METRIC, /* a value of .metric */
    PGS_CSV_NAME,   /* partition_name */
    PGS_CSV_BOUNDS,
    PGS_CSV_IGNORED, /* follows from other columns */
    PGS_CSV_STATUS,  /* health_status; only in partition_health_summary.csv */
} pgs_csv_role;

typedef struct pgs_csv_column {
    const char *name;
    pgs_csv_role role;
    pgs_metric metric;
} pgs_csv_column;

/* Every column of the per-partition files, in layout order; partition_num and chunk_count first.
 * `names` has as many strings as layout columns. */
typedef struct pgs_csv_parts {
    pgs_csv_column column[PGS_CSV_MAX_COLUMNS];
    const char *name[PGS_CSV_MAX_COLUMNS];
    size_t n_observed; /* columns of a file of observations */
    size_t n_summary;  /* those and the ones only partition_health_summary.csv has */
} pgs_csv_parts;

void pgs_csv_parts_init(pgs_csv_parts *parts);

/* Number of the row's partition, and its place in `snap` (SIZE_MAX: it is not there). `seen`
 * [n_parts] holds the line each place was met on, 0 before. PGS_E_DATA: no number, or met
 * before. */
pgs_status pgs_csv_parts_find(const pgs_csv_row *row, const pgs_snapshot *snap, size_t *seen,
                              int64_t *num, size_t *place, pgs_err *err) PGS_CHECK;

/* The value of a metric in `column`; NaN where it is NULL. */
pgs_status pgs_csv_parts_value(const pgs_csv_row *row, size_t column, pgs_metric metric,
                               int64_t naive_offset_us, pgs_csv_left_out *left_out, double *out,
                               pgs_err *err) PGS_CHECK;

/* Percentages are taken as exported; other derived values follow from what was observed. */
bool pgs_csv_is_kept(pgs_metric metric);

/* The head of an import: `table` (NULL: public.chunks; public where it names no schema) and
 * `source` (NULL: "import"). */
pgs_status pgs_csv_name_series(pgs_snapshot *snap, const char *table, const char *source,
                               pgs_err *err) PGS_CHECK;

/* Differences between files are warnings: the first ten are said, the rest counted. */
typedef struct pgs_csv_differences {
    const pgs_listener *listener; /* NULL: nobody listens */
    size_t n;
} pgs_csv_differences;

void pgs_csv_differ(pgs_csv_differences *differences, const char *fmt, ...) PGS_PRINTF(2, 3);

/* `metric` of partition `num` is `here` in the row, but `there` `elsewhere` ("in another file"). */
void pgs_csv_differ_value(pgs_csv_differences *differences, const pgs_csv_row *row, int64_t num,
                          pgs_metric metric, double here, const char *elsewhere, double there);

/* Say how many were not said. */
void pgs_csv_differences_end(pgs_csv_differences *differences);

#endif
