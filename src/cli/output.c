/* How answers and progress look where they go. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/pgskew.h"

/* What the locale says of a terminal, by POSIX's order; a file is UTF-8 wherever it is written. */
static bool is_utf8_locale(void) {
    static const char *const NAME[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < PGS_COUNT_OF(NAME); i++) {
        const char *value = getenv(NAME[i]);
        if (value && *value)
            return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return false;
}

/* How wide the terminal is: COLUMNS, else what the terminal says; 0: nobody knows. */
static int terminal_width(void) {
    int64_t columns;
    const char *given = getenv("COLUMNS");
    struct winsize size;
    if (given && pgs_int_parse(given, 1, 10000, &columns))
        return (int)columns;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

pgs_report_style pgs_style_from(const pgs_parsed *p) {
    pgs_report_style style = {0};
    bool terminal = !pgs_has(p, OPT_OUTPUT) && isatty(STDOUT_FILENO);
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    style.color = pgs_has_value(p, OPT_COLOR, "always") ||
                  (!pgs_has_value(p, OPT_COLOR, "never") && terminal && !(no_color && *no_color) &&
                   !(term && strcmp(term, "dumb") == 0));
    style.width = terminal ? terminal_width() : 0;
    style.ascii = terminal && !is_utf8_locale();
    return style;
}

pgs_format pgs_format_from(const pgs_parsed *p) {
    if (pgs_command_of(p) == CMD_REPORT)
        return PGS_FORMAT_HTML;
    return pgs_has(p, OPT_FORMAT) ? pgs_format_find(p->value[OPT_FORMAT]) : PGS_FORMAT_TABLE;
}

pgs_status pgs_write_report(const pgs_parsed *p, pgs_report_kind kind,
                            const pgs_report_input *input, pgs_err *err) {
    pgs_output out;
    pgs_report_style style = pgs_style_from(p);
    pgs_status st = pgs_output_open(&out, p->value[OPT_OUTPUT], err);
    if (st != PGS_OK)
        return st;
    st = pgs_report_write(out.file, kind, pgs_format_from(p), input, &style, err);
    if (st == PGS_OK || st == PGS_E_IO) /* which names the file that did not take it all */
        return pgs_output_commit(&out, err);
    pgs_output_abandon(&out);
    return st;
}
