/* What fuzz entries share. With clang and PGSKEW_FUZZ each is a libFuzzer target; else replay.c
 * gives it a main that runs it over files, so that every input that once failed stays tested. */
#ifndef PGSKEW_TESTS_FUZZ_H
#define PGSKEW_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void require(bool held) {
    if (!held)
        abort();
}

static inline void fuzz_put_big_endian(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* As we write it: our application, pages of `page_bytes` below 64 kB, the true number of them. */
static inline void fuzz_mend_header(uint8_t *bytes, size_t n, uint32_t page_bytes,
                                    uint32_t application_id) {
    static const uint8_t FIXED[] = {0, 1, 1, 0, 64, 32, 32};
    memcpy(bytes, "SQLite format 3", 16);
    bytes[16] = (uint8_t)(page_bytes >> 8);
    memcpy(bytes + 17, FIXED, sizeof FIXED);
    fuzz_put_big_endian(bytes + 28, (uint32_t)(n / page_bytes));
    fuzz_put_big_endian(bytes + 44, 4); /* schema format */
    fuzz_put_big_endian(bytes + 56, 1); /* UTF-8 */
    fuzz_put_big_endian(bytes + 68, application_id);
    memcpy(bytes + 92, bytes + 24, 4); /* the page count is valid for this change counter */
}

#endif
