/* A baseline: what is accepted of a table, in a file that lies beside the code and may have been
 * edited by anyone. Of every partition it holds what findings follow from, so that none has to be
 * believed: they are computed again. A partition a line, so that a change reads well in a
 * review. */
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "report/json.h"

#define FORMAT    "pgskew baseline"
#define VERSION   1
#define MAX_BYTES ((size_t)256 << 20)

/* ---- writing ---- */

static void get_measured(const pgs_grid *grid, const pgs_column *column, size_t row,
                         pgs_cell *out) {
    (void)column;
    out->observed = true;
    out->integer = grid->snapshot->part[row].measured;
}

static void get_value(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    double value = grid->snapshot->metric[column->where][row];
    out->observed = !isnan(value);
    out->number = value;
    out->integer = out->observed ? (int64_t)value : 0;
}

static void get_status(const pgs_grid *grid, const pgs_column *column, size_t row, pgs_cell *out) {
    (void)column;
    out->text = pgs_health_status_name(grid->snapshot->health[row]);
    out->observed = out->text != NULL;
}

/* clang-format off */
static const pgs_column PARTITION[] = {
    {"partition", "", PGS_AS_TEXT, pgs_get_text, offsetof(pgs_partition, name)},
    {"partition_num", "", PGS_AS_ID, pgs_get_int64, offsetof(pgs_partition, num)},
    {"measured", "", PGS_AS_FLAG, get_measured, 0},
    {"chunk_count", "", PGS_AS_COUNT, get_value, PGS_CHUNK_COUNT},
    {"size_bytes", "", PGS_AS_COUNT, get_value, PGS_SIZE_BYTES},
    {"chunks_last_hour", "", PGS_AS_COUNT, get_value, PGS_CHUNKS_LAST_HOUR},
    {"hour_percentage", "", PGS_AS_REAL, get_value, PGS_HOUR_PERCENTAGE},
    {"health_status", "", PGS_AS_TEXT, get_status, 0},
};
/* clang-format on */

pgs_status pgs_baseline_write(FILE *out, const pgs_snapshot *snap, pgs_err *err) {
    pgs_json j = {.out = out};
    pgs_grid parts = {.column = PARTITION,
                      .n_columns = PGS_COUNT_OF(PARTITION),
                      .snapshot = snap,
                      .base = (const char *)snap->part,
                      .stride = sizeof *snap->part,
                      .n_rows = snap->head.n_parts};
    pgs_json_open(&j, NULL, '{');
    pgs_json_text(&j, "format", FORMAT);
    pgs_json_size(&j, "version", VERSION);
    pgs_json_text(&j, "table", snap->head.table_name);
    pgs_json_time(&j, "taken_at", snap->head.taken_us);
    pgs_json_open(&j, "strays", '[');
    for (size_t i = 0; i < snap->n_strays; i++)
        pgs_json_text(&j, NULL, snap->stray[i].name);
    pgs_json_close(&j, ']');
    pgs_json_rows(&j, "partitions", &parts);
    pgs_json_close(&j, '}');
    pgs_status st = pgs_json_finish(&j, err);
    return st == PGS_OK ? pgs_report_flush(out, err) : st;
}

/* ---- reading ---- */

static pgs_status is_none(const char *path, const char *why, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" is no baseline: %s", path, why);
    pgs_hint(err, "pgskew check --write-baseline FILE writes one");
    return st;
}

/* The number of `key`; NaN where it is null or missing. False: it is something else. */
static bool number_of(const cJSON *object, const char *key, double *out) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    *out = cJSON_IsNumber(item) ? item->valuedouble : NAN;
    return !item || cJSON_IsNull(item) || (cJSON_IsNumber(item) && isfinite(*out));
}

static const char *text_of(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static pgs_status read_head(const char *path, const cJSON *root, pgs_snapshot *out, pgs_err *err) {
    const char *format = text_of(root, "format"), *table = text_of(root, "table");
    const char *taken = text_of(root, "taken_at");
    double version;
    if (!format || strcmp(format, FORMAT) != 0 || !number_of(root, "version", &version) ||
        isnan(version))
        return is_none(path, "it does not say so", err);
    if (version != VERSION) {
        pgs_status st =
            pgs_fail(err, PGS_E_DATA, "\"%s\" is a baseline of version %.17g, this pgskew reads %d",
                     path, version, VERSION);
        pgs_hint(err, "update pgskew, or write the baseline again");
        return st;
    }
    if (!table || !taken || !pgs_time_parse(taken, INT64_MIN, &out->head.taken_us))
        return is_none(path, "its table or its time is missing", err);
    pgs_status st = pgs_snapshot_text(out, &out->head.source, "baseline", err);
    return st == PGS_OK ? pgs_snapshot_text(out, &out->head.table_name, table, err) : st;
}

/* The columns that are metrics. */
static bool is_metric(const pgs_column *column) {
    return column->get == get_value;
}

static pgs_status read_partition(const char *path, const cJSON *item, size_t p, pgs_snapshot *out,
                                 pgs_err *err) {
    double num, measured;
    bool good = cJSON_IsObject(item) && number_of(item, "partition_num", &num) && num >= 0 &&
                num <= PGS_MAX_INTEGER && num == floor(num) &&
                number_of(item, "measured", &measured) && (measured == 0 || measured == 1);
    for (size_t k = 0; good && k < PGS_COUNT_OF(PARTITION); k++)
        if (is_metric(&PARTITION[k]))
            good = number_of(item, PARTITION[k].key, &out->metric[PARTITION[k].where][p]);
    if (!good)
        return is_none(path, "a partition in it is none", err);
    out->part[p].num = (int64_t)num;
    out->part[p].measured = measured == 1;
    return pgs_snapshot_text(out, &out->part[p].name, text_of(item, "partition"), err);
}

static pgs_status read_partitions(const char *path, const cJSON *root, pgs_snapshot *out,
                                  pgs_err *err) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "partitions"), *item;
    size_t n = 0;
    if (!cJSON_IsArray(list))
        return is_none(path, "it lists no partitions", err);
    cJSON_ArrayForEach(item, list) n++;
    pgs_status st = pgs_snapshot_set_parts(out, n, err);
    n = 0;
    if (st == PGS_OK)
        cJSON_ArrayForEach(item, list) {
            st = read_partition(path, item, n++, out, err);
            if (st != PGS_OK)
                break;
        }
    return st;
}

static pgs_status read_strays(const char *path, const cJSON *root, pgs_snapshot *out,
                              pgs_err *err) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "strays"), *item;
    size_t n = 0;
    cJSON_ArrayForEach(item, list) n++;
    pgs_status st = pgs_snapshot_set_strays(out, n, err);
    n = 0;
    if (st == PGS_OK)
        cJSON_ArrayForEach(item, list) {
            const char *name = cJSON_GetStringValue(item);
            st = name ? pgs_snapshot_text(out, &out->stray[n++].name, name, err)
                      : is_none(path, "a stray relation in it has no name", err);
            if (st != PGS_OK)
                break;
        }
    return st;
}

static pgs_status read_root(const char *path, const cJSON *root, pgs_snapshot *out, pgs_err *err) {
    pgs_err inner = {0};
    if (!cJSON_IsObject(root))
        return is_none(path, "it is not JSON", err);
    pgs_status st = read_head(path, root, out, err);
    if (st == PGS_OK)
        st = read_partitions(path, root, out, err);
    if (st == PGS_OK)
        st = read_strays(path, root, out, err);
    if (st != PGS_OK)
        return st;
    st = pgs_snapshot_check(out, &inner);
    return st == PGS_E_DATA ? is_none(path, inner.msg, err) : st;
}

pgs_status pgs_baseline_read(const char *path, pgs_snapshot *out, pgs_err *err) {
    char *bytes;
    size_t n;
    pgs_status st = pgs_file_read(path, MAX_BYTES, &bytes, &n, err);
    if (st != PGS_OK)
        return st;
    bool text = strlen(bytes) == n && pgs_text_is_utf8(bytes);
    const char *end = NULL;
    cJSON *root = text ? cJSON_ParseWithLengthOpts(bytes, n + 1, &end, true) : NULL;
    st = read_root(path, root, out, err);
    cJSON_Delete(root);
    pgs_free(bytes);
    if (st != PGS_OK)
        pgs_snapshot_reset(out);
    return st;
}
