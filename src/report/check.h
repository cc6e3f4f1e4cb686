/* Inside the report room: a verdict in words. */
#ifndef PGSKEW_REPORT_CHECK_H
#define PGSKEW_REPORT_CHECK_H

#include "report/page.h"

/* A gauge in words and, where it is about partitions, the first of them: "largest skew 3.545
 * (chunks_part_07 and 3 more)". Names are as they came: escape it. */
void pgs_put_gauge(pgs_buf *out, const pgs_check *check, pgs_rule rule);

/* The whole verdict in a sentence, without its first word. Likewise. */
void pgs_put_verdict(pgs_buf *out, const pgs_check *check);

/* What a finding is of: its name, else its number, else the table's. Likewise. */
void pgs_put_subject(pgs_buf *out, const pgs_check *check, const pgs_check_finding *finding);

/* Whether a gauge is judged: its value is known, and somebody asked. */
bool pgs_gauge_is_judged(const pgs_gauge *gauge);

/* Whether a finding stands behind a gauge. */
bool pgs_finding_is_of(const pgs_check_finding *finding, pgs_rule rule);

/* The grids of a check: a row for each number, a row for each finding; grid_check.c. */
pgs_grid pgs_grid_of_gauges(const pgs_check *check);
pgs_grid pgs_grid_of_findings(const pgs_check *check);

/* ---- writers of verdicts only ---- */

pgs_status pgs_nagios_write(FILE *out, const pgs_check *check, pgs_err *err) PGS_CHECK;
pgs_status pgs_junit_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                           const pgs_report_style *style, pgs_err *err) PGS_CHECK;
pgs_status pgs_sarif_write(FILE *out, pgs_report_kind kind, const pgs_report_input *input,
                           const pgs_report_style *style, pgs_err *err) PGS_CHECK;

/* Of checks that failed. */
pgs_status pgs_junit_failure(FILE *out, int64_t taken_us, const char *message,
                             pgs_err *err) PGS_CHECK;
pgs_status pgs_sarif_failure(FILE *out, const char *message, pgs_err *err) PGS_CHECK;

#endif
