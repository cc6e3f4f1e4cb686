/* Findings of two moments, side by side. A finding is what was found (its kind) of what (a
 * partition, a stray relation, the table); whether it is new is decided by looking for the same at
 * the other moment. What could not be looked for is neither there nor gone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "health/health.h"

/* What one moment says of one possible finding. */
typedef struct look {
    pgs_severity severity;
    double value;
    const char *text;
} look;

static const look NOTHING = {.severity = PGS_SEVERITY_NONE, .value = NAN};

/* ---- partitions ---- */

static look look_status(const pgs_snapshot *snap, const pgs_result *result, size_t p) {
    static const pgs_severity SEVERITY[PGS_HEALTH_STATUS_COUNT] = {
        [PGS_HEALTHY] = PGS_SEVERITY_NONE,        [PGS_WARNING] = PGS_SEVERITY_WARNING,
        [PGS_UNBALANCED] = PGS_SEVERITY_CRITICAL, [PGS_CRITICAL] = PGS_SEVERITY_CRITICAL,
        [PGS_UNMEASURED] = PGS_SEVERITY_UNKNOWN,
    };
    (void)result;
    return (look){SEVERITY[snap->health[p]],
                  pgs_larger(snap->metric[PGS_CHUNK_SKEW][p], snap->metric[PGS_SIZE_SKEW][p]),
                  pgs_health_action(snap->health[p])};
}

static look look_rebalance(const pgs_snapshot *snap, const pgs_result *result, size_t p) {
    pgs_recommendation advice;
    double skew = pgs_larger(snap->metric[PGS_CHUNK_SKEW][p], snap->metric[PGS_SIZE_SKEW][p]);
    if (!pgs_health_advise(snap, &result->noise, p, &advice))
        return (look){isnan(skew) ? PGS_SEVERITY_UNKNOWN : PGS_SEVERITY_NONE, skew, NULL};
    return (look){advice.priority == PGS_PRIORITY_HIGH ? PGS_SEVERITY_CRITICAL
                                                       : PGS_SEVERITY_WARNING,
                  advice.current_skew, advice.reason};
}

static look look_hot_spot(const pgs_snapshot *snap, const pgs_result *result, size_t p) {
    (void)result;
    double chunks = snap->metric[PGS_CHUNKS_LAST_HOUR][p];
    double percentage = snap->metric[PGS_HOUR_PERCENTAGE][p];
    if (isnan(chunks) || isnan(percentage))
        return (look){PGS_SEVERITY_UNKNOWN, percentage, NULL};
    return (look){pgs_health_is_hot(snap, p) ? PGS_SEVERITY_WARNING : PGS_SEVERITY_NONE, percentage,
                  "High recent write activity"};
}

static look look_unmeasured(const pgs_snapshot *snap, const pgs_result *result, size_t p) {
    (void)result;
    return (look){snap->health[p] == PGS_UNMEASURED ? PGS_SEVERITY_WARNING : PGS_SEVERITY_NONE, NAN,
                  "Could not be measured"};
}

static const struct {
    pgs_finding_kind kind;
    look (*at)(const pgs_snapshot *, const pgs_result *, size_t);
} OF_PARTITION[] = {
    {PGS_FINDING_STATUS, look_status},
    {PGS_FINDING_REBALANCE, look_rebalance},
    {PGS_FINDING_HOT_SPOT, look_hot_spot},
    {PGS_FINDING_UNMEASURED, look_unmeasured},
};

/* ---- the table ---- */

static const struct {
    pgs_finding_kind kind;
    pgs_skew_kind skew;
} OF_TABLE[] = {
    {PGS_FINDING_CHUNKS, PGS_SKEW_CHUNK_DISTRIBUTION},
    {PGS_FINDING_SIZES, PGS_SKEW_SIZE_DISTRIBUTION},
    {PGS_FINDING_VARIANCE, PGS_SKEW_DISTRIBUTION_VARIANCE},
};

static look look_skew(const pgs_skew_metric *skew) {
    static const pgs_severity SEVERITY[PGS_SKEW_STATUS_COUNT] = {
        [PGS_SKEW_NORMAL] = PGS_SEVERITY_NONE,
        [PGS_SKEW_WARNING] = PGS_SEVERITY_WARNING,
        [PGS_SKEW_CRITICAL] = PGS_SEVERITY_CRITICAL,
        [PGS_SKEW_UNKNOWN] = PGS_SEVERITY_UNKNOWN,
    };
    return (look){SEVERITY[skew->status], skew->value, skew->details};
}

/* ---- stray relations ---- */

static look look_stray(const pgs_stray *stray) {
    return stray ? (look){PGS_SEVERITY_WARNING, stray->chunk_count,
                          "Rows outside the numbered partitions"}
                 : NOTHING;
}

static int by_stray_name(const void *a, const void *b) {
    const pgs_stray *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* The strays of a snapshot by name; NULL without memory. */
static const pgs_stray **sorted_strays(const pgs_snapshot *snap) {
    const pgs_stray **list = pgs_alloc(snap->n_strays, sizeof(void *));
    for (size_t i = 0; list && i < snap->n_strays; i++)
        list[i] = &snap->stray[i];
    if (list && snap->n_strays > 1)
        qsort(list, snap->n_strays, sizeof(void *), by_stray_name);
    return list;
}

/* ---- collecting ---- */

/* Take what both moments say, if it is a finding; without room for them, only count. */
static void add(pgs_diff *diff, pgs_finding_kind kind, int64_t num, const char *name,
                const look *before, const look *after) {
    bool was = before->severity > PGS_SEVERITY_NONE, is = after->severity > PGS_SEVERITY_NONE;
    if (!was && !is)
        return;
    if (diff->finding) {
        bool unknown = after->severity == PGS_SEVERITY_UNKNOWN;
        diff->finding[diff->n_findings] = (pgs_finding){
            .news = !was            ? PGS_NEW
                    : is || unknown ? PGS_PERSISTING
                                    : PGS_RESOLVED,
            .kind = kind,
            .partition_num = num,
            .name = name,
            .severity = {before->severity, after->severity},
            .value = {before->value, after->value},
            .text = is ? after->text : before->text,
        };
    }
    diff->n_findings++;
}

static void collect_partitions(pgs_diff *diff) {
    for (size_t r = 0; r < diff->n_parts; r++) {
        const pgs_partition_change *part = &diff->part[r];
        for (size_t k = 0; k < PGS_COUNT_OF(OF_PARTITION); k++) {
            look at[PGS_SIDE_COUNT];
            for (int side = 0; side < PGS_SIDE_COUNT; side++)
                at[side] = part->index[side] == SIZE_MAX
                               ? NOTHING
                               : OF_PARTITION[k].at(diff->snapshot[side], &diff->result[side],
                                                    part->index[side]);
            add(diff, OF_PARTITION[k].kind, part->partition_num, part->partition_name,
                &at[PGS_BEFORE], &at[PGS_AFTER]);
        }
    }
}

static pgs_status collect_strays(pgs_diff *diff, pgs_err *err) {
    size_t n = diff->snapshot[PGS_BEFORE]->n_strays, m = diff->snapshot[PGS_AFTER]->n_strays;
    const pgs_stray **old = sorted_strays(diff->snapshot[PGS_BEFORE]);
    const pgs_stray **new = sorted_strays(diff->snapshot[PGS_AFTER]);
    for (size_t i = 0, j = 0; old && new && (i < n || j < m);) {
        int order = i == n ? 1 : j == m ? -1 : strcmp(old[i]->name, new[j]->name);
        look before = look_stray(order <= 0 ? old[i] : NULL);
        look after = look_stray(order >= 0 ? new[j] : NULL);
        add(diff, PGS_FINDING_STRAY, PGS_TIME_NONE, order <= 0 ? old[i]->name : new[j]->name,
            &before, &after);
        i += order <= 0;
        j += order >= 0;
    }
    pgs_status st = old && new ? PGS_OK : pgs_no_memory(err);
    pgs_free(old);
    pgs_free(new);
    return st;
}

static pgs_status collect(pgs_diff *diff, pgs_err *err) {
    diff->n_findings = 0;
    collect_partitions(diff);
    for (size_t k = 0; k < PGS_COUNT_OF(OF_TABLE); k++) {
        look before = look_skew(&diff->result[PGS_BEFORE].skew[OF_TABLE[k].skew]);
        look after = look_skew(&diff->result[PGS_AFTER].skew[OF_TABLE[k].skew]);
        add(diff, OF_TABLE[k].kind, PGS_TIME_NONE, NULL, &before, &after);
    }
    return collect_strays(diff, err);
}

/* ---- order, and what follows ---- */

/* How grave it is, or was where it is gone. */
static pgs_severity gravity(const pgs_finding *finding) {
    pgs_severity after = finding->severity[PGS_AFTER];
    return after > PGS_SEVERITY_NONE ? after : finding->severity[PGS_BEFORE];
}

static bool is_worse(const pgs_finding *finding) {
    return finding->news == PGS_PERSISTING &&
           finding->severity[PGS_AFTER] > finding->severity[PGS_BEFORE];
}

static int by_news(const void *a, const void *b) {
    const pgs_finding *x = a, *y = b;
    if (x->news != y->news)
        return x->news < y->news ? -1 : 1;
    if (is_worse(x) != is_worse(y))
        return is_worse(x) ? -1 : 1;
    if (gravity(x) != gravity(y))
        return gravity(x) > gravity(y) ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->partition_num != y->partition_num)
        return x->partition_num < y->partition_num ? -1 : 1;
    return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void count(pgs_diff *diff) {
    for (size_t i = 0; i < diff->n_findings; i++) {
        const pgs_finding *finding = &diff->finding[i];
        bool worse = is_worse(finding);
        diff->n_news[finding->news]++;
        diff->n_worse += worse;
        if ((worse || finding->news == PGS_NEW) && gravity(finding) > diff->verdict)
            diff->verdict = gravity(finding);
    }
}

pgs_status pgs_health_compare(pgs_diff *diff, pgs_err *err) {
    diff->finding = NULL;
    pgs_status st = collect(diff, err);
    if (st != PGS_OK)
        return st;
    diff->finding = pgs_arena_alloc(diff->arena, diff->n_findings, sizeof *diff->finding);
    st = diff->finding ? collect(diff, err) : pgs_no_memory(err);
    if (st != PGS_OK)
        return st;
    if (diff->n_findings > 1)
        qsort(diff->finding, diff->n_findings, sizeof *diff->finding, by_news);
    count(diff);
    return PGS_OK;
}
