/* Connection strings, and the secrets in them.
 *
 * libpq understands "key=value ..." and postgresql://; programs around it write
 * postgresql+driver:// with parameters of that driver. Those are rewritten here. What libpq says
 * about a string it cannot parse quotes the string, so it is never shown; and a URI whose password
 * holds an unescaped @ or / would be torn apart so that half a password becomes a host name, so
 * it is refused. Every other message passes pgs_pg_redact(). */
#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "source/postgres.h"

#define DEFAULT_TIMEOUT_S 10

void pgs_pg_conninfo_reset(pgs_pg_conninfo *info) {
    if (!info)
        return;
    for (size_t i = 0; i < info->n_secrets; i++) {
        explicit_bzero(info->secret[i], strlen(info->secret[i]));
        pgs_free(info->secret[i]);
    }
    if (info->text)
        explicit_bzero(info->text, strlen(info->text));
    pgs_free(info->text);
    *info = (pgs_pg_conninfo){0};
}

/* ---- the redactor ---- */

static bool add_secret(pgs_pg_conninfo *info, const char *text, size_t n) {
    if (n == 0 || info->n_secrets == PGS_PG_MAX_SECRETS)
        return true;
    char *copy = pgs_alloc(n + 1, 1);
    if (!copy)
        return false;
    memcpy(copy, text, n);
    info->secret[info->n_secrets++] = copy;
    return true;
}

/* The longest secret that `text` begins with; 0: none. */
static size_t secret_at(const pgs_pg_conninfo *info, const char *text) {
    size_t longest = 0;
    for (size_t i = 0; i < info->n_secrets; i++) {
        size_t n = strlen(info->secret[i]);
        if (n > longest && strncmp(text, info->secret[i], n) == 0)
            longest = n;
    }
    return longest;
}

/* The value after "password=", or "user:...@" after "://". *keep is how much of `text` may be
 * shown before it. */
static size_t shape_at(const char *text, size_t *keep) {
    if (strncasecmp(text, "password", 8) == 0) {
        size_t equals = 8 + strspn(text + 8, " ");
        if (text[equals] != '=')
            return 0;
        *keep = equals + 1;
        *keep += strspn(text + *keep, " ");
        if (text[*keep] == '\'') {
            size_t end = 1 + strcspn(text + *keep + 1, "'");
            return end + (text[*keep + end] == '\'');
        }
        return strcspn(text + *keep, " &");
    }
    if (strncmp(text, "://", 3) == 0) {
        size_t word = strcspn(text, " \"\n"), at = word;
        while (at > 3 && text[at] != '@')
            at--;
        *keep = 3;
        return at > 3 ? at - 3 : 0;
    }
    return 0;
}

void pgs_pg_redact(const pgs_pg_conninfo *info, const char *text, pgs_buf *out) {
    for (const char *s = text; *s;) {
        size_t keep = 0, n = secret_at(info, s);
        if (n == 0)
            n = shape_at(s, &keep);
        if (n > 0) {
            pgs_buf_bytes(out, s, keep);
            pgs_buf_text(out, "***");
            s += keep + n;
        } else {
            char c = (unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s;
            pgs_buf_bytes(out, &c, 1);
            s++;
        }
    }
}

/* ---- postgresql+driver:// ---- */

/* Where the rest of a postgres URI begins, after "://"; NULL: not one. */
static const char *uri_rest(const char *text, bool *has_driver) {
    static const char *const SCHEME[] = {"postgresql", "postgres"};
    for (size_t i = 0; i < PGS_COUNT_OF(SCHEME); i++) {
        size_t n = strlen(SCHEME[i]);
        if (strncmp(text, SCHEME[i], n) != 0)
            continue;
        const char *s = text + n;
        *has_driver = *s == '+';
        if (*s == '+')
            s += 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (strncmp(s, "://", 3) == 0)
            return s + 3;
    }
    return NULL;
}

static bool is_libpq_keyword(const char *key, size_t n) {
    bool found = false;
    PQconninfoOption *all = PQconndefaults();
    for (PQconninfoOption *o = all; o && o->keyword && !found; o++)
        found = strlen(o->keyword) == n && strncmp(o->keyword, key, n) == 0;
    PQconninfoFree(all);
    return found;
}

/* asyncpg's ssl=require is libpq's sslmode=require. */
static bool is_ssl_mode(const char *value, size_t n) {
    static const char *const MODE[] = {"disable", "allow",     "prefer",
                                       "require", "verify-ca", "verify-full"};
    for (size_t i = 0; i < PGS_COUNT_OF(MODE); i++)
        if (strlen(MODE[i]) == n && strncmp(value, MODE[i], n) == 0)
            return true;
    return false;
}

/* Copy the parameters after '?', without those that only the driver knows. */
static void copy_parameters(const char *query, const pgs_listener *listener, pgs_buf *out) {
    char separator = '?';
    for (const char *s = query; *s; s += strcspn(s, "&"), s += *s == '&') {
        size_t n = strcspn(s, "&"), key = strcspn(s, "=&");
        bool is_ssl = key == 3 && strncmp(s, "ssl", 3) == 0 && n > 4;
        if (is_ssl && is_ssl_mode(s + 4, n - 4)) {
            pgs_buf_format(out, "%csslmode", separator);
            pgs_buf_bytes(out, s + key, n - key);
        } else if (is_libpq_keyword(s, key) || (is_ssl && strncmp(s, "ssl=true", n) == 0)) {
            pgs_buf_bytes(out, &separator, 1);
            pgs_buf_bytes(out, s, n);
        } else {
            pgs_pg_say(listener,
                       "the connection parameter \"%.*s\" is unknown to libpq and ignored",
                       (int)(key < 40 ? key : 40), s);
            continue;
        }
        separator = '&';
    }
}

static pgs_status malformed(pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_USAGE, "the connection string is malformed");
    pgs_hint(err, "write it as postgresql://user@host:5432/database or \"host=... dbname=...\"; "
                  "in a URI, special characters as %%XX");
    return st;
}

/* The authority of a URI, "user:password@host:port", ends at the first / or ?. */
static pgs_status check_authority(const char *rest, pgs_pg_conninfo *info, pgs_err *err) {
    size_t n = strcspn(rest, "/?"), path = strcspn(rest, "?");
    const char *at = memchr(rest, '@', n), *colon = memchr(rest, ':', n);
    bool at_twice = at && memchr(at + 1, '@', n - (size_t)(at + 1 - rest));
    bool at_in_path = !at && colon && memchr(rest, '@', path);
    if (at_twice || at_in_path) {
        pgs_status st = pgs_fail(err, PGS_E_USAGE,
                                 "the connection URI has an unescaped @ or / in "
                                 "its user or password");
        pgs_hint(err, "write @ as %%40 and / as %%2F");
        return st;
    }
    if (at && colon && colon < at && !add_secret(info, colon + 1, (size_t)(at - colon - 1)))
        return pgs_no_memory(err);
    return PGS_OK;
}

static pgs_status rewrite_uri(const char *rest, bool has_driver, const pgs_listener *listener,
                              pgs_pg_conninfo *out, pgs_err *err) {
    pgs_status st = check_authority(rest, out, err);
    if (st)
        return st;
    pgs_buf buf = {0};
    size_t n = has_driver ? strcspn(rest, "?") : strlen(rest);
    pgs_buf_text(&buf, "postgresql://");
    pgs_buf_bytes(&buf, rest, n);
    if (rest[n] == '?')
        copy_parameters(rest + n + 1, listener, &buf);
    if (buf.failed)
        st = pgs_no_memory(err);
    else if (!(out->text = pgs_strdup(pgs_buf_view(&buf))))
        st = pgs_no_memory(err);
    if (buf.data)
        explicit_bzero(buf.data, buf.n);
    pgs_buf_reset(&buf);
    return st;
}

/* ---- understanding a string ---- */

static bool option_is(const PQconninfoOption *option, const char *keyword) {
    return strcmp(option->keyword, keyword) == 0 && option->val && *option->val;
}

/* How many hosts a comma-separated list names. */
static int n_hosts(const char *list) {
    int n = 1;
    for (const char *s = list; *s; s++)
        n += *s == ',';
    return n;
}

static pgs_status take_options(const PQconninfoOption *option, pgs_pg_conninfo *out, pgs_err *err) {
    const char *timeout = getenv("PGCONNECT_TIMEOUT");
    int hosts = 1;
    int64_t seconds = DEFAULT_TIMEOUT_S;
    if (timeout && !pgs_int_parse(timeout, 0, 86400, &seconds))
        seconds = DEFAULT_TIMEOUT_S;
    for (; option && option->keyword; option++) {
        bool secret = option_is(option, "password") || option_is(option, "sslpassword");
        if (secret && !add_secret(out, option->val, strlen(option->val)))
            return pgs_no_memory(err);
        if (option_is(option, "host") || option_is(option, "hostaddr"))
            hosts = n_hosts(option->val);
        if (option_is(option, "connect_timeout") &&
            !pgs_int_parse(option->val, -1, 86400, &seconds))
            return pgs_fail(err, PGS_E_USAGE, "connect_timeout is not a number of seconds");
    }
    out->timeout_s = seconds > 0 ? (int)seconds * hosts : 0;
    return PGS_OK;
}

static pgs_status parse(const char *text, pgs_pg_conninfo *out, pgs_err *err) {
    char *complaint = NULL;
    PQconninfoOption *option = PQconninfoParse(text, &complaint);
    PQfreemem(complaint);
    pgs_status st = option ? take_options(option, out, err) : malformed(err);
    PQconninfoFree(option);
    return st;
}

pgs_status pgs_pg_conninfo_read(const char *given, const pgs_listener *listener,
                                pgs_pg_conninfo *out, pgs_err *err) {
    *out = (pgs_pg_conninfo){0};
    pgs_status st = PGS_OK;
    const char *password = getenv("PGPASSWORD");
    if (password && !add_secret(out, password, strlen(password)))
        st = pgs_no_memory(err);
    bool has_driver = false;
    const char *rest = given ? uri_rest(given, &has_driver) : NULL;
    if (!st && rest)
        st = rewrite_uri(rest, has_driver, listener, out, err);
    else if (!st && given && strstr(given, "://") && !strchr(given, '='))
        st = malformed(err);
    else if (!st && given && *given && !(out->text = pgs_strdup(given)))
        st = pgs_no_memory(err);
    bool is_string = out->text && (rest || strchr(out->text, '='));
    if (!st)
        st = is_string ? parse(out->text, out, err) : take_options(NULL, out, err);
    if (st)
        pgs_pg_conninfo_reset(out);
    return st;
}
