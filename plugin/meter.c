/* meter.c - the line on a terminal that tells how far the command has come
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "meter.h"
#include "stopwatch.h"

#define SILENT_SECONDS 0.5
#define SHOW_SECONDS 0.1
#define ERASE "\r\033[K"  /* ECMA-48: to the line's start, erase in line */

static struct stopwatch watch;
static double last;
static volatile sig_atomic_t is_shown;

static void put(const char *text, size_t length)
{
    /* a terminal that takes nothing more is no reason to stop */
    if (write(STDERR_FILENO, text, length) < 0)
        is_shown = 0;
}

void meter_clear(void)
{
    if (is_shown)
        put(ERASE, sizeof ERASE - 1);
    is_shown = 0;
}

/* Its disposition is the default again (SA_RESETHAND), and it is blocked until we return. */
static void clear_and_die(int number)
{
    int error = errno;

    meter_clear();
    raise(number);
    errno = error;
}

bool meter_start(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = clear_and_die, .sa_flags = (int)SA_RESETHAND}, before;

    if (!isatty(STDERR_FILENO))
        return false;
    watch = stopwatch_start();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    return true;
}

static const char *scale(double *bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;

    for (; *bytes >= 1024 && i + 1 < sizeof units / sizeof *units; i++)
        *bytes /= 1024;
    return units[i];
}

void meter_show(const struct progress *progress)
{
    double now = stopwatch_read(&watch), bytes = (double)progress->bytes;
    const char *unit = scale(&bytes);
    char line[128];
    int length;

    if (now < SILENT_SECONDS || now - last < SHOW_SECONDS)
        return;
    last = now;
    length = snprintf(line, sizeof line, ERASE "settle: %zu of %zu files, %.1f %s, %.1f s",
                      progress->done, progress->files, bytes, unit, now);
    is_shown = 1;
    put(line, (size_t)length);
}
