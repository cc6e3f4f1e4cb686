/* Inside the report room: a JSON document, written as it goes. */
#ifndef PGSKEW_REPORT_JSON_H
#define PGSKEW_REPORT_JSON_H

#include "report/page.h"

typedef struct pgs_json {
    FILE *out;
    int depth;
    bool empty; /* nothing yet since the last opening bracket */
    bool no_memory;
} pgs_json;

/* Begin a value: the comma after its elder sibling, a line of its own, its key (NULL in arrays). */
void pgs_json_begin(pgs_json *j, const char *key);

void pgs_json_open(pgs_json *j, const char *key, char bracket);
void pgs_json_close(pgs_json *j, char bracket);

/* Values. Text and time are null where they were not observed; a number where it is not finite. */
void pgs_json_raw(pgs_json *j, const char *key, const char *raw);
void pgs_json_text(pgs_json *j, const char *key, const char *text);
void pgs_json_size(pgs_json *j, const char *key, size_t n);
void pgs_json_real(pgs_json *j, const char *key, double value);
void pgs_json_time(pgs_json *j, const char *key, int64_t us);

/* A row of a grid as an object on one line, from column `first` on. */
void pgs_json_row(pgs_json *j, const char *key, const pgs_grid *grid, size_t row, size_t first);

/* Every row of a grid, one a line. */
void pgs_json_rows(pgs_json *j, const char *key, const pgs_grid *grid);

/* The document of a diff; json_diff.c. */
void pgs_json_diff(pgs_json *j, const pgs_diff *diff);

/* "trend", a member of the metrics, and "cleaning", a list; json_trend.c. */
void pgs_json_trend(pgs_json *j, const pgs_trend *trend);
void pgs_json_cleaning(pgs_json *j, const pgs_clean *clean);
/* Predicted alerts, the key "forecast" of metrics, and the document of a backtest;
 * json_forecast.c. */
void pgs_json_forecast_alerts(pgs_json *j, const pgs_forecast *forecast);
void pgs_json_forecast(pgs_json *j, const pgs_forecast *forecast);
void pgs_json_backtest(pgs_json *j, const pgs_backtest *backtest);

/* End the document, and say whether memory lasted. */
pgs_status pgs_json_finish(pgs_json *j, pgs_err *err) PGS_CHECK;

#endif
