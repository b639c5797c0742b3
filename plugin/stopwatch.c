/* stopwatch.c - time that passes
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <math.h>

#include "stopwatch.h"
#include "sys.h"

struct stopwatch stopwatch_start(void)
{
    struct stopwatch watch = {{0, 0}, 0};

    if (sys.clock(&watch.start) < 0)
        watch.error = errno;
    return watch;
}

double stopwatch_read(const struct stopwatch *watch)
{
    struct timespec now;

    if (watch->error || sys.clock(&now) < 0) {
        if (watch->error)
            errno = watch->error;
        return (double)NAN;
    }
    return (double)(now.tv_sec - watch->start.tv_sec) +
           (double)(now.tv_nsec - watch->start.tv_nsec) / 1e9;
}

float stopwatch_seconds(const struct stopwatch *watch)
{
    double seconds = stopwatch_read(watch);

    return isnan(seconds) ? 0 : (float)seconds;
}

void stopwatch_sleep(double seconds)
{
    struct timespec duration = {.tv_sec = (time_t)seconds};

    duration.tv_nsec = (long)((seconds - (double)duration.tv_sec) * 1e9);
    sys.sleep(&duration);
}
