/* Memory that ends where a page begins that nobody may touch: one byte too far is a crash. */
#ifndef PGSKEW_TESTS_GUARD_H
#define PGSKEW_TESTS_GUARD_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct guard {
    uint8_t *map, *end; /* bytes may be used from map to end */
    size_t n;
} guard;

static inline guard guard_make(size_t n_bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t n = (n_bytes + page - 1) / page * page;
    uint8_t *map = mmap(NULL, n + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(map != MAP_FAILED && mprotect(map + n, page, PROT_NONE) == 0);
    return (guard){map, map + n, n + page};
}

/* The last `n_bytes` before the guard, `pad` bytes away from it. */
static inline void *guard_last(const guard *g, size_t n_bytes, size_t pad) {
    cr_assert_leq(n_bytes + pad, (size_t)(g->end - g->map));
    return g->end - n_bytes - pad;
}

static inline void guard_free(guard *g) {
    munmap(g->map, g->n);
}

#endif
