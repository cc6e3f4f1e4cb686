/* What is installed beside a program, printed by the program itself from the table that drives it:
 * the manual page, and the completion for bash. */
#include <string.h>

#include "cli/opts.h"

/* ---- the manual page ---- */

/* roff takes a backslash, a leading dot or quote, and a dash for its own. */
static void roff(const char *text, FILE *out) {
    for (const char *s = text; *s; s++) {
        bool starts_line = s == text || s[-1] == '\n';
        if (starts_line && (*s == '.' || *s == '\''))
            fputs("\\&", out);
        if (*s == '\\')
            fputs("\\e", out);
        else if (*s == '-')
            fputs("\\-", out);
        else
            fputc(*s, out);
    }
}

/* A paragraph with a hanging term. */
static void put_term(const char *bold, const char *rest, FILE *out) {
    fputs(".TP\n.B ", out);
    roff(bold, out);
    fputs(*rest ? " " : "", out);
    roff(rest, out);
    fputc('\n', out);
}

static void put_verbatim(const char *title, const char *text, FILE *out) {
    fprintf(out, ".SH %s\n.nf\n", title);
    roff(text, out);
    fputs("\n.fi\n", out);
}

static void put_terms(const char *title, const pgs_term *terms, FILE *out) {
    if (!terms)
        return;
    fprintf(out, ".SH %s\n", title);
    for (; terms->term; terms++) {
        put_term(terms->term, "", out);
        roff(terms->meaning, out);
        fputc('\n', out);
    }
}

/* Which commands take an option, or where fewer do not, which do not. */
static void put_takers(const pgs_program *program, size_t id, FILE *out) {
    size_t n_takers = 0, said = 0;
    for (size_t i = 0; i < program->n_commands; i++)
        n_takers += (program->command[i].options & PGS_OPT(id)) != 0;
    bool takers = 2 * n_takers <= program->n_commands;
    size_t n_said = takers ? n_takers : program->n_commands - n_takers;
    if (n_said == 0)
        return;
    fputs(takers ? ".br\nOf " : ".br\nNot of ", out);
    for (size_t i = 0; i < program->n_commands; i++) {
        if (takers != ((program->command[i].options & PGS_OPT(id)) != 0))
            continue;
        fputs(said == 0 ? "" : said + 1 == n_said ? " and " : ", ", out);
        roff(program->command[i].name, out);
        said++;
    }
    fputs(".\n", out);
}

static void put_option(const pgs_program *program, size_t id, FILE *out) {
    const pgs_option *option = &program->option[id];
    fputs(".TP\n.B ", out);
    if (option->letter)
        fprintf(out, "\\-%c, ", option->letter);
    fputs("\\-\\-", out);
    roff(option->name, out);
    fputs(option->argument ? " " : "", out);
    roff(option->argument ? option->argument : "", out);
    fputc('\n', out);
    roff(option->help, out);
    if (option->choices)
        fprintf(out, " (%s)", option->choices);
    fputc('\n', out);
    put_takers(program, id, out);
}

static void put_general_options(FILE *out) {
    static const pgs_term GENERAL[] = {
        {"-?, --help", "help for the program, or for the command that is given"},
        {"-V, --version", "version of the program and its parts"},
        {"--man", "this page, for man"},
        {"--completion", "what bash needs to complete commands, options and values"},
        {0},
    };
    for (const pgs_term *term = GENERAL; term->term; term++) {
        put_term(term->term, "", out);
        roff(term->meaning, out);
        fputc('\n', out);
    }
}

void pgs_opts_man(const pgs_program *program, FILE *out) {
    fputs(".TH ", out);
    for (const char *s = program->name; *s; s++)
        fputc(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s, out);
    fputs(" 1 \"" PGSKEW_DATE "\" \"pgskew " PGSKEW_VERSION "\" \"User Commands\"\n", out);
    fputs(".SH NAME\n", out);
    roff(program->name, out);
    size_t own = strlen(program->name);
    bool named = strncmp(program->purpose, program->name, own) == 0 && program->purpose[own] == ' ';
    fputs(" \\- ", out);
    roff(program->purpose + (named ? own + 1 : 0), out);
    fputs("\n.SH SYNOPSIS\n.B ", out);
    roff(program->name, out);
    fputs("\nCOMMAND [OPTIONS] [ARGUMENTS]\n.SH COMMANDS\n", out);
    for (size_t i = 0; i < program->n_commands; i++) {
        put_term(program->command[i].name, program->command[i].arguments, out);
        roff(program->command[i].summary, out);
        fputc('\n', out);
    }
    fputs(".SH OPTIONS\n", out);
    for (size_t id = 0; id < program->n_options; id++)
        put_option(program, id, out);
    put_general_options(out);
    put_terms("EXIT STATUS", program->exit_status, out);
    put_terms("ENVIRONMENT", program->environment, out);
    put_terms("FILES", program->files, out);
    put_verbatim("EXAMPLES", program->examples, out);
    put_verbatim("NOTES", program->notes, out);
    if (program->see_also) {
        fputs(".SH SEE ALSO\n", out);
        roff(program->see_also, out);
        fputc('\n', out);
    }
}

/* ---- completion ---- */

/* A name as a shell function may have it. */
static void put_function_name(const pgs_program *program, FILE *out) {
    fputc('_', out);
    for (const char *s = program->name; *s; s++)
        fputc(*s == '-' ? '_' : *s, out);
}

/* "-f --format", or with "|" between them. */
static void put_spellings(const pgs_option *option, char between, FILE *out) {
    if (option->letter)
        fprintf(out, "-%c%c", option->letter, between);
    fprintf(out, "--%s", option->name);
}

static void put_commands(const pgs_program *program, char between, FILE *out) {
    for (size_t i = 0; i < program->n_commands; i++)
        fprintf(out, "%.*s%s", i > 0, &between, program->command[i].name);
}

static void put_choices(const char *choices, FILE *out) {
    for (const char *s = choices; *s; s++)
        fputc(*s == '|' ? ' ' : *s, out);
}

/* One command: its options, and what may follow each that takes a value. */
static void complete_command(const pgs_program *program, const pgs_command *command, FILE *out) {
    fprintf(out, "    %s)\n        options='", command->name);
    for (size_t id = 0; id < program->n_options; id++) {
        if (!(command->options & PGS_OPT(id)))
            continue;
        put_spellings(&program->option[id], ' ', out);
        fputc(' ', out);
    }
    fputs("--help'\n        case $prev in\n", out);
    for (size_t id = 0; id < program->n_options; id++) {
        const pgs_option *option = &program->option[id];
        if (!(command->options & PGS_OPT(id)) || !option->argument)
            continue;
        fputs("        ", out);
        put_spellings(option, '|', out);
        fputs(") words='", out);
        put_choices(option->choices ? option->choices : "", out);
        fputs("' valued=1 ;;\n", out);
    }
    fprintf(out, "        esac\n        bare=%d ;;\n", !*command->arguments);
}

/* Which options take a value, whatever the command is: what follows them is no command. */
static void put_valued(const pgs_program *program, FILE *out) {
    for (size_t id = 0; id < program->n_options; id++) {
        if (!program->option[id].argument)
            continue;
        put_spellings(&program->option[id], '|', out);
        fputc('|', out);
    }
    fputs("=", out);
}

/* bash splits "--format=json" at the "=". Where nothing is offered, bash offers files. */
void pgs_opts_completion(const pgs_program *program, FILE *out) {
    fprintf(out, "# bash completion for %s, printed by `%s --completion`\n", program->name,
            program->name);
    put_function_name(program, out);
    fputs("() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local command= options= words= valued= bare= ended= i\n"
          "    COMPREPLY=()\n"
          "    if [[ $cur == '=' ]]; then\n"
          "        cur=\n"
          "    elif [[ $prev == '=' ]]; then\n"
          "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        [[ ${COMP_WORDS[i]} == -- ]] && ended=1\n"
          "        case ${COMP_WORDS[i - 1]} in ",
          out);
    put_valued(program, out);
    fputs(") continue ;; esac\n        [[ $command ]] || case ${COMP_WORDS[i]} in\n        ", out);
    put_commands(program, '|', out);
    fputs(") command=${COMP_WORDS[i]} ;;\n        esac\n    done\n    case $command in\n", out);
    for (size_t i = 0; i < program->n_commands; i++)
        complete_command(program, &program->command[i], out);
    fputs("    *) words='", out);
    put_commands(program, ' ', out);
    fputs("' options='--help --version --man --completion' ;;\n"
          "    esac\n"
          "    if [[ ! $valued && ! $ended && ( $cur == -* || $bare == 1 ) ]]; then\n"
          "        words=$options\n"
          "    fi\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "}\n"
          "complete -o bashdefault -o default -F ",
          out);
    put_function_name(program, out);
    fprintf(out, " %s\n", program->name);
}
