/* store/block.c and the plain decoder of data/series.c: what goes in comes out, in the bytes that
 * block.h promises, and nothing else is ever taken for a block. */
#include "store/block.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/guard.h"
#include "support/no_leaks.h"
#include "support/random.h"

#define T PGS_TILE_MOMENTS
#define G PGS_TILE_LANES
enum { HEADER = 24, ID = 77 };

static double cells[T * G], back[T * G];
static uint64_t room[PGS_BLOCK_MAX_BYTES / 8 + 1]; /* aligned as a reader's buffer is */
static uint8_t *const block = (uint8_t *)room;
static size_t n_block;

TestSuite(block, .fini = pgs_test_no_leaks);

/* ---- what a tile may hold ---- */

typedef enum filling {
    WALK,
    HUGE_NUMBERS,
    FLIP_FLOP,
    ZEROS,
    FALLING,
    PAGES,
    TIMES,
    HOLES,
    BORN_MIDWAY,
    ONE_CELL,
    HUNDREDTHS,
    REALS,
    TINY_REALS,
    MIXED_REALS,
    SPIKES,
    EDGES,
    STEADY_BYTES,
    STEADY_PAIRS,
    FILLINGS
} filling;

static const struct {
    const char *name;
    pgs_unit unit;
    pgs_encoding encoding;
} FILLING[FILLINGS] = {
    [WALK] = {"a random walk", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [HUGE_NUMBERS] = {"anything up to 2^53", PGS_UNIT_BYTES, PGS_ENCODING_INTEGER},
    [FLIP_FLOP] = {"0 and 2^53 in turn", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [ZEROS] = {"zeros", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [FALLING] = {"ever fewer", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [PAGES] = {"sizes in pages", PGS_UNIT_BYTES, PGS_ENCODING_INTEGER},
    [TIMES] = {"microseconds", PGS_UNIT_TIME, PGS_ENCODING_INTEGER},
    [HOLES] = {"holes anywhere", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [BORN_MIDWAY] = {"born and dropped midway", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [ONE_CELL] = {"one cell of all", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [HUNDREDTHS] = {"hundredths", PGS_UNIT_PERCENT, PGS_ENCODING_HUNDREDTHS},
    [REALS] = {"doubles of any digits", PGS_UNIT_REAL, PGS_ENCODING_BITS},
    [TINY_REALS] = {"the smallest doubles", PGS_UNIT_REAL, PGS_ENCODING_BITS},
    [MIXED_REALS] = {"hundredths but for holes and one", PGS_UNIT_REAL, PGS_ENCODING_BITS},
    [SPIKES] = {"a few busy lanes", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [EDGES] = {"steps at the edges of exceptions", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [STEADY_BYTES] = {"as much as a byte holds each time", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
    [STEADY_PAIRS] = {"as much as two bytes hold", PGS_UNIT_ROWS, PGS_ENCODING_INTEGER},
};

static double real_value(filling kind, random_state *r) {
    double hundredths = (double)random_below(r, 10001) / 100;
    switch (kind) {
    case REALS:
        return (double)random_bits(r) / 2048 * 0x1p-20;
    case TINY_REALS:
        return (double)random_below(r, 5) * 0x1p-1074;
    case MIXED_REALS:
        return random_below(r, 3) == 0 ? (double)NAN : hundredths;
    default:
        return hundredths;
    }
}

/* Up and down again, so that it stays between 0 and 2^53. */
static double spike(filling kind, size_t t, double above, random_state *r) {
    static const double LOW[] = {-129, -128, -1, 0, 1, 127, 128};
    if (t == 0)
        return 0x1p52 + (double)random_below(r, 100);
    if (random_below(r, 16) != 0)
        return above + (double)random_below(r, 3) - 1;
    double size = kind == SPIKES ? (double)(random_bits(r) >> (14 + random_below(r, 50)))
                                 : 32768 * (double)(1 << 8 * random_below(r, 4)) + LOW[t % 7];
    return above < 0x1p52 ? above + size : above - size;
}

static double value(filling kind, size_t t, size_t i, double above, random_state *r) {
    switch (kind) {
    case HUGE_NUMBERS:
        return (double)random_below(r, (INT64_C(1) << 53) + 1);
    case FLIP_FLOP:
        return (t + i) % 2 == 0 ? 0 : PGS_MAX_INTEGER;
    case ZEROS:
        return 0;
    case FALLING:
        return 1e9 - (double)t * (double)(i * i);
    case PAGES:
        return 8192 * (double)random_below(r, 1000000);
    case TIMES:
        return 1.7e15 + (double)t * 3600e6 + (double)random_below(r, 1000000);
    case HOLES:
        return random_below(r, 3) == 0 ? (double)NAN : (double)random_below(r, 1000);
    case BORN_MIDWAY:
        return t < i || t > 2 * i + 2 ? (double)NAN : (double)(1000 + t);
    case ONE_CELL:
        return (double)NAN;
    case WALK:
        return t == 0 ? (double)random_below(r, 100000) : above + (double)random_below(r, 200);
    case STEADY_BYTES:
        return 1000000001 + (double)t * (i % 2 ? 127 : -128);
    case STEADY_PAIRS:
        return 1000000001 + (double)t * (i % 2 ? 32767 : -32768);
    case SPIKES:
    case EDGES:
        return spike(kind, t, above, r);
    default:
        return real_value(kind, r);
    }
}

static void fill(filling kind, size_t n_moments, size_t n_lanes) {
    random_state r = {(uint64_t)kind + 1};
    for (size_t i = 0; i < T * G; i++)
        cells[i] = -1; /* beyond the shape: nobody may look */
    for (size_t t = 0; t < n_moments; t++)
        for (size_t i = 0; i < n_lanes; i++)
            cells[t * G + i] = value(kind, t, i, t > 0 ? cells[(t - 1) * G + i] : 0, &r);
    if (kind == ONE_CELL)
        cells[n_moments / 2 * G + n_lanes / 2] = 5;
    if (kind == HOLES)
        cells[0] = 5;
    if (kind == MIXED_REALS || kind == REALS)
        cells[(n_moments - 1) * G + n_lanes - 1] = 1.0 / 3;
    if (kind == TINY_REALS)
        cells[0] = 0x1p-1074;
}

static void encode(pgs_unit unit, size_t n_moments, size_t n_lanes) {
    pgs_buf bytes = {0};
    pgs_block_encode(cells, n_moments, n_lanes, unit, ID, &bytes);
    cr_assert(!bytes.failed);
    cr_assert_leq(bytes.n, PGS_BLOCK_MAX_BYTES);
    n_block = bytes.n;
    if (bytes.n > 0)
        memcpy(block, bytes.data, bytes.n);
    pgs_buf_reset(&bytes);
}

static const struct {
    size_t n_moments, n_lanes;
} SHAPE[] = {{1, 1}, {1, 256}, {256, 1}, {2, 8}, {3, 9}, {5, 7}, {37, 100}, {255, 255}, {256, 256}};

/* ---- there and back ---- */

static bool same(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void expect_back(const pgs_tile *tile, const char *what) {
    double row[G];
    for (size_t i = 0; i < T * G; i++)
        back[i] = -1;
    pgs_tile_rows(tile, back);
    for (size_t t = 0; t < tile->n_moments; t++) {
        bool alone = t % 29 == 0 || t + 1 == tile->n_moments;
        if (alone)
            pgs_tile_row(tile, t, row);
        for (size_t i = 0; i < tile->n_lanes; i++) {
            double want = cells[t * G + i];
            cr_assert(same(back[t * G + i], want) && (!alone || same(row[i], want)),
                      "%s: cell (%zu, %zu) is %.17g and %.17g, not %.17g", what, t, i,
                      back[t * G + i], row[i], want);
            cr_assert_eq(pgs_tile_has(tile, t, i), !isnan(want), "%s: (%zu, %zu)", what, t, i);
        }
    }
    for (size_t t = 0; t < T; t++) /* nothing else was touched */
        for (size_t i = t < tile->n_moments ? tile->n_lanes : 0; i < G; i++)
            cr_assert_eq(back[t * G + i], -1, "%s: wrote (%zu, %zu)", what, t, i);
}

Test(block, what_goes_in_comes_out) {
    for (filling kind = 0; kind < FILLINGS; kind++)
        for (size_t s = 0; s < PGS_COUNT_OF(SHAPE); s++) {
            pgs_tile tile;
            fill(kind, SHAPE[s].n_moments, SHAPE[s].n_lanes);
            encode(FILLING[kind].unit, SHAPE[s].n_moments, SHAPE[s].n_lanes);
            const char *why = pgs_block_view(block, n_block, ID, &tile);
            cr_assert_null(why, "%s: %s", FILLING[kind].name, why);
            cr_assert_eq(tile.n_moments, SHAPE[s].n_moments);
            cr_assert_eq(tile.n_lanes, SHAPE[s].n_lanes);
            cr_expect_eq(tile.encoding, FILLING[kind].encoding, "%s", FILLING[kind].name);
            expect_back(&tile, FILLING[kind].name);
        }
}

Test(block, minus_zero_is_zero) {
    pgs_tile tile;
    cells[0] = -0.0;
    encode(PGS_UNIT_PERCENT, 1, 1);
    cr_assert_null(pgs_block_view(block, n_block, ID, &tile));
    pgs_tile_row(&tile, 0, back);
    cr_assert_eq(back[0], 0);
}

Test(block, where_nothing_was_observed_there_is_no_block) {
    for (size_t i = 0; i < T * G; i++)
        cells[i] = NAN;
    encode(PGS_UNIT_ROWS, 256, 256);
    cr_expect_eq(n_block, 0);
    encode(PGS_UNIT_REAL, 1, 1);
    cr_expect_eq(n_block, 0);
}

Test(block, it_is_appended) {
    pgs_buf bytes = {0};
    pgs_tile tile;
    fill(WALK, 3, 9);
    pgs_buf_text(&bytes, "before: ");
    pgs_block_encode(cells, 3, 9, PGS_UNIT_ROWS, ID, &bytes);
    cr_assert(memcmp(bytes.data, "before: ", 8) == 0);
    n_block = bytes.n - 8;
    memcpy(block, bytes.data + 8, n_block);
    pgs_buf_reset(&bytes);
    cr_assert_null(pgs_block_view(block, n_block, ID, &tile));
    expect_back(&tile, "appended");
}

Test(block, without_memory_it_says_so) {
    pgs_buf bytes = {0};
    fill(WALK, 3, 9);
    for (size_t nth = 1; nth < 3; nth++) {
        pgs_mem_fail_at(nth);
        pgs_block_encode(cells, 3, 9, PGS_UNIT_ROWS, ID, &bytes);
        pgs_mem_fail_at(0);
        cr_expect(bytes.failed, "failing at %zu", nth);
        pgs_buf_reset(&bytes);
    }
}

Test(block, ids_are_unique_and_in_the_order_of_metric_group_and_time) {
    static const size_t NUMBER[] = {0, 1, 2, 255, 256, 65535, (1 << 24) - 1};
    int64_t last = -1;
    for (unsigned metric = 0; metric < 3; metric++)
        for (size_t g = 0; g < PGS_COUNT_OF(NUMBER); g++)
            for (size_t b = 0; b < PGS_COUNT_OF(NUMBER); b++) {
                int64_t id = pgs_block_id(metric, NUMBER[g], NUMBER[b]);
                cr_assert_gt(id, last);
                last = id;
            }
    cr_expect_eq(pgs_block_id(3, 2, 1), INT64_C(0x0003000002000001));
}

/* ---- the bytes are those of block.h: read here once more, from its words alone ---- */

static size_t padded(size_t n) {
    return n % 8 == 0 ? n : n + 8 - n % 8;
}

static int64_t read_signed(const uint8_t *at, unsigned width) {
    uint64_t x = 0;
    for (unsigned k = width; k > 0; k--)
        x = x << 8 | at[k - 1];
    bool negative = width > 0 && at[width - 1] & 0x80;
    return (int64_t)(negative && width < 8 ? x | ~UINT64_C(0) << (8 * width) : x);
}

static size_t read_exceptions(const uint8_t *at, unsigned width, int64_t *row) {
    size_t n = at[0];
    for (size_t i = 0; i < n; i++)
        row[at[1 + i]] += read_signed(at + 1 + n + 2 * i, 2) * (INT64_C(1) << (8 * width));
    return padded(1 + 3 * n);
}

/* Whole numbers of an integer block with n_moments * n_lanes values; returns its length. */
static size_t read_by_the_book(int64_t *whole) {
    size_t n_moments = block[4] + 256u * block[5], n_lanes = block[6] + 256u * block[7];
    size_t stride = padded(n_lanes);
    size_t at = HEADER + (block[3] & 1 ? padded(n_moments * stride / 8) : 0);
    const uint8_t *width = block + at;
    at += padded(n_moments);
    int64_t row[G];
    for (size_t i = 0; i < stride; i++, at += 8)
        row[i] = read_signed(block + at, 8);
    for (size_t t = 0; t < n_moments; t++) {
        for (size_t i = 0; t > 0 && i < stride; i++, at += width[t] % 16)
            row[i] += read_signed(block + at, width[t] % 16);
        if (width[t] >= 16)
            at += read_exceptions(block + at, width[t] - 16, row);
        for (size_t i = 0; i < n_lanes; i++)
            whole[t * n_lanes + i] = row[i] * (INT64_C(1) << block[2]);
    }
    return at;
}

Test(block, its_bytes_are_as_documented) {
    static int64_t whole[T * G];
    static const filling KIND[] = {WALK,  HUGE_NUMBERS, FLIP_FLOP, ZEROS, FALLING,
                                   PAGES, TIMES,        SPIKES,    EDGES};
    for (size_t k = 0; k < PGS_COUNT_OF(KIND); k++)
        for (size_t s = 0; s < PGS_COUNT_OF(SHAPE); s++) {
            size_t n_lanes = SHAPE[s].n_lanes;
            fill(KIND[k], SHAPE[s].n_moments, n_lanes);
            encode(FILLING[KIND[k]].unit, SHAPE[s].n_moments, n_lanes);
            cr_assert_eq(block[0], 1, "version");
            cr_assert_eq(read_signed(block + 8, 8), ID);
            cr_assert_eq(read_by_the_book(whole), n_block, "%s", FILLING[KIND[k]].name);
            for (size_t t = 0; t < SHAPE[s].n_moments; t++)
                for (size_t i = 0; i < n_lanes; i++)
                    cr_assert_eq((double)whole[t * n_lanes + i], cells[t * G + i], "%s",
                                 FILLING[KIND[k]].name);
        }
}

/* All lanes from 2^40 by `step`. An odd value keeps the shift at 0. */
static const struct {
    double step;
    unsigned width;
} STEP[] = {
    {0, 0},      {1, 1},           {-1, 1},           {127, 1},         {-128, 1},
    {128, 2},    {-129, 2},        {32767, 2},        {-32768, 2},      {32768, 4},
    {-32769, 4}, {2147483647., 4}, {-2147483648., 4}, {2147483648., 8}, {-2147483649., 8},
};

static void make_steps(size_t n_lanes, double step, size_t every, pgs_tile *tile) {
    for (size_t i = 0; i < n_lanes; i++) {
        cells[i] = 0x1p40 + 1 + (double)i;
        cells[G + i] = cells[i] + (i % every == 0 ? step : 1);
    }
    encode(PGS_UNIT_ROWS, 2, n_lanes);
    cr_assert_null(pgs_block_view(block, n_block, ID, tile));
    expect_back(tile, "a step");
}

Test(block, a_row_is_as_wide_as_its_steps_need) {
    for (size_t k = 0; k < PGS_COUNT_OF(STEP); k++) {
        pgs_tile tile;
        make_steps(64, STEP[k].step, 1, &tile);
        cr_expect_eq(tile.width[1], STEP[k].width, "a step of %g takes %u bytes", STEP[k].step,
                     tile.width[1]);
    }
}

Test(block, a_few_busy_lanes_do_not_widen_the_row) {
    pgs_tile tile;
    make_steps(256, 1000000, 64, &tile);
    size_t with_four = n_block;
    cr_expect_eq(tile.width[1], 1 | PGS_TILE_EXCEPTIONS);
    make_steps(256, 0, 256, &tile);
    cr_expect_eq(with_four, n_block + 16, "a byte each, and four of them three more");
}

Test(block, sizes_in_pages_are_stored_in_pages) {
    pgs_tile tile;
    for (size_t t = 0; t < 4; t++)
        for (size_t i = 0; i < 8; i++)
            cells[t * G + i] = 8192 * (double)(1001 + i + 100 * t);
    encode(PGS_UNIT_BYTES, 4, 8);
    cr_assert_null(pgs_block_view(block, n_block, ID, &tile));
    cr_expect_eq(tile.shift, 13);
    cr_expect_eq(tile.width[1], 1, "a hundred pages are one byte");
}

/* ---- damage ---- */

static const char *view_copy(size_t n, pgs_tile *tile) {
    return pgs_block_view(block, n, ID, tile);
}

Test(block, every_flipped_bit_is_noticed) {
    static const filling KIND[] = {WALK, HOLES, REALS, HUNDREDTHS};
    pgs_tile tile;
    random_state r = {9};
    for (size_t k = 0; k < PGS_COUNT_OF(KIND); k++)
        for (int large = 0; large < 2; large++) {
            size_t n = large ? 256 : 9;
            fill(KIND[k], n, n);
            encode(FILLING[KIND[k]].unit, n, n);
            size_t n_bits = 8 * n_block, n_tried = large ? 2000 : n_bits;
            for (size_t i = 0; i < n_tried; i++) {
                size_t bit = large ? random_bits(&r) % n_bits : i;
                block[bit / 8] ^= (uint8_t)(1 << bit % 8);
                cr_assert_not_null(view_copy(n_block, &tile), "%s: bit %zu of %zu",
                                   FILLING[KIND[k]].name, bit, n_bits);
                block[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
            cr_assert_null(view_copy(n_block, &tile));
        }
}

Test(block, a_shorter_or_longer_one_is_noticed) {
    pgs_tile tile;
    fill(HOLES, 9, 9);
    encode(PGS_UNIT_ROWS, 9, 9);
    for (size_t n = 0; n < n_block; n++)
        cr_assert_not_null(view_copy(n, &tile), "%zu of %zu bytes", n, n_block);
    block[n_block] = 0;
    cr_assert_not_null(view_copy(n_block + 1, &tile));
}

/* What a stranger can do: the checksum is no secret. */
static void seal(uint8_t *bytes, size_t n) {
    uint64_t hash = pgs_hash(bytes + HEADER, n - HEADER, pgs_hash(bytes, 16, 0));
    memcpy(bytes + 16, &hash, sizeof hash);
}

static const struct {
    const char *name;
    size_t at;
    uint8_t value;
    const char *said;
} ALTERED[] = {
    {"a newer version", 0, 2, "newer version"},
    {"an unknown encoding", 1, PGS_ENCODING_COUNT, "header"},
    {"a shift beyond 63", 2, 64, "header"},
    {"an unknown flag", 3, 2, "header"},
    {"no moments", 4, 0, "header"},
    {"more than 256 moments", 5, 2, "header"},
    {"no lanes", 6, 0, "header"},
    {"more than 256 lanes", 7, 2, "header"},
    {"another id", 8, ID + 1, "elsewhere"},
    {"another metric", 14, 1, "elsewhere"},
    {"a width for the first row", HEADER, 1, "header"},
    {"a width of 3", HEADER + 1, 3, "width"},
    {"a width of 8 with exceptions", HEADER + 1, 8 | 16, "width"},
    {"a width of 3 with exceptions", HEADER + 1, 3 | 16, "width"},
    {"a width of 32", HEADER + 1, 32, "width"},
    {"a width of 255", HEADER + 1, 255, "width"},
    {"a larger width than there are bytes", HEADER + 1, 8, "exceptions"},
    {"a smaller width", HEADER + 1, 0, "exceptions"},
    {"more lanes", 6, 200, "header"},
    {"fewer moments", 4, 8, "exceptions"},
};

Test(block, altered_and_sealed_it_is_refused_and_says_why) {
    pgs_tile tile;
    fill(WALK, 9, 9);
    for (size_t k = 0; k < PGS_COUNT_OF(ALTERED); k++) {
        encode(PGS_UNIT_ROWS, 9, 9);
        block[ALTERED[k].at] = ALTERED[k].value;
        seal(block, n_block);
        const char *why = view_copy(n_block, &tile);
        cr_assert_not_null(why, "%s", ALTERED[k].name);
        cr_expect_not_null(strstr(why, ALTERED[k].said), "%s: %s", ALTERED[k].name, why);
    }
}

static const struct {
    const char *name;
    size_t at; /* in the exceptions of the last row */
    uint8_t value;
} EXCEPTIONS[] = {
    {"a lane that is not there", 1, 16},
    {"more exceptions than there are bytes", 0, 3},
    {"very many exceptions", 0, 255},
};

/* They are written in the order of their lanes, so a lane has one at most. */
Test(block, exceptions_out_of_order_are_refused) {
    static const uint8_t LANES[][2] = {{5, 5}, {9, 5}};
    for (size_t k = 0; k < PGS_COUNT_OF(LANES); k++) {
        pgs_tile tile;
        make_steps(16, 1, 1, &tile);
        cells[G + 5] += 300;
        cells[G + 9] += 300;
        encode(PGS_UNIT_ROWS, 2, 16);
        cr_assert_null(view_copy(n_block, &tile));
        cr_assert_eq(tile.width[1], 1 | PGS_TILE_EXCEPTIONS);
        cr_assert_eq(block[n_block - 8], 2);
        memcpy(block + n_block - 7, LANES[k], 2);
        seal(block, n_block);
        cr_expect_not_null(view_copy(n_block, &tile), "case %zu", k);
    }
}

Test(block, exceptions_of_lanes_that_are_not_there_are_refused) {
    for (size_t k = 0; k < PGS_COUNT_OF(EXCEPTIONS); k++) {
        pgs_tile tile;
        make_steps(16, 1, 1, &tile);
        cells[G + 5] += 300;
        encode(PGS_UNIT_ROWS, 2, 16);
        cr_assert_null(view_copy(n_block, &tile));
        cr_assert_eq(tile.width[1], 1 | PGS_TILE_EXCEPTIONS);
        block[n_block - 8 + EXCEPTIONS[k].at] = EXCEPTIONS[k].value;
        seal(block, n_block);
        const char *why = view_copy(n_block, &tile);
        cr_assert_not_null(why, "%s", EXCEPTIONS[k].name);
        cr_expect_not_null(strstr(why, "exceptions"), "%s: %s", EXCEPTIONS[k].name, why);
    }
}

/* A random block, often with a plausible head, so that many get past the header. */
static size_t make_hostile(uint8_t *bytes, size_t n, random_state *r) {
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)random_bits(r);
    bytes[0] = 1;
    bytes[1] = (uint8_t)random_below(r, 4);
    bytes[2] = (uint8_t)random_below(r, 66);
    bytes[3] = (uint8_t)random_below(r, 3);
    bytes[4] = (uint8_t)random_below(r, 4);
    bytes[5] = 0;
    bytes[6] = (uint8_t)random_below(r, 12);
    bytes[7] = 0;
    int64_t id = ID;
    memcpy(bytes + 8, &id, sizeof id);
    size_t presence = bytes[3] == 1 ? padded(bytes[4] * padded(bytes[6]) / 8) : 0;
    for (size_t i = 0; i < 8 && HEADER + presence + i < n; i++)
        bytes[HEADER + presence + i] =
            (uint8_t[]){0, 0, 1, 2, 4, 8, 16, 17, 18, 20}[random_below(r, 10)];
    seal(bytes, n);
    return n;
}

Test(block, hostile_and_sealed_it_never_reads_beyond_its_end) {
    guard g = guard_make(4096);
    random_state r = {1};
    int n_taken = 0;
    for (int i = 0; i < 200000; i++) {
        pgs_tile tile;
        size_t n = HEADER + 8 * (size_t)random_below(&r, 24);
        uint8_t *bytes = guard_last(&g, n, 0);
        make_hostile(bytes, n, &r);
        if (pgs_block_view(bytes, n, ID, &tile))
            continue;
        n_taken++;
        pgs_tile_rows(&tile, back);
        pgs_tile_row(&tile, tile.n_moments - 1, back);
    }
    cr_expect_gt(n_taken, 100, "%d were well formed", n_taken);
    guard_free(&g);
}
