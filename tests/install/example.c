/* A program of somebody else's: opens a snapshot with the installed library and asks it what the
 * guide's service methods ask.
 *
 *     cc example.c $(pkg-config --cflags --libs --static pgskew)
 *     ./a.out SNAPSHOT.db */
#include <stdio.h>

#include <pgskew/analyze.h>
#include <pgskew/result.h>
#include <pgskew/store.h>

static void print_health(const pgs_result *result) {
    printf("%zu partitions: %zu healthy, %zu warning, %zu unbalanced\n", result->total_partitions,
           result->healthy_count, result->warning_count, result->unbalanced_count);
    const pgs_partition_health *worst = &result->health[0];
    printf("worst: partition %lld, %s, %.0f of %.0f chunks, skews %.4f and %.4f: %s\n",
           (long long)worst->partition_num, pgs_health_status_name(worst->health_status),
           worst->chunk_count, worst->total_chunks, worst->chunk_skew, worst->size_skew,
           worst->recommendation);
}

static void print_skew(const pgs_result *result) {
    for (int kind = 0; kind < PGS_SKEW_KIND_COUNT; kind++) {
        const pgs_skew_metric *skew = &result->skew[kind];
        printf("%s: %.4f %s\n", skew->metric, skew->value, pgs_skew_status_name(skew->status));
    }
}

static void print_alerts(const pgs_result *result) {
    for (size_t i = 0; i < result->n_alerts; i++) {
        const pgs_alert *alert = &result->alert[i];
        printf("%s: %s\n", alert->level, alert->message);
        for (size_t d = 0; d < alert->n_details; d++)
            printf("  partition %lld\n", (long long)alert->detail[d].partition_num);
    }
}

static void print_recommendations(const pgs_result *result) {
    for (size_t i = 0; i < result->n_recommendations; i++) {
        const pgs_recommendation *todo = &result->recommendation[i];
        printf("%s: partition %lld, %s %.4f: %s\n", pgs_priority_name(todo->priority),
               (long long)todo->partition_num, todo->reason, todo->current_skew, todo->action);
    }
}

static pgs_status ask(const char *path, pgs_snapshot *snap, pgs_result *result, pgs_err *err) {
    pgs_partition_statistics one;
    pgs_status st;

    if ((st = pgs_snapshot_read(path, snap, err)))
        return st;

    if ((st = pgs_partition_health_summary(snap, result, err)))
        return st;
    print_health(result);

    if ((st = pgs_partition_skew_analyze(snap, result, err)))
        return st;
    print_skew(result);

    if ((st = pgs_partition_health_check(snap, result, err)))
        return st;
    print_alerts(result);

    if ((st = pgs_partition_statistics_get(snap, result, err)))
        return st;
    printf("%.0f chunks, %.4f MB, %.1f on average, standard deviation %.12f\n",
           result->statistics.total_chunks, result->statistics.total_size_mb,
           result->statistics.avg_chunks_per_partition, result->statistics.chunk_count_stddev);

    if ((st = pgs_partition_statistics_one(snap, 0, &one, err)))
        return st;
    printf("partition 0: %.0f chunks, %.4f MB, %.4f kB each\n", one.chunk_count, one.total_size_mb,
           one.avg_chunk_size_kb);

    if ((st = pgs_rebalancing_recommend(snap, result, err)))
        return st;
    print_recommendations(result);
    return PGS_OK;
}

int main(int argc, char **argv) {
    pgs_snapshot snap;
    pgs_result result;
    pgs_err err = {{0}, {0}};

    if (argc != 2) {
        fprintf(stderr, "usage: %s SNAPSHOT.db\n", argv[0]);
        return 64;
    }
    pgs_snapshot_init(&snap);
    pgs_result_init(&result);
    pgs_status st = ask(argv[1], &snap, &result, &err);
    if (st)
        fprintf(stderr, "%s: %s\n", argv[0], err.msg);
    pgs_result_reset(&result);
    pgs_snapshot_reset(&snap);
    return pgs_status_exit_code(st);
}
