/* The shape of a comparison, and its words. */
#include "pgskew/diff.h"

#include <math.h>

#include "base/base.h"

const char *pgs_fate_name(pgs_fate fate) {
    static const char *const NAME[PGS_FATE_COUNT] = {"kept", "renamed", "came", "went"};
    return NAME[fate];
}

const char *pgs_severity_name(pgs_severity severity) {
    static const char *const NAME[PGS_SEVERITY_COUNT] = {NULL, "NONE", "WARNING", "CRITICAL"};
    return NAME[severity];
}

const char *pgs_finding_kind_name(pgs_finding_kind kind) {
    static const char *const NAME[PGS_FINDING_KIND_COUNT] = {
        [PGS_FINDING_STATUS] = "partition_status",
        [PGS_FINDING_REBALANCE] = "recommendation",
        [PGS_FINDING_HOT_SPOT] = "hot_spot",
        [PGS_FINDING_UNMEASURED] = "unmeasured",
        [PGS_FINDING_STRAY] = "stray",
        [PGS_FINDING_CHUNKS] = "chunk_distribution",
        [PGS_FINDING_SIZES] = "size_distribution",
        [PGS_FINDING_VARIANCE] = "distribution_variance",
    };
    return NAME[kind];
}

const char *pgs_news_name(pgs_news news) {
    static const char *const NAME[PGS_NEWS_COUNT] = {"new", "resolved", "persisting"};
    return NAME[news];
}

void pgs_diff_init(pgs_diff *diff) {
    *diff = (pgs_diff){.days = NAN, .verdict = PGS_SEVERITY_NONE};
    for (int side = 0; side < PGS_SIDE_COUNT; side++)
        pgs_result_init(&diff->result[side]);
}

void pgs_diff_reset(pgs_diff *diff) {
    if (!diff)
        return;
    for (int side = 0; side < PGS_SIDE_COUNT; side++)
        pgs_result_reset(&diff->result[side]);
    pgs_arena_free(diff->arena);
    pgs_diff_init(diff);
}
