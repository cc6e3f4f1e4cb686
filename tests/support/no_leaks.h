/* A suite's .fini: after each test base/mem must hold no live block. */
#ifndef PGSKEW_TESTS_NO_LEAKS_H
#define PGSKEW_TESTS_NO_LEAKS_H

void pgs_test_no_leaks(void);

#endif
