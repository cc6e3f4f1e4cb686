/* Names are data: they come from strangers and end on terminals. One decoder serves validation,
 * width and escaping, so the three never disagree about what a character is. */
#include <string.h>

#include "base/base.h"

typedef struct range {
    uint32_t first, last;
} range;

/* Format and bidirectional controls that could reorder or hide the text around them. */
static const range OBEYED[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x61C, 0x61C},
    {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

/* Combining marks: no column of their own. */
static const range ZERO_WIDTH[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

/* East Asian wide and emoji: two columns (Unicode TR11, W and F, by block). */
static const range DOUBLE_WIDTH[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

static bool in_ranges(uint32_t c, const range *ranges, size_t n) {
    for (size_t i = 0; i < n && c >= ranges[i].first; i++)
        if (c <= ranges[i].last)
            return true;
    return false;
}

/* Decode one character. Returns its bytes, or 0 where they are not UTF-8 (overlong forms,
 * surrogates and values above 10FFFF are not). */
static size_t decode(const unsigned char *s, uint32_t *out) {
    static const struct {
        unsigned char mask, lead;
        uint32_t smallest;
    } FORM[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    for (size_t n = 0; n < PGS_COUNT_OF(FORM); n++) {
        if ((s[0] & FORM[n].mask) != FORM[n].lead)
            continue;
        uint32_t c = s[0] & (unsigned char)~FORM[n].mask;
        for (size_t i = 1; i <= n; i++) {
            if ((s[i] & 0xC0) != 0x80)
                return 0;
            c = c << 6 | (s[i] & 0x3FU);
        }
        if (c < FORM[n].smallest || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
            return 0;
        *out = c;
        return n + 1;
    }
    return 0;
}

/* How many bytes of printable ASCII `s` begins with: nearly all of nearly every name. */
static size_t plain_run(const unsigned char *s) {
    size_t n = 0;
    while (s[n] >= 0x20 && s[n] < 0x7F)
        n++;
    return n;
}

bool pgs_text_is_utf8(const char *text) {
    uint32_t c;
    for (const unsigned char *s = (const unsigned char *)text; *(s += plain_run(s));) {
        size_t n = decode(s, &c);
        if (n == 0)
            return false;
        s += n;
    }
    return true;
}

void pgs_text_escape(pgs_buf *out, const char *text) {
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        uint32_t c = 0;
        size_t plain = plain_run(s);
        pgs_buf_bytes(out, s, plain);
        s += plain;
        if (!*s)
            break;
        size_t n = decode(s, &c);
        if (n == 0 || (n == 1 && in_ranges(c, OBEYED, PGS_COUNT_OF(OBEYED)))) {
            pgs_buf_format(out, "\\x%02x", s[0]);
            n = 1;
        } else if (in_ranges(c, OBEYED, PGS_COUNT_OF(OBEYED))) {
            pgs_buf_format(out, "\\u{%04x}", (unsigned)c);
        } else {
            pgs_buf_bytes(out, s, n);
        }
        s += n;
    }
}

int pgs_text_width(const char *text) {
    int width = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        uint32_t c = 0;
        size_t plain = plain_run(s);
        width += (int)plain;
        s += plain;
        if (!*s)
            break;
        size_t n = decode(s, &c);
        if (n > 1 && in_ranges(c, DOUBLE_WIDTH, PGS_COUNT_OF(DOUBLE_WIDTH)))
            width += 2;
        else if (n <= 1 || !in_ranges(c, ZERO_WIDTH, PGS_COUNT_OF(ZERO_WIDTH)))
            width += 1;
        s += n > 0 ? n : 1;
    }
    return width;
}

bool pgs_text_same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}
