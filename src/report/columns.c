/* The columns of every view, as data. A column knows its key for machines, its heading for
 * people, what its values mean, and how to fetch one: a getter plus an offset into the row's
 * struct (or a metric). */
#include <math.h>
#include <string.h>

#include "report/columns.h"

/* ---- getters ---- */

static const void *field(const pgs_grid *grid, const pgs_column *column, size_t row) {
    return grid->base + row * grid->stride + column->where;
}

static void put_number(double value, pgs_cell *out) {
    out->observed = isfinite(value);
    out->number = value;
    if (out->observed && fabs(value) < 9.2e18)
        out->integer = (int64_t)value; /* for the looks of whole numbers, which are whole */
}

static void put_text(const char *text, pgs_cell *out) {
    out->observed = text != NULL;
    out->text = text;
}

static void put_integer(int64_t value, bool observed, pgs_cell *out) {
    out->observed = observed;
    out->integer = value;
}

void pgs_get_double(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    double value;
    memcpy(&value, field(grid, column, row), sizeof value);
    put_number(value, out);
}

void pgs_get_int64(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    int64_t value;
    memcpy(&value, field(grid, column, row), sizeof value);
    put_integer(value, value != PGS_TIME_NONE, out);
}

void pgs_get_size(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    size_t value;
    memcpy(&value, field(grid, column, row), sizeof value);
    put_integer((int64_t)value, true, out);
}

/* A count whose zero says that nobody looked. */
static void get_size_seen(const pgs_grid *grid, const pgs_column *column, size_t row,
                          pgs_cell *out) {
    pgs_get_size(grid, column, row, out);
    out->observed = out->integer > 0;
}

void pgs_get_text(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    const char *text;
    memcpy(&text, field(grid, column, row), sizeof text);
    put_text(text, out);
}

/* Text that is inside the struct itself. */
static void get_array(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    put_text(field(grid, column, row), out);
}

static void get_metric(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    put_number(grid->snapshot->metric[column->where][row], out);
}

/* Seconds from a time to the moment of the snapshot. The difference of two whole numbers below
 * 2^53 is exact, so the division rounds once: the nearest double to the decimal. */
static void put_age(const pgs_snapshot *snapshot, double then_us, pgs_cell *out) {
    int64_t now_us = snapshot->head.taken_us;
    put_number(now_us == PGS_TIME_NONE ? NAN : ((double)now_us - then_us) / 1e6, out);
}

static void get_metric_age(const pgs_grid *grid, const pgs_column *column, size_t row,
                           pgs_cell *out) {
    put_age(grid->snapshot, grid->snapshot->metric[column->where][row], out);
}

static void get_signed_skew(const pgs_grid *grid, const pgs_column *column, size_t row,
                            pgs_cell *out) {
    (void)column;
    put_number(grid->result->signed_skew ? grid->result->signed_skew[row] : NAN, out);
}

static void get_above_noise(const pgs_grid *grid, const pgs_column *column, size_t row,
                            pgs_cell *out) {
    (void)column;
    const pgs_noise *noise = &grid->result->noise;
    bool judged = !isnan(noise->chunk_floor) || !isnan(noise->size_floor);
    bool known = judged && grid->snapshot->health[row] != PGS_UNMEASURED;
    put_integer(known && pgs_noise_is_exceeded(noise, row), known, out);
}

static void get_double_age(const pgs_grid *grid, const pgs_column *column, size_t row,
                           pgs_cell *out) {
    pgs_get_double(grid, column, row, out);
    put_age(grid->snapshot, out->number, out);
}

void pgs_get_health(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    static const pgs_tone TONE[PGS_HEALTH_STATUS_COUNT] = {
        [PGS_HEALTHY] = PGS_TONE_GOOD,       [PGS_WARNING] = PGS_TONE_WARNING,
        [PGS_UNBALANCED] = PGS_TONE_BAD,     [PGS_CRITICAL] = PGS_TONE_BAD,
        [PGS_UNMEASURED] = PGS_TONE_WARNING,
    };
    pgs_health_status status;
    memcpy(&status, field(grid, column, row), sizeof status);
    put_text(pgs_health_status_name(status), out);
    out->tone = TONE[status];
}

/* The same for people, who deserve a word for what machines get as null. */
void pgs_get_health_word(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    pgs_get_health(grid, column, row, out);
    if (!out->observed)
        put_text("UNMEASURED", out);
}

void pgs_get_skew_status(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    static const pgs_tone TONE[PGS_SKEW_STATUS_COUNT] = {
        [PGS_SKEW_NORMAL] = PGS_TONE_GOOD,
        [PGS_SKEW_WARNING] = PGS_TONE_WARNING,
        [PGS_SKEW_CRITICAL] = PGS_TONE_BAD,
        [PGS_SKEW_UNKNOWN] = PGS_TONE_PLAIN,
    };
    pgs_skew_status status;
    memcpy(&status, field(grid, column, row), sizeof status);
    put_text(pgs_skew_status_name(status), out);
    out->tone = TONE[status];
}

/* A skew, or a number of partitions that is a float for machines. */
void pgs_get_skew_value(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    pgs_get_double(grid, column, row, out);
    if (row == PGS_SKEW_PARTITION_HEALTH || row == PGS_SKEW_HOT_PARTITIONS)
        out->look = PGS_AS_WHOLE;
}

static void get_priority(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    pgs_priority priority;
    memcpy(&priority, field(grid, column, row), sizeof priority);
    put_text(pgs_priority_name(priority), out);
    out->tone = priority == PGS_PRIORITY_HIGH ? PGS_TONE_BAD : PGS_TONE_WARNING;
}

static void get_counts(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    pgs_counts counts;
    memcpy(&counts, field(grid, column, row), sizeof counts);
    put_text(counts == PGS_COUNTS_ESTIMATE ? "estimate" : "exact", out);
}

/* ---- columns ---- */

#define PART(member)       offsetof(pgs_partition, member)
#define HEALTH(member)     offsetof(pgs_partition_health, member)
#define SKEW(member)       offsetof(pgs_skew_metric, member)
#define TOTAL(member)      offsetof(pgs_collection_total, member)
#define STATISTICS(member) offsetof(pgs_statistics, member)
#define ONE(member)        offsetof(pgs_partition_statistics, member)
#define ADVICE(member)     offsetof(pgs_recommendation, member)
#define HEAD(member)       offsetof(pgs_snapshot_head, member)
#define DETAIL(member)     offsetof(pgs_alert_detail, member)
#define MEASURE(member)    offsetof(pgs_measures, member)

// clang-format off
static const pgs_column HEALTH_COLUMNS[] = {
    {"partition_num",    "partition",      PGS_AS_ID,    pgs_get_int64,  HEALTH(partition_num)},
    {"chunk_count",      "chunks",         PGS_AS_COUNT, pgs_get_double, HEALTH(chunk_count)},
    {"total_chunks",     "total chunks",   PGS_AS_COUNT, pgs_get_double, HEALTH(total_chunks)},
    {"chunk_percentage", "chunk %",        PGS_AS_REAL,  pgs_get_double, HEALTH(chunk_percentage)},
    {"size_percentage",  "size %",         PGS_AS_REAL,  pgs_get_double, HEALTH(size_percentage)},
    {"health_status",    "status",         PGS_AS_TEXT,  pgs_get_health, HEALTH(health_status)},
    {"chunk_skew",       "chunk skew",     PGS_AS_FINE,  pgs_get_double, HEALTH(chunk_skew)},
    {"size_skew",        "size skew",      PGS_AS_FINE,  pgs_get_double, HEALTH(size_skew)},
    {"recommendation",   "recommendation", PGS_AS_TEXT,  pgs_get_text,   HEALTH(recommendation)},
};

static const pgs_column HEALTH_READ[] = {
    {"partition_name",    "name",          PGS_AS_TEXT,  pgs_get_text,   HEALTH(partition_name)},
    {"partition_num",    "partition",      PGS_AS_ID,    pgs_get_int64,  HEALTH(partition_num)},
    {"chunk_count",      "chunks",         PGS_AS_COUNT, pgs_get_double, HEALTH(chunk_count)},
    {"size_bytes",       "size",           PGS_AS_BYTES, pgs_get_double, HEALTH(size_bytes)},
    {"chunk_percentage", "chunk %",        PGS_AS_REAL,  pgs_get_double, HEALTH(chunk_percentage)},
    {"size_percentage",  "size %",         PGS_AS_REAL,  pgs_get_double, HEALTH(size_percentage)},
    {"health_status",    "status",         PGS_AS_TEXT,  pgs_get_health_word, HEALTH(health_status)},
    {"recommendation",   "recommendation", PGS_AS_TEXT,  pgs_get_text,   HEALTH(recommendation)},
};

static const pgs_column SUMMARY_COLUMNS[] = {
    {"partition_num",    "partition",  PGS_AS_ID,   pgs_get_int64,  HEALTH(partition_num)},
    {"health_status",    "status",     PGS_AS_TEXT, pgs_get_health, HEALTH(health_status)},
    {"chunk_percentage", "chunk %",    PGS_AS_REAL, pgs_get_double, HEALTH(chunk_percentage)},
    {"chunk_skew",       "chunk skew", PGS_AS_FINE, pgs_get_double, HEALTH(chunk_skew)},
};

static const pgs_column SUMMARY_READ[] = {
    {"partition_name",    "name",          PGS_AS_TEXT,  pgs_get_text,   HEALTH(partition_name)},
    {"partition_num",    "partition",  PGS_AS_ID,   pgs_get_int64,  HEALTH(partition_num)},
    {"health_status",    "status",     PGS_AS_TEXT, pgs_get_health_word, HEALTH(health_status)},
    {"chunk_percentage", "chunk %",    PGS_AS_REAL, pgs_get_double, HEALTH(chunk_percentage)},
    {"chunk_skew",       "chunk skew", PGS_AS_FINE, pgs_get_double, HEALTH(chunk_skew)},
    {"size_percentage",  "size %",     PGS_AS_REAL, pgs_get_double, HEALTH(size_percentage)},
    {"size_skew",        "size skew",  PGS_AS_FINE, pgs_get_double, HEALTH(size_skew)},
};

static const pgs_column DISTRIBUTION_COLUMNS[] = {
    {"partition_num",      "partition",    PGS_AS_ID,      pgs_get_int64,  PART(num)},
    {"chunk_count",        "chunks",       PGS_AS_COUNT,   get_metric, PGS_CHUNK_COUNT},
    {"document_count",     "documents",    PGS_AS_COUNT,   get_metric, PGS_DOCUMENT_COUNT},
    {"collection_count",   "collections",  PGS_AS_COUNT,   get_metric, PGS_COLLECTION_COUNT},
    {"avg_tokens",         "avg tokens",   PGS_AS_REAL,    get_metric, PGS_AVG_TOKENS},
    {"chunk_percentage",   "chunk %",      PGS_AS_REAL,    get_metric, PGS_CHUNK_PERCENTAGE},
    {"oldest_chunk_at",    "oldest chunk", PGS_AS_TIME,    get_metric, PGS_OLDEST_CREATED_AT},
    {"newest_chunk_at",    "newest chunk", PGS_AS_TIME,    get_metric, PGS_LAST_CREATED_AT},
    {"oldest_age_seconds", "oldest age",   PGS_AS_SECONDS, get_metric_age, PGS_OLDEST_CREATED_AT},
    {"newest_age_seconds", "newest age",   PGS_AS_SECONDS, get_metric_age, PGS_LAST_CREATED_AT},
    {"signed_skew",        "skew",         PGS_AS_FINE,    get_signed_skew, 0},
    {"above_noise_floor",  "above noise",  PGS_AS_FLAG,    get_above_noise, 0},
};

static const pgs_column DISTRIBUTION_READ[] = {
    {"partition_name",    "name",          PGS_AS_TEXT,  pgs_get_text,   PART(name)},
    {"partition_num",      "partition",    PGS_AS_ID,      pgs_get_int64,  PART(num)},
    {"chunk_count",        "chunks",       PGS_AS_COUNT,   get_metric, PGS_CHUNK_COUNT},
    {"chunk_percentage",   "chunk %",      PGS_AS_REAL,    get_metric, PGS_CHUNK_PERCENTAGE},
    {"signed_skew",        "skew",         PGS_AS_FINE,    get_signed_skew, 0},
    {"above_noise_floor",  "above noise",  PGS_AS_FLAG,    get_above_noise, 0},
    {"document_count",     "documents",    PGS_AS_COUNT,   get_metric, PGS_DOCUMENT_COUNT},
    {"collection_count",   "collections",  PGS_AS_COUNT,   get_metric, PGS_COLLECTION_COUNT},
    {"avg_tokens",         "avg tokens",   PGS_AS_REAL,    get_metric, PGS_AVG_TOKENS},
    {"oldest_age_seconds", "oldest age",   PGS_AS_SECONDS, get_metric_age, PGS_OLDEST_CREATED_AT},
    {"newest_age_seconds", "newest age",   PGS_AS_SECONDS, get_metric_age, PGS_LAST_CREATED_AT},
};

static const pgs_column SIZES_COLUMNS[] = {
    {"partition_num",   "partition",     PGS_AS_ID,     pgs_get_int64,  PART(num)},
    {"size_bytes",      "size",          PGS_AS_BYTES,  get_metric, PGS_SIZE_BYTES},
    {"size_pretty",     "size",          PGS_AS_PRETTY, get_metric, PGS_SIZE_BYTES},
    {"size_percentage", "size %",        PGS_AS_REAL,   get_metric, PGS_SIZE_PERCENTAGE},
    {"row_estimate",    "rows (est.)",   PGS_AS_COUNT,  get_metric, PGS_ROW_ESTIMATE},
    {"partition_name",  "name",          PGS_AS_TEXT,   pgs_get_text,   PART(name)},
    {"table_bytes",     "table",         PGS_AS_BYTES,  get_metric, PGS_TABLE_BYTES},
    {"index_bytes",     "indexes",       PGS_AS_BYTES,  get_metric, PGS_INDEX_BYTES},
    {"toast_bytes",     "toast",         PGS_AS_BYTES,  get_metric, PGS_TOAST_BYTES},
};

static const pgs_column SIZES_READ[] = {
    {"partition_name",  "name",          PGS_AS_TEXT,   pgs_get_text,   PART(name)},
    {"partition_num",   "partition",     PGS_AS_ID,     pgs_get_int64,  PART(num)},
    {"size_bytes",      "size",          PGS_AS_BYTES,  get_metric, PGS_SIZE_BYTES},
    {"size_percentage", "size %",        PGS_AS_REAL,   get_metric, PGS_SIZE_PERCENTAGE},
    {"table_bytes",     "table",         PGS_AS_BYTES,  get_metric, PGS_TABLE_BYTES},
    {"index_bytes",     "indexes",       PGS_AS_BYTES,  get_metric, PGS_INDEX_BYTES},
    {"toast_bytes",     "toast",         PGS_AS_BYTES,  get_metric, PGS_TOAST_BYTES},
    {"row_estimate",    "rows (est.)",   PGS_AS_COUNT,  get_metric, PGS_ROW_ESTIMATE},
};

static const pgs_column HOT_READ[] = {
    {"partition_name",    "name",          PGS_AS_TEXT,  pgs_get_text,   PART(name)},
    {"partition_num",    "partition", PGS_AS_ID,    pgs_get_int64,  PART(num)},
    {"chunks_last_hour", "last hour", PGS_AS_COUNT, get_metric, PGS_CHUNKS_LAST_HOUR},
    {"chunks_last_day",  "last day",  PGS_AS_COUNT, get_metric, PGS_CHUNKS_LAST_DAY},
    {"chunks_last_week", "last week", PGS_AS_COUNT, get_metric, PGS_CHUNKS_LAST_WEEK},
    {"hour_percentage",  "hour %",    PGS_AS_REAL,  get_metric, PGS_HOUR_PERCENTAGE},
    {"day_percentage",   "day %",     PGS_AS_REAL,  get_metric, PGS_DAY_PERCENTAGE},
    {"week_percentage",  "week %",    PGS_AS_REAL,  get_metric, PGS_WEEK_PERCENTAGE},
};

static const pgs_column SKEW_COLUMNS[] = {
    {"metric",  "metric",  PGS_AS_TEXT,  pgs_get_text,        SKEW(metric)},
    {"value",   "value",   PGS_AS_FINE,  pgs_get_skew_value,  SKEW(value)},
    {"status",  "status",  PGS_AS_TEXT,  pgs_get_skew_status, SKEW(status)},
    {"details", "details", PGS_AS_TEXT,  get_array,       SKEW(details)},
};

static const pgs_column COLLECTIONS_COLUMNS[] = {
    {"id",                   "id",           PGS_AS_TEXT,  pgs_get_text,   TOTAL(id)},
    {"name",                 "collection",   PGS_AS_TEXT,  pgs_get_text,   TOTAL(name)},
    {"chunked_documents",    "documents",    PGS_AS_COUNT, pgs_get_double, TOTAL(chunked_documents)},
    {"total_chunks",         "chunks",       PGS_AS_COUNT, pgs_get_double, TOTAL(total_chunks)},
    {"avg_tokens_per_chunk", "avg tokens",   PGS_AS_REAL,  pgs_get_double, TOTAL(avg_tokens_per_chunk)},
    {"last_chunk_created",   "newest chunk", PGS_AS_TIME,  pgs_get_double, TOTAL(last_chunk_created)},
    {"partitions",           "partitions",   PGS_AS_COUNT, get_size_seen, TOTAL(n_partitions)},
};

static const pgs_column COLLECTIONS_READ[] = {
    {"name",                 "collection",   PGS_AS_TEXT,  pgs_get_text,   TOTAL(name)},
    {"total_chunks",         "chunks",       PGS_AS_COUNT, pgs_get_double, TOTAL(total_chunks)},
    {"chunked_documents",    "documents",    PGS_AS_COUNT, pgs_get_double, TOTAL(chunked_documents)},
    {"avg_tokens_per_chunk", "avg tokens",   PGS_AS_REAL,  pgs_get_double, TOTAL(avg_tokens_per_chunk)},
    {"partitions",           "partitions",   PGS_AS_COUNT, get_size_seen, TOTAL(n_partitions)},
    {"newest_age_seconds",   "newest age",   PGS_AS_SECONDS, get_double_age,
     TOTAL(last_chunk_created)},
    {"id",                   "id",           PGS_AS_TEXT,  pgs_get_text,   TOTAL(id)},
};

static const pgs_column STATISTICS_COLUMNS[] = {
    {"partition_count", "partitions",       PGS_AS_COUNT, pgs_get_size,   STATISTICS(partition_count)},
    {"total_chunks",    "chunks",           PGS_AS_COUNT, pgs_get_double, STATISTICS(total_chunks)},
    {"total_size_mb",   "size in MB",       PGS_AS_FINE,  pgs_get_double, STATISTICS(total_size_mb)},
    {"avg_chunks_per_partition", "chunks/partition", PGS_AS_REAL, pgs_get_double,
     STATISTICS(avg_chunks_per_partition)},
    {"chunk_count_stddev", "std. deviation", PGS_AS_REAL, pgs_get_double,
     STATISTICS(chunk_count_stddev)},
};

static const pgs_column PARTITION_COLUMNS[] = {
    {"partition_num",     "partition",       PGS_AS_ID,    pgs_get_int64,  ONE(partition_num)},
    {"chunk_count",       "chunks",          PGS_AS_COUNT, pgs_get_double, ONE(chunk_count)},
    {"total_size_mb",     "size in MB",      PGS_AS_FINE,  pgs_get_double, ONE(total_size_mb)},
    {"avg_chunk_size_kb", "chunk size in kB", PGS_AS_FINE, pgs_get_double, ONE(avg_chunk_size_kb)},
    {"created_at",        "newest chunk",    PGS_AS_TIME,  pgs_get_double, ONE(created_at)},
};

static const pgs_column RECOMMENDATIONS_COLUMNS[] = {
    {"partition",    "partition", PGS_AS_ID,   pgs_get_int64,    ADVICE(partition_num)},
    {"reason",       "reason",    PGS_AS_TEXT, pgs_get_text,     ADVICE(reason)},
    {"current_skew", "skew",      PGS_AS_FINE, pgs_get_double,   ADVICE(current_skew)},
    {"action",       "action",    PGS_AS_TEXT, pgs_get_text,     ADVICE(action)},
    {"priority",     "priority",  PGS_AS_TEXT, get_priority, ADVICE(priority)},
};

static const pgs_column RECOMMENDATIONS_READ[] = {
    {"partition_name",    "name",          PGS_AS_TEXT,  pgs_get_text,   ADVICE(partition_name)},
    {"partition",    "partition", PGS_AS_ID,   pgs_get_int64,    ADVICE(partition_num)},
    {"current_skew", "skew",      PGS_AS_FINE, pgs_get_double,   ADVICE(current_skew)},
    {"priority",     "priority",  PGS_AS_TEXT, get_priority, ADVICE(priority)},
    {"reason",       "reason",    PGS_AS_TEXT, pgs_get_text,     ADVICE(reason)},
    {"action",       "action",    PGS_AS_TEXT, pgs_get_text,     ADVICE(action)},
};

static const pgs_column MEASURES_COLUMNS[] = {
    {"variance",             "variance",                 PGS_AS_REAL, pgs_get_double, MEASURE(variance)},
    {"cv",                   "coefficient of variation", PGS_AS_FINE, pgs_get_double, MEASURE(cv)},
    {"gini",                 "Gini coefficient",         PGS_AS_FINE, pgs_get_double, MEASURE(gini)},
    {"normalized_entropy",   "normalized entropy",       PGS_AS_FINE, pgs_get_double,
     MEASURE(normalized_entropy)},
    {"hhi",                  "Herfindahl-Hirschman",     PGS_AS_FINE, pgs_get_double, MEASURE(hhi)},
    {"effective_partitions", "effective partitions",     PGS_AS_REAL, pgs_get_double,
     MEASURE(effective_partitions)},
    {"jain",                 "Jain's fairness",          PGS_AS_FINE, pgs_get_double, MEASURE(jain)},
    {"max_over_mean",        "max/mean",                 PGS_AS_FINE, pgs_get_double,
     MEASURE(max_over_mean)},
    {"dispersion_index",     "dispersion index",         PGS_AS_REAL, pgs_get_double,
     MEASURE(dispersion_index)},
    {"equal_keys",           "as many equal keys",       PGS_AS_REAL, pgs_get_double,
     MEASURE(equal_keys)},
    {"signed_skew_max",      "largest skew",             PGS_AS_FINE, pgs_get_double,
     MEASURE(signed_skew_max)},
    {"signed_skew_min",      "smallest skew",            PGS_AS_FINE, pgs_get_double,
     MEASURE(signed_skew_min)},
};

/* The same, turned: the columns above are the rows here. */
static void get_measure_name(const pgs_grid *grid, const pgs_column *column, size_t row,
                             pgs_cell *out) {
    (void)grid;
    (void)column;
    put_text(MEASURES_COLUMNS[row].heading, out);
}

static void get_measure(const pgs_grid *grid, const pgs_column *column, size_t row,
                        pgs_cell *out) {
    pgs_grid turned = {.base = (const char *)grid->result->measures,
                       .stride = sizeof(pgs_measures)};
    const pgs_column *measure = &MEASURES_COLUMNS[row];
    out->look = measure->look;
    measure->get(&turned, measure, column->where, out);
}

static const pgs_column MEASURES_READ[] = {
    {"measure", "measure", PGS_AS_TEXT, get_measure_name, 0},
    {"chunks",  "chunks",  PGS_AS_REAL, get_measure,      PGS_MEASURED_CHUNKS},
    {"sizes",   "bytes",   PGS_AS_REAL, get_measure,      PGS_MEASURED_SIZES},
};

static const pgs_column LIST_COLUMNS[] = {
    {"path",              "file",       PGS_AS_TEXT,  pgs_get_text,   HEAD(path)},
    {"table_name",        "table",      PGS_AS_TEXT,  pgs_get_text,   HEAD(table_name)},
    {"database",          "database",   PGS_AS_TEXT,  pgs_get_text,   HEAD(database)},
    {"system_identifier", "system",     PGS_AS_TEXT,  pgs_get_text,   HEAD(system_identifier)},
    {"source",            "source",     PGS_AS_TEXT,  pgs_get_text,   HEAD(source)},
    {"taken_at",          "taken at",   PGS_AS_TIME,  pgs_get_int64,  HEAD(taken_us)},
    {"partition_count",   "partitions", PGS_AS_COUNT, pgs_get_size,   HEAD(n_parts)},
    {"counts",            "counts",     PGS_AS_TEXT,  get_counts, HEAD(counts)},
};

static const pgs_column LIST_READ[] = {
    {"taken_at",          "taken at",   PGS_AS_TIME,  pgs_get_int64,  HEAD(taken_us)},
    {"table_name",        "table",      PGS_AS_TEXT,  pgs_get_text,   HEAD(table_name)},
    {"database",          "database",   PGS_AS_TEXT,  pgs_get_text,   HEAD(database)},
    {"partition_count",   "partitions", PGS_AS_COUNT, pgs_get_size,   HEAD(n_parts)},
    {"counts",            "counts",     PGS_AS_TEXT,  get_counts, HEAD(counts)},
    {"source",            "source",     PGS_AS_TEXT,  pgs_get_text,   HEAD(source)},
    {"path",              "file",       PGS_AS_TEXT,  pgs_get_text,   HEAD(path)},
};

static const pgs_column UNBALANCED_COLUMNS[] = {
    {"partition",        "partition",      PGS_AS_ID,   pgs_get_int64,  DETAIL(partition_num)},
    {"chunk_percentage", "chunk %",        PGS_AS_REAL, pgs_get_double, DETAIL(chunk_percentage)},
    {"size_percentage",  "size %",         PGS_AS_REAL, pgs_get_double, DETAIL(size_percentage)},
    {"recommendation",   "recommendation", PGS_AS_TEXT, pgs_get_text,   DETAIL(recommendation)},
};

static const pgs_column UNMEASURED_COLUMNS[] = {
    {"partition",      "partition", PGS_AS_ID,   pgs_get_int64, DETAIL(partition_num)},
    {"partition_name", "name",      PGS_AS_TEXT, pgs_get_text,  DETAIL(name)},
};

static const pgs_column STRAYS_COLUMNS[] = {
    {"partition_name", "name",   PGS_AS_TEXT,  pgs_get_text,   DETAIL(name)},
    {"chunk_count",    "chunks", PGS_AS_COUNT, pgs_get_double, DETAIL(chunk_count)},
    {"size_bytes",     "size",   PGS_AS_BYTES, pgs_get_double, DETAIL(size_bytes)},
};

/* ---- shapes ---- */

#define UNNAMED(array) (array) + 1, PGS_COUNT_OF(array) - 1 /* without the name, which is first */

static const pgs_shape SHAPE[PGS_GRID_KIND_COUNT] = {
    [PGS_GRID_HEALTH]               = {PGS_COLUMNS(HEALTH_COLUMNS), PGS_OF_HEALTH},
    [PGS_GRID_DISTRIBUTION]         = {PGS_COLUMNS(DISTRIBUTION_COLUMNS), PGS_OF_PARTS},
    [PGS_GRID_SIZES]                = {PGS_COLUMNS(SIZES_COLUMNS), PGS_OF_PARTS},
    [PGS_GRID_HOT]                  = {UNNAMED(HOT_READ), PGS_OF_PARTS},
    [PGS_GRID_SKEW]                 = {PGS_COLUMNS(SKEW_COLUMNS), PGS_OF_SKEW},
    [PGS_GRID_COLLECTIONS]          = {PGS_COLUMNS(COLLECTIONS_COLUMNS), PGS_OF_COLLECTIONS},
    [PGS_GRID_STATISTICS]           = {PGS_COLUMNS(STATISTICS_COLUMNS), PGS_OF_STATISTICS},
    [PGS_GRID_PARTITION]            = {PGS_COLUMNS(PARTITION_COLUMNS), PGS_OF_PARTITION},
    [PGS_GRID_RECOMMENDATIONS]      = {PGS_COLUMNS(RECOMMENDATIONS_COLUMNS), PGS_OF_ADVICE},
    [PGS_GRID_LIST]                 = {PGS_COLUMNS(LIST_COLUMNS), PGS_OF_HEADS},
    [PGS_GRID_SUMMARY]              = {PGS_COLUMNS(SUMMARY_COLUMNS), PGS_OF_HEALTH},
    [PGS_GRID_HEALTH_READ]          = {PGS_COLUMNS(HEALTH_READ), PGS_OF_HEALTH},
    [PGS_GRID_DISTRIBUTION_READ]    = {PGS_COLUMNS(DISTRIBUTION_READ), PGS_OF_PARTS},
    [PGS_GRID_HOT_READ]             = {PGS_COLUMNS(HOT_READ), PGS_OF_PARTS},
    [PGS_GRID_SIZES_READ]           = {PGS_COLUMNS(SIZES_READ), PGS_OF_PARTS},
    [PGS_GRID_COLLECTIONS_READ]     = {PGS_COLUMNS(COLLECTIONS_READ), PGS_OF_COLLECTIONS},
    [PGS_GRID_RECOMMENDATIONS_READ] = {PGS_COLUMNS(RECOMMENDATIONS_READ), PGS_OF_ADVICE},
    [PGS_GRID_LIST_READ]            = {PGS_COLUMNS(LIST_READ), PGS_OF_HEADS},
    [PGS_GRID_SUMMARY_READ]         = {PGS_COLUMNS(SUMMARY_READ), PGS_OF_HEALTH},
    [PGS_GRID_MEASURES]             = {PGS_COLUMNS(MEASURES_COLUMNS), PGS_OF_MEASURED},
    [PGS_GRID_MEASURES_READ]        = {PGS_COLUMNS(MEASURES_READ), PGS_OF_MEASURES},
    [PGS_GRID_UNBALANCED]           = {PGS_COLUMNS(UNBALANCED_COLUMNS), PGS_OF_DETAILS},
    [PGS_GRID_UNMEASURED]           = {PGS_COLUMNS(UNMEASURED_COLUMNS), PGS_OF_DETAILS},
    [PGS_GRID_STRAYS]               = {PGS_COLUMNS(STRAYS_COLUMNS), PGS_OF_DETAILS},
};
// clang-format on

pgs_shape pgs_shape_of(pgs_grid_kind kind) {
    return SHAPE[kind];
}
