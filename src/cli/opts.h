/* The command line of both programs from one table each: parsing, --help, the manual page and the
 * completion all read the same rows, so they cannot disagree. */
#ifndef PGSKEW_CLI_OPTS_H
#define PGSKEW_CLI_OPTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "pgskew/err.h"

#define PGS_MAX_OPTIONS 64
#define PGS_MAX_GIVEN   128 /* options on one command line */
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

/* A word of the manual page and what it means; a table of them ends with an empty one. */
typedef struct pgs_term {
    const char *term, *meaning;
} pgs_term;

/* The exit codes of a failure, for the table of either program. */
/* clang-format off */
#define PGS_FAILURES                                                                               \
    {"64", "usage; also a port that is none, a service that nobody defined"},                      \
    {"65", "bad data: unknown column, bad value, damaged, foreign or newer file, table not partitioned"}, \
    {"66", "no such file, table or partition"},                                                    \
    {"69", "server or database cannot be reached"},                                                \
    {"70", "a bug, or no memory"},                                                                 \
    {"73", "output cannot be created, or is there already"},                                       \
    {"74", "I/O error"},                                                                           \
    {"75", "try again: a lock, a timeout, a recovery conflict"},                                   \
    {"77", "wrong password or missing privilege"}
/* clang-format on */

typedef struct pgs_program {
    const char *name;
    const char *purpose;
    const pgs_command *command;
    size_t n_commands;
    const pgs_option *option; /* indexed by option id */
    size_t n_options;
    const char *examples; /* two that can be pasted, one a line */
    const char *notes;    /* a paragraph for the end of the manual page */
    const pgs_term *exit_status, *environment, *files;
    const char *see_also; /* "other(1), another(1)" */
} pgs_program;

/* An option as it was given, once or one of several times. */
typedef struct pgs_given {
    size_t option;
    const char *value;
} pgs_given;

typedef struct pgs_parsed {
    const pgs_command *command;         /* NULL: only general options were given */
    const char *value[PGS_MAX_OPTIONS]; /* by option id, the last; "" for a flag; NULL: not given */
    pgs_given given[PGS_MAX_GIVEN];     /* every one, in their order */
    size_t n_given;
    char **argument; /* what is left, borrowed from argv (reordered) */
    int n_arguments;
    bool help, version, man, completion;
} pgs_parsed;

/* PGS_E_USAGE for anything that is not in the tables. */
pgs_status pgs_opts_parse(const pgs_program *program, int argc, char **argv, pgs_parsed *out,
                          pgs_err *err) PGS_CHECK;

/* Help for one command, or for the program where `command` is NULL. */
void pgs_opts_help(const pgs_program *program, const pgs_command *command, FILE *out);

/* The manual page, section 1; opts_page.c. */
void pgs_opts_man(const pgs_program *program, FILE *out);

/* What bash needs to complete commands, options and values; opts_page.c. */
void pgs_opts_completion(const pgs_program *program, FILE *out);

/* Where --help, --man or --completion was given, print that: true. */
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

/* Whether a history may be begun or extended at `path`. PGS_E_EXISTS: something else is there. What
 * cannot be read is left to whoever opens it. */
pgs_status pgs_opts_history(const char *path, pgs_err *err) PGS_CHECK;

#endif
