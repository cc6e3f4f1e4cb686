/* base/mem.c: aligned, zeroed, counted, and able to fail when told to. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"
#include "support/no_leaks.h"

TestSuite(mem, .fini = pgs_test_no_leaks);

Test(mem, blocks_are_aligned_and_zeroed) {
    for (size_t n = 0; n < 200; n++) {
        unsigned char *block = pgs_alloc(n, 1);
        cr_assert_not_null(block);
        cr_assert_eq((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(block[i], 0);
        pgs_free(block);
    }
}

Test(mem, large_blocks_are_zeroed_too_though_the_memory_was_used_before) {
    static const size_t BYTES[] = {100000, 300000, (size_t)2 << 20, ((size_t)5 << 20) + 1};
    for (size_t i = 0; i < 4 * PGS_COUNT_OF(BYTES); i++) {
        size_t n = BYTES[i % PGS_COUNT_OF(BYTES)];
        pgs_arena *arena = pgs_arena_new();
        unsigned char *block = pgs_alloc(n, 1), *cut = pgs_arena_alloc(arena, n, 1);
        unsigned char *more = pgs_arena_alloc(arena, n, 1);
        cr_assert(block && cut && more);
        cr_assert(block[0] == 0 && memcmp(block, block + 1, n - 1) == 0, "%zu bytes", n);
        cr_assert(cut[0] == 0 && memcmp(cut, cut + 1, n - 1) == 0, "%zu bytes", n);
        memset(block, 1, n);
        memset(cut, 1, n);
        cr_assert(more[0] == 0 && memcmp(more, more + 1, n - 1) == 0, "%zu bytes", n);
        memset(more, 1, n);
        pgs_free(block);
        pgs_arena_free(arena);
    }
}

Test(mem, a_product_that_overflows_is_refused) {
    cr_assert_null(pgs_alloc(SIZE_MAX / 2, 3));
    cr_assert_null(pgs_alloc(SIZE_MAX, 1));
}

Test(mem, the_nth_call_fails_once) {
    pgs_mem_fail_at(3);
    void *first = pgs_alloc(1, 1), *second = pgs_alloc(1, 1), *third = pgs_alloc(1, 1);
    void *fourth = pgs_alloc(1, 1);
    cr_assert(first && second && !third && fourth);
    pgs_free(first);
    pgs_free(second);
    pgs_free(fourth);
}

Test(mem, live_blocks_are_counted) {
    void *block = pgs_alloc(1, 10);
    char *text = pgs_strdup("text");
    cr_assert_eq(pgs_mem_live(), 2);
    cr_assert_str_eq(text, "text");
    pgs_free(block);
    pgs_free(text);
    pgs_free(NULL);
}

Test(mem, an_arena_keeps_everything_until_it_dies) {
    pgs_arena *arena = pgs_arena_new();
    char *text[3000];
    for (size_t i = 0; i < 3000; i++) {
        char word[100];
        snprintf(word, sizeof word, "%zu %060d", i, 0);
        text[i] = pgs_arena_text(arena, word);
        double *cells = pgs_arena_alloc(arena, 3, sizeof *cells);
        cr_assert_eq((uintptr_t)cells % 64, 0);
        cr_assert(cells[0] == 0 && cells[2] == 0);
        cells[0] = cells[1] = cells[2] = 1;
    }
    for (size_t i = 0; i < 3000; i++)
        cr_assert_eq(strtoul(text[i], NULL, 10), i);
    char *large = pgs_arena_alloc(arena, 1, 1 << 20);
    cr_assert_eq(large[(1 << 20) - 1], 0);
    pgs_arena_free(arena);
    pgs_arena_free(NULL);
}
