/* From the text of one value to a number, or to a sentence that says where it stands and why it
 * cannot be one. PostgreSQL's own spellings are understood: infinite times and numbers, years
 * before 1 and after 9999. No snapshot can hold those, so they are left out and counted. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/snapshot.h"
#include "source/csv_reader.h"

#define SHOWN_BYTES ((size_t)40)

const char *pgs_csv_shown(const char *text, char out[PGS_CSV_SHOWN_MAX]) {
    char start[SHOWN_BYTES + 1];
    size_t n = strlen(text);
    bool cut = n > SHOWN_BYTES;
    if (cut)
        for (n = SHOWN_BYTES; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
            n--;
    snprintf(start, sizeof start, "%.*s", (int)n, text);
    pgs_buf escaped = {0};
    pgs_text_escape(&escaped, start);
    snprintf(out, PGS_CSV_SHOWN_MAX, "%s%s", pgs_buf_view(&escaped), cut ? "..." : "");
    pgs_buf_reset(&escaped);
    return out;
}

pgs_status pgs_csv_refuse(const pgs_csv_row *row, size_t column, const char *why, pgs_err *err) {
    char shown[PGS_CSV_SHOWN_MAX] = "NULL";
    const char *value = row->value[column], *quote = value ? "\"" : "";
    return pgs_fail(err, PGS_E_DATA, "%s line %zu, column \"%s\": %s%s%s %s", row->layout->file,
                    row->line, row->layout->column[column], quote,
                    value ? pgs_csv_shown(value, shown) : shown, quote, why);
}

void pgs_csv_left_out_tell(const pgs_csv_left_out *left_out, pgs_buf *out) {
    size_t times = left_out->times, infinite = left_out->infinite;
    if (times > 0)
        pgs_buf_format(out, "%zu time%s outside 1970-2255 %s left out", times,
                       times == 1 ? "" : "s", times == 1 ? "was" : "were");
    if (infinite > 0)
        pgs_buf_format(out, "%s%zu infinite value%s %s left out", times > 0 ? "; " : "", infinite,
                       infinite == 1 ? "" : "s", infinite == 1 ? "was" : "were");
}

pgs_status pgs_csv_integer(const pgs_csv_row *row, size_t column, int64_t max, int64_t *out,
                           pgs_err *err) {
    const char *value = row->value[column];
    if (!value || pgs_int_parse(value, 0, max, out))
        return PGS_OK;
    char why[64];
    snprintf(why, sizeof why, "is not a whole number from 0 to %lld", (long long)max);
    return pgs_csv_refuse(row, column, why, err);
}

pgs_status pgs_csv_count(const pgs_csv_row *row, size_t column, double *out, pgs_err *err) {
    int64_t count = -1;
    *out = NAN;
    pgs_status status = pgs_csv_integer(row, column, (int64_t)PGS_MAX_INTEGER, &count, err);
    if (status == PGS_OK && count >= 0)
        *out = (double)count;
    return status;
}

pgs_status pgs_csv_real(const pgs_csv_row *row, size_t column, double max,
                        pgs_csv_left_out *left_out, double *out, pgs_err *err) {
    const char *value = row->value[column];
    double number;
    *out = NAN;
    if (!value)
        return PGS_OK;
    if (strcmp(value, "Infinity") == 0 || strcmp(value, "-Infinity") == 0) {
        left_out->infinite++;
        return PGS_OK;
    }
    if (!pgs_real_parse(value, &number) || number < 0 || number > max)
        return pgs_csv_refuse(row, column,
                              isinf(max) ? "is not a number of at least 0"
                                         : "is not a percentage from 0 to 100",
                              err);
    *out = number == 0 ? 0.0 : number; /* never -0 */
    return PGS_OK;
}

/* Whether PostgreSQL wrote a time that ISO 8601 with four digits cannot: infinity, a year BC, a
 * year above 9999. */
static bool is_far_time(const char *text) {
    if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0)
        return true;
    size_t n = strlen(text), year_digits = strspn(text, "0123456789");
    char plain[64];
    bool bc = n > 3 && strcmp(text + n - 3, " BC") == 0;
    if (n >= sizeof plain || year_digits < 4 || year_digits > 6 || (!bc && year_digits == 4))
        return false;
    /* 2000 stands for the year: a leap year has every day there is. */
    snprintf(plain, sizeof plain, "2000%.*s", (int)(n - year_digits - (bc ? 3 : 0)),
             text + year_digits);
    int64_t us;
    return pgs_time_parse(plain, 0, &us);
}

pgs_status pgs_csv_time(const pgs_csv_row *row, size_t column, int64_t naive_offset_us,
                        pgs_csv_left_out *left_out, double *out, pgs_err *err) {
    const char *value = row->value[column];
    int64_t us;
    *out = NAN;
    if (!value)
        return PGS_OK;
    if (is_far_time(value)) {
        left_out->times++;
        return PGS_OK;
    }
    if (pgs_time_parse(value, naive_offset_us, &us)) {
        if (us >= 0 && us <= (int64_t)PGS_MAX_INTEGER)
            *out = (double)us;
        else
            left_out->times++;
        return PGS_OK;
    }
    if (!pgs_time_parse(value, 0, &us))
        return pgs_csv_refuse(row, column, "is not a time such as 2025-10-20 10:15:00+00", err);
    pgs_status status = pgs_csv_refuse(row, column, "does not say its time zone", err);
    pgs_hint(err, "say which it is: --naive-tz UTC, or --naive-tz +02:00");
    return status;
}
