/* Packing: moments come in the order of time, their values go into the tiles of the current time
 * block, and whenever 256 moments are there the block is encoded and written. What a tile cannot
 * hold goes into rows: one per moment, and one per partition where a name or a bound changed.
 *
 * A new history is built in a file aside and linked into place; an old one is changed in one
 * transaction. Either way it is what it was until the end. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "embedded_sql.h"
#include "pgskew/history.h"
#include "store/history_rows.h"
#include "store/lanes.h"
#include "store/layout.h"
#include "store/rows.h"
#include "store/snapshot_read.h"
#include "store/snapshot_rows.h"
#include "store/tiles.h"

struct pgs_packer {
    pgs_database d;
    pgs_database guard; /* holds the lock of the history that is being replaced */
    pgs_aside aside;
    char *path;
    bool is_new, replaces;
    pgs_series series; /* moment[] has room for `capacity`; lane[] is of `lanes` */
    size_t capacity;
    pgs_moment *moment;
    pgs_lanes lanes;
    pgs_tiles tiles;
    pgs_snapshot first; /* head only: the series it is of */
    pgs_rows head, change, name;
    bool changed;
};

/* ---- opening ---- */

/* SQLite would play a journal of a history that is gone into the new one. */
static pgs_status refuse_old_journal(const char *path, pgs_err *err) {
    if (!pgs_database_has_journal(path))
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_EXISTS,
                             "cannot create \"%s\": a journal of an older one lies there", path);
    pgs_hint(err, "remove \"%.100s-journal\" first, or choose another name", path);
    return st;
}

static pgs_status begin_aside(pgs_packer *k, pgs_err *err) {
    pgs_status st = refuse_old_journal(k->path, err);
    if (st == PGS_OK)
        st = pgs_aside_begin(&k->aside, k->path, err);
    if (st == PGS_OK)
        st = pgs_database_new_file(&k->d, k->path, k->aside.name, PGS_HISTORY_APPLICATION_ID,
                                   pgs_sql_snapshot_001, err);
    if (st == PGS_OK)
        st = pgs_database_exec(&k->d, pgs_sql_history_001, err);
    if (st == PGS_OK)
        st = pgs_database_exec(&k->d, pgs_sql_history_002, err);
    return st == PGS_OK ? pgs_write_meta(&k->d, "pgskew", err) : st;
}

/* The lock is on a file, not on its name: another packer may have replaced it while we waited. */
static pgs_status lock(pgs_database *d, const char *path, pgs_err *err) {
    struct stat before;
    if (stat(path, &before) != 0)
        return pgs_fail(err, PGS_E_NO_INPUT, "\"%s\" is not there any more", path);
    pgs_status st = pgs_database_open_writable(d, path, PGS_HISTORY_APPLICATION_ID, err);
    if (st != PGS_OK || pgs_database_is_at(path, &before))
        return st;
    pgs_database_close(d);
    st = pgs_fail(err, PGS_E_RETRY, "\"%s\" was replaced by another program", path);
    pgs_hint(err, "run again");
    return st;
}

static pgs_status load_lanes(pgs_packer *k, pgs_err *err) {
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < k->series.n_lanes; i++)
        st = pgs_lanes_append(&k->lanes, &k->series.lane[i], err);
    return st == PGS_OK ? pgs_lanes_load_facts(&k->lanes, &k->d, err) : st;
}

static pgs_status load(pgs_packer *k, pgs_err *err) {
    pgs_status st = pgs_read_version(&k->d, &k->first, err);
    if (st == PGS_OK)
        st = pgs_series_load(&k->d, &k->series, err);
    if (st != PGS_OK || k->series.n_moments == 0)
        return st;
    k->capacity = k->series.n_moments;
    k->moment = pgs_alloc(k->capacity, sizeof *k->moment);
    if (!k->moment)
        return pgs_no_memory(err);
    memcpy(k->moment, k->series.moment, k->capacity * sizeof *k->moment);
    k->series.moment = k->moment;
    st = pgs_read_head(&k->d, (int64_t)k->series.n_moments, &k->first, err);
    if (st == PGS_OK)
        st = load_lanes(k, err);
    if (st == PGS_OK && k->series.n_moments % PGS_TILE_MOMENTS != 0)
        st = pgs_tiles_load(&k->tiles, &k->d, k->series.n_moments / PGS_TILE_MOMENTS,
                            k->series.n_lanes, err);
    return st;
}

static pgs_status prepare(pgs_packer *k, pgs_err *err) {
    static const char *const CHANGE[] = {"lane",  "snapshot_id", "partition_num", "partition_name",
                                         "relid", "relfilenode", "bounds"};
    static const char *const NAME[] = {"collection_id", "snapshot_id", "name"};
    const char *head[HEAD_COLUMNS + PGS_SUMMARY_COLUMNS + 2];
    memcpy(head, pgs_head_column, sizeof pgs_head_column);
    memcpy(head + HEAD_COLUMNS, pgs_summary_column, sizeof pgs_summary_column);
    head[HEAD_COLUMNS + PGS_SUMMARY_COLUMNS] = "given_metrics";
    head[HEAD_COLUMNS + PGS_SUMMARY_COLUMNS + 1] = "content_hash";
    pgs_status st = pgs_rows_begin(&k->d, "", "snapshot", head, PGS_COUNT_OF(head), &k->head, err);
    if (st == PGS_OK)
        st = pgs_rows_begin(&k->d, "", "partition_change", CHANGE, PGS_COUNT_OF(CHANGE), &k->change,
                            err);
    return st == PGS_OK ? pgs_rows_begin(&k->d, "", "collection_name", NAME, PGS_COUNT_OF(NAME),
                                         &k->name, err)
                        : st;
}

static pgs_status open_into(pgs_packer *k, const char *path, pgs_pack_mode mode, pgs_err *err) {
    struct stat info;
    bool exists = stat(path, &info) == 0;
    k->replaces = exists && mode == PGS_PACK_REBUILD;
    k->is_new = !exists || k->replaces;
    k->path = pgs_strdup(path);
    pgs_status st = k->path ? PGS_OK : pgs_no_memory(err);
    if (exists) /* a leftover may be a second name of the history: before its lock, not under it */
        pgs_aside_clean(path);
    if (st == PGS_OK && k->replaces)
        st = lock(&k->guard, k->path, err);
    if (st == PGS_OK)
        st = k->is_new ? begin_aside(k, err) : lock(&k->d, k->path, err);
    if (st == PGS_OK && !k->is_new)
        st = load(k, err);
    return st == PGS_OK ? prepare(k, err) : st;
}

pgs_status pgs_packer_open(const char *path, pgs_pack_mode mode, pgs_packer **out, pgs_err *err) {
    pgs_packer *k = pgs_alloc(1, sizeof *k);
    *out = NULL;
    if (!k)
        return pgs_no_memory(err);
    k->aside.fd = -1;
    pgs_series_init(&k->series);
    pgs_snapshot_init(&k->first);
    pgs_status st = open_into(k, path, mode, err);
    if (st == PGS_OK)
        *out = k;
    else
        pgs_packer_close(k);
    return st;
}

const pgs_series *pgs_packer_series(const pgs_packer *k) {
    return &k->series;
}

/* ---- one moment ---- */

pgs_status pgs_history_accepts(const char *path, const pgs_snapshot_head *own,
                               const pgs_snapshot_head *head, pgs_err *err) {
    if (pgs_text_same(own->system_identifier, head->system_identifier) &&
        pgs_text_same(own->database, head->database) &&
        pgs_text_same(own->table_name, head->table_name) &&
        pgs_text_same(own->source, head->source))
        return PGS_OK;
    pgs_status st =
        pgs_fail(err, PGS_E_USAGE, "\"%s\" is of another series than the history \"%s\"",
                 head->path ? head->path : head->table_name, path);
    pgs_hint(err, "a history holds one series: pick it with --table or --source");
    return st;
}

static pgs_status check_series(pgs_packer *k, const pgs_snapshot *snap, pgs_err *err) {
    const pgs_snapshot_head *a = &k->first.head, *b = &snap->head;
    if (!a->table_name) {
        const char *text[] = {b->system_identifier, b->database, b->table_name, b->source};
        char **field[] = {&k->first.head.system_identifier, &k->first.head.database,
                          &k->first.head.table_name, &k->first.head.source};
        pgs_status st = PGS_OK;
        for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(text); i++)
            st = pgs_snapshot_text(&k->first, field[i], text[i], err);
        return st;
    }
    return pgs_history_accepts(k->path, a, b, err);
}

static pgs_status remember(pgs_packer *k, const pgs_moment *moment, pgs_err *err) {
    size_t n = k->series.n_moments;
    if (n == k->capacity) {
        size_t capacity = n == 0 ? PGS_TILE_MOMENTS : 2 * n;
        pgs_moment *more = pgs_alloc(capacity, sizeof *more);
        if (!more)
            return pgs_no_memory(err);
        if (n > 0)
            memcpy(more, k->moment, n * sizeof *more);
        pgs_free(k->moment);
        k->moment = more;
        k->capacity = capacity;
    }
    k->moment[n] = *moment;
    k->series.moment = k->moment;
    k->series.n_moments++;
    return PGS_OK;
}

static pgs_status put_head(pgs_packer *k, const pgs_snapshot *snap, const pgs_summary *m,
                           int64_t id, uint64_t given, pgs_err *err) {
    pgs_rows *r = &k->head;
    int c = HEAD_COLUMNS;
    pgs_put_head(r, snap, id);
    for (int i = 0; i < PGS_MEASURE_COUNT; i++)
        pgs_row_int(r, c++, m->moment.total[i], -1);
    for (int i = 0; i < PGS_MEASURE_COUNT; i++)
        pgs_row_int(r, c++, (int64_t)m->moment.n_seen[i], -1);
    for (int i = 0; i < PGS_MEASURE_COUNT; i++)
        pgs_row_value(r, c++, PGS_UNIT_REAL, m->stddev[i]);
    for (int i = 0; i < PGS_MEASURE_COUNT; i++)
        pgs_row_value(r, c++, PGS_UNIT_REAL, m->gini[i]);
    for (int i = 0; i < PGS_MEASURE_COUNT; i++)
        pgs_row_value(r, c++, PGS_UNIT_REAL, m->max_skew[i]);
    static const pgs_health_status HEALTH[] = {PGS_HEALTHY, PGS_WARNING, PGS_UNBALANCED,
                                               PGS_UNMEASURED};
    for (size_t i = 0; i < PGS_COUNT_OF(HEALTH); i++)
        pgs_row_int(r, c++, (int64_t)m->n_health[HEALTH[i]], -1);
    pgs_row_int(r, c++, (int64_t)given, 0);
    pgs_row_int(r, c, pgs_snapshot_hash(snap), -1);
    return pgs_rows_add(r, err);
}

/* What the tile of moments keeps of it: the numbers that a scan has to know beforehand. */
static pgs_status put_moment(pgs_packer *k, const pgs_moment *m, pgs_err *err) {
    double row[PGS_MOMENT_LANES] = {
        [PGS_AT_TAKEN] = (double)m->taken_us,
        [PGS_AT_PARTS] = (double)m->n_parts,
    };
    for (int i = 0; i < PGS_MEASURE_COUNT; i++) {
        row[PGS_AT_TOTAL + i] = (double)(m->total[i] & UINT32_MAX);
        row[PGS_AT_TOTAL_HIGH + i] = (double)(m->total[i] >> 32);
        row[PGS_AT_SEEN + i] = (double)m->n_seen[i];
    }
    size_t t = (k->series.n_moments - 1) % PGS_TILE_MOMENTS;
    pgs_status st = PGS_OK;
    for (size_t i = 0; st == PGS_OK && i < PGS_MOMENT_LANES; i++)
        st = pgs_tiles_put(&k->tiles, PGS_MOMENT_TILE, t, i, row[i], err);
    return st;
}

static pgs_status put_change(pgs_packer *k, const pgs_partition *part, size_t lane, int64_t id,
                             pgs_err *err) {
    pgs_row_int(&k->change, 0, (int64_t)lane, -1);
    pgs_row_int(&k->change, 1, id, -1);
    pgs_row_int(&k->change, 2, part->num, -1);
    pgs_row_text(&k->change, 3, part->name);
    pgs_row_int(&k->change, 4, part->relid, 0);
    pgs_row_int(&k->change, 5, part->relfilenode, 0);
    pgs_row_text(&k->change, 6, part->bounds);
    return pgs_rows_add(&k->change, err);
}

static pgs_status put_part(pgs_packer *k, const pgs_snapshot *snap, size_t p, size_t lane,
                           uint64_t metrics, pgs_err *err) {
    size_t t = (k->series.n_moments - 1) % PGS_TILE_MOMENTS;
    double state = snap->part[p].measured ? PGS_STATE_MEASURED : PGS_STATE_MISSED;
    pgs_status st = pgs_tiles_put(&k->tiles, PGS_STATE_TILE, t, lane, state, err);
    for (pgs_metric m = 0; st == PGS_OK && m < PGS_METRIC_COUNT; m++)
        if (metrics & PGS_METRIC_BIT(m))
            st = pgs_tiles_put(&k->tiles, (int)m, t, lane, snap->metric[m][p], err);
    return st;
}

static bool any_seen(const double *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            return true;
    return false;
}

static pgs_status put_parts(pgs_packer *k, const pgs_snapshot *snap, int64_t id, uint64_t given,
                            pgs_err *err) {
    uint64_t metrics = (PGS_METRIC_BIT(PGS_FIRST_DERIVED) - 1) | given;
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        if (!any_seen(snap->metric[m], snap->head.n_parts))
            metrics &= ~PGS_METRIC_BIT(m);
    pgs_status st = pgs_lanes_match(&k->lanes, snap, (size_t)id - 1, err);
    if (st == PGS_OK)
        st = pgs_tiles_reserve(&k->tiles, k->lanes.n, err);
    for (size_t p = 0; st == PGS_OK && p < snap->head.n_parts; p++) {
        size_t lane = k->lanes.of_part[p];
        bool changed = false;
        st = pgs_lanes_note(&k->lanes, lane, &snap->part[p], (size_t)id - 1, &changed, err);
        if (st == PGS_OK && changed)
            st = put_change(k, &snap->part[p], lane, id, err);
        if (st == PGS_OK)
            st = put_part(k, snap, p, lane, metrics, err);
    }
    k->series.n_lanes = k->lanes.n;
    k->series.lane = k->lanes.lane;
    return st;
}

/* A collection's newest name, and a row where it changed. */
static pgs_status put_collection(pgs_packer *k, sqlite3_stmt *known, const pgs_collection *c,
                                 int64_t id, pgs_err *err) {
    bool row = false;
    sqlite3_bind_text(known, 1, c->id, -1, SQLITE_STATIC);
    pgs_status st = pgs_database_step(&k->d, known, &row, err);
    bool same = row && pgs_text_same((const char *)sqlite3_column_text(known, 0), c->name);
    sqlite3_reset(known);
    if (st != PGS_OK || same)
        return st;
    pgs_row_text(&k->name, 0, c->id);
    pgs_row_int(&k->name, 1, id, 0);
    pgs_row_text(&k->name, 2, c->name);
    return pgs_rows_add(&k->name, err);
}

static pgs_status put_collections(pgs_packer *k, const pgs_snapshot *snap, int64_t id,
                                  pgs_err *err) {
    sqlite3_stmt *known;
    if (snap->n_collections == 0)
        return PGS_OK;
    pgs_status st = pgs_database_prepare(
        &k->d, "SELECT name FROM main.collection WHERE collection_id = ?", &known, err);
    for (size_t i = 0; st == PGS_OK && i < snap->n_collections; i++)
        st = put_collection(k, known, &snap->collection[i], id, err);
    sqlite3_finalize(known);
    if (st == PGS_OK)
        st = pgs_write_collections(&k->d, snap, id, err);
    return st == PGS_OK ? pgs_write_collection_stats(&k->d, snap, id, err) : st;
}

static pgs_status end_block(pgs_packer *k, pgs_err *err) {
    size_t n = k->series.n_moments;
    size_t rows = (n - 1) % PGS_TILE_MOMENTS + 1;
    return pgs_tiles_save(&k->tiles, &k->d, (n - 1) / PGS_TILE_MOMENTS, rows, k->lanes.n, err);
}

pgs_status pgs_packer_add(pgs_packer *k, const pgs_snapshot *snap, const pgs_summary *summary,
                          uint64_t given, pgs_err *err) {
    const pgs_moment *moment = &summary->moment;
    size_t n = k->series.n_moments;
    pgs_status st = check_series(k, snap, err);
    if (st == PGS_OK && n > 0 && moment->taken_us <= k->moment[n - 1].taken_us)
        st = pgs_fail(err, PGS_E_DATA, "a moment is not later than the one before it");
    if (st == PGS_OK)
        st = remember(k, moment, err);
    int64_t id = (int64_t)n + 1;
    k->changed = true;
    if (st == PGS_OK)
        st = put_head(k, snap, summary, id, given, err);
    if (st == PGS_OK)
        st = put_parts(k, snap, id, given, err);
    if (st == PGS_OK)
        st = put_moment(k, moment, err);
    if (st == PGS_OK)
        st = pgs_write_strays(&k->d, snap, id, err);
    if (st == PGS_OK)
        st = put_collections(k, snap, id, err);
    if (st == PGS_OK && k->series.n_moments % PGS_TILE_MOMENTS == 0) {
        st = end_block(k, err);
        pgs_tiles_clear(&k->tiles);
    }
    return st;
}

/* ---- the end ---- */

static pgs_status put_newest(pgs_packer *k, const pgs_snapshot *newest, pgs_err *err) {
    int64_t id = (int64_t)k->series.n_moments;
    pgs_status st = pgs_database_exec(
        &k->d, "DELETE FROM main.partition_stat; DELETE FROM main.skew_metric", err);
    if (st == PGS_OK)
        st = pgs_write_parts(&k->d, newest, id, err);
    return st == PGS_OK ? pgs_write_skew(&k->d, newest, id, err) : st;
}

static pgs_status put_lanes(pgs_packer *k, pgs_err *err) {
    static const char *const COLUMN[] = {"lane",  "partition_num", "partition_name",
                                         "relid", "first_moment",  "last_moment"};
    pgs_rows r = {0};
    pgs_status st =
        pgs_rows_begin(&k->d, "OR REPLACE", "partition", COLUMN, PGS_COUNT_OF(COLUMN), &r, err);
    for (size_t i = 0; st == PGS_OK && i < k->lanes.n; i++) {
        const pgs_lane *lane = &k->lanes.lane[i];
        pgs_row_int(&r, 0, (int64_t)i, -1);
        pgs_row_int(&r, 1, lane->num, -1);
        pgs_row_text(&r, 2, lane->name);
        pgs_row_int(&r, 3, lane->relid, 0);
        pgs_row_int(&r, 4, (int64_t)lane->first + 1, 0);
        pgs_row_int(&r, 5, (int64_t)lane->last + 1, 0);
        st = pgs_rows_add(&r, err);
    }
    sqlite3_finalize(r.stmt);
    return st;
}

static void finalize(pgs_packer *k) {
    pgs_rows *rows[] = {&k->head, &k->change, &k->name};
    for (size_t i = 0; i < PGS_COUNT_OF(rows); i++) {
        sqlite3_finalize(rows[i]->stmt);
        rows[i]->stmt = NULL;
    }
}

/* A file that took the name while this one was packed is most likely a history, too. */
static pgs_status finish_aside(pgs_packer *k, pgs_err *err) {
    pgs_status st = pgs_aside_finish(&k->aside, k->path, k->replaces, err);
    if (st != PGS_E_EXISTS)
        return st;
    st = pgs_fail(err, PGS_E_RETRY, "\"%s\" was made by another program meanwhile", k->path);
    pgs_hint(err, "run again: what it lacks is added to it");
    return st;
}

pgs_status pgs_packer_commit(pgs_packer *k, const pgs_snapshot *newest, pgs_err *err) {
    if (!k->changed || !newest)
        return PGS_OK;
    pgs_status st = PGS_OK;
    if (k->series.n_moments % PGS_TILE_MOMENTS != 0)
        st = end_block(k, err);
    if (st == PGS_OK)
        st = put_lanes(k, err);
    if (st == PGS_OK)
        st = put_newest(k, newest, err);
    finalize(k);
    if (st == PGS_OK)
        st = pgs_database_exec(&k->d, k->is_new ? "COMMIT; PRAGMA journal_mode = DELETE" : "COMMIT",
                               err);
    if (st == PGS_OK && k->is_new) {
        pgs_database_close(&k->d);
        st = finish_aside(k, err);
    }
    k->changed = st != PGS_OK;
    return st;
}

void pgs_packer_close(pgs_packer *k) {
    if (!k)
        return;
    finalize(k);
    pgs_database_close(&k->d);
    pgs_database_close(&k->guard);
    pgs_aside_abandon(&k->aside);
    k->series.lane = NULL;
    k->series.moment = NULL;
    pgs_series_reset(&k->series);
    pgs_snapshot_reset(&k->first);
    pgs_lanes_reset(&k->lanes);
    pgs_tiles_reset(&k->tiles);
    pgs_free(k->moment);
    pgs_free(k->path);
    pgs_free(k);
}
