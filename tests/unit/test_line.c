/* stats/line.c against NIST's certified lines and exact fractions (fixtures/reference/stats):
 * whole, and cut into parts that are summed about a point of their own, as tiles are. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "stats/line.h"
#include "support/vectors.h"

#define MAX_POINTS 4096

static double t[MAX_POINTS], y[MAX_POINTS];

static size_t read_points(const cJSON *c) {
    const cJSON *ys = cJSON_GetObjectItem(c, "y"), *ts = cJSON_GetObjectItem(c, "t");
    size_t n = 0;
    int i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, ys) {
        const cJSON *at = ts ? cJSON_GetArrayItem(ts, i) : NULL;
        if (cJSON_IsNumber(item) && n < MAX_POINTS) {
            t[n] = at ? at->valuedouble : i;
            y[n++] = item->valuedouble;
        }
        i++;
    }
    return n;
}

static pgs_line part_of(size_t first, size_t end) {
    double x = 0, xx = 0, sum = 0, xy = 0, yy = 0;
    for (size_t i = first; i < end; i++) {
        double dx = t[i] - t[first], dy = y[i] - y[first];
        x += dx;
        xx += dx * dx;
        sum += dy;
        xy += dx * dy;
        yy += dy * dy;
    }
    return pgs_line_from_sums((double)(end - first), t[first], x, xx, y[first], sum, xy, yy);
}

static pgs_line line_by(size_t n, size_t step) {
    pgs_line line = {0};
    for (size_t first = 0; first < n; first += step) {
        pgs_line part = part_of(first, first + step < n ? first + step : n);
        pgs_line_join(&line, &part);
    }
    return line;
}

static void expect_line(const char *id, const cJSON *expected, const pgs_line *line, size_t step) {
    const cJSON *slope = cJSON_GetObjectItem(expected, "slope");
    const cJSON *r2 = cJSON_GetObjectItem(expected, "r2");
    double tolerance = strstr(id, "huge_offset") ? 1e-10 : 1e-12;
    if (cJSON_IsNumber(slope))
        cr_expect_leq(fabs(pgs_line_slope(line) - slope->valuedouble),
                      tolerance * fabs(slope->valuedouble) + 1e-300,
                      "%s by %zu: slope %.17g, not %.17g", id, step, pgs_line_slope(line),
                      slope->valuedouble);
    if (cJSON_IsNumber(r2) && !isnan(pgs_line_r2(line)))
        cr_expect_float_eq(pgs_line_r2(line), r2->valuedouble, 1e-10, "%s by %zu: R2 %.17g", id,
                           step, pgs_line_r2(line));
}

Test(line, recorded_lines_whole_and_in_parts) {
    static const size_t STEP[] = {MAX_POINTS, 256, 7};
    cJSON *document = vectors_read("ols_trend.json");
    const cJSON *c;
    size_t n_checked = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItem(document, "cases")) {
        const cJSON *expected = cJSON_GetObjectItem(c, "expected");
        size_t n = read_points(c);
        for (size_t k = 0; expected && k < sizeof STEP / sizeof *STEP; k++, n_checked++) {
            pgs_line line = line_by(n, STEP[k]);
            expect_line(cJSON_GetObjectItem(c, "id")->valuestring, expected, &line, STEP[k]);
        }
    }
    cr_expect_geq(n_checked, 60u);
    cJSON_Delete(document);
}

Test(line, without_two_times_there_is_no_line) {
    pgs_line none = {0}, one = pgs_line_from_sums(1, 5, 0, 0, 7, 0, 0, 0), twice = one;
    pgs_line_join(&twice, &one);
    cr_expect(isnan(pgs_line_slope(&none)) && isnan(pgs_line_r2(&none)));
    cr_expect(isnan(pgs_line_slope(&one)) && isnan(pgs_line_r2(&one)));
    cr_expect(isnan(pgs_line_slope(&twice)), "two values of one time");
    pgs_line_join(&one, &none);
    cr_expect_eq(one.n, 1, "nothing joined is nothing changed");
}
