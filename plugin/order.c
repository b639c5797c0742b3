/* order.c - whether a file system persists a mark before what is done after it
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "folder.h"
#include "fs_magic.h"
#include "libc.h"
#include "order.h"

static unsigned long magic_of(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) < 0 ? 0 : (unsigned long)fs.f_type & 0xffffffffUL;
}

/* ext2, ext3 and ext4 share their number, and ext4 may be without a journal: the one with a journal has a
   folder of its journal's statistics (fs/jbd2/journal.c), by the device's name and its inode, which is 8. */
static bool has_journal(dev_t dev)
{
    char link[64], target[512], path[600];
    const char *name;
    ssize_t n;

    snprintf(link, sizeof link, "/sys/dev/block/%u:%u", major(dev), minor(dev));
    n = readlink(link, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    name = strrchr(target, '/');
    snprintf(path, sizeof path, "/proc/fs/jbd2/%s-8", name ? name + 1 : target);
    return access(path, F_OK) == 0;
}

static enum order ask(const char *marks, dev_t dev)
{
    switch (magic_of(marks)) {
    case FS_EXT:
        /* Without a journal, an fsync of the folder writes its entries, but not the inodes of the links that they stand
           for, and e2fsck clears an entry without one (seen on images of Linux 6.18); nor can a link be fsynced. */
        return has_journal(dev) ? ORDER_FREE : ORDER_NONE;
    case FS_XFS:  /* one log, written in order (xfs-delayed-logging-design.rst) */
    case FS_TMPFS:  /* nothing of it survives */
        return ORDER_FREE;
    case FS_BTRFS:
        /* An fsync's log tree has that file and its neighbours, but not the older mark; 58 of 80 images of a power
           cut were without it, and 0 of 80 with an fsync of the folder (tests/powercut).  But whoever commits, the
           device's cache is written out first (write_all_supers, barrier_all_devices). */
        return ORDER_OF_WRITES;
    default:
        /* FUSE, network file systems, overlayfs (what is below it?): not known to. */
        return ORDER_UNKNOWN;
    }
}

struct order_known order_find_out(const char *marks)
{
    struct order_known known = {.order = ORDER_UNKNOWN};
    struct stat st;

    if (stat(marks, &st) == 0)
        known = (struct order_known){st.st_dev, ask(marks, st.st_dev)};
    return known;
}

enum order order_of(const char *marks, const struct stat *file, const struct order_known *known)
{
    struct stat st;

    if (stat(marks, &st) < 0 || st.st_dev != file->st_dev)
        return ORDER_UNKNOWN;
    return known && known->dev == st.st_dev ? known->order : ask(marks, st.st_dev);
}

/* True where btrfs writes the data of NAME in place as well: chattr +C, or mounted with nodatacow. */
static bool is_nodatacow(const char *name)
{
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC), flags = 0;
    bool is = fd < 0 || ioctl(fd, (ioctl_request)FS_IOC_GETFLAGS, &flags) < 0 || (flags & FS_NOCOW_FL) != 0;

    if (fd >= 0)
        close(fd);
    return is;
}

enum order order_of_update(enum order order, const char *name, const struct stat *st)
{
    bool has_blocks = S_ISREG(st->st_mode) ? st->st_size > 0
                                           : S_ISDIR(st->st_mode) && name[strlen(name) - 1] == '/';

    if (!has_blocks || order >= ORDER_UNKNOWN)
        return order;
    /* btrfs never writes over what a committed tree refers to */
    return order == ORDER_FREE || is_nodatacow(name) ? ORDER_UNKNOWN : order;
}

bool order_is_free(const char *marks, const char *files)
{
    struct stat st;

    return stat(files, &st) == 0 && order_of(marks, &st, NULL) == ORDER_FREE;
}

int order_sync_entry(const char *marks, const char *name)
{
    char *folder = folder_of(name);
    int result = -1;

    if (folder)
        result = order_is_free(marks, folder) ? 0 : folder_sync(folder);
    free(folder);
    return result;
}

int order_sync_marks(const char *directory, const struct order_known *known)
{
    const enum order order = known ? known->order : order_find_out(directory).order;

    return order == ORDER_NONE ? folder_sync_all(directory) : folder_sync(directory);
}

bool order_is_in_memory(const char *directory)
{
    unsigned long magic = magic_of(directory);

    return magic == FS_TMPFS || magic == FS_RAMFS;
}

bool order_is_local(const char *directory)
{
    switch (magic_of(directory)) {
    case FS_EXT:
    case FS_XFS:
    case FS_BTRFS:
    case FS_TMPFS:
    case FS_OVERLAY:  /* its upper folder must not be shared (overlayfs.rst) */
    case FS_F2FS:
        return true;
    default:
        return false;
    }
}
