/* One number for everything that was observed at one moment: two snapshots with the same number
 * have the same content, whichever file they lie in. Derived values are functions of what is
 * hashed; the percentages are not always, so they are hashed too. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/snapshot.h"

static uint64_t add_text(uint64_t h, const char *text) {
    return text ? pgs_hash(text, strlen(text) + 1, h) : pgs_hash("", 0, h + 1);
}

static uint64_t add_int(uint64_t h, int64_t value) {
    return pgs_hash(&value, sizeof value, h);
}

/* Every NaN is the same "not observed", and -0 is 0. */
static double canonical(double x) {
    return isnan(x) ? (double)NAN : x + 0.0;
}

static uint64_t add_value(uint64_t h, double x) {
    double one = canonical(x);
    return pgs_hash(&one, sizeof one, h);
}

static uint64_t add_head(uint64_t h, const pgs_snapshot *snap) {
    const pgs_snapshot_head *head = &snap->head;
    const char *const text[] = {head->system_identifier, head->database,
                                head->table_name,        head->source,
                                snap->server_version,    snap->notes};
    const int64_t whole[] = {head->taken_us,    (int64_t)head->counts, (int64_t)head->n_parts,
                             snap->table_relid, snap->in_recovery,     snap->stats_reset_us};
    for (size_t i = 0; i < PGS_COUNT_OF(text); i++)
        h = add_text(h, text[i]);
    for (size_t i = 0; i < PGS_COUNT_OF(whole); i++)
        h = add_int(h, whole[i]);
    return add_value(h, snap->collect_ms);
}

static uint64_t add_strays(uint64_t h, const pgs_snapshot *snap) {
    for (int m = 0; m < PGS_METRIC_COUNT; m++)
        h = add_value(h, snap->stray_metric[m]);
    for (size_t i = 0; i < snap->n_strays; i++) {
        h = add_text(h, snap->stray[i].name);
        h = add_value(h, snap->stray[i].chunk_count);
        h = add_value(h, snap->stray[i].size_bytes);
    }
    return h;
}

static bool is_hashed(pgs_metric m) {
    return m < PGS_FIRST_DERIVED || pgs_metric_get(m)->unit == PGS_UNIT_PERCENT;
}

static uint64_t add_parts(uint64_t h, const pgs_snapshot *snap) {
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        const pgs_partition *part = &snap->part[p];
        h = add_text(add_text(h, part->name), part->bounds);
        h = add_int(add_int(h, part->num), part->relid);
        h = add_int(add_int(h, part->relfilenode), part->measured);
        double row[PGS_METRIC_COUNT];
        size_t n = 0;
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
            if (is_hashed(m))
                row[n++] = canonical(snap->metric[m][p]);
        h = pgs_hash(row, n * sizeof *row, h);
    }
    return h;
}

static uint64_t add_collections(uint64_t h, const pgs_snapshot *snap) {
    for (size_t i = 0; i < snap->n_collection_stats; i++) {
        const pgs_collection_stat *s = &snap->collection_stat[i];
        const pgs_collection *c = &snap->collection[s->collection];
        const double value[] = {s->chunk_count,       s->document_count, s->token_sum,
                                s->token_chunk_count, s->avg_tokens,     s->size_bytes,
                                s->last_created_at};
        h = add_text(add_text(h, c->id), c->name);
        h = add_int(add_int(h, s->partition_num), s->key_hash);
        for (size_t k = 0; k < PGS_COUNT_OF(value); k++)
            h = add_value(h, value[k]);
    }
    return h;
}

int64_t pgs_snapshot_hash(const pgs_snapshot *snap) {
    uint64_t h = add_head(0, snap);
    h = add_strays(h, snap);
    h = add_parts(h, snap);
    return (int64_t)add_collections(h, snap);
}
