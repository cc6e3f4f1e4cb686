/* base/time.c against known moments, and against the C library's calendar over all the years a
 * snapshot may have. */
#include <criterion/criterion.h>
#include <time.h>

#include "base/base.h"
#include "support/no_leaks.h"
#include "support/random.h"

TestSuite(time, .fini = pgs_test_no_leaks);

#define NO_OFFSET INT64_MIN
#define SECOND    INT64_C(1000000)
#define HOUR      (3600 * SECOND)
#define DAY       (24 * HOUR)
#define TEN_15    (INT64_C(1760955300) * SECOND) /* 2025-10-20T10:15:00Z */

static const struct {
    const char *name, *text;
    int64_t us;
} PARSED[] = {
    {"the epoch", "1970-01-01T00:00:00Z", 0},
    {"the guide's example", "2025-10-20T10:15:00Z", TEN_15},
    {"a space instead of T", "2025-10-20 10:15:00Z", TEN_15},
    {"offset of two digits", "2025-10-20 10:15:00+00", TEN_15},
    {"offset with a colon", "2025-10-20T12:15:00+02:00", TEN_15},
    {"offset without a colon", "2025-10-20T12:15:00+0200", TEN_15},
    {"offset of hours only", "2025-10-20T12:15:00+02", TEN_15},
    {"west of Greenwich", "2025-10-20T05:45:00-04:30", TEN_15},
    {"minus zero", "2025-10-20T10:15:00-00:00", TEN_15},
    {"one decimal", "2025-10-20T10:15:00.5Z", TEN_15 + 500000},
    {"two decimals", "2025-10-20T10:15:00.25Z", TEN_15 + 250000},
    {"three decimals", "2025-10-20T10:15:00.125Z", TEN_15 + 125000},
    {"four decimals, as PostgreSQL trims them", "2025-10-20 10:15:00.9995+00", TEN_15 + 999500},
    {"five decimals", "2025-10-20T10:15:00.00001Z", TEN_15 + 10},
    {"six decimals", "2025-10-20T10:15:00.000001Z", TEN_15 + 1},
    {"a leap day of a century that has one", "2000-02-29T00:00:00Z", INT64_C(951782400) * SECOND},
    {"a leap day", "2024-02-29T23:59:59Z", INT64_C(1709251199) * SECOND},
    {"the billionth second", "2001-09-09T01:46:40Z", INT64_C(1000000000) * SECOND},
    {"after 32 bits", "2038-01-19T03:14:08Z", INT64_C(2147483648) * SECOND},
    {"before the epoch", "1969-12-31T23:59:59.999999Z", -1},
    {"the last year before 2255", "2254-12-31T23:59:59Z", INT64_C(8993721599) * SECOND},
};

Test(time, known_moments) {
    for (size_t i = 0; i < PGS_COUNT_OF(PARSED); i++) {
        int64_t us = 77;
        cr_expect(pgs_time_parse(PARSED[i].text, NO_OFFSET, &us), "%s", PARSED[i].name);
        cr_expect_eq(us, PARSED[i].us, "%s: %lld", PARSED[i].name, (long long)us);
    }
}

static const struct {
    const char *name, *text;
} REFUSED[] = {
    {"empty", ""},
    {"a date alone", "2025-10-20"},
    {"no offset", "2025-10-20T10:15:00"},
    {"no seconds", "2025-10-20T10:15Z"},
    {"seven decimals", "2025-10-20T10:15:00.1234567Z"},
    {"a point without decimals", "2025-10-20T10:15:00.Z"},
    {"a comma", "2025-10-20T10:15:00,5Z"},
    {"29 February of a century without one", "1900-02-29T00:00:00Z"},
    {"29 February of a common year", "2025-02-29T00:00:00Z"},
    {"31 April", "2025-04-31T00:00:00Z"},
    {"month 0", "2025-00-10T00:00:00Z"},
    {"month 13", "2025-13-10T00:00:00Z"},
    {"day 0", "2025-01-00T00:00:00Z"},
    {"day 32", "2025-01-32T00:00:00Z"},
    {"year 0", "0000-01-01T00:00:00Z"},
    {"hour 24", "2025-10-20T24:00:00Z"},
    {"minute 60", "2025-10-20T10:60:00Z"},
    {"a leap second", "2025-12-31T23:59:60Z"},
    {"a short year", "225-10-20T10:15:00Z"},
    {"a long year", "12025-10-20T10:15:00Z"},
    {"a short month", "2025-1-20T10:15:00Z"},
    {"a letter t", "2025-10-20t10:15:00Z"},
    {"a letter z", "2025-10-20T10:15:00z"},
    {"two spaces", "2025-10-20  10:15:00Z"},
    {"text after it", "2025-10-20T10:15:00Z "},
    {"text before it", " 2025-10-20T10:15:00Z"},
    {"a zone name", "2025-10-20T10:15:00UTC"},
    {"offset of one digit", "2025-10-20T10:15:00+2"},
    {"offset of three digits", "2025-10-20T10:15:00+020"},
    {"an open offset", "2025-10-20T10:15:00+02:"},
    {"offset of 16 hours", "2025-10-20T10:15:00+16:00"},
    {"offset of 60 minutes", "2025-10-20T10:15:00+01:60"},
    {"offset of seconds", "2025-10-20T10:15:00+01:00:00"},
    {"infinity", "infinity"},
    {"before Christ", "0044-03-15 00:00:00+00 BC"},
    {"slashes", "2025/10/20 10:15:00Z"},
};

Test(time, other_forms_are_refused) {
    for (size_t i = 0; i < PGS_COUNT_OF(REFUSED); i++) {
        int64_t us = 77;
        cr_expect_not(pgs_time_parse(REFUSED[i].text, NO_OFFSET, &us), "%s", REFUSED[i].name);
        cr_expect_eq(us, 77, "%s", REFUSED[i].name);
    }
}

Test(time, a_time_without_offset_takes_the_given_one) {
    int64_t us = 0;
    cr_expect(pgs_time_parse("2025-10-20 10:15:00", 0, &us) && us == TEN_15);
    cr_expect(pgs_time_parse("2025-10-20 12:15:00", 2 * HOUR, &us) && us == TEN_15);
    cr_expect(pgs_time_parse("2025-10-20 05:15:00.5", -5 * HOUR, &us) && us == TEN_15 + 500000);
    /* one that is written wins */
    cr_expect(pgs_time_parse("2025-10-20 10:15:00Z", 2 * HOUR, &us) && us == TEN_15);
}

/* ---- both ways ---- */

Test(time, every_day_from_1970_to_2255_is_the_library_s) {
    char text[PGS_TIME_TEXT_MAX], wanted[64];
    for (int64_t day = 0; day < 104500; day++) { /* 2256-02-08 */
        time_t t = (time_t)(day * 86400 + day % 86400);
        struct tm civil;
        gmtime_r(&t, &civil);
        strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%SZ", &civil);
        int64_t us = (int64_t)t * SECOND, back;
        cr_assert_str_eq(pgs_time_format(us, text), wanted);
        cr_assert(pgs_time_parse(text, NO_OFFSET, &back) && back == us, "%s", text);
        strftime(wanted, sizeof wanted, "%Y%m%dT%H%M%SZ", &civil);
        cr_assert_str_eq(pgs_time_compact(us, text), wanted);
    }
}

Test(time, random_microseconds_come_back) {
    random_state r = {11};
    for (int i = 0; i < 50000; i++) {
        char text[PGS_TIME_TEXT_MAX];
        int64_t us = random_below(&r, INT64_C(1) << 53), back;
        cr_assert(pgs_time_parse(pgs_time_format(us, text), NO_OFFSET, &back), "%s", text);
        cr_assert_eq(back, us, "%s", text);
    }
}

Test(time, decimals_are_six_or_none) {
    char text[PGS_TIME_TEXT_MAX];
    cr_expect_str_eq(pgs_time_format(TEN_15, text), "2025-10-20T10:15:00Z");
    cr_expect_str_eq(pgs_time_format(TEN_15 + 500000, text), "2025-10-20T10:15:00.500000Z");
    cr_expect_str_eq(pgs_time_format(TEN_15 + 1, text), "2025-10-20T10:15:00.000001Z");
    cr_expect_str_eq(pgs_time_format(-1, text), "1969-12-31T23:59:59.999999Z");
    cr_expect_str_eq(pgs_time_format(-DAY, text), "1969-12-31T00:00:00Z");
    cr_expect_str_eq(pgs_time_compact(TEN_15, text), "20251020T101500Z");
    cr_expect_str_eq(pgs_time_compact(TEN_15 + 250000, text), "20251020T101500.250000Z");
}

/* ---- offsets alone ---- */

static const struct {
    const char *text;
    bool ok;
    int64_t us;
} OFFSET[] = {
    {"UTC", true, 0},
    {"Z", true, 0},
    {"+00", true, 0},
    {"+02:00", true, 2 * HOUR},
    {"-05:30", true, -5 * HOUR - HOUR / 2},
    {"+0545", true, 5 * HOUR + 3 * HOUR / 4},
    {"+15:59", true, 16 * HOUR - 60 * SECOND},
    {"", false, 0},
    {"02:00", false, 0},
    {"+2", false, 0},
    {"CET", false, 0},
    {"+24:00", false, 0},
    {"UTC+2", false, 0},
};

Test(time, offsets_alone) {
    for (size_t i = 0; i < PGS_COUNT_OF(OFFSET); i++) {
        int64_t us = 0;
        cr_expect_eq(pgs_offset_parse(OFFSET[i].text, &us), OFFSET[i].ok, "\"%s\"", OFFSET[i].text);
        cr_expect(!OFFSET[i].ok || us == OFFSET[i].us, "\"%s\"", OFFSET[i].text);
    }
}
