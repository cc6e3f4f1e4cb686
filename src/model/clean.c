/* Cleaning a daily frame: first what concerns the whole table (gaps, misread totals, ways of counting), then
 * each partition, then what many partitions did at once. Limits are in robust standard deviations of the
 * daily change (8 of them: Iglewicz and Hoaglin's score, far out), because one burst must not hide the next. */
#include "pgskew/clean.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/cleaner.h"

#define FAR_OUT       8.0
#define MISREAD_SHARE 0.05 /* of the total: less is no misreading */
#define RETURNS       0.2  /* of a misreading's size: how near the total comes back */

pgs_usual pgs_usual_of(double *rate, size_t n, double least) {
    pgs_spread s = pgs_spread_of(rate, n);
    double grain = sqrt(s.median > 0 ? s.median : 0);
    double floor_sd = grain > least ? grain : least;
    return (pgs_usual){s.median, s.sd > floor_sd ? s.sd : floor_sd};
}

void pgs_cleaner_note(pgs_cleaner *k, const pgs_cleaning *cleaning) {
    pgs_buf_bytes(&k->cleanings, cleaning, sizeof *cleaning);
}

/* ---- the whole table ---- */

static bool row_is_observed(const pgs_frame *f, size_t t) {
    if (f->counts[t] != PGS_COUNTS_COUNT)
        return true;
    for (int m = 0; m < PGS_MEASURE_COUNT; m++) {
        const double *cell = f->metric[pgs_measure_metric((pgs_measure)m)];
        for (size_t p = 0; cell && p < f->n_parts; p++)
            if (!isnan(cell[t * f->stride + p]))
                return true;
    }
    return false;
}

/* Rows in which somebody looked into `row`; returns how many. */
static size_t looked_rows(pgs_cleaner *k, size_t *row) {
    size_t n = 0;
    for (size_t t = 0; t < k->frame->n_times; t++)
        if ((k->out->looked[t] = row_is_observed(k->frame, t)))
            row[n++] = t;
    k->first = n > 0 ? row[0] : 0;
    k->last = n > 0 ? row[n - 1] : 0;
    return n;
}

/* The sum of the partitions observed in row `at`, of those that are observed in row `with` too. */
static double total(const pgs_cleaner *k, pgs_measure m, size_t at, size_t with) {
    const pgs_frame *f = k->frame;
    const double *cell = f->metric[pgs_measure_metric(m)];
    double sum = 0;
    for (size_t p = 0; p < f->n_parts; p++)
        if (!isnan(cell[at * f->stride + p]) && !isnan(cell[with * f->stride + p]))
            sum += cell[at * f->stride + p];
    return sum;
}

static void note_gaps(pgs_cleaner *k, const size_t *row, size_t n) {
    for (size_t i = 1; i < n; i++) {
        pgs_cleaning c = {.kind = PGS_CLEANED_GAP,
                          .p = PGS_WHOLE_TABLE,
                          .from = row[i - 1],
                          .to = row[i],
                          .before = NAN,
                          .after = NAN};
        if (2 * (row[i] - row[i - 1]) > 3 * k->out->usual_days) { /* months differ */
            c.before = k->frame->metric[PGS_CHUNK_COUNT]
                           ? total(k, PGS_BY_CHUNKS, row[i - 1], row[i])
                           : NAN;
            c.after = k->frame->metric[PGS_CHUNK_COUNT]
                          ? total(k, PGS_BY_CHUNKS, row[i], row[i - 1])
                          : NAN;
            pgs_cleaner_note(k, &c);
        }
    }
}

static void note_methods(pgs_cleaner *k, const size_t *row, size_t n) {
    const uint8_t *counts = k->frame->counts;
    for (size_t i = 1; i < n && k->frame->metric[PGS_CHUNK_COUNT]; i++) {
        if (counts[row[i]] == counts[row[i - 1]])
            continue;
        pgs_cleaning c = {.kind = PGS_CLEANED_METHOD,
                          .p = PGS_WHOLE_TABLE,
                          .from = row[i - 1],
                          .to = row[i],
                          .before = total(k, PGS_BY_CHUNKS, row[i - 1], row[i]),
                          .after = total(k, PGS_BY_CHUNKS, row[i], row[i - 1])};
        pgs_cleaner_note(k, &c);
    }
}

/* Up and down again, or down and up, each far beyond the usual. */
static bool is_misread(double up, double down, const pgs_usual *usual, double before) {
    double least = fabs(up) < fabs(down) ? fabs(up) : fabs(down);
    double back = fabs(up + down);
    return up * down < 0 && least > FAR_OUT * usual->sd && least >= MISREAD_SHARE * before &&
           back <= RETURNS * least;
}

/* change[i]: of the total from row[i - 1] to row[i]. */
static void note_misreads(pgs_cleaner *k, pgs_measure m, const size_t *row, size_t n,
                          double *change) {
    for (size_t i = 1; i < n; i++) {
        change[i] = total(k, m, row[i], row[i - 1]) - total(k, m, row[i - 1], row[i]);
        k->room[i - 1] = change[i] / (double)(row[i] - row[i - 1]);
    }
    if (n < 3)
        return;
    pgs_usual usual = pgs_usual_of(k->room, n - 1, m == PGS_BY_CHUNKS ? 1 : 8192);
    for (size_t i = 1; i + 1 < n; i++) {
        double expected[2] = {usual.median * (double)(row[i] - row[i - 1]),
                              usual.median * (double)(row[i + 1] - row[i])};
        double before = total(k, m, row[i - 1], row[i]);
        if (k->misread[m][row[i - 1]] ||
            !is_misread(change[i] - expected[0], change[i + 1] - expected[1], &usual, before))
            continue;
        k->misread[m][row[i]] = true;
        pgs_cleaning c = {.kind = PGS_CLEANED_MISREAD,
                          .measure = m,
                          .p = PGS_WHOLE_TABLE,
                          .from = row[i - 1],
                          .to = row[i],
                          .before = before,
                          .after = before + change[i]};
        pgs_cleaner_note(k, &c);
    }
}

/* In the row that is nearest to it. */
static void note_clocks(pgs_cleaner *k) {
    const pgs_frame *f = k->frame;
    for (size_t i = 0; i < f->n_astray && f->n_times > 0; i++) {
        bool late = f->astray[i].first_us > f->taken_us[f->n_times - 1];
        size_t row = late ? f->n_times - 1 : 0;
        pgs_cleaning c = {.kind = PGS_CLEANED_CLOCK,
                          .p = PGS_WHOLE_TABLE,
                          .from = row,
                          .to = row,
                          .before = NAN,
                          .after = NAN,
                          .from_us = f->astray[i].first_us,
                          .to_us = f->astray[i].last_us};
        pgs_cleaner_note(k, &c);
    }
}

static void clean_table(pgs_cleaner *k) {
    size_t n = looked_rows(k, k->row);
    k->out->usual_days = 1;
    for (size_t i = 1; i < n; i++)
        k->room[i - 1] = (double)(k->row[i] - k->row[i - 1]);
    if (n > 1)
        k->out->usual_days = (size_t)pgs_ranked(k->room, n - 1, (n - 1) / 2);
    note_clocks(k);
    note_gaps(k, k->row, n);
    note_methods(k, k->row, n);
    for (int m = 0; m < PGS_MEASURE_COUNT; m++)
        if (k->out->stock[m])
            note_misreads(k, (pgs_measure)m, k->row, n, k->value);
}

/* ---- many at once ---- */

static bool is_reset(const pgs_cleaner *k, size_t t) {
    return k->n_truncated[t] > 1 && 2 * k->n_truncated[t] >= k->n_followed[t];
}

/* One decision for the table takes the place of one for each partition. */
static void merge_resets(pgs_cleaner *k) {
    pgs_cleaning *c = (pgs_cleaning *)(void *)k->cleanings.data;
    size_t n = k->cleanings.n / sizeof *c, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (c[i].kind != PGS_CLEANED_TRUNCATED || !is_reset(k, c[i].to))
            c[kept++] = c[i];
    k->cleanings.n = kept * sizeof *c;
}

static void reset_all(pgs_cleaner *k, size_t t) {
    const pgs_frame *f = k->frame;
    size_t from = t - 1;
    while (from > 0 && !k->out->looked[from])
        from--;
    pgs_cleaning c = {.kind = PGS_CLEANED_RESET,
                      .p = PGS_WHOLE_TABLE,
                      .from = from,
                      .to = t,
                      .before = total(k, PGS_BY_CHUNKS, from, t),
                      .after = total(k, PGS_BY_CHUNKS, t, from)};
    pgs_cleaner_note(k, &c);
    for (int m = 0; m < PGS_MEASURE_COUNT; m++)
        for (size_t p = 0; k->out->flow[m] && p < f->n_parts; p++) {
            size_t *start = &k->out->start[m][p];
            for (size_t i = from + 1; i <= t; i++)
                k->out->flow[m][i * f->stride + p] = NAN;
            *start = *start < t ? t : *start;
        }
}

static int by_row(const void *a, const void *b) {
    const pgs_cleaning *x = a, *y = b;
    size_t p = x->p + 1, q = y->p + 1; /* the whole table becomes 0 */
    int order = (x->to > y->to) - (x->to < y->to);
    if (order == 0)
        order = (p > q) - (p < q);
    if (order == 0)
        order = (int)x->measure - (int)y->measure;
    if (order == 0)
        order = (int)x->kind - (int)y->kind;
    return order != 0 ? order : (x->to_us > y->to_us) - (x->to_us < y->to_us);
}

static void name(const pgs_frame *f, pgs_cleaning *c) {
    c->num = c->p == PGS_WHOLE_TABLE ? -1 : f->part_num[c->p];
    c->name = c->p == PGS_WHOLE_TABLE ? NULL : f->part[c->p];
    if (c->kind != PGS_CLEANED_CLOCK) {
        c->from_us = f->taken_us[c->from];
        c->to_us = f->taken_us[c->to];
    }
    c->action = pgs_cleaning_action(c->kind);
}

static pgs_status finish(pgs_cleaner *k, pgs_err *err) {
    merge_resets(k);
    for (size_t t = 1; t < k->frame->n_times; t++)
        if (is_reset(k, t))
            reset_all(k, t);
    size_t n = k->cleanings.n / sizeof(pgs_cleaning);
    k->out->cleaning = pgs_arena_alloc(k->out->arena, n, sizeof(pgs_cleaning));
    if (!k->out->cleaning || k->cleanings.failed)
        return pgs_no_memory(err);
    if (n > 0) {
        memcpy(k->out->cleaning, k->cleanings.data, n * sizeof(pgs_cleaning));
        for (size_t i = 0; i < n; i++)
            name(k->frame, &k->out->cleaning[i]);
        qsort(k->out->cleaning, n, sizeof(pgs_cleaning), by_row);
    }
    k->out->n_cleanings = n;
    return PGS_OK;
}

/* ---- room ---- */

static bool make_measure(pgs_cleaner *k, pgs_measure m) {
    const pgs_frame *f = k->frame;
    pgs_clean *out = k->out;
    size_t n = f->n_times * f->stride;
    k->misread[m] = pgs_alloc(f->n_times, sizeof(bool));
    if (!f->metric[pgs_measure_metric(m)])
        return k->misread[m] != NULL;
    out->stock[m] = pgs_arena_alloc(out->arena, n, sizeof(double));
    out->flow[m] = pgs_arena_alloc(out->arena, n, sizeof(double));
    out->start[m] = pgs_arena_alloc(out->arena, f->n_parts, sizeof(size_t));
    if (!k->misread[m] || !out->stock[m] || !out->flow[m] || !out->start[m])
        return false;
    for (size_t i = 0; i < n; i++)
        out->stock[m][i] = out->flow[m][i] = NAN;
    return true;
}

static bool make_room(pgs_cleaner *k) {
    const pgs_frame *f = k->frame;
    size_t n = f->n_times;
    k->out->arena = pgs_arena_new();
    if (k->out->arena)
        k->out->looked = pgs_arena_alloc(k->out->arena, n, sizeof *k->out->looked);
    k->renewed = pgs_alloc(n * f->n_parts, sizeof *k->renewed);
    k->n_followed = pgs_alloc(n, sizeof *k->n_followed);
    k->n_truncated = pgs_alloc(n, sizeof *k->n_truncated);
    k->row = pgs_alloc(n, sizeof *k->row);
    k->value = pgs_alloc(n, sizeof *k->value);
    k->rate = pgs_alloc(n, sizeof *k->rate);
    k->room = pgs_alloc(n, sizeof *k->room);
    k->anew = pgs_alloc(n, sizeof *k->anew);
    return k->out->arena && k->out->looked && k->renewed && k->n_followed && k->n_truncated &&
           k->row && k->value && k->rate && k->room && k->anew && make_measure(k, PGS_BY_CHUNKS) &&
           make_measure(k, PGS_BY_SIZE);
}

static void free_room(pgs_cleaner *k) {
    void *const ROOM[] = {k->renewed, k->n_followed, k->n_truncated, k->row,        k->value,
                          k->rate,    k->room,       k->anew,        k->misread[0], k->misread[1]};
    for (size_t i = 0; i < PGS_COUNT_OF(ROOM); i++)
        pgs_free(ROOM[i]);
    pgs_buf_reset(&k->cleanings);
}

pgs_status pgs_clean_run(const pgs_frame *frame, pgs_clean *out, pgs_err *err) {
    pgs_cleaner k = {.frame = frame, .out = out};
    out->frame = frame;
    pgs_status st = make_room(&k) ? PGS_OK : pgs_no_memory(err);
    if (st == PGS_OK) {
        for (size_t i = 0; i < frame->n_refiled; i++)
            k.renewed[frame->refiled[i].p * frame->n_times + frame->refiled[i].t] = true;
        clean_table(&k);
        for (size_t p = 0; p < frame->n_parts; p++)
            pgs_clean_partition(&k, p);
        st = finish(&k, err);
    }
    free_room(&k);
    if (st != PGS_OK)
        pgs_clean_reset(out);
    return st;
}
