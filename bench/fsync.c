/* fsync.c - the rival: the bare system call, one file after another
   SPDX-License-Identifier: GPL-3.0-or-later

   Usage: fsync FILE...    fsyncs each regular file named, or below the directory named, one by one,
                           as a program that knows nothing else would. */

#include "config.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <unistd.h>

static int fsync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0 || close(fd) < 0) {
        perror(path);
        return -1;
    }
    return 0;
}

int main(int argc, char *argv[])
{
    FTS *walk = argc > 1 ? fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL) : NULL;
    FTSENT *entry;

    if (walk == NULL) {
        fputs("Usage: fsync FILE...\n", stderr);
        return 2;
    }
    while ((entry = fts_read(walk)) != NULL)
        if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
            fsync_file(entry->fts_path) < 0)
            return 1;
    return 0;
}
