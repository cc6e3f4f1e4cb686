/* base/text.c: what is UTF-8, what a terminal must not obey, how wide it is. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "support/no_leaks.h"

TestSuite(text, .fini = pgs_test_no_leaks);

/* Boundaries of the table "Well-Formed UTF-8 Byte Sequences" of the Unicode standard. */
static const struct {
    const char *name, *bytes;
    bool valid;
} UTF8[] = {
    {"empty", "", true},
    {"ASCII", "chunks_part_07", true},
    {"a control character is a character", "\x01\x7F", true},
    {"the first of two bytes, U+0080", "\xC2\x80", true},
    {"the last of two bytes, U+07FF", "\xDF\xBF", true},
    {"the first of three bytes, U+0800", "\xE0\xA0\x80", true},
    {"before the surrogates, U+D7FF", "\xED\x9F\xBF", true},
    {"after the surrogates, U+E000", "\xEE\x80\x80", true},
    {"the last of three bytes, U+FFFF", "\xEF\xBF\xBF", true},
    {"the first of four bytes, U+10000", "\xF0\x90\x80\x80", true},
    {"the last of all, U+10FFFF", "\xF4\x8F\xBF\xBF", true},
    {"words", "größe 分区 \xF0\x9F\x93\x8A", true},
    {"a lone continuation byte", "a\x80", false},
    {"two bytes for ASCII", "\xC0\xAF", false},
    {"two bytes for U+007F", "\xC1\xBF", false},
    {"three bytes for U+07FF", "\xE0\x9F\xBF", false},
    {"four bytes for U+FFFF", "\xF0\x8F\xBF\xBF", false},
    {"the first surrogate", "\xED\xA0\x80", false},
    {"the last surrogate", "\xED\xBF\xBF", false},
    {"above U+10FFFF", "\xF4\x90\x80\x80", false},
    {"a lead byte of five", "\xF8\x88\x80\x80\x80", false},
    {"FE", "\xFE", false},
    {"FF", "\xFF", false},
    {"two bytes, one there", "\xC3", false},
    {"three bytes, two there", "\xE2\x82", false},
    {"four bytes, three there", "\xF0\x9F\x93", false},
    {"cut by another character",
     "\xE2\x82"
     "a",
     false},
    {"a lead byte instead of a continuation", "\xC3\xC3\xA9", false},
    {"Latin-1",
     "gr\xF6\xDF"
     "e",
     false},
};

Test(text, utf_8_by_the_table) {
    for (size_t i = 0; i < PGS_COUNT_OF(UTF8); i++)
        cr_expect_eq(pgs_text_is_utf8(UTF8[i].bytes), UTF8[i].valid, "%s", UTF8[i].name);
}

static const struct {
    const char *name, *in, *out;
} ESCAPED[] = {
    {"ordinary names stay", "public.chunks größe 分区", "public.chunks größe 分区"},
    {"a backslash stays", "a\\b", "a\\b"},
    {"a line break", "a\nb", "a\\x0ab"},
    {"a tab and a carriage return", "\t\r", "\\x09\\x0d"},
    {"clearing the screen", "\x1B[2J", "\\x1b[2J"},
    {"setting the title", "\x1B]0;x\x07", "\\x1b]0;x\\x07"},
    {"delete", "\x7F", "\\x7f"},
    {"the CSI of C1",
     "\xC2\x9B"
     "2J",
     "\\u{009b}2J"},
    {"next line", "\xC2\x85", "\\u{0085}"},
    {"a right-to-left override",
     "a\xE2\x80\xAE"
     "b",
     "a\\u{202e}b"},
    {"an isolate", "\xE2\x81\xA6", "\\u{2066}"},
    {"the end of an isolate", "\xE2\x81\xA9", "\\u{2069}"},
    {"a right-to-left mark", "\xE2\x80\x8F", "\\u{200f}"},
    {"the Arabic letter mark", "\xD8\x9C", "\\u{061c}"},
    {"a zero width space", "\xE2\x80\x8B", "\\u{200b}"},
    {"a line separator", "\xE2\x80\xA8", "\\u{2028}"},
    {"a byte order mark", "\xEF\xBB\xBF", "\\u{feff}"},
    {"a soft hyphen", "\xC2\xAD", "\\u{00ad}"},
    {"a tag character", "\xF3\xA0\x80\x81", "\\u{e0001}"},
    {"bytes that are not UTF-8",
     "gr\xF6"
     "\xDF"
     "e",
     "gr\\xf6\\xdfe"},
    {"half a character", "\xE2\x82", "\\xe2\\x82"},
    {"a surrogate", "\xED\xA0\x80", "\\xed\\xa0\\x80"},
    {"letters of right-to-left scripts stay", "\xD7\x90", "\xD7\x90"},
    {"a no-break space stays",
     "a\xC2\xA0"
     "b",
     "a\xC2\xA0"
     "b"},
};

Test(text, nothing_that_a_terminal_obeys_is_left) {
    for (size_t i = 0; i < PGS_COUNT_OF(ESCAPED); i++) {
        pgs_buf buf = {0};
        pgs_text_escape(&buf, ESCAPED[i].in);
        cr_expect_str_eq(pgs_buf_view(&buf), ESCAPED[i].out, "%s: %s", ESCAPED[i].name,
                         pgs_buf_view(&buf));
        cr_expect(pgs_text_is_utf8(pgs_buf_view(&buf)), "%s", ESCAPED[i].name);
        pgs_buf_reset(&buf);
    }
}

Test(text, every_single_byte_is_escaped_or_printable) {
    for (int c = 1; c < 256; c++) {
        char in[] = {(char)c, '\0'};
        pgs_buf buf = {0};
        pgs_text_escape(&buf, in);
        for (const char *s = pgs_buf_view(&buf); *s; s++)
            cr_assert(*s >= ' ' && *s < 0x7F, "byte %d", c);
        pgs_buf_reset(&buf);
    }
}

Test(text, escaping_appends) {
    pgs_buf buf = {0};
    pgs_buf_text(&buf, "name: ");
    pgs_text_escape(&buf, "a\nb");
    cr_assert_str_eq(pgs_buf_view(&buf), "name: a\\x0ab");
    pgs_buf_reset(&buf);
}

Test(text, equal_or_both_missing) {
    char copy[] = "chunks";
    cr_expect(pgs_text_same("chunks", copy) && pgs_text_same("", "") && pgs_text_same(NULL, NULL));
    cr_expect_not(pgs_text_same("chunks", "chunk") || pgs_text_same("", NULL) ||
                  pgs_text_same(NULL, ""));
}

static const struct {
    const char *name, *text;
    int columns;
} WIDTH[] = {
    {"empty", "", 0},
    {"ASCII", "chunks", 6},
    {"an accent in the letter",
     "gr\xC3\xB6\xC3\x9F"
     "e",
     5},
    {"an accent of its own", "e\xCC\x81", 1},
    {"Chinese", "\xE5\x88\x86\xE5\x8C\xBA", 4},
    {"Hangul", "\xED\x95\x9C", 2},
    {"full width letters", "\xEF\xBC\xA1", 2},
    {"half width katakana", "\xEF\xBD\xB1", 1},
    {"an emoji", "\xF0\x9F\x93\x8A", 2},
    {"a variation selector", "\xE2\x9C\x94\xEF\xB8\x8F", 1},
    {"an arrow", "\xE2\x86\x92", 1},
    {"a byte that is not UTF-8", "\xFF", 1},
};

Test(text, columns_on_a_terminal) {
    for (size_t i = 0; i < PGS_COUNT_OF(WIDTH); i++)
        cr_expect_eq(pgs_text_width(WIDTH[i].text), WIDTH[i].columns, "%s: %d", WIDTH[i].name,
                     pgs_text_width(WIDTH[i].text));
}
