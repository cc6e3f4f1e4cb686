/* The plain rows of table snapshot: what a history says of its moments to whoever charts them with
 * other programs. Ours take what they need of it from tiles, which cost a hundredth. */
#include <string.h>

#include "store/history_reader.h"

const char *const pgs_summary_column[PGS_SUMMARY_COLUMNS] = {
    "total_chunks",       "total_size_bytes",  "chunks_seen",   "sizes_seen",
    "chunk_count_stddev", "size_bytes_stddev", "chunk_gini",    "size_gini",
    "max_chunk_skew",     "max_size_skew",     "healthy_count", "warning_count",
    "unbalanced_count",   "unmeasured_count",
};

enum {
    AT_US,
    PARTITION_COUNT,
    FIRST_SUMMARY,
    MOMENT_COLUMNS = FIRST_SUMMARY + PGS_SUMMARY_COLUMNS
};

static pgs_status read_summary(const pgs_cells *c, pgs_summary *out, pgs_err *err) {
    pgs_moment *moment = &out->moment;
    int64_t n_parts = 0, whole[4] = {0}, health[4] = {0};
    static const pgs_health_status HEALTH[] = {PGS_HEALTHY, PGS_WARNING, PGS_UNBALANCED,
                                               PGS_UNMEASURED};
    double *const real[] = {&out->stddev[0], &out->stddev[1],   &out->gini[0],
                            &out->gini[1],   &out->max_skew[0], &out->max_skew[1]};
    pgs_status st = pgs_cell_int(c, AT_US, PGS_TIME_NONE, &moment->taken_us, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PARTITION_COUNT, -1, &n_parts, err);
    for (int k = 0; st == PGS_OK && k < 4; k++)
        st = pgs_cell_int(c, FIRST_SUMMARY + k, 0, &whole[k], err);
    for (int k = 0; st == PGS_OK && k < 6; k++)
        st = pgs_cell_value(c, FIRST_SUMMARY + 4 + k, PGS_UNIT_REAL, real[k], err);
    for (int k = 0; st == PGS_OK && k < 4; k++)
        st = pgs_cell_int(c, FIRST_SUMMARY + 10 + k, 0, &health[k], err);
    if (st != PGS_OK)
        return st;
    if (n_parts < 0 || n_parts > (int64_t)PGS_MAX_PARTITIONS || whole[0] < 0 || whole[1] < 0 ||
        whole[2] < 0 || whole[2] > n_parts || whole[3] < 0 || whole[3] > n_parts)
        return pgs_database_damaged(c->d, err, "a row of table snapshot makes no sense");
    moment->n_parts = (size_t)n_parts;
    for (int k = 0; k < PGS_MEASURE_COUNT; k++) {
        moment->total[k] = whole[k];
        moment->n_seen[k] = (size_t)whole[2 + k];
    }
    for (size_t k = 0; k < PGS_COUNT_OF(HEALTH); k++)
        out->n_health[HEALTH[k]] = (size_t)health[k];
    return PGS_OK;
}

pgs_status pgs_history_summaries(pgs_history *h, pgs_summary *out, pgs_err *err) {
    const char *column[MOMENT_COLUMNS] = {"taken_at_us", "partition_count"};
    memcpy(column + FIRST_SUMMARY, pgs_summary_column, sizeof pgs_summary_column);
    pgs_database *d = &h->reader[0].d;
    pgs_cells c = {.d = d, .what = "snapshot", .column = column};
    size_t n = 0;
    bool row = true;
    pgs_status st = pgs_database_select(d, "snapshot", column, MOMENT_COLUMNS,
                                        "ORDER BY snapshot_id", &c.stmt, err);
    while (st == PGS_OK && row) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st != PGS_OK || !row)
            break;
        if (n == h->series.n_moments)
            st = pgs_database_damaged(d, err, "its moments are not numbered 1, 2, ...");
        else
            st = read_summary(&c, &out[n++], err);
    }
    if (st == PGS_OK && n != h->series.n_moments)
        st = pgs_database_damaged(d, err, "its moments are not numbered 1, 2, ...");
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- one moment ---- */

static pgs_status read_one(pgs_history *h, size_t moment, pgs_summary *out, pgs_err *err) {
    const char *column[MOMENT_COLUMNS] = {"taken_at_us", "partition_count"};
    memcpy(column + FIRST_SUMMARY, pgs_summary_column, sizeof pgs_summary_column);
    char suffix[60];
    snprintf(suffix, sizeof suffix, "WHERE snapshot_id = %zu", moment + 1);
    pgs_database *d = &h->reader[0].d;
    pgs_cells c = {.d = d, .what = "snapshot", .column = column};
    bool row = false;
    pgs_status st =
        pgs_database_select(d, "snapshot", column, MOMENT_COLUMNS, suffix, &c.stmt, err);
    if (st == PGS_OK && c.stmt)
        st = pgs_database_step(d, c.stmt, &row, err);
    if (st == PGS_OK)
        st = row ? read_summary(&c, out, err)
                 : pgs_database_damaged(d, err, "its moments are not numbered 1, 2, ...");
    sqlite3_finalize(c.stmt);
    return st;
}

pgs_status pgs_history_agree(pgs_history *h, const pgs_moment *kept, const pgs_moment *sum,
                             pgs_measure m, pgs_err *err) {
    char time[PGS_TIME_TEXT_MAX];
    const char *wrong = sum->n_seen[m] != kept->n_seen[m]
                            ? pgs_summary_column[PGS_MEASURE_COUNT + m]
                        : sum->total[m] != kept->total[m] ? pgs_summary_column[m]
                                                          : NULL;
    return wrong
               ? pgs_database_damaged(&h->reader[0].d, err, "%s of %s is not what its values give",
                                      wrong, pgs_time_format(kept->taken_us, time))
               : PGS_OK;
}

/* What a row of table snapshot says of a moment is what its tile does, which nobody can edit by
 * hand. */
static pgs_status check_moment(pgs_history *h, size_t moment, const pgs_moment *kept,
                               pgs_err *err) {
    pgs_history_reader *r = &h->reader[0];
    pgs_moment tile;
    char time[PGS_TIME_TEXT_MAX];
    pgs_status st = pgs_moment_read(&r->d, &r->block, moment, r->buffer, &tile, err);
    bool same = st == PGS_OK && tile.taken_us == kept->taken_us && tile.n_parts == kept->n_parts &&
                memcmp(tile.total, kept->total, sizeof tile.total) == 0 &&
                memcmp(tile.n_seen, kept->n_seen, sizeof tile.n_seen) == 0;
    return st != PGS_OK || same
               ? st
               : pgs_database_damaged(&r->d, err,
                                      "the row of %s in table snapshot is not what was packed",
                                      pgs_time_format(kept->taken_us, time));
}

pgs_status pgs_history_check_totals(pgs_history *h, size_t moment, const pgs_snapshot *snap,
                                    pgs_err *err) {
    pgs_summary kept = {0};
    pgs_moment sum = {0};
    pgs_status st = read_one(h, moment, &kept, err);
    for (pgs_measure m = 0; st == PGS_OK && m < PGS_MEASURE_COUNT; m++) {
        pgs_moment_add(&sum, m, snap->metric[pgs_measure_metric(m)], snap->head.n_parts);
        st = pgs_history_agree(h, &kept.moment, &sum, m, err);
    }
    return st == PGS_OK ? check_moment(h, moment, &kept.moment, err) : st;
}
