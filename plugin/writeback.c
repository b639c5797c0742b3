/* writeback.c - how dirty pages are written back, file system by file system
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "fs_magic.h"
#include "retry.h"
#include "sys.h"
#include "writeback.h"

#ifndef HAVE_SYNC_FILE_RANGE  /* the seam then answers ENOSYS to whatever flags */
#define SYNC_FILE_RANGE_WAIT_BEFORE 1
#define SYNC_FILE_RANGE_WRITE 2
#define SYNC_FILE_RANGE_WAIT_AFTER 4
#endif

enum call {
    CALL_RANGE,      /* sync_file_range */
    CALL_FIEMAP,     /* FIEMAP_FLAG_SYNC */
    CALL_FDATASYNC,  /* works everywhere, at the price of a commit and a flush */
};

/* The choice. */
static const struct {
    unsigned long magic;
    enum call call;
} calls[] = {
    /* File systems whose page cache is what sync_file_range(2) works on, seen with cachestat(2).
       Their ctime and blocks come with the pages. */
    {FS_EXT, CALL_RANGE},
    {FS_XFS, CALL_RANGE},
    {FS_BTRFS, CALL_RANGE},  /* with compression the first call only hands the pages to a
                                 worker, the second finds them under writeback and waits: hence
                                 writeback_start, then WRITE once more (btrfs_fdatawrite_range) */
    {FS_F2FS, CALL_RANGE},
    {FS_TMPFS, CALL_RANGE},  /* nothing to do */
    {FS_NFS, CALL_RANGE},    /* the server, and with it every other host, has the bytes */
    /* The pages belong to the inode of the real file.  sync_file_range does nothing and
       returns 0; FIEMAP is handed on to the real inode, and its SYNC flag with it (ovl_fiemap). */
    {FS_OVERLAY, CALL_FIEMAP},
    /* All others, FUSE among them: what lies behind (a server's cache, a lower file) can't be known
       from here. */
};

static bool kernel_is_at_least(unsigned long wanted_major, unsigned long wanted_minor)
{
    struct utsname kernel;
    unsigned long major, minor;
    char *rest;

    if (uname(&kernel) < 0)
        return false;
    major = strtoul(kernel.release, &rest, 10);
    minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}

/* Until Linux 5.8 the SYNC flag of FIEMAP was acted on before it was handed on, hence on the empty
   mapping of the overlay inode (fs/ioctl.c, ioctl_fiemap). */
static bool fiemap_is_handed_on(void)
{
    return kernel_is_at_least(5, 8);
}

/* From Linux 6.1 on, FIEMAP's SYNC flag on btrfs also waits for the ordered extents: for what is done to the
   trees when the data is written (fs/btrfs, "properly flush delalloc when entering fiemap"). */
bool writeback_is_complete(void)
{
    return kernel_is_at_least(6, 1);
}

/* From Linux 5.8 on, syncfs(2) tells of every page on the file system whose writing has failed since its descriptor
   was opened (and of earlier ones that nobody was told of): f_sb_err and s_wb_err, by the same errseq_t as fsync's. */
bool writeback_syncfs_tells(void)
{
    return kernel_is_at_least(5, 8);
}

static enum call choose(unsigned long magic)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].magic == magic)
            return calls[i].call == CALL_FIEMAP && !fiemap_is_handed_on() ? CALL_FDATASYNC
                                                                          : calls[i].call;
    return CALL_FDATASYNC;
}

/* The file system has no such call, or a container's filter doesn't let it through (EPERM), which says nothing of the
   file. */
static bool is_unsupported(int error)
{
    return error == ENOSYS || error == EPERM || error == EINVAL || error == ESPIPE || error == EOPNOTSUPP ||
           error == ENOTTY || error == EBADR;
}

int writeback_start(int fd)
{
    int result = RETRY(sys.sync_file_range(fd, SYNC_FILE_RANGE_WRITE));

    return result < 0 && is_unsupported(errno) ? 0 : result;
}

int writeback_ask(int fd)
{
    int result = RETRY(sys.sync_file_range(fd, SYNC_FILE_RANGE_WAIT_BEFORE));

    return result < 0 && is_unsupported(errno) ? RETRY(sys.fdatasync(fd)) : result;
}

/* FIEMAP tells of an earlier error by a flag, which whoever comes first clears, a cp(1) that clones say; fsync's
   errseq_t (mm/filemap.c, filemap_check_errors) is asked for by sync_file_range. */
int writeback_complete(int fd)
{
    int result = RETRY(sys.fiemap_sync(fd));

    if (result < 0 && is_unsupported(errno))
        return RETRY(sys.fsync(fd));
    return result < 0 ? result : writeback_ask(fd);
}

int writeback_wait(int fd, unsigned long magic)
{
    int result = -1;

    errno = ENOSYS;
    switch (choose(magic)) {
    case CALL_RANGE:
        result = RETRY(sys.sync_file_range(fd, SYNC_FILE_RANGE_WAIT_BEFORE |
                                                   SYNC_FILE_RANGE_WRITE |
                                                   SYNC_FILE_RANGE_WAIT_AFTER));
        break;
    case CALL_FIEMAP:
        result = RETRY(sys.fiemap_sync(fd));
        break;
    case CALL_FDATASYNC:
        break;
    }
    if (result < 0 && is_unsupported(errno))
        result = RETRY(sys.fdatasync(fd));
    return result;
}
