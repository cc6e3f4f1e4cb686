/* model/score.c, baseline.c and misses.c against reference vectors (fixtures/reference/stats). */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "model/score.h"
#include "support/no_leaks.h"
#include "support/stocks.h"
#include "support/vectors.h"

TestSuite(score, .fini = pgs_test_no_leaks);

Test(score, auc_is_that_of_the_vectors) {
    cJSON *doc = vectors_read("scoring.json");
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "binary")) {
        const cJSON *ps = cJSON_GetObjectItem(c, "p"), *os = cJSON_GetObjectItem(c, "o");
        size_t n = (size_t)cJSON_GetArraySize(ps), i = 0;
        pgs_case *cases = pgs_alloc(n, sizeof *cases);
        const cJSON *p, *o = os->child;
        cJSON_ArrayForEach(p, ps) {
            cases[i++] = (pgs_case){p->valuedouble, o->valueint == 1};
            o = o->next;
        }
        pgs_pairs pairs = pgs_auc_pairs(cases, n);
        double want = vectors_number(cJSON_GetObjectItem(c, "expected"), "auc_roc");
        cr_expect(vectors_near(pairs.won / pairs.pairs, want, 1e-12), "%.17g, not %.17g",
                  pairs.won / pairs.pairs, want);
        pgs_free(cases);
    }
    cJSON_Delete(doc);
}

static double residual_at(const cJSON *c, size_t rank, bool absolute) {
    const cJSON *rs = cJSON_GetObjectItem(c, "residuals"), *r, *s;
    cJSON_ArrayForEach(r, rs) {
        double x = absolute ? fabs(r->valuedouble) : r->valuedouble;
        size_t below = 0, at = 0;
        cJSON_ArrayForEach(s, rs) {
            double y = absolute ? fabs(s->valuedouble) : s->valuedouble;
            below += y < x;
            at += y == x;
        }
        if (below < rank && rank <= below + at)
            return x;
    }
    return rank == 0 ? -INFINITY : INFINITY;
}

static double number_or_infinity(const cJSON *c, const char *key) {
    const cJSON *item = cJSON_GetObjectItem(c, key);
    if (cJSON_IsString(item))
        return item->valuestring[0] == '-' ? -INFINITY : INFINITY;
    return item->valuedouble;
}

Test(score, conformal_ranks_are_those_of_the_vectors) {
    cJSON *doc = vectors_read("scoring.json");
    const cJSON *c;
    size_t n_cases = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "conformal")) {
        const cJSON *want = cJSON_GetObjectItem(c, "expected");
        size_t n = (size_t)cJSON_GetArraySize(cJSON_GetObjectItem(c, "residuals"));
        size_t one_in = (size_t)(1 / vectors_number(c, "alpha") + 0.5);
        pgs_ranks ranks = pgs_conformal_ranks(n, one_in);
        cr_expect_eq(ranks.either, (size_t)vectors_number(want, "rank"));
        cr_expect_eq(residual_at(c, ranks.either, true), number_or_infinity(want, "half_width"));
        cr_expect_eq(residual_at(c, ranks.low, false), number_or_infinity(want, "lower_offset"));
        cr_expect_eq(residual_at(c, ranks.high, false), number_or_infinity(want, "upper_offset"));
        n_cases++;
    }
    cr_expect_eq(n_cases, 8);
    cJSON_Delete(doc);
}

Test(score, predict_linear_is_that_of_the_vectors) {
    cJSON *doc = vectors_read("irregular_and_predict_linear.json");
    const cJSON *c;
    size_t n_compared = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(doc, "cases")) {
        static double t[4096], y[4096];
        const cJSON *ts = cJSON_GetObjectItem(c, "t"), *item, *want;
        size_t n = 0, i = 0;
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(c, "y")) {
            const cJSON *at = ts ? cJSON_GetArrayItem(ts, (int)i) : NULL;
            if (cJSON_IsNumber(item)) {
                t[n] = at ? at->valuedouble : (double)i;
                y[n++] = item->valuedouble;
            }
            i++;
        }
        cJSON_ArrayForEach(want, cJSON_GetObjectItem(c, "predict_linear_at_last_sample")) {
            double ahead = strtod(want->string, NULL) * (ts ? 3600 : 1);
            double got = pgs_predict_linear(t, y, n, ahead);
            cr_expect(vectors_near(got, want->valuedouble, 1e-12), "%s %s: %.17g, not %.17g",
                      cJSON_GetObjectItem(c, "id")->valuestring, want->string, got,
                      want->valuedouble);
            n_compared++;
        }
    }
    cr_expect_geq(n_compared, 9);
    cJSON_Delete(doc);
}

/* ---- a recorded backtest, by day; its origins and horizons are whole days ---- */

#define HOURS 2400
#define PARTS 20

static double hourly[HOURS][PARTS];

static double at_midnight(size_t day, size_t p) {
    return hourly[day * 24][p];
}

static void read_hourly(void) {
    char *text = NULL;
    size_t n;
    cr_assert_eq(
        pgs_file_read(FIXTURES "/reference/stats/backtest_small.csv", 1 << 24, &text, &n, NULL),
        PGS_OK);
    const char *s = strchr(text, '\n') + 1;
    for (size_t h = 0; h < HOURS && *s; h++) {
        char *end;
        (void)strtol(s, &end, 10);
        for (size_t p = 0; p < PARTS; p++)
            hourly[h][p] = strtod(end + 1, &end);
        s = end + 1;
    }
    pgs_free(text);
}

static pgs_tally tally_of(const pgs_stock *k, size_t days, pgs_method method) {
    static double count[PARTS], unbalanced[PARTS];
    pgs_said said = {.count = count, .unbalanced = unbalanced};
    pgs_tally tally = {0};
    for (size_t day = 60; (day + days) * 24 < HOURS; day += 5) {
        if (method == PGS_METHOD_PGSKEW) {
            pgs_outlook outlook;
            cr_assert_eq(pgs_outlook_make(k, day, days, true, &outlook, NULL), PGS_OK);
            said = (pgs_said){outlook.count,
                              outlook.p + PGS_THRESHOLD_UNBALANCED * PARTS,
                              {outlook.low[0], outlook.low[1]},
                              {outlook.high[0], outlook.high[1]}};
            cr_assert_eq(pgs_tally_add(k, day, days, &said, &tally, NULL), PGS_OK);
            pgs_outlook_reset(&outlook);
            continue;
        }
        pgs_baseline_foretell(k, day, days, method, count, unbalanced);
        cr_assert_eq(pgs_tally_add(k, day, days, &said, &tally, NULL), PGS_OK);
    }
    return tally;
}

static double brier_of(const cJSON *horizon, const char *method) {
    const cJSON *methods = cJSON_GetObjectItem(horizon, "methods");
    return vectors_number(cJSON_GetObjectItem(methods, method), "brier_end");
}

static double mase_of(const cJSON *horizon, const char *method) {
    const cJSON *methods = cJSON_GetObjectItem(horizon, "methods");
    return vectors_number(cJSON_GetObjectItem(methods, method), "pooled_mase");
}

Test(score, a_recorded_backtest_comes_out_as_it_did) {
    static const char *const HORIZON[] = {"24", "168", "720"};
    pgs_stock k;
    cJSON *doc = vectors_read("backtest_small.json");
    read_hourly();
    stocks_make(100, PARTS, at_midnight, &k);
    for (size_t h = 0; h < 3; h++) {
        const cJSON *want = cJSON_GetObjectItem(cJSON_GetObjectItem(doc, "scores"), HORIZON[h]);
        size_t days = (size_t)atoi(HORIZON[h]) / 24;
        pgs_tally stay = tally_of(&k, days, PGS_METHOD_PERSISTENCE);
        pgs_tally week = tally_of(&k, days, PGS_METHOD_SEASONAL_NAIVE);
        cr_expect_eq(stay.n, vectors_number(want, "n"));
        cr_expect(vectors_near(pgs_tally_score(&stay).brier, brier_of(want, "persistence"), 1e-12));
        cr_expect(vectors_near(pgs_tally_score(&week).brier,
                               brier_of(want, "seasonal_naive_increments"), 1e-12));
        cr_expect(
            vectors_near(pgs_tally_score(&stay).pooled_mase, mase_of(want, "persistence"), 1e-9));
        cr_expect(vectors_near(pgs_tally_score(&week).pooled_mase,
                               mase_of(want, "seasonal_naive_increments"), 1e-9));
        cr_expect(isnan(pgs_tally_score(&stay).coverage80));
        if (days > 7) /* two origins, five onsets: that says nothing */
            continue;
        pgs_tally ours = tally_of(&k, days, PGS_METHOD_PGSKEW);
        double brier = pgs_tally_score(&ours).brier,
               yardstick = brier_of(want, "reference_stock_flow");
        cr_expect_eq(ours.n, vectors_number(want, "n"));
        cr_expect_leq(brier, yardstick, "%zu days: %g, and the yardstick has %g", days, brier,
                      yardstick);
    }
    pgs_stock_reset(&k);
    cJSON_Delete(doc);
}
