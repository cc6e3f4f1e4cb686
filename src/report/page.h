/* Inside the report room. A result becomes grids of typed cells; machines (JSON, CSV) get a view
 * as one grid, people (table, markdown) get a page: sentences and grids in reading order. A
 * writer knows how a cell is spelled in its format and nothing about partitions. */
#ifndef PGSKEW_REPORT_PAGE_H
#define PGSKEW_REPORT_PAGE_H

#include "base/base.h"
#include "pgskew/report.h"

/* ---- cell.c: one value and how it is spelled ---- */

/* What a value means, which decides its spelling. */
typedef enum pgs_look {
    PGS_AS_TEXT,
    PGS_AS_ID,      /* whole number that names something: 42 */
    PGS_AS_COUNT,   /* whole number; people read 1,500,000 */
    PGS_AS_BYTES,   /* whole number; people read 2.0 GB */
    PGS_AS_PRETTY,  /* bytes in PostgreSQL's words, for machines too */
    PGS_AS_REAL,    /* people read 2 decimals */
    PGS_AS_FINE,    /* people read 4 decimals */
    PGS_AS_WHOLE,   /* a float that people read without decimals */
    PGS_AS_SECONDS, /* a span of time; people read 3 d 4 h */
    PGS_AS_TIME,    /* microseconds since 1970 UTC */
    PGS_AS_FLAG,    /* 1 or 0; people read yes or no */
    PGS_AS_CHANCE,  /* a probability, 0.71; people read 71 % */
    PGS_AS_RATIO,   /* 0.1; people read +10.00 % */
    PGS_AS_RATE,    /* a float in bytes; people read 2.0 GB */
    PGS_AS_SPARK,   /* text from pgs_spark(), for people only: a drawing, not a name */
    PGS_LOOK_COUNT
} pgs_look;

/* How good the news is. Formats with colour may show it; the words always say it too. */
typedef enum pgs_tone {
    PGS_TONE_PLAIN,
    PGS_TONE_GOOD,
    PGS_TONE_WARNING,
    PGS_TONE_BAD,
    PGS_TONE_COUNT
} pgs_tone;

typedef struct pgs_cell {
    pgs_look look;
    pgs_tone tone;
    bool observed;    /* false: nothing below counts */
    const char *text; /* TEXT, SPARK */
    double number;    /* REAL, FINE, WHOLE, SECONDS, RATIO, RATE */
    int64_t integer;  /* all others, and WHOLE and RATE for people */
} pgs_cell;

#define PGS_CELL_TEXT_MAX 48

/* Whether machines read cells of this look as text; else they are numbers. */
bool pgs_look_is_text(pgs_look look);

/* Whether people read a column of this look from the right. */
bool pgs_look_is_right(pgs_look look);

/* The value for machines, every digit of it; NULL where it was not observed. May be in
 * `scratch`. */
const char *pgs_cell_exact(const pgs_cell *cell, char scratch[PGS_CELL_TEXT_MAX]);

/* The value for people, "-" where it was not observed. Text is as it came: escape it. */
const char *pgs_cell_plain(const pgs_cell *cell, char scratch[PGS_CELL_TEXT_MAX]);

/* Whether people read no number of this look wider than both a smaller and a larger one; and the
 * number. */
bool pgs_cell_order(const pgs_cell *cell, double *out);

/* ---- grid.c, columns.c: the columns of every view, as data ---- */

#define PGS_MAX_COLUMNS 40

typedef enum pgs_grid_kind {
    /* for machines: the views' columns, in the views' order */
    PGS_GRID_HEALTH,
    PGS_GRID_DISTRIBUTION,
    PGS_GRID_SIZES,
    PGS_GRID_HOT,
    PGS_GRID_SKEW,
    PGS_GRID_COLLECTIONS,
    PGS_GRID_STATISTICS,
    PGS_GRID_PARTITION,
    PGS_GRID_RECOMMENDATIONS,
    PGS_GRID_LIST,
    PGS_GRID_SUMMARY,
    PGS_GRID_MEASURES, /* a row for chunks, one for bytes */
    /* for people; names come first, where they say more than the numbers */
    PGS_GRID_HEALTH_READ,
    PGS_GRID_DISTRIBUTION_READ,
    PGS_GRID_SIZES_READ,
    PGS_GRID_HOT_READ,
    PGS_GRID_COLLECTIONS_READ,
    PGS_GRID_RECOMMENDATIONS_READ,
    PGS_GRID_LIST_READ,
    PGS_GRID_SUMMARY_READ,
    PGS_GRID_MEASURES_READ, /* a row for each measure */
    /* details of an alert; see pgs_grid_of_alert() */
    PGS_GRID_UNBALANCED,
    PGS_GRID_UNMEASURED,
    PGS_GRID_STRAYS,
    PGS_GRID_KIND_COUNT
} pgs_grid_kind;

typedef struct pgs_grid pgs_grid;
typedef struct pgs_column pgs_column;

struct pgs_column {
    const char *key;     /* for machines */
    const char *heading; /* for people */
    pgs_look look;
    void (*get)(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
    size_t where; /* what `get` needs to know: an offset into the row's struct, or a metric */
};

struct pgs_grid {
    const pgs_column *column; /* [n_columns] */
    size_t n_columns;
    size_t n_rows;
    const size_t *row; /* [n_rows] which rows, in which order; NULL: all, as they are */
    const pgs_snapshot *snapshot;
    const pgs_result *result;
    const char *base; /* the rows' structs, `stride` bytes apart; NULL: rows of the snapshot */
    size_t stride;
};

/* Getters of one field, `where` bytes into the row's struct. NaN and PGS_TIME_NONE are not
 * observed. */
void pgs_get_double(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_int64(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_size(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_text(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_health(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_health_word(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_skew_status(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);
void pgs_get_skew_value(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out);

/* The grid of a scan: PGS_REPORT_SCAN_TOTAL, _MOMENT or _PARTITION; grid_scan.c. */
pgs_grid pgs_grid_of_scan(pgs_report_kind kind, const pgs_scan *scan);

/* The grids of a diff; grid_diff.c. */
typedef enum pgs_diff_view {
    PGS_DIFF_VIEW_PARTITIONS,
    PGS_DIFF_VIEW_PARTITIONS_READ,
    PGS_DIFF_VIEW_TOTALS,
    PGS_DIFF_VIEW_TOTALS_READ,
    PGS_DIFF_VIEW_SKEW,
    PGS_DIFF_VIEW_FINDINGS,
    PGS_DIFF_VIEW_FINDINGS_READ,
    PGS_DIFF_VIEW_COUNT
} pgs_diff_view;

pgs_grid pgs_grid_of_diff(pgs_diff_view view, const pgs_diff *diff);

#define PGS_COLUMNS(table) (table), PGS_COUNT_OF(table)

/* `n_rows` structs of `stride` bytes under columns of one's own. */
pgs_grid pgs_grid_rows(const pgs_column *column, size_t n_columns, const void *base, size_t stride,
                       size_t n_rows);

/* The same about a snapshot; names, which come first, are dropped where they say nothing. */
pgs_grid pgs_grid_over(const pgs_report_input *input, const pgs_column *column, size_t n_columns,
                       const void *base, size_t stride, size_t n_rows);

/* The grids of a trend, and of what was cleaned before; grid_trend.c. For people the names come
 * first, where `names`. */
pgs_grid pgs_grid_of_trend(const pgs_trend *trend);
pgs_grid pgs_grid_of_trend_read(const pgs_trend *trend, bool names);
pgs_grid pgs_grid_of_cleaning(const pgs_clean *clean);
pgs_grid pgs_grid_of_cleaning_read(const pgs_clean *clean);

/* The grid `kind` of a report. Borrows everything. Not for details of alerts. */
pgs_grid pgs_grid_of(pgs_grid_kind kind, const pgs_report_input *input);

/* Views of a forecast; grid_forecast.c. */
typedef enum pgs_forecast_view {
    PGS_FORECAST_VIEW_POINTS, /* a row for each partition and horizon */
    PGS_FORECAST_VIEW_TOTALS, /* a row for each horizon */
    PGS_FORECAST_VIEW_PARTITIONS_READ,
} pgs_forecast_view;
pgs_grid pgs_grid_of_forecast(pgs_forecast_view view, const pgs_forecast *forecast);

/* A row for each horizon and method. */
pgs_grid pgs_grid_of_backtest(const pgs_backtest *backtest);

/* The details of an alert, empty where it has none. */
pgs_grid pgs_grid_of_alert(const pgs_alert *alert);

/* chunks_part_07 says no more than its number 7; readings_2026_03 does. */
bool pgs_names_matter(const pgs_snapshot *snapshot);

pgs_cell pgs_grid_cell(const pgs_grid *grid, size_t row, size_t column);

/* ---- page.c: what people read, in order ---- */

typedef enum pgs_block_kind {
    PGS_BLOCK_TITLE,
    PGS_BLOCK_HEADING,
    PGS_BLOCK_SENTENCE,
    PGS_BLOCK_GRID
} pgs_block_kind;

typedef struct pgs_block {
    pgs_block_kind kind;
    pgs_tone tone;
    bool rest;         /* SENTENCE: it says what was left out */
    const char *label; /* SENTENCE: "WARNING", to go before the text; NULL: none */
    const char *text;  /* all but GRID; names in it are not escaped yet */
    pgs_grid grid;
} pgs_block;

#define PGS_MAX_BLOCKS 40

typedef struct pgs_page {
    size_t n_blocks;
    pgs_block block[PGS_MAX_BLOCKS];
    pgs_arena *arena;
} pgs_page;

/* Write the page of a report; `page` is zeroed. PGS_E_BUG without memory. */
pgs_status pgs_page_build(pgs_report_kind kind, const pgs_report_input *input, pgs_page *page,
                          pgs_err *err) PGS_CHECK;

/* The same without a title, long lists cut to their top: what a full report holds of it. */
pgs_status pgs_page_excerpt(pgs_report_kind kind, const pgs_report_input *input, pgs_page *page,
                            pgs_err *err) PGS_CHECK;
void pgs_page_reset(pgs_page *page);

/* How a format spells text that came from anywhere: appends the escaped text. */
typedef void (*pgs_escape)(pgs_buf *out, const char *text);

/* Empty `buf`, then spell a cell for people into it. */
void pgs_cell_spell(const pgs_cell *cell, pgs_escape escape, pgs_buf *buf);

/* The widest spelling in each column, heading included. */
void pgs_grid_measure(const pgs_grid *grid, pgs_escape escape, pgs_buf *buf,
                      int width[PGS_MAX_COLUMNS]);

/* ---- one writer per format; report.c has the table of them, and of what machines get ---- */

pgs_status pgs_json_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                          const pgs_report_style *style, pgs_err *err) PGS_CHECK;
pgs_status pgs_csv_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                         const pgs_report_style *style, pgs_err *err) PGS_CHECK;
pgs_status pgs_table_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                           const pgs_report_style *style, pgs_err *err) PGS_CHECK;
pgs_status pgs_markdown_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                              const pgs_report_style *style, pgs_err *err) PGS_CHECK;

pgs_status pgs_html_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                          const pgs_report_style *style, pgs_err *err) PGS_CHECK;

/* The grid that answers `kind` for machines. */
pgs_grid pgs_grid_of_report(pgs_report_kind kind, const pgs_report_input *input);

/* Everything written so far has left for where `out` leads, or PGS_E_IO. */
pgs_status pgs_report_flush(FILE *out, pgs_err *err) PGS_CHECK;

#endif
