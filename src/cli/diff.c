/* pgskew diff: what changed between two moments of one table. */
#include "cli/pgskew.h"
#include "pgskew/analyze.h"

static const pgs_selection NEEDS = {.metrics = 0, .collections = false};

/* ---- two paths: the newest of each ---- */

static pgs_status fetch_newest(const pgs_parsed *p, int i, pgs_snapshot *out, pgs_err *err) {
    pgs_parsed one = *p;
    one.argument = p->argument + i;
    one.n_arguments = 1;
    return pgs_fetch_one(&one, &NEEDS, out, err);
}

static pgs_status fetch_both(const pgs_parsed *p, pgs_snapshot *before, pgs_snapshot *after,
                             pgs_err *err) {
    pgs_status st = fetch_newest(p, 0, before, err);
    if (st == PGS_OK)
        st = fetch_newest(p, 1, after, err);
    if (st != PGS_OK || before->head.taken_us <= after->head.taken_us)
        return st;
    pgs_snapshot swap = *before; /* whichever way they were named, time goes forward */
    *before = *after;
    *after = swap;
    return st;
}

/* ---- one path: two of its moments ---- */

/* The moment to compare `after` with: the first of the span where --since is given, else the one
 * before it. */
static const pgs_snapshot_head *before_of(const pgs_parsed *p, const pgs_catalog *catalog,
                                          const pgs_snapshot_head *after) {
    const pgs_snapshot_head *before = pgs_has(p, OPT_SINCE) ? catalog->head : after;
    while (!pgs_has(p, OPT_SINCE) && before > catalog->head && before->taken_us == after->taken_us)
        before--; /* a moment may be there twice, packed and as a file */
    return before->taken_us < after->taken_us ? before : NULL;
}

static pgs_status only_one(const pgs_snapshot_head *head, pgs_err *err) {
    char text[PGS_TIME_TEXT_MAX];
    pgs_status st = pgs_fail(err, PGS_E_NO_INPUT, "there is no moment to compare that of %s with",
                             pgs_time_format(head->taken_us, text));
    pgs_hint(err, "pgskew list shows what is there; pgskew diff A B compares two files");
    return st;
}

static pgs_status fetch_two(const pgs_parsed *p, pgs_snapshot *before, pgs_snapshot *after,
                            pgs_err *err) {
    pgs_filter filter;
    int64_t at_us;
    const pgs_snapshot_head *new = NULL, *old = NULL;
    pgs_catalog catalog;
    pgs_catalog_init(&catalog);
    pgs_status st = pgs_filter_from(p, &filter, &at_us, err);
    if (st == PGS_OK)
        st = pgs_pick(p, &filter, at_us, &catalog, &new, err);
    if (st == PGS_OK && !(old = before_of(p, &catalog, new)))
        st = only_one(new, err);
    if (st == PGS_OK)
        st = pgs_fetch(old, &NEEDS, before, err);
    if (st == PGS_OK)
        st = pgs_fetch(new, &NEEDS, after, err);
    pgs_catalog_reset(&catalog);
    return st;
}

static int verdict(const pgs_parsed *p, const pgs_diff *diff) {
    if (!pgs_has(p, OPT_FAIL_ON) || diff->verdict <= PGS_SEVERITY_NONE)
        return 0;
    if (diff->verdict == PGS_SEVERITY_CRITICAL)
        return 2;
    return pgs_has_value(p, OPT_FAIL_ON, "warning") ? 1 : 0;
}

int pgs_run_diff(const pgs_parsed *p) {
    pgs_err err = {0};
    pgs_snapshot before, after;
    pgs_diff diff;
    pgs_snapshot_init(&before);
    pgs_snapshot_init(&after);
    pgs_diff_init(&diff);
    pgs_status st = p->n_arguments == 2 ? fetch_both(p, &before, &after, &err)
                                        : fetch_two(p, &before, &after, &err);
    if (st == PGS_OK)
        st = pgs_diff_make(&before, &after, &diff, &err);
    pgs_report_input input = {.diff = &diff};
    if (st == PGS_OK)
        st = pgs_write_report(p, PGS_REPORT_DIFF, &input, &err);
    int code = st == PGS_OK ? verdict(p, &diff) : pgs_complain(st, &err);
    pgs_diff_reset(&diff);
    pgs_snapshot_reset(&after);
    pgs_snapshot_reset(&before);
    return code;
}
