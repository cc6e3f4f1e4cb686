/* The columns of a trend, and of what was cleaned, as data. */
#include <math.h>
#include <string.h>

#include "report/page.h"

#define PART(member)  offsetof(pgs_trend_partition, member)
#define CLEAN(member) offsetof(pgs_cleaning, member)

static const pgs_trend_partition *part_of(const pgs_grid *grid, size_t row) {
    return (const pgs_trend_partition *)(const void *)(grid->base + row * grid->stride);
}

static const pgs_cleaning *cleaning_of(const pgs_grid *grid, size_t row) {
    return (const pgs_cleaning *)(const void *)(grid->base + row * grid->stride);
}

static void get_drifting(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    const pgs_drift *drift = &part_of(grid, row)->drift[column->where];
    out->observed = !isnan(drift->p_adjusted);
    out->integer = drift->found;
    out->tone = drift->found ? PGS_TONE_WARNING : PGS_TONE_PLAIN;
}

static void get_next(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    static const char *const WORD[PGS_THRESHOLD_COUNT] = {
        [PGS_THRESHOLD_WARNING] = "WARNING",
        [PGS_THRESHOLD_REBALANCE] = "rebalance",
        [PGS_THRESHOLD_UNBALANCED] = "UNBALANCED",
    };
    const pgs_trend_partition *part = part_of(grid, row);
    (void)column;
    out->observed = !isnan(part->next_days);
    if (out->observed)
        out->text = WORD[part->next];
}

/* In whole days: it is not known to the hour. */
static void get_next_days(const pgs_grid *grid, const pgs_column *column, size_t row,
                          pgs_cell *out) {
    const pgs_trend_partition *part = part_of(grid, row);
    (void)column;
    out->observed = fabs(part->next_days) < 9e15;
    out->integer = out->observed ? (int64_t)ceil(part->next_days) : 0;
    out->tone = part->next_days <= PGS_TREND_SOON_DAYS ? PGS_TONE_WARNING : PGS_TONE_PLAIN;
}

static void get_kind(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->text = pgs_cleaning_name(cleaning_of(grid, row)->kind);
}

static void get_action(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->text = cleaning_of(grid, row)->action;
}

static void get_metric(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->text = pgs_metric_get(pgs_measure_metric(cleaning_of(grid, row)->measure))->key;
}

static void get_number(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    const pgs_cleaning *c = cleaning_of(grid, row);
    (void)column;
    out->observed = c->p != PGS_WHOLE_TABLE;
    out->integer = c->num;
}

/* Bytes or rows, as the row's metric is. */
static void get_amount(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    out->look = cleaning_of(grid, row)->measure == PGS_BY_SIZE ? PGS_AS_BYTES : PGS_AS_COUNT;
    pgs_get_double(grid, column, row, out);
}

/* The name of a partition, or its number, or that it is the table. */
static void get_who(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    const pgs_cleaning *c = cleaning_of(grid, row);
    (void)column;
    out->observed = true;
    out->text = c->p == PGS_WHOLE_TABLE ? "the table" : c->name;
    if (!out->text) {
        out->look = PGS_AS_ID;
        out->integer = c->num;
    }
}

/* clang-format off */
static const pgs_column TREND[] = {
    {"partition_num", "partition", PGS_AS_ID, pgs_get_int64, PART(num)},
    {"partition_name", "name", PGS_AS_TEXT, pgs_get_text, PART(name)},
    {"health_status", "status", PGS_AS_TEXT, pgs_get_health, PART(status)},
    {"chunk_count", "chunks", PGS_AS_COUNT, pgs_get_double, PART(stock[PGS_BY_CHUNKS])},
    {"size_bytes", "size", PGS_AS_BYTES, pgs_get_double, PART(stock[PGS_BY_SIZE])},
    {"signed_skew", "skew", PGS_AS_FINE, pgs_get_double, PART(signed_skew[PGS_BY_CHUNKS])},
    {"signed_size_skew", "size skew", PGS_AS_FINE, pgs_get_double, PART(signed_skew[PGS_BY_SIZE])},
    {"days", "days", PGS_AS_COUNT, pgs_get_size, PART(growth[PGS_BY_CHUNKS].n_days)},
    {"chunks_per_day", "chunks a day", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_CHUNKS].per_day)},
    {"chunks_low95", "from", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_CHUNKS].low95)},
    {"chunks_high95", "to", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_CHUNKS].high95)},
    {"bytes_per_day", "bytes a day", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_SIZE].per_day)},
    {"bytes_low95", "from", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_SIZE].low95)},
    {"bytes_high95", "to", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_SIZE].high95)},
    {"skew_per_day", "skew a day", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_CHUNKS].per_day)},
    {"skew_low95", "from", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_CHUNKS].low95)},
    {"skew_high95", "to", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_CHUNKS].high95)},
    {"skew_p", "p", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_CHUNKS].p)},
    {"skew_p_adjusted", "adjusted p", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_CHUNKS].p_adjusted)},
    {"skew_drifts", "drifts", PGS_AS_FLAG, get_drifting, PGS_BY_CHUNKS},
    {"size_skew_per_day", "size skew a day", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_SIZE].per_day)},
    {"size_skew_p", "p", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_SIZE].p)},
    {"size_skew_p_adjusted", "adjusted p", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_SIZE].p_adjusted)},
    {"size_skew_drifts", "drifts", PGS_AS_FLAG, get_drifting, PGS_BY_SIZE},
    {"limit_skew", "heads for", PGS_AS_FINE, pgs_get_double, PART(limit_skew)},
    {"days_to_warning", "days to 0.3", PGS_AS_REAL, pgs_get_double, PART(days_to[PGS_THRESHOLD_WARNING])},
    {"days_to_rebalance", "days to 0.4", PGS_AS_REAL, pgs_get_double, PART(days_to[PGS_THRESHOLD_REBALANCE])},
    {"days_to_unbalanced", "days to 0.5", PGS_AS_REAL, pgs_get_double, PART(days_to[PGS_THRESHOLD_UNBALANCED])},
    {"robust_chunks_per_day", "robust", PGS_AS_REAL, pgs_get_double, PART(robust.chunks_per_day)},
    {"robust_chunks_low95", "from", PGS_AS_REAL, pgs_get_double, PART(robust.chunks_low95)},
    {"robust_chunks_high95", "to", PGS_AS_REAL, pgs_get_double, PART(robust.chunks_high95)},
    {"robust_skew_per_day", "robust", PGS_AS_FINE, pgs_get_double, PART(robust.skew_per_day)},
    {"robust_skew_low95", "from", PGS_AS_FINE, pgs_get_double, PART(robust.skew_low95)},
    {"robust_skew_high95", "to", PGS_AS_FINE, pgs_get_double, PART(robust.skew_high95)},
    {"mann_kendall_p", "Mann-Kendall p", PGS_AS_FINE, pgs_get_double, PART(robust.mann_kendall_p)},
};

/* What people read; the name is left out where it says no more than the number. */
static const pgs_column READ[] = {
    {"partition_name", "name", PGS_AS_TEXT, pgs_get_text, PART(name)},
    {"partition_num", "partition", PGS_AS_ID, pgs_get_int64, PART(num)},
    {"health_status", "status", PGS_AS_TEXT, pgs_get_health_word, PART(status)},
    {"signed_skew", "skew", PGS_AS_FINE, pgs_get_double, PART(signed_skew[PGS_BY_CHUNKS])},
    {"course", "its course", PGS_AS_SPARK, pgs_get_text, PART(course)},
    {"limit_skew", "heads for", PGS_AS_FINE, pgs_get_double, PART(limit_skew)},
    {"next", "next", PGS_AS_TEXT, get_next, 0},
    {"in_days", "in days", PGS_AS_COUNT, get_next_days, 0},
    {"skew_drifts", "beyond chance", PGS_AS_FLAG, get_drifting, PGS_BY_CHUNKS},
    {"skew_p_adjusted", "adjusted p", PGS_AS_FINE, pgs_get_double, PART(drift[PGS_BY_CHUNKS].p_adjusted)},
    {"chunk_count", "chunks", PGS_AS_COUNT, pgs_get_double, PART(stock[PGS_BY_CHUNKS])},
    {"chunks_per_day", "chunks a day", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_CHUNKS].per_day)},
    {"chunks_low95", "from", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_CHUNKS].low95)},
    {"chunks_high95", "to", PGS_AS_REAL, pgs_get_double, PART(growth[PGS_BY_CHUNKS].high95)},
    {"robust_chunks_per_day", "robust", PGS_AS_REAL, pgs_get_double, PART(robust.chunks_per_day)},
};

static const pgs_column CLEANING[] = {
    {"kind", "what", PGS_AS_TEXT, get_kind, 0},
    {"metric", "of", PGS_AS_TEXT, get_metric, 0},
    {"partition_num", "partition", PGS_AS_ID, get_number, 0},
    {"partition_name", "name", PGS_AS_TEXT, pgs_get_text, CLEAN(name)},
    {"from", "after", PGS_AS_TIME, pgs_get_int64, CLEAN(from_us)},
    {"at", "by", PGS_AS_TIME, pgs_get_int64, CLEAN(to_us)},
    {"before", "before", PGS_AS_COUNT, pgs_get_double, CLEAN(before)},
    {"after", "after", PGS_AS_COUNT, pgs_get_double, CLEAN(after)},
    {"action", "what was done", PGS_AS_TEXT, get_action, 0},
};

static const pgs_column CLEANING_READ[] = {
    {"kind", "what", PGS_AS_TEXT, get_kind, 0},
    {"who", "where", PGS_AS_TEXT, get_who, 0},
    {"at", "by", PGS_AS_TIME, pgs_get_int64, CLEAN(to_us)},
    {"before", "before", PGS_AS_COUNT, get_amount, CLEAN(before)},
    {"after", "after", PGS_AS_COUNT, get_amount, CLEAN(after)},
    {"action", "what was done", PGS_AS_TEXT, get_action, 0},
};
/* clang-format on */

pgs_grid pgs_grid_of_trend(const pgs_trend *trend) {
    return pgs_grid_rows(PGS_COLUMNS(TREND), trend->partition, sizeof *trend->partition,
                         trend->n_shown);
}

pgs_grid pgs_grid_of_trend_read(const pgs_trend *trend, bool names) {
    size_t skip = names ? 0 : 1;
    return pgs_grid_rows(READ + skip, PGS_COUNT_OF(READ) - skip, trend->partition,
                         sizeof *trend->partition, trend->n_shown);
}

pgs_grid pgs_grid_of_cleaning(const pgs_clean *clean) {
    return pgs_grid_rows(PGS_COLUMNS(CLEANING), clean->cleaning, sizeof *clean->cleaning,
                         clean->n_cleanings);
}

pgs_grid pgs_grid_of_cleaning_read(const pgs_clean *clean) {
    return pgs_grid_rows(PGS_COLUMNS(CLEANING_READ), clean->cleaning, sizeof *clean->cleaning,
                         clean->n_cleanings);
}
