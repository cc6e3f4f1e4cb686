/* What is foretold of tables without a trend. The share of each of 100 partitions is a random walk
 * of 365 days that begins with a skew below 0.2; walks are slow or fast, totals stand still, grow
 * or shrink, counts are small or large, the steps of a day alike or wild. At most 5 % of the
 * histories may contain any crossing of 0.3, 0.4 or 0.5 that is predicted with a probability above
 * one half within 30 days, and does not come.
 *
 *   simulate_forecast HISTORIES */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/forecaster.h"
#include "support/random.h"

enum { PARTS = 100, DAYS = 365, AHEAD = 30, ROWS = DAYS + AHEAD };

static random_state r;
static double counts[ROWS][PARTS];

static double uniform(void) {
    return (double)random_below(&r, 1 << 30) / (1 << 30);
}

/* Normal to three figures; every twentieth is four times as large where steps are wild. */
static double step(bool wild) {
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += uniform();
    return wild && random_below(&r, 20) == 0 ? 4 * sum : sum;
}

static void draw(void) {
    static const double SPEED[] = {0.0005, 0.002, 0.005, 0.01, 0.02};
    static const double GROWTH[] = {0, 0, 0.001, 0.01, -0.001};
    static const double MEAN[] = {50, 1000, 100000};
    double share[PARTS], total = MEAN[random_below(&r, 3)] * PARTS;
    double speed = SPEED[random_below(&r, 5)], growth = GROWTH[random_below(&r, 5)];
    bool wild = random_below(&r, 2);
    for (int p = 0; p < PARTS; p++)
        share[p] = 0.82 + 0.36 * uniform();
    for (int t = 0; t < ROWS; t++) {
        double sum = 0;
        for (int p = 0; p < PARTS; p++) {
            share[p] *= 1 + speed * step(wild);
            share[p] = share[p] > 0 ? share[p] : 0;
            sum += share[p];
        }
        for (int p = 0; p < PARTS; p++)
            counts[t][p] = floor(total * share[p] / sum + 0.5);
        total *= 1 + growth;
    }
}

/* Whether its skew is at or beyond tenths/10. */
static bool beyond(int t, int p, int tenths) {
    double total = 0;
    for (int i = 0; i < PARTS; i++)
        total += counts[t][i];
    return fabs(PARTS * counts[t][p] - total) * 10 >= tenths * total;
}

static bool comes(int p, int tenths) {
    for (int t = DAYS; t < ROWS; t++)
        if (beyond(t, p, tenths))
            return true;
    return false;
}

typedef struct tally {
    int predicted, wrong;
} tally;

static bool add(const pgs_outlook *outlook, tally *all) {
    bool wrong = false;
    for (int l = 0; l < PGS_LEVELS; l++)
        for (int p = 0; p < PARTS; p++) {
            if (!(outlook->p[l * PARTS + p] > 0.5) || beyond(DAYS - 1, p, 3 + l))
                continue;
            all->predicted++;
            if (comes(p, 3 + l))
                continue;
            all->wrong++;
            wrong = true;
        }
    return wrong;
}

/* Whether the history has a prediction that does not come. */
static bool foretell(tally *all) {
    static const size_t HORIZON[] = {1, 7, 30};
    pgs_frame frame;
    pgs_stock stock;
    pgs_outlook outlook;
    bool wrong = false;
    pgs_frame_init(&frame);
    if (pgs_frame_set_shape(&frame, "public.chunks", DAYS, PARTS, NULL) != PGS_OK ||
        pgs_frame_add_metric(&frame, PGS_CHUNK_COUNT, NULL) != PGS_OK)
        exit(70);
    for (size_t t = 0; t < DAYS; t++)
        for (size_t p = 0; p < PARTS; p++)
            frame.metric[PGS_CHUNK_COUNT][t * frame.stride + p] = counts[t][p];
    if (pgs_stock_build(&frame, NULL, PGS_BY_CHUNKS, &stock, NULL) != PGS_OK)
        exit(70);
    for (int h = 0; h < 3; h++) {
        if (pgs_outlook_make(&stock, DAYS - 1, HORIZON[h], true, &outlook, NULL) != PGS_OK)
            exit(70);
        wrong |= add(&outlook, all);
        pgs_outlook_reset(&outlook);
    }
    pgs_stock_reset(&stock);
    pgs_frame_reset(&frame);
    return wrong;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 0, n_wrong = 0;
    tally all = {0, 0};
    if (n < 1) {
        fprintf(stderr, "usage: simulate_forecast HISTORIES\n");
        return 64;
    }
    for (int i = 0; i < n; i++) {
        r.state = (uint64_t)i + 1;
        draw();
        n_wrong += foretell(&all);
    }
    printf("%d of %d trend-free histories predict a crossing that does not come (%d crossings "
           "predicted, %d do not "
           "come)\n",
           n_wrong, n, all.predicted, all.wrong);
    return n_wrong > 0.05 * n;
}
