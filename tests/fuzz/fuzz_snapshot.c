/* Whatever the bytes of a snapshot file are, reading it ends in a status: never a crash. What is
 * accepted passes its own check, can be reported in every format, and written again says the same.
 *
 * Bytes are tried as they are, then with a sound header: few damaged ones get past that
 * otherwise. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "fuzz/fuzz.h"
#include "pgskew/analyze.h"
#include "pgskew/report.h"
#include "pgskew/store.h"

enum { HEADER_BYTES = 100, PAGE_BYTES = 1024, MAX_BYTES = 1 << 20 };

/* ---- one file ---- */

typedef struct subject {
    pgs_snapshot snap;
    pgs_result result;
    pgs_status status;
    pgs_err err;
} subject;

/* A message may quote any byte of the file; its JSON is text all the same. */
static void show_failure(const char *message) {
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    require(out && pgs_report_failure(out, PGS_TIME_NONE, message, NULL) == PGS_OK);
    fclose(out);
    require(pgs_text_is_utf8(text));
    free(text);
}

static void look_at(subject *s, const char *path) {
    *s = (subject){0};
    pgs_snapshot_init(&s->snap);
    pgs_result_init(&s->result);
    s->status = pgs_snapshot_read(path, &s->snap, &s->err);
    require((s->status == PGS_OK) == (s->err.msg[0] == '\0'));
    require(s->status == PGS_OK || s->status == PGS_E_DATA);
    require(s->status == PGS_OK || s->snap.head.n_parts == 0);
    if (s->status != PGS_OK)
        show_failure(s->err.msg);
}

static void put_away(subject *s) {
    pgs_result_reset(&s->result);
    pgs_snapshot_reset(&s->snap);
}

/* Every report in every format that all of them have; the JSON of the longest is kept for the
 * caller to free(). */
static char *report(const subject *s) {
    pgs_report_input input = {.snapshot = &s->snap, .result = &s->result};
    const pgs_report_style plain = {0};
    char *json = NULL;
    for (int kind = 0; kind < PGS_REPORT_LIST; kind++)
        for (int format = 0; format <= PGS_FORMAT_MARKDOWN; format++) {
            char *text = NULL;
            size_t n = 0;
            FILE *out = open_memstream(&text, &n);
            require(out && pgs_report_write(out, (pgs_report_kind)kind, (pgs_format)format, &input,
                                            &plain, NULL) == PGS_OK);
            fclose(out);
            bool keep = kind == PGS_REPORT_FULL && format == PGS_FORMAT_JSON;
            json = keep ? text : json;
            if (!keep)
                free(text);
        }
    return json;
}

/* What was read, written anew and read again gives the same answers. */
static void write_again(const subject *s, const char *json) {
    static char path[64];
    pgs_err err;
    subject again;
    snprintf(path, sizeof path, "/dev/shm/pgskew-fuzz-%d.db", (int)getpid());
    unlink(path);
    require(pgs_snapshot_write(&s->snap, path, &err) == PGS_OK);
    look_at(&again, path);
    require(again.status == PGS_OK && pgs_analyze(&again.snap, &again.result, NULL) == PGS_OK);
    char *same = report(&again);
    require(strcmp(json, same) == 0);
    free(same);
    put_away(&again);
    unlink(path);
}

static bool try_bytes(const uint8_t *data, size_t n) {
    char path[64];
    subject s;
    int fd = memfd_create("fuzz_snapshot", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    look_at(&s, path);
    close(fd);
    bool accepted = s.status == PGS_OK;
    if (accepted) {
        require(pgs_snapshot_check(&s.snap, NULL) == PGS_OK);
        pgs_status verified = pgs_snapshot_verify(&s.snap, NULL);
        require(verified == PGS_OK || verified == PGS_E_DATA);
        require(pgs_analyze(&s.snap, &s.result, NULL) == PGS_OK);
        char *json = report(&s);
        write_again(&s, json);
        free(json);
    }
    put_away(&s);
    require(pgs_mem_live() == 0);
    return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n > MAX_BYTES || try_bytes(data, n) || n < PAGE_BYTES)
        return 0;
    uint8_t *mended = malloc(n);
    require(mended);
    memcpy(mended, data, n);
    fuzz_mend_header(mended, n, PAGE_BYTES, PGS_SNAPSHOT_APPLICATION_ID);
    try_bytes(mended, n - n % PAGE_BYTES);
    free(mended);
    return 0;
}
