/* sys.c - the real system calls behind the seam
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#ifdef HAVE_LINUX_FIEMAP_H
#include <linux/fiemap.h>
#include <linux/fs.h>
#endif

#ifdef HAVE_LINUX_BTRFS_H
#include <linux/btrfs.h>
#endif

#include "fs_magic.h"
#include "libc.h"
#include "sys.h"
#include "transaction.h"

static int real_open(const char *path, int flags)
{
    return open(path, flags);
}

static int real_openat(int directory, const char *path, int flags)
{
    return openat(directory, path, flags);
}

static int real_stat_entry(int directory, const char *name, struct stat *st)
{
    return fstatat(directory, name, st, AT_SYMLINK_NOFOLLOW);
}

#ifdef CAN_STATX
static struct timespec from_statx(struct statx_timestamp time)
{
    return (struct timespec){.tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec};
}
#endif

static int real_stat_fresh(int fd, struct stat *st)
{
#ifdef CAN_STATX
    struct statx now;

    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &now) == 0) {
        memset(st, 0, sizeof *st);
        st->st_dev = makedev(now.stx_dev_major, now.stx_dev_minor);
        st->st_ino = now.stx_ino;
        st->st_mode = now.stx_mode;
        st->st_nlink = now.stx_nlink;
        st->st_size = (off_t)now.stx_size;
        st->st_blocks = (blkcnt_t)now.stx_blocks;
        st->st_mtim = from_statx(now.stx_mtime);
        st->st_ctim = from_statx(now.stx_ctime);
        return 0;
    }
    if (errno != ENOSYS && errno != EPERM)  /* the latter by containers' older filters */
        return -1;
#endif
    return fstat(fd, st);
}

static int real_syncfs(int fd)
{
#ifdef HAVE_SYNCFS
    return syncfs(fd);
#else
    (void)fd;
    errno = ENOSYS;
    return -1;
#endif
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
    return ioctl(fd, (ioctl_request)FS_IOC_FIEMAP, &map);
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

static int real_is_for_writing(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 ? -1 : (flags & O_ACCMODE) != O_RDONLY;
}

static int real_is_writable(int fd)
{
    struct statvfs fs;

    return fstatvfs(fd, &fs) < 0 ? -1 : !(fs.f_flag & ST_RDONLY);
}

static int real_lease(int fd, int type)
{
#ifdef F_SETLEASE
    if (type == F_RDLCK && fcntl(fd, F_SETSIG, SIGURG) < 0)
        return -1;
    return fcntl(fd, F_SETLEASE, type);
#else
    (void)fd;
    (void)type;
    errno = ENOSYS;
    return -1;
#endif
}

#ifndef SYS_cachestat
#define SYS_cachestat 451  /* on all machines but alpha */
#endif

static int real_dirty_of_file(int fd, uint64_t *dirty)
{
    const struct {
        uint64_t offset, length;  /* length 0: to the end */
    } whole = {0, 0};
    struct {
        uint64_t cached, dirty, writeback, evicted, recently_evicted;
    } counts;

    if (syscall(SYS_cachestat, fd, &whole, &counts, 0) < 0)
        return -1;
    *dirty = counts.dirty * (uint64_t)sysconf(_SC_PAGESIZE);
    return 0;
}

/* Reads a number out of the file PATH. */
static int read_number(const char *path, uint64_t *number)
{
    FILE *file = fopen(path, "re");
    unsigned long long value;
    bool found = file && fscanf(file, "%llu", &value) == 1;

    if (file)
        fclose(file);
    if (found)
        *number = value;
    return found ? 0 : -1;
}

/* On btrfs all data that is written is new data, and what is not yet on its way has room reserved for it. */
static int real_dirty_in_fs(int fd, unsigned long magic, uint64_t *dirty)
{
#ifdef HAVE_LINUX_BTRFS_H
    struct btrfs_ioctl_fs_info_args info;
    char path[sizeof "/sys/fs/btrfs/" + 36 + sizeof "/allocation/data/bytes_may_use"];
    size_t end = (size_t)sprintf(path, "/sys/fs/btrfs/");

    if (magic == FS_BTRFS) {
        memset(&info, 0, sizeof info);
        if (ioctl(fd, (ioctl_request)BTRFS_IOC_FS_INFO, &info) < 0)
            return -1;
        for (size_t i = 0; i < BTRFS_FSID_SIZE; i++)
            end += (size_t)sprintf(path + end, "%s%02x",
                                   i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", info.fsid[i]);
        sprintf(path + end, "/allocation/data/bytes_may_use");
        return read_number(path, dirty);
    }
#endif
    (void)fd;
    (void)magic;
    (void)dirty;
    errno = ENOSYS;
    return -1;
}

static int real_dirty_in_all(uint64_t *dirty)
{
    FILE *info = fopen("/proc/meminfo", "re");
    char line[128];
    unsigned long long kib = 0;
    bool found = false;

    if (!info)
        return -1;
    while (!found && fgets(line, sizeof line, info))
        found = sscanf(line, "Dirty: %llu kB", &kib) == 1;
    fclose(info);
    if (!found)
        errno = ENOENT;
    *dirty = kib * 1024;
    return found ? 0 : -1;
}

static int real_sleep(const struct timespec *duration)
{
    return nanosleep(duration, NULL);
}

static int real_clock(struct timespec *now)
{
    return clock_gettime(CLOCK_MONOTONIC, now);
}

struct sys sys = {
    .open = real_open,
    .openat = real_openat,
    .close = close,
    .lstat = lstat,
    .stat = stat,
    .fstat = fstat,
    .stat_entry = real_stat_entry,
    .stat_fresh = real_stat_fresh,
    .readlink = readlink,
    .unlink = unlink,
    .fdopendir = fdopendir,
    .readdir = readdir,
    .closedir = closedir,
    .fsync = fsync,
    .fdatasync = fdatasync,
    .syncfs = real_syncfs,
    .sync_file_range = real_sync_file_range,
    .fiemap_sync = real_fiemap_sync,
    .commit = transaction_commit,
    .fs_magic = real_fs_magic,
    .is_writable = real_is_writable,
    .is_for_writing = real_is_for_writing,
    .lease = real_lease,
    .dirty_of_file = real_dirty_of_file,
    .dirty_in_fs = real_dirty_in_fs,
    .dirty_in_all = real_dirty_in_all,
    .clock = real_clock,
    .sleep = real_sleep,
};
