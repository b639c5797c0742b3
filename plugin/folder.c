/* folder.c - the directory in which a file is an entry
   SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "sys.h"

char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == path)
        return strdup("/");
    return slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}

static int sync_by(int (*call)(int fd), const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

    if (fd < 0)
        return -1;
    if (call(fd) < 0 && errno != EINVAL && errno != EBADF)
        error = errno;
    close(fd);
    errno = error;
    return error ? -1 : 0;
}

int folder_sync(const char *path)
{
    return sync_by(fsync, path);
}

int folder_sync_all(const char *path)
{
    int result = sync_by(sys.syncfs, path);

    return result < 0 && errno == ENOSYS ? folder_sync(path) : result;
}

bool folder_still_has(const char *path, int fd)
{
    struct stat open, there;

    return fstat(fd, &open) == 0 && stat(path, &there) == 0 && open.st_dev == there.st_dev &&
           open.st_ino == there.st_ino;
}
