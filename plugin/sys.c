/* sys.c - the real system calls behind the seam
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>
#ifdef HAVE_LINUX_FIEMAP_H
#include <linux/fiemap.h>
#include <linux/fs.h>
#endif

#include "sys.h"

static int real_open(const char *path, int flags)
{
    return open(path, flags);
}

static int real_sync_file_range(int fd, unsigned flags)
{
#ifdef HAVE_SYNC_FILE_RANGE
    return sync_file_range(fd, 0, 0, flags);
#else
    (void)fd;
    (void)flags;
    errno = ENOSYS;
    return -1;
#endif
}

static int real_fiemap_sync(int fd)
{
#ifdef HAVE_LINUX_FIEMAP_H
    /* No room for extents: only their number is asked for, and only of the first byte, but
       FIEMAP_FLAG_SYNC always covers the whole file (filemap_write_and_wait in fs/ioctl.c). */
    struct fiemap map;

    memset(&map, 0, sizeof map);
    map.fm_length = 1;
    map.fm_flags = FIEMAP_FLAG_SYNC;
    return ioctl(fd, FS_IOC_FIEMAP, &map);
#else
    (void)fd;
    errno = ENOSYS;
    return -1;
#endif
}

static int real_fs_magic(int fd, unsigned long *magic)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return -1;
    /* f_type is signed on most machines, and btrfs' number has the top bit set */
    *magic = (unsigned long)fs.f_type & 0xffffffffUL;
    return 0;
}

static int real_clock(struct timespec *now)
{
    return clock_gettime(CLOCK_MONOTONIC, now);
}

struct sys sys = {
    .open = real_open,
    .close = close,
    .lstat = lstat,
    .stat = stat,
    .fstat = fstat,
    .readlink = readlink,
    .unlink = unlink,
    .fsync = fsync,
    .fdatasync = fdatasync,
    .sync_file_range = real_sync_file_range,
    .fiemap_sync = real_fiemap_sync,
    .fs_magic = real_fs_magic,
    .clock = real_clock,
};
