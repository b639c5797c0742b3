/* someone.h - a maker's text taken apart, for unit tests that make up others
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_UNIT_SOMEONE_H
#define SETTLE_UNIT_SOMEONE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "maker.h"

struct someone {
    unsigned long machine, boot, pid;
    uint64_t start, space;
};

/* This process. */
static inline struct someone someone_here(char text[MAKER_TEXT])
{
    struct someone here = {0};
    char *end;

    if (maker_describe(getpid(), text) < 0)
        return here;
    here.machine = strtoul(text, &end, 16);
    here.boot = strtoul(end + 1, &end, 16);
    here.pid = strtoul(end + 1, &end, 10);
    here.start = strtoull(end + 1, &end, 10);
    here.space = strtoull(end + 1, &end, 10);
    return here;
}

static inline void someone_describe(const struct someone *someone, char text[MAKER_TEXT])
{
    snprintf(text, MAKER_TEXT, "%08lx.%08lx.%lu.%" PRIu64 ".%" PRIu64, someone->machine, someone->boot,
             someone->pid, someone->start, someone->space);
}

#endif
