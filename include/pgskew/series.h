/* A series over time: its moments, its lanes, and the tiles that hold its values.
 *
 * A packed history is read as a stream of tiles. A tile is up to 256 moments by 256 lanes of one
 * metric; rows are moments, lanes are partitions. A partition gets a lane when it is first seen and
 * keeps it, whatever it is called later. A cell that was not observed is absent, never a number. */
#ifndef PGSKEW_SERIES_H
#define PGSKEW_SERIES_H

#include "pgskew/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PGS_TILE_MOMENTS ((size_t)256)
#define PGS_TILE_LANES   ((size_t)256)

/* Beside the metrics there are tiles of presence: 1 where a partition was there, 2 where it was
 * there and could not be measured, absent where it was not there. */
#define PGS_PRESENCE ((pgs_metric)0x100)

/* The two metrics that skew is about. */
typedef enum pgs_measure { PGS_BY_CHUNKS, PGS_BY_SIZE, PGS_MEASURE_COUNT } pgs_measure;

/* PGS_CHUNK_COUNT or PGS_SIZE_BYTES. */
pgs_metric pgs_measure_metric(pgs_measure measure);

/* What has to be known of each moment before its tiles are read. */
typedef struct pgs_moment {
    int64_t taken_us;                 /* microseconds since 1970 UTC */
    size_t n_parts;                   /* partitions that were there, measured or not */
    int64_t total[PGS_MEASURE_COUNT]; /* rows, bytes */
    size_t n_seen[PGS_MEASURE_COUNT]; /* partitions whose value was observed */
} pgs_moment;

/* Add x[n] of that measure to n_seen and total; NaN was not observed. A value that cannot be leaves
 * a total of -1, which is none, and so does a total that 64 bits do not hold. */
void pgs_moment_add(pgs_moment *moment, pgs_measure measure, const double *x, size_t n);

/* What a history says of each moment in plain rows, for whoever charts it. */
typedef struct pgs_summary {
    pgs_moment moment;
    double stddev[PGS_MEASURE_COUNT];   /* sample standard deviation; NaN: fewer than two */
    double gini[PGS_MEASURE_COUNT];     /* 0..1; NaN: nothing observed, or a total of 0 */
    double max_skew[PGS_MEASURE_COUNT]; /* published, 4 decimals; NaN: nothing observed */
    size_t n_health[PGS_HEALTH_STATUS_COUNT];
} pgs_summary;

typedef struct pgs_lane {
    int64_t num;        /* the newest partition_num */
    char *name;         /* the newest relation name; NULL: an import without names */
    int64_t relid;      /* PostgreSQL OID; 0: not observed */
    size_t first, last; /* moments at which it was there, both inclusive */
} pgs_lane;

/* What is true of a lane from one moment on, until its next change. */
typedef struct pgs_lane_change {
    size_t lane, moment;
    int64_t num;      /* partition_num */
    const char *name; /* NULL: not observed, as is bounds */
    const char *bounds;
    int64_t relid, relfilenode; /* 0: not observed */
} pgs_lane_change;

typedef struct pgs_series {
    pgs_snapshot_head head; /* of the newest moment */
    size_t n_moments;
    pgs_moment *moment; /* [n_moments], taken_us strictly rising */
    size_t n_lanes;
    pgs_lane *lane; /* [n_lanes] */
    struct pgs_arena *arena;
} pgs_series;

void pgs_series_init(pgs_series *series);
void pgs_series_reset(pgs_series *series); /* NULL and zeroed structs are fine */

/* The last moment taken at or before `at_us` (PGS_TIME_NONE: the last of all), or n_moments. */
size_t pgs_series_find(const pgs_series *series, int64_t at_us);

/* How the whole numbers of a tile stand for values. */
typedef enum pgs_encoding {
    PGS_ENCODING_INTEGER,    /* rows, bytes, microseconds: the value itself */
    PGS_ENCODING_HUNDREDTHS, /* value * 100 */
    PGS_ENCODING_BITS,       /* the bits of a double */
    PGS_ENCODING_COUNT
} pgs_encoding;

/* A row of a tile may have exceptions: a few lanes whose delta is too large for the row's width. */
#define PGS_TILE_WIDTH      15u /* bits of width[t] that are the width in bytes */
#define PGS_TILE_EXCEPTIONS 16u /* the bit that says that exceptions follow the row's deltas */

/* One encoded tile, borrowed from the block it was read from. Row 0 is `base`; row t is row t-1
 * plus `stride` deltas of 0, 1, 2, 4 or 8 bytes, signed, little-endian, plus its exceptions. All in
 * units of 2^shift. An absent cell repeats the value above it.
 *
 * Exceptions are their number n in one byte, n lanes in a byte each, rising, and n signed 16-bit
 * numbers that are added to the lanes, 8 * width bits up; padded to a multiple of 8 bytes. */
typedef struct pgs_tile {
    pgs_encoding encoding;
    unsigned shift;
    size_t n_moments, n_lanes;
    size_t stride;          /* lanes of a stored row: n_lanes rounded up to a multiple of 8 */
    const uint8_t *width;   /* [n_moments]; [0] is 0 */
    const uint8_t *present; /* [n_moments][stride / 8], a bit per cell; NULL: every cell */
    const int64_t *base;    /* [stride] */
    const uint8_t *deltas;  /* rows 1.. */
} pgs_tile;

/* Bytes of the exceptions of a row that begin at `at`. */
static inline size_t pgs_tile_exception_bytes(const uint8_t *at) {
    return (1 + 3 * (size_t)at[0] + 7) / 8 * 8;
}

/* What exception `i` adds to which lane, in units. `width` is in bytes, below 8. */
static inline int64_t pgs_tile_exception(const uint8_t *at, size_t i, unsigned width,
                                         size_t *lane) {
    const uint8_t *high = at + 1 + at[0] + 2 * i;
    *lane = at[1 + i];
    return (int64_t)(int16_t)(high[0] | high[1] << 8) * ((int64_t)1 << (8 * width));
}

/* Whether the cell of row t and lane i was observed. */
static inline bool pgs_tile_has(const pgs_tile *tile, size_t t, size_t i) {
    return !tile->present || (tile->present[t * (tile->stride / 8) + i / 8] >> (i % 8) & 1);
}

/* Values of the row t into out[n_lanes]; NaN where absent. t < n_moments. Exact. */
void pgs_tile_row(const pgs_tile *tile, size_t t, double *out);

/* Every row: row t goes to out + t * PGS_TILE_LANES; lanes from n_lanes on are left alone. */
void pgs_tile_rows(const pgs_tile *tile, double *out);

/* Where tiles come from: a packed history, or a test. `reader` is a number below the n_readers that
 * the source was opened for; calls with different readers may run at the same time. *out stays
 * valid until the next call with the same reader; n_moments is 0 where there is no such tile, which
 * means that no cell of it was observed. */
typedef struct pgs_tile_source {
    void *context;
    size_t n_readers;
    pgs_status (*read)(void *context, size_t reader, pgs_metric metric, size_t group, size_t block,
                       pgs_tile *out, pgs_err *err);
} pgs_tile_source;

#ifdef __cplusplus
}
#endif
#endif
