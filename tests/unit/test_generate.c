/* The generator of histories that the benchmarks run on: repeatable, and true to what it claims. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "generate.h"

enum { PARTS = 40, WEEK = 168, DAY = 24 };

static const double *column(const bench_moment *moment, bench_metric m) {
    return moment->value[m];
}

Test(generate, the_same_seed_gives_the_same_history) {
    bench_generator *a = bench_generator_open(7, PARTS), *b = bench_generator_open(7, PARTS);
    for (int t = 0; t < WEEK; t++) {
        const bench_moment *x = bench_generator_next(a), *y = bench_generator_next(b);
        cr_assert_eq(x->taken_us, y->taken_us);
        for (int m = 0; m < BENCH_METRIC_COUNT; m++)
            cr_assert_arr_eq(x->value[m], y->value[m], PARTS * sizeof(double));
    }
    bench_generator_close(a);
    bench_generator_close(b);
}

Test(generate, another_seed_gives_another_history) {
    bench_generator *a = bench_generator_open(7, PARTS), *b = bench_generator_open(8, PARTS);
    const bench_moment *x = bench_generator_next(a), *y = bench_generator_next(b);
    cr_assert_arr_neq(x->value[0], y->value[0], PARTS * sizeof(double));
    bench_generator_close(a);
    bench_generator_close(b);
}

Test(generate, moments_are_an_hour_apart) {
    bench_generator *g = bench_generator_open(1, 1);
    int64_t first = bench_generator_next(g)->taken_us;
    cr_assert_eq(first, INT64_C(1735689600000000), "2025-01-01T00:00:00Z");
    for (int t = 1; t < BENCH_YEAR - 1; t++)
        bench_generator_next(g);
    cr_assert_eq(bench_generator_next(g)->taken_us, INT64_C(1767222000000000),
                 "2025-12-31T23:00:00Z");
    bench_generator_close(g);
}

Test(generate, values_are_whole_and_sizes_whole_pages_that_never_shrink) {
    double size[PARTS] = {0};
    bench_generator *g = bench_generator_open(1, PARTS);
    for (int t = 0; t < BENCH_YEAR; t++) {
        const bench_moment *moment = bench_generator_next(g);
        for (int p = 0; p < PARTS; p++) {
            for (int m = 0; m < BENCH_METRIC_COUNT; m++) {
                double x = moment->value[m][p];
                cr_assert(x >= 0 && x <= 0x1p53 && x == floor(x), "%s", bench_metric_names[m]);
            }
            double now = column(moment, BENCH_SIZE_BYTES)[p];
            cr_assert(fmod(now, 8192) == 0 && now >= size[p]);
            size[p] = now;
        }
    }
    bench_generator_close(g);
}

Test(generate, a_day_is_the_sum_of_its_hours) {
    double hour[WEEK][PARTS];
    bench_generator *g = bench_generator_open(1, PARTS);
    for (int t = 0; t < WEEK; t++) {
        const bench_moment *moment = bench_generator_next(g);
        memcpy(hour[t], column(moment, BENCH_CHUNKS_LAST_HOUR), sizeof hour[t]);
        for (int p = 0; t >= DAY && p < PARTS; p++) {
            double sum = 0;
            for (int h = 0; h < DAY; h++)
                sum += hour[t - h][p];
            cr_assert_eq(column(moment, BENCH_CHUNKS_LAST_DAY)[p], sum);
        }
    }
    bench_generator_close(g);
}

Test(generate, a_year_has_growth_deletions_and_heat) {
    double before[PARTS] = {0}, first = 0, last = 0;
    int shrinking = 0, hot = 0;
    bench_generator *g = bench_generator_open(1, PARTS);
    for (int t = 0; t < BENCH_YEAR; t++) {
        const bench_moment *moment = bench_generator_next(g);
        const double *count = column(moment, BENCH_CHUNK_COUNT);
        double sum = 0;
        for (int p = 0; p < PARTS; p++) {
            sum += count[p];
            shrinking += t > 0 && count[p] < before[p] * 0.99;
            hot += column(moment, BENCH_CHUNKS_LAST_HOUR)[p] > 2000;
            before[p] = count[p];
        }
        first = t == 0 ? sum : first;
        last = sum;
    }
    cr_assert(last > 1.5 * first);
    cr_assert(shrinking > 50, "%d batches of deletions", shrinking);
    cr_assert(hot > 50, "%d hot hours", hot);
    bench_generator_close(g);
}
