/* What each format writes. The moment is the reference's three partitions with exact skews of
 * one half; its JSON and CSV values are the recorded ones. Names in it are as nasty as names
 * get. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/story.h"

static pgs_report_input input;
static char *text;

static void start(void) {
    fill_snapshot();
    fill_result();
    input =
        (pgs_report_input){.snapshot = &snap, .result = &result, .head = &snap.head, .n_heads = 1};
}

static void finish(void) {
    free(text);
    result = (pgs_result){0}; /* its arrays are ours */
    pgs_snapshot_reset(&snap);
    cr_assert_eq(pgs_mem_live(), 0, "%zu blocks were not freed", pgs_mem_live());
}

TestSuite(report, .init = start, .fini = finish);

static const char *write_styled(pgs_report_kind kind, pgs_format format, pgs_report_style style) {
    size_t n;
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &n);
    cr_assert_not_null(out);
    cr_assert_eq(pgs_report_write(out, kind, format, &input, &style, &err), PGS_OK, "%s", err.msg);
    fclose(out);
    return text;
}

static const char *write_plain(pgs_report_kind kind, pgs_format format) {
    return write_styled(kind, format, (pgs_report_style){.color = false});
}

/* ---- whole documents ---- */

#define VIEW_ROW_NULLS                                                                             \
    "\"partition_name\":null,\"table_bytes\":null,"                                                \
    "\"index_bytes\":null,\"toast_bytes\":null"
#define SKEW_METRICS                                                                               \
    "    \"skew_metrics\": {\n"                                                                    \
    "      \"chunk_distribution\": {\"value\":0.5,\"status\":\"CRITICAL\",\"details\":"            \
    "\"Chunk distribution exceeds critical threshold\"},\n"                                        \
    "      \"size_distribution\": {\"value\":null,\"status\":null,\"details\":"                    \
    "\"Partition sizes were not observed\"},\n"                                                    \
    "      \"partition_health\": {\"value\":1.0,\"status\":\"CRITICAL\",\"details\":"              \
    "\"1 partitions require rebalancing\"},\n"                                                     \
    "      \"hot_partitions\": {\"value\":0.0,\"status\":\"NORMAL\",\"details\":"                  \
    "\"No abnormal recent write activity detected\"},\n"                                           \
    "      \"distribution_variance\": {\"value\":0.1667,\"status\":\"WARNING\",\"details\":"       \
    "\"Distribution variance exceeds warning threshold\"}\n"                                       \
    "    }"

static const struct {
    const char *name;
    pgs_report_kind kind;
    pgs_format format;
    const char *expected;
} DOCUMENTS[] = {
    {"health is the guide's MonitoringResult", PGS_REPORT_HEALTH, PGS_FORMAT_JSON,
     "{\n"
     "  \"status\": \"success\",\n"
     "  \"timestamp\": \"2026-10-18T06:00:00.250000Z\",\n"
     "  \"alerts\": [\n"
     "    {\n"
     "      \"level\": \"ERROR\",\n"
     "      \"message\": \"1 partitions are severely unbalanced\",\n"
     "      \"details\": [\n"
     "        {\"partition\":0,\"chunk_percentage\":50.0,\"size_percentage\":50.0,"
     "\"recommendation\":\"" REBALANCE "\"}\n"
     "      ],\n"
     "      \"action\": \"Consider rebalancing or adjusting partition strategy\"\n"
     "    }\n"
     "  ],\n"
     "  \"metrics\": {\n"
     "    \"total_partitions\": 3,\n"
     "    \"unbalanced_count\": 1,\n"
     "    \"warning_count\": 1,\n"
     "    \"healthy_count\": 1,\n" SKEW_METRICS "\n"
     "  },\n"
     "  \"error\": null\n"
     "}\n"},
    {"statistics over all partitions", PGS_REPORT_STATISTICS, PGS_FORMAT_JSON,
     "{\n"
     "  \"partition_num\": null,\n"
     "  \"statistics\": {\"partition_count\":3,\"total_chunks\":6,\"total_size_mb\":0.0938,"
     "\"avg_chunks_per_partition\":2.0,\"chunk_count_stddev\":1.0}\n"
     "}\n"},
    {"recommendations", PGS_REPORT_RECOMMENDATIONS, PGS_FORMAT_JSON,
     "{\n"
     "  \"count\": 2,\n"
     "  \"recommendations\": [\n"
     "    {\"partition\":0,\"reason\":\"High chunk skew\",\"current_skew\":0.5,"
     "\"action\":\"" REBALANCE "\",\"priority\":\"HIGH\"},\n"
     "    {\"partition\":2,\"reason\":\"High size skew\",\"current_skew\":0.45,"
     "\"action\":\"Consider data redistribution\",\"priority\":\"MEDIUM\"}\n"
     "  ]\n"
     "}\n"},
    {"health summary", PGS_REPORT_HEALTH_SUMMARY, PGS_FORMAT_JSON,
     "{\n"
     "  \"total_partitions\": 3,\n"
     "  \"healthy_count\": 1,\n"
     "  \"warning_count\": 1,\n"
     "  \"unbalanced_count\": 1,\n"
     "  \"health_percentage\": 33.33333333333333,\n"
     "  \"partitions\": [\n"
     "    {\"partition_num\":0,\"health_status\":\"UNBALANCED\",\"chunk_percentage\":50.0,"
     "\"chunk_skew\":0.5},\n"
     "    {\"partition_num\":2,\"health_status\":\"WARNING\",\"chunk_percentage\":16.67,"
     "\"chunk_skew\":0.5},\n"
     "    {\"partition_num\":1,\"health_status\":\"HEALTHY\",\"chunk_percentage\":33.33,"
     "\"chunk_skew\":0.0}\n"
     "  ]\n"
     "}\n"},
    {"sizes escape a name and keep null", PGS_REPORT_SIZES, PGS_FORMAT_JSON,
     "[\n"
     "  {\"partition_num\":0,\"size_bytes\":49152,\"size_pretty\":\"48 kB\","
     "\"size_percentage\":50.0,\"row_estimate\":null," VIEW_ROW_NULLS "},\n"
     "  {\"partition_num\":1,\"size_bytes\":32768,\"size_pretty\":\"32 kB\","
     "\"size_percentage\":33.33,\"row_estimate\":null,"
     "\"partition_name\":\"a,\\\"b\\\"\\n\\u001b[31m_part_1\","
     "\"table_bytes\":null,\"index_bytes\":null,\"toast_bytes\":null},\n"
     "  {\"partition_num\":2,\"size_bytes\":16384,\"size_pretty\":\"16 kB\","
     "\"size_percentage\":16.67,\"row_estimate\":1," VIEW_ROW_NULLS "}\n"
     "]\n"},
    {"list", PGS_REPORT_LIST, PGS_FORMAT_JSON,
     "[\n"
     "  {\"path\":null,\"table_name\":\"public.chunks\",\"database\":null,"
     "\"system_identifier\":null,\"source\":\"=import\","
     "\"taken_at\":\"2026-10-18T06:00:00.250000Z\",\"partition_count\":3,\"counts\":\"exact\"}\n"
     "]\n"},
    {"distribution with ages, one of them ahead of the snapshot", PGS_REPORT_DISTRIBUTION,
     PGS_FORMAT_CSV,
     "partition_num,chunk_count,document_count,collection_count,avg_tokens,chunk_percentage,"
     "oldest_chunk_at,newest_chunk_at,oldest_age_seconds,newest_age_seconds,signed_skew,"
     "above_noise_floor\n"
     "0,3,,,314.3333333333333,50.0,2026-10-17T04:58:59.249999Z,2026-10-18T06:00:00.500000Z,"
     "90061.000001,-0.25,,\n"
     "1,2,,,,33.33,,,,,,\n"
     "2,1,,,,16.67,,,,,,\n"},
    {"health as the view partition_health_summary", PGS_REPORT_HEALTH, PGS_FORMAT_CSV,
     "partition_num,chunk_count,total_chunks,chunk_percentage,size_percentage,health_status,"
     "chunk_skew,size_skew,recommendation\n"
     "0,3,6,50.0,50.0,UNBALANCED,0.5,0.5," REBALANCE "\n"
     "2,1,6,16.67,16.67,WARNING,0.5,0.5,Monitor partition growth\n"
     "1,2,6,33.33,33.33,HEALTHY,0.0,0.0,\n"},
    {"quotes as psql sets them", PGS_REPORT_SIZES, PGS_FORMAT_CSV,
     "partition_num,size_bytes,size_pretty,size_percentage,row_estimate,partition_name,"
     "table_bytes,index_bytes,toast_bytes\n"
     "0,49152,48 kB,50.0,,,,,\n"
     "1,32768,32 kB,33.33,,\"a,\"\"b\"\"\n\033[31m_part_1\",,,\n"
     "2,16384,16 kB,16.67,1,,,,\n"},
    {"formulas are defused", PGS_REPORT_COLLECTIONS, PGS_FORMAT_CSV,
     "id,name,chunked_documents,total_chunks,avg_tokens_per_chunk,last_chunk_created,partitions\n"
     "c-1,[red]markup[/red],1084,5420,247.0,,\n"
     "'+1,\"two\nlines\",1,1,,2026-10-18T06:00:00.250000Z,2\n"},
    {"list defuses a source too", PGS_REPORT_LIST, PGS_FORMAT_CSV,
     "path,table_name,database,system_identifier,source,taken_at,partition_count,counts\n"
     ",public.chunks,,,'=import,2026-10-18T06:00:00.250000Z,3,exact\n"},
    {"health for people", PGS_REPORT_HEALTH, PGS_FORMAT_TABLE,
     "public.chunks at 2026-10-18T06:00:00.250000Z: 3 partitions, 6 chunks, 96.0 kB\n"
     "\n"
     "UNBALANCED: 1 unbalanced, 1 in warning, 1 healthy of 3 partitions\n"
     "ERROR: 1 partitions are severely unbalanced. "
     "Consider rebalancing or adjusting partition strategy\n"
     "\n"
     "partition  chunks     size  chunk %  size %  status      recommendation\n"
     "---------  ------  -------  -------  ------  ----------  "
     "----------------------------------------\n"
     "        0       3  48.0 kB    50.00   50.00  UNBALANCED  " REBALANCE "\n"
     "        2       1  16.0 kB    16.67   16.67  WARNING     Monitor partition growth\n"
     "        1       2  32.0 kB    33.33   33.33  HEALTHY     -\n"},
    {"names obey nothing on a terminal", PGS_REPORT_COLLECTIONS, PGS_FORMAT_TABLE,
     "public.chunks at 2026-10-18T06:00:00.250000Z: 3 partitions, 6 chunks, 96.0 kB\n"
     "\n"
     "collection         chunks  documents  avg tokens  partitions  newest age  id\n"
     "-----------------  ------  ---------  ----------  ----------  ----------  ---\n"
     "[red]markup[/red]   5,420      1,084      247.00           -           -  c-1\n"
     "two\\x0alines            1          1           -           2         0 s  +1\n"},
    {"names are no markup", PGS_REPORT_COLLECTIONS, PGS_FORMAT_MARKDOWN,
     "# public.chunks at 2026-10-18T06:00:00.250000Z: 3 partitions, 6 chunks, 96.0 kB\n"
     "\n"
     "| collection            | chunks | documents | avg tokens | partitions "
     "| newest age | id  |\n"
     "| --------------------- | -----: | --------: | ---------: | ---------: "
     "| ---------: | --- |\n"
     "| \\[red\\]markup\\[/red\\] |  5,420 |     1,084 |     247.00 |          - "
     "|          - | c-1 |\n"
     "| two\\\\x0alines         |      1 |         1 |          - |          2 "
     "|        0 s | +1  |\n"},
    {"skews have decimals, partitions have not", PGS_REPORT_SKEW, PGS_FORMAT_MARKDOWN,
     "# public.chunks at 2026-10-18T06:00:00.250000Z: 3 partitions, 6 chunks, 96.0 kB\n"
     "\n"
     "| metric                 |  value | status   "
     "| details                                         |\n"
     "| ---------------------- | -----: | -------- "
     "| ----------------------------------------------- |\n"
     "| chunk\\_distribution    | 0.5000 | CRITICAL "
     "| Chunk distribution exceeds critical threshold   |\n"
     "| size\\_distribution     |      - | -        "
     "| Partition sizes were not observed               |\n"
     "| partition\\_health      |      1 | CRITICAL "
     "| 1 partitions require rebalancing                |\n"
     "| hot\\_partitions        |      0 | NORMAL   "
     "| No abnormal recent write activity detected      |\n"
     "| distribution\\_variance | 0.1667 | WARNING  "
     "| Distribution variance exceeds warning threshold |\n"},
    {"the hottest partition comes first", PGS_REPORT_HOT, PGS_FORMAT_TABLE,
     "public.chunks at 2026-10-18T06:00:00.250000Z: 3 partitions, 6 chunks, 96.0 kB\n"
     "\n"
     "partition  last hour  last day  last week  hour %  day %  week %\n"
     "---------  ---------  --------  ---------  ------  -----  ------\n"
     "        2          2         -          -       -      -       -\n"
     "        1          1         -          -       -      -       -\n"
     "        0          0         -          -       -      -       -\n"},
};

ParameterizedTestParameters(report, document) {
    static size_t index[PGS_COUNT_OF(DOCUMENTS)];
    for (size_t i = 0; i < PGS_COUNT_OF(DOCUMENTS); i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, PGS_COUNT_OF(DOCUMENTS));
}

ParameterizedTest(size_t *i, report, document) {
    cr_expect_str_eq(write_plain(DOCUMENTS[*i].kind, DOCUMENTS[*i].format), DOCUMENTS[*i].expected,
                     "%s:\n%s", DOCUMENTS[*i].name, text);
}

/* ---- JSON ---- */

Test(report, statistics_of_one_partition_name_it_twice) {
    const pgs_partition_statistics one = {42, 15200, 20.5, 1.38, (double)TAKEN};
    input.partition = &one;
    cr_expect_str_eq(write_plain(PGS_REPORT_STATISTICS, PGS_FORMAT_JSON),
                     "{\n"
                     "  \"partition_num\": 42,\n"
                     "  \"statistics\": {\"partition_num\":42,\"chunk_count\":15200,"
                     "\"total_size_mb\":20.5,\"avg_chunk_size_kb\":1.38,"
                     "\"created_at\":\"2026-10-18T06:00:00.250000Z\"}\n"
                     "}\n");
}

Test(report, alerts_of_ours_say_which_partitions) {
    static pgs_alert_detail stray, unmeasured;
    stray = (pgs_alert_detail){-1, "chunks_default", 25000, NAN, NAN, NAN, NULL};
    unmeasured = (pgs_alert_detail){7, "chunks_part_07", NAN, NAN, NAN, NAN, NULL};
    result.alert[1] = (pgs_alert){PGS_ALERT_UNMEASURED, "WARNING", "m", "a", 1, &unmeasured};
    result.alert[2] = (pgs_alert){PGS_ALERT_STRAY, "WARNING", "m", "a", 1, &stray};
    result.n_alerts = 3;
    result.unmeasured_count = 1;
    write_plain(PGS_REPORT_HEALTH, PGS_FORMAT_JSON);
    cr_expect_not_null(strstr(text, "{\"partition\":7,\"partition_name\":\"chunks_part_07\"}"));
    cr_expect_not_null(strstr(text, "{\"partition_name\":\"chunks_default\",\"chunk_count\":25000,"
                                    "\"size_bytes\":null}"));
    cr_expect_not_null(strstr(text, "\"healthy_count\": 1,\n    \"unmeasured_count\": 1,\n"));
    write_plain(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE);
    cr_expect_not_null(strstr(text, "WARNING: m (chunks_default). a\n"));
}

Test(report, an_unmeasured_partition_is_null_for_machines_and_a_word_for_people) {
    health[2] = health_of(1, NAN, NAN, NAN, PGS_UNMEASURED, NAN);
    write_plain(PGS_REPORT_HEALTH_SUMMARY, PGS_FORMAT_JSON);
    cr_expect_not_null(strstr(text, "{\"partition_num\":1,\"health_status\":null,"
                                    "\"chunk_percentage\":null,\"chunk_skew\":null}"));
    write_plain(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE);
    cr_expect_not_null(
        strstr(text, "        1       -        -        -       -  UNMEASURED  -\n"));
}

Test(report, full_has_the_views_after_skew_metrics_and_collections_where_observed) {
    static const char *const ORDER[] = {
        "\"skew_metrics\": {", "\"statistics\": {", "\"recommendations\": [", "\"distribution\": [",
        "\"sizes\": [",        "\"hot_spots\": [",  "\"collections\": [",     "\"error\": null"};
    const char *at = write_plain(PGS_REPORT_FULL, PGS_FORMAT_JSON);
    for (size_t i = 0; i < PGS_COUNT_OF(ORDER); i++) {
        at = strstr(at, ORDER[i]);
        cr_assert_not_null(at, "%s is missing or out of order", ORDER[i]);
    }
    result.n_collections = 0;
    cr_expect_null(strstr(write_plain(PGS_REPORT_FULL, PGS_FORMAT_JSON), "collections"));
}

Test(report, nothing_to_list_is_an_empty_array) {
    input.n_heads = 0;
    cr_expect_str_eq(write_plain(PGS_REPORT_LIST, PGS_FORMAT_JSON), "[]\n");
}

static const char *write_body(bool detail, int64_t taken_us, const char *message) {
    size_t n;
    free(text);
    FILE *out = open_memstream(&text, &n);
    pgs_status st = detail ? pgs_report_detail(out, message, &err)
                           : pgs_report_failure(out, taken_us, message, &err);
    cr_assert_eq(st, PGS_OK);
    fclose(out);
    return text;
}

Test(report, failures_have_the_shape_of_an_answer) {
    cr_expect_str_eq(write_body(false, PGS_TIME_NONE, "cannot open \"x.db\""),
                     "{\n  \"status\": \"failed\",\n  \"timestamp\": null,\n  \"alerts\": [],\n"
                     "  \"metrics\": {},\n  \"error\": \"cannot open \\\"x.db\\\"\"\n}\n");
    cr_expect_str_eq(write_body(true, 0, "Partition 7 not found"),
                     "{\n  \"detail\": \"Partition 7 not found\"\n}\n");
}

Test(report, json_is_utf8_though_a_path_is_not) {
    snap.head.path = (char *)"caf\xe9.db";
    cr_expect_not_null(
        strstr(write_plain(PGS_REPORT_LIST, PGS_FORMAT_JSON), "{\"path\":\"caf\\\\xe9.db\","));
}

/* ---- terminals ---- */

Test(report, colour_only_adds_to_the_words) {
    char *plain = strdup(write_plain(PGS_REPORT_FULL, PGS_FORMAT_TABLE));
    write_styled(PGS_REPORT_FULL, PGS_FORMAT_TABLE, (pgs_report_style){.color = true});
    cr_expect_not_null(strstr(text, "\033[31mUNBALANCED\033[0m"));
    cr_expect_not_null(strstr(text, "\033[33mWARNING\033[0m"));
    cr_expect_not_null(strstr(text, "\033[32mHEALTHY\033[0m"));
    char *to = text;
    for (const char *from = text; *from;) {
        if (*from == '\033')
            from += strcspn(from, "m") + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    cr_expect_str_eq(text, plain);
    free(plain);
}

Test(report, a_narrow_terminal_cuts_the_last_text_column) {
    write_styled(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE, (pgs_report_style){.width = 80});
    cr_expect_not_null(strstr(text, "  UNBALANCED  Consider rebalancing...\n"));
    char *grid = strstr(text, "\npartition ");
    for (char *line = strtok(grid, "\n"); line; line = strtok(NULL, "\n"))
        cr_expect_leq(pgs_text_width(line), 80, "%s", line);
}

Test(report, json_has_no_character_that_a_terminal_obeys) {
    collections[0].name = "\xC2\x9B"
                          "2J \xE2\x80\xAE"
                          "oh \xE2\x81\xA6 \xC3\xA9 \xE2\x82\xAC";
    write_plain(PGS_REPORT_COLLECTIONS, PGS_FORMAT_JSON);
    cr_expect_not_null(strstr(text, "\"\\u009b2J \\u202eoh \\u2066 \xC3\xA9 \xE2\x82\xAC\""), "%s",
                       text);
}

Test(report, names_come_first_where_they_say_more_than_numbers) {
    snap.part[1].name = "readings_2026_03";
    health[2].partition_name = snap.part[1].name;
    write_plain(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE);
    cr_expect_not_null(strstr(text, "\nname              partition  chunks "));
    cr_expect_not_null(strstr(text, "\nreadings_2026_03          1       2 "));
    cr_expect_not_null(strstr(text, "\n-                         0       3 "));
    write_plain(PGS_REPORT_HEALTH, PGS_FORMAT_CSV);
    cr_expect_null(strstr(text, "readings"), "machines get the view's columns");
}

Test(report, wide_characters_are_cut_whole) {
    collections[0].name = "漢字漢字漢字漢字漢字漢字";
    write_styled(PGS_REPORT_COLLECTIONS, PGS_FORMAT_TABLE, (pgs_report_style){.width = 40});
    cr_expect_not_null(strstr(text, "\n漢字漢...    5,420"));
    cr_expect(pgs_text_is_utf8(text));
}

Test(report, many_healthy_partitions_make_way_for_the_others) {
    for (size_t i = 0; i < PGS_COUNT_OF(health); i++)
        health[i] = health_of((int64_t)i, 1, 1, 1, PGS_HEALTHY, 0.1);
    health[59] = health_of(59, NAN, NAN, NAN, PGS_UNMEASURED, NAN);
    result.total_partitions = 60;
    result.healthy_count = 59;
    write_plain(PGS_REPORT_HEALTH, PGS_FORMAT_TABLE);
    cr_expect_not_null(strstr(text, "\n        9  "), "ten healthy partitions are shown");
    cr_expect_null(strstr(text, "\n       10  "), "the eleventh is not");
    cr_expect_not_null(strstr(text, "\n       59  "), "one that is not healthy always is");
    cr_expect_not_null(
        strstr(text, "... and 49 more healthy partitions (pgskew distribution shows all)\n"));
}

/* ---- the page ---- */

static const char *const IN_PAGE[] = {
    "Unbalanced:</span> 1 of 3&#160;partitions holds far more or far less than an even share, and "
    "1 "
    "more is in warning.",
    "6&#160;chunks, 0.09 MB, on average 2.00 chunks per partition.",
    "<td class=\"bad\">UNBALANCED</td><td class=\"n\">0.5000</td>",
    "<path class=\"s6\" d=\"M1 0H2v16H1z\"/>",  /* 0 on the second day */
    "<path class=\"s1\" d=\"M0 32H1v16H0z\"/>", /* 2 on the first */
    "<path class=\"s3\" d=\"M1 16H2v16H1z\"/>", /* 1 was not observed on the first */
    "<title>partition 1: skew now 0.0000</title>",
    "Left out here: 7&#160;partitions less skewed than these 3.",
    "<td class=\"path\">a&amp;b.db</td><td>snapshot</td>",
    "<code>00000000000000ff</code>",
    "<code>0000000000000fff</code>",
};

ParameterizedTestParameters(report, a_page_has_what_was_concluded) {
    static int index[PGS_COUNT_OF(IN_PAGE)];
    for (size_t i = 0; i < PGS_COUNT_OF(IN_PAGE); i++)
        index[i] = (int)i;
    return cr_make_param_array(int, index, PGS_COUNT_OF(IN_PAGE));
}

ParameterizedTest(int *i, report, a_page_has_what_was_concluded) {
    fill_page(&input);
    write_plain(PGS_REPORT_FULL, PGS_FORMAT_HTML);
    cr_expect_not_null(strstr(text, IN_PAGE[*i]), "%s", IN_PAGE[*i]);
}

/* ---- what can fail ---- */

Test(report, a_full_disk_is_an_error_in_every_format) {
    fill_page(&input);
    for (int f = 0; f < PGS_FORMAT_JUNIT; f++) {
        FILE *out = fopen("/dev/full", "w");
        cr_assert_not_null(out);
        cr_expect_eq(pgs_report_write(out, PGS_REPORT_FULL, (pgs_format)f, &input, NULL, &err),
                     PGS_E_IO);
        cr_expect_str_eq(err.msg, "cannot write the report: No space left on device");
        fclose(out);
    }
}

/* Walk through every allocation of ours: pages for people allocate, machines' formats do not. */
Test(report, no_memory_is_an_error_and_leaks_nothing) {
    const size_t live = pgs_mem_live();
    fill_page(&input);
    for (int f = 0; f < PGS_FORMAT_JUNIT; f++) {
        pgs_status st = PGS_E_BUG;
        for (size_t nth = 1; nth < 10000 && st != PGS_OK; nth++) {
            FILE *out = fopen("/dev/null", "w");
            cr_assert_not_null(out);
            pgs_mem_fail_at(nth);
            st = pgs_report_write(out, PGS_REPORT_FULL, (pgs_format)f, &input, NULL, &err);
            pgs_mem_fail_at(0);
            cr_assert(st == PGS_OK || st == PGS_E_BUG);
            cr_assert_eq(pgs_mem_live(), live, "after allocation %zu failed", nth);
            fclose(out);
        }
        cr_expect_eq(st, PGS_OK);
    }
}

Test(report, formats_have_names) {
    cr_expect_eq(pgs_format_find("table"), PGS_FORMAT_TABLE);
    cr_expect_eq(pgs_format_find("json"), PGS_FORMAT_JSON);
    cr_expect_eq(pgs_format_find("csv"), PGS_FORMAT_CSV);
    cr_expect_eq(pgs_format_find("markdown"), PGS_FORMAT_MARKDOWN);
    cr_expect_eq(pgs_format_find("html"), PGS_FORMAT_HTML);
    cr_expect_eq(pgs_format_find("JSON"), PGS_FORMAT_COUNT);
}
