/* cli/opts.c: one table drives parsing, help and the manual page; nothing repeats a secret. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/opts.h"
#include "pgskew/snapshot.h"
#include "support/no_leaks.h"

TestSuite(opts, .fini = pgs_test_no_leaks);

enum { FORMAT, OUTPUT, QUIET, VERBOSE, DB, DB_URL, DRY_RUN, N_OPTIONS };

static const pgs_option OPTION[N_OPTIONS] = {
    [FORMAT] = {"format", 'f', "FORMAT", "how to print", "table|json|csv", 0},
    [OUTPUT] = {"output", 'o', "FILE", "where to write", NULL, 0},
    [QUIET] = {"quiet", 'q', NULL, "say nothing", NULL, 0},
    [VERBOSE] = {"verbose", 'v', NULL, "say more", NULL, 0},
    [DB] = {"dbname", 'd', "CONNINFO", "where the server is", NULL, 0},
    [DB_URL] = {"db-url", 0, "URL", "the same as --dbname", NULL, DB + 1},
    [DRY_RUN] = {"dry-run", 0, NULL, "do nothing", NULL, 0},
};

static const pgs_command COMMAND[] = {
    {"health", "[PATH...]", "is it in balance?",
     PGS_OPT(FORMAT) | PGS_OPT(OUTPUT) | PGS_OPT(QUIET) | PGS_OPT(VERBOSE), 0, 3},
    {"import", "CSVDIR", "make a snapshot of exports",
     PGS_OPT(DB) | PGS_OPT(DB_URL) | PGS_OPT(QUIET), 1, 1},
};

static const pgs_program PROGRAM = {
    .name = "tool",
    .purpose = "tool does things",
    .command = COMMAND,
    .n_commands = PGS_COUNT_OF(COMMAND),
    .option = OPTION,
    .n_options = N_OPTIONS,
    .examples = "tool health snapshots/\ntool import -d app exports/",
    .notes = "A note.",
    .exit_status = (const pgs_term[]){{"64", "usage"}, {0}},
};

static pgs_parsed parsed;
static pgs_err err;
static char words[16][200];
static char *argv_of[17];

/* Words separated by blanks; "_" stands for an empty one. */
static pgs_status parse(const char *line) {
    char copy[600], *end;
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    snprintf(words[0], sizeof words[0], "tool");
    for (char *w = strtok_r(copy, " ", &end); w && argc < 16; w = strtok_r(NULL, " ", &end))
        snprintf(words[argc++], sizeof words[0], "%s", strcmp(w, "_") == 0 ? "" : w);
    for (int i = 0; i < argc; i++)
        argv_of[i] = words[i];
    argv_of[argc] = NULL;
    memset(&err, 0, sizeof err);
    return pgs_opts_parse(&PROGRAM, argc, argv_of, &parsed, &err);
}

/* ---- what is understood ---- */

static const struct {
    const char *line;
    int option; /* -1: none to look at */
    const char *value;
    int n_arguments;
    const char *last;
} UNDERSTOOD[] = {
    {"health", -1, NULL, 0, NULL},
    {"health a b c", -1, NULL, 3, "c"},
    {"health --format json", FORMAT, "json", 0, NULL},
    {"health --format=json a", FORMAT, "json", 1, "a"},
    {"health -f json a", FORMAT, "json", 1, "a"},
    {"health -fjson", FORMAT, "json", 0, NULL},
    {"--format json health a", FORMAT, "json", 1, "a"},
    {"-q health a", QUIET, "", 1, "a"},
    {"health a -q b", QUIET, "", 2, "b"},
    {"health -qv", VERBOSE, "", 0, NULL},
    {"health -qfjson", FORMAT, "json", 0, NULL},
    {"health -qf json a", FORMAT, "json", 1, "a"},
    {"health -f table -f csv", FORMAT, "csv", 0, NULL},
    {"health -o -", OUTPUT, NULL, 0, NULL}, /* standard output */
    {"health -o ./-", OUTPUT, "./-", 0, NULL},
    {"health -o --quiet", OUTPUT, "--quiet", 0, NULL},
    {"health --output= a", OUTPUT, "", 1, "a"},
    {"health --output a=b", OUTPUT, "a=b", 0, NULL},
    {"health --output=a=b", OUTPUT, "a=b", 0, NULL},
    {"health -- -q", -1, NULL, 1, "-q"},
    {"health -- --format", -1, NULL, 1, "--format"},
    {"health -- a --", -1, NULL, 2, "--"},
    {"health -", -1, NULL, 1, "-"},
    {"health health", -1, NULL, 1, "health"},
    {"import --db-url app x", DB, "app", 1, "x"},
    {"import -dapp x", DB, "app", 1, "x"},
    {"import --db-url one -d two x", DB, "two", 1, "x"},
};

Test(opts, what_is_understood) {
    for (size_t i = 0; i < PGS_COUNT_OF(UNDERSTOOD); i++) {
        const char *line = UNDERSTOOD[i].line;
        cr_expect_eq(parse(line), PGS_OK, "%s: %s", line, err.msg);
        cr_expect_eq(parsed.n_arguments, UNDERSTOOD[i].n_arguments, "%s", line);
        if (UNDERSTOOD[i].last && parsed.n_arguments > 0)
            cr_expect_str_eq(parsed.argument[parsed.n_arguments - 1], UNDERSTOOD[i].last, "%s",
                             line);
        if (UNDERSTOOD[i].option < 0)
            continue;
        const char *got = parsed.value[UNDERSTOOD[i].option], *want = UNDERSTOOD[i].value;
        cr_expect(got && want ? strcmp(got, want) == 0 : got == want, "%s", line);
    }
}

Test(opts, what_was_not_given_is_null) {
    cr_assert_eq(parse("health -q"), PGS_OK);
    for (int id = 0; id < N_OPTIONS; id++)
        cr_expect_eq(parsed.value[id] != NULL, id == QUIET, "--%s", OPTION[id].name);
    cr_expect_eq(parsed.command, &COMMAND[0]);
    cr_expect_not(parsed.help || parsed.version || parsed.man);
}

static const struct {
    const char *line;
    bool help, version, man, completion;
    int command; /* -1: none */
} GENERAL[] = {
    /* clang-format off */
    {"--help", true, false, false, false, -1},
    {"-?", true, false, false, false, -1},
    {"help", true, false, false, false, -1},
    {"--version", false, true, false, false, -1},
    {"-V", false, true, false, false, -1},
    {"--man", false, false, true, false, -1},
    {"--completion", false, false, false, true, -1},
    {"health --help", true, false, false, false, 0},
    {"--help import", true, false, false, false, 1},
    {"help import", true, false, false, false, 1},
    {"import --help a b c", true, false, false, false, 1},
    /* clang-format on */
};

Test(opts, general_options_need_no_command) {
    for (size_t i = 0; i < PGS_COUNT_OF(GENERAL); i++) {
        cr_expect_eq(parse(GENERAL[i].line), PGS_OK, "%s: %s", GENERAL[i].line, err.msg);
        cr_expect_eq(parsed.help, GENERAL[i].help, "%s", GENERAL[i].line);
        cr_expect_eq(parsed.version, GENERAL[i].version, "%s", GENERAL[i].line);
        cr_expect_eq(parsed.man, GENERAL[i].man, "%s", GENERAL[i].line);
        cr_expect_eq(parsed.completion, GENERAL[i].completion, "%s", GENERAL[i].line);
        cr_expect_eq(parsed.command, GENERAL[i].command < 0 ? NULL : &COMMAND[GENERAL[i].command],
                     "%s", GENERAL[i].line);
    }
}

/* ---- what is refused ---- */

static const struct {
    const char *line, *said, *hint; /* words of message and hint */
} REFUSED[] = {
    {"_", "command", ""},
    {"-q", "no command", "tool --help"},
    {"helth", "\"helth\"", "did you mean health?"},
    {"heal", "\"heal\"", "did you mean health?"},
    {"zzzzzz", "\"zzzzzz\"", "tool --help lists the commands"},
    {"-", "\"-\"", "commands"},
    {"health --fromat json", "\"--fromat\"", "did you mean --format?"},
    {"health --fromat=json", "\"--fromat\"", "did you mean --format?"},
    {"health --zzzzzzz", "\"--zzzzzzz\"", "tool --help lists the options"},
    {"health --form json", "\"--form\"", "did you mean --format?"},
    {"health -x", "-x", "options"},
    {"health -qx", "-x", "options"},
    {"health --Format json", "\"--Format\"", "did you mean --format?"},
    {"health --format", "--format needs a value", "how to print"},
    {"health -f", "--format needs a value", "how to print"},
    {"health --quiet=yes", "--quiet takes no value", ""},
    {"health --format xml", "--format cannot be \"xml\"", "table, json, csv"},
    {"health --format=", "--format cannot be \"\"", "table, json, csv"},
    {"health --format jso", "--format cannot be \"jso\"", "table, json, csv"},
    {"health --format jsonx", "--format cannot be \"jsonx\"", "table, json, csv"},
    {"health --format json|csv", "--format cannot be \"json|csv\"", "table, json, csv"},
    {"health --format table|json|csv", "--format cannot be", "table, json, csv"},
    {"health -d app", "does not take --dbname", "tool health --help"},
    {"import --format json x", "does not take --format", "tool import --help"},
    {"health --dry-run", "does not take --dry-run", ""},
    {"import", "too few arguments", "CSVDIR"},
    {"import a b", "too many arguments", "CSVDIR"},
    {"health a b c d", "too many arguments", "[PATH...]"},
};

Test(opts, what_is_refused_and_how) {
    for (size_t i = 0; i < PGS_COUNT_OF(REFUSED); i++) {
        cr_expect_eq(parse(REFUSED[i].line), PGS_E_USAGE, "%s", REFUSED[i].line);
        cr_expect_not_null(strstr(err.msg, REFUSED[i].said), "%s: %s", REFUSED[i].line, err.msg);
        cr_expect_not_null(strstr(err.hint, REFUSED[i].hint), "%s: %s", REFUSED[i].line, err.hint);
    }
}

Test(opts, a_word_out_of_place_never_repeats_a_secret) {
    static const char *const LINE[] = {
        "health --db=postgresql://u:SECRET@h/db",
        "health --database=postgresql://u:SECRET@h/db",
        "health --password=SECRET",
        "health --quiet=SECRET",
        "health -Dpostgresql://u:SECRET@h/db",
        "health -zpassword=SECRET",
        "health -dpostgresql://u:SECRET@h/db",
        "postgresql://u:SECRET@h/db health",
        "postgresql+asyncpg://u:SECRET@h/db",
        "password=SECRET",
    };
    for (size_t i = 0; i < PGS_COUNT_OF(LINE); i++) {
        cr_expect_eq(parse(LINE[i]), PGS_E_USAGE, "%s", LINE[i]);
        cr_expect_null(strstr(err.msg, "SECRET"), "%s: %s", LINE[i], err.msg);
        cr_expect_null(strstr(err.hint, "SECRET"), "%s: %s", LINE[i], err.hint);
    }
}

Test(opts, long_words_are_shown_in_part) {
    char line[600] = "health --";
    memset(line + strlen(line), 'x', 180);
    cr_expect_eq(parse(line), PGS_E_USAGE);
    cr_expect_lt(strlen(err.msg), 100u, "%s", err.msg);
}

/* ---- help and manual page ---- */

static char *printed(void (*print)(FILE *)) {
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    print(f);
    fclose(f);
    return text;
}

static void program_help(FILE *f) {
    pgs_opts_help(&PROGRAM, NULL, f);
}

static void health_help(FILE *f) {
    pgs_opts_help(&PROGRAM, &COMMAND[0], f);
}

static void manual(FILE *f) {
    pgs_opts_man(&PROGRAM, f);
}

static void expect_in(const char *text, const char *words_) {
    cr_expect_not_null(strstr(text, words_), "\"%s\" is missing in\n%s", words_, text);
}

static const char *long_name(const char *dashes, const char *name) {
    static char out[64];
    snprintf(out, sizeof out, "%s%s", dashes, name);
    return out;
}

Test(opts, help_lists_every_command_and_option) {
    char *text = printed(program_help);
    for (size_t i = 0; i < PGS_COUNT_OF(COMMAND); i++) {
        expect_in(text, COMMAND[i].name);
        expect_in(text, COMMAND[i].summary);
    }
    for (int id = 0; id < N_OPTIONS; id++) {
        expect_in(text, long_name("--", OPTION[id].name));
        expect_in(text, OPTION[id].help);
        if (OPTION[id].choices)
            expect_in(text, OPTION[id].choices);
    }
    expect_in(text, "-f, --format FORMAT");
    expect_in(text, "--help");
    expect_in(text, "--version");
    expect_in(text, "tool health snapshots/");
    expect_in(text, "tool import -d app exports/");
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        cr_expect_leq(strcspn(line, "\n"), 100u, "%.100s", line);
    free(text);
}

Test(opts, help_for_a_command_lists_its_own_options) {
    char *text = printed(health_help);
    expect_in(text, "tool health [OPTIONS] [PATH...]");
    for (size_t id = 0; id < N_OPTIONS; id++) {
        bool takes = COMMAND[0].options & PGS_OPT(id);
        cr_expect_eq(strstr(text, long_name("--", OPTION[id].name)) != NULL, takes, "--%s",
                     OPTION[id].name);
    }
    expect_in(text, "tool health snapshots/");
    cr_expect_null(strstr(text, "tool import"));
    free(text);
}

Test(opts, the_manual_page_lists_the_same) {
    char *text = printed(manual);
    expect_in(text, ".TH TOOL 1");
    expect_in(text, "\ntool \\- does things\n");
    expect_in(text, ".SH EXIT STATUS\n.TP\n.B 64\nusage\n");
    cr_expect_null(strstr(text, ".SH FILES"), "what a program does not have is no section");
    for (size_t i = 0; i < PGS_COUNT_OF(COMMAND); i++)
        expect_in(text, COMMAND[i].summary);
    expect_in(text, "\\-\\-format FORMAT");
    expect_in(text, "\\-\\-db\\-url URL");
    expect_in(text, "\\-\\-dry\\-run");
    expect_in(text, "\\-\\-dbname");
    expect_in(text, "\\-\\-output");
    expect_in(text, "\\-\\-quiet");
    expect_in(text, "\\-\\-verbose");
    for (int id = 0; id < N_OPTIONS; id++)
        if (!strchr(OPTION[id].help, '-'))
            expect_in(text, OPTION[id].help);
    expect_in(text, "A note.");
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        cr_expect(*line != '\'', "%.40s", line);
    free(text);
}

static void completion(FILE *f) {
    pgs_opts_completion(&PROGRAM, f);
}

Test(opts, the_completion_knows_commands_options_and_values) {
    char *text = printed(completion);
    expect_in(text, "_tool() {");
    expect_in(text, "words='health import' options=");
    expect_in(text, "--db-url");
    expect_in(text, "complete -o bashdefault -o default -F _tool tool\n");
    free(text);
}

/* ---- values ---- */

Test(opts, times) {
    int64_t us = 77;
    cr_expect(pgs_opts_time("at", NULL, &us, &err) == PGS_OK && us == PGS_TIME_NONE);
    cr_expect_eq(pgs_opts_time("at", "2025-10-20T10:15:00Z", &us, &err), PGS_OK);
    cr_expect_eq(us, INT64_C(1760955300000000));
    cr_expect_eq(pgs_opts_time("since", "yesterday", &us, &err), PGS_E_USAGE);
    cr_expect_not_null(strstr(err.msg, "--since"));
    cr_expect_not_null(strstr(err.msg, "yesterday"));
    cr_expect_eq(pgs_opts_time("at", "2025-10-20T10:15:00", &us, &err), PGS_E_USAGE);
}

Test(opts, whole_numbers) {
    int64_t n = 77;
    cr_expect(pgs_opts_int("threads", NULL, 1, 9, 4, &n, &err) == PGS_OK && n == 4);
    cr_expect(pgs_opts_int("threads", "9", 1, 9, 4, &n, &err) == PGS_OK && n == 9);
    static const char *const BAD[] = {"0", "10", "x", "", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < PGS_COUNT_OF(BAD); i++) {
        cr_expect_eq(pgs_opts_int("threads", BAD[i], 1, 9, 4, &n, &err), PGS_E_USAGE, "%s", BAD[i]);
        cr_expect_not_null(strstr(err.msg, "--threads"));
        cr_expect_not_null(strstr(err.msg, "1 to 9"), "%s", err.msg);
    }
}

Test(opts, what_may_be_a_password_is_hidden) {
    static const struct {
        const char *said, *shown;
    } CASES[] = {
        {"cannot read \"postgresql://u:SECRET@h/db\": no",
         "cannot read \"postgresql://u:******@h/db\": no"},
        {"database \"postgresql+asyncpg:/u:SECRET@h/db\"",
         "database \"postgresql+asyncpg:/u:******@h/db\""},
        {"postgres:u:SEC@RET@h", "postgres:*********@h"},
        {"no colon: and then a@b", "no colon: and then a@b"},
        {"\"a:b\" \"c@d\"", "\"a:b\" \"c@d\""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "%s", CASES[i].said);
        pgs_opts_redact(text);
        cr_expect_str_eq(text, CASES[i].shown);
    }
}
