/* A CSV file of any length, or a pipe, line by line into a parser. Internal to src/source. */
#ifndef PGSKEW_SOURCE_CSV_INPUT_H
#define PGSKEW_SOURCE_CSV_INPUT_H

#include "source/csv_reader.h"

typedef struct pgs_csv_input {
    const char *path; /* borrowed */
    int fd;
    char *bytes;
    size_t start, end; /* what was read and not yet fed */
    bool ended;        /* nothing more can be read */
    uint64_t n_fed;
    uint64_t n_bytes; /* size of the file; 0: not known, as of a pipe */
} pgs_csv_input;

/* "-" is standard input. PGS_E_NO_INPUT, PGS_E_DENIED, PGS_E_DATA (a directory), PGS_E_IO. Closing
 * is fine whatever opening said. */
pgs_status pgs_csv_input_open(pgs_csv_input *in, const char *path, pgs_err *err) PGS_CHECK;
void pgs_csv_input_close(pgs_csv_input *in);

/* Feed the next physical line; *end: there was none. */
pgs_status pgs_csv_input_feed(pgs_csv_input *in, pgs_csv_parser *parser, bool *end,
                              pgs_err *err) PGS_CHECK;

#endif
