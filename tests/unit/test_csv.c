/* What a CSV export may look like, and what each kind of bad one is told. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdarg.h>

#include "base/base.h"
#include "pgskew/source.h"
#include "support/csv_directory.h"

#define DISTRIBUTION "partition_chunk_distribution.csv"
#define SIZES        "partition_size_distribution.csv"
#define HOT          "partition_hot_spots.csv"
#define STATS        "partition_stats.csv"
#define COLLECTIONS  "collection_chunking_stats.csv"
#define TAKEN        INT64_C(1760955300000000) /* 2025-10-20T10:15:00Z */
#define TWO_PARTS    "partition_num,chunk_count\n0,10\n1,20\n"

static csv_directory dir;
static pgs_csv_options options;
static pgs_snapshot snap;
static pgs_err err;
static char heard[4000];
static size_t n_heard;

static void hear(void *context, const char *sentence) {
    (void)context;
    n_heard++;
    strncat(heard, sentence, sizeof heard - strlen(heard) - 1);
    strncat(heard, "\n", sizeof heard - strlen(heard) - 1);
}

static const pgs_listener LISTENER = {.say = hear};

static void start(void) {
    cr_assert(csv_directory_make(&dir));
    options = (pgs_csv_options){
        .directory = dir.path, .taken_us = TAKEN, .naive_offset_us = PGS_TIME_NONE};
    pgs_snapshot_init(&snap);
}

static void finish(void) {
    pgs_snapshot_reset(&snap);
    csv_directory_remove(&dir);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(csv, .init = start, .fini = finish);

static void put(const char *file, const char *text) {
    cr_assert(csv_directory_write(&dir, file, text, strlen(text)));
}

static pgs_status read_csv(void) {
    return pgs_csv_read(&options, &LISTENER, &snap, &err);
}

static void read_good(void) {
    pgs_status st = read_csv();
    cr_assert_eq(st, PGS_OK, "status %d: %s", (int)st, err.msg);
}

/* ---- bad input ---- */

/* clang-format off */
static const struct {
    const char *what, *file, *text;
    const char *says[3]; /* each is part of the message */
} BAD[] = {
    {"unknown column", DISTRIBUTION, "partition_num,chunk_count,chunks\n0,1,1\n",
     {DISTRIBUTION " line 1", "\"chunks\"", "not known"}},
    {"unknown column after blank lines", DISTRIBUTION, "\n\npartition_num,chunk_count,x\n0,1,1\n",
     {" line 3", "\"x\""}},
    {"column without a name", HOT, "partition_num,\n0,1\n", {HOT " line 1", "\"\" is not known"}},
    {"repeated column", DISTRIBUTION, "partition_num,chunk_count,chunk_count\n0,1,1\n",
     {" line 1", "\"chunk_count\"", "twice"}},
    {"no chunk_count", DISTRIBUTION, "partition_num\n0\n", {" line 1", "\"chunk_count\" is missing"}},
    {"no partition_num", SIZES, "size_bytes\n0\n", {SIZES " line 1", "\"partition_num\" is missing"}},
    {"status only in the summary", HOT, "partition_num,health_status\n0,HEALTHY\n",
     {HOT " line 1", "\"health_status\" is not known"}},
    {"empty file", DISTRIBUTION, "", {DISTRIBUTION " is empty"}},
    {"blank lines only", SIZES, "\n\r\n\n", {SIZES " is empty"}},
    {"byte order mark only", HOT, "\xEF\xBB\xBF", {HOT " is empty"}},
    {"text in a count", DISTRIBUTION, "partition_num,chunk_count\n0,many\n",
     {" line 2", "\"chunk_count\": \"many\"", "whole number"}},
    {"negative count", DISTRIBUTION, "partition_num,chunk_count\n0,1\n1,-5\n",
     {" line 3", "\"chunk_count\": \"-5\""}},
    {"decimals in a count", DISTRIBUTION, "partition_num,chunk_count\n0,1.5\n",
     {" line 2", "\"chunk_count\": \"1.5\""}},
    {"exponent in a count", DISTRIBUTION, "partition_num,chunk_count\n0,1e5\n",
     {" line 2", "\"chunk_count\": \"1e5\""}},
    {"blank before a count", DISTRIBUTION, "partition_num,chunk_count\n0, 5\n",
     {" line 2", "\"chunk_count\": \" 5\""}},
    {"count over 2^53", DISTRIBUTION, "partition_num,chunk_count\n0,9007199254740993\n",
     {" line 2", "\"9007199254740993\"", "0 to 9007199254740992"}},
    {"count over 2^64", DISTRIBUTION, "partition_num,chunk_count\n0,99999999999999999999999\n",
     {" line 2", "\"99999999999999999999999\""}},
    {"sum over 2^53", DISTRIBUTION, "partition_num,chunk_count\n0,9007199254740992\n1,1\n",
     {"sum of chunk_count"}},
    {"empty text in a count", DISTRIBUTION, "partition_num,chunk_count\n0,\"\"\n",
     {" line 2", "\"chunk_count\": \"\""}},
    {"no count", DISTRIBUTION, "partition_num,chunk_count\n0,1\n1,\n",
     {" line 3", "\"chunk_count\": NULL"}},
    {"header only", DISTRIBUTION, "partition_num,chunk_count\n\n", {DISTRIBUTION, "no row"}},
    {"no number", DISTRIBUTION, "partition_num,chunk_count\n,5\n",
     {" line 2", "\"partition_num\": NULL"}},
    {"negative number", DISTRIBUTION, "partition_num,chunk_count\n-1,5\n",
     {" line 2", "\"partition_num\": \"-1\""}},
    {"number over 2^31", DISTRIBUTION, "partition_num,chunk_count\n2147483648,5\n",
     {" line 2", "\"partition_num\": \"2147483648\""}},
    {"partition twice", DISTRIBUTION, "partition_num,chunk_count\n7,1\n3,1\n7,1\n",
     {" line 4", "\"partition_num\": \"7\"", "on line 2"}},
    {"partition twice, elsewhere", HOT, "partition_num,chunks_last_hour\n1,1\n\n1,1\n",
     {HOT " line 4", "\"partition_num\": \"1\"", "on line 2"}},
    {"partition that is not there", SIZES, "partition_num,size_bytes\n0,1\n7,1\n",
     {SIZES " line 3", "\"partition_num\": \"7\"", "not in " DISTRIBUTION}},
    {"text in an average", DISTRIBUTION, "partition_num,chunk_count,avg_tokens\n0,1,few\n",
     {" line 2", "\"avg_tokens\": \"few\""}},
    {"NaN", DISTRIBUTION, "partition_num,chunk_count,avg_tokens\n0,1,NaN\n",
     {" line 2", "\"avg_tokens\": \"NaN\""}},
    {"negative average", DISTRIBUTION, "partition_num,chunk_count,avg_tokens\n0,1,-0.5\n",
     {" line 2", "\"avg_tokens\": \"-0.5\""}},
    {"more than everything", DISTRIBUTION, "partition_num,chunk_count,chunk_percentage\n0,1,100.01\n",
     {" line 2", "\"chunk_percentage\": \"100.01\""}},
    {"-1 in another count", SIZES, "partition_num,size_bytes\n0,-1\n",
     {SIZES " line 2", "\"size_bytes\": \"-1\""}},
    {"not a time", STATS, "partition_num,created_at\n0,yesterday\n",
     {STATS " line 2", "\"created_at\": \"yesterday\"", "not a time"}},
    {"a day that is not", STATS, "partition_num,created_at\n0,2025-02-30 00:00:00+00\n",
     {STATS " line 2", "\"created_at\": \"2025-02-30 00:00:00+00\""}},
    {"time without a zone", STATS, "partition_num,created_at\n0,2025-01-01 00:00:00\n",
     {STATS " line 2", "\"created_at\"", "time zone"}},
    {"too few fields", HOT, "partition_num,chunks_last_hour\n0,1\n1\n",
     {HOT " line 3 has 1 fields", "the header has 2"}},
    {"too many fields", HOT, "partition_num,chunks_last_hour\n0,1,2\n",
     {HOT " line 2 has 3 fields", "the header has 2"}},
    {"quote inside a value", DISTRIBUTION, "partition_num,chunk_count\n0,1\"2\"\n",
     {" line 2", "\"chunk_count\": a quote"}},
    {"text after a quote", DISTRIBUTION, "partition_num,chunk_count\n0,\"1\"2\n",
     {" line 2", "\"chunk_count\": a quote"}},
    {"open quote", DISTRIBUTION, "partition_num,chunk_count\n0,1\n1,\"2\n2,3\n",
     {" line 3", "\"chunk_count\": a quote", "never closed"}},
    {"open quote in the header", DISTRIBUTION, "partition_num,\"chunk_count\n0,1\n",
     {" line 1, field 2", "a quote"}},
    {"not UTF-8", COLLECTIONS, "id,name\na,b\nc,\xFF\xFE\n",
     {COLLECTIONS " line 3", "\"name\": not valid UTF-8"}},
    {"not UTF-8 where it is ignored", SIZES, "partition_num,size_pretty\n0,\xC3\n",
     {SIZES " line 2", "\"size_pretty\": not valid UTF-8"}},
    {"long value is cut", DISTRIBUTION,
     "partition_num,chunk_count\n0,aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee\n",
     {"\"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd...\""}},
    {"control characters are escaped", DISTRIBUTION, "partition_num,chunk_count\n0,a\x1b[1m\n",
     {"\"a\\x1b[1m\""}},
    {"collection without an id", COLLECTIONS, "id,name\n,b\n",
     {COLLECTIONS " line 2", "\"id\": NULL"}},
    {"collection twice", COLLECTIONS, "id,name\nx,b\na,b\nx,c\n",
     {COLLECTIONS " line 4", "\"id\": \"x\"", "on line 2"}},
    {"negative chunks of a collection", COLLECTIONS, "total_chunks,id\n-1,x\n",
     {COLLECTIONS " line 2", "\"total_chunks\": \"-1\""}},
    /* lines are those an editor shows, whatever came before */
    {"line after a quoted line break", DISTRIBUTION,
     "partition_num,chunk_count,bounds\n0,1,\"a\nb\r\nc\"\n1,x,d\n", {" line 5", "\"x\""}},
    {"line a broken row starts on", DISTRIBUTION,
     "bounds,partition_num,chunk_count\na,0,1\n\"b\n\nc\",1,x\n", {" line 3", "\"x\""}},
    {"line after blank lines", DISTRIBUTION, "partition_num,chunk_count\n\n0,1\n\n\n1,x\n",
     {" line 6", "\"x\""}},
    {"line with CRLF", DISTRIBUTION, "partition_num,chunk_count\r\n0,1\r\n\r\n1,x\r\n",
     {" line 4", "\"x\""}},
    {"line with CR alone", DISTRIBUTION, "partition_num,chunk_count\r0,1\r1,x\r",
     {" line 3", "\"x\""}},
    {"line of an open quote", DISTRIBUTION, "partition_num,chunk_count\n\n0,1\n1,\"\n\n\n\n",
     {" line 4"}},
    {"last line without its end", DISTRIBUTION, "partition_num,chunk_count\n0,1\n1,x",
     {" line 3", "\"x\""}},
};
/* clang-format on */

ParameterizedTestParameters(csv, bad_input) {
    static size_t index[PGS_COUNT_OF(BAD)];
    for (size_t i = 0; i < PGS_COUNT_OF(BAD); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, PGS_COUNT_OF(BAD));
}

ParameterizedTest(const size_t *i, csv, bad_input) {
    put(DISTRIBUTION, TWO_PARTS);
    put(BAD[*i].file, BAD[*i].text);
    pgs_status st = read_csv();
    cr_expect_eq(st, PGS_E_DATA, "%s: status %d", BAD[*i].what, (int)st);
    for (size_t k = 0; k < PGS_COUNT_OF(BAD[*i].says) && BAD[*i].says[k]; k++)
        cr_expect(strstr(err.msg, BAD[*i].says[k]), "%s: \"%s\" is not in: %s", BAD[*i].what,
                  BAD[*i].says[k], err.msg);
    cr_expect_eq(snap.head.n_parts, 0, "%s: the snapshot is not empty", BAD[*i].what);
    cr_expect_null(snap.arena);
}

Test(csv, nul_byte_is_refused_with_its_line) {
    static const char TEXT[] = "partition_num,chunk_count\n0,1\n1,\0\n";
    cr_assert(csv_directory_write(&dir, DISTRIBUTION, TEXT, sizeof TEXT - 1));
    cr_expect_eq(read_csv(), PGS_E_DATA);
    cr_expect_str_eq(err.msg, DISTRIBUTION " line 3 holds a NUL byte");
}

Test(csv, value_above_one_mebibyte_is_refused) {
    size_t n = ((size_t)1 << 20) + 100;
    char *text = malloc(n);
    int head = sprintf(text, "partition_num,chunk_count\n0,1\n1,");
    memset(text + head, '7', n - (size_t)head);
    cr_assert(csv_directory_write(&dir, DISTRIBUTION, text, n));
    free(text);
    cr_expect_eq(read_csv(), PGS_E_DATA);
    cr_expect_str_eq(err.msg,
                     DISTRIBUTION " line 3, column \"chunk_count\": a value is longer than 1 MiB");
}

Test(csv, unknown_column_hints_at_the_known) {
    put(DISTRIBUTION, "partition_num,chunk_count,chunks\n0,1,1\n");
    cr_expect_eq(read_csv(), PGS_E_DATA);
    cr_expect(strstr(err.hint, "partition_num, chunk_count, document_count"), "%s", err.hint);
}

Test(csv, missing_directory) {
    options.directory = "no/such/directory";
    cr_expect_eq(read_csv(), PGS_E_NO_INPUT);
    cr_expect_str_eq(err.msg, "no such directory: \"no/such/directory\"");
}

Test(csv, a_file_is_no_directory) {
    char path[256];
    put(DISTRIBUTION, TWO_PARTS);
    snprintf(path, sizeof path, "%s/" DISTRIBUTION, dir.path);
    options.directory = path;
    cr_expect_eq(read_csv(), PGS_E_NO_INPUT);
    cr_expect(strstr(err.msg, "not a directory"), "%s", err.msg);
}

Test(csv, missing_distribution_says_how_to_export_it) {
    put(SIZES, "partition_num\n0\n");
    cr_expect_eq(read_csv(), PGS_E_NO_INPUT);
    cr_expect(strstr(err.msg, "holds no " DISTRIBUTION), "%s", err.msg);
    cr_expect_str_eq(err.hint, "psql --csv -c 'SELECT * FROM partition_chunk_distribution' > "
                               "partition_chunk_distribution.csv");
}

/* ---- good input ---- */

Test(csv, head_of_an_import) {
    put(DISTRIBUTION, TWO_PARTS);
    read_good();
    cr_expect_str_eq(snap.head.table_name, "public.chunks");
    cr_expect_str_eq(snap.head.source, "import");
    cr_expect_eq(snap.head.counts, PGS_COUNTS_EXACT);
    cr_expect_eq(snap.head.taken_us, TAKEN);
    cr_expect_eq(snap.head.n_parts, 2);
    cr_expect_null(snap.notes);
    cr_expect_eq(n_heard, 0, "%s", heard);
}

static const struct {
    const char *given, *stored;
} TABLE[] = {
    {"chunks", "public.chunks"},
    {"app.events", "app.events"},
    {"\"odd.name\"", "public.\"odd.name\""},
    {"\"a.b\".c", "\"a.b\".c"},
};

Test(csv, table_is_qualified) {
    put(DISTRIBUTION, TWO_PARTS);
    options.source = "replica 2";
    for (size_t i = 0; i < PGS_COUNT_OF(TABLE); i++) {
        options.table = TABLE[i].given;
        read_good();
        cr_expect_str_eq(snap.head.table_name, TABLE[i].stored);
        cr_expect_str_eq(snap.head.source, "replica 2");
        pgs_snapshot_reset(&snap);
    }
    options.table = "";
    cr_expect_eq(read_csv(), PGS_E_USAGE);
}

Test(csv, header_decides_and_rows_may_come_in_any_order) {
    put(DISTRIBUTION, "chunk_percentage,chunk_count,partition_num\n75.00,30,12\n25.00,10,3\n");
    read_good();
    cr_expect_eq(snap.part[0].num, 3);
    cr_expect_eq(snap.part[1].num, 12);
    cr_expect_eq(snap.metric[PGS_CHUNK_COUNT][0], 10);
    cr_expect_eq(snap.metric[PGS_CHUNK_PERCENTAGE][1], 75);
}

Test(csv, byte_order_mark_crlf_blank_lines_and_no_last_line_end) {
    put(DISTRIBUTION, "\xEF\xBB\xBFpartition_num,chunk_count\r\n\r\n0,10\r\n\r\n1,20");
    read_good();
    cr_expect_eq(snap.head.n_parts, 2);
    cr_expect_eq(snap.metric[PGS_CHUNK_COUNT][1], 20);
}

Test(csv, null_is_not_empty_text) {
    put(DISTRIBUTION, "partition_num,chunk_count,partition_name,bounds,avg_tokens\n"
                      "0,10,,\"\",\n");
    read_good();
    cr_expect_null(snap.part[0].name);
    cr_expect_str_eq(snap.part[0].bounds, "");
    cr_expect(isnan(snap.metric[PGS_AVG_TOKENS][0]));
    cr_expect(isnan(snap.metric[PGS_SIZE_BYTES][0]));
    cr_expect(snap.part[0].measured);
}

Test(csv, quoting_blanks_and_line_breaks_are_kept) {
    put(DISTRIBUTION, TWO_PARTS);
    put(COLLECTIONS, "id,name,total_chunks\n"
                     "b,\"two\nlines, \"\"quoted\"\"\",5\n"
                     "a,\t blanks ,\"7\"\n");
    read_good();
    cr_assert_eq(snap.n_collections, 2);
    cr_expect_str_eq(snap.collection[0].name, "\t blanks ");
    cr_expect_str_eq(snap.collection[1].name, "two\nlines, \"quoted\"");
    cr_expect_eq(snap.collection_stat[0].chunk_count, 7);
    cr_expect_eq(snap.collection_stat[1].chunk_count, 5);
    cr_expect_eq(snap.collection_stat[1].partition_num, -1);
    cr_expect(isnan(snap.collection_stat[1].token_sum));
}

Test(csv, any_metric_is_known_by_its_key) {
    put(DISTRIBUTION, TWO_PARTS);
    put(SIZES, "partition_num,table_bytes,dead_tuples,last_vacuum,row_estimate\n"
               "0,8192,7,2025-01-01 00:00:00+00,-1\n");
    read_good();
    cr_expect_eq(snap.metric[PGS_TABLE_BYTES][0], 8192);
    cr_expect_eq(snap.metric[PGS_DEAD_TUPLES][0], 7);
    cr_expect_eq(snap.metric[PGS_LAST_VACUUM][0], 1735689600e6); /* date -d 2025-01-01Z +%s */
    cr_expect(isnan(snap.metric[PGS_ROW_ESTIMATE][0]));
    cr_expect(isnan(snap.metric[PGS_TABLE_BYTES][1]), "a partition the file has not");
}

Test(csv, age_columns_give_times) {
    put(DISTRIBUTION, "partition_num,chunk_count,oldest_chunk_at,newest_chunk_at,"
                      "oldest_age_seconds,newest_age_seconds\n"
                      "0,1,1970-01-01T00:00:01Z,1970-01-01 02:00:02.5+02,9,8\n");
    read_good();
    cr_expect_eq(snap.metric[PGS_OLDEST_CREATED_AT][0], 1e6);
    cr_expect_eq(snap.metric[PGS_LAST_CREATED_AT][0], 2.5e6);
}

Test(csv, size_in_megabytes_is_no_size) {
    put(DISTRIBUTION, TWO_PARTS);
    put(STATS, "partition_num,total_size_mb,avg_chunk_size_kb\n0,1.5,0.1\n");
    read_good();
    cr_expect(isnan(snap.metric[PGS_SIZE_BYTES][0]));
    cr_expect(isnan(snap.metric[PGS_TOTAL_SIZE_MB][0]));
}

Test(csv, times_no_snapshot_can_hold_are_left_out_and_counted) {
    put(DISTRIBUTION, "partition_num,chunk_count,avg_tokens,oldest_chunk_at,newest_chunk_at\n"
                      "0,1,Infinity,-infinity,infinity\n"
                      "1,1,2,1969-12-31 23:59:59.999999+00,2256-01-01 00:00:00+00\n"
                      "2,1,2,0044-03-15 12:00:00+00 BC,294276-12-31 23:59:59+00\n"
                      "3,1,2,1970-01-01 00:00:00+00,2255-01-01 00:00:00+00\n");
    read_good();
    for (size_t p = 0; p < 3; p++) {
        cr_expect(isnan(snap.metric[PGS_OLDEST_CREATED_AT][p]));
        cr_expect(isnan(snap.metric[PGS_LAST_CREATED_AT][p]));
    }
    cr_expect(isnan(snap.metric[PGS_AVG_TOKENS][0]));
    cr_expect_eq(snap.metric[PGS_OLDEST_CREATED_AT][3], 0);
    cr_expect_eq(snap.metric[PGS_LAST_CREATED_AT][3], 8993721600e6); /* date -d 2255-01-01Z +%s */
    cr_expect_str_eq(snap.notes, "6 times outside 1970-2255 were left out; "
                                 "1 infinite value was left out");
}

Test(csv, naive_times_need_their_zone) {
    put(DISTRIBUTION, TWO_PARTS);
    put(STATS, "partition_num,created_at\n0,1970-01-01 02:00:00\n1,1970-01-01 02:00:00+00\n");
    cr_expect_eq(read_csv(), PGS_E_DATA);
    cr_expect(strstr(err.hint, "--naive-tz"), "%s", err.hint);
    options.naive_offset_us = INT64_C(7200000000); /* +02:00 */
    read_good();
    cr_expect_eq(snap.metric[PGS_LAST_CREATED_AT][0], 0);
    cr_expect_eq(snap.metric[PGS_LAST_CREATED_AT][1], 7200e6);
}

Test(csv, files_that_disagree_are_said) {
    put(DISTRIBUTION, TWO_PARTS);
    put(STATS, "partition_num,chunk_count\n1,20\n0,11\n");
    read_good();
    cr_expect_eq(snap.metric[PGS_CHUNK_COUNT][0], 10);
    cr_expect_eq(n_heard, 1, "%s", heard);
    cr_expect_str_eq(heard, STATS " line 3: chunk_count of partition 0 is 11, but 10 in a file or "
                                  "column before it\n");
}

Test(csv, the_first_ten_differences_are_said) {
    char distribution[400] = "partition_num,chunk_count\n", stats[400];
    for (int p = 0; p < 13; p++)
        sprintf(distribution + strlen(distribution), "%d,1\n", p);
    strcpy(stats, distribution);
    for (char *s = stats; (s = strstr(s, ",1\n")); s++)
        s[1] = '2';
    put(DISTRIBUTION, distribution);
    put(STATS, stats);
    read_good();
    cr_expect_eq(n_heard, 11);
    cr_expect(strstr(heard, "and 3 more\n"), "%s", heard);
}

/* ---- out of memory ---- */

Test(csv, every_failed_allocation_is_a_status_and_no_leak) {
    put(DISTRIBUTION, "partition_num,chunk_count,partition_name,newest_chunk_at\n"
                      "1,2,b,infinity\n0,1,a,2025-01-01 00:00:00Z\n");
    put(STATS, "partition_num,chunk_count\n0,1\n");
    put(COLLECTIONS, "id,name\nx,y\na,\"b\nc\"\n");
    options.table = "chunks";
    size_t nth = 1, failed = 0;
    for (bool done = false; !done; nth++) {
        pgs_mem_fail_at(nth);
        pgs_status st = read_csv();
        void *probe = pgs_alloc(1, 1); /* fails where the import needed fewer than nth */
        done = !probe;
        pgs_free(probe);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "allocation %zu: status %d", nth, (int)st);
        failed += st != PGS_OK;
        pgs_snapshot_reset(&snap);
        cr_assert_eq(pgs_mem_live(), 0, "allocation %zu: %zu live", nth, pgs_mem_live());
    }
    cr_expect_geq(failed, 15, "only %zu of %zu allocations matter", failed, nth);
}
