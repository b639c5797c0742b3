/* usage.c - runs a command and says what memory and processor time it took
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: usage FILE COMMAND ARGUMENT...
   Writes "KIB MILLISECONDS" into FILE: the largest resident set (getrusage(2)), and user and system time.
   Its exit status is the command's. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int complain(const char *what)
{
    fprintf(stderr, "usage: %s: %s\n", what, strerror(errno));
    return 125;
}

static long milliseconds(const struct timeval *time)
{
    return time->tv_sec * 1000 + time->tv_usec / 1000;
}

int main(int argc, char *argv[])
{
    struct rusage usage;
    int status;
    FILE *file;
    pid_t pid;

    if (argc < 3) {
        fputs("Usage: usage FILE COMMAND ARGUMENT...\n", stderr);
        return 2;
    }
    pid = fork();
    if (pid < 0)
        return complain("fork");
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        _exit(complain(argv[2]));
    }
    if (wait4(pid, &status, 0, &usage) < 0)
        return complain("wait4");
    file = fopen(argv[1], "we");
    if (!file)
        return complain(argv[1]);
    fprintf(file, "%ld %ld\n", usage.ru_maxrss,
            milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime));
    if (fclose(file) != 0)
        return complain(argv[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
