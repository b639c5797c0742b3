/* writeback.h - how dirty pages are written back, file system by file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_WRITEBACK_H
#define SETTLE_WRITEBACK_H

#include <stdbool.h>

/* Starts writing back FD's dirty pages and returns without waiting for them.  Returns 0 (also where
   the file system knows no such thing: what follows writes them), or -1 with errno where pages could
   not be written. */
int writeback_start(int fd);

/* Waits for what is being written of FD, and writes nothing itself, where the file system offers that; else
   fdatasync.  Returns 0, or -1 with errno where pages could not be written, now or before, and nobody has asked
   since. */
int writeback_ask(int fd);

/* Whether this kernel's syncfs fails where pages can't be written. */
bool writeback_syncfs_tells(void);

/* Writes back all dirty pages of FD, a file on a file system of the number MAGIC (statfs(2)), and waits for
   them: no journal commit, no flush of the device, where the file system offers that; else fdatasync.
   Returns 0, or -1 with errno. */
int writeback_wait(int fd, unsigned long magic);

/* The same for a file on btrfs, so that all that belongs to the file is in the running transaction then, and a
   commit makes it durable.  Returns 0, or -1 with errno. */
int writeback_complete(int fd);

/* Whether this kernel's writeback_complete does that. */
bool writeback_is_complete(void);

#endif
