/* The guide's thresholds and sentences. Statuses of partitions were decided before rounding, by
 * whoever wrote the snapshot; the metrics of the whole table and the recommendations go by the
 * published, 4-digit skews, as the guide's service does. Where the guide and its code disagree,
 * the guide wins: every threshold is ">=". */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "health/health.h"

#define ACTION_REBALANCE    "Consider rebalancing affected partitions"
#define ACTION_MONITOR      "Monitor partition growth"
#define ACTION_REDISTRIBUTE "Consider data redistribution"

const char *pgs_health_action(pgs_health_status status) {
    return status == PGS_UNBALANCED ? ACTION_REBALANCE
           : status == PGS_WARNING  ? ACTION_MONITOR
                                    : NULL;
}

/* ---- the ranking ---- */

/* Where a partition stands: by its chunk skew, -1 where that was not observed. */
typedef struct rank {
    double skew;
    size_t p; /* in the order of partition numbers */
} rank;

static int by_skew_descending(const void *a, const void *b) {
    const rank *x = a, *y = b;
    if (x->skew != y->skew)
        return x->skew > y->skew ? -1 : 1;
    return (x->p > y->p) - (x->p < y->p);
}

/* NULL: no memory. Free it with pgs_free(). */
static rank *rank_parts(const pgs_snapshot *snap) {
    size_t n = snap->head.n_parts;
    const double *skew = snap->metric[PGS_CHUNK_SKEW];
    rank *out = pgs_alloc(n, sizeof *out);
    for (size_t p = 0; out && p < n; p++)
        out[p] = (rank){isnan(skew[p]) ? -1 : skew[p], p};
    if (out && n > 1)
        qsort(out, n, sizeof *out, by_skew_descending);
    return out;
}

static double sum_seen(const double *x, size_t n) {
    double sum = NAN;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            sum = isnan(sum) ? x[i] : sum + x[i];
    return sum;
}

/* The status of a partition, without what is noise where that is to be left out. */
static pgs_health_status status_of(const pgs_snapshot *snap, const pgs_noise *noise, size_t p) {
    return noise->suppressing ? noise->status[p] : snap->health[p];
}

static void count_statuses(const pgs_snapshot *snap, pgs_result *out) {
    size_t count[PGS_HEALTH_STATUS_COUNT] = {0};
    for (size_t p = 0; p < snap->head.n_parts; p++)
        count[status_of(snap, &out->noise, p)]++;
    out->total_partitions = snap->head.n_parts;
    out->healthy_count = count[PGS_HEALTHY];
    out->warning_count = count[PGS_WARNING];
    out->unbalanced_count = count[PGS_UNBALANCED] + count[PGS_CRITICAL];
    out->unmeasured_count = count[PGS_UNMEASURED];
    out->health_percentage = out->total_partitions > 0
                                 ? (double)out->healthy_count / (double)out->total_partitions * 100
                                 : NAN;
}

pgs_status pgs_health_rank(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    size_t n = snap->head.n_parts;
    out->total_partitions = 0; /* of an earlier call */
    out->health_percentage = NAN;
    out->health = pgs_arena_alloc(out->arena, n, sizeof *out->health);
    rank *order = out->health ? rank_parts(snap) : NULL;
    if (!order)
        return pgs_no_memory(err);
    double total = sum_seen(snap->metric[PGS_CHUNK_COUNT], n);
    for (size_t i = 0; i < n; i++) {
        size_t p = order[i].p;
        out->health[i] = (pgs_partition_health){
            .partition_num = snap->part[p].num,
            .partition_name = snap->part[p].name,
            .chunk_count = snap->metric[PGS_CHUNK_COUNT][p],
            .total_chunks = total,
            .chunk_percentage = snap->metric[PGS_CHUNK_PERCENTAGE][p],
            .size_bytes = snap->metric[PGS_SIZE_BYTES][p],
            .size_percentage = snap->metric[PGS_SIZE_PERCENTAGE][p],
            .health_status = status_of(snap, &out->noise, p),
            .chunk_skew = snap->metric[PGS_CHUNK_SKEW][p],
            .size_skew = snap->metric[PGS_SIZE_SKEW][p],
            .recommendation = pgs_health_action(status_of(snap, &out->noise, p)),
        };
    }
    pgs_free(order);
    count_statuses(snap, out);
    return PGS_OK;
}

/* ---- the five metrics ---- */

static const struct {
    const char *metric;
    const char *details[PGS_SKEW_STATUS_COUNT]; /* by status; %zu where a count belongs */
} SKEW_TEXT[PGS_SKEW_KIND_COUNT] = {
    [PGS_SKEW_CHUNK_DISTRIBUTION] = {"chunk_distribution",
                                     {"Chunk distribution within expected range",
                                      "Chunk distribution exceeds warning threshold",
                                      "Chunk distribution exceeds critical threshold",
                                      "Chunk counts were not observed"}},
    [PGS_SKEW_SIZE_DISTRIBUTION] = {"size_distribution",
                                    {"Partition size skew within expected range",
                                     "Partition size skew exceeds warning threshold",
                                     "Partition size skew exceeds critical threshold",
                                     "Partition sizes were not observed"}},
    [PGS_SKEW_PARTITION_HEALTH] = {"partition_health",
                                   {"All partitions report healthy status", NULL, NULL,
                                    "No partition was measured"}},
    [PGS_SKEW_HOT_PARTITIONS] = {"hot_partitions",
                                 {"No abnormal recent write activity detected",
                                  "High recent write activity detected", NULL,
                                  "Recent write activity was not observed"}},
    [PGS_SKEW_DISTRIBUTION_VARIANCE] = {"distribution_variance",
                                        {"Distribution variance within expected range",
                                         "Distribution variance exceeds warning threshold",
                                         "Distribution variance exceeds critical threshold",
                                         "Chunk counts were not observed"}},
};

static void set_metric(pgs_result *out, pgs_skew_kind kind, double value, pgs_skew_status status) {
    pgs_skew_metric *m = &out->skew[kind];
    m->metric = SKEW_TEXT[kind].metric;
    m->value = value;
    m->status = status;
    const char *details = SKEW_TEXT[kind].details[status];
    snprintf(m->details, sizeof m->details, "%s", details ? details : "");
}

static pgs_skew_status status_of_skew(double skew) {
    return isnan(skew)                           ? PGS_SKEW_UNKNOWN
           : skew >= PGS_SKEW_CRITICAL_THRESHOLD ? PGS_SKEW_CRITICAL
           : skew >= PGS_SKEW_WARNING_THRESHOLD  ? PGS_SKEW_WARNING
                                                 : PGS_SKEW_NORMAL;
}

static double max_seen(const double *x, size_t n) {
    double max = NAN;
    for (size_t i = 0; i < n; i++)
        max = pgs_larger(max, x[i]);
    return max;
}

static void partition_health_metric(const pgs_snapshot *snap, pgs_result *out) {
    pgs_result seen = {.noise = out->noise}; /* the counts of `out` belong to the ranking */
    count_statuses(snap, &seen);
    size_t unbalanced = seen.unbalanced_count, warning = seen.warning_count;
    if (seen.total_partitions == seen.unmeasured_count) {
        set_metric(out, PGS_SKEW_PARTITION_HEALTH, NAN, PGS_SKEW_UNKNOWN);
        return;
    }
    set_metric(out, PGS_SKEW_PARTITION_HEALTH, (double)(unbalanced > 0 ? unbalanced : warning),
               unbalanced > 0 ? PGS_SKEW_CRITICAL
               : warning > 0  ? PGS_SKEW_WARNING
                              : PGS_SKEW_NORMAL);
    pgs_skew_metric *m = &out->skew[PGS_SKEW_PARTITION_HEALTH];
    if (unbalanced > 0)
        snprintf(m->details, sizeof m->details, "%zu partitions require rebalancing", unbalanced);
    else if (warning > 0)
        snprintf(m->details, sizeof m->details, "%zu partitions show early warnings", warning);
}

bool pgs_health_is_hot(const pgs_snapshot *snap, size_t p) {
    return snap->metric[PGS_CHUNKS_LAST_HOUR][p] > 0 &&
           snap->metric[PGS_HOUR_PERCENTAGE][p] >= PGS_HOT_PERCENTAGE;
}

static void hot_metric(const pgs_snapshot *snap, pgs_result *out) {
    const double *chunks = snap->metric[PGS_CHUNKS_LAST_HOUR];
    const double *percentage = snap->metric[PGS_HOUR_PERCENTAGE];
    size_t hot = 0, seen = 0;
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        seen += !isnan(chunks[p]) && !isnan(percentage[p]);
        hot += pgs_health_is_hot(snap, p);
    }
    if (seen == 0)
        set_metric(out, PGS_SKEW_HOT_PARTITIONS, NAN, PGS_SKEW_UNKNOWN);
    else
        set_metric(out, PGS_SKEW_HOT_PARTITIONS, (double)hot,
                   hot > 0 ? PGS_SKEW_WARNING : PGS_SKEW_NORMAL);
}

/* A metric of skews, of which none is above its floor, is normal where noise is left out. */
static void quiet_metric(const pgs_snapshot *snap, pgs_result *out, pgs_skew_kind kind,
                         const bool *above) {
    if (!out->noise.suppressing || out->skew[kind].status == PGS_SKEW_UNKNOWN)
        return;
    for (size_t p = 0; p < snap->head.n_parts; p++)
        if (above[p])
            return;
    set_metric(out, kind, out->skew[kind].value, PGS_SKEW_NORMAL);
}

void pgs_health_skew(const pgs_snapshot *snap, pgs_result *out) {
    size_t n = snap->head.n_parts;
    double chunk = max_seen(snap->metric[PGS_CHUNK_SKEW], n);
    double size = max_seen(snap->metric[PGS_SIZE_SKEW], n);
    set_metric(out, PGS_SKEW_CHUNK_DISTRIBUTION, chunk, status_of_skew(chunk));
    set_metric(out, PGS_SKEW_SIZE_DISTRIBUTION, size, status_of_skew(size));
    partition_health_metric(snap, out);
    hot_metric(snap, out);
    set_metric(out, PGS_SKEW_DISTRIBUTION_VARIANCE, snap->distribution_variance,
               snap->distribution_status);
    quiet_metric(snap, out, PGS_SKEW_CHUNK_DISTRIBUTION, out->noise.chunk_above);
    quiet_metric(snap, out, PGS_SKEW_SIZE_DISTRIBUTION, out->noise.size_above);
    quiet_metric(snap, out, PGS_SKEW_DISTRIBUTION_VARIANCE, out->noise.chunk_above);
}

/* ---- alerts ---- */

static const struct {
    const char *level, *message, *action;
} ALERT_TEXT[PGS_ALERT_KIND_COUNT] = {
    [PGS_ALERT_UNBALANCED] = {"ERROR", "%zu partitions are severely unbalanced",
                              "Consider rebalancing or adjusting partition strategy"},
    [PGS_ALERT_WARNING] = {"WARNING", "%zu partitions showing early signs of imbalance",
                           "Monitor closely and plan preventive maintenance"},
    [PGS_ALERT_UNMEASURED] = {"WARNING", "%zu partitions could not be measured",
                              "Collect again when they can be read"},
    [PGS_ALERT_STRAY] = {"WARNING", "%zu relations hold rows outside the numbered partitions",
                         "Move these rows into numbered partitions"},
};

static pgs_alert *begin_alert(pgs_result *out, pgs_alert_kind kind, size_t n) {
    pgs_alert *alert = &out->alert[out->n_alerts];
    *alert = (pgs_alert){
        .kind = kind, .level = ALERT_TEXT[kind].level, .action = ALERT_TEXT[kind].action};
    /* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the table above holds the formats */
    snprintf(alert->message, sizeof alert->message, ALERT_TEXT[kind].message, n);
    return alert;
}

/* Details for every partition with this status, in the order of the ranking. */
static pgs_status detail_partitions(pgs_result *out, pgs_alert *alert, pgs_health_status status,
                                    size_t n, pgs_err *err) {
    alert->detail = pgs_arena_alloc(out->arena, n, sizeof *alert->detail);
    if (!alert->detail)
        return pgs_no_memory(err);
    for (size_t i = 0; i < out->total_partitions; i++) {
        const pgs_partition_health *h = &out->health[i];
        if (h->health_status != status)
            continue;
        alert->detail[alert->n_details++] = (pgs_alert_detail){
            .partition_num = h->partition_num,
            .name = h->partition_name,
            .chunk_count = h->chunk_count,
            .size_bytes = h->size_bytes,
            .chunk_percentage = h->chunk_percentage,
            .size_percentage = h->size_percentage,
            .recommendation = h->recommendation,
        };
    }
    return PGS_OK;
}

static pgs_status detail_strays(const pgs_snapshot *snap, pgs_result *out, pgs_alert *alert,
                                pgs_err *err) {
    alert->detail = pgs_arena_alloc(out->arena, snap->n_strays, sizeof *alert->detail);
    if (!alert->detail)
        return pgs_no_memory(err);
    for (size_t i = 0; i < snap->n_strays; i++)
        alert->detail[alert->n_details++] = (pgs_alert_detail){
            .partition_num = -1,
            .name = snap->stray[i].name,
            .chunk_count = snap->stray[i].chunk_count,
            .size_bytes = snap->stray[i].size_bytes,
            .chunk_percentage = NAN,
            .size_percentage = NAN,
        };
    return PGS_OK;
}

pgs_status pgs_health_alert(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    const struct {
        pgs_alert_kind kind;
        pgs_health_status status; /* partitions to list; HEALTHY: none */
        size_t n;
    } DUE[] = {
        {PGS_ALERT_UNBALANCED, PGS_UNBALANCED, out->unbalanced_count},
        {PGS_ALERT_WARNING, PGS_HEALTHY, out->warning_count},
        {PGS_ALERT_UNMEASURED, PGS_UNMEASURED, out->unmeasured_count},
        {PGS_ALERT_STRAY, PGS_HEALTHY, snap->n_strays},
    };
    out->n_alerts = 0;
    for (size_t i = 0; i < PGS_COUNT_OF(DUE); i++) {
        if (DUE[i].n == 0)
            continue;
        pgs_alert *alert = begin_alert(out, DUE[i].kind, DUE[i].n);
        pgs_status st = PGS_OK;
        if (DUE[i].status != PGS_HEALTHY)
            st = detail_partitions(out, alert, DUE[i].status, DUE[i].n, err);
        else if (DUE[i].kind == PGS_ALERT_STRAY)
            st = detail_strays(snap, out, alert, err);
        if (st != PGS_OK) {
            out->n_alerts = 0;
            return st;
        }
        out->n_alerts++;
    }
    return PGS_OK;
}

/* ---- recommendations ---- */

static int by_current_skew_descending(const void *a, const void *b) {
    const pgs_recommendation *x = a, *y = b;
    if (x->current_skew != y->current_skew)
        return x->current_skew > y->current_skew ? -1 : 1;
    return (x->partition_num > y->partition_num) - (x->partition_num < y->partition_num);
}

bool pgs_health_advise(const pgs_snapshot *snap, const pgs_noise *noise, size_t p,
                       pgs_recommendation *out) {
    double chunk = snap->metric[PGS_CHUNK_SKEW][p], size = snap->metric[PGS_SIZE_SKEW][p];
    if (noise->suppressing && !noise->chunk_above[p])
        chunk = NAN;
    if (noise->suppressing && !noise->size_above[p])
        size = NAN;
    double skew = pgs_larger(chunk, size);
    if (!(skew >= PGS_REBALANCE_THRESHOLD))
        return false;
    bool high = skew >= PGS_SKEW_CRITICAL_THRESHOLD;
    *out = (pgs_recommendation){
        .partition_num = snap->part[p].num,
        .partition_name = snap->part[p].name,
        .reason = chunk == skew ? "High chunk skew" : "High size skew",
        .current_skew = skew,
        .action = high ? ACTION_REBALANCE : ACTION_REDISTRIBUTE,
        .priority = high ? PGS_PRIORITY_HIGH : PGS_PRIORITY_MEDIUM,
    };
    return true;
}

pgs_status pgs_health_recommend(const pgs_snapshot *snap, pgs_result *out, pgs_err *err) {
    size_t n = snap->head.n_parts;
    out->n_recommendations = 0;
    out->recommendation = pgs_arena_alloc(out->arena, n, sizeof *out->recommendation);
    if (!out->recommendation)
        return pgs_no_memory(err);
    for (size_t p = 0; p < n; p++)
        if (pgs_health_advise(snap, &out->noise, p, &out->recommendation[out->n_recommendations]))
            out->n_recommendations++;
    if (out->n_recommendations > 1)
        qsort(out->recommendation, out->n_recommendations, sizeof *out->recommendation,
              by_current_skew_descending);
    return PGS_OK;
}
