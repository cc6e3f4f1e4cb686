/* What clang's analyzer cannot see across files: these return the failure they report, never
 * PGS_OK, so that what a caller does only after success is not reached. tidy.sh puts this before
 * every file but those that define them. */
#include "base/base.h"
#include "store/cells.h"
#include "store/database.h"

#define pgs_fail(err, status, ...) ((void)pgs_fail((err), (status), __VA_ARGS__), (status))
#define pgs_no_memory(err)         ((void)pgs_no_memory(err), PGS_E_BUG)
#define pgs_database_damaged(...)  ((void)pgs_database_damaged(__VA_ARGS__), PGS_E_DATA)
#define pgs_cell_bad(...)          ((void)pgs_cell_bad(__VA_ARGS__), PGS_E_DATA)
