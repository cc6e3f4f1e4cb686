/* The columns of a scan, as data. */
#include "report/page.h"

#define OF(type, field) offsetof(type, field)

/* clang-format off */
static const pgs_column TOTAL[] = {
    {"moments", "moments", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_moments)},
    {"partitions", "partitions", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_lanes)},
    {"values", "values", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_values)},
    {"first_taken_at", "from", PGS_AS_TIME, pgs_get_int64, OF(pgs_scan_total, first_us)},
    {"last_taken_at", "to", PGS_AS_TIME, pgs_get_int64, OF(pgs_scan_total, last_us)},
    {"min_total_chunks", "fewest chunks", PGS_AS_COUNT, pgs_get_int64, OF(pgs_scan_total, min_total[PGS_BY_CHUNKS])},
    {"max_total_chunks", "most chunks", PGS_AS_COUNT, pgs_get_int64, OF(pgs_scan_total, max_total[PGS_BY_CHUNKS])},
    {"max_chunk_count_stddev", "max stddev", PGS_AS_REAL, pgs_get_double, OF(pgs_scan_total, max_stddev)},
    {"max_chunk_skew", "max chunk skew", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_total, max_skew[PGS_BY_CHUNKS])},
    {"chunk_warning_count", "chunk warnings", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_warning[PGS_BY_CHUNKS])},
    {"chunk_unbalanced_count", "chunk unbalanced", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_unbalanced[PGS_BY_CHUNKS])},
    {"min_total_size_bytes", "smallest", PGS_AS_BYTES, pgs_get_int64, OF(pgs_scan_total, min_total[PGS_BY_SIZE])},
    {"max_total_size_bytes", "largest", PGS_AS_BYTES, pgs_get_int64, OF(pgs_scan_total, max_total[PGS_BY_SIZE])},
    {"max_size_skew", "max size skew", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_total, max_skew[PGS_BY_SIZE])},
    {"size_warning_count", "size warnings", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_warning[PGS_BY_SIZE])},
    {"size_unbalanced_count", "size unbalanced", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_unbalanced[PGS_BY_SIZE])},
    {"sum_of_slopes_per_day", "chunks a day", PGS_AS_REAL, pgs_get_double, OF(pgs_scan_total, sum_of_slopes)},
    {"growing_partitions", "growing", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_growing)},
    {"shrinking_partitions", "shrinking", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_total, n_shrinking)},
    {"max_chunk_r2", "max R2", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_total, max_count_r2)},
    {"max_share_r2", "max share R2", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_total, max_share_r2)},
};

#define CHUNKS(field) OF(pgs_scan_moment, by[PGS_BY_CHUNKS].field)
#define SIZES(field)  OF(pgs_scan_moment, by[PGS_BY_SIZE].field)

static const pgs_column MOMENT[] = {
    {"taken_at", "taken at", PGS_AS_TIME, pgs_get_int64, OF(pgs_scan_moment, taken_us)},
    {"partition_count", "partitions", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_moment, n_parts)},
    {"total_chunks", "chunks", PGS_AS_COUNT, pgs_get_int64, CHUNKS(total)},
    {"avg_chunks_per_partition", "mean", PGS_AS_REAL, pgs_get_double, CHUNKS(mean)},
    {"chunk_count_stddev", "stddev", PGS_AS_REAL, pgs_get_double, CHUNKS(stddev)},
    {"chunk_count_cv", "CV", PGS_AS_FINE, pgs_get_double, CHUNKS(cv)},
    {"min_chunk_count", "min", PGS_AS_WHOLE, pgs_get_double, CHUNKS(min)},
    {"max_chunk_count", "max", PGS_AS_WHOLE, pgs_get_double, CHUNKS(max)},
    {"max_chunk_skew", "chunk skew", PGS_AS_FINE, pgs_get_double, CHUNKS(max_skew)},
    {"chunk_warning_count", "warning", PGS_AS_COUNT, pgs_get_size, CHUNKS(n_warning)},
    {"chunk_unbalanced_count", "unbalanced", PGS_AS_COUNT, pgs_get_size, CHUNKS(n_unbalanced)},
    {"total_size_bytes", "size", PGS_AS_BYTES, pgs_get_int64, SIZES(total)},
    {"max_size_skew", "size skew", PGS_AS_FINE, pgs_get_double, SIZES(max_skew)},
    {"size_warning_count", "warning", PGS_AS_COUNT, pgs_get_size, SIZES(n_warning)},
    {"size_unbalanced_count", "unbalanced", PGS_AS_COUNT, pgs_get_size, SIZES(n_unbalanced)},
};

static const pgs_column PARTITION[] = {
    {"partition_num", "partition", PGS_AS_ID, pgs_get_int64, OF(pgs_scan_lane, num)},
    {"partition_name", "name", PGS_AS_TEXT, pgs_get_text, OF(pgs_scan_lane, name)},
    {"n", "moments", PGS_AS_COUNT, pgs_get_size, OF(pgs_scan_lane, n_seen)},
    {"first_chunk_count", "first", PGS_AS_COUNT, pgs_get_double, OF(pgs_scan_lane, first)},
    {"last_chunk_count", "last", PGS_AS_COUNT, pgs_get_double, OF(pgs_scan_lane, last)},
    {"min_chunk_count", "min", PGS_AS_COUNT, pgs_get_double, OF(pgs_scan_lane, min)},
    {"max_chunk_count", "max", PGS_AS_COUNT, pgs_get_double, OF(pgs_scan_lane, max)},
    {"chunk_slope_per_day", "chunks a day", PGS_AS_REAL, pgs_get_double, OF(pgs_scan_lane, count.slope_per_day)},
    {"chunk_r2", "R2", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_lane, count.r2)},
    {"share_slope_per_day", "share a day", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_lane, share.slope_per_day)},
    {"share_r2", "share R2", PGS_AS_FINE, pgs_get_double, OF(pgs_scan_lane, share.r2)},
};
/* clang-format on */

pgs_grid pgs_grid_of_scan(pgs_report_kind kind, const pgs_scan *scan) {
    switch (kind) {
    case PGS_REPORT_SCAN_MOMENT:
        return pgs_grid_rows(PGS_COLUMNS(MOMENT), scan->moment, sizeof *scan->moment,
                             scan->n_moments);
    case PGS_REPORT_SCAN_PARTITION:
        return pgs_grid_rows(PGS_COLUMNS(PARTITION), scan->lane, sizeof *scan->lane, scan->n_lanes);
    default:
        return pgs_grid_rows(PGS_COLUMNS(TOTAL), &scan->total, sizeof scan->total, 1);
    }
}
