/* What every snapshot must keep, whether a server, a CSV file or a stranger's SQLite file filled
 * it.
 *
 * Metrics are columns, so bringing partitions into order means permuting every column. That
 * happens once, where a snapshot is checked; everyone after relies on the order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/snapshot.h"

/* ---- order ---- */

typedef struct keyed {
    int64_t key;
    size_t from;
} keyed;

static int by_key(const void *a, const void *b) {
    const keyed *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Rearrange n items of `size` bytes so that item i comes from place order[i].from. */
static void permute(void *items, size_t size, const keyed *order, size_t n, char *scratch) {
    memcpy(scratch, items, n * size);
    for (size_t i = 0; i < n; i++)
        memcpy((char *)items + i * size, scratch + order[i].from * size, size);
}

static bool parts_in_order(const pgs_snapshot *snap) {
    for (size_t p = 1; p < snap->head.n_parts; p++)
        if (snap->part[p].num <= snap->part[p - 1].num)
            return false;
    return true;
}

static pgs_status sort_parts(pgs_snapshot *snap, pgs_err *err) {
    if (parts_in_order(snap))
        return PGS_OK;
    size_t n = snap->head.n_parts;
    keyed *order = pgs_alloc(n, sizeof *order);
    char *scratch = pgs_alloc(n, sizeof *snap->part);
    if (order && scratch) {
        for (size_t p = 0; p < n; p++)
            order[p] = (keyed){snap->part[p].num, p};
        qsort(order, n, sizeof *order, by_key);
        permute(snap->part, sizeof *snap->part, order, n, scratch);
        permute(snap->health, sizeof *snap->health, order, n, scratch);
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
            if (snap->columns & PGS_METRIC_BIT(m))
                permute(snap->metric[m], sizeof *snap->metric[m], order, n, scratch);
    }
    bool done = order && scratch;
    pgs_free(order);
    pgs_free(scratch);
    return done ? PGS_OK : pgs_no_memory(err);
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const pgs_collection *)a)->id, ((const pgs_collection *)b)->id);
}

static int by_collection(const void *a, const void *b) {
    const pgs_collection_stat *x = a, *y = b;
    if (x->collection != y->collection)
        return x->collection < y->collection ? -1 : 1;
    return (x->partition_num > y->partition_num) - (x->partition_num < y->partition_num);
}

/* Sorting collections moves them, so their rows are pointed at their new places. */
static pgs_status sort_collections(pgs_snapshot *snap, pgs_err *err) {
    size_t n = snap->n_collections;
    pgs_collection *before = pgs_alloc(n, sizeof *before);
    if (!before)
        return pgs_no_memory(err);
    if (n > 0) {
        memcpy(before, snap->collection, n * sizeof *before);
        qsort(snap->collection, n, sizeof *snap->collection, by_id);
    }
    for (size_t i = 0; i < snap->n_collection_stats; i++) {
        pgs_collection_stat *row = &snap->collection_stat[i];
        const pgs_collection *now =
            bsearch(&before[row->collection], snap->collection, n, sizeof *now, by_id);
        row->collection = (size_t)(now - snap->collection);
    }
    if (snap->n_collection_stats > 0)
        qsort(snap->collection_stat, snap->n_collection_stats, sizeof *snap->collection_stat,
              by_collection);
    pgs_free(before);
    return PGS_OK;
}

/* ---- check: no looser than the CHECKs of schemas/snapshot_001.sql ---- */

#define MAX_REAL PGS_MAX_INTEGER /* nothing that is measured or derived comes near */

static bool in_range(pgs_unit unit, double x) {
    if (isnan(x))
        return true;
    if (pgs_unit_is_integer(unit))
        return x >= 0 && x <= PGS_MAX_INTEGER && x == floor(x);
    return x >= 0 && x <= (unit == PGS_UNIT_PERCENT ? 100 : MAX_REAL);
}

static bool is_identity(int64_t x) {
    return x >= 0 && x <= (int64_t)PGS_MAX_INTEGER;
}

static pgs_status check_text(const char *what, const char *text, pgs_err *err) {
    if (!text || pgs_text_is_utf8(text))
        return PGS_OK;
    return pgs_fail(err, PGS_E_DATA, "the %s is not valid UTF-8", what);
}

static pgs_status check_head(const pgs_snapshot *snap, pgs_err *err) {
    const pgs_snapshot_head *head = &snap->head;
    const struct {
        const char *what, *text;
    } TEXT[] = {{"system identifier", head->system_identifier},
                {"database name", head->database},
                {"table name", head->table_name},
                {"source label", head->source},
                {"server version", snap->server_version},
                {"text of the notes", snap->notes}};
    for (size_t i = 0; i < PGS_COUNT_OF(TEXT); i++) {
        pgs_status st = check_text(TEXT[i].what, TEXT[i].text, err);
        if (st != PGS_OK)
            return st;
    }
    if (!head->table_name || !*head->table_name)
        return pgs_fail(err, PGS_E_DATA, "the snapshot does not name its table");
    if (!head->source)
        return pgs_fail(err, PGS_E_DATA, "the snapshot does not name its source");
    if (head->taken_us < 0 || head->taken_us > (int64_t)PGS_MAX_INTEGER)
        return pgs_fail(err, PGS_E_DATA, "the moment of the snapshot is outside 1970-2255");
    if (!is_identity(snap->table_relid) || !in_range(PGS_UNIT_REAL, snap->collect_ms) ||
        !in_range(PGS_UNIT_REAL, snap->distribution_variance))
        return pgs_fail(err, PGS_E_DATA, "a number about the snapshot is outside what it can be");
    return PGS_OK;
}

static pgs_status bad_value(int64_t num, pgs_metric m, double x, pgs_err *err) {
    return pgs_fail(err, PGS_E_DATA, "partition %lld: %s is %.17g, outside what it can be",
                    (long long)num, pgs_metric_get(m)->key, x);
}

/* Whether every value of a metric is in range, in loops that a compiler vectorises, for which a
 * flag is a double; false also where an odd one is above 2^52. Only then the search for it
 * begins. */
static bool column_in_range(const double *x, size_t n, pgs_unit unit, bool *any) {
    double max = unit == PGS_UNIT_PERCENT ? 100 : MAX_REAL, bad = 0, seen = 0;
    for (size_t i = 0; i < n; i++) {
        bad = x[i] < 0 ? 1 : bad;
        bad = x[i] > max ? 1 : bad;
        seen = x[i] == x[i] ? 1 : seen;
    }
    for (size_t i = 0; i < n && seen > 0 && pgs_unit_is_integer(unit); i++) {
        double whole = (x[i] + 0x1p52) - 0x1p52; /* rounded */
        bad = islessgreater(whole, x[i]) ? 1 : bad;
    }
    *any = seen > 0;
    return bad == 0;
}

/* `seen` gets the bits of the metrics that any partition has. */
static bool columns_in_range(const pgs_snapshot *snap, uint64_t *seen) {
    bool all = true, any;
    *seen = 0;
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        if (!(snap->columns & PGS_METRIC_BIT(m)))
            continue;
        all &= column_in_range(snap->metric[m], snap->head.n_parts, pgs_metric_get(m)->unit, &any);
        *seen |= any ? PGS_METRIC_BIT(m) : 0;
    }
    return all;
}

static pgs_status check_part(const pgs_snapshot *snap, size_t p, bool in_range_all, pgs_err *err) {
    const pgs_partition *part = &snap->part[p];
    if (part->num < 0)
        return pgs_fail(err, PGS_E_DATA, "partition_num %lld is negative", (long long)part->num);
    if (!is_identity(part->num) || !is_identity(part->relid) || !is_identity(part->relfilenode))
        return pgs_fail(err, PGS_E_DATA, "partition %lld: an identity is outside what it can be",
                        (long long)part->num);
    if (p > 0 && part->num == snap->part[p - 1].num)
        return pgs_fail(err, PGS_E_DATA, "partition %lld is there twice", (long long)part->num);
    for (pgs_metric m = 0; (!in_range_all || !part->measured) && m < PGS_METRIC_COUNT; m++) {
        double x = snap->metric[m][p];
        if (!in_range(pgs_metric_get(m)->unit, x))
            return bad_value(part->num, m, x, err);
        if (!part->measured && !isnan(x))
            return pgs_fail(err, PGS_E_DATA, "partition %lld is unmeasured but has a %s",
                            (long long)part->num, pgs_metric_get(m)->key);
    }
    pgs_status st = check_text("name of a partition", part->name, err);
    return st == PGS_OK ? check_text("bounds of a partition", part->bounds, err) : st;
}

/* Shorter ones first: numbers at the end of names are then in their order, padded or not. */
static int by_length_and_text(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    size_t n = strlen(x), k = strlen(y);
    return n != k ? (n > k) - (n < k) : memcmp(x, y, n);
}

static bool texts_rise(const char *const *text, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (by_length_and_text(&text[i - 1], &text[i]) >= 0)
            return false;
    return true;
}

/* A partition is known by its name over time, so two cannot share one. */
static pgs_status check_names_unique(const pgs_snapshot *snap, pgs_err *err) {
    size_t n = 0;
    const char **name = pgs_alloc(snap->head.n_parts, sizeof *name);
    if (!name)
        return pgs_no_memory(err);
    for (size_t p = 0; p < snap->head.n_parts; p++)
        if (snap->part[p].name)
            name[n++] = snap->part[p].name;
    if (!texts_rise(name, n))
        qsort(name, n, sizeof *name, by_length_and_text);
    pgs_status st = PGS_OK;
    for (size_t i = 1; st == PGS_OK && i < n; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            st = pgs_fail(err, PGS_E_DATA, "two partitions are called %.100s", name[i]);
    pgs_free(name);
    return st;
}

/* Sums of rows stay exact in doubles; bytes are only ever summed as integers. */
static pgs_status check_sums(const pgs_snapshot *snap, uint64_t seen, pgs_err *err) {
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
        pgs_unit unit = pgs_metric_get(m)->unit;
        if ((unit != PGS_UNIT_ROWS && unit != PGS_UNIT_BYTES) || !(seen & PGS_METRIC_BIT(m)))
            continue;
        int64_t sum = isnan(snap->stray_metric[m]) ? 0 : (int64_t)snap->stray_metric[m];
        for (size_t p = 0; p < snap->head.n_parts; p++) {
            double x = snap->metric[m][p];
            bool over = !isnan(x) && __builtin_add_overflow(sum, (int64_t)x, &sum);
            if (over || (unit == PGS_UNIT_ROWS && sum > (int64_t)PGS_MAX_INTEGER))
                return pgs_fail(err, PGS_E_DATA, "the sum of %s over all partitions is over 2^%d",
                                pgs_metric_get(m)->key, unit == PGS_UNIT_ROWS ? 53 : 63);
        }
    }
    return PGS_OK;
}

static pgs_status check_strays(const pgs_snapshot *snap, pgs_err *err) {
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        if (!in_range(pgs_metric_get(m)->unit, snap->stray_metric[m]))
            return pgs_fail(err, PGS_E_DATA, "the stray rows' %s is outside what it can be",
                            pgs_metric_get(m)->key);
    for (size_t i = 0; i < snap->n_strays; i++) {
        const pgs_stray *stray = &snap->stray[i];
        if (!stray->name || !in_range(PGS_UNIT_ROWS, stray->chunk_count) ||
            !in_range(PGS_UNIT_BYTES, stray->size_bytes))
            return pgs_fail(err, PGS_E_DATA, "stray relation %zu has a bad name or value", i + 1);
        pgs_status st = check_text("name of a stray relation", stray->name, err);
        if (st != PGS_OK)
            return st;
    }
    return PGS_OK;
}

static pgs_status check_collections(const pgs_snapshot *snap, pgs_err *err) {
    for (size_t i = 0; i < snap->n_collections; i++) {
        const pgs_collection *c = &snap->collection[i];
        if (!c->id)
            return pgs_fail(err, PGS_E_DATA, "a collection has no id");
        pgs_status st = check_text("id of a collection", c->id, err);
        if (st == PGS_OK)
            st = check_text("name of a collection", c->name, err);
        if (st != PGS_OK)
            return st;
    }
    for (size_t i = 0; i < snap->n_collection_stats; i++) {
        const pgs_collection_stat *row = &snap->collection_stat[i];
        if (row->collection >= snap->n_collections)
            return pgs_fail(err, PGS_E_DATA, "a row of collection_stat names no collection");
        const struct {
            pgs_unit unit;
            double x;
        } CELL[] = {{PGS_UNIT_ROWS, row->chunk_count},    {PGS_UNIT_ROWS, row->document_count},
                    {PGS_UNIT_ROWS, row->token_sum},      {PGS_UNIT_ROWS, row->token_chunk_count},
                    {PGS_UNIT_REAL, row->avg_tokens},     {PGS_UNIT_BYTES, row->size_bytes},
                    {PGS_UNIT_TIME, row->last_created_at}};
        for (size_t k = 0; k < PGS_COUNT_OF(CELL); k++)
            if (!in_range(CELL[k].unit, CELL[k].x))
                return pgs_fail(err, PGS_E_DATA, "collection \"%.100s\" has the bad value %.17g",
                                snap->collection[row->collection].id, CELL[k].x);
    }
    return PGS_OK;
}

/* What the analyzer adds up per collection stays exact in doubles. Rows for all partitions
 * together say the same once more. */
static pgs_status check_collection_sums(const pgs_snapshot *snap, pgs_err *err) {
    static const char *const KEY[] = {"chunk_count", "document_count", "token_sum",
                                      "token_chunk_count"};
    int64_t sum[2][PGS_COUNT_OF(KEY)] = {{0}};
    for (size_t i = 0; i < snap->n_collection_stats; i++) {
        const pgs_collection_stat *row = &snap->collection_stat[i];
        const double cell[] = {row->chunk_count, row->document_count, row->token_sum,
                               row->token_chunk_count};
        for (size_t k = 0; k < PGS_COUNT_OF(KEY); k++) {
            int64_t *total = &sum[row->partition_num < 0][k];
            *total += isnan(cell[k]) ? 0 : (int64_t)cell[k];
            if (*total > (int64_t)PGS_MAX_INTEGER)
                return pgs_fail(err, PGS_E_DATA, "the sum of %s over all collections is over 2^53",
                                KEY[k]);
        }
    }
    return PGS_OK;
}

/* After sorting, what is there twice stands side by side. */
static pgs_status check_collections_unique(const pgs_snapshot *snap, pgs_err *err) {
    for (size_t i = 1; i < snap->n_collections; i++)
        if (by_id(&snap->collection[i - 1], &snap->collection[i]) == 0)
            return pgs_fail(err, PGS_E_DATA, "collection \"%.100s\" is there twice",
                            snap->collection[i].id);
    for (size_t i = 1; i < snap->n_collection_stats; i++)
        if (by_collection(&snap->collection_stat[i - 1], &snap->collection_stat[i]) == 0)
            return pgs_fail(err, PGS_E_DATA, "collection \"%.100s\" is in one partition twice",
                            snap->collection[snap->collection_stat[i].collection].id);
    return PGS_OK;
}

pgs_status pgs_snapshot_check(pgs_snapshot *snap, pgs_err *err) {
    pgs_status st = check_head(snap, err);
    if (st == PGS_OK)
        st = sort_parts(snap, err);
    uint64_t seen = 0;
    bool in_range_all = st == PGS_OK && columns_in_range(snap, &seen);
    for (size_t p = 0; st == PGS_OK && p < snap->head.n_parts; p++)
        st = check_part(snap, p, in_range_all, err);
    if (st == PGS_OK)
        st = check_names_unique(snap, err);
    if (st == PGS_OK)
        st = check_strays(snap, err);
    if (st == PGS_OK)
        st = check_sums(snap, seen, err);
    if (st == PGS_OK)
        st = check_collections(snap, err);
    if (st == PGS_OK)
        st = check_collection_sums(snap, err);
    if (st == PGS_OK)
        st = sort_collections(snap, err);
    if (st == PGS_OK)
        st = check_collections_unique(snap, err);
    return st;
}
