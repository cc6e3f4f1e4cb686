/* Runs a program as often as it is asked to, and says how long it took from start to exit and how
 * much memory it had at its peak. Small itself, because a process is charged with the memory of the
 * one it was forked from.
 *
 *   launch PROGRAM [ARGUMENT...]      for each line on stdin: "SECONDS PEAK_KIB" */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { LINE_SIZE = 64 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Whether the program exits with 0. What it prints is gone. */
static int run(char **argv, const posix_spawn_file_actions_t *quiet) {
    pid_t pid;
    int status;
    struct rusage usage;
    double began = seconds();
    errno = posix_spawn(&pid, argv[0], quiet, NULL, argv, environ);
    if (errno != 0 || wait4(pid, &status, 0, &usage) != pid) {
        fprintf(stderr, "launch: %s: %s\n", argv[0], strerror(errno));
        return 0;
    }
    printf("%.9f %ld\n", seconds() - began, usage.ru_maxrss);
    fflush(stdout);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv) {
    posix_spawn_file_actions_t quiet;
    if (argc < 2 || posix_spawn_file_actions_init(&quiet) != 0 ||
        posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0)
        return EXIT_FAILURE;
    printf("ready\n");
    fflush(stdout);
    for (char line[LINE_SIZE]; fgets(line, sizeof line, stdin);)
        if (!run(argv + 1, &quiet))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
