/* data/hash.c: equal content, equal hash; whatever was observed differently, another one. */
#include <criterion/criterion.h>

#include "support/full.h"
#include "support/no_leaks.h"

static pgs_snapshot one, two;

static void set_up(void) {
    full_snapshot(&one);
    full_snapshot(&two);
}

static void tear_down(void) {
    pgs_snapshot_reset(&one);
    pgs_snapshot_reset(&two);
    pgs_test_no_leaks();
}

TestSuite(hash, .init = set_up, .fini = tear_down);

static void expect_another(const char *what) {
    cr_expect_neq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two), "%s", what);
    pgs_snapshot_reset(&two);
    full_snapshot(&two);
}

Test(hash, equal_content_has_an_equal_hash) {
    cr_expect_eq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two));
    make_text(&two, &two.head.path, "/elsewhere/snapshot.db");
    make_text(&two, &two.warning, "a newer minor version");
    cr_expect_eq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two), "the file does not count");
    for (size_t p = 0; p < 4; p++) {
        two.metric[PGS_CHUNK_SKEW][p] = two.metric[PGS_TOTAL_SIZE_MB][p] = NAN;
        two.health[p] = PGS_UNMEASURED;
    }
    two.distribution_variance = NAN;
    cr_expect_eq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two), "nor what can be derived");
    one.metric[PGS_DEAD_TUPLES][0] = 0;
    two.metric[PGS_DEAD_TUPLES][0] = -0.0;
    cr_expect_eq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two), "-0 is 0");
}

Test(hash, every_number_of_the_head_counts) {
    two.head.taken_us++;
    expect_another("taken_us");
    two.head.counts = PGS_COUNTS_EXACT;
    expect_another("counts");
    two.head.n_parts--;
    expect_another("n_parts");
    two.table_relid++;
    expect_another("table_relid");
    two.in_recovery = 0;
    expect_another("in_recovery");
    two.stats_reset_us = PGS_TIME_NONE;
    expect_another("stats_reset_us");
    two.collect_ms = NAN;
    expect_another("collect_ms");
}

/* The texts of a snapshot, one by one. */
static char **text_field(pgs_snapshot *s, size_t i) {
    char **const FIELD[] = {
        &s->head.system_identifier, &s->head.database,
        &s->head.table_name,        &s->head.source,
        &s->server_version,         &s->notes,
        &s->stray[0].name,          &s->part[2].name,
        &s->part[2].bounds,         &s->collection[0].id,
        &s->collection[0].name,
    };
    return i < sizeof FIELD / sizeof *FIELD ? FIELD[i] : NULL;
}

Test(hash, every_text_counts_and_none_is_not_empty) {
    for (size_t i = 0; text_field(&one, i); i++) {
        make_text(&two, text_field(&two, i), "another");
        expect_another("another text");
        *text_field(&two, i) = NULL;
        expect_another("no text");
        char *kept = *text_field(&one, i);
        *text_field(&one, i) = NULL;
        make_text(&two, text_field(&two, i), "");
        expect_another("an empty text");
        *text_field(&one, i) = kept;
    }
}

Test(hash, texts_do_not_run_into_each_other) {
    make_text(&one, &one.head.database, "ab");
    make_text(&one, &one.head.table_name, "c");
    make_text(&two, &two.head.database, "a");
    make_text(&two, &two.head.table_name, "bc");
    expect_another("ab, c and a, bc");
    one.server_version = NULL;
    make_text(&one, &one.notes, "x");
    make_text(&two, &two.server_version, "x");
    two.notes = NULL;
    expect_another("which of two is there");
}

static bool is_observed(pgs_metric m) {
    return m < PGS_FIRST_DERIVED || pgs_metric_get(m)->unit == PGS_UNIT_PERCENT;
}

Test(hash, every_value_of_every_partition_counts) {
    for (size_t p = 0; p < 4; p++) {
        for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++) {
            if (!is_observed(m))
                continue;
            two.metric[m][p] = isnan(one.metric[m][p]) ? 0 : one.metric[m][p] + 1;
            expect_another(pgs_metric_get(m)->key);
            two.metric[m][p] = isnan(one.metric[m][p]) ? 5 : (double)NAN;
            expect_another(pgs_metric_get(m)->key);
        }
        two.part[p].num += 10;
        expect_another("num");
        two.part[p].relid++;
        expect_another("relid");
        two.part[p].relfilenode = 0;
        expect_another("relfilenode");
        two.part[p].measured = !two.part[p].measured;
        expect_another("measured");
    }
}

Test(hash, values_of_two_partitions_or_metrics_are_not_exchanged) {
    double *chunks = two.metric[PGS_CHUNK_COUNT], keep = chunks[0];
    chunks[0] = chunks[1];
    chunks[1] = keep;
    expect_another("two partitions");
    keep = two.metric[PGS_LIVE_TUPLES][0];
    two.metric[PGS_LIVE_TUPLES][0] = two.metric[PGS_DEAD_TUPLES][0];
    two.metric[PGS_DEAD_TUPLES][0] = keep;
    expect_another("two metrics");
}

Test(hash, strays_and_collections_count) {
    two.n_strays = 1;
    expect_another("a stray less");
    two.stray[1].size_bytes = 1;
    expect_another("a stray's size");
    two.stray_metric[PGS_CHUNKS_LAST_HOUR] = 3;
    expect_another("rows of the last hour in strays");
    two.n_collection_stats--;
    expect_another("a row less");
    two.collection_stat[1].partition_num = 1;
    expect_another("partition_num");
    two.collection_stat[2].key_hash = 0;
    expect_another("key_hash");
    double *const VALUE[] = {
        &two.collection_stat[0].chunk_count,    &two.collection_stat[0].document_count,
        &two.collection_stat[0].token_sum,      &two.collection_stat[0].token_chunk_count,
        &two.collection_stat[0].avg_tokens,     &two.collection_stat[0].size_bytes,
        &two.collection_stat[0].last_created_at};
    for (size_t i = 0; i < sizeof VALUE / sizeof *VALUE; i++) {
        double keep = *VALUE[i];
        *VALUE[i] = keep + 1;
        cr_expect_neq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two), "value %zu", i);
        *VALUE[i] = keep;
    }
    cr_expect_eq(pgs_snapshot_hash(&one), pgs_snapshot_hash(&two));
}
