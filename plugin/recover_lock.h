/* recover_lock.h - one recovery at a time
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_RECOVER_LOCK_H
#define SETTLE_RECOVER_LOCK_H

#include <stdbool.h>

/* Waits until no other process recovers in DIRECTORY: of two makes that start at once after a crash the later
   one must not take from the first what that has begun to make again, nor look at a file that is about to be
   removed.  Returns what recover_unlock wants, or -1 where locks can't be had: recovery then goes without. */
int recover_lock(const char *directory);

/* True where another process recovers in DIRECTORY, or was killed when it did. */
bool recover_lock_is_left(const char *directory);

void recover_unlock(const char *directory, int lock);

#endif
