/* What can go wrong, and the words for it.
 *
 * A function that can fail returns pgs_status and takes `pgs_err *err` last (NULL is allowed).
 * The status says what kind of failure it was and picks the exit code; the message says which
 * thing and why; the hint says what to do next. The struct is a fixed buffer, so that reporting
 * "out of memory" needs no memory. */
#ifndef PGSKEW_ERR_H
#define PGSKEW_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pgs_status {
    PGS_OK = 0,
    PGS_E_USAGE,       /* the command line or a call is not of the documented form   exit 64 */
    PGS_E_DATA,        /* the input is damaged, foreign, newer, or holds a bad value exit 65 */
    PGS_E_NO_INPUT,    /* no such file, table or partition                           exit 66 */
    PGS_E_UNAVAILABLE, /* the server or the database cannot be reached               exit 69 */
    PGS_E_BUG,         /* our mistake, or no memory left                             exit 70 */
    PGS_E_EXISTS,      /* the output cannot be created, or is there already          exit 73 */
    PGS_E_IO,          /* reading or writing failed underneath us                    exit 74 */
    PGS_E_RETRY,       /* a timeout, a lock or a conflict: the same call may work later  exit 75 */
    PGS_E_DENIED,      /* wrong password or missing privilege                        exit 77 */
    PGS_STATUS_COUNT
} pgs_status;

typedef struct pgs_err {
    char msg[480];  /* lower case, no full stop, names the thing and the cause */
    char hint[160]; /* the next step, or "" */
} pgs_err;

/* Every function that returns pgs_status is declared with this. */
#define PGS_CHECK                      __attribute__((warn_unused_result))
#define PGS_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))

/* The exit code of a program that fails with `status` (sysexits numbers; 0 for PGS_OK). */
int pgs_status_exit_code(pgs_status status);

/* Fill `err` (if not NULL), clear its hint, and return `status`. Text that does not fit is cut
 * at a character boundary and ends in "...". Never allocates. */
pgs_status pgs_fail(pgs_err *err, pgs_status status, const char *fmt, ...)
    PGS_PRINTF(3, 4) PGS_CHECK;

/* Add what to do next to a filled `err`. NULL is allowed. */
void pgs_hint(pgs_err *err, const char *fmt, ...) PGS_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
