/* Telling somebody that the verdict has changed.
 *
 * The last verdict lies in one small file. It is replaced, never written into, and whoever looks at
 * it holds a lock on it until the command has ended: of two runs at once one tells, the other sees
 * that it was told. A command that fails or hangs leaves the file as it was, so the next run tells
 * again. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/pgskew.h"

#define MARK         "pgskew-state 1 "
#define MAX_STATE    64
#define PATIENCE_MS  10
#define GRACE_MS     1000 /* from asking a command to end to ending it */
#define LOCK_GRACE_S 5    /* beyond what another run's command may take */

extern char **environ;

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the state ---- */

/* The verdict that `text` tells; PGS_VERDICT_COUNT: none yet. False: it is no state of ours. */
static bool parse_state(char *text, pgs_verdict *out) {
    *out = PGS_VERDICT_COUNT;
    size_t n = strlen(text), mark = strlen(MARK);
    if (n == 0)
        return true;
    if (n <= mark || text[n - 1] != '\n' || strncmp(text, MARK, mark) != 0)
        return false;
    text[n - 1] = '\0';
    *out = pgs_verdict_find(text + mark);
    return *out != PGS_VERDICT_COUNT;
}

static pgs_status is_foreign(const char *path, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_DATA, "\"%s\" is not a state of pgskew", path);
    pgs_hint(err, "choose another file for --state; it is not touched");
    return st;
}

static pgs_status cannot_keep(const char *path, int why, pgs_err *err) {
    pgs_status st =
        pgs_fail(err, PGS_E_IO, "cannot keep the state in \"%s\": %s", path, strerror(why));
    pgs_hint(err, "nobody can be told of a change until it can be");
    return st;
}

/* What is in the open file. */
static pgs_status read_state(int fd, const char *path, pgs_verdict *out, pgs_err *err) {
    char text[MAX_STATE + 1];
    struct stat info;
    if (fstat(fd, &info) != 0)
        return cannot_keep(path, errno, err);
    if (!S_ISREG(info.st_mode) || info.st_size > MAX_STATE)
        return is_foreign(path, err);
    ssize_t n = pread(fd, text, MAX_STATE, 0);
    if (n < 0)
        return cannot_keep(path, errno, err);
    text[n] = '\0';
    return strlen(text) == (size_t)n && parse_state(text, out) ? PGS_OK : is_foreign(path, err);
}

pgs_status pgs_state_check(const char *path, pgs_err *err) {
    pgs_verdict verdict;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) /* it may be there when it is needed; else that is said then */
        return errno == ELOOP ? is_foreign(path, err) : PGS_OK;
    pgs_err why = {0};
    pgs_status st = read_state(fd, path, &verdict, &why);
    close(fd);
    return st == PGS_E_DATA ? is_foreign(path, err) : PGS_OK;
}

/* Whether the open file is still the one of that name. */
static bool is_current(int fd, const char *path) {
    struct stat mine, named;
    return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

/* Open the state and lock it, waiting while another run has it. */
static pgs_status lock_state(const char *path, int64_t timeout_s, int *out, pgs_err *err) {
    int64_t end = now_ms() + (timeout_s + LOCK_GRACE_S) * 1000;
    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0)
            return cannot_keep(path, errno, err);
        while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK && errno != EINTR) {
                int why = errno;
                close(fd);
                return cannot_keep(path, why, err);
            }
            if (now_ms() >= end) {
                close(fd);
                return pgs_fail(err, PGS_E_RETRY, "another run holds \"%s\"; nobody was told",
                                path);
            }
            pause_ms(PATIENCE_MS);
        }
        *out = fd;
        if (is_current(fd, path))
            return PGS_OK;
        close(fd); /* replaced while we waited */
    }
}

static pgs_status write_state(const char *path, pgs_verdict verdict, pgs_err *err) {
    pgs_aside aside;
    char text[MAX_STATE];
    int n = snprintf(text, sizeof text, MARK "%s\n", pgs_verdict_name(verdict));
    pgs_status st = pgs_aside_begin(&aside, path, err);
    if (st != PGS_OK)
        return st;
    if (write(aside.fd, text, (size_t)n) == n)
        return pgs_aside_finish(&aside, path, true, err);
    int why = errno;
    pgs_aside_abandon(&aside);
    return cannot_keep(path, why, err);
}

/* ---- the command ---- */

/* The document in a file without a name, to be read from its beginning; -1: *err says why. */
static int document_of(const pgs_notice *notice, pgs_err *err) {
    int fd = memfd_create("pgskew-notice", MFD_CLOEXEC);
    int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "w");
    pgs_status st = file ? notice->write(file, notice->context, err) : pgs_no_memory(err);
    if (file)
        fclose(file);
    else if (copy >= 0)
        close(copy);
    if (st == PGS_OK && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Start it in a group of its own, with the signals of a fresh program. */
static int start(const char *command, int document, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    char shell[] = "sh", option[] = "-c", *copy = pgs_strdup(command);
    char *argv[] = {shell, option, copy, NULL};
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, document, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    int why = copy ? posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ) : ENOMEM;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    pgs_free(copy);
    return why;
}

/* Wait until it has ended, at most `ms`: true, and *status. */
static bool wait_for(pid_t pid, int64_t ms, int *status) {
    int64_t end = now_ms() + ms;
    for (;;) {
        pid_t done = waitpid(pid, status, WNOHANG);
        if (done == pid)
            return true;
        if ((done < 0 && errno != EINTR) || now_ms() >= end)
            return false;
        pause_ms(PATIENCE_MS);
    }
}

static pgs_status run(const pgs_notice *notice, int document, pgs_err *err) {
    pid_t pid;
    int status = 0, why = start(notice->command, document, &pid);
    if (why != 0)
        return pgs_fail(err, PGS_E_RETRY, "--notify could not be run: %s", strerror(why));
    if (!wait_for(pid, notice->timeout_s * 1000, &status)) {
        kill(-pid, SIGTERM);
        if (!wait_for(pid, GRACE_MS, &status)) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
        }
        return pgs_fail(err, PGS_E_RETRY, "--notify took more than %lld s and was ended",
                        (long long)notice->timeout_s);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return PGS_OK;
    return WIFSIGNALED(status)
               ? pgs_fail(err, PGS_E_RETRY, "--notify was ended by signal %d", WTERMSIG(status))
               : pgs_fail(err, PGS_E_RETRY, "--notify ended with exit code %d",
                          WEXITSTATUS(status));
}

static pgs_status tell(const pgs_notice *notice, pgs_verdict before, pgs_err *err) {
    const char *was = before == PGS_VERDICT_COUNT ? "" : pgs_verdict_name(before);
    if (setenv("PGSKEW_VERDICT", pgs_verdict_name(notice->verdict), 1) != 0 ||
        setenv("PGSKEW_VERDICT_BEFORE", was, 1) != 0)
        return pgs_no_memory(err);
    int document = document_of(notice, err);
    if (document < 0)
        return PGS_E_RETRY;
    pgs_status st = run(notice, document, err);
    close(document);
    if (st != PGS_OK)
        pgs_hint(err, "the verdict stays %s, and the next run tries again",
                 pgs_verdict_name(notice->verdict));
    return st;
}

pgs_status pgs_notify(const pgs_notice *notice, pgs_err *err) {
    int fd = -1;
    pgs_verdict before = PGS_VERDICT_COUNT;
    pgs_status st = lock_state(notice->state, notice->timeout_s, &fd, err);
    if (st != PGS_OK)
        return st;
    st = read_state(fd, notice->state, &before, err);
    bool changed = st == PGS_OK && before != notice->verdict;
    bool is_news = before != PGS_VERDICT_COUNT || notice->verdict != PGS_VERDICT_OK;
    if (changed && is_news)
        st = tell(notice, before, err);
    if (st == PGS_OK && changed)
        st = write_state(notice->state, notice->verdict, err);
    close(fd);
    return st;
}
