/* stable.h - waits until the attributes of files stand still
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_STABLE_H
#define SETTLE_STABLE_H

#include "options.h"
#include "set.h"
#include "stopwatch.h"

/* Watches ctime, mtime, size and block count of each file of SET that is settled, until they have stood
   still for options->stable seconds, counted from now, or the last change seen; FIRST_LOOK was started
   when detail.before was read: what differs from that is a change.  What still moves after options->timeout
   seconds becomes a failure.  The moves are counted in detail.moves, and detail.after is the last look.  CHECK is
   called now and then.

   A file that now stands still, but was written to or replaced meanwhile, is not settled any more: REWRITTEN
   is called for it, which has to settle what is there now, and the file is watched once more. */
void stable_wait(struct set *set, const struct settle_options *options,
                 const struct stopwatch *first_look, void (*check)(void *context),
                 void (*rewritten)(void *context, size_t index), void *context);

#endif
