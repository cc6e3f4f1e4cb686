/* The codec of the packed history: each row of a tile is stored as its difference from the row
 * above, in as few whole bytes as the row's largest difference needs. Cumulative counts move little
 * from one moment to the next, so most cells take one byte, and decoding is one addition a cell
 * that a compiler vectorises. The few busy partitions of a row are exceptions, or they would widen
 * it for all the others. Finer packing would be smaller and slower. */
#include "store/block.h"

#include <math.h>
#include <string.h>

#include "kernel/kernel.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are read in place");

#define HEADER_BYTES  24
#define HASHED_HEADER 16
#define FLAG_PRESENCE 1

#define MAX_EXCEPTIONS 40
#define EXCEPTION_COST 2

int64_t pgs_block_id(unsigned metric, size_t group, size_t block) {
    return (int64_t)((uint64_t)metric << 48 | (uint64_t)group << 24 | block);
}

static size_t pad8(size_t n) {
    return (n + 7) / 8 * 8;
}

/* ---- encoding ---- */

static bool is_hundredths(double x) {
    double k = x * 100 + (x < 0 ? -0.5 : 0.5);
    return fabs(k) < 1e15 && (double)(int64_t)k / 100 == x;
}

static pgs_encoding choose_encoding(const double *cells, size_t n_moments, size_t n_lanes,
                                    pgs_unit unit) {
    if (pgs_unit_is_integer(unit))
        return PGS_ENCODING_INTEGER;
    for (size_t t = 0; t < n_moments; t++)
        for (size_t i = 0; i < n_lanes; i++) {
            double x = cells[t * PGS_TILE_LANES + i];
            if (!isnan(x) && !is_hundredths(x))
                return PGS_ENCODING_BITS;
        }
    return PGS_ENCODING_HUNDREDTHS;
}

static int64_t whole_of(double x, pgs_encoding encoding) {
    int64_t bits;
    switch (encoding) {
    case PGS_ENCODING_BITS:
        memcpy(&bits, &x, sizeof bits);
        return bits;
    case PGS_ENCODING_HUNDREDTHS:
        return (int64_t)(x * 100 + (x < 0 ? -0.5 : 0.5));
    default:
        return (int64_t)x;
    }
}

/* The whole numbers of one lane, top to bottom; an absent cell repeats the one above it, and the
 * first ones the first that is there. */
static void fill_lane(const double *cells, size_t n_moments, size_t lane, pgs_encoding encoding,
                      int64_t *whole) {
    size_t first = 0;
    while (first < n_moments && isnan(cells[first * PGS_TILE_LANES + lane]))
        first++;
    int64_t last = first < n_moments ? whole_of(cells[first * PGS_TILE_LANES + lane], encoding) : 0;
    for (size_t t = 0; t < n_moments; t++) {
        double x = cells[t * PGS_TILE_LANES + lane];
        if (!isnan(x))
            last = whole_of(x, encoding);
        whole[t * PGS_TILE_LANES + lane] = last;
    }
}

static unsigned common_zeros(const int64_t *whole, size_t n_moments, size_t n_lanes) {
    uint64_t any = 0;
    for (size_t t = 0; t < n_moments; t++)
        for (size_t i = 0; i < n_lanes; i++)
            any |= (uint64_t)whole[t * PGS_TILE_LANES + i];
    return any == 0 ? 0 : (unsigned)__builtin_ctzll(any);
}

/* Differences wrap, as the decoder's sums do. */
static int64_t difference(const int64_t *row, size_t i, unsigned shift) {
    return (int64_t)((uint64_t)(row[i] >> shift) - (uint64_t)((row - PGS_TILE_LANES)[i] >> shift));
}

/* The part of a difference that fits `width` bytes; the rest is a multiple of 2^(8 * width). */
static int64_t low_part(int64_t d, unsigned width) {
    unsigned unused = 64 - 8 * width;
    return width == 0 ? 0 : (int64_t)((uint64_t)d << unused) >> unused;
}

/* How many lanes need an exception at that width, or more than MAX_EXCEPTIONS. */
static size_t exceptions_at(const int64_t *row, size_t n_lanes, unsigned shift, unsigned width) {
    size_t n = 0;
    for (size_t i = 0; i < n_lanes && n <= MAX_EXCEPTIONS; i++) {
        int64_t d = difference(row, i, shift);
        if (d == low_part(d, width))
            continue;
        __int128 high = ((__int128)d - low_part(d, width)) >> (8 * width);
        n += high >= INT16_MIN && high <= INT16_MAX ? 1 : MAX_EXCEPTIONS + 1;
    }
    return n;
}

static size_t exception_bytes(size_t n) {
    return n == 0 ? 0 : pad8(1 + 3 * n);
}

/* The width that makes the row shortest, an exception weighing as much as the bytes that take the
 * decoder as long. */
static uint8_t width_of(const int64_t *row, size_t n_lanes, unsigned shift) {
    static const uint8_t WIDTH[] = {0, 1, 2, 4, 8};
    size_t best = SIZE_MAX;
    uint8_t out = 8;
    for (size_t k = 0; k < PGS_COUNT_OF(WIDTH); k++) {
        size_t n = exceptions_at(row, n_lanes, shift, WIDTH[k]);
        size_t cost = WIDTH[k] * pad8(n_lanes) + exception_bytes(n) + n * EXCEPTION_COST;
        if (n > MAX_EXCEPTIONS || cost >= best)
            continue;
        best = cost;
        out = (uint8_t)(WIDTH[k] | (n > 0 ? PGS_TILE_EXCEPTIONS : 0));
    }
    return out;
}

static void put_exceptions(const int64_t *row, size_t n_lanes, unsigned shift, unsigned width,
                           pgs_buf *out) {
    uint8_t lane[MAX_EXCEPTIONS], bytes[1 + 3 * MAX_EXCEPTIONS + 7] = {0};
    int16_t high[MAX_EXCEPTIONS];
    uint8_t n = 0;
    for (size_t i = 0; i < n_lanes; i++) {
        int64_t d = difference(row, i, shift);
        if (d == low_part(d, width))
            continue;
        lane[n] = (uint8_t)i;
        high[n++] = (int16_t)(((__int128)d - low_part(d, width)) >> (8 * width));
    }
    bytes[0] = n;
    memcpy(bytes + 1, lane, n);
    memcpy(bytes + 1 + n, high, 2 * (size_t)n);
    pgs_buf_bytes(out, bytes, exception_bytes(n));
}

static void put_row(const int64_t *row, size_t n_lanes, unsigned shift, uint8_t code,
                    pgs_buf *out) {
    uint8_t packed[PGS_TILE_LANES * 8] = {0};
    unsigned width = code & PGS_TILE_WIDTH;
    for (size_t i = 0; i < n_lanes && width > 0; i++) {
        int64_t d = difference(row, i, shift);
        memcpy(packed + i * width, &d, width);
    }
    pgs_buf_bytes(out, packed, pad8(n_lanes) * width);
    if (code & PGS_TILE_EXCEPTIONS)
        put_exceptions(row, n_lanes, shift, width, out);
}

static void put_presence(const double *cells, size_t n_moments, size_t n_lanes, pgs_buf *out) {
    uint8_t bits[PGS_TILE_MOMENTS * PGS_TILE_LANES / 8] = {0};
    size_t bytes_a_row = pad8(n_lanes) / 8;
    for (size_t t = 0; t < n_moments; t++)
        for (size_t i = 0; i < n_lanes; i++)
            if (!isnan(cells[t * PGS_TILE_LANES + i]))
                bits[t * bytes_a_row + i / 8] |= (uint8_t)(1u << (i % 8));
    pgs_buf_bytes(out, bits, pad8(n_moments * bytes_a_row));
}

static void put_rows(const int64_t *whole, size_t n_moments, size_t n_lanes, unsigned shift,
                     pgs_buf *out) {
    uint8_t width[PGS_TILE_MOMENTS] = {0};
    int64_t line[PGS_TILE_LANES] = {0};
    size_t stride = pad8(n_lanes);
    for (size_t t = 1; t < n_moments; t++)
        width[t] = width_of(whole + t * PGS_TILE_LANES, n_lanes, shift);
    pgs_buf_bytes(out, width, pad8(n_moments));
    for (size_t i = 0; i < n_lanes; i++)
        line[i] = whole[i] >> shift;
    pgs_buf_bytes(out, line, stride * sizeof *line);
    for (size_t t = 1; t < n_moments; t++)
        put_row(whole + t * PGS_TILE_LANES, n_lanes, shift, width[t], out);
}

static bool all_or_none(const double *cells, size_t n_moments, size_t n_lanes, bool *none) {
    size_t seen = 0;
    for (size_t t = 0; t < n_moments; t++)
        for (size_t i = 0; i < n_lanes; i++)
            seen += isnan(cells[t * PGS_TILE_LANES + i]) ? 0 : 1;
    *none = seen == 0;
    return seen == n_moments * n_lanes;
}

static uint64_t checksum(const uint8_t *bytes, size_t n) {
    const pgs_kernels *k = pgs_kernels_get();
    return k->hash(bytes + HEADER_BYTES, n - HEADER_BYTES, k->hash(bytes, HASHED_HEADER, 0));
}

void pgs_block_encode(const double *cells, size_t n_moments, size_t n_lanes, pgs_unit unit,
                      int64_t id, pgs_buf *out) {
    bool none, all = all_or_none(cells, n_moments, n_lanes, &none);
    int64_t *whole = none ? NULL : pgs_alloc(PGS_TILE_MOMENTS * PGS_TILE_LANES, sizeof *whole);
    if (!whole) {
        out->failed |= !none;
        return;
    }
    pgs_encoding encoding = choose_encoding(cells, n_moments, n_lanes, unit);
    for (size_t i = 0; i < n_lanes; i++)
        fill_lane(cells, n_moments, i, encoding, whole);
    unsigned shift = common_zeros(whole, n_moments, n_lanes);
    uint8_t header[HEADER_BYTES] = {PGS_BLOCK_VERSION, (uint8_t)encoding, (uint8_t)shift,
                                    all ? 0 : FLAG_PRESENCE};
    uint16_t shape[2] = {(uint16_t)n_moments, (uint16_t)n_lanes};
    memcpy(header + 4, shape, sizeof shape);
    memcpy(header + 8, &id, sizeof id);
    size_t start = out->n;
    pgs_buf_bytes(out, header, sizeof header);
    if (!all)
        put_presence(cells, n_moments, n_lanes, out);
    put_rows(whole, n_moments, n_lanes, shift, out);
    pgs_free(whole);
    if (out->failed)
        return;
    uint64_t hash = checksum((const uint8_t *)out->data + start, out->n - start);
    memcpy(out->data + start + HASHED_HEADER, &hash, sizeof hash);
}

/* ---- viewing ---- */

/* Bytes of the parts before the deltas, or 0 where the header makes no sense. */
static size_t lay_out(const uint8_t *bytes, size_t n, pgs_tile *out) {
    uint16_t shape[2];
    memcpy(shape, bytes + 4, sizeof shape);
    *out = (pgs_tile){.encoding = (pgs_encoding)bytes[1], .shift = bytes[2]};
    out->n_moments = shape[0];
    out->n_lanes = shape[1];
    out->stride = pad8(out->n_lanes);
    if (bytes[1] >= PGS_ENCODING_COUNT || out->shift > 63 || bytes[3] > FLAG_PRESENCE ||
        out->n_moments == 0 || out->n_moments > PGS_TILE_MOMENTS || out->n_lanes == 0 ||
        out->n_lanes > PGS_TILE_LANES)
        return 0;
    size_t at = HEADER_BYTES;
    size_t presence = bytes[3] & FLAG_PRESENCE ? pad8(out->n_moments * out->stride / 8) : 0;
    if (presence > 0)
        out->present = bytes + at;
    at += presence;
    out->width = bytes + at;
    at += pad8(out->n_moments);
    out->base = (const void *)(bytes + at);
    at += out->stride * sizeof *out->base;
    out->deltas = bytes + at;
    return at <= n ? at : 0;
}

/* Whether `n` bytes hold the exceptions they begin with, of lanes that are there, in their order. */
static bool exceptions_hold(const uint8_t *at, size_t n, size_t stride) {
    if (n == 0 || pgs_tile_exception_bytes(at) > n)
        return false;
    for (size_t i = 0; i < at[0]; i++)
        if (at[1 + i] >= stride || (i > 0 && at[1 + i] <= at[i]))
            return false;
    return true;
}

static bool is_width(uint8_t code) {
    unsigned width = code & PGS_TILE_WIDTH;
    bool exceptions = code & PGS_TILE_EXCEPTIONS;
    return code <= (PGS_TILE_EXCEPTIONS | PGS_TILE_WIDTH) && width <= (exceptions ? 4 : 8) &&
           (width & (width - 1)) == 0;
}

const char *pgs_block_view(const void *data, size_t n, int64_t id, pgs_tile *out) {
    const uint8_t *bytes = data;
    if (n < HEADER_BYTES)
        return "it is too short";
    uint64_t hash;
    int64_t own_id;
    memcpy(&own_id, bytes + 8, sizeof own_id);
    memcpy(&hash, bytes + HASHED_HEADER, sizeof hash);
    if (hash != checksum(bytes, n))
        return "its checksum is wrong";
    if (bytes[0] != PGS_BLOCK_VERSION)
        return "it is of a newer version";
    if (own_id != id)
        return "it belongs elsewhere";
    size_t at = lay_out(bytes, n, out);
    if (at == 0 || out->width[0] != 0)
        return "its header makes no sense";
    for (size_t t = 1; t < out->n_moments; t++) {
        unsigned w = out->width[t] & PGS_TILE_WIDTH;
        if (!is_width(out->width[t]))
            return "it has a row of an impossible width";
        at += out->stride * w;
        if (!(out->width[t] & PGS_TILE_EXCEPTIONS))
            continue;
        if (!exceptions_hold(bytes + at, at < n ? n - at : 0, out->stride))
            return "it has a row of impossible exceptions";
        at += pgs_tile_exception_bytes(bytes + at);
    }
    return at == n ? NULL : "its length is not what its rows need";
}
