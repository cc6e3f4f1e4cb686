/* GNU-style parsing over a table: options before or after the command and its arguments, "--" ends
 * them, "--name=value" and "-fvalue" are understood. A word that is not in the table is answered
 * with the nearest one that is. */
#include "cli/opts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "pgskew/history.h"

/* ---- suggestions ---- */

/* Edit distance, insertions, deletions and replacements each 1; words over 31 are far away. */
static int distance(const char *a, const char *b) {
    int row[32];
    size_t n = strlen(b);
    if (n >= PGS_COUNT_OF(row) || strlen(a) >= PGS_COUNT_OF(row))
        return 99;
    for (size_t j = 0; j <= n; j++)
        row[j] = (int)j;
    for (size_t i = 0; a[i]; i++) {
        int diagonal = row[0];
        row[0] = (int)i + 1;
        for (size_t j = 0; j < n; j++) {
            int replace = diagonal + (a[i] != b[j]);
            int shorter = row[j] < row[j + 1] ? row[j] : row[j + 1];
            diagonal = row[j + 1];
            row[j + 1] = replace < shorter + 1 ? replace : shorter + 1;
        }
    }
    return row[n];
}

static void consider(const char *word, const char *candidate, const char **best, int *least) {
    int d = distance(word, candidate);
    if (d < *least && 2 * (size_t)d <= strlen(word)) {
        *least = d;
        *best = candidate;
    }
}

/* How much of a misplaced word may be repeated: it may be a URL or a conninfo with a password. */
static int shown(const char *word) {
    size_t n = strcspn(word, "=:@");
    return (int)(n > 60 ? 60 : n);
}

static pgs_status unknown_command(const pgs_program *program, const char *word, pgs_err *err) {
    const char *best = NULL;
    int least = 3;
    for (size_t i = 0; i < program->n_commands; i++)
        consider(word, program->command[i].name, &best, &least);
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "\"%.*s\" is not a command", shown(word), word);
    if (best)
        pgs_hint(err, "did you mean %s?", best);
    else
        pgs_hint(err, "%s --help lists the commands", program->name);
    return st;
}

static pgs_status unknown_option(const pgs_program *program, const char *word, pgs_err *err) {
    char name[64];
    const char *best = NULL;
    int least = 3;
    snprintf(name, sizeof name, "%.*s", shown(word), word);
    for (size_t i = 0; i < program->n_options; i++)
        consider(name + strspn(name, "-"), program->option[i].name, &best, &least);
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "\"%s\" is not an option", name);
    if (best)
        pgs_hint(err, "did you mean --%s?", best);
    else
        pgs_hint(err, "%s --help lists the options", program->name);
    return st;
}

static pgs_status unknown_letter(const pgs_program *program, char letter, pgs_err *err) {
    const char word[] = {'-', letter, '\0'}; /* what follows it may be a value */
    return unknown_option(program, word, err);
}

/* ---- parsing ---- */

typedef struct parser {
    const pgs_program *program;
    int argc, next;
    char **argv;
    pgs_parsed *out;
    pgs_err *err;
} parser;

static bool is_choice(const char *choices, const char *value) {
    size_t n = strcspn(value, "|");
    if (value[n])
        return false;
    for (const char *s = choices; s; s = strchr(s, '|')) {
        s += *s == '|';
        if (n > 0 && strncmp(s, value, n) == 0 && (s[n] == '|' || s[n] == '\0'))
            return true;
    }
    return false;
}

static pgs_status set_option(parser *p, size_t id, const char *attached) {
    const pgs_option *option = &p->program->option[id];
    if (!option->argument && attached)
        return pgs_fail(p->err, PGS_E_USAGE, "--%s takes no value", option->name);
    const char *value = option->argument ? attached : "";
    if (!value && p->next < p->argc)
        value = p->argv[p->next++];
    if (!value) {
        pgs_status st = pgs_fail(p->err, PGS_E_USAGE, "--%s needs a value", option->name);
        pgs_hint(p->err, "--%s %s: %s", option->name, option->argument, option->help);
        return st;
    }
    size_t meant = option->same_as > 0 ? (size_t)option->same_as - 1 : id;
    if (p->out->n_given == PGS_MAX_GIVEN)
        return pgs_fail(p->err, PGS_E_USAGE, "more than %d options were given", PGS_MAX_GIVEN);
    p->out->given[p->out->n_given++] = (pgs_given){meant, value};
    p->out->value[meant] = value;
    return PGS_OK;
}

/* Whether the command that was given, if one was, takes the option. */
static bool is_taken(const parser *p, size_t id) {
    return p->out->command && (p->out->command->options & PGS_OPT(id));
}

static bool general_option(parser *p, const char *word) {
    const struct {
        const char *word;
        bool *flag;
    } GENERAL[] = {{"--help", &p->out->help},       {"-?", &p->out->help},
                   {"--version", &p->out->version}, {"-V", &p->out->version},
                   {"--man", &p->out->man},         {"--completion", &p->out->completion}};
    for (size_t i = 0; i < PGS_COUNT_OF(GENERAL); i++)
        if (strcmp(word, GENERAL[i].word) == 0)
            return *GENERAL[i].flag = true;
    /* -h is help, unless the program has psql's -h for a host */
    bool has_h = false;
    for (size_t i = 0; i < p->program->n_options; i++)
        has_h |= p->program->option[i].letter == 'h';
    return !has_h && strcmp(word, "-h") == 0 && (p->out->help = true);
}

static pgs_status parse_long(parser *p, const char *word) {
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word), found = p->program->n_options;
    for (size_t id = 0; id < p->program->n_options; id++) {
        const char *name = p->program->option[id].name;
        if (strlen(name) == n - 2 && strncmp(name, word + 2, n - 2) == 0 &&
            (found == p->program->n_options || is_taken(p, id)))
            found = id;
    }
    return found < p->program->n_options ? set_option(p, found, equals ? equals + 1 : NULL)
                                         : unknown_option(p->program, word, p->err);
}

static pgs_status parse_letters(parser *p, const char *word) {
    for (const char *s = word + 1; *s; s++) {
        size_t id = p->program->n_options;
        for (size_t i = 0; i < p->program->n_options; i++)
            if (p->program->option[i].letter == *s &&
                (id == p->program->n_options || is_taken(p, i)))
                id = i;
        if (id == p->program->n_options)
            return unknown_letter(p->program, *s, p->err);
        if (p->program->option[id].argument)
            return set_option(p, id, s[1] ? s + 1 : NULL);
        pgs_status st = set_option(p, id, NULL);
        if (st != PGS_OK)
            return st;
    }
    return PGS_OK;
}

static pgs_status parse_word(parser *p, char *word) {
    if (!p->out->command) {
        for (size_t i = 0; i < p->program->n_commands; i++)
            if (strcmp(word, p->program->command[i].name) == 0)
                p->out->command = &p->program->command[i];
        if (!p->out->command && strcmp(word, "help") == 0)
            return p->out->help = true, PGS_OK;
        return p->out->command ? PGS_OK : unknown_command(p->program, word, p->err);
    }
    p->out->argument[p->out->n_arguments++] = word;
    return PGS_OK;
}

/* The option of that name that `command` takes, or n_options. */
static size_t namesake(const pgs_program *program, const pgs_command *command, const char *name) {
    size_t id = 0;
    while (id < program->n_options &&
           !((command->options & PGS_OPT(id)) && strcmp(program->option[id].name, name) == 0))
        id++;
    return id;
}

static pgs_status refuse_option(const pgs_program *program, const pgs_command *command,
                                const pgs_option *option, bool misplaced, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "%s %s does not take --%s%s", program->name,
                             command->name, option->name, misplaced ? " before its name" : "");
    if (misplaced)
        pgs_hint(err, "%s %s --%s ...", program->name, command->name, option->name);
    else
        pgs_hint(err, "%s %s --help lists its options", program->name, command->name);
    return st;
}

/* Choices as a sentence has them: a bar means something else to monitors. */
static pgs_status refuse_choice(const pgs_option *option, const char *value, pgs_err *err) {
    char list[sizeof err->hint] = "";
    size_t n = 0;
    for (const char *s = option->choices; *s && n + 2 < sizeof list; s++) {
        list[n++] = *s == '|' ? ',' : *s;
        if (*s == '|')
            list[n++] = ' ';
    }
    pgs_status st =
        pgs_fail(err, PGS_E_USAGE, "--%s cannot be \"%.*s\"", option->name, shown(value), value);
    pgs_hint(err, "it is one of %s", list);
    return st;
}

/* "-" is standard output: what is written to where no file is named. */
static bool is_stdout(const pgs_option *option, const char *value) {
    return strcmp(option->name, "output") == 0 && strcmp(value, "-") == 0;
}

/* Options that were given must be among those of the command. One that was given before the command
 * was known may have been taken for another of its name. */
static pgs_status check_options(const pgs_program *program, pgs_parsed *out, pgs_err *err) {
    for (size_t id = 0; id < program->n_options; id++) {
        const pgs_option *option = &program->option[id];
        if (!out->value[id] || (out->command->options & PGS_OPT(id)))
            continue;
        size_t meant = namesake(program, out->command, option->name);
        bool known = meant < program->n_options;
        if (!known || !option->argument != !program->option[meant].argument)
            return refuse_option(program, out->command, option, known, err);
        out->value[meant] = out->value[id];
        out->value[id] = NULL;
    }
    for (size_t id = 0; id < program->n_options; id++) {
        const char *value = out->value[id], *choices = program->option[id].choices;
        if (value && choices && !is_choice(choices, value))
            return refuse_choice(&program->option[id], value, err);
        if (value && is_stdout(&program->option[id], value))
            out->value[id] = NULL;
    }
    return PGS_OK;
}

static pgs_status check_command(const pgs_program *program, pgs_parsed *out, pgs_err *err) {
    const pgs_command *command = out->command;
    if (out->help || out->version || out->man || out->completion)
        return PGS_OK;
    if (!command) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "no command was given");
        pgs_hint(err, "%s --help lists them", program->name);
        return st;
    }
    pgs_status checked = check_options(program, out, err);
    if (checked != PGS_OK)
        return checked;
    bool few = out->n_arguments < command->min_arguments;
    if (few || out->n_arguments > command->max_arguments) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE, "%s was given too %s arguments", command->name,
                                 few ? "few" : "many");
        pgs_hint(err, "%s %s [OPTIONS]%s%s", program->name, command->name,
                 *command->arguments ? " " : "", command->arguments);
        return st;
    }
    return PGS_OK;
}

pgs_status pgs_opts_parse(const pgs_program *program, int argc, char **argv, pgs_parsed *out,
                          pgs_err *err) {
    *out = (pgs_parsed){.argument = argv};
    parser p = {.program = program, .argc = argc, .next = 1, .argv = argv, .out = out, .err = err};
    pgs_status st = PGS_OK;
    bool only_words = false;
    while (st == PGS_OK && p.next < argc) {
        char *word = argv[p.next++];
        if (only_words || word[0] != '-' || word[1] == '\0')
            st = parse_word(&p, word);
        else if (strcmp(word, "--") == 0)
            only_words = true;
        else if (!general_option(&p, word))
            st = word[1] == '-' ? parse_long(&p, word) : parse_letters(&p, word);
    }
    return st == PGS_OK ? check_command(program, out, err) : st;
}

/* ---- help ---- */

static void help_option(const pgs_option *option, FILE *out) {
    char left[64];
    int n = option->letter ? snprintf(left, sizeof left, "-%c, ", option->letter)
                           : snprintf(left, sizeof left, "    ");
    snprintf(left + n, sizeof left - (size_t)n, "--%s%s%s", option->name,
             option->argument ? " " : "", option->argument ? option->argument : "");
    fprintf(out, strlen(left) > 28 ? "  %s\n%32s%s" : "  %-28s  %s%s", left,
            strlen(left) > 28 ? "" : option->help, strlen(left) > 28 ? option->help : "");
    fprintf(out, "%s%s%s\n", option->choices ? " (" : "", option->choices ? option->choices : "",
            option->choices ? ")" : "");
}

static void help_options(const pgs_program *program, uint64_t which, FILE *out) {
    if (which == 0)
        return;
    fputs("\nOptions:\n", out);
    for (size_t id = 0; id < program->n_options; id++)
        if (which & PGS_OPT(id))
            help_option(&program->option[id], out);
}

/* Whether the example that begins at `line` is of `command`: its second word. */
static bool is_example_of(const char *line, const char *command) {
    const char *word = line + strcspn(line, " \n");
    size_t n = strlen(command);
    return *word == ' ' && strncmp(word + 1, command, n) == 0 && strchr(" \n", word[1 + n]);
}

/* The examples of a command, or all of them where it has none of its own. */
static void help_examples(const pgs_program *program, const char *command, FILE *out) {
    bool all = true;
    for (const char *line = program->examples; command && *line; line += strcspn(line, "\n") + 1) {
        all &= !is_example_of(line, command);
        if (!strchr(line, '\n'))
            break;
    }
    fputs("\nExamples:\n", out);
    for (const char *line = program->examples; *line;) {
        size_t n = strcspn(line, "\n");
        if (all || is_example_of(line, command))
            fprintf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

void pgs_opts_help(const pgs_program *program, const pgs_command *command, FILE *out) {
    if (command) {
        fprintf(out, "%s %s [OPTIONS] %s\n%s\n", program->name, command->name, command->arguments,
                command->summary);
        help_options(program, command->options, out);
        help_examples(program, command->name, out);
        return;
    }
    fprintf(out, "%s\n\nUsage: %s COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n", program->purpose,
            program->name);
    for (size_t i = 0; i < program->n_commands; i++)
        fprintf(out, "  %-16s  %s\n", program->command[i].name, program->command[i].summary);
    help_options(program, ~UINT64_C(0) >> (64 - program->n_options), out);
    fprintf(out, "\n  -?, --help                    this help; %s COMMAND --help for one command\n",
            program->name);
    fputs("  -V, --version                 version of the program and its parts\n", out);
    help_examples(program, NULL, out);
}

bool pgs_opts_explain(const pgs_program *program, const pgs_parsed *parsed, FILE *out) {
    if (parsed->man)
        pgs_opts_man(program, out);
    else if (parsed->completion)
        pgs_opts_completion(program, out);
    else if (parsed->help)
        pgs_opts_help(program, parsed->command, out);
    return parsed->man || parsed->completion || parsed->help;
}

/* ---- shared pieces ---- */

/* Connection strings end up where they do not belong: as a path, a table, a number. The colon of
 * a scheme ("postgresql:/") is passed over; what is left up to the last "@" is the secret. */
void pgs_opts_redact(char *text) {
    for (char *word = text + strspn(text, " \""); *word; word += strspn(word, " \"")) {
        size_t n = strcspn(word, " \"");
        char *at = memrchr(word, '@', n), *colon = memchr(word, ':', n);
        if (colon && colon + 1 < word + n && colon[1] == '/')
            colon = memchr(colon + 1, ':', n - (size_t)(colon + 1 - word));
        for (char *s = colon ? colon + 1 : at; s < at; s++)
            *s = '*';
        word += n;
    }
}

int pgs_opts_complain(const pgs_program *program, pgs_status status, pgs_err *err) {
    pgs_buf line = {0};
    pgs_opts_redact(err->msg);
    pgs_opts_redact(err->hint);
    pgs_buf_format(&line, "%s: ", program->name);
    pgs_text_escape(&line, err->msg);
    if (err->hint[0]) {
        pgs_buf_text(&line, "; ");
        pgs_text_escape(&line, err->hint);
    }
    fprintf(stderr, "%s\n", line.failed ? err->msg : pgs_buf_view(&line));
    pgs_buf_reset(&line);
    return pgs_status_exit_code(status);
}

pgs_status pgs_opts_time(const char *option, const char *text, int64_t *out_us, pgs_err *err) {
    *out_us = PGS_TIME_NONE;
    if (!text || pgs_time_parse(text, INT64_MIN, out_us))
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "--%s cannot be \"%.60s\"", option, text);
    pgs_hint(err, "give a time with its offset, like 2025-10-20T10:15:00Z");
    return st;
}

pgs_status pgs_opts_int(const char *option, const char *text, int64_t min, int64_t max,
                        int64_t preset, int64_t *out, pgs_err *err) {
    *out = preset;
    if (!text || pgs_int_parse(text, min, max, out))
        return PGS_OK;
    return pgs_fail(err, PGS_E_USAGE,
                    "--%s cannot be \"%.60s\": it is a whole number from %lld to %lld", option,
                    text, (long long)min, (long long)max);
}

pgs_status pgs_opts_history(const char *path, pgs_err *err) {
    struct stat info;
    pgs_status st;
    if (stat(path, &info) != 0 || access(path, R_OK) != 0 || pgs_history_is_one(path))
        return PGS_OK;
    if (S_ISDIR(info.st_mode)) {
        st = pgs_fail(err, PGS_E_EXISTS, "cannot write \"%s\": it is a directory", path);
        pgs_hint(err, "name a file in it");
    } else {
        st = pgs_fail(err, PGS_E_EXISTS, "\"%s\" is no history, and stays what it is", path);
        pgs_hint(err, "choose another name for the history");
    }
    return st;
}
