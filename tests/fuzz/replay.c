/* Run a fuzz entry over the files named. */
#include "base/base.h"
#include "fuzz/fuzz.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        char *bytes;
        size_t n;
        pgs_err err;
        if (pgs_file_read(argv[i], (size_t)1 << 26, &bytes, &n, &err) != PGS_OK) {
            fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        uint8_t *copy = malloc(n + 1); /* pgs_mem_live() is to count what the entry does alone */
        require(copy);
        memcpy(copy, bytes, n);
        pgs_free(bytes);
        LLVMFuzzerTestOneInput(copy, n);
        free(copy);
    }
    printf("%d inputs\n", argc - 1);
    return 0;
}
