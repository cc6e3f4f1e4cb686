/* The columns of a diff, as data. */
#include <math.h>
#include <string.h>

#include "report/page.h"

#define PART(member)    offsetof(pgs_partition_change, member)
#define TOTAL(member)   offsetof(pgs_total_change, member)
#define SKEW(member)    offsetof(pgs_skew_change, member)
#define FINDING(member) offsetof(pgs_finding, member)

/* ---- getters ---- */

static const pgs_partition_change *part_of(const pgs_grid *grid, size_t row) {
    return (const pgs_partition_change *)(const void *)(grid->base + row * grid->stride);
}

static const pgs_finding *finding_of(const pgs_grid *grid, size_t row) {
    return (const pgs_finding *)(const void *)(grid->base + row * grid->stride);
}

static void put_text(const char *text, pgs_cell *out) {
    out->observed = text != NULL;
    out->text = text;
}

static void get_fate(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    put_text(pgs_fate_name(part_of(grid, row)->fate), out);
}

static void get_rewritten(const pgs_grid *grid, const pgs_column *column, size_t row,
                          pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->integer = part_of(grid, row)->rewritten;
}

/* What became of it, in words; nothing where that is nothing. */
static void get_became(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    static const char *const WORD[PGS_FATE_COUNT][2] = {
        [PGS_FATE_KEPT] = {NULL, "rewritten"},
        [PGS_FATE_RENAMED] = {"renamed", "renamed, rewritten"},
        [PGS_FATE_CAME] = {"came", "came"},
        [PGS_FATE_WENT] = {"went", "went"},
    };
    (void)column;
    put_text(WORD[part_of(grid, row)->fate][part_of(grid, row)->rewritten], out);
}

/* Whether the partition was there at all, at the side that `column` is of. */
static bool is_there(const pgs_grid *grid, const pgs_column *column, size_t row) {
    int side = column->where == PART(status[PGS_AFTER]) ? PGS_AFTER : PGS_BEFORE;
    return part_of(grid, row)->index[side] != SIZE_MAX;
}

static void get_status_word(const pgs_grid *grid, const pgs_column *column, size_t row,
                            pgs_cell *out) {
    if (is_there(grid, column, row))
        pgs_get_health_word(grid, column, row, out);
}

/* A total, whose unit depends on the row: bytes, or a count of something. */
static void get_total(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    pgs_get_int64(grid, column, row, out);
    out->look = row == PGS_DIFF_BYTES ? PGS_AS_BYTES : PGS_AS_COUNT;
}

static void get_total_rate(const pgs_grid *grid, const pgs_column *column, size_t row,
                           pgs_cell *out) {
    pgs_get_double(grid, column, row, out);
    out->look = row == PGS_DIFF_BYTES ? PGS_AS_RATE : PGS_AS_REAL;
}

static void get_total_word(const pgs_grid *grid, const pgs_column *column, size_t row,
                           pgs_cell *out) {
    static const char *const WORD[PGS_DIFF_TOTAL_COUNT] = {
        [PGS_DIFF_CHUNKS] = "chunks",         [PGS_DIFF_BYTES] = "size",
        [PGS_DIFF_PARTITIONS] = "partitions", [PGS_DIFF_HEALTHY] = "healthy",
        [PGS_DIFF_WARNING] = "in warning",    [PGS_DIFF_UNBALANCED] = "unbalanced",
        [PGS_DIFF_UNMEASURED] = "unmeasured",
    };
    (void)grid;
    (void)column;
    put_text(WORD[row], out);
}

static void get_news(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    static const pgs_tone TONE[PGS_NEWS_COUNT] = {
        [PGS_NEW] = PGS_TONE_BAD,
        [PGS_RESOLVED] = PGS_TONE_GOOD,
        [PGS_PERSISTING] = PGS_TONE_PLAIN,
    };
    (void)column;
    put_text(pgs_news_name(finding_of(grid, row)->news), out);
    out->tone = TONE[finding_of(grid, row)->news];
}

static void get_kind(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    put_text(pgs_finding_kind_name(finding_of(grid, row)->kind), out);
}

static void get_severity(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    static const pgs_tone TONE[PGS_SEVERITY_COUNT] = {
        [PGS_SEVERITY_UNKNOWN] = PGS_TONE_PLAIN,
        [PGS_SEVERITY_NONE] = PGS_TONE_GOOD,
        [PGS_SEVERITY_WARNING] = PGS_TONE_WARNING,
        [PGS_SEVERITY_CRITICAL] = PGS_TONE_BAD,
    };
    pgs_severity severity;
    memcpy(&severity, grid->base + row * grid->stride + column->where, sizeof severity);
    put_text(pgs_severity_name(severity), out);
    out->tone = TONE[severity];
}

/* A skew, a percentage or a count: whole where its kind is. */
static void get_finding_value(const pgs_grid *grid, const pgs_column *column, size_t row,
                              pgs_cell *out) {
    pgs_finding_kind kind = finding_of(grid, row)->kind;
    pgs_get_double(grid, column, row, out);
    if (kind == PGS_FINDING_HOT_SPOT)
        out->look = PGS_AS_REAL;
    else if (kind == PGS_FINDING_STRAY)
        out->look = PGS_AS_WHOLE;
}

/* ---- columns ---- */

// clang-format off
#define CHANGE(key, look, rate, at)                                                 \
    {key "_before",   "before",   look,         pgs_get_double, (at) + offsetof(pgs_change, before)},   \
    {key "_after",    "after",    look,         pgs_get_double, (at) + offsetof(pgs_change, after)},    \
    {key "_change",   "change",   look,         pgs_get_double, (at) + offsetof(pgs_change, change)},   \
    {key "_relative", "relative", PGS_AS_RATIO, pgs_get_double, (at) + offsetof(pgs_change, relative)}, \
    {key "_per_day",  "a day",    rate,         pgs_get_double, (at) + offsetof(pgs_change, per_day)}

static const pgs_column PARTITIONS[] = {
    {"partition_num",  "partition", PGS_AS_ID,   pgs_get_int64,  PART(partition_num)},
    {"partition_name", "name",      PGS_AS_TEXT, pgs_get_text,   PART(partition_name)},
    {"name_before",    "was called", PGS_AS_TEXT, pgs_get_text,  PART(name_before)},
    {"fate",           "became",    PGS_AS_TEXT, get_fate,       0},
    {"rewritten",      "rewritten", PGS_AS_FLAG, get_rewritten,  0},
    {"status_before",  "was",       PGS_AS_TEXT, pgs_get_health, PART(status[PGS_BEFORE])},
    {"status_after",   "is",        PGS_AS_TEXT, pgs_get_health, PART(status[PGS_AFTER])},
    CHANGE("chunk_count", PGS_AS_COUNT, PGS_AS_REAL, PART(chunk_count)),
    CHANGE("size_bytes",  PGS_AS_BYTES, PGS_AS_RATE, PART(size_bytes)),
    CHANGE("chunk_skew",  PGS_AS_FINE,  PGS_AS_FINE, PART(chunk_skew)),
    CHANGE("size_skew",   PGS_AS_FINE,  PGS_AS_FINE, PART(size_skew)),
};

static const pgs_column PARTITIONS_READ[] = {
    {"partition_name", "name",       PGS_AS_TEXT,  pgs_get_text,    PART(partition_name)},
    {"partition_num",  "partition",  PGS_AS_ID,    pgs_get_int64,   PART(partition_num)},
    {"became",         "became",     PGS_AS_TEXT,  get_became,      0},
    {"status_before",  "was",        PGS_AS_TEXT,  get_status_word, PART(status[PGS_BEFORE])},
    {"status_after",   "is",         PGS_AS_TEXT,  get_status_word, PART(status[PGS_AFTER])},
    {"chunks",         "chunks",     PGS_AS_COUNT, pgs_get_double,  PART(chunk_count.after)},
    {"chunk_change",   "change",     PGS_AS_COUNT, pgs_get_double,  PART(chunk_count.change)},
    {"chunk_relative", "in %",       PGS_AS_RATIO, pgs_get_double,  PART(chunk_count.relative)},
    {"chunk_per_day",  "a day",      PGS_AS_REAL,  pgs_get_double,  PART(chunk_count.per_day)},
    {"size",           "size",       PGS_AS_BYTES, pgs_get_double,  PART(size_bytes.after)},
    {"size_change",    "change",     PGS_AS_BYTES, pgs_get_double,  PART(size_bytes.change)},
    {"chunk_skew",     "chunk skew", PGS_AS_FINE,  pgs_get_double,  PART(chunk_skew.after)},
    {"skew_change",    "change",     PGS_AS_FINE,  pgs_get_double,  PART(chunk_skew.change)},
};

static const pgs_column TOTALS[] = {
    {"metric",   "metric",   PGS_AS_TEXT,  pgs_get_text,   TOTAL(metric)},
    {"before",   "before",   PGS_AS_COUNT, get_total,      TOTAL(before)},
    {"after",    "after",    PGS_AS_COUNT, get_total,      TOTAL(after)},
    {"change",   "change",   PGS_AS_COUNT, get_total,      TOTAL(change)},
    {"relative", "relative", PGS_AS_RATIO, pgs_get_double, TOTAL(relative)},
    {"per_day",  "a day",    PGS_AS_REAL,  get_total_rate, TOTAL(per_day)},
};

static const pgs_column TOTALS_READ[] = {
    {"metric",   "total",  PGS_AS_TEXT,  get_total_word, 0},
    {"before",   "before", PGS_AS_COUNT, get_total,      TOTAL(before)},
    {"after",    "after",  PGS_AS_COUNT, get_total,      TOTAL(after)},
    {"change",   "change", PGS_AS_COUNT, get_total,      TOTAL(change)},
    {"relative", "in %",   PGS_AS_RATIO, pgs_get_double, TOTAL(relative)},
    {"per_day",  "a day",  PGS_AS_REAL,  get_total_rate, TOTAL(per_day)},
};

static const pgs_column SKEWS[] = {
    {"metric",        "metric",   PGS_AS_TEXT,  pgs_get_text,        SKEW(metric)},
    {"status_before", "was",      PGS_AS_TEXT,  pgs_get_skew_status, SKEW(status[PGS_BEFORE])},
    {"status_after",  "is",       PGS_AS_TEXT,  pgs_get_skew_status, SKEW(status[PGS_AFTER])},
    {"before",        "before",   PGS_AS_FINE,  pgs_get_skew_value,  SKEW(value.before)},
    {"after",         "after",    PGS_AS_FINE,  pgs_get_skew_value,  SKEW(value.after)},
    {"change",        "change",   PGS_AS_FINE,  pgs_get_skew_value,  SKEW(value.change)},
    {"relative",      "in %",     PGS_AS_RATIO, pgs_get_double,      SKEW(value.relative)},
    {"per_day",       "a day",    PGS_AS_FINE,  pgs_get_double,      SKEW(value.per_day)},
};

static const pgs_column FINDINGS[] = {
    {"news",            "news",      PGS_AS_TEXT, get_news,          0},
    {"kind",            "finding",   PGS_AS_TEXT, get_kind,          0},
    {"partition_num",   "partition", PGS_AS_ID,   pgs_get_int64,     FINDING(partition_num)},
    {"name",            "name",      PGS_AS_TEXT, pgs_get_text,      FINDING(name)},
    {"severity_before", "was",       PGS_AS_TEXT, get_severity,      FINDING(severity[PGS_BEFORE])},
    {"severity_after",  "is",        PGS_AS_TEXT, get_severity,      FINDING(severity[PGS_AFTER])},
    {"value_before",    "before",    PGS_AS_FINE, get_finding_value, FINDING(value[PGS_BEFORE])},
    {"value_after",     "after",     PGS_AS_FINE, get_finding_value, FINDING(value[PGS_AFTER])},
    {"text",            "in words",  PGS_AS_TEXT, pgs_get_text,      FINDING(text)},
};
static const pgs_column FINDINGS_READ[] = {
    {"name",            "name",      PGS_AS_TEXT, pgs_get_text,      FINDING(name)},
    {"news",            "news",      PGS_AS_TEXT, get_news,          0},
    {"kind",            "finding",   PGS_AS_TEXT, get_kind,          0},
    {"partition_num",   "partition", PGS_AS_ID,   pgs_get_int64,     FINDING(partition_num)},
    {"severity_before", "was",       PGS_AS_TEXT, get_severity,      FINDING(severity[PGS_BEFORE])},
    {"severity_after",  "is",        PGS_AS_TEXT, get_severity,      FINDING(severity[PGS_AFTER])},
    {"value_before",    "before",    PGS_AS_FINE, get_finding_value, FINDING(value[PGS_BEFORE])},
    {"value_after",     "after",     PGS_AS_FINE, get_finding_value, FINDING(value[PGS_AFTER])},
    {"text",            "in words",  PGS_AS_TEXT, pgs_get_text,      FINDING(text)},
};
// clang-format on

/* A renamed partition is told by its name. */
static bool names_are_told(const pgs_diff *diff) {
    bool told =
        pgs_names_matter(diff->snapshot[PGS_BEFORE]) || pgs_names_matter(diff->snapshot[PGS_AFTER]);
    return told || diff->n_fate[PGS_FATE_RENAMED] > 0;
}

static bool has_stray(const pgs_diff *diff) {
    return diff->snapshot[PGS_BEFORE]->n_strays > 0 || diff->snapshot[PGS_AFTER]->n_strays > 0;
}

pgs_grid pgs_grid_of_diff(pgs_diff_view view, const pgs_diff *diff) {
    size_t part = sizeof *diff->part, total = sizeof diff->total[0],
           finding = sizeof *diff->finding;
    size_t nameless = names_are_told(diff) ? 0 : 1;
    switch (view) {
    case PGS_DIFF_VIEW_PARTITIONS_READ:
        return pgs_grid_rows(PARTITIONS_READ + nameless, PGS_COUNT_OF(PARTITIONS_READ) - nameless,
                             diff->part, part, diff->n_parts);
    case PGS_DIFF_VIEW_TOTALS:
        return pgs_grid_rows(PGS_COLUMNS(TOTALS), diff->total, total, PGS_DIFF_TOTAL_COUNT);
    case PGS_DIFF_VIEW_TOTALS_READ:
        return pgs_grid_rows(PGS_COLUMNS(TOTALS_READ), diff->total, total, PGS_DIFF_TOTAL_COUNT);
    case PGS_DIFF_VIEW_SKEW:
        return pgs_grid_rows(PGS_COLUMNS(SKEWS), diff->skew, sizeof diff->skew[0],
                             PGS_SKEW_KIND_COUNT);
    case PGS_DIFF_VIEW_FINDINGS_READ:
        nameless = nameless > 0 && !has_stray(diff);
        return pgs_grid_rows(FINDINGS_READ + nameless, PGS_COUNT_OF(FINDINGS_READ) - nameless,
                             diff->finding, finding, diff->n_findings);
    case PGS_DIFF_VIEW_FINDINGS:
        return pgs_grid_rows(PGS_COLUMNS(FINDINGS), diff->finding, finding, diff->n_findings);
    default:
        return pgs_grid_rows(PGS_COLUMNS(PARTITIONS), diff->part, part, diff->n_parts);
    }
}
