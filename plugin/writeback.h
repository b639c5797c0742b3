/* writeback.h - how dirty pages are written back, file system by file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_WRITEBACK_H
#define SETTLE_WRITEBACK_H

/* Starts writing back FD's dirty pages and returns without waiting for them.  Returns 0 (also where
   the file system knows no such thing: what follows writes them), or -1 with errno where pages could
   not be written. */
int writeback_start(int fd);

/* Writes back all dirty pages of FD, a file on a file system of the number MAGIC (statfs(2)), and waits for
   them: no journal commit, no flush of the device, where the file system offers that; else fdatasync.
   Returns 0, or -1 with errno. */
int writeback_wait(int fd, unsigned long magic);

#endif
