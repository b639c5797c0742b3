/* sys.h - the one seam between settle and the kernel
   SPDX-License-Identifier: GPL-3.0-or-later

   The engine reaches the kernel through this table only, so that a test can put its own function
   into a slot and see what every caller makes of EIO, ENOSPC or EINTR.  The functions behave as
   the system calls of their names: -1 and errno on failure.  Where the system has no such call,
   the slot answers ENOSYS. */

#ifndef SETTLE_SYS_H
#define SETTLE_SYS_H

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

struct sys {
    int (*open)(const char *path, int flags);
    int (*openat)(int directory, const char *path, int flags);
    int (*close)(int fd);
    int (*lstat)(const char *path, struct stat *st);
    int (*stat)(const char *path, struct stat *st);
    int (*fstat)(int fd, struct stat *st);
    /* fstatat(2) of the entry itself, not of what a symbolic link points to */
    int (*stat_entry)(int directory, const char *name, struct stat *st);
    /* fstatat(2) that asks the server, however fresh the kernel's own idea of the attributes may be
       (statx(2), AT_STATX_FORCE_SYNC) */
    int (*stat_fresh)(int fd, struct stat *st);
    ssize_t (*readlink)(const char *path, char *target, size_t size);
    int (*unlink)(const char *path);
    DIR *(*fdopendir)(int fd);
    struct dirent *(*readdir)(DIR *stream);
    int (*closedir)(DIR *stream);
    int (*fsync)(int fd);
    int (*fdatasync)(int fd);
    int (*syncfs)(int fd);
    /* sync_file_range(2) over the whole file; FLAGS are its SYNC_FILE_RANGE_ flags */
    int (*sync_file_range)(int fd, unsigned flags);
    /* ioctl FS_IOC_FIEMAP with FIEMAP_FLAG_SYNC: write back all pages of FD's file and wait */
    int (*fiemap_sync)(int fd);
    int (*commit)(int fd);  /* transaction_commit */
    /* f_type of fstatfs(2) into *MAGIC */
    int (*fs_magic)(int fd, unsigned long *magic);
    int (*is_writable)(int fd);  /* 0 where the file system is read-only */
    int (*is_for_writing)(int fd);  /* 1 where FD was opened for that: fcntl(2), F_GETFL */
    /* Takes a read lease (fcntl(2), F_SETLEASE) or, with F_UNLCK, gives it back.  Whoever opens the file
       in between makes the kernel send the holder's process SIGURG, which is ignored by default. */
    int (*lease)(int fd, int type);
    /* Dirty pages of FD's file, in bytes, into *DIRTY: cachestat(2), Linux 6.5 */
    int (*dirty_of_file)(int fd, uint64_t *dirty);
    /* The same of all files on FD's file system, of the number MAGIC, where it tells: btrfs does */
    int (*dirty_in_fs)(int fd, unsigned long magic, uint64_t *dirty);
    /* The same of the whole system: "Dirty" in /proc/meminfo */
    int (*dirty_in_all)(uint64_t *dirty);
    int (*clock)(struct timespec *now);  /* CLOCK_MONOTONIC */
    int (*sleep)(const struct timespec *duration);
};

extern struct sys sys;

#endif
