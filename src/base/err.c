/* Errors are a status, a message and a hint in a fixed buffer. Nothing here allocates, so that
 * running out of memory can be reported like everything else. */
#include "pgskew/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int pgs_status_exit_code(pgs_status status) {
    static const int EXIT_CODE[PGS_STATUS_COUNT] = {
        [PGS_OK] = 0,          [PGS_E_USAGE] = 64,       [PGS_E_DATA] = 65,
        [PGS_E_NO_INPUT] = 66, [PGS_E_UNAVAILABLE] = 69, [PGS_E_BUG] = 70,
        [PGS_E_EXISTS] = 73,   [PGS_E_IO] = 74,          [PGS_E_RETRY] = 75,
        [PGS_E_DENIED] = 77,
    };
    return (unsigned)status < PGS_STATUS_COUNT ? EXIT_CODE[status] : 70;
}

/* Text that did not fit ends in "..." and never in half a UTF-8 character. */
static void print_cut(char *out, size_t size, const char *fmt, va_list args) {
    int n = vsnprintf(out, size, fmt, args);
    if (n < 0)
        out[0] = '\0';
    if (n < 0 || (size_t)n < size)
        return;
    size_t end = size - sizeof "...";
    while (end > 0 && ((unsigned char)out[end] & 0xC0) == 0x80)
        end--;
    memcpy(out + end, "...", sizeof "...");
}

pgs_status pgs_fail(pgs_err *err, pgs_status status, const char *fmt, ...) {
    if (err) {
        va_list args;
        va_start(args, fmt);
        print_cut(err->msg, sizeof err->msg, fmt, args);
        va_end(args);
        err->hint[0] = '\0';
    }
    return status;
}

void pgs_hint(pgs_err *err, const char *fmt, ...) {
    if (!err)
        return;
    va_list args;
    va_start(args, fmt);
    print_cut(err->hint, sizeof err->hint, fmt, args);
    va_end(args);
}
