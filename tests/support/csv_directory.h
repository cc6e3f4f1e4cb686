/* A temporary directory of CSV files, for tests and the fuzzer. */
#ifndef PGSKEW_TESTS_CSV_DIRECTORY_H
#define PGSKEW_TESTS_CSV_DIRECTORY_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct csv_directory {
    char path[128];
} csv_directory;

static inline bool csv_directory_make(csv_directory *d) {
    const char *tmp = getenv("TMPDIR");
    snprintf(d->path, sizeof d->path, "%.100s/pgskew-csv-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(d->path) != NULL;
}

static inline bool csv_directory_write(const csv_directory *d, const char *file, const void *bytes,
                                       size_t n) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", d->path, file);
    FILE *f = fopen(path, "wb");
    if (!f)
        return false;
    bool whole = fwrite(bytes, 1, n, f) == n;
    return fclose(f) == 0 && whole;
}

static inline void csv_directory_remove(csv_directory *d) {
    DIR *dir = d->path[0] ? opendir(d->path) : NULL;
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(d->path);
    d->path[0] = '\0';
}

#endif
