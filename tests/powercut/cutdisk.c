/* cutdisk.c - a disk with a volatile cache: a file that can lose what was written after the last flush
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: cutdisk FOLDER IMAGE MOUNTPOINT

   A FUSE file system with one file, IMAGE, which is FOLDER/IMAGE, to be mounted through a loop device:
   that passes the file system's flushes on as fsync.  "ln -s SEED MOUNTPOINT/NAME" cuts the power: a
   clone (FICLONE) of the image, FOLDER/NAME, in which of the blocks that were written since the last
   flush some are as they were before, some are new, and some are torn, which SEED decides.  FOLDER
   must be on a file system that has reflinks.

   One thread, so that a cut falls between two requests.  In the foreground until MOUNTPOINT is
   unmounted or the parent ends, even if by SIGKILL: nobody else could unmount it then, the mount
   namespace being the rig's own. */

#include "config.h"

#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 4096, SECTOR = 512 };

static struct {
    const char *name;
    int folder;
    int fd;
    size_t count;  /* of blocks */
    char **old;    /* what each block was at the last flush; NULL: as it is now */
} disk;

static bool is_the_image(const char *path)
{
    return strcmp(path + 1, disk.name) == 0;
}

static int do_getattr(const char *path, struct stat *status, struct fuse_file_info *file)
{
    (void)file;
    if (strcmp(path, "/") == 0)
        return fstat(disk.folder, status) < 0 ? -errno : 0;
    if (is_the_image(path))
        return fstat(disk.fd, status) < 0 ? -errno : 0;
    if (fstatat(disk.folder, path + 1, status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    status->st_mode = S_IFLNK | 0777;  /* as symlink(2) must leave it */
    return 0;
}

static int do_open(const char *path, struct fuse_file_info *file)
{
    (void)file;
    return is_the_image(path) ? 0 : -ENOENT;
}

static int do_read(const char *path, char *to, size_t size, off_t offset, struct fuse_file_info *file)
{
    ssize_t got = pread(disk.fd, to, size, offset);

    (void)path;
    (void)file;
    return got < 0 ? -errno : (int)got;
}

/* Remembers what block NUMBER holds, if it is the first time since the last flush that it changes. */
static int remember(size_t number)
{
    if (number >= disk.count)
        return -ENOSPC;
    if (disk.old[number])
        return 0;
    disk.old[number] = calloc(1, BLOCK);
    if (!disk.old[number])
        return -ENOMEM;
    return pread(disk.fd, disk.old[number], BLOCK, (off_t)number * BLOCK) < 0 ? -errno : 0;
}

static int do_write(const char *path, const char *from, size_t size, off_t offset,
                    struct fuse_file_info *file)
{
    ssize_t written;

    (void)path;
    (void)file;
    for (size_t i = (size_t)offset / BLOCK; i * BLOCK < (size_t)offset + size; i++) {
        int error = remember(i);

        if (error)
            return error;
    }
    written = pwrite(disk.fd, from, size, offset);
    return written < 0 ? -errno : (int)written;
}

/* The flush: from now on nothing written so far can be lost. */
static int do_fsync(const char *path, int only_data, struct fuse_file_info *file)
{
    (void)path;
    (void)only_data;
    (void)file;
    for (size_t i = 0; i < disk.count; i++) {
        free(disk.old[i]);
        disk.old[i] = NULL;
    }
    return 0;
}

/* xorshift64* */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717U >> 32;
}

/* Gives block NUMBER of the clone FD its fate: new, as before, or torn between two sectors. */
static int decide(int fd, size_t number, uint64_t *state)
{
    enum { TORN, LOST, KEPT } fate = next(state) % 4 < 2 ? (next(state) % 2 ? TORN : LOST) : KEPT;

    for (size_t at = 0; at < BLOCK; at += SECTOR)
        if (fate == LOST || (fate == TORN && next(state) % 2))
            if (pwrite(fd, disk.old[number] + at, SECTOR, (off_t)(number * BLOCK + at)) != SECTOR)
                return -EIO;
    return 0;
}

static int do_symlink(const char *seed, const char *path)
{
    uint64_t state = (strtoull(seed, NULL, 10) + 1) * 0x9e3779b97f4a7c15U;
    int fd = openat(disk.folder, path + 1, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (ioctl(fd, FICLONE, disk.fd) < 0)
        error = -errno;
    for (size_t i = 0; !error && i < disk.count; i++)
        if (disk.old[i])
            error = decide(fd, i, &state);
    if (close(fd) < 0 && !error)
        error = -errno;
    return error;
}

static int complain(const char *what)
{
    fprintf(stderr, "cutdisk: %s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char *argv[])
{
    static const struct fuse_operations operations = {
        .getattr = do_getattr,
        .open = do_open,
        .read = do_read,
        .write = do_write,
        .fsync = do_fsync,
        .symlink = do_symlink,
    };
    char single[] = "-s", foreground[] = "-f";
    char *arguments[] = {argv[0], single, foreground, argc == 4 ? argv[3] : NULL, NULL};
    struct stat status;

    if (argc != 4) {
        fputs("Usage: cutdisk FOLDER IMAGE MOUNTPOINT\n", stderr);
        return 2;
    }
    disk.name = argv[2];
    disk.folder = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (disk.folder < 0)
        return complain(argv[1]);
    disk.fd = openat(disk.folder, disk.name, O_RDWR | O_CLOEXEC);
    if (disk.fd < 0 || fstat(disk.fd, &status) < 0)
        return complain(disk.name);
    disk.count = (size_t)status.st_size / BLOCK;
    disk.old = calloc(disk.count, sizeof *disk.old);
    if (!disk.old)
        return complain(disk.name);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return complain("prctl");
    return fuse_main(4, arguments, &operations, NULL);
}
