/* The answers about one moment, and the list of moments. */
#include <string.h>

#include "cli/pgskew.h"
#include "pgskew/analyze.h"

#define BIT PGS_METRIC_BIT

/* What each command reads besides what health needs. */
static const pgs_selection NEEDS[PGS_REPORT_LIST] = {
    [PGS_REPORT_DISTRIBUTION] = {.metrics = BIT(PGS_DOCUMENT_COUNT) | BIT(PGS_COLLECTION_COUNT) |
                                            BIT(PGS_AVG_TOKENS) | BIT(PGS_OLDEST_CREATED_AT) |
                                            BIT(PGS_LAST_CREATED_AT),
                                 .collections = true},
    [PGS_REPORT_SIZES] = {.metrics = BIT(PGS_TABLE_BYTES) | BIT(PGS_INDEX_BYTES) |
                                     BIT(PGS_TOAST_BYTES) | BIT(PGS_ROW_ESTIMATE)},
    [PGS_REPORT_HOT] = {.metrics = BIT(PGS_CHUNKS_LAST_DAY) | BIT(PGS_CHUNKS_LAST_WEEK) |
                                   BIT(PGS_DAY_PERCENTAGE) | BIT(PGS_WEEK_PERCENTAGE)},
    [PGS_REPORT_SKEW] = {.metrics = BIT(PGS_COLLECTION_COUNT), .collections = true},
    [PGS_REPORT_COLLECTIONS] = {.collections = true},
    [PGS_REPORT_STATISTICS] = {.metrics = BIT(PGS_LAST_CREATED_AT)},
    [PGS_REPORT_FULL] = {.metrics = PGS_METRICS_ALL, .collections = true},
};

/* The noise floor asks how large the collections are. */
static pgs_selection needs_of(const pgs_parsed *p) {
    pgs_selection needs = NEEDS[pgs_command_of(p)];
    needs.numbers_only = true;
    if (pgs_has(p, OPT_NOISE_FLOOR)) {
        needs.metrics |= BIT(PGS_COLLECTION_COUNT);
        needs.collections = true;
    }
    return needs;
}

/* A failure that promises a JSON body has one, beside its sentence and its exit code. */
static void write_failure(const pgs_parsed *p, const pgs_snapshot *snap, const pgs_err *why) {
    pgs_report_kind kind = (pgs_report_kind)pgs_command_of(p);
    pgs_output out;
    pgs_status st = PGS_E_BUG;
    if (pgs_format_from(p) != PGS_FORMAT_JSON ||
        pgs_output_open(&out, p->value[OPT_OUTPUT], NULL) != PGS_OK)
        return;
    if (kind == PGS_REPORT_HEALTH || kind == PGS_REPORT_FULL)
        st = pgs_report_failure(out.file, snap->head.taken_us, why->msg, NULL);
    else if (kind == PGS_REPORT_STATISTICS && pgs_has(p, OPT_PARTITION) && snap->head.n_parts > 0)
        st = pgs_report_detail(out.file, why->msg, NULL);
    if (st == PGS_OK)
        st = pgs_output_commit(&out, NULL);
    else
        pgs_output_abandon(&out);
    (void)st; /* the failure that brought us here is the one that is told */
}

/* ---- commands ---- */

int pgs_fail_on(const pgs_parsed *p, const pgs_result *result) {
    if (!pgs_has(p, OPT_FAIL_ON))
        return 0;
    bool critical = result->unbalanced_count > 0, warning = result->n_alerts > 0;
    for (int k = 0; k < PGS_SKEW_KIND_COUNT; k++) {
        critical |= result->skew[k].status == PGS_SKEW_CRITICAL;
        warning |= result->skew[k].status == PGS_SKEW_WARNING;
    }
    return critical ? 2 : warning && pgs_has_value(p, OPT_FAIL_ON, "warning") ? 1 : 0;
}

static pgs_status think(const pgs_parsed *p, const pgs_snapshot *snap, pgs_result *result,
                        pgs_partition_statistics *one, pgs_err *err) {
    int64_t num;
    int command = pgs_command_of(p);
    pgs_status st = PGS_OK;
    if (pgs_has(p, OPT_NOISE_FLOOR) || command == PGS_REPORT_DISTRIBUTION ||
        command == PGS_REPORT_SKEW || command == PGS_REPORT_FULL)
        st = pgs_distribution_measure(snap, result, err);
    if (st == PGS_OK && pgs_has(p, OPT_NOISE_FLOOR))
        pgs_noise_suppress(snap, result);
    if (st == PGS_OK)
        st = pgs_analyze(snap, result, err);
    if (st != PGS_OK || !pgs_has(p, OPT_PARTITION))
        return st;
    st = pgs_opts_int("partition", p->value[OPT_PARTITION], INT64_MIN, INT64_MAX, 0, &num, err);
    return st == PGS_OK ? pgs_partition_statistics_one(snap, num, one, err) : st;
}

int pgs_run_answer(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_snapshot snap;
    pgs_result result;
    pgs_partition_statistics one;
    pgs_report_input input = {.snapshot = &snap, .result = &result};
    input.partition = pgs_has(p, OPT_PARTITION) ? &one : NULL;
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    pgs_selection needs = needs_of(p);
    pgs_status st = pgs_fetch_one(p, &needs, &snap, &err);
    if (st == PGS_OK)
        st = think(p, &snap, &result, &one, &err);
    bool answered = st == PGS_OK; /* an output that fails gets no second document instead */
    if (answered)
        st = pgs_write_report(p, (pgs_report_kind)pgs_command_of(p), &input, &err);
    int code = st == PGS_OK ? pgs_fail_on(p, &result) : pgs_complain(st, &err);
    if (!answered)
        write_failure(p, &snap, &err);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    return code;
}

int pgs_run_list(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_filter filter;
    int64_t at_us;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, &err);
    if (at_us != PGS_TIME_NONE && (filter.until_us == PGS_TIME_NONE || at_us < filter.until_us))
        filter.until_us = at_us;
    if (st == PGS_OK)
        st = pgs_gather(p, &filter, &catalog, &err);
    pgs_report_input input = {.head = catalog.head, .n_heads = catalog.n_heads};
    if (st == PGS_OK)
        st = pgs_write_report(p, (pgs_report_kind)pgs_command_of(p), &input, &err);
    pgs_catalog_reset(&catalog);
    return st == PGS_OK ? 0 : pgs_complain(st, &err);
}
