/* Which instruction level the kernels use, and how to force one. Every level gives the same
 * bits. */
#ifndef PGSKEW_SIMD_H
#define PGSKEW_SIMD_H

#include "pgskew/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Choose the instruction level: "base", "v3" or "v4" (x86-64 levels), or NULL for the best this
 * CPU has. Once, at start-up, before the first scan; not thread-safe. PGS_E_USAGE: no such level,
 * or this CPU cannot run it; the choice is then unchanged. */
pgs_status pgs_simd_choose(const char *name, pgs_err *err) PGS_CHECK;

/* The level in use. */
const char *pgs_simd_name(void);

#ifdef __cplusplus
}
#endif
#endif
