/* Numbers against ranges. The presets are the guide's thresholds, so that the verdict of a check is
 * that of its rules; a baseline replaces them by one question: is anything new? */
#include <math.h>

#include "base/base.h"
#include "health/health.h"

/* ---- presets ---- */

static const struct {
    const char *warning, *critical;
} PRESET[PGS_RULE_COUNT] = {
    [PGS_RULE_SKEW] = {"@0.3:", "@0.5:"}, [PGS_RULE_HOT] = {"0", NULL},
    [PGS_RULE_UNMEASURED] = {"0", NULL},  [PGS_RULE_STRAYS] = {"0", NULL},
    [PGS_RULE_NEW] = {"0", NULL},         [PGS_RULE_NEW_CRITICAL] = {NULL, "0"},
};

static pgs_range range_of(pgs_rule rule, const pgs_range *asked, const char *preset, bool use) {
    pgs_range range = *asked;
    if (!range.given && use && preset && !pgs_range_parse(rule, preset, &range))
        range.given = false;
    return range;
}

static void set_ranges(const pgs_check_options *options, pgs_check *out) {
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        bool of_baseline = r == PGS_RULE_NEW || r == PGS_RULE_NEW_CRITICAL;
        bool use = of_baseline == (options->baseline != NULL);
        pgs_gauge *gauge = &out->gauge[r];
        gauge->warning = range_of((pgs_rule)r, &options->warning[r], PRESET[r].warning, use);
        gauge->critical = range_of((pgs_rule)r, &options->critical[r], PRESET[r].critical, use);
        gauge->asked = options->warning[r].given || options->critical[r].given;
    }
}

/* ---- numbers ---- */

/* The larger published skew of partition `p`; without what is noise, where that is left out. */
static double skew_of(const pgs_snapshot *snap, const pgs_noise *noise, size_t p) {
    double chunk = snap->metric[PGS_CHUNK_SKEW][p], size = snap->metric[PGS_SIZE_SKEW][p];
    if (noise->suppressing && !isnan(chunk) && !noise->chunk_above[p])
        chunk = 0;
    if (noise->suppressing && !isnan(size) && !noise->size_above[p])
        size = 0;
    return pgs_larger(chunk, size);
}

static double largest_skew(const pgs_snapshot *snap, const pgs_noise *noise) {
    double largest = NAN;
    for (size_t p = 0; p < snap->head.n_parts; p++)
        largest = pgs_larger(largest, skew_of(snap, noise, p));
    return largest;
}

/* Whether anything is foretold of a partition: near horizons may be too near for rare snapshots,
 * the farthest is the last to be known. */
static bool is_foretold(const pgs_forecast *forecast, const pgs_forecast_partition *p) {
    const pgs_forecast_point *farthest = &p->at[forecast->n_horizons - 1];
    return p->note != PGS_NOTE_ABSENT && !isnan(farthest->p_beyond[PGS_THRESHOLD_WARNING]);
}

double pgs_health_days(const pgs_forecast *forecast, size_t partition, pgs_threshold *next) {
    static const pgs_threshold STEPS[] = {PGS_THRESHOLD_WARNING, PGS_THRESHOLD_UNBALANCED};
    const pgs_forecast_partition *p = &forecast->partition[partition];
    if (!is_foretold(forecast, p))
        return NAN;
    for (size_t i = 0; i < PGS_COUNT_OF(STEPS); i++) {
        double days = p->crossing[STEPS[i]].median;
        *next = STEPS[i];
        if (isnan(days))
            return INFINITY;
        if (days > 0) /* to hundredths; a moment away is not now */
            return pgs_larger(floor(days * 100 + 0.5) / 100, 0.01);
    }
    return 0;
}

static double days_left(const pgs_forecast *forecast, const char **note) {
    double least = NAN;
    pgs_threshold next;
    *note = forecast->n_partitions > 0 ? NULL : "no partition is there";
    for (size_t i = 0; i < forecast->n_partitions; i++) {
        double days = pgs_health_days(forecast, i, &next);
        if (isnan(days))
            *note = pgs_forecast_note_text(forecast->partition[i].note);
        else
            least = pgs_smaller(least, days > 0 ? days : INFINITY);
    }
    if (!isnan(least))
        *note = NULL;
    return least;
}

static double age_s(int64_t taken_us, int64_t now_us) {
    static const int64_t CLOCKS_DIFFER_US = INT64_C(300000000);
    int64_t age_us = now_us - taken_us;
    return age_us < 0 && age_us >= -CLOCKS_DIFFER_US ? 0 : (double)age_us / 1e6;
}

void pgs_health_gauge(const pgs_snapshot *snap, const pgs_result *result,
                      const pgs_check_options *options, pgs_check *out) {
    const double VALUE[PGS_RULE_COUNT] = {
        [PGS_RULE_SKEW] = largest_skew(snap, &result->noise),
        [PGS_RULE_UNBALANCED] = (double)result->unbalanced_count,
        [PGS_RULE_WARNING] = (double)result->warning_count,
        [PGS_RULE_HOT] = result->skew[PGS_SKEW_HOT_PARTITIONS].value,
        [PGS_RULE_UNMEASURED] = (double)result->unmeasured_count,
        [PGS_RULE_STRAYS] = (double)snap->n_strays,
        [PGS_RULE_VARIANCE] = snap->distribution_variance,
        [PGS_RULE_DAYS] = NAN,
        [PGS_RULE_STALENESS] = age_s(snap->head.taken_us, options->now_us),
        [PGS_RULE_NEW] = NAN,
        [PGS_RULE_NEW_CRITICAL] = NAN,
        [PGS_RULE_SHARE] = NAN,
    };
    set_ranges(options, out);
    for (int r = 0; r < PGS_RULE_COUNT; r++)
        out->gauge[r].value = VALUE[r];
    if (options->forecast)
        out->gauge[PGS_RULE_DAYS].value = days_left(options->forecast, &out->days_note);
}

/* ---- verdicts ---- */

void pgs_health_judge(pgs_check *check) {
    pgs_verdict worst = PGS_VERDICT_OK;
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        pgs_gauge *gauge = &check->gauge[r];
        gauge->verdict = pgs_gauge_verdict(gauge, gauge->value);
        worst = gauge->verdict > worst ? gauge->verdict : worst;
    }
    bool blind = isnan(check->gauge[PGS_RULE_SKEW].value);
    check->verdict = worst == PGS_VERDICT_OK && blind ? PGS_VERDICT_UNKNOWN : worst;
}
