/* A series as one long CSV, a row a moment and partition: what `pgskew-collect import-history`
 * reads. Tiles are decoded a time block at a time, because every row needs a cell of each; numbers
 * and times are spelled by hand into one buffer, because there may be a billion of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pgskew/report.h"

#define BUFFER_BYTES ((size_t)1 << 16)
#define CELL_BYTES   ((size_t)64) /* more than a number or a time needs */
#define TILE_CELLS   (PGS_TILE_MOMENTS * PGS_TILE_LANES)
#define FORMULA      "=+-@\t\r\n" /* what a spreadsheet takes for the beginning of a formula */

typedef struct writer {
    const pgs_long_csv *in;
    FILE *out;
    char *buffer;
    size_t n; /* bytes in it */

    pgs_metric metric[PGS_METRIC_COUNT]; /* [n_metrics] the columns */
    size_t n_metrics, n_groups;
    double **cells; /* [n_metrics + 1][n_groups] tiles of the time block; the last is presence */
    bool *there;    /* [n_metrics + 1][n_groups] whether the time block has the tile */

    size_t *by_moment;           /* [n_changes] the changes in the order of time */
    size_t n_applied;            /* how many of them are true already */
    const pgs_lane_change **now; /* [n_lanes] what is true of each lane; NULL: not there yet */
    size_t *order;               /* [n_lanes] lanes by partition number */
    bool has_names;
    pgs_moment sum; /* of what was written of the moment */
} writer;

/* ---- bytes ---- */

static void flush(writer *w) {
    fwrite(w->buffer, 1, w->n, w->out);
    w->n = 0;
}

static void put(writer *w, const char *text, size_t n) {
    if (n > BUFFER_BYTES - w->n)
        flush(w);
    if (n > BUFFER_BYTES) {
        fwrite(text, 1, n, w->out);
        return;
    }
    memcpy(w->buffer + w->n, text, n);
    w->n += n;
}

static void put_byte(writer *w, char c) {
    put(w, &c, 1);
}

static void put_whole(writer *w, uint64_t value) {
    char backwards[20];
    size_t n = sizeof backwards;
    do
        backwards[--n] = (char)('0' + value % 10);
    while (value /= 10);
    put(w, backwards + n, sizeof backwards - n);
}

/* A name that a spreadsheet would take for a formula gets an apostrophe, and so does one that has
 * some already, so that whoever reads it can take one off. */
static void put_name(writer *w, const char *name) {
    const char *first = name + strspn(name, "'");
    const char *apostrophe = *first && strchr(FORMULA, *first) ? "'" : "";
    if (*name && !name[strcspn(name, ",\"\r\n")]) {
        put(w, apostrophe, strlen(apostrophe));
        put(w, name, strlen(name));
        return;
    }
    put_byte(w, '"');
    put(w, apostrophe, strlen(apostrophe));
    for (; *name; name++) {
        if (*name == '"')
            put_byte(w, '"');
        put_byte(w, *name);
    }
    put_byte(w, '"');
}

/* ---- rows ---- */

static pgs_status bad_value(const writer *w, size_t t, const pgs_lane_change *part, pgs_metric m,
                            pgs_err *err) {
    char text[PGS_TIME_TEXT_MAX];
    return pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: %s of partition %lld at %s cannot be",
                    w->in->series->head.path, pgs_metric_get(m)->key, (long long)part->num,
                    pgs_time_format(w->in->series->moment[t].taken_us, text));
}

/* False: it is nothing that a snapshot could hold. */
static bool put_value(writer *w, pgs_metric metric, double x) {
    pgs_unit unit = pgs_metric_get(metric)->unit;
    char text[CELL_BYTES];
    if (isnan(x))
        return true;
    if (!(x >= 0 && x <= PGS_MAX_INTEGER) || (pgs_unit_is_integer(unit) && x != floor(x)))
        return false;
    if (unit == PGS_UNIT_TIME)
        pgs_time_format((int64_t)x, text);
    else if (!pgs_unit_is_integer(unit))
        pgs_num_format(x, text);
    if (unit == PGS_UNIT_TIME || !pgs_unit_is_integer(unit))
        put(w, text, strlen(text));
    else
        put_whole(w, (uint64_t)x);
    return true;
}

static pgs_status put_row(writer *w, size_t t, size_t lane, const char *time, pgs_err *err) {
    const pgs_lane_change *part = w->now[lane];
    size_t group = lane / PGS_TILE_LANES,
           cell = t % PGS_TILE_MOMENTS * PGS_TILE_LANES + lane % PGS_TILE_LANES;
    put(w, time, strlen(time));
    put_byte(w, ',');
    put_whole(w, (uint64_t)part->num);
    if (w->has_names)
        put_byte(w, ',');
    if (w->has_names && part->name)
        put_name(w, part->name);
    for (size_t k = 0; k < w->n_metrics; k++) {
        size_t tile = k * w->n_groups + group;
        put_byte(w, ',');
        if (w->there[tile] && !put_value(w, w->metric[k], w->cells[tile][cell]))
            return bad_value(w, t, part, w->metric[k], err);
        for (pgs_measure m = 0; w->there[tile] && m < PGS_MEASURE_COUNT; m++)
            if (w->metric[k] == pgs_measure_metric(m))
                pgs_moment_add(&w->sum, m, &w->cells[tile][cell], 1);
    }
    put_byte(w, '\n');
    return PGS_OK;
}

/* What was written of a moment is what the history kept of it. */
static pgs_status check_sums(const writer *w, const pgs_moment *kept, const char *time,
                             pgs_err *err) {
    for (pgs_measure m = 0; m < PGS_MEASURE_COUNT; m++)
        if (w->sum.total[m] != kept->total[m] || w->sum.n_seen[m] != kept->n_seen[m])
            return pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: %s at %s is not what was packed",
                            w->in->series->head.path, pgs_metric_get(pgs_measure_metric(m))->key,
                            time);
    return PGS_OK;
}

static bool is_present(const writer *w, size_t t, size_t lane) {
    size_t tile = w->n_metrics * w->n_groups + lane / PGS_TILE_LANES;
    return w->there[tile] &&
           w->cells[tile][t % PGS_TILE_MOMENTS * PGS_TILE_LANES + lane % PGS_TILE_LANES] > 0;
}

static pgs_status put_moment(writer *w, size_t t, pgs_err *err) {
    const pgs_moment *moment = &w->in->series->moment[t];
    char time[PGS_TIME_TEXT_MAX];
    int64_t last = -1;
    size_t n_parts = 0;
    pgs_status st = PGS_OK;
    w->sum = (pgs_moment){0};
    pgs_time_format(moment->taken_us, time);
    for (size_t i = 0; st == PGS_OK && i < w->in->series->n_lanes; i++) {
        size_t lane = w->order[i];
        if (!w->now[lane] || !is_present(w, t, lane))
            continue;
        if (w->now[lane]->num <= last)
            return pgs_fail(err, PGS_E_DATA,
                            "\"%s\" is damaged: partition %lld is there twice at %s",
                            w->in->series->head.path, (long long)w->now[lane]->num, time);
        last = w->now[lane]->num;
        n_parts++;
        st = put_row(w, t, lane, time, err);
    }
    if (st == PGS_OK && n_parts != moment->n_parts)
        st = pgs_fail(err, PGS_E_DATA, "\"%s\" is damaged: %s has %zu of its %zu partitions",
                      w->in->series->head.path, time, n_parts, moment->n_parts);
    return st == PGS_OK ? check_sums(w, moment, time, err) : st;
}

/* ---- who is who ---- */

static int by_moment(const void *a, const void *b, void *context) {
    const pgs_lane_change *all = context, *x = &all[*(const size_t *)a],
                          *y = &all[*(const size_t *)b];
    if (x->moment != y->moment)
        return x->moment < y->moment ? -1 : 1;
    return (x->lane > y->lane) - (x->lane < y->lane);
}

static int by_number(const void *a, const void *b, void *context) {
    const pgs_lane_change **now = context;
    size_t i = *(const size_t *)a, k = *(const size_t *)b;
    int64_t x = now[i] ? now[i]->num : INT64_MAX, y = now[k] ? now[k]->num : INT64_MAX;
    if (x != y)
        return x < y ? -1 : 1;
    return (i > k) - (i < k);
}

/* What is true from moment `t` on. */
static void apply_changes(writer *w, size_t t) {
    size_t before = w->n_applied;
    while (w->n_applied < w->in->n_changes) {
        const pgs_lane_change *change = &w->in->change[w->by_moment[w->n_applied]];
        if (change->moment > t)
            break;
        if (change->lane < w->in->series->n_lanes)
            w->now[change->lane] = change->num >= 0 ? change : NULL;
        w->n_applied++;
    }
    if (w->n_applied > before && w->in->series->n_lanes > 0)
        qsort_r(w->order, w->in->series->n_lanes, sizeof *w->order, by_number, w->now);
}

/* ---- tiles ---- */

static pgs_status read_tile(writer *w, size_t k, size_t group, size_t block, pgs_err *err) {
    size_t at = k * w->n_groups + group;
    pgs_metric metric = k < w->n_metrics ? w->metric[k] : PGS_PRESENCE;
    pgs_tile tile;
    pgs_status st = w->in->tiles->read(w->in->tiles->context, 0, metric, group, block, &tile, err);
    w->there[at] = st == PGS_OK && tile.n_moments > 0;
    if (!w->there[at])
        return st;
    if (!w->cells[at] && !(w->cells[at] = pgs_alloc(TILE_CELLS, sizeof **w->cells)))
        return pgs_no_memory(err);
    for (size_t i = 0; i < TILE_CELLS; i++)
        w->cells[at][i] = NAN;
    pgs_tile_rows(&tile, w->cells[at]);
    return PGS_OK;
}

static pgs_status put_block(writer *w, size_t block, pgs_err *err) {
    size_t first = block * PGS_TILE_MOMENTS, end = first + PGS_TILE_MOMENTS;
    pgs_status st = PGS_OK;
    for (size_t k = 0; k <= w->n_metrics; k++)
        for (size_t g = 0; st == PGS_OK && g < w->n_groups; g++)
            st = read_tile(w, k, g, block, err);
    for (size_t t = first > w->in->first ? first : w->in->first;
         st == PGS_OK && t < end && t < w->in->end && !ferror(w->out); t++) {
        apply_changes(w, t);
        st = put_moment(w, t, err);
        if (w->in->step)
            w->in->step(w->in->context, t + 1 - w->in->first, w->in->end - w->in->first);
    }
    return st;
}

/* ---- the whole ---- */

static void put_header(writer *w) {
    static const char START[] = "taken_at,partition_num", NAME[] = ",partition_name";
    put(w, START, sizeof START - 1);
    if (w->has_names)
        put(w, NAME, sizeof NAME - 1);
    for (size_t k = 0; k < w->n_metrics; k++) {
        const char *key = w->metric[k] == PGS_LAST_CREATED_AT ? "last_created"
                                                              : pgs_metric_get(w->metric[k])->key;
        put_byte(w, ',');
        put(w, key, strlen(key));
    }
    put_byte(w, '\n');
}

static pgs_status begin(writer *w, pgs_err *err) {
    const pgs_long_csv *in = w->in;
    for (pgs_metric m = 0; m < PGS_METRIC_COUNT; m++)
        if (in->metrics >> m & 1)
            w->metric[w->n_metrics++] = m;
    w->n_groups = (in->series->n_lanes + PGS_TILE_LANES - 1) / PGS_TILE_LANES;
    w->buffer = pgs_alloc(BUFFER_BYTES, 1);
    w->cells = pgs_alloc((w->n_metrics + 1) * w->n_groups, sizeof *w->cells);
    w->there = pgs_alloc((w->n_metrics + 1) * w->n_groups, sizeof *w->there);
    w->by_moment = pgs_alloc(in->n_changes, sizeof *w->by_moment);
    w->now = pgs_alloc(in->series->n_lanes, sizeof(void *));
    w->order = pgs_alloc(in->series->n_lanes, sizeof *w->order);
    if (!w->buffer || !w->cells || !w->there || !w->by_moment || !w->now || !w->order)
        return pgs_no_memory(err);
    for (size_t i = 0; i < in->n_changes; i++) {
        w->by_moment[i] = i;
        w->has_names |= in->change[i].name != NULL;
    }
    for (size_t i = 0; i < in->series->n_lanes; i++)
        w->order[i] = i;
    if (in->n_changes > 1)
        qsort_r(w->by_moment, in->n_changes, sizeof *w->by_moment, by_moment, (void *)in->change);
    return PGS_OK;
}

static void end(writer *w) {
    for (size_t i = 0; w->cells && i < (w->n_metrics + 1) * w->n_groups; i++)
        pgs_free(w->cells[i]);
    pgs_free(w->cells);
    pgs_free(w->there);
    pgs_free(w->by_moment);
    pgs_free(w->now);
    pgs_free(w->order);
    pgs_free(w->buffer);
}

pgs_status pgs_long_csv_write(FILE *out, const pgs_long_csv *input, pgs_err *err) {
    writer w = {.in = input, .out = out};
    pgs_status st = begin(&w, err);
    if (st == PGS_OK)
        put_header(&w);
    for (size_t block = input->first / PGS_TILE_MOMENTS;
         st == PGS_OK && block * PGS_TILE_MOMENTS < input->end && !ferror(out); block++)
        st = put_block(&w, block, err);
    if (st == PGS_OK)
        flush(&w);
    end(&w);
    return st; /* write errors stay with `out`; whoever closes it asks */
}
