/* probe_room.c - the probe's hidden folder, its children, and what ends it early
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "probe_room.h"

double probe_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Those that are ignored from the start, as under nohup(1), stay so. */
static void signals_that_end(sigset_t *set)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction action;

        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(set, numbers[i]);
    }
}

static int hold_signals(struct probe_room *room)
{
    sigset_t set;

    signals_that_end(&set);
    room->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (room->signals < 0)
        return -1;
    /* what a lease that is being broken sends */
    sigaddset(&set, SIGIO);
    sigaddset(&set, SIGURG);
    return sigprocmask(SIG_BLOCK, &set, &room->old_mask);
}

static int make_folder(struct probe_room *room, const char *directory)
{
    char *path;

    if (asprintf(&path, "%s/.settle-probe.XXXXXX", directory) < 0)
        return -1;
    if (!mkdtemp(path)) {
        free(path);
        return -1;
    }
    room->path = path;
    room->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return room->fd < 0 ? -1 : 0;
}

int room_open(struct probe_room *room, const char *directory)
{
    int error;

    *room = (struct probe_room){.fd = -1, .signals = -1};
    if (hold_signals(room) < 0)
        return -1;
    if (make_folder(room, directory) == 0)
        return 0;
    error = errno;
    room_close(room);
    errno = error;
    return -1;
}

static int remove_files(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    int result = 0;

    if (!dir) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(fd, entry->d_name, 0) < 0 && errno != ENOENT)
            result = -1;
    closedir(dir);
    return result;
}

/* More than once: NFS keeps a removed file that is open somewhere as .nfs..., and a network file
   system may be late with a file's end. */
static int remove_folder(const struct probe_room *room)
{
    const struct timespec pause = {.tv_nsec = 100000000};

    for (int attempt = 0; attempt < 10; attempt++) {
        if (attempt > 0)
            nanosleep(&pause, NULL);
        if (room->fd >= 0)
            remove_files(room->fd);
        if (rmdir(room->path) == 0 || errno == ENOENT)
            return 0;
    }
    return -1;
}

int room_close(struct probe_room *room)
{
    int result = room->path ? remove_folder(room) : 0;
    int error = errno;

    if (room->fd >= 0)
        close(room->fd);
    if (room->signals >= 0) {
        /* a signal that came after the last sleep ends the program here, by itself */
        close(room->signals);
        sigprocmask(SIG_SETMASK, &room->old_mask, NULL);
    }
    free(room->path);
    room->path = NULL;
    errno = error;
    return result;
}

int room_sleep(struct probe_room *room, double seconds, int fd)
{
    struct pollfd fds[] = {{.fd = room->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    const double end = probe_now() + seconds;
    struct signalfd_siginfo info;

    while (!room->stopped_by) {
        double left = end - probe_now();

        if (poll(fds, 2, left > 0 ? (int)(left * 1000) + 1 : 0) < 0 && errno != EINTR)
            return -1;
        if (read(room->signals, &info, sizeof info) == (ssize_t)sizeof info)
            room->stopped_by = (int)info.ssi_signo;
        else if ((fd >= 0 && fds[1].revents) || left <= 0)
            return 0;
    }
    errno = EINTR;
    return -1;
}

static _Noreturn void be_child(int dir, int report, child_work *work, const char *name, int stay)
{
    int error = 0;

    /* SIGBUS is a finding: it ends the child and that is all, a sanitizer's handler included */
    signal(SIGBUS, SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifdef HAVE_SYS_PRCTL_H
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (work(dir, name) < 0)
        error = errno;
    if (write(report, &error, sizeof error) != (ssize_t)sizeof error)
        _exit(1);
    while (stay && error == 0)
        pause();
    _exit(0);
}

void room_release(struct probe_child *child)
{
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(child->report);
}

/* What the child has to say; waits for that. */
static int read_report(struct probe_room *room, const struct probe_child *child)
{
    const double hour = 3600;
    int error;

    if (room_sleep(room, hour, child->report) < 0)
        return -1;
    if (read(child->report, &error, sizeof error) != (ssize_t)sizeof error)
        error = EIO;
    errno = error;
    return error ? -1 : 0;
}

static int start(struct probe_room *room, struct probe_child *child, child_work *work,
                 const char *name, int stay)
{
    int ends[2];
    int error;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    child->report = ends[0];
    child->pid = fork();
    if (child->pid == 0) {
        close(ends[0]);
        be_child(room->fd, ends[1], work, name, stay);
    }
    error = errno;
    close(ends[1]);
    if (child->pid < 0)
        close(ends[0]);
    errno = error;
    return child->pid < 0 ? -1 : 0;
}

int room_hold(struct probe_room *room, struct probe_child *child, child_work *work,
              const char *name)
{
    int error;

    if (start(room, child, work, name, 1) < 0)
        return -1;
    if (read_report(room, child) == 0)
        return 0;
    error = errno;
    room_release(child);
    errno = error;
    return -1;
}

int room_work(struct probe_room *room, child_work *work, const char *name)
{
    struct probe_child child;
    int error = 0;
    int status = 0;

    if (start(room, &child, work, name, 0) < 0)
        return -1;
    if (read_report(room, &child) < 0)
        error = errno;
    if (room->stopped_by)
        kill(child.pid, SIGKILL);
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(child.report);
    if (error == 0 && WIFSIGNALED(status))
        error = EIO;
    errno = error;
    return error ? -1 : 0;
}
