/* What a verdict is about: the partitions behind every number that is out of its range, and,
 * against a baseline, every finding of the comparison with whether it is new.
 *
 * A status that has become worse is new only where the share has changed beyond chance: a partition
 * at a threshold crosses it by a handful of rows. And a share that has changed beyond chance, by a
 * tenth of an even one at least, is a finding of its own, unless it moved towards an even one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "health/health.h"

typedef struct search {
    const pgs_snapshot *snap;
    const pgs_result *result;
    const pgs_check_options *options;
    const pgs_diff *diff;
    const pgs_changed *changed;
    pgs_check *out; /* without room for findings, they are only counted */
    bool no_memory;
} search;

/* ---- adding ---- */

static const char *keep(search *s, pgs_buf *text) {
    const char *kept = text->failed ? NULL : pgs_arena_text(s->out->arena, pgs_buf_view(text));
    pgs_buf_reset(text);
    s->no_memory |= !kept;
    return kept;
}

/* Room for one more; NULL: it is only counted. */
static pgs_check_finding *add(search *s, pgs_rule rule, pgs_verdict verdict) {
    size_t i = s->out->n_findings++;
    if (!s->out->finding)
        return NULL;
    s->out->finding[i] = (pgs_check_finding){.rule = rule,
                                             .verdict = verdict,
                                             .partition_num = PGS_TIME_NONE,
                                             .value = NAN,
                                             .before = NAN,
                                             .compared = s->diff != NULL};
    return &s->out->finding[i];
}

static void of_partition(pgs_check_finding *finding, const pgs_snapshot *snap, size_t p) {
    finding->partition_num = snap->part[p].num;
    finding->name = snap->part[p].name;
}

/* ---- sentences ---- */

static void put_skew(pgs_buf *text, const pgs_snapshot *snap, size_t p) {
    double chunk = snap->metric[PGS_CHUNK_SKEW][p], size = snap->metric[PGS_SIZE_SKEW][p];
    char number[PGS_NUM_TEXT_MAX];
    bool by_size = isnan(chunk) || size > chunk;
    pgs_buf_format(text, "%s skew is %s", by_size ? "size" : "chunk",
                   pgs_num_plain(by_size ? size : chunk, number));
}

static const char *say_skew(search *s, size_t p) {
    pgs_buf text = {0};
    put_skew(&text, s->snap, p);
    return keep(s, &text);
}

static const char *say_number(search *s, const char *before, double value, const char *after) {
    char number[PGS_NUM_TEXT_MAX];
    pgs_buf text = {0};
    pgs_buf_format(&text, "%s%s%s", before, pgs_num_plain(value, number), after);
    return keep(s, &text);
}

static const char *say_hot(search *s, size_t p) {
    return say_number(s, "took ", s->snap->metric[PGS_HOUR_PERCENTAGE][p],
                      " % of the last hour's chunks");
}

static const char *say_stray(search *s, double chunks) {
    if (isnan(chunks))
        return "is outside the numbered partitions";
    return say_number(s, "holds ", chunks, " chunks outside the numbered partitions");
}

/* ---- out of range ---- */

/* What the ranges make of a partition's skew. By the presets it is no graver than its status, which
 * was decided before rounding. */
static pgs_verdict judge_skew(const search *s, size_t p, double skew) {
    const pgs_noise *noise = &s->result->noise;
    const pgs_gauge *gauge = &s->out->gauge[PGS_RULE_SKEW];
    if (noise->suppressing && !noise->chunk_above[p] && !noise->size_above[p])
        return PGS_VERDICT_OK;
    pgs_verdict verdict = pgs_gauge_verdict(gauge, skew);
    bool rounded_up = !gauge->asked && s->snap->health[p] == PGS_WARNING;
    return verdict == PGS_VERDICT_CRITICAL && rounded_up ? PGS_VERDICT_WARNING : verdict;
}

static void find_skews(search *s) {
    for (size_t p = 0; p < s->snap->head.n_parts; p++) {
        double skew =
            pgs_larger(s->snap->metric[PGS_CHUNK_SKEW][p], s->snap->metric[PGS_SIZE_SKEW][p]);
        pgs_verdict verdict = judge_skew(s, p, skew);
        pgs_check_finding *finding =
            verdict != PGS_VERDICT_OK ? add(s, PGS_RULE_SKEW, verdict) : NULL;
        if (!finding)
            continue;
        of_partition(finding, s->snap, p);
        finding->value = skew;
        finding->text = say_skew(s, p);
    }
}

/* Partitions that a number counts. */
static bool is_counted(const search *s, pgs_rule rule, size_t p) {
    const pgs_noise *noise = &s->result->noise;
    pgs_health_status status = noise->suppressing ? noise->status[p] : s->snap->health[p];
    switch (rule) {
    case PGS_RULE_UNBALANCED:
        return status == PGS_UNBALANCED || status == PGS_CRITICAL;
    case PGS_RULE_WARNING:
        return status == PGS_WARNING;
    case PGS_RULE_UNMEASURED:
        return status == PGS_UNMEASURED;
    default:
        return pgs_health_is_hot(s->snap, p);
    }
}

static void find_counted(search *s, pgs_rule rule) {
    for (size_t p = 0; p < s->snap->head.n_parts; p++) {
        if (!is_counted(s, rule, p))
            continue;
        pgs_check_finding *finding = add(s, rule, s->out->gauge[rule].verdict);
        if (!finding)
            continue;
        of_partition(finding, s->snap, p);
        if (rule == PGS_RULE_HOT)
            finding->value = s->snap->metric[PGS_HOUR_PERCENTAGE][p];
        finding->text = rule == PGS_RULE_HOT          ? say_hot(s, p)
                        : rule == PGS_RULE_UNMEASURED ? "could not be measured"
                                                      : say_skew(s, p);
    }
}

static void find_strays(search *s) {
    for (size_t i = 0; i < s->snap->n_strays; i++) {
        const pgs_stray *stray = &s->snap->stray[i];
        pgs_check_finding *finding =
            add(s, PGS_RULE_STRAYS, s->out->gauge[PGS_RULE_STRAYS].verdict);
        if (!finding)
            continue;
        finding->name = stray->name;
        finding->value = stray->chunk_count;
        finding->text = say_stray(s, stray->chunk_count);
    }
}

static void find_days(search *s) {
    static const char *const AFTER[PGS_THRESHOLD_COUNT] = {
        [PGS_THRESHOLD_WARNING] = " days until its skew is expected to be 0.3",
        [PGS_THRESHOLD_UNBALANCED] = " days until its skew is expected to be 0.5",
    };
    const pgs_forecast *forecast = s->options->forecast;
    for (size_t i = 0; forecast && i < forecast->n_partitions; i++) {
        const pgs_forecast_partition *part = &forecast->partition[i];
        pgs_threshold next = PGS_THRESHOLD_WARNING;
        double days = pgs_health_days(forecast, i, &next);
        pgs_verdict verdict =
            days > 0 ? pgs_gauge_verdict(&s->out->gauge[PGS_RULE_DAYS], days) : PGS_VERDICT_OK;
        pgs_check_finding *finding = verdict ? add(s, PGS_RULE_DAYS, verdict) : NULL;
        if (!finding)
            continue;
        finding->partition_num = part->num;
        finding->name = part->name;
        finding->value = days;
        finding->text = say_number(s, "", days, AFTER[next]);
    }
}

static void find_of_table(search *s, pgs_rule rule) {
    const pgs_gauge *gauge = &s->out->gauge[rule];
    pgs_check_finding *finding = add(s, rule, gauge->verdict);
    if (!finding)
        return;
    finding->value = gauge->value;
    finding->text = rule == PGS_RULE_STALENESS
                        ? say_number(s, "the snapshot is ", fabs(gauge->value),
                                     gauge->value < 0 ? " s ahead of the clock" : " s old")
                        : say_number(s, "distribution variance is ", gauge->value, "");
}

static void find_out_of_range(search *s) {
    for (int r = 0; r < PGS_RULE_COUNT; r++) {
        if (s->out->gauge[r].verdict == PGS_VERDICT_OK)
            continue;
        switch ((pgs_rule)r) {
        case PGS_RULE_SKEW:
            find_skews(s);
            break;
        case PGS_RULE_UNBALANCED:
        case PGS_RULE_WARNING:
        case PGS_RULE_HOT:
        case PGS_RULE_UNMEASURED:
            find_counted(s, (pgs_rule)r);
            break;
        case PGS_RULE_STRAYS:
            find_strays(s);
            break;
        case PGS_RULE_DAYS:
            find_days(s);
            break;
        case PGS_RULE_VARIANCE:
        case PGS_RULE_STALENESS:
            find_of_table(s, (pgs_rule)r);
            break;
        default:
            break;
        }
    }
}

/* ---- against a baseline ---- */

static const struct {
    pgs_finding_kind kind;
    pgs_rule rule;
} COMPARED[] = {
    {PGS_FINDING_STATUS, PGS_RULE_SKEW},
    {PGS_FINDING_HOT_SPOT, PGS_RULE_HOT},
    {PGS_FINDING_UNMEASURED, PGS_RULE_UNMEASURED},
    {PGS_FINDING_STRAY, PGS_RULE_STRAYS},
};

/* The partition of a diff that a finding is about; n_parts: none. Those that are there come first,
 * by number. */
static size_t part_of(const pgs_diff *diff, const pgs_finding *finding) {
    size_t first = 0, end = diff->snapshot[PGS_AFTER]->head.n_parts, n = end;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (diff->part[middle].partition_num < finding->partition_num)
            first = middle + 1;
        else
            end = middle;
    }
    bool found = first < n && diff->part[first].partition_num == finding->partition_num;
    return found ? first : diff->n_parts;
}

/* Whether a finding that is new or worse is more than chance. A partition that came has no share to
 * compare. */
static bool is_beyond_chance(const search *s, pgs_rule rule, size_t i) {
    if (i == s->diff->n_parts || s->diff->part[i].index[PGS_BEFORE] == SIZE_MAX)
        return true;
    return rule == PGS_RULE_SKEW  ? s->changed->chunks[i] || s->changed->sizes[i]
           : rule == PGS_RULE_HOT ? s->changed->hour[i]
                                  : true;
}

static void tell(search *s, const pgs_finding *told, pgs_rule rule) {
    bool worse = told->news == PGS_NEW || told->severity[PGS_AFTER] > told->severity[PGS_BEFORE];
    size_t i = told->partition_num == PGS_TIME_NONE ? s->diff->n_parts : part_of(s->diff, told);
    bool is_new = worse && is_beyond_chance(s, rule, i);
    s->out->n_within_chance += worse && !is_new && s->out->finding;
    pgs_check_finding *finding =
        add(s, rule,
            told->severity[PGS_AFTER] == PGS_SEVERITY_CRITICAL ? PGS_VERDICT_CRITICAL
                                                               : PGS_VERDICT_WARNING);
    if (!finding)
        return;
    size_t p = i < s->diff->n_parts ? s->diff->part[i].index[PGS_AFTER] : SIZE_MAX;
    finding->partition_num = told->partition_num;
    finding->name = told->name;
    finding->value = told->value[PGS_AFTER];
    finding->before = told->value[PGS_BEFORE];
    finding->is_new = is_new;
    finding->text = rule == PGS_RULE_SKEW && p != SIZE_MAX  ? say_skew(s, p)
                    : rule == PGS_RULE_HOT && p != SIZE_MAX ? say_hot(s, p)
                    : rule == PGS_RULE_STRAYS               ? say_stray(s, told->value[PGS_AFTER])
                                                            : "could not be measured";
}

static void find_compared(search *s) {
    for (size_t i = 0; i < s->diff->n_findings; i++) {
        const pgs_finding *told = &s->diff->finding[i];
        bool is = told->severity[PGS_AFTER] > PGS_SEVERITY_NONE;
        for (size_t k = 0; is && k < PGS_COUNT_OF(COMPARED); k++)
            if (told->kind == COMPARED[k].kind)
                tell(s, told, COMPARED[k].rule);
    }
}

/* ---- shares ---- */

/* What an even share is at one moment: the mean of what was observed. */
static double mean_of(const pgs_snapshot *snap, pgs_metric metric) {
    double sum = 0, n = 0;
    for (size_t p = 0; p < snap->head.n_parts; p++) {
        double x = snap->metric[metric][p];
        sum += isnan(x) ? 0 : x;
        n += !isnan(x);
    }
    return sum / n;
}

static const char *say_share(search *s, const char *what, double before, double now) {
    char x[PGS_NUM_TEXT_MAX], y[PGS_NUM_TEXT_MAX];
    pgs_buf text = {0};
    pgs_buf_format(&text, "%s share over an even share was %s and is %s", what,
                   pgs_num_plain(floor(before * 1e4 + 0.5) / 1e4, x),
                   pgs_num_plain(floor(now * 1e4 + 0.5) / 1e4, y));
    return keep(s, &text);
}

/* A partition of which the status did not get worse, but whose share is another one. */
static void compare_share(search *s, size_t i, pgs_metric metric, double even_before,
                          double even_now) {
    const pgs_partition_change *part = &s->diff->part[i];
    const pgs_change *values = metric == PGS_CHUNK_COUNT ? &part->chunk_count : &part->size_bytes;
    double before = values->before / even_before - 1, now = values->after / even_now - 1;
    if (part->status[PGS_AFTER] > part->status[PGS_BEFORE] ||
        !(fabs(now - before) >= PGS_SHARE_CHANGE))
        return;
    if (fabs(now) <= fabs(before) && now * before >= 0) {
        s->out->n_improved += s->out->finding != NULL;
        return;
    }
    pgs_check_finding *finding = add(s, PGS_RULE_SHARE, PGS_VERDICT_WARNING);
    if (!finding)
        return;
    finding->partition_num = part->partition_num;
    finding->name = part->partition_name;
    finding->value = now;
    finding->before = before;
    finding->is_new = true;
    finding->text = say_share(s, metric == PGS_CHUNK_COUNT ? "chunk" : "size", before + 1, now + 1);
}

static void find_shares(search *s) {
    const pgs_snapshot *const *snap = s->diff->snapshot;
    double rows[PGS_SIDE_COUNT], bytes[PGS_SIDE_COUNT];
    for (int side = 0; side < PGS_SIDE_COUNT; side++) {
        rows[side] = mean_of(snap[side], PGS_CHUNK_COUNT);
        bytes[side] = mean_of(snap[side], PGS_SIZE_BYTES);
    }
    for (size_t i = 0; i < s->diff->n_parts; i++) {
        if (s->changed->chunks[i])
            compare_share(s, i, PGS_CHUNK_COUNT, rows[PGS_BEFORE], rows[PGS_AFTER]);
        else if (s->changed->sizes[i])
            compare_share(s, i, PGS_SIZE_BYTES, bytes[PGS_BEFORE], bytes[PGS_AFTER]);
    }
}

/* ---- all of it ---- */

/* The largest first, of days the least; what has no value last. */
static int by_value(const pgs_check_finding *x, const pgs_check_finding *y) {
    double a = x->rule == PGS_RULE_DAYS ? -x->value : fabs(x->value);
    double b = x->rule == PGS_RULE_DAYS ? -y->value : fabs(y->value);
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static int by_weight(const void *a, const void *b) {
    const pgs_check_finding *x = a, *y = b;
    if (x->is_new != y->is_new)
        return x->is_new ? -1 : 1;
    if (x->verdict != y->verdict)
        return x->verdict > y->verdict ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    if (by_value(x, y) != 0)
        return by_value(x, y);
    if (x->partition_num != y->partition_num)
        return x->partition_num < y->partition_num ? -1 : 1;
    return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void find(search *s) {
    s->out->n_findings = s->out->n_within_chance = s->out->n_improved = 0;
    find_out_of_range(s);
    if (!s->diff)
        return;
    find_compared(s);
    find_shares(s);
}

static void count_new(pgs_check *out) {
    double n = 0, critical = 0;
    for (size_t i = 0; i < out->n_findings; i++) {
        n += out->finding[i].is_new;
        critical += out->finding[i].is_new && out->finding[i].verdict == PGS_VERDICT_CRITICAL;
    }
    out->gauge[PGS_RULE_NEW].value = n;
    out->gauge[PGS_RULE_NEW_CRITICAL].value = critical;
}

pgs_status pgs_health_find(const pgs_snapshot *snap, const pgs_result *result,
                           const pgs_check_options *options, const pgs_diff *diff,
                           const pgs_changed *changed, pgs_check *out, pgs_err *err) {
    search s = {snap, result, options, diff, changed, out, false};
    out->finding = NULL;
    find(&s);
    out->finding = pgs_arena_alloc(out->arena, out->n_findings, sizeof *out->finding);
    if (!out->finding) {
        out->n_findings = 0;
        return pgs_no_memory(err);
    }
    find(&s);
    if (out->n_findings > 1)
        qsort(out->finding, out->n_findings, sizeof *out->finding, by_weight);
    if (diff)
        count_new(out);
    return s.no_memory ? pgs_no_memory(err) : PGS_OK;
}
