/* pipeline/diff.c and health/findings.c: two moments side by side. Expected values are worked out
 * by hand; the arithmetic of each is in its comment. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "support/make.h"
#include "support/no_leaks.h"

#define DAY INT64_C(86400000000)

static pgs_snapshot before, after;
static pgs_diff diff;
static pgs_err err;

static void set_up(void) {
    pgs_snapshot_init(&before);
    pgs_snapshot_init(&after);
    pgs_diff_init(&diff);
}

static void tear_down(void) {
    pgs_diff_reset(&diff);
    pgs_snapshot_reset(&before);
    pgs_snapshot_reset(&after);
    pgs_test_no_leaks();
}

TestSuite(diff, .init = set_up, .fini = tear_down);

/* Two moments, two days apart. */
static void make_two(size_t n, const double *chunks, size_t n_after, const double *chunks_after) {
    make_snapshot(&before, n, chunks, NULL);
    make_snapshot(&after, n_after, chunks_after, NULL);
    after.head.taken_us = MAKE_TAKEN + 2 * DAY;
}

static void compare(void) {
    cr_assert_eq(pgs_snapshot_derive(&before, &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_derive(&after, &err), PGS_OK);
    cr_assert_eq(pgs_diff_make(&before, &after, &diff, &err), PGS_OK, "%s", err.msg);
}

static bool is_change(const pgs_change *is, double was, double now, double change, double relative,
                      double per_day) {
    return make_same(is->before, was) && make_same(is->after, now) &&
           make_same(is->change, change) && make_same(is->relative, relative) &&
           make_same(is->per_day, per_day);
}

/* The finding of that kind and partition, or NULL. */
static const pgs_finding *find(pgs_finding_kind kind, int64_t num) {
    for (size_t i = 0; i < diff.n_findings; i++)
        if (diff.finding[i].kind == kind && diff.finding[i].partition_num == num)
            return &diff.finding[i];
    return NULL;
}

static const double EVEN[] = {100, 100, 100, 100};
static const double HEAVY[] = {100, 100, 100, 300}; /* even share 150: skews 1/3 and 1 */

/* ---- values ---- */

Test(diff, an_empty_diff_knows_nothing) {
    cr_expect(isnan(diff.days) && diff.n_parts == 0 && diff.n_findings == 0);
    cr_expect_eq(diff.verdict, PGS_SEVERITY_NONE);
    pgs_diff_reset(NULL);
    static pgs_diff zeroed;
    pgs_diff_reset(&zeroed);
}

Test(diff, values_of_partitions_absolute_relative_and_per_day) {
    make_two(4, EVEN, 4, HEAVY);
    compare();
    cr_expect_eq(diff.days, 2);
    cr_assert_eq(diff.n_parts, 4u);
    cr_expect(is_change(&diff.part[3].chunk_count, 100, 300, 200, 2, 100));
    cr_expect(is_change(&diff.part[0].chunk_count, 100, 100, 0, 0, 0));
    cr_expect(is_change(&diff.part[3].chunk_skew, 0, 1, 1, NAN, 0.5));
    /* 1/3 is published as 0.3333; a skew of 0 has no relative change */
    cr_expect(is_change(&diff.part[0].chunk_skew, 0, 0.3333, 0.3333, NAN, 0.3333 / 2));
    cr_expect(is_change(&diff.part[0].size_bytes, NAN, NAN, NAN, NAN, NAN), "no sizes, no zero");
    cr_expect_eq(diff.part[3].status[PGS_BEFORE], PGS_HEALTHY);
    cr_expect_eq(diff.part[3].status[PGS_AFTER], PGS_UNBALANCED);
}

/* 10 chunks in 2 partitions: 7 and 3 are skews of 0.4, 8 and 2 of 0.6: their difference is 0.2,
 * which 0.6 - 0.4 in doubles is not. */
Test(diff, changes_of_skews_have_four_decimals) {
    static const double OLD[] = {7, 3}, NEW[] = {8, 2};
    make_two(2, OLD, 2, NEW);
    compare();
    cr_expect_neq(0.6 - 0.4, 0.2);
    cr_expect_eq(diff.part[0].chunk_skew.change, 0.2);
    cr_expect_eq(diff.skew[PGS_SKEW_CHUNK_DISTRIBUTION].value.change, 0.2);
}

Test(diff, totals_and_counts_of_statuses) {
    make_two(4, EVEN, 4, HEAVY);
    compare();
    const pgs_total_change *chunks = &diff.total[PGS_DIFF_CHUNKS];
    cr_expect_str_eq(chunks->metric, "chunk_count");
    cr_expect(chunks->before == 400 && chunks->after == 600 && chunks->change == 200);
    cr_expect(chunks->relative == 0.5 && chunks->per_day == 100);
    cr_expect_eq(diff.total[PGS_DIFF_HEALTHY].change, -4);
    cr_expect_eq(diff.total[PGS_DIFF_WARNING].change, 3);
    cr_expect_eq(diff.total[PGS_DIFF_UNBALANCED].change, 1);
    cr_expect_eq(diff.total[PGS_DIFF_BYTES].before, PGS_TIME_NONE);
    cr_expect_eq(diff.total[PGS_DIFF_BYTES].change, PGS_TIME_NONE);
    /* ((1/3)^2 * 3 + 1) / 4 = 1/3 */
    const pgs_skew_change *variance = &diff.skew[PGS_SKEW_DISTRIBUTION_VARIANCE];
    cr_expect(variance->value.after == 0.3333 && variance->status[PGS_AFTER] == PGS_SKEW_CRITICAL);
}

/* 2^53 bytes in each of three partitions: a double has no room for the last byte of their sum. */
Test(diff, totals_of_bytes_are_exact_beyond_doubles) {
    static const double OLD[] = {9007199254740991.0, 9007199254740991.0, 9007199254740992.0},
                        NEW[] = {9007199254740991.0, 9007199254740992.0, 9007199254740992.0};
    make_snapshot(&before, 3, NULL, OLD);
    make_snapshot(&after, 3, NULL, NEW);
    compare();
    cr_expect_eq(diff.total[PGS_DIFF_BYTES].before, INT64_C(27021597764222974));
    cr_expect_eq(diff.total[PGS_DIFF_BYTES].change, 1);
    cr_expect(diff.days == 0 && isnan(diff.total[PGS_DIFF_BYTES].per_day), "no time, no rate");
}

Test(diff, what_was_not_observed_has_no_change) {
    static const double PART[] = {100, 100, 100, NAN};
    make_two(4, HEAVY, 4, PART);
    compare();
    cr_expect(is_change(&diff.part[3].chunk_count, 300, NAN, NAN, NAN, NAN));
    cr_expect_eq(diff.total[PGS_DIFF_CHUNKS].after, 300);
    cr_expect_eq(diff.total[PGS_DIFF_CHUNKS].change, PGS_TIME_NONE, "300 of 600 did not vanish");
    cr_expect_eq(diff.part[3].status[PGS_AFTER], PGS_UNMEASURED);
}

/* ---- which partition is which ---- */

static void set_part(pgs_snapshot *snap, size_t p, int64_t num, const char *name, int64_t relid,
                     int64_t relfilenode) {
    snap->part[p].num = num;
    make_text(snap, &snap->part[p].name, name);
    snap->part[p].relid = relid;
    snap->part[p].relfilenode = relfilenode;
}

/* One was renamed, one dropped, one created, one moved to another number, one rewritten. */
Test(diff, partitions_come_go_and_are_renamed) {
    static const double OLD[] = {10, 20, 30, 40}, NEW[] = {20, 11, 50, 41};
    make_two(4, OLD, 4, NEW);
    set_part(&before, 0, 0, "a", 1001, 1);
    set_part(&before, 1, 1, "b", 1002, 2);
    set_part(&before, 2, 2, "c", 1003, 3);
    set_part(&before, 3, 3, "d", 1004, 4);
    set_part(&after, 0, 0, "b", 1002, 2);
    set_part(&after, 1, 1, "a_old", 1001, 1);
    set_part(&after, 2, 2, "e", 1005, 5);
    set_part(&after, 3, 3, "d", 1004, 9);
    compare();
    static const struct {
        int64_t num;
        const char *name, *name_before;
        pgs_fate fate;
        bool rewritten;
        double was, now;
    } IS[] = {
        {0, "b", NULL, PGS_FATE_KEPT, false, 20, 20},
        {1, "a_old", "a", PGS_FATE_RENAMED, false, 10, 11},
        {2, "e", NULL, PGS_FATE_CAME, false, NAN, 50},
        {3, "d", NULL, PGS_FATE_KEPT, true, 40, 41},
        {2, "c", NULL, PGS_FATE_WENT, false, 30, NAN},
    };
    cr_assert_eq(diff.n_parts, PGS_COUNT_OF(IS));
    for (size_t i = 0; i < PGS_COUNT_OF(IS); i++) {
        const pgs_partition_change *part = &diff.part[i];
        cr_expect(part->partition_num == IS[i].num &&
                  strcmp(part->partition_name, IS[i].name) == 0);
        cr_expect_eq(part->fate, IS[i].fate, "%s", IS[i].name);
        cr_expect_eq(part->rewritten, IS[i].rewritten, "%s", IS[i].name);
        cr_expect(make_same(part->chunk_count.before, IS[i].was), "%s", IS[i].name);
        cr_expect(make_same(part->chunk_count.after, IS[i].now), "%s", IS[i].name);
        cr_expect(IS[i].name_before ? strcmp(part->name_before, IS[i].name_before) == 0
                                    : !part->name_before);
    }
    cr_expect(diff.n_fate[PGS_FATE_KEPT] == 2 && diff.n_fate[PGS_FATE_RENAMED] == 1);
    cr_expect(diff.n_fate[PGS_FATE_CAME] == 1 && diff.n_fate[PGS_FATE_WENT] == 1);
    cr_expect_eq(diff.n_rewritten, 1u);
    cr_expect(isnan(diff.part[2].chunk_count.change), "what was not there did not grow from 0");
    /* 100 rows before, 122 after: a dropped and a created partition are in the totals */
    cr_expect_eq(diff.total[PGS_DIFF_CHUNKS].change, 22);
}

Test(diff, a_name_that_moved_to_another_oid_is_the_same_partition) {
    static const double OLD[] = {10, 20}, NEW[] = {11, 21};
    make_two(2, OLD, 2, NEW);
    set_part(&before, 0, 0, "a", 1001, 1);
    set_part(&before, 1, 1, "b", 1002, 2);
    set_part(&after, 0, 0, "b", 1001, 1); /* names were swapped */
    set_part(&after, 1, 1, "a", 1002, 2);
    compare();
    cr_assert_eq(diff.n_parts, 2u);
    cr_expect(diff.part[0].fate == PGS_FATE_KEPT && diff.part[0].chunk_count.before == 20);
    cr_expect(diff.part[0].rewritten && diff.part[1].rewritten);
}

Test(diff, without_names_the_number_decides) {
    static const double OLD[] = {10, 20, 30}, NEW[] = {21, 31, 41};
    make_two(3, OLD, 3, NEW);
    for (size_t p = 0; p < 3; p++)
        after.part[p].num = (int64_t)p + 1;
    make_text(&after, &after.part[0].name, "chunks_part_01"); /* one side knows a name */
    compare();
    cr_assert_eq(diff.n_parts, 4u);
    cr_expect(is_change(&diff.part[0].chunk_count, 20, 21, 1, 1.0 / 20, 0.5));
    cr_expect_eq(diff.part[0].fate, PGS_FATE_KEPT);
    cr_expect_eq(diff.part[2].fate, PGS_FATE_CAME);
    cr_expect(diff.part[3].fate == PGS_FATE_WENT && diff.part[3].partition_num == 0);
    cr_expect_eq(diff.part[3].index[PGS_AFTER], SIZE_MAX);
}

/* ---- findings ---- */

Test(diff, findings_that_are_new) {
    static const struct {
        pgs_finding_kind kind;
        int64_t num;
        pgs_severity severity;
        double was, is;
    } IS[] = {
        {PGS_FINDING_STATUS, 3, PGS_SEVERITY_CRITICAL, 0, 1},
        {PGS_FINDING_REBALANCE, 3, PGS_SEVERITY_CRITICAL, 0, 1},
        {PGS_FINDING_CHUNKS, PGS_TIME_NONE, PGS_SEVERITY_CRITICAL, 0, 1},
        {PGS_FINDING_VARIANCE, PGS_TIME_NONE, PGS_SEVERITY_CRITICAL, 0, 0.3333},
        {PGS_FINDING_STATUS, 0, PGS_SEVERITY_WARNING, 0, 0.3333},
        {PGS_FINDING_STATUS, 1, PGS_SEVERITY_WARNING, 0, 0.3333},
        {PGS_FINDING_STATUS, 2, PGS_SEVERITY_WARNING, 0, 0.3333},
    };
    make_two(4, EVEN, 4, HEAVY);
    compare();
    cr_assert_eq(diff.n_findings, PGS_COUNT_OF(IS));
    for (size_t i = 0; i < PGS_COUNT_OF(IS); i++) {
        const pgs_finding *f = &diff.finding[i];
        cr_expect(f->kind == IS[i].kind && f->partition_num == IS[i].num, "%zu", i);
        cr_expect(f->news == PGS_NEW && f->severity[PGS_BEFORE] == PGS_SEVERITY_NONE, "%zu", i);
        cr_expect_eq(f->severity[PGS_AFTER], IS[i].severity, "%zu", i);
        cr_expect(f->value[PGS_BEFORE] == IS[i].was && f->value[PGS_AFTER] == IS[i].is, "%zu", i);
        cr_expect(f->text && *f->text, "%zu", i);
    }
    cr_expect_eq(diff.verdict, PGS_SEVERITY_CRITICAL);
    cr_expect(diff.n_news[PGS_NEW] == 7 && diff.n_news[PGS_RESOLVED] == 0);
}

Test(diff, findings_that_are_resolved) {
    make_two(4, HEAVY, 4, EVEN);
    compare();
    cr_expect(diff.n_findings == 7 && diff.n_news[PGS_RESOLVED] == 7);
    cr_expect_eq(diff.verdict, PGS_SEVERITY_NONE);
    cr_expect_str_eq(find(PGS_FINDING_REBALANCE, 3)->text, "High chunk skew");
}

Test(diff, findings_that_persist_are_no_verdict) {
    make_two(4, HEAVY, 4, HEAVY);
    compare();
    cr_expect(diff.n_findings == 7 && diff.n_news[PGS_PERSISTING] == 7 && diff.n_worse == 0);
    cr_expect_eq(diff.verdict, PGS_SEVERITY_NONE);
}

/* Of two partitions, 13 and 7 are skews of 0.3, WARNING; 15 and 5 of 0.5, UNBALANCED and HIGH. */
Test(diff, a_finding_that_became_worse_persists_and_counts) {
    static const double OLD[] = {13, 7}, NEW[] = {15, 5};
    make_two(2, OLD, 2, NEW);
    compare();
    const pgs_finding *f = find(PGS_FINDING_STATUS, 1);
    cr_assert(f && f->news == PGS_PERSISTING);
    cr_expect(f->severity[0] == PGS_SEVERITY_WARNING && f->severity[1] == PGS_SEVERITY_CRITICAL);
    cr_expect(f->value[0] == 0.3 && f->value[1] == 0.5);
    cr_expect_str_eq(f->text, "Consider rebalancing affected partitions");
    cr_expect_eq(find(PGS_FINDING_REBALANCE, 1)->news, PGS_NEW);
    /* two statuses and chunk_distribution; the variance went from 0.09, WARNING, to 0.25,
     * CRITICAL */
    cr_expect_eq(diff.n_worse, 4u);
    cr_expect_eq(diff.verdict, PGS_SEVERITY_CRITICAL);
}

Test(diff, what_cannot_be_looked_for_is_not_resolved) {
    static const double PART[] = {100, 100, 100, NAN};
    make_two(4, HEAVY, 4, PART);
    compare();
    const pgs_finding *status = find(PGS_FINDING_STATUS, 3);
    cr_assert(status && status->news == PGS_PERSISTING);
    cr_expect_eq(status->severity[PGS_AFTER], PGS_SEVERITY_UNKNOWN);
    cr_expect(status->value[PGS_BEFORE] == 1 && isnan(status->value[PGS_AFTER]));
    cr_expect_eq(find(PGS_FINDING_UNMEASURED, 3)->news, PGS_NEW);
    cr_expect_eq(find(PGS_FINDING_STATUS, 0)->news, PGS_RESOLVED);
    cr_expect_eq(diff.verdict, PGS_SEVERITY_WARNING, "of the partition that was not measured");
}

Test(diff, the_findings_of_a_partition_that_went_are_resolved) {
    make_two(4, HEAVY, 3, EVEN);
    compare();
    cr_expect_eq(find(PGS_FINDING_STATUS, 3)->news, PGS_RESOLVED);
    cr_expect_eq(find(PGS_FINDING_STATUS, 3)->severity[PGS_AFTER], PGS_SEVERITY_NONE);
}

/* 1 of 8 chunks of the last hour is 12.5 %, hot; 7 are 87.5. */
Test(diff, hot_spots_and_strays) {
    make_two(4, EVEN, 4, EVEN);
    for (size_t p = 0; p < 4; p++) {
        before.metric[PGS_CHUNKS_LAST_HOUR][p] = p == 0 ? 8 : 0;
        after.metric[PGS_CHUNKS_LAST_HOUR][p] = p == 0 ? 7 : p == 1 ? 1 : 0;
    }
    cr_assert_eq(pgs_snapshot_set_strays(&before, 2, NULL), PGS_OK);
    make_text(&before, &before.stray[0].name, "old");
    make_text(&before, &before.stray[1].name, "default");
    cr_assert_eq(pgs_snapshot_set_strays(&after, 2, NULL), PGS_OK);
    make_text(&after, &after.stray[0].name, "default");
    make_text(&after, &after.stray[1].name, "new");
    after.stray[0].chunk_count = 5;
    compare();
    cr_expect_eq(find(PGS_FINDING_HOT_SPOT, 0)->news, PGS_PERSISTING);
    cr_expect_eq(find(PGS_FINDING_HOT_SPOT, 0)->value[PGS_AFTER], 87.5);
    cr_expect_eq(find(PGS_FINDING_HOT_SPOT, 1)->news, PGS_NEW);
    static const struct {
        const char *name;
        pgs_news news;
    } STRAY[] = {{"new", PGS_NEW}, {"old", PGS_RESOLVED}, {"default", PGS_PERSISTING}};
    size_t n = 0;
    for (size_t i = 0; i < diff.n_findings; i++) {
        if (diff.finding[i].kind != PGS_FINDING_STRAY)
            continue;
        cr_assert_lt(n, PGS_COUNT_OF(STRAY));
        cr_expect_str_eq(diff.finding[i].name, STRAY[n].name);
        cr_expect_eq(diff.finding[i].news, STRAY[n].news);
        n++;
    }
    cr_expect_eq(n, PGS_COUNT_OF(STRAY));
}

/* ---- what cannot be compared ---- */

Test(diff, different_series_are_named) {
    static const struct {
        size_t offset;
        const char *was, *is;
    } FIELD[] = {
        {offsetof(pgs_snapshot_head, table_name), "public.chunks", "public.other"},
        {offsetof(pgs_snapshot_head, database), "app", "shop"},
        {offsetof(pgs_snapshot_head, system_identifier), "7412", "7413"},
    };
    for (size_t i = 0; i < PGS_COUNT_OF(FIELD); i++) {
        make_two(4, EVEN, 4, EVEN);
        make_text(&before, (char **)((char *)&before.head + FIELD[i].offset), FIELD[i].was);
        make_text(&after, (char **)((char *)&after.head + FIELD[i].offset), FIELD[i].is);
        cr_expect_eq(pgs_diff_make(&before, &after, &diff, &err), PGS_E_USAGE);
        cr_expect(strstr(err.msg, FIELD[i].was) && strstr(err.msg, FIELD[i].is), "%s", err.msg);
        cr_expect(diff.n_parts == 0 && !diff.snapshot[PGS_BEFORE]);
        pgs_snapshot_reset(&before);
        pgs_snapshot_reset(&after);
    }
}

Test(diff, what_one_side_does_not_know_may_be_the_same) {
    make_two(4, EVEN, 4, HEAVY);
    make_text(&after, &after.head.database, "app");
    compare();
    cr_expect_eq(diff.n_parts, 4u);
}

Test(diff, time_goes_forward) {
    make_two(4, EVEN, 4, HEAVY);
    cr_expect_eq(pgs_diff_make(&after, &before, &diff, &err), PGS_E_USAGE);
}

Test(diff, without_memory_nothing_is_left) {
    make_two(4, EVEN, 4, HEAVY);
    cr_assert_eq(pgs_snapshot_derive(&before, &err), PGS_OK);
    cr_assert_eq(pgs_snapshot_derive(&after, &err), PGS_OK);
    size_t live = pgs_mem_live(), n = 1;
    for (;; n++) {
        pgs_mem_fail_at(n);
        pgs_status st = pgs_diff_make(&before, &after, &diff, &err);
        if (st == PGS_OK)
            break;
        cr_assert_eq(st, PGS_E_BUG, "%zu", n);
        cr_assert(diff.n_parts == 0 && pgs_mem_live() == live, "%zu", n);
    }
    pgs_mem_fail_at(0);
    cr_expect(n > 5 && diff.n_findings == 7);
}
