/* Predicted alerts: partitions that are not beyond a threshold now, and more likely than not will
 * be by the farthest horizon. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/forecast.h"

typedef struct kind {
    pgs_threshold threshold; /* PGS_THRESHOLD_COUNT: the limit */
    const char *becomes;     /* "%zu partitions are predicted to ... within %d days" */
    const char *action;
} kind;

static const kind KIND[] = {
    {PGS_THRESHOLD_UNBALANCED, "become UNBALANCED",
     "Plan rebalancing before they do; pgskew forecast says when"},
    {PGS_THRESHOLD_WARNING, "become WARNING", "Monitor partition growth"},
    {PGS_THRESHOLD_COUNT, "reach the limit", "Plan for more space before they do"},
};

/* When, NaN: not by the farthest horizon. */
static double when(const pgs_forecast_partition *part, pgs_threshold threshold) {
    const pgs_crossing *crossing =
        threshold < PGS_THRESHOLD_COUNT ? &part->crossing[threshold] : &part->limit;
    return crossing->median > 0 ? crossing->median : NAN;
}

typedef struct coming {
    size_t p;
    double median;
} coming;

static int by_time(const void *a, const void *b) {
    const coming *x = a, *y = b;
    if (x->median != y->median)
        return x->median > y->median ? 1 : -1;
    return (x->p > y->p) - (x->p < y->p);
}

static pgs_status alert(pgs_forecast *out, const kind *k, coming *room, pgs_err *err) {
    size_t n = 0;
    for (size_t p = 0; p < out->n_partitions; p++) {
        const pgs_forecast_partition *part = &out->partition[p];
        double median = when(part, k->threshold);
        /* who becomes UNBALANCED is told once */
        bool told =
            k->threshold == PGS_THRESHOLD_WARNING && !isnan(when(part, PGS_THRESHOLD_UNBALANCED));
        if (!isnan(median) && !told)
            room[n++] = (coming){p, median};
    }
    if (n == 0)
        return PGS_OK;
    qsort(room, n, sizeof *room, by_time);
    size_t *detail = pgs_arena_alloc(out->arena, n, sizeof *detail);
    if (!detail)
        return pgs_no_memory(err);
    for (size_t i = 0; i < n; i++)
        detail[i] = room[i].p;
    pgs_forecast_alert *a = &out->alert[out->n_alerts++];
    int days = out->horizon_days[out->n_horizons - 1];
    *a = (pgs_forecast_alert){.threshold = k->threshold,
                              .level = "WARNING",
                              .action = k->action,
                              .n_details = n,
                              .detail = detail};
    snprintf(a->message, sizeof a->message, "%zu partition%s predicted to %s within %d day%s", n,
             n == 1 ? " is" : "s are", k->becomes, days, days == 1 ? "" : "s");
    return PGS_OK;
}

pgs_status pgs_forecast_alerts(pgs_forecast *out, pgs_err *err) {
    coming *room = pgs_alloc(out->n_partitions, sizeof *room);
    pgs_status st = room ? PGS_OK : pgs_no_memory(err);
    for (size_t i = 0; st == PGS_OK && i < PGS_COUNT_OF(KIND); i++)
        st = alert(out, &KIND[i], room, err);
    pgs_free(room);
    return st;
}
