/* orphans.c - processes that a recipe left behind
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
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

#include "orphans.h"

#define GRACE_SECONDS 5

int orphans_adopt(void)
{
#ifdef PR_SET_CHILD_SUBREAPER
    return prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
#else
    errno = ENOSYS;
    return -1;
#endif
}

/* True where process PID is a live child of ours, in our session. */
static bool is_ours(pid_t pid)
{
    char path[64], text[512];
    char *rest, state;
    long parent, session;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    /* proc(5): "pid (name) state ppid pgrp session ..."; the name may hold anything */
    rest = strrchr(text, ')');
    if (!rest || strlen(rest) < sizeof ") S " - 1)
        return false;
    state = rest[2];
    parent = strtol(rest + 4, &rest, 10);
    strtol(rest, &rest, 10);
    session = strtol(rest, NULL, 10);
    return parent == getpid() && session == getsid(0) && state != 'Z' && state != 'X';
}

/* The processes that were sent the signal already. */
struct told {
    pid_t *pid;
    size_t count;
};

static int compare_pids(const void *left, const void *right)
{
    return *(const pid_t *)left != *(const pid_t *)right;
}

/* Takes PID into TOLD; true where it was not yet there. */
static bool tell_first(struct told *told, pid_t pid)
{
    pid_t *grown;

    if (told->count > 0 &&
        lfind(&pid, told->pid, &told->count, sizeof pid, compare_pids))
        return false;
    grown = reallocarray(told->pid, told->count + 1, sizeof pid);
    if (!grown)
        return true;  /* better twice than never */
    told->pid = grown;
    told->pid[told->count++] = pid;
    return true;
}

/* Sends SIGNAL to each orphan that has not had it, SIGKILL to all.  Returns how many there are. */
static int signal_all(int signal, struct told *told)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    if (!proc)
        return 0;
    while ((entry = readdir(proc))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid <= 0 || !is_ours(pid) || (kill(pid, 0) < 0 && errno == EPERM))
            continue;  /* a setuid program: it can't be ended by us, nor be waited for */
        count++;
        if (signal == SIGKILL || tell_first(told, pid))
            kill(pid, signal);
    }
    closedir(proc);
    return count;
}

void orphans_end(int signal)
{
    struct told told = {0};
    struct timespec now, end;
    const struct timespec nap = {.tv_nsec = 100000000};
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += GRACE_SECONDS;
    /* Reaping an orphan may bring its own children to us: look again until there are none. */
    while (signal_all(signal, &told) > 0) {
        sigtimedwait(&child, NULL, &nap);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec))
            signal = SIGKILL;
        if (now.tv_sec > end.tv_sec + GRACE_SECONDS)
            break;  /* not even that ends it: it waits for a device, say */
    }
    free(told.pid);
}
