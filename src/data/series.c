/* Series and tiles: build, free, find, decode. The decoder here is the plain one, for whoever wants
 * one moment; kernels decode for those who want them all. */
#include "pgskew/series.h"

#include <math.h>
#include <string.h>

#include "base/base.h"

pgs_metric pgs_measure_metric(pgs_measure measure) {
    return measure == PGS_BY_CHUNKS ? PGS_CHUNK_COUNT : PGS_SIZE_BYTES;
}

void pgs_moment_add(pgs_moment *moment, pgs_measure measure, const double *x, size_t n) {
    int64_t total = moment->total[measure];
    size_t n_seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        n_seen++;
        if (total < 0 || !(x[i] >= 0 && x[i] <= PGS_MAX_INTEGER) ||
            __builtin_add_overflow(total, (int64_t)x[i], &total))
            total = -1;
    }
    moment->total[measure] = total;
    moment->n_seen[measure] += n_seen;
}

void pgs_series_init(pgs_series *series) {
    *series = (pgs_series){.head.taken_us = PGS_TIME_NONE};
}

void pgs_series_reset(pgs_series *series) {
    if (!series)
        return;
    pgs_arena_free(series->arena);
    pgs_series_init(series);
}

size_t pgs_series_find(const pgs_series *series, int64_t at_us) {
    size_t low = 0, high = series->n_moments; /* the first moment after at_us is in [low, high] */
    if (at_us == PGS_TIME_NONE)
        low = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (series->moment[middle].taken_us <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : series->n_moments;
}

/* ---- decoding ---- */

#define ADD(type, sum, sum_type)                                                                   \
    for (size_t i = 0; i < n; i++) {                                                               \
        type d;                                                                                    \
        memcpy(&d, delta + i * sizeof d, sizeof d);                                                \
        (sum)[i] = (sum_type)((sum)[i] + (sum_type)d);                                             \
    }                                                                                              \
    break

/* Sums wrap, so that a tile from a stranger cannot make them undefined. */
static void add_deltas(uint64_t *restrict row, const uint8_t *restrict delta, unsigned width,
                       size_t n) {
    switch (width) {
    case 1:
        ADD(int8_t, row, uint64_t);
    case 2:
        ADD(int16_t, row, uint64_t);
    case 4:
        ADD(int32_t, row, uint64_t);
    default:
        ADD(uint64_t, row, uint64_t);
    }
}

static double value_of(pgs_encoding encoding, uint64_t units, unsigned shift) {
    int64_t whole = (int64_t)(units << shift);
    double bits;
    switch (encoding) {
    case PGS_ENCODING_BITS:
        memcpy(&bits, &whole, sizeof bits);
        return bits;
    case PGS_ENCODING_HUNDREDTHS:
        return (double)whole / 100;
    default:
        return (double)whole;
    }
}

static void put_row(const pgs_tile *tile, size_t t, const uint64_t *row, double *out) {
    for (size_t i = 0; i < tile->n_lanes; i++)
        out[i] = pgs_tile_has(tile, t, i) ? value_of(tile->encoding, row[i], tile->shift) : NAN;
}

/* The exceptions of a row, if it has any, at `at`; returns where the next row begins. */
static const uint8_t *add_exceptions(const pgs_tile *tile, size_t t, const uint8_t *at,
                                     uint64_t *row) {
    if (!(tile->width[t] & PGS_TILE_EXCEPTIONS))
        return at;
    for (size_t i = 0; i < at[0]; i++) {
        size_t lane;
        int64_t high = pgs_tile_exception(at, i, tile->width[t] & PGS_TILE_WIDTH, &lane);
        row[lane] += (uint64_t)high;
    }
    return at + pgs_tile_exception_bytes(at);
}

/* Sums of the deltas of narrow rows: 255 of one byte fit 16 bits, and of two bytes 32. A vector
 * holds more of those than of the row's own. */
typedef struct narrow_sums {
    int16_t bytes[PGS_TILE_LANES];
    int32_t pairs[PGS_TILE_LANES];
} narrow_sums;

static void add_narrow(narrow_sums *restrict sums, const uint8_t *restrict delta, unsigned width,
                       size_t n) {
    switch (width) {
    case 1:
        ADD(int8_t, sums->bytes, int16_t);
    case 2:
        ADD(int16_t, sums->pairs, int32_t);
    }
}

/* Every row up to t is added up, and that one alone is written. */
void pgs_tile_row(const pgs_tile *tile, size_t t, double *out) {
    uint64_t row[PGS_TILE_LANES];
    narrow_sums sums = {0};
    memcpy(row, tile->base, tile->stride * sizeof *row);
    const uint8_t *at = tile->deltas;
    for (size_t i = 1; i <= t; i++) {
        unsigned width = tile->width[i] & PGS_TILE_WIDTH;
        if (width <= 2)
            add_narrow(&sums, at, width, tile->stride);
        else
            add_deltas(row, at, width, tile->stride);
        at = add_exceptions(tile, i, at + tile->stride * width, row);
    }
    for (size_t i = 0; i < tile->stride; i++)
        row[i] += (uint64_t)(int64_t)sums.bytes[i] + (uint64_t)(int64_t)sums.pairs[i];
    put_row(tile, t, row, out);
}

void pgs_tile_rows(const pgs_tile *tile, double *out) {
    uint64_t row[PGS_TILE_LANES];
    if (tile->n_moments == 0) /* there is no such block */
        return;
    memcpy(row, tile->base, tile->stride * sizeof *row);
    const uint8_t *at = tile->deltas;
    for (size_t t = 0; t < tile->n_moments; t++) {
        unsigned width = t > 0 ? tile->width[t] & PGS_TILE_WIDTH : 0;
        if (width > 0)
            add_deltas(row, at, width, tile->stride);
        if (t > 0)
            at = add_exceptions(tile, t, at + tile->stride * width, row);
        put_row(tile, t, row, out + t * PGS_TILE_LANES);
    }
}
