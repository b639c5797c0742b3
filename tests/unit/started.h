/* started.h - a process with something in its environment, for unit tests
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_UNIT_STARTED_H
#define SETTLE_UNIT_STARTED_H

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Starts one that sleeps for SECONDS with VARIABLE in its environment, in a session of its own if it LEAVES; it is there
   as such when this returns. */
static inline pid_t start_sleep(const char *seconds, char *variable, bool leaves)
{
    char *const environment[] = {(char *)"A=1", variable, NULL};
    int started[2];
    pid_t child;
    char byte;

    assert_int_equal(pipe2(started, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        if (leaves)
            setsid();
        execle("/bin/sleep", "sleep", seconds, (char *)NULL, environment);
        _exit(127);
    }
    close(started[1]);
    assert_int_equal(read(started[0], &byte, 1), 0);  /* closed by exec */
    close(started[0]);
    return child;
}

#endif
