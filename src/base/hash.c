/* XXH3, at the speed of memory: it notices damage, it does not keep secrets. */
#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "base/base.h"

_Static_assert(sizeof(uint64_t) == sizeof(XXH64_hash_t), "XXH3 gives 64 bits");

uint64_t pgs_hash(const void *bytes, size_t n, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, n, seed);
}

static pgs_status hash_stream(FILE *in, const char *path, XXH3_state_t *state, uint64_t *n_bytes,
                              pgs_err *err) {
    enum { PIECE = 1 << 16 };
    char *piece = pgs_alloc(PIECE, 1);
    if (!piece)
        return pgs_no_memory(err);
    XXH3_64bits_reset(state);
    *n_bytes = 0;
    for (size_t n; (n = fread(piece, 1, PIECE, in)) > 0; *n_bytes += n)
        XXH3_64bits_update(state, piece, n);
    pgs_free(piece);
    return ferror(in) ? pgs_fail(err, PGS_E_IO, "cannot read \"%s\": %s", path, strerror(errno))
                      : PGS_OK;
}

pgs_status pgs_file_hash(const char *path, uint64_t *n_bytes, uint64_t *hash, pgs_err *err) {
    FILE *in = fopen(path, "rb");
    if (!in)
        return pgs_fail(err, PGS_E_NO_INPUT, "cannot open \"%s\": %s", path, strerror(errno));
    XXH3_state_t *state = XXH3_createState();
    pgs_status st = state ? hash_stream(in, path, state, n_bytes, err) : pgs_no_memory(err);
    if (st == PGS_OK)
        *hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    fclose(in);
    return st;
}
