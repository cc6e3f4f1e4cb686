/* Growing text. A buffer that could not grow remembers it, so that a long chain of appends is
 * checked once, at its end. */
#include <stdarg.h>
#include <string.h>

#include "base/base.h"

enum { USUAL_BYTES = 32 }; /* of what is formatted: then once is enough */

void pgs_buf_reset(pgs_buf *buf) {
    if (!buf)
        return;
    pgs_free(buf->data);
    *buf = (pgs_buf){0};
}

static bool reserve(pgs_buf *buf, size_t more) {
    if (buf->failed)
        return false;
    if (more < buf->capacity - buf->n) /* one byte stays for the NUL */
        return true;
    size_t capacity = (buf->n + more + 1) * 2;
    char *data = more < SIZE_MAX / 4 && buf->n < SIZE_MAX / 4 ? pgs_alloc(capacity, 1) : NULL;
    if (!data) {
        buf->failed = true;
        return false;
    }
    if (buf->n > 0)
        memcpy(data, buf->data, buf->n);
    pgs_free(buf->data);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void pgs_buf_bytes(pgs_buf *buf, const void *bytes, size_t n) {
    if (n == 0 || !reserve(buf, n))
        return;
    memcpy(buf->data + buf->n, bytes, n);
    buf->n += n;
    buf->data[buf->n] = '\0';
}

void pgs_buf_text(pgs_buf *buf, const char *text) {
    pgs_buf_bytes(buf, text, strlen(text));
}

void pgs_buf_format(pgs_buf *buf, const char *fmt, ...) {
    if (!reserve(buf, USUAL_BYTES))
        return;
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t room = buf->capacity - buf->n;
    int n = vsnprintf(buf->data + buf->n, room, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n >= room) {
        buf->data[buf->n] = '\0'; /* takes back what did fit */
        n = reserve(buf, (size_t)n) ? vsnprintf(buf->data + buf->n, (size_t)n + 1, fmt, again) : 0;
    }
    va_end(again);
    if (n > 0)
        buf->n += (size_t)n;
}

const char *pgs_buf_view(const pgs_buf *buf) {
    return buf->data ? buf->data : "";
}
