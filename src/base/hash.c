/* XXH3, at the speed of memory: it notices damage, it does not keep secrets. */
#include <xxhash.h>

#include "base/base.h"

_Static_assert(sizeof(uint64_t) == sizeof(XXH64_hash_t), "XXH3 gives 64 bits");

uint64_t pgs_hash(const void *bytes, size_t n, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, n, seed);
}
