/* What the commands of pgskew-collect share. */
#ifndef PGSKEW_CLI_COLLECT_H
#define PGSKEW_CLI_COLLECT_H

#include "cli/opts.h"
#include "pgskew/source.h"

enum {
    OPT_DBNAME,
    OPT_DB_URL,
    OPT_HOST,
    OPT_PORT,
    OPT_USERNAME,
    OPT_TABLE,
    OPT_SOURCE,
    OPT_COUNTS,
    OPT_COLLECTIONS,
    OPT_COLLECTIONS_FILE,
    OPT_ALLOW_PARTIAL,
    OPT_OUTPUT,
    OPT_HISTORY,
    OPT_TAKEN_AT,
    OPT_NAIVE_TZ,
    OPT_COLLECTION_COLUMN,
    OPT_DOCUMENT_COLUMN,
    OPT_TOKEN_COLUMN,
    OPT_CREATED_COLUMN,
    OPT_LOCK_TIMEOUT,
    OPT_STATEMENT_TIMEOUT,
    OPT_PARALLEL,
    OPT_SNAPSHOT,
    OPT_DRY_RUN,
    OPT_SCHEMA,
    OPT_APPLY,
    OPT_DROP,
    OPT_QUIET,
    OPT_COUNT
};

/* --naive-tz. */
pgs_status pgs_naive_offset(const char *text, int64_t *out_us, pgs_err *err) PGS_CHECK;

/* What the options say of a live server; PGS_E_USAGE. */
pgs_status pgs_live_options(const pgs_parsed *p, pgs_pg_options *options, pgs_err *err) PGS_CHECK;

/* views; views.c. */
pgs_status pgs_run_views(const pgs_parsed *p, const pgs_listener *listener, pgs_err *err) PGS_CHECK;

/* import-history; import_history.c. */
pgs_status pgs_run_import_history(const pgs_parsed *p, const pgs_listener *listener,
                                  pgs_err *err) PGS_CHECK;

#endif
