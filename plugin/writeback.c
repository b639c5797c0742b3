/* writeback.c - how dirty pages are written back, file system by file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "retry.h"
#include "sys.h"
#include "writeback.h"

#ifndef HAVE_SYNC_FILE_RANGE  /* the seam then answers ENOSYS to whatever flags */
#define SYNC_FILE_RANGE_WAIT_BEFORE 1
#define SYNC_FILE_RANGE_WRITE 2
#define SYNC_FILE_RANGE_WAIT_AFTER 4
#endif

enum way {
    WAY_RANGE,      /* sync_file_range */
    WAY_FIEMAP,     /* FIEMAP_FLAG_SYNC */
    WAY_FDATASYNC,  /* works everywhere, at the price of a commit and a flush */
};

/* The choice.  Numbers as in linux/magic.h and the file systems' own headers. */
static const struct {
    unsigned long magic;
    enum way way;
} ways[] = {
    /* File systems whose page cache is what sync_file_range(2) works on, seen with cachestat(2).
       Their ctime and blocks come with the pages. */
    {0xef53, WAY_RANGE},      /* ext2, ext3, ext4 */
    {0x58465342, WAY_RANGE},  /* xfs */
    {0x9123683e, WAY_RANGE},  /* btrfs; with compression the first call only hands the pages to a
                                 worker, the second finds them under writeback and waits: hence
                                 writeback_start, then WRITE once more (btrfs_fdatawrite_range) */
    {0xf2f52010, WAY_RANGE},  /* f2fs */
    {0x01021994, WAY_RANGE},  /* tmpfs: nothing to do */
    {0x6969, WAY_RANGE},      /* NFS: the server, and with it every other host, has the bytes */
    /* overlayfs: the pages belong to the inode of the real file.  sync_file_range does nothing and
       returns 0; FIEMAP is handed on to the real inode, and its SYNC flag with it (ovl_fiemap). */
    {0x794c7630, WAY_FIEMAP},
    /* All others, FUSE among them: what lies behind (a server's cache, a lower file) can't be known
       from here. */
};

/* Until Linux 5.8 the SYNC flag of FIEMAP was acted on before it was handed on, hence on the empty
   mapping of the overlay inode (fs/ioctl.c, ioctl_fiemap). */
static bool fiemap_is_handed_on(void)
{
    struct utsname kernel;
    unsigned long major, minor;
    char *rest;

    if (uname(&kernel) < 0)
        return false;
    major = strtoul(kernel.release, &rest, 10);
    minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    return major > 5 || (major == 5 && minor >= 8);
}

static enum way choose(int fd)
{
    unsigned long magic;

    if (sys.fs_magic(fd, &magic) < 0)
        return WAY_FDATASYNC;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (ways[i].magic == magic)
            return ways[i].way == WAY_FIEMAP && !fiemap_is_handed_on() ? WAY_FDATASYNC
                                                                       : ways[i].way;
    return WAY_FDATASYNC;
}

/* The file system has no such call, which says nothing of the file. */
static bool is_unsupported(int error)
{
    return error == ENOSYS || error == EINVAL || error == ESPIPE || error == EOPNOTSUPP ||
           error == ENOTTY || error == EBADR;
}

int writeback_start(int fd)
{
    int result = RETRY(sys.sync_file_range(fd, SYNC_FILE_RANGE_WRITE));

    return result < 0 && is_unsupported(errno) ? 0 : result;
}

int writeback_wait(int fd)
{
    int result = -1;

    errno = ENOSYS;
    switch (choose(fd)) {
    case WAY_RANGE:
        result = RETRY(sys.sync_file_range(fd, SYNC_FILE_RANGE_WAIT_BEFORE |
                                                   SYNC_FILE_RANGE_WRITE |
                                                   SYNC_FILE_RANGE_WAIT_AFTER));
        break;
    case WAY_FIEMAP:
        result = RETRY(sys.fiemap_sync(fd));
        break;
    case WAY_FDATASYNC:
        break;
    }
    if (result < 0 && is_unsupported(errno))
        result = RETRY(sys.fdatasync(fd));
    return result;
}
