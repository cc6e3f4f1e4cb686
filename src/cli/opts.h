/* The command line of both programs from one table each: parsing, --help and the manual page all
 * read the same rows, so they cannot disagree. */
#ifndef PGSKEW_CLI_OPTS_H
#define PGSKEW_CLI_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pgskew/err.h"

#define PGS_MAX_OPTIONS 64
#define PGS_OPT(id)     (UINT64_C(1) << (id))

/* Two options may share a name where no command takes both: the command that is given decides. */
typedef struct pgs_option {
    const char *name;     /* without dashes */
    char letter;          /* 0: none */
    const char *argument; /* NULL: a flag */
    const char *help;     /* one line */
    const char *choices;  /* "table|json"; NULL: anything */
    int same_as;          /* id + 1 of the option this is another name of; 0: none */
} pgs_option;

typedef struct pgs_command {
    const char *name;
    const char *arguments; /* "[PATH...]" */
    const char *summary;   /* one line */
    uint64_t options;      /* which options it takes */
    int min_arguments, max_arguments;
} pgs_command;

typedef struct pgs_program {
    const char *name;
    const char *purpose;
    const pgs_command *command;
    size_t n_commands;
    const pgs_option *option; /* indexed by option id */
    size_t n_options;
    const char *examples; /* two that can be pasted, one a line */
    const char *notes;    /* a paragraph for the end of the manual page */
} pgs_program;

typedef struct pgs_parsed {
    const pgs_command *command;         /* NULL: only general options were given */
    const char *value[PGS_MAX_OPTIONS]; /* by option id; "" for a flag; NULL: not given */
    char **argument;                    /* what is left, borrowed from argv (reordered) */
    int n_arguments;
    bool help, version, man;
} pgs_parsed;

/* PGS_E_USAGE for anything that is not in the tables. */
pgs_status pgs_opts_parse(const pgs_program *program, int argc, char **argv, pgs_parsed *out,
                          pgs_err *err) PGS_CHECK;

/* Help for one command, or for the program where `command` is NULL. */
void pgs_opts_help(const pgs_program *program, const pgs_command *command, FILE *out);

/* The manual page, section 1. */
void pgs_opts_man(const pgs_program *program, FILE *out);

/* Where --help or --man was given, print that: true. */
bool pgs_opts_explain(const pgs_program *program, const pgs_parsed *parsed, FILE *out);

/* Hide in place what may be a password: what stands between a colon and an "@" in one word. */
void pgs_opts_redact(char *text);

/* "pgskew: message; hint" as one sentence on stderr, redacted (in `err` too) and escaped; returns
 * the exit code. */
int pgs_opts_complain(const pgs_program *program, pgs_status status, pgs_err *err);

/* TIME, in microseconds; PGS_TIME_NONE where `text` is NULL. PGS_E_USAGE names the option. */
pgs_status pgs_opts_time(const char *option, const char *text, int64_t *out_us,
                         pgs_err *err) PGS_CHECK;

/* A whole number in [min, max]; `preset` where `text` is NULL. */
pgs_status pgs_opts_int(const char *option, const char *text, int64_t min, int64_t max,
                        int64_t preset, int64_t *out, pgs_err *err) PGS_CHECK;

#endif
