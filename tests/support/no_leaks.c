/* After each test of a program that links this, base/mem must hold no live block. */
#include <criterion/criterion.h>

#include "base/base.h"

static void expect_no_live_block(void) {
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

ReportHook(POST_TEST)(struct criterion_test_stats *stats) {
    (void)stats;
}

/* Suites that name this as their .fini check for leaks. */
void (*const pgs_test_fini)(void) = expect_no_live_block;
