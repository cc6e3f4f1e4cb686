/* What the columns of the per-partition files mean. Most are keys of the metric table, so a
 * metric that is added there can be imported at once; the rest are the guide's other names. */
#include "source/csv_parts.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define MAX_SAID 10

static const pgs_csv_column OTHER_NAMES[] = {
    {.name = "partition_name", .role = PGS_CSV_NAME},
    {.name = "bounds", .role = PGS_CSV_BOUNDS},
    {"created_at", PGS_CSV_METRIC, PGS_LAST_CREATED_AT},
    {"newest_chunk_at", PGS_CSV_METRIC, PGS_LAST_CREATED_AT},
    {"oldest_chunk_at", PGS_CSV_METRIC, PGS_OLDEST_CREATED_AT},
    {.name = "newest_age_seconds", .role = PGS_CSV_IGNORED},
    {.name = "oldest_age_seconds", .role = PGS_CSV_IGNORED},
    {.name = "size_pretty", .role = PGS_CSV_IGNORED},
};

static const pgs_csv_column SUMMARY_NAMES[] = {
    {.name = "health_status", .role = PGS_CSV_STATUS},
    {.name = "total_chunks", .role = PGS_CSV_IGNORED},
    {.name = "recommendation", .role = PGS_CSV_IGNORED},
};

static_assert(1 + PGS_METRIC_COUNT + PGS_COUNT_OF(OTHER_NAMES) + PGS_COUNT_OF(SUMMARY_NAMES) <=
                  PGS_CSV_MAX_COLUMNS,
              "a layout has room for every metric");
static_assert(PGS_CHUNK_COUNT == 0, "chunk_count is the first metric, so it can be needed");

void pgs_csv_parts_init(pgs_csv_parts *parts) {
    size_t n = 0;
    parts->column[n++] = (pgs_csv_column){.name = "partition_num", .role = PGS_CSV_NUM};
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        parts->column[n++] = (pgs_csv_column){pgs_metric_get(m)->key, PGS_CSV_METRIC, m};
    memcpy(parts->column + n, OTHER_NAMES, sizeof OTHER_NAMES);
    parts->n_observed = n += PGS_COUNT_OF(OTHER_NAMES);
    memcpy(parts->column + n, SUMMARY_NAMES, sizeof SUMMARY_NAMES);
    parts->n_summary = n += PGS_COUNT_OF(SUMMARY_NAMES);
    for (size_t c = 0; c < n; c++)
        parts->name[c] = parts->column[c].name;
}

static int by_num(const void *key, const void *item) {
    int64_t num = *(const int64_t *)key;
    const pgs_partition *part = item;
    return (num > part->num) - (num < part->num);
}

pgs_status pgs_csv_parts_find(const pgs_csv_row *row, const pgs_snapshot *snap, size_t *seen,
                              int64_t *num, size_t *place, pgs_err *err) {
    *num = -1;
    *place = SIZE_MAX;
    pgs_status st = pgs_csv_integer(row, 0, INT32_MAX, num, err);
    if (st != PGS_OK)
        return st;
    if (*num < 0)
        return pgs_csv_refuse(row, 0, "is no partition number", err);
    const pgs_partition *part = bsearch(num, snap->part, snap->head.n_parts, sizeof *part, by_num);
    if (!part)
        return PGS_OK;
    *place = (size_t)(part - snap->part);
    if (seen[*place] != 0) {
        char why[64];
        snprintf(why, sizeof why, "is there already, on line %zu", seen[*place]);
        return pgs_csv_refuse(row, 0, why, err);
    }
    seen[*place] = row->line;
    return PGS_OK;
}

pgs_status pgs_csv_parts_value(const pgs_csv_row *row, size_t column, pgs_metric metric,
                               int64_t naive_offset_us, pgs_csv_left_out *left_out, double *out,
                               pgs_err *err) {
    const char *value = row->value[column];
    *out = NAN;
    if (!value)
        return PGS_OK;
    if (metric == PGS_ROW_ESTIMATE && strcmp(value, "-1") == 0)
        return PGS_OK; /* never analyzed */
    pgs_unit unit = pgs_metric_get(metric)->unit;
    if (unit == PGS_UNIT_TIME)
        return pgs_csv_time(row, column, naive_offset_us, left_out, out, err);
    if (pgs_unit_is_integer(unit))
        return pgs_csv_count(row, column, out, err);
    return pgs_csv_real(row, column, unit == PGS_UNIT_PERCENT ? 100 : INFINITY, left_out, out, err);
}

bool pgs_csv_is_kept(pgs_metric metric) {
    return metric < PGS_FIRST_DERIVED || pgs_metric_get(metric)->unit == PGS_UNIT_PERCENT;
}

/* ---- whose snapshot it is ---- */

/* Whether `table` says its schema: a dot outside double quotes. */
static bool is_qualified(const char *table) {
    bool quoted = false;
    for (const char *s = table; *s; s++) {
        if (*s == '"')
            quoted = !quoted;
        else if (*s == '.' && !quoted)
            return true;
    }
    return false;
}

static pgs_status name_table(pgs_snapshot *snap, const char *table, pgs_err *err) {
    if (!table || is_qualified(table))
        return pgs_snapshot_text(snap, &snap->head.table_name, table ? table : "public.chunks",
                                 err);
    if (!*table)
        return pgs_fail(err, PGS_E_USAGE, "the name of the table is empty");
    pgs_buf qualified = {0};
    pgs_buf_format(&qualified, "public.%s", table);
    pgs_status st = qualified.failed
                        ? pgs_no_memory(err)
                        : pgs_snapshot_text(snap, &snap->head.table_name, qualified.data, err);
    pgs_buf_reset(&qualified);
    return st;
}

pgs_status pgs_csv_name_series(pgs_snapshot *snap, const char *table, const char *source,
                               pgs_err *err) {
    snap->head.counts = PGS_COUNTS_EXACT;
    pgs_status st = name_table(snap, table, err);
    return st == PGS_OK
               ? pgs_snapshot_text(snap, &snap->head.source, source ? source : "import", err)
               : st;
}

/* ---- differences ---- */

static void say(const pgs_csv_differences *differences, const char *sentence) {
    if (differences->listener && differences->listener->say)
        differences->listener->say(differences->listener->context, sentence);
}

void pgs_csv_differ(pgs_csv_differences *differences, const char *fmt, ...) {
    if (differences->n++ >= MAX_SAID)
        return;
    char sentence[500];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    say(differences, sentence);
}

enum { VALUE_TEXT_MAX = 64 };
static_assert(PGS_NUM_TEXT_MAX <= VALUE_TEXT_MAX && PGS_TIME_TEXT_MAX <= VALUE_TEXT_MAX,
              "a number or a time fits");

static const char *value_text(pgs_metric metric, double x, char out[VALUE_TEXT_MAX]) {
    pgs_unit unit = pgs_metric_get(metric)->unit;
    if (unit == PGS_UNIT_TIME)
        return pgs_time_format((int64_t)x, out);
    if (!pgs_unit_is_integer(unit))
        return pgs_num_format(x, out);
    snprintf(out, VALUE_TEXT_MAX, "%.0f", x);
    return out;
}

void pgs_csv_differ_value(pgs_csv_differences *differences, const pgs_csv_row *row, int64_t num,
                          pgs_metric metric, double here, const char *elsewhere, double there) {
    char here_text[VALUE_TEXT_MAX], there_text[VALUE_TEXT_MAX];
    pgs_csv_differ(differences, "%s line %zu: %s of partition %lld is %s, but %s %s",
                   row->layout->file, row->line, pgs_metric_get(metric)->key, (long long)num,
                   value_text(metric, here, here_text), value_text(metric, there, there_text),
                   elsewhere);
}

void pgs_csv_differences_end(pgs_csv_differences *differences) {
    if (differences->n <= MAX_SAID)
        return;
    char sentence[64];
    snprintf(sentence, sizeof sentence, "and %zu more", differences->n - MAX_SAID);
    say(differences, sentence);
}
