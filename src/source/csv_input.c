/* Reading ahead by a megabyte, and handing on line by line, because that is what lets the parser
 * count them. A line that is longer than that is handed on in parts. */
#include "source/csv_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

#define ROOM ((size_t)1 << 20)

static pgs_status cannot_read(const char *path, int why, pgs_err *err) {
    char shown[PGS_CSV_SHOWN_MAX];
    pgs_status st = why == ENOENT || why == ENOTDIR ? PGS_E_NO_INPUT
                    : why == EACCES                 ? PGS_E_DENIED
                    : why == EISDIR                 ? PGS_E_DATA
                                                    : PGS_E_IO;
    return pgs_fail(err, st, "cannot read \"%s\": %s", pgs_csv_shown(path, shown), strerror(why));
}

pgs_status pgs_csv_input_open(pgs_csv_input *in, const char *path, pgs_err *err) {
    struct stat info;
    bool standard = strcmp(path, "-") == 0;
    *in = (pgs_csv_input){.path = standard ? "standard input" : path};
    in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0 || fstat(in->fd, &info) != 0)
        return cannot_read(in->path, errno, err);
    if (S_ISDIR(info.st_mode))
        return cannot_read(in->path, EISDIR, err);
    in->n_bytes = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    in->bytes = pgs_alloc(ROOM, 1);
    return in->bytes ? PGS_OK : pgs_no_memory(err);
}

void pgs_csv_input_close(pgs_csv_input *in) {
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    pgs_free(in->bytes);
    *in = (pgs_csv_input){.fd = -1};
}

static pgs_status fill(pgs_csv_input *in, pgs_err *err) {
    memmove(in->bytes, in->bytes + in->start, in->end - in->start);
    in->end -= in->start;
    in->start = 0;
    ssize_t got;
    do
        got = read(in->fd, in->bytes + in->end, ROOM - in->end);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return cannot_read(in->path, errno, err);
    in->ended = got == 0;
    in->end += (size_t)got;
    return PGS_OK;
}

/* Bytes that can be handed on; 0: more must be read first. A CR at the end may be half of a
 * CRLF. */
static size_t ready(const pgs_csv_input *in) {
    size_t have = in->end - in->start;
    if (have == 0)
        return 0;
    const char *line = in->bytes + in->start;
    size_t n = pgs_csv_physical_line(line, have);
    if (line[n - 1] == '\n' || n < have || in->ended)
        return n;
    return have < ROOM ? 0 : line[n - 1] == '\r' ? n - 1 : n;
}

pgs_status pgs_csv_input_feed(pgs_csv_input *in, pgs_csv_parser *parser, bool *end, pgs_err *err) {
    pgs_status st = PGS_OK;
    size_t n;
    while (st == PGS_OK && (n = ready(in)) == 0 && !in->ended)
        st = fill(in, err);
    *end = st == PGS_OK && n == 0;
    if (st != PGS_OK || *end)
        return st;
    const char *line = in->bytes + in->start;
    in->start += n;
    in->n_fed += n;
    return memchr(line, '\0', n) ? pgs_csv_refuse_nul(parser, err)
                                 : pgs_csv_parser_feed(parser, line, n, err);
}
