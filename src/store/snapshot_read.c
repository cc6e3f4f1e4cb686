/* Reading a snapshot that may come from anyone. Only our tables are read, by name; every cell's
 * type is checked here and every value by pgs_snapshot_check(). */
#include "store/snapshot_read.h"

#include <math.h>
#include <string.h>

#include "pgskew/store.h"
#include "store/definitions.h"
#include "store/layout.h"

static const char *health_name(int k) {
    return pgs_health_status_name((pgs_health_status)k);
}

/* ---- version ---- */

static pgs_status judge_version(pgs_database *d, const char *version, pgs_snapshot *out,
                                pgs_err *err) {
    int major = -1, minor = -1, end = 0;
    if (version)
        sscanf(version, "%9d.%9d%n", &major, &minor, &end);
    if (!version || end == 0 || version[end] != '\0' || major < 1 || minor < 0) {
        pgs_status st =
            pgs_fail(err, PGS_E_DATA, "\"%s\" does not say which schema version it has", d->path);
        pgs_hint(err, "take the snapshot again with this version of pgskew-collect");
        return st;
    }
    if (major > 1) {
        pgs_status st =
            pgs_fail(err, PGS_E_DATA, "\"%s\" has schema version %d.%d, newer than the %s we read",
                     d->path, major, minor, PGS_SCHEMA_VERSION);
        pgs_hint(err, "read it with a newer pgskew");
        return st;
    }
    if (minor == 0)
        return PGS_OK;
    char text[600];
    snprintf(text, sizeof text,
             "\"%.400s\" has schema version %d.%d, newer than %s: what is new in it is left out",
             d->path, major, minor, PGS_SCHEMA_VERSION);
    return pgs_snapshot_text(out, &out->warning, text, err);
}

pgs_status pgs_read_version(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    static const char *const COLUMN[] = {"value"};
    pgs_cells c = {.d = d, .what = "meta", .column = COLUMN};
    pgs_status st =
        pgs_database_select(d, "meta", COLUMN, 1, "WHERE key = 'schema_version'", &c.stmt, err);
    bool row = false;
    const char *version = NULL;
    if (st == PGS_OK && c.stmt)
        st = pgs_database_step(d, c.stmt, &row, err);
    if (st == PGS_OK && row)
        st = pgs_cell_text(&c, 0, &version, err);
    if (st == PGS_OK)
        st = judge_version(d, version, out, err);
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- partitions ---- */

/* The columns that are read: who a partition is, its health, and the metrics chosen. */
typedef struct part_columns {
    const char *name[PART_COLUMNS];
    pgs_metric metric[PGS_METRIC_COUNT]; /* of column PART_FIRST_METRIC + i */
    int n_metrics;
} part_columns;

static void choose_columns(uint64_t metrics, part_columns *out) {
    const char *all[PART_COLUMNS];
    pgs_part_columns(all);
    memcpy(out->name, all, PART_FIRST_METRIC * sizeof *all);
    out->n_metrics = 0;
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        if (!(metrics & PGS_METRIC_BIT(m)))
            continue;
        out->name[PART_FIRST_METRIC + out->n_metrics] = all[PART_FIRST_METRIC + (int)m];
        out->metric[out->n_metrics++] = m;
    }
}

static pgs_status read_part(const pgs_cells *c, const part_columns *columns, pgs_snapshot *out,
                            size_t p, pgs_err *err) {
    pgs_partition *part = &out->part[p];
    int64_t measured = 0;
    int health = PGS_UNMEASURED;
    pgs_status st = pgs_cell_int(c, PART_NUM, -1, &part->num, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PART_RELID, 0, &part->relid, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PART_RELFILENODE, 0, &part->relfilenode, err);
    if (st == PGS_OK)
        st = pgs_cell_int(c, PART_MEASURED, 0, &measured, err);
    if (st == PGS_OK)
        st = pgs_keep_text(c, PART_NAME, out, &part->name, err);
    if (st == PGS_OK)
        st = pgs_keep_text(c, PART_BOUNDS, out, &part->bounds, err);
    if (st == PGS_OK)
        st = pgs_cell_choice(c, PART_HEALTH, health_name, PGS_UNMEASURED, &health, err);
    if (st != PGS_OK)
        return st;
    part->measured = measured != 0;
    out->health[p] = (pgs_health_status)health;
    for (int i = 0; st == PGS_OK && i < columns->n_metrics; i++) {
        pgs_metric m = columns->metric[i];
        st = pgs_cell_value(c, PART_FIRST_METRIC + i, pgs_metric_get(m)->unit, &out->metric[m][p],
                            err);
    }
    return st;
}

pgs_status pgs_read_parts(pgs_database *d, uint64_t metrics, pgs_snapshot *out, pgs_err *err) {
    part_columns columns;
    choose_columns(metrics | PGS_METRICS_JUDGED, &columns);
    size_t promised = out->head.n_parts, n = 0;
    pgs_cells c = {.d = d, .what = "partition_stat", .column = columns.name};
    pgs_status st = pgs_database_select(d, "partition_stat", columns.name,
                                        (size_t)(PART_FIRST_METRIC + columns.n_metrics),
                                        "ORDER BY snapshot_id, partition_num", &c.stmt, err);
    if (st == PGS_OK && !c.stmt)
        st = pgs_database_damaged(d, err, "table partition_stat is missing");
    if (st == PGS_OK)
        st = pgs_snapshot_set_columns(out, promised, metrics | PGS_METRICS_JUDGED, err);
    for (bool row; st == PGS_OK; n++) {
        st = pgs_database_step(d, c.stmt, &row, err);
        if (st != PGS_OK || !row)
            break;
        if (n == promised)
            st = pgs_database_damaged(d, err, "it has more than the %zu partitions it promises",
                                      promised);
        else
            st = read_part(&c, &columns, out, n, err);
    }
    if (st == PGS_OK && n < promised)
        st = pgs_database_damaged(d, err, "it has %zu of the %zu partitions it promises", n,
                                  promised);
    sqlite3_finalize(c.stmt);
    return st;
}

/* ---- all of it ---- */

/* Messages of pgs_snapshot_check() name the value; here they get the file's name. */
pgs_status pgs_read_check(pgs_database *d, pgs_snapshot *out, pgs_err *err) {
    pgs_err inner;
    pgs_status st = pgs_snapshot_check(out, &inner);
    return st == PGS_E_DATA ? pgs_database_damaged(d, err, "%s", inner.msg)
           : st == PGS_OK   ? PGS_OK
                            : pgs_fail(err, st, "%s", inner.msg);
}

static pgs_status read_body(pgs_database *d, const pgs_selection *selection, pgs_snapshot *out,
                            pgs_err *err) {
    pgs_status st = pgs_read_parts(d, selection->metrics, out, err);
    if (st == PGS_OK)
        st = pgs_read_strays(d, 0, out, err);
    if (st == PGS_OK && selection->collections)
        st = pgs_read_collections(d, 0, out, err);
    return st == PGS_OK ? pgs_read_check(d, out, err) : st;
}

/* `selection` NULL: only the head. */
static pgs_status read_into(const char *path, const pgs_selection *selection, pgs_snapshot *out,
                            pgs_err *err) {
    pgs_database d;
    pgs_status st =
        pgs_database_open(&d, path, PGS_SNAPSHOT_APPLICATION_ID, selection != NULL, err);
    if (st != PGS_OK)
        return st;
    st = pgs_read_version(&d, out, err);
    if (st == PGS_OK && selection && !out->warning)
        st = pgs_definitions_check(&d, err);
    if (st == PGS_OK)
        st = pgs_read_head(&d, 0, out, err);
    if (st == PGS_OK && selection)
        st = read_body(&d, selection, out, err);
    if (st == PGS_OK)
        st = pgs_snapshot_text(out, &out->head.path, path, err);
    pgs_database_close(&d);
    if (st != PGS_OK)
        pgs_snapshot_reset(out);
    return st;
}

const pgs_selection pgs_everything = {.metrics = PGS_METRICS_ALL, .collections = true};

bool pgs_snapshot_is_one(const char *path) {
    return pgs_database_is_ours(path, PGS_SNAPSHOT_APPLICATION_ID);
}

pgs_status pgs_snapshot_read(const char *path, pgs_snapshot *out, pgs_err *err) {
    return read_into(path, &pgs_everything, out, err);
}

pgs_status pgs_snapshot_read_part(const char *path, const pgs_selection *selection,
                                  pgs_snapshot *out, pgs_err *err) {
    return read_into(path, selection, out, err);
}

pgs_status pgs_snapshot_read_head(const char *path, pgs_snapshot *out, pgs_err *err) {
    return read_into(path, NULL, out, err);
}
