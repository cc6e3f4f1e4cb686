/* ISO 8601 to and from microseconds since 1970 UTC, by calendar arithmetic alone: no time zone
 * database, no locale, the same on every machine. Days are counted from 0000-03-01, so that the
 * leap day is the last of its year. */
#include <string.h>

#include "base/base.h"

#define US_PER_S   INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_S)

static int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

typedef struct civil {
    int64_t year, month, day;
} civil;

static civil civil_from_days(int64_t days) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t year = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * doy + 2) / 153;
    civil c = {.day = doy - (153 * month + 2) / 5 + 1};
    c.month = month < 10 ? month + 3 : month - 9;
    c.year = year + era * 400 + (c.month <= 2);
    return c;
}

/* Exactly n digits; advances *s past them. */
static bool digits(const char **s, int n, int64_t *out) {
    *out = 0;
    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        *out = *out * 10 + (**s - '0');
    }
    return true;
}

static bool literal(const char **s, char c) {
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

/* 1 to 6 decimals after a point, as microseconds; no point is no decimals. */
static bool fraction(const char **s, int64_t *us) {
    *us = 0;
    if (!literal(s, '.'))
        return true;
    int64_t unit = US_PER_S / 10;
    const char *start = *s;
    for (; **s >= '0' && **s <= '9' && unit > 0; (*s)++, unit /= 10)
        *us += (**s - '0') * unit;
    return *s > start && !(**s >= '0' && **s <= '9');
}

/* "Z", "+02", "+0230" or "+02:30", to the end of the text. */
static bool offset(const char *s, int64_t *us) {
    *us = 0;
    if (strcmp(s, "Z") == 0)
        return true;
    int64_t sign = *s == '-' ? -1 : 1, hours, minutes = 0;
    if (!literal(&s, '+') && !literal(&s, '-'))
        return false;
    if (!digits(&s, 2, &hours))
        return false;
    if (*s) {
        literal(&s, ':');
        if (!digits(&s, 2, &minutes) || *s)
            return false;
    }
    *us = sign * (hours * 60 + minutes) * 60 * US_PER_S;
    return hours <= 15 && minutes <= 59;
}

static bool date_exists(int64_t year, int64_t month, int64_t day) {
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    civil c = civil_from_days(days_from_civil(year, month, day));
    return c.day == day && c.month == month;
}

bool pgs_time_parse(const char *text, int64_t naive_offset_us, int64_t *out_us) {
    const char *s = text;
    int64_t year, month, day, hour, minute, second, us, east_us;
    if (!digits(&s, 4, &year) || !literal(&s, '-') || !digits(&s, 2, &month) || !literal(&s, '-') ||
        !digits(&s, 2, &day) || (!literal(&s, 'T') && !literal(&s, ' ')))
        return false;
    if (!digits(&s, 2, &hour) || !literal(&s, ':') || !digits(&s, 2, &minute) ||
        !literal(&s, ':') || !digits(&s, 2, &second) || !fraction(&s, &us))
        return false;
    if (!date_exists(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return false;
    if (*s == '\0' && naive_offset_us != INT64_MIN)
        east_us = naive_offset_us;
    else if (!offset(s, &east_us))
        return false;
    int64_t seconds = (hour * 60 + minute) * 60 + second;
    *out_us = days_from_civil(year, month, day) * US_PER_DAY + seconds * US_PER_S + us - east_us;
    return true;
}

/* `n` digits, and a character after them unless it is NUL. */
static char *put(char *to, int64_t value, int n, char after) {
    for (int i = n - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    to[n] = after;
    return to + n + (after != '\0');
}

/* By hand, because a long export has a time in every row. `dash`, `t` and `colon` may be NUL. */
static const char *format(int64_t us, char out[PGS_TIME_TEXT_MAX], char dash, char t, char colon) {
    int64_t days = us / US_PER_DAY - (us % US_PER_DAY < 0);
    int64_t rest = us - days * US_PER_DAY, seconds = rest / US_PER_S, micros = rest % US_PER_S;
    civil c = civil_from_days(days);
    if (c.year < 0 || c.year > 9999)
        return memcpy(out, "-", 2);
    char *to = put(out, c.year, 4, dash);
    to = put(to, c.month, 2, dash);
    to = put(to, c.day, 2, t);
    to = put(to, seconds / 3600, 2, colon);
    to = put(to, seconds / 60 % 60, 2, colon);
    to = put(to, seconds % 60, 2, micros != 0 ? '.' : 'Z');
    if (micros != 0)
        to = put(to, micros, 6, 'Z');
    *to = '\0';
    return out;
}

const char *pgs_time_format(int64_t us, char out[PGS_TIME_TEXT_MAX]) {
    return format(us, out, '-', 'T', ':');
}

const char *pgs_time_compact(int64_t us, char out[PGS_TIME_TEXT_MAX]) {
    return format(us, out, '\0', 'T', '\0');
}

bool pgs_offset_parse(const char *text, int64_t *out_us) {
    return offset(strcmp(text, "UTC") == 0 ? "Z" : text, out_us);
}
