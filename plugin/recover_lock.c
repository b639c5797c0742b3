/* recover_lock.c - one recovery at a time
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "recover_lock.h"

#define PATIENCE 3000  /* hundredths of a second; some hundred files to remove, each with an fsync */

/* The lock is a file beside the marks, which are of a name at least, and the ledgers ("@ledger-...").  What is called "lock"
   may be somebody else's: SETTLE_DIR may be any folder. */
static char *path_of(const char *directory)
{
    char *path;

    return asprintf(&path, "%s/@lock", directory) < 0 ? NULL : path;
}

int recover_lock(const char *directory)
{
    const struct timespec nap = {.tv_nsec = 10000000};
    char *path = path_of(directory);
    int fd = -1;

    for (int tries = 0; path && tries < PATIENCE; tries++) {
        bool is_busy;

        fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0)
            break;
        is_busy = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
        if (!is_busy && folder_still_has(path, fd))
            break;
        close(fd);
        fd = -1;
        if (is_busy)
            nanosleep(&nap, NULL);
    }
    free(path);
    return fd;
}

bool recover_lock_is_left(const char *directory)
{
    char *path = path_of(directory);
    bool is_left = path && access(path, F_OK) == 0;

    free(path);
    return is_left;
}

void recover_unlock(const char *directory, int lock)
{
    char *path = path_of(directory);

    if (lock < 0) {
        free(path);
        return;
    }
    if (path)
        unlink(path);
    close(lock);
    free(path);
}
