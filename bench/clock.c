/* clock.c - runs commands in turn, A B A B, and prints the seconds of wall clock that each took
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: clock [-r ROUNDS] [-l SECONDS] [-p COMMAND] :: LABEL PROGRAM [ARGUMENT]... [:: LABEL ...]...

   In each round, every contestant runs once, after COMMAND, a line for sh that is not part of the
   measured time.  A contestant that has taken SECONDS altogether, COMMAND included, sits out the rounds
   that are left.
   Each run is a line "LABEL<tab>seconds" on stdout; what a contestant prints there is thrown away.
   The start of the process is part of the time.  A command that fails ends it all, with status 1;
   a signal, passed on to what is running, with 128 and its number.  What has not ended by itself within
   PATIENCE seconds, or GRACE seconds after that signal, fails and is left behind: sync(2) waits for every
   file system there is, and where one of them is stuck, nothing can end it. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct contestant {
    const char *label;
    char **command;  /* NULL-terminated */
    double total;    /* seconds so far, with what came before its runs */
};

enum { PATIENCE = 900, GRACE = 10 };

static volatile sig_atomic_t running;  /* process to pass a signal on to, or 0 */
static volatile sig_atomic_t caught;   /* the signal that asked to stop, or 0 */
static volatile sig_atomic_t late;     /* patience, or grace, is at its end */

static void pass_on(int signal)
{
    int saved = errno;

    if (signal == SIGALRM)
        late = 1;
    else {
        caught = signal;
        alarm(GRACE);
    }
    if (running != 0)
        kill((pid_t)running, late ? SIGKILL : SIGTERM);
    errno = saved;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Runs COMMAND to its end, with nothing to read and its output thrown away.  Returns the seconds that
   this took; where it fails, or a signal asks to stop, it ends the program instead, speaking of LABEL. */
static double run(const char *label, char *const command[])
{
    posix_spawn_file_actions_t actions;
    double start;
    double seconds;
    pid_t pid;
    int error;
    int status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    start = now();
    error = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
    if (error == 0) {
        running = pid;
        if (caught != 0)
            kill(pid, SIGTERM);
        else
            alarm(PATIENCE);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR && !late)
            ;
        running = 0;
    }
    seconds = now() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (late)
        fprintf(stderr, "clock: %s: process %ld does not end\n", label, (long)pid);
    if (caught != 0)
        exit(128 + caught);
    if (late)
        exit(1);
    alarm(0);
    if (error != 0) {
        fprintf(stderr, "clock: %s: %s: %s\n", label, command[0], strerror(error));
        exit(1);
    }
    if (status != 0) {
        fprintf(stderr, "clock: %s: %s %d\n", label, WIFEXITED(status) ? "exit status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        exit(1);
    }
    return seconds;
}

static _Noreturn void wrong_usage(void)
{
    fputs("Usage: clock [-r ROUNDS] [-l SECONDS] [-p COMMAND] :: LABEL PROGRAM [ARGUMENT]... "
          "[:: LABEL ...]...\n",
          stderr);
    exit(2);
}

/* Cuts ARGUMENT, which starts at the first "::", into CONTESTANTs.  Returns how many. */
static size_t contestants_of(char *argument[], struct contestant contestant[])
{
    size_t count = 0;

    while (*argument != NULL) {
        if (strcmp(*argument, "::") == 0) {
            *argument = NULL;
            if (argument[1] == NULL || argument[2] == NULL)
                wrong_usage();
            contestant[count].label = argument[1];
            contestant[count].command = argument + 2;
            contestant[count++].total = 0;
            argument += 2;
        } else if (count == 0)
            wrong_usage();
        argument++;
    }
    return count;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = pass_on};

    sigemptyset(&action.sa_mask);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
#ifdef HAVE_SYS_PRCTL_H
    prctl(PR_SET_PDEATHSIG, SIGTERM);  /* a kill -9 of run.sh ends it as well */
#endif
}

int main(int argc, char *argv[])
{
    char shell[] = "sh";
    char option[] = "-ec";
    char *prepare[] = {shell, option, NULL, NULL};
    double limit = 0;
    long rounds = 7;
    struct contestant *contestant;
    size_t count;
    int letter;

    while ((letter = getopt(argc, argv, "+r:l:p:")) != -1)
        switch (letter) {
        case 'r': rounds = strtol(optarg, NULL, 10); break;
        case 'l': limit = strtod(optarg, NULL); break;
        case 'p': prepare[2] = optarg; break;
        default: wrong_usage();
        }
    contestant = calloc((size_t)argc, sizeof *contestant);
    if (contestant == NULL)
        return 1;
    count = contestants_of(argv + optind, contestant);
    if (count == 0 || rounds < 1)
        wrong_usage();
    catch_signals();
    /* What run.sh waits for is this program, not what it may have to leave behind. */
    for (int fd = 3; fd < 10; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (long round = 0; round < rounds; round++)
        for (size_t i = 0; i < count; i++) {
            double start = now();
            double seconds;

            if (limit > 0 && contestant[i].total >= limit)
                continue;
            if (prepare[2] != NULL)
                run("what comes before a run", prepare);
            seconds = run(contestant[i].label, contestant[i].command);
            contestant[i].total += now() - start;
            printf("%s\t%.6f\n", contestant[i].label, seconds);
        }
    free(contestant);
    return fflush(stdout) == 0 ? 0 : 1;
}
