/* outcome.c - what became of a file
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>

#include "outcome.h"

bool outcome_lost(const struct outcome *outcome)
{
    return outcome->what == OUTCOME_FAILED && !outcome->is_directory &&
           (outcome->step == STEP_WRITEBACK || outcome->step == STEP_FSYNC) &&
           (outcome->error == EIO || outcome->error == ENOSPC || outcome->error == EDQUOT);
}

struct attributes attributes_of(const struct stat *st)
{
    return (struct attributes){st->st_size, st->st_blocks, st->st_mtim, st->st_ctim, st->st_ino};
}
