/* The documents of a collection that lies in several partitions, each counted once.
 *
 * The server counts by partition, and a document may have chunks in several. So with every row of
 * a collection it also sends 64 bits of hash for each document, and here the hashes of a
 * collection are sorted and the different ones counted. Of 2^22 documents two share a hash once
 * in two million tables; and whatever a server sends, sorting takes no longer. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "source/postgres.h"

void pgs_documents_reset(pgs_documents *all) {
    pgs_free(all->hash);
    *all = (pgs_documents){0};
}

static void forget(pgs_documents *all) {
    pgs_documents_reset(all);
    all->unknown = true;
}

static bool make_room(pgs_documents *all, size_t n) {
    if (all->room - all->n >= n)
        return true;
    size_t room = all->room ? all->room : 1024;
    while (room < all->n + n)
        room *= 2;
    int64_t *grown = pgs_alloc(room, sizeof *grown);
    if (!grown)
        return false;
    if (all->n > 0)
        memcpy(grown, all->hash, all->n * sizeof *grown);
    pgs_free(all->hash);
    all->hash = grown;
    all->room = room;
    return true;
}

/* "{-5,17}" into exactly `n` numbers. */
static bool parse(const char *text, size_t n, int64_t *out) {
    for (size_t i = 0; i < n; i++) {
        bool begins = *text++ == (i ? ',' : '{');
        if (!begins || !(*text == '-' || (*text >= '0' && *text <= '9')))
            return false;
        char *end;
        errno = 0;
        out[i] = strtoll(text, &end, 10);
        if (errno || end == text)
            return false;
        text = end;
    }
    return strcmp(text, n ? "}" : "{}") == 0;
}

pgs_status pgs_documents_add(pgs_documents *all, const char *text, size_t n, size_t limit,
                             pgs_err *err) {
    if (all->unknown || n == 0)
        return text && n == 0 ? pgs_pg_nonsense("count the rows", err) : PGS_OK;
    if (!text || n > limit || all->n > limit - n) {
        forget(all);
        return PGS_OK;
    }
    if (!make_room(all, n))
        return pgs_no_memory(err);
    if (!parse(text, n, all->hash + all->n))
        return pgs_pg_nonsense("count the rows", err);
    all->n += n;
    return PGS_OK;
}

static int by_hash(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

pgs_status pgs_documents_count(const pgs_documents *all, const pgs_collection_row *row, size_t n,
                               double *out, pgs_err *err) {
    size_t n_all = 0, n_different = 0;
    *out = NAN;
    for (size_t i = 0; i < n; i++) {
        if (all->unknown || isnan(row[i].document_count))
            return PGS_OK;
        n_all += row[i].n_documents;
    }
    int64_t *hash = pgs_alloc(n_all, sizeof *hash);
    if (!hash)
        return pgs_no_memory(err);
    for (size_t i = 0, k = 0; i < n; k += row[i++].n_documents)
        if (row[i].n_documents > 0)
            memcpy(hash + k, all->hash + row[i].first_document, row[i].n_documents * sizeof *hash);
    if (n_all > 0)
        qsort(hash, n_all, sizeof *hash, by_hash);
    for (size_t i = 0; i < n_all; i++)
        n_different += i == 0 || hash[i] != hash[i - 1];
    pgs_free(hash);
    *out = (double)n_different;
    return PGS_OK;
}
