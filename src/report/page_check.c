/* A verdict as a page. */
#include "report/check.h"
#include "report/draft.h"

#define TOP 50 /* findings that are shown */

void pgs_page_check(pgs_draft *d) {
    static const pgs_tone TONE[PGS_VERDICT_COUNT] = {PGS_TONE_GOOD, PGS_TONE_WARNING, PGS_TONE_BAD,
                                                     PGS_TONE_WARNING};
    const pgs_check *check = d->input->check;
    pgs_grid gauges = pgs_grid_of_gauges(check), findings = pgs_grid_of_findings(check);
    pgs_buf text = {0};
    pgs_put_verdict(&text, check);
    pgs_draft_line(d, PGS_BLOCK_SENTENCE, TONE[check->verdict], pgs_verdict_name(check->verdict),
                   &text);
    pgs_draft_grid(d, &gauges);
    if (findings.n_rows > TOP)
        findings.n_rows = TOP;
    pgs_draft_grid(d, &findings);
    pgs_draft_rest(d, check->n_findings - findings.n_rows, "findings", "check -f json");
}
