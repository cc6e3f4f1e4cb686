/* The floor: two columns of raw int64 in memory, summed by two threads, one column each half and
 * half. Nothing can answer a question about every value in less.
 *
 *   bare_sum THREADS FILE...       asked as serving.py says; `write` is not answered */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { THREADS_MOST = 64, COLUMNS_MOST = 8, LINE_SIZE = 64 };

typedef struct column {
    int64_t *value;
    size_t n;
} column;

typedef struct share {
    const column *columns;
    int n_columns, index, n_threads;
    uint64_t sum;
} share;

static bool read_column(const char *path, column *c) {
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &st) != 0)
        return false;
    c->n = (size_t)st.st_size / sizeof *c->value;
    c->value = malloc(c->n * sizeof *c->value);
    bool ok = c->value && fread(c->value, sizeof *c->value, c->n, file) == c->n;
    fclose(file);
    return ok;
}

static void *sum_share(void *argument) {
    share *s = argument;
    uint64_t sum = 0; /* wraps rather than overflows */
    for (int c = 0; c < s->n_columns; c++) {
        const column *of = &s->columns[c];
        size_t first = of->n * (size_t)s->index / (size_t)s->n_threads;
        size_t end = of->n * (size_t)(s->index + 1) / (size_t)s->n_threads;
        for (size_t i = first; i < end; i++)
            sum += (uint64_t)of->value[i];
    }
    s->sum = sum;
    return NULL;
}

static uint64_t sum_all(const column *columns, int n_columns, int n_threads) {
    share shares[THREADS_MOST] = {0};
    pthread_t threads[THREADS_MOST];
    for (int i = 0; i < n_threads; i++)
        shares[i] = (share){columns, n_columns, i, n_threads, 0};
    for (int i = 1; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, sum_share, &shares[i]) != 0)
            abort();
    sum_share(&shares[0]);
    uint64_t sum = shares[0].sum;
    for (int i = 1; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
        sum += shares[i].sum;
    }
    return sum;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    int n_threads = argc > 2 ? atoi(argv[1]) : 0, n_columns = argc - 2;
    if (n_threads < 1 || n_threads > THREADS_MOST || n_columns > COLUMNS_MOST) {
        fprintf(stderr, "usage: bare_sum THREADS FILE...\n");
        return 64;
    }
    column columns[COLUMNS_MOST];
    for (int c = 0; c < n_columns; c++) {
        if (!read_column(argv[2 + c], &columns[c])) {
            fprintf(stderr, "bare_sum: %s: %s\n", argv[2 + c], strerror(errno));
            return EXIT_FAILURE;
        }
    }
    printf("ready\n");
    fflush(stdout);
    for (char line[LINE_SIZE]; fgets(line, sizeof line, stdin);) {
        double began = seconds();
        uint64_t sum = sum_all(columns, n_columns, n_threads);
        double took = seconds() - began;
        fprintf(stderr, sum ? "" : "bare_sum: nothing there\n"); /* so that the sum is needed */
        printf("%.9f\n", took);
        fflush(stdout);
    }
    for (int c = 0; c < n_columns; c++)
        free(columns[c].value);
    return EXIT_SUCCESS;
}
