/* Histories out of nothing: the same seed gives the same history, to the last bit, on every
 * machine. They look like a year of a busy table: documents arrive by a Poisson process whose rate
 * is lognormal over the partitions, drifts over the year, follows the hour of the day and rests at
 * the weekend; a document brings several chunks; documents expire, and now and then a batch is
 * deleted; some partitions run hot for a day or two. Space is never given back, as in PostgreSQL:
 * sizes follow the most chunks that a partition ever held, in pages of 8 KiB. */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include <stddef.h>
#include <stdint.h>

typedef enum bench_metric {
    BENCH_CHUNK_COUNT,
    BENCH_DOCUMENT_COUNT,
    BENCH_SIZE_BYTES,
    BENCH_CHUNKS_LAST_HOUR,
    BENCH_CHUNKS_LAST_DAY,
    BENCH_METRIC_COUNT
} bench_metric;

enum { BENCH_YEAR = 8760 }; /* hourly moments of the year that begins at 2025-01-01T00:00:00Z */

/* The metric's column name in snapshots, exports and raw files. */
extern const char *const bench_metric_names[BENCH_METRIC_COUNT];

/* One moment of all partitions. Values are whole numbers, none is missing. */
typedef struct bench_moment {
    int64_t taken_us;                        /* UTC since 1970, one hour after the one before */
    const double *value[BENCH_METRIC_COUNT]; /* [n_parts] each, partition_num 0, 1, 2, ... */
} bench_moment;

typedef struct bench_generator bench_generator;

/* A generator of n_parts > 0 partitions that stands before its first moment; NULL without memory.
 * The caller closes it. */
bench_generator *bench_generator_open(uint64_t seed, size_t n_parts);

/* The next moment; there is always one. Its arrays are valid until the next call or close. */
const bench_moment *bench_generator_next(bench_generator *g);

void bench_generator_close(bench_generator *g);

#endif
