/* way.h - which system calls make a set of files durable, file system by file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_WAY_H
#define SETTLE_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

enum way {
    WAY_EACH,     /* start writeback on all, then fsync one after another */
    WAY_PLAIN,    /* fsync one after another, writeback not started before */
    WAY_THREADS,  /* start writeback on all, then fsync from several threads at once */
    WAY_SYNCFS,   /* one syncfs for all */
    WAY_COMMIT,   /* write back each with all that belongs to it, then one commit for all: btrfs */
    WAY_NOTHING,  /* there is no storage behind it, or its time has not come */
};

/* What the choice is made from. */
struct situation {
    unsigned long magic;     /* of the file system, as statfs(2) has it */
    enum settle_mode mode;
    size_t files;
    uint64_t dirty_of_set;   /* bytes of these files that are not yet written ... */
    uint64_t dirty_around;   /* ... and of all files there, or of the whole machine */
};

enum way way_choose(const struct situation *situation);

/* Whether, in SITUATION, the dirty bytes matter for the choice: finding them out costs something. */
bool way_depends_on_dirty(const struct situation *situation);

/* Where nothing is behind the files of the file system with the number MAGIC. */
bool way_is_in_memory(unsigned long magic);

/* The kernel's own file systems, where files are no storage and reading a directory may cost a lot. */
bool way_is_pseudo(unsigned long magic);

#endif
