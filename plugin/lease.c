/* lease.c - asks the kernel whether anybody has a file open for writing
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "lease.h"
#include "retry.h"
#include "sys.h"

enum lease_sight lease_sight(unsigned long magic)
{
    /* Seen on Linux 6.18.  Numbers as in linux/magic.h and the file systems' own headers. */
    static const struct {
        unsigned long magic;
        enum lease_sight sight;
    } seen[] = {
        {0xef53, LEASE_SEES_ALL},      /* ext2, ext3, ext4 */
        {0x58465342, LEASE_SEES_ALL},  /* xfs */
        {0x9123683e, LEASE_SEES_ALL},  /* btrfs */
        {0xf2f52010, LEASE_SEES_ALL},  /* f2fs */
        {0x01021994, LEASE_SEES_ALL},  /* tmpfs */
        {0x6969, LEASE_SEES_NOTHING},      /* NFS: v3 refuses, v4 asks the server, which answers at random */
        {0x01021997, LEASE_SEES_NOTHING},  /* 9p: refuses */
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
