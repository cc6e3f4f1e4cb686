/* What reports say of measures and of the noise floor. */
#include "support/no_leaks.h"
#include "support/story.h"

static char *text;
static double signed_skew[] = {0.5, 0, -0.5};
static bool chunk_above[] = {true, false, false}, size_above[] = {false, false, true};
static pgs_health_status status[] = {PGS_UNBALANCED, PGS_HEALTHY, PGS_HEALTHY};

/* The story after pgs_distribution_measure(). */
static void start(void) {
    fill_snapshot();
    fill_result();
    snap.health[0] = PGS_UNBALANCED;
    snap.health[1] = PGS_HEALTHY;
    snap.health[2] = PGS_WARNING;
    result.signed_skew = signed_skew;
    result.measures[PGS_MEASURED_CHUNKS] =
        (pgs_measures){3, 0.25, 0.125, 0.5, 0.75, 0.375, 2.5, 0.875, 1.5, 12345.678, 12, 0.5, -0.5};
    result.measures[PGS_MEASURED_SIZES] =
        (pgs_measures){3, 4e10, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0, 0};
    result.noise = (pgs_noise){.alpha = 0.01,
                               .design = PGS_DESIGN_COLLECTIONS,
                               .design_effect = 1.25,
                               .chunk_floor = 0.4375,
                               .size_floor = INFINITY,
                               .chunk_above = chunk_above,
                               .size_above = size_above,
                               .status = status};
}

static void finish(void) {
    free(text);
    result.arena = NULL; /* nothing of it was allocated */
    pgs_snapshot_reset(&snap);
    pgs_test_no_leaks();
}

TestSuite(report_noise, .init = start, .fini = finish);

static const char *write(pgs_report_kind kind, pgs_format format) {
    pgs_report_input input = {.snapshot = &snap, .result = &result};
    size_t n;
    free(text);
    FILE *out = open_memstream(&text, &n);
    cr_assert_eq(pgs_report_write(out, kind, format, &input, NULL, &err), PGS_OK, "%s", err.msg);
    fclose(out);
    return text;
}

static void suppress(void) {
    result.noise.suppressing = true;
    result.noise.suppressed = 1;
}

static void says(pgs_report_kind kind, pgs_format format, const char *words) {
    cr_expect(strstr(write(kind, format), words), "no %s in\n%s", words, text);
}

static void says_not(pgs_report_kind kind, pgs_format format, const char *words) {
    cr_expect(!strstr(write(kind, format), words), "%s in\n%s", words, text);
}

Test(report_noise, no_floor_is_no_answer) {
    result.noise.chunk_floor = result.noise.size_floor = NAN;
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_JSON, "\"above_noise_floor\":null}");
    says_not(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_JSON, "\"above_noise_floor\":1}");
    suppress();
    says(PGS_REPORT_HEALTH, PGS_FORMAT_JSON, "\"above\": []");
    result.noise.size_floor = 0.4375;
    says(PGS_REPORT_HEALTH, PGS_FORMAT_JSON, "\"above\": [2]");
}

Test(report_noise, distribution_ends_with_the_signed_skew_and_whether_it_is_more_than_chance) {
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_CSV, ",signed_skew,above_noise_floor\n");
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_CSV, ",0.5,1\n");
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_CSV, ",0.0,0\n");
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_JSON, "\"signed_skew\":-0.5,\"above_noise_floor\":1}");
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_TABLE, " -0.5000  yes ");
    snap.health[1] = PGS_UNMEASURED;
    signed_skew[1] = NAN;
    says(PGS_REPORT_DISTRIBUTION, PGS_FORMAT_CSV, ",,\n");
}

Test(report_noise, skew_has_the_measures_below_its_five_metrics) {
    const char *const WORDS[] = {
        "\nmeasure                      chunks              bytes\n",
        "\nvariance                       0.25  40,000,000,000.00\n",
        "\neffective partitions           2.50                  -\n",
        "\ndispersion index          12,345.68                  -\n",
        "\nsmallest skew               -0.5000             0.0000\n",
        "\nNOISE: chance alone explains chunk skews below 0.4375 and any size skew (design effect "
        "1.25, from the sizes of collections)\n"};
    for (size_t i = 0; i < PGS_COUNT_OF(WORDS); i++)
        says(PGS_REPORT_SKEW, PGS_FORMAT_TABLE, WORDS[i]);
    says_not(PGS_REPORT_SKEW, PGS_FORMAT_JSON, "gini");
    says_not(PGS_REPORT_SKEW, PGS_FORMAT_CSV, "gini");
}

Test(report_noise, units_larger_than_an_even_share_are_said) {
    says_not(PGS_REPORT_SKEW, PGS_FORMAT_TABLE, "any placement is uneven");
    result.noise.design_effect = 2.5; /* of 2 chunks a partition */
    says(PGS_REPORT_SKEW, PGS_FORMAT_TABLE, "any placement is uneven\n");
}

Test(report_noise, nothing_to_judge_is_not_spoken_of) {
    result.noise.chunk_floor = NAN;
    says(PGS_REPORT_SKEW, PGS_FORMAT_TABLE, "NOISE: chance alone explains any size skew\n");
    result.noise.size_floor = NAN;
    says_not(PGS_REPORT_SKEW, PGS_FORMAT_TABLE, "NOISE");
}

#define FLOOR_JSON                                                                                 \
    "\"noise_floor\": {\n"                                                                         \
    "      \"alpha\": 0.01,\n"                                                                     \
    "      \"design\": \"collections\",\n"                                                         \
    "      \"design_effect\": 1.25,\n"                                                             \
    "      \"chunk_floor\": 0.4375,\n"                                                             \
    "      \"size_floor\": null,\n"

Test(report_noise, full_ends_with_measures_and_floor) {
    says(PGS_REPORT_FULL, PGS_FORMAT_JSON,
         "\"distribution_measures\": {\n"
         "      \"chunks\": {\"variance\":0.25,\"cv\":0.125,\"gini\":0.5,"
         "\"normalized_entropy\":0.75,\"hhi\":0.375,\"effective_partitions\":2.5,\"jain\":0.875,"
         "\"max_over_mean\":1.5,\"dispersion_index\":12345.678,\"equal_keys\":12.0,"
         "\"signed_skew_max\":0.5,\"signed_skew_min\":-0.5},\n");
    says(PGS_REPORT_FULL, PGS_FORMAT_JSON,
         FLOOR_JSON "      \"suppressed\": 0,\n      \"above\": [0,2]\n    }\n  },\n");
    says_not(PGS_REPORT_FULL, PGS_FORMAT_TABLE, "not shown");
}

Test(report_noise, without_the_option_the_guides_bodies_are_the_guides) {
    says_not(PGS_REPORT_HEALTH, PGS_FORMAT_JSON, "noise_floor");
    says_not(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE, "NOISE");
    says_not(PGS_REPORT_RECOMMENDATIONS, PGS_FORMAT_JSON, "noise_floor");
    result.noise.alpha = NAN; /* nobody measured */
    says_not(PGS_REPORT_FULL, PGS_FORMAT_JSON, "\"noise_floor\"");
    says_not(PGS_REPORT_FULL, PGS_FORMAT_JSON, "distribution_measures");
    says_not(PGS_REPORT_SKEW, PGS_FORMAT_TABLE, "gini");
}

Test(report_noise, what_was_left_out_is_counted) {
    static const pgs_report_kind KIND[] = {PGS_REPORT_HEALTH, PGS_REPORT_SKEW,
                                           PGS_REPORT_RECOMMENDATIONS, PGS_REPORT_FULL};
    suppress();
    for (size_t i = 0; i < PGS_COUNT_OF(KIND); i++) {
        says(KIND[i], PGS_FORMAT_TABLE, "NOISE: 1 finding is within chance and not shown\n");
        const char *first = strstr(text, "not shown");
        cr_expect(!strstr(first + 1, "not shown"), "said once in\n%s", text);
    }
    says(PGS_REPORT_HEALTH, PGS_FORMAT_JSON, FLOOR_JSON "      \"suppressed\": 1,\n");
    says(PGS_REPORT_RECOMMENDATIONS, PGS_FORMAT_JSON, "  ],\n  \"noise_floor\": {\n");
    result.noise.suppressed = 12;
    says(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE,
         "NOISE: 12 findings are within chance and not shown\n");
}
