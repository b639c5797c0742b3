/* leaserace.c - races openers against the engine's check for writers, and says what they see
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: leaserace COUNT FILE
   One process settles FILE again and again, with the engine itself, and between two rounds makes the
   engine's check alone many times, since that is a small part of a round; each check takes a read lease
   for an instant.  Two others open FILE for writing meanwhile, COUNT times together: one of them plainly,
   the other with O_NONBLOCK.  Prints

       blocking OPENED FAILED LONGEST      how long the longest open took, in microseconds
       nonblocking OPENED AGAIN FAILED     AGAIN: EAGAIN
       checks CHECKS WRITERS               of which found that somebody writes
       settler STATUS                      its wait status: 0, it was not killed

   What an opener sees, 100,000 times on Linux 6.18, ext4 and tmpfs: a plain open always succeeds, and waits
   for the lease to be given back (as fcntl(2) says of lease breaks); one with O_NONBLOCK succeeds or gets EAGAIN,
   and nothing else.  The kernel sends the settling process the signal that F_SETSIG chose, SIGURG, which
   is ignored by default: with SIGIO it would have been killed. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "lease.h"

#define CHECKS 1000  /* between two rounds of the engine */

/* Shared by all three. */
static struct shared {
    volatile sig_atomic_t is_over;
    unsigned long opened[2], again[2], failed[2], longest, checks, writers;
} *shared;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "leaserace: %s: %s\n", what, strerror(errno));
    exit(1);
}

static unsigned long microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000000 + (unsigned long)now.tv_nsec / 1000;
}

static void race(const char *file, unsigned long count, int flags)
{
    const struct timespec pause = {.tv_nsec = 1000};  /* while FILE is open, no lease can be had */
    int kind = flags & O_NONBLOCK ? 1 : 0;

    for (unsigned long i = 0; i < count; i++) {
        unsigned long start = microseconds(), took;
        int fd = open(file, O_WRONLY | O_CLOEXEC | flags);

        took = microseconds() - start;
        if (fd >= 0) {
            shared->opened[kind]++;
            close(fd);
        } else if (errno == EAGAIN)
            shared->again[kind]++;
        else
            shared->failed[kind]++;
        if (kind == 0 && took > shared->longest)
            shared->longest = took;
        nanosleep(&pause, NULL);
    }
}

static void tell(const struct outcome *outcome, void *context)
{
    (void)context;
    shared->checks++;
    if (outcome->what == OUTCOME_FAILED && outcome->step == STEP_QUIET)
        shared->writers++;
    else if (outcome->what != OUTCOME_SETTLED)
        _exit(1);
}

static void check_often(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        _exit(1);
    for (int i = 0; i < CHECKS && !shared->is_over; i++) {
        enum lease_answer answer = lease_ask(fd);

        shared->checks++;
        if (answer == LEASE_SOMEBODY_WRITES)
            shared->writers++;
        else if (answer == LEASE_CANT_TELL)
            _exit(1);
    }
    close(fd);
}

/* No waiting for writers (timeout 0): the next check comes at once. */
static _Noreturn void settle(const char *file)
{
    const struct settle_options options = {.mode = MODE_WRITEBACK, .no_writer_left = true};
    const struct engine_caller caller = {.tell = tell};
    char *name = strdup(file);

    while (name && !shared->is_over) {
        if (engine_settle(&options, &name, 1, &caller) < 0)
            _exit(1);
        check_often(file);
    }
    free(name);
    _exit(0);
}

static pid_t start(const char *file, unsigned long count, int flags)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    if (count == 0)
        settle(file);
    race(file, count, flags);
    _exit(0);
}

int main(int argc, char *argv[])
{
    unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    pid_t settler, opener[2];
    int status;

    if (count < 2) {
        fputs("Usage: leaserace COUNT FILE\n", stderr);
        return 2;
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");
    settler = start(argv[2], 0, 0);
    opener[0] = start(argv[2], count / 2, 0);
    opener[1] = start(argv[2], count - count / 2, O_NONBLOCK);
    for (int i = 0; i < 2; i++)
        if (waitpid(opener[i], &status, 0) < 0 || status != 0)
            die("an opener");
    shared->is_over = true;
    if (waitpid(settler, &status, 0) < 0)
        die("waitpid");
    printf("blocking %lu %lu %lu\n", shared->opened[0], shared->again[0] + shared->failed[0], shared->longest);
    printf("nonblocking %lu %lu %lu\n", shared->opened[1], shared->again[1], shared->failed[1]);
    printf("checks %lu %lu\nsettler %d\n", shared->checks, shared->writers, status);
    return 0;
}
