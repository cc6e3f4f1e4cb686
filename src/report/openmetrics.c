/* One moment for Prometheus: a document that is OpenMetrics and, read as the older text format,
 * what node_exporter's textfile collector takes. To the latter, UNIT and EOF are comments. Where
 * the two disagree we say nothing: totals that only grow have no TYPE (the formats name such
 * families differently), and no sample has a time (the collector refuses one), which is a metric
 * instead.
 *
 * What was not observed has no sample, and a family without samples is not there: missing is not
 * zero. A partition is known by its relation name, which outlives its number; by its number where
 * some name is missing or could be mistaken for another once control characters are made
 * visible. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/report.h"

#define MAX_SERIES 4
#define MICROS     INT64_C(1000000)

/* How a number is spelled. */
typedef enum spelling {
    WHOLE,
    REAL,
    SECONDS, /* from microseconds */
} spelling;

typedef double getter(const pgs_report_input *input, size_t partition, size_t where);

typedef struct family {
    const char *name, *unit, *help;
    spelling spelling;
    getter *get;
    struct {
        const char *label; /* beside the common ones; NULL: none */
        size_t where;      /* what `get` needs to know */
    } series[MAX_SERIES];
} family;

typedef struct sheet {
    FILE *out;
    const pgs_report_input *input;
    pgs_buf common; /* labels that every sample has */
    pgs_buf labels; /* those of the sample at hand */
    bool by_name;
} sheet;

/* ---- getters; NaN: there is no sample ---- */

static double get_metric(const pgs_report_input *input, size_t p, size_t where) {
    return input->snapshot->metric[where][p];
}

static double get_signed_skew(const pgs_report_input *input, size_t p, size_t where) {
    (void)where;
    return input->result->signed_skew ? input->result->signed_skew[p] : NAN;
}

static double get_status(const pgs_report_input *input, size_t p, size_t where) {
    (void)where;
    pgs_health_status status = input->snapshot->health[p];
    return status == PGS_UNMEASURED ? NAN : (double)status;
}

/* A metric's presence decides, because "not above" is also said of what was not observed. */
static double get_above(const pgs_report_input *input, size_t p, size_t where) {
    const pgs_noise *noise = &input->result->noise;
    bool chunks = where == PGS_CHUNK_SKEW;
    const bool *above = chunks ? noise->chunk_above : noise->size_above;
    bool judged = !isnan(chunks ? noise->chunk_floor : noise->size_floor);
    return judged && !isnan(input->snapshot->metric[where][p]) ? above[p] : NAN;
}

static double get_double(const pgs_report_input *input, size_t p, size_t where) {
    (void)p;
    double value;
    memcpy(&value, (const char *)input->result + where, sizeof value);
    return value;
}

static double get_size(const pgs_report_input *input, size_t p, size_t where) {
    (void)p;
    size_t value;
    memcpy(&value, (const char *)input->result + where, sizeof value);
    return (double)value;
}

static double get_noise(const pgs_report_input *input, size_t p, size_t where) {
    return isnan(input->result->noise.alpha) ? NAN : get_double(input, p, where);
}

static double get_skew_status(const pgs_report_input *input, size_t p, size_t where) {
    (void)p;
    pgs_skew_status status = input->result->skew[where].status;
    return status == PGS_SKEW_UNKNOWN ? NAN : (double)status;
}

static double get_stray(const pgs_report_input *input, size_t p, size_t where) {
    (void)p;
    return input->snapshot->n_strays > 0 ? input->snapshot->stray_metric[where] : NAN;
}

static double get_time(const pgs_report_input *input, size_t p, size_t where) {
    (void)p;
    (void)where;
    int64_t us = input->snapshot->head.taken_us;
    return us == PGS_TIME_NONE ? NAN : (double)us;
}

/* ---- the families ---- */

#define RESULT(field)        offsetof(pgs_result, field)
#define CHUNK_MEASURE(field) RESULT(measures[PGS_MEASURED_CHUNKS].field)
#define SIZE_MEASURE(field)  RESULT(measures[PGS_MEASURED_SIZES].field)
#define BOTH(chunks, bytes)                                                                        \
    {                                                                                              \
        {"metric=\"chunk\"", chunks}, {                                                            \
            "metric=\"size\"", bytes                                                               \
        }                                                                                          \
    }
#define ONE(where)                                                                                 \
    {                                                                                              \
        { "", where }                                                                              \
    }

// clang-format off
static const family OF_TABLE[] = {
    {"pgskew_snapshot_timestamp_seconds", "seconds", "When the snapshot was taken, since 1970 UTC.", SECONDS, get_time, ONE(0)},
    {"pgskew_partitions", NULL, "Partitions by health.", WHOLE, get_size,
     {{"status=\"healthy\"", RESULT(healthy_count)}, {"status=\"warning\"", RESULT(warning_count)},
      {"status=\"unbalanced\"", RESULT(unbalanced_count)}, {"status=\"unmeasured\"", RESULT(unmeasured_count)}}},
    {"pgskew_alerts", NULL, "Alerts of the health check.", WHOLE, get_size, ONE(RESULT(n_alerts))},
    {"pgskew_recommendations", NULL, "Partitions to rebalance.", WHOLE, get_size, ONE(RESULT(n_recommendations))},
    {"pgskew_chunks", NULL, "Rows of the table, without strays.", WHOLE, get_double, ONE(RESULT(statistics.total_chunks))},
    {"pgskew_chunks_per_partition", NULL, "Mean rows of a partition.", REAL, get_double, ONE(RESULT(statistics.avg_chunks_per_partition))},
    {"pgskew_chunks_per_partition_stddev", NULL, "Sample standard deviation of the rows of a partition.", REAL, get_double, ONE(RESULT(statistics.chunk_count_stddev))},
    {"pgskew_skew_max_ratio", "ratio", "Largest skew of a partition: 0 is an even share, 1 twice that or nothing.", REAL, get_double,
     BOTH(RESULT(skew[PGS_SKEW_CHUNK_DISTRIBUTION].value), RESULT(skew[PGS_SKEW_SIZE_DISTRIBUTION].value))},
    {"pgskew_distribution_variance", NULL, "Population variance of rows over an even share of them.", REAL, get_double, ONE(RESULT(skew[PGS_SKEW_DISTRIBUTION_VARIANCE].value))},
    {"pgskew_hot_partitions", NULL, "Partitions that took an eighth or more of the last hour's rows.", WHOLE, get_double, ONE(RESULT(skew[PGS_SKEW_HOT_PARTITIONS].value))},
    {"pgskew_distribution_status", NULL, "Status of the distribution of rows: 0 normal, 1 warning, 2 critical.", WHOLE, get_skew_status, ONE(PGS_SKEW_CHUNK_DISTRIBUTION)},
    {"pgskew_size_status", NULL, "Status of the distribution of bytes: 0 normal, 1 warning, 2 critical.", WHOLE, get_skew_status, ONE(PGS_SKEW_SIZE_DISTRIBUTION)},
    {"pgskew_variance_status", NULL, "Status of the variance of rows: 0 normal, 1 warning, 2 critical.", WHOLE, get_skew_status, ONE(PGS_SKEW_DISTRIBUTION_VARIANCE)},
    {"pgskew_hot_status", NULL, "Status of recent writes: 0 normal, 1 warning, 2 critical.", WHOLE, get_skew_status, ONE(PGS_SKEW_HOT_PARTITIONS)},
    {"pgskew_gini_ratio", "ratio", "Gini coefficient: 0 even, near 1 all in one partition.", REAL, get_double, BOTH(CHUNK_MEASURE(gini), SIZE_MEASURE(gini))},
    {"pgskew_variation_ratio", "ratio", "Coefficient of variation: standard deviation over mean.", REAL, get_double, BOTH(CHUNK_MEASURE(cv), SIZE_MEASURE(cv))},
    {"pgskew_max_over_mean_ratio", "ratio", "The fullest partition over the mean.", REAL, get_double, BOTH(CHUNK_MEASURE(max_over_mean), SIZE_MEASURE(max_over_mean))},
    {"pgskew_effective_partitions", NULL, "As concentrated as so many even partitions.", REAL, get_double, BOTH(CHUNK_MEASURE(effective_partitions), SIZE_MEASURE(effective_partitions))},
    {"pgskew_noise_floor_ratio", "ratio", "Smallest skew that chance does not explain.", REAL, get_noise, BOTH(RESULT(noise.chunk_floor), RESULT(noise.size_floor))},
    {"pgskew_design_effect", NULL, "Rows that move from partition to partition as one.", REAL, get_noise, ONE(RESULT(noise.design_effect))},
    {"pgskew_stray_chunks", NULL, "Rows outside the numbered partitions.", WHOLE, get_stray, ONE(PGS_CHUNK_COUNT)},
    {"pgskew_stray_size_bytes", "bytes", "Bytes outside the numbered partitions.", WHOLE, get_stray, ONE(PGS_SIZE_BYTES)},
};

static const family OF_PARTITIONS[] = {
    {"pgskew_partition_status", NULL, "Health of the partition: 0 healthy, 1 warning, 2 unbalanced.", WHOLE, get_status, ONE(0)},
    {"pgskew_partition_skew_ratio", "ratio", "Distance of the partition from an even share, over that share.", REAL, get_metric, BOTH(PGS_CHUNK_SKEW, PGS_SIZE_SKEW)},
    {"pgskew_partition_signed_skew_ratio", "ratio", "Skew of the rows, negative below an even share.", REAL, get_signed_skew, ONE(0)},
    {"pgskew_partition_above_noise", NULL, "Whether the skew is more than chance explains: 1 or 0.", WHOLE, get_above, BOTH(PGS_CHUNK_SKEW, PGS_SIZE_SKEW)},
    {"pgskew_partition_chunks", NULL, "Rows of the partition.", WHOLE, get_metric, ONE(PGS_CHUNK_COUNT)},
    {"pgskew_partition_recent_chunks", NULL, "Rows that were created in the last hour, day and week.", WHOLE, get_metric,
     {{"window=\"1h\"", PGS_CHUNKS_LAST_HOUR}, {"window=\"1d\"", PGS_CHUNKS_LAST_DAY}, {"window=\"7d\"", PGS_CHUNKS_LAST_WEEK}}},
    {"pgskew_partition_documents", NULL, "Distinct documents in the partition.", WHOLE, get_metric, ONE(PGS_DOCUMENT_COUNT)},
    {"pgskew_partition_collections", NULL, "Distinct collections in the partition.", WHOLE, get_metric, ONE(PGS_COLLECTION_COUNT)},
    {"pgskew_partition_size_bytes", "bytes", "Bytes of the partition on disk, with indexes and TOAST.", WHOLE, get_metric, ONE(PGS_SIZE_BYTES)},
    {"pgskew_partition_part_size_bytes", "bytes", "Bytes of what a partition consists of.", WHOLE, get_metric,
     {{"part=\"table\"", PGS_TABLE_BYTES}, {"part=\"indexes\"", PGS_INDEX_BYTES}, {"part=\"toast\"", PGS_TOAST_BYTES}}},
    {"pgskew_partition_newest_chunk_timestamp_seconds", "seconds", "When the newest row was created, since 1970 UTC.", SECONDS, get_metric, ONE(PGS_LAST_CREATED_AT)},
    {"pgskew_partition_tuples", NULL, "Live and dead tuples, by the server's statistics.", WHOLE, get_metric,
     {{"state=\"live\"", PGS_LIVE_TUPLES}, {"state=\"dead\"", PGS_DEAD_TUPLES}}},
    {"pgskew_partition_last_vacuum_timestamp_seconds", "seconds", "When the partition was vacuumed by hand, since 1970 UTC.", SECONDS, get_metric, ONE(PGS_LAST_VACUUM)},
    {"pgskew_partition_last_autovacuum_timestamp_seconds", "seconds", "When the server vacuumed the partition, since 1970 UTC.", SECONDS, get_metric, ONE(PGS_LAST_AUTOVACUUM)},
    {"pgskew_partition_last_analyze_timestamp_seconds", "seconds", "When the partition was analyzed, since 1970 UTC.", SECONDS, get_metric, ONE(PGS_LAST_ANALYZE)},
};

/* They only grow until the server's statistics are reset. */
static const family OF_WRITES[] = {
    {"pgskew_partition_written_tuples_total", NULL, "Tuples inserted, updated and deleted since the server's statistics were reset.", WHOLE, get_metric,
     {{"kind=\"inserted\"", PGS_TUPLES_INSERTED}, {"kind=\"updated\"", PGS_TUPLES_UPDATED}, {"kind=\"deleted\"", PGS_TUPLES_DELETED}}},
};
// clang-format on

/* ---- labels ---- */

static void empty(pgs_buf *buf) {
    buf->n = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Append name="value", visible on one line, and with what the format needs escaped. */
static void add_label(pgs_buf *labels, const char *name, const char *value) {
    pgs_buf shown = {0};
    if (!value)
        return;
    pgs_text_escape(&shown, value);
    pgs_buf_format(labels, "%s%s=\"", labels->n > 0 ? "," : "", name);
    for (const char *s = pgs_buf_view(&shown); *s; s++) {
        if (*s == '\\' || *s == '"')
            pgs_buf_text(labels, "\\");
        pgs_buf_bytes(labels, s, 1);
    }
    pgs_buf_text(labels, "\"");
    labels->failed |= shown.failed;
    pgs_buf_reset(&shown);
}

static void add_number(pgs_buf *labels, const char *name, int64_t number) {
    char digits[PGS_NUM_TEXT_MAX];
    add_label(labels, name, pgs_int_format(number, digits));
}

static void add_common_labels(sheet *s) {
    const pgs_snapshot_head *head = &s->input->snapshot->head;
    add_label(&s->common, "database", head->database);
    add_label(&s->common, "table", head->table_name);
    add_label(&s->common, "source", head->source);
}

/* Whether every partition has a name, and each shows as itself. */
static bool has_plain_names(const pgs_snapshot *snap) {
    bool plain = true;
    pgs_buf shown = {0};
    for (size_t p = 0; plain && p < snap->head.n_parts; p++) {
        const char *name = snap->part[p].name;
        empty(&shown);
        pgs_text_escape(&shown, name ? name : "");
        plain = name && !shown.failed && strcmp(pgs_buf_view(&shown), name) == 0;
    }
    pgs_buf_reset(&shown);
    return plain;
}

static void start_labels(sheet *s, const pgs_partition *part) {
    empty(&s->labels);
    pgs_buf_text(&s->labels, pgs_buf_view(&s->common));
    if (part && s->by_name)
        add_label(&s->labels, "partition", part->name);
    else if (part)
        add_number(&s->labels, "partition", part->num);
}

/* ---- lines ---- */

static void put_head(const sheet *s, const char *name, const char *unit, const char *help,
                     bool gauge) {
    if (gauge)
        fprintf(s->out, "# TYPE %s gauge\n", name);
    if (unit)
        fprintf(s->out, "# UNIT %s %s\n", name, unit);
    fprintf(s->out, "# HELP %s %s\n", name, help);
}

static void put_number(FILE *out, double value, spelling as) {
    char text[PGS_NUM_TEXT_MAX];
    if (isinf(value)) {
        fputs(value > 0 ? "+Inf" : "-Inf", out);
    } else if (as == REAL) {
        fputs(pgs_num_format(value, text), out);
    } else {
        int64_t whole = (int64_t)value, micros = as == SECONDS ? whole % MICROS : 0;
        fputs(pgs_int_format(as == SECONDS ? whole / MICROS : whole, text), out);
        if (micros != 0)
            fprintf(out, ".%06" PRId64, micros < 0 ? -micros : micros);
    }
    putc('\n', out);
}

/* The samples of one series of a family: one for each partition, or one for the table. */
static void put_series(sheet *s, const family *f, size_t series, bool of_table, bool gauge,
                       bool *begun) {
    const pgs_snapshot *snap = s->input->snapshot;
    const char *label = f->series[series].label;
    for (size_t p = 0; p < (of_table ? 1 : snap->head.n_parts) && !ferror(s->out); p++) {
        double value = f->get(s->input, p, f->series[series].where);
        if (isnan(value))
            continue;
        if (!*begun)
            put_head(s, f->name, f->unit, f->help, gauge);
        *begun = true;
        start_labels(s, of_table ? NULL : &snap->part[p]);
        pgs_buf_format(&s->labels, "%s%s", *label && s->labels.n > 0 ? "," : "", label);
        fprintf(s->out, "%s{%s} ", f->name, pgs_buf_view(&s->labels));
        put_number(s->out, value, f->spelling);
    }
}

static void put_families(sheet *s, const family *families, size_t n, bool of_table, bool gauge) {
    for (size_t i = 0; i < n; i++) {
        bool begun = false;
        for (size_t k = 0; k < MAX_SERIES && families[i].series[k].label; k++)
            put_series(s, &families[i], k, of_table, gauge, &begun);
    }
}

static void put_info(sheet *s, const char *name) {
    fprintf(s->out, "%s{%s} 1\n", name, pgs_buf_view(&s->labels));
}

static void put_snapshot_info(sheet *s) {
    static const char NAME[] = "pgskew_snapshot_info";
    const pgs_snapshot *snap = s->input->snapshot;
    put_head(s, NAME, NULL, "Where the snapshot comes from.", true);
    start_labels(s, NULL);
    add_label(&s->labels, "system_identifier", snap->head.system_identifier);
    add_label(&s->labels, "server_version", snap->server_version);
    add_label(&s->labels, "counts", snap->head.counts == PGS_COUNTS_EXACT ? "exact" : "estimate");
    put_info(s, NAME);
}

static void put_partition_info(sheet *s) {
    static const char NAME[] = "pgskew_partition_info";
    const pgs_snapshot *snap = s->input->snapshot;
    if (snap->head.n_parts > 0)
        put_head(s, NAME, NULL, "Number and name of the partition.", true);
    for (size_t p = 0; p < snap->head.n_parts && !ferror(s->out); p++) {
        start_labels(s, &snap->part[p]);
        add_number(&s->labels, "number", snap->part[p].num);
        add_label(&s->labels, "name", snap->part[p].name);
        put_info(s, NAME);
    }
}

pgs_status pgs_openmetrics_write(FILE *out, const pgs_report_input *input, pgs_err *err) {
    sheet s = {.out = out, .input = input, .by_name = has_plain_names(input->snapshot)};
    add_common_labels(&s);
    put_snapshot_info(&s);
    put_families(&s, OF_TABLE, PGS_COUNT_OF(OF_TABLE), true, true);
    put_partition_info(&s);
    put_families(&s, OF_PARTITIONS, PGS_COUNT_OF(OF_PARTITIONS), false, true);
    put_families(&s, OF_WRITES, PGS_COUNT_OF(OF_WRITES), false, false);
    fputs("# EOF\n", out);
    bool failed = s.common.failed || s.labels.failed;
    pgs_buf_reset(&s.common);
    pgs_buf_reset(&s.labels);
    return failed ? pgs_no_memory(err) : PGS_OK;
}
