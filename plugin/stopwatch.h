/* stopwatch.h - time that passes
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_STOPWATCH_H
#define SETTLE_STOPWATCH_H

#include <time.h>

struct stopwatch {
    struct timespec start;
};

struct stopwatch stopwatch_start(void);

/* Seconds since the start. */
double stopwatch_read(const struct stopwatch *watch);

/* Sleeps for SECONDS, or less where a signal handler has run. */
void stopwatch_sleep(double seconds);

#endif
