/* transaction.h - the commit of a btrfs
   SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef SETTLE_TRANSACTION_H
#define SETTLE_TRANSACTION_H

/* Commits the running transaction of FD's file system, a btrfs, and waits until it is on disk: all metadata,
   and no data that is not on its way.  Returns 0, or -1 with errno; ENOSYS where the system has no such call, EAGAIN
   where no thread can be had to wait in. */
int transaction_commit(int fd);

#endif
