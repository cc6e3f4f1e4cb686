/* Result to bytes: one table of writers, one file per format. No number is computed here. */
#ifndef PGSKEW_REPORT_H
#define PGSKEW_REPORT_H

#include <stdio.h>

#include "pgskew/check.h"
#include "pgskew/diff.h"
#include "pgskew/forecast.h"
#include "pgskew/overview.h"
#include "pgskew/result.h"
#include "pgskew/scan.h"
#include "pgskew/series.h"
#include "pgskew/trend.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pgs_report_kind {
    PGS_REPORT_HEALTH,
    PGS_REPORT_DISTRIBUTION,
    PGS_REPORT_SIZES,
    PGS_REPORT_HOT,
    PGS_REPORT_SKEW,
    PGS_REPORT_COLLECTIONS,
    PGS_REPORT_STATISTICS,
    PGS_REPORT_RECOMMENDATIONS,
    PGS_REPORT_HEALTH_SUMMARY,
    PGS_REPORT_FULL,
    PGS_REPORT_LIST,
    PGS_REPORT_SCAN_TOTAL,
    PGS_REPORT_SCAN_MOMENT,
    PGS_REPORT_SCAN_PARTITION,
    PGS_REPORT_DIFF,
    PGS_REPORT_TREND,
    PGS_REPORT_CHECK, /* as a table: one line, as monitoring plugins print it */
    PGS_REPORT_FORECAST,
    PGS_REPORT_BACKTEST,
    PGS_REPORT_KIND_COUNT
} pgs_report_kind;

typedef enum pgs_format {
    PGS_FORMAT_TABLE,
    PGS_FORMAT_JSON,
    PGS_FORMAT_CSV,
    PGS_FORMAT_MARKDOWN,
    PGS_FORMAT_HTML,  /* one page of everything; PGS_REPORT_FULL only */
    PGS_FORMAT_JUNIT, /* of CHECK only, */
    PGS_FORMAT_SARIF, /* and so this */
    PGS_FORMAT_COUNT
} pgs_format;

/* The format called `name` ("table", "json", "csv", "markdown", ...), or PGS_FORMAT_COUNT. */
pgs_format pgs_format_find(const char *name);

/* A file that an answer came from. */
typedef struct pgs_report_file {
    const char *path;
    bool is_history;
    size_t n_moments;          /* of them in use */
    int64_t first_us, last_us; /* of those */
    uint64_t n_bytes, hash;    /* XXH3, 64 bits, of all its bytes */
} pgs_report_file;

/* Where the numbers of a page come from. */
typedef struct pgs_provenance {
    size_t n_files;
    const pgs_report_file *file; /* [n_files] the newest last */
    uint64_t content;            /* pgs_snapshot_hash() of the newest moment */
} pgs_provenance;

typedef struct pgs_report_input {
    const pgs_snapshot *snapshot;              /* but for LIST, SCAN_, DIFF, BACKTEST */
    const pgs_result *result;                  /* of that snapshot, from pgs_analyze(); likewise */
    const pgs_partition_statistics *partition; /* STATISTICS of one partition; else NULL */
    const pgs_snapshot_head *head;             /* LIST: [n_heads] */
    size_t n_heads;
    const pgs_scan *scan; /* SCAN_ */
    const pgs_diff *diff; /* DIFF; of a page: since a week ago, NULL: there is nothing to compare */
    const pgs_check *check;       /* CHECK, of that snapshot and result; else NULL */
    const pgs_trend *trend;       /* TREND; of a page: NULL: there is no history */
    const pgs_forecast *forecast; /* FORECAST; of a page: NULL: there is no history */
    const pgs_backtest *backtest; /* BACKTEST */

    /* of an HTML page; the result was measured (pgs_distribution_measure()) */
    const pgs_overview *overview;
    const pgs_provenance *provenance;
} pgs_report_input;

typedef struct pgs_report_style {
    bool color; /* ANSI colours by status (table format only) */
    int width;  /* columns of the terminal; 0: unlimited */
    bool ascii; /* sparklines without a character that needs UTF-8 (table format only) */
} pgs_report_style;

/* Write one report to `out`. Same input, same bytes. Names are escaped for the format they end
 * up in. PGS_E_IO: `out` did not take it all (also checked again by whoever closes it). */
pgs_status pgs_report_write(FILE *out, pgs_report_kind kind, pgs_format format,
                            const pgs_report_input *input, const pgs_report_style *style,
                            pgs_err *err) PGS_CHECK;

/* Write the JSON object of a health check that failed: status "failed", `error` the message,
 * `timestamp` null where taken_us is PGS_TIME_NONE. */
pgs_status pgs_report_failure(FILE *out, int64_t taken_us, const char *message,
                              pgs_err *err) PGS_CHECK;

/* Write {"detail": message}, the body of a partition that does not exist. */
pgs_status pgs_report_detail(FILE *out, const char *message, pgs_err *err) PGS_CHECK;

/* Write one moment for Prometheus, as OpenMetrics that the text format's readers take too; `input`
 * needs snapshot and result, the latter with measures, noise floor and signed skews where they are
 * wanted. What was not observed has no sample. Write errors stay with `out`. PGS_E_BUG: no
 * memory. */
pgs_status pgs_openmetrics_write(FILE *out, const pgs_report_input *input, pgs_err *err) PGS_CHECK;

/* ---- verdicts that were not reached ---- */

/* Write the one line of a check that failed: "PGSKEW UNKNOWN: ...". Cannot fail: errors stay with
 * `out`. */
void pgs_check_unknown(FILE *out, const pgs_err *why);

/* Write what a check that failed has to say as JSON (see pgs_report_failure()), JUnit or SARIF;
 * nothing in other formats. */
pgs_status pgs_check_failure(FILE *out, pgs_format format, int64_t taken_us, const char *message,
                             pgs_err *err) PGS_CHECK;

/* ---- json_baseline.c: what is accepted of a table, as a JSON file ---- */

/* Write what there is to remember of a derived snapshot. */
pgs_status pgs_baseline_write(FILE *out, const pgs_snapshot *snap, pgs_err *err) PGS_CHECK;

/* Read it back as a snapshot that is still to be derived, from a file that may come from anyone.
 * `out` must be initialised. PGS_E_NO_INPUT: no such file; PGS_E_DATA: no baseline, damaged, or of
 * a newer version. */
pgs_status pgs_baseline_read(const char *path, pgs_snapshot *out, pgs_err *err) PGS_CHECK;

/* ---- long_csv.c: a series as one long CSV ---- */

typedef struct pgs_long_csv {
    const pgs_series *series;
    const pgs_tile_source *tiles; /* reader 0 is used */
    const pgs_lane_change *change;
    size_t n_changes;  /* all of them, by lane, then moment */
    uint64_t metrics;  /* a bit for each that is a column */
    size_t first, end; /* moments [first, end) of the series */
    void (*step)(void *context, size_t done,
                 size_t total); /* after each moment; NULL: nobody asks */
    void *context;
} pgs_long_csv;

/* Write taken_at, partition_num, partition_name where some name is known, and the metrics in their
 * order, a row for each partition that was there, in the order of time and number; what was not
 * observed is empty. last_created_at is called last_created. PGS_E_DATA: a tile is damaged, or
 * holds what cannot be. Write errors stay with `out`. */
pgs_status pgs_long_csv_write(FILE *out, const pgs_long_csv *input, pgs_err *err) PGS_CHECK;

#ifdef __cplusplus
}
#endif
#endif
