/* The table of writers. A new format is a line here and a file beside it. */
#include <errno.h>
#include <string.h>

#include "report/check.h"

typedef pgs_status writer(FILE *, pgs_report_kind, const pgs_report_input *,
                          const pgs_report_style *, pgs_err *);

static const struct {
    const char *name;
    writer *write;
} FORMATS[PGS_FORMAT_COUNT] = {
    [PGS_FORMAT_TABLE] = {"table", pgs_table_write},
    [PGS_FORMAT_JSON] = {"json", pgs_json_write},
    [PGS_FORMAT_CSV] = {"csv", pgs_csv_write},
    [PGS_FORMAT_MARKDOWN] = {"markdown", pgs_markdown_write},
    [PGS_FORMAT_HTML] = {"html", pgs_html_write},
    [PGS_FORMAT_JUNIT] = {"junit", pgs_junit_write},
    [PGS_FORMAT_SARIF] = {"sarif", pgs_sarif_write},
};

pgs_format pgs_format_find(const char *name) {
    size_t f = 0;
    while (f < PGS_FORMAT_COUNT && strcmp(FORMATS[f].name, name) != 0)
        f++;
    return (pgs_format)f;
}

pgs_status pgs_report_flush(FILE *out, pgs_err *err) {
    errno = 0;
    if (fflush(out) == 0 && !ferror(out))
        return PGS_OK;
    return pgs_fail(err, PGS_E_IO, "cannot write the report: %s",
                    errno ? strerror(errno) : "the output did not take it all");
}

pgs_status pgs_report_write(FILE *out, pgs_report_kind kind, pgs_format format,
                            const pgs_report_input *input, const pgs_report_style *style,
                            pgs_err *err) {
    static const pgs_report_style UNADORNED = {.color = false, .width = 0};
    pgs_status st = kind == PGS_REPORT_CHECK && format == PGS_FORMAT_TABLE
                        ? pgs_nagios_write(out, input->check, err)
                        : FORMATS[format].write(out, kind, input, style ? style : &UNADORNED, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}

pgs_grid pgs_grid_of_report(pgs_report_kind kind, const pgs_report_input *input) {
    static const pgs_grid_kind VIEW[PGS_REPORT_KIND_COUNT] = {
        [PGS_REPORT_HEALTH] = PGS_GRID_HEALTH,
        [PGS_REPORT_DISTRIBUTION] = PGS_GRID_DISTRIBUTION,
        [PGS_REPORT_SIZES] = PGS_GRID_SIZES,
        [PGS_REPORT_HOT] = PGS_GRID_HOT,
        [PGS_REPORT_SKEW] = PGS_GRID_SKEW,
        [PGS_REPORT_COLLECTIONS] = PGS_GRID_COLLECTIONS,
        [PGS_REPORT_STATISTICS] = PGS_GRID_STATISTICS,
        [PGS_REPORT_RECOMMENDATIONS] = PGS_GRID_RECOMMENDATIONS,
        [PGS_REPORT_HEALTH_SUMMARY] = PGS_GRID_HEALTH,
        [PGS_REPORT_FULL] = PGS_GRID_HEALTH,
        [PGS_REPORT_LIST] = PGS_GRID_LIST,
    };
    if (kind >= PGS_REPORT_SCAN_TOTAL && kind <= PGS_REPORT_SCAN_PARTITION)
        return pgs_grid_of_scan(kind, input->scan);
    if (kind == PGS_REPORT_TREND)
        return pgs_grid_of_trend(input->trend);
    if (kind == PGS_REPORT_CHECK)
        return pgs_grid_of_gauges(input->check);
    if (kind == PGS_REPORT_FORECAST)
        return pgs_grid_of_forecast(PGS_FORECAST_VIEW_POINTS, input->forecast);
    if (kind == PGS_REPORT_BACKTEST)
        return pgs_grid_of_backtest(input->backtest);
    if (kind == PGS_REPORT_DIFF)
        return pgs_grid_of_diff(PGS_DIFF_VIEW_PARTITIONS, input->diff);
    if (kind == PGS_REPORT_STATISTICS && input->partition)
        return pgs_grid_of(PGS_GRID_PARTITION, input);
    return pgs_grid_of(VIEW[kind], input);
}

pgs_status pgs_check_failure(FILE *out, pgs_format format, int64_t taken_us, const char *message,
                             pgs_err *err) {
    pgs_status st = PGS_OK;
    if (format == PGS_FORMAT_JSON)
        return pgs_report_failure(out, taken_us, message, err);
    if (format == PGS_FORMAT_JUNIT)
        st = pgs_junit_failure(out, taken_us, message, err);
    else if (format == PGS_FORMAT_SARIF)
        st = pgs_sarif_failure(out, message, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}
