/* base/err.c: exit codes as promised, text that is cut where a character ends. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/base.h"
#include "support/no_leaks.h"

TestSuite(err, .fini = pgs_test_no_leaks);

static const struct {
    const char *name;
    pgs_status status;
    int exit_code;
} EXIT[] = {
    {"answered", PGS_OK, 0},
    {"usage", PGS_E_USAGE, 64},
    {"bad data", PGS_E_DATA, 65},
    {"no such file or table", PGS_E_NO_INPUT, 66},
    {"server or database unreachable", PGS_E_UNAVAILABLE, 69},
    {"bug", PGS_E_BUG, 70},
    {"cannot create output", PGS_E_EXISTS, 73},
    {"I/O error", PGS_E_IO, 74},
    {"try again", PGS_E_RETRY, 75},
    {"password or privilege", PGS_E_DENIED, 77},
};

Test(err, every_status_has_its_promised_exit_code) {
    cr_assert_eq(PGS_COUNT_OF(EXIT), PGS_STATUS_COUNT);
    for (size_t i = 0; i < PGS_COUNT_OF(EXIT); i++)
        cr_expect_eq(pgs_status_exit_code(EXIT[i].status), EXIT[i].exit_code, "%s", EXIT[i].name);
    cr_expect_eq(pgs_status_exit_code(PGS_STATUS_COUNT), 70); /* no verdict, whatever happens */
}

Test(err, a_message_replaces_the_one_before_and_its_hint) {
    pgs_err err;
    cr_assert_eq(pgs_fail(&err, PGS_E_DATA, "line %d", 7), PGS_E_DATA);
    pgs_hint(&err, "look at %s", "it");
    cr_assert_str_eq(err.msg, "line 7");
    cr_assert_str_eq(err.hint, "look at it");
    cr_assert_eq(pgs_fail(&err, PGS_E_IO, "disk"), PGS_E_IO);
    cr_assert_str_eq(err.msg, "disk");
    cr_assert_str_eq(err.hint, "");
}

Test(err, nobody_has_to_listen) {
    cr_assert_eq(pgs_fail(NULL, PGS_E_BUG, "%s", "unheard"), PGS_E_BUG);
    pgs_hint(NULL, "unheard");
    cr_assert_eq(pgs_no_memory(NULL), PGS_E_BUG);
}

Test(err, text_that_fits_exactly_is_whole) {
    char text[sizeof((pgs_err *)0)->msg];
    pgs_err err;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cr_assert_eq(pgs_fail(&err, PGS_E_DATA, "%s", text), PGS_E_DATA);
    cr_assert_str_eq(err.msg, text);
}

/* `character` repeated behind `lead` bytes of ASCII, so that the cut falls on each of its bytes. */
static void check_cut(size_t lead, const char *character) {
    static char text[2000];
    size_t n = 0;
    for (; n < lead; n++)
        text[n] = 'a';
    while (n < 1000) {
        strcpy(text + n, character);
        n += strlen(character);
    }
    pgs_err err;
    cr_assert_eq(pgs_fail(&err, PGS_E_DATA, "%s", text), PGS_E_DATA);
    pgs_hint(&err, "%s", text);
    const struct {
        const char *text;
        size_t size;
    } CUT[] = {{err.msg, sizeof err.msg}, {err.hint, sizeof err.hint}};
    for (size_t i = 0; i < PGS_COUNT_OF(CUT); i++) {
        size_t length = strlen(CUT[i].text);
        cr_expect_lt(length, CUT[i].size);
        cr_expect_geq(length + strlen(character), CUT[i].size - 1); /* not shorter than needed */
        cr_expect_str_eq(CUT[i].text + length - 3, "...");
        cr_expect(pgs_text_is_utf8(CUT[i].text), "%zu bytes, then %s", lead, character);
        cr_expect_eq(memcmp(CUT[i].text, text, length - 3), 0);
    }
}

Test(err, long_text_is_cut_where_a_character_ends) {
    static const char *const CHARACTER[] = {"x", "\xC3\xB6", "\xE5\x88\x86", "\xF0\x9F\x93\x8A"};
    for (size_t i = 0; i < PGS_COUNT_OF(CHARACTER); i++)
        for (size_t lead = 0; lead < 4; lead++)
            check_cut(lead, CHARACTER[i]);
}
