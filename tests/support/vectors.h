/* Reference vectors: the JSON files of fixtures/reference/stats, read by cJSON. */
#ifndef PGSKEW_TESTS_VECTORS_H
#define PGSKEW_TESTS_VECTORS_H

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/base.h"

/* The document of FIXTURES "/reference/stats/<name>"; free it with cJSON_Delete(). */
static inline cJSON *vectors_read(const char *name) {
    char path[512], *text = NULL;
    size_t n = 0;
    snprintf(path, sizeof path, "%s/reference/stats/%s", FIXTURES, name);
    cr_assert_eq(pgs_file_read(path, 1 << 26, &text, &n, NULL), PGS_OK, "cannot read %s", path);
    cJSON *document = cJSON_Parse(text);
    pgs_free(text);
    cr_assert(document, "%s is no JSON", path);
    return document;
}

/* A number, also one that is written as text because it is large; NaN: null, or no such key. */
static inline double vectors_number(const cJSON *object, const char *key) {
    const cJSON *item = key ? cJSON_GetObjectItemCaseSensitive(object, key) : object;
    if (cJSON_IsString(item))
        return strtod(item->valuestring, NULL);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* Within `tolerance`, relative to `want`; absolute where that is 0; NaN equals NaN. */
static inline bool vectors_near(double got, double want, double tolerance) {
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    return got == want || fabs(got - want) <= tolerance * (want == 0 ? 1 : fabs(want));
}

#endif
