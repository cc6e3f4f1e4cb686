/* source/csv_history.c: what a long CSV may look like, and what each kind of bad one is told. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>

#include "base/base.h"
#include "pgskew/source.h"
#include "support/csv_directory.h"
#include "support/make.h"

#define FILE_NAME "long.csv"
#define HEADER    "taken_at,partition_num,chunk_count,size_bytes\n"
#define T1        "2025-10-20T10:15:00Z"
#define T2        "2025-10-20T11:15:00Z"
#define COLLECTED "collection_id,hashtext,partition_num,chunk_count,last_created\n"

static csv_directory dir;
static char path[300], collections[300];
static pgs_csv_history_options options;
static pgs_csv_history *reader;
static pgs_snapshot *snap;
static pgs_err err;

static void start(void) {
    cr_assert(csv_directory_make(&dir));
    snprintf(path, sizeof path, "%s/" FILE_NAME, dir.path);
    snprintf(collections, sizeof collections, "%s/collections.csv", dir.path);
    options = (pgs_csv_history_options){.path = path, .naive_offset_us = PGS_TIME_NONE};
}

static void finish(void) {
    pgs_csv_history_close(reader);
    csv_directory_remove(&dir);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(csv_history, .init = start, .fini = finish);

static void put(const char *text) {
    cr_assert(csv_directory_write(&dir, FILE_NAME, text, strlen(text)));
}

static void put_collections(const char *text) {
    cr_assert(csv_directory_write(&dir, "collections.csv", text, strlen(text)));
    options.collections = collections;
}

static void open_good(const char *text) {
    put(text);
    cr_assert_eq(pgs_csv_history_open(&options, &reader, &err), PGS_OK, "%s", err.msg);
}

static void next_good(void) {
    pgs_status st = pgs_csv_history_next(reader, &snap, &err);
    cr_assert_eq(st, PGS_OK, "status %d: %s", (int)st, err.msg);
}

static void expect_column(pgs_metric m, size_t n, const double *is) {
    cr_assert_eq(snap->head.n_parts, n, "%zu partitions", snap->head.n_parts);
    for (size_t p = 0; p < n; p++)
        cr_expect(make_same(snap->metric[m][p], is[p]), "%s of %zu is %.17g",
                  pgs_metric_get(m)->key, p, snap->metric[m][p]);
}

/* ---- bad input ---- */

/* clang-format off */
static const struct {
    const char *what, *text, *collections;
    const char *says[3]; /* each is part of the message or the hint */
} BAD[] = {
    {"empty file", "", NULL, {"empty"}},
    {"only a header", HEADER, NULL, {"a header, but no row"}},
    {"no taken_at", "partition_num,chunk_count\n1,2\n", NULL, {" line 1", "\"taken_at\" is missing"}},
    {"no partition_num", "taken_at,chunk_count\n" T1 ",2\n", NULL, {"\"partition_num\" is missing"}},
    {"unknown column", "taken_at,partition_num,chunks\n" T1 ",1,2\n", NULL, {" line 1", "\"chunks\" is not known"}},
    {"two names of one column", "taken_at,partition_num,last_created,last_created_at\n" T1 ",1,,\n", NULL,
     {"both last_created and last_created_at"}},
    {"no time", HEADER ",1,2,3\n", NULL, {" line 2", "\"taken_at\"", "is no time"}},
    {"a bad time", HEADER "yesterday,1,2,3\n", NULL, {" line 2", "\"taken_at\": \"yesterday\""}},
    {"a time without offset", HEADER "2025-10-20 10:15:00,1,2,3\n", NULL, {" line 2", "time zone", "--naive-tz"}},
    {"a time before 1970", HEADER "1969-12-31T23:59:59Z,1,2,3\n", NULL, {" line 2", "outside 1970-2255"}},
    {"an infinite time", HEADER "infinity,1,2,3\n", NULL, {" line 2", "outside 1970-2255"}},
    {"no number", HEADER T1 ",,2,3\n", NULL, {" line 2", "\"partition_num\"", "is no partition number"}},
    {"a negative number", HEADER T1 ",-1,2,3\n", NULL, {" line 2", "\"partition_num\": \"-1\""}},
    {"a number over 2^31", HEADER T1 ",2147483648,2,3\n", NULL, {" line 2", "\"2147483648\""}},
    {"a bad count", HEADER T1 ",1,2,3\n" T1 ",2,x,3\n", NULL, {" line 3", "\"chunk_count\": \"x\""}},
    {"a count over 2^53", HEADER T1 ",1,9007199254740993,3\n", NULL, {" line 2", "\"chunk_count\""}},
    {"a negative count", HEADER T1 ",1,-5,3\n", NULL, {" line 2", "\"chunk_count\": \"-5\""}},
    {"quoted emptiness", HEADER T1 ",1,\"\",3\n", NULL, {" line 2", "\"chunk_count\""}},
    {"the sum over 2^53", HEADER T1 ",1,9007199254740992,3\n" T1 ",2,1,3\n", NULL, {"moment " T1, "over 2^53"}},
    {"twice in a moment", HEADER T1 ",1,2,3\n" T1 ",1,2,3\n", NULL, {" line 3", "\"partition_num\": \"1\" is there already"}},
    {"numbers not in order", HEADER T1 ",2,2,3\n" T1 ",1,2,3\n", NULL, {" line 3", "\"1\" comes after 2", "sort"}},
    {"moments not in order", HEADER T2 ",1,2,3\n" T1 ",1,2,3\n", NULL, {" line 3", "\"" T1 "\" is earlier", "sort"}},
    {"a moment that comes back", HEADER T1 ",1,2,3\n" T2 ",1,2,3\n" T1 ",2,2,3\n", NULL, {" line 4", "is earlier"}},
    {"too few fields", HEADER T1 ",1,2\n", NULL, {" line 2 has 3 fields, the header has 4"}},
    {"too many fields", HEADER T1 ",1,2,3,4\n", NULL, {" line 2 has 5 fields, the header has 4"}},
    {"an open quote", HEADER T1 ",1,\"2,3\n", NULL, {" line 2", "quote"}},
    {"two partitions of one name", "taken_at,partition_num,partition_name\n" T1 ",1,a\n" T1 ",2,a\n", NULL,
     {"moment " T1, "two partitions are called a"}},
    {"a name that is not UTF-8", "taken_at,partition_num,partition_name\n" T1 ",1,\xFF\n", NULL, {" line 2", "UTF-8"}},
    {"a collection without id", HEADER T1 ",1,2,3\n", COLLECTED ",5,1,2,\n", {"collections.csv line 2", "\"collection_id\""}},
    {"a collection's partition is not there", HEADER T1 ",1,2,3\n", COLLECTED "a,5,7,2,\n", {"collections.csv line 2", "\"7\" is no partition"}},
    {"a collection twice", HEADER T1 ",1,2,3\n", COLLECTED "a,5,1,2,\nb,6,1,2,\na,5,1,3,\n", {"line 4", "\"a\"", "on line 2"}},
    {"a hash of 64 bits", HEADER T1 ",1,2,3\n", COLLECTED "a,5000000000,1,2,\n", {"line 2", "\"hashtext\"", "32 bits"}},
    {"no such collections", HEADER T1 ",1,2,3\n", "", {"collections.csv", "empty"}},
};
/* clang-format on */

ParameterizedTestParameters(csv_history, is_refused) {
    static size_t index[PGS_COUNT_OF(BAD)];
    for (size_t i = 0; i < PGS_COUNT_OF(BAD); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, PGS_COUNT_OF(BAD));
}

ParameterizedTest(size_t *i, csv_history, is_refused) {
    put(BAD[*i].text);
    if (BAD[*i].collections)
        put_collections(BAD[*i].collections);
    pgs_status st = pgs_csv_history_open(&options, &reader, &err);
    do
        st = st == PGS_OK ? pgs_csv_history_next(reader, &snap, &err) : st;
    while (st == PGS_OK && snap);
    cr_expect_eq(st, PGS_E_DATA, "%s: status %d, %s", BAD[*i].what, (int)st, err.msg);
    for (size_t k = 0; k < 3 && BAD[*i].says[k]; k++)
        cr_expect(strstr(err.msg, BAD[*i].says[k]) || strstr(err.hint, BAD[*i].says[k]),
                  "%s: no \"%s\" in \"%s; %s\"", BAD[*i].what, BAD[*i].says[k], err.msg, err.hint);
}

Test(csv_history, a_file_that_is_not_there) {
    cr_expect_eq(pgs_csv_history_open(&options, &reader, &err), PGS_E_NO_INPUT);
    cr_expect_null(reader);
    cr_expect(strstr(err.msg, FILE_NAME));
}

Test(csv_history, a_directory) {
    options.path = dir.path;
    cr_expect_eq(pgs_csv_history_open(&options, &reader, &err), PGS_E_DATA);
}

Test(csv_history, a_byte_of_nothing_in_the_middle) {
    static const char TEXT[] = HEADER T1 ",1,2,3\n" T1 ",2,\0,3\n";
    cr_assert(csv_directory_write(&dir, FILE_NAME, TEXT, sizeof TEXT - 1));
    cr_assert_eq(pgs_csv_history_open(&options, &reader, &err), PGS_OK);
    cr_expect_eq(pgs_csv_history_next(reader, &snap, &err), PGS_E_DATA);
    cr_expect(strstr(err.msg, "line 3 holds a NUL byte"), "%s", err.msg);
}

/* ---- good input ---- */

Test(csv_history, moments_come_one_by_one_and_partitions_with_them) {
    open_good(HEADER T1 ",1,10,100\n" T1 ",4,20,\n" T2 ",0,1,2\n" T2 ",4,,\n" T2 ",9,30,300");
    next_good();
    cr_expect_eq(snap->head.taken_us, MAKE_TAKEN);
    cr_expect_str_eq(snap->head.table_name, "public.chunks");
    cr_expect_str_eq(snap->head.source, "import");
    expect_column(PGS_CHUNK_COUNT, 2, (const double[]){10, 20});
    expect_column(PGS_SIZE_BYTES, 2, (const double[]){100, NAN});
    cr_expect(snap->part[0].num == 1 && snap->part[1].num == 4);
    cr_expect(!snap->part[1].name && snap->part[1].measured);
    next_good();
    cr_expect_eq(snap->head.taken_us, MAKE_TAKEN + INT64_C(3600000000));
    expect_column(PGS_CHUNK_COUNT, 3, (const double[]){1, NAN, 30});
    cr_expect(!snap->part[1].measured, "nothing of it was observed");
    next_good();
    cr_expect_null(snap);
    next_good();
    cr_expect_null(snap, "and so it stays");
}

Test(csv_history, what_was_derived_is_forgotten) {
    open_good(HEADER T1 ",1,10,100\n" T1 ",2,30,300\n" T2 ",1,10,100\n" T2 ",2,10,100\n");
    next_good();
    cr_assert_eq(pgs_snapshot_derive(snap, &err), PGS_OK);
    expect_column(PGS_CHUNK_PERCENTAGE, 2, (const double[]){25, 75});
    next_good();
    cr_assert_eq(pgs_snapshot_derive(snap, &err), PGS_OK);
    expect_column(PGS_CHUNK_PERCENTAGE, 2, (const double[]){50, 50});
    expect_column(PGS_CHUNK_SKEW, 2, (const double[]){0, 0});
}

Test(csv_history, percentages_are_taken_and_skews_are_not) {
    open_good("taken_at,partition_num,chunk_count,chunk_percentage,chunk_skew\n" T1
              ",1,10,12.5,7\n" T2 ",1,10,,7\n");
    next_good();
    expect_column(PGS_CHUNK_PERCENTAGE, 1, (const double[]){12.5});
    expect_column(PGS_CHUNK_SKEW, 1, (const double[]){NAN});
    next_good();
    expect_column(PGS_CHUNK_PERCENTAGE, 1, (const double[]){NAN});
}

Test(csv_history, the_header_decides_which_column_is_where) {
    open_good("last_created,avg_tokens,partition_num,row_estimate,taken_at\r\n"
              "\"" T1 "\",1.5,3,-1," T1 "\r\n\r\n,2,4,7,2025-10-20 12:15:00+02\r\n");
    next_good();
    expect_column(PGS_LAST_CREATED_AT, 2, (const double[]){(double)MAKE_TAKEN, NAN});
    expect_column(PGS_AVG_TOKENS, 2, (const double[]){1.5, 2});
    expect_column(PGS_ROW_ESTIMATE, 2, (const double[]){NAN, 7});
    next_good();
    cr_expect_null(snap, "one moment in two spellings");
}

Test(csv_history, names_stay_with_their_partitions) {
    open_good("taken_at,partition_num,partition_name\n" T1 ",1,\"a, b\"\n" T1 ",2,c\n" T2 ",1,\n" T2
              ",2,\"say \"\"x\"\"\"\n");
    next_good();
    cr_expect_str_eq(snap->part[0].name, "a, b");
    cr_expect_str_eq(snap->part[1].name, "c");
    next_good();
    cr_expect_null(snap->part[0].name);
    cr_expect_str_eq(snap->part[1].name, "say \"x\"");
}

Test(csv_history, what_no_snapshot_can_hold_is_noted_where_it_was) {
    open_good("taken_at,partition_num,last_created,avg_tokens\n" T1 ",1,infinity,Infinity\n" T2
              ",1,,1\n");
    next_good();
    cr_expect_str_eq(snap->notes,
                     "1 time outside 1970-2255 was left out; 1 infinite value was left out");
    next_good();
    cr_expect_null(snap->notes);
}

Test(csv_history, a_thousand_partitions_come_and_go) {
    pgs_buf text = {0};
    pgs_buf_text(&text, HEADER);
    static const size_t N[] = {1000, 1, 129};
    for (size_t t = 0; t < PGS_COUNT_OF(N); t++)
        for (size_t p = 0; p < N[t]; p++)
            pgs_buf_format(&text, "2025-10-20T1%zu:15:00Z,%zu,%zu,%zu\n", t, p, p + t, 8192 * p);
    open_good(text.data);
    pgs_buf_reset(&text);
    for (size_t t = 0; t < PGS_COUNT_OF(N); t++) {
        next_good();
        cr_assert_eq(snap->head.n_parts, N[t]);
        for (size_t p = 0; p < N[t]; p++)
            cr_assert(snap->part[p].num == (int64_t)p &&
                      snap->metric[PGS_CHUNK_COUNT][p] == (double)(p + t));
    }
}

/* Longer than what is read at once, with a line end on every kind of boundary. */
Test(csv_history, more_than_a_megabyte_with_every_line_end) {
    static const char *const END[] = {"\n", "\r\n", "\r"};
    for (size_t e = 0; e < PGS_COUNT_OF(END); e++) {
        pgs_buf text = {0};
        pgs_buf_format(&text, "taken_at,partition_num,chunk_count%s", END[e]);
        size_t n = 0;
        for (; text.n < 3u << 20; n++)
            pgs_buf_format(&text, T1 ",%zu,%zu%s", n, n % 97, END[e]);
        open_good(text.data);
        pgs_buf_reset(&text);
        next_good();
        cr_assert_eq(snap->head.n_parts, n);
        for (size_t p = 0; p < n; p++)
            cr_assert_eq(snap->metric[PGS_CHUNK_COUNT][p], (double)(p % 97));
        pgs_csv_history_close(reader);
        reader = NULL;
    }
}

Test(csv_history, collections_belong_to_the_last_moment) {
    put_collections("collection_id,hashtext,partition_num,chunk_count,document_count,size_bytes,"
                    "last_created\n"
                    "b,-7,2,3,2,30," T1 "\na,5,2,1,1,10,\na,5,1,1,1,10,\na,5,,2,1,20,\n");
    open_good(HEADER T1 ",1,2,3\n" T2 ",1,2,3\n" T2 ",2,4,3\n");
    next_good();
    cr_expect_eq(snap->n_collections, 0);
    next_good();
    cr_assert_eq(snap->n_collections, 2);
    cr_assert_eq(snap->n_collection_stats, 4);
    cr_expect_str_eq(snap->collection[0].id, "a");
    static const int64_t NUM[] = {-1, 1, 2, 2}, HASH[] = {5, 5, 5, -7};
    for (size_t i = 0; i < 4; i++)
        cr_expect(snap->collection_stat[i].partition_num == NUM[i] &&
                      snap->collection_stat[i].key_hash == HASH[i] &&
                      snap->collection_stat[i].collection == (i == 3),
                  "row %zu", i);
    cr_expect_eq(snap->collection_stat[3].last_created_at, (double)MAKE_TAKEN);
    cr_expect(isnan(snap->collection_stat[0].last_created_at));
    cr_expect(isnan(snap->collection_stat[0].token_sum), "no such column");
}

Test(csv_history, memory_may_run_out_anywhere) {
    put_collections(COLLECTED "a,5,1,1,\nb,6,1,1,\n");
    put("taken_at,partition_num,partition_name,chunk_count\n" T1 ",1,a,2\n" T2 ",1,b,2\n");
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st == PGS_E_BUG && nth < 1000; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_csv_history_open(&options, &reader, &err);
        do
            st = st == PGS_OK ? pgs_csv_history_next(reader, &snap, &err) : st;
        while (st == PGS_OK && snap);
        pgs_mem_fail_at(0);
        pgs_csv_history_close(reader);
        reader = NULL;
        cr_assert_eq(pgs_mem_live(), 0, "after %zu calls %zu blocks were not freed", nth,
                     pgs_mem_live());
    }
    cr_expect_eq(st, PGS_OK, "%s", err.msg);
}
