/* lease.c - asks the kernel whether anybody has a file open for writing
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "fs_magic.h"
#include "lease.h"
#include "retry.h"
#include "sys.h"

enum lease_sight lease_sight(unsigned long magic)
{
    /* Seen on Linux 6.18. */
    static const struct {
        unsigned long magic;
        enum lease_sight sight;
    } seen[] = {
        {FS_EXT, LEASE_SEES_ALL},
        {FS_XFS, LEASE_SEES_ALL},
        {FS_BTRFS, LEASE_SEES_ALL},
        {FS_F2FS, LEASE_SEES_ALL},
        {FS_TMPFS, LEASE_SEES_ALL},
        {FS_NFS, LEASE_SEES_NOTHING},  /* v3 refuses, v4 asks the server, which answers at random */
        {FS_9P, LEASE_SEES_NOTHING},   /* refuses */
    };

    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
        if (seen[i].magic == magic)
            return seen[i].sight;
    /* overlayfs sees open descriptors alone; of others (FUSE...) no more is known */
    return LEASE_SEES_DESCRIPTORS;
}

enum lease_answer lease_ask(int fd)
{
    if (RETRY(sys.lease(fd, F_RDLCK)) < 0)
        return errno == EAGAIN ? LEASE_SOMEBODY_WRITES : LEASE_CANT_TELL;
    sys.lease(fd, F_UNLCK);  /* closing the descriptor would do the same */
    return LEASE_NONE_WRITES;
}
