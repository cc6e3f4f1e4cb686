/* A library for LD_PRELOAD under which the nth call of a function fails, or the process ends there.
 *
 *   PGSKEW_FAIL=write:3:EIO,tmpfile:1+:EOPNOTSUPP    the third write; every O_TMPFILE
 *   PGSKEW_FAIL_MARK=FILE                            is created when a rule with one N applied
 *
 * KILL and STOP in place of an error send the process that signal before the call. stdio's own
 * writes cannot be caught from here: for stdout, fflush stands for them. open64, pwrite, ftruncate
 * and fdatasync are SQLite's. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_RULES = 8 };

static struct {
    char call[16];
    unsigned long nth, seen;
    bool and_later;
    char what[16];
} rule[MAX_RULES];
static int n_rules = -1;

static void read_rules(void) {
    const char *s = getenv("PGSKEW_FAIL");
    for (n_rules = 0; s && n_rules < MAX_RULES; n_rules++) {
        char nth[16] = "";
        if (sscanf(s, "%15[^:]:%15[^:]:%15[^,]", rule[n_rules].call, nth, rule[n_rules].what) != 3)
            break;
        rule[n_rules].nth = strtoul(nth, NULL, 10);
        rule[n_rules].and_later = strchr(nth, '+');
        s = strchr(s, ',');
        s += s != NULL;
    }
}

static void leave_mark(void) {
    const char *path = getenv("PGSKEW_FAIL_MARK");
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    if (path)
        real_open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static int errno_of(const char *name) {
    static const struct {
        const char *name;
        int value;
    } ERROR[] = {{"EIO", EIO},     {"ENOSPC", ENOSPC}, {"EOPNOTSUPP", EOPNOTSUPP},
                 {"EPERM", EPERM}, {"ENOLCK", ENOLCK}, {"EXDEV", EXDEV}};
    for (size_t i = 0; i < sizeof ERROR / sizeof *ERROR; i++)
        if (strcmp(name, ERROR[i].name) == 0)
            return ERROR[i].value;
    fprintf(stderr, "fail_io: what is %s?\n", name);
    abort();
}

/* Whether this call fails; then errno is set. */
static bool fails(const char *call) {
    if (n_rules < 0)
        read_rules();
    for (int i = 0; i < n_rules; i++) {
        if (strcmp(rule[i].call, call) != 0)
            continue;
        unsigned long n = ++rule[i].seen;
        if (n != rule[i].nth && !(rule[i].and_later && n > rule[i].nth))
            continue;
        if (!rule[i].and_later)
            leave_mark();
        if (strcmp(rule[i].what, "KILL") == 0) {
            raise(SIGKILL);
        } else if (strcmp(rule[i].what, "STOP") == 0) {
            raise(SIGSTOP);
        } else {
            errno = errno_of(rule[i].what);
            return true;
        }
    }
    return false;
}

/* What is passed through is called by its next definition. */
#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real)                                                                                     \
    real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static bool is_regular(int fd) {
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

static const char *kind_of_open(int flags) {
    return (flags & O_TMPFILE) == O_TMPFILE ? "tmpfile" : flags & O_DIRECTORY ? "opendir" : "open";
}

static mode_t mode_of(int flags, va_list args) {
    bool given = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
    return given ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    REAL(int, "open", const char *, int, mode_t);
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails(kind_of_open(flags)) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(int, "open64", const char *, int, mode_t);
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails("open64") ? -1 : real(path, flags, mode);
}

int mkostemps(char *template, int suffix, int flags) {
    REAL(int, "mkostemps", char *, int, int);
    return fails("mkostemps") ? -1 : real(template, suffix, flags);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return is_regular(fd) && fails("write") ? -1 : real(fd, bytes, n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return is_regular(fd) && fails("pwrite") ? -1 : real(fd, bytes, n, at);
}

int ftruncate64(int fd, off64_t n) {
    REAL(int, "ftruncate64", int, off64_t);
    return fails("ftruncate") ? -1 : real(fd, n);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return fails("fdatasync") ? -1 : real(fd);
}

int fflush(FILE *file) {
    REAL(int, "fflush", FILE *);
    return fails("fflush") ? EOF : real(file);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return fails("fsync") ? -1 : real(fd);
}

int fchmod(int fd, mode_t mode) {
    REAL(int, "fchmod", int, mode_t);
    return fails("fchmod") ? -1 : real(fd, mode);
}

int flock(int fd, int how) {
    REAL(int, "flock", int, int);
    return fails("flock") ? -1 : real(fd, how);
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    return fails("link") ? -1 : real(from, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    return fails("linkat") ? -1 : real(from_dir, from, to_dir, to, flags);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return fails("rename") ? -1 : real(from, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    return fails("renameat2") ? -1 : real(from_dir, from, to_dir, to, flags);
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return fails("unlink") ? -1 : real(path);
}

/* As the kernel does: the descriptor is closed either way. */
int close(int fd) {
    REAL(int, "close", int);
    bool counts = is_regular(fd) && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
    bool failed = counts && fails("close");
    int why = errno, rc = real(fd);
    if (failed)
        errno = why;
    return failed ? -1 : rc;
}
