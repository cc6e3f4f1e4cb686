/* Files that are complete or absent, whenever the power goes.
 *
 * A new file is written without a name (O_TMPFILE), fsynced and then linked to its name; link
 * never overwrites, and a process killed on the way leaves nothing at all. Where the file system
 * has no O_TMPFILE the file is written under a temporary name, locked while its writer lives, so
 * that the next run can tell a leftover from work in progress and remove it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

#define ASIDE_PREFIX ".pgskew-"
#define ASIDE_SUFFIX ".tmp"

/* The kernel gives the lowest free number: each is taken by what cannot be used in its way. */
void pgs_standard_files_hold(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return;
}

/* "dir/of" for "dir/of/file", "." for "file", "/" for "/file". */
static char *directory_of(const char *path) {
    char *copy = pgs_strdup(path);
    char *slash = copy ? strrchr(copy, '/') : NULL;
    if (!copy)
        return NULL;
    if (slash == copy)
        slash[1] = '\0';
    else if (slash)
        *slash = '\0';
    else {
        pgs_free(copy);
        return pgs_strdup(".");
    }
    return copy;
}

static void hint_disk(pgs_err *err, int why) {
    if (why == ENOSPC || why == EDQUOT)
        pgs_hint(err, "free some space and run again; nothing was left behind");
    else if (why == EFBIG)
        pgs_hint(err, "raise the limit on file sizes (ulimit -f) and run again");
    else
        pgs_hint(err, "look at the disk and the system's log, then run again");
}

static pgs_status cannot_create(const char *path, int why, pgs_err *err) {
    if (why == ENOMEM)
        return pgs_no_memory(err);
    bool disk = why == EIO || why == ENOSPC || why == EDQUOT || why == EFBIG;
    pgs_status status = pgs_fail(err, disk ? PGS_E_IO : PGS_E_EXISTS, "cannot create \"%s\": %s",
                                 path, strerror(why));
    if (disk)
        hint_disk(err, why);
    else if (why == EEXIST)
        pgs_hint(err, "nothing is overwritten: remove it first or choose another name");
    else if (why == ENOENT)
        pgs_hint(err, "create the directory first");
    else if (why == ENAMETOOLONG)
        pgs_hint(err, "choose a shorter name");
    else
        pgs_hint(err, "choose a directory you may write to");
    return status;
}

static pgs_status cannot_write(const char *path, int why, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_IO, "cannot write \"%s\": %s", path, strerror(why));
    hint_disk(err, why);
    return st;
}

/* fsync, but for file systems that have nothing to flush. -1 sets errno. */
static int flush_to_disk(int fd) {
    int rc;
    do
        rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    return rc != 0 && errno != EINVAL && errno != EROFS ? -1 : 0;
}

static pgs_status cannot_flush(const char *path, int why, pgs_err *err) {
    pgs_status st = pgs_fail(err, PGS_E_IO, "cannot flush \"%s\" to disk: %s", path, strerror(why));
    hint_disk(err, why);
    return st;
}

static pgs_status write_all(int fd, const char *path, const char *bytes, size_t n, pgs_err *err) {
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return cannot_write(path, done < 0 ? errno : EIO, err);
        bytes += done;
        n -= (size_t)done;
    }
    return flush_to_disk(fd) == 0 ? PGS_OK : cannot_flush(path, errno, err);
}

/* Make the directory entry durable. The file is there already: a failure is reported, and a new
 * file taken back, because a caller that sees an error must find nothing. Where even that fails, or
 * the file has replaced another, it is complete, and the hint says what it lacks. */
static pgs_status sync_directory(int directory, const char *path, bool is_new, pgs_err *err) {
    if (directory < 0 || flush_to_disk(directory) == 0)
        return PGS_OK;
    pgs_status st = pgs_fail(err, PGS_E_IO, "cannot flush the directory of \"%s\" to disk: %s",
                             path, strerror(errno));
    hint_disk(err, errno);
    if (!is_new)
        pgs_hint(err, "the file is complete but may not outlive a crash: look at the disk");
    else if (unlink(path) != 0 && errno != ENOENT)
        pgs_hint(err, "the file is complete but may not outlive a crash: remove it and run again");
    return st;
}

/* ---- temporary names, where there is no O_TMPFILE ---- */

static bool is_aside_name(const char *name) {
    size_t n = strlen(name), tail = strlen(ASIDE_SUFFIX);
    return strncmp(name, ASIDE_PREFIX, strlen(ASIDE_PREFIX)) == 0 && n > tail &&
           strcmp(name + n - tail, ASIDE_SUFFIX) == 0;
}

/* Remove what killed runs left: our temporary names that nobody holds a lock on. */
static void remove_leftovers(const char *directory) {
    DIR *dir = opendir(directory);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!is_aside_name(entry->d_name))
            continue;
        int fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        struct stat info; /* after the lock: no link left means that the name is another's now */
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 &&
            S_ISREG(info.st_mode) && info.st_uid == geteuid() && info.st_nlink > 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
        if (fd >= 0)
            close(fd);
    }
    closedir(dir);
}

/* Take the lock that says "its writer lives". False where another run, seeing the file in the
 * moment before it is locked, took it for a leftover. Where nothing can be locked, nothing is
 * ever taken for a leftover either. */
static bool hold(int fd) {
    struct stat info;
    bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    return locked && fstat(fd, &info) == 0 && info.st_nlink == 1;
}

/* A new locked file beside its destination; *name is freed with pgs_free(). -1 sets errno. */
static int open_aside(const char *directory, mode_t mode, char **name) {
    for (int attempt = 0; attempt < 100; attempt++) {
        pgs_buf buf = {0};
        pgs_buf_format(&buf, "%s/" ASIDE_PREFIX "XXXXXX" ASIDE_SUFFIX, directory);
        errno = ENOMEM;
        int fd = buf.failed ? -1 : mkostemps(buf.data, (int)strlen(ASIDE_SUFFIX), O_CLOEXEC);
        if (fd >= 0 && hold(fd) && fchmod(fd, mode) == 0) {
            *name = buf.data;
            return fd;
        }
        int why = errno;
        if (fd >= 0) {
            close(fd);
            unlink(buf.data);
        }
        pgs_buf_reset(&buf);
        errno = why;
        if (fd < 0)
            break;
    }
    return -1;
}

/* Give the file its name, if nobody has it. Some file systems have no links but can rename so. */
static int place(const char *aside, const char *path) {
    if (link(aside, path) == 0)
        return 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
        return -1;
    return renameat2(AT_FDCWD, aside, AT_FDCWD, path, RENAME_NOREPLACE);
}

static pgs_status create_by_name(const char *directory, const char *path, const void *bytes,
                                 size_t n, pgs_err *err) {
    char *aside = NULL;
    int fd = open_aside(directory, 0600, &aside);
    if (fd < 0)
        return cannot_create(path, errno, err);
    pgs_status st = write_all(fd, path, bytes, n, err);
    if (st == PGS_OK && place(aside, path) != 0)
        st = cannot_create(path, errno, err);
    unlink(aside);
    close(fd);
    pgs_free(aside);
    return st;
}

/* ---- files that somebody else fills ---- */

pgs_status pgs_aside_begin(pgs_aside *aside, const char *path, pgs_err *err) {
    *aside = (pgs_aside){.fd = -1};
    char *directory = directory_of(path);
    if (!directory)
        return pgs_no_memory(err);
    remove_leftovers(directory);
    aside->fd = open_aside(directory, 0600, &aside->name);
    int why = errno;
    pgs_free(directory);
    return aside->fd < 0 ? cannot_create(path, why, err) : PGS_OK;
}

void pgs_aside_clean(const char *path) {
    char *directory = directory_of(path);
    if (directory)
        remove_leftovers(directory);
    pgs_free(directory);
}

pgs_status pgs_aside_finish(pgs_aside *aside, const char *path, bool replace, pgs_err *err) {
    char *directory = directory_of(path);
    if (!directory)
        return pgs_no_memory(err);
    pgs_status st = PGS_OK;
    if (flush_to_disk(aside->fd) != 0)
        st = cannot_flush(path, errno, err);
    else if (replace ? rename(aside->name, path) != 0 : place(aside->name, path) != 0)
        st = cannot_create(path, errno, err);
    if (st == PGS_OK) {
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        st = sync_directory(fd, path, !replace, err);
        if (fd >= 0)
            close(fd);
    }
    pgs_free(directory);
    pgs_aside_abandon(aside);
    return st;
}

void pgs_aside_abandon(pgs_aside *aside) {
    if (aside->name)
        unlink(aside->name); /* gone already where it was renamed */
    if (aside->fd >= 0)
        close(aside->fd);
    pgs_free(aside->name);
    *aside = (pgs_aside){.fd = -1};
}

/* ---- no name at all ---- */

static int link_unnamed(int fd, const char *path) {
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    /* Without /proc the descriptor itself can be linked by a privileged process. */
    return errno == ENOENT ? linkat(fd, "", AT_FDCWD, path, AT_EMPTY_PATH) : -1;
}

static pgs_status create_unnamed(const char *directory, const char *path, const void *bytes,
                                 size_t n, pgs_err *err) {
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        bool unsupported = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
        return unsupported ? create_by_name(directory, path, bytes, n, err)
                           : cannot_create(path, errno, err);
    }
    pgs_status st = write_all(fd, path, bytes, n, err);
    bool nameless = st == PGS_OK && link_unnamed(fd, path) != 0;
    int why = errno;
    close(fd);
    if (!nameless)
        return st;
    bool forbidden = why == ENOENT || why == EPERM || why == EACCES;
    return forbidden ? create_by_name(directory, path, bytes, n, err)
                     : cannot_create(path, why, err);
}

pgs_status pgs_file_create(const char *path, const void *bytes, size_t n, pgs_err *err) {
    struct stat existing;
    if (lstat(path, &existing) == 0)
        return cannot_create(path, EEXIST, err);
    char *directory = directory_of(path);
    if (!directory)
        return pgs_no_memory(err);
    pgs_status st;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* now, when it may still fail */
    if (fd < 0 && errno != EACCES) {
        st = cannot_create(path, errno, err);
    } else {
        remove_leftovers(directory);
        st = create_unnamed(directory, path, bytes, n, err);
    }
    if (st == PGS_OK)
        st = sync_directory(fd, path, true, err);
    if (fd >= 0)
        close(fd);
    pgs_free(directory);
    return st;
}

/* ---- reading ---- */

static pgs_status cannot_read(const char *path, int why, pgs_err *err) {
    pgs_status status = why == ENOENT || why == ENOTDIR ? PGS_E_NO_INPUT
                        : why == EACCES || why == EPERM ? PGS_E_DENIED
                                                        : PGS_E_IO;
    status = pgs_fail(err, status, "cannot read \"%s\": %s", path, strerror(why));
    if (status == PGS_E_NO_INPUT)
        pgs_hint(err, "check the path");
    else if (status == PGS_E_DENIED)
        pgs_hint(err, "ask its owner for read permission");
    return status;
}

static pgs_status read_all(int fd, const char *path, char *out, size_t n, pgs_err *err) {
    for (size_t done = 0; done < n;) {
        ssize_t got = read(fd, out + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot_read(path, errno, err);
        if (got == 0)
            return pgs_fail(err, PGS_E_IO, "\"%s\" became shorter while it was read", path);
        done += (size_t)got;
    }
    return PGS_OK;
}

pgs_status pgs_file_read(const char *path, size_t max_bytes, char **out, size_t *n, pgs_err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return cannot_read(path, errno, err);
    struct stat info;
    pgs_status st = PGS_OK;
    char *bytes = NULL;
    if (fstat(fd, &info) != 0)
        st = cannot_read(path, errno, err);
    else if (!S_ISREG(info.st_mode))
        st = pgs_fail(err, PGS_E_DATA, "\"%s\" is not a regular file", path);
    else if ((uint64_t)info.st_size > max_bytes)
        st = pgs_fail(err, PGS_E_DATA, "\"%s\" is larger than %zu bytes", path, max_bytes);
    else if (!(bytes = pgs_alloc((size_t)info.st_size + PGS_FILE_PADDING, 1)))
        st = pgs_no_memory(err);
    else
        st = read_all(fd, path, bytes, (size_t)info.st_size, err);
    close(fd);
    if (st != PGS_OK) {
        pgs_free(bytes);
        return st;
    }
    *out = bytes;
    *n = (size_t)info.st_size;
    return PGS_OK;
}

/* ---- output that replaces ---- */

/* stdio keeps no reason for a write that failed long before anybody asks; this does. */
static ssize_t put(void *cookie, const char *bytes, size_t n) {
    pgs_output *out = cookie;
    size_t done = 0;
    while (done < n) {
        ssize_t more = write(out->fd, bytes + done, n - done);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0) {
            out->why = more < 0 ? errno : EIO;
            break;
        }
        done += (size_t)more;
    }
    return (ssize_t)done; /* fewer than n: an error */
}

static pgs_status stream_to(pgs_output *out, int fd, pgs_err *err) {
    out->fd = fd;
    out->file = fopencookie(out, "w", (cookie_io_functions_t){.write = put});
    if (out->file)
        return PGS_OK;
    close(fd);
    return pgs_no_memory(err);
}

/* A link is followed, so that it is not replaced. */
static pgs_status open_aside_output(pgs_output *out, const char *path, pgs_err *err) {
    char resolved[PATH_MAX];
    if (realpath(path, resolved))
        path = resolved;
    char *directory = directory_of(path);
    out->path = pgs_strdup(path);
    if (!directory || !out->path) {
        pgs_free(directory);
        return pgs_no_memory(err);
    }
    remove_leftovers(directory);
    mode_t mask = umask(0);
    umask(mask);
    int fd = open_aside(directory, 0666 & ~mask, &out->aside);
    pgs_free(directory);
    return fd < 0 ? cannot_create(path, errno, err) : stream_to(out, fd, err);
}

/* Devices and pipes are written through. */
static pgs_status open_through(pgs_output *out, const char *path, pgs_err *err) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return cannot_create(path, errno, err);
    out->path = pgs_strdup(path);
    if (out->path)
        return stream_to(out, fd, err);
    close(fd);
    return pgs_no_memory(err);
}

pgs_status pgs_output_open(pgs_output *out, const char *path, pgs_err *err) {
    *out = (pgs_output){0};
    if (!path) {
        static char room[1 << 16]; /* a pipe's worth */
        if (!isatty(STDOUT_FILENO))
            setvbuf(stdout, room, _IOFBF, sizeof room);
        out->file = stdout;
        return PGS_OK;
    }
    struct stat info;
    pgs_status st = PGS_OK;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        st = pgs_fail(err, PGS_E_EXISTS, "cannot write \"%s\": it is a directory", path);
        pgs_hint(err, "name a file in it");
    } else if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        st = open_through(out, path, err);
    } else {
        st = open_aside_output(out, path, err);
    }
    if (st != PGS_OK)
        pgs_output_abandon(out);
    return st;
}

pgs_status pgs_output_commit(pgs_output *out, pgs_err *err) {
    const char *name = out->path ? out->path : "standard output";
    pgs_status st = PGS_OK;
    errno = EIO; /* for a write to stdout that failed long before: nobody kept its reason */
    if (fflush(out->file) != 0 || ferror(out->file))
        st = cannot_write(name, out->why ? out->why : errno, err);
    else if (out->aside && flush_to_disk(out->fd) != 0)
        st = cannot_flush(name, errno, err);
    else if (out->aside && rename(out->aside, out->path) != 0)
        st = cannot_create(out->path, errno, err);
    else {
        pgs_free(out->aside); /* it has its name now; nothing to remove */
        out->aside = NULL;
    }
    pgs_output_abandon(out);
    return st;
}

void pgs_output_abandon(pgs_output *out) {
    if (out->aside)
        unlink(out->aside);
    if (out->file && out->file != stdout) {
        fclose(out->file);
        close(out->fd);
    }
    pgs_free(out->aside);
    pgs_free(out->path);
    *out = (pgs_output){0};
}
