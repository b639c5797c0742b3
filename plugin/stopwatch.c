/* stopwatch.c - time that passes
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "stopwatch.h"
#include "sys.h"

struct stopwatch stopwatch_start(void)
{
    struct stopwatch watch = {{0, 0}};

    sys.clock(&watch.start);
    return watch;
}

double stopwatch_read(const struct stopwatch *watch)
{
    struct timespec now = watch->start;

    sys.clock(&now);
    return (double)(now.tv_sec - watch->start.tv_sec) +
           (double)(now.tv_nsec - watch->start.tv_nsec) / 1e9;
}

void stopwatch_sleep(double seconds)
{
    struct timespec duration = {.tv_sec = (time_t)seconds};

    duration.tv_nsec = (long)((seconds - (double)duration.tv_sec) * 1e9);
    sys.sleep(&duration);
}
