/* Random numbers that are the same everywhere: a linear congruential generator. */
#ifndef PGSKEW_TESTS_RANDOM_H
#define PGSKEW_TESTS_RANDOM_H

#include <stdint.h>

typedef struct random_state {
    uint64_t state;
} random_state;

static inline uint64_t random_bits(random_state *r) {
    r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = r->state;
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    return x ^ x >> 33;
}

/* 0 .. below - 1 */
static inline int64_t random_below(random_state *r, int64_t below) {
    return (int64_t)(random_bits(r) % (uint64_t)below);
}

#endif
