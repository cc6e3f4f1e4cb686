/* A verdict: pgs_check_run() of pgskew/analyze.h holds numbers against ranges, what is out of them,
 * and what of that is new.
 *
 * Ranges are those of monitoring plugins. Endpoints are inside: `0.3` alerts above 0.3 and below 0,
 * `@0.3:` from 0.3 on. */
#ifndef PGSKEW_CHECK_H
#define PGSKEW_CHECK_H

#include "pgskew/forecast.h"
#include "pgskew/result.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pgs_verdict {
    PGS_VERDICT_OK,
    PGS_VERDICT_WARNING,
    PGS_VERDICT_CRITICAL,
    PGS_VERDICT_UNKNOWN, /* the numbers are also the exit codes */
    PGS_VERDICT_COUNT
} pgs_verdict;

/* "OK", "WARNING", "CRITICAL", "UNKNOWN". */
const char *pgs_verdict_name(pgs_verdict verdict);

/* The one called `name`, or PGS_VERDICT_COUNT. */
pgs_verdict pgs_verdict_find(const char *name);

/* What is judged. All but PGS_RULE_SHARE are also numbers that a range can be given for. */
typedef enum pgs_rule {
    PGS_RULE_SKEW,       /* largest chunk or size skew */
    PGS_RULE_UNBALANCED, /* partitions that are UNBALANCED */
    PGS_RULE_WARNING,    /* partitions in WARNING */
    PGS_RULE_HOT, /* partitions that took PGS_HOT_PERCENTAGE of the last hour's chunks, or more */
    PGS_RULE_UNMEASURED, /* partitions that could not be measured */
    PGS_RULE_STRAYS,     /* relations with rows outside the numbered partitions */
    PGS_RULE_VARIANCE,   /* distribution variance */
    PGS_RULE_DAYS,       /* days until a partition more likely than not is at its next threshold */
    PGS_RULE_STALENESS,  /* seconds from the moment of the snapshot until now */
    PGS_RULE_NEW,        /* findings that the baseline does not have */
    PGS_RULE_NEW_CRITICAL, /* those of them that are CRITICAL */
    PGS_RULE_SHARE,        /* findings only: a partition's share is not that of the baseline */
    PGS_RULE_COUNT
} pgs_rule;

/* Of a rule. */
typedef struct pgs_rule_info {
    const char *name;        /* "skew", "days-to-threshold" */
    const char *unit;        /* of the number in performance data: "s" or "" */
    const char *description; /* one sentence, no full stop */
} pgs_rule_info;

const pgs_rule_info *pgs_rule_get(pgs_rule rule);

/* The rule called `name` that a range can be given for, or PGS_RULE_COUNT. */
pgs_rule pgs_rule_find(const char *name);

#define PGS_RANGE_TEXT_MAX 64

/* A range that alerts outside, or with `inverted` inside. */
typedef struct pgs_range {
    bool given; /* false: nothing alerts */
    bool inverted;
    double low, high;              /* infinite where open */
    char text[PGS_RANGE_TEXT_MAX]; /* in the unit of the number, no exponents */
} pgs_range;

/* Parse `10`, `10:`, `~:10`, `10:20` or `@10:20`. Of staleness, numbers may end in s, m, h, d or w.
 * False: it is none, or its start is behind its end. */
bool pgs_range_parse(pgs_rule rule, const char *text, pgs_range *out);

/* Whether `value` alerts; NaN never does. */
bool pgs_range_alerts(const pgs_range *range, double value);

/* One number and its ranges. */
typedef struct pgs_gauge {
    double value; /* NaN: not known, which is no alert; infinite: later than is foretold */
    pgs_range warning, critical;
    bool asked; /* somebody gave one of the ranges */
    pgs_verdict verdict;
} pgs_gauge;

/* What the ranges of a gauge make of `value`: OK, WARNING or CRITICAL. */
pgs_verdict pgs_gauge_verdict(const pgs_gauge *gauge, double value);

/* What is wrong with one partition, one relation, or the table. */
typedef struct pgs_check_finding {
    pgs_rule rule;
    pgs_verdict verdict;   /* WARNING or CRITICAL */
    int64_t partition_num; /* PGS_TIME_NONE: of no partition */
    const char *name;      /* of the partition or relation; NULL: none, or not observed */
    double value;          /* in the rule's unit; of SHARE the signed skew; NaN: none */
    double before;         /* the same in the baseline; NaN: none */
    bool compared, is_new; /* with a baseline, which does not have it */
    const char *text;      /* a sentence about the partition, no full stop */
} pgs_check_finding;

typedef struct pgs_check {
    const char *table; /* borrowed from the snapshot, as are all names */
    int64_t taken_us, now_us;
    size_t n_parts;
    pgs_verdict verdict;
    pgs_gauge gauge[PGS_RULE_COUNT];
    const char *days_note; /* why the days to the next threshold are not known; NULL: they are, or
                              nobody asked */
    size_t n_findings;
    pgs_check_finding
        *finding;  /* new ones first, the gravest first, then by rule, value, partition */
    bool compared; /* with a baseline, from `baseline_us` */
    int64_t baseline_us;
    size_t n_within_chance; /* findings that the baseline does not have, but chance may */
    size_t n_improved;      /* shares that moved towards an even one, which is no finding */
    struct pgs_arena *arena;
} pgs_check;

typedef struct pgs_check_options {
    pgs_range warning[PGS_RULE_COUNT], critical[PGS_RULE_COUNT]; /* not given: the presets */
    int64_t now_us;
    const pgs_forecast *forecast; /* of the same moment; NULL: none was made */
    const pgs_snapshot *baseline; /* derived; NULL: none */
} pgs_check_options;

/* A change of signed skew from which a share is not that of the baseline, and how likely chance is
 * to make that of any partition. */
#define PGS_SHARE_CHANGE 0.1
#define PGS_CHANGE_ALPHA 1e-5

void pgs_check_init(pgs_check *check);
void pgs_check_reset(pgs_check *check); /* NULL and zeroed structs are fine */

#ifdef __cplusplus
}
#endif
#endif
