/* cachestat.c - prints how many pages of each file are cached, dirty and under writeback
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: cachestat FILE...
   Prints "FILE: CACHED DIRTY WRITEBACK".  Exit status 77 where the kernel (before 6.5) can't tell. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL_NUMBER 451  /* cachestat(2), on all machines but alpha */

struct range {
    uint64_t offset, length;  /* length 0: to the end */
};

struct counts {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

static int print_counts(const char *name)
{
    const struct range whole = {0, 0};
    struct counts counts;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    int status = 0;

    if (fd < 0) {
        fprintf(stderr, "cachestat: %s: %s\n", name, strerror(errno));
        return 1;
    }
    if (syscall(CALL_NUMBER, fd, &whole, &counts, 0) < 0) {
        status = errno == ENOSYS ? 77 : 1;
        fprintf(stderr, "cachestat: %s: %s\n", name, strerror(errno));
    } else
        printf("%s: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", name, counts.cached, counts.dirty,
               counts.writeback);
    close(fd);
    return status;
}

int main(int argc, char *argv[])
{
    int status = 0;

    for (int i = 1; i < argc && status == 0; i++)
        status = print_counts(argv[i]);
    return status;
}
