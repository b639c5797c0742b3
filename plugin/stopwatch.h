/* stopwatch.h - time that passes
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_STOPWATCH_H
#define SETTLE_STOPWATCH_H

#include <time.h>

struct stopwatch {
    struct timespec start;
    int error;  /* of the clock, when it was started, or 0 */
};

struct stopwatch stopwatch_start(void);

/* Seconds since the start; NAN with errno where the clock fails, which compares to nothing. */
double stopwatch_read(const struct stopwatch *watch);

/* The same, and 0 where the clock fails: for what is only shown. */
float stopwatch_seconds(const struct stopwatch *watch);

/* Sleeps for SECONDS, or less where a signal handler has run. */
void stopwatch_sleep(double seconds);

#endif
