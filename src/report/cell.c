/* One value, two spellings. Machines get every digit that reads back to the same value; people
 * get thousands separators, units, and as many decimals as were published. The table LOOKS says
 * which spelling belongs to which meaning.
 *
 * Fixed decimals are made from whole numbers rather than by printf, whose decimal point belongs
 * to the process's locale. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/page.h"

#define MOST_DECIMALS 1e14 /* beyond it 64 bits have no room for decimals */

typedef const char *spelling(const pgs_cell *cell, char *scratch);

static const char *spell_text(const pgs_cell *cell, char *scratch) {
    (void)scratch;
    return cell->text;
}

static const char *spell_real(const pgs_cell *cell, char *scratch) {
    return pgs_num_format(cell->number, scratch);
}

static const char *spell_time(const pgs_cell *cell, char *scratch) {
    return pgs_time_format(cell->integer, scratch);
}

static const char *spell_yes(const pgs_cell *cell, char *scratch) {
    (void)scratch;
    return cell->integer ? "yes" : "no";
}

/* Numbers are written from their end, which begins with what follows them. */
static char *put_before(char scratch[PGS_CELL_TEXT_MAX], const char *suffix) {
    size_t n = strlen(suffix) + 1;
    return memcpy(scratch + PGS_CELL_TEXT_MAX - n, suffix, n);
}

static char *put_digits(char *to, uint64_t whole, bool grouped) {
    for (int n = 1;; n++) {
        *--to = (char)('0' + whole % 10);
        whole /= 10;
        if (whole == 0)
            return to;
        if (grouped && n % 3 == 0)
            *--to = ',';
    }
}

static char *put_sign(char *to, bool negative) {
    if (negative)
        *--to = '-';
    return to;
}

static const char *whole(int64_t value, bool grouped, const char *suffix, char *scratch) {
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    return put_sign(put_digits(put_before(scratch, suffix), magnitude, grouped), value < 0);
}

static const char *spell_integer(const pgs_cell *cell, char *scratch) {
    return whole(cell->integer, false, "", scratch);
}

/* 1234567 as 1,234,567. */
static const char *spell_grouped(const pgs_cell *cell, char *scratch) {
    return whole(cell->integer, true, "", scratch);
}

static const char *fixed(double value, int decimals, const char *suffix, char *scratch) {
    if (!(fabs(value) < MOST_DECIMALS)) {
        pgs_num_format(value, scratch);
        return strcat(scratch, suffix);
    }
    double unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    uint64_t scaled = (uint64_t)llround(fabs(value) * unit);
    bool negative = value < 0 && scaled > 0;
    char *to = put_before(scratch, suffix);
    for (int i = 0; i < decimals; i++, scaled /= 10)
        *--to = (char)('0' + scaled % 10);
    *--to = '.';
    return put_sign(put_digits(to, scaled, true), negative);
}

static const char *spell_2(const pgs_cell *cell, char *scratch) {
    return fixed(cell->number, 2, "", scratch);
}

static const char *spell_4(const pgs_cell *cell, char *scratch) {
    return fixed(cell->number, 4, "", scratch);
}

/* One decimal of the unit that leaves less than 1024 of it. */
static const char *spell_human_size(const pgs_cell *cell, char *scratch) {
    static const char *const UNIT[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
    double value = (double)cell->integer;
    size_t u = 0;
    for (; fabs(value) >= 1023.95 && u + 1 < PGS_COUNT_OF(UNIT); u++)
        value /= 1024;
    return u == 0 ? whole(cell->integer, false, UNIT[u], scratch)
                  : fixed(value, 1, UNIT[u], scratch);
}

/* PostgreSQL's pg_size_pretty(): a unit is left at 10 or 20 thousand-odd of it, halves go up. */
static const char *spell_pg_size(const pgs_cell *cell, char *scratch) {
    static const struct {
        const char *name;
        int64_t limit;
        bool halves; /* counted in halves of the unit, rounded when printed */
        int bits;
    } UNIT[] = {
        {"bytes", 10 * 1024, false, 0},  {"kB", 20 * 1024 - 1, true, 10},
        {"MB", 20 * 1024 - 1, true, 20}, {"GB", 20 * 1024 - 1, true, 30},
        {"TB", 20 * 1024 - 1, true, 40}, {"PB", INT64_MAX, true, 50},
    };
    int64_t size = cell->integer;
    size_t u = 0;
    for (; u + 1 < PGS_COUNT_OF(UNIT) && size >= UNIT[u].limit; u++)
        size >>= UNIT[u + 1].bits - UNIT[u].bits - UNIT[u + 1].halves + UNIT[u].halves;
    if (UNIT[u].halves)
        size = (size + 1) / 2;
    snprintf(scratch, PGS_CELL_TEXT_MAX, "%" PRId64 " %s", size, UNIT[u].name);
    return scratch;
}

/* The two largest units of a span: 3 d 4 h. */
static const char *spell_span(const pgs_cell *cell, char *scratch) {
    static const struct {
        int64_t seconds;
        const char *name;
    } UNIT[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    if (!(fabs(cell->number) < 1e15))
        return spell_real(cell, scratch);
    int64_t left = (int64_t)fabs(cell->number);
    size_t u = 0;
    while (u + 1 < PGS_COUNT_OF(UNIT) && left < UNIT[u].seconds)
        u++;
    const char *sign = cell->number < 0 && left > 0 ? "-" : "";
    int n = snprintf(scratch, PGS_CELL_TEXT_MAX, "%s%" PRId64 " %s", sign, left / UNIT[u].seconds,
                     UNIT[u].name);
    if (u + 1 < PGS_COUNT_OF(UNIT) && n > 0)
        snprintf(scratch + n, PGS_CELL_TEXT_MAX - (size_t)n, " %" PRId64 " %s",
                 left % UNIT[u].seconds / UNIT[u + 1].seconds, UNIT[u + 1].name);
    return scratch;
}

/* 0.1 as +10.00 %. */
static const char *spell_percent(const pgs_cell *cell, char *scratch) {
    char room[PGS_CELL_TEXT_MAX];
    const char *text = fixed(cell->number * 100, 2, " %", room);
    snprintf(scratch, PGS_CELL_TEXT_MAX, "%s%s", *text == '-' ? "" : "+", text);
    return scratch;
}

/* Whole percents; what is neither impossible nor certain is never said to be. */
static const char *spell_chance(const pgs_cell *cell, char *scratch) {
    if (cell->number > 0 && cell->number < 0.01)
        return strcpy(scratch, "< 1 %");
    if (cell->number > 0.99 && cell->number < 1)
        return strcpy(scratch, "> 99 %");
    snprintf(scratch, PGS_CELL_TEXT_MAX, "%d %%", (int)(cell->number * 100 + 0.5));
    return scratch;
}

static const struct {
    spelling *exact, *plain;
    bool is_text, is_right, is_ordered;
} LOOKS[PGS_LOOK_COUNT] = {
    [PGS_AS_TEXT] = {spell_text, spell_text, true, false},
    [PGS_AS_ID] = {spell_integer, spell_integer, false, true, true},
    [PGS_AS_COUNT] = {spell_integer, spell_grouped, false, true, true},
    [PGS_AS_BYTES] = {spell_integer, spell_human_size, false, true},
    [PGS_AS_PRETTY] = {spell_pg_size, spell_pg_size, true, true},
    [PGS_AS_REAL] = {spell_real, spell_2, false, true, true},
    [PGS_AS_FINE] = {spell_real, spell_4, false, true, true},
    [PGS_AS_WHOLE] = {spell_real, spell_grouped, false, true},
    [PGS_AS_SECONDS] = {spell_real, spell_span, false, true},
    [PGS_AS_TIME] = {spell_time, spell_time, true, false},
    [PGS_AS_FLAG] = {spell_integer, spell_yes, false, false},
    [PGS_AS_CHANCE] = {spell_real, spell_chance, false, true},
    [PGS_AS_RATIO] = {spell_real, spell_percent, false, true},
    [PGS_AS_RATE] = {spell_real, spell_human_size, false, true},
    [PGS_AS_SPARK] = {spell_text, spell_text, true, false},
};

bool pgs_look_is_text(pgs_look look) {
    return LOOKS[look].is_text;
}

bool pgs_look_is_right(pgs_look look) {
    return LOOKS[look].is_right;
}

const char *pgs_cell_exact(const pgs_cell *cell, char scratch[PGS_CELL_TEXT_MAX]) {
    return cell->observed ? LOOKS[cell->look].exact(cell, scratch) : NULL;
}

const char *pgs_cell_plain(const pgs_cell *cell, char scratch[PGS_CELL_TEXT_MAX]) {
    return cell->observed ? LOOKS[cell->look].plain(cell, scratch) : "-";
}

bool pgs_cell_order(const pgs_cell *cell, double *out) {
    bool whole = cell->look == PGS_AS_ID || cell->look == PGS_AS_COUNT;
    *out = whole ? (double)cell->integer : cell->number;
    return cell->observed && LOOKS[cell->look].is_ordered && fabs(*out) < MOST_DECIMALS;
}
