/* child.c - runs the project's shell as if settle-sh were not there
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "child.h"
#include "orphans.h"

#ifdef __WALL  /* children of clone(2) without SIGCHLD count as well */
#define WALL __WALL
#else
#define WALL 0
#endif

/* Signals that somebody may send to the process that make started, and whose default would end it
   and leave the recipe alone.  Stops (Ctrl-Z) are left as they are: the terminal sends them to all
   of the process group, and make doesn't look at stopped children. */
static const struct {
    int number;
    bool asks_to_stop;
} passed_on[] = {
    {SIGHUP, true},   {SIGINT, true},   {SIGQUIT, true},  {SIGTERM, true},
    {SIGUSR1, false}, {SIGUSR2, false}, {SIGALRM, false},
};

#define PASSED_ON (sizeof passed_on / sizeof *passed_on)

/* The signals to wait for: SIGCHLD and those of the list that were not ignored from the start, as
   nohup(1) has it (the recipe then ignores them, too). */
static void signals_to_catch(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    for (size_t i = 0; i < PASSED_ON; i++) {
        struct sigaction action;

        if (sigaction(passed_on[i].number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(set, passed_on[i].number);
    }
}

static bool asks_to_stop(int number)
{
    for (size_t i = 0; i < PASSED_ON; i++)
        if (passed_on[i].number == number)
            return passed_on[i].asks_to_stop;
    return false;
}

/* One look at whether signal NUMBER is pending for process PID or being handled by it (a signal is
   blocked while its handler runs). */
static bool has_signal_now(pid_t pid, int number)
{
    static const char *const masks[] = {"SigPnd:", "ShdPnd:", "SigBlk:"};
    char path[64], line[256];
    unsigned long long all = 0;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    status = fopen(path, "re");
    if (!status)
        return false;
    while (fgets(line, sizeof line, status))
        for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
            if (strncmp(line, masks[i], strlen(masks[i])) == 0)
                all |= strtoull(line + strlen(masks[i]), NULL, 16);
    fclose(status);
    return all >> (number - 1) & 1;
}

/* True where make has the signal as well, so that it went to the whole process group, the recipe
   included.  Nothing in siginfo_t tells kill(pid) from kill(-group); but make, told by INT, HUP, QUIT
   or TERM, waits for its children inside its handler (commands.c, fatal_error_signal), for us, that
   is, and the kernel shows the signal as blocked meanwhile. */
static bool make_has_it(int number)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    for (int look = 0; look < 3; look++) {
        if (has_signal_now(getppid(), number))
            return true;
        nanosleep(&nap, NULL);  /* between "pending" and "blocked" lies an instant of neither */
    }
    return false;
}

static pid_t first_parent;  /* make */

/* True where the recipe has not got the signal of INFO by itself. */
static bool is_for_us_alone(const siginfo_t *info)
{
    if (info->si_code > 0)
        return false;  /* by the kernel: a terminal's Ctrl-C or hang-up goes to the group */
    if (info->si_pid == getppid())
        return true;  /* make signals its direct children only */
    /* make is gone, and the kernel says so (PR_SET_PDEATHSIG); who is the parent now, systemd say, may
       have any signal blocked. */
    if (getppid() != first_parent)
        return true;
    return !make_has_it(info->si_signo);
}

static bool is_reaper;  /* orphans come to us */

/* Reaps what has ended; true once CHILD is among it, its status then in *STATUS. */
static bool reap(pid_t child, int *status)
{
    bool ended = false;
    int other;
    pid_t pid;

    while ((pid = waitpid(-1, &other, WNOHANG)) > 0)
        if (pid == child) {
            *status = other;
            ended = true;
        }
    return ended;
}

/* Waits for CHILD; returns the last signal passed on to it that asks to stop, or 0.  *IS_GROUP tells whether all of the
   process group has got one. */
static int wait_for(pid_t child, const sigset_t *caught, int *status, bool *is_group)
{
    int stop = 0;

    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(caught, &info);

        if (number == SIGCHLD) {
            if (reap(child, status))
                return stop;
        } else if (number > 0 && is_for_us_alone(&info)) {
            kill(child, number);
            if (asks_to_stop(number))
                stop = number;
        } else if (number > 0 && asks_to_stop(number)) {
            *is_group = true;
        } else if (number < 0 && errno != EINTR) {
            /* a seccomp filter denies it, say: nothing is passed on then, and what asks to stop ends this process */
            sigprocmask(SIG_UNBLOCK, caught, NULL);
            while (waitpid(child, status, 0) < 0 && errno == EINTR)
                ;
            return stop;
        }
    }
}

/* Nobody would wait for the recipe if we were killed, and the next make would find it at work: it is told to end
   then.  False where that is so already. */
static bool ends_with(pid_t parent)
{
#ifdef PR_SET_PDEATHSIG
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0UL, 0UL, 0UL);
#endif
    return getppid() == parent;
}

void child_exec(char *const argument[])
{
    size_t count = 0;
    char **script;

    execvp(argument[0], argument);
    if (errno != ENOEXEC)
        return;
    while (argument[count])
        count++;
    script = calloc(count + 2, sizeof *script);
    if (!script)
        return;
    script[0] = (char *)"/bin/sh";
    memcpy(script + 1, argument, count * sizeof *script);
    execv(script[0], script);
    free(script);
    errno = ENOEXEC;
}

/* Starts PLAIN or, where that is NULL or can't be run, ARGUMENT, with the signal mask MASK.  Returns its process ID,
   or -1 with errno.

   vfork, because posix_spawn looks at every signal there is, some 130 system calls, and maps a stack: 40 us of the
   700 that a settled line costs.  What it is feared for isn't here: no handlers, no threads, and a child that does
   next to nothing.  The pipe, because not everywhere it shares memory: qemu-user makes a fork of it. */
static pid_t start(char *const plain[], char *const argument[], const sigset_t *mask)
{
    const pid_t parent = getpid();
    int failure[2], error = 0;
    pid_t pid;

    if (pipe2(failure, O_CLOEXEC) < 0)
        return -1;
    /* NOLINTBEGIN(clang-analyzer-security.insecureAPI.vfork, clang-analyzer-unix.Vfork): see above */
    pid = vfork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, mask, NULL);
        if (!ends_with(parent))
            _exit(126);
        if (plain)
            execvp(plain[0], plain);
        child_exec(argument);
        _exit(write(failure[1], &errno, sizeof errno) < 0 ? 126 : 127);
    }
    /* NOLINTEND(clang-analyzer-security.insecureAPI.vfork, clang-analyzer-unix.Vfork) */
    if (pid < 0)
        error = errno;
    close(failure[1]);
    if (pid > 0 && read(failure[0], &error, sizeof error) > 0) {
        waitpid(pid, NULL, 0);
        pid = -1;
    }
    close(failure[0]);
    errno = error;
    return pid;
}

bool child_is_cut_short(int status)
{
    return !WIFEXITED(status) || (WEXITSTATUS(status) > 128 && WEXITSTATUS(status) <= 128 + SIGRTMAX);
}

int child_run(char *const plain[], char *const argument[], void (*meanwhile)(void *context), void *context,
              int *status)
{
    sigset_t caught, before;
    pid_t child;
    bool is_group = false;
    int error, stop;

    signal(SIGCHLD, SIG_DFL);  /* if it came ignored, children would be reaped without us */
    signals_to_catch(&caught);
    sigprocmask(SIG_BLOCK, &caught, &before);
    is_reaper = orphans_adopt() == 0;
    first_parent = getppid();

    child = start(plain, argument, &before);
    error = child < 0 ? errno : 0;
    if (meanwhile)
        meanwhile(context);
    if (!error) {
        stop = wait_for(child, &caught, status, &is_group);
        /* of a signal to the group they know already, and have their own way of ending */
        if (stop || (WIFSIGNALED(*status) && !is_group))
            orphans_end(stop ? stop : SIGTERM);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return error ? -1 : 0;
}

bool child_left_none(void)
{
    const struct timespec first_moment = {.tv_nsec = 20000000};
    pid_t pid;

    if (!is_reaper)
        return false;
    while ((pid = waitpid(-1, NULL, WNOHANG | WALL)) > 0)
        ;
    if (pid == 0)
        nanosleep(&first_moment, NULL);
    return pid < 0 && errno == ECHILD;
}

void child_die_like(int status)
{
    if (WIFSIGNALED(status)) {
        int number = WTERMSIG(status);
        sigset_t set;

#ifdef PR_SET_DUMPABLE
        prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);  /* the recipe has left its core file, don't replace it */
#endif
        signal(number, SIG_DFL);
        sigemptyset(&set);
        sigaddset(&set, number);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        raise(number);
        _exit(128 + number);  /* the init process of a container is not killed by its own signal */
    }
    _exit(WEXITSTATUS(status));
}
