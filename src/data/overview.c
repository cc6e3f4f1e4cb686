/* The shape of what pictures show. */
#include "pgskew/overview.h"

#include "base/base.h"

void pgs_overview_init(pgs_overview *overview) {
    *overview = (pgs_overview){0};
}

void pgs_overview_reset(pgs_overview *overview) {
    if (!overview)
        return;
    pgs_arena_free(overview->arena);
    pgs_overview_init(overview);
}
