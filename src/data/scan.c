/* The shape of a scan's result. */
#include "pgskew/scan.h"

#include "base/base.h"

void pgs_scan_init(pgs_scan *scan) {
    *scan = (pgs_scan){0};
}

void pgs_scan_reset(pgs_scan *scan) {
    if (!scan)
        return;
    pgs_arena_free(scan->arena);
    pgs_scan_init(scan);
}
