/* dirty.c - makes a file of dirty pages
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: dirty new FILE MIB     a new FILE of MIB mebibytes, none of which is on the disk yet
          dirty keep FILE MIB    the same, unless FILE is there and dirty as it should be
          dirty check FILE MIB   status 0 where it is, 1 where part of it is written already, 77 where
                                 the kernel (before 6.5) can't tell

   MIB 0 removes FILE.  A FILE that was there is removed durably first: the removal must not become
   part of the next file's fsync, which commits the same journal. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define CALL_NUMBER 451  /* cachestat(2), on all machines but alpha */

enum { DIRTY = 0, NOT_DIRTY = 1, UNKNOWN = 77 };

static int fail(const char *file)
{
    fprintf(stderr, "dirty: %s: %s\n", file, strerror(errno));
    return 1;
}

/* Whether all but a twentieth of the file is dirty: metadata blocks and the edge of a batch that the
   kernel has begun to write don't change what is measured. */
static int check(const char *file, size_t mib)
{
    const struct { uint64_t offset, length; } whole = {0, 0};
    struct { uint64_t cached, dirty, writeback, evicted, recently_evicted; } counts;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    long result;

    if (fd < 0)
        return mib == 0 ? DIRTY : NOT_DIRTY;
    result = syscall(CALL_NUMBER, fd, &whole, &counts, 0);
    close(fd);
    if (result < 0)
        return UNKNOWN;
    return counts.dirty * (uint64_t)sysconf(_SC_PAGESIZE) >= mib * MIB / 20 * 19 ? DIRTY : NOT_DIRTY;
}

static int sync_parent(const char *file)
{
    char *copy = strdup(file);
    int fd = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -1 : fsync(fd);

    free(copy);
    if (fd >= 0)
        close(fd);
    return result;
}

static int write_new(const char *file, size_t mib)
{
    static char block[MIB];
    int fd;

    if (unlink(file) == 0 ? sync_parent(file) < 0 : errno != ENOENT)
        return fail(file);
    if (mib == 0)
        return 0;
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(file);
    for (size_t i = 0; i < mib; i++) {
        memset(block, (int)(i % 255) + 1, MIB);
        if (write(fd, block, MIB) != (ssize_t)MIB)
            return fail(file);
    }
    return close(fd) < 0 ? fail(file) : 0;
}

int main(int argc, char *argv[])
{
    size_t mib;

    if (argc != 4) {
        fputs("Usage: dirty new|keep|check FILE MIB\n", stderr);
        return 2;
    }
    mib = strtoul(argv[3], NULL, 10);
    if (strcmp(argv[1], "check") == 0)
        return check(argv[2], mib);
    if (strcmp(argv[1], "keep") == 0 && mib > 0 && check(argv[2], mib) == DIRTY)
        return 0;
    return write_new(argv[2], mib);
}
