/* stats/size.c by hand; test_settle.c compares it with the decimals on many more. */
#include <criterion/criterion.h>
#include <math.h>

#include "base/base.h"
#include "stats/stats.h"
#include "support/no_leaks.h"

TestSuite(size, .fini = pgs_test_no_leaks);

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static const struct {
    const char *name;
    double bytes, mb;
} MB[] = {
    {"nothing", 0, 0},
    {"one", 1048576, 1},
    {"as recorded in p3-half-exact", 49152, 0.0469},
    {"recorded, 0.03125: a tie goes up", 32768, 0.0313},
    {"recorded, 0.015625", 16384, 0.0156},
    {"too little to show", 52, 0},
    {"just enough to show", 53, 0.0001},
    {"2^53", 9007199254740992, 8589934592},
    {"not observed", NAN, NAN},
};

Test(size, megabytes) {
    for (size_t i = 0; i < PGS_COUNT_OF(MB); i++)
        cr_expect(same(pgs_size_mb(MB[i].bytes), MB[i].mb), "%s: %.17g", MB[i].name,
                  pgs_size_mb(MB[i].bytes));
}

static const struct {
    const char *name;
    double bytes, chunks, kb;
} KB[] = {
    {"as recorded in p3-half-exact", 49152, 3, 16},
    {"a third of a kB", 1024, 3, 0.3333},
    {"0.03125: a tie goes up", 32, 1, 0.0313},
    {"no chunks", 8192, 0, 0},
    {"nothing at all", 0, 0, 0},
    {"no bytes", 0, 5, 0},
    {"bytes not observed", NAN, 5, NAN},
    {"chunks not observed", 8192, NAN, NAN},
    {"bytes not observed and no chunks", NAN, 0, NAN},
    {"2^53 in one chunk", 9007199254740992, 1, 8796093022208},
};

Test(size, kilobytes_per_chunk) {
    for (size_t i = 0; i < PGS_COUNT_OF(KB); i++)
        cr_expect(same(pgs_chunk_size_kb(KB[i].bytes, KB[i].chunks), KB[i].kb), "%s: %.17g",
                  KB[i].name, pgs_chunk_size_kb(KB[i].bytes, KB[i].chunks));
}
