#include "support/no_leaks.h"

#include <criterion/criterion.h>

#include "base/base.h"

void pgs_test_no_leaks(void) {
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}
