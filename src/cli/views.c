/* pgskew-collect views: the SQL of the guide's live views, to read and to keep, or run. */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/collect.h"

static pgs_status action_of(const pgs_parsed *p, pgs_pg_views_action *out, pgs_err *err) {
    bool apply = p->value[OPT_APPLY] != NULL, drop = p->value[OPT_DROP] != NULL;
    *out = drop ? PGS_PG_VIEWS_DROP : apply ? PGS_PG_VIEWS_APPLY : PGS_PG_VIEWS_PRINT;
    if (!apply || !drop)
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--apply and --drop contradict each other");
    pgs_hint(err, "give one of them; without either, the SQL is printed");
    return st;
}

pgs_status pgs_run_views(const pgs_parsed *p, const pgs_listener *listener, pgs_err *err) {
    pgs_pg_options options;
    pgs_pg_views_action action;
    char *script = NULL;
    pgs_status st = action_of(p, &action, err);
    if (st == PGS_OK)
        st = pgs_live_options(p, &options, err);
    if (st == PGS_OK)
        st = pgs_pg_views(&options, action, listener, &script, err);
    if (st == PGS_OK && script && (fputs(script, stdout) < 0 || fflush(stdout) != 0))
        st = pgs_fail(err, PGS_E_IO, "cannot print the statements: %s", strerror(errno));
    pgs_free(script);
    return st;
}
