/* base/buf.c: text that grows, and remembers when it could not. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/base.h"
#include "support/no_leaks.h"

TestSuite(buf, .fini = pgs_test_no_leaks);

Test(buf, an_empty_one_reads_as_an_empty_text) {
    pgs_buf buf = {0};
    cr_assert_str_eq(pgs_buf_view(&buf), "");
    pgs_buf_text(&buf, "");
    pgs_buf_bytes(&buf, NULL, 0);
    pgs_buf_format(&buf, "%s", "");
    cr_assert_str_eq(pgs_buf_view(&buf), "");
    cr_assert_not(buf.failed);
    pgs_buf_reset(&buf);
    pgs_buf_reset(NULL);
}

Test(buf, pieces_follow_each_other) {
    pgs_buf buf = {0};
    pgs_buf_text(&buf, "one ");
    pgs_buf_format(&buf, "%d %s ", 2, "three");
    pgs_buf_bytes(&buf, "four and more", 4);
    cr_assert_str_eq(buf.data, "one 2 three four");
    cr_assert_eq(buf.n, strlen("one 2 three four"));
    pgs_buf_reset(&buf);
    cr_assert_eq(buf.n, 0);
    cr_assert_str_eq(pgs_buf_view(&buf), "");
}

Test(buf, a_nul_inside_is_kept) {
    pgs_buf buf = {0};
    pgs_buf_bytes(&buf, "a\0b", 3);
    pgs_buf_text(&buf, "c");
    cr_assert_eq(buf.n, 4);
    cr_assert_arr_eq(buf.data, "a\0bc", 5);
    pgs_buf_reset(&buf);
}

Test(buf, every_length_ends_in_a_nul) {
    for (size_t n = 1; n < 300; n++) {
        pgs_buf buf = {0};
        for (size_t i = 0; i < n; i++) {
            char c = (char)('a' + i % 26);
            pgs_buf_bytes(&buf, &c, 1);
            cr_assert_eq(buf.data[buf.n], '\0');
            cr_assert_lt(buf.n, buf.capacity);
        }
        cr_assert_eq(strlen(buf.data), n);
        pgs_buf_reset(&buf);
    }
}

Test(buf, a_long_format_fits) {
    static char word[100001];
    memset(word, 'x', sizeof word - 1);
    pgs_buf buf = {0};
    pgs_buf_format(&buf, "<%s>", word);
    cr_assert_eq(buf.n, sizeof word - 1 + 2);
    cr_assert_eq(buf.data[buf.n - 1], '>');
    pgs_buf_reset(&buf);
}

Test(buf, formats_of_every_length_follow_each_other) {
    for (int width = 0; width < 200; width++) {
        pgs_buf buf = {0};
        size_t n = 0;
        for (int i = 0; i < 40; i++, n += (size_t)width) {
            pgs_buf_format(&buf, "%.*d", width, 0); /* that many zeros; none for 0 */
            cr_assert_eq(buf.n, n + (size_t)width);
            cr_assert_eq(strlen(pgs_buf_view(&buf)), buf.n);
        }
        cr_assert_eq(strspn(pgs_buf_view(&buf), "0"), n);
        pgs_buf_reset(&buf);
    }
}

Test(buf, a_format_without_memory_leaves_what_was_there) {
    pgs_buf buf = {0};
    pgs_buf_text(&buf, "there");
    pgs_mem_fail_at(1);
    pgs_buf_format(&buf, "%0500d", 1);
    pgs_mem_fail_at(0);
    cr_assert(buf.failed);
    cr_assert_str_eq(pgs_buf_view(&buf), "there");
    pgs_buf_reset(&buf);
}

Test(buf, without_memory_it_fails_once_and_stays_failed) {
    static const size_t N_GROWTHS = 6;
    for (size_t nth = 1; nth <= N_GROWTHS; nth++) {
        pgs_buf buf = {0};
        pgs_mem_fail_at(nth);
        for (int i = 0; i < 4000 && !buf.failed; i++)
            pgs_buf_text(&buf, "0123456789");
        cr_assert(buf.failed, "growth %zu", nth);
        size_t n = buf.n;
        cr_assert_eq(strlen(pgs_buf_view(&buf)), n); /* what was there is whole */
        pgs_mem_fail_at(0);
        pgs_buf_text(&buf, "x");
        pgs_buf_format(&buf, "%d", 1);
        cr_assert_eq(buf.n, n);
        pgs_buf_reset(&buf);
        cr_assert_not(buf.failed);
    }
}
