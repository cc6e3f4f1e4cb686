/* One partition over time: which of its changes say how it is used. */
#include <math.h>

#include "model/cleaner.h"

#define FAR_OUT    8.0
#define A_FIFTH    0.2
#define CARRY_ROWS 2 /* how long a stock is taken to be what it was */

typedef enum verdict {
    VERDICT_KEEP,
    VERDICT_LEAVE_OUT, /* the change; what was before still counts */
    VERDICT_BEGIN_ANEW
} verdict;

/* ---- judging one change ---- */

static bool is_renewed(const pgs_cleaner *k, size_t p, size_t from, size_t to) {
    for (size_t t = from + 1; t <= to; t++)
        if (k->renewed[p * k->frame->n_times + t])
            return true;
    return false;
}

static bool is_anew(const pgs_cleaner *k, size_t from, size_t to) {
    for (size_t t = from + 1; t <= to; t++)
        if (k->anew[t])
            return true;
    return false;
}

static void note(pgs_cleaner *k, pgs_cleaning_kind kind, pgs_measure m, size_t p, size_t i) {
    pgs_cleaning c = {.kind = kind,
                      .measure = m,
                      .p = p,
                      .from = k->row[i - 1],
                      .to = k->row[i],
                      .before = k->value[i - 1],
                      .after = k->value[i]};
    pgs_cleaner_note(k, &c);
}

static verdict judge_chunks(pgs_cleaner *k, size_t p, size_t i, const pgs_usual *usual) {
    double before = k->value[i - 1], change = k->value[i] - before;
    double score = (k->rate[i] - usual->median) / usual->sd;
    size_t from = k->row[i - 1], to = k->row[i];
    bool large = fabs(change) >= A_FIFTH * before && before > 0;
    if (k->frame->counts[from] != k->frame->counts[to])
        return VERDICT_LEAVE_OUT;
    if (large && change < 0 && (score < -FAR_OUT || is_renewed(k, p, from, to))) {
        note(k, PGS_CLEANED_TRUNCATED, PGS_BY_CHUNKS, p, i);
        k->anew[to] = true;
        k->n_truncated[to]++;
        return VERDICT_BEGIN_ANEW;
    }
    if (large && change > 0 && score > FAR_OUT)
        note(k, PGS_CLEANED_LOADED, PGS_BY_CHUNKS, p, i);
    return VERDICT_KEEP;
}

static verdict judge_bytes(pgs_cleaner *k, size_t p, size_t i, const pgs_usual *usual) {
    double before = k->value[i - 1], change = k->value[i] - before;
    double score = (k->rate[i] - usual->median) / usual->sd;
    size_t from = k->row[i - 1], to = k->row[i];
    if (is_anew(k, from, to))
        return VERDICT_BEGIN_ANEW;
    bool shrunk = change < 0 && -change >= A_FIFTH * before && score < -FAR_OUT;
    if (!shrunk && !(is_renewed(k, p, from, to) && change != 0))
        return VERDICT_KEEP;
    note(k, PGS_CLEANED_REWRITTEN, PGS_BY_SIZE, p, i);
    return VERDICT_LEAVE_OUT;
}

/* ---- its days ---- */

static void gather(pgs_cleaner *k, pgs_measure m, size_t p) {
    const pgs_frame *f = k->frame;
    const double *cell = f->metric[pgs_measure_metric(m)];
    k->n = 0;
    for (size_t t = 0; t < f->n_times; t++) {
        double x = cell[t * f->stride + p];
        if (isnan(x) || k->misread[m][t])
            continue;
        k->row[k->n] = t;
        k->value[k->n] = x;
        k->rate[k->n] = k->n == 0 ? NAN : (x - k->value[k->n - 1]) / (double)(t - k->row[k->n - 1]);
        k->n++;
    }
}

/* Whether somebody looked between two rows, at other partitions. */
static bool was_looked_at(const pgs_cleaner *k, pgs_measure m, size_t from, size_t to) {
    for (size_t t = from + 1; t < to; t++)
        if (k->out->looked[t] && !k->misread[m][t])
            return true;
    return false;
}

/* The row after `from` in which somebody looked, or the last. */
static size_t next_look(const pgs_cleaner *k, size_t from) {
    for (size_t t = from + 1; t < k->frame->n_times; t++)
        if (k->out->looked[t])
            return t;
    return k->frame->n_times - 1;
}

static size_t look_before(const pgs_cleaner *k, size_t to) {
    size_t t = to;
    while (t > 0 && !k->out->looked[--t])
        ;
    return t;
}

static void note_life(pgs_cleaner *k, pgs_measure m, size_t p) {
    size_t first = k->row[0], last = k->row[k->n - 1];
    pgs_cleaning c = {.measure = m, .p = p, .before = NAN, .after = NAN};
    if (first > k->first) {
        c.kind = PGS_CLEANED_BORN;
        c.from = look_before(k, first);
        c.to = first;
        c.after = k->value[0];
        pgs_cleaner_note(k, &c);
    }
    c.from = last;
    c.before = k->value[k->n - 1];
    c.after = NAN;
    if (!k->frame->there[p]) {
        c.kind = PGS_CLEANED_DROPPED;
        c.to = next_look(k, last);
        pgs_cleaner_note(k, &c);
    } else if (last < k->last && was_looked_at(k, m, last, k->last + 1)) {
        c.kind = PGS_CLEANED_UNSEEN;
        c.to = k->last;
        pgs_cleaner_note(k, &c);
    }
    for (size_t i = 1; i < k->n; i++)
        if (was_looked_at(k, m, k->row[i - 1], k->row[i]))
            note(k, PGS_CLEANED_UNSEEN, m, p, i);
}

static void fill_flow(pgs_cleaner *k, pgs_measure m, size_t p, size_t i, verdict v) {
    const pgs_frame *f = k->frame;
    for (size_t t = k->row[i - 1] + 1; t <= k->row[i]; t++)
        k->out->flow[m][t * f->stride + p] = v == VERDICT_KEEP ? k->rate[i] : NAN;
    if (v == VERDICT_BEGIN_ANEW)
        k->out->start[m][p] = k->row[i];
}

/* What left within the last day is not there at its end. */
static void fill_stock(const pgs_cleaner *k, pgs_measure m, size_t p) {
    const pgs_frame *f = k->frame;
    size_t end = f->there[p] ? f->n_times : f->n_times - 1;
    for (size_t i = 0; i < k->n; i++) {
        size_t carried = k->row[i] + CARRY_ROWS + 1;
        size_t next = i + 1 < k->n ? k->row[i + 1] : f->there[p] ? end : k->row[i] + 1;
        for (size_t t = k->row[i]; t < next && t < carried && t < end; t++)
            k->out->stock[m][t * f->stride + p] = k->value[i];
    }
}

static void clean_measure(pgs_cleaner *k, pgs_measure m, size_t p) {
    gather(k, m, p);
    k->out->start[m][p] = k->n > 0 ? k->row[0] : k->frame->n_times;
    if (k->n == 0)
        return;
    if (m == PGS_BY_CHUNKS || !k->out->flow[PGS_BY_CHUNKS])
        note_life(k, m, p);
    for (size_t i = 1; i < k->n; i++)
        k->room[i - 1] = k->rate[i];
    pgs_usual usual = {0, 1};
    if (k->n > 1)
        usual = pgs_usual_of(k->room, k->n - 1, m == PGS_BY_CHUNKS ? 1 : 8192);
    for (size_t i = 1; i < k->n; i++) {
        k->n_followed[k->row[i]] += m == PGS_BY_CHUNKS;
        verdict v =
            m == PGS_BY_CHUNKS ? judge_chunks(k, p, i, &usual) : judge_bytes(k, p, i, &usual);
        fill_flow(k, m, p, i, v);
    }
    fill_stock(k, m, p);
}

void pgs_clean_partition(pgs_cleaner *k, size_t p) {
    for (size_t t = 0; t < k->frame->n_times; t++)
        k->anew[t] = false;
    for (int m = 0; m < PGS_MEASURE_COUNT; m++)
        if (k->out->flow[m])
            clean_measure(k, (pgs_measure)m, p);
}
