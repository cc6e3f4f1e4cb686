/* All memory comes from here: aligned to a cache line, zeroed, counted, and able to fail on the
 * nth call, so that tests can walk through every "out of memory" there is.
 *
 * It is calloc()'s, which knows what is zero already: pages that nobody writes are never touched.
 * Large blocks ask for huge pages, because a first touch costs about the same whatever the page.
 *
 * An arena is a list of slabs; small things are cut from the newest one and all die together. */
#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base.h"

#define ALIGNMENT       ((size_t)64)
#define HUGE_PAGE_BYTES ((size_t)2 * 1024 * 1024)
#define SLAB_BYTES      ((size_t)32 * 1024)
#define LARGE_BYTES     ((size_t)384 * 1024) /* from here on a slab is made of huge pages */

static atomic_size_t live_blocks;
static atomic_size_t calls_until_failure; /* 0: never */

static bool must_fail(void) {
    if (atomic_load_explicit(&calls_until_failure, memory_order_relaxed) == 0)
        return false;
    return atomic_fetch_sub(&calls_until_failure, 1) == 1;
}

static bool round_up(size_t n, size_t size, size_t *bytes) {
    if (__builtin_mul_overflow(n, size, bytes) || *bytes > SIZE_MAX - 2 * HUGE_PAGE_BYTES)
        return false;
    *bytes = (*bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (*bytes == 0)
        *bytes = ALIGNMENT;
    return true;
}

/* Without huge pages it is only slower, so nobody asks whether there are any. */
static void prefer_huge_pages(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
    (void)madvise(block, bytes / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE);
#else
    (void)block;
    (void)bytes;
#endif
}

/* What calloc() gave is kept in the word before the block. */
void *pgs_alloc(size_t n, size_t size) {
    size_t bytes;
    if (must_fail() || !round_up(n, size, &bytes))
        return NULL;
    size_t alignment = bytes < HUGE_PAGE_BYTES ? ALIGNMENT : HUGE_PAGE_BYTES;
    char *given = calloc(1, bytes + alignment);
    if (!given)
        return NULL;
    void **block = (void **)(given + alignment - (uintptr_t)given % alignment);
    block[-1] = given;
    if (alignment == HUGE_PAGE_BYTES)
        prefer_huge_pages(block, bytes);
    atomic_fetch_add(&live_blocks, 1);
    return block;
}

void pgs_free(void *block) {
    if (!block)
        return;
    size_t before = atomic_fetch_sub(&live_blocks, 1);
    assert(before > 0);
    (void)before;
    free(((void **)block)[-1]);
}

char *pgs_strdup(const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = pgs_alloc(n, 1);
    return copy ? memcpy(copy, text, n) : NULL;
}

pgs_status pgs_no_memory(pgs_err *err) {
    return pgs_fail(err, PGS_E_BUG, "out of memory");
}

size_t pgs_mem_live(void) {
    return atomic_load(&live_blocks);
}

void pgs_mem_fail_at(size_t nth) {
    atomic_store(&calls_until_failure, nth);
}

typedef struct slab {
    struct slab *next;
    size_t used, capacity; /* bytes of data[] */
    _Alignas(64) char data[];
} slab;

struct pgs_arena {
    slab *newest;
};

static slab *slab_new(size_t capacity, slab *next) {
    size_t bytes = sizeof(slab) + (capacity > SLAB_BYTES ? capacity : SLAB_BYTES);
    if (bytes >= LARGE_BYTES) /* whole pages: there is room for what comes next */
        bytes = (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    slab *fresh = pgs_alloc(bytes, 1);
    if (fresh)
        *fresh = (slab){.next = next, .capacity = bytes - sizeof(slab)};
    return fresh;
}

pgs_arena *pgs_arena_new(void) {
    return pgs_alloc(1, sizeof(pgs_arena));
}

void pgs_arena_free(pgs_arena *arena) {
    if (!arena)
        return;
    for (slab *s = arena->newest, *next; s; s = next) {
        next = s->next;
        pgs_free(s);
    }
    pgs_free(arena);
}

static void *arena_cut(pgs_arena *arena, size_t bytes, size_t alignment) {
    slab *s = arena->newest;
    size_t start = s ? (s->used + alignment - 1) / alignment * alignment : 0;
    if (!s || start > s->capacity || bytes > s->capacity - start) {
        s = slab_new(bytes, arena->newest);
        if (!s)
            return NULL;
        arena->newest = s;
        start = 0;
    }
    s->used = start + bytes;
    return s->data + start;
}

void *pgs_arena_alloc(pgs_arena *arena, size_t n, size_t size) {
    size_t bytes;
    return round_up(n, size, &bytes) ? arena_cut(arena, bytes, ALIGNMENT) : NULL;
}

char *pgs_arena_text(pgs_arena *arena, const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = arena_cut(arena, n, 1);
    return copy ? memcpy(copy, text, n) : NULL;
}
