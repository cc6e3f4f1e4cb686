/* How answers and progress look where they go. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/pgskew.h"

pgs_report_style pgs_style_from(const pgs_parsed *p) {
    pgs_report_style style = {0};
    bool terminal = !pgs_has(p, OPT_OUTPUT) && isatty(STDOUT_FILENO);
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    style.color = pgs_has_value(p, OPT_COLOR, "always") ||
                  (!pgs_has_value(p, OPT_COLOR, "never") && terminal && !(no_color && *no_color) &&
                   !(term && strcmp(term, "dumb") == 0));
    struct winsize size;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        style.width = size.ws_col;
    return style;
}

pgs_format pgs_format_from(const pgs_parsed *p) {
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

/* ---- progress ---- */

#define PATIENCE_S 1.0
#define REDRAW_S   0.1

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void draw(pgs_progress *progress, double elapsed_s, size_t done, size_t total) {
    static const char BAR[] = "##############################";
    static const char GAP[] = "..............................";
    int width = (int)sizeof BAR - 1, full = (int)((size_t)width * done / total);
    double left_s = elapsed_s * (double)(total - done) / (double)done;
    fprintf(stderr, "\r%s [%.*s%.*s] %zu of %zu, %.0f s left \033[K", progress->what, full, BAR,
            width - full, GAP, done, total, left_s);
    progress->shown = true;
}

void pgs_progress_step(pgs_progress *progress, size_t done, size_t total) {
    double now = now_s();
    if (progress->began_s == 0)
        progress->began_s = now;
    if (done == 0 || total == 0 || now - progress->began_s < PATIENCE_S ||
        now - progress->said_s < REDRAW_S || !isatty(STDERR_FILENO))
        return;
    progress->said_s = now;
    draw(progress, now - progress->began_s, done, total);
}

void pgs_progress_end(pgs_progress *progress) {
    if (progress->shown)
        fputs("\r\033[K", stderr);
    *progress = (pgs_progress){0};
}
