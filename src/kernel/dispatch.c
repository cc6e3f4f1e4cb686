/* One table of instruction levels, best first; the last always works. */
#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "kernel/kernel.h"

extern const pgs_kernels pgs_kernels_base;

static bool always(void) {
    return true;
}

#ifdef __x86_64__
extern const pgs_kernels pgs_kernels_v3, pgs_kernels_v4;

static bool cpu_is_v3(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
}

static bool cpu_is_v4(void) {
    return cpu_is_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

static const struct {
    const pgs_kernels *kernels;
    bool (*can_run)(void);
} TABLE[] = {
#ifdef __x86_64__
    {&pgs_kernels_v4, cpu_is_v4},
    {&pgs_kernels_v3, cpu_is_v3},
#endif
    {&pgs_kernels_base, always},
};

static const pgs_kernels *chosen;

const pgs_kernels *pgs_kernels_find(const char *name) {
    for (size_t i = 0; i < PGS_COUNT_OF(TABLE); i++)
        if (TABLE[i].can_run() && (!name || strcmp(TABLE[i].kernels->name, name) == 0))
            return TABLE[i].kernels;
    return NULL;
}

const pgs_kernels *pgs_kernels_get(void) {
    return chosen ? chosen : pgs_kernels_find(NULL);
}

const char *pgs_simd_name(void) {
    return pgs_kernels_get()->name;
}

pgs_status pgs_simd_choose(const char *name, pgs_err *err) {
    const pgs_kernels *found = pgs_kernels_find(name);
    if (found) {
        chosen = found;
        return PGS_OK;
    }
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "this CPU has no instruction level \"%.40s\"", name);
    pgs_hint(err,
             "PGSKEW_SIMD takes base, v3 or v4; unset it for the best this CPU has, which is %s",
             pgs_kernels_find(NULL)->name);
    return st;
}
