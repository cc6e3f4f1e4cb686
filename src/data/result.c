/* The shape of a conclusion. */
#include "pgskew/result.h"

#include <math.h>

#include "base/base.h"

const char *pgs_priority_name(pgs_priority priority) {
    return priority == PGS_PRIORITY_HIGH ? "HIGH" : "MEDIUM";
}

const char *pgs_design_name(pgs_design design) {
    static const char *const NAME[PGS_DESIGN_COUNT] = {
        [PGS_DESIGN_INDEPENDENT] = "independent",
        [PGS_DESIGN_COLLECTIONS] = "collections",
        [PGS_DESIGN_SPREAD] = "spread",
    };
    return NAME[design];
}

void pgs_result_init(pgs_result *result) {
    *result = (pgs_result){.taken_us = PGS_TIME_NONE, .health_percentage = NAN};
    for (int k = 0; k < PGS_SKEW_KIND_COUNT; k++)
        result->skew[k] = (pgs_skew_metric){.value = NAN, .status = PGS_SKEW_UNKNOWN};
    result->statistics = (pgs_statistics){
        .total_chunks = NAN,
        .total_size_mb = NAN,
        .avg_chunks_per_partition = NAN,
        .chunk_count_stddev = NAN,
    };
    result->noise =
        (pgs_noise){.alpha = NAN, .design_effect = NAN, .chunk_floor = NAN, .size_floor = NAN};
}

bool pgs_noise_is_exceeded(const pgs_noise *noise, size_t p) {
    return (!isnan(noise->chunk_floor) && noise->chunk_above[p]) ||
           (!isnan(noise->size_floor) && noise->size_above[p]);
}

void pgs_result_reset(pgs_result *result) {
    if (!result)
        return;
    pgs_arena_free(result->arena);
    pgs_result_init(result);
}
