/* base/file.c: files that are complete or absent, and nothing beside them. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "support/no_leaks.h"
#include "support/scratch.h"

static scratch dir;
static pgs_err err;

static void set_up(void) {
    cr_assert(scratch_make(&dir));
}

static void tear_down(void) {
    scratch_remove(&dir);
    pgs_test_no_leaks();
}

TestSuite(file, .init = set_up, .fini = tear_down);
TestSuite(output, .init = set_up, .fini = tear_down);

static const char *in_dir(const char *name) {
    return scratch_name(&dir, name);
}

/* Names in the directory, hidden ones too. */
static size_t n_entries(void) {
    DIR *d = opendir(dir.path);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
}

static void expect_content(const char *path, const char *text) {
    char got[200] = {0};
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    cr_expect_eq(fread(got, 1, sizeof got - 1, f), strlen(text), "%s", path);
    fclose(f);
    cr_expect_str_eq(got, text, "%s", path);
}

static bool exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

/* Run what follows as somebody whom permissions bind, also where the tests run as root. */
static void become_nobody(void) {
    cr_assert_eq(chmod(dir.path, 0755), 0);
    if (geteuid() == 0)
        cr_assert_eq(seteuid(65534), 0);
}

static void become_oneself(void) {
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
}

/* ---- creating ---- */

Test(file, a_new_file_is_whole_and_private) {
    mode_t mask = umask(0);
    cr_assert_eq(pgs_file_create(in_dir("new"), "content", 7, &err), PGS_OK);
    umask(mask);
    struct stat info;
    cr_assert_eq(stat(in_dir("new"), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600u);
    cr_expect_eq(info.st_nlink, 1u);
    expect_content(in_dir("new"), "content");
    cr_expect_eq(n_entries(), 1u);
}

Test(file, an_empty_file_is_a_file) {
    cr_assert_eq(pgs_file_create(in_dir("empty"), NULL, 0, &err), PGS_OK);
    expect_content(in_dir("empty"), "");
}

Test(file, a_name_without_a_directory_is_in_this_one) {
    cr_assert_eq(chdir(dir.path), 0);
    cr_assert_eq(pgs_file_create("here", "x", 1, &err), PGS_OK);
    cr_assert_eq(chdir("/"), 0);
    expect_content(in_dir("here"), "x");
}

Test(file, nothing_is_overwritten) {
    put(in_dir("old"), "kept");
    cr_assert_eq(symlink("nowhere", in_dir("dangling")), 0);
    cr_assert_eq(mkdir(in_dir("directory"), 0700), 0);
    static const char *const NAME[] = {"old", "dangling", "directory"};
    for (size_t i = 0; i < PGS_COUNT_OF(NAME); i++) {
        cr_expect_eq(pgs_file_create(in_dir(NAME[i]), "new", 3, &err), PGS_E_EXISTS, "%s", NAME[i]);
        cr_expect_not_null(strstr(err.msg, NAME[i]));
        cr_expect_not_null(strstr(err.msg, "File exists"), "%s", err.msg);
        cr_expect_not_null(strstr(err.hint, "nothing is overwritten"));
    }
    expect_content(in_dir("old"), "kept");
    cr_expect_not(exists(in_dir("nowhere")));
    cr_expect_eq(n_entries(), 3u);
}

Test(file, a_missing_directory_is_named) {
    cr_assert_eq(pgs_file_create(in_dir("no/such"), "x", 1, &err), PGS_E_EXISTS);
    cr_expect_not_null(strstr(err.msg, "no/such"));
    cr_expect_not_null(strstr(err.hint, "create the directory"));
    put(in_dir("plain"), "");
    cr_assert_eq(pgs_file_create(in_dir("plain/file"), "x", 1, &err), PGS_E_EXISTS);
    cr_expect_eq(n_entries(), 1u);
}

Test(file, a_directory_that_may_not_be_written) {
    cr_assert_eq(mkdir(in_dir("closed"), 0555), 0);
    become_nobody();
    cr_expect_eq(pgs_file_create(in_dir("closed/file"), "x", 1, &err), PGS_E_EXISTS);
    cr_expect_not_null(strstr(err.msg, "Permission denied"), "%s", err.msg);
    pgs_output out;
    cr_expect_eq(pgs_output_open(&out, in_dir("closed/file"), &err), PGS_E_EXISTS);
    become_oneself();
    cr_expect_not(exists(in_dir("closed/file")));
}

Test(file, without_memory_nothing_is_left) {
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK && nth < 20; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_file_create(in_dir("file"), "x", 1, &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
        cr_assert_eq(n_entries(), st == PGS_OK);
    }
    cr_assert_eq(st, PGS_OK);
}

/* ---- what killed runs leave ---- */

Test(file, leftovers_go_but_nothing_else_does) {
    put(in_dir(".pgskew-abc123.tmp"), "half");
    put(in_dir(".pgskew-abc123.tmp.txt"), "");
    put(in_dir(".pgskew-abc123"), "");
    put(in_dir("pgskew-abc123.tmp"), "");
    put(in_dir("aim"), "kept");
    cr_assert_eq(symlink("aim", in_dir(".pgskew-link.tmp")), 0);
    cr_assert_eq(mkfifo(in_dir(".pgskew-fifo.tmp"), 0600), 0);
    cr_assert_eq(mkdir(in_dir(".pgskew-directory.tmp"), 0700), 0);
    cr_assert_eq(pgs_file_create(in_dir("new"), "x", 1, &err), PGS_OK);
    cr_expect_not(exists(in_dir(".pgskew-abc123.tmp")));
    static const char *const KEPT[] = {
        ".pgskew-abc123.tmp.txt", ".pgskew-abc123",   "pgskew-abc123.tmp",     "aim",
        ".pgskew-link.tmp",       ".pgskew-fifo.tmp", ".pgskew-directory.tmp", "new"};
    for (size_t i = 0; i < PGS_COUNT_OF(KEPT); i++)
        cr_expect(exists(in_dir(KEPT[i])), "%s", KEPT[i]);
}

Test(file, work_in_progress_of_a_living_writer_stays) {
    put(in_dir(".pgskew-living.tmp"), "half");
    int fd = open(in_dir(".pgskew-living.tmp"), O_RDWR);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    cr_assert_eq(pgs_file_create(in_dir("one"), "x", 1, &err), PGS_OK);
    cr_expect(exists(in_dir(".pgskew-living.tmp")));
    close(fd); /* now it is dead */
    cr_assert_eq(pgs_file_create(in_dir("two"), "x", 1, &err), PGS_OK);
    cr_expect_not(exists(in_dir(".pgskew-living.tmp")));
}

Test(file, a_killed_writer_leaves_what_the_next_one_removes) {
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        pgs_output out;
        if (pgs_output_open(&out, in_dir("report"), NULL) == PGS_OK) {
            fputs("half", out.file);
            fflush(out.file);
        }
        (void)!write(ready[1], "x", 1);
        pause();
        _exit(0);
    }
    char byte;
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_expect_eq(n_entries(), 1u); /* aside */
    cr_expect_not(exists(in_dir("report")));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    cr_expect_eq(n_entries(), 1u);
    pgs_output out;
    cr_assert_eq(pgs_output_open(&out, in_dir("report"), &err), PGS_OK);
    fputs("whole", out.file);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
    expect_content(in_dir("report"), "whole");
    cr_expect_eq(n_entries(), 1u);
    close(ready[0]);
    close(ready[1]);
}

Test(file, many_writers_in_one_directory_all_finish) {
    enum { WRITERS = 8, ROUNDS = 30 };
    for (int w = 0; w < WRITERS; w++) {
        if (fork() != 0)
            continue;
        int failed = 0;
        for (int i = 0; i < ROUNDS; i++) {
            char name[40], text[40];
            pgs_output out;
            snprintf(name, sizeof name, "writer%d", w);
            snprintf(text, sizeof text, "round %d", i);
            failed += pgs_output_open(&out, in_dir(name), NULL) != PGS_OK;
            if (!out.file)
                continue;
            fputs(text, out.file);
            failed += pgs_output_commit(&out, NULL) != PGS_OK;
        }
        _exit(failed != 0);
    }
    for (int w = 0; w < WRITERS; w++) {
        int how;
        cr_assert_gt(wait(&how), 0);
        cr_expect(WIFEXITED(how) && WEXITSTATUS(how) == 0, "a writer lost its file to another");
    }
    cr_expect_eq(n_entries(), (size_t)WRITERS);
}

/* ---- reading ---- */

Test(file, bytes_come_back_with_zeros_behind_them) {
    static const char ZEROS[PGS_FILE_PADDING];
    char *bytes = NULL;
    size_t n = 0;
    cr_assert_eq(pgs_file_create(in_dir("f"), "a\0b", 3, &err), PGS_OK);
    cr_assert_eq(pgs_file_read(in_dir("f"), 3, &bytes, &n, &err), PGS_OK);
    cr_expect_eq(n, 3u);
    cr_expect_arr_eq(bytes, "a\0b", 3);
    cr_expect_arr_eq(bytes + 3, ZEROS, sizeof ZEROS);
    pgs_free(bytes);
    put(in_dir("empty"), "");
    cr_assert_eq(pgs_file_read(in_dir("empty"), 0, &bytes, &n, &err), PGS_OK);
    cr_expect(n == 0 && bytes[0] == '\0');
    pgs_free(bytes);
}

Test(file, what_cannot_be_read_says_why) {
    put(in_dir("long"), "four");
    put(in_dir("secret"), "");
    cr_assert_eq(chmod(in_dir("secret"), 0), 0);
    cr_assert_eq(mkfifo(in_dir("fifo"), 0600), 0);
    static const struct {
        const char *name;
        pgs_status status;
    } CASES[] = {{"missing", PGS_E_NO_INPUT},
                 {"long/file", PGS_E_NO_INPUT},
                 {"long", PGS_E_DATA},
                 {"", PGS_E_DATA},
                 {"secret", PGS_E_DENIED}};
    char *bytes = NULL;
    size_t n = 7;
    cr_expect_eq(pgs_file_read(in_dir("fifo"), 3, &bytes, &n, &err), PGS_E_DATA); /* no waiting */
    become_nobody();
    for (size_t i = 0; i < PGS_COUNT_OF(CASES); i++) {
        cr_expect_eq(pgs_file_read(in_dir(CASES[i].name), 3, &bytes, &n, &err), CASES[i].status,
                     "\"%s\": %s", CASES[i].name, err.msg);
        cr_expect_not_null(strstr(err.msg, dir.path), "%s", err.msg);
    }
    become_oneself();
    cr_expect(bytes == NULL && n == 7);
    pgs_mem_fail_at(1);
    cr_expect_eq(pgs_file_read(in_dir("long"), 4, &bytes, &n, &err), PGS_E_BUG);
    cr_expect_null(bytes);
}

/* ---- outputs that replace ---- */

Test(output, it_replaces_when_it_is_finished_and_not_before) {
    pgs_output out;
    put(in_dir("report"), "old");
    cr_assert_eq(pgs_output_open(&out, in_dir("report"), &err), PGS_OK);
    fputs("new", out.file);
    fflush(out.file);
    expect_content(in_dir("report"), "old");
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
    expect_content(in_dir("report"), "new");
    cr_expect_eq(n_entries(), 1u);
    pgs_output_abandon(&out); /* fine after a commit */
    expect_content(in_dir("report"), "new");
}

Test(output, one_that_is_abandoned_was_never_there) {
    pgs_output out;
    put(in_dir("report"), "old");
    cr_assert_eq(pgs_output_open(&out, in_dir("report"), &err), PGS_OK);
    fputs("new", out.file);
    pgs_output_abandon(&out);
    expect_content(in_dir("report"), "old");
    cr_expect_eq(n_entries(), 1u);
}

Test(output, a_link_is_followed) {
    pgs_output out;
    put(in_dir("target"), "old");
    cr_assert_eq(symlink("target", in_dir("link")), 0);
    cr_assert_eq(pgs_output_open(&out, in_dir("link"), &err), PGS_OK);
    fputs("new", out.file);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
    struct stat info;
    cr_assert_eq(lstat(in_dir("link"), &info), 0);
    cr_expect(S_ISLNK(info.st_mode));
    expect_content(in_dir("target"), "new");
}

Test(output, its_mode_is_what_the_umask_leaves) {
    pgs_output out;
    mode_t mask = umask(027);
    cr_assert_eq(pgs_output_open(&out, in_dir("report"), &err), PGS_OK);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
    cr_expect_eq(umask(mask), 027u);
    struct stat info;
    cr_assert_eq(stat(in_dir("report"), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0640u);
}

Test(output, a_directory_is_no_output) {
    pgs_output out;
    cr_expect_eq(pgs_output_open(&out, dir.path, &err), PGS_E_EXISTS);
    cr_expect_not_null(strstr(err.msg, "directory"));
    cr_expect_eq(pgs_output_open(&out, in_dir("no/such"), &err), PGS_E_EXISTS);
    cr_expect_not_null(strstr(err.hint, "create the directory"));
    pgs_output_abandon(&out);
    cr_expect_eq(n_entries(), 0u);
}

Test(output, without_memory_nothing_is_left) {
    pgs_output out;
    pgs_status st = PGS_E_BUG;
    for (size_t nth = 1; st != PGS_OK && nth < 20; nth++) {
        pgs_mem_fail_at(nth);
        st = pgs_output_open(&out, in_dir("report"), &err);
        pgs_mem_fail_at(0);
        cr_assert(st == PGS_OK || st == PGS_E_BUG, "call %zu: %s", nth, err.msg);
        cr_assert_eq(n_entries(), st == PGS_OK);
    }
    cr_assert_eq(st, PGS_OK);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
}

/* ---- outputs that are written through ---- */

Test(output, the_null_device_takes_everything_and_stays) {
    pgs_output out;
    cr_assert_eq(pgs_output_open(&out, "/dev/null", &err), PGS_OK);
    fputs("x", out.file);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
    struct stat info;
    cr_assert_eq(stat("/dev/null", &info), 0);
    cr_expect(S_ISCHR(info.st_mode));
}

Test(output, a_pipe_gets_the_bytes_and_stays) {
    cr_assert_eq(mkfifo(in_dir("fifo"), 0600), 0);
    int reader = open(in_dir("fifo"), O_RDONLY | O_NONBLOCK);
    pgs_output out;
    cr_assert_eq(pgs_output_open(&out, in_dir("fifo"), &err), PGS_OK);
    fputs("through", out.file);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_OK);
    char got[20] = {0};
    cr_expect_eq(read(reader, got, sizeof got - 1), 7);
    cr_expect_str_eq(got, "through");
    close(reader);
    cr_expect_eq(n_entries(), 1u);
}

Test(output, a_full_device_is_an_io_error_that_names_it) {
    pgs_output out;
    cr_assert_eq(pgs_output_open(&out, "/dev/full", &err), PGS_OK);
    fputs("lost", out.file);
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_E_IO);
    cr_expect_not_null(strstr(err.msg, "/dev/full"), "%s", err.msg);
    cr_expect_not_null(strstr(err.msg, "No space left"), "%s", err.msg);
}

Test(output, a_loss_long_before_the_end_is_still_known) {
    static char line[1 << 16];
    memset(line, 'x', sizeof line - 1);
    pgs_output out;
    cr_assert_eq(pgs_output_open(&out, "/dev/full", &err), PGS_OK);
    fputs(line, out.file); /* more than a buffer: fails at once */
    errno = 0;
    cr_assert_eq(pgs_output_commit(&out, &err), PGS_E_IO);
    cr_expect_null(strstr(err.msg, "Success"), "%s", err.msg);
}

Test(output, no_path_is_standard_output_and_stays_open) {
    put(in_dir("stdout"), "");
    fflush(stdout);
    int before = dup(STDOUT_FILENO), file = open(in_dir("stdout"), O_WRONLY);
    cr_assert_eq(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
    pgs_output out;
    pgs_status opened = pgs_output_open(&out, NULL, &err);
    fputs("one ", out.file);
    pgs_status committed = pgs_output_commit(&out, &err);
    fputs("two", stdout);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    close(file);
    cr_expect(opened == PGS_OK && committed == PGS_OK);
    expect_content(in_dir("stdout"), "one two");
}

/* ---- hashes of files ---- */

/* What xxhsum -H3 prints of them. */
Test(file, a_hash_of_a_file_is_that_of_its_bytes) {
    static const struct {
        const char *text;
        uint64_t hash;
    } FILES[] = {{"", 0x2d06800538d394c2}, {"abc", 0x78af5f94892f3950}};
    for (size_t i = 0; i < PGS_COUNT_OF(FILES); i++) {
        uint64_t n_bytes = 9, hash = 9;
        const char *path = scratch_name(&dir, FILES[i].text[0] ? "abc" : "empty");
        cr_assert_eq(pgs_file_create(path, FILES[i].text, strlen(FILES[i].text), NULL), PGS_OK);
        cr_expect_eq(pgs_file_hash(path, &n_bytes, &hash, NULL), PGS_OK);
        cr_expect_eq(n_bytes, strlen(FILES[i].text));
        cr_expect_eq(hash, FILES[i].hash);
    }
}

Test(file, a_file_of_several_pieces_has_the_hash_of_the_whole) {
    static char bytes[200000];
    uint64_t n_bytes, hash;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * i % 251);
    cr_assert_eq(pgs_file_create(scratch_name(&dir, "large"), bytes, sizeof bytes, NULL), PGS_OK);
    cr_expect_eq(pgs_file_hash(scratch_name(&dir, "large"), &n_bytes, &hash, NULL), PGS_OK);
    cr_expect_eq(n_bytes, sizeof bytes);
    cr_expect_eq(hash, pgs_hash(bytes, sizeof bytes, 0));
}

Test(file, what_cannot_be_read_has_no_hash) {
    uint64_t n_bytes, hash;
    cr_expect_eq(pgs_file_hash(scratch_name(&dir, "absent"), &n_bytes, &hash, NULL),
                 PGS_E_NO_INPUT);
    cr_expect_eq(pgs_file_hash(dir.path, &n_bytes, &hash, NULL), PGS_E_IO);
}
