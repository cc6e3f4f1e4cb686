/* The guide's derived views hold what we compute ourselves. Where an export has them, they are a
 * free second opinion: every difference is worth a warning, and none changes the snapshot. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "source/csv_parts.h"

typedef struct check {
    const pgs_csv_options *options;
    const pgs_snapshot *snap;
    const pgs_result *result;
    pgs_csv_parts parts;
    size_t *seen; /* [n_parts] */
    size_t n_met; /* partitions that partition_health_summary.csv has */
    pgs_csv_left_out left_out;
    pgs_csv_differences differences;
} check;

/* ---- partition_health_summary.csv ---- */

static pgs_status check_metric(check *c, const pgs_csv_row *row, size_t column, size_t place,
                               pgs_err *err) {
    pgs_metric metric = c->parts.column[column].metric;
    double here, ours = c->snap->metric[metric][place];
    pgs_status st = pgs_csv_parts_value(row, column, metric, c->options->naive_offset_us,
                                        &c->left_out, &here, err);
    if (st == PGS_OK && !isnan(here) && !isnan(ours) && here != ours)
        pgs_csv_differ_value(&c->differences, row, c->snap->part[place].num, metric, here,
                             "by the other files", ours);
    return st;
}

static void check_status(check *c, const pgs_csv_row *row, size_t column, size_t place) {
    char shown[PGS_CSV_SHOWN_MAX];
    const char *here = row->value[column];
    const char *ours = pgs_health_status_name(c->snap->health[place]);
    if (here && ours && strcmp(here, ours) != 0)
        pgs_csv_differ(&c->differences,
                       "%s line %zu: %s of partition %lld is %s, but %s by the other files",
                       row->layout->file, row->line, row->layout->column[column],
                       (long long)c->snap->part[place].num, pgs_csv_shown(here, shown), ours);
}

static pgs_status check_partition(void *context, const pgs_csv_row *row, pgs_err *err) {
    check *c = context;
    int64_t num;
    size_t place;
    pgs_status st = pgs_csv_parts_find(row, c->snap, c->seen, &num, &place, err);
    if (st == PGS_OK && place == SIZE_MAX) {
        pgs_csv_differ(&c->differences,
                       "%s line %zu: partition %lld is not in partition_chunk_distribution.csv",
                       row->layout->file, row->line, (long long)num);
        return PGS_OK;
    }
    c->n_met++;
    for (size_t k = 1; st == PGS_OK && k < row->layout->n_columns; k++) {
        if (c->parts.column[k].role == PGS_CSV_METRIC)
            st = check_metric(c, row, k, place, err);
        else if (c->parts.column[k].role == PGS_CSV_STATUS)
            check_status(c, row, k, place);
    }
    return st;
}

static void check_all_met(check *c, const char *file) {
    if (c->n_met < c->snap->head.n_parts)
        pgs_csv_differ(&c->differences, "%s has only %zu of the %zu partitions", file, c->n_met,
                       c->snap->head.n_parts);
}

/* ---- analyze_partition_skew.csv ---- */

enum { METRIC, VALUE, STATUS, DETAILS, N_SKEW_COLUMNS };

static const char *const SKEW_COLUMN[N_SKEW_COLUMNS] = {"metric", "value", "status", "details"};

static const pgs_skew_metric *find_skew(const pgs_result *result, const char *name) {
    for (size_t k = 0; k < PGS_SKEW_KIND_COUNT; k++)
        if (result->skew[k].metric && strcmp(result->skew[k].metric, name) == 0)
            return &result->skew[k];
    return NULL;
}

static void differ_skew(check *c, const pgs_csv_row *row, const char *what, const char *here,
                        const char *ours) {
    char metric[PGS_CSV_SHOWN_MAX], shown[PGS_CSV_SHOWN_MAX];
    pgs_csv_differ(&c->differences, "%s line %zu: %s of %s is %s, but %s by the other files",
                   row->layout->file, row->line, what, pgs_csv_shown(row->value[METRIC], metric),
                   pgs_csv_shown(here, shown), ours);
}

static pgs_status check_skew(void *context, const pgs_csv_row *row, pgs_err *err) {
    check *c = context;
    double here;
    char number[PGS_NUM_TEXT_MAX], shown[PGS_CSV_SHOWN_MAX];
    if (!row->value[METRIC])
        return pgs_csv_refuse(row, METRIC, "is no name of a metric", err);
    pgs_status st = pgs_csv_real(row, VALUE, INFINITY, &c->left_out, &here, err);
    if (st != PGS_OK)
        return st;
    const pgs_skew_metric *ours = find_skew(c->result, row->value[METRIC]);
    if (!ours) {
        pgs_csv_differ(&c->differences, "%s line %zu: we have no metric %s", row->layout->file,
                       row->line, pgs_csv_shown(row->value[METRIC], shown));
        return PGS_OK;
    }
    if (!isnan(here) && !isnan(ours->value) && here != ours->value)
        differ_skew(c, row, "value", row->value[VALUE], pgs_num_format(ours->value, number));
    const char *status = pgs_skew_status_name(ours->status);
    if (status && row->value[STATUS] && strcmp(row->value[STATUS], status) != 0)
        differ_skew(c, row, "status", row->value[STATUS], status);
    return PGS_OK;
}

/* ---- both ---- */

/* Whether the file was there, in *found. */
static pgs_status check_file(check *c, const pgs_csv_layout *layout, pgs_csv_take take, bool *found,
                             pgs_err *err) {
    char *bytes = NULL;
    size_t n = 0;
    pgs_status st = pgs_csv_load_optional(c->options->directory, layout->file, &bytes, &n, err);
    *found = st == PGS_OK && bytes;
    if (*found)
        st = pgs_csv_scan(layout, bytes, n, take, c, err);
    pgs_free(bytes);
    return st;
}

pgs_status pgs_csv_cross_check(const pgs_csv_options *options, const pgs_listener *listener,
                               const pgs_snapshot *snap, const pgs_result *result, pgs_err *err) {
    check c = {.options = options, .snap = snap, .result = result};
    c.differences.listener = listener;
    pgs_csv_parts_init(&c.parts);
    const pgs_csv_layout summary = {
        .file = "partition_health_summary.csv",
        .column = c.parts.name,
        .n_columns = c.parts.n_summary,
        .n_needed = 1,
        .usual = "partition_num, chunk_count, total_chunks, chunk_percentage, size_percentage, "
                 "health_status, chunk_skew, size_skew, recommendation",
    };
    static const pgs_csv_layout skew = {
        .file = "analyze_partition_skew.csv",
        .column = SKEW_COLUMN,
        .n_columns = N_SKEW_COLUMNS,
        .n_needed = 1,
        .usual = "metric, value, status, details",
    };
    bool found;
    c.seen = pgs_alloc(snap->head.n_parts, sizeof *c.seen);
    if (!c.seen)
        return pgs_no_memory(err);
    pgs_status st = check_file(&c, &summary, check_partition, &found, err);
    if (st == PGS_OK && found)
        check_all_met(&c, summary.file);
    if (st == PGS_OK)
        st = check_file(&c, &skew, check_skew, &found, err);
    pgs_free(c.seen);
    if (st == PGS_OK)
        pgs_csv_differences_end(&c.differences);
    return st;
}
