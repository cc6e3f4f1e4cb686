/* base/spark.c: a row of numbers drawn as text. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "support/no_leaks.h"

TestSuite(spark, .fini = pgs_test_no_leaks);

static const struct {
    const char *name;
    double x[16];
    size_t n, width;
    const char *expected, *ascii;
} DRAWN[] = {
    /* clang-format off */
    {"one step each", {0, 1, 2, 3, 4, 5, 6, 7}, 8, 8, "▁▂▃▄▅▆▇█", "_.:-=+*#"},
    {"where zero is does not matter", {-3, 4}, 2, 8, "▁█", "_#"},
    {"nothing moves", {5, 5, 5}, 3, 8, "▄▄▄", "---"},
    {"one number", {5}, 1, 8, "▄", "-"},
    {"missing is a space, not low", {1, NAN, 8}, 3, 8, "▁ █", "_ #"},
    {"missing at the ends", {NAN, 1, 2, NAN}, 4, 8, " ▁█ ", " _# "},
    {"infinity is not drawn, and does not flatten the rest", {0, INFINITY, 7, -INFINITY}, 4, 8, "▁ █ ", "_ # "},
    {"nothing was observed", {NAN, NAN}, 2, 8, "  ", "  "},
    {"halves go up", {0, 0.5, 7}, 3, 8, "▁▂█", "_.#"},
    {"two to a column", {0, 2, 6, 8, 14, 16}, 6, 3, "▁▄█", "_-#"},
    {"a column's missing half is not zero", {4, NAN, 4, 4, 8, 8}, 6, 3, "▁▁█", "__#"},
    {"shares of one or two", {0, 7, 7, 0, 0}, 5, 3, "▁█▁", "_#_"},
    {"the largest doubles", {-1.7e308, 0, 1.7e308}, 3, 8, "▁▅█", "_=#"},
    {"no column", {1, 2}, 2, 0, "", ""},
    {"no number", {0}, 0, 8, "", ""},
    /* clang-format on */
};

Test(spark, drawings) {
    for (size_t i = 0; i < PGS_COUNT_OF(DRAWN); i++) {
        pgs_buf buf = {0};
        pgs_spark(&buf, DRAWN[i].x, DRAWN[i].n, DRAWN[i].width);
        cr_expect_str_eq(pgs_buf_view(&buf), DRAWN[i].expected, "%s: %s", DRAWN[i].name,
                         pgs_buf_view(&buf));
        if (buf.data)
            pgs_spark_ascii(buf.data);
        cr_expect_str_eq(pgs_buf_view(&buf), DRAWN[i].ascii, "%s: %s", DRAWN[i].name,
                         pgs_buf_view(&buf));
        pgs_buf_reset(&buf);
    }
}

Test(spark, other_text_stays) {
    char text[] = "größe ▁█ 分";
    pgs_spark_ascii(text);
    cr_expect_str_eq(text, "größe _# 分");
}

Test(spark, a_block_takes_one_column) {
    cr_expect_eq(pgs_text_width("▁▂▃▄▅▆▇█"), 8);
}
